// A worker that is killed while it sends loses nothing: what was on its way is sent again, under the same id.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Caller, startTestApi, type TestApi } from '../api.ts'
import { killPrograms, startProgram } from '../processes.ts'
import { type Receiver, startReceiver } from './receiver.ts'

let api: TestApi
let admin: Caller
let receiver: Receiver

beforeAll(async () => {
  api = await startTestApi()
  api.config.webhookNetworks = ['127.0.0.0/8']
  api.setNow(new Date().toISOString())
  admin = await api.staff('admin')
  receiver = await startReceiver('never')
})
afterAll(async () => {
  await killPrograms()
  await receiver.close()
  await api.close()
})

async function until(what: string, seconds: number, reached: () => Promise<boolean>) {
  for (let tries = 0; tries < seconds * 10; tries++) {
    if (await reached()) return
    await sleep(100)
  }
  throw new Error(`not within ${seconds} s: ${what}`)
}

it('SIGKILL between sending and keeping what came of it', { timeout: 120_000 }, async () => {
  const { endpoint } = (await admin.post('/webhook-endpoints', { url: receiver.url })).body
  for (let n = 0; n < 3; n++) await admin.post(`/webhook-endpoints/${endpoint.id}/test`)
  const env = {
    DATABASE_URL: api.database.ownerUrl,
    DATA_DIR: api.dataDir,
    WEBHOOK_NETWORKS: '127.0.0.0/8',
  }
  const victim = await startProgram(['worker'], env)
  await until('all are on their way', 30, async () => receiver.received.length === 3)
  expect(await victim.end('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' })
  const items = (await admin.get('/webhook-deliveries')).body.items
  // Nothing is known of them, so they are due again a minute after they were taken.
  for (const one of items) {
    expect(one).toMatchObject({ state: 'pending', attempts: 0 })
    const left = Temporal.Instant.from(one.next_at).epochMilliseconds - Date.now()
    expect(left).toBeGreaterThan(20_000)
    expect(left).toBeLessThan(61_000)
  }
  // That minute is not waited for here.
  await api.system((tx) =>
    tx.updateTable('webhook_deliveries').set({ next_at: Temporal.Now.instant() }).execute(),
  )
  receiver.answer({ status: 200 })
  const next = await startProgram(['worker'], env)
  await until('all arrived', 90, async () =>
    (await admin.get('/webhook-deliveries')).body.items.every(
      (one: { state: string }) => one.state === 'delivered',
    ),
  )
  const ids = receiver.received.map((one) => one.headers['webhook-id'])
  expect(ids.length).toBe(6)
  expect(new Set(ids).size).toBe(3)
  expect(await next.end()).toMatchObject({ code: 0 })
})
