// Stripe as a payment provider: cards and SEPA debits. What the payer types goes from the browser to Stripe and never comes
// here; what comes here are ids, brands and last digits.
import { createHash } from 'node:crypto'
import Stripe from 'stripe'
import { z } from 'zod'
import {
  type ChargeRequest,
  type HookReading,
  type MovedMoney,
  type Payer,
  type ProviderContext,
  type ProviderDriver,
  ProviderRefusal,
  ProviderSilence,
  type RefundStanding,
  type Standing,
} from '../../modules/payments/index.ts'
import type { PaymentMethod } from '../../platform/database.gen.ts'
import { toStripeAmount } from './amounts.ts'
import { ask, readFailure, toFault } from './faults.ts'
import { idOf, type Moved, marks, readPayment, readSetup, toInstant } from './standings.ts'

const settings = z.object({
  publishable_key: z
    .string()
    .trim()
    .regex(/^pk_(test|live)_[A-Za-z0-9]{8,250}$/),
})
const secrets = z.object({
  secret_key: z
    .string()
    .trim()
    .regex(/^(sk|rk)_(test|live)_[A-Za-z0-9]{8,250}$/),
  webhook_secret: z
    .string()
    .trim()
    .regex(/^whsec_[A-Za-z0-9+/=]{8,250}$/)
    .optional(),
})
export type StripeSettings = z.infer<typeof settings>
export type StripeSecrets = z.infer<typeof secrets>
type Context = ProviderContext<StripeSettings, StripeSecrets>

/** Where the API is and how long it is waited for (milliseconds), for tests; without it, at Stripe. */
export type StripeAddress = { host: string; port: number; protocol: 'http' | 'https'; timeout?: number }

/** The version whose objects this driver reads; that of the account does not matter. */
const apiVersion = '2026-10-28.endive'
/** How long an answer is waited for, in milliseconds: less than the house waits. */
const timeout = 20_000
/** How old a webhook call may be, in seconds. */
const hookTolerance = 300
/** How long a form that nobody fills in stays open, where nothing else is asked for. */
const patience = { hours: 24 * 7 }

const types: Partial<Record<PaymentMethod, 'card' | 'sepa_debit'>> = {
  card: 'card',
  bank_debit: 'sepa_debit',
}

/** The one kind of method that is offered. Neither of ours leads the payer away; a 3-D Secure step is a window in the page. */
function offer(method: PaymentMethod) {
  const type = types[method]
  if (!type) throw new ProviderRefusal('method_not_enabled', `Stripe is not asked for ${method} here`)
  return {
    allowed_payment_method_types: [type],
    automatic_payment_methods: { enabled: true, allow_redirects: 'never' as const },
  }
}

/** When a uuid of version 7 was made, with an hour for clocks that differ; a day ago for any other key. */
function madeAt(key: string, now: Temporal.Instant): Temporal.Instant {
  const version7 = /^([0-9a-f]{8})-([0-9a-f]{4})-7/.exec(key)
  if (!version7) return now.subtract({ hours: 24 })
  return Temporal.Instant.fromEpochMilliseconds(Number.parseInt(version7[1]! + version7[2]!, 16)).subtract({
    hours: 1,
  })
}

const seconds = (instant: Temporal.Instant) => Math.floor(instant.epochMilliseconds / 1000)

/**
 * The driver. How a charge is made at most once: our key is Stripe's idempotency key, so that the same request sent again
 * within 24 hours is answered with what the first one did, and it stands in the metadata, by which a charge is found later.
 * Without a ref, `lookUp` first searches the metadata (quick, but the search learns of new charges up to a minute late), then
 * reads the list of all charges since the key was made, which is complete: only that list says `absent`. Nothing is ever sent
 * again by a look-up.
 */
export function createStripeDriver(
  options: { api?: StripeAddress } = {},
): ProviderDriver<StripeSettings, StripeSecrets> {
  const httpClient = Stripe.createNodeHttpClient()
  const open = ({ secrets }: Context) =>
    new Stripe(secrets.secret_key, {
      apiVersion,
      timeout,
      // Whether to try again is decided by the house, which asks first what became of the first try.
      maxNetworkRetries: 0,
      telemetry: false,
      httpClient,
      appInfo: { name: 'Zaguan' },
      ...options.api,
    })

  /** The customer of an account at Stripe, found by its mark or made. */
  async function customerOf(stripe: Stripe, payer: Payer): Promise<string> {
    const found = await search(() =>
      stripe.customers.search({ query: `metadata['${marks.account}']:'${payer.account_id}'`, limit: 100 }),
    )
    const first = found.toSorted((a, b) => a.created - b.created || (a.id < b.id ? -1 : 1))[0]
    if (first) return first.id
    const about = {
      name: payer.name,
      ...(payer.email === null ? {} : { email: payer.email }),
      preferred_locales: [payer.language],
      metadata: { [marks.account]: payer.account_id, zaguan_account_number: String(payer.number) },
    }
    // Two charges at once make one customer: the key is that of the account as it is now.
    const print = createHash('sha256').update(JSON.stringify(about)).digest('hex').slice(0, 32)
    const made = await ask(() =>
      stripe.customers.create(about, { idempotencyKey: `zaguan-customer-${payer.account_id}-${print}` }),
    )
    return made.id
  }

  /** A search that the account's country does not have finds nothing. */
  async function search<T>(work: () => Promise<{ data: T[] }>): Promise<T[]> {
    try {
      return (await work()).data
    } catch (error) {
      if (error instanceof Stripe.errors.StripeInvalidRequestError && error.statusCode === 400) return []
      throw toFault(error)
    }
  }

  /**
   * What went back of a charge. A charge does not tell of a refund that failed after it had succeeded: of one that is older than
   * its first answer the refunds are read in any case.
   */
  async function readMoved(stripe: Stripe, intent: Stripe.PaymentIntent, fresh: boolean): Promise<Moved> {
    const charge = intent.latest_charge
    if (charge === null || typeof charge === 'string' || !charge.paid) return { refunds: [], disputes: [] }
    const of = { charge: charge.id, limit: 100 }
    const [refunds, disputes] = await Promise.all([
      fresh ? [] : ask(() => stripe.refunds.list(of).autoPagingToArray({ limit: 1000 })),
      charge.disputed ? ask(() => stripe.disputes.list(of).autoPagingToArray({ limit: 1000 })) : [],
    ])
    return { refunds, disputes }
  }

  async function standingOf(
    context: Context,
    stripe: Stripe,
    intent: Stripe.PaymentIntent,
    fresh = false,
  ): Promise<Standing> {
    return readPayment(intent, await readMoved(stripe, intent, fresh), context.settings.publishable_key)
  }

  const paymentParts = ['latest_charge', 'payment_method']

  async function lookUp(
    context: Context,
    { key, ref }: { key: string; ref: string | null },
  ): Promise<Standing> {
    const stripe = open(context)
    const known = ref ?? (await findRef(context, stripe, key))
    if (known === null) return { state: 'absent', ref: null, received: [], reversed: [] }
    if (known.startsWith('seti_')) {
      const setup = await ask(() => stripe.setupIntents.retrieve(known, { expand: ['payment_method'] }))
      if (isForgotten(context, setup)) return endSetup(context, stripe, known, 'abandoned')
      return readSetup(setup, context.settings.publishable_key)
    }
    const intent = await ask(() => stripe.paymentIntents.retrieve(known, { expand: paymentParts }))
    if (isForgotten(context, intent)) return endPayment(context, stripe, known, 'abandoned')
    return standingOf(context, stripe, intent)
  }

  /** Has the payer left it alone for longer than it was open? */
  function isForgotten(context: Context, intent: Stripe.PaymentIntent | Stripe.SetupIntent): boolean {
    if (!['requires_payment_method', 'requires_confirmation', 'requires_action'].includes(intent.status))
      return false
    const until = Number(intent.metadata?.[marks.expires] ?? Number.NaN)
    const end = Number.isSafeInteger(until) ? toInstant(until) : toInstant(intent.created).add(patience)
    return Temporal.Instant.compare(end, context.now) <= 0
  }

  async function findRef(context: Context, stripe: Stripe, key: string): Promise<string | null> {
    const query = `metadata['${marks.intent}']:'${key}'`
    const quick = await search(() => stripe.paymentIntents.search({ query, limit: 1 }))
    if (quick[0]) return quick[0].id
    const since = { created: { gte: seconds(madeAt(key, context.now)) }, limit: 100 }
    return ask(async () => {
      for await (const intent of stripe.paymentIntents.list(since))
        if (intent.metadata[marks.intent] === key) return intent.id
      for await (const setup of stripe.setupIntents.list(since))
        if (setup.metadata?.[marks.intent] === key) return setup.id
      return null
    })
  }

  /** Ends what the payer did not finish; what was faster stands as it is. */
  async function endPayment(
    context: Context,
    stripe: Stripe,
    ref: string,
    cancellation_reason: 'abandoned' | 'requested_by_customer',
  ): Promise<Standing> {
    try {
      await stripe.paymentIntents.cancel(ref, { cancellation_reason })
    } catch (error) {
      if (!isTooLate(error)) throw toFault(error)
    }
    const intent = await ask(() => stripe.paymentIntents.retrieve(ref, { expand: paymentParts }))
    return standingOf(context, stripe, intent)
  }

  async function endSetup(
    context: Context,
    stripe: Stripe,
    ref: string,
    cancellation_reason: 'abandoned' | 'requested_by_customer',
  ): Promise<Standing> {
    try {
      await stripe.setupIntents.cancel(ref, { cancellation_reason })
    } catch (error) {
      if (!isTooLate(error)) throw toFault(error)
    }
    const setup = await ask(() => stripe.setupIntents.retrieve(ref, { expand: ['payment_method'] }))
    return readSetup(setup, context.settings.publishable_key)
  }

  const isTooLate = (error: unknown) =>
    error instanceof Stripe.errors.StripeError &&
    (error.code === 'payment_intent_unexpected_state' || error.code === 'setup_intent_unexpected_state')

  return {
    kind: 'stripe',
    methods: ['card', 'bank_debit'],
    currencies: null,
    capabilities: { stores: true, refunds: 'partial', cancels: true, webhook: true, by_files: false },
    fields: [
      { name: 'publishable_key', kind: 'text', required: true },
      { name: 'secret_key', kind: 'secret', required: true },
      { name: 'webhook_secret', kind: 'secret', required: false },
    ],
    settings,
    secrets,

    /** Reads the balance, which every key may, and compares the modes of the keys. */
    async test(context) {
      const mode = (key: string) => key.split('_')[1]
      if (mode(context.settings.publishable_key) !== mode(context.secrets.secret_key))
        throw new ProviderRefusal('keys_of_two_modes', 'one key is of test mode and the other is live')
      await ask(() => open(context).balance.retrieve())
    },

    async create(context, charge) {
      const stripe = open(context)
      const amount = toStripeAmount(charge.amount, charge.currency)
      const kept = charge.stored_method && readReference(charge.stored_method.reference)
      const customer = kept?.customer ?? (await customerOf(stripe, charge.payer))
      const payer = charge.off_session ? 'absent' : kept ? 'stored' : 'form'
      // The house may have given up meanwhile, and asks, or sends again: nothing is charged behind its back.
      if (context.signal.aborted) throw new ProviderSilence('the house did not wait')
      try {
        const intent = await stripe.paymentIntents.create(
          {
            amount,
            currency: charge.currency.toLowerCase(),
            customer,
            ...offer(charge.method),
            description: charge.description,
            metadata: marksOf(charge, payer),
            expand: paymentParts,
            ...(kept
              ? {
                  payment_method: kept.payment_method,
                  confirm: true,
                  ...(charge.off_session ? { off_session: true } : {}),
                }
              : charge.store
                ? { setup_future_usage: 'off_session' as const }
                : {}),
          },
          { idempotencyKey: charge.key },
        )
        return await standingOf(context, stripe, intent, true)
      } catch (error) {
        if (error instanceof Stripe.errors.StripeCardError)
          return {
            state: 'failed',
            ref: error.payment_intent?.id ?? null,
            failure: readFailure(error),
            received: [],
            reversed: [],
          }
        // The kept method is gone at Stripe: an answer about the method, not about us.
        if (
          error instanceof Stripe.errors.StripeInvalidRequestError &&
          kept &&
          (error.param === 'payment_method' || error.code === 'payment_method_unexpected_state')
        )
          return {
            state: 'failed',
            ref: null,
            failure: { reason: 'invalid_method', detail: error.code ?? null },
            received: [],
            reversed: [],
          }
        throw toFault(error)
      }
    },

    lookUp,

    async cancel(context, { key, ref }) {
      const stripe = open(context)
      const known = ref ?? (await findRef(context, stripe, key))
      if (known === null) return { state: 'absent', ref: null, received: [], reversed: [] }
      return known.startsWith('seti_')
        ? endSetup(context, stripe, known, 'requested_by_customer')
        : endPayment(context, stripe, known, 'requested_by_customer')
    },

    async refund(context, refund) {
      try {
        const made = await open(context).refunds.create(
          {
            charge: refund.payment_ref,
            amount: toStripeAmount(refund.amount, refund.currency),
            reason: 'requested_by_customer',
            metadata: { [marks.reversal]: refund.key },
          },
          { idempotencyKey: refund.key },
        )
        return readRefund(made)
      } catch (error) {
        const fault = toFault(error)
        // The charge was refunded elsewhere, or the balance does not suffice: an answer, and the last one.
        if (fault instanceof ProviderRefusal && fault.code === 'request_refused')
          return { state: 'failed', detail: fault.message.slice(0, 500) }
        throw fault
      }
    },

    async lookUpRefund(context, refund) {
      const stripe = open(context)
      const { ref } = refund
      if (ref !== null) return readRefund(await ask(() => stripe.refunds.retrieve(ref)))
      return ask(async () => {
        for await (const one of stripe.refunds.list({ charge: refund.payment_ref, limit: 100 }))
          if (one.metadata?.[marks.reversal] === refund.key) return readRefund(one)
        return { state: 'absent' }
      })
    },

    async setUp(context, setup) {
      const stripe = open(context)
      const customer = await customerOf(stripe, setup.payer)
      const made = await ask(() =>
        stripe.setupIntents.create(
          {
            customer,
            ...offer(setup.method),
            usage: 'off_session',
            metadata: { [marks.intent]: setup.key, [marks.account]: setup.payer.account_id },
          },
          { idempotencyKey: setup.key },
        ),
      )
      return readSetup(made, context.settings.publishable_key)
    },

    async forget(context, stored) {
      const { payment_method } = readReference(stored.reference)
      try {
        await open(context).paymentMethods.detach(payment_method)
      } catch (error) {
        // It was taken away there before.
        if (error instanceof Stripe.errors.StripeInvalidRequestError && error.statusCode !== 409) return
        throw toFault(error)
      }
    },

    async readHook(context, call) {
      const { webhook_secret } = context.secrets
      const signature = call.headers['stripe-signature']
      if (!webhook_secret || !signature) return null
      let event: Stripe.Event
      try {
        event = open(context).webhooks.constructEvent(
          call.body,
          signature,
          webhook_secret,
          hookTolerance,
          undefined,
          context.now.epochMilliseconds,
        )
      } catch {
        return null
      }
      return { event_key: event.id, about: aboutOf(event) }
    },

    /**
     * Charges, refunds and disputes made in that time, and events of it: a debit that was made earlier and paid then, a refund that
     * failed, a dispute that was decided.
     */
    async *listReceived(context, from, to) {
      const stripe = open(context)
      const created = { gte: seconds(from), lt: seconds(to) + 1 }
      const made = { created, limit: 100 }
      const seen = new Set<string>()
      const isNew = (one: MovedMoney) => {
        const name = JSON.stringify([one.ref, one.money_ref, one.won])
        return !seen.has(name) && seen.add(name)
      }
      try {
        for await (const refund of stripe.refunds.list(made)) {
          const moved = movedBy(refund)
          if (moved && isNew(moved)) yield moved
        }
        for await (const dispute of stripe.disputes.list(made)) {
          const moved = movedBy(dispute)
          if (moved && isNew(moved)) yield moved
        }
        for await (const event of stripe.events.list({ ...made, types: told })) {
          const moved = movedBy(event.data.object as Parameters<typeof movedBy>[0])
          if (moved && isNew(moved)) yield moved
        }
        // Last, for they are the most.
        for await (const charge of stripe.charges.list(made)) {
          const ref = idOf(charge.payment_intent)
          const key = charge.metadata[marks.intent]
          if (ref === null || key === undefined || !charge.paid) continue
          const moved = { key, ref, money_ref: charge.id }
          if (isNew(moved)) yield moved
        }
      } catch (error) {
        throw toFault(error)
      }
    },
  }
}

/** What is worth a look; the guide names them for the webhook too. */
const told = [
  'payment_intent.succeeded',
  'payment_intent.payment_failed',
  'payment_intent.processing',
  'payment_intent.canceled',
  'payment_intent.requires_action',
  'setup_intent.succeeded',
  'setup_intent.setup_failed',
  'setup_intent.canceled',
  'charge.refunded',
  'refund.created',
  'refund.updated',
  'refund.failed',
  'charge.dispute.created',
  'charge.dispute.funds_withdrawn',
  'charge.dispute.funds_reinstated',
  'charge.dispute.closed',
]

function marksOf(charge: ChargeRequest, payer: 'form' | 'stored' | 'absent'): Record<string, string> {
  return {
    [marks.intent]: charge.key,
    [marks.account]: charge.payer.account_id,
    [marks.payer]: payer,
    ...(charge.expires_at === null ? {} : { [marks.expires]: String(seconds(charge.expires_at)) }),
  }
}

function readReference(reference: Record<string, unknown>): {
  customer: string | undefined
  payment_method: string
} {
  const { customer, payment_method } = reference
  if (typeof payment_method !== 'string')
    throw new ProviderRefusal('unknown_to_provider', 'the stored method names none of Stripe')
  return { customer: typeof customer === 'string' ? customer : undefined, payment_method }
}

function readRefund(refund: Stripe.Refund): RefundStanding {
  switch (refund.status) {
    case 'succeeded':
      return { state: 'done', ref: refund.id }
    case 'failed':
    case 'canceled':
      return { state: 'failed', detail: refund.failure_reason ?? refund.status }
    default:
      return { state: 'pending', ref: refund.id }
  }
}

/**
 * Of which charge something moved money; null where it did not, or is not of a payment. A refund or dispute names its own money: it
 * is looked at until that is booked.
 */
function movedBy(thing: {
  object: string
  id: string
  status?: string | null
  latest_charge?: { id: string } | string | null
  payment_intent?: { id: string } | string | null
}): MovedMoney | null {
  const { object, id, status } = thing
  if (object === 'payment_intent') {
    const money_ref = idOf(thing.latest_charge)
    return status === 'succeeded' && money_ref !== null ? { ref: id, money_ref } : null
  }
  const ref = idOf(thing.payment_intent)
  if (ref === null) return null
  if (object === 'dispute') {
    if (status?.startsWith('warning_') || status === 'prevented') return null
    return { ref, money_ref: id, won: status === 'won' }
  }
  if (object !== 'refund') return null
  if (status === 'succeeded') return { ref, money_ref: id }
  return status === 'failed' || status === 'canceled' ? { ref, money_ref: id, won: true } : null
}

/** Which charge or set-up an event is about. Its contents are not believed: the object is read anew. */
function aboutOf(event: Stripe.Event): HookReading['about'] {
  const about = event.data.object as {
    object?: string
    id?: string
    payment_intent?: { id: string } | string | null
  }
  const ref =
    about.object === 'payment_intent' || about.object === 'setup_intent'
      ? about.id
      : idOf(about.payment_intent)
  return ref ? [{ ref }] : []
}
