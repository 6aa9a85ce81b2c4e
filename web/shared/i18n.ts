import { catalogues, late, names } from 'virtual:catalogues'
import i18n from 'i18next'
import { initReactI18next } from 'react-i18next'

// A well-kept library is worth its weight here, as openapi-fetch is in api.ts: what first pages load is cut by loading less of our
// own, never by writing such a library again.

/** The tags of the languages that exist: the folders of `locales/`. */
export const languages: string[] = Object.keys(catalogues)

/** What a language calls itself: 'Português (Brasil)'. */
export function nameOfLanguage(language: string): string {
  return names[language] ?? language
}

async function loadCatalogue(language: string) {
  const load = catalogues[language]
  if (!load) throw new Error(`There is no catalogue for ${language}`)
  return (await load()).default
}

/**
 * Starts the translations in the language that boot.js wrote on <html>, loading that one catalogue. `own` is the
 * namespace of the app: `t('home.title')` looks there, then in `common`.
 */
export async function startTranslations(own: 'portal' | 'office'): Promise<void> {
  const language = document.documentElement.lang || 'en'
  await i18n.use(initReactI18next).init({
    lng: language,
    resources: { [language]: (await loadCatalogue(language)) as Record<string, Record<string, string>> },
    ns: ['common', own],
    defaultNS: own,
    fallbackNS: 'common',
    fallbackLng: false,
    load: 'currentOnly',
    initAsync: false,
    interpolation: { escapeValue: false, skipOnVariables: true },
    react: { useSuspense: false },
  })
}

/** The language of the screens right now, as a BCP 47 tag. */
export function currentLanguage(): string {
  return i18n.language || document.documentElement.lang || 'en'
}

const needed = new Set<string>()
const added = new Set<string>()

async function addLateTexts(namespace: string, language: string): Promise<void> {
  const load = late[namespace]?.[language]
  if (!load) throw new Error(`There are no texts of ${namespace} in ${language}`)
  const key = `${language}/${namespace}`
  if (added.has(key)) return
  // What a namespace has already stays: the rest of the app's own texts comes to those of its first page.
  for (const [name, texts] of Object.entries((await load()).default)) {
    i18n.addResourceBundle(language, name, texts)
  }
  added.add(key)
}

/**
 * Brings a namespace that only some pages need, or the `rest` of the app's own (see vite-app.ts), in the language of the
 * screens and in whichever is chosen later.
 */
export async function loadTexts(namespace: string): Promise<void> {
  needed.add(namespace)
  await addLateTexts(namespace, currentLanguage())
}

/** Loads the language if it is new, shows it everywhere and keeps the choice in this browser. */
export async function changeLanguage(language: string): Promise<void> {
  if (!languages.includes(language)) return
  if (!i18n.hasResourceBundle(language, 'common')) {
    for (const [namespace, texts] of Object.entries(await loadCatalogue(language))) {
      i18n.addResourceBundle(language, namespace, texts)
    }
  }
  await Promise.all([...needed].map((namespace) => addLateTexts(namespace, language)))
  await i18n.changeLanguage(language)
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
