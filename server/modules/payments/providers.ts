// What a payment provider is to Zaguan: the one interface that every driver implements (server/drivers/*), and what the
// house and a driver say to each other. Amounts are integer minor units; refs are the provider's own ids.

import type { z } from 'zod'
import type {
  PaymentDriver as DriverKind,
  PaymentFailure,
  PaymentMethod,
} from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import type { Language } from '../../platform/translations.ts'

/** One setting of a provider, for the form in the office. Labels are `providers.<driver>.<name>` of the catalogue. */
export type ProviderField = {
  name: string
  /** `secret` and `secret_text` (many lines: keys, certificates) are stored encrypted and never shown again. */
  kind: 'text' | 'number' | 'choice' | 'switch' | 'secret' | 'secret_text'
  required: boolean
  choices?: readonly string[]
}

/** What a driver is called with. Everything from outside comes by it: the clock, the settings, the way to its own tables. */
export type ProviderContext<S = unknown, K = unknown> = {
  provider_id: string
  business_unit_id: string
  settings: S
  secrets: K
  /** Where customers reach this installation, without a slash at its end. */
  public_url: string
  now: Temporal.Instant
  /** Aborts when the house stops waiting. */
  signal: AbortSignal
  /** A transaction under the office login, for a driver with tables of its own; never one of the caller's. */
  transact: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>
}

/** Who pays, as far as providers ask. */
export type Payer = {
  account_id: string
  number: number
  name: string
  kind: 'company' | 'person'
  tax_id: string | null
  email: string | null
  language: Language
  address: string | null
  city: string | null
  state: string | null
  country: string | null
  postal_code: string | null
}

/** A method that the customer keeps at the provider. */
export type StoredReference = { id: string; reference: Record<string, unknown>; secret: string | null }

export type ChargeRequest = {
  /** Our own key (the intent's id, a uuid): the same key is the same charge, however often it is sent. */
  key: string
  method: PaymentMethod
  amount: number
  currency: string
  /** What the payer reads, in the payer's language. */
  description: string
  payer: Payer
  invoices: { id: string; number: string; amount: number; due_date: Temporal.PlainDate }[]
  /** The last day to pay without being late; null where there is none (an order). */
  due_date: Temporal.PlainDate | null
  stored_method: StoredReference | null
  /** Keep the method for later charges. */
  store: boolean
  /** Nobody is there to act: automatic debit. */
  off_session: boolean
  /** Where the payer's browser comes back to. */
  return_url: string
  expires_at: Temporal.Instant | null
}

/** A wish to keep a method without paying by it now. */
export type SetupRequest = Pick<ChargeRequest, 'key' | 'method' | 'currency' | 'payer' | 'return_url'> & {
  /** What the customer typed where no provider's form takes it: a bank account to debit. */
  details: Record<string, string> | null
}

/** What the payer is to do now. It is shown to the payer and stored: nothing in it is a secret of the operator. */
export type PayerAction =
  | { kind: 'redirect'; url: string }
  | { kind: 'pix'; text: string }
  | { kind: 'boleto'; typeable_line: string; bar_code: string; due_date: string; pix_text: string | null }
  | { kind: 'stripe'; publishable_key: string; client_secret: string; setup: boolean }
  | { kind: 'mercado_pago'; public_key: string; url: string }

/** What is known of the method that was used; kept where storing was asked for. */
export type UsedMethod = {
  brand: string | null
  last_digits: string | null
  /** First day on which it is no longer good. */
  expires_on: Temporal.PlainDate | null
  /** What a later charge names it by. Never a number of a card or an account. */
  reference: Record<string, unknown>
  /** What has to be kept encrypted (the number of a bank account to debit). */
  secret?: string | null
}

/**
 * Why what was paid is not what was charged, where the provider worked that out by the terms that it was given: minor units, none
 * negative. What was paid is what was charged plus fee and interest, less what was taken off.
 */
export type Adjustment = {
  /** The fine for paying late. */
  late_fee: number
  /** Interest for the days late. */
  interest: number
  /** Taken off for paying early, or abated. */
  discount: number
}
export type ReceivedMoney = { ref: string; amount: number; at: Temporal.Instant; adjusted?: Adjustment }
export type ReversedMoney = {
  ref: string
  kind: 'refund' | 'chargeback'
  amount: number
  at: Temporal.Instant
  /** Our key, where we asked for it: the id of the reversal. */
  key: string | null
  /** Which of the received it was; the first by default. */
  payment_ref?: string
  /** It is ours again: a chargeback that was decided for us, a refund that did not reach the payer after all. */
  won?: boolean
}

/**
 * Everything that a provider knows of one charge, as of now. Applying it is idempotent and does not depend on the order in
 * which it is learnt: what is not yet booked of `received` and `reversed` is booked, by their refs.
 */
export type Standing = {
  /** `absent`: the provider knows nothing of this key, so that nothing was charged. */
  state: 'absent' | 'action_needed' | 'pending' | 'succeeded' | 'failed' | 'cancelled' | 'expired'
  ref: string | null
  action?: PayerAction | null
  expires_at?: Temporal.Instant | null
  failure?: { reason: PaymentFailure; detail: string | null }
  received: ReceivedMoney[]
  reversed: ReversedMoney[]
  method?: UsedMethod | null
}

/** A movement that a provider lists. `won`: a chargeback or refund, by its ref, whose money is ours again. */
export type MovedMoney = { key?: string; ref?: string; money_ref?: string; won?: boolean }

export type RefundRequest = {
  /** Our own key (the reversal's id). */
  key: string
  /** The charge that it was: our key and the provider's ref. */
  charge: { key: string; ref: string }
  /** The money of it that goes back. */
  payment_ref: string
  amount: number
  /** Whether it is all that came in. */
  whole: boolean
  currency: string
  reason: string | null
  /** The provider's ids of what else went back of the same payment: none of them is this one. */
  others: string[]
}
export type RefundStanding =
  | { state: 'absent' }
  | { state: 'pending' | 'done'; ref: string }
  | { state: 'failed'; detail: string }

/** A webhook call as it came. */
export type HookCall = {
  headers: Record<string, string | undefined>
  query: Record<string, string>
  body: Buffer
}
/** What a verified call is about: the charges to look at, by our key or the provider's ref. */
export type HookReading = { event_key: string; about: { key?: string; ref?: string }[] }

/** What a provider can do; a screen offers nothing else. */
export type Capabilities = {
  /** Keeps methods for later, and charges them with nobody there. */
  stores: boolean
  refunds: 'none' | 'whole' | 'partial'
  cancels: boolean
  webhook: boolean
  /** Money arrives by a file or a statement and not by asking. */
  by_files: boolean
}

/**
 * No answer came, or none that says whether the charge was made: a time-out, a broken connection, an error of the provider's
 * own. The outcome is unknown until the provider is asked (billing.md 25). Throw it from create and refund.
 */
export class ProviderSilence extends Error {}

/** The provider answered that it will not work with us like this (credentials, settings): nothing was charged. */
export class ProviderRefusal extends Error {
  readonly code: string
  constructor(code: string, detail: string) {
    super(detail)
    this.code = code
  }
}

/**
 * A driver. `create` and `refund` are called at most once at a time for a key and again with the same key only after
 * `lookUp` said `absent`; they throw ProviderSilence or ProviderRefusal, or say what stands.
 */
export type ProviderDriver<S = unknown, K = unknown> = {
  kind: DriverKind
  methods: readonly PaymentMethod[]
  /** Null: any. */
  currencies: readonly string[] | null
  capabilities: Capabilities
  fields: readonly ProviderField[]
  settings: z.ZodType<S>
  secrets: z.ZodType<K>
  /** Whether it works as it is set: throws ProviderRefusal or ProviderSilence where not. Charges nothing. */
  test(context: ProviderContext<S, K>): Promise<void>
  create(context: ProviderContext<S, K>, charge: ChargeRequest): Promise<Standing>
  /**
   * Charges many stored methods with nobody there, each as by `create` and with an answer of its own, in their order: for a run of
   * automatic debit, where one call per charge would take the night.
   */
  chargeMany?(
    context: ProviderContext<S, K>,
    charges: ChargeRequest[],
  ): Promise<(Standing | ProviderSilence | ProviderRefusal)[]>
  lookUp(context: ProviderContext<S, K>, charge: { key: string; ref: string | null }): Promise<Standing>
  cancel?(context: ProviderContext<S, K>, charge: { key: string; ref: string | null }): Promise<Standing>
  refund?(context: ProviderContext<S, K>, refund: RefundRequest): Promise<RefundStanding>
  lookUpRefund?(
    context: ProviderContext<S, K>,
    refund: RefundRequest & { ref: string | null },
  ): Promise<RefundStanding>
  /** Stores a method without a charge; the standing is of the set-up (`received` is empty). */
  setUp?(context: ProviderContext<S, K>, setup: SetupRequest): Promise<Standing>
  /** Forgets a stored method at the provider. */
  forget?(context: ProviderContext<S, K>, stored: StoredReference): Promise<void>
  /** Verifies a call; null where it is not the provider's (signature, age). Charges and books nothing. */
  readHook?(context: ProviderContext<S, K>, call: HookCall): Promise<HookReading | null>
  /**
   * What came in between two instants, and went back where it knows that too, for finding what no call told us: each with the
   * charge's key or ref. `money_ref` is the ref of the money that moved; without it only what came in is missed.
   */
  listReceived?(
    context: ProviderContext<S, K>,
    from: Temporal.Instant,
    to: Temporal.Instant,
  ): AsyncIterable<MovedMoney>
}

export type Drivers = ReadonlyMap<DriverKind, ProviderDriver>
