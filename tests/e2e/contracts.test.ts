// A contract from its template to the customer's word: the editor and the formula at a desk, reading and accepting on a phone.
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

describe.each(languages)('a contract in %s', (language) => {
  let books: Books
  let staff: Visit
  let customer: Visit
  let service: { id: string; contract_number: number }

  beforeAll(async () => {
    books = await keepBooks(site, language)
    const account = books.accounts[0]!
    const found = await site.admin.get(`/subscriptions?account_id=${account.id}`)
    service = found.items[0]
    staff = await site.visit({ language, width: 1440, as: site.admin })
    const signedIn = await site.enter(account.email, language)
    customer = await site.visit({ language, width: 390, height: 844, as: signedIn })
  }, 120_000)
  afterAll(async () => {
    await staff?.context.close()
    await customer?.context.close()
  })

  it('staff write a template, are shown what is wrong with it, and save it', async () => {
    const { page, t } = staff
    await page.goto('/office/settings/contract-templates/new')
    await heading(page, t('contracts:ui.template_new')).waitFor()
    await page.getByRole('combobox', { name: t('office:words.unit') }).selectOption(books.unit.id)
    await page.getByRole('combobox', { name: t('contracts:ui.language') }).selectOption(language)
    await page.getByRole('textbox', { name: t('contracts:ui.name') }).fill(`Template ${language}`)
    const text = page.getByRole('textbox', { name: t('contracts:ui.text') })
    await text.fill('# {{contract.number}}\n\n{{account.nam}}')
    await page
      .getByRole('button', {
        name: t('contracts:ui.fault.unknown_variable', { line: 3, column: 1, name: 'account.nam' }),
      })
      .click()
    expect(
      await text.evaluate((area) => String((area as unknown as { selectionStart: number }).selectionStart)),
    ).toBe(String('# {{contract.number}}\n\n'.length))
    await text.fill('# {{contract.number}}\n\n**{{account.name}}** – {{service.plan}}')
    await page.getByRole('combobox', { name: t('contracts:ui.preview_of') }).selectOption(service.id)
    const preview = page.getByRole('region', { name: t('contracts:ui.preview') })
    await preview.getByText(books.accounts[0]!.name, { exact: true }).waitFor()
    await page.getByRole('checkbox', { name: t('contracts:ui.is_default') }).check()
    await page.getByRole('button', { name: t('common:action.save') }).click()
    await heading(page, `Template ${language}`).waitFor()
    expect(staff.faults).toEqual([])
  })

  it('staff agree on fee and penalty, with the formula’s fault in its place, and issue the contract', async () => {
    const { page, t } = staff
    await page.goto(`/office/services/${service.id}`)
    await page.getByRole('button', { name: t('contracts:ui.edit') }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel(t('contracts:ui.fee')).fill('300')
    await dialog.getByRole('textbox', { name: t('contracts:ui.instalments'), exact: true }).fill('3')
    await dialog.getByRole('textbox', { name: t('contracts:ui.term'), exact: true }).fill('120')
    await dialog.getByRole('combobox', { name: t('contracts:ui.penalty') }).selectOption('formula')
    const formula = dialog.getByRole('textbox', { name: t('contracts:ui.formula') })
    await formula.fill('price *\n  mounths')
    await dialog
      .getByText(t('errors:field.formula_unknown_variable', { line: 2, column: 3, part: 'mounths' }))
      .first()
      .waitFor()
    await formula.fill('price * months_left / 2')
    await dialog.getByText(t('contracts:ui.formula_service')).waitFor()
    await dialog.getByRole('button', { name: t('common:action.save') }).click()
    await page.getByText(t('contracts:reason.formula')).waitFor()
    await page.getByRole('button', { name: t('contracts:ui.issue'), exact: true }).click()
    await page.getByRole('dialog').getByText(books.accounts[0]!.name).first().waitFor()
    await page
      .getByRole('dialog')
      .getByRole('button', { name: t('contracts:ui.issue'), exact: true })
      .click()
    await page.getByText(t('contracts:state.waiting')).first().waitFor()
    await page.goto('/office/contracts?state=waiting')
    await page.getByRole('link', { name: books.accounts[0]!.name }).first().waitFor()
    expect(staff.faults).toEqual([])
  })

  it('the customer is told on the home page, reads it on a phone and accepts it', async () => {
    const { page, t } = customer
    await page.goto('/')
    await page
      .getByRole('link', { name: t('portal:home.needs.contract', { number: service.contract_number }) })
      .click()
    await page.getByRole('button', { name: t('contracts:portal.read_and_accept') }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText(books.accounts[0]!.name).first().waitFor()
    const accept = dialog.getByRole('button', { name: t('contracts:portal.accept') })
    await accept.click()
    await dialog.getByText(t('common:input.required')).waitFor()
    await dialog.getByRole('checkbox', { name: t('contracts:portal.agree') }).check()
    await accept.click()
    await page.getByText(t('contracts:portal.accepted'), { exact: true }).waitFor()
    await page.getByText(t('contracts:document_state.accepted'), { exact: true }).waitFor()
    await page.goto('/')
    await customer.settle()
    const need = t('portal:home.needs.contract', { number: service.contract_number })
    expect(await page.getByText(need).count()).toBe(0)
    expect(customer.faults).toEqual([])
  })

  it('staff read who accepted it, when and from where', async () => {
    const { page, t } = staff
    await page.goto(`/office/services/${service.id}`)
    await page.getByText(t('contracts:state.in_force')).first().waitFor()
    const revision = t('contracts:ui.revision', { revision: 1 })
    await page.getByRole('button', { name: `${t('contracts:ui.read')}: ${revision}` }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText(t('contracts:ui.fingerprint')).waitFor()
    expect(await dialog.getByText(books.accounts[0]!.email).count()).toBe(1)
    expect(staff.faults).toEqual([])
  })
})
