// What must hold before anything is run: types, lint, format, generated files. Each check is one line; all are run, and
// the exit code says whether all passed. tests/house.test.ts has the rules of the house.
import { spawn } from 'node:child_process'
import { join } from 'node:path'

export type CheckResult = { name: string; passed: boolean; output: string; seconds: number }

const root = join(import.meta.dirname, '..')

const checks: [name: string, command: string, args: string[]][] = [
  ['types of the server', 'tsc', ['--noEmit', '-p', 'tsconfig.json']],
  ['types of the web', 'tsc', ['--noEmit', '-p', 'web/tsconfig.json']],
  ['format and lint', 'biome', ['ci', '--colors=off', '--diagnostic-level=warn', '.']],
  [
    'promises',
    'oxlint',
    ['--type-aware', '-c', '.oxlintrc.json', 'server', 'web', 'tests', 'scripts', 'bench'],
  ],
  ['unused files and exports', 'knip', ['--no-progress']],
  ['lock file', 'node', ['scripts/complete-lock.ts', '--check']],
  ['generated schema', 'node', ['scripts/generate-schema.ts', '--check']],
  ['generated API document and types', 'node', ['scripts/generate-api.ts', '--check']],
]

function run(name: string, command: string, args: string[]): Promise<CheckResult> {
  const began = performance.now()
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', (chunk) => (output += chunk))
    child.stderr.on('data', (chunk) => (output += chunk))
    const end = (code: number | null) =>
      resolve({ name, passed: code === 0, output, seconds: (performance.now() - began) / 1000 })
    child.on('error', (error) => {
      output += String(error)
      end(1)
    })
    child.on('close', end)
  })
}

/** Runs every check, two at a time, and tells each as it ends. */
export async function runChecks(): Promise<CheckResult[]> {
  const results: CheckResult[] = []
  const waiting = [...checks]
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const result = await run(...next)
      results.push(result)
      console.log(`${result.passed ? '✓' : '✗'} ${result.name} (${result.seconds.toFixed(1)} s)`)
      if (!result.passed) console.log(result.output.trimEnd())
    }
  }
  await Promise.all([work(), work()])
  return results
}

if (import.meta.main) process.exitCode = (await runChecks()).every((result) => result.passed) ? 0 : 1
