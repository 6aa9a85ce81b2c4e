// Every event type of the catalogue, caused as people and programs cause it: by the API, the portal, the sandbox's page and the
// clock. Each is delivered once to each side that may hear of it, signed, and its payload is what the docs and the API say.
import { readFileSync } from 'node:fs'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { Webhook } from 'standardwebhooks'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { describeEvents, describeObjects } from '../../server/modules/webhooks/catalogue.ts'
import {
  type EventType,
  eventNames,
  eventTypes,
  type ObjectKind,
} from '../../server/modules/webhooks/event-types.ts'
import type { UserSide } from '../../server/platform/database.gen.ts'
import { enqueue } from '../../server/platform/jobs.ts'
import { type Caller, startTestApi, type TestApi } from '../api.ts'
import { issueInvoice } from '../invoices.ts'
import { runJobs } from '../jobs.ts'
import { addSandbox, press } from '../payments/sandbox-house.ts'
import { type Found, keepShop, type Row } from '../shop.ts'
import { work } from './house.ts'
import { type Received, type Receiver, startReceiver } from './receiver.ts'

let api: TestApi
let admin: Caller
const { created, shown, found, requestOf, place } = keepShop(() => ({ api, admin }))

type Sides = Record<UserSide, Receiver>
let receivers: Sides
const sides = ['staff', 'customer'] as const

beforeAll(async () => {
  api = await startTestApi({ addresses: true })
  api.config.webhookNetworks = ['127.0.0.0/8']
  admin = await api.staff('admin')
  receivers = { staff: await startReceiver(), customer: await startReceiver() }
})
afterAll(async () => {
  vi.useRealTimers()
  await Promise.all(sides.map((side) => receivers[side].close()))
  await api.close()
})
beforeEach(() => api.setNow('2026-05-11T15:00:00Z'))
afterEach(async () => {
  await api.system((tx) => tx.deleteFrom('webhook_endpoints').execute())
  for (const side of sides) receivers[side].received.length = 0
})

// What is listened to --------------------------------------------------------------------------------------------------

type Keys = Record<UserSide, Webhook>

/** An endpoint of the operator and one of the account, both told of everything from now on. */
async function listen(at: { unit: Row; customer: Caller }): Promise<Keys> {
  // What was caused so far is told before anybody listens.
  await runJobs(api)
  const office = await created('/webhook-endpoints', {
    url: receivers.staff.url,
    business_unit_id: at.unit.id,
  })
  const portal = await created('/webhook-endpoints', { url: 'https://hooks.buyer.example/in' }, at.customer)
  // The portal names no inner address: its own is written beneath it.
  await api.system((tx) =>
    tx
      .updateTable('webhook_endpoints')
      .set({ url: receivers.customer.url })
      .where('id', '=', portal.endpoint.id)
      .execute(),
  )
  return { staff: new Webhook(office.key), customer: new Webhook(portal.key) }
}

type Message = { type: string; timestamp: string; data: Row }
const read = (one: Received): Message => JSON.parse(one.body)

/** What was told of a type and an object on a side; without an object, of any. */
const heard = (side: UserSide, type: string, id: string | null) =>
  receivers[side].received.filter((one) => {
    const { type: said, data } = read(one)
    return said === type && (id === null || (data.reversal ?? data).id === id)
  })
const typesHeard = (side: UserSide) => receivers[side].received.map((one) => read(one).type)

/** Signed so that the convention's own library says so, at the moment of the test's clock, and not over anything else. */
function checkSignature(webhook: Webhook, one: Received): void {
  vi.useFakeTimers({ toFake: ['Date'], now: api.now().epochMilliseconds })
  try {
    expect(webhook.verify(one.body, one.headers)).toEqual(read(one))
    expect(() => webhook.verify(one.body.replace('{', '{ '), one.headers)).toThrow()
  } finally {
    vi.useRealTimers()
  }
  expect(one.headers['webhook-id']).toMatch(/^msg_[0-9a-f]{32}$/)
  expect(one.headers).toMatchObject({ 'content-type': 'application/json', 'user-agent': 'Zaguan' })
}

// What is documented ---------------------------------------------------------------------------------------------------

type Shape = { [key: string]: unknown }

/** Closes a schema: what it does not name may not be there. */
function closeShape(shape: unknown): unknown {
  if (Array.isArray(shape)) return shape.map(closeShape)
  if (shape === null || typeof shape !== 'object') return shape
  const closed = Object.fromEntries(Object.entries(shape).map(([key, part]) => [key, closeShape(part)]))
  if (closed.type === 'object' && closed.properties && !('additionalProperties' in closed))
    closed.additionalProperties = false
  return closed
}

function compile(schema: Shape): ValidateFunction {
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  addFormats.default(ajv)
  return ajv.compile(closeShape(schema) as Shape)
}

const openApi = JSON.parse(readFileSync(new URL('../../docs/openapi.gen.json', import.meta.url), 'utf8'))
const page = readFileSync(new URL('../../docs/webhook-events.gen.md', import.meta.url), 'utf8')

const documented = Object.fromEntries(
  sides.map((side) => [
    side,
    Object.fromEntries(
      describeObjects(side).map(({ object, name, schema }) => [
        object,
        {
          schema: compile(schema as Shape),
          // The same object as the API's own document describes it, where it answers with one.
          answer:
            name !== null && name in openApi.components.schemas
              ? compile({
                  ...openApi.components.schemas[name],
                  components: { schemas: openApi.components.schemas },
                })
              : null,
        },
      ]),
    ),
  ]),
) as Record<UserSide, Record<string, { schema: ValidateFunction; answer: ValidateFunction | null }>>

/** Every field of a payload that its example shows otherwise: not there, there too much, or of another kind. */
function compareShapes(example: unknown, sent: unknown, path = 'data'): string[] {
  if (example === null || sent === null) return []
  if (Array.isArray(example) || Array.isArray(sent)) {
    if (!Array.isArray(example) || !Array.isArray(sent)) return [`${path}: a list, or not`]
    // Blocks of a contract are of several kinds: their schema says which fields each has.
    if (path.endsWith('.blocks')) return []
    const [one] = example
    return one === undefined
      ? []
      : sent.flatMap((part, index) => compareShapes(one, part, `${path}[${index}]`))
  }
  if (typeof example !== typeof sent) return [`${path}: ${typeof sent} instead of ${typeof example}`]
  if (typeof example !== 'object') return []
  const [shownKeys, sentKeys] = [Object.keys(example), Object.keys(sent as object)]
  // A record of names that nobody knows before has no keys of its own.
  if (path.endsWith('.customer') || path.endsWith('.issuer') || path.endsWith('.request')) return []
  return [
    ...shownKeys.filter((key) => !sentKeys.includes(key)).map((key) => `${path}.${key}: missing`),
    ...sentKeys.filter((key) => !shownKeys.includes(key)).map((key) => `${path}.${key}: not documented`),
    ...shownKeys
      .filter((key) => sentKeys.includes(key))
      .flatMap((key) => compareShapes((example as Shape)[key], (sent as Shape)[key], `${path}.${key}`)),
  ]
}

function checkPayload(side: UserSide, type: EventType, one: Received): void {
  const message = read(one)
  expect(Object.keys(message)).toEqual(['type', 'timestamp', 'data'])
  expect(Temporal.Instant.compare(message.timestamp, api.now())).toBeLessThanOrEqual(0)
  const { schema, answer } = documented[side][eventTypes[type].object]!
  for (const valid of [schema, answer])
    if (valid) {
      valid(message.data)
      expect(valid.errors ?? [], `${side} ${type}`).toEqual([])
    }
  const { example } = describeEvents(side).find((event) => event.type === type)!
  expect(compareShapes(JSON.parse(example).data, message.data), `${side} ${type}`).toEqual([])
  expect(page).toContain(`\`${type}\``)
}

/** Where the API shows an object to a side: exactly that is sent. */
const places: Record<UserSide, Partial<Record<ObjectKind, (id: string) => string>>> = {
  staff: {
    invoice: (id) => `/invoices/${id}`,
    payment: (id) => `/payments/${id}`,
    subscription: (id) => `/subscriptions/${id}`,
    order: (id) => `/orders/${id}`,
    account: (id) => `/accounts/${id}`,
    contract: (id) => `/contract-documents/${id}`,
  },
  customer: {
    invoice: (id) => `/invoices/${id}`,
    subscription: (id) => `/subscriptions/${id}`,
    order: (id) => `/orders/${id}`,
    account: () => '/account',
    contract: (id) => `/contract-documents/${id}`,
    dunning: () => '/dunning',
  },
}

async function checkPlace(side: UserSide, type: EventType, id: string, one: Received, caller: Caller) {
  const place = places[side][eventTypes[type].object]
  if (!place) return
  const { status, body } = await caller.get(place(id), { 'accept-language': 'pt-BR' })
  expect(status, JSON.stringify(body)).toBe(200)
  expect(read(one).data, `${side} ${type}`).toEqual(body)
}

// What people do -------------------------------------------------------------------------------------------------------

const own = async (reply: Promise<{ status: number; body: Row }>): Promise<Row> => {
  const { status, body } = await reply
  expect(status, JSON.stringify(body)).toBeLessThan(300)
  return body
}
const refOf = (intent: Row): string => new URL(intent.action.url).pathname.split('/').at(-1)!
/** The clock strikes. */
async function strike(task: string): Promise<void> {
  await api.system((tx) => enqueue(tx, task, {}))
  await work(api)
}
const pass = (days: number) =>
  api.setNow(
    api
      .now()
      .add({ hours: 24 * days })
      .toString(),
  )
const today = () => api.now().toZonedDateTimeISO('America/Sao_Paulo').toPlainDate()

/** A business unit that is paid by the sandbox, with a plan and a customer. */
async function open(plan: object = {}) {
  const at = await found(plan)
  return { ...at, provider: await addSandbox(api, at.unit.id) }
}
type At = Awaited<ReturnType<typeof open>>

/** Begins a payment as the customer does. Returns what finishes it: by the sandbox's own page. */
async function beginPayment(at: At, what: object) {
  const intent = await created(
    '/payment-intents',
    { provider_id: at.provider, method: 'card', ...what },
    at.customer,
  )
  await work(api)
  const ref = refOf(await own(at.customer.get(`/payment-intents/${intent.id}`)))
  return async () => {
    await press(api, ref, { do: 'choose', scenario: 'success' })
    await own(at.customer.post(`/payment-intents/${intent.id}/look-up`))
    await work(api)
    return ref
  }
}
const payBySandbox = async (at: At, what: object): Promise<string> => (await beginPayment(at, what))()
const owe = (at: Found, total = 5000, due = '2026-05-20') =>
  api.system((tx) => issueInvoice(tx, at.account.id, { total, due_date: due }))
const offer = (at: Found) =>
  created('/orders', {
    account_id: at.account.id,
    request: requestOf(at.plan),
    as: 'quote',
    valid_until: '2026-05-20',
  })
const sell = (at: Found, change: object = {}) =>
  created(`/accounts/${at.account.id}/subscriptions`, {
    plan_id: at.plan.id,
    start_date: '2026-05-01',
    ...change,
  })
async function write(path: string, body: object): Promise<Row> {
  const { token } = await own(admin.post(`${path}/preview`, body))
  return (await created(path, { ...body, token })).documents[0]
}
async function storeCard(at: At, scenario = 'success'): Promise<Row> {
  const setup = await created('/stored-methods', { provider_id: at.provider, method: 'card' }, at.customer)
  await work(api)
  await press(api, refOf(await own(at.customer.get(`/payment-intents/${setup.id}`))), {
    do: 'choose',
    scenario,
  })
  await own(admin.post(`/payment-intents/${setup.id}/look-up`))
  await work(api)
  return (await own(at.customer.get('/stored-methods'))).items[0]
}
async function paidOf(at: At): Promise<{ payment: Row; ref: string }> {
  const invoice = await owe(at)
  const ref = await payBySandbox(at, { invoice_ids: [invoice.id] })
  return { payment: (await own(admin.get(`/payments?account_id=${at.account.id}`))).items[0], ref }
}
/** A policy of a reminder on the first day and a suspension on the fifth. */
async function threaten(at: Found): Promise<void> {
  const policy = await created('/dunning-policies', { business_unit_id: at.unit.id, name: 'Régua' })
  const [mail, suspend] = [policy.steps[1], policy.steps.find((one: Row) => one.action === 'suspend')]
  await own(
    admin.patch(`/dunning-policies/${policy.id}`, {
      minimum_amount: 1000,
      steps: [mail, { ...suspend, day: 5, scope: 'account' }],
    }),
  )
  const { fingerprint } = await own(admin.get(`/dunning-policies/${policy.id}/simulation`))
  await own(admin.post(`/dunning-policies/${policy.id}/switch-on`, { fingerprint }))
}

const manual = {
  due_date: '2026-06-30',
  lines: [{ description: 'Instalação', unit_amount: 15_000 }],
}

/**
 * How each event type is caused. A drive is given a customer, and says by `listening` when it is ready; what it does afterwards
 * has to cause the event of exactly one object, whose id it returns.
 */
const drives: Record<EventType, (at: At, listening: () => Promise<void>) => Promise<string>> = {
  'account.created': async (at, listening) => {
    await listening()
    return (
      await created('/accounts', {
        business_unit_id: at.unit.id,
        name: 'New one',
        email: 'new@buyers.example',
      })
    ).id
  },
  'account.changed': async (at, listening) => {
    await listening()
    await own(admin.patch(`/accounts/${at.account.id}`, { city: 'Natal' }))
    return at.account.id
  },
  'contract.accepted': async (at, listening) => {
    const template = await created('/contract-templates', {
      business_unit_id: at.unit.id,
      name: 'Terms',
      language: 'pt-BR',
      body: '# Terms\n\nAll of it.',
    })
    const service = await sell(at, { status: 'active', term_months: 12 })
    await own(admin.put(`/subscriptions/${service.id}/contract`, { template_id: template.id }))
    const document = await own(admin.post(`/subscriptions/${service.id}/contract/issue`, {}))
    await listening()
    await own(at.customer.post(`/contract-documents/${document.id}/accept`, { sha256: document.sha256 }))
    return document.id
  },
  'quote.offered': async (at, listening) => {
    await listening()
    return (await offer(at)).id
  },
  'order.placed': async (at, listening) => {
    await listening()
    return (await place(at.customer, requestOf(at.plan))).id
  },
  'order.processed': async (at, listening) => {
    const order = await place(at.customer, requestOf(at.plan))
    await listening()
    await payBySandbox(at, { order_id: order.id })
    expect((await own(at.customer.get(`/orders/${order.id}`))).state).toBe('processed')
    return order.id
  },
  'order.failed': async (at, listening) => {
    const order = await place(at.customer, requestOf(at.plan))
    const finish = await beginPayment(at, { order_id: order.id })
    await shown(await admin.patch(`/plans/${at.plan.id}`, { archived: true }))
    await listening()
    await finish()
    expect((await own(admin.get(`/orders/${order.id}`))).failure_code).toBe('order_plan_gone')
    return order.id
  },
  'order.cancelled': async (at, listening) => {
    const order = await place(at.customer, requestOf(at.plan))
    await listening()
    await own(at.customer.post(`/orders/${order.id}/cancel`))
    return order.id
  },
  'order.expired': async (at, listening) => {
    const quote = await offer(at)
    await listening()
    api.setNow('2026-05-21T15:00:00Z')
    await strike('orders:expire_quotes')
    return quote.id
  },
  'subscription.created': async (at, listening) => {
    await listening()
    return (await sell(at)).id
  },
  'subscription.activated': async (at, listening) => {
    const service = await sell(at, { status: 'awaiting_installation' })
    await listening()
    await own(admin.post(`/subscriptions/${service.id}/activate`, { date: '2026-05-11' }))
    return service.id
  },
  'subscription.suspended': async (at, listening) => {
    const service = await sell(at, { status: 'active' })
    await listening()
    await own(admin.post(`/subscriptions/${service.id}/suspend`, { reason: 'Viagem' }))
    return service.id
  },
  'subscription.reactivated': async (at, listening) => {
    const service = await sell(at, { status: 'active' })
    await own(admin.post(`/subscriptions/${service.id}/suspend`, { reason: 'Viagem' }))
    await listening()
    await own(admin.post(`/subscriptions/${service.id}/reactivate`, {}))
    return service.id
  },
  'subscription.changed': async (at, listening) => {
    const service = await sell(at, { status: 'active' })
    await listening()
    const change = { kind: 'quantity', quantity: 3 }
    const { token } = await own(admin.post(`/subscriptions/${service.id}/changes/preview`, { change }))
    await created(`/subscriptions/${service.id}/changes`, { change, token })
    return service.id
  },
  'subscription.cancelled': async (at, listening) => {
    const service = await sell(at, { status: 'active' })
    await listening()
    await own(admin.post(`/subscriptions/${service.id}/cancel`, { date: '2026-05-11', reason: 'Mudou-se' }))
    return service.id
  },
  'invoice.issued': async (at, listening) => {
    await sell(at, { status: 'active' })
    await listening()
    return (await write(`/accounts/${at.account.id}/invoices`, manual)).id
  },
  'invoice.paid': async (at, listening) => {
    const invoice = await owe(at)
    await listening()
    await payBySandbox(at, { invoice_ids: [invoice.id] })
    return invoice.id
  },
  'invoice.voided': async (at, listening) => {
    const invoice = await write(`/accounts/${at.account.id}/invoices`, manual)
    await listening()
    await write(`/invoices/${invoice.id}/credit-notes`, { reason: 'Cortesia' })
    return invoice.id
  },
  'debit_note.issued': async (at, listening) => {
    const invoice = await write(`/accounts/${at.account.id}/invoices`, manual)
    await listening()
    const note = await write(`/invoices/${invoice.id}/debit-notes`, {
      reason: 'Diferença',
      due_date: '2026-06-30',
      lines: [{ description: 'Diferença', unit_amount: 1000 }],
    })
    return note.id
  },
  'credit_note.issued': async (at, listening) => {
    const invoice = await write(`/accounts/${at.account.id}/invoices`, manual)
    await listening()
    return (await write(`/invoices/${invoice.id}/credit-notes`, { reason: 'Cortesia' })).id
  },
  'proforma.issued': async (at, listening) => {
    await listening()
    const proforma = await write(`/accounts/${at.account.id}/proformas`, {
      valid_until: '2026-06-10',
      lines: [{ description: 'Projeto', unit_amount: 100_000, product_id: at.product.id }],
    })
    return proforma.id
  },
  'payment.received': async (at, listening) => {
    const invoice = await owe(at)
    await listening()
    await payBySandbox(at, { invoice_ids: [invoice.id] })
    return (await own(admin.get(`/payments?account_id=${at.account.id}`))).items[0].id
  },
  'payment.refunded': async (at, listening) => {
    const { payment } = await paidOf(at)
    await listening()
    await own(
      admin.post(`/payments/${payment.id}/refund`, { amount: 2000, reason: 'Engano', by: 'provider' }),
    )
    await work(api)
    return (await own(admin.get(`/payment-reversals?account_id=${at.account.id}`))).items[0].id
  },
  'payment.charged_back': async (at, listening) => {
    const { ref } = await paidOf(at)
    await listening()
    await press(api, ref, { do: 'dispute' })
    // Nobody told: the hourly reconciliation finds it.
    api.setNow(api.now().add({ hours: 1 }).toString())
    await strike('payments:reconcile')
    return (await own(admin.get(`/payment-reversals?account_id=${at.account.id}`))).items[0].id
  },
  'payment_method.stored': async (at, listening) => {
    await listening()
    return (await storeCard(at)).id
  },
  'payment_method.removed': async (at, listening) => {
    const method = await storeCard(at)
    await listening()
    await own(at.customer.delete(`/stored-methods/${method.id}`))
    return method.id
  },
  'payment_method.expired': async (at, listening) => {
    const method = await storeCard(at, 'expiring')
    await listening()
    pass(today().until(method.expires_on).days)
    await strike('payments:watch_methods')
    return method.id
  },
  'dunning.acted': async (at, listening) => {
    await sell(at, { status: 'active' })
    await threaten(at)
    await owe(at, 5000, '2026-05-11')
    await listening()
    api.setNow('2026-05-12T13:00:00Z')
    await strike('dunning:start_runs')
    const [action] = (await own(admin.get(`/dunning-actions?account_id=${at.account.id}`))).items
    return action.id
  },
}

describe('each event type of the catalogue', () => {
  it('is driven here, and no other', () => {
    expect(Object.keys(drives).toSorted()).toEqual([...eventNames].toSorted())
  })

  it.each(eventNames)('%s is told once to each side, signed, as it is documented', async (type) => {
    const at = await open()
    let keys: Keys | undefined
    const id = await drives[type](at, async () => {
      keys = await listen(at)
    })
    await work(api)
    // What was done is done: the same jobs again tell nothing anew.
    await work(api)
    for (const side of sides) {
      // Nobody of a new account listens yet.
      if (side === 'customer' && type === 'account.created') {
        expect(typesHeard(side)).toEqual([])
        continue
      }
      // The portal's view of a debt is the account's, without the office's id of a step.
      const about = type === 'dunning.acted' && side === 'customer' ? null : id
      const told = heard(side, type, about)
      expect(told, `${side} heard of ${typesHeard(side)}`).toHaveLength(1)
      checkSignature(keys![side], told[0]!)
      checkPayload(side, type, told[0]!)
      await checkPlace(side, type, id, told[0]!, side === 'staff' ? admin : at.customer)
    }
    // Each message has an id of its own on each side.
    for (const side of sides) {
      const ids = receivers[side].received.map((one) => one.headers['webhook-id'])
      expect(new Set(ids).size).toBe(ids.length)
    }
    expect(
      (await own(admin.get('/webhook-deliveries?limit=200'))).items.map((one: Row) => one.state),
    ).not.toContain('failed')
  })
})

describe('what follows from what', () => {
  /** How often each type was heard on a side, and that the other side heard the same. */
  const count = (side: UserSide = 'staff') =>
    Object.fromEntries(
      [...Map.groupBy(typesHeard(side), (type) => type)]
        .map(([type, all]) => [type, all.length] as const)
        .toSorted(([one], [other]) => (one < other ? -1 : 1)),
    )
  const forget = () => {
    for (const side of sides) receivers[side].received.length = 0
  }

  it('a quote is offered, accepted and paid by a card: each step is told once, and nothing else', async () => {
    const at = await open()
    const keys = await listen(at)
    const quote = await offer(at)
    await work(api)
    expect(count()).toEqual({ 'quote.offered': 1 })
    await own(at.customer.post(`/orders/${quote.id}/accept`))
    await work(api)
    expect(count()).toEqual({ 'order.placed': 1, 'quote.offered': 1 })
    await payBySandbox(at, { order_id: quote.id })
    const expected = {
      'invoice.issued': 1,
      'invoice.paid': 1,
      'order.placed': 1,
      'order.processed': 1,
      'payment.received': 1,
      'quote.offered': 1,
      // Sold active: its sale says so.
      'subscription.created': 1,
    }
    expect(count()).toEqual(expected)
    expect(count('customer')).toEqual(expected)
    for (const side of sides)
      for (const one of receivers[side].received) {
        checkSignature(keys[side], one)
        checkPayload(side, read(one).type as EventType, one)
      }
    // The states of the order, as they were told.
    const states = receivers.customer.received
      .map(read)
      .filter(({ type }) => type.startsWith('order.') || type.startsWith('quote.'))
      .map(({ type, data }) => [type, data.state])
    expect(states).toEqual([
      ['quote.offered', 'quoted'],
      ['order.placed', 'open'],
      ['order.processed', 'processed'],
    ])
    // Another quote is declined: an order that ended before it was done.
    forget()
    const declined = await offer(at)
    await own(at.customer.post(`/orders/${declined.id}/decline`))
    await work(api)
    expect(count('customer')).toEqual({ 'order.cancelled': 1, 'quote.offered': 1 })
    expect(read(heard('customer', 'order.cancelled', declined.id)[0]!).data.state).toBe('declined')
  })

  it('a debt: reminded, suspended, paid, and the service is back', async () => {
    const at = await open()
    await sell(at, { status: 'active' })
    await threaten(at)
    const invoice = await owe(at, 5000, '2026-05-11')
    await listen(at)
    const day = async (moment: string) => {
      forget()
      api.setNow(moment)
      await api.system((tx) => enqueue(tx, 'dunning:start_runs', {}))
      await work(api)
    }
    await day('2026-05-12T13:00:00Z')
    expect(count()).toEqual({ 'dunning.acted': 1 })
    await day('2026-05-13T13:00:00Z')
    expect(count()).toEqual({})
    // The fifth day is a Saturday: nobody is suspended then.
    await day('2026-05-16T13:00:00Z')
    expect(count()).toEqual({})
    await day('2026-05-18T13:00:00Z')
    expect(count()).toEqual({ 'dunning.acted': 1, 'subscription.suspended': 1 })
    expect(count('customer')).toEqual(count())
    forget()
    await payBySandbox(at, { invoice_ids: [invoice.id] })
    expect(count()).toEqual({ 'invoice.paid': 1, 'payment.received': 1, 'subscription.reactivated': 1 })
    expect(count('customer')).toEqual(count())
  })

  it('a payment: refunded in part, then taken back by the payer’s bank, won again, each told once', async () => {
    const at = await open()
    const invoice = await owe(at)
    await listen(at)
    const ref = await payBySandbox(at, { invoice_ids: [invoice.id] })
    expect(count()).toEqual({ 'invoice.paid': 1, 'payment.received': 1 })
    forget()
    const [payment] = (await own(admin.get(`/payments?account_id=${at.account.id}`))).items
    await own(
      admin.post(`/payments/${payment.id}/refund`, { amount: 2000, reason: 'Engano', by: 'provider' }),
    )
    await work(api)
    expect(count()).toEqual({ 'payment.refunded': 1 })
    expect(read(heard('customer', 'payment.refunded', null)[0]!).data).toMatchObject({
      reversal: { kind: 'refund', amount: 2000, state: 'done' },
      // The provider's own id of the money is not for the customer.
      payment: { amount: 5000, reference: null },
    })
    forget()
    await press(api, ref, { do: 'dispute' })
    api.setNow(api.now().add({ hours: 1 }).toString())
    await strike('payments:reconcile')
    await strike('payments:reconcile')
    await work(api)
    expect(count()).toEqual({ 'payment.charged_back': 1 })
    expect(count('customer')).toEqual(count())
  })
})
