// What a provider of boletos or debits by files is set to: the operator's account and agreement at its bank, and its terms.

import { z } from 'zod'
import type { ProviderField } from '../../modules/payments/index.ts'
import { findBank } from './banks.ts'
import { cleanTaxId } from './remittances.ts'

/** A form gives nothing, text or numbers; settings are text without spaces around it. */
const text = (longest: number) =>
  z.preprocess(
    (value) => (value === null || value === undefined ? '' : String(value).trim()),
    z.string().max(longest),
  )
const needed = (longest: number) => text(longest).refine((value) => value !== '', { error: 'required' })
const flag = z.preprocess((value) => value === true || value === 'true', z.boolean())
const count = (most: number) =>
  text(12).refine((value) => value === '' || (/^\d+$/.test(value) && Number(value) <= most), {
    error: 'invalid',
  })
/** A percentage with up to two decimals, with a point or a comma. */
const percent = text(6).refine((value) => value === '' || /^\d{1,2}([.,]\d{1,2})?$/.test(value), {
  error: 'invalid',
})

const company = {
  bank: needed(3).refine((value) => /^\d{3}$/.test(value), { error: 'invalid' }),
  agency: needed(5).refine((value) => /^\d{1,5}$/.test(value), { error: 'invalid' }),
  agency_digit: text(1),
  account: needed(12).refine((value) => /^\d{1,12}$/.test(value), { error: 'invalid' }),
  account_digit: text(1),
  agreement: text(20),
  legal_name: needed(60),
  tax_id: needed(20).refine((value) => [11, 14].includes(cleanTaxId(value).length), { error: 'invalid' }),
  first_remittance: count(999_999),
  daily_remittance: flag,
}

const nothing = {
  wallet: '',
  wallet_variation: '',
  transmission_code: '',
  free_field: '',
  our_number_length: '',
}

const writesOffFirst = (settings: { write_off_days: string; protest_days: string }) =>
  Number(settings.write_off_days) > 0 && Number(settings.write_off_days) <= Number(settings.protest_days)

/** Settings of boletos. */
export const boletoSettings = z
  .object({
    ...company,
    wallet: needed(3),
    wallet_variation: text(3),
    transmission_code: text(15),
    our_number_length: count(17),
    free_field: text(200),
    species: z.preprocess((value) => value || '02', z.enum(['02', '04', '12', '17', '99'])),
    fine_percent: percent,
    interest_percent: percent,
    discount_percent: percent,
    discount_days: count(60),
    protest_days: count(99),
    due_days: count(60),
    write_off_days: count(999),
    instructions: text(80),
    first_number: count(999_999_999_999),
    with_invoices: flag,
  })
  .superRefine((settings, context) => {
    const faults = findBank(settings.bank).check(settings)
    // What was written off first cannot be protested any more.
    if (writesOffFirst(settings)) faults.push('write_off_days')
    for (const name of faults) context.addIssue({ code: 'custom', path: [name], message: 'invalid' })
  })
export type BoletoSettings = z.output<typeof boletoSettings>

/** Settings of debits. */
export const debitSettings = z.object({
  ...company,
  agreement: needed(20),
  lead_days: count(30),
})
export type DebitSettings = z.output<typeof debitSettings>

/** The operator's side of a debit, as the bank's table asks for it. */
export const creditorOfDebit = (settings: DebitSettings) => ({ ...nothing, ...settings })

/** A percentage as hundredths of a percent. */
export function readPercent(value: string): number {
  const [whole, part = ''] = value.replace(',', '.').split('.')
  return value === '' ? 0 : Number(whole) * 100 + Number(part.padEnd(2, '0'))
}

const companyFields = {
  bank: { name: 'bank', kind: 'text', required: true },
  agency: { name: 'agency', kind: 'text', required: true },
  agency_digit: { name: 'agency_digit', kind: 'text', required: false },
  account: { name: 'account', kind: 'text', required: true },
  account_digit: { name: 'account_digit', kind: 'text', required: false },
  legal_name: { name: 'legal_name', kind: 'text', required: true },
  tax_id: { name: 'tax_id', kind: 'text', required: true },
  first_remittance: { name: 'first_remittance', kind: 'number', required: false },
  daily_remittance: { name: 'daily_remittance', kind: 'switch', required: false },
} as const satisfies Record<string, ProviderField>

export const boletoFields: readonly ProviderField[] = [
  companyFields.bank,
  companyFields.agency,
  companyFields.agency_digit,
  companyFields.account,
  companyFields.account_digit,
  { name: 'agreement', kind: 'text', required: false },
  { name: 'wallet', kind: 'text', required: true },
  { name: 'wallet_variation', kind: 'text', required: false },
  { name: 'transmission_code', kind: 'text', required: false },
  { name: 'our_number_length', kind: 'number', required: false },
  { name: 'free_field', kind: 'text', required: false },
  companyFields.legal_name,
  companyFields.tax_id,
  { name: 'species', kind: 'choice', required: true, choices: ['02', '04', '12', '17', '99'] },
  { name: 'fine_percent', kind: 'text', required: false },
  { name: 'interest_percent', kind: 'text', required: false },
  { name: 'discount_percent', kind: 'text', required: false },
  { name: 'discount_days', kind: 'number', required: false },
  { name: 'due_days', kind: 'number', required: false },
  { name: 'protest_days', kind: 'number', required: false },
  { name: 'write_off_days', kind: 'number', required: false },
  { name: 'instructions', kind: 'text', required: false },
  { name: 'first_number', kind: 'number', required: false },
  companyFields.first_remittance,
  companyFields.daily_remittance,
  { name: 'with_invoices', kind: 'switch', required: false },
]

export const debitFields: readonly ProviderField[] = [
  companyFields.bank,
  companyFields.agency,
  companyFields.agency_digit,
  companyFields.account,
  companyFields.account_digit,
  { name: 'agreement', kind: 'text', required: true },
  companyFields.legal_name,
  companyFields.tax_id,
  { name: 'lead_days', kind: 'number', required: false },
  companyFields.first_remittance,
  companyFields.daily_remittance,
]
