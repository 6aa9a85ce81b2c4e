// What a line's words point to, before anything is looked up.

import { foldName } from './payer-names.ts'
import type { MatchLine } from './statement-proposals.ts'

/** What a line's words point to. */
export type Clues = {
  invoices: { series: string | null; number: number; strict: boolean }[]
  orders: number[]
  contracts: number[]
  customers: number[]
  /** Long codes: ids of providers, of Pix, of boletos. */
  tokens: string[]
  tax_ids: string[]
  names: string[]
}

const asPattern = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
const numbered = (words: string) =>
  new RegExp(`(?<![\\p{L}])(?:${words})[\\s.:#nº°o]{0,5}0*(\\d{1,12})(?!\\d)`, 'giu')
const words = {
  invoice: numbered('faturas?|facturas?|invoices?|nota|nf|nfs-?e|fat|inv|fc'),
  order: numbered('pedidos?|orders?|orden|ordem|ped'),
  contract: numbered('contratos?|contracts?|contr?'),
  customer: numbered('clientes?|customers?|cliente n|assinante|socio|cod cliente'),
}

/** Reads what a line may refer to. `series` are those that the business unit numbers its invoices by. */
export function findClues(line: MatchLine, series: readonly string[]): Clues {
  const text = [line.description, line.reference, line.counterparty_name, line.end_to_end_id]
    .filter(Boolean)
    .join(' ')
  const numbers = (pattern: RegExp) =>
    [...new Set([...text.matchAll(pattern)].map((found) => Number(found[1])))].filter((n) => n > 0)
  const invoices = new Map<string, Clues['invoices'][number]>()
  const note = (own: string | null, number: number, strict: boolean) => {
    const key = `${own}-${number}`
    if (number > 0 && !(invoices.get(key)?.strict ?? false))
      invoices.set(key, { series: own, number, strict })
  }
  for (const own of series) {
    const pattern = new RegExp(
      `(?<![\\p{L}\\d])${asPattern(own)}([-\\s./]?)0*(\\d{1,12})(?![\\d\\p{L}])`,
      'giu',
    )
    for (const found of text.matchAll(pattern)) note(own, Number(found[2]), found[1] === '-')
  }
  for (const number of numbers(words.invoice)) note(null, number, false)
  const tokens = new Set<string>()
  for (const token of [line.end_to_end_id, line.reference, line.bank_id])
    if (token && token.length >= 8) tokens.add(token)
  for (const found of text.matchAll(/[0-9A-Za-z][0-9A-Za-z-]{10,63}/g))
    if (/\d/.test(found[0])) tokens.add(found[0])
  const taxIds = new Set<string>()
  if (line.counterparty_tax_id) taxIds.add(line.counterparty_tax_id)
  for (const found of text.matchAll(
    /(?<![\d.])(\d{2}\.?\d{3}\.?\d{3}\/?\d{4}-?\d{2}|\d{3}\.?\d{3}\.?\d{3}-?\d{2}|\d{2}-\d{8}-\d)(?![\d.])/g,
  )) {
    const digits = found[1]!.replaceAll(/\D/g, '')
    if (!/^(\d)\1*$/.test(digits)) taxIds.add(digits)
  }
  const names = new Set<string>()
  for (const name of [line.counterparty_name, nameWithin(line.description)])
    if (name && foldName(name).length >= 5) names.add(name)
  return {
    invoices: [...invoices.values()].slice(0, 20),
    orders: numbers(words.order).slice(0, 5),
    contracts: numbers(words.contract).slice(0, 5),
    customers: numbers(words.customer).slice(0, 5),
    tokens: [...tokens].slice(0, 20),
    tax_ids: [...taxIds].slice(0, 5),
    names: [...names],
  }
}

const leading = new Set(
  'pix recebido recebida receb recebimento transf transferencia transferida ted doc credito cred deposito dep qr code qrcode estatico dinamico pagamento pag pgto cob cobranca boleto de do da em conta cc remet remetente enviado por from received payment transfer acreditacion abono pago transferencias recibida recibido a favor rem ordem'.split(
    ' ',
  ),
)

/** The name that most banks put behind their words for a movement; null where none is left. */
function nameWithin(description: string): string | null {
  const parts = foldName(description).split(' ')
  let at = 0
  while (at < parts.length && (leading.has(parts[at]!) || /\d/.test(parts[at]!))) at++
  const rest: string[] = []
  for (const part of parts.slice(at)) {
    if (/\d/.test(part)) break
    rest.push(part)
  }
  return rest.length >= 2 ? rest.join(' ') : null
}
