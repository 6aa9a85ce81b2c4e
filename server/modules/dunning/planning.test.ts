import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  computeInterest,
  computeLateFee,
  type Debt,
  type DebtDocument,
  type DoneStep,
  type DunningRules,
  type DunningStep,
  findOldest,
  isSettled,
  listDebts,
  type PlannedAction,
  planDunning,
} from './planning.ts'

const day = (text: string) => Temporal.PlainDate.from(text)
const everyDay = [1, 2, 3, 4, 5, 6, 7]

let steps = 0
function step(days: number, action: DunningStep['action'], change: Partial<DunningStep> = {}): DunningStep {
  const key = `step-${++steps}`
  return {
    id: key,
    key,
    day: days,
    action,
    weekdays: everyDay,
    amount: null,
    basis_points: action === 'late_fee' ? 200 : action === 'interest' ? 100 : null,
    day_count: action === 'interest' ? 'commercial' : null,
    scope: action === 'suspend' || action === 'cancel' ? 'account' : null,
    ...change,
  }
}

const usual: DunningRules = {
  minimum_amount: 1000,
  due_from: null,
  steps: [
    step(-3, 'mail'),
    step(1, 'mail'),
    step(7, 'mail'),
    step(10, 'late_fee'),
    step(10, 'interest'),
    step(15, 'suspend'),
    step(60, 'cancel'),
  ],
}

function owes(due: string, open: number, change: Partial<DebtDocument> = {}): DebtDocument {
  return {
    id: `${due}-${open}`,
    number: `A-${due}`,
    due_date: day(due),
    open_amount: open,
    chargeable: open,
    charged: [],
    ...change,
  }
}
const debtOf = (documents: DebtDocument[], change: Partial<Debt> = {}): Debt => ({
  documents,
  done: [],
  services: [
    { id: 'net', status: 'active', invoice_ids: documents.map((one) => one.id) },
    { id: 'tv', status: 'active', invoice_ids: [] },
  ],
  exempt_until: null,
  ...change,
})
const tell = (planned: PlannedAction[]) =>
  planned.map((one) => `${one.on_date} ${one.step.action}${one.skipped ? ' skipped' : ''}`)

describe('a policy', () => {
  it('does each step on its day after the oldest due date', () => {
    const debt = debtOf([owes('2026-05-10', 9990), owes('2026-06-10', 9990)])
    expect(tell(planDunning(usual, debt, day('2026-05-07'), day('2026-07-31')))).toEqual([
      '2026-05-07 mail',
      '2026-05-11 mail',
      '2026-05-17 mail',
      '2026-05-20 late_fee',
      '2026-05-20 interest',
      '2026-05-25 suspend',
      '2026-06-20 late_fee',
      '2026-06-20 interest',
      '2026-07-09 cancel',
    ])
  })

  it('does today what is late, in order, and skips reminders that are more than three days late', () => {
    const debt = debtOf([owes('2026-05-10', 9990)])
    expect(tell(planDunning(usual, debt, day('2026-05-20')))).toEqual([
      '2026-05-20 mail skipped',
      '2026-05-20 mail skipped',
      '2026-05-20 mail',
      '2026-05-20 late_fee',
      '2026-05-20 interest',
    ])
    // A notice before the due date is none after it, however few days it is late.
    expect(tell(planDunning(usual, debt, day('2026-05-11')))).toEqual([
      '2026-05-11 mail skipped',
      '2026-05-11 mail',
    ])
  })

  it('keeps the distance between a late suspension and the cancellation', () => {
    const debt = debtOf([owes('2025-01-10', 9990)])
    const planned = planDunning(usual, debt, day('2026-05-20'), day('2027-01-01'))
    expect(tell(planned).slice(-2)).toEqual(['2026-05-20 suspend', '2026-07-04 cancel'])
    expect(planned.at(-1)!.subscription_ids).toEqual(['net', 'tv'])
    const suspension = planned.find((one) => one.step.action === 'suspend')!
    const done: DoneStep[] = [
      {
        step_key: suspension.step.key,
        invoice_id: suspension.document.id,
        action: 'suspend',
        day: 15,
        on_date: day('2026-05-20'),
      },
    ]
    const suspended = {
      ...debt,
      done,
      services: debt.services.map((one) => ({ ...one, status: 'suspended' as const })),
    }
    expect(tell(planDunning(usual, suspended, day('2026-07-03'))).at(-1)).not.toContain('cancel')
    expect(tell(planDunning(usual, suspended, day('2026-07-04'))).at(-1)).toBe('2026-07-04 cancel')
  })

  it('waits for a day of the week on which a step may act', () => {
    const rules = { ...usual, steps: [step(15, 'suspend', { weekdays: [1, 2, 3, 4] })] }
    // The 29th is a Friday.
    const debt = debtOf([owes('2026-05-14', 9990)])
    expect(tell(planDunning(rules, debt, day('2026-05-29')))).toEqual([])
    expect(tell(planDunning(rules, debt, day('2026-05-29'), day('2026-06-30')))).toEqual([
      '2026-06-01 suspend',
    ])
  })

  it('takes all services of the account, or only those on what is overdue', () => {
    const debt = debtOf([owes('2026-05-10', 9990)])
    const rules = { ...usual, steps: [step(15, 'suspend', { scope: 'documents' }), step(20, 'suspend')] }
    expect(
      planDunning(rules, debt, day('2026-05-25'), day('2026-05-30')).map((one) => one.subscription_ids),
    ).toEqual([['net'], ['tv']])
  })

  it('leaves alone what is due before its first day', () => {
    const rules = { ...usual, due_from: day('2026-05-01') }
    expect(planDunning(rules, debtOf([owes('2026-04-30', 9990)]), day('2026-08-01'))).toEqual([])
  })
})

describe('a small rest', () => {
  it('causes nothing by itself, and does not make later debt look old', () => {
    expect(planDunning(usual, debtOf([owes('2025-01-10', 3)]), day('2026-05-20'))).toEqual([])
    const debt = debtOf([owes('2025-01-10', 3), owes('2026-05-19', 9990)])
    expect(tell(planDunning(usual, debt, day('2026-05-20')))).toEqual([
      '2026-05-20 mail skipped',
      '2026-05-20 mail',
    ])
  })

  it('gives services back when it is all that is left', () => {
    expect(isSettled(usual, [owes('2026-05-10', 999)], day('2026-05-20'))).toBe(true)
    expect(isSettled(usual, [owes('2026-05-10', 1000)], day('2026-05-20'))).toBe(false)
    expect(isSettled(usual, [owes('2026-05-20', 1000)], day('2026-05-20'))).toBe(true)
  })
})

describe('late fee and interest', () => {
  it('are a rate or an amount, rounded half-up once', () => {
    expect(computeLateFee({ amount: null, basis_points: 200 }, 9990)).toBe(200)
    expect(computeLateFee({ amount: null, basis_points: 200 }, 9975)).toBe(200)
    expect(computeLateFee({ amount: null, basis_points: 200 }, 9974)).toBe(199)
    expect(computeLateFee({ amount: 500, basis_points: null }, 9990)).toBe(500)
  })

  it.each([
    ['commercial', '2026-05-10', 10, 9990, 100, 33],
    ['commercial', '2026-01-31', 30, 9990, 100, 100],
    ['actual', '2026-01-31', 28, 9990, 100, 100],
    ['actual', '2026-04-30', 31, 9990, 100, 100],
    // Two days of April (a thirtieth each) and eight of May.
    ['actual', '2026-04-28', 10, 1_000_000, 100, 3247],
    ['actual', '2028-01-31', 29, 9990, 100, 100],
  ] as const)(
    '%s from %s for %i days on %i at %i is %i',
    (day_count, due, days, base, basis_points, interest) => {
      expect(computeInterest({ day_count, basis_points }, base, day(due), days)).toBe(interest)
    },
  )

  it('are charged once for each document and never on themselves', () => {
    const debt = debtOf([
      owes('2026-05-01', 9990, { charged: ['late_fee'] }),
      owes('2026-05-02', 5000, { chargeable: 0 }),
      owes('2026-05-03', 2000),
    ])
    const charges = planDunning(usual, debt, day('2026-05-20')).filter((one) => one.charge !== null)
    expect(charges.map((one) => `${one.document.due_date} ${one.step.action} ${one.charge}`)).toEqual([
      '2026-05-03 late_fee 40',
      '2026-05-01 interest 33',
      '2026-05-03 interest 7',
    ])
  })
})

describe('an exemption', () => {
  it('moves everything behind its last day', () => {
    const debt = debtOf([owes('2026-05-01', 9990)], { exempt_until: day('2026-05-31') })
    expect(planDunning(usual, debt, day('2026-05-31'))).toEqual([])
    expect(tell(planDunning(usual, debt, day('2026-05-20'), day('2026-06-30')))).toEqual([
      '2026-06-01 mail skipped',
      '2026-06-01 mail skipped',
      '2026-06-01 mail skipped',
      '2026-06-01 late_fee',
      '2026-06-01 interest',
      '2026-06-01 suspend',
    ])
  })
})

describe('for any debt and policy', () => {
  const date = fc.integer({ min: 0, max: 400 }).map((days) => day('2026-01-01').add({ days }))
  const anyStep = fc
    .record({
      day: fc.integer({ min: -10, max: 90 }),
      action: fc.constantFrom('mail', 'late_fee', 'interest', 'suspend', 'cancel') as fc.Arbitrary<
        DunningStep['action']
      >,
      weekdays: fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
      scope: fc.constantFrom('account', 'documents') as fc.Arbitrary<'account' | 'documents'>,
    })
    .map(({ day: days, action, weekdays, scope }) =>
      step(action === 'mail' ? days : Math.max(1, days), action, {
        weekdays,
        ...(action === 'suspend' || action === 'cancel' ? { scope } : {}),
      }),
    )
  const rules = fc.record({
    minimum_amount: fc.integer({ min: 0, max: 5000 }),
    due_from: fc.option(date, { nil: null }),
    steps: fc.array(anyStep, { maxLength: 8 }),
  })
  const documents = fc
    .array(fc.record({ due: date, open: fc.integer({ min: 1, max: 20_000 }), own: fc.boolean() }), {
      maxLength: 6,
    })
    .map((all) =>
      all.map(({ due, open, own }, index) =>
        owes(due.toString(), open, { id: `d${index}`, chargeable: own ? 0 : open }),
      ),
    )
  const debt = fc
    .tuple(documents, fc.option(date, { nil: null }))
    .map(([all, exempt_until]) => debtOf(all, { exempt_until }))

  it('nothing comes before today, before its day, within an exemption, or on a day on which it may not act', () => {
    fc.assert(
      fc.property(rules, debt, date, fc.integer({ min: 0, max: 200 }), (policy, owed, today, ahead) => {
        const horizon = today.add({ days: ahead })
        for (const one of planDunning(policy, owed, today, horizon)) {
          for (const [earlier, later] of [
            [today, one.on_date],
            [one.scheduled_on, one.on_date],
            [one.on_date, horizon],
          ] as const)
            expect(Temporal.PlainDate.compare(earlier, later)).toBeLessThanOrEqual(0)
          if (owed.exempt_until)
            expect(Temporal.PlainDate.compare(owed.exempt_until, one.on_date)).toBeLessThan(0)
          expect(one.step.weekdays).toContain(one.on_date.dayOfWeek)
        }
      }),
    )
  })

  it('debt below the minimum causes nothing, and no step comes twice for one document', () => {
    fc.assert(
      fc.property(rules, debt, date, (policy, owed, today) => {
        const planned = planDunning(policy, owed, today, today.add({ years: 3 }))
        const all = listDebts(policy, owed.documents)
        const sum = all.reduce((total, one) => total + one.open_amount, 0)
        if (sum < Math.max(1, policy.minimum_amount)) expect(planned).toEqual([])
        const keys = planned.map((one) => `${one.step.key} ${one.document.id}`)
        expect(new Set(keys).size).toBe(keys.length)
        const oldest = findOldest(all, policy.minimum_amount)
        for (const one of planned) {
          if (one.charge === null) expect(one.document).toBe(oldest)
          else expect(one.document.chargeable).toBeGreaterThanOrEqual(Math.max(1, policy.minimum_amount))
        }
      }),
    )
  })

  it('day by day the same is done as was foreseen, and after it nothing more', () => {
    fc.assert(
      fc.property(rules, debt, date, fc.integer({ min: 0, max: 120 }), (policy, owed, today, ahead) => {
        const foreseen = planDunning(policy, owed, today, today.add({ days: ahead }))
        let now = owed
        const happened: PlannedAction[] = []
        for (let days = 0; days <= ahead; days++) {
          const date = today.add({ days })
          for (const run of [1, 2]) {
            const planned = planDunning(policy, now, date)
            if (run === 2) expect(planned).toEqual([])
            happened.push(...planned)
            now = perform(now, planned)
          }
        }
        expect(tell(happened)).toEqual(tell(foreseen))
        expect(happened.map((one) => one.subscription_ids)).toEqual(
          foreseen.map((one) => one.subscription_ids),
        )
      }),
      { numRuns: 60 },
    )
  })
})

/** The debt after what was planned was done and nothing was paid. */
function perform(debt: Debt, planned: PlannedAction[]): Debt {
  const taken = new Map(
    planned.flatMap((one) => one.subscription_ids.map((id) => [id, one.step.action] as const)),
  )
  return {
    ...debt,
    done: [
      ...debt.done,
      ...planned.map((one) => ({
        step_key: one.step.key,
        invoice_id: one.document.id,
        action: one.step.action,
        day: one.step.day,
        on_date: one.on_date,
      })),
    ],
    services: debt.services
      .filter((service) => taken.get(service.id) !== 'cancel')
      .map((service) => (taken.has(service.id) ? { ...service, status: 'suspended' as const } : service)),
  }
}
