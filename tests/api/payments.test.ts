import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { enqueue } from '../../server/platform/jobs.ts'
import { type Caller, startTestApi, type TestApi } from '../api.ts'
import { issueInvoice } from '../invoices.ts'
import { runJobs } from '../jobs.ts'

let api: TestApi
let admin: Caller
let unit: { id: string }
let people = 0

beforeAll(async () => {
  api = await startTestApi()
  admin = await api.staff('admin')
  unit = await api.unit({
    payment_methods: ['pix', 'bank_transfer'],
    payment_instructions: 'Chave Pix: 12.345.678/0001-95',
  })
})
afterAll(() => api.close())

type Party = { account: { id: string }; customer: Caller; email: string }

/** An account of the business unit with its owner signed in. */
async function createParty(businessUnit = unit.id): Promise<Party> {
  const email = `cliente${++people}@casa.example`
  const account = (
    await admin.post('/accounts', { business_unit_id: businessUnit, name: `Cliente ${people}`, email })
  ).body
  return { account, customer: await api.customer(email), email }
}

const issue = (account: { id: string }, total: number, due = '2026-06-10') =>
  api.system((tx) => issueInvoice(tx, account.id, { total, due_date: due }))

async function notify(party: Party, invoices: string[], change: object = {}) {
  const reply = await party.customer.post('/payment-notices', {
    invoice_ids: invoices,
    amount: 8990,
    method: 'pix',
    paid_on: '2026-05-21',
    ...change,
  })
  expect(reply.status, JSON.stringify(reply.body)).toBe(201)
  return reply.body
}

async function readLedger(accountId: string) {
  return api.system(async (tx) => {
    const rows = await tx
      .selectFrom('ledger_entries')
      .select(['ledger_account', 'amount', 'kind'])
      .where('account_id', '=', accountId)
      .where('kind', '=', 'payment')
      .execute()
    const sums: Record<string, number> = {}
    for (const row of rows) sums[row.ledger_account] = (sums[row.ledger_account] ?? 0) + row.amount
    return sums
  })
}

const stateOf = (id: string) =>
  api.system((tx) =>
    tx
      .selectFrom('invoices')
      .innerJoin('invoice_balances', 'invoice_balances.invoice_id', 'invoices.id')
      .select(['invoices.state', 'invoice_balances.open_amount'])
      .where('invoices.id', '=', id)
      .executeTakeFirstOrThrow(),
  )

describe('a customer', () => {
  it('sees how to pay', async () => {
    const { customer } = await createParty()
    expect((await customer.get('/payment-options')).body).toEqual({
      currency: 'BRL',
      methods: ['pix', 'bank_transfer'],
      instructions: 'Chave Pix: 12.345.678/0001-95',
    })
  })

  it('uploads a receipt that comes back byte for byte, as a download and nothing else', async () => {
    const party = await createParty()
    const invoice = await issue(party.account, 8990)
    const bytes = Buffer.from('%PDF-1.7\n<script>alert(1)</script>\u0000\u00ff')
    const uploaded = await party.customer.upload('POST', '/receipts', {
      name: 'comprovante á.html',
      type: 'text/html',
      bytes,
    })
    expect(uploaded.status, JSON.stringify(uploaded.body)).toBe(201)
    const notice = await notify(party, [invoice.id], { receipt_file_id: uploaded.body.file_id })
    expect(notice).toMatchObject({ receipt_name: 'comprovante á.html', receipt_size: bytes.length })
    for (const [who, path] of [
      [admin, `/payment-notices/${notice.id}/receipt`],
      [party.customer, `/payment-notices/${notice.id}/receipt`],
    ] as const) {
      const reply = await who.get(path)
      expect(reply.status).toBe(200)
      expect(reply.bytes.equals(bytes)).toBe(true)
      expect(reply.headers['content-type']).toBe('application/octet-stream')
      expect(reply.headers['content-disposition']).toMatch(/^attachment; filename=/)
      expect(reply.headers['content-security-policy']).toContain('sandbox')
      expect(reply.headers['x-content-type-options']).toBe('nosniff')
    }
    const other = await createParty()
    expect((await other.customer.get(`/payment-notices/${notice.id}/receipt`)).status).toBe(404)
    expect((await other.customer.get(`/payment-notices/${notice.id}`)).status).toBe(404)
    const stolen = await other.customer.post('/payment-notices', {
      invoice_ids: [(await issue(other.account, 100)).id],
      amount: 100,
      method: 'pix',
      paid_on: '2026-05-21',
      receipt_file_id: uploaded.body.file_id,
    })
    expect(stolen.body.errors).toMatchObject([{ path: 'receipt_file_id', code: 'not_a_choice' }])
  })

  it('is refused a receipt that is too large or empty, and nothing is kept of it', async () => {
    const { customer, account } = await createParty()
    const large = await customer.upload('POST', '/receipts', {
      name: 'large.bin',
      type: 'application/pdf',
      bytes: Buffer.alloc(10_000_001),
    })
    expect(large.body).toMatchObject({ status: 413, code: 'file_too_large' })
    const empty = await customer.upload('POST', '/receipts', {
      name: 'empty.pdf',
      type: 'application/pdf',
      bytes: Buffer.alloc(0),
    })
    expect(empty.body.code).toBe('file_needed')
    const page = await customer.upload('POST', '/receipts', {
      name: 'page.pdf',
      type: 'application/pdf',
      bytes: Buffer.from('<script>alert(1)</script>'),
    })
    expect(page.body).toMatchObject({ status: 422, code: 'receipt_format' })
    const files = await api.system((tx) =>
      tx.selectFrom('files').select('id').where('account_id', '=', account.id).execute(),
    )
    expect(files).toEqual([])
  })

  it('tells of a payment: no balance changes, and a second notice for the same invoice waits for the first', async () => {
    const party = await createParty()
    const [one, two] = [await issue(party.account, 8990), await issue(party.account, 5000)]
    const notice = await notify(party, [one.id])
    expect(notice).toMatchObject({
      state: 'pending',
      amount: 8990,
      currency: 'BRL',
      invoices: [{ id: one.id, number: one.number, open_amount: 8990, state: 'open' }],
    })
    expect(await readLedger(party.account.id)).toEqual({})
    const again = await party.customer.post('/payment-notices', {
      invoice_ids: [two.id, one.id],
      amount: 1,
      method: 'pix',
      paid_on: '2026-05-21',
    })
    expect(again.status).toBe(409)
    expect(again.body).toMatchObject({ code: 'notice_pending' })
    expect(again.body.detail).toContain(one.number)
    expect((await party.customer.get('/payment-notices')).body.items).toMatchObject([{ id: notice.id }])
    expect((await party.customer.get('/payment-notices?state=approved')).body.items).toEqual([])
  })

  it('can tell of one invoice twice at once only once', async () => {
    const party = await createParty()
    const invoice = await issue(party.account, 8990)
    const body = { invoice_ids: [invoice.id], amount: 8990, method: 'pix', paid_on: '2026-05-21' }
    const replies = await Promise.all(
      Array.from({ length: 6 }, () => party.customer.post('/payment-notices', body)),
    )
    expect(replies.map((reply) => reply.status).sort()).toEqual([201, 409, 409, 409, 409, 409])
  })

  it('is told what cannot be: a day to come, another’s invoice, a paid one, a method that is not taken', async () => {
    const party = await createParty()
    const other = await createParty()
    const invoice = await issue(party.account, 100)
    const foreign = await issue(other.account, 100)
    const paid = await issue(party.account, 100)
    await admin.post(`/accounts/${party.account.id}/payments`, {
      amount: 100,
      method: 'cash',
      received_on: '2026-05-21',
      invoice_ids: [paid.id],
    })
    const base = { invoice_ids: [invoice.id], amount: 100, method: 'pix', paid_on: '2026-05-21' }
    const faults: [object, string, string][] = [
      [{ paid_on: '2026-05-22' }, 'paid_on', 'in_the_future'],
      [{ invoice_ids: [foreign.id] }, 'invoice_ids', 'not_a_choice'],
      [{ invoice_ids: [invoice.id, paid.id] }, 'invoice_ids', 'not_a_choice'],
      [{ method: 'cash' }, 'method', 'not_a_choice'],
      [{ amount: 0 }, 'amount', 'too_small'],
      [{ invoice_ids: [] }, 'invoice_ids', 'too_small'],
    ]
    for (const [change, path, code] of faults) {
      const reply = await party.customer.post('/payment-notices', { ...base, ...change })
      expect(reply.status, JSON.stringify(change)).toBe(422)
      expect(reply.body.errors, JSON.stringify(change)).toMatchObject([{ path, code }])
    }
    // 23:30 on the 21st in São Paulo is the 22nd in UTC: the business unit's calendar counts.
    api.setNow('2026-05-22T02:30:00Z')
    const late = await party.customer.post('/payment-notices', { ...base, paid_on: '2026-05-22' })
    expect(late.body.errors).toMatchObject([{ path: 'paid_on', code: 'in_the_future' }])
    api.setNow('2026-05-21T15:00:00Z')
  })

  it('without the permission for billing sees and tells nothing', async () => {
    const party = await createParty()
    const email = `tecnica${people}@casa.example`
    await admin.post(`/accounts/${party.account.id}/contacts`, { first_name: 'Técnica', email })
    const technician = await api.customer(email)
    for (const path of ['/payment-notices', '/payment-options'])
      expect((await technician.get(path)).body.code).toBe('not_permitted')
  })
})

describe('staff', () => {
  it('approve a notice: exactly its invoice is paid, and it says so', async () => {
    const party = await createParty()
    const [older, chosen] = [
      await issue(party.account, 3000, '2026-05-10'),
      await issue(party.account, 8990, '2026-06-10'),
    ]
    const notice = await notify(party, [chosen.id], { reference: 'E123', note: 'Paguei ontem' })
    const finance = await api.staff('finance')
    const waiting = await finance.get(`/payment-notices?state=pending&account_id=${party.account.id}`)
    expect(waiting.body.items).toMatchObject([
      { id: notice.id, account_name: `Cliente ${people}`, reference: 'E123', created_by_email: party.email },
    ])
    const approved = await finance.post(`/payment-notices/${notice.id}/approve`, {})
    expect(approved.status, JSON.stringify(approved.body)).toBe(200)
    expect(approved.body).toMatchObject({
      state: 'approved',
      decided_by_name: expect.stringContaining('finance'),
      invoices: [{ id: chosen.id, open_amount: 0, state: 'paid' }],
    })
    expect(await stateOf(chosen.id)).toEqual({ state: 'paid', open_amount: 0 })
    expect(await stateOf(older.id)).toEqual({ state: 'open', open_amount: 3000 })
    expect(await readLedger(party.account.id)).toEqual({ bank: 8990, receivable: -8990 })
    const payment = await finance.get(`/payments/${approved.body.payment_id}`)
    expect(payment.body).toMatchObject({
      amount: 8990,
      method: 'pix',
      received_on: '2026-05-21',
      reference: 'E123',
      payment_notice_id: notice.id,
      invoices: [{ id: chosen.id, amount: 8990 }],
      credited: 0,
    })
    expect((await party.customer.get(`/payment-notices/${notice.id}`)).body.state).toBe('approved')
  })

  it('correct what the customer said; what the chosen invoices do not take is credit', async () => {
    const party = await createParty()
    const late = await issue(party.account, 5000, '2026-06-10')
    const early = await issue(party.account, 3000, '2026-05-10')
    const other = await issue(party.account, 7000, '2026-05-01')
    const notice = await notify(party, [late.id, early.id], { amount: 8000 })
    const approved = await admin.post(`/payment-notices/${notice.id}/approve`, {
      amount: 8500,
      method: 'bank_transfer',
      received_on: '2026-05-20',
    })
    expect(approved.body).toMatchObject({ state: 'approved', amount: 8000 })
    const payment = (await admin.get(`/payments/${approved.body.payment_id}`)).body
    expect(payment).toMatchObject({
      amount: 8500,
      method: 'bank_transfer',
      received_on: '2026-05-20',
      invoices: [
        { id: early.id, amount: 3000 },
        { id: late.id, amount: 5000 },
      ],
      credited: 500,
    })
    expect(await stateOf(other.id)).toEqual({ state: 'open', open_amount: 7000 })
    expect(await readLedger(party.account.id)).toEqual({
      bank: 8500,
      receivable: -8000,
      account_credit: -500,
    })
  })

  it('let a partial payment leave the rest open, oldest due date first', async () => {
    const party = await createParty()
    const late = await issue(party.account, 5000, '2026-06-10')
    const early = await issue(party.account, 3000, '2026-05-10')
    const notice = await notify(party, [late.id, early.id], { amount: 4000 })
    await admin.post(`/payment-notices/${notice.id}/approve`, {})
    expect(await stateOf(early.id)).toEqual({ state: 'paid', open_amount: 0 })
    expect(await stateOf(late.id)).toEqual({ state: 'open', open_amount: 4000 })
    // The rest may be notified again.
    await notify(party, [late.id], { amount: 4000 })
  })

  it('who approve the same notice at once make exactly one payment', async () => {
    const party = await createParty()
    const invoice = await issue(party.account, 8990)
    const notice = await notify(party, [invoice.id])
    const finance = await api.staff('finance')
    const replies = await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        (n % 2 ? admin : finance).post(`/payment-notices/${notice.id}/approve`, {}),
      ),
    )
    expect(replies.filter((reply) => reply.status === 200)).toHaveLength(1)
    expect(
      replies.filter((reply) => reply.status === 409 && reply.body.code === 'notice_decided'),
    ).toHaveLength(9)
    const payments = await admin.get(`/payments?account_id=${party.account.id}`)
    expect(payments.body.items).toHaveLength(1)
    expect(await readLedger(party.account.id)).toEqual({ bank: 8990, receivable: -8990 })
    const rejected = await admin.post(`/payment-notices/${notice.id}/reject`, { reason: 'Too late' })
    expect(rejected.body.code).toBe('notice_decided')
  })

  it('and the customer’s payments at once never pay a debt twice: the surplus is credit', async () => {
    const party = await createParty()
    const invoice = await issue(party.account, 1000)
    const notice = await notify(party, [invoice.id], { amount: 1000 })
    const body = { amount: 1000, method: 'pix', received_on: '2026-05-21', invoice_ids: [invoice.id] }
    const replies = await Promise.all([
      admin.post(`/payment-notices/${notice.id}/approve`, {}),
      admin.post(`/accounts/${party.account.id}/payments`, body),
      admin.post(`/accounts/${party.account.id}/payments`, { ...body, invoice_ids: undefined }),
    ])
    expect(replies.map((reply) => reply.status).sort()).toEqual([200, 201, 201])
    expect(await readLedger(party.account.id)).toEqual({
      bank: 3000,
      receivable: -1000,
      account_credit: -2000,
    })
    expect(await stateOf(invoice.id)).toEqual({ state: 'paid', open_amount: 0 })
  })

  it('reject with a reason; the customer reads it and may send another', async () => {
    const party = await createParty()
    const invoice = await issue(party.account, 8990)
    const notice = await notify(party, [invoice.id])
    const bare = await admin.post(`/payment-notices/${notice.id}/reject`, { reason: '  ' })
    expect(bare.body.errors).toMatchObject([{ path: 'reason', code: 'required' }])
    const rejected = await admin.post(`/payment-notices/${notice.id}/reject`, {
      reason: 'O comprovante é de outra conta',
    })
    expect(rejected.body).toMatchObject({ state: 'rejected', payment_id: null })
    expect((await party.customer.get(`/payment-notices/${notice.id}`)).body).toMatchObject({
      state: 'rejected',
      rejection_reason: 'O comprovante é de outra conta',
    })
    expect(await readLedger(party.account.id)).toEqual({})
    await notify(party, [invoice.id])
  })

  it('record a payment: oldest open invoice first, and the rest is credit', async () => {
    const party = await createParty()
    const late = await issue(party.account, 5000, '2026-06-10')
    const early = await issue(party.account, 3000, '2026-05-10')
    const path = `/accounts/${party.account.id}/payments`
    const first = await admin.post(path, { amount: 4000, method: 'cash', received_on: '2026-05-20' })
    expect(first.status, JSON.stringify(first.body)).toBe(201)
    expect(first.body).toMatchObject({
      invoices: [
        { id: early.id, amount: 3000 },
        { id: late.id, amount: 1000 },
      ],
      credited: 0,
    })
    const second = await admin.post(path, { amount: 5000, method: 'cash', received_on: '2026-05-21' })
    expect(second.body).toMatchObject({ invoices: [{ id: late.id, amount: 4000 }], credited: 1000 })
    const paid = await admin.post(path, {
      amount: 700,
      method: 'cash',
      received_on: '2026-05-21',
      invoice_ids: [early.id],
    })
    expect(paid.body).toMatchObject({ invoices: [], credited: 700 })
    const future = await admin.post(path, { amount: 1, method: 'cash', received_on: '2026-05-22' })
    expect(future.body.errors).toMatchObject([{ path: 'received_on', code: 'in_the_future' }])
    const twice = await admin.post(
      path,
      { amount: 10, method: 'cash', received_on: '2026-05-21' },
      { 'idempotency-key': 'pay-1' },
    )
    const replay = await admin.post(
      path,
      { amount: 10, method: 'cash', received_on: '2026-05-21' },
      { 'idempotency-key': 'pay-1' },
    )
    expect(replay.body.id).toBe(twice.body.id)
  })

  it('list, filter, page and export payments', async () => {
    const party = await createParty()
    for (let n = 1; n <= 5; n++) {
      await admin.post(`/accounts/${party.account.id}/payments`, {
        amount: n * 100,
        method: n % 2 ? 'cash' : 'pix',
        received_on: `2026-05-0${n}`,
        reference: n === 3 ? '=cmd()' : null,
      })
    }
    const path = `/payments?account_id=${party.account.id}`
    expect(
      (await admin.get(`${path}&method=pix`)).body.items.map((item: { amount: number }) => item.amount),
    ).toEqual([400, 200])
    expect((await admin.get(`${path}&from=2026-05-02&to=2026-05-04`)).body.items).toHaveLength(2)
    expect((await admin.get(`${path}&q=CMD`)).body.items).toHaveLength(1)
    for (const sort of ['amount', '-received_on', 'created_at', '-account_name']) {
      const seen: string[] = []
      let cursor: string | null = null
      do {
        const reply = await admin.get(`${path}&limit=2&sort=${sort}${cursor ? `&cursor=${cursor}` : ''}`)
        seen.push(...reply.body.items.map((item: { id: string }) => item.id))
        cursor = reply.body.next_cursor
      } while (cursor)
      expect(new Set(seen).size, sort).toBe(5)
    }
    const csv = (await admin.get(`/payments.csv?account_id=${party.account.id}&sort=received_on`)).bytes
      .toString()
      .split('\r\n')
    expect(csv).toHaveLength(7)
    expect(csv[1]).toMatch(/^2026-05-01,\d+,Cliente \d+,Unit \d+,1\.00,BRL,cash,,,1\.00,/)
    expect(csv[3]).toContain("'=cmd()")
  })

  it('decide only with the permission, and only in their business units', async () => {
    const party = await createParty()
    const invoice = await issue(party.account, 8990)
    const notice = await notify(party, [invoice.id])
    const support = await api.staff('support')
    expect((await support.get(`/payment-notices/${notice.id}`)).status).toBe(200)
    expect((await support.post(`/payment-notices/${notice.id}/approve`, {})).body.code).toBe('not_permitted')
    const elsewhere = await api.staff('finance', { units: [(await api.unit()).id] })
    for (const reply of [
      await elsewhere.get(`/payment-notices/${notice.id}`),
      await elsewhere.get(`/payment-notices/${notice.id}/receipt`),
      await elsewhere.post(`/payment-notices/${notice.id}/approve`, {}),
      await elsewhere.post(`/payment-notices/${notice.id}/reject`, { reason: 'x' }),
      await elsewhere.post(`/accounts/${party.account.id}/payments`, {
        amount: 1,
        method: 'pix',
        received_on: '2026-05-21',
      }),
    ])
      expect(reply.status).toBe(404)
    expect((await elsewhere.get('/payment-notices')).body.items).toEqual([])
    expect((await elsewhere.get('/payments')).body.items).toEqual([])
  })
})

describe('receipts that no notice uses', () => {
  it('are removed after a day, with their bytes', async () => {
    const party = await createParty()
    const file = { name: 'r.pdf', type: 'application/pdf', bytes: Buffer.from('%PDF') }
    const unused = (await party.customer.upload('POST', '/receipts', file)).body.file_id
    const used = (await party.customer.upload('POST', '/receipts', file)).body.file_id
    await notify(party, [(await issue(party.account, 1)).id], { receipt_file_id: used })
    const clean = async () => {
      await api.system((tx) => enqueue(tx, 'payments:remove_unused_receipts', {}))
      await runJobs(api)
    }
    const before = api.now()
    await clean()
    expect(await api.files.size(unused)).toBe(4)
    api.setNow(Temporal.Now.instant().add({ hours: 25 }).toString())
    await clean()
    api.setNow(before.toString())
    expect(await api.files.size(unused)).toBeNull()
    expect(await api.files.size(used)).toBe(4)
  })
})
