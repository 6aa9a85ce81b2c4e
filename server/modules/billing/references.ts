import { isEndToEndId } from '../../platform/br-code.ts'

/**
 * What a customer is shown as the reference of a payment: what people wrote, and the end-to-end id of a Pix, which the payer's bank
 * shows, too. A provider's own id of the money says nothing to anybody else.
 */
export function showReference<R extends { reference: string | null; by_provider: boolean }>(row: R): R {
  const { reference, by_provider } = row
  return by_provider && reference !== null && !isEndToEndId(reference) ? { ...row, reference: null } : row
}
