// B9, billing.md 21, 27, 28, 30: what happens when an account does not pay, once and in order, and how it comes back.
import { sql } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runDunning } from '../../server/modules/dunning/runs.ts'
import { transactAsSystem } from '../../server/platform/database.ts'
import { enqueue } from '../../server/platform/jobs.ts'
import { type Caller, startTestApi, type TestApi } from '../api.ts'
import { issueInvoice } from '../invoices.ts'
import { runJobs } from '../jobs.ts'

let api: TestApi
let admin: Caller
let people = 0

beforeAll(async () => {
  api = await startTestApi()
  admin = await api.staff('admin')
})
afterAll(() => api.close())

type Party = { id: string; email: string; services: string[] }

/** An account with as many running services as asked for. */
async function createParty(unit: string, services = 1, language = 'en'): Promise<Party> {
  const email = `devedor${++people}@casa.example`
  const account = (
    await admin.post('/accounts', { business_unit_id: unit, name: `Devedor ${people}`, email, language })
  ).body
  const ids = await api.system(async (tx) => {
    const made: string[] = []
    for (let number = 1; number <= services; number++) {
      const { rows } = await sql<{ id: string }>`
        with product as (
          insert into products (business_unit_id, name) values (${unit}, ${`P ${people} ${number}`}) returning id),
        plan as (insert into plans (business_unit_id, product_id, name, kind)
                 select ${unit}, id, ${`Fibra ${number}00`} || ' ' || ${people}::text, 'broadband' from product returning id),
        sold as (
          insert into subscriptions (business_unit_id, account_id, number, contract_number, plan_id, status, start_date,
                                     billing_start, billing_mode, currency, payment_method, due_day)
          select ${unit}, ${account.id}, ${number}::int, ${people * 100 + number}::int, id, 'active', '2026-01-01', '2026-01-01',
                 'advance', 'BRL', 'pix', 10 from plan returning id)
        select id from sold`.execute(tx)
      await sql`
        insert into subscription_components (subscription_id, account_id, plan_id, role, description, unit_amount, quantity, from_date)
        select id, account_id, plan_id, 'plan', 'Fibra', 9990, 1, '2026-01-01' from subscriptions
         where id = ${rows[0]!.id}`.execute(tx)
      made.push(rows[0]!.id)
    }
    return made
  })
  return { id: account.id, email, services: ids }
}

const owe = (party: Party, total: number, due: string) =>
  api.system((tx) => issueInvoice(tx, party.id, { total, due_date: due, issue_date: '2026-04-20' }))

const openPolicy = async (unit: string, change: object = {}) => {
  const created = await admin.post('/dunning-policies', { business_unit_id: unit, name: 'Régua' })
  expect(created.status, JSON.stringify(created.body)).toBe(201)
  const changed = await admin.patch(`/dunning-policies/${created.body.id}`, {
    minimum_amount: 1000,
    ...change,
  })
  expect(changed.status, JSON.stringify(changed.body)).toBe(200)
  return changed.body
}

async function switchOn(id: string) {
  const simulation = (await admin.get(`/dunning-policies/${id}/simulation`)).body
  const reply = await admin.post(`/dunning-policies/${id}/switch-on`, { fingerprint: simulation.fingerprint })
  expect(reply.status, JSON.stringify(reply.body)).toBe(200)
  return reply.body
}

/** The clock strikes ten in São Paulo, and whatever runs by it does. */
async function passDay(day: string) {
  api.setNow(`${day}T13:00:00Z`)
  await api.system((tx) => enqueue(tx, 'dunning:start_runs', {}))
  await runJobs(api)
}

// biome-ignore lint/suspicious/noExplicitAny: rows of the API, read as the test expects them
const done = async (party: Party): Promise<any[]> =>
  (await admin.get(`/dunning-actions?account_id=${party.id}&limit=200`)).body.items.reverse()
const tell = async (party: Party) =>
  (await done(party)).map((row) => `${row.on_date} ${row.action} ${row.result}`)
const statusOf = (party: Party) =>
  api.system(async (tx) =>
    (
      await tx
        .selectFrom('subscriptions')
        .select('status')
        .where('account_id', '=', party.id)
        .orderBy('number')
        .execute()
    ).map((row) => row.status),
  )
// biome-ignore lint/suspicious/noExplicitAny: rows of the API, read as the test expects them
const mailsTo = async (party: Party): Promise<any[]> =>
  (await admin.get(`/notices?account_id=${party.id}&limit=200`)).body.items
    .filter((one: { kind: string }) => one.kind.startsWith('dunning_'))
    .reverse()
const pay = (party: Party, amount: number, day: string) =>
  admin.post(`/accounts/${party.id}/payments`, { amount, method: 'pix', received_on: day })

describe('a policy', () => {
  it('begins as a draft with the template, is composed by staff, and never changes once it was switched on', async () => {
    api.setNow('2026-05-21T15:00:00Z')
    const unit = await api.unit()
    const created = await admin.post('/dunning-policies', { business_unit_id: unit.id, name: 'Régua' })
    const { body: policy } = created
    expect(policy).toMatchObject({ state: 'draft', name: 'Régua', currency: 'BRL' })
    expect(policy.steps.map((step: { day: number; action: string }) => `${step.day} ${step.action}`)).toEqual(
      ['-3 mail', '1 mail', '7 mail', '10 late_fee', '10 interest', '15 suspend', '50 mail', '60 cancel'],
    )
    expect(policy.steps[0].texts.es.subject).toContain('{document}')
    const reply = await admin.patch(`/dunning-policies/${policy.id}`, {
      steps: [policy.steps[1], { ...policy.steps[5], key: policy.steps[5].key, day: 20 }],
    })
    expect(reply.body.steps.map((step: { key: string; day: number }) => [step.key, step.day])).toEqual([
      [policy.steps[1].key, 1],
      [policy.steps[5].key, 20],
    ])
    const wrong = await admin.post(`/dunning-policies/${policy.id}/switch-on`, {
      fingerprint: '0'.repeat(64),
    })
    expect(wrong.body.code).toBe('dunning_simulation_changed')
    const on = await switchOn(policy.id)
    expect(on).toMatchObject({ state: 'in_force', switched_on_by_name: expect.stringContaining('admin') })
    expect((await admin.patch(`/dunning-policies/${policy.id}`, { name: 'X' })).body.code).toBe(
      'dunning_policy_state',
    )
    expect((await admin.delete(`/dunning-policies/${policy.id}`)).body.code).toBe('dunning_policy_state')
    // The next version is prepared beside it, and its steps are the same steps.
    const copy = (
      await admin.post('/dunning-policies', {
        business_unit_id: unit.id,
        name: 'Régua 2',
        copy_of: policy.id,
      })
    ).body
    expect(copy.steps.map((step: { key: string }) => step.key)).toEqual(
      reply.body.steps.map((step: { key: string }) => step.key),
    )
    await switchOn(copy.id)
    expect((await admin.get(`/dunning-policies/${policy.id}`)).body.state).toBe('retired')
    const off = await admin.post(`/dunning-policies/${copy.id}/switch-off`)
    expect(off.body).toMatchObject({ state: 'retired', switched_off_by_name: expect.any(String) })
    expect((await admin.post(`/dunning-policies/${copy.id}/switch-off`)).body.code).toBe(
      'dunning_policy_state',
    )
    const audit = (await admin.get('/audit?object_type=dunning_policies')).body.items
    expect(audit.length).toBeGreaterThan(3)
  })

  it('is refused with what cannot be, each at its place', async () => {
    const unit = await api.unit()
    const policy = await openPolicy(unit.id)
    const [before] = policy.steps
    const faults: [object[], string, string][] = [
      [
        [{ ...before, texts: { ...before.texts, es: { subject: 'Hola {nombre}', body: 'x' } } }],
        'steps.0.texts.es.subject',
        'dunning_variable',
      ],
      [
        [{ ...before, texts: { ...before.texts, en: { subject: 'x', body: ' ' } } }],
        'steps.0.texts.en.body',
        'required',
      ],
      [[{ day: 0, action: 'late_fee', basis_points: 200 }], 'steps.0.day', 'dunning_after_due'],
      [
        [{ day: 5, action: 'late_fee', basis_points: 200, amount: 5 }],
        'steps.0.amount',
        'dunning_amount_or_rate',
      ],
      [[{ day: 5, action: 'interest', day_count: 'actual' }], 'steps.0.basis_points', 'required'],
      [
        [
          { day: 5, action: 'late_fee', basis_points: 200 },
          { day: 9, action: 'late_fee', basis_points: 100 },
        ],
        'steps.1.action',
        'dunning_only_once',
      ],
    ]
    for (const [steps, path, code] of faults) {
      const reply = await admin.patch(`/dunning-policies/${policy.id}`, { steps })
      expect(reply.status, JSON.stringify(reply.body)).toBe(422)
      expect(reply.body.errors).toMatchObject([{ path, code }])
    }
    await admin.patch(`/dunning-policies/${policy.id}`, { steps: [] })
    const { fingerprint } = (await admin.get(`/dunning-policies/${policy.id}/simulation`)).body
    const reply = await admin.post(`/dunning-policies/${policy.id}/switch-on`, { fingerprint })
    expect(reply.body.code).toBe('dunning_no_steps')
    expect((await admin.delete(`/dunning-policies/${policy.id}`)).status).toBe(204)
  })

  it('is read and written by whom it concerns, in their own business unit', async () => {
    const unit = await api.unit()
    const policy = await openPolicy(unit.id)
    const [sales, auditor, elsewhere] = await Promise.all([
      api.staff('sales'),
      api.staff('auditor'),
      api.staff('finance', { units: [(await api.unit()).id] }),
    ])
    expect((await sales!.get(`/dunning-policies/${policy.id}`)).status).toBe(403)
    expect((await auditor!.get(`/dunning-policies/${policy.id}`)).status).toBe(200)
    expect((await auditor!.patch(`/dunning-policies/${policy.id}`, { name: 'X' })).status).toBe(403)
    for (const path of ['', '/simulation', '/simulation/actions'])
      expect((await elsewhere!.get(`/dunning-policies/${policy.id}${path}`)).status, path).toBe(404)
    const own = await elsewhere!.get('/dunning-policies')
    expect(own.body.items).toEqual([])
  })

  it('shows each text as a mail', async () => {
    const unit = await api.unit({ name: 'Rede Clara' })
    const texts = (await admin.get('/dunning-texts')).body
    for (const language of ['pt-BR', 'es', 'en'] as const) {
      const asked = new URLSearchParams({
        business_unit_id: unit.id,
        language,
        action: 'mail',
        day: '7',
        ...texts.after[language],
      })
      const reply = await admin.get(`/dunning-texts/preview?${asked}`)
      expect(reply.status, JSON.stringify(reply.body)).toBe(200)
      expect(reply.headers['content-security-policy']).toContain('sandbox')
      const html = reply.bytes.toString()
      for (const words of ['A-1042', 'Rede Clara']) expect(html).toContain(words)
      expect(html).not.toMatch(/\{(next|amount|document)\}/)
    }
  })
})

describe('a debt', () => {
  it('goes through the steps on their days, each once, and comes back whole on payment', async () => {
    api.setNow('2026-05-01T15:00:00Z')
    const unit = await api.unit()
    const policy = await openPolicy(unit.id)
    const party = await createParty(unit.id, 2)
    const customer = await api.customer(party.email)
    const invoice = await owe(party, 10000, '2026-05-10')
    // One rests already, for another reason: that is not dunning's to end.
    await admin.post(`/subscriptions/${party.services[1]}/suspend`, {
      date: '2026-05-01',
      reason: 'Obra na rua',
    })
    await switchOn(policy.id)
    for (const day of ['2026-05-07', '2026-05-08', '2026-05-11', '2026-05-17']) await passDay(day)
    expect(await tell(party)).toEqual([
      '2026-05-07 mail done',
      '2026-05-11 mail done',
      '2026-05-17 mail done',
    ])
    const [before, after] = await mailsTo(party)
    expect(before).toMatchObject({
      kind: 'dunning_reminder',
      subject: `Invoice ${invoice.number} is due on May 10, 2026`,
    })
    expect(after.subject).toBe(`Invoice ${invoice.number} is overdue`)
    const body = (await admin.get(`/notices/${after.id}`)).body
    expect(body.text_body).toContain('R$100.00')
    expect(body.text_body).toContain('On May 20, 2026 a late fee will be charged.')
    expect((await customer.get('/notices')).body.items.map((one: { kind: string }) => one.kind)).toContain(
      'dunning_reminder',
    )
    expect((await customer.get('/dunning')).body).toMatchObject({
      overdue: 10000,
      currency: 'BRL',
      oldest: { number: invoice.number, days: 7 },
      next: { action: 'late_fee', on_date: '2026-05-20', charge: 200 },
      overdue_invoice_ids: [invoice.id],
    })

    await passDay('2026-05-20')
    const charges = (await done(party)).slice(3)
    expect(charges).toMatchObject([
      { action: 'late_fee', charged: 200, result: 'done', document_number: 'D-1' },
      { action: 'interest', charged: 33, result: 'done', document_number: 'D-1' },
    ])
    const note = (await admin.get(`/invoices/${charges[0].document_id}`)).body
    expect(note).toMatchObject({ total: 233, open_amount: 233, state: 'open', due_date: '2026-05-27' })
    expect(note.lines.map((line: { role: string; net: number }) => [line.role, line.net])).toEqual([
      ['late_fee', 200],
      ['interest', 33],
    ])
    expect(note.lines[1].description).toBe(
      `Interest for ${invoice.number}, due on May 10, 2026: 1% a month on R$100.00 for 10 days`,
    )
    const posted = await api.system((tx) =>
      tx
        .selectFrom('ledger_entries')
        .select(['ledger_account', 'amount', 'kind'])
        .where('invoice_id', '=', charges[0].document_id)
        .orderBy('ledger_account')
        .execute(),
    )
    expect(posted).toEqual([
      { ledger_account: 'receivable', amount: 233, kind: 'debit_note' },
      { ledger_account: 'late_fees', amount: -200, kind: 'debit_note' },
      { ledger_account: 'interest', amount: -33, kind: 'debit_note' },
    ])

    // The 25th is a Monday, on which a suspension may act.
    await passDay('2026-05-25')
    expect((await tell(party)).at(-1)).toBe('2026-05-25 suspend done')
    expect(await statusOf(party)).toEqual(['suspended', 'suspended'])
    expect((await mailsTo(party)).at(-1)).toMatchObject({ kind: 'dunning_suspended' })
    const state = (await admin.get(`/accounts/${party.id}/dunning`)).body
    expect(state).toMatchObject({
      overdue: 10000,
      suspended_services: 1,
      policy_name: 'Régua',
      oldest: { number: invoice.number, days: 15 },
      exemption: null,
    })
    expect(state.next).toMatchObject({ action: 'mail', on_date: '2026-06-29' })
    // A run more, and a day more, add nothing.
    await passDay('2026-05-26')
    expect((await tell(party)).length).toBe(6)

    // In part: still above the minimum.
    await pay(party, 5000, '2026-05-26')
    await runJobs(api)
    expect(await statusOf(party)).toEqual(['suspended', 'suspended'])
    // What is left is not due yet or below the minimum.
    await pay(party, 4500, '2026-05-26')
    await runJobs(api)
    expect(await statusOf(party)).toEqual(['active', 'suspended'])
    expect((await mailsTo(party)).filter((one) => one.kind === 'dunning_reactivated')).toHaveLength(1)
    // Of a suspension for debt, and of its end, the customer is told once.
    const told = (await admin.get(`/notices?account_id=${party.id}&limit=200`)).body.items
    expect(told.filter((one: { kind: string }) => one.kind === 'change_done')).toHaveLength(1)
    expect((await admin.get(`/accounts/${party.id}/dunning`)).body.suspended_services).toBe(0)
    await passDay('2026-07-30')
    expect((await tell(party)).length).toBe(6)
  })

  it('is cancelled in the end, and keeps its distance where it was late', async () => {
    api.setNow('2026-05-01T15:00:00Z')
    const unit = await api.unit()
    const policy = await openPolicy(unit.id)
    const party = await createParty(unit.id)
    await owe(party, 10000, '2026-05-10')
    await switchOn(policy.id)
    // A long downtime: the suspension comes now, reminders whose time has passed do not, the cancellation in 45 days.
    await passDay('2026-08-03')
    expect(await tell(party)).toEqual([
      '2026-08-03 mail skipped',
      '2026-08-03 mail skipped',
      '2026-08-03 mail skipped',
      '2026-08-03 late_fee done',
      '2026-08-03 interest done',
      '2026-08-03 suspend done',
      '2026-08-03 mail skipped',
    ])
    expect((await done(party))[0].reason).toBe('reminder_late')
    await passDay('2026-09-16')
    expect(await statusOf(party)).toEqual(['suspended'])
    await passDay('2026-09-17')
    expect((await tell(party)).at(-1)).toBe('2026-09-17 cancel done')
    expect(await statusOf(party)).toEqual(['cancelled'])
    expect((await mailsTo(party)).at(-1)).toMatchObject({ kind: 'dunning_cancelled' })
    // A payment does not raise the dead.
    await pay(party, 20000, '2026-09-17')
    await runJobs(api)
    expect(await statusOf(party)).toEqual(['cancelled'])
  })

  it('is a small rest: nothing happens', async () => {
    api.setNow('2026-05-01T15:00:00Z')
    const unit = await api.unit()
    const policy = await openPolicy(unit.id)
    const party = await createParty(unit.id)
    await owe(party, 999, '2026-05-10')
    await switchOn(policy.id)
    await passDay('2026-08-03')
    expect(await done(party)).toEqual([])
    expect(await statusOf(party)).toEqual(['active'])
  })

  it('is not done again because the policy was revised', async () => {
    api.setNow('2026-05-01T15:00:00Z')
    const unit = await api.unit()
    const policy = await openPolicy(unit.id)
    const party = await createParty(unit.id)
    await owe(party, 10000, '2026-05-10')
    await switchOn(policy.id)
    await passDay('2026-05-11')
    const copy = (
      await admin.post('/dunning-policies', {
        business_unit_id: unit.id,
        name: 'Régua 2',
        copy_of: policy.id,
      })
    ).body
    await switchOn(copy.id)
    await passDay('2026-05-12')
    await passDay('2026-05-20')
    expect(await tell(party)).toEqual([
      '2026-05-11 mail skipped',
      '2026-05-11 mail done',
      '2026-05-20 mail done',
      '2026-05-20 late_fee done',
      '2026-05-20 interest done',
    ])
  })
})

describe('an exemption', () => {
  it('leaves the account alone until its day, is seen, and can be lifted', async () => {
    api.setNow('2026-05-12T15:00:00Z')
    const unit = await api.unit()
    const policy = await openPolicy(unit.id)
    const party = await createParty(unit.id)
    await owe(party, 10000, '2026-05-10')
    await switchOn(policy.id)
    const past = await admin.post(`/accounts/${party.id}/dunning/exempt`, {
      until: '2026-05-11',
      reason: 'x',
    })
    expect(past.body.errors).toMatchObject([{ path: 'until', code: 'in_the_past' }])
    const exempted = await admin.post(`/accounts/${party.id}/dunning/exempt`, {
      until: '2026-06-10',
      reason: 'Prometeu pagar no dia 10',
    })
    expect(exempted.body).toMatchObject({
      exemption: { until: '2026-06-10', reason: 'Prometeu pagar no dia 10' },
      next: { action: 'late_fee', on_date: '2026-06-11' },
    })
    await passDay('2026-06-10')
    expect(await done(party)).toEqual([])
    const lifted = await admin.post(`/accounts/${party.id}/dunning/lift`)
    expect(lifted.body.exemption).toBeNull()
    expect((await admin.post(`/accounts/${party.id}/dunning/lift`)).body.code).toBe('dunning_not_exempt')
    await passDay('2026-06-11')
    expect(await statusOf(party)).toEqual(['suspended'])
    const audit = (await admin.get(`/audit?account_id=${party.id}`)).body.items
    expect(
      audit.filter((one: { object_type: string }) => one.object_type === 'account_dunning_exemptions'),
    ).toHaveLength(2)
  })
})

describe('a simulation', () => {
  it('is exactly what the run then does, writes nothing, and is exported', async () => {
    api.setNow('2026-05-28T15:00:00Z')
    const unit = await api.unit()
    const policy = await openPolicy(unit.id)
    const parties: Party[] = []
    for (const [total, due] of [
      [10000, '2026-05-10'],
      [500, '2026-05-10'],
      [7777, '2026-05-27'],
      [20000, '2026-05-31'],
    ] as const) {
      const party = await createParty(unit.id)
      await owe(party, total, due)
      parties.push(party)
    }
    const summary = (await admin.get(`/dunning-policies/${policy.id}/simulation`)).body
    expect(summary).toMatchObject({ debtors: 4, affected: 3, currency: 'BRL', as_of: '2026-05-28' })
    const sums = Object.fromEntries(
      summary.steps.map((step: { day: number; action: string }) => [`${step.day} ${step.action}`, step]),
    )
    expect(sums['10 late_fee']).toMatchObject({ accounts: 1, charge: 200, open_amount: 10000 })
    expect(sums['15 suspend']).toMatchObject({ accounts: 1, services: 1 })
    expect(sums['-3 mail']).toMatchObject({ accounts: 1, skipped: 2 })
    const items: { account_id: string; action: string; on_date: string; skipped: boolean }[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const { body: page }: { body: { items: typeof items; next_cursor: string | null } } = await admin.get(
        `/dunning-policies/${policy.id}/simulation/actions?limit=1${cursor && `&cursor=${cursor}`}`,
      )
      items.push(...page.items)
      cursor = page.next_cursor
    }
    expect(await done(parties[0]!)).toEqual([])
    const later = (await admin.get(`/dunning-policies/${policy.id}/simulation?as_of=2026-09-30`)).body
    expect(later.steps.find((step: { action: string }) => step.action === 'cancel')).toMatchObject({
      accounts: 3,
    })
    expect((await admin.get(`/dunning-policies/${policy.id}/simulation?as_of=2026-05-01`)).status).toBe(422)
    const file = await admin.get(`/dunning-simulation.csv?policy_id=${policy.id}`)
    expect(file.bytes.toString().trim().split('\n')).toHaveLength(items.length + 1)
    await switchOn(policy.id)
    await passDay('2026-05-28')
    const happened = (await Promise.all(parties.map(done))).flat()
    const known = (row: { account_id: string; action: string; on_date: string; day: number }) =>
      `${row.account_id} ${row.on_date} ${row.day} ${row.action}`
    expect(happened.map(known).sort()).toEqual(items.map((row) => known(row as never)).sort())
    const exported = await admin.get(`/dunning-actions.csv?business_unit_id=${unit.id}`)
    expect(exported.bytes.toString().trim().split('\n')).toHaveLength(happened.length + 1)
    const [run] = (await admin.get(`/dunning-runs?business_unit_id=${unit.id}`)).body.items
    expect(run).toMatchObject({
      on_date: '2026-05-28',
      accounts: 4,
      failed: 0,
      finished_at: expect.any(String),
    })
    expect(run.done + run.skipped).toBe(happened.length)
  })
})

describe('a run', () => {
  const contextOf = () => ({
    transact: <T>(work: Parameters<typeof transactAsSystem<T>>[2]) =>
      transactAsSystem(
        api.office,
        { kind: 'job', way: 'job', operation: 'dunning:run', name: 'dunning:run' },
        work,
      ),
    now: api.now,
    stopping: () => false,
    log: { info: () => undefined, error: () => undefined },
  })
  const openRun = (unit: string, policy: string, day: string) =>
    api.system((tx) =>
      tx
        .insertInto('dunning_runs')
        .values({ business_unit_id: unit, policy_id: policy, on_date: Temporal.PlainDate.from(day) })
        .returning('id')
        .executeTakeFirstOrThrow(),
    )

  it('does everything once, also four at a time', async () => {
    api.setNow('2026-05-28T15:00:00Z')
    const unit = await api.unit()
    const policy = await openPolicy(unit.id)
    const parties: Party[] = []
    for (let n = 0; n < 12; n++) {
      const party = await createParty(unit.id)
      await owe(party, 10000 + n, '2026-05-10')
      parties.push(party)
    }
    await switchOn(policy.id)
    const run = await openRun(unit.id, policy.id, '2026-05-28')
    await Promise.all([1, 2, 3, 4].map(() => runDunning(contextOf(), run.id)))
    for (const party of parties) {
      expect((await tell(party)).length).toBe(6)
      expect(await statusOf(party)).toEqual(['suspended'])
    }
    const notes = await api.system((tx) =>
      tx
        .selectFrom('invoices')
        .select('number')
        .where('business_unit_id', '=', unit.id)
        .where('kind', '=', 'debit_note')
        .orderBy('number')
        .execute(),
    )
    expect(notes.map((row) => row.number)).toEqual(parties.map((_party, index) => index + 1))
  })

  it('notes an account that fails and goes on with the others', async () => {
    api.setNow('2026-05-28T15:00:00Z')
    const unit = await api.unit()
    const policy = await openPolicy(unit.id)
    const [bad, good] = [await createParty(unit.id), await createParty(unit.id)]
    for (const party of [bad, good]) await owe(party, 10000, '2026-05-27')
    await switchOn(policy.id)
    const owner = new pg.Client({ connectionString: api.database.ownerUrl })
    await owner.connect()
    try {
      await owner.query(`
        create function fail_here() returns trigger language plpgsql as $$ begin raise exception 'out of order' using errcode = '23514'; end $$;
        create trigger fail_here before insert on dunning_actions for each row
          when (new.account_id = '${bad.id}') execute function fail_here()`)
      await passDay('2026-05-28')
      expect(await done(bad)).toEqual([])
      expect((await tell(good)).at(-1)).toBe('2026-05-28 mail done')
      const [run] = (await admin.get(`/dunning-runs?business_unit_id=${unit.id}`)).body.items
      expect(run).toMatchObject({ failed: 1, failures: [{ account_id: bad.id, message: 'out of order' }] })
    } finally {
      await owner.query('drop trigger fail_here on dunning_actions; drop function fail_here()')
      await owner.end()
    }
    await passDay('2026-05-29')
    expect((await tell(bad)).at(-1)).toBe('2026-05-29 mail done')
  })

  it('comes once a day, in the hour of the business unit’s own time zone', async () => {
    const unit = await api.unit({ time_zone: 'America/Sao_Paulo' })
    api.setNow('2026-05-28T02:00:00Z')
    const policy = await openPolicy(unit.id, { run_hour: 8 })
    await switchOn(policy.id)
    const runsAt = async (moment: string) => {
      api.setNow(moment)
      await api.system((tx) => enqueue(tx, 'dunning:start_runs', {}))
      await runJobs(api)
      return (await admin.get(`/dunning-runs?business_unit_id=${unit.id}`)).body.items.map(
        (run: { on_date: string }) => run.on_date,
      )
    }
    expect(await runsAt('2026-05-28T10:59:00Z')).toEqual([])
    expect(await runsAt('2026-05-28T11:00:00Z')).toEqual(['2026-05-28'])
    expect(await runsAt('2026-05-29T02:59:00Z')).toEqual(['2026-05-28'])
    expect(await runsAt('2026-06-02T15:00:00Z')).toEqual(['2026-06-02', '2026-05-28'])
  })
})

describe('the database refuses', () => {
  let party: Party
  let invoice: { id: string }
  let note: string
  let unitId: string
  let action: { policy_id: string; step_id: string; step_key: string }

  beforeAll(async () => {
    api.setNow('2026-05-20T15:00:00Z')
    unitId = (await api.unit()).id
    const policy = await openPolicy(unitId)
    party = await createParty(unitId)
    invoice = await owe(party, 10000, '2026-05-10')
    await switchOn(policy.id)
    await passDay('2026-05-20')
    note = (await done(party)).find((row) => row.document_id)!.document_id
    action = await api.system((tx) =>
      tx
        .selectFrom('dunning_actions')
        .select(['policy_id', 'step_id', 'step_key'])
        .where('account_id', '=', party.id)
        .limit(1)
        .executeTakeFirstOrThrow(),
    )
  })

  /** Writes a debit note about a document, by hand. */
  const charge = (about: string, role: 'late_fee' | 'interest') =>
    api.system(async (tx) => {
      const made = await sql<{ id: string }>`
        insert into invoices (business_unit_id, account_id, kind, series, number, issue_date, due_date, currency, language,
                              payment_method, gross, discount, total, customer, issuer, about_invoice_id)
        select business_unit_id, account_id, 'debit_note', 'D', take_numbers(business_unit_id, 'debit_note:D', 1),
               '2026-05-20', '2026-05-27', currency, language, payment_method, 100, 0, 100, customer, issuer, id
          from invoices where id = ${about} returning id`.execute(tx)
      await sql`
        insert into invoice_lines (invoice_id, account_id, position, role, description, period, days, of_days, whole_period,
                                   unit_amount, quantity, gross, discount, net, rule)
        values (${made.rows[0]!.id}, ${party.id}, 1, ${role}::line_role, 'by hand', '[2026-05-20,2026-05-21)', 1, 1,
                '[2026-05-20,2026-05-21)', 100, 1, 100, 0, 100, 'late')`.execute(tx)
    })

  it('a second late fee or interest for a document', async () => {
    await expect(charge(invoice.id, 'late_fee')).rejects.toMatchObject({ constraint: 'late_charge_once' })
    await expect(charge(invoice.id, 'interest')).rejects.toMatchObject({ constraint: 'late_charge_once' })
  })
  it('late fee or interest on themselves', async () => {
    await expect(charge(note, 'late_fee')).rejects.toMatchObject({ constraint: 'late_charge_on_itself' })
    await expect(charge(note, 'interest')).rejects.toMatchObject({ constraint: 'late_charge_on_itself' })
  })
  it('a step twice for one debt', async () => {
    const again = api.system((tx) =>
      sql`
        insert into dunning_actions (business_unit_id, account_id, policy_id, step_id, step_key, action, day, invoice_id,
                                     scheduled_on, on_date, result, open_amount, currency)
        select business_unit_id, account_id, policy_id, step_id, step_key, action, day, invoice_id, scheduled_on, on_date,
               result, open_amount, currency
          from dunning_actions where step_key = ${action.step_key} and account_id = ${party.id}`.execute(tx),
    )
    await expect(again).rejects.toMatchObject({ constraint: 'dunning_step_once' })
  })
  it('two policies in force, and a change of one that was', async () => {
    const second = api.system((tx) =>
      sql`insert into dunning_policies (business_unit_id, name, state, switched_on_at) values (${unitId}, 'B', 'in_force', now())`.execute(
        tx,
      ),
    )
    await expect(second).rejects.toMatchObject({ constraint: 'dunning_policies_one_in_force' })
    for (const change of [
      sql`update dunning_steps set day = 2 where id = ${action.step_id}`,
      sql`delete from dunning_steps where id = ${action.step_id}`,
      sql`update dunning_policies set minimum_amount = 0 where id = ${action.policy_id}`,
      sql`delete from dunning_policies where id = ${action.policy_id}`,
    ])
      await expect(api.system((tx) => change.execute(tx))).rejects.toMatchObject({
        constraint: 'dunning_policy_frozen',
      })
    await expect(
      api.system((tx) => sql`delete from dunning_actions where account_id = ${party.id}`.execute(tx)),
    ).rejects.toMatchObject({ code: '42501' })
  })
})
