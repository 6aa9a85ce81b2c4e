// House rule 4: two logins that own nothing, row-level security with a policy on every table, and no row of another
// account for the portal login, whatever it asks.
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Caller, startTestApi, type TestApi } from './api.ts'

let api: TestApi
let owner: pg.Client
let portal: pg.Client
let office: pg.Client
const tables: string[] = []

beforeAll(async () => {
  api = await startTestApi()
  owner = new pg.Client({ connectionString: api.database.ownerUrl })
  portal = new pg.Client({ connectionString: api.database.portalUrl })
  office = new pg.Client({ connectionString: api.database.officeUrl })
  await Promise.all([owner.connect(), portal.connect(), office.connect()])
  const found = await owner.query(
    `select c.relname from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') order by 1`,
  )
  tables.push(...found.rows.map((row) => row.relname))
})
afterAll(async () => {
  await Promise.all([owner.end(), portal.end(), office.end()])
  await api.close()
})

describe('every table', () => {
  it('has row-level security and a policy', async () => {
    const open = await owner.query(`
      select c.relname from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
         and (not c.relrowsecurity or not exists (select from pg_policy p where p.polrelid = c.oid))`)
    expect(open.rows).toEqual([])
  })
  it('is owned by neither login, which are no superusers, bypass nothing and belong to no role', async () => {
    const owned = await owner.query(`
      select relname from pg_class where relowner in (select oid from pg_roles where rolname in ('zaguan_portal', 'zaguan_office'))`)
    expect(owned.rows).toEqual([])
    const roles = await owner.query(`
      select rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb,
             exists (select from pg_auth_members m where m.member = r.oid) as member
        from pg_roles r where rolname in ('zaguan_portal', 'zaguan_office') order by 1`)
    expect(roles.rows).toEqual(
      ['zaguan_office', 'zaguan_portal'].map((rolname) => ({
        rolname,
        rolsuper: false,
        rolbypassrls: false,
        rolcreaterole: false,
        rolcreatedb: false,
        member: false,
      })),
    )
  })
  it('shows either login no row until somebody was entered', async () => {
    await api.unit()
    for (const client of [portal, office]) {
      for (const table of tables) {
        const seen = await client
          .query(`select count(*)::int as n from ${table}`)
          .catch((error: { code: string }) => error.code)
        if (seen === '42501') continue
        // The migrations' list and the staff register carry nothing of an account.
        if (client === office && ['users', 'staff', 'staff_units', 'schema_migrations'].includes(table))
          continue
        expect((seen as pg.QueryResult).rows[0].n, `${table}`).toBe(0)
      }
    }
  })
})

describe('an account', () => {
  let admin: Caller
  let mine: string
  let theirs: string
  beforeAll(async () => {
    admin = await api.staff('admin')
    const unit = await api.unit()
    const make = async (name: string) => {
      const account = (
        await admin.post('/accounts', { business_unit_id: unit.id, name, email: `${name}@rows.example` })
      ).body.id as string
      await admin.post(`/accounts/${account}/contacts`, { first_name: name, email: `c-${name}@rows.example` })
      return account
    }
    mine = await make('mine')
    theirs = await make('theirs')
    await api.customer('mine@rows.example')
    await api.customer('theirs@rows.example')
  })

  it('is all that the portal login sees once entered, in every table that has one', async () => {
    await portal.query('begin')
    await portal.query(`select set_config('zaguan.account_id', $1, true)`, [mine])
    const withAccount = await owner.query(
      `select table_name from information_schema.columns where table_schema = 'public' and column_name = 'account_id' and table_name = any($1)`,
      [tables],
    )
    let readable = 0
    for (const { table_name } of withAccount.rows) {
      await portal.query('savepoint s')
      const seen = await portal
        .query(
          `select count(*) filter (where account_id <> $1)::int as others, count(*)::int as n from ${table_name}`,
          [mine],
        )
        .catch(() => null)
      await portal.query(seen ? 'release savepoint s' : 'rollback to savepoint s')
      if (!seen) continue
      readable++
      expect(seen.rows[0].others, table_name).toBe(0)
    }
    expect(readable).toBeGreaterThan(8)
    const accounts = await portal.query('select id from accounts')
    expect(accounts.rows.map((row) => row.id)).toEqual([mine])
    await portal.query('rollback')
  })

  it('cannot be written by the portal login of another', async () => {
    await portal.query('begin')
    await portal.query(`select set_config('zaguan.account_id', $1, true)`, [mine])
    const changed = await portal.query(`update accounts set name = 'stolen' where id = $1`, [theirs])
    expect(changed.rowCount).toBe(0)
    await portal.query('rollback')
  })
})

describe('secrets and the log', () => {
  it('password and token hashes are out of both logins’ reach', async () => {
    for (const client of [portal, office]) {
      for (const query of [
        'select password_hash from users',
        'select token_hash from sessions',
        'select * from user_tokens',
      ]) {
        const reply = await client.query(query).then(
          (found) => found.rowCount,
          (error: { code: string }) => error.code,
        )
        expect([0, '42501'], query).toContain(reply)
      }
    }
  })
  it('the audit log cannot be changed, emptied or written by hand, not even by its owner', async () => {
    for (const client of [portal, office]) {
      for (const query of [
        `update audit_log set actor_name = 'x'`,
        'delete from audit_log',
        'truncate audit_log',
        `insert into audit_log (actor_kind, way, operation, action, object_type) values ('x','x','x','x','x')`,
      ]) {
        await expect(client.query(query), query).rejects.toMatchObject({ code: '42501' })
      }
    }
    for (const query of [
      `update audit_log set actor_name = 'x'`,
      'delete from audit_log',
      'truncate audit_log',
    ]) {
      await expect(owner.query(query), query).rejects.toMatchObject({ code: '42501' })
    }
  })
})
