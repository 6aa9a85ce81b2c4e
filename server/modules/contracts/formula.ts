// Formulas of penalties: CEL (docs/decisions/0016), in which every number is an exact fraction and nothing but numbers and
// conditions can be said.
import { type ASTNode, Environment, ParseError } from '@marcbachmann/cel-js'
import { DivisionByZero, Exact, readExact } from './exact.ts'

/** The longest formula, in characters. */
export const longestFormula = 1000

/** What a formula may ask for. Amounts are minor units, the rest whole months, days or counts. */
export const formulaVariables = [
  'price',
  'plan_value',
  'discount',
  'service_value',
  'term_months',
  'months_used',
  'months_left',
  'term_days',
  'days_used',
  'days_left',
  'installation_fee',
  'instalments',
  'remaining_instalments',
  'remaining_fee',
  'discounts_given',
  'billed',
] as const
export type FormulaVariable = (typeof formulaVariables)[number]
export type FormulaValues = Record<FormulaVariable, bigint | Exact>

/** Which of them are amounts of money. */
export const moneyVariables: readonly FormulaVariable[] = [
  'price',
  'plan_value',
  'discount',
  'service_value',
  'installation_fee',
  'remaining_fee',
  'discounts_given',
  'billed',
]

/** What can be called in a formula. */
export const formulaFunctions = [
  'min(a, b)',
  'max(a, b)',
  'round(a)',
  'floor(a)',
  'ceil(a)',
  'percent(a, b)',
] as const

/** The faults of a formula; each is a text `formula_<code>` of the field faults in errors.json. */
export type FormulaFaultCode =
  | 'formula_empty'
  | 'formula_too_long'
  | 'formula_too_complex'
  | 'formula_syntax'
  | 'formula_unknown_variable'
  | 'formula_unknown_function'
  | 'formula_not_allowed'
  | 'formula_wrong_types'
  | 'formula_no_amount'
  | 'formula_division_by_zero'
  | 'formula_too_large'

/** What is wrong with a formula and where: line and column from 1, and how many characters are meant. */
export type FormulaFault = {
  code: FormulaFaultCode
  line: number
  column: number
  length: number
  /** The part of the text that is meant. */
  part: string
}

/** A formula that can be computed. */
export type Formula = { evaluate(values: FormulaValues): FormulaResult }
/** `amount` in minor units, half-up from `exact`, at least 0; or why there is none. */
export type FormulaResult = { amount: number; exact: Exact } | { fault: FormulaFault }

const environment = createEnvironment()
const parser = new Environment({ limits: { maxAstNodes: 200, maxDepth: 40, maxCallArguments: 4 } })

function createEnvironment(): Environment {
  const made = new Environment({ limits: { maxAstNodes: 800, maxDepth: 90, maxCallArguments: 4 } })
  made.registerType('amount', { ctor: Exact, fields: {} })
  made.registerFunction('exact(string): amount', (text: string) => readExact(text))
  made.registerOperator('amount + amount', (a: Exact, b: Exact) => a.plus(b))
  made.registerOperator('amount - amount', (a: Exact, b: Exact) => a.minus(b))
  made.registerOperator('amount * amount', (a: Exact, b: Exact) => a.times(b))
  made.registerOperator('amount / amount', (a: Exact, b: Exact) => a.dividedBy(b))
  made.registerOperator('-amount', (a: Exact) => a.negated())
  made.registerOperator('amount < amount', (a: Exact, b: Exact) => a.compare(b) < 0)
  made.registerOperator('amount <= amount', (a: Exact, b: Exact) => a.compare(b) <= 0)
  made.registerOperator('amount > amount', (a: Exact, b: Exact) => a.compare(b) > 0)
  made.registerOperator('amount >= amount', (a: Exact, b: Exact) => a.compare(b) >= 0)
  // With it comes its opposite.
  made.registerOperator('amount == amount', (a: Exact, b: Exact) => a.compare(b) === 0)
  made.registerFunction('min(amount, amount): amount', (a: Exact, b: Exact) => (a.compare(b) <= 0 ? a : b))
  made.registerFunction('max(amount, amount): amount', (a: Exact, b: Exact) => (a.compare(b) >= 0 ? a : b))
  made.registerFunction('round(amount): amount', (a: Exact) => new Exact(a.round()))
  made.registerFunction('floor(amount): amount', (a: Exact) => new Exact(a.floor()))
  made.registerFunction('ceil(amount): amount', (a: Exact) => new Exact(a.ceil()))
  made.registerFunction('percent(amount, amount): amount', (a: Exact, b: Exact) =>
    a.times(b).dividedBy(new Exact(100n)),
  )
  for (const name of formulaVariables) made.registerVariable(name, 'amount')
  return made
}

const functionNames = formulaFunctions.map((signature) => signature.slice(0, signature.indexOf('(')))
const operators = new Set([
  '+',
  '-',
  '*',
  '/',
  '<',
  '<=',
  '>',
  '>=',
  '==',
  '!=',
  '&&',
  '||',
  '!_',
  '-_',
  '?:',
])
const variableNames: readonly string[] = formulaVariables

/**
 * Reads a formula and proves that it comes to an amount: its words are known, its types fit, and with the figures of a first,
 * a middle and a last day it can be computed. Answers with the first fault otherwise.
 */
export function readFormula(source: string): Formula | { fault: FormulaFault } {
  const at = (code: FormulaFaultCode, start = 0, end = source.length) => ({
    fault: locate(source, code, start, end),
  })
  if (source.trim() === '') return at('formula_empty')
  if (source.length > longestFormula) return at('formula_too_long', longestFormula)
  let ast: ASTNode
  try {
    ast = parser.parse(source).ast
  } catch (error) {
    const range = rangeOf(error)
    const limited =
      error instanceof ParseError && /maxAstNodes|maxDepth|maxCallArguments|Exceeded/.test(error.message)
    return at(limited ? 'formula_too_complex' : 'formula_syntax', range?.start, range?.end)
  }
  const literals: Literal[] = []
  const fault = findFault(ast, source, literals)
  if (fault) return at(fault.code, fault.start, fault.end)

  const exact = makeExact(source, literals)
  const back = (range: Range | undefined) =>
    range ? [exact.original(range.start), exact.original(range.end)] : []
  let run: ReturnType<Environment['parse']>
  try {
    run = environment.parse(exact.source)
  } catch (error) {
    return at('formula_too_complex', ...back(rangeOf(error)))
  }
  const checked = run.check()
  if (!checked.valid) return at('formula_wrong_types', ...back(rangeOf(checked.error)))
  if (String(checked.type) !== 'amount') return at('formula_no_amount')

  const evaluate = (values: FormulaValues): FormulaResult => {
    let result: unknown
    try {
      result = run(
        Object.fromEntries(
          Object.entries(values).map(([name, value]) => [
            name,
            value instanceof Exact ? value : new Exact(value),
          ]),
        ),
      )
    } catch (error) {
      // A division through nothing has no place of its own in the library: the first one of the text is meant.
      if (isDivisionByZero(error)) {
        const slash = findDivision(ast)
        return at('formula_division_by_zero', slash?.start, slash?.end)
      }
      throw error
    }
    if (!(result instanceof Exact)) throw new Error('a formula that was checked came to no amount')
    const rounded = result.round()
    if (rounded > BigInt(largestPenalty)) return at('formula_too_large')
    // Nobody is paid for leaving.
    return { amount: rounded < 0n ? 0 : Number(rounded), exact: result }
  }
  for (const values of sampleValues) {
    const tried = evaluate(values)
    if ('fault' in tried) return tried
  }
  return { evaluate }
}

/** The largest penalty, in minor units. */
const largestPenalty = 1_000_000_000_000

type Range = { start: number; end: number }
type Literal = Range & { text: string }

/** What the language has and a formula must not say; literals are gathered on the way. */
function findFault(
  node: ASTNode,
  source: string,
  literals: Literal[],
): (Range & { code: FormulaFaultCode }) | undefined {
  const { start, end } = node
  if (node.op === 'id')
    return variableNames.includes(node.args) ? undefined : { code: 'formula_unknown_variable', start, end }
  if (node.op === 'value') {
    if (typeof node.args === 'boolean') return undefined
    const text = source.slice(start, end)
    if (!/^\d{1,15}(\.\d{1,9})?$/.test(text)) return { code: 'formula_not_allowed', start, end }
    literals.push({ start, end, text })
    return undefined
  }
  if (node.op === 'call') {
    const [name, args] = node.args
    if (!functionNames.includes(name)) {
      const from = source.indexOf(name, start)
      return { code: 'formula_unknown_function', start: from, end: from + name.length }
    }
    return firstFault(args, source, literals)
  }
  if (!operators.has(node.op)) return { code: 'formula_not_allowed', start, end }
  const operands = Array.isArray(node.args) ? node.args : [node.args]
  return firstFault(operands as ASTNode[], source, literals)
}

function firstFault(nodes: readonly ASTNode[], source: string, literals: Literal[]) {
  for (const node of nodes) {
    const fault = findFault(node, source, literals)
    if (fault) return fault
  }
  return undefined
}

function findDivision(node: ASTNode): Range | undefined {
  if (node.op === '/') return { start: node.start, end: node.end }
  const below = (
    node.op === 'call' ? node.args[1] : Array.isArray(node.args) ? node.args : [node.args]
  ) as ASTNode[]
  for (const one of below) {
    const found = typeof one === 'object' && one !== null && 'op' in one ? findDivision(one) : undefined
    if (found) return found
  }
  return undefined
}

/** The formula with every number as `exact('…')`, and the way from its places back to those of the original. */
function makeExact(source: string, literals: readonly Literal[]) {
  const sorted = [...literals].sort((a, b) => a.start - b.start)
  let text = ''
  let from = 0
  const moves: { at: number; original: Range; end: number }[] = []
  for (const { start, end, text: digits } of sorted) {
    text += source.slice(from, start)
    const at = text.length
    text += `exact('${digits}')`
    moves.push({ at, original: { start, end }, end: text.length })
    from = end
  }
  text += source.slice(from)
  return {
    source: text,
    original(position: number): number {
      let shift = 0
      for (const move of moves) {
        if (position < move.at) break
        if (position < move.end) return position === move.at ? move.original.start : move.original.end
        shift = move.end - move.original.end
      }
      return position - shift
    },
  }
}

function rangeOf(error: unknown): Range | undefined {
  const range = (error as { range?: Range } | undefined)?.range
  return range && { start: range.start, end: range.end }
}

function isDivisionByZero(error: unknown): boolean {
  return (
    error instanceof DivisionByZero ||
    (error instanceof Error && isDivisionByZero((error as Error).cause ?? null))
  )
}

function locate(source: string, code: FormulaFaultCode, start: number, end: number): FormulaFault {
  const before = source.slice(0, start)
  const line = before.split('\n').length
  const column = start - (before.lastIndexOf('\n') + 1) + 1
  const part = source.slice(start, Math.max(end, start)).split('\n')[0]!.slice(0, 60)
  return { code, line, column, length: Math.max(1, part.length), part }
}

/** A service of 12 months for 99.90, seen after so many days of its term. */
function sampleAt(monthsUsed: bigint, daysUsed: bigint): FormulaValues {
  return {
    price: 8990n,
    plan_value: 9990n,
    discount: 1000n,
    service_value: 10490n,
    term_months: 12n,
    months_used: monthsUsed,
    months_left: 12n - monthsUsed,
    term_days: 365n,
    days_used: daysUsed,
    days_left: 365n - daysUsed,
    installation_fee: 30000n,
    instalments: 10n,
    remaining_instalments: 10n - (monthsUsed > 10n ? 10n : monthsUsed),
    remaining_fee: 3000n * (10n - (monthsUsed > 10n ? 10n : monthsUsed)),
    discounts_given: 1000n * monthsUsed,
    billed: 8990n * monthsUsed,
  }
}

/** The first day, one in the middle and the last day of the term: a formula has to work on each of them. */
const sampleValues = [sampleAt(4n, 133n), sampleAt(0n, 0n), sampleAt(11n, 364n)]

/** What a formula is tried with where there is no service: after four months and eleven days of a term of a year. */
export const sampleService: FormulaValues = sampleValues[0]!
