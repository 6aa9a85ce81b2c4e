import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { createSandboxDriver, type FaultPlan } from '../../server/drivers/sandbox/driver.ts'
import { registerSandbox } from '../../server/drivers/sandbox/routes.ts'
import type { ChargeRequest, RefundRequest, StoredReference } from '../../server/modules/payments/index.ts'
import { readConfig } from '../../server/platform/config.ts'
import { openPool, type Tx, transactAsSystem } from '../../server/platform/database.ts'
import { createDiskStore } from '../../server/platform/files.ts'
import type { JobContext, JobPayload } from '../../server/platform/jobs.ts'
import { createServer } from '../../server/platform/server.ts'
import { createTestDatabase } from '../database.ts'

/** The sandbox by itself: a database with one business unit and one provider, its driver, its page, a clock. */
export async function startSandbox(plan: { faults?: FaultPlan; settings?: object } = {}) {
  const database = await createTestDatabase()
  const dataDir = await mkdtemp(join(tmpdir(), 'zaguan-sandbox-'))
  const config = readConfig({ DATA_DIR: dataDir, LOG_LEVEL: 'silent', PORT: '3000' })
  const office = openPool(database.officeUrl, 6)
  const portal = openPool(database.portalUrl, 2)
  let now = Temporal.Instant.from('2026-05-21T15:00:00Z')
  const transact = <T>(work: (tx: Tx) => Promise<T>) =>
    transactAsSystem(office, { kind: 'system', way: 'command', operation: 'test', name: 'test' }, work)
  const provider = await transact(async (tx) => {
    const unit = await tx
      .insertInto('business_units')
      .values({
        slug: 'unit',
        name: 'Unit',
        legal_name: 'Unit Ltda.',
        country: 'BR',
        currency: 'BRL',
        time_zone: 'America/Sao_Paulo',
        language: 'pt-BR',
        closing_day: 31,
      })
      .returning('id')
      .executeTakeFirstOrThrow()
    return tx
      .insertInto('payment_providers')
      .values({
        business_unit_id: unit.id,
        driver: 'sandbox',
        name: 'Sandbox',
        methods: ['card', 'pix', 'bank_debit'],
        enabled: true,
      })
      .returning(['id', 'business_unit_id'])
      .executeTakeFirstOrThrow()
  })
  const driver = createSandboxDriver({ config, ...(plan.faults ? { faults: plan.faults } : {}) })
  const app = await createServer({
    config,
    office,
    portal,
    files: createDiskStore(join(dataDir, 'files')),
    now: () => now,
    version: 'test',
  })
  await app.server.after()
  registerSandbox(app)
  await app.server.ready()

  const settings = driver.settings.parse(plan.settings ?? {})
  const context = (signal: AbortSignal = new AbortController().signal) => ({
    provider_id: provider.id,
    business_unit_id: provider.business_unit_id,
    settings,
    secrets: {},
    public_url: config.publicUrl,
    now,
    signal,
    transact,
  })
  const request = (change: Partial<ChargeRequest> = {}): ChargeRequest => ({
    key: randomUUID(),
    method: 'card',
    amount: 10_000,
    currency: 'BRL',
    description: 'Fatura A-1',
    payer: {
      account_id: randomUUID(),
      number: 1,
      name: 'Helena',
      kind: 'person',
      tax_id: null,
      email: null,
      language: 'en',
      address: null,
      city: null,
      state: null,
      country: 'BR',
      postal_code: null,
    },
    invoices: [],
    due_date: null,
    stored_method: null,
    store: false,
    off_session: false,
    return_url: 'http://localhost:3000/invoices',
    expires_at: null,
    ...change,
  })
  const show = (ref: string, query = '') => app.server.inject({ url: `/sandbox/${ref}${query}` })
  const press = (ref: string, fields: Record<string, string>) =>
    app.server.inject({
      method: 'POST',
      url: `/sandbox/${ref}`,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      payload: new URLSearchParams(fields).toString(),
    })
  return {
    database,
    config,
    app,
    driver,
    provider,
    transact,
    context,
    request,
    now: () => now,
    pass(duration: Temporal.DurationLike) {
      now = now.add(duration)
    },
    show,
    press,
    /** Asks for a charge and presses what the page offers: the ref, and what came of it. */
    async pay(scenario: string, change: Partial<ChargeRequest> = {}) {
      const asked = request(change)
      const { ref } = await driver.create(context(), asked)
      const reply = await press(ref!, { do: 'choose', scenario })
      const standing = await driver.lookUp(context(), { key: asked.key, ref })
      return { key: asked.key, ref: ref!, reply, standing, amount: asked.amount }
    },
    /** Keeps a method that ends so: what later charges name it by. */
    async store(scenario: string, method: 'card' | 'bank_debit' | 'pix' = 'card'): Promise<StoredReference> {
      const { payer } = request()
      const setup = await driver.setUp!(context(), {
        key: randomUUID(),
        method,
        currency: 'BRL',
        payer,
        return_url: 'http://localhost:3000/pay',
        details: null,
      })
      await press(setup.ref!, { do: 'choose', scenario })
      if (scenario === 'second_step') await press(setup.ref!, { do: 'approve' })
      const standing = await driver.lookUp(context(), { key: '', ref: setup.ref })
      if (!standing.method) throw new Error(`${scenario} was not stored: ${standing.state}`)
      return { id: randomUUID(), reference: standing.method.reference, secret: null }
    },
    refund: (
      charge: { key: string; ref: string },
      amount: number,
      key: string = randomUUID(),
    ): RefundRequest => ({
      key,
      charge: { key: charge.key, ref: charge.ref },
      payment_ref: '',
      amount,
      whole: false,
      currency: 'BRL',
      reason: null,
      others: [],
    }),
    /** What the queue holds of its calls, in the order in which they were added. */
    hooks: () =>
      transact(async (tx) => {
        const found = await sql<{ payload: JobPayload; run_at: Temporal.Instant }>`
          select payload, run_at from queued_jobs where task = 'sandbox:send_hook' order by id`.execute(tx)
        return found.rows
      }),
    jobContext: (): JobContext => ({
      pool: office,
      now: () => now,
      transact,
      stopping: () => false,
      last_attempt: false,
      log: { info: () => undefined, error: () => undefined },
    }),
    async close() {
      await app.server.close()
      await Promise.all([office.end(), portal.end()])
      await database.drop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}
