// Giving back: credit notes, voids, and documents that are billed anew.
import { sql } from 'kysely'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, notFound, type Refusal, refuse, refuseField } from '../../platform/errors.ts'
import { multiply, toDecimal } from '../../platform/money.ts'
import { addCharges } from '../subscriptions/index.ts'
import { type BilledLine, type CoverageCut, creditLine, finishCreditNote, leftOf } from './credits.ts'
import { inState, isDebt, type LockedDocument, lockDocument } from './documents.ts'
import { issueCreditNotes, issueDocuments } from './issuing.ts'
import { type BillingUnit, type PlannedDocument, planAccounts, readBilledLines, rulesOf } from './planning.ts'
import { computeTaxes } from './taxes.ts'

type ChosenLine = { line_id: string; amount?: number | null | undefined }

/** The net of a credit whose net and tax on top are an amount, as near as whole minor units allow. */
function netOfCredit(line: BilledLine, amount: number, unit: BillingUnit): number {
  const left = leftOf(line)
  if (amount === left.net + left.tax) return left.net
  if (line.tax === 0) return Math.min(amount, left.net)
  const guess = multiply(amount, line.net, line.net + line.tax)
  for (const net of [guess, guess + 1, guess - 1]) {
    if (net < 0 || net > left.net) continue
    const { tax } = computeTaxes([{ net, rules: line.taxes }], unit.tax_rounding).lines[0]!
    if (net + tax === amount) return net
  }
  return Math.min(guess, left.net)
}

/** The coverage of lines, given back whole. */
async function cutsOf(tx: Tx, lineIds: readonly string[]): Promise<CoverageCut[]> {
  const rows = await tx
    .selectFrom('billed_coverage')
    .select('id')
    .where(sql<boolean>`invoice_line_id = any(${[...lineIds]}::uuid[])`)
    .orderBy('id')
    .execute()
  return rows.map(({ id }) => ({ id, keep: [] }))
}

/** Use and one-off amounts of lines that were taken back wait to be billed again, as if they had never been. */
async function waitAgain(tx: Tx, lineIds: readonly string[], by: string | null): Promise<void> {
  const ids = [...lineIds]
  await sql`update usage_records set billed_at = null, invoice_line_id = null where invoice_line_id = any(${ids}::uuid[])`.execute(
    tx,
  )
  const charged = await sql<Parameters<typeof addCharges>[1][number]>`
    select c.account_id, c.subscription_id, c.kind, c.description, c.unit_amount, c.quantity, i.issue_date as bill_on,
           c.product_id, c.instalment, c.instalments
      from invoice_lines l join charges c on c.id = l.charge_id join invoices i on i.id = l.invoice_id
     where l.id = any(${ids}::uuid[]) order by l.position`.execute(tx)
  await addCharges(
    tx,
    charged.rows.map((charge) => ({ ...charge, created_by: by })),
  )
}

/**
 * Issues a credit note on a document: of all that is left of it, of chosen lines, or of parts of them, never more than is left
 * (billing.md 20). What is owed of the document is reduced first; only money that was paid becomes account credit. With
 * `release_days` the days, use and amounts of lines that are credited to their end may be billed again. Returns its id.
 * Refuses: not_found, document_state (a document that cannot be credited), nothing_left, invalid_input.
 */
export async function issueCreditNote(
  tx: Tx,
  invoiceId: string,
  input: { reason: string; lines?: readonly ChosenLine[] | null | undefined; release_days: boolean },
  by: string | null,
  now: Temporal.Instant,
): Promise<string[] | Refusal> {
  const about = await lockDocument(tx, invoiceId, now)
  if (!about) return notFound()
  if (!isDebt(about.kind)) return inState(about)
  return creditDocument(tx, about, input, by, now)
}

async function creditDocument(
  tx: Tx,
  about: LockedDocument,
  input: { reason: string; lines?: readonly ChosenLine[] | null | undefined; release_days: boolean },
  by: string | null,
  now: Temporal.Instant,
): Promise<string[] | Refusal> {
  const { owner } = about
  const billed = await readBilledLines(tx, sql`l.invoice_id = ${about.id}`)
  const creditable = (line: BilledLine) => leftOf(line).net + leftOf(line).tax > 0
  const chosen: readonly ChosenLine[] =
    input.lines ?? [...billed.values()].filter(creditable).map((line) => ({ line_id: line.id }))
  if (chosen.length === 0) return refuse('nothing_left')
  const credits: { credit: ReturnType<typeof creditLine>; billed: BilledLine }[] = []
  const whole: string[] = []
  const seen = new Set<string>()
  for (const [index, { line_id, amount }] of chosen.entries()) {
    const line = billed.get(line_id)
    if (!line) return refuseField(`lines.${index}.line_id`, 'not_a_choice')
    if (seen.has(line_id)) return refuseField(`lines.${index}.line_id`, 'listed_twice')
    seen.add(line_id)
    const left = leftOf(line)
    const most = left.net + left.tax
    if (most === 0 || (amount ?? 0) > most) {
      const limit = toDecimal(most, about.currency)
      return refuseField(`lines.${index}.amount`, 'more_than_left', { limit })
    }
    const net = netOfCredit(line, amount ?? most, owner.unit)
    const all = net === left.net
    if (all) whole.push(line.id)
    const { from, to, days } = line
    credits.push({
      billed: line,
      credit: creditLine(line, { from, to, days, gross: all ? left.gross : net, net }),
    })
  }
  const note = finishCreditNote(
    rulesOf(owner.unit),
    credits,
    input.release_days ? await cutsOf(tx, whole) : [],
    owner.today,
    input.reason,
  )
  if (!note) return refuse('nothing_left')
  const issued = await issueCreditNotes(tx, owner.unit, [{ account_id: owner.id, credit: note }], { now })
  if (input.release_days) await waitAgain(tx, whole, by)
  return issued.credit_note_ids
}

/** Whether anything but credit notes reduced what is owed of a document: money, or credit of the account. */
async function wasPaid(tx: Tx, id: string): Promise<boolean> {
  const found = await sql<{ paid: boolean }>`
    select exists (select from ledger_entries where invoice_id = ${id} and ledger_account = 'receivable' and amount < 0
                      and kind <> 'credit_note') as paid`.execute(tx)
  return found.rows[0]?.paid ?? false
}

/** A document that can be voided: a debt of which nothing was paid. */
async function lockVoidable(tx: Tx, id: string, now: Temporal.Instant): Promise<LockedDocument | Refusal> {
  const about = await lockDocument(tx, id, now)
  if (!about) return notFound()
  if (!isDebt(about.kind) || about.state !== 'open') return inState(about)
  return (await wasPaid(tx, id)) ? refuse('document_partly_paid') : about
}

/**
 * Voids a debt of which nothing was paid: a credit note takes back all of it. With `rebill` its days, use and one-off amounts
 * wait for the next closing as if it had never been. Returns the credit note's id. Refuses: not_found, document_state,
 * document_partly_paid.
 */
export async function voidDocument(
  tx: Tx,
  id: string,
  input: { reason: string; rebill: boolean },
  by: string | null,
  now: Temporal.Instant,
): Promise<string[] | Refusal> {
  const about = await lockVoidable(tx, id, now)
  if (isRefusal(about)) return about
  return creditDocument(tx, about, { reason: input.reason, release_days: input.rebill }, by, now)
}

/**
 * Voids a document and bills its days, use and amounts anew, as the services are now: what a closing up to its date would
 * issue, dated today. Returns the ids of the credit note and of what replaces the document. Refuses: not_found,
 * document_state, document_partly_paid, nothing_to_rebill (it billed no service: write another by hand), account_parked.
 */
export async function rebillDocument(
  tx: Tx,
  id: string,
  input: { reason: string },
  by: string | null,
  now: Temporal.Instant,
): Promise<string[] | Refusal> {
  const about = await lockVoidable(tx, id, now)
  if (isRefusal(about)) return about
  const { owner } = about
  const covered = await sql<{ covered: boolean }>`
    select exists (select from invoice_lines l join billed_coverage b on b.invoice_line_id = l.id
                    where l.invoice_id = ${id}) as covered`.execute(tx)
  if (!covered.rows[0]?.covered) return refuse('nothing_to_rebill')
  const credited = await creditDocument(tx, about, { reason: input.reason, release_days: true }, by, now)
  if (isRefusal(credited)) return credited
  const plan = (await planAccounts(tx, owner.unit, [owner.id], about.issue_date)).get(owner.id)
  if (!plan) return credited
  if ('parked' in plan) return refuse('account_parked', { params: { reason: plan.parked } })
  const due = plan.documents.map((document) => ({
    account_id: owner.id,
    document: datedAgain(document, owner.today, about.due_date),
  }))
  const issued = await issueDocuments(tx, owner.unit, due, { closing_id: null, now })
  return [...credited, ...issued.invoice_ids]
}

/** A document issued on another day than it was planned for; never due before it is issued. */
export function datedAgain(
  document: PlannedDocument,
  issue_date: Temporal.PlainDate,
  due_date: Temporal.PlainDate,
): PlannedDocument {
  const due = Temporal.PlainDate.compare(due_date, issue_date) < 0 ? issue_date : due_date
  return { ...document, issue_date, due_date: due }
}
