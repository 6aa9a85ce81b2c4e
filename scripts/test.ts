// Everything: checks, then every test (unit, API, browser, servers) against a real PostgreSQL and a real browser.
// Ends with the line `N passed, N failed, N skipped`. With CI=true nothing may be skipped.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
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
type Report = {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
  success: boolean
  testResults: {
    name: string
    status: string
    message: string
    assertionResults: { status: string; fullName: string; failureMessages: string[] | null }[]
  }[]
}

/** What failed, a line each: the output above is too long to look for it. */
function failures(report: Report): string[] {
  const firstLine = (text: string | undefined) => text?.split('\n', 1)[0]?.trim().slice(0, 300) ?? ''
  return report.testResults.flatMap((file) => {
    const path = relative(root, file.name)
    const tests = file.assertionResults
      .filter((test) => test.status === 'failed')
      .map((test) => `✗ ${path}: ${test.fullName}: ${firstLine(test.failureMessages?.[0])}`)
    // A file may also fail outside of its tests: while it is read, before or after them.
    return tests.length === 0 && file.status === 'failed' ? [`✗ ${path}: ${firstLine(file.message)}`] : tests
  })
}

/** Runs vitest and reads what came of it; null where it did not get that far. */
function runTests(args: string[]): Report | null {
  const folder = mkdtempSync(join(tmpdir(), 'zaguan-test-report-'))
  const report = join(folder, 'report.json')
  spawnSync(
    'vitest',
    ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...args],
    {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, CHROMIUM: browser },
    },
  )
  const result: Report | null = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : null
  rmSync(folder, { recursive: true, force: true })
  return result
}

// The browser’s tests by themselves: each file is a server, a database and a browser of its own.
const reports = [runTests(['--exclude', 'tests/e2e/**']), runTests(['tests/e2e'])]
const sum = (read: (report: Report) => number) =>
  reports.reduce((total, report) => total + (report ? read(report) : 0), 0)

for (const line of reports.flatMap((report) => (report ? failures(report) : []))) console.log(line)
const failedChecks = checks.filter((check) => !check.passed)
for (const check of failedChecks) console.log(`✗ ${check.name}`)
// A file that fails outside of its tests counts as one failure; so does a run that gave no report.
const broken = reports.filter((report) => !report || (!report.success && report.numFailedTests === 0)).length
const passed = checks.length - failedChecks.length + sum((report) => report.numPassedTests)
const failed =
  failedChecks.length + (built.status === 0 ? 0 : 1) + broken + sum((report) => report.numFailedTests)
const skipped = sum((report) => report.numPendingTests + report.numTodoTests)
if (ci && skipped > 0) console.log(`✗ ${skipped} tests were skipped: with CI=true all must run`)
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`)
process.exitCode = failed > 0 || (ci && skipped > 0) ? 1 : 0
