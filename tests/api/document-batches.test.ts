// The PDFs of many documents in one go: what is printed is what was chosen, by whom it was asked for, and it goes after three days.
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { printDocuments } from '../../server/modules/billing/document-batches.ts'
import { transactAsSystem } from '../../server/platform/database.ts'
import { listEntries, readEntry } from '../../server/platform/zip-archive.ts'
import { type Caller, startTestApi, type TestApi } from '../api.ts'
import { issueInvoice } from '../invoices.ts'
import { runJobs } from '../jobs.ts'
import { readPdf } from '../pdf.ts'

let api: TestApi
let admin: Caller
let unit: { id: string }
let account: { id: string; number: number }
const numbers: string[] = []

beforeAll(async () => {
  api = await startTestApi()
  api.setNow('2026-05-31T15:00:00Z')
  admin = await api.staff('admin')
  unit = await api.unit()
  account = (
    await admin.post('/accounts', {
      business_unit_id: unit.id,
      name: 'Conceição Ærø',
      email: 'c@batch.example',
    })
  ).body
  for (let i = 0; i < 60; i++)
    numbers.push(
      await api.system(
        async (tx) =>
          (await issueInvoice(tx, account.id, { total: 1000 + i, due_date: '2026-06-10' })).number,
      ),
    )
})
afterAll(() => api?.close())

// biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects
async function done(reply: Promise<{ status: number; body: any }>) {
  const { status, body } = await reply
  expect(status, JSON.stringify(body)).toBeLessThan(300)
  return body
}

async function unpack(bytes: Buffer): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>()
  for (const [name, entry] of listEntries(bytes))
    files.set(name, await buffer(readEntry(bytes, entry, { bytes: 10 ** 9 })))
  return files
}

describe('the PDFs of many documents', () => {
  it('are those that the filter left when it was asked, each as its own route prints it', async () => {
    const asked = await done(admin.post('/document-batches', { account_id: account.id, state: 'open' }))
    expect(asked).toMatchObject({ state: 'queued', documents_total: 60, documents_done: 0, parts: [] })
    expect((await admin.get(`/document-batches/${asked.id}/parts/1`)).body.code).toBe(
      'document_batch_not_ready',
    )
    await runJobs(api)
    const batch = await done(admin.get(`/document-batches/${asked.id}`))
    expect(batch).toMatchObject({ state: 'done', documents_done: 60, parts: [{ part: 1, documents: 60 }] })
    const reply = await admin.get(`/document-batches/${asked.id}/parts/1`)
    expect(reply.headers['content-type']).toBe('application/zip')
    expect(reply.bytes.length).toBe(batch.parts[0].size)
    const files = await unpack(reply.bytes)
    const slug = (await done(admin.get(`/business-units/${unit.id}`))).slug
    expect([...files.keys()]).toEqual(numbers.map((number) => `${slug}/Fatura ${number}.pdf`))
    const invoices = (await done(admin.get(`/invoices?account_id=${account.id}&sort=number&limit=1`))).items
    const alone = await admin.get(`/invoices/${invoices[0].id}/pdf`)
    expect(files.values().next().value?.equals(alone.bytes)).toBe(true)
    const { pages, attachments } = readPdf(alone.bytes)
    expect(pages[0]).toContain('Conceição Ærø')
    const data = JSON.parse(attachments.get('document.json')!.toString())
    expect(data).toMatchObject({ kind: 'invoice', total: 1000 })
    // What only staff are told is not in what customers get.
    for (const key of ['business_unit_id', 'account_id', 'closing_id']) expect(data).not.toHaveProperty(key)
    const log = await done(admin.get(`/audit?object_type=document_batches&limit=10`))
    expect(log.items.map((entry: { action: string }) => entry.action).sort()).toEqual([
      'created',
      'downloaded',
    ])
  })

  it('are refused where nothing is left, and unknown to everybody else', async () => {
    const nothing = await admin.post('/document-batches', { account_id: account.id, state: 'paid' })
    expect(nothing.body.code).toBe('document_batch_empty')
    const mine = (await done(admin.get('/document-batches'))).items
    expect(mine).toHaveLength(1)
    const other = await api.staff('admin')
    expect((await done(other.get('/document-batches'))).items).toEqual([])
    for (const path of ['', '/parts/1'])
      expect((await other.get(`/document-batches/${mine[0].id}${path}`)).status).toBe(404)
    expect((await other.post(`/document-batches/${mine[0].id}/cancel`, {})).status).toBe(404)
    const elsewhere = await api.staff('finance', { units: [(await api.unit()).id] })
    const outside = await elsewhere.post('/document-batches', { account_id: account.id })
    expect(outside.body.code).toBe('document_batch_empty')
  })

  it('can be ended, and are not made then', async () => {
    const asked = await done(admin.post('/document-batches', { account_id: account.id }))
    const ended = await done(admin.post(`/document-batches/${asked.id}/cancel`, {}))
    expect(ended.state).toBe('interrupted')
    await runJobs(api)
    expect(await done(admin.get(`/document-batches/${asked.id}`))).toMatchObject({
      state: 'interrupted',
      parts: [],
    })
    expect((await admin.post(`/document-batches/${asked.id}/cancel`, {})).body.code).toBe(
      'document_batch_over',
    )
    expect((await admin.get(`/document-batches/${asked.id}/parts/1`)).body.code).toBe('document_batch_gone')
  })

  it('go on after the process stopped', async () => {
    const asked = await done(admin.post('/document-batches', { account_id: account.id }))
    let looked = 0
    await printDocuments(
      {
        pool: api.office,
        now: api.now,
        transact: (work) =>
          transactAsSystem(api.office, { kind: 'job', way: 'job', operation: 'x', name: 'x' }, work),
        stopping: () => ++looked > 1,
        last_attempt: false,
        log: { info() {}, error() {} },
      },
      api.files,
      asked.id,
    )
    expect(await done(admin.get(`/document-batches/${asked.id}`))).toMatchObject({
      state: 'running',
      parts: [],
    })
    await runJobs(api)
    expect(await done(admin.get(`/document-batches/${asked.id}`))).toMatchObject({
      state: 'done',
      documents_done: 60,
    })
  })

  it('are removed after three days', async () => {
    const [batch] = (await done(admin.get('/document-batches'))).items
    expect(batch.state).toBe('done')
    api.setNow('2026-06-03T16:00:00Z')
    expect((await admin.get(`/document-batches/${batch.id}/parts/1`)).body.code).toBe('document_batch_gone')
    const handlers = (await import('../../server/app.ts')).createJobHandlers({
      config: api.config,
      mailer: null as never,
      files: api.files,
    })
    const actor = { kind: 'job', way: 'job', operation: 'x', name: 'x' } as const
    await handlers['billing:remove_document_batches']!(
      {},
      {
        pool: api.office,
        now: api.now,
        transact: (work) => transactAsSystem(api.office, actor, work),
        stopping: () => false,
        last_attempt: true,
        log: { info() {}, error() {} },
      },
    )
    const after = await done(admin.get(`/document-batches/${batch.id}`))
    expect(after).toMatchObject({ parts: [] })
    expect(after.removed_at).not.toBeNull()
    const left = await api.system((tx) =>
      tx.selectFrom('files').select('id').where('purpose', '=', 'document_batch').execute(),
    )
    expect(left).toEqual([])
    api.setNow('2026-05-31T15:00:00Z')
  })
})

describe('a statement', () => {
  it('is printed for staff and for the customer over the days that they choose', async () => {
    const customer = await api.customer('c@batch.example')
    for (const reply of [
      await admin.get(`/accounts/${account.id}/statement.pdf?from=2026-05-01&to=2026-05-31`),
      await customer.get('/statement.pdf?from=2026-05-01&to=2026-05-31'),
    ]) {
      expect(reply.status, JSON.stringify(reply.body)).toBe(200)
      expect(reply.headers['content-type']).toBe('application/pdf')
      const { pages, attachments } = readPdf(reply.bytes)
      expect(pages[0]).toContain('Extrato')
      for (const number of numbers.slice(0, 10)) expect(pages.join('\n')).toContain(`Fatura · ${number}`)
      const statement = JSON.parse(attachments.get('statement.json')!.toString())
      expect(statement).toMatchObject({ opening_balance: 0, closing_balance: 60 * 1000 + (59 * 60) / 2 })
      expect(Object.keys(statement.customer)).toEqual([
        'number',
        'name',
        'tax_id',
        'address',
        'city',
        'state',
        'postal_code',
      ])
    }
    const later = await admin.get(`/accounts/${account.id}/statement.pdf?from=2026-05-02`)
    expect(JSON.parse(readPdf(later.bytes).attachments.get('statement.json')!.toString())).toMatchObject({
      opening_balance: 60 * 1000 + (59 * 60) / 2,
      movements: [],
    })
    const backwards = await admin.get(`/accounts/${account.id}/statement.pdf?from=2026-05-02&to=2026-05-01`)
    expect(backwards.body.errors).toEqual([expect.objectContaining({ path: 'to', code: 'before_from' })])
    expect((await admin.get('/accounts/00000000-0000-7000-8000-000000000000/statement.pdf')).status).toBe(404)
  })
})

describe('every kind of document', () => {
  const textOf = async (id: string) =>
    readPdf((await admin.get(`/invoices/${id}/pdf`)).bytes).pages.join('\n')
  const written = async (path: string, body: object) => (await done(admin.post(path, body))).documents[0]

  it('is printed as what it is, with the document that it corrects', async () => {
    const invoice = await written(`/accounts/${account.id}/invoices`, {
      lines: [{ description: 'Visita técnica', unit_amount: 12_000 }],
    })
    const number = `${invoice.series}-${invoice.number}`
    expect(await textOf(invoice.id)).toMatch(/Fatura[\s\S]*Visita técnica[\s\S]*R\$ 120,00/)

    const debit = await written(`/invoices/${invoice.id}/debit-notes`, {
      reason: 'Faltou o material',
      lines: [{ description: 'Cabo', unit_amount: 1500 }],
    })
    const debitText = await textOf(debit.id)
    for (const words of [
      'Nota de débito',
      'Referente a',
      `Fatura ${number}`,
      'Faltou o material',
      'R$ 15,00',
    ])
      expect(debitText).toContain(words)

    const credit = await written(`/invoices/${invoice.id}/void`, {
      reason: 'Visita não feita',
      rebill: false,
    })
    expect(credit.kind).toBe('credit_note')
    const creditText = await textOf(credit.id)
    for (const words of [
      'Nota de crédito',
      'Corrige',
      `Fatura ${number}`,
      'Visita não feita',
      'Total creditado',
    ])
      expect(creditText).toContain(words)
    expect(creditText).not.toContain('Como pagar')
    expect(await textOf(invoice.id)).toContain('CANCELADA')

    const proforma = await written(`/accounts/${account.id}/proformas`, {
      valid_until: '2026-06-30',
      lines: [{ description: 'Projeto', unit_amount: 50_000 }],
    })
    const offered = await textOf(proforma.id)
    for (const words of ['Fatura proforma', 'Documento sem valor fiscal', 'Válida até', '30 de jun. de 2026'])
      expect(offered).toContain(words)
    await done(admin.post(`/invoices/${proforma.id}/withdraw`))
    expect(await textOf(proforma.id)).toContain('RETIRADA')
  })
})
