import { Secret, TOTP } from 'otpauth'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Caller, startTestApi, type TestApi, testPassword } from '../api.ts'

let api: TestApi
beforeAll(async () => {
  api = await startTestApi()
})
afterAll(() => api.close())

/** What an authenticator app shows now, or some steps later. */
export function codeOf(secret: string, now: Temporal.Instant, steps = 0): string {
  return TOTP.generate({
    secret: Secret.fromBase32(secret),
    timestamp: now.epochMilliseconds + steps * 30_000,
  })
}
const emailOf = async (caller: Caller) => (await caller.get('/session')).body.email

async function enrolTotp(caller: Caller): Promise<{ secret: string; codes: string[] }> {
  const { secret } = (await caller.post('/security/totp')).body
  const done = await caller.post('/security/totp/confirm', { code: codeOf(secret, api.now(), -1) })
  expect(done.status).toBe(200)
  return { secret, codes: done.body.recovery_codes }
}

describe('one-time codes', () => {
  it('asks for a code after the password, and takes each once', async () => {
    const staff = await api.staff('admin')
    const email = await emailOf(staff)
    const { secret, codes } = await enrolTotp(staff)
    expect(codes).toHaveLength(10)
    const visitor = api.nobody('office')
    const first = await visitor.post('/session', { email, password: testPassword })
    expect(first.body).toEqual({
      state: 'second_factor',
      challenge: expect.any(String),
      methods: ['totp', 'recovery_code'],
    })
    expect((await visitor.get('/session')).status).toBe(401)
    const wrong = await visitor.post('/session/second-factor', {
      challenge: first.body.challenge,
      code: '000000',
    })
    expect([wrong.status, wrong.body.code]).toEqual([401, 'second_factor_failed'])
    const right = await visitor.post('/session/second-factor', {
      challenge: first.body.challenge,
      code: codeOf(secret, api.now()),
    })
    expect(right.body).toEqual({ state: 'signed_in', recovery_codes_left: null })
    expect((await visitor.get('/session')).body.email).toBe(email)
  })
})
