import { sql } from 'kysely'
import { arrayLiteral } from '../../platform/array-literals.ts'
import type { NoticeKind, PaymentFailure } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { type ComposedMail, composeMail } from '../../platform/mail-template.ts'
import { type Language, translator } from '../../platform/translations.ts'
import { listRecipients } from '../accounts/index.ts'
import { invoiceLink, paymentLink, paymentMethodsLink } from './links.ts'
import { loadLooks } from './looks.ts'
import { type Draft, queueNotices } from './queue.ts'

// What customers are told of money that went back, of the methods that they keep, and of automatic debit.

type About = { cause_id: string; account_id: string; business_unit_id: string; language: Language }

/** One mail for each whom an account tells of its bills; written once, whatever is repeated. */
async function queueAbout<A extends About>(
  tx: Tx,
  kind: NoticeKind,
  causes: readonly A[],
  compose: (cause: A, name: string, look: Parameters<typeof composeMail>[3]) => ComposedMail,
): Promise<void> {
  if (causes.length === 0) return
  const looks = await loadLooks(tx, [...new Set(causes.map((cause) => cause.business_unit_id))])
  const recipients = await listRecipients(
    tx,
    [...new Set(causes.map((cause) => cause.account_id))],
    'billing',
  )
  const drafts = causes.flatMap((cause): Draft[] => {
    const unit = looks.get(cause.business_unit_id)
    if (!unit) return []
    return (recipients.get(cause.account_id) ?? []).map(({ email, name }) => ({
      kind,
      business_unit_id: cause.business_unit_id,
      account_id: cause.account_id,
      cause_id: cause.cause_id,
      to_email: email,
      language: cause.language,
      mail: compose(cause, name, unit.look),
    }))
  })
  await queueNotices(tx, drafts)
}

/** Tells that money of a payment went back, and what is owed again by that. */
export async function queueReversal(tx: Tx, reversalId: string, origin: string): Promise<void> {
  const found = await sql<
    About & {
      kind: 'refund' | 'chargeback'
      amount: number
      currency: string
      on: Temporal.PlainDate
      invoices: { id: string; number: string }[]
    }
  >`
    select r.id as cause_id, r.account_id, r.business_unit_id, a.language, r.kind, r.amount, r.currency,
           (r.done_at at time zone u.time_zone)::date as "on",
           coalesce((select json_agg(json_build_object('id', i.id, 'number', i.series || '-' || i.number) order by i.due_date, i.id)
                       from invoices i where i.state = 'open'
                        and i.id in (select e.invoice_id from ledger_entries e where e.payment_id = r.payment_id
                                        and e.ledger_account = 'receivable' and e.kind in ('refund', 'chargeback'))), '[]') as invoices
      from payment_reversals r
      join accounts a on a.id = r.account_id and a.erased_at is null
      join business_units u on u.id = r.business_unit_id
     where r.id = ${reversalId} and r.done_at is not null`.execute(tx)
  const [row] = found.rows
  if (!row) return
  const kind = row.kind === 'refund' ? 'payment_refunded' : 'payment_charged_back'
  await queueAbout(tx, kind, found.rows, ({ amount, currency, on, invoices, language }, name, look) =>
    composeMail(
      kind,
      {
        name,
        amount,
        currency,
        on,
        owed_again: invoices.length === 0 ? null : invoices.map(({ number }) => number).join(', '),
        link: paymentLink(
          origin,
          invoices.map(({ id }) => id),
        ),
      },
      language,
      look,
    ),
  )
}

/** Tells what became of a method that a customer keeps. */
export async function queueMethod(
  tx: Tx,
  methodId: string,
  kind:
    | 'payment_method_stored'
    | 'payment_method_removed'
    | 'payment_method_expiring'
    | 'payment_method_expired',
  origin: string,
): Promise<void> {
  const found = await sql<
    About & { method: string; automatic: boolean; expires_on: Temporal.PlainDate | null }
  >`
    select m.id as cause_id, m.account_id, m.business_unit_id, a.language, m.automatic, m.expires_on,
           concat_ws(' ', m.brand, '•••• ' || m.last_digits) as method
      from stored_methods m join accounts a on a.id = m.account_id and a.erased_at is null
     where m.id = ${methodId}`.execute(tx)
  await queueAbout(tx, kind, found.rows, ({ method, automatic, expires_on, language }, name, look) =>
    composeMail(
      kind,
      { name, method, automatic, expires_on, link: paymentMethodsLink(origin) },
      language,
      look,
    ),
  )
}

type Debit = About & {
  number: string
  amount: number
  currency: string
  due_date: Temporal.PlainDate
  method: string
}

/** Tells of invoices that will be charged by themselves. */
export async function queueDebitsAnnounced(
  tx: Tx,
  invoiceIds: readonly string[],
  origin: string,
): Promise<void> {
  const found = await sql<Debit>`
    select i.id as cause_id, i.account_id, i.business_unit_id, a.language, i.series || '-' || i.number as number,
           b.open_amount as amount, i.currency, i.due_date, concat_ws(' ', m.brand, '•••• ' || m.last_digits) as method
      from invoices i
      join accounts a on a.id = i.account_id and a.erased_at is null
      join invoice_balances b on b.invoice_id = i.id
      join stored_methods m on m.account_id = i.account_id and m.state = 'active' and is_debited_by(i.id, m.id, m.automatic)
     where i.id = any(${arrayLiteral(invoiceIds)}::uuid[]) and b.open_amount > 0`.execute(tx)
  await queueAbout(tx, 'debit_announced', found.rows, (debit, name, look) =>
    composeMail(
      'debit_announced',
      { ...factsOf(debit), name, link: invoiceLink(origin, debit.cause_id) },
      debit.language,
      look,
    ),
  )
}

/** Asks to pay otherwise what cannot be charged, because its method is no longer good. */
export async function queueDebitsImpossible(
  tx: Tx,
  invoiceIds: readonly string[],
  origin: string,
): Promise<void> {
  const found = await sql<Debit & { cause: 'expired' | 'refused' }>`
    select i.id as cause_id, i.account_id, i.business_unit_id, a.language, i.series || '-' || i.number as number,
           b.open_amount as amount, i.currency, i.due_date, concat_ws(' ', m.brand, '•••• ' || m.last_digits) as method,
           case m.state when 'refused' then 'refused' else 'expired' end as cause
      from invoices i
      join accounts a on a.id = i.account_id and a.erased_at is null
      join invoice_balances b on b.invoice_id = i.id
      join stored_methods m on m.account_id = i.account_id and m.state <> 'removed' and is_debited_by(i.id, m.id, m.automatic)
                           and (m.state <> 'active' or m.expires_on is not null)
     where i.id = any(${arrayLiteral(invoiceIds)}::uuid[]) and b.open_amount > 0`.execute(tx)
  await queueAbout(tx, 'debit_impossible', found.rows, (debit, name, look) =>
    composeMail(
      'debit_impossible',
      { ...factsOf(debit), name, cause: debit.cause, link: invoiceLink(origin, debit.cause_id) },
      debit.language,
      look,
    ),
  )
}

const factsOf = ({ number, amount, currency, due_date, method }: Debit) => ({
  number,
  amount,
  currency,
  due_date,
  method,
})

/** Tells that charges were refused: why, and when they are tried again. */
export async function queueDebitsRefused(
  tx: Tx,
  attemptIds: readonly string[],
  origin: string,
): Promise<void> {
  const found = await sql<
    Debit & { failure: PaymentFailure; next_on: Temporal.PlainDate | null; invoice_id: string }
  >`
    select d.id as cause_id, d.invoice_id, d.account_id, d.business_unit_id, a.language, i.series || '-' || i.number as number,
           p.amount, p.currency, i.due_date, concat_ws(' ', m.brand, '•••• ' || m.last_digits) as method, d.failure, d.next_on
      from debit_attempts d
      join accounts a on a.id = d.account_id and a.erased_at is null
      join invoices i on i.id = d.invoice_id
      join payment_intents p on p.id = d.intent_id
      join stored_methods m on m.id = d.stored_method_id
     where d.id = any(${arrayLiteral(attemptIds)}::uuid[]) and d.state = 'refused'`.execute(tx)
  await queueAbout(tx, 'debit_refused', found.rows, (debit, name, look) =>
    composeMail(
      'debit_refused',
      {
        ...factsOf(debit),
        name,
        reason: translator(debit.language)(`providers:office.failure.${debit.failure}`),
        next_on: debit.next_on,
        link: debit.next_on === null ? paymentMethodsLink(origin) : invoiceLink(origin, debit.invoice_id),
      },
      debit.language,
      look,
    ),
  )
}
