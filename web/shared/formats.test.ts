import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { contrast, deriveAccent, derivePlotColours } from './accent.ts'
import {
  formatDate,
  formatMoney,
  formatMoneyInput,
  formatPeriod,
  formatRelative,
  parseMoney,
  toDecimalText,
} from './formats.ts'

const plain = (text: string) => text.replace(/[\u00a0\u202f\u2009]/g, ' ')

describe('money', () => {
  it('is written exactly, in the notation of each language', () => {
    expect(plain(formatMoney(123450, 'BRL', 'pt-BR'))).toBe('R$ 1.234,50')
    expect(plain(formatMoney(123450, 'ARS', 'es'))).toBe('$ 1.234,50')
    expect(plain(formatMoney(123450, 'USD', 'en'))).toBe('$1,234.50')
    expect(plain(formatMoney(-5, 'BRL', 'pt-BR'))).toBe('-R$ 0,05')
    expect(plain(formatMoney(1234, 'JPY', 'en'))).toBe('¥1,234')
  })

  it('keeps every digit of the largest amount', () => {
    expect(toDecimalText(Number.MAX_SAFE_INTEGER, 2)).toBe('90071992547409.91')
    expect(plain(formatMoney(Number.MAX_SAFE_INTEGER, 'BRL', 'pt-BR'))).toBe('R$ 90.071.992.547.409,91')
    expect(() => toDecimalText(0.5, 2)).toThrow(RangeError)
  })

  it.each([
    ['1.234,50', 'pt-BR', 123450],
    ['1234,5', 'pt-BR', 123450],
    ['1234.5', 'pt-BR', 123450],
    ['1.234', 'pt-BR', 123400],
    ['1,234', 'en', 123400],
    ['1,234.5', 'en', 123450],
    ['12,5', 'en', 1250],
    ['0,05', 'es', 5],
    ['-10', 'en', -1000],
    [',50', 'pt-BR', 50],
    ['1.234.567,89', 'es', 123456789],
    ['12,345', 'pt-BR', null],
    ['1.23.4', 'pt-BR', null],
    ['12a', 'pt-BR', null],
    ['', 'pt-BR', null],
    ['99999999999999999', 'en', null],
  ])('reads %j typed in %s as %j', (typed, language, minor) => {
    expect(parseMoney(typed, 'BRL', language)).toBe(minor)
  })

  it('reads what it writes', () => {
    for (const language of ['pt-BR', 'es', 'en']) {
      for (const currency of ['BRL', 'JPY', 'KWD']) {
        for (const amount of [0, 1, 999, 1000, 123456789, -42]) {
          expect(parseMoney(formatMoneyInput(amount, currency, language), currency, language)).toBe(amount)
        }
      }
    }
  })
})

describe('dates', () => {
  it('does not move a day through a time zone', () => {
    expect(formatDate('2026-05-31', 'pt-BR', 'long')).toBe('31 de maio de 2026')
    expect(formatDate('2026-05-31', 'en')).toBe('May 31, 2026')
  })

  it('says a half-open period in inclusive words', () => {
    expect(plain(formatPeriod('2026-05-01', '2026-06-01', 'pt-BR'))).toMatch(/^1 . 31 de maio de 2026$/)
    expect(plain(formatPeriod('2026-05-21', '2026-05-22', 'en'))).toBe('May 21, 2026')
    expect(plain(formatPeriod('2026-12-15', '2027-01-15', 'en'))).toMatch(
      /December 15, 2026 . January 14, 2027/,
    )
  })

  it('says how far a day is', () => {
    const now = new Date(2026, 4, 20, 23, 30)
    expect(formatRelative('2026-05-19', 'pt-BR', now)).toBe('ontem')
    expect(formatRelative('2026-05-23', 'en', now)).toBe('in 3 days')
    expect(formatRelative(new Date(now.getTime() - 300_000).toISOString(), 'en', now)).toBe('5 minutes ago')
  })
})

describe('colours', () => {
  const accents = [
    '#2563eb',
    '#f97316',
    '#ffd400',
    '#16a34a',
    '#0b1f4d',
    '#ffffff',
    '#000000',
    '#808080',
    '#e11d48',
    '#9be7ff',
  ]

  it.each(accents)('gives readable text for the accent %s in both schemes', (accent) => {
    for (const [scheme, surfaces] of [
      ['light', ['#ffffff', '#f7f7f8']],
      ['dark', ['#1b1c20', '#121316']],
    ] as const) {
      const colours = deriveAccent(accent, scheme)
      expect(contrast(colours.onFill, colours.fill)).toBeGreaterThanOrEqual(4.5)
      expect(contrast(colours.onFill, colours.fillHover)).toBeGreaterThanOrEqual(4.5)
      const plot = derivePlotColours(accent, scheme)
      expect(new Set(plot).size).toBe(6)
      for (const colour of plot) expect(contrast(colour, surfaces[0])).toBeGreaterThanOrEqual(3)
      for (const background of [...surfaces, colours.subtle, colours.subtleHover]) {
        expect(contrast(colours.text, background)).toBeGreaterThanOrEqual(4.5)
      }
    }
  })

  it('keeps every text token readable on every background it is used on', () => {
    const css = readFileSync(new URL('styles.css', import.meta.url), 'utf8')
    const [light = '', dark = ''] = css.split(":root[data-mantine-color-scheme='dark']")
    const read = (block: string) =>
      Object.fromEntries(
        [...block.matchAll(/--([a-z0-9-]+): (#[0-9a-f]{6});/g)].map(([, name, hex]) => [name, hex]),
      )
    const schemes = { light: read(light), dark: { ...read(light), ...read(dark) } }
    for (const [scheme, token] of Object.entries(schemes)) {
      const check = (text: string, background: string, ratio = 4.5) =>
        expect(
          contrast(token[text] ?? '', token[background] ?? ''),
          `${scheme}: ${text} on ${background}`,
        ).toBeGreaterThanOrEqual(ratio)
      for (const background of ['page', 'surface', 'raised', 'hover']) {
        for (const text of ['text', 'text-muted', 'text-faint']) check(text, background)
      }
      for (const background of ['page', 'surface']) check('border-strong', background, 3)
      for (const tone of ['neutral', 'info', 'good', 'warning', 'bad']) {
        for (const background of ['page', 'surface', `tone-${tone}-subtle`, `tone-${tone}-subtle-hover`]) {
          check(`tone-${tone}-text`, background)
        }
        check(`tone-${tone}-on-fill`, `tone-${tone}-fill`)
        check(`tone-${tone}-on-fill`, `tone-${tone}-fill-hover`)
      }
    }
  })
})
