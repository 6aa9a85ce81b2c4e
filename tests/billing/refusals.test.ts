import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { closeAccount } from '../../server/modules/billing/index.ts'
import { demand } from '../../server/platform/jobs.ts'
import { type Caller, startTestApi, type TestApi } from '../api.ts'

// What may never happen is refused by the database itself, whatever the code does: tried in SQL by its owner, whom no policy and
// no missing grant holds back.

// biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects and fails where it is not there
type Row = any

let api: TestApi
let admin: Caller
let invoice: Row
let line: Row

beforeAll(async () => {
  api = await startTestApi()
  api.setNow('2026-05-31T15:00:00Z')
  admin = await api.staff('admin')
  const unit = await api.unit()
  const make = async (path: string, body: object): Promise<Row> => (await admin.post(path, body)).body
  const product = await make('/products', { business_unit_id: unit.id, name: 'Internet' })
  const plan = await make('/plans', {
    business_unit_id: unit.id,
    product_id: product.id,
    name: 'Fibra 500',
    kind: 'broadband',
    prices: [{ currency: 'BRL', amount: 31_000 }],
  })
  const account = await make('/accounts', {
    business_unit_id: unit.id,
    name: 'Ana',
    email: 'ana@casa.example',
  })
  await make(`/accounts/${account.id}/subscriptions`, { plan_id: plan.id, start_date: '2026-05-21' })
  const closed = demand(
    await api.system((tx) =>
      closeAccount(tx, { account_id: account.id, up_to: Temporal.PlainDate.from('2026-05-31') }, api.now()),
    ),
  )
  invoice = (await admin.get(`/invoices/${closed.invoice_ids[0]}`)).body
  line = invoice.lines[0]
})
afterAll(() => api.close())

/** Runs SQL as the owner in a transaction that is undone; answers the name of the rule that refused it. */
async function refusedBy(...statements: string[]): Promise<string | undefined> {
  const client = new pg.Client({ connectionString: api.database.ownerUrl })
  await client.connect()
  try {
    await client.query('begin')
    for (const statement of statements) await client.query(statement)
    await client.query('set constraints all immediate')
    return undefined
  } catch (error) {
    const { constraint, message } = error as { constraint?: string; message: string }
    return constraint ?? message
  } finally {
    await client.query('rollback').catch(() => undefined)
    await client.end()
  }
}

/** A copy of the invoice's row with some columns changed. */
const copyOfInvoice = (changes: Record<string, string>) => {
  const columns = [
    'business_unit_id',
    'account_id',
    'kind',
    'series',
    'number',
    'state',
    'issue_date',
    'due_date',
    'currency',
    'language',
    'payment_method',
    'gross',
    'discount',
    'tax',
    'total',
    'customer',
    'issuer',
    'about_invoice_id',
  ]
  return `insert into invoices (${columns}) select ${columns.map((name) => changes[name] ?? name)} from invoices
           where id = '${invoice.id}' returning id`
}

describe('the database refuses', () => {
  it('a second charge for a day of a component', async () => {
    const again = (period: string) =>
      refusedBy(`insert into billed_coverage (component_id, account_id, period, invoice_line_id)
                 select component_id, account_id, ${period}, invoice_line_id from billed_coverage
                  where invoice_line_id = '${line.id}'`)
    expect(await again('daterange(upper(period) - 1, upper(period) + 5)')).toBe('billed_once')
    expect(await again('daterange(upper(period), upper(period) + 5)')).toBeUndefined()
  })

  it('a posting that does not balance, and one that is added to later', async () => {
    const entry = (posting: string, amount: number) =>
      `insert into ledger_entries (posting_id, kind, business_unit_id, account_id, ledger_account, amount, currency, on_date)
       values (${posting}, 'adjustment', '${invoice.business_unit_id}', '${invoice.account_id}', 'account_credit', ${amount},
               'BRL', '2026-05-31')`
    expect(await refusedBy(entry('uuidv7()', 100))).toBe('ledger_balanced')
    const first = `(select posting_id from ledger_entries where invoice_id = '${invoice.id}' limit 1)`
    const both = `${entry(first, 100)}, (${first}, 'adjustment', '${invoice.business_unit_id}', '${invoice.account_id}',
                  'adjustments', -100, 'BRL', '2026-05-31')`
    expect(await refusedBy(both)).toBe('ledger_posting_once')
  })

  it('any change of an issued document, its lines and its postings', async () => {
    expect(
      await refusedBy(`update invoices set total = total + 1, gross = gross + 1 where id = '${invoice.id}'`),
    ).toBe('invoice_issued')
    for (const statement of [
      `update invoices set due_date = due_date + 30 where id = '${invoice.id}'`,
      `delete from invoices where id = '${invoice.id}'`,
      `update invoice_lines set net = net + 1 where id = '${line.id}'`,
      `delete from invoice_lines where id = '${line.id}'`,
      `update ledger_entries set amount = amount * 2 where invoice_id = '${invoice.id}'`,
      `delete from ledger_entries where invoice_id = '${invoice.id}'`,
    ])
      expect(await refusedBy(statement), statement).toBeTruthy()
    expect(
      await refusedBy(`update invoices set state = 'paid', paid_at = now() where id = '${invoice.id}'`),
    ).toBeUndefined()
  })

  it('a gap in a series, and a number twice', async () => {
    expect(await refusedBy(copyOfInvoice({ number: 'number + 2' }))).toBe('invoices_gapless')
    expect(await refusedBy(copyOfInvoice({}))).toBeTruthy()
    expect(await refusedBy(copyOfInvoice({ number: 'number + 1' }))).toBeUndefined()
    expect(
      await refusedBy(copyOfInvoice({ number: 'number + 1' }), copyOfInvoice({ number: 'number + 3' })),
    ).toBe('invoices_gapless')
  })

  it('giving back more than was billed', async () => {
    const note = (amount: number) => [
      copyOfInvoice({
        kind: "'credit_note'",
        series: "'C'",
        number: '1',
        state: "'issued'",
        about_invoice_id: 'id',
      }),
      `insert into invoice_lines (invoice_id, account_id, position, role, description, period, days, of_days, whole_period,
                                  unit_amount, quantity, gross, discount, net, rule, corrects_line_id)
       select i.id, i.account_id, 1, 'plan', 'x', l.period, l.days, l.of_days, l.whole_period, l.unit_amount, 1, ${amount}, 0,
              ${amount}, 'credit', l.id
         from invoices i, invoice_lines l where i.kind = 'credit_note' and l.id = '${line.id}'`,
    ]
    expect(await refusedBy(...note(line.net + line.tax))).toBeUndefined()
    expect(await refusedBy(...note(line.net + line.tax + 1))).toBe('credit_within_billed')
  })

  it('coverage that grows or moves', async () => {
    const cover = (period: string) =>
      refusedBy(`update billed_coverage set period = ${period} where invoice_line_id = '${line.id}'`)
    expect(await cover('daterange(lower(period), upper(period) + 1)')).toBe('coverage_shrinks')
    expect(await cover('daterange(lower(period) + 40, upper(period) + 40)')).toBe('coverage_shrinks')
    expect(await cover('daterange(lower(period), upper(period) - 1)')).toBeUndefined()
  })

  it('a state that the kind does not have, and a proforma that is answered twice', async () => {
    expect(await refusedBy(`update invoices set state = 'issued' where id = '${invoice.id}'`)).toBe(
      'invoices_kind_state',
    )
    const proforma = copyOfInvoice({ kind: "'proforma'", series: "'P'", number: '1', state: "'offered'" })
    const answer = (state: string) => `update invoices set state = '${state}' where kind = 'proforma'`
    expect(await refusedBy(proforma, answer('converted'))).toBeUndefined()
    expect(await refusedBy(proforma, answer('withdrawn'), answer('converted'))).toBe('proforma_answered')
  })
})
