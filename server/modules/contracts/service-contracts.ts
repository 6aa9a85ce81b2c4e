import { sql } from 'kysely'
import { today } from '../../platform/calendar.ts'
import type { ContractPenalty, ContractRenewal, ServiceContractState } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, notFound, type Refusal, refuse, refuseField } from '../../platform/errors.ts'
import { type ListRequest, readPage } from '../../platform/pages.ts'
import { translator } from '../../platform/translations.ts'
import { findByKey, matchAccounts } from '../../platform/word-filter.ts'
import { addCharges, lockAccount, spreadInstalments, withdrawCharge } from '../subscriptions/index.ts'
import { type FormulaFault, readFormula } from './formula.ts'
import { countMonths } from './penalty.ts'

/** What is agreed about a service beside its price (P4). Amounts are minor units; left out: as it is. */
export type ContractDataInput = {
  template_id?: string | null | undefined
  installation_fee?: number | undefined
  instalments?: number | undefined
  /** Validity and minimum term, in months; 0: none. */
  term_months?: number | undefined
  renewal?: ContractRenewal | undefined
  renewal_months?: number | null | undefined
  renewal_binds?: boolean | undefined
  penalty?: ContractPenalty | undefined
  penalty_amount?: number | null | undefined
  penalty_formula?: string | null | undefined
}

export type ServiceContractFilter = {
  q?: string | undefined
  business_unit_id?: string | undefined
  account_id?: string | undefined
  state?: ServiceContractState[] | undefined
  renewal?: ContractRenewal | undefined
  until?: Temporal.PlainDate | undefined
}

function selectContracts(tx: Tx) {
  return tx
    .selectFrom('service_contracts')
    .innerJoin('subscriptions', 'subscriptions.id', 'service_contracts.subscription_id')
    .innerJoin('accounts', 'accounts.id', 'service_contracts.account_id')
    .innerJoin('business_units', 'business_units.id', 'service_contracts.business_unit_id')
    .innerJoin('plans', 'plans.id', 'subscriptions.plan_id')
    .leftJoin('contract_templates', 'contract_templates.id', 'service_contracts.template_id')
    .select([
      'service_contracts.id',
      'service_contracts.subscription_id',
      'service_contracts.account_id',
      'accounts.name as account_name',
      'accounts.number as account_number',
      'service_contracts.business_unit_id',
      'business_units.name as business_unit_name',
      'subscriptions.contract_number',
      'subscriptions.status',
      'plans.name as plan_name',
      'service_contracts.template_id',
      'contract_templates.name as template_name',
      'subscriptions.currency',
      'service_contracts.installation_fee',
      'service_contracts.instalments',
      'subscriptions.start_date',
      'subscriptions.activation_date',
      'subscriptions.sale_date',
      'subscriptions.term_months',
      'service_contracts.state',
      'service_contracts.valid_until',
      'service_contracts.renewal',
      'service_contracts.renewal_months',
      'service_contracts.penalty',
      'service_contracts.created_at',
    ])
}

/**
 * A page of the contracts of services. `q` finds by the account or the contract's number; `until` shows those whose validity
 * ends up to that day, of services that go on.
 */
export async function listServiceContracts(tx: Tx, request: ListRequest & ServiceContractFilter) {
  let query = selectContracts(tx)
  if (request.business_unit_id)
    query = query.where('service_contracts.business_unit_id', '=', request.business_unit_id)
  if (request.account_id) query = query.where('service_contracts.account_id', '=', request.account_id)
  if (request.state?.length) query = query.where('service_contracts.state', 'in', request.state)
  if (request.renewal) query = query.where('service_contracts.renewal', '=', request.renewal)
  if (request.until)
    query = query
      // The last day is the one before the first that it is not valid on.
      .where('service_contracts.valid_until', '<=', request.until.add({ days: 1 }))
      .where('service_contracts.state', 'not in', ['expired', 'ended'])
  if (request.q) {
    const ids = await findByKey(tx, 'subscription', request.q)
    const byAccount = await matchAccounts(tx, request.q, 'service_contracts.account_id', ids.length > 0)
    query = query.where(
      ids.length === 0
        ? byAccount
        : sql<boolean>`(${byAccount} or service_contracts.subscription_id = any(${ids}::uuid[]))`,
    )
  }
  return readPage(
    query,
    request,
    {
      created_at: { by: sql`service_contracts.id`, value: (row) => row.id, type: 'uuid' },
      valid_until: {
        by: sql`service_contracts.valid_until`,
        value: (row) => row.valid_until,
        type: 'date',
        nullable: true,
      },
      account_name: { by: sql`accounts.name`, value: (row) => row.account_name, type: 'text' },
      contract_number: {
        by: sql`subscriptions.contract_number`,
        value: (row) => row.contract_number,
        type: 'bigint',
      },
    },
    { by: sql`service_contracts.id`, value: (row) => row.id, type: 'uuid' },
  )
}

/** What was agreed about a service; where nothing was yet, what holds without it. Refuses: not_found. */
export async function getContractData(tx: Tx, subscriptionId: string) {
  const service = await tx
    .selectFrom('subscriptions')
    .innerJoin('accounts', 'accounts.id', 'subscriptions.account_id')
    .innerJoin('business_units', 'business_units.id', 'subscriptions.business_unit_id')
    .select([
      'subscriptions.id as subscription_id',
      'subscriptions.account_id',
      'subscriptions.business_unit_id',
      'subscriptions.contract_number',
      'subscriptions.currency',
      'subscriptions.status',
      'subscriptions.start_date',
      'subscriptions.activation_date',
      'subscriptions.sale_date',
      'subscriptions.term_months',
      'accounts.language as account_language',
      'business_units.time_zone',
      'business_units.closing_day',
      'business_units.language as unit_language',
    ])
    .where('subscriptions.id', '=', subscriptionId)
    .executeTakeFirst()
  if (!service) return notFound()
  const agreed = await tx
    .selectFrom('service_contracts')
    .leftJoin('contract_templates', 'contract_templates.id', 'service_contracts.template_id')
    .selectAll('service_contracts')
    .select('contract_templates.name as template_name')
    .where('service_contracts.subscription_id', '=', subscriptionId)
    .executeTakeFirst()
  const open = agreed?.fee_charge_ids.length
    ? await sql<{ billed: number; waiting: number }>`
        select count(*) filter (where billed_at is not null) as billed,
               count(*) filter (where billed_at is null and withdrawn_at is null) as waiting
          from charges where id = any(${agreed.fee_charge_ids}::uuid[])`.execute(tx)
    : null
  return {
    ...service,
    id: agreed?.id ?? null,
    template_id: agreed?.template_id ?? null,
    template_name: agreed?.template_name ?? null,
    installation_fee: agreed?.installation_fee ?? 0,
    instalments: agreed?.instalments ?? 1,
    fee_charged_at: agreed?.fee_charged_at ?? null,
    fee_charge_ids: agreed?.fee_charge_ids ?? [],
    instalments_billed: open?.rows[0]?.billed ?? 0,
    instalments_waiting: open?.rows[0]?.waiting ?? 0,
    renewal: agreed?.renewal ?? ('none' as const),
    renewal_months: agreed?.renewal_months ?? null,
    renewal_binds: agreed?.renewal_binds ?? false,
    renewed_from: agreed?.renewed_from ?? null,
    renewed_until: agreed?.renewed_until ?? null,
    penalty: agreed?.penalty ?? ('none' as const),
    penalty_amount: agreed?.penalty_amount ?? null,
    penalty_formula: agreed?.penalty_formula ?? null,
    state: agreed?.state ?? (['cancelled', 'ended'].includes(service.status) ? 'ended' : 'unissued'),
    valid_until: agreed
      ? agreed.valid_until
      : service.term_months === 0
        ? null
        : (service.activation_date ?? service.start_date).add({ months: service.term_months }),
  }
}

/**
 * Says what is agreed about a service (P4): on its sale, or later. The installation fee is handed to billing once the service
 * is installed, one instalment for each closing (billing.md 24); another fee takes those back that were not billed. Refuses:
 * not_found, subscription_state (it has ended), fee_billed_already, invalid_input (a template that is not the business
 * unit's, a formula with a fault and its place, a renewal or penalty without its figure, more instalments than minor units).
 */
export async function setContractData(
  tx: Tx,
  subscriptionId: string,
  input: ContractDataInput,
  now: Temporal.Instant,
): Promise<Refusal | undefined> {
  const found = await getContractData(tx, subscriptionId)
  if (isRefusal(found)) return found
  await lockAccount(tx, found.account_id)
  const current = await getContractData(tx, subscriptionId)
  if (isRefusal(current)) return current
  if (['cancelled', 'ended'].includes(current.status))
    return refuse('subscription_state', { params: { status: current.status } })
  const after = settle({ ...current, ...withoutUndefined(input) })
  const fault = checkData(after) ?? (await checkTemplateChoice(tx, current, input.template_id))
  if (fault) return fault

  const feeChanged =
    after.installation_fee !== current.installation_fee || after.instalments !== current.instalments
  const charged = current.fee_charged_at !== null
  if (feeChanged && charged) {
    if (current.instalments_billed > 0) return refuse('fee_billed_already')
    for (const id of current.fee_charge_ids) await withdrawCharge(tx, id, now)
  }
  if (input.term_months !== undefined && input.term_months !== current.term_months)
    await tx
      .updateTable('subscriptions')
      .set({ term_months: input.term_months })
      .where('id', '=', subscriptionId)
      .execute()
  const columns = {
    template_id: after.template_id,
    installation_fee: after.installation_fee,
    instalments: after.instalments,
    renewal: after.renewal,
    renewal_months: after.renewal_months,
    renewal_binds: after.renewal_binds,
    penalty: after.penalty,
    penalty_amount: after.penalty_amount,
    penalty_formula: after.penalty_formula,
    ...(feeChanged && charged ? { fee_charged_at: null, fee_charge_ids: sql<string[]>`'{}'` } : {}),
  }
  await tx
    .insertInto('service_contracts')
    .values({
      ...columns,
      subscription_id: subscriptionId,
      account_id: current.account_id,
      business_unit_id: current.business_unit_id,
    })
    .onConflict((conflict) => conflict.column('subscription_id').doUpdateSet(columns))
    .execute()
  await chargeInstallation(tx, subscriptionId, now)
  return undefined
}

type Data = Exclude<Awaited<ReturnType<typeof getContractData>>, Refusal>

/** What does not belong to a choice goes with it. */
function settle(data: Data): Data {
  return {
    ...data,
    renewal_months: data.renewal === 'automatic' ? data.renewal_months : null,
    renewal_binds: data.renewal === 'none' ? false : data.renewal_binds,
    penalty_amount: data.penalty === 'fixed' ? data.penalty_amount : null,
    penalty_formula:
      data.penalty === 'formula' ? (data.penalty_formula?.replace(/\r\n?/g, '\n') ?? null) : null,
  }
}

function checkData(data: Data): Refusal | undefined {
  if (data.renewal === 'automatic' && data.renewal_months === null)
    return refuseField('renewal_months', 'required')
  if (data.penalty === 'fixed' && data.penalty_amount === null)
    return refuseField('penalty_amount', 'required')
  if (data.penalty === 'formula') {
    if (!data.penalty_formula?.trim()) return refuseField('penalty_formula', 'required')
    const formula = readFormula(data.penalty_formula)
    if ('fault' in formula) return refuseFormula('penalty_formula', formula.fault)
  }
  if (data.instalments > 1 && data.installation_fee < data.instalments)
    return refuseField('instalments', 'more_than_amount')
  return undefined
}

/** A fault of a formula as one of the input that it stood in, with its place. */
function refuseFormula(path: string, fault: FormulaFault): Refusal {
  const { code, line, column, part } = fault
  return refuseField(path, code, { line, column, part })
}

async function checkTemplateChoice(
  tx: Tx,
  current: Data,
  templateId: string | null | undefined,
): Promise<Refusal | undefined> {
  if (!templateId || templateId === current.template_id) return undefined
  const template = await tx
    .selectFrom('contract_templates')
    .select('id')
    .where('id', '=', templateId)
    .where('business_unit_id', '=', current.business_unit_id)
    .where('archived_at', 'is', null)
    .executeTakeFirst()
  return template ? undefined : refuseField('template_id', 'not_a_choice')
}

/**
 * Hands the installation fee of a service to billing, once, as soon as it is installed: one instalment for each closing from
 * the first on or after the installation, by largest remainder (billing.md 24). Repeated, it writes nothing.
 */
export async function chargeInstallation(
  tx: Tx,
  subscriptionId: string,
  now: Temporal.Instant,
): Promise<void> {
  const data = await getContractData(tx, subscriptionId)
  if (isRefusal(data) || data.id === null || data.fee_charged_at !== null || data.installation_fee === 0)
    return
  if (data.activation_date === null || ['cancelled', 'ended'].includes(data.status)) return
  await lockAccount(tx, data.account_id)
  const taken = await tx
    .updateTable('service_contracts')
    .set({ fee_charged_at: now })
    .where('id', '=', data.id)
    .where('fee_charged_at', 'is', null)
    .executeTakeFirst()
  if (taken.numUpdatedRows === 0n) return
  const plan = await tx
    .selectFrom('subscriptions')
    .innerJoin('plans', 'plans.id', 'subscriptions.plan_id')
    .select(['plans.product_id', 'plans.name'])
    .where('subscriptions.id', '=', subscriptionId)
    .executeTakeFirstOrThrow()
  const day = today(now, data.time_zone)
  const first = Temporal.PlainDate.compare(data.activation_date, day) < 0 ? day : data.activation_date
  const shared = {
    account_id: data.account_id,
    subscription_id: subscriptionId,
    product_id: plan.product_id,
    description: translator(data.account_language)('contracts:installation_fee', { plan: plan.name }),
  }
  const ids = await addCharges(
    tx,
    data.instalments === 1
      ? [{ ...shared, kind: 'fee', unit_amount: data.installation_fee, bill_on: first }]
      : spreadInstalments(data.installation_fee, data.instalments, first, data.closing_day).map((part) => ({
          ...shared,
          ...part,
          kind: 'instalment' as const,
        })),
  )
  await tx.updateTable('service_contracts').set({ fee_charge_ids: ids }).where('id', '=', data.id).execute()
}

/**
 * Renews a service's contract for so many months from the end of its validity, or from today where that is past. Refuses:
 * not_found, subscription_state, contract_without_end.
 */
export async function renewContract(
  tx: Tx,
  subscriptionId: string,
  months: number,
  now: Temporal.Instant,
): Promise<Refusal | undefined> {
  const found = await getContractData(tx, subscriptionId)
  if (isRefusal(found)) return found
  await lockAccount(tx, found.account_id)
  const data = await getContractData(tx, subscriptionId)
  if (isRefusal(data)) return data
  if (['cancelled', 'ended'].includes(data.status))
    return refuse('subscription_state', { params: { status: data.status } })
  if (data.valid_until === null) return refuse('contract_without_end')
  const day = today(now, data.time_zone)
  const from = Temporal.PlainDate.compare(data.valid_until, day) < 0 ? day : data.valid_until
  const renewed = { renewed_from: from, renewed_until: from.add({ months }) }
  await tx
    .insertInto('service_contracts')
    .values({
      ...renewed,
      subscription_id: subscriptionId,
      account_id: data.account_id,
      business_unit_id: data.business_unit_id,
    })
    .onConflict((conflict) => conflict.column('subscription_id').doUpdateSet(renewed))
    .execute()
  await tx
    .updateTable('contract_documents')
    .set({ state: 'accepted', closed_at: null })
    .where('subscription_id', '=', subscriptionId)
    .where('state', '=', 'expired')
    .where('accepted_at', 'is not', null)
    .where(
      sql<boolean>`revision = (select max(d.revision) from contract_documents d
                                where d.subscription_id = ${subscriptionId} and d.accepted_at is not null)`,
    )
    .where(
      sql<boolean>`not exists (select from contract_documents d where d.subscription_id = ${subscriptionId} and d.state = 'accepted')`,
    )
    .execute()
  return undefined
}

/**
 * Takes what was agreed about a service over to the one that follows it at another account (P9). The fee that was charged
 * stays where it is; documents do, too: the new account gets one of its own.
 */
export async function copyContractData(tx: Tx, fromSubscriptionId: string, toSubscriptionId: string) {
  await sql`
    insert into service_contracts (subscription_id, account_id, business_unit_id, template_id, renewal, renewal_months, renewal_binds,
                                   renewed_from, renewed_until, penalty, penalty_amount, penalty_formula)
    select s.id, s.account_id, s.business_unit_id, case when s.business_unit_id = c.business_unit_id then c.template_id end,
           c.renewal, c.renewal_months, c.renewal_binds, c.renewed_from, c.renewed_until, c.penalty, c.penalty_amount, c.penalty_formula
      from service_contracts c cross join subscriptions s
     where c.subscription_id = ${fromSubscriptionId} and s.id = ${toSubscriptionId}
    on conflict (subscription_id) do nothing`.execute(tx)
}

/** How many days before its end the customer is told of it. */
const warningDays = 30

/** Contracts whose end comes near and whose customers were not told yet, marked as told; at most so many. */
export async function takeExpiring(tx: Tx, now: Temporal.Instant, limit: number) {
  const taken = await sql<{ subscription_id: string; valid_until: Temporal.PlainDate }>`
    update service_contracts c set warned_for = c.valid_until
     where c.id in (
       select c.id from service_contracts c
         join subscriptions s on s.id = c.subscription_id
         join business_units u on u.id = c.business_unit_id
        where c.valid_until <= (${now}::timestamptz at time zone u.time_zone)::date + ${warningDays}::int
          and c.valid_until > (${now}::timestamptz at time zone u.time_zone)::date
          and c.warned_for is distinct from c.valid_until and c.state not in ('expired', 'ended')
          and s.status not in ('cancelled', 'ended', 'awaiting_installation')
        order by c.valid_until, c.id limit ${limit} for update of c skip locked)
    returning c.subscription_id, c.valid_until`.execute(tx)
  return taken.rows
}

/** Renews contracts that ran out and renew by themselves, as often as it takes to reach today; returns how many. */
export async function renewDue(tx: Tx, now: Temporal.Instant, limit: number): Promise<number> {
  const due = await sql<{
    id: string
    valid_until: Temporal.PlainDate
    renewal_months: number
    today: Temporal.PlainDate
  }>`
    select c.id, c.valid_until, c.renewal_months, (${now}::timestamptz at time zone u.time_zone)::date as today
      from service_contracts c
      join subscriptions s on s.id = c.subscription_id
      join business_units u on u.id = c.business_unit_id
     where c.valid_until <= (${now}::timestamptz at time zone u.time_zone)::date
       and c.renewal = 'automatic' and c.state not in ('expired', 'ended')
       and s.status not in ('cancelled', 'ended', 'awaiting_installation')
     order by c.valid_until, c.id limit ${limit} for update of c skip locked`.execute(tx)
  for (const { id, valid_until, renewal_months, today: day } of due.rows) {
    // Counted from the end that there was, so that a day 31 comes back (billing.md 3).
    const rounds = Math.floor(countMonths(valid_until, day) / renewal_months)
    await tx
      .updateTable('service_contracts')
      .set({
        renewed_from: valid_until.add({ months: rounds * renewal_months }),
        renewed_until: valid_until.add({ months: (rounds + 1) * renewal_months }),
      })
      .where('id', '=', id)
      .execute()
  }
  return due.rows.length
}

/** Marks what was agreed to and ran out without a renewal; returns how many. */
export async function expireDue(tx: Tx, now: Temporal.Instant, limit: number): Promise<number> {
  const expired = await sql`
    update contract_documents d set state = 'expired', closed_at = ${now}::timestamptz
     where d.state = 'accepted' and d.subscription_id in (
       select c.subscription_id from service_contracts c
         join business_units u on u.id = c.business_unit_id
        where c.valid_until <= (${now}::timestamptz at time zone u.time_zone)::date
          and c.renewal <> 'automatic' and c.state = 'in_force'
        order by c.valid_until, c.id limit ${limit} for update of c skip locked)`.execute(tx)
  return Number(expired.numAffectedRows ?? 0)
}

function withoutUndefined<T extends object>(change: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) as never
}
