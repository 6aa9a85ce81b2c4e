import { sql } from 'kysely'
import type { DiscountKind } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, notFound, type Refusal, refuse, refuseField } from '../../platform/errors.ts'
import { type ListRequest, readPage } from '../../platform/pages.ts'
import { getUnit } from '../units/index.ts'
import { archiving } from './products.ts'

/** What a coupon takes off (B11): an amount in minor units of the business unit's currency, or a percentage. */
type CouponTerms = {
  discount_kind: DiscountKind
  discount_amount?: number | null | undefined
  discount_basis_points?: number | null | undefined
  /** For how many billing periods; null: for ever. */
  periods?: number | null | undefined
}
type CouponColumns = {
  code: string
  name: string
  /** First day on which it may be redeemed, and first on which it may be no more. */
  valid_from?: Temporal.PlainDate | null | undefined
  valid_until?: Temporal.PlainDate | null | undefined
  most_redemptions?: number | null | undefined
  once_per_account?: boolean | undefined
  /** Only for these plans; null: for all. */
  plan_ids?: string[] | null | undefined
}
export type CouponInput = CouponTerms & CouponColumns & { business_unit_id: string }
export type CouponChange = Partial<CouponTerms & CouponColumns> & { archived?: boolean | undefined }

/** What a coupon is today: redeemable, or why it is not. */
export const couponStates = ['active', 'not_yet', 'expired', 'used_up', 'archived'] as const
export type CouponState = (typeof couponStates)[number]

/** How far a list counts redemptions: beyond, the number is what its own page is for. */
const mostCounted = 10_000

const stateSql = (now: Temporal.Instant) => sql<CouponState>`case
  when coupons.archived_at is not null then 'archived'
  when coupons.valid_until <= (${now}::timestamptz at time zone business_units.time_zone)::date then 'expired'
  when coupons.valid_from > (${now}::timestamptz at time zone business_units.time_zone)::date then 'not_yet'
  when counted.redemptions >= coupons.most_redemptions then 'used_up'
  else 'active' end`

function selectCoupons(tx: Tx, now: Temporal.Instant, counted: number | null) {
  return tx
    .selectFrom('coupons')
    .innerJoin('business_units', 'business_units.id', 'coupons.business_unit_id')
    .innerJoinLateral(
      () =>
        // Enough is counted to know whether it is used up.
        sql<{ redemptions: number }>`(select count(*) as redemptions from (
          select from subscription_coupons r where r.coupon_id = coupons.id
           limit greatest(${counted}::int, coupons.most_redemptions + 1)) redeemed)`.as('counted'),
      (join) => join.onTrue(),
    )
    .select([
      'coupons.id',
      'coupons.business_unit_id',
      'business_units.name as business_unit_name',
      'business_units.currency',
      'coupons.code',
      'coupons.name',
      'coupons.discount_kind',
      'coupons.discount_amount',
      'coupons.discount_basis_points',
      'coupons.periods',
      'coupons.valid_from',
      'coupons.valid_until',
      'coupons.most_redemptions',
      'coupons.once_per_account',
      'coupons.plan_ids',
      'coupons.archived_at',
      'coupons.created_at',
      'coupons.updated_at',
      'counted.redemptions',
      stateSql(now).as('state'),
    ])
}

export type CouponFilter = {
  q?: string | undefined
  business_unit_id?: string | undefined
  state?: CouponState | undefined
}

/** A page of coupons, each with how often it was redeemed (counted up to 10,000) and what it is today. */
export function listCoupons(tx: Tx, request: ListRequest & CouponFilter, now: Temporal.Instant) {
  let query = selectCoupons(tx, now, mostCounted)
  if (request.business_unit_id) query = query.where('coupons.business_unit_id', '=', request.business_unit_id)
  if (request.state) query = query.where(sql<boolean>`${stateSql(now)} = ${request.state}`)
  if (request.q)
    query = query.where(
      sql<boolean>`position(fold(${request.q}) in fold(coupons.code || ' ' || coupons.name)) > 0`,
    )
  const tie = { by: sql`coupons.id`, value: (row: { id: string }) => row.id, type: 'uuid' }
  return readPage(
    query,
    request,
    {
      // Ids are made in the order of time.
      created_at: tie,
      code: { by: sql`coupons.code`, value: (row) => row.code, type: 'text' },
      name: { by: sql`coupons.name`, value: (row) => row.name, type: 'text' },
      valid_until: {
        by: sql`coupons.valid_until`,
        value: (row) => row.valid_until,
        type: 'date',
        nullable: true,
      },
    },
    tie,
  )
}

/** One coupon, with all its redemptions counted. Refuses: not_found. */
export async function getCoupon(tx: Tx, id: string, now: Temporal.Instant) {
  return (await selectCoupons(tx, now, null).where('coupons.id', '=', id).executeTakeFirst()) ?? notFound()
}

/** Creates a coupon (B11). Refuses: invalid_input (business unit or plan unknown, code taken there, dates crossed). */
export async function createCoupon(tx: Tx, input: CouponInput, now: Temporal.Instant) {
  if (isRefusal(await getUnit(tx, input.business_unit_id)))
    return refuseField('business_unit_id', 'not_a_choice')
  const { discount_kind, discount_amount, discount_basis_points, ...columns } = input
  const terms = readTerms({ discount_kind, discount_amount, discount_basis_points })
  if (isRefusal(terms)) return terms
  const fault =
    checkDates(input.valid_from ?? null, input.valid_until ?? null) ??
    (await checkPlans(tx, input.business_unit_id, input.plan_ids ?? null)) ??
    (await checkCode(tx, input.business_unit_id, input.code, null))
  if (fault) return fault
  const { id } = await tx
    .insertInto('coupons')
    .values({ ...columns, ...terms })
    .returning('id')
    .executeTakeFirstOrThrow()
  return getCoupon(tx, id, now)
}

/**
 * Changes a coupon. Once redeemed, what it takes off and for how long stays, and so does its code: whoever has it keeps what
 * was promised, and others get a new coupon. Its dates, its number, its plans and its name may change at any time. Archived,
 * nobody redeems it any more; what was redeemed goes on. Refuses: not_found, coupon_redeemed, invalid_input (fewer redemptions
 * than there are).
 */
export async function updateCoupon(tx: Tx, id: string, change: CouponChange, now: Temporal.Instant) {
  // The row is locked, as a redemption locks it: what is allowed is decided by what is there.
  await sql`select from coupons where id = ${id} for no key update`.execute(tx)
  const current = await getCoupon(tx, id, now)
  if (isRefusal(current)) return current
  const { archived, discount_kind, discount_amount, discount_basis_points, ...columns } = change
  const terms =
    discount_kind === undefined && discount_amount === undefined && discount_basis_points === undefined
      ? {}
      : readTerms({
          discount_kind: discount_kind ?? current.discount_kind,
          discount_amount: discount_amount === undefined ? current.discount_amount : discount_amount,
          discount_basis_points:
            discount_basis_points === undefined ? current.discount_basis_points : discount_basis_points,
        })
  if (isRefusal(terms)) return terms
  const fixed = { ...terms, code: columns.code, periods: columns.periods }
  if (
    current.redemptions > 0 &&
    Object.entries(fixed).some(
      ([key, value]) =>
        value !== undefined && value !== current[key as keyof typeof fixed & keyof typeof current],
    )
  )
    return refuse('coupon_redeemed', { params: { count: current.redemptions } })
  if (
    columns.most_redemptions !== undefined &&
    columns.most_redemptions !== null &&
    columns.most_redemptions < current.redemptions
  )
    return refuseField('most_redemptions', 'too_small', { limit: current.redemptions })
  const fault =
    checkDates(
      columns.valid_from === undefined ? current.valid_from : columns.valid_from,
      columns.valid_until === undefined ? current.valid_until : columns.valid_until,
    ) ??
    (columns.plan_ids ? await checkPlans(tx, current.business_unit_id, columns.plan_ids) : undefined) ??
    (columns.code ? await checkCode(tx, current.business_unit_id, columns.code, id) : undefined)
  if (fault) return fault
  const set = { ...columns, ...terms, ...archiving(archived, current.archived_at, now) }
  if (Object.values(set).some((value) => value !== undefined))
    await tx.updateTable('coupons').set(set).where('id', '=', id).execute()
  return getCoupon(tx, id, now)
}

/**
 * A coupon of a business unit by its code, in any case, with its row locked until the transaction ends: how often it was
 * redeemed is counted one after the other. Undefined where there is none.
 */
export async function lockCoupon(tx: Tx, unitId: string, code: string) {
  return tx
    .selectFrom('coupons')
    .selectAll()
    .where('business_unit_id', '=', unitId)
    .where('code', '=', code.trim().toUpperCase())
    .forNoKeyUpdate()
    .executeTakeFirst()
}

function readTerms(input: CouponTerms): Refusal | Required<Omit<CouponTerms, 'periods'>> {
  if (input.discount_kind === 'amount') {
    if (!input.discount_amount) return refuseField('discount_amount', 'required')
    return { discount_kind: 'amount', discount_amount: input.discount_amount, discount_basis_points: null }
  }
  if (!input.discount_basis_points) return refuseField('discount_basis_points', 'required')
  return {
    discount_kind: 'percent',
    discount_amount: null,
    discount_basis_points: input.discount_basis_points,
  }
}

function checkDates(from: Temporal.PlainDate | null, until: Temporal.PlainDate | null): Refusal | undefined {
  return from !== null && until !== null && Temporal.PlainDate.compare(until, from) <= 0
    ? refuseField('valid_until', 'not_after_start')
    : undefined
}

async function checkPlans(tx: Tx, unitId: string, ids: string[] | null): Promise<Refusal | undefined> {
  if (ids === null) return undefined
  const found = await tx
    .selectFrom('plans')
    .select('id')
    .where('business_unit_id', '=', unitId)
    .where(sql<boolean>`id = any(${ids}::uuid[])`)
    .execute()
  const known = new Set(found.map((plan) => plan.id))
  const stranger = ids.findIndex((id) => !known.has(id))
  return stranger === -1 ? undefined : refuseField(`plan_ids.${stranger}`, 'not_a_choice')
}

async function checkCode(tx: Tx, unitId: string, code: string, but: string | null) {
  const found = await tx
    .selectFrom('coupons')
    .select('id')
    .where('business_unit_id', '=', unitId)
    .where('code', '=', code)
    .where(sql<boolean>`id is distinct from ${but}::uuid`)
    .executeTakeFirst()
  return found ? refuseField('code', 'taken') : undefined
}
