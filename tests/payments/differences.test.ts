import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  computeTaxes,
  type DueDocument,
  issueDocuments,
  issueLateCharges,
} from '../../server/modules/billing/index.ts'
import type { Adjustment } from '../../server/modules/payments/index.ts'
import { bookPayments } from '../../server/modules/payments/payments.ts'
import type { Tx } from '../../server/platform/database.ts'
import { isRefusal } from '../../server/platform/errors.ts'
import { enqueue } from '../../server/platform/jobs.ts'
import { type Caller, startTestApi, type TestApi } from '../api.ts'
import { issueInvoice } from '../invoices.ts'
import { runJobs } from '../jobs.ts'
import { makeCustomer, readMail } from '../people.ts'
import { type PixBank, startPixBank } from '../pix/conformance-server.ts'
import { addSandbox } from './sandbox-house.ts'

let api: TestApi
let admin: Caller
let bank: PixBank
let unit: string
let provider: string
/** Another provider, whose money is booked without asking it. */
let other: string
/** When charges are made; noon in São Paulo. */
let begin: Temporal.Instant

const terms = { fine_percent: '2', interest_percent: '1', discount_percent: '5', discount_days: '3' }
const zone = 'America/Sao_Paulo'

beforeAll(async () => {
  api = await startTestApi({ addresses: true })
  begin = Temporal.Now.zonedDateTimeISO(zone).with({ hour: 12, minute: 0 }).toInstant()
  admin = await api.staff('admin')
  unit = (await api.unit()).id
  bank = await startPixBank({
    now: api.now,
    callHook: async (url, body) => {
      const { pathname, search } = new URL(url)
      const reply = await api.server.inject({
        method: 'POST',
        url: pathname + search,
        headers: { 'content-type': 'application/json' },
        payload: body,
      })
      return reply.statusCode
    },
  })
  const made = await admin.post('/payment-providers', {
    business_unit_id: unit,
    driver: 'pix',
    name: 'Banco',
    methods: ['pix'],
    enabled: true,
    settings: { ...bank.settings, ...terms },
    secrets: bank.secrets,
  })
  expect(made.status, JSON.stringify(made.body)).toBe(201)
  provider = made.body.id
  api.setNow(begin.toString())
  expect((await admin.post(`/payment-providers/${provider}/test`)).status).toBeLessThan(300)
  other = await addSandbox(api, unit)
})
afterEach(() => {
  api.setNow(begin.toString())
  expect(bank.violations).toEqual([])
  expect(bank.ownFaults).toEqual([])
})
afterAll(async () => {
  await bank.close()
  await api.close()
})

const dayOf = (instant: Temporal.Instant) => instant.toZonedDateTimeISO(zone).toPlainDate()
const inDays = (days: number) => begin.add({ hours: 24 * days })

/** A customer with open invoices that are due in ten days. */
async function owe(...totals: number[]) {
  const customer = await makeCustomer(api, admin, unit)
  const { id: account } = (await admin.get(`/accounts?q=${customer.email}`)).body.items[0]
  await admin.patch(`/accounts/${account}`, {
    tax_id: '123.456.789-09',
    country: 'BR',
    kind: 'person',
    language: 'pt-BR',
  })
  const due = dayOf(inDays(10))
  const invoices: { id: string; number: string }[] = []
  for (const total of totals)
    invoices.push(
      await api.system((tx) =>
        issueInvoice(tx, account, {
          total,
          due_date: String(due),
          issue_date: String(due.subtract({ days: 20 })),
        }),
      ),
    )
  return { customer, account, due, invoices, invoice: invoices[0]! }
}
async function ask(customer: Caller, invoices: { id: string }[]): Promise<string> {
  const made = await customer.post('/payment-intents', {
    provider_id: provider,
    method: 'pix',
    invoice_ids: invoices.map(({ id }) => id),
  })
  expect(made.status, JSON.stringify(made.body)).toBe(201)
  await runJobs(api)
  return made.body.id
}
const txid = (id: string) => id.replaceAll('-', '')
/** The charge is paid so many days after it was made, and everything that follows is done. */
async function payAfter(intent: string, days: number, payment: { amount?: number } = {}) {
  api.setNow(inDays(days).toString())
  const paid = await bank.pay(txid(intent), payment)
  await runJobs(api)
  return paid
}
const paymentsOf = async (account: string) =>
  (await admin.get(`/payments?account_id=${account}&sort=created_at`)).body.items
const documentsOf = async (account: string, kind: string) =>
  (await admin.get(`/invoices?account_id=${account}&kind=${kind}&sort=number`)).body.items
const balanceOf = async (account: string) => (await admin.get(`/accounts/${account}/balance`)).body
const entriesOf = (account: string) =>
  api.system(async (tx) => {
    const found = await sql<{ ledger_account: string; amount: number }>`
      select ledger_account, sum(amount)::bigint as amount from ledger_entries where account_id = ${account}
       group by ledger_account having sum(amount) <> 0 order by ledger_account::text`.execute(tx)
    return Object.fromEntries(found.rows.map((row) => [row.ledger_account, Number(row.amount)]))
  })

/** A debit note about an invoice, as dunning issues it. */
const charge = (
  account: string,
  invoice: string,
  lines: { role: 'late_fee' | 'interest'; amount: number }[],
) =>
  api.system(async (tx) => {
    const on = dayOf(api.now())
    const [id] = await issueLateCharges(
      tx,
      { id: unit, currency: 'BRL' },
      account,
      [
        {
          about_invoice_id: invoice,
          issue_date: on,
          due_date: on,
          lines: lines.map((line) => ({ ...line, description: 'Multa' })),
        },
      ],
      api.now(),
    )
    return id!
  })

describe('a Pix that is paid late', () => {
  it('is the invoice, and a debit note of fine and interest that it pays itself', async () => {
    const { customer, account, invoice } = await owe(10_000)
    const intent = await ask(customer, [invoice])
    // Fifteen days late: 2 % once, 1 % a month.
    const { amount, e2eid } = await payAfter(intent, 25)
    expect(amount).toBe(10_000 + 200 + 50)
    expect(await balanceOf(account)).toMatchObject({ owed: 0, credit: 0 })
    const [payment] = await paymentsOf(account)
    const [note] = await documentsOf(account, 'debit_note')
    expect(payment).toMatchObject({
      amount: 10_250,
      late_fee: 200,
      interest: 50,
      discount: 0,
      credited: 0,
      invoices: [
        { id: invoice.id, amount: 10_000 },
        { id: note.id, amount: 250 },
      ],
      documents: [{ id: note.id, kind: 'debit_note', total: 250 }],
    })
    expect(note).toMatchObject({ state: 'paid', total: 250, open_amount: 0 })
    const detail = (await customer.get(`/invoices/${note.id}`)).body
    expect(detail.related).toMatchObject([{ id: invoice.id, relation: 'about' }])
    expect(detail.lines).toMatchObject([
      {
        role: 'late_fee',
        net: 200,
        description: expect.stringContaining(`Multa por atraso de ${invoice.number}`),
      },
      { role: 'interest', net: 50, description: expect.stringContaining('Juros de mora') },
    ])
    const shown = (await customer.get(`/invoices/${invoice.id}`)).body
    expect(shown).toMatchObject({
      state: 'paid',
      open_amount: 0,
      payments: [{ kind: 'payment', amount: 10_000, method: 'pix', reference: e2eid }],
      related: [{ id: note.id, relation: 'correction' }],
    })
    expect(await entriesOf(account)).toEqual({
      bank: 10_250,
      revenue: -10_000,
      late_fees: -200,
      interest: -50,
    })
    const receipt = (await readMail(api, customer.email, 'payment_approved'))!
    expect(receipt.text_body).toContain(note.number)
    expect(receipt.text_body).toContain('Multa e juros por atraso')
    expect(receipt.text_body).toContain('2,50')
    // The receipt says it all: no mail asks for a debit note that is paid.
    expect(await readMail(api, customer.email, 'debit_note_issued')).toBeUndefined()
  })

  it('is booked once, however often and by whomever it is told', async () => {
    const { customer, account, invoice } = await owe(10_000)
    const intent = await ask(customer, [invoice])
    const { e2eid } = await payAfter(intent, 25)
    for (let again = 0; again < 2; again++) {
      await bank.tell([bank.received.get(e2eid)!])
      await api.system((tx) => enqueue(tx, 'payments:reconcile', {}))
      await api.system((tx) => enqueue(tx, 'payments:look_up_intent', { intent_id: intent }))
      await runJobs(api)
    }
    expect(await paymentsOf(account)).toHaveLength(1)
    expect(await documentsOf(account, 'debit_note')).toHaveLength(1)
    expect(await balanceOf(account)).toMatchObject({ owed: 0, credit: 0 })
  })

  it('first pays the late fee that dunning charged; what may not be charged again is credit', async () => {
    const { customer, account, invoice } = await owe(10_000)
    const intent = await ask(customer, [invoice])
    api.setNow(inDays(20).toString())
    const dunned = await charge(account, invoice.id, [{ role: 'late_fee', amount: 150 }])
    await payAfter(intent, 25)
    const [payment] = await paymentsOf(account)
    const notes = await documentsOf(account, 'debit_note')
    expect(notes).toMatchObject([
      { id: dunned, state: 'paid', total: 150 },
      { state: 'paid', total: 50 },
    ])
    expect(payment).toMatchObject({
      late_fee: 200,
      interest: 50,
      credited: 50,
      documents: [{ id: notes[1].id, total: 50 }],
    })
    expect(payment.invoices.map(({ amount }: { amount: number }) => amount).toSorted()).toEqual(
      [10_000, 150, 50].toSorted(),
    )
    expect(await balanceOf(account)).toMatchObject({ owed: 0, credit: 50 })
  })

  it('gives back as credit what was charged and paid before', async () => {
    const { customer, account, invoice } = await owe(10_000)
    const intent = await ask(customer, [invoice])
    api.setNow(inDays(20).toString())
    const dunned = await charge(account, invoice.id, [
      { role: 'late_fee', amount: 200 },
      { role: 'interest', amount: 30 },
    ])
    const paid = await admin.post(`/accounts/${account}/payments`, {
      amount: 230,
      method: 'cash',
      received_on: String(dayOf(inDays(20))),
      invoice_ids: [dunned],
    })
    expect(paid.status, JSON.stringify(paid.body)).toBe(201)
    await payAfter(intent, 25)
    expect(await documentsOf(account, 'debit_note')).toHaveLength(1)
    expect(await balanceOf(account)).toMatchObject({ owed: 0, credit: 250 })
  })

  it('that was paid elsewhere meanwhile is credit, all of it', async () => {
    const { customer, account, invoice } = await owe(10_000)
    const intent = await ask(customer, [invoice])
    await admin.post(`/accounts/${account}/payments`, {
      amount: 10_000,
      method: 'cash',
      received_on: String(dayOf(begin)),
      invoice_ids: [invoice.id],
    })
    await payAfter(intent, 25)
    expect(await documentsOf(account, 'debit_note')).toEqual([])
    expect(await balanceOf(account)).toMatchObject({ owed: 0, credit: 10_250 })
  })

  it('of another amount that the bank does not explain is as before: credit, or the rest stays open', async () => {
    const more = await owe(10_000)
    await payAfter(await ask(more.customer, [more.invoice]), 25, { amount: 10_400 })
    expect(await balanceOf(more.account)).toMatchObject({ owed: 0, credit: 400 })
    const less = await owe(10_000)
    await payAfter(await ask(less.customer, [less.invoice]), 25, { amount: 4_000 })
    expect(await balanceOf(less.account)).toMatchObject({ owed: 6_000, credit: 0 })
    expect((await paymentsOf(less.account))[0]).toMatchObject({ late_fee: 0, interest: 0, documents: [] })
  })

  it('given back is owed again, with its fine and interest', async () => {
    const { customer, account, invoice } = await owe(10_000)
    const { e2eid } = await payAfter(await ask(customer, [invoice]), 25)
    const [payment] = await paymentsOf(account)
    const refund = async (amount: number) => {
      const asked = await admin.post(`/payments/${payment.id}/refund`, {
        amount,
        reason: 'Engano',
        by: 'provider',
      })
      expect(asked.status, JSON.stringify(asked.body)).toBeLessThan(300)
      await runJobs(api)
      await bank.settleReturn(e2eid, 'DEVOLVIDO')
      await runJobs(api)
    }
    // The latest due date first: what was charged for being late.
    await refund(250)
    const [note] = await documentsOf(account, 'debit_note')
    expect(note).toMatchObject({ state: 'open', open_amount: 250 })
    expect((await customer.get(`/invoices/${invoice.id}`)).body).toMatchObject({ state: 'paid' })
    await refund(10_000)
    expect(await balanceOf(account)).toMatchObject({ owed: 10_250, credit: 0 })
  })
})

describe('a Pix that is paid early', () => {
  it('settles its invoice to the cent, by a credit note of the discount', async () => {
    const { customer, account, invoice } = await owe(12_345)
    const intent = await ask(customer, [invoice])
    const { amount } = await payAfter(intent, 2)
    expect(amount).toBe(12_345 - 617)
    const [note] = await documentsOf(account, 'credit_note')
    expect(note).toMatchObject({ state: 'issued', total: 617 })
    expect((await paymentsOf(account))[0]).toMatchObject({
      amount: 11_728,
      discount: 617,
      credited: 0,
      invoices: [{ id: invoice.id, amount: 11_728 }],
      documents: [{ id: note.id, kind: 'credit_note', total: 617 }],
    })
    expect((await customer.get(`/invoices/${invoice.id}`)).body).toMatchObject({
      state: 'paid',
      open_amount: 0,
      credited: 617,
      payments: [
        { kind: 'payment', amount: 11_728 },
        { kind: 'credit_note', amount: 617, document_id: note.id },
      ],
    })
    expect((await customer.get(`/invoices/${note.id}`)).body).toMatchObject({
      reason: 'Desconto por pagamento antecipado',
      lines: [{ net: 617, description: 'Desconto por pagamento antecipado: Internet' }],
    })
    expect(await entriesOf(account)).toEqual({ bank: 11_728, revenue: -11_728 })
    expect(await balanceOf(account)).toMatchObject({ owed: 0, credit: 0 })
    const receipt = (await readMail(api, customer.email, 'payment_approved'))!
    expect(receipt.subject).toContain('está paga')
    expect(receipt.text_body).toContain('Desconto')
    expect(await readMail(api, customer.email, 'credit_note_issued')).toBeUndefined()
  })

  it('of several invoices takes off each what is its part, and leaves none void', async () => {
    const { customer, account, invoices } = await owe(10_000, 333, 1_000)
    await payAfter(await ask(customer, invoices), 0)
    const notes = await documentsOf(account, 'credit_note')
    // 5 % of 113.33 is 5.67: by largest remainder.
    expect(
      notes.map(({ total }: { total: number }) => total).toSorted((a: number, b: number) => b - a),
    ).toEqual([500, 50, 17])
    for (const { id } of invoices)
      expect((await customer.get(`/invoices/${id}`)).body).toMatchObject({ state: 'paid', open_amount: 0 })
    expect(await balanceOf(account)).toMatchObject({ owed: 0, credit: 0 })
  })

  it('of an invoice that was paid in part meanwhile takes no more off than is open', async () => {
    const { customer, account, invoice } = await owe(10_000)
    const intent = await ask(customer, [invoice])
    await admin.post(`/accounts/${account}/payments`, {
      amount: 300,
      method: 'cash',
      received_on: String(dayOf(begin)),
      invoice_ids: [invoice.id],
    })
    await payAfter(intent, 0)
    expect(await documentsOf(account, 'credit_note')).toMatchObject([{ total: 200 }])
    expect(await balanceOf(account)).toMatchObject({ owed: 0, credit: 0 })
  })

  it('given back is owed again without the discount, which stands', async () => {
    const { customer, account, invoice } = await owe(10_000)
    await payAfter(await ask(customer, [invoice]), 0)
    const [payment] = await paymentsOf(account)
    const done = await admin.post(`/payments/${payment.id}/refund`, {
      amount: 9_500,
      reason: 'Engano',
      by: 'outside',
    })
    expect(done.status, JSON.stringify(done.body)).toBeLessThan(300)
    expect((await customer.get(`/invoices/${invoice.id}`)).body).toMatchObject({
      state: 'open',
      open_amount: 9_500,
    })
    expect(await balanceOf(account)).toMatchObject({ owed: 9_500, credit: 0 })
  })
})

describe('credit that the account has', () => {
  it.each([
    ['late', 25, 'debit_note'],
    ['early', 0, 'credit_note'],
  ])('is left alone by a Pix that is paid %s', async (_when, days, kind) => {
    const { customer, account, invoices } = await owe(10_000, 1_000)
    for (const reference of ['once', 'twice'])
      await admin.post(`/accounts/${account}/payments`, {
        amount: 1_000,
        method: 'cash',
        received_on: String(dayOf(begin)),
        reference,
        invoice_ids: [invoices[1]!.id],
      })
    await payAfter(await ask(customer, [invoices[0]!]), days)
    const pix = (await paymentsOf(account)).find((one: { method: string }) => one.method === 'pix')
    expect(pix).toMatchObject({ credited: 0, documents: [{ kind }] })
    expect(await balanceOf(account)).toMatchObject({ owed: 0, credit: 1_000 })
    const { payments } = (await customer.get(`/invoices/${invoices[0]!.id}`)).body
    expect(payments.map((one: { kind: string }) => one.kind)).not.toContain('credit_used')
  })
})

describe('what the customer is shown of a payment', () => {
  it('is no id of a provider, but the end-to-end id of a Pix and what people wrote', async () => {
    const { customer, account, invoice } = await owe(10_000)
    await admin.post(`/accounts/${account}/payments`, {
      amount: 1_000,
      method: 'bank_transfer',
      received_on: String(dayOf(begin)),
      reference: 'DOC 4711',
      invoice_ids: [invoice.id],
    })
    await book(account, [invoice.id], 2_000, null, 'pi_3Nabc', dayOf(begin))
    await payAfter(await ask(customer, [invoice]), 10)
    const references = (await customer.get(`/invoices/${invoice.id}`)).body.payments.map(
      (payment: { reference: string | null }) => payment.reference,
    )
    expect(references).toEqual(['DOC 4711', null, expect.stringMatching(/^E12345678\d{12}\w{11}$/)])
    const moved = (await customer.get('/statement')).body.items
    expect(JSON.stringify(moved)).not.toContain('pi_3Nabc')
    expect(JSON.stringify((await admin.get(`/invoices/${invoice.id}`)).body)).toContain('pi_3Nabc')
  })
})

let refs = 0
function book(
  account: string,
  invoice_ids: string[],
  amount: number,
  adjusted: Adjustment | null,
  provider_ref = `money-${++refs}`,
  received_on = dayOf(api.now()),
) {
  return api.system(async (tx) => {
    const booked = await bookPayments(
      tx,
      [
        {
          account_id: account,
          amount,
          method: 'pix',
          received_on,
          reference: provider_ref,
          invoice_ids,
          provider: { provider_id: other, provider_ref, intent_id: null },
          adjusted,
          recorded_by: null,
        },
      ],
      api.now(),
    )
    if (isRefusal(booked)) throw new Error(booked.code)
    return booked[0]!
  })
}

describe('books of whatever is added and taken off', () => {
  it('balance to the cent, with every kind of tax', async () => {
    const rules = await api.system(async (tx) => {
      const made = await tx
        .insertInto('taxes')
        .values([
          { business_unit_id: unit, name: 'ISS', rate: 50_000, inclusive: true },
          { business_unit_id: unit, name: 'IVA', rate: 190_000, inclusive: false },
          { business_unit_id: unit, name: 'PIS', rate: 16_500, inclusive: false },
        ])
        .returning(['id as tax_id', 'name', 'rate', 'inclusive'])
        .execute()
      return made
    })
    const line = fc.record({
      net: fc.integer({ min: 0, max: 30_000 }),
      taxes: fc.subarray([0, 1, 2]),
    })
    const document = fc.record({
      lines: fc.array(line, { minLength: 1, maxLength: 4 }),
      // Days between its due date and the money.
      late: fc.integer({ min: -5, max: 20 }),
      dunned: fc.option(fc.integer({ min: 1, max: 900 }), { freq: 1, nil: 0 }),
    })
    const added = fc.record({
      late_fee: fc.integer({ min: 0, max: 1_500 }),
      interest: fc.integer({ min: 0, max: 1_500 }),
      discount: fc.integer({ min: 0, max: 3_000 }),
    })
    const short = fc.oneof(
      { weight: 3, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.integer({ min: -5_000, max: 5_000 }) },
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(document, { minLength: 1, maxLength: 3 }),
        added,
        short,
        async (documents, adjusted, off) => {
          const { account, invoices, total } = await api.system(async (tx) => {
            const { id } = await tx
              .insertInto('accounts')
              .values({ business_unit_id: unit, name: 'Devedor', kind: 'person', language: 'pt-BR' })
              .returning('id')
              .executeTakeFirstOrThrow()
            const issued = await issue(tx, id, documents, rules)
            return { account: id, ...issued }
          })
          for (const [index, { dunned }] of documents.entries())
            if (dunned > 0) await charge(account, invoices[index]!, [{ role: 'late_fee', amount: dunned }])
          const amount = Math.max(1, total + adjusted.late_fee + adjusted.interest - adjusted.discount + off)
          const { id } = await book(account, invoices, amount, adjusted)
          const payment = (await admin.get(`/payments/${id}`)).body
          const entries = await entriesOf(account)
          expect(Object.values(entries).reduce((sum, entry) => sum + entry, 0)).toBe(0)
          expect(entries.bank).toBe(amount)
          const paid = payment.invoices.reduce((sum: number, one: { amount: number }) => sum + one.amount, 0)
          expect(paid + payment.credited).toBe(amount)
          expect(payment.credited + (entries.account_credit ?? 0)).toBe(0)
          const sumOf = (kind: string) =>
            payment.documents
              .filter((one: { kind: string }) => one.kind === kind)
              .reduce((sum: number, one: { total: number }) => sum + one.total, 0)
          expect(sumOf('credit_note')).toBeLessThanOrEqual(adjusted.discount)
          expect(sumOf('debit_note')).toBeLessThanOrEqual(adjusted.late_fee + adjusted.interest)
          const rows = (await admin.get(`/invoices?account_id=${account}&limit=100`)).body.items as {
            id: string
            kind: string
            state: string
            open_amount: number
          }[]
          const open = rows.filter(({ id: one }) => invoices.includes(one))
          expect(rows.every((row) => row.kind === 'credit_note' || row.open_amount >= 0)).toBe(true)
          expect(open.every((row) => (row.state === 'open') === row.open_amount > 0)).toBe(true)
          const left = open.reduce((sum, row) => sum + row.open_amount, 0)
          if (off === 0 && adjusted.discount <= total) {
            expect(left).toBe(0)
            expect(sumOf('credit_note')).toBe(adjusted.discount)
          }
          if (left > 0) expect([payment.credited, sumOf('debit_note')]).toEqual([0, 0])
          // What was issued for it is settled by it.
          for (const note of payment.documents.filter((one: { kind: string }) => one.kind === 'debit_note'))
            expect(rows.find((row) => row.id === note.id)).toMatchObject({ state: 'paid', open_amount: 0 })
          await sameTaxes(account)
        },
      ),
      { numRuns: 40 },
    )
  })
})

type Rule = { tax_id: string; name: string; rate: number; inclusive: boolean }

/** Issues invoices with taxes, due so many days before today. */
async function issue(
  tx: Tx,
  account: string,
  documents: { lines: { net: number; taxes: number[] }[]; late: number }[],
  rules: Rule[],
) {
  const today = dayOf(api.now())
  const due = documents.map(({ lines, late }): DueDocument => {
    const taxed = computeTaxes(
      lines.map(({ net, taxes }) => ({ net: net + 1, rules: taxes.map((index) => rules[index]!) })),
      'document',
    )
    const tax = taxed.lines.reduce((sum, one) => sum + one.tax, 0)
    const issued = today.subtract({ days: 30 })
    return {
      account_id: account,
      document: {
        issue_date: issued,
        due_date: today.subtract({ days: late }),
        payment_method: 'pix',
        currency: 'BRL',
        subscription_id: null,
        lines: lines.map(({ net: base }, index) => {
          const net = base + 1
          return {
            subscription_id: null,
            component_id: null,
            charge_id: null,
            plan_id: null,
            role: 'manual',
            description: `Serviço ${index + 1}`,
            from: issued,
            to: issued.add({ days: 1 }),
            days: 1,
            of: 1,
            day_count: 'actual',
            period: { from: issued, to: issued.add({ days: 1 }) },
            price_model: 'flat',
            unit_amount: net,
            tiers: null,
            package_size: null,
            included: 0,
            quantity: 1,
            gross: net,
            discount: 0,
            net,
            discount_rule: null,
            coupons: [],
            ...taxed.lines[index]!,
            rule: 'charge',
            instalment: null,
            instalments: null,
            first: true,
            stub: false,
          }
        }),
        taxes: taxed.taxes,
        tax,
        tax_included: taxed.lines.reduce((sum, one) => sum + one.tax_included, 0),
        total: lines.reduce((sum, { net }) => sum + net + 1, 0) + tax,
        coverage: [],
        usage: [],
      },
    }
  })
  // Issued in the order of their dates, which are the same.
  const { invoice_ids, total } = await issueDocuments(tx, { id: unit }, due, {
    closing_id: null,
    now: api.now(),
  })
  return { invoices: invoice_ids, total }
}

/** The taxes of every document are those of its lines, and what is owed to the state is what was billed less what was credited. */
async function sameTaxes(account: string) {
  await api.system(async (tx) => {
    const found = await sql<{ number: string }>`
      select i.series || '-' || i.number as number from invoices i
       where i.account_id = ${account}
         and (i.tax + i.tax_included <> (select coalesce(sum(t.amount), 0) from invoice_taxes t where t.invoice_id = i.id)
              or i.tax <> (select coalesce(sum(l.tax), 0) from invoice_lines l where l.invoice_id = i.id)
              or i.total <> (select coalesce(sum(l.net + l.tax), 0) from invoice_lines l where l.invoice_id = i.id)
              or exists (select from invoice_lines l where l.invoice_id = i.id and l.net <= 0))`.execute(tx)
    expect(found.rows).toEqual([])
  })
}
