import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { measureLoad } from './load.ts'
import { fillPortal } from './portal-data.ts'
import type { BenchServer, Row } from './run.ts'

const root = join(import.meta.dirname, '..')
const connections = 50

/**
 * The portal's home, authenticated: Zaguan against bare node:http + pg with the same data in the same run, in turns, with
 * the middle of three rounds.
 */
export async function benchPortal(server: BenchServer, accounts: number): Promise<Row[]> {
  const database = await server.createDatabase()
  const cookies = await fillPortal(database.ownerUrl, accounts)
  const children: ChildProcess[] = []
  const start = (args: string[], env: Record<string, string>, ready: string) =>
    startChild(children, args, env, ready)
  try {
    await start(['bench/bare-home.ts'], { DATABASE_URL: database.ownerUrl, PORT: '3971' }, 'ready')
    await start(
      ['server/main.ts', 'serve', '--role', 'web', '--json'],
      {
        DATABASE_URL: database.ownerUrl,
        PORT: '3972',
        LOG_LEVEL: 'error',
        RATE_LIMIT: '10000000',
        DATA_DIR: server.folder,
      },
      'address',
    )
    const ask = (port: number, path: string, seconds: number) =>
      measureLoad({ port, path, cookies, connections, seconds })
    await ask(3971, '/', 2)
    await ask(3972, '/api/v1/portal/home', 2)
    const rounds: { bare: number; zaguan: number; p50: number; p99: number }[] = []
    for (let round = 0; round < 3; round++) {
      const limit = await ask(3971, '/', 4)
      const ours = await ask(3972, '/api/v1/portal/home', 4)
      rounds.push({ bare: limit.perSecond, zaguan: ours.perSecond, p50: ours.p50, p99: ours.p99 })
    }
    rounds.sort((a, b) => a.bare / a.zaguan - b.bare / b.zaguan)
    const middle = rounds[1]!
    return [
      {
        name: `portal home, ${accounts.toLocaleString('en')} accounts`,
        ours: `${middle.zaguan.toFixed(0)} pages/s (p50 ${middle.p50.toFixed(1)} ms, p99 ${middle.p99.toFixed(1)} ms)`,
        limit: `${middle.bare.toFixed(0)} pages/s by node:http + pg`,
        ratio: middle.bare / middle.zaguan,
        aim: 'cost at most 1.6 × bare',
        value: middle.zaguan,
      },
    ]
  } finally {
    await Promise.all(children.map(stopChild))
    await database.drop()
  }
}

/** Starts a program of ours and waits until it says that it is ready. */
export async function startChild(
  children: ChildProcess[],
  args: string[],
  env: Record<string, string>,
  ready: string,
): Promise<void> {
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  await new Promise<void>((resolve, reject) => {
    child.stdout!.on('data', (chunk: Buffer) => chunk.toString().includes(ready) && resolve())
    child.once('exit', (code) => reject(new Error(`${args.join(' ')} ended with ${code}`)))
  })
}

export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}
