import { buffer } from 'node:stream/consumers'
import { sql } from 'kysely'
import type { NoticeKind, NoticeState } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, notFound, type Refusal, refuse } from '../../platform/errors.ts'
import type { FileStore } from '../../platform/files.ts'
import { enqueue } from '../../platform/jobs.ts'
import { type ListRequest, readPage } from '../../platform/pages.ts'
import { logoCid } from './looks.ts'
import { sendMemberInvitation } from './members.ts'
import { sendEmailChange, sendInvitation, sendPasswordLink } from './personal.ts'
import { queueDelivery } from './queue.ts'

export type NoticeFilter = {
  q?: string | undefined
  business_unit_id?: string | undefined
  account_id?: string | undefined
  state?: NoticeState | undefined
  kind?: NoticeKind | undefined
}

/** What a member of an account sees only with the permission for billing. */
const billingKinds: NoticeKind[] = [
  'invoice_issued',
  'credit_note_issued',
  'debit_note_issued',
  'proforma_issued',
  'payment_notice_received',
  'payment_approved',
  'payment_rejected',
  'dunning_reminder',
  'dunning_suspended',
  'dunning_reactivated',
  'dunning_cancelled',
]

const ownColumns = [
  'notices.id',
  'notices.kind',
  'notices.to_email',
  'notices.language',
  'notices.subject',
  'notices.state',
  'notices.created_at',
  'notices.sent_at',
  'notices.resent_from',
] as const

const columns = [
  ...ownColumns,
  'notices.business_unit_id',
  'notices.account_id',
  'notices.user_id',
  'notices.secret',
  'notices.error',
] as const

const newest = { by: sql`notices.id`, value: (row: { id: string }) => row.id, type: 'uuid' }

/** A page of the office's mailbox; ids are made in the order of time, so they are what it sorts by. */
export function listNotices(tx: Tx, request: ListRequest & NoticeFilter) {
  let query = selectNotices(tx)
  if (request.business_unit_id) query = query.where('notices.business_unit_id', '=', request.business_unit_id)
  if (request.account_id) query = query.where('notices.account_id', '=', request.account_id)
  // Written out, not as parameters: the indexes of what is rare serve only who names it.
  if (request.state) query = query.where(sql<boolean>`notices.state = ${sql.lit(request.state)}`)
  if (request.kind) query = query.where(sql<boolean>`notices.kind = ${sql.lit(request.kind)}`)
  if (request.q) {
    query = query.where(
      sql<boolean>`strpos(fold(notices.to_email::text || ' ' || notices.subject), fold(${request.q})) > 0`,
    )
  }
  return readPage(query, request, { created_at: newest }, newest)
}

function selectNotices(tx: Tx) {
  return tx
    .selectFrom('notices')
    .leftJoin('accounts', 'accounts.id', 'notices.account_id')
    .select(columns)
    .select(['accounts.name as account_name', 'accounts.number as account_number'])
}

/**
 * One notice with its body, for staff. A secret one carries a link that signs somebody in: its body is shown only to
 * those who manage staff, and only while it is kept because there is no mail server, so that first access works
 * without one; elsewhere it is withheld, and it is removed once it was sent. Refuses: not_found.
 */
export async function getNotice(tx: Tx, id: string, maySeeSecrets: boolean) {
  const row = await selectNotices(tx)
    .select(['notices.html', 'notices.text_body'])
    .where('notices.id', '=', id)
    .executeTakeFirst()
  if (!row) return notFound()
  const withheld = row.secret && !(maySeeSecrets && row.state === 'kept')
  const body = row.html === null ? 'removed' : withheld ? 'withheld' : 'shown'
  return {
    ...row,
    html: body === 'shown' ? row.html : null,
    text_body: body === 'shown' ? row.text_body : null,
    body: body as 'shown' | 'withheld' | 'removed',
  }
}

/** A page of "e-mails received" (C3): row-level security shows those of the account, and none that carries a secret. */
export function listOwnNotices(tx: Tx, accountId: string, request: ListRequest & { seesBilling: boolean }) {
  return readPage(selectOwn(tx, accountId, request.seesBilling), request, { created_at: newest }, newest)
}

/** One of the account's e-mails, readable in full. Refuses: not_found. */
export async function getOwnNotice(tx: Tx, accountId: string, id: string, seesBilling: boolean) {
  const row = await selectOwn(tx, accountId, seesBilling)
    .select(['notices.html', 'notices.text_body'])
    .where('notices.id', '=', id)
    .executeTakeFirst()
  return row ?? notFound()
}

function selectOwn(tx: Tx, accountId: string, seesBilling: boolean) {
  const query = tx.selectFrom('notices').select(ownColumns).where('notices.account_id', '=', accountId)
  return seesBilling ? query : query.where('notices.kind', 'not in', billingKinds)
}

/** A mail's HTML for a frame of our pages: its logo inside it, since nothing is loaded there, and links beside it. */
export async function renderForFrame(tx: Tx, files: FileStore, id: string, html: string): Promise<Buffer> {
  const unit = await tx
    .selectFrom('notices')
    .innerJoin('business_units', 'business_units.id', 'notices.business_unit_id')
    .select('business_units.logo_file_id')
    .where('notices.id', '=', id)
    .executeTakeFirst()
  const logo = unit?.logo_file_id ? await buffer(files.read(unit.logo_file_id)).catch(() => null) : null
  const framed = html.replace('<head>', '<head><base target="_blank">')
  return Buffer.from(
    logo === null
      ? framed
      : framed.replaceAll(`cid:${logoCid}`, `data:image/png;base64,${logo.toString('base64')}`),
  )
}

/**
 * Sends a notice again to the same address, as a new notice. One that carries a link gets a fresh link: the old one is
 * removed or has expired. Returns the new notice's id. Refuses: not_found, notice_not_sendable (its user is gone).
 */
export async function resendNotice(tx: Tx, id: string, origin: string): Promise<string | Refusal> {
  const notice = await tx
    .selectFrom('notices')
    .select(['id', 'kind', 'user_id', 'cause_id', 'secret', 'to_email'])
    .where('id', '=', id)
    .executeTakeFirst()
  if (!notice) return notFound()
  if (notice.secret && notice.kind === 'member_invitation') {
    const sent = notice.cause_id && (await sendMemberInvitation(tx, notice.cause_id, origin))
    return sent || refuse('notice_not_sendable')
  }
  if (notice.secret) {
    if (notice.user_id === null) return refuse('notice_not_sendable')
    const sent =
      notice.kind === 'staff_invitation'
        ? await sendInvitation(tx, notice.user_id, origin)
        : notice.kind === 'email_change'
          ? await sendEmailChange(tx, notice.user_id, notice.to_email, origin)
          : await sendPasswordLink(tx, notice.user_id, null, origin)
    return sent ?? refuse('notice_not_sendable')
  }
  const copied = await sql<{ id: string }>`
    insert into notices (kind, business_unit_id, account_id, user_id, cause_id, to_email, language, subject, html,
                         text_body, resent_from)
    select kind, business_unit_id, account_id, user_id, cause_id, to_email, language, subject, html, text_body, id
      from notices where id = ${id}
    returning id`.execute(tx)
  const again = copied.rows[0]!.id
  await queueDelivery(tx, [again])
  return again
}

/** How often an account may have mails sent again, per hour. */
const resendsPerHour = 10

/**
 * Asks for one of the account's e-mails again; a job sends it, since the portal's login writes no mail. Refuses:
 * not_found, resend_too_often.
 */
export async function requestResend(
  tx: Tx,
  accountId: string,
  id: string,
  seesBilling: boolean,
): Promise<Refusal | undefined> {
  const notice = await getOwnNotice(tx, accountId, id, seesBilling)
  if (isRefusal(notice)) return notice
  const taken = await sql<{ within: boolean }>`
    select take_rate(${`resend:${accountId}`}, ${resendsPerHour}, 3600) as within`.execute(tx)
  if (!taken.rows[0]?.within) return refuse('resend_too_often', { status: 429, kept: true })
  await enqueue(tx, 'notices:resend', { notice_id: id })
  return undefined
}
