/**
 * Runs one job of a payment in a process of its own, and kills it there: OFFICE_URL, DATA_DIR, TASK, ID, POINT and NOW from the
 * environment. POINT is `<when>` of the provider's call (`before_call`, `in_call`, `after_call`) or `before_commit:<n>`,
 * `after_commit:<n>` of the house's own n-th transaction, counted from the start; anything else kills nothing.
 */
import { createSandboxDriver } from '../../server/drivers/sandbox/driver.ts'
import { createIntentJobs, type Drivers, type ProviderDriver } from '../../server/modules/payments/index.ts'
import { readConfig } from '../../server/platform/config.ts'
import { openPool, type Tx, transactAsSystem } from '../../server/platform/database.ts'

const { OFFICE_URL, DATA_DIR, TASK, ID, POINT, NOW } = process.env
if (!OFFICE_URL || !DATA_DIR || !TASK || !ID || !NOW) throw new Error('the environment is not complete')

/** As when the machine loses its power: nothing of this process is asked any more. */
function die(): never {
  process.kill(process.pid, 'SIGKILL')
  for (;;);
}

const config = readConfig({ DATA_DIR, LOG_LEVEL: 'silent', PORT: '3000' })
const pool = openPool(OFFICE_URL, 4, 'pay-child')
const actor = { kind: 'job', way: 'job', operation: 'test', name: 'pay-child' } as const
let count = 0
/** The house's own transactions, each of which may be the last one. */
async function transact<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
  const number = ++count
  const result = await transactAsSystem(pool, actor, async (tx) => {
    const done = await work(tx)
    if (POINT === `before_commit:${number}`) die()
    return done
  })
  if (POINT === `after_commit:${number}`) die()
  return result
}

const sandbox = createSandboxDriver({ config })
/** The provider's own transactions: another process in life, so they are not counted. */
const provider = async <T>(work: (tx: Tx) => Promise<T>) =>
  transactAsSystem(pool, actor, async (tx) => {
    const done = await work(tx)
    if (POINT === 'in_call') die()
    return done
  })
const driver: ProviderDriver = {
  ...sandbox,
  async create(context, charge) {
    if (POINT === 'before_call') die()
    const standing = await sandbox.create(
      { ...context, settings: sandbox.settings.parse({}), secrets: {}, transact: provider },
      charge,
    )
    if (POINT === 'after_call') die()
    return standing
  },
  async refund(context, refund) {
    if (POINT === 'before_call') die()
    const standing = await sandbox.refund!(
      { ...context, settings: sandbox.settings.parse({}), secrets: {}, transact: provider },
      refund,
    )
    if (POINT === 'after_call') die()
    return standing
  },
} as ProviderDriver
const drivers: Drivers = new Map([[driver.kind, driver]])
const jobs = createIntentJobs({ config, drivers })
await jobs[TASK]!(TASK === 'payments:send_refund' ? { reversal_id: ID } : { intent_id: ID }, {
  pool,
  now: () => Temporal.Instant.from(NOW),
  transact,
  stopping: () => false,
  last_attempt: false,
  log: { info: () => undefined, error: () => undefined },
})
console.log(JSON.stringify({ transactions: count }))
await pool.end()
