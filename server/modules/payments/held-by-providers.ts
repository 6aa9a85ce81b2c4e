// What providers keep of an account, for its erasure: payments and set-ups that wait for the payer, and stored methods. They are
// let go there while it is still known here how they are called; each by itself, so that whoever is stopped goes on with the rest.
import { sql } from 'kysely'
import type { Tx } from '../../platform/database.ts'
import type { JobContext } from '../../platform/jobs.ts'
import { cancelIntent, forgetMethod, type PaymentServices } from './intent-jobs.ts'

export type Held = { id: string; kind: 'intent' | 'method'; provider_name: string }

/** How letting go of something ended: `refused`, the provider will not; `silent`, nobody knows yet, and it may be asked again. */
export type Release = 'done' | 'refused' | 'silent'

/** What providers keep of an account, in a fixed order. */
export async function listHeld(tx: Tx, accountId: string): Promise<Held[]> {
  const found = await sql<Held>`
    select i.id, 'intent' as kind, p.name as provider_name
      from payment_intents i join payment_providers p on p.id = i.provider_id
     where i.account_id = ${accountId} and i.ended_at is null and (i.purpose = 'setup' or i.state = 'action_needed')
    union all
    select m.id, 'method', p.name
      from stored_methods m join payment_providers p on p.id = m.provider_id
     where m.account_id = ${accountId} and m.forgotten_at is null
     order by kind, id`.execute(tx)
  return found.rows
}

/** Has a provider let go of something, where it can. What came in meanwhile is booked. */
export function release(call: JobContext & PaymentServices, held: Held): Promise<Release> {
  return held.kind === 'intent' ? cancelIntent(call, held.id) : forgetMethod(call, held.id)
}
