import { expect, it } from 'vitest'
import { readMonthCommand } from './month-words.ts'

const today = new Date(2026, 7, 15)
const verbs = { en: 'close closing bill', pt: 'fechar fechamento faturar', es: 'cerrar cierre facturar' }

it.each([
  ['close july', verbs.en, '2026-07'],
  ['Close jul', verbs.en, '2026-07'],
  ['closing of august', verbs.en, '2026-08'],
  ['close december', verbs.en, '2025-12'],
  ['close july 2024', verbs.en, '2024-07'],
  ['fechar julho', verbs.pt, '2026-07'],
  ['FECHAR MARÇO de 2026', verbs.pt, '2026-03'],
  ['fechamento marco', verbs.pt, '2026-03'],
  ['cerrar julio', verbs.es, '2026-07'],
  ['cierre de enero', verbs.es, '2026-01'],
  ['cierre 07/2026', verbs.es, '2026-07'],
  ['close 2026-2', verbs.en, '2026-02'],
])('“%s” is a month to close', (typed, known, month) => {
  expect(readMonthCommand(typed, known, today)).toBe(month)
})

it.each([
  '',
  'july',
  'close',
  'close j',
  'close maria',
  'close july august',
  'july motors',
  'close 13/2026',
  'clo ju',
])('“%s” is none', (typed) => {
  expect(readMonthCommand(typed, verbs.en, today)).toBeNull()
})
