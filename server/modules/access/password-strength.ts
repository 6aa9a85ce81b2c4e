import { createHash } from 'node:crypto'
import { Worker } from 'node:worker_threads'
import type { Config } from '../../platform/config.ts'
import { type Refusal, refuseField } from '../../platform/errors.ts'
import { shortestPassword } from '../../platform/secrets.ts'
import type { ScoreAnswer, ScoreQuestion } from './password-worker.ts'

/** How good a password is: zxcvbn's score 0 to 4, what is wrong and what would help as codes. */
export type Strength = {
  score: number
  warning: string | null
  suggestions: string[]
  /** It is one of the passwords that everybody tries first. */
  breached: boolean
  acceptable: boolean
}

/** The lowest score that is accepted: beyond 10⁸ guesses. */
const lowestScore = 3
/** No more of a password is scored: what follows only makes it better, and scoring takes time by its length. */
const longestScored = 32
/** So many may wait for their score; whoever comes beyond is told to come again by an exception. */
const mostWaiting = 200

let worker: Worker | undefined
let questions = 0
const waiting = new Map<number, { resolve(answer: ScoreAnswer): void; reject(error: Error): void }>()

/** The dictionaries take a second and 100 MB, and a score up to 0.2 s: another thread's, which starts at first use. */
function askWorker(question: Omit<ScoreQuestion, 'id'>): Promise<ScoreAnswer> {
  if (waiting.size >= mostWaiting) throw new Error('too many passwords are being scored')
  if (!worker) {
    const started = new Worker(new URL('./password-worker.ts', import.meta.url))
    const fail = (error: Error) => {
      if (worker === started) worker = undefined
      for (const [id, { reject }] of waiting) {
        waiting.delete(id)
        reject(error)
      }
    }
    started.on('message', (answer: ScoreAnswer) => {
      waiting.get(answer.id)?.resolve(answer)
      waiting.delete(answer.id)
      // A thread that does nothing keeps no process alive.
      if (waiting.size === 0) started.unref()
    })
    started.on('error', fail)
    started.on('exit', () => fail(new Error('the thread that scores passwords ended')))
    worker = started
  }
  const id = ++questions
  worker.ref()
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject })
    worker!.postMessage({ id, ...question })
  })
}

/**
 * Rates a password (A5). `inputs`: what others know of the person (e-mail, name, the operator's name), which makes a
 * password weak that is built from it.
 */
export async function ratePassword(password: string, inputs: readonly string[]): Promise<Strength> {
  const answer = await askWorker({
    password: password.slice(0, longestScored),
    whole: password.toLowerCase(),
    inputs: partsOf(inputs),
  })
  const { score, warning, suggestions, common } = answer
  return {
    score,
    warning,
    suggestions,
    breached: common,
    acceptable: score >= lowestScore && !common && [...password].length >= shortestPassword,
  }
}

/** An e-mail or a name counts as a whole and by its words. */
function partsOf(inputs: readonly string[]): string[] {
  const parts = inputs.flatMap((input) => {
    const text = input.slice(0, 254).toLowerCase()
    return [text, text.split('@')[0]!, ...text.split(/[^\p{L}\p{N}]+/u)]
  })
  return [...new Set(parts)].filter((part) => part.length > 2).slice(0, 40)
}

/**
 * Refuses: invalid_input of `password` as too_short, breached (in the list of common passwords, or known to the range API
 * where one is configured) or too_weak.
 */
export async function checkPassword(
  config: Config,
  password: string,
  inputs: readonly string[],
): Promise<Refusal | null> {
  if ([...password].length < shortestPassword)
    return refuseField('password', 'too_short', { limit: shortestPassword })
  const strength = await ratePassword(password, inputs)
  if (strength.breached) return refuseField('password', 'breached')
  if (!strength.acceptable) return refuseField('password', 'too_weak')
  return (await isKnownAsBreached(config, password)) ? refuseField('password', 'breached') : null
}

/** How long the range API may take; then the password counts as unknown to it. */
const rangeTimeout = 1500
/** After a failure nobody is asked for so long, so that a service that is down holds nobody up. */
const rangePause = 60_000
let pausedUntil = 0

/** Asks the configured range API: five hex digits of the SHA-1 leave, the rest is compared here (k-anonymity). */
async function isKnownAsBreached(config: Config, password: string): Promise<boolean> {
  if (config.breachedPasswordsUrl === null || performance.now() < pausedUntil) return false
  const digest = createHash('sha1').update(password).digest('hex').toUpperCase()
  try {
    const reply = await fetch(config.breachedPasswordsUrl + digest.slice(0, 5), {
      headers: { 'add-padding': 'true' },
      redirect: 'error',
      signal: AbortSignal.timeout(rangeTimeout),
    })
    if (!reply.ok) throw new Error(`the range API answered ${reply.status}`)
    // A padded line has the count 0: it is nobody's password.
    return (await reply.text())
      .split('\n')
      .some((line) => /^([0-9A-F]{35}):0*[1-9]/i.exec(line)?.[1]?.toUpperCase() === digest.slice(5))
  } catch {
    pausedUntil = performance.now() + rangePause
    return false
  }
}
