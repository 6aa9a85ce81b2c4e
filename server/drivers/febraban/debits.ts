// Débito automático by files: customers' accounts at the bank of the agreement, debited on due dates. The number of an account
// is kept encrypted by the house; what a screen shows are its last digits.

import { z } from 'zod'
import {
  type BankFileFormat,
  type ProviderDriver,
  readBankStanding,
  registerBankCharge,
  type Standing,
  withdrawBankCharge,
} from '../../modules/payments/index.ts'
import { today } from '../../platform/calendar.ts'
import { type CustomerAccount, checkCustomerAccount, findBank } from './banks.ts'
import { boletoFiles, nameFile } from './boletos.ts'
import { composeDebits } from './remittances.ts'
import { readReturnFile } from './returns.ts'
import { creditorOfDebit, type DebitSettings, debitFields, debitSettings } from './settings.ts'

const noSecrets = z.record(z.string(), z.string())
const timeZone = 'America/Sao_Paulo'

const failed = (reason: 'invalid_method' | 'provider_error', detail: string): Standing => ({
  state: 'failed',
  ref: null,
  failure: { reason, detail },
  received: [],
  reversed: [],
})

/** A customer's account as it was typed: dots and spaces forgiven, the digit apart from the number. */
function readCustomerAccount(details: Record<string, string>): CustomerAccount {
  const clean = (text: string | undefined) => (text ?? '').replaceAll(/[\s.]/g, '').toUpperCase()
  const [account = '', typedDigit] = clean(details.account).split('-')
  return {
    agency: clean(details.agency).split('-')[0] ?? '',
    account,
    account_digit: clean(details.account_digit) || (typedDigit ?? ''),
  }
}

/** The last digits of an account that may be shown: never more than half of it. */
function showDigits(account: string): string {
  return account
    .padStart(4, '0')
    .slice(-Math.min(4, Math.max(2, Math.floor(account.replace(/^0+/, '').length / 2))))
}

export const debitFileDriver: ProviderDriver<DebitSettings, Record<string, string>> = {
  kind: 'debit_file',
  methods: ['bank_debit'],
  currencies: ['BRL'],
  capabilities: {
    stores: true,
    refunds: 'none',
    cancels: true,
    webhook: false,
    by_files: true,
  },
  fields: debitFields,
  settings: debitSettings,
  secrets: noSecrets,

  /** Lays the agreement out by its settings: nobody outside is asked. */
  test(context): Promise<void> {
    findBank(context.settings.bank).fileBlock(creditorOfDebit(context.settings))
    return Promise.resolve()
  },

  setUp(context, setup) {
    const { bank } = context.settings
    if (setup.details === null) return Promise.resolve(failed('invalid_method', 'details'))
    // A bank debits accounts of its own alone.
    if (setup.details.bank && setup.details.bank.replaceAll(/\D/g, '').padStart(3, '0') !== bank)
      return Promise.resolve(failed('invalid_method', 'bank'))
    const account = readCustomerAccount(setup.details)
    const fault = checkCustomerAccount(bank, account)
    if (fault !== null) return Promise.resolve(failed('invalid_method', fault))
    return Promise.resolve({
      state: 'succeeded',
      ref: `setup-${setup.key}`,
      received: [],
      reversed: [],
      method: {
        brand: findBank(bank).name,
        last_digits: showDigits(account.account),
        expires_on: null,
        reference: { bank, agency: account.agency, setup: setup.key },
        secret: JSON.stringify(account),
      },
    })
  },

  create(context, charge) {
    const { settings } = context
    if (charge.stored_method === null || charge.stored_method.secret === null)
      return Promise.resolve(failed('invalid_method', 'account'))
    const stored = charge.stored_method
    const day = today(context.now, timeZone)
    const soonest = day.add({ days: Number(settings.lead_days || '1') })
    const due_date =
      charge.due_date !== null && Temporal.PlainDate.compare(charge.due_date, soonest) >= 0
        ? charge.due_date
        : soonest
    return context.transact((tx) =>
      registerBankCharge(
        tx,
        {
          provider_id: context.provider_id,
          key: charge.key,
          kind: 'debit',
          amount: charge.amount,
          currency: charge.currency,
          issued_on: day,
          due_date,
          stored_method_id: stored.id,
          fine_rate: 0,
          interest_rate: 0,
          discount_rate: 0,
          discount_until: null,
          protest_days: 0,
          first_number: 1,
        },
        (number) => ({ our_number: String(number).padStart(12, '0'), boleto: null }),
      ),
    )
  },

  lookUp(context, charge) {
    return context.transact((tx) => readBankStanding(tx, charge.key))
  },

  cancel(context, charge) {
    return context.transact((tx) => withdrawBankCharge(tx, charge.key, context.now))
  },
}

/** Files of debits: CNAB 240 with segment A, out and back. */
export const debitFiles: BankFileFormat = {
  composeRemittance: (given, remittance) =>
    composeDebits(creditorOfDebit(debitSettings.parse(given)), remittance),
  readReturn: (given, bytes) => readReturnFile(creditorOfDebit(debitSettings.parse(given)), 'debit', bytes),
  nameRemittance: (given, remittance) => nameFile('DB', debitSettings.parse(given).bank, remittance),
  firstNumbers: (given) => ({
    charge: 1,
    remittance: Math.max(1, Number(debitSettings.parse(given).first_remittance || '1')),
  }),
  composeAnew: () => null,
  isDaily: (given) => debitSettings.safeParse(given).data?.daily_remittance ?? false,
  goesWithInvoices: () => false,
}

/** What writes and reads the files, by driver. */
export const febrabanFormats = new Map([
  ['boleto', boletoFiles],
  ['debit_file', debitFiles],
] as const)
