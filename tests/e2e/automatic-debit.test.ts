// Automatic debit from the card that a customer stores on a phone to the invoice that is paid by itself: refused twice, each time
// told why and what follows, then paid; and the card replaced and removed.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { languages } from '../../server/platform/translations.ts'
import { until } from '../processes.ts'
import { type Books, closeBooks, keepBooks } from './books.ts'
import { type Body, type Caller, type Site, startSite, type Visit } from './site.ts'

let site: Site
beforeAll(async () => {
  site = await startSite()
}, 240_000)
afterAll(() => site?.close())

describe.each(languages)('automatic debit in %s', (language) => {
  let books: Books
  let customer: Caller
  let phone: Visit
  let desk: Visit
  let invoice: Body
  const first = 'Visa •••• 2002'
  const second = 'Visa •••• 4242'

  beforeAll(async () => {
    books = await keepBooks(site, language)
    await closeBooks(site, books)
    await site.admin.post('/payment-providers', {
      business_unit_id: books.unit.id,
      driver: 'sandbox',
      name: 'Sandbox',
      methods: ['card'],
      enabled: true,
    })
    const { id, email } = books.accounts[0]!
    // Its due date has come: issued documents never change otherwise.
    await site.query(`
      alter table invoices disable trigger user;
      update invoices set issue_date = current_date - 20, due_date = current_date - 1 where account_id = '${id}';
      alter table invoices enable trigger user`)
    customer = await site.enter(email, language)
    ;[invoice] = (await customer.get('/invoices?state=open')).items
    phone = await site.visit({ language, width: 390, height: 844, as: customer, reducedMotion: true })
    desk = await site.visit({ language, width: 1440, as: site.admin, reducedMotion: true })
  }, 120_000)
  afterAll(async () => {
    await phone?.context.close()
    await desk?.context.close()
  })

  const number = () => `${invoice.series}-${invoice.number}`
  const methods = () => phone.page.getByRole('list', { name: phone.t('pay:methods.title') })
  const method = (name: string) => methods().getByRole('listitem').filter({ hasText: name })

  async function shoot(visit: Visit, name: string): Promise<void> {
    await visit.settle()
    const wider = await visit.page.evaluate<number>('document.documentElement.scrollWidth')
    expect(wider, name).toBeLessThanOrEqual(visit.width)
    if (process.env.SHOTS)
      await visit.page.screenshot({
        path: `${process.env.SHOTS}/debit-${language}-${name}.png`,
        fullPage: true,
      })
  }

  /** Stores a card on the sandbox's page, as it is to go with it afterwards. */
  async function store(scenario: string): Promise<void> {
    const { page, t } = phone
    await page
      .getByRole('main')
      .getByRole('link', { name: t('pay:methods.add') })
      .click()
    await page.getByRole('heading', { level: 1, name: t('pay:add.title') }).waitFor()
    await page
      .getByRole('radio', { name: new RegExp(t('portal:payment_method.card')) })
      .first()
      .check()
    await shoot(phone, `add-${scenario}`)
    await page.getByRole('button', { name: t('pay:add.go') }).click()
    await page.waitForURL(/\/sandbox\//)
    await page.getByRole('radio', { name: t(`sandbox:scenario.${scenario}`) }).check()
    await page.locator('button[value=choose]').click()
    await page.waitForURL(/\/pay\/[0-9a-f-]{36}/)
    await page.getByRole('heading', { name: t('pay:done.setup') }).waitFor()
    await shoot(phone, `kept-${scenario}`)
    await page.getByRole('link', { name: t('pay:done.methods') }).click()
    await page.getByRole('heading', { level: 1, name: t('pay:methods.title') }).waitFor()
  }

  /** Staff charge what is due, and wait for the run's end. */
  async function charge(outcome: 'paid' | 'refused', times: number): Promise<void> {
    const { page, t } = desk
    await page.goto(`/office/payments/debits?business_unit_id=${books.unit.id}`)
    await page.getByRole('button', { name: t('providers:office.charge_now') }).click()
    const dialog = page.getByRole('dialog', {
      name: t('providers:office.charge_question', { unit: books.unit.name }),
    })
    await dialog.getByRole('button', { name: t('providers:office.charge_now') }).click()
    await page.getByText(t('providers:office.run_started')).waitFor()
    await until('the run is done', 60, async () => {
      const { items } = await site.admin.get(`/debit-runs?business_unit_id=${books.unit.id}`)
      return items.length === times && items[0].state === 'done' && items[0][outcome] === 1
    })
    await page.reload()
    const runs = page.getByRole('table', { name: t('providers:office.runs') })
    await runs
      .getByText(t('providers:office.run.done'), { exact: true })
      .nth(times - 1)
      .waitFor()
    const attempts = page.getByRole('table', { name: t('providers:office.attempts') })
    await attempts
      .getByRole('row')
      .filter({ hasText: number() })
      .first()
      .getByText(t(`providers:office.debit.${outcome}`), { exact: true })
      .waitFor()
    await shoot(desk, `runs-${times}`)
  }

  /** The days go by until the charge that follows a refusal. */
  const waitForItsDay = () =>
    site.query(
      `update debit_attempts set next_on = on_date where invoice_id = '${invoice.id}' and next_on is not null`,
    )

  /** What the customer finds in “e-mails received”, opened. */
  async function readMail(subject: string, times = 1): Promise<string> {
    const { page, t } = phone
    const found = page
      .getByRole('list', { name: t('portal:emails.title') })
      .getByRole('link')
      .filter({ hasText: subject })
    await until(`the mail “${subject}”, ${times} times`, 30, async () => {
      await page.goto('/emails')
      await page.getByRole('heading', { level: 1, name: t('portal:emails.title') }).waitFor()
      await phone.settle()
      return (await found.count()) === times
    })
    await found.first().click()
    await page.getByRole('heading', { level: 1, name: subject }).waitFor()
    const body = page.frameLocator('iframe').locator('body')
    await body.getByText(books.unit.name).first().waitFor()
    return (await body.textContent())!
  }

  it('the customer stores a card, which is the one debited by itself', async () => {
    const { page, t } = phone
    await page.goto('/payment-methods')
    await page.getByText(t('pay:methods.empty')).waitFor()
    await shoot(phone, 'none')
    await store('refused_twice')
    await method(first).getByText(t('pay:methods.automatic'), { exact: true }).waitFor()
    await page.getByText(t('pay:methods.on_text', { method: first })).waitFor()
    await shoot(phone, 'stored')
    expect(await readMail(t('mail:payment_method_stored.subject', { method: first }))).toContain('2002')
  })

  it('the run charges it in vain: the invoice stays open, and a mail says why and what follows', async () => {
    const { page, t } = phone
    await charge('refused', 1)
    await page.goto(`/invoices/${invoice.id}`)
    await page
      .getByRole('heading', { level: 1, name: t('portal:invoice.title', { number: number() }) })
      .waitFor()
    await page.getByRole('link', { name: t('portal:invoice.pay'), exact: true }).waitFor()
    await shoot(phone, 'refused')
    const mail = await readMail(t('mail:debit_refused.subject', { number: number() }))
    const [attempt] = (await site.admin.get(`/debit-attempts?invoice_id=${invoice.id}`)).items
    expect(attempt).toMatchObject({ attempt: 1, state: 'refused', failure: 'insufficient_funds' })
    expect(mail).toContain(number())
    expect(mail).toContain('2002')
    // In two days, as the rules of a business unit say that has none of its own.
    expect(Temporal.PlainDate.from(attempt.on_date).until(attempt.next_on).days).toBe(2)
    await shoot(phone, 'mail-refused')
  })

  it('days pass, it is refused once more and then paid, with a receipt', async () => {
    const { page, t } = phone
    await waitForItsDay()
    await charge('refused', 2)
    await readMail(t('mail:debit_refused.subject', { number: number() }), 2)
    await waitForItsDay()
    await charge('paid', 3)
    await page.goto(`/invoices/${invoice.id}`)
    await page.getByRole('main').getByText(t('common:state.invoice.paid'), { exact: true }).waitFor()
    await shoot(phone, 'paid')
    expect(await readMail(t('mail:payment_approved.subject_paid', { count: 1, number: number() }))).toContain(
      number(),
    )
    await shoot(phone, 'mail-paid')
    expect(await customer.get(`/invoices/${invoice.id}`)).toMatchObject({ state: 'paid', open_amount: 0 })
    const { items } = await site.admin.get(`/debit-attempts?invoice_id=${invoice.id}`)
    expect(items.map(({ state }: Body) => state)).toEqual(['paid', 'refused', 'refused'])
  })

  it('the customer puts another card in its place, and removes both', async () => {
    const { page, t } = phone
    await page.goto('/payment-methods')
    await store('success')
    await method(second)
      .getByRole('button', { name: t('pay:methods.start_label', { method: second }) })
      .click()
    await page.getByText(t('pay:methods.on_text', { method: second })).waitFor()
    await shoot(phone, 'replaced')
    const remove = async (name: string, text: string) => {
      await method(name)
        .getByRole('button', { name: t('pay:methods.remove_label', { method: name }) })
        .click()
      const dialog = page.getByRole('dialog', { name: t('pay:methods.remove_title', { method: name }) })
      await dialog.getByText(text).waitFor()
      await dialog.getByRole('button', { name: t('pay:methods.remove'), exact: true }).click()
      await dialog.waitFor({ state: 'detached' })
      await page.getByText(t('pay:methods.removed', { method: name })).waitFor()
    }
    await remove(first, t('pay:methods.remove_text'))
    await until('one is left', 10, async () => (await methods().getByRole('listitem').count()) === 1)
    await remove(second, t('pay:methods.remove_automatic'))
    await page.getByText(t('pay:methods.empty')).waitFor()
    await readMail(t('mail:payment_method_removed.subject', { method: first }))
    await readMail(t('mail:payment_method_removed.subject', { method: second }))
  })

  it('and no page complained of anything', () => {
    expect([...phone.faults, ...desk.faults]).toEqual([])
  })
})
