// Reads returns. Nothing of a file is believed before all of it is checked: its lines, its sequence, its counts and sums.

import type { ReturnEntry, ReturnFault, ReturnReading } from '../../modules/payments/index.ts'
import { type Bank, findBank } from './banks.ts'
import {
  chargeBatchHeader,
  chargeBatchTrailer,
  debitBatchHeader,
  debitBatchTrailer,
  fileHeader,
  fileTrailer,
  segmentA,
  segmentT,
  segmentU,
} from './layouts.ts'
import { chargeEffects, debited, readDebitFailure, taken, takenBack } from './reasons.ts'
import { type Field, readDay, readNumber, recordLength } from './records.ts'
import { type Company, cleanTaxId } from './remittances.ts'

/** More faults than this are counted, and not listed. */
const listedFaults = 100
/** A file with so many faults is no file of the bank: nothing more of it is read. */
const mostFaults = 1000

class TooManyFaults extends Error {}

/** The places of fields by name, found once. */
const placesOf = (fields: readonly Field[]) =>
  new Map(fields.map(({ name, from, length }) => [name, [from - 1, from - 1 + length] as const]))
const places = {
  fileHeader: placesOf(fileHeader),
  fileTrailer: placesOf(fileTrailer),
  chargeBatchHeader: placesOf(chargeBatchHeader),
  chargeBatchTrailer: placesOf(chargeBatchTrailer),
  debitBatchHeader: placesOf(debitBatchHeader),
  debitBatchTrailer: placesOf(debitBatchTrailer),
  segmentA: placesOf(segmentA),
  segmentT: placesOf(segmentT),
  segmentU: placesOf(segmentU),
}

/** The mark that some banks still write behind the last line. */
const endOfFile = '\u001a'
const cutEnd = (text: string, end: string) => (text.endsWith(end) ? text.slice(0, -1) : text)

/** Whether there is a control character that no text has. */
function hasControls(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 32 && code !== 26 && (code < 9 || code > 13)) return true
  }
  return false
}

/** A line of a file, with its number. */
type Line = { number: number; text: string }

/**
 * Lines of 240 positions that end with CR LF, LF or nothing at all; the end-of-file mark and empty lines behind the last one
 * are passed over.
 */
function* readLines(text: string): Generator<Line> {
  let end = text.length
  while (end > 0 && (text[end - 1] === endOfFile || /\s/.test(text[end - 1]!))) end--
  const first = text.indexOf('\n')
  if ((first < 0 || first >= end) && end > recordLength) {
    for (let at = 0, number = 1; at < end; at += recordLength, number++)
      yield { number, text: text.slice(at, at + recordLength).padEnd(recordLength, ' ') }
    return
  }
  let number = 0
  for (let at = 0; at < end; ) {
    const next = text.indexOf('\n', at)
    const stop = next < 0 ? text.length : next
    number++
    yield { number, text: cutEnd(cutEnd(text.slice(at, stop), endOfFile), '\r') }
    at = stop + 1
  }
}

type Kind = 'charge' | 'debit'

/** Reads a return of charges (segments T and U) or debits (segment A) of one agreement. */
export function readReturnFile(company: Company, kind: Kind, bytes: Buffer): ReturnReading {
  const reader = new Reader(company, kind)
  try {
    reader.read(bytes.toString('latin1'))
  } catch (error) {
    if (!(error instanceof TooManyFaults)) throw error
  }
  return reader.answer()
}

class Reader {
  readonly #company: Company
  readonly #bank: Bank
  readonly #kind: Kind
  readonly #faults: ReturnFault[] = []
  #faultCount = 0
  #entries: ReturnEntry[] = []
  #sequence = 0
  #madeOn: Temporal.PlainDate | null = null
  #line: Line = { number: 0, text: '' }
  /** Which record may come next. */
  #stage: 'start' | 'file' | 'batch' | 'end' = 'start'
  #batch = 0
  #batchLines = 0
  #lastDetail = 0
  #batchCharges = 0
  #batchAmount = 0
  #title: { line: number; text: string } | null = null
  /** How often the same event was told in this file. */
  readonly #events = new Map<string, number>()

  constructor(company: Company, kind: Kind) {
    this.#company = company
    this.#bank = findBank(company.bank)
    this.#kind = kind
  }

  answer(): ReturnReading {
    if (this.#faultCount > 0) return { faults: this.#faults, fault_count: this.#faultCount }
    return { sequence: this.#sequence, made_on: this.#madeOn, entries: this.#entries }
  }

  #fault(code: string, params: ReturnFault['params'] = {}, line = this.#line.number): undefined {
    this.#faultCount++
    if (this.#faults.length < listedFaults) this.#faults.push({ code, line, params })
    if (this.#faultCount >= mostFaults) throw new TooManyFaults()
  }

  #text(table: keyof typeof places, name: string, line = this.#line.text): string {
    const [from, to] = places[table].get(name)!
    return line.slice(from, to)
  }

  #number(field: string, text: string, line = this.#line.number): number {
    const value = readNumber(text)
    if (value === undefined) this.#fault('not_a_number', { field }, line)
    return value ?? 0
  }

  #day(field: string, text: string, line = this.#line.number): Temporal.PlainDate | null {
    const day = readDay(text)
    if (day === undefined) this.#fault('not_a_date', { field }, line)
    return day ?? null
  }

  read(text: string): undefined {
    if (!/\S/.test(text)) return this.#fault('file_empty', {}, 0)
    // Nothing that a bank writes has control characters; a picture or an archive has, at once.
    if (hasControls(text.slice(0, 4096))) return this.#fault('not_cnab', {}, 1)
    let lines = 0
    for (const line of readLines(text)) {
      this.#line = line
      lines++
      if (line.text.length !== recordLength) {
        // The first line tells whether it is a file of this kind at all.
        if (lines === 1) return this.#fault('not_cnab', { length: line.text.length })
        this.#fault('line_length', { length: line.text.length })
        continue
      }
      this.#readLine(lines)
      // What is not of this bank or agreement is not read any further.
      if (lines === 1 && this.#faultCount > 0) return
    }
    if (this.#stage !== 'end') this.#fault('truncated', {}, lines)
  }

  #readLine(lines: number): undefined {
    const { text } = this.#line
    const record = text[7]
    if (lines === 1) {
      if (record !== '0') return this.#fault('not_cnab')
      return this.#readFileHeader()
    }
    if (text.slice(0, 3) !== this.#company.bank)
      this.#fault('wrong_bank', { expected: this.#company.bank, found: text.slice(0, 3) })
    if (this.#stage === 'end') return this.#fault('after_end')
    switch (record) {
      case '1':
        return this.#stage === 'file' ? this.#readBatchHeader() : this.#fault('record_order', { record })
      // Optional records at the beginning and end of a batch say nothing that is needed.
      case '2':
      case '3':
      case '4':
        if (this.#stage !== 'batch') return this.#fault('record_order', { record })
        this.#batchLines++
        this.#checkBatch()
        return record === '3' ? this.#readDetail() : undefined
      case '5':
        return this.#stage === 'batch' ? this.#readBatchTrailer() : this.#fault('record_order', { record })
      case '9':
        return this.#stage === 'file' ? this.#readFileTrailer(lines) : this.#fault('record_order', { record })
      default:
        return this.#fault('record_kind', { record: record ?? '' })
    }
  }

  #readFileHeader(): undefined {
    this.#stage = 'file'
    const { text } = this.#line
    const bank = text.slice(0, 3)
    if (bank !== this.#company.bank) {
      this.#fault('wrong_bank', { expected: this.#company.bank, found: bank })
      return
    }
    const direction = this.#text('fileHeader', 'direction')
    if (direction === '1') return this.#fault('not_a_return')
    if (direction !== '2') return this.#fault('not_cnab')
    const taxId = cleanTaxId(this.#company.tax_id)
    const block = cleanTaxId(this.#text('fileHeader', 'company'))
    if (!/^0*$/.test(block.slice(1)) && !block.endsWith(taxId)) return this.#fault('wrong_company')
    if (!this.#bank.isOurs(this.#company, this.#text('fileHeader', 'creditor')))
      return this.#fault('wrong_agreement', {
        found: this.#text('fileHeader', 'creditor').trim().slice(0, 20),
      })
    this.#sequence = this.#number('sequence', this.#text('fileHeader', 'sequence'))
    this.#madeOn = this.#day('made_on', this.#text('fileHeader', 'made_on'))
  }

  #readBatchHeader(): undefined {
    this.#stage = 'batch'
    this.#batch++
    this.#batchLines = 1
    this.#lastDetail = 0
    this.#batchCharges = 0
    this.#batchAmount = 0
    this.#checkBatch()
    const service = this.#text('chargeBatchHeader', 'service')
    const expected = this.#kind === 'charge' ? '01' : '05'
    if (service !== expected) this.#fault('wrong_service', { expected, found: service })
    if (this.#kind === 'debit') {
      const [reason] = splitReasons(this.#text('debitBatchHeader', 'reasons'))
      if (reason !== undefined && /^[HT]/.test(reason)) this.#fault('batch_refused', { reason })
    }
  }

  #checkBatch(): undefined {
    const batch = this.#number('batch', this.#line.text.slice(3, 7))
    if (batch !== this.#batch) this.#fault('batch_number', { expected: this.#batch, found: batch })
  }

  #readDetail(): undefined {
    const { text, number } = this.#line
    const sequence = this.#number('sequence', text.slice(8, 13))
    const expected = this.#lastDetail + 1
    // Five digits begin again where a batch has more.
    if (sequence !== expected % 100_000 && !(expected > 99_999 && sequence === 1))
      this.#fault('sequence', { expected: expected % 100_000, found: sequence })
    this.#lastDetail = sequence
    const segment = text[13]
    if (this.#kind === 'debit') {
      if (segment === 'A') this.#readDebit()
      return
    }
    if (segment === 'T') {
      if (this.#title) this.#fault('segment_missing', { segment: 'U' }, this.#title.line)
      this.#title = { line: number, text }
    } else if (segment === 'U') {
      if (!this.#title) return this.#fault('segment_missing', { segment: 'T' })
      const title = this.#title
      this.#title = null
      this.#readCharge(title)
    }
  }

  #answerField(title: string, name: keyof Bank['answer']): string {
    const [from, to] = this.#bank.answer[name]
    return title.slice(from - 1, to)
  }

  #readCharge(title: { line: number; text: string }): undefined {
    const movement = title.text.slice(15, 17)
    if (this.#line.text.slice(15, 17) !== movement) this.#fault('movement_differs')
    const field = this.#bank.readOurNumber(this.#answerField(title.text, 'our_number'))
    if (!/^\d{1,20}$/.test(field)) this.#fault('not_a_number', { field: 'our_number' }, title.line)
    const amount = this.#number('amount', this.#answerField(title.text, 'amount'), title.line)
    const money = (name: string) => this.#number(name, this.#text('segmentU', name))
    const [late_amount, discount_amount, abatement_amount] = [
      money('late'),
      money('discount'),
      money('abatement'),
    ]
    const [iof_amount, cost_amount, credited_amount] = [money('iof'), money('other_costs'), money('credited')]
    const fee_amount = this.#number('fee', this.#answerField(title.text, 'fee'), title.line)
    const occurred_on = this.#day('occurred_on', this.#text('segmentU', 'occurred_on'))
    const credited_on = this.#day('credited_on', this.#text('segmentU', 'credited_on'))
    this.#batchCharges++
    this.#batchAmount += amount
    const { effect, instruction } = chargeEffects[movement] ?? { effect: 'noted', instruction: null }
    const owed = amount + late_amount - discount_amount - abatement_amount
    const kept = iof_amount + fee_amount + cost_amount - money('other_credits')
    // Where a bank tells only what it credited, what it kept of it is not the payer's.
    const paid_amount =
      effect === 'received' ? money('paid') || (credited_amount + kept === owed ? owed : credited_amount) : 0
    if (effect === 'received' && paid_amount === 0) this.#fault('nothing_paid', {}, title.line)
    const place = this.#answerField(title.text, 'place').trim()
    this.#add({
      line: title.line,
      our_number: field,
      movement,
      occurrences: splitReasons(this.#answerField(title.text, 'reasons')),
      effect,
      instruction,
      failure: effect === 'rejected' ? 'provider_error' : null,
      amount,
      paid_amount,
      late_amount,
      discount_amount,
      abatement_amount,
      iof_amount,
      fee_amount,
      cost_amount,
      credited_amount,
      occurred_on,
      credited_on,
      event: [movement, occurred_on ?? '', paid_amount, place].join(':'),
    })
  }

  #readDebit(): undefined {
    const document = this.#text('segmentA', 'document').trim()
    if (!/^\d{1,20}$/.test(document)) this.#fault('not_a_number', { field: 'document' })
    const amount = this.#number('amount', this.#text('segmentA', 'amount'))
    const real = this.#number('debited', this.#text('segmentA', 'debited'))
    const due = this.#day('due_on', this.#text('segmentA', 'due_on'))
    const day = this.#day('debited_on', this.#text('segmentA', 'debited_on')) ?? due
    this.#batchAmount += amount
    const occurrences = splitReasons(this.#text('segmentA', 'reasons'))
    if (occurrences.length === 0) this.#fault('no_occurrence')
    const effect = occurrences.some((code) => debited.has(code))
      ? 'received'
      : occurrences.some((code) => takenBack.has(code))
        ? 'written_off'
        : occurrences.every((code) => taken.has(code))
          ? 'confirmed'
          : 'rejected'
    this.#add({
      line: this.#line.number,
      our_number: document,
      movement: occurrences[0] ?? '',
      occurrences,
      effect,
      instruction: null,
      failure: effect === 'rejected' ? readDebitFailure(occurrences) : null,
      amount,
      paid_amount: effect === 'received' ? real || amount : 0,
      late_amount: 0,
      discount_amount: 0,
      abatement_amount: 0,
      iof_amount: 0,
      fee_amount: 0,
      cost_amount: 0,
      credited_amount: 0,
      occurred_on: day,
      credited_on: effect === 'received' ? day : null,
      event: [occurrences[0] ?? '', day ?? ''].join(':'),
    })
  }

  /** The same event told twice in one file is two events: paid twice in one day at one place. */
  #add(entry: ReturnEntry): undefined {
    const key = `${entry.our_number}:${entry.event}`
    const times = (this.#events.get(key) ?? 0) + 1
    this.#events.set(key, times)
    this.#entries.push(times === 1 ? entry : { ...entry, event: `${entry.event}:${times}` })
  }

  #readBatchTrailer(): undefined {
    this.#stage = 'file'
    this.#batchLines++
    this.#checkBatch()
    if (this.#title) this.#fault('segment_missing', { segment: 'U' }, this.#title.line)
    this.#title = null
    const records = this.#number('records', this.#text('chargeBatchTrailer', 'records'))
    if (records !== this.#batchLines)
      this.#fault('batch_records', { expected: this.#batchLines, found: records })
    if (this.#kind === 'debit') {
      const total = this.#number('total', this.#text('debitBatchTrailer', 'total'))
      if (total !== 0 && total !== this.#batchAmount)
        this.#fault('batch_total', { expected: this.#batchAmount, found: total })
      return
    }
    // Some banks leave these empty.
    const sum = (names: string[]) =>
      names.reduce((all, name) => all + this.#number(name, this.#text('chargeBatchTrailer', name)), 0)
    const charges = sum(['simple', 'linked', 'pledged', 'discounted'])
    if (charges !== 0 && charges !== this.#batchCharges)
      this.#fault('batch_charges', { expected: this.#batchCharges, found: charges })
    const total = sum(['simple_total', 'linked_total', 'pledged_total', 'discounted_total'])
    if (total !== 0 && total !== this.#batchAmount)
      this.#fault('batch_total', { expected: this.#batchAmount, found: total })
  }

  #readFileTrailer(lines: number): undefined {
    this.#stage = 'end'
    const batches = this.#number('batches', this.#text('fileTrailer', 'batches'))
    if (batches !== this.#batch) this.#fault('file_batches', { expected: this.#batch, found: batches })
    const records = this.#number('records', this.#text('fileTrailer', 'records'))
    if (records !== lines) this.#fault('file_records', { expected: lines, found: records })
  }
}

/** Up to five codes of two letters or digits; 00 is a code of debits, and none of charges where the bank fills with it. */
function splitReasons(text: string): string[] {
  return (text.match(/.{1,2}/g) ?? []).map((code) => code.trim()).filter((code) => code !== '')
}
