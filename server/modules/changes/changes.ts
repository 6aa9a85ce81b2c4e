import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { ChangeTiming } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, notFound, type Refusal, refuse, refuseField } from '../../platform/errors.ts'
import { announce } from '../../platform/events.ts'
import type { Language } from '../../platform/translations.ts'
import {
  issueCreditNotes,
  issueDocuments,
  lockAccounts,
  type PlannedInvoice,
  withTerms,
} from '../billing/index.ts'
import { copyContractData } from '../contracts/index.ts'
import {
  addCharges,
  applyChange,
  type ComponentTerms,
  currentComponents,
  insertTransferred,
  loadTimeline,
  type StoredTimeline,
  saveTimeline,
  setBillingData,
  type Timeline,
  type TimelineChange,
  transferredComponents,
} from '../subscriptions/index.ts'
import { amountsOf } from './offer.ts'
import { checkDay, type Resolved, resolveChange } from './resolution.ts'
import {
  type ChangePart,
  type ChangePreview,
  type ChangeRequest,
  type ChangeSide,
  changeRequest,
} from './schemas.ts'
import {
  type AgreedPenalty,
  describeCosts,
  penaltyPlaceholder,
  type Settlement,
  settle,
} from './settlement.ts'

/** A change with everything that it does, computed and nothing written. */
export type PreparedChange = {
  request: ChangeRequest
  resolved: Resolved
  before: StoredTimeline
  after: Timeline
  settlement: Settlement
  preview: ChangePreview
}

/** What was agreed when a change was scheduled. */
type Agreed = { change: TimelineChange; penalty: AgreedPenalty | null; dropped: string[] }

const { compare } = Temporal.PlainDate

/** Ids for what begins with a change: taken from the database before, so that the timeline itself is pure. */
async function takeIds(tx: Tx, count: number): Promise<string[]> {
  const made = await sql<{
    id: string
  }>`select uuidv7() as id from generate_series(1, ${count}::int)`.execute(tx)
  return made.rows.map((row) => row.id)
}

/**
 * A change of a service worked out to the last cent, from the state of this moment: the one computation behind preview,
 * commit and what waits for its day. `agreed` is what was fixed when it was scheduled. Refuses: not_found,
 * subscription_state, invalid_input, penalty_not_computable.
 */
async function prepareChange(
  tx: Tx,
  subscriptionId: string,
  request: ChangeRequest,
  now: Temporal.Instant,
  performing?: { agreed: Agreed | null; on: Temporal.PlainDate; timing: ChangeTiming },
): Promise<PreparedChange | Refusal> {
  const before = await loadTimeline(tx, subscriptionId, now)
  if (before === null) return notFound()
  const resolved = await understand(tx, before, request, performing)
  if (isRefusal(resolved)) return resolved
  const { change, on } = resolved
  const many = 'components' in change ? change.components.length : 0
  const ids = await takeIds(tx, before.components.length * 2 + many + 4)
  const used: string[] = []
  const newId = () => {
    const id = ids[used.length]
    if (id === undefined) throw new Error('a change began more than it has ids for')
    used.push(id)
    return id
  }
  const after = applyChange(before, change, on, newId)
  const context = await readContext(tx, before, change)
  const settlement = await settle(tx, before, after, {
    change,
    on,
    today: before.today,
    language: context.language,
    penalty: performing?.agreed ? performing.agreed.penalty : undefined,
    waived: request.kind === 'cancel' && !request.penalty,
  })
  if (isRefusal(settlement)) return settlement
  const scheduled = compare(on, before.today) > 0
  const costs = describeCosts(settlement)
  const preview: ChangePreview = {
    kind: request.kind,
    timing: resolved.timing,
    effective_on: on,
    scheduled,
    before: describeSide(before, before, context),
    after: describeSide(before, after, {
      ...context,
      account_id: context.new_account_id ?? context.account_id,
      account_name: context.new_account_name ?? context.account_name,
    }),
    costs,
    dropped: resolved.dropped,
    token: '',
  }
  const facts = scheduled
    ? { subscriptionId, resolved, penalty: settlement.penalty }
    : {
        subscriptionId,
        resolved,
        penalty: settlement.penalty,
        credit: settlement.credit,
        days: settlement.days,
        oneOff: settlement.oneOff,
      }
  preview.token = fingerprint(facts, used)
  return { request, resolved, before, after, settlement, preview }
}

/** What is agreed once is done as it was agreed; only what has become impossible since is refused. */
async function understand(
  tx: Tx,
  before: StoredTimeline,
  request: ChangeRequest,
  performing: { agreed: Agreed | null; on: Temporal.PlainDate; timing: ChangeTiming } | undefined,
): Promise<Resolved | Refusal> {
  if (!performing?.agreed) return resolveChange(tx, before, request)
  const { change, dropped } = performing.agreed
  const running = before.status !== 'cancelled' && before.status !== 'ended'
  const possible =
    change.kind === 'reactivate'
      ? before.status === 'suspended' || before.status === 'suspended_administratively'
      : change.kind === 'suspend'
        ? before.status === 'active'
        : running
  if (!possible) return refuse('subscription_state', { params: { status: before.status } })
  const { on, timing } = performing
  if (change.kind === 'suspend' || change.kind === 'reactivate') {
    const fault = checkDay(before, change, on)
    if (fault) return fault
  } else if (change.kind !== 'cancel' && before.end_date !== null && compare(on, before.end_date) >= 0)
    return refuse('subscription_state', { params: { status: before.status } })
  return { change, on, timing, dropped }
}

/** The same for the same change, whatever ids its new components have got. */
function fingerprint(facts: object, ids: readonly string[]): string {
  let text = JSON.stringify(facts)
  for (const [index, id] of ids.entries()) text = text.replaceAll(id, `#${index}`)
  return createHash('sha256').update(text).digest('hex')
}

type Context = {
  account_id: string
  account_name: string
  language: Language
  plan_names: ReadonlyMap<string, string>
  new_account_id: string | null
  new_account_name: string | null
}

async function readContext(tx: Tx, before: StoredTimeline, change: TimelineChange): Promise<Context> {
  const newAccount = change.kind === 'transfer' ? change.account_id : null
  const planIds = [before.plan_id, ...(change.kind === 'plan' ? [change.plan_id] : [])]
  const [accounts, plans] = await Promise.all([
    tx
      .selectFrom('accounts')
      .select(['id', 'name', 'language'])
      .where('id', 'in', [before.account_id, ...(newAccount === null ? [] : [newAccount])])
      .execute(),
    tx.selectFrom('plans').select(['id', 'name']).where('id', 'in', planIds).execute(),
  ])
  const own = accounts.find(({ id }) => id === before.account_id)!
  return {
    account_id: own.id,
    account_name: own.name,
    language: own.language,
    plan_names: new Map(plans.map(({ id, name }) => [id, name])),
    new_account_id: newAccount,
    new_account_name: accounts.find(({ id }) => id === newAccount)?.name ?? null,
  }
}

/** A timeline as it is shown: what goes on of it. */
function describeSide(before: StoredTimeline, timeline: Timeline, context: Context): ChangeSide {
  const parts = currentComponents(timeline).map(describePart)
  // Of a transfer, what goes on goes on elsewhere.
  const moved = context.account_id !== before.account_id
  return {
    plan_name: context.plan_names.get(timeline.plan_id) ?? '',
    status: moved ? before.status : timeline.status,
    parts,
    amount: parts.reduce((sum, part) => sum + (part.role === 'usage' ? 0 : part.amount), 0),
    due_day: timeline.due_day,
    payment_method: timeline.payment_method,
    billing_start: timeline.billing_start,
    end_date: moved ? null : timeline.end_date,
    account_id: context.account_id,
    account_name: context.account_name,
  }
}

function describePart(
  component: ComponentTerms & { from_date: Temporal.PlainDate | null; to_date: Temporal.PlainDate | null },
): ChangePart {
  const { role, description, quantity, price_model, unit_amount, cycle_unit, cycle_count } = component
  const { amount, discount } = amountsOf(component)
  return {
    role,
    description,
    quantity,
    price_model,
    unit_amount,
    amount: role === 'usage' ? unit_amount : amount,
    discount,
    cycle_unit,
    cycle_count,
    from_date: component.from_date,
    to_date: component.to_date,
  }
}

/**
 * What a change would do and cost, and the token with which exactly that is done (X5, billing.md 18). Nothing is written.
 * Refuses as {@link performChange} does.
 */
export async function previewChange(
  tx: Tx,
  subscriptionId: string,
  request: ChangeRequest,
  now: Temporal.Instant,
): Promise<ChangePreview | Refusal> {
  const prepared = await prepareChange(tx, subscriptionId, request, now)
  return isRefusal(prepared) ? prepared : prepared.preview
}

/** Who asks for a change, and what they saw of it. */
export type ChangeOrder = {
  now: Temporal.Instant
  /** The person; null for the house itself. */
  by: string | null
  token?: string | undefined
  /** Whether a day to come is noted for it; else it is refused. */
  scheduling?: boolean
  /** Whoever orders it tells the customer themselves. */
  quiet?: boolean
}

/**
 * Changes a service, or schedules it where its day is to come; with a token exactly what was shown with it. Returns the
 * id of the change. Refuses: not_found, subscription_state, invalid_input, penalty_not_computable, preview_outdated,
 * change_scheduled_already.
 */
export async function performChange(
  tx: Tx,
  subscriptionId: string,
  request: ChangeRequest,
  order: ChangeOrder,
): Promise<{ id: string } | Refusal> {
  if (!(await lockFor(tx, subscriptionId, request))) return notFound()
  const prepared = await prepareChange(tx, subscriptionId, request, order.now)
  if (isRefusal(prepared)) return prepared
  if (order.token !== undefined && order.token !== prepared.preview.token) return refuse('preview_outdated')
  if (prepared.preview.scheduled && order.scheduling === false)
    return refuseField('effective_on', 'date_in_future')
  return prepared.preview.scheduled ? schedule(tx, prepared, null, order) : perform(tx, prepared, null, order)
}

/** Locks the account of a service, and with a transfer the one that takes it over: in the order of their ids. */
async function lockFor(tx: Tx, subscriptionId: string, request: ChangeRequest): Promise<boolean> {
  const found = await tx
    .selectFrom('subscriptions')
    .select('account_id')
    .where('id', '=', subscriptionId)
    .executeTakeFirst()
  if (!found) return false
  await lockAccounts(tx, [found.account_id, ...(request.kind === 'transfer' ? [request.account_id] : [])])
  return true
}

const toJson = (value: object) => JSON.stringify(value)

function summaryOf({ preview, settlement }: PreparedChange) {
  return toJson({
    before: preview.before,
    after: preview.after,
    currency: settlement.unit.currency,
    credit_total: preview.costs.credit_total,
    charge_total: preview.costs.charge_total,
    dropped: preview.dropped,
  })
}

/** Notes a change for its day. What was confirmed by a customer has its row already. */
async function schedule(
  tx: Tx,
  prepared: PreparedChange,
  rowId: string | null,
  order: ChangeOrder,
): Promise<{ id: string } | Refusal> {
  const { before, request, resolved, settlement, preview } = prepared
  const open = await tx
    .selectFrom('subscription_changes')
    .select(['id', 'effective_on'])
    .where('subscription_id', '=', before.id)
    .where('kind', '=', request.kind)
    .where('state', 'in', ['requested', 'scheduled'])
    .executeTakeFirst()
  if (open && open.id !== rowId)
    return refuse('change_scheduled_already', { params: { date: open.effective_on.toString() } })
  const agreed: Agreed = { change: resolved.change, penalty: settlement.penalty, dropped: resolved.dropped }
  const columns = {
    state: 'scheduled' as const,
    timing: resolved.timing,
    effective_on: resolved.on,
    agreed: toJson(agreed),
    summary: summaryOf(prepared),
  }
  const id =
    rowId ??
    (
      await tx
        .insertInto('subscription_changes')
        .values({
          ...columns,
          business_unit_id: before.business_unit_id,
          account_id: before.account_id,
          subscription_id: before.id,
          kind: request.kind,
          parameters: toJson(request),
          reason: request.reason ?? null,
          fingerprint: preview.token,
          requested_by: order.by,
        })
        .returning('id')
        .executeTakeFirstOrThrow()
    ).id
  if (rowId !== null)
    await tx.updateTable('subscription_changes').set(columns).where('id', '=', rowId).execute()
  if (request.kind === 'cancel') {
    // Billing never bills beyond an end that is known.
    await tx
      .updateTable('subscriptions')
      .set({ end_date: resolved.on, end_reason: request.reason })
      .where('id', '=', before.id)
      .execute()
  }
  await announce(tx, 'change.scheduled', { change_id: id })
  return { id }
}

/** Does a change: the timeline, what it costs, and the note of it. */
async function perform(
  tx: Tx,
  prepared: PreparedChange,
  rowId: string | null,
  order: ChangeOrder,
): Promise<{ id: string } | Refusal> {
  const { before, after, request, resolved, preview } = prepared
  const { change, on } = resolved
  if (change.kind === 'due_day') {
    const set = await setBillingData(tx, before.account_id, {
      due_day: change.due_day,
      payment_method: change.payment_method,
    })
    if (isRefusal(set)) return set
  }
  const refused = await saveTimeline(tx, before, after)
  if (isRefusal(refused)) return refused
  const moved = change.kind === 'transfer' ? await moveService(tx, before, change.account_id, on) : null
  const document_ids = await issueCosts(tx, prepared, order)
  const columns = {
    state: 'done' as const,
    timing: resolved.timing,
    effective_on: on,
    summary: summaryOf(prepared),
    agreed: toJson({ change, penalty: prepared.settlement.penalty, dropped: resolved.dropped }),
    document_ids,
    new_subscription_id: moved,
    ended_at: order.now,
  }
  const id =
    rowId ??
    (
      await tx
        .insertInto('subscription_changes')
        .values({
          ...columns,
          business_unit_id: before.business_unit_id,
          account_id: before.account_id,
          subscription_id: before.id,
          kind: request.kind,
          parameters: toJson(request),
          reason: request.reason ?? null,
          fingerprint: preview.token,
          requested_by: order.by,
        })
        .returning('id')
        .executeTakeFirstOrThrow()
    ).id
  if (rowId !== null)
    await tx.updateTable('subscription_changes').set(columns).where('id', '=', rowId).execute()
  if (change.kind === 'cancel' || change.kind === 'transfer') {
    // Nothing is to come of a service that has ended.
    await tx
      .updateTable('subscription_changes')
      .set({ state: 'withdrawn', ended_at: order.now, ended_by: order.by })
      .where('subscription_id', '=', before.id)
      .where('state', 'in', ['requested', 'scheduled'])
      .where('id', '<>', id)
      .execute()
  }
  if (!order.quiet) await announce(tx, 'change.done', { change_id: id })
  await announce(tx, 'subscription.changed', { change_id: id })
  return { id }
}

/** Opens the service at the account that takes it over, with the payment data that its services share. */
async function moveService(
  tx: Tx,
  before: StoredTimeline,
  accountId: string,
  on: Temporal.PlainDate,
): Promise<string> {
  const components = transferredComponents(before, on)
  const [id, ...ids] = await takeIds(tx, components.length + 1)
  const first = await tx
    .selectFrom('subscriptions')
    .select(['payment_method', 'due_day'])
    .where('account_id', '=', accountId)
    .where('status', 'not in', ['cancelled', 'ended'])
    .orderBy('number')
    .limit(1)
    .executeTakeFirst()
  const moved = await insertTransferred(tx, before, {
    id: id!,
    account_id: accountId,
    on,
    components: components.map((one, index) => ({ ...one, id: ids[index]! })),
    term_months: remainingTerm(before, on),
    payment_method: first?.payment_method ?? null,
    due_day: first?.due_day ?? null,
  })
  await copyContractData(tx, before.id, moved)
  return moved
}

/** The months that are left of a minimum term on a day: a transfer does not begin it anew. */
function remainingTerm(timeline: StoredTimeline, on: Temporal.PlainDate): number {
  if (timeline.term_months === 0) return 0
  const end = (timeline.activation_date ?? timeline.start_date).add({ months: timeline.term_months })
  if (compare(end, on) <= 0) return 0
  const { months, days } = on.until(end, { largestUnit: 'months' })
  return months + (days > 0 ? 1 : 0)
}

/** Issues what a change costs: the credit first, so that it pays for what is charged. Returns the documents. */
async function issueCosts(tx: Tx, prepared: PreparedChange, order: ChangeOrder): Promise<string[]> {
  const { before, settlement } = prepared
  const { unit, credit, days, oneOff, services, penalty } = settlement
  const account_id = before.account_id
  const credits = credit
    ? await issueCreditNotes(tx, unit, [{ account_id, credit }], { now: order.now })
    : { credit_note_ids: [] }
  const due: PlannedInvoice[] = []
  if (days) due.push(days)
  if (oneOff) {
    const chargeId =
      penalty && !penalty.waived && penalty.amount > 0 ? await writePenalty(tx, prepared, order) : null
    due.push({
      ...oneOff,
      lines: oneOff.lines.map((line) =>
        line.charge_id === penaltyPlaceholder ? { ...line, charge_id: chargeId } : line,
      ),
    })
  }
  const issued = await issueDocuments(
    tx,
    unit,
    due.map((invoice) => ({ account_id, document: withTerms(unit, services, invoice) })),
    { closing_id: null, now: order.now },
  )
  return [...credits.credit_note_ids, ...issued.invoice_ids]
}

async function writePenalty(tx: Tx, prepared: PreparedChange, order: ChangeOrder): Promise<string> {
  const line = prepared.settlement.oneOff!.lines.find((one) => one.charge_id === penaltyPlaceholder)!
  const [id] = await addCharges(tx, [
    {
      account_id: prepared.before.account_id,
      subscription_id: prepared.before.id,
      kind: 'penalty',
      description: line.description,
      unit_amount: line.unit_amount,
      bill_on: line.from,
      created_by: order.by,
    },
  ])
  return id!
}

// What waits --------------------------------------------------------------------------------------------------------

/** Dates come back from what was stored as JSON. */
function readAgreed(value: unknown): Agreed {
  return JSON.parse(JSON.stringify(value), (key, inner: unknown) =>
    key === 'anchor_date' && typeof inner === 'string' ? Temporal.PlainDate.from(inner) : inner,
  ) as Agreed
}

/**
 * Performs a change that was confirmed by a customer, or whose day has come, as it was agreed: on its own day, however late
 * it is. What became of it meanwhile is left alone, so doing it again does nothing. Refuses what has become impossible;
 * the caller notes it with {@link failChange}.
 */
export async function performWaiting(
  tx: Tx,
  id: string,
  now: Temporal.Instant,
): Promise<{ id: string } | Refusal | null> {
  const found = await tx
    .selectFrom('subscription_changes')
    .select(['subscription_id', 'parameters'])
    .where('id', '=', id)
    .executeTakeFirst()
  if (!found) return null
  const request = changeRequest.parse(found.parameters)
  if (!(await lockFor(tx, found.subscription_id, request))) return null
  const row = await tx
    .selectFrom('subscription_changes')
    .select(['id', 'state', 'timing', 'effective_on', 'agreed', 'fingerprint', 'requested_by'])
    .where('id', '=', id)
    .where('state', 'in', ['requested', 'scheduled'])
    .executeTakeFirst()
  if (!row) return null
  const order: ChangeOrder = { now, by: row.requested_by }
  if (row.state === 'requested') {
    const prepared = await prepareChange(tx, found.subscription_id, request, now)
    if (isRefusal(prepared)) return prepared
    if (row.fingerprint !== prepared.preview.token) return refuse('preview_outdated')
    return prepared.preview.scheduled ? schedule(tx, prepared, id, order) : perform(tx, prepared, id, order)
  }
  const prepared = await prepareChange(tx, found.subscription_id, request, now, {
    agreed: readAgreed(row.agreed),
    on: row.effective_on,
    timing: row.timing,
  })
  if (isRefusal(prepared)) return prepared
  // A day to come is not performed ahead of itself.
  return prepared.preview.scheduled ? null : perform(tx, prepared, id, order)
}

/** Notes that a change could not be done, and why; a cancellation that failed leaves no end behind. */
export async function failChange(tx: Tx, id: string, refusal: Refusal, now: Temporal.Instant): Promise<void> {
  const failed = await tx
    .updateTable('subscription_changes')
    .set({
      state: 'failed',
      ended_at: now,
      failure_code: refusal.fields[0]?.code ?? refusal.code,
      failure_detail: toJson({ code: refusal.code, params: refusal.params, fields: refusal.fields }),
    })
    .where('id', '=', id)
    .where('state', 'in', ['requested', 'scheduled'])
    .returning(['subscription_id', 'kind'])
    .executeTakeFirst()
  if (!failed) return
  if (failed.kind === 'cancel') await forgetEnd(tx, failed.subscription_id)
  await announce(tx, 'change.failed', { change_id: id })
}

/** A service that goes on has no end any more. */
async function forgetEnd(tx: Tx, subscriptionId: string): Promise<void> {
  await tx
    .updateTable('subscriptions')
    .set({ end_date: null, end_reason: null })
    .where('id', '=', subscriptionId)
    .where('status', 'not in', ['cancelled', 'ended'])
    .execute()
}

/**
 * Takes a scheduled change back before its day. Refuses: not_found, change_ended (done, failed or withdrawn in the
 * meantime).
 */
export async function withdrawChange(tx: Tx, id: string, order: ChangeOrder): Promise<Refusal | undefined> {
  const change = await tx
    .selectFrom('subscription_changes')
    .select(['account_id'])
    .where('id', '=', id)
    .executeTakeFirst()
  if (!change) return notFound()
  await lockAccounts(tx, [change.account_id])
  const withdrawn = await tx
    .updateTable('subscription_changes')
    .set({ state: 'withdrawn', ended_at: order.now, ended_by: order.by })
    .where('id', '=', id)
    .where('state', 'in', ['requested', 'scheduled'])
    .returning(['subscription_id', 'kind'])
    .executeTakeFirst()
  if (!withdrawn) return refuse('change_ended')
  if (withdrawn.kind === 'cancel') await forgetEnd(tx, withdrawn.subscription_id)
  return undefined
}

/** The changes whose day has come where their business unit is, and those that a customer confirmed, oldest first. */
export async function listWaiting(tx: Tx, now: Temporal.Instant): Promise<string[]> {
  const found = await sql<{ id: string }>`
    select c.id from subscription_changes c join business_units u on u.id = c.business_unit_id
     where c.state = 'scheduled' and c.effective_on <= (${now}::timestamptz at time zone u.time_zone)::date
        or c.state = 'requested' and c.created_at < ${now}::timestamptz - interval '1 minute'
     order by c.effective_on, c.id limit 10000`.execute(tx)
  return found.rows.map((row) => row.id)
}
