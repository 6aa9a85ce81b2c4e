import { z } from 'zod'
import type {
  AccountKind,
  AccountRank,
  LanguageCode,
  PaymentMethod,
  PlanKind,
} from '../../platform/database.gen.ts'
import { exponentOf, parseMoney } from '../../platform/money.ts'
import type { CompiledMapping, DateFormat, Reader } from './mapping.ts'
import type { CsvRecord } from './records.ts'

/** Why a row is not imported. Each has a text in locales/<language>/imports.json under `reject.<code>`. */
export const rejectCodes = [
  'columns_wrong',
  'not_utf8',
  'quote_open',
  'external_id_missing',
  'duplicate_id',
  'name_missing',
  'email_invalid',
  'date_invalid',
  'price_invalid',
  'price_negative',
  'number_invalid',
  'discount_invalid',
  'formula_cell',
  'value_unknown',
  'too_long',
  'plan_missing',
  'end_before_start',
  'account_unknown',
  'account_differs',
] as const
export type RejectCode = (typeof rejectCodes)[number]

/** Why a row is rejected, with the column and the value at fault where one is. */
export type Fault = { code: RejectCode; column: string | null; value: string | null }

/** What a row says of an account. Undefined: not mapped, or the cell is empty: what stands stays. */
export type AccountData = {
  external_id: string
  kind?: AccountKind
  name?: string
  tax_id?: string
  email?: string
  phone?: string
  fax?: string
  address?: string
  city?: string
  state?: string
  country?: string
  postal_code?: string
  language?: LanguageCode
  rank?: AccountRank
  notes?: string
}

export type ContactData = {
  account_external_id: string
  external_id: string
  first_name: string
  last_name?: string
  email?: string
  phone?: string
  title?: string
}

export type Discount = { kind: 'amount'; amount: number } | { kind: 'percent'; basis_points: number }

export type ServiceData = {
  account: AccountData
  external_id: string
  product: string
  plan: string
  plan_kind: PlanKind
  /** Minor units of the business unit's currency, a month. */
  price: number
  quantity?: number
  discount?: Discount
  start: Temporal.PlainDate
  term_months: number
  payment_method?: PaymentMethod
  state?: 'active' | 'cancelled'
  end?: Temporal.PlainDate
  options: string[]
}

type RowOf<Data> = { record: CsvRecord; data: Data } | { record: CsvRecord; fault: Fault }
export type AccountRow = RowOf<AccountData>
export type ContactRow = RowOf<ContactData>
export type ServiceRow = RowOf<ServiceData>

export type RowSettings = {
  mapping: CompiledMapping
  columns: readonly string[]
  currency: string
  /** The import's date (what "months before" counts from, and the start where none is mapped). */
  asOf: Temporal.PlainDate
}

/**
 * A cell that a spreadsheet would run: it begins with a sign of formulas and is neither a number nor a phone number.
 * Such text is a planted formula or a broken export; either way nobody is called that.
 */
function isFormula(text: string): boolean {
  // An apostrophe is how spreadsheets, and our own exports, write a formula down as text.
  const sign = text.charCodeAt(0)
  if (sign === 0x27) return isFormula(text.slice(1))
  // = @ are never the beginning of text; + and - are where only digits and their punctuation follow.
  if (sign === 0x3d || sign === 0x40) return true
  return (sign === 0x2b || sign === 0x2d) && !/^[+-][\d\s.,()/-]*$/.test(text)
}

const emailPattern = z.regexes.email

/** Reads the rows of one import: each record becomes data or the first fault found, in the order of the targets. */
export function createRowReader(settings: RowSettings) {
  const { mapping, columns, currency, asOf } = settings
  let cells: readonly string[] = []
  let fault: Fault | null = null
  const seen = new Set<string>()
  const dates = new Map<string, Temporal.PlainDate | null>()

  const blame = (reader: Reader | undefined, code: RejectCode) => {
    fault ??= { code, column: reader?.column ?? null, value: reader ? reader.raw(cells).slice(0, 300) : null }
  }

  function read(name: string): { reader: Reader; text: string } | undefined {
    const reader = mapping.readers.get(name)
    if (!reader) return undefined
    const text = reader.value(cells)
    if (text === null) {
      blame(reader, 'value_unknown')
      return undefined
    }
    return text === '' ? undefined : { reader, text }
  }

  function text(name: string): string | undefined {
    const found = read(name)
    if (!found) return undefined
    const { reader } = found
    const multiline = name === 'account.notes'
    const value = multiline ? found.text : found.text.replaceAll(/\s+/g, ' ')
    if (reader.column !== null && isFormula(value)) blame(reader, 'formula_cell')
    else if (value.length > reader.target.longest) blame(reader, 'too_long')
    return value
  }

  function email(name: string): string | undefined {
    const value = text(name)
    if (value !== undefined && !emailPattern.test(value)) blame(mapping.readers.get(name), 'email_invalid')
    return value
  }

  function choice<T extends string>(name: string): T | undefined {
    const found = read(name)
    if (!found) return undefined
    const wanted = found.text.toLowerCase()
    const value = found.reader.target.choices.find((one) => one.toLowerCase() === wanted)
    if (value === undefined) blame(found.reader, 'value_unknown')
    return value as T | undefined
  }

  function country(name: string): string | undefined {
    const found = read(name)
    if (!found) return undefined
    const value = found.text.toUpperCase()
    if (!/^[A-Z]{2}$/.test(value)) blame(found.reader, 'value_unknown')
    return value
  }

  function count(name: string, least: number, most: number): number | undefined {
    const found = read(name)
    if (!found) return undefined
    const value = readCount(found.text, least, most)
    if (value === null) blame(found.reader, 'number_invalid')
    return value ?? undefined
  }

  function money(value: string): number | null {
    if (mapping.decimal === 'auto') return parseMoney(value, currency)
    const group = mapping.decimal === ',' ? '.' : ','
    const plain = value.replaceAll(group, '').replaceAll(/\s/g, '').replace(mapping.decimal, '.')
    const found = /^([^.]*)(?:\.(\d*))?(\D*)$/.exec(plain)
    const decimals = (found?.[2] ?? '').replace(/0+$/, '')
    if (!found || decimals.length > exponentOf(currency)) return null
    // Four places, because three could be read as thousands.
    return parseMoney(`${found[1]}${decimals && `.${decimals.padEnd(4, '0')}`}${found[3]}`, currency)
  }

  function price(name: string): number {
    const reader = mapping.readers.get(name)
    const found = read(name)
    const value = found ? money(found.text) : null
    if (value === null) blame(reader, 'price_invalid')
    else if (value < 0) blame(reader, 'price_negative')
    else if (value > 1_000_000_000_000) blame(reader, 'price_invalid')
    return value ?? 0
  }

  function discount(name: string): Discount | undefined {
    const found = read(name)
    if (!found) return undefined
    const percent = /^(\d{1,3})(?:[.,](\d{1,2}))?\s*%$/.exec(found.text)
    if (percent) {
      const points = Number(percent[1]) * 100 + Number((percent[2] ?? '').padEnd(2, '0'))
      if (points > 10_000) blame(found.reader, 'discount_invalid')
      return points === 0 ? undefined : { kind: 'percent', basis_points: points }
    }
    const amount = money(found.text)
    if (amount === null || amount < 0) blame(found.reader, 'discount_invalid')
    return amount ? { kind: 'amount', amount } : undefined
  }

  function date(name: string): Temporal.PlainDate | undefined {
    const found = read(name)
    if (!found) return undefined
    const { reader, text: written } = found
    const key = `${reader.monthsBefore ? 'months' : reader.dateFormat} ${written}`
    let value = dates.get(key)
    if (value === undefined) {
      value = reader.monthsBefore ? monthsBefore(asOf, written) : readDate(written, reader.dateFormat)
      if (dates.size < 50_000) dates.set(key, value)
    }
    if (value === null) blame(reader, reader.monthsBefore ? 'number_invalid' : 'date_invalid')
    return value ?? undefined
  }

  /** An id that was in an earlier good row of this file. Only good rows count, so that one bad row blocks nothing. */
  function takeId(name: string, key: string): void {
    if (fault) return
    if (seen.has(key)) blame(mapping.readers.get(name), 'duplicate_id')
    else seen.add(key)
  }

  function externalId(name: string): string {
    const value = text(name)
    if (value === undefined) blame(mapping.readers.get(name), 'external_id_missing')
    return value ?? ''
  }

  function accountName(): string | undefined {
    const value = text('account.name')
    const reader = mapping.readers.get('account.name')
    if (reader && value === undefined) blame(reader, 'name_missing')
    return value
  }

  function readAccount(): AccountData {
    return present({
      external_id: externalId('account.external_id'),
      name: accountName(),
      kind: choice<AccountKind>('account.kind'),
      tax_id: text('account.tax_id'),
      email: email('account.email'),
      phone: text('account.phone'),
      fax: text('account.fax'),
      address: text('account.address'),
      city: text('account.city'),
      state: text('account.state'),
      country: country('account.country'),
      postal_code: text('account.postal_code'),
      language: choice<LanguageCode>('account.language'),
      rank: choice<AccountRank>('account.rank'),
      notes: text('account.notes'),
    }) as AccountData
  }

  function readContact(): ContactData {
    const account = externalId('account.external_id')
    const byEmail = !mapping.readers.has('contact.external_id')
    const first = text('contact.first_name')
    if (first === undefined) blame(mapping.readers.get('contact.first_name'), 'name_missing')
    const address = email('contact.email')
    // Without an id of its own a contact is known by its e-mail address.
    const id = byEmail ? address?.toLowerCase().slice(0, 120) : text('contact.external_id')
    if (id === undefined)
      blame(mapping.readers.get(byEmail ? 'contact.email' : 'contact.external_id'), 'external_id_missing')
    takeId(byEmail ? 'contact.email' : 'contact.external_id', `${account}\n${id}`)
    return present({
      account_external_id: account,
      external_id: id ?? '',
      first_name: first ?? '',
      last_name: text('contact.last_name'),
      email: address,
      phone: text('contact.phone'),
      title: text('contact.title'),
    }) as ContactData
  }

  function readService(): ServiceData {
    const account = readAccount()
    const own = mapping.readers.has('subscription.external_id')
    const id = own ? externalId('subscription.external_id') : account.external_id
    const plan = text('plan.name')
    if (plan === undefined) blame(mapping.readers.get('plan.name'), 'plan_missing')
    const start = date('start') ?? asOf
    const service = present({
      account,
      external_id: id,
      product: text('product.name') ?? plan ?? '',
      plan: plan ?? '',
      plan_kind: choice<PlanKind>('plan.kind') ?? 'generic',
      price: price('price'),
      quantity: count('quantity', 1, 1_000_000),
      discount: discount('discount'),
      start,
      term_months: count('term_months', 0, 600) ?? 0,
      payment_method: choice<PaymentMethod>('payment_method'),
      state: choice<'active' | 'cancelled'>('state'),
      end: date('end'),
      options: mapping.options.flatMap((option) =>
        option.when.has((cells[option.index] ?? '').trim()) ? [option.name] : [],
      ),
    }) as ServiceData
    if (service.end && Temporal.PlainDate.compare(service.end, start) < 0)
      blame(mapping.readers.get('end'), 'end_before_start')
    takeId(own ? 'subscription.external_id' : 'account.external_id', id)
    return service
  }

  function readRow<Data>(record: CsvRecord, readData: () => Data): RowOf<Data> {
    cells = record.cells
    fault = faultOfRecord(record, columns.length)
    if (fault) return { record, fault }
    const data = readData()
    // The functions above set it.
    const found = fault as Fault | null
    return found ? { record, fault: found } : { record, data }
  }

  return {
    account: (record: CsvRecord): AccountRow =>
      readRow(record, () => {
        const account = readAccount()
        takeId('account.external_id', account.external_id)
        return account
      }),
    contact: (record: CsvRecord): ContactRow => readRow(record, readContact),
    service: (record: CsvRecord): ServiceRow => readRow(record, readService),
  }
}

function faultOfRecord(record: CsvRecord, columns: number): Fault | null {
  if (record.fault) return { code: record.fault, column: null, value: null }
  const { cells } = record
  // Spreadsheets leave delimiters behind at the end of a row: empty cells beyond the header say nothing.
  if (cells.length < columns || cells.slice(columns).some((cell) => cell.trim() !== ''))
    return { code: 'columns_wrong', column: null, value: String(cells.length) }
  return null
}

function present<T extends object>(data: T): T {
  for (const key of Object.keys(data) as (keyof T)[]) if (data[key] === undefined) delete data[key]
  return data
}

function readCount(text: string, least: number, most: number): number | null {
  if (!/^\d{1,9}$/.test(text)) return null
  const value = Number(text)
  return value >= least && value <= most ? value : null
}

function monthsBefore(asOf: Temporal.PlainDate, text: string): Temporal.PlainDate | null {
  const months = readCount(text, 0, 1200)
  return months === null ? null : asOf.subtract({ months })
}

const datePatterns: Record<DateFormat, RegExp> = {
  'YYYY-MM-DD': /^(?<year>\d{4})-(?<month>\d{1,2})-(?<day>\d{1,2})$/,
  'YYYY/MM/DD': /^(?<year>\d{4})\/(?<month>\d{1,2})\/(?<day>\d{1,2})$/,
  'DD/MM/YYYY': /^(?<day>\d{1,2})\/(?<month>\d{1,2})\/(?<year>\d{4})$/,
  'MM/DD/YYYY': /^(?<month>\d{1,2})\/(?<day>\d{1,2})\/(?<year>\d{4})$/,
  'DD.MM.YYYY': /^(?<day>\d{1,2})\.(?<month>\d{1,2})\.(?<year>\d{4})$/,
  'DD-MM-YYYY': /^(?<day>\d{1,2})-(?<month>\d{1,2})-(?<year>\d{4})$/,
  YYYYMMDD: /^(?<year>\d{4})(?<month>\d{2})(?<day>\d{2})$/,
}

/** A date as a file writes it, with or without a time behind it; null where it is none, or centuries away. */
function readDate(text: string, format: DateFormat): Temporal.PlainDate | null {
  const found = datePatterns[format].exec(text.replace(/[T ]\d{2}:\d{2}.*$/, ''))?.groups
  if (!found) return null
  const [year, month, day] = [Number(found.year), Number(found.month), Number(found.day)]
  if (year < 1900 || year > 2200) return null
  try {
    return Temporal.PlainDate.from({ year, month, day }, { overflow: 'reject' })
  } catch {
    return null
  }
}
