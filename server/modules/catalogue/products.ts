import { sql } from 'kysely'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, notFound, refuseField } from '../../platform/errors.ts'
import { type ListRequest, readPage } from '../../platform/pages.ts'
import { getUnit } from '../units/index.ts'

export type ProductInput = {
  business_unit_id: string
  name: string
  description?: string | null | undefined
  position?: number | undefined
}
export type ProductChange = Partial<Omit<ProductInput, 'business_unit_id'>> & {
  archived?: boolean | undefined
}

export type CatalogueFilter = {
  q?: string | undefined
  business_unit_id?: string | undefined
  archived?: 'true' | 'false' | undefined
}

function selectProducts(tx: Tx) {
  return tx
    .selectFrom('products')
    .innerJoin('business_units', 'business_units.id', 'products.business_unit_id')
    .select([
      'products.id',
      'products.business_unit_id',
      'business_units.name as business_unit_name',
      'products.name',
      'products.description',
      'products.position',
      'products.archived_at',
      'products.created_at',
      'products.updated_at',
      sql<number>`(select count(*) from plans p where p.product_id = products.id and p.archived_at is null)`.as(
        'plans',
      ),
    ])
}

/** A page of products. */
export function listProducts(tx: Tx, request: ListRequest & CatalogueFilter) {
  let query = selectProducts(tx)
  if (request.business_unit_id)
    query = query.where('products.business_unit_id', '=', request.business_unit_id)
  if (request.archived)
    query = query.where('products.archived_at', request.archived === 'true' ? 'is not' : 'is', null)
  if (request.q) query = query.where(sql<boolean>`position(fold(${request.q}) in fold(products.name)) > 0`)
  return readPage(
    query,
    request,
    {
      position: { by: sql`products.position`, value: (row) => row.position, type: 'int' },
      name: { by: sql`products.name`, value: (row) => row.name, type: 'text' },
      created_at: { by: sql`products.created_at`, value: (row) => row.created_at, type: 'timestamptz' },
    },
    { by: sql`products.id`, value: (row) => row.id, type: 'uuid' },
  )
}

/** One product. Refuses: not_found. */
async function getProduct(tx: Tx, id: string) {
  return (await selectProducts(tx).where('products.id', '=', id).executeTakeFirst()) ?? notFound()
}

/** Creates a product (P1). Refuses: invalid_input (business unit unknown, name taken there). */
export async function createProduct(tx: Tx, input: ProductInput) {
  if (isRefusal(await getUnit(tx, input.business_unit_id)))
    return refuseField('business_unit_id', 'not_a_choice')
  const { id } = await tx.insertInto('products').values(input).returning('id').executeTakeFirstOrThrow()
  return getProduct(tx, id)
}

/**
 * Changes a product; archived, it takes no new plans and what was sold of it goes on. Refuses: not_found,
 * invalid_input.
 */
export async function updateProduct(tx: Tx, id: string, change: ProductChange, now: Temporal.Instant) {
  const current = await getProduct(tx, id)
  if (isRefusal(current)) return current
  const { archived, ...columns } = change
  const set = { ...columns, ...archiving(archived, current.archived_at, now) }
  if (Object.values(set).some((value) => value !== undefined))
    await tx.updateTable('products').set(set).where('id', '=', id).execute()
  return getProduct(tx, id)
}

/** The column behind `archived`: archiving again keeps the first moment. */
export function archiving(
  archived: boolean | undefined,
  current: Temporal.Instant | null,
  now: Temporal.Instant,
): { archived_at?: Temporal.Instant | null } {
  if (archived === undefined) return {}
  return { archived_at: archived ? (current ?? now) : null }
}
