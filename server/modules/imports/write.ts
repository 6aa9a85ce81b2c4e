import { sql } from 'kysely'
import type { AccountKind, BillingMode, LanguageCode, PaymentMethod } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { checkTaxId } from '../../platform/tax-ids.ts'
import {
  clearPrimaryContacts,
  findAccountsByExternalId,
  findAccountsById,
  findContactsByExternalId,
  findContactsOtherwise,
  findDomainOwners,
  insertAccounts,
  insertContacts,
  insertDomains,
  updateAccounts,
  updateContacts,
} from '../accounts/index.ts'
import { ensurePlans, type KnownPlan } from '../catalogue/index.ts'
import {
  type BulkSubscription,
  billingStart,
  findSubscriptionsByExternalId,
  insertSubscriptions,
  type StoredSubscription,
  type SubscriptionBulkChange,
  updateSubscriptions,
} from '../subscriptions/index.ts'
import type {
  AccountData,
  AccountRow,
  ContactRow,
  Fault,
  RejectCode,
  ServiceData,
  ServiceRow,
} from './rows.ts'

/** What became of a row, or with a preview will become of it. */
export type Outcome = 'created' | 'updated' | 'unchanged' | Fault

/** The business unit as far as an import needs it. */
type ImportUnit = {
  id: string
  currency: string
  language: LanguageCode
  country: string
  closing_day: number
  billing_mode: BillingMode
  due_day: number
  payment_methods: PaymentMethod[]
}

export type BatchSettings = {
  unit: ImportUnit
  /** The import's date. */
  asOf: Temporal.PlainDate
  /** Last closing date on or before the import's date: earlier days were billed by the other system. */
  billFrom: Temporal.PlainDate
  /** False: nothing is written, the outcomes say what would be. */
  write: boolean
  /** Accounts that an earlier row of the same file brought: the first row of an account decides what it holds. */
  seenAccounts: Set<string>
  /** The column that a target comes from, to name it where the database knows better than the row. */
  columnOf: (target: string) => string | null
}

/** One import of services at a time writes a batch of a business unit: two of the same file end like one after the other. */
export async function lockBatch(tx: Tx, unitId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('zaguan.import'), hashtext(${unitId}))`.execute(tx)
}

/** Whether the data says something else than what stands. */
function differs(data: object, stored: object): boolean {
  return Object.entries(data).some(([key, value]) => {
    const current = (stored as Record<string, unknown>)[key]
    // Lists of choices: the same ones in whatever order.
    if (Array.isArray(value) && Array.isArray(current))
      return value.length !== current.length || value.some((one) => !current.includes(one))
    return current !== value
  })
}

/**
 * Brings a tax id that is new to its standard form (A1). One that stands already is left alone: it may be older than the
 * check.
 */
function checkAccount(
  data: AccountData,
  stored: { tax_id: string | null; country: string | null; kind: AccountKind } | undefined,
  settings: BatchSettings,
): Fault | null {
  if (data.tax_id === undefined || data.tax_id === stored?.tax_id) return null
  const country = data.country ?? stored?.country ?? settings.unit.country
  const checked = checkTaxId(country, data.kind ?? stored?.kind, data.tax_id)
  if (!checked.ok) return faultAt(settings, 'account.tax_id', 'tax_id_invalid', data.tax_id)
  data.tax_id = checked.formatted
  return null
}

function faultAt(settings: BatchSettings, target: string, code: RejectCode, value: string | null): Fault {
  return { code, column: settings.columnOf(target), value }
}

/** Accounts: created, or changed where the row says something else. Outcomes in the order of the rows. */
export async function writeAccounts(
  tx: Tx,
  rows: readonly AccountRow[],
  settings: BatchSettings,
): Promise<Outcome[]> {
  const { unit } = settings
  const good = rows.flatMap((row) => ('data' in row ? [row.data] : []))
  const ids = good.flatMap((account) => account.zaguan_id ?? [])
  const listed = good.flatMap((account) => account.domains ?? [])
  const [byExternalId, byId, owners] = await Promise.all([
    findAccountsByExternalId(
      tx,
      unit.id,
      good.map((account) => account.external_id),
    ),
    ids.length > 0 ? findAccountsById(tx, ids) : new Map<string, never>(),
    listed.length > 0 ? findDomainOwners(tx, unit.id, listed) : new Map<string, string>(),
  ])
  const newDomains: { external_id: string; account_id: string | undefined; domain: string }[] = []
  const created: (AccountData & { name: string })[] = []
  const changed: (Partial<AccountData> & { id: string })[] = []
  const outcomes = rows.map((row): Outcome => {
    if ('fault' in row) return row.fault
    const { zaguan_id, domains = [], ...data } = row.data
    const known = byExternalId.get(data.external_id)
    const own = zaguan_id === undefined ? undefined : byId.get(zaguan_id)
    if (own && own.business_unit_id !== unit.id)
      return faultAt(settings, 'account.zaguan_id', 'other_unit', data.name ?? null)
    const account = own ?? known
    const fault = checkAccount(data, account, settings)
    if (fault) return fault
    if (domains.some((domain) => owners.has(domain) && owners.get(domain) !== account?.id))
      return faultAt(settings, 'account.domains', 'domain_taken', domains.join('; '))
    const missing = domains.filter((domain) => !owners.has(domain))
    const addDomains = () => {
      for (const domain of missing)
        newDomains.push({ external_id: data.external_id, account_id: account?.id, domain })
    }
    if (!account) {
      addDomains()
      created.push({ ...data, name: data.name ?? '' })
      return 'created'
    }
    if (known && known !== account && known.id !== account.id)
      return faultAt(settings, 'account.external_id', 'external_id_taken', data.external_id)
    // Known by Zaguan's own id alone: the row has no other one to give it.
    const { external_id, ...rest } = data
    const change = external_id === zaguan_id ? rest : data
    const other = differs(change, account)
    if (!other && missing.length === 0) return 'unchanged'
    addDomains()
    if (other) changed.push({ ...change, id: account.id })
    return 'updated'
  })
  if (settings.write) {
    const made = await insertAccounts(tx, unit, created)
    await updateAccounts(tx, changed)
    await insertDomains(
      tx,
      unit.id,
      newDomains.map((one) => ({
        account_id: one.account_id ?? made.get(one.external_id)!,
        domain: one.domain,
      })),
    )
  }
  return outcomes
}

/** Contacts of accounts that were imported before. */
export async function writeContacts(
  tx: Tx,
  rows: readonly ContactRow[],
  settings: BatchSettings,
): Promise<Outcome[]> {
  const good = rows.flatMap((row) => ('data' in row ? [row.data] : []))
  const accountIds = good.flatMap((contact) => contact.account_zaguan_id ?? [])
  const [byExternalId, byId] = await Promise.all([
    findAccountsByExternalId(tx, settings.unit.id, [
      ...new Set(good.map((contact) => contact.account_external_id)),
    ]),
    accountIds.length > 0 ? findAccountsById(tx, accountIds) : new Map<string, never>(),
  ])
  const accountOf = ({ account_zaguan_id, account_external_id }: (typeof good)[number]) =>
    (account_zaguan_id === undefined ? undefined : byId.get(account_zaguan_id)) ??
    byExternalId.get(account_external_id)
  // Those that no id of another system names are looked for by Zaguan's own, and by their e-mail.
  const unnamed = good.flatMap((contact) => {
    const account = accountOf(contact)
    const { zaguan_id: id, named, email } = contact
    return account && (id !== undefined || !named)
      ? [{ contact, account_id: account.id, id, email: named ? undefined : email }]
      : []
  })
  const [stored, found] = await Promise.all([
    findContactsByExternalId(
      tx,
      good.flatMap((contact) => {
        const account = accountOf(contact)
        return account ? [{ account_id: account.id, external_id: contact.external_id }] : []
      }),
    ),
    unnamed.length > 0 ? findContactsOtherwise(tx, unnamed) : [],
  ])
  const otherwise = new Map(unnamed.map(({ contact }, at) => [contact, found[at]]))
  const created: Parameters<typeof insertContacts>[1][number][] = []
  const changed: Parameters<typeof updateContacts>[1][number][] = []
  const promoted = new Map<string, string | null>()
  const outcomes = rows.map((row): Outcome => {
    if ('fault' in row) return row.fault
    const { account_external_id, account_zaguan_id, zaguan_id, named, ...data } = row.data
    const account = accountOf(row.data)
    if (account && 'business_unit_id' in account && account.business_unit_id !== settings.unit.id)
      return faultAt(settings, 'account.zaguan_id', 'other_unit', account.name)
    if (!account) return faultAt(settings, 'account.external_id', 'account_unknown', account_external_id)
    const known = stored.get(`${account.id} ${data.external_id}`)
    const other = otherwise.get(row.data)
    const contact = (other && other.id === zaguan_id ? other : known) ?? other
    if (!contact) {
      created.push({ ...data, account_id: account.id })
      if (data.is_primary) promoted.set(account.id, null)
      return 'created'
    }
    if (named && known && known.id !== contact.id)
      return faultAt(settings, 'contact.external_id', 'duplicate_id', data.external_id)
    const { external_id, ...rest } = data
    const change = named ? data : rest
    if (!differs(change, contact)) return 'unchanged'
    changed.push({ ...change, id: contact.id })
    if (data.is_primary) promoted.set(account.id, contact.id)
    return 'updated'
  })
  if (settings.write) {
    const kept = [...promoted.values()].flatMap((id) => id ?? [])
    await clearPrimaryContacts(tx, [...promoted.keys()], kept)
    await updateContacts(tx, changed)
    await insertContacts(tx, created)
  }
  return outcomes
}

/**
 * Services: each row's account, plan and subscription. A service that is there already changes only in what no bill
 * depends on (see docs/import.md): how it is paid, that it has ended, and its price while nothing of it was billed.
 */
export async function writeServices(
  tx: Tx,
  rows: readonly ServiceRow[],
  settings: BatchSettings,
): Promise<Outcome[]> {
  const { unit, seenAccounts } = settings
  const good = rows.flatMap((row) => ('data' in row ? [row.data] : []))
  const [accounts, subscriptions] = await Promise.all([
    findAccountsByExternalId(tx, unit.id, [...new Set(good.map((service) => service.account.external_id))]),
    findSubscriptionsByExternalId(
      tx,
      unit.id,
      good.map((service) => service.external_id),
    ),
  ])
  const newAccounts = new Map<string, AccountData & { name: string }>()
  const changedAccounts: (AccountData & { id: string })[] = []
  const newServices: ServiceData[] = []
  const changes: SubscriptionBulkChange[] = []
  const seenHere = new Set<string>()

  const outcomes = rows.map((row): Outcome => {
    if ('fault' in row) return row.fault
    const { data } = row
    const { account } = data
    const stored = accounts.get(account.external_id)
    const first = !seenAccounts.has(account.external_id) && !seenHere.has(account.external_id)
    const known = stored !== undefined || newAccounts.has(account.external_id) || !first
    if (!known && account.name === undefined) return { code: 'name_missing', column: null, value: null }
    const subscription = subscriptions.get(data.external_id)
    if (subscription && subscription.account_id !== stored?.id)
      return { code: 'account_differs', column: null, value: data.external_id }

    const fault = first ? checkAccount(account, stored, settings) : null
    if (fault) return fault
    seenHere.add(account.external_id)
    const accountChanged = first && stored !== undefined && differs(account, stored)
    if (accountChanged) changedAccounts.push({ ...account, id: stored.id })
    if (!stored && !newAccounts.has(account.external_id))
      newAccounts.set(account.external_id, { ...account, name: account.name ?? '' })
    if (!subscription) {
      newServices.push(data)
      return 'created'
    }
    const change = changeOf(subscription, data, settings)
    if (change) changes.push(change)
    return change || accountChanged ? 'updated' : 'unchanged'
  })

  if (settings.write) {
    const [ids] = await Promise.all([
      insertAccounts(tx, unit, [...newAccounts.values()]),
      updateAccounts(tx, changedAccounts),
      updateSubscriptions(tx, changes),
    ])
    const plans = await findPlansOf(tx, unit, newServices)
    await insertSubscriptions(
      tx,
      unit.id,
      newServices.map((service) =>
        subscriptionOf(
          service,
          accounts.get(service.account.external_id)?.id ?? ids.get(service.account.external_id)!,
          plans.get(service.plan)!,
          settings,
        ),
      ),
    )
  }
  return outcomes
}

/** Call once a batch is committed (or previewed): later rows then know which accounts it brought. */
export function rememberBatch(
  rows: readonly (AccountRow | ContactRow | ServiceRow)[],
  outcomes: readonly Outcome[],
  settings: BatchSettings,
): void {
  for (const [index, row] of rows.entries()) {
    if ('data' in row && 'account' in row.data && typeof outcomes[index] === 'string')
      settings.seenAccounts.add(row.data.account.external_id)
  }
}

function changeOf(
  stored: StoredSubscription,
  data: ServiceData,
  { asOf, billFrom }: BatchSettings,
): SubscriptionBulkChange | null {
  const change: SubscriptionBulkChange = { id: stored.id }
  if (data.payment_method && data.payment_method !== stored.payment_method)
    change.payment_method = data.payment_method
  const over = stored.status === 'cancelled' || stored.status === 'ended'
  if (isOver(data, asOf) && !over) {
    change.end_date = latest(data.end ?? billFrom, stored.start_date)
  }
  if (!stored.billed && stored.component_id !== null) {
    if (data.price !== stored.unit_amount) change.unit_amount = data.price
    if (data.quantity !== undefined && data.quantity !== stored.quantity) change.quantity = data.quantity
    if (change.unit_amount !== undefined || change.quantity !== undefined)
      change.component_id = stored.component_id
  }
  return Object.keys(change).length > 1 ? change : null
}

function latest(left: Temporal.PlainDate, right: Temporal.PlainDate): Temporal.PlainDate {
  return Temporal.PlainDate.compare(left, right) >= 0 ? left : right
}

async function findPlansOf(
  tx: Tx,
  unit: ImportUnit,
  services: readonly ServiceData[],
): Promise<Map<string, KnownPlan>> {
  const wanted = new Map<string, { first: ServiceData; options: Set<string> }>()
  for (const service of services) {
    const plan = wanted.get(service.plan) ?? { first: service, options: new Set() }
    for (const option of service.options) plan.options.add(option)
    wanted.set(service.plan, plan)
  }
  return ensurePlans(
    tx,
    unit,
    [...wanted].map(([name, { first, options }]) => ({
      name,
      product: first.product,
      kind: first.plan_kind,
      amount: first.price,
      options: [...options],
    })),
  )
}

/** Whether a service is over on the import's date: the file says so, or its end has come. */
function isOver(service: ServiceData, asOf: Temporal.PlainDate): boolean {
  if (service.state === 'cancelled') return true
  return service.end !== undefined && Temporal.PlainDate.compare(service.end, asOf) <= 0
}

/**
 * A service from another system. Days before the last closing on or before the import's date were billed there, so
 * billing starts at that closing, or at the start of a service that is younger. One that has ended gets the end that
 * the file says, else one that leaves nothing to bill.
 */
function subscriptionOf(
  service: ServiceData,
  accountId: string,
  plan: KnownPlan,
  { unit, asOf, billFrom }: BatchSettings,
): BulkSubscription {
  const { start, discount } = service
  const cancelled = isOver(service, asOf)
  return {
    external_id: service.external_id,
    account_id: accountId,
    plan_id: plan.id,
    plan_name: service.plan,
    status: cancelled ? 'cancelled' : 'active',
    start_date: start,
    bill_from: billFrom,
    billing_start: billingStart({
      start,
      trialDays: 0,
      proportionalTrial: false,
      closingDay: unit.closing_day,
      billFrom,
    }),
    end_date: cancelled ? (service.end ?? latest(billFrom, start)) : (service.end ?? null),
    billing_mode: plan.billing_mode ?? unit.billing_mode,
    currency: unit.currency,
    payment_method: service.payment_method ?? unit.payment_methods[0] ?? 'other',
    due_day: unit.due_day,
    discount_kind: discount?.kind ?? null,
    discount_amount: discount?.kind === 'amount' ? discount.amount : null,
    discount_basis_points: discount?.kind === 'percent' ? discount.basis_points : null,
    term_months: service.term_months,
    unit_amount: service.price,
    quantity: service.quantity ?? 1,
    options: service.options.map((name) => ({ name, id: plan.options.get(name)! })),
  }
}
