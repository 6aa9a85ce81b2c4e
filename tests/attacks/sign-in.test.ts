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
  signInBrowser,
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
beforeEach(async () => {
  api.setNow(
    Temporal.Instant.from('2026-05-21T15:00:00Z')
      .add({ hours: 24 * ++day })
      .toString(),
  )
  await askOwner(api, 'delete from rate_windows')
})

/** An address of its own for every try, as a botnet has. */
let address = 0
const anywhere = () => `203.0.${Math.floor(++address / 250)}.${(address % 250) + 1}`
const tryPassword = (email: string, password: string, ip = anywhere()) =>
  openBrowser(api, 'portal', { ip }).send('POST', '/session', { email, password })

const withoutId = ({ request_id: _id, ...rest }: Record<string, unknown>) => rest
const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!

describe('enumeration', () => {
  it('finds no e-mail by the answers of any open door', async () => {
    const known = await makeCustomer(api, admin, unit.id)
    await enrolTotp(api, known)
    await addPasskey(known, new Authenticator())
    const answers = async (email: string) => {
      const visitor = openBrowser(api, 'portal', { ip: anywhere() })
      return [
        await visitor.send('POST', '/session', { email, password: 'not this one' }),
        await visitor.send('POST', '/password-requests', { email }),
        await visitor.send('POST', '/password-strength', { password: 'abc', inputs: [email] }),
      ].map(({ status, body, headers }) => [status, withoutId(body), headers['set-cookie']])
    }
    expect(await answers(known.email)).toEqual(await answers('nobody@casa.example'))
    // Over the limit, too.
    const overLimit = async (email: string) => {
      const ip = anywhere()
      let last = await tryPassword(email, 'not this one', ip)
      for (let n = 0; n < 11; n++) last = await tryPassword(email, 'not this one', ip)
      return [last.status, withoutId(last.body)]
    }
    expect(await overLimit(known.email)).toEqual(await overLimit('nobody@casa.example'))
    // Passkeys are offered to whoever asks, without naming anybody's.
    const { options } = (await openBrowser(api, 'portal').send('POST', '/session/passkey-options', {})).body
    expect(options.allowCredentials).toBeUndefined()
  })

  it('finds no e-mail by asking to change one’s own into it', async () => {
    const [one, other] = [await makeCustomer(api, admin, unit.id), await makeCustomer(api, admin, unit.id)]
    const taken = await one.post('/security/email', { email: other.email })
    const free = await one.post('/security/email', { email: 'free@casa.example' })
    expect([taken.status, taken.body]).toEqual([free.status, free.body])
    // Whoever reads that mailbox learns it from the link, and nothing changes.
    await one.post('/security/email', { email: other.email })
    const token = tokenIn(await readMail(api, other.email, 'email_change'))
    expect((await one.post('/email-confirmations', { token })).body.code).toBe('email_taken')
    expect((await one.get('/session')).body.email).toBe(one.email)
  })

  it('finds no e-mail by the time of an answer', async () => {
    const known = await makeCustomer(api, admin, unit.id)
    await enrolTotp(api, known)
    await tryPassword('warm@up.example', 'not this one')
    const times = { known: [] as number[], unknown: [] as number[] }
    for (let n = 0; n < 15; n++) {
      for (const [kind, email] of [
        ['known', known.email],
        ['unknown', `nobody${n}@casa.example`],
      ] as const) {
        const began = performance.now()
        await tryPassword(email, 'not this one')
        times[kind].push(performance.now() - began)
      }
    }
    // Hashing takes most of either; without it an unknown e-mail would answer in a tenth of the time.
    const ratio = median(times.known) / median(times.unknown)
    expect(ratio).toBeGreaterThan(0.6)
    expect(ratio).toBeLessThan(1.6)
  })
})

describe('brute force', () => {
  it('guesses ten passwords from one address, and a hundred from everywhere', async () => {
    const victim = await makeCustomer(api, admin, unit.id)
    const ip = anywhere()
    for (let n = 0; n < 10; n++) expect((await tryPassword(victim.email, `no ${n}`, ip)).status).toBe(401)
    // Even the right one is refused now from there.
    expect((await tryPassword(victim.email, testPassword, ip)).body.code).toBe('too_many_tries')
    expect((await tryPassword(victim.email.toUpperCase(), testPassword, ip)).body.code).toBe('too_many_tries')
    await askOwner(api, `update rate_windows set hits = 100 where key = $1`, [
      `sign-in:customer:${victim.email}`,
    ])
    expect((await tryPassword(victim.email, testPassword)).body.code).toBe('too_many_tries')
  })

  it('guesses five codes at one sign-in, and ten in an hour', async () => {
    const victim = await makeCustomer(api, admin, unit.id)
    const { secret } = await enrolTotp(api, victim)
    const half = async () => (await tryPassword(victim.email, testPassword)).body.challenge
    const guess = (challenge: string, code: string) =>
      openBrowser(api, 'portal', { ip: anywhere() }).send('POST', '/session/second-factor', {
        challenge,
        code,
      })
    const first = await half()
    for (let n = 0; n < 5; n++)
      expect((await guess(first, `00000${n}`)).body.code).toBe('second_factor_failed')
    expect((await guess(first, codeOf(secret, api.now()))).body.code).toBe('challenge_expired')
    const second = await half()
    for (let n = 0; n < 5; n++)
      expect((await guess(second, 'aaaaa-aaaaa')).body.code).toBe('second_factor_failed')
    expect((await guess(await half(), codeOf(secret, api.now()))).body.code).toBe('too_many_tries')
  })

  it('guesses ten passwords in a session that was left open', async () => {
    const victim = await makeCustomer(api, admin, unit.id)
    for (let n = 0; n < 10; n++) {
      expect((await victim.post('/session/confirm', { password: `no ${n}` })).body.code).toBe(
        'confirmation_failed',
      )
    }
    expect((await victim.post('/session/confirm', { password: testPassword })).body.code).toBe(
      'too_many_tries',
    )
  })
})

describe('lock-out of others', () => {
  it('keeps nobody out of a browser that they know, nor out of a passkey or a link by mail', async () => {
    const victim = await makeCustomer(api, admin, unit.id)
    const device = new Authenticator()
    await addPasskey(victim, device)
    const { secret } = await enrolTotp(api, victim)
    const laptop = await signInBrowser(api, 'portal', victim.email, { ip: '192.0.2.1' })
    const step = (await laptop.send('POST', '/session', { email: victim.email, password: testPassword })).body
    const code = codeOf(secret, api.now())
    expect(
      (await laptop.send('POST', '/session/second-factor', { challenge: step.challenge, code })).status,
    ).toBe(200)
    await laptop.send('DELETE', '/session')
    // Somebody spends every try there is, from the victim's own address too, of passwords and of codes.
    for (let n = 0; n < 11; n++) await tryPassword(victim.email, `no ${n}`, '192.0.2.1')
    await askOwner(api, `update rate_windows set hits = 1000 where key like 'sign-in:%'`)
    const [{ id }] = await askOwner(api, 'select id from users where email = $1', [victim.email])
    await askOwner(
      api,
      `insert into rate_windows select $1, to_timestamp(floor(extract(epoch from now()) / 3600) * 3600), 1000`,
      [`second-factor:${id}`],
    )
    expect((await tryPassword(victim.email, testPassword)).body.code).toBe('too_many_tries')
    // The laptop is known.
    const { challenge } = (
      await laptop.send('POST', '/session', { email: victim.email, password: testPassword })
    ).body
    const next = codeOf(secret, api.now(), 1)
    expect((await laptop.send('POST', '/session/second-factor', { challenge, code: next })).status).toBe(200)
    // So is a passkey anywhere.
    const elsewhere = openBrowser(api, 'portal', { ip: '192.0.2.99' })
    const offer = (await elsewhere.send('POST', '/session/passkey-options', {})).body
    const response = device.get(offer.options)
    expect(
      (await elsewhere.send('POST', '/session/passkey', { challenge: offer.challenge, response })).status,
    ).toBe(200)
    // And a link by mail.
    await elsewhere.send('POST', '/password-requests', { email: victim.email })
    const token = tokenIn(await readMail(api, victim.email, 'password_reset'))
    expect(
      (await elsewhere.send('POST', '/password', { token, password: 'a longer secret phrase' })).status,
    ).toBe(200)
  })

  it('gives the tries of a known browser to its owner alone', async () => {
    const [victim, thief] = [await makeCustomer(api, admin, unit.id), await makeCustomer(api, admin, unit.id)]
    const own = await signInBrowser(api, 'portal', thief.email, { ip: anywhere() })
    // A cookie of the thief's own browser says nothing about the victim: tries count as from anywhere.
    for (let n = 0; n < 10; n++)
      await own.send('POST', '/session', { email: victim.email, password: `no ${n}` })
    const [{ hits }] = await askOwner(api, `select hits from rate_windows where key = $1`, [
      `sign-in:customer:${victim.email}`,
    ])
    expect(hits).toBe(10)
    // A browser that is known is no free pass either.
    const known = await signInBrowser(api, 'portal', victim.email, { ip: anywhere() })
    for (let n = 0; n < 10; n++)
      await known.send('POST', '/session', { email: victim.email, password: `no ${n}` })
    const last = await known.send('POST', '/session', { email: victim.email, password: testPassword })
    expect(last.body.code).toBe('too_many_tries')
  })
})

describe('session fixation', () => {
  it('gets nothing from a session that was planted in the victim’s browser', async () => {
    const [victim, attacker] = [
      await makeCustomer(api, admin, unit.id),
      await makeCustomer(api, admin, unit.id),
    ]
    const planted = await signInBrowser(api, 'portal', attacker.email)
    const browser = openBrowser(api, 'portal', { cookies: planted.cookies })
    const done = await browser.send('POST', '/session', { email: victim.email, password: testPassword })
    expect(done.status).toBe(200)
    expect(browser.cookies.get('zaguan_portal')).not.toBe(planted.cookies.get('zaguan_portal'))
    // The planted session is closed: the attacker is nobody now, least of all the victim.
    expect((await planted.send('GET', '/session')).status).toBe(401)
    // A token that the attacker made up is never taken over.
    const invented = openBrowser(api, 'portal')
    invented.cookies.set('zaguan_portal', 'A'.repeat(43))
    await invented.send('POST', '/session', { email: victim.email, password: testPassword })
    expect(invented.cookies.get('zaguan_portal')).not.toBe('A'.repeat(43))
  })
})

describe('CSRF', () => {
  it('changes nothing by a request that another site makes', async () => {
    const victim = await makeCustomer(api, admin, unit.id)
    const browser = await signInBrowser(api, 'portal', victim.email)
    const from: Record<string, string>[] = [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'https://evil.example' },
      { origin: 'null' },
    ]
    for (const headers of from) {
      for (const [method, path, body] of [
        ['POST', '/session', { email: victim.email, password: testPassword }],
        ['DELETE', '/session', undefined],
        ['PUT', '/security/password', { password: 'a longer secret phrase' }],
        ['POST', '/security/email', { email: 'evil@evil.example' }],
        ['POST', '/security/totp', undefined],
        ['DELETE', '/security/sessions', undefined],
        ['DELETE', '/photo', undefined],
      ] as const) {
        const reply = await browser.send(method, path, body, headers)
        expect([path, reply.body.code]).toEqual([path, 'cross_site_request'])
      }
    }
    // A form can send this without asking first; it is refused all the same.
    const form = await browser.send('PUT', '/photo', undefined, {
      'sec-fetch-site': 'cross-site',
      'content-type': 'multipart/form-data; boundary=x',
    })
    expect(form.body.code).toBe('cross_site_request')
    expect((await browser.send('GET', '/session')).status).toBe(200)
  })
})

describe('TOTP replay', () => {
  it('takes a code once, from two browsers at once too', async () => {
    const victim = await makeCustomer(api, admin, unit.id)
    const { secret } = await enrolTotp(api, victim)
    const code = codeOf(secret, api.now())
    const enter = async () => {
      const { challenge } = (await tryPassword(victim.email, testPassword)).body
      return () =>
        openBrowser(api, 'portal', { ip: anywhere() }).send('POST', '/session/second-factor', {
          challenge,
          code,
        })
    }
    const both = await Promise.all([await enter(), await enter()].map((go) => go()))
    expect(both.map(({ status }) => status).sort()).toEqual([200, 401])
    expect((await (await enter())()).status).toBe(401)
    expect((await victim.post('/session/confirm', { code })).status).toBe(401)
    // Nor a code from before the one that was used.
    const older = codeOf(secret, api.now(), -1)
    expect((await victim.post('/session/confirm', { code: older })).status).toBe(401)
  })
})

describe('recovery code replay', () => {
  it('takes a code once, from two browsers at once too, and of its owner alone', async () => {
    const [victim, thief] = [await makeCustomer(api, admin, unit.id), await makeCustomer(api, admin, unit.id)]
    const { codes } = await enrolTotp(api, victim)
    await enrolTotp(api, thief)
    const enter = async (email: string, code: string) => {
      const { challenge } = (await tryPassword(email, testPassword)).body
      return openBrowser(api, 'portal', { ip: anywhere() }).send('POST', '/session/second-factor', {
        challenge,
        code,
      })
    }
    expect((await enter(thief.email, codes[0]!)).status).toBe(401)
    const both = await Promise.all([1, 2].map(() => enter(victim.email, codes[0]!)))
    expect(both.map(({ status }) => status).sort()).toEqual([200, 401])
    expect((await enter(victim.email, codes[0]!)).status).toBe(401)
    // New codes make the old ones worthless.
    await victim.post('/security/recovery-codes')
    expect((await enter(victim.email, codes[1]!)).status).toBe(401)
  })
})

describe('a passkey', () => {
  const ask = async () => {
    const browser = openBrowser(api, 'portal', { ip: anywhere() })
    const { challenge, options } = (await browser.send('POST', '/session/passkey-options', {})).body
    const answer = (response: object) => browser.send('POST', '/session/passkey', { challenge, response })
    return { options, answer }
  }

  it('of another origin opens nothing: what a phishing page collects is worthless', async () => {
    const victim = await makeCustomer(api, admin, unit.id)
    const device = new Authenticator()
    await addPasskey(victim, device)
    for (const origin of ['https://evil.example', 'http://localhost:3001', 'http://localhost']) {
      const { options, answer } = await ask()
      device.origin = origin
      expect((await answer(device.get(options))).body.code).toBe('passkey_failed')
    }
    device.origin = 'http://localhost:3000'
    const other = await ask()
    expect((await other.answer(device.get({ ...other.options, rpId: 'evil.example' }))).body.code).toBe(
      'passkey_failed',
    )
  })

  it('that was copied is noticed by its counter', async () => {
    const victim = await makeCustomer(api, admin, unit.id)
    const device = new Authenticator()
    await addPasskey(victim, device)
    const first = await ask()
    expect((await first.answer(device.get(first.options, 10))).status).toBe(200)
    for (const counter of [10, 3, 0]) {
      const { options, answer } = await ask()
      expect((await answer(device.get(options, counter))).body.code).toBe('passkey_failed')
    }
    const noted = await askOwner(api, `select from audit_log where action = 'passkey_refused'`)
    expect(noted.length).toBeGreaterThanOrEqual(3)
  })

  it('without the person’s own check is no way in', async () => {
    const victim = await makeCustomer(api, admin, unit.id)
    const device = new Authenticator()
    await addPasskey(victim, device)
    device.verifies = false
    const { options, answer } = await ask()
    expect((await answer(device.get(options))).body.code).toBe('passkey_failed')
  })

  it('answers a challenge once, its own, and for what it was made', async () => {
    const victim = await makeCustomer(api, admin, unit.id)
    const device = new Authenticator()
    await addPasskey(victim, device)
    const { options, answer } = await ask()
    const response = device.get(options)
    expect((await answer(response)).status).toBe(200)
    expect((await answer(response)).body.code).toBe('challenge_expired')
    const next = await ask()
    expect((await next.answer(response)).body.code).toBe('passkey_failed')
    // A challenge to confirm is none to sign in, nor the other way round.
    const confirm = (await victim.post('/session/confirm/passkey-options')).body
    const misused = await openBrowser(api, 'portal').send('POST', '/session/passkey', {
      challenge: confirm.challenge,
      response: device.get(confirm.options),
    })
    expect(misused.body.code).toBe('challenge_expired')
    const open = (await openBrowser(api, 'portal').send('POST', '/session/passkey-options', {})).body
    const body = { challenge: open.challenge, response: device.get(open.options) }
    expect((await victim.post('/session/confirm', body)).body.code).toBe('challenge_expired')
  })

  it('of somebody else confirms nothing', async () => {
    const [victim, thief] = [await makeCustomer(api, admin, unit.id), await makeCustomer(api, admin, unit.id)]
    const device = new Authenticator()
    await addPasskey(thief, device)
    await addPasskey(victim, new Authenticator())
    const { challenge, options } = (await victim.post('/session/confirm/passkey-options')).body
    const response = device.get({ ...options, allowCredentials: undefined })
    expect((await victim.post('/session/confirm', { challenge, response })).body.code).toBe('passkey_failed')
    // Nor does what the thief was offered become the victim's passkey.
    const offer = (await thief.post('/security/passkeys/options')).body
    const made = { challenge: offer.challenge, response: device.create(offer.options), name: 'Mine' }
    expect((await victim.post('/security/passkeys', made)).body.code).toBe('challenge_expired')
  })

  it('is no answer that anybody may send', async () => {
    for (const response of [
      {},
      { id: 5 },
      { id: 'AAAA' },
      { id: 'AAAA', response: null },
      { id: 'x'.repeat(5000) },
    ]) {
      const { answer } = await ask()
      expect((await answer(response)).body.code).toBe('passkey_failed')
    }
  })
})

describe('a password alone', () => {
  it('sets up no second factor of the thief’s, where the operator demands one', async () => {
    const owner = await api.staff('admin')
    await enrolTotp(api, owner)
    const victim = await api.staff('support')
    const email = await emailOf(victim)
    // The session was there before the rule and before the passkey.
    const early = await signInBrowser(api, 'office', email)
    await addPasskey(victim, new Authenticator())
    expect((await owner.patch('/settings/sign-in', { staff_second_factor: true })).status).toBe(200)
    try {
      for (const [method, path, body] of [
        ['POST', '/security/totp', undefined],
        ['POST', '/security/passkeys/options', undefined],
        ['PUT', '/security/password', { password: 'a longer secret phrase' }],
        ['POST', '/session/confirm', { password: testPassword }],
        ['POST', '/security/email', { email: 'evil@evil.example' }],
      ] as const) {
        expect([path, (await early.send(method, path, body)).body.code]).toEqual([
          path,
          'second_factor_needed',
        ])
      }
    } finally {
      await owner.patch('/settings/sign-in', { staff_second_factor: false })
    }
  })
})
