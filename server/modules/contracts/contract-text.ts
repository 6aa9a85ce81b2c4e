// The markup of contracts: a little of Markdown, read into blocks that screens and PDFs draw alike. Nothing in it is ever HTML.
//
//   # Heading, ## second, ### third          **bold**            \* a sign that means itself
//   - list                                   1. numbered list    --- a rule
//   | table | with a heading |  and below it rows, and |---|---| between them
//   {{variable}}: filled in before, escaped, so that no customer's name is ever markup

/** A piece of a line. */
export type Span = { text: string; bold: boolean }
export type Block =
  | { kind: 'heading'; level: 1 | 2 | 3; spans: Span[] }
  | { kind: 'paragraph'; spans: Span[] }
  | { kind: 'list'; ordered: boolean; start: number; items: Span[][] }
  | { kind: 'table'; head: Span[][]; rows: Span[][][] }
  | { kind: 'rule' }

/** What is wrong with a template and where: line and column from 1. */
export type TemplateFault = {
  code: 'unknown_variable' | 'variable_not_closed' | 'template_empty'
  name: string
  line: number
  column: number
  length: number
}

const variablePattern = /\{\{\s*([^{}\n]*?)\s*\}\}/g

/** Every fault of a template, in the order of the text: variables that nobody knows, and braces that are not closed. */
export function checkTemplate(body: string, known: ReadonlySet<string>): TemplateFault[] {
  if (body.trim() === '') return [{ code: 'template_empty', name: '', line: 1, column: 1, length: 1 }]
  const faults: TemplateFault[] = []
  for (const [index, line] of body.split('\n').entries()) {
    let rest = line
    for (const match of line.matchAll(variablePattern)) {
      const name = match[1]!
      rest = blank(rest, match.index, match[0].length)
      if (!known.has(name))
        faults.push({
          code: 'unknown_variable',
          name: name || '{{}}',
          line: index + 1,
          column: match.index + 1,
          length: match[0].length,
        })
    }
    const open = rest.search(/\{\{|\}\}/)
    if (open >= 0)
      faults.push({
        code: 'variable_not_closed',
        name: rest.slice(open, open + 20),
        line: index + 1,
        column: open + 1,
        length: 2,
      })
  }
  return faults
}

const blank = (text: string, at: number, length: number) =>
  text.slice(0, at) + ' '.repeat(length) + text.slice(at + length)

/** The names of the variables that a template asks for, each once. */
export function listVariables(body: string): string[] {
  return [...new Set([...body.matchAll(variablePattern)].map((match) => match[1]!))]
}

/** A template with its values; one that has none reads `–`. What a value says is never markup. */
export function fillTemplate(body: string, values: Readonly<Record<string, string | null>>): string {
  return body
    .replace(/\r\n?/g, '\n')
    .replace(variablePattern, (_, name: string) => neutralise(values[name] ?? '–'))
}

/** One line, in which every sign that markup knows means itself. */
function neutralise(value: string): string {
  const line = value.replaceAll(/\s*\n\s*/g, ', ').trim()
  return (line === '' ? '–' : line)
    .replaceAll(/[\\*|#{}]/g, '\\$&')
    .replace(/^[-+]/, '\\$&')
    .replace(/^(\d+)([.)])/, '$1\\$2')
}

/** Reads markup into blocks; whatever is no markup is a paragraph. */
export function readMarkup(text: string): Block[] {
  const blocks: Block[] = []
  let paragraph: string[] = []
  const endParagraph = () => {
    if (paragraph.length > 0) blocks.push({ kind: 'paragraph', spans: readSpans(paragraph.join('\n')) })
    paragraph = []
  }
  const lines = text.replace(/\r\n?/g, '\n').split('\n')
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!.trim()
    if (line === '') {
      endParagraph()
      continue
    }
    const heading = /^(#{1,3})\s+(.*)$/.exec(line)
    if (heading) {
      endParagraph()
      blocks.push({ kind: 'heading', level: heading[1]!.length as 1 | 2 | 3, spans: readSpans(heading[2]!) })
      continue
    }
    if (/^(-{3,}|\*{3,})$/.test(line)) {
      endParagraph()
      blocks.push({ kind: 'rule' })
      continue
    }
    if (line.startsWith('|')) {
      endParagraph()
      const rows: string[] = []
      while (at < lines.length && lines[at]!.trim().startsWith('|')) rows.push(lines[at++]!.trim())
      at--
      blocks.push(readTable(rows))
      continue
    }
    const item = readItem(line)
    if (item) {
      endParagraph()
      const last = blocks.at(-1)
      const spans = readSpans(item.text)
      // Numbered items go on counting also where a blank line stands between them.
      if (last?.kind === 'list' && last.ordered === item.ordered) last.items.push(spans)
      else blocks.push({ kind: 'list', ordered: item.ordered, start: item.number, items: [spans] })
      // What is indented below belongs to the item.
      while (at + 1 < lines.length && /^\s{2,}\S/.test(lines[at + 1]!) && !readItem(lines[at + 1]!.trim()))
        spans.push(...readSpans(`\n${lines[++at]!.trim()}`))
      continue
    }
    paragraph.push(line)
  }
  endParagraph()
  return blocks
}

function readItem(line: string): { ordered: boolean; number: number; text: string } | null {
  const bullet = /^[-+]\s+(.*)$/.exec(line)
  if (bullet) return { ordered: false, number: 1, text: bullet[1]! }
  const number = /^(\d{1,4})[.)]\s+(.*)$/.exec(line)
  return number ? { ordered: true, number: Number(number[1]), text: number[2]! } : null
}

function readTable(lines: readonly string[]): Block {
  const rows = lines
    .filter((line) => !/^\|?[\s:|-]+\|?$/.test(line) || !line.includes('-'))
    .map((line) => splitCells(line).map(readSpans))
  const ruled = lines.length > 1 && /^\|?[\s:|-]+\|?$/.test(lines[1]!) && lines[1]!.includes('-')
  const width = Math.max(1, ...rows.map((row) => row.length))
  const even = rows.map((row) => [...row, ...Array.from({ length: width - row.length }, () => [])])
  return ruled
    ? { kind: 'table', head: even[0] ?? [], rows: even.slice(1) }
    : { kind: 'table', head: [], rows: even }
}

/** The cells of a line, by the bars that are not escaped. */
function splitCells(line: string): string[] {
  const cells: string[] = []
  let cell = ''
  for (let at = 1; at < line.length; at++) {
    const sign = line[at]!
    if (sign === '\\' && at + 1 < line.length) cell += sign + line[++at]!
    else if (sign === '|') {
      cells.push(cell.trim())
      cell = ''
    } else cell += sign
  }
  if (cell.trim() !== '') cells.push(cell.trim())
  return cells
}

/** The pieces of a line: bold between two stars; a backslash takes a sign's meaning. */
function readSpans(text: string): Span[] {
  const spans: Span[] = []
  let bold = false
  let piece = ''
  const end = () => {
    if (piece !== '') spans.push({ text: piece, bold })
    piece = ''
  }
  for (let at = 0; at < text.length; at++) {
    const sign = text[at]!
    if (sign === '\\' && /[\\*|#{}+\-.)]/.test(text[at + 1] ?? '')) {
      piece += text[++at]!
      continue
    }
    if (sign === '*' && text[at + 1] === '*' && (bold || text.indexOf('**', at + 2) > 0)) {
      end()
      bold = !bold
      at++
      continue
    }
    piece += sign
  }
  end()
  return spans
}

/** What blocks say, as plain text: for searching and for readers aloud. */
export function plainText(blocks: readonly Block[]): string {
  const line = (spans: readonly Span[]) => spans.map(({ text }) => text).join('')
  return blocks
    .map((block) => {
      if (block.kind === 'rule') return ''
      if (block.kind === 'list')
        return block.items
          .map((item, index) => `${block.ordered ? `${block.start + index}.` : '•'} ${line(item)}`)
          .join('\n')
      if (block.kind === 'table')
        return [...(block.head.length > 0 ? [block.head] : []), ...block.rows]
          .map((row) => row.map(line).join(' | '))
          .join('\n')
      return line(block.spans)
    })
    .join('\n\n')
}
