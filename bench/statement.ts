import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import pg from 'pg'
import { createStatementJobs } from '../server/modules/payments/index.ts'
import { readConfig } from '../server/platform/config.ts'
import { openPool, transactAsSystem } from '../server/platform/database.ts'
import { createDiskStore } from '../server/platform/files.ts'
import type { JobContext } from '../server/platform/jobs.ts'
import { seed } from './closing.ts'
import { copyTables, countRows, dumpTables, runStatements } from './copy.ts'
import type { BenchServer, Row } from './run.ts'

const unit = '00000000-0000-7000-8000-000000000001'
const bankAccount = '00000000-0000-7000-8000-000000000007'
const statement = '00000000-0000-7000-8000-000000000008'
const now = () => Temporal.Instant.from('2026-06-01T12:00:00Z')

/**
 * A statement of so many lines among ten times as many open invoices, of which most cost the same: read and matched, against
 * COPY of the very lines and proposals that it wrote together with one bare question for what was proposed; then all that is
 * certain approved at once, stopped half way and gone on, against COPY of the payments and postings that came of it.
 */
export async function benchStatement(server: BenchServer, lines: number): Promise<Row[]> {
  const accounts = lines * 10
  const database = await server.createDatabase()
  const files = createDiskStore(join(server.folder, 'statements'))
  const file = randomUUID()
  const { size, sha256 } = await files.write(file, Buffer.from(writeStatement(lines)))
  await runStatements(database.ownerUrl, [
    ...seed(accounts, 1),
    'alter table accounts disable trigger user',
    `update accounts set tax_id = ${taxId('external_id::bigint')}, name = 'Account ' || ${word('external_id')}`,
    'alter table accounts enable trigger user',
    `insert into bank_accounts (id, business_unit_id, name, currency) values ('${bankAccount}', '${unit}', 'Bench', 'BRL')`,
    `insert into files (id, business_unit_id, purpose, name, media_type, size, sha256)
     values ('${file}', '${unit}', 'bank_statement', 'bench.ofx', 'application/x-ofx', ${size}, '\\x${sha256.toString('hex')}')`,
    `insert into bank_statements (id, business_unit_id, bank_account_id, file_id, file_name, file_size, sha256, format, state)
     values ('${statement}', '${unit}', '${bankAccount}', '${file}', 'bench.ofx', ${size}, '\\x${sha256.toString('hex')}', 'ofx', 'reading')`,
    'vacuum analyze',
  ])
  const twin = await server.createDatabase(database)
  const office = openPool(database.officeUrl, 6)
  const jobs = createStatementJobs({
    config: readConfig({ DATA_DIR: server.folder, LOG_LEVEL: 'silent' }),
    files,
  })
  let stops = Number.POSITIVE_INFINITY
  const context: JobContext = {
    pool: office,
    now,
    transact: (work) =>
      transactAsSystem(office, { kind: 'job', way: 'job', operation: 'bench', name: 'bench' }, work),
    stopping: () => stops-- <= 0,
    last_attempt: false,
    log: { info: () => undefined, error: () => undefined },
  }
  const run = async (job: string) => {
    const began = performance.now()
    await jobs[job]!({ statement_id: statement }, context)
    return (performance.now() - began) / 1000
  }
  try {
    await runStatements(database.ownerUrl, ['checkpoint'])
    const matched = await run('payments:read_statement')
    const proposals = await countRows(database.ownerUrl, 'bank_line_proposals')
    const certain = await countRows(
      database.ownerUrl,
      "bank_statement_lines where state = 'proposed' and confidence = 'certain'",
    )
    if (certain < lines * 0.9) throw new Error(`only ${certain} of ${lines} lines are certain`)
    const read = await dumpTables(
      database.ownerUrl,
      ['bank_statement_lines', 'bank_line_proposals'],
      server.folder,
    )
    const asked = await readProposed(database.officeUrl, proposals)
    await runStatements(database.ownerUrl, [
      'vacuum analyze',
      `update bank_statements set approval_state = 'queued', approval_total = ${certain} where id = '${statement}'`,
      'checkpoint',
    ])
    stops = certain / 200 / 2
    let approved = await run('payments:approve_statement')
    const half = await countRows(database.ownerUrl, 'payments')
    if (half >= certain) throw new Error(`it was not stopped half way: ${half} of ${certain}`)
    stops = Number.POSITIVE_INFINITY
    approved += await run('payments:approve_statement')
    await office.end()
    const booked = await countRows(database.ownerUrl, 'payments')
    if (booked !== certain) throw new Error(`${booked} payments of ${certain} certain lines`)
    const paid = await dumpTables(
      database.ownerUrl,
      ['payments', { table: 'ledger_entries', where: "kind = 'payment'" }],
      server.folder,
    )
    const copiedLines = await copyTables(twin.ownerUrl, read)
    const copiedPayments = await copyTables(twin.ownerUrl, paid)
    const say = (count: number, seconds: number) =>
      `${Math.round(count / seconds).toLocaleString('en')} lines/s (${seconds.toFixed(1)} s)`
    const what = `${lines.toLocaleString('en')} lines of a bank statement, ${accounts.toLocaleString('en')} open invoices`
    return [
      {
        name: `${what}: read and matched`,
        ours: say(lines, matched),
        limit: `${say(lines, copiedLines + asked)} by COPY of lines and proposals and reading what is proposed`,
        ratio: (copiedLines + asked) / matched,
        aim: 'watched',
        value: lines / matched,
      },
      {
        name: `${what}: all ${certain.toLocaleString('en')} certain ones approved, stopped half way and gone on`,
        ours: say(certain, approved),
        limit: `${say(certain, copiedPayments)} by COPY of payments and postings`,
        ratio: copiedPayments / approved,
        aim: 'watched',
        value: certain / approved,
      },
    ]
  } finally {
    await twin.drop()
    await database.drop()
  }
}

/** Reads by bare pg what the proposals name: the invoices, what is owed of them, and whose they are. Returns seconds. */
async function readProposed(url: string, proposals: number): Promise<number> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(`select set_config('zaguan.units', '*', false)`)
    const { rows } = await client.query(
      'select invoice_ids[1] as invoice, account_id from bank_line_proposals',
    )
    if (rows.length !== proposals) throw new Error('the proposals are not seen')
    const began = performance.now()
    await client.query(
      `select i.id, i.series, i.number, i.due_date, b.open_amount, a.name, a.number, a.tax_id_key
         from accounts a left join invoices i on i.account_id = a.id and i.id = any($1::uuid[])
         left join invoice_balances b on b.invoice_id = i.id where a.id = any($2::uuid[])`,
      [rows.map((row) => row.invoice), rows.map((row) => row.account_id)],
    )
    return (performance.now() - began) / 1000
  } finally {
    await client.end()
  }
}

/** Names as people have them hold no numbers: those are taken for a bank account's, and hidden. */
const word = (n: string) => `translate(lpad(${n}, 7, '0'), '0123456789', 'abcdefghij')`
const letters = (n: number) =>
  String(n)
    .padStart(7, '0')
    .replaceAll(/\d/g, (digit) => 'abcdefghij'[Number(digit)]!)

const taxId = (n: string) =>
  `regexp_replace(lpad((${n} * 37)::text, 11, '0'), '(...)(...)(...)(..)', '\\1.\\2.\\3-\\4')`

/** An OFX file: a third of the lines names its invoice, a third the payer's tax id, a quarter the payer, the rest nobody. */
function writeStatement(lines: number): string {
  const entries = Array.from({ length: lines }, (_, index) => {
    const account = index * 10 + 1
    const digits = String(account * 37).padStart(11, '0')
    const id = `${digits.slice(0, 3)}.${digits.slice(3, 6)}.${digits.slice(6, 9)}-${digits.slice(9)}`
    const told = [
      `<MEMO>PIX RECEBIDO A-${account}`,
      `<MEMO>PIX RECEBIDO ${id}`,
      `<NAME>ACCOUNT ${letters(account)}\n<MEMO>TED RECEBIDA`,
      '<MEMO>DEPOSITO EM DINHEIRO',
    ][Math.min(3, Math.floor((index % 12) / 4) + (index % 12 === 11 ? 1 : 0))]
    return `<STMTTRN>\n<TRNTYPE>CREDIT\n<DTPOSTED>20260515100000\n<TRNAMT>109.80\n<FITID>B${index}\n${told}\n</STMTTRN>`
  })
  return `OFXHEADER:100
DATA:OFXSGML
VERSION:102
SECURITY:NONE
ENCODING:USASCII
CHARSET:1252
COMPRESSION:NONE
OLDFILEUID:NONE
NEWFILEUID:NONE

<OFX><BANKMSGSRSV1><STMTTRNRS><TRNUID>1
<STMTRS>
<CURDEF>BRL
<BANKACCTFROM><BANKID>0341
<BRANCHID>1234
<ACCTID>56789-0
<ACCTTYPE>CHECKING
</BANKACCTFROM>
<BANKTRANLIST>
<DTSTART>20260501
<DTEND>20260531
${entries.join('\n')}
</BANKTRANLIST>
</STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>
`
}
