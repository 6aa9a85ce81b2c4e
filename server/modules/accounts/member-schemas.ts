import { z } from 'zod'
import {
  accountChangeStates,
  accountKinds,
  membershipPermissions,
  noticeTopics,
  ownershipTransferStates,
} from '../../platform/database.gen.ts'
import { email, id, instant, language, listQuery, name, text } from '../../platform/schemas.ts'

const permission = z.enum(membershipPermissions)
/** What a customer may give: never ownership, which changes hands by consent. */
const givenPermission = z.enum(['billing', 'services', 'support', 'licences', 'users'])
const several = { minimum: 1, maximum: 6 }

export const ownMemberSchema = z
  .object({
    id,
    user_id: id,
    email: z.string(),
    name: z.string(),
    photo_file_id: id.nullable(),
    permissions: z.array(permission),
    created_at: instant,
  })
  .meta({ id: 'OwnMember' })
export const ownMemberChange = z.object({
  permissions: z.array(givenPermission).min(several.minimum).max(several.maximum),
})

export const invitationSchema = z
  .object({
    id,
    email: z.string(),
    permissions: z.array(permission),
    invited_by_name: z
      .string()
      .nullable()
      .meta({ description: 'Null where it was somebody whom the account does not show' }),
    by_staff: z.boolean(),
    state: z.enum(['open', 'expired', 'declined']),
    created_at: instant,
    expires_at: instant,
  })
  .meta({ id: 'MemberInvitation' })
export const ownInvitationInput = z.object({
  email,
  permissions: z.array(givenPermission).min(several.minimum).max(several.maximum),
})
export const invitationInput = z.object({
  email,
  permissions: z.array(permission).min(several.minimum).max(several.maximum),
})

const token = z.string().min(1).max(200)
export const invitationToken = z.object({ token })
export const invitationLink = z
  .object({
    state: z.enum(['open', 'used', 'declined', 'withdrawn', 'expired', 'void']),
    email: z.string(),
    permissions: z.array(permission),
    account_name: z.string(),
    unit_slug: z.string(),
    unit_name: z.string(),
    invited_by_name: z.string(),
    expires_at: instant,
    person: z
      .enum(['new', 'known'])
      .meta({ description: '`new` chooses name and password by the link; `known` signs in' }),
    person_name: z.string().nullable(),
    language,
  })
  .meta({ id: 'InvitationLink' })
export const joinInput = z.object({ token, name: name(200), language, password: z.string().max(1000) })

export const ownershipTransferSchema = z
  .object({
    id,
    state: z.enum(ownershipTransferStates),
    from_user_id: id,
    from_name: z.string().nullable(),
    to_user_id: id,
    to_name: z.string().nullable(),
    created_at: instant,
    expires_at: instant,
    decided_at: instant.nullable(),
  })
  .meta({ id: 'OwnershipTransfer' })
export const ownershipOffer = z.object({ member_id: id })

const details = z.object({
  name: z.string().optional(),
  tax_id: z.string().nullable().optional(),
  kind: z.enum(accountKinds).optional(),
})
export const ownChangeRequestSchema = z
  .object({
    id,
    changes: details,
    previous: details,
    state: z.enum(accountChangeStates),
    reason: z.string().nullable(),
    created_at: instant,
    decided_at: instant.nullable(),
  })
  .meta({ id: 'OwnAccountChangeRequest' })
export const changeRequestSchema = z
  .object({
    id,
    account_id: id,
    account_name: z.string(),
    account_number: z.int(),
    business_unit_id: id,
    business_unit_name: z.string(),
    requested_by_name: z.string(),
    requested_by_email: z.string(),
    changes: details,
    previous: details,
    state: z.enum(accountChangeStates),
    reason: z.string().nullable(),
    created_at: instant,
    decided_by_name: z.string().nullable(),
    decided_at: instant.nullable(),
  })
  .meta({ id: 'AccountChangeRequest' })
export const changeRequestQuery = listQuery(['created_at'], '-created_at').extend({
  state: z.enum(accountChangeStates).optional(),
  business_unit_id: id.optional(),
  account_id: id.optional(),
})
export const changeRejection = z.object({ reason: name(1000) })

export const ownContactSchema = z
  .object({
    id,
    first_name: z.string(),
    last_name: z.string().nullable(),
    email: z.string().nullable(),
    phone: z.string().nullable(),
    title: z.string().nullable(),
    topics: z.array(z.enum(noticeTopics)),
    is_primary: z.boolean(),
    user_id: id.nullable(),
    created_at: instant,
  })
  .meta({ id: 'OwnContact' })
export const ownContactChange = z.object({
  first_name: name(120).optional(),
  last_name: text(120).optional(),
  email: z
    .union([email, z.literal('').transform(() => null)])
    .nullable()
    .optional(),
  phone: text(60).optional(),
  title: text(120).optional(),
  topics: z.array(z.enum(noticeTopics)).max(10).optional(),
  is_primary: z.literal(true).optional(),
})
export const ownContactInput = ownContactChange.required({ first_name: true })
