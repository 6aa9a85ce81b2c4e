import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  createMercadoPagoDriver,
  type MercadoPagoSecrets,
  type MercadoPagoSettings,
} from '../../server/drivers/mercado-pago/driver.ts'
import {
  type ChargeRequest,
  type ProviderContext,
  ProviderSilence,
  type RefundRequest,
  type SetupRequest,
  type Standing,
} from '../../server/modules/payments/index.ts'
import { keys, MercadoPagoAccount } from './mercado-pago-account.ts'

let account: MercadoPagoAccount
let driver: ReturnType<typeof createMercadoPagoDriver>
let context: ProviderContext<MercadoPagoSettings, MercadoPagoSecrets>

beforeEach(async () => {
  account = new MercadoPagoAccount()
  driver = createMercadoPagoDriver({ api: { url: await account.open(), timeout: 2_000 } })
  context = {
    provider_id: '0197a000-0000-7000-8000-000000000001',
    business_unit_id: '0197a000-0000-7000-8000-000000000002',
    settings: { public_key: keys.public_key, installments: 3 },
    secrets: { access_token: keys.access_token, webhook_secret: keys.webhook_secret },
    public_url: 'https://portal.example',
    now: account.now,
    signal: new AbortController().signal,
    transact: () => Promise.reject(new Error('this driver has no tables')),
  }
})
afterEach(async () => {
  await account.close()
  expect(account.breaches).toEqual([])
})

function newKey(): string {
  const hex = account.now.epochMilliseconds.toString(16).padStart(12, '0')
  const random = randomBytes(10).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7${random.slice(0, 3)}-8${random.slice(3, 6)}-${random.slice(6, 18)}`
}

const payer: ChargeRequest['payer'] = {
  account_id: '0197a000-0000-7000-8000-00000000000a',
  number: 1042,
  name: 'Marta Soares',
  kind: 'person',
  tax_id: '52998224725',
  email: 'marta@correio.example',
  language: 'pt-BR',
  address: null,
  city: null,
  state: null,
  country: 'BR',
  postal_code: null,
}

function charge(over: Partial<ChargeRequest> = {}): ChargeRequest {
  return {
    key: newKey(),
    method: 'card',
    amount: 12_990,
    currency: 'BRL',
    description: 'Pirilampo: fatura A-17',
    payer,
    invoices: [],
    due_date: null,
    stored_method: null,
    store: false,
    off_session: false,
    return_url: 'https://portal.example/pay/1',
    expires_at: null,
    ...over,
  }
}

function setup(details: Record<string, string> | null): SetupRequest {
  return {
    key: newKey(),
    method: 'card',
    currency: 'BRL',
    payer,
    return_url: 'https://portal.example/pay/1',
    details,
  }
}

/** Keeps a card there and gives what a later charge names it by. */
async function keep(outcome?: string) {
  const kept = await driver.setUp!(context, setup({ token: account.typeCard(outcome) }))
  expect(kept.state).toBe('succeeded')
  return { id: 'stored', reference: kept.method!.reference, secret: null }
}

async function pay(request = charge()): Promise<{ request: ChargeRequest; paid: Standing; id: number }> {
  const { ref } = await driver.create(context, request)
  const { id } = account.payInCheckout(ref!, 'approved', 'accredited')
  return { request, id, paid: await driver.lookUp(context, { key: request.key, ref }) }
}

function refundOf(request: ChargeRequest, id: number, amount: number): RefundRequest {
  return {
    key: newKey(),
    charge: { key: request.key, ref: 'preference' },
    payment_ref: String(id),
    amount,
    whole: amount === request.amount,
    currency: request.currency,
    reason: null,
    others: [],
  }
}

const approved = () => [...account.payments.values()].filter(({ status }) => status === 'approved')

describe('a payment in the checkout', () => {
  it('leads to their page with what is to be paid, and is paid', async () => {
    const request = charge({ expires_at: account.now.add({ hours: 2 }) })
    const opened = await driver.create(context, request)
    const preference = account.preferences.get(opened.ref!)!
    expect(opened).toMatchObject({
      state: 'action_needed',
      action: { kind: 'mercado_pago', public_key: keys.public_key, url: preference.sandbox_init_point },
    })
    expect(preference).toMatchObject({
      items: [{ quantity: 1, unit_price: 129.9, currency_id: 'BRL', title: request.description }],
      external_reference: request.key,
      auto_return: 'approved',
      notification_url: `https://portal.example/api/v1/hooks/payments/${context.provider_id}?source_news=webhooks&key=${request.key}`,
      expiration_date_to: '2026-11-22T14:00:00.000+00:00',
      payment_methods: {
        excluded_payment_types: [{ id: 'bank_transfer' }, { id: 'ticket' }, { id: 'atm' }],
        installments: 3,
      },
    })
    const { id } = account.payInCheckout(opened.ref!, 'approved', 'accredited')
    expect(await driver.lookUp(context, { key: request.key, ref: opened.ref })).toMatchObject({
      state: 'succeeded',
      ref: opened.ref,
      received: [{ ref: String(id), amount: 12_990 }],
      reversed: [],
    })
  })

  it('says nothing of addresses that they cannot reach', async () => {
    const { ref } = await driver.create(
      { ...context, public_url: 'http://localhost:3000' },
      charge({ return_url: 'http://localhost:3000/pay/1' }),
    )
    expect(account.preferences.get(ref!)).not.toHaveProperty('notification_url')
    expect(account.preferences.get(ref!)).not.toHaveProperty('auto_return')
  })

  it('may be refused and tried again, waits for what is under way, and ends when it is too late', async () => {
    const request = charge({ expires_at: account.now.add({ hours: 2 }) })
    const { ref } = await driver.create(context, request)
    const ask = (now = context.now) => driver.lookUp({ ...context, now }, { key: request.key, ref })
    account.payInCheckout(ref!, 'rejected', 'cc_rejected_insufficient_amount')
    expect(await ask()).toMatchObject({ state: 'action_needed', action: { kind: 'mercado_pago' } })
    const { id } = account.payInCheckout(ref!, 'in_process', 'pending_review_manual')
    expect(await ask()).toMatchObject({ state: 'pending', ref, received: [] })
    account.settle(id, 'rejected', 'cc_rejected_high_risk')
    expect((await ask(context.now.add({ hours: 3 }))).state).toBe('expired')
    account.settle(id, 'approved', 'accredited')
    expect((await ask(context.now.add({ hours: 3 }))).state).toBe('succeeded')
  })

  it('is over after a week where nobody goes to the end of it', async () => {
    const request = charge()
    const { ref } = await driver.create(context, request)
    const ask = (hours: number) =>
      driver.lookUp({ ...context, now: context.now.add({ hours }) }, { key: request.key, ref })
    expect((await ask(24 * 6)).state).toBe('action_needed')
    expect((await ask(24 * 8)).state).toBe('expired')
  })

  it('paid twice by the payer is twice received', async () => {
    const { request, paid } = await pay()
    const again = account.payInCheckout(paid.ref!, 'approved', 'accredited')
    const standing = await driver.lookUp(context, { key: request.key, ref: paid.ref })
    expect(standing.received.map(({ ref }) => ref)).toEqual([paid.received[0]!.ref, String(again.id)])
  })

  it('is closed by the payer, with what was waiting; money that was faster stands', async () => {
    const request = charge({ method: 'boleto' })
    const { ref } = await driver.create(context, request)
    const { id } = account.payInCheckout(ref!, 'pending', 'pending_waiting_payment', 'bolbradesco')
    expect((await driver.cancel!(context, { key: request.key, ref })).state).toBe('cancelled')
    expect(account.payments.get(id)!.status).toBe('cancelled')
    expect(account.preferences.get(ref!)).toMatchObject({ expires: true })
    const paid = await pay()
    expect((await driver.cancel!(context, { key: paid.request.key, ref: paid.paid.ref })).state).toBe(
      'succeeded',
    )
  })
})

describe('a kept card', () => {
  it('is kept by a token of their form, and charged with nobody there', async () => {
    const asked = setup(null)
    const opened = await driver.setUp!(context, asked)
    expect(opened).toMatchObject({
      state: 'action_needed',
      action: { kind: 'mercado_pago', public_key: keys.public_key, url: '' },
    })
    expect((await driver.lookUp(context, { key: asked.key, ref: opened.ref })).state).toBe('action_needed')
    const late = { ...context, now: context.now.add({ hours: 2 }) }
    expect((await driver.lookUp(late, { key: asked.key, ref: opened.ref })).state).toBe('expired')
    expect((await driver.cancel!(context, { key: asked.key, ref: opened.ref })).state).toBe('cancelled')

    const kept = await driver.setUp!(context, setup({ token: account.typeCard() }))
    expect(kept).toMatchObject({
      state: 'succeeded',
      received: [],
      method: { brand: 'Visa', last_digits: '5682' },
    })
    expect(kept.method?.expires_on?.toString()).toBe('2030-12-01')
    expect(await driver.lookUp(context, { key: newKey(), ref: kept.ref })).toMatchObject({
      state: 'succeeded',
      method: { last_digits: '5682' },
    })
    const request = charge({
      off_session: true,
      stored_method: { id: 'm', reference: kept.method!.reference, secret: null },
    })
    const paid = await driver.create(context, request)
    expect(paid).toMatchObject({ state: 'succeeded', received: [{ amount: 12_990 }] })
    expect(paid.ref).toBe(paid.received[0]!.ref)
    // Another card of the same payer is of the same customer.
    await keep()
    expect(account.customers.size).toBe(1)
  })

  it('tells why it was refused, in our words', async () => {
    const refusals = {
      insufficient_funds: 'cc_rejected_insufficient_amount',
      expired_method: 'cc_rejected_bad_filled_date',
      invalid_method: 'cc_rejected_card_disabled',
      authentication_failed: 'cc_rejected_call_for_authorize',
      limit_exceeded: 'cc_rejected_max_attempts',
      suspected_fraud: 'cc_rejected_high_risk',
      declined: 'cc_rejected_other_reason',
    }
    for (const [reason, outcome] of Object.entries(refusals)) {
      const request = charge({ off_session: true, stored_method: await keep(outcome) })
      const refused = await driver.create(context, request)
      expect(refused).toMatchObject({ state: 'failed', failure: { reason, detail: outcome }, received: [] })
      expect(await driver.lookUp(context, { key: request.key, ref: refused.ref })).toMatchObject({
        state: 'failed',
        failure: { reason },
      })
    }
  })

  it('is not kept by a token that was used, nor without an e-mail address', async () => {
    const token = account.typeCard()
    await driver.setUp!(context, setup({ token }))
    expect(await driver.setUp!(context, setup({ token }))).toMatchObject({
      state: 'failed',
      failure: { reason: 'invalid_method' },
    })
    await expect(
      driver.setUp!(context, { ...setup({ token: account.typeCard() }), payer: { ...payer, email: null } }),
    ).rejects.toMatchObject({ code: 'email_missing' })
  })

  it('is forgotten, twice as well, and then charges nothing', async () => {
    const stored_method = await keep()
    await driver.forget!(context, stored_method)
    await driver.forget!(context, stored_method)
    expect(await driver.create(context, charge({ stored_method, off_session: true }))).toMatchObject({
      state: 'failed',
      failure: { reason: 'invalid_method' },
    })
  })
})

describe('silence', () => {
  it('of the house: it has hung up while the card was asked for, and nothing is charged behind its back', async () => {
    const card = await keep()
    const gone = { ...context, signal: AbortSignal.abort() }
    await expect(driver.create(gone, charge({ stored_method: card }))).rejects.toThrow(ProviderSilence)
    expect(account.payments.size).toBe(0)
  })

  it.each([
    ['lost before it was done', 'lost', 0],
    ['done, its answer lost', 'unanswered', 1],
    ['done, its answer late', { late: 3_000 }, 1],
    ['an error of theirs', { status: 502 }, 0],
    ['too many requests', { status: 429 }, 0],
    ['being worked on', { status: 423 }, 0],
  ] as const)(
    '%s: the outcome is unknown, looking up finds it, nothing is charged twice',
    async (_name, fault, done) => {
      const request = charge({ stored_method: await keep(), off_session: true })
      account.fail('POST', /payments$/, fault)
      await expect(driver.create(context, request)).rejects.toThrow(ProviderSilence)
      expect(approved()).toHaveLength(done)
      expect((await driver.lookUp(context, { key: request.key, ref: null })).state).toBe(
        done ? 'succeeded' : 'absent',
      )
      // The house sends it again only where it is absent; were it sent all the same, it would be the same charge.
      const again = await driver.create(context, request)
      expect(again.state).toBe('succeeded')
      expect(approved()).toHaveLength(1)
    },
  )

  it('is safe even where their search does not know the payment yet: the key is the same', async () => {
    account.searchesAtOnce = false
    const request = charge({ stored_method: await keep(), off_session: true })
    account.fail('POST', /payments$/, 'unanswered')
    await expect(driver.create(context, request)).rejects.toThrow(ProviderSilence)
    expect((await driver.lookUp(context, { key: request.key, ref: null })).state).toBe('absent')
    expect((await driver.create(context, request)).state).toBe('succeeded')
    expect(approved()).toHaveLength(1)
    account.index()
    expect((await driver.lookUp(context, { key: request.key, ref: null })).received).toHaveLength(1)
  })

  it('of the checkout finds the page that was opened, and what was paid in it', async () => {
    const request = charge()
    account.fail('POST', /preferences\/$/, 'unanswered')
    await expect(driver.create(context, request)).rejects.toThrow(ProviderSilence)
    const found = await driver.lookUp(context, { key: request.key, ref: null })
    expect(found).toMatchObject({ state: 'action_needed', action: { kind: 'mercado_pago' } })
    account.payInCheckout(found.ref!, 'approved', 'accredited')
    expect((await driver.lookUp(context, { key: request.key, ref: found.ref })).state).toBe('succeeded')
    expect((await driver.lookUp(context, { key: newKey(), ref: null })).state).toBe('absent')
  })
})

describe('money that goes back', () => {
  it('goes in parts and whole, and never exceeds the payment', async () => {
    const { request, id, paid } = await pay()
    const first = refundOf(request, id, 3_010)
    const done = await driver.refund!(context, first)
    expect(done.state).toBe('done')
    expect(await driver.refund!(context, first)).toEqual(done)
    const there = account.refundThere(id, 10)
    const standing = await driver.lookUp(context, { key: request.key, ref: paid.ref })
    expect(standing.reversed.map(({ kind, amount, ref }) => [kind, amount, ref])).toEqual([
      ['refund', 3_010, 'ref' in done && done.ref],
      ['refund', 1_000, String(there)],
    ])
    expect(await driver.refund!(context, refundOf(request, id, 9_000))).toMatchObject({ state: 'failed' })
    const other = await pay()
    expect((await driver.refund!(context, refundOf(other.request, other.id, 12_990))).state).toBe('done')
    expect(account.payments.get(other.id)!.status).toBe('refunded')
    expect(await driver.lookUp(context, { key: other.request.key, ref: other.paid.ref })).toMatchObject({
      state: 'succeeded',
      reversed: [{ kind: 'refund', amount: 12_990 }],
    })
  })

  it('is found after a silence, not sent twice, and waits where they wait', async () => {
    const { request, id, paid } = await pay()
    for (const [fault, before] of [
      ['unanswered', 'done'],
      ['lost', 'absent'],
    ] as const) {
      account.now = account.now.add({ minutes: 5 })
      const refund = refundOf(request, id, 500)
      account.fail('POST', /refunds$/, fault)
      await expect(driver.refund!(context, refund)).rejects.toThrow(ProviderSilence)
      const found = await driver.lookUpRefund!(context, { ...refund, ref: null })
      expect(found.state).toBe(before)
      expect((await driver.refund!(context, refund)).state).toBe('done')
    }
    expect(account.payments.get(id)!.transaction_amount_refunded).toBe(10)
    account.nextRefund = 'in_process'
    const refund = refundOf(request, id, 700)
    const waiting = await driver.refund!(context, refund)
    expect(waiting.state).toBe('pending')
    expect((await driver.lookUp(context, { key: request.key, ref: paid.ref })).reversed).toHaveLength(2)
    const ref = 'ref' in waiting ? waiting.ref : ''
    ;(account.payments.get(id)!.refunds as { status: string }[]).at(-1)!.status = 'approved'
    expect(await driver.lookUpRefund!(context, { ...refund, ref })).toEqual({ state: 'done', ref })
  })

  it('of the same amount twice is two refunds, also where the second was lost', async () => {
    const { request, id } = await pay()
    const [first, second] = [refundOf(request, id, 500), refundOf(request, id, 500)]
    const done = await driver.refund!(context, first)
    const others = 'ref' in done ? [done.ref] : []
    account.fail('POST', /refunds$/, 'lost')
    await expect(driver.refund!(context, second)).rejects.toThrow(ProviderSilence)
    const known = { ...second, others, ref: null }
    expect(await driver.lookUpRefund!(context, known)).toEqual({ state: 'absent' })
    expect((await driver.refund!(context, second)).state).toBe('done')
    expect(await driver.lookUpRefund!(context, known)).toMatchObject({ state: 'done' })
    expect(account.payments.get(id)!.transaction_amount_refunded).toBe(10)
  })

  it('is taken by a chargeback, whole or in part, and comes back when it is won', async () => {
    const { request, id, paid } = await pay()
    const ask = () => driver.lookUp(context, { key: request.key, ref: paid.ref })
    account.settle(id, 'in_mediation', 'pending')
    expect((await ask()).reversed).toEqual([])
    account.chargeBack(id, 100.5)
    expect(await ask()).toMatchObject({
      state: 'succeeded',
      reversed: [
        { ref: `chargeback:${id}`, kind: 'chargeback', amount: 10_050, won: false, payment_ref: String(id) },
      ],
    })
    account.settle(id, 'charged_back', 'settled')
    expect((await ask()).reversed).toMatchObject([{ won: false }])
    account.settle(id, 'charged_back', 'reimbursed')
    expect((await ask()).reversed).toMatchObject([{ ref: `chargeback:${id}`, won: true }])
  })
})

describe('a webhook call', () => {
  const read = (call: ReturnType<MercadoPagoAccount['call']>) => driver.readHook!(context, call)

  it('names what it is about: by our key in its address, or by asking whose payment it is', async () => {
    const { request, id } = await pay()
    const hinted = account.call({ topic: 'payment', id: String(id), key: request.key })
    expect(await read(hinted)).toEqual({ event_key: '114411153595', about: [{ key: request.key }] })
    expect(await read(hinted)).toEqual(await read(hinted))
    for (const inMilliseconds of [true, false])
      expect(await read(account.call({ topic: 'payment', id: String(id) }, { inMilliseconds }))).toEqual({
        event_key: '114411153595',
        about: [{ key: request.key }, { ref: String(id) }],
      })
    const chargeback = account.chargeBack(id, 1)
    for (const payment_id of [id, undefined])
      expect(
        (await read(account.call({ topic: 'topic_chargebacks_wh', id: chargeback, payment_id })))?.about,
      ).toEqual([{ key: request.key }, { ref: String(id) }])
    expect((await read(account.call({ topic: 'mp-connect', id: '5' })))?.about).toEqual([])
  })

  it('is refused when it is forged, old, of another id, or no secret is set', async () => {
    const { request, id } = await pay()
    const about = { topic: 'payment', id: String(id), key: request.key }
    expect(await read(account.call(about, { secret: 'somebody else whose secret it is' }))).toBeNull()
    expect(await read(account.call(about, { at: account.now.subtract({ minutes: 6 }) }))).toBeNull()
    expect(
      await read(account.call(about, { at: account.now.subtract({ minutes: 6 }), inMilliseconds: true })),
    ).toBeNull()
    const moved = account.call(about)
    moved.query['data.id'] = String(id + 17)
    expect(await read(moved)).toBeNull()
    expect(await read({ ...account.call(about), headers: {} })).toBeNull()
    expect(await read({ ...account.call(about), body: Buffer.from('not JSON') })).toBeNull()
    const unset = { ...context, secrets: { access_token: keys.access_token } }
    expect(await driver.readHook!(unset, account.call(about))).toBeNull()
  })
})

describe('what came in, and the test button', () => {
  it('lists the charges that moved, and what went back of them', async () => {
    const { request, id } = await pay()
    account.now = account.now.add({ hours: 48 })
    const later = await pay()
    const { ref } = await driver.create(context, charge())
    account.payInCheckout(ref!, 'rejected', 'cc_rejected_other_reason')
    const list = async (from: Temporal.Instant) => {
      const found: (string | undefined)[] = []
      for await (const one of driver.listReceived!(context, from, account.now)) found.push(one.key)
      return found
    }
    expect(await list(account.now.subtract({ hours: 1 }))).toEqual([later.request.key])
    expect(await list(account.now.subtract({ hours: 72 }))).toEqual([request.key, later.request.key])
    const back = account.refundThere(later.id, 10)
    account.chargeBack(id, 20)
    const moved: unknown[] = []
    for await (const one of driver.listReceived!(context, account.now.subtract({ hours: 72 }), account.now))
      moved.push([one.key, one.money_ref, one.won ?? false])
    expect(moved).toEqual([
      [request.key, String(id), false],
      [request.key, `chargeback:${id}`, false],
      [later.request.key, String(later.id), false],
      [later.request.key, String(back), false],
    ])
  })

  it('says that it works, and why not', async () => {
    await driver.test(context)
    const wrong = { ...context, secrets: { access_token: 'TEST-somebody-else' } }
    await expect(driver.test(wrong)).rejects.toMatchObject({ code: 'credentials_refused' })
    const live = { ...context, settings: { public_key: 'APP_USR-5b1c2d3e-zaguan', installments: 1 } }
    await expect(driver.test(live)).rejects.toMatchObject({ code: 'keys_of_two_modes' })
    account.fail('GET', /users\/me$/, { status: 403 })
    await expect(driver.test(context)).rejects.toMatchObject({ code: 'permission_missing' })
    account.fail('GET', /users\/me$/, { status: 500 })
    await expect(driver.test(context)).rejects.toThrow(ProviderSilence)
    expect(driver.settings.parse({ public_key: keys.public_key })).toEqual({
      public_key: keys.public_key,
      installments: 1,
    })
  })
})
