// An account at Stripe as far as the driver uses it: a real HTTP server that keeps to Stripe's published contract. Every
// request is checked against it, and so is every answer before it leaves (stripe-contract.gen.json).
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Ajv, type ValidateFunction } from 'ajv'
import Stripe from 'stripe'

type Contract = { requests: Record<string, object>; answers: Record<string, object>; definitions: object }
const contract = JSON.parse(
  readFileSync(new URL('./stripe-contract.gen.json', import.meta.url), 'utf8'),
) as Contract
const requestAjv = new Ajv({ strict: false, coerceTypes: true, allErrors: true })
const answerAjv = new Ajv({ strict: false, allErrors: true })
const compiled = new Map<string, ValidateFunction>()

function check(part: 'requests' | 'answers', name: string, value: unknown): string | null {
  const id = `${part}.${name}`
  let validate = compiled.get(id)
  if (!validate) {
    const schema = { ...contract[part][name], definitions: contract.definitions }
    validate = (part === 'requests' ? requestAjv : answerAjv).compile(schema)
    compiled.set(id, validate)
  }
  if (validate(value)) return null
  return `${id}: ${(part === 'requests' ? requestAjv : answerAjv).errorsText(validate.errors)}`
}

// All at once, before a clock runs: the schemas of charges and intents are large.
for (const name of Object.keys(contract.requests)) check('requests', name, null)
for (const name of Object.keys(contract.answers)) check('answers', name, null)

export const keys = {
  publishable_key: 'pk_test_51ZaguanZaguan',
  secret_key: 'sk_test_51ZaguanZaguan',
  webhook_secret: 'whsec_ZaguanZaguanZaguan',
}

/** How the bank answers a card or an account: paid, refused with a code, a second step first, or later (a debit). */
export type Behaviour =
  | 'paid'
  | 'second_step'
  | 'later'
  | { decline_code?: string; code: string; payment_method_gone?: boolean }

/** How a request goes wrong: lost before it was done, done and never answered, done and the connection broken, done and answered late, or an error of theirs. */
export type Fault =
  | 'lost'
  | 'unanswered'
  | 'reset'
  | { late: number }
  | { status: number; code?: string; type?: string }

type Params = Record<string, unknown>
type Kept = { path: string; params: string; answer: { status: number; body: object } | null }

class ApiError extends Error {
  readonly status: number
  readonly body: Record<string, unknown>
  constructor(status: number, body: Record<string, unknown>) {
    super(String(body.message ?? body.code))
    this.status = status
    this.body = body
  }
}

const newId = (prefix: string) => `${prefix}_${randomBytes(12).toString('hex')}`

export class StripeAccount {
  readonly customers = new Map<string, Stripe.Customer>()
  readonly intents = new Map<string, Stripe.PaymentIntent>()
  readonly setups = new Map<string, Stripe.SetupIntent>()
  readonly charges = new Map<string, Stripe.Charge>()
  readonly refunds = new Map<string, Stripe.Refund>()
  readonly disputes = new Map<string, Stripe.Dispute>()
  readonly methods = new Map<string, Stripe.PaymentMethod & { behaviour: Behaviour }>()
  readonly events: Stripe.Event[] = []
  /** Method and path of everything that was asked, in order. */
  readonly asked: string[] = []
  /** What did not keep to the contract, on either side. Empty after a good test. */
  readonly breaches: string[] = []
  /** Stripe's search learns late of what is new: only what stood before `index()` is found. */
  private readonly indexed = new Set<string>()
  searchable = true
  nextRefund: 'succeeded' | 'pending' | 'failed' = 'succeeded'
  now = 1_780_000_000
  private readonly kept = new Map<string, Kept>()
  private readonly faults: { method: string; path: RegExp; fault: Fault }[] = []
  private readonly server = createServer((request, response) => {
    this.serve(request, response).catch((error: unknown) => {
      this.breaches.push(String(error))
      request.socket.destroy()
    })
  })

  async open(): Promise<{ host: string; port: number; protocol: 'http' }> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve))
    return { host: '127.0.0.1', port: (this.server.address() as AddressInfo).port, protocol: 'http' }
  }

  async close(): Promise<void> {
    this.server.closeAllConnections()
    await new Promise((resolve) => this.server.close(resolve))
  }

  /** The next request of that kind goes wrong. */
  fail(method: 'GET' | 'POST', path: RegExp, fault: Fault): void {
    this.faults.push({ method, path, fault })
  }

  index(): void {
    for (const id of [...this.intents.keys(), ...this.customers.keys()]) this.indexed.add(id)
  }

  paidCharges(): Stripe.Charge[] {
    return [...this.charges.values()].filter((charge) => charge.paid && charge.status === 'succeeded')
  }

  // What people do there ---------------------------------------------------------------------------------------------

  addMethod(behaviour: Behaviour, customer: string, type: 'card' | 'sepa_debit' = 'card'): string {
    const id = newId('pm')
    this.methods.set(id, {
      id,
      object: 'payment_method',
      billing_details: { address: null, email: null, name: null, phone: null, tax_id: null },
      ...(type === 'card'
        ? {
            card: {
              brand: 'visa',
              checks: null,
              country: 'BR',
              display_brand: 'visa',
              exp_month: 8,
              exp_year: 2031,
              fingerprint: 'kept',
              funding: 'credit',
              generated_from: null,
              last4: '4242',
              networks: null,
              regulated_status: null,
              three_d_secure_usage: null,
              wallet: null,
            } as Stripe.PaymentMethod.Card,
          }
        : {
            sepa_debit: {
              bank_code: '37040044',
              branch_code: '',
              country: 'DE',
              fingerprint: 'kept',
              generated_from: null,
              last4: '3000',
            } as Stripe.PaymentMethod.SepaDebit,
          }),
      created: this.now,
      customer,
      customer_account: null,
      livemode: false,
      metadata: {},
      type,
      behaviour,
    })
    return id
  }

  /** The payer fills in Stripe's form and sends it, as Stripe.js does with the client secret. */
  payInForm(ref: string, behaviour: Behaviour, type: 'card' | 'sepa_debit' = 'card'): Stripe.PaymentIntent {
    const intent = this.intents.get(ref)!
    const method = this.addMethod(behaviour, intent.customer as string, type)
    try {
      this.confirm(intent, method)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
    }
    return intent
  }

  /** The payer's bank asks for the second step, and it goes well or not. */
  authenticate(ref: string, well: boolean): void {
    const intent = this.intents.get(ref)!
    intent.next_action = null
    if (well) this.take(intent, intent.payment_method as string)
    else this.refuse(intent, { code: 'payment_intent_authentication_failure' })
  }

  /** A debit that was on its way arrives, or comes back. */
  settle(ref: string, well: boolean): void {
    const intent = this.intents.get(ref)!
    const charge = this.charges.get(intent.latest_charge as string)!
    if (!well) {
      charge.status = 'failed'
      charge.paid = false
      this.refuse(intent, { code: 'debit_not_authorized' })
      return
    }
    charge.status = 'succeeded'
    charge.paid = true
    charge.amount_captured = charge.amount
    intent.status = 'succeeded'
    intent.amount_received = intent.amount
    this.tell('payment_intent.succeeded', intent)
  }

  setUpInForm(ref: string, behaviour: Behaviour): void {
    const setup = this.setups.get(ref)!
    setup.payment_method = this.addMethod(behaviour, setup.customer as string)
    setup.status = 'succeeded'
    this.tell('setup_intent.succeeded', setup)
  }

  dispute(charge: string, amount: number, status: Stripe.Dispute.Status): string {
    const id = newId('du')
    const of = this.charges.get(charge)!
    of.disputed = true
    const dispute = {
      id,
      object: 'dispute',
      amount,
      balance_transactions: [],
      charge,
      created: this.now,
      currency: of.currency,
      enhanced_eligibility_types: [],
      evidence: emptyEvidence,
      evidence_details: {
        due_by: null,
        enhanced_eligibility: {},
        has_evidence: false,
        past_due: false,
        submission_count: 0,
        submission_method: 'not_submitted',
      },
      intended_submission_method: null,
      is_charge_refundable: false,
      livemode: false,
      metadata: {},
      payment_intent: of.payment_intent,
      reason: 'fraudulent',
      status,
    } as unknown as Stripe.Dispute
    this.disputes.set(id, dispute)
    this.tell('charge.dispute.created', dispute)
    return id
  }

  decide(dispute: string, status: 'won' | 'lost'): void {
    const one = this.disputes.get(dispute)!
    one.status = status
    this.tell('charge.dispute.closed', one)
  }

  /** Staff give money back in Stripe's own dashboard. */
  refundThere(charge: string, amount: number): string {
    return this.createRefund({ charge, amount }).id
  }

  /** The payer's bank does not take a refund: the money comes back after it was told to have gone. */
  returnRefund(id: string): void {
    const refund = this.refunds.get(id)!
    const charge = this.charges.get(refund.charge as string)!
    Object.assign(refund, { status: 'failed', failure_reason: 'expired_or_canceled_card' })
    charge.amount_refunded -= refund.amount
    charge.refunded = false
    this.tell('refund.failed', refund)
  }

  /** A webhook call as Stripe signs it. */
  call(
    event: Stripe.Event,
    at = this.now,
    secret = keys.webhook_secret,
  ): { headers: Record<string, string>; query: Record<string, string>; body: Buffer } {
    const payload = JSON.stringify(event)
    return {
      headers: {
        'stripe-signature': new Stripe(keys.secret_key).webhooks.generateTestHeaderString({
          payload,
          secret,
          timestamp: at,
        }),
      },
      query: {},
      body: Buffer.from(payload),
    }
  }

  private tell(type: string, object: object): void {
    this.events.unshift({
      id: newId('evt'),
      object: 'event',
      api_version: '2026-10-28.endive',
      created: this.now,
      data: { object: structuredClone(object) },
      livemode: false,
      pending_webhooks: 1,
      request: null,
      type,
    } as unknown as Stripe.Event)
  }

  // What Stripe does -----------------------------------------------------------------------------------------------

  private confirm(intent: Stripe.PaymentIntent, methodId: string, offSession = false): void {
    const method = this.methods.get(methodId)
    if (!method || method.customer === null)
      throw new ApiError(400, {
        type: 'invalid_request_error',
        code: 'resource_missing',
        param: 'payment_method',
        message: 'No such PaymentMethod',
      })
    intent.payment_method = methodId
    const { behaviour } = method
    if (behaviour === 'paid') {
      this.take(intent, methodId)
      return
    }
    if (behaviour === 'second_step') {
      if (offSession) {
        this.refuse(
          intent,
          { code: 'authentication_required', decline_code: 'authentication_required' },
          true,
        )
        return
      }
      intent.status = 'requires_action'
      intent.next_action = { type: 'use_stripe_sdk', use_stripe_sdk: {} } as Stripe.PaymentIntent.NextAction
      this.tell('payment_intent.requires_action', intent)
      return
    }
    if (behaviour === 'later') {
      const charge = this.addCharge(intent, methodId)
      charge.status = 'pending'
      charge.paid = false
      intent.latest_charge = charge.id
      intent.status = 'processing'
      return
    }
    this.refuse(intent, behaviour, true)
  }

  private take(intent: Stripe.PaymentIntent, method: string): void {
    const charge = this.addCharge(intent, method)
    charge.amount_captured = intent.amount
    intent.status = 'succeeded'
    intent.last_payment_error = null
    intent.payment_method = method
    intent.latest_charge = charge.id
    intent.amount_received = intent.amount
    this.tell('payment_intent.succeeded', intent)
  }

  private refuse(
    intent: Stripe.PaymentIntent,
    error: { code: string; decline_code?: string },
    answer = false,
  ): void {
    intent.status = 'requires_payment_method'
    intent.payment_method = null
    intent.last_payment_error = { type: 'card_error', ...error } as Stripe.PaymentIntent.LastPaymentError
    this.tell('payment_intent.payment_failed', intent)
    if (answer)
      throw new ApiError(402, {
        type: 'card_error',
        ...error,
        message: 'Your card was declined.',
        payment_intent: structuredClone(intent),
      })
  }

  private addCharge(intent: Stripe.PaymentIntent, method: string): Stripe.Charge {
    const id = newId('ch')
    const charge = {
      id,
      object: 'charge',
      amount: intent.amount,
      amount_captured: 0,
      amount_refunded: 0,
      application: null,
      application_fee: null,
      application_fee_amount: null,
      balance_transaction: null,
      billing_details: { address: null, email: null, name: null, phone: null, tax_id: null },
      calculated_statement_descriptor: null,
      captured: true,
      created: this.now,
      currency: intent.currency,
      customer: intent.customer,
      description: intent.description,
      disputed: false,
      failure_balance_transaction: null,
      failure_code: null,
      failure_message: null,
      fraud_details: null,
      livemode: false,
      metadata: structuredClone(intent.metadata),
      on_behalf_of: null,
      outcome: null,
      paid: true,
      payment_intent: intent.id,
      payment_method: method,
      payment_method_details: null,
      receipt_email: null,
      receipt_number: null,
      receipt_url: null,
      refunded: false,
      review: null,
      shipping: null,
      source: null,
      source_transfer: null,
      statement_descriptor: null,
      statement_descriptor_suffix: null,
      status: 'succeeded',
      transfer_data: null,
      transfer_group: null,
    } as unknown as Stripe.Charge
    this.charges.set(id, charge)
    return charge
  }

  private createRefund(params: Params): Stripe.Refund {
    const charge = this.charges.get(String(params.charge))
    if (!charge) throw missing('charge')
    const amount =
      params.amount === undefined ? charge.amount - charge.amount_refunded : Number(params.amount)
    if (charge.amount_refunded === charge.amount)
      throw new ApiError(400, {
        type: 'invalid_request_error',
        code: 'charge_already_refunded',
        message: 'Charge has already been refunded.',
      })
    if (charge.amount_refunded + amount > charge.amount)
      throw new ApiError(400, {
        type: 'invalid_request_error',
        message: 'Refund amount is greater than unrefunded amount on charge',
      })
    const refund = {
      id: newId('re'),
      object: 'refund',
      amount,
      balance_transaction: null,
      charge: charge.id,
      created: this.now,
      currency: charge.currency,
      customer: null,
      customer_account: null,
      metadata: (params.metadata ?? {}) as Stripe.Metadata,
      payment_intent: charge.payment_intent,
      payment_method: null,
      reason: (params.reason ?? null) as Stripe.Refund['reason'],
      receipt_number: null,
      source_transfer_reversal: null,
      status: this.nextRefund,
      transfer_reversal: null,
      ...(this.nextRefund === 'failed' ? { failure_reason: 'insufficient_funds' } : {}),
    } as Stripe.Refund
    this.nextRefund = 'succeeded'
    this.refunds.set(refund.id, refund)
    if (refund.status !== 'failed') charge.amount_refunded += amount
    charge.refunded = charge.amount_refunded === charge.amount
    this.tell('charge.refunded', charge)
    return refund
  }

  private createIntent(params: Params): Stripe.PaymentIntent {
    const intent = {
      id: newId('pi'),
      object: 'payment_intent',
      allowed_payment_method_types: params.allowed_payment_method_types ?? null,
      amount: params.amount,
      amount_capturable: 0,
      amount_received: 0,
      application: null,
      application_fee_amount: null,
      automatic_payment_methods: params.automatic_payment_methods ?? null,
      canceled_at: null,
      cancellation_reason: null,
      capture_method: 'automatic_async',
      client_secret: '',
      confirmation_method: 'automatic',
      created: this.now,
      currency: params.currency,
      customer: params.customer ?? null,
      customer_account: null,
      description: params.description ?? null,
      excluded_payment_method_types: null,
      last_payment_error: null,
      latest_charge: null,
      livemode: false,
      managed_payments: null,
      metadata: params.metadata ?? {},
      next_action: null,
      on_behalf_of: null,
      payment_method: null,
      payment_method_configuration_details: null,
      payment_method_options: null,
      payment_method_types: params.allowed_payment_method_types ?? ['card'],
      payment_record: null,
      processing: null,
      receipt_email: null,
      review: null,
      setup_future_usage: params.setup_future_usage ?? null,
      shipping: null,
      source: null,
      statement_descriptor: null,
      statement_descriptor_suffix: null,
      status: 'requires_payment_method',
      transfer_group: null,
    } as unknown as Stripe.PaymentIntent
    intent.client_secret = `${intent.id}_secret_${randomBytes(8).toString('hex')}`
    this.intents.set(intent.id, intent)
    if (params.confirm === true)
      try {
        this.confirm(intent, String(params.payment_method), params.off_session === true)
      } catch (error) {
        // A request that is not accepted leaves nothing behind.
        if (error instanceof ApiError && error.status === 400) this.intents.delete(intent.id)
        throw error
      }
    return intent
  }

  private createSetup(params: Params): Stripe.SetupIntent {
    const setup = {
      id: newId('seti'),
      object: 'setup_intent',
      allowed_payment_method_types: params.allowed_payment_method_types ?? null,
      application: null,
      automatic_payment_methods: params.automatic_payment_methods ?? null,
      cancellation_reason: null,
      client_secret: '',
      created: this.now,
      customer: params.customer ?? null,
      description: null,
      excluded_payment_method_types: null,
      last_setup_error: null,
      latest_attempt: null,
      livemode: false,
      mandate: null,
      metadata: params.metadata ?? {},
      next_action: null,
      on_behalf_of: null,
      payment_method: null,
      payment_method_configuration_details: null,
      payment_method_options: null,
      payment_method_types: params.allowed_payment_method_types ?? ['card'],
      single_use_mandate: null,
      status: 'requires_payment_method',
      usage: params.usage ?? 'off_session',
    } as unknown as Stripe.SetupIntent
    setup.client_secret = `${setup.id}_secret_${randomBytes(8).toString('hex')}`
    this.setups.set(setup.id, setup)
    return setup
  }

  private createCustomer(params: Params): Stripe.Customer {
    const customer = {
      id: newId('cus'),
      object: 'customer',
      balance: 0,
      created: this.now,
      default_source: null,
      description: null,
      email: params.email ?? null,
      invoice_settings: {
        custom_fields: null,
        default_payment_method: null,
        footer: null,
        rendering_options: null,
      },
      livemode: false,
      metadata: params.metadata ?? {},
      name: params.name ?? null,
      preferred_locales: params.preferred_locales ?? [],
      shipping: null,
    } as unknown as Stripe.Customer
    this.customers.set(customer.id, customer)
    return customer
  }

  private cancel(of: Stripe.PaymentIntent | Stripe.SetupIntent, params: Params): void {
    if (!['requires_payment_method', 'requires_confirmation', 'requires_action'].includes(of.status))
      throw new ApiError(400, {
        type: 'invalid_request_error',
        code: `${of.object}_unexpected_state`,
        message: `You cannot cancel this ${of.object} because it has a status of ${of.status}.`,
      })
    of.status = 'canceled'
    ;(of as { cancellation_reason: unknown }).cancellation_reason = params.cancellation_reason ?? null
    of.client_secret = of.client_secret && `${of.client_secret}`
  }

  // Requests -------------------------------------------------------------------------------------------------------

  private answerTo(method: string, path: string, params: Params): { name: string | null; body: object } {
    const [, , collection, id, action] = path.split('/')
    const one = <T>(of: Map<string, T>): T => of.get(id!) ?? raise(missing(collection!))
    const list = (name: string, of: Iterable<object>, filter: (item: Params) => boolean) => {
      const created = params.created as { gte?: unknown; lt?: unknown } | undefined
      const found = [...of]
        .reverse()
        .filter((item) => {
          const at = Number((item as Params).created)
          return (
            (created?.gte === undefined || at >= Number(created.gte)) &&
            (created?.lt === undefined || at < Number(created.lt))
          )
        })
        .filter((item) => filter(item as Params))
      const from = params.starting_after
        ? found.findIndex((item) => (item as Params).id === params.starting_after) + 1
        : 0
      const page = found.slice(from, from + Number(params.limit ?? 10))
      for (const item of page) this.checkAnswer(name, item)
      return {
        name: null,
        body: { object: 'list', data: page, has_more: from + page.length < found.length, url: path },
      }
    }
    const take = (name: string) => {
      const breach = check('requests', name, params)
      if (breach) {
        this.breaches.push(breach)
        throw new ApiError(400, { type: 'invalid_request_error', code: 'parameter_unknown', message: breach })
      }
    }
    const found = (
      of: ReadonlyMap<string, { id: string; metadata: Stripe.Metadata | null }>,
      name: string,
    ) => {
      if (!this.searchable)
        throw new ApiError(400, { type: 'invalid_request_error', message: 'Search is not available here.' })
      const wanted = /^metadata\['(\w+)'\]:'([^']+)'$/.exec(String(params.query))!
      const data = [...of.values()].filter(
        (item) => this.indexed.has(item.id) && item.metadata?.[wanted[1]!] === wanted[2],
      )
      for (const item of data) this.checkAnswer(name, item)
      return { name: null, body: { object: 'search_result', data, has_more: false, url: path } }
    }
    switch (
      `${method} ${collection}${id === 'search' ? '/search' : id ? '/{id}' : ''}${action ? `/${action}` : ''}`
    ) {
      case 'GET balance':
        take('BalanceRetrieve')
        return {
          name: 'Balance',
          body: {
            object: 'balance',
            available: [{ amount: 0, currency: 'eur' }],
            livemode: false,
            pending: [{ amount: 0, currency: 'eur' }],
          },
        }
      case 'POST customers':
        take('CustomerCreate')
        return { name: 'Customer', body: this.createCustomer(params) }
      case 'GET customers/search':
        take('CustomerSearch')
        return found(this.customers, 'Customer')
      case 'POST payment_intents':
        take('PaymentIntentCreate')
        return { name: 'PaymentIntent', body: this.createIntent(params) }
      case 'GET payment_intents/search':
        take('PaymentIntentSearch')
        return found(this.intents, 'PaymentIntent')
      case 'GET payment_intents/{id}':
        take('PaymentIntentRetrieve')
        return { name: 'PaymentIntent', body: one(this.intents) }
      case 'GET payment_intents':
        take('PaymentIntentList')
        return list('PaymentIntent', this.intents.values(), () => true)
      case 'POST payment_intents/{id}/cancel':
        take('PaymentIntentCancel')
        this.cancel(one(this.intents), params)
        return { name: 'PaymentIntent', body: one(this.intents) }
      case 'POST setup_intents':
        take('SetupIntentCreate')
        return { name: 'SetupIntent', body: this.createSetup(params) }
      case 'GET setup_intents/{id}':
        take('SetupIntentRetrieve')
        return { name: 'SetupIntent', body: one(this.setups) }
      case 'GET setup_intents':
        take('SetupIntentList')
        return list('SetupIntent', this.setups.values(), () => true)
      case 'POST setup_intents/{id}/cancel':
        take('SetupIntentCancel')
        this.cancel(one(this.setups), params)
        return { name: 'SetupIntent', body: one(this.setups) }
      case 'POST refunds':
        take('RefundCreate')
        return { name: 'Refund', body: this.createRefund(params) }
      case 'GET refunds/{id}':
        take('RefundRetrieve')
        return { name: 'Refund', body: one(this.refunds) }
      case 'GET refunds':
        take('RefundList')
        return list(
          'Refund',
          this.refunds.values(),
          (item) => params.charge === undefined || item.charge === params.charge,
        )
      case 'GET disputes':
        take('DisputeList')
        return list(
          'Dispute',
          this.disputes.values(),
          (item) => params.charge === undefined || item.charge === params.charge,
        )
      case 'GET charges':
        take('ChargeList')
        return list('Charge', this.charges.values(), () => true)
      case 'GET events': {
        take('EventList')
        const types = params.types as string[] | undefined
        const filter = (item: Params) => types === undefined || types.includes(String(item.type))
        return list('', this.events.toReversed(), filter)
      }
      case 'POST payment_methods/{id}/detach': {
        take('PaymentMethodDetach')
        const { behaviour, ...pm } = one(this.methods)
        if (pm.customer === null)
          throw new ApiError(400, {
            type: 'invalid_request_error',
            message: 'It is not attached to a customer.',
          })
        one(this.methods).customer = null
        return { name: 'PaymentMethod', body: { ...pm, customer: null } }
      }
    }
    throw new ApiError(404, {
      type: 'invalid_request_error',
      message: `Unrecognized request URL (${method}: ${path})`,
    })
  }

  private checkAnswer(name: string, body: object): void {
    if (name === '') return
    const breach = check('answers', name, JSON.parse(JSON.stringify(body)))
    if (breach) this.breaches.push(breach)
  }

  private expand(body: object, paths: readonly string[]): object {
    const copy = structuredClone(body) as Record<string, unknown>
    for (const path of paths) {
      const id = copy[path]
      if (typeof id !== 'string') continue
      if (path === 'latest_charge') copy[path] = structuredClone(this.charges.get(id))
      if (path === 'payment_method') {
        const { behaviour, ...method } = this.methods.get(id)!
        copy[path] = structuredClone(method)
      }
    }
    return copy
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url!, 'http://stripe')
    let text = ''
    for await (const chunk of request) text += chunk
    this.asked.push(`${request.method} ${url.pathname}`)
    const position = this.faults.findIndex(
      ({ method, path }) => method === request.method && path.test(url.pathname),
    )
    const fault = position < 0 ? null : this.faults.splice(position, 1)[0]!.fault
    // A connection that stays silent; one that breaks is `reset`.
    if (fault === 'lost') return
    const answer =
      typeof fault === 'object' && fault !== null && 'status' in fault
        ? {
            status: fault.status,
            body: { error: { type: fault.type ?? 'api_error', code: fault.code, message: 'planned' } },
          }
        : this.work(request, url, text)
    if (fault === 'unanswered') return
    if (fault === 'reset') {
      request.socket.destroy()
      return
    }
    if (typeof fault === 'object' && fault !== null && 'late' in fault)
      await new Promise((resolve) => setTimeout(resolve, fault.late))
    response.writeHead(answer.status, { 'content-type': 'application/json', 'request-id': newId('req') })
    response.end(JSON.stringify(answer.body))
  }

  /** Does what is asked, once per idempotency key: the same key again is answered as the first time, refusals too. */
  private work(request: IncomingMessage, url: URL, text: string): { status: number; body: object } {
    const error = (status: number, body: Record<string, unknown>) => ({ status, body: { error: body } })
    if (request.headers.authorization !== `Bearer ${keys.secret_key}`)
      return error(401, { type: 'invalid_request_error', message: 'Invalid API Key provided: sk_test_****' })
    if (request.headers['stripe-version'] !== '2026-10-28.endive')
      this.breaches.push(`version ${String(request.headers['stripe-version'])}`)
    const encoded = request.method === 'POST' ? text : url.search.slice(1)
    const params = readForm(encoded)
    const key = request.headers['idempotency-key'] as string | undefined
    const known = key === undefined ? undefined : this.kept.get(key)
    if (known) {
      if (known.path !== url.pathname || known.params !== encoded)
        return error(400, {
          type: 'idempotency_error',
          message:
            'Keys for idempotent requests can only be used with the same parameters they were first used with.',
        })
      if (known.answer) return known.answer
    }
    let answer: { status: number; body: object }
    try {
      const { name, body } = this.answerTo(request.method!, url.pathname, params)
      const expanded = this.expand(body, (params.expand ?? []) as string[])
      if (name) this.checkAnswer(name, expanded)
      answer = { status: 200, body: expanded }
    } catch (thrown) {
      if (!(thrown instanceof ApiError)) throw thrown
      answer = error(thrown.status, thrown.body)
    }
    // What fails the check of its parameters never began, and may be corrected under the same key.
    if (key !== undefined && answer.status !== 400)
      this.kept.set(key, { path: url.pathname, params: encoded, answer: structuredClone(answer) })
    return answer
  }
}

function missing(what: string): ApiError {
  return new ApiError(404, {
    type: 'invalid_request_error',
    code: 'resource_missing',
    message: `No such ${what}`,
  })
}

function raise(error: Error): never {
  throw error
}

/** `metadata[a]=1&expand[0]=x` as an object; what is `true` or `false` there is so here. */
function readForm(text: string): Params {
  const root: Params = {}
  for (const [name, value] of new URLSearchParams(text)) {
    const path = name.split(/[[\]]+/).filter((part) => part !== '')
    let at: Params = root
    for (const [i, part] of path.entries()) {
      if (i === path.length - 1) at[part] = value === 'true' ? true : value === 'false' ? false : value
      else {
        at[part] ??= /^\d+$/.test(path[i + 1]!) ? [] : {}
        at = at[part] as Params
      }
    }
  }
  return root
}

const emptyEvidence = Object.fromEntries<unknown>(
  [
    'access_activity_log',
    'billing_address',
    'cancellation_policy',
    'cancellation_policy_disclosure',
    'cancellation_rebuttal',
    'customer_communication',
    'customer_email_address',
    'customer_name',
    'customer_purchase_ip',
    'customer_signature',
    'duplicate_charge_documentation',
    'duplicate_charge_explanation',
    'duplicate_charge_id',
    'product_description',
    'receipt',
    'refund_policy',
    'refund_policy_disclosure',
    'refund_refusal_explanation',
    'service_date',
    'service_documentation',
    'shipping_address',
    'shipping_carrier',
    'shipping_date',
    'shipping_documentation',
    'shipping_tracking_number',
    'uncategorized_file',
    'uncategorized_text',
  ]
    .map((name): [string, unknown] => [name, null])
    .concat([['enhanced_evidence', {}]]),
)
