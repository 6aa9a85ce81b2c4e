// What a minimum term takes off the plan while it lasts (B5): given with the sale, billed as a coupon is.
import { sql } from 'kysely'
import type { Tx } from '../../platform/database.ts'
import { type Language, translator } from '../../platform/translations.ts'

const { compare } = Temporal.PlainDate

type Dates = {
  start_date: Temporal.PlainDate
  activation_date: Temporal.PlainDate | null
  billing_start: Temporal.PlainDate | null
  term_months: number
}

/** From the first charged day to the end of the term, so far as both are known; empty where the trial outlasts the term. */
function termSpan({ start_date, activation_date, billing_start, term_months }: Dates) {
  const from = billing_start ?? start_date
  const end = (activation_date ?? start_date).add({ months: term_months })
  return { from_date: from, to_date: compare(end, from) < 0 ? from : end }
}

/** Gives a new service what its plan takes off for its term, in basis points. @throws where the plan does not offer that. */
export async function giveTermDiscount(
  tx: Tx,
  subscription: Dates & { id: string; account_id: string },
  basisPoints: number,
  language: Language,
): Promise<void> {
  const { id, account_id, term_months } = subscription
  await tx
    .insertInto('subscription_coupons')
    .values({
      subscription_id: id,
      account_id,
      term_months,
      name: translator(language)('pdf:term_discount', { count: term_months }),
      discount_kind: 'percent',
      discount_basis_points: basisPoints,
      ...termSpan(subscription),
    })
    .execute()
}

/**
 * Lets what the term takes off follow the days of the service, where they were not known or are corrected before anything is
 * billed: its first charged day, and its installation, from which the term counts.
 */
export async function moveTermDiscount(tx: Tx, subscriptionId: string): Promise<void> {
  const given = await tx
    .selectFrom('subscription_coupons as r')
    .innerJoin('subscriptions as s', 's.id', 'r.subscription_id')
    .select(['r.id', 's.start_date', 's.activation_date', 's.billing_start'])
    // A transfer takes along what was left of the term, and a corrected one may be shorter.
    .select(sql<number>`least(r.term_months, s.term_months)`.as('term_months'))
    .where('r.subscription_id', '=', subscriptionId)
    .where('r.term_months', 'is not', null)
    // One that staff ended stays so.
    .where(sql<boolean>`r.to_date > r.from_date`)
    .executeTakeFirst()
  if (!given) return
  await tx.updateTable('subscription_coupons').set(termSpan(given)).where('id', '=', given.id).execute()
}
