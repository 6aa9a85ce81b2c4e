// The Central Bank of Brazil's API Pix (2.9), which every bank and payment institution offers that takes Pix for companies.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { z } from 'zod'
import {
  type HookCall,
  type HookReading,
  type MovedMoney,
  type ProviderDriver,
  ProviderRefusal,
  ProviderSilence,
  type RefundRequest,
  type RefundStanding,
  type Standing,
} from '../../modules/payments/index.ts'
import { dashUuid } from '../../platform/br-code.ts'
import { toDecimal } from '../../platform/money.ts'
import { type ChargeKind, describeCharge, readRef, refOfReturn, toStanding, txidOf } from './charges.ts'
import { type PixAnswer, type PixContext, PixLines, sayProblem, toRefusal } from './connection.ts'
import { type Cobranca, cobranca, devolucao, type ListedPix, pixCall, pixPage } from './messages.ts'
import { type PixSecrets, type PixSettings, pixFields, pixSecrets, pixSettings } from './settings.ts'

const pageSize = 500
/** A list that does not end is not read for ever. */
const mostPages = 2000
/**
 * How long after a Pix it may go back: 90 days by the contract, and some for a forced return that was asked for at the end of its
 * own time.
 */
const mostReturnDays = 96
const returnDaysAtOnce = 3

/** An answer as it has to be. One that is not leaves open what was done: nobody knows. */
function read<S extends z.ZodType>(schema: S, answer: PixAnswer): z.output<S> {
  const found = schema.safeParse(answer.body)
  if (found.success) return found.data
  const faults = found.error.issues.slice(0, 5).map(({ path, message }) => `${path.join('.')}: ${message}`)
  throw new ProviderSilence(`an answer that is not of the API Pix (${faults.join('; ')})`.slice(0, 900))
}

/** What proves that a call of the webhook is the bank's: nobody else knows it, and no form has to hold it. */
function tokenOfHook(providerId: string, secrets: PixSecrets): string {
  return createHmac('sha256', secrets.client_secret)
    .update(`zaguan pix webhook ${providerId}`)
    .digest('base64url')
}

/** Where the bank is told to call. Banks put `/pix` behind it, some behind its query. */
export function hookUrl(context: PixContext): string {
  const { public_url, provider_id, secrets } = context
  return `${public_url}/api/v1/hooks/payments/${provider_id}?token=${tokenOfHook(provider_id, secrets)}`
}

/** Instants as they are asked by: whole seconds, the earlier one down and the later one up. */
const between = (from: Temporal.Instant, to: Temporal.Instant) => ({
  inicio: from.round({ smallestUnit: 'second', roundingMode: 'floor' }).toString(),
  fim: to.round({ smallestUnit: 'second', roundingMode: 'ceil' }).toString(),
})

/** What went back of a listed Pix; of what is only asked for, nothing did. */
const returnsOf = (key: string, { devolucoes }: ListedPix): MovedMoney[] =>
  (devolucoes ?? [])
    .filter(({ status }) => status === 'DEVOLVIDO')
    .map((back) => ({ key, money_ref: refOfReturn(back) }))

const sameText = (left: string, right: string) => {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(left), digest(right))
}

async function readHook(context: PixContext, call: HookCall): Promise<HookReading | null> {
  const given = (call.query.token ?? '').replace(/\/pix\/?$/, '')
  if (!sameText(given, tokenOfHook(context.provider_id, context.secrets))) return null
  if (
    context.settings.webhook_proof === 'token_and_certificate' &&
    call.headers['x-ssl-client-verify'] !== 'SUCCESS'
  )
    return null
  const event_key = createHash('sha256').update(call.body).digest('hex')
  let body: unknown = null
  try {
    body = JSON.parse(call.body.toString('utf8'))
  } catch {
    // Banks try a webhook with an empty body when it is set.
  }
  const read = pixCall.safeParse(body)
  const keys = read.success ? read.data.pix.map(({ txid }) => dashUuid(txid ?? '')) : []
  return { event_key, about: [...new Set(keys)].flatMap((key) => (key === null ? [] : [{ key }])) }
}

/** The driver of the API Pix, with its connections to banks. */
export function createPixDriver(): ProviderDriver<PixSettings, PixSecrets> & { close: () => void } {
  const lines = new PixLines()

  /** A charge as it stands at the bank; null where it knows none of this kind. */
  async function find(context: PixContext, kind: ChargeKind, txid: string): Promise<Cobranca | null> {
    const answer = await lines.call(context, 'GET', `/${kind}/${txid}`)
    if (answer.status === 404) return null
    if (answer.status >= 400) throw toRefusal(answer)
    return read(cobranca, answer)
  }

  async function locate(
    context: PixContext,
    { key, ref }: { key: string; ref: string | null },
  ): Promise<{ kind: ChargeKind; charge: Cobranca } | null> {
    const known = ref === null ? null : readRef(ref)
    const txid = known?.txid ?? txidOf(key)
    for (const kind of known ? [known.kind] : (['cobv', 'cob'] as const)) {
      const charge = await find(context, kind, txid)
      if (charge) return { kind, charge }
    }
    return null
  }

  async function lookUp(context: PixContext, charge: { key: string; ref: string | null }): Promise<Standing> {
    const found = await locate(context, charge)
    if (!found) return { state: 'absent', ref: null, received: [], reversed: [] }
    return toStanding(context.settings, found.kind, found.charge, context.now)
  }

  const returnPath = ({ key, payment_ref }: RefundRequest) =>
    `/pix/${encodeURIComponent(payment_ref)}/devolucao/${txidOf(key)}`

  function toRefundStanding(answer: PixAnswer): RefundStanding {
    const back = read(devolucao, answer)
    if (back.status === 'NAO_REALIZADO')
      return { state: 'failed', detail: back.motivo ?? 'the bank did not carry it out' }
    return { state: back.status === 'DEVOLVIDO' ? 'done' : 'pending', ref: refOfReturn(back) }
  }

  async function lookUpRefund(context: PixContext, refund: RefundRequest): Promise<RefundStanding> {
    const answer = await lines.call(context, 'GET', returnPath(refund))
    if (answer.status === 404) return { state: 'absent' }
    if (answer.status >= 400) throw toRefusal(answer)
    return toRefundStanding(answer)
  }

  /** The Pix of charges that came in between two instants, page by page. */
  async function* listPix(
    context: PixContext,
    from: Temporal.Instant,
    to: Temporal.Instant,
    filter: Record<string, string>,
  ): AsyncGenerator<ListedPix> {
    for (let page = 0; page < mostPages; page++) {
      const answer = await lines.call(context, 'GET', '/pix', {
        query: {
          ...between(from, to),
          txIdPresente: 'true',
          ...filter,
          'paginacao.paginaAtual': String(page),
          'paginacao.itensPorPagina': String(pageSize),
        },
      })
      if (answer.status >= 400) throw toRefusal(answer)
      const { parametros, pix } = read(pixPage, answer)
      yield* pix ?? []
      if (page + 1 >= parametros.paginacao.quantidadeDePaginas) return
    }
  }

  return {
    kind: 'pix',
    methods: ['pix'],
    currencies: ['BRL'],
    capabilities: { stores: false, refunds: 'partial', cancels: true, webhook: true, by_files: false },
    fields: pixFields,
    settings: pixSettings,
    secrets: pixSecrets,

    /** Logs in, asks for the Pix of the last minute, and sets the webhook, unless staff want none. */
    async test(context) {
      const { now, settings } = context
      const query = {
        ...between(now.subtract({ minutes: 1 }), now),
        'paginacao.itensPorPagina': '1',
      }
      const listed = await lines.call(context, 'GET', '/pix', { query })
      if (listed.status >= 400) throw toRefusal(listed)
      read(pixPage, listed)
      if (settings.no_webhook) return
      const set = await lines.call(context, 'PUT', `/webhook/${encodeURIComponent(settings.key)}`, {
        body: { webhookUrl: hookUrl(context) },
      })
      if (set.status >= 400) throw new ProviderRefusal('pix_webhook_refused', sayProblem(set))
    },

    async create(context, request) {
      const { settings, now } = context
      const { kind, body } = describeCharge(settings, request, now)
      const answer = await lines.call(context, 'PUT', `/${kind}/${txidOf(request.key)}`, { body })
      if (answer.status >= 400) {
        // The same key may have got there before, by a call whose answer we never had.
        const there = await lookUp(context, { key: request.key, ref: null })
        if (there.state !== 'absent') return there
        throw toRefusal(answer)
      }
      return toStanding(settings, kind, read(cobranca, answer), now)
    },

    lookUp,

    async cancel(context, charge) {
      const found = await locate(context, charge)
      if (!found) return { state: 'cancelled', ref: null, received: [], reversed: [] }
      const { kind } = found
      if (found.charge.status === 'ATIVA') {
        const answer = await lines.call(context, 'PATCH', `/${kind}/${found.charge.txid}`, {
          body: { status: 'REMOVIDA_PELO_USUARIO_RECEBEDOR' },
        })
        // Refused where it was paid in between: how it stands is asked in any case.
        if (answer.status >= 400 && answer.status !== 400) throw toRefusal(answer)
      }
      return lookUp(context, { key: charge.key, ref: `${kind}/${found.charge.txid}` })
    },

    async refund(context, refund) {
      const answer = await lines.call(context, 'PUT', returnPath(refund), {
        body: {
          valor: toDecimal(refund.amount, 'BRL'),
          ...(refund.reason ? { descricao: refund.reason.slice(0, 140) } : {}),
        },
      })
      if (answer.status < 400) return toRefundStanding(answer)
      const there = await lookUpRefund(context, refund)
      return there.state === 'absent' ? { state: 'failed', detail: sayProblem(answer) } : there
    },

    lookUpRefund,
    readHook,

    /**
     * What came in, with what went back of it; and what went back of earlier Pix, which banks list by when they came in and not by
     * when they were returned.
     */
    async *listReceived(context, from, to) {
      for await (const pix of listPix(context, from, to, {})) {
        const key = dashUuid(pix.txid ?? '')
        if (key === null) continue
        yield { key, money_ref: pix.endToEndId }
        yield* returnsOf(key, pix)
      }
      // Piece by piece: banks limit for how long a time they are asked.
      for (let days = 0; days < mostReturnDays; days += returnDaysAtOnce) {
        const until = from.subtract({ hours: 24 * days })
        const since = until.subtract({ hours: 24 * returnDaysAtOnce })
        for await (const pix of listPix(context, since, until, { devolucaoPresente: 'true' })) {
          const key = dashUuid(pix.txid ?? '')
          if (key !== null) yield* returnsOf(key, pix)
        }
      }
    },

    close: () => lines.close(),
  }
}

/** The API Pix. */
export const pixDriver = createPixDriver()
