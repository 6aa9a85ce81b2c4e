// Ten thousand lines among a hundred thousand open invoices: `STATEMENT_VOLUME=1` for all of them, a tenth without.
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { proposePayments } from '../../server/modules/payments/statement-candidates.ts'
import type { MatchLine } from '../../server/modules/payments/statement-proposals.ts'
import { startTestApi, type TestApi } from '../api.ts'
import { askOwner } from '../people.ts'

const whole = process.env.STATEMENT_VOLUME === '1'
const accounts = whole ? 100_000 : 10_000
const lines = whole ? 10_000 : 1_000

let api: TestApi
beforeAll(async () => {
  api = await startTestApi()
})
afterAll(() => api.close())

it('finds what each line pays in a fixed number of statements', async () => {
  const unit = await api.unit()
  await api.system(async (tx) => {
    await sql`
      with made as (
        insert into accounts (business_unit_id, name, language, country)
        select ${unit.id}, 'Assinante Volume ' || n, 'pt-BR', 'BR' from generate_series(1, ${accounts}::int) n returning id, name),
      numbered as (select id, row_number() over (order by id) as n from made),
      first as (select take_numbers(${unit.id}, 'invoice:A', ${accounts}) as number),
      issued as (
        insert into invoices (business_unit_id, account_id, series, number, issue_date, due_date, currency, language, payment_method,
                              gross, discount, total, customer, issuer)
        select ${unit.id}, a.id, 'A', first.number + a.n - 1, '2026-05-01', '2026-05-10', 'BRL', 'pt-BR', 'pix', 5000 + (a.n % 40) * 100, 0,
               5000 + (a.n % 40) * 100, '{}', '{}' from numbered a cross join first returning id, account_id, total),
      posted as (select i.id, i.account_id, i.total, uuidv7() as posting from issued i)
      insert into ledger_entries (posting_id, kind, business_unit_id, account_id, ledger_account, amount, currency, on_date, invoice_id)
      select p.posting, 'invoice', ${unit.id}, p.account_id, e.ledger_account, e.sign * p.total, 'BRL', '2026-05-01', p.id
        from posted p cross join (values ('receivable'::ledger_account, 1), ('revenue', -1)) e (ledger_account, sign)`.execute(
      tx,
    )
  })
  await askOwner(api, 'analyze')
  const told: MatchLine[] = Array.from({ length: lines }, (_, n) => {
    const number = n * 10 + 1
    return {
      id: `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`,
      booked_on: Temporal.PlainDate.from('2026-05-11'),
      amount: 5000 + (number % 40) * 100,
      currency: 'BRL',
      kind: 'pix',
      bank_id: `B${n}`,
      end_to_end_id: null,
      counterparty_name: n % 2 ? `ASSINANTE VOLUME ${number}` : null,
      counterparty_tax_id: null,
      description: n % 2 ? 'PIX RECEBIDO' : `PIX RECEBIDO A-${number}`,
      reference: null,
    }
  })
  const began = performance.now()
  let certain = 0
  for (let at = 0; at < told.length; at += 1000) {
    const found = await api.system((tx) => proposePayments(tx, unit.id, told.slice(at, at + 1000)))
    for (const list of found.values()) if (list[0]?.confidence === 'certain') certain++
  }
  const seconds = (performance.now() - began) / 1000
  console.info(`${lines} lines, ${accounts} open invoices: ${seconds.toFixed(1)} s`)
  expect(certain).toBeGreaterThanOrEqual(lines / 2)
  expect(seconds).toBeLessThan(whole ? 120 : 30)
}, 600_000)
