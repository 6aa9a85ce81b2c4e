import { type Language, languages, translator } from '../../platform/translations.ts'

/** What the columns are called that tell why a row was rejected: its line, the reason, the column and the value at fault. */
export function nameRejectColumns(language: Language): string[] {
  const translate = translator(language)
  return ['row', 'reason', 'column', 'value'].map((name) => translate(`imports:rejects_file.${name}`))
}

/** The same in every language: a file of rejected rows is imported again with them, and they mean nothing then. */
export const rejectColumnNames: ReadonlySet<string> = new Set(languages.flatMap(nameRejectColumns))
