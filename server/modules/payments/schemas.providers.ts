import { z } from 'zod'
import {
  intentOrigins,
  intentPurposes,
  intentStates,
  invoiceStates,
  paymentDrivers,
  paymentFailures,
  paymentMethods,
  providerHealths,
  reversalKinds,
  reversalStates,
  storedMethodStates,
} from '../../platform/database.gen.ts'
import { currency, id, instant, listQuery, minorUnits, name, plainDate } from '../../platform/schemas.ts'

const method = z.enum(paymentMethods)
const flag = z.stringbool({ truthy: ['true'], falsy: ['false'] }).optional()
const driver = z.enum(paymentDrivers)

const capabilities = z.object({
  stores: z.boolean().meta({ description: 'Keeps methods for later, and charges them with nobody there' }),
  refunds: z.enum(['none', 'whole', 'partial']),
  cancels: z.boolean(),
  webhook: z.boolean(),
  by_files: z.boolean().meta({ description: 'Its money is told by a file or a statement' }),
})

export const driverSchema = z
  .object({
    driver,
    methods: z.array(method),
    currencies: z.array(currency).nullable().meta({ description: 'Null: any' }),
    capabilities,
    fields: z.array(
      z.object({
        name: z.string(),
        kind: z.enum(['text', 'number', 'choice', 'switch', 'secret', 'secret_text']),
        required: z.boolean(),
        choices: z.array(z.string()).optional(),
      }),
    ),
  })
  .meta({ id: 'PaymentDriver' })

const providerFields = {
  id,
  business_unit_id: id,
  business_unit_name: z.string(),
  driver,
  name: z.string(),
  methods: z.array(method),
  settings: z.record(z.string(), z.unknown()),
  position: z.int(),
  enabled: z.boolean(),
  health: z.enum(providerHealths),
  health_checked_at: instant.nullable(),
  health_code: z.string().nullable(),
  health_detail: z.string().nullable(),
  archived_at: instant.nullable(),
  created_at: instant,
  unknown_intents: z.int().meta({ description: 'Payments of which nobody knows yet what became' }),
  last_event_at: instant.nullable(),
}
export const providerListItem = z.object(providerFields).meta({ id: 'PaymentProviderItem' })
export const providerSchema = z
  .object({
    ...providerFields,
    secrets_set: z.array(z.string()).meta({ description: 'Which secrets are stored; they are never shown' }),
  })
  .meta({ id: 'PaymentProvider' })
export const providerQuery = z.object({
  business_unit_id: id.optional(),
  archived: flag,
})
const providerInput = z.object({
  name: name(80),
  methods: z.array(method).min(1).max(8),
  settings: z.record(z.string().max(60), z.unknown()).default({}),
  secrets: z
    .record(z.string().max(60), z.string().max(20_000))
    .default({})
    .meta({ description: 'What is left out stays as it is; an empty text takes one away' }),
  enabled: z.boolean().default(false),
  position: z.int().min(0).max(1000).default(0),
})
export const newProvider = providerInput.extend({ business_unit_id: id, driver })
export const changedProvider = providerInput

const payerAction = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('redirect'), url: z.string() }),
    z.object({
      kind: z.literal('pix'),
      text: z.string().meta({ description: 'Copy and paste; also the QR code' }),
    }),
    z.object({
      kind: z.literal('boleto'),
      typeable_line: z.string(),
      bar_code: z.string(),
      due_date: z.string(),
      pix_text: z.string().nullable(),
    }),
    z.object({
      kind: z.literal('stripe'),
      publishable_key: z.string(),
      client_secret: z.string(),
      setup: z.boolean(),
    }),
    z.object({ kind: z.literal('mercado_pago'), public_key: z.string(), url: z.string() }),
  ])
  .meta({ id: 'PayerAction' })

const intentInvoice = z.object({
  id,
  number: z.string(),
  due_date: z.iso.date(),
  amount: minorUnits,
  state: z.enum(invoiceStates),
})
const intentFields = {
  id,
  provider_id: id,
  provider_name: z.string(),
  driver,
  method,
  purpose: z.enum(intentPurposes),
  origin: z.enum(intentOrigins),
  amount: minorUnits,
  currency,
  order_id: id.nullable(),
  stored_method_id: id.nullable(),
  store: z.boolean(),
  state: z.enum(intentStates).meta({
    description:
      'created, sending: on its way to the provider; unknown: no answer came, it is being asked; action_needed: the payer’s turn; pending: the provider’s or the bank’s; else over',
  }),
  action: payerAction.nullable(),
  failure: z.enum(paymentFailures).nullable(),
  expires_at: instant.nullable(),
  created_at: instant,
  ended_at: instant.nullable(),
  invoices: z.array(intentInvoice),
  received: minorUnits,
}
export const ownIntentSchema = z.object(intentFields).meta({ id: 'OwnPaymentIntent' })
export const intentSchema = z
  .object({
    ...intentFields,
    account_id: id,
    account_name: z.string(),
    account_number: z.int(),
    business_unit_id: id,
    business_unit_name: z.string(),
    provider_ref: z.string().nullable(),
    failure_detail: z.string().nullable(),
    sent_at: instant.nullable(),
    look_at: instant.nullable(),
    looks: z.int(),
  })
  .meta({ id: 'PaymentIntent' })
export const intentQuery = listQuery(['created_at'], '-created_at').extend({
  state: z.enum(intentStates).optional(),
  open: flag,
  business_unit_id: id.optional(),
  account_id: id.optional(),
  provider_id: id.optional(),
  order_id: id.optional(),
})
export const ownIntentQuery = listQuery(['created_at'], '-created_at')
  .omit({ q: true })
  .extend({ open: flag })
export const intentInput = z.object({
  provider_id: id,
  method,
  invoice_ids: z.array(id).min(1).max(50).optional(),
  order_id: id.nullable().optional(),
  stored_method_id: id.nullable().optional(),
  store: z.boolean().default(false).meta({ description: 'Keep the method for automatic debit' }),
})

const storedFields = {
  id,
  provider_id: id,
  provider_name: z.string(),
  driver,
  method,
  brand: z.string().nullable(),
  last_digits: z.string().nullable(),
  expires_on: plainDate.nullable().meta({ description: 'First day on which it is no longer good' }),
  state: z.enum(storedMethodStates),
  automatic: z.boolean().meta({ description: 'Charged by itself on due dates' }),
  created_at: instant,
  ended_at: instant.nullable(),
  services: z
    .array(z.object({ id, contract_number: z.int(), plan_name: z.string() }))
    .meta({ description: 'Services that are debited from it and not from the account’s' }),
}
export const ownMethodSchema = z.object(storedFields).meta({ id: 'OwnStoredMethod' })
export const storedMethodSchema = z
  .object({ ...storedFields, account_id: id, account_name: z.string(), account_number: z.int() })
  .meta({ id: 'StoredMethod' })
export const storedMethodQuery = listQuery(['created_at'], '-created_at')
  .omit({ q: true })
  .extend({
    account_id: id.optional(),
    business_unit_id: id.optional(),
    state: z.enum(storedMethodStates).optional(),
  })
export const setupInput = z.object({
  provider_id: id,
  method: method.meta({ description: 'One that can be charged again: card, bank_debit or pix' }),
  details: z.record(z.string().max(40), z.string().max(120)).nullable().default(null).meta({
    description: 'What the customer types where no form of the provider takes it: a bank account to debit',
  }),
})
export const automaticInput = z.object({ automatic: z.boolean() })
export const serviceMethodInput = z.object({ stored_method_id: id.nullable() })

export const paymentChoices = z
  .object({
    currency,
    providers: z.array(
      z.object({ id, driver, name: z.string(), methods: z.array(method), stores: z.boolean() }),
    ),
    stored_methods: z.array(ownMethodSchema),
    manual_methods: z
      .array(method)
      .meta({ description: 'Ways outside of here: the payment is notified with its receipt' }),
    instructions: z.string().nullable(),
  })
  .meta({ id: 'PaymentChoices' })

export const refundInput = z.object({
  amount: z.int().min(1),
  reason: name(500),
  by: z.enum(['provider', 'outside']).meta({
    description: 'provider: by whoever took the money; outside: staff paid it back by hand',
  }),
})
export const reversalSchema = z
  .object({
    id,
    payment_id: id,
    account_id: id,
    account_name: z.string(),
    account_number: z.int(),
    kind: z.enum(reversalKinds),
    state: z.enum(reversalStates),
    amount: minorUnits,
    currency,
    provider_ref: z.string().nullable(),
    reason: z.string().nullable(),
    failure_detail: z.string().nullable(),
    created_by: id.nullable(),
    created_by_name: z.string().nullable(),
    created_at: instant,
    done_at: instant.nullable(),
  })
  .meta({ id: 'PaymentReversal' })
export const reversalQuery = listQuery(['created_at'], '-created_at')
  .omit({ q: true })
  .extend({
    payment_id: id.optional(),
    account_id: id.optional(),
    business_unit_id: id.optional(),
    kind: z.enum(reversalKinds).optional(),
    state: z.enum(reversalStates).optional(),
  })
