import { readdir } from 'node:fs/promises'
import { inflateRawSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Caller, startTestApi, type TestApi } from '../api.ts'
import { issueInvoice } from '../invoices.ts'
import { runJobs } from '../jobs.ts'
import { readRows } from '../workbooks.ts'

let api: TestApi
let admin: Caller
let unit: { id: string }

beforeAll(async () => {
  api = await startTestApi()
  admin = await api.staff('admin')
  unit = await api.unit()
})
afterAll(() => api.close())

type Body = Record<string, unknown>
async function create(path: string, body: Body): Promise<Body & { id: string }> {
  const reply = await admin.post(path, body)
  expect([path, reply.status, reply.body.errors]).toEqual([path, 201, undefined])
  return reply.body
}
/** CSV as rows; enough for what these tests export. */
function parseCsv(bytes: Buffer): string[][] {
  const text = bytes.toString().replace(/^\ufeff/, '')
  return text
    .trimEnd()
    .split('\r\n')
    .map((line) =>
      [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)]
        .slice(0, line.split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/).length)
        .map(([, cell = '']) => (cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell)),
    )
}
const padded = (rows: string[][]) => rows.map((row) => rows[0]!.map((_, at) => row[at] ?? ''))

describe('an export', () => {
  it('is the same list in both forms, with its filters and columns, dates and exact amounts', async () => {
    const account = await create('/accounts', {
      business_unit_id: unit.id,
      name: 'Padaria, "Estrela"',
      email: 'ola@estrela.example',
      phone: '+55 11 5555-0101',
    })
    await api.system((tx) => issueInvoice(tx, account.id, { total: 129_990, due_date: '2026-06-10' }))
    const query = `business_unit_id=${unit.id}`
    const csv = parseCsv((await admin.get(`/invoices.csv?${query}`)).bytes)
    const book = await admin.get(`/invoices.xlsx?${query}`)
    expect(book.headers['content-type']).toBe(
      'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
    )
    expect(book.headers['content-disposition']).toContain('invoices.xlsx')
    const rows = padded(await readRows(book.bytes))
    expect(rows[0]).toEqual(csv[0])
    const cell = (table: string[][], name: string) => table[1]![table[0]!.indexOf(name)]
    expect([cell(csv, 'total'), cell(csv, 'currency'), cell(csv, 'due_date')]).toEqual([
      '1299.90',
      'BRL',
      '2026-06-10',
    ])
    expect([cell(rows, 'total'), cell(rows, 'currency'), cell(rows, 'due_date')]).toEqual([
      '1299.9',
      'BRL',
      '2026-06-10',
    ])

    const shown = `/accounts.xlsx?${query}&columns=name,owed,unit,nonsense`
    expect(await readRows((await admin.get(shown)).bytes)).toEqual([
      ['name', 'owed', 'business_unit', 'currency'],
      ['Padaria, "Estrela"', '1299.9', expect.any(String), 'BRL'],
    ])
    expect(await readRows((await admin.get(`/accounts.xlsx?${query}&q=nobody`)).bytes)).toHaveLength(1)
    // Nothing is left behind, and who took it stands in the audit log.
    expect((await readdir(api.dataDir)).filter((name) => name.startsWith('export-'))).toEqual([])
    const audited = (await admin.get('/audit?action=exported')).body.items
    expect(audited[0]).toMatchObject({ action: 'exported', operation: 'export_accounts_xlsx' })
  })

  it('exists in both forms for every list that has one', async () => {
    const { paths } = (await api.server.inject({ url: '/api/v1/openapi.json' })).json()
    const csv = Object.keys(paths).filter((path) => path.endsWith('.csv'))
    expect(csv.length).toBeGreaterThan(7)
    expect(csv.filter((path) => !(path.replace('.csv', '.xlsx') in paths))).toEqual([])
  })

  it('formula cells in exports cannot run', async () => {
    const evil = ['=HYPERLINK("http://evil.example","x")', '+1+cmd|calc', '-2+3', '@SUM(A1)', '\t=1']
    const own = await api.unit()
    for (const name of evil) await create('/accounts', { business_unit_id: own.id, name, notes: name })
    const csv = parseCsv((await admin.get(`/accounts.csv?business_unit_id=${own.id}`)).bytes)
    for (const row of csv.slice(1))
      for (const cell of row) expect(cell).not.toMatch(/^[=+@\t\r]|^-(?!\d+([.,]\d+)?$)/)
    const book = await admin.get(`/accounts.xlsx?business_unit_id=${own.id}`)
    const rows = await readRows(book.bytes)
    const names = rows.slice(1).map((row) => row[rows[0]!.indexOf('name')])
    expect(names.sort()).toEqual(evil.map((name) => name.trim()).sort())
    // Typed as text: no cell of the sheet has a formula.
    const from = 30 + book.bytes.readUInt16LE(26) + book.bytes.readUInt16LE(28)
    const sheet = inflateRawSync(book.bytes.subarray(from), { finishFlush: 2 }).toString()
    expect(sheet).toContain('<sheetData>')
    expect(sheet).not.toMatch(/<f[\s>]/)
  })

  it('of accounts and contacts imports back and changes nothing', async () => {
    const own = await api.unit()
    const accounts = []
    for (const body of [
      {
        name: 'Padaria Estrela',
        external_id: 'C-1',
        kind: 'company',
        tax_id: '11.222.333/0001-81',
        phone: '+55 11 5555-0101',
        domains: ['estrela.example', 'padaria.example'],
        rank: 'A',
        notes: 'Two\nlines',
        language: 'es',
      },
      {
        name: 'Ana "Bia" Souza',
        kind: 'person',
        email: 'ana@x.example',
        fax: '-',
        city: 'São Paulo',
        state: 'SP',
        postal_code: '01310-100',
      },
      { name: '007', external_id: '0042', country: 'AR', tax_id: '20-05536168-2' },
    ])
      accounts.push(await create('/accounts', { business_unit_id: own.id, ...body }))
    for (const [at, body] of [
      { first_name: 'Rui', email: 'rui@x.example', topics: [] },
      { first_name: 'Zoé', last_name: 'Ávila', title: 'CEO', topics: ['billing'], is_primary: true },
      { first_name: 'Lia', external_id: 'P-7', phone: '+55 11 5555-0103' },
    ].entries())
      await create(`/accounts/${accounts[at % 2]!.id}/contacts`, body)

    const bring = async (kind: string, bytes: Buffer, into: string) => {
      const created = await admin.upload(
        'POST',
        '/imports',
        { name: 'list', type: 'text/csv', bytes },
        { business_unit_id: into, kind },
      )
      expect([created.status, created.body.errors]).toEqual([201, undefined])
      for (const which of ['prepare', 'run']) {
        expect((await admin.post(`/imports/${created.body.id}/${which}`)).status).toBe(202)
        await runJobs(api)
      }
      const done = (await admin.get(`/imports/${created.body.id}`)).body
      const rejects = (await admin.get(`/imports/${created.body.id}/rejects`)).body.items
      return [done.created, done.updated, done.unchanged, rejects]
    }
    const copy = await api.unit()
    for (const format of ['csv', 'xlsx']) {
      const files: Record<string, Buffer> = {}
      for (const kind of ['accounts', 'contacts']) {
        files[kind] = (await admin.get(`/${kind}.${format}?business_unit_id=${own.id}`)).bytes
        expect([format, kind, await bring(kind, files[kind], own.id)]).toEqual([format, kind, [0, 0, 3, []]])
      }
      // Another business unit's are not copied by mistake.
      const [, , , refused] = (await bring('accounts', files.accounts!, copy.id)) as [0, 0, 0, Body[]]
      expect(refused.map((row) => row.code)).toEqual(['other_unit', 'other_unit', 'other_unit'])
      // As into another Zaguan, which knows none of the ids: it creates them once, and again nothing.
      const foreign = (bytes: Buffer) =>
        Buffer.from(bytes.toString().replaceAll(/\b0([0-9a-f]{7}-[0-9a-f]{4}-7)/g, 'f$1'))
      for (const expected of format === 'csv'
        ? [
            [3, 0, 0, []],
            [0, 0, 3, []],
          ]
        : []) {
        for (const kind of ['accounts', 'contacts'])
          expect([kind, await bring(kind, foreign(files[kind]!), copy.id)]).toEqual([kind, expected])
      }
    }
    const changed = (await admin.get(`/accounts.csv?business_unit_id=${own.id}`)).bytes
      .toString()
      .replace('Ana ""Bia"" Souza', 'Ana Souza')
    expect(await bring('accounts', Buffer.from(changed), own.id)).toEqual([0, 1, 2, []])
    expect((await admin.get(`/accounts/${accounts[1]!.id}`)).body).toMatchObject({
      name: 'Ana Souza',
      external_id: null,
    })
  })

  it('lists the contacts of all accounts, those of the staff member’s business units', async () => {
    const own = await api.unit()
    const account = await create('/accounts', { business_unit_id: own.id, name: 'Listed' })
    for (const first_name of ['Um', 'Dois', 'Três'])
      await create(`/accounts/${account.id}/contacts`, {
        first_name,
        email: `${first_name.length}${first_name[0]}@list.example`,
      })
    const page = (await admin.get(`/contacts?account_id=${account.id}&limit=2`)).body
    expect(page.items.map((row: Body) => [row.first_name, row.is_primary, row.account_name])).toEqual([
      ['Um', true, 'Listed'],
      ['Dois', false, 'Listed'],
    ])
    const next = (await admin.get(`/contacts?account_id=${account.id}&limit=2&cursor=${page.next_cursor}`))
      .body
    expect(next).toMatchObject({ items: [{ first_name: 'Três' }], next_cursor: null })
    expect((await admin.get('/contacts?q=tres list.example')).body.items).toHaveLength(1)
    expect((await admin.get(`/contacts?business_unit_id=${own.id}&primary=no`)).body.items).toHaveLength(2)
    const elsewhere = await api.staff('support', { units: [unit.id] })
    expect((await elsewhere.get(`/contacts?business_unit_id=${own.id}`)).body.items).toEqual([])
  })
})
