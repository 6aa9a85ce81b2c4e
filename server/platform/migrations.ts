/**
 * Brings a database to this program's version: the job queue's own tables, the two logins that own nothing, and
 * the numbered files of db/migrations. Forward only, and safe to call from many processes at once.
 */
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Logger, runMigrations } from 'graphile-worker'
import pg from 'pg'

export type LoginRole = 'zaguan_portal' | 'zaguan_office'

export interface MigrateOptions {
  /** Passwords of the two logins; derived from the owner's URL when not given. */
  portalPassword?: string
  officePassword?: string
  log?: { info(message: string): void }
  /** Folder of the numbered files. */
  directory?: string
  /** Last file to apply, by name; everything when not given. Used to load a backup of an older version. */
  upTo?: string
}

interface Migration {
  name: string
  sql: string
  sha256: string
}

export const MIGRATIONS_DIRECTORY = path.resolve(import.meta.dirname, '../../db/migrations')

/** The queue's schema; its tables belong to graphile-worker, which migrates them itself. */
export const QUEUE_SCHEMA = 'graphile_worker'

const LOCK = 'zaguan migrations'
const FILE_NAME = /^\d{4}_[a-z0-9_]+\.sql$/

/**
 * Applies what is missing, each file in a transaction of its own, and says which files it applied.
 * Throws when an applied file was changed since, when the database is newer than this program, and when the owner
 * may not make the two logins.
 */
export async function migrate(
  ownerUrl: string,
  options: MigrateOptions = {},
): Promise<{ applied: string[] }> {
  const files = await readMigrations(options.directory ?? MIGRATIONS_DIRECTORY)
  const client = new pg.Client({ connectionString: ownerUrl, application_name: 'zaguan migrate' })
  await client.connect()
  try {
    await client.query('select pg_advisory_lock(hashtextextended($1, 0))', [LOCK])
    await client.query('set search_path = public')
    const done = await readApplied(client)
    refuseMismatch(files, done)
    await ensureLogin(client, ownerUrl, 'zaguan_portal', options.portalPassword)
    await ensureLogin(client, ownerUrl, 'zaguan_office', options.officePassword)
    // Before our own files: they refer to its functions.
    await runMigrations({ connectionString: ownerUrl, schema: QUEUE_SCHEMA, logger: silent, maxPoolSize: 2 })
    await ensureMigrationsTable(client)

    const applied: string[] = []
    for (const file of files.slice(done.length)) {
      if (options.upTo !== undefined && file.name > options.upTo) break
      await applyMigration(client, file)
      options.log?.info(`Applied migration ${file.name}`)
      applied.push(file.name)
    }
    return { applied }
  } finally {
    await client.end()
  }
}

/** Names and hashes of the files that a database has applied, in order; empty for a database without any. */
export async function readApplied(client: pg.ClientBase): Promise<{ name: string; sha256: string }[]> {
  const known = await client.query("select to_regclass('public.schema_migrations') is not null as known")
  if (!known.rows[0].known) return []
  const { rows } = await client.query('select name, sha256 from public.schema_migrations order by name')
  return rows
}

/** Names and hashes of the files that this program brings, in order. */
export async function listMigrations(
  directory = MIGRATIONS_DIRECTORY,
): Promise<{ name: string; sha256: string }[]> {
  return (await readMigrations(directory)).map(({ name, sha256 }) => ({ name, sha256 }))
}

/** Holds back every other migration and restore of this database until the transaction ends. */
export async function lockMigrations(client: pg.ClientBase): Promise<void> {
  await client.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [LOCK])
}

/** The password of a login that nobody chose one for: from the owner's, so every process finds the same one. */
export function derivePassword(ownerUrl: string, role: LoginRole): string {
  const secret = decodeURIComponent(new URL(ownerUrl).password) || process.env.PGPASSWORD
  if (!secret) {
    throw new Error(
      'DATABASE_URL has no password to derive the passwords of the logins zaguan_portal and zaguan_office from. ' +
        'Give it one, or set DATABASE_URL_PORTAL and DATABASE_URL_OFFICE.',
    )
  }
  return createHmac('sha256', secret).update(role).digest('hex')
}

/** The owner's URL with a login in its place. */
export function loginUrl(
  ownerUrl: string,
  role: LoginRole,
  password = derivePassword(ownerUrl, role),
): string {
  const url = new URL(ownerUrl)
  url.username = role
  url.password = encodeURIComponent(password)
  return url.href
}

// Files -----------------------------------------------------------------------------------------------------

async function readMigrations(directory: string): Promise<Migration[]> {
  const names = (await fs.readdir(directory)).filter((name) => name.endsWith('.sql')).sort()
  const numbers = new Map<string, string>()
  for (const name of names) {
    if (!FILE_NAME.test(name)) throw new Error(`Migration ${name}: the name is not NNNN_words_like_this.sql`)
    const number = name.slice(0, 4)
    const other = numbers.get(number)
    if (other) throw new Error(`Migrations ${other} and ${name} have the same number`)
    numbers.set(number, name)
  }
  return await Promise.all(
    names.map(async (name) => {
      // A checkout may turn line ends into CRLF; the file is still the same one.
      const sql = (await fs.readFile(path.join(directory, name), 'utf8')).replaceAll('\r\n', '\n')
      return { name, sql, sha256: createHash('sha256').update(sql).digest('hex') }
    }),
  )
}

function refuseMismatch(files: Migration[], done: { name: string; sha256: string }[]): void {
  for (const [index, applied] of done.entries()) {
    const file = files[index]
    if (file?.name === applied.name) {
      if (file.sha256 === applied.sha256) continue
      throw new Error(
        `Migration ${file.name} was changed after this database had applied it. Migrations are forward only: ` +
          'put the file back as it was and write a new one.',
      )
    }
    if (files.some(({ name }) => name === applied.name)) {
      throw new Error(
        `Migration ${file?.name} comes before ${applied.name}, which this database has applied already: ` +
          'give it the next free number.',
      )
    }
    throw new Error(
      `The database is newer than this program: it has ${applied.name}, which this version does not know. ` +
        'Start the newer version, or restore a backup made with this one.',
    )
  }
}

async function ensureMigrationsTable(client: pg.ClientBase): Promise<void> {
  const known = await client.query("select to_regclass('public.schema_migrations') is not null as known")
  if (known.rows[0].known) return
  await client.query(`
    begin;
    create table public.schema_migrations (
      name text primary key,
      sha256 text not null,
      applied_at timestamptz not null default now()
    );
    comment on table public.schema_migrations is 'Files of db/migrations that this database has applied';
    alter table public.schema_migrations enable row level security;
    create policy owner_only on public.schema_migrations using (false);
    commit`)
}

async function applyMigration(client: pg.ClientBase, file: Migration): Promise<void> {
  await client.query('begin')
  try {
    await client.query(file.sql)
    await client.query('insert into public.schema_migrations (name, sha256) values ($1, $2)', [
      file.name,
      file.sha256,
    ])
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw new Error(`Migration ${file.name}${lineOf(file.sql, error)}: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

function lineOf(sql: string, error: unknown): string {
  const position = Number((error as pg.DatabaseError).position)
  return position > 0 ? `, line ${sql.slice(0, position).split('\n').length}` : ''
}

// Logins ----------------------------------------------------------------------------------------------------

/**
 * Makes sure that a login exists and that its password works. Roles belong to the whole cluster, not to the
 * database, so another database's migration may be doing the same at this moment.
 */
async function ensureLogin(
  client: pg.ClientBase,
  ownerUrl: string,
  role: LoginRole,
  password = derivePassword(ownerUrl, role),
): Promise<void> {
  if (await canLogIn(loginUrl(ownerUrl, role, password))) return
  const name = pg.escapeIdentifier(role)
  const verifier = pg.escapeLiteral(scramVerifier(password))
  for (let attempt = 1; ; attempt++) {
    try {
      const found = await client.query('select from pg_roles where rolname = $1', [role])
      if (found.rowCount === 0) {
        await client.query(`create role ${name} login noinherit nobypassrls password ${verifier}`)
      } else {
        await client.query(`alter role ${name} login password ${verifier}`)
      }
      return
    } catch (error) {
      const { code, message } = error as pg.DatabaseError
      if (code === '42501') {
        throw new Error(
          `The owner in DATABASE_URL may not make or change the login ${role} (${message}). Give it CREATEROLE, or make ` +
            `the logins zaguan_portal and zaguan_office yourself and set DATABASE_URL_PORTAL and DATABASE_URL_OFFICE.`,
        )
      }
      // 42710 and 23505: someone else made it meanwhile. XX000: "tuple concurrently updated".
      if (attempt >= 10 || !['42710', '23505', 'XX000'].includes(code ?? '')) throw error
      await sleep(20 * attempt)
    }
  }
}

async function canLogIn(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, application_name: 'zaguan migrate' })
  try {
    await client.connect()
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => {})
  }
}

/** What PostgreSQL stores for a password (RFC 5803); made here so that no statement log ever shows the password. */
function scramVerifier(password: string): string {
  const iterations = 4096
  const salt = randomBytes(16)
  const salted = pbkdf2Sync(password.normalize('NFKC'), salt, iterations, 32, 'sha256')
  const hmac = (text: string) => createHmac('sha256', salted).update(text).digest()
  const storedKey = createHash('sha256').update(hmac('Client Key')).digest('base64')
  const serverKey = hmac('Server Key').toString('base64')
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey}:${serverKey}`
}

// The queue reports each of its twenty migrations; a start has nothing to say about them.
const silent = new Logger(() => () => {})
