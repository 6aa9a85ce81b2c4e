import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import http from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'

const root = join(import.meta.dirname, '..')
const main = join(root, 'server/main.ts')

export type Ended = { code: number | null; signal: string | null }
/** The program as a process of its own that serves or works until it is ended. */
export type Program = {
  child: ChildProcess
  /** Where it answers; empty for a worker. */
  address: string
  first_admin_link: string | null
  /** Everything that it has written to its log, the line that says how it started left out. */
  log(): string
  ended: Promise<Ended>
  /** Sends a signal and waits for the end. */
  end(signal?: 'SIGTERM' | 'SIGKILL'): Promise<Ended>
}

const started = new Set<ChildProcess>()

function start(
  args: string[],
  env: Record<string, string>,
  by: string[] = [process.execPath, main],
): ChildProcess {
  const { PATH = '', HOME = '', TZ } = process.env
  const child = spawn(by[0]!, [...by.slice(1), ...args], {
    cwd: root,
    env: { PATH, HOME, ...(TZ ? { TZ } : {}), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  started.add(child)
  child.once('exit', () => started.delete(child))
  return child
}

/** Kills what a failed test left running. */
export async function killPrograms(): Promise<void> {
  await Promise.all(
    [...started].map(async (child) => {
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    }),
  )
}

/**
 * Starts `serve` or `worker` and waits until it says that it has started. Fails if it ends before. `by` is what runs it
 * where that is not Node itself.
 */
export async function startProgram(
  args: string[],
  env: Record<string, string>,
  by?: string[],
): Promise<Program> {
  const child = start([...args, '--json'], { PORT: '0', LOG_LEVEL: 'info', ...env }, by)
  const lines: string[] = []
  let errors = ''
  child.stderr!.setEncoding('utf8').on('data', (chunk: string) => {
    errors += chunk
  })
  const ended = new Promise<Ended>((resolve) =>
    child.once('exit', (code, signal) => resolve({ code, signal })),
  )
  const hello = await new Promise<{ address: string | null; first_admin_link: string | null }>(
    (resolve, reject) => {
      let rest = ''
      child.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
        const complete = (rest + chunk).split('\n')
        rest = complete.pop() ?? ''
        for (const line of complete) {
          if (line.startsWith('{"address":')) resolve(JSON.parse(line))
          else lines.push(line)
        }
      })
      void ended.then(({ code, signal }) =>
        reject(new Error(`${args.join(' ')} ended with ${code ?? signal}\n${lines.join('\n')}\n${errors}`)),
      )
    },
  )
  return {
    child,
    address: hello.address ?? '',
    first_admin_link: hello.first_admin_link,
    log: () => `${lines.join('\n')}\n${errors}`,
    ended,
    end(signal = 'SIGTERM') {
      child.kill(signal)
      return ended
    },
  }
}

export type Run = { code: number | null; stdout: string; stderr: string }

/** Runs a command to its end. */
export async function runProgram(args: string[], env: Record<string, string>): Promise<Run> {
  const child = start(args, env)
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout!),
    text(child.stderr!),
    once(child, 'exit') as Promise<[number | null]>,
  ])
  return { code, stdout, stderr }
}

export type Answer = { status: number; headers: http.IncomingHttpHeaders; bytes: Buffer; text: string }

/** One HTTP request on a connection of its own, its answer as it came: not decompressed, not redirected. */
export function send(
  url: string,
  options: { method?: string; headers?: Record<string, string>; body?: object } = {},
): Promise<Answer> {
  const body = options.body === undefined ? undefined : JSON.stringify(options.body)
  return new Promise((resolve, reject) => {
    const request = http.request(
      url,
      {
        method: options.method ?? (body === undefined ? 'GET' : 'POST'),
        agent: false,
        headers: {
          ...(body === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
          ...options.headers,
        },
      },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          const bytes = Buffer.concat(chunks)
          resolve({ status: response.statusCode!, headers: response.headers, bytes, text: bytes.toString() })
        })
      },
    )
    request.on('error', reject)
    request.end(body)
  })
}

/** The session cookie that an answer sets. */
export function cookieOf(answer: Answer): string {
  return (answer.headers['set-cookie'] ?? []).map((one) => one.split(';')[0]).join('; ')
}

export const firstAdmin = {
  email: 'first@operator.example',
  name: 'First Administrator',
  language: 'en',
  password: 'correct horse battery',
}

/** Makes the first administrator with the link that a new installation prints, and returns their session cookie. */
export async function enter(program: Program): Promise<string> {
  const token = new URL(program.first_admin_link!).searchParams.get('token')
  const made = await send(`${program.address}/api/v1/office/first-admin`, { body: { token, ...firstAdmin } })
  if (made.status !== 204) throw new Error(`no first administrator: ${made.status} ${made.text}`)
  return cookieOf(made)
}

/** Waits until something holds, and returns it; fails after so many seconds. */
export async function until<T>(
  what: string,
  seconds: number,
  find: () => Promise<T | null | undefined | false>,
): Promise<T> {
  const deadline = performance.now() + seconds * 1000
  for (;;) {
    const found = await find()
    if (found !== null && found !== undefined && found !== false) return found
    if (performance.now() > deadline) throw new Error(`waited ${seconds} s in vain: ${what}`)
    await sleep(20)
  }
}
