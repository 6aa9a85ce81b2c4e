// "Why this amount?" in plain words, for screens, mails and paper.
import { type DateRange, daysIn } from '../../platform/calendar.ts'
import type { DiscountKind, LineRole, PriceModel } from '../../platform/database.gen.ts'
import { formatMoney, multiply, roundFraction } from '../../platform/money.ts'
import { formatPeriod } from '../../platform/period.ts'
import { type Language, localeOf, translator } from '../../platform/translations.ts'
import { priceQuantity, type Tier } from '../subscriptions/index.ts'

/** A step of a line's price. */
export type PriceTier = Tier

/** A coupon on a line: `amount` off the whole period, or `basis_points`; `off` is what it took here, where that is known. */
export type LineCoupon = {
  name: string
  kind: DiscountKind
  amount?: number | null | undefined
  basis_points?: number | null | undefined
  off?: number | null | undefined
  /** It is no coupon, but what the plan takes off for a minimum term. */
  term_months?: number | null | undefined
}

/** What "why this amount?" is answered from (billing.md 17). Amounts are minor units, ranges half-open. */
export type ExplainedLine = {
  /** Without it, a line is one of recurring service. */
  role?: LineRole
  /** The days that are billed. */
  period: DateRange
  /** `days` out of `of_days` of the whole period were charged. */
  days: number
  of_days: number
  whole_period: DateRange
  /** Price of one for the whole period. */
  unit_amount: number
  quantity: number
  price_model?: PriceModel
  tiers?: readonly PriceTier[] | null
  package_size?: number | null
  /** Units that cost nothing. */
  included?: number
  gross: number
  /** Everything that came off: the line's own discount and its coupons. */
  discount: number
  discount_kind: DiscountKind | null
  discount_basis_points: number | null
  /** Taken off the price of the whole period. */
  discount_amount: number | null
  coupons?: readonly LineCoupon[] | null
  net: number
  /** On top of net; `tax_included` is inside it. */
  tax?: number
  tax_included?: number
  instalment?: number | null
  instalments?: number | null
  /** The line of another document that this one corrects (billing.md 16), and which way it does. */
  corrects?: { kind: 'credit_note' | 'debit_note'; document: string; description: string } | null
  /** `recurring_advance`, `recurring_arrears`; others are explained without saying when they are charged. */
  rule: string
}

type Words = {
  t: (key: string, values?: Record<string, unknown>) => string
  money: (amount: number) => string
  count: (amount: number) => string
  language: Language
}

const percentFormats = new Map<Language, Intl.NumberFormat>()
const countFormats = new Map<Language, Intl.NumberFormat>()

/** Basis points as people write them: 1250 is `12,5%`. */
function formatBasisPoints(basisPoints: number, language: Language): string {
  let format = percentFormats.get(language)
  if (!format) {
    format = new Intl.NumberFormat(localeOf(language), { style: 'percent', maximumFractionDigits: 2 })
    percentFormats.set(language, format)
  }
  return format.format(basisPoints / 10_000)
}

function formatCount(amount: number, language: Language): string {
  let format = countFormats.get(language)
  if (!format) {
    format = new Intl.NumberFormat(localeOf(language))
    countFormats.set(language, format)
  }
  return format.format(amount)
}

/** What a whole period is called. Its length says it: the calendar makes no two of them alike. */
function nameOfPeriod(
  whole: DateRange,
): 'day' | 'week' | 'month' | 'quarter' | 'half_year' | 'year' | 'period' {
  const days = daysIn(whole)
  if (days === 1) return 'day'
  if (days === 7) return 'week'
  if (days >= 28 && days <= 31) return 'month'
  if (days >= 89 && days <= 92) return 'quarter'
  if (days >= 181 && days <= 184) return 'half_year'
  return days === 365 || days === 366 ? 'year' : 'period'
}

const recurring: readonly (LineRole | undefined)[] = [undefined, 'plan', 'option']

/** What was paid for, and how much that is for a whole period: null where one price for one thing says it all. */
function explainPrice(line: ExplainedLine, words: Words): { sentence: string; whole: number } | null {
  const { t, money, count } = words
  const model = line.price_model ?? 'per_unit'
  const included = line.included ?? 0
  const tiers = line.tiers ?? []
  const charged = Math.max(line.quantity - included, 0)
  if (model === 'flat') {
    return line.quantity === 1 ? null : { sentence: t('pdf:why.flat'), whole: line.unit_amount }
  }
  if (model === 'per_unit' && included === 0) return null
  const package_size = line.package_size ?? null
  const whole = Number(
    priceQuantity({ model, unit_amount: line.unit_amount, tiers, package_size, included }, line.quantity),
  )
  const times = (units: number, amount: number) =>
    t('pdf:price.many', { quantity: count(units), price: money(amount) })
  const used =
    included > 0
      ? t('pdf:why.units_included', {
          quantity: count(line.quantity),
          included: count(Math.min(included, line.quantity)),
        })
      : t('pdf:why.units', { quantity: count(line.quantity) })
  const told = (parts: string[]) => ({
    sentence: t('pdf:why.priced', {
      used,
      sum: parts.length === 0 ? times(0, line.unit_amount) : parts.join(' + '),
      amount: money(whole),
    }),
    whole,
  })
  const step = (units: number, tier: Tier) => [
    times(units, tier.unit_amount),
    ...(tier.flat_amount > 0 ? [money(tier.flat_amount)] : []),
  ]
  if (model === 'package') {
    const size = line.package_size ?? 1
    return told([
      t('pdf:why.packages', {
        packages: count(Math.ceil(charged / size)),
        size: count(size),
        amount: money(line.unit_amount),
      }),
    ])
  }
  if (model === 'volume') {
    const tier = tiers.find(({ up_to }) => up_to === null || charged <= up_to)
    return told(tier && charged > 0 ? step(charged, tier) : [])
  }
  if (model === 'tiered') {
    let from = 0
    return told(
      tiers.flatMap((tier) => {
        const units = Math.min(charged, tier.up_to ?? charged) - from
        if (units <= 0) return []
        from += units
        return step(units, tier)
      }),
    )
  }
  return told([times(charged, line.unit_amount)])
}

function explainRecurring(line: ExplainedLine, words: Words, dated: boolean): string[] {
  const { t, money, language } = words
  const per = nameOfPeriod(line.whole_period)
  const priced = explainPrice(line, words)
  const flat = line.price_model === 'flat'
  const one = t(`pdf:price.${per}`, { amount: money(priced?.whole ?? line.unit_amount) })
  const many = priced === null && !flat && line.quantity !== 1
  const price = many ? t('pdf:price.many', { quantity: line.quantity, price: one }) : one
  const part = line.days !== line.of_days
  const key = `pdf:why.${part ? 'part' : many ? 'whole_many' : 'whole'}${dated ? '_dated' : ''}`
  const sentences = priced === null ? [] : [priced.sentence]
  sentences.push(
    t(key, {
      days: line.days,
      of: line.of_days,
      price,
      amount: money(line.gross),
      ...(dated ? { period: formatPeriod(line.period, language) } : {}),
    }),
  )
  // Thirty days in a month that has another number of them need a word (billing.md 5).
  if (part && line.of_days !== daysIn(line.whole_period)) {
    sentences.push(t('pdf:why.commercial', { of: line.of_days }))
  }
  return sentences
}

function explainUsage(line: ExplainedLine, words: Words, dated: boolean): string[] {
  const { t, money, count, language } = words
  const priced = explainPrice(line, words)
  const sentence =
    priced?.sentence ??
    t('pdf:why.priced', {
      used: t('pdf:why.units', { quantity: count(line.quantity) }),
      sum: t('pdf:price.many', { quantity: count(line.quantity), price: money(line.unit_amount) }),
      amount: money(line.gross),
    })
  return dated
    ? [t('pdf:why.used_dated', { period: formatPeriod(line.period, language), sentence })]
    : [sentence]
}

/** What is charged once: how often it comes, and what it is for where the role alone says that. */
function explainOnce(line: ExplainedLine, { t, money, count }: Words): string[] {
  const sum =
    line.quantity === 1
      ? t('pdf:why.once', { amount: money(line.gross) })
      : t('pdf:why.once_many', {
          quantity: count(line.quantity),
          price: money(line.unit_amount),
          amount: money(line.gross),
        })
  switch (line.role) {
    case 'instalment':
      return [
        t('pdf:why.instalment', {
          instalment: line.instalment ?? 1,
          of: line.instalments ?? 1,
          amount: money(line.gross),
        }),
      ]
    case 'penalty':
      return [sum, t('pdf:why.penalty')]
    case 'late_fee':
      return [sum, t('pdf:why.late_fee')]
    case 'interest':
      return [sum, t('pdf:why.interest')]
    default:
      return [sum]
  }
}

/** What each discount took of a line, in their order: the last takes what rounding left (billing.md 9). */
function shareDiscount(line: ExplainedLine): { own: number; coupons: number[] } {
  const coupons = line.coupons ?? []
  if (coupons.length === 0) return { own: line.discount, coupons: [] }
  const hasOwn = line.discount_kind !== null
  const rules = [
    ...(hasOwn
      ? [{ kind: line.discount_kind, amount: line.discount_amount, basis_points: line.discount_basis_points }]
      : []),
    ...coupons,
  ]
  let left = line.gross
  const offs = rules.map((rule, index) => {
    const off =
      index === rules.length - 1
        ? left - line.net
        : rule.kind === 'percent'
          ? multiply(left, rule.basis_points ?? 0, 10_000)
          : Math.min(left, multiply(rule.amount ?? 0, line.days, line.of_days))
    left -= off
    return off
  })
  return hasOwn ? { own: offs[0]!, coupons: offs.slice(1) } : { own: 0, coupons: offs }
}

function explainDiscounts(line: ExplainedLine, { t, money, language }: Words): string[] {
  if (line.discount === 0) return []
  const sentences: string[] = []
  const shares = shareDiscount(line)
  let left = line.gross
  if (shares.own !== 0) {
    left -= shares.own
    const amounts = { discount: money(shares.own), net: money(left) }
    const part = line.days !== line.of_days
    if (line.discount_kind === 'percent' && line.discount_basis_points !== null) {
      const percent = formatBasisPoints(line.discount_basis_points, language)
      sentences.push(t('pdf:why.discount_percent', { ...amounts, percent }))
    } else if (part && line.discount_kind === 'amount' && line.discount_amount !== null) {
      const monthly = t(`pdf:price.${nameOfPeriod(line.whole_period)}`, {
        amount: money(line.discount_amount),
      })
      sentences.push(t('pdf:why.discount_amount', { ...amounts, monthly }))
    } else sentences.push(t('pdf:why.discount', amounts))
  }
  for (const [index, coupon] of (line.coupons ?? []).entries()) {
    const off = shares.coupons[index] ?? 0
    if (off === 0) continue
    left -= off
    const amounts = { name: coupon.name, discount: money(off), net: money(left) }
    if (coupon.term_months) {
      const percent = formatBasisPoints(coupon.basis_points ?? 0, language)
      sentences.push(t('pdf:why.term_percent', { ...amounts, percent, count: coupon.term_months }))
      continue
    }
    sentences.push(
      coupon.kind === 'percent' && coupon.basis_points
        ? t('pdf:why.coupon_percent', {
            ...amounts,
            percent: formatBasisPoints(coupon.basis_points, language),
          })
        : t('pdf:why.coupon', amounts),
    )
  }
  return sentences
}

/** Whether a line is what its quantity and days cost: a credit of a chosen amount, or of what was left, is not. */
function isOfPrice(line: ExplainedLine): boolean {
  const whole = priceQuantity(
    {
      model: line.price_model ?? 'per_unit',
      unit_amount: line.unit_amount,
      tiers: line.tiers ?? null,
      package_size: line.package_size ?? null,
      included: line.included ?? 0,
    },
    line.quantity,
  )
  const timed = recurring.includes(line.role)
  return (
    roundFraction({
      numerator: whole * BigInt(timed ? line.days : 1),
      denominator: BigInt(timed ? line.of_days : 1),
    }) === line.gross
  )
}

function explain(line: ExplainedLine, currency: string, language: Language, dated: boolean): string {
  const t = translator(language) as Words['t']
  const words: Words = {
    t,
    money: (amount) => formatMoney(amount, currency, language),
    count: (amount) => formatCount(amount, language),
    language,
  }
  const sentences: string[] = []
  if (line.corrects) {
    sentences.push(
      t(`pdf:why.corrects_${line.corrects.kind}`, {
        description: line.corrects.description,
        document: line.corrects.document,
      }),
    )
  }
  const credit = line.corrects?.kind === 'credit_note'
  if (credit && !isOfPrice(line)) {
    sentences.push(t('pdf:why.part_of', { amount: words.money(line.net) }))
  } else {
    if (recurring.includes(line.role)) sentences.push(...explainRecurring(line, words, dated))
    else if (line.role === 'usage') sentences.push(...explainUsage(line, words, dated))
    // Why it had been charged says nothing of why it is given back.
    else sentences.push(...explainOnce(credit ? { ...line, role: 'manual' } : line, words))
    sentences.push(...explainDiscounts(line, words))
  }
  if (line.corrects === undefined || line.corrects === null) {
    if (line.rule === 'recurring_advance') sentences.push(t('pdf:why.advance'))
    if (line.rule === 'recurring_arrears' || line.role === 'usage') sentences.push(t('pdf:why.arrears'))
  }
  if (line.tax) sentences.push(t('pdf:why.tax', { amount: words.money(line.tax) }))
  if (line.tax_included) sentences.push(t('pdf:why.tax_included', { amount: words.money(line.tax_included) }))
  return sentences.join(' ')
}

/**
 * "Why this amount?" in plain words, from the line alone (billing.md 17): `10 of 31 days (May 21 – 30, 2026) ×
 * R$ 89.90 per month = R$ 29.00. Charged after use.` The last day said is the last day billed.
 */
export function explainLine(line: ExplainedLine, currency: string, language: Language): string {
  return explain(line, currency, language, true)
}

/** The same without the days, for where they stand beside it. */
export function explainBriefly(line: ExplainedLine, currency: string, language: Language): string {
  return explain(line, currency, language, false)
}
