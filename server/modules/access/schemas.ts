import { z } from 'zod'
import { staffRoles } from '../../platform/database.gen.ts'
import { staffPermissions } from '../../platform/permissions.ts'
import { email, id, instant, language, name } from '../../platform/schemas.ts'

export const ownChange = z.object({ name: name(200).optional(), language: language.optional() })

export const staffSession = z
  .object({
    user_id: id,
    email: z.string(),
    name: z.string(),
    language,
    role: z.enum(staffRoles),
    all_units: z.boolean(),
    permissions: z.array(z.enum(staffPermissions)),
    photo_file_id: id.nullable(),
    second_factor_missing: z.boolean().meta({
      description: 'The operator demands a second factor: until it is set up nothing else can be reached',
    }),
  })
  .meta({ id: 'StaffSession' })

export const staffSchema = z
  .object({
    id,
    email: z.string(),
    name: z.string(),
    language,
    role: z.enum(staffRoles),
    all_units: z.boolean(),
    units: z.array(id),
    granted: z.array(z.enum(staffPermissions)).meta({ description: 'Single permissions beyond the role’s' }),
    withheld: z
      .array(z.enum(staffPermissions))
      .meta({ description: 'Single permissions of the role that they lack' }),
    permissions: z.array(z.enum(staffPermissions)).meta({ description: 'All in all, what they may do' }),
    photo_file_id: id.nullable(),
    has_second_factor: z.boolean(),
    last_seen_at: instant.nullable(),
    disabled_at: instant.nullable(),
    password_set_at: instant.nullable(),
    created_at: instant,
  })
  .meta({ id: 'Staff' })

export const staffRolesSchema = z
  .object({
    items: z.array(z.object({ role: z.enum(staffRoles), permissions: z.array(z.enum(staffPermissions)) })),
    grantable: z.array(z.enum(staffPermissions)).meta({ description: 'What the caller may give to others' }),
  })
  .meta({ id: 'StaffRoles' })

export const staffInput = z.object({
  email,
  name: name(200),
  language,
  role: z.enum(staffRoles),
  all_units: z.boolean().default(true),
  units: z.array(id).max(100).default([]),
  granted: z.array(z.enum(staffPermissions)).default([]),
  withheld: z.array(z.enum(staffPermissions)).default([]),
})
export const staffChange = z.object({
  email: email.optional(),
  name: name(200).optional(),
  language: language.optional(),
  role: z.enum(staffRoles).optional(),
  all_units: z.boolean().optional(),
  units: z.array(id).max(100).optional(),
  granted: z.array(z.enum(staffPermissions)).optional(),
  withheld: z.array(z.enum(staffPermissions)).optional(),
  disabled: z.boolean().optional(),
})

export const auditEntry = z
  .object({
    id: z.int(),
    at: instant,
    actor_kind: z.string(),
    actor_id: id.nullable(),
    actor_name: z.string().nullable(),
    on_behalf_of: z.string().nullable(),
    way: z.string(),
    operation: z.string(),
    action: z.string(),
    object_type: z.string(),
    object_id: z.string().nullable(),
    account_id: id.nullable(),
    account_name: z.string().nullable(),
    business_unit_id: id.nullable(),
    before: z.unknown(),
    after: z.unknown(),
    ip: z.string().nullable(),
    request_id: z.string().nullable(),
    redacted_at: instant.nullable(),
  })
  .meta({ id: 'AuditEntry' })
