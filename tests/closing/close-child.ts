/**
 * Closes a business unit in a process of its own, for tests that kill it: OFFICE_URL, UNIT, UP_TO, and NOW (an instant)
 * from the environment. Prints one JSON line per batch and the result at the end.
 */
import { closeUnit } from '../../server/modules/billing/index.ts'
import { openPool } from '../../server/platform/database.ts'
import { isRefusal } from '../../server/platform/errors.ts'

const { OFFICE_URL, UNIT, UP_TO, NOW } = process.env
if (!OFFICE_URL || !UNIT || !UP_TO) throw new Error('OFFICE_URL, UNIT and UP_TO are needed')
const pool = openPool(OFFICE_URL, 3, 'close-child')
const now = () => (NOW ? Temporal.Instant.from(NOW) : Temporal.Now.instant())
const result = await closeUnit(pool, {
  business_unit_id: UNIT,
  up_to: Temporal.PlainDate.from(UP_TO),
  now,
  progress: (done, total) => console.log(JSON.stringify({ done, total })),
})
console.log(JSON.stringify(isRefusal(result) ? { refused: result.code } : { result }))
await pool.end()
if (isRefusal(result)) process.exitCode = 1
