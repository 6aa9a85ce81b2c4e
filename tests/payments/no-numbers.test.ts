// No number of a card or an account, and no secret of a provider, is stored where it can be read, or logged: after a run of
// everything that takes one in, the whole database and the whole log of a process at its most talkative are searched.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestApi, type TestApi } from '../api.ts'
import { debitOfTests } from '../febraban/banks.ts'
import { issueInvoice } from '../invoices.ts'
import { type PixBank, startPixBank } from '../pix/conformance-server.ts'
import { killPrograms, type Program, startProgram, until } from '../processes.ts'

// biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects and fails where it is not there
type Body = any
type Caller = (method: string, path: string, body?: object) => Promise<Body>

let api: TestApi
let program: Program
let bank: PixBank
let admin: Caller
let customer: Caller
const account = { agency: '1234', account: '8675309', account_digit: '2' }
const typed = account.account
const stripe = {
  secret_key: 'sk_test_51NobodyKnowsThisSecretKey',
  webhook_secret: 'whsec_bm9ib2R5S25vd3NUaGlz',
}

beforeAll(async () => {
  ;[api, bank] = await Promise.all([startTestApi(), startPixBank()])
  api.setNow(Temporal.Now.instant().toString())
  program = await startProgram(['serve'], {
    DATABASE_URL: api.database.ownerUrl,
    DATA_DIR: api.dataDir,
    LOG_LEVEL: 'trace',
  })
  const call =
    (side: string, cookie: string): Caller =>
    async (method, path, body) => {
      const reply = await fetch(`${program.address}/api/v1/${side}${path}`, {
        method,
        headers: { cookie, ...(body ? { 'content-type': 'application/json' } : {}) },
        ...(body ? { body: JSON.stringify(body) } : {}),
      })
      const text = await reply.text()
      expect(reply.status, `${method} ${path} ${text}`).toBeLessThan(300)
      return text ? JSON.parse(text) : null
    }
  admin = call('office', (await api.staff('admin')).cookie)
  const unit = await api.unit()
  await admin('POST', '/accounts', { business_unit_id: unit.id, name: 'Casa', email: 'casa@casa.example' })
  customer = call('portal', (await api.customer('casa@casa.example')).cookie)
  await playAll(unit.id)
}, 240_000)
afterAll(async () => {
  await killPrograms()
  await pool?.end()
  await bank?.close()
  await api?.close()
})

async function wait(id: string, states: string[]): Promise<Body> {
  let intent: Body
  await until(`the payment is ${states.join(' or ')}`, 30, async () => {
    intent = await customer('GET', `/payment-intents/${id}`)
    return states.includes(intent.state)
  })
  return intent
}

async function choose(id: string, scenario: string): Promise<Body> {
  const { action } = await wait(id, ['action_needed'])
  await fetch(new URL(new URL(action.url).pathname, program.address), {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ do: 'choose', scenario }),
    redirect: 'manual',
  })
  await admin('POST', `/payment-intents/${id}/look-up`)
  return wait(id, ['succeeded', 'failed'])
}

/** Sets providers up, well and badly; pays, stores, is refused, refunds, debits, and has the bank told of it by a file. */
async function playAll(unit: string): Promise<void> {
  const provide = (driver: string, methods: string[], more: object = {}) =>
    admin('POST', '/payment-providers', {
      business_unit_id: unit,
      driver,
      name: driver,
      methods,
      enabled: true,
      ...more,
    })
  const sandbox = await provide('sandbox', ['card'])
  const debit = await provide('debit_file', ['bank_debit'], { settings: { ...debitOfTests, bank: '033' } })
  const settings = { publishable_key: 'pk_test_51NobodyKnowsThisKey' }
  await provide('stripe', ['card'], { enabled: false, settings, secrets: stripe })
  const pix = await provide('pix', ['pix'], { settings: bank.settings, secrets: bank.secrets })
  const wrong = await provide('pix', ['pix'], {
    enabled: false,
    settings: bank.settings,
    secrets: { ...bank.secrets, client_secret: `${bank.secrets.client_secret}-wrong` },
  })
  for (const { id } of [pix, wrong]) await admin('POST', `/payment-providers/${id}/test`)
  await until('both were tried', 60, async () => {
    const { items } = await admin('GET', '/payment-providers')
    const of = (id: string) => items.find((one: Body) => one.id === id).health
    return of(pix.id) === 'working' && of(wrong.id) === 'failing'
  })
  const { id: owner } = (await admin('GET', '/accounts?q=casa@casa.example')).items[0]
  const issue = (due_date: string) => api.system((tx) => issueInvoice(tx, owner, { total: 5000, due_date }))
  const pay = async (scenario: string, invoice: { id: string }) => {
    const body = { provider_id: sandbox.id, method: 'card', invoice_ids: [invoice.id], store: true }
    return choose((await customer('POST', '/payment-intents', body)).id, scenario)
  }
  const invoice = await issue('2090-01-10')
  expect(await pay('insufficient_funds', invoice)).toMatchObject({ state: 'failed' })
  expect(await pay('success', invoice)).toMatchObject({ state: 'succeeded' })
  const { items } = await admin('GET', `/payments?account_id=${owner}`)
  await admin('POST', `/payments/${items[0].id}/refund`, {
    amount: 100,
    reason: 'Por engano',
    by: 'provider',
  })

  // An account that a bank cannot have, then one that it has.
  const store = (details: object) =>
    customer('POST', '/stored-methods', { provider_id: debit.id, method: 'bank_debit', details })
  const refused = await store({ ...account, account: `${typed}${typed}` })
  await wait(refused.id, ['failed'])
  const kept = await store(account)
  await wait(kept.id, ['succeeded'])
  const method = (await customer('GET', '/stored-methods')).items.find(
    (one: Body) => one.method === 'bank_debit',
  )
  expect(method).toMatchObject({ state: 'active', last_digits: '309' })
  await customer('PATCH', `/stored-methods/${method.id}`, { automatic: true })
  await issue('2026-01-10')
  const run = await admin('POST', `/business-units/${unit}/debit-runs`)
  await until('what is due was taken to the bank', 30, async () => {
    const { state, done } = await admin('GET', `/debit-runs/${run.id}`)
    return state === 'done' && done > 0
  })
  await admin('POST', `/payment-providers/${debit.id}/remittances`)
  await customer('DELETE', `/stored-methods/${method.id}`)
  await until('nothing waits', 30, async () => {
    const { rows } = await ask(
      'select count(*)::int as n from queued_jobs where run_at <= now() and attempts = 0',
    )
    return rows[0].n === 0
  })
}

let pool: pg.Pool | undefined
function ask(text: string): Promise<pg.QueryResult> {
  pool ??= new pg.Pool({ connectionString: api.database.ownerUrl, max: 2 })
  return pool.query(text)
}

/** Every value of every column of every table of the database, the queue's included, as text. */
async function readDatabase(): Promise<{ place: string; text: string }[]> {
  const columns = await ask(`
    select c.table_schema, c.table_name, c.column_name, c.data_type
      from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
     where t.table_type = 'BASE TABLE' and c.table_schema not in ('pg_catalog', 'information_schema')`)
  const found: { place: string; text: string }[] = []
  for (const { table_schema, table_name, column_name, data_type } of columns.rows) {
    const column = pg.escapeIdentifier(column_name)
    // Bytes as the letters that they would be: an escape of what is none breaks no run of digits.
    const value = data_type === 'bytea' ? `encode(${column}, 'escape')` : `${column}::text`
    const { rows } = await ask(
      `select ${value} as text from ${pg.escapeIdentifier(table_schema)}.${pg.escapeIdentifier(table_name)} where ${column} is not null`,
    )
    for (const { text } of rows) found.push({ place: `${table_name}.${column_name}`, text })
  }
  return found
}

/** What is written in files, as letters. */
async function readFiles(): Promise<{ place: string; text: string }[]> {
  const files = await readdir(api.dataDir, { recursive: true, withFileTypes: true })
  return Promise.all(
    files
      .filter((file) => file.isFile())
      .map(async (file) => ({
        place: file.name,
        text: await readFile(join(file.parentPath, file.name), 'latin1'),
      })),
  )
}

/** ISO/IEC 7812: whether the digits end with the check digit of a card. */
function isCard(digits: string): boolean {
  let sum = 0
  for (const [index, digit] of [...digits].toReversed().entries()) {
    const twice = Number(digit) * (index % 2 === 0 ? 1 : 2)
    sum += twice > 9 ? twice - 9 : twice
  }
  return sum % 10 === 0
}

/** A moment of today, in milliseconds: it has the length of a card, and one in ten its check digit. */
const isMoment = (digits: string) =>
  digits.length === 13 && Math.abs(Number(digits) - Temporal.Now.instant().epochMilliseconds) < 86_400_000

/** What could be a card: 13 to 19 digits that stand alone, written together or in fours. */
function findCards(text: string): string[] {
  const together = text.match(/(?<![0-9A-Za-z_.-])\d{13,19}(?![0-9A-Za-z_-])/g) ?? []
  const inFours = text.match(/(?<![0-9A-Za-z_.-])\d{4}([ -])\d{4}\1\d{4}\1\d{1,7}(?![0-9A-Za-z_-])/g) ?? []
  return [...together, ...inFours].filter((found) => isCard(found.replaceAll(/\D/g, '')) && !isMoment(found))
}

const secrets = () => [
  typed,
  `${typed}${typed}`,
  ...Object.values(stripe),
  bank.secrets.client_secret,
  ...[bank.secrets.private_key, bank.secrets.certificate].map((pem) => pem.split('\n')[2]!),
]

describe('after everything that takes a number or a secret in', () => {
  it('the search finds what it looks for', () => {
    expect(findCards('paid by 4242424242424242.')).toEqual(['4242424242424242'])
    expect(findCards('{"n":"5555 5555 5555 4444"}')).toEqual(['5555 5555 5555 4444'])
    expect(findCards('4242424242424241 018f4242-4242-4242-4242-424242424242')).toEqual([])
    for (const secret of secrets()) expect(secret.length).toBeGreaterThan(6)
  })
  it('none stands in the database', async () => {
    const values = await readDatabase()
    expect(values.length).toBeGreaterThan(1000)
    for (const name of [
      'stored_methods.last_digits',
      'payment_providers.secrets_encrypted',
      'audit_log.after',
    ])
      expect(
        values.some(({ place }) => place === name),
        name,
      ).toBe(true)
    const found = values.flatMap(({ place, text }) => [
      ...secrets()
        .filter((secret) => text.includes(secret))
        .map((secret) => `${place}: ${secret}`),
      ...findCards(text).map((card) => `${place}: ${card}`),
    ])
    expect(found).toEqual([])
  })
  it('none stands in a file', async () => {
    const files = await readFiles()
    expect(files.length).toBeGreaterThan(0)
    const found = files.flatMap(({ place, text }) =>
      [...secrets().filter((secret) => text.includes(secret)), ...findCards(text)].map(
        (what) => `${place}: ${what}`,
      ),
    )
    expect(found).toEqual([])
  })
  it('none stands in the log', () => {
    const log = program.log()
    expect(log).toContain('/payment-providers')
    expect([...secrets().filter((secret) => log.includes(secret)), ...findCards(log)]).toEqual([])
  })
})
