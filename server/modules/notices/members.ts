import { sql } from 'kysely'
import { today } from '../../platform/calendar.ts'
import type { AccountKind, MembershipPermission } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { composeMail } from '../../platform/mail-template.ts'
import { createToken, hashToken } from '../../platform/secrets.ts'
import type { Language } from '../../platform/translations.ts'
import { memberInvitationDays } from '../accounts/index.ts'
import { accountLink, memberInvitationLink, membersLink } from './links.ts'
import { loadLooks } from './looks.ts'
import { type Draft, queueDelivery, queueNotices } from './queue.ts'

/**
 * Sends an invitation to an account with a fresh link; the one in an earlier mail no longer works (A6). In the language of
 * whoever it is, where they are known here, else in the account's. Returns the notice, or null where the invitation is
 * closed, has expired or is gone.
 */
export async function sendMemberInvitation(
  tx: Tx,
  invitationId: string,
  origin: string,
): Promise<string | null> {
  const found = await sql<{
    email: string
    permissions: MembershipPermission[]
    account_id: string
    business_unit_id: string
    account_name: string
    invited_by: string
    name: string | null
    language: Language
    earlier: string | null
  }>`
    select i.email::text as email, i.permissions::text[] as permissions, i.account_id, i.business_unit_id, a.name as account_name,
           inviter.name as invited_by, known.name, coalesce(known.language, a.language) as language,
           (select n.id from notices n where n.kind = 'member_invitation' and n.cause_id = i.id order by n.id limit 1) as earlier
      from invitations i
      join accounts a on a.id = i.account_id
      join users inviter on inviter.id = i.invited_by
      left join users known on known.side = 'customer' and known.email = i.email
     where i.id = ${invitationId} and i.accepted_at is null and i.declined_at is null and i.withdrawn_at is null
       and i.expires_at > now()`.execute(tx)
  const invitation = found.rows[0]
  const unit =
    invitation && (await loadLooks(tx, [invitation.business_unit_id])).get(invitation.business_unit_id)
  if (!invitation || !unit) return null
  const token = createToken()
  await sql`update invitations set token_hash = ${hashToken(token)} where id = ${invitationId}`.execute(tx)
  const mail = composeMail(
    'member_invitation',
    {
      name: invitation.name,
      invited_by: invitation.invited_by,
      account: invitation.account_name,
      permissions: invitation.permissions,
      link: memberInvitationLink(origin, token, unit.slug),
      valid_days: memberInvitationDays,
    },
    invitation.language,
    unit.look,
  )
  const { id } = await tx
    .insertInto('notices')
    .values({
      kind: 'member_invitation',
      business_unit_id: invitation.business_unit_id,
      account_id: invitation.account_id,
      cause_id: invitationId,
      resent_from: invitation.earlier,
      to_email: invitation.email,
      language: invitation.language,
      subject: mail.subject,
      html: mail.html,
      text_body: mail.text,
      secret: true,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  await queueDelivery(tx, [id])
  return id
}

type Transfer = {
  account_id: string
  business_unit_id: string
  account_name: string
  expires_at: Temporal.Instant
  from_name: string
  from_email: string
  from_language: Language
  to_name: string
  to_email: string
  to_language: Language
}

async function findTransfer(tx: Tx, id: string, state: 'pending' | 'accepted') {
  const found = await sql<Transfer>`
    select a.id as account_id, a.business_unit_id, a.name as account_name, t.expires_at,
           giver.name as from_name, giver.email::text as from_email, giver.language as from_language,
           taker.name as to_name, taker.email::text as to_email, taker.language as to_language
      from ownership_transfers t
      join accounts a on a.id = t.account_id
      join users giver on giver.id = t.from_user_id
      join users taker on taker.id = t.to_user_id
     where t.id = ${id} and t.state = ${state}`.execute(tx)
  const transfer = found.rows[0]
  const unit = transfer && (await loadLooks(tx, [transfer.business_unit_id])).get(transfer.business_unit_id)
  return transfer && unit ? { ...transfer, unit } : undefined
}

/** Tells whoever is offered an account's ownership; nothing where the offer was taken back meanwhile. */
export async function queueOwnershipOffered(tx: Tx, transferId: string, origin: string): Promise<void> {
  const transfer = await findTransfer(tx, transferId, 'pending')
  if (!transfer) return
  const { account_id, business_unit_id, unit } = transfer
  await queueNotices(tx, [
    {
      kind: 'ownership_offered',
      business_unit_id,
      account_id,
      cause_id: transferId,
      to_email: transfer.to_email,
      language: transfer.to_language,
      mail: composeMail(
        'ownership_offered',
        {
          name: transfer.to_name,
          from: transfer.from_name,
          account: transfer.account_name,
          until: today(transfer.expires_at, unit.time_zone),
          link: membersLink(origin, account_id),
        },
        transfer.to_language,
        unit.look,
      ),
    },
  ])
}

/** Tells both that an account changed hands, each in their language, so that it never happens unseen. */
export async function queueOwnershipTransferred(tx: Tx, transferId: string, origin: string): Promise<void> {
  const transfer = await findTransfer(tx, transferId, 'accepted')
  if (!transfer) return
  const { account_id, business_unit_id, unit } = transfer
  const draft = (side: 'new' | 'old'): Draft => {
    const [name, email, language] =
      side === 'new'
        ? [transfer.to_name, transfer.to_email, transfer.to_language]
        : [transfer.from_name, transfer.from_email, transfer.from_language]
    return {
      kind: 'ownership_transferred',
      business_unit_id,
      account_id,
      cause_id: transferId,
      to_email: email,
      language,
      mail: composeMail(
        'ownership_transferred',
        {
          name,
          reader: side,
          owner: transfer.to_name,
          account: transfer.account_name,
          link: membersLink(origin, account_id),
        },
        language,
        unit.look,
      ),
    }
  }
  await queueNotices(tx, [draft('new'), draft('old')])
}

/** Tells whoever asked for a change of the account's details what became of it. */
export async function queueAccountChangeDecided(tx: Tx, requestId: string, origin: string): Promise<void> {
  const found = await sql<{
    account_id: string
    business_unit_id: string
    account_name: string
    changes: Details
    approved: boolean
    reason: string | null
    name: string
    email: string
    language: Language
  }>`
    select a.id as account_id, a.business_unit_id, a.name as account_name, r.changes, r.state = 'approved' as approved,
           r.reason, u.name, u.email::text as email, u.language
      from account_change_requests r
      join accounts a on a.id = r.account_id
      join users u on u.id = r.requested_by and u.side = 'customer'
     where r.id = ${requestId} and r.state in ('approved', 'rejected')`.execute(tx)
  const request = found.rows[0]
  const unit = request && (await loadLooks(tx, [request.business_unit_id])).get(request.business_unit_id)
  if (!request || !unit) return
  await queueNotices(tx, [
    {
      kind: 'account_change_decided',
      business_unit_id: request.business_unit_id,
      account_id: request.account_id,
      cause_id: requestId,
      to_email: request.email,
      language: request.language,
      mail: composeMail(
        'account_change_decided',
        {
          name: request.name,
          account: request.account_name,
          approved: request.approved,
          changes: request.changes,
          reason: request.reason,
          link: accountLink(origin),
        },
        request.language,
        unit.look,
      ),
    },
  ])
}

type Details = { name?: string; tax_id?: string | null; kind?: AccountKind }
