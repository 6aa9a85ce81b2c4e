import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { demandSecretKey } from '../../server/modules/access/index.ts'
import { readConfig } from '../../server/platform/config.ts'
import { decryptSecret, encryptSecret } from '../../server/platform/encryption.ts'
import { type Caller, startTestApi, type TestApi, testPassword } from '../api.ts'
import { Authenticator } from '../authenticator.ts'
import { openBrowser } from '../browser.ts'
import { runJobs } from '../jobs.ts'
import {
  addPasskey,
  askOwner,
  codeOf,
  emailOf,
  enrolTotp,
  makeCustomer,
  readMail,
  signInBrowser,
  tokenIn,
} from '../people.ts'

let api: TestApi
let admin: Caller
let unit: { id: string }
beforeAll(async () => {
  api = await startTestApi()
  admin = await api.staff('admin')
  unit = await api.unit({ slug: 'ponte', name: 'Ponte Fibra' })
})
afterAll(() => api.close())
let day = 0
beforeEach(() =>
  api.setNow(
    Temporal.Instant.from('2026-05-21T15:00:00Z')
      .add({ hours: 24 * ++day })
      .toString(),
  ),
)

const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
const iphone =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1'

describe('the page of one’s own security', () => {
  it('says how one signs in', async () => {
    const customer = await makeCustomer(api, admin, unit.id)
    expect((await customer.get('/security')).body).toEqual({
      email: customer.email,
      email_verified_at: expect.any(String),
      new_email: null,
      password_set_at: expect.any(String),
      totp_since: null,
      recovery_codes_left: 0,
      passkeys: [],
      identities: [],
      second_factor_demanded: false,
      confirmed_until: expect.any(String),
    })
    const { codes } = await enrolTotp(api, customer)
    await addPasskey(customer, new Authenticator(), 'Key')
    const after = (await customer.get('/security')).body
    expect(after).toMatchObject({ recovery_codes_left: 10, passkeys: [{ name: 'Key' }] })
    expect(after.totp_since).not.toBeNull()
    const renewed = await customer.post('/security/recovery-codes')
    expect(renewed.body.recovery_codes).toHaveLength(10)
    expect(renewed.body.recovery_codes).not.toContain(codes[0])
  })

  it('asks who is there before the way in is changed, by password, code or passkey', async () => {
    const staff = await api.staff('support')
    const { secret } = await enrolTotp(api, staff)
    const device = new Authenticator()
    await addPasskey(staff, device)
    await askOwner(api, `update sessions set confirmed_at = confirmed_at - interval '1 year'`)
    const later = async () =>
      (await staff.put('/security/password', { password: 'a longer secret phrase' })).body.code
    expect(await later()).toBe('confirmation_needed')
    expect((await staff.delete('/security/totp')).body.code).toBe('confirmation_needed')
    expect((await staff.post('/security/totp')).body.code).toBe('confirmation_needed')
    expect((await staff.post('/security/email', { email: 'x@y.example' })).body.code).toBe(
      'confirmation_needed',
    )
    expect((await staff.post('/session/confirm', { password: 'not this one' })).body.code).toBe(
      'confirmation_failed',
    )
    expect((await staff.post('/session/confirm', { password: testPassword })).status).toBe(204)
    expect((await staff.post('/security/recovery-codes')).status).toBe(200)
    await askOwner(api, `update sessions set confirmed_at = confirmed_at - interval '1 year'`)
    expect((await staff.post('/session/confirm', { code: codeOf(secret, api.now()) })).status).toBe(204)
    await askOwner(api, `update sessions set confirmed_at = confirmed_at - interval '1 year'`)
    const { challenge, options } = (await staff.post('/session/confirm/passkey-options')).body
    expect((await staff.post('/session/confirm', { challenge, response: device.get(options) })).status).toBe(
      204,
    )
    expect((await staff.put('/security/password', { password: 'a longer secret phrase' })).status).toBe(204)
    admin = await api.staff('admin')
  })

  it('changes the authenticator app without a moment without one', async () => {
    const customer = await makeCustomer(api, admin, unit.id)
    const { secret } = await enrolTotp(api, customer)
    const next = (await customer.post('/security/totp')).body
    expect(next.uri).toMatch(/^otpauth:\/\/totp\/Ponte%20Fibra:.*issuer=Ponte%20Fibra/)
    const visitor = api.nobody('portal')
    const signIn = async (code: string) => {
      const { challenge } = (
        await visitor.post('/session', { email: customer.email, password: testPassword })
      ).body
      return (await visitor.post('/session/second-factor', { challenge, code })).status
    }
    expect(await signIn(codeOf(secret, api.now()))).toBe(200)
    expect((await customer.post('/security/totp/confirm', { code: '123456' })).body.code).toBe(
      'second_factor_failed',
    )
    expect(
      (await customer.post('/security/totp/confirm', { code: codeOf(next.secret, api.now()) })).status,
    ).toBe(200)
    expect(await signIn(codeOf(secret, api.now(), 1))).toBe(401)
    expect(await signIn(codeOf(next.secret, api.now(), 1))).toBe(200)
    expect((await customer.delete('/security/totp')).status).toBe(204)
    expect(
      (await customer.post('/session/confirm', { code: codeOf(next.secret, api.now(), 2) })).status,
    ).toBe(401)
    expect((await customer.get('/security')).body).toMatchObject({ totp_since: null, recovery_codes_left: 0 })
  })

  it('never removes the last way in', async () => {
    const customer = await makeCustomer(api, admin, unit.id)
    expect((await customer.delete('/security/password')).body.code).toBe('last_way_in')
    const [one, two] = [
      await addPasskey(customer, new Authenticator(), 'One'),
      await addPasskey(customer, new Authenticator(), 'Two'),
    ]
    expect((await customer.delete('/security/password')).status).toBe(204)
    const refused = await api
      .nobody('portal')
      .post('/session', { email: customer.email, password: testPassword })
    expect(refused.body.code).toBe('sign_in_failed')
    const both = await Promise.all([one, two].map(({ id }) => customer.delete(`/security/passkeys/${id}`)))
    expect(both.map(({ status }) => status).sort()).toEqual([204, 409])
    expect((await customer.get('/security')).body.passkeys).toHaveLength(1)
    expect((await customer.put('/security/password', { password: 'a longer secret phrase' })).status).toBe(
      204,
    )
  })

  it('names and removes a passkey', async () => {
    const customer = await makeCustomer(api, admin, unit.id)
    const { id } = await addPasskey(customer, new Authenticator(), 'Old')
    expect((await customer.patch(`/security/passkeys/${id}`, { name: ' New ' })).body.name).toBe('New')
    expect((await customer.patch(`/security/passkeys/${id}`, { name: ' ' })).status).toBe(422)
    expect((await customer.delete(`/security/passkeys/${id}`)).status).toBe(204)
    expect((await customer.delete(`/security/passkeys/${id}`)).status).toBe(404)
  })

  it('tells by mail whatever changed', async () => {
    const customer = await makeCustomer(api, admin, unit.id)
    await enrolTotp(api, customer)
    expect((await readMail(api, customer.email, 'sign_in_methods_changed'))?.text_body).toContain(
      'Um aplicativo autenticador foi configurado.',
    )
    await addPasskey(customer, new Authenticator(), 'Telefone')
    expect((await readMail(api, customer.email, 'sign_in_methods_changed'))?.text_body).toContain(
      '“Telefone”',
    )
    await customer.put('/security/password', { password: 'a longer secret phrase' })
    expect(await readMail(api, customer.email, 'password_changed')).toBeDefined()
  })
})

describe('sessions', () => {
  it('are listed by browser, and ended one by one or all but this', async () => {
    const customer = await makeCustomer(api, admin, unit.id)
    const laptop = await signInBrowser(api, 'portal', customer.email, {
      userAgent: firefox,
      ip: '203.0.113.9',
    })
    const phone = await signInBrowser(api, 'portal', customer.email, { userAgent: iphone })
    const { items } = (await laptop.send('GET', '/security/sessions')).body
    expect(items).toHaveLength(3)
    expect(items.find((one: { current: boolean }) => one.current)).toMatchObject({
      browser: 'Firefox 140',
      system: 'Linux',
      device: 'desktop',
      ip: '203.0.113.9',
      method: 'password',
      second_factor: false,
    })
    const other = items.find((one: { device: string }) => one.device === 'phone')
    expect(other).toMatchObject({ browser: 'Safari 18', system: 'iOS', current: false })
    expect((await laptop.send('DELETE', `/security/sessions/${other.id}`)).status).toBe(204)
    expect((await phone.send('GET', '/session')).status).toBe(401)
    expect((await customer.get('/session')).status).toBe(200)
    expect((await laptop.send('DELETE', '/security/sessions')).status).toBe(204)
    expect((await customer.get('/session')).status).toBe(401)
    expect((await laptop.send('GET', '/security/sessions')).body.items).toHaveLength(1)
  })

  it('end everywhere else when the password changes', async () => {
    const customer = await makeCustomer(api, admin, unit.id)
    const other = await signInBrowser(api, 'portal', customer.email)
    expect((await customer.put('/security/password', { password: 'a longer secret phrase' })).status).toBe(
      204,
    )
    expect((await customer.get('/session')).status).toBe(200)
    expect((await other.send('GET', '/session')).status).toBe(401)
  })

  it('and everything else that has expired are removed at night', async () => {
    await api.nobody('portal').post('/session/passkey-options', {})
    await askOwner(api, `update challenges set expires_at = now() - interval '1 second'`)
    await askOwner(api, `insert into rate_windows values ('old', now() - interval '3 days', 1)`)
    await askOwner(
      api,
      `insert into sessions (user_id, token_hash, expires_at) select id, '\\x00', now() - interval '1 day' from users limit 1`,
    )
    await api.system((tx) => sql`select enqueue_job('access:purge', '{}'::json)`.execute(tx))
    await runJobs(api)
    const [left] = await askOwner(
      api,
      `select (select count(*) from challenges) as challenges,
              (select count(*) from rate_windows where key = 'old') as hits,
              (select count(*) from sessions where expires_at < now()) as sessions`,
    )
    expect(Object.values(left).map(Number)).toEqual([0, 0, 0])
  })
})

describe('the e-mail', () => {
  it('changes by the link that the new mailbox got; the old one is told and other sessions end', async () => {
    const customer = await makeCustomer(api, admin, unit.id)
    const other = await signInBrowser(api, 'portal', customer.email)
    const asked = await customer.post('/security/email', { email: 'nova@casa.example' })
    expect([asked.status, asked.body]).toEqual([202, { accepted: true }])
    expect((await customer.get('/security')).body).toMatchObject({
      email: customer.email,
      new_email: 'nova@casa.example',
    })
    const mail = await readMail(api, 'nova@casa.example', 'email_change')
    expect(mail?.secret).toBe(true)
    expect(mail?.text_body).toMatch(/http:\/\/localhost:3000\/confirm-email\?token=[\w-]+&unit=ponte/)
    const done = await customer.post('/email-confirmations', { token: tokenIn(mail) })
    expect([done.status, done.body]).toEqual([200, { email: 'nova@casa.example' }])
    expect((await customer.get('/session')).body.email).toBe('nova@casa.example')
    expect((await other.send('GET', '/session')).status).toBe(401)
    const notice = await readMail(api, customer.email, 'email_changed')
    expect(notice?.text_body).toContain('nova@casa.example')
    const again = await api
      .nobody('portal')
      .post('/session', { email: 'nova@casa.example', password: testPassword })
    expect(again.status).toBe(200)
  })

  it('may be withdrawn, and the newest request counts', async () => {
    const customer = await makeCustomer(api, admin, unit.id)
    await customer.post('/security/email', { email: 'first@casa.example' })
    const first = tokenIn(await readMail(api, 'first@casa.example', 'email_change'))
    await customer.post('/security/email', { email: 'second@casa.example' })
    const second = tokenIn(await readMail(api, 'second@casa.example', 'email_change'))
    expect((await customer.post('/email-confirmations', { token: first })).body.code).toBe('link_invalid')
    expect((await customer.delete('/security/email')).status).toBe(204)
    expect((await customer.post('/email-confirmations', { token: second })).body.code).toBe('link_invalid')
    expect((await customer.get('/security')).body.new_email).toBeNull()
  })

  it('may be verified as it is', async () => {
    const customer = await makeCustomer(api, admin, unit.id)
    await askOwner(api, 'update users set email_verified_at = null where email = $1', [customer.email])
    await customer.post('/security/email', { email: customer.email })
    const token = tokenIn(await readMail(api, customer.email, 'email_change'))
    expect((await customer.post('/email-confirmations', { token })).status).toBe(200)
    expect((await customer.get('/security')).body.email_verified_at).not.toBeNull()
    expect(await readMail(api, customer.email, 'email_changed')).toBeUndefined()
  })
})

describe('the rule that staff need a second factor', () => {
  it('is set by somebody who has one, and lets others reach nothing but its set-up', async () => {
    const owner = await api.staff('admin')
    expect((await owner.patch('/settings/sign-in', { staff_second_factor: true })).body.code).toBe(
      'second_factor_first',
    )
    await enrolTotp(api, owner)
    const support = await api.staff('support')
    expect((await owner.patch('/settings/sign-in', { staff_second_factor: true })).body).toMatchObject({
      staff_second_factor: true,
      has_client_secret: false,
    })
    try {
      expect((await support.get('/session')).body.second_factor_missing).toBe(true)
      expect((await support.get('/accounts')).body.code).toBe('second_factor_needed')
      expect((await support.get('/security')).body.second_factor_demanded).toBe(true)
      const device = new Authenticator()
      await addPasskey(support, device)
      expect((await support.get('/accounts')).status).toBe(200)
      const { passkeys } = (await support.get('/security')).body
      const last = await support.delete(`/security/passkeys/${passkeys[0].id}`)
      expect(last.body.code).toBe('second_factor_demanded')
      // The password alone no longer opens anything: not even a second factor of somebody else's.
      const thief = api.nobody('office')
      const half = await thief.post('/session', { email: await emailOf(support), password: testPassword })
      expect(half.body).toMatchObject({ state: 'second_factor', methods: ['passkey'] })
      expect((await thief.get('/session')).status).toBe(401)
    } finally {
      expect((await owner.patch('/settings/sign-in', { staff_second_factor: false })).status).toBe(200)
    }
  })
})

describe('the key of the installation', () => {
  it('opens what it encrypted, in its place alone', async () => {
    const { config } = api
    const bytes = encryptSecret(config, 'JBSWY3DPEHPK3PXP', 'user_totp:1')
    expect(bytes.toString('latin1')).not.toContain('JBSWY3DPEHPK3PXP')
    expect(decryptSecret(config, bytes, 'user_totp:1')).toBe('JBSWY3DPEHPK3PXP')
    expect(() => decryptSecret(config, bytes, 'user_totp:2')).toThrow()
    const changed = Buffer.from(bytes)
    changed[changed.length - 1]! ^= 1
    expect(() => decryptSecret(config, changed, 'user_totp:1')).toThrow()
    expect(() => decryptSecret(config, Buffer.from('0'), 'user_totp:1')).toThrow()
  })

  it('is demanded at the start, where another one was used', async () => {
    await enrolTotp(api, await api.staff('support'))
    const other = readConfig({ SECRET_KEY: Buffer.alloc(32, 7).toString('base64') })
    await expect(api.system((tx) => demandSecretKey(tx, other))).rejects.toThrow('another key')
    await expect(api.system((tx) => demandSecretKey(tx, api.config))).resolves.toBeUndefined()
  })

  it('is never in the audit log', async () => {
    const entries = JSON.stringify(
      await askOwner(
        api,
        `select before, after from audit_log where object_type in ('user_totp', 'passkeys', 'operator_settings')`,
      ),
    )
    expect(entries).toContain('confirmed_at')
    expect(entries).not.toMatch(/encrypted|public_key|credential_id|secret_key/)
  })
})

describe('others’ security', () => {
  it('is nobody’s to change: ids of others are unknown', async () => {
    const [one, two] = [await makeCustomer(api, admin, unit.id), await makeCustomer(api, admin, unit.id)]
    const { id } = await addPasskey(one, new Authenticator())
    const session = (await one.get('/security/sessions')).body.items[0].id
    expect((await two.patch(`/security/passkeys/${id}`, { name: 'x' })).status).toBe(404)
    expect((await two.delete(`/security/passkeys/${id}`)).status).toBe(404)
    expect((await two.delete(`/security/sessions/${session}`)).status).toBe(404)
    expect((await openBrowser(api, 'portal').send('GET', '/security')).status).toBe(401)
  })
})
