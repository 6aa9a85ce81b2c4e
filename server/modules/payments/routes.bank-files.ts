import { z } from 'zod'
import { isRefusal } from '../../platform/errors.ts'
import { exportRoute } from '../../platform/exports.ts'
import { type App, officeRoute } from '../../platform/http.ts'
import { idParams, pageOf } from '../../platform/schemas.ts'
import { moneyCell } from '../../platform/spreadsheets.ts'
import { getBankCharge, listBankCharges } from './bank-charges.ts'
import type { BankFileFormats } from './bank-file-format.ts'
import {
  discardReturn,
  downloadBankFile,
  getBankFile,
  listBankFileLines,
  listBankFiles,
  listBankInstructions,
  listBankProviders,
  receiveReturn,
  requestApply,
  requestRemittance,
} from './bank-files.ts'
import { abateBoleto, changeDueDate, protestBoleto } from './bank-instructions.ts'
import {
  abatementInput,
  bankChargeDetailSchema,
  bankChargeQuery,
  bankChargeSchema,
  bankFileQuery,
  bankFileSchema,
  bankFileSummarySchema,
  bankInstructionQuery,
  bankInstructionSchema,
  bankLineQuery,
  bankLineSchema,
  bankProviderSchema,
  dueDateInput,
} from './schemas.bank-files.ts'

const tag = 'Bank files'

/** The largest return that is taken: some 200,000 charges. */
const maxBytes = 100_000_000

/** Staff's side of boletos and debits by files of banks. */
export function registerBankFilesOffice(app: App, formats: BankFileFormats): void {
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/bank-file-providers',
      operation: 'list_bank_file_providers',
      summary: 'List the ways to be paid by files of banks, with what waits for the next remittance',
      tag,
      permission: 'payments.read',
      response: z.object({ items: z.array(bankProviderSchema) }),
    },
    async (tx) => ({ items: await listBankProviders(tx, formats) }),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/payment-providers/{id}/remittances',
      operation: 'create_remittance',
      summary: 'Make a remittance of what waits for one',
      description:
        'A job writes it: the answer’s state is `queued`, then `ready`. What was sent once is in no other remittance',
      tag,
      permission: 'payments.decide',
      params: idParams,
      response: bankFileSchema,
      status: 202,
    },
    async (tx, { params }, actor) => {
      const file = await requestRemittance(tx, formats, params.id, actor.user_id)
      return isRefusal(file) ? file : getBankFile(tx, file.id)
    },
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/bank-files',
      operation: 'list_bank_files',
      summary: 'List remittances and returns',
      tag,
      permission: 'payments.read',
      query: bankFileQuery,
      response: pageOf(bankFileSummarySchema),
    },
    (tx, { query }) => listBankFiles(tx, query),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/bank-files',
      operation: 'receive_return',
      summary: 'Upload a return of a bank',
      description:
        'CNAB 240, with the field `provider_id` before the file (multipart/form-data). A job reads it: `reading`, then `read` or `faulty`. Nothing is booked before it is applied',
      tag,
      permission: 'payments.decide',
      upload: { maxBytes },
      response: bankFileSchema,
      status: 202,
    },
    async (tx, { upload }, actor, context) => {
      const services = { files: context.files, config: context.config, formats }
      const file = await receiveReturn(tx, services, upload!, actor.user_id)
      return isRefusal(file) ? file : getBankFile(tx, file.id)
    },
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/bank-files/{id}',
      operation: 'get_bank_file',
      summary: 'Read a file: its state, its faults, what its records come to',
      tag,
      permission: 'payments.read',
      params: idParams,
      response: bankFileSchema,
    },
    (tx, { params }) => getBankFile(tx, params.id),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/bank-files/{id}/content',
      operation: 'download_bank_file',
      summary: 'Download a file as it went or came',
      tag,
      permission: 'payments.decide',
      params: idParams,
      response: 'binary',
    },
    (tx, { params }, _actor, context) => downloadBankFile(tx, context, params.id),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/bank-files/{id}/lines',
      operation: 'list_bank_file_lines',
      summary: 'List what a return says and does, record by record',
      tag,
      permission: 'payments.read',
      params: idParams,
      query: bankLineQuery,
      response: pageOf(bankLineSchema),
    },
    async (tx, { params, query }) => {
      const file = await getBankFile(tx, params.id)
      return isRefusal(file) ? file : listBankFileLines(tx, params.id, query)
    },
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/bank-files/{id}/instructions',
      operation: 'list_bank_instructions',
      summary: 'List what a remittance tells the bank',
      tag,
      permission: 'payments.read',
      params: idParams,
      query: bankInstructionQuery,
      response: pageOf(bankInstructionSchema),
    },
    async (tx, { params, query }) => {
      const file = await getBankFile(tx, params.id)
      return isRefusal(file) ? file : listBankInstructions(tx, params.id, query)
    },
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/bank-files/{id}/apply',
      operation: 'apply_return',
      summary: 'Book what a return says',
      description:
        'A job does it, in batches: `applying`, then `applied`. What was booked by another return is not booked again',
      tag,
      permission: 'payments.decide',
      params: idParams,
      response: bankFileSchema,
      status: 202,
    },
    async (tx, { params }, actor, context) => {
      const refused = await requestApply(tx, params.id, actor.user_id, context.now)
      return refused ?? getBankFile(tx, params.id)
    },
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/bank-files/{id}/discard',
      operation: 'discard_return',
      summary: 'Put a return away without booking it',
      tag,
      permission: 'payments.decide',
      params: idParams,
      response: bankFileSchema,
    },
    async (tx, { params }, actor, context) => {
      const refused = await discardReturn(tx, params.id, actor.user_id, context.now)
      return refused ?? getBankFile(tx, params.id)
    },
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/bank-charges',
      operation: 'list_bank_charges',
      summary: 'List boletos and debits',
      description: '`q` finds by account name or nosso número',
      tag,
      permission: 'payments.read',
      query: bankChargeQuery,
      response: pageOf(bankChargeSchema),
    },
    (tx, { query }) => listBankCharges(tx, query),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/bank-charges/{id}',
      operation: 'get_bank_charge',
      summary: 'Read a boleto or debit: its terms, what the bank was told, what it answered',
      tag,
      permission: 'payments.read',
      params: idParams,
      response: bankChargeDetailSchema,
    },
    (tx, { params }) => getBankCharge(tx, params.id),
  )
  officeRoute(
    app,
    {
      method: 'PUT',
      path: '/bank-charges/{id}/due-date',
      operation: 'change_boleto_due_date',
      summary: 'Let a boleto be paid until another day',
      description:
        'The next remittance tells the bank (movement 06) what it has already. Bar code and typeable line are of the new day; the invoice keeps its own',
      tag,
      permission: 'payments.decide',
      params: idParams,
      body: dueDateInput,
      response: bankChargeDetailSchema,
    },
    async (tx, { params, body }, actor, context) => {
      const services = { formats, config: context.config }
      const refused = await changeDueDate(tx, services, params.id, body.due_date, actor.user_id, context.now)
      return refused ?? getBankCharge(tx, params.id)
    },
  )
  officeRoute(
    app,
    {
      method: 'PUT',
      path: '/bank-charges/{id}/abatement',
      operation: 'abate_boleto',
      summary: 'Have the bank take less for a boleto',
      description: 'The next remittance tells the bank (movement 04) what it has already',
      tag,
      permission: 'payments.decide',
      params: idParams,
      body: abatementInput,
      response: bankChargeDetailSchema,
    },
    async (tx, { params, body }, actor) => {
      const refused = await abateBoleto(tx, params.id, body.amount, actor.user_id)
      return refused ?? getBankCharge(tx, params.id)
    },
  )
  officeRoute(
    app,
    {
      method: 'DELETE',
      path: '/bank-charges/{id}/abatement',
      operation: 'cancel_boleto_abatement',
      summary: 'Have the bank take the whole amount of a boleto again',
      description: 'Movement 05',
      tag,
      permission: 'payments.decide',
      params: idParams,
      response: bankChargeDetailSchema,
    },
    async (tx, { params }, actor) => {
      const refused = await abateBoleto(tx, params.id, 0, actor.user_id)
      return refused ?? getBankCharge(tx, params.id)
    },
  )
  officeRoute(
    app,
    {
      method: 'PUT',
      path: '/bank-charges/{id}/protest',
      operation: 'protest_boleto',
      summary: 'Have the bank protest an overdue boleto',
      description: 'Movement 09',
      tag,
      permission: 'payments.decide',
      params: idParams,
      response: bankChargeDetailSchema,
    },
    async (tx, { params }, actor, context) => {
      const refused = await protestBoleto(tx, params.id, true, actor.user_id, context.now)
      return refused ?? getBankCharge(tx, params.id)
    },
  )
  officeRoute(
    app,
    {
      method: 'DELETE',
      path: '/bank-charges/{id}/protest',
      operation: 'stop_boleto_protest',
      summary: 'Have the bank stop the protest of a boleto and keep it',
      description:
        'Movement 11. Cancelling the payment instead stops it and writes the boleto off (movement 10)',
      tag,
      permission: 'payments.decide',
      params: idParams,
      response: bankChargeDetailSchema,
    },
    async (tx, { params }, actor, context) => {
      const refused = await protestBoleto(tx, params.id, false, actor.user_id, context.now)
      return refused ?? getBankCharge(tx, params.id)
    },
  )
  exportRoute(
    app,
    {
      path: '/bank-charges.csv',
      operation: 'export_bank_charges',
      summary: 'Export boletos and debits',
      tag,
      permission: 'payments.read',
      query: bankChargeQuery,
      file: 'bank-charges',
    },
    (tx, query) => listBankCharges(tx, query),
    {
      our_number: (row) => row.our_number,
      kind: (row) => row.kind,
      account_number: (row) => row.account_number,
      account: (row) => row.account_name,
      amount: (row) => moneyCell(row.amount, row.currency),
      currency: (row) => row.currency,
      issued_on: (row) => row.issued_on,
      due_date: (row) => row.due_date,
      state: (row) => row.state,
      failure_codes: (row) => row.failure_codes.join(' '),
      invoices: (row) => row.invoices.join(' '),
      created_at: (row) => row.created_at,
    },
  )
}
