import { z } from 'zod'
import { supportCreditKinds } from '../../platform/database.gen.ts'
import { id, instant, listQuery, name } from '../../platform/schemas.ts'

const credits = z.int().meta({ description: 'Support credits, not money' })

export const supportCreditsSchema = z
  .object({
    balance: credits.meta({ description: 'What the account has now: the sum of all entries' }),
    items: z.array(
      z
        .object({
          id,
          kind: z.enum(supportCreditKinds),
          amount: credits.meta({ description: 'Given, or with a minus taken' }),
          reason: z.string().nullable(),
          order_id: id.nullable(),
          order_number: z.int().nullable(),
          order_title: z.string().nullable(),
          invoice_id: id.nullable(),
          invoice_number: z.string().nullable(),
          created_at: instant,
        })
        .meta({ id: 'SupportCreditEntry' }),
    ),
    next_cursor: z.string().nullable(),
  })
  .meta({ id: 'SupportCredits' })

export const supportCreditsQuery = listQuery(['created_at'], '-created_at').omit({ q: true })

export const supportCreditAdjustment = z.object({
  amount: z
    .int()
    .min(-1_000_000)
    .max(1_000_000)
    .refine((value) => value !== 0)
    .meta({ description: 'More, or with a minus less' }),
  reason: name(500),
})
