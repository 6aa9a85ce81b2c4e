import { connect } from 'node:net'

export type Load = { requests: number; perSecond: number; p50: number; p99: number }

/**
 * Asks one address over and over on so many connections for so many seconds, with a cookie from the list each time.
 * A bare socket and a scan for the answer's length: the load costs little beside what it measures. Fails on any answer
 * but 200. Milliseconds.
 */
export async function measureLoad(options: {
  port: number
  path: string
  cookies: string[]
  connections: number
  seconds: number
}): Promise<Load> {
  const times: number[] = []
  const until = performance.now() + options.seconds * 1000
  let next = 0
  await Promise.all(
    Array.from(
      { length: options.connections },
      () =>
        new Promise<void>((resolve, reject) => {
          const socket = connect(options.port, '127.0.0.1')
          socket.setNoDelay(true)
          let began = 0
          let buffered: Buffer = Buffer.alloc(0)
          const ask = () => {
            const cookie = options.cookies[next++ % options.cookies.length]
            began = performance.now()
            socket.write(`GET ${options.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: ${cookie}\r\n\r\n`)
          }
          socket.on('connect', ask)
          socket.on('error', reject)
          socket.on('data', (chunk: Buffer) => {
            buffered = buffered.length === 0 ? chunk : Buffer.concat([buffered, chunk])
            const head = buffered.indexOf('\r\n\r\n')
            if (head < 0) return
            const header = buffered.subarray(0, head).toString('latin1')
            const length = Number(/content-length: (\d+)/i.exec(header)?.[1] ?? Number.NaN)
            if (!header.startsWith('HTTP/1.1 200'))
              return reject(new Error(`${header}\n${buffered.subarray(head)}`))
            if (buffered.length < head + 4 + length) return
            buffered = Buffer.alloc(0)
            const now = performance.now()
            times.push(now - began)
            if (now < until) return ask()
            socket.end()
            resolve()
          })
        }),
    ),
  )
  times.sort((a, b) => a - b)
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0
  return { requests: times.length, perSecond: times.length / options.seconds, p50: at(0.5), p99: at(0.99) }
}
