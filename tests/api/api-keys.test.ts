// API keys (A12): what a key may, whose it is, and how it ends.
import type { InjectOptions } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApp } from '../../server/app.ts'
import { openPool } from '../../server/platform/database.ts'
import { type Caller, type Reply, startTestApi, type TestApi } from '../api.ts'

let api: TestApi
let admin: Caller
let owner: Caller
let unit: { id: string }
let account: { id: string }

beforeAll(async () => {
  api = await startTestApi()
  admin = await api.staff('admin')
  unit = await api.unit()
  account = (
    await admin.post('/accounts', {
      business_unit_id: unit.id,
      name: 'Padaria',
      email: 'dona@padaria.example',
    })
  ).body
  owner = await api.customer('dona@padaria.example')
})
afterAll(() => api.close())

/** A program: no cookie, only its secret. */
function program(side: 'office' | 'portal', secret: string) {
  return async (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: object): Promise<Reply> => {
    const options: InjectOptions = {
      method,
      url: `/api/v1/${side}${path}`,
      headers: { authorization: `Bearer ${secret}` },
      ...(body ? { payload: body } : {}),
    }
    const reply = await api.server.inject(options)
    const json = /json/.test(String(reply.headers['content-type']))
    return {
      status: reply.statusCode,
      body: json && reply.payload ? JSON.parse(reply.payload) : null,
      headers: reply.headers,
      bytes: reply.rawPayload,
    }
  }
}

async function makeKey(caller: Caller, input: object): Promise<{ key: Reply['body']; secret: string }> {
  const reply = await caller.post('/api-keys', { name: 'Night script', ...input })
  expect(reply.status, JSON.stringify(reply.body)).toBe(201)
  return reply.body
}
const setKey = (id: string, change: object) =>
  api.system((tx) =>
    tx
      .updateTable('api_keys')
      .set(change as never)
      .where('id', '=', id)
      .execute(),
  )

describe('an operator’s key', () => {
  it('is shown once, does what its scopes say and nothing else, and the log names it and its person', async () => {
    const { key, secret } = await makeKey(admin, {
      scopes: ['accounts.read', 'accounts.create', 'audit.read'],
    })
    expect(secret).toMatch(/^zgo_[\w-]{43}$/)
    expect(key).toMatchObject({
      hint: secret.slice(0, 8),
      state: 'active',
      last_used_at: null,
      idle_scopes: [],
    })
    expect(key.person.name).toBe('admin 1')
    expect(JSON.stringify((await admin.get('/api-keys')).body)).not.toContain(secret)
    const call = program('office', secret)
    const made = await call('POST', '/accounts', { business_unit_id: unit.id, name: 'By a script' })
    expect(made.status).toBe(201)
    expect((await call('GET', `/accounts/${made.body.id}`)).body.name).toBe('By a script')
    expect((await call('PATCH', `/accounts/${made.body.id}`, { city: 'Natal' })).body.code).toBe(
      'not_permitted',
    )
    expect((await call('GET', '/staff')).body.code).toBe('not_permitted')
    const log = (await call('GET', `/audit?account_id=${made.body.id}`)).body.items.at(-1)
    expect(log).toMatchObject({ way: 'api_key', actor_id: key.id, actor_name: 'Night script · admin 1' })
    const used = (await admin.get('/api-keys')).body.items[0]
    expect(used.last_used_ip).toBe('127.0.0.1')
    expect(used.last_used_at).not.toBeNull()
  })

  it('cannot reach what only the person may: keys, views, the way in', async () => {
    const { secret } = await makeKey(admin, {
      scopes: ['api_keys.read', 'api_keys.write', 'accounts.view_as'],
    })
    const call = program('office', secret)
    expect((await call('GET', '/api-keys')).body.code).toBe('person_needed')
    const more = await call('POST', '/api-keys', { name: 'Another', scopes: ['api_keys.read'] })
    expect([more.status, more.body.code]).toEqual([403, 'person_needed'])
    const view = await call('POST', `/accounts/${account.id}/view-as`, { reason: 'to look' })
    expect(view.body.code).toBe('person_needed')
  })

  it('that only reads changes nothing', async () => {
    const { secret } = await makeKey(admin, { scopes: ['accounts.read', 'accounts.write'], read_only: true })
    const call = program('office', secret)
    expect((await call('GET', `/accounts/${account.id}`)).status).toBe(200)
    expect((await call('PATCH', `/accounts/${account.id}`, { city: 'Natal' })).body.code).toBe(
      'key_read_only',
    )
  })

  it('sees the business units that it was given, and never more than its person', async () => {
    const other = await api.unit()
    const { secret } = await makeKey(admin, { scopes: ['accounts.read'], unit_ids: [other.id] })
    expect((await program('office', secret)('GET', `/accounts/${account.id}`)).status).toBe(404)
    const local = await api.staff('admin', { units: [other.id] })
    const beyond = await local.post('/api-keys', {
      name: 'x',
      scopes: ['accounts.read'],
      unit_ids: [unit.id],
    })
    expect(beyond.body.errors).toMatchObject([{ path: 'unit_ids', code: 'not_held' }])
    const own = await makeKey(local, { scopes: ['accounts.read'] })
    expect((await program('office', own.secret)('GET', `/accounts/${account.id}`)).status).toBe(404)
  })

  it('privilege by scope: nobody gives a key what they do not hold themselves', async () => {
    const staff = await api.staff('support')
    const { user_id } = (await staff.get('/session')).body
    await admin.patch(`/staff/${user_id}`, { granted: ['api_keys.read', 'api_keys.write'] })
    const beyond = await staff.post('/api-keys', { name: 'x', scopes: ['accounts.read', 'billing.run'] })
    expect(beyond.body.errors).toMatchObject([{ path: 'scopes', code: 'not_held' }])
    const { key, secret } = await makeKey(staff, { scopes: ['accounts.read', 'payments.read'] })
    const widened = await staff.patch(`/api-keys/${key.id}`, { scopes: ['accounts.read', 'staff.write'] })
    expect(widened.body.errors).toMatchObject([{ path: 'scopes', code: 'not_held' }])
    // What the person loses, the key loses; the list says so.
    await admin.patch(`/staff/${user_id}`, { withheld: ['payments.read'] })
    expect((await program('office', secret)('GET', '/payments')).body.code).toBe('not_permitted')
    const shown = (await admin.get('/api-keys')).body.items.find((item: { id: string }) => item.id === key.id)
    expect(shown.idle_scopes).toEqual(['payments.read'])
    // Another's secret would be another's access: who wants to change the key answers for it first.
    const theirs = await makeKey(admin, { scopes: ['accounts.read', 'staff.write'] })
    for (const reply of [
      await staff.post(`/api-keys/${theirs.key.id}/rotate`, { overlap_hours: 0 }),
      await staff.patch(`/api-keys/${theirs.key.id}`, { name: 'mine' }),
    ])
      expect([reply.status, reply.body.code]).toEqual([409, 'key_of_another'])
    const taken = await staff.post(`/api-keys/${theirs.key.id}/take-over`)
    expect(taken.body).toMatchObject({ scopes: ['accounts.read'], person: { id: user_id } })
    expect((await program('office', theirs.secret)('GET', '/staff')).body.code).toBe('not_permitted')
  })

  it('stops with its person’s access, and works again for whoever takes it over', async () => {
    const leaving = await api.staff('admin')
    const { user_id } = (await leaving.get('/session')).body
    const { key, secret } = await makeKey(leaving, { scopes: ['accounts.read'] })
    const call = program('office', secret)
    expect((await call('GET', '/accounts')).status).toBe(200)
    await admin.patch(`/staff/${user_id}`, { disabled: true })
    expect((await call('GET', '/accounts')).status).toBe(401)
    const shown = (await admin.get('/api-keys')).body.items.find((item: { id: string }) => item.id === key.id)
    expect(shown.state).toBe('stopped')
    expect((await admin.post(`/api-keys/${key.id}/take-over`)).body.state).toBe('active')
    expect((await call('GET', '/accounts')).status).toBe(200)
  })

  it('rotates: both secrets work until the overlap is over, then the old one does not', async () => {
    const { key, secret } = await makeKey(admin, { scopes: ['accounts.read'] })
    const rotated = await admin.post(`/api-keys/${key.id}/rotate`, { overlap_hours: 24 })
    expect(rotated.body.secret).not.toBe(secret)
    expect(rotated.body.key.previous_works_until).not.toBeNull()
    expect((await program('office', secret)('GET', '/accounts')).status).toBe(200)
    expect((await program('office', rotated.body.secret)('GET', '/accounts')).status).toBe(200)
    await setKey(key.id, { previous_expires_at: Temporal.Instant.from('2026-01-01T00:00:00Z') })
    expect((await program('office', secret)('GET', '/accounts')).body.code).toBe('api_key_invalid')
    const at_once = await admin.post(`/api-keys/${key.id}/rotate`, { overlap_hours: 0 })
    expect(at_once.body.key.previous_works_until).toBeNull()
    expect((await program('office', rotated.body.secret)('GET', '/accounts')).body.code).toBe(
      'api_key_invalid',
    )
    const log = (await admin.get(`/audit?object_type=api_keys&object_id=${key.id}`)).body.items
    expect(log[0]).toMatchObject({ operation: 'rotate_api_key', action: 'changed' })
    expect(JSON.stringify(log)).not.toMatch(/token_hash/)
  })

  it('expires, is revoked for good, and is then of no use', async () => {
    const soon = await admin.post('/api-keys', {
      name: 'x',
      scopes: ['accounts.read'],
      expires_at: '2026-05-01T00:00:00Z',
    })
    expect(soon.body.errors).toMatchObject([{ path: 'expires_at', code: 'passed_already' }])
    const { key, secret } = await makeKey(admin, {
      scopes: ['accounts.read'],
      expires_at: '2099-01-01T00:00:00Z',
    })
    await setKey(key.id, { expires_at: Temporal.Instant.from('2026-05-01T00:00:00Z') })
    const call = program('office', secret)
    const expired = await call('GET', '/accounts')
    expect([expired.status, expired.body.code, expired.headers['www-authenticate']]).toEqual([
      401,
      'api_key_invalid',
      'Bearer',
    ])
    expect((await admin.post(`/api-keys/${key.id}/rotate`, { overlap_hours: 1 })).body.code).toBe(
      'key_expired',
    )
    await admin.patch(`/api-keys/${key.id}`, { expires_at: null })
    expect((await call('GET', '/accounts')).status).toBe(200)
    expect((await admin.delete(`/api-keys/${key.id}`)).status).toBe(204)
    expect((await call('GET', '/accounts')).body.code).toBe('api_key_invalid')
    expect((await admin.patch(`/api-keys/${key.id}`, { name: 'back' })).body.code).toBe('key_revoked')
    expect((await admin.post(`/api-keys/${key.id}/take-over`)).body.code).toBe('key_revoked')
    expect(
      (await admin.get('/api-keys?usable=false')).body.items.map((item: { id: string }) => item.id),
    ).toContain(key.id)
    expect(
      (await admin.get('/api-keys?usable=true')).body.items.map((item: { id: string }) => item.id),
    ).not.toContain(key.id)
  })

  it('role confusion: a key of one side is unknown to the other, whatever cookie comes with it', async () => {
    const { secret } = await makeKey(admin, { scopes: ['accounts.read'] })
    expect((await program('portal', secret)('GET', '/account')).body.code).toBe('api_key_invalid')
    const mixed = await admin.get('/accounts', { authorization: 'Bearer zgo_thisissomethingelseentirely' })
    expect([mixed.status, mixed.body.code]).toEqual([401, 'api_key_invalid'])
    expect((await admin.get('/accounts', { authorization: 'Basic YTpi' })).status).toBe(401)
  })

  it('mass assignment: neither side nor person nor account of a key can be named', async () => {
    for (const extra of [
      { user_id: unit.id },
      { side: 'customer' },
      { account_id: account.id },
      { token_hash: 'x' },
    ]) {
      const reply = await admin.post('/api-keys', { name: 'x', scopes: ['accounts.read'], ...extra })
      expect(reply.status).toBe(422)
    }
  })

  it('replay: the secret is not kept for a repeated request', async () => {
    const made = await admin.post(
      '/api-keys',
      { name: 'Once', scopes: ['accounts.read'] },
      { 'idempotency-key': 'once-only' },
    )
    expect(made.status).toBe(201)
    const kept = await api.system((tx) => tx.selectFrom('idempotency_keys').select('response').execute())
    expect(JSON.stringify(kept)).not.toContain(made.body.secret)
  })
})

describe('the limit of a key', () => {
  it('is counted over all, said in every answer, and refuses with when to come again', async () => {
    const { secret } = await makeKey(admin, { scopes: ['accounts.read'], rate_limit: 3 })
    const call = program('office', secret)
    const replies = [await call('GET', '/accounts')]
    // The minute may turn over between two calls; what counts is one minute.
    for (let n = 0; n < 7; n++) replies.push(await call('GET', '/accounts'))
    expect(replies[0]!.headers).toMatchObject({ 'ratelimit-limit': '3', 'ratelimit-remaining': '2' })
    const refused = replies.find((reply) => reply.status === 429)!
    expect(refused.body.code).toBe('too_many_requests')
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(60)
    expect(refused.headers['ratelimit-remaining']).toBe('0')
  })
})

describe('two servers on one database', () => {
  it('count a key’s calls together', async () => {
    const second = await createApp({
      config: api.config,
      office: openPool(api.database.officeUrl, 2),
      portal: openPool(api.database.portalUrl, 2),
      files: api.files,
      now: api.now,
      version: 'test',
    })
    try {
      await second.server.ready()
      const { secret } = await makeKey(admin, { scopes: ['accounts.read'], rate_limit: 1000 })
      const ask = (server: typeof second.server) =>
        server.inject({ url: '/api/v1/office/accounts', headers: { authorization: `Bearer ${secret}` } })
      const left: number[] = []
      for (const server of [api.server, second.server, api.server, second.server])
        left.push(Number((await ask(server)).headers['ratelimit-remaining']))
      // One minute may end between two of them; never do two servers give the same call away.
      const steps = left.slice(1).map((one, at) => left[at]! - one)
      expect(steps.filter((step) => step === 1).length).toBeGreaterThanOrEqual(2)
      expect(steps).not.toContain(0)
    } finally {
      await second.server.close()
      await Promise.all([second.office.end(), second.portal.end()])
    }
  })
})

describe('an account’s key', () => {
  it('is the owner’s to make, sees that account alone, and does what its scopes say', async () => {
    const { key, secret } = await makeKey(owner, { scopes: ['billing'] })
    expect(secret).toMatch(/^zga_/)
    const call = program('portal', secret)
    expect((await call('GET', '/account')).body.name).toBe('Padaria')
    expect((await call('GET', '/invoices')).status).toBe(200)
    expect((await call('GET', '/subscriptions')).body.code).toBe('not_permitted')
    expect((await call('GET', '/home')).status).toBe(200)
    expect((await call('GET', '/api-keys')).status).toBe(403)
    expect((await owner.get('/api-keys')).body.items[0]).toMatchObject({ id: key.id, state: 'active' })
  })

  it('belongs to one account: another’s owner neither sees nor changes it', async () => {
    await admin.post('/accounts', { business_unit_id: unit.id, name: 'Vizinho', email: 'eu@vizinho.example' })
    const stranger = await api.customer('eu@vizinho.example')
    const { key } = await makeKey(owner, { scopes: ['billing'] })
    expect((await stranger.get('/api-keys')).body.items).toEqual([])
    for (const reply of [
      await stranger.patch(`/api-keys/${key.id}`, { name: 'x' }),
      await stranger.post(`/api-keys/${key.id}/rotate`, { overlap_hours: 0 }),
      await stranger.post(`/api-keys/${key.id}/take-over`),
      await stranger.delete(`/api-keys/${key.id}`),
    ])
      expect([reply.status, reply.body.code]).toEqual([404, 'not_found'])
  })

  it('rotates and ends by any owner; a limit beyond the account’s is refused', async () => {
    const { key, secret } = await makeKey(owner, { scopes: ['services'] })
    const rotated = await owner.post(`/api-keys/${key.id}/rotate`, { overlap_hours: 1 })
    expect(rotated.status).toBe(200)
    expect((await program('portal', secret)('GET', '/subscriptions')).status).toBe(200)
    await addOwner()
    const second = await api.customer('socio@padaria.example')
    expect((await second.patch(`/api-keys/${key.id}`, { name: 'x' })).body.code).toBe('key_of_another')
    expect((await second.delete(`/api-keys/${key.id}`)).status).toBe(204)
    expect((await program('portal', rotated.body.secret)('GET', '/subscriptions')).status).toBe(401)
    const greedy = await owner.post('/api-keys', { name: 'x', scopes: ['billing'], rate_limit: 100_000 })
    expect(greedy.status).toBe(422)
  })

  async function addOwner() {
    await admin.post(`/accounts/${account.id}/contacts`, {
      first_name: 'Sócio',
      email: 'socio@padaria.example',
    })
    await api.customer('socio@padaria.example')
    const members = (await admin.get(`/accounts/${account.id}/members`)).body.items
    const id = members.find((item: { email: string }) => item.email === 'socio@padaria.example').id
    expect((await admin.patch(`/members/${id}`, { permissions: ['owner'] })).status).toBeLessThan(300)
  }

  it('is seen and revoked by staff of the account’s business unit', async () => {
    const { key, secret } = await makeKey(owner, { scopes: ['billing'] })
    const seen = (await admin.get(`/accounts/${account.id}/api-keys?usable=true`)).body.items
    expect(seen.map((item: { id: string }) => item.id)).toContain(key.id)
    const elsewhere = await api.staff('admin', { units: [(await api.unit()).id] })
    expect((await elsewhere.get(`/accounts/${account.id}/api-keys`)).status).toBe(404)
    expect((await elsewhere.delete(`/accounts/${account.id}/api-keys/${key.id}`)).status).toBe(404)
    expect((await admin.delete(`/api-keys/${key.id}`)).status).toBe(404)
    expect((await admin.delete(`/accounts/${account.id}/api-keys/${key.id}`)).status).toBe(204)
    expect((await program('portal', secret)('GET', '/account')).body.code).toBe('api_key_invalid')
  })
})

describe('the API’s document', () => {
  it('shows both ways in, and none but the session where only the person may', async () => {
    const { paths, components } = (await api.server.inject('/api/v1/openapi.json')).json()
    expect(Object.keys(components.securitySchemes).sort()).toEqual([
      'office_key',
      'office_session',
      'portal_key',
      'portal_session',
    ])
    expect(paths['/api/v1/office/accounts'].get.security).toEqual([
      { office_session: [] },
      { office_key: [] },
    ])
    expect(paths['/api/v1/portal/api-keys'].post.security).toEqual([{ portal_session: [] }])
  })
})
