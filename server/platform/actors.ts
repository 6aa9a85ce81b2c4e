import type { FastifyRequest } from 'fastify'
import type { Entrance } from './database.ts'
import { type Refusal, refuse } from './errors.ts'
import {
  listPermissions,
  type MemberDemand,
  type MembershipPermission,
  mayMember,
  type StaffPermission,
  type StaffRole,
} from './permissions.ts'
import { hashToken } from './secrets.ts'
import type { Language } from './translations.ts'

/** The two sides of the API: whose it is, whose cookie opens it, and the SQL functions that verify who comes in. */
export const sides = {
  office: {
    name: 'office',
    users: 'staff',
    cookie: 'zaguan_office',
    enter: 'enter_office',
    enterByKey: 'enter_office_by_key',
    keyPrefix: 'zgo_',
  },
  portal: {
    name: 'portal',
    users: 'customer',
    cookie: 'zaguan_portal',
    enter: 'enter_portal',
    enterByKey: 'enter_portal_by_key',
    keyPrefix: 'zga_',
  },
} as const
export type Side = (typeof sides)[keyof typeof sides]

/** The cookie of a member of staff who sees the portal as a customer (A11); it goes before the customer's own. */
export const viewCookie = 'zaguan_view_as'

type Person = {
  user_id: string
  email: string
  name: string
  language: Language
  /** Null for a program that comes with an API key. */
  session_id: string | null
  /** The API key that it came with (A12), else null. */
  api_key_id: string | null
  /** May look and change nothing: a read-only key, or staff who view as a customer. */
  read_only: boolean
  photo_file_id: string | null
  /** When the person last proved who they are. */
  confirmed_at: Temporal.Instant | null
}

export type StaffActor = Person & {
  side: 'staff'
  role: StaffRole
  all_units: boolean
  units: string[]
  /** What they may do: the role's, with what was granted and without what was withheld; of a key, at most its scopes. */
  permissions: StaffPermission[]
  /** The operator demands a second factor and this session has none: only its set-up can be reached. */
  second_factor_missing: boolean
}

export type CustomerActor = Person & {
  side: 'customer'
  /** Null while the user belongs to no account. */
  account_id: string | null
  account_name: string | null
  business_unit_id: string | null
  permissions: MembershipPermission[]
  /** The member of staff who sees the portal as this customer; null for customers themselves. */
  viewer_name: string | null
}

/** What a route demands beside its permission. */
export type Demands = {
  /**
   * `person`: a session of one's own; neither an API key nor staff who view as a customer get in. `confirmed`: and the
   * person proved who they are within the last quarter of an hour (what changes the way in).
   */
  session?: 'person' | 'confirmed'
  /** May be reached before the second factor that the operator demands is set up. */
  beforeSecondFactor?: boolean
}

/** How long a proof of identity counts for what changes the way in. */
export const confirmedMinutes = 15

/** The secret of an API key that came with a request, by its form; null without one. */
export function bearerToken(request: FastifyRequest): string | null {
  const found = /^Bearer ([\w-]{20,200})$/.exec(request.headers.authorization ?? '')
  return found ? found[1]! : null
}

/** What the transaction of a request begins with. */
export function entranceOf(
  side: Side,
  operation: string,
  proof: { session: string | null; key: string | null },
  request: FastifyRequest,
): Entrance {
  const enter = proof.key !== null ? side.enterByKey : side.enter
  const token = proof.key ?? proof.session
  if (token === null) {
    return {
      name: 'enter_visitor',
      text: `select set_config('zaguan.actor', $1, true)`,
      values: [
        JSON.stringify({
          kind: 'visitor',
          way: side.name,
          operation,
          ip: request.ip,
          request_id: request.id,
        }),
      ],
    }
  }
  return {
    name: enter,
    text: `select * from ${enter}($1, $2, $3, $4)`,
    values: [hashToken(token), operation, request.ip, request.id],
  }
}

type Entered = Record<string, unknown> | undefined

/** Who came in by a session or a key, as far as both sides know them alike. */
function readPerson(entered: NonNullable<Entered>) {
  return {
    ...entered,
    session_id: (entered.session_id ?? null) as string | null,
    api_key_id: (entered.api_key_id ?? null) as string | null,
    read_only: entered.read_only === true,
    photo_file_id: (entered.photo_file_id ?? null) as string | null,
    confirmed_at: (entered.confirmed_at ?? null) as Temporal.Instant | null,
  }
}

/**
 * Who a member of staff is and whether they may. Refuses: sign_in_needed, second_factor_needed, not_permitted, and what
 * checkDemands refuses.
 */
export function authorizeStaff(
  entered: Entered,
  permission: StaffPermission | 'any_staff',
  demands: Demands & { method: string },
  now: Temporal.Instant,
): StaffActor | Refusal {
  if (!entered) return refuse('sign_in_needed', { status: 401 })
  const scopes = entered.scopes as StaffPermission[] | undefined
  const permissions = listPermissions(
    entered.role as StaffRole,
    entered.granted as StaffPermission[],
    entered.withheld as StaffPermission[],
  ).filter((one) => scopes === undefined || scopes.includes(one))
  const actor = {
    side: 'staff',
    ...readPerson(entered),
    second_factor_missing: entered.second_factor_missing === true,
    permissions,
  } as StaffActor
  if (actor.second_factor_missing && !demands.beforeSecondFactor) {
    return refuse('second_factor_needed', { status: 403 })
  }
  if (permission !== 'any_staff' && !permissions.includes(permission)) {
    return refuse('not_permitted', { status: 403 })
  }
  return checkDemands(actor, null, demands, now) ?? actor
}

/**
 * Who a customer is, in which account, and whether they may. Refuses: sign_in_needed, no_account, not_permitted, and what
 * checkDemands refuses.
 */
export function authorizeMember(
  entered: Entered,
  permission: MemberDemand | 'any_member' | 'any_user',
  demands: Demands & { method: string },
  now: Temporal.Instant,
): CustomerActor | Refusal {
  if (!entered) return refuse('sign_in_needed', { status: 401 })
  const actor = {
    side: 'customer',
    ...readPerson(entered),
    permissions: (entered.permissions ?? []) as MembershipPermission[],
    viewer_name: (entered.viewer_name ?? null) as string | null,
  } as CustomerActor
  if (permission !== 'any_user') {
    if (actor.account_id === null) return refuse('no_account', { status: 403 })
    if (permission !== 'any_member' && !mayMember(actor.permissions, permission)) {
      return refuse('not_permitted', { status: 403 })
    }
  }
  return checkDemands(actor, actor.viewer_name, demands, now) ?? actor
}

/**
 * Refuses: view_as_read_only, key_read_only (changing), person_needed (a key, or staff in a customer's name, where only
 * the person may), confirmation_needed.
 */
function checkDemands(
  actor: Person,
  viewer: string | null,
  demands: Demands & { method: string },
  now: Temporal.Instant,
): Refusal | null {
  if (demands.session && (actor.api_key_id !== null || viewer !== null)) {
    return refuse('person_needed', { status: 403 })
  }
  if (actor.read_only && demands.method !== 'GET') {
    return refuse(viewer === null ? 'key_read_only' : 'view_as_read_only', { status: 403 })
  }
  if (demands.session === 'confirmed') {
    const confirmed = actor.confirmed_at
    if (!confirmed || Temporal.Instant.compare(confirmed.add({ minutes: confirmedMinutes }), now) < 0) {
      return refuse('confirmation_needed', { status: 403 })
    }
  }
  return null
}
