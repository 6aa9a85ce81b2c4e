import { sql } from 'kysely'
import type {
  BankLineKind,
  BankLineState,
  BankStatementState,
  ProposalConfidence,
} from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { notFound } from '../../platform/errors.ts'
import { type ListRequest, readPage } from '../../platform/pages.ts'
import type { CsvMapping } from './statement-csv.ts'
import type { StatementFaultCode, StatementWarning } from './statement-lines.ts'
import type { ProposalFacts, ProposalReason } from './statement-proposals.ts'

function selectStatements(tx: Tx) {
  return tx
    .selectFrom('bank_statements')
    .innerJoin('business_units', 'business_units.id', 'bank_statements.business_unit_id')
    .leftJoin('bank_accounts', 'bank_accounts.id', 'bank_statements.bank_account_id')
    .leftJoin('users', 'users.id', 'bank_statements.created_by')
    .leftJoinLateral(
      (eb) =>
        eb
          .selectFrom('bank_statement_lines')
          .whereRef('bank_statement_lines.statement_id', '=', 'bank_statements.id')
          .select([
            sql<number>`count(*) filter (where bank_statement_lines.state = 'open')::int`.as('open'),
            sql<number>`count(*) filter (where bank_statement_lines.state = 'proposed')::int`.as('proposed'),
            sql<number>`count(*) filter (where bank_statement_lines.state = 'proposed' and confidence = 'certain')::int`.as(
              'certain',
            ),
            sql<number>`count(*) filter (where bank_statement_lines.state = 'booked')::int`.as('booked'),
            sql<number>`count(*) filter (where bank_statement_lines.state = 'ignored')::int`.as('ignored'),
            sql<number>`coalesce(sum(amount) filter (where bank_statement_lines.state = 'proposed' and confidence = 'certain'), 0)::bigint`.as(
              'certain_amount',
            ),
          ])
          .as('counts'),
      (join) => join.onTrue(),
    )
    .select([
      'bank_statements.id',
      'bank_statements.business_unit_id',
      'business_units.name as business_unit_name',
      'bank_statements.bank_account_id',
      'bank_accounts.name as bank_account_name',
      'bank_accounts.last_digits as bank_account_digits',
      'bank_accounts.currency',
      'bank_statements.file_name',
      'bank_statements.file_size',
      'bank_statements.format',
      'bank_statements.state',
      'bank_statements.period_from',
      'bank_statements.period_to',
      'bank_statements.opening_balance',
      'bank_statements.closing_balance',
      'bank_statements.lines_read',
      'bank_statements.lines_new',
      'bank_statements.lines_repeated',
      'bank_statements.lines_matched',
      'bank_statements.error',
      'bank_statements.error_line',
      'bank_statements.error_params',
      'bank_statements.warnings',
      'bank_statements.approval_state',
      'bank_statements.approval_total',
      'bank_statements.approval_done',
      'bank_statements.approval_booked',
      'bank_statements.created_by',
      'users.name as created_by_name',
      'bank_statements.created_at',
      'bank_statements.finished_at',
      'counts.open',
      'counts.proposed',
      'counts.certain',
      'counts.certain_amount',
      'counts.booked',
      'counts.ignored',
    ])
}

type StatementRow = Awaited<ReturnType<ReturnType<typeof selectStatements>['executeTakeFirstOrThrow']>>

function shape(row: StatementRow) {
  return {
    ...row,
    error: row.error as StatementFaultCode | null,
    error_params: row.error_params as unknown as Record<string, string | number>,
    warnings: row.warnings as unknown as StatementWarning[],
    open: row.open ?? 0,
    proposed: row.proposed ?? 0,
    certain: row.certain ?? 0,
    certain_amount: row.certain_amount ?? 0,
    booked: row.booked ?? 0,
    ignored: row.ignored ?? 0,
  }
}

export type StatementFilter = {
  q?: string | undefined
  business_unit_id?: string | undefined
  bank_account_id?: string | undefined
  state?: BankStatementState | undefined
}

/** A page of bank statements; `q` finds by file name. */
export async function listStatements(tx: Tx, request: ListRequest & StatementFilter) {
  let query = selectStatements(tx)
  if (request.business_unit_id)
    query = query.where('bank_statements.business_unit_id', '=', request.business_unit_id)
  if (request.bank_account_id)
    query = query.where('bank_statements.bank_account_id', '=', request.bank_account_id)
  if (request.state) query = query.where('bank_statements.state', '=', request.state)
  if (request.q)
    query = query.where(sql<boolean>`position(fold(${request.q}) in fold(bank_statements.file_name)) > 0`)
  const tie = { by: sql`bank_statements.id`, value: (row: StatementRow) => row.id, type: 'uuid' }
  const page = await readPage(query, request, { created_at: tie }, tie)
  return { ...page, items: page.items.map(shape) }
}

/** One bank statement with, while its columns are being named, the file's first rows. Refuses: not_found. */
export async function getStatement(tx: Tx, id: string) {
  const row = await selectStatements(tx)
    .select([
      'bank_statements.columns',
      'bank_statements.sample',
      'bank_statements.mapping',
      sql<boolean>`bank_statements.file_id is not null`.as('mappable'),
    ])
    .where('bank_statements.id', '=', id)
    .executeTakeFirst()
  if (!row) return notFound()
  return {
    ...row,
    ...shape(row),
    mappable: row.mappable && row.format === 'csv' && (row.state === 'draft' || row.state === 'failed'),
    sample: row.sample as unknown as string[][],
    mapping: row.mapping as unknown as CsvMapping | null,
  }
}

export type ShownProposal = {
  id: string
  rank: number
  account_id: string
  account_name: string
  account_number: number
  invoices: { id: string; number: string; due_date: string; open_amount: number }[]
  order_id: string | null
  order_number: number | null
  payment_notice_id: string | null
  intent_id: string | null
  payment_id: string | null
  reason: ProposalReason
  confidence: ProposalConfidence
  facts: ProposalFacts
  chosen: boolean
}

function selectLines(tx: Tx) {
  return tx
    .selectFrom('bank_statement_lines')
    .innerJoin('bank_accounts', 'bank_accounts.id', 'bank_statement_lines.bank_account_id')
    .leftJoin('accounts', 'accounts.id', 'bank_statement_lines.account_id')
    .leftJoin('users', 'users.id', 'bank_statement_lines.decided_by')
    .select((eb) => [
      'bank_statement_lines.id',
      'bank_statement_lines.business_unit_id',
      'bank_statement_lines.statement_id',
      'bank_statement_lines.bank_account_id',
      'bank_accounts.name as bank_account_name',
      'bank_statement_lines.position',
      'bank_statement_lines.booked_on',
      'bank_statement_lines.amount',
      'bank_statement_lines.currency',
      'bank_statement_lines.kind',
      'bank_statement_lines.bank_id',
      'bank_statement_lines.end_to_end_id',
      'bank_statement_lines.counterparty_name',
      'bank_statement_lines.counterparty_tax_id',
      'bank_statement_lines.counterparty_last_digits',
      'bank_statement_lines.description',
      'bank_statement_lines.reference',
      'bank_statement_lines.state',
      'bank_statement_lines.confidence',
      sql<ProposalReason | null>`bank_statement_lines.reason`.as('reason'),
      'bank_statement_lines.recognised',
      'bank_statement_lines.account_id',
      'accounts.name as account_name',
      'accounts.number as account_number',
      'bank_statement_lines.payment_id',
      'bank_statement_lines.ignore_reason',
      'bank_statement_lines.decided_by',
      'users.name as decided_by_name',
      'bank_statement_lines.decided_at',
      sql<ShownProposal[]>`(
        select coalesce(json_agg(json_build_object(
                 'id', p.id, 'rank', p.rank, 'account_id', p.account_id, 'account_name', a.name, 'account_number', a.number,
                 'invoices', (select coalesce(json_agg(json_build_object('id', i.id, 'number', i.series || '-' || i.number,
                                                        'due_date', i.due_date, 'open_amount', b.open_amount)
                                              order by i.due_date, i.series, i.number), '[]')
                                from invoices i join invoice_balances b on b.invoice_id = i.id where i.id = any(p.invoice_ids)),
                 'order_id', p.order_id, 'order_number', o.number, 'payment_notice_id', p.payment_notice_id, 'intent_id', p.intent_id,
                 'payment_id', p.payment_id, 'reason', p.reason, 'confidence', p.confidence, 'facts', p.facts,
                 'chosen', p.chosen_by is not null) order by p.rank), '[]')
          from bank_line_proposals p join accounts a on a.id = p.account_id left join orders o on o.id = p.order_id
         where p.line_id = ${eb.ref('bank_statement_lines.id')})`.as('proposals'),
    ])
}

export type LineFilter = {
  q?: string | undefined
  business_unit_id?: string | undefined
  bank_account_id?: string | undefined
  statement_id?: string | undefined
  state?: BankLineState | 'undecided' | undefined
  confidence?: ProposalConfidence | undefined
  kind?: BankLineKind | undefined
  direction?: 'in' | 'out' | undefined
  from?: Temporal.PlainDate | undefined
  to?: Temporal.PlainDate | undefined
}

/** A page of lines with what each may pay, the best first. `to` is the first day no longer shown. */
export async function listLines(tx: Tx, request: ListRequest & LineFilter) {
  let query = selectLines(tx)
  if (request.business_unit_id)
    query = query.where('bank_statement_lines.business_unit_id', '=', request.business_unit_id)
  if (request.bank_account_id)
    query = query.where('bank_statement_lines.bank_account_id', '=', request.bank_account_id)
  if (request.statement_id)
    query = query.where('bank_statement_lines.statement_id', '=', request.statement_id)
  // Written out, not as parameters: the indexes of what is rarer serve only who names it.
  if (request.state === 'undecided')
    query = query.where(sql<boolean>`bank_statement_lines.state in ('open', 'proposed')`)
  else if (request.state)
    query = query.where(sql<boolean>`bank_statement_lines.state = ${sql.lit(request.state)}`)
  if (request.confidence)
    query = query.where(sql<boolean>`bank_statement_lines.confidence = ${sql.lit(request.confidence)}`)
  if (request.kind) query = query.where(sql<boolean>`bank_statement_lines.kind = ${sql.lit(request.kind)}`)
  if (request.direction)
    query = query.where(
      request.direction === 'in'
        ? sql<boolean>`bank_statement_lines.amount > 0`
        : sql<boolean>`bank_statement_lines.amount < 0`,
    )
  if (request.from) query = query.where('bank_statement_lines.booked_on', '>=', request.from)
  if (request.to) query = query.where('bank_statement_lines.booked_on', '<', request.to)
  if (request.q) {
    query = query.where(
      sql<boolean>`position(fold(${request.q}) in fold(concat_ws(' ', counterparty_name, counterparty_tax_id, description, reference, end_to_end_id))) > 0`,
    )
  }
  const tie = { by: sql`bank_statement_lines.id`, value: (row: { id: string }) => row.id, type: 'uuid' }
  return readPage(
    query,
    request,
    {
      position: { by: sql`bank_statement_lines.position`, value: (row) => row.position, type: 'int' },
      booked_on: { by: sql`bank_statement_lines.booked_on`, value: (row) => row.booked_on, type: 'date' },
      amount: { by: sql`bank_statement_lines.amount`, value: (row) => row.amount, type: 'bigint' },
    },
    tie,
  )
}

/** One line with its proposals. Refuses: not_found. */
export async function getLine(tx: Tx, id: string) {
  return (await selectLines(tx).where('bank_statement_lines.id', '=', id).executeTakeFirst()) ?? notFound()
}
