// An account at Mercado Pago as far as the driver uses it: a real HTTP server. What is asked and what it answers are checked
// against the contract that the official SDK publishes (mercado-pago-contract.gen.json).
import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Ajv, type ValidateFunction } from 'ajv'

type Contract = { requests: Record<string, object>; answers: Record<string, object>; definitions: object }
const contract = JSON.parse(
  readFileSync(new URL('./mercado-pago-contract.gen.json', import.meta.url), 'utf8'),
) as Contract
const ajv = new Ajv({ strict: false, allErrors: true })
const compiled = new Map<string, ValidateFunction>()

function check(part: 'requests' | 'answers', name: string, value: unknown): string | null {
  const id = `${part}.${name}`
  let validate = compiled.get(id)
  if (!validate) {
    validate = ajv.compile({ ...contract[part][name], definitions: contract.definitions })
    compiled.set(id, validate)
  }
  return validate(value) ? null : `${id}: ${ajv.errorsText(validate.errors)}`
}

// All at once, before a clock runs.
for (const name of Object.keys(contract.requests)) check('requests', name, null)
for (const name of Object.keys(contract.answers)) check('answers', name, null)

export const keys = {
  public_key: 'TEST-5b1c2d3e-zaguan',
  access_token: 'TEST-778899-zaguan-zaguan',
  webhook_secret: '0123456789abcdef0123456789abcdef',
}

export type Fault = 'lost' | 'unanswered' | { late: number } | { status: number }

type Body = Record<string, unknown>
export type Money = { id: number; status: string; status_detail: string; transaction_amount: number } & Body
type Card = Body & { id: string; customer_id: string; outcome: string }

class ApiError extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

export class MercadoPagoAccount {
  readonly preferences = new Map<string, Body>()
  readonly payments = new Map<number, Money>()
  readonly customers = new Map<string, Body>()
  readonly cards = new Map<string, Card>()
  readonly chargebacks = new Map<string, Body>()
  readonly tokens = new Map<string, { card: string | null; outcome: string }>()
  readonly asked: string[] = []
  readonly breaches: string[] = []
  /** Their search learns late: payments made while this is false are not found until `index()`. */
  private readonly hidden = new Set<number>()
  searchesAtOnce = true
  nextRefund = 'approved'
  now = Temporal.Instant.from('2026-11-22T12:00:00Z')
  private serial = 81_968_653_000
  private readonly kept = new Map<string, { status: number; body: unknown }>()
  private readonly faults: { method: string; path: RegExp; fault: Fault }[] = []
  private readonly server = createServer((request, response) => {
    this.serve(request, response).catch((error: unknown) => {
      this.breaches.push(String(error))
      request.socket.destroy()
    })
  })

  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.server.closeAllConnections()
    await new Promise((resolve) => this.server.close(resolve))
  }

  fail(method: string, path: RegExp, fault: Fault): void {
    this.faults.push({ method, path, fault })
  }

  index(): void {
    this.hidden.clear()
  }

  // What people do there -------------------------------------------------------------------------------------------

  /** The payer pays in the checkout, or is refused there: `status_detail` says why. */
  payInCheckout(preference: string, status: string, status_detail: string, method = 'visa'): Money {
    const of = this.preferences.get(preference)!
    const [item] = of.items as { unit_price: number; currency_id: string }[]
    return this.addPayment({
      status,
      status_detail,
      transaction_amount: item!.unit_price,
      currency_id: item!.currency_id,
      external_reference: of.external_reference,
      payment_method_id: method,
      notification_url: of.notification_url,
    })
  }

  settle(id: number, status: string, status_detail: string): void {
    const payment = this.payments.get(id)!
    Object.assign(payment, { status, status_detail, date_last_updated: this.time() })
    if (status === 'approved') payment.date_approved = this.time()
  }

  chargeBack(id: number, amount: number): string {
    const chargeback = String(233_000_061_680_860_000n + BigInt(this.chargebacks.size * 1000))
    this.chargebacks.set(chargeback, {
      id: chargeback,
      payment_id: id,
      status: 'new',
      amount,
      currency_id: 'BRL',
      date_created: this.time(),
    })
    this.settle(id, 'charged_back', 'in_process')
    return chargeback
  }

  refundThere(id: number, amount: number): number {
    return (this.refund(id, { amount }) as { id: number }).id
  }

  /** The browser's form gives a token for what the payer typed. */
  typeCard(outcome = 'accredited'): string {
    const token = randomBytes(16).toString('hex')
    this.tokens.set(token, { card: null, outcome })
    return token
  }

  /** A webhook call as they sign it. */
  call(
    about: { topic: string; id: string; key?: string; payment_id?: number; event?: number },
    given: { at?: Temporal.Instant; secret?: string; inMilliseconds?: boolean } = {},
  ): { headers: Record<string, string>; query: Record<string, string>; body: Buffer } {
    const at = given.at ?? this.now
    const ts = given.inMilliseconds ? at.epochMilliseconds : Math.floor(at.epochMilliseconds / 1000)
    const request = randomUUID()
    const v1 = createHmac('sha256', given.secret ?? keys.webhook_secret)
      .update(`id:${about.id.toLowerCase()};request-id:${request};ts:${ts};`)
      .digest('hex')
    return {
      headers: { 'x-signature': `ts=${ts},v1=${v1}`, 'x-request-id': request },
      query: {
        'data.id': about.id,
        type: about.topic,
        ...(about.key === undefined ? {} : { source_news: 'webhooks', key: about.key }),
      },
      body: Buffer.from(
        JSON.stringify({
          id: about.event ?? 114_411_153_595,
          live_mode: false,
          type: about.topic,
          date_created: this.time(),
          user_id: 1,
          api_version: 'v1',
          action: 'payment.updated',
          data: { id: about.id, ...(about.payment_id === undefined ? {} : { payment_id: about.payment_id }) },
        }),
      ),
    }
  }

  // What Mercado Pago does -----------------------------------------------------------------------------------------

  /** Their times are of the payer's country. */
  private time(): string {
    return this.now.toString({ fractionalSecondDigits: 3, timeZone: '-04:00' })
  }

  private addPayment(given: Body): Money {
    this.serial += 17
    const payment = {
      id: this.serial,
      date_created: this.time(),
      date_last_updated: this.time(),
      ...(given.status === 'approved' ? { date_approved: this.time() } : {}),
      transaction_amount_refunded: 0,
      refunds: [],
      ...given,
    } as unknown as Money
    this.payments.set(payment.id, payment)
    if (!this.searchesAtOnce) this.hidden.add(payment.id)
    return payment
  }

  private refund(id: number, body: Body): Body {
    const payment = this.payments.get(id)
    if (!payment) throw new ApiError(404, 'Payment not found')
    // They count in decimals as well: in hundredths it is exact.
    const cents = (value: unknown) => Math.round(Number(value) * 100)
    const left = cents(payment.transaction_amount) - cents(payment.transaction_amount_refunded)
    const amount = body.amount === undefined ? left : cents(body.amount)
    if (payment.status !== 'approved')
      throw new ApiError(400, 'The action requested is not valid for the state')
    if (amount > left || amount <= 0) throw new ApiError(400, 'Refund amount is invalid')
    this.serial += 3
    const refund = {
      id: this.serial,
      payment_id: id,
      amount: amount / 100,
      date_created: this.time(),
      status: this.nextRefund,
    }
    this.nextRefund = 'approved'
    ;(payment.refunds as Body[]).push(refund)
    if (refund.status !== 'approved') return refund
    payment.transaction_amount_refunded = (cents(payment.transaction_amount_refunded) + amount) / 100
    if (amount === left) Object.assign(payment, { status: 'refunded', status_detail: 'refunded' })
    else payment.status_detail = 'partially_refunded'
    return refund
  }

  private charge(body: Body): Money {
    const token = this.tokens.get(String(body.token))
    if (!token) throw new ApiError(400, 'Invalid card_token_id')
    this.tokens.delete(String(body.token))
    const paid = token.outcome === 'accredited'
    return this.addPayment({
      status: paid ? 'approved' : 'rejected',
      status_detail: token.outcome,
      transaction_amount: body.transaction_amount,
      currency_id: 'BRL',
      external_reference: body.external_reference,
      payment_method_id: body.payment_method_id,
    })
  }

  private answerTo(
    method: string,
    path: string,
    query: URLSearchParams,
    body: Body,
  ): [string | null, unknown] {
    const take = (name: string) => {
      const breach = check('requests', name, body)
      if (breach) {
        this.breaches.push(breach)
        throw new ApiError(400, breach)
      }
    }
    const parts = path.split('/').filter((part) => part !== '')
    const shape = parts
      .map((part, i) => (/\d/.test(part) && i > 0 && part !== 'v1' ? '{id}' : part))
      .join('/')
    switch (`${method} ${shape}`) {
      case 'GET users/me':
        return ['User', { id: 1, nickname: 'PIRILAMPO', site_id: 'MLB' }]
      case 'POST checkout/preferences': {
        take('Preference')
        const id = `1-${randomUUID()}`
        const preference = {
          ...body,
          id,
          date_created: this.time(),
          init_point: `https://www.mercadopago.example/checkout/v1/redirect?pref_id=${id}`,
          sandbox_init_point: `https://sandbox.mercadopago.example/checkout/v1/redirect?pref_id=${id}`,
        }
        this.preferences.set(id, preference)
        return ['Preference', preference]
      }
      case 'GET checkout/preferences/{id}':
        return ['Preference', this.preferences.get(parts[2]!) ?? raise(new ApiError(404, 'not found'))]
      case 'PUT checkout/preferences/{id}':
        take('Preference')
        return ['Preference', Object.assign(this.preferences.get(parts[2]!)!, body)]
      case 'GET checkout/preferences/search': {
        const elements = [...this.preferences.values()]
          .filter((one) => one.external_reference === query.get('external_reference'))
          .map(({ id, external_reference, date_created }) => ({ id, external_reference, date_created }))
        return [null, { elements, next_offset: elements.length, total: elements.length }]
      }
      case 'GET v1/payments/search': {
        const begin = query.get('begin_date')
        const found = [...this.payments.values()]
          .filter(({ id }) => !this.hidden.has(id))
          .filter(
            (one) =>
              !query.has('external_reference') || one.external_reference === query.get('external_reference'),
          )
          .filter(
            (one) => begin === null || Temporal.Instant.compare(String(one.date_last_updated), begin) >= 0,
          )
        const offset = Number(query.get('offset') ?? 0)
        const limit = Number(query.get('limit') ?? 30)
        return [
          null,
          {
            paging: { total: found.length, limit, offset },
            // The list is of a moment ago: only whose it is can be relied on.
            results: found
              .slice(offset, offset + limit)
              .map(({ id, external_reference, status, transaction_amount_refunded }) => ({
                id,
                external_reference,
                status,
                transaction_amount_refunded,
              })),
          },
        ]
      }
      case 'GET v1/payments/{id}':
        return [
          'Payment',
          this.payments.get(Number(parts[2])) ?? raise(new ApiError(404, 'Payment not found')),
        ]
      case 'PUT v1/payments/{id}':
        this.settle(Number(parts[2]), 'cancelled', 'by_collector')
        return ['Payment', this.payments.get(Number(parts[2]))]
      case 'POST v1/payments':
        take('Payment')
        return ['Payment', this.charge(body)]
      case 'POST v1/payments/{id}/refunds':
        take('Refund')
        return ['Refund', this.refund(Number(parts[2]), body)]
      case 'GET v1/payments/{id}/refunds':
        return [null, this.payments.get(Number(parts[2]))?.refunds ?? []]
      case 'GET v1/chargebacks/search': {
        const results = [...this.chargebacks.values()].filter(
          (one) => String(one.payment_id) === query.get('payment_id'),
        )
        return [null, { paging: { total: results.length, limit: 30, offset: 0 }, results }]
      }
      case 'GET v1/chargebacks/{id}':
        return ['Chargeback', this.chargebacks.get(parts[2]!) ?? raise(new ApiError(404, 'not found'))]
      case 'GET v1/customers/search': {
        const results = [...this.customers.values()].filter((one) => one.email === query.get('email'))
        return [null, { results, paging: { total: results.length, limit: 10, offset: 0 } }]
      }
      case 'POST v1/customers': {
        take('Customer')
        if ([...this.customers.values()].some((one) => one.email === body.email))
          throw new ApiError(400, 'the customer already exist')
        const customer = {
          ...body,
          id: `448870796-${randomBytes(7).toString('hex')}`,
          date_created: this.time(),
        }
        this.customers.set(customer.id, customer)
        return ['Customer', customer]
      }
      case 'POST v1/customers/{id}/cards': {
        take('CustomerCard')
        const token = this.tokens.get(String(body.token))
        if (!token) throw new ApiError(400, 'invalid card token')
        this.tokens.delete(String(body.token))
        this.serial += 1
        const card: Card = {
          id: String(this.serial),
          customer_id: parts[2]!,
          expiration_month: 11,
          expiration_year: 2030,
          first_six_digits: '423564',
          last_four_digits: '5682',
          payment_method: { id: 'visa', name: 'Visa', payment_type_id: 'credit_card' },
          outcome: token.outcome,
        }
        this.cards.set(card.id, card)
        return ['CustomerCard', visible(card)]
      }
      case 'GET v1/customers/{id}/cards/{id}':
      case 'DELETE v1/customers/{id}/cards/{id}': {
        const card = this.cards.get(parts[4]!) ?? raise(new ApiError(404, 'card not found'))
        if (method === 'DELETE') this.cards.delete(card.id)
        return ['CustomerCard', visible(card)]
      }
      case 'POST v1/card_tokens': {
        take('CardToken')
        const card = this.cards.get(String(body.card_id)) ?? raise(new ApiError(404, 'Card not found'))
        const token = randomBytes(16).toString('hex')
        this.tokens.set(token, { card: card.id, outcome: card.outcome })
        return ['CardToken', { id: token, card_id: card.id, status: 'active' }]
      }
    }
    throw new ApiError(404, `no such resource: ${method} ${shape}`)
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url!, 'http://mercadopago')
    let text = ''
    for await (const chunk of request) text += chunk
    this.asked.push(`${request.method} ${url.pathname}`)
    const position = this.faults.findIndex(
      ({ method, path }) => method === request.method && path.test(url.pathname),
    )
    const fault = position < 0 ? null : this.faults.splice(position, 1)[0]!.fault
    // A connection that stays silent.
    if (fault === 'lost') return
    const answer =
      typeof fault === 'object' && fault !== null && 'status' in fault
        ? {
            status: fault.status,
            body: { message: 'planned', error: 'planned', status: fault.status, cause: [] },
          }
        : this.work(request, url, text)
    if (fault === 'unanswered') return
    if (typeof fault === 'object' && fault !== null && 'late' in fault)
      await new Promise((resolve) => setTimeout(resolve, fault.late))
    response.writeHead(answer.status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(answer.body))
  }

  /** What is written is done once per idempotency key. */
  private work(request: IncomingMessage, url: URL, text: string): { status: number; body: unknown } {
    if (request.headers.authorization !== `Bearer ${keys.access_token}`)
      return {
        status: 401,
        body: { message: 'invalid access token', error: 'unauthorized', status: 401, cause: [] },
      }
    const key = request.headers['x-idempotency-key']
    if (request.method !== 'GET' && key === undefined) this.breaches.push('no idempotency key')
    const id = `${request.method} ${url.pathname} ${String(key)}`
    const known = key === undefined ? undefined : this.kept.get(id)
    if (known) return known
    let answer: { status: number; body: unknown }
    try {
      const [name, body] = this.answerTo(
        request.method!,
        url.pathname,
        url.searchParams,
        text === '' ? {} : (JSON.parse(text) as Body),
      )
      const breach = name && check('answers', name, JSON.parse(JSON.stringify(body)))
      if (breach) this.breaches.push(breach)
      answer = { status: request.method === 'POST' ? 201 : 200, body: structuredClone(body) }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      answer = {
        status: error.status,
        body: { message: error.message, error: 'bad_request', status: error.status, cause: [] },
      }
    }
    if (key !== undefined && answer.status < 400) this.kept.set(id, answer)
    return answer
  }
}

function visible({ outcome, ...card }: Card): Body {
  return card
}

function raise(error: Error): never {
  throw error
}
