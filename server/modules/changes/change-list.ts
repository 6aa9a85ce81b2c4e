import { sql } from 'kysely'
import type { ChangeKind, ChangeState } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { notFound, type Refusal } from '../../platform/errors.ts'
import { type ListRequest, readPage } from '../../platform/pages.ts'
import { type Language, translator } from '../../platform/translations.ts'
import { storedSummary } from './schemas.ts'

/** A refusal as it was kept with a change that failed. */
type StoredRefusal = {
  code: string
  params?: Record<string, string | number>
  fields?: { code: string; params?: Record<string, string | number> }[]
}

export type ChangeFilter = {
  q?: string | undefined
  business_unit_id?: string | undefined
  account_id?: string | undefined
  subscription_id?: string | undefined
  state?: ChangeState[] | undefined
  kind?: ChangeKind[] | undefined
  from?: Temporal.PlainDate | undefined
  to?: Temporal.PlainDate | undefined
}

function selectChanges(tx: Tx) {
  return tx
    .selectFrom('subscription_changes')
    .innerJoin('subscriptions', 'subscriptions.id', 'subscription_changes.subscription_id')
    .innerJoin('plans', 'plans.id', 'subscriptions.plan_id')
    .select([
      'subscription_changes.id',
      'subscription_changes.subscription_id',
      'subscription_changes.kind',
      'subscription_changes.state',
      'subscription_changes.timing',
      'subscription_changes.effective_on',
      'subscription_changes.reason',
      'subscription_changes.summary',
      'subscription_changes.created_at',
      'subscription_changes.ended_at',
      'subscription_changes.failure_code',
      'subscription_changes.failure_detail',
      'subscription_changes.new_subscription_id',
      'subscription_changes.document_ids',
      'subscription_changes.by_customer',
      'subscriptions.currency',
      'plans.name as plan_name',
    ])
}

function selectForStaff(tx: Tx) {
  return selectChanges(tx)
    .innerJoin('accounts', 'accounts.id', 'subscription_changes.account_id')
    .innerJoin('business_units', 'business_units.id', 'subscription_changes.business_unit_id')
    .leftJoin('users as asker', 'asker.id', 'subscription_changes.requested_by')
    .leftJoin('users as ender', 'ender.id', 'subscription_changes.ended_by')
    .select([
      'subscription_changes.business_unit_id',
      'business_units.name as business_unit_name',
      'subscription_changes.account_id',
      'accounts.name as account_name',
      'subscriptions.contract_number',
      'asker.name as requested_by_name',
      'ender.name as ended_by_name',
    ])
}

/** Why a change failed, in words of whoever reads it. */
function tellFailure(detail: unknown, language: Language): string | null {
  if (detail === null || typeof detail !== 'object') return null
  const refusal = detail as StoredRefusal
  const t = translator(language)
  const [field] = refusal.fields ?? []
  return field
    ? t(`errors:field.${field.code}`, field.params ?? {})
    : t(`errors:${refusal.code}.detail`, refusal.params ?? {})
}

type Row = Awaited<ReturnType<ReturnType<typeof selectChanges>['execute']>>[number]
type Document = { id: string; kind: string; number: string; total: number }

async function listDocuments(tx: Tx, rows: readonly Row[]): Promise<Map<string, Document>> {
  const ids = rows.flatMap((row) => row.document_ids)
  if (ids.length === 0) return new Map()
  const found = await tx
    .selectFrom('invoices')
    .select(['id', 'kind', sql<string>`series || '-' || number`.as('number'), 'total'])
    .where('id', 'in', ids)
    .execute()
  return new Map(found.map((row) => [row.id, row]))
}

function describe(row: Row, documents: ReadonlyMap<string, Document>, language: Language) {
  const summary = row.summary === null ? null : storedSummary.parse(row.summary)
  return {
    id: row.id,
    subscription_id: row.subscription_id,
    kind: row.kind,
    state: row.state,
    timing: row.timing,
    effective_on: row.effective_on,
    reason: row.reason,
    before: summary?.before ?? null,
    after: summary?.after ?? null,
    currency: row.currency,
    credit_total: summary?.credit_total ?? 0,
    charge_total: summary?.charge_total ?? 0,
    created_at: row.created_at,
    ended_at: row.ended_at,
    failure_code: row.failure_code,
    failure: tellFailure(row.failure_detail, language),
    new_subscription_id: row.new_subscription_id,
    plan_name: summary?.before.plan_name ?? row.plan_name,
    documents: row.document_ids.flatMap((id) => documents.get(id) ?? []),
  }
}

const isOpen = (state: ChangeState) => state === 'requested' || state === 'scheduled'

type StaffRow = Awaited<ReturnType<ReturnType<typeof selectForStaff>['execute']>>[number]

function describeForStaff(row: StaffRow, documents: ReadonlyMap<string, Document>, language: Language) {
  return {
    ...describe(row, documents, language),
    business_unit_id: row.business_unit_id,
    business_unit_name: row.business_unit_name,
    account_id: row.account_id,
    account_name: row.account_name,
    contract_number: row.contract_number,
    requested_by_name: row.requested_by_name,
    requested_by_customer: row.by_customer,
    ended_by_name: row.ended_by_name,
    withdrawable: isOpen(row.state),
  }
}

/**
 * A page of changes of services: those that wait, and what became of the others, with what each cost (minor units of the
 * business unit's currency). Filters narrow it; the day in [from, to).
 */
export async function listChanges(tx: Tx, request: ListRequest & ChangeFilter, language: Language) {
  let query = selectForStaff(tx)
  if (request.business_unit_id)
    query = query.where('subscription_changes.business_unit_id', '=', request.business_unit_id)
  if (request.account_id) query = query.where('subscription_changes.account_id', '=', request.account_id)
  if (request.subscription_id)
    query = query.where((eb) =>
      eb.or([
        eb('subscription_changes.subscription_id', '=', request.subscription_id!),
        eb('subscription_changes.new_subscription_id', '=', request.subscription_id!),
      ]),
    )
  if (request.state?.length) query = query.where('subscription_changes.state', 'in', request.state)
  if (request.kind?.length) query = query.where('subscription_changes.kind', 'in', request.kind)
  if (request.from) query = query.where('subscription_changes.effective_on', '>=', request.from)
  if (request.to) query = query.where('subscription_changes.effective_on', '<', request.to)
  for (const word of (request.q ?? '').split(/\s+/).filter(Boolean).slice(0, 6))
    query = query.where(
      sql<boolean>`position(fold(${word}) in fold(accounts.name || ' ' || plans.name || ' ' || subscriptions.contract_number)) > 0`,
    )
  const page = await readPage(
    query,
    request,
    {
      effective_on: {
        by: sql`subscription_changes.effective_on`,
        value: (row) => row.effective_on,
        type: 'date',
      },
      created_at: { by: sql`subscription_changes.id`, value: (row) => row.id, type: 'uuid' },
    },
    { by: sql`subscription_changes.id`, value: (row) => row.id, type: 'uuid' },
  )
  const documents = await listDocuments(tx, page.items)
  return { ...page, items: page.items.map((row) => describeForStaff(row, documents, language)) }
}

/** Whether there is such a service for whoever asks: row-level security says so. */
async function isVisible(tx: Tx, subscriptionId: string): Promise<boolean> {
  const found = await tx
    .selectFrom('subscriptions')
    .select('id')
    .where('id', '=', subscriptionId)
    .executeTakeFirst()
  return found !== undefined
}

/** A page of the changes of one service, those that brought it to its account included. Refuses: not_found. */
export async function listServiceChanges(
  tx: Tx,
  subscriptionId: string,
  request: ListRequest,
  language: Language,
) {
  if (!(await isVisible(tx, subscriptionId))) return notFound()
  return listChanges(tx, { ...request, subscription_id: subscriptionId }, language)
}

/** One change with what it cost and what became of it. Refuses: not_found. */
export async function getChange(tx: Tx, id: string, language: Language) {
  const row = await selectForStaff(tx).where('subscription_changes.id', '=', id).executeTakeFirst()
  if (!row) return notFound()
  return describeForStaff(row, await listDocuments(tx, [row]), language)
}

/** A page of the changes of one service of the customer's account. Refuses: not_found. */
export async function listOwnChanges(
  tx: Tx,
  subscriptionId: string,
  request: ListRequest,
  language: Language,
) {
  if (!(await isVisible(tx, subscriptionId))) return notFound()
  const page = await readPage(
    selectChanges(tx).where('subscription_changes.subscription_id', '=', subscriptionId),
    request,
    {
      effective_on: {
        by: sql`subscription_changes.effective_on`,
        value: (row) => row.effective_on,
        type: 'date',
      },
      created_at: { by: sql`subscription_changes.id`, value: (row) => row.id, type: 'uuid' },
    },
    { by: sql`subscription_changes.id`, value: (row) => row.id, type: 'uuid' },
  )
  const documents = await listDocuments(tx, page.items)
  return { ...page, items: page.items.map((row) => describeOwn(row, documents, language)) }
}

function describeOwn(row: Row, documents: ReadonlyMap<string, Document>, language: Language) {
  const own = describe(row, documents, language)
  // To whom a service went is the other customer's affair.
  const after =
    row.kind === 'transfer' && own.after && own.before
      ? { ...own.after, account_id: own.before.account_id, account_name: '' }
      : own.after
  return {
    ...own,
    after,
    new_subscription_id: null,
    by_us: !row.by_customer,
    withdrawable: isOpen(row.state) && row.by_customer,
  }
}

/** One change of a service of the customer's account. Refuses: not_found. */
export async function getOwnChange(tx: Tx, id: string, language: Language) {
  const row = await selectChanges(tx).where('subscription_changes.id', '=', id).executeTakeFirst()
  if (!row) return notFound()
  return describeOwn(row, await listDocuments(tx, [row]), language)
}

export type OwnChange = Exclude<Awaited<ReturnType<typeof getOwnChange>>, Refusal>
