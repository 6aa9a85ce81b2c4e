import { sql } from 'kysely'
import type { Pool, Tx } from '../../platform/database.ts'
import type { Language } from '../../platform/translations.ts'

/** What the public may see of a business unit: how it looks and how to reach it. */
export type UnitLook = {
  id: string
  slug: string
  name: string
  accent: string
  logo_file_id: string | null
  language: Language
  support_email: string | null
  support_phone: string | null
  website: string | null
}

/** How a look is told to a web app: the logo by its address. */
export function describeLook(look: UnitLook) {
  const { id: _id, logo_file_id, ...rest } = look
  return { ...rest, logo_url: logo_file_id === null ? null : `/api/v1/portal/logos/${logo_file_id}` }
}

/** The look that a page of the portal is sent with; null where neither slug nor host names a business unit. */
export async function readPageLook(pool: Pool, slug: string | null, host: string) {
  const found = await pool.query({
    name: 'find_look',
    text: 'select * from find_look($1, $2)',
    values: [slug, host],
  })
  const look: UnitLook | undefined = found.rows[0]
  return look ? describeLook(look) : null
}

/** Finds the look by the unit's slug, else by the host name that was asked for; null where neither is known. */
export async function findLook(tx: Tx, slug: string | null, host: string): Promise<UnitLook | null> {
  const found = await sql<UnitLook>`select * from find_look(${slug}, ${host})`.execute(tx)
  return found.rows[0] ?? null
}

/** The file of a logo, which is public; null where the id is not one. */
export async function findLogo(tx: Tx, fileId: string): Promise<{ id: string; media_type: string } | null> {
  const found = await sql<{ id: string; media_type: string }>`select * from find_logo(${fileId})`.execute(tx)
  return found.rows[0] ?? null
}
