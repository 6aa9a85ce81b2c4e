// The rules of the house that a machine can check (CONTRIBUTING.md lists them all).
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { parseSync } from 'oxc-parser'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')

/** Modules may import what stands before them, through its index.ts; against the order one speaks by event. */
const order = [
  'units',
  'access',
  'accounts',
  'catalogue',
  'subscriptions',
  'contracts',
  'billing',
  'changes',
  'simulations',
  'support',
  'orders',
  'payments',
  'dunning',
  'notices',
  'webhooks',
  'imports',
  'reports',
  'search',
  'privacy',
  'demo',
]

function listFiles(folder: string): string[] {
  return readdirSync(join(root, folder)).flatMap((name) => {
    const path = join(folder, name)
    if (name === 'node_modules' || name === 'dist') return []
    return statSync(join(root, path)).isDirectory() ? listFiles(path) : [path]
  })
}

const sources = ['server', 'web', 'tests', 'scripts', 'bench']
  .flatMap(listFiles)
  .filter((path) => /\.(ts|tsx)$/.test(path))
const written = sources.filter((path) => !path.includes('.gen.'))

type Import = { from: string; to: string }
function readImports(path: string): Import[] {
  const { module } = parseSync(path, readFileSync(join(root, path), 'utf8'))
  const named = [...module.staticImports, ...module.staticExports.flatMap((one) => one.entries)].flatMap(
    (one) => ('moduleRequest' in one && one.moduleRequest ? [one.moduleRequest.value] : []),
  )
  return named
    .filter((name) => name.startsWith('.'))
    .map((name) => ({ from: path, to: relative(root, join(root, dirname(path), name)) }))
}

const imports = written.flatMap(readImports)
const moduleOf = (path: string) => /^server\/modules\/([^/]+)\//.exec(path)?.[1]
const tell = (faults: Import[]) => faults.map(({ from, to }) => `${from} → ${to}`)

describe('imports', () => {
  it('were read', () => {
    expect(imports.length).toBeGreaterThan(200)
  })
  it('platform knows no module', () => {
    expect(
      tell(imports.filter(({ from, to }) => from.startsWith('server/platform/') && moduleOf(to))),
    ).toEqual([])
  })
  it('modules stand in the declared order and know each other by their front', () => {
    const faults = imports.filter(({ from, to }) => {
      const [mine, other] = [moduleOf(from), moduleOf(to)]
      if (!mine || !other || mine === other) return false
      return order.indexOf(other) >= order.indexOf(mine) || to !== `server/modules/${other}/index.ts`
    })
    expect(tell(faults)).toEqual([])
    expect(readdirSync(join(root, 'server/modules')).filter((name) => !order.includes(name))).toEqual([])
  })
  it('web imports nothing of the server', () => {
    expect(
      tell(imports.filter(({ from, to }) => from.startsWith('web/') && to.startsWith('server/'))),
    ).toEqual([])
  })
  it('the portal and the office do not import each other', () => {
    const sides = ['web/portal/', 'web/office/']
    const faults = imports.filter(({ from, to }) =>
      sides.some(
        (side) => from.startsWith(side) && sides.some((other) => other !== side && to.startsWith(other)),
      ),
    )
    expect(tell(faults)).toEqual([])
  })
})

describe('names', () => {
  it('files are kebab-case nouns', () => {
    const names = written
      .filter((path) => !path.startsWith('web/') || !path.includes('/routes/'))
      .map((path) => path.split('/').at(-1)!)
    expect(names.filter((name) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9-]+)*\.tsx?$/.test(name))).toEqual([])
    expect(
      names.filter((name) => /(^|-)(utils?|helpers?|common|manager|service)\.|^base\./.test(name)),
    ).toEqual([])
  })
  it('nothing is exported by default but what a tool asks for', () => {
    const faults = written.filter(
      (path) =>
        !/\.config\.ts$/.test(path) && /^export default /m.test(readFileSync(join(root, path), 'utf8')),
    )
    expect(faults).toEqual([])
  })
})

describe('rules', () => {
  const domain = written.filter((path) => path.startsWith('server/modules/') && !path.includes('.test.'))
  const matching = (pattern: RegExp) =>
    domain.filter((path) => pattern.test(readFileSync(join(root, path), 'utf8')))
  it('no module reads the clock or rolls dice by itself', () => {
    expect(matching(/Temporal\.Now|new Date\(\)|Date\.now\(|Math\.random\(/)).toEqual([])
  })
  it('money is never a float', () => {
    expect(matching(/parseFloat|toFixed\(|Number\.parseFloat/)).toEqual([])
  })
  it('every route’s SQL stands in a domain function', () => {
    const faults = domain.filter(
      (path) =>
        /routes\.[a-z.-]*ts$/.test(path) &&
        /\bsql`|\.selectFrom\(|\.insertInto\(|\.updateTable\(|\.deleteFrom\(/.test(
          readFileSync(join(root, path), 'utf8'),
        ),
    )
    expect(faults).toEqual([])
  })
})
