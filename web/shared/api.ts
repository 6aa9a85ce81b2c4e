import createClient, { type Client, type Middleware } from 'openapi-fetch'
import type { paths } from './api-types.gen.ts'
import { currentLanguage } from './i18n.ts'
import { askForIdentity } from './identity.ts'
import { ProblemError, toProblem } from './problem.ts'

/** Sent on `window` when the API answers that nobody is signed in; main.tsx leads to the sign-in and back. */
export const signedOutEvent = 'zaguan:signed-out'

/** Sent when it answers that the operator demands a second factor of whoever is signed in, who has none. */
export const secondFactorEvent = 'zaguan:second-factor'

const conventions: Middleware = {
  onRequest({ request }) {
    request.headers.set('accept-language', currentLanguage())
    if (request.method === 'POST' && !request.headers.has('idempotency-key')) {
      request.headers.set('idempotency-key', crypto.randomUUID())
    }
    return request
  },
  async onResponse({ response, schemaPath }) {
    if (response.status === 403 && (await codeOf(response)) === 'second_factor_needed') {
      window.dispatchEvent(new CustomEvent(secondFactorEvent))
    }
    if (response.status !== 401) return
    // Who asks whether somebody is signed in learns it from the answer. A wrong password or code is 401 too, and is the
    // business of its own form.
    if (/\/session$/.test(schemaPath) || (await codeOf(response)) !== 'sign_in_needed') return
    window.dispatchEvent(new CustomEvent(signedOutEvent))
  },
}

async function codeOf(response: Response): Promise<unknown> {
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => null)
  return typeof body === 'object' && body !== null && 'code' in body ? body.code : undefined
}

const sent = new Map<string, Request>()

/** What changes the way in is refused until the person proves who they are: they are asked, and it is sent again. */
const confirmations: Middleware = {
  onRequest({ id, request }) {
    if (request.method !== 'GET') sent.set(id, request.clone())
  },
  async onResponse({ id, response }) {
    const again = sent.get(id)
    sent.delete(id)
    if (!again || response.status !== 403 || (await codeOf(response)) !== 'confirmation_needed') return
    return (await askForIdentity()) ? fetch(again) : response
  },
  onError({ id }) {
    sent.delete(id)
  },
}

/** A client typed by the OpenAPI document. The session travels in its cookie; every POST carries an Idempotency-Key. */
function createApi(): Client<paths> {
  const client = createClient<paths>({ baseUrl: window.location.origin, credentials: 'same-origin' })
  client.use(conventions, confirmations)
  return client
}

/** The client of both apps: `orThrow(api.GET('/api/v1/portal/invoices/{id}', { params: { path: { id } } }))`. */
export const api: Client<paths> = createApi()

interface Answer<Data> {
  data?: Data
  error?: unknown
  response: Response
}

/** The body of a successful answer; anything else is thrown as the one ProblemError. */
export async function orThrow<Data>(call: Promise<Answer<Data>>): Promise<Data> {
  let answer: Answer<Data>
  try {
    answer = await call
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause
    throw new ProblemError(toProblem(cause))
  }
  if (!answer.response.ok) throw new ProblemError(toProblem(answer.error, answer.response))
  return answer.data as Data
}

/** The header that makes repeating a request harmless: one key for as long as it is the same attempt. */
export function idempotent(key: string): { 'Idempotency-Key': string } {
  return { 'Idempotency-Key': key }
}
