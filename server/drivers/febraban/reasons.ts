// What the codes of FEBRABAN's returns mean to the house.

import type { PaymentFailure } from '../../platform/database.gen.ts'

/** Movements of charges (note C044) that do something; every other is noted. */
export const chargeEffects: Readonly<Record<string, 'confirmed' | 'rejected' | 'received' | 'written_off'>> =
  {
    '02': 'confirmed',
    '03': 'rejected',
    '06': 'received',
    '09': 'written_off',
    '17': 'received',
    '25': 'written_off',
  }

/** Occurrences of debits (note G059) that say that it was done. */
export const debited: ReadonlySet<string> = new Set(['00', '03'])
/** That it was taken in, and waits for its day. */
export const taken: ReadonlySet<string> = new Set(['BD', 'BE', 'ZA'])
/** That it was taken back. */
export const takenBack: ReadonlySet<string> = new Set(['02', 'BF'])

/** Accounts that do not exist, are closed or whose owner has not agreed: debiting them again is of no use. */
const wrongAccount = ['AG', 'AL', 'AM', 'AN', 'AT', 'BG']

/** Why a debit was refused, by its occurrences: the first that is known. */
export function readDebitFailure(occurrences: readonly string[]): PaymentFailure {
  for (const code of occurrences) {
    if (code === '01') return 'insufficient_funds'
    if (wrongAccount.includes(code)) return 'invalid_method'
    // The file or the agreement is at fault, not the payer.
    if (/^[AH]/.test(code) || code === 'TA') return 'provider_error'
  }
  return 'declined'
}
