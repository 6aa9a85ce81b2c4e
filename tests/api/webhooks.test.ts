// Webhooks (A12): who is told what, signed after the Standard Webhooks convention, until it arrives; the log, and sending again.
import { sql } from 'kysely'
import pg from 'pg'
import { Webhook } from 'standardwebhooks'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Caller, type Reply, startTestApi, type TestApi } from '../api.ts'
import { issueInvoice } from '../invoices.ts'
import { runJobs } from '../jobs.ts'
import { addPlan, addService, pass, work } from '../webhooks/house.ts'
import { type Received, type Receiver, startReceiver } from '../webhooks/receiver.ts'

let api: TestApi
let admin: Caller
let owner: Caller
let unit: { id: string }
let account: { id: string }
let receiver: Receiver

beforeAll(async () => {
  api = await startTestApi()
  api.config.webhookNetworks = ['127.0.0.0/8']
  api.setNow(new Date().toISOString())
  admin = await api.staff('admin')
  unit = await api.unit()
  account = await makeAccount('Padaria', 'dona@padaria.example')
  owner = await api.customer('dona@padaria.example')
})
afterAll(() => api.close())
beforeEach(async () => {
  receiver = await startReceiver()
})
afterEach(async () => {
  await receiver.close()
  await api.system((tx) => tx.deleteFrom('webhook_endpoints').execute())
  api.setNow(new Date().toISOString())
})

async function makeAccount(name: string, email: string): Promise<{ id: string }> {
  const made = (await admin.post('/accounts', { business_unit_id: unit.id, name, email })).body
  // That it was created is told before anybody listens.
  await runJobs(api)
  return made
}

type Made = { id: string; key: string; webhook: Webhook }

/** An endpoint of the operator, or of the account; the portal names no inner address, so its own is written beneath it. */
async function makeEndpoint(caller: Caller, input: object = {}, url = receiver.url): Promise<Made> {
  const inPortal = caller !== admin
  const reply = await caller.post('/webhook-endpoints', {
    url: inPortal ? 'https://hooks.padaria.example/in' : url,
    ...input,
  })
  expect(reply.status, JSON.stringify(reply.body)).toBe(201)
  const { endpoint, key } = reply.body
  if (inPortal)
    await api.system((tx) =>
      tx.updateTable('webhook_endpoints').set({ url }).where('id', '=', endpoint.id).execute(),
    )
  return { id: endpoint.id, key, webhook: new Webhook(key) }
}

const invoiceOf = (accountId: string, total = 9990) =>
  api.system((tx) => issueInvoice(tx, accountId, { total, due_date: '2026-12-10' }))

async function pay(accountId: string, invoice: { id: string }, amount = 9990) {
  const reply = await admin.post(`/accounts/${accountId}/payments`, {
    amount,
    method: 'pix',
    received_on: api.now().toString().slice(0, 10),
    invoice_ids: [invoice.id],
  })
  expect(reply.status, JSON.stringify(reply.body)).toBeLessThan(300)
}

const read = (received: Received) => JSON.parse(received.body)
const types = (of: Receiver = receiver) => of.received.map((one) => read(one).type).sort()
const deliveries = async (caller: Caller, query = ''): Promise<Reply['body'][]> =>
  (await caller.get(`/webhook-deliveries${query}`)).body.items
const endpointOf = async (caller: Caller, id: string) => (await caller.get(`/webhook-endpoints/${id}`)).body

describe('a delivery', () => {
  it('is signed so that the convention’s own library verifies it, and carries what the API shows', async () => {
    const { webhook } = await makeEndpoint(admin, { event_types: ['invoice.paid', 'payment.received'] })
    const invoice = await invoiceOf(account.id)
    await pay(account.id, invoice)
    await work(api)
    expect(types()).toEqual(['invoice.paid', 'payment.received'])
    for (const one of receiver.received) {
      expect(() => webhook.verify(one.body, one.headers)).not.toThrow()
      expect(() => webhook.verify(`${one.body} `, one.headers)).toThrow()
      expect(one).toMatchObject({ method: 'POST', path: '/hook' })
      expect(one.headers).toMatchObject({ 'content-type': 'application/json', 'user-agent': 'Zaguan' })
      expect(one.headers['webhook-id']).toMatch(/^msg_[0-9a-f]{32}$/)
    }
    const paid = receiver.received.map(read).find((body) => body.type === 'invoice.paid')
    expect(Object.keys(paid)).toEqual(['type', 'timestamp', 'data'])
    const shown = (await admin.get(`/invoices/${invoice.id}`, { 'accept-language': 'pt-BR' })).body
    expect(paid.data).toEqual(shown)
    expect((await deliveries(admin)).map((one) => one.state)).toEqual(['delivered', 'delivered'])
  })

  it('of an account carries no more than the portal shows, and only that account’s', async () => {
    const other = await makeAccount('Vizinho', 'eu@vizinho.example')
    const neighbour = await api.customer('eu@vizinho.example')
    await makeEndpoint(owner)
    const elsewhere = await startReceiver()
    await makeEndpoint(neighbour, {}, elsewhere.url)
    const invoice = await invoiceOf(account.id)
    await pay(account.id, invoice)
    await work(api)
    expect(types()).toEqual(['invoice.paid', 'payment.received'])
    expect(elsewhere.received).toEqual([])
    const paid = receiver.received.map(read).find((body) => body.type === 'invoice.paid')
    expect(paid.data).toEqual(
      (await owner.get(`/invoices/${invoice.id}`, { 'accept-language': 'pt-BR' })).body,
    )
    expect(JSON.stringify(receiver.received)).not.toMatch(/business_unit_name|recorded_by|account_number/)
    await pay(other.id, await invoiceOf(other.id))
    await work(api)
    expect(elsewhere.received.length).toBe(2)
    expect(receiver.received.length).toBe(2)
    await elsewhere.close()
  })

  it('is told once for each time that an invoice is paid, however often it is announced', async () => {
    await makeEndpoint(admin, { event_types: ['invoice.paid'] })
    const invoice = await invoiceOf(account.id)
    await pay(account.id, invoice)
    await api.system((tx) =>
      sql`select enqueue_job('webhooks:record_invoices_settled', ${JSON.stringify({ invoice_ids: [invoice.id] })}::json)`.execute(
        tx,
      ),
    )
    await work(api)
    await api.system((tx) =>
      sql`select enqueue_job('webhooks:record_invoices_settled', ${JSON.stringify({ invoice_ids: [invoice.id] })}::json)`.execute(
        tx,
      ),
    )
    await work(api)
    expect(types()).toEqual(['invoice.paid'])
  })

  it('goes to whoever chose its type, of the operator’s to those of its business unit', async () => {
    const far = await api.unit()
    const here = await startReceiver()
    const there = await startReceiver()
    const silent = await startReceiver()
    await makeEndpoint(admin)
    await makeEndpoint(admin, { business_unit_id: unit.id }, here.url)
    await makeEndpoint(admin, { business_unit_id: far.id }, there.url)
    await makeEndpoint(admin, { event_types: ['contract.accepted'] }, silent.url)
    const plan = await api.system((tx) => addPlan(tx, unit.id))
    const service = await api.system((tx) => addService(tx, unit.id, account.id, plan))
    const suspended = await admin.post(`/subscriptions/${service}/suspend`, { reason: 'Viagem' })
    expect(suspended.status, JSON.stringify(suspended.body)).toBeLessThan(300)
    await work(api)
    await admin.post(`/subscriptions/${service}/reactivate`, {})
    await work(api)
    await admin.patch(`/accounts/${account.id}`, { city: 'Natal' })
    await work(api)
    const expected = ['account.changed', 'subscription.reactivated', 'subscription.suspended']
    expect([types(), types(here), types(there), types(silent)]).toEqual([expected, expected, [], []])
    expect(
      receiver.received.map(read).find((body) => body.type === 'subscription.suspended').data,
    ).toMatchObject({
      id: service,
      suspensions: [{ administrative: false }],
    })
    await Promise.all([here.close(), there.close(), silent.close()])
  })

  it('writes nothing where nobody listens', async () => {
    const before = await countMessages()
    await pay(account.id, await invoiceOf(account.id))
    await runJobs(api)
    await makeEndpoint(admin, { event_types: ['contract.accepted'] })
    await pay(account.id, await invoiceOf(account.id))
    await work(api)
    expect(await countMessages()).toBe(before)
  })

  it('does not reach this machine from a customer’s endpoint, and the operator’s only where it says so', async () => {
    const mine = await makeEndpoint(owner, { event_types: ['account.changed'] })
    const theirs = await makeEndpoint(admin, { event_types: ['account.changed'] })
    await admin.patch(`/accounts/${account.id}`, { city: 'Recife' })
    await runJobs(api)
    expect(receiver.received.length).toBe(1)
    expect((await deliveries(admin, `?endpoint_id=${theirs.id}`))[0].state).toBe('delivered')
    expect((await deliveries(owner, `?endpoint_id=${mine.id}`))[0]).toMatchObject({
      state: 'pending',
      last_error: 'address_refused',
    })
    for (const url of [
      'https://localhost/',
      'https://10.0.0.1/',
      'http://example.com/',
      'https://a:b@example.com/',
    ])
      expect((await owner.post('/webhook-endpoints', { url })).body.errors[0].path, url).toBe('url')
    expect(
      (await admin.post('/webhook-endpoints', { url: 'https://169.254.169.254/latest' })).body.errors[0],
    ).toMatchObject({ path: 'url', code: 'url_internal' })
  })
})

const countMessages = async () =>
  (await api.system((tx) => sql<{ n: number }>`select count(*)::int as n from webhook_messages`.execute(tx)))
    .rows[0]!.n

describe('a key', () => {
  it('rotates: for a day both sign, then the new one alone', async () => {
    const { id, webhook, key } = await makeEndpoint(admin)
    const rotated = await admin.post(`/webhook-endpoints/${id}/rotate`)
    expect(rotated.status).toBe(200)
    expect(rotated.body.key).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
    expect(rotated.body.key).not.toBe(key)
    expect(rotated.body.endpoint).toMatchObject({ key_version: 2, previous_key_until: expect.any(String) })
    await admin.post(`/webhook-endpoints/${id}/test`)
    await work(api)
    const [both] = receiver.received
    expect(both!.headers['webhook-signature']!.split(' ').length).toBe(2)
    expect(() => webhook.verify(both!.body, both!.headers)).not.toThrow()
    const newer = new Webhook(rotated.body.key)
    expect(() => newer.verify(both!.body, both!.headers)).not.toThrow()
    // A third: the first ends at once.
    const third = new Webhook((await admin.post(`/webhook-endpoints/${id}/rotate`)).body.key)
    await admin.post(`/webhook-endpoints/${id}/test`)
    await work(api)
    const again = receiver.received[1]!
    expect(() => webhook.verify(again.body, again.headers)).toThrow()
    expect(() => newer.verify(again.body, again.headers)).not.toThrow()
    expect(() => third.verify(again.body, again.headers)).not.toThrow()
    pass(api, { hours: 25 })
    await admin.post(`/webhook-endpoints/${id}/test`)
    await work(api)
    expect(receiver.received[2]!.headers['webhook-signature']!.split(' ').length).toBe(1)
  })

  it('is stored encrypted, shown once, and in neither the audit log nor the answers kept for repetition', async () => {
    const { id, key } = await makeEndpoint(admin)
    const database = new pg.Client({ connectionString: api.database.ownerUrl })
    await database.connect()
    try {
      const stored = await database.query('select key_encrypted from webhook_keys where endpoint_id = $1', [
        id,
      ])
      expect(stored.rows[0].key_encrypted.toString('latin1')).not.toContain(key.slice(6))
      for (const table of ['audit_log', 'idempotency_keys', 'webhook_endpoints', 'webhook_messages']) {
        const found = await database.query(
          `select count(*)::int as n from ${table} t where t::text like $1`,
          [`%${key.slice(6, 40)}%`],
        )
        expect(found.rows[0].n, table).toBe(0)
      }
    } finally {
      await database.end()
    }
    expect(JSON.stringify((await admin.get('/webhook-endpoints')).body)).not.toContain('whsec_')
    const log = (await admin.get(`/audit?object_type=webhook_endpoints&object_id=${id}`)).body.items
    expect(log[0]).toMatchObject({ operation: 'create_webhook_endpoint', action: 'created' })
  })
})

describe('what does not arrive', () => {
  it('is tried again, ever later, over three days; then it has failed and the endpoint is switched off, with a mail', async () => {
    const { id } = await makeEndpoint(admin)
    receiver.answer({ status: 500, body: 'Ai, caiu' })
    await admin.post(`/webhook-endpoints/${id}/test`)
    await work(api)
    const waits: number[] = []
    for (;;) {
      const [delivery] = await deliveries(admin)
      if (delivery.state !== 'pending') break
      expect(delivery).toMatchObject({ last_status: 500, last_error: null })
      waits.push(
        Math.round(
          Number(Temporal.Instant.from(delivery.next_at).epochMilliseconds - api.now().epochMilliseconds) /
            1000,
        ),
      )
      expect(await endpointOf(admin, id)).toMatchObject({ state: 'failing', enabled: true })
      // Nothing is sent before its time.
      const sent = receiver.received.length
      pass(api, { seconds: waits.at(-1)! - 1 })
      await work(api)
      expect(receiver.received.length).toBe(sent)
      pass(api, { seconds: 1 })
      await work(api)
      expect(receiver.received.length).toBe(sent + 1)
    }
    expect(waits).toEqual([5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400])
    expect(new Set(receiver.received.map((one) => one.headers['webhook-id'])).size).toBe(1)
    expect(new Set(receiver.received.map((one) => one.body)).size).toBe(1)
    expect(new Set(receiver.received.map((one) => one.headers['webhook-timestamp'])).size).toBe(10)
    const [delivery] = await deliveries(admin)
    expect(delivery).toMatchObject({ state: 'failed', attempts: 10, next_at: null })
    const detail = (await admin.get(`/webhook-deliveries/${delivery.id}`)).body
    expect(detail.attempt_log.length).toBe(10)
    expect(detail.attempt_log[0]).toMatchObject({ number: 10, status: 500, answer: 'Ai, caiu', error: null })
    expect(await endpointOf(admin, id)).toMatchObject({
      state: 'disabled',
      enabled: false,
      disabled_reason: 'failing',
    })
    expect(await mails()).toEqual([expect.objectContaining({ subject: 'A webhook was switched off' })])
  })

  it('adds up to a tenth of the delay by chance', async () => {
    const { id } = await makeEndpoint(admin)
    receiver.answer({ status: 503 })
    await admin.post(`/webhook-endpoints/${id}/test`)
    await work(api, { chance: 1 })
    const [delivery] = await deliveries(admin)
    expect(Temporal.Instant.from(delivery.next_at).epochMilliseconds - api.now().epochMilliseconds).toBe(5500)
  })

  it('ends at once where the endpoint says that it is gone; the owner of the account hears of it', async () => {
    const { id } = await makeEndpoint(owner)
    receiver.answer({ status: 410 })
    await owner.post(`/webhook-endpoints/${id}/test`)
    await owner.post(`/webhook-endpoints/${id}/test`)
    await work(api)
    expect(await endpointOf(owner, id)).toMatchObject({ state: 'disabled', disabled_reason: 'gone' })
    expect((await deliveries(owner)).map((one) => one.state).sort()).toContain('failed')
    expect((await deliveries(owner)).filter((one) => one.state === 'pending')).toEqual([])
    await admin.patch(`/accounts/${account.id}`, { city: 'Olinda' })
    const sent = receiver.received.length
    await work(api)
    expect(receiver.received.length).toBe(sent)
    const mailbox = (await owner.get('/notices')).body.items
    expect(mailbox[0]).toMatchObject({ kind: 'webhook_disabled' })
    expect((await owner.post(`/webhook-endpoints/${id}/test`)).body.code).toBe('webhook_disabled')
  })

  it('is a redirect, silence, or an address where nobody listens', async () => {
    receiver.answer({ status: 307, headers: { location: receiver.url } })
    const { id } = await makeEndpoint(admin)
    await admin.post(`/webhook-endpoints/${id}/test`)
    await work(api)
    expect(receiver.received.length).toBe(1)
    expect((await deliveries(admin))[0]).toMatchObject({ state: 'pending', last_status: 307 })
    receiver.answer('never')
    pass(api, { seconds: 6 })
    await work(api, { timeoutMs: 200 })
    expect((await deliveries(admin))[0]).toMatchObject({
      last_status: null,
      last_error: 'timed_out',
      attempts: 2,
    })
    await receiver.close()
    pass(api, { minutes: 6 })
    await work(api)
    expect((await deliveries(admin))[0]).toMatchObject({ last_error: 'connection_refused', attempts: 3 })
  })

  it('holds nobody else up: a silent endpoint has few at once, the others get theirs meanwhile', async () => {
    const slow = await startReceiver('never')
    const silent = await makeEndpoint(admin, {}, slow.url)
    const { id } = await makeEndpoint(admin)
    for (let n = 0; n < 12; n++) await admin.post(`/webhook-endpoints/${silent.id}/test`)
    for (let n = 0; n < 12; n++) await admin.post(`/webhook-endpoints/${id}/test`)
    let heldUp = Number.POSITIVE_INFINITY
    receiver.answer(() => {
      if (receiver.received.length === 12) heldUp = slow.received.length
      return { status: 204 }
    })
    await work(api, { timeoutMs: 700 })
    expect(receiver.received.length).toBe(12)
    // All were there long before the silent one had been waited for twelve times.
    expect(heldUp).toBeLessThan(12)
    // Four at once until the first was found to be silent, then one at a time.
    expect(slow.received.length).toBe(12)
    await slow.close()
  })
})

describe('a silent endpoint', () => {
  it('is not left alone because all that was on its way ended while more was looked for', async () => {
    const slow = await startReceiver('never')
    const silent = await makeEndpoint(admin, {}, slow.url)
    for (let n = 0; n < 8; n++) await admin.post(`/webhook-endpoints/${silent.id}/test`)
    await work(api, { timeoutMs: 200, slowMs: 300 })
    expect(slow.received.length).toBe(8)
    await slow.close()
  })
})

/** Mails to staff: in the office's mailbox. */
const mails = async () =>
  (await admin.get('/notices?limit=10')).body.items.filter(
    (notice: { kind: string }) => notice.kind === 'webhook_disabled',
  )

describe('sending again', () => {
  it('one delivery, under the same id', async () => {
    const { id } = await makeEndpoint(admin)
    await admin.post(`/webhook-endpoints/${id}/test`)
    await work(api)
    const [delivery] = await deliveries(admin)
    const again = await admin.post(`/webhook-deliveries/${delivery.id}/replay`)
    expect(again.body).toMatchObject({ state: 'pending', attempts: 1 })
    await work(api)
    expect(receiver.received.length).toBe(2)
    expect(receiver.received[0]!.headers['webhook-id']).toBe(receiver.received[1]!.headers['webhook-id'])
    expect((await deliveries(admin))[0]).toMatchObject({ state: 'delivered', attempts: 2 })
  })

  it('everything that did not arrive since a moment, once the endpoint is on again', async () => {
    const { id } = await makeEndpoint(owner)
    receiver.answer({ status: 500 })
    for (let n = 0; n < 3; n++) await owner.post(`/webhook-endpoints/${id}/test`)
    await work(api)
    const since = api.now().subtract({ minutes: 1 }).toString()
    const off = await owner.patch(`/webhook-endpoints/${id}`, { enabled: false })
    expect(off.body).toMatchObject({ state: 'disabled', disabled_reason: 'by_hand' })
    expect((await deliveries(owner)).map((one) => one.state)).toEqual(['cancelled', 'cancelled', 'cancelled'])
    expect((await owner.post(`/webhook-endpoints/${id}/replay`, { since })).body.code).toBe(
      'webhook_disabled',
    )
    expect((await owner.patch(`/webhook-endpoints/${id}`, { enabled: true })).body).toMatchObject({
      state: 'active',
      failing_since: null,
    })
    receiver.answer({ status: 200 })
    const later = api.now().add({ minutes: 1 }).toString()
    expect((await owner.post(`/webhook-endpoints/${id}/replay`, { since: later })).body).toEqual({ count: 0 })
    expect((await owner.post(`/webhook-endpoints/${id}/replay`, { since })).body).toEqual({ count: 3 })
    await work(api)
    expect((await deliveries(owner, '?state=delivered')).length).toBe(3)
  })
})

describe('the log', () => {
  it('is filtered and paged, and keeps what was answered', async () => {
    const { id } = await makeEndpoint(admin)
    receiver.answer({ status: 200, body: `ok\u0000${'x'.repeat(5000)}` })
    for (let n = 0; n < 3; n++) await admin.post(`/webhook-endpoints/${id}/test`)
    await work(api)
    const first = (await admin.get('/webhook-deliveries?limit=2')).body
    expect(first.items.length).toBe(2)
    const second = (await admin.get(`/webhook-deliveries?limit=2&cursor=${first.next_cursor}`)).body
    expect(second.items.length).toBe(1)
    expect(second.next_cursor).toBeNull()
    const [one] = first.items
    expect((await deliveries(admin, `?q=${one.event_id}`)).map((found) => found.id)).toEqual([one.id])
    expect(await deliveries(admin, '?type=invoice.paid')).toEqual([])
    expect(await deliveries(admin, '?state=failed')).toEqual([])
    expect(await deliveries(admin, `?to=${api.now().subtract({ hours: 1 })}`)).toEqual([])
    const detail = (await admin.get(`/webhook-deliveries/${one.id}`)).body
    expect(detail.body).toBe(
      receiver.received.find((got) => got.headers['webhook-id'] === one.event_id)!.body,
    )
    expect(detail.attempt_log).toMatchObject([{ number: 1, status: 200, error: null }])
    expect(detail.attempt_log[0].answer.length).toBe(1024)
  })

  it('is kept for 30 days', async () => {
    const { id } = await makeEndpoint(admin)
    await admin.post(`/webhook-endpoints/${id}/test`)
    await work(api)
    pass(api, { hours: 24 * 29 })
    const forget = () =>
      api.system((tx) => sql`select enqueue_job('webhooks:forget_old', '{}'::json)`.execute(tx))
    await forget()
    await work(api)
    expect((await deliveries(admin)).length).toBe(1)
    pass(api, { hours: 48 })
    await forget()
    await work(api)
    expect(await deliveries(admin)).toEqual([])
  })
})

describe('whose they are', () => {
  it('an account’s are its owner’s, and nobody else’s', async () => {
    const { id } = await makeEndpoint(owner)
    await owner.post(`/webhook-endpoints/${id}/test`)
    await work(api)
    const [delivery] = await deliveries(owner)
    await makeAccount('Outra', 'outra@casa.example')
    const stranger = await api.customer('outra@casa.example')
    expect((await stranger.get('/webhook-endpoints')).body.items).toEqual([])
    expect(await deliveries(stranger)).toEqual([])
    const since = api.now().toString()
    for (const reply of [
      await stranger.get(`/webhook-endpoints/${id}`),
      await stranger.patch(`/webhook-endpoints/${id}`, { description: 'x' }),
      await stranger.post(`/webhook-endpoints/${id}/rotate`),
      await stranger.post(`/webhook-endpoints/${id}/test`),
      await stranger.post(`/webhook-endpoints/${id}/replay`, { since }),
      await stranger.get(`/webhook-deliveries/${delivery.id}`),
      await stranger.post(`/webhook-deliveries/${delivery.id}/replay`),
      await stranger.delete(`/webhook-endpoints/${id}`),
      // The operator's page is the operator's own endpoints alone.
      await admin.get(`/webhook-endpoints/${id}`),
      await admin.get(`/webhook-deliveries/${delivery.id}`),
    ])
      expect([reply.status, reply.body.code]).toEqual([404, 'not_found'])
    // A member who is no owner.
    await admin.post(`/accounts/${account.id}/contacts`, { first_name: 'Rui', email: 'rui@padaria.example' })
    const member = await api.customer('rui@padaria.example')
    const members = (await admin.get(`/accounts/${account.id}/members`)).body.items
    const rui = members.find((one: { email: string }) => one.email === 'rui@padaria.example')
    await admin.patch(`/members/${rui.id}`, { permissions: ['billing', 'services', 'users'] })
    expect((await member.get('/webhook-endpoints')).body.code).toBe('not_permitted')
    // What the database itself shows them.
    const portal = new pg.Client({ connectionString: api.database.portalUrl })
    await portal.connect()
    try {
      await portal.query('begin')
      await portal.query(
        `select set_config('zaguan.account_id', $1, true), set_config('zaguan.permissions', 'billing', true)`,
        [account.id],
      )
      for (const table of ['webhook_endpoints', 'webhook_messages', 'webhook_deliveries', 'webhook_attempts'])
        expect((await portal.query(`select 1 from ${table}`)).rowCount, table).toBe(0)
      await expect(portal.query('select key_encrypted from webhook_keys')).rejects.toMatchObject({
        code: '42501',
      })
    } finally {
      await portal.end()
    }
  })

  it('staff of its business unit see an account’s and switch one off', async () => {
    const { id } = await makeEndpoint(owner)
    const seen = (await admin.get(`/accounts/${account.id}/webhook-endpoints`)).body.items
    expect(seen.map((one: { id: string }) => one.id)).toEqual([id])
    const elsewhere = await api.staff('admin', { units: [(await api.unit()).id] })
    expect((await elsewhere.get(`/accounts/${account.id}/webhook-endpoints`)).status).toBe(404)
    const path = `/accounts/${account.id}/webhook-endpoints/${id}/disable`
    expect((await elsewhere.post(path)).status).toBe(404)
    expect((await admin.post(path)).body).toMatchObject({ enabled: false, disabled_reason: 'by_hand' })
    expect((await owner.patch(`/webhook-endpoints/${id}`, { enabled: true })).body.enabled).toBe(true)
  })

  it('the operator’s follow the permissions and the business units of staff', async () => {
    const { id } = await makeEndpoint(admin)
    const auditor = await api.staff('auditor')
    expect((await auditor.get('/webhook-endpoints')).body.items.length).toBe(1)
    expect((await auditor.post('/webhook-endpoints', { url: receiver.url })).body.code).toBe('not_permitted')
    const sales = await api.staff('sales')
    expect((await sales.get('/webhook-endpoints')).body.code).toBe('not_permitted')
    const local = await api.staff('admin', { units: [unit.id] })
    expect((await local.get('/webhook-endpoints')).body.items).toEqual([])
    expect((await local.post(`/webhook-endpoints/${id}/rotate`)).status).toBe(404)
    expect((await local.post('/webhook-endpoints', { url: receiver.url })).body.errors).toMatchObject([
      { path: 'business_unit_id', code: 'required' },
    ])
    const far = await api.unit()
    expect(
      (await local.post('/webhook-endpoints', { url: receiver.url, business_unit_id: far.id })).body.errors,
    ).toMatchObject([{ path: 'business_unit_id', code: 'not_held' }])
    const own = await local.post('/webhook-endpoints', { url: receiver.url, business_unit_id: unit.id })
    expect(own.status).toBe(201)
  })

  it('staff who view as a customer look and change nothing, and a program makes none', async () => {
    await makeEndpoint(owner)
    const offered = await admin.post(`/accounts/${account.id}/view-as`, { reason: 'They called' })
    const code = new URL(offered.body.url, 'http://portal.example').searchParams.get('code')!
    const opened = await api.server.inject({
      method: 'POST',
      url: '/api/v1/portal/view-as',
      payload: { code },
    })
    const cookie = opened.cookies.find((one) => one.name === 'zaguan_view_as')!
    const viewer = (method: 'GET' | 'POST', path: string, payload?: object) =>
      api.server.inject({
        method,
        url: `/api/v1/portal${path}`,
        headers: { cookie: `${cookie.name}=${cookie.value}` },
        ...(payload ? { payload } : {}),
      })
    const { id } = (await viewer('GET', '/webhook-endpoints')).json().items[0]
    expect((await viewer('POST', '/webhook-endpoints', { url: 'https://example.com/' })).json().code).toBe(
      'person_needed',
    )
    expect((await viewer('POST', `/webhook-endpoints/${id}/rotate`)).json().code).toBe('person_needed')
    expect((await viewer('POST', `/webhook-endpoints/${id}/test`)).json().code).toBe('person_needed')
    expect(
      (await viewer('POST', `/webhook-endpoints/${id}/replay`, { since: api.now().toString() })).json().code,
    ).toBe('view_as_read_only')
    const { secret } = (await owner.post('/api-keys', { name: 'x', scopes: ['owner'] })).body
    const program = { authorization: `Bearer ${secret}` }
    const listed = await api.server.inject({ url: '/api/v1/portal/webhook-deliveries', headers: program })
    expect(listed.statusCode).toBe(200)
    const refused = await api.server.inject({
      method: 'POST',
      url: '/api/v1/portal/webhook-endpoints',
      headers: program,
      payload: { url: 'https://example.com/' },
    })
    expect(refused.json().code).toBe('person_needed')
  })

  it('are up to twenty, and none names whose it is', async () => {
    for (const extra of [
      { account_id: account.id },
      { side: 'staff' },
      { business_unit_id: unit.id },
      { key: 'whsec_x' },
    ])
      expect((await owner.post('/webhook-endpoints', { url: 'https://example.com/', ...extra })).status).toBe(
        422,
      )
    expect(
      (await owner.post('/webhook-endpoints', { url: 'https://example.com/', event_types: ['all.of.it'] }))
        .status,
    ).toBe(422)
    for (let n = 0; n < 20; n++) await makeEndpoint(owner)
    expect((await owner.post('/webhook-endpoints', { url: 'https://example.com/' })).body).toMatchObject({
      code: 'too_many_webhooks',
    })
  })

  it('go with the account when it is erased', async () => {
    const leaving = await makeAccount('Sai', 'sai@casa.example')
    const caller = await api.customer('sai@casa.example')
    const { id } = await makeEndpoint(caller)
    await makeEndpoint(admin)
    await admin.patch(`/accounts/${leaving.id}`, { city: 'Natal' })
    await work(api)
    expect(receiver.received.length).toBe(2)
    const erased = await admin.post(`/accounts/${leaving.id}/erasure`, {
      reason: 'Asked for it',
      number: (await admin.get(`/accounts/${leaving.id}`)).body.number,
    })
    expect(erased.status, JSON.stringify(erased.body)).toBeLessThan(300)
    const left = await api.system((tx) =>
      tx.selectFrom('webhook_messages').select('id').where('account_id', '=', leaving.id).execute(),
    )
    expect(left).toEqual([])
    expect((await admin.get(`/accounts/${leaving.id}/webhook-endpoints`)).body.items).toEqual([])
    await work(api)
    expect(id).toBeTruthy()
  })
})

describe('the catalogue', () => {
  it('tells each side what it may hear of, with an example that its schema accepts', async () => {
    const office = (await admin.get('/webhook-events')).body.items
    const portal = (await owner.get('/webhook-events')).body.items
    expect(office.length).toBeGreaterThan(15)
    expect(portal.map((one: { type: string }) => one.type)).toEqual(
      office.map((one: { type: string }) => one.type),
    )
    const example = JSON.parse(portal.find((one: { type: string }) => one.type === 'invoice.paid').example)
    expect(example).toMatchObject({ type: 'invoice.paid', data: { currency: 'BRL' } })
    expect(JSON.stringify(example)).not.toContain('business_unit_name')
  })
})
