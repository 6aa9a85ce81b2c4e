// Check digits, bar codes and typeable lines: examples that banks publish, and what holds for any.
import { describe, expect, it } from 'vitest'
import {
  accountDigitOf,
  agencyDigitOf,
  type Creditor,
  checkCustomerAccount,
  composeByTemplate,
  findBank,
  printBankCode,
} from '../../server/drivers/febraban/banks.ts'
import {
  composeBarCode,
  dateOfDueFactor,
  dueFactorOf,
  formatTypeableLine,
  readBarCode,
  readTypeableLine,
} from '../../server/drivers/febraban/bar-code.ts'
import { composeBoleto } from '../../server/drivers/febraban/boletos.ts'
import { checkBarCode, checkModulo10 } from '../../server/drivers/febraban/check-digits.ts'

const day = (text: string) => Temporal.PlainDate.from(text)

const creditor = (change: Partial<Creditor>): Creditor => ({
  bank: '001',
  agency: '0001',
  agency_digit: '',
  account: '1',
  account_digit: '',
  agreement: '',
  transmission_code: '',
  wallet: '',
  wallet_variation: '',
  free_field: '',
  our_number_length: '',
  ...change,
})

/** Numbers without a library of chance: the same ones each time. */
function* numbers(seed: number): Generator<number> {
  let value = seed
  for (;;) {
    value = (value * 1_103_515_245 + 12_345) % 2_147_483_648
    yield value
  }
}

describe('the due-date factor', () => {
  it.each([
    ['2000-07-03', '1000'],
    ['2000-07-05', '1002'],
    ['2002-05-01', '1667'],
    ['2010-11-17', '4789'],
    ['2025-02-21', '9999'],
    ['2025-02-22', '1000'],
    ['2025-02-23', '1001'],
    ['2049-10-13', '9999'],
    ['2049-10-14', '1000'],
  ])('of %s is %s', (date, factor) => {
    expect(dueFactorOf(day(date))).toBe(factor)
  })
  it('is read back within the window of its day', () => {
    expect(String(dateOfDueFactor('1000', day('2025-02-20')))).toBe('2025-02-22')
    expect(String(dateOfDueFactor('9999', day('2025-03-01')))).toBe('2025-02-21')
    expect(String(dateOfDueFactor('1667', day('2002-04-01')))).toBe('2002-05-01')
    expect(dateOfDueFactor('0000', day('2026-01-01'))).toBeNull()
    for (let days = -2900; days < 5400; days += 97) {
      const date = day('2026-05-21').add({ days })
      expect(String(dateOfDueFactor(dueFactorOf(date), day('2026-05-21')))).toBe(String(date))
    }
  })
  it('knows no day before the first', () => {
    expect(() => dueFactorOf(day('2000-07-02'))).toThrow(RangeError)
  })
})

describe('published bar codes', () => {
  it.each([
    // Banco do Brasil: bank, bar code, typeable line.
    [
      '00193373700000001000500940144816060680935031',
      '00190.50095 40144.816069 06809.350314 3 37370000000100',
    ],
    // Itaú, wallet 110.
    [
      '34196166700000123451101234567880057123457000',
      '34191.10121 34567.880058 71234.570001 6 16670000012345',
    ],
    // Caixa, SIGCB.
    [
      '10494324200000321120055077222133347777777771',
      '10490.05505 77222.133348 77777.777713 4 32420000032112',
    ],
    // Bradesco, wallets 06 and 03.
    [
      '23795422300002952951172060007589645204030050',
      '23791.17209 60007.589645 52040.300502 5 42230000295295',
    ],
    [
      '23791377000000135004042030077770016800619000',
      '23794.04201 30077.770011 68006.190000 1 37700000013500',
    ],
    // Santander, wallet 102.
    [
      '03399511500000025009189977500000900002690102',
      '03399.18997 77500.000904 00026.901025 9 51150000002500',
    ],
  ])('%s is typed as %s, and read back', (barCode, line) => {
    expect(formatTypeableLine(barCode)).toBe(line)
    expect(readTypeableLine(line)).toEqual({ bar_code: barCode })
    expect(readTypeableLine(line.replaceAll(/[. ]/g, ''))).toEqual({ bar_code: barCode })
    const parts = readBarCode(barCode, day('2009-01-01'))
    if ('fault' in parts) throw new Error(parts.fault)
    expect(composeBarCode(parts)).toBe(barCode)
  })

  it('are composed from what a boleto says', () => {
    const cases: [Creditor, { number: number; amount: number; due_date: string }, string, string][] = [
      [
        creditor({
          bank: '001',
          agency: '4042',
          account: '61900',
          agreement: '1238798',
          wallet: '18',
          wallet_variation: '019',
        }),
        { number: 7_777_700_168, amount: 13_500, due_date: '2008-02-03' },
        '00193377100000135000000001238798777770016818',
        '12387987777700168',
      ],
      [
        creditor({ bank: '341', agency: '0810', account: '53678', account_digit: '9', wallet: '175' }),
        { number: 258_281, amount: 13_500, due_date: '2008-02-02' },
        '34191377000000135001750025828170810536789000',
        '175/00258281-7',
      ],
      [
        creditor({ bank: '341', agency: '0057', account: '12345', account_digit: '7', wallet: '110' }),
        { number: 12_345_678, amount: 12_345, due_date: '2002-05-01' },
        '34196166700000123451101234567880057123457000',
        '110/12345678-8',
      ],
      [
        creditor({ bank: '341', agency: '1248', account: '02124', account_digit: '6', wallet: '109' }),
        { number: 10_152, amount: 675_787, due_date: '2029-05-20' },
        '34194254800006757871090001015271248021246000',
        '109/00010152-7',
      ],
      [
        creditor({ bank: '237', agency: '1172', account: '0403005', agreement: '1', wallet: '06' }),
        { number: 75_896_452, amount: 295_295, due_date: '2009-04-30' },
        '23795422300002952951172060007589645204030050',
        '06/00075896452-5',
      ],
      [
        creditor({ bank: '033', agency: '0059', account: '013000123', agreement: '1899775', wallet: '102' }),
        { number: 9_000_026, amount: 2500, due_date: '2011-10-09' },
        '03399511500000025009189977500000900002690102',
        '000009000026-9',
      ],
      [
        creditor({ bank: '104', agency: '1825', agreement: '005507', wallet: '14' }),
        { number: 222_333_777_777_777, amount: 32_112, due_date: '2006-08-23' },
        '10494324200000321120055077222133347777777771',
        '14222333777777777-2',
      ],
    ]
    for (const [of, boleto, barCode, printed] of cases) {
      const made = composeBoleto(of, { ...boleto, due_date: day(boleto.due_date) })
      expect(made.bar_code, of.bank).toBe(barCode)
      expect(made.typeable_line).toBe(formatTypeableLine(made.bar_code))
      expect(findBank(of.bank).printOurNumber(of, made.our_number)).toBe(printed)
    }
  })

  it('of Caixa have a free field with digits of its own', () => {
    const caixa = creditor({ bank: '104', agency: '1825', agreement: '245274', wallet: '14' })
    const made = composeBoleto(caixa, { number: 1, amount: 1000, due_date: day('2024-01-10') })
    expect(made.our_number).toBe('14000000000000001')
    expect(findBank('104').printOurNumber(caixa, made.our_number)).toBe('14000000000000001-4')
    expect(made.bar_code.slice(19)).toBe('2452740000100040000000017')
    expect(findBank('104').printCreditor(caixa)).toBe('1825 / 245274-0')
  })

  it('of Bradesco have a nosso número with P', () => {
    const of = (wallet: string, count: string) =>
      findBank('237').printOurNumber(creditor({ bank: '237', wallet }), count.padStart(11, '0'))
    expect(of('06', '525')).toBe('06/00000000525-P')
    expect(of('09', '1')).toBe('09/00000000001-1')
    expect(of('19', '2')).toBe('19/00000000002-8')
    expect(of('19', '6')).toBe('19/00000000006-0')
    expect(of('19', '1')).toBe('19/00000000001-P')
  })

  it('of Santander have a nosso número by modulo 11', () => {
    const of = (count: string) => findBank('033').printOurNumber(creditor({ bank: '033' }), count)
    expect(of('566612457800')).toBe('566612457800-2')
    expect(of('000001961005')).toBe('000001961005-0')
  })
})

describe('a wrong digit', () => {
  const made = () => {
    const random = numbers(7)
    return Array.from({ length: 60 }, () => {
      const free = Array.from({ length: 25 }, () => (random.next().value! >> 8) % 10).join('')
      return composeBarCode({
        bank: ['001', '341', '237', '033', '104'][random.next().value! % 5]!,
        due_date: day('2026-01-01').add({ days: random.next().value! % 900 }),
        amount: random.next().value! % 10_000_000,
        free_field: free,
      })
    })
  }
  const change = (text: string, at: number, by: number) =>
    text.slice(0, at) + ((Number(text[at]) + by) % 10) + text.slice(at + 1)

  it('in one of the three fields is found by modulo 10, and in its digit', () => {
    for (const barCode of made()) {
      const line = formatTypeableLine(barCode).replaceAll(/[. ]/g, '')
      for (let at = 0; at < 32; at++)
        for (let by = 1; by < 10; by++) expect(readTypeableLine(change(line, at, by))).toHaveProperty('fault')
    }
  })
  it('in due date, amount or general digit is found by modulo 11, but where its rule gives 1 for three remainders', () => {
    for (const barCode of made()) {
      const line = formatTypeableLine(barCode).replaceAll(/[. ]/g, '')
      for (let at = 32; at < 47; at++)
        for (let by = 1; by < 10; by++) {
          const wrong = change(line, at, by)
          // FEBRABAN's rule lets 0, 1 and 10 share the digit 1; whatever has another is safe.
          if (at === 32 || barCode[4] !== '1') expect(readTypeableLine(wrong), wrong).toHaveProperty('fault')
        }
    }
  })
  it('of length, currency or letters is told apart', () => {
    expect(readTypeableLine('123')).toEqual({ fault: 'length' })
    expect(readTypeableLine('x'.repeat(47))).toEqual({ fault: 'length' })
    expect(readBarCode('1'.repeat(44), day('2026-01-01'))).toEqual({ fault: 'currency' })
    const [good] = made()
    expect(readBarCode(change(good!, 20, 1), day('2026-01-01'))).toEqual({ fault: 'check_digit' })
  })
  it('is never accepted for the digits that the rules give', () => {
    expect(checkModulo10('001905009')).toBe(5)
    expect(checkModulo10('4014481606')).toBe(9)
    expect(checkModulo10('0680935031')).toBe(4)
    expect(checkBarCode('0019373700000001000500940144816060680935031')).toBe(3)
  })
})

describe('accounts of customers', () => {
  it.each([
    ['001', '1584', '210169', '6'],
    ['341', '2545', '02366', '1'],
    ['237', '1425', '0238069', '2'],
    ['033', '0189', '01017417', '9'],
    ['104', '2004', '00100000448', '6'],
  ])('at %s have the digit of its published rule', (bank, agency, account, digit) => {
    expect(accountDigitOf(bank, { agency, account })).toBe(digit)
    expect(checkCustomerAccount(bank, { agency, account, account_digit: digit })).toBeNull()
    const wrong = digit === '0' ? '1' : '0'
    expect(checkCustomerAccount(bank, { agency, account, account_digit: wrong })).toBe('account_digit')
    expect(checkCustomerAccount(bank, { agency: '', account, account_digit: digit })).toBe('agency')
    expect(checkCustomerAccount(bank, { agency, account: '12a', account_digit: digit })).toBe('account')
    expect(checkCustomerAccount(bank, { agency, account: '123456789012', account_digit: digit })).toBe(
      'account',
    )
  })
  it('have agencies with a digit at two banks', () => {
    expect(agencyDigitOf('001', '1584')).toBe('9')
    expect(agencyDigitOf('237', '1425')).toBe('7')
    expect(agencyDigitOf('341', '2545')).toBeNull()
  })
  it('at a bank without a published rule are taken as they are', () => {
    expect(checkCustomerAccount('748', { agency: '0101', account: '12345', account_digit: '8' })).toBeNull()
  })
})

describe('any other bank', () => {
  const other = creditor({
    bank: '756',
    agency: '3069',
    account: '12345',
    account_digit: '0',
    agreement: '123456',
    wallet: '1',
    free_field: '{wallet:1}{agency:4}01{agreement:7}{our_number:8}{check11}01',
    our_number_length: '8',
  })
  it('is described by a template', () => {
    expect(composeByTemplate(other.free_field, other, '00000042')).toMatch(
      /^13069010123456000000421|^130690101234560000004\d{4}$/,
    )
    expect(composeByTemplate(other.free_field, other, '00000042')).toHaveLength(25)
    expect(findBank('756').check(other)).toEqual([])
    expect(findBank('756').check({ ...other, free_field: '{agency:4}' })).toEqual(['free_field'])
    expect(findBank('756').check({ ...other, free_field: '{nothing:25}' })).toEqual(['free_field'])
  })
  it('prints its code with a digit', () => {
    expect(['001', '341', '237', '033', '104', '756'].map(printBankCode)).toEqual([
      '001-9',
      '341-7',
      '237-2',
      '033-7',
      '104-0',
      '756-0',
    ])
  })
})
