import { createWriteStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type ImportMapping, importFile, mappingSchema } from '../server/modules/imports/index.ts'
import { openPool } from '../server/platform/database.ts'
import { demand } from '../server/platform/jobs.ts'
import { MoneyCell, openSpreadsheet, writeSpreadsheet } from '../server/platform/spreadsheets.ts'
import { listEntries, readEntry } from '../server/platform/zip-archive.ts'
import { copyTables, countRows, dumpTables, runStatements } from './copy.ts'
import type { BenchServer, Row } from './run.ts'

const unit = `insert into business_units (id, slug, name, legal_name, country, currency, time_zone, language, closing_day)
  values ('00000000-0000-7000-8000-000000000001', 'bench', 'Bench', 'Bench Ltda.', 'BR', 'BRL', 'America/Sao_Paulo', 'pt-BR', 31)`

const accountsMapping = mappingSchema.parse({
  fields: {
    'account.external_id': { column: 'id' },
    'account.name': { column: 'name' },
    'account.kind': { constant: 'person' },
    'account.tax_id': { column: 'tax_id' },
    'account.email': { column: 'email' },
    'account.phone': { column: 'phone' },
    'account.address': { column: 'address' },
    'account.city': { column: 'city' },
    'account.postal_code': { column: 'postal_code' },
  },
})
const contactsMapping = mappingSchema.parse({
  fields: {
    'account.external_id': { column: 'account' },
    'contact.external_id': { column: 'id' },
    'contact.first_name': { column: 'first_name' },
    'contact.last_name': { column: 'last_name' },
    'contact.email': { column: 'email' },
    'contact.phone': { column: 'phone' },
  },
})

/**
 * Importing so many accounts and a contact of each from CSV (read, checked, compared with what is there, written, with
 * audit and progress), against COPY of the rows that came of it into the same tables of a database of its own.
 */
export async function benchImport(server: BenchServer, accounts: number): Promise<Row[]> {
  const database = await server.createDatabase()
  await runStatements(database.ownerUrl, [unit])
  const twin = await server.createDatabase(database)
  try {
    const files = {
      accounts: await writeCsv(
        join(server.folder, 'accounts.csv'),
        'id,name,tax_id,email,phone,address,city,postal_code',
        accounts,
        (n) =>
          `C-${n},"Assinante ${n}, Souza",${cpf(n)},assinante${n}@bench.example,+55 11 9${String(n).padStart(8, '0')},"Rua das Flores, ${n % 2000}",Cidade ${n % 500},${String(n % 99999).padStart(5, '0')}-000`,
      ),
      contacts: await writeCsv(
        join(server.folder, 'contacts.csv'),
        'id,account,first_name,last_name,email,phone',
        accounts,
        (n) => `P-${n},C-${n},Maria ${n},Souza,maria${n}@bench.example,+55 11 8${String(n).padStart(8, '0')}`,
      ),
    }
    const pool = openPool(database.officeUrl, 4)
    const bring = async (kind: 'accounts' | 'contacts', mapping: ImportMapping) => {
      const result = demand(
        await importFile(pool, null, {
          kind,
          business_unit: 'bench',
          path: files[kind],
          mapping,
          now: () => Temporal.Now.instant(),
        }),
      )
      if (result.created !== accounts) throw new Error(`${result.created} ${kind} were created`)
    }
    await runStatements(database.ownerUrl, ['checkpoint'])
    const began = performance.now()
    await bring('accounts', accountsMapping)
    await bring('contacts', contactsMapping)
    const seconds = (performance.now() - began) / 1000
    await pool.end()
    const tables = ['accounts', 'contacts']
    const copied = await copyTables(twin.ownerUrl, await dumpTables(database.ownerUrl, tables, server.folder))
    for (const table of tables) {
      if ((await countRows(twin.ownerUrl, table)) !== accounts) throw new Error('COPY brought other rows')
    }
    const [ours, limit] = [(accounts * 2) / seconds, (accounts * 2) / copied]
    return [
      {
        name: `import, ${accounts.toLocaleString('en')} accounts and their contacts`,
        ours: `${ours.toFixed(0)} rows/s`,
        limit: `${limit.toFixed(0)} rows/s by COPY of the rows`,
        ratio: limit / ours,
        aim: '≤ 1.67',
        value: ours,
      },
      await benchReading(join(server.folder, 'accounts.xlsx'), accounts),
    ]
  } finally {
    await twin.drop()
    await database.drop()
  }
}

/**
 * Reading a workbook of the same accounts, cell by cell, as a file with dates and amounts is uploaded; against unpacking
 * its sheet and nothing else.
 */
async function benchReading(path: string, accounts: number): Promise<Row> {
  const since = Temporal.PlainDate.from('2020-01-31')
  async function* rows() {
    for (let n = 1; n <= accounts; n++) {
      const contact = [`assinante${n}@bench.example`, `+55 11 9${String(n).padStart(8, '0')}`]
      const place = [
        `Rua das Flores, ${n % 2000}`,
        `Cidade ${n % 500}`,
        `${String(n % 99999).padStart(5, '0')}-000`,
      ]
      yield [
        `C-${n}`,
        `Assinante ${n}, Souza`,
        cpf(n),
        ...contact,
        ...place,
        since,
        new MoneyCell(9990 + n, 'BRL'),
      ]
    }
  }
  const header = [
    'id',
    'name',
    'tax_id',
    'email',
    'phone',
    'address',
    'city',
    'postal_code',
    'since',
    'price',
  ]
  await writeSpreadsheet(path, 'Accounts', header, rows())
  const bytes = await readFile(path)
  let began = performance.now()
  const book = await openSpreadsheet(bytes)
  let read = 0
  let longest = 0
  let last = began
  for await (const bunch of book.rows(book.sheets[0]!.name)) {
    read += bunch.length
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
  }
  const seconds = (performance.now() - began) / 1000
  if (read !== accounts + 1) throw new Error(`${read} rows were read`)
  const sheet = listEntries(bytes).get('xl/worksheets/sheet1.xml')!
  began = performance.now()
  for await (const _chunk of readEntry(bytes, sheet, { bytes: 10 ** 9 }));
  const unpacking = (performance.now() - began) / 1000
  const [ours, limit] = [accounts / seconds, accounts / unpacking]
  return {
    name: `reading a workbook of ${accounts.toLocaleString('en')} rows of 10 cells, the process held ${longest.toFixed(0)} ms at most`,
    ours: `${ours.toFixed(0)} rows/s`,
    limit: `${limit.toFixed(0)} rows/s by unpacking`,
    ratio: limit / ours,
    aim: 'watched',
    value: ours,
  }
}

/** The n-th CPF with its check digits. */
function cpf(n: number): string {
  const digits = [...String(n).padStart(9, '0')].map(Number)
  for (let turn = 0; turn < 2; turn++) {
    const sum = digits.reduce((total, digit, at) => total + digit * (digits.length + 1 - at), 0)
    digits.push(((sum * 10) % 11) % 10)
  }
  return digits.join('')
}

async function writeCsv(
  path: string,
  header: string,
  rows: number,
  row: (n: number) => string,
): Promise<string> {
  function* lines() {
    yield `${header}\n`
    for (let n = 1; n <= rows; n++) yield `${row(n)}\n`
  }
  await pipeline(Readable.from(lines()), createWriteStream(path))
  return path
}
