// The books of a business unit (X3): chart, journal, trial balance and account sheets; and what staff correct by hand.
import { sql } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { post } from '../../server/modules/billing/index.ts'
import { compactLedgerDays } from '../../server/modules/billing/ledger-days.ts'
import { type Caller, startTestApi, type TestApi } from '../api.ts'
import { issueInvoice } from '../invoices.ts'

// biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects and fails where it is not there
type Row = any

let api: TestApi
let admin: Caller

beforeAll(async () => {
  api = await startTestApi()
  admin = await api.staff('admin')
})
afterAll(() => api.close())

let people = 0
async function account(unit: { id: string }): Promise<string> {
  const name = `Customer ${++people}`
  const reply = await admin.post('/accounts', {
    business_unit_id: unit.id,
    name,
    email: `customer${people}@ledger.example`,
  })
  expect(reply.status, JSON.stringify(reply.body)).toBe(201)
  return reply.body.id
}
const issue = (accountId: string, total: number, date = '2026-05-01') =>
  api.system((tx) => issueInvoice(tx, accountId, { total, due_date: '2026-06-10', issue_date: date }))
async function pay(accountId: string, amount: number, date = '2026-05-20') {
  const reply = await admin.post(`/accounts/${accountId}/payments`, {
    amount,
    method: 'cash',
    received_on: date,
  })
  expect(reply.status, JSON.stringify(reply.body)).toBe(201)
}
async function trial(unit: { id: string }, days = ''): Promise<Row> {
  const reply = await admin.get(`/ledger/trial-balance?business_unit_id=${unit.id}${days}`)
  expect(reply.status, JSON.stringify(reply.body)).toBe(200)
  return reply.body.balances[0]
}
const rowsOf = (balance: Row) =>
  Object.fromEntries(
    balance.rows
      .filter((row: Row) => row.opening || row.debits || row.credits)
      .map((row: Row) => [row.ledger_account, [row.opening, row.debits, row.credits, row.closing]]),
  )

describe('the chart of accounts', () => {
  it('is there with every business unit, in its language, each account once', async () => {
    for (const [language, name] of [
      ['pt-BR', 'Clientes a receber'],
      ['es', 'Cuentas por cobrar'],
      ['en', 'Receivables'],
    ] as const) {
      const unit = await api.unit({ language })
      const { items } = (await admin.get(`/business-units/${unit.id}/chart`)).body
      const known = await api.system((tx) =>
        sql<{ account: string }>`select unnest(enum_range(null::ledger_account))::text as account`.execute(
          tx,
        ),
      )
      expect(items.map((row: Row) => row.ledger_account).sort()).toEqual(
        known.rows.map((row) => row.account).sort(),
      )
      expect(items.find((row: Row) => row.ledger_account === 'receivable').name).toBe(name)
      expect(items.map((row: Row) => row.code)).toEqual(items.map((row: Row) => row.code).sort())
    }
  })

  it('takes other codes and names, exchanged in one go, and no code twice', async () => {
    const unit = await api.unit()
    const path = `/business-units/${unit.id}/chart`
    const swapped = await admin.put(path, {
      items: [
        { ledger_account: 'bank', code: '1120', name: 'Banco do Brasil' },
        { ledger_account: 'receivable', code: '1110', name: 'Clientes' },
      ],
    })
    expect(swapped.body.items.slice(0, 2)).toMatchObject([
      { ledger_account: 'receivable', code: '1110', name: 'Clientes' },
      { ledger_account: 'bank', code: '1120', name: 'Banco do Brasil' },
    ])
    const twice = await admin.put(path, { items: [{ ledger_account: 'bank', code: '4100', name: 'x' }] })
    expect(twice.body.errors).toMatchObject([{ path: 'items.0.code', code: 'listed_twice' }])
    const finance = await api.staff('finance')
    expect((await finance.get(path)).status).toBe(200)
    expect(
      (await finance.put(path, { items: [{ ledger_account: 'bank', code: '9', name: 'x' }] })).status,
    ).toBe(403)
    await expect(
      api.system((tx) => sql`delete from chart_accounts where business_unit_id = ${unit.id}`.execute(tx)),
    ).rejects.toMatchObject({ code: '42501' })
  })
})

describe('the trial balance', () => {
  it('opens, moves and closes each account, and proves itself', async () => {
    const unit = await api.unit()
    const customer = await account(unit)
    await issue(customer, 10000, '2026-04-01')
    await pay(customer, 4000, '2026-04-20')
    await issue(customer, 5000, '2026-05-02')
    await pay(customer, 20000, '2026-05-10')
    expect(rowsOf(await trial(unit))).toEqual({
      receivable: [0, 15000, 15000, 0],
      revenue: [0, 0, 15000, -15000],
      bank: [0, 24000, 0, 24000],
      account_credit: [0, 0, 9000, -9000],
    })
    const may = await trial(unit, '&from=2026-05-01&to=2026-05-31')
    expect(rowsOf(may)).toEqual({
      receivable: [6000, 5000, 11000, 0],
      revenue: [-10000, 0, 5000, -15000],
      bank: [4000, 20000, 0, 24000],
      account_credit: [0, 0, 9000, -9000],
    })
    expect([may.balanced, may.totals]).toEqual([
      true,
      { opening: 0, debits: 25000, credits: 25000, closing: 0 },
    ])
    const file = await admin.get(`/ledger/trial-balance.csv?business_unit_id=${unit.id}`)
    expect(file.bytes.toString()).toContain('1120,Clientes a receber,asset,0.00,150.00,150.00,0.00,BRL')
    const book = await admin.get(`/ledger/trial-balance.xlsx?business_unit_id=${unit.id}`)
    expect([book.status, book.headers['content-type']]).toMatchObject([200, expect.stringContaining('sheet')])
  })

  it('is the sum of the entries of every day, however they were written and put together', async () => {
    const differences = () =>
      api.system((tx) =>
        sql`select business_unit_id, currency, ledger_account, on_date, sum(debits) as debits, sum(credits) as credits, sum(n) as n from (
              select business_unit_id, currency, ledger_account, on_date, debits, credits, entries as n from ledger_days
              union all
              select business_unit_id, currency, ledger_account, on_date, -greatest(amount, 0), least(amount, 0), -1 from ledger_entries) both_of
             group by 1, 2, 3, 4 having sum(debits) <> 0 or sum(credits) <> 0 or sum(n) <> 0`
          .execute(tx)
          .then((found) => found.rows),
      )
    const unit = await api.unit()
    const customers = await Promise.all(Array.from({ length: 6 }, () => account(unit)))
    const work = customers.flatMap((customer, index) => [
      () => issue(customer, 1000 + index, `2026-03-0${1 + (index % 3)}`),
      () => pay(customer, 500 + index, '2026-03-02'),
    ])
    const compact = () => api.system(compactLedgerDays)
    await Promise.all(work.flatMap((each) => [each(), compact()]))
    expect(await differences()).toEqual([])
    await Promise.all([compact(), compact()])
    expect(await differences()).toEqual([])
    expect(await compact()).toBe(0)
    const rows = await api.system((tx) =>
      sql<{ n: number }>`select count(*) as n from (select from ledger_days
        group by business_unit_id, currency, ledger_account, on_date having count(*) > 1) many`.execute(tx),
    )
    expect(rows.rows[0]!.n).toBe(0)
    expect((await trial(unit)).balanced).toBe(true)
    // A statement that is undone leaves nothing in the totals.
    await expect(
      api.system(async (tx) => {
        await issueInvoice(tx, customers[0]!, { total: 1, due_date: '2026-06-10' })
        throw new Error('undone')
      }),
    ).rejects.toThrow('undone')
    expect(await differences()).toEqual([])
    await expect(
      api.system((tx) => sql`update ledger_days set debits = 0`.execute(tx)),
    ).rejects.toMatchObject({ code: '42501' })
  })

  it('keeps currencies apart', async () => {
    const unit = await api.unit()
    const customer = await account(unit)
    await issue(customer, 700)
    await api.system((tx) =>
      post(tx, [
        {
          kind: 'opening',
          business_unit_id: unit.id,
          account_id: customer,
          currency: 'USD',
          on_date: Temporal.PlainDate.from('2026-05-01'),
          entries: [
            { ledger_account: 'opening', amount: 300 },
            { ledger_account: 'account_credit', amount: -300 },
          ],
        },
      ]),
    )
    const reply = await admin.get(`/ledger/trial-balance?business_unit_id=${unit.id}`)
    expect(reply.body.balances.map((one: Row) => [one.currency, one.balanced, one.totals.debits])).toEqual([
      ['BRL', true, 700],
      ['USD', true, 300],
    ])
  })
})

describe('the journal', () => {
  let unit: { id: string }
  let customers: string[]
  beforeAll(async () => {
    unit = await api.unit()
    customers = [await account(unit), await account(unit)]
    for (const month of ['01', '02', '03'])
      for (const one of customers) await issue(one, 1000, `2026-${month}-05`)
    await pay(customers[0]!, 1500, '2026-03-10')
    await admin.post(`/accounts/${customers[1]}/adjustments`, { amount: 250, reason: 'Fora do ar' })
  })
  const list = async (query = '') => {
    const reply = await admin.get(`/ledger/journal?business_unit_id=${unit.id}${query}`)
    expect(reply.status, JSON.stringify(reply.body)).toBe(200)
    return reply.body
  }

  it('shows postings with their entries, the latest first, in pages', async () => {
    const all = await list()
    // Six invoices, a payment, an adjustment, and the credit that it became at once.
    expect(all.items.map((row: Row) => row.kind)).toEqual([
      'credit_used',
      'adjustment',
      'payment',
      'invoice',
      'invoice',
      'invoice',
      'invoice',
      'invoice',
      'invoice',
    ])
    const payment = all.items[2]
    expect(payment).toMatchObject({
      total: 1500,
      account_id: customers[0],
      currency: 'BRL',
      on_date: '2026-03-10',
    })
    expect(
      payment.entries.map((entry: Row) => [entry.code, entry.amount, entry.document?.number ?? null]),
    ).toEqual([
      ['1110', 1500, null],
      ['1120', -1000, expect.any(Number)],
      ['1120', -500, expect.any(Number)],
    ])
    expect(all.items[1]).toMatchObject({ reason: 'Fora do ar', total: 250 })
    for (const row of all.items)
      expect(row.entries.reduce((sum: number, entry: Row) => sum + entry.amount, 0)).toBe(0)
    for (const sort of ['on_date', '-on_date']) {
      const seen: string[] = []
      let cursor: string | null = null
      do {
        const page: Row = await list(`&sort=${sort}&limit=2${cursor ? `&cursor=${cursor}` : ''}`)
        seen.push(...page.items.map((row: Row) => row.id))
        cursor = page.next_cursor
      } while (cursor)
      const ids = all.items.map((row: Row) => row.id)
      expect(seen).toEqual(sort === 'on_date' ? ids.reverse() : ids)
    }
  })

  it('is found by day, kind, account, code and customer', async () => {
    const count = async (query: string) => (await list(query)).items.length
    expect(await count('&from=2026-02-05&to=2026-02-05')).toBe(2)
    expect(await count('&kind=payment')).toBe(1)
    expect(await count('&kind=adjustment')).toBe(1)
    expect(await count('&ledger_account=bank')).toBe(1)
    expect(await count('&code=4100')).toBe(6)
    expect(await count('&code=4100&kind=payment')).toBe(0)
    expect(await count(`&account_id=${customers[0]}`)).toBe(4)
    expect(await count(`&q=${encodeURIComponent(`customer${people}@ledger.example`)}`)).toBe(5)
    const unknown = await admin.get(`/ledger/journal?business_unit_id=${unit.id}&code=77`)
    expect(unknown.body.errors).toMatchObject([{ path: 'code', code: 'not_a_choice' }])
    const file = await admin.get(`/ledger/journal.csv?business_unit_id=${unit.id}&kind=payment`)
    expect(file.bytes.toString().trim().split('\n').length).toBe(4)
  })

  it('has a sheet for each account, with a running balance on every page', async () => {
    const sheet = async (query = '') =>
      (await admin.get(`/ledger/sheet?business_unit_id=${unit.id}&ledger_account=receivable${query}`)).body
    const upwards = await sheet('&sort=on_date')
    expect(upwards).toMatchObject({ opening: 0, closing: 4250, currency: 'BRL', next_cursor: null })
    expect(upwards.items.map((row: Row) => row.balance)).toEqual([
      1000, 2000, 3000, 4000, 5000, 6000, 4500, 4250,
    ])
    for (const sort of ['on_date', '-on_date']) {
      const seen: number[] = []
      let cursor: string | null = null
      do {
        const page: Row = await sheet(
          `&sort=${sort}&limit=3${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`,
        )
        seen.push(...page.items.map((row: Row) => row.balance))
        cursor = page.next_cursor
      } while (cursor)
      const balances = upwards.items.map((row: Row) => row.balance)
      expect(seen).toEqual(sort === 'on_date' ? balances : balances.reverse())
    }
    const march = await sheet('&sort=on_date&from=2026-03-01&to=2026-03-31')
    expect(march).toMatchObject({ opening: 4000, closing: 4500 })
    expect(march.items.map((row: Row) => row.balance)).toEqual([5000, 6000, 4500])
    const file = await admin.get(
      `/ledger/sheet.csv?business_unit_id=${unit.id}&ledger_account=receivable&sort=on_date`,
    )
    expect(file.bytes.toString().trim().split('\n').at(-1)).toContain('42.50,BRL')
  })

  it('is for those who may read the ledger, of their business units', async () => {
    const paths = [
      `/ledger/journal?business_unit_id=${unit.id}`,
      `/ledger/trial-balance?business_unit_id=${unit.id}`,
      `/ledger/sheet?business_unit_id=${unit.id}&ledger_account=bank`,
      `/ledger/journal.csv?business_unit_id=${unit.id}`,
    ]
    const [finance, support, auditor] = [
      await api.staff('finance'),
      await api.staff('support'),
      await api.staff('auditor'),
    ]
    const elsewhere = await api.staff('admin', { units: [(await api.unit()).id] })
    for (const path of paths) {
      expect((await finance.get(path)).status, path).toBe(200)
      expect((await auditor.get(path)).status, path).toBe(200)
      expect((await support.get(path)).status, path).toBe(403)
    }
    for (const path of paths.slice(0, 3)) expect((await elsewhere.get(path)).status, path).toBe(404)
    expect((await elsewhere.get(paths[3]!)).bytes.toString()).not.toContain('Customer')
  })
})

describe('staff', () => {
  it('give credit, which pays open invoices at once, and take back what is left of it', async () => {
    const unit = await api.unit()
    const customer = await account(unit)
    await issue(customer, 1000)
    const given = await admin.post(`/accounts/${customer}/adjustments`, {
      amount: 1300,
      reason: 'Queda em 3 de maio',
    })
    expect(given.status, JSON.stringify(given.body)).toBe(201)
    expect(given.body).toMatchObject({ owed: 0, credit: 300, balance: -300, open_invoices: 0 })
    const much = await admin.post(`/accounts/${customer}/adjustments`, { amount: -301, reason: 'Engano' })
    expect(much.body).toMatchObject({ code: 'credit_too_small', detail: expect.stringContaining('R$3.00') })
    const taken = await admin.post(`/accounts/${customer}/adjustments`, { amount: -300, reason: 'Engano' })
    expect(taken.body).toMatchObject({ credit: 0, balance: 0 })
    for (const body of [
      { amount: 0, reason: 'x' },
      { amount: 5, reason: ' ' },
      { amount: 1.5, reason: 'x' },
    ])
      expect((await admin.post(`/accounts/${customer}/adjustments`, body)).status).toBe(422)
    expect(rowsOf(await trial(unit))).toMatchObject({
      adjustments: [0, 1300, 300, 1000],
      account_credit: [0, 1300, 1300, 0],
      receivable: [0, 1000, 1000, 0],
    })
    const log = await admin.get(`/audit?account_id=${customer}&object_type=account_adjustments`)
    expect(log.body.items.length).toBe(2)
  })

  it('record that credit was paid back, never more than there is, and never of tomorrow', async () => {
    const unit = await api.unit()
    const customer = await account(unit)
    await pay(customer, 5000)
    const refund = { amount: 2000, method: 'pix', reason: 'Pagou duas vezes', reference: 'E-77' }
    const later = await admin.post(`/accounts/${customer}/refunds`, { ...refund, on_date: '2026-05-22' })
    expect(later.body.errors).toMatchObject([{ path: 'on_date', code: 'in_the_future' }])
    const done = await admin.post(`/accounts/${customer}/refunds`, { ...refund, on_date: '2026-05-20' })
    expect(done.body).toMatchObject({ credit: 3000 })
    // Two at once never take the same credit.
    const both = await Promise.all([
      admin.post(`/accounts/${customer}/refunds`, { ...refund, amount: 2500 }),
      admin.post(`/accounts/${customer}/refunds`, { ...refund, amount: 2500 }),
    ])
    expect(both.map((reply) => reply.status).sort()).toEqual([201, 409])
    expect(rowsOf(await trial(unit))).toMatchObject({
      bank: [0, 5000, 4500, 500],
      account_credit: [0, 4500, 5000, -500],
    })
  })

  it('give up what is owed of an invoice, all or a part, and only what is owed', async () => {
    const unit = await api.unit()
    const customer = await account(unit)
    const invoice = await issue(customer, 1000)
    const much = await admin.post(`/invoices/${invoice.id}/write-off`, { amount: 1001, reason: 'x' })
    expect(much.body.errors).toMatchObject([{ path: 'amount', code: 'more_than_owed' }])
    expect(
      (await admin.post(`/invoices/${invoice.id}/write-off`, { amount: 400, reason: 'Acordo' })).status,
    ).toBe(204)
    expect((await admin.get(`/invoices/${invoice.id}`)).body).toMatchObject({
      state: 'open',
      open_amount: 600,
    })
    expect((await admin.post(`/invoices/${invoice.id}/write-off`, { reason: 'Incobrável' })).status).toBe(204)
    expect((await admin.get(`/invoices/${invoice.id}`)).body).toMatchObject({ state: 'paid', open_amount: 0 })
    const again = await admin.post(`/invoices/${invoice.id}/write-off`, { reason: 'x' })
    expect([again.status, again.body.code]).toEqual([409, 'invoice_not_open'])
    expect(rowsOf(await trial(unit))).toMatchObject({ write_off: [0, 1000, 0, 1000] })
  })

  it('need the permission for it', async () => {
    const unit = await api.unit()
    const customer = await account(unit)
    const invoice = await issue(await account(unit), 1000)
    const support = await api.staff('support')
    const finance = await api.staff('finance')
    for (const [path, body] of [
      [`/accounts/${customer}/adjustments`, { amount: 1005, reason: 'x' }],
      [`/accounts/${customer}/refunds`, { amount: 5, method: 'cash', reason: 'x' }],
      [`/invoices/${invoice.id}/write-off`, { amount: 5, reason: 'x' }],
    ] as const) {
      expect((await support.post(path, body)).status, path).toBe(403)
      expect((await finance.post(path, body)).status, path).toBeLessThan(300)
    }
  })

  it('change nothing of it afterwards, not even as the owner of the database', async () => {
    const owner = new pg.Client({ connectionString: api.database.ownerUrl })
    await owner.connect()
    for (const statement of [
      `update account_adjustments set reason = 'x'`,
      'delete from account_adjustments',
      'truncate account_adjustments',
    ])
      await expect(owner.query(statement), statement).rejects.toMatchObject({ code: '42501' })
    await owner.end()
  })
})

describe('the statement', () => {
  it('tells the customer each of them with its reason', async () => {
    const unit = await api.unit()
    const customer = await account(unit)
    const email = `customer${people}@ledger.example`
    const invoice = await issue(customer, 1000)
    await admin.post(`/accounts/${customer}/adjustments`, { amount: 300, reason: 'Fora do ar' })
    await admin.post(`/invoices/${invoice.id}/write-off`, { amount: 200, reason: 'Acordo' })
    await pay(customer, 600, '2026-05-21')
    await admin.post(`/accounts/${customer}/refunds`, {
      amount: 100,
      method: 'pix',
      reference: 'E-1',
      reason: 'Pago a mais',
    })
    const own = await api.customer(email)
    const { items } = (await own.get('/statement?sort=on_date')).body
    expect(items).toMatchObject([
      { kind: 'invoice', amount: 1000, balance: 1000, invoice_id: invoice.id, invoice_kind: 'invoice' },
      { kind: 'adjustment', amount: -300, credit: 300, balance: 700, reason: 'Fora do ar' },
      { kind: 'credit_used', amount: 0, balance: 700 },
      { kind: 'write_off', amount: -200, balance: 500, reason: 'Acordo', invoice_id: invoice.id },
      { kind: 'payment', amount: -600, credit: 100, balance: -100 },
      {
        kind: 'refund',
        amount: 100,
        credit: -100,
        balance: 0,
        reason: 'Pago a mais',
        method: 'pix',
        reference: 'E-1',
      },
    ])
    expect((await admin.get(`/accounts/${customer}/statement?sort=on_date`)).body.items).toMatchObject(items)
  })
})
