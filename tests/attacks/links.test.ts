import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { safePath } from '../../server/modules/access/identity-provider.ts'
import { createMailer } from '../../server/platform/mail.ts'
import { type Caller, startTestApi, type TestApi, testPassword } from '../api.ts'
import { openBrowser } from '../browser.ts'
import { startTestProvider, type TestProvider } from '../identity-provider.ts'
import { runJobs } from '../jobs.ts'
import { askOwner, makeCustomer, readMail, tokenIn } from '../people.ts'
import { startTestSmtp } from '../smtp.ts'

let api: TestApi
let admin: Caller
let unit: { id: string }
let provider: TestProvider
beforeAll(async () => {
  api = await startTestApi()
  admin = await api.staff('admin')
  unit = await api.unit()
  provider = await startTestProvider('http://localhost:3000/api/v1/office/session/identity-provider/callback')
  await admin.patch('/settings/sign-in', {
    oidc_enabled: true,
    oidc_label: 'Pirilampo',
    oidc_issuer: provider.issuer,
    oidc_client_id: provider.client_id,
    oidc_client_secret: provider.client_secret,
  })
})
afterAll(async () => {
  await provider.close()
  await api.close()
})

async function askLink(email: string): Promise<string> {
  await api.nobody('portal').post('/password-requests', { email })
  return tokenIn(await readMail(api, email, 'password_reset'))
}

describe('replay of a reset link', () => {
  it('chooses a password once; every older link and session ends with it', async () => {
    const victim = await makeCustomer(api, admin, unit.id)
    const older = await askLink(victim.email)
    const newer = await askLink(victim.email)
    const choose = (token: string, password: string) =>
      api.nobody('portal').post('/password', { token, password })
    expect((await choose(older, 'a longer secret phrase')).body.code).toBe('link_invalid')
    const both = await Promise.all([1, 2].map((n) => choose(newer, `a longer secret phrase ${n}`)))
    expect(both.map(({ status }) => status).sort()).toEqual([200, 410])
    expect((await choose(newer, 'a longer secret phrase')).body.code).toBe('link_invalid')
    expect((await api.nobody('portal').get(`/password-link?token=${newer}`)).status).toBe(410)
    expect((await victim.get('/session')).status).toBe(401)
  })

  it('does nothing after its hour', async () => {
    const victim = await makeCustomer(api, admin, unit.id)
    const token = await askLink(victim.email)
    await askOwner(api, `update user_tokens set expires_at = now() - interval '1 second'`)
    expect(
      (await api.nobody('portal').post('/password', { token, password: 'a longer secret phrase' })).status,
    ).toBe(410)
  })

  it('does nothing once the password was changed by its owner', async () => {
    const victim = await makeCustomer(api, admin, unit.id)
    const token = await askLink(victim.email)
    await victim.put('/security/password', { password: 'a longer secret phrase' })
    expect(
      (await api.nobody('portal').post('/password', { token, password: 'the thief’s own phrase' })).status,
    ).toBe(410)
  })
})

describe('replay of an e-mail-change link', () => {
  it('changes the e-mail once, within its hour, and only to what was asked for last', async () => {
    const victim = await makeCustomer(api, admin, unit.id)
    const confirm = (token: string) => api.nobody('portal').post('/email-confirmations', { token })
    await victim.post('/security/email', { email: 'one@casa.example' })
    const one = tokenIn(await readMail(api, 'one@casa.example', 'email_change'))
    await askOwner(
      api,
      `update user_tokens set expires_at = now() - interval '1 second' where kind = 'email_change'`,
    )
    expect((await confirm(one)).body.code).toBe('link_invalid')
    await victim.post('/security/email', { email: 'two@casa.example' })
    const two = tokenIn(await readMail(api, 'two@casa.example', 'email_change'))
    expect((await confirm(one)).body.code).toBe('link_invalid')
    const both = await Promise.all([confirm(two), confirm(two)])
    expect(both.map(({ status }) => status).sort()).toEqual([200, 410])
    expect((await confirm(two)).body.code).toBe('link_invalid')
    // It is no link for anything else, and no other link changes an e-mail.
    const reset = await askLink('two@casa.example')
    expect((await confirm(reset)).body.code).toBe('link_invalid')
    const body = { token: two, password: 'a longer secret phrase' }
    expect((await api.nobody('portal').post('/password', body)).body.code).toBe('link_invalid')
  })

  it('is in no job and in no table as it was mailed', async () => {
    const victim = await makeCustomer(api, admin, unit.id)
    await victim.post('/security/email', { email: 'three@casa.example' })
    const [{ payload }] = await askOwner(
      api,
      `select payload from queued_jobs where task = 'notices:send_email_change'`,
    )
    expect(payload).toEqual({ user_id: expect.any(String), new_email: 'three@casa.example' })
    const token = tokenIn(await readMail(api, 'three@casa.example', 'email_change'))
    expect(JSON.stringify(await askOwner(api, 'select * from user_tokens'))).not.toContain(token)
  })
})

const elsewhere = [
  'https://evil.example/',
  '//evil.example',
  '/\\evil.example',
  '\\\\evil.example',
  '/\t/evil.example',
  '/%0d%0aset-cookie:x',
  '/\r\nset-cookie: x=y',
  '/../../evil',
  '/..//evil.example',
  'javascript:alert(1)',
  '@evil.example',
  '.evil.example',
  '',
]

describe('open redirect', () => {
  it('leads nowhere but into the office', () => {
    for (const to of elsewhere) {
      const path = safePath(to)
      const url = new URL(path, 'https://office.example')
      expect([to, url.origin, url.pathname.startsWith('/office/')]).toEqual([
        to,
        'https://office.example',
        true,
      ])
    }
    expect(safePath('/accounts?q=a b#x')).toBe('/office/accounts?q=a%20b#x')
    expect(safePath(undefined)).toBe('/office/')
  })

  it('leads nowhere else after the identity provider either', async () => {
    const staff = await api.staff('support')
    provider.person = { sub: 'one', email: (await staff.get('/session')).body.email, email_verified: true }
    for (const to of elsewhere.slice(0, 8)) {
      const browser = openBrowser(api, 'office', { ip: `192.0.2.${elsewhere.indexOf(to) + 1}` })
      const start = await browser.send('GET', `/session/identity-provider/start?to=${encodeURIComponent(to)}`)
      const back = await provider.visit(String(start.headers.location))
      const end = await browser.send('GET', `/session/identity-provider/callback${back.search}`)
      expect(String(end.headers.location)).toMatch(/^\/office\//)
      expect(new URL(String(end.headers.location), 'https://office.example').host).toBe('office.example')
    }
  })
})

describe('header injection', () => {
  it('adds no header to a mail, whatever a name or an e-mail holds', async () => {
    await runJobs(api)
    const smtp = await startTestSmtp()
    const recipients: string[] = []
    smtp.answer = (address) => {
      recipients.push(address)
      return null
    }
    const mailer = createMailer({ smtpUrl: smtp.url, from: 'Zaguan <mail@operator.example>' })
    try {
      const victim = await makeCustomer(api, admin, unit.id)
      const evil = 'Ana\r\nBcc: thief@evil.example\r\n\r\nBuy here'
      await victim.patch('/session/user', { name: evil })
      for (const email of [
        'a@b.example\r\nBcc: thief@evil.example',
        'a@b.example, thief@evil.example',
        '"a\r\n"@b.example',
      ])
        expect((await victim.post('/security/email', { email })).body.code).toBe('invalid_input')
      await victim.post('/password-requests', { email: `${victim.email}\r\nBcc: thief@evil.example` })
      await victim.post('/password-requests', { email: victim.email })
      await victim.put('/security/password', { password: 'a longer secret phrase' })
      await runJobs(api, { mailer })
      expect(smtp.mails.length).toBeGreaterThanOrEqual(2)
      expect(new Set(recipients)).toEqual(new Set([victim.email]))
      for (const { headers, bcc, cc } of smtp.mails) {
        expect([bcc ?? [], cc ?? []]).toEqual([[], []])
        expect(headers.map(({ key }) => key)).not.toContain('bcc')
      }
    } finally {
      mailer.close()
      await smtp.close()
    }
  })

  it('adds no header to an answer', async () => {
    const browser = openBrowser(api, 'office')
    const reply = await browser.send(
      'GET',
      `/session/identity-provider/start?to=${encodeURIComponent('/x\r\nset-cookie: evil=1')}`,
    )
    expect(String(reply.headers['set-cookie'])).not.toContain('evil')
    const failed = await browser.send(
      'GET',
      `/session/identity-provider/callback?state=x&error=${encodeURIComponent('a\r\nlocation: https://evil.example')}`,
    )
    expect(failed.headers.location).toBe('/office/sign-in?problem=identity_provider_expired')
  })
})

describe('host header', () => {
  it('changes no link in a mail and no site of a passkey', async () => {
    const victim = await makeCustomer(api, admin, unit.id)
    const browser = openBrowser(api, 'portal', { host: 'evil.example' })
    await browser.send('POST', '/password-requests', { email: victim.email })
    const mail = await readMail(api, victim.email, 'password_reset')
    expect(mail?.text_body).toContain('http://localhost:3000/choose-password')
    expect(mail?.text_body).not.toContain('evil.example')
    expect((await browser.send('POST', '/session/passkey-options', {})).body.options.rpId).toBe('localhost')
    expect(
      (await browser.send('POST', '/session', { email: victim.email, password: testPassword })).status,
    ).toBe(200)
  })
})
