import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance, InjectOptions } from 'fastify'
import { createApp } from '../server/app.ts'
import { issuePasswordToken } from '../server/modules/access/index.ts'
import { claimFirstAccess } from '../server/modules/accounts/index.ts'
import { type Config, readConfig } from '../server/platform/config.ts'
import { openPool, type Pool, type Tx, transactAsSystem } from '../server/platform/database.ts'
import { createDiskStore, type FileStore } from '../server/platform/files.ts'
import type { StaffRole } from '../server/platform/permissions.ts'
import { createTestDatabase, type TestDatabase } from './database.ts'

export const testPassword = 'correct horse battery'

export type Reply = {
  status: number
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects and fails where it is not there
  body: any
  headers: Record<string, unknown>
  bytes: Buffer
}
/** Somebody with a session, or nobody: sends requests (below their side's API, or to a whole path) and keeps the cookie. */
export type Caller = {
  get(path: string, headers?: Record<string, string>): Promise<Reply>
  post(path: string, body?: object, headers?: Record<string, string>): Promise<Reply>
  patch(path: string, body: object): Promise<Reply>
  put(path: string, body: object): Promise<Reply>
  delete(path: string): Promise<Reply>
  upload(
    method: 'POST' | 'PUT',
    path: string,
    file: { name: string; type: string; bytes: Buffer },
    fields?: Record<string, string>,
    headers?: Record<string, string>,
  ): Promise<Reply>
  cookie: string
}

/** A whole server on a database of its own, in this process, with a clock that the test sets. */
export type TestApi = {
  server: FastifyInstance
  database: TestDatabase
  office: Pool
  dataDir: string
  config: Config
  files: FileStore
  now(): Temporal.Instant
  /** The clock. */
  setNow(moment: string): void
  /** Runs a transaction as the system does (jobs, command line). */
  system<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  nobody(side: 'office' | 'portal', language?: string): Caller
  staff(role: StaffRole, options?: { units?: string[]; language?: string }): Promise<Caller>
  customer(email: string, language?: string): Promise<Caller>
  /** A business unit; the defaults are an ISP in São Paulo with closing day 31. */
  unit(change?: object): Promise<{ id: string }>
  close(): Promise<void>
}

/** With `addresses` each caller has a network address of its own, for tests of more people than one address may bring. */
export async function startTestApi(settings: { addresses?: boolean } = {}): Promise<TestApi> {
  const database = await createTestDatabase()
  const dataDir = await mkdtemp(join(tmpdir(), 'zaguan-api-'))
  let now = Temporal.Instant.from('2026-05-21T15:00:00Z')
  const config = readConfig({ DATA_DIR: dataDir, LOG_LEVEL: process.env.TEST_LOG ?? 'silent', PORT: '3000' })
  const office = openPool(database.officeUrl, 6)
  const portal = openPool(database.portalUrl, 6)
  const files = createDiskStore(join(dataDir, 'files'))
  const app = await createApp({
    config,
    office,
    portal,
    files,
    now: () => now,
    version: 'test',
  })
  await app.server.ready()
  const { server } = app

  const system = <T>(work: (tx: Tx) => Promise<T>) =>
    transactAsSystem(office, { kind: 'system', way: 'command', operation: 'test', name: 'test' }, work)

  let callers = 0
  function caller(side: 'office' | 'portal', language: string): Caller {
    const number = ++callers
    const remoteAddress = settings.addresses ? `10.0.${number >> 8}.${number & 255}` : '127.0.0.1'
    const self: Caller = {
      cookie: '',
      get: (path, headers) => send({ method: 'GET', url: path, ...(headers ? { headers } : {}) }),
      post: (path, body, headers) =>
        send({
          method: 'POST',
          url: path,
          ...(body ? { payload: body } : {}),
          ...(headers ? { headers } : {}),
        }),
      patch: (path, body) => send({ method: 'PATCH', url: path, payload: body }),
      put: (path, body) => send({ method: 'PUT', url: path, payload: body }),
      delete: (path) => send({ method: 'DELETE', url: path }),
      upload(method, path, file, fields = {}, headers = {}) {
        const form = new FormData()
        for (const [name, value] of Object.entries(fields)) form.append(name, value)
        form.append('file', new Blob([new Uint8Array(file.bytes)], { type: file.type }), file.name)
        return sendForm(method, path, form, headers)
      },
    }
    async function sendForm(
      method: 'POST' | 'PUT',
      path: string,
      form: FormData,
      headers: Record<string, string>,
    ): Promise<Reply> {
      const encoded = new Response(form)
      return send({
        method,
        url: path,
        headers: { ...headers, 'content-type': encoded.headers.get('content-type') ?? '' },
        payload: Buffer.from(await encoded.arrayBuffer()),
      })
    }
    async function send(options: InjectOptions): Promise<Reply> {
      const path = String(options.url)
      const reply = await server.inject({
        ...options,
        remoteAddress,
        url: path.startsWith('/api/') ? path : `/api/v1/${side}${path}`,
        headers: {
          'accept-language': language,
          ...(self.cookie ? { cookie: self.cookie } : {}),
          ...options.headers,
        },
      })
      const set = reply.cookies.find((cookie) => cookie.name.endsWith(`zaguan_${side}`))
      if (set) self.cookie = set.value ? `${set.name}=${set.value}` : ''
      const json = /json/.test(String(reply.headers['content-type']))
      return {
        status: reply.statusCode,
        body: json && reply.payload ? JSON.parse(reply.payload) : null,
        headers: reply.headers,
        bytes: reply.rawPayload,
      }
    }
    return self
  }

  let people = 0
  const api: TestApi = {
    server,
    database,
    office,
    dataDir,
    config,
    files,
    now: () => now,
    setNow(moment) {
      now = Temporal.Instant.from(moment)
    },
    system,
    nobody: (side, language = 'en') => caller(side, language),
    async staff(role, options = {}) {
      const email = `${role}${++people}@operator.example`
      const token = await system(async (tx) => {
        const user = await tx
          .insertInto('users')
          .values({ side: 'staff', email, name: `${role} ${people}`, language: 'en' })
          .returning('id')
          .executeTakeFirstOrThrow()
        await tx
          .insertInto('staff')
          .values({ user_id: user.id, role, all_units: options.units === undefined })
          .execute()
        for (const unit of options.units ?? []) {
          await tx.insertInto('staff_units').values({ user_id: user.id, business_unit_id: unit }).execute()
        }
        return issuePasswordToken(tx, user.id, 'invitation')
      })
      const self = caller('office', options.language ?? 'en')
      const reply = await self.post('/password', { token, password: testPassword })
      if (reply.status !== 200 && reply.status !== 204)
        throw new Error(`staff cannot sign in: ${JSON.stringify(reply.body)}`)
      return self
    },
    async customer(email, language = 'en') {
      const token = await system(async (tx) => {
        const user = await claimFirstAccess(tx, email, 'en')
        if (user === null) throw new Error(`${email} has no account`)
        return issuePasswordToken(tx, user, 'password')
      })
      const self = caller('portal', language)
      const reply = await self.post('/password', { token, password: testPassword })
      if (reply.status !== 200 && reply.status !== 204)
        throw new Error(`customer cannot sign in: ${JSON.stringify(reply.body)}`)
      return self
    },
    async unit(change = {}) {
      const count = ++people
      return system((tx) =>
        tx
          .insertInto('business_units')
          .values({
            slug: `unit-${count}`,
            name: `Unit ${count}`,
            legal_name: `Unit ${count} Ltda.`,
            country: 'BR',
            currency: 'BRL',
            time_zone: 'America/Sao_Paulo',
            language: 'pt-BR',
            closing_day: 31,
            ...change,
          })
          .returning('id')
          .executeTakeFirstOrThrow(),
      )
    },
    async close() {
      await server.close()
      await Promise.all([office.end(), portal.end()])
      await database.drop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
  return api
}
