import { randomBytes } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Tx, transactAsSystem } from '../../platform/database.ts'
import type { App } from '../../platform/http.ts'
import { chooseLanguage, isLanguage, type Language } from '../../platform/translations.ts'
import {
  answerSecondStep,
  cancelCharge,
  chooseScenario,
  disputeCharge,
  findByRef,
  listMovements,
  type SandboxCharge,
  winDispute,
} from './book.ts'
import { renderCharge, renderGone } from './page.ts'

/**
 * The sandbox's page: for the payer, whom the portal sends there, so it knows no session. Who knows a charge's ref (256 random
 * bits) may see it and decide what becomes of it, as at any provider's.
 */
export function registerSandbox(app: App): void {
  const read = <T>(work: (tx: Tx) => Promise<T>) =>
    transactAsSystem(
      app.office,
      { kind: 'system', way: 'job', operation: 'sandbox:page', name: 'Sandbox' },
      work,
    )
  const rateLimit = { max: 120, timeWindow: '1 minute' }

  async function show(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const found = await read(async (tx) => {
      const charge = await findByRef(tx, refOf(request))
      return charge && { charge, movements: await listMovements(tx, [charge.id]) }
    })
    const nonce = randomBytes(16).toString('base64')
    const language = languageOf(request, found?.charge ?? null)
    const returns = found ? ` ${new URL(found.charge.return_url).origin}` : ''
    return reply
      .code(found ? 200 : 404)
      .type('text/html; charset=utf-8')
      .headers({
        'cache-control': 'no-store',
        'content-security-policy': `default-src 'none'; style-src 'nonce-${nonce}'; img-src data:; base-uri 'none'; form-action 'self'${returns}; frame-ancestors 'none'`,
      })
      .send(found ? renderCharge({ ...found, language, now: app.now(), nonce }) : renderGone(language, nonce))
  }

  async function act(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const ref = refOf(request)
    const form = new URLSearchParams(typeof request.body === 'string' ? request.body : '')
    const charge = await read((tx) => perform(tx, ref, form, app.now()))
    // What is over goes back to the house; whatever else there is to say stands on the page.
    const leaves = form.get('do') !== 'dispute' && form.get('do') !== 'win'
    const to =
      charge && leaves && charge.ended_at !== null
        ? charge.return_url
        : `/sandbox/${ref}?language=${languageOf(request, charge)}`
    return reply.redirect(to, 303)
  }

  app.server.register(async (scope) => {
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: 2000 },
      (_request, body, done) => done(null, body),
    )
    const options = { config: { rateLimit }, schema: { hide: true } }
    scope.get('/sandbox/:ref', options, show)
    scope.post('/sandbox/:ref', options, act)
  })
}

/** What was pressed; null where it did not fit any more, so that the page shows why. */
async function perform(
  tx: Tx,
  ref: string,
  form: URLSearchParams,
  now: Temporal.Instant,
): Promise<SandboxCharge | null> {
  switch (form.get('do')) {
    case 'choose':
      return chooseScenario(tx, ref, form.get('scenario') ?? '', now)
    case 'approve':
      return answerSecondStep(tx, ref, true, now)
    case 'refuse':
      return answerSecondStep(tx, ref, false, now)
    case 'cancel': {
      const charge = await findByRef(tx, ref, true)
      return charge && cancelCharge(tx, charge, now)
    }
    case 'dispute':
      return disputeCharge(tx, ref, now)
    case 'win':
      return winDispute(tx, ref, now)
    default:
      return null
  }
}

const refOf = (request: FastifyRequest) => (request.params as { ref: string }).ref

function languageOf(request: FastifyRequest, charge: SandboxCharge | null): Language {
  const { language } = request.query as { language?: unknown }
  if (isLanguage(language)) return language
  // Whoever sits there may read another language than the account's papers are written in.
  const fallback = charge && isLanguage(charge.language) ? charge.language : 'en'
  return chooseLanguage(request.headers['accept-language'], fallback)
}
