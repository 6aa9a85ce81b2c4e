import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { closeUnit } from '../../server/modules/billing/index.ts'
import { openPool, transactAsSystem } from '../../server/platform/database.ts'
import { demand } from '../../server/platform/jobs.ts'
import { createTestDatabase, type TestDatabase } from '../database.ts'
import { seedUnit } from './seed.ts'

let database: TestDatabase
let unit: string
/** An account with a service, its components, and an invoice with a line. */
let one: {
  account_id: string
  subscription_id: string
  component_id: string
  invoice_id: string
  line_id: string
}
let other: { account_id: string; component_id: string; invoice_id: string }
const clients: pg.Client[] = []
const nowhere = '00000000-0000-7000-8000-00000000dead'

async function connect(url = database.ownerUrl): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(
    `select set_config('zaguan.actor', '{"kind":"system","way":"command","operation":"test"}', false), set_config('zaguan.units', '*', false)`,
  )
  clients.push(client)
  return client
}

beforeAll(async () => {
  database = await createTestDatabase()
  const pool = openPool(database.officeUrl, 4)
  const actor = { kind: 'system', way: 'command', operation: 'test' } as const
  ;({ unit } = await transactAsSystem(pool, actor, (tx) => seedUnit(tx, 30)))
  demand(
    await closeUnit(pool, {
      business_unit_id: unit,
      up_to: Temporal.PlainDate.from('2026-04-30'),
      now: () => Temporal.Instant.from('2026-05-01T12:00:00Z'),
    }),
  )
  await pool.end()
  const client = await connect()
  const { rows } = await client.query(
    `select l.account_id, l.subscription_id, l.component_id, l.invoice_id, l.id as line_id from invoice_lines l
      where l.role = 'plan' order by l.id`,
  )
  one = rows[0]
  other = rows.find((row) => row.account_id !== one.account_id)
})
afterAll(async () => {
  for (const client of clients) await client.end()
  await database.drop()
})

const invoice = (values: Record<string, string>) => {
  const row: Record<string, string> = {
    business_unit_id: `'${unit}'`,
    account_id: `'${one.account_id}'`,
    series: `'T'`,
    number: `(select coalesce(max(number), 0) + 1 from invoices where series = 'T')`,
    issue_date: `'2026-05-31'`,
    due_date: `'2026-06-10'`,
    currency: `'BRL'`,
    language: `'pt-BR'`,
    payment_method: `'pix'`,
    gross: '100',
    discount: '0',
    total: '100',
    customer: `'{}'`,
    issuer: `'{}'`,
    ...values,
  }
  return `insert into invoices (${Object.keys(row).join(', ')}) values (${Object.values(row).join(', ')})`
}
const line = (values: Record<string, string>) => {
  const row: Record<string, string> = {
    invoice_id: `'${one.invoice_id}'`,
    account_id: `'${one.account_id}'`,
    position: `(select max(position) + 1 from invoice_lines)`,
    role: `'manual'`,
    description: `'x'`,
    period: `'[2026-05-01,2026-05-02)'`,
    days: '1',
    of_days: '1',
    whole_period: `'[2026-05-01,2026-05-02)'`,
    unit_amount: '100',
    quantity: '1',
    gross: '100',
    discount: '0',
    net: '100',
    rule: `'manual'`,
    ...values,
  }
  return `insert into invoice_lines (${Object.keys(row).join(', ')}) values (${Object.values(row).join(', ')})`
}
const coverage = (values: Record<string, string>) => {
  const row: Record<string, string> = {
    component_id: `'${one.component_id}'`,
    account_id: `'${one.account_id}'`,
    period: `'[2030-01-01,2030-02-01)'`,
    ...values,
  }
  return `insert into billed_coverage (${Object.keys(row).join(', ')}) values (${Object.values(row).join(', ')})`
}
const posting = (values: Record<string, string>) => {
  const row: Record<string, string> = {
    posting_id: `(select p.id from p)`,
    kind: `'adjustment'`,
    business_unit_id: `'${unit}'`,
    account_id: `'${one.account_id}'`,
    ledger_account: 'side.ledger_account',
    amount: 'side.amount',
    currency: `'BRL'`,
    on_date: `'2026-05-31'`,
    ...values,
  }
  return `with p as materialized (select uuidv7() as id)
    insert into ledger_entries (${Object.keys(row).join(', ')}) select ${Object.values(row).join(', ')}
      from (values ('revenue'::ledger_account, 5), ('adjustments', -5)) side (ledger_account, amount)`
}

describe('what is not there', () => {
  const cases: [string, () => string, string][] = [
    ['an invoice of no account', () => invoice({ account_id: `'${nowhere}'` }), 'invoices_account_id_fkey'],
    [
      'an invoice of no unit',
      () => invoice({ business_unit_id: `'${nowhere}'` }),
      'invoices_business_unit_id_fkey',
    ],
    ['an invoice of no closing', () => invoice({ closing_id: `'${nowhere}'` }), 'invoices_closing_id_fkey'],
    [
      'an invoice of another account’s service',
      () => invoice({ account_id: `'${other.account_id}'`, subscription_id: `'${one.subscription_id}'` }),
      'invoices_subscription_id_fkey',
    ],
    [
      'a note about no invoice',
      () => invoice({ kind: `'debit_note'`, about_invoice_id: `'${nowhere}'` }),
      'invoices_about_invoice_id_fkey',
    ],
    [
      'a line of no invoice',
      () => line({ invoice_id: `'${nowhere}'` }),
      'invoice_lines_invoice_id_account_id_fkey',
    ],
    [
      'a line of another account’s invoice',
      () => line({ invoice_id: `'${other.invoice_id}'` }),
      'invoice_lines_invoice_id_account_id_fkey',
    ],
    [
      'a line of no service',
      () => line({ subscription_id: `'${nowhere}'` }),
      'invoice_lines_subscription_id_fkey',
    ],
    [
      'a line of another account’s component',
      () => line({ component_id: `'${other.component_id}'` }),
      'invoice_lines_component_id_fkey',
    ],
    [
      'a line of no charge',
      () => line({ charge_id: `'${nowhere}'` }),
      'invoice_lines_charge_id_account_id_fkey',
    ],
    [
      'a line about no line',
      () => line({ corrects_line_id: `'${nowhere}'` }),
      'invoice_lines_corrects_line_id_fkey',
    ],
    [
      'a late fee before its document',
      () => line({ invoice_id: `'${nowhere}'`, role: `'late_fee'` }),
      'invoice_lines_invoice_id_account_id_fkey',
    ],
    [
      'coverage of no component',
      () => coverage({ component_id: `'${nowhere}'` }),
      'billed_coverage_component_id_fkey',
    ],
    [
      'coverage of another account’s component',
      () => coverage({ account_id: `'${other.account_id}'` }),
      'billed_coverage_component_id_fkey',
    ],
    [
      'coverage of no line',
      () => coverage({ invoice_line_id: `'${nowhere}'` }),
      'billed_coverage_invoice_line_id_fkey',
    ],
    [
      'coverage of no closing',
      () => coverage({ closing_id: `'${nowhere}'` }),
      'billed_coverage_closing_id_fkey',
    ],
    [
      'an entry of no account',
      () => posting({ account_id: `'${nowhere}'` }),
      'ledger_entries_account_id_fkey',
    ],
    [
      'an entry of no unit',
      () => posting({ business_unit_id: `'${nowhere}'` }),
      'ledger_days_business_unit_id_fkey',
    ],
    [
      'an entry of no invoice',
      () => posting({ invoice_id: `'${nowhere}'` }),
      'ledger_entries_invoice_id_account_id_fkey',
    ],
    [
      'an entry of no payment',
      () => posting({ payment_id: `'${nowhere}'` }),
      'ledger_entries_payment_id_account_id_fkey',
    ],
    [
      'a tax of no invoice',
      () => `with t as (insert into taxes (business_unit_id, name, rate) values ('${unit}', 'ISS', 50000) returning id)
        insert into invoice_taxes (invoice_id, account_id, tax_id, name, rate, inclusive, base, amount)
        select '${nowhere}', '${one.account_id}', id, 'ISS', 50000, false, 100, 5 from t`,
      'invoice_taxes_invoice_id_account_id_fkey',
    ],
    [
      'a tax that there is not',
      () => `insert into invoice_taxes (invoice_id, account_id, tax_id, name, rate, inclusive, base, amount)
        values ('${one.invoice_id}', '${one.account_id}', '${nowhere}', 'ISS', 50000, false, 100, 5)`,
      'invoice_taxes_tax_id_fkey',
    ],
    [
      'an account of no closing',
      () => `insert into closing_accounts (closing_id, account_id, business_unit_id, state)
        values ('${nowhere}', '${one.account_id}', '${unit}', 'planned')`,
      'closing_accounts_closing_id_business_unit_id_fkey',
    ],
  ]
  it.each(cases)('is refused: %s', async (_name, statement, constraint) => {
    const client = await connect()
    await expect(client.query(statement())).rejects.toMatchObject({ code: '23503', constraint })
  })

  it('may come later in the transaction, and not at all after it', async () => {
    const client = await connect()
    const { rows } = await client.query('select uuidv7() as id')
    await client.query('begin')
    await client.query(line({ invoice_id: `'${rows[0].id}'` }))
    await client.query(invoice({ id: `'${rows[0].id}'` }))
    await client.query('commit')
    await client.query('begin')
    await client.query(line({ invoice_id: `'${nowhere}'` }))
    await expect(client.query('commit')).rejects.toMatchObject({ code: '23503' })
    const { rows: waiting } = await client.query('select count(*)::int as n from awaited_documents')
    expect(waiting[0].n).toBe(0)
  })
})

describe('what is referred to', () => {
  it.each([
    ['an account', () => `delete from accounts where id = '${one.account_id}'`],
    ['a service', () => `delete from subscriptions where id = '${one.subscription_id}'`],
    ['a component', () => `delete from subscription_components where id = '${one.component_id}'`],
    ['a closing', () => `delete from closings where id in (select closing_id from invoices)`],
    ['a business unit', () => `delete from business_units where id = '${unit}'`],
    ['the key of an account', () => `update accounts set id = uuidv7() where id = '${one.account_id}'`],
    [
      'the key of a component',
      () => `update subscription_components set id = uuidv7() where id = '${one.component_id}'`,
    ],
    [
      'whose service it is',
      () => `update subscriptions set account_id = '${other.account_id}' where id = '${one.subscription_id}'`,
    ],
    ['a closing’s mark', () => 'update closings set charged = false'],
    ['all accounts', () => 'truncate accounts cascade'],
    ['all services', () => 'truncate subscriptions cascade'],
    ['all coverage', () => 'truncate billed_coverage'],
  ])('stays: %s', async (_name, statement) => {
    const client = await connect()
    await client.query('begin')
    await expect(client.query(statement())).rejects.toThrow()
    await client.query('rollback')
    await client.query('select prove_everything()')
  })

  it('is told apart by READ COMMITTED alone', async () => {
    const client = await connect()
    await client.query('begin isolation level repeatable read')
    await expect(client.query(coverage({}))).rejects.toMatchObject({ code: '0A000' })
    await client.query('rollback')
  })
})

/** A component of its own that nothing was billed of yet. */
async function addComponent(client: pg.Client): Promise<string> {
  const { rows } = await client.query(
    `insert into subscription_components (subscription_id, account_id, plan_id, role, plan_option_id, description, unit_amount, quantity, from_date)
     select s.id, s.account_id, s.plan_id, 'option', o.id, 'Added', 10, 1, '2030-01-01'
       from subscriptions s join plan_options o on o.plan_id = s.plan_id where s.id = $1 returning id`,
    [one.subscription_id],
  )
  return rows[0].id
}

describe('at the same time', () => {
  it('a day is covered once, whoever comes second', async () => {
    const [first, second] = [await connect(), await connect()]
    const component = await addComponent(first)
    const text = coverage({ component_id: `'${component}'`, period: `'[2031-01-01,2031-02-01)'` })
    const later = coverage({ component_id: `'${component}'`, period: `'[2031-01-31,2031-03-01)'` })
    await first.query('begin')
    await first.query(text)
    const waiting = second.query(later).then(
      () => 'written',
      (error: { constraint: string }) => error.constraint,
    )
    await new Promise((resolve) => setTimeout(resolve, 200))
    await first.query('commit')
    expect(await waiting).toBe('billed_once')
    // And within one statement.
    await expect(
      first.query(
        `${text.replaceAll('2031-', '2032-')}, ('${component}', '${one.account_id}', '[2032-01-15,2032-01-20)')`,
      ),
    ).rejects.toMatchObject({ code: '23P01', constraint: 'billed_once' })
  })

  it.each(['deleted first', 'billed first'])(
    'a component is deleted or billed, never both: %s',
    async (order) => {
      const [deleter, biller] = [await connect(), await connect()]
      const component = await addComponent(deleter)
      const outcomes = (work: Promise<unknown>) =>
        work.then(
          () => 'done',
          (error: { code: string }) => error.code,
        )
      const remove = () => deleter.query('delete from subscription_components where id = $1', [component])
      const bill = () =>
        biller.query(coverage({ component_id: `'${component}'`, period: `'[2033-01-01,2033-02-01)'` }))
      const [begins, follows] = order === 'deleted first' ? [deleter, biller] : [biller, deleter]
      await begins.query('begin')
      await (begins === deleter ? remove() : bill())
      const second = outcomes(follows === deleter ? remove() : bill())
      await new Promise((resolve) => setTimeout(resolve, 200))
      await begins.query('commit')
      expect(await second).toBe('23503')
      await begins.query('select prove_everything()')
    },
  )

  it('both are tried many times at once, and nothing is left hanging', async () => {
    const pairs = await Promise.all(
      Array.from({ length: 6 }, async () => [await connect(), await connect()] as const),
    )
    await Promise.all(
      pairs.map(async ([deleter, biller]) => {
        for (let turn = 0; turn < 8; turn++) {
          const component = await addComponent(deleter)
          await Promise.allSettled([
            deleter.query('delete from subscription_components where id = $1', [component]),
            biller.query(coverage({ component_id: `'${component}'`, period: `'[2034-01-01,2034-02-01)'` })),
          ])
        }
      }),
    )
    await pairs[0]![0].query('select prove_everything()')
  })
})

describe('what came in with the triggers off', () => {
  it('is found by looking at everything', async () => {
    const client = await connect()
    await client.query('begin')
    await client.query('alter table billed_coverage disable trigger billed_coverage_proved')
    await client.query(coverage({ component_id: `'${nowhere}'` }))
    await expect(client.query('select prove_everything()')).rejects.toMatchObject({ code: '23503' })
    await client.query('rollback')
    await client.query('select prove_everything()')
  })
})
