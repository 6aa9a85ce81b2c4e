import { buffer } from 'node:stream/consumers'
import { sql } from 'kysely'
import type { Tx } from '../../platform/database.ts'
import type { FileStore } from '../../platform/files.ts'
import type { JobContext } from '../../platform/jobs.ts'
import type { MailAttachment, Mailer } from '../../platform/mail.ts'
import { attachContract } from './contracts.ts'
import { attachInvoice } from './invoices.ts'
import { logoCid } from './looks.ts'

type Outgoing = {
  id: string
  kind: string
  cause_id: string | null
  to_email: string
  subject: string
  html: string
  text_body: string
  unit_name: string | null
  reply_to: string | null
  logo_file_id: string | null
}

/** So many mails of one job are on their way at once: the connections that the mailer keeps open. */
const atOnce = 5

/**
 * Hands queued notices to the mail server. Each is marked as soon as the server took it, so a job that is tried again
 * goes on with the others; a process that dies between the server's yes and our commit sends that one mail again, with
 * the same Message-ID. Without a mail server the notice is kept for staff to read. An address that the server refuses
 * for good fails at once; anything else is thrown, so that the job is tried again with back-off, and fails with the
 * last attempt. Links that sign somebody in are removed once nobody has to send them any more.
 */
export async function deliverNotices(
  context: JobContext,
  services: { mailer: Mailer; files: FileStore; origin: string },
  ids: readonly string[],
): Promise<void> {
  const outgoing = await context.transact((tx) => loadQueued(tx, ids))
  const logos = new Map<string, Promise<MailAttachment[]>>()
  const host = new URL(services.origin).hostname
  let failure: unknown
  const deliverOne = async (notice: Outgoing): Promise<void> => {
    try {
      const { state } = await services.mailer.deliver({
        to: { address: notice.to_email },
        from_name: notice.unit_name,
        reply_to: notice.reply_to === null ? null : { name: notice.unit_name, address: notice.reply_to },
        subject: notice.subject,
        html: notice.html,
        text: notice.text_body,
        attachments: [
          ...(await attachLogo(notice, services.files, logos)),
          ...(await attachContract(context, services.files, notice)),
          ...(await attachInvoice(context, services.files, notice)),
        ],
        message_id: `${notice.id}@${host}`,
      })
      await context.transact((tx) => markDelivered(tx, notice.id, state, context.now()))
    } catch (error) {
      const final = context.last_attempt || isRefusedAddress(error)
      await context.transact((tx) => markFailure(tx, notice.id, describeError(error), final))
      if (!final) failure ??= error
    }
  }
  for (let at = 0; at < outgoing.length; at += atOnce) {
    if (context.stopping()) throw new Error('stopping: the rest is delivered by the next attempt')
    await Promise.all(outgoing.slice(at, at + atOnce).map(deliverOne))
  }
  if (failure !== undefined) throw failure
}

async function loadQueued(tx: Tx, ids: readonly string[]): Promise<Outgoing[]> {
  const found = await sql<Outgoing>`
    select n.id, n.kind, n.cause_id, n.to_email::text as to_email, n.subject, n.html, n.text_body, u.name as unit_name,
           u.support_email::text as reply_to, u.logo_file_id
      from notices n left join business_units u on u.id = n.business_unit_id
     where n.id = any(${ids}::uuid[]) and n.state = 'queued' and n.html is not null and n.text_body is not null
     order by n.id`.execute(tx)
  return found.rows
}

async function markDelivered(
  tx: Tx,
  id: string,
  state: 'sent' | 'kept',
  now: Temporal.Instant,
): Promise<void> {
  await sql`update notices set state = ${state}, error = null, sent_at = case when ${state} = 'sent' then ${now}::timestamptz end,
                   html = case when secret and ${state} = 'sent' then null else html end,
                   text_body = case when secret and ${state} = 'sent' then null else text_body end
             where id = ${id} and state = 'queued'`.execute(tx)
}

async function markFailure(tx: Tx, id: string, error: string, final: boolean): Promise<void> {
  await sql`update notices set error = ${error}, state = case when ${final} then 'failed'::notice_state else state end,
                   html = case when secret and ${final} then null else html end,
                   text_body = case when secret and ${final} then null else text_body end
             where id = ${id} and state = 'queued'`.execute(tx)
}

/** The server knows the address and says no for good (RFC 5321: 5yz on the envelope). */
function isRefusedAddress(error: unknown): boolean {
  const { code, responseCode } = error as { code?: unknown; responseCode?: unknown }
  return code === 'EENVELOPE' && typeof responseCode === 'number' && responseCode >= 500
}

function describeError(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 1000)
}

function attachLogo(
  notice: Outgoing,
  files: FileStore,
  logos: Map<string, Promise<MailAttachment[]>>,
): Promise<MailAttachment[]> {
  const id = notice.logo_file_id
  if (id === null || !notice.html.includes(`cid:${logoCid}`)) return Promise.resolve([])
  let logo = logos.get(id)
  if (!logo) {
    // A mail reads well without its logo: a file that is gone holds nothing up.
    logo = buffer(files.read(id)).then(
      (content) => [{ filename: 'logo.png', content, content_type: 'image/png', cid: logoCid }],
      () => [],
    )
    logos.set(id, logo)
  }
  return logo
}
