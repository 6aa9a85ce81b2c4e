import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { gunzipSync, gzipSync } from 'node:zlib'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { backup, type Progress } from '../server/platform/backup.ts'
import { isRefusal } from '../server/platform/errors.ts'
import { migrate } from '../server/platform/migrations.ts'
import { restore } from '../server/platform/restore.ts'
import { createTestDatabase, type TestDatabase } from './database.ts'

let folder: string
let file: string
let filesDir: string
let restoredFiles: string
let databases: TestDatabase[]

beforeEach(async () => {
  folder = await fs.mkdtemp(path.join(os.tmpdir(), 'zaguan-backup-'))
  file = path.join(folder, 'zaguan.backup.tar.gz')
  filesDir = path.join(folder, 'files')
  restoredFiles = path.join(folder, 'restored')
  databases = []
})

afterEach(async () => {
  for (const database of databases) await database.drop()
  await fs.rm(folder, { recursive: true, force: true })
})

describe('the real schema', () => {
  test('a round trip brings back every table, sequence, job and file', async () => {
    const source = await makeDatabase()
    await fillRealSchema(source.ownerUrl)
    await writeFiles()
    const before = await fingerprint(source.ownerUrl)
    const filled = Object.values(before).filter((found) => ((found as { rows?: number }).rows ?? 0) > 0)
    expect(filled.length).toBeGreaterThan(30)

    const progress: Progress[] = []
    const made = await backup(source.ownerUrl, file, { filesDir, onProgress: (step) => progress.push(step) })
    expect(made).toMatchObject({ files: 4 })
    expect(progress.some(({ what }) => what === 'table')).toBe(true)
    expect((await fs.stat(file)).mode & 0o077).toBe(0)
    expect((await fs.readdir(folder)).sort()).toEqual(['files', 'zaguan.backup.tar.gz'])

    const target = await makeDatabase({ empty: true })
    const loaded = await restore(target.ownerUrl, file, { filesDir: restoredFiles })
    expect(loaded).toMatchObject({ files: 4, rows: (made as { rows: number }).rows })

    expect(await fingerprint(target.ownerUrl)).toEqual(before)
    expect(await readFolder(restoredFiles)).toEqual(await readFolder(filesDir, ['incoming']))
    expect(await rules(target.ownerUrl)).toEqual(await rules(source.ownerUrl))

    // The next numbers follow the restored ones, and what never changes still refuses to.
    const [next] = await query(target.ownerUrl, 'select max(id)::int as top from audit_log')
    const [written] = await query(
      target.ownerUrl,
      `insert into audit_log (actor_kind, way, operation, action, object_type)
       values ('test', 'test', 'test', 'test', 'test') returning id::int`,
    )
    expect(written?.id).toBeGreaterThan(next?.top as number)
    await expect(query(target.ownerUrl, 'delete from audit_log')).rejects.toMatchObject({ code: '42501' })
  })

  test('goes into a database that was migrated but never used', async () => {
    const source = await makeDatabase()
    await fillRealSchema(source.ownerUrl)
    await backup(source.ownerUrl, file, { filesDir })
    const target = await makeDatabase()
    expect(isRefusal(await restore(target.ownerUrl, file, { filesDir: restoredFiles }))).toBe(false)
    expect(await fingerprint(target.ownerUrl)).toEqual(await fingerprint(source.ownerUrl))
  })

  test('jobs that ran when the backup was made are free to run again', async () => {
    const source = await makeDatabase()
    await query(
      source.ownerUrl,
      `select graphile_worker.add_job('mail:send', '{"to": 1}');
       update graphile_worker._private_jobs set locked_at = now(), locked_by = 'a worker that is gone'`,
    )
    await backup(source.ownerUrl, file, { filesDir })
    const target = await makeDatabase({ empty: true })
    await restore(target.ownerUrl, file, { filesDir: restoredFiles })
    expect(
      await query(
        target.ownerUrl,
        `select t.identifier as task, j.payload, j.locked_at from graphile_worker._private_jobs j
           join graphile_worker._private_tasks t on t.id = j.task_id`,
      ),
    ).toEqual([{ task: 'mail:send', payload: { to: 1 }, locked_at: null }])
  })

  test('reads one moment, while others go on writing', async () => {
    const source = await makeDatabase()
    await fillRealSchema(source.ownerUrl)
    const before = await fingerprint(source.ownerUrl)
    let writing: Promise<unknown> | undefined
    await backup(source.ownerUrl, file, {
      filesDir,
      onProgress: () => {
        writing ??= query(source.ownerUrl, "update users set name = name || '!'")
      },
    })
    await writing
    expect((await fingerprint(source.ownerUrl))['public.users']).not.toEqual(before['public.users'])
    const target = await makeDatabase({ empty: true })
    await restore(target.ownerUrl, file, { filesDir: restoredFiles })
    expect((await fingerprint(target.ownerUrl))['public.users']).toEqual(before['public.users'])
  })
})

describe('refusals, with nothing changed', () => {
  test('an archive that was cut off or changed anywhere', async () => {
    const source = await makeDatabase()
    await fillRealSchema(source.ownerUrl)
    await writeFiles()
    await backup(source.ownerUrl, file, { filesDir })
    const whole = await fs.readFile(file)
    const plain = gunzipSync(whole)

    const target = await makeDatabase()
    await fillRealSchema(target.ownerUrl, 'Other')
    const before = await fingerprint(target.ownerUrl)

    const spoil = (bytes: Buffer, at: number): Buffer => {
      const copy = Buffer.from(bytes)
      copy[at] = (copy[at] ?? 0) ^ 0x15
      return copy
    }
    const rowsAt = plain.indexOf('Padaria Pão')
    const fileAt = plain.indexOf('a receipt')
    const manifestAt = plain.indexOf('manifest.json')
    const spoiled: Record<string, Buffer> = {
      'empty file': Buffer.alloc(0),
      'not gzip': Buffer.from('something else altogether'),
      'not a backup': gzipSync(Buffer.alloc(1024)),
      'half of it': whole.subarray(0, whole.length / 2),
      'its last byte': whole.subarray(0, whole.length - 1),
      'a byte of the compressed stream': spoil(whole, Math.floor(whole.length / 3)),
      'a byte of a table': gzipSync(spoil(plain, rowsAt)),
      'a byte of a file': gzipSync(spoil(plain, fileAt)),
      'a byte of a header': gzipSync(spoil(plain, manifestAt)),
      'no manifest': gzipSync(Buffer.concat([plain.subarray(0, manifestAt), Buffer.alloc(1024)])),
    }
    for (const [what, bytes] of Object.entries(spoiled)) {
      await fs.writeFile(file, bytes)
      const answer = await restore(target.ownerUrl, file, { filesDir: restoredFiles, force: true })
      expect(isRefusal(answer) ? answer.code : 'loaded', what).toBe('backup_damaged')
    }
    expect(await fingerprint(target.ownerUrl)).toEqual(before)
    expect(await fs.readdir(restoredFiles).catch(() => [])).toEqual([])
  })

  test('an archive that writes outside of the files folder', async () => {
    const source = await makeDatabase()
    await fs.mkdir(filesDir)
    await fs.writeFile(path.join(filesDir, 'aa'), 'x')
    await backup(source.ownerUrl, file, { filesDir })
    const plain = gunzipSync(await fs.readFile(file))
    const at = plain.indexOf('files/aa')
    plain.write('files/..', at)
    plain.fill(' ', at + 148, at + 156)
    let sum = 0
    for (const byte of plain.subarray(at, at + 512)) sum += byte
    plain.write(`${sum.toString(8).padStart(6, '0')}\0 `, at + 148)
    await fs.writeFile(file, gzipSync(plain))
    const target = await makeDatabase({ empty: true })
    expect(await restore(target.ownerUrl, file, { filesDir: restoredFiles })).toMatchObject({
      code: 'backup_damaged',
    })
  })

  test('a database or a files folder in use, until forced', async () => {
    const source = await makeDatabase()
    await fillRealSchema(source.ownerUrl)
    await writeFiles()
    await backup(source.ownerUrl, file, { filesDir })
    const target = await makeDatabase()
    await fillRealSchema(target.ownerUrl, 'Other')
    const before = await fingerprint(target.ownerUrl)
    expect(await restore(target.ownerUrl, file, { filesDir: restoredFiles })).toMatchObject({
      code: 'database_not_empty',
    })
    expect(await fingerprint(target.ownerUrl)).toEqual(before)

    await fs.mkdir(restoredFiles)
    await fs.writeFile(path.join(restoredFiles, 'mine'), 'mine')
    const unused = await makeDatabase()
    expect(await restore(unused.ownerUrl, file, { filesDir: restoredFiles })).toMatchObject({
      code: 'files_not_empty',
    })

    await restore(target.ownerUrl, file, { filesDir: restoredFiles, force: true })
    expect(await fingerprint(target.ownerUrl)).toEqual(await fingerprint(source.ownerUrl))
    expect(await readFolder(restoredFiles)).toEqual(await readFolder(filesDir, ['incoming']))
  })

  test('a file name that is taken, a folder that is missing, a backup that is not there', async () => {
    const source = await makeDatabase()
    await fs.writeFile(file, 'precious')
    expect(await backup(source.ownerUrl, file, { filesDir })).toMatchObject({ code: 'backup_target_exists' })
    expect(await fs.readFile(file, 'utf8')).toBe('precious')
    await expect(
      backup(source.ownerUrl, path.join(folder, 'no/such/folder'), { filesDir }),
    ).rejects.toMatchObject({
      code: 'ENOENT',
    })
    expect(await fs.readdir(folder)).toEqual([path.basename(file)])
    expect(await restore(source.ownerUrl, path.join(folder, 'none'), { filesDir })).toMatchObject({
      code: 'backup_not_found',
    })
  })
})

describe('awkward schemas', () => {
  let directory: string

  beforeEach(async () => {
    directory = path.join(folder, 'migrations')
    await fs.mkdir(directory)
    await fs.writeFile(
      path.join(directory, '0001_awkward.sql'),
      `create type mood as enum ('glad', 'sad');
       create table "Odd ""name" (
         id bigint generated always as identity primary key, "a column" text, mood mood[], made timestamptz, gone date,
         span daterange, exact numeric(20,4), double double precision, bytes bytea, doc jsonb, note text,
         doubled bigint generated always as (id * 2) stored, shouted text generated always as (upper(note)) virtual,
         parent bigint references "Odd ""name" (id), serial_too serial);
       create table left_side (id int primary key, other int);
       create table right_side (id int primary key, other int references left_side (id));
       alter table left_side add foreign key (other) references right_side (id) deferrable initially deferred;
       create table empty_one (id int);
       create function count_up() returns trigger language plpgsql as $$ begin new.hits := new.hits + 1; return new; end $$;
       create table counted (id int primary key, hits int not null default 0);
       create trigger count_up before insert on counted for each row execute function count_up();
       create trigger off before insert on counted for each row execute function count_up();
       alter table counted disable trigger off;
       create table frozen (id int primary key);
       create function never() returns trigger language plpgsql as $$ begin raise 'never'; end $$;
       create trigger never before update or delete on frozen for each row execute function never();
       create trigger nor_all before truncate on frozen for each statement execute function never();`,
    )
  })

  async function makeSource(): Promise<TestDatabase> {
    const source = await makeDatabase({ empty: true })
    await migrate(source.ownerUrl, { directory })
    await query(
      source.ownerUrl,
      `insert into "Odd ""name" ("a column", mood, made, gone, span, exact, double, bytes, doc, note, parent) values
         (E'tab\\there, new\\nline, back\\\\slash, \\\\N, \\\\.', '{glad,sad}', '2026-02-28 23:59:59.999999+00', '2024-02-29',
          '[2026-01-01,2026-02-01)', 1234567890123456.7891, 0.1, '\\x00ff5c0a', '{"a": [1, null, "ü"]}', 'ñandú 🐦', null),
         ('', '{}', 'infinity', '-infinity', 'empty', 'NaN', 'Infinity', '', 'null', '', 1),
         (null, null, null, null, '[2026-01-01,)', null, '-0', null, null, null, 2);
       insert into "Odd ""name" (note) select repeat(md5(n::text), 60) from generate_series(1, 6000) n;
       select nextval(pg_get_serial_sequence('"Odd ""name"', 'id'));
       begin; insert into left_side values (1, 1); insert into right_side values (1, 1); commit;
       insert into counted (id) select generate_series(1, 10);
       insert into frozen values (1)`,
    )
    return source
  }

  test('cycles, self references, generated and identity columns, odd names, triggers, parts of 4 MiB', async () => {
    const source = await makeSource()
    await backup(source.ownerUrl, file, { filesDir })
    const target = await makeDatabase({ empty: true })
    const answer = await restore(target.ownerUrl, file, { filesDir: restoredFiles, directory })
    expect(isRefusal(answer)).toBe(false)
    expect(await fingerprint(target.ownerUrl)).toEqual(await fingerprint(source.ownerUrl))
    expect(await rules(target.ownerUrl)).toEqual(await rules(source.ownerUrl))
    const { stdout } = await promisify(execFile)('tar', ['tzf', file])
    const parts = stdout.split('\n').filter((name) => name.includes('Odd'))
    expect(parts.length).toBeGreaterThan(2)
  })

  test('an owner that is no superuser', async () => {
    const source = await makeSource()
    await backup(source.ownerUrl, file, { filesDir })
    const target = await makeDatabase({ empty: true })
    const role = `plain_owner_${process.pid}`
    const url = new URL(target.ownerUrl)
    await query(target.ownerUrl, `create role ${role} login password 'plain'`)
    await query(target.ownerUrl, `alter database ${url.pathname.slice(1)} owner to ${role}`)
    const logins = {
      portalPassword: new URL(target.portalUrl).password,
      officePassword: new URL(target.officeUrl).password,
    }
    url.username = role
    url.password = 'plain'
    try {
      await migrate(url.href, { directory, ...logins })
      const answer = await restore(url.href, file, { filesDir: restoredFiles, directory, logins })
      expect(isRefusal(answer)).toBe(false)
      expect(await fingerprint(target.ownerUrl)).toEqual(await fingerprint(source.ownerUrl))
      const again = path.join(folder, 'again.tar.gz')
      expect(await backup(url.href, again, { filesDir })).toMatchObject({ tables: expect.any(Number) })
    } finally {
      await target.drop()
      await query(source.ownerUrl, `drop role ${role}`)
    }
  })

  test('a backup of an older version comes up to date; one of a newer version is refused', async () => {
    const source = await makeSource()
    await backup(source.ownerUrl, file, { filesDir })
    await fs.writeFile(
      path.join(directory, '0002_later.sql'),
      'alter table left_side add column added text not null default $$later$$; create table later (id int);',
    )
    for (const options of [{ empty: true }, { migrated: true }]) {
      const target = await makeDatabase({ empty: true })
      if (options.migrated) await migrate(target.ownerUrl, { directory })
      const answer = await restore(target.ownerUrl, file, { filesDir: restoredFiles, directory })
      expect(isRefusal(answer)).toBe(false)
      expect(await query(target.ownerUrl, 'select id, added from left_side')).toEqual([
        { id: 1, added: 'later' },
      ])
      expect(await query(target.ownerUrl, 'select count(*)::int as n from later')).toEqual([{ n: 0 }])
    }

    await migrate(source.ownerUrl, { directory })
    const newer = path.join(folder, 'newer.tar.gz')
    await backup(source.ownerUrl, newer, { filesDir })
    await fs.rm(path.join(directory, '0002_later.sql'))
    const target = await makeDatabase({ empty: true })
    expect(await restore(target.ownerUrl, newer, { filesDir: restoredFiles, directory })).toMatchObject({
      code: 'backup_newer',
      params: { migration: '0002_later.sql' },
    })
    expect(await query(target.ownerUrl, "select to_regclass('left_side') as left_side")).toEqual([
      { left_side: null },
    ])
  })

  test("somebody else's tables are never touched, forced or not", async () => {
    const source = await makeSource()
    await backup(source.ownerUrl, file, { filesDir })
    const target = await makeDatabase({ empty: true })
    await query(target.ownerUrl, 'create table theirs (id int)')
    const answer = await restore(target.ownerUrl, file, { filesDir: restoredFiles, directory, force: true })
    expect(answer).toMatchObject({ code: 'database_not_empty', params: { table: 'theirs' } })
    await query(target.ownerUrl, 'select from theirs')
  })

  test('a load that fails midway leaves database and files as they were', async () => {
    const source = await makeSource()
    await query(source.ownerUrl, 'alter table counted add check (hits < 100); update counted set hits = 50')
    await fs.mkdir(filesDir)
    await fs.writeFile(path.join(filesDir, 'new'), 'new')
    await backup(source.ownerUrl, file, { filesDir })
    const target = await makeSource()
    await query(target.ownerUrl, 'alter table counted add check (hits < 20)')
    await fs.mkdir(restoredFiles)
    await fs.writeFile(path.join(restoredFiles, 'old'), 'old')
    const before = await fingerprint(target.ownerUrl)
    const had = await rules(target.ownerUrl)
    await expect(
      restore(target.ownerUrl, file, { filesDir: restoredFiles, directory, force: true }),
    ).rejects.toMatchObject({ code: '23514' })
    expect(await fingerprint(target.ownerUrl)).toEqual(before)
    expect(await rules(target.ownerUrl)).toEqual(had)
    expect(await readFolder(restoredFiles)).toEqual({ old: 'old' })
  })
})

// Parts -----------------------------------------------------------------------------------------------------

async function makeDatabase(options: { empty?: boolean } = {}): Promise<TestDatabase> {
  const database = await createTestDatabase(options)
  databases.push(database)
  return database
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const result = (await client.query(sql)) as pg.QueryResult | pg.QueryResult[]
    return (Array.isArray(result) ? result.at(-1) : result)?.rows ?? []
  } finally {
    await client.end()
  }
}

const id = (n: number): string => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`

/** Two accounts with a service, an invoice, a payment and all that hangs on them: rows in almost every table. */
async function fillRealSchema(url: string, name = 'Padaria Pão & Companhia'): Promise<void> {
  const [unit, logo, staff, customer, account, other] = [1, 2, 3, 4, 5, 6].map(id)
  const [product, plan, option, point, subscription, component] = [10, 11, 12, 13, 14, 15].map(id)
  const [closing, invoice, line, receipt, notice, payment, posting, imported] = [
    20, 21, 22, 23, 24, 25, 26, 27,
  ].map(id)
  await query(
    url,
    `begin;
     insert into files (id, purpose, name, media_type, size, sha256) values ('${logo}', 'logo', 'logo.png', 'image/png', 300000, '\\x5c00ff');
     insert into business_units (id, slug, name, legal_name, country, currency, time_zone, language, closing_day, logo_file_id, payment_methods)
       values ('${unit}', 'rede-clara', 'Rede Clara', 'Rede Clara Telecomunicações Ltda.', 'BR', 'BRL', 'America/Sao_Paulo', 'pt-BR', 31, '${logo}', '{pix,boleto}');
     update files set business_unit_id = '${unit}' where id = '${logo}';
     insert into users (id, side, email, name, language, password_hash) values
       ('${staff}', 'staff', 'marta@redeclara.example', 'Marta Ávila', 'pt-BR', '$argon2id$x'),
       ('${customer}', 'customer', 'joao@padaria.example', 'João Conceição', 'pt-BR', null);
     insert into staff (user_id, role, all_units) values ('${staff}', 'finance', false);
     insert into staff_units values ('${staff}', '${unit}');
     insert into accounts (id, business_unit_id, external_id, name, kind, language, email, notes) values
       ('${account}', '${unit}', 'A-1', '${name}', 'company', 'pt-BR', 'joao@padaria.example', E'first\\tline\\n\\\\N second \\\\. third'),
       ('${other}', '${unit}', null, 'Ana Muñoz', 'person', 'es', null, '');
     insert into contacts (account_id, first_name, last_name, topics, user_id) values ('${account}', 'João', null, '{billing}', '${customer}');
     insert into memberships (user_id, account_id, permissions) values ('${customer}', '${account}', '{owner,billing}') on conflict do nothing;
     insert into sessions (token_hash, user_id, account_id, expires_at, ip) values ('\\x01', '${customer}', '${account}', now() + '1 day', '2001:db8::1');
     insert into user_tokens (kind, token_hash, user_id, expires_at) values ('password', '\\x02', '${customer}', now());
     insert into products (id, business_unit_id, name) values ('${product}', '${unit}', 'Internet');
     insert into plans (id, business_unit_id, product_id, name, kind) values ('${plan}', '${unit}', '${product}', 'Fibra 300', 'broadband');
     insert into prices (plan_id, currency, amount) values ('${plan}', 'BRL', 11990);
     insert into plan_options (id, plan_id, name) values ('${option}', '${plan}', 'IP fixo');
     insert into plan_items (plan_id, item, included, maximum) values ('${plan}', 'login', 1, 3);
     insert into routing_points (id, business_unit_id, name) values ('${point}', '${unit}', 'Lapa 2');
     insert into number_series (business_unit_id, series, next) values ('${unit}', 'invoice:Z', 42);
     insert into subscriptions (id, business_unit_id, account_id, number, contract_number, plan_id, routing_point_id, status, start_date, billing_start, billing_mode, currency, payment_method, due_day)
       values ('${subscription}', '${unit}', '${account}', 1, 1001, '${plan}', '${point}', 'active', '2026-05-21', '2026-05-21', 'arrears', 'BRL', 'pix', 10);
     insert into subscription_components (id, subscription_id, account_id, plan_id, role, description, unit_amount, from_date)
       values ('${component}', '${subscription}', '${account}', '${plan}', 'plan', 'Fibra 300', 11990, '2026-05-21');
     insert into subscription_suspensions (subscription_id, account_id, administrative, period) values ('${subscription}', '${account}', true, '[2026-06-01,)');
     insert into closings (id, business_unit_id, up_to, currency) values ('${closing}', '${unit}', '2026-05-31', 'BRL');
     insert into closing_accounts (closing_id, account_id, business_unit_id, state, fingerprint) values ('${closing}', '${account}', '${unit}', 'invoiced', '\\x03');
     insert into invoices (id, business_unit_id, account_id, closing_id, series, number, issue_date, due_date, currency, language, payment_method, gross, discount, total, customer, issuer)
       values ('${invoice}', '${unit}', '${account}', '${closing}', 'A', 7, '2026-05-31', '2026-06-10', 'BRL', 'pt-BR', 'pix', 3868, 0, 3868, '{"name": "${name}"}', '{}');
     insert into invoice_lines (id, invoice_id, account_id, position, subscription_id, component_id, role, description, period, days, of_days, whole_period, unit_amount, quantity, gross, discount, net, rule)
       values ('${line}', '${invoice}', '${account}', 1, '${subscription}', '${component}', 'plan', 'Fibra 300', '[2026-05-21,2026-06-01)', 10, 31, '[2026-05-01,2026-06-01)', 11990, 1, 3868, 0, 3868, 'proration');
     insert into billed_coverage (component_id, account_id, period, invoice_line_id, closing_id) values ('${component}', '${account}', '[2026-05-21,2026-06-01)', '${line}', '${closing}');
     insert into files (id, account_id, business_unit_id, purpose, name, media_type, size, sha256) values ('${receipt}', '${account}', '${unit}', 'receipt', 'recibo.pdf', 'application/pdf', 9, '\\x');
     insert into payment_notices (id, business_unit_id, account_id, amount, currency, method, paid_on, receipt_file_id, note) values ('${notice}', '${unit}', '${account}', 3868, 'BRL', 'pix', '2026-06-02', '${receipt}', 'já paguei 🙂');
     insert into payment_notice_invoices values ('${notice}', '${invoice}', '${account}');
     insert into payments (id, business_unit_id, account_id, amount, currency, method, received_on) values ('${payment}', '${unit}', '${account}', 3868, 'BRL', 'pix', '2026-06-03');
     insert into ledger_entries (posting_id, kind, business_unit_id, account_id, ledger_account, amount, currency, on_date, invoice_id) values
       ('${posting}', 'invoice', '${unit}', '${account}', 'receivable', 3868, 'BRL', '2026-05-31', '${invoice}'),
       ('${posting}', 'invoice', '${unit}', '${account}', 'revenue', -3868, 'BRL', '2026-05-31', '${invoice}');
     insert into notices (kind, business_unit_id, account_id, to_email, language, subject, html) values ('invoice_issued', '${unit}', '${account}', 'joao@padaria.example', 'pt-BR', 'Sua fatura', '<p>Olá</p>');
     insert into imports (id, business_unit_id, kind, file_name, mapping, as_of) values ('${imported}', '${unit}', 'accounts', 'clientes.csv', '{"name": "Nome"}', '2026-05-01');
     insert into import_rejects (import_id, business_unit_id, row_number, code, record) values ('${imported}', '${unit}', 3, 'missing', '{"Nome": null}');
     insert into idempotency_keys (actor_id, key, operation, fingerprint) values ('${customer}', 'k', 'notify', '\\x04');
     select take_rate('sign-in', 5, 60);
     select enqueue_job('notices:send', '{"notice": 1}', 'a key', 'a queue');
     commit`,
  )
}

/** Of every table the number of its rows and a hash of all of them in order; of every sequence where it stands. */
async function fingerprint(url: string): Promise<Record<string, unknown>> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query("set timezone = 'UTC'")
    const { rows: relations } = await client.query(
      `select c.relkind as kind, quote_ident(n.nspname) || '.' || quote_ident(c.relname) as name
         from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'S') and n.nspname in ('public', 'graphile_worker') and c.relname <> 'migrations'
        order by 2`,
    )
    const found: Record<string, unknown> = {}
    for (const { kind, name } of relations) {
      const { rows } = await client.query(
        kind === 'S'
          ? `select last_value, is_called from ${name}`
          : `select count(*)::int as rows, md5(string_agg(t::text, E'\\n' order by t::text collate "C")) as hash from ${name} t`,
      )
      found[name] = rows[0]
    }
    return found
  } finally {
    await client.end()
  }
}

/** Every constraint and trigger and whether it is on. */
async function rules(url: string): Promise<Record<string, unknown>[]> {
  return await query(
    url,
    `select conrelid::regclass::text as owner, conname::text as name, pg_get_constraintdef(oid) as rule, convalidated::text as mode
       from pg_constraint where connamespace = 'public'::regnamespace and conrelid <> 0
      union all
     select tgrelid::regclass::text, tgname::text, pg_get_triggerdef(oid), tgenabled::text
       from pg_trigger where not tgisinternal
      order by 1, 2, 3`,
  )
}

async function writeFiles(): Promise<void> {
  const long = 'a'.repeat(120)
  await fs.mkdir(path.join(filesDir, 'ab'), { recursive: true })
  await fs.mkdir(path.join(filesDir, 'incoming'))
  await fs.writeFile(path.join(filesDir, 'incoming/draft'), 'half an upload')
  await fs.writeFile(path.join(filesDir, 'ab/receipt'), 'a receipt')
  await fs.writeFile(path.join(filesDir, 'ab/empty'), '')
  await fs.writeFile(path.join(filesDir, `ab/${long}`), 'a long name')
  await fs.writeFile(
    path.join(filesDir, 'logo.png'),
    Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 251)),
  )
}

async function readFolder(root: string, without: string[] = []): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const entry of await fs.readdir(root, { recursive: true, withFileTypes: true })) {
    const name = path.relative(root, path.join(entry.parentPath, entry.name))
    if (!entry.isFile() || without.includes(name.split(path.sep)[0] ?? '')) continue
    const bytes = await fs.readFile(path.join(root, name))
    found[name] = bytes.length < 100 ? bytes.toString() : createHash('sha256').update(bytes).digest('hex')
  }
  return found
}
