// Ten thousand operations at random, with faults at random: afterwards, when everybody has been asked, the sandbox's own book and
// ours agree to the cent, charge by charge, and every posting balances. AGREEMENT_SEED repeats a run's choices,
// AGREEMENT_OPERATIONS changes how many there are.
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  answerSecondStep,
  cancelCharge,
  chooseScenario,
  disputeCharge,
  findByRef,
  winDispute,
} from '../../server/drivers/sandbox/book.ts'
import type { Fault, SandboxCall } from '../../server/drivers/sandbox/driver.ts'
import { scenarios } from '../../server/drivers/sandbox/scenarios.ts'
import { createIntent, recordPayment } from '../../server/modules/payments/index.ts'
import { requestCancel } from '../../server/modules/payments/intents.ts'
import { requestRefund } from '../../server/modules/payments/reversals.ts'
import { type Tx, transactAsSystem } from '../../server/platform/database.ts'
import { isRefusal } from '../../server/platform/errors.ts'
import { startTestApi, type TestApi } from '../api.ts'
import { askOwner } from '../people.ts'
import { addDebtor, addSandbox, callHouse, openHouse, readBooks } from './sandbox-house.ts'

const seed = Number(process.env.AGREEMENT_SEED ?? 20_260_521)
const operations = Number(process.env.AGREEMENT_OPERATIONS ?? 10_000)
const debtors = 120
const invoicesEach = 10
/** How many do something at the same time. */
const hands = 5

/** Numbers from 0 up to 1 that are always the same for a seed (mulberry32). */
function createDice(state: number): () => number {
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** What stands for a killed process: whatever it was doing is not gone on with. */
class Killed extends Error {}

let api: TestApi
let unit: string
let staff: string
const providers: string[] = []
const accounts: { id: string; invoices: string[] }[] = []
const intents: { id: string; provider: string }[] = []
const reversals: string[] = []
const held: (() => Promise<unknown>)[] = []
const done: Record<string, number> = {}
const dice = createDice(seed)
const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(dice() * list.length)]
/** Later ones more often: most of what happens happens to what is new. */
const pickLate = <T>(list: readonly T[]): T | undefined => list[Math.floor(Math.sqrt(dice()) * list.length)]
let calm = false

function planFault(_call: SandboxCall): Fault {
  const cast = calm ? 1 : dice()
  if (cast < 0.05) return { kind: 'silent_before' }
  if (cast < 0.11) return { kind: 'silent_after' }
  if (cast < 0.13) return { kind: 'held', hold: (work) => held.push(() => work().catch(() => undefined)) }
  if (cast < 0.15) return { kind: 'answer', delay_ms: 10 }
  return { kind: 'answer' }
}

beforeAll(async () => {
  api = await startTestApi()
  api.setNow('2026-05-21T15:00:00Z')
  await api.staff('admin')
  unit = (await api.unit()).id
  for (let index = 0; index < 3; index++) providers.push(await addSandbox(api, unit))
  await api.system(async (tx) => {
    staff = (await tx.selectFrom('users').select('id').where('side', '=', 'staff').executeTakeFirstOrThrow())
      .id
    for (let index = 0; index < debtors; index++)
      accounts.push(
        await addDebtor(
          tx,
          unit,
          Array.from({ length: invoicesEach }, () => 1 + Math.floor(dice() * 50_000)),
        ),
      )
  })
})
afterAll(() => api.close())

/** The house's transactions: some are the last that their process did, before the commit or after. */
async function mortal<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
  const cast = calm ? 1 : dice()
  const result = await transactAsSystem(
    api.office,
    { kind: 'job', way: 'job', operation: 'test', name: 'test' },
    async (tx) => {
      const value = await work(tx)
      if (cast < 0.02) throw new Killed()
      return value
    },
  )
  if (cast > 0.02 && cast < 0.04) throw new Killed()
  return result
}

/** A page of the sandbox, pressed. */
async function pressPage(key: string): Promise<void> {
  await api.system(async (tx) => {
    const found = await sql<{
      ref: string
      state: string
      method: string
    }>`select ref, state, method from sandbox_charges where key = ${key}`.execute(tx)
    const charge = found.rows[0]
    if (!charge) return
    if (charge.state === 'second_step') await answerSecondStep(tx, charge.ref, dice() < 0.7, api.now())
    else if (dice() < 0.05) {
      const locked = await findByRef(tx, charge.ref, true)
      if (locked) await cancelCharge(tx, locked, api.now())
    } else {
      const fitting = scenarios.filter(({ methods }) => methods.includes(charge.method as 'card'))
      await chooseScenario(tx, charge.ref, dice() < 0.5 ? 'success' : pick(fitting)!.name, api.now())
    }
  })
}

type Operation = [
  name: string,
  weight: number,
  work: (house: ReturnType<typeof openHouse>) => Promise<unknown>,
]

const operate: Operation[] = [
  [
    'pay',
    22,
    async (house) => {
      const account = pick(accounts)!
      const provider = pick(providers)!
      const chosen = [
        ...new Set(Array.from({ length: 1 + Math.floor(dice() * 3) }, () => pick(account.invoices)!)),
      ]
      const kept = dice() < 0.4
      const method = pick(['card', 'pix', 'bank_debit'] as const)!
      const made = await api.system(async (tx) => {
        const stored = kept
          ? await tx
              .selectFrom('stored_methods')
              .select('id')
              .where('account_id', '=', account.id)
              .where('provider_id', '=', provider)
              .where('method', '=', method)
              .where('state', '=', 'active')
              .orderBy('id', 'desc')
              .executeTakeFirst()
          : undefined
        return createIntent(
          tx,
          api.office,
          {
            account_id: account.id,
            business_unit_id: unit,
            user_id: null,
            origin: kept && dice() < 0.5 ? 'run' : 'customer',
          },
          {
            provider_id: provider,
            method,
            invoice_ids: chosen,
            stored_method_id: stored?.id ?? null,
            store: dice() < 0.5,
          },
          api.now(),
        )
      })
      if (isRefusal(made)) return
      if (made.created) intents.push({ id: made.id, provider })
      if (dice() < 0.8) await house.start(made.id)
    },
  ],
  ['start', 8, async (house) => house.start(pickLate(intents)!.id)],
  ['page', 22, async () => pressPage(pickLate(intents)!.id)],
  ['look', 16, async (house) => house.lookUp(pickLate(intents)!.id)],
  [
    'hook',
    12,
    async (house) => {
      // Real news or none, told anew or again, and asked about by as many as heard of it.
      const { id, provider } = pickLate(intents)!
      const event_id = `evt_${id}_${Math.floor(dice() * 3)}`
      const address = `10.${Math.floor(dice() * 250)}.${Math.floor(dice() * 250)}.7`
      const reply = await callHouse(api, provider, { key: id, ref: 'unknown' }, { event_id, address })
      if (reply.statusCode !== 200) throw new Error(`a call was refused: ${reply.payload}`)
      const event = await api.system((tx) =>
        tx
          .selectFrom('provider_events')
          .select('id')
          .where('event_key', '=', event_id)
          .executeTakeFirstOrThrow(),
      )
      await orAgain(house, (open) => open.run('read_event', { event_id: event.id, about: [`key:${id}`] }))
    },
  ],
  [
    'refund',
    8,
    async () => {
      const made = await api.system(async (tx) => {
        const payment = await tx
          .selectFrom('payments')
          .select(['id', 'amount'])
          .where('provider_id', 'is not', null)
          .orderBy('id', 'desc')
          .offset(Math.floor(dice() * 400))
          .limit(1)
          .executeTakeFirst()
        if (!payment) return null
        const amount = dice() < 0.3 ? payment.amount : 1 + Math.floor(dice() * payment.amount)
        const input = { amount, reason: 'test', by: 'provider' as const }
        return requestRefund(tx, payment.id, input, async () => 'partial', staff, api.now())
      })
      if (made && !isRefusal(made)) reversals.push(made.id)
    },
  ],
  ['send refund', 10, async (house) => reversals.length > 0 && house.sendRefund(pickLate(reversals)!)],
  [
    'dispute',
    4,
    async () =>
      api.system(async (tx) => {
        const found = await sql<{
          ref: string
        }>`select ref from sandbox_charges where key = ${pick(intents)!.id}`.execute(tx)
        if (found.rows[0]) await disputeCharge(tx, found.rows[0].ref, api.now())
      }),
  ],
  [
    'win',
    4,
    async () =>
      api.system(async (tx) => {
        const found = await sql<{ ref: string }>`
          select c.ref from sandbox_charges c join sandbox_movements m on m.charge_id = c.id
           where m.kind = 'chargeback' and not exists (select from sandbox_movements w where w.of_id = m.id)
           order by m.ref limit 1`.execute(tx)
        if (found.rows[0]) await winDispute(tx, found.rows[0].ref, api.now())
      }),
  ],
  [
    'cancel',
    3,
    async (house) => {
      const { id } = pickLate(intents)!
      await api.system((tx) => requestCancel(tx, null, id))
      await orAgain(house, (open) => open.cancel(id))
    },
  ],
  [
    'transfer',
    2,
    async () => {
      // Somebody pays the same invoice by a bank transfer meanwhile.
      const account = pick(accounts)!
      const made = await api.system((tx) =>
        recordPayment(
          tx,
          account.id,
          {
            amount: 1 + Math.floor(dice() * 20_000),
            method: 'bank_transfer',
            received_on: Temporal.PlainDate.from('2026-05-21'),
            reference: null,
            invoice_ids: [pick(account.invoices)!],
          },
          staff,
          api.now(),
        ),
      )
      if (isRefusal(made)) throw new Error(made.code)
    },
  ],
  ['arrive late', 3, async () => held.splice(Math.floor(dice() * held.length), 1)[0]?.()],
]

type House = ReturnType<typeof openHouse>
/** Jobs that failed because nobody answered: the queue does them again. */
const again: ((house: House) => Promise<void>)[] = []
async function orAgain(house: House, job: (house: House) => Promise<void>): Promise<void> {
  try {
    await job(house)
  } catch (error) {
    if (error instanceof Killed) throw error
    again.push(job)
  }
}
const thresholds = operate.map((_one, index) =>
  operate.slice(0, index + 1).reduce((sum, [, weight]) => sum + weight, 0),
)
const weights = thresholds.at(-1)!

async function operateOnce(house: ReturnType<typeof openHouse>): Promise<void> {
  const cast = dice() * weights
  const [name, , work] =
    intents.length === 0 ? operate[0]! : operate[thresholds.findIndex((threshold) => cast < threshold)]!
  api.setNow(
    api
      .now()
      .add({ milliseconds: Math.floor(dice() * 4_000) })
      .toString(),
  )
  try {
    await work(house)
    done[name] = (done[name] ?? 0) + 1
  } catch (error) {
    if (error instanceof Killed) done.killed = (done.killed ?? 0) + 1
    else throw error
  }
}

/** No faults any more: what was held arrives, and everybody is asked until nothing moves. */
async function settleAll(): Promise<void> {
  calm = true
  const house = openHouse(api, { faults: planFault, transact: mortal })
  for (const work of held.splice(0)) await work()
  for (const job of again.splice(0)) await job(house)
  // Everybody once; then those that are not over, and late charges, which answer no question but the third.
  for (let round = 0; round < 4; round++) {
    api.setNow(api.now().add({ minutes: 1 }).toString())
    const rest = await api.system(async (tx) => {
      const found = await sql<{ id: string }>`
        select id from payment_intents where ended_at is null
        union select key from sandbox_charges where scenario = 'late'
        union select c.key from sandbox_charges c join sandbox_movements m on m.charge_id = c.id
               where m.settles_at > ${api.now().subtract({ minutes: 2 })}::timestamptz`.execute(tx)
      return found.rows
    })
    const queue: { id: string }[] = round === 0 ? [...intents] : rest
    await Promise.all(
      Array.from({ length: hands }, async () => {
        for (let one = queue.pop(); one; one = queue.pop()) await house.start(one.id)
      }),
    )
    for (const id of reversals) await house.sendRefund(id)
  }
}

describe(`${operations} operations at random (seed ${seed})`, () => {
  it('leave two books that agree to the cent', async () => {
    const house = openHouse(api, { faults: planFault, transact: mortal })
    let left = operations
    const began = performance.now()
    await Promise.all(
      Array.from({ length: hands }, async () => {
        while (left-- > 0) await operateOnce(house)
      }),
    )
    const operated = performance.now()
    await settleAll()
    if (process.env.AGREEMENT_SEED)
      console.log(
        JSON.stringify({
          ...done,
          intents: intents.length,
          seconds: [operated - began, performance.now() - operated].map((ms) => Math.round(ms / 1000)),
        }),
      )

    // Charge by charge: the same money, by the sandbox's own ids.
    const differences = await askOwner(
      api,
      `with theirs as (
         select c.key as id, m.ref, m.kind::text as kind, m.amount, m.key as refund,
                exists (select from sandbox_movements w where w.of_id = m.id) as won
           from sandbox_charges c join sandbox_movements m on m.charge_id = c.id where m.kind <> 'chargeback_won'),
       ours as (
         select p.intent_id as id, p.provider_ref as ref, 'payment' as kind, p.amount, null::uuid as refund, false as won
           from payments p where p.provider_id is not null
         union all
         select p.intent_id, r.provider_ref, r.kind::text, r.amount, case when r.kind = 'refund' then r.id end, r.state = 'won'
           from payment_reversals r join payments p on p.id = r.payment_id where r.state in ('done', 'won'))
       (select 'theirs alone' as side, t.* from (select * from theirs except all select * from ours) t)
       union all
       (select 'ours alone', o.* from (select * from ours except all select * from theirs) o)`,
    )
    expect(differences.slice(0, 10)).toEqual([])

    const [totals] = await askOwner(
      api,
      `select (select coalesce(sum(case when kind in ('payment', 'chargeback_won') then amount else -amount end), 0)::text from sandbox_movements) as theirs,
              (select coalesce(sum(e.amount), 0)::text from ledger_entries e join payments p on p.id = e.payment_id
                where e.ledger_account = 'bank' and p.provider_id is not null) as ours,
              (select count(*)::int from sandbox_movements where kind = 'refund') as refunds,
              (select count(*)::int from sandbox_movements where kind = 'chargeback') as chargebacks,
              (select count(*)::int from sandbox_movements where kind = 'chargeback_won') as won,
              (select count(*)::int from payments where provider_id is not null) as payments,
              (select count(*)::int from payment_reversals where state in ('created', 'sending', 'unknown', 'pending')) as open_reversals,
              (select count(*)::int from payment_intents where state in ('created', 'sending', 'unknown', 'pending')) as open_intents,
              (select count(*)::int from payment_intents i where i.state = 'succeeded' and i.purpose = 'payment'
                 and not exists (select from payments p where p.intent_id = i.id)) as paid_and_unbooked,
              (select count(*)::int from (select from payments where intent_id is not null group by intent_id having count(*) > 1) p) as twice`,
    )
    expect(totals.ours).toBe(totals.theirs)
    expect(totals).toMatchObject({ open_reversals: 0, open_intents: 0, paid_and_unbooked: 0, twice: 0 })
    expect(await readBooks(api)).toMatchObject({ unbalanced: 0, trial_balance: 0, overpaid_invoices: 0 })
    await askOwner(api, 'select prove_everything()')

    // It was worth the while: everything happened, often.
    if (operations >= 10_000) {
      expect(totals.payments).toBeGreaterThan(400)
      expect(totals.refunds).toBeGreaterThan(100)
      expect(totals.chargebacks).toBeGreaterThan(50)
      expect(totals.won).toBeGreaterThan(20)
      expect(done.killed).toBeGreaterThan(100)
    }
  }, 900_000)
})
