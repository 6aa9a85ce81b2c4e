import { type SelectQueryBuilder, sql } from 'kysely'
import type { Config } from '../../platform/config.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, notFound, type Refusal, refuse, refuseField } from '../../platform/errors.ts'
import type { CustomerActor, StaffActor } from '../../platform/http.ts'
import { checkUrl } from '../../platform/outbound.ts'
import { type ListRequest, type Page, readPage } from '../../platform/pages.ts'
import { outboundRules } from './deliveries.ts'
import { disableEndpoint } from './disabling.ts'
import { type EventType, testType } from './event-types.ts'
import { addKey, retireKeys } from './keys.ts'
import { insertMessage } from './recording.ts'
import { wakeDelivery } from './waking.ts'

// Endpoints (A12): addresses that are told what happened. The operator's are staff's with webhooks.*, an account's its
// owners'. Whose endpoints somebody sees is row-level security's business.

/** Endpoints that the operator, or one account, may have. */
const mostEndpoints = 20

export type Actor = StaffActor | CustomerActor
const isStaff = (actor: Actor): actor is StaffActor => actor.side === 'staff'

export type EndpointInput = {
  url: string
  description: string | null
  event_types: EventType[] | null
  business_unit_id?: string | null | undefined
}
export type EndpointChange = Partial<EndpointInput> & { enabled?: boolean | undefined }

function selectEndpoints(tx: Tx) {
  return tx
    .selectFrom('webhook_endpoints')
    .leftJoin('webhook_health', 'webhook_health.endpoint_id', 'webhook_endpoints.id')
    .leftJoin('business_units', 'business_units.id', 'webhook_endpoints.business_unit_id')
    .leftJoin('users', 'users.id', 'webhook_endpoints.created_by')
    .select([
      'webhook_endpoints.id',
      'webhook_endpoints.account_id',
      'webhook_endpoints.business_unit_id',
      'business_units.name as business_unit_name',
      'webhook_endpoints.url',
      'webhook_endpoints.description',
      sql<EventType[] | null>`webhook_endpoints.event_types`.as('event_types'),
      'webhook_endpoints.enabled',
      sql<'active' | 'failing' | 'disabled'>`case when not webhook_endpoints.enabled then 'disabled'
        when webhook_health.failing_since is not null then 'failing' else 'active' end`.as('state'),
      'webhook_endpoints.disabled_at',
      'webhook_endpoints.disabled_reason',
      'webhook_endpoints.key_version',
      sql<Temporal.Instant | null>`(select max(k.expires_at) from webhook_keys k
        where k.endpoint_id = webhook_endpoints.id and k.expires_at > now())`.as('previous_key_until'),
      'webhook_health.failing_since',
      'webhook_health.delivered_at',
      'webhook_health.failed_at',
      'users.name as created_by_name',
      'webhook_endpoints.created_at',
      'webhook_endpoints.updated_at',
    ])
}
type Row =
  ReturnType<typeof selectEndpoints> extends SelectQueryBuilder<infer _D, infer _T, infer R> ? R : never
export type Endpoint = Row

const tie = { by: sql`webhook_endpoints.id`, value: (row: { id: string }) => row.id, type: 'uuid' }

/** A page of the endpoints of the operator (`null`) or of one account, the latest first. */
export function listEndpoints(
  tx: Tx,
  request: ListRequest & { q?: string | undefined },
  accountId: string | null,
): Promise<Page<Endpoint>> {
  let query = selectEndpoints(tx).where(
    'webhook_endpoints.account_id',
    accountId === null ? 'is' : '=',
    accountId,
  )
  if (request.q)
    query = query.where(
      sql<boolean>`fold(webhook_endpoints.url || ' ' || coalesce(webhook_endpoints.description, '')) like '%' || fold(${request.q}) || '%'`,
    )
  return readPage(query, request, { created_at: tie }, tie)
}

const accountOf = (actor: Actor) => (isStaff(actor) ? null : actor.account_id!)

/** One endpoint of the actor's side. Refuses: not_found. */
export async function getEndpoint(tx: Tx, id: string, accountId: string | null): Promise<Endpoint | Refusal> {
  const row = await selectEndpoints(tx)
    .where('webhook_endpoints.id', '=', id)
    .where('webhook_endpoints.account_id', accountId === null ? 'is' : '=', accountId)
    .executeTakeFirst()
  return row ?? notFound()
}

/** Refuses invalid_input: an address that must not be called, a business unit that the actor does not have. */
function checkEndpoint(config: Config, actor: Actor, input: EndpointChange): Refusal | null {
  if (input.url !== undefined) {
    const fault = checkUrl(input.url, outboundRules(config, actor.side))
    if (fault) return refuseField('url', fault)
  }
  if (input.business_unit_id !== undefined && isStaff(actor) && !actor.all_units) {
    const unit = input.business_unit_id
    if (unit === null) return refuseField('business_unit_id', 'required')
    if (!actor.units.includes(unit)) return refuseField('business_unit_id', 'not_held')
  }
  return null
}

/**
 * Makes an endpoint; its signing key is in the answer and nowhere else in clear. Refuses: invalid_input,
 * too_many_webhooks.
 */
export async function createEndpoint(
  tx: Tx,
  config: Config,
  input: EndpointInput,
  actor: Actor,
): Promise<{ endpoint: Endpoint; key: string } | Refusal> {
  const business_unit_id = isStaff(actor) ? (input.business_unit_id ?? null) : actor.business_unit_id!
  const fault = checkEndpoint(config, actor, { ...input, business_unit_id })
  if (fault) return fault
  const accountId = accountOf(actor)
  const { count } = await tx
    .selectFrom('webhook_endpoints')
    .select(sql<number>`count(*)::int`.as('count'))
    .where('account_id', accountId === null ? 'is' : '=', accountId)
    .executeTakeFirstOrThrow()
  if (count >= mostEndpoints) return refuse('too_many_webhooks', { params: { limit: mostEndpoints } })
  const made = await tx
    .insertInto('webhook_endpoints')
    .values({
      side: actor.side,
      account_id: accountId,
      business_unit_id,
      url: input.url,
      description: input.description,
      event_types: typesOf(input.event_types),
      created_by: actor.user_id,
    } as never)
    .returning('id')
    .executeTakeFirstOrThrow()
  const key = await addKey(tx, config, made.id, 1)
  const endpoint = await getEndpoint(tx, made.id, accountId)
  return isRefusal(endpoint) ? endpoint : { endpoint, key }
}

const typesOf = (types: readonly EventType[] | null) =>
  types === null ? null : sql<string[]>`${[...new Set(types)]}::text[]`

/** Changes an endpoint, switches it off or on again; its key stays. Refuses: not_found, invalid_input. */
export async function updateEndpoint(
  tx: Tx,
  config: Config,
  id: string,
  change: EndpointChange,
  actor: Actor,
  now: Temporal.Instant,
): Promise<Endpoint | Refusal> {
  const before = await lockEndpoint(tx, id, actor)
  if (isRefusal(before)) return before
  const fault = checkEndpoint(config, actor, change)
  if (fault) return fault
  const { url, description, event_types, business_unit_id, enabled } = change
  const set = {
    ...(url === undefined ? {} : { url }),
    ...(description === undefined ? {} : { description }),
    ...(event_types === undefined ? {} : { event_types: typesOf(event_types) }),
    ...(business_unit_id === undefined || !isStaff(actor) ? {} : { business_unit_id }),
    ...(enabled === true && !before.enabled ? { enabled, disabled_at: null, disabled_reason: null } : {}),
  }
  if (Object.keys(set).length > 0)
    await tx
      .updateTable('webhook_endpoints')
      .set(set as never)
      .where('id', '=', id)
      .execute()
  if (enabled === false && before.enabled) await disableEndpoint(tx, id, 'by_hand', now)
  // Whoever switches it on, or leads it elsewhere, gives it three days anew.
  if ((enabled === true && !before.enabled) || (url !== undefined && url !== before.url))
    await tx
      .updateTable('webhook_health')
      .set({ failing_since: null })
      .where('endpoint_id', '=', id)
      .execute()
  return getEndpoint(tx, id, accountOf(actor))
}

async function lockEndpoint(tx: Tx, id: string, actor: Actor): Promise<Endpoint | Refusal> {
  const accountId = accountOf(actor)
  await sql`select from webhook_endpoints where id = ${id} for update`.execute(tx)
  return getEndpoint(tx, id, accountId)
}

/** Removes an endpoint with its keys and its log. Refuses: not_found. */
export async function deleteEndpoint(tx: Tx, id: string, actor: Actor): Promise<Refusal | undefined> {
  const accountId = accountOf(actor)
  const gone = await tx
    .deleteFrom('webhook_endpoints')
    .where('id', '=', id)
    .where('account_id', accountId === null ? 'is' : '=', accountId)
    .returning('id')
    .executeTakeFirst()
  return gone ? undefined : notFound()
}

/**
 * Gives an endpoint a new signing key. For a day deliveries are signed with both, so that the receiver has time to take the
 * new one; one that was older ends at once. Refuses: not_found.
 */
export async function rotateEndpointKey(
  tx: Tx,
  config: Config,
  id: string,
  actor: Actor,
  now: Temporal.Instant,
): Promise<{ endpoint: Endpoint; key: string } | Refusal> {
  const before = await lockEndpoint(tx, id, actor)
  if (isRefusal(before)) return before
  const version = before.key_version + 1
  await retireKeys(tx, id, now)
  const key = await addKey(tx, config, id, version)
  await tx.updateTable('webhook_endpoints').set({ key_version: version }).where('id', '=', id).execute()
  const endpoint = await getEndpoint(tx, id, accountOf(actor))
  return isRefusal(endpoint) ? endpoint : { endpoint, key }
}

/**
 * Sends `webhook.test` to an endpoint, which no endpoint chooses and each gets. Returns its delivery. Refuses: not_found,
 * webhook_disabled.
 */
export async function sendTest(
  tx: Tx,
  id: string,
  actor: Actor,
  now: Temporal.Instant,
): Promise<{ id: string } | Refusal> {
  const endpoint = await lockEndpoint(tx, id, actor)
  if (isRefusal(endpoint)) return endpoint
  if (!endpoint.enabled) return refuse('webhook_disabled')
  const made = await sql<{ cause: string }>`select ${testType} || ':' || uuidv7() as cause`.execute(tx)
  const message = {
    side: actor.side,
    type: testType,
    cause: made.rows[0]!.cause,
    account_id: accountOf(actor),
    business_unit_id: endpoint.business_unit_id,
    data: {
      endpoint_id: id,
      message: 'This is a test. Nothing happened.',
      sent_at: now.toString({ smallestUnit: 'millisecond' }),
    },
  }
  const [delivery] = await insertMessage(tx, message, [id], now)
  await wakeDelivery(tx)
  return { id: delivery! }
}

/** Staff switch off an endpoint of an account of theirs. Refuses: not_found. */
export async function disableAccountEndpoint(
  tx: Tx,
  accountId: string,
  id: string,
  now: Temporal.Instant,
): Promise<Endpoint | Refusal> {
  const endpoint = await getEndpoint(tx, id, accountId)
  if (isRefusal(endpoint)) return endpoint
  if (endpoint.enabled) await disableEndpoint(tx, id, 'by_hand', now)
  return getEndpoint(tx, id, accountId)
}
