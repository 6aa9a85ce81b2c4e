// A line of a bank statement becomes one payment at most.
import { sql } from 'kysely'
import type { Config } from '../../platform/config.ts'
import type { BankLineKind, PaymentMethod } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import {
  isRefusal,
  notFound,
  type Refusal,
  refusalOfDatabase,
  refuse,
  refuseField,
} from '../../platform/errors.ts'
import { approvePaymentNotice } from './payment-notices.ts'
import { recordPayment } from './payments.ts'
import { applyStanding } from './standing.ts'
import { getLine } from './statement-lists.ts'
import { proposeLines } from './statement-proposing.ts'

/** How the money of a line came. */
export const lineMethods: Record<BankLineKind, PaymentMethod> = {
  pix: 'pix',
  transfer: 'bank_transfer',
  boleto: 'boleto',
  card: 'card',
  cash: 'cash',
  cheque: 'cheque',
  direct_debit: 'bank_debit',
  fee: 'other',
  interest: 'other',
  tax: 'other',
  reversal: 'other',
  other: 'bank_transfer',
}

/** A line's whole row, locked. */
export const lockLine = (tx: Tx, id: string) =>
  tx.selectFrom('bank_statement_lines').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()
type LockedLine = NonNullable<Awaited<ReturnType<typeof lockLine>>>

function refuseDecided(line: LockedLine): Refusal | null {
  if (line.state === 'booked') return refuse('bank_line_booked')
  if (line.state === 'ignored') return refuse(line.amount < 0 ? 'bank_line_outgoing' : 'bank_line_ignored')
  return null
}

/** A business unit's books are in its currency alone: money in another is worth what the bank paid for it, which the line does not say. */
export async function refuseCurrency(tx: Tx, line: LockedLine): Promise<Refusal | null> {
  const unit = await tx
    .selectFrom('business_units')
    .select('currency')
    .where('id', '=', line.business_unit_id)
    .executeTakeFirstOrThrow()
  return line.currency === unit.currency
    ? null
    : refuse('bank_line_currency', { params: { currency: line.currency, expected: unit.currency } })
}

/**
 * Approves what a line pays: the one proposal that is named, else its best. The money is booked, the notice approved, the order
 * paid or the charge settled, or the line is found to be a payment that there is, all in this transaction with the line locked:
 * it becomes one payment at most. Where what was proposed is no longer so (an invoice was paid since), nothing is booked and
 * it is proposed anew. Refuses: not_found, bank_line_booked, bank_line_ignored, bank_line_outgoing, bank_line_currency,
 * bank_line_without_proposal, proposal_changed, and whatever recordPayment refuses.
 */
export async function approveLine(
  tx: Tx,
  config: Config,
  id: string,
  choice: { proposal_id?: string | undefined; certain_only?: boolean | undefined },
  actorId: string | null,
  now: Temporal.Instant,
) {
  const booked = await bookLine(tx, config, id, choice, actorId, now)
  return isRefusal(booked) ? booked : getLine(tx, id)
}

/** As approveLine, without reading the line anew. */
export async function bookLine(
  tx: Tx,
  config: Config,
  id: string,
  choice: { proposal_id?: string | undefined; certain_only?: boolean | undefined },
  actorId: string | null,
  now: Temporal.Instant,
): Promise<Refusal | undefined> {
  const line = await lockLine(tx, id)
  if (!line) return notFound()
  const decided = refuseDecided(line) ?? (await refuseCurrency(tx, line))
  if (decided) return decided
  let query = tx.selectFrom('bank_line_proposals').selectAll().where('line_id', '=', id)
  if (choice.proposal_id) query = query.where('id', '=', choice.proposal_id)
  if (choice.certain_only) query = query.where('confidence', '=', 'certain')
  const proposal = await query.orderBy('rank').limit(1).executeTakeFirst()
  if (!proposal) return refuse(choice.proposal_id ? 'proposal_changed' : 'bank_line_without_proposal')
  const changed = async () => {
    await proposeLines(tx, [line], now)
    return refuse('proposal_changed', { kept: true })
  }
  const chosen = proposal.chosen_by !== null
  // The account is locked before it is looked at: nothing that it owes moves until this is booked.
  if (!chosen && proposal.invoice_ids.length > 0) {
    await sql`select id from accounts where id = ${proposal.account_id} for no key update`.execute(tx)
    const open = await sql<{ amount: number }>`
      select coalesce(sum(b.open_amount), 0)::bigint as amount from invoices i join invoice_balances b on b.invoice_id = i.id
       where i.id = any(${proposal.invoice_ids}::uuid[]) and i.state = 'open'`.execute(tx)
    if (
      open.rows[0]!.amount !== (proposal.facts as { open_amount?: number }).open_amount &&
      proposal.payment_notice_id === null
    )
      return changed()
  }
  const reference = (line.reference ?? line.end_to_end_id ?? line.bank_id)?.slice(0, 200) ?? null
  let paymentId: string
  if (proposal.payment_id !== null) {
    const other = await tx
      .selectFrom('bank_statement_lines')
      .select('id')
      .where('payment_id', '=', proposal.payment_id)
      .executeTakeFirst()
    if (other) return changed()
    paymentId = proposal.payment_id
  } else if (proposal.payment_notice_id !== null) {
    const notice = await approvePaymentNotice(
      tx,
      proposal.payment_notice_id,
      { amount: line.amount, received_on: line.booked_on },
      actorId,
      now,
    )
    if (isRefusal(notice)) return notice.code === 'notice_decided' ? changed() : notice
    paymentId = notice.payment_id!
  } else if (proposal.intent_id !== null) {
    const settled = await settleIntent(tx, config, proposal.intent_id, line, now)
    if (settled === null) return changed()
    paymentId = settled
  } else {
    const payment = await recordPayment(
      tx,
      proposal.account_id,
      {
        amount: line.amount,
        method: lineMethods[line.kind],
        received_on: line.booked_on,
        reference,
        ...(proposal.order_id !== null
          ? { order_id: proposal.order_id }
          : proposal.invoice_ids.length > 0
            ? { invoice_ids: proposal.invoice_ids }
            : {}),
      },
      actorId,
      now,
    )
    if (isRefusal(payment)) return payment
    paymentId = payment.id
  }
  await settleLine(tx, line, {
    payment_id: paymentId,
    account_id: proposal.account_id,
    reason: proposal.reason,
    recognised: proposal.payment_id !== null,
    actorId,
    now,
  })
  return undefined
}

/** Binds a locked line to its payment, for good. */
async function settleLine(
  tx: Tx,
  line: LockedLine,
  to: {
    payment_id: string
    account_id: string
    reason: string
    recognised: boolean
    actorId: string | null
    now: Temporal.Instant
  },
): Promise<void> {
  await tx.deleteFrom('bank_line_proposals').where('line_id', '=', line.id).execute()
  await tx
    .updateTable('bank_statement_lines')
    .set({
      state: 'booked',
      payment_id: to.payment_id,
      account_id: to.account_id,
      reason: to.reason,
      recognised: to.recognised,
      proposals: 0,
      confidence: null,
      ignore_reason: null,
      decided_by: to.actorId,
      decided_at: to.now,
    })
    .where('id', '=', line.id)
    .execute()
  await writeDecision(tx, line, to.account_id, {
    state: 'booked',
    payment_id: to.payment_id,
    reason: to.reason,
  })
}

/** Notes a decision about a line in the audit log. */
export async function writeDecision(
  tx: Tx,
  line: LockedLine,
  accountId: string | null,
  after: object,
): Promise<void> {
  await sql`select write_audit('changed', 'bank_statement_lines', ${line.id}, ${accountId}::uuid, ${line.business_unit_id}::uuid,
    ${JSON.stringify({ state: line.state })}::jsonb, ${JSON.stringify(after)}::jsonb)`.execute(tx)
}

/** Tells a charge that its money came, by the id that its provider would tell, too: it is booked once. */
async function settleIntent(
  tx: Tx,
  config: Config,
  intentId: string,
  line: LockedLine,
  now: Temporal.Instant,
): Promise<string | null> {
  const found = await tx
    .selectFrom('payment_intents')
    .innerJoin('business_units', 'business_units.id', 'payment_intents.business_unit_id')
    .select(['business_units.time_zone', 'payment_intents.provider_ref'])
    .where('payment_intents.id', '=', intentId)
    .executeTakeFirst()
  if (!found) return null
  const noon = line.booked_on.toZonedDateTime({ timeZone: found.time_zone, plainTime: '12:00' }).toInstant()
  const at = Temporal.Instant.compare(noon, now) > 0 ? now : noon
  const ref = line.end_to_end_id ?? `bank:${line.id}`
  await applyStanding(
    tx,
    config,
    intentId,
    {
      state: 'succeeded',
      ref: found.provider_ref ?? ref,
      received: [{ ref, amount: line.amount, at }],
      reversed: [],
    },
    now,
  )
  const payment = await tx
    .selectFrom('payments')
    .select('id')
    .where('intent_id', '=', intentId)
    .where('provider_ref', '=', ref)
    .where(sql<boolean>`not exists (select from bank_statement_lines l where l.payment_id = payments.id)`)
    .executeTakeFirst()
  return payment?.id ?? null
}

/**
 * Approves a payment notice because of a line: what staff do from the notice's side. The line may be one without proposals.
 * Refuses: not_found, invalid_input (a line of another business unit, or decided), and what approvePaymentNotice refuses.
 */
export async function approveNoticeByLine(
  tx: Tx,
  noticeId: string,
  lineId: string,
  correction: Parameters<typeof approvePaymentNotice>[2],
  actorId: string,
  now: Temporal.Instant,
) {
  const line = await lockLine(tx, lineId)
  const owner = await tx
    .selectFrom('payment_notices')
    .select(['business_unit_id', 'account_id', 'currency'])
    .where('id', '=', noticeId)
    .executeTakeFirst()
  if (!owner) return notFound()
  if (
    !line ||
    line.business_unit_id !== owner.business_unit_id ||
    line.currency !== owner.currency ||
    line.amount < 0 ||
    (line.state !== 'open' && line.state !== 'proposed')
  )
    return refuseField('bank_line_id', 'not_a_choice')
  const notice = await approvePaymentNotice(
    tx,
    noticeId,
    { ...correction, amount: line.amount, received_on: line.booked_on },
    actorId,
    now,
  )
  if (isRefusal(notice)) return notice
  await settleLine(tx, line, {
    payment_id: notice.payment_id!,
    account_id: owner.account_id,
    reason: 'notice',
    recognised: false,
    actorId,
    now,
  })
  return notice
}

/**
 * Approves several lines, each for itself: what one is refused for keeps none of the others. Only what is certain is booked,
 * and only by its best proposal. Answers what became of each.
 */
export async function approveLines(
  tx: Tx,
  config: Config,
  ids: readonly string[],
  actorId: string,
  now: Temporal.Instant,
): Promise<{ items: { id: string; booked: boolean; code: string | null }[] }> {
  const items: { id: string; booked: boolean; code: string | null }[] = []
  // In one order, whoever approves: two at once wait for each other instead of dying.
  for (const id of [...new Set(ids)].sort()) {
    await sql`savepoint one_line`.execute(tx)
    let refused: Refusal | undefined
    try {
      refused = await bookLine(tx, config, id, { certain_only: true }, actorId, now)
      if (refused && !refused.kept) await sql`rollback to savepoint one_line`.execute(tx)
    } catch (error) {
      const refusal = refusalOfDatabase(error)
      if (!refusal) throw error
      refused = refusal
      await sql`rollback to savepoint one_line`.execute(tx)
    }
    await sql`release savepoint one_line`.execute(tx)
    items.push({ id, booked: !refused, code: refused?.code ?? null })
  }
  return { items }
}
