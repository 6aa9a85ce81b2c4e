import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Caller, startTestApi, type TestApi } from '../api.ts'
import { issueInvoice } from '../invoices.ts'

let api: TestApi
let admin: Caller
let unit: { id: string }

beforeAll(async () => {
  api = await startTestApi()
  admin = await api.staff('admin')
  unit = await api.unit()
})
afterAll(() => api.close())

it('the home of a new customer says that nothing is owed and nothing is there yet', async () => {
  await admin.post('/accounts', { business_unit_id: unit.id, name: 'Casa Nova', email: 'casa@nova.example' })
  const customer = await api.customer('casa@nova.example')
  const home = await customer.get('/home')
  expect(home.status).toBe(200)
  expect(home.body).toMatchObject({
    account: { name: 'Casa Nova' },
    today: '2026-05-21',
    balance: { owed: 0, credit: 0, currency: 'BRL' },
    needs_you: [],
    services: [],
    invoices: [],
    notices: [],
  })
})

it('today tells which closings are due and gives the money only to those who may see billing', async () => {
  const today = await admin.get('/today')
  expect(today.status).toBe(200)
  expect(today.body.closings_due).toContainEqual(
    expect.objectContaining({ business_unit_id: unit.id, up_to: '2026-04-30' }),
  )
  expect(today.body.growth).toHaveLength(13)
  expect((await (await api.staff('technician')).get('/today')).body.revenue).toEqual([])
})

it('the home keeps money and services from a member who may see neither', async () => {
  const account = (
    await admin.post('/accounts', { business_unit_id: unit.id, name: 'Loja', email: 'dona@loja.example' })
  ).body
  await admin.post(`/accounts/${account.id}/contacts`, { first_name: 'Ivo', email: 'ivo@loja.example' })
  await api.system((tx) => issueInvoice(tx, account.id, { total: 5000, due_date: '2026-06-10' }))
  const owner = await api.customer('dona@loja.example')
  expect((await owner.get('/home')).body).toMatchObject({
    balance: { owed: 5000 },
    invoices: [{ total: 5000 }],
  })
  const contact = await api.customer('ivo@loja.example')
  expect((await contact.get('/home')).body).toMatchObject({
    balance: null,
    invoices: [],
    needs_you: [],
    services: [],
    notices: [],
  })
})
