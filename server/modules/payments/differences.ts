// Money that is not what was charged, where the provider says why: a fine and interest on top, a discount off (Adjustment). What
// comes of it is planned here, and written by whoever books the money, in the same transaction.
import { sql } from 'kysely'
import { arrayLiteral } from '../../platform/array-literals.ts'
import { formatDate, today } from '../../platform/calendar.ts'
import type { Tx } from '../../platform/database.ts'
import { spread } from '../../platform/money.ts'
import { type Language, translator } from '../../platform/translations.ts'
import {
  creditDiscounts,
  type GrantedDiscount,
  issueLateCharges,
  type LateCharges,
  readBillingUnits,
} from '../billing/index.ts'
import type { Adjustment } from './providers.ts'

/** A document that is owed; `open_amount` goes down as it is paid. */
export type Debt = {
  id: string
  account_id: string
  currency: string
  state: string
  due_date: Temporal.PlainDate
  open_amount: number
}

/** What is known of being late with some documents. */
export type Lateness = {
  /** Open debit notes of late fee and interest, the oldest due date first. */
  notes: (Debt & { about_invoice_id: string })[]
  /** What was charged already, `<document> late_fee`; it is never charged twice. */
  charged: Set<string>
  /** Documents that are late fee and interest themselves. */
  late: ReadonlySet<string>
}

/** What a payment comes to. Amounts are minor units: what was paid, charged and left over is all of the money. */
export type Allocation = {
  paid: { invoice_id: string; amount: number }[]
  /** Taken off by a credit note. */
  discounts: { invoice_id: string; amount: number }[]
  /** Charged by a debit note, and paid by the same money. */
  charges: { about_invoice_id: string; late_fee: number; interest: number }[]
  /** What nothing takes: account credit. */
  rest: number
}

type Money = { amount: number; received_on: Temporal.PlainDate; adjusted: Adjustment | null }

const addUp = (amounts: readonly number[]) => amounts.reduce((sum, amount) => sum + amount, 0)

/** What was reported, as far as it can be: never more late fee and interest than there was money. */
export function boundAdjustment(amount: number, adjusted: Adjustment): Adjustment {
  const late_fee = Math.min(amount, Math.max(0, adjusted.late_fee))
  const interest = Math.min(amount - late_fee, Math.max(0, adjusted.interest))
  return { late_fee, interest, discount: Math.max(0, adjusted.discount) }
}

/**
 * Allocates money to the documents that it pays, the first first, and what the provider added and took off (billing.md 28, 30):
 *
 * 1. The discount is taken off the documents, as far as the money without late fee and interest leaves them open: spread over them
 *    in proportion to what is open of each, by largest remainder, because a percentage of the charge is the same percentage of each.
 *    Oldest first would leave the last of them credited whole and unpaid.
 * 2. The money pays what is left of them.
 * 3. What is over, up to the late fee and interest, pays the debit notes of late fee and interest about them that are open.
 * 4. What is then over is charged as late fee and interest of the documents that it paid, in proportion to what it paid of each: once
 *    for each document, never on late fee or interest themselves, and of none that was not late when the money came.
 * 5. Everything else is left over.
 *
 * `debts` and `lateness` are as they stand afterwards.
 */
export function allocateMoney(money: Money, debts: readonly Debt[], lateness: Lateness): Allocation {
  const { late_fee, interest, discount } = boundAdjustment(
    money.amount,
    money.adjusted ?? { late_fee: 0, interest: 0, discount: 0 },
  )
  const opens = debts.map((debt) => Math.max(0, debt.open_amount))
  const owed = addUp(opens)
  const off = Math.min(discount, Math.max(0, owed - (money.amount - late_fee - interest)))
  const offs = spread(off, opens)
  let rest = money.amount
  const settled = debts.map((debt, index) => {
    const amount = Math.min(rest, opens[index]! - offs[index]!)
    rest -= amount
    // What comes next of the same account finds what this one left.
    debt.open_amount -= amount + offs[index]!
    return { debt, amount, off: offs[index]! }
  })
  const paid = settled
    .filter(({ amount }) => amount > 0)
    .map(({ debt, amount }) => ({ invoice_id: debt.id, amount }))
  let surcharge = Math.min(rest, late_fee + interest)
  rest -= surcharge
  const own = new Set(debts.map(({ id }) => id))
  for (const note of lateness.notes) {
    const amount = own.has(note.about_invoice_id) ? Math.min(surcharge, Math.max(0, note.open_amount)) : 0
    if (amount === 0) continue
    surcharge -= amount
    note.open_amount -= amount
    paid.push({ invoice_id: note.id, amount })
  }
  const bases = settled.map(({ amount, off: less }) => amount + less)
  const charges: Allocation['charges'] = []
  if (surcharge > 0 && addUp(bases) > 0) {
    const fees = spread(late_fee, bases)
    const interests = spread(interest, bases)
    for (const [index, { debt }] of settled.entries()) {
      if (lateness.late.has(debt.id) || Temporal.PlainDate.compare(debt.due_date, money.received_on) >= 0)
        continue
      const charge = (kind: 'late_fee' | 'interest', most: number) => {
        const amount = lateness.charged.has(`${debt.id} ${kind}`) ? 0 : Math.min(surcharge, most)
        if (amount > 0) lateness.charged.add(`${debt.id} ${kind}`)
        surcharge -= amount
        return amount
      }
      const one = {
        about_invoice_id: debt.id,
        late_fee: charge('late_fee', fees[index]!),
        interest: charge('interest', interests[index]!),
      }
      if (one.late_fee + one.interest > 0) charges.push(one)
    }
  }
  return {
    paid,
    discounts: settled.flatMap(({ debt, off: amount }) =>
      amount > 0 ? [{ invoice_id: debt.id, amount }] : [],
    ),
    charges,
    rest: rest + surcharge,
  }
}

/** Nothing is known of being late, and nothing has to be where nothing was added. */
export const notLate = (): Lateness => ({ notes: [], charged: new Set(), late: new Set() })

/** What is known of being late with documents; where a debit note is among `debts` it is that one. */
export async function readLateness(tx: Tx, debts: readonly Debt[]): Promise<Lateness> {
  if (debts.length === 0) return notLate()
  const ids = arrayLiteral(debts.map(({ id }) => id))
  const [notes, charged, late] = await Promise.all([
    sql<Lateness['notes'][number]>`
      select i.id, i.account_id, i.currency, i.state, i.due_date, b.open_amount, i.about_invoice_id
        from invoices i join invoice_balances b on b.invoice_id = i.id
       where i.about_invoice_id = any(${ids}::uuid[]) and i.kind = 'debit_note' and i.state = 'open'
         and exists (select from invoice_lines l where l.invoice_id = i.id and l.role in ('late_fee', 'interest'))
       order by i.due_date, i.series, i.number`.execute(tx),
    sql<{ name: string }>`
      select invoice_id || ' ' || role as name from late_charges where invoice_id = any(${ids}::uuid[])`.execute(
      tx,
    ),
    sql<{ id: string }>`
      select distinct i.id from invoices i join invoice_lines l on l.invoice_id = i.id
       where i.id = any(${ids}::uuid[]) and i.kind = 'debit_note' and l.role in ('late_fee', 'interest')`.execute(
      tx,
    ),
  ])
  const known = new Map(debts.map((debt) => [debt.id, debt]))
  return {
    notes: notes.rows.map((row) => {
      const debt = known.get(row.id)
      return debt ? Object.assign(debt, { about_invoice_id: row.about_invoice_id }) : row
    }),
    charged: new Set(charged.rows.map(({ name }) => name)),
    late: new Set(late.rows.map(({ id }) => id)),
  }
}

/** Whose documents are written, and for when. */
type Subject = {
  account_id: string
  unit: { id: string; currency: string; time_zone: string }
  received_on: Temporal.PlainDate
}

async function readWords(tx: Tx, accountId: string, invoiceIds: readonly string[]) {
  const found = await sql<{ id: string; number: string; due_date: Temporal.PlainDate; language: Language }>`
    select i.id, i.series || '-' || i.number as number, i.due_date, a.language
      from invoices i join accounts a on a.id = i.account_id
     where i.account_id = ${accountId} and i.id = any(${arrayLiteral(invoiceIds)}::uuid[])`.execute(tx)
  return new Map(found.rows.map((row) => [row.id, row]))
}

/**
 * Issues the debit notes of late fee and interest that a payment is to pay; the account is locked. Returns what it pays of them.
 */
export async function chargeLateness(
  tx: Tx,
  subject: Subject,
  charges: Allocation['charges'],
  now: Temporal.Instant,
): Promise<{ invoice_id: string; amount: number }[]> {
  if (charges.length === 0) return []
  const on = today(now, subject.unit.time_zone)
  const words = await readWords(
    tx,
    subject.account_id,
    charges.map(({ about_invoice_id }) => about_invoice_id),
  )
  const due: LateCharges[] = charges.map(({ about_invoice_id, ...amounts }) => {
    const { number, due_date, language } = words.get(about_invoice_id)!
    const t = translator(language)
    const said = {
      number,
      due: formatDate(due_date, language),
      paid: formatDate(subject.received_on, language),
    }
    return {
      about_invoice_id,
      issue_date: on,
      due_date: on,
      reason: t('pdf:difference.late', said),
      lines: (['late_fee', 'interest'] as const).flatMap((role) =>
        amounts[role] > 0
          ? [{ role, description: t(`pdf:difference.${role}`, said).slice(0, 200), amount: amounts[role] }]
          : [],
      ),
    }
  })
  const ids = await issueLateCharges(tx, subject.unit, subject.account_id, due, now, { paid: true })
  return ids.map((invoice_id, index) => ({
    invoice_id,
    amount: charges[index]!.late_fee + charges[index]!.interest,
  }))
}

/**
 * Issues the credit notes of what was taken off documents that a payment paid, once it is posted; the account is locked. Returns
 * their ids.
 */
export async function creditDifferences(
  tx: Tx,
  subject: Subject,
  discounts: Allocation['discounts'],
  now: Temporal.Instant,
): Promise<string[]> {
  if (discounts.length === 0) return []
  const unit = (await readBillingUnits(tx, [subject.unit.id])).get(subject.unit.id)!
  const words = await readWords(
    tx,
    subject.account_id,
    discounts.map(({ invoice_id }) => invoice_id),
  )
  const granted: GrantedDiscount[] = discounts.map(({ invoice_id, amount }) => {
    const { due_date, language } = words.get(invoice_id)!
    const t = translator(language)
    const early = Temporal.PlainDate.compare(subject.received_on, due_date) < 0
    const reason = t(`pdf:difference.${early ? 'early' : 'abated'}`)
    return {
      invoice_id,
      amount,
      reason,
      describe: (line) => t('pdf:difference.on_line', { reason, line }).slice(0, 200),
    }
  })
  const ids = await creditDiscounts(
    tx,
    unit,
    subject.account_id,
    granted,
    today(now, subject.unit.time_zone),
    now,
  )
  return ids.filter((id) => id !== null)
}

/** Notes which documents were issued because of a payment. */
export async function linkDocuments(
  tx: Tx,
  accountId: string,
  paymentId: string,
  documentIds: readonly string[],
): Promise<void> {
  if (documentIds.length === 0) return
  await sql`
    insert into payment_documents (document_id, payment_id, account_id)
    select d.id, ${paymentId}, ${accountId} from unnest(${arrayLiteral(documentIds)}::uuid[]) d (id)`.execute(
    tx,
  )
}
