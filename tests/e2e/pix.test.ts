import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readBrCode } from '../../server/platform/br-code.ts'
import type { Language } from '../../server/platform/translations.ts'
import { type PixBank, startPixBank } from '../pix/conformance-server.ts'
import { until } from '../processes.ts'
import { type Books, closeBooks, keepBooks } from './books.ts'
import { type Caller, type Site, startSite, type Visit } from './site.ts'

let site: Site
let bank: PixBank
let books: Books
beforeAll(async () => {
  ;[site, bank] = await Promise.all([startSite(), startPixBank()])
  books = await keepBooks(site, 'pt-BR')
  for (const account of books.accounts)
    await site.admin.patch(`/accounts/${account.id}`, {
      country: 'BR',
      kind: 'person',
      tax_id: '123.456.789-09',
    })
  await closeBooks(site, books)
}, 240_000)
afterAll(async () => {
  await bank?.close()
  await site?.close()
})

// A customer of the same operator for each language, on a phone.
const visitors: [Language, number][] = [
  ['pt-BR', 0],
  ['es', 1],
  ['en', 2],
]

describe('Pix by a bank', () => {
  it('is set up by staff and works: the bank knows where to call', async () => {
    const provider = await site.admin.post('/payment-providers', {
      business_unit_id: books.unit.id,
      driver: 'pix',
      name: 'Banco do Pix',
      methods: ['pix'],
      settings: bank.settings,
      secrets: bank.secrets,
      enabled: true,
    })
    await site.admin.post(`/payment-providers/${provider.id}/test`)
    await until('the provider works', 20, async () => {
      const { health, health_detail } = await site.admin.get(`/payment-providers/${provider.id}`)
      if (health === 'failing') throw new Error(health_detail)
      return health === 'working'
    })
    expect(bank.webhook?.url).toContain(`/api/v1/hooks/payments/${provider.id}?token=`)
  })

  describe.each(visitors)('in %s', (language, index) => {
    let customer: Caller
    let visit: Visit
    let invoice: { id: string; open_amount: number }
    beforeAll(async () => {
      customer = await site.enter(books.accounts[index]!.email, language)
      ;[invoice] = (await customer.get('/invoices?state=open')).items
      visit = await site.visit({ language, width: 390, height: 844, as: customer })
    })
    afterAll(() => visit?.context.close())

    it('shows the code, and says that it is paid without a reload', async () => {
      const { page, t } = visit
      await page.goto(`/pay?invoices=${invoice.id}`)
      await page
        .getByRole('radio', { name: new RegExp(t('portal:payment_method.pix')) })
        .first()
        .check()
      await page.locator('form button[type=submit]').first().click()
      const code = page.getByRole('img', { name: new RegExp(t('pay:pix.code', { amount: '' }).slice(0, 8)) })
      await code.waitFor()
      const id = /\/pay\/([0-9a-f-]{36})/.exec(page.url())![1]!
      const text = await page.getByRole('textbox').inputValue()
      const charge = bank.charges.get(id.replaceAll('-', ''))!
      expect(readBrCode(text)).toMatchObject({ url: charge.loc.location })
      if (process.env.SHOTS)
        await page.screenshot({ path: `${process.env.SHOTS}/pix-${language}.png`, fullPage: true })
      const mark = 'document.documentElement.dataset.mark'
      await page.evaluate(`${mark} = 'kept'`)
      const before = performance.now()
      await bank.pay(charge.txid)
      await page.getByRole('heading', { name: t('pay:done.title'), exact: true }).waitFor()
      expect(performance.now() - before).toBeLessThan(20_000)
      expect(await page.evaluate(mark)).toBe('kept')
      if (process.env.SHOTS)
        await page.screenshot({ path: `${process.env.SHOTS}/paid-${language}.png`, fullPage: true })
      expect(await customer.get(`/invoices/${invoice.id}`)).toMatchObject({ state: 'paid', open_amount: 0 })
      expect(visit.faults).toEqual([])
    })
  })

  it('was held against the Central Bank’s document at every call', () => {
    expect(bank.violations).toEqual([])
    expect(bank.ownFaults).toEqual([])
    expect(bank.hookAnswers).toEqual([200, 200, 200])
  })
})
