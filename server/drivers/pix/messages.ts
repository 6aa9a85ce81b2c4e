// What a bank says in the API Pix, as far as it is used here. Fields that are not known are passed over: the contract says that
// they will come.
import { z } from 'zod'
import { fromDecimal } from '../../platform/money.ts'

/** The country's own time, in which due dates end. */
export const pixTimeZone = 'America/Sao_Paulo'

/** `123.45` as cents. */
const cents = z.string().transform((text, context) => {
  const amount = /^\d{1,10}(\.\d{1,2})?$/.test(text) ? fromDecimal(text, 'BRL') : null
  if (amount !== null) return amount
  context.addIssue({ code: 'custom', message: 'Not an amount' })
  return z.NEVER
})

/** An instant of RFC 3339. Without its zone, which some banks leave away, it is the country's time. */
const instant = z.string().transform((text, context) => {
  try {
    return /(Z|[+-]\d\d:?\d\d)$/i.test(text)
      ? Temporal.Instant.from(text)
      : Temporal.PlainDateTime.from(text).toZonedDateTime(pixTimeZone).toInstant()
  } catch {
    context.addIssue({ code: 'custom', message: 'Not an instant' })
    return z.NEVER
  }
})

const day = z.string().transform((text, context) => {
  try {
    return Temporal.PlainDate.from(text.slice(0, 10))
  } catch {
    context.addIssue({ code: 'custom', message: 'Not a date' })
    return z.NEVER
  }
})

export const devolucao = z.object({
  id: z.string().min(1),
  rtrId: z.string().min(1).nullish(),
  valor: cents,
  natureza: z.string().nullish(),
  horario: z.object({ solicitacao: instant.nullish(), liquidacao: instant.nullish() }).nullish(),
  status: z.string(),
  motivo: z.string().nullish(),
})
export type Devolucao = z.infer<typeof devolucao>

const part = z.object({ valor: cents }).nullish()
/**
 * What the value of a Pix is made of: original + multa + juros − abatimento − desconto. Where it cannot be read the money counts all
 * the same, without it. Cash that was paid out with it (saque, troco) is none of ours.
 */
const componentes = z
  .object({
    original: part,
    saque: part,
    troco: part,
    multa: part,
    juros: part,
    abatimento: part,
    desconto: part,
  })
  .nullish()
  .catch(null)

const pix = z.object({
  endToEndId: z.string().min(1).max(200),
  txid: z.string().nullish(),
  valor: cents,
  componentesValor: componentes,
  horario: instant,
  devolucoes: z.array(devolucao).nullish(),
})

export type ReceivedPix = z.infer<typeof pix>

/** A charge of either kind. */
export const cobranca = z.object({
  txid: z.string(),
  status: z.string(),
  calendario: z.object({
    criacao: instant.nullish(),
    expiracao: z.coerce.number().int().nullish(),
    dataDeVencimento: day.nullish(),
    validadeAposVencimento: z.coerce.number().int().nullish(),
  }),
  location: z.string().nullish(),
  loc: z.object({ location: z.string().nullish() }).nullish(),
  pixCopiaECola: z.string().nullish(),
  pix: z.array(pix).nullish(),
})
export type Cobranca = z.infer<typeof cobranca>

const listedPix = z.object({
  endToEndId: z.string(),
  txid: z.string().nullish(),
  devolucoes: z.array(devolucao.pick({ id: true, rtrId: true, status: true })).nullish(),
})
export type ListedPix = z.infer<typeof listedPix>

/** A page of received Pix; only which charges they are of, and what went back of them, is asked. */
export const pixPage = z.object({
  parametros: z.object({
    paginacao: z.object({
      paginaAtual: z.coerce.number().int(),
      quantidadeDePaginas: z.coerce.number().int(),
    }),
  }),
  pix: z.array(listedPix).nullish(),
})

/** A call of the webhook. Banks try it with other bodies, too. */
export const pixCall = z.object({
  pix: z.array(z.object({ endToEndId: z.string(), txid: z.string().nullish() })),
})
