import { randomUUIDv7 } from 'node:crypto'
import { sql } from 'kysely'
import { arrayLiteral } from '../../platform/array-literals.ts'
import type { DocumentKind, LedgerAccount, LineRole, PaymentMethod } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { announce } from '../../platform/events.ts'
import type { CoverageCut, PlannedCreditLine, PlannedCreditNote } from './credits.ts'
import type { PlannedLine } from './engine.ts'
import {
  applyAccountCredit,
  findCredit,
  type Posting,
  type PostingEntry,
  post,
  settleInvoices,
} from './ledger.ts'
import type { BillingUnit, PlannedDocument } from './planning.ts'
import type { ComputedTax } from './taxes.ts'

/** A document and whose it is. A debit note is about another document; an invoice may come from a proforma. */
export type DueDocument = {
  account_id: string
  document: PlannedDocument
  kind?: 'invoice' | 'debit_note'
  about_invoice_id?: string | null
  proforma_id?: string | null
  reason?: string | null
  /** Of a debit note: the line that each of its lines adds to, in their order. */
  corrects?: readonly (string | null)[]
}

/** The income account of a line: what is owed for being late, and for leaving early, is no revenue of a service. */
function incomeOf(role: LineRole): LedgerAccount {
  if (role === 'late_fee') return 'late_fees'
  if (role === 'interest') return 'interest'
  return role === 'penalty' ? 'penalties' : 'revenue'
}

/** The income side of a document's posting, one entry per account; the part that is tax is owed to the state. */
export function incomeEntries(
  lines: readonly { role: LineRole; net: number; tax: number; tax_included: number }[],
  sign: 1 | -1,
  invoiceId: string,
): PostingEntry[] {
  const amounts = new Map<LedgerAccount, number>()
  for (const line of lines) {
    const account = incomeOf(line.role)
    amounts.set(account, (amounts.get(account) ?? 0) + line.net - line.tax_included)
    const tax = line.tax + line.tax_included
    if (tax !== 0) amounts.set('tax_payable', (amounts.get('tax_payable') ?? 0) + tax)
  }
  return [...amounts].map(([ledger_account, amount]) => ({
    ledger_account,
    amount: amount === 0 ? 0 : sign * amount,
    invoice_id: invoiceId,
  }))
}

/** The coupons of a line as they are stored. */
function storeCoupons(coupons: PlannedLine['coupons']) {
  if (coupons.length === 0) return null
  return JSON.stringify(
    coupons.map(({ name, discount, term_months }) => ({
      name,
      ...(term_months ? { term_months } : {}),
      kind: discount.kind,
      amount: discount.kind === 'amount' ? discount.amount : null,
      basis_points: discount.kind === 'percent' ? discount.basis_points : null,
    })),
  )
}

type Cell = string | number | boolean | Temporal.PlainDate | null

type LineToStore = {
  id: string
  account_id: string
  invoice_id: string
  position: number
  corrects_line_id: string | null
  line: Omit<PlannedCreditLine, 'corrects_line_id' | 'invoice_id'> & {
    charge_id?: string | null
    instalment?: number | null
    instalments?: number | null
    rule: string
  }
}

/** Writes lines of documents in one statement. */
export function insertLines(tx: Tx, rows: readonly LineToStore[]): Promise<unknown> {
  const of = (pick: (line: LineToStore['line']) => Cell) => arrayLiteral(rows.map(({ line }) => pick(line)))
  return sql`
    insert into invoice_lines (id, invoice_id, account_id, position, subscription_id, component_id, plan_id, charge_id,
                               corrects_line_id, role, description, period, days, of_days, whole_period, price_model,
                               unit_amount, tiers, package_size, included, quantity, gross, discount, discount_kind,
                               discount_basis_points, discount_amount, coupons, net, tax, tax_included, taxes, rule,
                               instalment, instalments)
    select l.id, l.invoice_id, l.account_id, l.position, l.subscription_id, l.component_id, l.plan_id, l.charge_id,
           l.corrects_line_id, l.role, l.description, daterange(l.first, l.until), l.days, l.of_days,
           daterange(l.whole_first, l.whole_until), l.price_model, l.unit_amount, l.tiers::jsonb, l.package_size, l.included,
           l.quantity, l.gross, l.gross - l.net, l.discount_kind, l.basis_points, l.discount_amount, l.coupons::jsonb, l.net,
           l.tax, l.tax_included, l.taxes::jsonb, l.rule, l.instalment, l.instalments
      from unnest(${arrayLiteral(rows.map((row) => row.id))}::uuid[], ${arrayLiteral(rows.map((row) => row.invoice_id))}::uuid[],
                  ${arrayLiteral(rows.map((row) => row.account_id))}::uuid[], ${arrayLiteral(rows.map((row) => row.position))}::int[],
                  ${of((line) => line.subscription_id)}::uuid[], ${of((line) => line.component_id)}::uuid[],
                  ${of((line) => line.plan_id)}::uuid[], ${of((line) => line.charge_id ?? null)}::uuid[],
                  ${arrayLiteral(rows.map((row) => row.corrects_line_id))}::uuid[], ${of((line) => line.role)}::line_role[],
                  ${of((line) => line.description)}::text[], ${of((line) => line.from)}::date[],
                  ${of((line) => line.to)}::date[], ${of((line) => line.days)}::int[], ${of((line) => line.of)}::int[],
                  ${of((line) => line.period.from)}::date[], ${of((line) => line.period.to)}::date[],
                  ${of((line) => line.price_model)}::price_model[], ${of((line) => line.unit_amount)}::bigint[],
                  ${of((line) => (line.tiers ? JSON.stringify(line.tiers) : null))}::text[],
                  ${of((line) => line.package_size)}::int[], ${of((line) => line.included)}::bigint[],
                  ${of((line) => line.quantity)}::bigint[], ${of((line) => line.gross)}::bigint[],
                  ${of((line) => line.discount_rule?.kind ?? null)}::discount_kind[],
                  ${of(({ discount_rule: rule }) => (rule?.kind === 'percent' ? rule.basis_points : null))}::int[],
                  ${of(({ discount_rule: rule }) => (rule?.kind === 'amount' ? rule.amount : null))}::bigint[],
                  ${of((line) => storeCoupons(line.coupons))}::text[], ${of((line) => line.net)}::bigint[],
                  ${of((line) => line.tax)}::bigint[], ${of((line) => line.tax_included)}::bigint[],
                  ${of((line) => (line.taxes.length > 0 ? JSON.stringify(line.taxes) : null))}::text[],
                  ${of((line) => line.rule)}::text[], ${of((line) => line.instalment ?? null)}::int[],
                  ${of((line) => line.instalments ?? null)}::int[])
           l (id, invoice_id, account_id, position, subscription_id, component_id, plan_id, charge_id, corrects_line_id, role,
              description, first, until, days, of_days, whole_first, whole_until, price_model, unit_amount, tiers,
              package_size, included, quantity, gross, discount_kind, basis_points, discount_amount, coupons, net, tax,
              tax_included, taxes, rule, instalment, instalments)`.execute(tx)
}

/** Writes the taxes of documents in one statement. */
export function insertTaxes(
  tx: Tx,
  rows: readonly { invoice_id: string; account_id: string; tax: ComputedTax }[],
): Promise<unknown> {
  return sql`
    insert into invoice_taxes (invoice_id, account_id, tax_id, name, rate, inclusive, base, amount)
    select * from unnest(${arrayLiteral(rows.map((row) => row.invoice_id))}::uuid[], ${arrayLiteral(rows.map((row) => row.account_id))}::uuid[],
      ${arrayLiteral(rows.map((row) => row.tax.tax_id))}::uuid[], ${arrayLiteral(rows.map((row) => row.tax.name))}::text[],
      ${arrayLiteral(rows.map((row) => row.tax.rate))}::int[], ${arrayLiteral(rows.map((row) => row.tax.inclusive))}::boolean[],
      ${arrayLiteral(rows.map((row) => row.tax.base))}::bigint[], ${arrayLiteral(rows.map((row) => row.tax.amount))}::bigint[])`.execute(
    tx,
  )
}

/** A document as it is inserted: what its kind, number and state are decided from. */
type DocumentRow = {
  id: string
  account_id: string
  subscription_id: string | null
  issue_date: Temporal.PlainDate
  due_date: Temporal.PlainDate
  payment_method: PaymentMethod
  currency: string
  gross: number
  net: number
  tax: number
  tax_included: number
  total: number
  about_invoice_id: string | null
  proforma_id: string | null
  reason: string | null
}

const seriesColumns = {
  invoice: 'invoice_series',
  credit_note: 'credit_note_series',
  debit_note: 'debit_note_series',
  proforma: 'proforma_series',
} as const

/**
 * Writes the heads of documents of one kind, with gapless numbers of the kind's series that are taken by this statement
 * (billing.md 15), and with the customer and the issuer as they are now.
 */
export function insertDocuments(
  tx: Tx,
  unitId: string,
  kind: DocumentKind,
  rows: readonly DocumentRow[],
  context: { closing_id: string | null; now: Temporal.Instant },
): Promise<unknown> {
  const series = sql.ref(`u.${seriesColumns[kind]}`)
  // What costs nothing is paid on issue; a credit note is no debt, and a proforma an offer.
  const state =
    kind === 'credit_note'
      ? sql`'issued'::invoice_state`
      : kind === 'proforma'
        ? sql`'offered'::invoice_state`
        : sql`case when d.total = 0 then 'paid' else 'open' end::invoice_state`
  const paid = kind === 'invoice' || kind === 'debit_note'
  return sql`
    with numbers as materialized (
      select take_numbers(u.id, ${kind}::text || ':' || ${series}, ${rows.length}::int) as first
        from business_units u where u.id = ${unitId}),
    issuer as materialized (
      select jsonb_build_object('name', u.name, 'legal_name', u.legal_name, 'tax_id', u.tax_id, 'address', u.address,
               'city', u.city, 'state', u.state, 'country', u.country, 'postal_code', u.postal_code,
               'website', u.website, 'email', u.support_email, 'phone', u.support_phone) as facts
        from business_units u where u.id = ${unitId})
    insert into invoices (id, business_unit_id, account_id, closing_id, kind, subscription_id, about_invoice_id, proforma_id,
                          reason, series, number, state, issue_date, due_date, currency, language, payment_method, gross,
                          discount, tax, tax_included, total, customer, issuer, paid_at)
    select d.id, u.id, a.id, ${context.closing_id}::uuid, ${kind}::document_kind, d.subscription_id, d.about_invoice_id,
           d.proforma_id, d.reason, ${series}, numbers.first + d.position - 1, ${state}, d.issue_date, d.due_date,
           d.currency, a.language, d.payment_method, d.gross, d.gross - d.net, d.tax, d.tax_included, d.total,
           jsonb_build_object('number', a.number, 'name', a.name, 'tax_id', a.tax_id, 'email', a.email,
             'phone', a.phone, 'address', a.address, 'city', a.city, 'state', a.state, 'country', a.country,
             'postal_code', a.postal_code),
           issuer.facts,
           case when ${paid}::boolean and d.total = 0 then ${context.now}::timestamptz end
      from unnest(${arrayLiteral(rows.map((row) => row.id))}::uuid[], ${arrayLiteral(rows.map((row) => row.account_id))}::uuid[],
                  ${arrayLiteral(rows.map((row) => row.subscription_id))}::uuid[], ${arrayLiteral(rows.map((row) => row.about_invoice_id))}::uuid[],
                  ${arrayLiteral(rows.map((row) => row.proforma_id))}::uuid[], ${arrayLiteral(rows.map((row) => row.reason))}::text[],
                  ${arrayLiteral(rows.map((row) => row.issue_date))}::date[], ${arrayLiteral(rows.map((row) => row.due_date))}::date[],
                  ${arrayLiteral(rows.map((row) => row.payment_method))}::payment_method[], ${arrayLiteral(rows.map((row) => row.currency))}::text[],
                  ${arrayLiteral(rows.map((row) => row.gross))}::bigint[], ${arrayLiteral(rows.map((row) => row.net))}::bigint[],
                  ${arrayLiteral(rows.map((row) => row.tax))}::bigint[], ${arrayLiteral(rows.map((row) => row.tax_included))}::bigint[],
                  ${arrayLiteral(rows.map((row) => row.total))}::bigint[])
           with ordinality d (id, account_id, subscription_id, about_invoice_id, proforma_id, reason, issue_date, due_date,
                              payment_method, currency, gross, net, tax, tax_included, total, position)
      join accounts a on a.id = d.account_id
      join business_units u on u.id = a.business_unit_id
     cross join numbers
     cross join issuer
     order by d.position`.execute(tx)
}

/** So many new ids: by time, like those that the database makes. */
export function makeIds(count: number): string[] {
  return Array.from({ length: count }, () => randomUUIDv7())
}

const sumOf = (lines: readonly { gross: number; net: number }[], of: 'gross' | 'net') =>
  lines.reduce((sum, line) => sum + line[of], 0)

/**
 * Issues documents of one business unit: invoices (or debit notes) with gapless numbers, their lines and taxes, the days that
 * they cover, their postings, and the use of the accounts' credit; whoever listens to `invoices.issued` is told. The
 * accounts must be locked and the documents planned under that lock. A handful of statements that travel together, however
 * many documents; with `keep_credit` the accounts' credit is left alone, for they are paid otherwise. The heads come last, because the numbers are taken with them: whoever else needs one of the series
 * waits from there until the transaction ends, and no longer.
 */
export async function issueDocuments(
  tx: Tx,
  unit: Pick<BillingUnit, 'id'>,
  due: readonly DueDocument[],
  context: { closing_id: string | null; now: Temporal.Instant; keep_credit?: boolean },
): Promise<{ invoice_ids: string[]; total: number }> {
  const issued = due
    .filter(({ document }) => document.lines.length > 0)
    .sort((left, right) => Temporal.PlainDate.compare(left.document.issue_date, right.document.issue_date))
  const lineCount = issued.reduce((sum, { document }) => sum + document.lines.length, 0)
  const ids = makeIds(issued.length + lineCount)
  const invoiceIds = ids.slice(0, issued.length)
  const lineIds = ids.slice(issued.length)

  let next = 0
  const lineIdsOf = new Map<PlannedDocument, string[]>()
  const lines: LineToStore[] = issued.flatMap(({ account_id, document, corrects }, index) => {
    const own = lineIds.slice(next, next + document.lines.length)
    next += document.lines.length
    lineIdsOf.set(document, own)
    return document.lines.map((line, position) => ({
      id: own[position]!,
      account_id,
      invoice_id: invoiceIds[index]!,
      position: position + 1,
      corrects_line_id: corrects?.[position] ?? null,
      line,
    }))
  })
  const coverage = due.flatMap(({ account_id, document }) =>
    document.coverage.map((covered) => ({
      ...covered,
      account_id,
      line_id: covered.line_index === null ? null : lineIdsOf.get(document)![covered.line_index]!,
    })),
  )
  const heads = issued.map(({ account_id, document, ...rest }, index) => ({
    kind: rest.kind ?? 'invoice',
    row: {
      id: invoiceIds[index]!,
      account_id,
      subscription_id: document.subscription_id,
      issue_date: document.issue_date,
      due_date: document.due_date,
      payment_method: document.payment_method,
      currency: document.currency,
      gross: sumOf(document.lines, 'gross'),
      net: sumOf(document.lines, 'net'),
      tax: document.tax,
      tax_included: document.tax_included,
      total: document.total,
      about_invoice_id: rest.about_invoice_id ?? null,
      proforma_id: rest.proforma_id ?? null,
      reason: rest.reason ?? null,
    },
  }))
  const taxes = issued.flatMap(({ account_id, document }, index) =>
    document.taxes.map((tax) => ({ invoice_id: invoiceIds[index]!, account_id, tax })),
  )
  const charged = lines.flatMap(({ line }) => (line.charge_id ? [line.charge_id] : []))
  const used = due.flatMap(({ document }) =>
    document.usage.flatMap(({ ids: records, line_index }) => {
      const line_id = line_index === null ? null : lineIdsOf.get(document)![line_index]!
      return records.map((id) => ({ id, line_id }))
    }),
  )

  const insertHeads = (): Promise<unknown>[] =>
    (['invoice', 'debit_note'] as const).flatMap((kind) => {
      const rows = heads.filter((head) => head.kind === kind).map((head) => head.row)
      return rows.length > 0 ? [insertDocuments(tx, unit.id, kind, rows, context)] : []
    })
  // What lines say of being late is noted against their document, which has to be there; nothing else needs it before.
  const headsFirst =
    heads.some((head) => head.kind !== 'invoice') ||
    lines.some(({ line }) => line.role === 'late_fee' || line.role === 'interest')

  const statements: Promise<unknown>[] = headsFirst ? insertHeads() : []
  if (lines.length > 0) statements.push(insertLines(tx, lines))
  if (taxes.length > 0) statements.push(insertTaxes(tx, taxes))
  if (coverage.length > 0) {
    statements.push(
      sql`
        insert into billed_coverage (component_id, account_id, period, invoice_line_id, closing_id)
        select c.component_id, c.account_id, daterange(c.first, c.until), c.line_id, ${context.closing_id}::uuid
          from unnest(${arrayLiteral(coverage.map((item) => item.component_id))}::uuid[],
                      ${arrayLiteral(coverage.map((item) => item.account_id))}::uuid[],
                      ${arrayLiteral(coverage.map((item) => item.from))}::date[], ${arrayLiteral(coverage.map((item) => item.to))}::date[],
                      ${arrayLiteral(coverage.map((item) => item.line_id))}::uuid[])
               c (component_id, account_id, first, until, line_id)`.execute(tx),
    )
  }
  if (charged.length > 0)
    statements.push(
      sql`update charges set billed_at = ${context.now}::timestamptz where id = any(${charged}::uuid[])`.execute(
        tx,
      ),
    )
  if (used.length > 0)
    statements.push(
      sql`update usage_records r set billed_at = ${context.now}::timestamptz, invoice_line_id = u.line_id
            from unnest(${used.map((row) => row.id)}::uuid[], ${used.map((row) => row.line_id)}::uuid[]) u (id, line_id)
           where r.id = u.id`.execute(tx),
    )
  statements.push(
    post(
      tx,
      issued.map(({ account_id, document, kind }, index) => ({
        kind: kind ?? 'invoice',
        business_unit_id: unit.id,
        account_id,
        currency: document.currency,
        on_date: document.issue_date,
        entries: [
          { ledger_account: 'receivable', amount: document.total, invoice_id: invoiceIds[index]! },
          ...incomeEntries(document.lines, -1, invoiceIds[index]!),
        ],
      })),
    ),
  )
  if (invoiceIds.length === 0) {
    await Promise.all(statements)
    return { invoice_ids: [], total: 0 }
  }
  const accountIds = [...new Set(issued.map((item) => item.account_id))]
  const withCredit = context.keep_credit ? Promise.resolve([]) : findCredit(tx, accountIds)
  statements.push(
    withCredit,
    announce(tx, 'invoices.issued', { closing_id: context.closing_id, invoice_ids: invoiceIds }),
  )
  if (!headsFirst) statements.push(...insertHeads())
  await Promise.all(statements)
  const credited = await withCredit
  if (credited.length > 0) await applyAccountCredit(tx, credited, context.now)
  return { invoice_ids: invoiceIds, total: issued.reduce((sum, { document }) => sum + document.total, 0) }
}

/**
 * Issues credit notes of one business unit: numbers, lines that say which line they correct, the coverage that they give back
 * in the same transaction (billing.md 12), and their postings. What is credited reduces the debt of the document that it
 * corrects first; only what is not owed there any more becomes account credit (billing.md 20), which then pays other
 * documents, unless `keep_credit` says otherwise. The accounts must be locked. One without lines only gives days back, and is no
 * document.
 */
export async function issueCreditNotes(
  tx: Tx,
  unit: Pick<BillingUnit, 'id'>,
  credits: readonly { account_id: string; credit: PlannedCreditNote }[],
  context: { now: Temporal.Instant; keep_credit?: boolean },
): Promise<{ credit_note_ids: string[]; total: number }> {
  await cutCoverage(
    tx,
    credits.flatMap(({ credit }) => credit.cuts),
  )
  const issued = credits.filter(({ credit }) => credit.lines.length > 0)
  if (issued.length === 0) return { credit_note_ids: [], total: 0 }
  const lineCount = issued.reduce((sum, { credit }) => sum + credit.lines.length, 0)
  const ids = makeIds(issued.length + lineCount)
  const noteIds = ids.slice(0, issued.length)
  let next = issued.length
  const lines: LineToStore[] = issued.flatMap(({ account_id, credit }, index) =>
    credit.lines.map(({ corrects_line_id, invoice_id: _, ...line }, position) => ({
      id: ids[next++]!,
      account_id,
      invoice_id: noteIds[index]!,
      position: position + 1,
      corrects_line_id,
      line: { ...line, rule: 'credit' },
    })),
  )
  const corrected = [...new Set(issued.flatMap(({ credit }) => credit.lines.map((line) => line.invoice_id)))]
  const originals = await sql<{ id: string; open_amount: number; payment_method: PaymentMethod }>`
    select i.id, b.open_amount, i.payment_method from invoices i join invoice_balances b on b.invoice_id = i.id
     where i.id = any(${corrected}::uuid[])`.execute(tx)
  const open = new Map(originals.rows.map((row) => [row.id, Math.max(0, row.open_amount)]))
  const methodOf = new Map(originals.rows.map((row) => [row.id, row.payment_method]))
  const postings = issued.map(({ account_id, credit }, index): Posting => {
    const entries: PostingEntry[] = incomeEntries(credit.lines, 1, noteIds[index]!)
    let surplus = 0
    for (const [invoiceId, own] of Map.groupBy(credit.lines, (line) => line.invoice_id)) {
      const amount = own.reduce((sum, line) => sum + line.net + line.tax, 0)
      const reduces = Math.min(amount, open.get(invoiceId) ?? 0)
      open.set(invoiceId, (open.get(invoiceId) ?? 0) - reduces)
      entries.push({ ledger_account: 'receivable', amount: -reduces, invoice_id: invoiceId })
      surplus += amount - reduces
    }
    entries.push({
      ledger_account: 'account_credit',
      amount: surplus === 0 ? 0 : -surplus,
      invoice_id: noteIds[index]!,
    })
    return {
      kind: 'credit_note',
      business_unit_id: unit.id,
      account_id,
      currency: credit.currency,
      on_date: credit.issue_date,
      entries,
    }
  })
  const heads = issued.map(({ account_id, credit }, index): DocumentRow => {
    const about = [...new Set(credit.lines.map((line) => line.invoice_id))]
    const services = new Set(credit.lines.map((line) => line.subscription_id))
    return {
      id: noteIds[index]!,
      account_id,
      subscription_id: services.size === 1 ? [...services][0]! : null,
      issue_date: credit.issue_date,
      due_date: credit.issue_date,
      payment_method: methodOf.get(about[0]!) ?? 'bank_transfer',
      currency: credit.currency,
      gross: sumOf(credit.lines, 'gross'),
      net: sumOf(credit.lines, 'net'),
      tax: credit.tax,
      tax_included: credit.tax_included,
      total: credit.total,
      about_invoice_id: about.length === 1 ? about[0]! : null,
      proforma_id: null,
      reason: credit.reason,
    }
  })
  const taxes = issued.flatMap(({ account_id, credit }, index) =>
    credit.taxes.map((tax) => ({ invoice_id: noteIds[index]!, account_id, tax })),
  )
  await Promise.all([
    insertDocuments(tx, unit.id, 'credit_note', heads, { closing_id: null, now: context.now }),
    insertLines(tx, lines),
    taxes.length > 0 ? insertTaxes(tx, taxes) : null,
    post(tx, postings),
  ])
  await settleInvoices(tx, corrected, context.now)
  if (!context.keep_credit)
    await applyAccountCredit(tx, [...new Set(issued.map((item) => item.account_id))], context.now)
  await announce(tx, 'credit_notes.issued', { credit_note_ids: noteIds })
  return { credit_note_ids: noteIds, total: issued.reduce((sum, { credit }) => sum + credit.total, 0) }
}

/** Shortens coverage to the days that stay billed: a row that keeps none goes, one that keeps several is split. */
async function cutCoverage(tx: Tx, cuts: readonly CoverageCut[]): Promise<void> {
  const gone = cuts.filter(({ keep }) => keep.length === 0).map(({ id }) => id)
  const kept = cuts.filter(({ keep }) => keep.length > 0)
  const more = kept.flatMap(({ id, keep }) => keep.slice(1).map((range) => ({ id, ...range })))
  if (gone.length > 0) await sql`delete from billed_coverage where id = any(${gone}::uuid[])`.execute(tx)
  if (kept.length > 0)
    await sql`
      update billed_coverage b set period = daterange(k.first, k.until)
        from unnest(${kept.map(({ id }) => id)}::uuid[], ${kept.map(({ keep }) => keep[0]!.from)}::date[],
                    ${kept.map(({ keep }) => keep[0]!.to)}::date[]) k (id, first, until)
       where b.id = k.id`.execute(tx)
  if (more.length > 0)
    await sql`
      insert into billed_coverage (component_id, account_id, period, invoice_line_id, closing_id)
      select b.component_id, b.account_id, daterange(k.first, k.until), b.invoice_line_id, b.closing_id
        from unnest(${more.map(({ id }) => id)}::uuid[], ${more.map(({ from }) => from)}::date[],
                    ${more.map(({ to }) => to)}::date[]) k (id, first, until)
        join billed_coverage b on b.id = k.id`.execute(tx)
}
