// A statement's file becomes lines: all of them or none, in one transaction.
import { sql } from 'kysely'
import type { Config } from '../../platform/config.ts'
import type { BankStatementFormat } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import type { FileStore } from '../../platform/files.ts'
import type { JobContext } from '../../platform/jobs.ts'
import { hashNumber } from './statement-accounts.ts'
import { readCamt } from './statement-camt.ts'
import { readCnab } from './statement-cnab.ts'
import { type CsvMapping, readCsvStatement } from './statement-csv.ts'
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
import { readOfx } from './statement-ofx.ts'
import { matchStatement } from './statement-proposing.ts'
import { findBankAccount, lockStatement, rememberedMapping } from './statement-uploads.ts'

const insertRows = 1000
const mostWarnings = 20

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
    row.bank_account_id === null ? null : await findBankAccount(tx, row.business_unit_id, row.bank_account_id)
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
  let account = accountId === null ? null : await findBankAccount(tx, begun.business_unit_id, accountId)
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
      account = await findBankAccount(tx, begun.business_unit_id, accountId)
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
