import { z } from 'zod'
import { erasureStates } from '../../platform/database.gen.ts'
import { currency, id, instant, language, name } from '../../platform/schemas.ts'

const exportState = z.enum(['queued', 'running', 'done', 'failed'])

export const privacyExport = z
  .object({
    id,
    account_id: id,
    side: z.enum(['staff', 'customer']),
    language,
    state: exportState,
    parts_total: z.int(),
    parts_done: z.int(),
    rows_done: z.int(),
    json_size: z.int().nullable(),
    pdf_size: z.int().nullable(),
    created_at: instant,
    finished_at: instant.nullable(),
    expires_at: instant.nullable(),
    removed_at: instant.nullable(),
    requested_by_name: z.string().nullable(),
  })
  .meta({ id: 'PrivacyExport' })
export const privacyExports = z.object({ items: z.array(privacyExport) })

export const exportInput = z.object({
  language: language.optional().meta({ description: 'Of the PDF; by default that of whoever asks for it' }),
})
export const exportFileParams = z.object({ id, format: z.enum(['json', 'pdf']) })

const counted = z.array(z.object({ kind: z.string(), count: z.int() }))
export const erasurePreview = z
  .object({
    account_id: id,
    number: z.int(),
    name: z.string(),
    currency,
    erased_at: instant.nullable(),
    under_way: z
      .object({
        state: z.enum(erasureStates),
        requested_at: instant,
        waits_for: z
          .array(z.object({ provider_name: z.string(), count: z.int() }))
          .meta({ description: 'Providers that have not yet cancelled or forgotten what they keep' }),
        left_behind: z.int().meta({
          description: 'How much providers kept, because they did not answer for days or refused',
        }),
      })
      .nullable()
      .meta({ description: 'An erasure that waits for payment providers, or what became of it' }),
    obstacles: z.array(
      z.object({
        code: z.enum([
          'services_running',
          'contracts_in_force',
          'invoices_open',
          'credit_left',
          'payments_pending',
          'payments_under_way',
          'days_unbilled',
        ]),
        count: z.int(),
        amount: z.int().nullable().meta({ description: 'Minor units of the currency' }),
      }),
    ),
    goes: counted,
    stays: counted,
  })
  .meta({ id: 'ErasurePreview' })
export const erasureInput = z.object({
  number: z.int().positive().meta({ description: 'The account’s number, typed by whoever is sure' }),
  reason: name(500),
})
