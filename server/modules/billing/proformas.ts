// Proformas: offers that are no debt, and the invoices that become of them.
import { sql } from 'kysely'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, notFound, type Refusal, refuse, refuseField } from '../../platform/errors.ts'
import { announce } from '../../platform/events.ts'
import type { JobHandlers, Schedule } from '../../platform/jobs.ts'
import { boundaryOnOrAfter, checkBelongings } from '../subscriptions/index.ts'
import { checkUpTo } from './closings.ts'
import { datedAgain } from './corrections.ts'
import type { BilledLine } from './credits.ts'
import {
  composeToday,
  inState,
  type LockedDocument,
  lockDocument,
  lockOwner,
  type ManualLine,
  type Owner,
  readTaxes,
  tooLarge,
} from './documents.ts'
import type { BillableCharge, PlannedInvoice } from './engine.ts'
import { insertDocuments, insertLines, insertTaxes, issueDocuments, makeIds } from './issuing.ts'
import { loadServices, type PlannedDocument, planAccounts, readBilledLines, withTerms } from './planning.ts'

/**
 * Offers proformas: one of lines by hand, or those of what is billed next (`up_to`, by default the next closing date). They
 * are no debt, cover no days and are in no ledger. Returns their ids. Refuses: not_found, invalid_input, nothing_to_bill,
 * account_parked.
 */
export async function createProformas(
  tx: Tx,
  accountId: string,
  input: {
    source: 'lines' | 'next_invoice'
    up_to?: Temporal.PlainDate | null | undefined
    subscription_id?: string | null | undefined
    valid_until: Temporal.PlainDate
    lines: readonly ManualLine[]
  },
  now: Temporal.Instant,
): Promise<string[] | Refusal> {
  const owner = await lockOwner(tx, accountId, now)
  if (!owner) return notFound()
  if (Temporal.PlainDate.compare(input.valid_until, owner.today) < 0)
    return refuseField('valid_until', 'passed_already')
  const planned =
    input.source === 'lines'
      ? await offerLines(tx, owner, input)
      : await offerNext(tx, owner, input.up_to, now)
  if (isRefusal(planned)) return planned
  const ids = makeIds(planned.length)
  const lines = planned.flatMap((document, index) =>
    document.lines.map((line, position) => ({
      invoice_id: ids[index]!,
      position: position + 1,
      // An offer bills nothing: what waits goes on waiting.
      line: { ...line, charge_id: null },
    })),
  )
  const lineIds = makeIds(lines.length)
  const heads = planned.map((document, index) => ({
    id: ids[index]!,
    account_id: owner.id,
    subscription_id: document.subscription_id,
    issue_date: owner.today,
    due_date: input.valid_until,
    payment_method: document.payment_method,
    currency: document.currency,
    gross: document.lines.reduce((sum, line) => sum + line.gross, 0),
    net: document.lines.reduce((sum, line) => sum + line.net, 0),
    tax: document.tax,
    tax_included: document.tax_included,
    total: document.total,
    about_invoice_id: null,
    proforma_id: null,
    reason: null,
  }))
  const taxes = planned.flatMap((document, index) =>
    document.taxes.map((tax) => ({ invoice_id: ids[index]!, account_id: owner.id, tax })),
  )
  await insertDocuments(tx, owner.unit.id, 'proforma', heads, { closing_id: null, now })
  await insertLines(
    tx,
    lines.map((line, index) => ({
      ...line,
      id: lineIds[index]!,
      account_id: owner.id,
      corrects_line_id: null,
    })),
  )
  if (taxes.length > 0) await insertTaxes(tx, taxes)
  if (input.source === 'next_invoice')
    await tx
      .insertInto('proforma_plans')
      .values(
        planned.map((document, index) => ({
          proforma_id: ids[index]!,
          account_id: owner.id,
          issue_date: document.issue_date,
        })),
      )
      .execute()
  await announce(tx, 'proformas.issued', { invoice_ids: ids })
  return ids
}

async function offerLines(
  tx: Tx,
  owner: Owner,
  input: { subscription_id?: string | null | undefined; lines: readonly ManualLine[] },
): Promise<PlannedDocument[] | Refusal> {
  const subscription_id = input.subscription_id ?? null
  const fault = await checkBelongings(tx, { id: owner.id, business_unit_id: owner.unit.id }, [
    { subscription_id },
    ...input.lines,
  ])
  if (fault) return fault
  if (input.lines.length === 0) return refuseField('lines', 'required')
  const taxesOf = await readTaxes(tx, owner)
  const charges = input.lines.map(
    (line, index): BillableCharge => ({
      id: `line ${index}`,
      subscription_id,
      kind: 'manual',
      description: line.description,
      unit_amount: line.unit_amount,
      quantity: line.quantity,
      bill_on: owner.today,
      instalment: null,
      instalments: null,
      taxes: taxesOf(line.product_id),
    }),
  )
  const document = await composeToday(tx, owner, charges, { subscription_id, due_date: null })
  return document ? [document] : tooLarge()
}

async function offerNext(
  tx: Tx,
  owner: Owner,
  up_to: Temporal.PlainDate | null | undefined,
  now: Temporal.Instant,
): Promise<PlannedDocument[] | Refusal> {
  const date = up_to ?? boundaryOnOrAfter(owner.today, owner.unit.closing_day)
  const fault = checkUpTo(owner.unit, date, now)
  if (fault) return fault
  const plan = (await planAccounts(tx, owner.unit, [owner.id], date)).get(owner.id)
  if (plan && 'parked' in plan) return refuse('account_parked', { params: { reason: plan.parked } })
  const documents = plan?.documents.filter((document) => document.lines.length > 0) ?? []
  return documents.length > 0 ? documents : refuse('nothing_to_bill')
}

/** What an offer says of a line, for comparing it with what would be billed now. */
const offered = (line: {
  description: string
  from: Temporal.PlainDate
  to: Temporal.PlainDate
  quantity: number
  unit_amount: number
  net: number
  tax: number
}) =>
  JSON.stringify([line.description, line.from, line.to, line.quantity, line.unit_amount, line.net, line.tax])

/**
 * Makes the invoice that a proforma offers, exactly as offered, dated today; the proforma is converted. Of what is billed next
 * it bills the days, use and charges that were offered, so that no closing bills them again. Returns the invoice's id. Refuses:
 * not_found, document_state (not offered any more), proforma_outdated (what it offers was billed or has changed since).
 */
export async function convertProforma(
  tx: Tx,
  id: string,
  now: Temporal.Instant,
): Promise<string[] | Refusal> {
  const proforma = await lockDocument(tx, id, now)
  if (!proforma) return notFound()
  if (proforma.kind !== 'proforma' || proforma.state !== 'offered') return inState(proforma)
  const { owner } = proforma
  const lines = [...(await readBilledLines(tx, sql`l.invoice_id = ${id}`)).values()]
  const source = await tx
    .selectFrom('proforma_plans')
    .select('issue_date')
    .where('proforma_id', '=', id)
    .executeTakeFirst()
  const document = source
    ? await planOffered(tx, proforma, source.issue_date, lines)
    : await composeOffered(tx, proforma, lines)
  if (!document) return refuse('proforma_outdated')
  const issued = await issueDocuments(
    tx,
    owner.unit,
    [{ account_id: owner.id, document, proforma_id: proforma.id }],
    { closing_id: null, now },
  )
  await sql`update invoices set state = 'converted' where id = ${id} and state = 'offered'`.execute(tx)
  return issued.invoice_ids
}

/** What is billed on the day of a proforma's closing, where it is still what was offered. */
async function planOffered(
  tx: Tx,
  proforma: LockedDocument,
  day: Temporal.PlainDate,
  lines: readonly BilledLine[],
): Promise<PlannedDocument | null> {
  const { owner } = proforma
  const plan = (await planAccounts(tx, owner.unit, [owner.id], day)).get(owner.id)
  const document =
    plan && 'documents' in plan
      ? plan.documents.find(
          (one) =>
            Temporal.PlainDate.compare(one.issue_date, day) === 0 &&
            one.subscription_id === proforma.subscription_id,
        )
      : undefined
  const same =
    document?.total === proforma.total &&
    document.lines.length === lines.length &&
    document.lines.every((line, index) => offered(line) === offered(lines[index]!))
  if (!document || !same) return null
  const early = Temporal.PlainDate.compare(document.issue_date, owner.today) > 0
  return early ? datedAgain(document, owner.today, document.due_date) : document
}

/** The invoice of a proforma that was written by hand: its own lines and taxes. */
async function composeOffered(
  tx: Tx,
  proforma: LockedDocument,
  lines: readonly BilledLine[],
): Promise<PlannedDocument> {
  const { owner } = proforma
  const { services } = (await loadServices(tx, owner.unit, [owner.id], owner.today)).get(owner.id) ?? {
    services: [],
  }
  const taxes = await sql<PlannedInvoice['taxes'][number]>`
    select tax_id, name, rate, inclusive, base, amount from invoice_taxes where invoice_id = ${proforma.id} order by id`.execute(
    tx,
  )
  const document = withTerms(owner.unit, services, {
    issue_date: owner.today,
    currency: proforma.currency,
    subscription_id: proforma.subscription_id,
    lines: lines.map((line) => ({
      subscription_id: line.subscription_id,
      component_id: null,
      charge_id: null,
      plan_id: line.plan_id,
      role: line.role,
      description: line.description,
      from: line.from,
      to: line.to,
      days: line.days,
      of: line.of,
      day_count: owner.unit.day_count,
      period: line.period,
      price_model: line.price_model,
      unit_amount: line.unit_amount,
      tiers: line.tiers,
      package_size: line.package_size,
      included: line.included,
      quantity: line.quantity,
      gross: line.gross,
      discount: line.gross - line.net,
      net: line.net,
      discount_rule: line.discount_rule,
      coupons: line.coupons,
      tax: line.tax,
      tax_included: line.tax_included,
      taxes: line.taxes,
      rule: 'charge',
      instalment: null,
      instalments: null,
      first: false,
      stub: false,
    })),
    taxes: taxes.rows,
    tax: proforma.tax,
    tax_included: proforma.tax_included,
    total: proforma.total,
    coverage: [],
    usage: [],
  })
  return { ...document, payment_method: proforma.payment_method }
}

/** Withdraws a proforma that is not answered yet. Refuses: not_found, document_state. */
export async function withdrawProforma(
  tx: Tx,
  id: string,
  now: Temporal.Instant,
): Promise<Refusal | undefined> {
  const proforma = await lockDocument(tx, id, now)
  if (!proforma) return notFound()
  if (proforma.kind !== 'proforma' || proforma.state !== 'offered') return inState(proforma)
  await sql`update invoices set state = 'withdrawn' where id = ${id} and state = 'offered'`.execute(tx)
  await sql`select write_audit('withdrawn', 'invoices', ${id}, ${proforma.account_id}, ${proforma.owner.unit.id}, null,
                               ${JSON.stringify({ number: `${proforma.series}-${proforma.number}` })}::jsonb)`.execute(
    tx,
  )
  return undefined
}

/** Lets proformas expire whose last day has passed in their business unit's calendar. Returns how many. */
export async function expireProformas(tx: Tx, now: Temporal.Instant): Promise<number> {
  const expired = await sql<{ id: string }>`
    update invoices i set state = 'expired'
      from business_units u
     where u.id = i.business_unit_id and i.state = 'offered'
       and i.due_date < (${now}::timestamptz at time zone u.time_zone)::date
    returning i.id`.execute(tx)
  return expired.rows.length
}

/** The background work on proformas. */
export const proformaJobs: JobHandlers = {
  'billing:expire_proformas': async (_payload, { transact, now }) => {
    await transact((tx) => expireProformas(tx, now()))
  },
}

/** Every hour (UTC): their last day ends with the calendar of their business unit. */
export const proformaSchedule: Schedule = { 'billing:expire_proformas': '7 * * * *' }
