// What can be ordered is declared by the module that owns the product, as an order kind; app.ts lists them all. The orders module
// knows none of them by name: it asks, in the transaction that marks an order paid, for its deed to be done.

import type { z } from 'zod'
import type { CycleUnit } from './database.gen.ts'
import type { Tx } from './database.ts'
import type { Refusal } from './errors.ts'

/** Something of what is ordered, with what a whole period of it costs (minor units, after discounts). */
export type OrderPart = {
  role: 'plan' | 'option' | 'usage' | 'pack'
  description: string
  quantity: number
  amount: number
  cycle_unit: CycleUnit
  cycle_count: number
}

/** What a deed did. */
export type OrderDeed = {
  /** What was ordered, in the catalogue's words. */
  title: string
  /** The invoices and credit notes that it caused. */
  document_ids: string[]
  /** The service that became of it or was changed by it. */
  subscription_id: string | null
  parts: OrderPart[]
  /** What it costs a period from then on; null where nothing recurs. */
  recurring: { amount: number; cycle_unit: CycleUnit; cycle_count: number } | null
  /** It costs nothing at all, now or later. */
  freemium: boolean
  /** The first charged day, or the day on which a change becomes effective. */
  starts_on: Temporal.PlainDate | null
  /** Days that cost nothing at first. */
  trial_days: number
  /** Its minimum term; `amount_after` is what `recurring` is once what the term takes off has ended on `to_date`. */
  term?: {
    months: number
    discount_basis_points: number | null
    to_date: string | null
    amount_after: number | null
  }
  /** What of the price does not depend on the day: where it differs, other prices are charged than were shown. */
  terms: unknown
}

export type OrderContext = {
  /** Null while it is only quoted. */
  order_id: string | null
  now: Temporal.Instant
  /** Who does it; null for the house. */
  by: string | null
  salesperson_id: string | null
}

/** A kind of order, with its requests as the deed takes them. */
export type OrderKind = {
  kind: string
  /** What staff ask for, and how every request is kept. It has `kind` as a literal. */
  request: z.ZodObject
  /** What customers ask for. */
  own: z.ZodObject
  /** A customer's request as it is kept: no terms of staff's. */
  readOwn(request: unknown): unknown
  /** Whether customers of an account may ask for it by themselves. */
  checkOwn(tx: Tx, accountId: string, request: unknown, now: Temporal.Instant): Promise<Refusal | undefined>
  /** The service that a request is about. */
  targetOf(request: unknown): string | null
  /**
   * Does what was ordered on the day of `now`, and issues its documents. A quote is the same with everything undone
   * (billing.md 18). The account is locked.
   */
  perform(tx: Tx, accountId: string, request: unknown, context: OrderContext): Promise<OrderDeed | Refusal>
}

/** Declares a kind: what it is given is read by its schema first. */
export function orderKind<R extends z.ZodObject, O extends z.ZodObject>(declared: {
  kind: string
  request: R
  own: O
  readOwn: (request: z.output<O>) => z.output<R>
  checkOwn: (
    tx: Tx,
    accountId: string,
    request: z.output<R>,
    now: Temporal.Instant,
  ) => Promise<Refusal | undefined>
  targetOf?: (request: z.output<R>) => string
  perform: (
    tx: Tx,
    accountId: string,
    request: z.output<R>,
    context: OrderContext,
  ) => Promise<OrderDeed | Refusal>
}): OrderKind {
  // As it is kept: days are text there.
  const read = (request: unknown) => declared.request.parse(JSON.parse(JSON.stringify(request)))
  return {
    kind: declared.kind,
    request: declared.request,
    own: declared.own,
    readOwn: (request) => declared.readOwn(request as z.output<O>),
    checkOwn: (tx, accountId, request, now) => declared.checkOwn(tx, accountId, read(request), now),
    targetOf: (request) => declared.targetOf?.(read(request)) ?? null,
    perform: (tx, accountId, request, context) => declared.perform(tx, accountId, read(request), context),
  }
}
