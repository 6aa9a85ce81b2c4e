import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Caller, startTestApi, type TestApi } from '../api.ts'
import { openBrowser, type TestBrowser } from '../browser.ts'
import { startTestProvider, type TestProvider } from '../identity-provider.ts'
import { askOwner, emailOf, makeCustomer } from '../people.ts'

let api: TestApi
let admin: Caller
let provider: TestProvider
let other: TestProvider
const callback = 'http://localhost:3000/api/v1/office/session/identity-provider/callback'
const problem = (code: string) => `/office/sign-in?problem=${code}`

beforeAll(async () => {
  api = await startTestApi()
  admin = await api.staff('admin')
  provider = await startTestProvider(callback)
  other = await startTestProvider(callback)
})
afterAll(async () => {
  await Promise.all([provider.close(), other.close()])
  await api.close()
})

const use = (which: TestProvider) =>
  admin.patch('/settings/sign-in', {
    oidc_enabled: true,
    oidc_label: 'Pirilampo',
    oidc_issuer: which.issuer,
    oidc_client_id: which.client_id,
    oidc_client_secret: which.client_secret,
  })

let address = 0
const newBrowser = () => openBrowser(api, 'office', { ip: `192.0.2.${++address}` })
const start = async (browser: TestBrowser) =>
  String((await browser.send('GET', '/session/identity-provider/start')).headers.location)
const finish = async (browser: TestBrowser, query: string) =>
  String((await browser.send('GET', `/session/identity-provider/callback${query}`)).headers.location)
const isIn = async (browser: TestBrowser) => (await browser.send('GET', '/session')).status === 200

let staff: Caller
beforeEach(async () => {
  expect((await use(provider)).status).toBe(200)
  staff = await api.staff('support')
  const email = await emailOf(staff)
  provider.person = { sub: email, email, email_verified: true }
})

describe('OIDC login CSRF', () => {
  it('signs no victim in as the attacker: what began in one browser ends in no other', async () => {
    const attacker = newBrowser()
    const back = await provider.visit(await start(attacker))
    const victim = newBrowser()
    expect(await finish(victim, back.search)).toBe(problem('identity_provider_expired'))
    expect(await isIn(victim)).toBe(false)
    // Nor where the victim has begun a sign-in of their own.
    const again = await provider.visit(await start(attacker))
    await start(victim)
    expect(await finish(victim, again.search)).toBe(problem('identity_provider_expired'))
    expect(await isIn(victim)).toBe(false)
  })
})

describe('OIDC state replay', () => {
  it('takes an answer once, and only to what was asked', async () => {
    const browser = newBrowser()
    const back = await provider.visit(await start(browser))
    const cookies = new Map(browser.cookies)
    expect(await finish(browser, back.search)).toBe('/office/')
    const replayed = openBrowser(api, 'office', { cookies })
    replayed.cookies.delete('zaguan_office')
    expect(await finish(replayed, back.search)).toBe(problem('identity_provider_expired'))
    for (const query of ['', '?code=x', '?state=', `?code=x&state=${'A'.repeat(43)}`])
      expect(await finish(newBrowser(), query)).toBe(problem('identity_provider_expired'))
  })

  it('does not take the code of one sign-in with the state of another', async () => {
    const browser = newBrowser()
    const first = await provider.visit(await start(browser))
    const second = new URL((await provider.visit(await start(browser))).href)
    second.searchParams.set('code', first.searchParams.get('code')!)
    expect(await finish(browser, second.search)).toBe(problem('identity_provider_failed'))
    expect(await isIn(browser)).toBe(false)
  })

  it('does nothing after ten minutes', async () => {
    const browser = newBrowser()
    const back = await provider.visit(await start(browser))
    await askOwner(api, `update challenges set expires_at = now() - interval '1 second'`)
    expect(await finish(browser, back.search)).toBe(problem('identity_provider_expired'))
  })

  it('keeps in the database nothing that a code can be used with', async () => {
    const browser = newBrowser()
    const location = new URL(await start(browser))
    const verifier = browser.cookies.get('zaguan_office_oidc')!
    const kept = JSON.stringify(await askOwner(api, `select data from challenges where kind = 'oidc'`))
    expect(kept).not.toContain(verifier)
    expect(kept).not.toContain(location.searchParams.get('state')!)
    expect(location.searchParams.get('code_challenge_method')).toBe('S256')
    expect(location.searchParams.get('redirect_uri')).toBe(callback)
  })
})

describe('OIDC unverified e-mail', () => {
  it('links nobody by an e-mail that the provider does not vouch for', async () => {
    const email = await emailOf(staff)
    for (const person of [
      { sub: 'evil', email, email_verified: false },
      { sub: 'evil', email },
      { sub: 'evil' },
    ]) {
      provider.person = person
      const browser = newBrowser()
      const back = await provider.visit(await start(browser))
      expect(await finish(browser, back.search)).toBe(problem('identity_email_unverified'))
      expect(await isIn(browser)).toBe(false)
    }
  })

  it('links no second person of the provider to somebody who is linked', async () => {
    const browser = newBrowser()
    expect(await finish(browser, (await provider.visit(await start(browser))).search)).toBe('/office/')
    provider.person = { ...provider.person!, sub: 'evil' }
    const thief = newBrowser()
    expect(await finish(thief, (await provider.visit(await start(thief))).search)).toBe(
      problem('identity_unknown'),
    )
  })

  it('lets no customer into the office', async () => {
    const unit = await api.unit()
    const { email } = await makeCustomer(api, admin, unit.id)
    provider.person = { sub: 'customer', email, email_verified: true }
    const browser = newBrowser()
    expect(await finish(browser, (await provider.visit(await start(browser))).search)).toBe(
      problem('identity_unknown'),
    )
  })
})

describe('OIDC mix-up', () => {
  it('takes no answer of another provider, nor one that began with the provider before', async () => {
    const browser = newBrowser()
    const back = await provider.visit(await start(browser))
    // The answer says that it is of somebody else.
    const mixed = new URL(back)
    mixed.searchParams.set('iss', other.issuer)
    expect(await finish(browser, mixed.search)).toBe(problem('identity_provider_failed'))
    // The operator changed the provider meanwhile.
    const late = newBrowser()
    const query = (await provider.visit(await start(late))).search
    expect((await use(other)).status).toBe(200)
    expect(await finish(late, query)).toBe(problem('identity_provider_expired'))
    // The same subject of another issuer is somebody else.
    const known = newBrowser()
    expect((await use(provider)).status).toBe(200)
    expect(await finish(known, (await provider.visit(await start(known))).search)).toBe('/office/')
    other.person = { sub: provider.person!.sub, email: 'stranger@operator.example', email_verified: true }
    expect((await use(other)).status).toBe(200)
    const stranger = newBrowser()
    expect(await finish(stranger, (await other.visit(await start(stranger))).search)).toBe(
      problem('identity_unknown'),
    )
    expect(await isIn(stranger)).toBe(false)
  })
})
