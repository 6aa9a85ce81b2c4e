import type { Tx } from '../../platform/database.ts'
import { findLook } from '../units/index.ts'
import type { Person, Visitor } from './sessions.ts'

/** The name under which somebody keeps what they sign in with: of their business unit, else of the site. */
export async function nameSite(tx: Tx, site: Site, person: Person): Promise<string> {
  if (person.side !== 'customer' || person.business_unit_id === null) return site.name
  const unit = await tx
    .selectFrom('business_units')
    .select('name')
    .where('id', '=', person.business_unit_id)
    .executeTakeFirst()
  return unit?.name ?? site.name
}

/** The web site that somebody is on: passkeys belong to its host, and its name stands beside what the person keeps. */
export type Site = { name: string; rp_id: string; origin: string }

/**
 * The site of a request: the host name of a business unit where the request came to one, else PUBLIC_URL's. A host that
 * is neither is never believed.
 */
export async function readSite(tx: Tx, visitor: Pick<Visitor, 'host' | 'config'>): Promise<Site> {
  const own = new URL(visitor.config.publicUrl)
  const look = await findLook(tx, null, visitor.host)
  const name = look?.name ?? 'Zaguan'
  if (look === null || visitor.host === own.hostname) return { name, rp_id: own.hostname, origin: own.origin }
  return {
    name,
    rp_id: visitor.host,
    origin: `${own.protocol}//${visitor.host}${own.port ? `:${own.port}` : ''}`,
  }
}
