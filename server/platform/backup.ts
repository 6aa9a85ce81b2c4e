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
import { createHash, randomBytes } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import fs from 'node:fs/promises'
import path from 'node:path'
import { Readable } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import pg from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import { z } from 'zod'
import { ArchiveDamaged, endArchive, type Member, readMembers, writeMember } from './archive.ts'
import { isRefusal, type Refusal, refuse } from './errors.ts'
import {
  listMigrations,
  lockMigrations,
  type MigrateOptions,
  migrate,
  QUEUE_SCHEMA,
  readApplied,
} from './migrations.ts'

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

export interface RestoreOptions extends BackupOptions {
  /** Replaces what the database and the files folder hold. */
  force?: boolean
  /** Passwords of the two logins, where they are not the derived ones. */
  logins?: { portalPassword?: string; officePassword?: string }
  /** Folder of the migrations. */
  directory?: string
}

export interface BackupResult {
  tables: number
  rows: number
  files: number
  /** Size of the archive in bytes. */
  bytes: number
}

interface Table {
  schema: string
  name: string
  columns: string[]
}

/** Tables of the queue that a restored system needs to go on where it was; the rest of it is the queue's own. */
const queueTables = ['_private_job_queues', '_private_jobs', '_private_known_crontabs', '_private_tasks']

const PART_SIZE = 4 * 2 ** 20
/** Drafts of the file store and of a restore; nothing points to what is in them. */
const passing = /^(incoming|\.restoring-.*|\.replaced-.*)$/

const headerSchema = z.object({
  format: z.literal('zaguan backup'),
  format_version: z.literal(1),
  created_at: z.string(),
  postgres_version: z.string(),
  migrations: z.array(z.object({ name: z.string(), sha256: z.string() })),
  tables: z.array(z.object({ schema: z.string(), name: z.string(), columns: z.array(z.string()) })),
})
type Header = z.infer<typeof headerSchema>

const manifestSchema = z.object({
  tables: z.record(z.string(), z.object({ rows: z.number(), bytes: z.number(), sha256: z.string() })),
  sequences: z.array(
    z.object({ schema: z.string(), name: z.string(), last_value: z.string(), is_called: z.boolean() }),
  ),
  files: z.object({ count: z.number(), bytes: z.number(), sha256: z.string() }),
  /** The hash of the key; missing where the installation keeps it elsewhere. */
  secret_key: z.string().optional(),
})
type Manifest = z.infer<typeof manifestSchema>

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

/** The name of the key in an archive. */
const keyMember = 'secret.key'

async function readKeyFile(file: string | undefined): Promise<Buffer | null> {
  if (file === undefined) return null
  return fs.readFile(file).catch((error) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
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

// Restore ---------------------------------------------------------------------------------------------------

/**
 * Loads a backup into an empty database, or with `force` in place of what is there, and brings it to this program's
 * version. The whole archive is read and checked before anything is touched; tables and files are then replaced in
 * one transaction.
 * Refuses `backup_not_found`, `backup_damaged`, `backup_newer`, `database_not_empty`, `files_not_empty`.
 */
export async function restore(
  ownerUrl: string,
  file: string,
  options: RestoreOptions,
): Promise<BackupResult | Refusal> {
  if (!(await isThere(file))) return refuse('backup_not_found', { status: 404, params: { file } })
  const checked = await checkArchive(file, options)
  if (isRefusal(checked)) return checked
  const { header, manifest } = checked

  const known = await listMigrations(options.directory)
  for (const [index, { name, sha256 }] of header.migrations.entries()) {
    if (known[index]?.name !== name || known[index].sha256 !== sha256) {
      return refuse('backup_newer', { params: { migration: name } })
    }
  }
  if (!options.force && (await listFiles(options.filesDir)).length > 0) {
    return refuse('files_not_empty', { params: { folder: options.filesDir } })
  }
  const unready = await prepareDatabase(ownerUrl, header, options)
  if (unready) return unready

  const client = await connect(ownerUrl)
  try {
    await client.query('begin')
    await loadArchive(client, file, header, manifest, options)
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  } finally {
    await client.end()
  }
  await migrate(ownerUrl, migrationOptions(options))
  await analyze(ownerUrl)
  return {
    tables: header.tables.length,
    rows: Object.values(manifest.tables).reduce((sum, { rows }) => sum + rows, 0),
    files: manifest.files.count,
    bytes: (await fs.stat(file)).size,
  }
}

/** Reads an archive to its end and compares everything with its manifest; changes nothing. */
async function checkArchive(
  file: string,
  options: BackupOptions,
): Promise<{ header: Header; manifest: Manifest } | Refusal> {
  let header: Header | undefined
  let manifest: Manifest | undefined
  const tables = new Map<string, { bytes: number; hash: ReturnType<typeof createHash> }>()
  const files = { count: 0, bytes: 0, hash: createHash('sha256') }
  let key: string | undefined
  try {
    await readArchive(file, 'check', options, async (member) => {
      if (manifest) throw new ArchiveDamaged('something follows the manifest')
      if (!header) {
        if (member.name !== 'backup.json') throw new ArchiveDamaged('it does not begin as a backup')
        header = headerSchema.parse(await readJson(member))
        for (const table of header.tables) tables.set(keyOf(table), { bytes: 0, hash: createHash('sha256') })
      } else if (member.name === 'manifest.json') {
        manifest = manifestSchema.parse(await readJson(member))
      } else if (member.name === keyMember) {
        key = createHash('sha256')
          .update(await readBody(member, 1000))
          .digest('hex')
      } else if (member.name.startsWith('files/')) {
        const name = filePathOf(member.name)
        files.count++
        files.bytes += member.size
        files.hash.update(`${name}\0${member.size}\0`)
        for await (const chunk of member.body) files.hash.update(chunk)
      } else {
        const table = tables.get(tableKeyOf(member.name))
        if (!table) throw new ArchiveDamaged(`${member.name} was not announced`)
        table.bytes += member.size
        for await (const chunk of member.body) table.hash.update(chunk)
      }
    })
    if (!header || !manifest) throw new ArchiveDamaged('it ends before its manifest')
    if (Object.keys(manifest.tables).length !== tables.size) throw new ArchiveDamaged('tables are missing')
    for (const [key, { bytes, hash }] of tables) {
      const said = manifest.tables[key]
      if (said?.bytes !== bytes || said.sha256 !== hash.digest('hex'))
        throw new ArchiveDamaged(`${key} differs`)
    }
    const same = manifest.files.count === files.count && manifest.files.bytes === files.bytes
    if (!same || manifest.files.sha256 !== files.hash.digest('hex')) throw new ArchiveDamaged('files differ')
    if (manifest.secret_key !== key) throw new ArchiveDamaged('the key differs')
    return { header, manifest }
  } catch (error) {
    if (!isDamage(error)) throw error
    return refuse('backup_damaged', { status: 422, params: { file, reason: (error as Error).message } })
  }
}

function isDamage(error: unknown): boolean {
  const code = error instanceof Error ? (error as { code?: string }).code : undefined
  return (
    error instanceof ArchiveDamaged ||
    error instanceof z.ZodError ||
    error instanceof SyntaxError ||
    // Z_DATA_ERROR, Z_BUF_ERROR: what gzip says of bytes that changed or are missing.
    code?.startsWith('Z_') === true
  )
}

/** Brings an empty database to the version of the backup; says why not when it is not empty. */
async function prepareDatabase(
  ownerUrl: string,
  header: Header,
  options: RestoreOptions,
): Promise<Refusal | undefined> {
  const client = await connect(ownerUrl)
  try {
    const applied = await readApplied(client)
    const tables = (await listTables(client)).filter(({ schema }) => schema === 'public')
    // Tables without our migrations are somebody else's: no flag makes them ours to remove.
    if (applied.length === 0 && tables.length > 0)
      return refuse('database_not_empty', { params: { table: tables[0]!.name } })
    const filled = options.force ? undefined : await findFilledTable(client, tables)
    if (filled) return refuse('database_not_empty', { params: { table: filled } })

    const last = header.migrations.at(-1)?.name ?? ''
    if (applied.at(-1)?.name === last) return undefined
    if (applied.length > 0) {
      // There is no way back from a newer version, so the schema is made anew.
      await client.query(
        `begin; drop schema if exists public, ${QUEUE_SCHEMA} cascade; create schema public; commit`,
      )
    }
    await migrate(ownerUrl, { ...migrationOptions(options), upTo: last })
    return undefined
  } finally {
    await client.end()
  }
}

function migrationOptions({ directory, logins }: RestoreOptions): MigrateOptions {
  return { ...logins, ...(directory === undefined ? {} : { directory }) }
}

/** Tables in which a new database already has rows. */
const filledByMigrations = ['schema_migrations', 'operator_settings']

async function findFilledTable(client: pg.Client, tables: Table[]): Promise<string | undefined> {
  for (const table of tables) {
    if (filledByMigrations.includes(table.name)) continue
    const { rows } = await client.query(`select exists (select from ${nameOf(table)}) as filled`)
    if (rows[0].filled) return table.name
  }
  return undefined
}

async function loadArchive(
  client: pg.Client,
  file: string,
  header: Header,
  manifest: Manifest,
  options: RestoreOptions,
): Promise<void> {
  await lockMigrations(client)
  await refuseOtherTables(client, header)
  const resume = await suspendRules(client)
  await client.query(`truncate ${header.tables.map(nameOf).join(', ')}`)

  const files = await openFiles(options.filesDir)
  let open: { key: string; copy: CopyIn } | undefined
  const loaded = new Map<string, number>()
  let key: Buffer | undefined
  let keyBefore: Buffer | null = null
  const close = async (): Promise<void> => {
    if (open) loaded.set(open.key, await open.copy.finish())
    open = undefined
  }
  try {
    await readArchive(file, 'restore', options, async (member) => {
      if (member.name.startsWith('tables/')) {
        const key = tableKeyOf(member.name)
        if (open?.key !== key) {
          await close()
          const table = header.tables.find((candidate) => keyOf(candidate) === key)
          if (!table) throw new ArchiveDamaged(`${member.name} was not announced`)
          open = { key, copy: startCopy(client, table) }
        }
        await open.copy.write(member.body)
      } else if (member.name.startsWith('files/')) {
        await files.add(filePathOf(member.name), member.body)
      } else if (member.name === keyMember) {
        key = await readBody(member, 1000)
      }
    })
    await close()
    for (const [key, { rows }] of Object.entries(manifest.tables)) {
      if ((loaded.get(key) ?? 0) !== rows)
        throw new Error(`${key}: ${loaded.get(key) ?? 0} rows instead of ${rows}`)
    }
    await setSequences(client, manifest)
    // Who held these jobs when the backup was made will never finish them.
    await client.query(`
      update ${QUEUE_SCHEMA}._private_jobs set locked_at = null, locked_by = null where locked_at is not null;
      update ${QUEUE_SCHEMA}._private_job_queues set locked_at = null, locked_by = null where locked_at is not null`)
    await resume()
    await files.place()
    if (key && options.secretKeyFile) {
      keyBefore = await readKeyFile(options.secretKeyFile)
      await writeKeyFile(options.secretKeyFile, key)
    }
    await client.query('commit')
  } catch (error) {
    open?.copy.abandon()
    if (keyBefore) await writeKeyFile(options.secretKeyFile!, keyBefore)
    await files.undo()
    throw error
  }
  await files.finish()
}

type CopyIn = ReturnType<typeof startCopy>

/** A COPY into a table, whose refusal surfaces at the next write or at the end, whenever PostgreSQL sent it. */
function startCopy(client: pg.Client, table: Table) {
  const stream = client.query(copyFrom(`copy ${nameOf(table)} (${columnsOf(table)}) from stdin`))
  let refusal: Error | undefined
  stream.on('error', (error) => {
    refusal ??= error
  })
  return {
    async write(body: AsyncIterable<Buffer>): Promise<void> {
      for await (const chunk of body) {
        await new Promise<void>((resolve, reject) => {
          stream.write(chunk, (error) => (error ? reject(refusal ?? error) : resolve()))
        })
      }
    },
    /** Ends the COPY and says how many rows it loaded. */
    async finish(): Promise<number> {
      stream.end()
      await finished(stream).catch((error) => {
        throw refusal ?? error
      })
      return stream.rowCount
    },
    abandon(): void {
      if (!refusal) stream.destroy()
    },
  }
}

async function refuseOtherTables(client: pg.Client, header: Header): Promise<void> {
  const describe = (tables: Table[]) =>
    tables.map((table) => `${keyOf(table)} (${table.columns.toSorted().join(', ')})`).sort()
  const here = describe(await listTables(client))
  const there = describe(header.tables)
  const difference = [
    ...there.filter((text) => !here.includes(text)),
    ...here.filter((text) => !there.includes(text)),
  ]
  if (difference.length > 0) {
    throw new Error(
      `The backup's tables are not those of its version here, so it cannot be loaded: ${difference.join('; ')}`,
    )
  }
}

/**
 * Takes foreign keys and triggers off for the load, and returns what puts them back: adding a foreign key checks all
 * rows at once, and nothing here needs a superuser as turning off its triggers would.
 */
async function suspendRules(client: pg.Client): Promise<() => Promise<void>> {
  const keys = await client.query<{ table: string; name: string; definition: string }>(`
    select conrelid::regclass::text as table, quote_ident(conname) as name, pg_get_constraintdef(oid) as definition
      from pg_constraint
     where contype = 'f' and conparentid = 0
       and connamespace in ('public'::regnamespace, '${QUEUE_SCHEMA}'::regnamespace)
     order by conrelid, conname`)
  const triggers = await client.query<{ table: string; name: string; mode: string }>(`
    select t.tgrelid::regclass::text as table, quote_ident(t.tgname) as name,
           case t.tgenabled when 'A' then 'always ' when 'R' then 'replica ' else '' end as mode
      from pg_trigger t join pg_class c on c.oid = t.tgrelid
     where not t.tgisinternal and t.tgenabled <> 'D' and t.tgparentid = 0 and c.relkind in ('r', 'p')
       and c.relnamespace in ('public'::regnamespace, '${QUEUE_SCHEMA}'::regnamespace)
     order by 1, 2`)
  for (const { table, name } of triggers.rows)
    await client.query(`alter table ${table} disable trigger ${name}`)
  for (const { table, name } of keys.rows) await client.query(`alter table ${table} drop constraint ${name}`)
  return async () => {
    for (const { table, name, definition } of keys.rows) {
      await client.query(`alter table ${table} add constraint ${name} ${definition}`)
    }
    for (const { table, name, mode } of triggers.rows) {
      await client.query(`alter table ${table} enable ${mode}trigger ${name}`)
    }
    // What triggers prove instead of foreign keys; a backup of an older version has the keys.
    const proved = await client.query(
      `select to_regprocedure('public.prove_everything()') is not null as known`,
    )
    if (proved.rows[0].known) await client.query('select public.prove_everything()')
  }
}

async function setSequences(client: pg.Client, manifest: Manifest): Promise<void> {
  for (const { schema, name, last_value, is_called } of manifest.sequences) {
    const sequence = `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)}`
    await client.query('select setval($1::regclass, $2::bigint, $3)', [sequence, last_value, is_called])
  }
}

async function analyze(ownerUrl: string): Promise<void> {
  const client = await connect(ownerUrl)
  try {
    await client.query(`analyze ${(await listTables(client)).map(nameOf).join(', ')}`)
  } finally {
    await client.end()
  }
}

/** Reads all members of an archive in order; a body that `use` leaves is skipped. */
async function readArchive(
  file: string,
  what: 'check' | 'restore',
  options: BackupOptions,
  use: (member: Member) => Promise<void>,
): Promise<void> {
  const { size: total } = await fs.stat(file)
  const source = createReadStream(file, { highWaterMark: 2 ** 18 })
  const gunzip = createGunzip()
  // pipe() does not hand on errors of the disk.
  source.on('error', (error) => gunzip.destroy(error))
  try {
    for await (const member of readMembers(source.pipe(gunzip))) {
      options.onProgress?.({ what, name: member.name, done: source.bytesRead, total })
      await use(member)
    }
    options.onProgress?.({ what, name: '', done: total, total })
  } finally {
    source.destroy()
    gunzip.destroy()
  }
}

// Files -----------------------------------------------------------------------------------------------------

/** The files of a restore, written beside those that are there and exchanged with them at the end. */
async function openFiles(filesDir: string) {
  const mark = randomBytes(4).toString('hex')
  const incoming = path.join(filesDir, `.restoring-${mark}`)
  const replaced = path.join(filesDir, `.replaced-${mark}`)
  await fs.mkdir(incoming, { recursive: true })
  const moved: { from: string; to: string }[] = []
  const move = async (from: string, to: string): Promise<void> => {
    await fs.rename(from, to)
    moved.push({ from, to })
  }
  return {
    async add(name: string, body: AsyncIterable<Buffer>): Promise<void> {
      const target = path.join(incoming, name)
      await fs.mkdir(path.dirname(target), { recursive: true })
      await pipeline(body, createWriteStream(target, { flags: 'wx', mode: 0o600, flush: true }))
    },
    async place(): Promise<void> {
      await fs.mkdir(replaced)
      for (const name of await fs.readdir(filesDir)) {
        if (!passing.test(name)) await move(path.join(filesDir, name), path.join(replaced, name))
      }
      for (const name of await fs.readdir(incoming)) {
        await move(path.join(incoming, name), path.join(filesDir, name))
      }
    },
    async undo(): Promise<void> {
      for (const { from, to } of moved.reverse()) await fs.rename(to, from)
      await this.finish()
    },
    async finish(): Promise<void> {
      await fs.rm(incoming, { recursive: true, force: true })
      await fs.rm(replaced, { recursive: true, force: true })
    },
  }
}

/** Paths of the stored files below their folder, with slashes, in order. */
async function listFiles(filesDir: string): Promise<string[]> {
  const names: string[] = []
  const walk = async (folder: string): Promise<void> => {
    const entries = await fs.readdir(path.join(filesDir, folder), { withFileTypes: true }).catch((error) => {
      if (error.code === 'ENOENT') return []
      throw error
    })
    for (const entry of entries) {
      if (folder === '' && passing.test(entry.name)) continue
      const name = folder ? `${folder}/${entry.name}` : entry.name
      if (entry.isDirectory()) await walk(name)
      else if (entry.isFile()) names.push(name)
    }
  }
  await walk('')
  return names.sort()
}

function filePathOf(member: string): string {
  const name = member.slice('files/'.length)
  const parts = name.split('/')
  const outside = parts.some((part) => part === '' || part === '.' || part === '..' || /[\\:\0]/.test(part))
  if (outside || passing.test(parts[0] ?? '')) throw new ArchiveDamaged(`${member} is not a place for a file`)
  return name
}

// Small parts -----------------------------------------------------------------------------------------------

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: 'zaguan backup' })
  await client.connect()
  // What COPY writes depends on these; a policy must fail a backup rather than leave rows out of it.
  await client.query(`set datestyle = 'ISO, YMD'; set intervalstyle = 'postgres'; set timezone = 'UTC';
    set extra_float_digits = 1; set bytea_output = 'hex'; set statement_timeout = 0; set lock_timeout = 0;
    set idle_in_transaction_session_timeout = 0; set row_security = off; set search_path = public`)
  return client
}

/** What a backup holds: every table of ours and the queue's, with the columns that can be written. */
async function listTables(client: pg.Client): Promise<Table[]> {
  const { rows } = await client.query<Table>(
    `select n.nspname as schema, c.relname as name,
            array(select a.attname::text from pg_attribute a
                   where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
                   order by a.attnum) as columns
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind = 'r' and (n.nspname = 'public' or n.nspname = $1 and c.relname = any ($2))
        and not exists (select from pg_depend d
                         where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
      order by n.nspname desc, c.relname`,
    [QUEUE_SCHEMA, queueTables],
  )
  return rows
}

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

function nameOf({ schema, name }: Table): string {
  return `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)}`
}

function columnsOf({ columns }: Table): string {
  return columns.map(pg.escapeIdentifier).join(', ')
}

function keyOf({ schema, name }: { schema: string; name: string }): string {
  return `${schema}.${name}`
}

function tableKeyOf(member: string): string {
  const found = /^tables\/([^/]+)\/\d{6,}\.copy$/.exec(member)
  if (!found?.[1]) throw new ArchiveDamaged(`${member} is not part of a backup`)
  return found[1]
}

async function writeKeyFile(file: string, key: Buffer): Promise<void> {
  const draft = `${file}.${process.pid}.part`
  await fs.mkdir(path.dirname(file), { recursive: true })
  await fs.writeFile(draft, key, { mode: 0o600, flush: true })
  await fs.rename(draft, file)
}

async function readBody(member: Member, most: number): Promise<Buffer> {
  if (member.size > most) throw new ArchiveDamaged(`${member.name} is too large`)
  const chunks: Buffer[] = []
  for await (const chunk of member.body) chunks.push(chunk)
  return Buffer.concat(chunks)
}

async function readJson(member: Member): Promise<unknown> {
  return JSON.parse((await readBody(member, 2 ** 26)).toString('utf8'))
}

async function isThere(file: string): Promise<boolean> {
  return await fs.stat(file).then(
    () => true,
    () => false,
  )
}
