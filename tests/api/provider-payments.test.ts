import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Caller, startTestApi, type TestApi } from '../api.ts'
import { issueInvoice } from '../invoices.ts'
import { runJobs } from '../jobs.ts'
import { press } from '../payments/sandbox-house.ts'
import { askOwner } from '../people.ts'
import { startPixBank } from '../pix/conformance-server.ts'

let api: TestApi
let admin: Caller
let unit: { id: string }
let provider: { id: string }
let people = 0

beforeAll(async () => {
  api = await startTestApi()
  admin = await api.staff('admin')
  unit = await api.unit({})
  const made = await admin.post('/payment-providers', {
    business_unit_id: unit.id,
    driver: 'sandbox',
    name: 'Sandbox',
    methods: ['card', 'pix'],
    enabled: true,
  })
  expect(made.status, JSON.stringify(made.body)).toBe(201)
  provider = made.body
})
afterAll(() => api.close())

async function createParty() {
  const email = `cliente${++people}@casa.example`
  const account = (
    await admin.post('/accounts', { business_unit_id: unit.id, name: `Cliente ${people}`, email })
  ).body
  return { account, customer: await api.customer(email) }
}

const issue = (account: { id: string }, total: number, due = '2026-06-10') =>
  api.system((tx) => issueInvoice(tx, account.id, { total, due_date: due }))

const stateOf = async (invoice: { id: string }) =>
  (await askOwner(api, 'select state from invoices where id = $1', [invoice.id]))[0].state

const creditOf = async (account: { id: string }) =>
  Number(
    (
      await askOwner(
        api,
        `select coalesce(-sum(amount), 0) as credit from ledger_entries where account_id = $1 and ledger_account = 'account_credit'`,
        [account.id],
      )
    )[0].credit,
  )

/** Pays as a customer would, by the sandbox's page. */
async function pay(customer: Caller, invoices: { id: string }[], scenario = 'success') {
  const made = await customer.post('/payment-intents', {
    provider_id: provider.id,
    method: 'card',
    invoice_ids: invoices.map(({ id }) => id),
  })
  expect(made.status, JSON.stringify(made.body)).toBe(201)
  await runJobs(api)
  const waiting = (await customer.get(`/payment-intents/${made.body.id}`)).body
  expect(waiting).toMatchObject({ state: 'action_needed', action: { kind: 'redirect' } })
  await press(api, refOf(waiting), { do: 'choose', scenario })
  await look(made.body.id)
  return (await customer.get(`/payment-intents/${made.body.id}`)).body
}

const refOf = (intent: { action: { url: string } }) => new URL(intent.action.url).pathname.split('/').at(-1)!

async function look(id: string) {
  expect((await admin.post(`/payment-intents/${id}/look-up`)).status).toBe(202)
  await runJobs(api)
}

describe('a customer who pays by a provider', () => {
  it('pays several invoices by one payment, and has the receipt', async () => {
    const { account, customer } = await createParty()
    const invoices = [await issue(account, 8990), await issue(account, 1010)]
    const choices = (await customer.get('/payment-choices')).body
    expect(choices.providers).toMatchObject([
      { id: provider.id, driver: 'sandbox', methods: ['card', 'pix'], stores: true },
    ])
    const paid = await pay(customer, invoices)
    expect(paid).toMatchObject({
      state: 'succeeded',
      amount: 10_000,
      received: 10_000,
      action: null,
      failure: null,
    })
    expect(await Promise.all(invoices.map(stateOf))).toEqual(['paid', 'paid'])
    const [payment] = (await admin.get(`/payments?account_id=${account.id}`)).body.items
    expect(payment).toMatchObject({
      amount: 10_000,
      provider_name: 'Sandbox',
      driver: 'sandbox',
      credited: 0,
      reversed: 0,
    })
    const mails = (await customer.get('/notices')).body.items.map(({ kind }: { kind: string }) => kind)
    expect(mails).toContain('payment_approved')
  })

  it('is told why a card was refused, and pays by another', async () => {
    const { account, customer } = await createParty()
    const invoice = await issue(account, 5000)
    expect(await pay(customer, [invoice], 'insufficient_funds')).toMatchObject({
      state: 'failed',
      failure: 'insufficient_funds',
      received: 0,
    })
    expect(await stateOf(invoice)).toBe('open')
    expect(await pay(customer, [invoice])).toMatchObject({ state: 'succeeded' })
    expect(await stateOf(invoice)).toBe('paid')
  })

  it('has one payment in two tabs, and is led to the one that is open', async () => {
    const { account, customer } = await createParty()
    const [one, two] = [await issue(account, 5000), await issue(account, 600)]
    const body = { provider_id: provider.id, method: 'card', invoice_ids: [one.id] }
    const [first, second] = await Promise.all([
      customer.post('/payment-intents', body),
      customer.post('/payment-intents', body),
    ])
    expect(first.body.id).toBe(second.body.id)
    const other = await customer.post('/payment-intents', { ...body, invoice_ids: [one.id, two.id] })
    expect([other.status, other.body.code]).toEqual([409, 'payment_in_progress'])
    await runJobs(api)
    expect((await customer.post(`/payment-intents/${first.body.id}/cancel`)).status).toBe(202)
    await runJobs(api)
    expect((await customer.get(`/payment-intents/${first.body.id}`)).body.state).toBe('cancelled')
    const again = await customer.post(`/payment-intents/${first.body.id}/cancel`)
    expect([again.status, again.body.code]).toEqual([409, 'payment_ended'])
    expect(await pay(customer, [one, two])).toMatchObject({ state: 'succeeded', amount: 5600 })
  })

  it('cannot pay what is paid, is another account’s, or by what is not there', async () => {
    const [mine, theirs] = [await createParty(), await createParty()]
    const invoice = await issue(mine.account, 5000)
    await pay(mine.customer, [invoice])
    const ask = async (party: typeof mine, change: object) => {
      const reply = await party.customer.post('/payment-intents', {
        provider_id: provider.id,
        method: 'card',
        invoice_ids: [invoice.id],
        ...change,
      })
      return [reply.status, reply.body.code, reply.body.errors?.[0]?.path ?? null]
    }
    expect(await ask(mine, {})).toEqual([409, 'nothing_to_pay', null])
    expect(await ask(theirs, {})).toEqual([409, 'nothing_to_pay', null])
    expect((await ask(mine, { method: 'boleto' })).slice(0, 2)).toEqual([422, 'invalid_input'])
    expect((await ask(mine, { provider_id: unit.id })).slice(0, 2)).toEqual([422, 'invalid_input'])
    expect((await ask(mine, { invoice_ids: undefined })).slice(0, 2)).toEqual([422, 'invalid_input'])
  })
})

describe('money that goes back', () => {
  it('takes the credit that a payment left first, then what it paid is owed again', async () => {
    const { account, customer } = await createParty()
    const invoice = await issue(account, 5000)
    const paid = await pay(customer, [invoice])
    // A second payment of a paid invoice is credit.
    const extra = await admin.post(`/accounts/${account.id}/payments`, {
      amount: 7000,
      method: 'pix',
      received_on: '2026-05-20',
    })
    expect(await creditOf(account)).toBe(7000)
    const outside = await admin.post(`/payments/${extra.body.id}/refund`, {
      amount: 2000,
      reason: 'Pago a mais',
      by: 'outside',
    })
    expect([outside.status, outside.body.state], JSON.stringify(outside.body)).toEqual([201, 'done'])
    expect(await creditOf(account)).toBe(5000)
    const [payment] = (await admin.get(`/payments?account_id=${account.id}`)).body.items.filter(
      (one: { intent_id: string | null }) => one.intent_id === paid.id,
    )
    const refund = await admin.post(`/payments/${payment.id}/refund`, {
      amount: 3000,
      reason: 'Cancelado',
      by: 'provider',
    })
    expect(refund.body).toMatchObject({ kind: 'refund', state: 'created', amount: 3000 })
    await runJobs(api)
    expect((await admin.get(`/payment-reversals?payment_id=${payment.id}`)).body.items).toMatchObject([
      { state: 'done' },
    ])
    // What it paid is owed again.
    expect(await stateOf(invoice)).toBe('open')
    const tooMuch = await admin.post(`/payments/${payment.id}/refund`, {
      amount: 2001,
      reason: 'x',
      by: 'provider',
    })
    expect([tooMuch.status, tooMuch.body.code]).toEqual([422, 'invalid_input'])
  })

  it('is refunded once, whoever asks at the same time', async () => {
    const { account, customer } = await createParty()
    await pay(customer, [await issue(account, 5000)])
    const [payment] = (await admin.get(`/payments?account_id=${account.id}`)).body.items
    const replies = await Promise.all(
      [1, 2, 3].map(() =>
        admin.post(`/payments/${payment.id}/refund`, { amount: 5000, reason: 'x', by: 'provider' }),
      ),
    )
    expect(replies.map(({ status }) => status).toSorted()).toEqual([201, 409, 409])
    await runJobs(api)
    const [sums] = await askOwner(
      api,
      `select sum(amount) filter (where ledger_account = 'bank')::int as bank from ledger_entries where account_id = $1`,
      [account.id],
    )
    expect(sums.bank).toBe(0)
  })

  it('is owed again after a chargeback, and paid again when it is won', async () => {
    const { account, customer } = await createParty()
    const invoice = await issue(account, 5000)
    const made = await customer.post('/payment-intents', {
      provider_id: provider.id,
      method: 'card',
      invoice_ids: [invoice.id],
    })
    await runJobs(api)
    const ref = refOf((await customer.get(`/payment-intents/${made.body.id}`)).body)
    await press(api, ref, { do: 'choose', scenario: 'success' })
    await look(made.body.id)
    await press(api, ref, { do: 'dispute' })
    await look(made.body.id)
    expect(await stateOf(invoice)).toBe('open')
    await press(api, ref, { do: 'win' })
    await look(made.body.id)
    expect(await stateOf(invoice)).toBe('paid')
    expect((await admin.get(`/payment-reversals?account_id=${account.id}`)).body.items).toMatchObject([
      { kind: 'chargeback', state: 'won', amount: 5000 },
    ])
  })
})

describe('staff', () => {
  it('set providers, whose secrets are never shown, and see whether they work', async () => {
    const drivers = (await admin.get('/payment-drivers')).body.items
    expect(drivers.map(({ driver }: { driver: string }) => driver)).toContain('sandbox')
    expect((await admin.post(`/payment-providers/${provider.id}/test`)).status).toBe(202)
    await runJobs(api)
    expect((await admin.get(`/payment-providers/${provider.id}`)).body).toMatchObject({
      health: 'working',
      health_code: null,
    })
    const bad = await admin.post('/payment-providers', {
      business_unit_id: unit.id,
      driver: 'sandbox',
      name: 'x',
      methods: ['boleto'],
    })
    expect([bad.status, bad.body.errors?.[0]?.path ?? bad.body.fields?.[0]?.path]).toEqual([422, 'methods'])
    const finance = await api.staff('support')
    expect((await finance.post(`/payment-providers/${provider.id}/test`)).status).toBe(403)
  })

  it('cannot have a secret sent to another address than the one that it was given for', async () => {
    const bank = await startPixBank()
    try {
      const input = { name: 'Banco', methods: ['pix'], enabled: false }
      const made = await admin.post('/payment-providers', {
        ...input,
        business_unit_id: unit.id,
        driver: 'pix',
        settings: bank.settings,
        secrets: bank.secrets,
      })
      expect(made.status, JSON.stringify(made.body)).toBe(201)
      const change = (settings: object, secrets: object = {}) =>
        admin.put(`/payment-providers/${made.body.id}`, {
          ...input,
          settings: { ...bank.settings, ...settings },
          secrets,
        })
      // What is no address changes without them.
      expect((await change({ expires_hours: '12' })).status).toBe(200)
      const elsewhere = { token_url: 'https://collector.example/token' }
      const refused = await change(elsewhere)
      expect(refused.status).toBe(422)
      expect(
        refused.body.errors.map(({ path, code }: Record<string, string>) => [path, code]).toSorted(),
      ).toEqual(
        made.body.secrets_set.map((name: string) => [`secrets.${name}`, 'secrets_needed_again']).toSorted(),
      )
      // Some of them are not enough.
      const { client_secret, ...others } = bank.secrets
      const part = await change(elsewhere, others)
      expect(part.body.errors.map(({ path }: { path: string }) => path)).toEqual(['secrets.client_secret'])
      expect((await admin.get(`/payment-providers/${made.body.id}`)).body.settings.token_url).toBe(
        bank.settings.token_url,
      )
      expect((await change(elsewhere, { ...others, client_secret })).status).toBe(200)
    } finally {
      await bank.close()
    }
  })

  it('put a provider away: nobody pays by it any more', async () => {
    const made = await admin.post('/payment-providers', {
      business_unit_id: unit.id,
      driver: 'sandbox',
      name: 'Outro',
      methods: ['card'],
      enabled: true,
    })
    expect((await admin.post(`/payment-providers/${made.body.id}/archive`)).status).toBe(204)
    const { account, customer } = await createParty()
    const invoice = await issue(account, 5000)
    const reply = await customer.post('/payment-intents', {
      provider_id: made.body.id,
      method: 'card',
      invoice_ids: [invoice.id],
    })
    expect([reply.status, reply.body.code]).toEqual([422, 'invalid_input'])
    const changed = await admin.put(`/payment-providers/${made.body.id}`, { name: 'x', methods: ['card'] })
    expect([changed.status, changed.body.code]).toEqual([409, 'provider_archived'])
  })
})
