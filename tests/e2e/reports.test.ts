import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { formatMoney } from '../../server/platform/money.ts'
import { languages } from '../../server/platform/translations.ts'
import { type Books, closeBooks, keepBooks } from './books.ts'
import { type Site, startSite } from './site.ts'

// The figures of the business and what billing would make of it, as staff see them (B12, issue of trust: "who checks us").

let site: Site
beforeAll(async () => {
  site = await startSite()
}, 300_000)
afterAll(() => site?.close())

describe.each(languages)('in %s', (language) => {
  let books: Books
  const width = language === 'es' ? 390 : 1440
  beforeAll(async () => {
    books = await keepBooks(site, language)
    await closeBooks(site, books)
  }, 120_000)

  it('shows recurring revenue and leads from a month to the services behind it', async () => {
    const visit = await site.visit({ language, width, as: site.admin })
    const { page, t, faults } = visit
    await page.goto(`/office/reports?business_unit_id=${books.unit.id}`)
    await page.getByRole('heading', { level: 1, name: t('office:reports.title') }).waitFor()
    const reply = await site.admin.get(`/reports/recurring-revenue?business_unit_id=${books.unit.id}`)
    const last = reply.months.at(-1)
    expect(last.end).toBeGreaterThan(0)
    const money = (amount: number) => formatMoney(amount, reply.currency, language)
    await page.getByText(money(last.end), { exact: true }).first().waitFor()
    await page.getByRole('heading', { name: t('office:reports.cohorts') }).waitFor()

    const month = reply.months.find((one: { new: number }) => one.new > 0)
    await page.goto(
      `/office/reports/movements?from=${month.from}&to=${month.to}&business_unit_id=${books.unit.id}`,
    )
    await page
      .getByRole('cell', { name: t('office:reports.kind.new'), exact: true })
      .first()
      .waitFor()
    expect(faults).toEqual([])
    await visit.context.close()
  })

  it('shows what is owed beside its proof', async () => {
    const visit = await site.visit({ language, width, as: site.admin })
    const { page, t, faults } = visit
    await page.goto(`/office/reports/money?business_unit_id=${books.unit.id}`)
    await page.getByText(t('office:reports.proven')).first().waitFor()
    expect(await page.getByText(t('office:reports.unproven')).count()).toBe(0)
    expect(faults).toEqual([])
    await visit.context.close()
  })

  it('simulates a service that changes, and says in words why each amount', async () => {
    const visit = await site.visit({ language, width, as: site.admin })
    const { page, t, faults } = visit
    await page.goto('/office/simulations')
    const go = page.getByRole('button', { name: t('office:simulations.run'), exact: true })
    await go.click()
    await page.getByRole('heading', { name: t('office:simulations.balances') }).waitFor()
    await page.getByRole('heading', { name: t('office:simulations.invoice', { number: 1 }) }).waitFor()
    await page.getByText(t('office:simulations.balanced', { accounts: 2 })).waitFor()

    // What is wrong is said where it is.
    await page.getByRole('button', { name: t('office:simulations.add_event') }).click()
    const again = page.getByRole('group', { name: t('office:simulations.event_number', { number: 2 }) })
    await again.getByLabel(t('office:simulations.what')).selectOption('reactivate')
    await go.click()
    await again.getByText(t('errors:field.service_not_suspended')).waitFor()

    // The same as a program would ask.
    await page.getByText(t('office:simulations.as_request'), { exact: true }).click()
    const request = page.getByRole('textbox', { name: t('office:simulations.request') })
    const body = JSON.parse(await request.inputValue())
    await request.fill(
      JSON.stringify({
        ...body,
        events: [],
        rules: { currency: 'JPY', closing_day: 31 },
        business_unit_id: undefined,
      }),
    )
    await go.click()
    await page
      .getByText(formatMoney(10_000, 'JPY', language), { exact: true })
      .first()
      .waitFor()
    // The browser tells of the refusal that was asked for.
    expect(faults.filter((fault) => !fault.includes('422'))).toEqual([])
    await visit.context.close()
  })
})
