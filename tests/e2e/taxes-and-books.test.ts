import { afterAll, beforeAll, expect, it } from 'vitest'
import { translator } from '../../server/platform/translations.ts'
import { type Books, closeBooks, keepBooks } from './books.ts'
import { type Site, startSite } from './site.ts'

// Taxes, coupons and the books from the screen to the invoice, and to what the customer sees of them.

let site: Site
let books: Books
const t = translator('en')

beforeAll(async () => {
  site = await startSite()
  books = await keepBooks(site, 'en')
}, 300_000)
afterAll(() => site?.close())

it('staff create a tax and a coupon, an invoice bears both, and the books balance', async () => {
  const visit = await site.visit({ language: 'en', width: 1440, as: site.admin })
  const { page, faults } = visit
  const dialog = page.getByRole('dialog')
  const [first] = books.accounts
  await page.goto('/office/settings/taxes')
  await page.getByText(t('books:taxes.none'), { exact: true }).waitFor()
  await page
    .getByRole('button', { name: t('books:taxes.new') })
    .first()
    .click()
  await dialog.getByRole('textbox', { name: t('books:taxes.name') }).fill('Sales tax')
  await dialog.getByRole('textbox', { name: t('books:taxes.rate') }).fill('8.25')
  await dialog.getByText('A price of $100.00 becomes $108.25.').waitFor()
  await dialog.getByRole('button', { name: t('common:action.save') }).click()
  await page.getByRole('button', { name: 'Sales tax', exact: true }).waitFor()
  const bears = page.getByRole('checkbox', {
    name: t('books:taxes.bears', { product: books.product.name, tax: 'Sales tax' }),
  })
  await bears.check()
  await page.getByText('$108.25', { exact: true }).waitFor()

  await page.goto('/office/catalogue/coupons')
  await page
    .getByRole('button', { name: t('books:coupons.new') })
    .first()
    .click()
  await dialog.getByRole('textbox', { name: t('books:coupons.code') }).fill('welcome')
  await dialog.getByRole('textbox', { name: t('books:coupons.name'), exact: true }).fill('Welcome')
  await dialog.getByRole('textbox', { name: t('books:coupons.off') }).fill('10')
  await dialog.getByRole('button', { name: t('common:action.save') }).click()
  await page.getByRole('heading', { name: 'WELCOME', level: 1 }).waitFor()
  await page.getByText(t('books:coupons.no_redemptions')).waitFor()

  const service = first!.subscription.id
  await page.goto(`/office/services/${service}`)
  await page.getByRole('button', { name: t('books:service_coupons.redeem') }).click()
  await dialog.getByRole('textbox', { name: t('books:service_coupons.code') }).fill('nonsense')
  await dialog.getByRole('button', { name: t('books:service_coupons.redeem') }).click()
  await dialog.getByText(t('errors:coupon_unknown.title')).waitFor()
  await dialog.getByRole('textbox', { name: t('books:service_coupons.code') }).fill('welcome')
  // From the first day that is not billed: the whole of the month that is closed now.
  const { earliest_from } = await site.admin.get(`/subscriptions/${service}/coupons`)
  await dialog.getByLabel(t('books:service_coupons.from')).fill(earliest_from)
  await dialog.getByRole('button', { name: t('books:service_coupons.redeem') }).click()
  await page.getByText('WELCOME').first().waitFor()

  await closeBooks(site, books)
  const { items } = await site.admin.get(`/invoices?account_id=${first!.id}`)
  expect(items[0].tax).toBeGreaterThan(0)
  expect(items[0].discount).toBeGreaterThan(0)

  await page.goto(`/office/accounts/${first!.id}`)
  await page.getByRole('button', { name: t('books:money.adjust') }).click()
  await dialog.getByRole('textbox', { name: t('books:money.amount') }).fill('5')
  await dialog.getByRole('textbox', { name: t('books:money.reason') }).fill('Down for an hour')
  await dialog.getByRole('button', { name: t('books:money.give') }).click()
  await page.getByText('Down for an hour').waitFor()

  await page.goto('/office/ledger/trial-balance')
  await page.getByText(t('books:ledger.balanced'), { exact: true }).waitFor()
  await page.getByRole('link', { name: /^5100 / }).click()
  await page.getByRole('heading', { name: /^5100 /, level: 1 }).waitFor()
  await page.getByRole('link', { name: first!.name }).waitFor()
  await page.goto('/office/ledger?kind=adjustment')
  await page.getByRole('button', { name: t('books:kind.adjustment') }).click()
  await dialog.getByText('Down for an hour').waitFor()
  expect(faults.filter((fault) => !fault.includes('409'))).toEqual([])
  await visit.context.close()

  const customer = await site.enter(first!.email, 'en')
  const own = await site.visit({ language: 'en', width: 390, as: customer })
  await own.page.goto('/statement')
  await own.page.getByText('Down for an hour').waitFor()
  await own.page.getByText(t('money:kind.adjustment_given')).waitFor()
  await own.page.goto(`/services/${service}`)
  await own.page.getByText(t('money:coupons.title'), { exact: true }).waitFor()
  expect(own.faults).toEqual([])
  await own.context.close()
}, 240_000)
