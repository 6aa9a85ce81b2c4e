import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { enqueue } from '../../server/platform/jobs.ts'
import { type Caller, startTestApi, type TestApi } from '../api.ts'
import { issueInvoice } from '../invoices.ts'
import { runJobs } from '../jobs.ts'
import { addSandbox, press } from '../payments/sandbox-house.ts'
import { askOwner } from '../people.ts'

let api: TestApi
let admin: Caller
let unit: { id: string }
let provider: string
let people = 0

beforeAll(async () => {
  api = await startTestApi()
  admin = await api.staff('admin')
  unit = await api.unit({})
  provider = await addSandbox(api, unit.id)
})
afterAll(() => api.close())

async function createParty() {
  const email = `cliente${++people}@casa.example`
  const account = (
    await admin.post('/accounts', { business_unit_id: unit.id, name: `Cliente ${people}`, email })
  ).body
  return { account, customer: await api.customer(email) }
}

/** Stores a card of the sandbox as its customer would: by its page. */
async function store(customer: Caller, scenario: string) {
  const setup = await customer.post('/stored-methods', { provider_id: provider, method: 'card' })
  expect(setup.status, JSON.stringify(setup.body)).toBe(201)
  await runJobs(api)
  const { action } = (await customer.get(`/payment-intents/${setup.body.id}`)).body
  await press(api, new URL(action.url).pathname.split('/').at(-1)!, { do: 'choose', scenario })
  await admin.post(`/payment-intents/${setup.body.id}/look-up`)
  await runJobs(api)
  const kept = await customer.get('/stored-methods')
  expect(kept.status, JSON.stringify(kept.body)).toBe(200)
  const [method] = kept.body.items
  return method
}

const issue = (account: { id: string }, total: number, due = '2026-05-20') =>
  api.system((tx) => issueInvoice(tx, account.id, { total, due_date: due }))

async function charge() {
  const run = await admin.post(`/business-units/${unit.id}/debit-runs`)
  expect(run.status, JSON.stringify(run.body)).toBe(201)
  await runJobs(api)
  return (await admin.get(`/debit-runs/${run.body.id}`)).body
}

const attemptsOf = async (account: { id: string }) =>
  (await admin.get(`/debit-attempts?account_id=${account.id}`)).body.items

const stateOf = async (invoice: { id: string }) =>
  (await askOwner(api, 'select state from invoices where id = $1', [invoice.id]))[0].state

/** Lets days pass. */
const pass = (days: number) =>
  api.setNow(
    api
      .now()
      .add({ hours: 24 * days })
      .toString(),
  )

describe('automatic debit', () => {
  it('charges what is due by the stored card, and nothing twice', async () => {
    const { account, customer } = await createParty()
    const method = await store(customer, 'success')
    expect(method).toMatchObject({ brand: 'Visa', last_digits: '4242', automatic: true, state: 'active' })
    const due = await issue(account, 8990)
    const later = await issue(account, 5000, '2026-12-20')
    const run = await charge()
    expect(run).toMatchObject({ state: 'done', due: 1, done: 1, paid: 1, refused: 0, amount_paid: 8990 })
    expect([await stateOf(due), await stateOf(later)]).toEqual(['paid', 'open'])
    expect(await charge()).toMatchObject({ due: 0, paid: 0 })
    expect(await attemptsOf(account)).toMatchObject([
      { attempt: 1, state: 'paid', failure: null, next_on: null },
    ])
  })

  it('charges again after a refusal when its reason says so, and pays at last', async () => {
    const { account, customer } = await createParty()
    await store(customer, 'refused_twice')
    const due = await issue(account, 4000)
    expect(await charge()).toMatchObject({ due: 1, paid: 0, refused: 1 })
    expect(await attemptsOf(account)).toMatchObject([
      { attempt: 1, state: 'refused', failure: 'insufficient_funds', next_on: '2026-05-23' },
    ])
    // Not before its day.
    expect(await charge()).toMatchObject({ due: 0 })
    pass(2)
    expect(await charge()).toMatchObject({ due: 1, paid: 0, refused: 1 })
    pass(5)
    expect(await charge()).toMatchObject({ due: 1, paid: 1, refused: 0 })
    expect(await stateOf(due)).toBe('paid')
    expect((await attemptsOf(account)).map(({ state }: { state: string }) => state)).toEqual([
      'paid',
      'refused',
      'refused',
    ])
  })

  it('charges no more by a card that is not good, until another is stored', async () => {
    const { account, customer } = await createParty()
    const bad = await store(customer, 'success')
    // Reported as stolen after it was stored.
    await askOwner(
      api,
      `update sandbox_methods set scenario = 'suspected_fraud'
        where ref = (select reference ->> 'method' from stored_methods where id = $1)`,
      [bad.id],
    )
    const due = await issue(account, 3000)
    expect(await charge()).toMatchObject({ due: 1, refused: 1 })
    expect(await attemptsOf(account)).toMatchObject([{ failure: 'suspected_fraud', next_on: null }])
    pass(30)
    expect(await charge()).toMatchObject({ due: 0 })
    const methods = (await customer.get('/stored-methods')).body.items
    expect(methods).toMatchObject([{ id: bad.id, state: 'refused' }])
    expect((await customer.delete(`/stored-methods/${bad.id}`)).status).toBe(204)
    await store(customer, 'success')
    expect(await charge()).toMatchObject({ due: 1, paid: 1 })
    expect(await stateOf(due)).toBe('paid')
  })

  it('leaves alone what is being paid, was said to be paid, or has no method that may be charged', async () => {
    const { account, customer } = await createParty()
    const method = await store(customer, 'success')
    const [paying, said] = [await issue(account, 1000), await issue(account, 2000)]
    await customer.post('/payment-intents', {
      provider_id: provider,
      method: 'card',
      invoice_ids: [paying.id],
    })
    await customer.post('/payment-notices', {
      invoice_ids: [said.id],
      amount: 2000,
      method: 'bank_transfer',
      paid_on: '2026-05-20',
    })
    expect(await charge()).toMatchObject({ due: 0 })
    const third = await issue(account, 3000)
    expect((await customer.patch(`/stored-methods/${method.id}`, { automatic: false })).body).toMatchObject({
      automatic: false,
    })
    expect(await charge()).toMatchObject({ due: 0 })
    await customer.patch(`/stored-methods/${method.id}`, { automatic: true })
    expect(await charge()).toMatchObject({ due: 1, paid: 1 })
    expect(await stateOf(third)).toBe('paid')
  })

  it('never charges by itself what was given back', async () => {
    const { account, customer } = await createParty()
    await store(customer, 'success')
    const due = await issue(account, 2500)
    expect(await charge()).toMatchObject({ due: 1, paid: 1 })
    const [payment] = (await admin.get(`/payments?account_id=${account.id}`)).body.items
    await admin.post(`/payments/${payment.id}/refund`, { amount: 2500, reason: 'Engano', by: 'provider' })
    await runJobs(api)
    expect(await stateOf(due)).toBe('open')
    expect(await charge()).toMatchObject({ due: 0 })
  })

  it('starts one run at a time, and none where it is switched off', async () => {
    const [one, two] = await Promise.all([
      admin.post(`/business-units/${unit.id}/debit-runs`),
      admin.post(`/business-units/${unit.id}/debit-runs`),
    ])
    expect([one.status, two.status].toSorted()).toEqual([201, 409])
    await runJobs(api)
    const policy = (await admin.get(`/business-units/${unit.id}/debit-policy`)).body
    expect(policy).toMatchObject({
      enabled: true,
      announce_days: 3,
      retries: { insufficient_funds: [2, 5, 10] },
    })
    expect(
      (await admin.put(`/business-units/${unit.id}/debit-policy`, { ...policy, enabled: false })).body,
    ).toEqual({ ...policy, enabled: false })
    const refused = await admin.post(`/business-units/${unit.id}/debit-runs`)
    expect([refused.status, refused.body.code]).toEqual([409, 'debits_disabled'])
    await admin.put(`/business-units/${unit.id}/debit-policy`, policy)
  })

  it('tells of a charge beforehand once, and watches what expires', async () => {
    const { account, customer } = await createParty()
    const method = await store(customer, 'expiring')
    const day = api.now().toZonedDateTimeISO('America/Sao_Paulo').toPlainDate()
    const soon = await issue(account, 1500, day.add({ days: 2 }).toString())
    await run('payments:announce_debits')
    await run('payments:announce_debits')
    const told = await askOwner(api, 'select invoice_id from debit_announcements where account_id = $1', [
      account.id,
    ])
    expect(told).toEqual([{ invoice_id: soon.id }])
    await run('payments:watch_methods')
    expect((await customer.get('/stored-methods')).body.items).toMatchObject([{ state: 'active' }])
    pass(62)
    await run('payments:watch_methods')
    expect((await customer.get('/stored-methods')).body.items).toMatchObject([
      { id: method.id, state: 'expired' },
    ])
  })
})

async function run(task: string) {
  await api.system((tx) => enqueue(tx, task, {}))
  await runJobs(api)
}
