// What goes wrong between a house and a provider, on a real PostgreSQL: whatever it is, nobody is charged twice, no money stays
// unbooked, and the ledger balances (billing.md 25–27).
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Fault, SandboxCall } from '../../server/drivers/sandbox/driver.ts'
import { createIntent, type Standing } from '../../server/modules/payments/index.ts'
import { requestRefund } from '../../server/modules/payments/reversals.ts'
import { demand } from '../../server/platform/jobs.ts'
import { type Caller, startTestApi, type TestApi } from '../api.ts'
import { issueInvoice } from '../invoices.ts'
import { askOwner, makeCustomer } from '../people.ts'
import { killPrograms, startProgram, until } from '../processes.ts'
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
  const books = await readBooks(api)
  expect(books).toMatchObject({ unbalanced: 0, trial_balance: 0, overpaid_invoices: 0 })
  expect(books.booked, 'what the sandbox took is booked, to the cent').toBe(books.taken)
})
afterAll(async () => {
  await killPrograms()
  await api.close()
})

type Way = { method?: 'card' | 'pix' | 'bank_debit'; stored_method_id?: string | null }

async function wish(account: string, invoices: string[], way: Way = {}): Promise<string> {
  return api.system(async (tx) => {
    const owner = { account_id: account, business_unit_id: unit, user_id: null, origin: 'customer' as const }
    const input = { provider_id: provider, method: 'card' as const, invoice_ids: invoices, ...way }
    return demand(await createIntent(tx, api.office, owner, input, api.now())).id
  })
}

/** An account that owes, with a card that the sandbox keeps, and the wish to pay by it. */
async function wishByCard(scenario = 'success', amount = 10_000) {
  const house = openHouse(api)
  const { id: account, invoices } = await api.system((tx) => addDebtor(tx, unit, [amount]))
  const stored = await api.system(async (tx) => {
    const ref = `sbx_${randomBytes(24).toString('base64url')}`
    await tx
      .insertInto('sandbox_methods')
      .values({
        provider_id: provider,
        business_unit_id: unit,
        ref,
        method: 'card',
        scenario,
        brand: 'Visa',
        last_digits: '4242',
        created_at: api.now(),
      })
      .execute()
    return tx
      .insertInto('stored_methods')
      .values({
        business_unit_id: unit,
        account_id: account,
        provider_id: provider,
        method: 'card',
        brand: 'Visa',
        last_digits: '4242',
        reference: JSON.stringify({ method: ref }),
      })
      .returning('id')
      .executeTakeFirstOrThrow()
  })
  const intent = await wish(account, invoices, { stored_method_id: stored.id })
  return { house, account, invoices, intent, stored: stored.id }
}

/** An account that owes and goes to the sandbox's page. */
async function wishByPage(way: Way = {}) {
  const house = openHouse(api)
  const { id: account, invoices } = await api.system((tx) => addDebtor(tx, unit, [10_000]))
  const intent = await wish(account, invoices, way)
  await house.start(intent)
  const { ref } = await readCharge(api, intent)
  return { house, account, invoices, intent, ref: ref! }
}

/** Staff's wish to give money of a paid charge back. */
const wishRefund = (intent: string, amount: number): Promise<string> =>
  api.system(async (tx) => {
    const payment = await tx
      .selectFrom('payments')
      .select('id')
      .where('intent_id', '=', intent)
      .executeTakeFirstOrThrow()
    const input = { amount, reason: 'test', by: 'provider' as const }
    return demand(await requestRefund(tx, payment.id, input, async () => 'partial', staff, api.now())).id
  })

const paidOnce = { state: 'succeeded', taken: [10_000], booked: [10_000], open_amount: 0 }

describe('a provider that answers', () => {
  it('after our time-out: the charge is found by asking, and booked once', async () => {
    const { intent } = await wishByCard()
    const house = openHouse(api, {
      faults: ({ operation }) => ({ kind: 'answer', delay_ms: operation === 'create' ? 120_000 : 0 }),
    })
    await house.start(intent)
    expect(await readCharge(api, intent)).toMatchObject({ state: 'unknown', taken: [10_000], booked: [] })
    // Started again it asks; it does not charge.
    await house.start(intent)
    expect(await readCharge(api, intent)).toMatchObject(paidOnce)
  }, 60_000)

  it('not at all, with the charge made or not: asked until it is known, sent again under the same key only where it is not', async () => {
    for (const kind of ['silent_before', 'silent_after'] as const) {
      const { intent } = await wishByCard()
      let creates = 0
      const house = openHouse(api, {
        faults: ({ operation }): Fault => ({
          kind: operation === 'create' && ++creates === 1 ? kind : 'answer',
        }),
      })
      await house.start(intent)
      expect((await readCharge(api, intent)).state).toBe('unknown')
      await house.lookUp(intent)
      if (kind === 'silent_before') await house.start(intent)
      expect(await readCharge(api, intent), kind).toMatchObject(paidOnce)
      expect(creates).toBe(kind === 'silent_before' ? 2 : 1)
    }
  })

  it('to a request that was held until after it was sent again: one charge', async () => {
    const { intent } = await wishByCard()
    const held: (() => Promise<unknown>)[] = []
    const plan = ({ operation }: SandboxCall): Fault =>
      operation === 'create' && held.length === 0
        ? { kind: 'held', hold: (work) => held.push(work) }
        : { kind: 'answer' }
    const house = openHouse(api, { faults: plan })
    await house.start(intent)
    await house.lookUp(intent)
    await house.start(intent)
    await held[0]!()
    await house.lookUp(intent)
    expect(await readCharge(api, intent)).toMatchObject(paidOnce)
  })

  it('to a request that was given up: its money is found by reconciliation, and booked', async () => {
    const { intent } = await wishByCard()
    const held: (() => Promise<unknown>)[] = []
    const house = openHouse(api, {
      faults: ({ operation }) =>
        operation === 'create' ? { kind: 'held', hold: (work) => held.push(work) } : { kind: 'answer' },
    })
    for (let turn = 0; turn < 10; turn++) {
      await house.start(intent)
      await house.lookUp(intent)
    }
    expect(await readCharge(api, intent)).toMatchObject({
      state: 'failed',
      failure: 'provider_error',
      taken: [],
    })
    await held.at(-1)!()
    api.setNow(api.now().add({ minutes: 1 }).toString())
    await house.reconcile()
    expect(await readCharge(api, intent)).toMatchObject(paidOnce)
  })

  it('late by the card’s nature, and never by itself', async () => {
    for (const scenario of ['late', 'never_told']) {
      const { house, intent, ref } = await wishByPage()
      await press(api, ref, { do: 'choose', scenario })
      for (let turn = 0; turn < 3; turn++) await house.lookUp(intent)
      expect(await readCharge(api, intent), scenario).toMatchObject(paidOnce)
    }
  })
})

describe('what nobody tells', () => {
  it('of money that came, went back and was won back is found by reconciliation', async () => {
    const { house, intent, ref } = await wishByPage()
    const states = async () =>
      (
        await askOwner(
          api,
          `select r.kind || ' ' || r.state as s from payment_reversals r join payments p on p.id = r.payment_id where p.intent_id = '${intent}'`,
        )
      ).map(({ s }) => s)
    await press(api, ref, { do: 'choose', scenario: 'never_told' })
    api.setNow(api.now().add({ seconds: 5 }).toString())
    await house.reconcile()
    expect(await readCharge(api, intent)).toMatchObject(paidOnce)
    for (const [what, state] of [
      ['dispute', 'chargeback done'],
      ['win', 'chargeback won'],
    ] as const) {
      await press(api, ref, { do: what })
      api.setNow(api.now().add({ seconds: 5 }).toString())
      await house.reconcile()
      expect(await states()).toEqual([state])
    }
  })
})

describe('news', () => {
  it('told twice, or as two events, is worked on once each and booked once', async () => {
    const { house, intent, ref } = await wishByPage()
    await press(api, ref, { do: 'choose', scenario: 'twice' })
    const event_id = `evt_${randomUUID()}`
    const about = { key: intent, ref }
    for (const id of [event_id, event_id, `evt_${randomUUID()}`])
      expect((await callHouse(api, provider, about, { event_id: id })).statusCode).toBe(200)
    const events = await api.system((tx) =>
      tx
        .selectFrom('provider_events')
        .select(['id', 'event_key', 'times'])
        .where('provider_id', '=', provider)
        .orderBy('id', 'desc')
        .limit(2)
        .execute(),
    )
    expect(events.find((one) => one.event_key === event_id)?.times).toBe(2)
    await Promise.all(
      events.map(({ id }) => house.run('read_event', { event_id: id, about: [`key:${intent}`] })),
    )
    expect(await readCharge(api, intent)).toMatchObject(paidOnce)
  })

  it('of success that is there before the answer to the request, and an answer that is older than the news', async () => {
    const { id: account, invoices } = await api.system((tx) => addDebtor(tx, unit, [10_000]))
    const intent = await wish(account, invoices)
    let answer: () => void = () => undefined
    const waiting = new Promise<void>((resolve) => {
      answer = resolve
    })
    // The answer, "the payer is to go to the page", is on its way while the payer has been there.
    const slow = openHouse(api, {
      wrap: (driver) =>
        ({
          ...driver,
          create: async (context: never, charge: never): Promise<Standing> => {
            const standing = await driver.create(context, charge)
            await waiting
            return standing
          },
        }) as never,
    })
    const started = slow.start(intent)
    const { ref } = await until('the charge', 10, async () => {
      const charge = await readCharge(api, intent)
      return charge.ref !== null && charge
    })
    await press(api, ref!, { do: 'choose', scenario: 'success' })
    expect((await callHouse(api, provider, { key: intent, ref: ref! })).statusCode).toBe(200)
    await openHouse(api).lookUp(intent)
    expect(await readCharge(api, intent)).toMatchObject(paidOnce)
    answer()
    await started
    expect(await readCharge(api, intent)).toMatchObject(paidOnce)
  })

  it('of a refund and a dispute before the payment: all of it is booked, in whatever order it is learnt', async () => {
    const { house, intent, ref, invoices } = await wishByPage()
    await press(api, ref, { do: 'choose', scenario: 'success' })
    await press(api, ref, { do: 'dispute' })
    await callHouse(api, provider, { key: intent, ref }, { type: 'charge.disputed' })
    await house.lookUp(intent)
    await house.lookUp(intent)
    await callHouse(api, provider, { key: intent, ref }, { type: 'charge.paid' })
    await house.lookUp(intent)
    const [owed] = await askOwner(
      api,
      `select open_amount::int from invoice_balances where invoice_id = '${invoices[0]}'`,
    )
    expect(owed).toEqual({ open_amount: 10_000 })
    await press(api, ref, { do: 'win' })
    await house.lookUp(intent)
    expect(await readCharge(api, intent)).toMatchObject(paidOnce)
    const reversals = await askOwner(
      api,
      `select r.kind, r.state, r.amount::int from payment_reversals r join payments p on p.id = r.payment_id where p.intent_id = '${intent}'`,
    )
    expect(reversals).toEqual([{ kind: 'chargeback', state: 'won', amount: 10_000 }])
  })

  it('of a dispute of everything, while a refund of ours is on its way: the dispute is booked, the refund fails', async () => {
    const { house, intent, ref } = await wishByPage()
    await press(api, ref, { do: 'choose', scenario: 'success' })
    await house.lookUp(intent)
    const reversal = await wishRefund(intent, 4_000)
    await press(api, ref, { do: 'dispute' })
    await house.lookUp(intent)
    await house.sendRefund(reversal)
    await house.lookUp(intent)
    const reversals = await askOwner(
      api,
      `select r.kind, r.state, r.amount::int from payment_reversals r join payments p on p.id = r.payment_id
        where p.intent_id = '${intent}' order by r.kind`,
    )
    expect(reversals).toEqual([
      { kind: 'refund', state: 'failed', amount: 4_000 },
      { kind: 'chargeback', state: 'done', amount: 10_000 },
    ])
  })

  it('that is signed by somebody else, altered, old or from the future is refused and leaves nothing', async () => {
    const { intent, ref } = await wishByPage()
    const count = async () => (await askOwner(api, `select count(*)::int as n from provider_events`))[0].n
    const before = await count()
    const about = { key: intent, ref }
    const replies = await Promise.all([
      callHouse(api, provider, about, { secret: randomBytes(32) }),
      callHouse(api, provider, about, { headers: { 'webhook-signature': 'v1,AAAA' } }),
      callHouse(api, provider, about, { headers: { 'webhook-id': 'evt_other' } }),
      callHouse(api, provider, about, { at: api.now().subtract({ seconds: 301 }) }),
      callHouse(api, provider, about, { at: api.now().add({ seconds: 301 }) }),
      callHouse(api, randomUUID(), about),
    ])
    expect(replies.map(({ statusCode }) => statusCode)).toEqual([400, 400, 400, 400, 400, 400])
    expect(new Set(replies.map(({ payload }) => JSON.parse(payload).code)).size).toBe(1)
    expect(await count()).toBe(before)
  })

  it('that comes a thousand times is one event with one effect; a thousand different ones are slowed down', async () => {
    const { house, intent, ref } = await wishByPage()
    await press(api, ref, { do: 'choose', scenario: 'success' })
    const about = { key: intent, ref }
    const event_id = `evt_${randomUUID()}`
    const jobs = async () =>
      (
        await askOwner(api, `select count(*)::int as n from queued_jobs where task = 'payments:read_event'`)
      )[0].n
    const before = await jobs()
    const codes: number[] = []
    for (let turn = 0; turn < 1_000; turn += 20) {
      const replies = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          callHouse(api, provider, about, { event_id, address: `10.8.0.${(turn + index) % 4}` }),
        ),
      )
      codes.push(...replies.map(({ statusCode }) => statusCode))
    }
    expect(codes.filter((code) => code === 200)).toHaveLength(1_000)
    expect(await jobs()).toBe(before + 1)
    const [event] = await askOwner(
      api,
      `select id, times from provider_events where event_key = '${event_id}'`,
    )
    expect(event.times).toBe(1_000)
    await house.run('read_event', { event_id: event.id, about: [`key:${intent}`] })
    expect(await readCharge(api, intent)).toMatchObject(paidOnce)
    const different: number[] = []
    for (let turn = 0; turn < 700; turn += 20) {
      const replies = await Promise.all(
        Array.from({ length: 20 }, () => callHouse(api, provider, about, { address: '10.8.1.1' })),
      )
      different.push(...replies.map(({ statusCode }) => statusCode))
    }
    expect(different.filter((code) => code === 429).length).toBeGreaterThanOrEqual(100)
    expect(different.every((code) => code === 200 || code === 429)).toBe(true)
  })
})

describe('one invoice in two tabs', () => {
  it('is one wish, one charge and one payment, though each tab asks, starts and pays', async () => {
    const customer = await makeCustomer(api, admin, unit)
    const account = (await askOwner(api, `select id from accounts where email = '${customer.email}'`))[0]
      .id as string
    const invoice = await api.system((tx) =>
      issueInvoice(tx, account, { total: 10_000, due_date: '2026-06-10' }),
    )
    const body = { provider_id: provider, method: 'card', invoice_ids: [invoice.id] }
    const replies = await Promise.all(
      Array.from({ length: 6 }, () => customer.post('/payment-intents', body)),
    )
    expect(
      replies.map(({ status }) => status),
      JSON.stringify(replies[0]!.body),
    ).toEqual(Array(6).fill(201))
    const ids = new Set(replies.map((reply) => reply.body.id as string))
    expect(ids.size).toBe(1)
    const [intent] = [...ids]
    const house = openHouse(api)
    await Promise.all(Array.from({ length: 4 }, () => house.start(intent!)))
    await house.lookUp(intent!)
    const { action } = (await customer.get(`/payment-intents/${intent}`)).body
    expect(action).toMatchObject({ kind: 'redirect' })
    const ref = new URL(action.url).pathname.split('/').at(-1)!
    await Promise.all(Array.from({ length: 4 }, () => press(api, ref, { do: 'choose', scenario: 'success' })))
    await Promise.all(Array.from({ length: 4 }, () => house.lookUp(intent!)))
    expect(await readCharge(api, intent!)).toMatchObject(paidOnce)
    expect((await customer.post('/payment-intents', body)).body.code).toBe('nothing_to_pay')
  })

  it('is charged once to a stored card, however many start and ask at once', async () => {
    const { house, account, invoices, intent, stored } = await wishByCard()
    const again = await wish(account, invoices, { stored_method_id: stored })
    expect(again).toBe(intent)
    await Promise.all([house.start(intent), house.start(intent), house.lookUp(intent), house.start(intent)])
    await house.lookUp(intent)
    expect(await readCharge(api, intent)).toMatchObject(paidOnce)
  })
})

describe('SIGKILL', () => {
  async function runChild(task: string, id: string, point: string): Promise<string | number | null> {
    const child: ChildProcess = spawn(process.execPath, [join(import.meta.dirname, 'pay-child.ts')], {
      env: {
        ...process.env,
        OFFICE_URL: api.database.officeUrl,
        DATA_DIR: api.dataDir,
        TASK: task,
        ID: id,
        POINT: point,
        NOW: api.now().toString(),
      },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    return new Promise((resolve) => child.on('exit', (code, signal) => resolve(signal ?? code)))
  }
  const points = [
    'before_commit:1',
    'after_commit:1',
    'before_call',
    'in_call',
    'after_call',
    'before_commit:2',
    'after_commit:2',
    'before_commit:3',
    'after_commit:3',
  ]

  it('of a payment anywhere between intent, provider and booking: charged once, and booked', async () => {
    const ends = await Promise.all(
      points.map(async (point) => {
        const { house, intent } = await wishByCard()
        const end = await runChild('payments:start_intent', intent, point)
        const left = await readCharge(api, intent)
        expect(left.booked.length, point).toBeLessThanOrEqual(left.taken.length)
        // The queue gives the job of a killed process to another, and the intent's own look-up comes.
        await house.start(intent)
        await house.lookUp(intent)
        await house.start(intent)
        expect(await readCharge(api, intent), point).toMatchObject(paidOnce)
        return end
      }),
    )
    expect(ends).toEqual(points.map(() => 'SIGKILL'))
  })

  it('of a refund anywhere: given back once, and booked', async () => {
    const ends = await Promise.all(
      points.map(async (point) => {
        const { house, intent } = await wishByCard()
        await house.start(intent)
        const reversal = await wishRefund(intent, 4_000)
        const end = await runChild('payments:send_refund', reversal, point)
        await house.sendRefund(reversal)
        await house.sendRefund(reversal)
        await house.lookUp(intent)
        const rows = await api.system(async (tx) => {
          const found = await sql<{ given: number[]; booked: number[]; states: string[] }>`
          select array(select m.amount from sandbox_movements m join sandbox_charges c on c.id = m.charge_id where c.key = ${intent} and m.kind = 'refund') as given,
                 array(select -e.amount from ledger_entries e join payments p on p.id = e.payment_id where p.intent_id = ${intent}
                          and e.kind = 'refund' and e.ledger_account = 'bank') as booked,
                 array(select r.state::text from payment_reversals r where r.id = ${reversal}) as states`.execute(
            tx,
          )
          return found.rows[0]!
        })
        expect(rows, point).toEqual({ given: [4_000], booked: [4_000], states: ['done'] })
        return end
      }),
    )
    expect(ends).toEqual(points.map(() => 'SIGKILL'))
  })

  it('of whole workers in the midst of payments: the next one ends them all, each once', async () => {
    const slow = await addSandbox(api, unit, { latency_ms: 120 })
    const intents: string[] = []
    for (let index = 0; index < 24; index++) {
      const { id: account, invoices } = await api.system((tx) => addDebtor(tx, unit, [10_000]))
      intents.push(
        await api.system(async (tx) => {
          const ref = `sbx_${randomBytes(24).toString('base64url')}`
          await tx
            .insertInto('sandbox_methods')
            .values({
              provider_id: slow,
              business_unit_id: unit,
              ref,
              method: 'card',
              scenario: 'success',
              brand: 'Visa',
              last_digits: '4242',
              created_at: api.now(),
            })
            .execute()
          const stored = await tx
            .insertInto('stored_methods')
            .values({
              business_unit_id: unit,
              account_id: account,
              provider_id: slow,
              method: 'card',
              brand: 'Visa',
              last_digits: '4242',
              reference: JSON.stringify({ method: ref }),
            })
            .returning('id')
            .executeTakeFirstOrThrow()
          const owner = {
            account_id: account,
            business_unit_id: unit,
            user_id: null,
            origin: 'customer' as const,
          }
          const input = {
            provider_id: slow,
            method: 'card' as const,
            invoice_ids: invoices,
            stored_method_id: stored.id,
          }
          return demand(await createIntent(tx, api.office, owner, input, api.now())).id
        }),
      )
    }
    const env = {
      DATA_DIR: api.dataDir,
      DATABASE_URL: api.database.ownerUrl,
      PUBLIC_URL: 'http://127.0.0.1:9',
      LOG_LEVEL: 'error',
    }
    const over = async () =>
      (
        await askOwner(
          api,
          `select count(*)::int as n from payment_intents where provider_id = '${slow}' and state = 'succeeded'`,
        )
      )[0].n as number
    let kills = 0
    for (const share of [3, 9]) {
      const worker = await startProgram(['worker'], env)
      await until('some payments', 60, async () => (await over()) >= share)
      await sleep(Math.random() * 150)
      await worker.end('SIGKILL')
      if ((await over()) < intents.length) kills++
    }
    expect(kills).toBeGreaterThan(0)
    const last = await startProgram(['worker'], env)
    // Those that were cut off are asked about a minute after they were begun.
    await until('all payments', 120, async () => (await over()) === intents.length)
    await last.end()
    for (const intent of intents) expect(await readCharge(api, intent)).toMatchObject(paidOnce)
  }, 200_000)
})
