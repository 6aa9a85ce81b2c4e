// What the files of banks are to the house: which of a provider's charges go out, and what came back, whatever the layout.
// The layouts themselves belong to the drivers.

import type { PaymentDriver as DriverKind, PaymentFailure } from '../../platform/database.gen.ts'

/** One order to the bank in a remittance. Amounts are minor units; rates hundredths of a percent. */
export type RemittanceEntry = {
  /** `enter`: charge it; `withdraw`: do not charge it any more. */
  kind: 'enter' | 'withdraw'
  our_number: string
  amount: number
  issued_on: Temporal.PlainDate
  due_date: Temporal.PlainDate
  /** Of the amount, once, from the day after the due date. */
  fine_rate: number
  /** A month. */
  interest_rate: number
  /** What the operator calls it: an invoice's number. */
  document: string
  payer: {
    name: string
    tax_id: string | null
    address: string | null
    city: string | null
    state: string | null
    postal_code: string | null
  }
  /** What was kept encrypted of the account to debit; null for a boleto. */
  secret: string | null
}

export type Remittance = {
  /** NSA: without gaps. */
  sequence: number
  /** In the business unit's time zone. */
  made_at: Temporal.PlainDateTime
  entries: readonly RemittanceEntry[]
}

/** What is wrong with a return: a stable code (`bank_file_fault.<code>` of the catalogue), and where. */
export type ReturnFault = { code: string; line: number; params: Record<string, string | number> }

/** What one record (or pair of records) of a return says. */
export type ReturnEntry = {
  /** Its line in the file, from 1. */
  line: number
  our_number: string
  /** The bank's code of what happened. */
  movement: string
  /** Its reasons. */
  occurrences: readonly string[]
  /** `noted`: it changes nothing (a fee, a reminder, an instruction taken). */
  effect: 'confirmed' | 'rejected' | 'received' | 'written_off' | 'noted'
  /** Why it was refused. */
  failure: PaymentFailure | null
  amount: number
  paid_amount: number
  fee_amount: number
  occurred_on: Temporal.PlainDate | null
  credited_on: Temporal.PlainDate | null
  /** What tells this event from others of the same charge, in whatever file it is told. */
  event: string
}

export type ReturnReading =
  | { faults: readonly ReturnFault[]; fault_count: number }
  | { sequence: number; made_on: Temporal.PlainDate | null; entries: readonly ReturnEntry[] }

/** What writes and reads the files of one driver. `settings` are those of the provider, as its driver parsed them. */
export type BankFileFormat = {
  /** The text of a remittance: ASCII, lines that end with CR LF. */
  composeRemittance(settings: unknown, remittance: Remittance): string
  /** Reads a return of which nothing is believed before all of it is checked. `bytes` as they came. */
  readReturn(settings: unknown, bytes: Buffer): ReturnReading
  /** How a file that goes out is called. */
  nameRemittance(settings: unknown, remittance: { sequence: number; made_at: Temporal.PlainDateTime }): string
  /** The numbers with which a provider begins, where it had others before. */
  firstNumbers(settings: unknown): { charge: number; remittance: number }
  /** Whether a remittance is made every day by itself. */
  isDaily(settings: unknown): boolean
  /** Whether each invoice has a charge as soon as it is issued. */
  goesWithInvoices(settings: unknown): boolean
}

export type BankFileFormats = ReadonlyMap<DriverKind, BankFileFormat>
