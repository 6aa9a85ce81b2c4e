import { randomUUID } from 'node:crypto'
import type { FrameLocator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Language } from '../../server/platform/translations.ts'
import { cardToken, serveMercadoPagoJs } from '../mercado-pago/mercado-pago-js.ts'
import { serveStripeJs } from '../stripe/stripe-js.ts'
import { type Books, closeBooks, keepBooks } from './books.ts'
import { type Caller, type Site, startSite } from './site.ts'

// The forms of Stripe and of Mercado Pago on the page of a payment, under its policy. The real ones are theirs to serve: here a
// script of the same interface comes from the same hosts.

let site: Site
let books: Books
let customer: Caller
let providers: { stripe: string; mercado_pago: string }
beforeAll(async () => {
  site = await startSite()
  books = await keepBooks(site, 'pt-BR')
  await closeBooks(site, books)
  customer = await site.enter(books.accounts[0]!.email, 'pt-BR')
  const add = async (driver: string, name: string, settings: object, secrets: object) =>
    (
      await site.admin.post('/payment-providers', {
        business_unit_id: books.unit.id,
        driver,
        name,
        methods: ['card'],
        settings,
        secrets,
        enabled: true,
      })
    ).id as string
  providers = {
    stripe: await add(
      'stripe',
      'Stripe',
      { publishable_key: 'pk_test_51Zaguan' },
      { secret_key: 'sk_test_51Zaguan' },
    ),
    mercado_pago: await add(
      'mercado_pago',
      'Mercado Pago',
      { public_key: 'TEST-51-Zaguan' },
      { access_token: 'TEST-51-Zaguan' },
    ),
  }
}, 240_000)
afterAll(() => site?.close())

/** A payment that waits for the payer, as its driver leaves it. */
async function open(action: object, purpose: 'payment' | 'setup' = 'payment'): Promise<string> {
  const id = randomUUID()
  await site.query(
    `insert into payment_intents (id, business_unit_id, account_id, provider_id, method, purpose, origin, amount, currency, store,
                                  state, provider_ref, action, sent_at)
     values ($1, $2, $3, $4, 'card', $5, 'customer', $6, 'BRL', $7, 'action_needed', $8, $9, now())`,
    [
      id,
      books.unit.id,
      books.accounts[0]!.id,
      'client_secret' in action ? providers.stripe : providers.mercado_pago,
      purpose,
      purpose === 'payment' ? 11_990 : 0,
      purpose === 'setup',
      `ref-${id}`,
      JSON.stringify(action),
    ],
  )
  return id
}
const stripeAction = (setup: boolean) => ({
  kind: 'stripe',
  publishable_key: 'pk_test_51Zaguan',
  client_secret: setup ? 'seti_1_secret_2' : 'pi_1_secret_2',
  setup,
})

/** Everything that the page sends to this server. */
function listen(page: Page): string[] {
  const sent: string[] = []
  page.on('request', (request) => {
    if (request.url().startsWith(site.address)) sent.push(`${request.url()} ${request.postData() ?? ''}`)
  })
  return sent
}
const shoot = async (page: Page, name: string) => {
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/${name}.png`, fullPage: true })
}
const card = '4242424242424242'
const formOf = (page: Page): FrameLocator => page.frameLocator('iframe[title="Secure payment input frame"]')

describe('the policy', () => {
  it('lets the forms into the page of a payment, and into no other', async () => {
    const policyOf = async (path: string) =>
      (await fetch(`${site.address}${path}`)).headers.get('content-security-policy')!
    expect(await policyOf(`/pay/${randomUUID()}`)).toContain("frame-src 'self' https://js.stripe.com")
    for (const path of ['/', '/pay', '/payment-methods', '/office/', '/office/pay/1'])
      expect([path, await policyOf(path)]).toEqual([path, expect.not.stringContaining('https://')])
  })
})

describe.each<[Language, number, 'light' | 'dark']>([
  ['pt-BR', 390, 'light'],
  ['es', 1440, 'dark'],
  ['en', 390, 'dark'],
])('Stripe’s form in %s, %i wide, in the %s', (language, width, scheme) => {
  it('takes a card, says why it is refused, pays, and nothing of the card comes here', async () => {
    const id = await open(stripeAction(false))
    const visit = await site.visit({ language, width, scheme, as: customer })
    const { page, t } = visit
    const stripe = await serveStripeJs(visit.context)
    const sent = listen(page)
    await page.goto(`/pay/${id}`)
    await page.getByRole('heading', { name: t('pay:stripe.title') }).waitFor()
    await formOf(page).getByLabel('Card number').fill('4000000000000002')
    const pay = page.locator('form button[type=submit]')
    expect(await pay.textContent()).toContain('119')
    await shoot(page, `stripe-form-${language}-${scheme}`)
    await pay.click()
    await page.getByRole('alert').getByText('Your card was declined.').waitFor()
    await shoot(page, `stripe-refused-${language}-${scheme}`)
    await formOf(page).getByLabel('Card number').fill(card)
    await pay.click()
    await page.getByText(t('pay:stripe.done')).waitFor()
    await shoot(page, `stripe-done-${language}-${scheme}`)
    expect(stripe.sent).toEqual(['4000000000000002', card])
    await site.query(
      `update payment_intents set state = 'succeeded', action = null, ended_at = now() where id = $1`,
      [id],
    )
    await page.getByRole('heading', { name: t('pay:done.title'), exact: true }).waitFor()
    expect(sent.join('\n')).not.toContain('4242')
    expect(sent.join('\n')).not.toContain('0002')
    expect(visit.faults).toEqual([])
    await visit.context.close()
  })
})

describe('Stripe’s form', () => {
  it('keeps a method, and takes a second step at once', async () => {
    const visit = await site.visit({ language: 'en', width: 390, as: customer })
    const { page, t } = visit
    const stripe = await serveStripeJs(visit.context)
    await page.goto(`/pay/${await open(stripeAction(true), 'setup')}`)
    await formOf(page).getByLabel('Card number').fill(card)
    await page.getByRole('button', { name: t('pay:stripe.keep') }).click()
    await page.getByText(t('pay:stripe.done_setup')).waitFor()
    stripe.status = 'requires_action'
    await page.goto(`/pay/${await open(stripeAction(false))}`)
    await page.getByText(t('pay:stripe.done')).waitFor()
    expect(stripe.acts).toBe(1)
    // Who comes back to what was paid already is not asked again.
    await page.reload()
    await page.getByText(t('pay:stripe.done')).waitFor()
    expect(visit.faults).toEqual([])
    await visit.context.close()
  })

  it('says so where it cannot be loaded, and tries again', async () => {
    const visit = await site.visit({ language: 'pt-BR', width: 390, as: customer })
    const { page, t } = visit
    await visit.context.route('https://js.stripe.com/**', (route) => route.abort())
    await page.goto(`/pay/${await open(stripeAction(false))}`)
    await page.getByText(t('pay:form.unavailable', { provider: 'Stripe' })).waitFor()
    await shoot(page, 'stripe-unavailable')
    await serveStripeJs(visit.context)
    await page.getByRole('button', { name: t('common:action.retry') }).click()
    await formOf(page).getByLabel('Card number').waitFor()
    await visit.context.close()
  })
})

describe('Mercado Pago', () => {
  it.each<[Language, number, 'light' | 'dark']>([
    ['pt-BR', 390, 'light'],
    ['es', 1440, 'light'],
    ['en', 390, 'dark'],
  ])('keeps a card by its own fields in %s, %i wide, in the %s', async (language, width, scheme) => {
    const id = await open({ kind: 'mercado_pago', public_key: 'TEST-51-Zaguan', url: '' }, 'setup')
    const visit = await site.visit({ language, width, scheme, as: customer })
    const { page, t } = visit
    const mercadoPago = await serveMercadoPagoJs(visit.context)
    const sent = listen(page)
    const next = await open({ kind: 'mercado_pago', public_key: 'TEST-51-Zaguan', url: '' }, 'setup')
    const wishes: unknown[] = []
    await page.route('**/api/v1/portal/stored-methods', (route) => {
      if (route.request().method() !== 'POST') return route.fallback()
      wishes.push(route.request().postDataJSON())
      return route.fulfill({ status: 201, json: { id: next } })
    })
    await page.goto(`/pay/${id}`)
    const field = (name: string) => page.frameLocator(`iframe[name="${name}"]`).locator('input')
    await field('cardNumber').fill('4000000000000000')
    const keep = page.getByRole('button', { name: t('pay:mercado_pago.keep') })
    await keep.click()
    await page.getByText(t('common:input.required')).first().waitFor()
    await page.getByLabel(t('pay:mercado_pago.holder')).fill('HELENA DUARTE')
    await page.getByLabel(t('pay:mercado_pago.document_number')).fill('123.456.789-09')
    await shoot(page, `mercado-pago-form-${language}-${scheme}`)
    await keep.click()
    await page.getByText(t('pay:mercado_pago.refused'), { exact: true }).waitFor()
    await field('cardNumber').fill(card)
    await keep.click()
    await page.waitForURL(`**/pay/${next}`)
    expect(wishes).toEqual([
      { provider_id: providers.mercado_pago, method: 'card', details: { token: cardToken } },
    ])
    expect(mercadoPago.sent.at(-1)).toEqual({
      number: card,
      cardholderName: 'HELENA DUARTE',
      identificationType: 'CPF',
      identificationNumber: '12345678909',
    })
    expect(sent.join('\n')).not.toContain('4242')
    expect(visit.faults).toEqual([])
    await visit.context.close()
  })

  it('leads to its checkout', async () => {
    const url = 'https://www.mercadopago.example/checkout/v1/redirect?pref_id=1'
    const id = await open({ kind: 'mercado_pago', public_key: 'TEST-51-Zaguan', url })
    const visit = await site.visit({ language: 'es', width: 390, as: customer })
    const { page, t } = visit
    await visit.context.route('https://www.mercadopago.example/**', (route) =>
      route.fulfill({ contentType: 'text/html', body: '<title>checkout</title>' }),
    )
    await page.goto(`/pay/${id}`)
    await page.waitForURL(url)
    await page.goBack()
    await page.getByRole('link', { name: t('pay:redirect.go', { provider: 'Mercado Pago' }) }).waitFor()
    await shoot(page, 'mercado-pago-back')
    await visit.context.close()
  })
})
