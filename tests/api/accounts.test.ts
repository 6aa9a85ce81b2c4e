import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Caller, startTestApi, type TestApi, testPassword } from '../api.ts'

let api: TestApi
let admin: Caller
let unit: { id: string }

beforeAll(async () => {
  api = await startTestApi()
  admin = await api.staff('admin')
  unit = await api.unit()
})
afterAll(() => api.close())

async function createAccount(input: object) {
  const reply = await admin.post('/accounts', { business_unit_id: unit.id, ...input })
  expect(reply.status, JSON.stringify(reply.body)).toBe(201)
  return reply.body
}

describe('accounts', () => {
  it('are created with the business unit’s language and country, found without accents, changed, and audited', async () => {
    const account = await createAccount({
      name: 'José Couto Empreendimentos',
      tax_id: '12.345.678/0001-95',
      email: 'jose@couto.example',
    })
    expect(account).toMatchObject({
      language: 'pt-BR',
      country: 'BR',
      owed: 0,
      active_services: 0,
      currency: 'BRL',
    })
    for (const q of ['jose couto', '0001-95', 'JOSE@COUTO', String(account.number)]) {
      const found = await admin.get(`/accounts?q=${encodeURIComponent(q)}`)
      expect(found.body.items.map((item: { id: string }) => item.id)).toContain(account.id)
    }
    expect((await admin.get('/accounts?q=100%25')).body.items).toEqual([])
    const changed = await admin.patch(`/accounts/${account.id}`, { city: 'Londrina', phone: '' })
    expect(changed.body).toMatchObject({ city: 'Londrina', phone: null })
    const audit = await admin.get(`/audit?account_id=${account.id}`)
    expect(audit.body.items[0]).toMatchObject({
      actor_name: 'admin 1',
      way: 'office',
      operation: 'update_account',
      action: 'changed',
      before: { city: null },
      after: { city: 'Londrina' },
    })
    expect(audit.body.items[1]).toMatchObject({ operation: 'create_account', action: 'created' })
  })

  it('page by cursor without skipping or repeating', async () => {
    for (let n = 0; n < 7; n++)
      await createAccount({ name: `Página ${n % 3}`, city: n % 2 ? 'Cidade' : null })
    for (const sort of ['name', '-name', 'city', '-city', 'number', '-created_at']) {
      const seen: string[] = []
      let cursor: string | null = null
      do {
        const reply = await admin.get(
          `/accounts?limit=3&sort=${sort}&q=pagina${cursor ? `&cursor=${cursor}` : ''}`,
        )
        expect(reply.status).toBe(200)
        seen.push(...reply.body.items.map((item: { id: string }) => item.id))
        cursor = reply.body.next_cursor
      } while (cursor)
      expect(new Set(seen).size, sort).toBe(7)
      expect(seen.length, sort).toBe(7)
    }
  })

  it('tell each field at fault, in the caller’s language', async () => {
    const reply = await (await api.staff('admin', { language: 'pt-BR' })).post('/accounts', {
      business_unit_id: unit.id,
      name: ' ',
      email: 'nobody',
    })
    expect(reply.status).toBe(422)
    expect(reply.headers['content-type']).toContain('application/problem+json')
    expect(reply.body).toMatchObject({ code: 'invalid_input', title: 'Confira o que você informou' })
    expect(reply.body.errors).toContainEqual({
      path: 'name',
      code: 'required',
      message: 'Preencha este campo.',
    })
  })

  it('are not found by an id of nothing, an id that is none, or one of a business unit that is not the staff’s', async () => {
    const account = await createAccount({ name: 'Somewhere else' })
    const other = await api.unit()
    const elsewhere = await api.staff('support', { units: [other.id] })
    for (const id of [account.id, '018f0000-0000-7000-8000-000000000000', 'nonsense']) {
      const reply = await elsewhere.get(`/accounts/${id}`)
      expect(reply.status).toBe(404)
      expect(reply.body.code).toBe('not_found')
    }
    expect((await elsewhere.get('/accounts')).body.items).toEqual([])
  })

  it('are created once per idempotency key', async () => {
    const body = { business_unit_id: unit.id, name: 'Only once' }
    const first = await admin.post('/accounts', body, { 'idempotency-key': 'k1' })
    const again = await admin.post('/accounts', body, { 'idempotency-key': 'k1' })
    expect(again.body.id).toBe(first.body.id)
    expect(again.headers['idempotent-replayed']).toBe('true')
    const other = await admin.post('/accounts', { ...body, name: 'Another' }, { 'idempotency-key': 'k1' })
    expect(other.body.code).toBe('idempotency_key_reused')
    expect((await admin.get('/accounts?q=only once')).body.items).toHaveLength(1)
  })

  it('may be changed by sales and read by the auditor, who changes nothing', async () => {
    const sales = await api.staff('sales')
    const auditor = await api.staff('auditor')
    const account = (await sales.post('/accounts', { business_unit_id: unit.id, name: 'By sales' })).body
    expect((await auditor.get(`/accounts/${account.id}`)).status).toBe(200)
    expect((await auditor.patch(`/accounts/${account.id}`, { name: 'x' })).body.code).toBe('not_permitted')
    expect((await api.nobody('office').get('/accounts')).body.code).toBe('sign_in_needed')
  })
})

describe('contacts', () => {
  it('have one primary at most; the first becomes it', async () => {
    const account = await createAccount({ name: 'With people' })
    const ana = (
      await admin.post(`/accounts/${account.id}/contacts`, { first_name: 'Ana', email: 'ana@people.example' })
    ).body
    const rui = (
      await admin.post(`/accounts/${account.id}/contacts`, { first_name: 'Rui', topics: ['billing'] })
    ).body
    expect([ana.is_primary, rui.is_primary]).toEqual([true, false])
    await admin.patch(`/contacts/${rui.id}`, { is_primary: true })
    const list = (await admin.get(`/accounts/${account.id}/contacts`)).body.items
    expect(
      list.map((one: { first_name: string; is_primary: boolean }) => [one.first_name, one.is_primary]),
    ).toEqual([
      ['Rui', true],
      ['Ana', false],
    ])
    expect((await admin.delete(`/contacts/${ana.id}`)).status).toBe(204)
    expect((await admin.delete(`/contacts/${ana.id}`)).status).toBe(404)
  })
})

describe('a customer', () => {
  it('gets in by the purchase e-mail, owns the account, changes its details and nothing else', async () => {
    const account = await createAccount({ name: 'Padaria Estrela', email: 'dona@estrela.example' })
    const owner = await api.customer('dona@estrela.example')
    const session = (await owner.get('/session')).body
    expect(session).toMatchObject({ account_id: account.id, account_name: 'Padaria Estrela' })
    expect(session.permissions).toContain('owner')
    const changed = await owner.patch('/account', {
      phone: '+55 43 3333-4444',
      business_unit_id: 'x',
      rank: 'A',
    })
    expect(changed.status).toBe(200)
    expect((await admin.get(`/accounts/${account.id}`)).body).toMatchObject({
      phone: '+55 43 3333-4444',
      rank: null,
    })
    const audit = (await admin.get(`/audit?account_id=${account.id}`)).body.items[0]
    expect(audit).toMatchObject({
      actor_kind: 'customer',
      way: 'portal',
      after: { phone: '+55 43 3333-4444' },
    })
  })

  it('of several accounts switches between them and never to another’s', async () => {
    const one = await createAccount({ name: 'Um', email: 'dois@chapeus.example' })
    const two = await createAccount({ name: 'Dois', email: 'dois@chapeus.example' })
    const other = await createAccount({ name: 'Alheia', email: 'outra@pessoa.example' })
    const person = await api.customer('dois@chapeus.example')
    expect((await person.get('/session')).body.accounts.map((a: { id: string }) => a.id).sort()).toEqual(
      [one.id, two.id].sort(),
    )
    expect((await person.post(`/accounts/${two.id}/enter`)).status).toBe(204)
    expect((await person.get('/account')).body.id).toBe(two.id)
    expect((await person.post(`/accounts/${other.id}/enter`)).status).toBe(404)
    expect((await person.get('/account')).body.id).toBe(two.id)
  })

  it('cannot enter the office, nor staff the portal', async () => {
    await createAccount({ name: 'Sides', email: 'sides@x.example' })
    const customer = await api.customer('sides@x.example')
    const office = api.nobody('office')
    office.cookie = customer.cookie.replace('zaguan_portal', 'zaguan_office')
    expect((await office.get('/session')).status).toBe(401)
    const portal = api.nobody('portal')
    portal.cookie = admin.cookie.replace('zaguan_office', 'zaguan_portal')
    expect((await portal.get('/session')).status).toBe(401)
  })
})

describe('signing in', () => {
  it('answers alike for a wrong password and an unknown e-mail, and slows guessing down', async () => {
    await createAccount({ name: 'Guessed', email: 'guess@me.example' })
    await api.customer('guess@me.example')
    const visitor = api.nobody('portal')
    const wrong = await visitor.post('/session', { email: 'guess@me.example', password: 'not this one' })
    const unknown = await visitor.post('/session', { email: 'nobody@me.example', password: 'not this one' })
    expect([wrong.status, wrong.body.code, wrong.body.detail]).toEqual([
      unknown.status,
      unknown.body.code,
      unknown.body.detail,
    ])
    expect(
      (await visitor.post('/session', { email: 'GUESS@me.example', password: testPassword })).status,
    ).toBe(200)
    let last = wrong
    for (let n = 0; n < 11; n++)
      last = await visitor.post('/session', { email: 'guess@me.example', password: `no ${n}` })
    expect(last.body.code).toBe('too_many_tries')
  })

  it('refuses a request that comes from another site', async () => {
    const reply = await admin.post(
      '/accounts',
      { business_unit_id: unit.id, name: 'Forged' },
      { 'sec-fetch-site': 'cross-site' },
    )
    expect(reply.body.code).toBe('cross_site_request')
    const old = await admin.post(
      '/accounts',
      { business_unit_id: unit.id, name: 'Forged' },
      { origin: 'https://evil.example' },
    )
    expect(old.body.code).toBe('cross_site_request')
  })
})
