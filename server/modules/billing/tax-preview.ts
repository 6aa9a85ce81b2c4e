import type { Tx } from '../../platform/database.ts'
import { isRefusal, refuseField } from '../../platform/errors.ts'
import { listTaxes } from '../catalogue/index.ts'
import { getUnit } from '../units/index.ts'
import { computeTaxes } from './taxes.ts'

/**
 * What a price becomes with some taxes of a business unit: by the same rule as on an invoice of that one line (B10, billing.md
 * 10). Amounts are minor units of the business unit's currency. Refuses: not_found, invalid_input (a tax of another).
 */
export async function previewTaxes(
  tx: Tx,
  input: { business_unit_id: string; amount: number; tax_ids: readonly string[] },
) {
  const unit = await getUnit(tx, input.business_unit_id)
  if (isRefusal(unit)) return unit
  const there = await listTaxes(tx, unit.id)
  const known = new Set(there.map((tax) => tax.id))
  const stranger = input.tax_ids.findIndex((id) => !known.has(id))
  if (stranger !== -1) return refuseField(`tax_ids.${stranger}`, 'not_a_choice')
  // In the order of the business unit, as on an invoice.
  const rules = there
    .filter((tax) => input.tax_ids.includes(tax.id))
    .map(({ id, name, rate, inclusive }) => ({ tax_id: id, name, rate, inclusive }))
  const { lines, taxes } = computeTaxes([{ net: input.amount, rules }], unit.tax_rounding)
  const { tax, tax_included } = lines[0]!
  return {
    currency: unit.currency,
    amount: input.amount,
    net: input.amount - tax_included,
    tax,
    tax_included,
    total: input.amount + tax,
    taxes,
  }
}
