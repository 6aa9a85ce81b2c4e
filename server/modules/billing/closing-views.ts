import { sql } from 'kysely'
import { today } from '../../platform/calendar.ts'
import type { ClosingAccountState, RunState } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, notFound, type Refusal } from '../../platform/errors.ts'
import { type ListRequest, readPage } from '../../platform/pages.ts'
import { type Language, translator } from '../../platform/translations.ts'
import { matchAccounts } from '../../platform/word-filter.ts'
import { boundaryAfter, boundaryOnOrAfter } from '../subscriptions/index.ts'
import { type ClosingComparison, readComparison } from './closing-comparison.ts'
import { checkUpTo } from './closings.ts'
import type { PlannedLine } from './engine.ts'
import { describeLine, getInvoice, type LineFacts } from './invoices.ts'
import { type PlannedDocument, planAccounts, readBillingUnits } from './planning.ts'

const columns = [
  'closings.id',
  'closings.business_unit_id',
  'closings.up_to',
  'closings.state',
  'closings.origin',
  'closings.retry_of_id',
  'closings.behind_since',
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

/** A closing that is under way is counted from its batches; what is done was written down. */
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
        select coalesce(sum(b.accounts) filter (
                 where case closings.state when 'preparing' then b.planned_at else b.done_at end is not null), 0)::int as done,
               coalesce(sum(b.invoices) filter (where b.done_at is not null), 0)::bigint as invoices,
               coalesce(sum(b.total) filter (where b.done_at is not null), 0)::bigint as total,
               coalesce(sum(b.parked), 0)::int as parked, coalesce(sum(b.changed), 0)::int as changed
          from closing_batches b
         where b.closing_id = closings.id and closings.state in ('preparing', 'running', 'failed'))`.as(
        'live',
      ),
      (join) => join.onTrue(),
    )
    .select(columns)
    .select([
      'business_units.name as business_unit_name',
      'business_units.closing_day',
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

/** The closing dates that a late run of the clock caught up: those before the day on which it should have run. */
function withCaughtUp<
  R extends { closing_day: number; behind_since: Temporal.PlainDate | null; up_to: Temporal.PlainDate },
>({ closing_day, ...row }: R) {
  const dates: Temporal.PlainDate[] = []
  if (row.behind_since) {
    let date = boundaryOnOrAfter(row.behind_since, closing_day)
    while (Temporal.PlainDate.compare(date, row.up_to) <= 0 && dates.length < 60) {
      dates.push(date)
      date = boundaryAfter(date, closing_day)
    }
  }
  const days = row.behind_since ? row.behind_since.until(row.up_to, { largestUnit: 'days' }).days : 0
  return { ...row, caught_up_dates: dates, days_late: days }
}

/** A page of closings, with how far each has come and what it came to. */
export async function listClosings(
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
  const page = await readPage(
    query,
    request,
    {
      created_at: { by: sql`closings.id`, value: (row) => row.id, type: 'uuid' },
      up_to: { by: sql`closings.up_to`, value: (row) => row.up_to, type: 'date' },
    },
    { by: sql`closings.id`, value: (row) => row.id, type: 'uuid' },
  )
  return { ...page, items: page.items.map(withCaughtUp) }
}

const shownParked = 20

/**
 * One closing: progress with the time that is left, totals, what could not be billed, and how it differs from the one of
 * the month before (`differences` is null while it is being prepared or run). Refuses: not_found.
 */
export async function getClosing(tx: Tx, id: string, language: Language) {
  const closing = await selectClosings(tx)
    .select(['closings.comparison'])
    .where('closings.id', '=', id)
    .executeTakeFirst()
  if (!closing) return notFound()
  const settled = closing.prepared_at !== null && closing.state !== 'running'
  const comparison = settled ? (closing.comparison as ClosingComparison | null) : null
  const [compared, warnings, pace, retry] = await Promise.all([
    comparison ? readComparison(tx, comparison) : { previous: null, differences: null },
    settled ? listParked(tx, id, language) : [],
    readPace(tx, closing),
    tx
      .selectFrom('closings')
      .select('id')
      .where('retry_of_id', '=', id)
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirst(),
  ])
  const { comparison: _, ...shown } = withCaughtUp(closing)
  return { ...shown, ...compared, ...pace, warnings, retried_by_id: retry?.id ?? null }
}

/**
 * How fast a closing goes, by its last batches, and how many seconds are left at that pace. Null where nothing was
 * finished in the last minute: then nobody knows.
 */
async function readPace(
  tx: Tx,
  closing: { id: string; state: RunState; accounts_total: number; accounts_done: number },
): Promise<{ accounts_per_second: number | null; seconds_left: number | null }> {
  if (closing.state !== 'preparing' && closing.state !== 'running')
    return { accounts_per_second: null, seconds_left: null }
  const at = sql.ref(closing.state === 'preparing' ? 'planned_at' : 'done_at')
  const found = await sql<{ pace: number | null }>`
    select case when max(at) > min(at) then
             (sum(accounts) filter (where at > first_at) / extract(epoch from max(at) - min(at)))::float8 end as pace
      from (select accounts, ${at} as at, min(${at}) over () as first_at
              from (select accounts, ${at} from closing_batches
                     where closing_id = ${closing.id} and ${at} > now() - interval '60 seconds'
                     order by ${at} desc limit 60) latest) b`.execute(tx)
  const pace = found.rows[0]?.pace ?? null
  if (pace === null || pace <= 0) return { accounts_per_second: null, seconds_left: null }
  const left = Math.max(0, closing.accounts_total - closing.accounts_done)
  return { accounts_per_second: Math.round(pace * 10) / 10, seconds_left: Math.ceil(left / pace) }
}

async function listParked(tx: Tx, id: string, language: Language) {
  const parked = await selectClosingAccounts(tx, id)
    .where('closing_accounts.state', '=', 'parked')
    .orderBy('closing_accounts.account_id')
    .limit(shownParked)
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
    coupons: storedCoupons(line.coupons),
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

/** Coupons as a line keeps them: none is null. */
function storedCoupons(coupons: PlannedDocument['lines'][number]['coupons']) {
  if (coupons.length === 0) return null
  return coupons.map(({ name, discount, term_months }) => ({
    name,
    ...(term_months ? { term_months } : {}),
    kind: discount.kind,
    amount: discount.kind === 'amount' ? discount.amount : null,
    basis_points: discount.kind === 'percent' ? discount.basis_points : null,
  }))
}
