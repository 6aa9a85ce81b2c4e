import { z } from 'zod'
import { importFormats, importKinds, runStates } from '../../platform/database.gen.ts'
import { id, instant, language, listQuery, plainDate } from '../../platform/schemas.ts'
import { mappingSchema, targetTypes } from './mapping.ts'
import { rejectCodes } from './rows.ts'

const summary = {
  id,
  business_unit_id: id,
  business_unit_name: z.string(),
  kind: z.enum(importKinds),
  file_name: z.string(),
  format: z.enum(importFormats),
  sheet: z.string().nullable().meta({ description: 'The sheet of a workbook that is imported' }),
  state: z.enum(runStates),
  as_of: plainDate.meta({
    description: 'The import’s date: what “months before” and “billed already” count from',
  }),
  rows_total: z.int(),
  rows_done: z.int(),
  created: z.int(),
  updated: z.int(),
  unchanged: z.int(),
  rejected: z.int(),
  error: z.string().nullable().meta({ description: 'Why it failed, in the language of the request' }),
  created_by: id.nullable(),
  created_by_name: z.string().nullable(),
  created_at: instant,
  started_at: instant.nullable(),
  finished_at: instant.nullable(),
}

export const importSummarySchema = z.object(summary).meta({ id: 'ImportSummary' })

const targetSchema = z
  .object({
    name: z.string(),
    label: z.string().meta({ description: 'In the language of the request' }),
    type: z.enum(targetTypes),
    required: z.boolean(),
    choices: z.array(
      z.object({
        value: z.string(),
        label: z
          .string()
          .meta({ description: 'In the language of the request; understood in a file as well' }),
      }),
    ),
  })
  .meta({ id: 'ImportTarget' })

export const importSchema = z
  .object({
    ...summary,
    columns: z.array(z.string()),
    sheets: z.array(z.string()).meta({ description: 'The sheets of a workbook; empty for CSV' }),
    sample: z.array(z.array(z.string())).meta({ description: 'The first rows, cell by cell' }),
    mapping: mappingSchema.meta({ description: 'What was set, or at first what the header suggests' }),
    targets: z.array(targetSchema),
  })
  .meta({ id: 'Import' })

export const importQuery = listQuery(['created_at'], '-created_at').extend({
  business_unit_id: id.optional(),
  kind: z.enum(importKinds).optional(),
  state: z.enum(runStates).optional(),
})

export const uploadFields = z.object({ business_unit_id: id, kind: z.enum(importKinds) })

export const mappingChange = z.object({ mapping: mappingSchema, as_of: plainDate.optional() })

/** The language of a file: a browser that downloads it asks in its own, which may not be the screen’s. */
export const languageChoice = z.object({ language: language.optional() })

export const sheetChoice = z.object({ sheet: z.string().min(1).max(200) })

export const rejectQuery = listQuery(['row_number'], 'row_number').extend({
  code: z.enum(rejectCodes).optional(),
})

export const rejectSchema = z
  .object({
    row_number: z
      .int()
      .meta({ description: 'The line of the file on which the row begins, or the row of the sheet' }),
    code: z.enum(rejectCodes),
    message: z.string().meta({ description: 'The reason, in the language of the request' }),
    column_name: z.string().nullable(),
    value: z.string().nullable(),
    record: z.array(z.string()).meta({ description: 'The cells as they are in the file' }),
  })
  .meta({ id: 'ImportReject' })
