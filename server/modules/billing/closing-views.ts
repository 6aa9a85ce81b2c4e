import { sql } from 'kysely'
import { today } from '../../platform/calendar.ts'
import type { ClosingAccountState, RunState } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, notFound, type Refusal } from '../../platform/errors.ts'
import { type ListRequest, readPage } from '../../platform/pages.ts'
import { type Language, translator } from '../../platform/translations.ts'
import { matchAccounts } from '../../platform/word-filter.ts'
import { boundaryAfter, boundaryOnOrAfter } from '../subscriptions/index.ts'
import { checkUpTo } from './closings.ts'
import type { PlannedLine } from './engine.ts'
import { describeLine, getInvoice, type LineFacts } from './invoices.ts'
import { type PlannedDocument, planAccounts, readBillingUnits } from './planning.ts'

const columns = [
  'closings.id',
  'closings.business_unit_id',
  'closings.up_to',
  'closings.state',
  'closings.accounts_total',
  'closings.planned_invoices',
  'closings.planned_total',
  'closings.currency',
  'closings.created_by',
  'closings.error',
  'closings.created_at',
  'closings.prepared_at',
  'closings.started_at',
  'closings.finished_at',
] as const

/** A closing that is under way is counted from its accounts; what is done was written down. */
function selectClosings(tx: Tx) {
  return tx
    .selectFrom('closings')
    .innerJoin('business_units', 'business_units.id', 'closings.business_unit_id')
    .leftJoin('users', 'users.id', 'closings.created_by')
    .leftJoinLateral(
      sql<{
        done: number
        invoices: number
        total: number
        parked: number
        changed: number
      }>`(
        select (closings.accounts_total - count(*) filter (
                 where a.state = 'planned' and (closings.prepared_at is not null or a.fingerprint is null)))::int as done,
               coalesce(sum(a.invoices) filter (where a.state = 'invoiced'), 0)::bigint as invoices,
               coalesce(sum(a.total) filter (where a.state = 'invoiced'), 0)::bigint as total,
               count(*) filter (where a.state = 'parked') as parked,
               count(*) filter (where a.state = 'changed') as changed
          from closing_accounts a
         where a.closing_id = closings.id and closings.state in ('preparing', 'running', 'failed'))`.as(
        'live',
      ),
      (join) => join.onTrue(),
    )
    .select(columns)
    .select([
      'business_units.name as business_unit_name',
      'users.name as created_by_name',
      sql<number>`case when closings.state in ('preparing', 'running', 'failed') then live.done else closings.accounts_done end`.as(
        'accounts_done',
      ),
      sql<number>`case when closings.state in ('running', 'failed') then live.invoices else closings.issued_invoices end`.as(
        'issued_invoices',
      ),
      sql<number>`case when closings.state in ('running', 'failed') then live.total else closings.issued_total end`.as(
        'issued_total',
      ),
      sql<number>`case when closings.state in ('preparing', 'running', 'failed') then live.parked else closings.parked_accounts end`.as(
        'parked_accounts',
      ),
      sql<number>`case when closings.state in ('running', 'failed') then live.changed else closings.changed_accounts end`.as(
        'changed_accounts',
      ),
    ])
}

/** A page of closings, with how far each has come and what it came to. */
export function listClosings(
  tx: Tx,
  request: ListRequest & {
    business_unit_id?: string | undefined
    state?: RunState | undefined
  },
) {
  let query = selectClosings(tx)
  if (request.business_unit_id)
    query = query.where('closings.business_unit_id', '=', request.business_unit_id)
  if (request.state) query = query.where('closings.state', '=', request.state)
  return readPage(
    query,
    request,
    {
      created_at: { by: sql`closings.id`, value: (row) => row.id, type: 'uuid' },
      up_to: { by: sql`closings.up_to`, value: (row) => row.up_to, type: 'date' },
    },
    { by: sql`closings.id`, value: (row) => row.id, type: 'uuid' },
  )
}

/** How an account differs from the closing before. Amounts are minor units. */
export type ClosingDifference = {
  account_id: string
  account_name: string
  account_number: number
  kind: 'new' | 'gone' | 'changed'
  previous_total: number
  total: number
  difference: number
}

const shownDifferences = 20

/**
 * One closing: progress, totals, what could not be billed, and how it differs from the last one that was done
 * (`differences` is null while it is being prepared or run). Refuses: not_found.
 */
export async function getClosing(tx: Tx, id: string, language: Language) {
  const closing = await selectClosings(tx).where('closings.id', '=', id).executeTakeFirst()
  if (!closing) return notFound()
  const settled = closing.prepared_at !== null && closing.state !== 'running'
  const previous = await sql<{
    id: string
    up_to: Temporal.PlainDate
    invoices: number
    total: number
    finished_at: Temporal.Instant
  }>`
    select id, up_to, issued_invoices as invoices, issued_total as total, finished_at from closings
     where business_unit_id = ${closing.business_unit_id} and state = 'done' and issued_invoices > 0 and id <> ${id}
       and (up_to, id) < (${closing.up_to}::date, ${id}::uuid)
     order by up_to desc, id desc limit 1`.execute(tx)
  const before = previous.rows[0] ?? null
  const [differences, parked] = await Promise.all([
    before && settled ? compareClosings(tx, id, before.id) : null,
    settled ? listParked(tx, id, language) : [],
  ])
  return { ...closing, previous: before, differences, warnings: parked }
}

async function compareClosings(tx: Tx, id: string, previousId: string) {
  const found = await sql<ClosingDifference & { kind_count: number }>`
    with compared as (
      select account_id, coalesce(p.total, 0) as previous_total, coalesce(c.total, 0) as total,
             case when p.account_id is null then 'new' when c.account_id is null then 'gone' else 'changed' end as kind
        from (select account_id, total from closing_accounts
               where closing_id = ${previousId} and state = 'invoiced' and invoices > 0) p
        full join (select account_id, total, state from closing_accounts where closing_id = ${id}
                    and (invoices > 0 or state in ('parked', 'changed'))) c using (account_id)
       where c.state is null or c.state in ('planned', 'invoiced')),
    counted as (
      select *, total - previous_total as difference, count(*) over (partition by kind) as kind_count
        from compared where kind <> 'changed' or total <> previous_total)
    select counted.*, a.name as account_name, a.number as account_number
      from counted join accounts a on a.id = counted.account_id
     order by abs(difference) desc, account_id
     limit ${shownDifferences}`.execute(tx)
  const counts = await sql<{ new: number; gone: number; changed: number }>`
    select count(*) filter (where p.account_id is null) as new, count(*) filter (where c.account_id is null) as gone,
           count(*) filter (where p.total <> c.total) as changed
      from (select account_id, total from closing_accounts
             where closing_id = ${previousId} and state = 'invoiced' and invoices > 0) p
      full join (select account_id, total, state from closing_accounts where closing_id = ${id}
                  and (invoices > 0 or state in ('parked', 'changed'))) c using (account_id)
     where c.state is null or c.state in ('planned', 'invoiced')`.execute(tx)
  const items = found.rows.map(({ kind_count: _, ...difference }) => difference)
  return { ...counts.rows[0]!, items }
}

async function listParked(tx: Tx, id: string, language: Language) {
  const parked = await selectClosingAccounts(tx, id)
    .where('closing_accounts.state', '=', 'parked')
    .orderBy('closing_accounts.account_id')
    .limit(shownDifferences)
    .execute()
  return parked.map((row) => withReason(row, language))
}

function selectClosingAccounts(tx: Tx, closingId: string) {
  return tx
    .selectFrom('closing_accounts')
    .innerJoin('accounts', 'accounts.id', 'closing_accounts.account_id')
    .innerJoin('closings', 'closings.id', 'closing_accounts.closing_id')
    .select([
      'closing_accounts.account_id',
      'accounts.name as account_name',
      'accounts.number as account_number',
      'closing_accounts.state',
      'closing_accounts.invoices',
      'closing_accounts.total',
      'closings.currency',
      'closing_accounts.reason',
      'closing_accounts.detail',
    ])
    .where('closing_accounts.closing_id', '=', closingId)
}

/** Says in words why an account was left out. */
function withReason<R extends { reason: string | null; state: ClosingAccountState }>(
  row: R,
  language: Language,
) {
  const code = row.state === 'changed' ? 'changed' : row.reason
  return { ...row, reason_text: code === null ? null : translator(language)(`errors:closing_reason.${code}`) }
}

/** A page of the accounts of a closing. Refuses: not_found. */
export async function listClosingAccounts(
  tx: Tx,
  closingId: string,
  request: ListRequest & { state?: ClosingAccountState | undefined; q?: string | undefined },
  language: Language,
) {
  const closing = await tx.selectFrom('closings').select('id').where('id', '=', closingId).executeTakeFirst()
  if (!closing) return notFound()
  let query = selectClosingAccounts(tx, closingId)
  if (request.state) query = query.where('closing_accounts.state', '=', request.state)
  if (request.q) query = query.where(await matchAccounts(tx, request.q, 'closing_accounts.account_id'))
  const page = await readPage(
    query,
    request,
    {
      account_name: { by: sql`accounts.name`, value: (row) => row.account_name, type: 'text' },
      total: { by: sql`closing_accounts.total`, value: (row) => row.total, type: 'bigint' },
    },
    { by: sql`closing_accounts.account_id`, value: (row) => row.account_id, type: 'uuid' },
  )
  return { ...page, items: page.items.map((row) => withReason(row, language)) }
}

/** A planned line as it would be stored. */
function factsOf(line: PlannedLine): LineFacts {
  return {
    subscription_id: line.subscription_id,
    role: line.role,
    description: line.description,
    period: { from: line.from, to: line.to },
    days: line.days,
    of_days: line.of,
    whole_period: line.period,
    unit_amount: line.unit_amount,
    quantity: line.quantity,
    price_model: line.price_model,
    tiers: line.tiers === null ? null : [...line.tiers],
    package_size: line.package_size,
    included: line.included,
    gross: line.gross,
    discount: line.discount,
    discount_kind: line.discount_rule?.kind ?? null,
    discount_basis_points: line.discount_rule?.kind === 'percent' ? line.discount_rule.basis_points : null,
    discount_amount: line.discount_rule?.kind === 'amount' ? line.discount_rule.amount : null,
    coupons: line.coupons.map(({ name, discount }) => ({
      name,
      kind: discount.kind,
      amount: discount.kind === 'amount' ? discount.amount : null,
      basis_points: discount.kind === 'percent' ? discount.basis_points : null,
    })),
    net: line.net,
    tax: line.tax,
    tax_included: line.tax_included,
    instalment: line.instalment,
    instalments: line.instalments,
    rule: line.rule,
  }
}

/** A planned invoice as a person reads it. */
function describeDocument(
  document: PlannedDocument,
  numbers: ReadonlyMap<string, number>,
  language: Language,
) {
  const lines = document.lines.map((line) => ({
    ...describeLine(factsOf(line), document.currency, language),
    subscription_number: line.subscription_id === null ? null : (numbers.get(line.subscription_id) ?? null),
  }))
  const gross = lines.reduce((sum, line) => sum + line.gross, 0)
  return {
    invoice_id: null as string | null,
    issue_date: document.issue_date,
    due_date: document.due_date,
    currency: document.currency,
    payment_method: document.payment_method,
    subscription_id: document.subscription_id,
    gross,
    discount: lines.reduce((sum, line) => sum + line.discount, 0),
    tax: document.tax,
    tax_included: document.tax_included,
    total: document.total,
    taxes: document.taxes,
    lines,
  }
}

async function describeDocuments(tx: Tx, documents: readonly PlannedDocument[], language: Language) {
  const ids = [
    ...new Set(documents.flatMap((document) => document.lines.flatMap((line) => line.subscription_id ?? []))),
  ]
  const found = ids.length
    ? await tx.selectFrom('subscriptions').select(['id', 'number']).where('id', 'in', ids).execute()
    : []
  const numbers = new Map(found.map((row) => [row.id, row.number]))
  return documents
    .filter((document) => document.lines.length > 0)
    .map((document) => describeDocument(document, numbers, language))
}

/**
 * One account of a closing: before the run what will be invoiced, after it what was. `differs` tells that the account
 * has changed since the preview, so that the run will leave it out (billing.md 18). Refuses: not_found.
 */
export async function getClosingAccount(
  tx: Tx,
  closingId: string,
  accountId: string,
  language: Language,
  now: Temporal.Instant,
) {
  const row = await selectClosingAccounts(tx, closingId)
    .select(['closing_accounts.fingerprint', 'closings.business_unit_id', 'closings.up_to'])
    .where('closing_accounts.account_id', '=', accountId)
    .executeTakeFirst()
  if (!row) return notFound()
  const { fingerprint, business_unit_id, up_to, ...account } = row
  const described = withReason(account, language)
  if (account.state === 'invoiced') {
    const issued = await tx
      .selectFrom('invoices')
      .select('id')
      .where('closing_id', '=', closingId)
      .where('account_id', '=', accountId)
      .orderBy('issue_date')
      .orderBy('number')
      .execute()
    const invoices = await Promise.all(issued.map(({ id }) => getInvoice(tx, id, language, now)))
    return {
      ...described,
      invoice_count: account.invoices,
      differs: false,
      invoices: invoices.flatMap((invoice) =>
        isRefusal(invoice) ? [] : [{ ...invoice, invoice_id: invoice.id }],
      ),
    }
  }
  const unit = (await readBillingUnits(tx, [business_unit_id])).get(business_unit_id)!
  const plan = (await planAccounts(tx, unit, [accountId], up_to)).get(accountId)
  const documents = plan && 'documents' in plan ? plan.documents : []
  const same =
    plan !== undefined && 'documents' in plan && fingerprint !== null && plan.fingerprint.equals(fingerprint)
  return {
    ...described,
    invoice_count: account.invoices,
    differs: account.state === 'planned' && fingerprint !== null && !same,
    invoices: await describeDocuments(tx, documents, language),
  }
}

/**
 * What an account would be billed up to a date, by default up to its next closing date, from the same code that bills
 * it (X5). Refuses: not_found, invalid_input (too far ahead).
 */
export async function previewAccount(
  tx: Tx,
  accountId: string,
  up_to: Temporal.PlainDate | undefined,
  language: Language,
  now: Temporal.Instant,
) {
  const account = await tx
    .selectFrom('accounts')
    .select('business_unit_id')
    .where('id', '=', accountId)
    .executeTakeFirst()
  if (!account) return notFound()
  const unit = (await readBillingUnits(tx, [account.business_unit_id])).get(account.business_unit_id)!
  const date = up_to ?? boundaryOnOrAfter(today(now, unit.time_zone), unit.closing_day)
  const fault: Refusal | null = checkUpTo(unit, date, now)
  if (fault) return fault
  const plan = (await planAccounts(tx, unit, [accountId], date)).get(accountId)
  const reason = plan && 'parked' in plan ? plan.parked : null
  const invoices = plan && 'documents' in plan ? await describeDocuments(tx, plan.documents, language) : []
  return {
    up_to: date,
    next_closing: boundaryAfter(date, unit.closing_day),
    currency: unit.currency,
    reason,
    reason_text: reason === null ? null : translator(language)(`errors:closing_reason.${reason}`),
    total: invoices.reduce((sum, invoice) => sum + invoice.total, 0),
    invoices,
  }
}
