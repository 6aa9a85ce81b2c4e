// Dunning from the first draft to the service that comes back on payment: staff at a desk, the customer on a phone.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { languages } from '../../server/platform/translations.ts'
import { until } from '../processes.ts'
import { type Books, closeBooks, keepBooks } from './books.ts'
import { type Body, type Site, startSite, type Visit } from './site.ts'

let site: Site
beforeAll(async () => {
  site = await startSite()
}, 240_000)
afterAll(() => site?.close())

describe.each(languages)('dunning in %s', (language) => {
  let books: Books
  let staff: Visit
  let customer: Visit
  let debtor: Books['accounts'][0]
  let invoice: Body

  beforeAll(async () => {
    books = await keepBooks(site, language)
    await closeBooks(site, books)
    debtor = books.accounts[0]!
    // Twelve days pass since its invoice was due: issued documents never change otherwise.
    await site.query(`
      alter table invoices disable trigger user;
      update invoices set issue_date = current_date - 40, due_date = current_date - 12 where account_id = '${debtor.id}';
      update invoices set issue_date = current_date - 5, due_date = current_date + 20
       where business_unit_id = '${books.unit.id}' and account_id <> '${debtor.id}';
      alter table invoices enable trigger user`)
    invoice = (await site.admin.get(`/invoices?account_id=${debtor.id}&limit=1`)).items[0]
    staff = await site.visit({ language, width: 1440, as: site.admin, reducedMotion: true })
    customer = await site.visit({
      language,
      width: 390,
      height: 844,
      as: await site.enter(debtor.email, language),
      reducedMotion: true,
    })
  }, 120_000)
  afterAll(async () => {
    await staff?.context.close()
    await customer?.context.close()
  })

  it('staff compose a policy, see what it would do, and switch it on', async () => {
    const { page, t } = staff
    await page.goto(`/office/settings/dunning?business_unit_id=${books.unit.id}`)
    await page.getByText(t('dunning:empty.title')).waitFor()
    await page.getByRole('button', { name: t('dunning:drafts.new') }).click()
    const named = page.getByRole('dialog', { name: t('dunning:new.title') })
    await named.getByRole('textbox', { name: t('dunning:new.name') }).fill('Plano A')
    await named.getByRole('button', { name: t('dunning:new.create') }).click()
    await page.getByRole('heading', { level: 1, name: 'Plano A' }).waitFor()

    // Whatever the hour and the day of the week.
    await page.getByRole('button', { name: t('dunning:rules.edit') }).click()
    const rules = page.getByRole('dialog', { name: t('dunning:rules.edit') })
    await rules.getByLabel(t('dunning:rules.run_hour')).selectOption('0')
    await rules.getByRole('button', { name: t('common:action.save') }).click()
    await page.getByText(/^00:00/).waitFor()

    const after = t('dunning:day.after', { count: 15 })
    await page
      .getByRole('button', {
        name: t('dunning:steps.actions', { step: `${t('dunning:action.suspend')}, ${after}` }),
      })
      .click()
    await page.getByText(t('dunning:steps.edit'), { exact: true }).click()
    const step = page.getByRole('dialog', { name: t('dunning:step.edit') })
    await step.getByRole('textbox', { name: t('dunning:step.days') }).fill('12')
    for (const box of await step.getByRole('checkbox').all()) await box.check()
    const frame = step.frameLocator('iframe')
    // The first is the line that lists of mails show, which is hidden.
    await frame.getByText('A-1042').nth(1).waitFor()
    // What is no variable is complained of where it stands.
    const subject = step.getByRole('textbox', { name: t('dunning:step.subject') })
    const written = await subject.inputValue()
    await subject.fill('{everything}')
    await step.getByRole('button', { name: t('dunning:step.save') }).click()
    await step
      .getByText(t('errors:field.dunning_variable', { name: 'everything' }))
      .first()
      .waitFor()
    staff.faults.length = 0
    await subject.fill(`${written} !`)
    await step.getByRole('button', { name: t('dunning:step.save') }).click()
    await page
      .getByText(t('dunning:day.after', { count: 12 }), { exact: true })
      .first()
      .waitFor()

    const simulated = page.getByRole('table', { name: t('dunning:simulation.list') })
    await simulated.getByRole('link', { name: debtor.name }).first().waitFor()
    await page.getByRole('button', { name: t('dunning:policy.switch_on') }).click()
    const asking = page.getByRole('dialog', { name: t('dunning:switch_on.title', { name: 'Plano A' }) })
    await asking.getByRole('table', { name: t('dunning:simulation.title') }).waitFor()
    await asking.getByRole('button', { name: t('dunning:switch_on.confirm') }).click()
    await page.getByText(t('dunning:state.in_force'), { exact: true }).waitFor()
    await page.getByText(t('dunning:policy.frozen')).waitFor()
    expect(staff.faults).toEqual([])
  })

  it('the run does it, and the customer is told what is, what comes, and how to pay', async () => {
    await site.query(`select enqueue_job('dunning:start_runs', '{}'::json, null, null, null, 12)`)
    await until('the service is suspended', 30, async () => {
      const { status } = await site.admin.get(`/subscriptions/${debtor.subscription.id}`)
      return status === 'suspended'
    })
    const { page, t } = staff
    await page.goto(`/office/dunning?business_unit_id=${books.unit.id}`)
    for (const action of ['late_fee', 'interest', 'suspend'])
      await page
        .getByRole('cell', { name: t(`dunning:action.${action}`) })
        .first()
        .waitFor()
    await page.goto(`/office/settings/dunning?business_unit_id=${books.unit.id}`)
    await page.getByText(t('dunning:runs.finished'), { exact: true }).waitFor()

    const phone = customer.page
    for (const path of ['/', '/invoices']) {
      await phone.goto(path)
      await phone.getByText(t('dunning:banner.suspended')).waitFor()
      await phone
        .getByText(t('dunning:banner.since', { count: 12, number: `${invoice.series}-${invoice.number}` }))
        .waitFor()
    }
    await phone.getByRole('link', { name: t('dunning:banner.pay') }).click()
    await phone.waitForURL(/\/pay\?/)
    expect(customer.faults).toEqual([])
    expect(staff.faults).toEqual([])
  })

  it('staff exempt the account on its page and end that again', async () => {
    const { page, t } = staff
    await page.goto(`/office/accounts/${debtor.id}`)
    await page.getByRole('button', { name: t('dunning:account.exempt'), exact: true }).click()
    const dialog = page.getByRole('dialog', { name: t('dunning:account.exempt_title') })
    await dialog.getByRole('textbox', { name: t('dunning:account.reason') }).fill('Falou conosco')
    await dialog.getByRole('button', { name: t('dunning:account.save') }).click()
    await page.getByText('Falou conosco').waitFor()
    await page.getByRole('button', { name: t('dunning:account.lift') }).click()
    const asking = page.getByRole('dialog', { name: t('dunning:account.lift_title') })
    await asking.getByRole('button', { name: t('dunning:account.lift') }).click()
    await page.getByRole('button', { name: t('dunning:account.exempt'), exact: true }).waitFor()
    expect(staff.faults).toEqual([])
  })

  it('the payment brings the service back within a minute', async () => {
    const { owed } = await site.admin.get(`/accounts/${debtor.id}/balance`)
    await site.admin.post(`/accounts/${debtor.id}/payments`, {
      amount: owed,
      method: books.unit.payment_methods[0],
      received_on: Temporal.Now.plainDateISO(books.unit.time_zone).toString(),
    })
    await until('the service is active', 60, async () => {
      const { status } = await site.admin.get(`/subscriptions/${debtor.subscription.id}`)
      return status === 'active'
    })
    await until('the customer was told', 30, async () => {
      const { items } = await site.admin.get(`/notices?account_id=${debtor.id}&kind=dunning_reactivated`)
      return items.length === 1
    })
    const { page, t } = customer
    await page.goto('/')
    await customer.settle()
    expect(await page.getByText(t('dunning:banner.suspended')).count()).toBe(0)
    expect(customer.faults).toEqual([])
  })
})
