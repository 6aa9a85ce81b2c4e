import { z } from 'zod'
import { webhookDeliveryStates, webhookDisabledReasons } from '../../platform/database.gen.ts'
import { id, instant, listQuery } from '../../platform/schemas.ts'
import { eventNames } from './event-types.ts'

const eventType = z.enum(eventNames as [string, ...string[]])
/** Up to so many of them are named; all are all. */
const chosenTypes = z.array(eventType).min(1).max(eventNames.length)

const endpointFields = {
  id,
  url: z.string(),
  description: z.string().nullable(),
  event_types: z
    .array(z.string())
    .nullable()
    .meta({ description: 'Null: everything, also what is added later' }),
  enabled: z.boolean(),
  state: z.enum(['active', 'failing', 'disabled']).meta({
    description: '`failing`: nothing arrived since `failing_since`; after three days it is disabled',
  }),
  disabled_at: instant.nullable(),
  disabled_reason: z.enum(webhookDisabledReasons).nullable().meta({
    description: '`gone`: the endpoint answered 410; `failing`: nothing arrived for three days',
  }),
  key_version: z.int(),
  previous_key_until: instant
    .nullable()
    .meta({ description: 'Until when the key before the last rotation signs beside the newest' }),
  failing_since: instant.nullable(),
  delivered_at: instant.nullable().meta({ description: 'When something last arrived' }),
  failed_at: instant.nullable(),
  created_by_name: z.string().nullable(),
  created_at: instant,
  updated_at: instant,
}
export const ownEndpointSchema = z.object(endpointFields).meta({ id: 'OwnWebhookEndpoint' })
export const endpointSchema = z
  .object({
    ...endpointFields,
    account_id: id.nullable().meta({ description: 'Null: the operator’s own' }),
    business_unit_id: id.nullable().meta({ description: 'The only one that it is told of; null: all' }),
    business_unit_name: z.string().nullable(),
  })
  .meta({ id: 'WebhookEndpoint' })
const key = z.string().meta({
  description: 'What deliveries are signed with (`whsec_…`), shown this once',
  example: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
})
export const endpointKeySchema = z
  .object({ endpoint: endpointSchema, key })
  .meta({ id: 'WebhookEndpointKey' })
export const ownEndpointKeySchema = z
  .object({ endpoint: ownEndpointSchema, key })
  .meta({ id: 'OwnWebhookEndpointKey' })

const url = z.string().trim().min(8).max(2000).meta({
  description: 'https, on port 443 or 8443, at an address of the internet',
  example: 'https://example.com/hooks/zaguan',
})
const description = z
  .string()
  .trim()
  .max(200)
  .transform((value) => (value === '' ? null : value))
  .nullable()
const types = chosenTypes.nullable().meta({ description: 'Null: everything, also what is added later' })
export const ownEndpointInput = z.strictObject({
  url,
  description: description.default(null),
  event_types: types.default(null),
})
export const endpointInput = ownEndpointInput.extend({ business_unit_id: id.nullable().default(null) })
export const ownEndpointChange = z.strictObject({
  url: url.optional(),
  description: description.optional(),
  event_types: types.optional(),
  enabled: z.boolean().optional(),
})
export const endpointChange = ownEndpointChange.extend({ business_unit_id: id.nullable().optional() })
export const endpointQuery = listQuery(['created_at'], '-created_at')
export const accountEndpointParams = z.object({ account_id: id, id })

const deliveryFields = {
  id,
  endpoint_id: id,
  endpoint_url: z.string(),
  event_id: z
    .string()
    .meta({ description: 'The message’s `webhook-id`', example: 'msg_01978f2a5c1e7b409d3a000000000001' }),
  type: z.string(),
  occurred_at: instant,
  state: z.enum(webhookDeliveryStates).meta({
    description: '`cancelled`: the endpoint was disabled before it arrived',
  }),
  attempts: z.int(),
  next_at: instant.nullable().meta({ description: 'When it is tried next' }),
  last_status: z.int().nullable(),
  last_error: z.string().nullable().meta({ description: 'Why no answer came' }),
  created_at: instant,
  ended_at: instant.nullable(),
}
const officeFields = { account_id: id.nullable(), account_name: z.string().nullable() }
const detailFields = {
  endpoint_enabled: z.boolean(),
  body: z.string().meta({ description: 'What is sent, byte for byte' }),
  attempt_log: z.array(
    z
      .object({
        number: z.int(),
        at: instant,
        duration_ms: z.int(),
        status: z.int().nullable(),
        error: z.string().nullable(),
        detail: z.string().nullable(),
        answer: z.string().nullable().meta({ description: 'The first 1,024 characters of the answer' }),
      })
      .meta({ id: 'WebhookAttempt' }),
  ),
}
export const ownDeliverySchema = z.object(deliveryFields).meta({ id: 'OwnWebhookDelivery' })
export const deliverySchema = z.object({ ...deliveryFields, ...officeFields }).meta({ id: 'WebhookDelivery' })
export const ownDeliveryDetail = z
  .object({ ...deliveryFields, ...detailFields })
  .meta({ id: 'OwnWebhookDeliveryDetail' })
export const deliveryDetail = z
  .object({ ...deliveryFields, ...officeFields, ...detailFields })
  .meta({ id: 'WebhookDeliveryDetail' })
export const deliveryQuery = listQuery(['created_at'], '-created_at').extend({
  endpoint_id: id.optional(),
  state: z.enum(webhookDeliveryStates).optional(),
  type: z.string().max(80).optional(),
  from: instant.optional(),
  to: instant.optional().meta({ description: 'The first moment that is no longer shown' }),
})

export const sentTest = z.object({ delivery_id: id }).meta({ id: 'WebhookTest' })
export const replayInput = z.strictObject({ since: instant })
export const replayed = z
  .object({ count: z.int().meta({ description: 'How many are sent again' }) })
  .meta({ id: 'WebhookReplay' })

export const eventTypesSchema = z
  .object({
    items: z.array(
      z
        .object({
          type: z.string(),
          object: z.string().meta({ description: 'What its data is' }),
          description: z.string(),
          example: z.string().meta({ description: 'A message, as JSON' }),
        })
        .meta({ id: 'WebhookEventType' }),
    ),
  })
  .meta({ id: 'WebhookEventTypes' })
