import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { createSandboxDriver, type FaultPlan } from '../../server/drivers/sandbox/driver.ts'
import { type Hook, hookSecret, signHook, writeHook } from '../../server/drivers/sandbox/hooks.ts'
import { createIntentJobs, type Drivers, type ProviderDriver } from '../../server/modules/payments/index.ts'
import { type Tx, transactAsSystem } from '../../server/platform/database.ts'
import type { JobContext, JobPayload } from '../../server/platform/jobs.ts'
import type { TestApi } from '../api.ts'
import { issueInvoice } from '../invoices.ts'
import { askOwner } from '../people.ts'

type Driver = ReturnType<typeof createSandboxDriver>

/** A house that is paid by the sandbox: its jobs run when the test says, with the faults that it plans. */
export function openHouse(
  api: TestApi,
  plan: {
    faults?: FaultPlan
    /** Changes the driver: to stop between what it does and what it says. */
    wrap?: (driver: Driver) => ProviderDriver
    /** Changes how the house's jobs open transactions. */
    transact?: JobContext['transact']
  } = {},
) {
  const inner = createSandboxDriver({ config: api.config, ...(plan.faults ? { faults: plan.faults } : {}) })
  const driver: ProviderDriver = plan.wrap ? plan.wrap(inner) : inner
  const drivers: Drivers = new Map([[driver.kind, driver]])
  const handlers = createIntentJobs({ config: api.config, drivers })
  const transact =
    plan.transact ??
    ((work) =>
      transactAsSystem(api.office, { kind: 'job', way: 'job', operation: 'test', name: 'test' }, work))
  const context: JobContext = {
    pool: api.office,
    now: api.now,
    transact,
    stopping: () => false,
    last_attempt: false,
    log: { info: () => undefined, error: () => undefined },
  }
  const run = (task: string, payload: JobPayload) => handlers[`payments:${task}`]!(payload, context)
  return {
    drivers,
    run,
    start: (intent: string) => run('start_intent', { intent_id: intent }),
    lookUp: (intent: string) => run('look_up_intent', { intent_id: intent }),
    cancel: (intent: string) => run('cancel_intent', { intent_id: intent }),
    sendRefund: (reversal: string) => run('send_refund', { reversal_id: reversal }),
    reconcile: () => run('reconcile', {}),
  }
}

/** A sandbox that a business unit is paid by. */
export async function addSandbox(api: TestApi, unitId: string, settings: object = {}): Promise<string> {
  const row = await api.system((tx) =>
    tx
      .insertInto('payment_providers')
      .values({
        business_unit_id: unitId,
        driver: 'sandbox',
        name: 'Sandbox',
        methods: ['card', 'pix', 'bank_debit'],
        settings: JSON.stringify(settings),
        enabled: true,
      })
      .returning('id')
      .executeTakeFirstOrThrow(),
  )
  return row.id
}

/** An account with open invoices of these amounts. */
export async function addDebtor(
  tx: Tx,
  unitId: string,
  amounts: readonly number[],
  email: string | null = null,
): Promise<{ id: string; invoices: string[] }> {
  const account = await tx
    .insertInto('accounts')
    .values({
      business_unit_id: unitId,
      name: `Debtor ${randomUUID().slice(0, 8)}`,
      kind: 'person',
      language: 'en',
      email,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  const invoices: string[] = []
  for (const total of amounts)
    invoices.push((await issueInvoice(tx, account.id, { total, due_date: '2026-06-10' })).id)
  return { id: account.id, invoices }
}

/** Presses a button of the sandbox's page. */
export function press(api: TestApi, ref: string, fields: Record<string, string>) {
  return api.server.inject({
    method: 'POST',
    url: `/sandbox/${ref}`,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: new URLSearchParams(fields).toString(),
  })
}

/** Makes a call of the sandbox as its job would, from an address, with whatever is to be wrong with it. */
export function callHouse(
  api: TestApi,
  providerId: string,
  about: { key: string; ref: string },
  change: {
    event_id?: string
    type?: Hook['type']
    at?: Temporal.Instant
    secret?: Buffer
    address?: string
    headers?: Record<string, string>
  } = {},
) {
  const event_id = change.event_id ?? `evt_${randomUUID()}`
  const body = writeHook({
    provider_id: providerId,
    event_id,
    type: change.type ?? 'charge.paid',
    created_at: api.now().toString(),
    ...about,
  })
  const secret = change.secret ?? hookSecret(api.config, providerId)
  return api.server.inject({
    method: 'POST',
    url: `/api/v1/hooks/payments/${providerId}`,
    remoteAddress: change.address ?? '10.9.0.1',
    headers: { ...signHook(secret, event_id, body, change.at ?? api.now()), ...change.headers },
    payload: body,
  })
}

export type Books = {
  intents: Record<string, number>
  taken: number
  booked: number
  unbalanced: number
  trial_balance: number
  bank: number
  overpaid_invoices: number
}

/** What both books come to, and whether ours balances. */
export async function readBooks(api: TestApi): Promise<Books> {
  const [row] = await askOwner(
    api,
    `select (select coalesce(json_object_agg(state, n), '{}') from (select state, count(*) as n from payment_intents group by state) s) as intents,
            (select coalesce(sum(amount), 0)::text from sandbox_movements where kind = 'payment') as taken,
            (select coalesce(sum(amount), 0)::text from payments where provider_id is not null) as booked,
            (select count(*)::int from (select from ledger_entries group by posting_id having sum(amount) <> 0) p) as unbalanced,
            (select coalesce(sum(amount), 0)::text from ledger_entries) as trial_balance,
            (select coalesce(sum(amount), 0)::text from ledger_entries where ledger_account = 'bank') as bank,
            (select count(*)::int from invoice_balances where open_amount < 0) as overpaid_invoices`,
  )
  return {
    ...row,
    taken: Number(row.taken),
    booked: Number(row.booked),
    trial_balance: Number(row.trial_balance),
    bank: Number(row.bank),
  }
}

/** What became of one intent on both sides. */
export async function readCharge(api: TestApi, intent: string) {
  return api.system(async (tx) => {
    const found = await sql<{
      state: string
      failure: string | null
      provider_ref: string | null
      sandbox_state: string | null
      ref: string | null
      taken: number[]
      booked: number[]
      open_amount: number
    }>`
      select i.state, i.failure, i.provider_ref, c.state as sandbox_state, c.ref,
             array(select m.amount from sandbox_movements m where m.charge_id = c.id and m.kind = 'payment') as taken,
             array(select p.amount from payments p where p.intent_id = i.id) as booked,
             coalesce((select sum(b.open_amount) from payment_intent_invoices ii join invoice_balances b on b.invoice_id = ii.invoice_id
                        where ii.intent_id = i.id), 0)::bigint as open_amount
        from payment_intents i left join sandbox_charges c on c.key = i.id and c.provider_id = i.provider_id
       where i.id = ${intent}`.execute(tx)
    return found.rows[0]!
  })
}
