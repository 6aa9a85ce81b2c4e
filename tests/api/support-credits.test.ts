// Support credits (S4): packs of them are sold as any product, staff give and take them, and nobody has less than none.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { payOrder } from '../../server/modules/orders/index.ts'
import { recordPayment } from '../../server/modules/payments/index.ts'
import { isRefusal } from '../../server/platform/errors.ts'
import { type Caller, startTestApi, type TestApi } from '../api.ts'
import { runJobs } from '../jobs.ts'
import { askOwner } from '../people.ts'

let api: TestApi
let admin: Caller

// biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects and fails where it is not there
type Row = any

beforeAll(async () => {
  api = await startTestApi({ addresses: true })
  admin = await api.staff('admin')
})
afterAll(() => api.close())
beforeEach(() => api.setNow('2026-05-11T15:00:00Z'))

let count = 0
async function created(path: string, body: object, by = admin): Promise<Row> {
  const reply = await by.post(path, body)
  expect(reply.status, JSON.stringify(reply.body)).toBe(201)
  return reply.body
}

/** A business unit with a pack of 10 credits for 50.00, taxed by 10 % on top, and a customer of it. */
async function found(amount = 5000) {
  const unit = await api.unit()
  const product = await created('/products', { business_unit_id: unit.id, name: `Support ${++count}` })
  const tax = await created('/taxes', {
    business_unit_id: unit.id,
    name: 'ISS',
    rate: 100_000,
    inclusive: false,
  })
  await admin.put(`/products/${product.id}/taxes`, { tax_ids: [tax.id] })
  const plan = await created('/plans', {
    business_unit_id: unit.id,
    product_id: product.id,
    name: `Pack ${count}`,
    kind: 'support_pack',
    prices: [{ currency: 'BRL', amount, cycle_unit: 'once' }],
  })
  expect((await admin.patch(`/plans/${plan.id}/policy`, { support_credits: 10 })).body).toMatchObject({
    support_credits: 10,
    customer_orders: true,
  })
  const email = `s${count}@support.example`
  const account = await created('/accounts', { business_unit_id: unit.id, name: `Asker ${count}`, email })
  return { unit, plan, account, customer: await api.customer(email) }
}
type Found = Awaited<ReturnType<typeof found>>

async function place(at: Found, quantity = 1): Promise<Row> {
  const request = { kind: 'support_pack', plan_id: at.plan.id, quantity }
  const quote = await at.customer.post('/order-quotes', { request })
  expect(quote.status, JSON.stringify(quote.body)).toBe(200)
  return created('/orders', { request, token: quote.body.token }, at.customer)
}
const credits = async (at: Found): Promise<Row> => (await at.customer.get('/support-credits')).body

describe('a pack of support credits', () => {
  it('is in the shop, is charged with its taxes, and gives its credits once', async () => {
    const at = await found()
    expect((await at.customer.get('/shop')).body.products[0].plans[0]).toMatchObject({
      order_kind: 'support_pack',
      support_credits: 10,
    })
    const order = await place(at, 3)
    expect(order).toMatchObject({
      title: `3 × ${at.plan.name}`,
      total: 16_500,
      due: 16_500,
      recurring_amount: null,
      quote: { tax: 1500, lines: [{ description: at.plan.name, quantity: 3, net: 15_000, tax: 1500 }] },
    })
    expect((await credits(at)).balance).toBe(0)
    const booked = await api.system((tx) =>
      recordPayment(
        tx,
        at.account.id,
        {
          amount: 16_500,
          method: 'pix',
          received_on: Temporal.PlainDate.from('2026-05-11'),
          reference: null,
          order_id: order.id,
        },
        null,
        api.now(),
      ),
    )
    expect(isRefusal(booked)).toBe(false)
    await Promise.all([1, 2].map(() => api.system((tx) => payOrder(tx, order.id, api.now()))))
    expect(await credits(at)).toMatchObject({
      balance: 30,
      items: [
        { kind: 'pack', amount: 30, order_id: order.id, order_number: 1, invoice_number: expect.any(String) },
      ],
    })
    expect((await at.customer.get(`/orders/${order.id}`)).body).toMatchObject({
      state: 'processed',
      service: null,
      documents: [{ state: 'paid' }],
    })
    expect((await admin.get(`/subscriptions?account_id=${at.account.id}`)).body.items).toEqual([])
  })

  it('that costs nothing is given without a payment', async () => {
    const at = await found(0)
    const order = await place(at)
    expect(order).toMatchObject({ total: 0, freemium: true })
    await runJobs(api)
    expect(await credits(at)).toMatchObject({ balance: 10 })
  })

  it('is no service, and a service is no pack', async () => {
    const at = await found()
    const refused = await at.customer.post('/order-quotes', {
      request: { kind: 'subscription', plan_id: at.plan.id },
    })
    expect(refused.status).toBe(422)
    await admin.patch(`/plans/${at.plan.id}/policy`, { support_credits: 0 })
    const empty = await at.customer.post('/order-quotes', {
      request: { kind: 'support_pack', plan_id: at.plan.id },
    })
    expect(empty.status).toBe(422)
  })
})

describe('support credits', () => {
  it('are given and taken by staff with a reason, and never less than none', async () => {
    const at = await found()
    const adjust = (amount: number, by = admin) =>
      by.post(`/accounts/${at.account.id}/support-credits`, { amount, reason: 'Goodwill' })
    expect((await adjust(5)).body).toMatchObject({
      balance: 5,
      items: [{ kind: 'adjustment', reason: 'Goodwill' }],
    })
    const refused = await adjust(-6)
    expect([refused.status, refused.body.code]).toEqual([409, 'support_credits_short'])
    expect((await adjust(0)).status).toBe(422)
    expect((await adjust(1, await api.staff('support'))).body.code).toBe('not_permitted')
    // Five at once that take two each: two of them get some.
    const replies = await Promise.all([1, 2, 3, 4, 5].map(() => adjust(-2)))
    expect(replies.filter(({ status }) => status === 201)).toHaveLength(2)
    expect((await credits(at)).balance).toBe(1)
    expect((await admin.get(`/accounts/${at.unit.id}/support-credits`)).status).toBe(404)
  })

  it('stay as they are, whatever the code does', async () => {
    const at = await found()
    await admin.post(`/accounts/${at.account.id}/support-credits`, { amount: 5, reason: 'x' })
    const where = `where account_id = '${at.account.id}'`
    await expect(askOwner(api, `update support_credit_entries set amount = 50 ${where}`)).rejects.toThrow()
    await expect(askOwner(api, `delete from support_credit_entries ${where}`)).rejects.toThrow()
    await expect(
      askOwner(
        api,
        `insert into support_credit_entries (business_unit_id, account_id, kind, amount, reason)
         values ($1, $2, 'adjustment', -6, 'x')`,
        [at.unit.id, at.account.id],
      ),
    ).rejects.toThrow(/not so many/)
  })
})
