import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { closeAccount } from '../../server/modules/billing/index.ts'
import { expireProformas } from '../../server/modules/billing/proformas.ts'
import { demand } from '../../server/platform/jobs.ts'
import { type Caller, type Reply, startTestApi, type TestApi } from '../api.ts'
import { checkBooks } from '../closing/seed.ts'
import { runJobs } from '../jobs.ts'

// biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects and fails where it is not there
type Row = any

let api: TestApi
let admin: Caller
let unit: string
let product: Row
let plan: Row

beforeAll(async () => {
  api = await startTestApi()
  admin = await api.staff('admin')
  unit = (await api.unit({ slug: 'fibra' })).id
  product = await created('/products', { business_unit_id: unit, name: 'Internet' })
  plan = await created('/plans', {
    business_unit_id: unit,
    product_id: product.id,
    name: 'Fibra 500',
    kind: 'broadband',
    prices: [{ currency: 'BRL', amount: 31_000 }],
  })
  await api.system(async (tx) => {
    const tax = await tx
      .insertInto('taxes')
      .values({ business_unit_id: unit, name: 'ISS', rate: 50_000 })
      .returning('id')
      .executeTakeFirstOrThrow()
    await tx
      .insertInto('product_taxes')
      .values({ product_id: product.id, tax_id: tax.id, business_unit_id: unit })
      .execute()
  })
})
afterAll(() => api.close())
beforeEach(() => api.setNow('2026-05-31T15:00:00Z'))

async function created(path: string, body: object): Promise<Row> {
  const reply = await admin.post(path, body)
  expect(reply.status, JSON.stringify(reply.body)).toBe(201)
  return reply.body
}
async function done(reply: Promise<Reply>): Promise<Row> {
  const { status, body } = await reply
  expect(status, JSON.stringify(body)).toBeLessThan(300)
  return body
}
async function refused(reply: Promise<Reply>, code: string): Promise<Row> {
  const { status, body } = await reply
  expect(status, JSON.stringify(body)).toBeGreaterThanOrEqual(400)
  expect(body.code, JSON.stringify(body)).toBe(code)
  return body
}

let count = 0
async function createAccount(): Promise<Row> {
  const n = ++count
  return created('/accounts', { business_unit_id: unit, name: `Cliente ${n}`, email: `doc${n}@casa.example` })
}
const sell = (account: Row, input: object = {}) =>
  created(`/accounts/${account.id}/subscriptions`, { plan_id: plan.id, start_date: '2026-05-21', ...input })
const balance = (account: Row): Promise<Row> => done(admin.get(`/accounts/${account.id}/balance`))
const documentOf = (id: string): Promise<Row> => done(admin.get(`/invoices/${id}`))
const next = (account: Row, upTo: string): Promise<Row> =>
  done(admin.get(`/accounts/${account.id}/next-invoice?up_to=${upTo}`))

/** Bills an account up to a date, as a closing does, and answers the invoices. */
async function close(account: Row, upTo = '2026-05-31'): Promise<Row[]> {
  const closed = demand(
    await api.system((tx) =>
      closeAccount(tx, { account_id: account.id, up_to: Temporal.PlainDate.from(upTo) }, api.now()),
    ),
  )
  return Promise.all(closed.invoice_ids.map(documentOf))
}

/** Previews a step, checks that nothing was written, does it with the token, and that it is what was shown. */
async function write(path: string, body: object): Promise<Row[]> {
  const before = await done(admin.get('/invoices?limit=1&sort=-number'))
  const shown = await done(admin.post(`${path}/preview`, body))
  expect(await done(admin.get('/invoices?limit=1&sort=-number'))).toEqual(before)
  const written = await created(path, { ...body, token: shown.token })
  const plain = (documents: Row[]) =>
    documents.map(({ kind, total, tax, due_date }) => ({ kind, total, tax, due_date }))
  expect(plain(written.documents)).toEqual(plain(shown.documents))
  return written.documents
}
const pay = (account: Row, amount: number, invoice: Row) =>
  created(`/accounts/${account.id}/payments`, {
    amount,
    method: 'pix',
    received_on: '2026-05-31',
    invoice_ids: [invoice.id],
  })

describe('charges that wait', () => {
  it('are billed by the next closing, with the taxes of their product, and once', async () => {
    const account = await createAccount()
    await sell(account)
    const { items } = await created(`/accounts/${account.id}/charges`, {
      description: 'Visita técnica',
      unit_amount: 5000,
      quantity: 2,
      product_id: product.id,
    })
    expect(items).toMatchObject([{ state: 'waiting', amount: 10_000, bill_on: '2026-05-31', kind: 'manual' }])
    const [invoice] = await close(account)
    const detail = await documentOf(invoice.id)
    expect(detail.lines.map((line: Row) => [line.role, line.net, line.tax])).toEqual([
      ['plan', 10_000, 500],
      ['manual', 10_000, 500],
    ])
    expect(detail.taxes).toMatchObject([{ name: 'ISS', rate: 50_000, base: 20_000, amount: 1000 }])
    expect(detail.lines[1].explanation).toBe('2 × R$50.00 = R$100.00. Plus R$5.00 tax.')
    const list = await done(admin.get(`/accounts/${account.id}/charges`))
    expect(list.items).toMatchObject([{ state: 'billed', invoice_id: invoice.id }])
    await refused(admin.post(`/charges/${items[0].id}/withdraw`), 'charge_settled')
  })

  it('are spread over the next closings to the cent, one instalment each', async () => {
    const account = await createAccount()
    const { items } = await created(`/accounts/${account.id}/charges`, {
      description: 'Roteador',
      unit_amount: 10_000,
      instalments: 3,
    })
    expect(items.map((charge: Row) => [charge.instalment, charge.amount, charge.bill_on])).toEqual([
      [1, 3334, '2026-05-31'],
      [2, 3333, '2026-06-30'],
      [3, 3333, '2026-07-31'],
    ])
    await done(admin.post(`/charges/${items[2].id}/withdraw`))
    const { invoices } = await next(account, '2026-07-31')
    expect(invoices.map((invoice: Row) => invoice.total)).toEqual([3334, 3333])
    expect(invoices[0].lines[0].explanation).toBe('Instalment 1 of 3: R$33.34.')
  })

  it('are refused where they do not fit', async () => {
    const account = await createAccount()
    const other = await sell(await createAccount())
    const charge = { description: 'Taxa', unit_amount: 100 }
    const path = `/accounts/${account.id}/charges`
    await refused(admin.post(path, { ...charge, subscription_id: other.id }), 'invalid_input')
    await refused(admin.post(path, { ...charge, bill_on: '2026-05-01' }), 'invalid_input')
    await refused(admin.post(path, { ...charge, unit_amount: 1, instalments: 2 }), 'invalid_input')
    const auditor = await api.staff('auditor')
    expect((await auditor.post(path, charge)).status).toBe(403)
  })
})

describe('an invoice by hand', () => {
  it('is what its preview showed, with taxes, and is owed', async () => {
    const account = await createAccount()
    const [invoice] = await write(`/accounts/${account.id}/invoices`, {
      due_date: '2026-06-15',
      lines: [
        { description: 'Instalação', unit_amount: 20_000, product_id: product.id },
        { description: 'Cabo', unit_amount: 333, quantity: 3 },
      ],
    })
    expect(invoice).toMatchObject({
      kind: 'invoice',
      state: 'open',
      issue_date: '2026-05-31',
      due_date: '2026-06-15',
      tax: 1000,
      total: 21_999,
      open_amount: 21_999,
    })
    expect((await balance(account)).owed).toBe(21_999)
    await api.system((tx) => checkBooks(tx, unit))
  })

  it('takes waiting charges along, and refuses the token once something changed', async () => {
    const account = await createAccount()
    const { items } = await created(`/accounts/${account.id}/charges`, {
      description: 'Multa',
      unit_amount: 700,
    })
    const body = { charge_ids: [items[0].id], lines: [{ description: 'Cabo', unit_amount: 300 }] }
    const shown = await done(admin.post(`/accounts/${account.id}/invoices/preview`, body))
    const changed = { ...body, lines: [{ description: 'Cabo', unit_amount: 301 }], token: shown.token }
    await refused(admin.post(`/accounts/${account.id}/invoices`, changed), 'preview_outdated')
    const { documents } = await created(`/accounts/${account.id}/invoices`, { ...body, token: shown.token })
    expect(documents[0].total).toBe(1000)
    await refused(admin.post(`/accounts/${account.id}/invoices`, body), 'invalid_input')
    const { invoices } = await next(account, '2026-05-31')
    expect(invoices).toEqual([])
  })

  it('needs the permission, and something to bill', async () => {
    const account = await createAccount()
    const sales = await api.staff('sales')
    const body = { lines: [{ description: 'Cabo', unit_amount: 300 }] }
    expect((await sales.post(`/accounts/${account.id}/invoices`, body)).status).toBe(403)
    await refused(admin.post(`/accounts/${account.id}/invoices`, {}), 'invalid_input')
  })
})

describe('a credit note', () => {
  it('reduces what is owed first, and never gives back more than was billed', async () => {
    const account = await createAccount()
    await sell(account)
    const [closed] = await close(account)
    const invoice = await documentOf(closed.id)
    expect(invoice.total).toBe(10_500)
    const path = `/invoices/${invoice.id}/credit-notes`
    const line = invoice.lines[0]
    const [note] = await write(path, {
      reason: 'Dois dias sem sinal',
      lines: [{ line_id: line.id, amount: 2100 }],
    })
    expect(note).toMatchObject({
      kind: 'credit_note',
      state: 'issued',
      total: 2100,
      tax: 100,
      reason: 'Dois dias sem sinal',
    })
    expect(note.about_invoice_id).toBe(invoice.id)
    expect(note.lines[0].corrects).toMatchObject({
      line_id: line.id,
      invoice_id: invoice.id,
      kind: 'credit_note',
    })
    expect(note.lines[0].explanation).toContain(`Gives back from “Fibra 500`)
    const after = await documentOf(invoice.id)
    expect(after).toMatchObject({ open_amount: 8400, credited: 2100, state: 'open' })
    expect(after.payments).toMatchObject([{ kind: 'credit_note', amount: 2100, document_id: note.id }])
    expect(after.related).toMatchObject([{ id: note.id, relation: 'correction' }])
    expect(await balance(account)).toMatchObject({ owed: 8400, credit: 0 })
    await refused(
      admin.post(path, { reason: 'x', lines: [{ line_id: line.id, amount: 8401 }] }),
      'invalid_input',
    )
    const [rest] = await write(path, { reason: 'Cortesia' })
    expect(rest.total).toBe(8400)
    expect(await documentOf(invoice.id)).toMatchObject({ open_amount: 0, state: 'void' })
    await refused(admin.post(path, { reason: 'Mais' }), 'nothing_left')
    await api.system((tx) => checkBooks(tx, unit))
  })

  it('makes account credit only of what was paid (billing.md 20)', async () => {
    const account = await createAccount()
    await sell(account)
    const [invoice] = await close(account)
    await pay(account, 4000, invoice)
    const shown = await done(
      admin.post(`/invoices/${invoice.id}/credit-notes/preview`, { reason: 'Cortesia' }),
    )
    expect(shown).toMatchObject({ credit_given: 4000 })
    await write(`/invoices/${invoice.id}/credit-notes`, { reason: 'Cortesia' })
    expect(await balance(account)).toMatchObject({ owed: 0, credit: 4000 })
    expect(await documentOf(invoice.id)).toMatchObject({ state: 'paid', open_amount: 0 })
  })

  it('is not written on a credit note', async () => {
    const account = await createAccount()
    await sell(account)
    const [invoice] = await close(account)
    const [note] = await write(`/invoices/${invoice.id}/credit-notes`, { reason: 'Cortesia' })
    await refused(admin.post(`/invoices/${note.id}/credit-notes`, { reason: 'x' }), 'document_state')
  })
})

describe('voiding', () => {
  it('takes all of an unpaid invoice back; its days and amounts wait again', async () => {
    const account = await createAccount()
    await sell(account)
    await created(`/accounts/${account.id}/charges`, { description: 'Visita', unit_amount: 1000 })
    const [invoice] = await close(account)
    await write(`/invoices/${invoice.id}/void`, { reason: 'Engano' })
    expect(await documentOf(invoice.id)).toMatchObject({ state: 'void', open_amount: 0 })
    expect((await balance(account)).owed).toBe(0)
    const { invoices } = await next(account, '2026-05-31')
    expect(invoices).toMatchObject([{ total: invoice.total }])
    await refused(admin.post(`/invoices/${invoice.id}/void`, { reason: 'x' }), 'document_state')
    const [again] = await close(account)
    expect(again.total).toBe(invoice.total)
    await api.system((tx) => checkBooks(tx, unit))
  })

  it('leaves the days billed where nobody is to bill them again', async () => {
    const account = await createAccount()
    await sell(account)
    const [invoice] = await close(account)
    await write(`/invoices/${invoice.id}/void`, { reason: 'Cortesia', rebill: false })
    expect((await next(account, '2026-05-31')).invoices).toEqual([])
  })

  it('is refused once something was paid', async () => {
    const account = await createAccount()
    await sell(account)
    const [invoice] = await close(account)
    await pay(account, 100, invoice)
    await refused(admin.post(`/invoices/${invoice.id}/void`, { reason: 'x' }), 'document_partly_paid')
  })

  it('and billing anew issues what the services are now', async () => {
    const account = await createAccount()
    const subscription = await sell(account)
    const [invoice] = await close(account)
    await api.system((tx) =>
      sql`update subscription_components set unit_amount = 62000 where subscription_id = ${subscription.id}`.execute(
        tx,
      ),
    )
    const documents = await write(`/invoices/${invoice.id}/correct`, { reason: 'Preço errado' })
    expect(documents.map((one) => [one.kind, one.total])).toEqual([
      ['credit_note', 10_500],
      ['invoice', 21_000],
    ])
    expect(await documentOf(invoice.id)).toMatchObject({ state: 'void' })
    expect((await balance(account)).owed).toBe(21_000)
    const [manual] = await write(`/accounts/${account.id}/invoices`, {
      lines: [{ description: 'Cabo', unit_amount: 5 }],
    })
    await refused(admin.post(`/invoices/${manual.id}/correct`, { reason: 'x' }), 'nothing_to_rebill')
  })
})

describe('a debit note', () => {
  it('adds to a document with the taxes of the line that it adds to', async () => {
    const account = await createAccount()
    await sell(account)
    const [closed] = await close(account)
    const invoice = await documentOf(closed.id)
    const [note] = await write(`/invoices/${invoice.id}/debit-notes`, {
      reason: 'Diferença de preço',
      due_date: '2026-06-30',
      lines: [{ description: 'Diferença', unit_amount: 1000, line_id: invoice.lines[0].id }],
    })
    expect(note).toMatchObject({
      kind: 'debit_note',
      state: 'open',
      total: 1050,
      open_amount: 1050,
      about_invoice_id: invoice.id,
    })
    expect(note.lines[0].corrects.line_id).toBe(invoice.lines[0].id)
    expect(note.payments).toEqual([])
    expect((await balance(account)).owed).toBe(11_550)
    expect((await documentOf(invoice.id)).related).toMatchObject([{ id: note.id, relation: 'correction' }])
    await runJobs(api)
    const mails = await done(admin.get(`/notices?account_id=${account.id}&kind=debit_note_issued`))
    expect(mails.items).toHaveLength(1)
  })
})

describe('a proforma', () => {
  it('of lines by hand is no debt until it becomes the invoice that it offers', async () => {
    const account = await createAccount()
    const [proforma] = await write(`/accounts/${account.id}/proformas`, {
      valid_until: '2026-06-10',
      lines: [{ description: 'Projeto', unit_amount: 100_000, product_id: product.id }],
    })
    expect(proforma).toMatchObject({ kind: 'proforma', state: 'offered', total: 105_000, open_amount: 0 })
    expect((await balance(account)).owed).toBe(0)
    const [invoice] = (await created(`/invoices/${proforma.id}/convert`, {})).documents
    expect(invoice).toMatchObject({ kind: 'invoice', total: 105_000, tax: 5000, proforma_id: proforma.id })
    expect(await documentOf(proforma.id)).toMatchObject({ state: 'converted' })
    expect((await balance(account)).owed).toBe(105_000)
    await refused(admin.post(`/invoices/${proforma.id}/convert`), 'document_state')
    await refused(admin.post(`/invoices/${proforma.id}/withdraw`), 'document_state')
  })

  it('of what is billed next bills those days, so that no closing bills them again', async () => {
    const account = await createAccount()
    await sell(account, { start_date: '2026-05-21' })
    const [proforma] = await write(`/accounts/${account.id}/proformas`, {
      source: 'next_invoice',
      up_to: '2026-06-30',
      valid_until: '2026-06-30',
    })
    expect(proforma.total).toBe(10_500)
    const [invoice] = (await created(`/invoices/${proforma.id}/convert`, {})).documents
    expect(invoice).toMatchObject({ total: 10_500, proforma_id: proforma.id })
    expect((await next(account, '2026-05-31')).invoices).toEqual([])
  })

  it('does not hold once the closing billed what it offers', async () => {
    const account = await createAccount()
    await sell(account)
    const [proforma] = await write(`/accounts/${account.id}/proformas`, {
      source: 'next_invoice',
      valid_until: '2026-06-30',
    })
    await close(account)
    await refused(admin.post(`/invoices/${proforma.id}/convert`), 'proforma_outdated')
    await done(admin.post(`/invoices/${proforma.id}/withdraw`))
    expect((await documentOf(proforma.id)).state).toBe('withdrawn')
  })

  it('expires after its last day, and is sent by mail with its own words', async () => {
    const account = await createAccount()
    const [proforma] = await write(`/accounts/${account.id}/proformas`, {
      valid_until: '2026-06-10',
      lines: [{ description: 'Projeto', unit_amount: 100 }],
    })
    await runJobs(api)
    const mails = await done(admin.get(`/notices?account_id=${account.id}`))
    expect(mails.items.map((mail: Row) => mail.kind)).toEqual(['proforma_issued'])
    const on = (moment: string) => api.system((tx) => expireProformas(tx, Temporal.Instant.from(moment)))
    await on('2026-06-10T12:00:00Z')
    expect((await documentOf(proforma.id)).state).toBe('offered')
    await on('2026-06-11T12:00:00Z')
    expect((await documentOf(proforma.id)).state).toBe('expired')
  })
})

describe('lists', () => {
  it('show every kind in words of its own, and the customer sees theirs alone', async () => {
    const account = await createAccount()
    await sell(account)
    const [invoice] = await close(account)
    const [note] = await write(`/invoices/${invoice.id}/credit-notes`, {
      reason: 'Cortesia',
      lines: [{ line_id: (await documentOf(invoice.id)).lines[0].id, amount: 100 }],
    })
    const of = async (query: string): Promise<string[]> =>
      (await done(admin.get(`/invoices?account_id=${account.id}&sort=issue_date&${query}`))).items.map(
        (row: Row) => row.id,
      )
    expect(await of('kind=credit_note')).toEqual([note.id])
    expect(await of('kind=invoice&state=open')).toEqual([invoice.id])
    expect(await of('state=issued')).toEqual([note.id])
    expect(await of('total_to=1,00')).toEqual([note.id])
    expect(await of('total_from=1.01')).toEqual([invoice.id])
    const file = await admin.get(`/invoices.csv?account_id=${account.id}&kind=credit_note`)
    expect(file.bytes.toString()).toContain('credit_note')
    await runJobs(api)
    const customer = await api.customer(`doc${count}@casa.example`)
    const own = await done(customer.get('/invoices?kind=credit_note'))
    expect(own.items).toMatchObject([{ id: note.id, kind: 'credit_note', total: 100 }])
    expect((await done(customer.get(`/invoices/${note.id}`))).lines[0].corrects.document).toMatch(/^\w+-\d+$/)
    const mails = await done(customer.get('/notices'))
    expect(mails.items.map((mail: Row) => mail.kind)).toContain('credit_note_issued')
    const stranger = await createAccount()
    const other = await api.customer(stranger.email)
    expect((await other.get(`/invoices/${note.id}`)).status).toBe(404)
  })
})
