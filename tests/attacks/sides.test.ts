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
  unit = await api.unit()
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

describe('role confusion between the two sides', () => {
  it('lets a customer’s cookie open nothing in the office, nor staff’s in the portal', async () => {
    const customer = await makeCustomer(api, admin, unit.id)
    for (const [who, side, cookie] of [
      [customer, 'office', 'zaguan_office'],
      [admin, 'portal', 'zaguan_portal'],
    ] as const) {
      const token = who.cookie.split('=')[1]!
      const browser = openBrowser(api, side)
      for (const name of [cookie, 'zaguan_view_as', `__Host-${cookie}`]) browser.cookies.set(name, token)
      for (const path of ['/session', '/security', '/security/sessions'])
        expect([side, path, (await browser.send('GET', path)).status]).toEqual([side, path, 401])
      const key = openBrowser(api, side)
      expect(
        (await key.send('GET', '/session', undefined, { authorization: `Bearer ${token}` })).status,
      ).toBe(401)
    }
  })

  it('keeps the same e-mail two people: two passwords, two second factors, two links', async () => {
    const staff = await api.staff('support')
    const email = await emailOf(staff)
    const customer = await makeCustomer(api, admin, unit.id, email)
    await customer.put('/security/password', { password: 'the customer’s own phrase' })
    const asStaff = await api
      .nobody('office')
      .post('/session', { email, password: 'the customer’s own phrase' })
    expect(asStaff.body.code).toBe('sign_in_failed')
    expect((await api.nobody('portal').post('/session', { email, password: testPassword })).body.code).toBe(
      'sign_in_failed',
    )
    // A link of the portal is none in the office.
    await api.nobody('portal').post('/password-requests', { email })
    const token = tokenIn(await readMail(api, email, 'password_reset'))
    const body = { token, password: 'a longer secret phrase' }
    expect((await api.nobody('office').post('/password', body)).body.code).toBe('link_invalid')
    expect((await api.nobody('office').get(`/password-link?token=${token}`)).status).toBe(410)
    expect((await api.nobody('portal').post('/password', body)).status).toBe(200)
    expect((await api.nobody('office').post('/session', { email, password: testPassword })).status).toBe(200)
    // So is a link that changes the e-mail.
    const again = await makeCustomer(api, admin, unit.id)
    await again.post('/security/email', { email: 'nova@casa.example' })
    const change = tokenIn(await readMail(api, 'nova@casa.example', 'email_change'))
    expect((await api.nobody('office').post('/email-confirmations', { token: change })).body.code).toBe(
      'link_invalid',
    )
    expect((await api.nobody('portal').post('/email-confirmations', { token: change })).status).toBe(200)
  })

  it('lets no passkey and no second step cross over', async () => {
    const customer = await makeCustomer(api, admin, unit.id)
    const device = new Authenticator()
    await addPasskey(customer, device)
    const { secret } = await enrolTotp(api, customer)
    const office = openBrowser(api, 'office')
    const offer = (await office.send('POST', '/session/passkey-options', {})).body
    const tried = await office.send('POST', '/session/passkey', {
      challenge: offer.challenge,
      response: device.get(offer.options),
    })
    expect(tried.body.code).toBe('passkey_failed')
    const portal = openBrowser(api, 'portal')
    const step = (await portal.send('POST', '/session', { email: customer.email, password: testPassword }))
      .body
    const code = codeOf(secret, api.now())
    const crossed = await office.send('POST', '/session/second-factor', { challenge: step.challenge, code })
    expect(crossed.body.code).toBe('challenge_expired')
    const offered = await office.send('POST', '/session/passkey-options', { challenge: step.challenge })
    expect(offered.body.code).toBe('challenge_expired')
    expect(
      (await portal.send('POST', '/session/second-factor', { challenge: step.challenge, code })).status,
    ).toBe(200)
  })
})

describe('mass assignment', () => {
  it('takes nothing that a form does not ask for', async () => {
    const [customer, other] = [
      await makeCustomer(api, admin, unit.id),
      await makeCustomer(api, admin, unit.id),
    ]
    const { user_id } = (await customer.get('/session')).body
    const rows = () => askOwner(api, 'select * from users where id = $1', [user_id])
    const [before] = await rows()
    await customer.patch('/session/user', {
      name: before.name,
      side: 'staff',
      email: 'evil@evil.example',
      email_verified_at: '2020-01-01T00:00:00Z',
      password_hash: 'x',
      photo_file_id: before.id,
      id: before.id,
      role: 'admin',
    })
    const [after] = await rows()
    expect({ ...after, updated_at: null }).toEqual({ ...before, updated_at: null })
    const device = new Authenticator()
    const { challenge, options } = (await customer.post('/security/passkeys/options')).body
    const otherId = (await other.get('/session')).body.user_id
    const kept = await customer.post('/security/passkeys', {
      challenge,
      response: device.create(options),
      name: 'Mine',
      user_id: otherId,
      counter: 99,
      public_key: 'AA',
    })
    expect(kept.status).toBe(201)
    const [row] = await askOwner(api, 'select user_id, counter from passkeys where id = $1', [kept.body.id])
    expect([row.user_id, Number(row.counter)]).toEqual([user_id, 0])
    const sessions = openBrowser(api, 'portal')
    await sessions.send('POST', '/session', {
      email: customer.email,
      password: testPassword,
      second_factor: true,
      method: 'passkey',
      user_id: otherId,
    })
    const { items } = (await sessions.send('GET', '/security/sessions')).body
    expect(items.find((one: { current: boolean }) => one.current)).toMatchObject({
      method: 'password',
      second_factor: false,
    })
    const rules = await admin.patch('/settings/sign-in', {
      oidc_label: 'X',
      oidc_client_secret_encrypted: 'AA',
      secret_key_check: 'AA',
      id: false,
    })
    expect(rules.body.has_client_secret).toBe(false)
  })
})
