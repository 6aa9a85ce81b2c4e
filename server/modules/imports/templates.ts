import { type CellStyle, type CellValue, colToLetter, type DataValidation, writeXlsx } from 'hucre/xlsx'
import { csvRow } from '../../platform/csv.ts'
import type { ImportKind } from '../../platform/database.gen.ts'
import type { ListFormat } from '../../platform/exports.ts'
import { Binary } from '../../platform/http.ts'
import { spreadsheetType } from '../../platform/spreadsheets.ts'
import { type Language, translator } from '../../platform/translations.ts'
import { headerOf, nameChoice, type Target, targetsOf, templateColumns } from './mapping.ts'

/** An example of each target; of choices it is the API's word for one. */
const examples: Record<string, string> = {
  'account.external_id': 'C-1001',
  'account.name': 'Padaria Estrela Ltda.',
  'account.kind': 'company',
  'account.tax_id': '11.222.333/0001-81',
  'account.email': 'financeiro@estrela.example',
  'account.phone': '+55 11 5555-0101',
  'account.fax': '',
  'account.address': 'Rua das Flores, 120',
  'account.city': 'São Paulo',
  'account.state': 'SP',
  'account.country': 'BR',
  'account.postal_code': '01310-100',
  'account.language': 'pt-BR',
  'account.rank': 'A',
  'account.domains': 'estrela.example',
  'account.notes': '',
  'contact.external_id': 'P-1',
  'contact.first_name': 'Ana',
  'contact.last_name': 'Souza',
  'contact.email': 'ana@estrela.example',
  'contact.phone': '+55 11 5555-0102',
  'contact.title': 'Diretora',
  'contact.topics': 'billing',
  'contact.primary': 'yes',
  'subscription.external_id': 'S-5001',
  'product.name': 'Internet',
  'plan.name': 'Fibra 300',
  'plan.kind': 'broadband',
  price: '99.90',
  quantity: '1',
  discount: '10%',
  start: '2025-03-15',
  term_months: '12',
  payment_method: 'boleto',
  state: 'active',
  end: '',
}

/** As far as a template prepares its rows: lists to choose from, columns of text and of days. */
const preparedRows = 5000

type TemplateColumn = { target: Target; header: string; needed: boolean; choices: string[]; example: string }

function describeColumns(kind: ImportKind, language: Language): TemplateColumn[] {
  const targets = new Map(targetsOf(kind).map((target) => [target.name, target]))
  return templateColumns[kind].map((name) => {
    const target = targets.get(name)!
    const example = examples[name] ?? ''
    return {
      target,
      header: headerOf(kind, name, language)!,
      needed: target.required.includes(kind),
      choices: target.choices.map((choice) => nameChoice(target, choice, language)),
      example: target.choices.includes(example) ? nameChoice(target, example, language) : example,
    }
  })
}

/**
 * The template of a kind of import (A4) in a language: CSV with a header and one example row, or a workbook with an empty
 * sheet to fill and one that explains its columns. Their headers are recognised without mapping by hand.
 */
export async function writeTemplate(
  kind: ImportKind,
  format: ListFormat,
  language: Language,
): Promise<Binary> {
  const columns = describeColumns(kind, language)
  const name = translator(language)(`imports:template.file.${kind}`)
  if (format === 'csv') {
    const text = csvRow(columns.map(({ header }) => header)) + csvRow(columns.map(({ example }) => example))
    return new Binary(Buffer.from(`\ufeff${text}`), 'text/csv; charset=utf-8', `${name}.csv`)
  }
  return new Binary(await writeWorkbook(kind, columns, language), spreadsheetType, `${name}.xlsx`)
}

const headerStyle: CellStyle = { font: { bold: true }, alignment: { vertical: 'center' } }
const proseStyle: CellStyle = { alignment: { wrapText: true, vertical: 'top' } }

async function writeWorkbook(
  kind: ImportKind,
  columns: readonly TemplateColumn[],
  language: Language,
): Promise<Buffer> {
  const translate = translator(language)
  const say = (key: string, params?: object) => translate(`imports:template.${key}`, { ...params })
  const data = say('data')
  const explanation: CellValue[][] = [
    [say(`title.${kind}`, { sheet: data })],
    [],
    ['column', 'needed', 'meaning', 'values', 'example'].map((key) => say(key)),
    ...columns.map(({ target, header, needed, choices, example }) => [
      header,
      needed ? translate('imports:answer.yes') : '',
      translate(`imports:help.${target.name}`),
      choices.join('; '),
      example,
    ]),
  ]
  const bytes = await writeXlsx({
    properties: { title: say(`title.${kind}`, { sheet: data }), creator: 'Zaguan' },
    sheets: [
      {
        name: data,
        rows: [columns.map(({ header }) => header)],
        columns: columns.map(({ target, header, example }) => ({
          width: Math.min(36, Math.max(12, header.length + 3, example.length + 3)),
          style: styleOf(target),
        })),
        cells: boldRow(0, columns.length),
        freezePane: { rows: 1 },
        dataValidations: columns.flatMap((column, at) => listOf(column, at, say('list_error'))),
      },
      {
        name: say('help'),
        rows: explanation,
        columns: [26, 13, 64, 44, 28].map((width) => ({ width, style: proseStyle })),
        cells: new Map([['0,0', { style: { font: { bold: true, size: 13 } } }], ...boldRow(2, 5)]),
        merges: [{ startRow: 0, startCol: 0, endRow: 0, endCol: 4 }],
        freezePane: { rows: 3 },
      },
    ],
  })
  return Buffer.from(bytes)
}

/** Ids, numbers of documents and telephones are text, so that no leading zero is lost while it is typed. */
function styleOf({ type }: Target): CellStyle {
  if (type === 'date') return { numFmt: 'yyyy-mm-dd' }
  if (type === 'money') return { numFmt: '0.00##' }
  return type === 'count' || type === 'discount' ? {} : { numFmt: '@' }
}

function boldRow(row: number, columns: number) {
  return new Map(
    Array.from({ length: columns }, (_, column) => [`${row},${column}`, { style: headerStyle }] as const),
  )
}

/** A list to choose from, where one value is chosen and the list is as short as a workbook allows. */
function listOf({ target, choices }: TemplateColumn, at: number, message: string): DataValidation[] {
  const listed = target.type === 'choice' || target.type === 'yes_no'
  if (!listed || choices.some((choice) => choice.includes(',')) || choices.join().length > 250) return []
  const letter = colToLetter(at)
  return [
    {
      type: 'list',
      values: choices,
      range: `${letter}2:${letter}${preparedRows}`,
      allowBlank: true,
      showErrorMessage: true,
      // What is typed and understood all the same is not kept from being typed.
      errorStyle: 'warning',
      errorMessage: message,
    },
  ]
}
