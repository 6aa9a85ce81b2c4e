// Builds the two web apps into dist/. With --if-needed only when a source is newer than what was built.
import { existsSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'vite'

const root = join(import.meta.dirname, '..')
// Whoever starts this may be a test: what is built is for people.
process.env.NODE_ENV = 'production'
const stamp = join(root, 'dist/.built')
const sources = ['web', 'locales', 'package-lock.json', 'vite.portal.config.ts', 'vite.office.config.ts']

function newest(path: string): number {
  const found = statSync(path)
  if (!found.isDirectory()) return found.mtimeMs
  return Math.max(found.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))))
}

const fresh =
  existsSync(stamp) && sources.every((source) => newest(join(root, source)) <= statSync(stamp).mtimeMs)
if (!(process.argv.includes('--if-needed') && fresh)) {
  const began = performance.now()
  for (const app of ['portal', 'office']) {
    await build({ configFile: join(root, `vite.${app}.config.ts`), logLevel: 'warn' })
  }
  writeFileSync(stamp, '')
  // The route trees are written by the build itself: what is built is newer than they are.
  const now = new Date()
  utimesSync(stamp, now, now)
  console.error(`Built the web apps in ${((performance.now() - began) / 1000).toFixed(1)} s`)
}
