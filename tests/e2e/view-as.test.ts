import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { languages, translator } from '../../server/platform/translations.ts'
import { until } from '../processes.ts'
import { type Books, closeBooks, keepBooks } from './books.ts'
import { admin, password, type Site, startSite } from './site.ts'

// Staff see the portal as a customer (A11): from the account in the office into the portal, marked on every page, looking
// only; then in the customer's name, with the permission for it; and the log that names both.

let site: Site
beforeAll(async () => {
  site = await startSite()
}, 300_000)
afterAll(() => site?.close())

const errorsOf = (page: Page, faults: string[]) =>
  page.on('pageerror', (error) => {
    faults.push(String(error))
  })

/** The tab that the office opens, once the portal's home is drawn in it. */
async function openPortal(context: BrowserContext, press: () => Promise<void>): Promise<Page> {
  const opening = context.waitForEvent('page')
  await press()
  const tab = await opening
  await tab.waitForURL((url) => url.pathname === '/')
  await tab.getByRole('heading', { level: 1 }).first().waitFor()
  return tab
}

describe.each(languages)('in %s', (language) => {
  let books: Books
  beforeAll(async () => {
    books = await keepBooks(site, language)
    await closeBooks(site, books)
  }, 120_000)

  it('somebody of the staff looks, is refused every change, and ends it', async () => {
    const account = books.accounts[0]!
    const visit = await site.visit({ language, width: language === 'es' ? 390 : 1440, as: site.admin })
    const { page, t, faults, context } = visit
    const o = (key: string, more?: object) => t(`office:view_as.${key}`, more as never)
    const p = (key: string, more?: object) => t(`portal:view_as.${key}`, more as never)

    await page.goto(`/office/accounts/${account.id}`)
    await page.getByRole('button', { name: o('action') }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: o('open') }).click()
    await dialog.getByText(o('reason_missing')).waitFor()
    expect(await dialog.getByRole('switch', { name: o('write') }).isDisabled()).toBe(true)
    await dialog.getByRole('textbox', { name: o('reason') }).fill('The customer called')
    const tab = await openPortal(context, () => dialog.getByRole('button', { name: o('open') }).click())
    errorsOf(tab, faults)
    expect(tab.url()).not.toContain('code')

    const banner = tab.getByRole('region', { name: p('label') })
    await banner.getByText(account.name).waitFor()
    await banner.getByText(p('read_only')).waitFor()
    await banner.getByText(admin.name).waitFor()
    await until('the title says so', 10, async () => (await tab.title()).startsWith(p('prefix')))

    // On every page, and what is the person's alone is not there.
    await tab.goto('/account')
    await banner.waitFor()
    const tabs = tab.getByRole('navigation', { name: t('portal:tabs.account_label') })
    await tabs.getByRole('link', { name: t('portal:tabs.users') }).waitFor()
    for (const hidden of ['portal:tabs.user', 'portal:tabs.api_keys', 'common:entry.security'])
      expect(await tabs.getByRole('link', { name: t(hidden), exact: true }).count()).toBe(0)
    expect(await tab.title()).toContain(p('prefix'))

    // A change is refused in words, and nothing of it is kept.
    await tab.getByRole('button', { name: t('portal:account.edit') }).click()
    await tab.getByLabel(t('portal:account.field.city')).fill('Nowhere')
    await tab.getByRole('button', { name: t('portal:account.save') }).click()
    await tab.getByRole('alert').getByText(t('errors:view_as_read_only.title')).waitFor()
    expect((await site.admin.get(`/accounts/${account.id}`)).city).toBe('Centro')

    tab.once('dialog', (question) => void question.accept())
    await banner.getByRole('button', { name: p('stop') }).click()
    await tab.waitForURL(`**/office/accounts/${account.id}`)
    const { items } = await site.admin.get(`/audit?account_id=${account.id}`)
    expect(items[0]).toMatchObject({ action: 'view_as_ended', actor_name: admin.name })
    expect(items[1]).toMatchObject({
      action: 'view_as_started',
      actor_name: admin.name,
      on_behalf_of: account.name,
      after: { reason: 'The customer called', read_only: true },
    })
    expect(faults).toEqual([])
    await context.close()
  }, 180_000)
})

describe('in the customer’s name', () => {
  it('somebody with the permission acts as a member, and the office’s log names both', async () => {
    const language = 'en'
    const t = translator(language)
    const account = (await site.admin.get('/accounts?q=Cedar')).items[0]
    const customer = await site.enter(account.email, language)
    const { name } = await customer.get('/session')
    const agent = await hire('rita@operator.example', 'Rita Lopes', ['accounts.act_as'])
    const visit = await site.visit({ language, width: 1440, as: agent })
    const { page, context, faults } = visit
    await page.goto(`/office/accounts/${account.id}`)
    await page.getByRole('button', { name: t('office:view_as.action') }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('combobox', { name: t('office:view_as.who') }).selectOption({ index: 1 })
    await dialog.getByRole('textbox', { name: t('office:view_as.reason') }).fill('Asked us by phone to move')
    await dialog.getByRole('switch', { name: t('office:view_as.write') }).click()
    const tab = await openPortal(context, () =>
      dialog.getByRole('button', { name: t('office:view_as.open') }).click(),
    )
    errorsOf(tab, faults)
    const banner = tab.getByRole('region', { name: t('portal:view_as.label') })
    await banner.getByText(t('portal:view_as.acting')).waitFor()
    await banner.getByText(t('portal:view_as.member_of', { name, account: account.name })).waitFor()
    await tab.goto('/account')
    await tab.getByRole('button', { name: t('portal:account.edit') }).click()
    await tab.getByLabel(t('portal:account.field.city')).fill('Portland')
    await tab.getByRole('button', { name: t('portal:account.save') }).click()
    await tab.getByText('Portland').waitFor()

    // Somebody takes the permission away: the tab says so at the next click.
    const { user_id } = await agent.get('/session')
    await site.admin.patch(`/staff/${user_id}`, { granted: [] })
    await tab.getByRole('link', { name: t('portal:nav.emails') }).click()
    await tab.getByRole('heading', { name: t('portal:view_as.ended') }).waitFor()

    const { items } = await site.admin.get(`/audit?account_id=${account.id}`)
    expect(items.find((one: { action: string }) => one.action === 'changed')).toMatchObject({
      actor_name: 'Rita Lopes',
      actor_kind: 'staff',
      on_behalf_of: `${name} · ${account.name}`,
      way: 'portal',
      after: { city: 'Portland' },
    })
    const audit = await site.visit({ language, width: 1440, as: site.admin })
    await audit.page.goto(`/office/audit?account_id=${account.id}`)
    // Both names, in one entry.
    const entry = audit.page
      .getByRole('row')
      .filter({ hasText: 'Rita Lopes' })
      .filter({ hasText: account.name })
    await entry.first().waitFor()
    expect(audit.faults).toEqual([])
    await audit.context.close()
    await context.close()
  }, 180_000)

  /** Somebody of the support with single permissions, who has chosen a password. */
  async function hire(email: string, name: string, granted: string[]) {
    await site.admin.post('/staff', { email, name, language: 'en', role: 'support', granted })
    const token = await site.askLink('office', email)
    await fetch(`${site.address}/api/v1/office/password`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token, password }),
    })
    return site.signIn('office', email)
  }
})
