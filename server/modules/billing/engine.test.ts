import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fromEpochDay, toEpochDay } from '../../platform/calendar.ts'
import { boundaryOnOrBefore, periodOf } from '../subscriptions/index.ts'
import {
  type BillableComponent,
  type BillableSubscription,
  type BillingMode,
  type PlanInput,
  type PlannedInvoice,
  planInvoices,
  type RecurringDiscount,
} from './engine.ts'

const date = (text: string) => Temporal.PlainDate.from(text)
const range = (from: string, to: string) => ({ from: date(from), to: date(to) })

type ComponentChange = Partial<BillableComponent> & { unit_amount?: number }
type SubscriptionChange = Partial<BillableSubscription> & { discount?: RecurringDiscount | null }

function component({ unit_amount = 31_000, ...change }: ComponentChange = {}): BillableComponent {
  return {
    id: 'plan',
    role: 'plan',
    plan_id: 'fibre-500',
    description: 'Fibre 500',
    price: { model: 'per_unit', unit_amount, tiers: null, package_size: null, included: 0 },
    quantity: 1,
    cycle: { unit: 'month', count: 1, alignment: 'closing', anchor: null },
    discount: null,
    from: date('2026-05-21'),
    to: null,
    covered: [],
    taxes: [],
    ...change,
  }
}

/** `discount` is the plan's. */
function subscription({ discount = null, ...change }: SubscriptionChange = {}): BillableSubscription {
  const { components = [component()], ...rest } = change
  return {
    id: 'service',
    billing_mode: 'arrears',
    billing_start: date('2026-05-21'),
    end: null,
    coupons: [],
    suspensions: [],
    ...rest,
    components: components.map((part) => (discount && part.role === 'plan' ? { ...part, discount } : part)),
  }
}

function inputOf(upTo: string, one: BillableSubscription, change: Partial<PlanInput> = {}): PlanInput {
  return {
    closing_day: 31,
    day_count: 'actual',
    currency: 'BRL',
    tax_rounding: 'document',
    grouping: 'account',
    up_to: date(upTo),
    subscriptions: [one],
    charges: [],
    ...change,
  }
}

function plan(input: PlanInput): PlannedInvoice[] {
  const result = planInvoices(input)
  if ('parked' in result) throw new Error(`parked: ${result.parked}`)
  return result.invoices
}

/** One text per line: `issue date: from/to days/of net`. */
const show = (invoices: readonly PlannedInvoice[]) =>
  invoices.flatMap(({ issue_date, lines }) =>
    lines.map(({ from, to, days, of, net }) => `${issue_date}: ${from}/${to} ${days}/${of} ${net}`),
  )

describe('arrears (B1, B2)', () => {
  test('a start on 21 May has 10 days at the closing of 31 May', () => {
    expect(show(plan(inputOf('2026-05-31', subscription())))).toEqual([
      '2026-05-31: 2026-05-21/2026-05-31 10/31 10000',
    ])
  })

  test('a start on 11 May has 20', () => {
    const early = component({ from: date('2026-05-11') })
    const one = subscription({ billing_start: date('2026-05-11'), components: [early] })
    expect(show(plan(inputOf('2026-05-31', one)))).toEqual(['2026-05-31: 2026-05-11/2026-05-31 20/31 20000'])
  })

  test('the next period is 31 May to 30 June', () => {
    expect(show(plan(inputOf('2026-07-30', subscription())))).toEqual([
      '2026-05-31: 2026-05-21/2026-05-31 10/31 10000',
      '2026-06-30: 2026-05-31/2026-06-30 30/30 31000',
    ])
  })

  test('nothing before the first closing', () => {
    expect(plan(inputOf('2026-05-30', subscription()))).toEqual([])
  })

  test('20 trial days from 21 May: nothing at the May closing, 20 of 30 days in June', () => {
    const one = subscription({ billing_start: date('2026-06-10') })
    expect(plan(inputOf('2026-05-31', one))).toEqual([])
    expect(show(plan(inputOf('2026-06-30', one)))).toEqual(['2026-06-30: 2026-06-10/2026-06-30 20/30 20667'])
  })

  test('ends on the day before the end, and not at all when the end is not after the start', () => {
    const ended = subscription({ end: date('2026-06-05') })
    expect(show(plan(inputOf('2026-12-31', ended)))).toEqual([
      '2026-05-31: 2026-05-21/2026-05-31 10/31 10000',
      '2026-06-30: 2026-05-31/2026-06-05 5/30 5167',
    ])
    expect(plan(inputOf('2026-12-31', subscription({ end: date('2026-05-21') })))).toEqual([])
    expect(plan(inputOf('2026-12-31', subscription({ end: date('2026-01-01') })))).toEqual([])
  })

  test('the day of a change belongs to the new plan (billing.md 4)', () => {
    const one = subscription({
      components: [
        component({ id: 'old', to: date('2026-06-10') }),
        component({ id: 'new', from: date('2026-06-10'), unit_amount: 60_000 }),
      ],
    })
    expect(show(plan(inputOf('2026-06-30', one)))).toEqual([
      '2026-05-31: 2026-05-21/2026-05-31 10/31 10000',
      '2026-06-30: 2026-05-31/2026-06-10 10/30 10333',
      '2026-06-30: 2026-06-10/2026-06-30 20/30 40000',
    ])
  })

  test('a whole period is one price whatever its length, and a stub is part of a whole one (billing.md 3)', () => {
    const one = subscription({ billing_start: date('2027-01-31') })
    expect(show(plan(inputOf('2027-03-31', one)))).toEqual([
      '2027-02-28: 2027-01-31/2027-02-28 28/28 31000',
      '2027-03-31: 2027-02-28/2027-03-31 31/31 31000',
    ])
  })
})

describe('advance (B2)', () => {
  const advance = (change: SubscriptionChange = {}) => subscription({ billing_mode: 'advance', ...change })

  test('bills the prorated first days and the period that begins', () => {
    expect(show(plan(inputOf('2026-05-31', advance())))).toEqual([
      '2026-05-31: 2026-05-21/2026-05-31 10/31 10000',
      '2026-05-31: 2026-05-31/2026-06-30 30/30 31000',
    ])
  })

  test('a start on the closing date is a whole period at once', () => {
    const one = advance({ billing_start: date('2026-05-31') })
    expect(show(plan(inputOf('2026-05-31', one)))).toEqual(['2026-05-31: 2026-05-31/2026-06-30 30/30 31000'])
  })

  test('20 trial days from 21 May: nothing at the May closing, 20 of 30 days of June with July', () => {
    const one = advance({ billing_start: date('2026-06-10') })
    expect(plan(inputOf('2026-05-31', one))).toEqual([])
    expect(show(plan(inputOf('2026-06-30', one)))).toEqual([
      '2026-06-30: 2026-06-10/2026-06-30 20/30 20667',
      '2026-06-30: 2026-06-30/2026-07-31 31/31 31000',
    ])
  })

  test('does not bill beyond an end that is known', () => {
    const one = advance({ end: date('2026-06-05') })
    expect(show(plan(inputOf('2026-06-30', one)))).toEqual([
      '2026-05-31: 2026-05-21/2026-05-31 10/31 10000',
      '2026-05-31: 2026-05-31/2026-06-05 5/30 5167',
    ])
  })

  test('days after a suspension wait for the next closing, like those of a new service', () => {
    const one = advance({ suspensions: [range('2026-05-25', '2026-06-10')] })
    expect(show(plan(inputOf('2026-06-30', one)))).toEqual([
      '2026-05-31: 2026-05-21/2026-05-25 4/31 4000',
      '2026-06-30: 2026-06-10/2026-06-30 20/30 20667',
      '2026-06-30: 2026-06-30/2026-07-31 31/31 31000',
    ])
  })
})

describe('suspension (billing.md 21)', () => {
  test('splits a line, and its days are never billed later', () => {
    const one = subscription({ suspensions: [range('2026-06-05', '2026-06-10')] })
    expect(show(plan(inputOf('2026-07-31', one)))).toEqual([
      '2026-05-31: 2026-05-21/2026-05-31 10/31 10000',
      '2026-06-30: 2026-05-31/2026-06-05 5/30 5167',
      '2026-06-30: 2026-06-10/2026-06-30 20/30 20667',
      '2026-07-31: 2026-06-30/2026-07-31 31/31 31000',
    ])
  })

  test('an open one stops everything from its day on', () => {
    const one = subscription({ suspensions: [{ from: date('2026-06-05'), to: null }] })
    expect(show(plan(inputOf('2027-07-31', one)))).toEqual([
      '2026-05-31: 2026-05-21/2026-05-31 10/31 10000',
      '2026-06-30: 2026-05-31/2026-06-05 5/30 5167',
    ])
  })
})

describe('amounts', () => {
  const june = (change: SubscriptionChange, part: ComponentChange = {}) =>
    plan(
      inputOf(
        '2026-06-30',
        subscription({
          billing_start: date('2026-06-27'),
          components: [component({ unit_amount: 24_995, ...part })],
          ...change,
        }),
      ),
    )[0]!.lines[0]!

  test('249.95 × 3/30 is 25.00 (billing.md 8)', () => {
    expect(june({})).toMatchObject({ days: 3, of: 30, gross: 2500, discount: 0, net: 2500 })
  })

  test.each<[RecurringDiscount, number, number]>([
    [{ kind: 'percent', basis_points: 1000 }, 2500, 2250],
    [{ kind: 'percent', basis_points: 3333 }, 2500, 1666],
    [{ kind: 'percent', basis_points: 10_000 }, 2500, 0],
    [{ kind: 'percent', basis_points: 0 }, 2500, 2500],
    [{ kind: 'amount', amount: 4995 }, 2500, 2000],
    [{ kind: 'amount', amount: 99_999 }, 2500, 0],
  ])('%j makes %i into %i', (discount, gross, net) => {
    expect(june({ discount })).toMatchObject({ gross, net, discount: gross - net, discount_rule: discount })
  })

  test('quantity multiplies before the one rounding', () => {
    expect(june({}, { unit_amount: 3333, quantity: 7 }).gross).toBe(2333)
  })

  test('a discount leaves options alone', () => {
    const discount: RecurringDiscount = { kind: 'percent', basis_points: 5000 }
    expect(june({ discount }, { role: 'option' })).toMatchObject({
      gross: 2500,
      net: 2500,
      discount_rule: null,
    })
  })

  test('a line explains itself (billing.md 17)', () => {
    const [invoice] = plan(inputOf('2026-05-31', subscription()))
    expect(JSON.parse(JSON.stringify(invoice))).toMatchObject({
      issue_date: '2026-05-31',
      currency: 'BRL',
      lines: [
        {
          subscription_id: 'service',
          component_id: 'plan',
          plan_id: 'fibre-500',
          charge_id: null,
          role: 'plan',
          description: 'Fibre 500',
          from: '2026-05-21',
          to: '2026-05-31',
          days: 10,
          of: 31,
          day_count: 'actual',
          period: { from: '2026-04-30', to: '2026-05-31' },
          price_model: 'per_unit',
          unit_amount: 31_000,
          tiers: null,
          included: 0,
          quantity: 1,
          gross: 10_000,
          discount: 0,
          net: 10_000,
          discount_rule: null,
          rule: 'recurring_arrears',
          first: true,
          stub: true,
        },
      ],
      total: 10_000,
      coverage: [
        {
          subscription_id: 'service',
          component_id: 'plan',
          from: '2026-05-21',
          to: '2026-05-31',
          line_index: 0,
        },
      ],
    })
  })

  test('what costs nothing is covered without a line', () => {
    const free = component({ id: 'free', role: 'option', unit_amount: 0 })
    const mixed = plan(inputOf('2026-05-31', subscription({ components: [free, component()] })))
    expect(mixed[0]!.lines).toHaveLength(1)
    expect(mixed[0]!.coverage.map(({ component_id, line_index }) => [component_id, line_index])).toEqual([
      ['free', null],
      ['plan', 0],
    ])
    const alone = plan(inputOf('2026-05-31', subscription({ components: [free] })))
    expect(alone).toHaveLength(1)
    expect(alone[0]).toMatchObject({ lines: [], total: 0, coverage: [{ line_index: null }] })
  })

  test('a full discount still shows its lines', () => {
    const discount: RecurringDiscount = { kind: 'percent', basis_points: 10_000 }
    const [invoice] = plan(inputOf('2026-05-31', subscription({ discount })))
    expect(invoice).toMatchObject({ total: 0, lines: [{ gross: 10_000, discount: 10_000, net: 0 }] })
  })

  test('12 commercial months are exactly 12 prices (billing.md 5)', () => {
    const months = fc.tuple(fc.integer({ min: 1, max: 31 }), fc.integer({ min: 0, max: 40 }))
    fc.assert(
      fc.property(months, fc.nat(1_000_000), ([closingDay, month], price) => {
        const start = boundaryOnOrBefore(date('2026-01-31').add({ months: month }), closingDay)
        const one = subscription({
          billing_start: start,
          components: [component({ from: start, unit_amount: price })],
        })
        const input = inputOf('2026-01-01', one, { closing_day: closingDay, day_count: 'commercial' })
        const upTo = start.add({ months: 12, days: 4 })
        const invoices = plan({ ...input, up_to: boundaryOnOrBefore(upTo, closingDay) })
        expect(invoices).toHaveLength(12)
        expect(invoices.reduce((sum, invoice) => sum + invoice.total, 0)).toBe(price * 12)
      }),
    )
  })
})

describe('impossible states are parked (billing.md 14)', () => {
  const inverted = range('2026-06-01', '2026-05-01')

  test.each<[string, SubscriptionChange]>([
    ['component_range_inverted', { components: [component(inverted)] }],
    ['component_amount_invalid', { components: [component({ unit_amount: -1 })] }],
    ['component_amount_invalid', { components: [component({ unit_amount: 0.5 })] }],
    ['component_quantity_invalid', { components: [component({ quantity: Number.NaN })] }],
    ['component_coverage_inverted', { components: [component({ covered: [inverted] })] }],
    ['plan_components_overlap', { components: [component(), component({ id: 'other' })] }],
    ['suspension_inverted', { suspensions: [inverted] }],
    ['discount_invalid', { discount: { kind: 'amount', amount: -1 } }],
    ['discount_invalid', { discount: { kind: 'percent', basis_points: 10_001 } }],
    ['amount_out_of_range', { components: [component({ unit_amount: 2 ** 40, quantity: 2 ** 20 })] }],
    [
      'amount_out_of_range',
      {
        billing_start: date('2026-04-30'),
        components: ['one', 'two'].map((id) =>
          component({ id, role: 'option', from: date('2026-04-30'), unit_amount: Number.MAX_SAFE_INTEGER }),
        ),
      },
    ],
  ])('%s', (code, change) => {
    expect(planInvoices(inputOf('2026-12-31', subscription(change)))).toMatchObject({ parked: code })
  })

  test('closing_day_invalid', () => {
    const input = inputOf('2026-12-31', subscription(), { closing_day: 0 })
    expect(planInvoices(input)).toMatchObject({ parked: 'closing_day_invalid' })
  })
})

const DAY_0 = toEpochDay(date('2027-01-01'))
const DAYS = 500
const someDay = fc.integer({ min: 0, max: DAYS }).map((offset) => fromEpochDay(DAY_0 + offset))
const someRange = fc
  .tuple(someDay, fc.integer({ min: 0, max: 120 }))
  .map(([from, length]) => ({ from, to: from.add({ days: length }) }))
const someDiscount = fc.oneof(
  fc.constant(null),
  fc.record({ kind: fc.constant('amount' as const), amount: fc.nat(20_000) }),
  fc.record({ kind: fc.constant('percent' as const), basis_points: fc.nat(10_000) }),
)
const closingCycle: BillableComponent['cycle'] = {
  unit: 'month',
  count: 1,
  alignment: 'closing',
  anchor: null,
}
const someCycle = fc.oneof(
  fc.constant(closingCycle),
  fc
    .record({ count: fc.constantFrom(1, 3, 6, 12), alignment: fc.constantFrom('closing', 'anniversary') })
    .map((cycle) => ({ ...closingCycle, ...cycle }) as BillableComponent['cycle']),
  fc
    .record({ unit: fc.constantFrom('day', 'week'), count: fc.integer({ min: 1, max: 45 }) })
    .map((cycle) => ({ ...cycle, alignment: 'anniversary', anchor: null }) as BillableComponent['cycle']),
  fc
    .constantFrom('closing', 'anniversary')
    .map((alignment) => ({ unit: 'once', count: 1, alignment, anchor: null }) as BillableComponent['cycle']),
)
const someComponents = (cycles: fc.Arbitrary<BillableComponent['cycle']>) =>
  fc
    .array(
      fc.record({
        unit_amount: fc.oneof(fc.constant(0), fc.nat(100_000)),
        quantity: fc.integer({ min: 0, max: 5 }),
        from: someDay,
        length: fc.option(fc.nat(300)),
        cycle: cycles,
      }),
      { minLength: 1, maxLength: 3 },
    )
    .map((list) =>
      list.map(
        ({ length, ...rest }, index): BillableComponent =>
          component({
            ...rest,
            id: `component-${index}`,
            role: index === 0 ? 'plan' : 'option',
            description: `Component ${index}`,
            to: length === null ? null : rest.from.add({ days: length }),
          }),
      ),
    )
const someCoupon = fc
  .record({ discount: someDiscount, from: someDay, length: fc.option(fc.nat(200)) })
  .map(({ discount, from, length }) => ({
    id: 'coupon',
    name: 'WELCOME',
    discount: discount ?? { kind: 'percent' as const, basis_points: 1000 },
    from,
    to: length === null ? null : from.add({ days: length }),
  }))
const someSubscription = (cycles: fc.Arbitrary<BillableComponent['cycle']>) =>
  fc
    .record({
      id: fc.uuid(),
      billing_mode: fc.constantFrom<BillingMode>('advance', 'arrears'),
      billing_start: someDay,
      end: fc.option(someDay),
      discount: someDiscount,
      coupons: fc.array(someCoupon, { maxLength: 2 }),
      suspensions: fc.array(
        fc.oneof(
          { weight: 5, arbitrary: someRange },
          { weight: 1, arbitrary: someDay.map((from) => ({ from, to: null })) },
        ),
        { maxLength: 3 },
      ),
      components: someComponents(cycles),
    })
    .map((change) => subscription(change))
const inputWith = (cycles: fc.Arbitrary<BillableComponent['cycle']>) =>
  fc.record({
    closing_day: fc.integer({ min: 1, max: 31 }),
    day_count: fc.constantFrom('actual' as const, 'commercial' as const),
    currency: fc.constant('BRL'),
    tax_rounding: fc.constantFrom('document' as const, 'line' as const),
    grouping: fc.constantFrom('account' as const, 'subscription' as const),
    up_to: someDay,
    subscriptions: fc.array(someSubscription(cycles), { minLength: 1, maxLength: 3 }),
    charges: fc.constant([]),
  })
/** Of closing periods alone, which are simple enough to be computed a second time by hand. */
const closingInput = inputWith(fc.constant(closingCycle))
const someInput = inputWith(someCycle)

const keyOf = (subscriptionId: string, componentId: string) => `${subscriptionId} ${componentId}`

/** Runs the plan for each date in order, each run knowing what the ones before it billed. */
function runEach(
  input: PlanInput,
  upTos: readonly Temporal.PlainDate[],
  view: (one: BillableSubscription, upTo: Temporal.PlainDate) => BillableSubscription = (one) => one,
): PlannedInvoice[] {
  const covered = new Map<string, { from: Temporal.PlainDate; to: Temporal.PlainDate }[]>()
  return upTos.flatMap((up_to) => {
    const subscriptions = input.subscriptions.map((one) => {
      const seen = view(one, up_to)
      const components = seen.components.map((part) => ({
        ...part,
        covered: [...part.covered, ...(covered.get(keyOf(one.id, part.id)) ?? [])],
      }))
      return { ...seen, components }
    })
    const invoices = plan({ ...input, up_to, subscriptions })
    for (const invoice of invoices) {
      for (const { subscription_id, component_id, from, to } of invoice.coverage) {
        const key = keyOf(subscription_id, component_id)
        covered.set(key, [...(covered.get(key) ?? []), { from, to }])
      }
    }
    return invoices
  })
}

const plainly = (invoices: readonly PlannedInvoice[]) => JSON.stringify(invoices, null, 1)
const isBefore = (left: Temporal.PlainDate, right: Temporal.PlainDate) =>
  Temporal.PlainDate.compare(left, right) < 0

describe('properties', () => {
  test('covers exactly the chargeable days, each once, at the right closing', () => {
    fc.assert(
      fc.property(closingInput, (input) => {
        const expected = new Map<string, string>()
        const lastBoundary = boundaryOnOrBefore(input.up_to, input.closing_day)
        for (const one of input.subscriptions) {
          for (const part of one.components) {
            // Day by day and with Temporal alone, so that it shares nothing with the engine.
            let opened: Temporal.PlainDate | null = null
            for (let offset = 0; offset < DAYS + 400; offset++) {
              const day = fromEpochDay(DAY_0 + offset)
              const charged =
                !isBefore(day, one.billing_start) &&
                !isBefore(day, part.from) &&
                (one.end === null || isBefore(day, one.end)) &&
                (part.to === null || isBefore(day, part.to)) &&
                !one.suspensions.some(
                  ({ from, to }) => !isBefore(day, from) && (to === null || isBefore(day, to)),
                )
              if (!charged) {
                opened = null
                continue
              }
              opened ??= day
              const period = periodOf(day, input.closing_day)
              const atOnce = one.billing_mode === 'advance' && !isBefore(period.from, opened)
              const issue = atOnce ? period.from : period.to
              if (!isBefore(lastBoundary, issue)) {
                expected.set(`${keyOf(one.id, part.id)} ${day}`, issue.toString())
              }
            }
          }
        }
        const billed = new Map<string, string>()
        for (const { issue_date, coverage, lines, total } of plan(input)) {
          for (const { subscription_id, component_id, from, to, line_index } of coverage) {
            for (let day = from; isBefore(day, to); day = day.add({ days: 1 })) {
              const key = `${keyOf(subscription_id, component_id)} ${day}`
              expect(billed.has(key)).toBe(false)
              billed.set(key, issue_date.toString())
            }
            if (line_index !== null) expect(lines[line_index]).toMatchObject({ component_id, from, to })
          }
          expect(total).toBe(lines.reduce((sum, line) => sum + line.net, 0))
          for (const { gross, discount, net } of lines) {
            expect(gross - discount).toBe(net)
            expect(net >= 0 && discount >= 0).toBe(true)
          }
        }
        expect(billed).toEqual(expected)
      }),
      { numRuns: 60 },
    )
  })

  test('daily, monthly, quarterly and haphazard runs give the invoices of one late run', () => {
    fc.assert(
      fc.property(someInput, fc.array(someDay, { maxLength: 8 }), (input, haphazard) => {
        const last = fromEpochDay(DAY_0 + DAYS)
        const once = plainly(plan({ ...input, up_to: last }))
        const every = (days: number) => [
          ...Array.from({ length: Math.ceil(DAYS / days) }, (_, index) => fromEpochDay(DAY_0 + index * days)),
          last,
        ]
        const someOrder = [...haphazard].sort(Temporal.PlainDate.compare)
        for (const upTos of [every(7), every(30), every(91), [...someOrder, last]]) {
          expect(plainly(runEach(input, upTos))).toBe(once)
        }
      }),
      { numRuns: 60 },
    )
  })

  test('a run on every single day gives the invoices of one late run', () => {
    fc.assert(
      fc.property(someInput, (input) => {
        const upTos = Array.from({ length: 130 }, (_, index) => fromEpochDay(DAY_0 + 200 + index))
        expect(plainly(runEach(input, upTos))).toBe(plainly(plan({ ...input, up_to: upTos.at(-1)! })))
      }),
      { numRuns: 15 },
    )
  })

  test('a late run agrees even though the early runs knew nothing of what was to come', () => {
    // Until its day comes, a new component does not exist and a suspension has no end.
    const view = (one: BillableSubscription, upTo: Temporal.PlainDate): BillableSubscription => ({
      ...one,
      suspensions: one.suspensions
        .filter(({ from, to }) => to === null || isBefore(from, to))
        .map(({ from, to }) => ({ from, to: to !== null && isBefore(upTo, to) ? null : to })),
      components: one.components.filter((part) => !isBefore(upTo, part.from)),
    })
    fc.assert(
      fc.property(someInput, (input) => {
        const upTos = Array.from({ length: 100 }, (_, index) => fromEpochDay(DAY_0 + index * 5))
        const late = plan({ ...input, up_to: upTos.at(-1)! })
        expect(plainly(runEach(input, upTos, view))).toBe(plainly(late))
      }),
      { numRuns: 60 },
    )
  })

  test('a second run finds nothing, and days whose coverage was given back are billed again alone', () => {
    fc.assert(
      fc.property(someInput, (input) => {
        expect(runEach(input, [input.up_to, input.up_to])).toHaveLength(plan(input).length)
      }),
      { numRuns: 60 },
    )
    const covered = [range('2026-05-21', '2026-06-10'), range('2026-06-12', '2026-07-31')]
    const one = subscription({ components: [component({ covered })] })
    expect(show(plan(inputOf('2026-07-31', one)))).toEqual(['2026-06-30: 2026-06-10/2026-06-12 2/30 2067'])
  })
})
