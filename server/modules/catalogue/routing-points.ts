import { sql } from 'kysely'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, notFound, refuseField } from '../../platform/errors.ts'
import { type ListRequest, readPage } from '../../platform/pages.ts'
import { getUnit } from '../units/index.ts'
import { archiving, type CatalogueFilter } from './products.ts'

export type RoutingPointInput = { business_unit_id: string; name: string; notes?: string | null | undefined }
export type RoutingPointChange = Partial<Omit<RoutingPointInput, 'business_unit_id'>> & {
  archived?: boolean | undefined
}

function selectRoutingPoints(tx: Tx) {
  return tx
    .selectFrom('routing_points')
    .innerJoin('business_units', 'business_units.id', 'routing_points.business_unit_id')
    .select([
      'routing_points.id',
      'routing_points.business_unit_id',
      'business_units.name as business_unit_name',
      'routing_points.name',
      'routing_points.notes',
      'routing_points.archived_at',
    ])
}

/** A page of routing points (P2). */
export function listRoutingPoints(tx: Tx, request: ListRequest & CatalogueFilter) {
  let query = selectRoutingPoints(tx)
  if (request.business_unit_id)
    query = query.where('routing_points.business_unit_id', '=', request.business_unit_id)
  if (request.archived)
    query = query.where('routing_points.archived_at', request.archived === 'true' ? 'is not' : 'is', null)
  if (request.q)
    query = query.where(sql<boolean>`position(fold(${request.q}) in fold(routing_points.name)) > 0`)
  return readPage(
    query,
    request,
    { name: { by: sql`routing_points.name`, value: (row) => row.name, type: 'text' } },
    { by: sql`routing_points.id`, value: (row) => row.id, type: 'uuid' },
  )
}

/** One routing point. Refuses: not_found. */
async function getRoutingPoint(tx: Tx, id: string) {
  return (await selectRoutingPoints(tx).where('routing_points.id', '=', id).executeTakeFirst()) ?? notFound()
}

/** Creates a routing point. Refuses: invalid_input (business unit unknown, name taken there). */
export async function createRoutingPoint(tx: Tx, input: RoutingPointInput) {
  if (isRefusal(await getUnit(tx, input.business_unit_id)))
    return refuseField('business_unit_id', 'not_a_choice')
  const { id } = await tx.insertInto('routing_points').values(input).returning('id').executeTakeFirstOrThrow()
  return getRoutingPoint(tx, id)
}

/** Changes a routing point; archived, no new connection uses it. Refuses: not_found, invalid_input. */
export async function updateRoutingPoint(
  tx: Tx,
  id: string,
  change: RoutingPointChange,
  now: Temporal.Instant,
) {
  const current = await getRoutingPoint(tx, id)
  if (isRefusal(current)) return current
  const { archived, ...columns } = change
  const set = { ...columns, ...archiving(archived, current.archived_at, now) }
  if (Object.values(set).some((value) => value !== undefined))
    await tx.updateTable('routing_points').set(set).where('id', '=', id).execute()
  return getRoutingPoint(tx, id)
}

/** The routing points of a business unit that a new connection may use. */
export function listUsableRoutingPoints(tx: Tx, unitId: string) {
  return tx
    .selectFrom('routing_points')
    .select(['id', 'name'])
    .where('business_unit_id', '=', unitId)
    .where('archived_at', 'is', null)
    .execute()
}
