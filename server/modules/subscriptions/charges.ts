// One-off amounts that wait to be billed: fees, instalments, what staff add by hand, penalties, late fees and interest.
import { sql } from 'kysely'
import { today } from '../../platform/calendar.ts'
import type { ChargeKind } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { notFound, type Refusal, refuse, refuseField } from '../../platform/errors.ts'
import { spread } from '../../platform/money.ts'
import { type ListRequest, readPage } from '../../platform/pages.ts'
import { lockAccount } from './locks.ts'
import { boundaryAfter, boundaryOnOrAfter } from './periods.ts'

/** A charge as it is written: amounts are minor units of the business unit's currency. */
export type Charge = {
  account_id: string
  subscription_id?: string | null | undefined
  kind: ChargeKind
  description: string
  unit_amount: number
  quantity?: number | undefined
  /** The closing on or after this day bills it. */
  bill_on: Temporal.PlainDate
  /** Whose taxes it has; none without it. */
  product_id?: string | null | undefined
  instalment?: number | null | undefined
  instalments?: number | null | undefined
  created_by?: string | null | undefined
}

/**
 * Writes charges that the next closings bill, in one statement; returns their ids in the order given. The caller has
 * checked who they belong to; whatever does not fit together, the database refuses.
 */
export async function addCharges(tx: Tx, charges: readonly Charge[]): Promise<string[]> {
  if (charges.length === 0) return []
  const written = await sql<{ id: string }>`
    insert into charges (id, business_unit_id, account_id, subscription_id, kind, description, unit_amount, quantity, bill_on,
                         product_id, instalment, instalments, created_by)
    select uuidv7(), a.business_unit_id, a.id, c.subscription_id, c.kind, c.description, c.unit_amount, c.quantity, c.bill_on,
           c.product_id, c.instalment, c.instalments, c.created_by
      from unnest(${charges.map((charge) => charge.account_id)}::uuid[],
                  ${charges.map((charge) => charge.subscription_id ?? null)}::uuid[],
                  ${charges.map((charge) => charge.kind)}::charge_kind[],
                  ${charges.map((charge) => charge.description)}::text[],
                  ${charges.map((charge) => charge.unit_amount)}::bigint[],
                  ${charges.map((charge) => charge.quantity ?? 1)}::bigint[],
                  ${charges.map((charge) => charge.bill_on)}::date[],
                  ${charges.map((charge) => charge.product_id ?? null)}::uuid[],
                  ${charges.map((charge) => charge.instalment ?? null)}::int[],
                  ${charges.map((charge) => charge.instalments ?? null)}::int[],
                  ${charges.map((charge) => charge.created_by ?? null)}::uuid[])
           with ordinality as c (account_id, subscription_id, kind, description, unit_amount, quantity, bill_on, product_id,
                                 instalment, instalments, created_by, position)
      join accounts a on a.id = c.account_id
     order by c.position
    returning id`.execute(tx)
  return written.rows.map((row) => row.id)
}

/** A part of an amount that is paid over several closings. */
export type Instalment = {
  instalment: number
  instalments: number
  unit_amount: number
  bill_on: Temporal.PlainDate
}

/**
 * Spreads an amount over closings, one part each, by largest remainder: the parts differ by one minor unit at most, the
 * larger ones come first, and together they are the amount (billing.md 9, 24). The first is billed by the closing on or
 * after `first`.
 */
export function spreadInstalments(
  total: number,
  count: number,
  first: Temporal.PlainDate,
  closing_day: number,
): Instalment[] {
  const amounts = spread(
    total,
    Array.from({ length: count }, () => 1),
  )
  const instalments: Instalment[] = []
  let bill_on = boundaryOnOrAfter(first, closing_day)
  for (const [index, unit_amount] of amounts.entries()) {
    instalments.push({ instalment: index + 1, instalments: count, unit_amount, bill_on })
    bill_on = boundaryAfter(bill_on, closing_day)
  }
  return instalments
}

export type ChargeInput = {
  subscription_id?: string | null | undefined
  description: string
  unit_amount: number
  quantity: number
  product_id?: string | null | undefined
  /** From this day on; today without it. */
  bill_on?: Temporal.PlainDate | null | undefined
  /** Over how many closings the amount is spread. */
  instalments: number
}

/**
 * Adds an amount by hand that the next closing bills, or the next ones in instalments. Returns the ids of the charges.
 * Refuses: not_found (account), invalid_input (a service or product that is not the account's, a day that is past, more
 * instalments than there is money to spread).
 */
export async function createCharges(
  tx: Tx,
  accountId: string,
  input: ChargeInput,
  by: string | null,
  now: Temporal.Instant,
): Promise<string[] | Refusal> {
  const account = await lockAccount(tx, accountId)
  if (account === null) return notFound()
  const unit = await tx
    .selectFrom('business_units')
    .select(['closing_day', 'time_zone'])
    .where('id', '=', account.business_unit_id)
    .executeTakeFirst()
  if (!unit) return notFound()
  const fault = await checkBelongings(tx, account, [input])
  if (fault) return fault
  const day = today(now, unit.time_zone)
  const from = input.bill_on ?? day
  if (Temporal.PlainDate.compare(from, day) < 0) return refuseField('bill_on', 'passed_already')
  const total = input.unit_amount * input.quantity
  if (!Number.isSafeInteger(total)) return refuseField('unit_amount', 'amount_too_large')
  if (input.instalments > 1 && total < input.instalments)
    return refuseField('instalments', 'too_big', { limit: total })
  const shared = {
    account_id: account.id,
    subscription_id: input.subscription_id ?? null,
    description: input.description,
    product_id: input.product_id ?? null,
    created_by: by,
  }
  if (input.instalments === 1) {
    const { unit_amount, quantity } = input
    return addCharges(tx, [{ ...shared, kind: 'manual', unit_amount, quantity, bill_on: from }])
  }
  return addCharges(
    tx,
    spreadInstalments(total, input.instalments, from, unit.closing_day).map((part) => ({
      ...shared,
      ...part,
      kind: 'instalment',
    })),
  )
}

/** Whether services are the account's and products its business unit's. Refuses: invalid_input. */
export async function checkBelongings(
  tx: Tx,
  account: { id: string; business_unit_id: string },
  items: readonly { subscription_id?: string | null | undefined; product_id?: string | null | undefined }[],
): Promise<Refusal | undefined> {
  const given = (key: 'subscription_id' | 'product_id') => [
    ...new Set(items.flatMap((item) => item[key] ?? [])),
  ]
  const services = given('subscription_id')
  const products = given('product_id')
  const found = await sql<{ services: number; products: number }>`
    select (select count(*) from subscriptions where id = any(${services}::uuid[]) and account_id = ${account.id})::int as services,
           (select count(*) from products where id = any(${products}::uuid[])
               and business_unit_id = ${account.business_unit_id})::int as products`.execute(tx)
  const { services: known, products: offered } = found.rows[0]!
  if (known !== services.length) return refuseField('subscription_id', 'not_a_choice')
  if (offered !== products.length) return refuseField('product_id', 'not_a_choice')
  return undefined
}

export const chargeStates = ['waiting', 'billed', 'withdrawn'] as const
export type ChargeState = (typeof chargeStates)[number]

/** A page of an account's one-off charges, newest first, with the document that billed each. */
export function listCharges(
  tx: Tx,
  request: ListRequest & { account_id: string; state?: ChargeState | undefined },
) {
  let query = tx
    .selectFrom('charges')
    .leftJoin('subscriptions', 'subscriptions.id', 'charges.subscription_id')
    .leftJoin('products', 'products.id', 'charges.product_id')
    .leftJoin('users', 'users.id', 'charges.created_by')
    .innerJoin('business_units', 'business_units.id', 'charges.business_unit_id')
    .leftJoinLateral(
      (eb) =>
        eb
          .selectFrom('invoice_lines')
          .innerJoin('invoices', 'invoices.id', 'invoice_lines.invoice_id')
          .select([
            'invoices.id as invoice_id',
            sql<string>`invoices.series || '-' || invoices.number`.as('invoice_number'),
          ])
          .whereRef('invoice_lines.charge_id', '=', 'charges.id')
          .where('invoice_lines.corrects_line_id', 'is', null)
          .as('billed'),
      (join) => join.onTrue(),
    )
    .select([
      'charges.id',
      'charges.account_id',
      'charges.subscription_id',
      'subscriptions.number as subscription_number',
      'charges.kind',
      'charges.description',
      'charges.unit_amount',
      'charges.quantity',
      sql<number>`(charges.unit_amount * charges.quantity)::bigint`.as('amount'),
      'business_units.currency',
      'charges.bill_on',
      'charges.product_id',
      'products.name as product_name',
      'charges.instalment',
      'charges.instalments',
      'users.name as created_by_name',
      'charges.created_at',
      'charges.withdrawn_at',
      'charges.billed_at',
      'billed.invoice_id',
      'billed.invoice_number',
      sql<ChargeState>`case when charges.billed_at is not null then 'billed'
        when charges.withdrawn_at is not null then 'withdrawn' else 'waiting' end`.as('state'),
    ])
    .where('charges.account_id', '=', request.account_id)
  if (request.state === 'waiting') {
    query = query.where('charges.billed_at', 'is', null).where('charges.withdrawn_at', 'is', null)
  }
  if (request.state === 'billed') query = query.where('charges.billed_at', 'is not', null)
  if (request.state === 'withdrawn') query = query.where('charges.withdrawn_at', 'is not', null)
  return readPage(
    query,
    request,
    {
      created_at: { by: sql`charges.id`, value: (row) => row.id, type: 'uuid' },
      bill_on: { by: sql`charges.bill_on`, value: (row) => row.bill_on, type: 'date' },
    },
    { by: sql`charges.id`, value: (row) => row.id, type: 'uuid' },
  )
}

/**
 * Takes a waiting charge back: it is never billed. Refuses: not_found, charge_settled (billed or withdrawn in the
 * meantime).
 */
export async function withdrawCharge(
  tx: Tx,
  id: string,
  now: Temporal.Instant,
): Promise<Refusal | undefined> {
  const charge = await tx.selectFrom('charges').select('account_id').where('id', '=', id).executeTakeFirst()
  if (!charge || (await lockAccount(tx, charge.account_id)) === null) return notFound()
  const withdrawn = await tx
    .updateTable('charges')
    .set({ withdrawn_at: now })
    .where('id', '=', id)
    .where('billed_at', 'is', null)
    .where('withdrawn_at', 'is', null)
    .executeTakeFirst()
  return withdrawn.numUpdatedRows === 0n ? refuse('charge_settled') : undefined
}
