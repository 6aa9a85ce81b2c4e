// `npm run bench`: what it costs, as a ratio to the physical limit in the same run. Prints a table and writes it to
// bench/RESULTS.md. `npm run bench -- portal` (office, pdf, import, closing, charge-run, statement) runs one part, and
// `-- charge-run=10000,100000` one in sizes of your own; BENCH_SMALL=1 takes a tenth and leaves the million out. Only all of it
// together is written. `payment-lists` and `closing-million` take long and run by their names alone.
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { startEmbeddedPostgres } from '../server/platform/embedded-postgres.ts'
import { loginUrl, migrate } from '../server/platform/migrations.ts'
import { benchChargeRun } from './charge-run.ts'
import { benchClosing } from './closing.ts'
import { benchImport } from './import.ts'
import { benchOffice } from './office.ts'
import { benchPaymentLists } from './payment-lists.ts'
import { benchPdf } from './pdf.ts'
import { benchPortal } from './portal.ts'
import { benchStatement } from './statement.ts'

export type Row = {
  name: string
  ours: string
  limit: string
  ratio: number | null
  aim: string
  value: number
}
export type BenchDatabase = { ownerUrl: string; officeUrl: string; portalUrl: string; drop(): Promise<void> }
export type BenchServer = {
  folder: string
  /** A migrated database, or a copy of another, to which nobody may be connected. */
  createDatabase(original?: BenchDatabase): Promise<BenchDatabase>
}

const small = process.env.BENCH_SMALL === '1'
const chosen = new Map(
  process.argv.slice(2).map((argument) => {
    const [part, sizes] = argument.split('=')
    return [part!, sizes?.split(',').map(Number)]
  }),
)
const wants = (part: string) => chosen.size === 0 || chosen.has(part)
/** How much of a part is wanted: as much as was said, or else all of it, or a tenth. */
const sizes = (part: string, whole: number, tenth: number) => chosen.get(part) ?? [small ? tenth : whole]

const folder = await mkdtemp(join(tmpdir(), 'zaguan-bench-'))
// Durable, as shipped: only memory is given to it.
const postgres = await startEmbeddedPostgres({
  dataDir: folder,
  log: { info() {}, warn: (message) => console.error(message) },
  settings: { shared_buffers: '2GB', max_wal_size: '8GB' },
})
const server: BenchServer = {
  folder,
  async createDatabase(original) {
    const name = `bench_${randomBytes(4).toString('hex')}`
    const admin = async (statement: string) => {
      const client = new pg.Client({ connectionString: postgres.url })
      await client.connect()
      await client.query(statement).finally(() => client.end())
    }
    const copied = original ? `template ${new URL(original.ownerUrl).pathname.slice(1)}` : ''
    await admin(`create database ${name} ${copied}`)
    const url = new URL(postgres.url)
    url.pathname = `/${name}`
    if (!original) await migrate(url.href)
    return {
      ownerUrl: url.href,
      officeUrl: loginUrl(url.href, 'zaguan_office'),
      portalUrl: loginUrl(url.href, 'zaguan_portal'),
      drop: () => admin(`drop database ${name} with (force)`),
    }
  },
}

const rows: Row[] = []
const add = (more: Row[]) => {
  rows.push(...more)
  for (const row of more)
    console.log(
      `${row.name}: ${row.ours}; limit ${row.limit}${row.ratio === null ? '' : `; ratio ${row.ratio.toFixed(2)}`}`,
    )
}
try {
  if (wants('portal')) {
    add(await benchPortal(server, 1000))
    if (!small) add(await benchPortal(server, 1_000_000))
  }
  if (wants('office')) add(await benchOffice(server, small ? 20_000 : 1_000_000))
  if (wants('pdf')) add(await benchPdf(small ? 500 : 5000))
  if (wants('import')) add(await benchImport(server, small ? 10_000 : 100_000))
  if (wants('closing')) {
    add(await benchClosing(server, small ? 2000 : 10_000, { alone: true }))
    if (!small) {
      add(await benchClosing(server, 100_000, { alone: true }))
      add(await benchClosing(server, 100_000, { history: 24 }))
    }
  }
  if (wants('charge-run'))
    for (const invoices of sizes('charge-run', 100_000, 10_000)) add(await benchChargeRun(server, invoices))
  if (wants('statement'))
    for (const lines of sizes('statement', 10_000, 1000)) add(await benchStatement(server, lines))
  if (chosen.has('payment-lists'))
    for (const rows of sizes('payment-lists', 1_000_000, 100_000)) add(await benchPaymentLists(server, rows))
  // A million takes more than ten minutes and 30 GB: by its name alone.
  if (chosen.has('closing-million')) add(await benchClosing(server, 1_000_000))
} finally {
  await postgres.stop()
  await rm(folder, { recursive: true, force: true })
}

const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'processor'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}, PostgreSQL 18 with durable settings`
const table = [
  '| what | Zaguan | limit in the same run | ratio | aim |',
  '| --- | --- | --- | --- | --- |',
  ...rows.map(
    (row) =>
      `| ${row.name} | ${row.ours} | ${row.limit} | ${row.ratio === null ? '' : row.ratio.toFixed(2)} | ${row.aim} |`,
  ),
].join('\n')
console.log(`\n${table}`)
if (chosen.size === 0 && !small) {
  writeFileSync(
    join(import.meta.dirname, 'RESULTS.md'),
    `# Results\n\nWritten by \`npm run bench\` on ${machine}. Machines differ and are shared: read the ratios.\n\n${table}\n`,
  )
}
