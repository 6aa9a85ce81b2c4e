import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseSync } from 'oxc-parser'
import { expect, it } from 'vitest'
import { firstTexts } from './vite-app.ts'

// A first page has only some groups of its app's texts (see vite-app.ts): a key of another would be shown as it is written.

type Texts = { [key: string]: string | Texts }

const flatten = (texts: Texts, prefix = ''): string[] =>
  Object.entries(texts).flatMap(([key, value]) =>
    typeof value === 'string'
      ? [prefix + key.replace(/_(zero|one|many|other)$/, '')]
      : flatten(value, `${prefix}${key}.`),
  )

/** The files that a file may bring, at once or later, but for the other pages. */
function listImports(path: string): string[] {
  const { module } = parseSync(path, readFileSync(path, 'utf8'))
  const named = module.staticImports
    .filter(({ entries }) => entries.length === 0 || entries.some((one) => !one.isType))
    .map((one) => one.moduleRequest.value)
  const source = readFileSync(path, 'utf8')
  const later = module.dynamicImports.map((one) =>
    source.slice(one.moduleRequest.start + 1, one.moduleRequest.end - 1),
  )
  return [...named, ...later]
    .filter((name) => /^\..*\.tsx?$/.test(name) && !name.includes('routeTree'))
    .map((name) => join(dirname(path), name))
    .filter((file) => existsSync(file))
}

function reach(path: string, seen: Set<string>): Set<string> {
  if (seen.has(path)) return seen
  seen.add(path)
  for (const file of listImports(path)) reach(file, seen)
  return seen
}

it.each(['portal', 'office'] as const)('the first pages of the %s have the texts that they use', (app) => {
  const routes = join(import.meta.dirname, app, 'routes')
  const first = readdirSync(routes).filter((name) => /^(?!_app\.(?!index|tsx))/.test(name))
  expect(first).toContain('_app.index.tsx')
  expect(first).not.toContain('_app.account.tsx')
  const files = new Set<string>()
  reach(join(import.meta.dirname, app, 'main.tsx'), files)
  for (const name of first) reach(join(routes, name), files)

  const file = join(import.meta.dirname, '..', 'locales', 'en', `${app}.json`)
  const texts = JSON.parse(readFileSync(file, 'utf8')) as Texts
  const keys = new Set(flatten(texts))
  const missing = [...files].flatMap((path) =>
    [
      ...readFileSync(path, 'utf8').matchAll(/(?<!may\(|needs: )(['`])(?:(\w+):)?((\w+)\.[\w.]*)(\1|\$\{)/g),
    ].flatMap((match) => {
      const [, , namespace, key = '', group = '', end] = match
      if (namespace !== undefined && namespace !== app) return []
      // A whole key, or one that is put together: t(`today.wait.${id}`).
      const isKey = end === '${' ? [...keys].some((one) => one.startsWith(key)) : keys.has(key)
      return isKey && !firstTexts[app].includes(group) ? [`${path}: ${key}`] : []
    }),
  )
  expect(missing).toEqual([])
  expect(firstTexts[app].filter((group) => !(group in texts))).toEqual([])
})
