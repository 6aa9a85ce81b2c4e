import { sql } from 'kysely'
import type { Config } from '../../platform/config.ts'
import type { PaymentDriver as DriverKind, PaymentMethod } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { decryptSecret, encryptSecret } from '../../platform/encryption.ts'
import {
  type FieldFault,
  isRefusal,
  notFound,
  type Refusal,
  refuse,
  refuseField,
} from '../../platform/errors.ts'
import { enqueue } from '../../platform/jobs.ts'
import type { Capabilities, Drivers, ProviderDriver } from './providers.ts'

/** A provider as staff set it. What is not given of the secrets stays as it is; an empty text takes one away. */
export type ProviderInput = {
  name: string
  methods: PaymentMethod[]
  settings: Record<string, unknown>
  secrets: Record<string, string>
  enabled: boolean
  position: number
}

const secretsPlace = (id: string) => `payment_providers.secrets ${id}`

function selectProviders(tx: Tx) {
  return tx
    .selectFrom('payment_providers')
    .innerJoin('business_units', 'business_units.id', 'payment_providers.business_unit_id')
    .select([
      'payment_providers.id',
      'payment_providers.business_unit_id',
      'business_units.name as business_unit_name',
      'payment_providers.driver',
      'payment_providers.name',
      'payment_providers.methods',
      'payment_providers.settings',
      'payment_providers.position',
      'payment_providers.enabled',
      'payment_providers.health',
      'payment_providers.health_checked_at',
      'payment_providers.health_code',
      'payment_providers.health_detail',
      'payment_providers.archived_at',
      'payment_providers.created_at',
      sql<number>`(select count(*) from payment_intents i where i.provider_id = payment_providers.id and i.state = 'unknown')`.as(
        'unknown_intents',
      ),
      sql<Temporal.Instant | null>`(select e.received_at from provider_events e where e.provider_id = payment_providers.id order by e.id desc limit 1)`.as(
        'last_event_at',
      ),
    ])
}

/** The ways in which business units are paid, those in use first: few by nature. */
export async function listProviders(
  tx: Tx,
  request: { business_unit_id?: string | undefined; archived?: boolean | undefined },
) {
  let query = selectProviders(tx)
  if (request.business_unit_id)
    query = query.where('payment_providers.business_unit_id', '=', request.business_unit_id)
  if (!request.archived) query = query.where('payment_providers.archived_at', 'is', null)
  return query
    .orderBy('business_units.name')
    .orderBy('payment_providers.position')
    .orderBy('payment_providers.id')
    .limit(500)
    .execute()
}

/** One provider, with the names of the secrets that are set. Refuses: not_found. */
export async function getProvider(tx: Tx, config: Config, id: string) {
  const row = await selectProviders(tx)
    .select('payment_providers.secrets_encrypted')
    .where('payment_providers.id', '=', id)
    .executeTakeFirst()
  if (!row) return notFound()
  const { secrets_encrypted, ...provider } = row
  return { ...provider, secrets_set: Object.keys(readSecrets(config, id, secrets_encrypted)) }
}

function readSecrets(config: Config, id: string, bytes: Buffer | null): Record<string, string> {
  return bytes === null ? {} : JSON.parse(decryptSecret(config, bytes, secretsPlace(id)))
}

/** What a form is told of its faults, under the name of the part that it is in. */
function faultsOf(
  part: 'settings' | 'secrets',
  error: { issues: readonly { path: PropertyKey[]; code: string; input?: unknown }[] },
): FieldFault[] {
  return error.issues.map((issue) => ({
    path: [part, ...issue.path.map(String)].join('.'),
    code: issue.code === 'invalid_type' && issue.input === undefined ? 'required' : 'invalid',
  }))
}

function check(
  driver: ProviderDriver,
  unit: { currency: string },
  input: ProviderInput,
  secrets: Record<string, string>,
): { settings: unknown } | Refusal {
  const settings = driver.settings.safeParse(input.settings)
  const kept = driver.secrets.safeParse(secrets)
  const fields: FieldFault[] = [
    ...(settings.success ? [] : faultsOf('settings', settings.error)),
    ...(kept.success ? [] : faultsOf('secrets', kept.error)),
    ...(input.methods.every((method) => driver.methods.includes(method))
      ? []
      : [{ path: 'methods', code: 'not_a_choice' }]),
    ...(driver.currencies !== null && !driver.currencies.includes(unit.currency)
      ? [{ path: 'business_unit_id', code: 'currency_not_taken', params: { currency: unit.currency } }]
      : []),
  ]
  if (fields.length > 0) return refuse('invalid_input', { status: 422, fields })
  return { settings: settings.data }
}

/**
 * Adds a way to be paid to a business unit. Refuses: invalid_input (a driver that is not there, what its driver does not
 * accept of the settings, a method or currency that it does not take).
 */
export async function createProvider(
  tx: Tx,
  config: Config,
  drivers: Drivers,
  input: ProviderInput & { business_unit_id: string; driver: DriverKind },
) {
  const driver = drivers.get(input.driver)
  if (!driver) return refuseField('driver', 'not_a_choice')
  const unit = await tx
    .selectFrom('business_units')
    .select(['id', 'currency'])
    .where('id', '=', input.business_unit_id)
    .executeTakeFirst()
  if (!unit) return refuseField('business_unit_id', 'not_a_choice')
  const checked = check(driver, unit, input, input.secrets)
  if (isRefusal(checked)) return checked
  const { id } = await tx
    .insertInto('payment_providers')
    .values({
      business_unit_id: unit.id,
      driver: input.driver,
      name: input.name,
      methods: input.methods,
      settings: JSON.stringify(checked.settings),
      position: input.position,
      enabled: input.enabled,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  await storeSecrets(tx, config, id, input.secrets)
  return getProvider(tx, config, id)
}

async function storeSecrets(tx: Tx, config: Config, id: string, secrets: Record<string, string>) {
  await tx
    .updateTable('payment_providers')
    .set({
      secrets_encrypted:
        Object.keys(secrets).length === 0
          ? null
          : encryptSecret(config, JSON.stringify(secrets), secretsPlace(id)),
    })
    .where('id', '=', id)
    .execute()
}

/** Settings that say where a provider is. */
const isAddress = (name: string) => /(^|_)(url|host)$/.test(name)

/**
 * A secret belongs to the address that it was given for: whoever may change the address, and does not know the secret, must not
 * have it sent to an address of theirs.
 */
function findMovedSecrets(
  before: Record<string, unknown>,
  after: Record<string, unknown>,
  kept: readonly string[],
): FieldFault[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)])
  const moved = [...names].some((name) => isAddress(name) && (before[name] ?? null) !== (after[name] ?? null))
  return moved ? kept.map((name) => ({ path: `secrets.${name}`, code: 'secrets_needed_again' })) : []
}

/**
 * Changes how a provider is set; its health is unknown until it is tested again. Refuses: not_found, provider_archived,
 * invalid_input (as for a new one, and secrets that were stored for another address).
 */
export async function updateProvider(
  tx: Tx,
  config: Config,
  drivers: Drivers,
  id: string,
  input: ProviderInput,
) {
  const row = await tx
    .selectFrom('payment_providers')
    .innerJoin('business_units', 'business_units.id', 'payment_providers.business_unit_id')
    .select([
      'payment_providers.driver',
      'payment_providers.settings',
      'payment_providers.secrets_encrypted',
      'payment_providers.archived_at',
      'business_units.currency',
    ])
    .where('payment_providers.id', '=', id)
    .forUpdate('payment_providers')
    .executeTakeFirst()
  const driver = row && drivers.get(row.driver)
  if (!driver) return notFound()
  if (row.archived_at !== null) return refuse('provider_archived')
  const stored = readSecrets(config, id, row.secrets_encrypted)
  const secrets = Object.fromEntries(
    Object.entries({ ...stored, ...input.secrets }).filter(([, value]) => value !== ''),
  )
  const checked = check(driver, row, input, secrets)
  if (isRefusal(checked)) return checked
  const faults = findMovedSecrets(
    row.settings as Record<string, unknown>,
    checked.settings as Record<string, unknown>,
    Object.keys(stored).filter((name) => !(name in input.secrets)),
  )
  if (faults.length > 0) return refuse('invalid_input', { status: 422, fields: faults })
  await tx
    .updateTable('payment_providers')
    .set({
      name: input.name,
      methods: input.methods,
      settings: JSON.stringify(checked.settings),
      position: input.position,
      enabled: input.enabled,
      health: 'untested',
      health_code: null,
      health_detail: null,
    })
    .where('id', '=', id)
    .execute()
  if (Object.keys(input.secrets).length > 0) await storeSecrets(tx, config, id, secrets)
  return getProvider(tx, config, id)
}

/**
 * Puts a provider away: nobody can pay by it any more; what it took stays, and it is still asked about what is open.
 * Refuses: not_found.
 */
export async function archiveProvider(
  tx: Tx,
  id: string,
  now: Temporal.Instant,
): Promise<Refusal | undefined> {
  const done = await tx
    .updateTable('payment_providers')
    .set({ enabled: false, archived_at: sql`coalesce(archived_at, ${now}::timestamptz)` })
    .where('id', '=', id)
    .returning('id')
    .executeTakeFirst()
  return done ? undefined : notFound()
}

/** A provider opened for a call: its driver, with what it is set to. */
export type OpenProvider = {
  id: string
  business_unit_id: string
  driver: ProviderDriver
  settings: unknown
  secrets: unknown
}

/** Opens a provider for calls, archived or not; null where there is none, or none whose settings its driver still accepts. */
export async function openProvider(
  tx: Tx,
  config: Config,
  drivers: Drivers,
  id: string,
): Promise<OpenProvider | null> {
  const row = await tx
    .selectFrom('payment_providers')
    .select(['id', 'business_unit_id', 'driver', 'settings', 'secrets_encrypted'])
    .where('id', '=', id)
    .executeTakeFirst()
  const driver = row && drivers.get(row.driver)
  if (!driver) return null
  const settings = driver.settings.safeParse(row.settings)
  const secrets = driver.secrets.safeParse(readSecrets(config, id, row.secrets_encrypted))
  if (!settings.success || !secrets.success) return null
  return {
    id,
    business_unit_id: row.business_unit_id,
    driver,
    settings: settings.data,
    secrets: secrets.data,
  }
}

/** What a provider can give back of a payment: nothing, all of it, or a part. */
export async function readRefunds(tx: Tx, drivers: Drivers, id: string): Promise<Capabilities['refunds']> {
  const provider = await tx
    .selectFrom('payment_providers')
    .select('driver')
    .where('id', '=', id)
    .executeTakeFirst()
  return (provider && drivers.get(provider.driver)?.capabilities.refunds) ?? 'none'
}

/** Asks whether a provider works as it is set: a job tries it, and its health tells. Refuses: not_found. */
export async function requestTest(tx: Tx, id: string): Promise<Refusal | undefined> {
  const done = await tx
    .updateTable('payment_providers')
    .set({ health: 'untested', health_code: null, health_detail: null, health_checked_at: null })
    .where('id', '=', id)
    .returning('id')
    .executeTakeFirst()
  if (!done) return notFound()
  await enqueue(
    tx,
    'payments:test_provider',
    { provider_id: id },
    { key: `payments:test_provider:${id}`, maxAttempts: 2 },
  )
  return undefined
}

/** Notes how a provider answered. An unchanged health is written at most once an hour. */
export async function noteHealth(
  tx: Tx,
  id: string,
  health: { code: string; detail: string } | null,
  now: Temporal.Instant,
): Promise<void> {
  const state = health === null ? 'working' : 'failing'
  await sql`
    update payment_providers
       set health = ${state}::provider_health, health_checked_at = ${now}::timestamptz,
           health_code = ${health?.code ?? null}, health_detail = ${health?.detail.slice(0, 1000) ?? null}
     where id = ${id}
       and (health <> ${state}::provider_health or health_code is distinct from ${health?.code ?? null}
            or health_checked_at is null or health_checked_at < ${now}::timestamptz - interval '1 hour')`.execute(
    tx,
  )
}
