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

  it('waits three days for a Pix by the key alone, of which nobody tells that nothing comes', async () => {
    const { account, customer } = await createParty()
    await store(customer, 'success')
    const key = await admin.post('/payment-providers', {
      business_unit_id: unit.id,
      driver: 'pix_static',
      name: 'Pix',
      enabled: true,
      methods: ['pix'],
      settings: { key: '+5511987654321', name: 'REDE CLARA', city: 'SAO PAULO' },
    })
    expect(key.status, JSON.stringify(key.body)).toBe(201)
    const due = await issue(account, 4500)
    const looked = { provider_id: key.body.id, method: 'pix', invoice_ids: [due.id] }
    expect((await customer.post('/payment-intents', looked)).status).toBe(201)
    await runJobs(api)
    // An intent keeps when it was made.
    const age = (days: number) =>
      askOwner(
        api,
        `begin; set local session_replication_role = replica;
         update payment_intents set created_at = '${api.now()}'::timestamptz - interval '${days} days'
          where provider_id = '${key.body.id}'; commit`,
      )
    await age(2)
    expect(await charge()).toMatchObject({ due: 0 })
    await age(4)
    expect(await charge()).toMatchObject({ due: 1, paid: 1 })
    expect(await stateOf(due)).toBe('paid')
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

  /** What a stored card is worth from now on. */
  const turn = (method: { id: string }, scenario: string) =>
    askOwner(
      api,
      `update sandbox_methods set scenario = $2
        where ref = (select reference ->> 'method' from stored_methods where id = $1)`,
      [method.id, scenario],
    )

  it('counts each reason by itself, and all of them to the limit of the business unit', async () => {
    const { account, customer } = await createParty()
    const method = await store(customer, 'success')
    const path = `/business-units/${unit.id}/debit-policy`
    const before = (await admin.get(path)).body
    const retries = {
      insufficient_funds: [2, 5, 10],
      limit_exceeded: [1],
      declined: [],
      provider_error: [],
      authentication_failed: [],
    }
    expect((await admin.put(path, { ...before, retries, most_attempts: 5 })).status).toBe(200)
    const due = await issue(account, 4700)
    // Why it is refused, and after how many days it is charged again.
    const story: [string, number | null][] = [
      ['insufficient_funds', 2],
      ['limit_exceeded', 1],
      ['insufficient_funds', 5],
      ['insufficient_funds', 10],
      // A fourth of that reason, and the fifth charge in all.
      ['insufficient_funds', null],
    ]
    for (const [reason, wait] of story) {
      await turn(method, reason)
      expect(await charge(), reason).toMatchObject({ due: 1, refused: 1 })
      const [latest] = await attemptsOf(account)
      const today = api.now().toZonedDateTimeISO('America/Sao_Paulo').toPlainDate()
      expect(latest).toMatchObject({
        failure: reason,
        next_on: wait === null ? null : today.add({ days: wait }).toString(),
      })
      if (wait === null) break
      if (wait > 1) {
        pass(wait - 1)
        expect(await charge(), `a day before: ${reason}`).toMatchObject({ due: 0 })
        pass(1)
      } else pass(wait)
    }
    pass(90)
    expect(await charge()).toMatchObject({ due: 0 })
    // Another card is another try, but not beyond the limit in all.
    await customer.delete(`/stored-methods/${method.id}`)
    await store(customer, 'success')
    expect(await charge()).toMatchObject({ due: 0 })
    await admin.put(path, { ...before, retries, most_attempts: 6 })
    expect(await charge()).toMatchObject({ due: 1, paid: 1 })
    expect(await stateOf(due)).toBe('paid')
    await admin.put(path, before)
  })

  it('has no schedule for cards that are not good, nor days that are none', async () => {
    const path = `/business-units/${unit.id}/debit-policy`
    const policy = (await admin.get(path)).body
    expect(Object.keys(policy.retries)).not.toContain('expired_method')
    for (const wrong of [
      { retries: { ...policy.retries, suspected_fraud: [1] } },
      { retries: { ...policy.retries, declined: [0] } },
      { retries: { ...policy.retries, declined: [61] } },
      { retries: { ...policy.retries, declined: Array.from({ length: 11 }, () => 1) } },
      { most_attempts: 0 },
      { most_attempts: 21 },
    ])
      expect((await admin.put(path, { ...policy, ...wrong })).status, JSON.stringify(wrong)).toBe(422)
  })

  const mailsTo = async (account: { id: string }, ...kinds: string[]) =>
    askOwner(
      api,
      'select kind, cause_id, text_body from notices where account_id = $1 and kind::text = any($2) order by kind::text, id',
      [account.id, kinds],
    )
  const today = () => api.now().toZonedDateTimeISO('America/Sao_Paulo').toPlainDate()

  it('tells of a card’s end a month before and on its day, charges it no more, and asks to pay otherwise', async () => {
    const { account, customer } = await createParty()
    const method = await store(customer, 'expiring')
    const ends = Temporal.PlainDate.from(method.expires_on)
    const dayBefore = (days: number) =>
      api.setNow(
        ends.subtract({ days }).toZonedDateTime('America/Sao_Paulo').add({ hours: 9 }).toInstant().toString(),
      )
    dayBefore(31)
    await run('payments:watch_methods')
    expect(await mailsTo(account, 'payment_method_expiring', 'payment_method_expired')).toEqual([])
    dayBefore(30)
    await run('payments:watch_methods')
    await run('payments:watch_methods')
    dayBefore(12)
    await run('payments:watch_methods')
    expect(await mailsTo(account, 'payment_method_expiring', 'payment_method_expired')).toMatchObject([
      { kind: 'payment_method_expiring', cause_id: method.id },
    ])

    // One falls due while it is good, one on the day on which it is not any more.
    dayBefore(2)
    const early = await issue(account, 1100, ends.subtract({ days: 1 }).toString())
    const late = await issue(account, 1200, ends.toString())
    await run('payments:announce_debits')
    await run('payments:announce_debits')
    expect(await mailsTo(account, 'debit_announced', 'debit_impossible')).toMatchObject([
      { kind: 'debit_announced', cause_id: early.id },
      { kind: 'debit_impossible', cause_id: late.id },
    ])
    dayBefore(1)
    expect(await charge()).toMatchObject({ due: 1, paid: 1 })

    // On its day, before anybody looked: not charged.
    dayBefore(0)
    expect((await customer.get('/stored-methods')).body.items).toMatchObject([{ state: 'active' }])
    expect(await charge()).toMatchObject({ due: 0 })
    await run('payments:watch_methods')
    await run('payments:watch_methods')
    expect((await customer.get('/stored-methods')).body.items).toMatchObject([
      { id: method.id, state: 'expired', automatic: true },
    ])
    const told = await mailsTo(account, 'payment_method_expiring', 'payment_method_expired')
    expect(told.map(({ kind }) => kind)).toEqual(['payment_method_expired', 'payment_method_expiring'])
    expect(await charge()).toMatchObject({ due: 0 })
    expect(await stateOf(late)).toBe('open')
    expect(await mailsTo(account, 'debit_impossible')).toHaveLength(1)

    // The new card takes its place by itself, and pays what was left.
    const next = await store(customer, 'success')
    expect(next).toMatchObject({ automatic: true, state: 'active' })
    expect(await charge()).toMatchObject({ due: 1, paid: 1 })
    expect(await stateOf(late)).toBe('paid')
  })

  it('asks to pay otherwise what waited for its next charge when the card ended', async () => {
    const { account, customer } = await createParty()
    const method = await store(customer, 'insufficient_funds')
    const due = await issue(account, 2100, today().toString())
    expect(await charge()).toMatchObject({ due: 1, refused: 1 })
    expect((await attemptsOf(account))[0].next_on).toBe(today().add({ days: 2 }).toString())
    await askOwner(api, 'update stored_methods set expires_on = $2 where id = $1', [
      method.id,
      today().add({ days: 1 }).toString(),
    ])
    pass(1)
    await run('payments:watch_methods')
    expect(await mailsTo(account, 'debit_impossible')).toMatchObject([{ cause_id: due.id }])
    expect((await attemptsOf(account))[0].next_on).toBeNull()
    pass(10)
    expect(await charge()).toMatchObject({ due: 0 })
    // Who was told with a refusal that nothing more is charged is not asked again.
    const other = await createParty()
    const bad = await store(other.customer, 'success')
    await turn(bad, 'suspected_fraud')
    await issue(other.account, 900, today().toString())
    expect(await charge()).toMatchObject({ due: 1, refused: 1 })
    const later = await issue(other.account, 950, today().add({ days: 1 }).toString())
    await run('payments:announce_debits')
    expect(await mailsTo(other.account, 'debit_impossible', 'debit_refused')).toMatchObject([
      { kind: 'debit_impossible', cause_id: later.id },
      { kind: 'debit_refused' },
    ])
    // Whoever does not want to be debited any more can say so of a card that is no longer good.
    expect((await other.customer.patch(`/stored-methods/${bad.id}`, { automatic: false })).status).toBe(200)
    expect((await other.customer.patch(`/stored-methods/${bad.id}`, { automatic: true })).body.code).toBe(
      'payment_method_unusable',
    )
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
