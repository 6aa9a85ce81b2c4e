// The records of CNAB 240 (FEBRABAN, "Layout Padrão de Arquivos, 240 posições") that charges and debits use, as tables.

import { type FieldSpec, layOut } from './records.ts'

/** What every record begins with: bank, batch, kind of record. Outside of a batch the batch's number is fixed. */
const recordOf = (record: string, batch?: string): FieldSpec[] => [
  ['bank', 1, 3, 'digits'],
  ['batch', 4, 7, 'digits', batch],
  ['record', 8, 8, 'digits', record],
]

/** What every detail begins with: its place in the batch, and its segment. */
const detailOf = (segment: string): FieldSpec[] => [
  ...recordOf('3'),
  ['sequence', 9, 13, 'digits'],
  ['segment', 14, 14, 'letters', segment],
]

/** What every detail of a charge begins with: the movement besides. */
const chargeDetailOf = (segment: string): FieldSpec[] => [
  ...detailOf(segment),
  ['blank_1', 15, 15, 'raw'],
  ['movement', 16, 17, 'digits'],
]

/** Who is meant, by CPF or CNPJ. */
const personOf = (to: number): FieldSpec[] => [
  ['tax_id_kind', 18, 18, 'digits'],
  ['tax_id', 19, to, 'raw'],
]

/** `company` is the operator's block of 16 positions: kind and number of its tax id, as the bank wants it. */
export const fileHeader = layOut(
  ...recordOf('0', '0000'),
  ['company', 9, 32, 'raw'],
  ['creditor', 33, 72, 'raw'],
  ['name', 73, 102, 'letters'],
  ['bank_name', 103, 132, 'letters'],
  ['blank_1', 133, 142, 'raw'],
  ['direction', 143, 143, 'digits'],
  ['made_on', 144, 151, 'digits'],
  ['made_at', 152, 157, 'digits'],
  ['sequence', 158, 163, 'digits'],
  ['version', 164, 166, 'digits'],
  ['density', 167, 171, 'digits', '01600'],
  ['bank_use', 172, 191, 'raw'],
  ['company_use', 192, 211, 'raw'],
  ['blank_2', 212, 240, 'raw'],
)

export const fileTrailer = layOut(
  ...recordOf('9', '9999'),
  ['blank_1', 9, 17, 'raw'],
  ['batches', 18, 23, 'digits'],
  ['records', 24, 29, 'digits'],
  ['accounts', 30, 35, 'digits'],
  ['blank_2', 36, 240, 'raw'],
)

/** Of charges (service 01). */
export const chargeBatchHeader = layOut(
  ...recordOf('1'),
  ['operation', 9, 9, 'letters', 'R'],
  ['service', 10, 11, 'digits', '01'],
  ['blank_1', 12, 13, 'raw'],
  ['version', 14, 16, 'digits'],
  ['blank_2', 17, 17, 'raw'],
  ...personOf(33),
  ['creditor', 34, 73, 'raw'],
  ['name', 74, 103, 'letters'],
  ['message_1', 104, 143, 'letters'],
  ['message_2', 144, 183, 'letters'],
  ['sequence', 184, 191, 'digits'],
  ['made_on', 192, 199, 'digits'],
  ['credit_on', 200, 207, 'digits'],
  ['blank_3', 208, 240, 'raw'],
)

/** A charge: what, until when, what for being late. */
export const segmentP = layOut(
  ...chargeDetailOf('P'),
  ['charge', 18, 57, 'raw'],
  ['wallet', 58, 62, 'raw'],
  ['document', 63, 77, 'letters'],
  ['due_on', 78, 85, 'digits'],
  ['amount', 86, 100, 'digits'],
  ['agency', 101, 105, 'digits'],
  ['agency_digit', 106, 106, 'digits'],
  ['species', 107, 108, 'digits'],
  ['acceptance', 109, 109, 'letters', 'N'],
  ['issued_on', 110, 117, 'digits'],
  ['interest_kind', 118, 118, 'digits'],
  ['interest_on', 119, 126, 'digits'],
  ['interest', 127, 141, 'digits'],
  ['discount_kind', 142, 142, 'digits', '0'],
  ['discount_on', 143, 150, 'digits'],
  ['discount', 151, 165, 'digits'],
  ['iof', 166, 180, 'digits'],
  ['abatement', 181, 195, 'digits'],
  ['company_use', 196, 220, 'letters'],
  ['protest', 221, 221, 'digits', '3'],
  ['protest_days', 222, 223, 'digits'],
  ['write_off', 224, 224, 'digits'],
  ['write_off_days', 225, 227, 'digits'],
  ['currency', 228, 229, 'digits', '09'],
  ['contract', 230, 239, 'digits'],
  ['blank_2', 240, 240, 'raw'],
)

/** Who is to pay it. */
export const segmentQ = layOut(
  ...chargeDetailOf('Q'),
  ...personOf(33),
  ['name', 34, 73, 'letters'],
  ['address', 74, 113, 'letters'],
  ['district', 114, 128, 'letters'],
  ['postal_code', 129, 136, 'digits'],
  ['city', 137, 151, 'letters'],
  ['state', 152, 153, 'letters'],
  ['guarantor_kind', 154, 154, 'digits'],
  ['guarantor_tax_id', 155, 169, 'digits'],
  ['guarantor', 170, 209, 'letters'],
  ['other_bank', 210, 212, 'digits'],
  ['other_number', 213, 232, 'letters'],
  ['blank_2', 233, 240, 'raw'],
)

/** The fine. */
export const segmentR = layOut(
  ...chargeDetailOf('R'),
  ['discount_2', 18, 41, 'digits'],
  ['discount_3', 42, 65, 'digits'],
  ['fine_kind', 66, 66, 'digits'],
  ['fine_on', 67, 74, 'digits'],
  ['fine', 75, 89, 'digits'],
  ['payer_message', 90, 99, 'letters'],
  ['message_3', 100, 139, 'letters'],
  ['message_4', 140, 179, 'letters'],
  ['blank_2', 180, 199, 'raw'],
  ['payer_codes', 200, 207, 'digits'],
  ['debit_account', 208, 230, 'raw'],
  ['debit_notice', 231, 231, 'digits'],
  ['blank_3', 232, 240, 'raw'],
)

/** What became of a charge. Where the bank has its own places they are read from its table (`Bank.answer`). */
export const segmentT = layOut(
  ...chargeDetailOf('T'),
  ['creditor', 18, 37, 'raw'],
  ['our_number', 38, 57, 'raw'],
  ['wallet', 58, 58, 'raw'],
  ['document', 59, 73, 'letters'],
  ['due_on', 74, 81, 'digits'],
  ['amount', 82, 96, 'digits'],
  ['place', 97, 105, 'raw'],
  ['company_use', 106, 130, 'letters'],
  ['currency', 131, 132, 'digits'],
  ['tax_id_kind', 133, 133, 'digits'],
  ['tax_id', 134, 148, 'raw'],
  ['name', 149, 188, 'letters'],
  ['contract', 189, 198, 'raw'],
  ['fee', 199, 213, 'digits'],
  ['reasons', 214, 223, 'raw'],
  ['blank_2', 224, 240, 'raw'],
)

/** The money of it. */
export const segmentU = layOut(
  ...chargeDetailOf('U'),
  ['late', 18, 32, 'digits'],
  ['discount', 33, 47, 'digits'],
  ['abatement', 48, 62, 'digits'],
  ['iof', 63, 77, 'digits'],
  ['paid', 78, 92, 'digits'],
  ['credited', 93, 107, 'digits'],
  ['other_costs', 108, 122, 'digits'],
  ['other_credits', 123, 137, 'digits'],
  ['occurred_on', 138, 145, 'digits'],
  ['credited_on', 146, 153, 'digits'],
  ['payer_event', 154, 210, 'raw'],
  ['other_bank', 211, 240, 'raw'],
)

export const chargeBatchTrailer = layOut(
  ...recordOf('5'),
  ['blank_1', 9, 17, 'raw'],
  ['records', 18, 23, 'digits'],
  ['simple', 24, 29, 'digits'],
  ['simple_total', 30, 46, 'digits'],
  ['linked', 47, 52, 'digits'],
  ['linked_total', 53, 69, 'digits'],
  ['pledged', 70, 75, 'digits'],
  ['pledged_total', 76, 92, 'digits'],
  ['discounted', 93, 98, 'digits'],
  ['discounted_total', 99, 115, 'digits'],
  ['blank_2', 116, 240, 'raw'],
)

/** Of debits of accounts (service 05, form 50). */
export const debitBatchHeader = layOut(
  ...recordOf('1'),
  ['operation', 9, 9, 'letters', 'D'],
  ['service', 10, 11, 'digits', '05'],
  ['form', 12, 13, 'digits', '50'],
  ['version', 14, 16, 'digits', '030'],
  ['blank_1', 17, 17, 'raw'],
  ...personOf(32),
  ['creditor', 33, 72, 'raw'],
  ['name', 73, 102, 'letters'],
  ['message', 103, 142, 'letters'],
  ['address', 143, 222, 'raw'],
  ['blank_2', 223, 230, 'raw'],
  ['reasons', 231, 240, 'raw'],
)

/** A debit of a customer's account, and what became of it. */
export const segmentA = layOut(
  ...detailOf('A'),
  ['movement', 15, 15, 'digits'],
  ['instruction', 16, 17, 'digits'],
  ['chamber', 18, 20, 'digits'],
  ['account_bank', 21, 23, 'digits'],
  ['account', 24, 43, 'raw'],
  ['name', 44, 73, 'letters'],
  ['document', 74, 93, 'letters'],
  ['due_on', 94, 101, 'digits'],
  ['currency', 102, 104, 'letters', 'BRL'],
  ['quantity', 105, 119, 'digits'],
  ['amount', 120, 134, 'digits'],
  ['bank_document', 135, 154, 'letters'],
  ['debited_on', 155, 162, 'digits'],
  ['debited', 163, 177, 'digits'],
  ['information', 178, 217, 'letters'],
  ['purpose', 218, 229, 'raw'],
  ['notice', 230, 230, 'digits', '0'],
  ['reasons', 231, 240, 'raw'],
)

export const debitBatchTrailer = layOut(
  ...recordOf('5'),
  ['blank_1', 9, 17, 'raw'],
  ['records', 18, 23, 'digits'],
  ['total', 24, 41, 'digits'],
  ['quantity', 42, 59, 'digits'],
  ['notice', 60, 65, 'digits'],
  ['blank_2', 66, 230, 'raw'],
  ['reasons', 231, 240, 'raw'],
)
