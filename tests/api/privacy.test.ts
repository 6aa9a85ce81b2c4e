// Privacy: everything that is stored about an account as a file, and its erasure, which leaves the books to the cent.
import { sql } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createJobHandlers } from '../../server/app.ts'
import { createSandboxDriver, type FaultPlan } from '../../server/drivers/sandbox/driver.ts'
import { createPrivacyJobs } from '../../server/modules/privacy/index.ts'
import { transactAsSystem } from '../../server/platform/database.ts'
import { encryptSecret } from '../../server/platform/encryption.ts'
import { createMailer } from '../../server/platform/mail.ts'
import { type Caller, startTestApi, type TestApi } from '../api.ts'
import { issueInvoice } from '../invoices.ts'
import { runJobs } from '../jobs.ts'
import { addSandbox, press } from '../payments/sandbox-house.ts'

let api: TestApi
let admin: Caller
let owner: pg.Client
let unit: { id: string }
let other: { id: string }
let plan: { id: string }
let people = 0

beforeAll(async () => {
  api = await startTestApi()
  admin = await api.staff('admin')
  owner = new pg.Client({ connectionString: api.database.ownerUrl })
  await owner.connect()
  unit = await api.unit()
  other = await api.unit()
  const product = (await admin.post('/products', { business_unit_id: unit.id, name: 'Internet' })).body
  plan = (
    await admin.post('/plans', {
      business_unit_id: unit.id,
      product_id: product.id,
      name: 'Fibra',
      kind: 'generic',
      prices: [{ currency: 'BRL', interval: 'month', amount: 9990 }],
    })
  ).body
})
afterAll(async () => {
  await owner?.end()
  await api?.close()
})

type Party = { id: string; number: number; email: string; word: string; customer: Caller }

/** What is asked for must be done, or the test says what was answered. */
async function done(reply: Promise<{ status: number; body: unknown }>) {
  const { status, body } = await reply
  expect(status, JSON.stringify(body)).toBeLessThan(300)
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects
  return body as any
}

/** An account with its owner signed in; `word` stands in everything personal of it, and nowhere else. */
async function createParty(businessUnit = unit.id): Promise<Party> {
  const word = `zilda${++people}x`
  const email = `${word}@casa.example`
  const account = await done(
    admin.post('/accounts', {
      business_unit_id: businessUnit,
      name: `Casa ${word}`,
      email,
      phone: `+55 11 9${1000_0000 + people}`,
      address: `Rua ${word}, 12`,
      city: `Vila ${word}`,
      external_id: `ext-${word}`,
      notes: `Notes on ${word}`,
    }),
  )
  await done(
    admin.post(`/accounts/${account.id}/contacts`, {
      first_name: word,
      last_name: 'Souza',
      email: `contato.${word}@casa.example`,
      phone: `+55 11 3${1000_000 + people}`,
    }),
  )
  const customer = await api.customer(email)
  await done(customer.patch('/session/user', { name: `Dona ${word}` }))
  return { id: account.id, number: account.number, email, word, customer }
}

/** A life as a customer: services that ended, invoices and payments, mails, receipts, invitations, keys, changes. */
async function live(party: Party): Promise<{ invoice: string; paid: string; refused: string }> {
  const service = await done(
    admin.post(`/accounts/${party.id}/subscriptions`, {
      plan_id: plan.id,
      start_date: '2026-05-01',
      status: 'active',
      notes: `For ${party.word}`,
    }),
  )
  await done(
    admin.post(`/subscriptions/${service.id}/cancel`, {
      date: '2026-05-01',
      reason: `${party.word} moved away`,
    }),
  )
  const { id: invoice } = await api.system((tx) =>
    issueInvoice(tx, party.id, { total: 5000, due_date: '2026-06-10', lines: [`Internet of May`] }),
  )
  const notify = async (text: string) => {
    const receipt = await done(
      party.customer.upload('POST', '/receipts', {
        name: `${party.word}-${text}.pdf`,
        type: 'application/pdf',
        bytes: Buffer.from(`%PDF ${party.word} ${text}`),
      }),
    )
    return done(
      party.customer.post('/payment-notices', {
        invoice_ids: [invoice],
        amount: 5000,
        method: 'bank_transfer',
        paid_on: '2026-05-20',
        note: `${party.word} says ${text}`,
        receipt_file_id: receipt.file_id,
      }),
    )
  }
  const refused = await notify('refused')
  await done(admin.post(`/payment-notices/${refused.id}/reject`, { reason: `Not by ${party.word}` }))
  const paid = await notify('paid')
  await done(admin.post(`/payment-notices/${paid.id}/approve`, {}))
  await done(admin.patch(`/accounts/${party.id}`, { notes: `Older notes on ${party.word}` }))
  await runJobs(api)
  return { invoice, paid: paid.id, refused: refused.id }
}

async function exportAs(caller: Caller, path: string) {
  const asked = await done(caller.post(path, {}))
  await runJobs(api)
  return done(caller.get(`/privacy-exports/${asked.id}`))
}
async function download(caller: Caller, id: string) {
  const reply = await caller.get(`/privacy-exports/${id}/json`)
  expect(reply.status, JSON.stringify(reply.body)).toBe(200)
  expect(String(reply.headers['content-disposition'])).toMatch(/^attachment/)
  return JSON.parse(reply.bytes.toString()) as {
    format: string
    account: { id: string; number: number }
    lists: Record<string, Record<string, unknown>[]>
  }
}

/** In which tables a word still stands: every row of every table of ours, as text. */
async function whereStands(word: string): Promise<string[]> {
  const tables = await owner.query(
    `select c.relname from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') order by 1`,
  )
  const found: string[] = []
  for (const { relname } of tables.rows) {
    const { rows } = await owner.query(
      `select count(*)::int as n from ${relname} t where to_jsonb(t)::text ilike '%' || $1 || '%'`,
      [word],
    )
    if (rows[0].n > 0) found.push(`${relname}: ${rows[0].n}`)
  }
  return found
}

describe('an export', () => {
  let mine: Party
  let theirs: Party
  beforeAll(async () => {
    mine = await createParty()
    theirs = await createParty()
    await live(mine)
    await live(theirs)
  })

  it('has what is stored of each declared list, and nothing of another account', async () => {
    const shown = await exportAs(admin, `/accounts/${mine.id}/privacy-exports`)
    expect(shown).toMatchObject({ state: 'done', side: 'staff', account_id: mine.id })
    expect(shown.parts_done).toBe(shown.parts_total)
    const { format, account, lists } = await download(admin, shown.id)
    expect([format, account.number]).toEqual(['zaguan.privacy-export', mine.number])
    const text = JSON.stringify(lists)
    expect(text).toContain(mine.word)
    expect(text).not.toContain(theirs.word)
    expect(text).not.toContain(theirs.id)
    // Every table that has rows of the account is told of, whole.
    const tables = await owner.query(`
      select c.table_name from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
       where c.table_schema = 'public' and c.column_name = 'account_id' and t.table_type = 'BASE TABLE'`)
    const counted = tables.rows.map((row) => row.table_name)
    for (const table of counted) {
      // The search's entries are copies; a session is told of under the person whose it is.
      if (['search_entries', 'sessions', 'privacy_exports', 'audit_log', 'notices', 'files'].includes(table))
        continue
      const rows = await owner.query(`select count(*)::int as n from ${table} where account_id = $1`, [
        mine.id,
      ])
      expect(lists[table]?.length ?? `${table} is no list`, table).toBe(rows.rows[0].n)
    }
    for (const list of [
      'accounts',
      'contacts',
      'memberships',
      'users',
      'sessions',
      'audit_log',
      'subscriptions',
    ])
      expect(lists[list]?.length, list).toBeGreaterThan(0)
    for (const list of [
      'invoices',
      'invoice_lines',
      'ledger_entries',
      'payments',
      'payment_notices',
      'notices',
      'files',
    ])
      expect(lists[list]?.length, list).toBeGreaterThan(0)
    expect(lists.accounts?.[0]).toMatchObject({
      id: mine.id,
      email: mine.email,
      external_id: `ext-${mine.word}`,
    })
  })

  it('has no secret in it, and not where staff sat', async () => {
    const { items } = await done(admin.get(`/accounts/${mine.id}/privacy-exports`))
    const { lists } = await download(admin, items[0].id)
    const keys = new Set(Object.values(lists).flatMap((rows) => rows.flatMap((row) => Object.keys(row))))
    expect(
      [...keys].filter((key) => /hash|token|secret_|encrypted|public_key|^html$|fingerprint/.test(key)),
    ).toEqual([])
    const byStaff = lists.audit_log!.filter((entry) => entry.actor_kind === 'staff')
    expect(byStaff.length).toBeGreaterThan(0)
    expect(byStaff.every((entry) => entry.ip === null)).toBe(true)
    const secret = lists.notices!.filter((notice) => notice.secret === true)
    expect(secret.every((notice) => !('text_body' in notice))).toBe(true)
  })

  it('is a PDF for people, too', async () => {
    const { items } = await done(admin.get(`/accounts/${mine.id}/privacy-exports`))
    const pdf = await admin.get(`/privacy-exports/${items[0].id}/pdf`)
    expect(pdf.status).toBe(200)
    expect(pdf.bytes.subarray(0, 5).toString()).toBe('%PDF-')
    expect(pdf.bytes.length).toBe(items[0].pdf_size)
  })

  it('is asked for by the owner alone, who is told by mail and gets no attachment', async () => {
    const shown = await exportAs(mine.customer, '/privacy-exports')
    expect(shown).toMatchObject({ state: 'done', side: 'customer' })
    const { lists } = await download(mine.customer, shown.id)
    expect(lists.accounts).toHaveLength(1)
    const mails = await api.system((tx) =>
      tx
        .selectFrom('notices')
        .selectAll()
        .where('kind', '=', 'privacy_export_ready')
        .where('account_id', '=', mine.id)
        .execute(),
    )
    expect(mails.map((mail) => [mail.to_email, mail.state])).toEqual([[mine.email, 'kept']])
    expect(mails[0]?.text_body).toContain('/privacy')
    // Staff's export was none of the owner's, and no mail told of it.
    const listed = await done(mine.customer.get('/privacy-exports'))
    expect(listed.items.map((one: { id: string }) => one.id)).toEqual([shown.id])
    // A member who is no owner is not let in, whatever else they may.
    const member = await api.customer(`contato.${mine.word}@casa.example`)
    expect((await member.get('/privacy-exports')).status).toBe(403)
    expect((await member.post('/privacy-exports', {})).status).toBe(403)
    expect((await member.get(`/privacy-exports/${shown.id}/json`)).status).toBe(403)
    // Another account's owner finds nothing.
    for (const path of ['', '/json', '/pdf'])
      expect((await theirs.customer.get(`/privacy-exports/${shown.id}${path}`)).status).toBe(404)
  })

  it('is for staff with the permission, of the business unit', async () => {
    for (const role of ['support', 'sales', 'finance', 'auditor'] as const) {
      const caller = await api.staff(role)
      expect((await caller.post(`/accounts/${mine.id}/privacy-exports`, {})).status, role).toBe(403)
      expect((await caller.get(`/accounts/${mine.id}/erasure`)).status, role).toBe(403)
    }
    const elsewhere = await api.staff('admin', { units: [other.id] })
    expect((await elsewhere.post(`/accounts/${mine.id}/privacy-exports`, {})).status).toBe(404)
    expect((await elsewhere.get(`/accounts/${mine.id}/privacy-exports`)).status).toBe(404)
    expect(
      (await elsewhere.post(`/accounts/${mine.id}/erasure`, { number: mine.number, reason: 'x' })).status,
    ).toBe(404)
  })

  it('is made once at a time, and one that was killed is made again by the next attempt', async () => {
    const asked = await done(admin.post(`/accounts/${mine.id}/privacy-exports`, {}))
    const twice = await admin.post(`/accounts/${mine.id}/privacy-exports`, {})
    expect([twice.status, twice.body.code]).toEqual([409, 'privacy_export_running'])
    // A process that is stopped in the middle of its lists leaves it running.
    let steps = 0
    const handlers = createJobHandlers({
      config: api.config,
      mailer: createMailer({ smtpUrl: null, from: api.config.mailFrom }),
      files: api.files,
    })
    const attempt = handlers['privacy:make_export']!(
      { export_id: asked.id },
      {
        pool: api.office,
        now: api.now,
        transact: (work) =>
          transactAsSystem(api.office, { kind: 'job', way: 'job', operation: 'test', name: 'test' }, work),
        stopping: () => ++steps > 12,
        last_attempt: false,
        log: { info: () => undefined, error: () => undefined },
      },
    )
    await expect(attempt).rejects.toThrow(/stopping/)
    const halfway = await done(admin.get(`/privacy-exports/${asked.id}`))
    expect([halfway.state, halfway.parts_done > 0, halfway.parts_done < halfway.parts_total]).toEqual([
      'running',
      true,
      true,
    ])
    expect((await admin.get(`/privacy-exports/${asked.id}/json`)).body.code).toBe('privacy_export_not_ready')
    await runJobs(api)
    const finished = await done(admin.get(`/privacy-exports/${asked.id}`))
    expect([finished.state, finished.parts_done]).toEqual(['done', finished.parts_total])
    const { lists } = await download(admin, asked.id)
    expect(lists.contacts).toHaveLength(1)
    // Done once more it changes nothing.
    await api.system((tx) =>
      sql`select enqueue_job('privacy:make_export', ${JSON.stringify({ export_id: asked.id })}::json)`.execute(
        tx,
      ),
    )
    await runJobs(api)
    expect(await done(admin.get(`/privacy-exports/${asked.id}`))).toEqual(finished)
  })

  it('notes in the audit log who asked, and who took which file', async () => {
    const { items } = await done(
      admin.get(`/audit?account_id=${mine.id}&object_type=privacy_exports&limit=200`),
    )
    const actions = items.map((entry: { action: string; after: { format?: string } | null }) =>
      [entry.action, entry.after?.format].filter(Boolean).join(' '),
    )
    for (const expected of ['created', 'made', 'downloaded json', 'downloaded pdf'])
      expect(actions).toContain(expected)
  })

  it('is removed after seven days', async () => {
    const before = api.now().toString()
    const { items } = await done(admin.get(`/accounts/${mine.id}/privacy-exports`))
    try {
      api.setNow(
        api
          .now()
          .add({ hours: 24 * 7, seconds: 1 })
          .toString(),
      )
      const late = await admin.get(`/privacy-exports/${items[0].id}/json`)
      expect([late.status, late.body.code]).toEqual([410, 'privacy_export_gone'])
      await api.system((tx) =>
        sql`select enqueue_job('privacy:remove_expired_exports', '{}'::json)`.execute(tx),
      )
      await runJobs(api)
      const files = await owner.query(
        `select e.json_file_id, e.pdf_file_id, e.removed_at from privacy_exports e where e.account_id = $1`,
        [mine.id],
      )
      for (const row of files.rows) {
        expect(row.removed_at).not.toBeNull()
        expect([await api.files.size(row.json_file_id), await api.files.size(row.pdf_file_id)]).toEqual([
          null,
          null,
        ])
      }
      const left = await owner.query(
        `select count(*)::int as n from files where purpose = 'privacy_export' and account_id = $1`,
        [mine.id],
      )
      expect(left.rows[0].n).toBe(0)
    } finally {
      api.setNow(before)
    }
  })
})

describe('an erasure', () => {
  const erase = (party: Party, change: object = {}) =>
    admin.post(`/accounts/${party.id}/erasure`, {
      number: party.number,
      reason: 'Asked for by the customer',
      ...change,
    })
  const trialBalance = async () =>
    (
      await owner.query(
        `select ledger_account, kind, currency, count(*)::int as n, sum(amount)::bigint::text as sum from ledger_entries group by 1, 2, 3 order by 1, 2, 3`,
      )
    ).rows

  it('is refused while something runs, is owed, waits or is not billed, and says what', async () => {
    const party = await createParty()
    const service = await done(
      admin.post(`/accounts/${party.id}/subscriptions`, {
        plan_id: plan.id,
        start_date: '2026-05-01',
        status: 'active',
      }),
    )
    const { id: invoice } = await api.system((tx) =>
      issueInvoice(tx, party.id, { total: 700, due_date: '2026-06-10' }),
    )
    await done(
      party.customer.post('/payment-notices', {
        invoice_ids: [invoice],
        amount: 700,
        method: 'bank_transfer',
        paid_on: '2026-05-20',
      }),
    )
    const shown = await done(admin.get(`/accounts/${party.id}/erasure`))
    expect(shown.obstacles).toEqual([
      { code: 'services_running', count: 1, amount: null },
      { code: 'invoices_open', count: 1, amount: 700 },
      { code: 'payments_pending', count: 1, amount: 700 },
    ])
    expect((await erase(party)).body.code).toBe('erasure_obstructed')
    // Money beyond what is owed stands in its way as well.
    await done(
      admin.post(`/accounts/${party.id}/payments`, {
        amount: 1000,
        method: 'cash',
        received_on: '2026-05-20',
      }),
    )
    await done(admin.post(`/subscriptions/${service.id}/cancel`, { date: '2026-05-21', reason: 'over' }))
    const later = await done(admin.get(`/accounts/${party.id}/erasure`))
    expect(later.obstacles.map((one: { code: string }) => one.code)).toEqual(
      expect.arrayContaining(['credit_left', 'payments_pending', 'days_unbilled']),
    )
    expect((await erase(party)).body.code).toBe('erasure_obstructed')
    expect((await done(admin.get(`/accounts/${party.id}`))).name).toContain(party.word)
    // The database refuses, too, whoever asks it.
    const directly = await api
      .system((tx) => sql`select erase_account(${party.id}, 'x', 'y', 'z', '2026-05-21')`.execute(tx))
      .catch((error: { constraint: string }) => error.constraint)
    expect(directly).toBe('erasure_obstructed')
  })

  it('asks for the account’s number, a reason and the permission', async () => {
    const party = await createParty()
    const wrong = await erase(party, { number: party.number + 1 })
    expect([wrong.status, wrong.body.errors?.[0]?.path ?? wrong.body.fields?.[0]?.path]).toEqual([
      422,
      'number',
    ])
    expect((await erase(party, { reason: '  ' })).status).toBe(422)
    const finance = await api.staff('finance')
    expect(
      (await finance.post(`/accounts/${party.id}/erasure`, { number: party.number, reason: 'x' })).status,
    ).toBe(403)
    expect((await done(admin.get(`/accounts/${party.id}`))).name).toContain(party.word)
  })

  it('leaves nothing of the person anywhere but in the documents, and the books to the cent', async () => {
    const party = await createParty()
    const bystander = await createParty()
    const { invoice, paid, refused } = await live(party)
    await live(bystander)
    // An import that left a row of theirs out, and its sample.
    const importId = (
      await owner.query(
        `insert into imports (business_unit_id, kind, file_name, mapping, as_of, state, columns, sample)
         values ($1, 'accounts', 'a.csv', '{}', '2026-05-01', 'done', '{name,email}', $2) returning id`,
        [
          unit.id,
          JSON.stringify([
            ['Casa', party.email],
            ['Casa', bystander.email],
          ]),
        ],
      )
    ).rows[0].id
    for (const [row, one] of [party, bystander].entries())
      await owner.query(
        `insert into import_rejects (import_id, business_unit_id, row_number, code, column_name, value, record) values ($1, $2, $3, 'taken', 'email', $4, $5)`,
        [importId, unit.id, row + 1, one.email, JSON.stringify([`Casa ${one.word}`, one.email])],
      )
    await owner.query(
      `update sessions set account_id = $1 where user_id = (select id from users where email = $2)`,
      [party.id, party.email],
    )
    const files = await owner.query(
      `select n.id as notice, f.id from payment_notices n join files f on f.id = n.receipt_file_id where n.account_id = $1`,
      [party.id],
    )
    const fileOf = (notice: string) => files.rows.find((row) => row.notice === notice)?.id as string
    const before = await trialBalance()
    const pdfBefore = (await admin.get(`/invoices/${invoice}/pdf`)).bytes
    const document = (
      await owner.query('select customer, issuer, total from invoices where id = $1', [invoice])
    ).rows

    const shown = await done(admin.get(`/accounts/${party.id}/erasure`))
    expect(shown.obstacles).toEqual([])
    expect(shown.goes).toContainEqual({ kind: 'people', count: 1 })
    expect(shown.goes).toContainEqual({ kind: 'receipts_removed', count: 1 })
    expect(shown.stays).toContainEqual({ kind: 'receipts_kept', count: 1 })
    const erased = await done(erase(party))
    expect(erased.erased_at).not.toBeNull()
    await runJobs(api)

    // Where the name still stands: on the document, as law asks.
    expect((await whereStands(party.word)).map((one) => one.split(':')[0])).toEqual(['invoices'])
    expect(document).toEqual(
      (await owner.query('select customer, issuer, total from invoices where id = $1', [invoice])).rows,
    )
    expect(JSON.stringify(document)).toContain(party.word)
    expect(await trialBalance()).toEqual(before)
    expect((await admin.get(`/invoices/${invoice}/pdf`)).bytes.equals(pdfBefore)).toBe(true)
    // The receipt that proves the payment stays, the other's bytes are gone.
    expect(await api.files.size(fileOf(paid))).toBeGreaterThan(0)
    expect(await api.files.size(fileOf(refused))).toBeNull()

    // The account is nobody, in the language of its business unit, and is found by no word of before.
    const account = await done(admin.get(`/accounts/${party.id}`))
    expect(account).toMatchObject({
      name: `Cliente apagado ${party.number}`,
      email: null,
      phone: null,
      notes: null,
      external_id: null,
    })
    expect((await done(admin.get(`/accounts?q=${party.word}`))).items).toEqual([])
    expect(JSON.stringify(await done(admin.get(`/search?q=${party.word}`)))).not.toContain(party.id)
    expect((await done(admin.get(`/audit?q=${party.word}`))).items).toEqual([])
    expect((await done(admin.get(`/accounts/${party.id}/contacts`))).items).toEqual([])
    // Nobody signs in any more.
    expect((await party.customer.get('/session')).status).toBe(401)

    // The neighbour lost nothing.
    expect((await done(bystander.customer.get('/account'))).name).toContain(bystander.word)
    expect((await whereStands(bystander.word)).map((one) => one.split(':')[0])).toEqual(
      expect.arrayContaining([
        'accounts',
        'contacts',
        'users',
        'audit_log',
        'import_rejects',
        'notices',
        'payment_notices',
      ]),
    )
  })

  it('is in the audit log with who, when and why, and the entries keep what they were about', async () => {
    const party = await createParty()
    await live(party)
    const before = (await done(admin.get(`/audit?account_id=${party.id}&limit=200`))).items.length
    await done(erase(party))
    const { items } = await done(admin.get(`/audit?account_id=${party.id}&limit=200`))
    expect(items.length).toBeGreaterThan(before)
    const [entry] = items
    expect(entry).toMatchObject({
      action: 'erased',
      object_type: 'accounts',
      actor_name: expect.stringContaining('admin'),
      after: { number: party.number, reason: 'Asked for by the customer' },
    })
    for (const one of items.slice(1)) {
      expect(one.redacted_at, JSON.stringify(one)).not.toBeNull()
      for (const value of Object.values({ ...one.before, ...one.after })) expect(value).toBeNull()
      if (one.actor_kind === 'customer') expect([one.actor_name, one.ip]).toEqual(['Pessoa apagada', null])
    }
    const change = items.find(
      (one: { object_type: string; action: string }) =>
        one.object_type === 'accounts' && one.action === 'created',
    )
    expect(Object.keys(change.after)).toEqual(expect.arrayContaining(['name', 'email', 'address']))
  })

  it('happens once, and nothing changes afterwards', async () => {
    const party = await createParty()
    const first = await done(erase(party))
    const count = async () =>
      (await owner.query(`select count(*)::int as n from audit_log where account_id = $1`, [party.id]))
        .rows[0].n
    const entries = await count()
    expect((await done(erase(party))).erased_at).toBe(first.erased_at)
    expect(await count()).toBe(entries)
    for (const [what, reply] of [
      ['name', await admin.patch(`/accounts/${party.id}`, { name: 'Back again' })],
      ['contact', await admin.post(`/accounts/${party.id}/contacts`, { first_name: 'Ana' })],
      [
        'service',
        await admin.post(`/accounts/${party.id}/subscriptions`, {
          plan_id: plan.id,
          start_date: '2026-05-21',
          status: 'active',
        }),
      ],
      [
        'payment',
        await admin.post(`/accounts/${party.id}/payments`, {
          amount: 100,
          method: 'cash',
          received_on: '2026-05-20',
        }),
      ],
    ] as const)
      expect([what, reply.status, reply.body.code]).toEqual([what, 409, 'account_erased'])
    // The e-mail is free: whoever buys again begins anew.
    const again = await done(
      admin.post('/accounts', { business_unit_id: unit.id, name: 'New life', email: party.email }),
    )
    expect(again.id).not.toBe(party.id)
    expect((await (await api.customer(party.email)).get('/account')).body.name).toBe('New life')
  })

  it('ends what they paid by, has providers forget it, and keeps only what was paid', async () => {
    const party = await createParty()
    const provider = await addSandbox(api, unit.id)
    const setup = await done(
      party.customer.post('/stored-methods', { provider_id: provider, method: 'card' }),
    )
    const pay = async (intentId: string) => {
      await runJobs(api)
      const { action } = await done(party.customer.get(`/payment-intents/${intentId}`))
      await press(api, new URL(action.url).pathname.split('/').at(-1)!, { do: 'choose', scenario: 'success' })
      await done(admin.post(`/payment-intents/${intentId}/look-up`))
      await runJobs(api)
    }
    await pay(setup.id)
    const [method] = (await done(party.customer.get('/stored-methods'))).items
    expect(method).toMatchObject({ brand: 'Visa', last_digits: '4242', state: 'active' })
    // As where a bank is told what to debit.
    await owner.query('update stored_methods set reference_encrypted = $2 where id = $1', [
      method.id,
      encryptSecret(api.config, 'account 4711', `stored_methods.reference ${method.id}`),
    ])
    const { id: invoice } = await api.system((tx) =>
      issueInvoice(tx, party.id, { total: 900, due_date: '2026-06-10' }),
    )
    const intent = await done(
      party.customer.post('/payment-intents', {
        provider_id: provider,
        method: 'card',
        invoice_ids: [invoice],
      }),
    )
    // Money on its way has to arrive first.
    const early = await done(admin.get(`/accounts/${party.id}/erasure`))
    expect(early.obstacles).toContainEqual({ code: 'payments_under_way', count: 1, amount: 900 })
    await pay(intent.id)
    await owner.query(`update payment_intents set failure_detail = $2 where account_id = $1`, [
      party.id,
      `${party.word} was not at home`,
    ])
    const told = await owner.query(
      `insert into provider_events (provider_id, business_unit_id, event_key, body, received_at)
       values ($1, $2, 'told', convert_to($3, 'UTF8'), now() + interval '1 hour') returning id`,
      [provider, unit.id, JSON.stringify({ key: intent.id, name: party.word })],
    )
    // Typed, and never taken to its provider.
    await done(
      party.customer.post('/stored-methods', {
        provider_id: provider,
        method: 'card',
        details: { account: '1' },
      }),
    )

    const shown = await done(admin.get(`/accounts/${party.id}/erasure`))
    expect(shown.obstacles).toEqual([])
    expect(shown.goes).toContainEqual({ kind: 'stored_methods', count: 1 })
    await done(erase(party))
    await runJobs(api)
    const stored = await owner.query('select * from stored_methods where account_id = $1', [party.id])
    expect(stored.rows).toMatchObject([
      {
        state: 'removed',
        automatic: false,
        brand: null,
        last_digits: null,
        expires_on: null,
        reference: {},
        reference_encrypted: null,
      },
    ])
    const kept = await owner.query('select forgotten_at from sandbox_methods where provider_id = $1', [
      provider,
    ])
    expect(kept.rows).toEqual([{ forgotten_at: expect.any(Date) }])
    const asked = await owner.query(
      'select purpose, state, amount, details_encrypted, failure_detail from payment_intents where account_id = $1 order by id',
      [party.id],
    )
    expect(asked.rows).toMatchObject([
      { purpose: 'setup', state: 'succeeded', details_encrypted: null, failure_detail: null },
      { purpose: 'payment', state: 'succeeded', amount: '900', failure_detail: null },
      { purpose: 'setup', state: 'cancelled', details_encrypted: null },
    ])
    expect(
      (await owner.query('select body from provider_events where id = $1', [told.rows[0].id])).rows,
    ).toEqual([{ body: Buffer.alloc(0) }])
    expect((await whereStands(party.word)).map((one) => one.split(':')[0])).toEqual(['invoices'])
  })

  describe('of an account that providers keep something of', () => {
    let provider: string
    beforeAll(async () => {
      provider = await addSandbox(api, unit.id)
    })

    /** One attempt of the job, with whatever is to be wrong with the provider or the process. */
    const attempt = (
      party: Party,
      given: { faults?: FaultPlan; last?: boolean; stopping?: () => boolean } = {},
    ) => {
      const driver = createSandboxDriver({
        config: api.config,
        ...(given.faults ? { faults: given.faults } : {}),
      })
      const handlers = createPrivacyJobs(
        { config: api.config, files: api.files, drivers: new Map([[driver.kind, driver]]) },
        [],
      )
      return handlers['privacy:erase_account']!(
        { account_id: party.id },
        {
          pool: api.office,
          now: api.now,
          transact: (work) =>
            transactAsSystem(api.office, { kind: 'job', way: 'job', operation: 'test', name: 'test' }, work),
          stopping: given.stopping ?? (() => false),
          last_attempt: given.last ?? false,
          log: { info: () => undefined, error: () => undefined },
        },
      )
    }
    const refOf = (action: { url: string }) => new URL(action.url).pathname.split('/').at(-1)!

    /** A stored card, a payment of an invoice that waits for its payer and was paid otherwise, and a set-up that nobody ends. */
    async function keep(): Promise<Party & { ref: string; intent: string; method: string }> {
      const party = await createParty()
      const setUp = () =>
        done(party.customer.post('/stored-methods', { provider_id: provider, method: 'card' }))
      const first = await setUp()
      await runJobs(api)
      const { action } = await done(party.customer.get(`/payment-intents/${first.id}`))
      await press(api, refOf(action), { do: 'choose', scenario: 'success' })
      await done(admin.post(`/payment-intents/${first.id}/look-up`))
      await runJobs(api)
      const [method] = (await done(party.customer.get('/stored-methods'))).items
      await setUp()
      const { id: invoice } = await api.system((tx) =>
        issueInvoice(tx, party.id, { total: 700, due_date: '2026-06-10' }),
      )
      const intent = await done(
        party.customer.post('/payment-intents', {
          provider_id: provider,
          method: 'pix',
          invoice_ids: [invoice],
        }),
      )
      await runJobs(api)
      const waiting = await done(party.customer.get(`/payment-intents/${intent.id}`))
      expect(waiting.state).toBe('action_needed')
      await done(
        admin.post(`/accounts/${party.id}/payments`, {
          amount: 700,
          method: 'cash',
          received_on: '2026-05-20',
          invoice_ids: [invoice],
        }),
      )
      await runJobs(api)
      return { ...party, ref: refOf(waiting.action), intent: intent.id, method: method.id }
    }
    const look = (party: Party) => done(admin.get(`/accounts/${party.id}/erasure`))
    const ask = async (party: Party) => {
      const asked = await done(erase(party))
      expect(asked).toMatchObject({
        erased_at: null,
        under_way: {
          state: 'under_way',
          left_behind: 0,
          waits_for: [{ provider_name: 'Sandbox', count: 3 }],
        },
      })
    }

    it('waits until all of it is cancelled and forgotten there, goes on where it stopped, and is of whoever asked', async () => {
      const party = await keep()
      await ask(party)
      // Nothing is charged to the card from now on, and it says so.
      expect((await done(party.customer.get('/stored-methods'))).items).toEqual([])
      // Asked for again it is the same.
      expect((await done(erase(party))).under_way.state).toBe('under_way')

      const called: string[] = []
      const silent: FaultPlan = ({ operation, key }) => {
        called.push(`${operation} ${key}`)
        return operation === 'forget' ? { kind: 'silent_before' } : { kind: 'answer' }
      }
      await expect(attempt(party, { faults: silent })).rejects.toThrow(/no answer/)
      expect(called.filter((one) => one.startsWith('cancel')).length).toBe(2)
      expect(called).toContain(`cancel ${party.intent}`)
      expect(called).toContain(`forget ${party.method}`)
      // What was let go is noted; who the account is still is known.
      expect(await look(party)).toMatchObject({
        erased_at: null,
        name: expect.stringContaining(party.word),
        under_way: { waits_for: [{ count: 1 }] },
      })
      // A process that is stopped before it has asked anything leaves it as it was.
      await expect(attempt(party, { stopping: () => true })).rejects.toThrow(/stopping/)
      expect((await look(party)).erased_at).toBeNull()

      const again: string[] = []
      await attempt(party, {
        faults: ({ operation }) => {
          again.push(operation)
          return { kind: 'answer' }
        },
      })
      expect(again).toEqual(['forget'])
      const over = await look(party)
      expect(over).toMatchObject({
        erased_at: expect.any(String),
        name: `Cliente apagado ${party.number}`,
        under_way: { state: 'done', left_behind: 0, waits_for: [] },
      })
      // Nobody can pay it any more: it is over at the provider, and not on our side alone.
      const kept = await owner.query(
        `select c.state from sandbox_charges c join payment_intents i on i.id = c.key where i.account_id = $1 order by i.id`,
        [party.id],
      )
      expect(kept.rows.map((row) => row.state).slice(1)).toEqual(['cancelled', 'cancelled'])
      const forgotten = await owner.query(
        `select s.forgotten_at from sandbox_methods s join sandbox_charges c on c.method_id = s.id
           join payment_intents i on i.id = c.key where i.account_id = $1`,
        [party.id],
      )
      expect(forgotten.rows.length).toBeGreaterThan(0)
      expect(forgotten.rows.every((row) => row.forgotten_at !== null)).toBe(true)
      expect(
        (await owner.query('select reference from stored_methods where account_id = $1', [party.id])).rows,
      ).toEqual([{ reference: {} }])
      await runJobs(api)
      expect((await whereStands(party.word)).map((one) => one.split(':')[0])).toEqual(['invoices'])
      const { items } = await done(admin.get(`/audit?account_id=${party.id}&limit=200`))
      expect(items.find((one: { action: string }) => one.action === 'erased')).toMatchObject({
        actor_kind: 'staff',
        actor_name: expect.stringContaining('admin'),
        after: { number: party.number, reason: 'Asked for by the customer' },
      })
      // Done once more it changes nothing.
      await attempt(party)
      expect(await look(party)).toEqual(over)
    })

    it('is stopped where the customer pays meanwhile: nothing is erased, and the money is there', async () => {
      const party = await keep()
      await ask(party)
      await press(api, party.ref, { do: 'choose', scenario: 'success' })
      await runJobs(api)
      const shown = await look(party)
      expect(shown).toMatchObject({
        erased_at: null,
        name: expect.stringContaining(party.word),
        under_way: { state: 'obstructed' },
      })
      expect(shown.obstacles).toEqual([{ code: 'credit_left', count: 1, amount: 700 }])
      expect((await erase(party)).body.code).toBe('erasure_obstructed')
      const [payment] = (await done(admin.get(`/payments?account_id=${party.id}&sort=-created_at`))).items
      await done(
        admin.post(`/payments/${payment.id}/refund`, { amount: 700, reason: 'Leaves', by: 'provider' }),
      )
      await runJobs(api)
      await done(erase(party))
      await runJobs(api)
      expect((await look(party)).erased_at).not.toBeNull()
    })

    it('ends without a provider that never answers, and says how much it kept', async () => {
      const party = await keep()
      await ask(party)
      const mute: FaultPlan = () => ({ kind: 'silent_before' })
      await expect(attempt(party, { faults: mute })).rejects.toThrow(/no answer/)
      await attempt(party, { faults: mute, last: true })
      expect(await look(party)).toMatchObject({
        erased_at: expect.any(String),
        under_way: { state: 'done', left_behind: 3 },
      })
      expect((await whereStands(party.word)).map((one) => one.split(':')[0])).toEqual(['invoices'])
      // It is still asked to forget the card, and answers at last.
      await runJobs(api)
      expect(
        (
          await owner.query('select forgotten_at, reference from stored_methods where account_id = $1', [
            party.id,
          ])
        ).rows,
      ).toEqual([{ forgotten_at: expect.any(Date), reference: {} }])
    })
  })

  it('leaves a person who acts for another account, too, as they are there', async () => {
    const party = await createParty()
    await done(
      admin.post('/accounts', { business_unit_id: unit.id, name: 'Second home', email: party.email }),
    )
    const shared = await api.customer(party.email)
    const shown = await done(admin.get(`/accounts/${party.id}/erasure`))
    expect(shown.goes).toContainEqual({ kind: 'people', count: 0 })
    expect(shown.stays).toContainEqual({ kind: 'people_of_others', count: 1 })
    await done(erase(party))
    const session = await done(shared.get('/session'))
    expect([session.email, session.account_name]).toEqual([party.email, 'Second home'])
  })

  it('overtakes an export that is being made: nothing of it is left', async () => {
    const party = await createParty()
    const asked = await done(admin.post(`/accounts/${party.id}/privacy-exports`, {}))
    await done(erase(party))
    await runJobs(api)
    const row = (
      await owner.query('select state, json_file_id from privacy_exports where id = $1', [asked.id])
    ).rows[0]
    expect([row.state, await api.files.size(row.json_file_id)]).toEqual(['failed', null])
  })

  it('cannot be had by a login around the function', async () => {
    const party = await createParty()
    const office = new pg.Client({ connectionString: api.database.officeUrl })
    const portal = new pg.Client({ connectionString: api.database.portalUrl })
    await Promise.all([office.connect(), portal.connect()])
    const outcome = (client: pg.Client, text: string) =>
      client.query(text).then(
        (result) => result.rows[0] ?? 'done',
        (error: { code: string }) => error.code,
      )
    try {
      const call = `select erase_account('${party.id}', 'x', 'y', 'z', '2026-05-21') as files`
      expect(await outcome(portal, call)).toBe('42501')
      // Without somebody who acts, and for whoever sees another business unit, there is no such account.
      expect(await outcome(office, call)).toEqual({ files: null })
      await office.query(`select set_config('zaguan.units', $1, false)`, [other.id])
      expect(await outcome(office, call)).toEqual({ files: null })
      expect((await done(admin.get(`/accounts/${party.id}`))).name).toContain(party.word)
    } finally {
      await Promise.all([office.end(), portal.end()])
    }
  })
})

describe('every table', () => {
  /** Tables with an account or a user in them that an erasure leaves as they are, and why. */
  const kept: Record<string, string> = {
    account_erasures: 'that an erasure was asked for, and when; its reason goes with it',
    account_adjustments: 'the books: frozen, with the reason that the customer read',
    account_tax_exemptions: 'a trigger on accounts takes them',
    bank_charges: 'what a bank was told to charge: numbers and amounts, of the books',
    billed_coverage: 'which days were billed: no word of anybody',
    charges:
      'what documents billed, in the words that stand on them; a trigger on accounts takes what was withdrawn',
    invoice_lines: 'part of the invoices, which law keeps',
    invoice_taxes: 'part of the invoices, which law keeps',
    proforma_plans: 'which closing a proforma is of: a date alone',
    invoices: 'law keeps the document with the customer as it was on issue',
    ledger_entries: 'the books: amounts alone',
    payment_notice_invoices: 'which invoices a notice was about',
    payments: 'the books: frozen, with the reference that the bank gave',
    payment_documents: 'which documents a payment caused: of the books',
    payment_intents: 'what providers were asked for: a trigger on accounts takes what was typed and written',
    payment_intent_invoices: 'which invoices an intent was about: amounts alone',
    payment_reversals: 'the books: a trigger on accounts takes what was written about them',
    stored_methods: 'a trigger on accounts ends them and takes brand and digits; a job the rest',
    debit_attempts: 'what was charged when, and how it ended: codes alone',
    debit_announcements: 'which charges were told beforehand: dates alone',
    subscription_coupons: 'what was promised: the coupon’s words and days',
    subscription_changes:
      'what was changed and what it cost; a trigger on accounts takes its words and names',
    subscription_components: 'what was sold and for how much: the plan’s words',
    contract_documents:
      'a trigger on accounts takes what nobody agreed to, and where an acceptance came from',
    service_contracts: 'what was agreed: terms and amounts alone',
    account_dunning_exemptions: 'until when; a trigger on accounts takes why',
    dunning_actions: 'what was done about a debt: steps and amounts; a trigger on accounts takes its words',
    dunning_failures: 'what the program could not do: codes alone',
    dunning_suspensions: 'which suspension came of which debt',
    late_charges: 'what a debit note asks for: amounts alone',
    usage_records: 'how much was used, under the keys of the operator’s programs',
    account_setups: 'how far the guided creation came: steps alone',
    staff: 'staff are no customers',
    staff_units: 'staff are no customers',
    orders: 'what was bought: the plan’s words and amounts; a trigger on accounts takes its notes',
    order_invoices: 'which documents an order caused',
    support_credit_entries: 'how many credits; a trigger on accounts takes why',
    search_entries: 'written anew by the triggers of what it finds',
    webhook_endpoints: 'gone with the account by a trigger of their own (0035)',
    webhook_messages: 'gone with the account by a trigger of their own (0035)',
    bank_account_keys: 'of the operator’s own bank accounts: hashes alone',
    bank_statements: 'of the operator’s own bank accounts',
    bank_statement_lines: 'the movement stays; a trigger on accounts takes what the bank said of the payer',
    bank_line_proposals: 'a trigger on accounts takes them',
    payment_notice_receipts: 'those that prove a payment stay; the others go with their notice’s receipt',
  }
  it('with an account or a user in it is handled by the erasure, or stays for a reason', async () => {
    const columns = await owner.query(`
      select distinct c.table_name from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
       where c.table_schema = 'public' and t.table_type = 'BASE TABLE'
         and (c.column_name ~ '(^|_)(account|user|member)_id$' or c.table_name in ('accounts', 'users'))`)
    const body = (await owner.query(`select prosrc from pg_proc where proname = 'erase_account'`)).rows[0]
      .prosrc as string
    const handled = new Set([...body.matchAll(/(?:delete from|update) (\w+)/g)].map((match) => match[1]))
    const forgotten = columns.rows
      .map((row) => row.table_name as string)
      .filter((table) => !handled.has(table) && !(table in kept))
    expect(forgotten, 'say in erase_account what becomes of it, or here why it stays').toEqual([])
    expect(Object.keys(kept).filter((table) => handled.has(table))).toEqual([])
  })
  it('with an account in it refuses rows of an erased one, or needs not to', async () => {
    const free: Record<string, string> = {
      audit_log: 'what happens is always written',
      billed_coverage: 'comes with an invoice',
      closing_accounts: 'a closing that began before says what became of the account',
      dunning_failures: 'written by a run that began before',
      dunning_suspensions: 'comes with an action',
      late_charges: 'comes with a debit note',
      files: 'comes with what it belongs to',
      invoice_lines: 'comes with an invoice',
      invoice_taxes: 'comes with an invoice',
      proforma_plans: 'comes with an invoice',
      ledger_entries: 'comes with an invoice or a payment',
      membership_removals: 'written when a membership ends',
      notices: 'nobody is left to write to',
      payment_notice_invoices: 'comes with a notice',
      payment_intent_invoices: 'comes with an intent',
      debit_announcements: 'comes with a mail, and nobody is left to write to',
      order_invoices: 'comes with an order',
      payment_notice_receipts: 'comes with a notice',
      bank_statement_lines: 'nobody’s until it is a payment',
      privacy_exports: 'what is stored is little, and may be asked for',
      search_entries: 'a copy',
      sessions: 'nobody is left to sign in',
    }
    const open = await owner.query(`
      select c.table_name from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
       where c.table_schema = 'public' and c.column_name = 'account_id' and t.table_type = 'BASE TABLE'
         and not exists (select from pg_trigger g where g.tgrelid = ('public.' || quote_ident(c.table_name))::regclass
                            and g.tgname = 'account_erased_insert') order by 1`)
    expect(open.rows.map((row) => row.table_name).filter((table) => !(table in free))).toEqual([])
  })
})

describe('what is kept for a while only', () => {
  it('is forgotten: repeated answers after two days, imported files after ninety', async () => {
    const id = '00000000-0000-7000-8000-0000000000ab'
    await api.files.write(id, Buffer.from('name\nAna\n'))
    await owner.query(
      `insert into files (id, business_unit_id, purpose, name, media_type, size, sha256) values ($1, $2, 'import', 'a.csv', 'text/csv', 9, '\\x00')`,
      [id, unit.id],
    )
    const importId = (
      await owner.query(
        `insert into imports (business_unit_id, kind, file_id, file_name, mapping, as_of, state, columns, sample, finished_at)
         values ($1, 'accounts', $2, 'a.csv', '{}', '2026-01-01', 'done', '{name}', '[["Ana"]]', '2026-01-02') returning id`,
        [unit.id, id],
      )
    ).rows[0].id
    await owner.query(
      `insert into import_rejects (import_id, business_unit_id, row_number, code, record) values ($1, $2, 1, 'x', '["Ana"]')`,
      [importId, unit.id],
    )
    await owner.query(
      `insert into idempotency_keys (actor_id, key, operation, fingerprint, response, created_at) values ($1, 'old', 'x', '\\x00', '{"name":"Ana"}', '2026-05-01')`,
      [importId],
    )
    await api.system((tx) => sql`select enqueue_job('privacy:forget_what_is_old', '{}'::json)`.execute(tx))
    await runJobs(api)
    const row = (await owner.query('select file_id, sample from imports where id = $1', [importId])).rows[0]
    expect(row).toEqual({ file_id: null, sample: [] })
    expect(
      (await owner.query('select record, code from import_rejects where import_id = $1', [importId])).rows,
    ).toEqual([{ record: [], code: 'x' }])
    expect(await api.files.size(id)).toBeNull()
    expect(
      (await owner.query(`select count(*)::int as n from idempotency_keys where key = 'old'`)).rows[0].n,
    ).toBe(0)
  })
})
