// Lines that are a payment of an account and nothing else, many at once: most lines of most statements.
import { sql } from 'kysely'
import { arrayLiteral } from '../../platform/array-literals.ts'
import type { BankLineKind } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, type Refusal } from '../../platform/errors.ts'
import { lockAccounts } from '../billing/index.ts'
import { type Booking, bookPayments } from './payments.ts'
import { lineMethods } from './statement-booking.ts'

type PlainLine = {
  id: string
  amount: number
  booked_on: Temporal.PlainDate
  kind: BankLineKind
  reference: string | null
  account_id: string
  invoice_ids: string[]
}

/**
 * Books those of some lines, by what is certain of them, that a payment of the account alone settles and whose invoices still
 * owe what they owed when it was proposed: one of an account at a time, since what comes next of it owes less by then. What
 * else there is (a notice, an order, a charge, a payment that there is already; lines that somebody else works on) is left
 * for bookLine. Returns the lines that were booked. Refuses what bookPayments refuses: then nothing of it may be kept.
 */
export async function bookPlainLines(
  tx: Tx,
  ids: readonly string[],
  actorId: string | null,
  now: Temporal.Instant,
): Promise<ReadonlySet<string> | Refusal> {
  // Accounts first, and no waiting for lines after that: whoever has a line and waits for its account gets it in the end.
  const owners = await sql<{ account_id: string }>`
    select distinct account_id from bank_line_proposals
     where line_id = any(${arrayLiteral(ids)}::uuid[]) and confidence = 'certain'`.execute(tx)
  await lockAccounts(
    tx,
    owners.rows.map(({ account_id }) => account_id),
  )
  const found = await sql<PlainLine>`
    select l.id, l.amount, l.booked_on, l.kind, coalesce(l.reference, l.end_to_end_id, l.bank_id) as reference, p.account_id,
           p.invoice_ids
      from bank_statement_lines l
     cross join lateral (select * from bank_line_proposals p where p.line_id = l.id and p.confidence = 'certain'
                          order by p.rank limit 1) p
     where l.id = any(${arrayLiteral(ids)}::uuid[]) and l.state = 'proposed'
       and p.account_id = any(${arrayLiteral(owners.rows.map(({ account_id }) => account_id))}::uuid[])
       and num_nonnulls(p.order_id, p.payment_notice_id, p.intent_id, p.payment_id) = 0
       and (p.chosen_by is not null or cardinality(p.invoice_ids) = 0
            or (p.facts ->> 'open_amount')::bigint = (
                 select coalesce(sum(b.open_amount), 0) from invoices i join invoice_balances b on b.invoice_id = i.id
                  where i.id = any(p.invoice_ids) and i.state = 'open'))
     order by l.position for update of l skip locked`.execute(tx)
  const lines = [...Map.groupBy(found.rows, (line) => line.account_id).values()].map(([first]) => first!)
  const bookings = lines.map(
    (line): Booking => ({
      account_id: line.account_id,
      amount: line.amount,
      method: lineMethods[line.kind],
      received_on: line.booked_on,
      reference: line.reference?.slice(0, 200) ?? null,
      ...(line.invoice_ids.length > 0 ? { invoice_ids: line.invoice_ids } : {}),
      recorded_by: actorId,
    }),
  )
  const payments = await bookPayments(tx, bookings, now)
  if (isRefusal(payments)) return payments
  await settleLines(
    tx,
    lines.map(({ id }, index) => ({ id, payment_id: payments[index]!.id })),
    actorId,
    now,
  )
  return new Set(lines.map(({ id }) => id))
}

/** Binds locked lines to their payments, for good, with what the audit log says of each. */
async function settleLines(
  tx: Tx,
  lines: readonly { id: string; payment_id: string }[],
  actorId: string | null,
  now: Temporal.Instant,
): Promise<void> {
  if (lines.length === 0) return
  const ids = arrayLiteral(lines.map(({ id }) => id))
  await sql`
    with bound as (
      update bank_statement_lines l
         set state = 'booked', payment_id = n.payment_id, account_id = p.account_id, reason = p.reason, recognised = false,
             proposals = 0, confidence = null, ignore_reason = null, decided_by = ${actorId}::uuid,
             decided_at = ${now}::timestamptz
        from unnest(${ids}::uuid[], ${arrayLiteral(lines.map(({ payment_id }) => payment_id))}::uuid[]) n (id, payment_id)
       cross join lateral (select * from bank_line_proposals p where p.line_id = n.id and p.confidence = 'certain'
                            order by p.rank limit 1) p
       where l.id = n.id
      returning l.id, l.account_id, l.business_unit_id, l.payment_id, l.reason)
    select write_audit('changed', 'bank_statement_lines', b.id::text, b.account_id, b.business_unit_id,
                       jsonb_build_object('state', 'proposed'),
                       jsonb_build_object('state', 'booked', 'payment_id', b.payment_id, 'reason', b.reason)) from bound b`.execute(
    tx,
  )
  await sql`delete from bank_line_proposals where line_id = any(${ids}::uuid[])`.execute(tx)
}
