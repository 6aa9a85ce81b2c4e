// What staff correct of an account's money by hand: credit given or taken, debt given up, credit paid back. Each is a
// posting with a reason, and nothing of it is ever changed; what was wrong is corrected by the reverse.
import { sql } from 'kysely'
import { today } from '../../platform/calendar.ts'
import type { LedgerAccount, PaymentMethod } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, notFound, type Refusal, refuse, refuseField } from '../../platform/errors.ts'
import { applyAccountCredit, lockAccounts, settleInvoices } from './ledger.ts'

type Subject = {
  id: string
  business_unit_id: string
  currency: string
  day: Temporal.PlainDate
  /** Credit that no invoice has used, in minor units. */
  credit: number
}

/** The account, locked against everything else that moves its money, with its credit. Refuses: not_found. */
async function lockSubject(tx: Tx, accountId: string, now: Temporal.Instant): Promise<Subject | Refusal> {
  await lockAccounts(tx, [accountId])
  const account = await tx
    .selectFrom('accounts')
    .innerJoin('business_units', 'business_units.id', 'accounts.business_unit_id')
    .select([
      'accounts.id',
      'accounts.business_unit_id',
      'business_units.currency',
      'business_units.time_zone',
      sql<number>`(select coalesce(-sum(e.amount), 0)::bigint from ledger_entries e where e.account_id = accounts.id
        and e.ledger_account = 'account_credit' and e.currency = business_units.currency)`.as('credit'),
    ])
    .where('accounts.id', '=', accountId)
    .executeTakeFirst()
  if (!account) return notFound()
  const { time_zone, ...subject } = account
  return { ...subject, day: today(now, time_zone) }
}

type Correction = {
  kind: 'adjustment' | 'refund' | 'write_off'
  amount: number
  on_date: Temporal.PlainDate
  reason: string
  invoice_id?: string
  method?: PaymentMethod
  reference?: string | null
  /** The two sides: what is debited and what is credited by `moved`. */
  debit: LedgerAccount
  credit: LedgerAccount
  moved: number
}

/** Writes a correction and its posting, whose id is the same. */
async function writeCorrection(
  tx: Tx,
  subject: Subject,
  correction: Correction,
  actorId: string | null,
): Promise<void> {
  const { kind, debit, credit, moved } = correction
  const invoice = correction.invoice_id ?? null
  const written = await tx
    .insertInto('account_adjustments')
    .values({
      business_unit_id: subject.business_unit_id,
      account_id: subject.id,
      kind,
      amount: correction.amount,
      currency: subject.currency,
      on_date: correction.on_date,
      reason: correction.reason,
      invoice_id: invoice,
      method: correction.method ?? null,
      reference: correction.reference ?? null,
      created_by: actorId,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  await sql`
    insert into ledger_entries (posting_id, kind, business_unit_id, account_id, ledger_account, amount, currency, on_date, invoice_id)
    select ${written.id}::uuid, ${kind}::posting_kind, ${subject.business_unit_id}::uuid, ${subject.id}::uuid, side.ledger_account,
           side.amount, ${subject.currency}, ${correction.on_date}::date, ${invoice}::uuid
      from (values (${debit}::ledger_account, ${moved}::bigint), (${credit}::ledger_account, -${moved}::bigint))
           as side (ledger_account, amount)`.execute(tx)
}

/**
 * Gives an account credit (above zero) or takes it (below), with a reason that the customer sees in the statement. What is
 * given pays open invoices at once, the oldest first (billing.md 28); no more is taken than there is. `amount` is in minor
 * units of the business unit's currency. Refuses: not_found, credit_too_small.
 */
export async function adjustCredit(
  tx: Tx,
  accountId: string,
  input: { amount: number; reason: string },
  actorId: string | null,
  now: Temporal.Instant,
): Promise<Refusal | undefined> {
  const subject = await lockSubject(tx, accountId, now)
  if (isRefusal(subject)) return subject
  const given = input.amount > 0
  if (!given && -input.amount > subject.credit) return refuseCredit(subject)
  await writeCorrection(
    tx,
    subject,
    {
      kind: 'adjustment',
      amount: input.amount,
      on_date: subject.day,
      reason: input.reason,
      debit: given ? 'adjustments' : 'account_credit',
      credit: given ? 'account_credit' : 'adjustments',
      moved: Math.abs(input.amount),
    },
    actorId,
  )
  if (given) await applyAccountCredit(tx, [accountId], now)
  return undefined
}

/**
 * Records that credit was paid back to the customer, by hand and outside of here: the credit is gone and the bank has less.
 * Refuses: not_found, credit_too_small, invalid_input (a day to come).
 */
export async function recordRefund(
  tx: Tx,
  accountId: string,
  input: {
    amount: number
    method: PaymentMethod
    on_date?: Temporal.PlainDate | undefined
    reference?: string | null | undefined
    reason: string
  },
  actorId: string | null,
  now: Temporal.Instant,
): Promise<Refusal | undefined> {
  const subject = await lockSubject(tx, accountId, now)
  if (isRefusal(subject)) return subject
  const on_date = input.on_date ?? subject.day
  if (Temporal.PlainDate.compare(on_date, subject.day) > 0) return refuseField('on_date', 'in_the_future')
  if (input.amount > subject.credit) return refuseCredit(subject)
  await writeCorrection(
    tx,
    subject,
    {
      kind: 'refund',
      amount: input.amount,
      on_date,
      reason: input.reason,
      method: input.method,
      reference: input.reference ?? null,
      debit: 'account_credit',
      credit: 'bank',
      moved: input.amount,
    },
    actorId,
  )
  return undefined
}

/**
 * Gives up what is still owed of an invoice or debit note, or a part of it: nobody is asked for it any more, and it stands in
 * the books as lost. Refuses: not_found, invoice_not_open, invalid_input (more than is owed).
 */
export async function writeOffInvoice(
  tx: Tx,
  invoiceId: string,
  input: { amount?: number | undefined; reason: string },
  actorId: string | null,
  now: Temporal.Instant,
): Promise<Refusal | undefined> {
  const found = await tx
    .selectFrom('invoices')
    .select('account_id')
    .where('id', '=', invoiceId)
    .executeTakeFirst()
  if (!found) return notFound()
  const subject = await lockSubject(tx, found.account_id, now)
  if (isRefusal(subject)) return subject
  const invoice = await tx
    .selectFrom('invoices')
    .innerJoin('invoice_balances', 'invoice_balances.invoice_id', 'invoices.id')
    .select([
      'invoices.state',
      'invoices.currency',
      'invoices.issue_date',
      sql<number>`invoice_balances.open_amount`.as('open_amount'),
    ])
    .where('invoices.id', '=', invoiceId)
    .executeTakeFirstOrThrow()
  if (invoice.state !== 'open' || invoice.open_amount <= 0) return refuse('invoice_not_open')
  const amount = input.amount ?? invoice.open_amount
  if (amount > invoice.open_amount)
    return refuseField('amount', 'more_than_owed', {
      amount: invoice.open_amount,
      currency: invoice.currency,
    })
  await writeCorrection(
    tx,
    { ...subject, currency: invoice.currency },
    {
      kind: 'write_off',
      amount,
      // Never before the debt itself.
      on_date:
        Temporal.PlainDate.compare(invoice.issue_date, subject.day) > 0 ? invoice.issue_date : subject.day,
      reason: input.reason,
      invoice_id: invoiceId,
      debit: 'write_off',
      credit: 'receivable',
      moved: amount,
    },
    actorId,
  )
  await settleInvoices(tx, [invoiceId], now)
  return undefined
}

function refuseCredit(subject: Subject): Refusal {
  return refuse('credit_too_small', { params: { amount: subject.credit, currency: subject.currency } })
}
