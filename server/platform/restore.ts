// Restore of what backup.ts wrote.
import { createHash, randomBytes } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import fs from 'node:fs/promises'
import path from 'node:path'
import { finished, pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { z } from 'zod'
import { ArchiveDamaged, type Member, readMembers } from './archive.ts'
import type { BackupOptions, BackupResult } from './backup.ts'
import {
  columnsOf,
  connect,
  type Header,
  headerSchema,
  isThere,
  keyMember,
  keyOf,
  listFiles,
  listTables,
  type Manifest,
  manifestSchema,
  nameOf,
  passing,
  readKeyFile,
  type Table,
} from './backup-contents.ts'
import { isRefusal, type Refusal, refuse } from './errors.ts'
import {
  listMigrations,
  lockMigrations,
  type MigrateOptions,
  migrate,
  QUEUE_SCHEMA,
  readApplied,
} from './migrations.ts'

export interface RestoreOptions extends BackupOptions {
  /** Replaces what the database and the files folder hold. */
  force?: boolean
  /** Passwords of the two logins, where they are not the derived ones. */
  logins?: { portalPassword?: string; officePassword?: string }
  /** Folder of the migrations. */
  directory?: string
}

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

function filePathOf(member: string): string {
  const name = member.slice('files/'.length)
  const parts = name.split('/')
  const outside = parts.some((part) => part === '' || part === '.' || part === '..' || /[\\:\0]/.test(part))
  if (outside || passing.test(parts[0] ?? '')) throw new ArchiveDamaged(`${member} is not a place for a file`)
  return name
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
