// Webhooks (A12) from the screen to a program that is told: made, tried, failed, sent again; an account's own on a phone.

import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { languages, translator } from '../../server/platform/translations.ts'
import { until } from '../processes.ts'
import { type Receiver, startReceiver } from '../webhooks/receiver.ts'
import { keepBooks } from './books.ts'
import { type Site, startSite, type Visit } from './site.ts'

let site: Site
let receiver: Receiver
beforeAll(async () => {
  receiver = await startReceiver()
  // The operator's own systems stand inside: here, on this machine.
  site = await startSite({ WEBHOOK_NETWORKS: '127.0.0.0/8' })
}, 300_000)
afterAll(async () => {
  await site?.close()
  await receiver?.close()
})

async function shoot(visit: Visit, name: string): Promise<void> {
  await visit.settle()
  const wider = await visit.page.evaluate<number>('document.documentElement.scrollWidth')
  expect(wider, name).toBeLessThanOrEqual(visit.width)
  if (process.env.SHOTS)
    await visit.page.screenshot({ path: `${process.env.SHOTS}/webhooks-${name}.png`, fullPage: true })
}

it('staff make an endpoint, try it, see what failed, and send it again', async () => {
  const t = translator('en')
  const visit = await site.visit({ language: 'en', width: 1440, as: site.admin, reducedMotion: true })
  const { page, faults } = visit
  await page.goto('/office/settings/webhooks')
  await page.getByText(t('webhooks:none'), { exact: true }).waitFor()
  await page
    .getByRole('button', { name: t('webhooks:new') })
    .first()
    .click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox', { name: t('webhooks:url') }).fill(receiver.url)
  await dialog.getByRole('textbox', { name: t('webhooks:description') }).fill('Warehouse')
  await dialog.getByRole('button', { name: t('webhooks:create') }).click()
  const shown = dialog.getByRole('textbox', { name: t('webhooks:key'), exact: true })
  const key = await shown.inputValue()
  expect(key).toMatch(/^whsec_[A-Za-z0-9+/]+=*$/)
  await shoot(visit, 'key')
  await dialog.getByRole('button', { name: t('webhooks:key_done') }).click()
  await page.getByRole('link', { name: 'Warehouse' }).waitFor()
  expect(await page.content()).not.toContain(key)
  await shoot(visit, 'office')

  // Nobody shows it again: neither the page nor what it is made of.
  await page.getByRole('link', { name: 'Warehouse' }).click()
  await page.getByRole('heading', { level: 1, name: 'Warehouse' }).waitFor()
  await page.getByText(t('webhooks:log_none'), { exact: true }).waitFor()
  expect(JSON.stringify(await site.admin.get('/webhook-endpoints'))).not.toContain(key.slice(6))

  receiver.answer({ status: 503, body: 'not today' })
  await page.getByRole('button', { name: t('webhooks:test'), exact: true }).click()
  await until('the test came', 30, async () => receiver.received.length === 1)
  const log = page.getByRole('list', { name: t('webhooks:log_title') })
  const delivery = log.getByRole('button', { name: new RegExp(t('webhooks:type.webhook_test')) })
  await delivery.getByText(t('webhooks:delivery_state.retrying'), { exact: true }).waitFor()
  await delivery.click()
  const attempts = dialog.getByRole('region', { name: t('webhooks:attempt_list') })
  await attempts.getByText('503', { exact: true }).waitFor()
  await attempts.getByText(t('webhooks:answer'), { exact: true }).first().click()
  await attempts.getByText('not today').first().waitFor()
  await shoot(visit, 'failed')

  receiver.answer({ status: 204 })
  await dialog.getByRole('button', { name: t('webhooks:replay'), exact: true }).click()
  await attempts.getByText('204', { exact: true }).waitFor()
  await shoot(visit, 'replayed')
  await page.keyboard.press('Escape')
  await delivery.getByText(t('webhooks:delivery_state.delivered'), { exact: true }).waitFor()

  const [one, again] = [receiver.received[0]!, receiver.received.at(-1)!]
  expect(again.headers['webhook-id'], 'the same message').toBe(one.headers['webhook-id'])
  for (const came of [one, again])
    expect(new Webhook(key).verify(came.body, came.headers)).toMatchObject({ type: 'webhook.test' })
  // The browser itself says nothing of what another program answered us.
  expect(faults).toEqual([])

  // What happens in the house is told as it happens.
  const unit = await site.admin.post('/business-units', {
    slug: 'told',
    name: 'Told',
    legal_name: 'Told Inc.',
    country: 'US',
    currency: 'USD',
    time_zone: 'America/New_York',
    language: 'en',
    closing_day: 31,
  })
  await site.admin.post('/accounts', { business_unit_id: unit.id, name: 'Told Account' })
  const told = await until('the account is told of', 30, async () =>
    receiver.received.find(({ body }) => body.includes('Told Account')),
  )
  expect(new Webhook(key).verify(told.body, told.headers)).toMatchObject({ data: { name: 'Told Account' } })
  await visit.context.close()
}, 240_000)

describe.each(languages)('an account’s own in %s', (language) => {
  it('its owner makes one on a phone, is shown the key once, and switches it off', async () => {
    const t = translator(language)
    const books = await keepBooks(site, language)
    const owner = await site.enter(books.accounts[0]!.email, language)
    const visit = await site.visit({ language, width: 390, height: 844, as: owner, reducedMotion: true })
    const { page, faults } = visit
    await page.goto('/account')
    await page.getByRole('link', { name: t('portal:tabs.webhooks'), exact: true }).click()
    await page.getByRole('heading', { level: 1, name: t('webhooks:title') }).waitFor()
    await page.getByText(t('webhooks:none'), { exact: true }).waitFor()
    expect(await page.title()).toContain(t('webhooks:title'))
    await page
      .getByRole('button', { name: t('webhooks:new') })
      .first()
      .click()
    const dialog = page.getByRole('dialog')
    const url = dialog.getByRole('textbox', { name: t('webhooks:url') })
    // The operator's networks are not its customers'.
    await url.fill(receiver.url)
    await dialog.getByRole('button', { name: t('webhooks:create') }).click()
    await until('it is refused', 15, async () => (await url.getAttribute('aria-invalid')) === 'true')
    await shoot(visit, `refused-${language}`)
    faults.length = 0
    await url.fill('https://hooks.cliente.example/zaguan')
    await dialog.getByLabel(t('webhooks:types_some')).check()
    await dialog.getByRole('checkbox', { name: new RegExp(`^${t('webhooks:type.invoice_paid')}`) }).check()
    await shoot(visit, `types-${language}`)
    await dialog.getByRole('button', { name: t('webhooks:create') }).click()
    const key = await dialog.getByRole('textbox', { name: t('webhooks:key'), exact: true }).inputValue()
    expect(key).toMatch(/^whsec_/)
    await shoot(visit, `key-${language}`)
    await dialog.getByRole('button', { name: t('webhooks:key_done') }).click()
    const list = page.getByRole('list', { name: t('webhooks:list') })
    await list.getByRole('link').click()
    await page.getByRole('heading', { level: 1, name: 'hooks.cliente.example' }).waitFor()
    await page.getByText(t('webhooks:log_none'), { exact: true }).waitFor()
    await shoot(visit, `portal-${language}`)
    expect(await page.content()).not.toContain(key)
    await page
      .getByRole('button', {
        name: t('webhooks:actions', { url: 'https://hooks.cliente.example/zaguan' }),
      })
      .click()
    await page.getByRole('menuitem', { name: t('webhooks:switch_off') }).click()
    await dialog.getByRole('button', { name: t('webhooks:switch_off') }).click()
    await page.getByText(t('webhooks:state.disabled'), { exact: true }).first().waitFor()
    expect(faults).toEqual([])
    await visit.context.close()
  }, 120_000)
})
