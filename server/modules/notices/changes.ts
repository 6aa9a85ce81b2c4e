import { sql } from 'kysely'
import type { ChangeKind, ChangeState } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { composeMail } from '../../platform/mail-template.ts'
import { type Language, translator } from '../../platform/translations.ts'
import { listRecipients } from '../accounts/index.ts'
import { serviceLink } from './links.ts'
import { loadLooks } from './looks.ts'
import { queueNotices } from './queue.ts'

type Side = { plan_name: string; amount: number }
type ChangedService = {
  account_id: string
  business_unit_id: string
  subscription_id: string
  kind: ChangeKind
  state: ChangeState
  effective_on: Temporal.PlainDate
  parameters: { for_debt?: boolean }
  summary: { before: Side; after: Side; credit_total: number; charge_total: number } | null
  by_customer: boolean
  failure: {
    code: string
    params?: Record<string, string | number>
    fields?: { code: string; params?: Record<string, string | number> }[]
  } | null
  plan: string
  number: number
  currency: string
  language: Language
}

/** Why it failed, in the customer's words. */
function tellFailure(failure: ChangedService['failure'], language: Language): string {
  const t = translator(language)
  const [field] = failure?.fields ?? []
  if (field) return t(`errors:field.${field.code}`, field.params ?? {})
  return t(`errors:${failure?.code ?? 'internal_error'}.detail`, failure?.params ?? {})
}

/**
 * Tells whoever an account tells of its services what became of a change: scheduled, done or failed; of a cancellation that
 * the customer asked for, that it was received. Suspensions for debt have their own mail. Written once, whatever is repeated.
 */
export async function queueChange(
  tx: Tx,
  changeId: string,
  happened: 'scheduled' | 'done' | 'failed',
  origin: string,
): Promise<void> {
  const found = await sql<ChangedService>`
    select c.account_id, c.business_unit_id, c.subscription_id, c.kind, c.state, c.effective_on, c.parameters, c.summary,
           c.by_customer, c.failure_detail as failure, p.name as plan, s.contract_number as number, s.currency, a.language
      from subscription_changes c
      join subscriptions s on s.id = c.subscription_id
      join plans p on p.id = s.plan_id
      join accounts a on a.id = c.account_id and a.erased_at is null
     where c.id = ${changeId}`.execute(tx)
  const change = found.rows[0]
  if (!change || (happened === 'scheduled' && change.state !== 'scheduled')) return
  // What staff scheduled and could not be done is theirs to see to; the customer never heard of a suspension for debt here.
  if ((happened === 'failed' && !change.by_customer) || change.parameters.for_debt) return
  const unit = (await loadLooks(tx, [change.business_unit_id])).get(change.business_unit_id)
  if (!unit) return
  const recipients = (await listRecipients(tx, [change.account_id], 'services')).get(change.account_id) ?? []
  const { language, summary } = change
  const side = (one: Side | undefined) => (one ? { plan: one.plan_name, amount: one.amount } : null)
  const facts = {
    change: change.kind,
    plan: summary?.before.plan_name ?? change.plan,
    number: change.number,
    date: change.effective_on,
    before: side(summary?.before),
    after: side(summary?.after),
    credited: summary?.credit_total ?? 0,
    charged: summary?.charge_total ?? 0,
    currency: change.currency,
    link: serviceLink(origin, change.subscription_id),
  }
  const kind =
    happened === 'scheduled' && change.kind === 'cancel' && change.by_customer
      ? ('cancellation_requested' as const)
      : (`change_${happened}` as const)
  await queueNotices(
    tx,
    recipients.map(({ email, name }) => ({
      kind,
      business_unit_id: change.business_unit_id,
      account_id: change.account_id,
      cause_id: changeId,
      to_email: email,
      language,
      mail:
        kind === 'change_failed'
          ? composeMail(
              kind,
              { name, ...facts, reason: tellFailure(change.failure, language) },
              language,
              unit.look,
            )
          : composeMail(kind, { name, ...facts }, language, unit.look),
    })),
  )
}
