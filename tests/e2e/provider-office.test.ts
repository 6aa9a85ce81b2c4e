// Staff set up a provider, see what came in by it, give a part back, and let due invoices be charged by themselves.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { languages } from '../../server/platform/translations.ts'
import { until } from '../processes.ts'
import { type Books, closeBooks, keepBooks } from './books.ts'
import { type Body, type Caller, type Site, startSite, type Visit } from './site.ts'

let site: Site
let books: Books
let visit: Visit
beforeAll(async () => {
  site = await startSite()
  books = await keepBooks(site, 'pt-BR')
  await closeBooks(site, books)
  visit = await site.visit({ language: 'pt-BR', width: 1440, as: site.admin, reducedMotion: true })
  visit.page.setDefaultTimeout(20_000)
}, 240_000)
afterAll(async () => {
  await visit?.context.close()
  await site?.close()
})

/** Chooses a card on the sandbox's page, as its customer would, and waits until the house knows. */
async function chooseCard(customer: Caller, id: string, scenario: string): Promise<Body> {
  let intent: Body
  await until('the provider asks for a card', 20, async () => {
    intent = await customer.get(`/payment-intents/${id}`)
    return intent.state === 'action_needed'
  })
  await fetch(intent.action.url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ do: 'choose', scenario }),
    redirect: 'manual',
  })
  await site.admin.post(`/payment-intents/${id}/look-up`)
  await until('the payment is over', 20, async () => {
    intent = await customer.get(`/payment-intents/${id}`)
    return intent.state === 'succeeded'
  })
  return intent
}

describe('payments by a provider, in the office', () => {
  let provider: Body

  it('are set up by the screens, and tried', async () => {
    const { page, t } = visit
    await page.goto(`/office/settings/providers?business_unit_id=${books.unit.id}`)
    await page.getByText(t('providers:office.none')).waitFor()
    await page
      .getByRole('button', { name: t('providers:office.new') })
      .first()
      .click()
    const sandbox = t('providers:sandbox.title')
    await page
      .getByRole('dialog', { name: t('providers:office.choose') })
      .getByRole('button', { name: t('providers:office.choose_this', { name: sandbox }) })
      .click()
    await page
      .getByRole('heading', { level: 1, name: t('providers:office.new_of', { name: sandbox }) })
      .waitFor()
    const name = page.getByRole('textbox', { name: t('providers:office.name') })
    await name.fill('')
    await page.getByRole('button', { name: t('providers:office.add'), exact: true }).click()
    await page.getByText(t('common:input.required')).first().waitFor()
    await name.fill('Cartão de teste')
    await page.getByRole('switch', { name: t('providers:office.enabled') }).check()
    await page.getByRole('button', { name: t('providers:office.add'), exact: true }).click()
    await page.getByRole('heading', { level: 1, name: 'Cartão de teste' }).waitFor()
    await page.getByText(t('providers:office.health.untested')).waitFor()
    await page.getByRole('button', { name: t('providers:office.test'), exact: true }).click()
    await page.getByText(t('providers:office.health.working')).waitFor()
    ;[provider] = (await site.admin.get(`/payment-providers?business_unit_id=${books.unit.id}`)).items
    expect(provider).toMatchObject({ driver: 'sandbox', enabled: true, health: 'working' })
  })

  it('are seen as they come in, and a part of one is given back', async () => {
    const { page, t } = visit
    const debtor = books.accounts[0]!
    const customer = await site.enter(debtor.email, 'pt-BR')
    const [invoice] = (await customer.get('/invoices?state=open')).items
    const { id } = await customer.post('/payment-intents', {
      provider_id: provider.id,
      method: 'card',
      invoice_ids: [invoice.id],
    })
    await chooseCard(customer, id, 'success')
    await page.goto('/office/payments/providers')
    const row = page.getByRole('row').filter({ hasText: debtor.name })
    await row.getByText(t('providers:office.intent.succeeded')).waitFor()
    await row.getByText(invoice.number).waitFor()

    await page.goto('/office/payments/received')
    await page.getByRole('link', { name: debtor.name }).first().click()
    await page.getByRole('button', { name: t('providers:office.refund'), exact: true }).click()
    const dialog = page.getByRole('dialog', { name: t('providers:office.refund') })
    const amount = dialog.getByRole('textbox', { name: t('office:payments.amount') })
    await amount.fill('10,00')
    // More is not given back without a reason.
    await dialog.getByRole('button', { name: t('providers:office.refund'), exact: true }).click()
    await dialog.getByText(t('common:input.required')).waitFor()
    await dialog.getByRole('textbox', { name: t('providers:office.reason') }).fill('Cobrado a mais')
    await dialog.getByRole('button', { name: t('providers:office.refund'), exact: true }).click()
    await dialog.waitFor({ state: 'hidden' })
    // Without a reload: the provider is asked, and answers.
    const back = page
      .getByRole('table', { name: t('providers:office.reversals') })
      .getByRole('row')
      .filter({ hasText: 'Cobrado a mais' })
    await back.getByText(t('providers:office.reversal.done')).waitFor()
    expect((await site.admin.get(`/payment-reversals?account_id=${debtor.id}`)).items).toMatchObject([
      { kind: 'refund', state: 'done', amount: 1000 },
    ])
    expect((await customer.get(`/invoices/${invoice.id}`)).open_amount).toBe(1000)
  })

  it('are asked for by automatic debit, which says when a refused one is tried again', async () => {
    const { page, t } = visit
    const debtor = books.accounts[1]!
    const customer = await site.enter(debtor.email, 'pt-BR')
    const { id } = await customer.post('/stored-methods', { provider_id: provider.id, method: 'card' })
    await chooseCard(customer, id, 'refused_twice')
    // Days pass: issued documents never change otherwise.
    await site.query(
      `set session_replication_role = replica; update invoices set issue_date = current_date - 20, due_date = current_date - 1 where account_id = '${debtor.id}'`,
    )
    await page.goto(`/office/payments/debits?business_unit_id=${books.unit.id}`)
    await page.getByText(t('providers:office.no_attempts')).waitFor()
    await page.getByRole('button', { name: t('providers:office.charge_now') }).click()
    await page
      .getByRole('dialog', { name: t('providers:office.charge_question', { unit: books.unit.name }) })
      .getByRole('button', { name: t('providers:office.charge_now') })
      .click()
    const runs = page.getByRole('table', { name: t('providers:office.runs') })
    await runs.getByText(t('providers:office.run.done')).waitFor()
    await runs.getByText(t('providers:office.progress_of', { done: 1, due: 1 })).waitFor()
    // The charge appears by itself as well.
    const attempt = page.getByRole('row').filter({ hasText: debtor.name })
    await attempt.getByText(t('providers:office.debit.refused'), { exact: true }).waitFor()
    await attempt.getByText(t('providers:office.failure.insufficient_funds')).waitFor()
    const [refused] = (await site.admin.get(`/debit-attempts?account_id=${debtor.id}`)).items
    expect(refused).toMatchObject({ attempt: 1, state: 'refused', next_on: expect.any(String) })
    expect(await attempt.locator(`time[datetime="${refused.next_on}"]`).count()).toBe(1)

    await page.getByRole('button', { name: t('providers:office.policy') }).click()
    const policy = page.getByRole('dialog', {
      name: t('providers:office.policy_of', { unit: books.unit.name }),
    })
    const days = policy.getByRole('textbox', { name: t('providers:office.failure.insufficient_funds') })
    await days.fill('1, 99')
    await policy.getByRole('button', { name: t('common:action.save') }).click()
    await policy.getByText(t('providers:office.days_wrong')).waitFor()
    await days.fill('1, 4')
    await policy.getByRole('button', { name: t('common:action.save') }).click()
    await policy.waitFor({ state: 'hidden' })
    expect(
      (await site.admin.get(`/business-units/${books.unit.id}/debit-policy`)).retries.insufficient_funds,
    ).toEqual([1, 4])
    expect(visit.faults).toEqual([])
  })

  it.each(languages)('have their pages in %s', async (language) => {
    const other = await site.visit({ language, width: 390, height: 844, as: site.admin })
    try {
      const { page, t } = other
      const titles: [string, string][] = [
        [`/settings/providers?business_unit_id=${books.unit.id}`, t('providers:office.title')],
        [
          '/settings/providers/new?driver=sandbox',
          t('providers:office.new_of', { name: t('providers:sandbox.title') }),
        ],
        ['/payments/debits', t('office:payments.title')],
      ]
      for (const [path, title] of titles) {
        await page.goto(`/office${path}`)
        await page.getByRole('heading', { level: 1, name: title }).waitFor()
        await other.settle()
        expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), path).toBe(true)
      }
      expect(other.faults).toEqual([])
    } finally {
      await other.context.close()
    }
  })
})
