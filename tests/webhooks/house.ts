import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { createWebhookJobs } from '../../server/modules/webhooks/index.ts'
import { wakeDelivery } from '../../server/modules/webhooks/waking.ts'
import type { Tx } from '../../server/platform/database.ts'
import type { JobHandlers } from '../../server/platform/jobs.ts'
import type { TestApi } from '../api.ts'
import { runJobs } from '../jobs.ts'

/** What may be called in tests: this machine, for customers too. */
const localRules = () => ({ networks: ['127.0.0.0/8'] })

/** Lets everything that waits and is due happen, by the test's clock; deliveries reach this machine. */
export async function work(
  api: TestApi,
  services: { timeoutMs?: number; chance?: number; slowMs?: number } = {},
): Promise<void> {
  const handlers = createWebhookJobs({
    config: api.config,
    chance: () => services.chance ?? 0,
    rules: localRules,
    timeoutMs: services.timeoutMs ?? 2000,
  })
  await api.system((tx) => wakeDelivery(tx))
  await runJobs(api, { handlers: services.slowMs ? slowDown(handlers, services.slowMs) : handlers })
}

/** The same where each transaction is that much later known to have ended. */
function slowDown(handlers: JobHandlers, ms: number): JobHandlers {
  return Object.fromEntries(
    Object.entries(handlers).map(([task, handle]) => [
      task,
      (payload, context) =>
        handle(payload, {
          ...context,
          transact: async (deed) => {
            const result = await context.transact(deed)
            await sleep(ms)
            return result
          },
        }),
    ]),
  )
}

/** Moves the clock on. */
export const pass = (api: TestApi, duration: Temporal.DurationLike) =>
  api.setNow(api.now().add(Temporal.Duration.from(duration)).toString())

/** A plan to sell in a business unit. */
export async function addPlan(tx: Tx, unit: string): Promise<string> {
  const { rows } = await sql<{ id: string }>`
    with product as (insert into products (business_unit_id, name) values (${unit}, 'Internet') returning id)
    insert into plans (business_unit_id, product_id, name, kind)
    select ${unit}, id, 'Fibra 500', 'broadband' from product returning id`.execute(tx)
  return rows[0]!.id
}

/** A running service, without its sale. */
export async function addService(tx: Tx, unit: string, account: string, plan: string): Promise<string> {
  const { rows } = await sql<{ id: string }>`
    insert into subscriptions (business_unit_id, account_id, number, contract_number, plan_id, status, start_date,
                               billing_start, billing_mode, currency, payment_method, due_day)
    select ${unit}, ${account}, n, 7000 + n, ${plan}, 'active', '2026-01-01', '2026-01-01', 'advance', 'BRL', 'pix', 10
      from (select count(*)::int + 1 as n from subscriptions) c returning id`.execute(tx)
  await sql`
    insert into subscription_components (subscription_id, account_id, plan_id, role, description, unit_amount, quantity, from_date)
    values (${rows[0]!.id}, ${account}, ${plan}, 'plan', 'Fibra 500', 9990, 1, '2026-01-01')`.execute(tx)
  return rows[0]!.id
}
