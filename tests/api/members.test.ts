// Users and permissions of an account (A6), the transfer of its ownership, and its details (A7). The doors are tried by
// their misuse: each test that is an attack is named after it.
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Caller, startTestApi, type TestApi } from '../api.ts'
import { runJobs } from '../jobs.ts'

const password = 'three quiet otters 41'

let api: TestApi
let admin: Caller
let unit: { id: string }
let owner: pg.Client
let count = 0

beforeAll(async () => {
  api = await startTestApi({ addresses: true })
  admin = await api.staff('admin')
  unit = await api.unit()
  owner = new pg.Client({ connectionString: api.database.ownerUrl })
  await owner.connect()
})
afterAll(async () => {
  await owner.end()
  await api.close()
})

type Account = { id: string; owner: Caller; email: string }

async function openAccount(change: object = {}): Promise<Account> {
  const email = `owner${++count}@members.example`
  const reply = await admin.post('/accounts', {
    business_unit_id: unit.id,
    name: `Account ${count}`,
    email,
    ...change,
  })
  expect(reply.status, JSON.stringify(reply.body)).toBe(201)
  return { id: reply.body.id, owner: await api.customer(email), email }
}

/** The token in the newest invitation that went to an address. */
async function readToken(email: string): Promise<string> {
  await runJobs(api)
  const { items } = (
    await admin.get(`/notices?kind=member_invitation&q=${encodeURIComponent(email)}&sort=-created_at`)
  ).body
  const { text_body } = (await admin.get(`/notices/${items[0].id}`)).body
  return new URL(/https?:\S+token=\S+/.exec(text_body)![0]).searchParams.get('token')!
}

async function invite(
  by: Caller,
  email: string,
  permissions: string[],
): Promise<{ id: string; token: string }> {
  const reply = await by.post('/invitations', { email, permissions })
  expect(reply.status, JSON.stringify(reply.body)).toBe(201)
  return { id: reply.body.id, token: await readToken(email) }
}

async function join(token: string, name = 'Nina'): Promise<Caller> {
  const person = api.nobody('portal')
  const reply = await person.post('/invitation-link/join', { token, name, language: 'en', password })
  expect(reply.status, JSON.stringify(reply.body)).toBe(204)
  return person
}

/** A new member of an account, who came by an invitation. */
async function addMember(account: Account, permissions: string[]) {
  const email = `member${++count}@members.example`
  const { token } = await invite(account.owner, email, permissions)
  const person = await join(token, `Member ${count}`)
  const member = (await account.owner.get('/members')).body.items.find(
    (one: { email: string }) => one.email === email,
  )
  return { person, email, id: member.id as string, user_id: member.user_id as string }
}

describe('an invitation', () => {
  it('says who invites, to what and with which rights; somebody new chooses name and password and is in', async () => {
    const account = await openAccount({ name: 'Padaria Estrela' })
    const email = 'nova@members.example'
    const { token } = await invite(account.owner, email, ['billing', 'support'])
    const visitor = api.nobody('portal')
    const link = (await visitor.get(`/invitation-link?token=${token}`)).body
    expect(link).toMatchObject({
      state: 'open',
      email,
      permissions: ['billing', 'support'],
      account_name: 'Padaria Estrela',
      person: 'new',
    })
    const nova = await join(token, 'Nova Pessoa')
    expect((await nova.get('/session')).body).toMatchObject({
      name: 'Nova Pessoa',
      email,
      account_id: account.id,
      permissions: ['billing', 'support'],
    })
    expect((await visitor.get(`/invitation-link?token=${token}`)).body.state).toBe('used')
    const members = (await account.owner.get('/members')).body.items
    expect(members.map((one: { name: string }) => one.name)).toContain('Nova Pessoa')
    // Who does not manage users sees themselves alone.
    expect((await nova.get('/members')).body.items).toHaveLength(1)
    expect((await nova.get('/invitations')).body.code).toBe('not_permitted')
    const audit = (await admin.get(`/audit?account_id=${account.id}&object_type=invitations`)).body.items
    expect(audit.map((one: { action: string }) => one.action)).toContain('created')
    expect(JSON.stringify(audit)).not.toContain('token')
  })

  it('is accepted by who has a user already after signing in, and both accounts stay apart', async () => {
    const first = await openAccount({ name: 'First' })
    const second = await openAccount({ name: 'Second' })
    const { token } = await invite(second.owner, first.email, ['services'])
    expect((await api.nobody('portal').get(`/invitation-link?token=${token}`)).body.person).toBe('known')
    const visitor = await api
      .nobody('portal')
      .post('/invitation-link/join', { token, name: 'Somebody', language: 'en', password })
    expect(visitor.body.code).toBe('invitation_known_user')
    expect((await first.owner.post('/invitation-link/accept', { token })).body.account_id).toBe(second.id)
    const session = (await first.owner.get('/session')).body
    expect(session).toMatchObject({ account_id: second.id, permissions: ['services'] })
    expect(session.accounts).toHaveLength(2)
  })

  it('is declined by whoever holds the link, and withdrawn or sent again by who invites', async () => {
    const account = await openAccount()
    const declined = await invite(account.owner, 'no@members.example', ['support'])
    const visitor = api.nobody('portal')
    expect((await visitor.post('/invitation-link/decline', { token: declined.token })).status).toBe(204)
    const list = (await account.owner.get('/invitations')).body.items
    expect(list).toMatchObject([{ email: 'no@members.example', state: 'declined' }])
    const again = await invite(account.owner, 'again@members.example', ['support'])
    expect((await account.owner.post(`/invitations/${again.id}/resend`)).status).toBe(200)
    const fresh = await readToken('again@members.example')
    expect(fresh).not.toBe(again.token)
    expect((await visitor.get(`/invitation-link?token=${again.token}`)).body.code).toBe('invitation_invalid')
    expect((await account.owner.delete(`/invitations/${again.id}`)).status).toBe(204)
    expect((await visitor.get(`/invitation-link?token=${fresh}`)).body.state).toBe('withdrawn')
    const late = await visitor.post('/invitation-link/join', {
      token: fresh,
      name: 'Late',
      language: 'en',
      password,
    })
    expect([late.status, late.body.code]).toEqual([410, 'invitation_withdrawn'])
    expect((await account.owner.delete(`/invitations/${again.id}`)).body.code).toBe('invitation_closed')
  })

  it('expires', async () => {
    const account = await openAccount()
    const { id, token } = await invite(account.owner, 'slow@members.example', ['support'])
    await owner.query(`update invitations set expires_at = now() - interval '1 minute' where id = $1`, [id])
    const late = await api
      .nobody('portal')
      .post('/invitation-link/join', { token, name: 'Late', language: 'en', password })
    expect([late.status, late.body.code]).toEqual([410, 'invitation_expired'])
    expect((await account.owner.get('/invitations')).body.items[0].state).toBe('expired')
    // It makes room for the next one.
    await invite(account.owner, 'slow@members.example', ['support'])
    expect((await account.owner.get('/invitations')).body.items).toHaveLength(1)
  })

  it('is one at a time per e-mail, and none for who is a member', async () => {
    const account = await openAccount()
    await invite(account.owner, 'once@members.example', ['support'])
    const twice = await account.owner.post('/invitations', {
      email: 'ONCE@members.example',
      permissions: ['support'],
    })
    expect(twice.body.errors).toMatchObject([{ path: 'email', code: 'already_invited' }])
    const self = await account.owner.post('/invitations', { email: account.email, permissions: ['support'] })
    expect(self.body.errors).toMatchObject([{ path: 'email', code: 'already_member' }])
  })

  it('by staff may make an owner, but only where there is none', async () => {
    const reply = await admin.post('/accounts', { business_unit_id: unit.id, name: 'Nobody’s yet' })
    const id = reply.body.id as string
    const sales = await api.staff('sales')
    const made = await sales.post(`/accounts/${id}/invitations`, {
      email: 'chefe@members.example',
      permissions: ['owner'],
    })
    expect(made.status).toBe(201)
    expect(made.body.permissions).toEqual(['owner', 'billing', 'services', 'support', 'licences', 'users'])
    const token = await readToken('chefe@members.example')
    const chief = await join(token, 'Chefe')
    expect((await chief.get('/session')).body.permissions).toContain('owner')
    const second = await sales.post(`/accounts/${id}/invitations`, {
      email: 'outra@members.example',
      permissions: ['owner'],
    })
    expect(second.body.code).toBe('account_has_owner')
    const technician = await api.staff('technician')
    const refused = await technician.post(`/accounts/${id}/invitations`, {
      email: 'x@members.example',
      permissions: ['support'],
    })
    expect(refused.body.code).toBe('not_permitted')
  })

  it('counts per account and hour', async () => {
    const account = await openAccount()
    let last = 0
    for (let n = 0; n < 31; n++)
      last = (
        await account.owner.post('/invitations', {
          email: `mass${n}@members.example`,
          permissions: ['support'],
        })
      ).status
    expect(last).toBe(429)
  })
})

describe('privilege by invitation', () => {
  it('inviting or giving with more than one holds is refused', async () => {
    const account = await openAccount()
    const manager = await addMember(account, ['support', 'users'])
    const other = await addMember(account, ['support'])
    const more = await manager.person.post('/invitations', {
      email: 'friend@members.example',
      permissions: ['billing'],
    })
    expect(more.body.code).toBe('permission_not_held')
    const given = await manager.person.patch(`/members/${other.id}`, { permissions: ['support', 'billing'] })
    expect(given.body.code).toBe('permission_not_held')
    const self = await manager.person.patch(`/members/${manager.id}`, { permissions: ['support', 'billing'] })
    expect(self.body.code).toBe('own_permissions')
    const helped = await manager.person.patch(`/members/${other.id}`, { permissions: ['support', 'users'] })
    expect(helped.status).toBe(204)
  })

  it('ownership is never invited nor given', async () => {
    const account = await openAccount()
    const member = await addMember(account, ['support'])
    for (const permissions of [['owner'], ['support', 'owner']]) {
      const invited = await account.owner.post('/invitations', { email: 'heir@members.example', permissions })
      expect(invited.status).toBe(422)
      expect((await account.owner.patch(`/members/${member.id}`, { permissions })).status).toBe(422)
    }
  })

  it('an owner is touched by owners alone, and the last one stays', async () => {
    const account = await openAccount()
    const manager = await addMember(account, ['users', 'support'])
    const chief = (await account.owner.get('/members')).body.items[0]
    expect((await manager.person.delete(`/members/${chief.id}`)).body.code).toBe('owner_only')
    const lessened = await manager.person.patch(`/members/${chief.id}`, { permissions: ['support'] })
    expect(lessened.body.code).toBe('owner_only')
    expect((await account.owner.delete(`/members/${chief.id}`)).body.code).toBe('last_owner')
    expect((await admin.delete(`/members/${chief.id}`)).body.code).toBe('last_owner')
  })

  it('the database itself refuses what the routes refuse', async () => {
    const account = await openAccount()
    const manager = await addMember(account, ['users', 'support'])
    const other = await addMember(account, ['support'])
    const chief = (await account.owner.get('/members')).body.items[0]
    const portal = new pg.Client({ connectionString: api.database.portalUrl })
    await portal.connect()
    const as = async (held: string, text: string, values: unknown[]) => {
      await portal.query('begin')
      try {
        await portal.query(
          `select set_config('zaguan.account_id', $1, true), set_config('zaguan.unit_id', $2, true),
                  set_config('zaguan.user_id', $3, true), set_config('zaguan.permissions', $4, true)`,
          [account.id, unit.id, manager.user_id, held],
        )
        return await portal.query(text, values).then(
          (done) => done.rowCount,
          (error: { code: string }) => error.code,
        )
      } finally {
        await portal.query('rollback')
      }
    }
    const update = 'update memberships set permissions = $2::membership_permission[] where id = $1'
    expect(await as('users,support', update, [other.id, ['support', 'billing']])).toBe('42501')
    expect(await as('users,support', update, [other.id, ['owner']])).toBe('42501')
    expect(await as('owner', update, [other.id, ['owner']])).toBe('42501')
    expect(await as('users,support', update, [manager.id, ['support']])).toBe('42501')
    expect(await as('users,support', update, [chief.id, ['support']])).toBe('42501')
    expect(await as('users,support', 'delete from memberships where id = $1', [chief.id])).toBe('42501')
    expect(await as('owner', 'delete from memberships where id = $1', [chief.id])).toBe('23514')
    expect(await as('support', 'delete from memberships where id = $1', [other.id])).toBe(0)
    expect(await as('support', update, [other.id, ['support']])).toBe(0)
    const insert = `insert into invitations (account_id, business_unit_id, email, permissions, invited_by)
                    values ($1, $2, 'x@y.example', $3::membership_permission[], $4)`
    expect(await as('users,support', insert, [account.id, unit.id, ['billing'], manager.user_id])).toBe(
      '42501',
    )
    expect(await as('owner', insert, [account.id, unit.id, ['owner'], manager.user_id])).toBe('42501')
    expect(await as('owner', insert, [account.id, unit.id, ['billing'], chief.user_id])).toBe('42501')
    expect(await as('support', insert, [account.id, unit.id, ['support'], manager.user_id])).toBe('42501')
    expect(
      await as(
        'owner',
        `insert into memberships (user_id, account_id, permissions) values ($1, $2, '{owner}')`,
        [manager.user_id, account.id],
      ),
    ).toBe('42501')
    expect(
      await as('owner', 'select * from take_invitation($1, $2)', [Buffer.from('x'), chief.user_id]),
    ).toBe('42501')
    expect(await as('owner', 'select token_hash from invitations', [])).toBe('42501')
    await portal.end()
  })

  it('inviter demoted, or removed, before acceptance: the invitation is void', async () => {
    const account = await openAccount()
    const manager = await addMember(account, ['billing', 'users'])
    const lessened = await invite(manager.person, 'late1@members.example', ['billing'])
    await account.owner.patch(`/members/${manager.id}`, { permissions: ['users'] })
    const visitor = api.nobody('portal')
    expect((await visitor.get(`/invitation-link?token=${lessened.token}`)).body.state).toBe('void')
    const body = { name: 'Late', language: 'en', password }
    const refused = await visitor.post('/invitation-link/join', { ...body, token: lessened.token })
    expect([refused.status, refused.body.code]).toEqual([410, 'invitation_void'])
    const gone = await invite(manager.person, 'late2@members.example', ['users'])
    await account.owner.delete(`/members/${manager.id}`)
    expect((await visitor.post('/invitation-link/join', { ...body, token: gone.token })).body.code).toBe(
      'invitation_void',
    )
    expect((await account.owner.post(`/invitations/${gone.id}/resend`)).body.code).toBe('invitation_void')
    expect((await owner.query(`select from users where email like 'late_@members.example'`)).rowCount).toBe(0)
  })

  it('inviting staff who may no longer write accounts leave void invitations', async () => {
    const { id } = (await admin.post('/accounts', { business_unit_id: unit.id, name: 'By staff' })).body
    const support = await api.staff('support')
    await support.post(`/accounts/${id}/invitations`, {
      email: 'gift@members.example',
      permissions: ['support'],
    })
    const token = await readToken('gift@members.example')
    const { user_id } = (await support.get('/session')).body
    await owner.query(`update staff set withheld = '{accounts.write}' where user_id = $1`, [user_id])
    const refused = await api
      .nobody('portal')
      .post('/invitation-link/join', { token, name: 'Gift', language: 'en', password })
    expect(refused.body.code).toBe('invitation_void')
  })

  it('invitation replayed: used once, it opens nothing again', async () => {
    const account = await openAccount()
    const { token } = await invite(account.owner, 'replay@members.example', ['support'])
    const person = await join(token)
    const member = (await account.owner.get('/members')).body.items.find(
      (one: { email: string }) => one.email === 'replay@members.example',
    )
    await account.owner.delete(`/members/${member.id}`)
    expect((await person.post('/invitation-link/accept', { token })).body.code).toBe('invitation_used')
    const again = await api
      .nobody('portal')
      .post('/invitation-link/join', { token, name: 'Again', language: 'en', password })
    expect(again.body.code).toBe('invitation_used')
    expect((await person.get('/session')).body.account_id).toBeNull()
  })

  it('another e-mail’s user cannot accept', async () => {
    const account = await openAccount()
    const thief = await openAccount()
    const { token } = await invite(account.owner, 'meant@members.example', ['billing'])
    const refused = await thief.owner.post('/invitation-link/accept', { token })
    expect([refused.status, refused.body.code]).toEqual([403, 'invitation_for_other'])
    expect((await thief.owner.get('/session')).body.accounts).toHaveLength(1)
  })

  it('inviting tells nothing of whether the e-mail is known', async () => {
    const account = await openAccount()
    const known = await openAccount()
    const asked = (email: string) =>
      account.owner.post('/invitations', { email, permissions: ['support'] }).then(({ status, body }) => ({
        status,
        body: { ...body, id: '', email: '', created_at: '', expires_at: '' },
      }))
    expect(await asked(known.email)).toEqual(await asked('unknown@members.example'))
  })
})

describe('races on invitations', () => {
  it('ten accept the same one at once: one user, one membership, one winner', async () => {
    const account = await openAccount()
    const { token } = await invite(account.owner, 'crowd@members.example', ['support'])
    const replies = await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        api
          .nobody('portal')
          .post('/invitation-link/join', { token, name: `Runner ${n}`, language: 'en', password }),
      ),
    )
    expect(replies.filter((reply) => reply.status === 204)).toHaveLength(1)
    for (const reply of replies.filter((one) => one.status !== 204))
      expect(['invitation_used', 'invitation_known_user']).toContain(reply.body.code)
    const made = await owner.query(
      `select m.id from memberships m join users u on u.id = m.user_id where u.email = 'crowd@members.example'`,
    )
    expect(made.rowCount).toBe(1)
  })

  it('two sessions of one user accept at once: one winner', async () => {
    const account = await openAccount()
    const guest = await openAccount()
    const { token } = await invite(account.owner, guest.email, ['support'])
    const replies = await Promise.all(
      Array.from({ length: 6 }, () => guest.owner.post('/invitation-link/accept', { token })),
    )
    expect(replies.filter((reply) => reply.status === 200)).toHaveLength(1)
    expect(new Set(replies.filter((reply) => reply.status !== 200).map((reply) => reply.body.code))).toEqual(
      new Set(['invitation_used']),
    )
  })

  it('accepted and withdrawn at once: one of the two', async () => {
    for (let n = 0; n < 4; n++) {
      const account = await openAccount()
      const email = `both${n}@members.example`
      const { id, token } = await invite(account.owner, email, ['support'])
      const [joined, withdrawn] = await Promise.all([
        api.nobody('portal').post('/invitation-link/join', { token, name: 'Both', language: 'en', password }),
        account.owner.delete(`/invitations/${id}`),
      ])
      expect([joined.status, withdrawn.status].filter((status) => status === 204)).toHaveLength(1)
      const members = (await account.owner.get('/members')).body.items
      expect(members).toHaveLength(joined.status === 204 ? 2 : 1)
    }
  })

  it('the same e-mail invited ten times at once: one invitation', async () => {
    const account = await openAccount()
    const replies = await Promise.all(
      Array.from({ length: 10 }, () =>
        account.owner.post('/invitations', { email: 'ten@members.example', permissions: ['support'] }),
      ),
    )
    expect(replies.filter((reply) => reply.status === 201)).toHaveLength(1)
  })
})

describe('ownership', () => {
  it('is offered, told by mail, shown on the home, accepted; who gave it keeps the rest', async () => {
    const account = await openAccount({ name: 'Quitanda' })
    const heir = await addMember(account, ['support'])
    const offer = await account.owner.post('/ownership-transfers', { member_id: heir.id })
    expect(offer.status).toBe(201)
    expect((await heir.person.get('/home')).body.needs_you).toMatchObject([
      { kind: 'ownership_offered', id: offer.body.id, amount: null },
    ])
    expect((await account.owner.get('/home')).body.needs_you).toEqual([])
    const seen = (await heir.person.get('/ownership-transfer')).body.transfer
    expect(seen).toMatchObject({ state: 'pending', to_user_id: heir.user_id })
    expect(seen.from_name).toBeTruthy()
    await runJobs(api)
    const mails = (await admin.get(`/notices?account_id=${account.id}&kind=ownership_offered`)).body.items
    expect(mails).toMatchObject([{ to_email: heir.email }])
    expect((await heir.person.post(`/ownership-transfers/${offer.body.id}/accept`)).status).toBe(204)
    expect((await heir.person.get('/session')).body.permissions).toContain('owner')
    expect((await account.owner.get('/session')).body.permissions).toEqual([
      'billing',
      'services',
      'support',
      'licences',
      'users',
    ])
    await runJobs(api)
    const told = (await admin.get(`/notices?account_id=${account.id}&kind=ownership_transferred`)).body.items
    expect(told.map((one: { to_email: string }) => one.to_email).sort()).toEqual(
      [heir.email, account.email].sort(),
    )
    const audit = (await admin.get(`/audit?account_id=${account.id}&object_type=memberships`)).body.items
    expect(audit[0]).toMatchObject({ operation: 'accept_ownership', way: 'portal' })
  })

  it('is accepted only by whom it was offered to, and given only by the owner', async () => {
    const account = await openAccount()
    const heir = await addMember(account, ['support'])
    const third = await addMember(account, ['billing', 'users'])
    expect((await third.person.post('/ownership-transfers', { member_id: third.id })).body.code).toBe(
      'not_permitted',
    )
    const { id } = (await account.owner.post('/ownership-transfers', { member_id: heir.id })).body
    for (const other of [third.person, account.owner]) {
      expect((await other.post(`/ownership-transfers/${id}/accept`)).status).toBe(404)
      expect((await other.post(`/ownership-transfers/${id}/decline`)).status).toBe(404)
    }
    const stranger = await openAccount()
    expect((await stranger.owner.post(`/ownership-transfers/${id}/withdraw`)).status).toBe(404)
    expect((await heir.person.post(`/ownership-transfers/${id}/decline`)).status).toBe(204)
    expect((await account.owner.get('/ownership-transfer')).body.transfer.state).toBe('declined')
    expect((await heir.person.post(`/ownership-transfers/${id}/accept`)).body.code).toBe('transfer_closed')
  })

  it('is void once the giver no longer owns the account, and gone with whoever leaves', async () => {
    const account = await openAccount()
    const heir = await addMember(account, ['support'])
    const staffMade = await addMember(account, ['support'])
    const { id } = (await account.owner.post('/ownership-transfers', { member_id: heir.id })).body
    const chief = (await account.owner.get('/members')).body.items[0]
    await admin.patch(`/members/${staffMade.id}`, { permissions: ['owner'] })
    await admin.patch(`/members/${chief.id}`, { permissions: ['billing'] })
    expect((await heir.person.post(`/ownership-transfers/${id}/accept`)).body.code).toBe('transfer_void')
    await staffMade.person.delete(`/members/${heir.id}`)
    expect(
      (await owner.query('select state from ownership_transfers where id = $1', [id])).rows[0].state,
    ).toBe('withdrawn')
  })

  it('expires, and makes room for the next offer', async () => {
    const account = await openAccount()
    const heir = await addMember(account, ['support'])
    const { id } = (await account.owner.post('/ownership-transfers', { member_id: heir.id })).body
    const second = await account.owner.post('/ownership-transfers', { member_id: heir.id })
    expect(second.body.code).toBe('transfer_pending')
    await owner.query(
      `update ownership_transfers set expires_at = now() - interval '1 minute' where id = $1`,
      [id],
    )
    expect((await heir.person.post(`/ownership-transfers/${id}/accept`)).body.code).toBe('transfer_closed')
    expect((await account.owner.post('/ownership-transfers', { member_id: heir.id })).status).toBe(201)
  })
})

describe('races on ownership', () => {
  it('accepted and withdrawn at once: one of the two, and exactly one owner', async () => {
    for (let n = 0; n < 5; n++) {
      const account = await openAccount()
      const heir = await addMember(account, ['support'])
      const { id } = (await account.owner.post('/ownership-transfers', { member_id: heir.id })).body
      const [accepted, withdrawn] = await Promise.all([
        heir.person.post(`/ownership-transfers/${id}/accept`),
        account.owner.post(`/ownership-transfers/${id}/withdraw`),
      ])
      expect([accepted.status, withdrawn.status].filter((status) => status === 204)).toHaveLength(1)
      const owners = await owner.query(
        `select user_id from memberships where account_id = $1 and 'owner' = any(permissions)`,
        [account.id],
      )
      expect(owners.rowCount).toBe(1)
      expect(owners.rows[0].user_id === heir.user_id).toBe(accepted.status === 204)
    }
  })

  it('two offers at once: one stands', async () => {
    const account = await openAccount()
    const one = await addMember(account, ['support'])
    const two = await addMember(account, ['support'])
    const replies = await Promise.all(
      [one, two, one, two].map(({ id }) => account.owner.post('/ownership-transfers', { member_id: id })),
    )
    expect(replies.filter((reply) => reply.status === 201)).toHaveLength(1)
    for (const reply of replies.filter(({ status }) => status !== 201))
      expect(reply.body.code).toBe('transfer_pending')
  })

  it('two owners remove each other at once: one stays', async () => {
    for (let n = 0; n < 4; n++) {
      const account = await openAccount()
      const second = await addMember(account, ['support'])
      await admin.patch(`/members/${second.id}`, { permissions: ['owner'] })
      const chief = (await account.owner.get('/members')).body.items.find(
        (one: { id: string }) => one.id !== second.id,
      )
      await Promise.all([
        account.owner.delete(`/members/${second.id}`),
        second.person.delete(`/members/${chief.id}`),
      ])
      const owners = await owner.query(
        `select from memberships where account_id = $1 and 'owner' = any(permissions)`,
        [account.id],
      )
      expect(owners.rowCount).toBe(1)
    }
  })
})

describe('removal', () => {
  it('ends access at the next request, the keys too, and “forgot my password” opens nothing again', async () => {
    const account = await openAccount()
    const member = await addMember(account, ['support'])
    await account.owner.post('/contacts', { first_name: 'Mem', email: member.email })
    await owner.query(
      `insert into api_keys (side, user_id, account_id, name, hint, token_hash, member_scopes)
       values ('customer', $1, $2, 'Night script', 'zga_…1', sha256($3), '{support}')`,
      [member.user_id, account.id, Buffer.from(member.id)],
    )
    expect((await member.person.get('/account')).status).toBe(200)
    expect((await account.owner.delete(`/members/${member.id}`)).status).toBe(204)
    expect((await member.person.get('/account')).body.code).toBe('no_account')
    const keys = await owner.query('select revoked_at from api_keys where user_id = $1', [member.user_id])
    expect(keys.rows[0].revoked_at).not.toBeNull()
    await api.system(async (tx) => {
      const { claimFirstAccess } = await import('../../server/modules/accounts/index.ts')
      await claimFirstAccess(tx, member.email, 'en')
    })
    expect((await member.person.get('/account')).body.code).toBe('no_account')
    // Invited again, they come back.
    const { token } = await invite(account.owner, member.email, ['services'])
    expect((await member.person.post('/invitation-link/accept', { token })).status).toBe(200)
    expect((await member.person.get('/session')).body.permissions).toEqual(['services'])
  })

  it('of oneself is leaving; nobody without the permission removes others', async () => {
    const account = await openAccount()
    const one = await addMember(account, ['support'])
    const two = await addMember(account, ['support'])
    expect((await one.person.delete(`/members/${two.id}`)).status).toBe(404)
    expect((await one.person.delete(`/members/${one.id}`)).status).toBe(204)
    expect((await one.person.get('/session')).body.account_id).toBeNull()
  })
})

describe('switching accounts', () => {
  it('never mixes: neither members nor contacts of one are seen or changed from the other', async () => {
    const first = await openAccount({ name: 'Here' })
    const second = await openAccount({ name: 'There' })
    const there = await addMember(second, ['support'])
    const { token } = await invite(second.owner, first.email, ['users'])
    await first.owner.post('/invitation-link/accept', { token })
    expect((await first.owner.get('/members')).body.items).toHaveLength(3)
    // Owner of one, not of the other: what one may is of the account that one is in.
    expect((await first.owner.patch('/account', { phone: '1' })).body.code).toBe('not_permitted')
    await first.owner.post(`/accounts/${first.id}/enter`)
    expect((await first.owner.get('/members')).body.items).toHaveLength(1)
    expect((await first.owner.patch(`/members/${there.id}`, { permissions: ['users'] })).status).toBe(404)
    expect((await first.owner.delete(`/members/${there.id}`)).status).toBe(404)
    const contact = (await second.owner.post('/contacts', { first_name: 'Far' })).body
    expect((await first.owner.patch(`/contacts/${contact.id}`, { first_name: 'Near' })).status).toBe(404)
    expect((await first.owner.post(`/ownership-transfers`, { member_id: there.id })).status).toBe(404)
  })
})

describe('mass assignment', () => {
  it('unknown and forbidden fields change nothing', async () => {
    const account = await openAccount()
    const other = await openAccount()
    const invited = await account.owner.post('/invitations', {
      email: 'mass@members.example',
      permissions: ['support'],
      by_staff: true,
      account_id: other.id,
      invited_by: 'x',
      accepted_at: '2026-01-01T00:00:00Z',
    })
    expect(invited.status).toBe(201)
    const row = await owner.query('select * from invitations where id = $1', [invited.body.id])
    expect(row.rows[0]).toMatchObject({ account_id: account.id, by_staff: false, accepted_at: null })
    await account.owner.patch('/account', {
      city: 'Recife',
      email: 'stolen@members.example',
      business_unit_id: other.id,
      rank: 'A',
      notes: 'mine',
      number: 1,
    })
    expect((await admin.get(`/accounts/${account.id}`)).body).toMatchObject({
      city: 'Recife',
      email: account.email,
      rank: null,
      notes: null,
    })
    const contact = await account.owner.post('/contacts', {
      first_name: 'Eva',
      user_id: other.id,
      account_id: other.id,
      external_id: '1',
    })
    expect(contact.body).toMatchObject({ first_name: 'Eva', user_id: null })
    const token = await readToken('mass@members.example')
    await api.nobody('portal').post('/invitation-link/join', {
      token,
      name: 'Mass',
      language: 'en',
      password,
      permissions: ['owner'],
      side: 'staff',
      email: 'other@members.example',
    })
    const made = await owner.query(`select side, email from users where name = 'Mass'`)
    expect(made.rows).toEqual([{ side: 'customer', email: 'mass@members.example' }])
  })

  it('header injection: an e-mail or a name with a line break never becomes a header', async () => {
    const account = await openAccount({ name: 'Line\r\nBcc: everybody@members.example' })
    const broken = await account.owner.post('/invitations', {
      email: 'a@members.example\r\nBcc: b@members.example',
      permissions: ['support'],
    })
    expect(broken.status).toBe(422)
    await invite(account.owner, 'clean@members.example', ['support'])
    const { items } = (await admin.get('/notices?kind=member_invitation&q=clean%40members.example')).body
    expect(items[0].subject).not.toMatch(/[\r\n]/)
  })
})

describe('role confusion', () => {
  it('a member of staff is nobody in the portal: neither by session nor by invitation', async () => {
    const account = await openAccount()
    const staffEmail = (await admin.get('/session')).body.email
    const { token } = await invite(account.owner, staffEmail, ['support'])
    const portal = api.nobody('portal')
    portal.cookie = admin.cookie.replace('zaguan_office', 'zaguan_portal')
    expect((await portal.post('/invitation-link/accept', { token })).status).toBe(401)
    expect((await portal.get('/members')).status).toBe(401)
    // Accepting makes a user of the customer side, apart from that of staff.
    const joined = await join(token, 'The same person')
    expect((await joined.get('/session')).body.account_id).toBe(account.id)
    const sides = await owner.query('select side from users where email = $1 order by side', [staffEmail])
    expect(sides.rows.map((row) => row.side)).toEqual(['customer', 'staff'])
    const office = api.nobody('office')
    office.cookie = joined.cookie.replace('zaguan_portal', 'zaguan_office')
    expect((await office.get('/session')).status).toBe(401)
  })
})

describe('the account’s details', () => {
  it('are changed by the owner at once, the tax id checked and written in its form', async () => {
    const account = await openAccount({ country: 'BR', kind: 'company' })
    const wrong = await account.owner.patch('/account', { tax_id: '11.222.333/0001-00' })
    expect(wrong.body.errors).toMatchObject([{ path: 'tax_id', code: 'tax_id_invalid' }])
    const changed = await account.owner.patch('/account', {
      name: 'Padaria do Largo',
      kind: 'company',
      tax_id: '11222333000181',
      phone: '+55 11 3333-4444',
    })
    expect(changed.body).toMatchObject({
      name: 'Padaria do Largo',
      tax_id: '11.222.333/0001-81',
      change_request: null,
    })
    const member = await addMember(account, ['billing', 'users'])
    expect((await member.person.patch('/account', { phone: '1' })).body.code).toBe('not_permitted')
  })

  it('wait for the business unit where it wants to confirm them; approving applies them', async () => {
    const strict = await api.unit()
    const set = await admin.patch(`/business-units/${strict.id}`, { sensitive_changes_need_approval: true })
    expect(set.body.sensitive_changes_need_approval).toBe(true)
    const account = await openAccount({ business_unit_id: strict.id, name: 'Before' })
    const asked = await account.owner.patch('/account', { name: 'After', phone: '+55 11 9999-0000' })
    expect(asked.body).toMatchObject({
      name: 'Before',
      phone: '+55 11 9999-0000',
      sensitive_changes_need_approval: true,
      change_request: { state: 'pending', changes: { name: 'After' }, previous: { name: 'Before' } },
    })
    const second = await account.owner.patch('/account', { kind: 'person' })
    expect(second.body.code).toBe('change_pending')
    // The same name again is no change.
    expect((await account.owner.patch('/account', { name: 'Before', city: 'Natal' })).status).toBe(200)
    const queue = (await admin.get('/account-change-requests?state=pending')).body.items
    expect(queue).toMatchObject([{ account_name: 'Before', requested_by_email: account.email }])
    expect((await admin.get('/today')).body.waiting.account_changes).toBe(1)
    const [first, other] = await Promise.all([
      admin.post(`/account-change-requests/${queue[0].id}/approve`),
      admin.post(`/account-change-requests/${queue[0].id}/reject`, { reason: 'No.' }),
    ])
    expect([first.status, other.status].sort()).toEqual([200, 409])
    const name = (await account.owner.get('/account')).body.name
    expect(name).toBe(first.status === 200 ? 'After' : 'Before')
    await runJobs(api)
    const mails = (await admin.get(`/notices?account_id=${account.id}&kind=account_change_decided`)).body
      .items
    expect(mails).toHaveLength(1)
  })

  it('that were refused say why, on the page, the home and by mail; asking again is possible', async () => {
    const strict = await api.unit({ sensitive_changes_need_approval: true })
    const account = await openAccount({ business_unit_id: strict.id, name: 'Still' })
    const { id } = (await account.owner.patch('/account', { name: 'Moving' })).body.change_request
    const auditor = await api.staff('auditor')
    expect((await auditor.post(`/account-change-requests/${id}/approve`)).body.code).toBe('not_permitted')
    expect((await admin.post(`/account-change-requests/${id}/reject`, { reason: ' ' })).status).toBe(422)
    await admin.post(`/account-change-requests/${id}/reject`, { reason: 'The contract is missing.' })
    expect((await account.owner.get('/account')).body).toMatchObject({
      name: 'Still',
      change_request: { state: 'rejected', reason: 'The contract is missing.' },
    })
    expect((await account.owner.get('/home')).body.needs_you).toMatchObject([
      { kind: 'account_change_rejected', reason: 'The contract is missing.' },
    ])
    await runJobs(api)
    const { items } = (await admin.get(`/notices?account_id=${account.id}&kind=account_change_decided`)).body
    const { text_body } = (await admin.get(`/notices/${items[0].id}`)).body
    expect(text_body).toContain('The contract is missing.')
    const again = (await account.owner.patch('/account', { name: 'Moving on' })).body.change_request
    expect(again.state).toBe('pending')
    expect((await account.owner.post(`/account-change-requests/${again.id}/withdraw`)).status).toBe(204)
    expect((await account.owner.post(`/account-change-requests/${again.id}/withdraw`)).body.code).toBe(
      'change_decided',
    )
  })

  it('cannot be changed past the confirmation by the portal’s own login', async () => {
    const strict = await api.unit({ sensitive_changes_need_approval: true })
    const account = await openAccount({ business_unit_id: strict.id })
    const portal = new pg.Client({ connectionString: api.database.portalUrl })
    await portal.connect()
    await portal.query('begin')
    await portal.query(
      `select set_config('zaguan.account_id', $1, true), set_config('zaguan.unit_id', $2, true),
              set_config('zaguan.permissions', 'owner', true)`,
      [account.id, strict.id],
    )
    await expect(
      portal.query(`update accounts set tax_id = '1' where id = $1`, [account.id]),
    ).rejects.toMatchObject({ code: '42501' })
    await portal.end()
  })
})

describe('the account’s contacts', () => {
  it('are kept by the owner: one primary, notices by topic, and a user’s e-mail only by the user', async () => {
    const account = await openAccount()
    const ana = (await account.owner.post('/contacts', { first_name: 'Ana', email: 'ana@c.example' })).body
    expect(ana.is_primary).toBe(true)
    const rui = (
      await account.owner.post('/contacts', { first_name: 'Rui', topics: ['billing'], is_primary: true })
    ).body
    const list = (await account.owner.get('/contacts')).body.items
    expect(
      list.map((one: { first_name: string; is_primary: boolean }) => [one.first_name, one.is_primary]),
    ).toEqual([
      ['Rui', true],
      ['Ana', false],
    ])
    const changed = await account.owner.patch(`/contacts/${rui.id}`, { topics: [], title: 'Chef' })
    expect(changed.body).toMatchObject({ topics: [], title: 'Chef' })
    await api.customer('ana@c.example')
    const moved = await account.owner.patch(`/contacts/${ana.id}`, { email: 'taken@c.example' })
    expect(moved.body.errors).toMatchObject([{ path: 'email', code: 'email_of_user' }])
    const member = await addMember(account, ['support', 'users'])
    expect((await member.person.get('/contacts')).body.items).toHaveLength(2)
    expect((await member.person.delete(`/contacts/${rui.id}`)).body.code).toBe('not_permitted')
    expect((await account.owner.delete(`/contacts/${rui.id}`)).status).toBe(204)
  })
})
