import { z } from 'zod'
import { noticeTopics } from '../../platform/database.gen.ts'
import { id, instant, listQuery } from '../../platform/schemas.ts'

export const listedContactsQuery = listQuery(['created_at'], 'created_at').extend({
  business_unit_id: id.optional(),
  account_id: id.optional(),
  primary: z.enum(['yes', 'no']).optional(),
})

export const listedContactSchema = z
  .object({
    id,
    account_id: id,
    account_number: z.int(),
    account_name: z.string(),
    account_external_id: z.string().nullable(),
    business_unit_id: id,
    business_unit_name: z.string(),
    external_id: z.string().nullable(),
    first_name: z.string(),
    last_name: z.string().nullable(),
    email: z.string().nullable(),
    phone: z.string().nullable(),
    title: z.string().nullable(),
    topics: z.array(z.enum(noticeTopics)),
    is_primary: z.boolean(),
    created_at: instant,
  })
  .meta({ id: 'ListedContact' })
