import { sql } from 'kysely'
import type { Tx } from '../../platform/database.ts'
import { notFound, type Refusal, refuse } from '../../platform/errors.ts'
import type { CustomerActor, StaffActor } from '../../platform/http.ts'
import { createToken, hashToken } from '../../platform/secrets.ts'

// Staff see the portal as a customer (A11): a session of its own in the portal, for an hour, marked on every page, in the
// log with both names, and reading only unless they may act and chose to.

/** How long staff see the portal as a customer before they must ask again. */
const viewMinutes = 60
/** How long the code works that carries them from the office to the portal. */
const codeSeconds = 120

/** Whether the transaction sees an account. Refuses: not_found. */
export async function checkAccount(tx: Tx, id: string): Promise<Refusal | null> {
  const account = await tx.selectFrom('accounts').select('id').where('id', '=', id).executeTakeFirst()
  return account ? null : notFound()
}

/**
 * Lets a member of staff see the portal as an account, or as one member of it: gives a code that opens it once, within
 * two minutes. Refuses: not_found, not_permitted (changing something without accounts.act_as).
 */
export async function offerView(
  tx: Tx,
  accountId: string,
  input: { reason: string; member_id?: string | null | undefined; write: boolean },
  actor: StaffActor,
): Promise<{ code: string } | Refusal> {
  const missing = await checkAccount(tx, accountId)
  if (missing) return missing
  if (input.write && !actor.permissions.includes('accounts.act_as')) {
    return refuse('not_permitted', { status: 403 })
  }
  if (input.member_id) {
    const member = await tx
      .selectFrom('memberships')
      .select('id')
      .where('id', '=', input.member_id)
      .where('account_id', '=', accountId)
      .executeTakeFirst()
    if (!member) return notFound()
  }
  const code = createToken()
  const data = {
    account_id: accountId,
    member_id: input.member_id ?? null,
    read_only: !input.write,
    reason: input.reason,
  }
  await sql`select open_challenge('view_as', 'staff', ${actor.user_id}, ${hashToken(code)}, ${JSON.stringify(data)}::jsonb, ${codeSeconds})`.execute(
    tx,
  )
  return { code }
}

/**
 * Opens the session that a code is for, once, and ends the one that the browser had. Refuses: link_invalid (used, too
 * old, or access was taken away meanwhile).
 */
export async function startView(
  tx: Tx,
  options: {
    code: string
    before: string | null
    ip: string
    userAgent: string
    request_id: string
    now: Temporal.Instant
  },
): Promise<{ token: string; expires: Temporal.Instant } | Refusal> {
  if (options.before !== null) await stopView(tx, options.before)
  const token = createToken()
  const opened = await sql<{ id: string | null }>`
    select start_view(${hashToken(options.code)}, ${hashToken(token)}, ${viewMinutes * 60}, ${options.ip}, ${options.userAgent},
                      ${options.request_id}) as id`.execute(tx)
  if (!opened.rows[0]?.id) return refuse('link_invalid', { status: 410 })
  return { token, expires: options.now.add({ minutes: viewMinutes }) }
}

export type View = {
  viewer_name: string
  account_id: string
  account_name: string
  /** Whom of the account they see the portal as; null: the account itself, with all that an owner sees. */
  member_name: string | null
  read_only: boolean
  started_at: Temporal.Instant
  expires_at: Temporal.Instant
}

/** How staff see the portal now. Refuses: not_found where the caller is a customer. */
export async function readView(tx: Tx, actor: CustomerActor): Promise<View | Refusal> {
  if (actor.viewer_name === null || actor.session_id === null) return notFound()
  const session = await tx
    .selectFrom('sessions')
    .select(['created_at', 'expires_at', 'viewed_member_id'])
    .where('id', '=', actor.session_id)
    .executeTakeFirstOrThrow()
  return {
    viewer_name: actor.viewer_name,
    account_id: actor.account_id!,
    account_name: actor.account_name!,
    member_name: session.viewed_member_id === null ? null : actor.name,
    read_only: actor.read_only,
    started_at: session.created_at,
    expires_at: session.expires_at,
  }
}

/** Ends such a session, as long as it lasts. */
export async function stopView(tx: Tx, token: string): Promise<void> {
  await sql`select close_session(${hashToken(token)})`.execute(tx)
}
