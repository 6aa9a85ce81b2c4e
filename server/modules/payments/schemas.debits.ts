import { z } from 'zod'
import { debitStates, intentStates, paymentFailures, runStates } from '../../platform/database.gen.ts'
import { currency, id, instant, listQuery, minorUnits, plainDate } from '../../platform/schemas.ts'
import { passingReasons } from './debit-retries.ts'

const days = z.array(z.int().min(1).max(60)).max(10)

export const debitPolicySchema = z
  .object({
    enabled: z.boolean(),
    announce_days: z
      .int()
      .min(1)
      .max(30)
      .nullable()
      .meta({ description: 'So many days before the due date the customer is told; null: not told' }),
    retries: z
      .strictObject(
        Object.fromEntries(passingReasons.map((reason) => [reason, days])) as Record<
          (typeof passingReasons)[number],
          typeof days
        >,
      )
      .meta({
        description:
          'By reason of refusal, each counted by itself: after how many days an invoice is charged again, after its first refusal for that reason, its second, …; empty: not by itself. Cards that are expired, not valid or suspected are never charged again by themselves',
      }),
    most_attempts: z.int().min(1).max(20).meta({
      description: 'How often an invoice is charged by itself in all, whatever the reasons and methods',
    }),
  })
  .meta({ id: 'DebitPolicy' })

export const debitRunSchema = z
  .object({
    id,
    business_unit_id: id,
    business_unit_name: z.string(),
    on_date: plainDate,
    state: z.enum(runStates),
    due: z.int(),
    done: z.int(),
    paid: z.int(),
    refused: z.int(),
    amount_paid: minorUnits,
    currency,
    by_clock: z.boolean(),
    created_by_name: z.string().nullable(),
    created_at: instant,
    began_at: instant.nullable(),
    finished_at: instant.nullable(),
  })
  .meta({ id: 'DebitRun' })
export const debitRunQuery = listQuery(['created_at'], '-created_at')
  .omit({ q: true })
  .extend({ business_unit_id: id.optional() })

export const debitAttemptSchema = z
  .object({
    id,
    account_id: id,
    account_name: z.string(),
    account_number: z.int(),
    invoice_id: id,
    invoice_number: z.string(),
    attempt: z.int(),
    intent_id: id,
    amount: minorUnits,
    currency,
    intent_state: z.enum(intentStates),
    brand: z.string().nullable(),
    last_digits: z.string().nullable(),
    state: z.enum(debitStates),
    failure: z.enum(paymentFailures).nullable(),
    on_date: plainDate,
    next_on: plainDate.nullable().meta({ description: 'When it is charged again by itself' }),
    created_at: instant,
  })
  .meta({ id: 'DebitAttempt' })
export const debitAttemptQuery = listQuery(['created_at'], '-created_at')
  .omit({ q: true })
  .extend({
    account_id: id.optional(),
    business_unit_id: id.optional(),
    invoice_id: id.optional(),
    state: z.enum(debitStates).optional(),
  })
