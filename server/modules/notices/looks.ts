import { sql } from 'kysely'
import type { Tx } from '../../platform/database.ts'
import type { MailLook } from '../../platform/mail-layout.ts'

/** A business unit as its mails show it. */
export type UnitMailLook = { look: MailLook; slug: string; time_zone: string; logo_file_id: string | null }

/** What mails call their logo: the picture itself travels along as an attachment of this content id. */
export const logoCid = 'logo'

/** The operator's look, for mails to staff: they work for all business units. */
export const operatorLook: MailLook = {
  name: 'Zaguan',
  accent: '#2563eb',
  logo: null,
  support_email: null,
  support_phone: null,
  website: null,
  address: null,
}

/** The looks of business units, by id. */
export async function loadLooks(tx: Tx, unitIds: readonly string[]): Promise<Map<string, UnitMailLook>> {
  const units = await tx
    .selectFrom('business_units')
    .select([
      'id',
      'slug',
      'name',
      'accent',
      'logo_file_id',
      'support_email',
      'support_phone',
      'website',
      'time_zone',
      sql<string>`concat_ws(E'\n', address, concat_ws(', ', city, state, postal_code))`.as('postal'),
    ])
    .where(sql<boolean>`id = any(${[...new Set(unitIds)]}::uuid[])`)
    .execute()
  return new Map(
    units.map((unit) => [
      unit.id,
      {
        slug: unit.slug,
        time_zone: unit.time_zone,
        logo_file_id: unit.logo_file_id,
        look: {
          name: unit.name,
          accent: unit.accent,
          logo: unit.logo_file_id === null ? null : { cid: logoCid },
          support_email: unit.support_email,
          support_phone: unit.support_phone,
          website: unit.website,
          address: unit.postal === '' ? null : unit.postal,
        },
      },
    ]),
  )
}
