import { writeXlsx } from 'hucre/xlsx'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openSpreadsheet } from '../../server/platform/spreadsheets.ts'
import { languages, translator } from '../../server/platform/translations.ts'
import { type Caller, startTestApi, type TestApi } from '../api.ts'
import { runJobs } from '../jobs.ts'
import { rawWorkbook, readRows, zip } from '../workbooks.ts'

let api: TestApi
let admin: Caller
let unit: { id: string }

beforeAll(async () => {
  api = await startTestApi()
  admin = await api.staff('admin')
})
afterAll(() => api.close())
beforeEach(async () => {
  unit = await api.unit()
})

type Kind = 'accounts' | 'contacts' | 'services'
type Sheet = { name: string; rows: unknown[][]; columns?: object[]; hidden?: boolean }

const workbook = async (...sheets: Sheet[]) => Buffer.from(await writeXlsx({ sheets: sheets as never }))
const upload = (kind: Kind, bytes: Buffer, name = 'customers.xlsx', into = unit.id) =>
  admin.upload(
    'POST',
    '/imports',
    { name, type: 'application/octet-stream', bytes },
    { business_unit_id: into, kind },
  )

async function pass(id: string, which: 'prepare' | 'run') {
  const reply = await admin.post(`/imports/${id}/${which}`)
  expect([which, reply.status, reply.body.code]).toEqual([which, 202, undefined])
  await runJobs(api)
  return (await admin.get(`/imports/${id}`)).body
}
/** Uploads, previews and runs with the mapping that is suggested: created, updated, unchanged, rejected. */
async function bring(kind: Kind, bytes: Buffer, into = unit.id, mapping?: object) {
  const created = await upload(kind, bytes, 'file', into)
  expect([created.status, created.body.code]).toEqual([201, undefined])
  if (mapping) {
    const set = await admin.put(`/imports/${created.body.id}/mapping`, {
      mapping: { ...created.body.mapping, ...mapping },
    })
    expect([set.status, set.body.errors]).toEqual([200, undefined])
  }
  const preview = await pass(created.body.id, 'prepare')
  const done = await pass(created.body.id, 'run')
  const counts = (from: Record<string, number>) => [from.created, from.updated, from.unchanged, from.rejected]
  expect(counts(preview)).toEqual(counts(done))
  return { id: created.body.id, counts: counts(done) }
}
const rejectsOf = async (id: string) =>
  (await admin.get(`/imports/${id}/rejects`)).body.items.map(
    (row: { row_number: number; code: string; column_name: string | null }) => [
      row.row_number,
      row.code,
      row.column_name,
    ],
  )
const accountsOf = async (id = unit.id) =>
  (await admin.get(`/accounts?business_unit_id=${id}&sort=number&limit=200`)).body.items

describe('a workbook', () => {
  it('is imported with its typed cells, whatever it is called', async () => {
    const bytes = await workbook({
      name: 'Clientes',
      columns: [{}, {}, {}, { style: { numFmt: '00000-000' } }, { style: { numFmt: 'dd/mm/yyyy' } }, {}],
      rows: [
        [],
        ['Código', 'Nome', 'CNPJ', 'CEP', 'Início', 'Preço', 'Plano', 'Código do serviço'],
        [1001, 'Padaria Estrela', 11222333000181, 1310100, new Date('2026-03-15'), 129.9, 'Fibra', 'S-1'],
        ['1002', 'Café', '', '01310-200', '16/03/2026', '1.299,90', 'Fibra', 'S-2'],
        [1003, 'Bar', null, null, null, 89, 'Fibra', null],
      ],
    })
    const created = await upload('services', bytes, 'customers.csv')
    expect(created.body).toMatchObject({
      format: 'xlsx',
      sheet: 'Clientes',
      sheets: ['Clientes'],
      rows_total: 3,
      columns: ['Código', 'Nome', 'CNPJ', 'CEP', 'Início', 'Preço', 'Plano', 'Código do serviço'],
    })
    expect(created.body.mapping.date_format).toBe('DD/MM/YYYY')
    const done = await bring('services', bytes, unit.id, { decimal: ',' })
    expect(await rejectsOf(done.id)).toEqual([[5, 'external_id_missing', 'Código do serviço']])
    const [bakery, cafe] = await accountsOf()
    expect(bakery).toMatchObject({
      external_id: '1001',
      tax_id: '11.222.333/0001-81',
      postal_code: '01310-100',
    })
    expect(cafe).toMatchObject({ external_id: '1002', postal_code: '01310-200' })
    const services = (await admin.get(`/subscriptions?business_unit_id=${unit.id}&sort=start_date`)).body
      .items
    expect(services.map((row: Record<string, unknown>) => [row.start_date, row.amount])).toEqual([
      ['2026-03-15', 12_990],
      ['2026-03-16', 129_990],
    ])
  })

  it('of several sheets begins with the first that has rows, and another one can be chosen', async () => {
    const bytes = await workbook(
      { name: 'Cover', rows: [['Our customers']] },
      {
        name: 'Secret',
        rows: [
          ['id', 'name'],
          ['X', 'Hidden'],
        ],
        hidden: true,
      },
      {
        name: 'North',
        rows: [
          ['id', 'name'],
          ['N1', 'Norte'],
        ],
      },
      {
        name: 'South',
        rows: [
          ['code', 'company'],
          ['S1', 'Sul'],
          ['S2', 'Sur'],
        ],
      },
    )
    const created = (await upload('accounts', bytes)).body
    expect(created).toMatchObject({ sheet: 'North', sheets: ['Cover', 'North', 'South'], rows_total: 1 })
    await pass(created.id, 'prepare')
    const chosen = await admin.put(`/imports/${created.id}/sheet`, { sheet: 'South' })
    expect(chosen.body).toMatchObject({
      sheet: 'South',
      state: 'draft',
      columns: ['code', 'company'],
      rows_total: 2,
    })
    const refused = await admin.put(`/imports/${created.id}/sheet`, { sheet: 'Secret' })
    expect([refused.status, refused.body.errors[0].path]).toEqual([422, 'sheet'])
    expect((await admin.put(`/imports/${created.id}/sheet`, { sheet: 'Cover' })).body.code).toBe(
      'import_file_empty',
    )
    const mapping = {
      ...chosen.body.mapping,
      fields: { 'account.external_id': { column: 'code' }, 'account.name': { column: 'company' } },
    }
    expect((await admin.put(`/imports/${created.id}/mapping`, { mapping })).status).toBe(200)
    await pass(created.id, 'prepare')
    expect(await pass(created.id, 'run')).toMatchObject({ created: 2, sheet: 'South' })
    expect((await admin.put(`/imports/${created.id}/sheet`, { sheet: 'North' })).body.code).toBe(
      'import_finished',
    )
    expect(
      (await upload('accounts', await workbook({ name: 'Empty', rows: [['id', 'name']] }))).body.code,
    ).toBe('import_file_empty')
  })

  it('gives its rejected rows as a workbook with the reason, which is corrected and imported as it is', async () => {
    const rows = [
      ['A', 'Fine', 'a@x.example', 'empresa', '', 'x.example'],
      ['B', '', 'b@x.example', 'person', '', ''],
      ['C', '#N/A', 'c@x.example', '', '', ''],
      ['D', '=SUM(A1)', '', '', '', ''],
      ['E', 'Bad id', '', '', '11.222.333/0001-82', ''],
      ['F', 'Public', '', '', '', 'gmail.com'],
      ['G', 'Taken', '', '', '', '@X.example; y.example'],
      ['H', 'Robot', '', 'robot', '', ''],
      ['I', 'Good too', '', 'Persona', '390.533.447-05', 'i.example i2.example'],
    ]
    const header = ['id', 'name', 'email', 'kind', 'tax_id', 'domains']
    const done = await bring('accounts', await workbook({ name: 'S', rows: [header, ...rows] }))
    expect(await rejectsOf(done.id)).toEqual([
      [3, 'name_missing', 'name'],
      [4, 'error_cell', 'name'],
      [5, 'formula_cell', 'name'],
      [6, 'tax_id_invalid', 'tax_id'],
      [7, 'domain_public', 'domains'],
      [8, 'domain_taken', 'domains'],
      [9, 'value_unknown', 'kind'],
    ])
    expect(
      (await accountsOf()).map((row: Record<string, unknown>) => [row.name, row.kind, row.domains]),
    ).toEqual([
      ['Fine', 'company', ['x.example']],
      ['Good too', 'person', ['i.example', 'i2.example']],
    ])
    const file = await admin.get(`/imports/${done.id}/rejects.xlsx`, { 'accept-language': 'pt-BR' })
    expect(file.headers['content-disposition']).toContain('file-rejeitadas.xlsx')
    const rejected = await readRows(file.bytes)
    expect(rejected[0]!.slice(6)).toEqual([
      'Rejeitada: linha',
      'Rejeitada: motivo',
      'Rejeitada: coluna',
      'Rejeitada: valor',
    ])
    expect(rejected[1]!.slice(6, 8)).toEqual(['3', 'O nome está vazio.'])
    expect(rejected[3]!.slice(1, 2)).toEqual(['=SUM(A1)'])

    const corrected = rejected.map((row) => [...row])
    corrected[1]![1] = 'Bee'
    corrected[4]![4] = '11.222.333/0001-81'
    const again = await bring('accounts', await workbook({ name: 'S', rows: corrected }))
    expect(again.counts).toEqual([2, 0, 0, 5])
    const second = await readRows((await admin.get(`/imports/${again.id}/rejects.xlsx`)).bytes)
    expect(second[0]!.slice(6)).toEqual([
      'Rejected: row',
      'Rejected: reason',
      'Rejected: column',
      'Rejected: value',
    ])
    expect(second[0]).toHaveLength(10)
  })

  it('is refused when it is something else, damaged or a bomb, each with its own words', async () => {
    const whole = await workbook({
      name: 'S',
      rows: [['id', 'name'], ...Array.from({ length: 300 }, (_, n) => [n, `N${n * 7919}`])],
    })
    const ods = zip({ mimetype: 'application/vnd.oasis.opendocument.spreadsheet', 'content.xml': '<x/>' })
    const cases: [string, Buffer, string][] = [
      [
        'xls',
        Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(600)]),
        'import_file_old_excel',
      ],
      ['ods', ods, 'import_file_other_workbook'],
      [
        'docx',
        zip({ '[Content_Types].xml': '<Types/>', 'word/document.xml': '<w/>' }),
        'import_file_other_workbook',
      ],
      ['pdf', Buffer.from('%PDF-1.7\n1 0 obj\n<</Type/Catalog>>\nendobj\n'), 'import_file_not_csv'],
      ['html', Buffer.from('<!doctype html><table><tr><td>id,name</td></tr></table>'), 'import_file_not_csv'],
      ['html with a byte order mark', Buffer.from('\ufeff\n <html>id,name\n1,2'), 'import_file_not_csv'],
      ['png', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), 'import_file_not_csv'],
      ['truncated', whole.subarray(0, whole.length - 200), 'import_file_broken'],
      ['bomb', rawWorkbook(`<row><c><v>1</v></c></row>${' '.repeat(40_000_000)}`), 'import_file_too_much'],
      [
        'wide',
        rawWorkbook('<row r="1"><c r="A1"><v>1</v></c><c r="XFD1"><v>1</v></c></row>'),
        'import_file_too_much',
      ],
    ]
    for (const [name, bytes, code] of cases) {
      const reply = await upload('accounts', bytes, `${name}.csv`)
      expect([name, reply.status, reply.body.code]).toEqual([name, 422, code])
      expect(reply.body.detail.length).toBeGreaterThan(20)
    }
    expect((await admin.get(`/imports?business_unit_id=${unit.id}`)).body.items).toEqual([])
  })

  it('that is a polyglot is read as what its beginning says, and nothing else of it', async () => {
    const book = await workbook({
      name: 'S',
      rows: [
        ['id', 'name'],
        ['Z', 'Zip'],
      ],
    })
    const pdfFirst = Buffer.concat([Buffer.from('%PDF-1.7\n'), book])
    expect((await upload('accounts', pdfFirst)).body.code).toBe('import_file_not_csv')
    const htmlLast = Buffer.concat([book, Buffer.from('<script>alert(1)</script>')])
    const reply = await upload('accounts', htmlLast, 'x.html')
    expect([201, 422]).toContain(reply.status)
    if (reply.status === 201) expect(reply.body).toMatchObject({ format: 'xlsx', rows_total: 1 })
    const csvFirst = Buffer.concat([Buffer.from('id,name\nA,Ana\n'), book])
    const csv = await upload('accounts', csvFirst)
    if (csv.status === 201) expect(csv.body.format).toBe('csv')
    else expect(csv.body.code).toBe('import_file_not_csv')
  })
})

describe('a template', () => {
  it('is a sheet to fill and one that explains it, in each language, and is recognised whole', async () => {
    for (const language of languages) {
      const t = translator(language)
      for (const kind of ['accounts', 'contacts', 'services'] as const) {
        const reply = await admin.get(`/import-templates/${kind}.xlsx`, { 'accept-language': language })
        expect([reply.status, reply.headers['content-type']]).toEqual([
          200,
          'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
        ])
        const book = await openSpreadsheet(reply.bytes)
        expect(book.sheets.map((sheet) => sheet.name)).toEqual([
          t('imports:template.data'),
          t('imports:template.help'),
        ])
        const [header = []] = await readRows(reply.bytes)
        const explained = await readRows(reply.bytes, t('imports:template.help'))
        expect(explained.slice(2).map((row) => row[0])).toEqual(header)
        for (const row of explained.slice(2)) expect(row[2]!.length).toBeGreaterThan(5)
        expect((await upload(kind, reply.bytes)).body.code).toBe('import_file_empty')

        // Filled with the explanation's own examples it comes in without mapping by hand.
        const filled = await workbook(
          { name: t('imports:template.data'), rows: [header, explained.slice(2).map((row) => row[4] ?? '')] },
          { name: t('imports:template.help'), rows: explained },
        )
        const created = (await upload(kind, filled)).body
        expect(Object.keys(created.mapping.fields)).toHaveLength(header.length)
        const into = (await api.unit()).id
        if (kind === 'contacts') await bring('accounts', Buffer.from('id,name\nC-1001,Ana'), into)
        expect([language, kind, (await bring(kind, filled, into)).counts]).toEqual([
          language,
          kind,
          [1, 0, 0, 0],
        ])
        const csv = await admin.get(`/import-templates/${kind}.csv`, { 'accept-language': language })
        expect((await bring(kind, csv.bytes, into)).counts[3]).toBe(0)
      }
    }
  })
})

describe('contacts', () => {
  it('come with topics and the primary one, of which an account has one', async () => {
    await bring('accounts', Buffer.from('id,name\nA,Ana SA\nB,Beto SA'))
    const list = async (name: string) => {
      const found = (await admin.get(`/accounts?business_unit_id=${unit.id}&q=${name}`)).body.items[0]
      const { items } = (await admin.get(`/accounts/${found.id}/contacts`)).body
      return items.map((one: Record<string, unknown>) => [one.first_name, one.is_primary, one.topics])
    }
    const header = [
      'Código do cliente',
      'Código do contato',
      'Nome',
      'E-mail',
      'Recebe avisos sobre',
      'Contato principal',
    ]
    const done = await bring(
      'contacts',
      await workbook({
        name: 'S',
        rows: [
          header,
          ['A', '1', 'Um', 'um@a.example', 'Cobrança', ''],
          ['A', '2', 'Dois', 'dois@a.example', 'cobrança; Atendimento', 'sim'],
          ['A', '3', 'Três', 'tres@a.example', '-', 'Sim'],
          ['B', '1', 'Uno', '', '', 'não'],
          ['B', '2', 'Dos', '', 'weather', 'no'],
          ['B', '3', 'Tres', '', '', ''],
        ],
      }),
    )
    expect(await rejectsOf(done.id)).toEqual([
      [4, 'second_primary', 'Contato principal'],
      [6, 'value_unknown', 'Recebe avisos sobre'],
    ])
    expect(await list('Ana')).toEqual([
      ['Dois', true, ['billing', 'support']],
      ['Um', false, ['billing']],
    ])
    const all = ['billing', 'services', 'support']
    expect(await list('Beto')).toEqual([
      ['Tres', true, all],
      ['Uno', false, all],
    ])
    const moved = [header, ['A', '1', 'Um', '', '-', 'yes']]
    expect((await bring('contacts', await workbook({ name: 'S', rows: moved }))).counts).toEqual([0, 1, 0, 0])
    expect(await list('Ana')).toEqual([
      ['Um', true, []],
      ['Dois', false, ['billing', 'support']],
    ])
  })
})
