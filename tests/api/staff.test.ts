// Staff: roles, single permissions and business units (A10), and that nobody gives or takes more than they have.
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Caller, startTestApi, type TestApi } from '../api.ts'
import { runJobs } from '../jobs.ts'

let api: TestApi
let admin: Caller
let unit: { id: string }

beforeAll(async () => {
  api = await startTestApi()
  admin = await api.staff('admin')
  unit = await api.unit()
})
afterAll(() => api.close())

async function hire(
  role: Parameters<TestApi['staff']>[0],
  change?: object,
  options: { units?: string[] } = {},
) {
  const caller = await api.staff(role, options)
  const id = (await caller.get('/session')).body.user_id as string
  if (change) {
    const reply = await admin.patch(`/staff/${id}`, change)
    expect(reply.status, JSON.stringify(reply.body)).toBe(200)
  }
  return { caller, id }
}
const invitation = (change: object = {}) => ({
  name: 'Novo',
  email: `novo-${Math.random().toString(36).slice(2)}@operator.example`,
  language: 'en',
  role: 'support',
  ...change,
})

describe('single permissions', () => {
  it('are added to the role or taken from it, hold from the next request on, and stand in the log', async () => {
    const { caller, id } = await hire('technician')
    expect((await caller.get('/staff')).body.code).toBe('not_permitted')
    const changed = await admin.patch(`/staff/${id}`, { granted: ['staff.read'], withheld: ['jobs.read'] })
    expect(changed.body).toMatchObject({ granted: ['staff.read'], withheld: ['jobs.read'] })
    expect(changed.body.permissions).toContain('staff.read')
    expect(changed.body.permissions).not.toContain('jobs.read')
    expect((await caller.get('/staff')).status).toBe(200)
    expect((await caller.get('/jobs')).body.code).toBe('not_permitted')
    expect((await caller.get('/session')).body.permissions).toEqual(changed.body.permissions)
    const log = (await admin.get(`/audit?object_type=staff&object_id=${id}`)).body.items[0]
    expect(log).toMatchObject({
      before: { granted: [] },
      after: { granted: ['staff.read'], withheld: ['jobs.read'] },
    })
  })

  it('are kept only as far as they differ from the role', async () => {
    const { id } = await hire('support')
    const changed = await admin.patch(`/staff/${id}`, {
      granted: ['accounts.read', 'imports.read'],
      withheld: ['billing.run', 'notices.read'],
    })
    expect(changed.body).toMatchObject({ granted: ['imports.read'], withheld: ['notices.read'] })
    expect((await admin.patch(`/staff/${id}`, { role: 'finance' })).body).toMatchObject({
      granted: [],
      withheld: ['notices.read'],
    })
  })

  it('come with the invitation', async () => {
    const reply = await admin.post('/staff', invitation({ granted: ['accounts.act_as'] }))
    expect(reply.body).toMatchObject({
      granted: ['accounts.act_as'],
      has_second_factor: false,
      last_seen_at: null,
    })
  })
})

describe('nobody gives what they do not hold', () => {
  it('neither a permission, nor a role, nor a business unit', async () => {
    const { caller } = await hire('support', { granted: ['staff.read', 'staff.write'] })
    for (const change of [{ role: 'admin' }, { granted: ['billing.run'] }, { role: 'finance' }]) {
      const reply = await caller.post('/staff', invitation(change))
      expect([reply.status, reply.body.code], JSON.stringify(change)).toEqual([403, 'beyond_own_access'])
    }
    expect((await caller.post('/staff', invitation())).status).toBe(201)
    const local = await hire('admin', undefined, { units: [unit.id] })
    const other = await api.unit()
    for (const change of [{ all_units: true }, { all_units: false, units: [other.id] }]) {
      const reply = await local.caller.post('/staff', invitation(change))
      expect(reply.body.code, JSON.stringify(change)).toBe('beyond_own_access')
    }
    expect(
      (await local.caller.post('/staff', invitation({ all_units: false, units: [unit.id] }))).status,
    ).toBe(201)
  })

  it('nor do they touch somebody who may do more: their e-mail would be their account', async () => {
    const { caller } = await hire('support', { granted: ['staff.read', 'staff.write'] })
    const victim = await hire('admin')
    for (const reply of [
      await caller.patch(`/staff/${victim.id}`, { email: 'mine@operator.example' }),
      await caller.patch(`/staff/${victim.id}`, { disabled: true }),
      await caller.patch(`/staff/${victim.id}`, { role: 'auditor' }),
      await caller.post(`/staff/${victim.id}/reset-second-factor`),
    ])
      expect([reply.status, reply.body.code]).toEqual([403, 'beyond_own_access'])
    const { caller: narrow, id } = await hire('admin', { withheld: ['privacy.erase'] })
    expect((await narrow.patch(`/staff/${victim.id}`, { name: 'Other' })).body.code).toBe('beyond_own_access')
    expect((await admin.patch(`/staff/${id}`, { withheld: [] })).status).toBe(200)
  })

  it('not by a key either: it gives at most its scopes', async () => {
    const { secret } = (await admin.post('/api-keys', { name: 'HR', scopes: ['staff.read', 'staff.write'] }))
      .body
    const headers = { authorization: `Bearer ${secret}` }
    const post = (body: object) =>
      api.server.inject({ method: 'POST', url: '/api/v1/office/staff', headers, payload: body })
    expect((await post(invitation({ role: 'admin' }))).json().code).toBe('beyond_own_access')
    const own = (await admin.get('/session')).body.user_id
    const email = await api.server.inject({
      method: 'PATCH',
      url: `/api/v1/office/staff/${own}`,
      headers,
      payload: { email: 'thief@operator.example' },
    })
    expect(email.json().code).toBe('own_access')
  })

  it('nor changes their own access', async () => {
    const own = (await admin.get('/session')).body.user_id
    for (const change of [
      { granted: ['accounts.act_as'] },
      { withheld: [] },
      { role: 'admin' },
      { disabled: true },
    ]) {
      const reply = await admin.patch(`/staff/${own}`, change)
      expect(reply.body.code, JSON.stringify(change)).toBe('own_access')
    }
    expect((await admin.post(`/staff/${own}/reset-second-factor`)).body.code).toBe('own_access')
    expect((await admin.patch(`/staff/${own}`, { name: 'Ana Prado' })).body.name).toBe('Ana Prado')
  })
})

describe('an administrator remains', () => {
  it('whole: with every business unit and nothing withheld', async () => {
    const own = await startTestApi()
    try {
      const last = await own.staff('admin')
      const { user_id, permissions } = (await last.get('/session')).body
      const able = await own.staff('support')
      const { user_id: theirs } = (await able.get('/session')).body
      expect((await last.patch(`/staff/${theirs}`, { granted: permissions })).status).toBe(200)
      for (const change of [
        { disabled: true },
        { role: 'auditor' },
        { withheld: ['staff.write'] },
        { all_units: false, units: [(await own.unit()).id] },
      ]) {
        const reply = await able.patch(`/staff/${user_id}`, change)
        expect([reply.status, reply.body.code], JSON.stringify(change)).toEqual([409, 'last_admin'])
      }
      expect((await last.get('/staff')).status).toBe(200)
    } finally {
      await own.close()
    }
  })

  it('where two take each other’s access away at once', async () => {
    const own = await startTestApi()
    try {
      const [first, second] = [await own.staff('admin'), await own.staff('admin')]
      const id = async (caller: Caller) => (await caller.get('/session')).body.user_id as string
      const [one, two] = [await id(first), await id(second)]
      await Promise.all([
        first.patch(`/staff/${two}`, { disabled: true }),
        second.patch(`/staff/${one}`, { disabled: true }),
      ])
      const left = await own.system((tx) =>
        tx.selectFrom('users').where('disabled_at', 'is', null).select('id').execute(),
      )
      expect(left.length).toBeGreaterThan(0)
    } finally {
      await own.close()
    }
  })
})

describe('access ends and begins', () => {
  it('by disabling: every session at once, and the sign-in', async () => {
    const { caller, id } = await hire('support')
    const seen = (await admin.get(`/staff/${id}`)).body
    expect(seen.last_seen_at).not.toBeNull()
    await admin.patch(`/staff/${id}`, { disabled: true })
    expect((await caller.get('/session')).status).toBe(401)
    await admin.patch(`/staff/${id}`, { disabled: false })
    // The sessions of before do not come back.
    expect((await caller.get('/session')).status).toBe(401)
  })

  it('by an invitation that is sent once more while it is open', async () => {
    const made = await admin.post('/staff', invitation())
    await runJobs(api)
    expect((await admin.post(`/staff/${made.body.id}/resend-invitation`)).status).toBe(204)
    await runJobs(api)
    const mails = (await admin.get(`/notices?q=${encodeURIComponent(made.body.email)}`)).body.items
    expect(mails.filter((mail: { kind: string }) => mail.kind === 'staff_invitation')).toHaveLength(2)
    const { id } = await hire('support')
    expect((await admin.post(`/staff/${id}/resend-invitation`)).body.code).toBe('invitation_used')
  })

  it('by a second factor that was lost: it is taken away and every session ends', async () => {
    const { caller, id } = await hire('support')
    await ownerRuns(
      `insert into user_totp (user_id, secret_encrypted, confirmed_at) values ('${id}', '\\x00', now())`,
    )
    expect((await admin.get(`/staff/${id}`)).body.has_second_factor).toBe(true)
    expect((await admin.post(`/staff/${id}/reset-second-factor`)).status).toBe(204)
    expect((await admin.get(`/staff/${id}`)).body.has_second_factor).toBe(false)
    expect((await caller.get('/session')).status).toBe(401)
  })
})

async function ownerRuns(statement: string) {
  const client = new pg.Client({ connectionString: api.database.ownerUrl })
  await client.connect()
  await client.query(statement)
  await client.end()
}
