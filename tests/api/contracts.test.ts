// Contracts of services (P4): templates, what was agreed, documents that stay as they were issued, and leaving early.
import { createHash } from 'node:crypto'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { computePenalty, copyContractData, setContractData } from '../../server/modules/contracts/index.ts'
import { isRefusal } from '../../server/platform/errors.ts'
import type { MailMessage } from '../../server/platform/mail.ts'
import { type Caller, type Reply, startTestApi, type TestApi } from '../api.ts'
import { runJobs } from '../jobs.ts'

let api: TestApi
let admin: Caller
let sales: Caller
let support: Caller
let owner: pg.Client
let unit: { id: string }
let other: { id: string }
let plan: { id: string }
let people = 0

beforeAll(async () => {
  api = await startTestApi({ addresses: true })
  admin = await api.staff('admin')
  sales = await api.staff('sales')
  support = await api.staff('support')
  owner = new pg.Client({ connectionString: api.database.ownerUrl })
  await owner.connect()
  unit = await api.unit()
  other = await api.unit()
  const product = await done(admin.post('/products', { business_unit_id: unit.id, name: 'Internet' }))
  plan = await done(
    admin.post('/plans', {
      business_unit_id: unit.id,
      product_id: product.id,
      name: 'Fibra 500',
      kind: 'generic',
      prices: [{ currency: 'BRL', interval: 'month', amount: 9990 }],
    }),
  )
})
afterAll(async () => {
  await owner?.end()
  await api?.close()
})

afterEach(() => api.setNow('2026-05-21T15:00:00Z'))

async function done(reply: Promise<Reply>) {
  const { status, body } = await reply
  expect(status, JSON.stringify(body)).toBeLessThan(300)
  return body
}

const template = [
  '# Contract {{contract.number}}',
  '',
  'Between **{{unit.legal_name}}** and {{account.name}}, {{account.tax_id}}.',
  '',
  '| What | Value |',
  '|---|---|',
  '| Plan | {{service.plan}} |',
  '| Price | {{service.price}} {{service.cycle}} |',
  '| Installation | {{service.installation_fee}} in {{service.instalments}} |',
  '',
  '1. Valid for {{service.term}}, until {{service.valid_until}}.',
  '2. {{service.renewal}}.',
  '3. Penalty: {{service.penalty}}.',
].join('\n')

async function createTemplate(change: object = {}) {
  return done(
    admin.post('/contract-templates', {
      business_unit_id: unit.id,
      name: `Template ${++people}`,
      language: 'en',
      body: template,
      ...change,
    }),
  )
}

/** An account with its owner signed in and an active service of twelve months from 21 May 2026. */
async function createService(change: object = {}) {
  const email = `c${++people}@contracts.example`
  const account = await done(
    admin.post('/accounts', { business_unit_id: unit.id, name: `Casa *${people}* | Lopes`, email }),
  )
  const service = await done(
    admin.post(`/accounts/${account.id}/subscriptions`, {
      plan_id: plan.id,
      start_date: '2026-05-21',
      status: 'active',
      term_months: 12,
      ...change,
    }),
  )
  return { id: service.id as string, account, service, email, customer: await api.customer(email) }
}

/** As whatever cancels it leaves it. */
const cancel = (id: string) =>
  owner.query(`update subscriptions set status = 'cancelled', end_date = start_date where id = $1`, [id])

describe('a template', () => {
  it('is added, changed as a new version, archived and brought back', async () => {
    const made = await createTemplate({ name: 'Standard', is_default: true })
    expect(made).toMatchObject({ version: 1, is_default: true, services: 0, archived_at: null })
    const renamed = await done(admin.patch(`/contract-templates/${made.id}`, { name: 'Standard 2' }))
    expect(renamed).toMatchObject({ name: 'Standard 2', version: 1 })
    const changed = await done(
      admin.patch(`/contract-templates/${made.id}`, { body: `${template}\n\nMore.` }),
    )
    expect(changed.version).toBe(2)
    const second = await createTemplate({ is_default: true })
    expect((await admin.get(`/contract-templates/${made.id}`)).body.is_default).toBe(false)
    const archived = await done(admin.patch(`/contract-templates/${second.id}`, { archived: true }))
    expect([archived.is_default, archived.archived_at]).toEqual([false, expect.any(String)])
    expect(
      (await done(admin.patch(`/contract-templates/${second.id}`, { archived: false }))).archived_at,
    ).toBe(null)
    const listed = await done(admin.get('/contract-templates?archived=false&q=standard'))
    expect(listed.items.map((one: { name: string }) => one.name)).toEqual(['Standard 2'])
    expect(listed.items[0]).not.toHaveProperty('body')
  })
  it('is refused for what nobody knows, with its place in words', async () => {
    const reply = await admin.post('/contract-templates', {
      business_unit_id: unit.id,
      name: 'Broken',
      language: 'en',
      body: '# Hello\n{{account.nam}} and {{service.plan}',
    })
    expect(reply.status).toBe(422)
    expect(reply.body.errors).toEqual([
      {
        path: 'body',
        code: 'unknown_variable',
        message: 'Line 2, column 1: there is no variable “account.nam”.',
      },
      { path: 'body', code: 'variable_not_closed', message: expect.stringContaining('Line 2, column 21') },
    ])
    expect(
      (
        await admin.post('/contract-templates', {
          business_unit_id: unit.id,
          name: 'E',
          language: 'en',
          body: ' ',
        })
      ).body.errors[0].code,
    ).toBe('template_empty')
  })
  it('is previewed with a made-up service, and with a real one', async () => {
    const { id } = await createService()
    const input = {
      business_unit_id: unit.id,
      language: 'en',
      body: 'Of {{account.name}} {{nobody}}: {{service.price}}',
    }
    const sample = await done(admin.post('/contract-templates/preview', input))
    expect(sample.faults).toMatchObject([{ code: 'unknown_variable', name: 'nobody', line: 1, column: 21 }])
    expect(sample.blocks[0].spans[0].text).toMatch(/^Of Mary Olsen \{\{nobody\}\}: R\$/)
    const real = await done(admin.post('/contract-templates/preview', { ...input, subscription_id: id }))
    expect(real.blocks[0].spans).toHaveLength(1)
    expect(real.blocks[0].spans[0].text).toMatch(/^Of Casa \*\d+\* \| Lopes .*99\.90/)
    const wrong = await admin.post('/contract-templates/preview', {
      ...input,
      business_unit_id: other.id,
      subscription_id: id,
    })
    expect(wrong.body.errors[0]).toMatchObject({ path: 'subscription_id', code: 'not_a_choice' })
  })
  it('may ask for every documented variable, and each has a meaning and an example', async () => {
    const { groups } = await done(admin.get('/contract-variables'))
    const all = groups.flatMap((group: { variables: object[] }) => group.variables)
    expect(all.length).toBeGreaterThan(40)
    for (const one of all)
      expect(one, one.name).toMatchObject({
        meaning: expect.stringMatching(/./),
        example: expect.stringMatching(/[^–]/),
      })
    const { id } = await createService()
    const body = all.map((one: { name: string }) => `${one.name}: {{${one.name}}}`).join('\n\n')
    for (const language of ['pt-BR', 'es', 'en']) {
      const preview = await done(
        admin.post('/contract-templates/preview', {
          business_unit_id: unit.id,
          language,
          body,
          subscription_id: id,
        }),
      )
      expect(preview.faults).toEqual([])
    }
  })
  it('is written by who may change settings alone', async () => {
    const made = await createTemplate()
    const input = { business_unit_id: unit.id, name: 'Mine', language: 'en', body: 'x' }
    expect((await sales.post('/contract-templates', input)).status).toBe(403)
    expect((await sales.patch(`/contract-templates/${made.id}`, { name: 'x' })).status).toBe(403)
    expect((await sales.get(`/contract-templates/${made.id}`)).status).toBe(200)
    const elsewhere = await api.staff('admin', { units: [other.id] })
    expect((await elsewhere.get(`/contract-templates/${made.id}`)).status).toBe(404)
    expect((await elsewhere.post('/contract-templates', input)).status).toBe(422)
  })
})

describe('what was agreed', () => {
  it('is what holds without an agreement, until something is said', async () => {
    const { id } = await createService()
    const before = await done(admin.get(`/subscriptions/${id}/contract`))
    expect(before).toMatchObject({
      id: null,
      state: 'unissued',
      term_months: 12,
      valid_until: '2027-05-21',
      installation_fee: 0,
      penalty: 'none',
      documents: [],
    })
    const made = await createTemplate()
    const after = await done(
      sales.put(`/subscriptions/${id}/contract`, {
        template_id: made.id,
        term_months: 24,
        renewal: 'automatic',
        renewal_months: 12,
        penalty: 'formula',
        penalty_formula: 'price * months_left\n  * 30 / 100',
      }),
    )
    expect(after).toMatchObject({
      template_id: made.id,
      template_name: made.name,
      term_months: 24,
      valid_until: '2028-05-21',
      renewal: 'automatic',
      renewal_months: 12,
      penalty: 'formula',
      penalty_amount: null,
    })
    // What does not belong to a choice goes with it; what is left out stays.
    const fixed = await done(
      admin.put(`/subscriptions/${id}/contract`, {
        penalty: 'fixed',
        penalty_amount: 15000,
        renewal: 'none',
      }),
    )
    expect(fixed).toMatchObject({
      penalty_formula: null,
      penalty_amount: 15000,
      renewal_months: null,
      term_months: 24,
      template_id: made.id,
    })
    expect((await support.put(`/subscriptions/${id}/contract`, {})).status).toBe(403)
    expect((await support.get(`/subscriptions/${id}/contract`)).status).toBe(200)
  })
  it.each([
    [
      { penalty: 'formula', penalty_formula: 'price *\n mounths' },
      'penalty_formula',
      'formula_unknown_variable',
      'Line 2, column 2',
    ],
    [
      { penalty: 'formula', penalty_formula: 'price > 2' },
      'penalty_formula',
      'formula_no_amount',
      'Line 1, column 1',
    ],
    [
      { penalty: 'formula', penalty_formula: 'price / months_used' },
      'penalty_formula',
      'formula_division_by_zero',
      'price / months_used',
    ],
    [
      { penalty: 'formula', penalty_formula: 'price + (' },
      'penalty_formula',
      'formula_syntax',
      'Line 1, column 10',
    ],
    [{ penalty: 'formula' }, 'penalty_formula', 'required', ''],
    [{ penalty: 'fixed' }, 'penalty_amount', 'required', ''],
    [{ renewal: 'automatic' }, 'renewal_months', 'required', ''],
    [{ installation_fee: 3, instalments: 4 }, 'instalments', 'more_than_amount', ''],
    [{ instalments: 61 }, 'instalments', 'too_big', ''],
    [{ template_id: '018f0000-0000-7000-8000-000000000000' }, 'template_id', 'not_a_choice', ''],
  ])('%j is refused under its field', async (input, path, code, words) => {
    const { id } = await createService()
    const reply = await admin.put(`/subscriptions/${id}/contract`, input)
    expect([reply.status, reply.body.errors?.[0].path, reply.body.errors?.[0].code]).toEqual([
      422,
      path,
      code,
    ])
    expect(reply.body.errors[0].message).toContain(words)
    expect((await admin.get(`/subscriptions/${id}/contract`)).body.id).toBe(null)
  })
  it('is listed with filters, and as a file', async () => {
    const soon = await createService({ term_months: 1 })
    const late = await createService({ term_months: 36 })
    for (const { id } of [soon, late]) await done(admin.put(`/subscriptions/${id}/contract`, {}))
    const list = async (query: string) =>
      (await done(admin.get(`/service-contracts?business_unit_id=${unit.id}&limit=200&${query}`))).items.map(
        (one: { subscription_id: string }) => one.subscription_id,
      )
    expect(await list('until=2026-06-20')).toContain(soon.id)
    expect(await list('until=2026-06-19')).not.toContain(soon.id)
    expect(await list('until=2026-06-20')).not.toContain(late.id)
    expect(await list(`account_id=${late.account.id}`)).toEqual([late.id])
    expect(await list(`q=${late.service.contract_number}`)).toContain(late.id)
    expect(await list('state=in_force')).not.toContain(late.id)
    expect(await list('state=unissued&sort=valid_until')).toContain(late.id)
    const csv = await admin.get(`/service-contracts.csv?account_id=${late.account.id}`)
    expect(csv.bytes.toString()).toContain(`${late.service.contract_number}`)
    const elsewhere = await api.staff('admin', { units: [other.id] })
    expect((await done(elsewhere.get('/service-contracts'))).items).toEqual([])
  })
  it('follows the service: its end, its installation, its term', async () => {
    const { id } = await createService({ status: 'awaiting_installation' })
    await done(admin.put(`/subscriptions/${id}/contract`, {}))
    expect((await admin.get(`/subscriptions/${id}/contract`)).body.valid_until).toBe('2027-05-21')
    api.setNow('2026-06-02T15:00:00Z')
    await done(admin.post(`/subscriptions/${id}/activate`, { date: '2026-06-01' }))
    expect((await admin.get(`/subscriptions/${id}/contract`)).body.valid_until).toBe('2027-06-01')
    await done(admin.patch(`/subscriptions/${id}`, { term_months: 0 }))
    expect((await admin.get(`/subscriptions/${id}/contract`)).body.valid_until).toBe(null)
    await cancel(id)
    expect((await admin.get(`/subscriptions/${id}/contract`)).body.state).toBe('ended')
    const late = await admin.put(`/subscriptions/${id}/contract`, { penalty: 'none' })
    expect([late.status, late.body.code]).toEqual([409, 'subscription_state'])
  })
  it('is taken over by the service that follows it, without what was charged', async () => {
    const from = await createService()
    const to = await createService()
    await done(
      admin.put(`/subscriptions/${from.id}/contract`, {
        installation_fee: 5000,
        penalty: 'fixed',
        penalty_amount: 700,
      }),
    )
    await api.system((tx) => copyContractData(tx, from.id, to.id))
    const copied = await done(admin.get(`/subscriptions/${to.id}/contract`))
    expect(copied).toMatchObject({ penalty: 'fixed', penalty_amount: 700, installation_fee: 0 })
  })
})

describe('the installation fee', () => {
  const chargesOf = async (id: string) =>
    (
      await owner.query(
        `select kind, unit_amount::int as amount, bill_on::text, instalment, instalments, withdrawn_at is not null as withdrawn
           from charges where subscription_id = $1 order by withdrawn_at is null, bill_on, instalment`,
        [id],
      )
    ).rows
  it('is billed in instalments, one for each closing, the larger ones first', async () => {
    const { id } = await createService()
    const set = await done(
      admin.put(`/subscriptions/${id}/contract`, { installation_fee: 10000, instalments: 3 }),
    )
    expect(set).toMatchObject({
      instalments_waiting: 3,
      instalments_billed: 0,
      fee_charged_at: expect.any(String),
    })
    expect(await chargesOf(id)).toEqual([
      {
        kind: 'instalment',
        amount: 3334,
        bill_on: '2026-05-31',
        instalment: 1,
        instalments: 3,
        withdrawn: false,
      },
      {
        kind: 'instalment',
        amount: 3333,
        bill_on: '2026-06-30',
        instalment: 2,
        instalments: 3,
        withdrawn: false,
      },
      {
        kind: 'instalment',
        amount: 3333,
        bill_on: '2026-07-31',
        instalment: 3,
        instalments: 3,
        withdrawn: false,
      },
    ])
    // The same again changes nothing; another one takes the waiting ones back.
    await done(admin.put(`/subscriptions/${id}/contract`, { installation_fee: 10000 }))
    expect(await chargesOf(id)).toHaveLength(3)
    await done(admin.put(`/subscriptions/${id}/contract`, { installation_fee: 8000, instalments: 1 }))
    const charges = await chargesOf(id)
    expect(charges.filter((one) => one.withdrawn)).toHaveLength(3)
    expect(charges.filter((one) => !one.withdrawn)).toMatchObject([
      { kind: 'fee', amount: 8000, instalment: null },
    ])
  })
  it('waits for the installation', async () => {
    const { id } = await createService({ status: 'awaiting_installation' })
    await done(admin.put(`/subscriptions/${id}/contract`, { installation_fee: 6000, instalments: 2 }))
    expect(await chargesOf(id)).toEqual([])
    await done(admin.post(`/subscriptions/${id}/activate`, {}))
    await runJobs(api)
    await runJobs(api)
    expect((await chargesOf(id)).map((one) => one.amount)).toEqual([3000, 3000])
  })
  it('that was billed is changed no more', async () => {
    const { id } = await createService()
    await done(admin.put(`/subscriptions/${id}/contract`, { installation_fee: 6000, instalments: 2 }))
    await owner.query(`update charges set billed_at = now() where subscription_id = $1 and instalment = 1`, [
      id,
    ])
    const reply = await admin.put(`/subscriptions/${id}/contract`, { installation_fee: 5000 })
    expect([reply.status, reply.body.code]).toEqual([409, 'fee_billed_already'])
    expect(
      (await admin.put(`/subscriptions/${id}/contract`, { penalty: 'fixed', penalty_amount: 1 })).status,
    ).toBe(200)
    // What is left of it is what a formula says.
    const penalty = await done(
      admin.put(`/subscriptions/${id}/contract`, {
        penalty: 'formula',
        penalty_formula: 'remaining_fee + remaining_instalments',
      }),
    )
    expect(penalty.penalty).toBe('formula')
    expect((await done(admin.get(`/subscriptions/${id}/penalty?on=2026-06-21`))).amount).toBe(3001)
  })
})

describe('the penalty', () => {
  const agree = async (terms: object, change: object = {}) => {
    const made = await createService(change)
    await done(admin.put(`/subscriptions/${made.id}/contract`, terms))
    return made.id
  }
  const penaltyOn = async (id: string, on: string) => {
    const answer = await done(admin.get(`/subscriptions/${id}/penalty?on=${on}`))
    const same = await api.system((tx) => computePenalty(tx, id, Temporal.PlainDate.from(on)))
    expect(isRefusal(same) ? same : same.amount).toBe(answer.amount)
    return answer
  }
  it('is due inside the minimum term alone', async () => {
    const id = await agree({ penalty: 'fixed', penalty_amount: 25000 })
    expect(await penaltyOn(id, '2027-05-20')).toMatchObject({
      amount: 25000,
      reason: 'fixed',
      currency: 'BRL',
      term: { from: '2026-05-21', to: '2027-05-21', months: 12 },
    })
    expect(await penaltyOn(id, '2027-05-21')).toMatchObject({ amount: 0, reason: 'term_over' })
    expect(
      await penaltyOn(await agree({ penalty: 'fixed', penalty_amount: 1 }, { term_months: 0 }), '2026-05-22'),
    ).toMatchObject({ amount: 0, reason: 'no_term' })
    expect(await penaltyOn((await createService()).id, '2026-05-22')).toMatchObject({
      amount: 0,
      reason: 'no_penalty',
    })
  })
  it('by formula says what it was computed from', async () => {
    const id = await agree(
      { penalty: 'formula', penalty_formula: 'price * months_left * 30 / 100' },
      { discount_kind: 'percent', discount_basis_points: 1000 },
    )
    // 89.91 a month; on 1 October four whole months have gone by, the fifth has begun.
    expect(await penaltyOn(id, '2026-10-01')).toEqual({
      amount: 21578,
      currency: 'BRL',
      on_date: '2026-10-01',
      reason: 'formula',
      formula: 'price * months_left * 30 / 100',
      exact: '107892/5',
      values: [
        { name: 'price', value: '8991', money: true },
        { name: 'months_left', value: '8', money: false },
      ],
      term: { from: '2026-05-21', to: '2027-05-21', months: 12 },
    })
    expect((await penaltyOn(id, '2026-05-21')).values[1].value).toBe('12')
    expect((await penaltyOn(id, '2027-05-20')).values[1].value).toBe('1')
  })
  it('that cannot be computed on a day is refused with the place', async () => {
    const id = await agree({ penalty: 'formula', penalty_formula: 'price / (days_used - 7)' })
    const reply = await admin.get(`/subscriptions/${id}/penalty?on=2026-05-28`)
    expect([reply.status, reply.body.code]).toEqual([409, 'penalty_not_computable'])
    expect(reply.body.detail).toContain('price / (days_used - 7')
  })
  it('begins anew with a renewal that binds', async () => {
    const id = await agree({
      penalty: 'fixed',
      penalty_amount: 500,
      renewal: 'on_request',
      renewal_binds: true,
    })
    const renewed = await done(admin.post(`/subscriptions/${id}/contract/renew`, { months: 6 }))
    expect(renewed).toMatchObject({
      renewed_from: '2027-05-21',
      renewed_until: '2027-11-21',
      valid_until: '2027-11-21',
    })
    expect((await penaltyOn(id, '2027-11-20')).amount).toBe(500)
    await done(admin.put(`/subscriptions/${id}/contract`, { renewal_binds: false }))
    expect((await penaltyOn(id, '2027-11-20')).amount).toBe(0)
  })
  it('formulas are checked and previewed without writing', async () => {
    const { id } = await createService()
    const good = await done(
      support.post('/penalty-formulas/check', {
        formula: 'price * months_left',
        subscription_id: id,
        on: '2026-10-01',
      }),
    )
    expect(good).toMatchObject({
      fault: null,
      sample: { amount: 8990 * 8 },
      service: { amount: 9990 * 8, currency: 'BRL' },
    })
    const bad = await done(support.post('/penalty-formulas/check', { formula: '1 +\n foo' }))
    expect(bad).toEqual({
      fault: {
        code: 'formula_unknown_variable',
        line: 2,
        column: 2,
        length: 3,
        part: 'foo',
        message: 'Line 2, column 2: there is no variable “foo”.',
      },
      sample: null,
      service: null,
    })
    const words = await done(support.get('/penalty-formulas/language'))
    expect(words.variables.length).toBe(16)
    for (const { formula } of words.examples)
      expect((await done(support.post('/penalty-formulas/check', { formula }))).fault, formula).toBe(null)
  })
  it('is set by the sale through the module’s front', async () => {
    const { id } = await createService()
    const said = await api.system((tx) =>
      setContractData(tx, id, { penalty: 'formula', penalty_formula: 'pric' }, api.now()),
    )
    expect(isRefusal(said) && said.fields[0]).toMatchObject({
      code: 'formula_unknown_variable',
      params: { line: 1, column: 1, part: 'pric' },
    })
    expect(
      await api.system((tx) => setContractData(tx, id, { penalty: 'fixed', penalty_amount: 5 }, api.now())),
    ).toBe(undefined)
  })
})

describe('a contract', () => {
  async function issue(change: object = {}, input: object = {}) {
    const made = await createTemplate()
    const one = await createService(change)
    await done(admin.put(`/subscriptions/${one.id}/contract`, { template_id: made.id }))
    const document = await done(sales.post(`/subscriptions/${one.id}/contract/issue`, input))
    return { ...one, document, template: made }
  }

  it('is previewed, issued, read, printed, and waits for the customer', async () => {
    const { id, document, customer, service, template: made } = await issue()
    expect(document).toMatchObject({
      contract_number: service.contract_number,
      revision: 1,
      state: 'issued',
      issued_on: '2026-05-21',
      title: `Contract no. ${service.contract_number}`,
      template_name: made.name,
      template_version: 1,
      accepted_at: null,
    })
    const text = JSON.stringify(document.blocks)
    expect(text).toContain('12 months')
    expect(text).toContain('May 20, 2027')
    expect(document.blocks.map((block: { kind: string }) => block.kind)).toEqual([
      'heading',
      'paragraph',
      'table',
      'list',
    ])
    const contract = await done(admin.get(`/subscriptions/${id}/contract`))
    expect([contract.state, contract.documents.length]).toEqual(['waiting', 1])
    const home = await done(customer.get('/home'))
    expect(home.needs_you).toMatchObject([
      { kind: 'contract_waiting', id, number: String(service.contract_number) },
    ])
    const own = await done(customer.get(`/contract-documents?subscription_id=${id}`))
    expect(own.items).toHaveLength(1)
    expect((await done(customer.get(`/contract-documents/${document.id}`))).blocks).toEqual(document.blocks)
    for (const reply of [
      await customer.get(`/contract-documents/${document.id}/pdf`),
      await admin.get(`/contract-documents/${document.id}/pdf`),
    ]) {
      expect([reply.status, reply.headers['content-type']]).toEqual([200, 'application/pdf'])
      expect(reply.bytes.subarray(0, 5).toString()).toBe('%PDF-')
      expect(reply.bytes.length).toBeGreaterThan(5000)
    }
  })

  it('needs a template, and takes the default of the account’s language', async () => {
    const unitOf = await api.unit()
    const product = await done(admin.post('/products', { business_unit_id: unitOf.id, name: 'P' }))
    const bare = await done(
      admin.post('/plans', {
        business_unit_id: unitOf.id,
        product_id: product.id,
        name: 'P',
        kind: 'generic',
        prices: [{ currency: 'BRL', interval: 'month', amount: 100 }],
      }),
    )
    const account = await done(
      admin.post('/accounts', { business_unit_id: unitOf.id, name: 'X', language: 'es' }),
    )
    const service = await done(admin.post(`/accounts/${account.id}/subscriptions`, { plan_id: bare.id }))
    const none = await admin.post(`/subscriptions/${service.id}/contract/issue`, {})
    expect([none.status, none.body.code]).toEqual([409, 'contract_template_missing'])
    const make = (language: string, is_default: boolean) =>
      done(
        admin.post('/contract-templates', {
          business_unit_id: unitOf.id,
          name: `T ${language} ${is_default}`,
          language,
          body: 'x',
          is_default,
        }),
      )
    await make('en', true)
    const spanish = await make('es', true)
    const preview = await done(admin.get(`/subscriptions/${service.id}/contract/preview`))
    expect(preview).toMatchObject({
      template_id: spanish.id,
      language: 'es',
      revision: 1,
      title: `Contrato n.º ${service.contract_number}`,
    })
  })

  it('is accepted by the customer: who, when, from where, on which text', async () => {
    const { id, document, customer, email } = await issue()
    const stale = await customer.post(`/contract-documents/${document.id}/accept`, { sha256: 'a'.repeat(64) })
    expect([stale.status, stale.body.code]).toEqual([409, 'contract_changed'])
    const accepted = await done(
      customer.post(`/contract-documents/${document.id}/accept`, { sha256: document.sha256 }),
    )
    expect(accepted).toMatchObject({
      state: 'accepted',
      accepted_at: '2026-05-21T15:00:00.000Z',
      acceptance: 'portal',
      accepted_email: email,
      accepted_ip: expect.stringMatching(/^10\./),
      accepted_user_agent: expect.any(String),
    })
    const stored = (
      await owner.query(`select text_body, sha256, accepted_sha256 from contract_documents where id = $1`, [
        document.id,
      ])
    ).rows[0]
    expect(createHash('sha256').update(stored.text_body).digest('hex')).toBe(stored.sha256)
    expect(stored.accepted_sha256).toBe(stored.sha256)
    expect(
      (await customer.post(`/contract-documents/${document.id}/accept`, { sha256: document.sha256 })).body
        .code,
    ).toBe('contract_closed')
    expect((await done(admin.get(`/subscriptions/${id}/contract`))).state).toBe('in_force')
    expect((await done(customer.get('/home'))).needs_you).toEqual([])
    const audit = await done(admin.get(`/audit?object_type=contract_documents&object_id=${document.id}`))
    expect(audit.items.map((one: { actor_kind: string }) => one.actor_kind)).toContain('customer')
    expect(JSON.stringify(audit.items)).not.toContain('Between **')
  })

  it('is accepted by one of two at once', async () => {
    const { document, customer } = await issue()
    const replies = await Promise.all(
      [1, 2, 3].map(() =>
        customer.post(`/contract-documents/${document.id}/accept`, { sha256: document.sha256 }),
      ),
    )
    expect(replies.map((reply) => reply.status).sort()).toEqual([200, 409, 409])
  })

  it('of a service that ended waits for nobody', async () => {
    const { id, document, customer } = await issue()
    await cancel(id)
    expect((await done(customer.get('/home'))).needs_you).toEqual([])
    const late = await customer.post(`/contract-documents/${document.id}/accept`, { sha256: document.sha256 })
    expect([late.status, late.body.code]).toEqual([409, 'contract_closed'])
  })

  it('is nobody else’s, and not accepted by who may not', async () => {
    const { document, account } = await issue()
    const { customer: stranger } = await createService()
    const elsewhere = await api.staff('admin', { units: [other.id] })
    const scan = { name: 'scan.pdf', type: 'application/pdf', bytes: Buffer.from('%PDF-1.4') }
    const sign = { signed_on: '2026-05-20', signed_by: 'Eve' }
    const signing = await elsewhere.upload('POST', `/contract-documents/${document.id}/sign`, scan, sign)
    expect(signing.status).toBe(404)
    for (const reply of [
      await stranger.get(`/contract-documents/${document.id}`),
      await stranger.get(`/contract-documents/${document.id}/pdf`),
      await stranger.post(`/contract-documents/${document.id}/accept`, { sha256: document.sha256 }),
    ])
      expect(reply.status).toBe(404)
    const email = `bills${++people}@contracts.example`
    await api.system(async (tx) => {
      const user = await tx
        .insertInto('users')
        .values({ side: 'customer', email, name: 'Bill', language: 'en' })
        .returning('id')
        .executeTakeFirstOrThrow()
      await tx
        .insertInto('memberships')
        .values({ user_id: user.id, account_id: account.id, permissions: ['billing'] })
        .execute()
    })
    const bills = await api.customer(email)
    expect((await bills.get(`/contract-documents/${document.id}`)).status).toBe(403)
    expect(
      (await bills.post(`/contract-documents/${document.id}/accept`, { sha256: document.sha256 })).status,
    ).toBe(403)
    expect((await done(bills.get('/home'))).needs_you).toEqual([])
    expect((await support.post(`/contract-documents/${document.id}/send`)).status).toBe(403)
  })

  it('is declined with a reason, and issued again as the next revision', async () => {
    const { id, document, customer } = await issue()
    const declined = await done(
      customer.post(`/contract-documents/${document.id}/decline`, { reason: 'Too long' }),
    )
    expect(declined).toMatchObject({ state: 'declined', decline_reason: 'Too long' })
    expect((await done(admin.get(`/subscriptions/${id}/contract`))).state).toBe('declined')
    const again = await done(admin.post(`/subscriptions/${id}/contract/issue`, {}))
    expect(again.revision).toBe(2)
    const third = await done(admin.post(`/subscriptions/${id}/contract/issue`, {}))
    const states = (await done(admin.get(`/subscriptions/${id}/contract`))).documents.map(
      (one: { revision: number; state: string }) => [one.revision, one.state],
    )
    expect(states).toEqual([
      [3, 'issued'],
      [2, 'superseded'],
      [1, 'declined'],
    ])
    const withdrawn = await done(admin.post(`/contract-documents/${third.id}/withdraw`))
    expect(withdrawn.state).toBe('withdrawn')
    expect((await customer.get(`/contract-documents/${third.id}`)).status).toBe(404)
    expect((await admin.post(`/contract-documents/${third.id}/send`)).body.code).toBe('contract_closed')
  })

  it('stays in force until the next one is accepted, which supersedes it', async () => {
    const { id, document, customer, template: made } = await issue()
    await done(customer.post(`/contract-documents/${document.id}/accept`, { sha256: document.sha256 }))
    await done(admin.patch(`/contract-templates/${made.id}`, { body: 'New words for {{account.name}}' }))
    const next = await done(admin.post(`/subscriptions/${id}/contract/issue`, {}))
    expect(next).toMatchObject({ revision: 2, template_version: 2 })
    // What was issued keeps the text that it was issued with.
    expect((await done(customer.get(`/contract-documents/${document.id}`))).blocks).toEqual(document.blocks)
    expect((await done(customer.get(`/contract-documents/${document.id}`))).state).toBe('accepted')
    await done(customer.post(`/contract-documents/${next.id}/accept`, { sha256: next.sha256 }))
    expect((await done(customer.get(`/contract-documents/${document.id}`))).state).toBe('superseded')
    expect((await done(admin.get(`/subscriptions/${id}/contract`))).state).toBe('in_force')
  })

  it('is marked as signed on paper, with the scan', async () => {
    const { document, customer } = await issue()
    const scan = { name: 'scan.pdf', type: 'application/pdf', bytes: Buffer.from('%PDF-1.4 signed') }
    const sign = (fields: Record<string, string>, file = scan) =>
      sales.upload('POST', `/contract-documents/${document.id}/sign`, file, fields)
    expect((await sign({ signed_on: '2026-05-22', signed_by: 'Ana' })).body.errors[0]).toMatchObject({
      path: 'signed_on',
      code: 'in_the_future',
    })
    expect((await sign({ signed_on: 'soon', signed_by: 'Ana' })).body.errors[0]).toMatchObject({
      path: 'signed_on',
      code: 'not_a_date',
    })
    expect(
      (await sign({ signed_on: '2026-05-20', signed_by: 'Ana' }, { ...scan, bytes: Buffer.from('<script>') }))
        .body.code,
    ).toBe('scan_unsuitable')
    expect((await sign({ signed_on: '2026-05-20', signed_by: '' })).body.errors[0].path).toBe('signed_by')
    const signed = await done(sign({ signed_on: '2026-05-20', signed_by: 'Ana Lopes' }))
    expect(signed).toMatchObject({
      state: 'accepted',
      acceptance: 'paper',
      accepted_on: '2026-05-20',
      accepted_name: 'Ana Lopes',
      has_signed_copy: true,
      accepted_ip: null,
    })
    for (const reply of [
      await sales.get(`/contract-documents/${document.id}/signed-copy`),
      await customer.get(`/contract-documents/${document.id}/signed-copy`),
    ]) {
      expect(reply.bytes.toString()).toBe('%PDF-1.4 signed')
      expect(String(reply.headers['content-disposition'])).toMatch(/^attachment/)
    }
    expect(
      (await customer.get(`/contract-documents/${(await issue()).document.id}/signed-copy`)).status,
    ).toBe(404)
  })

  it('goes by mail with its PDF, again where it is sent again, and is confirmed once it is agreed', async () => {
    const { document, customer, email } = await issue({}, { send: true })
    const sent: MailMessage[] = []
    const mailer = {
      deliver: async (message: MailMessage) => {
        sent.push(message)
        return { state: 'sent' as const, message_id: 'x' }
      },
      close: () => undefined,
    }
    await runJobs(api, { mailer: mailer as never })
    const about = () => sent.filter((one) => one.to.address === email)
    expect(about()).toHaveLength(1)
    expect(
      about()[0]!.attachments?.map((one) => [one.content_type, one.content.subarray(0, 5).toString()]),
    ).toContainEqual(['application/pdf', '%PDF-'])
    expect(about()[0]!.text).toContain('/services/')
    await done(sales.post(`/contract-documents/${document.id}/send`))
    await runJobs(api, { mailer: mailer as never })
    expect(about()).toHaveLength(2)
    await done(customer.post(`/contract-documents/${document.id}/accept`, { sha256: document.sha256 }))
    await runJobs(api, { mailer: mailer as never })
    expect(about()).toHaveLength(3)
    expect(about()[2]!.subject).toMatch(/accepted/)
    const notices = await done(admin.get(`/notices?q=${email}`))
    expect(notices.items.map((one: { kind: string }) => one.kind).sort()).toEqual([
      'contract_accepted',
      'contract_sent',
      'contract_sent',
    ])
  })
})

describe('validity', () => {
  async function agreed(terms: object, change: object = {}) {
    const made = await createTemplate()
    const one = await createService({ start_date: '2026-05-21', term_months: 2, ...change })
    await done(admin.put(`/subscriptions/${one.id}/contract`, { template_id: made.id, ...terms }))
    const document = await done(admin.post(`/subscriptions/${one.id}/contract/issue`, {}))
    await done(one.customer.post(`/contract-documents/${document.id}/accept`, { sha256: document.sha256 }))
    return { ...one, document }
  }
  const keep = async () => {
    await owner.query(`select graphile_worker.add_job('contracts:keep_validity')`)
    await runJobs(api)
  }
  it('warns once before its end, renews by itself, runs out, and is renewed on request', async () => {
    const automatic = await agreed({ renewal: 'automatic', renewal_months: 12 })
    const requested = await agreed({ renewal: 'on_request' })
    const open = await agreed({}, { term_months: 0 })
    const contract = async (id: string) => done(admin.get(`/subscriptions/${id}/contract`))
    const warnings = async (email: string) =>
      (
        await owner.query(
          `select count(*)::int as n from notices where kind = 'contract_expiring' and to_email = $1`,
          [email],
        )
      ).rows[0].n
    await keep()
    expect(await warnings(automatic.email)).toBe(0)
    api.setNow('2026-07-01T15:00:00Z')
    await keep()
    await keep()
    expect([
      await warnings(automatic.email),
      await warnings(requested.email),
      await warnings(open.email),
    ]).toEqual([1, 1, 0])
    api.setNow('2026-07-22T15:00:00Z')
    await keep()
    expect(await contract(automatic.id)).toMatchObject({
      state: 'in_force',
      renewed_from: '2026-07-21',
      valid_until: '2027-07-21',
    })
    expect(await contract(requested.id)).toMatchObject({
      state: 'expired',
      valid_until: '2026-07-21',
      documents: [{ state: 'expired' }],
    })
    expect((await contract(open.id)).state).toBe('in_force')
    const renewed = await done(admin.post(`/subscriptions/${requested.id}/contract/renew`, { months: 12 }))
    expect(renewed).toMatchObject({
      state: 'in_force',
      renewed_from: '2026-07-22',
      valid_until: '2027-07-22',
      documents: [{ state: 'accepted' }],
    })
    expect((await admin.post(`/subscriptions/${open.id}/contract/renew`, { months: 1 })).body.code).toBe(
      'contract_without_end',
    )
    // After a long sleep it renews as often as it takes, from the end that there was; each end has its warning.
    api.setNow('2029-08-01T15:00:00Z')
    await keep()
    expect(await contract(automatic.id)).toMatchObject({
      renewed_from: '2029-07-21',
      valid_until: '2030-07-21',
    })
    api.setNow('2030-07-01T15:00:00Z')
    await keep()
    expect(await warnings(automatic.email)).toBe(2)
  })
})

describe('the database itself', () => {
  it('lets no issued contract change, and no login go around the rules', async () => {
    const made = await createTemplate()
    const { id, customer, account } = await createService()
    await done(admin.put(`/subscriptions/${id}/contract`, { template_id: made.id }))
    const document = await done(admin.post(`/subscriptions/${id}/contract/issue`, {}))
    const outcome = (statement: string, client = owner) =>
      client.query(statement).then(
        () => 'done',
        (error: { code: string }) => error.code,
      )
    const one = `where id = '${document.id}'`
    expect(await outcome(`update contract_documents set text_body = 'x' ${one}`)).toBe('42501')
    expect(await outcome(`update contract_documents set facts = '{}' ${one}`)).toBe('42501')
    expect(await outcome(`update contract_documents set accepted_name = 'x' ${one}`)).toBe('42501')
    expect(await outcome(`delete from contract_documents ${one}`)).toBe('42501')
    expect(await outcome(`truncate contract_documents`)).toBe('42501')
    // Accepted, but on another text than its own.
    expect(
      await outcome(
        `update contract_documents set state = 'accepted', accepted_at = now(), accepted_on = '2026-05-21', acceptance = 'paper', accepted_sha256 = repeat('a', 64) ${one}`,
      ),
    ).toBe('23514')
    await done(customer.post(`/contract-documents/${document.id}/accept`, { sha256: document.sha256 }))
    expect(await outcome(`update contract_documents set accepted_ip = '10.0.0.1' ${one}`)).toBe('42501')
    expect(await outcome(`update contract_documents set state = 'issued' ${one}`)).toBe('42501')
    const portal = new pg.Client({ connectionString: api.database.portalUrl })
    await portal.connect()
    try {
      await portal.query(
        `select set_config('zaguan.account', $1, false), set_config('zaguan.permissions', '{owner}', false)`,
        [account.id],
      )
      expect(await outcome(`update contract_documents set text_body = 'x'`, portal)).toBe('42501')
      expect(await outcome(`update contract_documents set signed_file_id = uuidv7()`, portal)).toBe('42501')
      expect(await outcome(`insert into contract_documents (id) values (uuidv7())`, portal)).toBe('42501')
      expect(await outcome(`update service_contracts set penalty = 'none'`, portal)).toBe('42501')
      expect(await outcome(`select penalty_formula from service_contracts`, portal)).toBe('42501')
    } finally {
      await portal.end()
    }
  })
  it('lets a mistaken service go with its contract', async () => {
    const made = await createTemplate()
    const { id } = await createService({ start_date: '2026-05-21' })
    await done(admin.put(`/subscriptions/${id}/contract`, { template_id: made.id }))
    await done(admin.post(`/subscriptions/${id}/contract/issue`, {}))
    expect((await admin.delete(`/subscriptions/${id}`)).status).toBe(204)
    const left = await owner.query(
      `select count(*)::int as n from contract_documents where subscription_id = $1`,
      [id],
    )
    expect(left.rows[0].n).toBe(0)
  })
})

describe('an erased account', () => {
  it('keeps what was agreed, without where from, and loses what never was', async () => {
    const made = await createTemplate()
    const one = await createService()
    await done(admin.put(`/subscriptions/${one.id}/contract`, { template_id: made.id }))
    const first = await done(admin.post(`/subscriptions/${one.id}/contract/issue`, {}))
    await done(one.customer.post(`/contract-documents/${first.id}/decline`, { reason: 'My words' }))
    const second = await done(admin.post(`/subscriptions/${one.id}/contract/issue`, {}))
    await done(one.customer.post(`/contract-documents/${second.id}/accept`, { sha256: second.sha256 }))
    await runJobs(api)
    await cancel(one.id)
    await done(
      admin.post(`/accounts/${one.account.id}/erasure`, { number: one.account.number, reason: 'asked' }),
    )
    const rows = (
      await owner.query(
        `select revision, text_body, facts, accepted_ip, accepted_user_agent, decline_reason, redacted_at is not null as redacted
           from contract_documents where subscription_id = $1 order by revision`,
        [one.id],
      )
    ).rows
    expect(rows[0]).toMatchObject({ text_body: '', facts: {}, decline_reason: null, redacted: true })
    expect(rows[1]).toMatchObject({ accepted_ip: null, accepted_user_agent: null, redacted: true })
    expect(rows[1].text_body).toContain('Casa')
    const print = await admin.get(`/contract-documents/${second.id}/pdf`)
    expect(print.status).toBe(200)
    expect((await admin.post(`/subscriptions/${one.id}/contract/issue`, {})).status).toBe(409)
  })
})
