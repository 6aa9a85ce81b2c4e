// What is stored about a customer, taken along by the owner on a phone and by staff at a desk; and its end.
import { readFile } from 'node:fs/promises'
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

/** What a click downloads, as text. */
async function download(page: Page, name: RegExp): Promise<{ file: string; bytes: Buffer }> {
  const [taken] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name }).first().click(),
  ])
  return { file: taken.suggestedFilename(), bytes: await readFile(await taken.path()) }
}

/** The words of a text before its first value: `Download the PDF of `. */
const begins = (text: string) => new RegExp(`^${text.split('{{')[0]}`)

describe.each(languages)('personal data in %s', (language) => {
  let books: Books
  let staff: Visit
  let customer: Visit
  let person: { id: string; number: number; name: string; email: string }

  beforeAll(async () => {
    books = await keepBooks(site, language)
    const email = `vera@${books.unit.slug}.example`
    const account = await site.admin.post('/accounts', {
      business_unit_id: books.unit.id,
      name: 'Vera Cruz',
      email,
      language,
    })
    person = { id: account.id, number: account.number, name: 'Vera Cruz', email }
    staff = await site.visit({ language, width: 1440, as: site.admin })
    customer = await site.visit({ language, width: 390, height: 844, as: await site.enter(email, language) })
  }, 120_000)
  afterAll(async () => {
    await staff?.context.close()
    await customer?.context.close()
  })

  it('the owner exports everything on a phone and takes both files along', async () => {
    const { page, t } = customer
    await page.goto('/privacy')
    await heading(page, t('portal:privacy.title')).waitFor()
    await page.getByRole('button', { name: t('portal:privacy.ask') }).click()
    const text = (key: string) => begins(t(key, { date: '{{', size: '' }))
    const json = await download(page, text('portal:privacy.json_of'))
    expect(json.file).toBe(`zaguan-${person.number}.json`)
    const { lists } = JSON.parse(json.bytes.toString())
    expect(lists.accounts[0]).toMatchObject({ id: person.id, name: person.name, email: person.email })
    expect(lists.users[0].email).toBe(person.email)
    const pdf = await download(page, text('portal:privacy.pdf_of'))
    expect(pdf.bytes.subarray(0, 5).toString()).toBe('%PDF-')
    expect(customer.faults).toEqual([])
  })

  it('staff see what stands in the way of an erasure, and where it is dealt with', async () => {
    const { page, t } = staff
    await page.goto(`/office/accounts/${books.accounts[0]!.id}/erasure`)
    await heading(page, t('office:privacy.erase_title', { name: books.accounts[0]!.name })).waitFor()
    await page.getByText(t('office:privacy.obstacle.services_running', { count: 1 })).waitFor()
    expect(await page.getByRole('button', { name: t('office:privacy.erase_submit') }).count()).toBe(0)
  })

  it('staff export an account, erase it by its number, and find nobody there any more', async () => {
    const { page, t } = staff
    await page.goto(`/office/accounts/${person.id}`)
    await page.getByRole('link', { name: t('office:privacy.title'), exact: true }).click()
    await page.getByRole('button', { name: t('office:privacy.export'), exact: true }).click()
    await page.getByRole('button', { name: t('office:privacy.export_start'), exact: true }).click()
    const pdf = await download(page, begins(t('office:privacy.download_pdf_of', { date: '{{', size: '' })))
    expect(pdf.bytes.length).toBeGreaterThan(5_000)

    await page.getByRole('link', { name: t('office:privacy.erase_open') }).click()
    await heading(page, t('office:privacy.erase_title', { name: person.name })).waitFor()
    const number = page.getByRole('textbox', {
      name: t('office:privacy.confirm_number', { number: person.number }),
    })
    await number.fill('1')
    await page.getByRole('textbox', { name: t('office:privacy.reason') }).fill('Asked for in writing')
    await page.getByRole('button', { name: t('office:privacy.erase_submit') }).click()
    await page
      .getByText(t('office:privacy.confirm_wrong', { number: person.number }))
      .first()
      .waitFor()
    await number.fill(String(person.number))
    await page.getByRole('button', { name: t('office:privacy.erase_submit') }).click()
    await page.waitForURL(new RegExp(`/accounts/${person.id}$`))
    await heading(page, t('common:erased.account', { number: person.number })).waitFor()
    await staff.settle()
    expect(await page.getByRole('main').getByText(person.name).count()).toBe(0)

    // The log says who did it and why, and of what was before only that it was.
    await page.getByRole('link', { name: t('office:accounts.changes'), exact: true }).click()
    await page.getByText(t('office:audit.redacted_short')).first().waitFor()
    await page
      .getByRole('button', {
        name: t('office:audit.line', {
          object: t('office:audit.object.accounts'),
          action: t('office:audit.action.erased'),
        }),
      })
      .click()
    await page.getByRole('dialog').getByText('Asked for in writing').waitFor()
    expect(staff.faults).toEqual([])
  })

  it('nobody is signed in as the erased person', async () => {
    const { page } = customer
    await page.goto('/privacy')
    await page.waitForURL(/\/sign-in/)
  })
})

it('the audit log is searched by words, and the search stands in the address', async () => {
  const { page, t, context } = await site.visit({ language: 'en', width: 1440, as: site.admin })
  await page.goto('/office/audit')
  await heading(page, t('office:shell.audit')).waitFor()
  await page.getByRole('searchbox').fill('harbor finch')
  await page.getByRole('link', { name: 'Harbor & Finch' }).first().waitFor()
  await page.waitForURL(/q=harbor/)
  await page.reload()
  await page.getByRole('link', { name: 'Harbor & Finch' }).first().waitFor()
  expect(await page.getByRole('link', { name: 'Cedar Clinic' }).count()).toBe(0)
  await context.close()
})
