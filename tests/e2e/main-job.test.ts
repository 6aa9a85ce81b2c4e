import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { languages } from '../../server/platform/translations.ts'
import { until } from '../processes.ts'
import { type Books, keepBooks } from './books.ts'
import { admin, password, readSecretLink, type Site, startSite, type Visit } from './site.ts'

let site: Site
beforeAll(async () => {
  site = await startSite()
}, 240_000)
afterAll(() => site?.close())

/** A receipt as a phone sends it: the smallest PNG there is. */
const receipt = {
  name: 'receipt.png',
  mimeType: 'image/png',
  buffer: Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  ),
}

const main = (page: Page) => page.getByRole('main')
const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name })

describe.each(languages)('the main job in %s', (language) => {
  let books: Books
  let customer: Visit
  let staff: Visit
  let invoice: { id: string; number: string }

  beforeAll(async () => {
    books = await keepBooks(site, language)
    customer = await site.visit({ language, width: 390, height: 844 })
    staff = await site.visit({ language, width: 1440 })
  })
  afterAll(async () => {
    await customer?.context.close()
    await staff?.context.close()
  })

  const number = () => invoice.number
  /** An area of the office, which may say after its name how much waits there. */
  const area = (name: string) =>
    staff.page
      .getByRole('navigation', { name: staff.t('common:areas') })
      .getByRole('link', { name: new RegExp(`^${staff.t(`office:shell.${name}`)}`) })

  /** Without a mail server staff read in the mailbox what an address was sent, here the link in it. */
  async function readLinkInMailbox(email: string): Promise<string> {
    const { page, t } = staff
    await readSecretLink(site.admin, email)
    await area('mailbox').click()
    await page.getByRole('searchbox', { name: t('office:mailbox.search') }).fill(email)
    await page
      .getByRole('list', { name: t('office:mailbox.list') })
      .getByRole('link', { name: new RegExp(`^${email}.*${t('office:mailbox.kinds.password_reset')}`) })
      .click()
    const link = page.frameLocator('iframe').getByRole('link').filter({ hasNotText: /^$/ }).first()
    return (await link.getAttribute('href'))!
  }

  it('staff sign in', async () => {
    const { page, t } = staff
    await page.goto('/office/')
    await page.getByRole('textbox', { name: t('office:signIn.email') }).fill(admin.email)
    await page.getByRole('textbox', { name: t('office:signIn.password') }).fill(password)
    await page.getByRole('button', { name: t('office:signIn.submit'), exact: true }).click()
    await area('closings').waitFor()
  })

  it('staff close the month: the preview, the run, the result', async () => {
    const { page, t } = staff
    await area('closings').click()
    await heading(page, t('office:closings.title')).waitFor()
    await page
      .getByRole('button', { name: t('office:closings.new') })
      .first()
      .click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel(t('office:words.unit')).selectOption({ label: books.unit.name })
    await dialog.getByLabel(t('office:closings.up_to'), { exact: true }).fill(books.closing_date)
    await dialog.getByRole('button', { name: t('office:closings.prepare') }).click()
    await main(page).getByText(t('office:closings.nothing_charged')).waitFor()
    expect((await site.admin.get(`/invoices?business_unit_id=${books.unit.id}`)).items).toEqual([])
    await page.getByRole('button', { name: t('office:closings.run'), exact: true }).click()
    await page
      .getByRole('dialog')
      .getByRole('button', { name: t('office:closings.run_confirm', { count: 3 }) })
      .click()
    await main(page)
      .getByText(t('office:closings.result_title', { count: 3 }))
      .waitFor()
    const found = await site.admin.get(`/invoices?account_id=${books.accounts[0]!.id}`)
    expect(found.items).toHaveLength(1)
    invoice = { id: found.items[0].id, number: `${found.items[0].series}-${found.items[0].number}` }
  })

  it('the customer gets a link by “forgot my password” and chooses a password', async () => {
    const { page, t } = customer
    const { email } = books.accounts[0]!
    await page.goto(`/sign-in?unit=${books.unit.slug}`)
    await page.getByRole('link', { name: t('portal:sign_in.first_access_action') }).click()
    await page.getByRole('textbox', { name: t('portal:field.email') }).fill(email)
    await page.getByRole('button', { name: t('portal:forgot.submit') }).click()
    await heading(page, t('portal:forgot.sent_title')).waitFor()
    await page.goto(await readLinkInMailbox(email))
    await heading(page, t('portal:password.title')).waitFor()
    await page.getByRole('textbox', { name: t('portal:password.new') }).fill(password)
    await page.getByRole('button', { name: t('portal:password.submit') }).click()
    await page.getByRole('heading', { name: t('portal:home.needs.title') }).waitFor()
  })

  it('the customer sees the open invoice, why its amount, and its PDF', async () => {
    const { page, t } = customer
    const needs = page.getByRole('region', { name: t('portal:home.needs.title') })
    await needs
      .getByRole('link', { name: new RegExp(number()) })
      .first()
      .click()
    await heading(page, t('portal:invoice.title', { number: number() })).waitFor()
    const why = main(page).getByText(t('portal:invoice.why')).first()
    await why.click()
    await main(page).getByText(t('portal:invoice.why_price')).first().waitFor()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: t('portal:invoice.pdf') }).click(),
    ])
    const bytes = await readFile(await download.path())
    expect(bytes.subarray(0, 4).toString('latin1')).toBe('%PDF')
    expect(bytes.length).toBeGreaterThan(5_000)
    expect(download.suggestedFilename()).toContain(number())
  })

  it('the customer tells of the payment with a receipt', async () => {
    const { page, t } = customer
    await page.getByRole('link', { name: t('portal:invoice.pay'), exact: true }).click()
    await heading(page, t('portal:pay.title')).waitFor()
    await page.getByLabel(t('portal:pay.receipt'), { exact: true }).setInputFiles(receipt)
    await page.getByText(receipt.name).waitFor()
    await page.getByRole('textbox', { name: t('portal:pay.reference') }).fill('E-1')
    await page.getByRole('button', { name: t('portal:pay.submit') }).click()
    await heading(page, t('portal:pay.done_title')).waitFor()
    await page.getByRole('link', { name: t('portal:pay.follow') }).click()
    await heading(page, t('portal:payments.title')).waitFor()
    await main(page).getByText(t('common:state.payment_notice.pending'), { exact: true }).waitFor()
    await main(page)
      .getByRole('link', { name: t('portal:invoice.title', { number: number() }) })
      .waitFor()
  })

  it('staff approve the payment, and the invoice is paid', async () => {
    const { page, t } = staff
    await area('payments').click()
    await heading(page, t('office:payments.title')).waitFor()
    const waiting = page.getByRole('list', { name: t('office:payments.to_approve') })
    const { name } = books.accounts[0]!
    await waiting.getByRole('link', { name: new RegExp(`^${name}`) }).click()
    await page.getByRole('img', { name: t('office:payments.receipt_alt', { name }) }).waitFor()
    await main(page).getByText('E-1', { exact: true }).waitFor()
    await main(page)
      .getByRole('button', { name: t('office:payments.approve'), exact: true })
      .click()
    await waiting.getByRole('link', { name: new RegExp(`^${name}`) }).waitFor({ state: 'detached' })
    await page.goto(`/office/invoices/${invoice.id}`)
    await main(page).getByText(t('common:state.invoice.paid'), { exact: true }).first().waitFor()
  })

  it('the customer sees the invoice paid, and reads the mails that they got', async () => {
    const { page, t } = customer
    await page.goto(`/invoices/${invoice.id}`)
    await heading(page, t('portal:invoice.title', { number: number() })).waitFor()
    await main(page).getByText(t('common:state.invoice.paid'), { exact: true }).waitFor()
    await page.getByRole('link', { name: t('portal:nav.emails') }).click()
    await heading(page, t('portal:emails.title')).waitFor()
    const mails = main(page)
      .getByRole('list', { name: t('portal:emails.title') })
      .getByRole('link')
    await until('the mail about the payment', 15, async () => {
      if ((await mails.count()) >= 2) return true
      await page.reload()
      await heading(page, t('portal:emails.title')).waitFor()
      return false
    })
    const subject = await mails.first().textContent()
    await mails.first().click()
    await heading(page, subject!).waitFor()
    const mail = page.frameLocator('iframe')
    await mail.getByText(books.unit.name).first().waitFor()
    expect(await mail.locator('body').textContent()).toContain(number())
  })

  it('and no page complained of anything', () => {
    expect([...customer.faults, ...staff.faults]).toEqual([])
  })
})
