import { sql } from 'kysely'
import { today } from '../../platform/calendar.ts'
import type { PaymentMethod } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, notFound, type Refusal, refuseField } from '../../platform/errors.ts'
import { announce } from '../../platform/events.ts'
import { type ListRequest, readPage } from '../../platform/pages.ts'
import { findByKey, matchAccounts } from '../../platform/word-filter.ts'
import { lockAccounts, post, settleInvoices } from '../billing/index.ts'
import { payOrder } from '../orders/index.ts'

/** Money that came in. Amounts are minor units of the business unit's currency. */
export type PaymentInput = {
  amount: number
  method: PaymentMethod
  received_on: Temporal.PlainDate
  reference: string | null
  /** What it pays, the oldest due date first; omitted: whatever the account owes. */
  invoice_ids?: string[] | undefined
  /** The order that it pays: fulfilled in the same transaction; it pays the invoices of that. */
  order_id?: string | null | undefined
  payment_notice_id?: string | null | undefined
  /** The provider that took it, with its own id of the money: booked once, however often it is told. */
  provider?: { provider_id: string; provider_ref: string; intent_id: string | null } | null | undefined
}

export type PaymentFilter = {
  q?: string | undefined
  business_unit_id?: string | undefined
  account_id?: string | undefined
  method?: PaymentMethod | undefined
  from?: Temporal.PlainDate | undefined
  to?: Temporal.PlainDate | undefined
}

function selectPayments(tx: Tx) {
  return tx
    .selectFrom('payments')
    .innerJoin('accounts', 'accounts.id', 'payments.account_id')
    .innerJoin('business_units', 'business_units.id', 'payments.business_unit_id')
    .leftJoin('users', 'users.id', 'payments.recorded_by')
    .leftJoin('payment_providers', 'payment_providers.id', 'payments.provider_id')
    .select((eb) => [
      'payments.id',
      'payments.business_unit_id',
      'business_units.name as business_unit_name',
      'payments.account_id',
      'accounts.name as account_name',
      'accounts.number as account_number',
      'payments.amount',
      'payments.currency',
      'payments.method',
      'payments.received_on',
      'payments.reference',
      'payments.payment_notice_id',
      'payments.order_id',
      'payments.intent_id',
      'payments.provider_id',
      'payment_providers.name as provider_name',
      'payment_providers.driver',
      'payments.provider_ref',
      'payments.recorded_by',
      'users.name as recorded_by_name',
      'payments.created_at',
      sql<{ id: string; number: string; amount: number }[]>`(
        select coalesce(json_agg(json_build_object('id', i.id, 'number', i.series || '-' || i.number, 'amount', e.amount)
                                 order by i.due_date, i.series, i.number), '[]')
          from (select invoice_id, -sum(amount)::bigint as amount from ledger_entries
                 where payment_id = ${eb.ref('payments.id')} and ledger_account = 'receivable' and kind = 'payment'
                 group by invoice_id) e
          join invoices i on i.id = e.invoice_id)`.as('invoices'),
      sql<number>`(select coalesce(-sum(e.amount), 0)::bigint from ledger_entries e
         where e.payment_id = ${eb.ref('payments.id')} and e.ledger_account = 'account_credit' and e.kind = 'payment')`.as(
        'credited',
      ),
      sql<number>`(select coalesce(sum(r.amount), 0)::bigint from payment_reversals r
         where r.payment_id = ${eb.ref('payments.id')} and r.state = 'done')`.as('reversed'),
    ])
}

/**
 * A page of payments with what each paid and what became credit. `q` finds by account name or reference; `to` is the
 * first day of receipt no longer shown.
 */
export async function listPayments(tx: Tx, request: ListRequest & PaymentFilter) {
  let query = selectPayments(tx)
  if (request.business_unit_id)
    query = query.where('payments.business_unit_id', '=', request.business_unit_id)
  if (request.account_id) query = query.where('payments.account_id', '=', request.account_id)
  if (request.method) query = query.where('payments.method', '=', request.method)
  if (request.from) query = query.where('payments.received_on', '>=', request.from)
  if (request.to) query = query.where('payments.received_on', '<', request.to)
  if (request.q) {
    const ids = await findByKey(tx, 'payment', request.q)
    const byAccount = await matchAccounts(tx, request.q, 'payments.account_id', ids.length > 0)
    query = query.where(
      ids.length === 0 ? byAccount : sql<boolean>`(${byAccount} or payments.id = any(${ids}::uuid[]))`,
    )
  }
  const tie = { by: sql`payments.id`, value: (row: { id: string }) => row.id, type: 'uuid' }
  return readPage(
    query,
    request,
    {
      // Ids are made in the order of time.
      created_at: tie,
      received_on: { by: sql`payments.received_on`, value: (row) => row.received_on, type: 'date' },
      amount: { by: sql`payments.amount`, value: (row) => row.amount, type: 'bigint' },
      account_name: { by: sql`accounts.name`, value: (row) => row.account_name, type: 'text' },
    },
    tie,
  )
}

/** One payment. Refuses: not_found. */
export async function getPayment(tx: Tx, id: string) {
  return (await selectPayments(tx).where('payments.id', '=', id).executeTakeFirst()) ?? notFound()
}

/**
 * Records money that an account paid (B7) and posts it: the bank has it, each invoice owes less, oldest due date first,
 * and what no invoice takes becomes account credit (billing.md 28), as does all of it where the invoices are paid
 * already. Of an order it is booked together with what the order causes, in one transaction; where that cannot be done the
 * money is credit and the order waits for staff. Two payments of one account never see the same debt: the account is locked.
 * Announces payment.approved. Refuses: not_found (account), invalid_input (received in the future; an invoice that is not
 * the account's).
 */
export async function recordPayment(
  tx: Tx,
  accountId: string,
  input: PaymentInput,
  actorId: string | null,
  now: Temporal.Instant,
): Promise<{ id: string; invoice_ids: string[] } | Refusal> {
  await lockAccounts(tx, [accountId])
  const account = await tx
    .selectFrom('accounts')
    .innerJoin('business_units', 'business_units.id', 'accounts.business_unit_id')
    .select(['accounts.business_unit_id', 'business_units.currency', 'business_units.time_zone'])
    .where('accounts.id', '=', accountId)
    .executeTakeFirst()
  if (!account) return notFound()
  const { business_unit_id, currency, time_zone } = account
  const day = today(now, time_zone)
  if (Temporal.PlainDate.compare(input.received_on, day) > 0)
    return refuseField('received_on', 'in_the_future')
  const order_id = input.order_id ?? null
  const chosen = order_id === null ? input.invoice_ids : await payOrder(tx, order_id, now)
  const debts = await listDebts(tx, accountId, currency, chosen)
  if (isRefusal(debts)) return debts
  const payment = await tx
    .insertInto('payments')
    .values({
      business_unit_id,
      account_id: accountId,
      amount: input.amount,
      currency,
      method: input.method,
      received_on: input.received_on,
      reference: input.reference,
      payment_notice_id: input.payment_notice_id ?? null,
      order_id,
      ...input.provider,
      recorded_by: actorId,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  let rest = input.amount
  const paid = debts.flatMap((debt) => {
    const amount = Math.min(rest, debt.open_amount)
    rest -= amount
    return amount > 0 ? [{ invoice_id: debt.id, amount }] : []
  })
  await post(tx, [
    {
      kind: 'payment',
      business_unit_id,
      account_id: accountId,
      currency,
      on_date: input.received_on,
      entries: [
        { ledger_account: 'bank', amount: input.amount, payment_id: payment.id },
        ...paid.map(({ invoice_id, amount }) => ({
          ledger_account: 'receivable' as const,
          amount: -amount,
          invoice_id,
          payment_id: payment.id,
        })),
        { ledger_account: 'account_credit', amount: -rest, payment_id: payment.id },
      ],
    },
  ])
  const invoice_ids = paid.map(({ invoice_id }) => invoice_id)
  await settleInvoices(tx, invoice_ids, now)
  await announce(
    tx,
    'payment.approved',
    { payment_notice_id: input.payment_notice_id ?? null, payment_id: payment.id, invoice_ids },
    payment.id,
  )
  return { id: payment.id, invoice_ids }
}

type Debt = { id: string; open_amount: number }

/** What is owed of the chosen invoices, or of every open one, the oldest due date first. */
async function listDebts(
  tx: Tx,
  accountId: string,
  currency: string,
  chosen: string[] | undefined,
): Promise<Debt[] | Refusal> {
  const ids = chosen === undefined ? null : [...new Set(chosen)]
  const found = await sql<Debt>`
    select i.id, b.open_amount
      from invoices i join invoice_balances b on b.invoice_id = i.id
     where i.account_id = ${accountId} and i.currency = ${currency} and i.state in ('open', 'paid')
       and case when ${ids}::uuid[] is null then i.state = 'open' else i.id = any(${ids}::uuid[]) end
     order by i.due_date, i.issue_date, i.series, i.number`.execute(tx)
  if (ids !== null && found.rows.length !== ids.length) return refuseField('invoice_ids', 'not_a_choice')
  return found.rows
}
