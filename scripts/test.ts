// Everything: checks, then every test (unit, API, browser, servers) against a real PostgreSQL and a real browser.
// Ends with the line `N passed, N failed, N skipped`. With CI=true nothing may be skipped.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runChecks } from './check.ts'

const root = join(import.meta.dirname, '..')
const ci = process.env.CI === 'true'

function findBrowser(): string | undefined {
  const known = [
    process.env.CHROMIUM,
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  ]
  return known.find((path) => path !== undefined && path !== '' && existsSync(path))
}

let browser = findBrowser()
if (!browser && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
  console.log('Installing Chromium for the browser tests')
  spawnSync('sh', ['-c', 'apt-get update -qq && apt-get install -y -qq chromium'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  browser = findBrowser()
}
if (!browser) {
  console.error(
    'Chromium is missing: install it (Debian: apt-get install chromium) or set CHROMIUM to its path.',
  )
  process.exit(2)
}

const checks = await runChecks()
const built = spawnSync('node', ['scripts/build.ts', '--if-needed'], { cwd: root, stdio: 'inherit' })
const folder = mkdtempSync(join(tmpdir(), 'zaguan-test-report-'))
const report = join(folder, 'report.json')
spawnSync('vitest', ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, CHROMIUM: browser },
})
type Report = {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
  numFailedTestSuites: number
  success: boolean
}
const result: Report | null = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : null
rmSync(folder, { recursive: true, force: true })

const failedChecks = checks.filter((check) => !check.passed)
for (const check of failedChecks) console.log(`✗ ${check.name}`)
const brokenSuites = result && !result.success && result.numFailedTests === 0 ? 1 : 0
const passed = checks.length - failedChecks.length + (result?.numPassedTests ?? 0)
const failed =
  failedChecks.length + (built.status === 0 ? 0 : 1) + (result ? result.numFailedTests + brokenSuites : 1)
const skipped = (result?.numPendingTests ?? 0) + (result?.numTodoTests ?? 0)
if (ci && skipped > 0) console.log(`✗ ${skipped} tests were skipped: with CI=true all must run`)
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`)
process.exitCode = failed > 0 || (ci && skipped > 0) ? 1 : 0
