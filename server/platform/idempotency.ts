import { createHash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { sql } from 'kysely'
import { Binary } from './answers.ts'
import type { Tx } from './database.ts'
import { isRefusal, refuse } from './errors.ts'
import type { Upload } from './uploads.ts'

/** The answer that was given to the same key before. */
export class Replay {
  readonly body: unknown
  constructor(body: unknown) {
    this.body = body
  }
}

/** The same key with the same input gives the first answer again; with another input it is refused. */
export async function runOnce(
  tx: Tx,
  key: string,
  operation: string,
  actor: string,
  request: FastifyRequest,
  upload: Upload | undefined,
  status: number,
  work: () => Promise<unknown>,
): Promise<unknown> {
  const fingerprint = createHash('sha256')
    .update(
      JSON.stringify([
        operation,
        request.params,
        request.query,
        upload ? upload.fields : (request.body ?? null),
      ]),
    )
    .update(upload?.sha256 ?? '')
    .digest()
  const mine = await tx
    .insertInto('idempotency_keys')
    .values({ actor_id: actor, key: key.slice(0, 200), operation, fingerprint })
    .onConflict((conflict) => conflict.doNothing())
    .returning('key')
    .executeTakeFirst()
  if (!mine) {
    const earlier = await tx
      .selectFrom('idempotency_keys')
      .select(['fingerprint', 'response'])
      .where('actor_id', '=', actor)
      .where('key', '=', key.slice(0, 200))
      .executeTakeFirst()
    if (!earlier?.fingerprint.equals(fingerprint)) return refuse('idempotency_key_reused', { status: 422 })
    return new Replay(earlier.response)
  }
  const result = await work()
  if (isRefusal(result) && result.kept) {
    // What was refused may be tried again with its key, whatever of it is kept.
    await tx
      .deleteFrom('idempotency_keys')
      .where('actor_id', '=', actor)
      .where('key', '=', key.slice(0, 200))
      .execute()
  } else if (!isRefusal(result) && !(result instanceof Binary)) {
    await sql`update idempotency_keys set status = ${status}, response = ${JSON.stringify(result ?? null)}::jsonb
              where actor_id = ${actor} and key = ${key.slice(0, 200)}`.execute(tx)
  }
  return result
}
