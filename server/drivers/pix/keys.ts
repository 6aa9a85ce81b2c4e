import { checkTaxId } from '../../platform/tax-ids.ts'

export type PixKey = { kind: 'cpf' | 'cnpj' | 'email' | 'phone' | 'evp'; key: string }

/**
 * A Pix key as the directory of the Central Bank (DICT) writes it, by whatever a person typed; null where it can be none. A phone
 * begins with +55, or else eleven digits are a CPF.
 */
export function readPixKey(text: string): PixKey | null {
  const typed = text.trim()
  const lower = typed.toLowerCase()
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(lower)) return { kind: 'evp', key: lower }
  if (typed.includes('@')) {
    const email = /^[a-z0-9.!#$'*+/=?^_`{|}~-]+@[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(lower) && lower.length <= 77
    return email ? { kind: 'email', key: lower } : null
  }
  if (typed.startsWith('+')) {
    const phone = `+${typed.replaceAll(/\D/g, '')}`
    const plain = /^\+55[1-9]\d{9,10}$/.test(phone) && /^[+\d() .-]+$/.test(typed)
    return plain ? { kind: 'phone', key: phone } : null
  }
  if (!/^[0-9A-Za-z./ -]+$/.test(typed)) return null
  const id = checkTaxId('BR', null, typed)
  return id.ok && (id.kind === 'cpf' || id.kind === 'cnpj') ? { kind: id.kind, key: id.normalised } : null
}
