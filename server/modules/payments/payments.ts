import { sql } from 'kysely'
import { arrayLiteral } from '../../platform/array-literals.ts'
import { today } from '../../platform/calendar.ts'
import type { DocumentKind, PaymentMethod } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, notFound, type Refusal, refuseField } from '../../platform/errors.ts'
import { announce } from '../../platform/events.ts'
import { type ListRequest, readPage } from '../../platform/pages.ts'
import { findByKey, matchAccounts } from '../../platform/word-filter.ts'
import { lockAccounts, post, settleInvoices } from '../billing/index.ts'
import { payOrder } from '../orders/index.ts'
import {
  type Allocation,
  allocateMoney,
  boundAdjustment,
  chargeLateness,
  creditDifferences,
  type Debt,
  linkDocuments,
  notLate,
  readLateness,
} from './differences.ts'
import type { Adjustment } from './providers.ts'

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
  /** Why it is not what was charged, where the provider said so. Of an order there is none. */
  adjusted?: Adjustment | null | undefined
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
      'payments.late_fee',
      'payments.interest',
      'payments.discount',
      sql<{ id: string; kind: DocumentKind; number: string; total: number }[]>`(
        select coalesce(json_agg(json_build_object('id', i.id, 'kind', i.kind, 'number', i.series || '-' || i.number, 'total', i.total)
                                 order by i.kind, i.series, i.number), '[]')
          from payment_documents d join invoices i on i.id = d.document_id
         where d.payment_id = ${eb.ref('payments.id')})`.as('documents'),
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
  // Written out, not as a parameter: the index of the rarer methods serves only who names them.
  if (request.method) query = query.where(sql<boolean>`payments.method = ${sql.lit(request.method)}`)
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

/** Money to be booked, with whose it is. */
export type Booking = PaymentInput & { account_id: string; recorded_by: string | null }
export type Booked = { id: string; invoice_ids: string[] }

/**
 * Records money that an account paid (B7), as bookPayments does. Refuses: not_found (account), invalid_input (received in the
 * future; an invoice that is not the account's).
 */
export async function recordPayment(
  tx: Tx,
  accountId: string,
  input: PaymentInput,
  actorId: string | null,
  now: Temporal.Instant,
): Promise<Booked | Refusal> {
  const booked = await bookPayments(tx, [{ ...input, account_id: accountId, recorded_by: actorId }], now)
  return isRefusal(booked) ? booked : booked[0]!
}

/**
 * Records money that accounts paid and posts it: the bank has it, each invoice owes less, oldest due date first, and what no
 * invoice takes becomes account credit (billing.md 28), as does all of it where the invoices are paid already. Late fee and
 * interest that a provider collected with it are charged by a debit note that it pays, and a discount that it granted is a credit
 * note (allocateMoney), so that the invoice is settled to the cent. Of an order it is
 * booked together with what the order causes, in one transaction; where that cannot be done the money is credit and the order
 * waits for staff. Two payments of one account never see the same debt: the accounts are locked. Announces payment.approved for
 * each. All are booked or none: refuses not_found (account), invalid_input (received in the future; an invoice that is not the
 * account's).
 */
export async function bookPayments(
  tx: Tx,
  bookings: readonly Booking[],
  now: Temporal.Instant,
): Promise<Booked[] | Refusal> {
  if (bookings.length === 0) return []
  const accountIds = [...new Set(bookings.map(({ account_id }) => account_id))]
  await lockAccounts(tx, accountIds)
  const owners = await readOwners(tx, accountIds)
  const chosen: (string[] | null)[] = []
  for (const booking of bookings) {
    const owner = owners.get(booking.account_id)
    if (!owner) return notFound()
    if (Temporal.PlainDate.compare(booking.received_on, today(now, owner.time_zone)) > 0)
      return refuseField('received_on', 'in_the_future')
    chosen.push(
      (booking.order_id ?? null) === null
        ? (booking.invoice_ids ?? null)
        : await payOrder(tx, booking.order_id!, now, booking.amount),
    )
  }
  const debts = await readDebts(tx, bookings, chosen)
  const ids = await sql<{ id: string }>`
    select uuidv7() as id from generate_series(1, ${bookings.length}::int)`.execute(tx)
  const lateness = bookings.some(isAdjusted) ? await readLateness(tx, debts) : notLate()
  const booked: (Booked & Allocation)[] = []
  for (const [index, booking] of bookings.entries()) {
    const owner = owners.get(booking.account_id)!
    const own = debts.filter(
      (debt) =>
        debt.account_id === booking.account_id &&
        debt.currency === owner.currency &&
        (chosen[index] === null ? debt.state === 'open' : chosen[index]!.includes(debt.id)),
    )
    // What a provider took is booked, whatever has become of its invoices meanwhile.
    const strict = chosen[index] !== null && !booking.provider
    if (strict && own.length !== new Set(chosen[index]).size)
      return refuseField('invoice_ids', 'not_a_choice')
    const { amount, received_on } = booking
    const adjusted = isAdjusted(booking) ? booking.adjusted! : null
    const allocation = allocateMoney({ amount, received_on, adjusted }, own, lateness)
    const invoice_ids = allocation.paid.map(({ invoice_id }) => invoice_id)
    booked.push({ ...allocation, id: ids.rows[index]!.id, invoice_ids })
  }
  await insertPayments(tx, bookings, booked, owners)
  for (const [index, one] of booked.entries()) {
    const { account_id, received_on } = bookings[index]!
    const subject = { account_id, received_on, unit: unitOf(owners.get(account_id)!) }
    const notes = await chargeLateness(tx, subject, one.charges, now)
    one.paid.push(...notes)
    one.invoice_ids.push(...notes.map(({ invoice_id }) => invoice_id))
    await linkDocuments(
      tx,
      account_id,
      one.id,
      notes.map(({ invoice_id }) => invoice_id),
    )
  }
  await post(
    tx,
    bookings.map((booking, index) => {
      const { id, paid, rest } = booked[index]!
      const { business_unit_id, currency } = owners.get(booking.account_id)!
      return {
        kind: 'payment' as const,
        business_unit_id,
        account_id: booking.account_id,
        currency,
        on_date: booking.received_on,
        entries: [
          { ledger_account: 'bank' as const, amount: booking.amount, payment_id: id },
          ...paid.map(({ invoice_id, amount }) => ({
            ledger_account: 'receivable' as const,
            amount: -amount,
            invoice_id,
            payment_id: id,
          })),
          { ledger_account: 'account_credit' as const, amount: -rest, payment_id: id },
        ],
      }
    }),
  )
  // Once the money is posted: a credit note goes by what is still owed.
  for (const [index, { id, discounts }] of booked.entries()) {
    const { account_id, received_on } = bookings[index]!
    const subject = { account_id, received_on, unit: unitOf(owners.get(account_id)!) }
    await linkDocuments(tx, account_id, id, await creditDifferences(tx, subject, discounts, now))
  }
  await settleInvoices(tx, [...new Set(booked.flatMap(({ invoice_ids }) => invoice_ids))], now)
  await Promise.all(
    booked.map(({ id, invoice_ids }, index) =>
      announce(
        tx,
        'payment.approved',
        { payment_notice_id: bookings[index]!.payment_notice_id ?? null, payment_id: id, invoice_ids },
        id,
      ),
    ),
  )
  return booked.map(({ id, invoice_ids }) => ({ id, invoice_ids }))
}

/** Whether a provider said why it is another amount; of an order's money there is nothing to say. */
const isAdjusted = ({ adjusted, order_id }: PaymentInput) =>
  (order_id ?? null) === null && !!adjusted && adjusted.late_fee + adjusted.interest + adjusted.discount > 0

const unitOf = ({ business_unit_id, currency, time_zone }: PayingOwner) => ({
  id: business_unit_id,
  currency,
  time_zone,
})

type PayingOwner = { id: string; business_unit_id: string; currency: string; time_zone: string }

async function readOwners(tx: Tx, ids: readonly string[]): Promise<Map<string, PayingOwner>> {
  const rows = await tx
    .selectFrom('accounts')
    .innerJoin('business_units', 'business_units.id', 'accounts.business_unit_id')
    .select([
      'accounts.id',
      'accounts.business_unit_id',
      'business_units.currency',
      'business_units.time_zone',
    ])
    .where(sql<boolean>`accounts.id = any(${arrayLiteral(ids)}::uuid[])`)
    .execute()
  return new Map(rows.map((row) => [row.id, row]))
}

/** What is owed of the chosen invoices, and of every open one where none were chosen, the oldest due date first. */
async function readDebts(
  tx: Tx,
  bookings: readonly Booking[],
  chosen: readonly (string[] | null)[],
): Promise<Debt[]> {
  const all = bookings.flatMap(({ account_id }, index) => (chosen[index] === null ? [account_id] : []))
  const found = await sql<Debt>`
    select i.id, i.account_id, i.currency, i.state, i.due_date, b.open_amount
      from (select id from invoices where id = any(${arrayLiteral(chosen.flatMap((ids) => ids ?? []))}::uuid[])
            union select id from invoices where account_id = any(${arrayLiteral(all)}::uuid[]) and state = 'open') c
      join invoices i on i.id = c.id join invoice_balances b on b.invoice_id = i.id
     where i.state in ('open', 'paid')
     order by i.due_date, i.issue_date, i.series, i.number`.execute(tx)
  return found.rows
}

const reported = (booking: Booking): Adjustment =>
  isAdjusted(booking)
    ? boundAdjustment(booking.amount, booking.adjusted!)
    : { late_fee: 0, interest: 0, discount: 0 }

async function insertPayments(
  tx: Tx,
  bookings: readonly Booking[],
  booked: readonly Booked[],
  owners: ReadonlyMap<string, PayingOwner>,
): Promise<void> {
  const column = (value: (booking: Booking, index: number) => string | number | null) =>
    arrayLiteral(bookings.map(value))
  await sql`
    insert into payments (id, business_unit_id, account_id, amount, currency, method, received_on, reference, payment_notice_id,
                          order_id, provider_id, provider_ref, intent_id, recorded_by, late_fee, interest, discount)
    select * from unnest(
      ${column((_one, index) => booked[index]!.id)}::uuid[], ${column(({ account_id }) => owners.get(account_id)!.business_unit_id)}::uuid[],
      ${column(({ account_id }) => account_id)}::uuid[], ${column(({ amount }) => amount)}::bigint[],
      ${column(({ account_id }) => owners.get(account_id)!.currency)}::text[], ${column(({ method }) => method)}::payment_method[],
      ${column(({ received_on }) => received_on.toString())}::date[], ${column(({ reference }) => reference)}::text[],
      ${column(({ payment_notice_id }) => payment_notice_id ?? null)}::uuid[], ${column(({ order_id }) => order_id ?? null)}::uuid[],
      ${column(({ provider }) => provider?.provider_id ?? null)}::uuid[], ${column(({ provider }) => provider?.provider_ref ?? null)}::text[],
      ${column(({ provider }) => provider?.intent_id ?? null)}::uuid[], ${column(({ recorded_by }) => recorded_by)}::uuid[],
      ${column((booking) => reported(booking).late_fee)}::bigint[], ${column((booking) => reported(booking).interest)}::bigint[],
      ${column((booking) => reported(booking).discount)}::bigint[])`.execute(tx)
}
