import { z } from 'zod'
import {
  changeKinds,
  changeStates,
  changeTimings,
  componentRoles,
  cycleAlignments,
  cycleUnits,
  discountKinds,
  lineRoles,
  optionKinds,
  paymentMethods,
  planKinds,
  priceModels,
  subscriptionStatuses,
} from '../../platform/database.gen.ts'
import {
  currency,
  id,
  instant,
  listQuery,
  minorUnits,
  name,
  plainDate,
  text,
} from '../../platform/schemas.ts'

// What is asked for -------------------------------------------------------------------------------------------------

const amount = z.int().min(0).max(1_000_000_000_000)
const quantity = z.int().min(1).max(1_000_000)
const when = {
  timing: z.enum(changeTimings).optional().meta({
    description:
      'When it becomes effective. Left out: upgrades and what staff do to a service now, downgrades and new cycles at the period’s end',
  }),
  effective_on: plainDate
    .optional()
    .meta({ description: 'With `date`: a day to come, or a past one down to the first charged day' }),
  reason: text(500).optional(),
}
const chosenOptions = z.array(z.object({ plan_option_id: id, quantity: quantity.default(1) })).max(200)
const componentId = id
  .optional()
  .meta({ description: 'What of the service it is about; left out: the plan itself' })
const tiers = z
  .array(z.object({ up_to: z.int().min(1).nullable(), unit_amount: amount, flat_amount: amount }))
  .min(1)
  .max(50)

const planChange = z.object({
  kind: z.literal('plan'),
  ...when,
  plan_id: id,
  quantity: quantity.optional(),
  options: chosenOptions.optional().meta({
    description: 'Options of the new plan; left out: those that the service has, where the new plan has them',
  }),
  missing_options: z
    .enum(['drop', 'keep'])
    .default('drop')
    .meta({ description: 'What becomes of options that the new plan lacks' }),
  keep_discount: z.boolean().default(true),
  trial_days: z
    .int()
    .min(0)
    .max(3650)
    .default(0)
    .meta({ description: 'Days from the change on that cost nothing' }),
})
const quantityChange = z.object({
  kind: z.literal('quantity'),
  ...when,
  component_id: componentId,
  quantity,
})
const optionsChange = z.object({
  kind: z.literal('options'),
  ...when,
  options: chosenOptions.meta({ description: 'All that the service has from then on' }),
})
const priceChange = z.object({
  kind: z.literal('price'),
  ...when,
  component_id: componentId,
  price_model: z.enum(priceModels).optional(),
  unit_amount: amount,
  tiers: tiers.nullable().optional(),
  package_size: z.int().min(1).max(1_000_000_000).nullable().optional(),
  included: z.int().min(0).max(1_000_000_000_000).optional(),
})
const discountChange = z.object({
  kind: z.literal('discount'),
  ...when,
  component_id: componentId,
  discount_kind: z.enum(discountKinds).nullable(),
  discount_amount: z.int().min(1).max(1_000_000_000_000).nullable().optional(),
  discount_basis_points: z.int().min(1).max(10_000).nullable().optional(),
})
const cycleChange = z.object({
  kind: z.literal('cycle'),
  ...when,
  component_id: componentId,
  cycle_unit: z.enum(['day', 'week', 'month']),
  cycle_count: z.int().min(1).max(366),
  cycle_alignment: z.enum(cycleAlignments).optional(),
  unit_amount: amount
    .optional()
    .meta({ description: 'Price of a whole period; left out: the catalogue’s for this cycle' }),
})
const dueDayChange = z.object({
  kind: z.literal('due_day'),
  ...when,
  due_day: z.int().min(1).max(31).optional(),
  payment_method: z.enum(paymentMethods).optional(),
})
const suspendChange = z.object({
  kind: z.literal('suspend'),
  ...when,
  administrative: z
    .boolean()
    .default(false)
    .meta({ description: 'Charges stop and nothing changes on servers' }),
  for_debt: z.boolean().default(false).meta({ description: 'For non-payment (billing.md 21)' }),
})
const reactivateChange = z.object({ kind: z.literal('reactivate'), ...when })
const transferChange = z.object({ kind: z.literal('transfer'), ...when, account_id: id })
const cancelChange = z.object({
  kind: z.literal('cancel'),
  ...when,
  reason: name(500),
  penalty: z.boolean().default(true).meta({ description: 'False: staff do without the penalty' }),
})
const extendTrialChange = z.object({
  kind: z.literal('extend_trial'),
  ...when,
  days: z.int().min(1).max(3650),
})

export const changeRequest = z
  .discriminatedUnion('kind', [
    planChange,
    quantityChange,
    optionsChange,
    priceChange,
    discountChange,
    cycleChange,
    dueDayChange,
    suspendChange,
    reactivateChange,
    transferChange,
    cancelChange,
    extendTrialChange,
  ])
  .meta({ id: 'ChangeRequest' })
export type ChangeRequest = z.output<typeof changeRequest>

const token = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .meta({ description: 'Of the preview that was seen: exactly that is done, or nothing' })
export const changeCommit = z.object({ change: changeRequest, token: token.optional() })
export const changePreviewInput = z.object({ change: changeRequest })

const ownRequest = z
  .discriminatedUnion('kind', [
    planChange.omit({
      missing_options: true,
      keep_discount: true,
      trial_days: true,
      timing: true,
      effective_on: true,
    }),
    quantityChange.omit({ timing: true, effective_on: true }),
    optionsChange.omit({ timing: true, effective_on: true }),
    cancelChange.omit({ penalty: true }),
  ])
  .meta({ id: 'OwnChangeRequest' })
export type OwnChangeRequest = z.output<typeof ownRequest>
export const ownChangePreviewInput = z.object({ change: ownRequest })
export const ownChangeCommit = z.object({ change: ownRequest, token })

// As an order: what costs more is done when it is paid.
const orderFields = { kind: z.literal('change'), subscription_id: id }
export const changeOrderRequest = z
  .object({
    ...orderFields,
    change: z.discriminatedUnion('kind', [planChange, quantityChange, optionsChange, cycleChange]),
  })
  .meta({ id: 'ChangeOrder' })
export const ownChangeOrderRequest = z
  .object({
    ...orderFields,
    change: z.discriminatedUnion('kind', [
      planChange.omit({
        missing_options: true,
        keep_discount: true,
        trial_days: true,
        timing: true,
        effective_on: true,
      }),
      quantityChange.omit({ timing: true, effective_on: true }),
      optionsChange.omit({ timing: true, effective_on: true }),
    ]),
  })
  .meta({ id: 'OwnChangeOrder' })

// What is shown -----------------------------------------------------------------------------------------------------

const part = z
  .object({
    role: z.enum(componentRoles),
    description: z.string(),
    quantity: z.int(),
    price_model: z.enum(priceModels),
    unit_amount: minorUnits,
    amount: minorUnits.meta({
      description: 'Of a whole period, after its discount; of usage the price of one',
    }),
    discount: minorUnits,
    cycle_unit: z.enum(cycleUnits),
    cycle_count: z.int(),
    from_date: plainDate.nullable(),
    to_date: plainDate.nullable(),
  })
  .meta({ id: 'ChangePart' })
export type ChangePart = z.output<typeof part>

const side = z
  .object({
    plan_name: z.string(),
    status: z.enum(subscriptionStatuses),
    parts: z.array(part),
    amount: minorUnits.meta({ description: 'Of whole periods of the plan and its options' }),
    due_day: z.int(),
    payment_method: z.enum(paymentMethods),
    billing_start: plainDate.nullable(),
    end_date: plainDate.nullable(),
    account_id: id,
    account_name: z.string(),
  })
  .meta({ id: 'ChangeSide' })
export type ChangeSide = z.output<typeof side>

const costLine = z
  .object({
    role: z.enum(lineRoles),
    description: z.string(),
    from: plainDate,
    to: plainDate,
    days: z.int(),
    of: z.int(),
    quantity: z.int(),
    unit_amount: minorUnits,
    price_model: z.enum(priceModels),
    net: minorUnits,
    tax: minorUnits.meta({ description: 'On top of net' }),
    total: minorUnits,
    instalment: z.int().nullable(),
    instalments: z.int().nullable(),
  })
  .meta({ id: 'ChangeCostLine' })
export type CostLine = z.output<typeof costLine>

const costs = z
  .object({
    currency,
    credits: z.array(costLine),
    charges: z.array(costLine),
    one_off: z.array(costLine).meta({ description: 'Penalty and remaining instalments' }),
    credit_total: minorUnits,
    charge_total: minorUnits.meta({ description: 'Charges and one-off amounts, with taxes' }),
    net: minorUnits.meta({ description: 'Charged less credited; negative is in the customer’s favour' }),
    penalty: z
      .object({ amount: minorUnits, reason: z.string(), formula: z.string().nullable(), waived: z.boolean() })
      .nullable(),
    next: z
      .object({ date: plainDate, amount: minorUnits })
      .nullable()
      .meta({ description: 'The first invoice of the service after it' }),
  })
  .meta({ id: 'ChangeCosts' })
export type ChangeCosts = z.output<typeof costs>

export const changePreview = z
  .object({
    kind: z.enum(changeKinds),
    timing: z.enum(changeTimings),
    effective_on: plainDate,
    scheduled: z.boolean().meta({ description: 'It waits for its day' }),
    before: side,
    after: side,
    costs,
    dropped: z.array(z.string()).meta({ description: 'Options that the new plan lacks' }),
    token,
  })
  .meta({ id: 'ChangePreview' })
export type ChangePreview = z.output<typeof changePreview>

export const storedSummary = z.object({
  before: side,
  after: side,
  currency,
  credit_total: z.int(),
  charge_total: z.int(),
  dropped: z.array(z.string()).default([]),
})

const rowFields = {
  id,
  subscription_id: id,
  kind: z.enum(changeKinds),
  state: z.enum(changeStates),
  timing: z.enum(changeTimings),
  effective_on: plainDate,
  reason: z.string().nullable(),
  before: side.nullable(),
  after: side.nullable(),
  currency,
  credit_total: minorUnits,
  charge_total: minorUnits,
  created_at: instant,
  ended_at: instant.nullable(),
  failure_code: z.string().nullable(),
  failure: z.string().nullable().meta({ description: 'Why it failed, in words' }),
  new_subscription_id: id.nullable(),
  withdrawable: z.boolean(),
}
const document = z
  .object({ id, kind: z.string(), number: z.string(), total: minorUnits })
  .meta({ id: 'ChangeDocument' })

export const changeSchema = z
  .object({
    ...rowFields,
    business_unit_id: id,
    business_unit_name: z.string(),
    account_id: id,
    account_name: z.string(),
    plan_name: z.string(),
    contract_number: z.int(),
    requested_by_name: z.string().nullable(),
    requested_by_customer: z.boolean(),
    ended_by_name: z.string().nullable(),
    documents: z.array(document),
  })
  .meta({ id: 'SubscriptionChange' })

export const ownChangeSchema = z
  .object({ ...rowFields, plan_name: z.string(), documents: z.array(document), by_us: z.boolean() })
  .meta({ id: 'OwnChange' })

const states = z
  .preprocess((value) => (typeof value === 'string' ? [value] : value), z.array(z.enum(changeStates)).max(5))
  .optional()
const kinds = z
  .preprocess((value) => (typeof value === 'string' ? [value] : value), z.array(z.enum(changeKinds)).max(12))
  .optional()
export const changeQuery = listQuery(['effective_on', 'created_at'], '-effective_on').extend({
  business_unit_id: id.optional(),
  account_id: id.optional(),
  subscription_id: id.optional(),
  state: states,
  kind: kinds,
  from: plainDate.optional(),
  to: plainDate.optional(),
})
export const serviceChangeQuery = listQuery(['effective_on', 'created_at'], '-created_at').omit({ q: true })

// What can be chosen ------------------------------------------------------------------------------------------------

const cycle = {
  cycle_unit: z.enum(cycleUnits),
  cycle_count: z.int(),
  cycle_alignment: z.enum(cycleAlignments),
}
const offeredPrice = z
  .object({ ...cycle, price_model: z.enum(priceModels), unit_amount: minorUnits, amount: minorUnits })
  .meta({ id: 'OfferedPrice' })
const offeredOption = z
  .object({
    id,
    kind: z.enum(optionKinds),
    name: z.string(),
    price_model: z.enum(priceModels),
    unit_amount: minorUnits,
    cycle_unit: z.enum(cycleUnits),
    cycle_count: z.int(),
  })
  .meta({ id: 'OfferedOption' })
export const changeChoices = z
  .object({
    currency,
    today: plainDate,
    earliest: plainDate.nullable().meta({ description: 'The first charged day: nothing changes before it' }),
    period_end: plainDate.meta({ description: 'When the period ends that today is in' }),
    plan_id: id,
    may_plan: z.boolean(),
    may_quantity: z.boolean(),
    may_options: z.boolean(),
    may_cancel: z.boolean(),
    components: z.array(
      z
        .object({
          id,
          role: z.enum(componentRoles),
          plan_option_id: id.nullable(),
          description: z.string(),
          quantity: z.int(),
          countable: z.boolean().meta({ description: 'Whether its price depends on the quantity' }),
          price_model: z.enum(priceModels),
          unit_amount: minorUnits,
          amount: minorUnits,
          ...cycle,
          discount_kind: z.enum(discountKinds).nullable(),
          discount_amount: minorUnits.nullable(),
          discount_basis_points: z.int().nullable(),
        })
        .meta({ id: 'ChangeableComponent' }),
    ),
    options: z.array(offeredOption).meta({ description: 'What can be added to the plan that it has' }),
    prices: z.array(offeredPrice).meta({ description: 'The cycles that the plan is sold in' }),
    plans: z.array(
      z
        .object({
          id,
          name: z.string(),
          product_name: z.string(),
          kind: z.enum(planKinds),
          description: z.string().nullable(),
          trial_days: z.int(),
          price_model: z.enum(priceModels),
          unit_amount: minorUnits,
          amount: minorUnits.meta({ description: 'For the quantity that the service has' }),
          cycle_unit: z.enum(cycleUnits),
          cycle_count: z.int(),
          upgrade: z.boolean(),
          options: z.array(offeredOption),
          missing: z.array(z.string()).meta({ description: 'Options of the service that it lacks' }),
        })
        .meta({ id: 'ReachablePlan' }),
    ),
  })
  .meta({ id: 'ChangeChoices' })
export type ChangeChoices = z.output<typeof changeChoices>

// What customers may do ---------------------------------------------------------------------------------------------

export const planPolicy = z
  .object({
    customer_changes_plan: z.boolean(),
    customer_changes_quantity: z.boolean(),
    customer_changes_options: z.boolean(),
    customer_cancels: z.boolean(),
    customer_orders: z.boolean().meta({ description: 'Whether customers order it in the portal' }),
    support_credits: z
      .int()
      .min(0)
      .max(1_000_000)
      .meta({ description: 'Support credits that one of it gives: of packs of support' }),
    suspension_credit: z.enum(['unless_debt', 'always', 'never']),
  })
  .meta({ id: 'PlanPolicy' })
export const planPolicyChange = planPolicy.partial()
