import { refuse } from '../../platform/errors.ts'
import { exportRoute } from '../../platform/exports.ts'
import { type App, officeRoute } from '../../platform/http.ts'
import { idParams, pageOf } from '../../platform/schemas.ts'
import { moneyCell } from '../../platform/spreadsheets.ts'
import {
  bankAccountChange,
  bankAccountInput,
  bankAccountQuery,
  bankAccountSchema,
  lineApproval,
  lineChoice,
  lineIgnoring,
  lineQuery,
  lineSchema,
  linesApproval,
  linesApproved,
  mappingInput,
  statementQuery,
  statementSchema,
  statementSummary,
  surveyInput,
  uploadFields,
} from './schemas.statements.ts'
import {
  changeBankAccount,
  createBankAccount,
  getBankAccount,
  listBankAccounts,
} from './statement-accounts.ts'
import { startApproval, stopApproval } from './statement-approval.ts'
import { approveLine, approveLines } from './statement-booking.ts'
import { chooseProposal, ignoreLine, reopenLine } from './statement-decisions.ts'
import { getLine, getStatement, listLines, listStatements } from './statement-lists.ts'
import { askForProposals } from './statement-proposing.ts'
import {
  createStatement,
  discardStatement,
  largestStatement,
  readByMapping,
  surveyStatement,
} from './statement-uploads.ts'

const tag = 'Bank statements'
const reads = { tag, permission: 'payments.read' } as const
const decides = { tag, permission: 'payments.decide' } as const

/** Bank accounts, their statements, and the lines that become payments. */
export function registerStatementsOffice(app: App): void {
  registerAccounts(app)
  registerStatements(app)
  registerLines(app)
}

function registerAccounts(app: App): void {
  officeRoute(
    app,
    {
      ...reads,
      method: 'GET',
      path: '/bank-accounts',
      operation: 'list_bank_accounts',
      summary: 'List the business units’ accounts at banks',
      query: bankAccountQuery,
      response: pageOf(bankAccountSchema),
    },
    (tx, { query }) => listBankAccounts(tx, query),
  )
  officeRoute(
    app,
    {
      ...decides,
      method: 'POST',
      path: '/bank-accounts',
      operation: 'create_bank_account',
      summary: 'Add an account at a bank',
      description:
        'Its number is never kept: what is kept are its last digits and a keyed hash by which statements are recognised',
      body: bankAccountInput,
      response: bankAccountSchema,
      status: 201,
    },
    (tx, { body }, _actor, context) => createBankAccount(tx, context.config, body),
  )
  officeRoute(
    app,
    {
      ...reads,
      method: 'GET',
      path: '/bank-accounts/{id}',
      operation: 'get_bank_account',
      summary: 'Read an account at a bank',
      params: idParams,
      response: bankAccountSchema,
    },
    (tx, { params }) => getBankAccount(tx, params.id),
  )
  officeRoute(
    app,
    {
      ...decides,
      method: 'PATCH',
      path: '/bank-accounts/{id}',
      operation: 'change_bank_account',
      summary: 'Change an account at a bank, or archive it',
      params: idParams,
      body: bankAccountChange,
      response: bankAccountSchema,
    },
    (tx, { params, body }, _actor, context) =>
      changeBankAccount(tx, context.config, params.id, body, context.now),
  )
}

function registerStatements(app: App): void {
  officeRoute(
    app,
    {
      ...reads,
      method: 'GET',
      path: '/bank-statements',
      operation: 'list_bank_statements',
      summary: 'List bank statements',
      query: statementQuery,
      response: pageOf(statementSummary),
    },
    (tx, { query }) => listStatements(tx, query),
  )
  officeRoute(
    app,
    {
      ...decides,
      method: 'POST',
      path: '/bank-statements',
      operation: 'create_bank_statement',
      summary: 'Upload a bank statement',
      description:
        'OFX, CNAB 240 (segment E), camt.053 or CSV, told apart by what is in it, up to 50 MB, with the fields `business_unit_id` and `bank_account_id` before it (multipart/form-data); the account may be left out where the file names one that is known. It is read in the background; of CSV the columns are named first. Nothing is booked.',
      upload: { maxBytes: largestStatement },
      response: statementSchema,
      status: 201,
    },
    async (tx, { upload }, actor, context) => {
      const fields = uploadFields.safeParse(upload!.fields)
      if (!fields.success)
        return refuse('invalid_input', {
          status: 422,
          fields: fields.error.issues.map((issue) => ({ path: issue.path.join('.'), code: 'not_a_choice' })),
        })
      return createStatement(tx, context.files, upload!, fields.data, actor.user_id)
    },
  )
  officeRoute(
    app,
    {
      ...reads,
      method: 'GET',
      path: '/bank-statements/{id}',
      operation: 'get_bank_statement',
      summary: 'Read a bank statement and its progress',
      params: idParams,
      response: statementSchema,
    },
    (tx, { params }) => getStatement(tx, params.id),
  )
  officeRoute(
    app,
    {
      ...decides,
      method: 'DELETE',
      path: '/bank-statements/{id}',
      operation: 'discard_bank_statement',
      summary: 'Discard a statement of which nothing was taken',
      params: idParams,
    },
    (tx, { params }) => discardStatement(tx, params.id),
  )
  officeRoute(
    app,
    {
      ...decides,
      method: 'PUT',
      path: '/bank-statements/{id}/form',
      operation: 'set_bank_statement_form',
      summary: 'Show a CSV statement’s columns by another delimiter or header line',
      params: idParams,
      body: surveyInput,
      response: statementSchema,
    },
    (tx, { params, body }, _actor, context) => surveyStatement(tx, context.files, params.id, body),
  )
  officeRoute(
    app,
    {
      ...decides,
      method: 'POST',
      path: '/bank-statements/{id}/read',
      operation: 'read_bank_statement',
      summary: 'Read a CSV statement by what its columns mean',
      description: 'What they mean is remembered for the bank account',
      params: idParams,
      body: mappingInput,
      response: statementSchema,
      status: 202,
    },
    (tx, { params, body }) => readByMapping(tx, params.id, body.mapping),
  )
  officeRoute(
    app,
    {
      ...decides,
      method: 'POST',
      path: '/bank-statements/{id}/match',
      operation: 'match_bank_statement',
      summary: 'Look anew for what undecided lines may pay',
      params: idParams,
      response: statementSchema,
      status: 202,
    },
    (tx, { params }) => askForProposals(tx, params.id),
  )
  officeRoute(
    app,
    {
      ...decides,
      method: 'POST',
      path: '/bank-statements/{id}/approve',
      operation: 'approve_bank_statement',
      summary: 'Approve every certain proposal of a statement',
      description:
        'In the background, line by line, with its progress in the statement; it can be stopped and goes on after a crash',
      params: idParams,
      response: statementSchema,
      status: 202,
    },
    (tx, { params }, actor) => startApproval(tx, params.id, actor.user_id),
  )
  officeRoute(
    app,
    {
      ...decides,
      method: 'POST',
      path: '/bank-statements/{id}/stop',
      operation: 'stop_bank_statement',
      summary: 'Stop approving a statement',
      params: idParams,
      response: statementSchema,
    },
    (tx, { params }) => stopApproval(tx, params.id),
  )
}

function registerLines(app: App): void {
  officeRoute(
    app,
    {
      ...reads,
      method: 'GET',
      path: '/bank-lines',
      operation: 'list_bank_lines',
      summary: 'List lines of bank statements with what each may pay',
      description:
        '`q` finds by payer, text and reference; `state=undecided` is open and proposed; `to` is the first day no longer shown',
      query: lineQuery,
      response: pageOf(lineSchema),
    },
    (tx, { query }) => listLines(tx, query),
  )
  exportRoute(
    app,
    {
      ...reads,
      path: '/bank-lines.csv',
      operation: 'export_bank_lines',
      summary: 'Export lines of bank statements',
      query: lineQuery,
      file: 'bank-lines',
    },
    (tx, query) => listLines(tx, query),
    {
      booked_on: (row) => row.booked_on,
      bank_account: (row) => row.bank_account_name,
      amount: (row) => moneyCell(row.amount, row.currency),
      currency: (row) => row.currency,
      kind: (row) => row.kind,
      counterparty: (row) => row.counterparty_name,
      description: (row) => row.description,
      reference: (row) => row.reference,
      state: (row) => row.state,
      account_number: (row) => row.account_number,
      account: (row) => row.account_name,
      reason: (row) => row.reason ?? row.proposals[0]?.reason ?? null,
      confidence: (row) => row.confidence,
    },
  )
  officeRoute(
    app,
    {
      ...decides,
      method: 'POST',
      path: '/bank-lines/approve',
      operation: 'approve_bank_lines',
      summary: 'Approve several lines',
      description: 'Each for itself, and only what is certain; answers what became of each',
      body: linesApproval,
      response: linesApproved,
    },
    (tx, { body }, actor, context) => approveLines(tx, context.config, body.ids, actor.user_id, context.now),
  )
  officeRoute(
    app,
    {
      ...reads,
      method: 'GET',
      path: '/bank-lines/{id}',
      operation: 'get_bank_line',
      summary: 'Read a line with what it may pay',
      params: idParams,
      response: lineSchema,
    },
    (tx, { params }) => getLine(tx, params.id),
  )
  officeRoute(
    app,
    {
      ...decides,
      method: 'POST',
      path: '/bank-lines/{id}/approve',
      operation: 'approve_bank_line',
      summary: 'Approve what a line pays',
      description:
        'Books the payment, approves the notice, pays the order, or finds the line to be a payment that there is. It is undone by a refund or an adjustment',
      params: idParams,
      body: lineApproval,
      response: lineSchema,
    },
    (tx, { params, body }, actor, context) =>
      approveLine(tx, context.config, params.id, body, actor.user_id, context.now),
  )
  officeRoute(
    app,
    {
      ...decides,
      method: 'PUT',
      path: '/bank-lines/{id}/proposal',
      operation: 'choose_bank_line_proposal',
      summary: 'Say what a line pays',
      description: 'Instead of what was proposed. It is booked when it is approved',
      params: idParams,
      body: lineChoice,
      response: lineSchema,
    },
    (tx, { params, body }, actor) => chooseProposal(tx, params.id, body, actor.user_id),
  )
  officeRoute(
    app,
    {
      ...decides,
      method: 'POST',
      path: '/bank-lines/{id}/ignore',
      operation: 'ignore_bank_line',
      summary: 'Set a line aside',
      params: idParams,
      body: lineIgnoring,
      response: lineSchema,
    },
    (tx, { params, body }, actor, context) =>
      ignoreLine(tx, params.id, body.reason, actor.user_id, context.now),
  )
  officeRoute(
    app,
    {
      ...decides,
      method: 'POST',
      path: '/bank-lines/{id}/reopen',
      operation: 'reopen_bank_line',
      summary: 'Take a line up again, and look anew for what it may pay',
      params: idParams,
      response: lineSchema,
    },
    (tx, { params }, _actor, context) => reopenLine(tx, params.id, context.now),
  )
}
