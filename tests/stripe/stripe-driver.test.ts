import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  createStripeDriver,
  type StripeSecrets,
  type StripeSettings,
} from '../../server/drivers/stripe/driver.ts'
import {
  type ChargeRequest,
  type ProviderContext,
  ProviderRefusal,
  ProviderSilence,
  type RefundRequest,
  type SetupRequest,
  type Standing,
} from '../../server/modules/payments/index.ts'
import { keys, StripeAccount } from './stripe-account.ts'

let stripe: StripeAccount
let driver: ReturnType<typeof createStripeDriver>
let context: ProviderContext<StripeSettings, StripeSecrets>

beforeEach(async () => {
  stripe = new StripeAccount()
  driver = createStripeDriver({ api: { ...(await stripe.open()), timeout: 2_000 } })
  context = {
    provider_id: '0197a000-0000-7000-8000-000000000001',
    business_unit_id: '0197a000-0000-7000-8000-000000000002',
    settings: { publishable_key: keys.publishable_key },
    secrets: { secret_key: keys.secret_key, webhook_secret: keys.webhook_secret },
    public_url: 'https://portal.example',
    now: Temporal.Instant.fromEpochMilliseconds(stripe.now * 1000 + 5000),
    signal: new AbortController().signal,
    transact: () => Promise.reject(new Error('this driver has no tables')),
  }
})
afterEach(async () => {
  await stripe.close()
  expect(stripe.breaches).toEqual([])
})

/** A uuid of version 7 as the house makes them, of the account's clock. */
function newKey(): string {
  const hex = (stripe.now * 1000).toString(16).padStart(12, '0')
  const random = randomBytes(10).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7${random.slice(0, 3)}-8${random.slice(3, 6)}-${random.slice(6, 18)}`
}

const payer: ChargeRequest['payer'] = {
  account_id: '0197a000-0000-7000-8000-00000000000a',
  number: 1042,
  name: 'Marta Soares',
  kind: 'person',
  tax_id: null,
  email: 'marta@correio.example',
  language: 'pt-BR',
  address: null,
  city: null,
  state: null,
  country: 'PT',
  postal_code: null,
}

function charge(over: Partial<ChargeRequest> = {}): ChargeRequest {
  return {
    key: newKey(),
    method: 'card',
    amount: 12_990,
    currency: 'EUR',
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

function refundOf(request: ChargeRequest, paid: Standing, amount: number): RefundRequest {
  return {
    key: newKey(),
    charge: { key: request.key, ref: paid.ref! },
    payment_ref: paid.received[0]!.ref,
    amount,
    whole: amount === request.amount,
    currency: request.currency,
    reason: null,
    others: [],
  }
}

async function pay(request = charge()): Promise<{ request: ChargeRequest; paid: Standing }> {
  const { ref } = await driver.create(context, request)
  stripe.payInForm(ref!, 'paid')
  const paid = await driver.lookUp(context, { key: request.key, ref })
  expect(paid.state).toBe('succeeded')
  return { request, paid }
}

/** Stores a card and gives what a later charge names it by. */
async function store(behaviour: Parameters<StripeAccount['payInForm']>[1] = 'paid', type?: 'sepa_debit') {
  const { ref } = await driver.create(context, charge())
  const customer = stripe.intents.get(ref!)!.customer as string
  const payment_method = stripe.addMethod(behaviour, customer, type)
  return { id: 'stored', reference: { customer, payment_method }, secret: null }
}

const count = (asked: string) => stripe.asked.filter((one) => one === asked).length

describe('a payment in the form', () => {
  it('is opened with what Stripe.js needs and nothing secret of ours, and is paid', async () => {
    const request = charge({ store: true })
    const opened = await driver.create(context, request)
    const intent = stripe.intents.get(opened.ref!)!
    expect(opened).toMatchObject({
      state: 'action_needed',
      action: {
        kind: 'stripe',
        publishable_key: keys.publishable_key,
        client_secret: intent.client_secret,
        setup: false,
      },
      received: [],
    })
    expect(intent).toMatchObject({
      amount: 12_990,
      currency: 'eur',
      setup_future_usage: 'off_session',
      allowed_payment_method_types: ['card'],
      metadata: { zaguan_intent: request.key, zaguan_account: payer.account_id },
    })
    stripe.payInForm(opened.ref!, 'paid')
    const paid = await driver.lookUp(context, { key: request.key, ref: opened.ref })
    expect(paid).toMatchObject({
      state: 'succeeded',
      action: null,
      received: [{ ref: intent.latest_charge, amount: 12_990 }],
      reversed: [],
      method: {
        brand: 'Visa',
        last_digits: '4242',
        reference: { customer: intent.customer, payment_method: intent.payment_method },
      },
    })
    expect(paid.method?.expires_on?.toString()).toBe('2031-09-01')
  })

  it('waits for the second step, which goes well', async () => {
    const request = charge()
    const { ref } = await driver.create(context, request)
    stripe.payInForm(ref!, 'second_step')
    const waiting = await driver.lookUp(context, { key: request.key, ref })
    expect([waiting.state, waiting.action?.kind]).toEqual(['action_needed', 'stripe'])
    stripe.authenticate(ref!, true)
    expect((await driver.lookUp(context, { key: request.key, ref })).received).toHaveLength(1)
  })

  it('lets the payer take another card after a refusal, or after a second step that failed', async () => {
    const request = charge()
    const { ref } = await driver.create(context, request)
    stripe.payInForm(ref!, { code: 'card_declined', decline_code: 'insufficient_funds' })
    expect((await driver.lookUp(context, { key: request.key, ref })).state).toBe('action_needed')
    stripe.payInForm(ref!, 'second_step')
    stripe.authenticate(ref!, false)
    expect((await driver.lookUp(context, { key: request.key, ref })).state).toBe('action_needed')
    stripe.payInForm(ref!, 'paid')
    expect((await driver.lookUp(context, { key: request.key, ref })).state).toBe('succeeded')
    expect(stripe.paidCharges()).toHaveLength(1)
  })

  it('is pending while a SEPA debit is on its way, and paid or failed by its end', async () => {
    for (const well of [true, false]) {
      const request = charge({ method: 'bank_debit' })
      const { ref } = await driver.create(context, request)
      expect(stripe.intents.get(ref!)!.allowed_payment_method_types).toEqual(['sepa_debit'])
      stripe.payInForm(ref!, 'later', 'sepa_debit')
      expect(await driver.lookUp(context, { key: request.key, ref })).toMatchObject({
        state: 'pending',
        received: [],
      })
      stripe.settle(ref!, well)
      const end = await driver.lookUp(context, { key: request.key, ref })
      if (well)
        expect(end).toMatchObject({ state: 'succeeded', method: { brand: 'SEPA', last_digits: '3000' } })
      else expect(end).toMatchObject({ state: 'action_needed', received: [] })
    }
  })

  it('is given up by the payer, and ends by itself when nobody comes', async () => {
    const request = charge()
    const { ref } = await driver.create(context, request)
    expect((await driver.cancel!(context, { key: request.key, ref })).state).toBe('cancelled')
    const other = charge({ expires_at: context.now.add({ minutes: 30 }) })
    const opened = await driver.create(context, other)
    expect((await driver.lookUp(context, { key: other.key, ref: opened.ref })).state).toBe('action_needed')
    const later = { ...context, now: context.now.add({ hours: 1 }) }
    expect((await driver.lookUp(later, { key: other.key, ref: opened.ref })).state).toBe('expired')
    expect(stripe.intents.get(opened.ref!)!.status).toBe('canceled')
  })

  it('is not given up where the money came first', async () => {
    const request = charge()
    const { ref } = await driver.create(context, request)
    stripe.payInForm(ref!, 'paid')
    expect(await driver.cancel!(context, { key: request.key, ref })).toMatchObject({
      state: 'succeeded',
      received: [{ amount: 12_990 }],
    })
  })

  it('finds the customer of the account again', async () => {
    await driver.create(context, charge())
    await driver.create(context, charge())
    stripe.index()
    await driver.create(context, charge())
    expect(stripe.customers.size).toBe(1)
    // In some countries Stripe has no search.
    stripe.searchable = false
    await driver.create(context, charge())
    expect(stripe.customers.size).toBe(1)
  })
})

describe('a stored method', () => {
  it('is set up without a charge and then charged with nobody there', async () => {
    const setup: SetupRequest = {
      key: newKey(),
      method: 'card',
      currency: 'EUR',
      payer,
      return_url: 'https://portal.example/pay/1',
      details: null,
    }
    const opened = await driver.setUp!(context, setup)
    expect(opened).toMatchObject({ state: 'action_needed', action: { kind: 'stripe', setup: true } })
    stripe.setUpInForm(opened.ref!, 'paid')
    const done = await driver.lookUp(context, { key: setup.key, ref: opened.ref })
    expect(done).toMatchObject({ state: 'succeeded', received: [], method: { brand: 'Visa' } })
    const { reference } = done.method!
    const paid = await driver.create(
      context,
      charge({ off_session: true, stored_method: { id: 'm', reference, secret: null } }),
    )
    expect(paid).toMatchObject({ state: 'succeeded', received: [{ amount: 12_990 }] })
  })

  it('finds a set-up whose answer was lost', async () => {
    const key = newKey()
    stripe.fail('POST', /setup_intents$/, 'unanswered')
    const setup = { key, method: 'card' as const, currency: 'EUR', payer, return_url: '', details: null }
    await expect(driver.setUp!(context, setup)).rejects.toThrow(ProviderSilence)
    expect(await driver.lookUp(context, { key, ref: null })).toMatchObject({
      state: 'action_needed',
      action: { setup: true },
    })
  })

  it('asks for the second step where the payer is there, and fails for want of it where not', async () => {
    const stored_method = await store('second_step')
    const present = charge({ stored_method })
    const waiting = await driver.create(context, present)
    expect(waiting).toMatchObject({ state: 'action_needed', action: { kind: 'stripe' } })
    stripe.authenticate(waiting.ref!, false)
    expect(await driver.lookUp(context, { key: present.key, ref: waiting.ref })).toMatchObject({
      state: 'failed',
      failure: { reason: 'authentication_failed' },
    })
    expect(await driver.create(context, charge({ stored_method, off_session: true }))).toMatchObject({
      state: 'failed',
      failure: {
        reason: 'authentication_failed',
        detail: 'authentication_required, authentication_required',
      },
    })
    expect(stripe.paidCharges()).toHaveLength(0)
  })

  it('tells why it was refused, in our words', async () => {
    const refusals = {
      insufficient_funds: { code: 'card_declined', decline_code: 'insufficient_funds' },
      expired_method: { code: 'expired_card', decline_code: 'expired_card' },
      invalid_method: { code: 'incorrect_number', decline_code: 'incorrect_number' },
      limit_exceeded: { code: 'card_declined', decline_code: 'card_velocity_exceeded' },
      suspected_fraud: { code: 'card_declined', decline_code: 'stolen_card' },
      declined: { code: 'card_declined', decline_code: 'generic_decline' },
      provider_error: { code: 'processing_error', decline_code: 'processing_error' },
    }
    for (const [reason, behaviour] of Object.entries(refusals)) {
      const request = charge({ stored_method: await store(behaviour), off_session: true })
      const refused = await driver.create(context, request)
      expect(refused).toMatchObject({ state: 'failed', failure: { reason }, received: [] })
      // Asking again says the same.
      expect(await driver.lookUp(context, { key: request.key, ref: refused.ref })).toMatchObject({
        state: 'failed',
        failure: { reason },
      })
    }
  })

  it('is forgotten at Stripe, twice as well, and then charges nothing', async () => {
    const stored = await store()
    await driver.forget!(context, stored)
    await driver.forget!(context, stored)
    expect(await driver.create(context, charge({ stored_method: stored, off_session: true }))).toMatchObject({
      state: 'failed',
      failure: { reason: 'invalid_method' },
    })
  })
})

describe('silence', () => {
  it('of the house: it has hung up while its customer was looked for, and nothing is charged behind its back', async () => {
    const gone = { ...context, signal: AbortSignal.abort() }
    await expect(driver.create(gone, charge())).rejects.toThrow(ProviderSilence)
    expect(stripe.intents.size).toBe(0)
  })

  const ways = [
    ['lost before it was done', 'lost', 0],
    ['done, its answer lost', 'unanswered', 1],
    ['done, its answer late', { late: 3_000 }, 1],
    ['an error of theirs', { status: 500 }, 0],
    ['too many requests', { status: 429, type: 'invalid_request_error', code: 'rate_limit' }, 0],
    ['being worked on', { status: 409, type: 'idempotency_error', code: 'idempotency_key_in_use' }, 0],
  ] as const
  it.each(ways)(
    '%s: the outcome is unknown, looking up finds it, nothing is charged twice',
    async (_name, fault, done) => {
      const stored_method = await store()
      const request = charge({ stored_method, off_session: true })
      stripe.fail('POST', /payment_intents$/, fault)
      await expect(driver.create(context, request)).rejects.toThrow(ProviderSilence)
      expect(stripe.paidCharges()).toHaveLength(done)
      const found = await driver.lookUp(context, { key: request.key, ref: null })
      expect(found.state).toBe(done ? 'succeeded' : 'absent')
      // The house sends it again only where it is absent; were it sent all the same, it would be the same charge.
      const again = await driver.create(context, request)
      expect(again.state).toBe('succeeded')
      expect(await driver.create(context, request)).toEqual(again)
      expect(stripe.paidCharges()).toHaveLength(1)
      stripe.index()
      expect(await driver.lookUp(context, { key: request.key, ref: null })).toMatchObject({
        state: 'succeeded',
        ref: again.ref,
      })
    },
  )

  it('is broken off: asked once more at once under the same key, and charged once', async () => {
    const request = charge({ stored_method: await store(), off_session: true })
    stripe.fail('POST', /payment_intents$/, 'reset')
    expect((await driver.create(context, request)).state).toBe('succeeded')
    expect(stripe.paidCharges()).toHaveLength(1)
    expect(count('POST /v1/payment_intents')).toBe(3)
  })

  it('stays silence where the same key was sent with something else', async () => {
    const request = charge()
    await driver.create(context, request)
    await expect(driver.create(context, { ...request, amount: 1 })).rejects.toThrow(ProviderSilence)
    expect(stripe.intents.size).toBe(1)
  })

  it('finds a charge among many that the search does not know yet', async () => {
    const stored_method = await store()
    const request = charge({ stored_method, off_session: true })
    stripe.fail('POST', /payment_intents$/, 'unanswered')
    await expect(driver.create(context, request)).rejects.toThrow(ProviderSilence)
    for (let i = 0; i < 130; i++) await driver.create(context, charge({ stored_method, off_session: true }))
    expect((await driver.lookUp(context, { key: request.key, ref: null })).state).toBe('succeeded')
    expect(count('GET /v1/payment_intents')).toBe(2)
  })

  it('of the customer, a look-up or the refunds is silence too', async () => {
    const { request, paid } = await pay()
    stripe.fail('GET', /customers\/search$/, 'lost')
    await expect(driver.create(context, charge())).rejects.toThrow(ProviderSilence)
    stripe.fail('GET', /payment_intents\/pi/, { status: 503 })
    await expect(driver.lookUp(context, { key: request.key, ref: paid.ref })).rejects.toThrow(ProviderSilence)
  })
})

describe('money that goes back', () => {
  it('goes in parts, is told with our key, and never exceeds the charge', async () => {
    const { request, paid } = await pay()
    const first = refundOf(request, paid, 3_000)
    const done = await driver.refund!(context, first)
    expect(done.state).toBe('done')
    expect(await driver.refund!(context, first)).toEqual(done)
    const there = stripe.refundThere(paid.received[0]!.ref, 1_000)
    const standing = await driver.lookUp(context, { key: request.key, ref: paid.ref })
    expect(standing.received).toEqual(paid.received)
    expect(standing.reversed.map(({ kind, amount, key, ref }) => [kind, amount, key, ref])).toEqual([
      ['refund', 1_000, null, there],
      ['refund', 3_000, first.key, 'ref' in done && done.ref],
    ])
    expect(await driver.refund!(context, refundOf(request, paid, 10_000))).toMatchObject({ state: 'failed' })
    expect((await driver.refund!(context, refundOf(request, paid, 8_990))).state).toBe('done')
    expect(await driver.refund!(context, refundOf(request, paid, 1))).toMatchObject({ state: 'failed' })
  })

  it('is found after a silence, not sent twice', async () => {
    const { request, paid } = await pay()
    for (const [fault, before] of [
      ['unanswered', 'done'],
      ['lost', 'absent'],
    ] as const) {
      const refund = refundOf(request, paid, 500)
      stripe.fail('POST', /refunds$/, fault)
      await expect(driver.refund!(context, refund)).rejects.toThrow(ProviderSilence)
      const found = await driver.lookUpRefund!(context, { ...refund, ref: null })
      expect(found.state).toBe(before)
      if (found.state === 'absent') expect((await driver.refund!(context, refund)).state).toBe('done')
    }
    expect(stripe.charges.get(paid.received[0]!.ref)!.amount_refunded).toBe(1_000)
  })

  it('waits for a refund on its way, which counts when it is done', async () => {
    const { request, paid } = await pay()
    const refund = refundOf(request, paid, request.amount)
    stripe.nextRefund = 'pending'
    const waiting = await driver.refund!(context, refund)
    expect(waiting.state).toBe('pending')
    expect((await driver.lookUp(context, { key: request.key, ref: paid.ref })).reversed).toEqual([])
    const ref = 'ref' in waiting ? waiting.ref : ''
    stripe.refunds.get(ref)!.status = 'succeeded'
    expect(await driver.lookUpRefund!(context, { ...refund, ref })).toEqual({ state: 'done', ref })
    stripe.nextRefund = 'failed'
    const other = await pay()
    expect(await driver.refund!(context, refundOf(other.request, other.paid, 100))).toMatchObject({
      state: 'failed',
    })
  })

  it('is taken by a dispute and comes back when it is won; an inquiry takes nothing', async () => {
    const { request, paid } = await pay()
    const ask = async () => (await driver.lookUp(context, { key: request.key, ref: paid.ref })).reversed
    const charged = paid.received[0]!.ref
    const inquiry = stripe.dispute(charged, 12_990, 'warning_needs_response')
    expect(await ask()).toEqual([])
    stripe.disputes.get(inquiry)!.status = 'warning_closed'
    const dispute = stripe.dispute(charged, 12_990, 'needs_response')
    expect(await ask()).toMatchObject([
      { ref: dispute, kind: 'chargeback', amount: 12_990, won: false, payment_ref: charged },
    ])
    stripe.decide(dispute, 'lost')
    expect(await ask()).toMatchObject([{ ref: dispute, won: false }])
    stripe.decide(dispute, 'won')
    expect(await ask()).toMatchObject([{ ref: dispute, won: true }])
  })
})

describe('a webhook call', () => {
  const read = (call: ReturnType<StripeAccount['call']>) => driver.readHook!(context, call)

  it('names what it is about, the same for the same event, and believes nothing of its contents', async () => {
    const { request, paid } = await pay()
    const event = stripe.events[0]!
    const reading = await read(stripe.call(event))
    expect(reading).toEqual({ event_key: event.id, about: [{ ref: paid.ref }] })
    expect(await read(stripe.call(event, stripe.now - 200))).toEqual(reading)
    // Told late or out of order, the charge is read as it stands now.
    const stale = {
      ...event,
      data: { object: { ...event.data.object, status: 'requires_action' } },
    } as typeof event
    expect(await read(stripe.call(stale))).toEqual(reading)
    expect((await driver.lookUp(context, { key: request.key, ref: paid.ref })).state).toBe('succeeded')
    await driver.refund!(context, refundOf(request, paid, 100))
    expect((await read(stripe.call(stripe.events[0]!)))?.about).toEqual([{ ref: paid.ref }])
    stripe.dispute(paid.received[0]!.ref, 100, 'needs_response')
    expect((await read(stripe.call(stripe.events[0]!)))?.about).toEqual([{ ref: paid.ref }])
  })

  it('is refused when it is forged, old, changed, or no secret is set', async () => {
    await pay()
    const event = stripe.events[0]!
    expect(await read(stripe.call(event, stripe.now, 'whsec_SomebodyElse'))).toBeNull()
    expect(await read(stripe.call(event, stripe.now - 400))).toBeNull()
    const changed = stripe.call(event)
    changed.body = Buffer.from(changed.body.toString().replace('evt_', 'evt_x'))
    expect(await read(changed)).toBeNull()
    expect(await read({ ...stripe.call(event), headers: {} })).toBeNull()
    expect(await read({ ...stripe.call(event), headers: { 'stripe-signature': 't=1,v1=00' } })).toBeNull()
    const unset = { ...context, secrets: { secret_key: keys.secret_key } }
    expect(await driver.readHook!(unset, stripe.call(event))).toBeNull()
  })
})

describe('what came in', () => {
  it('is listed once each, with what moved later of older charges', async () => {
    const old = await pay()
    stripe.now += 86_400 * 3
    const { paid } = await pay()
    const debit = charge({ method: 'bank_debit' })
    const { ref } = await driver.create(context, debit)
    stripe.payInForm(ref!, 'later', 'sepa_debit')
    await driver.create(context, charge())
    stripe.refundThere(old.paid.received[0]!.ref, 100)
    const list = async () => {
      const from = Temporal.Instant.fromEpochMilliseconds((stripe.now - 3600) * 1000)
      const found: (string | undefined)[] = []
      for await (const one of driver.listReceived!(context, from, from.add({ hours: 2 }))) found.push(one.ref)
      return found
    }
    expect((await list()).toSorted()).toEqual([paid.ref, old.paid.ref].toSorted())
    stripe.settle(ref!, true)
    expect((await list()).toSorted()).toEqual([paid.ref, old.paid.ref, ref].toSorted())
  })
})

describe('what moved', () => {
  it('names the money of each refund and dispute, and whether it is ours again', async () => {
    const { paid } = await pay()
    const charge = paid.received[0]!.ref
    const back = stripe.refundThere(charge, 100)
    const lost = stripe.dispute(charge, 200, 'needs_response')
    stripe.dispute(charge, 300, 'warning_needs_response')
    const list = async () => {
      const to = Temporal.Instant.fromEpochMilliseconds((stripe.now + 1) * 1000)
      const found: unknown[] = []
      for await (const one of driver.listReceived!(context, to.subtract({ hours: 1 }), to))
        found.push([one.ref, one.money_ref, one.won ?? false])
      return found
    }
    expect(await list()).toEqual([
      [paid.ref, back, false],
      [paid.ref, lost, false],
      [paid.ref, charge, false],
    ])
    stripe.decide(lost, 'won')
    stripe.returnRefund(back)
    expect(await list()).toEqual(
      expect.arrayContaining([
        [paid.ref, charge, false],
        [paid.ref, back, true],
        [paid.ref, lost, true],
      ]),
    )
  })
})

describe('the test button', () => {
  it('says that it works, and why not', async () => {
    await driver.test(context)
    const wrong = { ...context, secrets: { secret_key: 'sk_test_somebodyelse' } }
    await expect(driver.test(wrong)).rejects.toMatchObject({ code: 'credentials_refused' })
    const live = { ...context, settings: { publishable_key: 'pk_live_51ZaguanZaguan' } }
    await expect(driver.test(live)).rejects.toMatchObject({ code: 'keys_of_two_modes' })
    stripe.fail('GET', /balance$/, { status: 403, type: 'invalid_request_error' })
    await expect(driver.test(context)).rejects.toMatchObject({ code: 'permission_missing' })
    stripe.fail('GET', /balance$/, 'lost')
    await expect(driver.test(context)).rejects.toThrow(ProviderSilence)
  })

  it('takes keys for what they are', () => {
    expect(driver.settings.safeParse({ publishable_key: 'sk_live_secret123' }).success).toBe(false)
    expect(driver.secrets.safeParse({ secret_key: 'pk_test_51Zaguan' }).success).toBe(false)
    expect(driver.secrets.safeParse({ secret_key: 'rk_live_51Zaguan' }).success).toBe(true)
  })

  it('refuses what Stripe refuses, charging nothing', async () => {
    stripe.fail('POST', /payment_intents$/, {
      status: 400,
      type: 'invalid_request_error',
      code: 'amount_too_small',
    })
    const refused = driver.create(context, charge({ amount: 1 }))
    await expect(refused).rejects.toThrow(ProviderRefusal)
    await expect(refused).rejects.toMatchObject({ code: 'amount_not_taken' })
    await expect(driver.create(context, charge({ method: 'boleto' }))).rejects.toMatchObject({
      code: 'method_not_enabled',
    })
  })
})
