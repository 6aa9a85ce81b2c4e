import { readdirSync, readFileSync } from 'node:fs'
import { createInstance } from 'i18next'
import { beforeAll, describe, expect, it } from 'vitest'
import { addTexts, hasText, sayText, showLanguage, type TextParams, type TextTree } from './texts.ts'

// The screens read the catalogue with a few lines of their own; the server reads it with i18next. Both say the same.

const folder = new URL('../../locales/', import.meta.url)
const languages = readdirSync(folder)
const namespaces = readdirSync(new URL('en/', folder)).map((file) => file.replace('.json', ''))

const read = (language: string, namespace: string): TextTree =>
  JSON.parse(readFileSync(new URL(`${language}/${namespace}.json`, folder), 'utf8'))

function flatten(texts: TextTree, prefix: string): [key: string, text: string][] {
  return Object.entries(texts).flatMap(([key, value]) =>
    typeof value === 'string' ? [[prefix + key, value]] : flatten(value, `${prefix}${key}.`),
  )
}

const counts = [0, 1, 2, 5, 1_000_000, 1.5]

describe.each(languages)('in %s', (language) => {
  const reference = createInstance()
  const catalogue = Object.fromEntries(namespaces.map((name) => [name, read(language, name)]))
  const keys = namespaces.flatMap((name) => flatten(catalogue[name]!, `${name}:`))

  beforeAll(async () => {
    await reference.init({
      lng: language,
      resources: { [language]: catalogue },
      ns: namespaces,
      defaultNS: 'portal',
      fallbackNS: 'common',
      fallbackLng: false,
      load: 'currentOnly',
      initAsync: false,
      interpolation: { escapeValue: false, skipOnVariables: true },
    })
    for (const name of namespaces) addTexts(language, name, catalogue[name]!)
    showLanguage(language, 'portal')
  })

  it('says every text as i18next does', () => {
    expect(keys.length).toBeGreaterThan(1_000)
    for (const [key, text] of keys) {
      const names = [...text.matchAll(/\{\{\s*([\w.]+)\s*\}\}/g)].map((match) => match[1]!)
      const params = Object.fromEntries(
        names.filter((name) => !name.includes('.')).map((name) => [name, `‹${name}›`]),
      )
      if (text.includes('$sayText(')) Object.assign(params, { status: 'active', state: 'open' })
      const { count: _count, ...plain } = params
      expect(sayText(key, plain), key).toBe(reference.t(key, plain))
      expect(hasText(key), key).toBe(reference.exists(key))
    }
  })

  it('picks every plural as i18next does', () => {
    const bases = new Set(
      keys.flatMap(([key]) => (/_(?:zero|one|other|many)$/.test(key) ? [key.replace(/_[a-z]+$/, '')] : [])),
    )
    expect(bases.size).toBeGreaterThan(50)
    for (const key of bases) {
      for (const count of counts) expect(sayText(key, { count }), key).toBe(reference.t(key, { count }))
    }
  })

  it.each([
    ['nav.home', {}],
    ['action.save', {}],
    ['portal:action.save', {}],
    ['common:nothing.here', {}],
    ['nothing.here', {}],
    ['nothing.here', { count: 3 }],
    ['nothing.here', { defaultValue: 'as it is: {{what}}', what: 'it' }],
    ['nothing.here', { defaultValue: '' }],
    ['nav', {}],
    ['nav.home.deeper', {}],
    ['home.title_name', { name: '$sayText(common:action.save) {{name}} $& $1' }],
    ['home.title_name', { name: undefined }],
    ['home.title_name', { name: null }],
    ['home.title_name', { name: 0 }],
    ['common:table.shown', { count: 0 }],
    ['common:table.shown', { count: undefined }],
  ])('says %s with %j as i18next does', (key, params) => {
    const said = reference.t(key, params as TextParams)
    // A group is no text: i18next says so in English, which nobody should read.
    expect(sayText(key, params as TextParams)).toBe(String(said).startsWith("key '") ? key : said)
    expect(hasText(key)).toBe(reference.exists(key) && key !== 'nav')
  })
})
