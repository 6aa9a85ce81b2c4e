import { readdirSync, readFileSync } from 'node:fs'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { chooseLanguage, isLanguage, languages, localesFolder, translator } from './translations.ts'

type Texts = { [key: string]: string | Texts }

const pluralSuffix = /_(zero|one|two|few|many|other)$/

function flatten(texts: Texts, prefix = ''): Map<string, string> {
  const flat = new Map<string, string>()
  for (const [key, value] of Object.entries(texts)) {
    const path = prefix ? `${prefix}.${key}` : key
    if (typeof value === 'string') flat.set(path, value)
    else for (const [inner, text] of flatten(value, path)) flat.set(inner, text)
  }
  return flat
}

/** A key is a plural form when its `_other` stands beside it. */
function pluralBase(key: string, texts: Map<string, string>): string | null {
  const base = key.replace(pluralSuffix, '')
  return base !== key && texts.has(`${base}_other`) ? base : null
}

const placeholders = (text: string) =>
  [...text.matchAll(/\{\{-?\s*([\w.]+)[^}]*\}\}/g)].map((match) => match[1] ?? '')

/** Key (plural forms joined) → its placeholders, sorted. */
function shape(texts: Map<string, string>): Record<string, string[]> {
  const found = new Map<string, Set<string>>()
  for (const [key, text] of texts) {
    const base = pluralBase(key, texts) ?? key
    const names = found.get(base) ?? new Set<string>()
    for (const name of placeholders(text)) names.add(name)
    found.set(base, names)
  }
  return Object.fromEntries([...found].sort().map(([key, names]) => [key, [...names].sort()]))
}

const filesOf = (language: string) =>
  readdirSync(new URL(`${language}/`, localesFolder)).filter((file) => file.endsWith('.json'))

const read = (language: string, file: string) =>
  flatten(JSON.parse(readFileSync(new URL(`${language}/${file}`, localesFolder), 'utf8')))

describe('the catalogue', () => {
  const files = [...new Set(languages.flatMap(filesOf))].sort()

  it.each(files)('%s: every language has the same keys with the same placeholders', (file) => {
    const reference = shape(read('en', file))
    for (const language of languages) expect(shape(read(language, file)), language).toEqual(reference)
  })

  it.each(files)('%s: every plural has all the forms of its language, and no text is empty', (file) => {
    for (const language of languages) {
      const texts = read(language, file)
      const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories
      for (const [key, text] of texts) {
        expect(text.trim(), `${language} ${key}`).not.toBe('')
        const base = pluralBase(key, texts)
        if (!base) continue
        for (const form of forms) expect([...texts.keys()], language).toContain(`${base}_${form}`)
      }
    }
  })
})

describe('translator', () => {
  afterEach(() => {
    vi.unstubAllEnvs()
  })

  it('fills in placeholders without escaping them', () => {
    expect(translator('en')('mail:invoice_issued.subject', { number: 'A&B 7', unit: 'Ærø' })).toBe(
      'Your invoice A&B 7 from Ærø',
    )
  })

  it('never interprets what it fills in', () => {
    const text = translator('en')('mail:invoice_issued.subject', {
      number: '$t(pdf:title) {{unit}}',
      unit: 'U',
    })
    expect(text).toBe('Your invoice $t(pdf:title) {{unit}} from U')
  })

  it('picks the plural of the language', () => {
    expect(translator('pt-BR')('mail:invoice_issued.more_lines', { count: 1 })).toBe('e mais 1 item')
    expect(translator('pt-BR')('mail:invoice_issued.more_lines', { count: 5 })).toBe('e mais 5 itens')
    expect(translator('es')('mail:invoice_issued.more_lines', { count: 1_000_000 })).toContain('1000000')
  })

  it('throws on an unknown key or a missing placeholder', () => {
    expect(() => translator('es')('mail:nothing.here')).toThrow('No text for "mail:nothing.here" in es')
    expect(() => translator('es')('mail:invoice_issued.subject', { unit: 'x' })).toThrow('{{number}}')
  })

  it('returns the key in production', () => {
    vi.stubEnv('NODE_ENV', 'production')
    expect(translator('es')('mail:nothing.here')).toBe('mail:nothing.here')
  })
})

describe('chooseLanguage', () => {
  it.each([
    ['pt-BR', 'pt-BR'],
    ['pt-PT,pt;q=0.9', 'pt-BR'],
    ['es-AR', 'es'],
    ['ES-419;q=0.8, en-GB;q=0.9', 'en'],
    ['de, fr;q=0.9, es;q=0.1', 'es'],
    ['en;q=0, es;q=0.2', 'es'],
    ['de-DE', 'es'],
    ['*', 'es'],
    ['', 'es'],
    [null, 'es'],
    [';;;q=,,,', 'es'],
    ['english', 'es'],
  ])('%j is %s', (header, language) => {
    expect(chooseLanguage(header, 'es')).toBe(language)
  })

  it('recognises its own languages only', () => {
    expect(isLanguage('pt-BR')).toBe(true)
    expect(isLanguage('pt')).toBe(false)
    expect(isLanguage(null)).toBe(false)
  })
})
