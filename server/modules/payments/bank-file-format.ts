// What the files of banks are to the house: which of a provider's charges go out, and what came back, whatever the layout.
// The layouts themselves belong to the drivers.

import type {
  BankInstructionKind,
  BankLineEffect,
  PaymentDriver as DriverKind,
  PaymentFailure,
} from '../../platform/database.gen.ts'

/** One order to the bank in a remittance. Amounts are minor units; rates hundredths of a percent. */
export type RemittanceEntry = {
  /** `enter`: charge it; `withdraw`: do not charge it any more; the others are about a boleto that the bank has. */
  kind: BankInstructionKind
  our_number: string
  amount: number
  issued_on: Temporal.PlainDate
  due_date: Temporal.PlainDate
  /** Of the amount, once, from the day after the due date. */
  fine_rate: number
  /** A month. */
  interest_rate: number
  /** Of the amount, of who pays until `discount_until`; 0 where that is null. */
  discount_rate: number
  discount_until: Temporal.PlainDate | null
  /** To be taken less. */
  abatement: number
  /** After so many days from the due date it is protested; 0: not by itself. */
  protest_days: number
  /** Whether its protest was asked for or goes on: taking it back has to stop that, too. */
  protested: boolean
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
  /** `noted`: it changes nothing (a fee, a reminder). */
  effect: Exclude<BankLineEffect, 'unknown' | 'repeated'>
  /** Which instruction it answers; null where the layout does not say, or it answers none. */
  instruction: BankInstructionKind | null
  /** Why it was refused. */
  failure: PaymentFailure | null
  amount: number
  /** What the payer gave, whatever the bank kept of it. */
  paid_amount: number
  /** Fine and interest of it, together. */
  late_amount: number
  discount_amount: number
  abatement_amount: number
  /** What the bank kept: tax on insurance, its fee, other costs. None of it is the payer's. */
  iof_amount: number
  fee_amount: number
  cost_amount: number
  /** What came to the operator's account. */
  credited_amount: number
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
  /** Bar code and typeable line of a boleto that is due on another day; null where charges have none. */
  composeAnew(
    settings: unknown,
    boleto: { our_number: string; amount: number; due_date: Temporal.PlainDate },
  ): { bar_code: string; typeable_line: string } | null
  /** Whether a remittance is made every day by itself. */
  isDaily(settings: unknown): boolean
  /** Whether each invoice has a charge as soon as it is issued. */
  goesWithInvoices(settings: unknown): boolean
}

export type BankFileFormats = ReadonlyMap<DriverKind, BankFileFormat>
