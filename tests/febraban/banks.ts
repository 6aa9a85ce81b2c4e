// Banks for tests: agreements, and returns as a bank would write them.
import { findBank } from '../../server/drivers/febraban/banks.ts'
import {
  chargeBatchHeader,
  chargeBatchTrailer,
  debitBatchHeader,
  debitBatchTrailer,
  fileHeader,
  fileTrailer,
  segmentA,
  segmentT,
  segmentU,
} from '../../server/drivers/febraban/layouts.ts'
import { writeRecord } from '../../server/drivers/febraban/records.ts'
import { boletoSettings, creditorOfDebit, debitSettings } from '../../server/drivers/febraban/settings.ts'

const company = {
  legal_name: 'Pirilampo Telecom Ltda',
  tax_id: '12.345.678/0001-95',
  species: '04',
  fine_percent: '2',
  interest_percent: '1,00',
  write_off_days: '60',
}

/** An agreement at each bank, and a nosso número of it. */
export const banksOfTests = {
  brasil: {
    settings: boletoSettings.parse({
      ...company,
      bank: '001',
      agency: '1584',
      agency_digit: '9',
      account: '210169',
      account_digit: '6',
      agreement: '1238798',
      wallet: '17',
      wallet_variation: '019',
    }),
    our_number: '12387980000000001',
  },
  itau: {
    settings: boletoSettings.parse({
      ...company,
      bank: '341',
      agency: '2545',
      account: '02366',
      account_digit: '1',
      wallet: '109',
    }),
    our_number: '00000001',
  },
  bradesco: {
    settings: boletoSettings.parse({
      ...company,
      bank: '237',
      agency: '1425',
      agency_digit: '7',
      account: '0238069',
      account_digit: '2',
      agreement: '4567890',
      wallet: '09',
    }),
    our_number: '00000000001',
  },
  santander: {
    settings: boletoSettings.parse({
      ...company,
      bank: '033',
      agency: '0189',
      agency_digit: '',
      account: '01017417',
      account_digit: '9',
      agreement: '1899775',
      transmission_code: '018900001899775',
      wallet: '101',
    }),
    our_number: '000000000001',
  },
  caixa: {
    settings: boletoSettings.parse({
      ...company,
      bank: '104',
      agency: '1825',
      agency_digit: '2',
      account: '0',
      agreement: '245274',
      wallet: '14',
    }),
    our_number: '14000000000000001',
  },
  other: {
    settings: boletoSettings.parse({
      ...company,
      bank: '756',
      agency: '3069',
      account: '12345',
      account_digit: '0',
      agreement: '123456',
      wallet: '1',
      our_number_length: '8',
      free_field: '{wallet:1}{agency:4}01{agreement:7}{our_number:8}{check11}01',
    }),
    our_number: '00000001',
  },
}

export const debitOfTests = debitSettings.parse({
  ...company,
  bank: '341',
  agency: '2545',
  account: '02366',
  account_digit: '1',
  agreement: 'DEBITO4711',
})

type Answer = {
  our_number: string
  movement: string
  amount: number
  paid?: number
  occurred?: string
  credited?: string
  fee?: number
  late?: number
  discount?: number
  abatement?: number
  iof?: number
  costs?: number
  credited_amount?: number
  reasons?: string
  place?: string
}

const put = (record: string, [from, to]: readonly [number, number], text: string) =>
  record.slice(0, from - 1) + text.padEnd(to - from + 1, ' ').slice(0, to - from + 1) + record.slice(to)

/** So many charges to a batch, as banks do: records are numbered by five digits. */
const chargesInBatch = 40_000

/** A return of boletos, as the bank writes it. */
export function answerCharges(
  name: keyof typeof banksOfTests,
  answers: readonly Answer[],
  file: { sequence?: number; settings?: (typeof banksOfTests)[keyof typeof banksOfTests]['settings'] } = {},
): string {
  const settings = file.settings ?? banksOfTests[name].settings
  const bank = findBank(settings.bank)
  const of = { bank: settings.bank }
  const lines = [
    writeRecord(fileHeader, {
      ...of,
      company: bank.wideTaxId ? '        2012345678000195' : '         212345678000195',
      creditor: bank.fileBlock(settings),
      name: settings.legal_name,
      bank_name: bank.name,
      direction: 2,
      made_on: '11062026',
      made_at: '060000',
      sequence: file.sequence ?? 12,
      version: bank.versions.file,
    }),
  ]
  let batch = 0
  for (let from = 0; from < answers.length; from += chargesInBatch) {
    const slice = answers.slice(from, from + chargesInBatch)
    batch++
    lines.push(
      writeRecord(chargeBatchHeader, {
        ...of,
        batch,
        operation: 'T',
        version: bank.versions.batch,
        tax_id_kind: 2,
        tax_id: '012345678000195',
        creditor: bank.batchBlock(settings),
        name: settings.legal_name,
        sequence: file.sequence ?? 12,
        made_on: '11062026',
      }),
    )
    let sequence = 0
    for (const answer of slice) {
      let title = writeRecord(segmentT, { ...of, batch, sequence: ++sequence, movement: answer.movement })
      const digits = (value: number, [first, last]: readonly [number, number]) =>
        String(value).padStart(last - first + 1, '0')
      // What a bank repeats of the remittance: the same block, which it keeps where its own answer has it.
      title = put(title, bank.answer.due, '10062026')
      title = put(title, bank.answer.amount, digits(answer.amount, bank.answer.amount))
      title = put(title, bank.answer.place, answer.place ?? '34101234')
      title = put(title, bank.answer.fee, digits(answer.fee ?? 0, bank.answer.fee))
      title = put(title, bank.answer.reasons, answer.reasons ?? '')
      const [first, last] = bank.answer.our_number
      const own = settings.bank === '033' ? `${answer.our_number}0` : answer.our_number
      title = put(title, [first, last], own)
      lines.push(
        title,
        writeRecord(segmentU, {
          ...of,
          batch,
          sequence: ++sequence,
          movement: answer.movement,
          late: answer.late ?? 0,
          discount: answer.discount ?? 0,
          abatement: answer.abatement ?? 0,
          iof: answer.iof ?? 0,
          other_costs: answer.costs ?? 0,
          paid: answer.paid ?? 0,
          credited: answer.credited_amount ?? Math.max(0, (answer.paid ?? 0) - (answer.fee ?? 0)),
          occurred_on: answer.occurred ?? '10062026',
          credited_on: answer.credited ?? '00000000',
        }),
      )
    }
    lines.push(
      writeRecord(chargeBatchTrailer, {
        ...of,
        batch,
        records: slice.length * 2 + 2,
        simple: slice.length,
        simple_total: slice.reduce((sum, { amount }) => sum + amount, 0),
      }),
    )
  }
  lines.push(writeRecord(fileTrailer, { ...of, batches: batch, records: lines.length + 1 }))
  return `${lines.join('\r\n')}\r\n`
}

/** A return of debits, as the bank writes it. */
export function answerDebits(
  answers: readonly { our_number: string; amount: number; reasons: string; day?: string }[],
  file: { sequence?: number; settings?: typeof debitOfTests } = {},
): string {
  const settings = creditorOfDebit(file.settings ?? debitOfTests)
  const bank = findBank(settings.bank)
  const of = { bank: settings.bank }
  const lines = [
    writeRecord(fileHeader, {
      ...of,
      company: '         212345678000195',
      creditor: bank.fileBlock(settings),
      name: settings.legal_name,
      bank_name: bank.name,
      direction: 2,
      made_on: '11062026',
      made_at: '060000',
      sequence: file.sequence ?? 5,
      version: bank.versions.file,
    }),
    writeRecord(debitBatchHeader, {
      ...of,
      batch: 1,
      tax_id_kind: 2,
      tax_id: '12345678000195',
      creditor: bank.fileBlock(settings),
      name: settings.legal_name,
    }),
    ...answers.map((answer, i) =>
      writeRecord(segmentA, {
        ...of,
        batch: 1,
        sequence: i + 1,
        movement: 0,
        instruction: 0,
        account_bank: settings.bank,
        account: '02545 0000000023661 ',
        name: 'Cliente',
        document: answer.our_number,
        due_on: answer.day ?? '10062026',
        amount: answer.amount,
        debited_on: answer.reasons === '00' ? (answer.day ?? '10062026') : '00000000',
        debited: answer.reasons === '00' ? answer.amount : 0,
        reasons: answer.reasons,
      }),
    ),
    writeRecord(debitBatchTrailer, {
      ...of,
      batch: 1,
      records: answers.length + 2,
      total: answers.reduce((sum, { amount }) => sum + amount, 0),
    }),
  ]
  lines.push(writeRecord(fileTrailer, { ...of, batches: 1, records: lines.length + 1 }))
  return `${lines.join('\r\n')}\r\n`
}
