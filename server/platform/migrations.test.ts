import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../tests/database.ts'
import { startTemporaryCluster } from '../../tests/global-setup.ts'
import { derivePassword, loginUrl, migrate } from './migrations.ts'

let db: TestDatabase
let directory: string

beforeEach(async () => {
  db = await createTestDatabase({ empty: true })
  directory = await fs.mkdtemp(path.join(os.tmpdir(), 'zaguan-migrations-'))
  await write(
    '0001_first.sql',
    'create table first (id int primary key);\ngrant select on first to zaguan_portal;',
  )
  await write('0002_second.sql', 'create table second (id int primary key);')
})

afterEach(async () => {
  await db.drop()
  await fs.rm(directory, { recursive: true, force: true })
})

test('applies every file once, in order, after the queue and the logins', async () => {
  await write(
    '0003_third.sql',
    "create function enqueue() returns void language sql begin atomic select graphile_worker.add_job('x'); end;",
  )
  expect(await migrate(db.ownerUrl, { directory })).toEqual({
    applied: ['0001_first.sql', '0002_second.sql', '0003_third.sql'],
  })
  expect(await migrate(db.ownerUrl, { directory })).toEqual({ applied: [] })
  expect(await query(db.portalUrl, 'select * from first')).toEqual([])
  await expect(query(db.portalUrl, 'select * from schema_migrations')).rejects.toMatchObject({
    code: '42501',
  })
  await expect(query(db.portalUrl, 'create table mine ()')).rejects.toMatchObject({ code: '42501' })
  await expect(query(db.officeUrl, 'select * from first')).rejects.toMatchObject({ code: '42501' })
})

test('many processes at once: one applies, all find it done', async () => {
  const results = await Promise.all(Array.from({ length: 6 }, () => migrate(db.ownerUrl, { directory })))
  expect(results.flatMap((result) => result.applied).sort()).toEqual(['0001_first.sql', '0002_second.sql'])
})

test('many databases of one cluster at once', async () => {
  // A cluster of its own: the roles belong to all databases, and other test files are logged in with them.
  const cluster = await startTemporaryCluster()
  try {
    const urls = ['one', 'two', 'three', 'four'].map((name) => new URL(`/${name}`, cluster.url).href)
    for (const url of urls) await query(cluster.url, `create database ${new URL(url).pathname.slice(1)}`)
    for (const portalPassword of ['the first password', 'another, so that all alter the same role']) {
      await Promise.all(urls.map((url) => migrate(url, { directory, portalPassword })))
      for (const url of urls)
        await query(loginUrl(url, 'zaguan_portal', portalPassword), 'select * from first')
    }
  } finally {
    await cluster.stop()
  }
})

test('a file that fails leaves nothing of itself and says its name and line', async () => {
  await write('0003_third.sql', 'create table third ();\nselect 1;\nselect no_such_column;')
  await expect(migrate(db.ownerUrl, { directory })).rejects.toThrow(
    'Migration 0003_third.sql, line 3: column "no_such_column" does not exist',
  )
  expect(
    await query(db.ownerUrl, "select to_regclass('third') as third, to_regclass('second')::text as second"),
  ).toEqual([{ third: null, second: 'second' }])
  await write('0003_third.sql', 'create table third ();')
  expect(await migrate(db.ownerUrl, { directory })).toEqual({ applied: ['0003_third.sql'] })
})

test('refuses a changed file, a file put in between, and a database newer than the program', async () => {
  await migrate(db.ownerUrl, { directory })
  await write('0002_second.sql', 'create table second (id int primary key);\r\n')
  await expect(migrate(db.ownerUrl, { directory })).rejects.toThrow(/0002_second\.sql was changed/)
  await write('0002_second.sql', 'create table second (id int primary key);')
  expect(await migrate(db.ownerUrl, { directory })).toEqual({ applied: [] })

  await write('0000_before.sql', 'select 1;')
  await expect(migrate(db.ownerUrl, { directory })).rejects.toThrow(
    /0000_before\.sql comes before 0001_first\.sql/,
  )
  await fs.rm(path.join(directory, '0000_before.sql'))

  await fs.rm(path.join(directory, '0002_second.sql'))
  await expect(migrate(db.ownerUrl, { directory })).rejects.toThrow(
    /newer than this program: it has 0002_second/,
  )
})

test('line ends of another system are not a change', async () => {
  await migrate(db.ownerUrl, { directory })
  const file = path.join(directory, '0001_first.sql')
  await fs.writeFile(file, (await fs.readFile(file, 'utf8')).replaceAll('\n', '\r\n'))
  expect(await migrate(db.ownerUrl, { directory })).toEqual({ applied: [] })
})

test('stops at the version asked for', async () => {
  expect(await migrate(db.ownerUrl, { directory, upTo: '0001_first.sql' })).toEqual({
    applied: ['0001_first.sql'],
  })
})

test('refuses file names that it cannot order', async () => {
  await write('0002_again.sql', 'select 1;')
  await expect(migrate(db.ownerUrl, { directory })).rejects.toThrow(
    /0002_again.sql and 0002_second.sql have the same/,
  )
  await fs.rm(path.join(directory, '0002_again.sql'))
  await write('3_third.sql', 'select 1;')
  await expect(migrate(db.ownerUrl, { directory })).rejects.toThrow(/3_third.sql: the name is not/)
})

test('an owner that may not make logins is told what to do', async () => {
  const url = new URL(db.ownerUrl)
  const [role, password] = [`plain_${process.pid}`, 'plain']
  const database = url.pathname.slice(1)
  await query(db.ownerUrl, `create role ${role} login password '${password}'`)
  await query(db.ownerUrl, `alter database ${database} owner to ${role}`)
  url.username = role
  url.password = password
  try {
    await expect(migrate(url.href, { directory, portalPassword: 'x', officePassword: 'y' })).rejects.toThrow(
      /CREATEROLE.*DATABASE_URL_PORTAL/,
    )
    // With logins that work already it needs no such right.
    const { applied } = await migrate(url.href, {
      directory,
      portalPassword: derivePassword(db.ownerUrl, 'zaguan_portal'),
      officePassword: derivePassword(db.ownerUrl, 'zaguan_office'),
    })
    expect(applied).toEqual(['0001_first.sql', '0002_second.sql'])
  } finally {
    await db.drop()
    await query(new URL('/postgres', db.ownerUrl).href, `drop role ${role}`)
  }
})

test('derived passwords differ by role and by owner, and need a password to derive from', () => {
  const url = 'postgres://owner:s%2Fecret@db.example/zaguan'
  expect(derivePassword(url, 'zaguan_portal')).toMatch(/^[0-9a-f]{64}$/)
  expect(derivePassword(url, 'zaguan_portal')).not.toBe(derivePassword(url, 'zaguan_office'))
  expect(derivePassword(url.replace('s%2F', ''), 'zaguan_portal')).not.toBe(
    derivePassword(url, 'zaguan_portal'),
  )
  expect(new URL(loginUrl(url, 'zaguan_office', 'p/q')).password).toBe('p%2Fq')
  expect(() => derivePassword('postgres://owner@db.example/zaguan', 'zaguan_portal')).toThrow(
    /DATABASE_URL_PORTAL/,
  )
})

async function write(name: string, sql: string): Promise<void> {
  await fs.writeFile(path.join(directory, name), sql)
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}
