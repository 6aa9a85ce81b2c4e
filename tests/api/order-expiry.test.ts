// Orders that nobody pays expire (B5), in the calendar of their business unit and never while they are being paid; whoever pays an
// account's bills sees its orders; and an order is found by its number.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { expireOrders } from '../../server/modules/orders/orders.ts'
import { enqueue } from '../../server/platform/jobs.ts'
import { type Caller, startTestApi, type TestApi } from '../api.ts'
import { runJobs } from '../jobs.ts'
import { addSandbox } from '../payments/sandbox-house.ts'
import { askOwner } from '../people.ts'
import { type Found, keepShop, type Row } from '../shop.ts'

let api: TestApi
let admin: Caller
const { created, shown, found, requestOf, quote, place, own, pay, services, balanceOf } = keepShop(() => ({
  api,
  admin,
}))

beforeAll(async () => {
  api = await startTestApi({ addresses: true })
  admin = await api.staff('admin')
})
afterAll(() => api.close())
beforeEach(() => api.setNow('2026-05-11T15:00:00Z'))

const expire = async () => {
  await api.system((tx) => enqueue(tx, 'orders:expire_orders', {}))
  await runJobs(api)
}
const mailsTo = (email: string): Promise<Row[]> =>
  askOwner(
    api,
    `select kind::text, subject, text_body, account_id from notices where to_email = $1 order by id`,
    [email],
  )
/** Somebody else of the account. */
async function join(at: Found, permission: string): Promise<Caller> {
  const email = `${permission}-${at.email}`
  await api.system(async (tx) => {
    const user = await tx
      .insertInto('users')
      .values({ side: 'customer', email, name: permission, language: 'en' })
      .returning('id')
      .executeTakeFirstOrThrow()
    await tx
      .insertInto('memberships')
      .values({ user_id: user.id, account_id: at.account.id, permissions: [permission as 'billing'] })
      .execute()
  })
  return api.customer(email)
}

describe('an order that waits for its payment', () => {
  it('expires on the day after its last, where its business unit is, and says so', async () => {
    const at = await found()
    await shown(await admin.patch(`/business-units/${at.unit.id}`, { order_expiry_days: 10 }))
    const order = await place(at.customer, requestOf(at.plan))
    expect(order.payable_until).toBe('2026-05-21')
    for (const [now, state] of [
      ['2026-05-22T02:30:00Z', 'open'],
      ['2026-05-22T03:30:00Z', 'expired'],
    ] as const) {
      api.setNow(now)
      await expire()
      expect((await own(at.customer, order)).state).toBe(state)
    }
    expect(await own(at.customer, order)).toMatchObject({
      payable: false,
      cancellable: false,
      payable_until: null,
      ended_at: expect.any(String),
    })
    const listed = await shown(await admin.get(`/orders?state=expired&account_id=${at.account.id}`))
    expect(listed.items).toMatchObject([{ id: order.id, state: 'expired' }])
    const mails = await mailsTo(at.email)
    expect(mails.filter(({ kind }) => kind === 'order_expired')).toMatchObject([
      { text_body: expect.stringContaining(`/orders/${order.id}`), account_id: at.account.id },
    ])
    expect(mails.find(({ kind }) => kind === 'order_placed').text_body).toContain(
      'Pode ser pago até: 21 de mai',
    )
    const [audited] = await askOwner(
      api,
      `select operation from audit_log where object_type = 'orders' and object_id = $1 and after ->> 'state' = 'expired'`,
      [order.id],
    )
    expect(audited.operation).toBe('orders:expire_orders')
    // What has expired is done no more, by nobody.
    expect((await admin.post(`/orders/${order.id}/process`)).body.code).toBe('order_state')
    expect((await at.customer.post(`/orders/${order.id}/cancel`)).body.code).toBe('order_state')
    await expire()
    expect((await mailsTo(at.email)).filter(({ kind }) => kind === 'order_expired')).toHaveLength(1)
  })

  it('makes credit of what is paid for it afterwards, and staff are told', async () => {
    const at = await found({}, { support_email: 'late@unit.example' })
    const order = await place(at.customer, requestOf(at.plan))
    api.setNow('2026-06-11T15:00:00Z')
    await expire()
    expect((await own(at.customer, order)).state).toBe('expired')
    await pay(at, order)
    expect(await own(at.customer, order)).toMatchObject({ state: 'expired', documents: [] })
    expect(await services(at)).toEqual([])
    expect(await balanceOf(at)).toBe(order.due)
    await runJobs(api)
    expect(
      (await mailsTo('late@unit.example')).filter(({ kind }) => kind === 'order_paid_late'),
    ).toMatchObject([{ account_id: null, text_body: expect.stringContaining(`/office/orders/${order.id}`) }])
    expect((await admin.get(`/orders/${order.id}`)).body).toMatchObject({
      state: 'expired',
      payments: [{ amount: order.due }],
    })
    // Cancelled ones the same.
    const other = await place(at.customer, requestOf(at.plan, { quantity: 3 }))
    await shown(await at.customer.post(`/orders/${other.id}/cancel`))
    await pay(at, other)
    await runJobs(api)
    expect(
      (await mailsTo('late@unit.example')).filter(({ kind }) => kind === 'order_paid_late'),
    ).toHaveLength(2)
  })

  it('waits as long as somebody pays it, or for ever where its business unit says so', async () => {
    const at = await found()
    const provider = await addSandbox(api, at.unit.id)
    const paying = await place(at.customer, requestOf(at.plan))
    const intent = await created(
      '/payment-intents',
      { provider_id: provider, method: 'card', order_id: paying.id },
      at.customer,
    )
    const said = await place(at.customer, requestOf(at.plan))
    await created(
      '/payment-notices',
      { order_id: said.id, amount: said.due, method: 'bank_transfer', paid_on: '2026-05-11' },
      at.customer,
    )
    const forgotten = await place(at.customer, requestOf(at.plan))
    const patient = await found({}, { order_expiry_days: 0 })
    const forever = await place(patient.customer, requestOf(patient.plan))
    expect(forever.payable_until).toBeNull()
    api.setNow('2026-08-11T15:00:00Z')
    const states = async () => {
      const rows = await askOwner(api, 'select id, state from orders where id = any($1)', [
        [paying.id, said.id, forgotten.id, forever.id],
      ])
      const of = new Map(rows.map((row) => [row.id, row.state]))
      return [paying, said, forgotten, forever].map((order) => of.get(order.id))
    }
    await expire()
    expect(await states()).toEqual(['open', 'open', 'expired', 'open'])
    // The database holds it, whatever the code does.
    for (const order of [paying, said])
      await expect(
        askOwner(api, `update orders set state = 'expired', ended_at = now() where id = $1`, [order.id]),
      ).rejects.toThrow(/being paid/)
    await askOwner(
      api,
      `update payment_intents set state = 'cancelled', ended_at = now(), look_at = null where id = $1`,
      [intent.id],
    )
    await expire()
    expect(await states()).toEqual(['expired', 'open', 'expired', 'open'])
    // And nobody begins to pay what has expired.
    const late = await at.customer.post('/payment-intents', {
      provider_id: provider,
      method: 'card',
      order_id: forgotten.id,
    })
    expect(late.body.code).toBe('order_state')
    await expect(
      askOwner(
        api,
        `insert into payment_intents (business_unit_id, account_id, provider_id, method, origin, amount, currency, order_id)
         select business_unit_id, account_id, $2, 'card', 'customer', 1, currency, id from orders where id = $1`,
        [forgotten.id, provider],
      ),
    ).rejects.toThrow(/has expired/)
  })

  it('goes on in batches, from where it was', async () => {
    const at = await found()
    const orders: Row[] = []
    for (let n = 0; n < 5; n++) orders.push(await place(at.customer, requestOf(at.plan)))
    api.setNow('2026-07-11T15:00:00Z')
    let after: string | null = null
    const counts: number[] = []
    do {
      const from: string | null = after
      const batch: { expired: number; after: string | null } = await api.system((tx) =>
        expireOrders(tx, api.now(), from, 2),
      )
      after = batch.after
      counts.push(batch.expired)
    } while (after !== null)
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(5)
    expect(Math.max(...counts)).toBe(2)
    await expire()
    const left = await shown(await admin.get(`/orders?state=open&account_id=${at.account.id}`))
    expect(left.items).toEqual([])
  })
})

describe('whoever pays the bills', () => {
  it('sees orders and quotes and pays them, and orders or cancels none', async () => {
    const at = await found()
    const provider = await addSandbox(api, at.unit.id)
    const order = await place(at.customer, requestOf(at.plan))
    const bills = await join(at, 'billing')
    expect((await shown(await bills.get('/orders'))).items).toMatchObject([{ id: order.id, payable: true }])
    expect(await own(bills, order)).toMatchObject({ id: order.id, due: 5806 })
    // Of another day it is quoted anew for them, too.
    api.setNow('2026-05-12T15:00:00Z')
    expect(await own(bills, order)).toMatchObject({ due: 5516 })
    const { token } = await quote(at.customer, requestOf(at.plan))
    for (const [path, body] of [
      ['/order-quotes', { request: requestOf(at.plan) }],
      ['/orders', { request: requestOf(at.plan), token }],
      [`/orders/${order.id}/cancel`, {}],
      [`/orders/${order.id}/accept`, {}],
      [`/orders/${order.id}/decline`, {}],
    ] as const)
      expect((await bills.post(path, body)).status, path).toBe(403)
    expect((await bills.get('/shop')).status).toBe(403)
    await created('/payment-intents', { provider_id: provider, method: 'card', order_id: order.id }, bills)
    const support = await join(at, 'support')
    expect((await support.get('/orders')).status).toBe(403)
    expect((await support.get(`/orders/${order.id}`)).status).toBe(403)
    const elsewhere = await found()
    expect((await elsewhere.customer.get(`/orders/${order.id}`)).status).toBe(404)
  })
})

describe('the search', () => {
  it('finds an order by its number, for whoever may see orders', async () => {
    const at = await found()
    await askOwner(
      api,
      `insert into number_series (business_unit_id, series, next) values ($1, 'order', 731004)`,
      [at.unit.id],
    )
    const order = await place(at.customer, requestOf(at.plan))
    const hits = (await shown(await admin.get(`/search?q=${order.number}&kinds=order`))).items
    expect(hits.find((hit: Row) => hit.id === order.id)).toMatchObject({
      kind: 'order',
      title: String(order.number),
      detail: at.plan.name,
      account_id: at.account.id,
      matched: 'exact',
    })
    const technician = await api.staff('technician')
    expect(
      (await shown(await technician.get(`/search?q=${order.number}`))).items.map(({ kind }: Row) => kind),
    ).not.toContain('order')
  })
})
