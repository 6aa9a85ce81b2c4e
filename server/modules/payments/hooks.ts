import type { FastifyReply, FastifyRequest } from 'fastify'
import { sql } from 'kysely'
import { sendRefusal } from '../../platform/answers.ts'
import { transactAsSystem } from '../../platform/database.ts'
import { refuse } from '../../platform/errors.ts'
import type { App } from '../../platform/http.ts'
import { enqueue } from '../../platform/jobs.ts'
import { openProvider } from './provider-list.ts'
import type { Drivers, HookReading } from './providers.ts'

/** The largest call of a provider that is read, in bytes. */
const largestCall = 262_144

const actor = { kind: 'system', way: 'job', operation: 'receive_provider_call', name: 'provider' } as const

/**
 * Where providers tell us that something happened (billing.md 26): the call is verified by its driver, kept as it came, once
 * however often it comes, and a job goes and looks. Who is not a provider, or does not prove it, gets one and the same answer.
 */
export function registerProviderHooks(app: App, drivers: Drivers): void {
  const take = async (request: FastifyRequest, reply: FastifyReply) => {
    const { provider_id: id } = request.params as { provider_id: string }
    const refused = () => sendRefusal(request, reply, refuse('hook_refused', { status: 400 }))
    if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) return refused()
    const transact = <T>(work: Parameters<typeof transactAsSystem<T>>[2]) =>
      transactAsSystem(app.office, actor, work)
    const provider = await transact((tx) => openProvider(tx, app.config, drivers, id))
    const { driver } = provider ?? {}
    if (!provider || !driver?.readHook) return refused()
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
    const reading = await readCall(() =>
      driver.readHook!(
        {
          provider_id: provider.id,
          business_unit_id: provider.business_unit_id,
          settings: provider.settings,
          secrets: provider.secrets,
          public_url: app.config.publicUrl,
          now: app.now(),
          signal: AbortSignal.timeout(10_000),
          transact,
        },
        {
          headers: Object.fromEntries(
            Object.entries(request.headers).map(([name, value]) => [
              name,
              Array.isArray(value) ? value.join(',') : value,
            ]),
          ),
          query: request.query as Record<string, string>,
          body,
        },
      ),
    )
    if (reading === null) return refused()
    await transact(async (tx) => {
      const kept = await sql<{ id: string; times: number }>`
        insert into provider_events (provider_id, business_unit_id, event_key, body)
        values (${provider.id}, ${provider.business_unit_id}, ${reading.event_key.slice(0, 200)}, ${body})
        on conflict (provider_id, event_key) do update set times = provider_events.times + 1
        returning id, times`.execute(tx)
      const event = kept.rows[0]!
      if (event.times > 1) return
      await enqueue(
        tx,
        'payments:read_event',
        {
          event_id: event.id,
          about: reading.about.flatMap(({ key, ref }) => [
            ...(key === undefined ? [] : [`key:${key}`]),
            ...(ref === undefined ? [] : [`ref:${ref}`]),
          ]),
        },
        { key: `payments:read_event:${event.id}` },
      )
    })
    return reply.code(200).send({ received: true })
  }
  void app.server.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: largestCall }, (_request, body, done) =>
      done(null, body),
    )
    const options = {
      schema: { hide: true },
      bodyLimit: largestCall,
      config: { rateLimit: { max: 600, timeWindow: '1 minute' } },
    }
    // Some providers of Pix add `/pix` to the address that they were told.
    for (const path of ['/api/v1/hooks/payments/:provider_id', '/api/v1/hooks/payments/:provider_id/pix'])
      scope.post(path, options, take)
  })
}

/** A call that its driver cannot read is none of the provider's. */
async function readCall(read: () => Promise<HookReading | null>): Promise<HookReading | null> {
  try {
    return await read()
  } catch {
    return null
  }
}
