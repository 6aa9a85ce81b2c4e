import { sql } from 'kysely'
import type { Tx } from '../../platform/database.ts'
import type { JobHandlers, Schedule } from '../../platform/jobs.ts'

/**
 * Puts the ledger's totals of each day, account and currency together into one row. Every statement that posts adds rows of
 * its own, so that nobody waits for anybody; reading stays cheap because they do not stay many. Returns how many went.
 */
export async function compactLedgerDays(tx: Tx): Promise<number> {
  const done = await sql<{ gone: number }>`select compact_ledger_days() as gone`.execute(tx)
  return done.rows[0]?.gone ?? 0
}

/** The background work of the ledger. */
export const ledgerJobs: JobHandlers = {
  'billing:compact_ledger_days': async (_payload, { transact }) => {
    await transact(compactLedgerDays)
  },
}

/** When it runs by itself (UTC). */
export const ledgerSchedule: Schedule = { 'billing:compact_ledger_days': '17 * * * *' }
