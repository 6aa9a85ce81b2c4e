import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createStripeDriver } from '../../server/drivers/stripe/driver.ts'
import { createIntentJobs, type Drivers, type ProviderDriver } from '../../server/modules/payments/index.ts'
import { enqueue } from '../../server/platform/jobs.ts'
import { type Caller, startTestApi, type TestApi } from '../api.ts'
import { issueInvoice } from '../invoices.ts'
import { runJobs } from '../jobs.ts'
import { makeCustomer } from '../people.ts'
import { keys, StripeAccount } from './stripe-account.ts'

// Stripe behind the house: what customers and staff ask over the API, what jobs send, what calls come back, what is booked.

let api: TestApi
let admin: Caller
let stripe: StripeAccount
let provider: string
let unit: string
let jobs: ReturnType<typeof createIntentJobs>

beforeAll(async () => {
  api = await startTestApi({ addresses: true })
  // Jobs wait by the database's clock.
  api.setNow(Temporal.Now.instant().toString())
  stripe = new StripeAccount()
  stripe.now = Math.floor(api.now().epochMilliseconds / 1000)
  const driver: ProviderDriver = createStripeDriver({ api: { ...(await stripe.open()), timeout: 2_000 } })
  const drivers: Drivers = new Map([[driver.kind, driver]])
  jobs = createIntentJobs({ config: api.config, drivers })
  admin = await api.staff('admin')
  unit = (await api.unit()).id
  const made = await admin.post('/payment-providers', {
    business_unit_id: unit,
    driver: 'stripe',
    name: 'Cartões',
    methods: ['card'],
    settings: { publishable_key: keys.publishable_key },
    secrets: { secret_key: keys.secret_key, webhook_secret: keys.webhook_secret },
    enabled: true,
  })
  expect(made.status, JSON.stringify(made.body)).toBe(201)
  provider = made.body.id
})
afterEach(() => expect(stripe.breaches).toEqual([]))
afterAll(async () => {
  await stripe.close()
  await api.close()
})

const work = () => runJobs(api, { handlers: jobs })

const due_date = '2026-12-10'

async function owe(total = 12_990) {
  const customer = await makeCustomer(api, admin, unit)
  const { id: account } = (await admin.get(`/accounts?q=${customer.email}`)).body.items[0]
  const invoice = await api.system((tx) => issueInvoice(tx, account, { total, due_date }))
  return { customer, account, invoice }
}

async function begin(customer: Caller, invoice: string, more: object = {}) {
  const made = await customer.post('/payment-intents', {
    provider_id: provider,
    method: 'card',
    invoice_ids: [invoice],
    ...more,
  })
  expect(made.status, JSON.stringify(made.body)).toBe(201)
  await work()
  return (await customer.get(`/payment-intents/${made.body.id}`)).body
}

const refOf = (id: string) =>
  api.system(async (tx) => {
    const row = await tx
      .selectFrom('payment_intents')
      .select(['provider_ref', 'state'])
      .where('id', '=', id)
      .executeTakeFirstOrThrow()
    return row
  })

const paymentsOf = (id: string) =>
  api.system((tx) =>
    tx.selectFrom('payments').select(['id', 'amount', 'provider_ref']).where('intent_id', '=', id).execute(),
  )

async function call(given: ReturnType<StripeAccount['call']>): Promise<number> {
  const reply = await api.server.inject({
    method: 'POST',
    url: `/api/v1/hooks/payments/${provider}`,
    headers: { 'content-type': 'application/json', ...given.headers },
    payload: given.body,
  })
  return reply.statusCode
}

const tellAll = async () => {
  for (const event of stripe.events.toReversed()) expect(await call(stripe.call(event))).toBe(200)
}

const look = async (id: string) => {
  await api.system((tx) =>
    enqueue(tx, 'payments:look_up_intent', { intent_id: id }, { key: `look:${randomUUID()}` }),
  )
  await work()
}

describe('Stripe in the house', () => {
  it('is tried by its button', async () => {
    expect((await admin.post(`/payment-providers/${provider}/test`)).status).toBeLessThan(300)
    await work()
    const { body } = await admin.get(`/payment-providers/${provider}`)
    expect(body).toMatchObject({ health: 'working', secrets_set: ['secret_key', 'webhook_secret'] })
    expect(JSON.stringify(body)).not.toContain(keys.secret_key)
  })

  it('pays an invoice once, however often, forged or late the calls are; the method is kept', async () => {
    const { customer, account, invoice } = await owe()
    const intent = await begin(customer, invoice.id, { store: true })
    expect(intent).toMatchObject({
      state: 'action_needed',
      action: { kind: 'stripe', publishable_key: keys.publishable_key, setup: false },
    })
    expect(JSON.stringify(intent)).not.toContain(keys.secret_key)
    const { provider_ref } = await refOf(intent.id)
    stripe.payInForm(provider_ref!, 'second_step')
    stripe.authenticate(provider_ref!, true)
    const [event] = stripe.events
    expect(await call(stripe.call(event!, stripe.now, 'whsec_SomebodyElse'))).toBe(400)
    expect(await call(stripe.call(event!, stripe.now - 3600))).toBe(400)
    await tellAll()
    await tellAll()
    await work()
    expect((await customer.get(`/payment-intents/${intent.id}`)).body).toMatchObject({
      state: 'succeeded',
      action: null,
    })
    expect((await customer.get(`/invoices/${invoice.id}`)).body).toMatchObject({
      state: 'paid',
      open_amount: 0,
    })
    expect(await paymentsOf(intent.id)).toMatchObject([
      { amount: 12_990, provider_ref: stripe.intents.get(provider_ref!)!.latest_charge },
    ])
    const [stored] = (await customer.get('/stored-methods')).body.items
    expect(stored).toMatchObject({ brand: 'Visa', last_digits: '4242', state: 'active' })

    // With the kept method the next invoice is paid at once, but for the step that its bank asks for again.
    const next = await api.system((tx) => issueInvoice(tx, account, { total: 700, due_date }))
    const waiting = await begin(customer, next.id, { stored_method_id: stored.id })
    expect(waiting).toMatchObject({ state: 'action_needed', action: { kind: 'stripe' } })
    stripe.authenticate((await refOf(waiting.id)).provider_ref!, true)
    await tellAll()
    await work()
    expect((await customer.get(`/invoices/${next.id}`)).body.state).toBe('paid')
  })

  it('asks what became of a charge whose answer was lost, and charges once', async () => {
    const { customer, invoice } = await owe(5_000)
    stripe.fail('POST', /payment_intents$/, 'unanswered')
    const intent = await begin(customer, invoice.id)
    expect(intent.state).toBe('unknown')
    expect((await refOf(intent.id)).provider_ref).toBeNull()
    await look(intent.id)
    const { provider_ref, state } = await refOf(intent.id)
    expect(state).toBe('action_needed')
    expect(
      [...stripe.intents.values()].filter((one) => one.metadata.zaguan_intent === intent.id),
    ).toHaveLength(1)
    stripe.payInForm(provider_ref!, 'paid')
    await Promise.all([look(intent.id), tellAll()])
    await work()
    expect(await paymentsOf(intent.id)).toHaveLength(1)
    expect((await customer.get(`/invoices/${invoice.id}`)).body.state).toBe('paid')
  })

  it('gives money back in part, and follows a dispute that is lost, and one that is won', async () => {
    const { customer, invoice } = await owe(10_000)
    const intent = await begin(customer, invoice.id)
    const { provider_ref } = await refOf(intent.id)
    stripe.payInForm(provider_ref!, 'paid')
    await tellAll()
    await work()
    const [payment] = await paymentsOf(intent.id)
    const refund = await admin.post(`/payments/${payment!.id}/refund`, {
      by: 'provider',
      amount: 1_500,
      reason: 'Cortesia',
    })
    expect(refund.status, JSON.stringify(refund.body)).toBeLessThan(300)
    await work()
    await tellAll()
    await work()
    const reversals = () =>
      api.system((tx) =>
        tx
          .selectFrom('payment_reversals')
          .select(['kind', 'state', 'amount'])
          .where('payment_id', '=', payment!.id)
          .orderBy('id')
          .execute(),
      )
    expect(await reversals()).toEqual([{ kind: 'refund', state: 'done', amount: 1_500 }])
    const won = stripe.dispute(payment!.provider_ref!, 2_000, 'needs_response')
    await tellAll()
    await work()
    expect((await customer.get(`/invoices/${invoice.id}`)).body.open_amount).toBe(3_500)
    stripe.decide(won, 'won')
    const lost = stripe.dispute(payment!.provider_ref!, 500, 'needs_response')
    stripe.decide(lost, 'lost')
    await tellAll()
    await work()
    expect(await reversals()).toEqual([
      { kind: 'refund', state: 'done', amount: 1_500 },
      { kind: 'chargeback', state: 'won', amount: 2_000 },
      { kind: 'chargeback', state: 'done', amount: 500 },
    ])
    expect((await customer.get(`/invoices/${invoice.id}`)).body.open_amount).toBe(2_000)
  })

  it('finds a refund and a dispute that no call told, and what becomes of them', async () => {
    const { customer, invoice } = await owe(10_000)
    const intent = await begin(customer, invoice.id)
    const { provider_ref } = await refOf(intent.id)
    stripe.payInForm(provider_ref!, 'paid')
    await look(intent.id)
    const [payment] = await paymentsOf(intent.id)
    const reversals = () =>
      api.system((tx) =>
        tx
          .selectFrom('payment_reversals')
          .select(['kind', 'state', 'amount'])
          .where('payment_id', '=', payment!.id)
          .orderBy('id')
          .execute(),
      )
    const open = async () => (await customer.get(`/invoices/${invoice.id}`)).body.open_amount
    const reconcile = async () => {
      api.setNow(api.now().add({ seconds: 2 }).toString())
      await api.system((tx) => enqueue(tx, 'payments:reconcile', {}))
      await work()
    }
    const back = stripe.refundThere(payment!.provider_ref!, 1_500)
    const dispute = stripe.dispute(payment!.provider_ref!, 2_000, 'needs_response')
    await reconcile()
    expect(await reversals()).toEqual([
      { kind: 'refund', state: 'done', amount: 1_500 },
      { kind: 'chargeback', state: 'done', amount: 2_000 },
    ])
    expect(await open()).toBe(3_500)
    // The payer's bank did not take the refund; the dispute is decided for us.
    stripe.returnRefund(back)
    stripe.decide(dispute, 'won')
    await reconcile()
    await reconcile()
    expect(await reversals()).toEqual([
      { kind: 'refund', state: 'failed', amount: 1_500 },
      { kind: 'chargeback', state: 'won', amount: 2_000 },
    ])
    expect(await open()).toBe(0)
    expect((await customer.get(`/invoices/${invoice.id}`)).body.state).toBe('paid')
  })

  it('keeps a method without a charge, and forgets it at Stripe when the customer removes it', async () => {
    const customer = await makeCustomer(api, admin, unit)
    const wish = await customer.post('/stored-methods', { provider_id: provider, method: 'card' })
    expect(wish.status, JSON.stringify(wish.body)).toBe(201)
    await work()
    const { provider_ref } = await refOf(wish.body.id)
    expect((await customer.get(`/payment-intents/${wish.body.id}`)).body).toMatchObject({
      state: 'action_needed',
      action: { kind: 'stripe', setup: true },
    })
    stripe.setUpInForm(provider_ref!, 'paid')
    await tellAll()
    await work()
    const [stored] = (await customer.get('/stored-methods')).body.items
    expect(stored).toMatchObject({ brand: 'Visa', last_digits: '4242' })
    expect((await customer.delete(`/stored-methods/${stored.id}`)).status).toBeLessThan(300)
    await work()
    expect([...stripe.methods.values()].at(-1)!.customer).toBeNull()
  })
})
