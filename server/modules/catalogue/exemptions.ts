import { sql } from 'kysely'
import { today } from '../../platform/calendar.ts'
import type { Tx } from '../../platform/database.ts'
import { notFound, type Refusal, refuseField } from '../../platform/errors.ts'

export type ExemptionInput = {
  reason: string
  /** First day on which the tax is charged again; null: for good. */
  until?: Temporal.PlainDate | null | undefined
}

/**
 * The taxes of an account's business unit, each with the account's exemption from it, if there is one: in force, or past its
 * day. Archived taxes only where there is one. Refuses: not_found.
 */
export async function listAccountTaxes(tx: Tx, accountId: string, now: Temporal.Instant) {
  const account = await findUnit(tx, accountId)
  if (!account) return notFound()
  const rows = await tx
    .selectFrom('taxes')
    .leftJoin('account_tax_exemptions as e', (join) =>
      join.onRef('e.tax_id', '=', 'taxes.id').on('e.account_id', '=', accountId),
    )
    .leftJoin('users', 'users.id', 'e.created_by')
    .select([
      'taxes.id as tax_id',
      'taxes.name',
      'taxes.rate',
      'taxes.inclusive',
      'taxes.archived_at',
      'e.reason',
      'e.until',
      'e.created_at',
      'users.name as created_by_name',
    ])
    .where('taxes.business_unit_id', '=', account.business_unit_id)
    .where((eb) => eb.or([eb('taxes.archived_at', 'is', null), eb('e.account_id', 'is not', null)]))
    .orderBy('taxes.position')
    .orderBy('taxes.id')
    .execute()
  const day = today(now, account.time_zone)
  return rows.map(({ reason, until, created_at, created_by_name, ...tax }) => ({
    ...tax,
    exemption:
      reason === null
        ? null
        : {
            reason,
            until,
            in_force: until === null || Temporal.PlainDate.compare(until, day) > 0,
            created_at: created_at!,
            created_by_name,
          },
  }))
}

/**
 * Exempts an account from a tax of its business unit (B10), or says anew why and until when: documents of earlier days than
 * `until` are issued without it. Refuses: not_found (account or tax), invalid_input (a day that is no longer to come).
 */
export async function exemptAccount(
  tx: Tx,
  accountId: string,
  taxId: string,
  input: ExemptionInput,
  actorId: string | null,
  now: Temporal.Instant,
): Promise<Refusal | undefined> {
  const account = await findUnit(tx, accountId)
  if (!account) return notFound()
  const tax = await tx
    .selectFrom('taxes')
    .select('id')
    .where('id', '=', taxId)
    .where('business_unit_id', '=', account.business_unit_id)
    .executeTakeFirst()
  if (!tax) return notFound()
  const until = input.until ?? null
  if (until !== null && Temporal.PlainDate.compare(until, today(now, account.time_zone)) <= 0)
    return refuseField('until', 'not_to_come')
  await sql`
    insert into account_tax_exemptions (account_id, business_unit_id, tax_id, reason, until, created_by)
    values (${accountId}, ${account.business_unit_id}, ${taxId}, ${input.reason}, ${until}::date, ${actorId}::uuid)
    on conflict (account_id, tax_id)
    do update set reason = excluded.reason, until = excluded.until, created_by = excluded.created_by, created_at = now()`.execute(
    tx,
  )
  return undefined
}

/** Ends an exemption at once. Refuses: not_found. */
export async function endExemption(tx: Tx, accountId: string, taxId: string): Promise<Refusal | undefined> {
  const gone = await tx
    .deleteFrom('account_tax_exemptions')
    .where('account_id', '=', accountId)
    .where('tax_id', '=', taxId)
    .returning('tax_id')
    .executeTakeFirst()
  return gone ? undefined : notFound()
}

function findUnit(tx: Tx, accountId: string) {
  return tx
    .selectFrom('accounts')
    .innerJoin('business_units', 'business_units.id', 'accounts.business_unit_id')
    .select(['accounts.business_unit_id', 'business_units.time_zone'])
    .where('accounts.id', '=', accountId)
    .executeTakeFirst()
}
