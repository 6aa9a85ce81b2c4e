// The slip of a boleto (ficha de compensação) below a document's sums. Its layout and its words are those that Brazilian banks
// prescribe, in Portuguese whatever the document's language is.
import { composeBars } from '../../platform/itf25.ts'
import { formatMoney } from '../../platform/money.ts'
import { cleanText, wrap } from '../../platform/pdf/fonts.ts'
import { ink, inner, page, textString } from '../../platform/pdf/writer.ts'
import { translator } from '../../platform/translations.ts'
import type { PrintedParty, Sheet } from './document-sheet.ts'
import type { PrintedBoletoSlip } from './invoice-payment.ts'

/** Millimetres in points: the bar code is 103 mm by 13 mm. */
const bars = { width: 291.97, height: 36.85 }
const row = 26
const side = 128
const padding = 5

type Cell = { label: string; value: string; width: number; strong?: boolean; right?: boolean }

const percent = (rate: number) =>
  new Intl.NumberFormat('pt-BR', { minimumFractionDigits: 2 }).format(rate / 100)

function sayInstructions(boleto: PrintedBoletoSlip): string {
  const t = translator('pt-BR')
  const late = [
    ...(boleto.fine_rate > 0 ? [t('pdf:boleto.fine', { rate: percent(boleto.fine_rate) })] : []),
    ...(boleto.interest_rate > 0 ? [t('pdf:boleto.interest', { rate: percent(boleto.interest_rate) })] : []),
  ]
  return [
    ...(boleto.discount_until !== null
      ? [
          t('pdf:boleto.discount_until', {
            date: sayBoletoDay(boleto.discount_until),
            rate: percent(boleto.discount_rate),
          }),
        ]
      : []),
    ...(late.length > 0 ? [t('pdf:boleto.late', { charges: late.join(` ${t('pdf:boleto.and')} `) })] : []),
    ...(boleto.instructions ? [boleto.instructions] : []),
  ].join('\n')
}

/** Draws the slip: its bank, what people type, the cells that banks prescribe, and the bar code. */
export function writeBoleto(
  sheet: Sheet,
  boleto: PrintedBoletoSlip,
  document: { number: string | null; customer: PrintedParty },
): void {
  const { draft } = sheet
  const t = translator('pt-BR')
  const instructions = wrap(cleanText(sayInstructions(boleto)), 400, 8, inner - side - 2 * padding).slice(
    0,
    5,
  )
  const payer = wrap(
    cleanText(
      [
        [document.customer.name, document.customer.tax_id].filter(Boolean).join(' · '),
        [
          (document.customer.address ?? '').replaceAll(/\s*\n\s*/g, ', '),
          document.customer.city,
          document.customer.state,
          document.customer.postal_code,
        ]
          .filter(Boolean)
          .join(', '),
      ]
        .filter(Boolean)
        .join('\n'),
    ),
    400,
    8,
    inner - 2 * padding,
  ).slice(0, 3)
  const tall = 3 * row
  const payerHeight = 40
  const height = 30 + 4 * row + tall + payerHeight + 14 + bars.height + 8
  sheet.y += 20
  sheet.makeRoom(height + 18)
  const section = draft.group(draft.root, 'Sect')
  draft.tag(section, 'H2', () => {
    draft.write([cleanText(sheet.t('pdf:boleto.head'))], page.margin, sheet.y, inner, {
      size: 10,
      weight: 600,
    })
  })
  let y = sheet.y + 18
  const x = page.margin
  const right = x + inner
  const aside = right - side
  const writeLine = (at: number, size = 0.6) =>
    draft.decorate(() => draft.drawLine(x, at, right, ink.text, size))
  const writeCell = (cell: Cell, left: number, top: number) => {
    draft.tag(section, 'P', () => {
      draft.write([cleanText(cell.label)], left + padding, top + 2, cell.width - 2 * padding, {
        size: 6.5,
        colour: ink.soft,
      })
      draft.write(
        wrap(cleanText(cell.value), cell.strong ? 600 : 400, 8.5, cell.width - 2 * padding).slice(0, 1),
        left + padding,
        top + 11,
        cell.width - 2 * padding,
        { size: 8.5, weight: cell.strong ? 600 : 400, align: cell.right ? 'right' : 'left' },
      )
    })
  }
  const writeRow = (cells: readonly Cell[]) => {
    let left = x
    for (const [i, cell] of cells.entries()) {
      if (i > 0) draft.decorate(() => draft.fillBox(left, y, 0.6, row, ink.text))
      writeCell(cell, left, y)
      left += cell.width
    }
    y += row
    writeLine(y)
  }
  const money = formatMoney(boleto.amount, 'BRL', 'pt-BR')
  const rest = inner - side

  // The bank, its code, and what is typed.
  const [code, typed] = [x + 108, x + 156]
  const bank = wrap(cleanText(boleto.bank_name), 600, 8, code - x - 6).slice(0, 2)
  draft.tag(section, 'P', () => {
    draft.write(bank, x, y + (bank.length > 1 ? 2 : 9), code - x - 6, { size: 8, weight: 600 })
    draft.write([boleto.bank_code], code, y + 4, typed - code - 4, { size: 13, weight: 600, align: 'centre' })
  })
  draft.decorate(() => {
    draft.fillBox(code, y + 4, 1, 23, ink.text)
    draft.fillBox(typed - 5, y + 4, 1, 23, ink.text)
  })
  draft.tag(
    section,
    'P',
    () => {
      draft.write([boleto.typeable_line], typed, y + 8, right - typed, {
        size: 10,
        weight: 600,
        align: 'right',
      })
    },
    ` /ActualText ${textString(boleto.typeable_line)}`,
  )
  y += 27
  writeLine(y, 1.2)

  writeRow([
    { label: t('pdf:boleto.place'), value: t('pdf:boleto.anywhere'), width: rest },
    {
      label: t('pdf:boleto.due'),
      value: sayBoletoDay(boleto.due_date),
      width: side,
      strong: true,
      right: true,
    },
  ])
  writeRow([
    { label: t('pdf:boleto.creditor'), value: `${boleto.legal_name} · ${boleto.tax_id}`, width: rest },
    { label: t('pdf:boleto.agency'), value: boleto.creditor, width: side, right: true },
  ])
  writeRow([
    { label: t('pdf:boleto.issued'), value: sayBoletoDay(boleto.issued_on), width: 82 },
    { label: t('pdf:boleto.document'), value: document.number ?? '', width: 96 },
    { label: t('pdf:boleto.species'), value: speciesNames[boleto.species] ?? boleto.species, width: 62 },
    { label: t('pdf:boleto.acceptance'), value: 'N', width: 42 },
    { label: t('pdf:boleto.processed'), value: sayBoletoDay(boleto.issued_on), width: rest - 282 },
    { label: t('pdf:boleto.our_number'), value: boleto.our_number, width: side, right: true },
  ])
  writeRow([
    { label: t('pdf:boleto.bank_use'), value: '', width: 82 },
    { label: t('pdf:boleto.wallet'), value: boleto.wallet, width: 60 },
    { label: t('pdf:boleto.currency'), value: 'R$', width: 60 },
    { label: t('pdf:boleto.quantity'), value: '', width: 80 },
    { label: t('pdf:boleto.value'), value: '', width: rest - 282 },
    { label: t('pdf:boleto.amount'), value: money, width: side, strong: true, right: true },
  ])

  // What the teller is told, beside what the bank fills in.
  const top = y
  draft.tag(section, 'P', () => {
    draft.write([cleanText(t('pdf:boleto.instructions'))], x + padding, top + 2, rest, {
      size: 6.5,
      colour: ink.soft,
    })
    draft.write(instructions, x + padding, top + 13, rest - 2 * padding, { size: 8 })
  })
  draft.decorate(() => draft.fillBox(aside, top, 0.6, tall, ink.text))
  for (const [i, label] of (['discount', 'additions', 'charged'] as const).entries()) {
    // What is abated is known; what is paid late or early is for the bank to fill in.
    const value =
      label === 'discount' && boleto.abatement > 0 ? formatMoney(boleto.abatement, 'BRL', 'pt-BR') : ''
    writeCell({ label: t(`pdf:boleto.${label}`), value, width: side, right: true }, aside, top + i * row)
    if (i > 0) draft.decorate(() => draft.drawLine(aside, top + i * row, right, ink.text, 0.6))
  }
  y = top + tall
  writeLine(y)
  draft.tag(section, 'P', () => {
    draft.write([cleanText(t('pdf:boleto.payer'))], x + padding, y + 2, inner, {
      size: 6.5,
      colour: ink.soft,
    })
    draft.write(payer, x + padding, y + 12, inner - 2 * padding, { size: 8 })
  })
  y += payerHeight
  writeLine(y, 1.2)
  draft.tag(section, 'P', () => {
    draft.write([cleanText(t('pdf:boleto.slip'))], x, y + 3, inner, {
      size: 6.5,
      colour: ink.soft,
      align: 'right',
    })
  })
  y += 14
  const box = [x, page.height - y - bars.height, x + bars.width, page.height - y].map(
    (value) => Math.round(value * 100) / 100,
  )
  draft.tag(
    section,
    'Figure',
    () => draft.fillBars(x, y, bars.width, bars.height, composeBars(boleto.bar_code)),
    ` /Alt ${textString(cleanText(sheet.t('pdf:boleto.code')))} /A << /O /Layout /Placement /Block /BBox [${box.join(' ')}] >>`,
  )
  sheet.y = y + bars.height + 8
}

const speciesNames: Record<string, string> = { '02': 'DM', '04': 'DS', '12': 'NP', '17': 'RC', '99': 'OUT' }

/** As banks write days: 10/06/2026. */
function sayBoletoDay(date: string): string {
  return date.split('-').reverse().join('/')
}
