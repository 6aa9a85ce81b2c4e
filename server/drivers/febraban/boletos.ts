// Boletos: composed here, told to the bank in the next remittance, paid when a return says so.

import { z } from 'zod'
import {
  type BankFileFormat,
  type ProviderContext,
  type ProviderDriver,
  readBankStanding,
  registerBankCharge,
  type Standing,
  withdrawBankCharge,
} from '../../modules/payments/index.ts'
import { today } from '../../platform/calendar.ts'
import { type Creditor, findBank, printBankCode } from './banks.ts'
import { composeBarCode, formatTypeableLine } from './bar-code.ts'
import { cleanTaxId, composeCharges } from './remittances.ts'
import { readReturnFile } from './returns.ts'
import { type BoletoSettings, boletoFields, boletoSettings, readPercent } from './settings.ts'

const noSecrets = z.record(z.string(), z.string())
/** Boletos are of Brazil, and so are their days. */
const timeZone = 'America/Sao_Paulo'

/** A boleto: its nosso número, its bar code and what people type. Pure. */
export function composeBoleto(
  creditor: Creditor,
  boleto: { number: number; amount: number; due_date: Temporal.PlainDate },
): { our_number: string; bar_code: string; typeable_line: string } {
  const bank = findBank(creditor.bank)
  const count = String(boleto.number)
  if (count.length > bank.counted(creditor)) throw new RangeError('the numbers of this agreement are used up')
  const our_number = bank.ourNumber(creditor, count)
  return { our_number, ...composeCodes(creditor, { ...boleto, our_number }) }
}

/** The bar code of a nosso número, and what people type. Pure. */
function composeCodes(
  creditor: Creditor,
  boleto: { our_number: string; amount: number; due_date: Temporal.PlainDate },
): { bar_code: string; typeable_line: string } {
  const bank = findBank(creditor.bank)
  const bar_code = composeBarCode({
    bank: bank.code,
    due_date: boleto.due_date,
    amount: boleto.amount,
    free_field: bank.freeField(creditor, boleto.our_number),
  })
  return { bar_code, typeable_line: formatTypeableLine(bar_code) }
}

/** Until when who pays has a discount; null where there is none, or its last day is past when the boleto is made. Pure. */
export function readDiscount(
  settings: Pick<BoletoSettings, 'discount_percent' | 'discount_days'>,
  issued_on: Temporal.PlainDate,
  due_date: Temporal.PlainDate,
): { discount_rate: number; discount_until: Temporal.PlainDate | null } {
  const rate = readPercent(settings.discount_percent)
  const until = due_date.subtract({ days: Number(settings.discount_days || '0') })
  return rate > 0 && Temporal.PlainDate.compare(until, issued_on) >= 0
    ? { discount_rate: rate, discount_until: until }
    : { discount_rate: 0, discount_until: null }
}

const refused = (detail: string): Standing => ({
  state: 'failed',
  ref: null,
  failure: { reason: 'provider_error', detail },
  received: [],
  reversed: [],
})

type Context = ProviderContext<BoletoSettings, Record<string, string>>

export const boletoDriver: ProviderDriver<BoletoSettings, Record<string, string>> = {
  kind: 'boleto',
  methods: ['boleto'],
  currencies: ['BRL'],
  capabilities: {
    stores: false,
    refunds: 'none',
    cancels: true,
    webhook: false,
    by_files: true,
  },
  fields: boletoFields,
  settings: boletoSettings,
  secrets: noSecrets,

  /** Composes a boleto by its settings: nobody outside is asked. */
  test(context: Context): Promise<void> {
    composeBoleto(context.settings, {
      number: 1,
      amount: 100,
      due_date: today(context.now, timeZone),
    })
    return Promise.resolve()
  },

  create(context, charge) {
    const { settings } = context
    // Banks take no boleto of somebody without a CPF or CNPJ.
    if (![11, 14].includes(cleanTaxId(charge.payer.tax_id).length))
      return Promise.resolve(refused('payer_tax_id'))
    if (charge.amount > 9_999_999_999) return Promise.resolve(refused('amount_too_large'))
    const day = today(context.now, timeZone)
    const soon = day.add({ days: Number(settings.due_days || '3') })
    // What is overdue gets a new day: a bank registers none that is past.
    const due_date =
      charge.due_date !== null && Temporal.PlainDate.compare(charge.due_date, day) >= 0
        ? charge.due_date
        : soon
    const bank = findBank(settings.bank)
    return context.transact((tx) =>
      registerBankCharge(
        tx,
        {
          provider_id: context.provider_id,
          key: charge.key,
          kind: 'boleto',
          amount: charge.amount,
          currency: charge.currency,
          issued_on: day,
          due_date,
          stored_method_id: null,
          fine_rate: readPercent(settings.fine_percent),
          interest_rate: readPercent(settings.interest_percent),
          ...readDiscount(settings, day, due_date),
          protest_days: Number(settings.protest_days || '0'),
          first_number: Math.max(1, Number(settings.first_number || '1')),
        },
        (number) => {
          const { our_number, bar_code, typeable_line } = composeBoleto(settings, {
            number,
            amount: charge.amount,
            due_date,
          })
          return {
            our_number,
            boleto: {
              bar_code,
              typeable_line,
              printed: {
                bank_code: printBankCode(bank.code),
                bank_name: bank.name,
                creditor: bank.printCreditor(settings),
                legal_name: settings.legal_name,
                tax_id: settings.tax_id,
                our_number: bank.printOurNumber(settings, our_number),
                wallet: settings.wallet,
                species: settings.species,
                instructions: settings.instructions,
              },
            },
          }
        },
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

/** Files of boletos: CNAB 240 with segments P, Q and R out, T and U back. */
export const boletoFiles: BankFileFormat = {
  composeRemittance(given, remittance) {
    const settings = boletoSettings.parse(given)
    return composeCharges(
      settings,
      {
        species: settings.species,
        write_off_days: settings.write_off_days || '0',
        instructions: settings.instructions,
      },
      remittance,
    )
  },
  readReturn: (given, bytes) => readReturnFile(boletoSettings.parse(given), 'charge', bytes),
  nameRemittance: (given, remittance) => nameFile('CB', boletoSettings.parse(given).bank, remittance),
  firstNumbers(given) {
    const settings = boletoSettings.parse(given)
    return {
      charge: Math.max(1, Number(settings.first_number || '1')),
      remittance: Math.max(1, Number(settings.first_remittance || '1')),
    }
  },
  composeAnew: (given, boleto) => composeCodes(boletoSettings.parse(given), boleto),
  isDaily: (given) => boletoSettings.safeParse(given).data?.daily_remittance ?? false,
  goesWithInvoices: (given) => boletoSettings.safeParse(given).data?.with_invoices ?? false,
}

/** Files are called after what they are, their bank, day and number: `CB341-20260521-000007.REM`. */
export function nameFile(
  kind: string,
  bank: string,
  remittance: { sequence: number; made_at: Temporal.PlainDateTime },
): string {
  const day = remittance.made_at.toPlainDate().toString().replaceAll('-', '')
  return `${kind}${bank}-${day}-${String(remittance.sequence).padStart(6, '0')}.REM`
}
