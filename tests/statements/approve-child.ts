/**
 * Approves what is certain of a bank statement in a process of its own, for tests that kill it: OFFICE_URL, STATEMENT, DATA_DIR
 * and NOW (an instant) from the environment.
 */
import { approveStatement } from '../../server/modules/payments/statement-approval.ts'
import { readConfig } from '../../server/platform/config.ts'
import { openPool, transactAsSystem } from '../../server/platform/database.ts'

const { OFFICE_URL, STATEMENT, DATA_DIR, NOW } = process.env
if (!OFFICE_URL || !STATEMENT || !DATA_DIR || !NOW) throw new Error('the environment is incomplete')
const pool = openPool(OFFICE_URL, 3, 'approve-child')
await approveStatement(STATEMENT, readConfig({ DATA_DIR, LOG_LEVEL: 'silent', PORT: '3000' }), {
  pool,
  now: () => Temporal.Instant.from(NOW),
  transact: (work) =>
    transactAsSystem(pool, { kind: 'job', way: 'job', operation: 'approve', name: 'approve' }, work),
  stopping: () => false,
  last_attempt: false,
  log: { info: () => undefined, error: () => undefined },
})
await pool.end()
