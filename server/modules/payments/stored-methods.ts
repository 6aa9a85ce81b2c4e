// What customers keep at a provider, for paying again and for automatic debit (B8): brand and last digits, never a number.
import { sql } from 'kysely'
import type { Config } from '../../platform/config.ts'
import type { PaymentMethod, StoredMethodState } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { decryptSecret, encryptSecret } from '../../platform/encryption.ts'
import { isRefusal, notFound, type Refusal, refuse, refuseField } from '../../platform/errors.ts'
import { announce } from '../../platform/events.ts'
import { enqueue } from '../../platform/jobs.ts'
import { type ListRequest, readPage } from '../../platform/pages.ts'
import { type IntentOwner, lockIntents, sendIntent } from './intents.ts'
import type { StoredReference, UsedMethod } from './providers.ts'

/** What can be charged again with nobody there. */
const keptMethods: readonly PaymentMethod[] = ['card', 'bank_debit', 'pix']

const referencePlace = (id: string) => `stored_methods.reference ${id}`
const detailsPlace = (id: string) => `payment_intents.details ${id}`

function selectMethods(tx: Tx) {
  return tx
    .selectFrom('stored_methods')
    .innerJoin('payment_providers', 'payment_providers.id', 'stored_methods.provider_id')
    .select((eb) => [
      'stored_methods.id',
      'stored_methods.account_id',
      'stored_methods.provider_id',
      'payment_providers.name as provider_name',
      'payment_providers.driver',
      'stored_methods.method',
      'stored_methods.brand',
      'stored_methods.last_digits',
      'stored_methods.expires_on',
      'stored_methods.state',
      'stored_methods.automatic',
      'stored_methods.created_at',
      'stored_methods.ended_at',
      sql<{ id: string; contract_number: number; plan_name: string }[]>`(
        select coalesce(json_agg(json_build_object('id', s.id, 'contract_number', s.contract_number, 'plan_name', p.name)
                                 order by s.contract_number), '[]')
          from subscriptions s join plans p on p.id = s.plan_id
         where s.stored_method_id = ${eb.ref('stored_methods.id')} and s.status not in ('cancelled', 'ended'))`.as(
        'services',
      ),
    ])
}

export type StoredMethodFilter = {
  account_id?: string | undefined
  business_unit_id?: string | undefined
  state?: StoredMethodState | undefined
}

/** A page of stored methods, the latest first. */
export function listStoredMethods(tx: Tx, request: ListRequest & StoredMethodFilter) {
  let query = selectMethods(tx)
    .innerJoin('accounts', 'accounts.id', 'stored_methods.account_id')
    .select(['accounts.name as account_name', 'accounts.number as account_number'])
  for (const column of ['account_id', 'business_unit_id'] as const) {
    const wanted = request[column]
    if (wanted) query = query.where(`stored_methods.${column}`, '=', wanted)
  }
  // Written out, not as a parameter: the index of the rarer states serves only who names them.
  if (request.state) query = query.where(sql<boolean>`stored_methods.state = ${sql.lit(request.state)}`)
  const byTime = { by: sql`stored_methods.id`, value: (row: { id: string }) => row.id, type: 'uuid' }
  return readPage(query, request, { created_at: byTime }, byTime)
}

/** The account's own methods that were not removed: few by nature. */
export function listOwnMethods(tx: Tx, accountId: string) {
  return selectMethods(tx)
    .where('stored_methods.account_id', '=', accountId)
    .where('stored_methods.state', '<>', 'removed')
    .orderBy('stored_methods.automatic', 'desc')
    .orderBy('stored_methods.id', 'desc')
    .limit(50)
    .execute()
}

/** One stored method of an account. Refuses: not_found. */
export async function getOwnMethod(tx: Tx, accountId: string, id: string) {
  const row = await selectMethods(tx)
    .where('stored_methods.account_id', '=', accountId)
    .where('stored_methods.id', '=', id)
    .executeTakeFirst()
  return row ?? notFound()
}

/**
 * Wishes to keep a method without paying by it now: an intent of no amount, whose job takes it to the provider. `details` is
 * what the customer typed where no form of the provider takes it; it is stored encrypted until then. Refuses: invalid_input.
 */
export async function requestSetup(
  tx: Tx,
  config: Config,
  owner: IntentOwner,
  input: {
    provider_id: string
    method: PaymentMethod
    details?: Record<string, string> | null | undefined
  },
): Promise<{ id: string } | Refusal> {
  await lockIntents(tx, owner.account_id)
  const provider = await tx
    .selectFrom('payment_providers')
    .innerJoin('business_units', 'business_units.id', 'payment_providers.business_unit_id')
    .select(['payment_providers.id', 'payment_providers.methods', 'business_units.currency'])
    .where('payment_providers.id', '=', input.provider_id)
    .where('payment_providers.business_unit_id', '=', owner.business_unit_id)
    .where('payment_providers.enabled', '=', true)
    .executeTakeFirst()
  if (!provider) return refuseField('provider_id', 'not_a_choice')
  if (!provider.methods.includes(input.method) || !keptMethods.includes(input.method))
    return refuseField('method', 'not_a_choice')
  const id = (await sql<{ id: string }>`select uuidv7() as id`.execute(tx)).rows[0]!.id
  await tx
    .insertInto('payment_intents')
    .values({
      id,
      business_unit_id: owner.business_unit_id,
      account_id: owner.account_id,
      provider_id: provider.id,
      method: input.method,
      purpose: 'setup',
      origin: owner.origin,
      amount: 0,
      currency: provider.currency,
      store: true,
      details_encrypted: input.details
        ? encryptSecret(config, JSON.stringify(input.details), detailsPlace(id))
        : null,
      created_by: owner.user_id,
    })
    .execute()
  await sendIntent(tx, id)
  return { id }
}

/** What the customer typed for a set-up. */
export function readDetails(config: Config, id: string, bytes: Buffer | null): Record<string, string> | null {
  return bytes === null ? null : JSON.parse(decryptSecret(config, bytes, detailsPlace(id)))
}

/** What a provider knows a stored method by. */
export function readReference(
  config: Config,
  row: { id: string; reference: unknown; reference_encrypted: Buffer | null },
): StoredReference {
  return {
    id: row.id,
    reference: row.reference as Record<string, unknown>,
    secret:
      row.reference_encrypted === null
        ? null
        : decryptSecret(config, row.reference_encrypted, referencePlace(row.id)),
  }
}

/** A brand as long as it may be: no name that a provider has for a method is a reason not to book what was paid by it. */
const cutBrand = (brand: string) => Array.from(brand.trim()).slice(0, 60).join('') || null

/**
 * Keeps the method that an intent was paid by, or set up; the same again is the same. It is charged by itself from now on
 * where the account has no other for that which is still good. Announces payment_method.stored.
 */
export async function keepMethod(
  tx: Tx,
  config: Config,
  intent: {
    account_id: string
    business_unit_id: string
    provider_id: string
    method: PaymentMethod
    created_by: string | null
  },
  used: UsedMethod,
): Promise<void> {
  const known = await tx
    .selectFrom('stored_methods')
    .select('id')
    .where('account_id', '=', intent.account_id)
    .where('provider_id', '=', intent.provider_id)
    .where('reference', '=', sql<never>`${JSON.stringify(used.reference)}::jsonb`)
    .where('state', '=', 'active')
    .executeTakeFirst()
  if (known) return
  const erased = await tx
    .selectFrom('accounts')
    .select('id')
    .where('id', '=', intent.account_id)
    .where('erased_at', 'is not', null)
    .executeTakeFirst()
  // A set-up that ends after the account was erased keeps nothing.
  if (erased) return
  const id = (await sql<{ id: string }>`select uuidv7() as id`.execute(tx)).rows[0]!.id
  // What expired or was refused gives its place to what is good.
  await tx
    .updateTable('stored_methods')
    .set({ automatic: false })
    .where('account_id', '=', intent.account_id)
    .where('automatic', '=', true)
    .where('state', '<>', 'active')
    .execute()
  await tx
    .insertInto('stored_methods')
    .values({
      id,
      business_unit_id: intent.business_unit_id,
      account_id: intent.account_id,
      provider_id: intent.provider_id,
      method: intent.method,
      brand: used.brand === null ? null : cutBrand(used.brand),
      last_digits: used.last_digits,
      expires_on: used.expires_on,
      reference: JSON.stringify(used.reference),
      reference_encrypted: used.secret ? encryptSecret(config, used.secret, referencePlace(id)) : null,
      automatic: sql<boolean>`not exists (select from stored_methods m where m.account_id = ${intent.account_id} and m.automatic)`,
      created_by: intent.created_by,
    })
    .execute()
  await announce(tx, 'payment_method.stored', { stored_method_id: id }, id)
}

/** Makes a method the one that is charged by itself, or none. Refuses: not_found, payment_method_unusable. */
export async function setAutomatic(
  tx: Tx,
  accountId: string,
  id: string,
  automatic: boolean,
): Promise<Refusal | undefined> {
  await lockIntents(tx, accountId)
  const method = await getOwnMethod(tx, accountId, id)
  if (isRefusal(method)) return method
  if (automatic && method.state !== 'active') return refuse('payment_method_unusable')
  // One after the other: the account has one at most at any moment.
  if (automatic)
    await tx
      .updateTable('stored_methods')
      .set({ automatic: false })
      .where('account_id', '=', accountId)
      .where('automatic', '=', true)
      .where('id', '<>', id)
      .execute()
  await tx.updateTable('stored_methods').set({ automatic }).where('id', '=', id).execute()
  return undefined
}

/**
 * Lets a service be debited from a method of its own, or with null from the account's. Without an account it is that of the
 * service, as staff see it. Refuses: not_found, payment_method_unusable.
 */
export async function setServiceMethod(
  tx: Tx,
  owner: string | null,
  subscriptionId: string,
  methodId: string | null,
): Promise<Refusal | undefined> {
  const service = await tx
    .selectFrom('subscriptions')
    .select('account_id')
    .where('id', '=', subscriptionId)
    .executeTakeFirst()
  if (!service || (owner !== null && service.account_id !== owner)) return notFound()
  const accountId = service.account_id
  if (methodId !== null) {
    const method = await getOwnMethod(tx, accountId, methodId)
    if (isRefusal(method)) return method
    if (method.state !== 'active') return refuse('payment_method_unusable')
  }
  const done = await sql<{ done: boolean }>`
    select set_service_method(${accountId}::uuid, ${subscriptionId}::uuid, ${methodId}::uuid) as done`.execute(
    tx,
  )
  return done.rows[0]?.done ? undefined : notFound()
}

/**
 * Removes a stored method: nothing is charged by it any more, and the provider is told to forget it. Announces
 * payment_method.removed. Refuses: not_found.
 */
export async function removeMethod(
  tx: Tx,
  accountId: string,
  id: string,
  now: Temporal.Instant,
): Promise<Refusal | undefined> {
  const method = await getOwnMethod(tx, accountId, id)
  if (isRefusal(method)) return method
  await lockIntents(tx, accountId)
  const done = await sql<{ done: boolean }>`
    select remove_stored_method(${accountId}::uuid, ${id}::uuid, ${now}::timestamptz) as done`.execute(tx)
  if (!done.rows[0]?.done) return notFound()
  await askToForget(tx, id)
  await announce(tx, 'payment_method.removed', { stored_method_id: id }, id)
  return undefined
}

/** The job that has a provider forget a removed method, and forgets how the provider calls it. */
function askToForget(tx: Tx, id: string): Promise<void> {
  return enqueue(
    tx,
    'payments:forget_method',
    { stored_method_id: id },
    { key: `payments:forget_method:${id}` },
  )
}

/** Removes every stored method of an account that is being erased: nothing is charged by them any more, and nobody is told. */
export async function stopCharging(tx: Tx, accountId: string, now: Temporal.Instant): Promise<void> {
  await lockIntents(tx, accountId)
  await sql`
    select remove_stored_method(m.account_id, m.id, ${now}::timestamptz)
      from stored_methods m where m.account_id = ${accountId} and m.state <> 'removed'`.execute(tx)
}

/** Goes on asking providers to forget what they did not forget before an account was erased. */
export async function forgetMethods(tx: Tx, accountId: string): Promise<void> {
  const methods = await tx
    .selectFrom('stored_methods')
    .select('id')
    .where('account_id', '=', accountId)
    .where('forgotten_at', 'is', null)
    .orderBy('id')
    .execute()
  for (const { id } of methods) await askToForget(tx, id)
}
