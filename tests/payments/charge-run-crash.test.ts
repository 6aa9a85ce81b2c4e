// A run of automatic debit by a real worker, whose provider is slow and often silent, killed again and again wherever it happens to be:
// each invoice is charged once, and paid once (billing.md 25–27).
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Caller, startTestApi, type TestApi } from '../api.ts'
import { askOwner } from '../people.ts'
import { killPrograms, startProgram, until } from '../processes.ts'
import { addDebtor, addSandbox, readBooks } from './sandbox-house.ts'

/** More than one batch of a run. `CHARGE_RUN_CRASH_INVOICES=5000` takes a few minutes. */
const invoices = Number(process.env.CHARGE_RUN_CRASH_INVOICES ?? 600)
const kills = 6
/** Every so many-th card tells it badly: twice, after its own news, or not at all. */
const scenarios = { twice: 40, out_of_order: 200, never_told: 60 } as const

let api: TestApi
let admin: Caller
let unit: string
let provider: string

beforeAll(async () => {
  api = await startTestApi()
  // Jobs wait by the database's clock.
  api.setNow(Temporal.Now.instant().toString())
  admin = await api.staff('admin')
  unit = (await api.unit()).id
  // Slow enough for a run to be killed again and again before it is done.
  provider = await addSandbox(api, unit, { latency_ms: 800, fault_rate: 15 })
  await api.system(async (tx) => {
    const accounts: string[] = []
    for (let index = 0; index < invoices; index++)
      accounts.push((await addDebtor(tx, unit, [1_000 + index])).id)
    const cards = accounts.map((account, index) => {
      const [scenario = 'success'] = Object.entries(scenarios).find(([, each]) => index % each === 1) ?? []
      return { account, scenario, ref: `sbx_${randomUUID()}` }
    })
    await tx
      .insertInto('sandbox_methods')
      .values(
        cards.map(({ scenario, ref }) => ({
          provider_id: provider,
          business_unit_id: unit,
          ref,
          method: 'card' as const,
          scenario,
          brand: 'Visa',
          last_digits: '4242',
          created_at: api.now(),
        })),
      )
      .execute()
    await tx
      .insertInto('stored_methods')
      .values(
        cards.map(({ account, ref }) => ({
          business_unit_id: unit,
          account_id: account,
          provider_id: provider,
          method: 'card' as const,
          brand: 'Visa',
          last_digits: '4242',
          automatic: true,
          reference: JSON.stringify({ method: ref }),
        })),
      )
      .execute()
  })
})
afterAll(async () => {
  await killPrograms()
  await api.close()
})

/** How far the run is, by what it has written. */
async function readProgress(run: string) {
  const [row] = await askOwner(
    api,
    `select (select state from debit_runs where id = $1) as state,
            (select count(*)::int from payment_intents) as begun,
            (select count(*)::int from payment_intents where state = 'sending') as sending,
            (select count(*)::int from payment_intents where ended_at is null) as open`,
    [run],
  )
  return row as { state: string; begun: number; sending: number; open: number }
}

describe(`a run of automatic debit over ${invoices} invoices`, () => {
  it('charges each once and pays each once, though its worker is killed at any moment', async () => {
    const env = {
      DATA_DIR: api.dataDir,
      DATABASE_URL: api.database.ownerUrl,
      PUBLIC_URL: 'http://127.0.0.1:9',
      LOG_LEVEL: 'error',
    }
    const started = await admin.post(`/business-units/${unit}/debit-runs`)
    expect(started.status, JSON.stringify(started.body)).toBe(201)
    const run: string = started.body.id

    const cutOff: string[] = []
    for (let turn = 0; turn < kills; turn++) {
      const before = await readProgress(run)
      if (before.state === 'done') break
      const worker = await startProgram(['worker'], env)
      // Killed while a batch is on its way to the provider, while it is booked, or while the one before is asked about; once
      // where the next batch has begun.
      const nextBatch = turn === 3
      await until('some progress', 120, async () => {
        const { state, begun, open } = await readProgress(run)
        return state === 'done' || begun > before.begun || (!nextBatch && begun > 0 && open !== before.open)
      })
      await sleep(Math.random() * (nextBatch ? 400 : 1_000))
      await worker.end('SIGKILL')
      const left = await readProgress(run)
      if (left.state !== 'done') cutOff.push(`${left.begun} begun, ${left.sending} on their way`)
    }
    expect(
      cutOff.length,
      `it was killed in the midst of its work: ${cutOff.join('; ')}`,
    ).toBeGreaterThanOrEqual(2)
    // What was sent and never heard of is what the next one has to ask about.
    expect(cutOff.some((left) => !left.endsWith(' 0 on their way'))).toBe(true)

    // The provider is well again: what is asked about is answered, where chance might have it silent for hours.
    await askOwner(
      api,
      `update payment_providers set settings = '{"latency_ms": 0, "fault_rate": 0}' where id = $1`,
      [provider],
    )
    const last = await startProgram(['worker'], env)
    let left = await readProgress(run)
    await until('the run is done and nothing is on its way', 240, async () => {
      left = await readProgress(run)
      return left.state === 'done' && left.open === 0
    }).catch((error: Error) => {
      throw new Error(`${error.message}: ${JSON.stringify(left)}`)
    })
    await last.end()

    const { rows } = await api.system((tx) =>
      sql<{ intents: number; charged: number; booked: number; state: string; open: number; n: number }>`
        select intents, charged, booked, state, open, count(*)::int as n
          from (select (select count(*)::int from payment_intent_invoices ii where ii.invoice_id = i.id) as intents,
                       (select count(*)::int from payment_intent_invoices ii
                          join sandbox_charges c on c.key = ii.intent_id and c.provider_id = ${provider}
                          join sandbox_movements m on m.charge_id = c.id and m.kind = 'payment' and m.amount = i.total
                         where ii.invoice_id = i.id) as charged,
                       (select count(*)::int from payment_intent_invoices ii
                          join payments p on p.intent_id = ii.intent_id and p.amount = i.total
                         where ii.invoice_id = i.id) as booked,
                       i.state, b.open_amount::int as open
                  from invoices i join invoice_balances b on b.invoice_id = i.id where i.business_unit_id = ${unit}) each
         group by 1, 2, 3, 4, 5`.execute(tx),
    )
    expect(rows, 'every invoice: one wish, one charge, one payment').toEqual([
      { intents: 1, charged: 1, booked: 1, state: 'paid', open: 0, n: invoices },
    ])
    const total = Array.from({ length: invoices }, (_, index) => 1_000 + index).reduce((a, b) => a + b, 0)
    expect(await readBooks(api)).toMatchObject({
      intents: { succeeded: invoices },
      taken: total,
      booked: total,
      bank: total,
      unbalanced: 0,
      trial_balance: 0,
      overpaid_invoices: 0,
    })
    const attempts = await askOwner(
      api,
      `select state, attempt, count(*)::int as n, count(distinct invoice_id)::int as invoices from debit_attempts group by 1, 2`,
    )
    expect(attempts).toEqual([{ state: 'paid', attempt: 1, n: invoices, invoices }])
    expect((await admin.get(`/debit-runs/${run}`)).body).toMatchObject({
      state: 'done',
      due: invoices,
    })
    // Another run of the same day finds nothing left.
    const again = await admin.post(`/business-units/${unit}/debit-runs`)
    const idle = await startProgram(['worker'], env)
    await until(
      'the second run is done',
      60,
      async () => (await readProgress(again.body.id)).state === 'done',
    )
    await idle.end()
    expect((await admin.get(`/debit-runs/${again.body.id}`)).body).toMatchObject({ due: 0, paid: 0 })
    expect((await readBooks(api)).taken).toBe(total)
  }, 600_000)
})
