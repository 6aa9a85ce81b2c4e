// From a price with tiers, typed by keyboard, to a sale that is quoted, and the use of it that staff and customer see.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { languages } from '../../server/platform/translations.ts'
import { type Books, keepBooks } from './books.ts'
import { type Site, startSite, type Visit } from './site.ts'

let site: Site
beforeAll(async () => {
  site = await startSite()
}, 240_000)
afterAll(() => site?.close())

const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name })

describe.each(languages)('a sale in %s', (language) => {
  let books: Books
  let staff: Visit
  let customer: Visit
  let service: string

  beforeAll(async () => {
    books = await keepBooks(site, language)
    staff = await site.visit({ language, width: 1440, as: site.admin })
    const signedIn = await site.enter(books.accounts[0]!.email, language)
    customer = await site.visit({ language, width: 390, height: 844, as: signedIn })
  }, 120_000)
  afterAll(async () => {
    await staff?.context.close()
    await customer?.context.close()
  })

  it('staff make the price one of tiers without a mouse, and see what 17 cost', async () => {
    const { page, t } = staff
    await page.goto(`/office/catalogue/plans/${books.plan.id}`)
    await heading(page, books.plan.name).waitFor()
    const prices = page.getByRole('region', { name: t('office:catalogue.prices') })
    await prices.getByLabel(t('office:prices.model')).selectOption('tiered')
    await prices.getByLabel(t('office:prices.tier_up_to'), { exact: true }).first().focus()
    const { keyboard } = page
    await keyboard.type('10')
    await keyboard.press('Tab')
    await keyboard.type('20')
    // Another tier below, and on in it.
    await keyboard.press('Enter')
    await keyboard.type('15')
    await keyboard.press('Tab')
    await keyboard.type('10')
    await prices.getByLabel(`${t('office:prices.tier_unit')}, ${t('office:prices.tier_above')}`).focus()
    await keyboard.type('5')
    // 10 at 20, 5 at 10, 2 at 5.
    await prices.getByRole('status').getByText(/260/).waitFor()
    await page.getByRole('button', { name: t('common:action.save'), exact: true }).click()
    await page.getByText(t('office:catalogue.plan_saved')).waitFor()
    const after = await site.admin.get(`/plans/${books.plan.id}`)
    expect(after.prices).toMatchObject([
      { price_model: 'tiered', tiers: [{ up_to: 10 }, { up_to: 15 }, { up_to: null }] },
    ])
    // Who bought before pays what was agreed, and is listed so.
    await page.getByRole('table', { name: t('office:prices.older'), exact: true }).waitFor()
    expect(staff.faults).toEqual([])
  })

  it('staff sell 17 of it and see the price before', async () => {
    const { page, t } = staff
    await site.admin.patch(`/plans/${books.plan.id}`, {
      meters: [
        {
          code: 'gb',
          name: 'Traffic',
          unit_name: 'GB',
          prices: [{ currency: books.unit.currency, amount: 100, included: 10 }],
        },
      ],
    })
    await page.goto(`/office/accounts/${books.accounts[0]!.id}/new-service`)
    await heading(page, t('office:services.new')).waitFor()
    await page.locator('select[name=plan_id]').selectOption(books.plan.id)
    await page.getByLabel(t('office:services.quantity'), { exact: true }).fill('17')
    const aside = page.getByRole('complementary').filter({ hasText: t('office:services.first_invoice') })
    await aside.getByText(/260/).first().waitFor()
    await aside.getByText(t('office:services.usage_part', { name: 'Traffic' })).waitFor()
    await page.getByRole('button', { name: t('office:services.create') }).click()
    await heading(page, books.plan.name).waitFor()
    await page.waitForURL(/\/services\//)
    service = page.url().split('/').at(-1)!
    const sold = await site.admin.get(`/subscriptions/${service}`)
    expect(sold.components).toMatchObject([
      { role: 'plan', quantity: 17, price_model: 'tiered' },
      { role: 'usage', included: 10 },
    ])
    expect(staff.faults).toEqual([])
  })

  it('staff report use, and the customer sees what it will cost', async () => {
    const { page, t } = staff
    const use = page.getByRole('region', { name: t('usage:title') })
    await use.getByRole('button', { name: t('usage:add') }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel(t('usage:quantity')).fill('25')
    await dialog.getByRole('button', { name: t('common:action.save') }).click()
    await page.getByText(t('usage:saved')).waitFor()
    await use.getByRole('button', { name: t('usage:show_records') }).click()
    await use
      .getByRole('table', { name: t('usage:records') })
      .getByText('25 GB')
      .waitFor()
    expect(staff.faults).toEqual([])

    await customer.page.goto(`/services/${service}`)
    const own = customer.page.getByRole('region', { name: customer.t('usage:title') })
    await own.getByText('25 GB').first().waitFor()
    expect(customer.faults).toEqual([])
  })
})
