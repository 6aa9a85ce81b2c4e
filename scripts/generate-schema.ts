/**
 * Writes what the migrations amount to: db/schema.gen.sql for people, server/platform/database.gen.ts for the compiler.
 * With --check it writes nothing and fails when either is stale.
 */
import { execFile } from 'node:child_process'
import fs from 'node:fs/promises'
import path from 'node:path'
import { parseArgs, promisify } from 'node:util'
import pg from 'pg'
import { MIGRATIONS_DIRECTORY, migrate } from '../server/platform/migrations.ts'
import { startTemporaryCluster } from '../tests/global-setup.ts'

const root = path.resolve(import.meta.dirname, '..')
const schemaFile = path.join(root, 'db/schema.gen.sql')
const typesFile = path.join(root, 'server/platform/database.gen.ts')

/** What our connections answer with (server/platform/database.ts sets the parsers). */
const typeMapping = {
  int8: 'number',
  numeric: 'string',
  date: 'Temporal.PlainDate',
  timestamptz: 'Temporal.Instant',
  daterange: 'DateRange',
  citext: 'string',
  uuid: 'string',
  inet: 'string',
  bytea: 'Buffer',
}

/** Roles whose grants are worth a line; the owner's go without saying. */
const grantees: Record<string, string> = {
  zaguan_portal: 'portal',
  zaguan_office: 'office',
  public: 'everyone',
}

// The catalogue, as SQL -------------------------------------------------------------------------------------

const ours = (alias: string, catalogue: string): string =>
  `${alias}.oid not in (select objid from pg_depend where deptype = 'e' and classid = '${catalogue}'::regclass)`

const enumsQuery = `
  select t.typname as name, obj_description(t.oid, 'pg_type') as comment,
         array(select e.enumlabel::text from pg_enum e where e.enumtypid = t.oid order by e.enumsortorder) as labels
    from pg_type t
   where t.typnamespace = 'public'::regnamespace and t.typtype = 'e' and ${ours('t', 'pg_type')}
   order by t.typname`

const domainsQuery = `
  select t.typname as name, format_type(t.typbasetype, t.typtypmod) as type, obj_description(t.oid, 'pg_type') as comment,
         array(select pg_get_constraintdef(c.oid) from pg_constraint c where c.contypid = t.oid order by c.conname) as checks
    from pg_type t
   where t.typnamespace = 'public'::regnamespace and t.typtype = 'd' and ${ours('t', 'pg_type')}
   order by t.typname`

const tablesQuery = `
  select c.oid, c.relname as name, c.relkind as kind, obj_description(c.oid, 'pg_class') as comment,
         c.relrowsecurity as secured, c.relforcerowsecurity as forced, c.relpersistence as persistence,
         case when c.relkind in ('v', 'm') then pg_get_viewdef(c.oid, true) end as definition,
         case when c.relkind = 'p' then pg_get_partkeydef(c.oid) end as partitioned_by,
         (select i.inhparent::regclass::text || ' ' || pg_get_expr(c.relpartbound, c.oid)
            from pg_inherits i where i.inhrelid = c.oid and c.relispartition) as partition_of,
         coalesce(c.reloptions, '{}') as options
    from pg_class c
   where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm') and ${ours('c', 'pg_class')}
   order by c.relname`

const columnsQuery = `
  select a.attname as name, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull as required,
         a.attidentity as identity, a.attgenerated as generated, pg_get_expr(d.adbin, d.adrelid) as value,
         col_description(a.attrelid, a.attnum) as comment
    from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
   where a.attrelid = $1 and a.attnum > 0 and not a.attisdropped
   order by a.attnum`

const constraintsQuery = `
  select conname as name, contype as kind, pg_get_constraintdef(oid, true) as definition,
         cardinality(conkey) as width,
         (select attname from pg_attribute where attrelid = conrelid and attnum = conkey[1]) as first_column
    from pg_constraint
   where conrelid = $1 and contype <> 'n' and contype <> 't'
   order by array_position('{p,u,x,f,c}', contype::text), conname`

const indexesQuery = `
  select pg_get_indexdef(i.indexrelid) as definition
    from pg_index i join pg_class c on c.oid = i.indexrelid
   where i.indrelid = $1 and not exists (select from pg_constraint where conindid = i.indexrelid and contype in ('p', 'u', 'x'))
   order by c.relname`

const policiesQuery = `
  select policyname as name, permissive, lower(cmd) as command, roles::text[] as roles, qual, with_check
    from pg_policies where schemaname = 'public' and tablename = $1
   order by policyname`

const triggersQuery = `
  select pg_get_triggerdef(oid, true) as definition from pg_trigger where tgrelid = $1 and not tgisinternal order by tgname`

const tableGrantsQuery = `
  select case when g.grantee = 0 then 'public' else g.grantee::regrole::text end as grantee,
         array_agg(lower(g.privilege_type) order by g.privilege_type) as privileges, null as columns
    from pg_class c, aclexplode(c.relacl) g
   where c.oid = $1 and g.grantee <> c.relowner
   group by g.grantee
  union all
  select g.grantee::regrole::text, array[lower(g.privilege_type)], array_agg(a.attname::text order by a.attnum)
    from pg_attribute a, aclexplode(a.attacl) g
   where a.attrelid = $1
   group by g.grantee, g.privilege_type
   order by 1, 2`

const functionsQuery = `
  select p.proname as name, pg_get_function_identity_arguments(p.oid) as arguments, pg_get_functiondef(p.oid) as definition,
         obj_description(p.oid, 'pg_proc') as comment, p.prokind as kind,
         case when p.proacl is null then '{public}'
              else array(select case when g.grantee = 0 then 'public' else g.grantee::regrole::text end
                           from aclexplode(p.proacl) g where g.grantee <> p.proowner order by 1) end as grantees
    from pg_proc p
   where p.pronamespace = 'public'::regnamespace and p.prokind in ('f', 'p') and ${ours('p', 'pg_proc')}
   order by p.proname, 2`

// Writing the page ------------------------------------------------------------------------------------------

interface TableRow {
  oid: number
  name: string
  kind: string
  comment: string | null
  secured: boolean
  forced: boolean
  persistence: string
  definition: string | null
  partitioned_by: string | null
  partition_of: string | null
  options: string[]
}

async function describeSchema(client: pg.ClientBase): Promise<string> {
  const parts: string[] = [
    '-- The whole schema on one page, for reading: what the files of db/migrations amount to.\n' +
      '-- Generated by `npm run generate`; to change it, add a migration.',
  ]
  const extensions = await client.query<{ name: string }>(
    "select extname as name from pg_extension where extname <> 'plpgsql' order by extname",
  )
  parts.push(extensions.rows.map(({ name }) => `create extension ${name};`).join('\n'))

  parts.push(heading('Types'))
  for (const type of (await client.query(enumsQuery)).rows) {
    parts.push(
      `create type ${type.name} as enum (${type.labels.map(pg.escapeLiteral).join(', ')});` +
        commentOn('type', type.name, type.comment),
    )
  }
  for (const type of (await client.query(domainsQuery)).rows) {
    const checks = type.checks.map(
      (check: string) => ` ${check.replace(/^NOT NULL/, 'not null').replace(/^CHECK/, 'check')}`,
    )
    parts.push(
      `create domain ${type.name} as ${type.type}${checks.join('')};${commentOn('domain', type.name, type.comment)}`,
    )
  }

  const relations = (await client.query<TableRow>(tablesQuery)).rows
  parts.push(heading('Tables'))
  for (const table of relations) if (!table.definition) parts.push(await describeTable(client, table))
  parts.push(heading('Views'))
  for (const view of relations) if (view.definition) parts.push(await describeView(client, view))

  parts.push(heading('Functions'))
  for (const fn of (await client.query(functionsQuery)).rows) {
    const body = tidyFunction(fn.definition)
    const kind = fn.kind === 'p' ? 'procedure' : 'function'
    const callers = fn.grantees.filter((name: string) => name in grantees)
    parts.push(
      `${body};${commentOn(kind, `${fn.name}(${fn.arguments})`, fn.comment)}` +
        `\n-- may be called by: ${callers.length ? callers.map((name: string) => grantees[name]).join(', ') : 'the owner only'}`,
    )
  }
  return `${parts.filter(Boolean).join('\n\n')}\n`
}

async function describeTable(client: pg.ClientBase, table: TableRow): Promise<string> {
  const columns = (await client.query(columnsQuery, [table.oid])).rows
  const constraints = (await client.query(constraintsQuery, [table.oid])).rows
  // A constraint on one column reads best beside the column.
  const inline = (name: string): string =>
    constraints
      .filter(
        (constraint) => constraint.width === 1 && constraint.first_column === name && constraint.kind !== 'x',
      )
      .map((constraint) => ` ${shorten(constraint.definition, constraint.kind, name)}`)
      .join('')
  const lines = columns.map((column) => {
    const value =
      column.generated !== ''
        ? ` generated always as (${tidy(stripParentheses(column.value))}) ${column.generated === 's' ? 'stored' : 'virtual'}`
        : column.identity !== ''
          ? ` generated ${column.identity === 'a' ? 'always' : 'by default'} as identity`
          : column.value !== null
            ? ` default ${tidy(column.value)}`
            : ''
    const constraint = inline(column.name)
    const required =
      column.required && !constraint.includes(' primary key') && column.identity === '' ? ' not null' : ''
    const note = column.comment ? `  -- ${oneLine(column.comment)}` : ''
    return { text: `  ${column.name} ${shortType(column.type)}${required}${value}${constraint}`, note }
  })
  for (const constraint of constraints) {
    if (constraint.width === 1 && constraint.kind !== 'x') continue
    lines.push({ text: `  ${tidy(constraint.definition)}`, note: '' })
  }
  const body = lines.map(({ text, note }, index) => `${text}${index < lines.length - 1 ? ',' : ''}${note}`)

  const unlogged = table.persistence === 'u' ? 'unlogged ' : ''
  const partition = table.partitioned_by ? ` partition by ${table.partitioned_by.toLowerCase()}` : ''
  const options = table.options.length ? ` with (${table.options.join(', ')})` : ''
  const parts = [
    table.comment ? `-- ${oneLine(table.comment)}` : '',
    table.partition_of ? `-- partition of ${table.partition_of}` : '',
    `create ${unlogged}table ${table.name} (`,
    ...body,
    `)${partition}${options};`,
  ]
  for (const { definition } of (await client.query(indexesQuery, [table.oid])).rows) {
    const text = definition.replaceAll(/ ON (?:ONLY )?public\./g, ' ON ').replace(' USING btree', '')
    parts.push(`${tidy(text)};`)
  }
  for (const { definition } of (await client.query(triggersQuery, [table.oid])).rows) {
    parts.push(`${tidy(definition)};`)
  }
  parts.push(...(await describeAccess(client, table)))
  return parts.filter(Boolean).join('\n')
}

async function describeView(client: pg.ClientBase, view: TableRow): Promise<string> {
  const options = view.options.length ? ` with (${view.options.join(', ')})` : ''
  return [
    view.comment ? `-- ${oneLine(view.comment)}` : '',
    `create ${view.kind === 'm' ? 'materialized ' : ''}view ${view.name}${options} as`,
    tidy(view.definition?.trimEnd() ?? ''),
    ...(await describeAccess(client, view)),
  ]
    .filter(Boolean)
    .join('\n')
}

async function describeAccess(client: pg.ClientBase, table: TableRow): Promise<string[]> {
  const parts: string[] = []
  if (!table.definition) {
    parts.push(table.secured ? '' : '-- NO ROW-LEVEL SECURITY')
    if (table.forced) parts.push(`alter table ${table.name} force row level security;`)
  }
  for (const policy of (await client.query(policiesQuery, [table.name])).rows) {
    const restrictive = policy.permissive === 'RESTRICTIVE' ? ' as restrictive' : ''
    const command = policy.command === 'all' ? '' : ` for ${policy.command}`
    const to = policy.roles.includes('public') ? '' : ` to ${policy.roles.toSorted().join(', ')}`
    const using = policy.qual === null ? '' : ` using (${tidy(stripParentheses(oneLine(policy.qual)))})`
    const check =
      policy.with_check === null ? '' : ` with check (${tidy(stripParentheses(oneLine(policy.with_check)))})`
    parts.push(`create policy ${policy.name} on ${table.name}${restrictive}${command}${to}${using}${check};`)
  }
  for (const grant of (await client.query(tableGrantsQuery, [table.oid])).rows) {
    if (!(grant.grantee in grantees)) continue
    const columns = grant.columns ? ` (${grant.columns.join(', ')})` : ''
    parts.push(`grant ${grant.privileges.join(', ')}${columns} on ${table.name} to ${grant.grantee};`)
  }
  return parts
}

function heading(title: string): string {
  return `-- ${title} ${'-'.repeat(110 - title.length - 4)}`
}

function commentOn(kind: string, name: string, comment: string | null): string {
  return comment === null ? '' : `\ncomment on ${kind} ${name} is ${pg.escapeLiteral(comment)};`
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, ' ').trim()
}

/** Takes off one pair of parentheses, if they belong together. */
function stripParentheses(text: string): string {
  if (!text.startsWith('(') || !text.endsWith(')')) return text
  let depth = 0
  for (const [index, character] of [...text].entries()) {
    if (character === '(') depth++
    if (character === ')') depth--
    if (depth === 0 && index < text.length - 1) return text
  }
  return text.slice(1, -1)
}

const keywords =
  /\b(SELECT|FROM|AS|EXISTS|JOIN|PRIMARY KEY|FOREIGN KEY|REFERENCES|UNIQUE|CHECK|EXCLUDE|USING|WITH|WITHOUT OVERLAPS|PERIOD|WHERE|NULLS NOT DISTINCT|NULLS (?:FIRST|LAST)|ON DELETE|ON UPDATE|CASCADE|RESTRICT|SET NULL|SET DEFAULT|DEFERRABLE|INITIALLY DEFERRED|NOT VALID|CREATE|INDEX|TRIGGER|CONSTRAINT|AFTER|BEFORE|INSTEAD OF|INSERT|UPDATE|DELETE|TRUNCATE|OR|AND|NOT|NULL|IS|ON|OF|FOR EACH ROW|FOR EACH STATEMENT|WHEN|EXECUTE FUNCTION|INCLUDE|DESC|ASC|REFERENCING|OLD TABLE AS|NEW TABLE AS|IN|BETWEEN|ANY|ARRAY|JOIN|LEFT|GROUP BY|ORDER BY|UNION ALL|DISTINCT FROM|CASE|THEN|ELSE|END)\b/g

/** PostgreSQL prints its keywords in capitals; the project writes them small. Quoted text stays as it is. */
function lowerKeywords(sql: string): string {
  return outsideQuotes(sql, (part) => part.replaceAll(keywords, (word) => word.toLowerCase()))
}

/** An expression without what PostgreSQL adds when it prints one: casts of literals, names of single columns. */
function tidy(sql: string): string {
  const text = lowerKeywords(sql)
    .replaceAll(/\( select (\w+)\(\) as \1\)/g, '(select $1())')
    .replaceAll(/('(?:[^']|'')*')::[a-z_]+(?:\[\])?(?![\w[(.])/g, '$1')
    .replaceAll(/\( select /g, '(select ')
  return outsideQuotes(text, (part) => part.replaceAll(/\bCOALESCE\b/g, 'coalesce'))
}

/** A function's head in the project's spelling; its body is as it was written. */
function tidyFunction(definition: string): string {
  const text = definition.trimEnd()
  const start = text.search(/^(AS|BEGIN ATOMIC|RETURN )/m)
  const head = outsideQuotes(text.slice(0, start), (part) =>
    part
      .replace('CREATE OR REPLACE', 'create')
      .replaceAll('public.', '')
      .replaceAll(
        /\b(FUNCTION|PROCEDURE|RETURNS|TABLE|SETOF|LANGUAGE|SECURITY DEFINER|SET|TO|STABLE|IMMUTABLE|STRICT|PARALLEL SAFE|LEAKPROOF|COST|ROWS|DEFAULT)\b/g,
        (word) => word.toLowerCase(),
      )
      .replaceAll(/::[a-z_]+/g, ''),
  )
  const body = text
    .slice(start)
    .replace(/^AS \$function\$/, () => 'as $$')
    .replace(/\$function\$$/, () => '$$')
  return head.trim().replaceAll(/\s*\n\s*/g, ' ') + (body.startsWith('as') ? ` ${body}` : `\n${body}`)
}

function outsideQuotes(sql: string, change: (part: string) => string): string {
  return sql
    .split(/('(?:[^']|'')*')/)
    .map((part, index) => (index % 2 ? part : change(part)))
    .join('')
}

function shortType(type: string): string {
  return type
    .replace('timestamp with time zone', 'timestamptz')
    .replace(/^character\((\d+)\)/, 'char($1)')
    .replace('character varying', 'varchar')
}

/** A constraint of one column as it is written beside that column. */
function shorten(definition: string, kind: string, column: string): string {
  const text = tidy(definition)
  if (kind === 'p') return text.replace(`primary key (${column})`, 'primary key')
  if (kind === 'u') return text.replace(` (${column})`, '')
  if (kind === 'f') return text.replace(`foreign key (${column}) `, '')
  return text
}

// Types -----------------------------------------------------------------------------------------------------

async function describeTypes(client: pg.ClientBase, url: string): Promise<string> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      path.join(root, 'node_modules/kysely-codegen/dist/cli/bin.js'),
      '--print',
      '--dialect=postgres',
      '--default-schema=public',
      '--include-pattern=public.*',
      '--log-level=error',
      `--type-mapping=${JSON.stringify(typeMapping)}`,
      `--url=${url}`,
    ],
    { cwd: root, maxBuffer: 2 ** 26 },
  )
  const enums = (await client.query<{ name: string; labels: string[] }>(enumsQuery)).rows.map(
    ({ name, labels }) => `export const ${listName(name)} = ${JSON.stringify(labels)} as const`,
  )
  const types = stdout.replace(/\/\*\*\n \* This file was generated[\s\S]*?\*\/\s*/, '').trim()
  return [
    '// The database as Kysely sees it, and the labels of its enums in their order.\n' +
      '// Generated by `npm run generate` from db/migrations.',
    `${/\bDateRange\b/.test(types) ? "import type { DateRange } from './calendar.ts'\n" : ''}${types}`,
    `${enums.join('\n')}\n`,
  ].join('\n\n')
}

/** invoice_state → invoiceStates */
function listName(name: string): string {
  const camel = name.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
  if (/[^aeiou]y$/.test(camel)) return `${camel.slice(0, -1)}ies`
  return /(s|x|ch|sh)$/.test(camel) ? `${camel}es` : `${camel}s`
}

// Running ---------------------------------------------------------------------------------------------------

/** Both files as the migrations of a folder make them. */
export async function generateSchema(directory = MIGRATIONS_DIRECTORY): Promise<Record<string, string>> {
  const cluster = await startTemporaryCluster()
  try {
    await migrate(cluster.url, { directory })
    const client = new pg.Client({ connectionString: cluster.url })
    await client.connect()
    try {
      return {
        [schemaFile]: await describeSchema(client),
        [typesFile]: await describeTypes(client, cluster.url),
      }
    } finally {
      await client.end()
    }
  } finally {
    await cluster.stop()
  }
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } })
  const stale: string[] = []
  for (const [file, text] of Object.entries(await generateSchema())) {
    if ((await fs.readFile(file, 'utf8').catch(() => '')).replaceAll('\r\n', '\n') === text) continue
    stale.push(path.relative(root, file))
    if (!values.check) await fs.writeFile(file, text)
  }
  if (values.check && stale.length > 0) {
    console.error(`Stale: ${stale.join(', ')}. Run \`npm run generate\` and commit what it writes.`)
    process.exitCode = 1
  } else {
    console.log(stale.length > 0 ? `Wrote ${stale.join(', ')}` : 'Generated files are up to date')
  }
}
