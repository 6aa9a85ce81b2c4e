import { afterAll, beforeAll, expect, it } from 'vitest'
import { languages } from '../../server/platform/translations.ts'
import { keepBooks } from './books.ts'
import { type Caller, type Site, startSite } from './site.ts'

// What the first pages cost on a phone’s connection: the JavaScript that they load, as compressed as it travels.

// Of the office’s home, 106 kB are the library that draws its charts, which come after everything else is there.
const most = { '/': 168_500, '/sign-in': 176_500, '/office/': 332_000, '/office/sign-in': 203_000 }
type First = keyof typeof most

let site: Site
let customer: Caller
beforeAll(async () => {
  site = await startSite()
  const books = await keepBooks(site, 'en')
  customer = await site.enter(books.accounts[0]!.email, 'en')
}, 300_000)
afterAll(() => site?.close())

it.each(
  languages.flatMap((language) => [
    { language, path: '/sign-in' as First },
    { language, path: '/' as First },
    { language, path: '/office/sign-in' as First },
    { language, path: '/office/' as First },
  ]),
)('$path loads no more JavaScript in $language than it may', async ({ language, path }) => {
  const callers: Partial<Record<First, Caller>> = { '/': customer, '/office/': site.admin }
  const visit = await site.visit({ language, width: 390, as: callers[path] })
  const { page, context } = visit
  const protocol = await context.newCDPSession(page)
  await protocol.send('Network.enable')
  const scripts = new Map<string, string>()
  const weights = new Map<string, number>()
  protocol.on('Network.responseReceived', ({ requestId, response }) => {
    if (!/\.js(\?|$)/.test(response.url)) return
    scripts.set(requestId, response.url)
    expect(response.headers['content-encoding'] ?? response.headers['Content-Encoding']).toBe('br')
  })
  protocol.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    const url = scripts.get(requestId)
    if (url) weights.set(url, Math.max(weights.get(url) ?? 0, encodedDataLength))
  })
  await page.goto(path)
  await visit.settle()
  await page.waitForLoadState('networkidle')
  await context.close()
  const total = [...weights.values()].reduce((sum, one) => sum + one, 0)
  console.info(`${path} in ${language}: ${(total / 1000).toFixed(1)} kB in ${weights.size} scripts`)
  expect(total).toBeGreaterThan(50_000)
  expect(total).toBeLessThanOrEqual(most[path])
})
