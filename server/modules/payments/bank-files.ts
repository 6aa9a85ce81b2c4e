// Files of banks: remittances that go out, returns that come in. Their bytes are kept encrypted, because they hold numbers of
// accounts; what is read of a return is shown line by line before anything is booked.
import { createHash } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { sql } from 'kysely'
import type { Config } from '../../platform/config.ts'
import type { BankFileKind, BankFileState, BankLineEffect } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { decryptSecret, encryptSecret } from '../../platform/encryption.ts'
import { isRefusal, notFound, type Refusal, refuse, refuseField } from '../../platform/errors.ts'
import { type FileStore, recordFile } from '../../platform/files.ts'
import { Binary, type Upload } from '../../platform/http.ts'
import { enqueue } from '../../platform/jobs.ts'
import { type ListRequest, readPage } from '../../platform/pages.ts'
import type { BankFileFormats, ReturnFault } from './bank-file-format.ts'

const place = (fileId: string) => `bank_files ${fileId}`

/** Stores the bytes of a bank's file so that nobody reads them without the key of this installation. */
export async function storeBankFile(
  files: FileStore,
  config: Config,
  fileId: string,
  bytes: Buffer,
): Promise<{ size: number; sha256: Buffer }> {
  return files.write(fileId, encryptSecret(config, bytes.toString('latin1'), place(fileId)))
}

/** The bytes of a bank's file as they came or went. */
export async function readBankFile(files: FileStore, config: Config, fileId: string): Promise<Buffer> {
  const stored = await buffer(files.read(fileId))
  return Buffer.from(decryptSecret(config, stored, place(fileId)), 'latin1')
}

/** Ways to be paid by files, with what waits to be sent: few by nature. */
export async function listBankProviders(tx: Tx, formats: BankFileFormats) {
  const rows = await tx
    .selectFrom('payment_providers')
    .innerJoin('business_units', 'business_units.id', 'payment_providers.business_unit_id')
    .select((eb) => [
      'payment_providers.id',
      'payment_providers.business_unit_id',
      'business_units.name as business_unit_name',
      'business_units.currency',
      'payment_providers.driver',
      'payment_providers.name',
      'payment_providers.enabled',
      'payment_providers.settings',
      sql<number>`(select count(*)::int from bank_instructions w
        where w.provider_id = ${eb.ref('payment_providers.id')} and w.bank_file_id is null)`.as('waiting'),
      sql<number>`(select coalesce(sum(c.amount), 0)::bigint
         from bank_instructions w join bank_charges c on c.id = w.charge_id
        where w.provider_id = ${eb.ref('payment_providers.id')} and w.bank_file_id is null and w.kind = 'enter')`.as(
        'waiting_amount',
      ),
      sql<number>`(select count(*)::int from bank_charges c
        where c.provider_id = ${eb.ref('payment_providers.id')} and c.state in ('sent', 'confirmed'))`.as(
        'open',
      ),
      sql<Temporal.Instant | null>`(select max(f.ready_at) from bank_files f
        where f.provider_id = ${eb.ref('payment_providers.id')} and f.kind = 'remittance')`.as(
        'last_remittance_at',
      ),
      sql<Temporal.Instant | null>`(select max(f.done_at) from bank_files f
        where f.provider_id = ${eb.ref('payment_providers.id')} and f.kind = 'return')`.as('last_return_at'),
    ])
    .where('payment_providers.driver', 'in', ['boleto', 'debit_file'])
    .where('payment_providers.archived_at', 'is', null)
    .orderBy('business_units.name')
    .orderBy('payment_providers.position')
    .orderBy('payment_providers.id')
    .limit(200)
    .execute()
  return rows.map(({ settings, ...row }) => ({
    ...row,
    daily: formats.get(row.driver)?.isDaily(settings) ?? false,
  }))
}

function selectFiles(tx: Tx) {
  return tx
    .selectFrom('bank_files')
    .innerJoin('payment_providers', 'payment_providers.id', 'bank_files.provider_id')
    .innerJoin('business_units', 'business_units.id', 'bank_files.business_unit_id')
    .leftJoin('users', 'users.id', 'bank_files.created_by')
    .select([
      'bank_files.id',
      'bank_files.business_unit_id',
      'business_units.name as business_unit_name',
      'business_units.currency',
      'bank_files.provider_id',
      'payment_providers.name as provider_name',
      'payment_providers.driver',
      'bank_files.kind',
      'bank_files.state',
      'bank_files.name',
      'bank_files.sequence',
      'bank_files.made_on',
      'bank_files.size',
      'bank_files.records',
      'bank_files.total',
      'bank_files.fault_count',
      'bank_files.error',
      'bank_files.created_by',
      'users.name as created_by_name',
      'bank_files.created_at',
      'bank_files.ready_at',
      'bank_files.decided_at',
      'bank_files.done_at',
    ])
}

export type BankFileFilter = {
  provider_id?: string | undefined
  business_unit_id?: string | undefined
  kind?: BankFileKind | undefined
  state?: BankFileState | undefined
}

/** A page of files, the latest first. */
export function listBankFiles(tx: Tx, request: ListRequest & BankFileFilter) {
  let query = selectFiles(tx)
  for (const column of ['provider_id', 'business_unit_id', 'kind', 'state'] as const) {
    const wanted = request[column]
    if (wanted) query = query.where(`bank_files.${column}`, '=', wanted)
  }
  const tie = { by: sql`bank_files.id`, value: (row: { id: string }) => row.id, type: 'uuid' }
  return readPage(query, request, { created_at: tie }, tie)
}

/** One file: what is wrong with it, how much of it is applied, and what its lines come to. Refuses: not_found. */
export async function getBankFile(tx: Tx, id: string) {
  const file = await selectFiles(tx)
    .select([
      sql<ReturnFault[]>`bank_files.faults`.as('faults'),
      sql<number>`(select count(*)::int from bank_file_lines l where l.bank_file_id = bank_files.id and l.applied_at is not null)`.as(
        'records_done',
      ),
      sql<{ effect: BankLineEffect; records: number; amount: number; paid_amount: number }[]>`(
        select coalesce(json_agg(json_build_object('effect', e.effect, 'records', e.records, 'amount', e.amount,
                                                   'paid_amount', e.paid_amount) order by e.effect), '[]')
          from (select l.effect, count(*)::int as records, sum(l.amount)::bigint as amount, sum(l.paid_amount)::bigint as paid_amount
                  from bank_file_lines l where l.bank_file_id = bank_files.id group by l.effect) e)`.as(
        'effects',
      ),
    ])
    .where('bank_files.id', '=', id)
    .executeTakeFirst()
  return file ?? notFound()
}

/** A page of what a return says, in the order of its lines. */
export function listBankFileLines(
  tx: Tx,
  fileId: string,
  request: ListRequest & { effect?: BankLineEffect | undefined },
) {
  let query = tx
    .selectFrom('bank_file_lines')
    .leftJoin('bank_charges', 'bank_charges.id', 'bank_file_lines.charge_id')
    .leftJoin('accounts', 'accounts.id', 'bank_charges.account_id')
    .select((eb) => [
      'bank_file_lines.line',
      'bank_file_lines.our_number',
      'bank_file_lines.movement',
      'bank_file_lines.occurrences',
      'bank_file_lines.amount',
      'bank_file_lines.paid_amount',
      'bank_file_lines.late_amount',
      'bank_file_lines.discount_amount',
      'bank_file_lines.abatement_amount',
      'bank_file_lines.iof_amount',
      'bank_file_lines.fee_amount',
      'bank_file_lines.cost_amount',
      'bank_file_lines.credited_amount',
      'bank_file_lines.occurred_on',
      'bank_file_lines.credited_on',
      'bank_file_lines.effect',
      'bank_file_lines.applied_at',
      'bank_file_lines.charge_id',
      'bank_charges.account_id',
      'accounts.name as account_name',
      'accounts.number as account_number',
      'bank_charges.amount as charge_amount',
      'bank_charges.state as charge_state',
      'bank_charges.due_date',
      sql<
        string[]
      >`(select coalesce(json_agg(i.series || '-' || i.number order by i.due_date, i.number), '[]')
        from payment_intent_invoices ii join invoices i on i.id = ii.invoice_id
       where ii.intent_id = ${eb.ref('bank_charges.intent_id')})`.as('invoices'),
    ])
    .where('bank_file_lines.bank_file_id', '=', fileId)
  if (request.effect) query = query.where('bank_file_lines.effect', '=', request.effect)
  const tie = { by: sql`bank_file_lines.line`, value: (row: { line: number }) => row.line, type: 'int' }
  return readPage(query, request, { line: tie }, tie)
}

/** A page of what a remittance tells the bank. */
export function listBankInstructions(tx: Tx, fileId: string, request: ListRequest) {
  const query = tx
    .selectFrom('bank_instructions')
    .innerJoin('bank_charges', 'bank_charges.id', 'bank_instructions.charge_id')
    .innerJoin('accounts', 'accounts.id', 'bank_charges.account_id')
    .select([
      'bank_instructions.id',
      'bank_instructions.charge_id',
      'bank_instructions.kind',
      'bank_charges.our_number',
      'bank_charges.account_id',
      'accounts.name as account_name',
      'accounts.number as account_number',
      'bank_charges.amount',
      'bank_charges.state',
      'bank_instructions.abatement',
      sql<Temporal.PlainDate>`coalesce(bank_instructions.due_date, bank_charges.due_date)`.as('due_date'),
    ])
    .where('bank_instructions.bank_file_id', '=', fileId)
  const tie = { by: sql`bank_instructions.id`, value: (row: { id: string }) => row.id, type: 'uuid' }
  return readPage(query, request, { created_at: tie }, tie)
}

/** A provider that is paid by files. Refuses: invalid_input. */
async function findProvider(tx: Tx, formats: BankFileFormats, id: string) {
  const provider = await tx
    .selectFrom('payment_providers')
    .select(['id', 'business_unit_id', 'driver', 'name', 'settings'])
    .where('id', '=', id)
    .executeTakeFirst()
  const format = provider && formats.get(provider.driver)
  return format ? { ...provider, format } : refuseField('provider_id', 'not_a_choice')
}

/**
 * Asks for a remittance of everything that waits for one: a job writes it. Refuses: not_found, nothing_to_send,
 * remittance_in_progress.
 */
export async function requestRemittance(
  tx: Tx,
  formats: BankFileFormats,
  providerId: string,
  actorId: string | null,
): Promise<{ id: string } | Refusal> {
  const provider = await findProvider(tx, formats, providerId)
  if (isRefusal(provider)) return notFound()
  await sql`select pg_advisory_xact_lock(hashtext('zaguan.remittance'), hashtext(${provider.id}))`.execute(tx)
  const [waiting, queued] = await Promise.all([
    tx
      .selectFrom('bank_instructions')
      .select('charge_id')
      .where('provider_id', '=', provider.id)
      .where('bank_file_id', 'is', null)
      .executeTakeFirst(),
    tx
      .selectFrom('bank_files')
      .select('id')
      .where('provider_id', '=', provider.id)
      .where('state', '=', 'queued')
      .executeTakeFirst(),
  ])
  if (queued) return refuse('remittance_in_progress', { params: { bank_file_id: queued.id } })
  if (!waiting) return refuse('nothing_to_send')
  const file = await tx
    .insertInto('bank_files')
    .values({
      business_unit_id: provider.business_unit_id,
      provider_id: provider.id,
      kind: 'remittance',
      state: 'queued',
      name: provider.name,
      created_by: actorId,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  await enqueue(
    tx,
    'payments:write_remittance',
    { bank_file_id: file.id },
    { key: `payments:write_remittance:${file.id}`, queue: 'bank_files' },
  )
  return file
}

/**
 * Takes a return in: its bytes are stored encrypted, and a job reads it. Nothing is booked. Refuses: invalid_input,
 * bank_file_repeated (the same bytes came before).
 */
export async function receiveReturn(
  tx: Tx,
  services: { files: FileStore; config: Config; formats: BankFileFormats },
  upload: Upload,
  actorId: string | null,
): Promise<{ id: string } | Refusal> {
  const providerId = upload.fields.provider_id ?? ''
  if (!/^[0-9a-f-]{36}$/.test(providerId)) return refuseField('provider_id', 'required')
  const provider = await findProvider(tx, services.formats, providerId)
  if (isRefusal(provider)) return provider
  const sha256 = upload.sha256
  const known = await tx
    .selectFrom('bank_files')
    .select(['id', 'name', 'created_at'])
    .where('provider_id', '=', provider.id)
    .where('kind', '=', 'return')
    .where('sha256', '=', sha256)
    .where('state', 'not in', ['faulty', 'discarded'])
    .executeTakeFirst()
  if (known)
    return refuse('bank_file_repeated', {
      params: { name: known.name, bank_file_id: known.id, day: String(known.created_at).slice(0, 10) },
    })
  // What came is overwritten by its ciphertext before anything points to it; a transaction that is tried again finds that.
  const found = await buffer(services.files.read(upload.id))
  const clear = createHash('sha256').update(found).digest().equals(sha256)
  const bytes = clear ? found : await readBankFile(services.files, services.config, upload.id)
  const stored = await storeBankFile(services.files, services.config, upload.id, bytes)
  await recordFile(tx, {
    id: upload.id,
    purpose: 'bank_file',
    name: upload.name,
    media_type: 'application/octet-stream',
    size: stored.size,
    sha256: stored.sha256,
    business_unit_id: provider.business_unit_id,
    created_by: actorId,
  })
  const file = await tx
    .insertInto('bank_files')
    .values({
      business_unit_id: provider.business_unit_id,
      provider_id: provider.id,
      kind: 'return',
      state: 'reading',
      name: upload.name,
      file_id: upload.id,
      size: upload.size,
      sha256,
      created_by: actorId,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  await enqueue(
    tx,
    'payments:read_return',
    { bank_file_id: file.id },
    { key: `payments:read_return:${file.id}`, queue: 'bank_files' },
  )
  return file
}

/** Says that a return that was read is to be booked: a job does it. Refuses: not_found, bank_file_not_ready. */
export async function requestApply(
  tx: Tx,
  id: string,
  actorId: string,
  now: Temporal.Instant,
): Promise<Refusal | undefined> {
  const begun = await tx
    .updateTable('bank_files')
    .set({ state: 'applying', decided_by: actorId, decided_at: now })
    .where('id', '=', id)
    .where('kind', '=', 'return')
    .where('state', '=', 'read')
    .returning('id')
    .executeTakeFirst()
  if (!begun) return missing(tx, id)
  await enqueue(
    tx,
    'payments:apply_return',
    { bank_file_id: id },
    { key: `payments:apply_return:${id}`, queue: 'bank_files' },
  )
  return undefined
}

/** Puts a return away that was not booked. Refuses: not_found, bank_file_not_ready. */
export async function discardReturn(
  tx: Tx,
  id: string,
  actorId: string,
  now: Temporal.Instant,
): Promise<Refusal | undefined> {
  const done = await tx
    .updateTable('bank_files')
    .set({ state: 'discarded', decided_by: actorId, decided_at: now })
    .where('id', '=', id)
    .where('kind', '=', 'return')
    .where('state', '=', 'read')
    .returning('id')
    .executeTakeFirst()
  return done ? undefined : missing(tx, id)
}

async function missing(tx: Tx, id: string): Promise<Refusal> {
  const file = await tx.selectFrom('bank_files').select('state').where('id', '=', id).executeTakeFirst()
  return file ? refuse('bank_file_not_ready', { params: { state: file.state } }) : notFound()
}

/** A file as it went or came, for a download; the audit log notes who took it. Refuses: not_found, bank_file_not_ready. */
export async function downloadBankFile(
  tx: Tx,
  services: { files: FileStore; config: Config },
  id: string,
): Promise<Binary | Refusal> {
  const file = await tx
    .selectFrom('bank_files')
    .select(['file_id', 'name', 'state'])
    .where('id', '=', id)
    .executeTakeFirst()
  if (!file) return notFound()
  if (file.file_id === null) return refuse('bank_file_not_ready', { params: { state: file.state } })
  await sql`select write_audit('downloaded', 'bank_files', ${id}, null, null, null, '{}'::jsonb)`.execute(tx)
  const bytes = await readBankFile(services.files, services.config, file.file_id)
  return new Binary(bytes, 'text/plain; charset=us-ascii', file.name)
}

/** Names the stored bytes of a remittance after it, so that writing it again writes the same file. */
export const remittanceFileId = (id: string) => {
  const hash = createHash('sha256').update(`remittance ${id}`).digest('hex')
  return hash.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-8$3-8$4-$5')
}
