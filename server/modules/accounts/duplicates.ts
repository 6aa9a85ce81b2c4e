import { sql } from 'kysely'
import type { Tx } from '../../platform/database.ts'
import { readDomain } from './domains.ts'

/** Why an account may be the one that is being described, the surest first. */
export const duplicateReasons = [
  'same_tax_id',
  'same_email',
  'same_domain',
  'same_phone',
  'similar_name',
] as const

/** What is known so far of the account that somebody is about to create. */
export type Likeness = {
  business_unit_id?: string | undefined
  name?: string | undefined
  tax_id?: string | undefined
  email?: string | undefined
  phone?: string | undefined
  domains?: string[] | undefined
  /** An account that is not looked for: the one being edited. */
  except?: string | undefined
}

/**
 * At most five accounts, of the business units that the actor sees, that may be the one described (A1): same tax id,
 * e-mail, mail domain or phone, or a similar name. It suggests and never forbids.
 */
export async function findDuplicates(tx: Tx, likeness: Likeness) {
  const { rows } = await sql<{
    id: string
    number: number
    name: string
    tax_id: string | null
    email: string | null
    city: string | null
    business_unit_id: string
    business_unit_name: string
    reason: (typeof duplicateReasons)[number]
  }>`
    select a.id, a.number, a.name, a.tax_id, a.email::text, a.city, a.business_unit_id, b.name as business_unit_name, d.reason
      from find_account_duplicates(${likeness.business_unit_id ?? null}::uuid, ${likeness.name ?? ''}, ${likeness.tax_id ?? ''},
             ${likeness.email ?? ''}::citext, ${(likeness.domains ?? []).map(readDomain)}::citext[], ${likeness.phone ?? ''},
             ${likeness.except ?? null}::uuid) with ordinality d (account_id, reason, likeness, place)
      join accounts a on a.id = d.account_id join business_units b on b.id = a.business_unit_id
     order by d.place`.execute(tx)
  return rows
}
