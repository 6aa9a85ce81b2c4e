import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Caller, startTestApi, type TestApi } from '../api.ts'
import { openBrowser, type TestBrowser } from '../browser.ts'
import { startTestProvider, type TestProvider } from '../identity-provider.ts'
import { askOwner, emailOf, readMail } from '../people.ts'

let api: TestApi
let admin: Caller
let provider: TestProvider
const callback = 'http://localhost:3000/api/v1/office/session/identity-provider/callback'

beforeAll(async () => {
  api = await startTestApi()
  admin = await api.staff('admin')
  provider = await startTestProvider(callback)
})
afterAll(async () => {
  await provider.close()
  await api.close()
})
let browser: TestBrowser
beforeEach(() => {
  browser = openBrowser(api, 'office')
})

const setUp = (change: object = {}) =>
  admin.patch('/settings/sign-in', {
    oidc_enabled: true,
    oidc_label: 'Pirilampo',
    oidc_issuer: provider.issuer,
    oidc_client_id: provider.client_id,
    oidc_client_secret: provider.client_secret,
    ...change,
  })

/** Goes through the provider in one browser; gives where it ends. */
async function signIn(to = '/accounts?q=x'): Promise<string> {
  const start = await browser.send('GET', `/session/identity-provider/start?to=${encodeURIComponent(to)}`)
  expect(start.status).toBe(302)
  const back = await provider.visit(String(start.headers.location))
  const end = await browser.send('GET', `/session/identity-provider/callback${back.search}`)
  expect(end.status).toBe(302)
  return String(end.headers.location)
}

describe('the settings of the identity provider', () => {
  it('are changed by who may, and never show the secret', async () => {
    expect((await browser.send('GET', '/session/identity-provider')).body).toEqual({ label: null })
    expect((await browser.send('GET', '/session/identity-provider/start')).headers.location).toBe(
      '/office/sign-in?problem=identity_provider_off',
    )
    const incomplete = await admin.patch('/settings/sign-in', { oidc_enabled: true })
    expect(incomplete.body.errors[0]).toMatchObject({ path: 'oidc_label', code: 'required' })
    for (const oidc_issuer of ['http://id.example', 'ftp://id.example', 'https://u:p@id.example', 'nothing'])
      expect((await admin.patch('/settings/sign-in', { oidc_issuer })).body.code).toBe('invalid_input')
    const done = await setUp()
    expect(done.body).toEqual({
      staff_second_factor: false,
      oidc_enabled: true,
      oidc_label: 'Pirilampo',
      oidc_issuer: provider.issuer,
      oidc_client_id: 'zaguan',
      has_client_secret: true,
    })
    expect((await browser.send('GET', '/session/identity-provider')).body).toEqual({ label: 'Pirilampo' })
    const [stored] = await askOwner(
      api,
      'select oidc_client_secret_encrypted as secret from operator_settings',
    )
    expect(stored.secret.toString('latin1')).not.toContain(provider.client_secret)
    expect(JSON.stringify(await askOwner(api, `select before, after from audit_log`))).not.toContain(
      provider.client_secret,
    )
    const support = await api.staff('support')
    expect((await support.get('/settings/sign-in')).status).toBe(200)
    expect((await support.patch('/settings/sign-in', { oidc_enabled: false })).body.code).toBe(
      'not_permitted',
    )
    expect((await support.post('/settings/sign-in/test')).body.code).toBe('not_permitted')
  })

  it('are tested against the provider', async () => {
    expect((await admin.post('/settings/sign-in/test')).body).toEqual({ ok: true, problem: null })
    await setUp({ oidc_issuer: 'http://127.0.0.1:9' })
    expect((await admin.post('/settings/sign-in/test')).body).toEqual({
      ok: false,
      problem: 'identity_provider_unreachable',
    })
    expect((await browser.send('GET', '/session/identity-provider/start')).headers.location).toBe(
      '/office/sign-in?problem=identity_provider_unreachable',
    )
  })

  it('lose the secret with the issuer that it was for', async () => {
    expect((await setUp()).body.has_client_secret).toBe(true)
    const moved = await admin.patch('/settings/sign-in', { oidc_issuer: 'https://other.example' })
    expect(moved.body.has_client_secret).toBe(false)
    expect((await setUp()).status).toBe(200)
    expect((await admin.patch('/settings/sign-in', { oidc_client_secret: '' })).body.has_client_secret).toBe(
      false,
    )
  })
})

describe('signing in with the identity provider', () => {
  beforeAll(async () => {
    expect((await setUp()).status).toBe(200)
  })

  it('lets invited staff in, as a second factor, where they wanted to go', async () => {
    const staff = await api.staff('support')
    const email = await emailOf(staff)
    provider.person = { sub: 'one', email, email_verified: true }
    expect(await signIn()).toBe('/office/accounts?q=x')
    expect((await browser.send('GET', '/session')).body.email).toBe(email)
    const { items } = (await browser.send('GET', '/security/sessions')).body
    expect(items.find((one: { current: boolean }) => one.current)).toMatchObject({
      method: 'identity_provider',
      second_factor: true,
    })
    expect((await browser.send('GET', '/security')).body.identities).toMatchObject([
      { issuer: provider.issuer },
    ])
    expect((await readMail(api, email, 'sign_in_methods_changed'))?.text_body).toContain('organisation')
    // The link stays when the e-mail changes there.
    provider.person = { sub: 'one', email: 'renamed@operator.example', email_verified: true }
    browser = openBrowser(api, 'office')
    await signIn()
    expect((await browser.send('GET', '/session')).body.email).toBe(email)
  })

  it('lets nobody else in', async () => {
    provider.person = { sub: 'two', email: 'stranger@operator.example', email_verified: true }
    expect(await signIn()).toBe('/office/sign-in?problem=identity_unknown')
    const staff = await api.staff('support')
    const { user_id, email } = (await staff.get('/session')).body
    await admin.patch(`/staff/${user_id}`, { disabled: true })
    provider.person = { sub: 'three', email, email_verified: true }
    expect(await signIn()).toBe('/office/sign-in?problem=identity_unknown')
    expect((await browser.send('GET', '/session')).status).toBe(401)
  })

  it('says that the person was refused there', async () => {
    provider.person = null
    expect(await signIn()).toBe('/office/sign-in?problem=identity_provider_denied')
  })

  it('says that the client’s secret is wrong', async () => {
    await setUp({ oidc_client_secret: 'another secret of thirty-two bytes' })
    provider.person = { sub: 'one', email: 'x@operator.example', email_verified: true }
    expect(await signIn()).toBe('/office/sign-in?problem=identity_provider_failed')
    await setUp()
  })
})
