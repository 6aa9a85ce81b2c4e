import type { AccountKind } from '../../platform/database.gen.ts'
import { type Refusal, refuseField } from '../../platform/errors.ts'
import { checkTaxId } from '../../platform/tax-ids.ts'

/** What a tax id is measured by: the account's country, and whether it is a company or a person. */
export type TaxIdHolder = { country?: string | null | undefined; kind?: AccountKind | undefined }

/**
 * A tax id as it is stored: in the standard form of the account's country (A1), or as typed where nobody checks it.
 * Null and undefined stay what they are. Refuses: invalid_input (`tax_id`, tax_id_invalid, naming the document).
 */
export function readTaxId<T extends string | null | undefined>(
  holder: TaxIdHolder,
  text: T,
): string | Exclude<T, string> | Refusal {
  if (text === null || text === undefined) return text as Exclude<T, string>
  const checked = checkTaxId(holder.country, holder.kind, text)
  return checked.ok ? checked.formatted : refuseField('tax_id', checked.code, { document: checked.expected })
}

/**
 * The tax id of a change to an account: one that stays as it is goes unchecked, so that an account with an old, wrong one
 * can still be changed. Refuses: invalid_input.
 */
export function readChangedTaxId(
  current: TaxIdHolder & { tax_id: string | null },
  change: TaxIdHolder & { tax_id?: string | null | undefined },
): string | null | undefined | Refusal {
  if (change.tax_id === undefined || change.tax_id === current.tax_id) return change.tax_id
  return readTaxId(
    {
      country: change.country === undefined ? current.country : change.country,
      kind: change.kind ?? current.kind,
    },
    change.tax_id,
  )
}
