// What a backup holds: which tables, files and keys, and how the archive says so.
import fs from 'node:fs/promises'
import path from 'node:path'
import pg from 'pg'
import { z } from 'zod'
import { QUEUE_SCHEMA } from './migrations.ts'

/** A table with the columns that can be written. */
export interface Table {
  schema: string
  name: string
  columns: string[]
}

/** Tables of the queue that a restored system needs to go on where it was; the rest of it is the queue's own. */
const queueTables = ['_private_job_queues', '_private_jobs', '_private_known_crontabs', '_private_tasks']

/** Drafts of the file store and of a restore; nothing points to what is in them. */
export const passing = /^(incoming|\.restoring-.*|\.replaced-.*)$/

/** What made a backup: the first member of its archive. */
export const headerSchema = z.object({
  format: z.literal('zaguan backup'),
  format_version: z.literal(1),
  created_at: z.string(),
  postgres_version: z.string(),
  migrations: z.array(z.object({ name: z.string(), sha256: z.string() })),
  tables: z.array(z.object({ schema: z.string(), name: z.string(), columns: z.array(z.string()) })),
})

export type Header = z.infer<typeof headerSchema>

/** Rows, bytes and hash of everything: the last member. */
export const manifestSchema = z.object({
  tables: z.record(z.string(), z.object({ rows: z.number(), bytes: z.number(), sha256: z.string() })),
  sequences: z.array(
    z.object({ schema: z.string(), name: z.string(), last_value: z.string(), is_called: z.boolean() }),
  ),
  files: z.object({ count: z.number(), bytes: z.number(), sha256: z.string() }),
  /** The hash of the key; missing where the installation keeps it elsewhere. */
  secret_key: z.string().optional(),
})

export type Manifest = z.infer<typeof manifestSchema>

/** The name of the key in an archive. */
export const keyMember = 'secret.key'

/** The key's bytes; null where there is no such file. */
export async function readKeyFile(file: string | undefined): Promise<Buffer | null> {
  if (file === undefined) return null
  return fs.readFile(file).catch((error) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
}

/** Paths of the stored files below their folder, with slashes, in order. */
export async function listFiles(filesDir: string): Promise<string[]> {
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

/** A connection on which COPY writes and reads the same everywhere. */
export async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: 'zaguan backup' })
  await client.connect()
  // What COPY writes depends on these; a policy must fail a backup rather than leave rows out of it.
  await client.query(`set datestyle = 'ISO, YMD'; set intervalstyle = 'postgres'; set timezone = 'UTC';
    set extra_float_digits = 1; set bytea_output = 'hex'; set statement_timeout = 0; set lock_timeout = 0;
    set idle_in_transaction_session_timeout = 0; set row_security = off; set search_path = public`)
  return client
}

/** What a backup holds: every table of ours and the queue's, with the columns that can be written. */
export async function listTables(client: pg.Client): Promise<Table[]> {
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

/** A table's name for SQL. */
export function nameOf({ schema, name }: Table): string {
  return `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)}`
}

/** A table's columns for SQL. */
export function columnsOf({ columns }: Table): string {
  return columns.map(pg.escapeIdentifier).join(', ')
}

/** A table's name in the archive. */
export function keyOf({ schema, name }: { schema: string; name: string }): string {
  return `${schema}.${name}`
}

/** Whether there is something at a path. */
export async function isThere(file: string): Promise<boolean> {
  return await fs.stat(file).then(
    () => true,
    () => false,
  )
}
