// The sandbox by itself: each of its test cards ends as it says, its page needs no session, its book stays right whatever is
// asked of it, and it fails where it is told to.
import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Fault, SandboxCall } from '../../server/drivers/sandbox/driver.ts'
import {
  createSandboxJobs,
  type Hook,
  hookSecret,
  type SendCall,
  signHook,
  writeHook,
} from '../../server/drivers/sandbox/hooks.ts'
import { scenarios } from '../../server/drivers/sandbox/scenarios.ts'
import { ProviderRefusal, ProviderSilence, type Standing } from '../../server/modules/payments/index.ts'
import { startSandbox } from './sandbox-bench.ts'

let sandbox: Awaited<ReturnType<typeof startSandbox>>
let faults: (call: SandboxCall) => Fault = () => ({ kind: 'answer' })

beforeAll(async () => {
  sandbox = await startSandbox({ faults: (call) => faults(call) })
})
afterAll(() => sandbox.close())

/** Runs a call with single faults planned for it. */
async function withFaults<T>(plan: (call: SandboxCall) => Fault, work: () => Promise<T>): Promise<T> {
  faults = plan
  try {
    return await work()
  } finally {
    faults = () => ({ kind: 'answer' })
  }
}

const told = async (ref: string) =>
  (await sandbox.hooks()).map(({ payload }) => payload as unknown as Hook).filter((hook) => hook.ref === ref)

describe('a payment by its page', () => {
  it('waits for the payer, is paid by the card that succeeds, and leads back', async () => {
    const asked = sandbox.request()
    const open = await sandbox.driver.create(sandbox.context(), asked)
    expect(open).toMatchObject({
      state: 'action_needed',
      action: { kind: 'redirect', url: `http://localhost:3000/sandbox/${open.ref}` },
      received: [],
    })
    const page = await sandbox.show(open.ref!)
    expect(page.statusCode).toBe(200)
    expect(page.body).toContain('Test payments. No real money moves here.')
    expect(page.body).toContain('Fatura A-1')
    const reply = await sandbox.press(open.ref!, { do: 'choose', scenario: 'success' })
    expect(reply.statusCode).toBe(303)
    expect(reply.headers.location).toBe(asked.return_url)
    const standing = await sandbox.driver.lookUp(sandbox.context(), { key: asked.key, ref: null })
    expect(standing).toMatchObject({ state: 'succeeded', ref: open.ref, received: [{ amount: 10_000 }] })
    expect(standing.method).toBeNull()
    expect((await sandbox.show(open.ref!)).body).toContain('The sandbox has taken')
  })

  it('is refused for each reason, and takes nothing', async () => {
    for (const one of scenarios.filter(({ failure, refusals }) => failure && refusals === undefined)) {
      const { standing, ref } = await sandbox.pay(one.name)
      expect(standing, one.name).toMatchObject({
        state: 'failed',
        failure: { reason: one.failure },
        received: [],
      })
      expect((await sandbox.show(ref)).body).toContain('Nothing was taken.')
    }
  })

  it('asks once more for a card with a second step', async () => {
    const asked = sandbox.request()
    const { ref } = await sandbox.driver.create(sandbox.context(), asked)
    const chosen = await sandbox.press(ref!, { do: 'choose', scenario: 'second_step' })
    expect(chosen.headers.location).toBe(`/sandbox/${ref}?language=en`)
    expect((await sandbox.show(ref!)).body).toContain('Is it you?')
    expect(await sandbox.driver.lookUp(sandbox.context(), { key: asked.key, ref })).toMatchObject({
      state: 'action_needed',
      received: [],
    })
    const approved = await sandbox.press(ref!, { do: 'approve' })
    expect(approved.headers.location).toBe(asked.return_url)
    expect(await sandbox.driver.lookUp(sandbox.context(), { key: asked.key, ref })).toMatchObject({
      state: 'succeeded',
    })
    const other = await sandbox.pay('second_step')
    await sandbox.press(other.ref, { do: 'refuse' })
    expect(await sandbox.driver.lookUp(sandbox.context(), other)).toMatchObject({
      state: 'failed',
      failure: { reason: 'authentication_failed' },
    })
  })

  it('is taken once, in however many tabs it is pressed', async () => {
    const asked = sandbox.request()
    const { ref } = await sandbox.driver.create(sandbox.context(), asked)
    const replies = await Promise.all(
      Array.from({ length: 8 }, () => sandbox.press(ref!, { do: 'choose', scenario: 'success' })),
    )
    expect(replies.filter(({ headers }) => headers.location === asked.return_url)).toHaveLength(1)
    const { received } = await sandbox.driver.lookUp(sandbox.context(), { key: asked.key, ref })
    expect(received).toHaveLength(1)
    expect(await told(ref!)).toHaveLength(1)
  })

  it('is given up by the payer, by the house, or by the clock, and cannot be paid any more', async () => {
    const byPayer = sandbox.request()
    const { ref } = await sandbox.driver.create(sandbox.context(), byPayer)
    await sandbox.press(ref!, { do: 'cancel' })
    expect(await sandbox.driver.lookUp(sandbox.context(), { key: byPayer.key, ref })).toMatchObject({
      state: 'cancelled',
    })
    const byHouse = sandbox.request()
    const other = await sandbox.driver.create(sandbox.context(), byHouse)
    expect(
      await sandbox.driver.cancel!(sandbox.context(), { key: byHouse.key, ref: other.ref }),
    ).toMatchObject({ state: 'cancelled' })
    await sandbox.press(other.ref!, { do: 'choose', scenario: 'success' })
    const byClock = sandbox.request({ expires_at: sandbox.now().add({ minutes: 1 }) })
    const third = await sandbox.driver.create(sandbox.context(), byClock)
    sandbox.pass({ minutes: 1 })
    await sandbox.press(third.ref!, { do: 'choose', scenario: 'success' })
    for (const [key, state] of [
      [byHouse.key, 'cancelled'],
      [byClock.key, 'expired'],
    ] as const)
      expect(await sandbox.driver.lookUp(sandbox.context(), { key, ref: null })).toMatchObject({
        state,
        received: [],
      })
    const paid = await sandbox.pay('success')
    expect(await sandbox.driver.cancel!(sandbox.context(), paid)).toMatchObject({ state: 'succeeded' })
  })

  it('tells the house as its card does: once, thrice, late, in the wrong order, never', async () => {
    const types = async (name: string) => (await told((await sandbox.pay(name)).ref)).map(({ type }) => type)
    expect(await types('success')).toEqual(['charge.paid'])
    expect(await types('declined')).toEqual(['charge.refused'])
    expect(await types('out_of_order')).toEqual(['charge.paid', 'charge.processing'])
    expect(await types('never_told')).toEqual([])
    const twice = await told((await sandbox.pay('twice')).ref)
    expect(twice.map(({ type }) => type)).toEqual(['charge.paid', 'charge.paid', 'charge.paid'])
    expect(new Set(twice.map(({ event_id }) => event_id)).size).toBe(2)
  })

  it('answers nothing for a while where the card is late, and then says what it took', async () => {
    const asked = sandbox.request()
    const { ref } = await sandbox.driver.create(sandbox.context(), asked)
    await sandbox.press(ref!, { do: 'choose', scenario: 'late' })
    const look = () => sandbox.driver.lookUp(sandbox.context(), { key: asked.key, ref })
    await expect(look()).rejects.toBeInstanceOf(ProviderSilence)
    await expect(look()).rejects.toBeInstanceOf(ProviderSilence)
    expect(await look()).toMatchObject({ state: 'succeeded', received: [{ amount: 10_000 }] })
  })

  it('takes half a minute for a debit of a bank account', async () => {
    const paid = await sandbox.pay('success', { method: 'bank_debit' })
    expect(paid.standing).toMatchObject({ state: 'pending', received: [] })
    sandbox.pass({ seconds: 30 })
    expect(await sandbox.driver.lookUp(sandbox.context(), paid)).toMatchObject({
      state: 'succeeded',
      received: [{ amount: 10_000 }],
    })
    const refund = sandbox.refund(paid, 4_000)
    expect(await sandbox.driver.refund!(sandbox.context(), refund)).toMatchObject({ state: 'pending' })
    sandbox.pass({ seconds: 30 })
    expect(await sandbox.driver.lookUpRefund!(sandbox.context(), { ...refund, ref: null })).toMatchObject({
      state: 'done',
    })
  })
})

describe('the page', () => {
  it('exists for whoever knows the address, in three languages, and says nothing to others', async () => {
    const { ref } = await sandbox.driver.create(sandbox.context(), sandbox.request({ method: 'pix' }))
    for (const [language, words] of [
      ['en', 'Pay R$100.00'],
      ['es', 'Pagos de prueba'],
      ['pt-BR', 'Pagamentos de teste'],
    ]) {
      const page = await sandbox.show(ref!, `?language=${language}`)
      expect(page.body).toContain(words)
      expect(page.body).toContain(`<html lang="${language}">`)
      expect(page.body).toContain('SANDBOX-PIX*')
    }
    const gone = await sandbox.show(`sbx_${'A'.repeat(43)}`)
    expect(gone.statusCode).toBe(404)
    expect(gone.body).toContain('There is no such payment')
    const lost = await sandbox.press(`sbx_${'A'.repeat(43)}`, { do: 'choose', scenario: 'success' })
    expect(lost.statusCode).toBe(303)
  })

  it('runs no script, is framed by nobody, and shows what it was given as text', async () => {
    const { ref } = await sandbox.driver.create(
      sandbox.context(),
      sandbox.request({ description: '<script>alert(1)</script>' }),
    )
    const page = await sandbox.show(ref!)
    expect(page.body).not.toContain('<script')
    expect(page.headers['content-security-policy']).toContain("default-src 'none'")
    expect(page.headers['content-security-policy']).toContain("frame-ancestors 'none'")
  })

  it('is not pressed from another site', async () => {
    const { ref } = await sandbox.driver.create(sandbox.context(), sandbox.request())
    const reply = await sandbox.app.server.inject({
      method: 'POST',
      url: `/sandbox/${ref}`,
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'sec-fetch-site': 'cross-site',
      },
      payload: 'do=choose&scenario=success',
    })
    expect(reply.statusCode).toBe(403)
  })
})

describe('stored methods', () => {
  it('are known by brand and last digits, and charged with nobody there', async () => {
    const paid = await sandbox.pay('success', { store: true })
    expect(paid.standing.method).toMatchObject({ brand: 'Visa', last_digits: '4242' })
    expect(paid.standing.method?.expires_on?.toString()).toBe('2029-06-01')
    const stored_method = { id: randomUUID(), reference: paid.standing.method!.reference, secret: null }
    const standing = await sandbox.driver.create(
      sandbox.context(),
      sandbox.request({ stored_method, off_session: true, amount: 700 }),
    )
    expect(standing).toMatchObject({ state: 'succeeded', received: [{ amount: 700 }] })
  })

  it('end as what they are: refused twice and then paid, expiring, without funds, with a second step', async () => {
    const charge = async (stored_method: Awaited<ReturnType<typeof sandbox.store>>, off_session = true) =>
      sandbox.driver.create(sandbox.context(), sandbox.request({ stored_method, off_session }))
    const twice = await sandbox.store('refused_twice')
    const ends: Standing[] = []
    for (let turn = 0; turn < 3; turn++) ends.push(await charge(twice))
    expect(ends.map(({ state }) => state)).toEqual(['failed', 'failed', 'succeeded'])
    expect(await charge(await sandbox.store('insufficient_funds'))).toMatchObject({
      state: 'failed',
      failure: { reason: 'insufficient_funds' },
    })
    const careful = await sandbox.store('second_step')
    expect(await charge(careful)).toMatchObject({
      state: 'failed',
      failure: { reason: 'authentication_failed' },
    })
    expect(await charge(careful, false)).toMatchObject({ state: 'action_needed' })
    const expiring = await sandbox.store('expiring')
    expect(await charge(expiring)).toMatchObject({ state: 'succeeded' })
    const before = sandbox.now()
    sandbox.pass({ hours: 24 * 60 })
    expect(await charge(expiring)).toMatchObject({ state: 'failed', failure: { reason: 'expired_method' } })
    sandbox.pass(before.since(sandbox.now()))
    await expect(sandbox.store('invalid_method')).rejects.toThrow('failed')
    const forgotten = await sandbox.store('success')
    await sandbox.driver.forget!(sandbox.context(), forgotten)
    expect(await charge(forgotten)).toMatchObject({ state: 'failed', failure: { reason: 'invalid_method' } })
  })

  it('answer too late, though the charge is made: the same key is the same charge', async () => {
    const stored_method = await sandbox.store('late')
    const asked = sandbox.request({ stored_method, off_session: true })
    const impatient = AbortSignal.timeout(100)
    await expect(sandbox.driver.create(sandbox.context(impatient), asked)).rejects.toBeInstanceOf(
      ProviderSilence,
    )
    const again = await sandbox.driver.create(sandbox.context(), asked)
    expect(again.received).toHaveLength(1)
    const book = await sandbox.transact((tx) =>
      sql<{
        n: number
      }>`select count(*)::int as n from sandbox_movements m join sandbox_charges c on c.id = m.charge_id
                          where c.key = ${asked.key}`.execute(tx),
    )
    expect(book.rows[0]!.n).toBe(1)
    await expect(
      sandbox.driver.create(sandbox.context(), { ...asked, amount: asked.amount + 1 }),
    ).rejects.toBeInstanceOf(ProviderRefusal)
  })

  it('say they are on their way where only asking finds out', async () => {
    const stored_method = await sandbox.store('never_told')
    const asked = sandbox.request({ stored_method, off_session: true })
    const first = await sandbox.driver.create(sandbox.context(), asked)
    expect(first).toMatchObject({ state: 'pending', received: [] })
    expect(await told(first.ref!)).toEqual([])
    expect(await sandbox.driver.lookUp(sandbox.context(), { key: asked.key, ref: null })).toMatchObject({
      state: 'succeeded',
    })
  })

  it('are charged many at once, each with its own end, and twice is once', async () => {
    const good = await sandbox.store('success')
    const bad = await sandbox.store('limit_exceeded')
    const requests = Array.from({ length: 500 }, (_, index) =>
      sandbox.request({ stored_method: index % 10 === 9 ? bad : good, off_session: true, amount: index + 1 }),
    )
    const lost = requests[3]!.key
    const dropped = requests[4]!.key
    const results = await withFaults(
      ({ key }) => ({ kind: key === lost ? 'silent_after' : key === dropped ? 'silent_before' : 'answer' }),
      () => sandbox.driver.chargeMany!(sandbox.context(), requests),
    )
    const ends = results.map((one) => ('state' in one ? one.state : 'silence'))
    expect(ends.filter((end) => end === 'failed')).toHaveLength(50)
    expect(ends.filter((end) => end === 'succeeded')).toHaveLength(448)
    expect([ends[3], ends[4]]).toEqual(['silence', 'silence'])
    const looks = await Promise.all(
      [lost, dropped].map((key) => sandbox.driver.lookUp(sandbox.context(), { key, ref: null })),
    )
    expect(looks.map(({ state }) => state)).toEqual(['succeeded', 'absent'])
    const again = await sandbox.driver.chargeMany!(sandbox.context(), requests)
    const amounts = (list: typeof again) =>
      list.map((one) => ('state' in one ? one.received.map(({ amount, ref }) => `${amount} ${ref}`) : null))
    expect(
      again.map((one) => ('state' in one ? one.state : 'silence')).filter((end) => end === 'succeeded'),
    ).toHaveLength(450)
    const first = amounts(results)
    amounts(again).forEach((one, index) => {
      if (index !== 3 && index !== 4) expect(one).toEqual(first[index])
    })
  })
})

describe('money that goes back', () => {
  it('is refunded in part and in whole, once by its key, and never more than was taken', async () => {
    const paid = await sandbox.pay('success')
    const part = sandbox.refund(paid, 3_000)
    const done = await sandbox.driver.refund!(sandbox.context(), part)
    expect(done.state).toBe('done')
    expect(await sandbox.driver.refund!(sandbox.context(), part)).toEqual(done)
    expect(await sandbox.driver.refund!(sandbox.context(), sandbox.refund(paid, 7_001))).toMatchObject({
      state: 'failed',
    })
    const races = await Promise.all(
      Array.from({ length: 6 }, () => sandbox.driver.refund!(sandbox.context(), sandbox.refund(paid, 5_000))),
    )
    expect(races.filter(({ state }) => state === 'done')).toHaveLength(1)
    await sandbox.driver.refund!(sandbox.context(), sandbox.refund(paid, 2_000))
    const { reversed } = await sandbox.driver.lookUp(sandbox.context(), paid)
    expect(reversed.map(({ amount, kind }) => [kind, amount])).toEqual([
      ['refund', 3_000],
      ['refund', 5_000],
      ['refund', 2_000],
    ])
    expect(reversed[0]!.key).toBe(part.key)
  })

  it('is disputed on the page, and won back', async () => {
    const paid = await sandbox.pay('success')
    await sandbox.driver.refund!(sandbox.context(), sandbox.refund(paid, 1_000))
    expect((await sandbox.show(paid.ref)).body).toContain('Dispute this charge')
    await sandbox.press(paid.ref, { do: 'dispute' })
    await sandbox.press(paid.ref, { do: 'dispute' })
    const disputed = await sandbox.driver.lookUp(sandbox.context(), paid)
    expect(disputed.reversed[1]).toMatchObject({ kind: 'chargeback', amount: 9_000, key: null })
    expect(disputed.reversed).toHaveLength(2)
    await sandbox.press(paid.ref, { do: 'win' })
    await sandbox.press(paid.ref, { do: 'win' })
    const won = await sandbox.driver.lookUp(sandbox.context(), paid)
    expect(won.reversed[1]).toMatchObject({ kind: 'chargeback', amount: 9_000, won: true })
    expect((await told(paid.ref)).map(({ type }) => type)).toEqual([
      'charge.paid',
      'charge.refunded',
      'charge.disputed',
      'charge.dispute_won',
    ])
  })

  it('is refused by the database where the code would give back more', async () => {
    const paid = await sandbox.pay('success')
    await expect(
      sandbox.transact((tx) =>
        sql`insert into sandbox_movements (provider_id, business_unit_id, charge_id, kind, ref, amount, at, settles_at)
            select provider_id, business_unit_id, id, 'refund', ${`x${randomUUID()}`}, 10001, created_at, created_at
              from sandbox_charges where ref = ${paid.ref}`.execute(tx),
      ),
    ).rejects.toMatchObject({ constraint: 'sandbox_overdrawn' })
    await expect(
      sandbox.transact((tx) => sql`update sandbox_movements set amount = 1`.execute(tx)),
    ).rejects.toMatchObject({ code: '42501' })
  })
})

describe('planned faults', () => {
  it('lose the request, lose the answer, or hold the request until long after', async () => {
    const stored_method = await sandbox.store('success')
    const ask = () => sandbox.request({ stored_method, off_session: true })
    const look = (key: string) => sandbox.driver.lookUp(sandbox.context(), { key, ref: null })
    const before = ask()
    await withFaults(
      () => ({ kind: 'silent_before' }),
      () => expect(sandbox.driver.create(sandbox.context(), before)).rejects.toBeInstanceOf(ProviderSilence),
    )
    expect((await look(before.key)).state).toBe('absent')
    const after = ask()
    await withFaults(
      () => ({ kind: 'silent_after' }),
      () => expect(sandbox.driver.create(sandbox.context(), after)).rejects.toBeInstanceOf(ProviderSilence),
    )
    expect((await look(after.key)).state).toBe('succeeded')
    const held = ask()
    const waiting: (() => Promise<unknown>)[] = []
    await withFaults(
      () => ({ kind: 'held', hold: (work) => waiting.push(work) }),
      () => expect(sandbox.driver.create(sandbox.context(), held)).rejects.toBeInstanceOf(ProviderSilence),
    )
    expect((await look(held.key)).state).toBe('absent')
    await sandbox.driver.create(sandbox.context(), held)
    await waiting[0]!()
    expect((await look(held.key)).received).toHaveLength(1)
  })

  it('hang up where the house does', async () => {
    const plan = { ...sandbox.request() }
    await withFaults(
      () => ({ kind: 'answer', delay_ms: 5_000 }),
      () =>
        expect(sandbox.driver.create(sandbox.context(AbortSignal.timeout(50)), plan)).rejects.toBeInstanceOf(
          ProviderSilence,
        ),
    )
    expect((await sandbox.driver.lookUp(sandbox.context(), { key: plan.key, ref: null })).state).toBe(
      'action_needed',
    )
  })

  it('come at the rate that staff set', async () => {
    const flaky = await startSandbox({ settings: { fault_rate: 100 } })
    try {
      await expect(flaky.driver.test(flaky.context())).rejects.toBeInstanceOf(ProviderSilence)
    } finally {
      await flaky.close()
    }
    expect(sandbox.driver.settings.safeParse({ fault_rate: 101 }).success).toBe(false)
    await sandbox.driver.test(sandbox.context())
  })
})

describe('its calls of the house', () => {
  const hookOf = (ref = 'sbx_x'): Hook => ({
    provider_id: sandbox.provider.id,
    event_id: `evt_${randomUUID()}`,
    type: 'charge.paid',
    key: randomUUID(),
    ref,
    created_at: sandbox.now().toString(),
  })
  const secret = () => hookSecret(sandbox.config, sandbox.provider.id)
  const read = (headers: Record<string, string>, body: string) =>
    sandbox.driver.readHook!(sandbox.context(), { headers, query: {}, body: Buffer.from(body) })

  it('are known by signature and age', async () => {
    const hook = hookOf()
    const body = writeHook(hook)
    const headers = signHook(secret(), hook.event_id, body, sandbox.now())
    expect(await read(headers, body)).toEqual({
      event_key: hook.event_id,
      about: [{ key: hook.key, ref: hook.ref }],
    })
    expect(await read(headers, body.replace('charge.paid', 'charge.lost'))).toBeNull()
    expect(await read({ ...headers, 'webhook-id': 'evt_other' }, body)).toBeNull()
    expect(await read({ ...headers, 'webhook-signature': 'v1,AAAA' }, body)).toBeNull()
    expect(await read({}, body)).toBeNull()
    const strange = signHook(hookSecret(sandbox.config, randomUUID()), hook.event_id, body, sandbox.now())
    expect(await read(strange, body)).toBeNull()
    for (const seconds of [-301, 301]) {
      const aged = signHook(secret(), hook.event_id, body, sandbox.now().add({ seconds }))
      expect(await read(aged, body), String(seconds)).toBeNull()
    }
    const recent = signHook(secret(), hook.event_id, body, sandbox.now().add({ seconds: -299 }))
    expect(await read(recent, body)).not.toBeNull()
    const list = { ...headers, 'webhook-signature': `v1,AAAA ${headers['webhook-signature']}` }
    expect(await read(list, body)).not.toBeNull()
  })

  it('are made by a job, and made again where they were not taken', async () => {
    const calls: { url: string; headers: Record<string, string>; body: string }[] = []
    let status = 503
    const send: SendCall = async (url, { headers, body }) => {
      calls.push({ url, headers, body })
      return { ok: status < 300, status }
    }
    const { 'sandbox:send_hook': job } = createSandboxJobs({ config: sandbox.config, send })
    const hook = hookOf(`sbx_${randomUUID()}`)
    await job!({ ...hook, tries: 0 }, sandbox.jobContext())
    expect(calls[0]!.url).toBe(`http://localhost:3000/api/v1/hooks/payments/${sandbox.provider.id}`)
    expect(await read(calls[0]!.headers, calls[0]!.body)).not.toBeNull()
    const again = (await sandbox.hooks()).filter(({ payload }) => payload.ref === hook.ref)
    expect(again).toHaveLength(1)
    expect(again[0]!.payload.tries).toBe(1)
    expect(Temporal.Instant.compare(again[0]!.run_at, sandbox.now().add({ seconds: 10 }))).toBe(0)
    status = 200
    await job!(again[0]!.payload, sandbox.jobContext())
    expect(calls).toHaveLength(2)
    expect((await sandbox.hooks()).filter(({ payload }) => payload.ref === hook.ref)).toHaveLength(1)
  })
})

describe('reconciliation', () => {
  it('lists what moved between two instants, once each', async () => {
    sandbox.pass({ hours: 24 })
    const from = sandbox.now()
    const stored_method = await sandbox.store('success')
    const requests = Array.from({ length: 700 }, () => sandbox.request({ stored_method, off_session: true }))
    await sandbox.driver.chargeMany!(sandbox.context(), requests)
    sandbox.pass({ seconds: 1 })
    const listed: string[] = []
    for await (const { key } of sandbox.driver.listReceived!(sandbox.context(), from, sandbox.now()))
      listed.push(key!)
    expect(new Set(listed)).toEqual(new Set(requests.map(({ key }) => key)))
    expect(listed).toHaveLength(700)
  })
})
