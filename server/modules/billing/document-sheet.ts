// What the pages of every printed document share: the unit's look, who writes to whom, tables, the foot.
import { mixColours, readableAccent } from '../../platform/accent.ts'
import { formatDate } from '../../platform/calendar.ts'
import { cleanText, measure, type Weight, wrap } from '../../platform/pdf/fonts.ts'
import type { Picture } from '../../platform/pdf/pictures.ts'
import {
  type DocumentFacts,
  ink,
  inner,
  lineHeight,
  lowest,
  PdfDraft,
  page,
  right,
  textString,
} from '../../platform/pdf/writer.ts'
import { formatPeriod } from '../../platform/period.ts'
import { type Language, type Translate, translator } from '../../platform/translations.ts'

/** How a business unit shows itself on paper. */
export type PrintLook = {
  name: string
  /** #rrggbb */
  accent: string
  /** What `prepareLogo` made of the file; null where there is none: the name stands in its place. */
  logo: Picture | null
  support_email: string | null
  support_phone: string | null
  website: string | null
  payment_instructions: string | null
}

/** Issuer or customer as they were on issue: the columns `issuer` and `customer` of an invoice. */
export type PrintedParty = {
  name?: string | null
  legal_name?: string | null
  /** Of the customer's account. */
  number?: string | number | null
  tax_id?: string | null
  address?: string | null
  city?: string | null
  state?: string | null
  postal_code?: string | null
}

export type Column = {
  key: string
  title: string
  align: 'left' | 'right'
  /** The texts of this column stand out. */
  strong?: boolean
  /** Takes the room that the others leave; one column does. */
  grows?: boolean
  /** Left out where there is no room for all: the small print says it, too. */
  spare?: boolean
}

export type Row = {
  /** A cell may have several lines where its column is at the left. */
  cells: Record<string, string>
  /** Small print below the row. */
  note?: string
  strong?: boolean
}

/** What stands below the table: amounts at the right, words at the left. */
export type Sum = { label: string; amount: string; tone?: 'strong' | 'soft' }
export type Note = { head: string | null; text: string }

const logoHeight = 44

function listAddress(party: PrintedParty): string[] {
  const place = [party.city, party.state].filter(Boolean).join(', ')
  return [
    ...(party.address ?? '').split(/\r?\n/),
    [place, party.postal_code].filter(Boolean).join(' '),
  ].filter((line) => line.trim() !== '')
}

/** Breaks between the two dates of a period, never inside one. */
function keepDatesWhole(period: string): string {
  // Spanish says `30 de abr al 30 de may de 2026`.
  const between = /^(.+?(?:–|\sal))\s+(.+)$/u.exec(period)
  const whole = (text: string) => text.replace(/\s/g, '\u00a0')
  return between ? `${whole(between[1]!)} ${whole(between[2]!)}` : period
}

const days = new Map<string, string>()

/** Days and periods as people say them; documents of one closing say the same ones. */
function remember(key: string, say: () => string): string {
  let said = days.get(key)
  if (said === undefined) {
    if (days.size >= 5000) days.clear()
    said = say()
    days.set(key, said)
  }
  return said
}

/** An ISO date in words. */
export function sayDay(date: string, language: Language): string {
  return remember(`${language} ${date}`, () => formatDate(Temporal.PlainDate.from(date), language))
}

/** A half-open range of ISO dates in words, its last day included. */
export function sayPeriod(range: { from: string; to: string }, language: Language): string {
  return remember(`${language} ${range.from} ${range.to}`, () =>
    keepDatesWhole(
      formatPeriod(
        { from: Temporal.PlainDate.from(range.from), to: Temporal.PlainDate.from(range.to) },
        language,
      ),
    ),
  )
}

/** A document that is being written from top to bottom, page after page. */
export class Sheet {
  readonly draft: PdfDraft
  readonly look: PrintLook
  readonly language: Language
  readonly t: Translate
  /** What stands at the head of the pages after the first. */
  readonly title: string
  readonly tint: string
  y: number = page.top
  #accentText: string

  constructor(look: PrintLook, language: Language, facts: Omit<DocumentFacts, 'language'>) {
    this.look = look
    this.language = language
    this.t = translator(language)
    this.title = facts.title
    this.tint = mixColours(look.accent, '#ffffff', 0.91)
    this.#accentText = readableAccent(look.accent, '#ffffff')
    this.draft = new PdfDraft({ ...facts, language })
    this.#startPage()
  }

  #startPage(): void {
    this.draft.addPage()
    this.y = page.top
    this.draft.decorate(() => this.draft.fillBox(0, 0, page.width, 5, this.look.accent), true)
  }

  #continueOnNextPage(): void {
    this.#startPage()
    this.draft.decorate(() => {
      const words = [this.look.name, this.title, this.t('pdf:continued')].join(' · ')
      const line = wrap(words, 400, 8.5, inner).slice(0, 1)
      this.draft.write(line, page.margin, this.y - 12, inner, { size: 8.5, colour: ink.soft })
    }, true)
    this.y += 16
  }

  /** Goes to the next page where less than so much is left of this one. */
  makeRoom(height: number): void {
    if (this.y + height > lowest) this.#continueOnNextPage()
  }

  /** Who writes, what it is, and under it, at the right, what tells it from others. */
  writeHead(heading: string, below: readonly string[]): void {
    const { draft, look, y } = this
    const { logo } = look
    if (logo) {
      const scale = Math.min(165 / logo.width, logoHeight / logo.height)
      const box = [
        page.margin,
        page.height - y - logo.height * scale,
        page.margin + logo.width * scale,
        page.height - y,
      ].map((value) => Math.round(value * 100) / 100)
      const alt = textString(cleanText(this.t('pdf:logo', { unit: look.name })))
      draft.tag(
        draft.root,
        'Figure',
        () => draft.drawPicture(logo, page.margin, y, 165, logoHeight),
        ` /Alt ${alt} /A << /O /Layout /Placement /Block /BBox [${box.join(' ')}] >>`,
      )
    } else {
      const lines = wrap(look.name, 600, 17, inner * 0.55).slice(0, 2)
      draft.tag(draft.root, 'P', () => {
        draft.write(lines, page.margin, y + 4, inner * 0.55, { size: 17, weight: 600 })
      })
    }
    draft.tag(draft.root, 'H1', () => {
      draft.write([cleanText(heading)], page.margin, y - 4, inner, { size: 22, weight: 600, align: 'right' })
      for (const [i, line] of below.entries()) {
        const [size, at] = i === 0 ? [11, y + 28] : [9, y + 30 + i * 14]
        draft.write([cleanText(line)], page.margin, at, inner, { size, colour: ink.soft, align: 'right' })
      }
    })
    this.y += logoHeight + 34
  }

  #writeParty(party: PrintedParty, x: number, label: string, name: string): number {
    const { draft, t, y } = this
    const width = 172
    const details = [
      ...(party.number ? [t('pdf:account_number', { number: party.number })] : []),
      ...(party.tax_id ? [t('pdf:tax_id', { tax_id: party.tax_id })] : []),
      ...listAddress(party),
    ].flatMap((line) => wrap(line, 400, 9, width))
    const section = draft.group(draft.root, 'Sect')
    let below = y
    draft.tag(section, 'H2', () => {
      below = draft.write([label], x, y, width, { size: 8, colour: ink.soft })
    })
    draft.tag(section, 'P', () => {
      const names = wrap(name, 600, 10, width).slice(0, 6)
      below = draft.write(names, x, below + 2, width, { size: 10, weight: 600 })
      below = draft.write(details.slice(0, 9), x, below + 1, width, { colour: ink.soft })
    })
    return below
  }

  /** From whom, to whom, and the dates. */
  writeParties(
    issuer: PrintedParty,
    customer: PrintedParty,
    facts: readonly (readonly [string, string])[],
  ): void {
    const { draft, t } = this
    const issuerName = issuer.legal_name ?? issuer.name ?? this.look.name
    const belowIssuer = this.#writeParty({ ...issuer, number: null }, page.margin, t('pdf:from'), issuerName)
    const customerX = page.margin + 172 + 20
    const belowCustomer = this.#writeParty(customer, customerX, t('pdf:to'), customer.name ?? '')
    const x = customerX + 172 + 20
    const width = right - x
    let below = this.y
    for (const [label, value] of facts) {
      draft.tag(draft.root, 'P', () => {
        below = draft.write(wrap(label, 400, 8, width), x, below, width, {
          size: 8,
          colour: ink.soft,
          align: 'right',
        })
        below = draft.write(wrap(value, 600, 9, width), x, below, width, { weight: 600, align: 'right' })
      })
      below += 6
    }
    this.y = Math.max(belowIssuer, belowCustomer, below) + 20
  }

  /** What it comes to, at a glance. `stamp` is drawn across its right side. */
  writeHero(hero: {
    label: string
    amount: string
    aside?: { label: string; value: string } | null
    /** Something is to be done about it. */
    due: boolean
    stamp?: { word: string; below: string | null; colour: string; middle: boolean } | null
  }): void {
    const { draft, y } = this
    const height = 64
    draft.decorate(() => {
      draft.fillBox(page.margin, y, inner, height, hero.due ? this.tint : '#f3f4f6', 8)
      if (hero.due) draft.fillBox(page.margin, y, 4, height, this.look.accent, 2)
    })
    draft.tag(draft.root, 'P', () => {
      draft.write([hero.label], page.margin + 20, y + 12, 240, { size: 8.5, colour: ink.soft })
      draft.write([cleanText(hero.amount)], page.margin + 20, y + 25, 300, { size: 20, weight: 600 })
    })
    const { aside, stamp } = hero
    if (aside) {
      draft.tag(draft.root, 'P', () => {
        const x = right - 220
        draft.write([aside.label], x, y + 12, 200, { size: 8.5, colour: ink.soft, align: 'right' })
        const value = wrap(aside.value, 600, 13, 200).slice(0, 1)
        draft.write(value, x, y + 30, 200, { size: 13, weight: 600, align: 'right' })
      })
    }
    if (stamp) {
      const word = cleanText(stamp.word.toLocaleUpperCase(this.language))
      const below = stamp.below === null ? null : cleanText(stamp.below)
      const width = Math.max(measure(word, 600, 19), below ? measure(below, 400, 8) : 0) + 28
      const tall = below ? 46 : 36
      const x = stamp.middle ? page.margin + inner / 2 - width / 2 : right - width - 22
      const top = y + (height - tall) / 2
      const { colour } = stamp
      draft.turn(6, x + width / 2, top + tall / 2, () => {
        draft.decorate(() => draft.strokeBox(x, top, width, tall, colour, 2, 6))
        draft.tag(draft.root, 'P', () => {
          const style = { colour, align: 'centre' } as const
          draft.write([word], x, top + (below ? 4 : 5), width, { ...style, size: 19, weight: 600 })
          if (below) draft.write([below], x, top + 29, width, { ...style, size: 8 })
        })
      })
    }
    this.y += height + 24
  }

  /** Numbers take what they need, one column the rest; a column in which nothing stands is left out. */
  #layOutColumns(columns: readonly Column[], rows: readonly Row[]) {
    let shown = columns
      .filter(({ key, grows }) => grows || rows.some((row) => (row.cells[key] ?? '') !== ''))
      .map((column) => {
        let width = measure(column.title, 600, 8)
        for (const row of rows) {
          const weight = column.strong || row.strong ? 600 : 400
          for (const text of (row.cells[column.key] ?? '').split('\n'))
            if (text) width = Math.max(width, measure(text, weight, 9))
        }
        return { ...column, width }
      })
    let gap = 12
    const room = () => inner - shown.reduce((sum, one) => sum + (one.grows ? 0 : one.width + gap), 0)
    // Where all does not fit on one line: what can break does, then columns come closer, then the spare ones go.
    if (room() < 150) {
      for (const column of shown)
        if (!column.grows && column.align === 'left') column.width = Math.min(column.width, 110)
    }
    if (room() < 90) gap = 8
    while (room() < 90) {
      const spare = shown.findLast((column) => column.spare)
      if (!spare) break
      shown = shown.filter((column) => column !== spare)
    }
    for (const column of shown) if (column.grows) column.width = Math.max(60, room())
    return { shown, gap }
  }

  /** A table, its head on each page that it goes over. */
  writeTable(columns: readonly Column[], rows: readonly Row[]): void {
    const { draft } = this
    for (const row of rows)
      for (const key of Object.keys(row.cells)) row.cells[key] = cleanText(row.cells[key] ?? '')
    const { shown, gap } = this.#layOutColumns(columns, rows)
    const table = draft.group(draft.root, 'Table')
    const writeColumnHeads = (repeated: boolean) => {
      const row = repeated ? null : draft.group(table, 'TR')
      let x = page.margin
      for (const { title, width, align } of shown) {
        const at = x
        const draw = () => {
          draft.write([title], at, this.y, width, { size: 8, weight: 600, colour: ink.soft, align })
        }
        if (row) draft.tag(row, 'TH', draw, ' /A << /O /Table /Scope /Column >>')
        else draft.decorate(draw, true)
        x += width + gap
      }
      this.y += 16
      draft.decorate(() => draft.drawLine(page.margin, this.y, right, this.#accentText, 1))
      this.y += 8
    }
    if (this.y + 80 > lowest) this.#continueOnNextPage()
    writeColumnHeads(false)
    for (const row of rows) {
      const texts = shown.map((column) => {
        const text = row.cells[column.key] ?? ''
        const weight: Weight = column.strong || row.strong ? 600 : 400
        const lines = column.align === 'left' ? wrap(text, weight, 9, column.width) : [text]
        return { column, weight, lines }
      })
      const note = row.note ? wrap(row.note, 400, 7.8, inner) : []
      const height = Math.max(...texts.map(({ lines }) => lines.length)) * lineHeight(9)
      const noteHeight = note.length === 0 ? 0 : 2 + note.length * lineHeight(7.8)
      const total = height + noteHeight + 14
      if (this.y + total > lowest) {
        this.#continueOnNextPage()
        writeColumnHeads(true)
      }
      const element = draft.group(table, 'TR')
      let x = page.margin
      for (const { column, weight, lines } of texts) {
        const at = x
        draft.tag(element, 'TD', () => {
          draft.write(lines, at, this.y, column.width, { weight, align: column.align })
          if (column.grows && note.length > 0)
            draft.write(note, page.margin, this.y + height + 2, inner, { size: 7.8, colour: ink.soft })
        })
        x += column.width + gap
      }
      this.y += total - 8
      draft.decorate(() => draft.drawLine(page.margin, this.y, right, ink.line, 0.6))
      this.y += 8
    }
  }

  /** What it adds up to, at the right; words beside it, which may be longer than the page. */
  writeSums(sums: readonly Sum[], notes: readonly Note[]): void {
    const { draft } = this
    const width = 212
    const noteWidth = inner - width - 32
    const laid = sums.map((sum) => {
      const strong = sum.tone === 'strong'
      const size = strong ? 11 : sum.tone === 'soft' ? 8 : 9
      const weight: Weight = strong ? 600 : 400
      const amount = cleanText(sum.amount)
      const lines = wrap(sum.label, weight, size, width - 28 - measure(amount, weight, size))
      return {
        ...sum,
        strong,
        size,
        weight,
        amount,
        lines,
        height: strong ? 28 : 4 + lines.length * lineHeight(size),
      }
    })
    const sumsHeight = laid.reduce((height, sum) => height + sum.height, 0)
    const lines: {
      text: string
      size: number
      weight: Weight
      colour: string
      above: number
      type: 'H2' | 'P'
    }[] = []
    for (const { head, text } of notes) {
      const above = lines.length === 0 ? 0 : 8
      if (head) lines.push({ text: head, size: 10, weight: 600, colour: ink.text, above, type: 'H2' })
      for (const [i, line] of wrap(text.trim(), 400, 9, noteWidth).entries()) {
        lines.push({
          text: line,
          size: 9,
          weight: 400,
          colour: ink.text,
          above: i === 0 ? (head ? 3 : above) : 0,
          type: 'P',
        })
      }
    }
    const notesHeight = lines.reduce((height, line) => height + line.above + lineHeight(line.size), 0)
    const free = lowest - page.top - 32
    if (this.y + Math.min(Math.max(sumsHeight, notesHeight) + 10, free) > lowest) this.#continueOnNextPage()
    this.y += 10

    let at = this.y
    const x = right - width
    for (const { strong, size, weight, amount, lines: labels, height, tone } of laid) {
      if (strong) draft.decorate(() => draft.fillBox(x, at - 1, width, 24, this.tint, 5))
      const top = at + (strong ? 3.5 : 1)
      draft.tag(draft.root, 'P', () => {
        const colour = strong ? ink.text : ink.soft
        draft.write(labels, x + 10, top, width - 20, { size, weight, colour })
        draft.write([amount], x + 10, top, width - 20, {
          size,
          weight,
          align: 'right',
          colour: tone === 'soft' ? ink.soft : ink.text,
        })
      })
      at += height
    }
    if (lines.length === 0) {
      this.y = at
      return
    }
    const section = draft.group(draft.root, 'Sect')
    for (let from = 0; from < lines.length; ) {
      const { type } = lines[from]!
      let to = from
      let height = 0
      // Lines of one kind that fit on this page are one piece.
      while (to < lines.length && lines[to]!.type === type) {
        const next = lines[to]!.above + lineHeight(lines[to]!.size)
        if (this.y + height + next > lowest || (to > from && lines[to]!.above > 0)) break
        height += next
        to++
      }
      if (to === from) {
        this.#continueOnNextPage()
        continue
      }
      const piece = lines.slice(from, to)
      const { size, weight, colour, above } = piece[0]!
      draft.tag(section, type, () => {
        const texts = piece.map(({ text }) => text)
        draft.write(texts, page.margin, this.y + above, noteWidth, { size, weight, colour })
      })
      this.y += height
      from = to
    }
    this.y = Math.max(this.y, at)
  }

  /** The foot of every page, now that their number is known; and the file. */
  finish(help: string, mark: string | null): Buffer {
    const { draft, look, t } = this
    const contacts = [look.support_email, look.support_phone, look.website?.replace(/^https?:\/\/|\/$/g, '')]
    const words = contacts.some(Boolean) ? `${help} ${contacts.filter(Boolean).join(' · ')}` : look.name
    const pages = draft.pageCount
    const foot = page.height - 52
    for (let index = 0; index < pages; index++) {
      draft.switchTo(index)
      draft.decorate(() => {
        draft.drawLine(page.margin, foot, right, ink.line, 0.6)
        const style = { size: 8, colour: ink.soft }
        const counted = cleanText(
          [...(mark ? [mark] : []), t('pdf:page', { page: index + 1, pages })].join(' · '),
        )
        const width = inner - measure(counted, 400, 8) - 20
        draft.write(wrap(words, 400, 8, width).slice(0, 2), page.margin, foot + 9, width, style)
        draft.write([counted], page.margin, foot + 9, inner, { ...style, align: 'right' })
      }, true)
    }
    return draft.finish()
  }
}
