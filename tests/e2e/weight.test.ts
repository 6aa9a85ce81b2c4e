import { afterAll, beforeAll, expect, it } from 'vitest'
import { languages } from '../../server/platform/translations.ts'
import { keepBooks } from './books.ts'
import { type Caller, type Site, startSite } from './site.ts'

// What the first page of the portal costs on a phone’s connection: the JavaScript that it loads, as compressed as it travels.

const most = 180_000

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
    { language, path: '/sign-in', signedIn: false },
    { language, path: '/', signedIn: true },
  ]),
)('$path loads at most 180 kB of JavaScript in $language', async ({ language, path, signedIn }) => {
  const visit = await site.visit({ language, width: 390, as: signedIn ? customer : undefined })
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
  expect(total).toBeLessThanOrEqual(most)
})
