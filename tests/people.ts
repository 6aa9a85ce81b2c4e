import { Secret, TOTP } from 'otpauth'
import pg from 'pg'
import { expect } from 'vitest'
import { type Caller, type TestApi, testPassword } from './api.ts'
import type { Authenticator } from './authenticator.ts'
import { openBrowser, type TestBrowser } from './browser.ts'
import { runJobs } from './jobs.ts'

/** What an authenticator app shows now, or some steps of 30 seconds later. */
export function codeOf(secret: string, now: Temporal.Instant, steps = 0): string {
  return TOTP.generate({
    secret: Secret.fromBase32(secret),
    timestamp: now.epochMilliseconds + steps * 30_000,
  })
}

/** Sets an authenticator app up, by the code of the step before, so that the present one is still unused. */
export async function enrolTotp(api: TestApi, who: Caller): Promise<{ secret: string; codes: string[] }> {
  const { secret } = (await who.post('/security/totp')).body
  const done = await who.post('/security/totp/confirm', { code: codeOf(secret, api.now(), -1) })
  expect(done.status, JSON.stringify(done.body)).toBe(200)
  return { secret, codes: done.body.recovery_codes }
}

export async function addPasskey(who: Caller, device: Authenticator, name = 'Laptop') {
  const { challenge, options } = (await who.post('/security/passkeys/options')).body
  const reply = await who.post('/security/passkeys', { challenge, response: device.create(options), name })
  expect(reply.status, JSON.stringify(reply.body)).toBe(201)
  return reply.body
}

export const emailOf = async (who: Caller): Promise<string> => (await who.get('/session')).body.email

/** Signs in by password in a browser of its own, which keeps all cookies. */
export async function signInBrowser(
  api: TestApi,
  side: 'office' | 'portal',
  email: string,
  options: Parameters<typeof openBrowser>[2] = {},
): Promise<TestBrowser> {
  const browser = openBrowser(api, side, options)
  const reply = await browser.send('POST', '/session', { email, password: testPassword })
  expect(reply.status, JSON.stringify(reply.body)).toBe(200)
  return browser
}

let customers = 0
/** A customer with an account of their own, signed in. */
export async function makeCustomer(
  api: TestApi,
  admin: Caller,
  unitId: string,
  email = `cliente${++customers}@casa.example`,
): Promise<Caller & { email: string }> {
  const made = await admin.post('/accounts', { business_unit_id: unitId, name: `Cliente ${email}`, email })
  expect(made.status, JSON.stringify(made.body)).toBe(201)
  return Object.assign(await api.customer(email), { email })
}

/** The newest mail of a kind to an address, once every job has run. */
export async function readMail(api: TestApi, to: string, kind: string) {
  await runJobs(api)
  const found = await api.system((tx) =>
    tx
      .selectFrom('notices')
      .selectAll()
      .where('to_email', '=', to)
      .where('kind', '=', kind as 'password_reset')
      .orderBy('id', 'desc')
      .executeTakeFirst(),
  )
  return found
}

/** The token of the link in a mail. */
export function tokenIn(mail: { text_body: string | null } | undefined): string {
  const found = /[?&]token=([\w-]+)/.exec(mail?.text_body ?? '')?.[1]
  if (!found) throw new Error('no link in the mail')
  return found
}

/** Asks the database as its owner: what no login may see, or time that must pass. */
export async function askOwner(api: TestApi, text: string, values: unknown[] = []) {
  const client = new pg.Client({ connectionString: api.database.ownerUrl })
  await client.connect()
  try {
    return (await client.query(text, values)).rows
  } finally {
    await client.end()
  }
}
