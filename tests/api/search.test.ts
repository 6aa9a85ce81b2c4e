// ⌘K (A13): everything is found that the caller may see, exact hits first, and nothing else.
import { sql } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { enqueue } from '../../server/platform/jobs.ts'
import { type Caller, startTestApi, type TestApi } from '../api.ts'
import { issueInvoice } from '../invoices.ts'
import { runJobs } from '../jobs.ts'

let api: TestApi
let admin: Caller
let unit: { id: string }
let account: string
const ids: Record<string, string> = {}

type Hit = {
  kind: string
  id: string
  title: string
  detail: string | null
  account_name: string | null
  business_unit_name: string | null
  matched: string
}

async function search(q: string, caller = admin, more = ''): Promise<Hit[]> {
  const reply = await caller.get(`/search?q=${encodeURIComponent(q)}${more}`)
  expect(reply.status, JSON.stringify(reply.body)).toBe(200)
  return reply.body.items
}
const found = async (q: string, caller = admin) => (await search(q, caller)).map((hit) => hit.id)

async function create(path: string, body: object): Promise<string> {
  const reply = await admin.post(path, body)
  expect(reply.status, `${path} ${JSON.stringify(reply.body)}`).toBe(201)
  return reply.body.id
}
const open = (name: string, more: object = {}) =>
  create('/accounts', { business_unit_id: unit.id, name, ...more })

beforeAll(async () => {
  api = await startTestApi()
  admin = await api.staff('admin')
  unit = await api.unit({ name: 'Pirilampo Norte', slug: 'norte', legal_name: 'Pirilampo Norte Ltda.' })
  account = await open('Construções São João', {
    tax_id: '11.222.333/0001-81',
    email: 'Contas@SaoJoao.example',
    phone: '+55 (11) 98765-4321',
    city: 'Santo André',
    external_id: 'LEG-0042',
  })
  ids.account = account
  ids.contact = await create(`/accounts/${account}/contacts`, {
    first_name: 'Conceição',
    last_name: 'Araújo',
    email: 'conceicao@saojoao.example',
    phone: '(11) 3333-4444 / 011 95555-6666',
  })
  await api.customer('contas@saojoao.example')
  ids.user = (await admin.get(`/accounts/${account}/members`)).body.items[0].id
  const product = await create('/products', { business_unit_id: unit.id, name: 'Internet' })
  ids.plan = await create('/plans', {
    business_unit_id: unit.id,
    product_id: product,
    name: 'Fibra Relâmpago 500',
    kind: 'generic',
    prices: [{ currency: 'BRL', interval: 'month', amount: 9990 }],
  })
  ids.routing_point = await create('/routing-points', { business_unit_id: unit.id, name: 'Torre Ipiranga' })
  ids.subscription = await create(`/accounts/${account}/subscriptions`, {
    plan_id: ids.plan,
    start_date: '2026-05-21',
    status: 'active',
    external_id: 'SRV/7781',
  })
  await api.system(async (tx) => {
    ids.invoice = (await issueInvoice(tx, account, { total: 5000, due_date: '2026-06-10' })).id
    const insert = async (statement: ReturnType<typeof sql<{ id: string }>>) =>
      (await statement.execute(tx)).rows[0]!.id
    ids.payment = await insert(sql<{ id: string }>`
      insert into payments (business_unit_id, account_id, amount, currency, method, received_on, reference)
      values (${unit.id}, ${account}, 5000, 'BRL', 'pix', '2026-05-20', 'E-2026 77') returning id`)
    ids.payment_notice = await insert(sql<{ id: string }>`
      insert into payment_notices (business_unit_id, account_id, amount, currency, method, paid_on, reference)
      values (${unit.id}, ${account}, 5000, 'BRL', 'pix', '2026-05-19', 'DOC 990.123') returning id`)
    ids.contract = await insert(sql<{ id: string }>`
      insert into contracts (business_unit_id, account_id, name, type, start_date, currency, amount)
      values (${unit.id}, ${account}, 'Suporte mensal ouro', 'flat_retainer', '2026-01-01', 'BRL', 100000) returning id`)
    await sql`insert into account_domains (business_unit_id, account_id, domain)
              values (${unit.id}, ${account}, 'saojoao.example')`.execute(tx)
    ids.staff = await insert(sql<{ id: string }>`
      with person as (insert into users (side, email, name, language)
                      values ('staff', 'zulmira@operator.example', 'Zulmira Quaresma', 'pt-BR') returning id)
      insert into staff (user_id, role) select id, 'sales' from person returning user_id as id`)
  })
  ids.unit = unit.id
}, 240_000)
afterAll(() => api.close())

describe('each kind', () => {
  const cases: [kind: string, q: string, matched: string][] = [
    ['account', 'Construções São João', 'exact'],
    ['contact', 'conceicao ara', 'start'],
    ['user', 'Contas@SaoJoao.example', 'exact'],
    ['subscription', 'srv7781', 'exact'],
    ['contract', 'suporte ouro', 'words'],
    ['invoice', 'A-1', 'exact'],
    ['payment', 'e2026-77', 'exact'],
    ['payment_notice', 'DOC990123', 'exact'],
    ['plan', 'relampago', 'words'],
    ['routing_point', 'torre ip', 'start'],
    ['staff', 'zulmira', 'start'],
    ['unit', 'pirilampo norte', 'exact'],
  ]
  it.each(cases)('%s by “%s”', async (kind, q, matched) => {
    expect(await search(q)).toContainEqual(expect.objectContaining({ kind, id: ids[kind], matched }))
  })
  it('has its own details, account and business unit', async () => {
    const hits = await search('srv 7781')
    expect(hits).toEqual([
      {
        kind: 'subscription',
        id: ids.subscription,
        title: '1',
        detail: 'Fibra Relâmpago 500',
        account_id: account,
        account_name: 'Construções São João',
        business_unit_name: 'Pirilampo Norte',
        matched: 'exact',
      },
    ])
  })
  it('is declared by exactly one module, with a view', async () => {
    const owner = new pg.Client({ connectionString: api.database.ownerUrl })
    await owner.connect()
    const views = await owner.query(
      `select substr(relname, 11) as kind from pg_class where relkind = 'v' and relname like 'search\\_of\\_%' order by 1`,
    )
    await owner.end()
    const document = (await api.server.inject({ url: '/api/v1/openapi.json' })).json()
    const kinds = document.components.schemas.Found.properties.items.items.properties.kind.enum
    expect(views.rows.map(({ kind }) => kind)).toEqual([...kinds].sort())
  })
  it('can be asked for alone', async () => {
    const hits = await search('sao joao', admin, '&kinds=contact&kinds=user')
    expect(hits.map((hit) => hit.kind).filter((kind) => kind !== 'user' && kind !== 'contact')).toEqual([])
    expect((await admin.get('/search?q=x&kinds=nonsense')).status).toBe(422)
  })
})

describe('what is typed', () => {
  it.each([
    'construcoes sao joao',
    'CONSTRUÇÕES',
    'joao construcoes',
    'sao joao andre',
    'joão  const',
    '11222333000181',
    '11.222.333/0001-81',
    '11 222 333 0001 81',
    '11.222.333',
    'contas@saojoao.example',
    'CONTAS@SAOJOAO',
    'leg-0042',
    'leg0042',
    '+5511987654321',
    '(11) 98765-4321',
    '98765 4321',
    '011 98765-4321',
    '765-4321',
    '@saojoao.example',
  ])('“%s” finds the account', async (q) => {
    expect(await found(q)).toContain(account)
  })
  it('phones of one field are told apart', async () => {
    expect(await found('3333-4444')).toContain(ids.contact)
    expect(await found('011955556666')).toContain(ids.contact)
    expect(await found('4444011955')).not.toContain(ids.contact)
    // The same six last digits, another number.
    expect(await found('(21) 97765-4321')).not.toContain(account)
  })
  it.each([
    ['construcoens sao joao', 'one letter too many'],
    ['contruções', 'one missing'],
    ['constuções joao', 'one missing beside a right word'],
    ['consturções', 'two exchanged'],
    ['jaoo construcoes', 'two exchanged in a short word'],
    ['konstruções são joão', 'a wrong one'],
  ])('“%s” finds it, too: %s', async (q) => {
    const hits = await search(q)
    expect(hits).toContainEqual(expect.objectContaining({ id: account, matched: 'similar' }))
  })
  it('is not replaced by something similar where it is found as it is', async () => {
    await open('Marta Bianchi')
    const exact = await open('Marto Bianchi')
    const hits = await search('marto bianchi')
    expect(hits.map((hit) => [hit.id, hit.matched])).toEqual([[exact, 'exact']])
  })
  it('ranks exact hits first, then what begins so, then what holds the words', async () => {
    const [word, start, exact] = [await open('Casa Zafira'), await open('Zafira Modas'), await open('Zafira')]
    const hits = await search('zafira')
    expect(hits.map((hit) => hit.id)).toEqual([exact, start, word])
    expect(hits.map((hit) => hit.matched)).toEqual(['exact', 'start', 'words'])
    // A number that is one account's beats names and numbers that begin so.
    const { number } = (await admin.get(`/accounts/${exact}`)).body
    await open(`${number}0 Lanches`)
    expect((await search(String(number)))[0]).toMatchObject({ matched: 'exact' })
  })
  it('gives at most eight of a kind and twenty in all', async () => {
    for (let n = 0; n < 10; n++) {
      const id = await open(`Repetida ${n}`)
      await create(`/accounts/${id}/contacts`, { first_name: 'Repetida', last_name: `Pessoa ${n}` })
    }
    const hits = await search('repetida')
    expect(hits.filter((hit) => hit.kind === 'account')).toHaveLength(8)
    expect(hits.filter((hit) => hit.kind === 'contact')).toHaveLength(8)
    expect((await search('re')).length).toBeLessThanOrEqual(20)
  })
  it.each([
    '',
    ' ',
    '%',
    '_',
    '%%%%%%',
    "'",
    "'; drop table accounts; --",
    "a' & !b | (c",
    'x:*',
    '!!!',
    '\\',
    "\\' | '",
    '<->',
    '((((',
    '#11222333000181',
    '~654321',
    '😀😀😀',
    '\u0001\u0002',
    'é'.repeat(200),
    '1'.repeat(200),
    'aaa '.repeat(50),
    `${'ab'.repeat(60)} ${'cd'.repeat(30)}`,
    'İstanbul ß ﬁ',
  ])('“%s” is only text', async (q) => {
    const hits = await search(q)
    for (const hit of hits) expect(hit.kind).not.toBe('')
    if (/^[%_'\\!(<]*$/.test(q.trim())) expect(hits).toEqual([])
  })
  it('is refused beyond 200 letters and where it is missing', async () => {
    expect((await admin.get(`/search?q=${'a'.repeat(201)}`)).status).toBe(422)
    expect((await admin.get('/search')).status).toBe(422)
    // What PostgreSQL cannot hold as text.
    expect((await admin.get('/search?q=a%00b')).status).toBeLessThan(500)
  })
})

describe('who asks', () => {
  it('finds only what their permissions show', async () => {
    const technician = await api.staff('technician')
    const kinds = async (caller: Caller, q: string) =>
      new Set((await search(q, caller)).map((hit) => hit.kind))
    expect(await kinds(admin, 'A-1')).toContain('invoice')
    expect(await kinds(technician, 'A-1')).not.toContain('invoice')
    expect(await kinds(admin, 'e2026-77')).toContain('payment')
    expect(await kinds(technician, 'e2026-77')).not.toContain('payment')
    expect(await kinds(await api.staff('sales'), 'e2026-77')).not.toContain('payment')
    expect(await kinds(admin, 'zulmira')).toContain('staff')
    expect(await kinds(technician, 'zulmira')).not.toContain('staff')
    // Asking for it by name changes nothing.
    expect(await search('zulmira', technician, '&kinds=staff')).toEqual([])
    expect(await kinds(technician, 'construcoes')).toContain('account')
  })
  it('is staff', async () => {
    expect((await api.nobody('office').get('/search?q=construcoes')).status).toBe(401)
    const customer = api.nobody('portal')
    expect((await customer.get('/search?q=construcoes')).status).toBe(404)
  })
  it('sees nothing of business units that they may not see, however it is found', async () => {
    const other = await api.unit({ name: 'Austral', currency: 'ARS' })
    const elsewhere = await api.staff('admin', { units: [other.id] })
    for (const q of [
      'Construções São João',
      'construcoes',
      'contruções',
      '11222333000181',
      '11.222.333',
      '98765-4321',
      'conceicao',
      'contas@saojoao.example',
      'srv7781',
      'suporte ouro',
      'A-1',
      'e2026-77',
      'doc990123',
      'relampago',
      'torre ipiranga',
      'pirilampo norte',
    ])
      expect(await search(q, elsewhere), q).toEqual([])
    const theirs = await create('/accounts', { business_unit_id: other.id, name: 'Construções do Sul' })
    expect(await found('construcoes', elsewhere)).toEqual([theirs])
    expect(await found('construcoes')).toEqual(expect.arrayContaining([theirs, account]))
    const both = await api.staff('support', { units: [other.id, unit.id] })
    expect(await found('construcoes', both)).toEqual(expect.arrayContaining([theirs, account]))
  })
  it('cannot read the index past the search, whichever login', async () => {
    for (const connectionString of [api.database.officeUrl, api.database.portalUrl]) {
      const client = new pg.Client({ connectionString })
      await client.connect()
      for (const table of ['search_entries', 'search_dictionary', 'search_of_account'])
        await expect(client.query(`select * from ${table}`), table).rejects.toMatchObject({ code: '42501' })
      for (const call of [`refresh_search('account')`, `search_meant('x')`, `tidy_search_dictionary()`].slice(
        0,
        connectionString === api.database.officeUrl ? 2 : 3,
      ))
        await expect(client.query(`select ${call}`), call).rejects.toMatchObject({ code: '42501' })
      await client.end()
    }
  })
})

describe('entries follow what they are of', () => {
  it('when it is renamed', async () => {
    const id = await open('Padaria Velha', { tax_id: '123.456.789-09' })
    const person = await create(`/accounts/${id}/contacts`, { first_name: 'Otávio', phone: '2222-7777' })
    await admin.patch(`/accounts/${id}`, { name: 'Confeitaria Nova', tax_id: '987.654.321-00' })
    expect(await found('padaria velha')).not.toContain(id)
    expect(await found('12345678909')).not.toContain(id)
    expect(await found('confeitaria nova')).toContain(id)
    expect(await found('98765432100')).toContain(id)
    await admin.patch(`/contacts/${person}`, { first_name: 'Octávia', phone: null })
    expect(await found('otavio')).not.toContain(person)
    expect(await found('22227777')).not.toContain(person)
    expect(await search('octavia')).toContainEqual(
      expect.objectContaining({ id: person, account_name: 'Confeitaria Nova' }),
    )
  })
  it('when it is removed', async () => {
    const id = await open('Loja Efêmera')
    const person = await create(`/accounts/${id}/contacts`, { first_name: 'Eustáquio' })
    expect(await found('eustaquio')).toContain(person)
    await admin.delete(`/contacts/${person}`)
    expect(await found('eustaquio')).toEqual([])
  })
  it('when a user changes their name, in every account of theirs', async () => {
    const [one, two] = [
      await open('Uma', { email: 'gemea@both.example' }),
      await open('Duas', { email: 'gemea@both.example' }),
    ]
    await api.customer('gemea@both.example')
    await api.system((tx) =>
      sql`update users set name = 'Gertrudes Xavante' where email = 'gemea@both.example'`.execute(tx),
    )
    const hits = (await search('gertrudes xavante')).filter((hit) => hit.kind === 'user')
    expect(hits.map((hit) => hit.account_name).sort()).toEqual(['Duas', 'Uma'])
    expect([one, two]).toHaveLength(2)
    await api.system((tx) => tx.deleteFrom('memberships').where('id', '=', hits[0]!.id).execute())
    expect((await search('gertrudes xavante')).filter((hit) => hit.kind === 'user')).toHaveLength(1)
  })
  it('when an account moves to another business unit, with its people', async () => {
    const id = await open('Mudança Transportes')
    const person = await create(`/accounts/${id}/contacts`, { first_name: 'Hermenegilda' })
    const other = await api.unit()
    const elsewhere = await api.staff('support', { units: [other.id] })
    expect(await found('hermenegilda', elsewhere)).toEqual([])
    expect((await admin.patch(`/accounts/${id}`, { business_unit_id: other.id })).status).toBe(200)
    expect(await found('hermenegilda', elsewhere)).toEqual([person])
    expect(await found('mudanca transportes', elsewhere)).toEqual([id])
    const here = await api.staff('support', { units: [unit.id] })
    expect(await found('hermenegilda', here)).toEqual([])
  })
  it('when a mail domain is added and taken away', async () => {
    const id = await open('Domínio Certo')
    await api.system((tx) =>
      sql`insert into account_domains (business_unit_id, account_id, domain) values (${unit.id}, ${id}, 'certo.example')`.execute(
        tx,
      ),
    )
    expect(await found('certo.example')).toContain(id)
    await api.system((tx) => sql`delete from account_domains where domain = 'certo.example'`.execute(tx))
    expect(await found('certo.example')).not.toContain(id)
  })
  it('when a product is renamed', async () => {
    const { product_id } = (await admin.get(`/plans/${ids.plan}`)).body
    await admin.patch(`/products/${product_id}`, { name: 'Banda Larguíssima' })
    expect(await found('larguissima')).toContain(ids.plan)
  })
  it('when many rows come in one statement', async () => {
    await api.system((tx) =>
      sql`insert into accounts (business_unit_id, name, language)
          select ${unit.id}, 'Importado Xerém ' || n, 'pt-BR' from generate_series(1, 500) n`.execute(tx),
    )
    expect(await found('importado xerem 437')).toHaveLength(1)
    await api.system((tx) =>
      sql`update accounts set name = replace(name, 'Xerém', 'Magé') where name like 'Importado Xerém %'`.execute(
        tx,
      ),
    )
    expect(await found('importado xerem')).toEqual([])
    expect(await found('importado mage 12')).toHaveLength(8)
  })
  it('and writes nothing where nothing of it changed', async () => {
    const owner = new pg.Client({ connectionString: api.database.ownerUrl })
    await owner.connect()
    const version = async () =>
      (
        await owner.query(`select xmin, ctid from search_entries where kind = 'account' and object_id = $1`, [
          account,
        ])
      ).rows[0]
    const before = await version()
    await admin.patch(`/accounts/${account}`, { notes: 'Called on Monday', rank: 'B' })
    await admin.patch(`/accounts/${account}`, { name: 'Construções São João' })
    expect(await version()).toEqual(before)
    await owner.end()
  })
  it('and the words of typing errors are forgotten with the names that had them', async () => {
    const id = await open('Xilindró Peculiar')
    await admin.patch(`/accounts/${id}`, { name: 'Outro Nome' })
    const owner = new pg.Client({ connectionString: api.database.ownerUrl })
    await owner.connect()
    const words = async (word: string) =>
      (await owner.query('select from search_dictionary where word = $1', [word])).rowCount
    expect(await words('xilindro')).toBe(1)
    await owner.query(`insert into search_dictionary values ('construcoes')`)
    await api.system((tx) => enqueue(tx, 'search:tidy_dictionary', {}))
    await runJobs(api)
    expect(await words('xilindro')).toBe(0)
    expect(await words('construcoes')).toBe(1)
    await owner.end()
  })
})
