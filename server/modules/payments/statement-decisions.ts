// What staff say of a line instead of what was proposed.
import { sql } from 'kysely'
import type { Tx } from '../../platform/database.ts'
import { notFound, refuse, refuseField } from '../../platform/errors.ts'
import { lockLine, refuseCurrency, writeDecision } from './statement-booking.ts'
import { getLine } from './statement-lists.ts'
import { proposeLines } from './statement-proposing.ts'

/**
 * Says what a line pays instead of what was proposed: an account with some of its invoices, with an order, or with nothing but
 * itself (the oldest invoices first, the rest credit). It is not booked before it is approved. Refuses: not_found,
 * bank_line_booked, bank_line_outgoing, bank_line_currency, invalid_input.
 */
export async function chooseProposal(
  tx: Tx,
  id: string,
  choice: { account_id: string; invoice_ids: string[]; order_id: string | null },
  actorId: string,
) {
  const line = await lockLine(tx, id)
  if (!line) return notFound()
  if (line.state === 'booked') return refuse('bank_line_booked')
  if (line.amount < 0) return refuse('bank_line_outgoing')
  const foreign = await refuseCurrency(tx, line)
  if (foreign) return foreign
  const account = await tx
    .selectFrom('accounts')
    .select('id')
    .where('id', '=', choice.account_id)
    .where('business_unit_id', '=', line.business_unit_id)
    .where('erased_at', 'is', null)
    .executeTakeFirst()
  if (!account) return refuseField('account_id', 'not_a_choice')
  const ids = [...new Set(choice.invoice_ids)]
  const invoices = await sql<{ label: string; open_amount: number }>`
    select i.series || '-' || i.number as label, b.open_amount from invoices i join invoice_balances b on b.invoice_id = i.id
     where i.id = any(${ids}::uuid[]) and i.account_id = ${account.id} and i.state = 'open' and i.currency = ${line.currency}
     order by i.due_date, i.series, i.number`.execute(tx)
  if (invoices.rows.length !== ids.length || (ids.length > 0 && choice.order_id !== null))
    return refuseField('invoice_ids', 'not_a_choice')
  if (choice.order_id !== null) {
    const order = await tx
      .selectFrom('orders')
      .select('id')
      .where('id', '=', choice.order_id)
      .where('account_id', '=', account.id)
      .where('state', '=', 'open')
      .where('currency', '=', line.currency)
      .executeTakeFirst()
    if (!order) return refuseField('order_id', 'not_a_choice')
  }
  const owed = invoices.rows.reduce((total, row) => total + row.open_amount, 0)
  await tx.deleteFrom('bank_line_proposals').where('line_id', '=', id).execute()
  await tx
    .insertInto('bank_line_proposals')
    .values({
      business_unit_id: line.business_unit_id,
      line_id: id,
      rank: 1,
      account_id: account.id,
      invoice_ids: ids,
      order_id: choice.order_id,
      reason: 'chosen',
      confidence: 'certain',
      facts: JSON.stringify(
        ids.length > 0
          ? {
              invoices: invoices.rows.map((row) => row.label),
              open_amount: owed,
              difference: line.amount - owed,
            }
          : {},
      ),
      chosen_by: actorId,
    })
    .execute()
  await tx
    .updateTable('bank_statement_lines')
    .set({
      state: 'proposed',
      proposals: 1,
      confidence: 'certain',
      ignore_reason: null,
      decided_by: null,
      decided_at: null,
    })
    .where('id', '=', id)
    .execute()
  await writeDecision(tx, line, account.id, {
    state: 'proposed',
    invoice_ids: ids,
    order_id: choice.order_id,
  })
  return getLine(tx, id)
}

/** Sets a line aside: it is no customer's payment. Refuses: not_found, bank_line_booked. */
export async function ignoreLine(
  tx: Tx,
  id: string,
  reason: string | null,
  actorId: string,
  now: Temporal.Instant,
) {
  const line = await lockLine(tx, id)
  if (!line) return notFound()
  if (line.state === 'booked') return refuse('bank_line_booked')
  await tx.deleteFrom('bank_line_proposals').where('line_id', '=', id).execute()
  await tx
    .updateTable('bank_statement_lines')
    .set({
      state: 'ignored',
      proposals: 0,
      confidence: null,
      ignore_reason: reason,
      decided_by: actorId,
      decided_at: now,
    })
    .where('id', '=', id)
    .execute()
  await writeDecision(tx, line, null, { state: 'ignored', ignore_reason: reason })
  return getLine(tx, id)
}

/**
 * Takes a line up again that was set aside, or forgets what was chosen for it: what it may pay is looked for anew. Refuses:
 * not_found, bank_line_booked, bank_line_outgoing.
 */
export async function reopenLine(tx: Tx, id: string, now: Temporal.Instant) {
  const line = await lockLine(tx, id)
  if (!line) return notFound()
  if (line.state === 'booked') return refuse('bank_line_booked')
  if (line.amount < 0) return refuse('bank_line_outgoing')
  if (line.state === 'ignored')
    await tx
      .updateTable('bank_statement_lines')
      .set({ state: 'open', ignore_reason: null, decided_by: null, decided_at: null })
      .where('id', '=', id)
      .execute()
  await proposeLines(tx, [line], now)
  await writeDecision(tx, line, null, { state: 'open' })
  return getLine(tx, id)
}
