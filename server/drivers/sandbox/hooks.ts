// How the sandbox tells the house: calls of the house's own address, signed after the Standard Webhooks convention. A job sends
// them, and sends them again where they are not taken.
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { HookCall, HookReading } from '../../modules/payments/index.ts'
import type { Config } from '../../platform/config.ts'
import type { Tx } from '../../platform/database.ts'
import { digestSecret } from '../../platform/encryption.ts'
import { enqueue, type JobHandlers, type JobPayload } from '../../platform/jobs.ts'
import { createToken } from '../../platform/secrets.ts'

export type HookType =
  | 'charge.processing'
  | 'charge.paid'
  | 'charge.refused'
  | 'charge.refunded'
  | 'charge.disputed'
  | 'charge.dispute_won'

/** What a call says: which event, and of which charge. */
export type Hook = {
  provider_id: string
  event_id: string
  type: HookType
  key: string
  ref: string
  created_at: string
}

/** Calls older than this, or from further ahead, are refused (seconds). */
const oldestCall = 300

/** How long after a call that was not taken the next one is made (seconds); then the sandbox gives up. */
const pauses = [10, 60, 300, 1800, 7200, 21_600]

/** The secret that house and sandbox share: made of this installation's key, so it stands nowhere. */
export function hookSecret(config: Config, providerId: string): Buffer {
  return digestSecret(config, providerId, 'sandbox webhooks')
}

/** The headers of a call at a moment, with the signature of its body. */
export function signHook(secret: Buffer, eventId: string, body: string, at: Temporal.Instant) {
  const timestamp = String(Math.floor(at.epochMilliseconds / 1000))
  const signature = createHmac('sha256', secret).update(`${eventId}.${timestamp}.${body}`).digest('base64')
  return {
    'content-type': 'application/json',
    'webhook-id': eventId,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signature}`,
  }
}

/** The body of a call. */
export function writeHook(hook: Hook): string {
  return JSON.stringify({
    id: hook.event_id,
    type: hook.type,
    created_at: hook.created_at,
    charge: { key: hook.key, ref: hook.ref },
  })
}

/** Verifies a call (signature, age) and says what it is about; null where it is not the sandbox's. */
export function verifyHook(secret: Buffer, call: HookCall, now: Temporal.Instant): HookReading | null {
  const id = call.headers['webhook-id']
  const timestamp = call.headers['webhook-timestamp']
  const given = call.headers['webhook-signature']
  if (!id || id.length > 200 || !timestamp || !/^\d{1,12}$/.test(timestamp) || !given) return null
  if (Math.abs(now.epochMilliseconds / 1000 - Number(timestamp)) > oldestCall) return null
  const wanted = createHmac('sha256', secret).update(`${id}.${timestamp}.`).update(call.body).digest()
  const matches = given.split(' ').some((one) => {
    const [form, text = ''] = one.split(',')
    const bytes = Buffer.from(text, 'base64')
    return form === 'v1' && bytes.length === wanted.length && timingSafeEqual(bytes, wanted)
  })
  if (!matches) return null
  try {
    const { charge } = JSON.parse(call.body.toString('utf8')) as { charge?: { key?: unknown; ref?: unknown } }
    if (typeof charge?.key !== 'string' || typeof charge.ref !== 'string') return null
    return { event_key: id, about: [{ key: charge.key, ref: charge.ref }] }
  } catch {
    return null
  }
}

type ToldCharge = { provider_id: string; key: string; ref: string }

/** Adds the job of a call, in the transaction of what it tells. */
export async function tell(
  tx: Tx,
  charge: ToldCharge,
  type: HookType,
  now: Temporal.Instant,
  options: { seconds?: number; event_id?: string } = {},
): Promise<string> {
  const event_id = options.event_id ?? `evt_${createToken()}`
  const { provider_id, key, ref } = charge
  const hook: Hook = { provider_id, event_id, type, key, ref, created_at: now.toString() }
  await enqueue(
    tx,
    'sandbox:send_hook',
    { ...hook, tries: 0 },
    options.seconds ? { runAt: now.add({ seconds: options.seconds }) } : {},
  )
  return event_id
}

/** How calls are made: the network, or what stands in for it. */
export type SendCall = (
  url: string,
  init: { method: 'POST'; headers: Record<string, string>; body: string; signal: AbortSignal },
) => Promise<{ ok: boolean; status: number }>

/**
 * The sandbox's jobs. A call that was not taken is made again after a while, and no failure of the house's queue: that is
 * what providers do.
 */
export function createSandboxJobs(services: { config: Config; send?: SendCall }): JobHandlers {
  const send: SendCall = services.send ?? ((url, init) => fetch(url, { ...init, redirect: 'error' }))
  return {
    'sandbox:send_hook': async (payload, { transact, now, log }) => {
      const { tries, ...hook } = payload as Hook & { tries: number }
      const body = writeHook(hook)
      const headers = signHook(hookSecret(services.config, hook.provider_id), hook.event_id, body, now())
      let outcome: string
      try {
        const url = `${services.config.publicUrl}/api/v1/hooks/payments/${hook.provider_id}`
        const reply = await send(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(10_000) })
        if (reply.ok) return
        outcome = String(reply.status)
      } catch (error) {
        outcome = error instanceof Error ? error.message : String(error)
      }
      const seconds = pauses[tries]
      log.info(
        { provider: hook.provider_id, event: hook.event_id, tries, outcome },
        'a sandbox call was not taken',
      )
      if (seconds === undefined) return
      const again: JobPayload = { ...hook, tries: tries + 1 }
      await transact((tx) => enqueue(tx, 'sandbox:send_hook', again, { runAt: now().add({ seconds }) }))
    },
  }
}
