import { sql } from 'kysely'
import type { Tx } from '../../platform/database.ts'
import { demand } from '../../platform/jobs.ts'
import {
  changePolicy,
  createPolicy,
  dunAccount,
  exemptAccount,
  findUnit,
  listDebtors,
  loadRules,
  summarizeSimulation,
  switchPolicyOn,
} from '../dunning/index.ts'
import { draftDunningNotices } from '../notices/index.ts'
import type { Founded } from './founding.ts'
import { createId, createRandom } from './random.ts'

/** The policy came so many days ago, and concerns what has become due since: reminders so far, and nothing else. */
const daysInForce = 9

/**
 * Puts a dunning policy in force in the Brazilian business unit some days ago, with the reminders that it has sent since and
 * a customer who is exempt. Returns how many mails were written.
 */
export async function writeDunning(
  tx: Tx,
  founded: Founded,
  now: Temporal.Instant,
  origin: string,
): Promise<number> {
  const unitId = founded.units.get('pirilampo')!.id
  const staff = founded.staff.get('finance')!
  const unit = (await findUnit(tx, unitId, now))!
  const since = unit.today.subtract({ days: daysInForce })
  const opened = now.subtract({ hours: 24 * daysInForce })
  const policyId = demand(
    await createPolicy(tx, { business_unit_id: unitId, name: 'Régua de cobrança' }, staff),
  )
  demand(await changePolicy(tx, policyId, { minimum_amount: 1000, due_from: since }))
  const { fingerprint } = demand(await summarizeSimulation(tx, policyId, undefined, opened))
  demand(await switchPolicyOn(tx, policyId, { fingerprint }, staff, opened))
  const rules = (await loadRules(tx, policyId))!
  const accounts = await listDebtors(tx, unitId, unit.today.add({ days: 3 }))
  let written = 0
  for (let days = 0; days < daysInForce; days++) {
    const today = since.add({ days })
    for (const accountId of accounts) {
      const done = await dunAccount(tx, rules, { ...unit, today }, accountId, now)
      if (done.length === 0) continue
      const at = today.toZonedDateTime({ timeZone: unit.time_zone, plainTime: '08:10' }).toInstant()
      written += await writeMails(tx, accountId, today, at, origin)
    }
  }
  // The mails stand in the mailbox already.
  await sql`select discard_job(id) from queued_jobs where task = 'notices:send_dunning'`.execute(tx)
  const [promised] = await tx
    .selectFrom('dunning_actions')
    .select('account_id')
    .where('business_unit_id', '=', unitId)
    .orderBy('id')
    .limit(1)
    .execute()
  if (promised)
    demand(
      await exemptAccount(
        tx,
        promised.account_id,
        { until: unit.today.add({ days: 12 }), reason: 'Combinado por telefone: paga no dia do salário' },
        staff,
        now,
      ),
    )
  return written
}

async function writeMails(
  tx: Tx,
  accountId: string,
  day: Temporal.PlainDate,
  at: Temporal.Instant,
  origin: string,
): Promise<number> {
  const actions = await tx
    .selectFrom('dunning_actions')
    .select('id')
    .where('account_id', '=', accountId)
    .where('on_date', '=', day)
    .where('result', '=', 'done')
    .execute()
  let written = 0
  for (const { id } of actions) {
    for (const { mail, ...draft } of await draftDunningNotices(tx, id, at, origin)) {
      await tx
        .insertInto('notices')
        .values({
          ...draft,
          id: createId(createRandom(`mail:${id}:${draft.to_email}`), at),
          subject: mail.subject,
          html: mail.html,
          text_body: mail.text,
          state: 'kept',
          created_at: at,
        })
        .execute()
      written++
    }
  }
  return written
}
