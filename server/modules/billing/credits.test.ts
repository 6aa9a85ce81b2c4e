import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fromEpochDay, toEpochDay } from '../../platform/calendar.ts'
import { type BilledDays, type BilledLine, planCredits, planSettlement, type Settlement } from './credits.ts'
import {
  type BillableComponent,
  type BillableSubscription,
  type PlannedInvoice,
  type PlannedLine,
  type PlanRules,
  planInvoices,
} from './engine.ts'
import type { TaxRule } from './taxes.ts'

const date = (text: string) => Temporal.PlainDate.from(text)
const rules: PlanRules = {
  closing_day: 31,
  day_count: 'actual',
  currency: 'BRL',
  tax_rounding: 'document',
  grouping: 'account',
}
const iva: TaxRule = { tax_id: 'IVA', name: 'IVA', rate: 210_000, inclusive: false }

function component(
  id: string,
  unit_amount: number,
  change: Partial<BillableComponent> = {},
): BillableComponent {
  return {
    id,
    role: 'plan',
    plan_id: id,
    description: id,
    price: { model: 'per_unit', unit_amount, tiers: null, package_size: null, included: 0 },
    quantity: 1,
    cycle: { unit: 'month', count: 1, alignment: 'closing', anchor: null },
    discount: null,
    from: date('2026-05-31'),
    to: null,
    covered: [],
    taxes: [],
    ...change,
  }
}

/** A service with its books: what was billed and credited of it, kept as the database keeps it. */
class Books {
  readonly #rules: PlanRules
  subscription: BillableSubscription
  billed: BilledDays[] = []
  total = 0
  #next = 0
  constructor(subscription: BillableSubscription, own: PlanRules = rules) {
    this.subscription = subscription
    this.#rules = own
  }

  close(upTo: string): void {
    const result = planInvoices({
      ...this.#rules,
      up_to: date(upTo),
      subscriptions: [this.withCoverage()],
      charges: [],
    })
    if ('parked' in result) throw new Error(result.parked)
    for (const invoice of result.invoices) this.#book(invoice)
  }

  /** Makes the timeline what it is to be and settles it on a day. */
  change(day: string, components: BillableComponent[], end: Temporal.PlainDate | null = null): Settlement {
    this.subscription = { ...this.subscription, components, end }
    const settlement = planSettlement(this.#rules, this.subscription, this.billed, {
      today: date(day),
      reason: null,
      givenBack: [],
      charge: true,
    })
    if (settlement.credit) {
      for (const line of settlement.credit.lines) {
        const corrected = this.billed.find((row) => row.line?.id === line.corrects_line_id)!.line!
        corrected.credited_net += line.net
        corrected.credited_gross += line.gross
        corrected.credited_tax += line.tax
        corrected.credited_tax_included += line.tax_included
        expect(corrected.credited_net).toBeLessThanOrEqual(corrected.net)
        expect(corrected.credited_tax).toBeLessThanOrEqual(corrected.tax)
      }
      for (const cut of settlement.credit.cuts) {
        const row = this.billed.find(({ id }) => id === cut.id)!
        const rest = cut.keep.map((range, index) => ({
          ...row,
          ...range,
          id: index === 0 ? row.id : `${row.id}.${index}`,
        }))
        this.billed = this.billed.flatMap((other) => (other === row ? rest : [other]))
      }
      this.total -= settlement.credit.total
    }
    if (settlement.invoice) this.#book(settlement.invoice)
    return settlement
  }

  withCoverage(): BillableSubscription {
    return {
      ...this.subscription,
      components: this.subscription.components.map((part) => ({
        ...part,
        covered: this.billed.filter((row) => row.component_id === part.id),
      })),
    }
  }

  #book(invoice: PlannedInvoice): void {
    this.total += invoice.total
    const lines = invoice.lines.map(
      (line: PlannedLine): BilledLine => ({
        ...line,
        id: `line-${this.#next++}`,
        invoice_id: `invoice-${this.#next}`,
        credited_gross: 0,
        credited_net: 0,
        credited_tax: 0,
        credited_tax_included: 0,
      }),
    )
    for (const { component_id, from, to, line_index } of invoice.coverage) {
      const line = line_index === null ? null : lines[line_index]!
      this.billed.push({ id: `coverage-${this.#next++}`, component_id, from, to, line })
    }
  }
}

const inAdvance = (components: BillableComponent[]): BillableSubscription => ({
  id: 'service',
  billing_mode: 'advance',
  billing_start: date('2026-05-31'),
  end: null,
  coupons: [],
  suspensions: [],
  components,
})

const amounts = ({ credit, invoice }: Settlement) => [credit?.total ?? 0, invoice?.total ?? 0]

describe('changes in advance (billing.md 19)', () => {
  test('credits the unused days of the old plan and charges those of the new one', () => {
    const books = new Books(inAdvance([component('small', 30_000)]))
    books.close('2026-05-31')
    const settled = books.change('2026-06-20', [
      component('small', 30_000, { to: date('2026-06-20') }),
      component('large', 60_000, { from: date('2026-06-20') }),
    ])
    expect(amounts(settled)).toEqual([10_000, 20_000])
    expect(settled.credit!.lines).toMatchObject([
      { from: date('2026-06-20'), to: date('2026-06-30'), days: 10, of: 30 },
    ])
    books.close('2026-06-30')
    expect(books.total).toBe(30_000 + 10_000 + 60_000)
  })

  test('with its discount as billed, and its tax', () => {
    const half = { kind: 'percent', basis_points: 5000 } as const
    const books = new Books(inAdvance([component('small', 30_000, { discount: half, taxes: [iva] })]))
    books.close('2026-05-31')
    expect(books.total).toBe(15_000 + 3150)
    const settled = books.change('2026-06-20', [
      component('small', 30_000, { discount: half, taxes: [iva], to: date('2026-06-20') }),
    ])
    expect(settled.credit).toMatchObject({
      tax: 1050,
      total: 6050,
      lines: [{ gross: 10_000, net: 5000, tax: 1050 }],
    })
  })

  test('A to B to A on one day nets to nothing', () => {
    const someDay = fc
      .integer({ min: 0, max: 29 })
      .map((days) => fromEpochDay(toEpochDay(date('2026-05-31')) + days))
    const discount = fc.option(
      fc.record({ kind: fc.constant('percent' as const), basis_points: fc.nat(10_000) }),
    )
    fc.assert(
      fc.property(
        someDay,
        fc.integer({ min: 1, max: 99_999 }),
        fc.integer({ min: 1, max: 99_999 }),
        discount,
        fc.boolean(),
        (day, one, other, own, taxed) => {
          const taxes = taxed ? [iva] : []
          const first = component('A', one, { discount: own, taxes })
          const books = new Books(inAdvance([first]))
          books.close('2026-05-31')
          const before = books.total
          const ended = { ...first, to: day }
          const between = component('B', other, { from: day, taxes })
          books.change(day.toString(), [ended, between])
          books.change(day.toString(), [
            ended,
            { ...between, to: day },
            component('A again', one, { from: day, discount: own, taxes }),
          ])
          expect(books.total).toBe(before)
        },
      ),
    )
  })

  test('a credit never exceeds what was billed, and the last one takes the residue, in any order of ends', () => {
    const someDays = fc.array(fc.integer({ min: 0, max: 29 }), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(someDays, fc.integer({ min: 1, max: 99_999 }), (days, price) => {
        const books = new Books(inAdvance([component('A', price, { taxes: [iva] })]))
        books.close('2026-05-31')
        for (const day of [...days].sort((left, right) => right - left)) {
          const to = fromEpochDay(toEpochDay(date('2026-05-31')) + day)
          books.change('2026-06-01', [component('A', price, { taxes: [iva], to })])
        }
        if (days.includes(0)) expect(books.total).toBe(0)
        expect(books.total).toBeGreaterThanOrEqual(0)
      }),
    )
  })

  test('days that a cancellation ends are given back, and never billed again', () => {
    const books = new Books(inAdvance([component('A', 30_000)]))
    books.close('2026-05-31')
    expect(amounts(books.change('2026-06-10', [component('A', 30_000)], date('2026-06-10')))).toEqual([
      20_000, 0,
    ])
    books.close('2026-12-31')
    expect(books.total).toBe(10_000)
  })
})

test('in arrears a change costs nothing at once, and each plan gets its days (billing.md 19)', () => {
  const books = new Books({ ...inAdvance([component('A', 30_000)]), billing_mode: 'arrears' })
  const settled = books.change('2026-06-10', [
    component('A', 30_000, { to: date('2026-06-10') }),
    component('B', 60_000, { from: date('2026-06-10') }),
  ])
  expect(settled).toEqual({ credit: null, invoice: null })
  books.close('2026-06-30')
  expect(books.total).toBe(10_000 + 40_000)
})

test('billed days lost to a suspension stay billed unless they are given back (billing.md 21)', () => {
  const rest = { from: date('2026-06-10'), to: date('2026-06-20') }
  const books = new Books(inAdvance([component('A', 30_000)]))
  books.close('2026-05-31')
  const after = { ...books.subscription, suspensions: [rest] }
  const context = { issue_date: date('2026-06-10'), reason: null }
  expect(planCredits(rules, after, books.billed, { ...context, givenBack: [] })).toBeNull()
  const credit = planCredits(rules, after, books.billed, { ...context, givenBack: [rest] })
  expect(credit).toMatchObject({ total: 10_000, cuts: [{ keep: [{}, {}] }] })
})
