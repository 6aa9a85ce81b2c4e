// The work on files of banks: remittances are written, returns read, and what was read is booked, in batches, so that a process
// may end at any moment.
import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { Config } from '../../platform/config.ts'
import type { BankChargeState, BankLineEffect, PaymentFailure } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal } from '../../platform/errors.ts'
import { type FileStore, recordFile } from '../../platform/files.ts'
import { enqueue, type JobContext, type JobHandlers, type Schedule } from '../../platform/jobs.ts'
import { lockAccounts } from '../billing/index.ts'
import { isOpen, readBankStanding, takeRemittanceNumber } from './bank-charges.ts'
import type { BankFileFormat, BankFileFormats, RemittanceEntry, ReturnEntry } from './bank-file-format.ts'
import { readBankFile, remittanceFileId, requestRemittance, storeBankFile } from './bank-files.ts'
import { createIntent, requestCancel } from './intents.ts'
import { applyStanding } from './standing.ts'
import { readReference } from './stored-methods.ts'

export type BankFileServices = { files: FileStore; config: Config; formats: BankFileFormats }
type Job = JobContext & BankFileServices

/** So many lines are booked in one transaction. */
const linesAtOnce = 100
const rowsAtOnce = 1000

type OpenFile = {
  id: string
  provider_id: string
  business_unit_id: string
  file_id: string | null
  sequence: number | null
  settings: unknown
  format: BankFileFormat
  made_at: Temporal.PlainDateTime
}

async function openFile(
  tx: Tx,
  formats: BankFileFormats,
  id: string,
  state: 'queued' | 'reading',
): Promise<OpenFile | null> {
  const row = await tx
    .selectFrom('bank_files')
    .innerJoin('payment_providers', 'payment_providers.id', 'bank_files.provider_id')
    .innerJoin('business_units', 'business_units.id', 'bank_files.business_unit_id')
    .select([
      'bank_files.id',
      'bank_files.provider_id',
      'bank_files.business_unit_id',
      'bank_files.file_id',
      'bank_files.sequence',
      'bank_files.created_at',
      'payment_providers.driver',
      'payment_providers.settings',
      'business_units.time_zone',
    ])
    .where('bank_files.id', '=', id)
    .where('bank_files.state', '=', state)
    .forUpdate('bank_files')
    .executeTakeFirst()
  const format = row && formats.get(row.driver)
  if (!row || !format) return null
  return {
    ...row,
    format,
    // The same file, however often it is written.
    made_at: row.created_at.toZonedDateTimeISO(row.time_zone).toPlainDateTime(),
  }
}

// Remittances -------------------------------------------------------------------------------------------------------

async function writeRemittance(job: Job, id: string): Promise<void> {
  const { transact, now } = job
  const file = await transact((tx) => claimInstructions(tx, job, id))
  if (!file) return
  try {
    const entries = await transact((tx) => readEntries(tx, job.config, id))
    const remittance = { sequence: file.sequence!, made_at: file.made_at, entries }
    const bytes = Buffer.from(file.format.composeRemittance(file.settings, remittance), 'latin1')
    const fileId = remittanceFileId(id)
    const name = file.format.nameRemittance(file.settings, remittance)
    const stored = await storeBankFile(job.files, job.config, fileId, bytes)
    await transact(async (tx) => {
      await recordFile(tx, {
        id: fileId,
        purpose: 'bank_file',
        name,
        media_type: 'application/octet-stream',
        size: stored.size,
        sha256: stored.sha256,
        business_unit_id: file.business_unit_id,
      })
      await tx
        .updateTable('bank_files')
        .set({
          state: 'ready',
          name,
          file_id: fileId,
          size: bytes.length,
          sha256: createHash('sha256').update(bytes).digest(),
          made_on: file.made_at.toPlainDate(),
          records: entries.length,
          total: entries.reduce((sum, entry) => sum + (entry.kind === 'enter' ? entry.amount : 0), 0),
          error: null,
          ready_at: now(),
        })
        .where('id', '=', id)
        .execute()
      await sql`
        update bank_charges c set state = 'sent', sent_at = ${now()}::timestamptz
          from bank_instructions i
         where i.bank_file_id = ${id} and i.kind = 'enter' and c.id = i.charge_id and c.state = 'registered'`.execute(
        tx,
      )
    })
  } catch (error) {
    if (job.last_attempt) await transact((tx) => giveUpRemittance(tx, file, String(error)))
    throw error
  }
}

/** Takes everything that waits, and the file's number; null where the file is written already, or nothing waits. */
async function claimInstructions(tx: Tx, job: Job, id: string): Promise<OpenFile | null> {
  const file = await openFile(tx, job.formats, id, 'queued')
  if (!file) return null
  await dropWithoutAccount(tx, job, file)
  await sql`
    update bank_instructions set bank_file_id = ${id}
     where provider_id = ${file.provider_id} and bank_file_id is null`.execute(tx)
  const some = await tx
    .selectFrom('bank_instructions')
    .select('charge_id')
    .where('bank_file_id', '=', id)
    .executeTakeFirst()
  if (!some) {
    await giveUpRemittance(tx, file, 'nothing waits to be sent any more')
    return null
  }
  if (file.sequence !== null) return file
  const first = file.format.firstNumbers(file.settings).remittance
  const sequence = await takeRemittanceNumber(tx, file.provider_id, first)
  await tx.updateTable('bank_files').set({ sequence }).where('id', '=', id).execute()
  return { ...file, sequence }
}

/**
 * Lets go of debits whose account was removed before they were sent: nobody knows its number any more, and the customer wants
 * nothing debited from it.
 */
async function dropWithoutAccount(tx: Tx, job: Job, file: OpenFile): Promise<void> {
  const found = await sql<{ id: string; intent_id: string; account_id: string; state: BankChargeState }>`
    select distinct c.id, c.intent_id, c.account_id, c.state
      from bank_instructions i
      join bank_charges c on c.id = i.charge_id and c.kind = 'debit'
      join stored_methods m on m.id = c.stored_method_id and m.reference_encrypted is null
     where i.provider_id = ${file.provider_id} and (i.bank_file_id is null or i.bank_file_id = ${file.id})`.execute(
    tx,
  )
  if (found.rows.length === 0) return
  const now = job.now()
  await lockAccounts(
    tx,
    found.rows.map((row) => row.account_id),
  )
  for (const charge of found.rows) {
    await sql`
      delete from bank_instructions
       where charge_id = ${charge.id} and (bank_file_id is null or bank_file_id = ${file.id})`.execute(tx)
    if (charge.state !== 'registered') continue
    await tx
      .updateTable('bank_charges')
      .set({ state: 'rejected', failure: 'invalid_method', ended_at: now })
      .where('id', '=', charge.id)
      .execute()
    await applyStanding(
      tx,
      job.config,
      charge.intent_id,
      await readBankStanding(tx, charge.intent_id),
      now,
      false,
    )
  }
}

/** Gives instructions and number back: the next remittance has both. */
async function giveUpRemittance(tx: Tx, file: OpenFile, error: string): Promise<void> {
  await tx
    .updateTable('bank_instructions')
    .set({ bank_file_id: null })
    .where('bank_file_id', '=', file.id)
    .execute()
  await tx
    .updateTable('bank_files')
    .set({ state: 'failed', sequence: null, error: error.slice(0, 500) })
    .where('id', '=', file.id)
    .execute()
  if (file.sequence !== null)
    await sql`
      update bank_sequences set last_remittance = last_remittance - 1
       where provider_id = ${file.provider_id} and last_remittance = ${file.sequence}`.execute(tx)
}

async function readEntries(tx: Tx, config: Config, fileId: string): Promise<RemittanceEntry[]> {
  const rows = await tx
    .selectFrom('bank_instructions')
    .innerJoin('bank_charges', 'bank_charges.id', 'bank_instructions.charge_id')
    .innerJoin('accounts', 'accounts.id', 'bank_charges.account_id')
    .leftJoin('stored_methods', 'stored_methods.id', 'bank_charges.stored_method_id')
    .select([
      'bank_instructions.kind',
      'bank_charges.our_number',
      'bank_charges.amount',
      'bank_charges.issued_on',
      'bank_charges.due_date',
      'bank_charges.fine_rate',
      'bank_charges.interest_rate',
      'accounts.name',
      'accounts.tax_id',
      'accounts.address',
      'accounts.city',
      'accounts.state',
      'accounts.postal_code',
      'stored_methods.id as method_id',
      'stored_methods.reference',
      'stored_methods.reference_encrypted',
      sql<
        string | null
      >`(select i.series || '-' || i.number from payment_intent_invoices ii join invoices i on i.id = ii.invoice_id
        where ii.intent_id = bank_charges.intent_id order by i.due_date, i.series, i.number limit 1)`.as(
        'document',
      ),
    ])
    .where('bank_instructions.bank_file_id', '=', fileId)
    .orderBy('bank_charges.number')
    .orderBy('bank_instructions.kind')
    .execute()
  return rows.map((row) => ({
    kind: row.kind,
    our_number: row.our_number,
    amount: row.amount,
    issued_on: row.issued_on,
    due_date: row.due_date,
    fine_rate: row.fine_rate,
    interest_rate: row.interest_rate,
    document: row.document ?? row.our_number,
    payer: {
      name: row.name,
      tax_id: row.tax_id,
      address: row.address,
      city: row.city,
      state: row.state,
      postal_code: row.postal_code,
    },
    secret:
      row.method_id === null
        ? null
        : readReference(config, {
            id: row.method_id,
            reference: row.reference,
            reference_encrypted: row.reference_encrypted,
          }).secret,
  }))
}

/** Makes the remittances of the day, of the providers that are set to have one. */
async function writeDailyRemittances({ transact, formats }: Job): Promise<void> {
  const waiting = await transact((tx) =>
    tx
      .selectFrom('payment_providers')
      .select(['id', 'driver', 'settings'])
      .where('archived_at', 'is', null)
      .where('driver', 'in', ['boleto', 'debit_file'])
      .where(
        sql<boolean>`exists (select from bank_instructions w where w.provider_id = payment_providers.id and w.bank_file_id is null)`,
      )
      .execute(),
  )
  for (const provider of waiting) {
    if (!formats.get(provider.driver)?.isDaily(provider.settings)) continue
    // One that is being made already is the one of today.
    await transact(async (tx) => {
      const made = await requestRemittance(tx, formats, provider.id, null)
      return isRefusal(made) ? null : made
    })
  }
}

// Returns -----------------------------------------------------------------------------------------------------------

async function readReturn(job: Job, id: string): Promise<void> {
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
          fee_amount: entry.fee_amount,
          occurred_on: entry.occurred_on,
          credited_on: entry.credited_on,
          entry_key: keyOf(entry),
          failure: entry.failure,
          effect,
        }
      }),
    )
    .execute()
}

async function applyReturn(job: Job, id: string): Promise<void> {
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

async function applySingly(job: Job, id: string): Promise<void> {
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
  provider_id: string
}

/** Books some lines of a return, in one transaction with everything that they cause. */
async function applyLines(tx: Tx, job: Job, id: string, numbers: readonly number[]): Promise<void> {
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

async function applyLine(tx: Tx, job: Job, fileId: string, line: Line): Promise<void> {
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
  if (!change) return
  await tx.updateTable('bank_charges').set(change).where('id', '=', charge.id).execute()
  await applyStanding(
    tx,
    job.config,
    charge.intent_id,
    await readBankStanding(tx, charge.intent_id),
    now,
    false,
  )
}

/** Takes boletos and debits back whose invoices were all paid in another way: nobody is to pay them twice. */
async function withdrawPaidCharges({ transact }: Job, invoiceIds: readonly string[]): Promise<void> {
  await transact(async (tx) => {
    const open = await sql<{ id: string }>`
      select distinct i.id
        from payment_intent_invoices ii
        join payment_intents i on i.id = ii.intent_id and i.ended_at is null
        join bank_charges c on c.intent_id = i.id and c.state in ('registered', 'sent', 'confirmed') and c.withdrawn_at is null
       where ii.invoice_id = any(${[...invoiceIds]}::uuid[]) and ii.open
         and not exists (select from payment_intent_invoices o join invoices v on v.id = o.invoice_id
                          where o.intent_id = i.id and v.state = 'open')`.execute(tx)
    for (const { id } of open.rows) await requestCancel(tx, null, id)
  })
}

type Unpaid = { id: string; account_id: string; business_unit_id: string; provider_id: string }

/** Makes a boleto of each invoice that was issued, where a provider is set to have one and nothing is debited by itself. */
async function makeBoletos(
  { transact, formats, now, pool }: Job,
  invoiceIds: readonly string[],
): Promise<void> {
  const format = formats.get('boleto')
  const found = await transact(async (tx) => {
    const rows = await sql<Unpaid & { settings: unknown }>`
      select i.id, i.account_id, i.business_unit_id, p.id as provider_id, p.settings
        from invoices i
        join invoice_balances b on b.invoice_id = i.id and b.open_amount > 0
        cross join lateral (
          select p.id, p.settings from payment_providers p
           where p.business_unit_id = i.business_unit_id and p.driver = 'boleto' and p.enabled
           order by p.position, p.id limit 1) p
       where i.id = any(${[...invoiceIds]}::uuid[]) and i.state = 'open'
         and not exists (select from stored_methods m where m.account_id = i.account_id and m.automatic)
       order by i.id`.execute(tx)
    return rows.rows
  })
  for (const { settings, ...invoice } of found) {
    if (!format?.goesWithInvoices(settings)) continue
    // Somebody may have paid it, or asked for another boleto, since.
    await transact(async (tx) => {
      const owner = {
        account_id: invoice.account_id,
        business_unit_id: invoice.business_unit_id,
        user_id: null,
        origin: 'run' as const,
      }
      const input = { provider_id: invoice.provider_id, method: 'boleto' as const, invoice_ids: [invoice.id] }
      const made = await createIntent(tx, pool, owner, input, now())
      return isRefusal(made) ? null : made
    })
  }
}

/** The jobs of files of banks. */
export function createBankFileJobs(services: BankFileServices): JobHandlers {
  const idOf = (payload: Parameters<JobHandlers[string]>[0]) => String(payload.bank_file_id)
  return {
    'payments:write_remittance': (payload, context) =>
      writeRemittance({ ...context, ...services }, idOf(payload)),
    'payments:write_daily_remittances': (_payload, context) =>
      writeDailyRemittances({ ...context, ...services }),
    'payments:read_return': (payload, context) => readReturn({ ...context, ...services }, idOf(payload)),
    'payments:apply_return': (payload, context) => applyReturn({ ...context, ...services }, idOf(payload)),
    'payments:make_boletos': (payload, context) =>
      makeBoletos({ ...context, ...services }, (payload.invoice_ids as string[] | undefined) ?? []),
    'payments:withdraw_paid_charges': (payload, context) =>
      withdrawPaidCharges({ ...context, ...services }, (payload.invoice_ids as string[] | undefined) ?? []),
  }
}

/** When they run by themselves (UTC): remittances at six in the morning of São Paulo. */
export const bankFileSchedule: Schedule = { 'payments:write_daily_remittances': '0 9 * * *' }
