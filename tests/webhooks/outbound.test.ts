// No call to an inner address, whatever a name says (SSRF): addresses by table, and a name whose answers change.
import dgram from 'node:dgram'
import dns, { Resolver } from 'node:dns/promises'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import net from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { checkUrl, isInternetAddress, postOutside } from '../../server/platform/outbound.ts'
import { type Receiver, startReceiver } from './receiver.ts'

const call = (url: string, timeoutMs = 2000) => ({
  url,
  headers: { 'content-type': 'application/json' },
  body: '{}',
  timeoutMs,
  mostBytes: 64 * 1024,
})

describe('addresses', () => {
  it.each([
    '0.0.0.0',
    '0.1.2.3',
    '10.0.0.1',
    '100.64.0.1',
    '100.100.100.200',
    '127.0.0.1',
    '127.255.255.254',
    '168.63.129.16',
    '169.254.169.254',
    '169.254.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.1',
    '192.0.0.192',
    '192.0.2.1',
    '192.168.0.1',
    '198.18.0.1',
    '198.51.100.7',
    '203.0.113.9',
    '224.0.0.1',
    '239.255.255.255',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '::127.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b:1::a00:1',
    '100::1',
    '2001::1',
    '2001:db8::1',
    '2002:7f00:1::1',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1',
    'fec0::1',
    'ff02::1',
    '5f00::1',
    'localhost',
    '',
  ])('inside, or not of the internet: %s', (address) => {
    expect(isInternetAddress(address)).toBe(false)
  })
  it.each([
    '8.8.8.8',
    '1.1.1.1',
    '93.184.216.34',
    '172.15.255.255',
    '172.32.0.1',
    '192.167.255.255',
    '100.128.0.1',
    '2606:2800:220:1:248:1893:25c8:1946',
    '2a00:1450:4001:80b::200e',
  ])('of the internet: %s', (address) => {
    expect(isInternetAddress(address)).toBe(true)
  })
})

describe('web addresses', () => {
  const rules = { networks: [] }
  it.each([
    ['https://example.com/hook', null],
    ['https://example.com:8443/hook?x=1', null],
    ['https://93.184.216.34/', null],
    ['http://example.com/', 'url_not_https'],
    ['https://example.com:22/', 'url_port_not_allowed'],
    ['https://example.com:6379/', 'url_port_not_allowed'],
    ['https://user:pass@example.com/', 'url_with_credentials'],
    ['https://user@example.com/', 'url_with_credentials'],
    ['ftp://example.com/', 'url_invalid'],
    ['file:///etc/passwd', 'url_invalid'],
    ['javascript:alert(1)', 'url_invalid'],
    ['nonsense', 'url_invalid'],
    ['https://localhost/', 'url_internal'],
    ['https://LOCALHOST./', 'url_internal'],
    ['https://db.local/', 'url_internal'],
    ['https://metadata.google.internal/', 'url_internal'],
    ['https://postgres/', 'url_internal'],
    ['https://127.0.0.1/', 'url_internal'],
    ['https://127.1/', 'url_internal'],
    ['https://2130706433/', 'url_internal'],
    ['https://0x7f000001/', 'url_internal'],
    ['https://0177.0.0.1/', 'url_internal'],
    ['https://[::1]/', 'url_internal'],
    ['https://[::ffff:7f00:1]/', 'url_internal'],
    ['https://[fd00::1]/', 'url_internal'],
    ['https://169.254.169.254/latest/meta-data/', 'url_internal'],
  ])('%s: %s', (url, fault) => {
    expect(checkUrl(url, rules)).toBe(fault)
  })
  it('of one’s own networks, there by http and on any port', () => {
    const own = { networks: ['10.1.0.0/16', 'fd12::/32'] }
    expect(checkUrl('http://10.1.2.3:8080/', own)).toBe(null)
    expect(checkUrl('http://[fd12::5]/', own)).toBe(null)
    expect(checkUrl('http://10.2.0.1/', own)).toBe('url_internal')
    expect(checkUrl('http://127.0.0.1/', own)).toBe('url_internal')
  })
})

describe('a call', () => {
  let receiver: Receiver
  beforeAll(async () => {
    receiver = await startReceiver()
  })
  beforeEach(() => {
    receiver.received.length = 0
    receiver.answer({ status: 200 })
  })
  afterAll(() => receiver.close())

  it('reaches nothing inside, by name or number', async () => {
    const inside = { networks: [], resolve: async () => ['127.0.0.1'] }
    for (const url of [
      `https://rebound.example.com:8443/`,
      `https://127.0.0.1/`,
      `https://[::ffff:127.0.0.1]/`,
      `http://127.0.0.1:${receiver.port}/`,
    ]) {
      const answer = await postOutside(call(url), inside)
      expect(answer, url).toMatchObject({ error: expect.stringMatching(/^(address_refused|not_https)$/) })
    }
    expect(receiver.received).toEqual([])
  })

  it('is refused where one of several answers leads inside', async () => {
    for (const answers of [
      ['93.184.216.34', '10.0.0.5'],
      ['::1', '93.184.216.34'],
      ['2606:2800:220:1:248:1893:25c8:1946', '::ffff:10.0.0.1'],
    ])
      expect(
        await postOutside(call('https://mixed.example.com/'), { networks: [], resolve: async () => answers }),
      ).toMatchObject({ error: 'address_refused' })
  })

  it('asks a name once and goes to what was checked: an answer that changes leads nowhere else', async () => {
    // A real name server whose second answer, and every further one, is another address.
    const asked: string[] = []
    const nameServer = dgram.createSocket('udp4')
    nameServer.on('message', (query, from) => {
      const type = query.readUInt16BE(query.length - 4)
      const name = query.subarray(12, query.length - 4)
      if (type !== 1) {
        nameServer.send(Buffer.concat([reply(query, 0), query.subarray(12)]), from.port, from.address)
        return
      }
      asked.push(name.toString('latin1'))
      const address = asked.length === 1 ? [127, 0, 0, 1] : [127, 0, 0, 2]
      const record = Buffer.from([0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, ...address])
      nameServer.send(Buffer.concat([reply(query, 1), query.subarray(12), record]), from.port, from.address)
    })
    nameServer.bind(0, '127.0.0.1')
    await once(nameServer, 'listening')
    const resolver = new Resolver()
    resolver.setServers([`127.0.0.1:${nameServer.address().port}`])
    // The second address has a receiver of its own, on the same port.
    const other: string[] = []
    const trap = net.createServer((socket) => {
      other.push(socket.remoteAddress ?? '')
      socket.destroy()
    })
    trap.listen(receiver.port, '127.0.0.2')
    await once(trap, 'listening')
    try {
      // Only the first address may be called: what is resolved again would be refused, or land in the trap.
      const rules = { networks: ['127.0.0.1/32'], resolve: (host: string) => resolver.resolve4(host) }
      const first = await postOutside(call(`http://rebinding.example.com:${receiver.port}/hook`), rules)
      expect(first).toMatchObject({ status: 200 })
      expect(asked.length).toBe(1)
      expect(receiver.received.length).toBe(1)
      expect(receiver.received[0]!.headers.host).toBe(`rebinding.example.com:${receiver.port}`)
      const second = await postOutside(call(`http://rebinding.example.com:${receiver.port}/hook`), rules)
      expect(second).toMatchObject({ error: 'address_refused', detail: 'rebinding.example.com' })
      expect(asked.length).toBe(2)
      expect(receiver.received.length).toBe(1)
      expect(other).toEqual([])
    } finally {
      trap.close()
      nameServer.close()
      resolver.cancel()
    }
  })

  it('asks the name servers alone for names of customers, and tells nobody what is inside', async () => {
    let asked = 0
    const nameServer = dgram.createSocket('udp4')
    nameServer.on('message', () => {
      asked += 1
    })
    nameServer.bind(0, '127.0.0.1')
    await once(nameServer, 'listening')
    const before = dns.getServers()
    dns.setServers([`127.0.0.1:${nameServer.address().port}`])
    try {
      // Its servers keep silent: it ends in its time, and holds up nobody who reads a file.
      const waiting = Array.from({ length: 40 }, (_one, index) =>
        postOutside(call(`https://tar${index}.example.com/`, 1_500), { networks: [] }),
      )
      await expect.poll(() => asked).toBeGreaterThanOrEqual(40)
      const began = performance.now()
      await Promise.all(Array.from({ length: 8 }, () => readFile(import.meta.filename)))
      expect(performance.now() - began).toBeLessThan(1_000)
      for (const answer of await Promise.all(waiting)) expect(answer).toMatchObject({ error: 'timed_out' })
    } finally {
      dns.setServers(before)
      nameServer.close()
    }
    const inside = { networks: [], resolve: async () => ['93.184.215.14', '10.7.0.9'] }
    expect(await postOutside(call('https://grafana.example.com/'), inside)).toMatchObject({
      error: 'address_refused',
      detail: 'grafana.example.com',
    })
  })

  it('follows no redirect', async () => {
    receiver.answer({ status: 302, headers: { location: `http://127.0.0.1:${receiver.port}/inside` } })
    const answer = await postOutside(call(receiver.url), { networks: ['127.0.0.1/32'] })
    expect(answer).toMatchObject({ status: 302 })
    expect(receiver.received.length).toBe(1)
  })

  it('reads no more of an answer than it may', async () => {
    receiver.answer({ status: 200, body: 'x'.repeat(5_000_000) })
    const answer = await postOutside(call(receiver.url), { networks: ['127.0.0.1/32'] })
    expect('text' in answer && answer.text.length).toBe(64 * 1024)
  })

  it('ends after its time, whoever keeps silent', async () => {
    receiver.answer('never')
    const rules = { networks: ['127.0.0.1/32'] }
    expect(await postOutside(call(receiver.url, 150), rules)).toMatchObject({ error: 'timed_out' })
    const forever = { networks: [], resolve: () => new Promise<string[]>(() => undefined) }
    expect(await postOutside(call('https://slow.example.com/', 150), forever)).toMatchObject({
      error: 'timed_out',
    })
  })

  it('says what stood in the way', async () => {
    const rules = { networks: ['127.0.0.1/32'] }
    expect(await postOutside(call('http://127.0.0.1:1/'), rules)).toMatchObject({
      error: 'connection_refused',
    })
    expect(await postOutside(call(`https://127.0.0.1:${receiver.port}/`), rules)).toMatchObject({
      error: 'certificate_invalid',
    })
    const nowhere = {
      networks: [],
      resolve: async () => {
        throw Object.assign(new Error('no'), { code: 'ENOTFOUND' })
      },
    }
    expect(await postOutside(call('https://nowhere.example.com/'), nowhere)).toMatchObject({
      error: 'name_not_found',
      detail: 'ENOTFOUND',
    })
  })
})

/** The head of an answer to a DNS query, with so many records. */
function reply(query: Buffer, records: number): Buffer {
  const head = Buffer.alloc(12)
  query.copy(head, 0, 0, 2)
  head.writeUInt16BE(0x8180, 2)
  head.writeUInt16BE(1, 4)
  head.writeUInt16BE(records, 6)
  return head
}
