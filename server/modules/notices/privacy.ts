import { sql } from 'kysely'
import { today } from '../../platform/calendar.ts'
import type { Tx } from '../../platform/database.ts'
import { composeMail } from '../../platform/mail-template.ts'
import type { Language } from '../../platform/translations.ts'
import { privacyLink } from './links.ts'
import { loadLooks } from './looks.ts'
import { queueNotices } from './queue.ts'

type ReadyExport = {
  account_id: string
  business_unit_id: string
  account: string
  expires_at: Temporal.Instant
  email: string
  name: string
  language: Language
}

/**
 * Tells the owner who asked for it that the export of the account is there, with the way to its page: what is in it never
 * travels by mail. Nobody is told where the owner is gone.
 */
export async function queuePrivacyExportReady(tx: Tx, exportId: string, origin: string): Promise<void> {
  const found = await sql<ReadyExport>`
    select e.account_id, e.business_unit_id, a.name as account, e.expires_at, u.email::text as email, u.name, u.language
      from privacy_exports e
      join accounts a on a.id = e.account_id
      join users u on u.id = e.requested_by and u.side = 'customer' and u.disabled_at is null
      join memberships m on m.user_id = u.id and m.account_id = e.account_id
     where e.id = ${exportId} and e.state = 'done' and e.removed_at is null`.execute(tx)
  const facts = found.rows[0]
  if (!facts) return
  const unit = (await loadLooks(tx, [facts.business_unit_id])).get(facts.business_unit_id)
  if (!unit) return
  await queueNotices(tx, [
    {
      kind: 'privacy_export_ready',
      business_unit_id: facts.business_unit_id,
      account_id: facts.account_id,
      cause_id: exportId,
      to_email: facts.email,
      language: facts.language,
      mail: composeMail(
        'privacy_export_ready',
        {
          name: facts.name,
          account: facts.account,
          until: today(facts.expires_at, unit.time_zone),
          link: privacyLink(origin),
        },
        facts.language,
        unit.look,
      ),
    },
  ])
}
