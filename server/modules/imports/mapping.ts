import { z } from 'zod'
import {
  accountKinds,
  accountRanks,
  type ImportKind,
  languageCodes,
  noticeTopics,
  paymentMethods,
  planKinds,
} from '../../platform/database.gen.ts'
import type { FieldFault } from '../../platform/errors.ts'
import { type Language, languages, translator } from '../../platform/translations.ts'
import { rejectColumnNames } from './reject-columns.ts'

/** What a value has to be; it decides how a cell is read and which fault it can have. */
export const targetTypes = [
  'text',
  'email',
  'phone',
  'country',
  'choice',
  'choices',
  'yes_no',
  'domains',
  'zaguan_id',
  'money',
  'date',
  'count',
  'discount',
] as const
type TargetType = (typeof targetTypes)[number]

/** Something of Zaguan that a column can be brought to. */
export type Target = {
  name: string
  type: TargetType
  kinds: readonly ImportKind[]
  /** For which kinds a mapping without it cannot be used. */
  required: readonly ImportKind[]
  longest: number
  choices: readonly string[]
  /** Where the screens' words for the choices stand in the catalogue: they are understood in every language. */
  words?: string
}

const importStates = ['active', 'cancelled'] as const

const all = ['accounts', 'contacts', 'services'] as const
const withAccount = ['accounts', 'services'] as const

function target(
  name: string,
  type: TargetType,
  kinds: readonly ImportKind[],
  options: Partial<Pick<Target, 'required' | 'longest' | 'choices' | 'words'>> = {},
): Target {
  return { name, type, kinds, required: [], longest: 200, choices: [], ...options }
}

/** Every target, in the order in which a screen shows them and a row is checked. */
const targets: readonly Target[] = [
  target('account.external_id', 'text', all, { required: all, longest: 120 }),
  target('account.zaguan_id', 'zaguan_id', ['accounts', 'contacts']),
  target('account.name', 'text', withAccount, { required: ['accounts'] }),
  target('account.kind', 'choice', withAccount, {
    choices: accountKinds,
    words: 'office:words.account_kind',
  }),
  target('account.tax_id', 'text', withAccount, { longest: 40 }),
  target('account.email', 'email', withAccount, { longest: 254 }),
  target('account.phone', 'phone', withAccount, { longest: 60 }),
  target('account.fax', 'phone', withAccount, { longest: 60 }),
  target('account.address', 'text', withAccount, { longest: 300 }),
  target('account.city', 'text', withAccount, { longest: 120 }),
  target('account.state', 'text', withAccount, { longest: 120 }),
  target('account.country', 'country', withAccount),
  target('account.postal_code', 'text', withAccount, { longest: 20 }),
  target('account.language', 'choice', withAccount, { choices: languageCodes }),
  target('account.rank', 'choice', withAccount, { choices: accountRanks }),
  target('account.domains', 'domains', ['accounts'], { longest: 2000 }),
  target('account.notes', 'text', withAccount, { longest: 10_000 }),
  target('contact.external_id', 'text', ['contacts'], { longest: 120 }),
  target('contact.zaguan_id', 'zaguan_id', ['contacts']),
  target('contact.first_name', 'text', ['contacts'], { required: ['contacts'], longest: 120 }),
  target('contact.last_name', 'text', ['contacts'], { longest: 120 }),
  target('contact.email', 'email', ['contacts'], { longest: 254 }),
  target('contact.phone', 'phone', ['contacts'], { longest: 60 }),
  target('contact.title', 'text', ['contacts'], { longest: 120 }),
  target('contact.topics', 'choices', ['contacts'], {
    choices: noticeTopics,
    words: 'office:accounts.topic',
  }),
  target('contact.primary', 'yes_no', ['contacts'], { choices: ['yes', 'no'], words: 'imports:answer' }),
  target('subscription.external_id', 'text', ['services'], { longest: 120 }),
  target('product.name', 'text', ['services'], { longest: 120 }),
  target('plan.name', 'text', ['services'], { required: ['services'], longest: 120 }),
  target('plan.kind', 'choice', ['services'], { choices: planKinds, words: 'office:words.plan_kind' }),
  target('price', 'money', ['services'], { required: ['services'] }),
  target('quantity', 'count', ['services']),
  target('discount', 'discount', ['services']),
  target('start', 'date', ['services']),
  target('term_months', 'count', ['services']),
  target('payment_method', 'choice', ['services'], {
    choices: paymentMethods,
    words: 'office:words.payment_method',
  }),
  target('state', 'choice', ['services'], {
    choices: importStates,
    words: 'office:imports.service_state',
  }),
  target('end', 'date', ['services']),
]

const targetsByName = new Map(targets.map((one) => [one.name, one]))

/** The targets of one kind of import. */
export function targetsOf(kind: ImportKind): Target[] {
  return targets.filter((one) => one.kinds.includes(kind))
}

/** A word as it is compared: without accents, case and punctuation. */
function fold(word: string): string {
  return simplify(word.toLowerCase())
}

const meanings = new Map<string, ReadonlyMap<string, string>>()
const yesWords = ['true', '1', 'x', 'y', 's']
const noWords = ['false', '0', 'n']

/**
 * What the words of a target's choices mean: the API's own, and the screens' in each of the languages (`pessoa`, `Tarjeta`,
 * `yes`), whatever their case and accents.
 */
export function readChoice(target: Target, word: string): string | undefined {
  let known = meanings.get(target.name)
  if (!known) {
    const words = new Map<string, string>()
    for (const choice of target.choices) {
      for (const language of target.words ? languages : [])
        words.set(fold(translator(language)(`${target.words}.${choice}`)), choice)
    }
    for (const choice of target.choices) words.set(fold(choice), choice)
    if (target.type === 'yes_no') {
      for (const yes of yesWords) words.set(yes, 'yes')
      for (const no of noWords) words.set(no, 'no')
    }
    meanings.set(target.name, words)
    known = words
  }
  return known.get(fold(word))
}

/** A choice in the screens' words; where they have none, as the API calls it. */
export function nameChoice(target: Target, choice: string, language: Language): string {
  return target.words ? translator(language)(`${target.words}.${choice}`) : choice
}

const dateFormats = [
  'YYYY-MM-DD',
  'DD/MM/YYYY',
  'MM/DD/YYYY',
  'DD.MM.YYYY',
  'DD-MM-YYYY',
  'YYYY/MM/DD',
  'YYYYMMDD',
] as const
export type DateFormat = (typeof dateFormats)[number]

const columnName = z.string().min(1).max(200)

const sourceSchema = z
  .strictObject({
    column: columnName.optional().meta({ description: 'The cell of this column' }),
    template: z
      .string()
      .min(1)
      .max(300)
      .optional()
      .meta({ description: 'Text with columns in braces', example: 'Subscriber {customerID}' }),
    constant: z.string().min(1).max(300).optional().meta({ description: 'The same for every row' }),
    months_before: columnName
      .optional()
      .meta({ description: 'For dates: so many months, as this column says, before the import’s date' }),
    values: z.record(z.string().max(300), z.string().max(300)).optional().meta({
      description: 'What each value of the file means here; a value that is not listed is rejected',
    }),
    otherwise: z
      .string()
      .max(300)
      .optional()
      .meta({ description: 'What a value means that `values` does not list' }),
    date_format: z.enum(dateFormats).optional(),
  })
  .meta({ id: 'ImportSource', description: 'Exactly one of column, template, constant, months_before' })
type ImportSource = z.output<typeof sourceSchema>

export const mappingSchema = z
  .strictObject({
    fields: z.record(z.string().max(60), sourceSchema),
    options: z
      .array(
        z.strictObject({
          name: z.string().trim().min(1).max(120),
          column: columnName,
          when: z.array(z.string().max(300)).min(1).max(50),
        }),
      )
      .max(50)
      .default([])
      .meta({
        description: 'Options of the plan: a service has one when the column holds one of the values',
      }),
    date_format: z.enum(dateFormats).default('YYYY-MM-DD'),
    decimal: z
      .enum(['auto', '.', ','])
      .default('auto')
      .meta({ description: 'The decimal sign of prices; auto refuses what can be read in two ways' }),
  })
  .meta({ id: 'ImportMapping' })
export type ImportMapping = z.output<typeof mappingSchema>

/** Reads one target of a row. */
export type Reader = {
  target: Target
  /** The column that a fault is reported at; null for a constant. */
  column: string | null
  monthsBefore: boolean
  dateFormat: DateFormat
  /** The cell as it stands in the file. */
  raw(cells: readonly string[]): string
  /** The value after `values`; null where it is not listed there. */
  value(cells: readonly string[]): string | null
}

export type CompiledMapping = {
  readers: ReadonlyMap<string, Reader>
  options: { name: string; index: number; when: ReadonlySet<string> }[]
  decimal: ImportMapping['decimal']
}

/**
 * Makes a mapping ready to read rows of a file with these columns. Gives every fault of it, by path, where it names a
 * column that the file has not, a target that the kind has not, or leaves out what the kind needs.
 */
export function compileMapping(
  mapping: ImportMapping,
  columns: readonly string[],
  kind: ImportKind,
): CompiledMapping | FieldFault[] {
  const faults: FieldFault[] = []
  const indexes = new Map(columns.map((column, index) => [column, index]))
  const readers = new Map<string, Reader>()
  for (const [name, source] of Object.entries(mapping.fields)) {
    const path = `mapping.fields.${name}`
    const known = targetsByName.get(name)
    if (!known?.kinds.includes(kind)) faults.push({ path, code: 'not_a_choice' })
    else {
      const reader = compileSource(known, source, mapping, indexes)
      if ('code' in reader) faults.push({ path, ...reader })
      else readers.set(name, reader)
    }
  }
  for (const needed of targetsOf(kind)) {
    const { name } = needed
    // What Zaguan itself calls the account is as good as its id elsewhere.
    const known = name === 'account.external_id' && 'account.zaguan_id' in mapping.fields
    if (needed.required.includes(kind) && !(name in mapping.fields) && !(known && kind !== 'services'))
      faults.push({ path: `mapping.fields.${name}`, code: 'required' })
  }
  const options: CompiledMapping['options'] = []
  for (const [at, option] of mapping.options.entries()) {
    const index = indexes.get(option.column)
    const path = `mapping.options.${at}.column`
    if (kind !== 'services') faults.push({ path, code: 'not_a_choice' })
    else if (index === undefined)
      faults.push({ path, code: 'column_unknown', params: { column: option.column } })
    else options.push({ name: option.name, index, when: new Set(option.when) })
  }
  return faults.length > 0 ? faults : { readers, options, decimal: mapping.decimal }
}

function compileSource(
  known: Target,
  source: ImportSource,
  mapping: ImportMapping,
  indexes: ReadonlyMap<string, number>,
): Reader | Pick<FieldFault, 'code' | 'params'> {
  const ways = [source.column, source.template, source.constant, source.months_before]
  if (ways.filter((way) => way !== undefined).length !== 1) return { code: 'one_source' }
  if (source.months_before !== undefined && known.type !== 'date') return { code: 'not_for_this' }

  const pieces = readPieces(source)
  for (const piece of pieces) {
    if ('column' in piece && !indexes.has(piece.column))
      return { code: 'column_unknown', params: { column: piece.column } }
  }
  const parts = pieces.map((piece) => ('column' in piece ? indexes.get(piece.column)! : piece.text))
  const [only] = parts
  const compose =
    parts.length === 1 && typeof only === 'number'
      ? (cells: readonly string[]) => (cells[only] ?? '').trim()
      : (cells: readonly string[]) => composeText(parts, cells)
  const values = source.values && new Map(Object.entries(source.values))
  const { otherwise } = source
  return {
    target: known,
    column: pieces.flatMap((piece) => ('column' in piece ? [piece.column] : []))[0] ?? null,
    monthsBefore: source.months_before !== undefined,
    dateFormat: source.date_format ?? mapping.date_format,
    raw: compose,
    value(cells) {
      const text = compose(cells)
      if (!values) return text
      return values.get(text) ?? (text === '' ? '' : (otherwise ?? null))
    },
  }
}

type Piece = { text: string } | { column: string }

function readPieces(source: ImportSource): Piece[] {
  const column = source.column ?? source.months_before
  if (column !== undefined) return [{ column }]
  if (source.template === undefined) return [{ text: source.constant ?? '' }]
  return source.template
    .split(/(\{[^{}]+\})/)
    .filter((part) => part !== '')
    .map((part) => (/^\{[^{}]+\}$/.test(part) ? { column: part.slice(1, -1) } : { text: part }))
}

/** A template whose columns are all empty is empty: its fixed words alone say nothing. */
function composeText(parts: readonly (number | string)[], cells: readonly string[]): string {
  let text = ''
  let filled = false
  let hasColumn = false
  for (const part of parts) {
    if (typeof part === 'string') text += part
    else {
      const cell = (cells[part] ?? '').trim()
      hasColumn = true
      if (cell !== '') filled = true
      text += cell
    }
  }
  return hasColumn && !filled ? '' : text.trim()
}

/** The header of a target in the template of a kind; null where the template has no column for it. */
export function headerOf(kind: ImportKind, name: string, language: Language): string | null {
  return templateColumns[kind].includes(name) ? translator(language)(`imports:header.${kind}.${name}`) : null
}

/** What the template of each kind asks for, in the order of its columns; each is a target. */
export const templateColumns: Record<ImportKind, readonly string[]> = {
  accounts: [
    'account.external_id',
    'account.name',
    'account.kind',
    'account.tax_id',
    'account.email',
    'account.phone',
    'account.fax',
    'account.address',
    'account.city',
    'account.state',
    'account.country',
    'account.postal_code',
    'account.language',
    'account.rank',
    'account.domains',
    'account.notes',
  ],
  contacts: [
    'account.external_id',
    'contact.external_id',
    'contact.first_name',
    'contact.last_name',
    'contact.email',
    'contact.phone',
    'contact.title',
    'contact.topics',
    'contact.primary',
  ],
  services: [
    'account.external_id',
    'account.name',
    'account.email',
    'account.tax_id',
    'account.phone',
    'subscription.external_id',
    'product.name',
    'plan.name',
    'plan.kind',
    'price',
    'quantity',
    'discount',
    'start',
    'term_months',
    'payment_method',
    'state',
    'end',
  ],
}

// Names that other systems give their columns, in three languages: without accents, words joined by `_`.
const knownNames: Record<string, string> = {
  'account.external_id':
    'external_id id customer_id customerid client_id clientid account_id account_number account_code codigo codigo_cliente cod_cliente id_cliente cliente_id codigo_do_cliente numero_cliente numero_de_cliente account_external_id',
  'account.zaguan_id': 'zaguan_id account_zaguan_id',
  'account.name':
    'name customer_name client_name account_name full_name company company_name nome nome_cliente nome_do_cliente razao_social nome_completo titular cliente nombre nombre_cliente nombre_completo razon_social',
  'account.kind': 'kind account_kind customer_type person_type tipo tipo_cliente tipo_pessoa tipo_persona',
  'account.tax_id':
    'tax_id taxid vat vat_number tax_number cpf cnpj cpf_cnpj cuit cuil cuit_cuil rut rfc nif documento',
  'account.email': 'email e_mail mail email_address correo correo_electronico email_cliente',
  'account.phone': 'phone telephone phone_number mobile cell telefone celular fone whatsapp telefono movil',
  'account.fax': 'fax',
  'account.address': 'address street address_line_1 endereco logradouro rua direccion domicilio calle',
  'account.city': 'city town cidade municipio ciudad localidad',
  'account.state': 'state province region uf estado provincia departamento',
  'account.country': 'country country_code pais',
  'account.postal_code': 'postal_code postcode zip zip_code cep codigo_postal cp',
  'account.language': 'language idioma lingua lenguaje',
  'account.rank': 'rank ranking classificacao clasificacion',
  'account.domains': 'domains email_domains e_mail_domains dominios dominios_de_email',
  'account.notes': 'notes note remarks comments observacoes observacao obs notas observaciones',
  'contact.external_id':
    'contact_id contact_external_id id_contato id_contacto codigo_contato codigo_contacto',
  'contact.zaguan_id': 'contact_zaguan_id',
  'contact.first_name':
    'first_name given_name nome primeiro_nome contact_name nombre nombres contato contacto',
  'contact.last_name': 'last_name surname family_name sobrenome apellido apellidos',
  'contact.email': 'email e_mail mail email_address contact_email correo correo_electronico',
  'contact.phone': 'phone telephone mobile cell telefone celular fone whatsapp telefono movil contact_phone',
  'contact.title': 'title job_title role position cargo funcao puesto',
  'contact.topics': 'topics notices avisos',
  'contact.primary': 'primary is_primary principal contacto_principal contato_principal',
  'subscription.external_id':
    'subscription_id subscription_external_id service_id service_external_id contract_id contract_number id_servico id_contrato contrato numero_contrato id_servicio',
  'product.name': 'product product_name produto nome_produto producto',
  'plan.name': 'plan plan_name package service plano nome_plano pacote servico servicio nombre_plan',
  'plan.kind': 'plan_kind service_type tipo_plano tipo_plan tipo_servico tipo_servicio',
  price:
    'price amount monthly_charges monthlycharges monthly_price monthly_fee mrr fee valor preco mensalidade valor_mensal precio importe cuota abono valor_mensual',
  quantity: 'quantity qty units quantidade qtd cantidad',
  discount: 'discount desconto descuento',
  start:
    'start start_date started_on activation_date since begin_date inicio data_inicio data_de_inicio data_ativacao fecha_inicio fecha_de_inicio fecha_alta alta tenure',
  term_months: 'term term_months contract contract_months commitment fidelidade prazo plazo permanencia',
  payment_method:
    'payment_method paymentmethod payment forma_pagamento forma_de_pagamento metodo_pagamento forma_pago forma_de_pago metodo_pago medio_de_pago',
  state: 'status state subscription_status churn situacao situacion estado',
  end: 'end end_date cancelled_on cancellation_date data_fim data_cancelamento fecha_fin fecha_baja baja',
}

/** A header as the names above are written: `MonthlyCharges`, `Forma de Pagamento` → `monthly_charges`, `forma_de_pagamento`. */
function simplify(header: string): string {
  return header
    .replaceAll(/([a-z])([A-Z])/g, '$1_$2')
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^_+|_+$/g, '')
}

const saidYes = ['yes', 'sim', 'si', 'sí', 'true', '1']

/**
 * Proposes a mapping from the header's names (as other systems write them in the three languages) and the first rows:
 * how dates are written there, and what tells that a service has ended. Nothing is guessed that is not recognised.
 */
export function suggestMapping(
  kind: ImportKind,
  columns: readonly string[],
  sample: readonly (readonly string[])[],
): ImportMapping {
  const fields: ImportMapping['fields'] = {}
  const simple = columns.map((column) => (rejectColumnNames.has(column) ? '' : simplify(column)))
  const taken = new Set<number>()
  // The names of our own templates and exports first, so that none of them is taken for what others call alike.
  const ways = [
    (name: string) => [
      ...languages.flatMap((language) => simplify(headerOf(kind, name, language) ?? '') || []),
      simplify(name),
    ],
    (name: string) =>
      knownNames[name]!.split(' ')
        // In a list of services a bare `state` is the service's.
        .filter((one) => !(kind === 'services' && name === 'account.state' && one === 'state')),
  ]
  for (const namesOf of ways) {
    for (const { name } of targetsOf(kind)) {
      if (name in fields) continue
      const index = namesOf(name)
        .flatMap((one) => simple.flatMap((column, at) => (column === one && !taken.has(at) ? [at] : [])))
        .at(0)
      if (index === undefined) continue
      taken.add(index)
      fields[name] = suggestSource(name, columns[index]!, simple[index]!, cellsOf(sample, index))
    }
  }
  // A list of customers with one service each has one id for both.
  const account = fields['account.external_id']
  if (kind === 'services' && account && !fields['subscription.external_id'])
    fields['subscription.external_id'] = { ...account }
  const dates = Object.entries(fields).flatMap(([name, source]) =>
    targetsByName.get(name)?.type === 'date' && source.column !== undefined
      ? cellsOf(sample, columns.indexOf(source.column))
      : [],
  )
  return { fields, options: [], date_format: guessDateFormat(dates), decimal: 'auto' }
}

function cellsOf(sample: readonly (readonly string[])[], index: number): string[] {
  return sample.map((row) => (row[index] ?? '').trim()).filter((cell) => cell !== '')
}

function suggestSource(name: string, column: string, simple: string, cells: string[]): ImportSource {
  if (name === 'start' && simple === 'tenure') return { months_before: column }
  if (name === 'state' && simple === 'churn') {
    const yes = cells.find((cell) => saidYes.includes(cell.toLowerCase())) ?? 'Yes'
    return { column, values: { [yes]: 'cancelled' }, otherwise: 'active' }
  }
  return { column }
}

function guessDateFormat(all: readonly string[]): DateFormat {
  // A workbook's own dates are read whatever the format is.
  const cells = all.filter((cell) => !/^\d{4}-\d{2}-\d{2}/.test(cell))
  const [cell] = cells
  if (cell === undefined || /^\d{4}-/.test(cell)) return 'YYYY-MM-DD'
  if (/^\d{4}\//.test(cell)) return 'YYYY/MM/DD'
  if (/^\d{8}$/.test(cell)) return 'YYYYMMDD'
  if (/^\d{1,2}\./.test(cell)) return 'DD.MM.YYYY'
  if (/^\d{1,2}-/.test(cell)) return 'DD-MM-YYYY'
  if (/^\d{1,2}\//.test(cell)) {
    const american = cells.some((one) => Number(one.split('/')[1]) > 12)
    return american ? 'MM/DD/YYYY' : 'DD/MM/YYYY'
  }
  return 'YYYY-MM-DD'
}
