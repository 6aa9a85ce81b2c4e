import type { Tx } from './database.ts'
import { enqueue, type JobPayload } from './jobs.ts'

/**
 * What happened, in the past tense. Modules speak against their order by events: an announcement is one job per
 * listener in the same transaction. app.ts lists who listens.
 */
export type Listeners = Record<string, string[]>

let listeners: Listeners = {}

/** Says who listens to what: event → task names. Called once, by app.ts. */
export function listen(all: Listeners): void {
  listeners = all
}

/**
 * Announces an event: each listener's job is added in the transaction, so that it happens if and only if this does. `cause`
 * names what caused it: a listener has at most one job waiting for one cause (billing.md 27).
 */
export async function announce(tx: Tx, event: string, payload: JobPayload, cause?: string): Promise<void> {
  for (const task of listeners[event] ?? [])
    await enqueue(tx, task, payload, cause === undefined ? {} : { key: `${task}:${cause}` })
}

/** Two lists of who listens as one: to an event that stands in both, all of both. */
export function joinListeners(some: Listeners, others: Listeners): Listeners {
  const joined: Listeners = { ...some }
  for (const [event, tasks] of Object.entries(others)) joined[event] = [...(joined[event] ?? []), ...tasks]
  return joined
}
