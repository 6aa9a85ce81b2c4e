// An erasure whose account's providers have to let go first: each thing by itself, then all that is ours at once.
import type { JobContext } from '../../platform/jobs.ts'
import { type PaymentServices, release } from '../payments/index.ts'
import { finishErasure, readErasure } from './erasure.ts'

/**
 * Has providers cancel and forget what is an account's, then erases it. Stopped or killed it goes on with what is left: what was
 * let go is noted. Providers that do not answer are asked again by the queue's next attempts, over three days; after the last one
 * the account is erased all the same, and the erasure says how much they kept.
 */
export async function eraseByProviders(call: JobContext & PaymentServices, accountId: string): Promise<void> {
  const asked = new Set<string>()
  let leftBehind = 0
  for (;;) {
    const held = await call.transact((tx) => readErasure(tx, accountId, call.now()))
    if (held === null) return
    let silent = 0
    for (const one of held.filter(({ id }) => !asked.has(id))) {
      if (call.stopping()) throw new Error('stopping: the next attempt goes on')
      const outcome = await release(call, one)
      asked.add(one.id)
      if (outcome !== 'done') leftBehind++
      if (outcome === 'silent') silent++
    }
    if (silent > 0 && !call.last_attempt)
      throw new Error(`${silent} of what providers keep: no answer, they are asked again`)
    if (await call.transact((tx) => finishErasure(tx, accountId, asked, leftBehind, call.now()))) return
  }
}
