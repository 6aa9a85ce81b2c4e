// CNAB 240: what is written is read back by its table, and a return is believed whole or not at all.
import { describe, expect, it } from 'vitest'
import { boletoFiles, readDiscount } from '../../server/drivers/febraban/boletos.ts'
import { debitFiles } from '../../server/drivers/febraban/debits.ts'
import {
  chargeBatchHeader,
  chargeBatchTrailer,
  fileHeader,
  fileTrailer,
  segmentA,
  segmentP,
  segmentQ,
  segmentR,
  segmentU,
} from '../../server/drivers/febraban/layouts.ts'
import { layOut, plainText, readDay, readRecord, writeRecord } from '../../server/drivers/febraban/records.ts'
import { boletoSettings } from '../../server/drivers/febraban/settings.ts'
import { readAdjustment } from '../../server/modules/payments/bank-differences.ts'
import type { RemittanceEntry } from '../../server/modules/payments/index.ts'
import { answerCharges, answerDebits, banksOfTests, debitOfTests } from './banks.ts'

const day = (text: string) => Temporal.PlainDate.from(text)
const made_at = Temporal.PlainDateTime.from('2026-05-21T09:30:15')

const entry = (change: Partial<RemittanceEntry> = {}): RemittanceEntry => ({
  kind: 'enter',
  our_number: '00000001',
  amount: 12_345,
  issued_on: day('2026-05-21'),
  due_date: day('2026-06-10'),
  fine_rate: 200,
  interest_rate: 100,
  discount_rate: 0,
  discount_until: null,
  abatement: 0,
  protest_days: 0,
  protested: false,
  document: 'A-17',
  payer: {
    name: 'José da Conceição & Irmãos Ltda. — filial',
    tax_id: '12.345.678/0001-95',
    address: 'Rua São João, 123 – 4º andar',
    city: 'São José dos Campos',
    state: 'SP',
    postal_code: '12245-000',
  },
  secret: null,
  ...change,
})

const linesOf = (text: string) => text.split('\r\n').filter((line) => line !== '')
const faultsOf = (reading: ReturnType<typeof boletoFiles.readReturn>) =>
  'faults' in reading ? reading.faults.map(({ code, line }) => `${code}@${line}`) : []

describe('records', () => {
  it('are tables without a gap', () => {
    expect(() => layOut(['a', 1, 3, 'digits'], ['b', 5, 240, 'raw'])).toThrow('does not begin at 4')
    expect(() => layOut(['a', 1, 239, 'raw'])).toThrow('ends at 239')
  })
  it('are written and read back', () => {
    const fields = layOut(['n', 1, 5, 'digits'], ['t', 6, 15, 'letters'], ['rest', 16, 240, 'raw'])
    const record = writeRecord(fields, { n: 42, t: 'Ação çãé' })
    expect(record).toHaveLength(240)
    expect(record.slice(0, 15)).toBe('00042ACAO CAE  ')
    expect(readRecord(fields, record)).toMatchObject({ n: '00042', t: 'ACAO CAE' })
    expect(() => writeRecord(fields, { n: 123_456 })).toThrow(RangeError)
    expect(() => writeRecord(fields, { n: '1a' })).toThrow(RangeError)
  })
  it('hold upper-case ASCII and real days', () => {
    expect(plainText('  Ünïcødé № 4º — “ok”\n')).toBe('UNIC DE 4 OK')
    expect(String(readDay('29022024'))).toBe('2024-02-29')
    expect([readDay('00000000'), readDay('        ')]).toEqual([null, null])
    expect([readDay('29022023'), readDay('99999999'), readDay('1x022023')]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })
})

describe('a remittance of boletos', () => {
  it.each(Object.entries(banksOfTests))(
    'for %s has its records, in order, counted',
    (_bank, { settings, our_number }) => {
      const text = boletoFiles.composeRemittance(settings, {
        sequence: 7,
        made_at,
        entries: [entry({ our_number }), entry({ our_number, kind: 'withdraw' })],
      })
      expect(text).toMatch(/^[\x20-\x7e\r\n]+$/)
      const lines = linesOf(text)
      expect(lines.map((line) => line.length)).toEqual(lines.map(() => 240))
      expect(lines.map((line) => line[7]! + (line[7] === '3' ? line[13] : ''))).toEqual([
        '0',
        '1',
        '3P',
        '3Q',
        '3R',
        '3P',
        '5',
        '9',
      ])
      expect(lines.every((line) => line.startsWith(settings.bank))).toBe(true)
      expect(readRecord(fileHeader, lines[0]!)).toMatchObject({
        direction: '1',
        made_on: '21052026',
        made_at: '093015',
        sequence: '000007',
        name: 'PIRILAMPO TELECOM LTDA',
      })
      expect(readRecord(chargeBatchHeader, lines[1]!)).toMatchObject({
        batch: '0001',
        operation: 'R',
        service: '01',
        sequence: '00000007',
      })
      expect(readRecord(segmentP, lines[2]!)).toMatchObject({
        sequence: '00001',
        movement: '01',
        due_on: '10062026',
        amount: '000000000012345',
        interest_kind: '2',
        interest_on: '11062026',
        interest: '000000000000100',
        document: 'A-17',
        write_off: '1',
        write_off_days: '060',
      })
      expect(lines[2]!.slice(17, 57)).toContain(our_number)
      expect(readRecord(segmentQ, lines[3]!)).toMatchObject({
        sequence: '00002',
        tax_id_kind: '2',
        tax_id: '012345678000195',
        name: 'JOSE DA CONCEICAO & IRMAOS LTDA. FILIAL',
        city: 'SAO JOSE DOS CA',
        state: 'SP',
        postal_code: '12245000',
      })
      expect(readRecord(segmentR, lines[4]!)).toMatchObject({
        fine_kind: '2',
        fine_on: '11062026',
        fine: '000000000000200',
      })
      expect(readRecord(segmentP, lines[5]!)).toMatchObject({ sequence: '00004', movement: '02' })
      expect(readRecord(chargeBatchTrailer, lines[6]!)).toMatchObject({ records: '000006', simple: '000002' })
      expect(readRecord(fileTrailer, lines[7]!)).toMatchObject({ batches: '000001', records: '000008' })
    },
  )
  it('says until when less is to be paid, what is abated, and when it is protested', () => {
    const { settings, our_number } = banksOfTests.bradesco
    const [, , p] = linesOf(
      boletoFiles.composeRemittance(settings, {
        sequence: 1,
        made_at,
        entries: [
          entry({
            our_number,
            discount_rate: 550,
            discount_until: day('2026-06-05'),
            abatement: 1_000,
            protest_days: 15,
          }),
        ],
      }),
    )
    // FEBRABAN's positions: C021 142, date 143–150, percent 151–165, abatement 181–195, C026 221, days 222–223.
    expect(p!.slice(141, 165)).toBe(`2${'05062026'}${'000000000000550'}`)
    expect(p!.slice(180, 195)).toBe('000000000001000')
    expect(p!.slice(220, 223)).toBe('115')
    const [, , plain] = linesOf(
      boletoFiles.composeRemittance(settings, { sequence: 1, made_at, entries: [entry({ our_number })] }),
    )
    expect(plain!.slice(141, 165)).toBe('0'.repeat(24))
    expect(plain!.slice(180, 195)).toBe('0'.repeat(15))
    expect(plain!.slice(220, 223)).toBe('300')
  })
  it('tells the bank of a charge that it has by the movements of FEBRABAN (C004)', () => {
    const { settings, our_number } = banksOfTests.bradesco
    const told = (change: Partial<RemittanceEntry>) =>
      linesOf(
        boletoFiles.composeRemittance(settings, {
          sequence: 1,
          made_at,
          entries: [entry({ our_number, ...change })],
        }),
      )
        .filter((line) => line[7] === '3')
        .map((line) => `${line[13]}${line.slice(15, 17)}`)
    expect(told({ kind: 'enter' })).toEqual(['P01', 'Q01', 'R01'])
    expect(told({ kind: 'withdraw' })).toEqual(['P02'])
    expect(told({ kind: 'withdraw', protested: true })).toEqual(['P10'])
    expect(told({ kind: 'abate', abatement: 500 })).toEqual(['P04'])
    expect(told({ kind: 'cancel_abatement' })).toEqual(['P05'])
    // Another due date is another day from which the fine is owed.
    expect(told({ kind: 'change_due_date' })).toEqual(['P06', 'R06'])
    expect(told({ kind: 'change_due_date', fine_rate: 0 })).toEqual(['P06'])
    expect(told({ kind: 'protest' })).toEqual(['P09'])
    expect(told({ kind: 'stop_protest', protested: true })).toEqual(['P11'])
  })
  it('goes into several batches where one is full', () => {
    const { settings, our_number } = banksOfTests.bradesco
    const entries = Array.from({ length: 30_001 }, () => entry({ our_number }))
    const lines = linesOf(boletoFiles.composeRemittance(settings, { sequence: 1, made_at, entries }))
    expect(lines.filter((line) => line[7] === '1')).toHaveLength(2)
    expect(readRecord(fileTrailer, lines.at(-1)!)).toMatchObject({
      batches: '000002',
      records: String(lines.length).padStart(6, '0'),
    })
  })
  it('is called after its bank, day and number', () => {
    expect(boletoFiles.nameRemittance(banksOfTests.itau.settings, { sequence: 7, made_at })).toBe(
      'CB341-20260521-000007.REM',
    )
  })
})

describe('a remittance of debits', () => {
  it('says whose account, when and how much', () => {
    const secret = JSON.stringify({ agency: '2545', account: '02366', account_digit: '1' })
    const lines = linesOf(
      debitFiles.composeRemittance(debitOfTests, {
        sequence: 3,
        made_at,
        entries: [
          entry({ secret, our_number: '000000000042' }),
          entry({ secret, our_number: '000000000041', kind: 'withdraw' }),
        ],
      }),
    )
    expect(lines).toHaveLength(6)
    expect(lines[1]!.slice(8, 16)).toBe('D0550030')
    expect(readRecord(segmentA, lines[2]!)).toMatchObject({
      movement: '0',
      instruction: '00',
      account_bank: '341',
      account: '02545 0000000023661 ',
      document: '000000000042',
      due_on: '10062026',
      currency: 'BRL',
      amount: '000000000012345',
    })
    expect(readRecord(segmentA, lines[3]!)).toMatchObject({ movement: '9', instruction: '99' })
    expect(lines[4]!.slice(17, 41)).toBe('000004000000000000024690')
  })
})

describe('a return of boletos', () => {
  it.each(Object.entries(banksOfTests))('of %s is read', (name, { settings, our_number }) => {
    const text = answerCharges(name as keyof typeof banksOfTests, [
      { our_number, movement: '02', amount: 12_345 },
      {
        our_number,
        movement: '06',
        amount: 12_345,
        paid: 12_400,
        occurred: '10062026',
        credited: '11062026',
        fee: 150,
      },
      { our_number, movement: '03', amount: 12_345, reasons: '0848' },
      { our_number, movement: '28', amount: 12_345 },
    ])
    const reading = boletoFiles.readReturn(settings, Buffer.from(text, 'latin1'))
    expect(faultsOf(reading)).toEqual([])
    if ('faults' in reading) return
    expect(reading.sequence).toBe(12)
    expect(String(reading.made_on)).toBe('2026-06-11')
    expect(reading.entries.map((one) => [one.line, one.our_number, one.effect, one.paid_amount])).toEqual([
      [3, our_number, 'confirmed', 0],
      [5, our_number, 'received', 12_400],
      [7, our_number, 'rejected', 0],
      [9, our_number, 'noted', 0],
    ])
    expect(reading.entries[1]).toMatchObject({ movement: '06', fee_amount: 150, amount: 12_345 })
    expect(String(reading.entries[1]!.credited_on)).toBe('2026-06-11')
    expect(reading.entries[2]!.occurrences).toEqual(['08', '48'])
  })

  it.each(Object.entries(banksOfTests))(
    'of %s says what came of it, and what the bank kept',
    (name, bank) => {
      const reading = boletoFiles.readReturn(
        bank.settings,
        Buffer.from(
          answerCharges(name as keyof typeof banksOfTests, [
            {
              our_number: bank.our_number,
              movement: '06',
              amount: 12_345,
              late: 265,
              discount: 0,
              abatement: 345,
              iof: 7,
              paid: 12_265,
              fee: 150,
              costs: 20,
              credited_amount: 12_088,
            },
            // Only what it credited: what it kept of it is not the payer's.
            {
              our_number: bank.our_number,
              movement: '06',
              amount: 12_345,
              fee: 150,
              credited_amount: 12_195,
            },
            // A fee that it takes apart.
            {
              our_number: bank.our_number,
              movement: '17',
              amount: 12_345,
              discount: 345,
              fee: 150,
              credited_amount: 12_000,
            },
          ]),
          'latin1',
        ),
      )
      if ('faults' in reading) throw new Error(JSON.stringify(reading.faults))
      expect(reading.entries[0]).toMatchObject({
        late_amount: 265,
        discount_amount: 0,
        abatement_amount: 345,
        iof_amount: 7,
        paid_amount: 12_265,
        fee_amount: 150,
        cost_amount: 20,
        credited_amount: 12_088,
      })
      expect(reading.entries.slice(1).map(({ paid_amount }) => paid_amount)).toEqual([12_345, 12_000])
    },
  )
  it('has its money where FEBRABAN says', () => {
    const u = writeRecord(segmentU, {
      late: 1,
      discount: 2,
      abatement: 3,
      iof: 4,
      paid: 5,
      credited: 6,
      other_costs: 7,
    })
    const at = (from: number, to: number) => Number(u.slice(from - 1, to))
    expect([at(18, 32), at(33, 47), at(48, 62), at(63, 77), at(78, 92), at(93, 107), at(108, 122)]).toEqual([
      1, 2, 3, 4, 5, 6, 7,
    ])
  })
  it('answers instructions by the movements of FEBRABAN (C044)', () => {
    const reading = boletoFiles.readReturn(
      banksOfTests.bradesco.settings,
      Buffer.from(
        answerCharges(
          'bradesco',
          ['12', '13', '14', '19', '20', '23', '24', '25', '26', '30'].map((movement) => ({
            our_number: banksOfTests.bradesco.our_number,
            movement,
            amount: 12_345,
          })),
        ),
        'latin1',
      ),
    )
    if ('faults' in reading) throw new Error(JSON.stringify(reading.faults))
    expect(reading.entries.map(({ effect, instruction }) => [effect, instruction])).toEqual([
      ['instruction_taken', 'abate'],
      ['instruction_taken', 'cancel_abatement'],
      ['instruction_taken', 'change_due_date'],
      ['instruction_taken', 'protest'],
      ['instruction_taken', 'stop_protest'],
      ['protest_begun', null],
      ['protest_ended', null],
      ['written_off', null],
      ['instruction_refused', null],
      ['instruction_refused', null],
    ])
  })

  const { settings, our_number } = banksOfTests.bradesco
  const paid = {
    our_number,
    movement: '06',
    amount: 12_345,
    paid: 12_345,
    occurred: '10062026',
    credited: '11062026',
  }
  const good = answerCharges('bradesco', [paid, { ...paid, paid: 100 }])
  const read = (text: string) => boletoFiles.readReturn(settings, Buffer.from(text, 'latin1'))

  it('may end its lines with CR LF, LF or not at all, and have an end-of-file mark', () => {
    const entries = (text: string) => {
      const reading = read(text)
      return 'faults' in reading ? reading.faults : reading.entries.length
    }
    expect(entries(good)).toBe(2)
    expect(entries(good.replaceAll('\r\n', '\n'))).toBe(2)
    expect(entries(good.replace(/\r\n$/, ''))).toBe(2)
    expect(entries(`${good}\u001a`)).toBe(2)
    expect(entries(`${good}\r\n\r\n`)).toBe(2)
    expect(entries(good.replaceAll('\r\n', ''))).toBe(2)
    expect(entries(good.replace('JOAO', 'JO\u00c3O'))).toBe(2)
  })
  it('tells the same event apart where it comes twice in one file', () => {
    const reading = read(answerCharges('bradesco', [paid, paid]))
    if ('faults' in reading) throw new Error('faults')
    const [one, two] = reading.entries
    expect(two!.event).toBe(`${one!.event}:2`)
    const again = read(answerCharges('bradesco', [paid], { sequence: 13 }))
    if ('faults' in again) throw new Error('faults')
    expect(again.entries[0]!.event).toBe(one!.event)
  })

  const lines = linesOf(good)
  const join = (changed: string[]) => `${changed.join('\r\n')}\r\n`
  const set = (at: number, from: number, text: string) =>
    join(
      lines.map((line, i) =>
        i === at ? line.slice(0, from - 1) + text + line.slice(from - 1 + text.length) : line,
      ),
    )

  it.each<[string, string, string[]]>([
    ['nothing', '', ['file_empty@0']],
    ['only spaces', '   \r\n  ', ['file_empty@0']],
    ['another kind of file', 'a;b;c\r\n1;2;3\r\n', ['not_cnab@1']],
    ['a picture', '\u0089PNG\r\n\u001a\n\0\0', ['not_cnab@1']],
    ['CNAB 400', `${'0'.repeat(400)}\r\n${'1'.repeat(400)}\r\n`, ['not_cnab@1']],
    [
      'a line cut short',
      join(lines.map((line, i) => (i === 3 ? line.slice(0, 200) : line))),
      ['line_length@4'],
    ],
    ['a file cut short', join(lines.slice(0, 4)), ['truncated@4']],
    ['a file cut within a line', good.slice(0, 242 * 4 + 100), ['line_length@5', 'truncated@5']],
    ['a record left out', join(lines.filter((_line, i) => i !== 4)), ['sequence@5', 'segment_missing@5']],
    ['a remittance', set(0, 143, '1'), ['not_a_return@1']],
    ['another bank', join(lines.map((line) => `341${line.slice(3)}`)), ['wrong_bank@1']],
    ['a line of another bank', set(3, 1, '001'), ['wrong_bank@4']],
    ['another agreement', set(0, 33, '00000000000009999999'), ['wrong_agreement@1']],
    ['another company', set(0, 19, '99999999999999'), ['wrong_company@1']],
    ['another service', set(1, 10, '05'), ['wrong_service@2']],
    ['letters in an amount', set(2, 82, '00000000001x345'), ['not_a_number@3', 'batch_total@7']],
    ['a day that is none', set(3, 138, '31022026'), ['not_a_date@4']],
    ['a wrong count in the batch', set(6, 18, '000009'), ['batch_records@7']],
    ['a wrong number of charges', set(6, 24, '000003'), ['batch_charges@7']],
    ['a wrong sum', set(6, 30, '00000000000000001'), ['batch_total@7']],
    ['a wrong count in the file', set(7, 24, '000009'), ['file_records@8']],
    ['a wrong number of batches', set(7, 18, '000002'), ['file_batches@8']],
    ['a record of no kind', set(4, 8, '7'), ['record_kind@5']],
    ['movements that differ', set(3, 16, '09'), ['movement_differs@4']],
    ['paid without money', set(3, 78, '0'.repeat(30)), ['nothing_paid@3']],
    ['something behind the end', `${good}${lines[2]}\r\n`, ['after_end@9']],
    ['the batch numbered otherwise', set(2, 4, '0002'), ['batch_number@3']],
  ])('is refused as a whole: %s', (_what, text, codes) => {
    const found = faultsOf(read(text))
    for (const code of codes) expect(found).toContain(code)
  })

  it('of 50 MB of anything is refused at once, with a short report', () => {
    for (const bytes of [
      Buffer.alloc(50_000_000, 'x'),
      Buffer.alloc(50_000_000, '\n'),
      Buffer.alloc(50_000_000, 0),
      Buffer.alloc(50_000_000, `${'x'.repeat(240)}\r\n`),
      Buffer.concat([Buffer.from(`${lines[0]}\r\n`), Buffer.alloc(50_000_000, 'short\r\n')]),
    ]) {
      const began = performance.now()
      const reading = boletoFiles.readReturn(settings, bytes)
      expect('faults' in reading && reading.faults.length).toBeGreaterThan(0)
      expect('faults' in reading && reading.faults.length).toBeLessThanOrEqual(100)
      expect(performance.now() - began).toBeLessThan(5000)
    }
  })
  it('of 100,000 charges is read', () => {
    const text = answerCharges(
      'bradesco',
      Array.from({ length: 100_000 }, () => paid),
    )
    const reading = read(text)
    expect(faultsOf(reading)).toEqual([])
    expect('entries' in reading && reading.entries.length).toBe(100_000)
  }, 30_000)
})

describe('a return of debits', () => {
  const read = (text: string) => debitFiles.readReturn(debitOfTests, Buffer.from(text, 'latin1'))
  it('says what was debited, and why not', () => {
    const reading = read(
      answerDebits([
        { our_number: '000000000001', amount: 5000, reasons: '00' },
        { our_number: '000000000002', amount: 6000, reasons: '01' },
        { our_number: '000000000003', amount: 7000, reasons: 'BD' },
        { our_number: '000000000004', amount: 8000, reasons: 'AN' },
        { our_number: '000000000005', amount: 9000, reasons: 'HC' },
        { our_number: '000000000006', amount: 9000, reasons: '02' },
      ]),
    )
    if ('faults' in reading) throw new Error(JSON.stringify(reading.faults))
    expect(reading.entries.map((one) => [one.effect, one.failure, one.paid_amount])).toEqual([
      ['received', null, 5000],
      ['rejected', 'insufficient_funds', 0],
      ['confirmed', null, 0],
      ['rejected', 'invalid_method', 0],
      ['rejected', 'provider_error', 0],
      ['written_off', null, 0],
    ])
  })
  it('is refused where it says nothing, or its sum is another', () => {
    expect(faultsOf(read(answerDebits([{ our_number: '000000000001', amount: 5000, reasons: '' }])))).toEqual(
      ['no_occurrence@3'],
    )
    const wrong = answerDebits([{ our_number: '000000000001', amount: 5000, reasons: '00' }]).replace(
      '000000000000005000',
      '000000000000005001',
    )
    expect(faultsOf(read(wrong)).length).toBeGreaterThan(0)
  })
})

describe('terms of a boleto', () => {
  const discount = (percent: string, days: string, due: string) => {
    const { discount_rate, discount_until } = readDiscount(
      { discount_percent: percent, discount_days: days },
      day('2026-05-21'),
      day(due),
    )
    return [discount_rate, discount_until === null ? null : String(discount_until)]
  }
  it('give a discount until so many days before the due date, and none where that is past', () => {
    expect(discount('5,5', '5', '2026-06-10')).toEqual([550, '2026-06-05'])
    expect(discount('5.5', '', '2026-06-10')).toEqual([550, '2026-06-10'])
    expect(discount('5', '5', '2026-05-26')).toEqual([500, '2026-05-21'])
    expect(discount('5', '5', '2026-05-25')).toEqual([0, null])
    expect(discount('', '5', '2026-06-10')).toEqual([0, null])
    expect(discount('0', '5', '2026-06-10')).toEqual([0, null])
  })
  it('write nothing off before it is protested', () => {
    const { settings } = banksOfTests.bradesco
    const parse = (protest_days: string, write_off_days: string) =>
      boletoSettings
        .safeParse({ ...settings, protest_days, write_off_days })
        .error?.issues.map(({ path }) => path.join('.')) ?? []
    expect(parse('15', '60')).toEqual([])
    expect(parse('15', '')).toEqual([])
    expect(parse('', '60')).toEqual([])
    expect(parse('15', '15')).toEqual(['write_off_days'])
    expect(parse('100', '')).toEqual(['protest_days'])
  })
})

describe('what was paid beside what was asked for', () => {
  const charge = { amount: 8_990, fine_rate: 200, abatement: 0 }
  const line = (paid_amount: number, change: object = {}) => ({
    paid_amount,
    late_amount: 0,
    discount_amount: 0,
    abatement_amount: 0,
    ...change,
  })
  it.each<[string, typeof charge, ReturnType<typeof line>, ReturnType<typeof readAdjustment>]>([
    ['exactly', charge, line(8_990), null],
    // 2 % of 89.90 is 1.798: 1.80; three days of 1 % a month are the rest.
    ['late', charge, line(9_179, { late_amount: 189 }), { late_fee: 180, interest: 9, discount: 0 }],
    [
      'late, with less than the fine',
      charge,
      line(9_000, { late_amount: 10 }),
      { late_fee: 10, interest: 0, discount: 0 },
    ],
    [
      'late, without a fine',
      { ...charge, fine_rate: 0 },
      line(9_179, { late_amount: 189 }),
      { late_fee: 0, interest: 189, discount: 0 },
    ],
    ['early', charge, line(8_540, { discount_amount: 450 }), { late_fee: 0, interest: 0, discount: 450 }],
    [
      'abated',
      { ...charge, abatement: 990 },
      line(8_000, { abatement_amount: 990 }),
      { late_fee: 0, interest: 0, discount: 990 },
    ],
    [
      'abated, which the bank does not repeat',
      { ...charge, abatement: 990 },
      line(8_000),
      { late_fee: 0, interest: 0, discount: 990 },
    ],
    [
      'abated and early',
      { ...charge, abatement: 990 },
      line(7_550, { abatement_amount: 990, discount_amount: 450 }),
      { late_fee: 0, interest: 0, discount: 1_440 },
    ],
    [
      'abated and late',
      { ...charge, abatement: 990 },
      line(8_189, { abatement_amount: 990, late_amount: 189 }),
      { late_fee: 180, interest: 9, discount: 990 },
    ],
    ['in part', charge, line(3_990), null],
    ['more, for no reason', charge, line(9_990), null],
    ['by figures that do not come to it', charge, line(9_000, { late_amount: 189 }), null],
  ])('%s', (_how, terms, paid, adjusted) => {
    const found = readAdjustment(terms, paid)
    expect(found).toEqual(adjusted)
    if (found) expect(terms.amount + found.late_fee + found.interest - found.discount).toBe(paid.paid_amount)
  })
})
