import { type ChildProcess, spawn } from 'node:child_process'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.ts'

const quiet = { info() {}, warn() {} }
// As durable as in earnest, but without the memory that a production server takes.
const settings = { shared_buffers: '32MB', max_connections: '40' }

let root: string
let dataDir: string
let started: EmbeddedPostgres[]
let children: ChildProcess[]

beforeEach(async () => {
  root = await fs.mkdtemp(path.join(os.tmpdir(), 'zaguan-embedded-'))
  await fs.chmod(root, 0o755)
  dataDir = path.join(root, 'data')
  started = []
  children = []
})

afterEach(async () => {
  for (const child of children) child.kill('SIGKILL')
  for (const server of started) await server.stop().catch(() => {})
  const pid = await postmasterPid().catch(() => undefined)
  if (pid && isAlive(pid)) {
    process.kill(pid, 'SIGQUIT')
    await until(() => !isAlive(pid))
  }
  await fs.rm(root, { recursive: true, force: true, maxRetries: 5 })
})

test('makes a database that only this machine and only the password can enter', async () => {
  const server = await start()
  expect(server.adopted).toBe(false)
  const url = new URL(server.url)
  expect(url.hostname).toBe('127.0.0.1')
  expect(url.pathname).toBe('/zaguan')
  expect((await fs.stat(path.join(dataDir, 'postgres.password'))).mode & 0o777).toBe(0o600)

  const [facts] = await query(
    server.url,
    `select current_setting('server_encoding') as encoding, current_setting('listen_addresses') as listens,
       current_setting('unix_socket_directories') as sockets, current_setting('fsync') as fsync,
       current_setting('data_checksums') as checksums, current_setting('TimeZone') as zone, lower('ÁÇÑ') as folded,
       (select datlocprovider::text || ' ' || datlocale from pg_database where datname = current_database()) as locale`,
  )
  expect(facts).toEqual({
    encoding: 'UTF8',
    listens: '127.0.0.1',
    sockets: '',
    fsync: 'on',
    checksums: 'on',
    zone: 'UTC',
    folded: 'áçñ',
    locale: 'b C.UTF-8',
  })
  await query(
    server.url,
    'create extension btree_gist; create extension pg_trgm; create extension citext; create extension unaccent',
  )

  url.password = 'wrong'
  await expect(query(url.href, 'select 1')).rejects.toMatchObject({ code: '28P01' })
})

test('keeps data, password and port over a restart, and leaves no process', async () => {
  const first = await start()
  await query(first.url, 'create table kept as select 42 as answer')
  const pid = await postmasterPid()
  await first.stop()
  expect(isAlive(pid)).toBe(false)

  const second = await start()
  expect(second.adopted).toBe(false)
  expect(second.url).toBe(first.url)
  expect(await query(second.url, 'select answer from kept')).toEqual([{ answer: 42 }])
})

test('takes another port when the last one was taken meanwhile', async () => {
  const first = await start()
  await first.stop()
  const other = await startEmbeddedPostgres({ dataDir: path.join(root, 'other'), log: quiet, settings })
  started.push(other)
  const port = Number(new URL(other.url).port)
  await fs.writeFile(path.join(dataDir, 'postgres.port'), `${port}\n`)
  const second = await start()
  expect(Number(new URL(second.url).port)).not.toBe(port)
  await query(second.url, 'select 1')
})

test('recovers committed data after the server was killed', async () => {
  const { child, url } = await startChild()
  await query(url, 'create table kept as select generate_series(1, 1000) as n')
  const pid = await postmasterPid()
  child.kill('SIGKILL')
  await until(() => child.exitCode !== null || child.signalCode !== null)
  process.kill(pid, 'SIGKILL')

  const server = await start()
  expect(server.adopted).toBe(false)
  expect(await query(server.url, 'select count(*)::int as n from kept')).toEqual([{ n: 1000 }])
})

test('brings the server back on the same port when it dies under a running program', async () => {
  const server = await start()
  const pid = await postmasterPid()
  process.kill(pid, 'SIGKILL')
  await until(async () => {
    const now = await postmasterPid().catch(() => pid)
    return now !== pid && (await query(server.url, 'select 1').then(Boolean, () => false))
  })
})

test('adopts the server of a program that was killed, and stops it when done', async () => {
  const { child, url } = await startChild()
  const pid = await postmasterPid()
  child.kill('SIGKILL')
  await until(() => child.exitCode !== null || child.signalCode !== null)
  expect(isAlive(pid)).toBe(true)

  const server = await start()
  expect(server.adopted).toBe(true)
  expect(server.url).toBe(url)
  expect(await postmasterPid()).toBe(pid)
  await server.stop()
  expect(isAlive(pid)).toBe(false)
})

test('two programs at once share one server, and the last to leave stops it', async () => {
  const [one, two] = await Promise.all([startChild(), startChild()])
  expect(one.url).toBe(two.url)
  expect([one.adopted, two.adopted].sort()).toEqual([false, true])
  const pid = await postmasterPid()

  await leave(one.child)
  expect(isAlive(pid)).toBe(true)
  await query(two.url, 'select 1')
  await leave(two.child)
  expect(isAlive(pid)).toBe(false)
})

test('a pid file whose number belongs to another program now does not stop it', async () => {
  const first = await start()
  await first.stop()
  const pidFile = path.join(dataDir, 'postgres/postmaster.pid')
  const port = new URL(first.url).port
  await fs.writeFile(
    pidFile,
    [process.pid, `${dataDir}/postgres`, 1, port, '', '127.0.0.1', '', 'ready'].join('\n'),
  )
  const second = await start()
  expect(second.adopted).toBe(false)
  await query(second.url, 'select 1')
})

test('says what to do when the password file is lost or the cluster is of another version', async () => {
  const first = await start()
  await first.stop()
  const passwordFile = path.join(dataDir, 'postgres.password')
  const password = await fs.readFile(passwordFile)
  await fs.rm(passwordFile)
  await expect(start()).rejects.toThrow(/postgres\.password is missing.*Put it back/)
  await fs.writeFile(passwordFile, password, { mode: 0o600 })
  await fs.writeFile(path.join(dataDir, 'postgres/PG_VERSION'), '17\n')
  await expect(start()).rejects.toThrow(/PostgreSQL 17.*PostgreSQL 18.*backup/)
})

test.runIf(process.getuid?.() === 0)('as root, keeps the data where its user can reach it', async () => {
  const closed = path.join(root, 'closed')
  dataDir = path.join(closed, 'data')
  await fs.mkdir(dataDir, { recursive: true })
  await fs.chmod(closed, 0o700)
  const server = await start({ reachableDir: path.join(root, 'reachable') })
  expect(await fs.realpath(path.join(dataDir, 'postgres'))).toContain(path.join(root, 'reachable'))
  await query(server.url, 'create table kept as select 1 as one')
  await server.stop()
  const again = await start({ reachableDir: path.join(root, 'reachable') })
  expect(await query(again.url, 'select one from kept')).toEqual([{ one: 1 }])
  await again.stop()

  const shut = path.join(closed, 'data2')
  await expect(
    startEmbeddedPostgres({ dataDir: shut, log: quiet, settings, reachableDir: path.join(closed, 'no') }),
  ).rejects.toThrow(/may not enter.*DATA_DIR/)
})

// Parts -----------------------------------------------------------------------------------------------------

async function start(more: { reachableDir?: string } = {}): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir, log: quiet, settings, ...more })
  started.push(server)
  return server
}

/** A program of its own that starts the server, says so, and leaves at the end of its input. */
async function startChild(): Promise<{ child: ChildProcess; url: string; adopted: boolean }> {
  const program = `
    import { startEmbeddedPostgres } from ${JSON.stringify(path.join(import.meta.dirname, 'embedded-postgres.ts'))}
    const server = await startEmbeddedPostgres({
      dataDir: ${JSON.stringify(dataDir)},
      settings: ${JSON.stringify(settings)},
      log: { info() {}, warn() {} },
    })
    console.log(JSON.stringify(server))
    process.stdin.resume().once('end', () => server.stop())`
  const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  children.push(child)
  const line = await new Promise<string>((resolve, reject) => {
    let text = ''
    child.stdout.on('data', (chunk) => {
      text += chunk
      if (text.includes('\n')) resolve(text)
    })
    child.once('exit', (code) => reject(new Error(`the program ended with ${code}`)))
  })
  return { child, ...JSON.parse(line) }
}

async function leave(child: ChildProcess): Promise<void> {
  child.stdin?.end()
  await until(() => child.exitCode !== null)
  expect(child.exitCode).toBe(0)
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  try {
    await client.connect()
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

async function postmasterPid(): Promise<number> {
  const text = await fs.readFile(path.join(dataDir, 'postgres/postmaster.pid'), 'utf8')
  return Number(text.split('\n')[0])
}

/** Alive and not merely waiting for a parent to collect it. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  if (process.platform !== 'linux') return true
  try {
    return process.getBuiltinModule('node:fs').readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== ''
  } catch {
    return false
  }
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 600; i++) {
    if (await condition()) return
    await sleep(50)
  }
  throw new Error('it did not come to pass in 30 s')
}
