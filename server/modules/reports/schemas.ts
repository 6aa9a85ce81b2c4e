import { z } from 'zod'
import { invoiceStates, noticeKinds, planKinds, subscriptionStatuses } from '../../platform/database.gen.ts'
import { currency, id, instant, minorUnits, plainDate } from '../../platform/schemas.ts'
import { lookSchema } from '../units/index.ts'

export const homeSchema = z
  .object({
    account: z.object({ id, number: z.int(), name: z.string() }),
    unit: lookSchema,
    today: plainDate.meta({ description: 'The date in the business unit’s time zone' }),
    balance: z
      .object({ owed: minorUnits, credit: minorUnits, currency })
      .nullable()
      .meta({ description: 'Null where the user may not see billing' }),
    needs_you: z.array(
      z.object({
        kind: z.enum([
          'invoice_overdue',
          'invoice_due',
          'payment_rejected',
          'ownership_offered',
          'account_change_rejected',
          'contract_waiting',
        ]),
        id,
        number: z.string().nullable(),
        amount: minorUnits.nullable(),
        currency: currency.nullable(),
        date: plainDate,
        reason: z.string().nullable(),
      }),
    ),
    services: z.array(
      z.object({
        id,
        number: z.int(),
        plan_name: z.string(),
        kind: z.enum(planKinds),
        status: z.enum(subscriptionStatuses),
        start_date: plainDate,
        billing_start: plainDate.nullable(),
        end_date: plainDate.nullable(),
        currency,
        amount: minorUnits.meta({ description: 'To pay a month: plan less discount, and options' }),
      }),
    ),
    invoices: z.array(
      z.object({
        id,
        series: z.string(),
        number: z.int(),
        issue_date: plainDate,
        due_date: plainDate,
        currency,
        total: minorUnits,
        state: z.enum(invoiceStates),
        open_amount: minorUnits,
        overdue: z.boolean(),
        notified: z.boolean().meta({ description: 'A payment notice waits for approval' }),
      }),
    ),
    notices: z.array(z.object({ id, kind: z.enum(noticeKinds), subject: z.string(), created_at: instant })),
  })
  .meta({ id: 'Home' })

const figure = z.object({ month: z.string(), currency, amount: minorUnits })

export const todaySchema = z
  .object({
    waiting: z.object({
      payment_notices: z.int(),
      failed_jobs: z.int(),
      failed_orders: z.int().meta({ description: 'Orders that could not be done and wait for staff' }),
      failed_notices: z.int(),
      awaiting_installation: z.int(),
      overdue_invoices: z.int(),
      account_changes: z.int(),
      unfinished_setups: z.int(),
    }),
    closings_due: z.array(
      z.object({
        business_unit_id: id,
        business_unit_name: z.string(),
        up_to: plainDate,
        last_closed: plainDate.nullable(),
      }),
    ),
    revenue: z.array(figure).meta({ description: 'Invoiced by month of issue, newest last, 13 months' }),
    received: z.array(figure).meta({ description: 'Payments by month of receipt' }),
    receivables: z.array(
      z.object({
        bucket: z.enum(['not_due', 'days_1_30', 'days_31_60', 'days_61_90', 'days_over_90']),
        currency,
        amount: minorUnits,
        invoices: z.int(),
      }),
    ),
    growth: z.array(z.object({ month: z.string(), started: z.int(), ended: z.int(), active: z.int() })),
  })
  .meta({ id: 'Today' })
