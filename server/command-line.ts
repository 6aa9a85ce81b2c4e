import { type ParseArgsConfig, parseArgs } from 'node:util'
import { type Config, ConfigError, readConfig } from './platform/config.ts'
import { Refusal } from './platform/errors.ts'
import { problemOf } from './platform/problems.ts'
import { chooseLanguage } from './platform/translations.ts'

/** What a command's exit code says. */
export const exitCodes = {
  done: 0,
  /** A bug, or something outside broke. */
  failed: 1,
  /** The command was called wrongly, or the configuration cannot be used. */
  usage: 2,
  /** Refused: the state or the input forbids it, and nothing was changed. */
  refused: 3,
  /** Done, but something was left out: rejected rows, parked accounts. */
  partly: 4,
  /** Interrupted: run it again and it goes on. */
  interrupted: 130,
} as const

/** How a command speaks: JSON lines for scripts, words and a progress bar for people. */
export type Voice = {
  json: boolean
  say(text: string): void
  result(value: object, words: string[]): void
  progress(done: number, total: number, what: string): void
  log: { info(message: string): void; warn(message: string): void }
  stopping(): boolean
}

export type Command = {
  summary: string
  /** How its arguments are written, after the name. */
  usage: string
  positionals: string[]
  options: NonNullable<ParseArgsConfig['options']>
  run(input: {
    config: Config
    args: Record<string, string>
    options: Record<string, string | boolean | undefined>
    voice: Voice
  }): Promise<number>
}

/**
 * Runs one command of the command line and returns its exit code. Wrong calls say how it is called; a refusal is told
 * in words (or, with --json, as problem+json) and exits with 3.
 */
export async function runCommand(commands: Record<string, Command>, argv: string[]): Promise<number> {
  const [name, ...rest] = argv
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    process.stdout.write(listCommands(commands))
    return name === undefined ? exitCodes.usage : exitCodes.done
  }
  const command = commands[name]
  if (!command) {
    process.stderr.write(`There is no command "${name}".\n\n${listCommands(commands)}`)
    return exitCodes.usage
  }
  let parsed: { values: Record<string, string | boolean | undefined>; positionals: string[] }
  try {
    parsed = parseArgs({
      args: rest,
      options: { ...command.options, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
      allowPositionals: true,
    }) as typeof parsed
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usageOf(name, command)}`)
    return exitCodes.usage
  }
  if (parsed.values.help) {
    process.stdout.write(usageOf(name, command))
    return exitCodes.done
  }
  if (parsed.positionals.length !== command.positionals.length) {
    process.stderr.write(usageOf(name, command))
    return exitCodes.usage
  }
  const args = Object.fromEntries(command.positionals.map((key, index) => [key, parsed.positionals[index]!]))
  const voice = createVoice(parsed.values.json === true)
  try {
    return await command.run({ config: readConfig(process.env), args, options: parsed.values, voice })
  } catch (error) {
    if (error instanceof Refusal) return tellRefusal(error, voice)
    if (error instanceof ConfigError || error instanceof UsageError) {
      process.stderr.write(`${error.message}\n`)
      return exitCodes.usage
    }
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
    return exitCodes.failed
  }
}

/** The command was called with an option that cannot be used. */
export class UsageError extends Error {}

/** Unwraps a result for the command line: a refusal ends the command with exit code 3. */
export function expectDone<T>(value: T | Refusal): T {
  if (value instanceof Refusal) throw value
  return value
}

function tellRefusal(refusal: Refusal, voice: Voice): number {
  const locale = (process.env.LC_ALL || process.env.LC_MESSAGES || process.env.LANG || 'en')
    .split('.')[0]!
    .replace('_', '-')
  const problem = problemOf(refusal, chooseLanguage(locale, 'en'), '')
  if (voice.json) process.stdout.write(`${JSON.stringify(problem)}\n`)
  else {
    process.stderr.write(`${problem.title}. ${problem.detail}\n`)
    for (const field of problem.errors ?? []) process.stderr.write(`  ${field.path}: ${field.message}\n`)
  }
  return exitCodes.refused
}

function createVoice(json: boolean): Voice {
  const bar = !json && process.stderr.isTTY
  let interrupted = false
  process.once('SIGINT', () => {
    interrupted = true
  })
  const clear = () => {
    if (bar) process.stderr.write('\r\u001b[K')
  }
  return {
    json,
    say(text) {
      clear()
      if (!json) process.stdout.write(`${text}\n`)
    },
    result(value, words) {
      clear()
      process.stdout.write(json ? `${JSON.stringify(value)}\n` : `${words.join('\n')}\n`)
    },
    progress(done, total, what) {
      if (!bar || total === 0) return
      const filled = Math.round((done * 30) / total)
      process.stderr.write(
        `\r\u001b[K${'█'.repeat(filled)}${'░'.repeat(30 - filled)} ${done} / ${total} ${what}`,
      )
    },
    log: {
      info(message) {
        clear()
        if (!json) process.stderr.write(`${message}\n`)
      },
      warn(message) {
        clear()
        process.stderr.write(`${message}\n`)
      },
    },
    stopping: () => interrupted,
  }
}

function listCommands(commands: Record<string, Command>): string {
  const lines = Object.entries(commands).map(
    ([name, command]) => [`${name} ${command.usage}`.trim(), command.summary] as const,
  )
  const width = Math.max(...lines.map(([call]) => call.length))
  return `Usage: npm run zaguan -- <command> [--json]\n\n${lines
    .map(([call, summary]) =>
      call.length > 44
        ? `  ${call}\n  ${' '.repeat(44)}  ${summary}`
        : `  ${call.padEnd(Math.min(width, 44))}  ${summary}`,
    )
    .join(
      '\n',
    )}\n\nExit codes: 0 done, 1 failed, 2 called wrongly, 3 refused (nothing changed), 4 done in part, 130 interrupted.\n`
}

function usageOf(name: string, command: Command): string {
  return `${command.summary}\n\nUsage: npm run zaguan -- ${name} ${command.usage} [--json]\n`
}
