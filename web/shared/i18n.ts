import { catalogues, late, names } from 'virtual:catalogues'
import { addTexts, showLanguage, shownLanguage, type TextTree } from './texts.ts'

// A well-kept library is worth its weight here, as openapi-fetch is in api.ts: what first pages load is cut by loading less of our
// own, never by writing such a library again.

/** The tags of the languages that exist: the folders of `locales/`. */
export const languages: string[] = Object.keys(catalogues)

/** What a language calls itself: 'Português (Brasil)'. */
export function nameOfLanguage(language: string): string {
  return names[language] ?? language
}

type Catalogue = () => Promise<{ default: Record<string, TextTree> }>

const added = new Map<Catalogue, Promise<void>>()

/** Loads and adds the texts of one file, once. */
function addCatalogue(language: string, load: Catalogue | undefined): Promise<void> {
  if (!load) throw new Error(`There are no such texts in ${language}`)
  const known = added.get(load)
  if (known) return known
  const adding = load().then(
    ({ default: catalogue }) => {
      for (const [namespace, texts] of Object.entries(catalogue)) addTexts(language, namespace, texts)
    },
    (cause) => {
      // The network may be back at the next try.
      added.delete(load)
      throw cause
    },
  )
  added.set(load, adding)
  return adding
}

/**
 * Starts the texts in the language that boot.js wrote on <html>, loading that one catalogue. `own` is the namespace of the
 * app: `t('home.title')` looks there, then in `common`.
 */
export async function startTexts(own: 'portal' | 'office'): Promise<void> {
  const language = currentLanguage()
  await addCatalogue(language, catalogues[language])
  showLanguage(language, own)
}

/** The language of the screens right now, as a BCP 47 tag. */
export function currentLanguage(): string {
  return shownLanguage() || document.documentElement.lang || 'en'
}

const needed = new Set<string>()

/** Brings texts that only some pages need, in the language of the screens and in whichever is chosen later. */
export async function loadTexts(name: string): Promise<void> {
  needed.add(name)
  await addCatalogue(currentLanguage(), late[name]?.[currentLanguage()])
}

/** Loads the language if it is new, shows it everywhere and keeps the choice in this browser. */
export async function changeLanguage(language: string): Promise<void> {
  if (!languages.includes(language)) return
  await Promise.all([
    addCatalogue(language, catalogues[language]),
    ...[...needed].map((name) => addCatalogue(language, late[name]?.[language])),
  ])
  showLanguage(language)
  document.documentElement.lang = language
  try {
    localStorage.setItem('zaguan.language', language)
  } catch {
    // A browser that keeps nothing still shows the language for this visit.
  }
}

/** Has the person chosen a language in this browser? Otherwise the one of their user may be applied after sign-in. */
export function hasChosenLanguage(): boolean {
  try {
    return localStorage.getItem('zaguan.language') !== null
  } catch {
    return false
  }
}
