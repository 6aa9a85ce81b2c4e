import { z } from 'zod'
import {
  billingModes,
  cycleAlignments,
  cycleUnits,
  dayCounts,
  discountKinds,
  invoiceGroupings,
  ledgerAccounts,
  lineRoles,
  priceModels,
  taxRoundings,
} from '../../platform/database.gen.ts'
import { currency, id, minorUnits, name, plainDate } from '../../platform/schemas.ts'

const largest = 1_000_000_000_000
const amount = z.int().min(0).max(largest).meta({ description: 'Integer minor units of the currency' })
const ref = z.string().trim().min(1).max(60)
const quantity = z.int().min(0).max(1_000_000)

const cycle = z
  .object({
    unit: z.enum(cycleUnits).default('month'),
    count: z.int().min(1).max(366).default(1).meta({ description: '3 months are a quarter, 12 a year' }),
    alignment: z.enum(cycleAlignments).optional().meta({
      description:
        'Periods end on the closing day, or run from an anchor of their own (days and weeks always do)',
    }),
    anchor: plainDate
      .nullable()
      .default(null)
      .meta({ description: 'A boundary; null: the first charged day' }),
  })
  .meta({ id: 'SimulatedCycle' })

const discount = z
  .object({
    kind: z.enum(discountKinds),
    amount: amount.optional().meta({ description: 'Off a whole period' }),
    basis_points: z.int().min(1).max(10_000).optional(),
  })
  .refine((value) => (value.kind === 'amount' ? (value.amount ?? 0) > 0 : value.basis_points !== undefined), {
    params: { code: 'required' },
  })

const tier = z.object({
  up_to: z.int().min(1).nullable(),
  unit_amount: amount,
  flat_amount: amount.default(0),
})
const priceFields = {
  model: z.enum(priceModels).default('per_unit'),
  amount: amount.default(0).meta({
    description: 'Of one (per_unit), of the whole (flat), of a package (package), for a whole period',
  }),
  tiers: z.array(tier).max(50).nullable().default(null),
  package_size: z.int().min(1).nullable().default(null),
  included: z.int().min(0).default(0).meta({ description: 'Units that cost nothing' }),
}
const price = z.object(priceFields).meta({ id: 'SimulatedPrice' })
const sold = {
  ...priceFields,
  quantity: quantity.default(1),
  discount: discount.nullable().default(null),
}
const plan = z.object({ name: name(120).default('Plan'), ...sold }).meta({ id: 'SimulatedPlan' })
const option = z
  .object({ code: ref, name: name(120).optional(), ...sold, cycle: cycle.nullable().default(null) })
  .meta({
    id: 'SimulatedOption',
    description: 'An option, an add-on, a module; of `meters`, something metered',
  })

const onDay = { on: plainDate }
const ofService = { ...onDay, subscription: ref }
const ofOption = { option: ref.nullable().default(null).meta({ description: 'Its code; null: the plan' }) }

const event = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('plan'),
    ...ofService,
    plan,
    cycle: cycle.nullable().default(null),
    free_days: z.int().min(0).max(3650).default(0),
  }),
  z.object({ kind: z.literal('quantity'), ...ofService, ...ofOption, quantity }),
  z.object({ kind: z.literal('price'), ...ofService, ...ofOption, price }),
  z.object({ kind: z.literal('discount'), ...ofService, discount: discount.nullable() }),
  z.object({ kind: z.literal('cycle'), ...ofService, cycle, price }),
  z.object({ kind: z.literal('add_option'), ...ofService, option }),
  z.object({ kind: z.literal('remove_option'), ...ofService, option: ref }),
  z.object({
    kind: z.literal('suspend'),
    ...ofService,
    give_back: z
      .boolean()
      .default(false)
      .meta({ description: 'Whether days billed in advance are given back (billing rule 21)' }),
  }),
  z.object({ kind: z.literal('reactivate'), ...ofService }),
  z.object({ kind: z.literal('cancel'), ...ofService, penalty: amount.default(0) }),
  z.object({
    kind: z.literal('transfer'),
    ...ofService,
    account: ref,
    as: ref.meta({ description: 'What the new one is called here' }),
  }),
  z.object({ kind: z.literal('extend_trial'), ...ofService, days: z.int().min(1).max(3650) }),
  z.object({
    kind: z.literal('coupon'),
    ...ofService,
    name: name(120).default('COUPON'),
    discount,
    periods: z.int().min(1).max(600).nullable().default(null),
  }),
  z.object({
    kind: z.literal('usage'),
    ...ofService,
    option: ref.meta({ description: 'Code of the meter' }),
    quantity: z.int().min(0).max(largest),
  }),
  z.object({
    kind: z.literal('charge'),
    ...onDay,
    account: ref.default('account'),
    subscription: ref.nullable().default(null),
    description: name(200),
    amount,
    quantity: z.int().min(1).max(1_000_000).default(1),
    instalments: z.int().min(1).max(600).default(1),
    taxed: z.boolean().default(true),
  }),
  z.object({
    kind: z.literal('adjustment'),
    ...onDay,
    account: ref.default('account'),
    amount: z.int().min(-largest).max(largest).meta({ description: 'Credit given, or with a minus taken' }),
  }),
  z.object({
    kind: z.literal('payment'),
    ...onDay,
    account: ref.default('account'),
    amount: z.int().min(1).max(largest),
    document: z
      .int()
      .min(1)
      .nullable()
      .default(null)
      .meta({ description: 'Number in this simulation; null: the oldest open ones' }),
  }),
])

const tax = z.object({
  name: name(60),
  rate: z.int().min(0).max(1_000_000).meta({ description: 'Millionths: 190000 is 19 %' }),
  inclusive: z.boolean().default(false),
})

const rules = z
  .object({
    currency: currency.optional(),
    time_zone: z
      .string()
      .max(64)
      .optional()
      .meta({ description: 'Dates are local to it; nothing else depends on it' }),
    closing_day: z.int().min(1).max(31).optional(),
    day_count: z.enum(dayCounts).optional().meta({ description: 'Actual days, or 30-day commercial months' }),
    billing_mode: z.enum(billingModes).optional(),
    tax_rounding: z.enum(taxRoundings).optional(),
    invoice_grouping: z.enum(invoiceGroupings).optional(),
    taxes: z.array(tax).max(20).optional(),
  })
  .meta({ id: 'SimulatedRules' })

const runs = z.union([
  z.array(plainDate).max(5000),
  z.object({
    from: plainDate,
    to: plainDate.meta({ description: 'The last day, included' }),
    every: z.enum(['day', 'week', 'closing']).default('closing'),
  }),
])

export const simulationInput = z
  .object({
    business_unit_id: id.optional().meta({ description: 'Whose rules are taken where `rules` is silent' }),
    rules: rules.default({}),
    subscriptions: z
      .array(
        z.object({
          id: ref.meta({ description: 'What it is called here' }),
          account: ref.default('account'),
          start: plainDate,
          trial_days: z.int().min(0).max(3650).default(0),
          proportional_trial: z.boolean().default(false),
          billing_mode: z.enum(billingModes).optional(),
          cycle: cycle.optional(),
          plan,
          options: z.array(option).max(50).default([]),
          meters: z.array(option).max(50).default([]),
          taxed: z.boolean().default(true),
        }),
      )
      .max(100)
      .default([]),
    events: z.array(event).max(1000).default([]),
    runs,
  })
  .meta({ id: 'SimulationRequest' })

export type SimulationRequest = z.output<typeof simulationInput>

const range = z.object({ from: plainDate, to: plainDate }).meta({ description: 'Half-open: [from, to)' })
const line = z
  .object({
    subscription: z.string().nullable(),
    role: z.enum(lineRoles),
    description: z.string(),
    period: range,
    days: z.int(),
    of_days: z.int(),
    whole_period: range,
    price_model: z.enum(priceModels),
    unit_amount: minorUnits,
    quantity: z.int(),
    included: z.int(),
    gross: minorUnits,
    discount: minorUnits,
    net: minorUnits,
    tax: minorUnits.meta({ description: 'On top of net' }),
    tax_included: minorUnits.meta({ description: 'Contained in net' }),
    rule: z.string(),
    explanation: z.string().meta({ description: 'Why this amount, in plain words' }),
  })
  .meta({ id: 'SimulatedLine' })

export const simulationSchema = z
  .object({
    currency,
    decimals: z
      .int()
      .meta({ description: 'Of the currency (ISO 4217): how many digits of an amount are its fraction' }),
    documents: z.array(
      z
        .object({
          number: z.int(),
          kind: z
            .enum(['invoice', 'credit_note'])
            .meta({ description: 'A credit note’s amounts are positive' }),
          account: z.string(),
          cause: z.object({
            on: plainDate,
            run: z.boolean(),
            event: z.int().nullable().meta({ description: 'Place in `events`' }),
          }),
          issue_date: plainDate,
          lines: z.array(line),
          taxes: z.array(
            z.object({
              name: z.string(),
              rate: z.int(),
              inclusive: z.boolean(),
              base: minorUnits,
              amount: minorUnits,
            }),
          ),
          tax: minorUnits,
          tax_included: minorUnits,
          total: minorUnits,
        })
        .meta({ id: 'SimulatedDocument' }),
    ),
    accounts: z.array(
      z
        .object({
          account: z.string(),
          invoiced: minorUnits,
          credited: minorUnits,
          paid: minorUnits,
          owed: minorUnits,
          credit: minorUnits,
          balance: minorUnits.meta({ description: 'Owed less credit' }),
        })
        .meta({ id: 'SimulatedAccount' }),
    ),
    open: z.array(z.object({ number: z.int(), account: z.string(), open: minorUnits })),
    ledger: z
      .array(z.object({ ledger_account: z.enum(ledgerAccounts), amount: minorUnits }))
      .meta({ description: 'Debits positive, credits negative: they add up to zero' }),
    coverage: z
      .array(
        z.object({
          subscription: z.string(),
          component: z.string(),
          description: z.string(),
          from: plainDate,
          to: plainDate,
        }),
      )
      .meta({ description: 'Which days of what were billed: no day twice' }),
  })
  .meta({ id: 'Simulation' })
