// A customer pays by the sandbox as by any provider: sent to its page, asked once more by a bank, led back, paid without a reload.
import { AxeBuilder } from '@axe-core/playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Language } from '../../server/platform/translations.ts'
import { until } from '../processes.ts'
import { type Books, closeBooks, keepBooks } from './books.ts'
import { type Caller, type Site, startSite, type Visit } from './site.ts'

let site: Site
let books: Books
beforeAll(async () => {
  site = await startSite()
  books = await keepBooks(site, 'pt-BR')
  await closeBooks(site, books)
  await site.admin.post('/payment-providers', {
    business_unit_id: books.unit.id,
    driver: 'sandbox',
    name: 'Sandbox',
    methods: ['card', 'pix', 'bank_debit'],
    enabled: true,
  })
}, 240_000)
afterAll(() => site?.close())

// A customer of the same operator for each language, on a phone.
const visitors: [Language, number][] = [
  ['pt-BR', 0],
  ['es', 1],
  ['en', 2],
]

async function shoot({ page }: Visit, name: string): Promise<void> {
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/${name}.png`, fullPage: true })
}

/** What is wrong with the page of the sandbox, in both schemes. */
async function inspect({ page, width }: Visit): Promise<string[]> {
  const found: string[] = []
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze()
    for (const { id, nodes } of violations) found.push(`${colorScheme}: ${id} ${nodes[0]?.html}`)
  }
  await page.emulateMedia({ colorScheme: 'light' })
  const wider = await page.evaluate<number>('document.documentElement.scrollWidth')
  if (wider > width) found.push(`the page is ${wider} px wide`)
  return found
}

describe('the sandbox', () => {
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

    async function goToSandbox(): Promise<void> {
      const { page, t } = visit
      await page.goto(`/pay?invoices=${invoice.id}`)
      await page
        .getByRole('radio', { name: new RegExp(t('portal:payment_method.card')) })
        .first()
        .check()
      await page.locator('form button[type=submit]').first().click()
      await page.waitForURL(/\/sandbox\//)
    }

    it('refuses a card, and the customer is told why and tries again', async () => {
      const { page, t } = visit
      await goToSandbox()
      expect(await inspect(visit)).toEqual([])
      await shoot(visit, `choice-${language}`)
      await page.getByRole('radio', { name: t('sandbox:scenario.insufficient_funds') }).check()
      await page.locator('button[value=choose]').click()
      await page.waitForURL(/\/pay\/[0-9a-f-]{36}/)
      await page.getByText(t('pay:failure.insufficient_funds')).waitFor()
      await shoot(visit, `refused-${language}`)
    })

    it('asks once more, leads back, and the invoice is paid without a reload', async () => {
      const { page, t, faults } = visit
      await goToSandbox()
      await page.getByRole('radio', { name: t('sandbox:scenario.second_step') }).check()
      await page.locator('button[value=choose]').click()
      await page.getByRole('heading', { name: t('sandbox:step_title') }).waitFor()
      expect(await inspect(visit)).toEqual([])
      const address = page.url()
      await shoot(visit, `second-step-${language}`)
      await page.getByRole('button', { name: t('sandbox:approve') }).click()
      await page.waitForURL(/\/pay\/[0-9a-f-]{36}/)
      await page.getByRole('heading', { name: t('pay:done.title'), exact: true }).waitFor()
      await shoot(visit, `paid-${language}`)
      expect(await customer.get(`/invoices/${invoice.id}`)).toMatchObject({ state: 'paid', open_amount: 0 })
      expect(faults).toEqual([])
      // Nobody stays on a page that is over: what could happen afterwards stands there.
      await page.goto(address)
      await page.getByRole('button', { name: t('sandbox:dispute') }).click()
      await page.getByText(t('sandbox:movement.chargeback')).waitFor()
      expect(await inspect(visit)).toEqual([])
      await shoot(visit, `disputed-${language}`)
      await until('the invoice is owed again', 20, async () => {
        const { open_amount } = await customer.get(`/invoices/${invoice.id}`)
        return open_amount === invoice.open_amount
      })
      await page.getByRole('button', { name: t('sandbox:win') }).click()
      await until('the invoice is paid again', 20, async () => {
        const { state } = await customer.get(`/invoices/${invoice.id}`)
        return state === 'paid'
      })
    })
  })
})
