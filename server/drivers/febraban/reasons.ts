// What the codes of FEBRABAN's returns mean to the house.

import type { ReturnEntry } from '../../modules/payments/index.ts'
import type { PaymentFailure } from '../../platform/database.gen.ts'

/** Movements of charges (note C044) that do something, with the instruction that they answer; every other is noted. */
export const chargeEffects: Readonly<Record<string, Pick<ReturnEntry, 'effect' | 'instruction'>>> = {
  '02': { effect: 'confirmed', instruction: 'enter' },
  '03': { effect: 'rejected', instruction: 'enter' },
  '06': { effect: 'received', instruction: null },
  '09': { effect: 'written_off', instruction: 'withdraw' },
  '12': { effect: 'instruction_taken', instruction: 'abate' },
  '13': { effect: 'instruction_taken', instruction: 'cancel_abatement' },
  '14': { effect: 'instruction_taken', instruction: 'change_due_date' },
  '17': { effect: 'received', instruction: null },
  '19': { effect: 'instruction_taken', instruction: 'protest' },
  '20': { effect: 'instruction_taken', instruction: 'stop_protest' },
  '23': { effect: 'protest_begun', instruction: null },
  '24': { effect: 'protest_ended', instruction: null },
  '25': { effect: 'written_off', instruction: null },
  // Which of them was refused the layout does not say.
  '26': { effect: 'instruction_refused', instruction: null },
  '30': { effect: 'instruction_refused', instruction: null },
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
