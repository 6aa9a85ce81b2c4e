// Writes remittances: file header, batches of details, trailers with their counts and sums.

import type { Remittance, RemittanceEntry } from '../../modules/payments/index.ts'
import { type Bank, type Creditor, type CustomerAccount, findBank } from './banks.ts'
import {
  chargeBatchHeader,
  chargeBatchTrailer,
  debitBatchHeader,
  debitBatchTrailer,
  fileHeader,
  fileTrailer,
  segmentA,
  segmentP,
  segmentQ,
  segmentR,
} from './layouts.ts'
import { type Field, writeDay, writeRecord } from './records.ts'

/** The operator, as remittances name it. */
export type Company = Creditor & { legal_name: string; tax_id: string }
/** What is the same for every boleto of a provider. */
export type ChargeTerms = { species: string; write_off_days: string; instructions: string }

/** Records of a batch are numbered by five digits: a batch holds fewer. */
const mostRecords = 90_000

const digits = (text: string | null) => (text ?? '').replaceAll(/\D/g, '')

/** A CPF or CNPJ without its dots; a CNPJ may hold letters. */
export const cleanTaxId = (text: string | null) => (text ?? '').toUpperCase().replaceAll(/[^0-9A-Z]/g, '')

/** 1 for a CPF, 2 for a CNPJ, 0 where nothing is known. */
const taxIdKind = (taxId: string) => (taxId.length === 11 ? 1 : taxId.length === 14 ? 2 : 0)

function writeCompany(bank: Bank, taxId: string): string {
  const kind = taxIdKind(taxId)
  return bank.wideTaxId
    ? `${' '.repeat(8)}${kind}${taxId.padStart(15, '0')}`
    : `${' '.repeat(9)}${kind}${taxId.padStart(14, '0')}`
}

function writeTime(time: Temporal.PlainDateTime): string {
  return [time.hour, time.minute, time.second].map((part) => String(part).padStart(2, '0')).join('')
}

/** A file that is being written, batch after batch. */
class Draft {
  readonly lines: string[] = []
  readonly #bank: Bank
  readonly #company: Company
  readonly #remittance: Remittance
  #batches = 0
  #began = 0
  #sequence = 0

  constructor(company: Company, remittance: Remittance) {
    this.#bank = findBank(company.bank)
    this.#company = company
    this.#remittance = remittance
    const taxId = cleanTaxId(company.tax_id)
    const day = remittance.made_at.toPlainDate()
    this.#add(fileHeader, {
      company: writeCompany(this.#bank, taxId),
      creditor: this.#bank.fileBlock(company),
      name: company.legal_name,
      bank_name: this.#bank.name,
      direction: 1,
      made_on: writeDay(day),
      made_at: writeTime(remittance.made_at),
      sequence: remittance.sequence,
      version: this.#bank.versions.file,
    })
  }

  #add(fields: readonly Field[], values: Record<string, string | number>): void {
    this.lines.push(writeRecord(fields, { bank: this.#company.bank, ...values }))
  }

  beginBatch(fields: readonly Field[], values: Record<string, string | number>): void {
    this.#batches++
    this.#sequence = 0
    this.#began = this.lines.length
    const taxId = cleanTaxId(this.#company.tax_id)
    this.#add(fields, {
      batch: this.#batches,
      tax_id_kind: taxIdKind(taxId),
      tax_id: taxId.padStart(fields.find(({ name }) => name === 'tax_id')!.length, '0'),
      name: this.#company.legal_name,
      version: this.#bank.versions.batch,
      sequence: this.#remittance.sequence,
      made_on: writeDay(this.#remittance.made_at.toPlainDate()),
      ...values,
    })
  }

  addDetail(fields: readonly Field[], values: Record<string, string | number>): void {
    this.#add(fields, { batch: this.#batches, sequence: ++this.#sequence, ...values })
  }

  endBatch(fields: readonly Field[], values: Record<string, string | number>): void {
    this.#add(fields, { batch: this.#batches, records: this.lines.length - this.#began + 1, ...values })
  }

  finish(): string {
    this.#add(fileTrailer, { batches: this.#batches, records: this.lines.length + 1 })
    return `${this.lines.join('\r\n')}\r\n`
  }
}

/** Entries in slices of which each makes no more records than a batch may have. */
function* sliceEntries(entries: readonly RemittanceEntry[], recordsEach: number) {
  const most = Math.floor(mostRecords / recordsEach)
  for (let from = 0; from < entries.length; from += most) yield entries.slice(from, from + most)
}

/** Movements of remittances (note C004). What is taken back while it is protested is 10: stop that, and write it off. */
const movements: Readonly<Record<RemittanceEntry['kind'], string>> = {
  enter: '01',
  withdraw: '02',
  abate: '04',
  cancel_abatement: '05',
  change_due_date: '06',
  protest: '09',
  stop_protest: '11',
}

/** A remittance of boletos: segments P, Q and R of each that is new, P alone of what is told of one that the bank has. */
export function composeCharges(company: Company, terms: ChargeTerms, remittance: Remittance): string {
  const bank = findBank(company.bank)
  const draft = new Draft(company, remittance)
  for (const slice of sliceEntries(remittance.entries, 3)) {
    draft.beginBatch(chargeBatchHeader, { creditor: bank.batchBlock(company) })
    for (const entry of slice) addCharge(draft, bank, company, terms, entry)
    draft.endBatch(chargeBatchTrailer, {
      simple: slice.length,
      simple_total: slice.reduce((sum, { amount }) => sum + amount, 0),
    })
  }
  return draft.finish()
}

/** From when somebody is late. */
const dayAfter = (day: Temporal.PlainDate) => day.add({ days: 1 })

function addCharge(
  draft: Draft,
  bank: Bank,
  company: Company,
  terms: ChargeTerms,
  entry: RemittanceEntry,
): void {
  const movement = entry.kind === 'withdraw' && entry.protested ? '10' : movements[entry.kind]
  const late = writeDay(dayAfter(entry.due_date))
  const writeOff = Number(terms.write_off_days)
  draft.addDetail(segmentP, {
    movement,
    charge: bank.chargeBlock(company, entry.our_number),
    wallet: bank.walletBlock,
    document: entry.document,
    due_on: writeDay(entry.due_date),
    amount: entry.amount,
    species: terms.species,
    issued_on: writeDay(entry.issued_on),
    interest_kind: entry.interest_rate > 0 ? 2 : 3,
    interest_on: entry.interest_rate > 0 ? late : 0,
    interest: entry.interest_rate,
    // A percentage until a day (note C021).
    discount_kind: entry.discount_until === null ? 0 : 2,
    discount_on: entry.discount_until === null ? 0 : writeDay(entry.discount_until),
    discount: entry.discount_rate,
    abatement: entry.abatement,
    company_use: entry.our_number,
    // Calendar days (note C026).
    protest: entry.protest_days > 0 ? 1 : 3,
    protest_days: entry.protest_days,
    write_off: writeOff > 0 ? 1 : 2,
    write_off_days: writeOff,
  })
  // The fine goes by the due date: where that is another, it is told again.
  if (entry.kind === 'change_due_date' && entry.fine_rate > 0) addFine(draft, terms, entry, movement)
  if (entry.kind !== 'enter') return
  const { payer } = entry
  const taxId = cleanTaxId(payer.tax_id)
  draft.addDetail(segmentQ, {
    movement,
    tax_id_kind: taxIdKind(taxId),
    tax_id: (taxIdKind(taxId) === 0 ? '' : taxId).padStart(15, '0'),
    name: payer.name,
    address: payer.address ?? '',
    postal_code: digits(payer.postal_code).slice(0, 8),
    city: payer.city ?? '',
    state: payer.state ?? '',
  })
  addFine(draft, terms, entry, movement)
}

function addFine(draft: Draft, terms: ChargeTerms, entry: RemittanceEntry, movement: string): void {
  draft.addDetail(segmentR, {
    movement,
    fine_kind: entry.fine_rate > 0 ? 2 : 0,
    fine_on: entry.fine_rate > 0 ? writeDay(dayAfter(entry.due_date)) : 0,
    fine: entry.fine_rate,
    message_3: terms.instructions.slice(0, 40),
    message_4: terms.instructions.slice(40),
  })
}

/** A customer's account as segment A has it. */
function writeAccount(account: CustomerAccount): string {
  return `${account.agency.padStart(5, '0')} ${account.account.padStart(12, '0')}${account.account_digit} `
}

/** A remittance of debits: segment A of each, as something new or as something to be taken back. */
export function composeDebits(company: Company, remittance: Remittance): string {
  const bank = findBank(company.bank)
  const draft = new Draft(company, remittance)
  for (const slice of sliceEntries(remittance.entries, 1)) {
    draft.beginBatch(debitBatchHeader, { creditor: bank.fileBlock(company), version: '030' })
    for (const entry of slice) {
      if (entry.secret === null) throw new Error(`the debit ${entry.our_number} has no account`)
      draft.addDetail(segmentA, {
        movement: entry.kind === 'enter' ? 0 : 9,
        instruction: entry.kind === 'enter' ? '00' : '99',
        account_bank: company.bank,
        account: writeAccount(JSON.parse(entry.secret) as CustomerAccount),
        name: entry.payer.name,
        document: entry.our_number,
        due_on: writeDay(entry.due_date),
        amount: entry.amount,
      })
    }
    draft.endBatch(debitBatchTrailer, { total: slice.reduce((sum, { amount }) => sum + amount, 0) })
  }
  return draft.finish()
}
