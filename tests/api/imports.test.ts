import { readFile } from 'node:fs/promises'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Caller, startTestApi, type TestApi } from '../api.ts'
import { runJobs } from '../jobs.ts'

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

function upload(kind: Kind, content: string | Buffer, by: Caller = admin, name = 'customers.csv') {
  return by.upload(
    'POST',
    '/imports',
    { name, type: 'text/csv', bytes: Buffer.from(content as string) },
    { business_unit_id: unit.id, kind },
  )
}
async function pass(id: string, which: 'prepare' | 'run') {
  const reply = await admin.post(`/imports/${id}/${which}`)
  expect([which, reply.status, reply.body.code]).toEqual([which, 202, undefined])
  await runJobs(api)
  return (await admin.get(`/imports/${id}`)).body
}
/** Uploads, sets the mapping where one is given, previews and runs. */
async function bring(kind: Kind, content: string | Buffer, change?: { mapping?: object; as_of?: string }) {
  const created = await upload(kind, content)
  expect(created.status).toBe(201)
  const { id } = created.body
  if (change) {
    const set = await admin.put(`/imports/${id}/mapping`, { mapping: created.body.mapping, ...change })
    expect([set.status, set.body.errors]).toEqual([200, undefined])
  }
  const preview = await pass(id, 'prepare')
  const done = await pass(id, 'run')
  const counts = ({ created, updated, unchanged, rejected }: Record<string, number>) => ({
    created,
    updated,
    unchanged,
    rejected,
  })
  expect(counts(preview)).toEqual(counts(done))
  expect([preview.state, done.state]).toEqual(['prepared', 'done'])
  return { ...done, counts: Object.values(counts(done)) }
}
const rejectsOf = async (id: string, language = 'en') =>
  (await admin.get(`/imports/${id}/rejects`, { 'accept-language': language })).body.items
const codesOf = async (id: string) =>
  (await rejectsOf(id)).map((row: { row_number: number; code: string }) => [row.row_number, row.code])

describe('an import', () => {
  it('is uploaded, mapped by what its header suggests, previewed, run and repeated', async () => {
    const file = [
      'Código;Nome;E-mail;Telefone;Cidade',
      'C1;Padaria Estrela;ola@estrela.example;+55 11 5555-0101;São Paulo',
      'C2;"Silva; Filhos";;;Campinas',
      '',
      'C3;Café "Bom Dia";cafe@bom.example;;',
    ].join('\r\n')
    const created = await upload('accounts', `\ufeff${file}`)
    expect(created.status).toBe(201)
    expect(created.body).toMatchObject({
      state: 'draft',
      kind: 'accounts',
      rows_total: 3,
      as_of: '2026-05-21',
      columns: ['Código', 'Nome', 'E-mail', 'Telefone', 'Cidade'],
      mapping: {
        fields: {
          'account.external_id': { column: 'Código' },
          'account.name': { column: 'Nome' },
          'account.email': { column: 'E-mail' },
          'account.phone': { column: 'Telefone' },
          'account.city': { column: 'Cidade' },
        },
      },
    })
    expect(created.body.sample[1]).toEqual(['C2', 'Silva; Filhos', '', '', 'Campinas'])
    const { id } = created.body
    expect((await admin.post(`/imports/${id}/run`)).body.code).toBe('import_not_prepared')

    const prepared = await pass(id, 'prepare')
    expect(prepared).toMatchObject({ state: 'prepared', created: 3, rejected: 0, rows_done: 3 })
    const list = async () => (await admin.get(`/accounts?business_unit_id=${unit.id}`)).body.items
    expect(await list()).toEqual([])

    expect(await pass(id, 'run')).toMatchObject({ state: 'done', created: 3 })
    expect(
      (await list()).map((row: Record<string, unknown>) => [
        row.external_id,
        row.name,
        row.email,
        row.language,
      ]),
    ).toEqual([
      ['C3', 'Café "Bom Dia"', 'cafe@bom.example', 'pt-BR'],
      ['C1', 'Padaria Estrela', 'ola@estrela.example', 'pt-BR'],
      ['C2', 'Silva; Filhos', null, 'pt-BR'],
    ])
    expect((await admin.post(`/imports/${id}/run`)).body.code).toBe('import_finished')
    expect((await admin.put(`/imports/${id}/mapping`, { mapping: { fields: {} } })).body.code).toBe(
      'import_finished',
    )
    const audit = (await admin.get('/audit?object_type=accounts')).body.items[0]
    expect(audit).toMatchObject({ actor_kind: 'staff', way: 'job', operation: 'imports:run' })

    expect((await bring('accounts', file)).counts).toEqual([0, 0, 3, 0])
    const changed = file.replace('Campinas', 'Santos').replace('cafe@bom.example', '')
    expect((await bring('accounts', changed)).counts).toEqual([0, 1, 2, 0])
    expect((await list()).map((row: Record<string, unknown>) => [row.city, row.email])).toEqual([
      // An empty cell changes nothing.
      [null, 'cafe@bom.example'],
      ['São Paulo', 'ola@estrela.example'],
      ['Santos', null],
    ])
    const all = (await admin.get(`/imports?business_unit_id=${unit.id}&limit=2`)).body
    expect(all.items.map((row: { unchanged: number }) => row.unchanged)).toEqual([2, 3])
    expect(
      (await admin.get(`/imports?business_unit_id=${unit.id}&limit=2&cursor=${all.next_cursor}`)).body,
    ).toMatchObject({ items: [{ id }], next_cursor: null })
  })

  it('rejects each bad row with its line, column, value and reason, and imports the others', async () => {
    const long = 'x'.repeat(201)
    const lines = [
      'id,name,email,country,kind', // 1
      'A,Fine,a@x.example,br,company', // 2
      'B,,b@x.example,,', // 3
      'C,Cee,not an e-mail,,', // 4
      'A,Again,,,', // 5
      '"D,Dee,,,', // 6
      'E,"two', // 7
      'lines",,,', // 8
      'F,=1+1,,,', // 9
      'G,Gee,,Brazil,', // 10
      'H,Aitch,,,robot', // 11
      `I,${long},,,`, // 12
      ',No id,,,', // 13
      'J,Jay', // 14
      'K,Kay,,,,surplus', // 15
      'L,El,,,,,', // 16
      'M,"Em" x,,,', // 17
      'N,+55 (11) 5555,,,', // 18
      'O,@oh,,,', // 19
    ]
    const bytes = Buffer.concat([
      Buffer.from(`${lines.join('\n')}\n`),
      Buffer.from('P,Jos\xe9,,,\n', 'latin1'), // 20
      Buffer.from('Q,nul\0,,,\n'), // 21
      Buffer.from('R,Last,,,'), // 22
    ])
    const done = await bring('accounts', bytes)
    expect(await codesOf(done.id)).toEqual([
      [3, 'name_missing'],
      [4, 'email_invalid'],
      [5, 'duplicate_id'],
      [6, 'quote_open'],
      [9, 'formula_cell'],
      [10, 'value_unknown'],
      [11, 'value_unknown'],
      [12, 'too_long'],
      [13, 'external_id_missing'],
      [14, 'columns_wrong'],
      [15, 'columns_wrong'],
      [17, 'quote_open'],
      [19, 'formula_cell'],
      [20, 'not_utf8'],
      [21, 'not_utf8'],
    ])
    const names = (await admin.get(`/accounts?business_unit_id=${unit.id}`)).body.items.map(
      (row: { name: string }) => row.name,
    )
    expect(names.sort()).toEqual(['+55 (11) 5555', 'El', 'Fine', 'Last', 'two lines'])

    expect((await rejectsOf(done.id, 'pt-BR'))[1]).toEqual({
      row_number: 4,
      code: 'email_invalid',
      message: 'Isto não é um endereço de e-mail.',
      column_name: 'email',
      value: 'not an e-mail',
      record: ['C', 'Cee', 'not an e-mail', '', ''],
    })
    expect((await rejectsOf(done.id, 'es'))[0].message).toBe('El nombre está vacío.')
    const page = (await admin.get(`/imports/${done.id}/rejects?limit=14`)).body
    expect(
      (await admin.get(`/imports/${done.id}/rejects?limit=14&cursor=${page.next_cursor}`)).body.items,
    ).toHaveLength(1)
    expect((await admin.get(`/imports/${done.id}/rejects?code=formula_cell`)).body.items).toHaveLength(2)

    const csv = await admin.get(`/imports/${done.id}/rejects.csv`, { 'accept-language': 'es' })
    expect(csv.headers['content-disposition']).toContain('customers-rechazadas.csv')
    const text = csv.bytes.toString().slice(1).split('\r\n')
    expect(text[0]).toBe(
      'id,name,email,country,kind,Rechazada: fila,Rechazada: motivo,Rechazada: columna,Rechazada: valor',
    )
    expect(text[1]).toBe('B,,b@x.example,,,3,El nombre está vacío.,name,')
    // What would run in a spreadsheet is text there.
    expect(text[5]).toBe("F,'=1+1,,,,9,La celda empieza como una fórmula de hoja de cálculo.,name,'=1+1")

    // Corrected, the file of the rejected rows is imported as it is; what is still wrong is rejected again.
    const corrected = csv.bytes.toString().replace('B,,b@', 'B,Bee,b@')
    const again = await bring('accounts', corrected)
    expect(again.counts).toEqual([6, 1, 0, 8])
    expect((await codesOf(again.id)).map(([, code]: [number, string]) => code)).toEqual([
      'email_invalid',
      'formula_cell',
      'value_unknown',
      'value_unknown',
      'too_long',
      'external_id_missing',
      'columns_wrong',
      'formula_cell',
    ])
  })

  it('of contacts finds their accounts; the first one becomes primary', async () => {
    await bring('accounts', 'id,name\nA,Ana SA\nB,Beto SA')
    const file =
      'account_external_id,first_name,last_name,email\nA,Ana,Um,ana@a.example\nA,Rui,Dois,rui@a.example\nX,Who,,who@x.example\nB,Beto,,\n'
    const done = await bring('contacts', file)
    expect(done.counts).toEqual([2, 0, 0, 2])
    expect(await codesOf(done.id)).toEqual([
      [4, 'account_unknown'],
      [5, 'external_id_missing'],
    ])
    const found = (await admin.get(`/accounts?business_unit_id=${unit.id}&q=Ana`)).body.items[0]
    const contacts = (await admin.get(`/accounts/${found.id}/contacts`)).body.items
    expect(contacts.map((one: Record<string, unknown>) => [one.first_name, one.is_primary])).toEqual([
      ['Ana', true],
      ['Rui', false],
    ])
    expect((await bring('contacts', file.replace('Dois', 'Três'))).counts).toEqual([0, 1, 1, 2])
  })

  it('of services makes account, plan and subscription, billed here from the last closing on', async () => {
    const file = [
      'customer,customer_name,service,plan,price,qty,discount,since,status,until',
      'C1,Padaria Estrela,S1,Fibra 300,"R$ 1.299,90",1,10%,15/03/2025,active,',
      'C1,Ignored: the first row says it,S2,Fibra 300,89,2,"5,00",20/05/2026,active,',
      'C2,Café Bom Dia,S3,Fibra 500,"100,00",,,01/01/2024,cancelled,10/05/2026',
      'C2,Café Bom Dia,S4,Fibra 500,"1.234",,,01/01/2024,active,',
      'C2,Café Bom Dia,S5,Fibra 500,-1,,,01/01/2024,active,',
      'C2,Café Bom Dia,S6,Fibra 500,1,,150%,01/01/2024,active,',
      'C2,Café Bom Dia,S7,Fibra 500,1,,,01/01/2024,active,31/12/2023',
      'C2,Café Bom Dia,S8,,1,,,01/01/2024,active,',
      'C2,Café Bom Dia,S9,Fibra 500,1,0,,01/01/2024,active,',
      'C2,Café Bom Dia,S1,Fibra 500,1,,,01/01/2024,active,',
    ].join('\n')
    const mapping = {
      fields: {
        'account.external_id': { column: 'customer' },
        'account.name': { column: 'customer_name' },
        'subscription.external_id': { column: 'service' },
        'product.name': { constant: 'Internet' },
        'plan.name': { column: 'plan' },
        'plan.kind': { constant: 'broadband' },
        price: { column: 'price' },
        quantity: { column: 'qty' },
        discount: { column: 'discount' },
        start: { column: 'since' },
        state: { column: 'status' },
        end: { column: 'until' },
      },
      date_format: 'DD/MM/YYYY',
    }
    const done = await bring('services', file, { mapping, as_of: '2026-05-21' })
    expect(await codesOf(done.id)).toEqual([
      [5, 'price_invalid'],
      [6, 'price_negative'],
      [7, 'discount_invalid'],
      [8, 'end_before_start'],
      [9, 'plan_missing'],
      [10, 'number_invalid'],
      [11, 'duplicate_id'],
    ])
    expect(done.created).toBe(3)
    const read = async () =>
      (
        await api.system((tx) =>
          sql`select s.external_id, a.name, s.number, s.contract_number, s.status, s.billing_start::text, s.end_date::text,
                     s.payment_method, c.discount_kind, c.discount_basis_points, c.discount_amount, c.unit_amount, c.quantity
                from subscriptions s join accounts a on a.id = s.account_id
                join subscription_components c on c.subscription_id = s.id
               where s.business_unit_id = ${unit.id} order by s.external_id`.execute(tx),
        )
      ).rows
    expect(await read()).toMatchObject([
      {
        name: 'Padaria Estrela',
        number: 1,
        contract_number: 1,
        billing_start: '2026-04-30',
        discount_basis_points: 1000,
        unit_amount: 129_990,
        quantity: 1,
      },
      {
        name: 'Padaria Estrela',
        number: 2,
        contract_number: 2,
        billing_start: '2026-05-20',
        discount_amount: 500,
        unit_amount: 8900,
        quantity: 2,
      },
      {
        name: 'Café Bom Dia',
        number: 1,
        contract_number: 3,
        status: 'cancelled',
        billing_start: '2026-04-30',
        end_date: '2026-05-10',
      },
    ])
    const plans = (await admin.get(`/plans?business_unit_id=${unit.id}`)).body.items
    expect(plans.map((plan: { name: string }) => plan.name).sort()).toEqual(['Fibra 300', 'Fibra 500'])

    // Again, a month later: a service that ended, a new price of one that was never billed, one that does not come back.
    const later = file
      .replace('20/05/2026,active,', '20/05/2026,cancelled,')
      .replace('"R$ 1.299,90"', '"1.300,00"')
      .replace('cancelled,10/05/2026', 'active,')
    const again = await bring('services', later, { mapping, as_of: '2026-06-21' })
    expect(again.counts).toEqual([0, 2, 1, 7])
    expect(await read()).toMatchObject([
      { status: 'active', unit_amount: 130_000 },
      { status: 'cancelled', end_date: '2026-05-31' },
      { status: 'cancelled', end_date: '2026-05-10' },
    ])

    const moved = `customer,customer_name,service,plan,price\nC9,Other,S1,Fibra 300,1`
    const other = await bring('services', moved, {
      mapping: {
        fields: {
          'account.external_id': { column: 'customer' },
          'account.name': { column: 'customer_name' },
          'subscription.external_id': { column: 'service' },
          'plan.name': { column: 'plan' },
          price: { column: 'price' },
        },
      },
    })
    expect(await codesOf(other.id)).toEqual([[2, 'account_differs']])
  })

  it('ends by itself once its process is back after it was killed', async () => {
    const { id } = (await upload('accounts', 'id,name\nA,Ana\nB,Beto')).body
    await pass(id, 'prepare')
    await admin.post(`/imports/${id}/run`)
    expect((await admin.post(`/imports/${id}/run`)).body.code).toBe('import_running')
    expect((await admin.post(`/imports/${id}/prepare`)).body.code).toBe('import_running')
    // As a killed process leaves it: under way, half counted, its job waiting again.
    await api.system((tx) =>
      tx
        .updateTable('imports')
        .set({ state: 'running', attempt: 7, rows_done: 1, created: 1 })
        .where('id', '=', id)
        .execute(),
    )
    await runJobs(api)
    expect((await admin.get(`/imports/${id}`)).body).toMatchObject({
      state: 'done',
      rows_done: 2,
      created: 2,
    })
  })

  it('says in words why it failed, and can be run again', async () => {
    const { id } = (await upload('accounts', 'id,name\nA,Ana')).body
    await pass(id, 'prepare')
    const { file_id } = await api.system((tx) =>
      tx.selectFrom('imports').select('file_id').where('id', '=', id).executeTakeFirstOrThrow(),
    )
    await api.files.remove(file_id!)
    await admin.post(`/imports/${id}/run`)
    await runJobs(api, { failing: true })
    const failed = (await admin.get(`/imports/${id}`, { 'accept-language': 'pt-BR' })).body
    expect(failed).toMatchObject({
      state: 'failed',
      error: 'O arquivo enviado não está mais disponível. Envie-o de novo.',
    })
  })
})

describe('a file', () => {
  it('that is empty, a workbook or UTF-16 is refused and not kept', async () => {
    const cases: [Buffer, string][] = [
      [Buffer.from(''), 'import_file_empty'],
      [Buffer.from('id,name\n'), 'import_file_empty'],
      [Buffer.from('PK\x03\x04\0\0binary'), 'import_file_broken'],
      [Buffer.from('\ufeffid,name\nA,Ana', 'utf16le'), 'import_file_not_csv'],
    ]
    for (const [bytes, code] of cases) {
      const reply = await upload('accounts', bytes)
      expect([reply.status, reply.body.code]).toEqual([422, code])
    }
    expect((await admin.get(`/imports?business_unit_id=${unit.id}`)).body.items).toEqual([])
  })

  it('may come with any delimiter, old line ends at its end, and columns of one name', async () => {
    for (const delimiter of [',', ';', '\t', '|']) {
      const content = [
        ['id', 'name', 'name'],
        ['A', 'Ana', 'x'],
      ]
        .map((row) => row.join(delimiter))
        .join('\n')
      expect((await upload('accounts', content)).body.columns).toEqual(['id', 'name', 'name (2)'])
    }
    const told = (await upload('accounts', 'sep=;\r\nid;name\r\nA;Ana, Ltda.\r\n\r\n')).body
    expect(told).toMatchObject({ columns: ['id', 'name'], rows_total: 1, sample: [['A', 'Ana, Ltda.']] })
  })
})

describe('a mapping', () => {
  it('names what is wrong with it, field by field', async () => {
    const { id } = (await upload('services', 'id,name\nA,Ana')).body
    const reply = await admin.put(`/imports/${id}/mapping`, {
      mapping: {
        fields: {
          'account.external_id': { column: 'code' },
          'account.name': { column: 'name', constant: 'x' },
          'contact.title': { column: 'name' },
          'plan.name': { months_before: 'name' },
        },
        options: [{ name: 'Fixed address', column: 'nowhere', when: ['Yes'] }],
      },
    })
    expect(reply.status).toBe(422)
    expect(
      reply.body.errors.map((fault: { path: string; code: string }) => [fault.path, fault.code]),
    ).toEqual([
      ['mapping.fields.account.external_id', 'column_unknown'],
      ['mapping.fields.account.name', 'one_source'],
      ['mapping.fields.contact.title', 'not_a_choice'],
      ['mapping.fields.plan.name', 'not_for_this'],
      ['mapping.fields.price', 'required'],
      ['mapping.options.0.column', 'column_unknown'],
    ])
    expect(reply.body.errors[0].message).toContain('code')
    expect((await admin.post(`/imports/${id}/prepare`)).body.code).toBe('invalid_input')
  })

  it('is suggested whole for the templates, whose examples import as they are', async () => {
    for (const kind of ['accounts', 'contacts', 'services'] as const) {
      const template = await admin.get(`/import-templates/${kind}.csv`)
      expect([template.status, template.headers['content-type']]).toEqual([200, 'text/csv; charset=utf-8'])
      const { columns, mapping } = (await upload(kind, template.bytes)).body
      expect(
        Object.values(mapping.fields)
          .map((source) => (source as { column: string }).column)
          .sort(),
      ).toEqual([...columns].sort())
      expect((await bring(kind, template.bytes)).rejected).toBe(0)
    }
    expect((await admin.get('/import-templates/nonsense.csv')).status).toBe(404)
  })

  it('of the example fits the sample’s header', async () => {
    const example = JSON.parse(
      await readFile(new URL('../../examples/telco-churn.mapping.json', import.meta.url), 'utf8'),
    )
    const header =
      'customerID,gender,SeniorCitizen,Partner,Dependents,tenure,PhoneService,MultipleLines,InternetService,OnlineSecurity,OnlineBackup,DeviceProtection,TechSupport,StreamingTV,StreamingMovies,Contract,PaperlessBilling,PaymentMethod,MonthlyCharges,TotalCharges,Churn'
    const row =
      '1-A,Female,0,Yes,No,1,No,No phone service,DSL,No,Yes,No,No,No,No,Month-to-month,Yes,Electronic check,29.85,29.85,No'
    const { mapping } = (await upload('services', `${header}\n${row}`)).body
    expect(mapping.fields).toMatchObject({
      'account.external_id': { column: 'customerID' },
      'subscription.external_id': { column: 'customerID' },
      start: { months_before: 'tenure' },
      price: { column: 'MonthlyCharges' },
      term_months: { column: 'Contract' },
      payment_method: { column: 'PaymentMethod' },
      state: { column: 'Churn', values: { Yes: 'cancelled' }, otherwise: 'active' },
    })
    expect((await bring('services', `${header}\n${row}`, { mapping: example })).created).toBe(1)
  })
})

describe('who may', () => {
  it('import: those with the permission, in their business units', async () => {
    const { id } = (await upload('accounts', 'id,name\nA,Ana')).body
    const auditor = await api.staff('auditor')
    const sales = await api.staff('sales')
    expect((await auditor.get(`/imports/${id}`)).status).toBe(200)
    expect((await auditor.post(`/imports/${id}/prepare`)).body.code).toBe('not_permitted')
    expect((await upload('accounts', 'id,name\nA,Ana', auditor)).body.code).toBe('not_permitted')
    expect((await sales.get('/imports')).body.code).toBe('not_permitted')
    const elsewhere = await api.staff('admin', { units: [(await api.unit()).id] })
    for (const path of ['', '/rejects', '/rejects.csv']) {
      expect((await elsewhere.get(`/imports/${id}${path}`)).status).toBe(404)
    }
    for (const which of ['prepare', 'run']) {
      expect((await elsewhere.post(`/imports/${id}/${which}`)).status).toBe(404)
    }
    expect((await upload('accounts', 'id,name\nA,Ana', elsewhere)).body.code).toBe('invalid_input')
  })
})
