// Taxes (B10): kept by business unit, borne by products, forgiven to accounts, and what a price becomes with them.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { closeAccount } from '../../server/modules/billing/index.ts'
import { demand } from '../../server/platform/jobs.ts'
import { type Caller, startTestApi, type TestApi } from '../api.ts'

let api: TestApi
let admin: Caller
let unit: { id: string }
let product: string
let plan: string

const day = (text: string) => Temporal.PlainDate.from(text)

beforeAll(async () => {
  api = await startTestApi()
  admin = await api.staff('admin')
  unit = await api.unit()
  product = (await admin.post('/products', { business_unit_id: unit.id, name: 'Internet' })).body.id
  plan = (
    await admin.post('/plans', {
      business_unit_id: unit.id,
      product_id: product,
      name: 'Fibra 300',
      kind: 'generic',
      prices: [{ currency: 'BRL', interval: 'month', amount: 10000 }],
    })
  ).body.id
})
afterAll(() => api.close())
beforeEach(() => api.setNow('2026-05-21T15:00:00Z'))

async function create(name: string, rate: number, inclusive = false, unitId = unit.id) {
  const reply = await admin.post('/taxes', { business_unit_id: unitId, name, rate, inclusive })
  expect(reply.status, JSON.stringify(reply.body)).toBe(201)
  return reply.body
}

/** An account that is billed for the whole of May, and its invoice with its taxes. */
async function bill(accountId: string) {
  const sold = await admin.post(`/accounts/${accountId}/subscriptions`, {
    plan_id: plan,
    start_date: '2026-04-30',
    status: 'active',
  })
  expect(sold.status, JSON.stringify(sold.body)).toBe(201)
  api.setNow('2026-06-01T12:00:00Z')
  await api.system((tx) =>
    closeAccount(tx, { account_id: accountId, up_to: day('2026-05-31') }, api.now()).then(demand),
  )
  api.setNow('2026-05-21T15:00:00Z')
  return api.system(async (tx) => {
    const invoice = await tx
      .selectFrom('invoices')
      .select(['id', 'total', 'tax', 'tax_included'])
      .where('account_id', '=', accountId)
      .executeTakeFirstOrThrow()
    const taxes = await tx
      .selectFrom('invoice_taxes')
      .select(['name', 'rate', 'base', 'amount', 'inclusive'])
      .where('invoice_id', '=', invoice.id)
      .orderBy('name')
      .execute()
    return { ...invoice, taxes }
  })
}

let accounts = 0
async function account(): Promise<string> {
  const reply = await admin.post('/accounts', { business_unit_id: unit.id, name: `Taxed ${++accounts}` })
  expect(reply.status).toBe(201)
  return reply.body.id
}

describe('the taxes of a business unit', () => {
  it('are created, named once, put in an order, archived and brought back', async () => {
    const own = await api.unit()
    const first = await create('ISS', 50_000, true, own.id)
    const second = await create('ICMS', 180_000, false, own.id)
    expect(first).toMatchObject({ rate: 50_000, inclusive: true, position: 0, products: 0, used: false })
    expect(second.position).toBe(1)
    const twice = await admin.post('/taxes', { business_unit_id: own.id, name: 'ISS', rate: 1 })
    expect([twice.status, twice.body.errors]).toMatchObject([422, [{ path: 'name', code: 'taken' }]])
    expect((await admin.put(`/business-units/${own.id}/tax-order`, { tax_ids: [second.id] })).status).toBe(
      204,
    )
    const list = async () =>
      (await admin.get(`/taxes?business_unit_id=${own.id}`)).body.items.map(
        (tax: { name: string }) => tax.name,
      )
    expect(await list()).toEqual(['ICMS', 'ISS'])
    const archived = await admin.patch(`/taxes/${second.id}`, { archived: true })
    expect(archived.body.archived_at).not.toBeNull()
    expect(await list()).toEqual(['ISS', 'ICMS'])
    expect((await admin.patch(`/taxes/${second.id}`, { archived: false })).body.archived_at).toBeNull()
    const changed = await admin.patch(`/taxes/${first.id}`, { rate: 30_000, name: 'ISS SP' })
    expect(changed.body).toMatchObject({ rate: 30_000, name: 'ISS SP' })
    const foreign = await admin.put(`/business-units/${unit.id}/tax-order`, { tax_ids: [first.id] })
    expect(foreign.body.errors).toMatchObject([{ path: 'tax_ids.0', code: 'not_a_choice' }])
    for (const rate of [-1, 1_000_001, 0.5])
      expect((await admin.patch(`/taxes/${first.id}`, { rate })).status, String(rate)).toBe(422)
  })

  it('are read by whoever reads settings, and written by nobody else', async () => {
    const support = await api.staff('support')
    expect((await support.get(`/taxes?business_unit_id=${unit.id}`)).status).toBe(200)
    expect((await support.post('/taxes', { business_unit_id: unit.id, name: 'X', rate: 1 })).status).toBe(403)
    const elsewhere = await api.staff('admin', { units: [(await api.unit()).id] })
    expect((await elsewhere.get(`/taxes?business_unit_id=${unit.id}`)).body.items).toEqual([])
    expect(
      (await elsewhere.post('/taxes', { business_unit_id: unit.id, name: 'X', rate: 1 })).body.errors,
    ).toMatchObject([{ path: 'business_unit_id', code: 'not_a_choice' }])
  })

  it('say what a price becomes, by the rule of the invoice', async () => {
    const own = await api.unit()
    const inside = await create('IVA incluido', 210_000, true, own.id)
    const outside = await create('IIBB', 35_000, false, own.id)
    const preview = await admin.post('/taxes/preview', {
      business_unit_id: own.id,
      amount: 12100,
      tax_ids: [outside.id, inside.id],
    })
    expect(preview.status).toBe(200)
    expect(preview.body).toMatchObject({
      currency: 'BRL',
      net: 10000,
      tax: 350,
      tax_included: 2100,
      total: 12450,
      taxes: [
        { name: 'IVA incluido', base: 10000, amount: 2100 },
        { name: 'IIBB', base: 10000, amount: 350 },
      ],
    })
    const stranger = await admin.post('/taxes/preview', {
      business_unit_id: unit.id,
      amount: 1,
      tax_ids: [inside.id],
    })
    expect(stranger.body.errors).toMatchObject([{ path: 'tax_ids.0', code: 'not_a_choice' }])
  })
})

describe('a product', () => {
  it('bears several taxes at once, which an invoice charges and keeps', async () => {
    const [iss, fust] = [await create('ISS', 50_000, true), await create('FUST', 10_000)]
    const other = await create('Alheio', 1, false, (await api.unit()).id)
    const set = await admin.put(`/products/${product}/taxes`, { tax_ids: [fust.id, iss.id] })
    expect(set.body.tax_ids).toEqual([iss.id, fust.id])
    const refused = await admin.put(`/products/${product}/taxes`, { tax_ids: [other.id] })
    expect(refused.body.errors).toMatchObject([{ path: 'tax_ids.0', code: 'not_a_choice' }])
    const twice = await admin.put(`/products/${product}/taxes`, { tax_ids: [iss.id, iss.id] })
    expect(twice.body.errors).toMatchObject([{ path: 'tax_ids.1', code: 'listed_twice' }])
    const listed = await admin.get(`/product-taxes?business_unit_id=${unit.id}&q=inter`)
    expect(listed.body.items).toEqual([
      {
        product_id: product,
        product_name: 'Internet',
        business_unit_id: unit.id,
        tax_ids: [iss.id, fust.id],
      },
    ])

    const invoice = await bill(await account())
    // 100.00 contains 5 %: 4.76; 1 % of the rest comes on top.
    expect(invoice).toMatchObject({
      total: 10095,
      tax: 95,
      tax_included: 476,
      taxes: [
        { name: 'FUST', rate: 10_000, base: 9524, amount: 95, inclusive: false },
        { name: 'ISS', rate: 50_000, base: 9524, amount: 476, inclusive: true },
      ],
    })
    const trial = await admin.get(`/ledger/trial-balance?business_unit_id=${unit.id}`)
    expect(trial.body.balances[0].balanced).toBe(true)
    expect(
      trial.body.balances[0].rows.find(
        (row: { ledger_account: string }) => row.ledger_account === 'tax_payable',
      ),
    ).toMatchObject({ credits: 571, closing: -571 })

    // What was charged stays what it was: the rate is fixed, the name is not.
    const rate = await admin.patch(`/taxes/${iss.id}`, { rate: 60_000 })
    expect([rate.status, rate.body.code]).toEqual([409, 'tax_used'])
    expect((await admin.patch(`/taxes/${iss.id}`, { inclusive: false })).body.code).toBe('tax_used')
    const renamed = await admin.patch(`/taxes/${iss.id}`, { name: 'ISS 2026', rate: 50_000 })
    expect(renamed.body).toMatchObject({ name: 'ISS 2026', used: true })

    // An archived one is charged no more.
    await admin.patch(`/taxes/${fust.id}`, { archived: true })
    expect(await bill(await account())).toMatchObject({ total: 10000, tax: 0, tax_included: 476 })
    await admin.patch(`/taxes/${fust.id}`, { archived: false })
  })
})

describe('an account', () => {
  it('is exempt from a tax with a reason, until a day or for good, and the log says who did it', async () => {
    const id = await account()
    const taxes = (await admin.get(`/accounts/${id}/taxes`)).body.items
    const [iss, fust] = ['ISS 2026', 'FUST'].map((name) =>
      taxes.find((tax: { name: string }) => tax.name === name),
    )
    expect(iss.exemption).toBeNull()
    const support = await api.staff('support')
    const path = `/accounts/${id}/tax-exemptions/${iss.tax_id}`
    expect((await support.put(path, { reason: 'x' })).status).toBe(403)
    expect((await admin.put(path, { reason: ' ' })).status).toBe(422)
    const past = await admin.put(path, { reason: 'Entidade', until: '2026-05-21' })
    expect(past.body.errors).toMatchObject([{ path: 'until', code: 'not_to_come' }])
    expect((await admin.put(path, { reason: 'Entidade filantrópica', until: '2026-12-31' })).status).toBe(204)
    expect((await admin.put(`/accounts/${id}/tax-exemptions/${fust.tax_id}`, { reason: 'Lei' })).status).toBe(
      204,
    )
    const after = (await admin.get(`/accounts/${id}/taxes`)).body.items
    expect(after.map((tax: { name: string; exemption: object }) => [tax.name, tax.exemption])).toMatchObject([
      ['ISS 2026', { reason: 'Entidade filantrópica', until: '2026-12-31', in_force: true }],
      ['FUST', { reason: 'Lei', until: null, in_force: true }],
    ])
    expect(await bill(id)).toMatchObject({ total: 10000, tax: 0, tax_included: 0, taxes: [] })
    const log = await admin.get(`/audit?account_id=${id}&object_type=account_tax_exemptions`)
    expect(log.body.items.length).toBe(2)
    expect((await admin.delete(path)).status).toBe(204)
    expect((await admin.delete(path)).status).toBe(404)
    api.setNow('2027-01-02T12:00:00Z')
    await admin.put(path, { reason: 'Entidade', until: '2027-01-03' })
    api.setNow('2027-01-03T12:00:00Z')
    const over = (await admin.get(`/accounts/${id}/taxes`)).body.items[0]
    expect(over.exemption).toMatchObject({ in_force: false })
    api.setNow('2026-05-21T15:00:00Z')
  })
})

describe('a business unit', () => {
  it('says how taxes are rounded, invoices grouped and series named', async () => {
    const own = await api.unit()
    const before = (await admin.get(`/business-units/${own.id}`)).body
    expect(before).toMatchObject({
      tax_rounding: 'document',
      invoice_grouping: 'account',
      invoice_series: 'A',
      credit_note_series: 'C',
      debit_note_series: 'D',
      proforma_series: 'P',
    })
    const change = {
      tax_rounding: 'line',
      invoice_grouping: 'subscription',
      credit_note_series: 'NC',
      debit_note_series: 'ND',
      proforma_series: 'PRO',
    }
    expect((await admin.patch(`/business-units/${own.id}`, change)).body).toMatchObject(change)
    expect((await admin.patch(`/business-units/${own.id}`, { proforma_series: 'né' })).status).toBe(422)
  })
})
