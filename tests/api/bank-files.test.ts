// Boletos and direct debit by files, from the invoice to the money: remittance, return, paid.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readTypeableLine } from '../../server/drivers/febraban/bar-code.ts'
import { segmentA, segmentP } from '../../server/drivers/febraban/layouts.ts'
import { readRecord } from '../../server/drivers/febraban/records.ts'
import { createIntent, readBankStanding } from '../../server/modules/payments/index.ts'
import { demand } from '../../server/platform/jobs.ts'
import { type Caller, startTestApi, type TestApi } from '../api.ts'
import { answerCharges, answerDebits, banksOfTests, debitOfTests } from '../febraban/banks.ts'
import { issueInvoice } from '../invoices.ts'
import { runJobs } from '../jobs.ts'
import { readPdf } from '../pdf.ts'
import { askOwner } from '../people.ts'

let api: TestApi
let admin: Caller
let people = 0

beforeAll(async () => {
  api = await startTestApi({ addresses: true })
  admin = await api.staff('admin')
})
afterAll(() => api.close())

/** A business unit of its own with a provider: what one test sends is not another's. */
async function createHouse(driver: 'boleto' | 'debit_file', change: object = {}) {
  const unit = await api.unit()
  const boleto = driver === 'boleto'
  const made = await admin.post('/payment-providers', {
    business_unit_id: unit.id,
    driver,
    name: boleto ? 'Boleto Bradesco' : 'Débito Itaú',
    methods: [boleto ? 'boleto' : 'bank_debit'],
    enabled: true,
    settings: { ...(boleto ? banksOfTests.bradesco.settings : debitOfTests), ...change },
  })
  expect(made.status, JSON.stringify(made.body)).toBe(201)
  return { unit, provider: made.body as { id: string } }
}
type House = Awaited<ReturnType<typeof createHouse>>

async function createParty(house: House, change: object = {}) {
  const email = `cliente${++people}@casa.example`
  const made = await admin.post('/accounts', {
    business_unit_id: house.unit.id,
    name: `Cliente ${people}`,
    email,
    tax_id: '529.982.247-25',
    address: 'Rua das Acácias, 10',
    city: 'Campinas',
    state: 'SP',
    postal_code: '13010-000',
    ...change,
  })
  expect(made.status, JSON.stringify(made.body)).toBe(201)
  return { account: made.body as { id: string }, customer: await api.customer(email) }
}
type Party = Awaited<ReturnType<typeof createParty>>

const issue = (account: { id: string }, total: number, due = '2026-06-10') =>
  api.system((tx) => issueInvoice(tx, account.id, { total, due_date: due }))

const stateOf = async (invoice: { id: string }) =>
  (await askOwner(api, 'select state from invoices where id = $1', [invoice.id]))[0].state
const creditOf = async (account: { id: string }) =>
  Number(
    (
      await askOwner(
        api,
        `select coalesce(-sum(amount), 0) as credit from ledger_entries where account_id = $1 and ledger_account = 'account_credit'`,
        [account.id],
      )
    )[0].credit,
  )
const paymentsOf = async (account: { id: string }) =>
  (await admin.get(`/payments?account_id=${account.id}&sort=created_at`)).body.items

/** Asks for a boleto as a customer does. */
async function askForBoleto(house: House, party: Party, invoice: { id: string }) {
  const made = await party.customer.post('/payment-intents', {
    provider_id: house.provider.id,
    method: 'boleto',
    invoice_ids: [invoice.id],
  })
  expect(made.status, JSON.stringify(made.body)).toBe(201)
  await runJobs(api)
  return (await party.customer.get(`/payment-intents/${made.body.id}`)).body
}

async function sendRemittance(house: House) {
  const made = await admin.post(`/payment-providers/${house.provider.id}/remittances`)
  expect(made.status, JSON.stringify(made.body)).toBe(202)
  await runJobs(api)
  const file = (await admin.get(`/bank-files/${made.body.id}`)).body
  expect(file.state, file.error).toBe('ready')
  const reply = await admin.get(`/bank-files/${file.id}/content`)
  expect(reply.status).toBe(200)
  return { ...file, lines: reply.bytes.toString('latin1').split('\r\n').filter(Boolean) as string[] }
}

const upload = (house: House, text: string | Buffer, name = 'RETORNO.RET') =>
  admin.upload(
    'POST',
    '/bank-files',
    { name, type: 'text/plain', bytes: Buffer.isBuffer(text) ? text : Buffer.from(text, 'latin1') },
    { provider_id: house.provider.id },
  )

/** Uploads a return, and tells what it says. */
async function receive(house: House, text: string | Buffer) {
  const reply = await upload(house, text)
  expect(reply.status, JSON.stringify(reply.body)).toBe(202)
  await runJobs(api)
  return (await admin.get(`/bank-files/${reply.body.id}`)).body
}
async function apply(house: House, text: string) {
  const read = await receive(house, text)
  expect(read.state, JSON.stringify(read.faults)).toBe('read')
  expect((await admin.post(`/bank-files/${read.id}/apply`)).status).toBe(202)
  await runJobs(api)
  const file = (await admin.get(`/bank-files/${read.id}`)).body
  expect(file).toMatchObject({ state: 'applied', records_done: file.records })
  return file
}
const paid = (our_number: string, amount: number, change: object = {}) => ({
  our_number,
  movement: '06',
  amount: 8990,
  paid: amount,
  occurred: '10052026',
  credited: '11052026',
  ...change,
})
const effectsOf = (file: { effects: { effect: string; records: number }[] }) =>
  Object.fromEntries(file.effects.map(({ effect, records }) => [effect, records]))

describe('a boleto', () => {
  it('goes from the invoice to the bank and back, and is paid', async () => {
    const house = await createHouse('boleto')
    const party = await createParty(house)
    const invoice = await issue(party.account, 8990)
    const intent = await askForBoleto(house, party, invoice)
    expect(intent).toMatchObject({
      state: 'action_needed',
      action: { kind: 'boleto', due_date: '2026-06-10' },
    })
    expect(readTypeableLine(intent.action.typeable_line)).toEqual({ bar_code: intent.action.bar_code })
    expect(intent.action.bar_code.slice(9, 19)).toBe('0000008990')

    const [waiting] = (await admin.get('/bank-file-providers')).body.items.filter(
      ({ id }: { id: string }) => id === house.provider.id,
    )
    expect(waiting).toMatchObject({ waiting: 1, waiting_amount: 8990, open: 0, daily: false })

    const remittance = await sendRemittance(house)
    expect(remittance).toMatchObject({ kind: 'remittance', sequence: 1, records: 1, total: 8990 })
    const p = readRecord(segmentP, remittance.lines[2]!)
    expect(p).toMatchObject({ amount: '000000000008990', due_on: '10062026', document: invoice.number })
    expect(p.charge).toContain('00000000001')
    const again = (await admin.get(`/bank-files/${remittance.id}/content`)).bytes.toString('latin1')
    expect(again.split('\r\n').filter(Boolean)).toEqual(remittance.lines)
    const instructions = (await admin.get(`/bank-files/${remittance.id}/instructions`)).body.items
    expect(instructions).toMatchObject([{ kind: 'enter', our_number: '00000000001', state: 'sent' }])
    // What was sent is in no other.
    expect((await admin.post(`/payment-providers/${house.provider.id}/remittances`)).body.code).toBe(
      'nothing_to_send',
    )

    await apply(
      house,
      answerCharges('bradesco', [{ our_number: '00000000001', movement: '02', amount: 8990 }]),
    )
    expect((await admin.get(`/bank-charges?account_id=${party.account.id}`)).body.items).toMatchObject([
      { state: 'confirmed', our_number: '00000000001', invoices: [invoice.number] },
    ])
    const read = await receive(house, answerCharges('bradesco', [paid('00000000001', 8990)]))
    expect(read).toMatchObject({ state: 'read', records: 1, total: 8990 })
    const [line] = (await admin.get(`/bank-files/${read.id}/lines`)).body.items
    expect(line).toMatchObject({
      line: 3,
      effect: 'received',
      paid_amount: 8990,
      invoices: [invoice.number],
      applied_at: null,
    })
    // Nothing is booked before somebody says so.
    expect(await stateOf(invoice)).toBe('open')
    expect((await admin.post(`/bank-files/${read.id}/apply`)).status).toBe(202)
    await runJobs(api)
    expect(await stateOf(invoice)).toBe('paid')
    const [payment] = await paymentsOf(party.account)
    expect(payment).toMatchObject({ amount: 8990, method: 'boleto', received_on: '2026-05-10', credited: 0 })
    expect(await party.customer.get(`/payment-intents/${intent.id}`)).toMatchObject({
      body: { state: 'succeeded', received: 8990 },
    })
    expect((await admin.post(`/bank-files/${read.id}/apply`)).body.code).toBe('bank_file_not_ready')
  })

  it('has numbers without gaps, however many are asked for at once', async () => {
    const house = await createHouse('boleto', { first_number: '500', first_remittance: '42' })
    const parties = await Promise.all(Array.from({ length: 5 }, () => createParty(house)))
    for (const party of parties) {
      const invoice = await issue(party.account, 1000)
      const made = await party.customer.post('/payment-intents', {
        provider_id: house.provider.id,
        method: 'boleto',
        invoice_ids: [invoice.id],
      })
      expect(made.status).toBe(201)
    }
    await runJobs(api)
    const rows = await askOwner(
      api,
      'select number from bank_charges where provider_id = $1 order by number',
      [house.provider.id],
    )
    expect(rows.map(({ number }) => Number(number))).toEqual([500, 501, 502, 503, 504])
    expect(await sendRemittance(house)).toMatchObject({ sequence: 42, records: 5, total: 5000 })
  })

  it('paid late with interest, twice, and by a file that overlaps, is booked to the cent and once', async () => {
    const house = await createHouse('boleto')
    const party = await createParty(house)
    const invoice = await issue(party.account, 8990)
    await askForBoleto(house, party, invoice)
    await sendRemittance(house)
    // 2 % and one day of 1 % a month: what the bank took on top is the customer's credit.
    const first = answerCharges('bradesco', [paid('00000000001', 9173)])
    expect(effectsOf(await apply(house, first))).toEqual({ received: 1 })
    expect(await stateOf(invoice)).toBe('paid')
    expect(await creditOf(party.account)).toBe(183)
    // The same return, byte for byte.
    const repeated = await upload(house, first)
    expect(repeated.body).toMatchObject({ status: 409, code: 'bank_file_repeated' })
    // Another file with the same event, and a second payment at another bank.
    const second = answerCharges(
      'bradesco',
      [paid('00000000001', 9173), paid('00000000001', 8990, { place: '00101234', movement: '17' })],
      { sequence: 13 },
    )
    const read = await receive(house, second)
    expect(effectsOf(read)).toEqual({ repeated: 1, received: 1 })
    await admin.post(`/bank-files/${read.id}/apply`)
    await runJobs(api)
    expect((await paymentsOf(party.account)).map(({ amount }: { amount: number }) => amount)).toEqual([
      9173, 8990,
    ])
    expect(await creditOf(party.account)).toBe(183 + 8990)
    const sums = await askOwner(api, 'select sum(amount) as sum from ledger_entries where account_id = $1', [
      party.account.id,
    ])
    expect(Number(sums[0].sum)).toBe(0)
  })

  it('paid in part leaves the rest open; refused or written off ends what was asked for', async () => {
    const house = await createHouse('boleto')
    const [part, refused, over] = [
      await createParty(house),
      await createParty(house),
      await createParty(house),
    ]
    const invoices = [
      await issue(part.account, 8990),
      await issue(refused.account, 8990),
      await issue(over.account, 8990),
    ]
    const intents = [
      await askForBoleto(house, part, invoices[0]!),
      await askForBoleto(house, refused, invoices[1]!),
      await askForBoleto(house, over, invoices[2]!),
    ]
    await sendRemittance(house)
    const file = await apply(
      house,
      answerCharges('bradesco', [
        paid('00000000001', 5000),
        { our_number: '00000000002', movement: '03', amount: 8990, reasons: '4648' },
        { our_number: '00000000003', movement: '09', amount: 8990 },
        { our_number: '00000000003', movement: '28', amount: 8990, fee: 190 },
        paid('00000099999', 7000),
      ]),
    )
    expect(effectsOf(file)).toEqual({ received: 1, rejected: 1, written_off: 1, noted: 1, unknown: 1 })
    const states = await askOwner(
      api,
      'select id, state, failure, failure_detail from payment_intents where provider_id = $1 order by id',
      [house.provider.id],
    )
    expect(states.map(({ state }) => state)).toEqual(['succeeded', 'failed', 'cancelled'])
    expect(states[1]).toMatchObject({ id: intents[1].id, failure: 'provider_error', failure_detail: '46 48' })
    const [{ open_amount }] = await askOwner(
      api,
      'select open_amount from invoice_balances where invoice_id = $1',
      [invoices[0]!.id],
    )
    expect(Number(open_amount)).toBe(3990)
    // What comes all the same is booked.
    await apply(
      house,
      answerCharges('bradesco', [paid('00000000003', 8990, { movement: '17' })], { sequence: 13 }),
    )
    expect(await stateOf(invoices[2]!)).toBe('paid')
  })

  it('is taken back: at once before it is sent, by an instruction after', async () => {
    const house = await createHouse('boleto')
    const party = await createParty(house)
    const [one, two] = [await issue(party.account, 1000), await issue(party.account, 2000)]
    const unsent = await askForBoleto(house, party, one)
    expect((await party.customer.post(`/payment-intents/${unsent.id}/cancel`)).status).toBeLessThan(300)
    await runJobs(api)
    expect((await party.customer.get(`/payment-intents/${unsent.id}`)).body.state).toBe('cancelled')
    expect((await admin.post(`/payment-providers/${house.provider.id}/remittances`)).body.code).toBe(
      'nothing_to_send',
    )
    const sent = await askForBoleto(house, party, two)
    await sendRemittance(house)
    // Paid in another way: the bank is told to take nothing any more.
    await admin.post(`/accounts/${party.account.id}/payments`, {
      amount: 2000,
      method: 'pix',
      received_on: '2026-05-21',
      invoice_ids: [two.id],
    })
    await runJobs(api)
    expect((await party.customer.get(`/payment-intents/${sent.id}`)).body.state).toBe('cancelled')
    const second = await sendRemittance(house)
    expect(second).toMatchObject({ sequence: 2, records: 1, total: 0 })
    expect(readRecord(segmentP, second.lines[2]!)).toMatchObject({ movement: '02' })
  })

  it('needs a CPF or CNPJ', async () => {
    const house = await createHouse('boleto')
    const party = await createParty(house, { tax_id: null })
    const intent = await askForBoleto(house, party, await issue(party.account, 1000))
    expect(intent).toMatchObject({ state: 'failed', failure: 'provider_error' })
  })

  it('is made with every invoice, and told to the bank every day, where that is set', async () => {
    const house = await createHouse('boleto', { with_invoices: true, daily_remittance: true })
    const party = await createParty(house)
    const invoice = await issue(party.account, 4500)
    await api.system(async (tx) => {
      const { announce } = await import('../../server/platform/events.ts')
      await announce(tx, 'invoices.issued', { closing_id: null, invoice_ids: [invoice.id] })
    })
    await runJobs(api)
    const charges = (await admin.get(`/bank-charges?account_id=${party.account.id}`)).body.items
    expect(charges).toMatchObject([{ state: 'registered', amount: 4500, due_date: '2026-06-10' }])
    await api.system(async (tx) => {
      const { enqueue } = await import('../../server/platform/jobs.ts')
      await enqueue(tx, 'payments:write_daily_remittances', {})
    })
    await runJobs(api)
    const files = (await admin.get(`/bank-files?provider_id=${house.provider.id}`)).body.items
    expect(files).toMatchObject([{ state: 'ready', records: 1, created_by: null }])
  })

  it('stands in the PDF of its invoice', async () => {
    const house = await createHouse('boleto')
    const party = await createParty(house)
    const invoice = await issue(party.account, 8990)
    const before = (await party.customer.get(`/invoices/${invoice.id}/pdf`)).bytes
    const intent = await askForBoleto(house, party, invoice)
    const reply = await party.customer.get(`/invoices/${invoice.id}/pdf`)
    expect(reply.status).toBe(200)
    expect(reply.bytes.length).toBeGreaterThan(before.length)
    const text = readPdf(reply.bytes).pages.join(' ').replaceAll(/\s+/g, ' ')
    expect(text).toContain(intent.action.typeable_line)
    expect(text).toContain('09/00000000001-')
    expect(text).toContain('237-2')
  })
})

describe('a boleto that the bank has', () => {
  /** A boleto of 89.90 due on 10 June that the bank has confirmed. */
  async function enter(change: object = {}, due = '2026-06-10') {
    const house = await createHouse('boleto', change)
    const party = await createParty(house)
    const invoice = await issue(party.account, 8990, due)
    const intent = await askForBoleto(house, party, invoice)
    const remittance = await sendRemittance(house)
    const charge = (await admin.get(`/bank-charges?account_id=${party.account.id}`)).body.items[0]
    return { house, party, invoice, intent, remittance, charge, path: `/bank-charges/${charge.id}` }
  }
  const say = (movement: string, change: object = {}) => ({
    our_number: '00000000001',
    movement,
    amount: 8990,
    ...change,
  })
  const told = (lines: string[]) =>
    lines.filter((line) => line[7] === '3').map((line) => `${line[13]}${line.slice(15, 17)}`)

  it('may be due on another day: the bank is told, the payer sees it, and a refusal takes it back', async () => {
    const { house, party, intent, path } = await enter()
    const moved = await admin.put(`${path}/due-date`, { due_date: '2026-06-25' })
    expect(moved.status, JSON.stringify(moved.body)).toBe(200)
    expect(moved.body).toMatchObject({
      due_date: '2026-06-25',
      instructions: [
        { kind: 'enter' },
        { kind: 'change_due_date', due_date: '2026-06-25', bank_file_id: null, asked_by: expect.any(String) },
      ],
    })
    const shown = (await party.customer.get(`/payment-intents/${intent.id}`)).body.action
    expect(shown.due_date).toBe('2026-06-25')
    expect(shown.typeable_line).not.toBe(intent.action.typeable_line)
    expect(readTypeableLine(shown.typeable_line)).toEqual({ bar_code: shown.bar_code })
    expect(shown.bar_code).toBe(moved.body.bar_code)
    // Asked for again before it was sent: the bank hears of the last alone, and of nothing where it is as before.
    await admin.put(`${path}/due-date`, { due_date: '2026-06-10' })
    expect((await admin.post(`/payment-providers/${house.provider.id}/remittances`)).body.code).toBe(
      'nothing_to_send',
    )
    await admin.put(`${path}/due-date`, { due_date: '2026-06-25' })
    await admin.put(`${path}/due-date`, { due_date: '2026-06-30' })
    const remittance = await sendRemittance(house)
    expect(told(remittance.lines)).toEqual(['P06', 'R06'])
    expect(remittance.lines[2]!.slice(77, 85)).toBe('30062026')
    await apply(house, answerCharges('bradesco', [say('26', { reasons: '16' })]))
    const detail = (await admin.get(path)).body
    expect(detail).toMatchObject({ due_date: '2026-06-10', bar_code: intent.action.bar_code })
    expect(detail.instructions.at(-1)).toMatchObject({ refused: true, reasons: ['16'] })
    expect((await party.customer.get(`/payment-intents/${intent.id}`)).body.action.due_date).toBe(
      '2026-06-10',
    )
    for (const [due_date, code] of [
      ['2020-01-01', 'passed_already'],
      ['2039-01-01', 'too_far_ahead'],
    ]) {
      const refused = await admin.put(`${path}/due-date`, { due_date })
      expect(refused.body.errors ?? refused.body.fields, JSON.stringify(refused.body)).toMatchObject([
        { code },
      ])
    }
  })

  it('is abated by staff: sent, answered, taken back, and what is paid of it is explained', async () => {
    const { house, party, invoice, intent, path } = await enter()
    expect((await admin.put(`${path}/abatement`, { amount: 8990 })).status).toBe(422)
    expect((await admin.put(`${path}/abatement`, { amount: 990 })).body).toMatchObject({ abatement: 990 })
    const first = await sendRemittance(house)
    expect(told(first.lines)).toEqual(['P04'])
    expect(first.lines[2]!.slice(180, 195)).toBe('000000000000990')
    expect((await admin.get(`/bank-files/${first.id}/instructions`)).body.items).toMatchObject([
      { kind: 'abate', abatement: 990 },
    ])
    expect((await admin.delete(`${path}/abatement`)).body).toMatchObject({ abatement: 0 })
    // What waits is taken back, as if it had never been said.
    expect((await admin.put(`${path}/abatement`, { amount: 990 })).body.instructions).toHaveLength(2)
    await admin.delete(`${path}/abatement`)
    expect(told((await sendRemittance(house)).lines)).toEqual(['P05'])
    await admin.put(`${path}/abatement`, { amount: 500 })
    await sendRemittance(house)
    await apply(house, answerCharges('bradesco', [say('12'), say('13'), say('12', { place: '1' })]))
    const { instructions } = (await admin.get(path)).body
    expect(
      instructions.map((one: { kind: string; answered_at: string | null }) => [
        one.kind,
        one.answered_at !== null,
      ]),
    ).toEqual([
      ['enter', false],
      ['abate', true],
      ['cancel_abatement', true],
      ['abate', true],
    ])
    // What waits when it is paid is never told.
    await admin.put(`${path}/due-date`, { due_date: '2026-06-25' })
    const file = await apply(
      house,
      answerCharges('bradesco', [paid('00000000001', 8490, { abatement: 500, fee: 150 })], { sequence: 14 }),
    )
    const [line] = (await admin.get(`/bank-files/${file.id}/lines`)).body.items
    expect(line).toMatchObject({
      paid_amount: 8490,
      abatement_amount: 500,
      fee_amount: 150,
      credited_amount: 8340,
    })
    const standing = await api.system((tx) => readBankStanding(tx, intent.id))
    expect(standing.received).toMatchObject([
      { amount: 8490, adjusted: { late_fee: 0, interest: 0, discount: 500 } },
    ])
    expect((await paymentsOf(party.account))[0]).toMatchObject({ amount: 8490 })
    expect((await admin.post(`/payment-providers/${house.provider.id}/remittances`)).body.code).toBe(
      'nothing_to_send',
    )
    // What was abated is the invoice's now: nothing of it is open.
    expect(await stateOf(invoice)).toBe('paid')
    expect(await creditOf(party.account)).toBe(0)
    expect((await admin.put(`${path}/abatement`, { amount: 1 })).body.code).toBe('boleto_not_open')
    const entries = await askOwner(
      api,
      `select action, before, after from audit_log where object_type = 'bank_charges' and object_id = $1 order by id`,
      [path.split('/').pop()],
    )
    expect(entries[0]).toEqual({ action: 'changed', before: { abatement: 0 }, after: { abatement: 990 } })
    expect(entries).toHaveLength(6)
  })

  it('before it is sent is changed where it stands: one record says it all', async () => {
    const house = await createHouse('boleto', {
      discount_percent: '5',
      discount_days: '3',
      protest_days: '20',
    })
    const party = await createParty(house)
    const invoice = await issue(party.account, 8990)
    await askForBoleto(house, party, invoice)
    const { id } = (await admin.get(`/bank-charges?account_id=${party.account.id}`)).body.items[0]
    await admin.put(`/bank-charges/${id}/abatement`, { amount: 990 })
    await admin.put(`/bank-charges/${id}/due-date`, { due_date: '2026-06-20' })
    expect((await admin.put(`/bank-charges/${id}/protest`, {})).body.code).toBe('boleto_not_sent')
    const { lines } = await sendRemittance(house)
    expect(told(lines)).toEqual(['P01', 'Q01', 'R01'])
    expect(readRecord(segmentP, lines[2]!)).toMatchObject({
      due_on: '20062026',
      discount_kind: '2',
      discount_on: '07062026',
      discount: '000000000000500',
      abatement: '000000000000990',
      protest: '1',
      protest_days: '20',
    })
    const reply = await party.customer.get(`/invoices/${invoice.id}/pdf`)
    const text = readPdf(reply.bytes).pages.join(' ').replaceAll(/\s+/g, ' ')
    expect(text).toContain('Até 07/06/2026, desconto de 5,00%.')
    expect(text).toContain('9,90')
  })
  it('is protested once it is overdue, and taken back from there', async () => {
    const { house, party, invoice, charge, path } = await enter()
    expect((await admin.put(`${path}/protest`, {})).body.code).toBe('boleto_not_due')
    expect((await admin.delete(`${path}/protest`)).body.code).toBe('boleto_not_protested')
    await askOwner(api, `update bank_charges set due_date = '2026-05-01' where id = $1`, [charge.id])
    expect((await admin.put(`${path}/protest`, {})).body.protested_at).not.toBeNull()
    expect(told((await sendRemittance(house)).lines)).toEqual(['P09'])
    await apply(house, answerCharges('bradesco', [say('19'), say('23')]))
    expect((await admin.delete(`${path}/protest`)).body.protested_at).toBeNull()
    expect(told((await sendRemittance(house)).lines)).toEqual(['P11'])
    await apply(house, answerCharges('bradesco', [say('20'), say('24')], { sequence: 13 }))
    // The bank begins one by itself; what is paid in another way is stopped and written off.
    await apply(house, answerCharges('bradesco', [say('23', { place: '2' })], { sequence: 14 }))
    expect((await admin.get(path)).body).toMatchObject({
      protested_at: expect.any(String),
      instructions: [{}, { kind: 'protest', refused: false }, { kind: 'stop_protest', refused: false }],
    })
    await admin.post(`/accounts/${party.account.id}/payments`, {
      amount: 8990,
      method: 'pix',
      received_on: '2026-05-21',
      invoice_ids: [invoice.id],
    })
    await runJobs(api)
    expect(told((await sendRemittance(house)).lines)).toEqual(['P10'])
  })

  it('is nobody’s to change without permission, in no other unit, and no debit', async () => {
    const { charge } = await enter()
    const support = await api.staff('support')
    const other = await api.unit()
    const away = await api.staff('admin', { units: [other.id] })
    for (const [way, path, body] of [
      ['put', 'due-date', { due_date: '2026-07-01' }],
      ['put', 'abatement', { amount: 100 }],
      ['delete', 'abatement', {}],
      ['put', 'protest', {}],
      ['delete', 'protest', {}],
    ] as const) {
      expect((await support[way](`/bank-charges/${charge.id}/${path}`, body)).status).toBe(403)
      expect((await away[way](`/bank-charges/${charge.id}/${path}`, body)).status).toBe(404)
    }
  })

  it('paid late says what of it is fine and what interest; what comes again is credit', async () => {
    const { house, party, invoice, intent } = await enter({}, '2026-05-01')
    await apply(
      house,
      answerCharges('bradesco', [
        paid('00000000001', 9179, { late: 189, fee: 190 }),
        paid('00000000001', 9179, { late: 189, place: '00101234', movement: '17' }),
      ]),
    )
    const standing = await api.system((tx) => readBankStanding(tx, intent.id))
    expect(standing.received.map(({ amount, adjusted }) => [amount, adjusted])).toEqual([
      [9179, { late_fee: 180, interest: 9, discount: 0 }],
      [9179, undefined],
    ])
    // Fine and interest are documents of their own; the second payment is credit as a whole.
    expect(await stateOf(invoice)).toBe('paid')
    expect(await creditOf(party.account)).toBe(9179)
    const documents = (await admin.get(`/invoices?account_id=${party.account.id}`)).body.items
    expect(
      documents
        .filter(({ id }: { id: string }) => id !== invoice.id)
        .map(({ kind, total, state }: { kind: string; total: number; state: string }) => [
          kind,
          total,
          state,
        ]),
    ).toEqual([['debit_note', 189, 'paid']])
  })
})

describe('a bad return', () => {
  it('gives a clear report and books nothing', async () => {
    const house = await createHouse('boleto')
    const party = await createParty(house)
    const invoice = await issue(party.account, 8990)
    await askForBoleto(house, party, invoice)
    await sendRemittance(house)
    const good = answerCharges('bradesco', [paid('00000000001', 8990)])
    const bad: [string | Buffer, string][] = [
      ['', 'file_empty'],
      ['not;a;return\r\n', 'not_cnab'],
      [good.slice(0, 600), 'truncated'],
      [answerCharges('itau', [paid('00000001', 8990)]), 'wrong_bank'],
      [good.replace('000000000008990', '000000000008991'), 'batch_total'],
      [Buffer.alloc(50_000_000, 'anything at all\r\n'), 'not_cnab'],
    ]
    for (const [text, code] of bad) {
      const reply = await upload(house, text)
      if (code === 'file_empty') {
        // Nothing at all is no file.
        expect([202, 422]).toContain(reply.status)
        if (reply.status === 422) continue
      }
      expect(reply.status, JSON.stringify(reply.body)).toBe(202)
      await runJobs(api)
      const file = (await admin.get(`/bank-files/${reply.body.id}`)).body
      expect(file.state).toBe('faulty')
      expect(file.faults.map((fault: { code: string }) => fault.code)).toContain(code)
      expect((await admin.post(`/bank-files/${file.id}/apply`)).body.code).toBe('bank_file_not_ready')
      expect((await admin.get(`/bank-files/${file.id}/lines`)).body.items).toEqual([])
    }
    expect(await stateOf(invoice)).toBe('open')
    expect(await paymentsOf(party.account)).toEqual([])
    // The same bytes may come again, and be put away unbooked.
    const read = await receive(house, good)
    expect((await admin.post(`/bank-files/${read.id}/discard`)).body.state).toBe('discarded')
    expect((await receive(house, good)).state).toBe('read')
  }, 60_000)

  it('is nobody’s without permission, and no other unit’s', async () => {
    const house = await createHouse('boleto')
    const support = await api.staff('support')
    expect((await support.post(`/payment-providers/${house.provider.id}/remittances`)).status).toBe(403)
    const other = await api.unit()
    const away = await api.staff('admin', { units: [other.id] })
    expect((await away.get('/bank-file-providers')).body.items).toEqual([])
    const reply = await away.upload(
      'POST',
      '/bank-files',
      { name: 'x.ret', type: 'text/plain', bytes: Buffer.from('x') },
      { provider_id: house.provider.id },
    )
    expect(reply.status).toBe(422)
  })

  it('is applied in batches and goes on where it was, whatever ended it', async () => {
    const house = await createHouse('boleto')
    const party = await createParty(house)
    const invoices: { id: string }[] = []
    for (let i = 0; i < 130; i++) invoices.push(await issue(party.account, 100))
    const owner = {
      account_id: party.account.id,
      business_unit_id: house.unit.id,
      user_id: null,
      origin: 'staff' as const,
    }
    for (const invoice of invoices) {
      const input = { provider_id: house.provider.id, method: 'boleto' as const, invoice_ids: [invoice.id] }
      await api.system(async (tx) => demand(await createIntent(tx, api.office, owner, input, api.now())))
    }
    await runJobs(api)
    await sendRemittance(house)
    const read = await receive(
      house,
      answerCharges(
        'bradesco',
        invoices.map((_invoice, i) => paid(String(i + 1).padStart(11, '0'), 100, { amount: 100 })),
      ),
    )
    await admin.post(`/bank-files/${read.id}/apply`)
    // A process that stops after its first batch.
    const { createJobHandlers } = await import('../../server/app.ts')
    const { transactAsSystem } = await import('../../server/platform/database.ts')
    const { createMailer } = await import('../../server/platform/mail.ts')
    const handlers = createJobHandlers({
      config: api.config,
      mailer: createMailer({ smtpUrl: null, from: api.config.mailFrom }),
      files: api.files,
    })
    await handlers['payments:apply_return']!(
      { bank_file_id: read.id },
      {
        pool: api.office,
        now: api.now,
        transact: (work) =>
          transactAsSystem(api.office, { kind: 'job', way: 'job', operation: 'test', name: 'test' }, work),
        stopping: () => true,
        last_attempt: false,
        log: { info: () => undefined, error: () => undefined },
      },
    )
    expect((await admin.get(`/bank-files/${read.id}`)).body).toMatchObject({
      state: 'applying',
      records_done: 100,
    })
    await runJobs(api)
    expect((await admin.get(`/bank-files/${read.id}`)).body).toMatchObject({
      state: 'applied',
      records_done: 130,
    })
    expect(
      (
        await askOwner(api, 'select count(*)::int as n from payments where account_id = $1', [
          party.account.id,
        ])
      )[0].n,
    ).toBe(130)
  }, 120_000)
})

describe('direct debit', () => {
  const secretAccount = '0236698'
  /** Stores an account to debit, as a customer types it. */
  async function store(house: House, party: Party, details: Record<string, string>) {
    const made = await party.customer.post('/stored-methods', {
      provider_id: house.provider.id,
      method: 'bank_debit',
      details,
    })
    expect(made.status, JSON.stringify(made.body)).toBeLessThan(300)
    await runJobs(api)
    return (await party.customer.get(`/payment-intents/${made.body.id}`)).body
  }

  it('is refused, paid, and nothing of the account is stored in clear', async () => {
    const house = await createHouse('debit_file')
    const party = await createParty(house)
    const bad = await store(house, party, { agency: '2545', account: '02366', account_digit: '9' })
    expect(bad).toMatchObject({ state: 'failed', failure: 'invalid_method' })
    const good = await store(house, party, { agency: '2545', account: '02366-1' })
    expect(good.state).toBe('succeeded')
    const [method] = (await party.customer.get('/stored-methods')).body.items
    expect(method).toMatchObject({ method: 'bank_debit', brand: 'BANCO ITAU S.A.', state: 'active' })
    expect(method.last_digits.length).toBeLessThan(5)
    const invoices = [await issue(party.account, 8990), await issue(party.account, 5000)]
    for (const invoice of invoices) {
      const made = await party.customer.post('/payment-intents', {
        provider_id: house.provider.id,
        method: 'bank_debit',
        invoice_ids: [invoice.id],
        stored_method_id: method.id,
      })
      expect(made.status, JSON.stringify(made.body)).toBe(201)
    }
    await runJobs(api)
    const remittance = await sendRemittance(house)
    expect(remittance).toMatchObject({ records: 2, total: 13_990 })
    expect(readRecord(segmentA, remittance.lines[2]!)).toMatchObject({
      account: '02545 0000000023661 ',
      amount: '000000000008990',
    })
    await apply(
      house,
      answerDebits([
        { our_number: '000000000001', amount: 8990, reasons: '01', day: '20052026' },
        { our_number: '000000000002', amount: 5000, reasons: '00', day: '20052026' },
      ]),
    )
    const states = await askOwner(
      api,
      `select state, failure from payment_intents where provider_id = $1 and purpose = 'payment' order by id`,
      [house.provider.id],
    )
    expect(states).toEqual([
      { state: 'failed', failure: 'insufficient_funds' },
      { state: 'succeeded', failure: null },
    ])
    expect(await Promise.all(invoices.map(stateOf))).toEqual(['open', 'paid'])
  })

  it('is not sent where the account was removed, and holds up nobody else', async () => {
    const house = await createHouse('debit_file')
    const [gone, stays] = [await createParty(house), await createParty(house)]
    const invoices: { id: string }[] = []
    for (const party of [gone, stays]) {
      await store(house, party, { agency: '2545', account: '02366', account_digit: '1' })
      const [method] = (await party.customer.get('/stored-methods')).body.items
      const invoice = await issue(party.account, 3000)
      invoices.push(invoice)
      const made = await party.customer.post('/payment-intents', {
        provider_id: house.provider.id,
        method: 'bank_debit',
        invoice_ids: [invoice.id],
        stored_method_id: method.id,
      })
      expect(made.status, JSON.stringify(made.body)).toBe(201)
      await runJobs(api)
      if (party === gone) await party.customer.delete(`/stored-methods/${method.id}`)
    }
    await runJobs(api)
    expect(await sendRemittance(house)).toMatchObject({ records: 1, total: 3000, sequence: 1 })
    const states = await askOwner(
      api,
      `select i.state, i.failure from payment_intents i where i.provider_id = $1 and purpose = 'payment' order by id`,
      [house.provider.id],
    )
    expect(states).toEqual([
      { state: 'failed', failure: 'invalid_method' },
      { state: 'pending', failure: null },
    ])
  })

  it('keeps the number of an account nowhere in the database, nor in its files', async () => {
    const house = await createHouse('debit_file', {
      bank: '748',
      agency: '0101',
      account: '4711',
      agreement: 'DEB99',
    })
    const party = await createParty(house)
    await store(house, party, { agency: '0101', account: secretAccount, account_digit: '7' })
    const [method] = (await party.customer.get('/stored-methods')).body.items
    const invoice = await issue(party.account, 8990)
    await party.customer.post('/payment-intents', {
      provider_id: house.provider.id,
      method: 'bank_debit',
      invoice_ids: [invoice.id],
      stored_method_id: method.id,
    })
    await runJobs(api)
    const remittance = await sendRemittance(house)
    expect(remittance.lines.join('')).toContain(secretAccount)
    const tables = await askOwner(
      api,
      `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`,
      [],
    )
    for (const { name } of tables) {
      const [{ n }] = await askOwner(api, `select count(*)::int as n from ${name} t where t::text like $1`, [
        `%${secretAccount}%`,
      ])
      expect(n, name).toBe(0)
    }
    const folder = join(api.dataDir, 'files')
    for (const path of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (!path.isFile()) continue
      const bytes = await readFile(join(path.parentPath, path.name))
      expect(bytes.includes(secretAccount), path.name).toBe(false)
    }
  })
})
