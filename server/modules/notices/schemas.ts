import { z } from 'zod'
import { languageCodes, noticeKinds, noticeStates } from '../../platform/database.gen.ts'
import { id, instant, listQuery } from '../../platform/schemas.ts'

const ownFields = {
  id,
  kind: z.enum(noticeKinds),
  to_email: z.string(),
  language: z.enum(languageCodes),
  subject: z.string(),
  state: z.enum(noticeStates),
  created_at: instant,
  sent_at: instant.nullable(),
  resent_from: id.nullable(),
}
const body = {
  html: z.string().nullable(),
  text_body: z.string().nullable(),
}

export const ownNoticeSchema = z.object(ownFields).meta({ id: 'OwnNotice' })
export const ownNoticeDetail = z.object({ ...ownFields, ...body }).meta({ id: 'OwnNoticeDetail' })

const fields = {
  ...ownFields,
  business_unit_id: id.nullable(),
  account_id: id.nullable(),
  account_name: z.string().nullable(),
  account_number: z.int().nullable(),
  user_id: id.nullable(),
  secret: z.boolean().meta({ description: 'Carries a link that signs somebody in' }),
  error: z.string().nullable().meta({ description: 'What the mail server said at the last attempt' }),
}

export const noticeSchema = z.object(fields).meta({ id: 'Notice' })
export const noticeDetail = z
  .object({
    ...fields,
    ...body,
    body: z.enum(['shown', 'withheld', 'removed']).meta({
      description:
        'A secret body is withheld, except from those who manage staff while there is no mail server; it is removed once it was sent',
    }),
  })
  .meta({ id: 'NoticeDetail' })

export const noticeQuery = listQuery(['created_at'], '-created_at').extend({
  business_unit_id: id.optional(),
  account_id: id.optional(),
  state: z.enum(noticeStates).optional(),
  kind: z.enum(noticeKinds).optional(),
})
export const ownNoticeQuery = listQuery(['created_at'], '-created_at').omit({ q: true })
