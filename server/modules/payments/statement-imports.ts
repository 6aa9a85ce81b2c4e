import { sql } from 'kysely'
import type { Config } from '../../platform/config.ts'
import type { BankStatementFormat } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { notFound, type Refusal, refuse, refuseField } from '../../platform/errors.ts'
import { type FileStore, recordFile } from '../../platform/files.ts'
import type { Upload } from '../../platform/http.ts'
import { enqueue, type JobContext } from '../../platform/jobs.ts'
import { hashNumber } from './statement-accounts.ts'
import { readCamt } from './statement-camt.ts'
import { proposePayments } from './statement-candidates.ts'
import { readCnab } from './statement-cnab.ts'
import { type CsvMapping, checkMapping, csvMapping, readCsvStatement, surveyCsv } from './statement-csv.ts'
import {
  createLineKeys,
  lastDigits,
  noFacts,
  type StatementFacts,
  StatementFault,
  type StatementLine,
  type StatementPart,
  type StatementWarning,
} from './statement-lines.ts'
import { getStatement } from './statement-lists.ts'
import type { MatchLine, Proposal } from './statement-matching.ts'
import { mayBePayment } from './statement-matching.ts'
import { readOfx } from './statement-ofx.ts'
import { readStart, recognizeFormat } from './statement-text.ts'

/** The largest statement that is taken, in bytes. */
export const largestStatement = 52_428_800

const insertRows = 1000
const matchRows = 1000
const mostWarnings = 20

/**
 * Takes an uploaded statement in. A CSV file waits for its columns to be named; the others are read in the background. Nothing
 * is booked. The bank account may be left out where the file names its own. Refuses: file_needed, invalid_input (business
 * unit, bank account), statement_format (no form that is read), statement_account_needed (CSV), statement_repeated (the very
 * same file was read for this bank account).
 */
export async function createStatement(
  tx: Tx,
  files: FileStore,
  upload: Upload,
  input: { business_unit_id: string; bank_account_id: string | null },
  actorId: string,
) {
  if (upload.size === 0) return refuse('file_needed', { status: 422 })
  const unit = await tx
    .selectFrom('business_units')
    .select('id')
    .where('id', '=', input.business_unit_id)
    .executeTakeFirst()
  if (!unit) return refuseField('business_unit_id', 'not_a_choice')
  const account =
    input.bank_account_id === null ? null : await findAccount(tx, unit.id, input.bank_account_id)
  if (input.bank_account_id !== null && !account) return refuseField('bank_account_id', 'not_a_choice')
  const start = await readStart(files.read(upload.id))
  const format = recognizeFormat(start)
  if (format === null) return refuse('statement_format', { status: 422 })
  if (format === 'csv' && !account) return refuse('statement_account_needed', { status: 422 })
  if (account) {
    const repeated = await findRepeated(tx, account.id, upload.sha256)
    if (repeated) return repeated
  }
  const survey =
    format === 'csv' ? surveyCsv(decodeStart(start), rememberedMapping(account?.csv_mapping)) : null
  if (format === 'csv' && !survey) return refuse('statement_format', { status: 422 })
  await recordFile(tx, {
    id: upload.id,
    purpose: 'bank_statement',
    name: upload.name,
    media_type: upload.media_type,
    size: upload.size,
    sha256: upload.sha256,
    business_unit_id: unit.id,
    created_by: actorId,
  })
  const { id } = await tx
    .insertInto('bank_statements')
    .values({
      business_unit_id: unit.id,
      bank_account_id: account?.id ?? null,
      file_id: upload.id,
      file_name: upload.name,
      file_size: upload.size,
      sha256: upload.sha256,
      format,
      state: survey ? 'draft' : 'reading',
      columns: survey?.columns ?? [],
      sample: JSON.stringify(survey?.sample ?? []),
      mapping: survey ? JSON.stringify(survey.mapping) : null,
      created_by: actorId,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  if (!survey) await enqueueReading(tx, id)
  return getStatement(tx, id)
}

function decodeStart(start: Buffer): string {
  if (start[0] === 0xff && start[1] === 0xfe) return new TextDecoder('utf-16le').decode(start)
  const text = new TextDecoder('utf-8').decode(start, { stream: true })
  // A sign that is cut at the end is no sign of another charset.
  return text.slice(0, -4).includes('\ufffd')
    ? new TextDecoder('windows-1252').decode(start)
    : text.replace(/^\ufeff/, '')
}

function rememberedMapping(stored: unknown): CsvMapping | null {
  const read = csvMapping.safeParse(stored)
  return read.success ? read.data : null
}

async function findAccount(tx: Tx, unitId: string, id: string) {
  return tx
    .selectFrom('bank_accounts')
    .select(['id', 'currency', 'last_digits', 'csv_mapping'])
    .where('id', '=', id)
    .where('business_unit_id', '=', unitId)
    .where('archived_at', 'is', null)
    .executeTakeFirst()
}

async function findRepeated(
  tx: Tx,
  accountId: string,
  sha256: Buffer,
  except?: string,
): Promise<Refusal | null> {
  let query = tx
    .selectFrom('bank_statements')
    .select(['file_name', 'created_at'])
    .where('bank_account_id', '=', accountId)
    .where('sha256', '=', sha256)
    .where('state', 'in', ['reading', 'ready'])
  if (except) query = query.where('id', '<>', except)
  const found = await query.executeTakeFirst()
  return found
    ? refuse('statement_repeated', {
        params: { file: found.file_name, date: found.created_at.toString().slice(0, 10) },
      })
    : null
}

function enqueueReading(tx: Tx, id: string): Promise<void> {
  return enqueue(
    tx,
    'payments:read_statement',
    { statement_id: id },
    { key: `bank_statement:${id}`, maxAttempts: 3 },
  )
}

/**
 * Shows a CSV file's columns anew, by another delimiter or header line: what they mean is guessed for them. Refuses:
 * not_found, statement_read, invalid_input.
 */
export async function surveyStatement(
  tx: Tx,
  files: FileStore,
  id: string,
  form: { delimiter: CsvMapping['delimiter']; header_line: number },
) {
  const row = await lockStatement(tx, id)
  if (!row) return notFound()
  if (row.format !== 'csv' || !isMappable(row.state) || row.file_id === null) return refuse('statement_read')
  const text = decodeStart(await readStart(files.read(row.file_id)))
  const lines = text.split(/\r\n?|\n/)
  // The lines above are dropped, so that the one that was named is found as the first.
  const survey = surveyCsv(lines.slice(form.header_line - 1).join('\n'), null)
  const header = lines[form.header_line - 1]
  if (!survey || header === undefined || !header.includes(form.delimiter))
    return refuseField('header_line', 'not_a_choice')
  const exact = surveyCsv(lines.slice(form.header_line - 1).join('\n'), {
    ...survey.mapping,
    ...form,
    header_line: 1,
    columns: emptyColumns,
    text: [],
  })!
  const same = survey.mapping.delimiter === form.delimiter && survey.mapping.header_line === 1
  await tx
    .updateTable('bank_statements')
    .set({
      columns: exact.columns,
      sample: JSON.stringify(exact.sample),
      mapping: JSON.stringify({ ...(same ? survey.mapping : exact.mapping), ...form }),
    })
    .where('id', '=', id)
    .execute()
  return getStatement(tx, id)
}

const emptyColumns: CsvMapping['columns'] = {
  date: null,
  amount: null,
  credit: null,
  debit: null,
  direction: null,
  name: null,
  tax_id: null,
  reference: null,
  bank_id: null,
  end_to_end_id: null,
  account: null,
  balance: null,
}

const isMappable = (state: string) => state === 'draft' || state === 'failed'

function lockStatement(tx: Tx, id: string) {
  return tx.selectFrom('bank_statements').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()
}

/**
 * Reads a CSV file by what its columns mean, which is remembered for the bank account. Refuses: not_found, statement_read
 * (already, or the file is gone), statement_repeated, invalid_input (by field).
 */
export async function readByMapping(tx: Tx, id: string, mapping: CsvMapping) {
  const row = await lockStatement(tx, id)
  if (!row) return notFound()
  if (row.format !== 'csv' || !isMappable(row.state) || row.file_id === null) return refuse('statement_read')
  const faults = checkMapping(mapping, row.columns)
  if (faults.length > 0) return refuse('invalid_input', { status: 422, fields: faults })
  const repeated = await findRepeated(tx, row.bank_account_id!, row.sha256, id)
  if (repeated) return repeated
  await tx
    .updateTable('bank_statements')
    .set({
      mapping: JSON.stringify(mapping),
      state: 'reading',
      error: null,
      error_line: null,
      error_params: '{}',
    })
    .where('id', '=', id)
    .execute()
  await tx
    .updateTable('bank_accounts')
    .set({ csv_mapping: JSON.stringify(mapping) })
    .where('id', '=', row.bank_account_id!)
    .execute()
  await enqueueReading(tx, id)
  return getStatement(tx, id)
}

/** Forgets a statement of which nothing was taken, and its file. Refuses: not_found, statement_read. */
export async function discardStatement(tx: Tx, id: string): Promise<Refusal | undefined> {
  const row = await lockStatement(tx, id)
  if (!row) return notFound()
  if (!isMappable(row.state)) return refuse('statement_read')
  await tx.deleteFrom('bank_statements').where('id', '=', id).execute()
  if (row.file_id !== null) await enqueue(tx, 'payments:drop_statement_file', { file_id: row.file_id })
  return undefined
}

/** Drafts and failed files that nobody went on with for a day: the file's row goes, then its bytes. Returns their ids. */
export async function forgetStatementFiles(tx: Tx, now: Temporal.Instant): Promise<string[]> {
  const gone = await sql<{ id: string }>`
    delete from files f where f.purpose = 'bank_statement' and f.created_at < ${now.subtract({ hours: 24 })}::timestamptz
       and not exists (select from bank_statements s where s.file_id = f.id and s.state = 'reading')
    returning f.id`.execute(tx)
  await sql`update bank_statements set sample = '[]' where file_id is null and sample <> '[]' and state in ('draft', 'failed')`.execute(
    tx,
  )
  return gone.rows.map((row) => row.id)
}

type Reading = {
  id: string
  business_unit_id: string
  bank_account_id: string | null
  attempt: number
  format: BankStatementFormat
  file_id: string
  sha256: Buffer
  mapping: CsvMapping | null
  currency: string
}

/**
 * Reads a statement's file and takes its lines, all of them or none, in one transaction; then finds what each may pay, in
 * parts. A reading that dies begins anew; one that was overtaken writes nothing.
 */
export async function readStatement(
  id: string,
  files: FileStore,
  config: Config,
  context: JobContext,
): Promise<void> {
  const begun = await context.transact((tx) => begin(tx, id))
  if (begun === null) return
  if (begun !== 'read') {
    try {
      await context.transact(async (tx) => takeLines(tx, begun, files, config, context.now()))
    } catch (error) {
      const fault = faultOf(error)
      await context.transact((tx) => failReading(tx, begun, fault, context.now()))
      if (!(error instanceof StatementFault)) throw error
      if (begun.format !== 'csv') await dropFile(begun.file_id, files, context)
      return
    }
    await dropFile(begun.file_id, files, context)
  }
  await matchStatement(id, context)
}

function faultOf(error: unknown): StatementFault {
  if (error instanceof StatementFault) return error
  const { code, constraint } = error as { code?: string; constraint?: string }
  if (code === 'ENOENT') return new StatementFault('file_missing', null)
  if (code === '23505' && constraint === 'bank_statements_once') return new StatementFault('repeated', null)
  return new StatementFault('internal', null)
}

async function begin(tx: Tx, id: string): Promise<Reading | 'read' | null> {
  const row = await lockStatement(tx, id)
  // Read before a kill that came between the lines and their proposals: these are still to be found.
  if (row?.state === 'ready') return 'read'
  // A try that ended for a reason of ours is tried again.
  if (!row || row.file_id === null || !(row.state === 'reading' || row.error === 'internal')) return null
  const attempt = row.attempt + 1
  await tx
    .updateTable('bank_statements')
    .set({ attempt, state: 'reading', error: null, error_line: null })
    .where('id', '=', id)
    .execute()
  const account =
    row.bank_account_id === null ? null : await findAccount(tx, row.business_unit_id, row.bank_account_id)
  const unit = await tx
    .selectFrom('business_units')
    .select('currency')
    .where('id', '=', row.business_unit_id)
    .executeTakeFirstOrThrow()
  return {
    id,
    business_unit_id: row.business_unit_id,
    bank_account_id: row.bank_account_id,
    attempt,
    format: row.format,
    file_id: row.file_id,
    sha256: row.sha256,
    mapping: rememberedMapping(row.mapping),
    currency: account?.currency ?? unit.currency,
  }
}

async function failReading(
  tx: Tx,
  begun: Reading,
  fault: StatementFault,
  now: Temporal.Instant,
): Promise<void> {
  await tx
    .updateTable('bank_statements')
    .set({
      state: 'failed',
      error: fault.code,
      error_line: fault.line,
      error_params: JSON.stringify(fault.params),
      finished_at: now,
    })
    .where('id', '=', begun.id)
    .where('attempt', '=', begun.attempt)
    .where('state', '=', 'reading')
    .execute()
}

async function dropFile(fileId: string, files: FileStore, context: JobContext): Promise<void> {
  await context.transact((tx) =>
    tx.deleteFrom('files').where('id', '=', fileId).where('purpose', '=', 'bank_statement').execute(),
  )
  await files.remove(fileId)
}

/** Removes the file of a statement that was discarded. */
export async function dropStatementFile(
  fileId: string,
  files: FileStore,
  context: JobContext,
): Promise<void> {
  await dropFile(fileId, files, context)
}

function openReader(begun: Reading, source: AsyncIterable<Buffer>): AsyncGenerator<StatementPart> {
  switch (begun.format) {
    case 'ofx':
      return readOfx(source)
    case 'cnab240':
      return readCnab(source)
    case 'camt053':
      return readCamt(source)
    default:
      if (!begun.mapping) throw new StatementFault('mapping_needed', null)
      return readCsvStatement(source, begun.mapping, begun.currency)
  }
}

/** One statement of the file while it is read. */
type Section = { facts: StatementFacts; sum: bigint; lines: StatementLine[]; ours: boolean | null }

async function takeLines(
  tx: Tx,
  begun: Reading,
  files: FileStore,
  config: Config,
  now: Temporal.Instant,
): Promise<void> {
  const warnings: StatementWarning[] = []
  const warn = (warning: StatementWarning) => {
    if (warnings.length < mostWarnings) warnings.push(warning)
  }
  let accountId = begun.bank_account_id as string | null
  let account = accountId === null ? null : await findAccount(tx, begun.business_unit_id, accountId)
  if (accountId !== null && !account) throw new StatementFault('account_unknown', null)
  const learned = new Map<string, string>()
  const keyOf = createLineKeys()
  const counts = { read: 0, fresh: 0, left: 0 }
  let section = null as Section | null
  let total = null as StatementFacts | null

  /** Whether a statement of the file is the account's; what has another number is another account's. */
  const settle = async (one: Section, line: number | null): Promise<boolean> => {
    if (one.ours !== null) return one.ours
    const number = one.facts.account_number
    if (number === null) {
      if (!account) throw new StatementFault('account_needed', line)
      one.ours = true
      return true
    }
    const hash = hashNumber(config, number)
    const known = await tx
      .selectFrom('bank_account_keys')
      .select('bank_account_id')
      .where('business_unit_id', '=', begun.business_unit_id)
      .where('number_hash', '=', hash)
      .executeTakeFirst()
    if (accountId === null || !account) {
      if (!known) throw new StatementFault('account_unknown', line, { digits: lastDigits(number) ?? '' })
      accountId = known.bank_account_id
      account = await findAccount(tx, begun.business_unit_id, accountId)
      if (!account) throw new StatementFault('account_unknown', line, { digits: lastDigits(number) ?? '' })
    }
    if (known) one.ours = known.bank_account_id === accountId
    else {
      const digits = lastDigits(number)
      // A number that was never seen is learnt where its last digits are the account's.
      if (
        account.last_digits !== null &&
        digits !== null &&
        !(digits.endsWith(account.last_digits) || account.last_digits.endsWith(digits))
      )
        one.ours = false
      else {
        if (learned.size > 0 && !learned.has(number)) throw new StatementFault('several_accounts', line)
        learned.set(number, digits ?? '')
        one.ours = true
      }
    }
    if (!one.ours) warn({ code: 'other_accounts', params: { digits: lastDigits(number) ?? '' } })
    return one.ours
  }
  const flush = async (one: Section) => {
    if (one.lines.length === 0) return
    const batch = one.lines
    one.lines = []
    if (!(await settle(one, batch[0]!.line))) return
    for (const line of batch) {
      if (line.currency !== account!.currency)
        throw new StatementFault('wrong_currency', line.line, {
          found: line.currency,
          expected: account!.currency,
        })
    }
    const rows = batch.map((line) => ({
      position: ++counts.read,
      key: keyOf(line).toString('hex'),
      booked_on: line.booked_on.toString(),
      amount: line.amount,
      currency: line.currency,
      kind: line.kind,
      bank_id: line.bank_id,
      end_to_end_id: line.end_to_end_id,
      name: line.counterparty_name,
      tax_id: line.counterparty_tax_id,
      digits: line.counterparty_last_digits,
      description: line.description,
      reference: line.reference,
      // What went out is no customer's payment.
      state: line.amount < 0 ? 'ignored' : 'open',
    }))
    const added = await sql<{ n: number }>`
      with added as (
        insert into bank_statement_lines (business_unit_id, bank_account_id, statement_id, position, line_key, booked_on, amount, currency,
               kind, bank_id, end_to_end_id, counterparty_name, counterparty_tax_id, counterparty_last_digits, description, reference, state)
        select ${begun.business_unit_id}, ${accountId}, ${begun.id}, r.position, decode(r.key, 'hex'), r.booked_on, r.amount, r.currency,
               r.kind, r.bank_id, r.end_to_end_id, r.name, r.tax_id, r.digits, r.description, r.reference, r.state
          from json_to_recordset(${JSON.stringify(rows)}::json)
            as r(position int, key text, booked_on date, amount bigint, currency text, kind bank_line_kind, bank_id text,
                 end_to_end_id text, name text, tax_id text, digits text, description text, reference text, state bank_line_state)
        on conflict (bank_account_id, line_key) do nothing returning 1)
      select count(*)::int as n from added`.execute(tx)
    counts.fresh += added.rows[0]!.n
  }
  const close = async (one: Section | null) => {
    if (!one) return
    await flush(one)
    if (!(await settle(one, null))) {
      counts.left++
      return
    }
    const { opening_balance, closing_balance, currency } = one.facts
    if (currency !== null && account && currency !== account.currency)
      throw new StatementFault('wrong_currency', null, { found: currency, expected: account.currency })
    if (
      opening_balance !== null &&
      closing_balance !== null &&
      BigInt(opening_balance) + one.sum !== BigInt(closing_balance)
    )
      warn({
        code: 'balance_differs',
        params: {
          told: closing_balance,
          found: String(BigInt(opening_balance) + one.sum),
          currency: account!.currency,
        },
      })
    total = total === null ? one.facts : joinFacts(total, one.facts)
  }

  for await (const part of openReader(begun, files.read(begun.file_id))) {
    if (part.part === 'head') {
      await close(section)
      section = { facts: { ...noFacts, ...part.facts }, sum: 0n, lines: [], ours: null }
    } else if (part.part === 'warning') warn(part.warning)
    else if (section === null) throw new StatementFault('not_a_statement', null)
    else if (part.part === 'foot') Object.assign(section.facts, part.facts)
    else {
      section.sum += BigInt(part.line.amount)
      section.lines.push(part.line)
      if (section.lines.length >= insertRows) await flush(section)
    }
  }
  await close(section)
  if (section === null) throw new StatementFault('empty', null)
  if (total === null || accountId === null)
    throw counts.left > 0 ? new StatementFault('wrong_account', null) : new StatementFault('empty', null)
  const facts: StatementFacts = total
  if (counts.read === 0) throw new StatementFault('empty', null)
  for (const [number, digits] of learned) {
    await tx
      .insertInto('bank_account_keys')
      .values({
        business_unit_id: begun.business_unit_id,
        number_hash: hashNumber(config, number),
        bank_account_id: accountId,
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute()
    if (account!.last_digits === null && digits !== '')
      await tx.updateTable('bank_accounts').set({ last_digits: digits }).where('id', '=', accountId).execute()
  }
  const days = await sql<{ first: Temporal.PlainDate | null; last: Temporal.PlainDate | null }>`
    select min(booked_on) as first, max(booked_on) as last from bank_statement_lines where statement_id = ${begun.id}`.execute(
    tx,
  )
  const [from, to] = [facts.period_from ?? days.rows[0]!.first, facts.period_to ?? days.rows[0]!.last]
  const mine = await tx
    .updateTable('bank_statements')
    .set({
      state: 'ready',
      bank_account_id: accountId,
      sample: '[]',
      period_from: from,
      period_to: from && to && Temporal.PlainDate.compare(to, from) < 0 ? from : to,
      opening_balance: facts.opening_balance,
      closing_balance: facts.closing_balance,
      lines_read: counts.read,
      lines_new: counts.fresh,
      lines_repeated: counts.read - counts.fresh,
      warnings: JSON.stringify(warnings),
      finished_at: now,
    })
    .where('id', '=', begun.id)
    .where('attempt', '=', begun.attempt)
    .where('state', '=', 'reading')
    .returning('id')
    .executeTakeFirst()
  if (!mine) throw new StatementFault('repeated', null)
}

function joinFacts(one: StatementFacts, next: StatementFacts): StatementFacts {
  return {
    account_number: one.account_number,
    currency: one.currency ?? next.currency,
    period_from: one.period_from ?? next.period_from,
    period_to: next.period_to ?? one.period_to,
    opening_balance: one.opening_balance,
    closing_balance: next.closing_balance,
  }
}

const lineColumns = [
  'id',
  'booked_on',
  'amount',
  'currency',
  'kind',
  'bank_id',
  'end_to_end_id',
  'counterparty_name',
  'counterparty_tax_id',
  'description',
  'reference',
] as const

/** Finds what each undecided line of a statement may pay, a thousand lines at a time; what staff chose stays. */
async function matchStatement(id: string, context: JobContext): Promise<void> {
  let after = 0
  for (;;) {
    if (context.stopping()) {
      await context.transact((tx) => enqueueReading(tx, id))
      return
    }
    const next: number | null = await context.transact(async (tx) => {
      const rows = await tx
        .selectFrom('bank_statement_lines')
        .select([...lineColumns, 'position', 'business_unit_id'])
        .where('statement_id', '=', id)
        .where('position', '>', after)
        .where('state', 'in', ['open', 'proposed'])
        .where(
          sql<boolean>`not exists (select from bank_line_proposals p where p.line_id = bank_statement_lines.id and p.chosen_by is not null)`,
        )
        .orderBy('position')
        .limit(matchRows)
        .forUpdate()
        .execute()
      const last = rows.at(-1)?.position ?? null
      await proposeLines(tx, rows, context.now())
      await tx
        .updateTable('bank_statements')
        .set(last === null ? { lines_matched: sql`lines_read` } : { lines_matched: last })
        .where('id', '=', id)
        .execute()
      return last
    })
    if (next === null) return
    after = next
  }
}

/**
 * Writes what locked lines may pay anew. A line that was booked by other means already, without any doubt, is that payment
 * and needs nobody.
 */
export async function proposeLines(
  tx: Tx,
  rows: readonly (MatchLine & { business_unit_id: string })[],
  now: Temporal.Instant,
): Promise<void> {
  if (rows.length === 0) return
  const ids = rows.map((row) => row.id)
  await tx.deleteFrom('bank_line_proposals').where('line_id', 'in', ids).execute()
  const proposals = new Map<string, Proposal[]>()
  const units = new Set(rows.map((row) => row.business_unit_id))
  for (const unit of units) {
    const own = rows.filter((row) => row.business_unit_id === unit && mayBePayment(row))
    for (const [line, list] of await proposePayments(tx, unit, own)) proposals.set(line, list)
  }
  const unitOf = new Map(rows.map((row) => [row.id, row.business_unit_id]))
  const booked = [...proposals].flatMap(([line, list]) =>
    list[0]?.reason === 'already_booked' && list[0].confidence === 'certain'
      ? [{ line, payment: list[0].payment_id!, account: list[0].account_id }]
      : [],
  )
  for (const one of booked) proposals.delete(one.line)
  const written = [...proposals].flatMap(([line, list]) =>
    list.map((proposal, index) => ({
      ...proposal,
      line_id: line,
      business_unit_id: unitOf.get(line),
      rank: index + 1,
    })),
  )
  if (written.length > 0)
    await sql`
      insert into bank_line_proposals (business_unit_id, line_id, rank, account_id, invoice_ids, order_id, payment_notice_id, intent_id,
                                       payment_id, reason, confidence, facts)
      select r.business_unit_id, r.line_id, r.rank, r.account_id,
             array(select value::uuid from json_array_elements_text(r.invoice_ids) with ordinality e (value, n) order by n),
             r.order_id, r.payment_notice_id, r.intent_id, r.payment_id, r.reason, r.confidence, r.facts
        from json_to_recordset(${JSON.stringify(written)}::json)
          as r(business_unit_id uuid, line_id uuid, rank int, account_id uuid, invoice_ids json, order_id uuid, payment_notice_id uuid,
               intent_id uuid, payment_id uuid, reason text, confidence proposal_confidence, facts jsonb)`.execute(
      tx,
    )
  await sql`
    update bank_statement_lines l
       set state = 'booked', payment_id = b.payment, account_id = b.account, recognised = true, decided_at = ${now}::timestamptz,
           reason = 'already_booked', proposals = 0, confidence = null
      from json_to_recordset(${JSON.stringify(booked)}::json) as b(line uuid, payment uuid, account uuid)
     where l.id = b.line`.execute(tx)
  await sql`
    update bank_statement_lines l
       set proposals = p.n, confidence = p.confidence, state = (case when p.n > 0 then 'proposed' else 'open' end)::bank_line_state
      from (select i.id, count(p.id)::int as n, min(p.confidence) as confidence
              from unnest(${ids}::uuid[]) i (id) left join bank_line_proposals p on p.line_id = i.id group by i.id) p
     where l.id = p.id and l.state in ('open', 'proposed')`.execute(tx)
}

/**
 * Looks anew for what the undecided lines of a statement may pay: invoices and notices came, others were paid. Refuses:
 * not_found, statement_not_ready.
 */
export async function askForProposals(tx: Tx, id: string) {
  const found = await tx.selectFrom('bank_statements').select('state').where('id', '=', id).executeTakeFirst()
  if (!found) return notFound()
  if (found.state !== 'ready') return refuse('statement_not_ready')
  await enqueueReading(tx, id)
  return getStatement(tx, id)
}
