import { sql } from 'kysely'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, notFound, type Refusal, refuse, refuseField } from '../../platform/errors.ts'
import { type ListRequest, readPage } from '../../platform/pages.ts'
import { getUnit } from '../units/index.ts'
import { archiving } from './products.ts'

/** A tax of a business unit (B10). `rate` is in millionths: 190000 is 19 %; inclusive: the price contains it. */
export type TaxInput = {
  business_unit_id: string
  name: string
  rate: number
  inclusive?: boolean | undefined
}
export type TaxChange = Partial<Omit<TaxInput, 'business_unit_id'>> & { archived?: boolean | undefined }

function selectTaxes(tx: Tx) {
  return tx
    .selectFrom('taxes')
    .innerJoin('business_units', 'business_units.id', 'taxes.business_unit_id')
    .select([
      'taxes.id',
      'taxes.business_unit_id',
      'business_units.name as business_unit_name',
      'taxes.name',
      'taxes.rate',
      'taxes.inclusive',
      'taxes.position',
      'taxes.archived_at',
      'taxes.created_at',
      'taxes.updated_at',
      sql<number>`(select count(*) from product_taxes p where p.tax_id = taxes.id)`.as('products'),
      sql<boolean>`exists (select from invoice_taxes i where i.tax_id = taxes.id)`.as('used'),
    ])
}

/** The taxes of a business unit, or of all that are seen, in their order: few by nature, so the list does not page. */
export function listTaxes(tx: Tx, unitId: string | undefined) {
  let query = selectTaxes(tx)
  if (unitId !== undefined) query = query.where('taxes.business_unit_id', '=', unitId)
  return query
    .orderBy('business_units.name')
    .orderBy('taxes.business_unit_id')
    .orderBy(sql`taxes.archived_at is not null`)
    .orderBy('taxes.position')
    .orderBy('taxes.id')
    .execute()
}

/** One tax. Refuses: not_found. */
async function getTax(tx: Tx, id: string) {
  return (await selectTaxes(tx).where('taxes.id', '=', id).executeTakeFirst()) ?? notFound()
}

/** Creates a tax, after those that are there (B10). Refuses: invalid_input (business unit unknown, name taken there). */
export async function createTax(tx: Tx, input: TaxInput) {
  if (isRefusal(await getUnit(tx, input.business_unit_id)))
    return refuseField('business_unit_id', 'not_a_choice')
  if (await nameTaken(tx, input.business_unit_id, input.name, null)) return refuseField('name', 'taken')
  const { id } = await tx
    .insertInto('taxes')
    .values({
      ...input,
      position: sql<number>`(select coalesce(max(t.position), -1) + 1 from taxes t where t.business_unit_id = ${input.business_unit_id})`,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  return getTax(tx, id)
}

/**
 * Changes a tax. Once an issued document charged it, its rate and whether prices contain it stay: a new rate is a new tax,
 * and documents keep the one that they were issued with (billing.md 16). Archived, nothing is charged with it any more.
 * Refuses: not_found, tax_used, invalid_input (name taken).
 */
export async function updateTax(tx: Tx, id: string, change: TaxChange, now: Temporal.Instant) {
  const current = await getTax(tx, id)
  if (isRefusal(current)) return current
  const { archived, ...columns } = change
  const another =
    (columns.rate !== undefined && columns.rate !== current.rate) ||
    (columns.inclusive !== undefined && columns.inclusive !== current.inclusive)
  if (another && current.used) return refuse('tax_used', { params: { name: current.name } })
  if (columns.name !== undefined && (await nameTaken(tx, current.business_unit_id, columns.name, id)))
    return refuseField('name', 'taken')
  const set = { ...columns, ...archiving(archived, current.archived_at, now) }
  if (Object.values(set).some((value) => value !== undefined))
    await tx.updateTable('taxes').set(set).where('id', '=', id).execute()
  return getTax(tx, id)
}

/** Puts the taxes of a business unit in an order; those not named follow. Refuses: not_found, invalid_input. */
export async function orderTaxes(
  tx: Tx,
  unitId: string,
  ids: readonly string[],
): Promise<Refusal | undefined> {
  const unit = await getUnit(tx, unitId)
  if (isRefusal(unit)) return unit
  const there = await listTaxes(tx, unitId)
  const known = new Set(there.map((tax) => tax.id))
  const stranger = ids.findIndex((id) => !known.has(id))
  if (stranger !== -1) return refuseField(`tax_ids.${stranger}`, 'not_a_choice')
  const order = [...new Set([...ids, ...there.map((tax) => tax.id)])]
  await sql`
    update taxes t set position = o.n - 1
      from unnest(${order}::uuid[]) with ordinality as o (id, n)
     where t.id = o.id and t.position <> o.n - 1`.execute(tx)
  return undefined
}

export type ProductTaxFilter = { business_unit_id: string; q?: string | undefined }

/** A page of the products of a business unit that are not archived, each with the taxes that it bears. */
export function listProductTaxes(tx: Tx, request: ListRequest & ProductTaxFilter) {
  let query = selectProductTaxes(tx)
    .where('products.business_unit_id', '=', request.business_unit_id)
    .where('products.archived_at', 'is', null)
  if (request.q) query = query.where(sql<boolean>`position(fold(${request.q}) in fold(products.name)) > 0`)
  return readPage(
    query,
    request,
    { name: { by: sql`products.name`, value: (row) => row.product_name, type: 'text' } },
    { by: sql`products.id`, value: (row) => row.product_id, type: 'uuid' },
  )
}

function selectProductTaxes(tx: Tx) {
  return tx.selectFrom('products').select([
    'products.id as product_id',
    'products.name as product_name',
    'products.business_unit_id',
    sql<string[]>`array(select t.id from product_taxes p join taxes t on t.id = p.tax_id
        where p.product_id = products.id order by t.position, t.id)`.as('tax_ids'),
  ])
}

/**
 * Makes the taxes of a product those that are given (B10): what is billed from now on bears them. Refuses: not_found,
 * invalid_input (a tax of another business unit or an archived one; the same twice).
 */
export async function setProductTaxes(tx: Tx, productId: string, taxIds: readonly string[]) {
  const product = await selectProductTaxes(tx).where('products.id', '=', productId).executeTakeFirst()
  if (!product) return notFound()
  const taxes = await listTaxes(tx, product.business_unit_id)
  for (const [index, id] of taxIds.entries()) {
    const tax = taxes.find((one) => one.id === id)
    // An archived one that the product bears already may stay: it is charged no more either way.
    if (!tax || (tax.archived_at !== null && !product.tax_ids.includes(id)))
      return refuseField(`tax_ids.${index}`, 'not_a_choice')
    if (taxIds.indexOf(id) < index) return refuseField(`tax_ids.${index}`, 'listed_twice')
  }
  await sql`
    delete from product_taxes where product_id = ${productId} and tax_id <> all(${[...taxIds]}::uuid[])`.execute(
    tx,
  )
  await sql`
    insert into product_taxes (product_id, tax_id, business_unit_id)
    select ${productId}, id, ${product.business_unit_id} from unnest(${[...taxIds]}::uuid[]) id
    on conflict do nothing`.execute(tx)
  return selectProductTaxes(tx).where('products.id', '=', productId).executeTakeFirstOrThrow()
}

async function nameTaken(tx: Tx, unitId: string, name: string, but: string | null): Promise<boolean> {
  const found = await tx
    .selectFrom('taxes')
    .select('id')
    .where('business_unit_id', '=', unitId)
    .where('name', '=', name)
    .where(sql<boolean>`id is distinct from ${but}::uuid`)
    .executeTakeFirst()
  return found !== undefined
}
