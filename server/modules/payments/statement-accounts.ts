import { sql } from 'kysely'
import type { Config } from '../../platform/config.ts'
import type { Tx } from '../../platform/database.ts'
import { digestSecret } from '../../platform/encryption.ts'
import { notFound, type Refusal, refuseField } from '../../platform/errors.ts'
import { lastDigits } from './statement-lines.ts'

/** A business unit's account at a bank. `number` is hashed and forgotten: only its last digits are kept. */
export type BankAccountInput = {
  name: string
  bank: string | null
  number?: string | null | undefined
}

function selectAccounts(tx: Tx) {
  return tx
    .selectFrom('bank_accounts')
    .innerJoin('business_units', 'business_units.id', 'bank_accounts.business_unit_id')
    .select([
      'bank_accounts.id',
      'bank_accounts.business_unit_id',
      'business_units.name as business_unit_name',
      'bank_accounts.name',
      'bank_accounts.bank',
      'bank_accounts.last_digits',
      'bank_accounts.currency',
      'bank_accounts.archived_at',
      'bank_accounts.created_at',
      sql<boolean>`bank_accounts.csv_mapping is not null`.as('csv_known'),
      sql<boolean>`exists (select from bank_account_keys k where k.bank_account_id = bank_accounts.id)`.as(
        'recognised',
      ),
      sql<Temporal.PlainDate | null>`(select max(s.period_to) from bank_statements s
         where s.bank_account_id = bank_accounts.id and s.state = 'ready')`.as('read_to'),
      sql<number>`(select count(*)::int from bank_statement_lines l join bank_statements s on s.id = l.statement_id
         where s.bank_account_id = bank_accounts.id and l.state in ('open', 'proposed'))`.as('undecided'),
    ])
}

/** The accounts at banks of the business units that are seen, archived ones last. */
export async function listBankAccounts(tx: Tx, filter: { business_unit_id?: string | undefined }) {
  let query = selectAccounts(tx)
  if (filter.business_unit_id)
    query = query.where('bank_accounts.business_unit_id', '=', filter.business_unit_id)
  const items = await query
    .orderBy(sql`bank_accounts.archived_at is not null`)
    .orderBy('business_units.name')
    .orderBy('bank_accounts.name')
    .limit(500)
    .execute()
  return { items, next_cursor: null }
}

/** One bank account. Refuses: not_found. */
export async function getBankAccount(tx: Tx, id: string) {
  return (await selectAccounts(tx).where('bank_accounts.id', '=', id).executeTakeFirst()) ?? notFound()
}

/** Adds a bank account in the business unit's currency, unless another is given. Refuses: invalid_input. */
export async function createBankAccount(
  tx: Tx,
  config: Config,
  input: BankAccountInput & { business_unit_id: string; currency?: string | undefined },
) {
  const unit = await tx
    .selectFrom('business_units')
    .select(['id', 'currency'])
    .where('id', '=', input.business_unit_id)
    .executeTakeFirst()
  if (!unit) return refuseField('business_unit_id', 'not_a_choice')
  const taken = await refuseTakenName(tx, unit.id, input.name)
  if (taken) return taken
  const { id } = await tx
    .insertInto('bank_accounts')
    .values({
      business_unit_id: unit.id,
      name: input.name,
      bank: input.bank,
      currency: input.currency ?? unit.currency,
      last_digits: lastDigits(input.number ?? null),
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  if (input.number) {
    const known = await keepNumber(tx, config, unit.id, id, input.number)
    if (known) return known
  }
  return getBankAccount(tx, id)
}

/** Changes a bank account, or archives it: what was read stays. Refuses: not_found, invalid_input. */
export async function changeBankAccount(
  tx: Tx,
  config: Config,
  id: string,
  change: Partial<BankAccountInput> & { archived?: boolean | undefined },
  now: Temporal.Instant,
) {
  const current = await tx
    .selectFrom('bank_accounts')
    .select(['business_unit_id', 'archived_at'])
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
  if (!current) return notFound()
  if (change.name !== undefined) {
    const taken = await refuseTakenName(tx, current.business_unit_id, change.name, id)
    if (taken) return taken
  }
  const set = {
    ...(change.name === undefined ? {} : { name: change.name }),
    ...(change.bank === undefined ? {} : { bank: change.bank }),
    ...(change.number ? { last_digits: lastDigits(change.number) } : {}),
    ...(change.archived === undefined
      ? {}
      : { archived_at: change.archived ? (current.archived_at ?? now) : null }),
  }
  if (Object.keys(set).length > 0)
    await tx.updateTable('bank_accounts').set(set).where('id', '=', id).execute()
  if (change.number) {
    const known = await keepNumber(tx, config, current.business_unit_id, id, change.number)
    if (known) return known
  }
  return getBankAccount(tx, id)
}

async function refuseTakenName(
  tx: Tx,
  unitId: string,
  name: string,
  except?: string,
): Promise<Refusal | null> {
  let query = tx
    .selectFrom('bank_accounts')
    .select('id')
    .where('business_unit_id', '=', unitId)
    .where('name', '=', name)
  if (except) query = query.where('id', '<>', except)
  return (await query.executeTakeFirst()) ? refuseField('name', 'taken') : null
}

/** What a number is known by: its letters and digits, hashed under this installation's key. */
export function hashNumber(config: Config, number: string): Buffer {
  return digestSecret(config, number.toUpperCase().replaceAll(/[^0-9A-Z]/g, ''), 'bank_account_keys')
}

async function keepNumber(
  tx: Tx,
  config: Config,
  unitId: string,
  id: string,
  number: string,
): Promise<Refusal | null> {
  if (lastDigits(number) === null) return refuseField('number', 'too_short', { limit: 2 })
  const hash = hashNumber(config, number)
  const kept = await sql<{ bank_account_id: string }>`
    insert into bank_account_keys as k (business_unit_id, number_hash, bank_account_id) values (${unitId}, ${hash}, ${id})
    on conflict (business_unit_id, number_hash) do nothing`.execute(tx)
  if (kept.numAffectedRows === 0n) {
    const owner = await tx
      .selectFrom('bank_account_keys')
      .select('bank_account_id')
      .where('business_unit_id', '=', unitId)
      .where('number_hash', '=', hash)
      .executeTakeFirst()
    if (owner?.bank_account_id !== id) return refuseField('number', 'taken')
  }
  return null
}
