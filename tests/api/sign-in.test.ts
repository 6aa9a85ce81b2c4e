import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Caller, startTestApi, type TestApi, testPassword } from '../api.ts'
import { Authenticator } from '../authenticator.ts'
import { openBrowser } from '../browser.ts'
import {
  addPasskey,
  askOwner,
  codeOf,
  emailOf,
  enrolTotp,
  makeCustomer,
  readMail,
  tokenIn,
} from '../people.ts'

let api: TestApi
let admin: Caller
let unit: { id: string }
beforeAll(async () => {
  api = await startTestApi()
  admin = await api.staff('admin')
  unit = await api.unit({ slug: 'ponte', name: 'Ponte Fibra', host: 'minha.ponte.example' })
})
afterAll(() => api.close())
// Each test is a day of its own: codes and their steps are fresh.
let day = 0
beforeEach(() =>
  api.setNow(
    Temporal.Instant.from('2026-05-21T15:00:00Z')
      .add({ hours: 24 * ++day })
      .toString(),
  ),
)

describe('signing in by password', () => {
  it('answers that one is in, and sets cookies that scripts cannot read', async () => {
    const email = await emailOf(admin)
    const browser = openBrowser(api, 'office')
    const reply = await browser.send('POST', '/session', { email, password: testPassword })
    expect([reply.status, reply.body]).toEqual([200, { state: 'signed_in', recovery_codes_left: null }])
    const set = String(reply.headers['set-cookie'])
    expect(set.match(/HttpOnly/g)).toHaveLength(2)
    expect(set.match(/SameSite=Lax/g)).toHaveLength(2)
    expect((await browser.send('GET', '/session')).body.email).toBe(email)
    expect((await browser.send('DELETE', '/session')).status).toBe(204)
    expect((await browser.send('GET', '/session')).status).toBe(401)
  })

  it('ends a session of staff after twelve hours without a request, of customers after thirty days', async () => {
    const staff = await api.staff('support')
    const customer = await makeCustomer(api, admin, unit.id)
    const age = (days: number, idle: string) =>
      askOwner(
        api,
        `update sessions set last_seen_at = now() - interval '${idle}',
                             expires_at = now() + interval '30 days' - interval '${days} days'`,
      )
    await age(1, '11 hours')
    expect((await staff.get('/session')).status).toBe(200)
    await age(1, '13 hours')
    expect((await staff.get('/session')).status).toBe(401)
    expect((await customer.get('/session')).status).toBe(200)
    await age(31, '13 hours')
    expect((await customer.get('/session')).status).toBe(401)
    admin = await api.staff('admin')
  })

  it('lets a disabled person do nothing from the next request on', async () => {
    const staff = await api.staff('support')
    const { user_id, email } = (await staff.get('/session')).body
    expect((await admin.patch(`/staff/${user_id}`, { disabled: true })).status).toBe(200)
    expect((await staff.get('/session')).status).toBe(401)
    const again = await api.nobody('office').post('/session', { email, password: testPassword })
    expect(again.body.code).toBe('sign_in_failed')
  })
})

describe('one-time codes', () => {
  it('are asked for after the password; nothing is open before', async () => {
    const staff = await api.staff('admin')
    const email = await emailOf(staff)
    const { secret, codes } = await enrolTotp(api, staff)
    expect(new Set(codes).size).toBe(10)
    const visitor = api.nobody('office')
    const first = await visitor.post('/session', { email, password: testPassword })
    expect(first.body).toEqual({
      state: 'second_factor',
      challenge: expect.any(String),
      methods: ['totp', 'recovery_code'],
    })
    expect(visitor.cookie).toBe('')
    const { challenge } = first.body
    const wrong = await visitor.post('/session/second-factor', { challenge, code: '000000' })
    expect([wrong.status, wrong.body.code]).toEqual([401, 'second_factor_failed'])
    const right = await visitor.post('/session/second-factor', { challenge, code: codeOf(secret, api.now()) })
    expect(right.body).toEqual({ state: 'signed_in', recovery_codes_left: null })
    expect((await visitor.get('/session')).body.email).toBe(email)
    const used = await visitor.post('/session/second-factor', {
      challenge,
      code: codeOf(secret, api.now(), 1),
    })
    expect([used.status, used.body.code]).toEqual([410, 'challenge_expired'])
  })

  it('may be a clock’s step off, and no more', async () => {
    const staff = await api.staff('support')
    const email = await emailOf(staff)
    const { secret } = await enrolTotp(api, staff)
    for (const [steps, status] of [
      [2, 401],
      [1, 200],
    ] as const) {
      const visitor = api.nobody('office')
      const { challenge } = (await visitor.post('/session', { email, password: testPassword })).body
      const reply = await visitor.post('/session/second-factor', {
        challenge,
        code: codeOf(secret, api.now(), steps),
      })
      expect(reply.status).toBe(status)
    }
  })

  it('may be replaced by a recovery code, which says how many are left', async () => {
    const customer = await makeCustomer(api, admin, unit.id)
    const { codes } = await enrolTotp(api, customer)
    const visitor = api.nobody('portal')
    const { challenge } = (await visitor.post('/session', { email: customer.email, password: testPassword }))
      .body
    const reply = await visitor.post('/session/second-factor', { challenge, code: codes[3]!.toUpperCase() })
    expect(reply.body).toEqual({ state: 'signed_in', recovery_codes_left: 9 })
    expect((await visitor.get('/security')).body.recovery_codes_left).toBe(9)
  })

  it('are asked for after a link, too', async () => {
    const customer = await makeCustomer(api, admin, unit.id)
    const { secret } = await enrolTotp(api, customer)
    const visitor = api.nobody('portal')
    await visitor.post('/password-requests', { email: customer.email })
    const token = tokenIn(await readMail(api, customer.email, 'password_reset'))
    const chosen = await visitor.post('/password', { token, password: 'a new and longer one' })
    expect(chosen.body.state).toBe('second_factor')
    const { challenge } = chosen.body
    const reply = await visitor.post('/session/second-factor', { challenge, code: codeOf(secret, api.now()) })
    expect(reply.body.state).toBe('signed_in')
  })
})

describe('passkeys', () => {
  it('sign in alone, without an e-mail', async () => {
    const customer = await makeCustomer(api, admin, unit.id)
    const device = new Authenticator()
    const kept = await addPasskey(customer, device, 'My phone')
    expect(kept).toMatchObject({ name: 'My phone', backed_up: true, last_used_at: null })
    const visitor = api.nobody('portal')
    const { challenge, options } = (await visitor.post('/session/passkey-options', {})).body
    expect(options).toMatchObject({ rpId: 'localhost', userVerification: 'required' })
    expect(options.allowCredentials).toBeUndefined()
    const reply = await visitor.post('/session/passkey', { challenge, response: device.get(options) })
    expect(reply.body).toEqual({ state: 'signed_in', recovery_codes_left: null })
    expect((await visitor.get('/session')).body.email).toBe(customer.email)
    expect((await visitor.get('/security')).body.passkeys[0].last_used_at).not.toBeNull()
    expect((await visitor.get('/security/sessions')).body.items[0]).toMatchObject({
      current: true,
      method: 'passkey',
      second_factor: true,
    })
  })

  it('are the second step of a sign-in', async () => {
    const staff = await api.staff('support')
    const email = await emailOf(staff)
    await enrolTotp(api, staff)
    const device = new Authenticator()
    await addPasskey(staff, device)
    const visitor = api.nobody('office')
    const first = (await visitor.post('/session', { email, password: testPassword })).body
    expect(first.methods).toEqual(['totp', 'recovery_code', 'passkey'])
    const offer = (await visitor.post('/session/passkey-options', { challenge: first.challenge })).body
    expect(offer.options.allowCredentials).toHaveLength(1)
    const response = device.get(offer.options)
    const reply = await visitor.post('/session/passkey', { challenge: offer.challenge, response })
    expect(reply.body.state).toBe('signed_in')
    const spent = await visitor.post('/session/second-factor', { challenge: first.challenge, code: '123456' })
    expect(spent.body.code).toBe('challenge_expired')
  })

  it('belong to the host of the business unit where they were made', async () => {
    const customer = await makeCustomer(api, admin, unit.id)
    const browser = openBrowser(api, 'portal', { host: 'minha.ponte.example:3000' })
    browser.cookies.set(customer.cookie.split('=')[0]!, customer.cookie.split('=')[1]!)
    const { options, challenge } = (await browser.send('POST', '/security/passkeys/options')).body
    expect(options.rp).toEqual({ id: 'minha.ponte.example', name: 'Ponte Fibra' })
    const device = new Authenticator('http://minha.ponte.example:3000')
    const body = { challenge, response: device.create(options), name: 'Here' }
    expect((await browser.send('POST', '/security/passkeys', body)).status).toBe(201)
    const elsewhere = openBrowser(api, 'portal', { host: 'anything.else.example' })
    const { options: others } = (await elsewhere.send('POST', '/session/passkey-options', {})).body
    expect(others.rpId).toBe('localhost')
  })
})

describe('how good a password is', () => {
  const rate = async (password: string, inputs: string[] = []) =>
    (await api.nobody('portal').post('/password-strength', { password, inputs })).body

  it('is said with codes that have a text', async () => {
    expect(await rate('password123')).toMatchObject({ score: 0, breached: true, acceptable: false })
    expect(await rate('aaaaaaaaaaaaaaa')).toMatchObject({ warning: 'simple_repeat', acceptable: false })
    expect(await rate('maria.oliveira1', ['maria.oliveira@casa.example'])).toMatchObject({
      acceptable: false,
    })
    expect(await rate(testPassword)).toMatchObject({ score: 4, breached: false, acceptable: true })
    expect(await rate('Xk3#9d')).toMatchObject({ acceptable: false })
  })

  it('may be asked of a list of leaks, to which five digits of a hash are told, and whose silence refuses nothing', async () => {
    const customer = await makeCustomer(api, admin, unit.id)
    const leaked = 'a phrase that leaked somewhere'
    const digest = createHash('sha1').update(leaked).digest('hex').toUpperCase()
    const asked: string[] = []
    const list = createServer((request, response) => {
      asked.push(request.url!)
      response.end(`${'0'.repeat(35)}:3\r\n${digest.slice(5)}:42\r\n${'F'.repeat(35)}:0`)
    }).listen(0, '127.0.0.1')
    await once(list, 'listening')
    api.config.breachedPasswordsUrl = `http://127.0.0.1:${(list.address() as AddressInfo).port}/range/`
    try {
      const refused = await customer.put('/security/password', { password: leaked })
      expect(refused.body.errors).toMatchObject([{ path: 'password', code: 'breached' }])
      expect(asked).toEqual([`/range/${digest.slice(0, 5)}`])
      expect((await customer.put('/security/password', { password: `${leaked} not` })).status).toBe(204)
    } finally {
      list.close()
    }
    list.closeAllConnections()
    expect((await customer.put('/security/password', { password: leaked })).status).toBe(204)
    api.config.breachedPasswordsUrl = null
  })

  it('counts wherever a password is chosen', async () => {
    const customer = await makeCustomer(api, admin, unit.id)
    const visitor = api.nobody('portal')
    await visitor.post('/password-requests', { email: customer.email })
    const token = tokenIn(await readMail(api, customer.email, 'password_reset'))
    for (const [password, code] of [
      ['short', 'too_short'],
      ['1234567890', 'breached'],
      [`${customer.email}1`, 'too_weak'],
    ] as const) {
      const reply = await visitor.post('/password', { token, password })
      expect([reply.status, reply.body.errors]).toEqual([
        422,
        [expect.objectContaining({ path: 'password', code })],
      ])
    }
    expect((await customer.put('/security/password', { password: 'qwertyuiop' })).body.errors[0].code).toBe(
      'breached',
    )
  })
})
