import { sql } from 'kysely'
import type { CycleUnit, OrderState } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { composeMail } from '../../platform/mail-template.ts'
import { type Language, translator } from '../../platform/translations.ts'
import { listRecipients } from '../accounts/index.ts'
import { officeOrderLink, orderLink } from './links.ts'
import { loadLooks, operatorLook } from './looks.ts'
import { type Draft, queueNotices } from './queue.ts'

type Order = {
  account_id: string
  business_unit_id: string
  number: number
  kind: string
  state: OrderState
  title: string
  total: number
  due: number
  currency: string
  recurring_amount: number | null
  recurring_unit: CycleUnit | null
  recurring_count: number | null
  freemium: boolean
  valid_until: Temporal.PlainDate | null
  /** The last day on which it can be paid, while it waits. */
  payable_until: Temporal.PlainDate | null
  placed_at: Temporal.Instant | null
  note: string | null
  failure: {
    code: string
    params?: Record<string, string | number>
    fields?: { code: string; params?: Record<string, string | number> }[]
  } | null
  language: Language
}

async function readOrder(tx: Tx, orderId: string): Promise<Order | undefined> {
  const found = await sql<Order>`
    select o.account_id, o.business_unit_id, o.number, o.kind, o.state, o.title, o.total, o.due, o.currency, o.recurring_amount,
           o.recurring_unit, o.recurring_count, o.freemium, o.valid_until, o.note, o.failure_detail as failure, a.language, o.placed_at,
           case when u.order_expiry_days > 0 then (o.placed_at at time zone u.time_zone)::date + u.order_expiry_days end as payable_until
      from orders o join accounts a on a.id = o.account_id and a.erased_at is null join business_units u on u.id = o.business_unit_id
     where o.id = ${orderId}`.execute(tx)
  return found.rows[0]
}

/**
 * Tells whoever an account tells of its services about an order: offered, placed, done or expired. What is done within a second, and a
 * change of a service, which has a mail of its own, is told once. Written once, whatever is repeated.
 */
export async function queueOrder(
  tx: Tx,
  orderId: string,
  kind: 'quote_offered' | 'order_placed' | 'order_processed' | 'order_expired',
  origin: string,
): Promise<void> {
  const order = await readOrder(tx, orderId)
  const unit = order && (await loadLooks(tx, [order.business_unit_id])).get(order.business_unit_id)
  if (!order || !unit) return
  if (kind === 'quote_offered' && order.state !== 'quoted') return
  if (kind === 'order_placed' && (order.state !== 'open' || order.due === 0)) return
  if (kind === 'order_processed' && order.kind === 'change') return
  // A quote that nobody accepted says its last day itself.
  if (kind === 'order_expired' && (order.state !== 'expired' || order.placed_at === null)) return
  const recipients = (await listRecipients(tx, [order.account_id], 'services')).get(order.account_id) ?? []
  const { language, number, title, total, due, freemium, currency } = order
  const recurring =
    order.recurring_amount !== null && order.recurring_unit !== null && order.recurring_count !== null
      ? { amount: order.recurring_amount, unit: order.recurring_unit, count: order.recurring_count }
      : null
  const facts = {
    number,
    title,
    total,
    due: kind === 'order_processed' ? total : due,
    recurring,
    freemium,
    currency,
    link: orderLink(origin, orderId),
  }
  await queueNotices(
    tx,
    recipients.map(({ email, name }) => ({
      kind,
      business_unit_id: order.business_unit_id,
      account_id: order.account_id,
      cause_id: orderId,
      to_email: email,
      language,
      mail:
        kind === 'quote_offered'
          ? composeMail(
              kind,
              { name, ...facts, until: order.valid_until!, note: order.note },
              language,
              unit.look,
            )
          : kind === 'order_placed'
            ? composeMail(kind, { name, ...facts, until: order.payable_until }, language, unit.look)
            : composeMail(kind, { name, ...facts }, language, unit.look),
    })),
  )
}

/** Whoever of staff looks after an order: its salesperson and the business unit's support. */
async function listKeepers(tx: Tx, orderId: string) {
  const people = await sql<{ email: string; name: string | null; language: Language }>`
    select u.email::text as email, u.name, u.language from orders o join users u on u.id = o.salesperson_id
     where o.id = ${orderId} and u.disabled_at is null
     union
    select b.support_email::text, null, b.language from orders o join business_units b on b.id = o.business_unit_id
     where o.id = ${orderId} and b.support_email is not null`.execute(tx)
  const seen = new Set<string>()
  return people.rows.filter(({ email }) => {
    const known = seen.has(email.toLowerCase())
    seen.add(email.toLowerCase())
    return !known
  })
}

/** Tells staff that an order could not be done. The account's mailbox does not have it. */
export async function queueOrderFailed(tx: Tx, orderId: string, origin: string): Promise<void> {
  const order = await readOrder(tx, orderId)
  if (!order?.failure) return
  const { failure, number, title } = order
  const reasonIn = (language: Language) => {
    const t = translator(language)
    const [field] = failure.fields ?? []
    return field
      ? t(`errors:field.${field.code}`, field.params ?? {})
      : t(`errors:${failure.code}.detail`, failure.params ?? {})
  }
  const link = officeOrderLink(origin, orderId)
  const keepers = await listKeepers(tx, orderId)
  await queueNotices(
    tx,
    keepers.map(({ email, name, language }): Draft => {
      const told = { name, number, title, paid: order.state === 'paid', reason: reasonIn(language), link }
      return {
        kind: 'order_failed',
        business_unit_id: order.business_unit_id,
        account_id: null,
        cause_id: orderId,
        to_email: email,
        language,
        mail: composeMail('order_failed', told, language, operatorLook),
      }
    }),
  )
}

/** Tells staff that money came for an order that had ended: it is the account's credit. */
export async function queueOrderPaidLate(tx: Tx, orderId: string, origin: string): Promise<void> {
  const order = await readOrder(tx, orderId)
  if (!order) return
  const { number, title, business_unit_id } = order
  const link = officeOrderLink(origin, orderId)
  const keepers = await listKeepers(tx, orderId)
  await queueNotices(
    tx,
    keepers.map(
      ({ email, name, language }): Draft => ({
        kind: 'order_paid_late',
        business_unit_id,
        account_id: null,
        cause_id: orderId,
        to_email: email,
        language,
        mail: composeMail('order_paid_late', { name, number, title, link }, language, operatorLook),
      }),
    ),
  )
}
