import { fold } from '../shared/fold.ts'

/** Names of the months in every language of the office, so that a habit of another one is understood, too. */
const names: string[][] = Array.from({ length: 12 }, (_, month) =>
  ['pt-BR', 'es', 'en'].map((language) =>
    fold(
      new Intl.DateTimeFormat(language, { month: 'long', timeZone: 'UTC' }).format(
        new Date(Date.UTC(2026, month, 1)),
      ),
    ),
  ),
)
/** Articles and the like, which say nothing. */
const filling = new Set(['a', 'o', 'de', 'do', 'el', 'la', 'del', 'the', 'of', 'up', 'to', 'month', 'mes'])

/**
 * Reads "close july", "fechar março de 2026", "cierre 07/2026": the month, as `2026-07`, if what was typed is nothing but
 * a verb (one of `verbs`) and a month. Without a year it is the last such month that has begun.
 */
export function readMonthCommand(typed: string, verbs: string, today: Date): string | null {
  const known = fold(verbs).split(/\s+/)
  let verb = false
  let month: number | null = null
  let year: number | null = null
  for (const word of fold(typed)
    .split(/[\s,]+/)
    .filter(Boolean)) {
    const numeric = /^(?:(\d{4})[-/](\d{1,2})|(\d{1,2})[-/](\d{4}))$/.exec(word)
    if (numeric) {
      year = Number(numeric[1] ?? numeric[4])
      month = Number(numeric[2] ?? numeric[3]) - 1
    } else if (/^20\d\d$/.test(word)) year = Number(word)
    else if (filling.has(word)) continue
    else if (word.length < 3) return null
    else if (!verb && known.some((one) => one.startsWith(word))) verb = true
    else {
      const found = names.findIndex((all) => all.some((name) => name.startsWith(word)))
      if (found < 0 || month !== null) return null
      month = found
    }
  }
  if (!verb || month === null || month < 0 || month > 11) return null
  year ??= month > today.getMonth() ? today.getFullYear() - 1 : today.getFullYear()
  return `${year}-${String(month + 1).padStart(2, '0')}`
}
