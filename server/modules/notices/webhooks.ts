import { sql } from 'kysely'
import type { Tx } from '../../platform/database.ts'
import { composeMail } from '../../platform/mail-template.ts'
import type { Language } from '../../platform/translations.ts'
import { webhooksLink } from './links.ts'
import { loadLooks, operatorLook } from './looks.ts'
import { sendWebhookDisabledToStaff } from './personal.ts'
import { queueNotices } from './queue.ts'

type Disabled = {
  url: string
  cause: 'gone' | 'failing'
  account_id: string | null
  business_unit_id: string | null
  created_by: string | null
}

/**
 * Tells that an endpoint was switched off because nothing arrived: an account's owners, or of the operator's who made it, or,
 * where they are gone, the administrators who see all business units. Nobody is told of one that is on again.
 */
export async function queueWebhookDisabled(
  tx: Tx,
  cause: { endpoint_id: string; delivery_id: string },
  origin: string,
): Promise<void> {
  const found = await sql<Disabled>`
    select url, disabled_reason as cause, account_id, business_unit_id, created_by
      from webhook_endpoints where id = ${cause.endpoint_id} and not enabled and disabled_reason in ('gone', 'failing')`.execute(
    tx,
  )
  const endpoint = found.rows[0]
  if (!endpoint) return
  const { url, cause: why, account_id, business_unit_id } = endpoint
  if (account_id === null || business_unit_id === null) {
    const staff = await sql<{ id: string }>`
      with able as (select u.id, s.role, s.all_units from users u join staff s on s.user_id = u.id where u.disabled_at is null)
      select id from able where id = ${endpoint.created_by}::uuid
      union all
      select id from able where role = 'admin' and all_units
         and not exists (select from able where id = ${endpoint.created_by}::uuid)`.execute(tx)
    for (const { id } of staff.rows) await sendWebhookDisabledToStaff(tx, id, { url, cause: why }, origin)
    return
  }
  const unit = (await loadLooks(tx, [business_unit_id])).get(business_unit_id)
  const owners = await sql<{ email: string; name: string; language: Language }>`
    select u.email::text as email, u.name, u.language
      from memberships m join users u on u.id = m.user_id and u.disabled_at is null
     where m.account_id = ${account_id} and 'owner' = any(m.permissions)`.execute(tx)
  await queueNotices(
    tx,
    owners.rows.map(({ email, name, language }) => ({
      kind: 'webhook_disabled',
      business_unit_id,
      account_id,
      // What failed last: an endpoint that is switched on and fails again is told of again.
      cause_id: cause.delivery_id,
      to_email: email,
      language,
      mail: composeMail(
        'webhook_disabled',
        { name, url, cause: why, link: webhooksLink(origin, 'customer') },
        language,
        unit?.look ?? operatorLook,
      ),
    })),
  )
}
