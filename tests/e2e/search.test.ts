import { AxeBuilder } from '@axe-core/playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { languages } from '../../server/platform/translations.ts'
import { type Books, closeBooks, keepBooks } from './books.ts'
import { admin, type Site, startSite, type Visit } from './site.ts'

// ⌘K finds everything that staff may want while the telephone rings, and does what it is told (A13).

let site: Site
beforeAll(async () => {
  site = await startSite()
}, 240_000)
afterAll(() => site?.close())

describe.each(languages)('the palette in %s', (language) => {
  let books: Books
  let visit: Visit
  let invoice: { id: string; name: string }
  const person = { 'pt-BR': 'Conceição Araújo', es: 'Begoña Núñez', en: 'Zoë Brontë' }[language]

  beforeAll(async () => {
    books = await keepBooks(site, language)
    await closeBooks(site, books)
    const account = books.accounts[0]!
    const [first_name, last_name] = person.split(' ')
    await site.admin.patch(`/accounts/${account.id}`, { phone: '+1 (212) 555-0142' })
    await site.admin.post(`/accounts/${account.id}/contacts`, { first_name, last_name })
    await site.admin.post('/routing-points', {
      business_unit_id: books.unit.id,
      name: `Node ${books.unit.slug}`,
    })
    const customer = await site.enter(account.email, language)
    const issued = (await site.admin.get(`/invoices?account_id=${account.id}`)).items[0]
    invoice = { id: issued.id, name: `${issued.series}-${issued.number}` }
    await customer.post('/payment-notices', {
      invoice_ids: [invoice.id],
      amount: (await customer.get(`/invoices/${invoice.id}`)).total,
      method: books.unit.payment_methods[0],
      paid_on: books.closing_date,
      reference: `REF-${books.unit.slug}`,
    })
    visit = await site.visit({ language, width: 1440, as: site.admin })
    visit.page.setDefaultTimeout(20_000)
    await visit.page.goto('/office/')
    await visit.settle()
  })
  afterAll(async () => {
    expect(visit?.faults ?? []).toEqual([])
    await visit?.context.close()
  })

  /** Types into the palette and gives the options as a screen reader says them. */
  async function type(text: string): Promise<string[]> {
    const { page, t } = visit
    await page.keyboard.press('Control+k')
    const field = page.getByRole('combobox', { name: t('common:palette.open') })
    await field.waitFor()
    await page.keyboard.type(text)
    const options = page.getByRole('listbox', { name: t('common:palette.open') }).getByRole('option')
    await page.locator('[role=combobox][aria-busy=false]').waitFor()
    await options.first().waitFor()
    return options.allTextContents()
  }
  async function open(text: string, group: string, option: string): Promise<void> {
    const { page } = visit
    await type(text)
    const found = page
      .getByRole('group', { name: group })
      .getByRole('option', { name: new RegExp(quote(option)) })
    await found.first().waitFor()
    // Arrows lead there, whatever stands above.
    for (let n = 0; n < 25 && (await found.first().getAttribute('aria-selected')) !== 'true'; n++)
      await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.getByRole('combobox', { name: visit.t('common:palette.open') }).waitFor({ state: 'detached' })
    await visit.settle()
  }
  const quote = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const path = () => new URL(visit.page.url()).pathname.replace('/office', '')

  it('finds eight kinds of thing and opens each', async () => {
    const { t } = visit
    const account = books.accounts[0]!
    const kinds = (kind: string) => t(`office:search.kinds.${kind}` as 'office:search.kinds.account')
    await open(account.name.toUpperCase(), kinds('account'), account.name)
    expect(path()).toBe(`/accounts/${account.id}`)
    await open(person.normalize('NFD').replaceAll(/\p{Diacritic}/gu, ''), kinds('contact'), person)
    expect(path()).toBe(`/accounts/${account.id}`)
    await open(account.email, kinds('user'), account.email)
    expect(path()).toBe(`/accounts/${account.id}`)
    await open(String(account.subscription.contract_number), kinds('subscription'), books.plan.name)
    expect(path()).toMatch(/^\/services\//)
    await open(invoice.name, kinds('invoice'), invoice.name)
    expect(path()).toMatch(/^\/invoices\//)
    await open(`ref ${books.unit.slug}`, kinds('payment_notice'), `REF-${books.unit.slug}`)
    expect(path()).toBe('/payments')
    await open(books.plan.name, kinds('plan'), books.plan.name)
    expect(path()).toBe(`/catalogue/plans/${books.plan.id}`)
    await open(`node ${books.unit.slug}`, kinds('routing_point'), `Node ${books.unit.slug}`)
    expect(path()).toBe('/catalogue/routing-points')
    await open(admin.name, kinds('staff'), admin.name)
    expect(path()).toBe('/staff')
    await open(books.unit.name, kinds('unit'), books.unit.name)
    expect(path()).toBe(`/units/${books.unit.id}`)
  })

  it('finds a phone number without its punctuation, and says so where it only guesses', async () => {
    const { page, t } = visit
    expect((await type('2125550142')).join()).toContain(books.accounts[0]!.name)
    await page.keyboard.press('Escape')
    // The third letter of the last name is missing.
    const [first, last] = person.split(' ') as [string, string]
    await type(`${first} ${last.slice(0, 2)}${last.slice(3)}`)
    const guess = page
      .getByRole('group', { name: t('common:palette.similar') })
      .getByRole('option', { name: new RegExp(person) })
    await guess.waitFor()
    expect(await guess.textContent()).toContain(t('office:search.name.contact'))
    await page.keyboard.press('Escape')
    await page.keyboard.press('Control+k')
    await page.keyboard.type('qqxxqq')
    await page.getByText(t('common:palette.nothing', { query: 'qqxxqq' })).waitFor()
    await page.keyboard.press('Escape')
  })

  it('closes a month by its name', async () => {
    const { page, t } = visit
    const verb = t('office:search.close_words').split(' ')[0]!
    const month = new Intl.DateTimeFormat(language, { month: 'long', timeZone: 'UTC' }).format(
      new Date(books.closing_date),
    )
    await type(`${verb} ${month}`)
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog', { name: t('office:closings.new_title') })
    await dialog.waitFor()
    expect(await dialog.getByLabel(t('office:closings.up_to')).inputValue()).toBe(books.closing_date)
    await page.keyboard.press('Escape')
    await type(t('office:shell.new_account'))
    await page.keyboard.press('Enter')
    await page.waitForURL('**/office/accounts/new')
    await visit.settle()
  })

  it('offers what was opened lately, and a screen reader finds nothing wrong', async () => {
    const { page, t } = visit
    await page.keyboard.press('Control+k')
    const recent = page.getByRole('group', { name: t('common:palette.recent') })
    await recent.getByRole('option', { name: new RegExp(quote(books.plan.name)) }).waitFor()
    const check = async () => {
      const { violations } = await new AxeBuilder({ page }).include('dialog[open]').analyze()
      expect(violations.map((one) => [one.id, one.nodes.map((node) => node.html)])).toEqual([])
    }
    await check()
    await page.keyboard.type(books.accounts[1]!.name.slice(0, 4))
    await page
      .getByRole('option', { name: new RegExp(quote(books.accounts[1]!.name)) })
      .first()
      .waitFor()
    await check()
    await page.keyboard.press('Escape')
  })

  it('waits for the answer when Enter comes before it', async () => {
    const { page, t } = visit
    const { name, id } = books.accounts[2]!
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox', { name: t('common:palette.open') }).waitFor()
    await page.keyboard.type(name)
    await page.keyboard.press('Enter')
    await page.waitForURL(`**/office/accounts/${id}`)
    await visit.settle()
  })
})

it('what was opened is forgotten with the session', async () => {
  const visit = await site.visit({
    language: 'en',
    width: 1440,
    as: await site.signIn('office', admin.email),
  })
  const { page, t } = visit
  await page.goto('/office/')
  await visit.settle()
  await page.evaluate(() =>
    localStorage.setItem(
      'zaguan.recent',
      '[{"id":"account-1","kind":"account","label":"Secret","to":"/accounts/1"}]',
    ),
  )
  await page.keyboard.press('Control+k')
  await page.getByRole('option', { name: /Secret/ }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: new RegExp(admin.name) }).click()
  await page.getByRole('menuitem', { name: t('common:action.sign_out') }).click()
  await page.waitForURL('**/office/sign-in**')
  await expect.poll(() => page.evaluate(() => localStorage.getItem('zaguan.recent'))).toBeNull()
  await visit.context.close()
})
