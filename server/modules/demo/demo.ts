import { sql } from 'kysely'
import type { LanguageCode, StaffRole } from '../../platform/database.gen.ts'
import { type Pool, type SystemActor, type Tx, transactAsSystem } from '../../platform/database.ts'
import type { FileStore } from '../../platform/files.ts'
import { hashPassword, hashToken } from '../../platform/secrets.ts'
import { issuePasswordToken } from '../access/index.ts'
import { writeAgreements } from './agreements.ts'
import { keepBooks } from './books.ts'
import { inventNotices, writeMails, writeNotices } from './correspondence.ts'
import { writeCustomerBase } from './customer-base.ts'
import { type DemoCustomer, demoCustomers, everything, fixedAccounts } from './customers.ts'
import { writeDunning } from './dunning.ts'
import { foundOperator } from './founding.ts'
import { type DemoAccount, inventHistory } from './history.ts'
import { demoPassword, demoStaff, demoUnits } from './operator.ts'
import { openShops } from './shop.ts'

/** Somebody who may sign in to the demonstration. */
export type DemoPerson = {
  side: 'staff' | 'customer'
  name: string
  email: string
  password: string
  language: LanguageCode
  /** Of staff. */
  role: StaffRole | null
  /** Of a customer: the names of their accounts. */
  account: string | null
  /** The business unit; null for staff of all. */
  unit: string | null
}

export type DemoSummary = {
  /** False where there were business units already: nothing was written. */
  made: boolean
  people: DemoPerson[]
  units: { slug: string; name: string }[]
  counts: { accounts: number; subscriptions: number; invoices: number; payments: number; mails: number }
}

const unitName = (slug: string) => demoUnits.find((unit) => unit.slug === slug)!.name

/** Everybody whom the demonstration can be signed in as. */
export const demoPeople: readonly DemoPerson[] = [
  ...demoStaff.map(
    ({ name, email, role, language, units }): DemoPerson => ({
      side: 'staff',
      name,
      email,
      password: demoPassword,
      language,
      role,
      account: null,
      unit: units === null ? null : units.map(unitName).join(', '),
    }),
  ),
  ...demoCustomers.map(({ name, email, language, accounts }): DemoPerson => {
    const own = accounts.map(({ key }) => fixedAccounts.find((account) => account.key === key)!)
    return {
      side: 'customer',
      name,
      email,
      password: demoPassword,
      language,
      role: null,
      account: own.map((account) => account.name).join(', '),
      unit: [...new Set(own.map((account) => unitName(account.unit)))].join(', '),
    }
  }),
]

const actor: SystemActor = { kind: 'system', way: 'command', operation: 'demo', name: 'demo' }

/**
 * Makes the demonstration operator: three business units with two years of accounts, closings and payments, the same
 * for the same day. Where there are business units already it writes nothing and tells what is there. Throws where an
 * earlier making of it was cut off.
 *
 * Call it before the server listens to events: what was issued years ago is not to be mailed. `origin` is the public
 * address, for the links in mails. With `ownerPool` it ends by measuring the tables for the query planner.
 */
export async function createDemo(options: {
  officePool: Pool
  ownerPool?: Pool
  files: FileStore
  now: Temporal.Instant
  log: (progress: { done: number; total: number; what: string }) => void
  origin?: string
}): Promise<DemoSummary> {
  const { officePool: pool, files, now, log, origin = 'http://localhost:3000' } = options
  const existing = await transactAsSystem(pool, actor, describeExisting)
  if (existing) return existing

  const transact = <T>(work: (tx: Tx) => Promise<T>) => transactAsSystem(pool, actor, work)
  log({ done: 0, total: 100, what: 'accounts' })
  const history = inventHistory(now)
  const { founded, users } = await transact(async (tx) => {
    const operator = await foundOperator(tx, files, now)
    await writeCustomerBase(tx, history.accounts, operator)
    await openShops(tx, operator, now)
    await writeAgreements(tx, operator, now)
    return { founded: operator, users: await writeCustomers(tx, history.accounts, demoCustomers) }
  })
  log({ done: 10, total: 100, what: 'closings' })
  const books = await keepBooks(pool, actor, history, founded, users, now, (done, total) =>
    log({ done: 10 + Math.floor((done * 75) / total), total: 100, what: 'closings' }),
  )
  log({ done: 85, total: 100, what: 'mails' })
  const mails = await transact(async (tx) => {
    const notices = await inventNotices(tx, books, history, now)
    const further = notices.map(({ invoice }) => invoice.account).filter(({ key }) => !users.has(key))
    for (const [key, id] of await writeCustomers(tx, history.accounts, further.map(asCustomer)))
      users.set(key, id)
    const desk = { tx, files, founded, history, now, origin }
    await writeNotices(desk, notices, users)
    const written = await writeMails(desk, books, notices)
    const reminders = await writeDunning(tx, founded, now, origin)
    await setPasswords(tx)
    return written + reminders
  })
  if (options.ownerPool) await options.ownerPool.query('analyze')
  log({ done: 100, total: 100, what: 'done' })
  return {
    made: true,
    people: [...demoPeople],
    units: demoUnits.map(({ slug, name }) => ({ slug, name })),
    counts: {
      accounts: history.accounts.length,
      subscriptions: history.accounts.reduce((sum, account) => sum + account.subscriptions.length, 0),
      invoices: books.invoices.length,
      payments: books.payments.length,
      mails,
    },
  }
}

/** What stands already; null where nothing does. Passwords are the last thing that is written. */
async function describeExisting(tx: Tx): Promise<DemoSummary | null> {
  const units = await tx.selectFrom('business_units').select(['slug', 'name']).orderBy('name').execute()
  if (units.length === 0) return null
  const emails = demoPeople.map(({ email }) => email)
  const known = await tx
    .selectFrom('users')
    .select(['side', 'email', 'password_set_at'])
    .where(sql<boolean>`email = any(${emails}::citext[])`)
    .execute()
  if (known.some((user) => user.password_set_at === null)) {
    throw new Error(
      'The demonstration was cut off while it was being made: begin again with an empty database.',
    )
  }
  const counted = await sql<DemoSummary['counts']>`
    select (select count(*) from accounts) as accounts, (select count(*) from subscriptions) as subscriptions,
           (select count(*) from invoices) as invoices, (select count(*) from payments) as payments,
           (select count(*) from notices) as mails`.execute(tx)
  return {
    made: false,
    people: demoPeople.filter(({ side, email }) =>
      known.some((user) => user.side === side && user.email === email),
    ),
    units,
    counts: counted.rows[0]!,
  }
}

/** Writes users of the customer side with their memberships. Gives user ids by the account's key: the first of each. */
async function writeCustomers(
  tx: Tx,
  accounts: readonly DemoAccount[],
  customers: readonly DemoCustomer[],
): Promise<Map<string, string>> {
  const byKey = new Map(accounts.map((account) => [account.key, account]))
  const users = new Map<string, string>()
  for (const { name, email, language, accounts: own } of customers) {
    const { id } = await tx
      .insertInto('users')
      .values({ side: 'customer', name, email, language })
      .returning('id')
      .executeTakeFirstOrThrow()
    for (const { key, permissions } of own) {
      if (!users.has(key)) users.set(key, id)
      await tx
        .insertInto('memberships')
        .values({ user_id: id, account_id: byKey.get(key)!.id, permissions })
        .execute()
    }
    await tx.updateTable('contacts').set({ user_id: id }).where('email', '=', email).execute()
  }
  return users
}

/** A user for an account whose payment notice waits: somebody must have sent it. */
function asCustomer({ key, language, contacts }: DemoAccount): DemoCustomer {
  const { first_name, last_name, email } = contacts[0]!
  return { name: `${first_name} ${last_name}`, email, language, accounts: [{ key, permissions: everything }] }
}

/** One password for all, hashed once; chosen by links, since nobody writes a hash otherwise. */
async function setPasswords(tx: Tx): Promise<void> {
  const hash = await hashPassword(demoPassword)
  const users = await tx.selectFrom('users').select(['id', 'side']).orderBy('id').execute()
  for (const { id, side } of users) {
    const token = await issuePasswordToken(tx, id, 'password')
    await sql`select set_password_by_token(${hashToken(token)}, ${side}::user_side, ${hash})`.execute(tx)
  }
}
