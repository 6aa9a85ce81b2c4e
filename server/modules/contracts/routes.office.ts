import { today } from '../../platform/calendar.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, notFound, refuse } from '../../platform/errors.ts'
import { exportRoute } from '../../platform/exports.ts'
import { type App, officeRoute } from '../../platform/http.ts'
import { idParams, pageOf } from '../../platform/schemas.ts'
import { moneyCell } from '../../platform/spreadsheets.ts'
import { type Language, translator } from '../../platform/translations.ts'
import {
  getDocument,
  issueContract,
  largestScan,
  listDocuments,
  previewDocument,
  printContract,
  readSignedCopy,
  sendContract,
  signContract,
  withdrawContract,
} from './documents.ts'
import { sampleFacts, templateVariables } from './facts.ts'
import {
  type FormulaFault,
  formulaFunctions,
  formulaVariables,
  moneyVariables,
  readFormula,
  sampleService,
} from './formula.ts'
import { computePenalty, loadPenalty, unitToday, usedFigures } from './penalty.ts'
import {
  contractDataInput,
  documentPreviewQuery,
  documentPreviewSchema,
  documentSchema,
  formulaCheckSchema,
  formulaInput,
  formulaVariablesSchema,
  issueInput,
  penaltyQuery,
  penaltySchema,
  renewInput,
  serviceContractQuery,
  serviceContractSchema,
  serviceContractSummarySchema,
  signFields,
  templateChange,
  templateInput,
  templatePreviewInput,
  templatePreviewSchema,
  templateQuery,
  templateSchema,
  templateSummarySchema,
  variablesSchema,
} from './schemas.ts'
import { getContractData, listServiceContracts, renewContract, setContractData } from './service-contracts.ts'
import { createTemplate, getTemplate, listTemplates, previewTemplate, updateTemplate } from './templates.ts'

const tag = 'Contracts of services'

export function registerContractsOffice(app: App): void {
  registerTemplates(app)
  registerFormulas(app)
  registerServiceContracts(app)
  registerDocuments(app)
}

function registerTemplates(app: App): void {
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/contract-templates',
      operation: 'list_contract_templates',
      summary: 'List the templates of contracts',
      tag,
      permission: 'contracts.read',
      query: templateQuery,
      response: pageOf(templateSummarySchema),
    },
    (tx, { query }) => listTemplates(tx, query),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/contract-templates',
      operation: 'create_contract_template',
      summary: 'Add a template',
      description: 'An unknown variable is refused with its line and column',
      tag,
      permission: 'settings.write',
      body: templateInput,
      response: templateSchema,
      status: 201,
    },
    (tx, { body }) => createTemplate(tx, body),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/contract-templates/preview',
      operation: 'preview_contract_template',
      summary: 'See what a text would say for a service, and what is wrong with it',
      description: 'Writes nothing',
      tag,
      permission: 'settings.read',
      body: templatePreviewInput,
      response: templatePreviewSchema,
    },
    (tx, { body }, _actor, { now }) => previewTemplate(tx, body, now),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/contract-variables',
      operation: 'list_contract_variables',
      summary: 'List what a template may ask for, with examples, in the caller’s language',
      tag,
      permission: 'settings.read',
      response: variablesSchema,
    },
    async (_tx, _input, _actor, { language, now }) => ({ groups: describeVariables(language, now) }),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/contract-templates/{id}',
      operation: 'get_contract_template',
      summary: 'Read a template with its text',
      tag,
      permission: 'contracts.read',
      params: idParams,
      response: templateSchema,
    },
    (tx, { params }) => getTemplate(tx, params.id),
  )
  officeRoute(
    app,
    {
      method: 'PATCH',
      path: '/contract-templates/{id}',
      operation: 'update_contract_template',
      summary: 'Change a template, archive it or bring it back',
      description: 'What was issued keeps the text that it was issued with',
      tag,
      permission: 'settings.write',
      params: idParams,
      body: templateChange,
      response: templateSchema,
    },
    (tx, { params, body }, _actor, { now }) => updateTemplate(tx, params.id, body, now),
  )
}

function describeVariables(language: Language, now: Temporal.Instant) {
  const t = translator(language)
  const sample = (key: string) => t(`contracts:sample.${key}`)
  const examples = sampleFacts(
    {
      name: sample('unit'),
      legal_name: sample('unit_legal'),
      tax_id: sample('unit_tax_id'),
      address: sample('unit_address'),
      city: sample('city'),
      state: sample('state'),
      postal_code: sample('postal_code'),
      support_email: 'help@example.com',
      support_phone: sample('phone'),
      website: 'https://example.com',
      currency: language === 'pt-BR' ? 'BRL' : language === 'es' ? 'ARS' : 'USD',
      time_zone: 'UTC',
    },
    language,
    today(now, 'UTC'),
  )
  return (['account', 'service', 'unit', 'contract'] as const).map((group) => ({
    name: group,
    variables: templateVariables[group].map((name) => ({
      name,
      example: examples[name] ?? '–',
      meaning: t(`contracts:variable.${name}`),
    })),
  }))
}

function registerFormulas(app: App): void {
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/penalty-formulas/language',
      operation: 'get_formula_language',
      summary: 'What a penalty’s formula may say: variables, functions, examples',
      tag,
      permission: 'contracts.read',
      response: formulaVariablesSchema,
    },
    async (_tx, _input, _actor, { language }) => {
      const t = translator(language)
      return {
        variables: formulaVariables.map((name) => ({
          name,
          meaning: t(`contracts:formula_variable.${name}`),
          money: moneyVariables.includes(name),
          sample: String(sampleService[name]),
        })),
        functions: formulaFunctions.map((signature) => ({
          signature,
          meaning: t(`contracts:formula_function.${signature.slice(0, signature.indexOf('('))}`),
        })),
        examples: formulaExamples.map(({ formula, key }) => ({
          formula,
          meaning: t(`contracts:formula_example.${key}`),
        })),
      }
    },
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/penalty-formulas/check',
      operation: 'check_penalty_formula',
      summary: 'Check a formula and see what it comes to, for a made-up service and for a real one',
      description: 'Writes nothing. `fault` has the place of what is wrong; the text may have several lines',
      tag,
      permission: 'contracts.read',
      body: formulaInput,
      response: formulaCheckSchema,
    },
    (tx, { body }, _actor, { now, language }) => checkFormula(tx, body, now, language),
  )
}

/** Formulas that many operators use, to begin with. */
const formulaExamples = [
  { formula: 'price * months_left * 30 / 100', key: 'share' },
  { formula: 'installation_fee * months_left / term_months', key: 'installation' },
  { formula: 'discounts_given + remaining_fee', key: 'benefits' },
  { formula: 'min(percent(price * days_left / 30, 50), 3 * price)', key: 'capped' },
  { formula: 'months_used < 6 ? 2 * price : price', key: 'steps' },
]

async function checkFormula(
  tx: Tx,
  input: {
    formula: string
    subscription_id?: string | null | undefined
    on?: Temporal.PlainDate | undefined
  },
  now: Temporal.Instant,
  language: Language,
) {
  const t = translator(language)
  const say = (fault: FormulaFault) => {
    const { line, column, part } = fault
    return { ...fault, message: t(`errors:field.${fault.code}`, { line, column, part }) }
  }
  const formula = readFormula(input.formula.replace(/\r\n?/g, '\n'))
  let real: { values: typeof sampleService; currency: string } | null = null
  if (input.subscription_id) {
    const day = await unitToday(tx, input.subscription_id, now)
    if (!day) return notFound()
    const loaded = await loadPenalty(tx, input.subscription_id, input.on ?? day)
    if (isRefusal(loaded)) return loaded
    real = loaded
  }
  if ('fault' in formula) return { fault: say(formula.fault), sample: null, service: null }
  const compute = (values: typeof sampleService) => {
    const result = formula.evaluate(values)
    return 'fault' in result
      ? result
      : {
          amount: result.amount,
          exact: String(result.exact),
          figures: usedFigures(input.formula, values),
        }
  }
  const sample = compute(sampleService)
  const service = real && compute(real.values)
  if ('fault' in sample) return { fault: say(sample.fault), sample: null, service: null }
  return {
    fault: service && 'fault' in service ? say(service.fault) : null,
    sample: { ...sample, currency: real?.currency ?? null },
    service: service && !('fault' in service) && real ? { ...service, currency: real.currency } : null,
  }
}

async function readContract(tx: Tx, subscriptionId: string) {
  const data = await getContractData(tx, subscriptionId)
  return isRefusal(data) ? data : { ...data, documents: await listDocuments(tx, subscriptionId) }
}

function registerServiceContracts(app: App): void {
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/service-contracts',
      operation: 'list_service_contracts',
      summary: 'List the contracts of services',
      description: '`q` finds by account or contract number; `until` shows those that end up to that day',
      tag,
      permission: 'contracts.read',
      query: serviceContractQuery,
      response: pageOf(serviceContractSummarySchema),
    },
    (tx, { query }) => listServiceContracts(tx, query),
  )
  exportRoute(
    app,
    {
      path: '/service-contracts.csv',
      operation: 'export_service_contracts',
      summary: 'Export the contracts of services',
      tag,
      permission: 'contracts.read',
      query: serviceContractQuery,
      file: 'contracts',
      screen: { unit: 'business_unit' },
    },
    (tx, query) => listServiceContracts(tx, query),
    {
      contract_number: (row) => row.contract_number,
      account_number: (row) => row.account_number,
      account: (row) => row.account_name,
      business_unit: (row) => row.business_unit_name,
      plan: (row) => row.plan_name,
      service_status: (row) => row.status,
      state: (row) => row.state,
      template: (row) => row.template_name,
      sale_date: (row) => row.sale_date,
      activation_date: (row) => row.activation_date,
      term_months: (row) => row.term_months,
      valid_until: (row) => row.valid_until,
      renewal: (row) => row.renewal,
      renewal_months: (row) => row.renewal_months,
      installation_fee: (row) => moneyCell(row.installation_fee, row.currency),
      instalments: (row) => row.instalments,
      penalty: (row) => row.penalty,
      currency: (row) => row.currency,
    },
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/subscriptions/{id}/contract',
      operation: 'get_service_contract',
      summary: 'Read what was agreed about a service, and its documents',
      tag,
      permission: 'contracts.read',
      params: idParams,
      response: serviceContractSchema,
    },
    (tx, { params }) => readContract(tx, params.id),
  )
  officeRoute(
    app,
    {
      method: 'PUT',
      path: '/subscriptions/{id}/contract',
      operation: 'set_service_contract',
      summary: 'Say what is agreed about a service: template, installation fee, validity, renewal, penalty',
      description:
        'The fee is billed in instalments, one for each closing, once the service is installed. A formula with a fault is refused with its line and column',
      tag,
      permission: 'contracts.write',
      params: idParams,
      body: contractDataInput,
      response: serviceContractSchema,
    },
    async (tx, { params, body }, _actor, { now }) =>
      (await setContractData(tx, params.id, body, now)) ?? readContract(tx, params.id),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/subscriptions/{id}/penalty',
      operation: 'get_penalty',
      summary: 'What ending a service on a day would cost, and why',
      tag,
      permission: 'contracts.read',
      params: idParams,
      query: penaltyQuery,
      response: penaltySchema,
    },
    async (tx, { params, query }, _actor, { now }) => {
      const day = query.on ?? (await unitToday(tx, params.id, now))
      return day ? computePenalty(tx, params.id, day) : notFound()
    },
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/subscriptions/{id}/contract/preview',
      operation: 'preview_service_contract',
      summary: 'See the contract of a service as it would be issued now',
      tag,
      permission: 'contracts.read',
      params: idParams,
      query: documentPreviewQuery,
      response: documentPreviewSchema,
    },
    (tx, { params, query }, _actor, { now }) => previewDocument(tx, params.id, query.template_id, now),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/subscriptions/{id}/contract/issue',
      operation: 'issue_service_contract',
      summary: 'Issue the contract of a service: frozen, numbered, waiting for the customer',
      tag,
      permission: 'contracts.write',
      params: idParams,
      body: issueInput,
      response: documentSchema,
      status: 201,
    },
    (tx, { params, body }, actor, { now }) => issueContract(tx, params.id, body, actor.user_id, now),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/subscriptions/{id}/contract/renew',
      operation: 'renew_service_contract',
      summary: 'Renew the contract of a service from the end of its validity',
      tag,
      permission: 'contracts.write',
      params: idParams,
      body: renewInput,
      response: serviceContractSchema,
    },
    async (tx, { params, body }, _actor, { now }) =>
      (await renewContract(tx, params.id, body.months, now)) ?? readContract(tx, params.id),
  )
}

function registerDocuments(app: App): void {
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/contract-documents/{id}',
      operation: 'get_contract_document',
      summary: 'Read a contract as it was issued',
      tag,
      permission: 'contracts.read',
      params: idParams,
      response: documentSchema,
    },
    (tx, { params }) => getDocument(tx, params.id),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/contract-documents/{id}/pdf',
      operation: 'print_contract_document',
      summary: 'A contract as PDF',
      tag,
      permission: 'contracts.read',
      params: idParams,
      response: 'binary',
    },
    (tx, { params }, _actor, { files }) => printContract(tx, files, params.id),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/contract-documents/{id}/send',
      operation: 'send_contract_document',
      summary: 'Send a contract by mail, with its PDF',
      tag,
      permission: 'contracts.write',
      params: idParams,
      response: documentSchema,
    },
    (tx, { params }, _actor, { now }) => sendContract(tx, params.id, now),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/contract-documents/{id}/withdraw',
      operation: 'withdraw_contract_document',
      summary: 'Take back a contract that waits for the customer',
      tag,
      permission: 'contracts.write',
      params: idParams,
      response: documentSchema,
    },
    (tx, { params }, _actor, { now }) => withdrawContract(tx, params.id, now),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/contract-documents/{id}/sign',
      operation: 'sign_contract_document',
      summary: 'Mark a contract as signed on paper, with its scan',
      description:
        'A form with the file (PDF, JPEG or PNG, up to 20 MB) and the fields `signed_on` and `signed_by`',
      tag,
      permission: 'contracts.write',
      params: idParams,
      upload: { maxBytes: largestScan },
      response: documentSchema,
    },
    async (tx, { params, upload }, actor, { now, files }) => {
      const fields = signFields.safeParse(upload!.fields)
      if (!fields.success)
        return refuse('invalid_input', {
          status: 422,
          fields: fields.error.issues.map((issue) => ({
            path: issue.path.join('.'),
            code: issue.path[0] === 'signed_on' ? 'not_a_date' : 'required',
          })),
        })
      return signContract(tx, files, params.id, fields.data, upload!, actor.user_id, now)
    },
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/contract-documents/{id}/signed-copy',
      operation: 'get_signed_copy',
      summary: 'Download the scan of a contract that was signed on paper',
      tag,
      permission: 'contracts.read',
      params: idParams,
      response: 'binary',
    },
    (tx, { params }, _actor, { files }) => readSignedCopy(tx, files, params.id),
  )
}
