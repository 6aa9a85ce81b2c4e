// A1–A3, P12: guided creation and what it asks for: contracts, SLA and alert threshold profiles, mail domains, tax ids.
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Caller, startTestApi, type TestApi } from '../api.ts'

let api: TestApi
let admin: Caller
let sales: Caller
let unit: { id: string }
let argentina: { id: string }

beforeAll(async () => {
  api = await startTestApi()
  admin = await api.staff('admin')
  sales = await api.staff('sales')
  unit = await api.unit()
  argentina = await api.unit({
    country: 'AR',
    currency: 'ARS',
    time_zone: 'America/Buenos_Aires',
    language: 'es',
  })
})
afterAll(() => api.close())

let made = 0
async function createAccount(change: object = {}) {
  const reply = await admin.post('/accounts', {
    business_unit_id: unit.id,
    name: `Cliente ${++made} ${'bcdfghjklm'[made % 10]}`,
    ...change,
  })
  expect(reply.status, JSON.stringify(reply.body)).toBe(201)
  return reply.body
}
async function expectFault(reply: { status: number; body: { errors?: object[] } }, fault: object) {
  expect([409, 422], JSON.stringify(reply.body)).toContain(reply.status)
  expect(reply.body.errors?.[0], JSON.stringify(reply.body)).toMatchObject(fault)
}
const targets = [
  { priority: 'urgent', first_response_minutes: 30, resolution_minutes: 240 },
  { priority: 'normal', first_response_minutes: 240, resolution_minutes: 1440 },
]
const createSla = async (change: object = {}) =>
  (
    await admin.post('/sla-profiles', {
      business_unit_id: unit.id,
      name: `SLA ${++made}`,
      targets,
      ...change,
    })
  ).body
const thresholds = [
  { metric: 'cpu', warning: 80, critical: 95, for_minutes: 10 },
  { metric: 'offline', warning: null, critical: 5, for_minutes: 0 },
]
const createThresholds = async (change: object = {}) =>
  (
    await admin.post('/threshold-profiles', {
      business_unit_id: unit.id,
      name: `Limiares ${++made}`,
      thresholds,
      ...change,
    })
  ).body

describe('guided creation', () => {
  it('goes through four steps and can be left and continued by another', async () => {
    const account = (
      await sales.post('/accounts', { business_unit_id: unit.id, name: 'Guiada Ltda', guided: true })
    ).body
    expect(account).toMatchObject({ setup_unfinished: true, domains: [], tickets_only_from_primary: false })
    const setup = (await sales.get(`/accounts/${account.id}/setup`)).body
    expect(setup).toMatchObject({ contract: 'open', profiles: 'open', contact: 'open', finished_at: null })
    expect(setup.created_by_name).toMatch(/^sales/)

    const contract = await sales.post(`/accounts/${account.id}/contracts`, {
      name: 'Suporte mensal',
      type: 'flat_retainer',
      start_date: '2026-06-01',
      amount: 150_000,
    })
    expect(contract.status).toBe(201)
    expect((await sales.get(`/accounts/${account.id}/setup`)).body).toMatchObject({
      contract: 'done',
      profiles: 'open',
    })
    expect(
      (await admin.get('/accounts?setup=unfinished')).body.items.map((one: { id: string }) => one.id),
    ).toContain(account.id)
    const today = (await admin.get('/today')).body
    expect(today.waiting.unfinished_setups).toBe(1)

    const skipped = await admin.post(`/accounts/${account.id}/setup/skip`, { step: 'profiles' })
    expect(skipped.body).toMatchObject({ profiles: 'skipped', finished_at: null })
    await admin.post(`/accounts/${account.id}/contacts`, { first_name: 'Ana' })
    const done = (await admin.get(`/accounts/${account.id}/setup`)).body
    expect(done).toMatchObject({ contract: 'done', profiles: 'skipped', contact: 'done' })
    expect(done.finished_at).not.toBeNull()
    expect((await admin.get(`/accounts/${account.id}`)).body.setup_unfinished).toBe(false)
    expect((await admin.get('/accounts?setup=unfinished')).body.items).toEqual([])

    // What was skipped is taken up later; what was done is not undone.
    const sla = await createSla()
    await admin.patch(`/accounts/${account.id}`, { sla_profile_id: sla.id })
    expect((await admin.get(`/accounts/${account.id}/setup`)).body).toMatchObject({
      profiles: 'done',
      finished_at: done.finished_at,
    })
    const again = await admin.post(`/accounts/${account.id}/setup/skip`, { step: 'contract' })
    expect(again.body.contract).toBe('done')
  })

  it('is dismissed at once, and an account without it has none', async () => {
    const account = await createAccount({ guided: true })
    const dismissed = await admin.post(`/accounts/${account.id}/setup/dismiss`)
    expect(dismissed.body).toMatchObject({ contract: 'skipped', profiles: 'skipped', contact: 'skipped' })
    expect(dismissed.body.finished_at).not.toBeNull()
    const plain = await createAccount()
    expect(plain.setup_unfinished).toBe(false)
    expect((await admin.get(`/accounts/${plain.id}/setup`)).body.code).toBe('not_found')
    expect((await admin.post(`/accounts/${plain.id}/setup/dismiss`)).body.code).toBe('not_found')
  })

  it('is for administrators and sales alone', async () => {
    const account = await createAccount({ guided: true })
    for (const role of ['finance', 'support', 'technician', 'auditor'] as const) {
      const caller = await api.staff(role)
      const refused = [
        await caller.post('/accounts', { business_unit_id: unit.id, name: 'Not theirs' }),
        await caller.post(`/accounts/${account.id}/contracts`, {
          name: 'x',
          type: 'hourly',
          start_date: '2026-06-01',
          amount: 1,
        }),
        await caller.post(`/accounts/${account.id}/setup/skip`, { step: 'contact' }),
        await caller.post(`/accounts/${account.id}/setup/dismiss`),
        await caller.post('/sla-profiles', { business_unit_id: unit.id, name: 'x', targets }),
        await caller.post('/threshold-profiles', { business_unit_id: unit.id, name: 'x', thresholds }),
      ]
      expect(
        refused.map((reply) => reply.body.code),
        role,
      ).toEqual(refused.map(() => 'not_permitted'))
      expect((await caller.get(`/accounts/${account.id}/setup`)).status, role).toBe(200)
      expect((await caller.get('/contracts')).status, role).toBe(200)
    }
    expect(
      (await sales.post('/sla-profiles', { business_unit_id: unit.id, name: 'x', targets })).body.code,
    ).toBe('not_permitted')
    expect((await sales.post('/accounts', { business_unit_id: unit.id, name: 'By sales' })).status).toBe(201)
  })
})

describe('tax ids', () => {
  it('take the standard form of the country, in every document that it knows', async () => {
    for (const [typed, kept] of [
      ['11144477735', '111.444.777-35'],
      ['12abc34501de35', '12.ABC.345/01DE-35'],
    ])
      expect((await createAccount({ tax_id: typed })).tax_id).toBe(kept)
    const argentine = await createAccount({ business_unit_id: argentina.id, tax_id: '20055361682' })
    expect(argentine).toMatchObject({ country: 'AR', tax_id: '20-05536168-2' })
    expect((await createAccount({ country: 'US', tax_id: 'whatever 1' })).tax_id).toBe('whatever 1')
  })

  it('that cannot be are refused on the field, naming the document, in three languages', async () => {
    for (const [language, words] of [
      ['en', 'This is no valid CNPJ'],
      ['es', 'No es un CNPJ válido'],
      ['pt-BR', 'Este não é um CNPJ válido'],
    ] as const) {
      const reply = await admin.post(
        '/accounts',
        { business_unit_id: unit.id, name: 'Errada', tax_id: '12.345.678/0001-96' },
        { 'accept-language': language },
      )
      await expectFault(reply, { path: 'tax_id', code: 'tax_id_invalid' })
      expect(reply.body.errors[0].message).toContain(words)
    }
    const person = await admin.post('/accounts', {
      business_unit_id: unit.id,
      name: 'Pessoa',
      kind: 'person',
      tax_id: '123',
    })
    expect(person.body.errors[0].message).toContain('CPF')
  })

  it('that are wrong already do not stand in the way of other changes', async () => {
    const account = await createAccount()
    await api.system((tx) =>
      tx.updateTable('accounts').set({ tax_id: 'old and wrong' }).where('id', '=', account.id).execute(),
    )
    expect(
      (await admin.patch(`/accounts/${account.id}`, { city: 'Lapa', tax_id: 'old and wrong' })).status,
    ).toBe(200)
    await expectFault(await admin.patch(`/accounts/${account.id}`, { tax_id: 'new and wrong' }), {
      code: 'tax_id_invalid',
    })
    expect((await admin.patch(`/accounts/${account.id}`, { tax_id: '' })).body.tax_id).toBeNull()
    // The country that comes with it decides.
    expect(
      (await admin.patch(`/accounts/${account.id}`, { tax_id: '20055361682', country: 'AR' })).body.tax_id,
    ).toBe('20-05536168-2')
  })
})

describe('e-mail domains', () => {
  it('are kept without @, in small letters and ASCII, and replaced as a whole', async () => {
    const account = await createAccount({ domains: ['@Padaria-Estrela.com.br', 'joao@café.example.net'] })
    expect(account.domains).toEqual(['padaria-estrela.com.br', 'xn--caf-dma.example.net'])
    const changed = await admin.patch(`/accounts/${account.id}`, {
      domains: ['estrela.net', 'padaria-estrela.com.br'],
    })
    expect(changed.body.domains).toEqual(['estrela.net', 'padaria-estrela.com.br'])
    const audit = (await admin.get(`/audit?account_id=${account.id}`)).body.items
    expect(
      audit.some((one: { object_type: string; action: string }) => one.object_type === 'account_domains'),
    ).toBe(true)
    expect((await admin.patch(`/accounts/${account.id}`, { domains: [] })).body.domains).toEqual([])
    expect((await admin.patch(`/accounts/${account.id}`, { domains: ['estrela.net'] })).status).toBe(200)
  })

  it('of public mail providers are refused, and so is what is no domain or is listed twice', async () => {
    const account = await createAccount()
    for (const [domain, code] of [
      ['gmail.com', 'public_mail_domain'],
      ['@UOL.com.br', 'public_mail_domain'],
      ['mx.hotmail.com', 'public_mail_domain'],
      ['proton.me', 'public_mail_domain'],
      ['localhost', 'not_a_domain'],
      ['-x.com', 'not_a_domain'],
      ['a b.com', 'not_a_domain'],
      ['1.2.3.4', 'not_a_domain'],
    ])
      await expectFault(
        await admin.patch(`/accounts/${account.id}`, { domains: ['fine.example.org', domain] }),
        {
          path: 'domains.1',
          code,
        },
      )
    await expectFault(await admin.patch(`/accounts/${account.id}`, { domains: ['a.org', 'A.org'] }), {
      path: 'domains.1',
      code: 'listed_twice',
    })
    expect((await admin.get(`/accounts/${account.id}`)).body.domains).toEqual([])
  })

  it('belong to one account of a business unit', async () => {
    await createAccount({ name: 'Dona do domínio', domains: ['unico.net.br'] })
    const reply = await admin.post('/accounts', {
      business_unit_id: unit.id,
      name: 'Outra',
      domains: ['UNICO.net.br'],
    })
    await expectFault(reply, { path: 'domains.0', code: 'domain_taken' })
    expect(reply.body.errors[0].message).toContain('Dona do domínio')
    expect((await admin.get('/accounts?q=Outra')).body.items).toEqual([])
    expect(
      (await createAccount({ business_unit_id: argentina.id, domains: ['unico.net.br'] })).domains,
    ).toEqual(['unico.net.br'])
  })

  it('go to one of two who take one at the same time', async () => {
    const [one, other] = [await createAccount(), await createAccount()]
    const replies = await Promise.all(
      [one, other].map((account) => admin.patch(`/accounts/${account.id}`, { domains: ['corrida.net.br'] })),
    )
    expect(replies.map((reply) => reply.status === 200).sort()).toEqual([false, true])
    await expectFault(replies.find((reply) => reply.status !== 200)!, {})
  })
})

describe('contracts', () => {
  const body = { name: 'Horas', type: 'hourly', start_date: '2026-05-01', amount: 12_000 }

  it('carry the currency of the business unit, know their state, and are changed, ended and archived', async () => {
    const account = await createAccount({ business_unit_id: argentina.id })
    const made = await admin.post(`/accounts/${account.id}/contracts`, { ...body, notes: 'a mano' })
    expect(made.body).toMatchObject({
      currency: 'ARS',
      state: 'active',
      end_date: null,
      included_minutes: null,
    })
    const block = await admin.post(`/accounts/${account.id}/contracts`, {
      name: 'Bloco',
      type: 'block_hours',
      start_date: '2026-07-01',
      end_date: '2027-07-01',
      amount: 100_000,
      included_minutes: 600,
    })
    expect(block.body).toMatchObject({ state: 'upcoming', included_minutes: 600 })
    // 21 May, 12:00 in Buenos Aires: ended today is ended.
    const ended = await admin.patch(`/contracts/${made.body.id}`, { end_date: '2026-05-21' })
    expect(ended.body.state).toBe('ended')
    expect((await admin.patch(`/contracts/${made.body.id}`, { end_date: '2026-05-22' })).body.state).toBe(
      'active',
    )
    expect((await admin.patch(`/contracts/${made.body.id}`, { end_date: null })).body.end_date).toBeNull()
    const states = async (query: string) =>
      (await admin.get(`/contracts?account_id=${account.id}&${query}`)).body.items.map(
        (one: { name: string }) => one.name,
      )
    expect(await states('sort=name')).toEqual(['Bloco', 'Horas'])
    expect(await states('state=upcoming')).toEqual(['Bloco'])
    expect(await states('type=hourly')).toEqual(['Horas'])
    expect(await states('q=bloc')).toEqual(['Bloco'])
    // Another type takes the hours away.
    expect(
      (await admin.patch(`/contracts/${block.body.id}`, { type: 'block_money' })).body.included_minutes,
    ).toBeNull()
    expect(
      (await admin.patch(`/contracts/${block.body.id}`, { archived: true })).body.archived_at,
    ).not.toBeNull()
    expect(await states('archived=false')).toEqual(['Horas'])
    const file = await admin.get(`/contracts.csv?account_id=${account.id}&sort=name`)
    expect(file.bytes.toString()).toContain('Bloco')
    const audit = (await admin.get(`/audit?account_id=${account.id}`)).body.items
    expect(audit.map((one: { operation: string }) => one.operation)).toContain('update_contract')
  })

  it('cannot end before they begin, lack the hours of a block, or take a profile of elsewhere', async () => {
    const account = await createAccount()
    const path = `/accounts/${account.id}/contracts`
    await expectFault(await admin.post(path, { ...body, end_date: '2026-05-01' }), {
      path: 'end_date',
      code: 'not_after_start',
    })
    await expectFault(await admin.post(path, { ...body, type: 'block_hours' }), {
      path: 'included_minutes',
      code: 'required',
    })
    await expectFault(await admin.post(path, { ...body, amount: -1 }), { path: 'amount' })
    await expectFault(await admin.post(path, { ...body, type: 'lifetime' }), {
      path: 'type',
      code: 'not_a_choice',
    })
    const foreign = await createSla({ business_unit_id: argentina.id })
    await expectFault(await admin.post(path, { ...body, sla_profile_id: foreign.id }), {
      path: 'sla_profile_id',
      code: 'not_a_choice',
    })
    const own = await createSla()
    const made = await admin.post(path, { ...body, sla_profile_id: own.id })
    expect(made.body).toMatchObject({ sla_profile_id: own.id, sla_profile_name: own.name })
    await expectFault(
      await admin.patch(`/contracts/${made.body.id}`, { start_date: '2026-06-01', end_date: '2026-05-31' }),
      {
        path: 'end_date',
      },
    )
  })

  it('keep an account in its business unit', async () => {
    const account = await createAccount()
    await admin.post(`/accounts/${account.id}/contracts`, body)
    const moved = await admin.patch(`/accounts/${account.id}`, { business_unit_id: argentina.id })
    expect(moved.body.code).toBe('account_has_services')
  })
})

describe('profiles', () => {
  it('of SLA say per priority how soon, always or in business hours', async () => {
    const sla = await createSla({
      coverage: 'business_hours',
      business_days: [5, 1, 2, 3, 4],
      opens_at: '08:00',
      closes_at: '18:30',
    })
    expect(sla).toMatchObject({
      business_days: [1, 2, 3, 4, 5],
      opens_at: '08:00',
      closes_at: '18:30',
      accounts: 0,
      targets: [
        { priority: 'urgent', first_response_minutes: 30, resolution_minutes: 240 },
        { priority: 'normal' },
      ],
    })
    const changed = await admin.patch(`/sla-profiles/${sla.id}`, {
      coverage: 'always',
      targets: [{ priority: 'low', first_response_minutes: 60, resolution_minutes: 60 }],
    })
    expect(changed.body).toMatchObject({ business_days: null, opens_at: null, closes_at: null })
    expect(changed.body.targets).toEqual([
      { priority: 'low', first_response_minutes: 60, resolution_minutes: 60 },
    ])
    const path = `/sla-profiles/${sla.id}`
    await expectFault(await admin.patch(path, { coverage: 'business_hours' }), {
      path: 'business_days',
      code: 'required',
    })
    await expectFault(
      await admin.patch(path, {
        coverage: 'business_hours',
        business_days: [1],
        opens_at: '18:00',
        closes_at: '08:00',
      }),
      { path: 'closes_at', code: 'not_after_opening' },
    )
    await expectFault(
      await admin.patch(path, {
        targets: [{ priority: 'low', first_response_minutes: 60, resolution_minutes: 59 }],
      }),
      { path: 'targets.0.resolution_minutes', code: 'before_first_response' },
    )
    await expectFault(await admin.patch(path, { targets: [targets[0], targets[0]] }), {
      code: 'listed_twice',
    })
    await expectFault(
      await admin.post('/sla-profiles', { business_unit_id: unit.id, name: sla.name, targets }),
      {
        path: 'name',
        code: 'taken',
      },
    )
  })

  it('of thresholds say per metric what warns and what is critical', async () => {
    const profile = await createThresholds()
    expect(profile.thresholds).toEqual(thresholds)
    const path = `/threshold-profiles/${profile.id}`
    for (const [change, fault] of [
      [
        { metric: 'cpu', warning: 95, critical: 95 },
        { path: 'thresholds.0.critical', code: 'not_above_warning' },
      ],
      [
        { metric: 'disk', warning: null, critical: 101 },
        { path: 'thresholds.0.critical', code: 'too_big' },
      ],
      [
        { metric: 'latency', warning: 0, critical: null },
        { path: 'thresholds.0.warning', code: 'too_small' },
      ],
      [
        { metric: 'memory', warning: null, critical: null },
        { path: 'thresholds.0.critical', code: 'required' },
      ],
    ] as const)
      await expectFault(await admin.patch(path, { thresholds: [{ for_minutes: 0, ...change }] }), fault)
    const changed = await admin.patch(path, {
      description: 'Para câmaras frias',
      thresholds: [{ metric: 'temperature', warning: -20, critical: -15, for_minutes: 30 }],
    })
    expect(changed.body.thresholds).toHaveLength(1)
  })

  it('have one default per business unit, however many make one at once, and it is not archived', async () => {
    const profiles = [await createSla(), await createSla(), await createSla(), await createSla()]
    const replies = await Promise.all(
      profiles.map((one) => admin.patch(`/sla-profiles/${one.id}`, { is_default: true })),
    )
    expect(replies.map((reply) => reply.status)).toEqual([200, 200, 200, 200])
    const list = (await admin.get(`/sla-profiles?business_unit_id=${unit.id}&limit=200`)).body.items
    const defaults = list.filter((one: { is_default: boolean }) => one.is_default)
    expect(defaults).toHaveLength(1)
    const kept = await admin.patch(`/sla-profiles/${defaults[0].id}`, { archived: true })
    expect(kept.body.code).toBe('profile_is_default')
    const gone = await admin.patch(`/sla-profiles/${defaults[0].id}`, { archived: true, is_default: false })
    expect(gone.body.archived_at).not.toBeNull()
    const created = await createThresholds({ is_default: true })
    const second = await createThresholds({ is_default: true })
    expect((await admin.get(`/threshold-profiles/${created.id}`)).body.is_default).toBe(false)
    expect(second.is_default).toBe(true)
  })

  it('are chosen for an account of the same business unit while they are in use', async () => {
    const [sla, threshold] = [await createSla(), await createThresholds()]
    const account = await createAccount({ sla_profile_id: sla.id, threshold_profile_id: threshold.id })
    expect(account).toMatchObject({ sla_profile_id: sla.id, threshold_profile_id: threshold.id })
    expect((await admin.get(`/sla-profiles/${sla.id}`)).body.accounts).toBe(1)
    const foreign = await createSla({ business_unit_id: argentina.id })
    await expectFault(await admin.patch(`/accounts/${account.id}`, { sla_profile_id: foreign.id }), {
      path: 'sla_profile_id',
      code: 'not_a_choice',
    })
    await admin.patch(`/sla-profiles/${sla.id}`, { archived: true })
    const other = await createAccount()
    await expectFault(await admin.patch(`/accounts/${other.id}`, { sla_profile_id: sla.id }), {
      code: 'not_a_choice',
    })
    // Whoever has it keeps it.
    expect(
      (await admin.patch(`/accounts/${account.id}`, { sla_profile_id: sla.id, city: 'Assis' })).status,
    ).toBe(200)
    const moved = await admin.patch(`/accounts/${account.id}`, { business_unit_id: argentina.id })
    expect(moved.body).toMatchObject({ sla_profile_id: null, threshold_profile_id: null })
  })
})

describe('likely duplicates', () => {
  it('are found by tax id, e-mail, domain, phone and name, the surest first, and only where one may look', async () => {
    const account = await createAccount({
      name: 'Metalúrgica Três Irmãos Ltda',
      tax_id: '11.222.333/0001-81',
      email: 'contato@tresirmaos.ind.br',
      phone: '+55 (43) 3333-4455',
      domains: ['tresirmaos.ind.br'],
    })
    await admin.post(`/accounts/${account.id}/contacts`, {
      first_name: 'Rui',
      email: 'rui@particular.example',
    })
    const find = async (query: Record<string, string>, caller = admin) =>
      (await caller.get(`/account-duplicates?${new URLSearchParams(query)}`)).body.items
    const reasonOf = async (query: Record<string, string>) =>
      (await find(query)).find((one: { id: string }) => one.id === account.id)?.reason
    expect(await reasonOf({ tax_id: '11222333000181' })).toBe('same_tax_id')
    expect(await reasonOf({ email: 'CONTATO@tresirmaos.ind.br' })).toBe('same_email')
    expect(await reasonOf({ email: 'rui@particular.example' })).toBe('same_email')
    expect(await reasonOf({ email: 'outra@tresirmaos.ind.br' })).toBe('same_domain')
    expect(await reasonOf({ domains: '@tresirmaos.ind.br' })).toBe('same_domain')
    expect(await reasonOf({ phone: '43 33334455' })).toBe('same_phone')
    expect(await reasonOf({ phone: '11 33334455' })).toBeUndefined()
    expect(await reasonOf({ name: 'metalurgica tres irmaos' })).toBe('similar_name')
    expect(await reasonOf({ name: 'Metalurgica Tres Irmaus' })).toBe('similar_name')
    expect(await reasonOf({ name: 'Completely different' })).toBeUndefined()
    expect(await reasonOf({ name: 'metalurgica tres irmaos', tax_id: '11.222.333/0001-81' })).toBe(
      'same_tax_id',
    )
    expect(await reasonOf({ tax_id: '11222333000181', except: account.id })).toBeUndefined()
    expect(await find({ tax_id: '11222333000181', business_unit_id: argentina.id })).toEqual([])
    expect(await find({})).toEqual([])
    const elsewhere = await api.staff('sales', { units: [argentina.id] })
    expect(await find({ tax_id: '11222333000181', name: 'metalurgica tres irmaos' }, elsewhere)).toEqual([])
    const many = await Promise.all(
      [1, 2, 3, 4, 5, 6].map((n) => createAccount({ name: `Igualzinha Comércio ${n}` })),
    )
    expect(many).toHaveLength(6)
    expect(await find({ name: 'Igualzinha Comercio' })).toHaveLength(5)
  })
})

describe('the primary contact', () => {
  it('is one, however many are made primary at the same time', async () => {
    const account = await createAccount()
    const made = await Promise.all(
      ['Ana', 'Bia', 'Caio', 'Duda'].map((first_name) =>
        admin.post(`/accounts/${account.id}/contacts`, { first_name, is_primary: true }),
      ),
    )
    expect(made.map((reply) => reply.status)).toEqual([201, 201, 201, 201])
    const changed = await Promise.all(
      made.map((reply) => admin.patch(`/contacts/${reply.body.id}`, { is_primary: true })),
    )
    expect(changed.map((reply) => reply.status)).toEqual([200, 200, 200, 200])
    const list = (await admin.get(`/accounts/${account.id}/contacts`)).body.items
    expect(list.filter((one: { is_primary: boolean }) => one.is_primary)).toHaveLength(1)
  })

  it('may be the only one whose mail makes tickets', async () => {
    const account = await createAccount()
    const changed = await admin.patch(`/accounts/${account.id}`, { tickets_only_from_primary: true })
    expect(changed.body.tickets_only_from_primary).toBe(true)
    const audit = (await admin.get(`/audit?account_id=${account.id}`)).body.items
    expect(audit[0]).toMatchObject({ after: { tickets_only_from_primary: true } })
  })
})

describe('the database itself', () => {
  it('refuses what may never be', async () => {
    const account = await createAccount()
    const foreignSla = await createSla({ business_unit_id: argentina.id })
    const [sla, profile] = [await createSla({ is_default: true }), await createThresholds()]
    const client = new pg.Client({ connectionString: api.database.ownerUrl })
    await client.connect()
    const contract = (columns: string, values: string) =>
      `insert into contracts (account_id, business_unit_id, name, type, start_date, currency, amount${columns})
       values ('${account.id}', '${unit.id}', 'x', 'hourly', '2026-05-01', 'BRL', 1${values})`
    const refused: [statement: string, code: string][] = [
      [contract(', end_date', `, '2026-05-01'`), '23514'],
      [contract(', included_minutes', ', 60'), '23514'],
      [contract(', sla_profile_id', `, '${foreignSla.id}'`), '23503'],
      [contract('', '').replace(`'${unit.id}'`, `'${argentina.id}'`), '23503'],
      [contract('', '').replace('BRL', 'real'), '22001'],
      [`update accounts set sla_profile_id = '${foreignSla.id}' where id = '${account.id}'`, '23503'],
      [
        `insert into account_domains (account_id, business_unit_id, domain) values ('${account.id}', '${unit.id}', '@x.com')`,
        '23514',
      ],
      [
        `insert into account_domains (account_id, business_unit_id, domain) values ('${account.id}', '${argentina.id}', 'x.com')`,
        '23503',
      ],
      [`update sla_profiles set archived_at = now() where id = '${sla.id}'`, '23514'],
      [`update sla_profiles set coverage = 'business_hours' where id = '${sla.id}'`, '23514'],
      [
        `insert into sla_profiles (business_unit_id, name, is_default) values ('${unit.id}', 'second', true)`,
        '23505',
      ],
      [`update sla_targets set resolution_minutes = 1 where profile_id = '${sla.id}'`, '23514'],
      [`update thresholds set critical = 101 where profile_id = '${profile.id}' and metric = 'cpu'`, '23514'],
      [`update thresholds set warning = 99 where profile_id = '${profile.id}' and metric = 'cpu'`, '23514'],
      [
        `insert into account_setups (account_id, business_unit_id, finished_at) values ('${account.id}', '${unit.id}', now())`,
        '23514',
      ],
    ]
    for (const [statement, code] of refused)
      await expect(client.query(statement), statement).rejects.toMatchObject({ code })
    await client.end()
  })
})
