// A bank that offers the API Pix, for tests: HTTPS with mutual TLS, OAuth2, charges, Pix, returns, a webhook. Every call and every
// answer is held against the Central Bank's document; tests pay, send back, and let it fail.
import { randomBytes, randomInt } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { composeBrCode } from '../../server/platform/br-code.ts'
import { fromDecimal, multiply, toDecimal } from '../../server/platform/money.ts'
import { createAuthority, issueCertificate } from './certificates.ts'
import { Contract, type Violation } from './contract.ts'

/** How a call of the bank goes wrong: `match` tells which one; each fault is for one call. */
export type BankFault = {
  match: (method: string, path: string) => boolean
  /**
   * lost: nothing is done, nothing answered. late: done at once, answered after `ms`. broken: done, and the connection ends. error:
   * nothing is done, the bank has a fault of its own. garbage: done, the answer is none. unauthorised: the token is not taken.
   */
  kind: 'lost' | 'late' | 'broken' | 'error' | 'garbage' | 'unauthorised'
  ms?: number
  status?: number
}

type Json = Record<string, unknown>
type Charge = {
  kind: 'cob' | 'cobv'
  txid: string
  body: Json
  status: string
  revisao: number
  criacao: string
  loc: { id: number; location: string }
  pix: Json[]
}
type Refused = { status: number; type: string; title: string; detail?: string; violacoes?: Violation[] }
type Answer = { status: number; body?: unknown }

export type BankOptions = {
  now?: () => Temporal.Instant
  /** How long a token is good, in seconds. */
  tokenSeconds?: number
  /** Leaves `pixCopiaECola` away, as some banks do. */
  withoutText?: boolean
  /** Calls the webhook in another way than by its address; answers the status. */
  callHook?: (url: string, body: string) => Promise<number>
  /** Returns are carried out at once; else `settleReturn` does it. */
  returnsAtOnce?: boolean
}

const receiver = {
  nome: 'Pirilampo Telecom Ltda',
  cnpj: '12345678000195',
  logradouro: 'Rua Augusta, 1200',
  cidade: 'São Paulo',
  uf: 'SP',
  cep: '01304001',
}
const day = (instant: Temporal.Instant) => instant.toZonedDateTimeISO('America/Sao_Paulo').toPlainDate()
const cents = (value: unknown) => fromDecimal(String(value), 'BRL') ?? 0
const refusal = (
  status: number,
  type: string,
  title: string,
  violacoes?: Violation[],
  detail?: string,
): Refused => ({
  status,
  type: `https://pix.bcb.gov.br/api/v2/error/${type}`,
  title,
  ...(detail ? { detail } : {}),
  ...(violacoes ? { violacoes } : {}),
})
class Problem extends Error {
  readonly refused: Refused
  constructor(refused: Refused) {
    super(refused.title)
    this.refused = refused
  }
}

/** Basis points of a percentage as the API writes it: `2.50` → 250. */
const basisPoints = (part: unknown) => cents((part as { valorPerc?: string } | undefined)?.valorPerc ?? '0')

/**
 * What is due of a charge on a day, with its parts, as the contract says: fine once and interest by the day (a month of 30) after
 * the due date; a discount until its date; a rebate always.
 */
function amountDue(charge: Charge, on: Temporal.PlainDate): { total: number; parts: Json } {
  const valor = charge.body.valor as Json
  const original = cents(valor.original)
  if (charge.kind === 'cob')
    return { total: original, parts: { original: { valor: toDecimal(original, 'BRL') } } }
  const due = Temporal.PlainDate.from((charge.body.calendario as Json).dataDeVencimento as string)
  const late = Math.max(0, due.until(on).days)
  const multa = late > 0 ? multiply(original, basisPoints(valor.multa), 10_000) : 0
  const juros = multiply(original, basisPoints(valor.juros) * late, 300_000)
  const abatimento = multiply(original, basisPoints(valor.abatimento), 10_000)
  const [first] =
    ((valor.desconto as Json | undefined)?.descontoDataFixa as { data: string; valorPerc: string }[]) ?? []
  const early = first && Temporal.PlainDate.compare(on, Temporal.PlainDate.from(first.data)) <= 0
  const desconto = early ? multiply(original, basisPoints(first), 10_000) : 0
  const parts = Object.fromEntries(
    Object.entries({ original, multa, juros, abatimento, desconto })
      .filter(([name, amount]) => amount > 0 || name === 'original')
      .map(([name, amount]) => [name, { valor: toDecimal(amount, 'BRL') }]),
  )
  return { total: original + multa + juros - abatimento - desconto, parts }
}

export type PixBank = Awaited<ReturnType<typeof startPixBank>>

/** Starts a bank on a port of this machine. Its certificates are trusted by nobody but who is given `ca`. */
export async function startPixBank(options: BankOptions = {}) {
  const now = options.now ?? (() => Temporal.Now.instant())
  const contract = new Contract()
  const bankAuthority = createAuthority('Authority of the bank')
  const clientAuthority = createAuthority('Authority of the bank for its clients')
  const own = issueCertificate(bankAuthority, 'localhost', { server: true })
  const client = issueCertificate(clientAuthority, 'zaguan')
  const credentials = { id: 'zaguan', secret: randomBytes(24).toString('base64url') }
  const key = 'pix@pirilampo.example'

  const tokens = new Map<string, Temporal.Instant>()
  const charges = new Map<string, Charge>()
  const received = new Map<string, Json>()
  let webhook: { url: string; criacao: string } | null = null
  let locations = 0

  /** What callers did against the document; nothing, where a driver keeps to it. */
  const violations: { call: string; violacoes: Violation[] }[] = []
  /** What this bank itself answered against the document: a fault of the test. */
  const ownFaults: string[] = []
  const faults: BankFault[] = []
  const calls: { method: string; path: string; query: string; body: unknown }[] = []
  const hookAnswers: number[] = []

  // What it offers ----------------------------------------------------------------------------------------------------

  const toAnswer = (charge: Charge, complete: boolean): Json => ({
    ...charge.body,
    calendario: {
      ...(charge.kind === 'cob' ? { expiracao: 86_400 } : { validadeAposVencimento: 30 }),
      ...(charge.body.calendario as Json),
      criacao: charge.criacao,
    },
    txid: charge.txid,
    revisao: charge.revisao,
    status: charge.status,
    location: charge.loc.location,
    loc: { ...charge.loc, txid: charge.txid, tipoCob: charge.kind, criacao: charge.criacao },
    ...(charge.kind === 'cobv' ? { recebedor: receiver } : {}),
    ...(options.withoutText
      ? {}
      : {
          pixCopiaECola: composeBrCode({
            url: charge.loc.location,
            name: 'Pirilampo Telecom',
            city: 'Sao Paulo',
            once: true,
          }),
        }),
    ...(complete && charge.pix.length > 0 ? { pix: charge.pix } : {}),
  })

  function putCharge(kind: 'cob' | 'cobv', txid: string, body: Json): Answer {
    const type = kind === 'cob' ? 'CobOperacaoInvalida' : 'CobVOperacaoInvalida'
    const refuse = (propriedade: string, razao: string) =>
      new Problem(
        refusal(400, type, 'Cobrança inválida.', [{ propriedade: `${kind}.${propriedade}`, razao }]),
      )
    const known = charges.get(txid)
    if (known && known.kind !== kind) throw refuse('txid', 'O txid encontra-se em uso.')
    if (known && known.status !== 'ATIVA') throw refuse('status', 'A cobrança não está ATIVA.')
    if (body.chave !== key) throw refuse('chave', 'A chave não pertence a este usuário recebedor.')
    if (cents((body.valor as Json).original) === 0) throw refuse('valor.original', 'O valor é zero.')
    const { dataDeVencimento } = body.calendario as { dataDeVencimento?: string }
    if (
      dataDeVencimento &&
      Temporal.PlainDate.compare(Temporal.PlainDate.from(dataDeVencimento), day(now())) < 0
    )
      throw refuse('calendario.dataDeVencimento', 'A data é anterior à de criação.')
    const charge: Charge = known ?? {
      kind,
      txid,
      body,
      status: 'ATIVA',
      revisao: 0,
      criacao: now().toString({ smallestUnit: 'millisecond' }),
      loc: {
        id: ++locations,
        location: `pix.example.com/qr/v2/${kind === 'cobv' ? 'cobv/' : ''}${randomBytes(16).toString('hex')}`,
      },
      pix: [],
    }
    if (known && JSON.stringify(known.body) !== JSON.stringify(body)) {
      known.body = body
      known.revisao += 1
    }
    charges.set(txid, charge)
    return { status: 201, body: toAnswer(charge, false) }
  }

  function findCharge(kind: string, txid: string): Charge {
    const charge = charges.get(txid)
    if (charge?.kind === kind) return charge
    throw new Problem(
      refusal(404, kind === 'cob' ? 'CobNaoEncontrado' : 'CobVNaoEncontrada', 'Cobrança não encontrada.'),
    )
  }

  function patchCharge(charge: Charge, body: Json): Answer {
    const type = charge.kind === 'cob' ? 'CobOperacaoInvalida' : 'CobVOperacaoInvalida'
    if (charge.status !== 'ATIVA') throw new Problem(refusal(400, type, 'A cobrança não está ATIVA.'))
    const { status, ...rest } = body as { status?: string }
    if (status && Object.keys(rest).length > 0)
      throw new Problem(refusal(400, type, 'Não se remove e altera ao mesmo tempo.'))
    if (status) charge.status = status
    Object.assign(charge.body, rest)
    charge.revisao += 1
    return { status: 200, body: toAnswer(charge, false) }
  }

  function putReturn(e2eid: string, id: string, body: Json): Answer {
    const pix = received.get(e2eid)
    if (!pix) throw new Problem(refusal(404, 'PixNaoEncontrado', 'Pix não encontrado.'))
    pix.devolucoes ??= []
    const returns = pix.devolucoes as Json[]
    const known = returns.find((one) => one.id === id)
    if (known) return { status: 201, body: known }
    const back = returns.reduce(
      (sum, one) => sum + (one.status === 'NAO_REALIZADO' ? 0 : cents(one.valor)),
      0,
    )
    if (cents(body.valor) === 0 || back + cents(body.valor) > cents(pix.valor))
      throw new Problem(
        refusal(400, 'PixDevolucaoInvalida', 'Devolução inválida.', [
          { propriedade: 'devolucao.valor', razao: 'A soma das devoluções ultrapassa o valor do Pix.' },
        ]),
      )
    const made = {
      id,
      rtrId: `D${newId(31)}`,
      valor: body.valor,
      natureza: 'ORIGINAL',
      ...(body.descricao ? { descricao: body.descricao } : {}),
      horario: { solicitacao: now().toString({ smallestUnit: 'millisecond' }) } as Json,
      status: 'EM_PROCESSAMENTO',
    }
    returns.push(made)
    if (options.returnsAtOnce) finishReturn(made, 'DEVOLVIDO')
    return { status: 201, body: made }
  }

  function finishReturn(made: Json, status: 'DEVOLVIDO' | 'NAO_REALIZADO', motivo?: string): void {
    made.status = status
    if (motivo) made.motivo = motivo
    if (status === 'DEVOLVIDO')
      made.horario = {
        ...(made.horario as Json),
        liquidacao: now().toString({ smallestUnit: 'millisecond' }),
      }
  }

  function listPix(query: URLSearchParams): Answer {
    const [inicio, fim] = [query.get('inicio')!, query.get('fim')!]
    const [from, to] = [Temporal.Instant.from(inicio), Temporal.Instant.from(fim)]
    if (Temporal.Instant.compare(to, from) < 0)
      throw new Problem(refusal(400, 'PixConsultaInvalida', 'O fim é anterior ao início.'))
    const paginaAtual = Number(query.get('paginacao.paginaAtual') ?? 0)
    const itensPorPagina = Number(query.get('paginacao.itensPorPagina') ?? 100)
    const found = [...received.values()].filter((pix) => {
      const at = Temporal.Instant.from(pix.horario as string)
      return (
        Temporal.Instant.compare(at, from) >= 0 &&
        Temporal.Instant.compare(at, to) <= 0 &&
        (query.get('txIdPresente') !== 'true' || pix.txid) &&
        (query.get('devolucaoPresente') !== 'true' ||
          ((pix.devolucoes as Json[] | undefined)?.length ?? 0) > 0)
      )
    })
    return {
      status: 200,
      body: {
        parametros: {
          inicio,
          fim,
          paginacao: {
            paginaAtual,
            itensPorPagina,
            quantidadeDePaginas: Math.ceil(found.length / itensPorPagina),
            quantidadeTotalDeItens: found.length,
          },
        },
        pix: found.slice(paginaAtual * itensPorPagina, (paginaAtual + 1) * itensPorPagina),
      },
    }
  }

  /** What an operation of the document does here. */
  function carryOut(
    name: string,
    parameters: Record<string, string>,
    query: URLSearchParams,
    body: Json,
  ): Answer {
    const { txid = '', e2eid = '', id = '', chave = '' } = parameters
    switch (name) {
      case 'PUT /cob/{txid}':
        return putCharge('cob', txid, body)
      case 'PUT /cobv/{txid}':
        return putCharge('cobv', txid, body)
      case 'GET /cob/{txid}':
        return { status: 200, body: toAnswer(findCharge('cob', txid), true) }
      case 'GET /cobv/{txid}':
        return { status: 200, body: toAnswer(findCharge('cobv', txid), true) }
      case 'PATCH /cob/{txid}':
        return patchCharge(findCharge('cob', txid), body)
      case 'PATCH /cobv/{txid}':
        return patchCharge(findCharge('cobv', txid), body)
      case 'GET /pix':
        return listPix(query)
      case 'PUT /pix/{e2eid}/devolucao/{id}':
        return putReturn(e2eid, id, body)
      case 'GET /pix/{e2eid}/devolucao/{id}': {
        const found = ((received.get(e2eid)?.devolucoes ?? []) as Json[]).find((one) => one.id === id)
        if (!found) throw new Problem(refusal(404, 'PixDevolucaoNaoEncontrada', 'Devolução não encontrada.'))
        return { status: 200, body: found }
      }
      case 'PUT /webhook/{chave}':
        if (chave !== key)
          throw new Problem(
            refusal(400, 'WebhookOperacaoInvalida', 'A chave não pertence a este usuário recebedor.'),
          )
        webhook = { url: body.webhookUrl as string, criacao: now().toString({ smallestUnit: 'millisecond' }) }
        return { status: 200 }
      case 'GET /webhook/{chave}':
        if (!webhook || chave !== key) throw new Problem(refusal(404, 'WebhookNaoEncontrado', 'Sem webhook.'))
        return {
          status: 200,
          body: { webhookUrl: webhook.url, cnpj: receiver.cnpj, criacao: webhook.criacao },
        }
      case 'DELETE /webhook/{chave}':
        webhook = null
        return { status: 204 }
      default:
        throw new Problem(refusal(403, 'AcessoNegado', 'Fora do escopo contratado.'))
    }
  }

  // How it is called --------------------------------------------------------------------------------------------------

  function send(response: ServerResponse, { status, body }: Answer): void {
    const type = status >= 400 ? 'application/problem+json' : 'application/json'
    response.writeHead(status, body === undefined ? {} : { 'content-type': type })
    response.end(body === undefined ? '' : JSON.stringify(body))
  }

  async function giveToken(call: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = new URLSearchParams(await text(call))
    const expected = `Basic ${Buffer.from(`${credentials.id}:${credentials.secret}`).toString('base64')}`
    if (call.method !== 'POST' || form.get('grant_type') !== 'client_credentials')
      return send(response, { status: 400, body: { error: 'unsupported_grant_type' } })
    if (call.headers.authorization !== expected)
      return send(response, {
        status: 401,
        body: { error: 'invalid_client', error_description: 'Credenciais inválidas' },
      })
    const token = randomBytes(24).toString('base64url')
    const seconds = options.tokenSeconds ?? 3600
    tokens.set(token, now().add({ seconds }))
    send(response, { status: 200, body: { access_token: token, token_type: 'Bearer', expires_in: seconds } })
  }

  async function serve(call: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(call.url ?? '/', 'https://localhost')
    const method = call.method ?? 'GET'
    const at = faults.findIndex((one) => one.match(method, url.pathname))
    const fault = at < 0 ? undefined : faults.splice(at, 1)[0]
    if (fault?.kind === 'lost') return
    if (fault?.kind === 'error')
      return send(response, {
        status: fault.status ?? 503,
        body: refusal(fault.status ?? 503, 'ServicoIndisponivel', 'Em manutenção.'),
      })
    if (url.pathname === '/oauth/token') return giveToken(call, response)
    const sent = await text(call)
    const path = url.pathname.replace(/^\/api/, '')
    const body = sent === '' ? undefined : (JSON.parse(sent) as Json)
    calls.push({ method, path, query: url.search, body })
    const token = call.headers.authorization?.replace(/^Bearer /, '') ?? ''
    const until = tokens.get(token)
    if (fault?.kind === 'unauthorised' || !until || Temporal.Instant.compare(until, now()) <= 0) {
      tokens.delete(token)
      return send(response, { status: 401, body: refusal(401, 'AcessoNegado', 'Token inválido.') })
    }
    const operation = contract.find(method, path)
    let answer: Answer
    if (!operation) {
      violations.push({
        call: `${method} ${path}`,
        violacoes: [{ propriedade: '', razao: 'no such operation' }],
      })
      answer = { status: 404, body: refusal(404, 'NaoEncontrado', 'Operação inexistente.') }
    } else {
      const violacoes = [...operation.checkQuery(url.searchParams), ...operation.checkBody(body)]
      if (body !== undefined && call.headers['content-type'] !== 'application/json')
        violacoes.push({ propriedade: 'content-type', razao: 'application/json' })
      if (violacoes.length > 0) {
        violations.push({ call: `${method} ${path}`, violacoes })
        answer = { status: 400, body: refusal(400, 'RequisicaoInvalida', 'Requisição inválida.', violacoes) }
      } else {
        try {
          answer = carryOut(`${method} ${operation.path}`, operation.parameters, url.searchParams, body ?? {})
        } catch (error) {
          if (!(error instanceof Problem)) throw error
          answer = { status: error.refused.status, body: error.refused }
        }
      }
      const check = operation.checkAnswer(answer.status)
      const wrong = check
        ? answer.body === undefined
          ? []
          : check(answer.body)
        : [{ propriedade: '', razao: 'no such answer' }]
      if (wrong.length > 0) ownFaults.push(`${method} ${path} → ${answer.status}: ${JSON.stringify(wrong)}`)
    }
    if (fault?.kind === 'late') await sleep(fault.ms ?? 1000)
    if (fault?.kind === 'broken') return void response.destroy()
    if (fault?.kind === 'garbage') {
      response.writeHead(answer.status, { 'content-type': 'text/html' })
      return void response.end('<html>Bem-vindo ao banco</html>')
    }
    send(response, JSON.parse(JSON.stringify(answer)))
  }

  const server = createServer(
    {
      cert: own.certificate,
      key: own.key,
      ca: clientAuthority.certificate,
      requestCert: true,
      rejectUnauthorized: true,
    },
    (call, response) => {
      serve(call, response).catch((error: unknown) => {
        ownFaults.push(String(error))
        response.destroy()
      })
    },
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `https://localhost:${(server.address() as AddressInfo).port}`

  const newId = (length: number) =>
    Array.from({ length }, () => 'ABCDEFGHJKLMNPQRSTUVWXYZ0123456789'[randomInt(34)]).join('')

  const callHook =
    options.callHook ??
    (async (url: string, body: string) =>
      (await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })).status)

  /** Calls the webhook about some Pix, as the contract says: its address with `/pix` behind it. */
  async function tell(pix: Json[], suffix = '/pix'): Promise<number | null> {
    if (!webhook) return null
    const body = { pix }
    const wrong = contract.checkBodyOf('WebhookPixBody')(body)
    if (wrong.length > 0) ownFaults.push(`webhook: ${JSON.stringify(wrong)}`)
    const status = await callHook(`${webhook.url}${suffix}`, JSON.stringify(body)).catch(() => 0)
    hookAnswers.push(status)
    return status
  }

  return {
    /** What staff would type in. */
    settings: {
      api_url: `${origin}/api`,
      token_url: `${origin}/oauth/token`,
      client_id: credentials.id,
      key,
    },
    secrets: {
      client_secret: credentials.secret,
      certificate: client.certificate,
      private_key: client.key,
      ca: bankAuthority.certificate,
    },
    clientAuthority,
    violations,
    ownFaults,
    faults,
    calls,
    hookAnswers,
    charges,
    received,
    get webhook() {
      return webhook
    },
    /** All tokens end now. */
    forgetTokens: () => tokens.clear(),
    tell,

    /**
     * Somebody pays a charge: what is due of it at that moment, or another amount; again, where `twice` says so. The webhook is
     * called, unless `quiet`.
     */
    async pay(
      txid: string,
      payment: { at?: Temporal.Instant; amount?: number; twice?: boolean; quiet?: boolean } = {},
    ): Promise<{ e2eid: string; amount: number }> {
      const charge = charges.get(txid)
      if (!charge) throw new Error(`nobody asked for ${txid}`)
      if (charge.status !== 'ATIVA' && !payment.twice) throw new Error(`${txid} is ${charge.status}`)
      const at = payment.at ?? now()
      const { total, parts } = amountDue(charge, day(at))
      const amount = payment.amount ?? total
      const minute = at.toString({ smallestUnit: 'minute' }).replaceAll(/\D/g, '').slice(0, 12)
      const pix: Json = {
        endToEndId: `E12345678${minute}${newId(11)}`,
        txid,
        valor: toDecimal(amount, 'BRL'),
        ...(payment.amount === undefined ? { componentesValor: parts } : {}),
        chave: key,
        horario: at.toString({ smallestUnit: 'millisecond' }),
        infoPagador: 'pago pelo app',
      }
      charge.pix.push(pix)
      charge.status = 'CONCLUIDA'
      received.set(pix.endToEndId as string, pix)
      if (!payment.quiet) await tell([pix])
      return { e2eid: pix.endToEndId as string, amount }
    },

    /** Carries out a return that was asked for, or refuses it. */
    async settleReturn(e2eid: string, status: 'DEVOLVIDO' | 'NAO_REALIZADO', motivo?: string): Promise<void> {
      const pix = received.get(e2eid)!
      const waiting = (pix.devolucoes as Json[]).find((one) => one.status === 'EM_PROCESSAMENTO')
      if (!waiting) throw new Error('no return waits')
      finishReturn(waiting, status, motivo)
      await tell([pix])
    },

    /** The payer's bank takes money back (MED): for fraud. The webhook is called, unless `quiet`. */
    async takeBack(e2eid: string, amount: number, { quiet = false } = {}): Promise<void> {
      const pix = received.get(e2eid)!
      const made: Json = {
        id: newId(20),
        rtrId: `D${newId(31)}`,
        valor: toDecimal(amount, 'BRL'),
        natureza: 'MED_FRAUDE',
        horario: { solicitacao: now().toString({ smallestUnit: 'millisecond' }) },
      }
      finishReturn(made, 'DEVOLVIDO')
      pix.devolucoes = [...((pix.devolucoes as Json[] | undefined) ?? []), made]
      if (!quiet) await tell([pix])
    },

    async close(): Promise<void> {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
