import type { NoticeKind } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { enqueue } from '../../platform/jobs.ts'
import type { ComposedMail } from '../../platform/mail-template.ts'
import type { Language } from '../../platform/translations.ts'

/** A composed mail and what it belongs to. */
export type Draft = {
  kind: NoticeKind
  business_unit_id: string
  /** Null: to staff, and no account's mailbox has it. */
  account_id: string | null
  /** What it is about: with kind and address, it is sent once. */
  cause_id: string
  to_email: string
  language: Language
  mail: ComposedMail
}

/** So many mails are one delivery job: enough to share its cost, few enough that a stop waits for little. */
const perDelivery = 20

/**
 * Writes mails to the mailbox and lets them be delivered once the transaction commits. A mail that was written before
 * (same kind, cause and address) is left alone, so repeating a cause is safe. Returns the ids of the new ones.
 */
export async function queueNotices(tx: Tx, drafts: readonly Draft[]): Promise<string[]> {
  if (drafts.length === 0) return []
  const rows = await tx
    .insertInto('notices')
    .values(
      drafts.map(({ mail, ...draft }) => ({
        ...draft,
        subject: mail.subject,
        html: mail.html,
        text_body: mail.text,
      })),
    )
    .onConflict((conflict) =>
      conflict
        .columns(['kind', 'cause_id', 'to_email'])
        .where('cause_id', 'is not', null)
        .where('resent_from', 'is', null)
        .doNothing(),
    )
    .returning('id')
    .execute()
  const ids = rows.map((row) => row.id)
  await queueDelivery(tx, ids)
  return ids
}

/** Adds the jobs that hand notices to the mail server. */
export async function queueDelivery(tx: Tx, ids: readonly string[]): Promise<void> {
  const jobs: Promise<void>[] = []
  for (let at = 0; at < ids.length; at += perDelivery) {
    jobs.push(enqueue(tx, 'notices:deliver', { notice_ids: ids.slice(at, at + perDelivery) }))
  }
  await Promise.all(jobs)
}
