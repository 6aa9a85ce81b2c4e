import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export type Received = { path: string; method: string; headers: Record<string, string>; body: string }
/** What a receiver answers; `never` leaves the connection open without a word. */
export type Answer =
  | { status: number; body?: string; headers?: Record<string, string>; after?: number }
  | 'never'

export type Receiver = {
  url: string
  port: number
  received: Received[]
  /** Answers this from now on. */
  answer(next: Answer | ((received: Received) => Answer)): void
  close(): Promise<void>
}

/** A real HTTP server on 127.0.0.1 that keeps what it is sent. */
export async function startReceiver(first: Answer = { status: 200 }): Promise<Receiver> {
  let next: Answer | ((received: Received) => Answer) = first
  const received: Received[] = []
  const server = http.createServer(async (request, response) => {
    const body = await text(request)
    const one: Received = {
      path: request.url ?? '',
      method: request.method ?? '',
      headers: request.headers as Record<string, string>,
      body,
    }
    received.push(one)
    const answer = typeof next === 'function' ? next(one) : next
    if (answer === 'never') return
    setTimeout(() => {
      response.writeHead(answer.status, answer.headers ?? {})
      response.end(answer.body ?? '')
    }, answer.after ?? 0)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/hook`,
    port,
    received,
    answer(given) {
      next = given
    },
    async close() {
      server.closeAllConnections()
      server.close()
    },
  }
}
