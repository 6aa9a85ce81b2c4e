// What is asked of a bank for a charge, and what its answers come to.
import type {
  Adjustment,
  ChargeRequest,
  Payer,
  ReversedMoney,
  Standing,
} from '../../modules/payments/index.ts'
import { composeBrCode, dashUuid, readBrCode } from '../../platform/br-code.ts'
import { toDecimal } from '../../platform/money.ts'
import { checkTaxId } from '../../platform/tax-ids.ts'
import { type Cobranca, type Devolucao, pixTimeZone, type ReceivedPix } from './messages.ts'
import type { PixSettings } from './settings.ts'

/** An immediate charge (`cob`), or one with a due date (`cobv`). */
export type ChargeKind = 'cob' | 'cobv'

/** The txid of a charge: our key without its dashes, 32 letters and digits. */
export const txidOf = (key: string) => key.replaceAll('-', '').toLowerCase()

/** What a charge is known by at the bank: which kind it is, and its txid. */
const refOf = (kind: ChargeKind, txid: string) => `${kind}/${txid}`

export function readRef(ref: string): { kind: ChargeKind; txid: string } | null {
  const found = /^(cobv?)\/([a-zA-Z0-9]{26,35})$/.exec(ref)
  return found && { kind: found[1] as ChargeKind, txid: found[2]! }
}

/** A charge is late for some minutes before it is held to be over: what was paid in its last second is told after it. */
const expiryMargin = { minutes: 5 }
/** A due date on a day without banks moves to the next with them; so does all that follows from it. */
const holidayMargin = { days: 6 }

const clean = (text: string, most: number) => text.replaceAll(/\s+/g, ' ').trim().slice(0, most)

/** Who owes, as the API wants it; null without a CPF or CNPJ that can be one. */
function describeDebtor(payer: Payer, whole: boolean) {
  const id = payer.tax_id === null ? null : checkTaxId('BR', payer.kind, payer.tax_id)
  if (!id?.ok || (id.kind !== 'cpf' && id.kind !== 'cnpj')) return null
  const nome = clean(payer.name, 140)
  const who = id.kind === 'cpf' ? { cpf: id.normalised, nome } : { cnpj: id.normalised, nome }
  if (!whole || payer.country !== 'BR') return who
  const postalCode = payer.postal_code?.replaceAll(/\D/g, '') ?? ''
  return {
    ...who,
    ...(payer.email ? { email: payer.email } : {}),
    ...(payer.address ? { logradouro: clean(payer.address, 200) } : {}),
    ...(payer.city ? { cidade: clean(payer.city, 200) } : {}),
    ...(payer.state && /^[A-Za-z]{2}$/.test(payer.state) ? { uf: payer.state.toUpperCase() } : {}),
    ...(postalCode.length === 8 ? { cep: postalCode } : {}),
  }
}

/**
 * The charge as it is asked for: with a due date where there is one to come and the payer has a CPF or CNPJ, which the bank
 * demands there; immediate otherwise.
 */
export function describeCharge(
  settings: PixSettings,
  charge: Pick<ChargeRequest, 'amount' | 'description' | 'payer' | 'due_date' | 'expires_at'>,
  now: Temporal.Instant,
): { kind: ChargeKind; body: Record<string, unknown> } {
  const today = now.toZonedDateTimeISO(pixTimeZone).toPlainDate()
  const { due_date, payer } = charge
  const original = toDecimal(charge.amount, 'BRL')
  const shared = { chave: settings.key, solicitacaoPagador: clean(charge.description, 140) }
  const debtor = describeDebtor(payer, true)
  if (due_date !== null && debtor && Temporal.PlainDate.compare(due_date, today) >= 0) {
    const { fine_percent, interest_percent, discount_percent, discount_days, rebate_percent } = settings
    const until = due_date.subtract({ days: discount_days })
    const discounted = discount_percent !== null && Temporal.PlainDate.compare(until, today) >= 0
    return {
      kind: 'cobv',
      body: {
        calendario: { dataDeVencimento: String(due_date), validadeAposVencimento: settings.days_after_due },
        devedor: debtor,
        valor: {
          original,
          // Percent once; percent a month, by calendar days; percent; percent until a date.
          ...(fine_percent === null ? {} : { multa: { modalidade: 2, valorPerc: fine_percent } }),
          ...(interest_percent === null ? {} : { juros: { modalidade: 3, valorPerc: interest_percent } }),
          ...(rebate_percent === null ? {} : { abatimento: { modalidade: 2, valorPerc: rebate_percent } }),
          ...(discounted
            ? {
                desconto: {
                  modalidade: 2,
                  descontoDataFixa: [{ data: String(until), valorPerc: discount_percent }],
                },
              }
            : {}),
        },
        ...shared,
      },
    }
  }
  const seconds =
    charge.expires_at === null
      ? settings.expires_hours * 3600
      : Math.max(60, Math.floor(charge.expires_at.since(now).total('seconds')))
  const briefly = describeDebtor(payer, false)
  return {
    kind: 'cob',
    body: {
      calendario: { expiracao: seconds },
      ...(briefly ? { devedor: briefly } : {}),
      valor: { original },
      ...shared,
    },
  }
}

/** When nobody can pay a charge any more; null where the bank does not say from when it counts. */
function readExpiry(kind: ChargeKind, { calendario }: Cobranca): Temporal.Instant | null {
  if (kind === 'cob')
    return calendario.criacao ? calendario.criacao.add({ seconds: calendario.expiracao ?? 86_400 }) : null
  if (!calendario.dataDeVencimento) return null
  return calendario.dataDeVencimento
    .add({ days: (calendario.validadeAposVencimento ?? 30) + 1 })
    .toZonedDateTime(pixTimeZone)
    .toInstant()
}

/** The text that the payer copies: the bank's, else one made of where the charge is found. */
function readText(settings: PixSettings, charge: Cobranca): string | null {
  const given = charge.pixCopiaECola
  if (given && typeof readBrCode(given) === 'object') return given
  const url = (charge.location ?? charge.loc?.location)?.replace(/^https?:\/\//, '')
  if (!url || !/^[!-~]{1,77}$/.test(url)) return null
  return composeBrCode({ url, name: settings.name, city: settings.city, once: true })
}

/** Returns that the payer's bank forced (fraud, a fault of its own) are taken back, not given back. */
const kindOf = ({ natureza }: Devolucao) => (natureza?.startsWith('MED_') ? 'chargeback' : 'refund')

/** What a return is known by. */
export const refOfReturn = ({ rtrId, id }: Pick<Devolucao, 'rtrId' | 'id'>) => rtrId ?? id

function readReversed(charge: Cobranca, now: Temporal.Instant): ReversedMoney[] {
  return (charge.pix ?? []).flatMap((received) =>
    (received.devolucoes ?? [])
      .filter(({ status }) => status === 'DEVOLVIDO')
      .map((back) => ({
        ref: refOfReturn(back),
        kind: kindOf(back),
        amount: back.valor,
        at: back.horario?.liquidacao ?? back.horario?.solicitacao ?? now,
        key: dashUuid(back.id),
        payment_ref: received.endToEndId,
      })),
  )
}

/**
 * What the bank added to a charge with a due date and took off it, by its own account of the value. Null where it gives none, where
 * that does not add up to the money, or nothing was added or taken off.
 */
function readAdjustment(
  kind: ChargeKind,
  { valor, componentesValor: parts }: ReceivedPix,
): Adjustment | null {
  if (kind !== 'cobv' || !parts?.original || parts.saque || parts.troco) return null
  const late_fee = parts.multa?.valor ?? 0
  const interest = parts.juros?.valor ?? 0
  const discount = (parts.abatimento?.valor ?? 0) + (parts.desconto?.valor ?? 0)
  if (late_fee + interest + discount === 0) return null
  return parts.original.valor + late_fee + interest - discount === valor
    ? { late_fee, interest, discount }
    : null
}

/** What a bank's answer about a charge comes to. */
export function toStanding(
  settings: PixSettings,
  kind: ChargeKind,
  charge: Cobranca,
  now: Temporal.Instant,
): Standing {
  const received = (charge.pix ?? []).map((pix) => {
    const { endToEndId, valor, horario } = pix
    const adjusted = readAdjustment(kind, pix)
    return { ref: endToEndId, amount: valor, at: horario, ...(adjusted ? { adjusted } : {}) }
  })
  const expires_at = readExpiry(kind, charge)
  const known = {
    ref: refOf(kind, charge.txid),
    expires_at,
    received,
    reversed: readReversed(charge, now),
  }
  if (received.length > 0) return { ...known, state: 'succeeded' }
  switch (charge.status) {
    case 'ATIVA': {
      const end = expires_at?.add(expiryMargin).toZonedDateTimeISO(pixTimeZone)
      const over = kind === 'cobv' ? end?.add(holidayMargin) : end
      if (over && Temporal.Instant.compare(over.toInstant(), now) <= 0) return { ...known, state: 'expired' }
      const text = readText(settings, charge)
      return text === null
        ? { ...known, state: 'pending', action: null }
        : { ...known, state: 'action_needed', action: { kind: 'pix', text } }
    }
    case 'REMOVIDA_PELO_USUARIO_RECEBEDOR':
    case 'REMOVIDA_PELO_PSP':
      return { ...known, state: 'cancelled' }
    default:
      // Paid, and the Pix itself not yet told; or a state that the contract does not know yet.
      return { ...known, state: 'pending' }
  }
}
