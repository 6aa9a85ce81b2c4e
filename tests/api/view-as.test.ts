// Staff see the portal as a customer (A11): who may, as whom, for how long, and what the log says of it.
import type { InjectOptions } from 'fastify'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Caller, startTestApi, type TestApi } from '../api.ts'

let api: TestApi
let admin: Caller
let unit: { id: string }
let account: { id: string }
let member: { id: string }

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
  await api.customer('dona@padaria.example')
  await admin.post(`/accounts/${account.id}/contacts`, { first_name: 'Rui', email: 'rui@padaria.example' })
  await api.customer('rui@padaria.example')
  const members = (await admin.get(`/accounts/${account.id}/members`)).body.items
  member = members.find((one: { email: string }) => one.email === 'rui@padaria.example')
  await admin.patch(`/members/${member.id}`, { permissions: ['billing'] })
})
afterAll(() => api.close())

/** A browser at the portal that opened an address of the office. */
function browser(cookie = '') {
  const self = {
    cookie,
    async send(method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE', path: string, body?: object) {
      const options: InjectOptions = {
        method,
        url: `/api/v1/portal${path}`,
        headers: self.cookie ? { cookie: self.cookie } : {},
        ...(body ? { payload: body } : {}),
      }
      const reply = await api.server.inject(options)
      for (const set of reply.cookies) {
        if (set.name === 'zaguan_view_as') self.cookie = set.value ? `zaguan_view_as=${set.value}` : ''
      }
      const json = /json/.test(String(reply.headers['content-type']))
      return { status: reply.statusCode, body: json && reply.payload ? JSON.parse(reply.payload) : null }
    },
  }
  return self
}

const codeOf = (url: string) => new URL(url, 'http://portal.example').searchParams.get('code')!

async function view(staff: Caller, input: object = {}) {
  const offered = await staff.post(`/accounts/${account.id}/view-as`, { reason: 'They called', ...input })
  expect(offered.status, JSON.stringify(offered.body)).toBe(200)
  const visitor = browser()
  const code = codeOf(offered.body.url)
  expect((await visitor.send('POST', '/view-as', { code })).status).toBe(204)
  return { ...visitor, send: visitor.send, visitor, code }
}

async function staffWith(change: object) {
  const staff = await api.staff('support')
  const { user_id } = (await staff.get('/session')).body
  await admin.patch(`/staff/${user_id}`, change)
  return { staff, user_id }
}

describe('viewing', () => {
  it('shows the portal of the account, says who looks, and changes nothing', async () => {
    const support = await api.staff('support')
    const { send } = await view(support)
    const session = (await send('GET', '/session')).body
    expect(session).toMatchObject({
      account_id: account.id,
      account_name: 'Padaria',
      permissions: expect.arrayContaining(['owner']),
    })
    const marked = (await send('GET', '/view-as')).body
    expect(marked).toMatchObject({
      viewer_name: (await support.get('/session')).body.name,
      account_name: 'Padaria',
      member_name: null,
      read_only: true,
    })
    expect(
      Temporal.Instant.from(marked.started_at)
        .until(Temporal.Instant.from(marked.expires_at))
        .total('minutes'),
    ).toBe(60)
    expect((await send('GET', '/home')).status).toBe(200)
    const changed = await send('PATCH', '/account', { city: 'Natal' })
    expect([changed.status, changed.body.code]).toEqual([403, 'view_as_read_only'])
  })

  it('shows no more than the member sees whose eyes were chosen', async () => {
    const { send } = await view(admin, { member_id: member.id })
    expect((await send('GET', '/view-as')).body).toMatchObject({ member_name: 'Rui' })
    expect((await send('GET', '/session')).body.permissions).toEqual(['billing'])
    expect((await send('GET', '/invoices')).status).toBe(200)
    expect((await send('GET', '/subscriptions')).body.code).toBe('not_permitted')
  })

  it('of a code works once, and soon', async () => {
    const { code } = await view(admin)
    const again = await browser().send('POST', '/view-as', { code })
    expect([again.status, again.body.code]).toEqual([410, 'link_invalid'])
    expect((await browser().send('POST', '/view-as', { code: 'guessed' })).status).toBe(410)
    const late = codeOf((await admin.post(`/accounts/${account.id}/view-as`, { reason: 'later' })).body.url)
    await ownerRuns(`update challenges set expires_at = now() - interval '1 second' where kind = 'view_as'`)
    expect((await browser().send('POST', '/view-as', { code: late })).status).toBe(410)
  })

  it('needs the permission, a reason, an account and a member that are there', async () => {
    const { staff } = await staffWith({ withheld: ['accounts.view_as'] })
    expect((await staff.post(`/accounts/${account.id}/view-as`, { reason: 'x' })).body.code).toBe(
      'not_permitted',
    )
    expect((await admin.post(`/accounts/${account.id}/view-as`, { reason: ' ' })).status).toBe(422)
    expect((await admin.post(`/accounts/${unit.id}/view-as`, { reason: 'x' })).status).toBe(404)
    const strange = await admin.post(`/accounts/${account.id}/view-as`, { reason: 'x', member_id: unit.id })
    expect(strange.status).toBe(404)
    const elsewhere = await api.staff('admin', { units: [(await api.unit()).id] })
    expect((await elsewhere.post(`/accounts/${account.id}/view-as`, { reason: 'x' })).status).toBe(404)
  })

  it('role confusion: the session opens neither the office nor what only the person may', async () => {
    const { visitor } = await view(admin)
    const token = visitor.cookie.split('=')[1]
    for (const name of ['zaguan_office', 'zaguan_portal']) {
      const reply = await api.server.inject({
        url: '/api/v1/office/session',
        headers: { cookie: `${name}=${token}` },
      })
      expect(reply.statusCode).toBe(401)
    }
    for (const [method, path] of [
      ['GET', '/api-keys'],
      ['POST', '/api-keys'],
      ['PATCH', '/session/user'],
      ['POST', `/accounts/${account.id}/enter`],
    ] as const) {
      const reply = await visitor.send(
        method,
        path,
        method === 'GET' ? undefined : { name: 'x', scopes: ['owner'] },
      )
      expect([reply.status, reply.body.code], `${method} ${path}`).toEqual([403, 'person_needed'])
    }
  })
})

describe('acting', () => {
  it('is a permission of its own, which an administrator gives singly', async () => {
    const support = await api.staff('support')
    const refused = await support.post(`/accounts/${account.id}/view-as`, { reason: 'x', write: true })
    expect([refused.status, refused.body.code]).toEqual([403, 'not_permitted'])
  })

  it('carries both names in the log, and names the account it was done for', async () => {
    const { staff } = await staffWith({ granted: ['accounts.act_as'] })
    const { send, visitor } = await view(staff, { write: true, reason: 'Customer asked by phone' })
    expect((await send('PATCH', '/account', { city: 'Recife' })).status).toBe(200)
    expect((await visitor.send('DELETE', '/view-as')).status).toBe(204)
    expect(visitor.cookie).toBe('')
    const items = (await admin.get(`/audit?account_id=${account.id}`)).body.items
    const name = (await staff.get('/session')).body.name
    expect(items[0]).toMatchObject({ action: 'view_as_ended', actor_name: name, on_behalf_of: 'Padaria' })
    expect(items[1]).toMatchObject({
      action: 'changed',
      actor_kind: 'staff',
      actor_name: name,
      on_behalf_of: 'Padaria',
      way: 'portal',
      after: { city: 'Recife' },
    })
    expect(items[2]).toMatchObject({
      action: 'view_as_started',
      actor_name: name,
      on_behalf_of: 'Padaria',
      after: { reason: 'Customer asked by phone', read_only: false },
    })
  })
})

describe('the end', () => {
  it('comes when the member of staff is disabled, or loses the permission or the business unit', async () => {
    for (const change of [
      { disabled: true },
      { withheld: ['accounts.view_as'] },
      { role: 'technician' },
      { all_units: false, units: [(await api.unit()).id] },
    ]) {
      const { staff, user_id } = await staffWith({})
      const { send } = await view(staff)
      const offered = codeOf((await staff.post(`/accounts/${account.id}/view-as`, { reason: 'x' })).body.url)
      expect((await send('GET', '/home')).status).toBe(200)
      expect((await admin.patch(`/staff/${user_id}`, change)).status).toBe(200)
      expect((await send('GET', '/home')).status, JSON.stringify(change)).toBe(401)
      expect((await browser().send('POST', '/view-as', { code: offered })).status).toBe(410)
    }
  })

  it('of acting comes with the loss of that permission; what only looks goes on', async () => {
    const { staff, user_id } = await staffWith({ granted: ['accounts.act_as'] })
    const looks = await view(staff)
    const acts = await view(staff, { write: true })
    await admin.patch(`/staff/${user_id}`, { granted: [] })
    expect((await acts.send('GET', '/home')).status).toBe(401)
    expect((await looks.send('GET', '/home')).status).toBe(200)
  })

  it('comes when the member is removed, when its hour is over, and is always in the log', async () => {
    const { send } = await view(admin, { member_id: member.id })
    await ownerRuns(`update sessions set expires_at = now() - interval '1 second' where method = 'view_as'`)
    expect((await send('GET', '/home')).status).toBe(401)
    await api.system((tx) => tx.deleteFrom('memberships').where('id', '=', member.id).execute())
    const ended = (await admin.get(`/audit?account_id=${account.id}`)).body.items.find(
      (item: { action: string }) => item.action === 'view_as_ended',
    )
    expect(ended.after).toMatchObject({ expired: true })
  })

  it('gives the browser back the session that its customer had', async () => {
    const owner = await api.customer('dona@padaria.example')
    const offered = await admin.post(`/accounts/${account.id}/view-as`, { reason: 'x' })
    const visitor = browser()
    await visitor.send('POST', '/view-as', { code: codeOf(offered.body.url) })
    const view_cookie = visitor.cookie
    visitor.cookie = `${owner.cookie}; ${view_cookie}`
    expect((await visitor.send('GET', '/view-as')).status).toBe(200)
    visitor.cookie = owner.cookie
    expect((await visitor.send('GET', '/view-as')).status).toBe(404)
    expect((await visitor.send('GET', '/session')).body.email).toBe('dona@padaria.example')
  })
})

async function ownerRuns(statement: string) {
  const client = new pg.Client({ connectionString: api.database.ownerUrl })
  await client.connect()
  await client.query(statement)
  await client.end()
}
