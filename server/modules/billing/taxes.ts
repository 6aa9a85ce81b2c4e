/**
 * Taxes of a document (B10, billing.md 10): per document and rate on the sum of its base, spread over the lines, or per line
 * where the business unit says so. Pure, integers only.
 */
import { roundFraction, spread } from '../../platform/money.ts'

/** A tax as it is charged; `rate` is in millionths (190000 is 19 %). Inclusive: the price contains it. */
export type TaxRule = { tax_id: string; name: string; rate: number; inclusive: boolean }
export type TaxRounding = 'document' | 'line'

/** A tax with what it is of and what it is, in minor units. */
export type ComputedTax = TaxRule & { base: number; amount: number }

/** What taxes make of one line: `tax` comes on top of its net, `tax_included` is inside. */
export type LineTaxes = { tax: number; tax_included: number; taxes: ComputedTax[] }

const million = 1_000_000n

function share(base: number, rate: number, over: bigint): number {
  return roundFraction({ numerator: BigInt(base) * BigInt(rate), denominator: over })
}

/** Adds a tax's part to each line that bears it. */
function book(
  lines: readonly LineTaxes[],
  rule: TaxRule,
  at: readonly number[],
  bases: readonly number[],
  amounts: readonly number[],
): void {
  for (const [index, line] of at.entries()) {
    const target = lines[line]!
    const amount = amounts[index]!
    target.taxes.push({ ...rule, base: bases[index]!, amount })
    if (rule.inclusive) target.tax_included += amount
    else target.tax += amount
  }
}

/**
 * The taxes of lines whose nets are given in minor units. Inclusive taxes are split off a price so that net and taxes
 * add up to it to the cent; exclusive ones are charged on what is left of it. `document` rounds once per tax and spreads by
 * largest remainder; `line` rounds on every line.
 */
export function computeTaxes(
  lines: readonly { net: number; rules: readonly TaxRule[] }[],
  rounding: TaxRounding,
): { lines: LineTaxes[]; taxes: ComputedTax[] } {
  const results: LineTaxes[] = lines.map(() => ({ tax: 0, tax_included: 0, taxes: [] }))
  const every = lines.map((_, index) => index)
  const groups = rounding === 'line' ? every.map((index) => [index]) : [every]
  for (const group of groups) {
    splitInclusive(lines, group, results)
    addExclusive(lines, group, results)
  }
  const taxes = new Map<string, ComputedTax>()
  for (const tax of results.flatMap((line) => line.taxes)) {
    const sum = taxes.get(tax.tax_id)
    if (sum) {
      sum.base += tax.base
      sum.amount += tax.amount
    } else taxes.set(tax.tax_id, { ...tax })
  }
  return { lines: results, taxes: [...taxes.values()] }
}

type TaxedLine = { net: number; rules: readonly TaxRule[] }

/** price = base × (1 + the sum of its inclusive rates): lines with the same ones are split together. */
function splitInclusive(lines: readonly TaxedLine[], group: readonly number[], results: LineTaxes[]): void {
  const alike = Map.groupBy(
    group.filter((index) => lines[index]!.rules.some((rule) => rule.inclusive)),
    (index) =>
      lines[index]!.rules.filter((rule) => rule.inclusive)
        .map((rule) => rule.tax_id)
        .join(),
  )
  for (const at of alike.values()) {
    const rules = lines[at[0]!]!.rules.filter((rule) => rule.inclusive)
    const over = million + rules.reduce((sum, rule) => sum + BigInt(rule.rate), 0n)
    const nets = at.map((index) => lines[index]!.net)
    const price = nets.reduce((sum, net) => sum + net, 0)
    const amounts = rules.map((rule) => share(price, rule.rate, over))
    const parts = amounts.map((amount) => (price === 0 ? nets.map(() => 0) : spread(amount, nets)))
    const bases = nets.map((net, index) => net - parts.reduce((sum, part) => sum + part[index]!, 0))
    for (const [index, rule] of rules.entries()) book(results, rule, at, bases, parts[index]!)
  }
}

function addExclusive(lines: readonly TaxedLine[], group: readonly number[], results: LineTaxes[]): void {
  const rules = new Map<string, TaxRule>()
  for (const index of group)
    for (const rule of lines[index]!.rules) if (!rule.inclusive) rules.set(rule.tax_id, rule)
  for (const rule of rules.values()) {
    const at = group.filter((index) => lines[index]!.rules.some((own) => own.tax_id === rule.tax_id))
    const bases = at.map((index) => lines[index]!.net - results[index]!.tax_included)
    const base = bases.reduce((sum, part) => sum + part, 0)
    const amount = share(base, rule.rate, million)
    book(results, rule, at, bases, base === 0 ? bases.map(() => 0) : spread(amount, bases))
  }
}
