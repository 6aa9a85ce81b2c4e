// Remittances are written: what waits is claimed with the file's number, and both are given back where it cannot be written.
import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { Config } from '../../platform/config.ts'
import type { BankChargeState } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal } from '../../platform/errors.ts'
import { recordFile } from '../../platform/files.ts'
import { lockAccounts } from '../billing/index.ts'
import { readBankStanding, takeRemittanceNumber } from './bank-charges.ts'
import type { RemittanceEntry } from './bank-file-format.ts'
import { type BankFileJob, type OpenFile, openFile } from './bank-file-work.ts'
import { remittanceFileId, requestRemittance, storeBankFile } from './bank-files.ts'
import { applyStanding } from './standing.ts'
import { readReference } from './stored-methods.ts'

/** Writes the remittance that was asked for, once, whatever ends the process in between. */
export async function writeRemittance(job: BankFileJob, id: string): Promise<void> {
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
async function claimInstructions(tx: Tx, job: BankFileJob, id: string): Promise<OpenFile | null> {
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
async function dropWithoutAccount(tx: Tx, job: BankFileJob, file: OpenFile): Promise<void> {
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
      // What was asked for then, whatever was asked for since.
      sql<number>`coalesce(bank_instructions.abatement, bank_charges.abatement)`.as('abatement'),
      sql<Temporal.PlainDate>`coalesce(bank_instructions.due_date, bank_charges.due_date)`.as('due_date'),
      'bank_charges.our_number',
      'bank_charges.amount',
      'bank_charges.issued_on',
      'bank_charges.fine_rate',
      'bank_charges.interest_rate',
      'bank_charges.discount_rate',
      'bank_charges.discount_until',
      'bank_charges.protest_days',
      'bank_charges.protested_at',
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
    .orderBy('bank_instructions.id')
    .execute()
  return rows.map((row) => ({
    kind: row.kind,
    our_number: row.our_number,
    amount: row.amount,
    issued_on: row.issued_on,
    due_date: row.due_date,
    fine_rate: row.fine_rate,
    interest_rate: row.interest_rate,
    discount_rate: row.discount_rate,
    discount_until: row.discount_until,
    abatement: row.abatement,
    protest_days: row.protest_days,
    protested: row.protested_at !== null,
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
export async function writeDailyRemittances({ transact, formats }: BankFileJob): Promise<void> {
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
