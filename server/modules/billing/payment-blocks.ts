// What stands below a document's sums for paying it at once.
import { encode } from 'uqr'
import { cleanText, wrap } from '../../platform/pdf/fonts.ts'
import { ink, inner, lineHeight, page, textString } from '../../platform/pdf/writer.ts'
import type { Sheet } from './document-sheet.ts'

const code = 104
const gap = 14

/** The QR code of a Pix and, beside it, its text to be copied. Who copies from the PDF gets the text without line breaks. */
export function writePix(sheet: Sheet, text: string): void {
  const { draft, t } = sheet
  const x = page.margin + gap + code + 18
  const width = inner - (x - page.margin) - gap
  const how = wrap(t('pdf:pix.how'), 400, 8.5, width)
  const lines = wrap(text, 400, 8, width)
  const words = lineHeight(10) + 4 + how.length * lineHeight(8.5) + 5 + lines.length * lineHeight(8)
  const height = Math.max(code, words) + 2 * gap
  sheet.y += 22
  sheet.makeRoom(height)
  const { y } = sheet
  const section = draft.group(draft.root, 'Sect')
  draft.decorate(() => draft.strokeBox(page.margin, y, inner, height, ink.line, 0.8, 8))
  const { data } = encode(text, { ecc: 'M', border: 0 })
  const left = page.margin + gap
  const top = y + (height - code) / 2
  const box = [left, page.height - top - code, left + code, page.height - top].map(
    (value) => Math.round(value * 100) / 100,
  )
  draft.tag(
    section,
    'Figure',
    () => draft.fillCells(left, top, code, data),
    ` /Alt ${textString(cleanText(t('pdf:pix.code')))} /A << /O /Layout /Placement /Block /BBox [${box.join(' ')}] >>`,
  )
  let at = y + (height - words) / 2
  draft.tag(section, 'H2', () => {
    at = draft.write([cleanText(t('pdf:pix.head'))], x, at, width, { size: 10, weight: 600 }) + 4
  })
  draft.tag(section, 'P', () => {
    at = draft.write(how, x, at, width, { size: 8.5, colour: ink.soft }) + 5
  })
  draft.tag(
    section,
    'P',
    () => draft.write(lines, x, at, width, { size: 8 }),
    ` /ActualText ${textString(text)}`,
  )
  sheet.y = y + height
}
