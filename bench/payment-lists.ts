import type { ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { runStatements } from './copy.ts'
import { startChild, stopChild } from './portal.ts'
import type { BenchServer, Row } from './run.ts'

const big = '00000000-0000-7000-8000-000000000001'
const small = '00000000-0000-7000-8000-000000000011'
const id = (kind: number, n: number) => `00000000-0000-7000-8000-${String(kind * 1000 + n).padStart(12, '0')}`
/** The ids of rows that filters name: the provider that few pay by, one statement, one endpoint, one account. */
const [provider, rare, statement, file, endpoint, account] = [
  id(1, 1),
  id(1, 2),
  id(2, 1),
  id(3, 1),
  id(4, 1),
  id(9, 1),
]

/** Every list of orders, payments, banks and webhooks by its address, with each order and each filter that it offers. */
const questions: Record<string, string[]> = {
  orders: [
    '',
    'sort=placed_at',
    'sort=-placed_at',
    'sort=number',
    'sort=-total',
    'sort=account_name',
    `business_unit_id=${small}`,
    `account_id=${account}`,
    'state=open',
    'state=quoted&state=cancelled',
    `state=open&business_unit_id=${small}`,
    'kind=move',
    'failed=true',
    'failed=false',
    'by_customer=true',
    'from=2024-03-01&to=2024-03-05',
    'q=777',
    'q=Account%20777',
  ],
  payments: [
    '',
    'sort=received_on',
    'sort=-received_on',
    'sort=-amount',
    'sort=account_name',
    `business_unit_id=${small}`,
    `business_unit_id=${small}&sort=-received_on`,
    `account_id=${account}`,
    'method=card',
    'method=cash',
    'from=2024-03-01&to=2024-03-05',
    'q=Account%20777',
  ],
  'payment-intents': [
    '',
    'sort=created_at',
    'state=pending',
    'state=failed',
    'state=unknown',
    `state=failed&business_unit_id=${small}`,
    'open=true',
    `business_unit_id=${small}`,
    `account_id=${account}`,
    `provider_id=${rare}`,
    'q=Account%20777',
  ],
  'payment-reversals': [
    '',
    'kind=chargeback',
    'state=failed',
    `business_unit_id=${small}`,
    `account_id=${account}`,
  ],
  'stored-methods': ['', 'state=expired', `business_unit_id=${small}`, `account_id=${account}`],
  'debit-attempts': [
    '',
    'state=refused',
    'state=charging',
    `state=refused&business_unit_id=${small}`,
    `business_unit_id=${small}`,
    `account_id=${account}`,
  ],
  'debit-runs': ['', `business_unit_id=${small}`],
  'bank-charges': [
    '',
    'sort=due_date',
    'sort=-due_date',
    'sort=-amount',
    'sort=account_name',
    'state=confirmed',
    'state=rejected',
    `business_unit_id=${small}`,
    `provider_id=${rare}`,
    `account_id=${account}`,
    'q=0000777',
  ],
  'bank-files': ['', 'kind=return', 'state=faulty', `business_unit_id=${small}`, `provider_id=${rare}`],
  [`bank-files/${file}/lines`]: ['', 'effect=unknown'],
  'bank-statements': ['', 'state=failed', `business_unit_id=${small}`, 'q=x777'],
  'bank-lines': [
    '',
    'sort=booked_on',
    'sort=-amount',
    `statement_id=${statement}`,
    `statement_id=${statement}&sort=-amount`,
    `statement_id=${statement}&q=line%2077`,
    'state=open',
    'state=undecided',
    `state=open&business_unit_id=${small}`,
    'confidence=likely',
    'kind=fee',
    'direction=out',
    'from=2024-03-01&to=2024-03-05',
    `business_unit_id=${small}`,
  ],
  'webhook-deliveries': [
    '',
    'state=failed',
    'state=pending',
    'type=order.placed',
    `endpoint_id=${endpoint}`,
    `endpoint_id=${endpoint}&state=failed`,
    'from=2024-03-01T00:00:00Z&to=2024-03-05T00:00:00Z',
    'q=msg_bench000000000777',
  ],
}

/** The first page of every list in every order and by every filter, with so many rows in each large table and with 10,000. */
export async function benchPaymentLists(server: BenchServer, rows: number): Promise<Row[]> {
  const few = await measure(server, 10_000, 3975)
  const many = await measure(server, rows, 3976)
  const count = rows.toLocaleString('en')
  return Object.keys(questions).map((list) => {
    const own = [...many]
      .filter(([question]) => question.split('?')[0] === list)
      .map(([question, ours]) => ({ question, ours, limit: few.get(question)! }))
    const worst = own.reduce((a, b) => (b.ours > a.ours ? b : a))
    return {
      name: `list of ${list.replace(file, '…')}, ${count} rows: first page and ${worst.question.replace(/^[^?]*\??/, '')}`,
      ours: `${own[0]!.ours.toFixed(1)} ms and ${worst.ours.toFixed(1)} ms`,
      limit: `${own[0]!.limit.toFixed(1)} ms and ${worst.limit.toFixed(1)} ms with 10,000`,
      ratio: worst.ours / worst.limit,
      aim: 'watched',
      value: worst.ours,
    }
  })
}

async function measure(server: BenchServer, rows: number, port: number): Promise<Map<string, number>> {
  const database = await server.createDatabase()
  const children: ChildProcess[] = []
  try {
    await runStatements(database.ownerUrl, fill(rows))
    await startChild(
      children,
      ['server/main.ts', 'serve', '--role', 'web', '--json'],
      {
        DATABASE_URL: database.ownerUrl,
        PORT: String(port),
        LOG_LEVEL: 'error',
        RATE_LIMIT: '10000000',
        DATA_DIR: server.folder,
      },
      'address',
    )
    const measured = new Map<string, number>()
    for (const [list, all] of Object.entries(questions)) {
      for (const question of all) {
        const path = `${list}${question ? `?${question}` : ''}`
        measured.set(path, await timeList(port, path))
      }
    }
    return measured
  } finally {
    await Promise.all(children.map(stopChild))
    await database.drop()
  }
}

/** The middle of nine answers in milliseconds, of which the last ones come by the plan that is kept; of three where it takes long. */
async function timeList(port: number, path: string): Promise<number> {
  const times: number[] = []
  while (times.length < (times[0]! > 1000 ? 3 : 9)) {
    const began = performance.now()
    const reply = await fetch(`http://127.0.0.1:${port}/api/v1/office/${path}`, {
      headers: { cookie: 'zaguan_office=bench-lists' },
    })
    const text = await reply.text()
    if (reply.status !== 200) throw new Error(`${path} answered ${reply.status}: ${text}`)
    times.push(performance.now() - began)
  }
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)]!
}

const token = createHash('sha256').update('bench-lists').digest('hex')
/** One row of a hundred is of the small unit, and what is rare is one of some thousands. */
const unitOf = `(case when n % 100 = 0 then '${small}' else '${big}' end)::uuid`
const providerOf = `(case when n % 100 = 0 then '${id(1, 3)}' when n % 5000 = 1 then '${rare}' else '${provider}' end)::uuid`
const uuid = (kind: string, n = 'n') =>
  `('${kind}0000000-0000-7000-8000-' || lpad(to_hex(${n}), 12, '0'))::uuid`
const instant = `(timestamptz '2024-01-01' + n * (interval '500 days' / (select count from bench_rows)))`
const day = `(${instant})::date`

const tables =
  'accounts,orders,invoices,payment_intents,payment_intent_invoices,payments,ledger_entries,payment_reversals,stored_methods,debit_attempts,bank_charges,bank_statement_lines,webhook_messages,webhook_deliveries'

/** Rows of every table, with their rules off: it is the ground, not what is measured. An account has ten of each. */
function fill(rows: number): string[] {
  const accounts = Math.max(1000, rows / 10)
  const each = (count: number) => `from generate_series(1, ${Math.floor(count)}) n`
  const owner = uuid('a', `n % ${accounts / 100} * 100 + n % 100`)
  return [
    `set session_replication_role = replica`,
    `set synchronous_commit = off`,
    `set maintenance_work_mem = '512MB'`,
    // Indexes that no constraint needs are made after the rows, in half the time.
    `create temp table bench_indexes as
     select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition from pg_index
      where indrelid = any('{${tables}}'::regclass[]) and not exists (select from pg_constraint where conindid = indexrelid)`,
    `do $$ declare v_name text; begin
       for v_name in select name from bench_indexes loop execute 'drop index ' || v_name; end loop; end $$`,
    `create table bench_rows as select ${rows}::float8 as count`,
    ...[big, small].map(
      (unit, index) =>
        `insert into business_units (id, slug, name, legal_name, country, currency, time_zone, language, closing_day)
         values ('${unit}', 'bench${index}', 'Bench ${index}', 'Bench Ltda.', 'BR', 'BRL', 'America/Sao_Paulo', 'pt-BR', 31)`,
    ),
    `insert into users (id, side, email, name, language) values ('${id(8, 1)}', 'staff', 'staff@bench.example', 'Staff', 'en')`,
    `insert into staff (user_id, role, all_units) values ('${id(8, 1)}', 'admin', true)`,
    `insert into sessions (token_hash, user_id, expires_at) values ('\\x${token}', '${id(8, 1)}', now() + interval '1 day')`,
    `insert into payment_providers (id, business_unit_id, driver, name, methods, enabled) values
       ('${provider}', '${big}', 'sandbox', 'Sandbox', '{card}', true), ('${rare}', '${big}', 'pix', 'Rare', '{pix}', true),
       ('${id(1, 3)}', '${small}', 'sandbox', 'Small', '{card}', true)`,
    `insert into accounts (id, business_unit_id, number, name, language, created_at)
     select case when n = 1 then '${account}'::uuid else ${uuid('a')} end, ${unitOf}, n, 'Account ' || n, 'pt-BR', '2024-01-01' ${each(accounts)}`,
    `insert into accounts (id, business_unit_id, number, name, language, created_at)
     select ${uuid('a', '0')}, '${big}', 0, 'Account 0', 'pt-BR', '2024-01-01'`,
    `insert into orders (id, business_unit_id, account_id, number, kind, state, title, request, quote, terms, currency, total, due, by_customer,
                         failure_code, quoted_on, created_at, placed_at, valid_until, processed_at, ended_at)
     select ${uuid('b')}, ${unitOf}, ${owner}, n, case when n % 2000 = 7 then 'move' else 'sale' end,
            (case when n % 1000 = 3 then 'open' when n % 1000 = 4 then 'quoted' when n % 50 = 5 then 'cancelled' else 'processed' end)::order_state,
            'Order ' || n, '{}', '{}', repeat('0', 64), 'BRL', n % 5000, n % 5000, n % 3000 = 3,
            case when n % 10000 = 3 then 'plan_gone' end, ${day}, ${instant}, case when n % 1000 <> 4 then ${instant} end, ${day},
            case when n % 1000 not in (3, 4) and n % 50 <> 5 then ${instant} end, case when n % 1000 not in (3, 4) then ${instant} end ${each(rows)}`,
    `insert into invoices (id, business_unit_id, account_id, series, number, state, issue_date, due_date, currency, language, payment_method,
                           gross, discount, total, customer, issuer, paid_at)
     select ${uuid('c')}, ${unitOf}, ${owner}, 'A', n, 'paid', ${day}, ${day}, 'BRL', 'pt-BR', 'card', 9990, 0, 9990, '{}', '{}', now() ${each(rows)}`,
    `insert into payment_intents (id, business_unit_id, account_id, provider_id, method, origin, amount, currency, state, provider_ref, failure,
                                  created_at, ended_at)
     select ${uuid('d')}, ${unitOf}, ${owner}, ${providerOf}, 'card', 'run', 9990, 'BRL',
            (case when n % 2000 = 3 then 'pending' when n % 30000 = 4 then 'unknown' when n % 500 = 0 then 'failed' else 'succeeded' end)::intent_state,
            'ref' || n, case when n % 500 = 0 then 'declined'::payment_failure end, ${instant},
            case when n % 2000 <> 3 and n % 30000 <> 4 then ${instant} end ${each(rows)}`,
    `insert into payment_intent_invoices (intent_id, invoice_id, account_id, method, amount, open)
     select ${uuid('d')}, ${uuid('c')}, ${owner}, 'card', 9990, false ${each(rows)}`,
    `insert into payments (id, business_unit_id, account_id, amount, currency, method, received_on, reference, provider_id, provider_ref, intent_id, created_at)
     select ${uuid('e')}, ${unitOf}, ${owner}, 1000 + n % 7000, 'BRL', (case when n % 20000 = 9 then 'cash' when n % 3 = 0 then 'pix' else 'card' end)::payment_method,
            ${day}, 'ref' || n, ${providerOf}, 'ref' || n, ${uuid('d')}, ${instant} ${each(rows)}`,
    `insert into ledger_entries (posting_id, kind, business_unit_id, account_id, ledger_account, amount, currency, on_date, invoice_id, payment_id)
     select ${uuid('e')}, 'payment', ${unitOf}, ${owner}, side.name, side.sign * 9990, 'BRL', ${day}, ${uuid('c')}, ${uuid('e')}
       from generate_series(1, ${rows}) n cross join (values ('receivable'::ledger_account, -1), ('bank', 1)) side (name, sign)`,
    `insert into payment_reversals (id, business_unit_id, account_id, payment_id, kind, state, amount, currency, created_at, done_at)
     select ${uuid('f')}, ${unitOf}, ${owner}, ${uuid('e')}, (case when n % 5000 = 2 then 'chargeback' else 'refund' end)::reversal_kind,
            (case when n % 5000 = 3 then 'failed' else 'done' end)::reversal_state, 500, 'BRL', ${instant}, case when n % 5000 <> 3 then ${instant} end ${each(rows)}`,
    `insert into stored_methods (id, business_unit_id, account_id, provider_id, method, brand, last_digits, state, created_at)
     select ${uuid('1')}, ${unitOf}, ${owner}, ${providerOf}, 'card', 'Visa', '4242', (case when n % 5000 = 1 then 'expired' else 'active' end)::stored_method_state,
            ${instant} ${each(rows)}`,
    `insert into debit_attempts (id, business_unit_id, account_id, invoice_id, attempt, stored_method_id, intent_id, state, failure, on_date, created_at, ended_at)
     select ${uuid('2')}, ${unitOf}, ${owner}, ${uuid('c')}, 1, ${uuid('1')}, ${uuid('d')},
            (case when n % 500 = 0 then 'refused' when n % 30000 = 4 then 'charging' else 'paid' end)::debit_state,
            case when n % 500 = 0 then 'declined'::payment_failure end, ${day}, ${instant}, case when n % 30000 <> 4 then ${instant} end ${each(rows)}`,
    `insert into debit_runs (id, business_unit_id, on_date, state, currency, by_clock, finished_at)
     select ${uuid('3')}, ${unitOf}, ${day}, 'done', 'BRL', true, ${instant} ${each(rows / 100)}`,
    `insert into bank_charges (id, business_unit_id, account_id, provider_id, intent_id, kind, number, our_number, amount, currency, issued_on,
                               due_date, stored_method_id, state, failure, created_at, ended_at)
     select ${uuid('4')}, ${unitOf}, ${owner}, ${providerOf}, ${uuid('d')}, 'debit', n, lpad(n::text, 11, '0'), 1000 + n % 7000, 'BRL', ${day}, ${day} + 10,
            ${uuid('1')}, (case when n % 5000 = 1 then 'rejected' when n % 100 = 7 then 'confirmed' else 'paid' end)::bank_charge_state,
            case when n % 5000 = 1 then 'declined'::payment_failure end, ${instant}, case when n % 100 <> 7 or n % 5000 = 1 then ${instant} end ${each(rows)}`,
    `insert into bank_files (id, business_unit_id, provider_id, kind, state, name, fault_count, created_at, done_at)
     select case when n = 1 then '${file}'::uuid else ${uuid('5')} end, ${unitOf}, ${providerOf},
            (case when n % 1000 < 2 then 'return' else 'remittance' end)::bank_file_kind,
            (case n % 1000 when 0 then 'faulty' when 1 then 'applied' else 'failed' end)::bank_file_state, 'file' || n,
            case when n % 1000 = 0 then 1 else 0 end, ${instant}, case when n % 1000 = 1 then ${instant} end ${each(rows / 100)}`,
    `insert into bank_file_lines (bank_file_id, line, business_unit_id, provider_id, charge_id, our_number, movement, entry_key, effect, applied_at)
     select '${file}', n, '${big}', '${provider}', ${uuid('4')}, n::text, '06', n::text, (case when n % 5000 = 1 then 'unknown' else 'received' end)::bank_line_effect, now()
       ${each(Math.min(rows, 50_000))}`,
    `insert into bank_accounts (id, business_unit_id, name, currency) values ('${id(5, 1)}', '${big}', 'Bank', 'BRL'), ('${id(5, 2)}', '${small}', 'Bank', 'BRL')`,
    `insert into bank_statements (id, business_unit_id, bank_account_id, file_name, file_size, sha256, format, state, error, created_at)
     select case when n = 1 then '${statement}'::uuid else ${uuid('6')} end, ${unitOf}, case when n % 100 = 0 then '${id(5, 2)}' else '${id(5, 1)}' end::uuid,
            'x' || n || '.ofx', 1, decode(lpad(to_hex(n), 64, '0'), 'hex'), 'ofx', (case when n % 500 = 1 and n > 1 then 'failed' else 'ready' end)::bank_statement_state,
            case when n % 500 = 1 and n > 1 then 'empty' end, ${instant} ${each(rows / 100)}`,
    `insert into bank_statement_lines (id, business_unit_id, bank_account_id, statement_id, position, line_key, booked_on, amount, currency, kind,
                                       description, state, confidence, proposals)
     select ${uuid('7')}, ${unitOf}, case when n % 100 = 0 then '${id(5, 2)}' else '${id(5, 1)}' end::uuid,
            case when n <= 10000 then '${statement}'::uuid else ${uuid('6', `2 + n % ${Math.max(2, rows / 100)}`)} end, n,
            decode(lpad(to_hex(n), 64, '0'), 'hex'), ${day}, case when n % 5000 = 7 then -1 else 1 end * (1000 + n % 7000), 'BRL',
            (case when n % 5000 = 9 then 'fee' else 'pix' end)::bank_line_kind, 'line ' || n,
            (case when n % 3000 = 1 then 'open' when n % 3000 = 2 then 'proposed' else 'ignored' end)::bank_line_state,
            case when n % 3000 = 2 then 'likely'::proposal_confidence end, case when n % 3000 = 2 then 1 else 0 end ${each(rows)}`,
    `insert into webhook_endpoints (id, side, url) values ('${endpoint}', 'staff', 'https://one.example/'), ('${id(4, 2)}', 'staff', 'https://two.example/')`,
    `insert into webhook_endpoints (id, side, account_id, business_unit_id, url)
     select ${uuid('9')}, 'customer', ${uuid('a')}, ${unitOf}, 'https://customer.example/' || n ${each(rows / 100)}`,
    `insert into webhook_messages (id, event_id, side, type, account_id, business_unit_id, occurred_at, payload, cause)
     select ${uuid('8')}, 'msg_bench' || lpad(n::text, 12, '0'), 'staff', 'payment.received', ${owner}, ${unitOf}, ${instant}, '{}', 'c' || n ${each(rows)}`,
    `insert into webhook_deliveries (id, message_id, endpoint_id, type, state, next_at, ended_at, created_at)
     select ${uuid('9')}, ${uuid('8')}, case when n % 20 = 0 then '${endpoint}' when n % 2 = 1 then '${id(4, 2)}' else ${uuid('9', `2 + n % ${Math.max(2, rows / 100 - 2)}`)} end::uuid,
            case when n % 5000 = 1 then 'order.placed' else 'payment.received' end,
            (case when n % 5000 = 3 then 'failed' when n % 5000 = 5 then 'pending' else 'delivered' end)::webhook_delivery_state,
            case when n % 5000 = 5 then now() end, case when n % 5000 <> 5 then ${instant} end, ${instant} ${each(rows)}`,
    'drop table bench_rows',
    `do $$ declare v_definition text; begin
       for v_definition in select definition from bench_indexes loop execute v_definition; end loop; end $$`,
    'set session_replication_role = origin',
    'vacuum analyze',
  ]
}
