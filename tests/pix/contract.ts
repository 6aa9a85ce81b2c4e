// The Central Bank's document of the API Pix, read as what it means: which operation a call is, and whether call and answer are
// as it says.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2019, type ValidateFunction } from 'ajv/dist/2019.js'
import addFormats from 'ajv-formats'
import { parse } from 'yaml'

type Schema = { [key: string]: unknown }
type Parameter = { name: string; in: 'path' | 'query'; required?: boolean; schema: Schema }
type Media = { content?: Record<string, { schema: Schema }> }
type OperationText = {
  parameters?: Schema[]
  requestBody?: Schema
  responses: Record<string, Schema>
  security?: { OAuth2?: string[] }[]
}
type Document = {
  paths: Record<string, Record<string, unknown>>
  components: Record<string, Record<string, Schema>>
}

/** What is wrong with a call: where, and why. */
export type Violation = { propriedade: string; razao: string }
type Check = (value: unknown) => Violation[]

export type Operation = {
  path: string
  method: string
  scopes: string[]
  parameters: Record<string, string>
  checkQuery: (query: URLSearchParams) => Violation[]
  checkBody: Check
  /** Null where the document knows no such answer. */
  checkAnswer: (status: number) => Check | null
}

const id = 'https://pix.bcb.gov.br/contract'

/**
 * The document's slips, put right: as it stands, no answer of any bank could be valid. Each is named here; nothing else is
 * changed, and patterns are taken for the whole of a text, as they are meant.
 */
function correct(document: Document): void {
  const schemas = document.components.schemas!
  const visit = (node: unknown, visitor: (schema: Schema) => void): void => {
    if (Array.isArray(node)) for (const one of node) visit(one, visitor)
    else if (typeof node === 'object' && node !== null) {
      visitor(node as Schema)
      for (const one of Object.values(node)) visit(one, visitor)
    }
  }
  visit([schemas, document.paths, document.components.parameters], (schema) => {
    // `/^\d{11}$/` is a pattern between JavaScript's slashes; others lack their ends.
    if (typeof schema.pattern === 'string') {
      const pattern = schema.pattern.replace(/^\/(.*)\/$/, '$1')
      schema.pattern = pattern.startsWith('^') ? pattern : `^(?:${pattern})$`
    }
    // A location is written without its scheme, in the document's own examples: no URI.
    if (schema.title === 'Localização do payload') delete schema.format
  })
  const propertiesOf = (name: string) => (schemas[name] as { properties: Record<string, Schema> }).properties
  // An address is demanded beside `recebedor` instead of inside it, and there of every bank.
  delete (schemas.DadosRecebedor as Schema).required
  // The list of Pix demands a property `cobs` that it does not have.
  ;(schemas.PixConsultados as Schema).required = ['parametros']
  // An empty list has no page, and the least number of pages is one.
  propertiesOf('Paginacao').quantidadeDePaginas!.minimum = 0
  // Both forms of a discount fit one that has a percentage.
  const discount = propertiesOf('CobVValor').desconto as {
    oneOf: Schema[]
  } & Schema
  discount.oneOf[0]!.required = ['descontoDataFixa']
  // A location asked for by its id demands its type, too, which it has no property for.
  ;(schemas.PayloadLocationCob as Schema).required = ['id']
  // What is sent may hold nothing that the document does not name: a slip in a name would pass unseen.
  for (const name of ['CobSolicitada', 'CobVSolicitada', 'DadosDevedor']) {
    const parts = ((schemas[name] as Schema).allOf ?? [schemas[name]]) as {
      properties?: Record<string, Schema>
    }[]
    for (const { properties = {} } of parts)
      for (const property of ['calendario', 'devedor', 'valor'])
        if (properties[property]) properties[property].unevaluatedProperties = false
  }
  const value = propertiesOf('CobVValor')
  for (const name of ['multa', 'juros', 'abatimento', 'desconto']) value[name]!.unevaluatedProperties = false
}

export class Contract {
  readonly #document: Document
  readonly #ajv: Ajv2019
  readonly #coercing: Ajv2019
  readonly #compiled = new Map<string, ValidateFunction>()

  constructor() {
    const text = readFileSync(join(import.meta.dirname, 'bacen-pix-openapi.yaml'), 'utf8')
    this.#document = parse(text) as Document
    correct(this.#document)
    const create = (coerceTypes: boolean) => {
      const ajv = new Ajv2019({ strict: false, allErrors: true, coerceTypes, logger: false })
      addFormats.default(ajv)
      ajv.addSchema({ $id: id, components: this.#document.components })
      return ajv
    }
    this.#ajv = create(false)
    this.#coercing = create(true)
  }

  /** A part of the document, followed to where it stands. */
  #resolve<T>(part: unknown): T {
    const ref = (part as { $ref?: string } | undefined)?.$ref
    if (ref === undefined) return part as T
    let found: unknown = this.#document
    for (const name of ref.slice(2).split('/')) found = (found as Record<string, unknown>)[name]
    return this.#resolve<T>(found)
  }

  #check(schema: Schema, coercing = false): Check {
    const text = JSON.stringify([coercing, schema]).replaceAll('"#/components/', `"${id}#/components/`)
    let compiled = this.#compiled.get(text)
    if (!compiled) {
      compiled = (coercing ? this.#coercing : this.#ajv).compile(JSON.parse(text)[1])
      this.#compiled.set(text, compiled)
    }
    const validate = compiled
    return (value) =>
      validate(value)
        ? []
        : (validate.errors ?? []).map(({ instancePath, message, params }) => ({
            propriedade: instancePath.slice(1).replaceAll('/', '.'),
            razao: `${message ?? 'invalid'} ${JSON.stringify(params)}`,
          }))
  }

  /** Whether a body is as a named request or schema of the document says. */
  checkBodyOf(name: string): Check {
    return this.#check(this.#bodyOf({ $ref: `#/components/requestBodies/${name}` }))
  }

  #bodyOf(body: Schema): Schema {
    return this.#resolve<Media>(body).content!['application/json']!.schema
  }

  /** The operation that a call is, below the base address; null where the document has none. */
  find(method: string, path: string): Operation | null {
    const found = Object.entries(this.#document.paths)
      // Where payers' banks read charges: another server's, and open.
      .filter(([template]) => !template.includes('AccessToken'))
      .map(([template, item]) => {
        const names = [...template.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!)
        const match = new RegExp(`^${template.replaceAll(/\{\w+\}/g, '([^/]+)')}$`).exec(path)
        return match && item[method.toLowerCase()] ? { template, item, names, match } : null
      })
      .find((one) => one !== null)
    if (!found) return null
    const operation = found.item[method.toLowerCase()] as OperationText
    const parameters = [...((found.item.parameters as Schema[]) ?? []), ...(operation.parameters ?? [])].map(
      (one) => this.#resolve<Parameter>(one),
    )
    const given = Object.fromEntries(
      found.names.map((name, i) => [name, decodeURIComponent(found.match[i + 1]!)]),
    )
    const body = operation.requestBody
    return {
      path: found.template,
      method: method.toUpperCase(),
      scopes: (operation.security ?? []).flatMap(({ OAuth2 = [] }) => OAuth2),
      parameters: given,
      checkQuery: (query) => {
        const known = parameters.filter((one) => one.in === 'query')
        const unknown = [...query.keys()].filter((name) => !known.some((one) => one.name === name))
        return [
          ...unknown.map((propriedade) => ({ propriedade, razao: 'no parameter of this operation' })),
          ...parameters.flatMap(({ name, required, schema, in: place }) => {
            const value = place === 'path' ? given[name] : (query.get(name) ?? undefined)
            if (value === undefined) return required ? [{ propriedade: name, razao: 'required' }] : []
            const check = this.#check({ properties: { value: schema } }, true)
            return check({ value }).map(({ razao }) => ({ propriedade: name, razao }))
          }),
        ]
      },
      checkBody: (value) => {
        if (!body)
          return value === undefined ? [] : [{ propriedade: '', razao: 'a body where none is taken' }]
        if (value === undefined) return [{ propriedade: '', razao: 'no body' }]
        return this.#check({ ...this.#wrap(this.#bodyOf(body)), unevaluatedProperties: false })(value)
      },
      checkAnswer: (status) => {
        const answer = operation.responses[String(status)]
        if (!answer) return null
        const [media] = Object.values(this.#resolve<Media>(answer).content ?? {})
        return media ? this.#check(media.schema) : () => []
      },
    }
  }

  #wrap(schema: Schema): Schema {
    return schema.$ref ? { allOf: [schema] } : schema
  }
}
