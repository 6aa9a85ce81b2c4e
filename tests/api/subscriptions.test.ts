import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { listen } from '../../server/platform/events.ts'
import { type Caller, type Reply, startTestApi, type TestApi } from '../api.ts'

let api: TestApi
let admin: Caller
let unit: { id: string }
let plan: Plan

// biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects and fails where it is not there
type Row = any
type Plan = { id: string; name: string; options: { id: string; name: string }[] }

beforeAll(async () => {
  api = await startTestApi()
  admin = await api.staff('admin')
  unit = await api.unit({ payment_methods: ['boleto', 'pix'], due_day: 12 })
  plan = await createPlan({
    name: 'Fibra 500',
    prices: [{ currency: 'BRL', amount: 10_001 }],
    items: [{ item: 'mailbox', included: 5 }],
    options: [
      { name: 'IP fixo', amount: 2500 },
      { kind: 'add_on', name: 'Ponto extra', amount: 1000 },
    ],
  })
})
afterAll(() => api.close())
beforeEach(() => api.setNow('2026-05-21T15:00:00Z'))

async function created(path: string, body: object, by = admin): Promise<Row> {
  const reply = await by.post(path, body)
  expect(reply.status, JSON.stringify(reply.body)).toBe(201)
  return reply.body
}

let count = 0
async function createPlan(change: object = {}, where = unit): Promise<Plan> {
  const product = await created('/products', { business_unit_id: where.id, name: `Product ${++count}` })
  return created('/plans', {
    business_unit_id: where.id,
    product_id: product.id,
    name: `Plan ${count}`,
    kind: 'generic',
    prices: [{ currency: 'BRL', amount: 10_000 }],
    ...change,
  })
}
const createAccount = (change: object = {}) =>
  created('/accounts', { business_unit_id: unit.id, name: `Account ${++count}`, ...change })
async function subscribe(change: object = {}, accountId?: string) {
  const account = accountId ?? (await createAccount()).id
  return created(`/accounts/${account}/subscriptions`, { plan_id: plan.id, ...change })
}
const fault = (reply: Reply) =>
  reply.body.errors.map(({ path, code }: { path: string; code: string }) => `${path} ${code}`)
const act = (subscription: Row, verb: string, body: object = {}) =>
  admin.post(`/subscriptions/${subscription.id}/${verb}`, body)
async function acted(subscription: Row, verb: string, body: object = {}): Promise<Row> {
  const reply = await act(subscription, verb, body)
  expect(reply.status, JSON.stringify(reply.body)).toBe(200)
  return reply.body
}

/** Records days of a subscription as billed, as a closing does. */
const bill = (subscription: Row, from: string, to: string) =>
  api.system((tx) =>
    tx
      .insertInto('billed_coverage')
      .values(
        subscription.components.map((component: Row) => ({
          component_id: component.id,
          account_id: subscription.account_id,
          period: sql`daterange(${from}::date, ${to}::date)`,
        })),
      )
      .execute(),
  )

describe('a new subscription', () => {
  it('takes its defaults from the plan and the business unit, and today’s prices', async () => {
    const subscription = await subscribe({
      discount_kind: 'percent',
      discount_basis_points: 5000,
      options: [
        { plan_option_id: plan.options[0]!.id, quantity: 2 },
        { plan_option_id: plan.options[1]!.id },
      ],
      notes: 'Handle with care',
    })
    expect(subscription).toMatchObject({
      number: 1,
      status: 'active',
      start_date: '2026-05-21',
      activation_date: '2026-05-21',
      billing_start: '2026-05-21',
      trial_days: 0,
      billing_mode: 'arrears',
      payment_method: 'boleto',
      due_day: 12,
      currency: 'BRL',
      plan_name: 'Fibra 500',
      plan_kind: 'generic',
      plan_value: 10_001,
      // Half of 10001 is kept as 5001: rounded half-up once, as on the invoice.
      discount: 5000,
      amount: 5001 + 2 * 2500 + 1000,
      term_end: null,
      salesperson_name: null,
      notes: 'Handle with care',
      components: [
        { role: 'plan', description: 'Fibra 500', unit_amount: 10_001, quantity: 1, option_kind: null },
        { role: 'option', description: 'IP fixo', unit_amount: 2500, quantity: 2, amount: 5000 },
        { role: 'option', description: 'Ponto extra', option_kind: 'add_on', amount: 1000 },
      ],
      suspensions: [],
      allowances: [{ item: 'mailbox', included: 5 }],
      actions: ['suspend', 'cancel', 'delete'],
      billing: {
        billed: false,
        covered_until: null,
        last_closing_date: null,
        next_closing_date: '2026-05-31',
        open_invoices: 0,
        open_amount: 0,
      },
    })
    await admin.patch(`/plans/${plan.id}`, { prices: [{ currency: 'BRL', amount: 20_000 }] })
    expect((await admin.get(`/subscriptions/${subscription.id}`)).body.plan_value).toBe(10_001)
    await admin.patch(`/plans/${plan.id}`, { prices: [{ currency: 'BRL', amount: 10_001 }] })
  })

  it('follows the plan’s trial, mode and term unless it says otherwise', async () => {
    const own = await createPlan({ trial_days: 5, billing_mode: 'advance', term_months: 12 })
    const account = await createAccount()
    expect(await subscribe({ plan_id: own.id }, account.id)).toMatchObject({
      billing_mode: 'advance',
      trial_days: 5,
      billing_start: '2026-05-26',
      term_months: 12,
      term_end: '2027-05-21',
      billing: { next_closing_date: '2026-05-31' },
    })
    expect(
      await subscribe(
        { plan_id: own.id, trial_days: 0, billing_mode: 'arrears', term_months: 0, start_date: '2026-05-11' },
        account.id,
      ),
    ).toMatchObject({
      number: 2,
      billing_mode: 'arrears',
      billing_start: '2026-05-11',
      activation_date: '2026-05-11',
      term_end: null,
    })
  })

  it('is charged from 21 May + 20 days of trial, 10 June; with a proportional trial from the first closing (P5)', async () => {
    expect(await subscribe({ start_date: '2026-05-21', trial_days: 20 })).toMatchObject({
      billing_start: '2026-06-10',
      billing: { next_closing_date: '2026-06-30' },
    })
    const proportional = await createPlan({ proportional_trial: true, trial_days: 90 })
    expect(await subscribe({ plan_id: proportional.id, start_date: '2026-05-21' })).toMatchObject({
      proportional_trial: true,
      billing_start: '2026-05-31',
      billing: { next_closing_date: '2026-06-30' },
    })
  })

  it('is not charged while it awaits installation', async () => {
    const subscription = await subscribe({ status: 'awaiting_installation', trial_days: 20 })
    expect(subscription).toMatchObject({
      status: 'awaiting_installation',
      activation_date: null,
      billing_start: null,
      actions: ['activate', 'cancel', 'delete'],
      billing: { next_closing_date: null },
    })
  })

  it('gets the payment data of the account’s first service, which alone may choose them', async () => {
    const account = await createAccount()
    await subscribe({ payment_method: 'pix', due_day: 5 }, account.id)
    expect(await subscribe({}, account.id)).toMatchObject({ payment_method: 'pix', due_day: 5 })
    const other = await admin.post(`/accounts/${account.id}/subscriptions`, {
      plan_id: plan.id,
      payment_method: 'boleto',
      due_day: 6,
    })
    expect(fault(other)).toEqual(['payment_method as_first_service', 'due_day as_first_service'])
    const cash = await admin.post(`/accounts/${(await createAccount()).id}/subscriptions`, {
      plan_id: plan.id,
      payment_method: 'cash',
    })
    expect(fault(cash)).toEqual(['payment_method not_a_choice'])
  })

  it('is refused where plan, option, discount or people do not fit', async () => {
    const account = await createAccount()
    const foreign = await createPlan({}, await api.unit())
    const archived = await createPlan()
    await admin.patch(`/plans/${archived.id}`, { archived: true })
    const option = { plan_option_id: plan.options[0]!.id }
    const cases: [object, string][] = [
      [{ plan_id: foreign.id }, 'plan_id not_a_choice'],
      [{ plan_id: archived.id }, 'plan_id not_a_choice'],
      [{ plan_id: account.id }, 'plan_id not_a_choice'],
      [{ options: [{ plan_option_id: account.id }] }, 'options.0.plan_option_id not_a_choice'],
      [{ options: [option, option] }, 'options.1.plan_option_id listed_twice'],
      [{ options: [{ ...option, quantity: 0 }] }, 'options.0.quantity too_small'],
      [{ salesperson_id: account.id }, 'salesperson_id not_a_choice'],
      [{ discount_kind: 'amount' }, 'discount_amount required'],
      [{ discount_kind: 'percent', discount_amount: 5 }, 'discount_basis_points required'],
      [{ discount_amount: 5 }, 'discount_kind required'],
      [{ discount_kind: 'amount', discount_amount: 10_002 }, 'discount_amount discount_too_large'],
      [{ trial_days: -1 }, 'trial_days too_small'],
      [{ due_day: 32 }, 'due_day too_big'],
      [{ start_date: '2026-02-30' }, 'start_date not_a_date'],
      [{ status: 'cancelled' }, 'status not_a_choice'],
    ]
    for (const [change, expected] of cases) {
      const reply = await admin.post(`/accounts/${account.id}/subscriptions`, { plan_id: plan.id, ...change })
      expect([reply.status, fault(reply)], expected).toEqual([422, [expected]])
    }
    expect((await admin.post(`/accounts/${plan.id}/subscriptions`, { plan_id: plan.id })).status).toBe(404)
    expect((await admin.get(`/subscriptions?account_id=${account.id}`)).body.items).toEqual([])
  })

  it('refuses an amount that could not be summed exactly', async () => {
    const dear = await createPlan({ options: [{ name: 'Dear', amount: 1_000_000_000_000 }] })
    const reply = await admin.post(`/accounts/${(await createAccount()).id}/subscriptions`, {
      plan_id: dear.id,
      options: [{ plan_option_id: dear.options[0]!.id, quantity: 1_000_000 }],
    })
    expect(fault(reply)).toEqual(['options.0.quantity amount_too_large'])
  })

  it('needs a routing point for a connection where the business unit has any, and has none otherwise (P2)', async () => {
    const isp = await api.unit()
    const connection = await createPlan({ kind: 'broadband' }, isp)
    const mailbox = await createPlan({ kind: 'email' }, isp)
    const account = await createAccount({ business_unit_id: isp.id })
    const path = `/accounts/${account.id}/subscriptions`
    await created(path, { plan_id: connection.id })
    const tower = await created('/routing-points', { business_unit_id: isp.id, name: 'Tower' })
    const foreign = await created('/routing-points', { business_unit_id: unit.id, name: 'Elsewhere' })
    expect(fault(await admin.post(path, { plan_id: connection.id }))).toEqual(['routing_point_id required'])
    expect(fault(await admin.post(path, { plan_id: connection.id, routing_point_id: foreign.id }))).toEqual([
      'routing_point_id not_a_choice',
    ])
    expect(fault(await admin.post(path, { plan_id: mailbox.id, routing_point_id: tower.id }))).toEqual([
      'routing_point_id not_for_this_plan',
    ])
    const subscription = await created(path, { plan_id: connection.id, routing_point_id: tower.id })
    expect(subscription).toMatchObject({ routing_point_id: tower.id, routing_point_name: 'Tower' })
    await admin.patch(`/routing-points/${tower.id}`, { archived: true })
    expect(
      (await admin.patch(`/subscriptions/${subscription.id}`, { routing_point_id: tower.id, notes: 'x' }))
        .status,
    ).toBe(200)
  })

  it('names its salesperson, who is staff of the business unit', async () => {
    await api.staff('sales', { units: [unit.id] })
    await api.staff('sales', { units: [(await api.unit()).id] })
    const people = (await admin.get(`/salespeople?business_unit_id=${unit.id}`)).body.items as Row[]
    const everybody = (await admin.get('/salespeople')).body.items as Row[]
    const seller = people.find((one) => one.name.startsWith('sales'))
    const stranger = everybody.find((one) => !people.some(({ id }) => id === one.id))
    expect(await subscribe({ salesperson_id: seller.id })).toMatchObject({ salesperson_name: seller.name })
    const reply = await admin.post(`/accounts/${(await createAccount()).id}/subscriptions`, {
      plan_id: plan.id,
      salesperson_id: stranger.id,
    })
    expect(fault(reply)).toEqual(['salesperson_id not_a_choice'])
  })

  it('gets the next number of its account and of the contracts, whatever comes at once', async () => {
    const isp = await api.unit()
    const own = await createPlan({}, isp)
    const accounts: Row[] = []
    for (let n = 0; n < 3; n++) accounts.push(await createAccount({ business_unit_id: isp.id }))
    const replies = await Promise.all(
      [...accounts, ...accounts].flatMap((account) => [
        admin.post(`/accounts/${account.id}/subscriptions`, { plan_id: own.id }),
        admin.post(`/accounts/${account.id}/subscriptions`, {
          plan_id: own.id,
          options: [{ plan_option_id: isp.id }],
        }),
      ]),
    )
    const sold = replies.filter((reply) => reply.status === 201).map((reply) => reply.body)
    expect(sold).toHaveLength(6)
    for (const account of accounts)
      expect(
        sold
          .filter((one) => one.account_id === account.id)
          .map((one) => one.number)
          .sort(),
      ).toEqual([1, 2])
    expect(sold.map((one) => one.contract_number).sort()).toEqual([1, 2, 3, 4, 5, 6])
  })
})

describe('transitions', () => {
  it('activate on the day of installation: charging starts then, after the trial', async () => {
    const subscription = await subscribe({
      status: 'awaiting_installation',
      start_date: '2026-05-01',
      trial_days: 10,
    })
    expect(fault(await act(subscription, 'activate', { date: '2026-05-22' }))).toEqual([
      'date date_in_future',
    ])
    expect(await acted(subscription, 'activate', { date: '2026-05-19' })).toMatchObject({
      status: 'active',
      activation_date: '2026-05-19',
      billing_start: '2026-05-29',
    })
    const early = await subscribe({ status: 'awaiting_installation', start_date: '2026-06-01' })
    expect(await acted(early, 'activate')).toMatchObject({
      activation_date: '2026-05-21',
      billing_start: '2026-06-01',
    })
  })

  it('use the business unit’s calendar, not the server’s', async () => {
    api.setNow('2026-06-01T02:00:00Z')
    expect(await subscribe()).toMatchObject({ start_date: '2026-05-31' })
  })

  it('suspend from a day on, and reactivate on a later one', async () => {
    const subscription = await subscribe({ start_date: '2026-05-01' })
    expect(fault(await act(subscription, 'suspend', { date: '2026-05-22' }))).toEqual(['date date_in_future'])
    expect(fault(await act(subscription, 'suspend', { date: '2026-04-30' }))).toEqual([
      'date date_before_charging',
    ])
    const suspended = await acted(subscription, 'suspend', { date: '2026-05-10', reason: 'Trip' })
    expect(suspended).toMatchObject({
      status: 'suspended',
      suspensions: [{ from_date: '2026-05-10', to_date: null, reason: 'Trip', administrative: false }],
      actions: ['reactivate', 'cancel', 'delete'],
      billing: { next_closing_date: '2026-05-31' },
    })
    expect(fault(await act(subscription, 'reactivate', { date: '2026-05-09' }))).toEqual([
      'date date_before_suspension',
    ])
    expect(fault(await act(subscription, 'reactivate', { date: '2026-05-22' }))).toEqual([
      'date date_in_future',
    ])
    expect(await acted(subscription, 'reactivate', { date: '2026-05-15' })).toMatchObject({
      status: 'active',
      suspensions: [{ from_date: '2026-05-10', to_date: '2026-05-15' }],
    })
    expect(fault(await act(subscription, 'suspend', { date: '2026-05-14' }))).toEqual([
      'date date_in_suspension',
    ])
    expect(await acted(subscription, 'suspend', { date: '2026-05-15', administrative: true })).toMatchObject({
      status: 'suspended_administratively',
      suspensions: [{}, { administrative: true }],
    })
    const back = await acted(subscription, 'reactivate')
    expect(back.suspensions).toHaveLength(2)
  })

  it('leave no trace of a suspension that ends on the day it began', async () => {
    const subscription = await subscribe({ trial_days: 30 })
    await acted(subscription, 'suspend')
    expect(await acted(subscription, 'reactivate')).toMatchObject({ status: 'active', suspensions: [] })
  })

  it('let a suspension begin within days that are billed, which are given back', async () => {
    const subscription = await subscribe({ start_date: '2026-04-30', billing_mode: 'advance' })
    await bill(subscription, '2026-04-30', '2026-05-31')
    expect(await acted(subscription, 'suspend', { date: '2026-05-10' })).toMatchObject({
      billing: { covered_until: '2026-05-10', next_closing_date: null },
    })
  })

  it('cancel for good with a reason, closing an open suspension', async () => {
    const subscription = await subscribe({ start_date: '2026-05-01' })
    await acted(subscription, 'suspend', { date: '2026-05-10' })
    expect(fault(await act(subscription, 'cancel'))).toEqual(['reason required'])
    expect(fault(await act(subscription, 'cancel', { reason: 'x', date: '2026-04-30' }))).toEqual([
      'date date_before_start',
    ])
    expect(await acted(subscription, 'cancel', { reason: 'Moved away', date: '2026-05-20' })).toMatchObject({
      status: 'cancelled',
      end_date: '2026-05-20',
      end_reason: 'Moved away',
      suspensions: [{ from_date: '2026-05-10', to_date: '2026-05-20' }],
      actions: ['delete'],
      billing: { next_closing_date: '2026-05-31' },
    })
    const waiting = await subscribe({ status: 'awaiting_installation' })
    expect(await acted(waiting, 'cancel', { reason: 'Never mind' })).toMatchObject({
      status: 'cancelled',
      end_date: '2026-05-21',
      billing_start: null,
    })
    const leaving = await subscribe()
    expect(await acted(leaving, 'cancel', { reason: 'Notice given', date: '2026-06-30' })).toMatchObject({
      status: 'active',
      end_date: '2026-06-30',
      billing: { next_closing_date: '2026-05-31' },
    })
  })

  it('are refused from any other state, which the refusal names in the caller’s language', async () => {
    const possible: Record<string, string[]> = {
      awaiting_installation: ['activate', 'cancel'],
      active: ['suspend', 'cancel'],
      suspended: ['reactivate', 'cancel'],
      suspended_administratively: ['reactivate', 'cancel'],
      cancelled: [],
    }
    for (const [state, verbs] of Object.entries(possible)) {
      const subscription = await subscribe(state === 'awaiting_installation' ? { status: state } : {})
      if (state.startsWith('suspended'))
        await acted(subscription, 'suspend', { administrative: state === 'suspended_administratively' })
      if (state === 'cancelled') await acted(subscription, 'cancel', { reason: 'x' })
      for (const verb of ['activate', 'suspend', 'reactivate', 'cancel']) {
        if (verbs.includes(verb)) continue
        const reply = await act(subscription, verb, verb === 'cancel' ? { reason: 'x' } : {})
        expect([reply.status, reply.body.code], `${verb} ${state}`).toEqual([409, 'subscription_state'])
      }
    }
    const gone = await subscribe()
    await acted(gone, 'cancel', { reason: 'x' })
    const brazilian = await api.staff('admin', { language: 'pt-BR' })
    const reply = await brazilian.post(`/subscriptions/${gone.id}/activate`, {})
    expect(reply.body.detail).toContain('“Cancelado”')
  })

  it('happen once when two come at once', async () => {
    const subscription = await subscribe()
    const replies = await Promise.all([1, 2, 3].map(() => act(subscription, 'suspend')))
    expect(replies.map((reply) => reply.status).sort()).toEqual([200, 409, 409])
    expect((await admin.get(`/subscriptions/${subscription.id}`)).body.suspensions).toHaveLength(1)
  })

  it('are announced in the past tense, with what they did', async () => {
    const heard = ['created', 'activated', 'suspended', 'reactivated', 'cancelled', 'deleted']
    listen(Object.fromEntries(heard.map((verb) => [`subscription.${verb}`, [`test:heard_${verb}`]])))
    try {
      const subscription = await subscribe({ status: 'awaiting_installation' })
      await acted(subscription, 'activate')
      await acted(subscription, 'suspend')
      await acted(subscription, 'reactivate')
      expect((await act(subscription, 'activate')).status).toBe(409)
      await acted(subscription, 'cancel', { reason: 'x' })
      expect((await admin.delete(`/subscriptions/${subscription.id}`)).status).toBe(204)
      const jobs = await api.system((tx) =>
        tx.selectFrom('queued_jobs').select(['task', 'payload']).orderBy('id').execute(),
      )
      const mine = jobs.filter((job) => (job.payload as Row)?.subscription_id === subscription.id)
      expect(mine.map((job) => job.task)).toEqual(heard.map((verb) => `test:heard_${verb}`))
      expect(mine[0]!.payload).toMatchObject({
        account_id: subscription.account_id,
        business_unit_id: unit.id,
      })
    } finally {
      listen({})
    }
  })
})

describe('a mistake', () => {
  it('is deleted while nothing of it was billed, afterwards only cancelled (P10)', async () => {
    const account = await createAccount()
    const first = await subscribe({}, account.id)
    const second = await subscribe({ options: [{ plan_option_id: plan.options[0]!.id }] }, account.id)
    await acted(second, 'suspend')
    expect((await admin.delete(`/subscriptions/${second.id}`)).status).toBe(204)
    expect((await admin.get(`/subscriptions/${second.id}`)).status).toBe(404)
    await bill(first, '2026-05-21', '2026-05-31')
    const reply = await admin.delete(`/subscriptions/${first.id}`)
    expect([reply.status, reply.body.code]).toEqual([409, 'subscription_was_invoiced'])
    expect((await admin.get(`/subscriptions/${first.id}`)).body.actions).toEqual(['suspend', 'cancel'])
  })

  it('is corrected: notes, seller, dates, discount, payment data, and what starts the charge', async () => {
    const subscription = await subscribe({ start_date: '2026-05-21', trial_days: 5 })
    const path = `/subscriptions/${subscription.id}`
    expect(subscription.billing_start).toBe('2026-05-26')
    expect((await admin.patch(path, { trial_days: 20 })).body.billing_start).toBe('2026-06-10')
    // Installed on its start, so both dates were wrong together.
    expect((await admin.patch(path, { start_date: '2026-05-11' })).body).toMatchObject({
      start_date: '2026-05-11',
      activation_date: '2026-05-11',
      billing_start: '2026-05-31',
    })
    expect((await admin.patch(path, { activation_date: '2026-05-15', trial_days: 0 })).body).toMatchObject({
      start_date: '2026-05-11',
      activation_date: '2026-05-15',
      billing_start: '2026-05-15',
    })
    const corrected = (
      await admin.patch(path, {
        notes: 'New',
        sale_date: '2026-05-02',
        term_months: 24,
        payment_method: 'pix',
        due_day: 31,
        discount_kind: 'amount',
        discount_amount: 1001,
        billing_mode: 'advance',
        external_id: 'X-1',
      })
    ).body
    expect(corrected).toMatchObject({
      notes: 'New',
      sale_date: '2026-05-02',
      term_end: '2028-05-15',
      payment_method: 'pix',
      due_day: 31,
      discount: 1001,
      amount: 9000,
      billing_mode: 'advance',
    })
    expect((await admin.patch(path, { notes: '', discount_kind: null })).body).toMatchObject({
      notes: null,
      discount_kind: null,
      discount_amount: null,
      amount: 10_001,
    })
    expect((await admin.patch(path, {})).status).toBe(200)
    expect(fault(await admin.patch(path, { payment_method: 'cash' }))).toEqual([
      'payment_method not_a_choice',
    ])
    expect(fault(await admin.patch(path, { discount_kind: 'amount', discount_amount: 10_002 }))).toEqual([
      'discount_amount discount_too_large',
    ])
    expect(fault(await admin.patch(path, { activation_date: '2026-05-22' }))).toEqual([
      'activation_date date_in_future',
    ])
    const waiting = await subscribe({ status: 'awaiting_installation' })
    expect(
      fault(await admin.patch(`/subscriptions/${waiting.id}`, { activation_date: '2026-05-20' })),
    ).toEqual(['activation_date not_installed_yet'])
    expect(
      (await admin.patch(`/subscriptions/${waiting.id}`, { start_date: '2026-05-30', trial_days: 3 })).body,
    ).toMatchObject({ start_date: '2026-05-30', billing_start: null, activation_date: null })
  })

  it('in what decides the charged days is fixed once a day was billed', async () => {
    const subscription = await subscribe()
    await bill(subscription, '2026-05-21', '2026-05-31')
    const path = `/subscriptions/${subscription.id}`
    const reply = await admin.patch(path, {
      trial_days: 3,
      billing_mode: 'advance',
      start_date: '2026-05-20',
    })
    expect([reply.status, reply.body.code]).toEqual([409, 'subscription_was_billed'])
    expect(fault(reply)).toEqual([
      'start_date billed_already',
      'trial_days billed_already',
      'billing_mode billed_already',
    ])
    const same = await admin.patch(path, { trial_days: 0, start_date: '2026-05-21', notes: 'Fine' })
    expect(same.body).toMatchObject({ notes: 'Fine', billing_start: '2026-05-21' })
  })
})

describe('billing data', () => {
  it('are set for all services of an account that go on, or for one on purpose (P3)', async () => {
    const account = await createAccount()
    const path = `/accounts/${account.id}/billing-data`
    expect((await admin.get(path)).body).toEqual({
      payment_method: 'boleto',
      due_day: 12,
      chosen: false,
      uniform: true,
      subscriptions: 0,
    })
    const gone = await subscribe({}, account.id)
    await acted(gone, 'cancel', { reason: 'x' })
    const one = await subscribe({}, account.id)
    const two = await subscribe({}, account.id)
    await admin.patch(`/subscriptions/${two.id}`, { due_day: 3 })
    expect((await admin.get(path)).body).toMatchObject({ due_day: 12, uniform: false, subscriptions: 2 })
    expect((await admin.put(path, { payment_method: 'pix', due_day: 20 })).body).toEqual({
      payment_method: 'pix',
      due_day: 20,
      chosen: true,
      uniform: true,
      subscriptions: 2,
    })
    for (const [{ id }, due] of [
      [one, 20],
      [two, 20],
      [gone, 12],
    ] as const)
      expect((await admin.get(`/subscriptions/${id}`)).body.due_day).toBe(due)
    expect(await subscribe({}, account.id)).toMatchObject({ payment_method: 'pix', due_day: 20 })
    expect(fault(await admin.put(path, { payment_method: 'cash' }))).toEqual(['payment_method not_a_choice'])
    expect((await admin.put(`/accounts/${plan.id}/billing-data`, {})).status).toBe(404)
  })

  it('show what is open of a service’s lines, at most what is open of the invoice (P11)', async () => {
    const account = await createAccount()
    const one = await subscribe({ start_date: '2026-05-01' }, account.id)
    const two = await subscribe({ start_date: '2026-05-01' }, account.id)
    await bill(one, '2026-05-01', '2026-05-31')
    await api.system(async (tx) => {
      const invoice = await tx
        .insertInto('invoices')
        .values({
          business_unit_id: unit.id,
          account_id: account.id,
          series: 'A',
          number: 1,
          issue_date: Temporal.PlainDate.from('2026-05-31'),
          due_date: Temporal.PlainDate.from('2026-06-12'),
          currency: 'BRL',
          language: 'pt-BR',
          payment_method: 'boleto',
          gross: 20_000,
          discount: 0,
          total: 20_000,
          customer: '{}',
          issuer: '{}',
        })
        .returning('id')
        .executeTakeFirstOrThrow()
      await tx
        .insertInto('invoice_lines')
        .values(
          [one, two].map((subscription, position) => ({
            invoice_id: invoice.id,
            account_id: account.id,
            position,
            subscription_id: subscription.id,
            component_id: subscription.components[0].id,
            role: 'plan' as const,
            description: 'Fibra 500',
            period: sql<never>`'[2026-05-01,2026-05-31)'::daterange`,
            whole_period: sql<never>`'[2026-04-30,2026-05-31)'::daterange`,
            days: 30,
            of_days: 31,
            unit_amount: 10_000,
            quantity: 1,
            gross: 10_000,
            discount: 0,
            net: 10_000,
            rule: 'recurring_arrears',
          })),
        )
        .execute()
      await tx
        .insertInto('ledger_entries')
        .values(
          [['receivable', 6000] as const, ['revenue', -6000] as const].map(([ledger_account, amount]) => ({
            posting_id: invoice.id,
            kind: 'invoice' as const,
            business_unit_id: unit.id,
            account_id: account.id,
            ledger_account,
            amount,
            currency: 'BRL',
            on_date: Temporal.PlainDate.from('2026-05-31'),
            invoice_id: invoice.id,
          })),
        )
        .execute()
    })
    expect((await admin.get(`/subscriptions/${one.id}`)).body.billing).toEqual({
      billed: true,
      covered_until: '2026-05-31',
      last_closing_date: '2026-05-31',
      next_closing_date: '2026-06-30',
      open_invoices: 1,
      open_amount: 6000,
    })
    expect((await admin.get(`/subscriptions/${two.id}`)).body).toMatchObject({
      actions: ['suspend', 'cancel'],
      billing: { billed: true, covered_until: null },
    })
  })
})

describe('the list', () => {
  it('finds, filters, sorts, pages, and computes the same amounts as the page of each', async () => {
    const isp = await api.unit()
    const own = await createPlan(
      {
        name: 'Banda Rápida',
        prices: [{ currency: 'BRL', amount: 3333 }],
        options: [{ name: 'O', amount: 7 }],
      },
      isp,
    )
    const account = await createAccount({ name: 'Álvaro Muñoz', business_unit_id: isp.id })
    const discounts: object[] = [
      {},
      { discount_kind: 'percent', discount_basis_points: 5000 },
      { discount_kind: 'percent', discount_basis_points: 3333 },
      { discount_kind: 'amount', discount_amount: 3333 },
      { discount_kind: 'percent', discount_basis_points: 10_000 },
    ]
    const rows: Row[] = []
    for (const discount of discounts)
      rows.push(
        await subscribe(
          { plan_id: own.id, ...discount, options: [{ plan_option_id: own.options[0]!.id, quantity: 3 }] },
          account.id,
        ),
      )
    expect(rows.map((row) => row.amount)).toEqual([3354, 1688, 2243, 21, 21])
    await acted(rows[4], 'cancel', { reason: 'x' })
    await acted(rows[3], 'suspend')

    const base = `/subscriptions?business_unit_id=${isp.id}`
    const listed = (await admin.get(`${base}&sort=number`)).body.items
    expect(listed.map((row: Row) => [row.id, row.plan_value, row.discount, row.amount])).toEqual(
      rows.map((row) => [row.id, row.plan_value, row.discount, row.amount]),
    )
    const numbers = async (query: string) =>
      (await admin.get(`${base}&sort=number&${query}`)).body.items.map((row: Row) => row.number)
    expect(await numbers('status=active&status=suspended')).toEqual([1, 2, 3, 4])
    expect(await numbers('status=cancelled')).toEqual([5])
    expect(await numbers(`q=${encodeURIComponent('munoz rapida')}`)).toEqual([1, 2, 3, 4, 5])
    expect(await numbers('q=nobody')).toEqual([])
    expect(await numbers(`account_id=${account.id}&plan_id=${own.id}`)).toHaveLength(5)
    expect(await numbers(`plan_id=${plan.id}`)).toEqual([])
    for (const sort of ['account_name', '-start_date', 'number', '-contract_number', 'status', '-status']) {
      const seen: string[] = []
      let cursor: string | null = null
      do {
        const reply = await admin.get(`${base}&limit=2&sort=${sort}${cursor ? `&cursor=${cursor}` : ''}`)
        expect(reply.status).toBe(200)
        seen.push(...reply.body.items.map((item: Row) => item.id))
        cursor = reply.body.next_cursor
      } while (cursor)
      expect([seen.length, new Set(seen).size], sort).toEqual([5, 5])
    }
    const csv = (
      await admin.get(`/subscriptions.csv?business_unit_id=${isp.id}&status=suspended`)
    ).bytes.toString()
    expect(csv.trim().split('\r\n')).toHaveLength(2)
    expect(csv).toContain('Álvaro Muñoz')
  })
})

describe('who may', () => {
  it('see and change them: staff of the business unit with the permission', async () => {
    const subscription = await subscribe()
    const path = `/subscriptions/${subscription.id}`
    const elsewhere = await api.staff('admin', { units: [(await api.unit()).id] })
    expect((await elsewhere.get('/subscriptions')).body.items).toEqual([])
    for (const reply of [
      await elsewhere.get(path),
      await elsewhere.patch(path, { notes: 'x' }),
      await elsewhere.delete(path),
      await elsewhere.post(`${path}/suspend`, {}),
      await elsewhere.post(`/accounts/${subscription.account_id}/subscriptions`, { plan_id: plan.id }),
      await elsewhere.get(`/accounts/${subscription.account_id}/billing-data`),
      await elsewhere.put(`/accounts/${subscription.account_id}/billing-data`, { due_day: 1 }),
    ])
      expect([reply.status, reply.body.code]).toEqual([404, 'not_found'])
    const support = await api.staff('support')
    expect((await support.get(path)).status).toBe(200)
    expect((await support.post(`${path}/suspend`, {})).body.code).toBe('not_permitted')
    expect((await admin.get(path)).body.status).toBe('active')
  })

  it('see them as a customer: the own account’s, without what is the operator’s', async () => {
    const account = await createAccount({ email: 'owner@services.example' })
    const stranger = await subscribe()
    const mine = await subscribe(
      {
        trial_days: 20,
        notes: 'Pays late',
        discount_kind: 'percent',
        discount_basis_points: 5000,
        options: [{ plan_option_id: plan.options[0]!.id }],
      },
      account.id,
    )
    const second = await subscribe({}, account.id)
    await acted(second, 'suspend', { reason: 'Internal reason' })
    const customer = await api.customer('owner@services.example')
    const list = (await customer.get('/subscriptions')).body.items
    expect(list).toHaveLength(2)
    expect(list[0]).toMatchObject({
      id: mine.id,
      plan_name: 'Fibra 500',
      status: 'active',
      plan_value: 10_001,
      discount: 5000,
      amount: 7501,
      billing_start: '2026-06-10',
      next_closing_date: '2026-06-30',
    })
    expect(list[1]).toMatchObject({ status: 'suspended', next_closing_date: null })
    expect((await customer.get('/subscriptions?status=suspended')).body.items).toHaveLength(1)
    const page = (await customer.get(`/subscriptions/${mine.id}`)).body
    expect(page).toMatchObject({
      components: [{ description: 'Fibra 500' }, { description: 'IP fixo', amount: 2500 }],
      allowances: [{ item: 'mailbox', included: 5 }],
    })
    const everything = JSON.stringify([list, page, (await customer.get(`/subscriptions/${second.id}`)).body])
    for (const secret of ['Pays late', 'Internal reason', 'salesperson', 'notes', 'external_id'])
      expect(everything).not.toContain(secret)
    expect((await customer.get(`/subscriptions/${stranger.id}`)).status).toBe(404)
    expect((await api.nobody('portal').get('/subscriptions')).status).toBe(401)
  })

  it('not see them as a contact who is only a support user', async () => {
    const account = await createAccount({ email: 'boss@services.example' })
    await created(`/accounts/${account.id}/contacts`, { first_name: 'Ana', email: 'ana@services.example' })
    await api.customer('boss@services.example')
    const ana = await api.customer('ana@services.example')
    expect((await ana.get('/subscriptions')).body.code).toBe('not_permitted')
  })
})
