import { z } from 'zod'
import {
  accountKinds,
  accountRanks,
  languageCodes,
  membershipPermissions,
  noticeTopics,
} from '../../platform/database.gen.ts'
import { currency, email, id, instant, listQuery, minorUnits, name, text } from '../../platform/schemas.ts'
import { ownChangeRequestSchema } from './member-schemas.ts'

const optionalEmail = z.union([email, z.literal('').transform(() => null)]).nullable()
const country = z
  .union([
    z
      .string()
      .trim()
      .toUpperCase()
      .regex(/^[A-Z]{2}$/),
    z.literal('').transform(() => null),
  ])
  .nullable()

const ownFields = {
  id,
  number: z.int(),
  business_unit_id: id,
  kind: z.enum(accountKinds),
  name: z.string(),
  tax_id: z.string().nullable(),
  email: z.string().nullable(),
  phone: z.string().nullable(),
  fax: z.string().nullable(),
  address: z.string().nullable(),
  city: z.string().nullable(),
  state: z.string().nullable(),
  country: z.string().nullable(),
  postal_code: z.string().nullable(),
  language: z.enum(languageCodes),
  created_at: instant,
  updated_at: instant,
}

export const ownAccountSchema = z
  .object({
    ...ownFields,
    sensitive_changes_need_approval: z
      .boolean()
      .meta({ description: 'A change of name, kind or tax id waits for the business unit to confirm it' }),
    change_request: ownChangeRequestSchema
      .nullable()
      .meta({ description: 'What waits for confirmation, or was refused last' }),
  })
  .meta({ id: 'OwnAccount' })

export const accountSchema = z
  .object({
    ...ownFields,
    external_id: z.string().nullable(),
    rank: z.enum(accountRanks).nullable(),
    notes: z.string().nullable(),
    business_unit_name: z.string(),
    currency,
    active_services: z.int(),
    owed: minorUnits.meta({ description: 'What the account owes; negative is credit' }),
    domains: z.array(z.string()).meta({ description: 'Mail from these domains is the account’s; without @' }),
    tickets_only_from_primary: z.boolean().meta({
      description: 'Mail of others than the primary contact makes no ticket; the portal is not concerned',
    }),
    sla_profile_id: id.nullable().meta({ description: 'Null follows the business unit’s default' }),
    threshold_profile_id: id.nullable().meta({ description: 'Null follows the business unit’s default' }),
    setup_unfinished: z
      .boolean()
      .meta({ description: 'Whether its guided creation waits to be continued or dismissed' }),
    erased_at: instant
      .nullable()
      .meta({ description: 'When names and contacts were erased for good; nothing changes afterwards' }),
  })
  .meta({ id: 'Account' })

/** What the customer may change of their own account (A7). */
export const ownAccountChange = z.object({
  name: name(200).optional(),
  kind: z.enum(accountKinds).optional(),
  tax_id: text(40).optional(),
  phone: text(60).optional(),
  fax: text(60).optional(),
  address: text(300).optional(),
  city: text(120).optional(),
  state: text(120).optional(),
  country: country.optional(),
  postal_code: text(20).optional(),
  language: z.enum(languageCodes).optional(),
})

export const accountChange = ownAccountChange.extend({
  business_unit_id: id.optional(),
  external_id: text(120).optional(),
  kind: z.enum(accountKinds).optional(),
  rank: z.enum(accountRanks).nullable().optional(),
  email: optionalEmail.optional(),
  notes: text(10_000).optional(),
  domains: z.array(z.string().trim().min(1).max(260)).max(50).optional(),
  tickets_only_from_primary: z.boolean().optional(),
  sla_profile_id: id.nullable().optional(),
  threshold_profile_id: id.nullable().optional(),
})
export const accountInput = accountChange.required({ name: true, business_unit_id: true }).extend({
  guided: z
    .boolean()
    .optional()
    .meta({ description: 'Begins the guide: contract, profiles and first contact are still to come' }),
})

export const accountQuery = listQuery(['name', 'number', 'created_at', 'city'], 'name').extend({
  business_unit_id: id.optional(),
  city: z.string().max(120).optional(),
  rank: z.enum(accountRanks).optional(),
  setup: z.enum(['unfinished']).optional(),
})

export const contactSchema = z
  .object({
    id,
    account_id: id,
    external_id: z.string().nullable(),
    first_name: z.string(),
    last_name: z.string().nullable(),
    email: z.string().nullable(),
    phone: z.string().nullable(),
    title: z.string().nullable(),
    topics: z.array(z.enum(noticeTopics)),
    is_primary: z.boolean(),
    user_id: id.nullable(),
    created_at: instant,
    updated_at: instant,
  })
  .meta({ id: 'Contact' })

export const contactChange = z.object({
  first_name: name(120).optional(),
  last_name: text(120).optional(),
  email: optionalEmail.optional(),
  phone: text(60).optional(),
  title: text(120).optional(),
  topics: z.array(z.enum(noticeTopics)).optional(),
  is_primary: z.boolean().optional(),
  external_id: text(120).optional(),
})
export const contactInput = contactChange.required({ first_name: true })

export const memberSchema = z
  .object({
    id,
    user_id: id,
    email: z.string(),
    name: z.string(),
    photo_file_id: id.nullable(),
    password_set_at: instant.nullable(),
    permissions: z.array(z.enum(membershipPermissions)),
    created_at: instant,
  })
  .meta({ id: 'Member' })

export const customerSession = z
  .object({
    user_id: id,
    email: z.string(),
    name: z.string(),
    language: z.enum(languageCodes),
    account_id: id.nullable(),
    account_name: z.string().nullable(),
    permissions: z.array(z.enum(membershipPermissions)),
    photo_file_id: id.nullable(),
    read_only: z.boolean().meta({ description: 'May look and change nothing' }),
    viewer_name: z
      .string()
      .nullable()
      .meta({ description: 'The member of staff who sees the portal as this customer (A11)' }),
    accounts: z.array(
      z.object({
        id,
        name: z.string(),
        number: z.int(),
        permissions: z.array(z.enum(membershipPermissions)),
      }),
    ),
  })
  .meta({ id: 'CustomerSession' })
