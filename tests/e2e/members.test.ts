import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { languages } from '../../server/platform/translations.ts'
import { type Books, keepBooks } from './books.ts'
import { password, readSecretLink, type Site, startSite, type Visit } from './site.ts'

// An account in several hands (A6, A7), in real browsers: an invitation accepted on a phone, the ownership handed over, the
// former owner removed, and a change of details that staff confirm.

let site: Site
beforeAll(async () => {
  site = await startSite()
}, 240_000)
afterAll(() => site?.close())

const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name })
const main = (page: Page) => page.getByRole('main')

describe.each(languages)('an account in several hands in %s', (language) => {
  let books: Books
  let owner: Visit
  let guest: Visit
  let staff: Visit
  const email = `convidada.${language.toLowerCase()}@guests.example`
  const name = 'Marina Quintana'

  beforeAll(async () => {
    books = await keepBooks(site, language)
    const account = books.accounts[0]!
    owner = await site.visit({
      language,
      width: 1440,
      as: await site.enter(account.email, language),
    })
    guest = await site.visit({ language, width: 390, height: 844 })
    staff = await site.visit({ language, width: 1440, as: site.admin })
  })
  afterAll(async () => {
    for (const visit of [owner, guest, staff]) await visit?.context.close()
  })

  /** A line of the list of users, by what stands in it. */
  const member = ({ page, t }: Visit, text: string) =>
    page
      .getByRole('list', { name: t('portal:users.members') })
      .getByRole('listitem')
      .filter({ hasText: text })

  async function openMenu(visit: Visit, text: string, entry: string): Promise<void> {
    await member(visit, text).getByRole('button').click()
    await visit.page.getByRole('menuitem', { name: entry }).click()
  }

  it('the owner invites somebody, and reads what each permission allows before giving it', async () => {
    const { page, t } = owner
    await page.goto('/users')
    await heading(page, t('portal:users.title')).waitFor()
    await page.getByRole('button', { name: t('portal:users.invite'), exact: true }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('textbox', { name: t('portal:field.email') }).fill(email)
    for (const permission of ['billing', 'services']) {
      await dialog.getByText(t(`common:permission.${permission}.allows`), { exact: true }).waitFor()
      await dialog
        .getByRole('checkbox', { name: t(`common:permission.${permission}.name`), exact: true })
        .check()
    }
    await dialog.getByRole('button', { name: t('portal:users.invite_submit') }).click()
    await dialog.waitFor({ state: 'detached' })
    await page
      .getByRole('list', { name: t('portal:users.invitations') })
      .getByText(email)
      .waitFor()
  })

  it('the mail leads to a page that says who invites, to what and with which rights, on a phone', async () => {
    const { page, t } = staff
    await readSecretLink(site.admin, email, undefined, 'member_invitation')
    await page.goto('/office/mailbox')
    await page.getByRole('searchbox', { name: t('office:mailbox.search') }).fill(email)
    await page
      .getByRole('list', { name: t('office:mailbox.list') })
      .getByRole('link', { name: new RegExp(email) })
      .click()
    const link = page.frameLocator('iframe').getByRole('link').filter({ hasNotText: /^$/ }).first()
    await guest.page.goto((await link.getAttribute('href'))!)
    await heading(guest.page, t('portal:invitation.title', { account: books.accounts[0]!.name })).waitFor()
    for (const permission of ['billing', 'services'])
      await guest.page.getByText(t(`common:permission.${permission}.allows`), { exact: true }).waitFor()
    expect(await guest.page.evaluate('document.documentElement.scrollWidth')).toBe(390)
  })

  it('who is new chooses name and password and is in, with those rights alone', async () => {
    const { page, t } = guest
    await page.getByRole('textbox', { name: t('portal:user.name') }).fill(name)
    await page.getByRole('textbox', { name: t('portal:password.new') }).fill(password)
    await page.getByRole('button', { name: t('portal:invitation.join') }).click()
    await page.getByRole('heading', { name: t('portal:home.services.title') }).waitFor()
    await page.goto('/users')
    await main(page).getByText(t('portal:users.only_you')).waitFor()
    expect(await page.getByRole('button', { name: t('portal:users.invite'), exact: true }).count()).toBe(0)
  })

  it('the owner offers the account to them', async () => {
    const { page, t } = owner
    await page.reload()
    await openMenu(owner, name, t('portal:users.offer'))
    const dialog = page.getByRole('dialog')
    await dialog.getByText(t('portal:users.offer_consequence_old')).waitFor()
    await dialog.getByRole('button', { name: t('portal:users.offer_submit') }).click()
    await main(page).getByText(t('portal:users.transfer_waiting', { name })).waitFor()
  })

  it('they see it on their home, read what it means, and accept', async () => {
    const { page, t } = guest
    const account = books.accounts[0]!.name
    await page.goto('/')
    await page.getByRole('link', { name: t('portal:home.needs.ownership', { account }) }).click()
    await heading(page, t('portal:users.title')).waitFor()
    await main(page).getByText(t('portal:users.transfer_consequence_you')).waitFor()
    await page.getByRole('button', { name: t('portal:users.transfer_accept'), exact: true }).click()
    await page
      .getByRole('dialog')
      .getByRole('button', { name: t('portal:users.transfer_accept_submit') })
      .click()
    await member(guest, name).getByText(t('portal:users.owner'), { exact: true }).waitFor()
  })

  it('the former owner no longer changes the account’s details, and is removed by the new one', async () => {
    const { t } = owner
    await owner.page.goto('/account')
    await main(owner.page).getByText(t('portal:account.read_only')).waitFor()
    await guest.page.goto('/users')
    await openMenu(guest, books.accounts[0]!.email, t('portal:users.remove'))
    await guest.page
      .getByRole('dialog')
      .getByRole('button', { name: t('portal:users.remove_submit'), exact: true })
      .click()
    await member(guest, books.accounts[0]!.email).waitFor({ state: 'detached' })
    await owner.page.goto('/')
    await heading(owner.page, t('portal:no_account.title')).waitFor()
  })

  it('a change of the name waits for staff where the business unit confirms it', async () => {
    await site.admin.patch(`/business-units/${books.unit.id}`, { sensitive_changes_need_approval: true })
    const { page, t } = guest
    const renamed = `${books.accounts[0]!.name} & Filhas`
    await page.goto('/account')
    await page.getByRole('button', { name: t('portal:account.edit') }).click()
    await page.getByRole('textbox', { name: t('portal:account.field.name') }).fill(renamed)
    await page.getByRole('button', { name: t('portal:account.save') }).click()
    await main(page).getByText(t('portal:account.change_pending'), { exact: true }).waitFor()
    await staff.page.goto('/office/')
    await staff.page.locator('a[href^="/office/change-requests"]').click()
    await heading(staff.page, t('office:changes.title')).waitFor()
    await staff.page
      .getByRole('list', { name: t('office:changes.list') })
      .getByRole('link', { name: new RegExp(`^${books.accounts[0]!.name}`) })
      .click()
    await main(staff.page).getByText(renamed).first().waitFor()
    await main(staff.page)
      .getByRole('button', { name: t('office:changes.approve'), exact: true })
      .click()
    await main(staff.page).getByText(t('office:changes.empty'), { exact: true }).waitFor()
    await page.reload()
    await main(page).getByText(renamed).first().waitFor()
  })

  it('and no page complained of anything', () => {
    // Whoever was removed asks for a home that is theirs no more.
    const faults = [...owner.faults, ...guest.faults, ...staff.faults]
    expect(faults.filter((fault) => !/ 403 .*\/portal\/home/.test(fault))).toEqual([])
  })
})
