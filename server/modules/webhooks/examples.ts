import { z } from 'zod'

// Examples of what a message carries, made from its schema, so that they have each field that it has and no other.

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
type Shape = {
  type?: string | string[]
  format?: string
  enum?: Json[]
  const?: Json
  example?: Json
  anyOf?: Shape[]
  oneOf?: Shape[]
  allOf?: Shape[]
  items?: Shape
  properties?: Record<string, Shape>
  additionalProperties?: Shape | boolean
  $ref?: string
  $defs?: Record<string, Shape>
}

/** What a field of that name usually holds; the last part of the name decides where the whole is unknown. */
const values: Record<string, Json> = {
  address: 'Rua das Palmeiras, 120',
  account_name: 'Padaria Estrela Ltda.',
  account_number: 1042,
  amount: 14900,
  applied: 14900,
  base: 14900,
  brand: 'visa',
  business_unit_name: 'Pirilampo Internet',
  city: 'São Paulo',
  country: 'BR',
  contract_number: 1007,
  credited: 0,
  currency: 'BRL',
  days: 30,
  description: 'Fibra 500',
  discount: 0,
  document: 'A-1041',
  document_number: 'A-1041',
  domains: ['padariaestrela.example'],
  email: 'financeiro@padariaestrela.example',
  end_reason: null,
  explanation: '30 of 30 days at 149.00',
  external_id: null,
  failure_detail: null,
  fax: null,
  first_name: 'Helena',
  gross: 14900,
  included: 0,
  instalment: null,
  instalments: null,
  language: 'pt-BR',
  last_digits: '4242',
  last_name: 'Vasconcelos',
  name: 'Padaria Estrela Ltda.',
  net: 14900,
  note: null,
  notes: null,
  number: 1042,
  of_days: 30,
  open_amount: 0,
  owed: 0,
  phone: '+55 11 5555-0100',
  plan_name: 'Fibra 500',
  plan_value: 14900,
  position: 1,
  plan_description: null,
  postal_code: '01310-100',
  product_name: 'Internet',
  provider_ref: 'pi_01978f2a5c1e7b40',
  quantity: 1,
  rejection_reason: null,
  rule: 'whole_period',
  rate: 50000,
  reason: null,
  reference: 'E1234567820260531',
  series: 'A',
  state: 'SP',
  tax: 0,
  tax_id: '12.345.678/0001-95',
  tax_included: 0,
  title: 'Contrato de prestação de serviços',
  total: 14900,
  unit_amount: 14900,
  value: 14900,
}
/** Lists that say more when they are short. */
const empty: readonly string[] = ['tiers', 'coupons', 'related', 'suspensions', 'taxes', 'allowances']

const uuid = (n: number) => `01978f2a-5c1e-7b40-9d3a-${String(n).padStart(12, '0')}`

function resolveShape(shape: Shape, root: Shape): Shape {
  let found = shape
  while (found.$ref) {
    const key = found.$ref.replace(/^#\/(\$defs|definitions)\//, '')
    found = root.$defs?.[key] ?? {}
  }
  return found
}

function makeValue(name: string, given: Shape, root: Shape, count: { ids: number }, depth: number): Json {
  const shape = resolveShape(given, root)
  if (shape.example !== undefined) return shape.example
  if (shape.const !== undefined) return shape.const
  const choices = shape.anyOf ?? shape.oneOf
  if (choices) {
    const possible = choices.map((one) => resolveShape(one, root))
    const nullable = possible.some((one) => one.type === 'null')
    // What is often missing is missing in an example too, except where its name says what it is.
    const whole = possible.find((one) => one.type !== 'null') ?? {}
    if (nullable && (depth > 6 || (values[name] === undefined && whole.type === 'object'))) return null
    if (nullable && values[name] === null) return null
    return makeValue(name, whole, root, count, depth)
  }
  if (shape.allOf?.[0]) return makeValue(name, shape.allOf[0], root, count, depth)
  if (shape.enum) {
    const usual = values[name]
    return usual !== undefined && shape.enum.includes(usual) ? usual : shape.enum[0]!
  }
  const type = Array.isArray(shape.type) ? shape.type[0] : shape.type
  if (values[name] === null && Array.isArray(shape.type) && shape.type.includes('null')) return null
  const usual = values[name] ?? values[name.replace(/^.*_(?=[a-z]+$)/, '')]
  switch (type) {
    case 'object': {
      if (shape.properties) {
        return Object.fromEntries(
          Object.entries(shape.properties).map(([key, part]) => [
            key,
            makeValue(key, part, root, count, depth + 1),
          ]),
        )
      }
      return name === 'customer' || name === 'issuer' ? { name: values.name!, tax_id: values.tax_id! } : {}
    }
    case 'array':
      return empty.includes(name) || depth > 5
        ? []
        : [makeValue(name.replace(/s$/, ''), shape.items ?? {}, root, count, depth + 1)]
    case 'integer':
    case 'number':
      return typeof usual === 'number' ? usual : 1
    case 'boolean':
      return false
    case 'null':
      return null
    default:
      if (shape.format === 'uuid') return uuid(++count.ids)
      if (shape.format === 'date')
        return name.endsWith('to') || name.startsWith('due') ? '2026-06-10' : '2026-05-31'
      if (shape.format === 'date-time') return '2026-05-31T12:00:00.000Z'
      if (shape.format === 'email') return values.email!
      return typeof usual === 'string' ? usual : 'text'
  }
}

/** An example of what a schema describes, as it is sent. */
export function makeExample(schema: z.ZodType): Json {
  const root = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Shape
  return makeValue('', root, root, { ids: 0 }, 0)
}
