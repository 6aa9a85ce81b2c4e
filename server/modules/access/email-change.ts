import { sql } from 'kysely'
import type { Tx } from '../../platform/database.ts'
import { type Refusal, refuse } from '../../platform/errors.ts'
import { announce } from '../../platform/events.ts'
import { createToken, hashToken } from '../../platform/secrets.ts'
import { checkSetUp } from './own-security.ts'
import type { Person, Side } from './sessions.ts'
import { passwordLinkMinutes } from './sign-in.ts'

/** Mails to new addresses that one person may cause in an hour. */
const changesPerHour = 5

/**
 * Asks to sign in with another e-mail, or to verify the present one: the new mailbox gets a link. The answer is the same
 * whether or not somebody signs in with it already. Refuses: too_many_tries, second_factor_needed.
 */
export async function requestEmailChange(
  tx: Tx,
  person: Person,
  email: string,
): Promise<Refusal | undefined> {
  const barred = await checkSetUp(tx, person)
  if (barred) return barred
  const within = await sql<{ ok: boolean }>`
    select take_rate(${`email-change:${person.user_id}`}, ${changesPerHour}, 3600) as ok`.execute(tx)
  if (!within.rows[0]!.ok) return refuse('too_many_tries', { status: 429, kept: true })
  // Nobody knows this token: the job that mails the link puts another in its place, so that none waits in the queue.
  await sql`select request_email_change(${email}, ${hashToken(createToken())}, ${passwordLinkMinutes * 60})`.execute(
    tx,
  )
  await announce(tx, 'email.change_requested', { user_id: person.user_id, new_email: email })
}

/** Makes the link secret of a change that was asked for; null where it was withdrawn or replaced since. */
export async function issueEmailChangeToken(
  tx: Tx,
  userId: string,
  newEmail: string,
): Promise<string | null> {
  const token = createToken()
  const issued = await sql<{ issued: boolean }>`
    select issue_email_change(${userId}, ${newEmail}, ${hashToken(token)}, ${passwordLinkMinutes * 60}) as issued`.execute(
    tx,
  )
  return issued.rows[0]!.issued ? token : null
}

/** Withdraws the change that waits for its confirmation; its link no longer works. */
export async function withdrawEmailChange(tx: Tx): Promise<void> {
  await sql`select withdraw_email_change()`.execute(tx)
}

/**
 * Changes the e-mail by the link that the new mailbox got, once; the old address is told, other sessions and older links
 * end. `sessionToken` is the session of the browser that the link was opened in. Refuses: link_invalid, email_taken.
 */
export async function confirmEmailChange(
  tx: Tx,
  side: Side,
  token: string,
  sessionToken: string | null,
): Promise<{ email: string } | Refusal> {
  const keep = sessionToken === null ? null : hashToken(sessionToken)
  const found = await sql<{ user_id: string; old_email: string; new_email: string; taken: boolean }>`
    select * from confirm_email_change(${hashToken(token)}, ${side}, ${keep})`.execute(tx)
  const change = found.rows[0]
  if (!change) return refuse('link_invalid', { status: 410 })
  if (change.taken) return refuse('email_taken', { kept: true })
  if (change.old_email.toLowerCase() !== change.new_email.toLowerCase()) {
    await announce(tx, 'email.changed', {
      user_id: change.user_id,
      old_email: change.old_email,
      new_email: change.new_email,
    })
  }
  return { email: change.new_email }
}
