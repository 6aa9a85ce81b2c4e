// How money, dates and periods are written for people. Pure: everything comes as an argument; useFormats (use-formats.ts)
// binds them to the language of the screen.

/** Spanish here is that of Latin America; its numbers are written as in Argentina: 1.234,56. */
const localeOf = (language: string) => (language === 'es' ? 'es-AR' : language)

const numberFormats = new Map<string, Intl.NumberFormat>()
const dateFormats = new Map<string, Intl.DateTimeFormat>()

function numberFormat(language: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = language + JSON.stringify(options)
  const known = numberFormats.get(key) ?? new Intl.NumberFormat(localeOf(language), options)
  numberFormats.set(key, known)
  return known
}

function dateFormat(language: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = language + JSON.stringify(options)
  const known = dateFormats.get(key) ?? new Intl.DateTimeFormat(localeOf(language), options)
  dateFormats.set(key, known)
  return known
}

/** How many decimals a currency has by ISO 4217: BRL 2, JPY 0, KWD 3. */
function decimalsOf(currency: string): number {
  return numberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2
}

/** Integer minor units as an exact decimal text: (123450, 2) is '1234.50'. It never passes through a float. */
export function toDecimalText(amountMinor: number, decimals: number): Intl.StringNumericLiteral {
  if (!Number.isSafeInteger(amountMinor))
    throw new RangeError(`${amountMinor} is not a whole number of minor units`)
  const digits = Math.abs(amountMinor)
    .toString()
    .padStart(decimals + 1, '0')
  const whole = digits.slice(0, digits.length - decimals)
  const fraction = decimals > 0 ? `.${digits.slice(digits.length - decimals)}` : ''
  return `${amountMinor < 0 ? '-' : ''}${whole}${fraction}` as Intl.StringNumericLiteral
}

/** Money for people: (123450, 'BRL', 'pt-BR') is 'R$ 1.234,50'. `amountMinor` is an integer of minor units. */
export function formatMoney(amountMinor: number, currency: string, language: string): string {
  return numberFormat(language, { style: 'currency', currency }).format(
    toDecimalText(amountMinor, decimalsOf(currency)),
  )
}

/** Money in little room, for axes and counters: 'R$ 1,2 mi'. Not exact. */
export function formatMoneyShort(amountMinor: number, currency: string, language: string): string {
  return numberFormat(language, {
    style: 'currency',
    currency,
    notation: 'compact',
    maximumFractionDigits: 1,
  }).format(toDecimalText(amountMinor, decimalsOf(currency)))
}

/** A whole or decimal number: 7043 is '7.043' in Portuguese. */
export function formatNumber(value: number, language: string): string {
  return numberFormat(language, {}).format(value)
}

/** A share of one: 0.125 is '12,5%'. */
export function formatPercent(share: number, language: string): string {
  return numberFormat(language, { style: 'percent', maximumFractionDigits: 1 }).format(share)
}

/** Bytes for people: 1536 is '1,5 kB'. */
export function formatBytes(bytes: number, language: string): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const
  const step = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3))
  return numberFormat(language, {
    style: 'unit',
    unit: units[step],
    unitDisplay: step === 0 ? 'long' : 'short',
    maximumFractionDigits: step === 0 ? 0 : 1,
  }).format(bytes / 1000 ** step)
}

/** `2026-05-31` is a day without a zone; anything longer is an instant. */
const isPlainDate = (value: string) => /^\d{4}-\d{2}-\d{2}$/.test(value)

const toDate = (value: string) => new Date(isPlainDate(value) ? `${value}T00:00:00Z` : value)

/** medium: '31 de mai. de 2026'; long: '31 de maio de 2026'; short, for narrow columns: '31/05/2026'. */
export type DateStyle = 'short' | 'medium' | 'long'

/**
 * A day (`YYYY-MM-DD`) or the day of an instant (ISO 8601 with zone), like people say it. An instant is shown in the zone
 * of the browser unless `timeZone` names another.
 */
export function formatDate(
  value: string,
  language: string,
  style: DateStyle = 'medium',
  timeZone?: string,
): string {
  return dateFormat(language, {
    dateStyle: style,
    timeZone: isPlainDate(value) ? 'UTC' : timeZone,
  }).format(toDate(value))
}

/** An instant with its hour and zone, for titles and timelines: '31 de maio de 2026 às 14:05 BRT'. */
export function formatExact(value: string, language: string, timeZone?: string): string {
  if (isPlainDate(value)) {
    return dateFormat(language, { dateStyle: 'full', timeZone: 'UTC' }).format(toDate(value))
  }
  return dateFormat(language, {
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    hour: 'numeric',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'short',
    timeZone,
  }).format(toDate(value))
}

/** The hour of an instant: '14:05'. */
export function formatTime(value: string, language: string, timeZone?: string): string {
  return dateFormat(language, { timeStyle: 'short', timeZone }).format(toDate(value))
}

/** The month of a day: 'maio de 2026'. */
export function formatMonth(value: string, language: string): string {
  return dateFormat(language, { month: 'long', year: 'numeric', timeZone: 'UTC' }).format(
    toDate(value.length === 7 ? `${value}-01` : value),
  )
}

const dayMs = 86_400_000

/** How far from `now`, in the unit people would use: 'ontem', 'em 3 dias', 'há 5 minutos'. */
export function formatRelative(value: string, language: string, now: Date): string {
  const relative = new Intl.RelativeTimeFormat(localeOf(language), { numeric: 'auto' })
  if (isPlainDate(value)) {
    const today = Date.UTC(now.getFullYear(), now.getMonth(), now.getDate())
    return sayDays(relative, Math.round((toDate(value).getTime() - today) / dayMs))
  }
  const seconds = (toDate(value).getTime() - now.getTime()) / 1000
  if (Math.abs(seconds) < 60) return relative.format(0, 'second')
  if (Math.abs(seconds) < 3600) return relative.format(Math.trunc(seconds / 60), 'minute')
  if (Math.abs(seconds) < 86_400) return relative.format(Math.trunc(seconds / 3600), 'hour')
  return sayDays(relative, Math.trunc(seconds / 86_400))
}

function sayDays(relative: Intl.RelativeTimeFormat, days: number): string {
  if (Math.abs(days) < 45) return relative.format(days, 'day')
  if (Math.abs(days) < 540) return relative.format(Math.round(days / 30.44), 'month')
  return relative.format(Math.round(days / 365.25), 'year')
}

/** The day before or after a plain day: ('2026-06-01', -1) is '2026-05-31'. */
export function addDays(day: string, days: number): string {
  return new Date(toDate(day).getTime() + days * dayMs).toISOString().slice(0, 10)
}

/**
 * A half-open period [from, to) in inclusive words, as people count days: ('2026-05-01', '2026-06-01') is
 * '1 – 31 de maio de 2026'. Without an end only the first day is written.
 */
export function formatPeriod(
  from: string,
  to: string | null,
  language: string,
  style: 'medium' | 'long' = 'long',
): string {
  if (to === null) return formatDate(from, language, style)
  const last = addDays(to, -1)
  if (last <= from) return formatDate(from, language, style)
  const month = style === 'long' ? 'long' : 'short'
  const format = dateFormat(language, { day: 'numeric', month, year: 'numeric', timeZone: 'UTC' })
  return format.formatRange(toDate(from), toDate(last))
}

/** The signs that separate decimals and thousands in a language: { decimal: ',', group: '.' } in Portuguese. */
export function separatorsOf(language: string): { decimal: string; group: string } {
  const parts = numberFormat(language, {}).formatToParts(1234567.5)
  return {
    decimal: parts.find((part) => part.type === 'decimal')?.value ?? '.',
    group: parts.find((part) => part.type === 'group')?.value ?? ',',
  }
}

/**
 * Minor units out of what a person typed, in the language's own notation: '1.234,5' in Portuguese and BRL is 123450. A
 * single separator that can only be a decimal one is understood in any language ('1234.5'). null when it is no amount,
 * has more decimals than the currency, or is too large to be exact.
 */
export function parseMoney(typed: string, currency: string, language: string): number | null {
  const decimals = decimalsOf(currency)
  const { decimal } = separatorsOf(language)
  const bare = typed.replace(/[\s\u00a0\u202f']/g, '').replace(/^\+/, '')
  const match = /^(-?)([\d.,]*)$/.exec(bare)
  if (!match || !/\d/.test(bare)) return null
  const body = match[2] ?? ''
  const marks = body.replace(/\d/g, '')
  const last = Math.max(body.lastIndexOf('.'), body.lastIndexOf(','))
  let whole = body
  let fraction = ''
  if (marks.length > 0) {
    const tail = body.slice(last + 1)
    const mark = body[last]
    const repeated = marks.split(mark ?? '').length > 2
    const mixed = new Set(marks).size > 1
    // '1.234' is a thousand where the point groups; '12.5' can only be twelve and a half.
    const grouping = repeated || (!mixed && mark !== decimal && tail.length === 3)
    if (!grouping) {
      whole = body.slice(0, last)
      fraction = tail
    }
    if (!isGrouped(whole)) return null
  }
  if (fraction.length > decimals) return null
  const minor = Number(`${whole.replace(/[.,]/g, '') || '0'}${fraction.padEnd(decimals, '0')}`)
  if (!Number.isSafeInteger(minor)) return null
  return match[1] === '-' ? -minor || 0 : minor
}

function isGrouped(whole: string): boolean {
  return /^\d*$/.test(whole) || /^\d{1,3}(\.\d{3})+$/.test(whole) || /^\d{1,3}(,\d{3})+$/.test(whole)
}

/** Minor units as a person would type them, without the currency's sign: 123450 is '1.234,50' in Portuguese. */
export function formatMoneyInput(amountMinor: number, currency: string, language: string): string {
  const decimals = decimalsOf(currency)
  return numberFormat(language, { minimumFractionDigits: decimals, maximumFractionDigits: decimals }).format(
    toDecimalText(amountMinor, decimals),
  )
}
