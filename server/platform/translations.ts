// Texts of the server (mails, PDFs, refusals, command line) from the same catalogue that the screens use:
// locales/<language>/<namespace>.json.
import { readdirSync, readFileSync } from 'node:fs'
import { createInstance, type i18n } from 'i18next'

/** The languages that everything a person reads exists in. */
export const languages = ['pt-BR', 'es', 'en'] as const

export type Language = (typeof languages)[number]

/**
 * The locale that numbers, money and dates are written in. Plain `es` is Spain's; our Spanish is Latin America's, whose
 * dates and figures the screens show too.
 */
export function localeOf(language: string): string {
  return language === 'es' ? 'es-AR' : language
}

/** Looks up `namespace:path.of.key`, fills in {{params}} and picks the plural form by `count`. */
export type Translate = (key: string, params?: Record<string, unknown>) => string

export const localesFolder = new URL('../../locales/', import.meta.url)

const strict = () => process.env.NODE_ENV !== 'production'

let catalogue: i18n | null = null

/** What a look-up gives that finds no text: one look-up then tells both. */
const missing = '\u0000'

function loadCatalogue(): i18n {
  const resources: Record<string, Record<string, object>> = {}
  const namespaces = new Set<string>()
  for (const language of languages) {
    const folder = new URL(`${language}/`, localesFolder)
    const texts: Record<string, object> = {}
    for (const file of readdirSync(folder)) {
      if (!file.endsWith('.json')) continue
      const namespace = file.slice(0, -'.json'.length)
      texts[namespace] = JSON.parse(readFileSync(new URL(file, folder), 'utf8'))
      namespaces.add(namespace)
    }
    resources[language] = texts
  }
  const instance = createInstance()
  // Everything is in memory already, so init is synchronous and its promise is settled.
  void instance.init({
    resources,
    ns: [...namespaces],
    defaultNS: 'common',
    supportedLngs: [...languages],
    fallbackLng: false,
    load: 'currentOnly',
    initAsync: false,
    // Escaping is the business of whoever writes HTML: the same texts go to PDFs and plain text.
    interpolation: { escapeValue: false, skipOnVariables: true },
    missingInterpolationHandler: (text: string, match: RegExpExecArray) => {
      if (strict()) throw new Error(`The text "${text}" needs ${match[0]}`)
      return ''
    },
  })
  return instance
}

const translators = new Map<Language, Translate>()

/** The parts of a text, every second one a placeholder's name; null where a value is neither text nor number. */
function fillIn(parts: readonly string[], params: Record<string, unknown> | undefined): string | null {
  let text = parts[0]!
  for (let i = 1; i < parts.length; i += 2) {
    const value = params?.[parts[i]!]
    if (typeof value !== 'string' && typeof value !== 'number') return null
    text += value + parts[i + 1]!
  }
  return text
}

/**
 * The texts of one language. The catalogue is read once, at first use.
 * An unknown key is a bug: it throws, except in production, where the key itself is returned.
 */
export function translator(language: Language): Translate {
  const known = translators.get(language)
  if (known) return known
  catalogue ??= loadCatalogue()
  const fixed = catalogue.getFixedT(language)
  const instance = catalogue
  const plain = new Map<string, string[] | null>()
  const translate: Translate = (key, params) => {
    // A plain text with its placeholders is put together here, in a tenth of the time: a page of paper has a hundred.
    let parts = plain.get(key)
    if (parts === undefined) {
      const [namespace = '', path = ''] = key.split(':')
      const text: unknown = instance.getResource(language, namespace, path)
      parts =
        typeof text === 'string' && !/\$t\(|\{\{[^}]*\W[^}]*\}\}/.test(text)
          ? text.split(/\{\{(\w+)\}\}/)
          : null
      plain.set(key, parts)
    }
    if (parts && !(params && ('count' in params || 'context' in params))) {
      const text = fillIn(parts, params)
      if (text !== null) return text
    }
    const text = String(fixed(key, { ...params, defaultValue: missing }))
    if (text !== missing) return text
    if (strict()) throw new Error(`No text for "${key}" in ${language}`)
    return key
  }
  translators.set(language, translate)
  return translate
}

/** Is this exactly one of the languages of the catalogue? */
export function isLanguage(value: unknown): value is Language {
  return languages.some((language) => language === value)
}

/**
 * The best of our languages for an Accept-Language header, a stored language tag or nothing.
 * A region that we do not have counts as its language: `es-AR` is `es`, `pt-PT` is `pt-BR`.
 */
export function chooseLanguage(wanted: string | null | undefined, fallback: Language): Language {
  if (!wanted) return fallback
  // A header of 8 kB is no reader's choice: the first entries decide.
  const entries = wanted
    .slice(0, 500)
    .split(',')
    .map((entry) => {
      const [tag = '', ...parameters] = entry.split(';').map((part) => part.trim())
      const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2)
      const q = weight === undefined ? 1 : Number(weight)
      return { tag: tag.toLowerCase(), q: Number.isFinite(q) ? q : 0 }
    })
    .filter((entry) => entry.tag !== '' && entry.q > 0)
    .sort((a, b) => b.q - a.q)
  for (const { tag } of entries) {
    if (tag === '*') return fallback
    const match =
      languages.find((language) => language.toLowerCase() === tag) ??
      languages.find((language) => language.split('-')[0] === tag.split('-')[0])
    if (match) return match
  }
  return fallback
}
