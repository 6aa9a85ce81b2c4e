import { type Insertable, sql } from 'kysely'
import type { Accounts, Contacts, LanguageCode, NoticeTopic } from '../../platform/database.gen.ts'
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

/** Those of these accounts that are there, in whatever business unit, by their own id. */
export async function findAccountsById(tx: Tx, ids: readonly string[]) {
  const rows = await tx
    .selectFrom('accounts')
    .select(accountColumns)
    .select('business_unit_id')
    .where(sql<boolean>`id = any(${[...ids]}::uuid[])`)
    .execute()
  return new Map(rows.map((row) => [row.id, row]))
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
       set external_id = coalesce(r.external_id, a.external_id), kind = coalesce(r.kind, a.kind), name = coalesce(r.name, a.name), tax_id = coalesce(r.tax_id, a.tax_id),
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
    'first_name' | 'last_name' | 'email' | 'phone' | 'title' | 'is_primary'
  >
> & { topics?: NoticeTopic[] }

const contactRecord = sql`(ord int, id uuid, account_id uuid, external_id text, first_name text, last_name text, email citext,
  phone text, title text, topics notice_topic[], is_primary boolean)`

const contactColumns = [
  'id',
  'account_id',
  'external_id',
  'first_name',
  'last_name',
  'email',
  'phone',
  'title',
  'topics',
  'is_primary',
] as const

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
          .select(contactColumns)
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

/**
 * Contacts of these accounts by their own id, else by their e-mail, in the order of what is looked for; undefined where
 * there is none.
 */
export async function findContactsOtherwise(
  tx: Tx,
  wanted: readonly { account_id: string; id?: string | undefined; email?: string | undefined }[],
) {
  const rows = await tx
    .selectFrom(
      sql<{
        ord: number
        account: string
        own_id: string | null
        address: string | null
      }>`json_to_recordset(${JSON.stringify(wanted.map(({ account_id, id, email }, ord) => ({ ord, account: account_id, own_id: id, address: email })))}::json)`.as<'wanted'>(
        sql`wanted(ord int, account uuid, own_id uuid, address citext)`,
      ),
    )
    .innerJoinLateral(
      (query) =>
        query
          .selectFrom('contacts')
          .select(contactColumns)
          .whereRef('account_id', '=', 'wanted.account')
          .where(sql<boolean>`(contacts.id = wanted.own_id or contacts.email = wanted.address)`)
          .orderBy(sql`contacts.id = wanted.own_id`, (order) => order.desc().nullsLast())
          .orderBy('contacts.id')
          .limit(1)
          .as('found'),
      (join) => join.onTrue(),
    )
    .select('wanted.ord')
    .selectAll('found')
    .execute()
  const found: ((typeof rows)[number] | undefined)[] = wanted.map(() => undefined)
  for (const row of rows) found[row.ord] = row
  return found
}

/** Takes the mark of the primary contact from whoever has it in these accounts, but for these contacts. */
export async function clearPrimaryContacts(
  tx: Tx,
  accountIds: readonly string[],
  except: readonly string[],
): Promise<void> {
  if (accountIds.length === 0) return
  await sql`
    update contacts set is_primary = false
     where is_primary and account_id = any(${[...accountIds]}::uuid[]) and id <> all(${[...except]}::uuid[])`.execute(
    tx,
  )
}

/**
 * Creates many contacts in one statement, with all topics where none are named; where no contact of an account is primary
 * or is said to be, the first one of which nothing is said becomes it (A3).
 */
export async function insertContacts(
  tx: Tx,
  contacts: readonly (BulkContact & { account_id: string; first_name: string })[],
): Promise<void> {
  if (contacts.length === 0) return
  const rows = JSON.stringify(contacts.map((contact, ord) => ({ ord, ...contact })))
  await sql`
    insert into contacts (account_id, external_id, first_name, last_name, email, phone, title, topics, is_primary)
    select account_id, external_id, first_name, last_name, email, phone, title,
           coalesce(topics, '{billing,services,support}'),
           coalesce(is_primary, row_number() over (partition by account_id, is_primary is null order by ord) = 1
             and not coalesce(bool_or(is_primary) over (partition by account_id), false)
             and not exists (select from contacts c where c.account_id = r.account_id and c.is_primary))
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
           email = coalesce(r.email, c.email), phone = coalesce(r.phone, c.phone), title = coalesce(r.title, c.title),
           external_id = coalesce(r.external_id, c.external_id), topics = coalesce(r.topics, c.topics),
           is_primary = coalesce(r.is_primary, c.is_primary)
      from json_to_recordset(${JSON.stringify(changes)}::json) as r${contactRecord}
     where c.id = r.id`.execute(tx)
}

/** Which account of a business unit has each of these e-mail domains, by the domain. */
export async function findDomainOwners(
  tx: Tx,
  unitId: string,
  domains: readonly string[],
): Promise<Map<string, string>> {
  const rows = await tx
    .selectFrom('account_domains')
    .select(['domain', 'account_id'])
    .where('business_unit_id', '=', unitId)
    .where(sql<boolean>`domain = any(${[...domains]}::citext[])`)
    .execute()
  return new Map(rows.map((row) => [row.domain.toLowerCase(), row.account_id]))
}

/** Gives accounts of a business unit e-mail domains that nobody has (A2). */
export async function insertDomains(
  tx: Tx,
  unitId: string,
  domains: readonly { account_id: string; domain: string }[],
): Promise<void> {
  if (domains.length === 0) return
  await sql`
    insert into account_domains (account_id, business_unit_id, domain)
    select account_id, ${unitId}::uuid, domain
      from json_to_recordset(${JSON.stringify(domains)}::json) as r(account_id uuid, domain citext)`.execute(
    tx,
  )
}
