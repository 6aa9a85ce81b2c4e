// A1–A3: an account is created in four steps, with an interruption, in every language.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { languages } from '../../server/platform/translations.ts'
import { until } from '../processes.ts'
import { type Body, type Site, startSite, type Visit } from './site.ts'

let site: Site
beforeAll(async () => {
  site = await startSite()
}, 240_000)
afterAll(() => site?.close())

const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name })

describe.each(languages)('a new account in %s', (language) => {
  let unit: Body
  let visit: Visit
  let id: string
  const name = `Metalúrgica Três Irmãos ${language}`

  beforeAll(async () => {
    unit = await site.admin.post('/business-units', {
      slug: `unit-${language.toLowerCase()}`,
      name: `Unit ${language}`,
      legal_name: 'Unit Ltda.',
      country: 'BR',
      currency: 'BRL',
      time_zone: 'America/Sao_Paulo',
      language,
      closing_day: 31,
    })
    await site.admin.post('/accounts', {
      business_unit_id: unit.id,
      name: 'Metalúrgica Tres Irmaos',
      email: 'contato@tres-irmaos.ind.br',
    })
    await site.admin.post('/sla-profiles', {
      business_unit_id: unit.id,
      name: 'Gold',
      coverage: 'always',
      targets: [{ priority: 'urgent', first_response_minutes: 30, resolution_minutes: 240 }],
    })
    visit = await site.visit({ language, width: language === 'es' ? 390 : 1440, as: site.admin })
  })
  afterAll(() => visit?.context.close())

  const main = () => visit.page.getByRole('main')
  const current = () => visit.page.locator('[aria-current="step"]')

  it('begins with the palette, suggests who it may be already, and keeps what was typed', async () => {
    const { page, t } = visit
    await page.goto('/office/accounts')
    await heading(page, t('office:shell.accounts')).waitFor()
    await page.keyboard.press('ControlOrMeta+k')
    const palette = page.getByRole('dialog')
    await palette.getByRole('combobox').fill(t('office:shell.new_account'))
    await palette.getByRole('option', { name: t('office:shell.new_account') }).waitFor()
    await page.keyboard.press('Enter')
    await heading(page, t('office:shell.new_account')).waitFor()
    await page.getByRole('textbox', { name: t('office:accounts.name'), exact: true }).fill(name)
    await page.getByLabel(t('office:words.unit')).selectOption({ label: unit.name })
    const likely = page.getByRole('link', { name: 'Metalúrgica Tres Irmaos' })
    await likely.waitFor()
    await main().getByText(t('office:guide.reason.similar_name')).first().waitFor()
    // Looks at the other one, and what was typed is there on coming back, even after a reload.
    await likely.first().click()
    await heading(page, 'Metalúrgica Tres Irmaos').waitFor()
    await page.goto('/office/accounts/new')
    await main().getByText(t('office:guide.restored')).waitFor()
    expect(
      await page.getByRole('textbox', { name: t('office:accounts.name'), exact: true }).inputValue(),
    ).toBe(name)
    expect(await page.getByLabel(t('office:words.unit')).inputValue()).toBe(unit.id)
  })

  it('says what is wrong with the tax id and the domain, behind “show more”', async () => {
    const { page, t } = visit
    await page.getByRole('button', { name: t('office:guide.more') }).click()
    const taxId = page.getByRole('textbox', { name: t('office:accounts.tax_id'), exact: true })
    await taxId.fill('11.222.333/0001-82')
    await page.getByRole('button', { name: t('office:accounts.create') }).click()
    await main()
      .getByText(t('errors:field.tax_id_invalid', { document: 'CNPJ' }))
      .waitFor()
    await taxId.fill('11222333000181')
    const domains = page.getByRole('textbox', { name: t('office:accounts.domains'), exact: true })
    await domains.fill('@tres-irmaos.ind.br, gmail.com')
    await page.getByRole('button', { name: t('office:accounts.create') }).click()
    await main()
      .getByText(t('errors:field.public_mail_domain', { domain: 'gmail.com' }))
      .waitFor()
    await domains.fill(`@irmaos-${language}.ind.br`)
    await page.getByRole('button', { name: t('office:accounts.create') }).click()
    await page.waitForURL(/\/accounts\/[0-9a-f-]{36}\/setup\?step=contract/)
    id = /accounts\/([0-9a-f-]{36})/.exec(page.url())![1]!
    expect(await site.admin.get(`/accounts/${id}`)).toMatchObject({
      tax_id: '11.222.333/0001-81',
      domains: [`irmaos-${language}.ind.br`.toLowerCase()],
      setup_unfinished: true,
    })
    await current()
      .filter({ hasText: t('office:guide.step.contract') })
      .waitFor()
  })

  it('is interrupted: another browser is told of it and goes on, the contract first', async () => {
    const { t } = visit
    await visit.page
      .getByRole('textbox', { name: t('office:contracts.name'), exact: true })
      .fill('typed and left')
    await visit.context.close()
    visit = await site.visit({ language, width: language === 'es' ? 390 : 1440, as: site.admin })
    const { page } = visit
    await page.goto('/office/')
    // Today counts them, and leads to them.
    await page
      .getByRole('link', {
        name: new RegExp(`^[0-9]+ ?${t('office:today.wait.unfinished_setups', { count: 1 })}`),
      })
      .click()
    await main().getByRole('link', { name }).first().click()
    await heading(page, name).waitFor()
    await main().getByText(t('office:guide.unfinished')).waitFor()
    await page.getByRole('link', { name: t('office:guide.continue') }).click()
    await page.getByRole('textbox', { name: t('office:contracts.name'), exact: true }).fill('Suporte')
    await page.getByLabel(t('office:contracts.type_label')).selectOption('block_hours')
    await page.getByLabel(t('office:contracts.amount_of.block_hours')).fill('1500')
    await page.getByRole('button', { name: t('office:guide.save') }).click()
    await main().getByText(t('common:input.required')).waitFor()
    await page.getByLabel(t('office:contracts.included_hours')).fill('20')
    await page.getByRole('button', { name: t('office:guide.save') }).click()
    await page.waitForURL(/step=profiles/)
    const { items } = await site.admin.get(`/contracts?account_id=${id}`)
    expect(items).toHaveLength(1)
    expect(items[0]).toMatchObject({
      name: 'Suporte',
      type: 'block_hours',
      amount: 150_000,
      included_minutes: 1200,
      currency: 'BRL',
      end_date: null,
    })
  })

  it('leaves the profiles out, adds the first contact and is finished; what was left out is done later', async () => {
    const { page, t } = visit
    await page.getByRole('button', { name: t('office:guide.skip') }).click()
    await page.waitForURL(/step=contact/)
    await page.getByRole('textbox', { name: t('office:accounts.first_name'), exact: true }).fill('Ana')
    await page.getByRole('textbox', { name: t('office:accounts.last_name'), exact: true }).fill('Prado')
    await page
      .getByRole('textbox', { name: t('office:accounts.email'), exact: true })
      .fill(`ana.${language.toLowerCase()}@tres-irmaos.ind.br`)
    await page.getByRole('button', { name: t('office:guide.save') }).click()
    await heading(page, name).waitFor()
    await page.getByText(t('office:guide.finished', { name })).first().waitFor()
    expect(await main().getByText(t('office:guide.unfinished')).count()).toBe(0)
    await main().getByText('Ana Prado').first().waitFor()
    await main().getByText(t('office:accounts.primary'), { exact: true }).waitFor()
    const profiles = page.getByRole('region', { name: t('office:profiles.title') })
    await profiles.getByRole('button', { name: t('office:profiles.change') }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel(t('office:profiles.sla_one'), { exact: true }).selectOption({ label: 'Gold' })
    await dialog.getByText(t('office:profiles.coverage.always')).waitFor()
    await dialog.getByRole('button', { name: t('common:action.save') }).click()
    await profiles.getByText('Gold').waitFor()
    await page.getByLabel(t('office:accounts.tickets_only_from_primary')).click()
    await until(
      'the switch is kept',
      20,
      async () => (await site.admin.get(`/accounts/${id}`)).tickets_only_from_primary,
    )
    expect(await site.admin.get(`/accounts/${id}/setup`)).toMatchObject({
      contract: 'done',
      profiles: 'done',
      contact: 'done',
    })
    expect(visit.faults).toEqual([])
  })
})

it('a profile is defined in the settings by keyboard, durations as people write them', async () => {
  const visit = await site.visit({ language: 'en', width: 1440, as: site.admin })
  const { page, t } = visit
  await page.goto('/office/settings')
  await heading(page, t('office:profiles.sla')).waitFor()
  await page
    .getByRole('button', { name: t('office:profiles.sla_new') })
    .first()
    .press('Enter')
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox', { name: t('office:profiles.name'), exact: true }).fill('Silver')
  const normal = t('office:profiles.priority.normal')
  await dialog.getByLabel(t('office:profiles.first_response_of', { priority: normal })).fill('1h30')
  await dialog.getByLabel(t('office:profiles.resolution_of', { priority: normal })).fill('8 h')
  await page.keyboard.press('Enter')
  await page
    .getByText(t('office:profiles.saved', { name: 'Silver' }))
    .first()
    .waitFor()
  const { items } = await site.admin.get('/sla-profiles?q=Silver')
  expect(items[0]).toMatchObject({
    coverage: 'business_hours',
    business_days: [1, 2, 3, 4, 5],
    targets: [{ priority: 'normal', first_response_minutes: 90, resolution_minutes: 480 }],
  })
  expect(visit.faults).toEqual([])
  await visit.context.close()
})
