import { type Language, languages, translator } from '../../platform/translations.ts'

/** What staff write for a mail: plain text with variables in braces. */
export type DunningText = { subject: string; body: string }
export type DunningTexts = Record<Language, DunningText>

/** What stands in braces in a text, and what each becomes stands in the guide. */
export const dunningVariables = [
  'name',
  'account',
  'unit',
  'amount',
  'document',
  'documents',
  'due_date',
  'days',
  'services',
  'next',
] as const
export type DunningVariable = (typeof dunningVariables)[number]
export type DunningValues = Record<DunningVariable, string>

const braces = /\{\s*([\p{L}\p{N}_]*)\s*\}/gu

/** What stands in braces in a text and is no variable. */
export function listUnknownVariables(text: string): string[] {
  const known: readonly string[] = dunningVariables
  return [...text.matchAll(braces)].map((match) => match[1]!).filter((name) => !known.includes(name))
}

/** A text with its variables filled in; paragraphs are separated by empty lines, and one that came out empty is left out. */
export function renderDunningText(
  text: DunningText,
  values: DunningValues,
): { subject: string; paragraphs: string[] } {
  const fill = (template: string) =>
    template.replaceAll(braces, (match, name: string) =>
      Object.hasOwn(values, name) ? values[name as DunningVariable] : match,
    )
  return {
    subject: fill(text.subject),
    paragraphs: fill(text.body)
      .split(/\r?\n[ \t]*\r?\n/)
      .map((paragraph) => paragraph.trim())
      .filter(Boolean),
  }
}

/** The kinds of default text: what a reminder says differs before and after the due date, and before the last steps. */
export const defaultTextKinds = ['before', 'due', 'after', 'last', 'suspended', 'cancelled'] as const
export type DefaultTextKind = (typeof defaultTextKinds)[number]

/** A default text in the three languages. */
export function defaultTexts(kind: DefaultTextKind): DunningTexts {
  return Object.fromEntries(
    languages.map((language) => {
      const t = translator(language)
      return [
        language,
        { subject: t(`mail:dunning.default.${kind}.subject`), body: t(`mail:dunning.default.${kind}.body`) },
      ]
    }),
  ) as DunningTexts
}
