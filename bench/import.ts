import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type ImportMapping, importFile, mappingSchema } from '../server/modules/imports/index.ts'
import { openPool } from '../server/platform/database.ts'
import { demand } from '../server/platform/jobs.ts'
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
          `C-${n},"Assinante ${n}, Souza",${String(n).padStart(11, '0')},assinante${n}@bench.example,+55 11 9${String(n).padStart(8, '0')},"Rua das Flores, ${n % 2000}",Cidade ${n % 500},${String(n % 99999).padStart(5, '0')}-000`,
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
        aim: 'watched',
        value: ours,
      },
    ]
  } finally {
    await twin.drop()
    await database.drop()
  }
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
