/**
 * Backup and restore without pg_dump: one gzip'd tar with every table as COPY wrote it in one snapshot, the queue's
 * waiting jobs, the sequences and the stored files. `tar tzf` lists it.
 *
 *   backup.json                          what made it: version, migrations, tables with their columns
 *   tables/public.invoices/000001.copy   parts of one COPY, to be read one after the other
 *   files/…                              the files folder
 *   secret.key                           the key of this installation, where it is a file
 *   manifest.json                        last: rows, bytes and hash of everything; without it the archive is cut off
 */
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import fs from 'node:fs/promises'
import path from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import pg from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import { endArchive, writeMember } from './archive.ts'
import {
  columnsOf,
  connect,
  type Header,
  isThere,
  keyMember,
  keyOf,
  listFiles,
  listTables,
  type Manifest,
  nameOf,
  readKeyFile,
  type Table,
} from './backup-contents.ts'
import { type Refusal, refuse } from './errors.ts'
import { QUEUE_SCHEMA, readApplied } from './migrations.ts'

export interface Progress {
  what: 'table' | 'file' | 'check' | 'restore'
  /** Table or file at hand; empty while checking. */
  name: string
  /** Tables or files for a backup, bytes of the archive for a restore. */
  done: number
  total: number
}

export interface BackupOptions {
  /** Folder with the stored files; a missing one counts as empty. */
  filesDir: string
  /** The file with the key that secrets are encrypted with; where there is none, no key is kept or put back. */
  secretKeyFile?: string
  onProgress?: (progress: Progress) => void
}

export interface BackupResult {
  tables: number
  rows: number
  files: number
  /** Size of the archive in bytes. */
  bytes: number
}

const PART_SIZE = 4 * 2 ** 20

// Backup ----------------------------------------------------------------------------------------------------

/**
 * Writes a backup of the database and the files to a new file. Other processes may go on working: all tables are read
 * as they were at one moment. The file appears under its name only when it is whole and on the disk.
 * Refuses `backup_target_exists`.
 */
export async function backup(
  ownerUrl: string,
  file: string,
  options: BackupOptions,
): Promise<BackupResult | Refusal> {
  if (await isThere(file)) return refuse('backup_target_exists', { params: { file } })
  const draft = `${file}.${process.pid}.part`
  const client = await connect(ownerUrl)
  try {
    await client.query('begin isolation level repeatable read read only')
    const result = { tables: 0, rows: 0, files: 0 }
    await pipeline(
      Readable.from(writeArchive(client, options, result)),
      createGzip({ level: 4 }),
      createWriteStream(draft, { flags: 'wx', mode: 0o600, flush: true }),
    )
    await client.query('commit')
    const { size } = await fs.stat(draft)
    if (!(await nameDraft(draft, file))) return refuse('backup_target_exists', { params: { file } })
    return { ...result, bytes: size }
  } finally {
    await client.end()
    await fs.rm(draft, { force: true })
  }
}

async function* writeArchive(
  client: pg.Client,
  options: BackupOptions,
  result: { tables: number; rows: number; files: number },
): AsyncGenerator<Buffer> {
  const now = (await client.query<{ now: string }>('select to_json(now()) as now')).rows[0]?.now ?? ''
  const at = Temporal.Instant.from(now)
  const version = await client.query<{ server_version: string }>('show server_version')
  const tables = await listTables(client)
  const header: Header = {
    format: 'zaguan backup',
    format_version: 1,
    created_at: at.toString(),
    postgres_version: version.rows[0]?.server_version ?? '',
    migrations: await readApplied(client),
    tables,
  }
  yield* writeJson('backup.json', header, at)

  const manifest: Manifest = { tables: {}, sequences: [], files: { count: 0, bytes: 0, sha256: '' } }
  for (const [index, table] of tables.entries()) {
    options.onProgress?.({ what: 'table', name: table.name, done: index, total: tables.length })
    const copied = { rows: 0, bytes: 0, sha256: '' }
    yield* writeTable(client, table, at, copied)
    manifest.tables[keyOf(table)] = copied
    result.tables++
    result.rows += copied.rows
  }
  manifest.sequences = await readSequences(client)

  const names = await listFiles(options.filesDir)
  const hash = createHash('sha256')
  for (const [index, name] of names.entries()) {
    options.onProgress?.({ what: 'file', name, done: index, total: names.length })
    // Between the listing and now it may have been removed; then no row of the snapshot's future needs it either.
    const handle = await fs.open(path.join(options.filesDir, name)).catch((error) => {
      if (error.code === 'ENOENT') return null
      throw error
    })
    if (!handle) continue
    const { size, mtimeMs } = await handle.stat()
    hash.update(`${name}\0${size}\0`)
    const body = hashing(handle.createReadStream(), hash)
    yield* writeMember(
      `files/${name}`,
      size,
      body,
      Temporal.Instant.fromEpochMilliseconds(Math.floor(mtimeMs)),
    )
    manifest.files.count++
    manifest.files.bytes += size
    result.files++
  }
  manifest.files.sha256 = hash.digest('hex')
  const key = await readKeyFile(options.secretKeyFile)
  if (key) {
    manifest.secret_key = createHash('sha256').update(key).digest('hex')
    yield* writeMember(keyMember, key.length, [key], at)
  }
  yield* writeJson('manifest.json', manifest, at)
  yield endArchive()
}

async function* writeTable(
  client: pg.Client,
  table: Table,
  at: Temporal.Instant,
  copied: { rows: number; bytes: number; sha256: string },
): AsyncGenerator<Buffer> {
  const hash = createHash('sha256')
  const stream = client.query(copyTo(`copy ${nameOf(table)} (${columnsOf(table)}) to stdout`))
  let part = 0
  let held: Buffer[] = []
  let size = 0
  const flush = () => {
    const body = held
    const bytes = size
    held = []
    size = 0
    part++
    return writeMember(`tables/${keyOf(table)}/${String(part).padStart(6, '0')}.copy`, bytes, body, at)
  }
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    hash.update(chunk)
    copied.bytes += chunk.length
    size += chunk.length
    held.push(chunk)
    if (size >= PART_SIZE) yield* flush()
  }
  if (size > 0) yield* flush()
  copied.rows = stream.rowCount
  copied.sha256 = hash.digest('hex')
}

async function* writeJson(name: string, value: unknown, at: Temporal.Instant): AsyncGenerator<Buffer> {
  const body = Buffer.from(`${JSON.stringify(value, null, 2)}\n`)
  yield* writeMember(name, body.length, [body], at)
}

async function* hashing(
  source: AsyncIterable<Buffer>,
  hash: { update(chunk: Buffer): unknown },
): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    hash.update(chunk)
    yield chunk
  }
}

/** Gives a finished draft its name, unless that name was taken meanwhile. */
async function nameDraft(draft: string, file: string): Promise<boolean> {
  try {
    await fs.link(draft, file)
  } catch (error) {
    const { code } = error as { code?: string }
    if (code === 'EEXIST') return false
    // A file system without hard links: nothing there makes it atomic, but nothing is overwritten knowingly.
    if (await isThere(file)) return false
    await fs.rename(draft, file)
  }
  // The name itself is on the disk only once its folder is.
  const folder = await fs.open(path.dirname(path.resolve(file))).catch(() => null)
  await folder?.sync().catch(() => {})
  await folder?.close()
  return true
}

// Small parts -----------------------------------------------------------------------------------------------

async function readSequences(client: pg.Client): Promise<Manifest['sequences']> {
  const { rows } = await client.query<{ schema: string; name: string }>(
    `select n.nspname as schema, c.relname as name
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind = 'S' and n.nspname in ('public', $1)
      order by n.nspname desc, c.relname`,
    [QUEUE_SCHEMA],
  )
  const sequences: Manifest['sequences'] = []
  for (const { schema, name } of rows) {
    const sequence = `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)}`
    const value = await client.query<{ last_value: string; is_called: boolean }>(
      `select last_value::text, is_called from ${sequence}`,
    )
    if (value.rows[0]) sequences.push({ schema, name, ...value.rows[0] })
  }
  return sequences
}
