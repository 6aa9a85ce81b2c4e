// What a statement's lines may pay is written beside them, and anew whenever it may have changed.
import { sql } from 'kysely'
import type { Tx } from '../../platform/database.ts'
import { notFound, refuse } from '../../platform/errors.ts'
import type { JobContext } from '../../platform/jobs.ts'
import { proposePayments } from './statement-candidates.ts'
import { getStatement } from './statement-lists.ts'
import { type MatchLine, mayBePayment, type Proposal } from './statement-proposals.ts'
import { enqueueReading } from './statement-uploads.ts'

const matchRows = 1000

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
export async function matchStatement(id: string, context: JobContext): Promise<void> {
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
