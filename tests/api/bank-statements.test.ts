// Bank statements (B7): brought in once however often they come, what each line pays with a reason, and booked once.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Caller, startTestApi, type TestApi } from '../api.ts'
import { issueInvoice } from '../invoices.ts'
import { runJobs } from '../jobs.ts'
import { askOwner } from '../people.ts'
import { type OfxEntry, writeCamt, writeCnab, writeOfx, writeOfx2 } from '../statements/samples.ts'

let api: TestApi
let admin: Caller
let count = 0

// biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects and fails where it is not there
type Row = any

beforeAll(async () => {
  api = await startTestApi({ addresses: true })
  admin = await api.staff('admin')
})
afterAll(() => api.close())

async function made(path: string, body: object, by = admin): Promise<Row> {
  const reply = await by.post(path, body)
  expect(reply.status, JSON.stringify(reply.body)).toBe(201)
  return reply.body
}

/** A business unit with a bank account. */
async function found(account: object = {}) {
  const unit = await api.unit({ payment_methods: ['pix', 'bank_transfer'] })
  const bank = await made('/bank-accounts', {
    business_unit_id: unit.id,
    name: 'Main',
    bank: 'Example',
    number: '341/1234/56789-0',
    ...account,
  })
  return { unit, bank }
}
type Found = Awaited<ReturnType<typeof found>>

const customer = async (at: Found, change: object = {}) =>
  made('/accounts', { business_unit_id: at.unit.id, name: `Payer Number ${++count}`, ...change })
const issue = (account: Row, total: number, due = '2026-05-10'): Promise<{ id: string; number: string }> =>
  api.system((tx) => issueInvoice(tx, account.id, { total, due_date: due }))

const send = (at: Found, text: string | Buffer, change: { name?: string; bank_account_id?: string } = {}) =>
  admin.upload(
    'POST',
    '/bank-statements',
    { name: change.name ?? 'extrato.ofx', type: 'application/octet-stream', bytes: Buffer.from(text) },
    { business_unit_id: at.unit.id, bank_account_id: change.bank_account_id ?? at.bank.id },
  )
async function bring(
  at: Found,
  text: string | Buffer,
  change: Parameters<typeof send>[2] = {},
): Promise<Row> {
  const reply = await send(at, text, change)
  expect(reply.status, JSON.stringify(reply.body)).toBe(201)
  await runJobs(api)
  return (await admin.get(`/bank-statements/${reply.body.id}`)).body
}
const linesOf = async (statement: Row, query = ''): Promise<Row[]> =>
  (await admin.get(`/bank-lines?statement_id=${statement.id}&sort=position&limit=200${query}`)).body.items
const seen = (line: Row) => [line.state, line.confidence, line.proposals[0]?.reason ?? line.reason]
const approve = (line: Row, body: object = {}, by = admin) => by.post(`/bank-lines/${line.id}/approve`, body)
const paymentsOf = async (account: Row): Promise<Row[]> =>
  (await admin.get(`/payments?account_id=${account.id}`)).body.items
const entry = (amount: string, change: Partial<OfxEntry> = {}): OfxEntry => ({
  day: '2026-05-11',
  amount,
  id: `F${++count}`,
  ...change,
})

describe('a bank account', () => {
  it('is known by its last digits and a hash, never by its number', async () => {
    const { bank, unit } = await found({ number: '0341 1234 98765-4321' })
    expect(bank).toMatchObject({ last_digits: '4321', currency: 'BRL', recognised: true, csv_known: false })
    const [row] = await askOwner(
      api,
      `select (select string_agg(to_jsonb(b)::text, '') from bank_accounts b)
      || (select string_agg(to_jsonb(a)::text, '') from audit_log a) as text`,
    )
    expect(row.text).not.toContain('98765')
    const again = await admin.post('/bank-accounts', { business_unit_id: unit.id, name: 'Main' })
    expect(again.body.errors).toMatchObject([{ path: 'name', code: 'taken' }])
    const other = await admin.post('/bank-accounts', {
      business_unit_id: unit.id,
      name: 'Other',
      number: '0341.1234.987654321',
    })
    expect(other.body.errors).toMatchObject([{ path: 'number', code: 'taken' }])
    expect(
      (await admin.patch(`/bank-accounts/${bank.id}`, { archived: true, name: 'Old' })).body,
    ).toMatchObject({ name: 'Old', archived_at: expect.any(String) })
    const sales = await api.staff('sales')
    expect((await sales.post('/bank-accounts', { business_unit_id: unit.id, name: 'x' })).body.code).toBe(
      'not_permitted',
    )
  })
})

describe('an account in another currency than its business unit', () => {
  it('is read, but none of its money is booked as if it were of the unit’s currency', async () => {
    const at = await found({ currency: 'USD' })
    const account = await customer(at)
    const statement = await bring(at, writeOfx([entry('100.00')]).replace('BRL', 'USD'))
    const [line] = await linesOf(statement)
    expect(line).toMatchObject({ amount: 10_000, currency: 'USD' })
    const chosen = await admin.put(`/bank-lines/${line.id}/proposal`, { account_id: account.id })
    expect([chosen.status, chosen.body.code], JSON.stringify(chosen.body)).toEqual([
      409,
      'bank_line_currency',
    ])
    await askOwner(
      api,
      `insert into bank_line_proposals (business_unit_id, line_id, rank, account_id, invoice_ids, reason, confidence, facts, chosen_by)
       select business_unit_id, id, 1, $2, '{}', 'chosen', 'certain', '{}', (select id from users limit 1) from bank_statement_lines where id = $1`,
      [line.id, account.id],
    )
    expect((await approve(line)).body.code).toBe('bank_line_currency')
    expect(await paymentsOf(account)).toEqual([])
  })
})

describe('a statement', () => {
  it('is read in every form, once: the same file is refused, and what overlaps is not taken twice', async () => {
    const at = await found()
    const entries = [entry('10.00'), entry('10.00'), entry('-3.00', { memo: 'TARIFA' })]
    const first = await bring(at, writeOfx(entries))
    expect(first).toMatchObject({
      format: 'ofx',
      state: 'ready',
      lines_read: 3,
      lines_new: 3,
      lines_repeated: 0,
      open: 2,
      ignored: 1,
      period_from: '2026-05-01',
      period_to: '2026-05-31',
      closing_balance: 100_000,
    })
    const same = await send(at, writeOfx(entries))
    expect(same.status).toBe(409)
    expect(same.body).toMatchObject({ code: 'statement_repeated' })
    const over = await bring(at, writeOfx2([...entries.slice(1), entry('11.00')]))
    expect(over).toMatchObject({ lines_read: 3, lines_new: 1, lines_repeated: 2, open: 1 })
    // No id of the bank in this form: two that look alike are two, and the same two the next time.
    const cnab = [1, 2].map(() => ({ day: '2026-05-12', amount: 500, history: 'DEPOSITO' }))
    expect(await bring(at, writeCnab(cnab))).toMatchObject({
      format: 'cnab240',
      lines_new: 2,
      opening_balance: 100_000,
      warnings: [],
    })
    expect(
      await bring(at, writeCnab([...cnab, { day: '2026-05-13', amount: 500, history: 'DEPOSITO' }])),
    ).toMatchObject({ lines_new: 1, lines_repeated: 2 })
    // The files are gone, and so is every number.
    const [row] = await askOwner(
      api,
      `select (select count(*)::int from files where purpose = 'bank_statement') as files,
      (select string_agg(to_jsonb(s)::text, '') from bank_statements s) || (select string_agg(to_jsonb(l)::text, '') from bank_statement_lines l) as text`,
    )
    expect(row.files).toBe(0)
    expect(row.text).not.toContain('56789-0')
  })

  it('of the euro account is read from camt.053; where balances do not add up it says so', async () => {
    const at = await found({ currency: 'EUR', number: null })
    const text = writeCamt(
      [
        {
          day: '2026-05-11',
          amount: '10.00',
          ref: 'A',
          details: [{ debtor: 'Ana', iban: 'DE02120300000000202051' }],
        },
      ],
      { version: '08', opening: '5.00', closing: '16.00' },
    )
    const read = await bring(at, text, { name: 'a.xml' })
    expect(read).toMatchObject({
      state: 'ready',
      warnings: [{ code: 'balance_differs', params: { told: 1600, found: '1500', currency: 'EUR' } }],
    })
    expect((await linesOf(read))[0]).toMatchObject({
      counterparty_name: 'Ana',
      counterparty_last_digits: '2051',
    })
    // The number was learnt: the next file need not say which account it is of.
    expect((await admin.get(`/bank-accounts/${at.bank.id}`)).body).toMatchObject({
      last_digits: '3000',
      recognised: true,
    })
    const next = await bring(at, text.replace('<AcctSvcrRef>A', '<AcctSvcrRef>B'), {
      bank_account_id: '',
      name: 'b.xml',
    })
    expect(next).toMatchObject({ state: 'ready', bank_account_id: at.bank.id, lines_new: 1 })
  })

  it('that is bad tells what and where, and leaves nothing', async () => {
    const at = await found()
    const entries = Array.from({ length: 20 }, () => entry('10.00'))
    const whole = writeOfx(entries)
    const cases: [string, object][] = [
      [whole.slice(0, -40), { error: 'truncated' }],
      [
        whole.replace('<TRNAMT>10.00\n<FITID>' + entries[5]!.id, '<TRNAMT>1x\n<FITID>' + entries[5]!.id),
        { error: 'bad_amount', error_line: 50, error_params: { value: '1x' } },
      ],
      [
        whole.replace('<CURDEF>BRL', '<CURDEF>USD'),
        { error: 'wrong_currency', error_params: { found: 'USD', expected: 'BRL' } },
      ],
      [whole.replace('56789-0', '11111-1'), { error: 'wrong_account' }],
      [
        writeCnab([{ day: '2026-05-12', amount: 500, history: 'X' }]).replace(
          '000000000000000500C',
          '000000000000000501C',
        ),
        { error: 'bad_total', error_line: 4 },
      ],
      [writeCamt([], { head: '<!DOCTYPE a [<!ENTITY b "c">]>' }), { error: 'dtd_refused' }],
      [writeOfx([]), { error: 'empty' }],
    ]
    for (const [text, report] of cases) {
      const read = await bring(at, text)
      expect(read, JSON.stringify(report)).toMatchObject({ state: 'failed', lines_read: 0, ...report })
      expect(await linesOf(read)).toEqual([])
    }
    for (const text of ['%PDF-1.7 nothing', 'hello', '']) {
      const reply = await send(at, text)
      expect(reply.status).toBe(422)
    }
    const unknown = await bring(at, whole.replace('56789-0', '2222-2'), { bank_account_id: '' })
    expect(unknown).toMatchObject({
      state: 'failed',
      error: 'account_unknown',
      error_params: { digits: '2222' },
    })
    // What failed may come again, whole; and a failed one can be discarded.
    expect(await bring(at, whole)).toMatchObject({ state: 'ready', lines_new: 20 })
    expect((await admin.delete(`/bank-statements/${unknown.id}`)).status).toBe(204)
    expect((await admin.get(`/bank-statements/${unknown.id}`)).status).toBe(404)
  })

  it('of 50 MB that is cut is told with its line, books nothing, and one that is too large is not taken', async () => {
    const at = await found()
    const one = writeOfx([entry('10.00', { memo: 'x y '.repeat(250) })])
    const [head, rest] = one.split('<STMTTRN>')
    const body = `<STMTTRN>${rest!.split('</BANKTRANLIST>')[0]}`
    const times = Math.floor(50_000_000 / body.length)
    const parts: string[] = [head!]
    for (let n = 0; n < times; n++) parts.push(body.replace(/<FITID>\w+/, `<FITID>N${n}`))
    const text = parts.join('')
    const read = await bring(at, text)
    expect(read).toMatchObject({ state: 'failed', error: 'truncated' })
    expect(read.error_line).toBeGreaterThan(100_000)
    expect(await linesOf(read)).toEqual([])
    const large = await send(at, Buffer.alloc(52_428_801, 'a'))
    expect(large.body).toMatchObject({ status: 413, code: 'file_too_large' })
  }, 120_000)

  it('in CSV waits for its columns to be named, and they are remembered', async () => {
    const at = await found()
    const text =
      'Extrato;;;\nData;Historico;Valor;Saldo\n11/05/2026;PIX RECEBIDO ANA MARIA;89,90;1\n12/05/2026;TARIFA;-1,00;2\n13/05/2026;SALDO;;2\n'
    const refused = await send(at, text, { bank_account_id: '' })
    expect(refused.body.code).toBe('statement_account_needed')
    const draft = await bring(at, text, { name: 'e.csv' })
    expect(draft).toMatchObject({
      state: 'draft',
      format: 'csv',
      mappable: true,
      columns: ['Data', 'Historico', 'Valor', 'Saldo'],
    })
    expect(draft.sample[0]).toEqual(['11/05/2026', 'PIX RECEBIDO ANA MARIA', '89,90', '1'])
    const wrong = await admin.post(`/bank-statements/${draft.id}/read`, {
      mapping: { ...draft.mapping, columns: { ...draft.mapping.columns, date: null, amount: 'Nope' } },
    })
    expect(wrong.body.errors.map((one: Row) => one.path)).toEqual([
      'mapping.columns.amount',
      'mapping.columns.date',
    ])
    const formed = await admin.put(`/bank-statements/${draft.id}/form`, { delimiter: ';', header_line: 3 })
    expect(formed.body.columns[0]).toBe('11/05/2026')
    await admin.put(`/bank-statements/${draft.id}/form`, { delimiter: ';', header_line: 2 })
    // A mapping that does not fit fails with the line, and may be corrected.
    await admin.post(`/bank-statements/${draft.id}/read`, { mapping: { ...draft.mapping, dates: 'ymd' } })
    await runJobs(api)
    expect((await admin.get(`/bank-statements/${draft.id}`)).body).toMatchObject({
      state: 'failed',
      error: 'bad_date',
      error_line: 3,
      mappable: true,
    })
    const reply = await admin.post(`/bank-statements/${draft.id}/read`, { mapping: draft.mapping })
    expect(reply.status, JSON.stringify(reply.body)).toBe(202)
    await runJobs(api)
    const read = (await admin.get(`/bank-statements/${draft.id}`)).body
    expect(read).toMatchObject({
      state: 'ready',
      lines_new: 2,
      sample: [],
      warnings: [{ code: 'rows_left_out', params: { count: 1 } }],
    })
    expect((await admin.get(`/bank-accounts/${at.bank.id}`)).body.csv_known).toBe(true)
    const next = await bring(at, text.replace('11/05', '14/05'), { name: 'f.csv' })
    expect(next.mapping).toEqual(draft.mapping)
    expect(
      (await admin.post(`/bank-statements/${draft.id}/read`, { mapping: draft.mapping })).body.code,
    ).toBe('statement_read')
  })
})

describe('lines', () => {
  it('find what they pay, with a reason, and are sure only where it can be nothing else', async () => {
    const at = await found()
    const [ana, firm, joao, twin, debtor] = [
      await customer(at, { name: 'Ana Paula Ferreira' }),
      await customer(at, { name: 'Padaria Estrela Ltda', tax_id: '11.222.333/0001-81' }),
      await customer(at, { name: 'João Batista Nogueira' }),
      await customer(at, { name: 'Maria Homônima Souza' }),
      await customer(at, { name: 'Devedor Geral' }),
    ]
    await customer(at, { name: 'Maria Homônima Souza' })
    const invoice = {
      ana: await issue(ana, 8990),
      firm: await issue(firm, 12_345),
      firm2: await issue(firm, 5000),
      joao: await issue(joao, 7777),
      twin: await issue(twin, 6666),
      d1: await issue(debtor, 1000),
      d2: await issue(debtor, 1000),
      lone: await issue(debtor, 4321),
    }
    const read = await bring(
      at,
      writeOfx([
        entry('89.90', { memo: `PAGTO FATURA ${invoice.ana.number}` }),
        entry('123.45', { memo: 'TED 11.222.333/0001-81' }),
        entry('173.45', { memo: 'PIX 11222333000181' }),
        entry('77.77', { memo: 'PIX RECEBIDO JOAO BATISTA NOGUEIRA' }),
        entry('66.66', { memo: 'PIX RECEBIDO MARIA HOMONIMA SOUZA' }),
        entry('43.21', { memo: 'DEPOSITO' }),
        entry('999.99', { memo: 'DEPOSITO' }),
        entry('10.00', { memo: `cliente ${debtor.number}` }),
        entry('12.00', { memo: `ref ${invoice.d1.number}` }),
        entry('-50.00', { memo: 'PIX ENVIADO' }),
        entry('89.90', { memo: 'ESTORNO TARIFA' }),
      ]),
    )
    const lines = await linesOf(read)
    expect(lines.map(seen)).toEqual([
      ['proposed', 'certain', 'reference'],
      ['proposed', 'certain', 'tax_id_amount'],
      // The sum of both, of which one is for the line before: people look at it.
      ['proposed', 'likely', 'tax_id_sum'],
      ['proposed', 'certain', 'name_amount'],
      ['proposed', 'likely', 'name_amount'],
      ['proposed', 'possible', 'amount'],
      ['open', null, null],
      ['proposed', 'likely', 'customer_amount'],
      ['proposed', 'likely', 'reference'],
      ['ignored', null, null],
      ['open', null, null],
    ])
    expect(lines[0].proposals[0]).toMatchObject({
      account_name: 'Ana Paula Ferreira',
      invoices: [{ id: invoice.ana.id, open_amount: 8990 }],
      facts: { open_amount: 8990 },
    })
    expect(lines[2].proposals[0].facts).toMatchObject({ repeated: true })
    expect(lines[7].proposals).toHaveLength(2)
    expect(lines[8].proposals[0].facts).toMatchObject({ difference: 200 })
    expect(read).toMatchObject({ certain: 3, certain_amount: 8990 + 12_345 + 7777 })
    expect((await linesOf(read, '&q=homonima')).map((line) => line.amount)).toEqual([6666])
    expect(await linesOf(read, '&state=undecided&direction=in&confidence=likely')).toHaveLength(4)
    const list = await admin.get(`/bank-lines.csv?statement_id=${read.id}`)
    expect(list.bytes.toString()).toContain('tax_id_amount')
  })

  it('are booked: the invoice is paid, the rest is credit, and nobody books one twice', async () => {
    const at = await found()
    const payer = await customer(at, { tax_id: '11.444.777/0001-61' })
    const invoice = await issue(payer, 8990)
    const read = await bring(
      at,
      writeOfx([
        entry('89.90', { memo: 'PIX 11444777000161' }),
        entry('100.00', { memo: 'PIX 11444777000161' }),
      ]),
    )
    const [exact, more] = await linesOf(read)
    const replies = await Promise.all(Array.from({ length: 6 }, () => approve(exact)))
    expect(replies.map((reply) => reply.status).sort()).toEqual([200, 409, 409, 409, 409, 409])
    expect(replies.find((reply) => reply.status === 409)!.body.code).toBe('bank_line_booked')
    expect(await paymentsOf(payer)).toMatchObject([
      {
        amount: 8990,
        method: 'pix',
        received_on: '2026-05-11',
        invoices: [{ id: invoice.id, amount: 8990 }],
      },
    ])
    const booked = replies.find((reply) => reply.status === 200)!.body
    expect(booked).toMatchObject({
      state: 'booked',
      reason: 'tax_id_amount',
      account_id: payer.id,
      recognised: false,
      decided_by_name: 'admin 1',
      proposals: [],
    })
    // What it owed has changed since: this one is not what was proposed, but still the customer's.
    expect((await approve(more)).body).toMatchObject({ state: 'booked', reason: 'tax_id' })
    expect((await paymentsOf(payer))[0]).toMatchObject({ amount: 10_000, credited: 10_000 })
    const audit = await askOwner(api, `select operation, after from audit_log where object_id = $1`, [
      exact.id,
    ])
    expect(audit).toMatchObject([{ operation: 'approve_bank_line', after: { state: 'booked' } }])
    await expect(
      askOwner(
        api,
        `update bank_statement_lines set state = 'open', payment_id = null, account_id = null where id = $1`,
        [exact.id],
      ),
    ).rejects.toThrow(/booked/)
  })

  it('are not booked where what was proposed is no longer so', async () => {
    const at = await found()
    const payer = await customer(at, { tax_id: '11.444.777/0001-61' })
    const invoice = await issue(payer, 5000)
    const read = await bring(at, writeOfx([entry('50.00', { memo: `PIX ${invoice.number}` })]))
    const [line] = await linesOf(read)
    expect(seen(line)).toEqual(['proposed', 'certain', 'reference'])
    await made(`/accounts/${payer.id}/payments`, {
      amount: 2000,
      method: 'cash',
      received_on: '2026-05-20',
      invoice_ids: [invoice.id],
    })
    const reply = await approve(line)
    expect(reply.body.code).toBe('proposal_changed')
    expect(await paymentsOf(payer)).toHaveLength(1)
    // It was looked for anew.
    expect((await linesOf(read)).map(seen)).toEqual([['proposed', 'likely', 'reference']])
    expect((await approve(line, { proposal_id: line.proposals[0].id })).body.code).toBe('proposal_changed')
  })

  it('that were recorded by hand before are that payment, not another one', async () => {
    const at = await found()
    const payer = await customer(at, { tax_id: '11.444.777/0001-61' })
    await issue(payer, 5000)
    const payment = await made(`/accounts/${payer.id}/payments`, {
      amount: 5000,
      method: 'pix',
      received_on: '2026-05-10',
      reference: 'E18236120202605111530s1234567890',
    })
    await issue(payer, 5000)
    const read = await bring(
      at,
      writeOfx([
        entry('50.00', { memo: 'PIX 11444777000161' }),
        entry('50.00', { memo: 'PIX 11444777000161' }),
      ]),
    )
    const lines = await linesOf(read)
    expect(lines.map(seen)).toEqual([
      ['proposed', 'certain', 'recorded'],
      ['proposed', 'certain', 'tax_id_amount'],
    ])
    expect((await approve(lines[0])).body).toMatchObject({
      state: 'booked',
      recognised: true,
      payment_id: payment.id,
    })
    expect(await paymentsOf(payer)).toHaveLength(1)
    expect((await approve(lines[1])).body).toMatchObject({ state: 'booked', recognised: false })
    expect(await paymentsOf(payer)).toHaveLength(2)
  })

  it('that a provider booked are recognised by the Pix’s own id, without anybody', async () => {
    const at = await found()
    const payer = await customer(at)
    const e2e = 'E18236120202605111530s9876543210'
    await api.system(async (tx) => {
      const { id } = await tx
        .insertInto('payment_providers')
        .values({ business_unit_id: at.unit.id, driver: 'sandbox', name: 'S', methods: ['pix'] })
        .returning('id')
        .executeTakeFirstOrThrow()
      const { recordPayment } = await import('../../server/modules/payments/index.ts')
      await recordPayment(
        tx,
        payer.id,
        {
          amount: 700,
          method: 'pix',
          received_on: Temporal.PlainDate.from('2026-05-11'),
          reference: null,
          provider: { provider_id: id, provider_ref: e2e, intent_id: null },
        },
        null,
        api.now(),
      )
    })
    const read = await bring(at, writeOfx([entry('7.00', { memo: `PIX RECEBIDO ${e2e}` })]))
    expect(await linesOf(read)).toMatchObject([
      {
        state: 'booked',
        recognised: true,
        reason: 'already_booked',
        account_id: payer.id,
        end_to_end_id: e2e,
      },
    ])
    expect(await paymentsOf(payer)).toHaveLength(1)
  })

  it('can be given to somebody else, set aside and taken up again', async () => {
    const at = await found()
    const other = await customer(at)
    const foreign = await customer(await found())
    const [one, two] = [await issue(other, 3000), await issue(other, 4000)]
    const read = await bring(at, writeOfx([entry('70.00', { memo: 'DEPOSITO' }), entry('-1.00')]))
    const [line, out] = await linesOf(read)
    const choose = (body: object, which = line) => admin.put(`/bank-lines/${which.id}/proposal`, body)
    expect((await approve(line)).body.code).toBe('bank_line_without_proposal')
    expect((await choose({ account_id: foreign.id })).body.errors).toMatchObject([
      { path: 'account_id', code: 'not_a_choice' },
    ])
    expect(
      (await choose({ account_id: other.id, invoice_ids: [(await issue(foreign, 1)).id] })).body.errors,
    ).toMatchObject([{ path: 'invoice_ids' }])
    expect((await choose({ account_id: other.id }, out)).body.code).toBe('bank_line_outgoing')
    const chosen = await choose({ account_id: other.id, invoice_ids: [one.id, two.id] })
    expect(chosen.body).toMatchObject({
      state: 'proposed',
      proposals: [{ reason: 'chosen', chosen: true, facts: { difference: 0 } }],
    })
    // Looking anew leaves what people chose.
    expect((await admin.post(`/bank-statements/${read.id}/match`)).status).toBe(202)
    await runJobs(api)
    expect((await linesOf(read))[0].proposals[0].reason).toBe('chosen')
    expect(
      (await admin.post(`/bank-lines/${line.id}/ignore`, { reason: 'Deposit of our own' })).body,
    ).toMatchObject({ state: 'ignored', ignore_reason: 'Deposit of our own' })
    expect((await approve(line)).body.code).toBe('bank_line_ignored')
    expect((await admin.post(`/bank-lines/${line.id}/reopen`)).body).toMatchObject({
      state: 'open',
      ignore_reason: null,
    })
    await choose({ account_id: other.id, invoice_ids: [one.id, two.id] })
    expect((await approve(line)).body).toMatchObject({ state: 'booked', reason: 'chosen' })
    expect((await paymentsOf(other))[0].invoices).toHaveLength(2)
    expect((await admin.post(`/bank-lines/${line.id}/ignore`, {})).body.code).toBe('bank_line_booked')
    expect((await choose({ account_id: other.id })).body.code).toBe('bank_line_booked')
  })

  it('of another business unit are nobody’s business', async () => {
    const at = await found()
    const read = await bring(at, writeOfx([entry('1.00')]))
    const [line] = await linesOf(read)
    const elsewhere = await api.staff('finance', { units: [(await api.unit()).id] })
    for (const path of [
      `/bank-statements/${read.id}`,
      `/bank-lines/${line.id}`,
      `/bank-accounts/${at.bank.id}`,
    ])
      expect((await elsewhere.get(path)).status).toBe(404)
    expect((await approve(line, {}, elsewhere)).status).toBe(404)
    expect((await elsewhere.get(`/bank-lines?statement_id=${read.id}`)).body.items).toEqual([])
  })
})

describe('a notice', () => {
  const callers = new Map<string, Caller>()
  const signIn = async (account: Row): Promise<Caller> => {
    const email = `n${++count}@notices.example`
    if (!callers.has(account.id)) {
      await admin.patch(`/accounts/${account.id}`, { email })
      callers.set(account.id, await api.customer(email))
    }
    return callers.get(account.id)!
  }
  const notify = async (account: Row, invoices: string[], change: object = {}) => {
    const payer = await signIn(account)
    return made(
      '/payment-notices',
      { invoice_ids: invoices, amount: 4200, method: 'pix', paid_on: '2026-05-11', ...change },
      payer,
    )
  }
  it('with the amount of a line is approved by it, from either side', async () => {
    const at = await found()
    const payer = await customer(at, { name: 'Notifica Pagamentos' })
    const [one, two] = [await issue(payer, 4200), await issue(payer, 4200)]
    const first = await notify(payer, [one.id], { reference: 'COMPROVANTE77' })
    const second = await notify(payer, [two.id], { paid_on: '2026-05-14' })
    const read = await bring(
      at,
      writeOfx([
        entry('42.00', { memo: 'PIX COMPROVANTE77' }),
        entry('42.00', { memo: 'DEPOSITO', day: '2026-05-15' }),
      ]),
    )
    const [line, later] = await linesOf(read)
    expect(seen(line)).toEqual(['proposed', 'certain', 'notice'])
    expect((await approve(line)).body).toMatchObject({ state: 'booked', reason: 'notice' })
    expect((await admin.get(`/payment-notices/${first.id}`)).body).toMatchObject({
      state: 'approved',
      payment_id: expect.any(String),
    })
    const waiting = (await admin.get(`/payment-notices/${second.id}`)).body
    expect(waiting.fitting_lines).toBe(1)
    const fits = (await admin.get(`/payment-notices/${second.id}/fits`)).body
    expect(fits).toMatchObject({
      owed: 4200,
      owed_in_all: 4200,
      invoices: [{ id: two.id, chosen: true, fits: true }],
      lines: [{ id: later.id, days: 1 }],
    })
    const approved = await admin.post(`/payment-notices/${second.id}/approve`, { bank_line_id: later.id })
    expect(approved.body, JSON.stringify(approved.body)).toMatchObject({
      state: 'approved',
      invoices: [{ state: 'paid' }],
    })
    expect((await linesOf(read))[1]).toMatchObject({
      state: 'booked',
      reason: 'notice',
      payment_id: approved.body.payment_id,
    })
    expect(await paymentsOf(payer)).toMatchObject([
      { received_on: '2026-05-15' },
      { received_on: '2026-05-11' },
    ])
    const third = await notify(payer, [(await issue(payer, 4200)).id])
    const taken = await admin.post(`/payment-notices/${third.id}/approve`, { bank_line_id: later.id })
    expect(taken.body.errors).toMatchObject([{ path: 'bank_line_id', code: 'not_a_choice' }])
  })
})

describe('an order', () => {
  it('is paid by a notice with several receipts, or by a line that names it', async () => {
    const at = await found()
    const product = await made('/products', { business_unit_id: at.unit.id, name: 'Hosting' })
    const plan = await made('/plans', {
      business_unit_id: at.unit.id,
      product_id: product.id,
      name: 'Hosting',
      kind: 'hosting',
      billing_mode: 'advance',
      prices: [{ currency: 'BRL', amount: 9000 }],
    })
    const email = `order${++count}@notices.example`
    const account = await customer(at, { name: 'Encomenda Certa', email })
    const payer = await api.customer(email)
    const place = async () => {
      const request = { kind: 'subscription', plan_id: plan.id }
      const quote = await payer.post('/order-quotes', { request })
      expect(quote.status, JSON.stringify(quote.body)).toBe(200)
      return made('/orders', { request, token: quote.body.token }, payer)
    }
    const receipt = async (name: string, bytes: Buffer) =>
      payer.upload('POST', '/receipts', { name, type: 'text/html', bytes })
    const png = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(40, 1)])
    expect((await receipt('a.png', Buffer.from('<script>alert(1)</script>'))).body.code).toBe(
      'receipt_format',
    )
    const files = [
      (await receipt('a.png', png)).body,
      (await receipt('b.pdf', Buffer.from('%PDF-1.7\n…'))).body,
    ]
    const order = await place()
    const body = {
      order_id: order.id,
      amount: order.due,
      method: 'pix',
      paid_on: '2026-05-21',
      receipts: files.map((file) => file.file_id),
    }
    expect(
      (await payer.post('/payment-notices', { ...body, invoice_ids: [order.id] })).body.errors,
    ).toMatchObject([{ path: 'invoice_ids' }])
    const notice = await made('/payment-notices', body, payer)
    expect(notice).toMatchObject({
      invoices: [],
      order: { id: order.id, number: order.number, state: 'open' },
      receipts: [
        { name: 'a.png', media_type: 'image/png' },
        { name: 'b.pdf', media_type: 'application/pdf' },
      ],
      receipt_file_id: files[0].file_id,
    })
    expect((await payer.post('/payment-notices', body)).body.code).toBe('notice_pending')
    const again = await place()
    expect((await payer.post('/payment-notices', { ...body, order_id: again.id })).body.errors).toMatchObject(
      [{ path: 'receipts', code: 'not_a_choice' }],
    )
    const second = await admin.get(`/payment-notices/${notice.id}/receipts/${files[1].file_id}`)
    expect(second.headers['content-type']).toBe('application/octet-stream')
    expect(
      (await payer.get(`/payment-notices/${notice.id}/receipts/${files[0].file_id}`)).bytes.equals(png),
    ).toBe(true)
    expect((await admin.get(`/payment-notices/${notice.id}/fits`)).body).toMatchObject({
      owed: order.due,
      orders: [
        { id: again.id, fits: true },
        { id: order.id, fits: true },
      ],
    })
    const approved = await admin.post(`/payment-notices/${notice.id}/approve`, {})
    expect(approved.body, JSON.stringify(approved.body)).toMatchObject({
      state: 'approved',
      order: { state: 'processed' },
    })
    const read = await bring(
      at,
      writeOfx([entry(`${(again.due / 100).toFixed(2)}`, { memo: `PIX PEDIDO ${again.number}` })]),
    )
    const [line] = await linesOf(read)
    expect(seen(line)).toEqual(['proposed', 'certain', 'order'])
    expect((await approve(line)).body).toMatchObject({ state: 'booked', reason: 'order' })
    expect((await payer.get(`/orders/${again.id}`)).body.state).toBe('processed')
    expect((await admin.get(`/subscriptions?account_id=${account.id}`)).body.items).toHaveLength(2)
  })
})

describe('all that is certain', () => {
  async function many(lines: number) {
    const at = await found()
    const payers = await api.system(async (tx) => {
      const rows = await tx
        .insertInto('accounts')
        .values(
          Array.from({ length: lines }, (_, n) => ({
            business_unit_id: at.unit.id,
            name: `Many ${++count} ${n}`,
            language: 'pt-BR' as const,
            country: 'BR',
          })),
        )
        .returning('id')
        .execute()
      const made: { id: string; number: string }[] = []
      for (const [n, row] of rows.entries())
        made.push(await issueInvoice(tx, row.id, { total: 1000 + n, due_date: '2026-05-10' }))
      return made
    })
    const read = await bring(
      at,
      writeOfx(
        payers.map((one, n) =>
          entry(`${Math.trunc((1000 + n) / 100)}.${String((1000 + n) % 100).padStart(2, '0')}`, {
            memo: `PIX ${one.number}`,
          }),
        ),
      ),
    )
    expect(read.certain).toBe(lines)
    return { at, read }
  }
  const check = async (at: Found, lines: number) => {
    const [row] = await askOwner(
      api,
      `select (select count(*)::int from payments where business_unit_id = $1) as payments,
              (select count(*)::int from bank_statement_lines where business_unit_id = $1 and state = 'booked') as booked,
              (select count(*)::int from invoices where business_unit_id = $1 and state = 'paid') as paid,
              (select coalesce(sum(amount), 0)::int from ledger_entries where business_unit_id = $1) as balance`,
      [at.unit.id],
    )
    expect(row).toEqual({ payments: lines, booked: lines, paid: lines, balance: 0 })
  }

  it('is approved singly, in a selection and as a whole, while others do the same', async () => {
    const { at, read } = await many(40)
    const lines = await linesOf(read)
    const finance = await api.staff('finance')
    const ids = lines.slice(0, 20).map((line) => line.id)
    const [one, two] = await Promise.all([
      admin.post('/bank-lines/approve', { ids }),
      finance.post('/bank-lines/approve', { ids: ids.slice(10) }),
    ])
    expect([...one.body.items, ...two.body.items].filter((item: Row) => item.booked)).toHaveLength(20)
    expect(
      [...one.body.items, ...two.body.items].filter((item: Row) => item.code === 'bank_line_booked'),
    ).toHaveLength(10)
    const started = await admin.post(`/bank-statements/${read.id}/approve`)
    expect(started.status).toBe(202)
    expect(started.body).toMatchObject({ approval_state: 'queued', approval_total: 20 })
    expect((await admin.post(`/bank-statements/${read.id}/approve`)).body.code).toBe('approval_running')
    await Promise.all([runJobs(api), ...lines.slice(20, 26).map((line) => approve(line, {}, finance))])
    const done = (await admin.get(`/bank-statements/${read.id}`)).body
    expect(done).toMatchObject({ approval_state: 'done', booked: 40, certain: 0 })
    await check(at, 40)
    expect((await admin.post(`/bank-statements/${read.id}/approve`)).body.code).toBe(
      'bank_line_without_proposal',
    )
    const audit = await askOwner(api, `select actor_name, way from audit_log where object_id = $1`, [
      lines[39].id,
    ])
    expect(audit).toEqual([{ actor_name: 'admin 1', way: 'job' }])
  })

  it('stops when it is told to, and goes on', async () => {
    const { at, read } = await many(10)
    await admin.post(`/bank-statements/${read.id}/approve`)
    expect((await admin.post(`/bank-statements/${read.id}/stop`)).status).toBe(200)
    await runJobs(api)
    expect((await admin.get(`/bank-statements/${read.id}`)).body).toMatchObject({
      approval_state: 'interrupted',
      booked: 0,
    })
    await admin.post(`/bank-statements/${read.id}/approve`)
    await runJobs(api)
    await check(at, 10)
  })

  it('leaves out what is no longer so, and what the house may not book, and books the rest', async () => {
    const at = await found()
    const payers = await Promise.all(Array.from({ length: 6 }, () => customer(at, {})))
    const invoices: { id: string; number: string }[] = []
    for (const payer of payers) invoices.push(await issue(payer, 5000))
    const second = await issue(payers[0]!, 7000)
    const line = (invoice: { number: string }, amount = '50.00') =>
      entry(amount, { memo: `PIX ${invoice.number}` })
    const read = await bring(at, writeOfx([...invoices.map((one) => line(one)), line(second, '70.00')]))
    expect(read.certain).toBe(7)
    await made(`/accounts/${payers[1]!.id}/payments`, {
      amount: 2000,
      method: 'cash',
      received_on: '2026-05-20',
      invoice_ids: [invoices[1]!.id],
    })
    await askOwner(
      api,
      `update bank_line_proposals set confidence = 'likely' where reason = 'reference' and $1 = any(invoice_ids)`,
      [invoices[2]!.id],
    )
    await admin.post(`/bank-statements/${read.id}/approve`)
    await runJobs(api)
    expect((await admin.get(`/bank-statements/${read.id}`)).body).toMatchObject({
      approval_state: 'done',
      approval_done: 7,
      approval_booked: 5,
      booked: 5,
    })
    expect(await paymentsOf(payers[0]!)).toHaveLength(2)
    expect(await paymentsOf(payers[1]!)).toMatchObject([{ amount: 2000 }])
    expect(await paymentsOf(payers[2]!)).toEqual([])
    expect(await paymentsOf(payers[3]!)).toMatchObject([
      { amount: 5000, method: 'pix', invoices: [{ id: invoices[3]!.id, amount: 5000 }] },
    ])
    const audit = await askOwner(
      api,
      `select count(*)::int as n from audit_log where object_type = 'bank_statement_lines' and action = 'changed'
          and object_id in (select id::text from bank_statement_lines where statement_id = $1)`,
      [read.id],
    )
    expect(audit).toEqual([{ n: 5 }])
  })

  it('survives kills in the middle: never booked twice, never left half', async () => {
    const lines = 120
    const { at, read } = await many(lines)
    await admin.post(`/bank-statements/${read.id}/approve`)
    const booked = async () =>
      (
        await askOwner(
          api,
          `select count(*)::int as n from bank_statement_lines where business_unit_id = $1 and state = 'booked'`,
          [at.unit.id],
        )
      )[0].n as number
    const start = () => {
      const child = spawn(process.execPath, [join(import.meta.dirname, '../statements/approve-child.ts')], {
        env: {
          ...process.env,
          OFFICE_URL: api.database.officeUrl,
          STATEMENT: read.id,
          DATA_DIR: api.dataDir,
          NOW: api.now().toString(),
        },
        stdio: ['ignore', 'ignore', 'inherit'],
      })
      return {
        child,
        ended: new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code))),
      }
    }
    let kills = 0
    for (let n = 0; n < 3; n++) {
      const from = await booked()
      const { child, ended } = start()
      for (let tries = 0; tries < 400 && (await booked()) < Math.min(from + 15, lines); tries++)
        await sleep(10)
      child.kill('SIGKILL')
      if ((await ended) === null) kills++
    }
    expect(kills).toBeGreaterThan(0)
    const [a, b] = [start(), start()]
    expect([await a.ended, await b.ended]).toEqual([0, 0])
    await runJobs(api)
    await check(at, lines)
    expect((await admin.get(`/bank-statements/${read.id}`)).body.approval_state).toBe('done')
  }, 120_000)
})
