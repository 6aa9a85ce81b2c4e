import { sql } from 'kysely'
import { formatDate } from '../../platform/calendar.ts'
import type { DunningResult, DunningStepAction } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { notFound } from '../../platform/errors.ts'
import { type ListRequest, readPage } from '../../platform/pages.ts'
import { type Language, translator } from '../../platform/translations.ts'
import { matchAccounts } from '../../platform/word-filter.ts'
import { findUnit, loadDebts } from './debts.ts'
import { findOldest, listDebts, type PlannedAction, planDunning, sumOverdue } from './planning.ts'
import { findPolicyInForce, loadRules } from './rules.ts'

export type ActionFilter = {
  q?: string | undefined
  business_unit_id?: string | undefined
  account_id?: string | undefined
  action?: DunningStepAction | undefined
  result?: DunningResult | undefined
  from?: Temporal.PlainDate | undefined
  to?: Temporal.PlainDate | undefined
}

function selectActions(tx: Tx) {
  return tx
    .selectFrom('dunning_actions')
    .innerJoin('accounts', 'accounts.id', 'dunning_actions.account_id')
    .innerJoin('business_units', 'business_units.id', 'dunning_actions.business_unit_id')
    .innerJoin('dunning_policies', 'dunning_policies.id', 'dunning_actions.policy_id')
    .innerJoin('invoices', 'invoices.id', 'dunning_actions.invoice_id')
    .leftJoin('invoices as caused', 'caused.id', 'dunning_actions.document_id')
    .select([
      'dunning_actions.id',
      'dunning_actions.business_unit_id',
      'business_units.name as business_unit_name',
      'dunning_actions.account_id',
      'accounts.name as account_name',
      'accounts.number as account_number',
      'dunning_actions.policy_id',
      'dunning_policies.name as policy_name',
      'dunning_actions.action',
      'dunning_actions.day',
      'dunning_actions.invoice_id',
      sql<string>`invoices.series || '-' || invoices.number`.as('number'),
      'invoices.due_date',
      'dunning_actions.scheduled_on',
      'dunning_actions.on_date',
      'dunning_actions.result',
      'dunning_actions.reason',
      'dunning_actions.open_amount',
      'dunning_actions.charged',
      'dunning_actions.currency',
      'dunning_actions.document_id',
      sql<string | null>`caused.series || '-' || caused.number`.as('document_number'),
      sql<number>`cardinality(dunning_actions.subscription_ids)`.as('services'),
      sql<number>`(select count(*)::int from notices n where n.cause_id = dunning_actions.id
                     and n.account_id = dunning_actions.account_id)`.as('mails'),
      'dunning_actions.created_at',
    ])
}

/** A page of what was done, the newest first. `q` finds by what finds the account; `to` is the first day no longer shown. */
export async function listActions(tx: Tx, request: ListRequest & ActionFilter) {
  let query = selectActions(tx)
  if (request.business_unit_id)
    query = query.where('dunning_actions.business_unit_id', '=', request.business_unit_id)
  if (request.account_id) query = query.where('dunning_actions.account_id', '=', request.account_id)
  if (request.action) query = query.where('dunning_actions.action', '=', request.action)
  if (request.result) query = query.where('dunning_actions.result', '=', request.result)
  if (request.from) query = query.where('dunning_actions.on_date', '>=', request.from)
  if (request.to) query = query.where('dunning_actions.on_date', '<', request.to)
  if (request.q) query = query.where(await matchAccounts(tx, request.q, 'dunning_actions.account_id'))
  const tie = { by: sql`dunning_actions.id`, value: (row: { id: string }) => row.id, type: 'uuid' }
  return readPage(query, request, { created_at: tie }, tie)
}

/** One thing that was done because of a debt. Refuses: not_found. */
export async function getAction(tx: Tx, id: string) {
  return (await selectActions(tx).where('dunning_actions.id', '=', id).executeTakeFirst()) ?? notFound()
}

/** What comes next, as an account's page and its customer are told. */
function describeNext(one: PlannedAction) {
  return {
    action: one.step.action,
    day: one.step.day,
    on_date: one.on_date,
    charge: one.charge,
    services: one.subscription_ids.length,
  }
}

/** How far ahead the next step is looked for: no step comes later after a due date. */
const farthest = 800

async function readSituation(tx: Tx, accountId: string, unitId: string, now: Temporal.Instant) {
  const [unit, policyId] = await Promise.all([findUnit(tx, unitId, now), findPolicyInForce(tx, unitId)])
  if (!unit) return notFound()
  const [rules, debts, suspended] = await Promise.all([
    policyId === null ? null : loadRules(tx, policyId),
    loadDebts(tx, [accountId], unit.today),
    sql<{ n: number }>`
      select count(*)::int as n from dunning_suspensions s join subscription_suspensions p on p.id = s.suspension_id
       where s.account_id = ${accountId} and s.lifted_at is null and upper_inf(p.period)`.execute(tx),
  ])
  const debt = debts.get(accountId)!
  const all = listDebts(rules ?? { due_from: null }, debt.documents)
  const oldest = findOldest(all, rules?.minimum_amount ?? 0)
  const coming = rules
    ? planDunning(rules, debt, unit.today, unit.today.add({ days: farthest })).filter((one) => !one.skipped)
    : []
  const days = oldest ? oldest.due_date.until(unit.today, { largestUnit: 'days' }).days : null
  return {
    currency: unit.currency,
    today: unit.today,
    overdue: sumOverdue(all, unit.today),
    oldest: oldest && {
      invoice_id: oldest.id,
      number: oldest.number,
      due_date: oldest.due_date,
      open_amount: oldest.open_amount,
      days: days!,
    },
    exempt_until: debt.exempt_until,
    suspended_services: suspended.rows[0]!.n,
    coming,
    overdue_ids: all
      .filter((one) => Temporal.PlainDate.compare(one.due_date, unit.today) < 0)
      .map((one) => one.id),
    policy_id: policyId,
  }
}

/** Where an account stands: its oldest unpaid document, what was done last, what comes next, whether it is exempt. Refuses: not_found. */
export async function getAccountDunning(tx: Tx, accountId: string, now: Temporal.Instant) {
  const account = await tx
    .selectFrom('accounts')
    .select('business_unit_id')
    .where('id', '=', accountId)
    .executeTakeFirst()
  if (!account) return notFound()
  const situation = await readSituation(tx, accountId, account.business_unit_id, now)
  if (!('coming' in situation)) return situation
  const { coming, overdue_ids: _ids, exempt_until: _until, ...state } = situation
  const [policy, exemption, done] = await Promise.all([
    situation.policy_id === null
      ? undefined
      : tx
          .selectFrom('dunning_policies')
          .select('name')
          .where('id', '=', situation.policy_id)
          .executeTakeFirst(),
    tx
      .selectFrom('account_dunning_exemptions')
      .leftJoin('users', 'users.id', 'account_dunning_exemptions.created_by')
      .select([
        'account_dunning_exemptions.until',
        'account_dunning_exemptions.reason',
        'account_dunning_exemptions.created_at',
        'users.name as created_by_name',
      ])
      .where('account_id', '=', accountId)
      .where('lifted_at', 'is', null)
      .where('until', '>=', situation.today)
      .executeTakeFirst(),
    selectActions(tx)
      .where('dunning_actions.account_id', '=', accountId)
      .orderBy('dunning_actions.id', 'desc')
      .limit(10)
      .execute(),
  ])
  return {
    ...state,
    policy_name: policy?.name ?? null,
    exemption: exemption ?? null,
    next: coming[0] ? describeNext(coming[0]) : null,
    coming: coming.slice(0, 5).map(describeNext),
    done,
  }
}

/** What a customer is told of an overdue debt: how much, since when, and what comes next. Refuses: not_found. */
export async function getOwnDunning(tx: Tx, accountId: string, now: Temporal.Instant) {
  const account = await tx
    .selectFrom('accounts')
    .select('business_unit_id')
    .where('id', '=', accountId)
    .executeTakeFirst()
  if (!account) return notFound()
  const situation = await readSituation(tx, accountId, account.business_unit_id, now)
  if (!('coming' in situation)) return situation
  const { coming, currency, today, overdue, oldest, exempt_until, suspended_services, overdue_ids } =
    situation
  // Another reminder is no consequence: what counts is what it costs or what stops.
  const told = coming.find((one) => one.step.action !== 'mail') ?? coming[0]
  return {
    currency,
    today,
    overdue,
    oldest,
    exempt_until,
    suspended_services,
    overdue_invoice_ids: overdue_ids.slice(0, 50),
    next: told ? describeNext(told) : null,
  }
}

/** What comes next for an account if it does not pay, other than a reminder, as a sentence; empty where nothing does. */
export async function describeConsequence(
  tx: Tx,
  accountId: string,
  now: Temporal.Instant,
  language: Language,
): Promise<string> {
  const own = await getOwnDunning(tx, accountId, now)
  if (!('next' in own) || own.next === null || own.next.action === 'mail') return ''
  return translator(language)(`mail:dunning.next.${own.next.action}`, {
    date: formatDate(own.next.on_date, language),
  })
}
