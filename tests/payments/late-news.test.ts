// What comes late, in the midst of something else, or of what nobody counts with any more: it is booked all the same, once, and
// nothing of it holds up the others (billing.md 25–28).
import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Fault } from '../../server/drivers/sandbox/driver.ts'
import {
  createDebitJobs,
  createIntent,
  type ProviderDriver,
  type Standing,
} from '../../server/modules/payments/index.ts'
import { requestRefund } from '../../server/modules/payments/reversals.ts'
import { transactAsSystem } from '../../server/platform/database.ts'
import { isRefusal } from '../../server/platform/errors.ts'
import { demand, type JobContext } from '../../server/platform/jobs.ts'
import { type Caller, startTestApi, type TestApi } from '../api.ts'
import { runJobs } from '../jobs.ts'
import { askOwner } from '../people.ts'
import { keepShop } from '../shop.ts'
import { addDebtor, addSandbox, callHouse, openHouse, press, readBooks, readCharge } from './sandbox-house.ts'

let api: TestApi
let admin: Caller
let unit: string
let provider: string
let staff: string

beforeAll(async () => {
  api = await startTestApi({ addresses: true })
  // Jobs wait by the database's clock.
  api.setNow(Temporal.Now.instant().toString())
  admin = await api.staff('admin')
  unit = (await api.unit()).id
  provider = await addSandbox(api, unit)
  staff = await api.system(
    async (tx) =>
      (await tx.selectFrom('users').select('id').where('side', '=', 'staff').executeTakeFirstOrThrow()).id,
  )
})
afterEach(async () => {
  expect(await readBooks(api)).toMatchObject({ unbalanced: 0, trial_balance: 0, overpaid_invoices: 0 })
})
afterAll(() => api.close())

async function wish(account: string, invoices: string[], stored: string | null = null): Promise<string> {
  return api.system(async (tx) => {
    const owner = { account_id: account, business_unit_id: unit, user_id: null, origin: 'customer' as const }
    const input = {
      provider_id: provider,
      method: 'card' as const,
      invoice_ids: invoices,
      stored_method_id: stored,
    }
    return demand(await createIntent(tx, api.office, owner, input, api.now())).id
  })
}

/** An account that owes 100.00, with the wish to pay it by a card that the sandbox keeps and that pays. */
async function wishByCard() {
  const { id: account, invoices } = await api.system((tx) => addDebtor(tx, unit, [10_000]))
  const stored = await api.system(async (tx) => {
    const ref = `sbx_${randomBytes(24).toString('base64url')}`
    const card = { provider_id: provider, business_unit_id: unit, method: 'card' as const }
    await tx
      .insertInto('sandbox_methods')
      .values({
        ...card,
        ref,
        scenario: 'success',
        brand: 'Visa',
        last_digits: '4242',
        created_at: api.now(),
      })
      .execute()
    return tx
      .insertInto('stored_methods')
      .values({
        ...card,
        account_id: account,
        brand: 'Visa',
        last_digits: '4242',
        reference: JSON.stringify({ method: ref }),
      })
      .returning('id')
      .executeTakeFirstOrThrow()
  })
  return { account, invoices, intent: await wish(account, invoices, stored.id) }
}

/** What was paid by it, and its ref at the sandbox. */
async function payByCard() {
  const wished = await wishByCard()
  await openHouse(api).start(wished.intent)
  const { ref } = await readCharge(api, wished.intent)
  return { ...wished, ref: ref! }
}

const reversalsOf = (account: string) =>
  askOwner(
    api,
    'select kind::text, state::text, amount::int from payment_reversals where account_id = $1 order by id',
    [account],
  )

const bankOf = async (account: string) =>
  (
    await askOwner(
      api,
      `select coalesce(sum(amount), 0)::int as sum from ledger_entries where account_id = $1 and ledger_account = 'bank'`,
      [account],
    )
  )[0].sum

const paymentOf = (intent: string) =>
  api.system(
    async (tx) =>
      (await tx.selectFrom('payments').select('id').where('intent_id', '=', intent).executeTakeFirstOrThrow())
        .id,
  )

/** Queued jobs of a task are done by hand here. */
const forgetJobs = () =>
  askOwner(api, `select graphile_worker.complete_jobs(array(select id from graphile_worker.jobs)) is null`)

describe('a question in the midst of the call', () => {
  it('however often it is asked: nothing is charged again, and nothing given up', async () => {
    const { intent } = await wishByCard()
    let creates = 0
    let release = (): void => undefined
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const house = openHouse(api, {
      wrap: (inner): ProviderDriver => ({
        ...(inner as ProviderDriver),
        create: async (context, charge) => {
          creates += 1
          await held
          return inner.create(context as never, charge)
        },
      }),
    })
    const starting = house.start(intent)
    await expect.poll(() => creates).toBe(1)
    // The customer comes back and asks, and asks.
    for (let times = 0; times < 8; times++) await house.lookUp(intent)
    expect(await readCharge(api, intent)).toMatchObject({ state: 'sending', failure: null })
    release()
    await starting
    expect(await readCharge(api, intent)).toMatchObject({ state: 'succeeded', booked: [10_000] })
    expect(creates).toBe(1)
  })
})

describe('news of what has ended', () => {
  it('is asked about until the provider answers: a chargeback is never lost', async () => {
    const { account, intent, ref } = await payByCard()
    await press(api, ref, { do: 'dispute' })
    let silent = 2
    const house = openHouse(api, {
      faults: ({ operation }): Fault => ({
        kind: operation === 'look_up' && silent-- > 0 ? 'silent_before' : 'answer',
      }),
    })
    await callHouse(api, provider, { key: intent, ref })
    const [event] = await askOwner(api, 'select id from provider_events order by id desc limit 1')
    const read = () => house.run('read_event', { event_id: event.id, about: [`key:${intent}`] })
    // The queue does what fails again.
    await expect(read()).rejects.toThrow()
    await expect(read()).rejects.toThrow()
    expect(await reversalsOf(account)).toEqual([])
    await read()
    expect(await reversalsOf(account)).toEqual([{ kind: 'chargeback', state: 'done', amount: 10_000 }])
    const [read_event] = await askOwner(api, 'select state::text from provider_events where id = $1', [
      event.id,
    ])
    expect(read_event.state).toBe('done')
  })

  it('of an account that was erased since is booked: money that came, and money that was taken back', async () => {
    const hook = await admin.post('/webhook-endpoints', {
      url: 'https://hooks.example/all',
      description: null,
      event_types: null,
    })
    expect(hook.status, JSON.stringify(hook.body)).toBe(201)
    const paid = await payByCard()
    const { id: late, invoices } = await api.system((tx) => addDebtor(tx, unit, [10_000]))
    const open = await wish(late, invoices)
    const house = openHouse(api)
    await house.start(open)
    const { ref } = await readCharge(api, open)
    // What is owed is given up, so that nothing stands in the way.
    for (const invoice of invoices) {
      const off = await admin.post(`/invoices/${invoice}/write-off`, { reason: 'Esquecido' })
      expect(off.status, JSON.stringify(off.body)).toBeLessThan(300)
    }
    await runJobs(api)
    for (const account of [paid.account, late]) {
      const [{ number }] = await askOwner(api, 'select number from accounts where id = $1', [account])
      const erased = await admin.post(`/accounts/${account}/erasure`, {
        number: Number(number),
        reason: 'Pedido do titular',
      })
      expect(erased.status, JSON.stringify(erased.body)).toBeLessThan(300)
    }
    await press(api, paid.ref, { do: 'dispute' })
    await house.lookUp(paid.intent)
    expect(await reversalsOf(paid.account)).toEqual([{ kind: 'chargeback', state: 'done', amount: 10_000 }])
    expect(await bankOf(paid.account)).toBe(0)
    await press(api, ref!, { do: 'choose', scenario: 'success' })
    await house.lookUp(open)
    expect(await readCharge(api, open)).toMatchObject({ state: 'succeeded', booked: [10_000] })
    // No job stumbles over it.
    await runJobs(api)
    await admin.delete(`/webhook-endpoints/${hook.body.endpoint?.id ?? hook.body.id}`)
  })

  it('that went back by hand and by the provider as well is booked as what it is', async () => {
    const { account, intent } = await payByCard()
    const payment = await paymentOf(intent)
    const outside = await admin.post(`/payments/${payment}/refund`, {
      amount: 10_000,
      reason: 'Devolvido em dinheiro',
      by: 'outside',
    })
    expect(outside.status, JSON.stringify(outside.body)).toBe(201)
    const back: Standing['reversed'] = [
      {
        ref: 're_of_the_panel',
        kind: 'refund',
        amount: 10_000,
        at: api.now(),
        // A mark that somebody else set there is no key of ours.
        key: 'order 17',
      },
    ]
    const house = openHouse(api, {
      wrap: (inner): ProviderDriver => ({
        ...(inner as ProviderDriver),
        lookUp: async (context, charge) => ({
          ...(await inner.lookUp(context as never, charge)),
          reversed: back,
        }),
      }),
    })
    await house.lookUp(intent)
    await house.lookUp(intent)
    expect(await reversalsOf(account)).toEqual([
      { kind: 'refund', state: 'done', amount: 10_000 },
      { kind: 'refund', state: 'done', amount: 10_000 },
    ])
    expect(await bankOf(account)).toBe(-10_000)
    // What is more than all has gone back; nobody is told of an amount below nothing.
    const again = await admin.post(`/payments/${payment}/refund`, {
      amount: 1,
      reason: 'x',
      by: 'outside',
    })
    expect([again.status, again.body.code]).toEqual([409, 'payment_given_back'])
  })

  it('of a provider that nobody pays by any more is still looked for', async () => {
    const { account, intent, ref } = await payByCard()
    await press(api, ref, { do: 'dispute' })
    // What moves at this very moment is listed the next time.
    api.setNow(api.now().add({ seconds: 1 }).toString())
    await askOwner(api, 'update payment_providers set enabled = false where id = $1', [provider])
    try {
      await openHouse(api).reconcile()
    } finally {
      await askOwner(api, 'update payment_providers set enabled = true where id = $1', [provider])
    }
    expect(await reversalsOf(account), intent).toEqual([
      { kind: 'chargeback', state: 'done', amount: 10_000 },
    ])
  })
})

describe('one that nobody can make sense of', () => {
  it('does not hold up the others, and is seen', async () => {
    await forgetJobs()
    const [odd, good] = [await wishByCard(), await wishByCard()]
    const silent = openHouse(api, {
      faults: ({ operation }): Fault => ({ kind: operation === 'create' ? 'silent_after' : 'answer' }),
    })
    await silent.start(odd.intent)
    await silent.start(good.intent)
    await askOwner(
      api,
      `update payment_intents set look_at = now() - case when id = $1 then interval '2 hours' else interval '1 hour' end
        where id = any($2)`,
      [odd.intent, [odd.intent, good.intent]],
    )
    const house = openHouse(api, {
      wrap: (inner): ProviderDriver => ({
        ...(inner as ProviderDriver),
        lookUp: async (context, charge) =>
          charge.key === odd.intent
            ? // Without a ref it cannot be kept.
              { state: 'pending', ref: null, received: [], reversed: [] }
            : inner.lookUp(context as never, charge),
      }),
    })
    await expect(house.run('look_up_overdue', {})).rejects.toThrow()
    expect(await readCharge(api, good.intent)).toMatchObject({ state: 'succeeded', booked: [10_000] })
    // It is not the first of every round from now on.
    const [row] = await askOwner(api, 'select look_at > now() as later from payment_intents where id = $1', [
      odd.intent,
    ])
    expect(row.later).toBe(true)
    await openHouse(api).lookUp(odd.intent)
    expect(await readCharge(api, odd.intent)).toMatchObject({ state: 'succeeded', booked: [10_000] })
  })
})

describe('a run of automatic debit', () => {
  /** What the sandbox says of a charge, with one of them not to be booked: without a ref it cannot be kept. */
  const nonsense: Standing = { state: 'pending', ref: null, received: [], reversed: [] }
  const charging = (account: string) =>
    askOwner(
      api,
      `select i.id, i.state::text, a.state::text as attempt, i.look_at is not null as asked
         from debit_attempts a join payment_intents i on i.id = a.intent_id where a.account_id = $1`,
      [account],
    )
  /** Accounts that owe 100.00 each and are debited by a card that pays. */
  const addDebited = async (count: number) => {
    const accounts: string[] = []
    for (let index = 0; index < count; index++) {
      const { account, intent } = await wishByCard()
      // What they only wished is in nobody's way.
      await openHouse(api).cancel(intent)
      await askOwner(api, 'update stored_methods set automatic = true where account_id = $1', [account])
      accounts.push(account)
    }
    return accounts
  }
  const openRun = (wrap: (inner: ProviderDriver) => ProviderDriver) => {
    const { drivers } = openHouse(api, { wrap: (inner) => wrap(inner as unknown as ProviderDriver) })
    const faults: string[] = []
    const context: JobContext = {
      pool: api.office,
      now: api.now,
      transact: (work) =>
        transactAsSystem(api.office, { kind: 'job', way: 'job', operation: 'test', name: 'test' }, work),
      stopping: () => false,
      last_attempt: false,
      log: { info: () => undefined, error: (_detail, message) => faults.push(message) },
    }
    const handlers = createDebitJobs({ config: api.config, drivers })
    return {
      faults,
      run: (id: string) => handlers['payments:run_debits']!({ run_id: id }, context),
    }
  }
  const beginRun = async () => {
    const begun = await admin.post(`/business-units/${unit}/debit-runs`)
    expect(begun.status, JSON.stringify(begun.body)).toBe(201)
    return begun.body.id as string
  }

  it('books all but the one that cannot be booked, which is asked about again', async () => {
    const [before, odd, after] = (await addDebited(3)) as [string, string, string]
    const run = await beginRun()
    const house = openRun((inner) => ({
      ...inner,
      chargeMany: async (context, charges) => {
        const answers = await inner.chargeMany!(context, charges)
        return answers.map((answer, index) => (charges[index]!.payer.account_id === odd ? nonsense : answer))
      },
    }))
    await house.run(run)
    expect(house.faults).toContain('what became of a payment could not be booked')
    for (const account of [before, after])
      expect(await charging(account)).toMatchObject([{ state: 'succeeded', attempt: 'paid' }])
    expect((await admin.get(`/debit-runs/${run}`)).body).toMatchObject({
      state: 'done',
      due: 3,
      done: 3,
      paid: 2,
      refused: 0,
      amount_paid: 20_000,
    })
    const [left] = await charging(odd)
    expect(left).toMatchObject({ state: 'unknown', attempt: 'charging', asked: true })
    // Once it can be told what became of it, it is booked like the others, and was charged once.
    await openHouse(api).lookUp(left.id)
    expect(await readCharge(api, left.id)).toMatchObject({
      state: 'succeeded',
      taken: [10_000],
      booked: [10_000],
    })
    expect(await charging(odd)).toMatchObject([{ attempt: 'paid' }])
  })

  it('that goes on after it was killed is not held up by one that cannot be booked', async () => {
    const [odd] = (await addDebited(1)) as [string]
    const run = await beginRun()
    // Killed while the provider charges: nothing of the answer is known.
    let lost = true
    const house = openRun((inner) => ({
      ...inner,
      lookUp: async () => nonsense,
    }))
    const killed = openRun((inner) => ({
      ...inner,
      chargeMany: async (context, charges) => {
        await inner.chargeMany!(context, charges)
        lost = false
        return new Promise<never>(() => undefined)
      },
    }))
    void killed.run(run)
    await expect.poll(() => lost).toBe(false)
    const [after] = (await addDebited(1)) as [string]
    await house.run(run)
    expect(await charging(after)).toMatchObject([{ state: 'succeeded', attempt: 'paid' }])
    const [left] = await charging(odd)
    expect(left).toMatchObject({ state: 'unknown', asked: true })
    await openHouse(api).lookUp(left.id)
    expect(await readCharge(api, left.id)).toMatchObject({ state: 'succeeded', taken: [10_000] })
  })
})

describe('a wish to give a payment up', () => {
  it('is not forgotten where the provider did not hear it', async () => {
    const { id: account, invoices } = await api.system((tx) => addDebtor(tx, unit, [10_000]))
    const intent = await wish(account, invoices)
    let silent = 1
    const house = openHouse(api, {
      faults: ({ operation }): Fault => ({
        kind: operation === 'cancel' && silent-- > 0 ? 'silent_before' : 'answer',
      }),
    })
    await house.start(intent)
    await expect(house.cancel(intent)).rejects.toThrow()
    await house.cancel(intent)
    expect(await readCharge(api, intent)).toMatchObject({ state: 'cancelled', sandbox_state: 'cancelled' })
  })
})

describe('an order that is cancelled', () => {
  it('takes the payments along that were begun for it: nobody can pay them any more', async () => {
    const shop = keepShop(() => ({ api, admin }))
    const at = await shop.found()
    const order = await shop.place(at.customer, shop.requestOf(at.plan))
    const sandbox = await addSandbox(api, at.unit.id)
    const began = await shop.created(
      '/payment-intents',
      { provider_id: sandbox, method: 'card', order_id: order.id },
      at.customer,
    )
    await runJobs(api)
    const { ref } = await readCharge(api, began.id)
    expect((await at.customer.post(`/orders/${order.id}/cancel`)).status).toBe(200)
    await runJobs(api)
    expect(await readCharge(api, began.id)).toMatchObject({ state: 'cancelled', sandbox_state: 'cancelled' })
    await press(api, ref!, { do: 'choose', scenario: 'success' })
    await openHouse(api).lookUp(began.id)
    expect(await readCharge(api, began.id)).toMatchObject({ taken: [], booked: [] })
  })
})

describe('a method to keep', () => {
  it('is kept by a name of any length, and what was paid by it is booked', async () => {
    const brand = `Cartão ${'São José '.repeat(20)}`
    for (const [name, kept] of [
      [brand, brand.slice(0, 60)],
      [' ', null],
    ] as const) {
      const { account, intent } = await wishByCard()
      await askOwner(api, 'update payment_intents set store = true where id = $1', [intent])
      const house = openHouse(api, {
        wrap: (inner): ProviderDriver => ({
          ...(inner as ProviderDriver),
          create: async (context, charge) => ({
            ...(await inner.create(context as never, charge)),
            method: { brand: name, last_digits: '4321', expires_on: null, reference: { of: intent } },
          }),
        }),
      })
      await house.start(intent)
      expect(await readCharge(api, intent)).toMatchObject({ state: 'succeeded', booked: [10_000] })
      expect(
        await askOwner(
          api,
          `select brand from stored_methods where account_id = $1 and last_digits = '4321'`,
          [account],
        ),
      ).toEqual([{ brand: kept }])
    }
  })

  it('is one that can be kept', async () => {
    const email = 'guarda@casa.example'
    await admin.post('/accounts', { business_unit_id: unit, name: 'Guarda', email })
    const customer = await api.customer(email)
    await askOwner(api, `update payment_providers set methods = methods || '{boleto}' where id = $1`, [
      provider,
    ])
    const reply = await customer.post('/stored-methods', { provider_id: provider, method: 'boleto' })
    expect([reply.status, reply.body.code]).toEqual([422, 'invalid_input'])
  })
})

describe('refunds of the same amount', () => {
  it('are told apart: the provider is told which are known', async () => {
    const { intent } = await payByCard()
    const payment = await paymentOf(intent)
    const asked: string[][] = []
    const house = openHouse(api, {
      wrap: (inner): ProviderDriver => ({
        ...(inner as ProviderDriver),
        refund: (context, refund) => {
          asked.push([...refund.others])
          return inner.refund!(context as never, refund)
        },
      }),
    })
    const refund = () =>
      api.system(async (tx) => {
        const input = { amount: 3_000, reason: 'test', by: 'provider' as const }
        const made = await requestRefund(tx, payment, input, async () => 'partial', staff, api.now())
        if (isRefusal(made)) throw new Error(made.code)
        return made.id
      })
    const [first, second] = [await refund(), await refund()]
    await house.sendRefund(first)
    await house.sendRefund(second)
    const known = await api.system(
      async (tx) =>
        (
          await sql<{
            provider_ref: string
          }>`select provider_ref from payment_reversals where id = ${first}`.execute(tx)
        ).rows[0]!.provider_ref,
    )
    expect(asked).toEqual([[], [known]])
  })
})
