// Any order of changes keeps the books right: every day of a service is billed once and by what it was then, and there and
// back on one day nets to nothing (billing.md 4, 12, 13, 19–21).
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type BillableSubscription,
  type BilledDays,
  type PlanRules,
  planInvoices,
  planSettlement,
} from '../billing/index.ts'
import {
  applyChange,
  type ComponentTerms,
  componentsOn,
  currentComponents,
  isEmptyComponent,
  type Timeline,
  type TimelineChange,
} from '../subscriptions/index.ts'
import { amountsOf } from './offer.ts'
import { describeTimeline } from './settlement.ts'

const date = (text: string) => Temporal.PlainDate.from(text)
const { compare } = Temporal.PlainDate

function terms(role: 'plan' | 'option', name: string, amount: number, quantity = 1): ComponentTerms {
  return {
    role,
    plan_id: role === 'plan' ? name : 'any',
    plan_option_id: role === 'option' ? name : null,
    plan_meter_id: null,
    description: name,
    price_model: 'per_unit',
    unit_amount: amount,
    tiers: null,
    package_size: null,
    included: 0,
    quantity,
    cycle_unit: 'month',
    cycle_count: 1,
    cycle_alignment: 'closing',
    anchor_date: null,
    discount_kind: null,
    discount_amount: null,
    discount_basis_points: null,
  }
}

type World = {
  timeline: Timeline
  mode: 'advance' | 'arrears'
  rules: PlanRules
  billed: BilledDays[]
  /** Everything that was charged less everything that was credited, in minor units. */
  net: number
  nextId: () => string
}

function found(settings: {
  mode: 'advance' | 'arrears'
  closing_day: number
  day_count: 'actual' | 'commercial'
  cycle?: Partial<ComponentTerms>
}): World {
  let ids = 0
  return {
    mode: settings.mode,
    rules: {
      closing_day: settings.closing_day,
      day_count: settings.day_count,
      currency: 'BRL',
      tax_rounding: 'document',
      grouping: 'account',
    },
    billed: [],
    net: 0,
    nextId: () => `c${++ids}`,
    timeline: {
      id: 's',
      account_id: 'a',
      plan_id: 'A',
      status: 'active',
      trial_days: 0,
      billing_start: date('2026-01-10'),
      end_date: null,
      end_reason: null,
      payment_method: 'pix',
      due_day: 10,
      closing_day: settings.closing_day,
      components: [
        { ...terms('plan', 'A', 9999), ...settings.cycle, id: 'c0', from_date: null, to_date: null },
      ],
      suspensions: [],
      coupons: [],
    },
  }
}

/** The service as the engine sees it, with what is billed of it. */
function bill(world: World): BillableSubscription {
  const empty: BillableSubscription = {
    id: 's',
    billing_mode: world.mode,
    billing_start: world.timeline.billing_start!,
    end: null,
    coupons: [],
    suspensions: [],
    components: [],
  }
  const service = describeTimeline(empty, world.timeline, () => [])
  return {
    ...service,
    components: service.components.map((component) => ({
      ...component,
      covered: world.billed
        .filter((row) => row.component_id === component.id)
        .map(({ from, to }) => ({ from, to })),
    })),
  }
}

let rows = 0
type Invoice = Extract<ReturnType<typeof planInvoices>, { invoices: unknown }>['invoices'][number]
function book(world: World, invoice: Invoice | null): void {
  if (!invoice) return
  world.net += invoice.total
  for (const covered of invoice.coverage) {
    const line = covered.line_index === null ? null : invoice.lines[covered.line_index]!
    world.billed.push({
      id: `b${++rows}`,
      component_id: covered.component_id,
      from: covered.from,
      to: covered.to,
      line: line && {
        ...line,
        id: `l${rows}`,
        invoice_id: 'i',
        credited_gross: 0,
        credited_net: 0,
        credited_tax: 0,
        credited_tax_included: 0,
      },
    })
  }
}

function close(world: World, upTo: Temporal.PlainDate): void {
  const planned = planInvoices({ ...world.rules, up_to: upTo, subscriptions: [bill(world)], charges: [] })
  if ('parked' in planned) throw new Error(planned.parked)
  for (const invoice of planned.invoices) book(world, invoice)
}

/** Performs a change as the house does: the timeline, then what it costs. Returns what it cost. */
function perform(world: World, change: TimelineChange, on: Temporal.PlainDate, today = on): number {
  const before = world.net
  world.timeline = applyChange(world.timeline, change, on, world.nextId)
  const settled = planSettlement(world.rules, bill(world), world.billed, {
    today,
    reason: null,
    givenBack: world.timeline.suspensions
      .filter((one) => one.credited)
      .map(({ from_date, to_date }) => ({ from: from_date, to: to_date })),
    charge: true,
  })
  if (settled.credit) {
    world.net -= settled.credit.total
    for (const line of settled.credit.lines) {
      const billed = world.billed.find((row) => row.line?.id === line.corrects_line_id)!.line!
      billed.credited_gross += line.gross
      billed.credited_net += line.net
    }
    for (const cut of settled.credit.cuts) {
      const row = world.billed.find(({ id }) => id === cut.id)!
      world.billed = world.billed.filter((one) => one !== row)
      for (const range of cut.keep) world.billed.push({ ...row, ...range, id: `b${++rows}` })
    }
  }
  book(world, settled.invoice)
  return world.net - before
}

const planChange = (world: World, name: string, amount: number, quantity = 1): TimelineChange => ({
  kind: 'plan',
  plan_id: name,
  free_days: 0,
  components: [
    terms('plan', name, amount, quantity),
    ...currentComponents(world.timeline).filter((one) => one.role === 'option'),
  ],
})

const settings = fc.record({
  mode: fc.constantFrom('advance' as const, 'arrears' as const),
  closing_day: fc.constantFrom(1, 15, 28, 31),
  day_count: fc.constantFrom('actual' as const, 'commercial' as const),
})
const step = fc.oneof(
  fc.record({
    kind: fc.constant('plan' as const),
    name: fc.constantFrom('A', 'B', 'C'),
    amount: fc.integer({ min: 0, max: 99_999 }),
  }),
  fc.record({ kind: fc.constant('quantity' as const), quantity: fc.integer({ min: 1, max: 50 }) }),
  fc.record({
    kind: fc.constant('option' as const),
    name: fc.constantFrom('x', 'y'),
    quantity: fc.integer({ min: 0, max: 9 }),
  }),
  fc.record({ kind: fc.constant('discount' as const), points: fc.integer({ min: 0, max: 10_000 }) }),
)
type Step = Parameters<
  Parameters<typeof fc.property<[typeof step extends fc.Arbitrary<infer S> ? S : never]>>[1]
>[0]

function understand(world: World, asked: Step): TimelineChange {
  const plan = { role: 'plan' as const, plan_option_id: null, plan_meter_id: null }
  switch (asked.kind) {
    case 'plan':
      return planChange(world, asked.name, asked.amount)
    case 'quantity':
      return { kind: 'quantity', slot: plan, quantity: asked.quantity }
    case 'option': {
      const others = currentComponents(world.timeline).filter(
        (one) => one.role === 'option' && one.plan_option_id !== asked.name,
      )
      return {
        kind: 'options',
        components: [
          ...others,
          ...(asked.quantity > 0 ? [terms('option', asked.name, 777, asked.quantity)] : []),
        ],
      }
    }
    case 'discount':
      return {
        kind: 'discount',
        slot: plan,
        discount:
          asked.points === 0
            ? { discount_kind: null, discount_amount: null, discount_basis_points: null }
            : { discount_kind: 'percent', discount_amount: null, discount_basis_points: asked.points },
      }
  }
}

describe('there and back on one day', () => {
  it('nets to nothing and leaves the timeline as it was, through any changes in between', () => {
    fc.assert(
      fc.property(
        settings,
        fc.array(step, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 0, max: 120 }),
        fc.integer({ min: 0, max: 120 }),
        fc.boolean(),
        (given, steps, closed, after, closedFirst) => {
          const world = found(given)
          close(world, date('2026-01-01').add({ days: closed }))
          const on = date('2026-01-10').add({ days: after })
          if (closedFirst) close(world, on)
          const original = world.timeline
          const before = world.net
          // What the last day's own changes cost is compared against the state that they began with.
          const home = componentsOn(original, on)
          perform(world, understand(world, steps[0]!), on)
          for (const asked of steps.slice(1)) perform(world, understand(world, asked), on)
          perform(world, { kind: 'plan', plan_id: 'A', free_days: 0, components: home }, on)
          // What a closing had billed already costs nothing; else the day's own new period may be charged with it.
          if (closedFirst) expect(world.net).toBe(before)
          const left = world.timeline.components.filter((one) => !isEmptyComponent(one))
          expect(left).toEqual(original.components)
          // The closing goes on as if nothing had been.
          const untouched = found(given)
          close(untouched, date('2026-01-01').add({ days: closed }))
          close(world, date('2026-07-31'))
          close(untouched, date('2026-07-31'))
          expect(world.net).toBe(untouched.net)
        },
      ),
      { numRuns: 300 },
    )
  })
})

describe('any order of changes and closings', () => {
  const moves = fc.array(
    fc.record({
      days: fc.integer({ min: 0, max: 25 }),
      close: fc.boolean(),
      step,
      back: fc.integer({ min: 0, max: 20 }),
    }),
    { minLength: 1, maxLength: 10 },
  )

  it('bills every day once, by what the service was then', () => {
    fc.assert(
      fc.property(settings, moves, (given, list) => {
        const world = found(given)
        let today = date('2026-01-12')
        for (const move of list) {
          today = today.add({ days: move.days })
          if (move.close) close(world, today)
          const past = today.subtract({ days: move.back })
          const on = compare(past, date('2026-01-10')) < 0 ? date('2026-01-10') : past
          perform(world, understand(world, move.step), on, today)
          // Never two plans, never a gap, and never the same component twice on one day.
          for (let day = date('2026-01-10'); compare(day, today) <= 0; day = day.add({ days: 1 }))
            expect(componentsOn(world.timeline, day).filter((one) => one.role === 'plan')).toHaveLength(1)
        }
        close(world, date('2026-12-31'))
        const horizon = date('2026-12-01')
        for (const component of world.timeline.components) {
          const own = world.billed.filter((row) => row.component_id === component.id)
          for (let day = date('2026-01-10'); compare(day, horizon) < 0; day = day.add({ days: 1 })) {
            const times = own.filter((row) => compare(row.from, day) <= 0 && compare(day, row.to) < 0).length
            expect(times).toBe(componentsOn(world.timeline, day).includes(component) ? 1 : 0)
          }
        }
      }),
      { numRuns: 30 },
    )
  })

  it('never credits more than was billed, and comes to what billing it afresh comes to, but for roundings', () => {
    fc.assert(
      fc.property(settings, moves, (given, list) => {
        const world = found(given)
        let today = date('2026-01-12')
        for (const move of list) {
          today = today.add({ days: move.days })
          if (move.close) close(world, today)
          perform(world, understand(world, move.step), today)
        }
        close(world, date('2026-12-31'))
        for (const { line } of world.billed) {
          if (!line) continue
          expect(line.credited_net).toBeLessThanOrEqual(line.net)
          expect(line.credited_net).toBeGreaterThanOrEqual(0)
        }
        const afresh: World = { ...world, billed: [], net: 0 }
        close(afresh, date('2026-12-31'))
        // Each cut of a line rounds once; nothing else may differ.
        expect(Math.abs(afresh.net - world.net)).toBeLessThanOrEqual(2 * (list.length + 1) * 4)
      }),
      { numRuns: 100 },
    )
  })
})

describe('a successor', () => {
  it('keeps the anchor of its own periods, so that nothing is billed on another day', () => {
    const yearly = { cycle_unit: 'month', cycle_count: 12, cycle_alignment: 'anniversary' } as const
    const world = found({ mode: 'advance', closing_day: 31, day_count: 'actual', cycle: yearly })
    const after = applyChange(
      world.timeline,
      { kind: 'quantity', slot: { role: 'plan', plan_option_id: null, plan_meter_id: null }, quantity: 2 },
      date('2026-04-01'),
      world.nextId,
    )
    expect(
      after.components.map((one) => [String(one.from_date), String(one.to_date), String(one.anchor_date)]),
    ).toEqual([
      ['null', '2026-04-01', 'null'],
      ['2026-04-01', 'null', '2026-01-10'],
    ])
  })

  it('of what is charged once is not charged again', () => {
    const world = found({ mode: 'advance', closing_day: 31, day_count: 'actual' })
    const once = { ...terms('option', 'setup', 5000), cycle_unit: 'once' as const }
    world.timeline = {
      ...world.timeline,
      components: [...world.timeline.components, { ...once, id: 'once', from_date: null, to_date: null }],
    }
    close(world, date('2026-01-31'))
    const before = world.net
    perform(
      world,
      { kind: 'plan', plan_id: 'B', free_days: 0, components: [terms('plan', 'B', 9999), once] },
      date('2026-02-05'),
    )
    close(world, date('2026-02-27'))
    expect(world.net).toBe(before)
    expect(world.timeline.components.filter((one) => one.id === 'once')).toMatchObject([{ to_date: null }])
  })

  it('costs what its terms say', () => {
    expect(
      amountsOf({
        ...terms('plan', 'A', 999),
        quantity: 3,
        discount_kind: 'percent',
        discount_basis_points: 3333,
      }),
    ).toEqual({
      whole: 2997,
      amount: 1998,
      discount: 999,
    })
    expect(
      amountsOf({ ...terms('plan', 'A', 100), discount_kind: 'amount', discount_amount: 500 }).amount,
    ).toBe(0)
  })
})
