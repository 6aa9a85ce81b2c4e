import type { Import, ImportMapping, ImportSource, ImportTarget } from '../shared/api-types.gen.ts'

/** Where the value of a target comes from. */
export type SourceKind = 'none' | 'column' | 'template' | 'constant' | 'months_before'

/** How a source is made: the one of the four ways that it has. */
export function kindOfSource(source: ImportSource | undefined): SourceKind {
  if (source?.column !== undefined) return 'column'
  if (source?.template !== undefined) return 'template'
  if (source?.constant !== undefined) return 'constant'
  if (source?.months_before !== undefined) return 'months_before'
  return 'none'
}

/** A source of another kind, with what can be kept of the one before. */
export function changeKind(
  before: ImportSource | undefined,
  kind: SourceKind,
  target: ImportTarget,
  columns: string[],
): ImportSource | undefined {
  const column = before?.column ?? before?.months_before ?? columns[0] ?? ''
  const { values, otherwise, date_format } = before ?? {}
  const kept = {
    ...(values ? { values } : {}),
    ...(otherwise === undefined ? {} : { otherwise }),
    ...(date_format ? { date_format } : {}),
  }
  if (kind === 'column') return { column, ...kept }
  if (kind === 'template') return { template: before?.column ? `{${before.column}}` : '', ...kept }
  if (kind === 'constant') return { constant: target.choices[0]?.value ?? '' }
  if (kind === 'months_before') return { months_before: column }
  return undefined
}

/** The text that a source reads from a row of the file, before its values are translated. */
function readRaw(source: ImportSource, columns: string[], row: string[]): string {
  const cell = (name: string) => (row[columns.indexOf(name)] ?? '').trim()
  if (source.constant !== undefined) return source.constant
  const column = source.column ?? source.months_before
  if (column !== undefined) return cell(column)
  return (source.template ?? '').replace(/\{([^{}]+)\}/g, (_all, name: string) => cell(name)).trim()
}

/** What a target becomes in a row; null where the mapping does not say what the value of the file means. */
export function readValue(source: ImportSource, columns: string[], row: string[]): string | null {
  const raw = readRaw(source, columns, row)
  if (!source.values) return raw
  return source.values[raw] ?? (raw === '' ? '' : (source.otherwise ?? null))
}

/** The different texts that the sample has for a source, the first ones. */
export function sampleTexts(source: ImportSource, { columns, sample }: Import): string[] {
  return [...new Set(sample.map((row) => readRaw(source, columns, row)))].filter(Boolean).slice(0, 20)
}

/** The columns of the file that a mapping makes nothing of. */
export function unusedColumns(mapping: ImportMapping, columns: string[]): string[] {
  const used = new Set(mapping.options.map((option) => option.column))
  for (const source of Object.values(mapping.fields)) {
    const column = source.column ?? source.months_before
    if (column !== undefined) used.add(column)
    for (const [, name] of (source.template ?? '').matchAll(/\{([^{}]+)\}/g)) if (name) used.add(name)
  }
  return columns.filter((column) => !used.has(column))
}

/** A mapping out of a file that somebody saved; null when it is none. Targets of another kind of import are left out. */
export function parseMapping(text: string, targets: ImportTarget[]): ImportMapping | null {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return null
  }
  if (typeof parsed !== 'object' || parsed === null || !('fields' in parsed)) return null
  const { fields } = parsed
  if (typeof fields !== 'object' || fields === null) return null
  const given = parsed as Partial<ImportMapping>
  const known = new Set(targets.map((target) => target.name))
  return {
    fields: Object.fromEntries(
      Object.entries(fields as ImportMapping['fields']).filter(([name]) => known.has(name)),
    ),
    options: Array.isArray(given.options) ? given.options : [],
    date_format: given.date_format ?? 'YYYY-MM-DD',
    decimal: given.decimal ?? 'auto',
  }
}
