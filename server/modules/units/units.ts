import type { Insertable, Updateable } from 'kysely'
import { sql } from 'kysely'
import type { BusinessUnits } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, notFound, type Refusal, refuseField } from '../../platform/errors.ts'
import type { FileStore } from '../../platform/files.ts'
import { recordFile } from '../../platform/files.ts'
import { fitImage } from '../../platform/images.ts'

export type UnitInput = Omit<Insertable<BusinessUnits>, 'id' | 'created_at' | 'updated_at' | 'logo_file_id'>
export type UnitChange = Omit<
  Updateable<BusinessUnits>,
  'id' | 'created_at' | 'updated_at' | 'logo_file_id' | 'currency'
>

/** Every business unit that the actor may see, in order of name: few by nature, so the list does not page. */
export function listUnits(tx: Tx) {
  return tx.selectFrom('business_units').selectAll().orderBy('name').orderBy('id').execute()
}

/** One business unit. Refuses: not_found. */
export async function getUnit(tx: Tx, id: string) {
  return (
    (await tx.selectFrom('business_units').selectAll().where('id', '=', id).executeTakeFirst()) ?? notFound()
  )
}

/** The business unit that people name by its slug. Refuses: invalid_input (`business_unit` is none of them). */
export async function findUnitBySlug(tx: Tx, slug: string) {
  return (
    (await tx.selectFrom('business_units').selectAll().where('slug', '=', slug).executeTakeFirst()) ??
    refuseField('business_unit', 'not_a_choice')
  )
}

/** Creates a business unit. Refuses: invalid_input where the time zone is none, or the slug or host is taken. */
export async function createUnit(tx: Tx, input: UnitInput) {
  const fault = checkTimeZone(input.time_zone)
  if (fault) return fault
  return tx.insertInto('business_units').values(input).returningAll().executeTakeFirstOrThrow()
}

/**
 * Changes a business unit's settings. The currency never changes: its books are kept in it. A new closing day or time
 * zone moves future boundaries only; billed days stay billed (billing.md 1). Refuses: not_found, invalid_input.
 */
export async function updateUnit(tx: Tx, id: string, change: UnitChange) {
  if (change.time_zone !== undefined) {
    const fault = checkTimeZone(change.time_zone)
    if (fault) return fault
  }
  const row = await tx
    .updateTable('business_units')
    .set({ ...change, slug: change.slug ?? sql.ref('slug') })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst()
  return row ?? notFound()
}

/**
 * Sets the logo: any PNG, JPEG, WebP, AVIF or SVG up to the route's limit, re-encoded to PNG at most 600×200 so that
 * nothing of the upload but its picture is kept. Refuses: not_found, invalid_input (not an image).
 */
export async function setUnitLogo(
  tx: Tx,
  files: FileStore,
  unitId: string,
  image: Buffer,
  fileId: string,
  createdBy: string | null,
) {
  const unit = await getUnit(tx, unitId)
  if (!('id' in unit)) return unit
  const png = await fitImage(image, 600, 200)
  if (isRefusal(png)) return png
  const stored = await files.write(fileId, png)
  await recordFile(tx, {
    id: fileId,
    purpose: 'logo',
    name: 'logo.png',
    media_type: 'image/png',
    ...stored,
    business_unit_id: unitId,
    created_by: createdBy,
  })
  return tx
    .updateTable('business_units')
    .set({ logo_file_id: fileId })
    .where('id', '=', unitId)
    .returningAll()
    .executeTakeFirstOrThrow()
}

function checkTimeZone(timeZone: string): Refusal | null {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(timeZone)
    return null
  } catch {
    return refuseField('time_zone', 'not_a_time_zone')
  }
}
