// How each bank composes its nosso número, its free field and the parts of a CNAB 240 file that are its own.

import { checkModulo10, checkModulo11, remainderModulo11 } from './check-digits.ts'

/** The operator's own account and agreement at a bank, as settings of a provider say it. */
export type Creditor = {
  bank: string
  agency: string
  agency_digit: string
  account: string
  account_digit: string
  /** Convênio or código do beneficiário: what the bank calls the agreement. */
  agreement: string
  /** Santander's código de transmissão. */
  transmission_code: string
  wallet: string
  wallet_variation: string
  free_field: string
  our_number_length: string
}

export type Bank = {
  code: string
  /** What is printed behind the code. */
  digit: string
  name: string
  /** How many digits of the nosso número are counted up. */
  counted: (creditor: Creditor) => number
  /** What of the settings this bank needs in another form; the names of the settings at fault. */
  check: (creditor: Creditor) => string[]
  /** The nosso número of a count, without check digit, as files carry it. */
  ourNumber: (creditor: Creditor, count: string) => string
  /** The nosso número as it is printed. */
  printOurNumber: (creditor: Creditor, ourNumber: string) => string
  freeField: (creditor: Creditor, ourNumber: string) => string
  /** Agency and account or agreement, as they are printed. */
  printCreditor: (creditor: Creditor) => string
  /** Whether the file's header has the operator's tax id one position further left. */
  wideTaxId?: boolean
  /** Layouts of file and batch. */
  versions: { file: string; batch: string }
  /** Positions 33–72 of the file's header and 34–73 of the batch's: agreement and account. */
  fileBlock: (creditor: Creditor) => string
  batchBlock: (creditor: Creditor) => string
  /** Positions 18–57 of segment P: account and nosso número. */
  chargeBlock: (creditor: Creditor, ourNumber: string) => string
  /** Positions 58–62 of segment P: kind of wallet, registered, document, issued and handed out by the operator. */
  walletBlock: string
  /** Where segment T holds what is needed: first and last position. */
  answer: {
    our_number: readonly [number, number]
    due: readonly [number, number]
    amount: readonly [number, number]
    place: readonly [number, number]
    fee: readonly [number, number]
    reasons: readonly [number, number]
  }
  /** The nosso número of that field, as `ourNumber` composed it. */
  readOurNumber: (field: string) => string
  /** Whether a header of theirs is of this agreement. */
  isOurs: (creditor: Creditor, block: string) => boolean
}

const zeros = (text: string, length: number) =>
  text.replaceAll(/\D/g, '').padStart(length, '0').slice(-length)
const spaces = (text: string, length: number) => text.padEnd(length, ' ').slice(0, length)
const fits = (text: string, least: number, most: number) =>
  /^\d*$/.test(text) && text.length >= least && text.length <= most

/** Agency and account as FEBRABAN lays them out: 5, digit, 12, digit, digit of both. */
const account = (creditor: Creditor) =>
  `${zeros(creditor.agency, 5)}${spaces(creditor.agency_digit, 1)}${zeros(creditor.account, 12)}${spaces(creditor.account_digit, 1)} `

const standardAnswer: Bank['answer'] = {
  our_number: [38, 57],
  due: [74, 81],
  amount: [82, 96],
  place: [97, 105],
  fee: [199, 213],
  reasons: [214, 223],
}

/** Whether the agreement's digits stand somewhere in the header's block. */
const holds = (number: string, block: string) => {
  const wanted = number.replaceAll(/\D/g, '').replace(/^0+/, '')
  return wanted !== '' && block.replaceAll(/\D/g, ' ').includes(wanted)
}

/** A bank by what is its own: what it leaves out is as FEBRABAN lays it out. */
function defineBank(own: Omit<Bank, keyof typeof asFebraban | 'batchBlock'> & Partial<Bank>): Bank {
  return { ...asFebraban, batchBlock: own.fileBlock, ...own }
}

const asFebraban = {
  answer: standardAnswer,
  readOurNumber: (field: string) => field.trim(),
  isOurs: (creditor: Creditor, block: string) => holds(creditor.agreement, block),
}

const checkOf = (faults: Record<string, boolean>) =>
  Object.entries(faults).flatMap(([name, fine]) => (fine ? [] : [name]))

const bancoDoBrasil = defineBank({
  code: '001',
  digit: '9',
  name: 'BANCO DO BRASIL S.A.',
  counted: () => 10,
  check: (creditor) =>
    checkOf({
      agency: fits(creditor.agency, 1, 4),
      account: fits(creditor.account, 1, 8),
      agreement: fits(creditor.agreement, 7, 7),
      wallet: fits(creditor.wallet, 2, 2),
      wallet_variation: fits(creditor.wallet_variation, 3, 3),
    }),
  ourNumber: (creditor, count) => `${creditor.agreement}${zeros(count, 10)}`,
  printOurNumber: (_creditor, ourNumber) => ourNumber,
  freeField: (creditor, ourNumber) => `000000${ourNumber}${creditor.wallet}`,
  printCreditor: (creditor) =>
    `${zeros(creditor.agency, 4)}-${creditor.agency_digit} / ${zeros(creditor.account, 8)}-${creditor.account_digit}`,
  versions: { file: '083', batch: '042' },
  fileBlock: (creditor) =>
    `${zeros(creditor.agreement, 9)}0014${zeros(creditor.wallet, 2)}${zeros(creditor.wallet_variation, 3)}  ${account(creditor)}`,
  chargeBlock: (creditor, ourNumber) => `${account(creditor)}${spaces(ourNumber, 20)}`,
  walletBlock: '71122',
})

const itauDigit = (creditor: Creditor, ourNumber: string) =>
  checkModulo10(
    `${zeros(creditor.agency, 4)}${zeros(creditor.account, 5)}${zeros(creditor.wallet, 3)}${ourNumber}`,
  )

/** Wallets whose digit is of wallet and number alone. */
const itauShort = ['112', '126', '131', '146', '150', '168']
const itauCheck = (creditor: Creditor, ourNumber: string) =>
  itauShort.includes(creditor.wallet)
    ? checkModulo10(`${creditor.wallet}${ourNumber}`)
    : itauDigit(creditor, ourNumber)
const itauAccountDigit = (creditor: Creditor) =>
  checkModulo10(`${zeros(creditor.agency, 4)}${zeros(creditor.account, 5)}`)

const itau = defineBank({
  code: '341',
  digit: '7',
  name: 'BANCO ITAU S.A.',
  counted: () => 8,
  check: (creditor) =>
    checkOf({
      agency: fits(creditor.agency, 1, 4),
      account: fits(creditor.account, 1, 5),
      account_digit: creditor.account_digit === String(itauAccountDigit(creditor)),
      wallet: fits(creditor.wallet, 3, 3),
    }),
  ourNumber: (_creditor, count) => zeros(count, 8),
  printOurNumber: (creditor, ourNumber) =>
    `${creditor.wallet}/${ourNumber}-${itauCheck(creditor, ourNumber)}`,
  freeField: (creditor, ourNumber) =>
    `${zeros(creditor.wallet, 3)}${ourNumber}${itauCheck(creditor, ourNumber)}${zeros(creditor.agency, 4)}${zeros(creditor.account, 5)}${itauAccountDigit(creditor)}000`,
  printCreditor: (creditor) =>
    `${zeros(creditor.agency, 4)} / ${zeros(creditor.account, 5)}-${itauAccountDigit(creditor)}`,
  versions: { file: '040', batch: '030' },
  fileBlock: (creditor) =>
    `${spaces('', 20)}0${zeros(creditor.agency, 4)} ${zeros(creditor.account, 12)} ${itauAccountDigit(creditor)}`,
  chargeBlock: (creditor, ourNumber) =>
    `0${zeros(creditor.agency, 4)} ${zeros(creditor.account, 12)} ${itauAccountDigit(creditor)}${zeros(creditor.wallet, 3)}${ourNumber}${itauCheck(creditor, ourNumber)}${spaces('', 8)}`,
  walletBlock: '00000',
  answer: { ...standardAnswer, our_number: [41, 48] },
  isOurs: (creditor, block) =>
    holds(zeros(creditor.agency, 4), block.slice(20, 26)) &&
    holds(zeros(creditor.account, 5), block.slice(26)),
})

/** Modulo 11 up to 7 of Bradesco: P for 10, 0 for 11. */
const bradescoDigit = (digits: string) => checkModulo11(digits, { highest: 7, ten: 'P', eleven: '0' })

const bradesco = defineBank({
  code: '237',
  digit: '2',
  name: 'BANCO BRADESCO S.A.',
  counted: () => 11,
  check: (creditor) =>
    checkOf({
      agency: fits(creditor.agency, 1, 4),
      account: fits(creditor.account, 1, 7),
      agreement: fits(creditor.agreement, 1, 20),
      wallet: fits(creditor.wallet, 2, 2),
    }),
  ourNumber: (_creditor, count) => zeros(count, 11),
  printOurNumber: (creditor, ourNumber) =>
    `${creditor.wallet}/${ourNumber}-${bradescoDigit(`${creditor.wallet}${ourNumber}`)}`,
  freeField: (creditor, ourNumber) =>
    `${zeros(creditor.agency, 4)}${creditor.wallet}${ourNumber}${zeros(creditor.account, 7)}0`,
  printCreditor: (creditor) =>
    `${zeros(creditor.agency, 4)}-${creditor.agency_digit} / ${zeros(creditor.account, 7)}-${creditor.account_digit}`,
  versions: { file: '084', batch: '042' },
  fileBlock: (creditor) => `${zeros(creditor.agreement, 20)}${account(creditor)}`,
  chargeBlock: (creditor, ourNumber) =>
    `${account(creditor)}${zeros(creditor.wallet, 3)}00000${ourNumber}${bradescoDigit(`${creditor.wallet}${ourNumber}`)}`,
  walletBlock: '11122',
  answer: { ...standardAnswer, our_number: [46, 56] },
  isOurs: (creditor, block) => holds(creditor.agreement, block.slice(0, 20)),
})

/** Modulo 11 of Santander and Caixa: 0 for 10 and 11. */
const elevenDigit = (digits: string) => checkModulo11(digits, { ten: '0', eleven: '0' })

const santander = defineBank({
  code: '033',
  digit: '7',
  name: 'BANCO SANTANDER (BRASIL) S.A.',
  counted: () => 12,
  check: (creditor) =>
    checkOf({
      agency: fits(creditor.agency, 1, 4),
      account: fits(creditor.account, 1, 9),
      agreement: fits(creditor.agreement, 7, 7),
      transmission_code: fits(creditor.transmission_code, 15, 15),
      wallet: fits(creditor.wallet, 3, 3),
    }),
  ourNumber: (_creditor, count) => zeros(count, 12),
  printOurNumber: (_creditor, ourNumber) => `${ourNumber}-${elevenDigit(ourNumber)}`,
  freeField: (creditor, ourNumber) =>
    `9${creditor.agreement}${ourNumber}${elevenDigit(ourNumber)}0${creditor.wallet}`,
  printCreditor: (creditor) => `${zeros(creditor.agency, 4)} / ${creditor.agreement}`,
  wideTaxId: true,
  versions: { file: '040', batch: '030' },
  fileBlock: (creditor) => `${creditor.transmission_code}${spaces('', 25)}`,
  batchBlock: (creditor) => `${spaces('', 20)}${creditor.transmission_code}${spaces('', 5)}`,
  chargeBlock: (creditor, ourNumber) =>
    `${zeros(creditor.agency, 4)}${spaces(creditor.agency_digit, 1)}${zeros(creditor.account, 9)}${spaces(creditor.account_digit, 1)}${zeros(creditor.account, 9)}${spaces(creditor.account_digit, 1)}  ${ourNumber}${elevenDigit(ourNumber)}`,
  walletBlock: '511  ',
  answer: {
    our_number: [41, 53],
    due: [70, 77],
    amount: [78, 92],
    place: [93, 100],
    fee: [194, 208],
    reasons: [209, 218],
  },
  readOurNumber: (field) => field.slice(0, -1),
  isOurs: (creditor, block) => holds(creditor.transmission_code, block) || holds(creditor.agreement, block),
})

const caixa = defineBank({
  code: '104',
  digit: '0',
  name: 'CAIXA ECONOMICA FEDERAL',
  counted: () => 15,
  check: (creditor) =>
    checkOf({
      agency: fits(creditor.agency, 1, 5),
      agreement: fits(creditor.agreement, 6, 6),
      wallet: creditor.wallet === '14' || creditor.wallet === '24',
    }),
  ourNumber: (creditor, count) => `${creditor.wallet}${zeros(count, 15)}`,
  printOurNumber: (_creditor, ourNumber) => `${ourNumber}-${elevenDigit(ourNumber)}`,
  freeField: (creditor, ourNumber) => {
    const before =
      creditor.agreement +
      elevenDigit(creditor.agreement) +
      ourNumber.slice(2, 5) +
      ourNumber[0] +
      ourNumber.slice(5, 8) +
      ourNumber[1] +
      ourNumber.slice(8)
    return before + elevenDigit(before)
  },
  printCreditor: (creditor) =>
    `${zeros(creditor.agency, 4)} / ${creditor.agreement}-${elevenDigit(creditor.agreement)}`,
  versions: { file: '050', batch: '030' },
  fileBlock: (creditor) =>
    `${zeros('', 20)}${zeros(creditor.agency, 5)}${spaces(creditor.agency_digit, 1)}${creditor.agreement}${zeros('', 8)}`,
  batchBlock: (creditor) =>
    `${creditor.agreement}${zeros('', 14)}${zeros(creditor.agency, 5)}${spaces(creditor.agency_digit, 1)}${creditor.agreement}${zeros('', 8)}`,
  chargeBlock: (creditor, ourNumber) =>
    `${zeros(creditor.agency, 5)}${spaces(creditor.agency_digit, 1)}${creditor.agreement}${zeros('', 11)}${ourNumber}`,
  walletBlock: '11220',
  answer: { ...standardAnswer, our_number: [40, 56] },
})

const banks: ReadonlyMap<string, Bank> = new Map(
  [bancoDoBrasil, itau, bradesco, santander, caixa].map((bank) => [bank.code, bank]),
)

/** A bank's code with the digit that is printed behind it: modulo 11, X for 10, 0 for 11. */
export function printBankCode(code: string): string {
  const known = banks.get(code)
  return `${code}-${known?.digit ?? checkModulo11(code, { ten: 'X', eleven: '0' })}`
}

const pieces =
  /\{(agency|account|account_digit|agreement|wallet|our_number|check10|check11)(?::(\d{1,2}))?\}|(\d)/g

/**
 * Composes a free field by a template: digits as they are, `{agency:4}`, `{account:7}`, `{account_digit:1}`, `{agreement:6}`,
 * `{wallet:2}`, `{our_number:11}` with leading zeros, `{check10}` and `{check11}` of all that stands before. Null where it
 * does not come to 25 digits.
 */
export function composeByTemplate(template: string, creditor: Creditor, ourNumber: string): string | null {
  if (template.replaceAll(pieces, '') !== '') return null
  let field = ''
  for (const [, name, length, digit] of template.matchAll(pieces)) {
    if (digit !== undefined) field += digit
    else if (name === 'check10') field += checkModulo10(field)
    else if (name === 'check11') field += elevenDigit(field)
    else {
      const text = (name === 'our_number' ? ourNumber : creditor[name as keyof Creditor]).replaceAll(
        /\D/g,
        '',
      )
      const wanted = length === undefined ? text.length : Number(length)
      if (text.length > wanted) return null
      field += text.padStart(wanted, '0')
    }
  }
  return /^\d{25}$/.test(field) ? field : null
}

/** A bank that is known by nothing but its code: FEBRABAN's layout, and a template of its free field. */
function describeBank(code: string): Bank {
  const counted = (creditor: Creditor) => Number(creditor.our_number_length || '11')
  return defineBank({
    code,
    digit: checkModulo11(code, { ten: 'X', eleven: '0' }),
    name: `BANCO ${code}`,
    counted,
    check: (creditor) =>
      checkOf({
        agency: fits(creditor.agency, 1, 5),
        account: fits(creditor.account, 1, 12),
        agreement: fits(creditor.agreement, 1, 20),
        wallet: fits(creditor.wallet, 1, 3),
        our_number_length: counted(creditor) >= 5 && counted(creditor) <= 17,
        free_field:
          counted(creditor) >= 5 &&
          composeByTemplate(creditor.free_field, creditor, zeros('1', counted(creditor))) !== null,
      }),
    ourNumber: (creditor, count) => zeros(count, counted(creditor)),
    printOurNumber: (_creditor, ourNumber) => `${ourNumber}-${elevenDigit(ourNumber)}`,
    freeField: (creditor, ourNumber) => {
      const field = composeByTemplate(creditor.free_field, creditor, ourNumber)
      if (field === null) throw new RangeError('the template gives no free field of 25 digits')
      return field
    },
    printCreditor: (creditor) =>
      `${zeros(creditor.agency, 4)} / ${creditor.account}-${creditor.account_digit}`,
    versions: { file: '103', batch: '060' },
    fileBlock: (creditor) => `${spaces(creditor.agreement, 20)}${account(creditor)}`,
    chargeBlock: (creditor, ourNumber) => `${account(creditor)}${spaces(ourNumber, 20)}`,
    walletBlock: '11122',
  })
}

/** The bank of a code of three digits. */
export function findBank(code: string): Bank {
  return banks.get(code) ?? describeBank(code)
}

/** An account of a customer, as it is debited. */
export type CustomerAccount = { agency: string; account: string; account_digit: string }

const weigh = (digits: string, weights: string, reduce: (product: number) => number = (product) => product) =>
  Array.from(digits).reduce((sum, digit, i) => sum + reduce(Number(digit) * Number(weights[i])), 0)

/**
 * The check digit of an account by the published rule of its bank; null where the bank's is not known. `account` without
 * its digit.
 */
export function accountDigitOf(
  bank: string,
  { agency, account }: Omit<CustomerAccount, 'account_digit'>,
): string | null {
  switch (bank) {
    case '001':
      return checkModulo11(zeros(account, 8), { ten: 'X', eleven: '0' })
    case '341':
      return String(checkModulo10(`${zeros(agency, 4)}${zeros(account, 5)}`))
    case '237':
      return bradescoDigit(zeros(account, 7)).replace('P', '0')
    case '033': {
      const sum = weigh(
        `${zeros(agency, 4)}00${zeros(account, 8)}`,
        '97310097131973',
        (product) => product % 10,
      )
      return String((10 - (sum % 10)) % 10)
    }
    case '104': {
      // Agency, operation (3) and number (8).
      const digits = `${zeros(agency, 4)}${zeros(account, 11)}`
      const rest = (weigh(digits, '876543298765432') * 10) % 11
      return String(rest === 10 ? 0 : rest)
    }
    default:
      return null
  }
}

/** The check digit of an agency of Banco do Brasil or Bradesco; null where the bank has none. */
export function agencyDigitOf(bank: string, agency: string): string | null {
  if (bank !== '001' && bank !== '237') return null
  const value = 11 - remainderModulo11(zeros(agency, 4))
  return value === 10 ? (bank === '001' ? 'X' : '0') : value === 11 ? '0' : String(value)
}

const lengths: Record<string, number> = { '001': 8, '341': 5, '237': 7, '033': 8, '104': 11 }

/** What is wrong with a customer's account at a bank: the name of the detail at fault; null where nothing is. */
export function checkCustomerAccount(
  bank: string,
  given: CustomerAccount,
): 'agency' | 'account' | 'account_digit' | null {
  if (!/^\d{1,5}$/.test(given.agency) || Number(given.agency) === 0) return 'agency'
  if (!/^\d{1,12}$/.test(given.account) || Number(given.account) === 0) return 'account'
  const longest = lengths[bank]
  if (longest !== undefined && given.account.replace(/^0+/, '').length > longest) return 'account'
  if (!/^[\dXP]$/i.test(given.account_digit)) return 'account_digit'
  const right = accountDigitOf(bank, given)
  const typed = given.account_digit.toUpperCase()
  return right === null || right === typed || (bank === '237' && right === '0' && typed === 'P')
    ? null
    : 'account_digit'
}
