// What each mail is told. Amounts are minor units of the currency beside them; periods are half-open [from, to).
import type { DateRange } from './calendar.ts'
import type { ChangeKind, MembershipPermission } from './database.gen.ts'

/** What may change in how somebody signs in. */
export const signInChanges = [
  'passkey_added',
  'passkey_removed',
  'totp_added',
  'totp_removed',
  'recovery_codes_renewed',
  'password_added',
  'password_removed',
  'second_factor_reset',
  'identity_linked',
] as const
export type SignInChange = (typeof signInChanges)[number]

/** What the mails about a change of a service share. Amounts are minor units, of whole periods as it was and will be. */
export type ChangeMail = {
  name: string | null
  change: ChangeKind
  plan: string
  number: number
  date: Temporal.PlainDate
  before: { plan: string; amount: number } | null
  after: { plan: string; amount: number } | null
  credited: number
  charged: number
  currency: string
  link: string
}

/** What the mails of notes and proformas share. */
export type DocumentMail = {
  name: string | null
  number: string
  total: number
  tax: number
  currency: string
  /** Why staff wrote it. */
  reason: string | null
  lines: { description: string; net: number }[]
  link: string
}

export type OrderMail = {
  name: string | null
  number: number
  title: string
  /** What its invoices come to, and what of that is paid by money; minor units. */
  total: number
  due: number
  recurring: { amount: number; unit: 'month' | 'week' | 'day' | 'once'; count: number } | null
  freemium: boolean
  currency: string
  link: string
}

export type MailParams = {
  password_reset: {
    name: string | null
    /** `first_access`: the person has no password yet. */
    purpose: 'first_access' | 'forgotten'
    link: string
    valid_minutes: number
  }
  password_changed: { name: string | null; date: Temporal.PlainDate; link: string }
  email_change: { name: string | null; link: string; valid_minutes: number }
  email_changed: { name: string | null; date: Temporal.PlainDate; new_email: string; link: string }
  sign_in_methods_changed: {
    name: string | null
    date: Temporal.PlainDate
    change: SignInChange
    /** The name of the passkey, where it is one. */
    passkey: string | null
    link: string
  }
  invoice_issued: {
    name: string | null
    number: string
    /** Null for an invoice that bills no period. */
    period: DateRange | null
    due_date: Temporal.PlainDate
    total: number
    /** On top of the lines. */
    tax?: number
    currency: string
    lines: { description: string; net: number }[]
    link: string
  }
  credit_note_issued: DocumentMail & {
    /** The document that it corrects; null where they are several. */
    about: string | null
  }
  debit_note_issued: DocumentMail & { about: string | null; due_date: Temporal.PlainDate }
  proforma_issued: DocumentMail & {
    /** The last day on which it stands. */
    valid_until: Temporal.PlainDate
  }
  payment_notice_received: {
    name: string | null
    amount: number
    currency: string
    paid_on: Temporal.PlainDate
    invoice_number: string | null
    link: string
  }
  payment_approved: {
    name: string | null
    amount: number
    currency: string
    paid_on: Temporal.PlainDate
    /** One number, or several with commas between them. */
    invoice_number: string | null
    /** How many invoices that names; one where it is left out. */
    invoice_count?: number
    /** What is still owed of them; 0 when all are paid. */
    remaining: number
    link: string
    /** Of it: late fee and interest, with the debit notes of these. */
    late_charges?: { amount: number; numbers: string }
    /** Beside it: what was taken off by credit notes. */
    taken_off?: { amount: number; numbers: string }
  }
  payment_rejected: {
    name: string | null
    amount: number
    currency: string
    paid_on: Temporal.PlainDate
    invoice_number: string | null
    /** Staff's words to the customer. */
    reason: string
    link: string
  }
  staff_invitation: { name: string | null; invited_by: string; link: string; valid_hours: number }
  member_invitation: {
    name: string | null
    invited_by: string
    account: string
    permissions: readonly MembershipPermission[]
    link: string
    valid_days: number
  }
  ownership_offered: {
    name: string | null
    from: string
    account: string
    /** The last day on which it can be accepted. */
    until: Temporal.PlainDate
    link: string
  }
  /** To both: `reader` says which of them reads. */
  ownership_transferred: {
    name: string | null
    reader: 'new' | 'old'
    owner: string
    account: string
    link: string
  }
  account_change_decided: {
    name: string | null
    account: string
    approved: boolean
    /** What was asked for. */
    changes: { name?: string; tax_id?: string | null; kind?: 'company' | 'person' }
    /** Staff's words to the customer, where it was refused. */
    reason: string | null
    link: string
  }
  change_scheduled: ChangeMail
  change_done: ChangeMail
  /** `reason` is why, in words. */
  change_failed: ChangeMail & { reason: string }
  cancellation_requested: ChangeMail
  contract_sent: {
    name: string | null
    title: string
    plan: string
    /** Whether the customer still has to accept it. */
    waiting: boolean
    link: string
  }
  contract_accepted: {
    name: string | null
    title: string
    plan: string
    acceptance: 'portal' | 'paper'
    by: string
    date: Temporal.PlainDate
    link: string
  }
  contract_expiring: {
    name: string | null
    number: number
    plan: string
    /** The last day on which it is valid. */
    last_day: Temporal.PlainDate
    renewal: 'none' | 'automatic' | 'on_request'
    /** For how long it renews by itself. */
    months: number | null
    link: string
  }
  webhook_disabled: {
    name: string | null
    url: string
    cause: 'gone' | 'failing'
    link: string
  }
  payment_refunded: ReversalMail
  payment_charged_back: ReversalMail
  payment_method_stored: MethodMail
  payment_method_removed: MethodMail
  payment_method_expiring: MethodMail
  payment_method_expired: MethodMail
  debit_announced: DebitMail
  /** `cause`: why its method is no longer good. */
  debit_impossible: DebitMail & { cause: 'expired' | 'refused' }
  debit_refused: DebitMail & {
    /** Why, in words. */
    reason: string
    /** When it is charged again by itself; null: it is not. */
    next_on: Temporal.PlainDate | null
  }
  quote_offered: OrderMail & { until: Temporal.PlainDate; note: string | null }
  /** `until`: the last day on which it can be paid; null: whenever. */
  order_placed: OrderMail & { until: Temporal.PlainDate | null }
  order_processed: OrderMail
  order_expired: OrderMail
  /** To staff: money came for an order that had ended. No name of a customer is in it. */
  order_paid_late: { name: string | null; number: number; title: string; link: string }
  /** To staff: `reason` is why it could not be done, in words. No name of a customer is in it. */
  order_failed: {
    name: string | null
    number: number
    title: string
    paid: boolean
    reason: string
    link: string
  }
  privacy_export_ready: {
    name: string | null
    account: string
    /** The last day on which it can be downloaded. */
    until: Temporal.PlainDate
    link: string
  }
}

/** Money of a payment that went back. `owed_again`: the numbers of what it had paid. */
export type ReversalMail = {
  name: string | null
  amount: number
  currency: string
  on: Temporal.PlainDate
  owed_again: string | null
  link: string
}

/** A card or account that a customer keeps: `method` is its brand and last digits. */
export type MethodMail = {
  name: string | null
  method: string
  automatic: boolean
  /** First day on which it is no longer good. */
  expires_on: Temporal.PlainDate | null
  link: string
}

/** An invoice that is charged by itself. */
export type DebitMail = {
  name: string | null
  number: string
  amount: number
  currency: string
  due_date: Temporal.PlainDate
  method: string
  link: string
}

export type MailKind = keyof MailParams
