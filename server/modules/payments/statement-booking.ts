import { sql } from 'kysely'
import type { Config } from '../../platform/config.ts'
import type { BankLineKind, PaymentMethod } from '../../platform/database.gen.ts'
import { type SystemActor, type Tx, transactAsSystem } from '../../platform/database.ts'
import {
  isRefusal,
  notFound,
  type Refusal,
  refusalOfDatabase,
  refuse,
  refuseField,
} from '../../platform/errors.ts'
import { enqueue, type JobContext } from '../../platform/jobs.ts'
import { approvePaymentNotice } from './payment-notices.ts'
import { recordPayment } from './payments.ts'
import { applyStanding } from './standing.ts'
import { proposeLines } from './statement-imports.ts'
import { getLine, getStatement } from './statement-lists.ts'

const methods: Record<BankLineKind, PaymentMethod> = {
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

const lockLine = (tx: Tx, id: string) =>
  tx.selectFrom('bank_statement_lines').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()
type LockedLine = NonNullable<Awaited<ReturnType<typeof lockLine>>>

function refuseDecided(line: LockedLine): Refusal | null {
  if (line.state === 'booked') return refuse('bank_line_booked')
  if (line.state === 'ignored') return refuse(line.amount < 0 ? 'bank_line_outgoing' : 'bank_line_ignored')
  return null
}

/**
 * Approves what a line pays: the one proposal that is named, else its best. The money is booked, the notice approved, the order
 * paid or the charge settled, or the line is found to be a payment that there is, all in this transaction with the line locked:
 * it becomes one payment at most. Where what was proposed is no longer so (an invoice was paid since), nothing is booked and
 * it is proposed anew. Refuses: not_found, bank_line_booked, bank_line_ignored, bank_line_outgoing, bank_line_without_proposal,
 * proposal_changed, and whatever recordPayment refuses.
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

async function bookLine(
  tx: Tx,
  config: Config,
  id: string,
  choice: { proposal_id?: string | undefined; certain_only?: boolean | undefined },
  actorId: string | null,
  now: Temporal.Instant,
): Promise<Refusal | undefined> {
  const line = await lockLine(tx, id)
  if (!line) return notFound()
  const decided = refuseDecided(line)
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
        method: methods[line.kind],
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

async function writeDecision(
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
 * Says what a line pays instead of what was proposed: an account with some of its invoices, with an order, or with nothing but
 * itself (the oldest invoices first, the rest credit). It is not booked before it is approved. Refuses: not_found,
 * bank_line_booked, bank_line_outgoing, invalid_input.
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

const running = ['queued', 'running'] as const

/**
 * Starts approving every certain proposal of a statement in the background. Refuses: not_found, statement_not_ready,
 * approval_running, bank_line_without_proposal (there is none).
 */
export async function startApproval(tx: Tx, id: string, actorId: string) {
  const row = await tx
    .selectFrom('bank_statements')
    .select(['state', 'approval_state', 'business_unit_id'])
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
  if (!row) return notFound()
  if (row.state !== 'ready') return refuse('statement_not_ready')
  if (
    row.approval_state !== null &&
    (running as readonly string[]).includes(row.approval_state) &&
    (await hasJob(tx, id))
  )
    return refuse('approval_running')
  const count = await sql<{ n: number }>`
    select count(*)::int as n from bank_statement_lines where statement_id = ${id} and state = 'proposed' and confidence = 'certain'`.execute(
    tx,
  )
  const total = count.rows[0]!.n
  if (total === 0) return refuse('bank_line_without_proposal')
  await tx
    .updateTable('bank_statements')
    .set({
      approval_state: 'queued',
      approval_stop: false,
      approval_total: total,
      approval_done: 0,
      approval_booked: 0,
      approval_by: actorId,
    })
    .where('id', '=', id)
    .execute()
  await sql`select write_audit('started', 'bank_statements', ${id}, null, ${row.business_unit_id}::uuid, null,
    ${JSON.stringify({ approving: total })}::jsonb)`.execute(tx)
  await enqueue(tx, 'payments:approve_statement', { statement_id: id }, { key: `bank_approval:${id}` })
  return getStatement(tx, id)
}

async function hasJob(tx: Tx, id: string): Promise<boolean> {
  const found =
    await sql`select from queued_jobs where key = ${`bank_approval:${id}`} and state <> 'failed'`.execute(tx)
  return found.rows.length > 0
}

/** Stops it after the line that is under way. Refuses: not_found. */
export async function stopApproval(tx: Tx, id: string) {
  await tx
    .updateTable('bank_statements')
    .set({ approval_stop: true })
    .where('id', '=', id)
    .where('approval_state', 'in', [...running])
    .execute()
  return getStatement(tx, id)
}

/**
 * Approves what is certain of a statement, a transaction for each line together with the progress. One that dies goes on where
 * it was; one that was taken over, or told to stop, books nothing more. The audit log names who asked.
 */
export async function approveStatement(id: string, config: Config, context: JobContext): Promise<void> {
  const begun = await context.transact((tx) =>
    sql<{ attempt: number; by: string | null; name: string | null }>`
      update bank_statements s
         set approval_state = 'running', approval_attempt = approval_attempt + 1
       where s.id = ${id} and s.approval_state in ('queued', 'running', 'interrupted') and not s.approval_stop
      returning s.approval_attempt as attempt, s.approval_by as by, (select name from users u where u.id = s.approval_by) as name`.execute(
      tx,
    ),
  )
  const run = begun.rows[0]
  if (!run) {
    await context.transact((tx) => endApproval(tx, id, null, 'interrupted'))
    return
  }
  const actor: SystemActor =
    run.by !== null
      ? {
          kind: 'staff',
          way: 'job',
          operation: 'payments:approve_statement',
          id: run.by,
          name: run.name ?? '',
        }
      : {
          kind: 'job',
          way: 'job',
          operation: 'payments:approve_statement',
          name: 'payments:approve_statement',
        }
  let after = 0
  for (;;) {
    const lines = await context.transact((tx) =>
      tx
        .selectFrom('bank_statement_lines')
        .select(['id', 'position'])
        .where('statement_id', '=', id)
        .where('state', '=', 'proposed')
        .where('confidence', '=', 'certain')
        .where('position', '>', after)
        .orderBy('position')
        .limit(200)
        .execute(),
    )
    for (const line of lines) {
      if (context.stopping()) {
        await context.transact(async (tx) => {
          await endApproval(tx, id, run.attempt, 'interrupted')
          await enqueue(
            tx,
            'payments:approve_statement',
            { statement_id: id },
            { key: `bank_approval:${id}` },
          )
        })
        return
      }
      const goes = await approveOne(id, line.id, run.attempt, run.by, actor, config, context)
      if (goes === 'stop') {
        await context.transact((tx) => endApproval(tx, id, run.attempt, 'interrupted'))
        return
      }
      if (goes === 'lost') return
    }
    const last = lines.at(-1)
    if (!last) break
    after = last.position
  }
  await context.transact((tx) => endApproval(tx, id, run.attempt, 'done'))
}

async function approveOne(
  statementId: string,
  lineId: string,
  attempt: number,
  actorId: string | null,
  actor: SystemActor,
  config: Config,
  context: JobContext,
): Promise<'next' | 'stop' | 'lost'> {
  const progress = (tx: Tx, booked: number) =>
    sql<{ stop: boolean }>`
      update bank_statements set approval_done = approval_done + 1, approval_booked = approval_booked + ${booked}
       where id = ${statementId} and approval_attempt = ${attempt} returning approval_stop as stop`.execute(
      tx,
    )
  try {
    return await transactAsSystem(context.pool, actor, async (tx) => {
      const refused = await bookLine(tx, config, lineId, { certain_only: true }, actorId, context.now())
      if (refused && !refused.kept) throw new NotBooked(refused)
      const told = await progress(tx, refused ? 0 : 1)
      // Another run goes on with this statement: what this one did last is not kept.
      if (told.rows.length === 0) throw new TakenOver()
      return told.rows[0]!.stop ? 'stop' : 'next'
    })
  } catch (error) {
    if (error instanceof TakenOver) return 'lost'
    // What one line is refused for, by us or by the database, is no reason to leave the others.
    if (!(error instanceof NotBooked) && refusalOfDatabase(error) === null) throw error
    const told = await context.transact((tx) => progress(tx, 0))
    return told.rows[0] === undefined ? 'lost' : told.rows[0].stop ? 'stop' : 'next'
  }
}

class TakenOver extends Error {}
class NotBooked extends Error {
  readonly refusal: Refusal
  constructor(refusal: Refusal) {
    super(refusal.code)
    this.refusal = refusal
  }
}

async function endApproval(
  tx: Tx,
  id: string,
  attempt: number | null,
  state: 'done' | 'interrupted',
): Promise<void> {
  let query = tx
    .updateTable('bank_statements')
    .set({ approval_state: state, approval_stop: false })
    .where('id', '=', id)
    .where('approval_state', 'in', [...running])
  if (attempt !== null) query = query.where('approval_attempt', '=', attempt)
  await query.execute()
}
