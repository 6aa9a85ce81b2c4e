// Closings and payments in the order of time: the real closing, then the money that came in before the next one.
import { sql } from 'kysely'
import type { PaymentMethod } from '../../platform/database.gen.ts'
import { type Pool, type SystemActor, type Tx, transactAsSystem } from '../../platform/database.ts'
import { demand } from '../../platform/jobs.ts'
import {
  applyAccountCredit,
  closeUnit,
  lockAccounts,
  type Posting,
  post,
  settleInvoices,
} from '../billing/index.ts'
import type { Founded } from './founding.ts'
import {
  type DemoAccount,
  type DemoHistory,
  inventPayments,
  listClosingDates,
  type PlannedPayment,
} from './history.ts'
import { type DemoUnit, demoUnits, type UnitSlug } from './operator.ts'
import { createId, createRandom, type Random } from './random.ts'

type PlainDate = Temporal.PlainDate

export type BookedInvoice = {
  id: string
  account: DemoAccount
  unit: DemoUnit
  closing: PlainDate
  issue_date: PlainDate
  due_date: PlainDate
  payment_method: PaymentMethod
}
/** A payment that is still to come, as it was invented. */
export type Expected = PlannedPayment & { invoice: BookedInvoice }

/** A payment as it was booked. */
export type BookedPayment = {
  id: string
  payment_notice_id: string | null
  invoice: BookedInvoice
  amount: number
  received_on: PlainDate
  reference: string
  created_at: Temporal.Instant
}

export type Books = {
  /** The closings that were run, oldest first. */
  closings: { id: string; unit: DemoUnit; date: PlainDate }[]
  /** Invoices that wait for money, and what would be paid after today. */
  expected: Expected[]
  invoices: BookedInvoice[]
  payments: BookedPayment[]
}

/** These customers have not paid their latest invoice: who signs in as them finds something to do. */
const waiting = new Set(['helena', 'padaria', 'echeverria', 'cascade'])
/** Whoever pays like this tells us so with a receipt, if they use the portal. */
const notified: PaymentMethod[] = ['pix', 'bank_transfer']
const daysWithNotices = 150

/**
 * Runs every closing of the history with the real engine and books the payments in between. The youngest closing is
 * left to whoever looks at the demonstration: there is one to preview and to run.
 */
export async function keepBooks(
  pool: Pool,
  actor: SystemActor,
  history: DemoHistory,
  founded: Founded,
  users: ReadonlyMap<string, string>,
  now: Temporal.Instant,
  progress: (done: number, total: number) => void,
): Promise<Books> {
  const accounts = new Map(history.accounts.map((account) => [account.id, account]))
  const closings = demoUnits
    .flatMap((unit) => listClosingDates(unit, history.calendars[unit.slug]).map((date) => ({ unit, date })))
    .sort((left, right) => Temporal.PlainDate.compare(left.date, right.date))
    .slice(0, -1)
  const latest = new Map(closings.map(({ unit, date }) => [unit.slug, date]))
  const books: Books = { closings: [], expected: [], invoices: [], payments: [] }
  for (const [index, { unit, date }] of closings.entries()) {
    await bookPayments(pool, actor, books, founded, users, history, now, date)
    const unitId = founded.units.get(unit.slug)!.id
    const at = date.toZonedDateTime({ timeZone: unit.time_zone, plainTime: '06:10' }).toInstant()
    const closed = demand(
      await closeUnit(pool, {
        business_unit_id: unitId,
        up_to: date,
        now: () => at,
        actor,
        clock: { behind_since: null },
      }),
    )
    if (closed.parked > 0) throw new Error(`${unit.slug}: ${closed.parked} accounts were parked`)
    if (closed.closing_id !== null) {
      const closingId = closed.closing_id
      books.closings.push({ id: closingId, unit, date })
      const issued = await transactAsSystem(pool, actor, async (tx) => {
        await dateClosing(tx, closingId, at, founded.staff.get('finance')!)
        return listIssued(tx, closingId)
      })
      for (const { account_id, ...row } of issued) {
        const invoice = { ...row, account: accounts.get(account_id)!, unit, closing: date }
        books.invoices.push(invoice)
        if (waiting.has(invoice.account.key) && latest.get(unit.slug)!.equals(date)) continue
        for (const planned of inventPayments(invoice.account, invoice))
          books.expected.push({ ...planned, invoice })
      }
    }
    progress(index + 1, closings.length)
  }
  await bookPayments(pool, actor, books, founded, users, history, now, null)
  return books
}

/** The closing as it would stand in the list had it been run on its day. */
async function dateClosing(tx: Tx, id: string, at: Temporal.Instant, by: string): Promise<void> {
  await tx
    .updateTable('closings')
    .set({
      created_by: by,
      created_at: at,
      prepared_at: at.add({ seconds: 4 }),
      started_at: at.add({ minutes: 6 }),
      finished_at: at.add({ minutes: 6, seconds: 9 }),
    })
    .where('id', '=', id)
    .execute()
  // What was issued years ago is not mailed today.
  await sql`select discard_job(id) from queued_jobs where task like 'notices:%'`.execute(tx)
}

function listIssued(tx: Tx, closingId: string) {
  return tx
    .selectFrom('invoices')
    .select(['id', 'account_id', 'issue_date', 'due_date', 'payment_method'])
    .where('closing_id', '=', closingId)
    .where('total', '>', 0)
    .orderBy('number')
    .execute()
}

/** Books what comes in up to a day, that day included; null: up to today in each business unit. */
async function bookPayments(
  pool: Pool,
  actor: SystemActor,
  books: Books,
  founded: Founded,
  users: ReadonlyMap<string, string>,
  history: DemoHistory,
  now: Temporal.Instant,
  until: PlainDate | null,
): Promise<void> {
  const due: Expected[] = []
  books.expected = books.expected.filter((payment) => {
    const limit = until ?? history.calendars[payment.invoice.unit.slug].today
    const comes =
      Temporal.PlainDate.compare(payment.on, limit) <= 0 &&
      Temporal.Instant.compare(comingOf(payment).at, now) <= 0
    if (comes) due.push(payment)
    return !comes
  })
  if (due.length === 0) return
  due.sort((left, right) => Temporal.PlainDate.compare(left.on, right.on))
  const booked = await transactAsSystem(pool, actor, (tx) =>
    bookBatch(tx, due, founded, users, (payment) => {
      const { account, payment_method, unit } = payment.invoice
      const age = payment.on.until(history.calendars[unit.slug].today, { largestUnit: 'days' }).days
      return users.has(account.key) && notified.includes(payment_method) && age < daysWithNotices
    }),
  )
  books.payments.push(...booked)
}

/** At which hour of its day a payment comes, and the dice that say what else is true of it. */
function comingOf({ invoice, on }: Expected): { at: Temporal.Instant; random: Random } {
  const random = createRandom(`booking:${invoice.account.key}:${invoice.issue_date}:${on}`)
  const plainTime = new Temporal.PlainTime(
    random.integer(8, 17),
    random.integer(0, 59),
    random.integer(0, 59),
  )
  return { at: on.toZonedDateTime({ timeZone: invoice.unit.time_zone, plainTime }).toInstant(), random }
}

async function bookBatch(
  tx: Tx,
  due: readonly Expected[],
  founded: Founded,
  users: ReadonlyMap<string, string>,
  isNotified: (payment: Expected) => boolean,
): Promise<BookedPayment[]> {
  const accountIds = [...new Set(due.map(({ invoice }) => invoice.account.id))]
  await lockAccounts(tx, accountIds)
  const balances = await tx
    .selectFrom('invoice_balances')
    .select(['invoice_id', 'open_amount'])
    .where(sql<boolean>`invoice_id = any(${due.map(({ invoice }) => invoice.id)}::uuid[])`)
    .execute()
  const open = new Map(balances.map((row) => [row.invoice_id!, row.open_amount!]))
  const booked: BookedPayment[] = []
  const postings: Posting[] = []
  const settledOn = new Map<string, { on: PlainDate; unit: DemoUnit }>()
  const overpaid = new Set<string>()
  for (const payment of due) {
    const { invoice, on, share } = payment
    const owed = open.get(invoice.id)!
    if (owed <= 0) continue
    const amount =
      share === 'all' ? owed : share === 'part' ? roundDown(owed, invoice.unit) : roundUp(owed, invoice.unit)
    const paid = Math.min(owed, amount)
    open.set(invoice.id, owed - paid)
    settledOn.set(invoice.id, { on, unit: invoice.unit })
    if (amount > owed) overpaid.add(invoice.account.id)
    const { at: created_at, random } = comingOf(payment)
    const id = createId(random, created_at)
    booked.push({
      id,
      payment_notice_id: isNotified(payment) ? createId(random, created_at.subtract({ hours: 2 })) : null,
      invoice,
      amount,
      received_on: on,
      reference: writeReference(invoice.payment_method, on, invoice.unit.slug, random),
      created_at,
    })
    postings.push({
      kind: 'payment',
      business_unit_id: founded.units.get(invoice.unit.slug)!.id,
      account_id: invoice.account.id,
      currency: invoice.unit.currency,
      on_date: on,
      entries: [
        { ledger_account: 'bank', amount, payment_id: id },
        { ledger_account: 'receivable', amount: -paid, invoice_id: invoice.id, payment_id: id },
        { ledger_account: 'account_credit', amount: paid - amount, payment_id: id },
      ],
    })
  }
  await writePayments(tx, booked, founded, users)
  await post(tx, postings)
  const days = Map.groupBy(settledOn, ([, { on }]) => on.toString())
  await Promise.all(
    [...days.values()].map((those) => {
      const [, { on, unit }] = those[0]!
      const evening = on.toZonedDateTime({ timeZone: unit.time_zone, plainTime: '18:00' }).toInstant()
      return settleInvoices(
        tx,
        those.map(([id]) => id),
        evening,
      )
    }),
  )
  if (overpaid.size > 0) {
    const last = due.at(-1)!
    const at = last.on
      .toZonedDateTime({ timeZone: last.invoice.unit.time_zone, plainTime: '19:00' })
      .toInstant()
    await applyAccountCredit(tx, [...overpaid].sort(), at)
  }
  return booked
}

async function writePayments(
  tx: Tx,
  payments: readonly BookedPayment[],
  founded: Founded,
  users: ReadonlyMap<string, string>,
): Promise<void> {
  const rows = payments.map((payment) => ({
    ...payment,
    business_unit_id: founded.units.get(payment.invoice.unit.slug)!.id,
    account_id: payment.invoice.account.id,
    currency: payment.invoice.unit.currency,
    method: payment.invoice.payment_method,
    invoice_id: payment.invoice.id,
    invoice: undefined,
    // What no bank tells us by itself, somebody types in.
    recorded_by:
      payment.payment_notice_id !== null ||
      ['bank_transfer', 'cash', 'cheque'].includes(payment.invoice.payment_method)
        ? founded.staff.get('finance')
        : null,
    told_at: payment.created_at.subtract({ hours: 2 }),
    told_by: users.get(payment.invoice.account.key),
  }))
  const recorded = rows.filter((row) => row.payment_notice_id !== null)
  if (recorded.length > 0) {
    await sql`
      insert into payment_notices (id, business_unit_id, account_id, amount, currency, method, paid_on, reference, state,
                                   created_by, created_at, decided_by, decided_at)
      select payment_notice_id, business_unit_id, account_id, amount, currency, method, received_on, reference, 'approved',
             told_by, told_at, recorded_by, created_at
        from json_to_recordset(${JSON.stringify(recorded)}::json) as r(payment_notice_id uuid, business_unit_id uuid,
             account_id uuid, amount bigint, currency text, method payment_method, received_on date, reference text,
             told_by uuid, told_at timestamptz, recorded_by uuid, created_at timestamptz)`.execute(tx)
    await tx
      .insertInto('payment_notice_invoices')
      .values(
        recorded.map(({ payment_notice_id, invoice_id, account_id }) => ({
          payment_notice_id: payment_notice_id!,
          invoice_id,
          account_id,
        })),
      )
      .execute()
  }
  await sql`
    insert into payments (id, business_unit_id, account_id, amount, currency, method, received_on, reference,
                          payment_notice_id, recorded_by, created_at)
    select id, business_unit_id, account_id, amount, currency, method, received_on, reference, payment_notice_id, recorded_by,
           created_at
      from json_to_recordset(${JSON.stringify(rows)}::json) as r(id uuid, business_unit_id uuid, account_id uuid,
           amount bigint, currency text, method payment_method, received_on date, reference text, payment_notice_id uuid,
           recorded_by uuid, created_at timestamptz)`.execute(tx)
}

/** People pay round sums when they do not pay the exact one: tens, or in pesos thousands. */
const roundSum = (unit: DemoUnit) => (unit.currency === 'ARS' ? 100_000 : 1000)
const roundUp = (amount: number, unit: DemoUnit) => amount + roundSum(unit) - (amount % roundSum(unit))
function roundDown(amount: number, unit: DemoUnit): number {
  const most = amount - (amount % roundSum(unit))
  return most > roundSum(unit) ? most - roundSum(unit) * Math.floor(most / roundSum(unit) / 3) : amount
}

/** What a payment is known by where it came from. */
export function writeReference(method: PaymentMethod, on: PlainDate, unit: UnitSlug, random: Random): string {
  const day = on.toString().replace(/-/g, '')
  if (method === 'pix')
    return `E60746948${day}${random.integer(10, 23)}${random.digits(2)}s${random.digits(10)}`
  if (method === 'boleto') return `Nosso número ${random.digits(8)}-${random.digits(1)}`
  if (method === 'card')
    return unit === 'pirilampo'
      ? `NSU ${random.digits(9)}`
      : `${unit === 'jacaranda' ? 'Cupón' : 'Auth'} ${random.digits(6)}`
  if (method === 'bank_debit') return `Débito ${day.slice(2)}-${random.digits(5)}`
  if (method === 'cheque') return `Check ${random.integer(1001, 6900)}`
  if (method === 'cash') return `Recibo ${random.digits(6)}`
  return unit === 'pirilampo'
    ? `TED ${random.digits(8)}`
    : unit === 'jacaranda'
      ? `Op. ${random.digits(10)}`
      : `ACH ${random.digits(9)}`
}
