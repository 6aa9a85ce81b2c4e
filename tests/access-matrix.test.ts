// Who may call what: every operation of the API's document × every kind of caller. What the declarations amount to is
// compared with the table that people review (access-matrix.csv), and then asked of the server, cell by cell. A new route
// is a new row: UPDATE_ACCESS_MATRIX=1 writes the table, and its diff is what a reviewer reads.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { InjectOptions } from 'fastify'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { membershipPermissions, staffRoles } from '../server/platform/database.gen.ts'
import {
  listPermissions,
  type MembershipPermission,
  type StaffPermission,
  staffPermissions,
} from '../server/platform/permissions.ts'
import { createToken, hashToken } from '../server/platform/secrets.ts'
import { startTestApi, type TestApi } from './api.ts'

const file = join(import.meta.dirname, 'access-matrix.csv')
const nothing = '018f0000-0000-7000-8000-000000000000'

/** Open to whoever asks: what comes before a session, and what a page shows to everybody. */
const publicRoutes = new Set([
  'office_choose_password',
  'office_confirm_email',
  'office_create_first_admin',
  'office_finish_identity_provider',
  'office_get_identity_provider',
  'office_offer_passkey',
  'office_rate_password',
  'office_read_password_link',
  'office_request_password',
  'office_sign_in',
  'office_sign_in_by_code',
  'office_sign_in_by_passkey',
  'office_sign_out',
  'office_start_identity_provider',
  'portal_choose_password',
  'portal_confirm_email',
  'portal_decline_invitation',
  'portal_get_logo',
  'portal_get_look',
  'portal_join_by_invitation',
  'portal_offer_passkey',
  'portal_rate_password',
  'portal_read_invitation_link',
  'portal_read_password_link',
  'portal_request_password',
  'portal_sign_in',
  'portal_sign_in_by_code',
  'portal_sign_in_by_passkey',
  'portal_sign_out',
  'portal_start_view_as',
  'portal_stop_view_as',
])

/** Where routes are registered; the last ones lead browsers to an identity provider and back, and are the sandbox's page, in public. */
const registering = [
  'platform/http.ts',
  'platform/server.ts',
  'platform/web.ts',
  'modules/access/routes.identity-provider.ts',
  'drivers/sandbox/routes.ts',
]

/** What a cell says, and how the server says it. */
const answers = {
  'sign in': { status: 401, codes: ['sign_in_needed'] },
  no: { status: 403, codes: ['not_permitted'] },
  'no account': { status: 403, codes: ['no_account'] },
  person: { status: 403, codes: ['person_needed'] },
  reads: { status: 403, codes: ['key_read_only', 'view_as_read_only'] },
} as const
type Cell = keyof typeof answers | 'yes'
const refusals: string[] = Object.values(answers).flatMap((answer) => answer.codes)

type Side = 'office' | 'portal'
type Operation = {
  id: string
  side: Side
  method: string
  path: string
  /** `public` where no session is needed, `undeclared` where the route forgot to say. */
  permission: string
  session: string
}

/** Somebody as the declarations see them: what they hold where a permission is asked for, and what they come with. */
type Caller = {
  name: string
  side: Side
  holds: (permission: string) => boolean
  kind: 'nobody' | 'session' | 'key' | 'view'
  reads_only?: boolean
  /** Signed in, but in no account. */
  homeless?: boolean
}

const staffMay = (role: (typeof staffRoles)[number]) => {
  const permissions: string[] = listPermissions(role)
  return (permission: string) => permission === 'any_staff' || permissions.includes(permission)
}
const all = () => true
const free = (permission: string) => permission.startsWith('any_')

const callers: Caller[] = [
  { name: 'nobody', side: 'office', holds: all, kind: 'nobody' },
  ...staffRoles.map((role) => ({
    name: role,
    side: 'office' as const,
    holds: staffMay(role),
    kind: 'session' as const,
  })),
  // Staff whose one permission is the one that is asked for, and staff who have every other.
  { name: 'only it', side: 'office', holds: all, kind: 'session' },
  { name: 'all but it', side: 'office', holds: free, kind: 'session' },
  { name: 'key: only it', side: 'office', holds: all, kind: 'key' },
  { name: 'key: all but it', side: 'office', holds: free, kind: 'key' },
  { name: 'key: reads', side: 'office', holds: all, kind: 'key', reads_only: true },
  { name: 'nobody', side: 'portal', holds: all, kind: 'nobody' },
  { name: 'no account', side: 'portal', holds: all, kind: 'session', homeless: true },
  ...membershipPermissions.map((held) => ({
    name: `member: ${held}`,
    side: 'portal' as const,
    holds: (permission: string) =>
      free(permission) || held === 'owner' || permission.split(' or ').includes(held),
    kind: 'session' as const,
  })),
  { name: 'key: only it', side: 'portal', holds: all, kind: 'key' },
  { name: 'key: all but it', side: 'portal', holds: free, kind: 'key' },
  { name: 'key: reads', side: 'portal', holds: all, kind: 'key', reads_only: true },
  { name: 'view as', side: 'portal', holds: all, kind: 'view', reads_only: true },
]
const columns = [...new Set(callers.map((caller) => caller.name))]

/** What follows from what the route declares, in the order in which a request is looked at. */
function decide(operation: Operation, caller: Caller): Cell {
  if (caller.kind === 'nobody') return 'sign in'
  if (caller.homeless && operation.permission !== 'any_user') return 'no account'
  if (!caller.holds(operation.permission)) return 'no'
  if (operation.session !== '' && caller.kind !== 'session') return 'person'
  if (caller.reads_only && operation.method !== 'GET') return 'reads'
  return 'yes'
}

type Document = {
  paths: Record<string, Record<string, { operationId: string; security?: object[] } & Record<string, string>>>
}

let api: TestApi
let operations: Operation[]

beforeAll(async () => {
  api = await startTestApi()
  const document = (await api.server.inject('/api/v1/openapi.json')).json() as Document
  operations = Object.entries(document.paths)
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, described]) => ({
        id: described.operationId,
        side: described.operationId.startsWith('office_') ? ('office' as const) : ('portal' as const),
        method: method.toUpperCase(),
        path,
        permission: described['x-permission'] ?? (described.security?.length === 0 ? 'public' : 'undeclared'),
        session: described['x-session'] ?? '',
      })),
    )
    .sort((one, other) => (one.path + one.method < other.path + other.method ? -1 : 1))
})
afterAll(() => api?.close())

/** One line per operation: `-` where no session is asked for, nothing where the caller is of the other side. */
function writeTable(): string {
  const rows = operations.map((operation) => {
    const cells = columns.map((column) => {
      const caller = callers.find((one) => one.name === column && one.side === operation.side)
      return operation.permission === 'public' ? '-' : caller ? decide(operation, caller) : ''
    })
    return [operation.method, operation.path, operation.permission, operation.session, ...cells]
  })
  const header = ['method', 'path', 'permission', 'session', ...columns]
  return `${[header, ...rows].map((row) => row.join(',')).join('\n')}\n`
}

describe('the declarations', () => {
  it('of every route say who may, or that it is public by name', () => {
    expect(operations.filter((one) => one.permission === 'undeclared').map((one) => one.id)).toEqual([])
    const open = operations.filter((one) => one.permission === 'public').map((one) => one.id)
    expect(open.toSorted()).toEqual([...publicRoutes].toSorted())
    const known = [
      ...staffPermissions,
      ...membershipPermissions,
      'any_staff',
      'any_member',
      'any_user',
      'public',
    ]
    expect(
      operations.filter(
        (one) => !one.permission.split(' or ').every((name) => (known as string[]).includes(name)),
      ),
    ).toEqual([])
  })

  it('are all there are: no route goes past them', () => {
    const past = readdirSync(join(import.meta.dirname, '../server'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .filter((name) => !registering.includes(name))
      .filter((name) =>
        /\bserver\.(route|get|post|put|patch|delete|all)\(/.test(
          readFileSync(join(import.meta.dirname, '../server', name), 'utf8'),
        ),
      )
    expect(past).toEqual([])
  })

  it('amount to the table that was reviewed', () => {
    const table = writeTable()
    if (process.env.UPDATE_ACCESS_MATRIX) writeFileSync(file, table)
    const reviewed = existsSync(file) ? readFileSync(file, 'utf8') : ''
    const lines = (text: string) => text.trimEnd().split('\n')
    const now = lines(table)
    const before = lines(reviewed)
    // Only what differs, so that a failure is read at a glance.
    expect(
      {
        new: now.filter((line) => !before.includes(line)),
        gone: before.filter((line) => !now.includes(line)),
      },
      'review the change, then write the table with UPDATE_ACCESS_MATRIX=1',
    ).toEqual({ new: [], gone: [] })
  })
})

describe('the server', () => {
  /** What each caller sends with a request for an operation. */
  const proofs = new Map<string, Record<string, string>>()
  const proofOf = (caller: Caller, operation: Operation) =>
    proofs.get(`${caller.side} ${caller.name} ${operation.permission}`) ??
    proofs.get(`${caller.side} ${caller.name}`)

  beforeAll(async () => {
    const owner = new pg.Client({ connectionString: api.database.ownerUrl })
    await owner.connect()
    try {
      await seed(owner)
    } finally {
      await owner.end()
    }
  })

  async function seed(owner: pg.Client): Promise<void> {
    const one = async (text: string, values: unknown[]) =>
      (await owner.query(text, values)).rows[0].id as string
    const unit = await api.unit()
    const account = await one(
      `insert into accounts (business_unit_id, name, language) values ($1, 'Matrix', 'en') returning id`,
      [unit.id],
    )
    let people = 0
    const makeUser = (side: string) =>
      one(`insert into users (side, email, name, language) values ($1, $2, 'Somebody', 'en') returning id`, [
        side,
        `matrix${++people}@people.example`,
      ])
    const session = async (user: string, cookie: string, more: Record<string, unknown> = {}) => {
      const token = createToken()
      const fields = {
        user_id: user,
        token_hash: hashToken(token),
        expires_at: new Date(Date.now() + 3_600_000),
        ...more,
      }
      const names = Object.keys(fields)
      await owner.query(
        `insert into sessions (${names.join(', ')}) values (${names.map((_, at) => `$${at + 1}`).join(', ')})`,
        Object.values(fields),
      )
      return { cookie: `${cookie}=${token}` }
    }
    const hire = async (role: string, granted: string[] = [], withheld: string[] = []) => {
      const user = await makeUser('staff')
      await owner.query(
        'insert into staff (user_id, role, all_units, granted, withheld) values ($1, $2, true, $3, $4)',
        [user, role, granted, withheld],
      )
      return user
    }
    const key = async (side: Side, user: string, scopes: string[], readOnly = false) => {
      const secret = `${side === 'office' ? 'zgo' : 'zga'}_${createToken()}`
      await owner.query(
        `insert into api_keys (side, user_id, account_id, name, hint, token_hash, staff_scopes, member_scopes, read_only, rate_limit)
         values ($1, $2, $3, 'Matrix', 'zg', $4, $5, $6, $7, 100000)`,
        [
          side === 'office' ? 'staff' : 'customer',
          user,
          side === 'office' ? null : account,
          hashToken(secret),
          side === 'office' ? scopes : null,
          side === 'office' ? null : scopes,
          readOnly,
        ],
      )
      return { authorization: `Bearer ${secret}` }
    }
    const put = (name: string, proof: Record<string, string>) => proofs.set(name, proof)

    for (const role of staffRoles) put(`office ${role}`, await session(await hire(role), 'zaguan_office'))
    const whole = await hire('admin', ['accounts.act_as'])
    const ofTechnician = listPermissions('technician')
    put('office key: reads', await key('office', whole, [...staffPermissions], true))
    for (const permission of [...staffPermissions, null]) {
      const others = staffPermissions.filter((other) => other !== permission)
      const named = permission ?? 'any_staff'
      const single: StaffPermission = permission ?? 'jobs.read'
      const only = await hire(
        'technician',
        ofTechnician.includes(single) ? [] : [single],
        ofTechnician.filter((other) => other !== single),
      )
      const butIt = await hire(
        'admin',
        permission === 'accounts.act_as' ? [] : ['accounts.act_as'],
        permission && permission !== 'accounts.act_as' ? [permission] : [],
      )
      put(`office only it ${named}`, await session(only, 'zaguan_office'))
      put(`office all but it ${named}`, await session(butIt, 'zaguan_office'))
      put(`office key: only it ${named}`, await key('office', whole, [single]))
      put(`office key: all but it ${named}`, await key('office', whole, others))
    }

    const join = async (permissions: MembershipPermission[]) => {
      const user = await makeUser('customer')
      await owner.query('insert into memberships (user_id, account_id, permissions) values ($1, $2, $3)', [
        user,
        account,
        permissions,
      ])
      return user
    }
    put('portal no account', await session(await makeUser('customer'), 'zaguan_portal'))
    for (const held of membershipPermissions)
      put(`portal member: ${held}`, await session(await join([held]), 'zaguan_portal'))
    const holder = await join(['owner'])
    put('portal key: reads', await key('portal', holder, [...membershipPermissions], true))
    for (const permission of [
      ...membershipPermissions,
      'services or billing',
      'any_member',
      'any_user',
    ] as const) {
      const named = permission.split(' or ') as MembershipPermission[]
      const single = permission.startsWith('any_') ? 'support' : named.at(-1)!
      const others = membershipPermissions.filter((other) => !named.includes(other) && other !== 'owner')
      put(`portal key: only it ${permission}`, await key('portal', holder, [single]))
      put(`portal key: all but it ${permission}`, await key('portal', holder, others))
    }
    put(
      'portal view as',
      await session(whole, 'zaguan_view_as', {
        method: 'view_as',
        viewed_account_id: account,
        read_only: true,
      }),
    )
    for (const side of ['office', 'portal']) put(`${side} nobody`, {})
  }

  /** Asks as the caller would, about what does not exist and with nothing said, and tells where the cell is not kept. */
  async function ask(operation: Operation, caller: Caller, at: number): Promise<string | null> {
    const proof = proofOf(caller, operation)
    if (!proof) throw new Error(`nobody is ${caller.side} ${caller.name} for ${operation.permission}`)
    const options: InjectOptions = {
      method: operation.method as 'GET',
      url: operation.path.replaceAll(/\{(\w+)\}/g, (_, name) => (name === 'kind' ? 'accounts' : nothing)),
      headers: proof,
      // Each from an address of its own: the limits per address are not what is asked for here.
      remoteAddress: `10.${(at >> 16) & 255}.${(at >> 8) & 255}.${at & 255}`,
      ...(operation.method === 'GET' || operation.method === 'DELETE' ? {} : { payload: {} }),
    }
    const reply = await api.server.inject(options)
    const problem = /problem/.test(String(reply.headers['content-type']))
    const code: string = problem ? reply.json().code : ''
    const cell = decide(operation, caller)
    const kept =
      cell === 'yes'
        ? reply.statusCode < 500 &&
          reply.statusCode !== 401 &&
          reply.statusCode !== 429 &&
          !refusals.includes(code)
        : reply.statusCode === answers[cell].status &&
          (answers[cell].codes as readonly string[]).includes(code)
    return kept
      ? null
      : `${operation.method} ${operation.path} by ${caller.name}: ${cell} expected, ${reply.statusCode} ${code} answered`
  }

  it('keeps every cell', async () => {
    const cells = operations
      .filter((operation) => operation.permission !== 'public')
      .flatMap((operation) =>
        callers.filter((caller) => caller.side === operation.side).map((caller) => ({ operation, caller })),
      )
    const broken: (string | null)[] = []
    let next = 0
    await Promise.all(
      Array.from({ length: 6 }, async () => {
        for (let at = next++; at < cells.length; at = next++) {
          const { operation, caller } = cells[at]!
          broken.push(await ask(operation, caller, at))
        }
      }),
    )
    expect(cells.length).toBeGreaterThan(1000)
    expect(broken.filter((line) => line !== null)).toEqual([])
  }, 120_000)
})
