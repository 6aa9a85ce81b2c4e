// The ledger as accountants read it: journal, trial balance and the sheet of each account, of one business unit (X3).
import { sql } from 'kysely'
import type { AccountType, DocumentKind, LedgerAccount, PostingKind } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, type Refusal, refuseField } from '../../platform/errors.ts'
import type { ListRequest } from '../../platform/pages.ts'
import { splitWords } from '../../platform/word-filter.ts'
import { getUnit } from '../units/index.ts'

/** Days of the ledger, both included; without them from the first to the last. */
export type Days = { from?: Temporal.PlainDate | undefined; to?: Temporal.PlainDate | undefined }

// Trial balance ----------------------------------------------------------------------------------------------------

/** What an account of the ledger was, what it was moved by, and what it is; debits positive, in minor units. */
export type TrialRow = {
  ledger_account: LedgerAccount
  code: string
  name: string
  type: AccountType
  opening: number
  debits: number
  credits: number
  closing: number
}

export type TrialTotals = { opening: number; debits: number; credits: number; closing: number }

/**
 * The trial balance of a business unit over a range of days, one for each currency that its books hold: sums of what the
 * ledger has of each day, never a stored balance (billing.md 11). `balanced` is the proof: what was opened and what is
 * closed add up to nothing, and there were as many debits as credits. Refuses: not_found.
 */
export async function readTrialBalance(tx: Tx, unitId: string, days: Days) {
  const unit = await getUnit(tx, unitId)
  if (isRefusal(unit)) return unit
  const from = days.from ?? null
  const to = days.to ?? null
  const found = await sql<TrialRow & { currency: string }>`
    with sums as (
      select currency, ledger_account,
             coalesce(sum(debits - credits) filter (where on_date < ${from}::date), 0) as opening,
             coalesce(sum(debits) filter (where on_date >= coalesce(${from}::date, '-infinity')), 0) as debits,
             coalesce(sum(credits) filter (where on_date >= coalesce(${from}::date, '-infinity')), 0) as credits
        from ledger_days
       where business_unit_id = ${unitId} and on_date <= coalesce(${to}::date, 'infinity')
       group by currency, ledger_account),
    currencies as (
      select currency from sums union select ${unit.currency}::char(3))
    select k.currency, c.ledger_account, c.code, c.name, c.type, coalesce(s.opening, 0)::bigint as opening,
           coalesce(s.debits, 0)::bigint as debits, coalesce(s.credits, 0)::bigint as credits,
           (coalesce(s.opening, 0) + coalesce(s.debits, 0) - coalesce(s.credits, 0))::bigint as closing
      from chart_accounts c cross join currencies k
      left join sums s on s.currency = k.currency and s.ledger_account = c.ledger_account
     where c.business_unit_id = ${unitId}
     order by k.currency <> ${unit.currency}, k.currency, c.code`.execute(tx)
  const balances = [...Map.groupBy(found.rows, (row) => row.currency)].map(([currency, rows]) => {
    const totals = rows.reduce<TrialTotals>(
      (sum, row) => ({
        opening: sum.opening + row.opening,
        debits: sum.debits + row.debits,
        credits: sum.credits + row.credits,
        closing: sum.closing + row.closing,
      }),
      { opening: 0, debits: 0, credits: 0, closing: 0 },
    )
    return {
      currency,
      rows: rows.map(({ currency: _, ...row }) => row),
      totals,
      balanced: totals.opening === 0 && totals.closing === 0 && totals.debits === totals.credits,
    }
  })
  return { business_unit_id: unitId, business_unit_name: unit.name, from, to, balances }
}

/** The same as a list of rows, for a file. Refuses: not_found. */
export async function listTrialBalance(tx: Tx, unitId: string, days: Days) {
  const trial = await readTrialBalance(tx, unitId, days)
  if (isRefusal(trial)) return trial
  return trial.balances.flatMap(({ currency, rows }) => rows.map((row) => ({ ...row, currency })))
}

// Journal ----------------------------------------------------------------------------------------------------------

export type JournalFilter = Days & {
  business_unit_id: string
  kind?: PostingKind | undefined
  ledger_account?: LedgerAccount | undefined
  /** The same by the code of the business unit's chart. */
  code?: string | undefined
  account_id?: string | undefined
  q?: string | undefined
}

/** A document that a posting is about, as lists name it. */
export type PostedDocument = { id: string; kind: DocumentKind; series: string; number: number }

export type JournalEntry = {
  ledger_account: LedgerAccount
  code: string
  name: string
  amount: number
  document: PostedDocument | null
}

/** What of the ledger a page is made of; what is undefined is not asked for. */
type PostingFilter = Days & {
  kind?: PostingKind | undefined
  ledger_account?: LedgerAccount | undefined
  currency?: string | undefined
  account_id?: string | undefined
  /** Customers' accounts by id, or by the words that all of them hold. */
  account_ids?: readonly string[] | undefined
  words?: readonly string[] | undefined
}

type PostingKey = { id: string; on_date: Temporal.PlainDate; debit: number; credit: number }
type PostingPage = { items: PostingKey[]; next_cursor: string | null; from: PostingCursor | null }
/** After which posting a page begins; on a sheet with the balance there. */
type PostingCursor = { on_date: string; id: string; balance: number | null }

/** A page of postings by keyset, as `readPage` reads every list; the database finds them (`find_postings`). */
async function readPostingPage(
  tx: Tx,
  unitId: string,
  request: ListRequest,
  filter: PostingFilter,
): Promise<PostingPage> {
  const from = readCursor(request.cursor, request.sort)
  const found = await sql<PostingKey>`
    select posting_id as id, on_date, debit, credit
      from find_postings(${unitId}, ${JSON.stringify(filter)}::jsonb, ${from?.on_date ?? null}::date, ${from?.id ?? null}::uuid,
                         ${request.sort.startsWith('-')}, ${request.limit + 1}::int)`.execute(tx)
  const items = found.rows.slice(0, request.limit)
  const last = items.at(-1)
  const more = found.rows.length > request.limit && last !== undefined
  return { items, from, next_cursor: more ? writeCursor(request.sort, last, null) : null }
}

function writeCursor(sort: string, last: PostingKey, balance: number | null): string {
  return Buffer.from(JSON.stringify([sort, last.on_date.toString(), last.id, balance])).toString('base64url')
}

/** A cursor that is not ours, or of another order, starts from the beginning. */
function readCursor(cursor: string | undefined, sort: string): PostingCursor | null {
  if (cursor === undefined) return null
  try {
    const [of, on_date, id, balance] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[]
    if (of !== sort || typeof on_date !== 'string' || typeof id !== 'string') return null
    if (!/^\d{4}-\d\d-\d\d$/.test(on_date) || !/^[0-9a-f-]{36}$/.test(id)) return null
    if (balance !== null && !Number.isSafeInteger(balance)) return null
    return { on_date, id, balance: balance as number | null }
  } catch {
    return null
  }
}

/**
 * A page of the journal of a business unit: its postings with their entries, by day. Found by day, kind, account of the
 * ledger (or its code), customer's account, or by `q`, which finds the customer. Refuses: not_found, invalid_input (a code
 * that is not in the chart).
 */
export async function listJournal(tx: Tx, request: ListRequest & JournalFilter) {
  const unit = await getUnit(tx, request.business_unit_id)
  if (isRefusal(unit)) return unit
  const account = await chooseLedgerAccount(tx, request)
  if (isRefusal(account)) return account
  const words = splitWords(request.q ?? '')
  const page = await readPostingPage(tx, unit.id, request, {
    from: request.from,
    to: request.to,
    kind: request.kind,
    ledger_account: account,
    account_id: request.account_id,
    ...(words.length > 0 && (await findCustomers(tx, words))),
  })
  return { items: await readPostings(tx, page.items), next_cursor: page.next_cursor }
}

/** Whom the words of a search find: few by their ids, many by the words themselves. */
async function findCustomers(tx: Tx, words: string[]): Promise<Pick<PostingFilter, 'account_ids' | 'words'>> {
  const found = await sql<{ ids: string[] | null }>`select find_account_ids(${words}::text[]) as ids`.execute(
    tx,
  )
  const ids = found.rows[0]?.ids
  return ids ? { account_ids: ids } : { words }
}

/** What stands behind some postings, in the order given. */
async function readPostings(tx: Tx, keys: readonly Pick<PostingKey, 'id'>[]) {
  if (keys.length === 0) return []
  const found = await sql<{
    id: string
    kind: PostingKind
    on_date: Temporal.PlainDate
    currency: string
    account_id: string
    account_name: string
    account_number: number
    payment_id: string | null
    reason: string | null
    total: number
    created_at: Temporal.Instant
    entries: JournalEntry[]
  }>`
    select e.posting_id as id, e.kind, e.on_date, e.currency, e.account_id, a.name as account_name, a.number as account_number,
           min(e.payment_id::text)::uuid as payment_id, j.reason, min(e.created_at) as created_at,
           sum(e.amount) filter (where e.amount > 0)::bigint as total,
           json_agg(json_build_object('ledger_account', e.ledger_account, 'code', c.code, 'name', c.name, 'amount', e.amount,
             'document', case when i.id is not null then
               json_build_object('id', i.id, 'kind', i.kind, 'series', i.series, 'number', i.number) end)
             order by e.amount < 0, c.code, e.id) as entries
      from ledger_entries e
      join accounts a on a.id = e.account_id
      join chart_accounts c on c.business_unit_id = e.business_unit_id and c.ledger_account = e.ledger_account
      left join invoices i on i.id = e.invoice_id
      left join account_adjustments j on j.id = e.posting_id
     where e.posting_id = any(${keys.map((key) => key.id)}::uuid[])
     group by e.posting_id, e.kind, e.on_date, e.currency, e.account_id, a.name, a.number, j.reason`.execute(
    tx,
  )
  const postings = new Map(found.rows.map((row) => [row.id, row]))
  return keys.flatMap(({ id }) => {
    const posting = postings.get(id)
    return posting ? [posting] : []
  })
}

async function chooseLedgerAccount(
  tx: Tx,
  request: {
    business_unit_id: string
    ledger_account?: LedgerAccount | undefined
    code?: string | undefined
  },
): Promise<LedgerAccount | undefined | Refusal> {
  if (request.code === undefined) return request.ledger_account
  const found = await tx
    .selectFrom('chart_accounts')
    .select('ledger_account')
    .where('business_unit_id', '=', request.business_unit_id)
    .where('code', '=', request.code)
    .executeTakeFirst()
  if (!found || (request.ledger_account !== undefined && request.ledger_account !== found.ledger_account))
    return refuseField('code', 'not_a_choice')
  return found.ledger_account
}

// Account sheet ----------------------------------------------------------------------------------------------------

export type SheetFilter = Days & { business_unit_id: string; ledger_account: LedgerAccount }

/** What a posting moved of one account of the ledger, with the balance after it; debits positive. */
export type SheetRow = {
  id: string
  kind: PostingKind
  on_date: Temporal.PlainDate
  account_id: string
  account_name: string
  account_number: number
  document: PostedDocument | null
  payment_id: string | null
  reason: string | null
  debit: number
  credit: number
  balance: number
}

/**
 * A page of the sheet of one account of the ledger of a business unit, in its currency: its postings by day, each with the
 * running balance. The balance at the page's edge travels in the cursor, so that page 1,000 costs what page 1 costs; the
 * first page takes it from the totals of the days. Refuses: not_found.
 */
export async function listSheet(tx: Tx, request: ListRequest & SheetFilter) {
  const unit = await getUnit(tx, request.business_unit_id)
  if (isRefusal(unit)) return unit
  const descending = request.sort.startsWith('-')
  const page = await readPostingPage(tx, unit.id, request, {
    from: request.from,
    to: request.to,
    ledger_account: request.ledger_account,
    currency: unit.currency,
  })
  const edges = await readEdges(tx, request, unit.currency)
  const facts = await describePostings(
    tx,
    page.items.map((row) => row.id),
    request.ledger_account,
  )
  // Upwards it is the balance before the next row, downwards the one after it.
  let balance = page.from?.balance ?? (descending ? edges.closing : edges.opening)
  const items = page.items.map(({ id, on_date, debit, credit }): SheetRow => {
    if (!descending) balance += debit - credit
    const row = { ...facts.get(id)!, id, on_date, debit, credit, balance }
    if (descending) balance -= debit - credit
    return row
  })
  return {
    currency: unit.currency,
    ...edges,
    items,
    next_cursor: page.next_cursor === null ? null : writeCursor(request.sort, page.items.at(-1)!, balance),
  }
}

/** The account's balance before the first and after the last of the days. */
async function readEdges(tx: Tx, filter: SheetFilter, currency: string) {
  const found = await sql<{ opening: number; closing: number }>`
    select coalesce(sum(debits - credits) filter (where on_date < ${filter.from ?? null}::date), 0)::bigint as opening,
           coalesce(sum(debits - credits), 0)::bigint as closing
      from ledger_days
     where business_unit_id = ${filter.business_unit_id} and ledger_account = ${filter.ledger_account} and currency = ${currency}
       and on_date <= coalesce(${filter.to ?? null}::date, 'infinity')`.execute(tx)
  return found.rows[0]!
}

type PostingFacts = Omit<SheetRow, 'id' | 'on_date' | 'debit' | 'credit' | 'balance'>

async function describePostings(tx: Tx, ids: readonly string[], account: LedgerAccount) {
  if (ids.length === 0) return new Map<string, PostingFacts>()
  const found = await sql<PostingFacts & { id: string }>`
    select p.id, p.kind, p.account_id, a.name as account_name, a.number as account_number, p.payment_id, j.reason,
           case when i.id is not null then
             json_build_object('id', i.id, 'kind', i.kind, 'series', i.series, 'number', i.number) end as document
      from (select e.posting_id as id, e.kind, e.account_id, min(e.payment_id::text)::uuid as payment_id,
                   case when count(distinct e.invoice_id) filter (where e.ledger_account = ${account}) = 1
                        then (min(e.invoice_id::text) filter (where e.ledger_account = ${account}))::uuid end as invoice_id
              from ledger_entries e where e.posting_id = any(${[...ids]}::uuid[])
             group by e.posting_id, e.kind, e.account_id) p
      join accounts a on a.id = p.account_id
      left join invoices i on i.id = p.invoice_id
      left join account_adjustments j on j.id = p.id`.execute(tx)
  return new Map(found.rows.map(({ id, ...facts }) => [id, facts]))
}
