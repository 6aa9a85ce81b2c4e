// Documents that staff write beside the closings: how they are looked at first, and invoices and debit notes by hand.
import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import { today } from '../../platform/calendar.ts'
import type { DocumentKind, InvoiceState } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, notFound, type Refusal, refuse, refuseField } from '../../platform/errors.ts'
import type { Language } from '../../platform/translations.ts'
import { addCharges, checkBelongings, lockAccount } from '../subscriptions/index.ts'
import { type BillableCharge, planInvoices } from './engine.ts'
import { getInvoice } from './invoices.ts'
import { type DueDocument, issueDocuments } from './issuing.ts'
import {
  type BillingUnit,
  loadServices,
  type PlannedDocument,
  readBilledLines,
  readBillingUnits,
  rulesOf,
  withTerms,
} from './planning.ts'
import type { TaxRule } from './taxes.ts'

/** A line that somebody writes; amounts are minor units. */
export type ManualLine = {
  description: string
  unit_amount: number
  quantity: number
  /** Whose taxes it has; none without it. */
  product_id?: string | null | undefined
}

/** An account, locked, with its business unit's rules and calendar day. */
export type Owner = { id: string; unit: BillingUnit; today: Temporal.PlainDate }

// Looking before writing ----------------------------------------------------------------------------------------------

type Writing = () => Promise<string[] | Refusal>

/** What was written, in full, and a token that is the same if and only if all of it is. */
async function describeWritten(tx: Tx, ids: readonly string[], language: Language, now: Temporal.Instant) {
  const found = await Promise.all(ids.map((id) => getInvoice(tx, id, language, now)))
  const documents = found.flatMap((document) => (isRefusal(document) ? [] : [document]))
  const given = await sql<{ amount: number }>`
    select coalesce(-sum(e.amount), 0)::bigint as amount from ledger_entries e
     where e.ledger_account = 'account_credit' and e.kind = 'credit_note' and e.invoice_id = any(${[...ids]}::uuid[])`.execute(
    tx,
  )
  const credit_given = given.rows[0]?.amount ?? 0
  const facts = documents.map((document) => ({
    kind: document.kind,
    account_id: document.account_id,
    subscription_id: document.subscription_id,
    issue_date: document.issue_date,
    due_date: document.due_date,
    currency: document.currency,
    total: document.total,
    tax: document.tax,
    tax_included: document.tax_included,
    reason: document.reason,
    taxes: document.taxes,
    lines: document.lines.map((line) => [
      line.description,
      line.period,
      line.days,
      line.of_days,
      line.unit_amount,
      line.quantity,
      line.gross,
      line.discount,
      line.net,
      line.tax,
      line.corrects?.line_id ?? null,
    ]),
  }))
  const token = createHash('sha256').update(JSON.stringify({ facts, credit_given })).digest('hex')
  return { token, documents, credit_given }
}

/**
 * What a step would write: it is done, read, and undone, so that the preview is what the step does by construction
 * (billing.md 18). Refuses what the step refuses.
 */
export async function previewDocuments(tx: Tx, language: Language, now: Temporal.Instant, write: Writing) {
  await sql`savepoint preview`.execute(tx)
  const ids = await write()
  const shown = isRefusal(ids) ? ids : await describeWritten(tx, ids, language, now)
  await sql`rollback to savepoint preview`.execute(tx)
  return shown
}

/**
 * Does a step and answers with what it wrote. With the token of a preview it writes exactly what that showed. Refuses what the
 * step refuses, and preview_outdated.
 */
export async function writeDocuments(
  tx: Tx,
  language: Language,
  now: Temporal.Instant,
  token: string | undefined,
  write: Writing,
) {
  const ids = await write()
  if (isRefusal(ids)) return ids
  const written = await describeWritten(tx, ids, language, now)
  if (token !== undefined && token !== written.token) return refuse('preview_outdated')
  for (const document of written.documents) {
    const { id, kind, series, number, total, reason, related } = document
    const about = related.filter(({ relation }) => relation === 'about')
    const facts = {
      number: `${series}-${number}`,
      kind,
      total,
      reason,
      about: about.map((one) => `${one.series}-${one.number}`).join(', ') || null,
    }
    await sql`select write_audit('issued', 'invoices', ${id}, ${document.account_id}, ${document.business_unit_id}, null,
                                 ${JSON.stringify(facts)}::jsonb)`.execute(tx)
  }
  return { documents: written.documents }
}

/** An account, locked for what moves its money, with the rules of its business unit. */
export async function lockOwner(tx: Tx, accountId: string, now: Temporal.Instant): Promise<Owner | null> {
  const account = await lockAccount(tx, accountId)
  if (account === null) return null
  const unit = (await readBillingUnits(tx, [account.business_unit_id])).get(account.business_unit_id)
  return unit ? { id: account.id, unit, today: today(now, unit.time_zone) } : null
}

/** A document with its account locked. */
export async function lockDocument(tx: Tx, id: string, now: Temporal.Instant) {
  const found = await tx.selectFrom('invoices').select('account_id').where('id', '=', id).executeTakeFirst()
  const owner = found ? await lockOwner(tx, found.account_id, now) : null
  if (!found || !owner) return null
  const document = await tx
    .selectFrom('invoices')
    .select([
      'id',
      'kind',
      'state',
      'account_id',
      'subscription_id',
      'series',
      'number',
      'issue_date',
      'due_date',
      'payment_method',
      'currency',
      'tax',
      'tax_included',
      'total',
    ])
    .where('id', '=', id)
    .executeTakeFirst()
  return document ? { ...document, owner } : null
}
export type LockedDocument = NonNullable<Awaited<ReturnType<typeof lockDocument>>>

/** The refusal of what a document's state does not allow. */
export const inState = (document: { state: InvoiceState }) =>
  refuse('document_state', { params: { state: document.state } })
/** Whether a document of this kind is owed. */
export const isDebt = (kind: DocumentKind) => kind === 'invoice' || kind === 'debit_note'

// By hand -------------------------------------------------------------------------------------------------------------

/** The taxes that products bear for an account today, without those that it is exempt from. */
export async function readTaxes(
  tx: Tx,
  owner: Owner,
): Promise<(productId: string | null | undefined) => TaxRule[]> {
  const exempt = await tx
    .selectFrom('account_tax_exemptions')
    .select('tax_id')
    .where('account_id', '=', owner.id)
    .where((eb) => eb.or([eb('until', 'is', null), eb('until', '>', owner.today)]))
    .execute()
  const free = new Set(exempt.map((row) => row.tax_id))
  return (productId) =>
    productId ? (owner.unit.taxes.get(productId) ?? []).filter((rule) => !free.has(rule.tax_id)) : []
}

/** A document of one-off amounts, issued today: the engine's own lines and taxes. Null where an amount is out of range. */
export async function composeToday(
  tx: Tx,
  owner: Owner,
  charges: readonly BillableCharge[],
  terms: { subscription_id: string | null; due_date: Temporal.PlainDate | null },
): Promise<PlannedDocument | null> {
  const { services } = (await loadServices(tx, owner.unit, [owner.id], owner.today)).get(owner.id) ?? {
    services: [],
  }
  const planned = planInvoices({
    ...rulesOf(owner.unit),
    // Of the account or of one service; and today is the day on which it is billed, whatever the closing day.
    grouping: terms.subscription_id === null ? 'account' : 'subscription',
    closing_day: owner.today.day,
    up_to: owner.today,
    subscriptions: [],
    charges: charges.map((charge) => ({
      ...charge,
      subscription_id: terms.subscription_id ?? charge.subscription_id,
      bill_on: owner.today,
    })),
  })
  const invoice = 'parked' in planned ? undefined : planned.invoices[0]
  if (!invoice) return null
  const document = withTerms(owner.unit, services, invoice)
  return { ...document, due_date: terms.due_date ?? document.due_date }
}

/** The refusal of amounts that no document can hold. */
export const tooLarge = () => refuseField('lines', 'amount_too_large')

/**
 * Issues an invoice written by hand: of new lines, and of charges that wait. Returns its id. Refuses: not_found (account),
 * invalid_input (nothing to bill, a service, product or charge that is not the account's, a due date that is past).
 */
export async function issueManualInvoice(
  tx: Tx,
  accountId: string,
  input: {
    subscription_id?: string | null | undefined
    due_date?: Temporal.PlainDate | null | undefined
    lines: readonly ManualLine[]
    charge_ids: readonly string[]
  },
  by: string | null,
  now: Temporal.Instant,
): Promise<string[] | Refusal> {
  const owner = await lockOwner(tx, accountId, now)
  if (!owner) return notFound()
  const subscription_id = input.subscription_id ?? null
  const fault =
    (await checkBelongings(tx, { id: owner.id, business_unit_id: owner.unit.id }, [
      { subscription_id },
      ...input.lines,
    ])) ?? checkDueDate(owner, input.due_date)
  if (fault) return fault
  if (input.lines.length + input.charge_ids.length === 0) return refuseField('lines', 'required')
  const written = await addCharges(
    tx,
    input.lines.map((line) => ({
      ...line,
      account_id: owner.id,
      subscription_id,
      kind: 'manual',
      bill_on: owner.today,
      created_by: by,
    })),
  )
  const waiting = (await loadServices(tx, owner.unit, [owner.id], owner.today)).get(owner.id)?.charges ?? []
  const charges: BillableCharge[] = []
  for (const id of [...new Set(input.charge_ids), ...written]) {
    const charge = waiting.find((one) => one.id === id)
    const other = subscription_id !== null && (charge?.subscription_id ?? subscription_id) !== subscription_id
    if (!charge || other) return refuseField('charge_ids', 'not_a_choice')
    charges.push(charge)
  }
  const document = await composeToday(tx, owner, charges, {
    subscription_id,
    due_date: input.due_date ?? null,
  })
  if (!document) return tooLarge()
  const issued = await issueDocuments(tx, owner.unit, [{ account_id: owner.id, document }], {
    closing_id: null,
    now,
  })
  return issued.invoice_ids
}

function checkDueDate(owner: Owner, date: Temporal.PlainDate | null | undefined): Refusal | undefined {
  return date && Temporal.PlainDate.compare(date, owner.today) < 0
    ? refuseField('due_date', 'passed_already')
    : undefined
}

/**
 * Issues a debit note: a further amount on a document, with the taxes of the line that it adds to or of a product. Returns its
 * id. Refuses: not_found, document_state (void, or none that can be owed), invalid_input.
 */
export async function issueDebitNote(
  tx: Tx,
  invoiceId: string,
  input: {
    reason: string
    due_date?: Temporal.PlainDate | null | undefined
    lines: readonly (ManualLine & { line_id?: string | null | undefined })[]
  },
  by: string | null,
  now: Temporal.Instant,
): Promise<string[] | Refusal> {
  const about = await lockDocument(tx, invoiceId, now)
  if (!about) return notFound()
  if (!isDebt(about.kind) || about.state === 'void') return inState(about)
  const { owner } = about
  const fault =
    (await checkBelongings(tx, { id: owner.id, business_unit_id: owner.unit.id }, input.lines)) ??
    checkDueDate(owner, input.due_date)
  if (fault) return fault
  const billed = await readBilledLines(tx, sql`l.invoice_id = ${about.id}`)
  const taxesOf = await readTaxes(tx, owner)
  const ids = await addCharges(
    tx,
    input.lines.map(({ line_id, ...line }) => ({
      ...line,
      account_id: owner.id,
      subscription_id: billed.get(line_id ?? '')?.subscription_id ?? about.subscription_id,
      kind: 'manual',
      bill_on: owner.today,
      created_by: by,
    })),
  )
  const charges: BillableCharge[] = []
  for (const [index, line] of input.lines.entries()) {
    const corrected = line.line_id ? billed.get(line.line_id) : undefined
    if (line.line_id && !corrected) return refuseField(`lines.${index}.line_id`, 'not_a_choice')
    charges.push({
      id: ids[index]!,
      subscription_id: corrected?.subscription_id ?? about.subscription_id,
      kind: 'manual',
      description: line.description,
      unit_amount: line.unit_amount,
      quantity: line.quantity,
      bill_on: owner.today,
      instalment: null,
      instalments: null,
      taxes: corrected ? corrected.taxes.map(ruleOf) : taxesOf(line.product_id),
    })
  }
  const document = await composeToday(tx, owner, charges, {
    subscription_id: about.subscription_id,
    due_date: input.due_date ?? null,
  })
  if (!document) return tooLarge()
  const due: DueDocument = {
    account_id: owner.id,
    document,
    kind: 'debit_note',
    about_invoice_id: about.id,
    reason: input.reason,
    corrects: input.lines.map(({ line_id }) => line_id ?? null),
  }
  const issued = await issueDocuments(tx, owner.unit, [due], { closing_id: null, now })
  return issued.invoice_ids
}

const ruleOf = ({ tax_id, name, rate, inclusive }: TaxRule): TaxRule => ({ tax_id, name, rate, inclusive })
