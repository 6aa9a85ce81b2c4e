import { sql } from 'kysely'
import type { ChallengeKind } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { createToken, hashToken } from '../../platform/secrets.ts'
import type { Side } from './sessions.ts'

/** A half-done way in: whose it is, where that is known, and what it needs to go on. */
export type Challenge<D> = { user_id: string | null; data: D }

/** Opens a half-done way in and gives its secret, of which only the hash is stored. It ends by the database's clock. */
export async function openChallenge(
  tx: Tx,
  kind: ChallengeKind,
  side: Side,
  userId: string | null,
  data: object,
  seconds: number,
): Promise<string> {
  const token = createToken()
  await sql`select open_challenge(${kind}, ${side}, ${userId}, ${hashToken(token)}, ${JSON.stringify(data)}::jsonb, ${seconds})`.execute(
    tx,
  )
  return token
}

/** Takes a half-done way in, once: it is gone whatever the answer was worth. Null where there is none. */
export async function takeChallenge<D>(
  tx: Tx,
  kind: ChallengeKind,
  side: Side,
  token: string,
): Promise<Challenge<D> | null> {
  const found = await sql<Challenge<D>>`
    select user_id, data from take_challenge(${kind}, ${side}, ${hashToken(token)})`.execute(tx)
  return found.rows[0] ?? null
}

/** Counts a try at a half-done way in; null where there is none or its tries are used up. */
export async function tryChallenge<D>(
  tx: Tx,
  kind: ChallengeKind,
  side: Side,
  token: string,
  tries: number,
): Promise<Challenge<D> | null> {
  const found = await sql<Challenge<D>>`
    select user_id, data from try_challenge(${kind}, ${side}, ${hashToken(token)}, ${tries})`.execute(tx)
  return found.rows[0] ?? null
}

/** Looks at a half-done way in, to prepare another answer to it; null where there is none. */
export async function readChallenge<D>(
  tx: Tx,
  kind: ChallengeKind,
  side: Side,
  token: string,
): Promise<Challenge<D> | null> {
  const found = await sql<Challenge<D>>`
    select user_id, data from read_challenge(${kind}, ${side}, ${hashToken(token)})`.execute(tx)
  return found.rows[0] ?? null
}
