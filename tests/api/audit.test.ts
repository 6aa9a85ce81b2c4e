// The audit log (A10): one page for everything, found by anything, and nobody changes what stands in it.
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Caller, startTestApi, type TestApi } from '../api.ts'
import { runJobs } from '../jobs.ts'

let api: TestApi
let admin: Caller
let unit: { id: string }
let account: { id: string; number: number }

beforeAll(async () => {
  api = await startTestApi()
  admin = await api.staff('admin')
  unit = await api.unit()
  account = (
    await admin.post('/accounts', {
      business_unit_id: unit.id,
      name: 'Padaria São João',
      email: 'maria@padaria.example',
      phone: '+55 11 98765-4321',
      tax_id: '11.222.333/0001-81',
      city: 'Belém',
    })
  ).body
  expect(account.id).toBeDefined()
  expect((await admin.patch(`/accounts/${account.id}`, { city: 'Recife' })).status).toBe(200)
})
afterAll(() => api.close())

const search = async (query: string, caller = admin) => {
  const reply = await caller.get(`/audit?${query}`)
  expect(reply.status, JSON.stringify(reply.body)).toBe(200)
  return reply.body.items as {
    id: number
    action: string
    object_type: string
    before: Record<string, unknown> | null
    after: Record<string, unknown> | null
    way: string
    actor_name: string
    account_id: string
    account_name: string
    request_id: string
  }[]
}
const found = async (q: string) =>
  (await search(`account_id=${account.id}&q=${encodeURIComponent(q)}`)).length

describe('the search', () => {
  it('finds values of before and after without accents, by the beginnings of words', async () => {
    for (const text of [
      'sao joao',
      'PADARIA',
      'pad joã',
      'maria@padaria.example',
      'maria@pad',
      'recife',
      'belem',
    ])
      expect(await found(text), text).toBeGreaterThan(0)
    // The change of the city tells of both cities; nothing else tells of the new one.
    const [entry, ...others] = await search('q=recife')
    expect(others).toEqual([])
    expect([entry?.action, entry?.before, entry?.after]).toEqual([
      'changed',
      { city: 'Belém' },
      { city: 'Recife' },
    ])
  })
  it('finds a tax id with its punctuation and without', async () => {
    expect(await found('11.222.333/0001-81')).toBeGreaterThan(0)
    expect(await found('11222333000181')).toBeGreaterThan(0)
  })
  it('finds who acted, an id, a request and an address whole', async () => {
    const [entry] = await search(`account_id=${account.id}&action=changed`)
    expect(await found('admin')).toBeGreaterThan(0)
    expect((await search(`q=${account.id}`)).length).toBeGreaterThan(0)
    expect(
      (await search(`q=${entry!.request_id}`)).every((one) => one.request_id === entry!.request_id),
    ).toBe(true)
    expect((await search(`q=127.0.0.1&object_type=accounts`)).length).toBeGreaterThan(0)
    expect(await found('10.9.8.7')).toBe(0)
  })
  it('takes whatever is typed as words, never as syntax', async () => {
    for (const text of [
      `'`,
      `a & | ! b`,
      `\\`,
      `%`,
      `:*`,
      `('`,
      `''; drop table audit_log; --`,
      '<->',
      '...',
      `@`,
      `a@`,
    ])
      expect((await admin.get(`/audit?q=${encodeURIComponent(text)}`)).status, text).toBe(200)
    const odd = `object_type=${encodeURIComponent(`x' or true --`)}`
    expect((await admin.get(`/audit?${odd}`)).status).toBe(422)
  })
})

describe('the filters', () => {
  it('narrow to what is asked for, and the account’s name stands beside it', async () => {
    const [entry] = await search(`account_id=${account.id}&object_type=accounts&action=created&way=office`)
    expect(entry).toMatchObject({ account_id: account.id, account_name: 'Padaria São João', way: 'office' })
    expect(await search(`account_id=${account.id}&way=portal`)).toEqual([])
    const today = Temporal.Now.plainDateISO('UTC')
    expect((await search(`account_id=${account.id}&from=${today}`)).length).toBeGreaterThan(0)
    expect(await search(`account_id=${account.id}&to=${today.subtract({ days: 1 })}`)).toEqual([])
    expect(await search(`account_id=${account.id}&from=${today.add({ days: 2 })}`)).toEqual([])
  })
  it('page by cursor, each entry once, forwards and backwards', async () => {
    for (let i = 0; i < 7; i++) await admin.patch(`/accounts/${account.id}`, { city: `Cidade ${i}` })
    for (const extra of ['', '&q=cidade']) {
      for (const sort of ['-id', 'id']) {
        const all = (await search(`account_id=${account.id}&sort=${sort}${extra}&limit=200`)).map(
          (one) => one.id,
        )
        const paged: number[] = []
        let cursor: string | null = null
        do {
          const query: string = `account_id=${account.id}&sort=${sort}${extra}&limit=3${cursor ? `&cursor=${cursor}` : ''}`
          const { body } = await admin.get(`/audit?${query}`)
          paged.push(...body.items.map((one: { id: number }) => one.id))
          cursor = body.next_cursor
        } while (cursor)
        expect(paged).toEqual(all)
        expect(all.length).toBeGreaterThan(6)
      }
    }
  })
  it('export what they show, as CSV and as a workbook', async () => {
    const csv = await admin.get(`/audit.csv?account_id=${account.id}&q=recife`)
    const lines = csv.bytes.toString().trim().split('\r\n')
    expect(lines).toHaveLength(3)
    expect(lines[1]).toContain('Recife')
    const workbook = await admin.get(`/audit.xlsx?account_id=${account.id}`)
    expect(workbook.status).toBe(200)
    expect(workbook.bytes.subarray(0, 2).toString()).toBe('PK')
  })
})

describe('whose it is', () => {
  it('staff see the entries of their business units alone, by every way of asking', async () => {
    const other = await api.unit()
    const third = await api.unit()
    for (const units of [[other.id], [other.id, third.id]]) {
      const elsewhere = await api.staff('admin', { units })
      for (const query of [
        '',
        'q=padaria',
        `account_id=${account.id}`,
        'q=admin',
        `q=${account.id}`,
        'sort=id',
        'way=office',
      ])
        for (const entry of await search(query, elsewhere))
          expect([other.id, third.id], `${query}: ${JSON.stringify(entry)}`).toContain(
            (entry as unknown as { business_unit_id: string }).business_unit_id,
          )
    }
    const local = await api.staff('admin', { units: [unit.id] })
    await admin.post(`/accounts/${account.id}/contacts`, { first_name: 'Rosa' })
    expect((await search('q=padaria', local)).length).toBeGreaterThan(0)
    // Of an account that one sees, one sees also what carries no business unit of its own.
    expect((await search(`account_id=${account.id}&q=rosa`, local)).length).toBeGreaterThan(0)
  })
  it('is refused to whoever may not read it', async () => {
    expect((await (await api.staff('technician')).get('/audit')).status).toBe(403)
    expect((await (await api.staff('auditor')).get('/audit')).status).toBe(200)
  })
})

describe('the log is written once', () => {
  const attempts = [
    `update audit_log set actor_name = 'x'`,
    `update audit_log set before = null, after = null, redacted_at = now()`,
    'delete from audit_log',
    'truncate audit_log',
    'alter table audit_log disable trigger all',
    'alter table audit_log disable trigger audit_log_frozen',
    'alter table audit_log no force row level security',
    'alter table audit_log disable row level security',
    'drop trigger audit_log_frozen on audit_log',
    'drop table audit_log',
    `create or replace function keep_audit() returns trigger language plpgsql as 'begin return new; end'`,
    `insert into audit_log (actor_kind, way, operation, action, object_type) values ('x','x','x','x','x')`,
    `set session_replication_role = replica`,
    `set role postgres`,
  ]
  it.each(['portalUrl', 'officeUrl'] as const)(
    'neither login changes, empties or unlocks it: %s',
    async (login) => {
      const client = new pg.Client({ connectionString: api.database[login] })
      await client.connect()
      try {
        // Not even as somebody who acts, and with the switch that the erasure uses.
        await client.query(
          `select set_config('zaguan.units', '*', false), set_config('zaguan.redaction', 'on', false)`,
        )
        for (const attempt of attempts) {
          const outcome = await client.query(attempt).then(
            () => 'done',
            (error: { code: string }) => error.code,
          )
          expect(['42501', '22023'], `${login}: ${attempt} → ${outcome}`).toContain(outcome)
        }
      } finally {
        await client.end()
      }
    },
  )
  it('not even its owner changes an entry, but to take values out, all of them', async () => {
    const client = new pg.Client({ connectionString: api.database.ownerUrl })
    await client.connect()
    const outcome = (text: string) =>
      client.query(text).then(
        () => 'done',
        (error: { code: string }) => error.code,
      )
    try {
      expect(await outcome('delete from audit_log')).toBe('42501')
      expect(await outcome('truncate audit_log')).toBe('42501')
      expect(await outcome(`update audit_log set actor_name = 'x'`)).toBe('42501')
      await client.query(`select set_config('zaguan.redaction', 'on', false)`)
      expect(await outcome(`update audit_log set action = 'x', redacted_at = now()`)).toBe('42501')
      expect(await outcome(`update audit_log set after = '{"city":"Elsewhere"}', redacted_at = now()`)).toBe(
        '42501',
      )
      expect(await outcome('delete from audit_log')).toBe('42501')
    } finally {
      await client.end()
    }
  })
  it('holds no secret, whatever was written', async () => {
    const customer = await api.customer('maria@padaria.example')
    await customer.patch('/session/user', { name: 'Maria' })
    await runJobs(api)
    const client = new pg.Client({ connectionString: api.database.ownerUrl })
    await client.connect()
    try {
      const keys = await client.query(`
        select distinct object_type || '.' || key as name
          from audit_log, jsonb_object_keys(coalesce(before, '{}') || coalesce(after, '{}')) key
         where jsonb_typeof(coalesce(before, after)) = 'object'
           and key ~ '(hash|secret|token|password$|encrypted|public_key|credential|code_hash|^html$|text_body|^sample$)'
           and key not in ('password_set_at')`)
      expect(keys.rows).toEqual([])
      // Every column of an audited table that is called like a secret is left out by name.
      const columns = await client.query(`
        select c.table_name || '.' || c.column_name as name
          from information_schema.columns c
          join pg_trigger t on t.tgrelid = ('public.' || quote_ident(c.table_name))::regclass and t.tgname = 'audit_insert'
         where c.table_schema = 'public'
           and c.column_name ~ '(hash|secret|token|encrypted|public_key|credential|code_hash|^html$|text_body|search_text)'
           and without_secrets(jsonb_build_object(c.column_name, 1)) <> '{}'`)
      expect(columns.rows).toEqual([])
    } finally {
      await client.end()
    }
  })
})
