// The chart of accounts: how a business unit's own books call each account of the ledger (X3).
import { sql } from 'kysely'
import type { LedgerAccount } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, type Refusal, refuseField } from '../../platform/errors.ts'
import { getUnit } from '../units/index.ts'

export type ChartEntryInput = { ledger_account: LedgerAccount; code: string; name: string }

/** The chart of a business unit, by code: each account of the ledger stands in it once. Refuses: not_found. */
export async function listChart(tx: Tx, unitId: string) {
  const unit = await getUnit(tx, unitId)
  if (isRefusal(unit)) return unit
  return tx
    .selectFrom('chart_accounts')
    .select(['ledger_account', 'type', 'code', 'name'])
    .where('business_unit_id', '=', unitId)
    .orderBy('code')
    .execute()
}

/**
 * Gives accounts of the ledger other codes and names in the books of a business unit; what is not named stays. Codes may be
 * exchanged in one go. Refuses: not_found, invalid_input (an account or a code twice).
 */
export async function renameChart(tx: Tx, unitId: string, entries: readonly ChartEntryInput[]) {
  await sql`select from business_units where id = ${unitId} for no key update`.execute(tx)
  const chart = await listChart(tx, unitId)
  if (isRefusal(chart)) return chart
  const fault = findTwice(
    chart.map(({ ledger_account, code }) => ({ ledger_account, code })),
    entries,
  )
  if (fault) return fault
  await sql`
    update chart_accounts c set code = e.code, name = e.name
      from unnest(${entries.map((entry) => entry.ledger_account)}::ledger_account[],
                  ${entries.map((entry) => entry.code)}::text[], ${entries.map((entry) => entry.name)}::text[])
           as e (ledger_account, code, name)
     where c.business_unit_id = ${unitId} and c.ledger_account = e.ledger_account
       and (c.code, c.name) is distinct from (e.code, e.name)`.execute(tx)
  return listChart(tx, unitId)
}

function findTwice(
  chart: readonly { ledger_account: LedgerAccount; code: string }[],
  entries: readonly ChartEntryInput[],
): Refusal | undefined {
  const codes = new Map(chart.map(({ ledger_account, code }) => [ledger_account, code]))
  for (const [index, entry] of entries.entries()) {
    if (entries.findIndex((one) => one.ledger_account === entry.ledger_account) < index)
      return refuseField(`items.${index}.ledger_account`, 'listed_twice')
    codes.set(entry.ledger_account, entry.code)
  }
  const twice = entries.findIndex((entry) =>
    [...codes].some(([account, code]) => account !== entry.ledger_account && code === entry.code),
  )
  return twice === -1 ? undefined : refuseField(`items.${twice}.code`, 'listed_twice')
}
