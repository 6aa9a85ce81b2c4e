// A pack of support credits as an order: an invoice of its own, and the credits once it is done (S4).
import { z } from 'zod'
import { isRefusal, refuse, refuseField } from '../../platform/errors.ts'
import { orderKind } from '../../platform/order-kinds.ts'
import { id } from '../../platform/schemas.ts'
import { isOrderable, issueManualInvoice } from '../billing/index.ts'
import { choosePrice, getPlan } from '../catalogue/index.ts'
import { priceQuantity } from '../subscriptions/index.ts'

const fields = {
  kind: z.literal('support_pack'),
  plan_id: id,
  quantity: z.int().min(1).max(10_000).default(1),
}
const ownRequest = z.object(fields).meta({ id: 'OwnSupportPackOrder' })
const staffRequest = z
  .object({
    ...fields,
    discount_basis_points: z
      .int()
      .min(1)
      .max(10_000)
      .nullable()
      .optional()
      .meta({ description: 'Hundredths of a percent off the pack: 10000 is all of it' }),
  })
  .meta({ id: 'SupportPackOrder' })

/** A pack of support credits: no service comes of it. */
export const supportPackOrders = orderKind({
  kind: 'support_pack',
  request: staffRequest,
  own: ownRequest,
  readOwn: (request) => request,
  async checkOwn(tx, _accountId, request) {
    const plan = await tx
      .selectFrom('plans')
      .select(['kind', 'customer_orders'])
      .where('id', '=', request.plan_id)
      .executeTakeFirst()
    if (!plan) return refuseField('plan_id', 'not_a_choice')
    return isOrderable(plan) ? undefined : refuse('order_not_allowed', { status: 403 })
  },
  async perform(tx, accountId, request, { now, by, order_id }) {
    const plan = await getPlan(tx, request.plan_id, now)
    const account = await tx
      .selectFrom('accounts')
      .select('business_unit_id')
      .where('id', '=', accountId)
      .executeTakeFirst()
    if (
      isRefusal(plan) ||
      plan.business_unit_id !== account?.business_unit_id ||
      plan.archived_at !== null ||
      plan.kind !== 'support_pack'
    )
      return refuseField('plan_id', 'not_a_choice')
    const { support_credits } = await tx
      .selectFrom('plans')
      .select('support_credits')
      .where('id', '=', plan.id)
      .executeTakeFirstOrThrow()
    if (support_credits === 0) return refuseField('plan_id', 'not_a_choice')
    const { currency, day } = plan
    const price = choosePrice(
      plan.prices.filter(({ cycle_unit }) => cycle_unit === 'once').length > 0
        ? plan.prices.filter(({ cycle_unit }) => cycle_unit === 'once')
        : plan.prices,
      { currency, day },
    )
    if (!price) return refuseField('plan_id', 'plan_without_price', { currency })
    const whole = priceQuantity(
      { ...price, model: price.price_model, unit_amount: price.amount },
      request.quantity,
    )
    if (whole > 1_000_000_000_000n) return refuseField('quantity', 'amount_too_large')
    const off = BigInt(request.discount_basis_points ?? 0)
    const amount = Number((whole * (10_000n - off) + 5_000n) / 10_000n)
    const title = request.quantity > 1 ? `${request.quantity} × ${plan.name}` : plan.name
    // Where each costs the same the line says so; a price by tiers or packages is one amount.
    const even = amount % request.quantity === 0
    const invoice_ids =
      amount === 0
        ? []
        : await issueManualInvoice(
            tx,
            accountId,
            {
              lines: [
                even
                  ? {
                      description: plan.name,
                      unit_amount: amount / request.quantity,
                      quantity: request.quantity,
                      product_id: plan.product_id,
                    }
                  : { description: title, unit_amount: amount, quantity: 1, product_id: plan.product_id },
              ],
              charge_ids: [],
            },
            by,
            now,
          )
    if (isRefusal(invoice_ids)) return invoice_ids
    const credits = support_credits * request.quantity
    if (order_id !== null)
      await tx
        .insertInto('support_credit_entries')
        .values({
          business_unit_id: plan.business_unit_id,
          account_id: accountId,
          kind: 'pack',
          amount: credits,
          order_id,
          invoice_id: invoice_ids[0] ?? null,
          created_by: by,
        })
        .execute()
    return {
      title,
      document_ids: invoice_ids,
      subscription_id: null,
      parts: [
        {
          role: 'pack',
          description: plan.name,
          quantity: request.quantity,
          amount,
          cycle_unit: 'once',
          cycle_count: 1,
        },
      ],
      recurring: null,
      freemium: amount === 0,
      starts_on: day,
      trial_days: 0,
      terms: { plan: plan.name, quantity: request.quantity, amount, credits },
    }
  },
})
