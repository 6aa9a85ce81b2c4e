import { sql } from 'kysely'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, notFound, type Refusal, refuse, refuseField } from '../../platform/errors.ts'
import type { CustomerActor, StaffActor } from '../../platform/http.ts'
import { type ListRequest, type Page, readPage } from '../../platform/pages.ts'
import {
  listPermissions,
  type MembershipPermission,
  mayMember,
  type StaffPermission,
  type StaffRole,
} from '../../platform/permissions.ts'
import { createToken, hashToken } from '../../platform/secrets.ts'

// API keys (A12): a program's way in. A key may do what its scopes say, as long as the person who answers for it may do so
// too. Its secret is shown once; what is stored is a hash. Whose keys somebody sees is row-level security's business.

/**
 * `stopped`: whoever answers for the key has no access (any more): it works again when somebody takes it over.
 */
export type ApiKeyState = 'active' | 'stopped' | 'expired' | 'revoked'

export type ApiKey<Scope> = {
  id: string
  name: string
  /** How the secret begins, to know it again. */
  hint: string
  scopes: Scope[]
  /** Scopes that have no effect now, because whoever answers for the key may not do so. */
  idle_scopes: Scope[]
  /** The business units of an operator's key; null: all that its person may see. */
  unit_ids: string[] | null
  read_only: boolean
  /** Calls in a minute. */
  rate_limit: number
  state: ApiKeyState
  expires_at: Temporal.Instant | null
  /** Until when the secret before the last rotation works; null where none does. */
  previous_works_until: Temporal.Instant | null
  last_used_at: Temporal.Instant | null
  last_used_ip: string | null
  revoked_at: Temporal.Instant | null
  created_at: Temporal.Instant
  /** Who answers for the key. */
  person: { id: string; name: string; photo_file_id: string | null } | null
}
export type StaffApiKey = ApiKey<StaffPermission>
export type AccountApiKey = ApiKey<MembershipPermission>

/** Keys that one account, or the operator, may have working at a time. */
const mostKeys = 200
/** Calls in a minute that an account may give to a key of its own. */
export const mostCallsOfAccount = 600
/** How much of a secret is kept in clear. */
const hintLength = 8

type KeyRow = Omit<ApiKey<string>, 'idle_scopes' | 'person' | 'state'> & {
  user_id: string
  person_name: string | null
  photo_file_id: string | null
  over: 'revoked' | 'expired' | null
  /** Of an operator's key: what its person may do; null where they have no access. */
  role: StaffRole | null
  granted: StaffPermission[] | null
  withheld: StaffPermission[] | null
  /** Of an account's key: what its person may do there; null where they are no member. */
  held: MembershipPermission[] | null
}

const columns = sql`k.id, k.name, k.hint, k.unit_ids, k.read_only, k.rate_limit, k.expires_at, k.last_used_at,
  host(k.last_used_ip) as last_used_ip, k.revoked_at, k.created_at, k.user_id,
  case when k.previous_expires_at > now() and k.revoked_at is null then k.previous_expires_at end as previous_works_until,
  case when k.revoked_at is not null then 'revoked' when k.expires_at <= now() then 'expired' end as over,
  u.name as person_name, u.photo_file_id`

/** Whose keys: the operator's, an account's as staff see them, or those of the account that its owner is in. */
type Keys = 'operator' | 'account' | 'own_account'

/** Keys as rows that can be filtered, sorted and paged. */
function selectKeys(tx: Tx, side: Keys) {
  // Whether a user is disabled is not for the portal to read; a disabled owner asks nothing there.
  const held =
    side === 'account'
      ? sql`case when u.disabled_at is null then m.permissions::text[] end`
      : sql`m.permissions::text[]`
  const rows =
    side === 'operator'
      ? sql<KeyRow>`(select ${columns}, k.staff_scopes::text[] as scopes, null::text[] as held, k.account_id,
             case when u.disabled_at is null then st.role end as role, st.granted::text[] as granted,
             st.withheld::text[] as withheld
        from api_keys k left join users u on u.id = k.user_id left join staff st on st.user_id = k.user_id
       where k.side = 'staff')`
      : sql<KeyRow>`(select ${columns}, k.member_scopes::text[] as scopes, ${held} as held, k.account_id,
             null::staff_role as role, null::text[] as granted, null::text[] as withheld
        from api_keys k left join users u on u.id = k.user_id
             left join memberships m on m.user_id = k.user_id and m.account_id = k.account_id
       where k.side = 'customer')`
  return tx.selectFrom(rows.as('keys')).selectAll()
}

function completeKey<Scope extends string>(row: KeyRow): ApiKey<Scope> {
  const { user_id, person_name, photo_file_id, over, role, granted, withheld, held, ...key } = row
  const may =
    held !== null
      ? key.scopes.filter((scope) => mayMember(held, scope as MembershipPermission))
      : role !== null
        ? listPermissions(role, granted ?? [], withheld ?? []).filter((one) => key.scopes.includes(one))
        : null
  const shown = key as typeof key & { account_id?: string | null }
  delete shown.account_id
  return {
    ...shown,
    scopes: key.scopes as Scope[],
    idle_scopes: key.scopes.filter((scope) => !may?.includes(scope as never)) as Scope[],
    state: over ?? (may === null ? 'stopped' : 'active'),
    person: person_name === null ? null : { id: user_id, name: person_name, photo_file_id },
  }
}

export type KeyRequest = ListRequest & { q?: string | undefined; usable?: boolean | undefined }

/** A page of the operator's keys, or of those of the accounts that the transaction sees. */
async function listKeys<Scope extends string>(
  tx: Tx,
  side: Keys,
  request: KeyRequest,
  accountId?: string,
): Promise<Page<ApiKey<Scope>>> {
  let query = selectKeys(tx, side)
  if (accountId) query = query.where(sql<boolean>`account_id = ${accountId}`)
  if (request.q)
    query = query.where(sql<boolean>`fold(name || ' ' || hint) like '%' || fold(${request.q}) || '%'`)
  if (request.usable === true) query = query.where(sql<boolean>`over is null`)
  if (request.usable === false) query = query.where(sql<boolean>`over is not null`)
  const page = await readPage<KeyRow>(
    query as never,
    request,
    {
      name: { by: sql`name`, value: (row) => row.name, type: 'text' },
      created_at: { by: sql`created_at`, value: (row) => row.created_at, type: 'timestamptz' },
      last_used_at: {
        by: sql`last_used_at`,
        value: (row) => row.last_used_at,
        type: 'timestamptz',
        nullable: true,
      },
    },
    { by: sql`id`, value: (row) => row.id, type: 'uuid' },
  )
  return { ...page, items: page.items.map((row) => completeKey<Scope>(row)) }
}

/** A page of the operator's keys. */
export const listStaffKeys = (tx: Tx, request: KeyRequest) =>
  listKeys<StaffPermission>(tx, 'operator', request)
/** A page of the keys of one account, for staff. */
export const listAccountKeys = (tx: Tx, request: KeyRequest, accountId: string) =>
  listKeys<MembershipPermission>(tx, 'account', request, accountId)
/** A page of the keys of the account that its owner works in. */
export const listOwnAccountKeys = (tx: Tx, request: KeyRequest) =>
  listKeys<MembershipPermission>(tx, 'own_account', request)

async function getKey<Scope extends string>(
  tx: Tx,
  side: Keys,
  id: string,
): Promise<(ApiKey<Scope> & { user_id: string }) | Refusal> {
  const row = (await selectKeys(tx, side).where(sql<boolean>`id = ${id}`).executeTakeFirst()) as
    | KeyRow
    | undefined
  return row ? { ...completeKey<Scope>(row), user_id: row.user_id } : notFound()
}

export type KeyInput<Scope> = {
  name: string
  scopes: Scope[]
  unit_ids?: string[] | null | undefined
  read_only: boolean
  rate_limit: number
  expires_at: Temporal.Instant | null
}
type Actor = StaffActor | CustomerActor

const isStaff = (actor: Actor): actor is StaffActor => actor.side === 'staff'
const sideOf = (actor: Actor) => (isStaff(actor) ? 'operator' : 'own_account')
const holds = (actor: Actor, scope: string) =>
  isStaff(actor)
    ? actor.permissions.includes(scope as StaffPermission)
    : mayMember(actor.permissions, scope as MembershipPermission)

/** Refuses invalid_input: scopes and business units that the person does not have, a moment that has passed. */
function checkKey(
  actor: Actor,
  input: Partial<Pick<KeyInput<string>, 'scopes' | 'unit_ids' | 'expires_at'>>,
  now: Temporal.Instant,
): Refusal | null {
  if (input.scopes?.some((scope) => !holds(actor, scope))) return refuseField('scopes', 'not_held')
  if (input.unit_ids) {
    if (!isStaff(actor)) return refuseField('unit_ids', 'unknown_field')
    if (input.unit_ids.length === 0) return refuseField('unit_ids', 'required')
    if (!actor.all_units && input.unit_ids.some((unit) => !actor.units.includes(unit))) {
      return refuseField('unit_ids', 'not_held')
    }
  }
  if (input.expires_at && Temporal.Instant.compare(input.expires_at, now) <= 0) {
    return refuseField('expires_at', 'passed_already')
  }
  return null
}

function makeSecret(actor: Actor): { secret: string; hash: Buffer; hint: string } {
  const secret = `${isStaff(actor) ? 'zgo_' : 'zga_'}${createToken()}`
  return { secret, hash: hashToken(secret), hint: secret.slice(0, hintLength) }
}

/** Scopes as their column takes them. */
const scopesOf = (actor: Actor, scopes: string[]) =>
  isStaff(actor)
    ? { staff_scopes: sql<StaffPermission[]>`${[...new Set(scopes)]}::staff_permission[]` }
    : { member_scopes: sql<MembershipPermission[]>`${[...new Set(scopes)]}::membership_permission[]` }

/**
 * Makes a key for which the actor answers; its secret is in the answer and nowhere else. Refuses: invalid_input (scopes
 * or business units that the actor does not have, an expiry that has passed), too_many_keys.
 */
export async function createKey<Scope extends string>(
  tx: Tx,
  input: KeyInput<Scope>,
  actor: Actor,
  now: Temporal.Instant,
): Promise<{ key: ApiKey<Scope>; secret: string } | Refusal> {
  const fault = checkKey(actor, input, now)
  if (fault) return fault
  const working = await selectKeys(tx, sideOf(actor))
    .where(sql<boolean>`over is null`)
    .clearSelect()
    .select(sql<number>`count(*)::int`.as('count'))
    .executeTakeFirstOrThrow()
  if (working.count >= mostKeys) return refuse('too_many_keys', { params: { limit: mostKeys } })
  const { secret, hash, hint } = makeSecret(actor)
  const made = await tx
    .insertInto('api_keys')
    .values({
      side: isStaff(actor) ? 'staff' : 'customer',
      user_id: actor.user_id,
      account_id: isStaff(actor) ? null : actor.account_id,
      name: input.name,
      hint,
      token_hash: hash,
      ...scopesOf(actor, input.scopes),
      unit_ids: input.unit_ids ? sql<string[]>`${input.unit_ids}::uuid[]` : null,
      read_only: input.read_only,
      rate_limit: input.rate_limit,
      expires_at: input.expires_at,
    } as never)
    .returning('id')
    .executeTakeFirstOrThrow()
  const key = await getKey<Scope>(tx, sideOf(actor), made.id)
  return isRefusal(key) ? key : { key, secret }
}

/** A key that the actor may change: their own, and not revoked. Refuses: not_found, key_of_another, key_revoked. */
async function getOwnKey<Scope extends string>(
  tx: Tx,
  id: string,
  actor: Actor,
): Promise<(ApiKey<Scope> & { user_id: string }) | Refusal> {
  const key = await getKey<Scope>(tx, sideOf(actor), id)
  if (isRefusal(key)) return key
  if (key.state === 'revoked') return refuse('key_revoked')
  if (key.user_id !== actor.user_id)
    return refuse('key_of_another', { params: { name: key.person?.name ?? '…' } })
  return key
}

/**
 * Changes a key; its secret stays. Whoever answers for it does, and adds no scope that they do not hold. Refuses:
 * not_found, key_of_another, key_revoked, invalid_input.
 */
export async function updateKey<Scope extends string>(
  tx: Tx,
  id: string,
  change: Partial<KeyInput<Scope>>,
  actor: Actor,
  now: Temporal.Instant,
): Promise<ApiKey<Scope> | Refusal> {
  const key = await getOwnKey<Scope>(tx, id, actor)
  if (isRefusal(key)) return key
  const added = change.scopes?.filter((scope) => !key.scopes.includes(scope))
  const fault = checkKey(actor, { ...change, scopes: added ?? [] }, now)
  if (fault) return fault
  const { name, scopes, unit_ids, read_only, rate_limit, expires_at } = change
  const set = {
    ...(name === undefined ? {} : { name }),
    ...(scopes === undefined ? {} : scopesOf(actor, scopes)),
    ...(unit_ids === undefined ? {} : { unit_ids: unit_ids && sql<string[]>`${unit_ids}::uuid[]` }),
    ...(read_only === undefined ? {} : { read_only }),
    ...(rate_limit === undefined ? {} : { rate_limit }),
    ...(expires_at === undefined ? {} : { expires_at }),
  }
  if (Object.keys(set).length > 0) {
    await tx
      .updateTable('api_keys')
      .set(set as never)
      .where('id', '=', id)
      .execute()
  }
  return getKey<Scope>(tx, sideOf(actor), id)
}

/**
 * Gives a key a new secret; the old one works on for so many hours, the one before that ends at once. Refuses: not_found,
 * key_of_another, key_revoked, key_expired.
 */
export async function rotateKey<Scope extends string>(
  tx: Tx,
  id: string,
  overlapHours: number,
  actor: Actor,
): Promise<{ key: ApiKey<Scope>; secret: string } | Refusal> {
  const before = await getOwnKey<Scope>(tx, id, actor)
  if (isRefusal(before)) return before
  if (before.state === 'expired') return refuse('key_expired')
  const { secret, hash, hint } = makeSecret(actor)
  await sql`select rotate_api_key(${id}, ${hash}, ${hint}, ${overlapHours * 3600})`.execute(tx)
  const key = await getKey<Scope>(tx, sideOf(actor), id)
  return isRefusal(key) ? key : { key, secret }
}

/**
 * Answers for a key from now on, so that it works on when somebody leaves. It keeps the scopes that the actor holds.
 * Refuses: not_found, key_revoked, scopes_not_held (none is left).
 */
export async function takeKeyOver<Scope extends string>(
  tx: Tx,
  id: string,
  actor: Actor,
): Promise<ApiKey<Scope> | Refusal> {
  const key = await getKey<Scope>(tx, sideOf(actor), id)
  if (isRefusal(key)) return key
  if (key.state === 'revoked') return refuse('key_revoked')
  const scopes = key.scopes.filter((scope) => holds(actor, scope))
  if (scopes.length === 0) return refuse('scopes_not_held', { status: 403 })
  await tx
    .updateTable('api_keys')
    .set({ user_id: actor.user_id, ...scopesOf(actor, scopes) } as never)
    .where('id', '=', id)
    .execute()
  return getKey<Scope>(tx, sideOf(actor), id)
}

/** Ends a key of the operator, or of an account (`accountId`), for good. Refuses: not_found. */
export async function revokeKey(
  tx: Tx,
  id: string,
  accountId: string | null,
  now: Temporal.Instant,
): Promise<Refusal | undefined> {
  const found = await tx
    .selectFrom('api_keys')
    .select(['id', 'revoked_at'])
    .where('id', '=', id)
    .where('account_id', accountId === null ? 'is' : '=', accountId)
    .executeTakeFirst()
  if (!found) return notFound()
  if (found.revoked_at !== null) return undefined
  await tx
    .updateTable('api_keys')
    .set({ revoked_at: now, previous_token_hash: null, previous_expires_at: null })
    .where('id', '=', id)
    .execute()
  return undefined
}

/** Ends a key of the account that the owner works in, whoever answers for it. Refuses: not_found. */
export async function revokeOwnAccountKey(tx: Tx, id: string): Promise<Refusal | undefined> {
  const key = await getKey(tx, 'own_account', id)
  if (isRefusal(key)) return key
  await sql`select revoke_account_key(${id})`.execute(tx)
  return undefined
}
