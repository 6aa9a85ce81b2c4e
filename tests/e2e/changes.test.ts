import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Books, closeBooks, keepBooks } from './books.ts'
import { type Body, type Site, startSite, type Visit } from './site.ts'

// Changes of services in real browsers: what a change costs is shown as it is chosen, staff do exactly that, a customer
// confirms it on a phone and takes a cancellation back, and what waits is listed (P8–P10, X5).

let site: Site
let books: Books
let staff: Visit
let customer: Visit
let plans: Body[]
let service: Body
beforeAll(async () => {
  site = await startSite()
}, 240_000)
beforeAll(async () => {
  books = await keepBooks(site, 'pt-BR')
  const { admin } = site
  const sell = async (name: string, amount: number): Promise<Body> => {
    const plan = await admin.post('/plans', {
      business_unit_id: books.unit.id,
      product_id: books.product.id,
      name,
      kind: 'hosting',
      billing_mode: 'advance',
      description: 'Com backup diário e suporte por chat',
      prices: [{ currency: 'BRL', amount }],
      options: [{ name: 'Certificado', prices: [{ currency: 'BRL', amount: 1500 }] }],
    })
    await admin.patch(`/plans/${plan.id}/policy`, {
      customer_changes_plan: true,
      customer_changes_options: true,
    })
    return plan
  }
  plans = [await sell('Site Básico', 4990), await sell('Site Pro', 9990)]
  service = await admin.post(`/accounts/${books.accounts[0]!.id}/subscriptions`, {
    plan_id: plans[0].id,
    start_date: books.closing_date,
    options: [{ plan_option_id: plans[0].options[0].id }],
  })
  await closeBooks(site, books)
  staff = await site.visit({ language: 'pt-BR', width: 1440, as: site.admin })
  const entered = await site.enter(books.accounts[0]!.email, 'pt-BR')
  customer = await site.visit({ language: 'pt-BR', width: 390, height: 844, as: entered })
}, 120_000)
afterAll(async () => {
  for (const visit of [staff, customer]) await visit?.context.close()
  await site?.close()
})

const shot = async (page: Page, name: string) => {
  const folder = process.env.TEST_SHOTS
  if (folder) await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true })
}

describe('staff', () => {
  it('change a plan: every figure is there before anything is done, and exactly that is done', async () => {
    const { page, t } = staff
    await page.goto(`/office/services/${service.id}`)
    await page.getByRole('heading', { level: 1, name: 'Site Básico' }).waitFor()
    await page.getByRole('button', { name: t('office:services.change'), exact: true }).click()
    await shot(page, 'office-menu')
    await page.getByRole('menuitem', { name: t('office:services.change_plan') }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('combobox', { name: t('changes:form.new_plan') }).selectOption(plans[1].id)
    const box = dialog.getByRole('region', { name: t('changes:preview.title') })
    await box.getByText(t('changes:preview.to_pay')).waitFor()
    await box.getByText(t('changes:preview.credit', { name: 'Site Básico' })).waitFor()
    await shot(page, 'office-plan')
    await dialog.getByRole('button', { name: t('changes:confirm.plan') }).click()
    await page.getByRole('heading', { level: 1, name: 'Site Pro' }).waitFor()
    await page.getByText(t('changes:history.title')).waitFor()
    await staff.settle()
    await shot(page, 'office-service')
    const { items } = await site.admin.get(`/subscriptions/${service.id}/changes`)
    expect(items).toMatchObject([{ kind: 'plan', state: 'done' }])
    expect(items[0].documents.map((one: Body) => one.kind)).toEqual(['credit_note', 'invoice'])
  })

  it('schedule a downgrade, see it in the list, and take it back', async () => {
    const { page, t } = staff
    await page.getByRole('button', { name: t('office:services.change'), exact: true }).click()
    await page.getByRole('menuitem', { name: t('office:services.change_plan') }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('combobox', { name: t('changes:form.new_plan') }).selectOption(plans[0].id)
    await dialog.getByRole('button', { name: t('changes:form.schedule') }).click()
    await dialog.waitFor({ state: 'detached' })
    await page.goto('/office/service-changes?state=scheduled')
    await page.getByRole('cell', { name: books.accounts[0]!.name }).waitFor()
    await staff.settle()
    await shot(page, 'office-list')
    await page
      .getByRole('button', { name: t('changes:withdraw.action') })
      .first()
      .click()
    await page
      .getByRole('dialog')
      .getByRole('button', { name: t('changes:withdraw.confirm') })
      .click()
    await page.getByText(t('changes:withdraw.done')).waitFor()
    expect(staff.faults).toEqual([])
  })
})

describe('a customer on a phone', () => {
  it('changes options: the cost first, then it is done while the page waits', async () => {
    const { page, t } = customer
    await page.goto(`/services/${service.id}`)
    await page.getByRole('link', { name: t('changes:portal.change'), exact: true }).click()
    await page.getByRole('heading', { level: 1, name: t('changes:portal.change_title') }).waitFor()
    await shot(page, 'portal-plans')
    await page.getByRole('radio', { name: t('changes:portal.kind_options') }).check()
    const box = page.getByRole('checkbox', { name: 'Certificado' })
    await box.waitFor()
    if (await box.isChecked()) await box.uncheck()
    else await box.check()
    await page.getByRole('region', { name: t('changes:preview.title') }).waitFor()
    await shot(page, 'portal-preview')
    await page.getByRole('button', { name: t('changes:portal.confirm') }).click()
    await page.getByRole('link', { name: t('changes:portal.back') }).waitFor()
    await shot(page, 'portal-done')
  })

  it('asks for a cancellation and takes it back', async () => {
    const { page, t } = customer
    await page.goto(`/services/${service.id}/change?what=cancel`)
    await page.getByRole('textbox', { name: t('changes:portal.reason') }).fill('Vou me mudar')
    await page.getByRole('region', { name: t('changes:preview.title') }).waitFor()
    await shot(page, 'portal-cancel')
    await page.getByRole('button', { name: t('changes:portal.confirm_cancel') }).click()
    await page.getByRole('link', { name: t('changes:portal.back') }).click()
    const withdraw = page.getByRole('button', { name: t('changes:portal.withdraw') })
    await withdraw.first().waitFor()
    await customer.settle()
    await shot(page, 'portal-service')
    expect((await site.admin.get(`/subscriptions/${service.id}`)).end_date).not.toBeNull()
    await withdraw.first().click()
    await page
      .getByRole('dialog')
      .getByRole('button', { name: t('changes:portal.withdraw') })
      .click()
    await page.getByText(t('changes:portal.withdrawn')).waitFor()
    expect((await site.admin.get(`/subscriptions/${service.id}`)).end_date).toBeNull()
    expect(customer.faults).toEqual([])
  })
})
