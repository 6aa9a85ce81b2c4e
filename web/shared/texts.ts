import { useMemo, useSyncExternalStore } from 'react'

// The texts of the screens, in the format of i18next, which the server reads the same catalogue with; texts.test.ts compares
// the two for every text there is. All of i18next is a tenth of what a phone loads for the first page; this is what is used:
// {{placeholders}}, plurals by `count`, $t(other.text), a namespace of its own and `common` behind it.

/** One namespace of a catalogue: texts in groups of groups. */
export type TextTree = { [key: string]: string | TextTree }

/** What fills the {{placeholders}}; `count` picks the plural, `defaultValue` is said where there is no text. */
export type TextParams = Record<string, unknown> & { count?: number; defaultValue?: string }

/** A text by its key, `group.name` or `namespace:group.name`. The key itself where there is no text. */
export type Translate = (key: string, params?: TextParams) => string

const behind = 'common'
const namespaces = new Map<string, TextTree>()
const plurals = new Map<string, Intl.PluralRules>()
const listeners = new Set<() => void>()
let shown = ''
let own = behind

const nameOf = (language: string, namespace: string) => `${language}/${namespace}`

/** Adds texts to a namespace of a language; groups that it has already are replaced. */
export function addTexts(language: string, namespace: string, texts: TextTree): void {
  const name = nameOf(language, namespace)
  namespaces.set(name, { ...namespaces.get(name), ...texts })
}

/** Shows another language everywhere. Its texts are there already. `namespace` is where keys without one are looked for. */
export function showLanguage(language: string, namespace: string = own): void {
  shown = language
  own = namespace
  for (const listener of listeners) listener()
}

/** The language that is shown, as a BCP 47 tag; empty before there is any. */
export function shownLanguage(): string {
  return shown
}

function findIn(language: string, namespace: string, path: string): string | undefined {
  let found: string | TextTree | undefined = namespaces.get(nameOf(language, namespace))
  for (const part of path.split('.')) {
    if (typeof found !== 'object') return undefined
    found = found[part]
  }
  return typeof found === 'string' ? found : undefined
}

/** The form of a plural: `_zero` where a language says nothing in its own way, else what its rules ask for. */
function formsOf(language: string, count: number): string[] {
  const rules = plurals.get(language) ?? new Intl.PluralRules(language)
  plurals.set(language, rules)
  return [...(count === 0 ? ['_zero'] : []), `_${rules.select(count)}`, '']
}

function find(language: string, key: string, namespace: string, count: unknown): string | undefined {
  const colon = key.indexOf(':')
  const path = key.slice(colon + 1)
  const forms = typeof count === 'number' ? formsOf(language, count) : ['']
  for (const place of [colon < 0 ? namespace : key.slice(0, colon), behind]) {
    for (const form of forms) {
      const text = findIn(language, place, path + form)
      if (text !== undefined) return text
    }
  }
  return undefined
}

/** What is filled in is never read again: a name may hold braces. Who gives no such value sees the placeholder. */
function fillIn(text: string, params: TextParams | undefined, nested: Translate): string {
  if (!text.includes('{{') && !text.includes('$t(')) return text
  return text.replace(/\$t\(([^)]*)\)|\{\{([^}]*)\}\}/g, (all, other: string | undefined, given: string) => {
    if (other !== undefined) return nested(fillIn(other, params, nested), params)
    const name = given?.trim()
    return params && Object.hasOwn(params, name) ? String(params[name] ?? '') : all
  })
}

function say(language: string, namespace: string, key: string, params?: TextParams): string {
  const text = find(language, key, namespace, params?.count) ?? params?.defaultValue
  if (text === undefined) return key.slice(key.indexOf(':') + 1)
  return fillIn(text, params, (other, same) =>
    say(language, namespace, other, { ...same, defaultValue: undefined }),
  )
}

/** A text of the language that is shown, outside of what React draws. */
export function sayText(key: string, params?: TextParams): string {
  return say(shown, own, key, params)
}

/** Is there such a text? */
export function hasText(key: string): boolean {
  return find(shown, key, own, undefined) !== undefined
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/**
 * `t` of the language that is shown, for a component, which is drawn anew in another. Keys without a namespace are those of
 * `namespace`, else of the app.
 */
export function useTranslation(namespace?: string): { t: Translate; i18n: { language: string } } {
  const language = useSyncExternalStore(subscribe, shownLanguage)
  return useMemo(
    () => ({
      t: (key, params) => say(language, namespace ?? own, key, params),
      i18n: { language },
    }),
    [language, namespace],
  )
}
