/**
 * Imports services in a process of its own, for tests that kill it: OFFICE_URL, UNIT, FILE, MAPPING and AS_OF from the
 * environment. Prints the result as one JSON line.
 */
import { readFile } from 'node:fs/promises'
import { importFile, mappingSchema } from '../../server/modules/imports/index.ts'
import { openPool } from '../../server/platform/database.ts'
import { isRefusal } from '../../server/platform/errors.ts'

const { OFFICE_URL, UNIT, FILE, MAPPING, AS_OF } = process.env
if (!OFFICE_URL || !UNIT || !FILE || !MAPPING || !AS_OF)
  throw new Error('OFFICE_URL, UNIT, FILE, MAPPING and AS_OF are needed')
const pool = openPool(OFFICE_URL, 3, 'import-child')
const result = await importFile(pool, null, {
  kind: 'services',
  business_unit: UNIT,
  path: FILE,
  mapping: mappingSchema.parse(JSON.parse(await readFile(MAPPING, 'utf8'))),
  as_of: Temporal.PlainDate.from(AS_OF),
  now: () => Temporal.Now.instant(),
})
console.log(JSON.stringify(isRefusal(result) ? { refused: result.code } : result))
await pool.end()
if (isRefusal(result)) process.exitCode = 1
