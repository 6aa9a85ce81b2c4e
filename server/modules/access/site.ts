import type { Tx } from '../../platform/database.ts'
import { findLook } from '../units/index.ts'
import type { Visitor } from './sessions.ts'

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
