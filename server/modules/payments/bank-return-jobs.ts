// Returns are read, and what was read is booked, in batches, so that a process may end at any moment.
import { sql } from 'kysely'
import type { BankInstructionKind, BankLineEffect, PaymentFailure } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { enqueue } from '../../platform/jobs.ts'
import { lockAccounts } from '../billing/index.ts'
import { isOpen, readBankStanding } from './bank-charges.ts'
import type { ReturnEntry } from './bank-file-format.ts'
import { type BankFileJob, type OpenFile, openFile } from './bank-file-work.ts'
import { readBankFile } from './bank-files.ts'
import { answerInstruction, recallInstructions } from './bank-instructions.ts'
import { applyStanding } from './standing.ts'

/** So many lines are booked in one transaction. */
const linesAtOnce = 100
const rowsAtOnce = 1000

/** Reads a return whole: its faults, or its records with what each would do. Books nothing. */
export async function readReturn(job: BankFileJob, id: string): Promise<void> {
  const { transact, formats, now } = job
  const file = await transact((tx) => openFile(tx, formats, id, 'reading'))
  if (!file || file.file_id === null) return
  const bytes = await readBankFile(job.files, job.config, file.file_id)
  const reading = file.format.readReturn(file.settings, bytes)
  await transact(async (tx) => {
    if ('faults' in reading) {
      await tx
        .updateTable('bank_files')
        .set({
          state: 'faulty',
          faults: JSON.stringify(reading.faults),
          fault_count: reading.fault_count,
          ready_at: now(),
        })
        .where('id', '=', id)
        .where('state', '=', 'reading')
        .execute()
      return
    }
    await tx.deleteFrom('bank_file_lines').where('bank_file_id', '=', id).execute()
    for (let from = 0; from < reading.entries.length; from += rowsAtOnce)
      await insertLines(tx, file, reading.entries.slice(from, from + rowsAtOnce))
    await tx
      .updateTable('bank_files')
      .set({
        state: 'read',
        sequence: reading.sequence,
        made_on: reading.made_on,
        records: reading.entries.length,
        total: reading.entries.reduce((sum, entry) => sum + entry.paid_amount, 0),
        ready_at: now(),
      })
      .where('id', '=', id)
      .where('state', '=', 'reading')
      .execute()
  })
}

const keyOf = (entry: ReturnEntry) => `${entry.our_number}:${entry.event}`

/** Writes what a return says, with what it would do by now. */
async function insertLines(tx: Tx, file: OpenFile, entries: readonly ReturnEntry[]): Promise<void> {
  const [charges, known] = await Promise.all([
    sql<{ our_number: string; id: string }>`
      select our_number, id from bank_charges
       where provider_id = ${file.provider_id} and our_number = any(${entries.map((entry) => entry.our_number)}::text[])`.execute(
      tx,
    ),
    sql<{ entry_key: string }>`
      select entry_key from bank_file_lines
       where provider_id = ${file.provider_id} and entry_key = any(${entries.map(keyOf)}::text[])
         and applied_at is not null and effect not in ('unknown', 'repeated')`.execute(tx),
  ])
  const chargeOf = new Map(charges.rows.map((row) => [row.our_number, row.id]))
  const repeated = new Set(known.rows.map((row) => row.entry_key))
  await tx
    .insertInto('bank_file_lines')
    .values(
      entries.map((entry) => {
        const charge_id = chargeOf.get(entry.our_number) ?? null
        const effect: BankLineEffect =
          charge_id === null ? 'unknown' : repeated.has(keyOf(entry)) ? 'repeated' : entry.effect
        return {
          bank_file_id: file.id,
          line: entry.line,
          business_unit_id: file.business_unit_id,
          provider_id: file.provider_id,
          charge_id,
          our_number: entry.our_number,
          movement: entry.movement,
          occurrences: [...entry.occurrences],
          amount: entry.amount,
          paid_amount: entry.paid_amount,
          late_amount: entry.late_amount,
          discount_amount: entry.discount_amount,
          abatement_amount: entry.abatement_amount,
          iof_amount: entry.iof_amount,
          fee_amount: entry.fee_amount,
          cost_amount: entry.cost_amount,
          credited_amount: entry.credited_amount,
          occurred_on: entry.occurred_on,
          credited_on: entry.credited_on,
          entry_key: keyOf(entry),
          failure: entry.failure,
          instruction: entry.instruction,
          effect,
        }
      }),
    )
    .execute()
}

/** Books what a return says, from where the last one who did so ended. */
export async function applyReturn(job: BankFileJob, id: string): Promise<void> {
  const { transact, stopping } = job
  for (;;) {
    const lines = await transact((tx) => nextLines(tx, id, 0))
    if (lines.length === 0) break
    try {
      await transact((tx) => applyLines(tx, job, id, lines))
    } catch {
      // One that cannot be booked holds up no other: they go one by one, and the job fails for it at the end.
      await applySingly(job, id)
      break
    }
    if (stopping()) {
      await transact((tx) =>
        enqueue(
          tx,
          'payments:apply_return',
          { bank_file_id: id },
          { key: `payments:apply_return:${id}`, queue: 'bank_files' },
        ),
      )
      return
    }
  }
  await transact((tx) =>
    tx
      .updateTable('bank_files')
      .set({ state: 'applied', done_at: job.now(), error: null })
      .where('id', '=', id)
      .where('state', '=', 'applying')
      .execute(),
  )
}

async function applySingly(job: BankFileJob, id: string): Promise<void> {
  let fault: unknown = null
  for (let after = 0; ; ) {
    const lines = await job.transact((tx) => nextLines(tx, id, after))
    if (lines.length === 0) break
    for (const line of lines) {
      after = line
      try {
        await job.transact((tx) => applyLines(tx, job, id, [line]))
      } catch (error) {
        fault ??= error
      }
    }
  }
  if (fault === null) return
  await job.transact((tx) =>
    tx
      .updateTable('bank_files')
      .set({ error: String(fault).slice(0, 500) })
      .where('id', '=', id)
      .execute(),
  )
  throw fault
}

/** The next lines that are to be booked. */
async function nextLines(tx: Tx, id: string, after: number): Promise<number[]> {
  const rows = await tx
    .selectFrom('bank_file_lines')
    .innerJoin('bank_files', 'bank_files.id', 'bank_file_lines.bank_file_id')
    .select('bank_file_lines.line')
    .where('bank_file_lines.bank_file_id', '=', id)
    .where('bank_file_lines.applied_at', 'is', null)
    .where('bank_file_lines.line', '>', after)
    .where('bank_files.state', '=', 'applying')
    .orderBy('bank_file_lines.line')
    .limit(linesAtOnce)
    .execute()
  return rows.map(({ line }) => line)
}

type Line = {
  line: number
  entry_key: string
  our_number: string
  movement: string
  occurrences: string[]
  effect: BankLineEffect
  failure: PaymentFailure | null
  instruction: BankInstructionKind | null
  provider_id: string
}

/** Books some lines of a return, in one transaction with everything that they cause. */
async function applyLines(tx: Tx, job: BankFileJob, id: string, numbers: readonly number[]): Promise<void> {
  const lines: Line[] = await tx
    .selectFrom('bank_file_lines')
    .select([
      'line',
      'entry_key',
      'our_number',
      'movement',
      'occurrences',
      'effect',
      'failure',
      'instruction',
      'provider_id',
    ])
    .where('bank_file_id', '=', id)
    .where('line', 'in', [...numbers])
    .where('applied_at', 'is', null)
    .orderBy('line')
    .forUpdate()
    .execute()
  const [first] = lines
  if (!first) return
  const accounts = await sql<{ account_id: string }>`
    select distinct account_id from bank_charges
     where provider_id = ${first.provider_id} and our_number = any(${lines.map((line) => line.our_number)}::text[])`.execute(
    tx,
  )
  await lockAccounts(
    tx,
    accounts.rows.map((row) => row.account_id),
  )
  for (const line of lines) await applyLine(tx, job, id, line)
}

async function applyLine(tx: Tx, job: BankFileJob, fileId: string, line: Line): Promise<void> {
  const now = job.now()
  const charge = await tx
    .selectFrom('bank_charges')
    .select(['id', 'intent_id', 'state'])
    .where('provider_id', '=', line.provider_id)
    .where('our_number', '=', line.our_number)
    .forUpdate()
    .executeTakeFirst()
  const known = await tx
    .selectFrom('bank_file_lines')
    .select('line')
    .where('provider_id', '=', line.provider_id)
    .where('entry_key', '=', line.entry_key)
    .where('applied_at', 'is not', null)
    .where('effect', 'not in', ['unknown', 'repeated'])
    .executeTakeFirst()
  const wanted = line.effect === 'unknown' || line.effect === 'repeated' ? 'noted' : line.effect
  const effect: BankLineEffect = !charge ? 'unknown' : known ? 'repeated' : wanted
  await tx
    .updateTable('bank_file_lines')
    .set({ effect, charge_id: charge?.id ?? null, applied_at: now })
    .where('bank_file_id', '=', fileId)
    .where('line', '=', line.line)
    .execute()
  if (!charge || effect === 'repeated' || effect === 'noted') return
  const answer = { effect, instruction: line.instruction, occurrences: line.occurrences }
  const undone = await answerInstruction(tx, job.formats, charge, answer, now)
  const change =
    effect === 'received'
      ? { state: 'paid' as const, ended_at: now, failure: null }
      : effect === 'confirmed' && (charge.state === 'registered' || charge.state === 'sent')
        ? { state: 'confirmed' as const, confirmed_at: now }
        : effect === 'rejected' && isOpen(charge.state)
          ? {
              state: 'rejected' as const,
              ended_at: now,
              failure: line.failure ?? ('declined' as const),
              failure_codes: line.occurrences,
            }
          : effect === 'written_off' && isOpen(charge.state)
            ? { state: 'written_off' as const, ended_at: now }
            : null
  if (change) await tx.updateTable('bank_charges').set(change).where('id', '=', charge.id).execute()
  // Of what is over nothing is told any more.
  if (change && 'ended_at' in change) await recallInstructions(tx, charge.id)
  if (!change && !undone) return
  await applyStanding(
    tx,
    job.config,
    charge.intent_id,
    await readBankStanding(tx, charge.intent_id),
    now,
    false,
  )
}
