// Orders (B5): what customers buy in the portal and staff offer them. A quote is what the deed does (billing.md 18), and the deed
// is done once, in the transaction that marks it paid.
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { closeUnit } from '../../server/modules/billing/index.ts'
import { payOrder, processOrder } from '../../server/modules/orders/index.ts'
import { isRefusal } from '../../server/platform/errors.ts'
import { enqueue } from '../../server/platform/jobs.ts'
import { type Caller, startTestApi, type TestApi } from '../api.ts'
import { runJobs } from '../jobs.ts'
import { askOwner } from '../people.ts'
import { type Found, keepShop, type Row } from '../shop.ts'

let api: TestApi
let admin: Caller
const { created, shown, fault, found, requestOf, quote, place, own, pay, services, told, balanceOf } =
  keepShop(() => ({ api, admin }))

beforeAll(async () => {
  api = await startTestApi({ addresses: true })
  admin = await api.staff('admin')
})
afterAll(() => api.close())
beforeEach(() => api.setNow('2026-05-11T15:00:00Z'))

describe('the shop', () => {
  it('shows what customers may order, at the prices of today, by product', async () => {
    const at = await found({
      options: [
        { name: 'Backup', prices: [{ currency: 'BRL', amount: 1000 }] },
        { name: 'In dollars', prices: [{ currency: 'USD', amount: 1000 }] },
      ],
    })
    const line = await created('/plans', {
      business_unit_id: at.unit.id,
      product_id: at.product.id,
      name: 'Fibre',
      kind: 'broadband',
      prices: [{ currency: 'BRL', amount: 10_000 }],
    })
    const shop = await shown(await at.customer.get('/shop'))
    expect(shop).toMatchObject({ currency: 'BRL', day: '2026-05-11' })
    expect(shop.products).toHaveLength(1)
    expect(shop.products[0].plans).toMatchObject([
      {
        id: at.plan.id,
        order_kind: 'subscription',
        prices: [
          { cycle_unit: 'month', cycle_count: 1, one: 9000 },
          { cycle_unit: 'month', cycle_count: 12, one: 90_000 },
        ],
        options: [{ name: 'Backup', prices: [{ one: 1000 }] }],
      },
    ])
    // A connection waits for somebody who installs it, unless the plan says otherwise.
    const refused = await at.customer.post('/order-quotes', { request: requestOf(line) })
    expect(refused.body.code).toBe('order_not_allowed')
    await shown(await admin.patch(`/plans/${line.id}/policy`, { customer_orders: true }))
    expect((await shown(await at.customer.get('/shop'))).products[0].plans).toHaveLength(2)
    expect(await quote(at.customer, requestOf(line))).toMatchObject({ total: 0, due: 0, freemium: false })
    const elsewhere = await found()
    expect(fault(await elsewhere.customer.post('/order-quotes', { request: requestOf(at.plan) }))).toEqual([
      'plan_id not_a_choice',
    ])
  })

  it('tells what it comes to as it is configured, and writes nothing', async () => {
    const at = await found()
    const plain = await quote(at.customer, requestOf(at.plan))
    // From 11 to 30 May: 20 days of the 31 that the period has (30 April to 31 May).
    expect(plain).toMatchObject({
      title: at.plan.name,
      currency: 'BRL',
      total: 5806,
      due: 5806,
      credit_used: 0,
      recurring: { amount: 9000, cycle_unit: 'month', cycle_count: 1 },
      freemium: false,
      starts_on: '2026-05-11',
      lines: [
        { description: at.plan.name, from: '2026-05-11', to: '2026-05-31', days: 20, of_days: 31, net: 5806 },
      ],
    })
    const more = await quote(
      at.customer,
      requestOf(at.plan, { quantity: 2, options: [{ plan_option_id: at.plan.options[0].id }] }),
    )
    expect(more).toMatchObject({
      title: `2 × ${at.plan.name}`,
      total: 11_613 + 645,
      recurring: { amount: 19_000 },
    })
    const year = await quote(
      at.customer,
      requestOf(at.plan, { cycle: { cycle_unit: 'month', cycle_count: 12 } }),
    )
    expect(year).toMatchObject({ total: 90_000, recurring: { amount: 90_000, cycle_count: 12 } })
    expect(await services(at)).toEqual([])
    expect((await at.customer.get('/orders')).body.items).toEqual([])
    const [row] = await askOwner(api, 'select count(*)::int as n from invoices where account_id = $1', [
      at.account.id,
    ])
    expect(row.n).toBe(0)
    for (const [change, code] of [
      [{ cycle: { cycle_unit: 'day', cycle_count: 1 } }, 'cycle not_a_choice'],
      [{ coupon_code: 'NOTHING' }, 'coupon_unknown'],
      [{ quantity: 0 }, 'request.quantity'],
      [{ discount_kind: 'percent', discount_basis_points: 5000 }, undefined],
    ] as const) {
      const reply = await at.customer.post('/order-quotes', { request: requestOf(at.plan, change) })
      // Terms of staff's are no customer's: they are not read at all.
      if (code === undefined) expect(reply.body.total).toBe(5806)
      else expect(JSON.stringify(fault(reply))).toContain(code.split(' ')[0])
    }
    expect((await at.customer.post('/order-quotes', { request: { kind: 'castle' } })).status).toBe(422)
  })
})

describe('an order', () => {
  it('waits for its payment, and is done in the transaction that books it', async () => {
    const at = await found()
    const order = await place(at.customer, requestOf(at.plan))
    expect(order).toMatchObject({
      number: 1,
      state: 'open',
      kind: 'subscription',
      total: 5806,
      due: 5806,
      payable: true,
    })
    await runJobs(api)
    expect((await own(at.customer, order)).state).toBe('open')
    const booked = await pay(at, order)
    expect(booked.invoice_ids).toHaveLength(1)
    const done = await own(at.customer, order)
    expect(done).toMatchObject({
      state: 'processed',
      payable: false,
      service: { status: 'active', plan_name: at.plan.name },
      documents: [{ kind: 'invoice', state: 'paid', total: 5806, open_amount: 0 }],
    })
    expect(await services(at)).toMatchObject([{ id: done.subscription_id, start_date: '2026-05-11' }])
    expect(await balanceOf(at)).toBe(0)
    // Told again it is done no more: the money is credit.
    await pay(at, order)
    expect(await services(at)).toHaveLength(1)
    expect(await balanceOf(at)).toBe(5806)
    expect((await at.customer.post(`/orders/${order.id}/cancel`)).body.code).toBe('order_state')
    expect((await told(at.email)).map(({ kind }) => kind)).toEqual(['order_placed', 'order_processed'])
    // The closing goes on from there: nothing of May is billed twice.
    const invoice = (await admin.get(`/invoices/${done.documents[0].id}`)).body
    expect(invoice).toMatchObject({ issue_date: '2026-05-11', total: 5806 })
    api.setNow('2026-05-31T15:00:00Z')
    const closed = await closeUnit(api.office, {
      business_unit_id: at.unit.id,
      up_to: Temporal.PlainDate.from('2026-05-31'),
      now: api.now,
    })
    expect(isRefusal(closed)).toBe(false)
    const billed = (await admin.get(`/invoices?account_id=${at.account.id}&sort=-issue_date`)).body.items
    expect(billed.map(({ issue_date, total }: Row) => [issue_date, total])).toEqual([
      ['2026-05-31', 9000],
      ['2026-05-11', 5806],
    ])
  })

  it('is done once, however many pay it at once', async () => {
    const at = await found()
    const order = await place(at.customer, requestOf(at.plan))
    const results = await Promise.all(
      [1, 2, 3].map(() => api.system((tx) => payOrder(tx, order.id, api.now()))),
    )
    expect(new Set(results.flat()).size).toBe(1)
    expect(await services(at)).toHaveLength(1)
    const again = await api.system(async (tx) => [
      await payOrder(tx, order.id, api.now()),
      await payOrder(tx, order.id, api.now()),
    ])
    expect(again[0]).toEqual(results[0])
  })

  it('is placed as it was shown or not at all', async () => {
    const at = await found()
    const request = requestOf(at.plan)
    const { token } = await quote(at.customer, request)
    await shown(await admin.patch(`/plans/${at.plan.id}`, { prices: [{ currency: 'BRL', amount: 12_000 }] }))
    const refused = await at.customer.post('/orders', { request, token })
    expect([refused.status, refused.body.code]).toEqual([409, 'order_price_changed'])
    const other = await quote(at.customer, request)
    expect(
      (await at.customer.post('/orders', { request: { ...request, quantity: 2 }, token: other.token })).body
        .code,
    ).toBe('order_price_changed')
    // A token of one account is none of another's.
    const friend = await found()
    const foreign = await quote(friend.customer, requestOf(friend.plan))
    expect((await at.customer.post('/orders', { request, token: foreign.token })).body.code).toBe(
      'order_price_changed',
    )
  })

  it('that cannot be done when it is paid keeps the money as credit, tells staff, and is tried again', async () => {
    const at = await found({}, { support_email: 'apoio@unit.example' })
    const order = await place(at.customer, requestOf(at.plan))
    await shown(await admin.patch(`/plans/${at.plan.id}`, { archived: true }))
    await pay(at, order)
    expect(await own(at.customer, order)).toMatchObject({
      state: 'paid',
      delayed: true,
      payable: false,
      documents: [],
    })
    expect(await balanceOf(at)).toBe(5806)
    expect(await services(at)).toEqual([])
    const failed = (await admin.get(`/orders?failed=true&account_id=${at.account.id}`)).body.items
    expect(failed).toMatchObject([{ id: order.id, state: 'paid', failure_code: 'order_plan_gone' }])
    expect((await admin.get(`/orders/${order.id}`)).body).toMatchObject({
      processable: true,
      failure: expect.stringMatching(/\w/),
      payments: [{ amount: 5806 }],
    })
    // Staff are told, and the account is not.
    const [mail] = await told('apoio@unit.example')
    expect(mail).toMatchObject({ kind: 'order_failed', account_id: null })
    expect(mail.text_body).toContain(`/office/orders/${order.id}`)
    expect((await told(at.email)).map(({ kind }) => kind)).not.toContain('order_failed')
    // Trying it in vain is told, and changes nothing.
    expect((await admin.post(`/orders/${order.id}/process`)).body.code).toBe('order_plan_gone')
    await shown(await admin.patch(`/plans/${at.plan.id}`, { archived: false }))
    const done = await shown(await admin.post(`/orders/${order.id}/process`))
    expect(done).toMatchObject({
      state: 'processed',
      failure_code: null,
      documents: [{ kind: 'invoice', open_amount: 0, total: 5806 }],
    })
    expect(await balanceOf(at)).toBe(0)
    expect(await services(at)).toHaveLength(1)
  })

  it('is never charged at other prices than were shown', async () => {
    const at = await found()
    const order = await place(at.customer, requestOf(at.plan))
    await shown(await admin.patch(`/plans/${at.plan.id}`, { prices: [{ currency: 'BRL', amount: 12_000 }] }))
    await pay(at, order)
    expect(await own(at.customer, order)).toMatchObject({ state: 'paid', delayed: true })
    expect((await admin.get(`/orders/${order.id}`)).body.failure_code).toBe('order_price_changed')
    // Staff say that the price of today is all right; what is missing stays open.
    expect(await shown(await admin.post(`/orders/${order.id}/process`))).toMatchObject({
      state: 'processed',
      total: 7742,
      documents: [{ open_amount: 7742 - 5806 }],
    })
  })

  it('of another day is quoted anew by its page, and what is paid late all the same does it', async () => {
    const at = await found()
    const order = await place(at.customer, requestOf(at.plan))
    const late = await place(at.customer, requestOf(at.plan, { quantity: 2 }))
    api.setNow('2026-05-21T15:00:00Z')
    expect(await own(at.customer, order)).toMatchObject({ total: 2903, due: 2903, quoted_on: '2026-05-21' })
    await pay(at, order, 2903)
    expect(await own(at.customer, order)).toMatchObject({ state: 'processed', total: 2903 })
    // The bank brings today what was asked for ten days ago: it costs less, and the rest is credit.
    await pay(at, late, 11_613)
    expect(await own(at.customer, late)).toMatchObject({ state: 'processed', total: 5806 })
    expect(await balanceOf(at)).toBe(11_613 - 5806)
  })

  it('is not done for less than it costs: the money becomes credit, and it costs less', async () => {
    const at = await found()
    const order = await place(at.customer, requestOf(at.plan))
    await pay(at, order, 1000)
    expect((await own(at.customer, order)).state).toBe('open')
    expect(await balanceOf(at)).toBe(1000)
    const again = await quote(at.customer, requestOf(at.plan))
    expect(again).toMatchObject({ total: 5806, credit_used: 1000, due: 4806 })
    await pay(at, order, 5806)
    expect((await own(at.customer, order)).state).toBe('processed')
    expect(await balanceOf(at)).toBe(1000)
  })

  it('that the account’s credit pays, or that costs nothing now, is done without a payment', async () => {
    const at = await found()
    await pay(at, { id: null, due: 6000 })
    const covered = await place(at.customer, requestOf(at.plan))
    expect(covered).toMatchObject({ total: 5806, due: 0, payable: false, freemium: false })
    await runJobs(api)
    expect(await own(at.customer, covered)).toMatchObject({
      state: 'processed',
      documents: [{ state: 'paid', open_amount: 0 }],
    })
    expect(await balanceOf(at)).toBe(194)

    const free = await found({ prices: [{ currency: 'BRL', amount: 0 }], options: [] })
    const nothing = await place(free.customer, requestOf(free.plan))
    expect(nothing).toMatchObject({ total: 0, due: 0, freemium: true })
    await runJobs(api)
    expect(await own(free.customer, nothing)).toMatchObject({ state: 'processed', documents: [] })
    expect(await services(free)).toHaveLength(1)

    const trial = await found({ trial_days: 30 })
    const tried = await place(trial.customer, requestOf(trial.plan))
    expect(tried).toMatchObject({
      total: 0,
      freemium: false,
      quote: { trial_days: 30, starts_on: '2026-06-10' },
    })
    const arrears = await found({ billing_mode: 'arrears' })
    expect(await place(arrears.customer, requestOf(arrears.plan))).toMatchObject({
      total: 0,
      freemium: false,
    })
    await runJobs(api)
    expect(await services(arrears)).toHaveLength(1)
  })

  it('is cancelled by its customer before it is paid; money that comes after is credit', async () => {
    const at = await found()
    const order = await place(at.customer, requestOf(at.plan))
    expect(await shown(await at.customer.post(`/orders/${order.id}/cancel`))).toMatchObject({
      state: 'cancelled',
    })
    await pay(at, order)
    expect(await services(at)).toEqual([])
    expect(await balanceOf(at)).toBe(5806)
    expect((await at.customer.get('/orders?state=cancelled')).body.items).toHaveLength(1)
    expect((await at.customer.get('/orders?state=open')).body.items).toEqual([])
  })

  it('takes a coupon and refuses one that cannot be redeemed', async () => {
    const at = await found()
    await created('/coupons', {
      business_unit_id: at.unit.id,
      code: `HALF${at.account.number}`,
      name: 'Half',
      discount_kind: 'percent',
      discount_basis_points: 5000,
      duration: 'forever',
    })
    const request = requestOf(at.plan, { coupon_code: `HALF${at.account.number}` })
    expect(await quote(at.customer, request)).toMatchObject({ total: 2903 })
    const order = await place(at.customer, request)
    await pay(at, order)
    expect(await own(at.customer, order)).toMatchObject({ state: 'processed', total: 2903 })
  })

  it('is one account’s own, and staff’s who may', async () => {
    const at = await found()
    const order = await place(at.customer, requestOf(at.plan))
    const friend = await found()
    expect((await friend.customer.get(`/orders/${order.id}`)).status).toBe(404)
    expect((await friend.customer.post(`/orders/${order.id}/cancel`)).status).toBe(404)
    const elsewhere = await api.staff('sales', { units: [friend.unit.id] })
    expect((await elsewhere.get(`/orders/${order.id}`)).status).toBe(404)
    expect((await elsewhere.post(`/orders/${order.id}/process`)).status).toBe(404)
    const support = await api.staff('support')
    expect((await support.get(`/orders/${order.id}`)).status).toBe(200)
    expect((await support.post(`/orders/${order.id}/process`)).body.code).toBe('not_permitted')
    expect((await (await api.staff('technician')).get('/orders')).body.code).toBe('not_permitted')
    const found_ = (await admin.get(`/orders?q=${order.number}&business_unit_id=${at.unit.id}`)).body.items
    expect(found_).toMatchObject([{ id: order.id, account_name: at.account.name, by_customer: true }])
    const csv = await admin.get(`/orders.csv?account_id=${at.account.id}`)
    expect(csv.bytes.toString()).toContain(at.plan.name)
  })
})

describe('a change of a service', () => {
  async function subscribed() {
    const at = await found()
    await shown(
      await admin.patch(`/plans/${at.plan.id}/policy`, {
        customer_changes_plan: true,
        customer_changes_quantity: true,
        customer_changes_options: true,
      }),
    )
    const order = await place(at.customer, requestOf(at.plan))
    await pay(at, order)
    const service = (await services(at))[0]
    return { at, service }
  }

  it('is ordered, paid and done: more units, and modules', async () => {
    const { at, service } = await subscribed()
    const request = {
      kind: 'change',
      subscription_id: service.id,
      change: { kind: 'options', options: [{ plan_option_id: at.plan.options[0].id }] },
    }
    const order = await place(at.customer, request)
    expect(order).toMatchObject({
      kind: 'change',
      total: 645,
      due: 645,
      target_subscription_id: service.id,
      recurring_amount: 10_000,
    })
    await pay(at, order)
    expect(await own(at.customer, order)).toMatchObject({ state: 'processed', subscription_id: service.id })
    expect((await services(at))[0]).toMatchObject({ id: service.id, amount: 10_000 })
    expect(await balanceOf(at)).toBe(0)

    // What is given back of the former days pays for the new ones.
    const more = await quote(at.customer, {
      ...request,
      change: { kind: 'quantity', quantity: 2 },
    })
    expect(more).toMatchObject({ total: 11_613, credited: 5806, credit_used: 5806, due: 5807 })
  })

  it('to less waits for the period’s end, and costs nothing', async () => {
    const { at, service } = await subscribed()
    const more = await place(at.customer, {
      kind: 'change',
      subscription_id: service.id,
      change: { kind: 'quantity', quantity: 3 },
    })
    await pay(at, more)
    const less = await place(at.customer, {
      kind: 'change',
      subscription_id: service.id,
      change: { kind: 'quantity', quantity: 1 },
    })
    expect(less).toMatchObject({ due: 0, freemium: false, quote: { starts_on: '2026-05-31' } })
    await runJobs(api)
    expect((await own(at.customer, less)).state).toBe('processed')
    expect((await admin.get(`/subscriptions/${service.id}/changes`)).body.items[0]).toMatchObject({
      state: 'scheduled',
      kind: 'quantity',
    })
  })

  it('is refused where the plan does not leave it to customers, or the service is another’s', async () => {
    const { at, service } = await subscribed()
    await shown(await admin.patch(`/plans/${at.plan.id}/policy`, { customer_changes_quantity: false }))
    const request = { kind: 'change', subscription_id: service.id, change: { kind: 'quantity', quantity: 2 } }
    expect((await at.customer.post('/order-quotes', { request })).body.code).toBe('change_not_allowed')
    const friend = await found()
    expect((await friend.customer.post('/order-quotes', { request })).status).toBe(404)
    expect((await admin.post('/order-quotes', { account_id: friend.account.id, request })).status).toBe(404)
  })
})

describe('a quote of staff', () => {
  const discounted = (at: Found) =>
    requestOf(at.plan, { discount_kind: 'percent', discount_basis_points: 2000 })
  const offer = (at: Found, change: object = {}) =>
    created('/orders', {
      account_id: at.account.id,
      request: discounted(at),
      as: 'quote',
      valid_until: '2026-05-20',
      note: 'As agreed by telephone',
      ...change,
    })

  it('is accepted in the portal with staff’s discount, then paid', async () => {
    const at = await found()
    const order = await offer(at)
    expect(order).toMatchObject({
      state: 'quoted',
      total: 4645,
      valid_until: '2026-05-20',
      withdrawable: true,
    })
    expect(await own(at.customer, order)).toMatchObject({
      answerable: true,
      payable: false,
      note: 'As agreed by telephone',
      by_customer: false,
    })
    const [mail] = await told(at.email)
    expect(mail).toMatchObject({ kind: 'quote_offered', account_id: at.account.id })
    expect(mail.text_body).toContain('As agreed by telephone')
    expect(mail.text_body).toContain('20 de mai. de 2026')
    // Another day costs another part of the month at the same price.
    api.setNow('2026-05-16T15:00:00Z')
    const accepted = await shown(await at.customer.post(`/orders/${order.id}/accept`))
    expect(accepted).toMatchObject({ state: 'open', payable: true, due: 3484 })
    await pay(at, accepted)
    expect((await services(at))[0]).toMatchObject({ amount: 7200 })
    expect((await at.customer.post(`/orders/${order.id}/accept`)).body.code).toBe('order_state')
  })

  it('is declined, withdrawn, or expires on the day after its last', async () => {
    const at = await found()
    const declined = await offer(at)
    expect(await shown(await at.customer.post(`/orders/${declined.id}/decline`))).toMatchObject({
      state: 'declined',
    })
    const withdrawn = await offer(at)
    expect(await shown(await admin.post(`/orders/${withdrawn.id}/withdraw`))).toMatchObject({
      state: 'cancelled',
    })
    expect((await admin.post(`/orders/${withdrawn.id}/withdraw`)).body.code).toBe('order_state')
    const expiring = await offer(at)
    // The last day ends where the business unit is: at three in the morning of the 21st UTC.
    for (const [now, state] of [
      ['2026-05-21T02:30:00Z', 'quoted'],
      ['2026-05-21T03:30:00Z', 'expired'],
    ] as const) {
      api.setNow(now)
      if (state === 'expired')
        expect((await at.customer.post(`/orders/${expiring.id}/accept`)).body.code).toBe('quote_expired')
      await api.system((tx) => enqueue(tx, 'orders:expire_quotes', {}))
      await runJobs(api)
      expect((await own(at.customer, expiring)).state).toBe(state)
    }
    expect((await at.customer.post(`/orders/${expiring.id}/accept`)).body.code).toBe('quote_expired')
    await pay(at, expiring)
    expect(await services(at)).toEqual([])
  })

  it('whose price has changed is renewed and refused once', async () => {
    const at = await found()
    const order = await offer(at)
    await shown(await admin.patch(`/plans/${at.plan.id}`, { prices: [{ currency: 'BRL', amount: 12_000 }] }))
    expect((await at.customer.post(`/orders/${order.id}/accept`)).body.code).toBe('order_price_changed')
    expect(await own(at.customer, order)).toMatchObject({ state: 'quoted', total: 6194 })
    expect(await shown(await at.customer.post(`/orders/${order.id}/accept`))).toMatchObject({ state: 'open' })
  })

  it('needs a last day that has not passed, and what the deed refuses is refused', async () => {
    const at = await found()
    const input = { account_id: at.account.id, request: discounted(at), as: 'quote' }
    expect(fault(await admin.post('/orders', input))).toEqual(['valid_until required'])
    expect(fault(await admin.post('/orders', { ...input, valid_until: '2026-05-10' }))).toEqual([
      'valid_until passed_already',
    ])
    expect(
      fault(
        await admin.post('/orders', { ...input, salesperson_id: at.account.id, valid_until: '2026-05-20' }),
      ),
    ).toEqual(['salesperson_id not_a_choice'])
    expect((await admin.post('/orders', { ...input, account_id: at.plan.id })).status).toBe(404)
    const shownQuote = await shown(
      await admin.post('/order-quotes', { account_id: at.account.id, request: discounted(at) }),
    )
    expect(shownQuote).toMatchObject({ total: 4645, recurring: { amount: 7200 } })
    const other = { ...input, as: 'order', request: requestOf(at.plan), token: shownQuote.token }
    expect((await admin.post('/orders', other)).body.code).toBe('order_price_changed')
  })

  it('or an order of staff is done without payment: its invoice stays open', async () => {
    const at = await found()
    const order = await created('/orders', { account_id: at.account.id, request: discounted(at) })
    expect(order).toMatchObject({ state: 'open', number: 1 })
    expect(await shown(await admin.post(`/orders/${order.id}/process`))).toMatchObject({
      state: 'processed',
      paid_at: null,
      documents: [{ state: 'open', open_amount: 4645 }],
    })
    // Paid afterwards, the money pays what it left open.
    await pay(at, { id: order.id, due: 4645 })
    expect((await admin.get(`/orders/${order.id}`)).body).toMatchObject({
      paid_at: expect.any(String),
      documents: [{ state: 'paid', open_amount: 0 }],
    })
    const twice = await api.system((tx) => processOrder(tx, order.id, at.account.id, api.now()))
    expect(isRefusal(twice) && twice.code).toBe('order_state')
    const paid = await created('/orders', { account_id: at.account.id, request: requestOf(at.plan) })
    expect(paid.number).toBe(2)
    expect(await shown(await admin.post(`/orders/${paid.id}/cancel`))).toMatchObject({ state: 'cancelled' })
  })
})

describe('the database', () => {
  it('lets an order go forward only, keep what it is of, and be placed by customers for themselves alone', async () => {
    const at = await found()
    const order = await place(at.customer, requestOf(at.plan))
    await pay(at, order)
    for (const change of [
      `state = 'open'`,
      `state = 'cancelled'`,
      `total = 1`,
      `request = '{}'`,
      `number = 77`,
    ]) {
      await expect(askOwner(api, `update orders set ${change} where id = $1`, [order.id])).rejects.toThrow()
    }
    await expect(askOwner(api, 'delete from orders where id = $1', [order.id])).rejects.toThrow()
    // The portal's own login places open orders of the account that it acts for, and nothing else.
    const client = new pg.Client({ connectionString: api.database.portalUrl })
    await client.connect()
    const [row] = await askOwner(api, 'select * from orders where id = $1', [order.id])
    const attempt = async (account: string, unit: string, state: string, permission = 'services') => {
      await client.query('begin')
      await client.query(
        `select set_config('zaguan.account_id', $1, true), set_config('zaguan.unit_id', $2, true),
                set_config('zaguan.user_id', $3, true), set_config('zaguan.permissions', $4, true)`,
        [at.account.id, at.unit.id, row.created_by, permission],
      )
      const outcome = await client
        .query(
          `insert into orders (business_unit_id, account_id, kind, state, title, request, quote, terms, currency, total, due, by_customer,
                               created_by, quoted_on, placed_at)
           values ($1, $2, 'subscription', $3, 'x', '{}', '{}', $4, 'BRL', 0, 0, true, $5, '2026-05-11', now())`,
          [unit, account, state, row.terms, row.created_by],
        )
        .then(
          () => 'placed',
          (error: { code: string }) => error.code,
        )
      await client.query('rollback')
      return outcome
    }
    const other = await found()
    try {
      expect(await attempt(at.account.id, at.unit.id, 'open')).toBe('placed')
      expect(await attempt(at.account.id, at.unit.id, 'open', 'support')).toBe('42501')
      expect(await attempt(other.account.id, other.unit.id, 'open')).toBe('42501')
      expect(['42501', '23514']).toContain(await attempt(at.account.id, at.unit.id, 'processed'))
      await expect(client.query(`update orders set due = 0`)).rejects.toThrow(/permission denied/)
      await expect(client.query(`insert into support_credit_entries default values`)).rejects.toThrow(
        /permission denied/,
      )
    } finally {
      await client.end()
    }
    const held = await askOwner(
      api,
      `select n.number from orders n where business_unit_id = $1 order by number`,
      [at.unit.id],
    )
    expect(held.map((row) => Number(row.number))).toEqual([1])
  })
})
