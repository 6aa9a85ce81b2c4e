// Idempotency keys (house rule 9): the same request gives the first answer again; a refused one may be tried again.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Caller, startTestApi, type TestApi } from '../api.ts'

let api: TestApi
let admin: Caller
let unit: { id: string }

beforeAll(async () => {
  api = await startTestApi()
  admin = await api.staff('admin')
  unit = await api.unit()
  await admin.post('/accounts', { business_unit_id: unit.id, name: 'Chave', email: 'dono@chave.example' })
})
afterAll(() => api.close())

const countFiles = () =>
  readdirSync(join(api.dataDir, 'files'), { recursive: true, withFileTypes: true }).filter((one) =>
    one.isFile(),
  ).length

it('twenty at once with one key create one account', async () => {
  const replies = await Promise.all(
    Array.from({ length: 20 }, () =>
      admin.post(
        '/accounts',
        { business_unit_id: unit.id, name: 'Uma só' },
        { 'idempotency-key': 'at-once' },
      ),
    ),
  )
  expect(new Set(replies.map((reply) => reply.body.id)).size).toBe(1)
  expect((await admin.get('/accounts?q=uma%20so')).body.items).toHaveLength(1)
})

it('a refused request may be tried again with its key', async () => {
  const key = { 'idempotency-key': 'refused-first' }
  const refused = await admin.post(
    '/accounts',
    { business_unit_id: '018f0000-0000-7000-8000-000000000000', name: 'Depois' },
    key,
  )
  expect(refused.status).toBe(422)
  expect((await admin.post('/accounts', { business_unit_id: unit.id, name: 'Depois' }, key)).status).toBe(201)
})

it('the same file again gives the same id and keeps one copy; another file under the key is refused', async () => {
  const customer = await api.customer('dono@chave.example')
  const send = (text: string) =>
    customer.upload(
      'POST',
      '/receipts',
      { name: 'a.pdf', type: 'application/pdf', bytes: Buffer.from(`%PDF-1.7 ${text}`) },
      {},
      { 'idempotency-key': 'file' },
    )
  const first = await send('one')
  const kept = countFiles()
  expect((await send('one')).body).toEqual(first.body)
  expect((await send('two')).body.code).toBe('idempotency_key_reused')
  expect(countFiles()).toBe(kept)
})
