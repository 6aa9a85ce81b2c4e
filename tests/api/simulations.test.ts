import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Caller, startTestApi, type TestApi } from '../api.ts'

// biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects and fails where it is not there
type Row = any

let api: TestApi
let admin: Caller

beforeAll(async () => {
  api = await startTestApi()
  admin = await api.staff('admin')
})
afterAll(() => api.close())

const rules = { currency: 'BRL', closing_day: 31, time_zone: 'America/Sao_Paulo' }

async function simulate(body: object, caller = admin): Promise<Row> {
  const reply = await caller.post('/api/v1/simulations', body)
  expect(reply.status, JSON.stringify(reply.body)).toBe(200)
  return reply.body
}
async function refused(body: object): Promise<Row> {
  const reply = await admin.post('/api/v1/simulations', body)
  expect(reply.status, JSON.stringify(reply.body)).toBe(422)
  return reply.body.errors
}

/** One text per line of each document, credits with a minus: `issue date: from/to days/of net`. */
const show = ({ documents }: Row) =>
  documents.flatMap(({ issue_date, kind, lines }: Row) =>
    lines.map(
      ({ period, days, of_days, net }: Row) =>
        `${issue_date}: ${period.from}/${period.to} ${days}/${of_days} ${kind === 'credit_note' ? -net : net}`,
    ),
  )

const service = (change: object = {}) => ({
  id: 's',
  start: '2026-05-21',
  plan: { amount: 31_000 },
  ...change,
})

describe('published tables', () => {
  it.each<[string, object, string[]]>([
    [
      'B1: start on 21 May, closing on 31 May: 10 days',
      { rules, subscriptions: [service()], runs: ['2026-05-31'] },
      ['2026-05-31: 2026-05-21/2026-05-31 10/31 10000'],
    ],
    [
      'B1: start on 11 May: 20 days',
      { rules, subscriptions: [service({ start: '2026-05-11' })], runs: ['2026-05-31'] },
      ['2026-05-31: 2026-05-11/2026-05-31 20/31 20000'],
    ],
    [
      'B2: advance bills the prorated first days and the period that begins',
      { rules, subscriptions: [service({ billing_mode: 'advance' })], runs: ['2026-05-31'] },
      ['2026-05-31: 2026-05-21/2026-05-31 10/31 10000', '2026-05-31: 2026-05-31/2026-06-30 30/30 31000'],
    ],
    [
      'B2: 20 trial days from 21 May',
      { rules, subscriptions: [service({ trial_days: 20 })], runs: ['2026-05-31', '2026-06-30'] },
      ['2026-06-30: 2026-06-10/2026-06-30 20/30 20667'],
    ],
    [
      'rule 3: an anchor on the 31st clamps and comes back',
      {
        rules,
        subscriptions: [
          service({ start: '2028-01-31', billing_mode: 'advance', cycle: { alignment: 'anniversary' } }),
        ],
        runs: { from: '2028-01-31', to: '2028-04-29', every: 'day' },
      },
      [
        '2028-01-31: 2028-01-31/2028-02-29 29/29 31000',
        '2028-02-29: 2028-02-29/2028-03-31 31/31 31000',
        '2028-03-31: 2028-03-31/2028-04-30 30/30 31000',
      ],
    ],
    [
      'rule 8: 249.95 of which 3 of 30 days is 25.00',
      {
        rules,
        subscriptions: [service({ start: '2026-06-27', plan: { amount: 24_995 } })],
        runs: ['2026-06-30'],
      },
      ['2026-06-30: 2026-06-27/2026-06-30 3/30 2500'],
    ],
    [
      'rule 19: a change in advance credits the old and charges the new',
      {
        rules,
        subscriptions: [service({ start: '2026-05-31', billing_mode: 'advance', plan: { amount: 30_000 } })],
        events: [
          { kind: 'plan', on: '2026-06-20', subscription: 's', plan: { name: 'Large', amount: 60_000 } },
        ],
        runs: { from: '2026-05-31', to: '2026-06-30' },
      },
      [
        '2026-05-31: 2026-05-31/2026-06-30 30/30 30000',
        '2026-06-20: 2026-06-20/2026-06-30 10/30 -10000',
        '2026-06-20: 2026-06-20/2026-06-30 10/30 20000',
        '2026-06-30: 2026-06-30/2026-07-31 31/31 60000',
      ],
    ],
    [
      'rule 21: suspended days are never billed',
      {
        rules,
        subscriptions: [service()],
        events: [
          { kind: 'suspend', on: '2026-06-05', subscription: 's' },
          { kind: 'reactivate', on: '2026-06-10', subscription: 's' },
        ],
        runs: ['2026-06-30'],
      },
      [
        '2026-05-31: 2026-05-21/2026-05-31 10/31 10000',
        '2026-06-30: 2026-05-31/2026-06-05 5/30 5167',
        '2026-06-30: 2026-06-10/2026-06-30 20/30 20667',
      ],
    ],
    [
      'a quarter, aligned to the closing day, after its stub',
      {
        rules,
        subscriptions: [service({ start: '2026-06-20', cycle: { count: 3 }, plan: { amount: 92_000 } })],
        runs: { from: '2026-06-01', to: '2026-12-31' },
      },
      [
        '2026-06-30: 2026-06-20/2026-06-30 10/91 10110',
        '2026-09-30: 2026-06-30/2026-09-30 92/92 92000',
        '2026-12-31: 2026-09-30/2026-12-31 92/92 92000',
      ],
    ],
    [
      'every 10 days, in advance',
      {
        rules,
        subscriptions: [
          service({ billing_mode: 'advance', cycle: { unit: 'day', count: 10 }, plan: { amount: 999 } }),
        ],
        runs: { from: '2026-05-21', to: '2026-06-10', every: 'day' },
      },
      [
        '2026-05-21: 2026-05-21/2026-05-31 10/10 999',
        '2026-05-31: 2026-05-31/2026-06-10 10/10 999',
        '2026-06-10: 2026-06-10/2026-06-20 10/10 999',
      ],
    ],
  ])('%s', async (_name, body, expected) => {
    expect(show(await simulate(body))).toEqual(expected)
  })

  it('bills use at the end of its period by tiers, and a late record with the next', async () => {
    const meter = {
      code: 'gb',
      name: 'GB',
      model: 'tiered',
      included: 10,
      tiers: [
        { up_to: 100, unit_amount: 20 },
        { up_to: null, unit_amount: 5 },
      ],
    }
    const used = (on: string, quantity: number) => ({
      kind: 'usage',
      on,
      subscription: 's',
      option: 'gb',
      quantity,
    })
    const result = await simulate({
      rules: { ...rules, currency: 'CLP' },
      subscriptions: [service({ start: '2026-05-31', plan: { amount: 0 }, meters: [meter] })],
      events: [used('2026-06-02', 100), used('2026-06-20', 60), used('2026-07-15', 10)],
      runs: ['2026-06-30', '2026-07-31'],
    })
    expect(result.decimals).toBe(0)
    expect(result.documents.map(({ total, lines }: Row) => [total, lines[0].quantity])).toEqual([[2250, 160]])
  })

  it.each<[string, number, number, number]>([
    ['JPY', 0, 1000, 333],
    ['BRL', 2, 1000, 333],
    ['KWD', 3, 1000, 333],
  ])(
    'rounds once in minor units, whatever the currency: %s',
    async (currency, decimals, amount, expected) => {
      const result = await simulate({
        rules: { ...rules, currency },
        subscriptions: [service({ start: '2026-06-20', plan: { amount } })],
        runs: ['2026-06-30'],
      })
      expect(result).toMatchObject({ currency, decimals, documents: [{ total: expected }] })
    },
  )
})

describe('money', () => {
  const paid = {
    rules: { ...rules, taxes: [{ name: 'IVA', rate: 210_000 }] },
    subscriptions: [service({ start: '2026-05-31', billing_mode: 'advance', plan: { amount: 30_000 } })],
    runs: { from: '2026-05-31', to: '2026-07-31' },
  }

  it('credits what was paid to the account, which pays what comes next, and the ledger adds up to zero', async () => {
    const result = await simulate({
      ...paid,
      events: [
        { kind: 'payment', on: '2026-06-01', amount: 36_300 },
        { kind: 'cancel', on: '2026-06-10', subscription: 's', penalty: 5000 },
      ],
    })
    expect(result.accounts).toEqual([
      {
        account: 'account',
        invoiced: 36_300 + 5000,
        credited: 24_200,
        paid: 36_300,
        owed: 0,
        credit: 19_200,
        balance: -19_200,
      },
    ])
    expect(result.ledger.reduce((sum: number, { amount }: Row) => sum + amount, 0)).toBe(0)
    expect(result.documents.map(({ kind, total, tax }: Row) => [kind, total, tax])).toEqual([
      ['invoice', 36_300, 6300],
      ['credit_note', 24_200, 4200],
      ['invoice', 5000, 0],
    ])
  })

  it('spreads instalments over the closings, and asks for the rest when the service ends (rule 24)', async () => {
    const result = await simulate({
      ...paid,
      rules,
      events: [
        {
          kind: 'charge',
          on: '2026-05-31',
          subscription: 's',
          description: 'Installation',
          amount: 10_000,
          instalments: 3,
          taxed: false,
        },
        { kind: 'cancel', on: '2026-06-10', subscription: 's' },
      ],
    })
    const fees = result.documents.flatMap(({ issue_date, lines }: Row) =>
      lines.filter(({ role }: Row) => role === 'instalment').map(({ net }: Row) => [issue_date, net]),
    )
    expect(fees).toEqual([
      ['2026-05-31', 3334],
      ['2026-06-30', 3333],
      ['2026-06-30', 3333],
    ])
  })

  it('moves a service to another account on its day (rule 22)', async () => {
    const result = await simulate({
      ...paid,
      rules,
      events: [{ kind: 'transfer', on: '2026-06-20', subscription: 's', account: 'other', as: 't' }],
      runs: ['2026-05-31', '2026-06-30'],
    })
    expect(result.accounts).toMatchObject([
      { account: 'account', invoiced: 30_000, credited: 10_000, owed: 20_000 },
      { account: 'other', invoiced: 10_000 + 30_000 },
    ])
  })

  it('takes coupons off for as many periods as they last', async () => {
    const result = await simulate({
      rules,
      subscriptions: [service({ start: '2026-05-31', plan: { amount: 10_000 } })],
      events: [
        {
          kind: 'coupon',
          on: '2026-05-31',
          subscription: 's',
          name: 'HALF',
          discount: { kind: 'percent', basis_points: 5000 },
          periods: 2,
        },
      ],
      runs: { from: '2026-06-01', to: '2026-09-30' },
    })
    expect(result.documents.map(({ total }: Row) => total)).toEqual([5000, 5000, 10_000, 10_000])
  })
})

it('charges nothing of a plan that was changed while the trial ran', async () => {
  const result = await simulate({
    rules,
    subscriptions: [service({ start: '2026-06-01', trial_days: 9, plan: { amount: 9000 } })],
    events: [{ kind: 'plan', on: '2026-06-05', subscription: 's', plan: { name: 'Large', amount: 30_000 } }],
    runs: ['2026-06-30'],
  })
  expect(show(result)).toEqual(['2026-06-30: 2026-06-10/2026-06-30 20/30 20000'])
})

it('counts the periods of a coupon as those of the service, wherever in its first one it began', async () => {
  const result = await simulate({
    rules: { ...rules, closing_day: 15 },
    subscriptions: [service({ start: '2026-06-20', cycle: { count: 3 }, plan: { amount: 9200 } })],
    events: [
      {
        kind: 'coupon',
        on: '2026-06-20',
        subscription: 's',
        discount: { kind: 'percent', basis_points: 5000 },
        periods: 2,
      },
    ],
    runs: { from: '2026-06-01', to: '2027-01-31' },
  })
  // The stub up to 15 July is the first; the quarter to 15 October the second.
  expect(result.documents.map(({ lines }: Row) => [lines[0].period.to, lines[0].discount > 0])).toEqual([
    ['2026-07-15', true],
    ['2026-10-15', true],
    ['2027-01-15', false],
  ])
})

it('answers the same however often billing runs', async () => {
  const body = {
    rules,
    subscriptions: [
      service({ cycle: { alignment: 'anniversary', count: 3 } }),
      service({
        id: 't',
        billing_mode: 'advance',
        options: [{ code: 'ip', amount: 777, cycle: { count: 1 } }],
      }),
    ],
  }
  const daily = await simulate({ ...body, runs: { from: '2026-05-01', to: '2027-01-31', every: 'day' } })
  const late = await simulate({ ...body, runs: ['2027-01-31'] })
  const plainly = (result: Row) => show(result).sort()
  expect(plainly(daily)).toEqual(plainly(late))
  expect(daily.accounts).toEqual(late.accounts)
})

it('takes the rules of a business unit where the request is silent, and writes nothing', async () => {
  const unit = await api.unit({ closing_day: 15, day_count: 'commercial' })
  const count = () =>
    api.system(async (tx) => {
      const found = await sql<{ n: number }>`
        select (select count(*) from invoices) + (select count(*) from subscriptions) + (select count(*) from audit_log) as n`.execute(
        tx,
      )
      return found.rows[0]!.n
    })
  const before = await count()
  const result = await simulate({
    business_unit_id: unit.id,
    subscriptions: [service({ start: '2026-06-05', plan: { amount: 30_000 } })],
    runs: ['2026-06-15'],
  })
  expect(show(result)).toEqual(['2026-06-15: 2026-06-05/2026-06-15 10/30 10000'])
  expect(await count()).toBe(before)
})

it('says where what it cannot replay is', async () => {
  const event = { kind: 'suspend', on: '2026-06-01', subscription: 's' }
  const base = { rules, subscriptions: [service()], runs: ['2026-06-30'] }
  expect(await refused({ ...base, rules: {} })).toMatchObject([
    { path: 'rules.currency', code: 'required' },
    { path: 'rules.closing_day', code: 'required' },
  ])
  expect(await refused({ ...base, events: [{ ...event, subscription: 'x' }] })).toMatchObject([
    { path: 'events.0.subscription', code: 'not_a_choice' },
  ])
  expect(await refused({ ...base, events: [event, { ...event, on: '2026-06-02' }] })).toMatchObject([
    { path: 'events.1', code: 'service_suspended' },
  ])
  expect(await refused({ ...base, subscriptions: [service(), service()] })).toMatchObject([
    { path: 'subscriptions.1.id', code: 'listed_twice' },
  ])
  expect(
    await refused({
      ...base,
      subscriptions: [service({ plan: { model: 'tiered', tiers: [{ up_to: 5, unit_amount: 1 }] } })],
    }),
  ).toMatchObject([{ path: 'subscriptions.0.plan.tiers', code: 'tiers_must_rise' }])
  expect(
    await refused({ ...base, runs: { from: '2020-01-01', to: '2060-01-01', every: 'day' } }),
  ).toMatchObject([{ path: 'runs', code: 'simulation_too_large' }])
  const reply = await admin.post('/api/v1/simulations', {
    ...base,
    rules: { ...rules, time_zone: 'Mars/Olympus' },
  })
  expect(reply.body.errors).toMatchObject([{ path: 'rules.time_zone', code: 'not_a_time_zone' }])
})

it('is for who may', async () => {
  const body = { rules, subscriptions: [service()], runs: ['2026-05-31'] }
  expect((await simulate(body, await api.staff('sales'))).documents).toHaveLength(1)
  const technician = await api.staff('technician')
  expect((await technician.post('/api/v1/simulations', body)).status).toBe(403)
})
