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
let provider: string
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
    const made = await site.admin.post('/payment-providers', {
      business_unit_id: books.unit.id,
      driver: 'pix',
      name: 'Banco do Pix',
      methods: ['pix'],
      // Whoever pays before the due date pays less: the rest is a credit note.
      settings: { ...bank.settings, discount_percent: '5' },
      secrets: bank.secrets,
      enabled: true,
    })
    provider = made.id
    await site.admin.post(`/payment-providers/${provider}/test`)
    await until('the provider works', 20, async () => {
      const { health, health_detail } = await site.admin.get(`/payment-providers/${provider}`)
      if (health === 'failing') throw new Error(health_detail)
      return health === 'working'
    })
    expect(bank.webhook?.url).toContain(`/api/v1/hooks/payments/${provider}?token=`)
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

    it('is cheaper before the due date, and the invoice says by what', async () => {
      const { page, t } = visit
      const due = Temporal.Now.plainDateISO(books.unit.time_zone).add({ days: 5 })
      const { documents } = await site.admin.post(`/accounts/${books.accounts[index]!.id}/invoices`, {
        lines: [{ description: 'Instalação', unit_amount: 10_000, quantity: 1 }],
        charge_ids: [],
        due_date: String(due),
      })
      const early = documents[0].id
      const { id } = await customer.post('/payment-intents', {
        provider_id: provider,
        method: 'pix',
        invoice_ids: [early],
      })
      const txid = id.replaceAll('-', '')
      await until('the bank was asked', 20, async () => bank.charges.has(txid))
      expect(await bank.pay(txid)).toMatchObject({ amount: 9_500 })
      const paid = await until('the invoice is paid', 20, async () => {
        const found = await customer.get(`/invoices/${early}`)
        return found.state === 'paid' && found
      })
      const note = paid.payments.find((one: { kind: string }) => one.kind === 'credit_note')
      expect(note.amount).toBe(500)
      await page.goto(`/invoices/${early}`)
      const settled = page.getByRole('list', { name: t('documents:settled'), exact: true })
      const words = `${t('documents:kind.credit_note')} ${note.document_number}`
      await settled.getByRole('link', { name: words, exact: true }).waitFor()
      await settled.getByText(/ · E12345678/).waitFor()
      if (process.env.SHOTS)
        await page.screenshot({ path: `${process.env.SHOTS}/invoice-${language}.png`, fullPage: true })
      expect(visit.faults).toEqual([])
    })
  })

  it('shows staff what was taken off, and the credit note of it', async () => {
    const [payment] = (await site.admin.get('/payments?method=pix&sort=-created_at')).items
    const visit = await site.visit({ language: 'pt-BR', width: 1440, as: site.admin })
    const { page, t } = visit
    await page.goto(`/office/payments/${payment.id}`)
    await page.getByRole('heading', { name: t('providers:office.difference'), exact: true }).waitFor()
    await page.getByRole('link', { name: payment.documents[0].number, exact: true }).waitFor()
    if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/payment.png`, fullPage: true })
    expect(visit.faults).toEqual([])
    await visit.context.close()
  })

  it('was held against the Central Bank’s document at every call', () => {
    expect(bank.violations).toEqual([])
    expect(bank.ownFaults).toEqual([])
    expect(bank.hookAnswers).toEqual(Array.from({ length: 6 }, () => 200))
  })
})
