import { z } from 'zod'
import {
  billingModes,
  dayCounts,
  invoiceGroupings,
  languageCodes,
  paymentMethods,
  taxRoundings,
} from '../../platform/database.gen.ts'
import { currency, email, id, instant, name, text } from '../../platform/schemas.ts'

const series = z.string().regex(/^[A-Z0-9-]{1,10}$/)

export const unitSchema = z
  .object({
    id,
    slug: z.string(),
    name: z.string(),
    legal_name: z.string(),
    tax_id: z.string().nullable(),
    address: z.string().nullable(),
    city: z.string().nullable(),
    state: z.string().nullable(),
    country: z.string(),
    postal_code: z.string().nullable(),
    website: z.string().nullable(),
    support_email: z.string().nullable(),
    support_phone: z.string().nullable(),
    host: z.string().nullable(),
    currency,
    time_zone: z.string(),
    language: z.enum(languageCodes),
    closing_day: z.int(),
    day_count: z.enum(dayCounts),
    billing_mode: z.enum(billingModes),
    due_day: z.int(),
    order_expiry_days: z
      .int()
      .meta({ description: 'After so many days an order that nobody pays expires; 0: never' }),
    payment_methods: z.array(z.enum(paymentMethods)),
    payment_instructions: z.string().nullable(),
    invoice_series: z.string(),
    credit_note_series: z.string(),
    debit_note_series: z.string(),
    proforma_series: z.string(),
    tax_rounding: z
      .enum(taxRoundings)
      .meta({ description: 'Taxes are rounded once per document, or on each line' }),
    invoice_grouping: z
      .enum(invoiceGroupings)
      .meta({ description: 'One invoice per account, or per service' }),
    sensitive_changes_need_approval: z.boolean(),
    accent: z.string(),
    logo_file_id: id.nullable(),
    archived_at: instant.nullable(),
    created_at: instant,
    updated_at: instant,
  })
  .meta({ id: 'BusinessUnit' })

export const unitChange = z.object({
  slug: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/)
    .optional(),
  name: name(120).optional(),
  legal_name: name(200).optional(),
  tax_id: text(40).optional(),
  address: text(300).optional(),
  city: text(120).optional(),
  state: text(120).optional(),
  country: z
    .string()
    .regex(/^[A-Z]{2}$/)
    .optional(),
  postal_code: text(20).optional(),
  website: z
    .union([z.url({ protocol: /^https?$/ }), z.literal('').transform(() => null)])
    .nullable()
    .optional(),
  support_email: z
    .union([email, z.literal('').transform(() => null)])
    .nullable()
    .optional(),
  support_phone: text(60).optional(),
  host: text(253).optional(),
  time_zone: name(60).optional(),
  language: z.enum(languageCodes).optional(),
  closing_day: z.int().min(1).max(31).optional(),
  day_count: z.enum(dayCounts).optional(),
  billing_mode: z.enum(billingModes).optional(),
  due_day: z.int().min(1).max(31).optional(),
  order_expiry_days: z.int().min(0).max(3650).optional(),
  payment_methods: z.array(z.enum(paymentMethods)).min(1).optional(),
  payment_instructions: text(4000).optional(),
  sensitive_changes_need_approval: z.boolean().optional(),
  invoice_series: series.optional(),
  credit_note_series: series.optional(),
  debit_note_series: series.optional(),
  proforma_series: series.optional(),
  tax_rounding: z.enum(taxRoundings).optional(),
  invoice_grouping: z.enum(invoiceGroupings).optional(),
  accent: z
    .string()
    .toLowerCase()
    .regex(/^#[0-9a-f]{6}$/)
    .optional(),
})

export const unitInput = unitChange
  .required({
    slug: true,
    name: true,
    legal_name: true,
    country: true,
    time_zone: true,
    language: true,
    closing_day: true,
  })
  .extend({ currency })

export const lookSchema = z
  .object({
    slug: z.string(),
    name: z.string(),
    accent: z.string(),
    logo_url: z.string().nullable(),
    language: z.enum(languageCodes),
    support_email: z.string().nullable(),
    support_phone: z.string().nullable(),
    website: z.string().nullable(),
  })
  .meta({ id: 'Look' })
