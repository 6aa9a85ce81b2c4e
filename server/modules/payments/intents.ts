// Wishes to be paid (billing.md 25): what a customer, staff or the run of automatic debit asked for, under a key of our own.
// A request writes the wish; a job takes it to the provider.
import { sql } from 'kysely'
import type {
  IntentOrigin,
  IntentState,
  InvoiceState,
  PaymentDriver,
  PaymentMethod,
} from '../../platform/database.gen.ts'
import type { Pool, Tx } from '../../platform/database.ts'
import { isRefusal, notFound, type Refusal, refuse, refuseField } from '../../platform/errors.ts'
import { enqueue } from '../../platform/jobs.ts'
import { type ListRequest, readPage } from '../../platform/pages.ts'
import { matchAccounts } from '../../platform/word-filter.ts'
import { readPayableOrder } from '../orders/index.ts'
import type { PayerAction } from './providers.ts'

/** What is to be paid, and by what. Either invoices or one order. */
export type IntentInput = {
  provider_id: string
  method: PaymentMethod
  invoice_ids?: string[] | undefined
  order_id?: string | null | undefined
  stored_method_id?: string | null | undefined
  /** Keep the method for automatic debit and later payments. */
  store?: boolean | undefined
}

export type IntentOwner = {
  account_id: string
  business_unit_id: string
  user_id: string | null
  origin: IntentOrigin
}

type IntentInvoice = { id: string; number: string; due_date: string; amount: number; state: InvoiceState }

/** Columns that both sides see. */
function selectIntents(tx: Tx) {
  return tx
    .selectFrom('payment_intents')
    .innerJoin('payment_providers', 'payment_providers.id', 'payment_intents.provider_id')
    .select((eb) => [
      'payment_intents.id',
      'payment_intents.provider_id',
      'payment_providers.name as provider_name',
      'payment_providers.driver',
      'payment_intents.method',
      'payment_intents.purpose',
      'payment_intents.origin',
      'payment_intents.amount',
      'payment_intents.currency',
      'payment_intents.order_id',
      'payment_intents.stored_method_id',
      'payment_intents.store',
      'payment_intents.state',
      sql<PayerAction | null>`payment_intents.action`.as('action'),
      'payment_intents.failure',
      'payment_intents.expires_at',
      'payment_intents.created_at',
      'payment_intents.ended_at',
      sql<IntentInvoice[]>`(
        select coalesce(json_agg(json_build_object('id', i.id, 'number', i.series || '-' || i.number, 'due_date', i.due_date,
                                                   'amount', ii.amount, 'state', i.state)
                                 order by i.due_date, i.series, i.number), '[]')
          from payment_intent_invoices ii join invoices i on i.id = ii.invoice_id
         where ii.intent_id = ${eb.ref('payment_intents.id')})`.as('invoices'),
      sql<number>`(select coalesce(sum(p.amount), 0)::bigint from payments p where p.intent_id = ${eb.ref('payment_intents.id')})`.as(
        'received',
      ),
    ])
}

function selectForStaff(tx: Tx) {
  return selectIntents(tx)
    .innerJoin('accounts', 'accounts.id', 'payment_intents.account_id')
    .innerJoin('business_units', 'business_units.id', 'payment_intents.business_unit_id')
    .select([
      'payment_intents.account_id',
      'accounts.name as account_name',
      'accounts.number as account_number',
      'payment_intents.business_unit_id',
      'business_units.name as business_unit_name',
      'payment_intents.provider_ref',
      'payment_intents.failure_detail',
      'payment_intents.sent_at',
      'payment_intents.look_at',
      'payment_intents.looks',
    ])
}

export type IntentFilter = {
  q?: string | undefined
  state?: IntentState | undefined
  open?: boolean | undefined
  business_unit_id?: string | undefined
  account_id?: string | undefined
  provider_id?: string | undefined
  order_id?: string | undefined
}

const byTime = { by: sql`payment_intents.id`, value: (row: { id: string }) => row.id, type: 'uuid' }

/** A page of what providers were asked for. `q` finds by account name. */
export async function listIntents(tx: Tx, request: ListRequest & IntentFilter) {
  let query = selectForStaff(tx)
  // Written out, not as a parameter: the indexes of the rarer states serve only who names them.
  if (request.state) query = query.where(sql<boolean>`payment_intents.state = ${sql.lit(request.state)}`)
  if (request.open === true)
    query = query.where(
      sql<boolean>`payment_intents.state in ('created', 'sending', 'unknown', 'action_needed', 'pending')`,
    )
  if (request.business_unit_id)
    query = query.where('payment_intents.business_unit_id', '=', request.business_unit_id)
  if (request.account_id) query = query.where('payment_intents.account_id', '=', request.account_id)
  if (request.provider_id) query = query.where('payment_intents.provider_id', '=', request.provider_id)
  if (request.order_id) query = query.where('payment_intents.order_id', '=', request.order_id)
  if (request.q) query = query.where(await matchAccounts(tx, request.q, 'payment_intents.account_id', false))
  return readPage(query, request, { created_at: byTime }, byTime)
}

/** One intent. Refuses: not_found. */
export async function getIntent(tx: Tx, id: string) {
  return (await selectForStaff(tx).where('payment_intents.id', '=', id).executeTakeFirst()) ?? notFound()
}

/** One of the account's own intents. Refuses: not_found. */
export async function getOwnIntent(tx: Tx, accountId: string, id: string) {
  const row = await selectIntents(tx)
    .where('payment_intents.account_id', '=', accountId)
    .where('payment_intents.id', '=', id)
    .executeTakeFirst()
  return row ?? notFound()
}

/** A page of the account's own intents. */
export function listOwnIntents(
  tx: Tx,
  accountId: string,
  request: ListRequest & { open?: boolean | undefined },
) {
  let query = selectIntents(tx).where('payment_intents.account_id', '=', accountId)
  if (request.open === true) query = query.where('payment_intents.ended_at', 'is', null)
  return readPage(query, request, { created_at: byTime }, byTime)
}

/** What of an account is being paid or written by others at the same time: taken before its intents are looked at. */
export async function lockIntents(tx: Tx, accountId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('zaguan.payment_intent'), hashtext(${accountId}))`.execute(
    tx,
  )
}

type UsableProvider = { id: string; driver: PaymentDriver; methods: PaymentMethod[] }

/** A provider that the account's business unit is paid by now. Refuses: invalid_input. */
async function findUsable(
  tx: Tx,
  unitId: string,
  input: { provider_id: string; method: PaymentMethod },
): Promise<UsableProvider | Refusal> {
  const provider = await tx
    .selectFrom('payment_providers')
    .select(['id', 'driver', 'methods'])
    .where('id', '=', input.provider_id)
    .where('business_unit_id', '=', unitId)
    .where('enabled', '=', true)
    .executeTakeFirst()
  if (!provider) return refuseField('provider_id', 'not_a_choice')
  if (!provider.methods.includes(input.method)) return refuseField('method', 'not_a_choice')
  return provider
}

type Due = {
  amount: number
  currency: string
  order_id: string | null
  invoices: { id: string; amount: number }[]
}

async function readDue(
  tx: Tx,
  office: Pool,
  owner: IntentOwner,
  input: IntentInput,
  now: Temporal.Instant,
): Promise<Due | Refusal> {
  if ((input.order_id ?? null) !== null) {
    const order = await readPayableOrder(tx, office, input.order_id!, now)
    return isRefusal(order)
      ? order
      : { amount: order.amount, currency: order.currency, order_id: input.order_id!, invoices: [] }
  }
  const ids = [...new Set(input.invoice_ids ?? [])]
  if (ids.length === 0) return refuseField('invoice_ids', 'required')
  const found = await sql<{ id: string; amount: number; currency: string }>`
    select i.id, b.open_amount as amount, i.currency
      from invoices i join invoice_balances b on b.invoice_id = i.id
     where i.id = any(${ids}::uuid[]) and i.account_id = ${owner.account_id} and i.state = 'open' and b.open_amount > 0`.execute(
    tx,
  )
  const currency = found.rows[0]?.currency
  if (currency === undefined || found.rows.length !== ids.length) return refuse('nothing_to_pay')
  if (found.rows.some((row) => row.currency !== currency)) return refuseField('invoice_ids', 'not_a_choice')
  return {
    amount: found.rows.reduce((sum, row) => sum + row.amount, 0),
    currency,
    order_id: null,
    invoices: found.rows.map(({ id, amount }) => ({ id, amount })),
  }
}

type OpenIntent = {
  id: string
  provider_id: string
  order_id: string | null
  invoice_ids: string[]
  amount: number
}

/** Intents of one method that have not ended and pay any of the same. */
async function findOpen(tx: Tx, accountId: string, method: PaymentMethod, due: Due): Promise<OpenIntent[]> {
  const found = await sql<OpenIntent>`
    select i.id, i.provider_id, i.order_id, i.amount,
           array(select ii.invoice_id from payment_intent_invoices ii where ii.intent_id = i.id) as invoice_ids
      from payment_intents i
     where i.account_id = ${accountId} and i.method = ${method}::payment_method and i.ended_at is null
       and (i.order_id = ${due.order_id}::uuid
            or exists (select from payment_intent_invoices ii
                        where ii.intent_id = i.id and ii.open
                          and ii.invoice_id = any(${due.invoices.map(({ id }) => id)}::uuid[])))`.execute(tx)
  return found.rows
}

/**
 * Writes the wish to pay invoices or an order, and the job that takes it to the provider. The one that is open for the same,
 * by the same provider, is given back instead: two tabs are one payment. An order is priced on the `office` side. Refuses: invalid_input,
 * nothing_to_pay, what an order refuses, payment_in_progress (another payment of one of them by this method is open).
 */
export async function createIntent(
  tx: Tx,
  office: Pool,
  owner: IntentOwner,
  input: IntentInput,
  now: Temporal.Instant,
): Promise<{ id: string; created: boolean } | Refusal> {
  await lockIntents(tx, owner.account_id)
  const provider = await findUsable(tx, owner.business_unit_id, input)
  if (isRefusal(provider)) return provider
  const due = await readDue(tx, office, owner, input, now)
  if (isRefusal(due)) return due
  const stored = input.stored_method_id ?? null
  if (stored !== null) {
    const method = await tx
      .selectFrom('stored_methods')
      .select('method')
      .where('id', '=', stored)
      .where('account_id', '=', owner.account_id)
      .where('provider_id', '=', provider.id)
      .where('state', '=', 'active')
      .executeTakeFirst()
    if (method?.method !== input.method) return refuseField('stored_method_id', 'not_a_choice')
  }
  const [open] = await findOpen(tx, owner.account_id, input.method, due)
  if (open) {
    const same =
      open.provider_id === provider.id &&
      open.order_id === due.order_id &&
      open.amount === due.amount &&
      open.invoice_ids.length === due.invoices.length &&
      due.invoices.every(({ id }) => open.invoice_ids.includes(id))
    return same
      ? { id: open.id, created: false }
      : refuse('payment_in_progress', { params: { intent_id: open.id } })
  }
  const { id } = await tx
    .insertInto('payment_intents')
    .values({
      business_unit_id: owner.business_unit_id,
      account_id: owner.account_id,
      provider_id: provider.id,
      method: input.method,
      origin: owner.origin,
      amount: due.amount,
      currency: due.currency,
      order_id: due.order_id,
      stored_method_id: stored,
      store: input.store ?? false,
      created_by: owner.user_id,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  if (due.invoices.length > 0)
    await tx
      .insertInto('payment_intent_invoices')
      .values(
        due.invoices.map((invoice) => ({
          intent_id: id,
          invoice_id: invoice.id,
          account_id: owner.account_id,
          method: input.method,
          amount: invoice.amount,
        })),
      )
      .execute()
  await sendIntent(tx, id)
  return { id, created: true }
}

/** The job that takes an intent to its provider: at most one waits. */
export function sendIntent(tx: Tx, id: string): Promise<void> {
  return enqueue(tx, 'payments:start_intent', { intent_id: id }, { key: `payments:start_intent:${id}` })
}

/** The job that asks the provider what became of an intent, at once or after so many seconds. */
export function askAbout(tx: Tx, id: string, delay = 0): Promise<void> {
  return enqueue(
    tx,
    'payments:look_up_intent',
    { intent_id: id },
    { key: `payments:look_up_intent:${id}`, ...(delay > 0 ? { delay } : {}) },
  )
}

/** Lets the provider be asked now what became of an intent. Refuses: not_found. */
export async function requestLookUp(
  tx: Tx,
  accountId: string | null,
  id: string,
): Promise<Refusal | undefined> {
  let query = tx.selectFrom('payment_intents').select('id').where('id', '=', id)
  if (accountId !== null) query = query.where('account_id', '=', accountId)
  if (!(await query.executeTakeFirst())) return notFound()
  await askAbout(tx, id)
  return undefined
}

/** Asks for an intent to be given up: the provider decides whether it still can be. Refuses: not_found, payment_ended. */
export async function requestCancel(
  tx: Tx,
  accountId: string | null,
  id: string,
): Promise<Refusal | undefined> {
  let query = tx.selectFrom('payment_intents').select(['id', 'ended_at']).where('id', '=', id)
  if (accountId !== null) query = query.where('account_id', '=', accountId)
  const intent = await query.executeTakeFirst()
  if (!intent) return notFound()
  if (intent.ended_at !== null) return refuse('payment_ended')
  await enqueue(tx, 'payments:cancel_intent', { intent_id: id }, { key: `payments:cancel_intent:${id}` })
  return undefined
}
