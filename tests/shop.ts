// A business unit with a plan, a customer who orders it, and what a test asks of both.
import { expect } from 'vitest'
import { recordPayment } from '../server/modules/payments/index.ts'
import { isRefusal } from '../server/platform/errors.ts'
import type { Caller, Reply, TestApi } from './api.ts'
import { runJobs } from './jobs.ts'
import { askOwner } from './people.ts'

// biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects and fails where it is not there
export type Row = any

/** What tests of orders do again and again, by one administrator of an API that is started later. */
export function keepShop(site: () => { api: TestApi; admin: Caller }) {
  let count = 0
  async function created(path: string, body: object, by = site().admin): Promise<Row> {
    const reply = await by.post(path, body)
    expect(reply.status, JSON.stringify(reply.body)).toBe(201)
    return reply.body
  }
  async function shown(reply: Reply): Promise<Row> {
    expect(reply.status, JSON.stringify(reply.body)).toBe(200)
    return reply.body
  }
  const fault = (reply: Reply) =>
    reply.body.errors?.map(({ path, code }: { path: string; code: string }) => `${path} ${code}`) ??
    reply.body.code

  /** A business unit with a plan of 90.00 a month in advance, its option of 10.00, and a customer of it. */
  async function found(plan: object = {}, unitChange: object = {}) {
    const unit = await site().api.unit({ closing_day: 31, ...unitChange })
    const product = await created('/products', { business_unit_id: unit.id, name: `Product ${++count}` })
    const made = await created('/plans', {
      business_unit_id: unit.id,
      product_id: product.id,
      name: `Plan ${count}`,
      kind: 'hosting',
      billing_mode: 'advance',
      prices: [
        { currency: 'BRL', amount: 9000 },
        { currency: 'BRL', amount: 90_000, cycle_count: 12, cycle_alignment: 'anniversary' },
      ],
      options: [{ name: 'Backup', prices: [{ currency: 'BRL', amount: 1000 }] }],
      ...plan,
    })
    const email = `o${count}@orders.example`
    const account = await created('/accounts', { business_unit_id: unit.id, name: `Buyer ${count}`, email })
    return { unit, product, plan: made, account, email, customer: await site().api.customer(email) }
  }
  type Found = Awaited<ReturnType<typeof found>>

  const requestOf = (plan: Row, change: object = {}) => ({
    kind: 'subscription',
    plan_id: plan.id,
    ...change,
  })
  const quote = async (customer: Caller, request: object): Promise<Row> =>
    shown(await customer.post('/order-quotes', { request }))
  /** Quotes and places exactly that. */
  async function place(customer: Caller, request: object): Promise<Row> {
    const { token } = await quote(customer, request)
    return created('/orders', { request, token }, customer)
  }
  const own = async (customer: Caller, order: Row): Promise<Row> =>
    shown(await customer.get(`/orders/${order.id}`))
  const pay = (at: Found, order: Row, amount = order.due) =>
    site().api.system(async (tx) => {
      const booked = await recordPayment(
        tx,
        at.account.id,
        {
          amount,
          method: 'pix',
          received_on: Temporal.PlainDate.from('2026-05-11'),
          reference: null,
          order_id: order.id,
        },
        null,
        site().api.now(),
      )
      if (isRefusal(booked)) throw new Error(booked.code)
      return booked
    })
  const services = async (at: Found): Promise<Row[]> =>
    (await site().admin.get(`/subscriptions?account_id=${at.account.id}`)).body.items
  /** Which mails about orders were written to an address, oldest first. */
  const told = async (email: string): Promise<Row[]> => {
    await runJobs(site().api)
    return askOwner(
      site().api,
      `select kind::text, subject, text_body, account_id from notices
      where to_email = $1 and kind in ('quote_offered', 'order_placed', 'order_processed', 'order_failed') order by id`,
      [email],
    )
  }
  const balanceOf = async (at: Found) => {
    const [row] = await askOwner(
      site().api,
      `select coalesce(-sum(amount) filter (where ledger_account = 'account_credit'), 0)::int as credit,
            coalesce(sum(amount), 0)::int as all from ledger_entries where account_id = $1`,
      [at.account.id],
    )
    expect(row.all).toBe(0)
    return row.credit as number
  }

  return { created, shown, fault, found, requestOf, quote, place, own, pay, services, told, balanceOf }
}

/** A business unit with its plan and customer. */
export type Found = Awaited<ReturnType<ReturnType<typeof keepShop>['found']>>
