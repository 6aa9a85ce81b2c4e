import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkTemplate, fillTemplate, listVariables, plainText, readMarkup } from './contract-text.ts'

const known = new Set(['account.name', 'service.price'])

describe('a template', () => {
  it('is refused for what nobody knows, with its place', () => {
    expect(checkTemplate('# Contract\n\nOf {{account.name}} for {{service.prise}}.\n{{ }}', known)).toEqual([
      { code: 'unknown_variable', name: 'service.prise', line: 3, column: 25, length: 17 },
      { code: 'unknown_variable', name: '{{}}', line: 4, column: 1, length: 5 },
    ])
    expect(checkTemplate('Of {{account.name} and {{account.name}}', known)).toMatchObject([
      { code: 'variable_not_closed', line: 1, column: 4 },
    ])
    expect(checkTemplate('  \n ', known)).toMatchObject([{ code: 'template_empty' }])
    expect(checkTemplate('{{ account.name }} pays {{service.price}}', known)).toEqual([])
  })
  it('says what it asks for, each once', () => {
    expect(listVariables('{{a.b}} {{ a.b }} {{c}}')).toEqual(['a.b', 'c'])
  })
  it('takes values that are never markup, whatever they say', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (value) => {
        const said = value
          .replaceAll(/\r\n?/g, '\n')
          .replaceAll(/\s*\n\s*/g, ', ')
          .trim()
        const blocks = readMarkup(fillTemplate('Of {{account.name}}.', { 'account.name': value }))
        expect(blocks).toHaveLength(1)
        expect(plainText(blocks)).toBe(`Of ${said === '' ? '–' : said}.`)
        expect(blocks[0]).toMatchObject({ kind: 'paragraph', spans: [{ bold: false }] })
      }),
    )
    const row = readMarkup(fillTemplate('| {{account.name}} | b |', { 'account.name': 'A | **B** \\ {{x}}' }))
    expect(row).toEqual([
      {
        kind: 'table',
        head: [],
        rows: [[[{ text: 'A | **B** \\ {{x}}', bold: false }], [{ text: 'b', bold: false }]]],
      },
    ])
    for (const value of ['- x', '# x', '1. x', '---', '| x |'])
      expect(readMarkup(fillTemplate('{{account.name}}', { 'account.name': value })), value).toEqual([
        { kind: 'paragraph', spans: [{ text: value, bold: false }] },
      ])
  })
})

describe('markup', () => {
  it('is read into headings, paragraphs, lists, tables and rules', () => {
    const text = [
      '# One',
      'A **bold** word\nand a line',
      '',
      '- a',
      '- b',
      '  goes on',
      '1. first',
      '',
      '2. second',
      '---',
      '| What | Price |',
      '|---|---|',
      '| Fibra | 99 |',
      '### Three',
    ].join('\n')
    expect(readMarkup(text).map((block) => block.kind)).toEqual([
      'heading',
      'paragraph',
      'list',
      'list',
      'rule',
      'table',
      'heading',
    ])
    expect(plainText(readMarkup(text))).toBe(
      'One\n\nA bold word\nand a line\n\n• a\n• b\ngoes on\n\n1. first\n2. second\n\n\n\nWhat | Price\nFibra | 99\n\nThree',
    )
  })
  it('takes two stars without a partner as they are, and HTML as text', () => {
    expect(plainText(readMarkup('a ** b <script>alert(1)</script>'))).toBe('a ** b <script>alert(1)</script>')
  })
  it('reads any text without failing', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (text) => {
        readMarkup(text)
      }),
    )
  })
})
