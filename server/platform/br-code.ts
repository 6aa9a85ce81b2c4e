// The text of a Pix QR code (BR Code: EMV QRCPS, Merchant-Presented Mode, as the Central Bank of Brazil's "Manual de Padrões
// para Iniciação do Pix" narrows it down), written and read field by field.

import { fromDecimal, toDecimal } from './money.ts'

/** One field: a number of two digits and what stands in it. */
export type BrField = { id: string; value: string }

/** What a Pix code says. A static one has a `key`, a dynamic one the `url` at which the payer's bank finds the charge. */
export type BrCode = {
  key: string | null
  url: string | null
  /** Where a recurrence (Pix Automático) is offered beside it. */
  recurrence_url: string | null
  /** Free text of a static code that the payer sees. */
  info: string | null
  /** Cents of BRL; null where the payer types it, or the charge at the address says it. */
  amount: number | null
  /** Of whom is paid, at most 25 and 15 characters. */
  name: string
  city: string
  postal_code: string | null
  /** What the payment is known by at the receiver's bank; null (`***` in the code) where it has none. */
  txid: string | null
  /** Whether it says that it is good for one payment; null where it says nothing of it. */
  once: boolean | null
}

/** Why a text is no Pix code: not of fields, damaged (checksum), or a code of another arrangement. */
export type BrCodeFault = 'malformed' | 'checksum' | 'not_pix'

const pixDomain = 'br.gov.bcb.pix'
/** No Pix code is longer (API Pix, `pixCopiaECola`). */
const longest = 512

/** CRC-16 of EMV codes: polynomial 0x1021, first value 0xFFFF, four capital hexadecimal digits. */
export function checkBrCode(text: string): string {
  let crc = 0xffff
  for (const byte of Buffer.from(text, 'utf8')) {
    crc ^= byte << 8
    for (let bit = 0; bit < 8; bit++)
      crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff
  }
  return crc.toString(16).toUpperCase().padStart(4, '0')
}

/** A text as a code can carry it: letters without their marks, printable ASCII alone, cut to what fits. */
export function cleanBrText(text: string, most: number): string {
  return text
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^ -~]/g, ' ')
    .replaceAll(/ +/g, ' ')
    .trim()
    .slice(0, most)
    .trim()
}

function writeField(id: string, value: string): string {
  if (!/^[ -~]+$/.test(value)) throw new RangeError(`Field ${id} holds what a code cannot carry`)
  if (value.length > 99) throw new RangeError(`Field ${id} is longer than 99 characters`)
  return `${id}${String(value.length).padStart(2, '0')}${value}`
}

/** Fields one after another, each with its length. Throws RangeError on what no field can carry. */
export function writeBrFields(fields: readonly BrField[]): string {
  return fields.map(({ id, value }) => writeField(id, value)).join('')
}

/** The fields of a text, in their order; null where it is not made of fields. */
export function readBrFields(text: string): BrField[] | null {
  const fields: BrField[] = []
  for (let at = 0; at < text.length; ) {
    const head = /^(\d\d)(\d\d)/.exec(text.slice(at, at + 4))
    const length = Number(head?.[2] ?? 0)
    if (!head || length === 0 || at + 4 + length > text.length) return null
    fields.push({ id: head[1]!, value: text.slice(at + 4, at + 4 + length) })
    at += 4 + length
  }
  return fields
}

/**
 * The text of a code, with its checksum. Exactly one of `key` and `url` is given; names and cities come cleaned
 * (`cleanBrText`). Throws RangeError on anything that a code cannot say.
 */
export function composeBrCode(code: {
  key?: string | null
  url?: string | null
  recurrence_url?: string | null
  info?: string | null
  amount?: number | null
  name: string
  city: string
  postal_code?: string | null
  txid?: string | null
  once?: boolean | null
}): string {
  const { key = null, url = null, info = null, amount = null, txid = null, once = null } = code
  if ((key === null) === (url === null)) throw new RangeError('A code has either a key or an address')
  if (code.name.length > 25) throw new RangeError('A name has at most 25 characters')
  if (code.city.length > 15) throw new RangeError('A city has at most 15 characters')
  if (txid !== null && !/^[a-zA-Z0-9]{1,25}$/.test(txid)) throw new RangeError(`Not a txid: ${txid}`)
  if (amount !== null && (amount < 1 || amount > 99_999_999_999_99))
    throw new RangeError(`Not an amount: ${amount}`)
  const field = (id: string, value: string | null): BrField[] => (value === null ? [] : [{ id, value }])
  const own = (fields: BrField[]) => writeBrFields([{ id: '00', value: pixDomain }, ...fields])
  const fields = [
    ...field('00', '01'),
    ...field('01', once === null ? null : once ? '12' : '11'),
    ...field('26', own([...field('01', key), ...field('02', info), ...field('25', url)])),
    ...field('52', '0000'),
    ...field('53', '986'),
    ...field('54', amount === null ? null : toDecimal(amount, 'BRL')),
    ...field('58', 'BR'),
    ...field('59', code.name),
    ...field('60', code.city),
    ...field('61', code.postal_code ?? null),
    ...field('62', writeBrFields([{ id: '05', value: txid ?? '***' }])),
    ...field('80', code.recurrence_url ? own(field('25', code.recurrence_url)) : null),
  ]
  const text = `${writeBrFields(fields)}6304`
  if (text.length + 4 > longest) throw new RangeError(`A code has at most ${longest} characters`)
  return text + checkBrCode(text)
}

/** The Pix part of some fields: the first template of a range that bears the Central Bank's domain. */
function findPix(fields: readonly BrField[], from: string, to: string): Map<string, string> | null {
  for (const { id, value } of fields) {
    if (id < from || id > to) continue
    const inner = readBrFields(value)
    if (inner?.[0]?.id === '00' && inner[0].value.toLowerCase() === pixDomain)
      return new Map(inner.map((one) => [one.id, one.value]))
  }
  return null
}

/**
 * What a code says; other arrangements' fields in it are passed over. A damaged text is told by its checksum: any one changed
 * character is found.
 */
export function readBrCode(text: string): BrCode | BrCodeFault {
  const last = /6304([0-9A-F]{4})$/.exec(text)
  if (!last || text.length > longest) return 'malformed'
  if (checkBrCode(text.slice(0, -4)) !== last[1]) return 'checksum'
  const fields = readBrFields(text)
  if (!fields) return 'malformed'
  const all = new Map(fields.map(({ id, value }) => [id, value]))
  if (all.size !== fields.length || fields[0]?.id !== '00' || all.get('00') !== '01') return 'malformed'
  const pix = findPix(fields, '26', '51')
  const recurrence = findPix(fields, '80', '99')
  if (!pix || all.get('53') !== '986' || all.get('58') !== 'BR') return 'not_pix'
  const [key, url] = [pix.get('01') ?? null, pix.get('25') ?? null]
  // A code of a recurrence alone (Pix Automático) has neither.
  if (key !== null ? url !== null : url === null && !recurrence) return 'not_pix'
  const additional = readBrFields(all.get('62') ?? '')
  const amount = all.has('54') ? fromDecimal(all.get('54')!, 'BRL') : null
  if (!additional || (all.has('54') && amount === null)) return 'malformed'
  const txid = additional.find(({ id }) => id === '05')?.value ?? null
  const once = all.get('01')
  return {
    key,
    url,
    recurrence_url: recurrence?.get('25') ?? null,
    info: pix.get('02') ?? null,
    amount,
    name: all.get('59') ?? '',
    city: all.get('60') ?? '',
    postal_code: all.get('61') ?? null,
    txid: txid === '***' ? null : txid,
    once: once === '12' ? true : once === '11' ? false : null,
  }
}

// What a payment is known by -----------------------------------------------------------------------------------------

/** The txid of a static code for something with a uuid: the same number in base 36, 25 letters and digits. */
export function shortTxid(uuid: string): string {
  return BigInt(`0x${uuid.replaceAll('-', '')}`)
    .toString(36)
    .toUpperCase()
    .padStart(25, '0')
}

/** The uuid that `shortTxid` was made of; null where a text is no such txid. */
export function uuidOfShortTxid(txid: string): string | null {
  if (!/^[0-9A-Za-z]{25}$/.test(txid)) return null
  let value = 0n
  for (const letter of txid.toLowerCase()) value = value * 36n + BigInt(Number.parseInt(letter, 36))
  if (value >= 1n << 128n) return null
  return dashUuid(value.toString(16).padStart(32, '0'))
}

/** 32 hexadecimal digits as a uuid is written; null where a text is something else. */
export function dashUuid(hex: string): string | null {
  const parts = /^([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$/.exec(hex.toLowerCase())
  return parts?.slice(1).join('-') ?? null
}

/** The txid of an invoice by its number: `A-123` → `A123`. */
export function txidOfNumber(number: string): string {
  return number.replaceAll(/[^a-zA-Z0-9]/g, '').slice(-25)
}

/** Whether a text is the end-to-end id of a Pix, by which payer, receiver and both their banks know it. */
export const isEndToEndId = (text: string) => /^E\d{8}\d{12}[0-9A-Za-z]{11}$/.test(text)
