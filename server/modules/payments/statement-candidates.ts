import { sql } from 'kysely'
import type { Tx } from '../../platform/database.ts'
import { findClues } from './statement-clues.ts'
import { mostOfAmount } from './statement-findings.ts'
import { matchLines } from './statement-matching.ts'
import type { Candidates, MatchLine, Proposal } from './statement-proposals.ts'

/** The series by which a business unit numbers what is owed. */
async function listSeries(tx: Tx, unitId: string): Promise<string[]> {
  const found = await tx
    .selectFrom('business_units')
    .select(['invoice_series', 'debit_note_series'])
    .where('id', '=', unitId)
    .executeTakeFirstOrThrow()
  const older = await sql<{ series: string }>`
    select distinct substring(series from 9) as series from number_series
     where business_unit_id = ${unitId} and series like 'invoice:%'`.execute(tx)
  return [...new Set([found.invoice_series, found.debit_note_series, ...older.rows.map((row) => row.series)])]
}

/**
 * What lines of one business unit probably pay, and why: everything that they could be is read in a fixed number of
 * statements, however many lines and open invoices there are.
 */
export async function proposePayments(
  tx: Tx,
  unitId: string,
  lines: readonly MatchLine[],
): Promise<Map<string, Proposal[]>> {
  if (lines.length === 0) return new Map()
  const series = await listSeries(tx, unitId)
  return matchLines(lines, await findCandidates(tx, unitId, lines, series), series)
}

async function findCandidates(
  tx: Tx,
  unitId: string,
  lines: readonly MatchLine[],
  series: readonly string[],
): Promise<Candidates> {
  const incoming = lines.filter((line) => line.amount > 0)
  const clues = incoming.map((line) => findClues(line, series))
  const distinct = <T>(values: readonly T[]) => [...new Set(values)]
  const amounts = distinct(incoming.map((line) => line.amount))
  const tokens = distinct(clues.flatMap((one) => one.tokens))
  const bare = distinct(tokens.map((token) => token.replaceAll('-', '').toLowerCase())).filter((token) =>
    /^[0-9a-f]{32}$/.test(token),
  )
  const days = incoming.map((line) => line.booked_on).sort(Temporal.PlainDate.compare)
  const [from, to] = [days[0], days.at(-1)]
  const currency = lines[0]!.currency
  if (!from || !to)
    return {
      accounts: [],
      invoices: [],
      complete: new Set(),
      payments: [],
      notices: [],
      intents: [],
      orders: [],
      contracts: [],
    }

  // Payments that no line is yet: by what provider and bank both call them, and by amount and day.
  const payments = await sql<Candidates['payments'][number]>`
    select p.id, p.account_id, p.amount, p.received_on, p.provider_ref, p.reference,
           array(select distinct i.series || '-' || i.number from ledger_entries e join invoices i on i.id = e.invoice_id
                  where e.payment_id = p.id and e.ledger_account = 'receivable') as invoices
      from payments p
     where p.id in (
             select q.id from payments q join payment_providers pp on pp.id = q.provider_id
              where pp.business_unit_id = ${unitId} and q.provider_ref = any(${tokens}::text[])
             union
             select q.id from unnest(${amounts}::bigint[]) a (amount)
             cross join lateral (select q.id from payments q
                                  where q.business_unit_id = ${unitId} and q.amount = a.amount and q.provider_id is null
                                    and q.received_on between ${from.subtract({ days: 4 })} and ${to.add({ days: 4 })}
                                    and not exists (select from bank_statement_lines l where l.payment_id = q.id)
                                  order by q.received_on limit 200) q)
       and p.business_unit_id = ${unitId} and p.currency = ${currency}
       and not exists (select from bank_statement_lines l where l.payment_id = p.id)`.execute(tx)

  const notices = await sql<Candidates['notices'][number]>`
    select n.id, n.account_id, n.amount, n.paid_on, n.reference, n.order_id,
           array(select invoice_id from payment_notice_invoices ni where ni.payment_notice_id = n.id) as invoice_ids
      from payment_notices n
     where n.business_unit_id = ${unitId} and n.state = 'pending' and n.amount = any(${amounts}::bigint[])
       and n.currency = ${currency}
       and n.paid_on between ${from.subtract({ days: 6 })} and ${to.add({ days: 6 })}`.execute(tx)

  const intents = await sql<Candidates['intents'][number]>`
    select i.id, i.account_id, i.provider_ref, pp.driver, i.amount, i.order_id,
           array(select invoice_id from payment_intent_invoices ii where ii.intent_id = i.id) as invoice_ids
      from payment_intents i join payment_providers pp on pp.id = i.provider_id
     where i.business_unit_id = ${unitId} and i.purpose = 'payment' and i.state <> 'succeeded' and i.currency = ${currency}
       and i.id in (select q.id from payment_intents q join payment_providers u on u.id = q.provider_id
                     where u.business_unit_id = ${unitId} and q.provider_ref = any(${tokens}::text[])
                    union select w::uuid from unnest(${bare}::text[]) w)`.execute(tx)

  const orders = await tx
    .selectFrom('orders')
    .select(['id', 'account_id', 'number', 'due'])
    .where('business_unit_id', '=', unitId)
    .where('state', '=', 'open')
    .where('currency', '=', currency)
    .where(sql<boolean>`number = any(${distinct(clues.flatMap((one) => one.orders))}::bigint[])`)
    .execute()

  const contracts = await tx
    .selectFrom('subscriptions')
    .select(['contract_number', 'account_id'])
    .distinct()
    .where('business_unit_id', '=', unitId)
    .where(sql<boolean>`contract_number = any(${distinct(clues.flatMap((one) => one.contracts))}::bigint[])`)
    .execute()

  const named = clues.flatMap((one) => one.invoices.filter((clue) => clue.series !== null))
  const bareNumbers = distinct(
    clues.flatMap((one) => one.invoices.filter((clue) => clue.series === null).map((clue) => clue.number)),
  )
  const own = await sql<{ id: string; account_id: string }>`
    select i.id, i.account_id from invoices i
     where i.business_unit_id = ${unitId} and i.state = 'open' and i.currency = ${currency} and i.id in (
       select i.id from unnest(${named.map((clue) => clue.series)}::text[], ${named.map((clue) => clue.number)}::bigint[]) n (series, number)
       cross join lateral (select i.id from invoices i
                            where i.number = n.number and i.series = n.series and i.business_unit_id = ${unitId}
                              and i.state = 'open') i
       union
       select i.id from unnest(${bareNumbers}::bigint[]) n (number)
       cross join lateral (select i.id from invoices i where i.number = n.number and i.business_unit_id = ${unitId} and i.state = 'open') i
       union
       select i.id from unnest(${amounts}::bigint[]) a (amount)
       cross join lateral (select i.id from invoices i
                            where i.business_unit_id = ${unitId} and i.state = 'open' and i.total = a.amount
                            order by i.id limit ${mostOfAmount}) i)`.execute(tx)

  // Accounts that are known by a number of theirs, a tax id or a name: what they owe is read as a whole.
  const keys = distinct(clues.flatMap((one) => one.names))
  const found = await sql<Candidates['accounts'][number] & { known: boolean }>`
    with known as (
      select id from accounts where business_unit_id = ${unitId} and tax_id_key = any(${distinct(clues.flatMap((one) => one.tax_ids))}::text[])
      union
      select id from accounts where business_unit_id = ${unitId} and number = any(${distinct(clues.flatMap((one) => one.customers))}::bigint[])
      union
      select find_payers(${unitId}, ${keys}::text[])
      union
      select unnest(${[...contracts, ...notices.rows, ...intents.rows].map((one) => one.account_id)}::uuid[]))
    select a.id, a.number, a.name, a.tax_id_key, k.id is not null as known
      from accounts a left join known k on k.id = a.id
     where a.erased_at is null
       and a.id in (select id from known union select unnest(${[...own.rows, ...orders, ...payments.rows].map((one) => one.account_id)}::uuid[]))`.execute(
    tx,
  )
  const complete = new Set(found.rows.filter((row) => row.known).map((row) => row.id))
  const invoices = await sql<Candidates['invoices'][number]>`
    select i.id, i.account_id, i.series, i.number, i.due_date, b.open_amount,
           exists (select from payment_intent_invoices ii join payment_intents t on t.id = ii.intent_id
                     join payment_providers pp on pp.id = t.provider_id
                    where ii.invoice_id = i.id and ii.open and t.state <> 'created'
                      and pp.driver not in ('pix_static', 'boleto')) as awaited
      from invoices i join invoice_balances b on b.invoice_id = i.id
     where i.id in (select unnest(${own.rows.map((row) => row.id)}::uuid[])
                    union
                    select q.id from unnest(${[...complete]}::uuid[]) a (id)
                    cross join lateral (select q.id from invoices q
                                         where q.account_id = a.id and q.state = 'open' and q.currency = ${currency}
                                         order by q.due_date limit 60) q)`.execute(tx)
  return {
    accounts: found.rows,
    invoices: invoices.rows.filter((invoice) => invoice.open_amount > 0),
    complete,
    payments: payments.rows,
    notices: notices.rows,
    intents: intents.rows,
    orders,
    contracts,
  }
}
