import { type Insertable, sql } from 'kysely'
import type { Accounts, Contacts, LanguageCode } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'

/** What an import may say of an account; undefined says nothing. */
export type BulkAccount = { external_id: string } & Partial<
  Pick<
    { [K in keyof Insertable<Accounts>]-?: Exclude<Insertable<Accounts>[K], null | undefined> },
    | 'kind'
    | 'name'
    | 'tax_id'
    | 'email'
    | 'phone'
    | 'fax'
    | 'address'
    | 'city'
    | 'state'
    | 'country'
    | 'postal_code'
    | 'language'
    | 'rank'
    | 'notes'
  >
>

const accountColumns = [
  'id',
  'external_id',
  'kind',
  'name',
  'tax_id',
  'email',
  'phone',
  'fax',
  'address',
  'city',
  'state',
  'country',
  'postal_code',
  'language',
  'rank',
  'notes',
] as const

const accountRecord = sql`(id uuid, external_id text, kind account_kind, name text, tax_id text, email citext, phone text, fax text,
  address text, city text, state text, country text, postal_code text, language language_code, rank account_rank, notes text)`

/** The accounts of a business unit that were imported under these ids, by that id. */
export async function findAccountsByExternalId(tx: Tx, unitId: string, externalIds: readonly string[]) {
  // Fenced by the limit: an index look-up per id however old the statistics are, which in the middle of a large import
  // know nothing of the rows that came a second ago.
  const rows = await tx
    .selectFrom(sql<{ wanted: string }>`unnest(${[...externalIds]}::text[])`.as<'ids'>(sql`ids(wanted)`))
    .innerJoinLateral(
      (query) =>
        query
          .selectFrom('accounts')
          .select(accountColumns)
          .where('business_unit_id', '=', unitId)
          .whereRef('external_id', '=', 'ids.wanted')
          .limit(1)
          .as('found'),
      (join) => join.onTrue(),
    )
    .selectAll('found')
    .execute()
  return new Map(rows.map((row) => [row.external_id!, row]))
}

/**
 * Creates many accounts in one statement (A4), numbered in their order; language and country default to the business
 * unit's. Gives their ids by external id. Every value was checked before: what breaks a rule here is a bug.
 */
export async function insertAccounts(
  tx: Tx,
  unit: { id: string; language: LanguageCode; country: string },
  accounts: readonly (BulkAccount & { name: string })[],
): Promise<Map<string, string>> {
  if (accounts.length === 0) return new Map()
  const { rows } = await sql<{ id: string; external_id: string }>`
    insert into accounts (business_unit_id, external_id, kind, name, tax_id, email, phone, fax, address, city, state,
                          country, postal_code, language, rank, notes)
    select ${unit.id}::uuid, external_id, coalesce(kind, 'company'), name, tax_id, email, phone, fax, address, city, state,
           coalesce(country, ${unit.country}), postal_code, coalesce(language, ${unit.language}::language_code), rank, notes
      from json_to_recordset(${JSON.stringify(accounts)}::json) as r${accountRecord}
    returning id, external_id`.execute(tx)
  return new Map(rows.map((row) => [row.external_id, row.id]))
}

/** Changes many accounts in one statement: what a row leaves out stays as it is. */
export async function updateAccounts(
  tx: Tx,
  changes: readonly (Partial<BulkAccount> & { id: string })[],
): Promise<void> {
  if (changes.length === 0) return
  await sql`
    update accounts a
       set kind = coalesce(r.kind, a.kind), name = coalesce(r.name, a.name), tax_id = coalesce(r.tax_id, a.tax_id),
           email = coalesce(r.email, a.email), phone = coalesce(r.phone, a.phone), fax = coalesce(r.fax, a.fax),
           address = coalesce(r.address, a.address), city = coalesce(r.city, a.city), state = coalesce(r.state, a.state),
           country = coalesce(r.country, a.country), postal_code = coalesce(r.postal_code, a.postal_code),
           language = coalesce(r.language, a.language), rank = coalesce(r.rank, a.rank), notes = coalesce(r.notes, a.notes)
      from json_to_recordset(${JSON.stringify(changes)}::json) as r${accountRecord}
     where a.id = r.id`.execute(tx)
}

/** What an import may say of a contact; undefined says nothing. */
export type BulkContact = { external_id: string } & Partial<
  Pick<
    { [K in keyof Insertable<Contacts>]-?: Exclude<Insertable<Contacts>[K], null | undefined> },
    'first_name' | 'last_name' | 'email' | 'phone' | 'title'
  >
>

const contactRecord = sql`(ord int, id uuid, account_id uuid, external_id text, first_name text, last_name text, email citext,
  phone text, title text)`

/** The contacts of these accounts that were imported under these ids, by `<account id> <external id>`. */
export async function findContactsByExternalId(
  tx: Tx,
  contacts: readonly { account_id: string; external_id: string }[],
) {
  const rows = await tx
    .selectFrom(
      sql<{
        account: string
        wanted: string
      }>`json_to_recordset(${JSON.stringify(contacts.map((one) => ({ account: one.account_id, wanted: one.external_id })))}::json)`.as<'ids'>(
        sql`ids(account uuid, wanted text)`,
      ),
    )
    .innerJoinLateral(
      (query) =>
        query
          .selectFrom('contacts')
          .select(['id', 'account_id', 'external_id', 'first_name', 'last_name', 'email', 'phone', 'title'])
          .whereRef('account_id', '=', 'ids.account')
          .whereRef('external_id', '=', 'ids.wanted')
          .limit(1)
          .as('found'),
      (join) => join.onTrue(),
    )
    .selectAll('found')
    .execute()
  return new Map(rows.map((row) => [`${row.account_id} ${row.external_id}`, row]))
}

/** Creates many contacts in one statement; the first one of an account without a primary contact becomes it (A3). */
export async function insertContacts(
  tx: Tx,
  contacts: readonly (BulkContact & { account_id: string; first_name: string })[],
): Promise<void> {
  if (contacts.length === 0) return
  const rows = JSON.stringify(contacts.map((contact, ord) => ({ ord, ...contact })))
  await sql`
    insert into contacts (account_id, external_id, first_name, last_name, email, phone, title, is_primary)
    select account_id, external_id, first_name, last_name, email, phone, title,
           row_number() over (partition by account_id order by ord) = 1
             and not exists (select from contacts c where c.account_id = r.account_id and c.is_primary)
      from json_to_recordset(${rows}::json) as r${contactRecord}
     order by ord`.execute(tx)
}

/** Changes many contacts in one statement: what a row leaves out stays as it is. */
export async function updateContacts(
  tx: Tx,
  changes: readonly (Partial<BulkContact> & { id: string })[],
): Promise<void> {
  if (changes.length === 0) return
  await sql`
    update contacts c
       set first_name = coalesce(r.first_name, c.first_name), last_name = coalesce(r.last_name, c.last_name),
           email = coalesce(r.email, c.email), phone = coalesce(r.phone, c.phone), title = coalesce(r.title, c.title)
      from json_to_recordset(${JSON.stringify(changes)}::json) as r${contactRecord}
     where c.id = r.id`.execute(tx)
}
