// Mercado Pago as a payment provider: its checkout page, and cards that it keeps. What the payer types goes to Mercado Pago, in
// its page or in its form within ours, and never comes here; what comes here are ids, tokens that are used once, and last digits.
import {
  CardToken,
  Chargeback,
  Customer,
  CustomerCard,
  MercadoPagoConfig,
  MPBadRequestError,
  MPNotFoundError,
  Payment,
  PaymentRefund,
  Preference,
  User,
  WebhookSignatureValidator,
} from 'mercadopago'
import { AppConfig } from 'mercadopago/dist/utils/config/index.js'
import { z } from 'zod'
import {
  type ChargeRequest,
  type HookReading,
  type Payer,
  type ProviderContext,
  type ProviderDriver,
  ProviderRefusal,
  ProviderSilence,
  type RefundRequest,
  type RefundStanding,
  type Standing,
  type UsedMethod,
} from '../../modules/payments/index.ts'
import type { PaymentMethod } from '../../platform/database.gen.ts'
import { fromApiAmount, toApiAmount } from './amounts.ts'
import { ask, need, toFault } from './faults.ts'
import { type ApiPayment, readPayments, readTime, writeTime } from './standings.ts'

const settings = z.object({
  public_key: z
    .string()
    .trim()
    .regex(/^(TEST|APP_USR)-[A-Za-z0-9-]{8,250}$/),
  installments: z.coerce.number().int().min(1).max(36).default(1),
})
const secrets = z.object({
  access_token: z
    .string()
    .trim()
    .regex(/^(TEST|APP_USR)-[A-Za-z0-9_-]{8,250}$/),
  webhook_secret: z.string().trim().min(16).max(250).optional(),
})
export type MercadoPagoSettings = z.infer<typeof settings>
export type MercadoPagoSecrets = z.infer<typeof secrets>
type Context = ProviderContext<MercadoPagoSettings, MercadoPagoSecrets>

/** How long an answer is waited for, in milliseconds: less than the house waits. */
const patience = 20_000
/** How old a webhook call may be, in seconds. */
const hookTolerance = 300
/** How long the form for keeping a card stays open. */
const setupPatience = { hours: 1 }
/** How long a checkout stays open that nobody goes to the end of, where nothing else is asked for. */
const checkoutPatience = { hours: 24 * 7 }

// What the checkout offers, by its kinds of payment; the others are taken out. The payer's balance cannot be.
const kinds = ['credit_card', 'debit_card', 'prepaid_card', 'bank_transfer', 'ticket', 'atm'] as const
const offered: Partial<Record<PaymentMethod, readonly (typeof kinds)[number][]>> = {
  card: ['credit_card', 'debit_card', 'prepaid_card'],
  pix: ['bank_transfer'],
  bank_transfer: ['bank_transfer'],
  boleto: ['ticket'],
  cash: ['ticket', 'atm'],
}

/** When a uuid of version 7 was made; null for any other key. */
function madeAt(key: string): Temporal.Instant | null {
  const version7 = /^([0-9a-f]{8})-([0-9a-f]{4})-7/.exec(key)
  if (!version7) return null
  return Temporal.Instant.fromEpochMilliseconds(Number.parseInt(version7[1]! + version7[2]!, 16))
}

const absent: Standing = { state: 'absent', ref: null, received: [], reversed: [] }

/**
 * The driver. How a charge is made at most once: everything carries our key as its external reference, by which all payments of
 * a charge are found, and each request carries it as its idempotency key, so that the same request is done once. A checkout page
 * charges nothing by itself. A kept card is charged only when no payment stands under the key.
 */
export function createMercadoPagoDriver(
  options: { api?: { url: string; timeout?: number } } = {},
): ProviderDriver<MercadoPagoSettings, MercadoPagoSecrets> {
  // The SDK knows the address of the API in this one place only.
  if (options.api) Object.assign(AppConfig, { BASE_URL: options.api.url })

  /** The SDK keeps the options of a call in what it was opened with: each call opens its own. */
  const open = ({ secrets }: Context, idempotencyKey?: string) =>
    new MercadoPagoConfig({
      accessToken: secrets.access_token,
      options: {
        timeout: options.api?.timeout ?? patience,
        // Whether to try again is decided by the house, which asks first what became of the first try.
        maxRetries: 0,
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      },
    })

  /** Every payment under a key, as it stands now: the search is late with news of those that it lists. */
  async function findPayments(context: Context, key: string, ref: string | null): Promise<ApiPayment[]> {
    const ids = new Set<string>(ref !== null && /^\d+$/.test(ref) ? [ref] : [])
    for (let offset = 0; ; offset += 50) {
      const page = await ask(() =>
        new Payment(open(context)).search({
          options: { external_reference: key, sort: 'date_created', criteria: 'asc', limit: 50, offset },
        }),
      )
      const results = need(page.results, 'results')
      for (const { id } of results) ids.add(String(need(id, 'id')))
      if (results.length < 50) break
    }
    return Promise.all([...ids].map((id) => ask(() => new Payment(open(context)).get({ id }))))
  }

  /** How much the payer's bank took of what was charged back; nothing where they do not tell. */
  async function findDisputed(
    context: Context,
    payments: readonly ApiPayment[],
  ): Promise<Map<number, number>> {
    const disputed = new Map<number, number>()
    for (const { id, status, currency_id } of payments) {
      if (status !== 'charged_back' || id === undefined) continue
      const found = await ask(() => new Chargeback(open(context)).search({ options: { payment_id: id } }))
      const amount = found.results?.find((one) => Number(one.payment_id) === id)?.amount
      if (amount !== undefined) disputed.set(id, fromApiAmount(amount, need(currency_id, 'currency_id')))
    }
    return disputed
  }

  /** What stands under a key, by its payments alone. */
  async function readCharge(context: Context, key: string, ref: string | null) {
    const payments = await findPayments(context, key, ref)
    return { payments, ...readPayments(payments, await findDisputed(context, payments)) }
  }

  const urlOf = (
    context: Context,
    preference: { init_point?: string; sandbox_init_point?: string },
  ): string =>
    need(
      context.secrets.access_token.startsWith('TEST-')
        ? (preference.sandbox_init_point ?? preference.init_point)
        : preference.init_point,
      'init_point',
    )

  const checkout = (
    context: Context,
    preference: { id?: string; init_point?: string; sandbox_init_point?: string },
  ): Standing => ({
    state: 'action_needed',
    ref: need(preference.id, 'id'),
    action: {
      kind: 'mercado_pago',
      public_key: context.settings.public_key,
      url: urlOf(context, preference),
    },
    received: [],
    reversed: [],
  })

  async function openCheckout(context: Context, charge: ChargeRequest): Promise<Standing> {
    const wanted = offered[charge.method]
    if (!wanted)
      throw new ProviderRefusal('method_not_enabled', `Mercado Pago is not asked for ${charge.method} here`)
    const expires_at = charge.expires_at ?? context.now.add(checkoutPatience)
    const made = await ask(() =>
      new Preference(open(context, charge.key)).create({
        body: {
          items: [
            {
              id: charge.key,
              title: charge.description,
              quantity: 1,
              currency_id: charge.currency,
              unit_price: toApiAmount(charge.amount, charge.currency),
            },
          ],
          external_reference: charge.key,
          payer: {
            name: charge.payer.name,
            ...(charge.payer.email === null ? {} : { email: charge.payer.email }),
          },
          payment_methods: {
            excluded_payment_types: kinds.filter((kind) => !wanted.includes(kind)).map((id) => ({ id })),
            installments: context.settings.installments,
          },
          back_urls: { success: charge.return_url, pending: charge.return_url, failure: charge.return_url },
          // They lead back, and call, only where the address is one that they can reach.
          ...(charge.return_url.startsWith('https:') ? { auto_return: 'approved' } : {}),
          ...hookAddress(context, charge.key),
          expires: true,
          expiration_date_to: writeTime(expires_at),
          date_of_expiration: writeTime(expires_at),
        },
      }),
    )
    return checkout(context, made)
  }

  /** Charges a card that they keep. What stands under the key already is not charged anew. */
  async function chargeCard(
    context: Context,
    charge: ChargeRequest,
    reference: CardReference,
  ): Promise<Standing> {
    const before = await readCharge(context, charge.key, null)
    if (before.payments.length > 0) return standingOfCard(before)
    let token: string
    try {
      const made = await new CardToken(open(context)).create({
        body: { card_id: reference.card, customer_id: reference.customer },
      })
      token = need(made.id, 'token')
    } catch (error) {
      // A card that they do not keep any more is an answer about the card.
      if (error instanceof MPBadRequestError || error instanceof MPNotFoundError)
        return failed({ reason: 'invalid_method', detail: error.error || null })
      throw toFault(error)
    }
    // The house may have given up meanwhile, and asks, or sends again: nothing is charged behind its back.
    if (context.signal.aborted) throw new ProviderSilence('the house did not wait')
    const made = await ask(() =>
      new Payment(open(context, charge.key)).create({
        body: {
          transaction_amount: toApiAmount(charge.amount, charge.currency),
          token,
          installments: 1,
          payment_method_id: reference.payment_method_id,
          description: charge.description,
          external_reference: charge.key,
          // Approved or rejected at once: nobody is asked later.
          binary_mode: true,
          payer: { type: 'customer', id: reference.customer },
          point_of_interaction: {
            type: 'CREDENTIAL_ON_FILE',
            transaction_data: {
              storage: 'stored',
              transaction_initiator: charge.off_session ? 'merchant' : 'customer',
            },
          },
          ...hookAddress(context, charge.key),
        },
      }),
    )
    need(made.id, 'id')
    return standingOfCard({ payments: [made], ...readPayments([made], new Map()) })
  }

  function standingOfCard(found: Awaited<ReturnType<typeof readCharge>>): Standing {
    const { payments, ...standing } = found
    return { ...standing, ref: String(need(payments[0]?.id, 'id')) }
  }

  async function lookUp(
    context: Context,
    { key, ref }: { key: string; ref: string | null },
  ): Promise<Standing> {
    if (ref?.startsWith('setup:')) return openSetup(context, key)
    if (ref?.startsWith('card:')) {
      const [, customerId, cardId] = ref.split(':')
      const card = await ask(() =>
        new CustomerCard(open(context)).get({ customerId: customerId!, cardId: cardId! }),
      )
      return { state: 'succeeded', ref, received: [], reversed: [], method: readCard(card, customerId!) }
    }
    const found = await readCharge(context, key, ref)
    const { payments, ...standing } = found
    if (ref !== null && /^\d+$/.test(ref)) return { ...standing, ref }
    if (standing.state === 'succeeded' || standing.state === 'pending') {
      // Without the ref of its checkout the charge is known by its payment.
      return { ...standing, ref: ref ?? String(need(payments[0]?.id, 'id')) }
    }
    const id = ref ?? (await findPreference(context, key))
    if (id === null) return payments.length > 0 ? standingOfCard(found) : absent
    const preference = await ask(() => new Preference(open(context)).get({ preferenceId: id }))
    const { expires, expiration_date_to } = preference
    if (
      expires === true &&
      expiration_date_to !== undefined &&
      Temporal.Instant.compare(readTime(expiration_date_to), context.now) <= 0
    )
      return { state: 'expired', ref: id, received: [], reversed: [] }
    // What was rejected in the checkout may be tried again there.
    return checkout(context, preference)
  }

  /** The checkout of a key: the latest, should there be several. It charges nothing by itself. */
  async function findPreference(context: Context, key: string): Promise<string | null> {
    const found = await ask(() =>
      new Preference(open(context)).search({ options: { external_reference: key, limit: 50 } }),
    )
    const own = (found.elements ?? []).filter((one) => one.external_reference === key)
    return own.toSorted((a, b) => (a.date_created < b.date_created ? 1 : -1))[0]?.id ?? null
  }

  /** The form for a card, which gives a token to ask with again. It stays open for an hour. */
  function openSetup(context: Context, key: string): Standing {
    const end = (madeAt(key) ?? context.now).add(setupPatience)
    const base = { ref: `setup:${key}`, received: [], reversed: [] }
    if (Temporal.Instant.compare(end, context.now) <= 0) return { ...base, state: 'expired' }
    return {
      ...base,
      state: 'action_needed',
      expires_at: end,
      action: { kind: 'mercado_pago', public_key: context.settings.public_key, url: '' },
    }
  }

  async function customerOf(context: Context, payer: Payer): Promise<string> {
    const { email } = payer
    if (email === null)
      throw new ProviderRefusal(
        'email_missing',
        'Mercado Pago keeps cards of customers with an e-mail address',
      )
    const found = await ask(() => new Customer(open(context)).search({ options: { email } }))
    const known = found.results?.find((one) => one.email?.toLowerCase() === email.toLowerCase())?.id
    if (known) return known
    const made = await ask(() =>
      new Customer(open(context)).create({ body: { email, first_name: payer.name } }),
    )
    return need(made.id, 'id')
  }

  return {
    kind: 'mercado_pago',
    methods: ['card', 'pix', 'boleto', 'bank_transfer', 'cash'],
    currencies: ['ARS', 'BRL', 'CLP', 'COP', 'MXN', 'PEN', 'UYU'],
    capabilities: { stores: true, refunds: 'partial', cancels: true, webhook: true, by_files: false },
    fields: [
      { name: 'public_key', kind: 'text', required: true },
      { name: 'access_token', kind: 'secret', required: true },
      { name: 'webhook_secret', kind: 'secret', required: false },
      { name: 'installments', kind: 'number', required: false },
    ],
    settings,
    secrets,

    /** Reads whose access token it is. */
    async test(context) {
      const mode = (key: string) => key.split('-')[0]
      if (mode(context.settings.public_key) !== mode(context.secrets.access_token))
        throw new ProviderRefusal('keys_of_two_modes', 'one key is of test mode and the other is live')
      const user = await ask(() => new User(open(context)).get())
      need(user.id, 'id')
    },

    create(context, charge) {
      const kept = charge.stored_method && readReference(charge.stored_method.reference)
      if (kept) return chargeCard(context, charge, kept)
      if (charge.off_session)
        throw new ProviderRefusal('method_not_enabled', 'nobody is there to go to the checkout')
      return openCheckout(context, charge)
    },

    lookUp,

    /** Closes the checkout, and cancels what is still waiting; money that was faster stands. */
    async cancel(context, { key, ref }) {
      const payments = await findPayments(context, key, ref)
      for (const { id, status } of payments) {
        if (status !== 'pending' && status !== 'in_process') continue
        await ask(() => new Payment(open(context, `${key}-cancel-${id}`)).cancel({ id: need(id, 'id') }))
      }
      const isCheckout = ref !== null && !/^\d+$|^setup:|^card:/.test(ref)
      if (isCheckout) {
        const preference = await ask(() => new Preference(open(context)).get({ preferenceId: ref }))
        await ask(() =>
          new Preference(open(context, `${key}-cancel`)).update({
            id: ref,
            updatePreferenceRequest: {
              items: need(preference.items, 'items'),
              expires: true,
              expiration_date_to: writeTime(context.now),
            },
          }),
        )
      }
      if (ref?.startsWith('setup:')) return { state: 'cancelled', ref, received: [], reversed: [] }
      const standing = await lookUp(context, { key, ref })
      return standing.state === 'expired' || standing.state === 'action_needed'
        ? { state: 'cancelled', ref: standing.ref, received: [], reversed: [] }
        : standing
    },

    async refund(context, refund) {
      try {
        const made = await new PaymentRefund(open(context, refund.key)).create({
          payment_id: refund.payment_ref,
          // No amount is all of it, for them.
          body: refund.whole ? {} : { amount: toApiAmount(refund.amount, refund.currency) },
        })
        return readRefund(made)
      } catch (error) {
        const fault = toFault(error)
        // It was refunded elsewhere, is too old, or the balance does not suffice: an answer, and the last one.
        if (fault instanceof ProviderRefusal && fault.code === 'request_refused')
          return { state: 'failed', detail: fault.message.slice(0, 500) }
        throw fault
      }
    },

    lookUpRefund: findRefund,

    async setUp(context, setup) {
      const token = setup.details?.token
      if (!token) return openSetup(context, setup.key)
      const customerId = await customerOf(context, setup.payer)
      try {
        const card = await new CustomerCard(open(context, setup.key)).create({ customerId, body: { token } })
        return {
          state: 'succeeded',
          ref: `card:${customerId}:${need(card.id, 'id')}`,
          received: [],
          reversed: [],
          method: readCard(card, customerId),
        }
      } catch (error) {
        // A token that is used, old or of a card that they do not take.
        if (error instanceof MPBadRequestError || error instanceof MPNotFoundError)
          return failed({ reason: 'invalid_method', detail: error.error || null })
        throw toFault(error)
      }
    },

    async forget(context, stored) {
      const { customer, card } = readReference(stored.reference)
      try {
        await new CustomerCard(open(context)).remove({ customerId: customer, cardId: card })
      } catch (error) {
        // It was taken away there before.
        if (!(error instanceof MPNotFoundError)) throw toFault(error)
      }
    },

    /**
     * The signature is of the id in the address, the request's id and the time. `key` in the address, which we gave them, is only
     * a hint of what to look at; without it (calls that are set up in their panel) they are asked whose payment it is.
     */
    async readHook(context, call) {
      const { webhook_secret } = context.secrets
      const signature = call.headers['x-signature']
      if (!webhook_secret || !signature) return null
      const asked = call.query['data.id']
      const told = readNotice(call.body)
      if (!told || !asked) return null
      try {
        WebhookSignatureValidator.validate({
          xSignature: signature,
          xRequestId: call.headers['x-request-id'],
          dataId: asked.toLowerCase(),
          secret: webhook_secret,
        })
      } catch {
        return null
      }
      if (!isFresh(signature, context.now)) return null
      return {
        event_key: told.event,
        about: await findAbout(context, { ...told, id: asked }, call.query.key),
      }
    },

    async *listReceived(context, from, to) {
      for (let offset = 0; ; offset += 100) {
        const page = await ask(() =>
          new Payment(open(context)).search({
            options: {
              range: 'date_last_updated',
              begin_date: writeTime(from),
              end_date: writeTime(to),
              sort: 'date_last_updated',
              criteria: 'asc',
              limit: 100,
              offset,
            },
          }),
        )
        const results = need(page.results, 'results')
        for (const { id, external_reference: key, status, ...listed } of results) {
          if (!key || status === 'rejected' || status === 'cancelled') continue
          const { transaction_amount_refunded } = listed as ApiPayment
          yield { key, ...(id === undefined ? {} : { money_ref: String(id) }) }
          if (status !== 'refunded' && status !== 'charged_back' && !transaction_amount_refunded) continue
          // What went back of it is in the payment itself, and only there.
          const payment: ApiPayment = await ask(() => new Payment(open(context)).get({ id: need(id, 'id') }))
          for (const { ref, won } of readPayments([payment], new Map()).reversed)
            yield { key, money_ref: ref, won: won ?? false }
        }
        if (results.length < 100) return
      }
    },
  }

  /**
   * A refund whose answer was lost. Their list does not carry our key: it is the one of that amount that was made since ours was
   * asked for, and is none of those that we know as others. Sending it again under the same key, where there is none, is the same refund.
   */
  async function findRefund(
    context: Context,
    refund: RefundRequest & { ref: string | null },
  ): Promise<RefundStanding> {
    const listed = await ask(() => new PaymentRefund(open(context)).list({ payment_id: refund.payment_ref }))
    const since = madeAt(refund.key)?.subtract({ minutes: 1 })
    const found = [...listed].filter((one) =>
      refund.ref !== null
        ? String(one.id) === refund.ref
        : !refund.others.includes(String(one.id)) &&
          fromApiAmount(need(one.amount, 'amount'), refund.currency) === refund.amount &&
          (since === undefined || Temporal.Instant.compare(readTime(one.date_created), since) >= 0),
    )
    const first = found.toSorted((a, b) => need(a.id, 'id') - need(b.id, 'id'))[0]
    return first ? readRefund(first) : { state: 'absent' }
  }

  async function findAbout(
    context: Context,
    told: { topic: string; id: string; payment: string | null },
    key: string | undefined,
  ): Promise<HookReading['about']> {
    const hinted = key !== undefined && /^[0-9a-f-]{36}$/.test(key) ? [{ key }] : []
    if (hinted.length > 0) return hinted
    let payment: string | null = told.topic === 'payment' ? told.id : told.payment
    if (payment === null && told.topic.includes('chargeback')) {
      const found = await ask(() => new Chargeback(open(context)).get({ id: told.id }))
      payment = String(need(found.payment_id, 'payment_id'))
    }
    if (payment === null) return []
    const { external_reference } = await ask(() => new Payment(open(context)).get({ id: payment }))
    return external_reference ? [{ key: external_reference }, { ref: payment }] : [{ ref: payment }]
  }
}

type CardReference = { customer: string; card: string; payment_method_id: string }

function readReference(reference: Record<string, unknown>): CardReference {
  const { customer, card, payment_method_id } = reference
  if (typeof customer !== 'string' || typeof card !== 'string' || typeof payment_method_id !== 'string')
    throw new ProviderRefusal('unknown_to_provider', 'the stored method names none of Mercado Pago')
  return { customer, card, payment_method_id }
}

const failed = (failure: NonNullable<Standing['failure']>): Standing => ({
  state: 'failed',
  ref: null,
  failure,
  received: [],
  reversed: [],
})

/** Brand and last digits of a card that they keep. */
function readCard(
  card: {
    id?: string
    last_four_digits?: string
    expiration_month?: number
    expiration_year?: number
    payment_method?: { id?: string; name?: string }
  },
  customer: string,
): UsedMethod {
  const { expiration_month: month, expiration_year: year } = card
  return {
    brand: card.payment_method?.name ?? card.payment_method?.id ?? null,
    // A number in some answers, whatever the SDK's types say.
    last_digits: /^[0-9]{1,4}$/.test(String(card.last_four_digits))
      ? String(card.last_four_digits).padStart(4, '0')
      : null,
    expires_on:
      month === undefined || year === undefined
        ? null
        : Temporal.PlainDate.from({ year, month, day: 1 }).add({ months: 1 }),
    reference: {
      customer,
      card: String(need(card.id, 'id')),
      payment_method_id: need(card.payment_method?.id, 'payment_method'),
    },
  }
}

function readRefund(refund: { id?: number; status?: string }): RefundStanding {
  const ref = String(need(refund.id, 'id'))
  switch (refund.status) {
    case undefined:
    case 'approved':
      return { state: 'done', ref }
    case 'rejected':
    case 'cancelled':
      return { state: 'failed', detail: refund.status }
    default:
      return { state: 'pending', ref }
  }
}

/** Where they call, with our key in the address; nowhere where they could not reach it. */
function hookAddress(context: Context, key: string): { notification_url?: string } {
  if (!context.public_url.startsWith('https:')) return {}
  return {
    notification_url: `${context.public_url}/api/v1/hooks/payments/${context.provider_id}?source_news=webhooks&key=${key}`,
  }
}

const idText = z.union([z.string().max(100), z.number()]).transform(String)
const notice = z.object({
  id: idText,
  type: z.string().max(100).default(''),
  data: z.object({ payment_id: idText.optional() }),
})

/** What the body says. The id that it is about is taken from the address, which is signed: some are too large for JSON. */
function readNotice(body: Buffer): { event: string; topic: string; payment: string | null } | null {
  try {
    const read = notice.parse(JSON.parse(body.toString('utf8')))
    return { event: read.id, topic: read.type, payment: read.data.payment_id ?? null }
  } catch {
    return null
  }
}

/** Their `ts` is in seconds in the documents and in milliseconds on the wire: both are taken. */
function isFresh(signature: string, now: Temporal.Instant): boolean {
  const ts = Number(/(?:^|,)\s*ts=(\d+)/.exec(signature)?.[1] ?? Number.NaN)
  if (!Number.isSafeInteger(ts)) return false
  const at = ts > 100_000_000_000 ? ts : ts * 1000
  return Math.abs(now.epochMilliseconds - at) <= hookTolerance * 1000
}
