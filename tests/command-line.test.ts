import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from './database.ts'
import { enter, killPrograms, type Run, runProgram, startProgram } from './processes.ts'

let folder: string
let database: TestDatabase
let env: Record<string, string>

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zaguan-command-'))
  await chmod(folder, 0o755)
  database = await createTestDatabase({ empty: true })
  env = { DATABASE_URL: database.ownerUrl, DATA_DIR: join(folder, 'data') }
})
afterEach(killPrograms)
afterAll(async () => {
  await database.drop()
  await rm(folder, { recursive: true, force: true })
})

const run = (...args: string[]) => runProgram(args, env)
/** Runs with --json: one line of JSON, and nothing else, on standard output. */
async function ask(...args: string[]) {
  const ended = await run(...args, '--json')
  const lines = ended.stdout.trim().split('\n')
  expect(lines.length, ended.stdout + ended.stderr).toBe(1)
  return { exit: ended.code, ...JSON.parse(lines[0] || '{}') } as Record<string, unknown>
}
async function query(text: string, values: unknown[] = []) {
  const client = new pg.Client({ connectionString: database.ownerUrl })
  await client.connect()
  try {
    return (await client.query(text, values)).rows
  } finally {
    await client.end()
  }
}
const file = async (name: string, content: string) => {
  await writeFile(join(folder, name), content)
  return join(folder, name)
}

describe('how it is called', () => {
  it('lists its commands and its exit codes', async () => {
    const help = await run('help')
    expect([help.code, help.stderr]).toEqual([0, ''])
    for (const name of [
      'serve',
      'worker',
      'demo',
      'migrate',
      'import',
      'close',
      'backup',
      'restore',
      'first-admin',
    ])
      expect(help.stdout).toMatch(new RegExp(`^ {2}${name}\\b`, 'm'))
    expect(help.stdout).toContain('Exit codes: 0 done, 1 failed, 2 called wrongly, 3 refused')
    const one = await run('close', '--help')
    expect([one.code, one.stderr]).toEqual([0, ''])
    expect(one.stdout).toContain('close --business-unit SLUG --up-to DATE [--preview] [--json]')
  })

  it.each<[string[], RegExp]>([
    [['no-such-command'], /There is no command "no-such-command".*Usage:/s],
    [['migrate', '--no-such-option'], /no-such-option.*Usage:/s],
    [['backup'], /Usage: npm run zaguan -- backup FILE/],
    [['restore', 'one', 'two'], /Usage: npm run zaguan -- restore FILE/],
    [['import', 'invoices', 'x.csv'], /What to import is one of accounts, contacts, services/],
    [['import', 'accounts', 'x.csv'], /--mapping FILE/],
    [
      ['import', 'accounts', 'x.csv', '--business-unit', 'acme', '--mapping', 'no-such-file.json'],
      /no-such-file\.json cannot be read as JSON/,
    ],
    [['close', '--up-to', '2026-05-31'], /--business-unit SLUG/],
    [['close', '--business-unit', 'acme'], /--up-to DATE/],
    [['close', '--business-unit', 'acme', '--up-to', '31/05/2026'], /--up-to is a date such as 2026-05-31/],
  ])('is told how, and nothing is done: %j', async (args, expected) => {
    const ended = await run(...args)
    expect([ended.code, ended.stdout]).toEqual([2, ''])
    expect(ended.stderr).toMatch(expected)
    expect(ended.stderr).not.toMatch(/^\s+at /m)
  })

  it('says how it is called when nothing is asked of it', async () => {
    const ended = await run()
    expect([ended.code, ended.stdout.slice(0, 5)]).toEqual([2, 'Usage'])
  })
})

describe('the main job', { timeout: 180_000 }, () => {
  const close = ['close', '--business-unit', 'acme', '--up-to', '2026-05-31']
  const csv = [
    'id,name,email,plan,price',
    ...Array.from({ length: 40 }, (_, n) => `C-${n},Customer ${n},c${n}@customer.example,Fibra 500,99.90`),
    'C-bad,Customer,not an e-mail,Fibra 500,99.90',
    '',
  ].join('\n')
  const mapping = JSON.stringify({
    fields: {
      'account.external_id': { column: 'id' },
      'account.name': { column: 'name' },
      'account.email': { column: 'email' },
      'plan.name': { column: 'plan' },
      price: { column: 'price' },
      start: { constant: '2026-01-01' },
    },
  })

  it('migrates an empty database, once', async () => {
    const first = await ask('migrate')
    expect(first).toMatchObject({ exit: 0, applied: expect.arrayContaining(['0001_platform.sql']) })
    expect(await ask('migrate')).toEqual({ exit: 0, applied: [] })
    expect((await run('migrate')).stdout).toBe('The database is up to date.\n')
  })

  it('prints a new link for the first administrator', async () => {
    expect(await ask('first-admin')).toMatchObject({
      exit: 0,
      first_admin_link: expect.stringMatching(/^http:\/\/localhost:3000\/office\/first-admin\?token=.{20,}/),
    })
  })

  it('imports a file, says what it left out, and changes nothing when repeated', async () => {
    await query(`insert into business_units (slug, name, legal_name, country, currency, time_zone, language, closing_day)
      values ('acme', 'Acme', 'Acme Ltda.', 'BR', 'BRL', 'America/Sao_Paulo', 'pt-BR', 31)`)
    const args = ['--mapping', await file('mapping.json', mapping), '--as-of', '2026-04-30']
    const bring = (unit: string, ...more: string[]) => [
      'import',
      'services',
      join(folder, 'customers.csv'),
      ...args,
      '--business-unit',
      unit,
      ...more,
    ]
    expect(await ask(...bring('acme'))).toMatchObject({ exit: 3, code: 'import_file_missing' })
    await file('customers.csv', csv)
    expect(await ask(...bring('nowhere'))).toMatchObject({
      exit: 3,
      errors: [{ path: 'business_unit', code: 'not_a_choice' }],
    })
    const counts = { rows_total: 41, rejected: 1, updated: 0 }
    expect(await ask(...bring('acme', '--preview'))).toMatchObject({ exit: 4, ...counts, created: 40 })
    expect(await query('select count(*)::int as n from accounts')).toEqual([{ n: 0 }])
    expect(await ask(...bring('acme'))).toMatchObject({ exit: 4, ...counts, created: 40, unchanged: 0 })
    const again = await run(...bring('acme'))
    expect(again.code).toBe(4)
    expect(again.stdout).toMatch(
      /^Imported 41 rows: 0 created, 0 updated, 40 unchanged, 1 rejected\.\nThe rejected rows and why: http:\/\/localhost:3000\/office\/imports\/[\w-]+\n$/,
    )
    expect(await query('select count(*)::int as n from subscriptions')).toEqual([{ n: 40 }])
  })

  it('previews a closing, closes, and finds nothing more', async () => {
    const billed = { accounts: 40, invoices: 40, total: 399_600, currency: 'BRL', parked: 0 }
    const count = () =>
      query('select (select count(*) from invoices)::int as i, (select count(*) from closings)::int as c')
    expect(await ask(...close, '--preview')).toMatchObject({
      exit: 0,
      preview: true,
      closing_id: null,
      ...billed,
    })
    expect((await run(...close, '--preview')).stdout).toBe(
      'Would bill acme up to 2026-05-31: 40 invoices, 3996.00 BRL in all, of 40 accounts.\n',
    )
    expect(await count()).toEqual([{ i: 0, c: 0 }])
    expect(await ask(...close)).toMatchObject({
      exit: 0,
      business_unit: 'acme',
      up_to: '2026-05-31',
      outcome: 'done',
      preview: false,
      closing_id: expect.stringMatching(/^[\w-]{36}$/),
      ...billed,
    })
    expect(await count()).toEqual([{ i: 40, c: 1 }])
    const again = await run(...close)
    expect([again.code, again.stdout]).toEqual([0, 'Nothing of acme is due up to 2026-05-31.\n'])
    expect(await count()).toEqual([{ i: 40, c: 1 }])
  })

  it('says which accounts it could not bill, and refuses a date too far ahead', async () => {
    await query(`update subscriptions set currency = 'USD' where external_id = 'C-7'`)
    const june = ['close', '--business-unit', 'acme', '--up-to', '2026-06-30']
    const preview = await run(...june, '--preview')
    expect([preview.code, preview.stdout]).toEqual([
      4,
      'Would bill acme up to 2026-06-30: 39 invoices, 3896.10 BRL in all, of 40 accounts.\n1 account cannot be billed as it stands.\n',
    ])
    const closed = await run(...june)
    expect(closed.code).toBe(4)
    expect(closed.stdout).toMatch(
      /^Billed acme up to 2026-06-30: 39 invoices, 3896\.10 BRL .*\n1 account cannot .*: http:\/\/localhost:3000\/office\/closings\/[\w-]+\.\n$/,
    )
    for (const more of [[], ['--preview']]) {
      expect(await ask('close', '--business-unit', 'acme', '--up-to', '2999-01-31', ...more)).toMatchObject({
        exit: 3,
        errors: [{ path: 'up_to', code: 'too_far_ahead' }],
      })
    }
    const words = await run('close', '--business-unit', 'nowhere', '--up-to', '2026-06-30')
    expect([words.code, words.stdout]).toEqual([3, ''])
    expect(words.stderr).toMatch(/\n {2}business_unit: /)
  })

  it('backs everything up and restores it elsewhere, whole', async () => {
    await mkdir(join(env.DATA_DIR!, 'files'), { recursive: true })
    const archive = join(folder, 'zaguan.backup')
    const made = await ask('backup', archive)
    expect(made).toMatchObject({ exit: 0, file: archive })
    expect([Number(made.rows) > 300, made.files]).toEqual([true, 3])
    expect(await ask('backup', archive)).toMatchObject({
      exit: 3,
      code: 'backup_target_exists',
      detail: expect.stringContaining(archive),
    })

    // There, it runs its own PostgreSQL.
    const elsewhere = { DATA_DIR: join(folder, 'elsewhere') }
    const there = (...args: string[]) => runProgram([...args, '--json'], elsewhere)
    const read = ({ code, stdout, stderr }: Run) => ({
      exit: code,
      ...JSON.parse(stdout || JSON.stringify({ stderr })),
    })
    const restored = read(await there('restore', archive))
    expect(restored).toMatchObject({ exit: 0, rows: made.rows, tables: made.tables, files: made.files })

    const refused = read(await there('restore', archive))
    expect(refused).toMatchObject({ exit: 3, code: 'files_not_empty' })
    const filled = { DATABASE_URL: database.ownerUrl, DATA_DIR: join(folder, 'no-files') }
    expect(read(await runProgram(['restore', archive, '--json'], filled))).toMatchObject({
      exit: 3,
      code: 'database_not_empty',
    })
    const gone = read(await there('restore', join(folder, 'no-such-archive')))
    expect(gone).toMatchObject({ exit: 3, code: 'backup_not_found' })

    const again = join(folder, 'again.backup')
    expect(read(await there('backup', again))).toMatchObject({ exit: 0, rows: made.rows, files: made.files })
    expect(read(await there(...close))).toMatchObject({ exit: 0, accounts: 0, invoices: 0 })

    const forced = read(await there('restore', archive, '--force'))
    expect(forced).toMatchObject({ exit: 0, rows: made.rows })
  })

  it('prints no link any more once there is staff', async () => {
    await enter(await startProgram(['serve'], env))
    expect(await ask('first-admin')).toEqual({ exit: 3, first_admin_link: null })
  })
})
