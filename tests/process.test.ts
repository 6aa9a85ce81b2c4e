import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliDecompressSync } from 'node:zlib'
import { sql } from 'kysely'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { closeUnit } from '../server/modules/billing/index.ts'
import { openPool, transactAsSystem } from '../server/platform/database.ts'
import { demand } from '../server/platform/jobs.ts'
import { checkBooks, readCharges, seedUnit } from './closing/seed.ts'
import { createTestDatabase, type TestDatabase } from './database.ts'
import {
  cookieOf,
  enter,
  firstAdmin,
  killPrograms,
  type Program,
  runProgram,
  send,
  startProgram,
  until,
} from './processes.ts'

const root = join(import.meta.dirname, '..')
let folder: string

beforeAll(async () => {
  for (const app of ['portal', 'office']) {
    if (existsSync(join(root, 'dist', app, 'index.html'))) continue
    spawnSync(process.execPath, ['scripts/build.ts'], { cwd: root, stdio: 'inherit' })
  }
})
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zaguan-process-'))
  await chmod(folder, 0o755)
})
afterEach(async () => {
  await killPrograms()
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
})

const clean = { code: 0, signal: null }

async function withDatabase(
  options: { empty?: boolean },
  work: (database: TestDatabase, env: Record<string, string>) => Promise<void>,
): Promise<void> {
  const database = await createTestDatabase(options)
  try {
    await work(database, { DATABASE_URL: database.ownerUrl, DATA_DIR: join(folder, 'data') })
  } finally {
    await killPrograms()
    await database.drop()
  }
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

describe('one process', { timeout: 180_000 }, () => {
  let database: TestDatabase
  let program: Program
  let dataDir: string

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'zaguan-process-'))
    database = await createTestDatabase()
  })
  // Every test ends what it started: each has its own process on the same database.
  beforeEach(async () => {
    program = await startProgram(['serve'], {
      DATABASE_URL: database.ownerUrl,
      DATA_DIR: dataDir,
      LOG_LEVEL: 'trace',
    })
  })
  afterAll(async () => {
    await database.drop()
    await rm(dataDir, { recursive: true, force: true })
  })

  it('prints a link that makes the first administrator, once', async () => {
    const link = new URL(program.first_admin_link!)
    expect(link.pathname).toBe('/office/first-admin')
    const cookie = await enter(program)
    expect(cookie).toMatch(/^zaguan_office=.+/)
    const session = await send(`${program.address}/api/v1/office/session`, { headers: { cookie } })
    expect(JSON.parse(session.text)).toMatchObject({ email: firstAdmin.email, role: 'admin' })
    const again = await send(`${program.address}/api/v1/office/first-admin`, {
      body: { token: link.searchParams.get('token'), ...firstAdmin, email: 'second@operator.example' },
    })
    expect([again.status, JSON.parse(again.text).code]).toEqual([410, 'link_invalid'])
    expect(await program.end()).toEqual(clean)
    const next = await startProgram(['serve'], { DATABASE_URL: database.ownerUrl, DATA_DIR: dataDir })
    expect(next.first_admin_link).toBeNull()
  })

  it('says that it lives, that it is ready, and what it did', async () => {
    for (const [path, status] of [
      ['live', 'live'],
      ['ready', 'ready'],
    ]) {
      const answer = await send(`${program.address}/health/${path}`)
      expect([answer.status, JSON.parse(answer.text)]).toEqual([200, { status }])
    }
    const metrics = await send(`${program.address}/metrics`)
    expect(metrics.status).toBe(200)
    expect(metrics.headers['content-type']).toContain('text/plain')
    expect(metrics.text).toMatch(
      /^zaguan_http_request_seconds_count\{method="GET",route="\/health\/ready",status="200"\} 1$/m,
    )
    expect(metrics.text).toMatch(/^zaguan_jobs_waiting \d+$/m)
    expect(metrics.text).toMatch(/^zaguan_process_cpu_seconds_total [\d.]+$/m)
    for (const line of metrics.text.split('\n'))
      expect(line).toMatch(/^(#.*|[a-z_][a-z0-9_]*(\{.*\})? (-?[\d.e+-]+|NaN|\+Inf)|)$/)
  })

  it('answers the requests under way before it ends on SIGTERM', async () => {
    const signedIn = await send(`${program.address}/api/v1/office/session`, {
      body: { email: firstAdmin.email, password: firstAdmin.password },
    })
    const headers = { cookie: cookieOf(signedIn) }
    await withClient(database.ownerUrl, async (client) => {
      await client.query('begin')
      await client.query('lock table users in access exclusive mode')
      const waiting = Array.from({ length: 5 }, () =>
        send(`${program.address}/api/v1/office/session`, { headers }),
      )
      await until('five requests wait for the lock', 10, async () => {
        const { rows } = await client.query(
          `select count(*)::int as n from pg_locks where relation = 'users'::regclass and not granted`,
        )
        return rows[0].n >= 5
      })
      const began = performance.now()
      program.child.kill('SIGTERM')
      await until('nobody is let in any more', 5, () =>
        send(`${program.address}/health/live`).then(
          ({ status }) => status === 503,
          () => true,
        ),
      )
      expect(program.child.exitCode).toBeNull()
      await client.query('rollback')
      const answers = await Promise.all(waiting)
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
      expect(await program.ended).toEqual(clean)
      expect(performance.now() - began).toBeLessThan(10_000)
    })
  })

  it('is ended by the signal that npm gets, and npm waits for it', async () => {
    const env = { DATABASE_URL: database.ownerUrl, DATA_DIR: dataDir }
    const run = await startProgram(['serve'], env, ['npm', 'run', '--silent', 'zaguan', '--'])
    expect((await send(`${run.address}/health/ready`)).status).toBe(200)
    expect(await run.end()).toEqual(clean)
    await expect(send(`${run.address}/health/live`)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  it('gives each page a nonce of its own, and tells pages, files and the API apart', async () => {
    for (const path of ['/', '/office/', '/invoices/some-page', '/office/accounts/some-page']) {
      const [first, second] = await Promise.all([
        send(`${program.address}${path}`),
        send(`${program.address}${path}`),
      ])
      const [one, two] = [first, second].map((answer) => {
        expect([path, answer.status, answer.headers['content-type']]).toEqual([
          path,
          200,
          'text/html; charset=utf-8',
        ])
        expect(answer.headers['cache-control']).toBe('no-cache')
        const policy = /style-src 'self' 'nonce-([^']+)'/.exec(
          String(answer.headers['content-security-policy']),
        )
        const meta = /<meta name="csp-nonce" content="([^"]+)"/.exec(answer.text)
        expect(meta?.[1]).toBe(policy?.[1])
        expect(answer.headers['content-security-policy']).not.toContain('unsafe')
        expect(answer.text).not.toContain('__CSP_NONCE__')
        return meta![1]!
      })
      expect(one!.length).toBeGreaterThan(20)
      expect(one).not.toBe(two)
    }
    const [portal, office] = await Promise.all([
      send(`${program.address}/some-page`),
      send(`${program.address}/office/some-page`),
    ])
    expect(portal.text).toContain('"/assets/')
    expect(office.text).toContain('"/office/assets/')
    for (const path of [
      '/api/v1/no-such-thing',
      '/api/nothing',
      '/no-such-file.js',
      '/office/assets/gone.js',
    ]) {
      const answer = await send(`${program.address}${path}`)
      expect([path, answer.status, answer.headers['content-type']]).toEqual([
        path,
        404,
        expect.stringContaining('application/problem+json'),
      ])
      expect(JSON.parse(answer.text)).toMatchObject({ status: 404, code: 'not_found' })
    }
  })

  it('sends assets compressed to whoever takes it, for good', async () => {
    for (const [app, prefix] of [
      ['portal', '/'],
      ['office', '/office/'],
    ] as const) {
      const names = await readdir(join(root, 'dist', app, 'assets'))
      const name = names.find((one) => one.endsWith('.js') && names.includes(`${one}.br`))!
      const url = `${program.address}${prefix}assets/${name}`
      const plain = await send(url)
      expect([plain.status, plain.headers['content-encoding']]).toEqual([200, undefined])
      const compressed = await send(url, { headers: { 'accept-encoding': 'gzip, deflate, br' } })
      expect([compressed.status, compressed.headers['content-encoding']]).toEqual([200, 'br'])
      expect(compressed.headers['content-type']).toContain('javascript')
      expect(brotliDecompressSync(compressed.bytes).equals(plain.bytes)).toBe(true)
      for (const answer of [plain, compressed]) {
        expect(answer.headers['cache-control']).toBe('public, max-age=31536000, immutable')
        expect(answer.headers['x-content-type-options']).toBe('nosniff')
        expect(answer.headers.vary).toMatch(/accept-encoding/i)
      }
    }
  })

  it('never logs a password, a session or a link', async () => {
    const { password } = firstAdmin
    const signedIn = await send(`${program.address}/api/v1/office/session`, {
      body: { email: firstAdmin.email, password },
    })
    expect(signedIn.status).toBe(200)
    const cookie = cookieOf(signedIn)
    expect((await send(`${program.address}/api/v1/office/staff`, { headers: { cookie } })).status).toBe(200)
    await send(`${program.address}/api/v1/office/password-requests`, { body: { email: firstAdmin.email } })
    const mail = await until('the mail with the link', 20, async () => {
      const list = await send(`${program.address}/api/v1/office/notices`, { headers: { cookie } })
      return JSON.parse(list.text).items[0] as { id: string } | undefined
    })
    const letter = await withClient(database.ownerUrl, async (client) => {
      const { rows } = await client.query('select text_body from notices where id = $1', [mail.id])
      return String(rows[0].text_body)
    })
    const token = new URL(/http\S+token=\S+/.exec(letter)![0]).searchParams.get('token')!
    await send(`${program.address}/office/password?token=${token}`)
    const link = await send(`${program.address}/api/v1/office/password-link?token=${token}`)
    expect([link.status, JSON.parse(link.text).email]).toEqual([200, firstAdmin.email])
    const chosen = 'a new and long one'
    const changed = await send(`${program.address}/api/v1/office/password`, {
      body: { token, password: chosen },
    })
    expect(changed.status).toBe(200)
    const wrong = 'not the password at all'
    await send(`${program.address}/api/v1/office/session`, {
      body: { email: firstAdmin.email, password: wrong },
    })
    await send(`${program.address}/api/v1/office/session?password=${encodeURIComponent(wrong)}`, {
      headers: { cookie: cookieOf(changed), authorization: `Bearer ${token}` },
    })
    expect(await program.end()).toEqual(clean)
    const log = program.log()
    expect(log).toContain('/api/v1/office/password-link')
    for (const secret of [
      password,
      chosen,
      wrong,
      encodeURIComponent(wrong),
      token,
      cookie.split('=')[1]!,
      cookieOf(changed).split('=')[1]!,
      new URL(database.ownerUrl).password,
      new URL(database.officeUrl).password,
    ]) {
      expect(log.includes(secret), `the log holds ${secret}`).toBe(false)
    }
  })
})

describe('several processes', { timeout: 180_000 }, () => {
  it('start at once on an empty database, one for the web and one for the jobs', () =>
    withDatabase({ empty: true }, async (_database, env) => {
      const [web, worker] = await Promise.all([
        startProgram(['serve', '--role', 'web'], env),
        startProgram(['worker'], env),
      ])
      expect(worker.address).toBe('')
      const cookie = await enter(web)
      await send(`${web.address}/api/v1/office/password-requests`, { body: { email: firstAdmin.email } })
      await until('the worker does what the web asked for', 20, async () => {
        const list = await send(`${web.address}/api/v1/office/notices`, { headers: { cookie } })
        return JSON.parse(list.text).items.length === 1
      })
      expect(await Promise.all([web.end(), worker.end()])).toEqual([clean, clean])
    }))

  it('start at once on an empty database, both for everything', () =>
    withDatabase({ empty: true }, async (_database, env) => {
      const [one, other] = await Promise.all([startProgram(['serve'], env), startProgram(['serve'], env)])
      const cookie = await enter(one)
      for (const { address } of [one, other]) {
        const session = await send(`${address}/api/v1/office/session`, { headers: { cookie } })
        expect(JSON.parse(session.text).email).toBe(firstAdmin.email)
      }
      expect(await one.end()).toEqual(clean)
      expect((await send(`${other.address}/health/ready`)).status).toBe(200)
      expect(await other.end()).toEqual(clean)
    }))

  it('take over what a killed one was at, and end it exactly right', () =>
    withDatabase({}, async (database, env) => {
      const accounts = 1000
      const upTo = '2026-06-30'
      const pool = openPool(database.officeUrl, 4)
      const system = <T>(work: Parameters<typeof transactAsSystem<T>>[2]) =>
        transactAsSystem(pool, { kind: 'system', way: 'command', operation: 'test' }, work)
      try {
        const unit = (await system((tx) => seedUnit(tx, accounts))).unit
        const twin = (await system((tx) => seedUnit(tx, accounts))).unit
        const web = await startProgram(['serve', '--role', 'web'], env)
        const cookie = await enter(web)
        const victim = await startProgram(['worker'], env)
        const closings = `${web.address}/api/v1/office/closings`
        const created = await send(closings, {
          headers: { cookie },
          body: { business_unit_id: unit, up_to: upTo },
        })
        expect(created.status).toBe(201)
        const { id } = JSON.parse(created.text)
        const read = async () => JSON.parse((await send(`${closings}/${id}`, { headers: { cookie } })).text)
        const states = () =>
          system(async (tx) => {
            const { rows } = await sql<{ done: number; left: number }>`
              select count(*) filter (where state = 'invoiced') as done, count(*) filter (where state = 'planned') as left
                from closing_accounts where closing_id = ${id}`.execute(tx)
            return rows[0]!
          })
        await until('the preview', 60, async () => (await read()).state === 'prepared')
        const asked = await send(`${closings}/${id}/run`, { method: 'POST', headers: { cookie } })
        expect(asked.status).toBe(202)
        await until('the first accounts are billed', 30, async () => (await states()).done > 0)
        expect(await victim.end('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' })
        const cut = await states()
        expect(cut.left).toBeGreaterThan(0)
        expect((await read()).state).toBe('running')

        const next = await startProgram(['worker'], env)
        await until('it goes on within seconds', 15, async () => (await states()).done > cut.done)
        await until('the closing is done', 60, async () => (await read()).state === 'done')
        expect(await next.end()).toEqual(clean)

        demand(
          await closeUnit(pool, {
            business_unit_id: twin,
            up_to: Temporal.PlainDate.from(upTo),
            now: () => Temporal.Now.instant(),
          }),
        )
        expect(await system((tx) => readCharges(tx, unit))).toEqual(
          await system((tx) => readCharges(tx, twin)),
        )
        expect(await system((tx) => checkBooks(tx, unit))).toEqual(await system((tx) => checkBooks(tx, twin)))
      } finally {
        await pool.end()
      }
    }))
})

describe('its own PostgreSQL', { timeout: 180_000 }, () => {
  it('is adopted after SIGKILL and stopped by SIGTERM', async () => {
    const env = { DATA_DIR: join(folder, 'data') }
    const readPid = async () =>
      Number((await readFile(join(env.DATA_DIR, 'postgres/postmaster.pid'), 'utf8')).split('\n')[0])
    const first = await startProgram(['serve'], env)
    let pid = 0
    try {
      const cookie = await enter(first)
      pid = await readPid()
      await first.end('SIGKILL')
      expect(isAlive(pid)).toBe(true)

      const second = await startProgram(['serve'], env)
      expect(await readPid()).toBe(pid)
      expect(second.first_admin_link).toBeNull()
      const session = await send(`${second.address}/api/v1/office/session`, { headers: { cookie } })
      expect(session.status).toBe(200)
      expect(await second.end()).toEqual(clean)
      expect(isAlive(pid)).toBe(false)
    } finally {
      if (pid > 0 && isAlive(pid)) {
        process.kill(pid, 'SIGQUIT')
        await until('PostgreSQL ends', 10, async () => !isAlive(pid))
      }
    }
  })
})

/** Alive and not merely waiting for a parent to collect it. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return process.platform !== 'linux' || readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== ''
  } catch {
    return false
  }
}

describe('a configuration that cannot be used', { timeout: 180_000 }, () => {
  it.each([
    [{ PORT: 'abc' }, 'PORT=abc: set it to a port number such as 3000'],
    [{ SMTP_URL: 'foo' }, 'SMTP_URL=…: set it to a URL such as smtps://'],
    [{ DATABASE_URL: 'mysql://root:secret@host/db' }, 'DATABASE_URL=…: set it to a URL such as postgres://'],
    [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL=loud: set it to one of fatal,'],
  ])('ends the start with what to set: %j', async (env, expected) => {
    const ended = await runProgram(['serve'], { DATA_DIR: join(folder, 'data'), ...(env as object) })
    expect([ended.code, ended.stdout]).toEqual([2, ''])
    expect(ended.stderr).toContain(expected)
    expect(ended.stderr).not.toMatch(/^\s+at |secret|node:/m)
    expect(existsSync(join(folder, 'data'))).toBe(false)
  })

  it('names each variable at fault, and the role', async () => {
    const both = await runProgram(['serve'], { PORT: '99999', DATABASE_POOL: '1' })
    expect(both.stderr).toMatch(/ {2}PORT=99999: [^\n]+\n {2}DATABASE_POOL=1: /)
    const role = await runProgram(['serve', '--role', 'everything'], {})
    expect([role.code, role.stderr]).toEqual([2, '--role is one of all, web, worker\n'])
  })
})
