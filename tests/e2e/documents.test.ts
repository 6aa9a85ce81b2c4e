import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '../processes.ts'
import { type Books, keepBooks } from './books.ts'
import { type Site, startSite, type Visit } from './site.ts'

let site: Site
let books: Books
let staff: Visit
let customer: Visit

beforeAll(async () => {
  site = await startSite()
  books = await keepBooks(site, 'en')
  staff = await site.visit({ language: 'en', width: 1440, as: site.admin })
  const own = await site.enter(books.accounts[0]!.email, 'en')
  customer = await site.visit({ language: 'en', width: 390, height: 844, as: own })
}, 300_000)
afterAll(async () => {
  await staff?.context.close()
  await customer?.context.close()
  await site?.close()
})

describe('documents by hand', () => {
  const main = (visit: Visit) => visit.page.getByRole('main')
  let invoice = ''
  let note = ''

  it('staff add an amount that waits, and see it on the account’s page', async () => {
    const { page, t } = staff
    await page.goto(`/office/accounts/${books.accounts[0]!.id}`)
    await page
      .getByRole('button', { name: t('documents:charges.add'), exact: true })
      .first()
      .waitFor()
    const section = page.getByRole('region', { name: t('documents:charges.title') })
    await section.getByRole('button', { name: t('documents:charges.add'), exact: true }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel(t('documents:description')).fill('Technical visit')
    await dialog.getByLabel(t('documents:unit_amount')).fill('80')
    await dialog.getByRole('button', { name: t('documents:charges.add'), exact: true }).click()
    await section.getByText('Technical visit').waitFor()
  })

  it('and bill it at once with another line: first as preview, then exactly that', async () => {
    const { page, t } = staff
    await page
      .getByRole('region', { name: t('documents:charges.title') })
      .getByRole('link', { name: t('documents:charges.bill_now') })
      .click()
    await page.getByRole('heading', { level: 1, name: t('documents:new_invoice') }).waitFor()
    await page.getByLabel(t('documents:description')).fill('Cable')
    await page.getByLabel(t('documents:unit_amount')).fill('3.50')
    await page.getByLabel(t('documents:quantity')).fill('4')
    await page.getByRole('button', { name: t('documents:preview') }).click()
    const panel = page.getByRole('region', { name: t('documents:preview_title') })
    await panel.getByText('$94.00').first().waitFor()
    expect((await site.admin.get(`/invoices?account_id=${books.accounts[0]!.id}`)).items).toEqual([])
    await panel.getByRole('button', { name: t('documents:issue', { count: 1 }) }).click()
    await page.waitForURL(/\/office\/invoices\/[0-9a-f-]{36}$/)
    invoice = page.url().split('/').at(-1)!
    await main(staff).getByText('4 × $3.50 = $14.00.').waitFor()
  })

  it('give a part of it back with a reason', async () => {
    const { page, t } = staff
    await page.getByRole('button', { name: t('documents:more') }).click()
    await page.getByRole('menuitem', { name: t('documents:credit') }).click()
    await page.getByLabel('Cable', { exact: true }).uncheck()
    await page.getByLabel(t('documents:amount_of', { description: 'Technical visit' })).fill('30')
    await page.getByLabel(t('documents:reason')).fill('The technician came late')
    await page.getByRole('button', { name: t('documents:preview') }).click()
    const panel = page.getByRole('region', { name: t('documents:preview_title') })
    await panel.getByText(t('documents:no_credit_given')).waitFor()
    await panel.getByRole('button', { name: t('documents:issue', { count: 1 }) }).click()
    await page.waitForURL(
      (url) => url.pathname.startsWith('/office/invoices/') && !url.pathname.includes(invoice),
    )
    note = page.url().split('/').at(-1)!
    await main(staff).getByText('The technician came late').first().waitFor()
    expect(await site.admin.get(`/invoices/${invoice}`)).toMatchObject({ open_amount: 6400, credited: 3000 })
  })

  it('and the customer reads both, what they have to do with each other, and why', async () => {
    const { page, t } = customer
    await page.goto('/invoices?state=credit_note')
    await main(customer)
      .getByRole('link', { name: new RegExp(`^${t('documents:kind.credit_note')} C-`) })
      .click()
    await page.waitForURL(new RegExp(note))
    await main(customer).getByText('The technician came late').waitFor()
    await page.goto(`/invoices/${invoice}`)
    await main(customer).getByText('$64.00').first().waitFor()
    await page
      .getByRole('region', { name: t('documents:related') })
      .getByRole('link', { name: new RegExp(t('documents:kind.credit_note')) })
      .waitFor()
    await until('the mails about both', 20, async () => {
      const { items } = await site.admin.get(`/notices?account_id=${books.accounts[0]!.id}&limit=50`)
      const kinds = items.map((one: { kind: string }) => one.kind)
      return kinds.includes('invoice_issued') && kinds.includes('credit_note_issued')
    })
  })

  it('staff void the rest; nothing is owed any more', async () => {
    const { page, t } = staff
    await page.goto(`/office/invoices/${invoice}/void`)
    await page.getByLabel(t('documents:void_keep')).check()
    await page.getByLabel(t('documents:reason')).fill('Agreed by phone')
    await page.getByRole('button', { name: t('documents:preview') }).click()
    await page.getByRole('button', { name: t('documents:issue', { count: 1 }) }).click()
    await page.waitForURL((url) => !url.pathname.endsWith('/void'))
    expect(await site.admin.get(`/invoices/${invoice}`)).toMatchObject({ state: 'void', open_amount: 0 })
  })

  it('and a proforma becomes the invoice that it offers', async () => {
    const { page, t } = staff
    await page.goto(`/office/accounts/${books.accounts[0]!.id}/new-invoice?kind=proforma`)
    await page.getByLabel(t('documents:description')).fill('Network project')
    await page.getByLabel(t('documents:unit_amount')).fill('2500')
    await page.getByRole('button', { name: t('documents:preview') }).click()
    await page.getByRole('button', { name: t('documents:issue', { count: 1 }) }).click()
    await main(staff).getByText(t('documents:offer_title')).waitFor()
    await page.getByRole('button', { name: t('documents:convert') }).click()
    await page
      .getByRole('dialog')
      .getByRole('button', { name: t('documents:convert') })
      .click()
    await main(staff).getByText(t('common:state.invoice.open'), { exact: true }).first().waitFor()
    expect((await site.admin.get(`/accounts/${books.accounts[0]!.id}/balance`)).owed).toBe(250_000)
  })

  it('and no page complained of anything', () => {
    expect([...customer.faults, ...staff.faults]).toEqual([])
  })
})
