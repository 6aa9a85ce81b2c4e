import { z } from 'zod'
import type {
  AccountKind,
  AccountRank,
  LanguageCode,
  NoticeTopic,
  PaymentMethod,
  PlanKind,
} from '../../platform/database.gen.ts'
import { exponentOf, parseMoney } from '../../platform/money.ts'
import { isPublicMailDomain, readDomain } from '../accounts/index.ts'
import { type CompiledMapping, type DateFormat, type Reader, readChoice } from './mapping.ts'
import type { TableRecord } from './records.ts'

/** Why a row is not imported. Each has a text in locales/<language>/imports.json under `reject.<code>`. */
export const rejectCodes = [
  'columns_wrong',
  'not_utf8',
  'quote_open',
  'external_id_missing',
  'duplicate_id',
  'name_missing',
  'email_invalid',
  'date_invalid',
  'price_invalid',
  'price_negative',
  'number_invalid',
  'discount_invalid',
  'formula_cell',
  'error_cell',
  'value_unknown',
  'too_long',
  'plan_missing',
  'end_before_start',
  'account_unknown',
  'account_differs',
  'external_id_taken',
  'other_unit',
  'zaguan_id_invalid',
  'tax_id_invalid',
  'domain_invalid',
  'domain_public',
  'domain_taken',
  'second_primary',
] as const
export type RejectCode = (typeof rejectCodes)[number]

/** Why a row is rejected, with the column and the value at fault where one is. */
export type Fault = { code: RejectCode; column: string | null; value: string | null }

/** What a row says of an account. Undefined: not mapped, or the cell is empty: what stands stays. */
export type AccountData = {
  external_id: string
  kind?: AccountKind
  name?: string
  tax_id?: string
  email?: string
  phone?: string
  fax?: string
  address?: string
  city?: string
  state?: string
  country?: string
  postal_code?: string
  language?: LanguageCode
  rank?: AccountRank
  notes?: string
}

/**
 * An account of a list of accounts. Without an id of another system its external id is Zaguan's own: what was exported
 * comes in again as what it is, and where nobody knows it, it is created once.
 */
export type ListedAccountData = AccountData & { zaguan_id?: string; domains?: string[] }

export type ContactData = {
  /** The account's id in the other system, or Zaguan's own where there is none. */
  account_external_id: string
  account_zaguan_id?: string
  zaguan_id?: string
  /** What a new contact is known by from then on. */
  external_id: string
  /** Whether the row names the contact by that id, and not only by an e-mail or by Zaguan's own id. */
  named: boolean
  first_name: string
  last_name?: string
  email?: string
  phone?: string
  title?: string
  topics?: NoticeTopic[]
  is_primary?: boolean
}

export type Discount = { kind: 'amount'; amount: number } | { kind: 'percent'; basis_points: number }

export type ServiceData = {
  account: AccountData
  external_id: string
  product: string
  plan: string
  plan_kind: PlanKind
  /** Minor units of the business unit's currency, a month. */
  price: number
  quantity?: number
  discount?: Discount
  start: Temporal.PlainDate
  term_months: number
  payment_method?: PaymentMethod
  state?: 'active' | 'cancelled'
  end?: Temporal.PlainDate
  options: string[]
}

type RowOf<Data> = { record: TableRecord; data: Data } | { record: TableRecord; fault: Fault }
export type AccountRow = RowOf<ListedAccountData>
export type ContactRow = RowOf<ContactData>
export type ServiceRow = RowOf<ServiceData>

export type RowSettings = {
  mapping: CompiledMapping
  columns: readonly string[]
  currency: string
  /** The import's date (what "months before" counts from, and the start where none is mapped). */
  asOf: Temporal.PlainDate
}

/**
 * A cell that a spreadsheet would run: it begins with a sign of formulas and is neither a number nor a phone number.
 * Such text is a planted formula or a broken export; either way nobody is called that.
 */
function isFormula(text: string): boolean {
  // An apostrophe is how spreadsheets, and our own exports, write a formula down as text.
  const sign = text.charCodeAt(0)
  if (sign === 0x27) return isFormula(text.slice(1))
  // = @ are never the beginning of text; + and - are where only digits and their punctuation follow.
  if (sign === 0x3d || sign === 0x40) return true
  return (sign === 0x2b || sign === 0x2d) && !/^[+-][\d\s.,()/-]*$/.test(text)
}

const emailPattern = z.regexes.email

const noneWords = /^('?[-–—]|none|nenhum|ninguno)$/i

/** What a spreadsheet leaves in a cell that it could not compute. */
const errorPattern =
  /^#(N\/A|N\/D|REF!|¡REF!|VALUE!|¡VALOR!|VALOR!|NAME\?|NOME\?|¿NOMBRE\?|DIV\/0!|¡DIV\/0!|NUM!|NÚM!|¡NUM!|NULL!|NULO!|¡NULO!|SPILL!|CALC!)$/

const domainPattern = /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])$/
const idPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Reads the rows of one import: each record becomes data or the first fault found, in the order of the targets. */
export function createRowReader(settings: RowSettings) {
  const { mapping, columns, currency, asOf } = settings
  let cells: readonly string[] = []
  let fault: Fault | null = null
  const seen = new Set<string>()
  const dates = new Map<string, Temporal.PlainDate | null>()

  const blame = (reader: Reader | undefined, code: RejectCode) => {
    fault ??= { code, column: reader?.column ?? null, value: reader ? reader.raw(cells).slice(0, 300) : null }
  }

  function read(name: string): { reader: Reader; text: string } | undefined {
    const reader = mapping.readers.get(name)
    if (!reader) return undefined
    const text = reader.value(cells)
    if (text === null) {
      blame(reader, 'value_unknown')
      return undefined
    }
    return text === '' ? undefined : { reader, text }
  }

  function text(name: string): string | undefined {
    const found = read(name)
    if (!found) return undefined
    const { reader } = found
    const multiline = name === 'account.notes'
    const written = multiline ? found.text : found.text.replaceAll(/\s+/g, ' ')
    // Our exports, and spreadsheets, put an apostrophe before text that would be taken for a formula.
    const value = /^'[=+\-@]/.test(written) ? written.slice(1) : written
    if (reader.column !== null && isFormula(value)) blame(reader, 'formula_cell')
    else if (value.startsWith('#') && errorPattern.test(value)) blame(reader, 'error_cell')
    else if (value.length > reader.target.longest) blame(reader, 'too_long')
    return value
  }

  function email(name: string): string | undefined {
    const value = text(name)
    if (value !== undefined && !emailPattern.test(value)) blame(mapping.readers.get(name), 'email_invalid')
    return value
  }

  function choice<T extends string>(name: string): T | undefined {
    const found = read(name)
    if (!found) return undefined
    const value = readChoice(found.reader.target, found.text)
    if (value === undefined) blame(found.reader, 'value_unknown')
    return value as T | undefined
  }

  /** Several choices, or a word for none of them. */
  function choices<T extends string>(name: string): T[] | undefined {
    const found = read(name)
    if (!found) return undefined
    const { target } = found.reader
    const chosen = new Set<string>()
    for (const word of noneWords.test(found.text) ? [] : found.text.split(/[;,|\n]/)) {
      if (word.trim() === '') continue
      const value = readChoice(target, word)
      if (value === undefined) blame(found.reader, 'value_unknown')
      else chosen.add(value)
    }
    return target.choices.filter((one) => chosen.has(one)) as T[]
  }

  function yesNo(name: string): boolean | undefined {
    const value = choice(name)
    return value === undefined ? undefined : value === 'yes'
  }

  function zaguanId(name: string): string | undefined {
    const found = read(name)
    if (!found) return undefined
    const value = found.text.toLowerCase()
    if (!idPattern.test(value)) blame(found.reader, 'zaguan_id_invalid')
    return value
  }

  function domains(name: string): string[] | undefined {
    const found = read(name)
    if (!found) return undefined
    const list = found.text
      .split(/[\s;,|]+/)
      .filter(Boolean)
      .map(readDomain)
    for (const domain of list) {
      if (!domainPattern.test(domain)) blame(found.reader, 'domain_invalid')
      else if (isPublicMailDomain(domain)) blame(found.reader, 'domain_public')
    }
    return [...new Set(list)]
  }

  function country(name: string): string | undefined {
    const found = read(name)
    if (!found) return undefined
    const value = found.text.toUpperCase()
    if (!/^[A-Z]{2}$/.test(value)) blame(found.reader, 'value_unknown')
    return value
  }

  function count(name: string, least: number, most: number): number | undefined {
    const found = read(name)
    if (!found) return undefined
    const value = readCount(found.text, least, most)
    if (value === null) blame(found.reader, 'number_invalid')
    return value ?? undefined
  }

  function money(value: string): number | null {
    if (mapping.decimal === 'auto') return parseMoney(value, currency)
    const group = mapping.decimal === ',' ? '.' : ','
    const plain = value.replaceAll(group, '').replaceAll(/\s/g, '').replace(mapping.decimal, '.')
    const found = /^([^.]*)(?:\.(\d*))?(\D*)$/.exec(plain)
    const decimals = (found?.[2] ?? '').replace(/0+$/, '')
    if (!found || decimals.length > exponentOf(currency)) return null
    // Four places, because three could be read as thousands.
    return parseMoney(`${found[1]}${decimals && `.${decimals.padEnd(4, '0')}`}${found[3]}`, currency)
  }

  function price(name: string): number {
    const reader = mapping.readers.get(name)
    const found = read(name)
    const value = found ? money(found.text) : null
    if (value === null) blame(reader, 'price_invalid')
    else if (value < 0) blame(reader, 'price_negative')
    else if (value > 1_000_000_000_000) blame(reader, 'price_invalid')
    return value ?? 0
  }

  function discount(name: string): Discount | undefined {
    const found = read(name)
    if (!found) return undefined
    const percent = /^(\d{1,3})(?:[.,](\d{1,2}))?\s*%$/.exec(found.text)
    if (percent) {
      const points = Number(percent[1]) * 100 + Number((percent[2] ?? '').padEnd(2, '0'))
      if (points > 10_000) blame(found.reader, 'discount_invalid')
      return points === 0 ? undefined : { kind: 'percent', basis_points: points }
    }
    const amount = money(found.text)
    if (amount === null || amount < 0) blame(found.reader, 'discount_invalid')
    return amount ? { kind: 'amount', amount } : undefined
  }

  function date(name: string): Temporal.PlainDate | undefined {
    const found = read(name)
    if (!found) return undefined
    const { reader, text: written } = found
    const key = `${reader.monthsBefore ? 'months' : reader.dateFormat} ${written}`
    let value = dates.get(key)
    if (value === undefined) {
      value = reader.monthsBefore ? monthsBefore(asOf, written) : readDate(written, reader.dateFormat)
      if (dates.size < 50_000) dates.set(key, value)
    }
    if (value === null) blame(reader, reader.monthsBefore ? 'number_invalid' : 'date_invalid')
    return value ?? undefined
  }

  /** An id that was in an earlier good row of this file. Only good rows count, so that one bad row blocks nothing. */
  function takeId(name: string, key: string): void {
    takeOnce(name, key, 'duplicate_id')
  }
  function takeOnce(name: string, key: string, code: RejectCode): void {
    if (fault) return
    if (seen.has(key)) blame(mapping.readers.get(name), code)
    else seen.add(key)
  }

  function externalId(name: string): string {
    const value = text(name)
    if (value === undefined) blame(mapping.readers.get(name), 'external_id_missing')
    return value ?? ''
  }

  function accountName(): string | undefined {
    const value = text('account.name')
    const reader = mapping.readers.get('account.name')
    if (reader && value === undefined) blame(reader, 'name_missing')
    return value
  }

  function readAccount(external_id: string): AccountData {
    return present({
      external_id,
      name: accountName(),
      kind: choice<AccountKind>('account.kind'),
      tax_id: text('account.tax_id'),
      email: email('account.email'),
      phone: text('account.phone'),
      fax: text('account.fax'),
      address: text('account.address'),
      city: text('account.city'),
      state: text('account.state'),
      country: country('account.country'),
      postal_code: text('account.postal_code'),
      language: choice<LanguageCode>('account.language'),
      rank: choice<AccountRank>('account.rank'),
      notes: text('account.notes'),
    }) as AccountData
  }

  /** An account of a list of accounts: known by its id elsewhere, by Zaguan's own, or by both. */
  function readListedAccount(): ListedAccountData {
    const zaguan_id = zaguanId('account.zaguan_id')
    const external_id = text('account.external_id') ?? zaguan_id
    if (external_id === undefined) blame(mapping.readers.get('account.external_id'), 'external_id_missing')
    const account: ListedAccountData = {
      ...readAccount(external_id ?? ''),
      ...present({ zaguan_id, domains: domains('account.domains') }),
    }
    takeId('account.external_id', account.external_id)
    if (zaguan_id !== undefined && zaguan_id !== account.external_id) takeId('account.zaguan_id', zaguan_id)
    for (const domain of account.domains ?? []) takeOnce('account.domains', `@${domain}`, 'domain_taken')
    return account
  }

  function readContact(): ContactData {
    const account_zaguan_id = zaguanId('account.zaguan_id')
    const account = text('account.external_id') ?? account_zaguan_id ?? ''
    if (account === '') blame(mapping.readers.get('account.external_id'), 'external_id_missing')
    const zaguan_id = zaguanId('contact.zaguan_id')
    const first = text('contact.first_name')
    if (first === undefined) blame(mapping.readers.get('contact.first_name'), 'name_missing')
    const address = email('contact.email')
    const given = text('contact.external_id')
    // Without an id of its own a contact is known by its e-mail address.
    const id = given ?? address?.toLowerCase().slice(0, 120) ?? zaguan_id
    if (id === undefined) {
      const named = mapping.readers.has('contact.external_id')
      blame(mapping.readers.get(named ? 'contact.external_id' : 'contact.email'), 'external_id_missing')
    }
    takeId(given === undefined ? 'contact.email' : 'contact.external_id', `${account}\n${id}`)
    const is_primary = yesNo('contact.primary')
    if (is_primary) takeOnce('contact.primary', `${account}\n`, 'second_primary')
    return present({
      account_external_id: account,
      account_zaguan_id,
      zaguan_id,
      external_id: id ?? '',
      named: given !== undefined,
      first_name: first ?? '',
      last_name: text('contact.last_name'),
      email: address,
      phone: text('contact.phone'),
      title: text('contact.title'),
      topics: choices<NoticeTopic>('contact.topics'),
      is_primary,
    }) as ContactData
  }

  function readService(): ServiceData {
    const account = readAccount(externalId('account.external_id'))
    const own = mapping.readers.has('subscription.external_id')
    const id = own ? externalId('subscription.external_id') : account.external_id
    const plan = text('plan.name')
    if (plan === undefined) blame(mapping.readers.get('plan.name'), 'plan_missing')
    const start = date('start') ?? asOf
    const service = present({
      account,
      external_id: id,
      product: text('product.name') ?? plan ?? '',
      plan: plan ?? '',
      plan_kind: choice<PlanKind>('plan.kind') ?? 'generic',
      price: price('price'),
      quantity: count('quantity', 1, 1_000_000),
      discount: discount('discount'),
      start,
      term_months: count('term_months', 0, 600) ?? 0,
      payment_method: choice<PaymentMethod>('payment_method'),
      state: choice<'active' | 'cancelled'>('state'),
      end: date('end'),
      options: mapping.options.flatMap((option) =>
        option.when.has((cells[option.index] ?? '').trim()) ? [option.name] : [],
      ),
    }) as ServiceData
    if (service.end && Temporal.PlainDate.compare(service.end, start) < 0)
      blame(mapping.readers.get('end'), 'end_before_start')
    takeId(own ? 'subscription.external_id' : 'account.external_id', id)
    return service
  }

  function readRow<Data>(record: TableRecord, readData: () => Data): RowOf<Data> {
    cells = record.cells
    fault = faultOfRecord(record, columns.length)
    if (fault) return { record, fault }
    const data = readData()
    // The functions above set it.
    const found = fault as Fault | null
    return found ? { record, fault: found } : { record, data }
  }

  return {
    account: (record: TableRecord): AccountRow => readRow(record, readListedAccount),
    contact: (record: TableRecord): ContactRow => readRow(record, readContact),
    service: (record: TableRecord): ServiceRow => readRow(record, readService),
  }
}

function faultOfRecord(record: TableRecord, columns: number): Fault | null {
  if (record.fault) return { code: record.fault, column: null, value: null }
  const { cells } = record
  // Spreadsheets leave delimiters behind at the end of a row: empty cells beyond the header say nothing.
  if (cells.length < columns || cells.slice(columns).some((cell) => cell.trim() !== ''))
    return { code: 'columns_wrong', column: null, value: String(cells.length) }
  return null
}

function present<T extends object>(data: T): T {
  for (const key of Object.keys(data) as (keyof T)[]) if (data[key] === undefined) delete data[key]
  return data
}

function readCount(text: string, least: number, most: number): number | null {
  if (!/^\d{1,9}$/.test(text)) return null
  const value = Number(text)
  return value >= least && value <= most ? value : null
}

function monthsBefore(asOf: Temporal.PlainDate, text: string): Temporal.PlainDate | null {
  const months = readCount(text, 0, 1200)
  return months === null ? null : asOf.subtract({ months })
}

const datePatterns: Record<DateFormat, RegExp> = {
  'YYYY-MM-DD': /^(?<year>\d{4})-(?<month>\d{1,2})-(?<day>\d{1,2})$/,
  'YYYY/MM/DD': /^(?<year>\d{4})\/(?<month>\d{1,2})\/(?<day>\d{1,2})$/,
  'DD/MM/YYYY': /^(?<day>\d{1,2})\/(?<month>\d{1,2})\/(?<year>\d{4})$/,
  'MM/DD/YYYY': /^(?<month>\d{1,2})\/(?<day>\d{1,2})\/(?<year>\d{4})$/,
  'DD.MM.YYYY': /^(?<day>\d{1,2})\.(?<month>\d{1,2})\.(?<year>\d{4})$/,
  'DD-MM-YYYY': /^(?<day>\d{1,2})-(?<month>\d{1,2})-(?<year>\d{4})$/,
  YYYYMMDD: /^(?<year>\d{4})(?<month>\d{2})(?<day>\d{2})$/,
}

const isoPattern = /^(?<year>\d{4})-(?<month>\d{2})-(?<day>\d{2})$/

/** A date as a file writes it, with or without a time behind it; null where it is none, or centuries away. */
function readDate(text: string, format: DateFormat): Temporal.PlainDate | null {
  const bare = text.replace(/[T ]\d{2}:\d{2}.*$/, '')
  // A workbook's own dates come as ISO 8601, which no other format reads otherwise.
  const found = (datePatterns[format].exec(bare) ?? isoPattern.exec(bare))?.groups
  if (!found) return null
  const [year, month, day] = [Number(found.year), Number(found.month), Number(found.day)]
  if (year < 1900 || year > 2200) return null
  try {
    return Temporal.PlainDate.from({ year, month, day }, { overflow: 'reject' })
  } catch {
    return null
  }
}
