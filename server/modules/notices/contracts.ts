import { sql } from 'kysely'
import { today } from '../../platform/calendar.ts'
import type { ContractAcceptance, ContractRenewal } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal } from '../../platform/errors.ts'
import type { FileStore } from '../../platform/files.ts'
import type { JobContext } from '../../platform/jobs.ts'
import type { MailAttachment } from '../../platform/mail.ts'
import { composeMail } from '../../platform/mail-template.ts'
import type { Language } from '../../platform/translations.ts'
import { listRecipients } from '../accounts/index.ts'
import { renderDocument } from '../contracts/index.ts'
import { serviceLink } from './links.ts'
import { loadLooks } from './looks.ts'
import { resendNotice } from './mailbox.ts'
import { queueNotices } from './queue.ts'

type SentDocument = {
  account_id: string
  business_unit_id: string
  subscription_id: string
  title: string
  plan: string
  language: Language
  state: string
  accepted_at: Temporal.Instant | null
  accepted_name: string | null
  acceptance: ContractAcceptance | null
}

async function findDocument(tx: Tx, id: string) {
  const found = await sql<SentDocument>`
    select d.account_id, d.business_unit_id, d.subscription_id, d.title, p.name as plan, d.language, d.state, d.accepted_at,
           d.accepted_name, d.acceptance
      from contract_documents d
      join subscriptions s on s.id = d.subscription_id
      join plans p on p.id = s.plan_id
      join accounts a on a.id = d.account_id and a.erased_at is null
     where d.id = ${id}`.execute(tx)
  const document = found.rows[0]
  const unit = document && (await loadLooks(tx, [document.business_unit_id])).get(document.business_unit_id)
  return document && unit ? { ...document, unit } : undefined
}

/**
 * Sends a contract to those whom an account tells of its services, in the contract's language; its PDF goes along. Sent again
 * on purpose, whoever has had it gets it once more. Nothing where it was replaced or taken back meanwhile.
 */
export async function queueContractSent(
  tx: Tx,
  documentId: string,
  again: boolean,
  origin: string,
): Promise<void> {
  const document = await findDocument(tx, documentId)
  if (!document || !['issued', 'accepted'].includes(document.state)) return
  const { account_id, business_unit_id, language, unit } = document
  const recipients = (await listRecipients(tx, [account_id], 'services')).get(account_id) ?? []
  const before = again
    ? (
        await sql<{ id: string; email: string }>`
          select id, lower(to_email::text) as email from notices
           where kind = 'contract_sent' and cause_id = ${documentId} and resent_from is null`.execute(tx)
      ).rows
    : []
  for (const { id, email } of before)
    if (recipients.some((one) => one.email.toLowerCase() === email)) await resendNotice(tx, id, origin)
  await queueNotices(
    tx,
    recipients.map(({ email, name }) => ({
      kind: 'contract_sent' as const,
      business_unit_id,
      account_id,
      cause_id: documentId,
      to_email: email,
      language,
      mail: composeMail(
        'contract_sent',
        {
          name,
          title: document.title,
          plan: document.plan,
          waiting: document.state === 'issued',
          link: serviceLink(origin, document.subscription_id),
        },
        language,
        unit.look,
      ),
    })),
  )
}

/** Confirms that a contract is agreed, to those whom an account tells of its services, with the PDF that says so. */
export async function queueContractAccepted(tx: Tx, documentId: string, origin: string): Promise<void> {
  const document = await findDocument(tx, documentId)
  if (!document?.accepted_at || !document.acceptance) return
  const { account_id, business_unit_id, language, unit, accepted_at, acceptance } = document
  const recipients = (await listRecipients(tx, [account_id], 'services')).get(account_id) ?? []
  await queueNotices(
    tx,
    recipients.map(({ email, name }) => ({
      kind: 'contract_accepted' as const,
      business_unit_id,
      account_id,
      cause_id: documentId,
      to_email: email,
      language,
      mail: composeMail(
        'contract_accepted',
        {
          name,
          title: document.title,
          plan: document.plan,
          acceptance,
          by: document.accepted_name ?? '',
          date: today(accepted_at, unit.time_zone),
          link: serviceLink(origin, document.subscription_id),
        },
        language,
        unit.look,
      ),
    })),
  )
}

/** Tells of the end of a contract before it comes, and whether it renews by itself; nothing where it was renewed meanwhile. */
export async function queueContractExpiring(
  tx: Tx,
  cause: { subscription_id: string; valid_until: Temporal.PlainDate },
  origin: string,
): Promise<void> {
  const found = await sql<{
    id: string
    account_id: string
    business_unit_id: string
    contract_number: number
    plan: string
    language: Language
    renewal: ContractRenewal
    renewal_months: number | null
  }>`
    select md5(c.id::text || c.valid_until)::uuid as id, c.account_id, c.business_unit_id, s.contract_number, p.name as plan, a.language,
           c.renewal, c.renewal_months
      from service_contracts c
      join subscriptions s on s.id = c.subscription_id
      join plans p on p.id = s.plan_id
      join accounts a on a.id = c.account_id and a.erased_at is null
     where c.subscription_id = ${cause.subscription_id} and c.valid_until = ${cause.valid_until}
       and s.status not in ('cancelled', 'ended')`.execute(tx)
  const contract = found.rows[0]
  const unit = contract && (await loadLooks(tx, [contract.business_unit_id])).get(contract.business_unit_id)
  if (!contract || !unit) return
  const { account_id, business_unit_id, language } = contract
  const recipients = (await listRecipients(tx, [account_id], 'services')).get(account_id) ?? []
  await queueNotices(
    tx,
    recipients.map(({ email, name }) => ({
      kind: 'contract_expiring' as const,
      business_unit_id,
      account_id,
      // One for each end of each contract.
      cause_id: contract.id,
      to_email: email,
      language,
      mail: composeMail(
        'contract_expiring',
        {
          name,
          number: contract.contract_number,
          plan: contract.plan,
          last_day: cause.valid_until.subtract({ days: 1 }),
          renewal: contract.renewal,
          months: contract.renewal_months,
          link: serviceLink(origin, cause.subscription_id),
        },
        language,
        unit.look,
      ),
    })),
  )
}

/** The PDF that goes along with the mails about a contract; a mail without it still leads to it. */
export async function attachContract(
  context: JobContext,
  files: FileStore,
  notice: { kind: string; cause_id: string | null },
): Promise<MailAttachment[]> {
  const { kind, cause_id } = notice
  if (cause_id === null || (kind !== 'contract_sent' && kind !== 'contract_accepted')) return []
  const printed = await context.transact((tx) => renderDocument(tx, files, cause_id))
  return isRefusal(printed)
    ? []
    : [{ filename: printed.file_name, content: printed.bytes, content_type: 'application/pdf' }]
}
