import { z } from 'zod'
import { runStates } from '../../platform/database.gen.ts'
import { id, instant } from '../../platform/schemas.ts'
import { invoiceQuery } from './schemas.ts'

/** The filter of the invoice list, as a body. */
export const documentBatchInput = invoiceQuery
  .omit({ limit: true, cursor: true, sort: true })
  .meta({ id: 'DocumentBatchFilters', description: 'The filters of the list of documents' })

export const documentBatchSchema = z
  .object({
    id,
    closing_id: id.nullable(),
    state: z.enum(runStates),
    documents_total: z.int(),
    documents_done: z.int(),
    parts: z
      .array(z.object({ part: z.int(), documents: z.int(), size: z.int() }))
      .meta({ description: 'The ZIP files that are ready' }),
    error: z.string().nullable(),
    created_at: instant,
    finished_at: instant.nullable(),
    expires_at: instant.nullable().meta({ description: 'When the files are removed' }),
    removed_at: instant.nullable(),
  })
  .meta({ id: 'DocumentBatch' })

export const documentBatchesSchema = z
  .object({ items: z.array(documentBatchSchema) })
  .meta({ id: 'DocumentBatches' })

export const documentBatchPartParams = z.object({ id, part: z.coerce.number().int().min(1).max(1000) })
