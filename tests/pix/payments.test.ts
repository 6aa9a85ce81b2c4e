import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { readBrCode, txidOfNumber } from '../../server/platform/br-code.ts'
import { enqueue } from '../../server/platform/jobs.ts'
import { type Caller, startTestApi, type TestApi } from '../api.ts'
import { issueInvoice } from '../invoices.ts'
import { runJobs } from '../jobs.ts'
import { readPdf } from '../pdf.ts'
import { makeCustomer } from '../people.ts'
import { type PixBank, startPixBank } from './conformance-server.ts'

let api: TestApi
let admin: Caller
let bank: PixBank
let unit: string
let provider: string

beforeAll(async () => {
  api = await startTestApi({ addresses: true })
  // Jobs wait by the database's clock.
  api.setNow(Temporal.Now.instant().toString())
  admin = await api.staff('admin')
  unit = (await api.unit()).id
  bank = await startPixBank({
    now: api.now,
    callHook: async (url, body) => {
      const { pathname, search } = new URL(url)
      const reply = await api.server.inject({
        method: 'POST',
        url: pathname + search,
        headers: { 'content-type': 'application/json' },
        payload: body,
      })
      return reply.statusCode
    },
  })
  provider = await addProvider({
    driver: 'pix',
    name: 'Banco',
    settings: bank.settings,
    secrets: bank.secrets,
  })
})
afterEach(() => {
  expect(bank.violations).toEqual([])
  expect(bank.ownFaults).toEqual([])
})
afterAll(async () => {
  await bank.close()
  await api.close()
})

async function addProvider(input: object, unitId = unit): Promise<string> {
  const made = await admin.post('/payment-providers', {
    business_unit_id: unitId,
    methods: ['pix'],
    enabled: true,
    ...input,
  })
  expect(made.status, JSON.stringify(made.body)).toBe(201)
  return made.body.id
}

/** A customer with an open invoice, due in some days. */
async function owe(days = 10, total = 12_345, unitId = unit) {
  const customer = await makeCustomer(api, admin, unitId)
  const { id: account } = (await admin.get(`/accounts?q=${customer.email}`)).body.items[0]
  await admin.patch(`/accounts/${account}`, { tax_id: '123.456.789-09', country: 'BR', kind: 'person' })
  const due = api.now().toZonedDateTimeISO('America/Sao_Paulo').toPlainDate().add({ days })
  const invoice = await api.system((tx) =>
    issueInvoice(tx, account, {
      total,
      due_date: String(due),
      issue_date: String(due.subtract({ days: 20 })),
    }),
  )
  return { customer, account, invoice }
}
const pay = async (customer: Caller, invoice: string, by = provider) => {
  const made = await customer.post('/payment-intents', {
    provider_id: by,
    method: 'pix',
    invoice_ids: [invoice],
  })
  expect(made.status, JSON.stringify(made.body)).toBe(201)
  await runJobs(api)
  return (await customer.get(`/payment-intents/${made.body.id}`)).body
}
const txid = (id: string) => id.replaceAll('-', '')
const textsOf = async (customer: Caller, invoice: string) => {
  const pdf = await customer.get(`/invoices/${invoice}/pdf`)
  expect(pdf.status).toBe(200)
  const read = readPdf(pdf.bytes)
  const text = /\/ActualText \((0002[^)]*)\)/.exec([...read.objects.values()].join('\n'))?.[1]
  return { words: read.pages.join('\n'), text }
}

describe('Pix by a bank', () => {
  it('is tried, with its webhook', async () => {
    expect((await admin.post(`/payment-providers/${provider}/test`)).status).toBeLessThan(300)
    await runJobs(api)
    expect((await admin.get(`/payment-providers/${provider}`)).body).toMatchObject({
      health: 'working',
      secrets_set: expect.arrayContaining(['private_key', 'client_secret']),
    })
    expect(bank.webhook?.url).toMatch(new RegExp(`/api/v1/hooks/payments/${provider}\\?token=`))
    const shown = JSON.stringify((await admin.get(`/payment-providers/${provider}`)).body)
    expect(shown).not.toContain('PRIVATE KEY')
    expect(shown).not.toContain(bank.secrets.client_secret)
  })

  it('is asked for, shown, printed, paid, and booked once, however often the bank calls', async () => {
    const { customer, invoice } = await owe()
    expect((await textsOf(customer, invoice.id)).text).toBeUndefined()
    const intent = await pay(customer, invoice.id)
    expect(intent).toMatchObject({ state: 'action_needed', amount: 12_345, action: { kind: 'pix' } })
    expect(bank.charges.get(txid(intent.id))).toMatchObject({
      kind: 'cobv',
      body: { valor: { original: '123.45' }, devedor: { cpf: '12345678909' } },
    })
    const printed = await textsOf(customer, invoice.id)
    expect(printed.text).toBe(intent.action.text)
    const { e2eid } = await bank.pay(txid(intent.id))
    await bank.tell([bank.received.get(e2eid)!])
    expect(bank.hookAnswers.slice(-2)).toEqual([200, 200])
    await runJobs(api)
    expect((await customer.get(`/payment-intents/${intent.id}`)).body).toMatchObject({ state: 'succeeded' })
    expect((await customer.get(`/invoices/${invoice.id}`)).body).toMatchObject({
      state: 'paid',
      open_amount: 0,
    })
    expect((await textsOf(customer, invoice.id)).text).toBeUndefined()
    const payments = await api.system((tx) =>
      tx
        .selectFrom('payments')
        .select(['amount', 'provider_ref'])
        .where('intent_id', '=', intent.id)
        .execute(),
    )
    expect(payments).toEqual([{ amount: 12_345, provider_ref: e2eid }])
  })

  it('is taken late with interest and twice: what is beyond the invoice is credit', async () => {
    const { customer, account, invoice } = await owe()
    const intent = await pay(customer, invoice.id)
    await bank.pay(txid(intent.id), { amount: 12_800 })
    await runJobs(api)
    await bank.pay(txid(intent.id), { twice: true, amount: 12_345 })
    await runJobs(api)
    expect((await customer.get(`/invoices/${invoice.id}`)).body).toMatchObject({
      state: 'paid',
      open_amount: 0,
    })
    const payments = await api.system((tx) =>
      tx
        .selectFrom('payments')
        .select('amount')
        .where('account_id', '=', account)
        .orderBy('amount')
        .execute(),
    )
    expect(payments).toEqual([{ amount: 12_345 }, { amount: 12_800 }])
  })

  it('without a call of the bank is found by the list of what came in', async () => {
    const { customer, invoice } = await owe()
    const intent = await pay(customer, invoice.id)
    await bank.pay(txid(intent.id), { quiet: true })
    await api.system((tx) =>
      tx.updateTable('payment_intents').set({ look_at: null }).where('id', '=', intent.id).execute(),
    )
    await api.system((tx) => enqueue(tx, 'payments:reconcile', {}))
    await runJobs(api)
    expect((await customer.get(`/invoices/${invoice.id}`)).body).toMatchObject({ state: 'paid' })
  })

  it('is given back, in part', async () => {
    const { customer, invoice } = await owe(-3)
    const intent = await pay(customer, invoice.id)
    expect(bank.charges.get(txid(intent.id))).toMatchObject({ kind: 'cob' })
    const { e2eid } = await bank.pay(txid(intent.id))
    await runJobs(api)
    const payment = await api.system((tx) =>
      tx.selectFrom('payments').select('id').where('intent_id', '=', intent.id).executeTakeFirstOrThrow(),
    )
    const asked = await admin.post(`/payments/${payment.id}/refund`, {
      amount: 2_345,
      reason: 'Engano',
      by: 'provider',
    })
    expect(asked.status, JSON.stringify(asked.body)).toBeLessThan(300)
    await runJobs(api)
    expect(bank.received.get(e2eid)!.devolucoes).toMatchObject([{ valor: '23.45', descricao: 'Engano' }])
    await bank.settleReturn(e2eid, 'DEVOLVIDO')
    await runJobs(api)
    const reversal = await api.system((tx) =>
      tx
        .selectFrom('payment_reversals')
        .select(['kind', 'state', 'amount'])
        .where('payment_id', '=', payment.id)
        .execute(),
    )
    expect(reversal).toEqual([{ kind: 'refund', state: 'done', amount: 2_345 }])
  })

  it('that was taken back, or given back at the bank, without a call of it is found by the list as well', async () => {
    const { customer, invoice } = await owe()
    const intent = await pay(customer, invoice.id)
    // Weeks ago: it is not among what came in of late.
    const at = api.now().subtract({ hours: 24 * 45 })
    const { e2eid } = await bank.pay(txid(intent.id), { at })
    await runJobs(api)
    expect((await customer.get(`/invoices/${invoice.id}`)).body).toMatchObject({ state: 'paid' })
    await bank.takeBack(e2eid, 12_000, { quiet: true })
    const reconcile = async () => {
      await api.system((tx) => enqueue(tx, 'payments:reconcile', {}))
      await runJobs(api)
      return api.system((tx) =>
        tx
          .selectFrom('payment_reversals')
          .innerJoin('payments', 'payments.id', 'payment_reversals.payment_id')
          .select(['payment_reversals.kind', 'payment_reversals.state', 'payment_reversals.amount'])
          .where('payments.intent_id', '=', intent.id)
          .execute(),
      )
    }
    expect(await reconcile()).toEqual([{ kind: 'chargeback', state: 'done', amount: 12_000 }])
    expect((await customer.get(`/invoices/${invoice.id}`)).body).toMatchObject({
      state: 'open',
      open_amount: 12_000,
    })
    // What is booked is not asked about again.
    const before = bank.calls.length
    expect(await reconcile()).toHaveLength(1)
    expect(bank.calls.slice(before).filter(({ path }) => path.endsWith(txid(intent.id)))).toEqual([])
  })

  it('hears nobody but the bank', async () => {
    const url = new URL(bank.webhook!.url)
    for (const target of [url.pathname, `${url.pathname}?token=x`, `${url.pathname}/pix?token=x/pix`]) {
      const reply = await api.server.inject({ method: 'POST', url: target, payload: '{"pix":[]}' })
      expect(reply.statusCode).toBe(400)
    }
    for (const target of [`${url.pathname}/pix${url.search}`, `${url.pathname}${url.search}/pix`]) {
      const reply = await api.server.inject({ method: 'POST', url: target, payload: '{"pix":[]}' })
      expect(reply.statusCode).toBe(200)
    }
  })

  it('says at its fields what cannot be', async () => {
    const refused = await admin.post('/payment-providers', {
      business_unit_id: unit,
      driver: 'pix',
      name: 'Banco',
      methods: ['pix'],
      settings: { ...bank.settings, api_url: 'http://bank.example', key: '123' },
      secrets: { ...bank.secrets, private_key: 'x' },
    })
    expect(refused.status).toBe(422)
    expect(refused.body.errors.map(({ path }: { path: string }) => path).toSorted()).toEqual([
      'secrets.private_key',
      'settings.api_url',
      'settings.key',
    ])
  })
})

describe('Pix by a key', () => {
  it('is printed without anybody being asked, and shown with a txid of the charge', async () => {
    const other = (await api.unit()).id
    const { customer, invoice } = await owe(5, 4_990, other)
    expect((await textsOf(customer, invoice.id)).text).toBeUndefined()
    const settings = { key: '+55 11 98765-4321', name: 'Pirilampo Telecomunicações', city: 'São Paulo' }
    const id = await addProvider({ driver: 'pix_static', name: 'Pix', settings }, other)
    const { text, words } = await textsOf(customer, invoice.id)
    expect(words).toContain('Pix')
    expect(readBrCode(text!)).toMatchObject({
      key: '+5511987654321',
      amount: 4_990,
      name: 'Pirilampo Telecomunicacoe',
      city: 'Sao Paulo',
      txid: txidOfNumber(invoice.number),
    })
    const intent = await pay(customer, invoice.id, id)
    expect(intent).toMatchObject({ state: 'action_needed', action: { kind: 'pix' } })
    expect(readBrCode(intent.action.text)).toMatchObject({
      amount: 4_990,
      txid: expect.stringMatching(/^\w{25}$/),
    })
    // On paper stands what the customer was shown, once there is something.
    expect((await textsOf(customer, invoice.id)).text).toBe(intent.action.text)
    // Another unit's customer sees another unit's ways to pay, or none.
    const elsewhere = await owe()
    expect((await textsOf(elsewhere.customer, elsewhere.invoice.id)).text).toBeUndefined()
  })
})
