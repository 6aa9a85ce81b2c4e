import { sql } from 'kysely'
import type { Tx } from '../../platform/database.ts'
import { notFound, refuse } from '../../platform/errors.ts'
import { type ListRequest, readPage } from '../../platform/pages.ts'

/** The support credits that an account has: the sum of its entries. */
export async function readSupportBalance(tx: Tx, accountId: string): Promise<number> {
  const found = await sql<{ balance: number }>`
    select coalesce(sum(amount), 0)::bigint as balance from support_credit_entries where account_id = ${accountId}`.execute(
    tx,
  )
  return found.rows[0]!.balance
}

/** A page of the support credits that an account was given and used, with its balance. */
export async function listSupportCredits(tx: Tx, accountId: string, request: ListRequest) {
  const tie = { by: sql`support_credit_entries.id`, value: (row: { id: string }) => row.id, type: 'uuid' }
  const page = await readPage(
    tx
      .selectFrom('support_credit_entries')
      .leftJoin('orders', 'orders.id', 'support_credit_entries.order_id')
      .leftJoin('invoices', 'invoices.id', 'support_credit_entries.invoice_id')
      .select([
        'support_credit_entries.id',
        'support_credit_entries.kind',
        'support_credit_entries.amount',
        'support_credit_entries.reason',
        'support_credit_entries.order_id',
        'orders.number as order_number',
        'orders.title as order_title',
        'support_credit_entries.invoice_id',
        sql<string | null>`invoices.series || '-' || invoices.number`.as('invoice_number'),
        'support_credit_entries.created_at',
      ])
      .where('support_credit_entries.account_id', '=', accountId),
    request,
    // Ids are made in the order of time.
    { created_at: tie },
    tie,
  )
  return { balance: await readSupportBalance(tx, accountId), ...page }
}

/** The support credits of any account. Refuses: not_found. */
export async function listAccountSupportCredits(tx: Tx, accountId: string, request: ListRequest) {
  const account = await tx.selectFrom('accounts').select('id').where('id', '=', accountId).executeTakeFirst()
  return account ? listSupportCredits(tx, accountId, request) : notFound()
}

/**
 * Gives support credits to an account or takes some, with a reason. Refuses: not_found, support_credits_short (it has not so
 * many).
 */
export async function adjustSupportCredits(
  tx: Tx,
  accountId: string,
  input: { amount: number; reason: string },
  by: string,
) {
  const account = await tx
    .selectFrom('accounts')
    .select(['id', 'business_unit_id'])
    .where('id', '=', accountId)
    .forNoKeyUpdate()
    .executeTakeFirst()
  if (!account) return notFound()
  const balance = await readSupportBalance(tx, accountId)
  if (balance + input.amount < 0) return refuse('support_credits_short', { params: { balance } })
  await tx
    .insertInto('support_credit_entries')
    .values({
      business_unit_id: account.business_unit_id,
      account_id: accountId,
      kind: 'adjustment',
      amount: input.amount,
      reason: input.reason,
      created_by: by,
    })
    .execute()
  return listSupportCredits(tx, accountId, { limit: 50, sort: '-created_at' })
}
