import { afterAll, beforeAll, expect, it } from 'vitest'
import { translator } from '../../server/platform/translations.ts'
import { until } from '../processes.ts'
import { keepBooks } from './books.ts'
import { admin, type Body, password, type Site, startSite } from './site.ts'

// API keys (A12) from the screen to the program and back; and a single permission that takes effect.

let site: Site
beforeAll(async () => {
  site = await startSite()
}, 300_000)
afterAll(() => site?.close())

/** What a program gets. */
async function call(side: 'office' | 'portal', path: string, secret: string) {
  const reply: Response = await fetch(`${site.address}/api/v1/${side}${path}`, {
    headers: { authorization: `Bearer ${secret}` },
  })
  return {
    status: reply.status,
    body: (await reply.json()) as Body,
    limit: reply.headers.get('ratelimit-limit'),
  }
}

it('staff make a key, a program uses it, it is rotated and revoked', async () => {
  const t = translator('en')
  const visit = await site.visit({ language: 'en', width: 1440, as: site.admin })
  const { page, faults } = visit
  await page.goto('/office/settings/api-keys')
  await page.getByText(t('keys:none'), { exact: true }).waitFor()
  await page
    .getByRole('button', { name: t('keys:new') })
    .first()
    .click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: t('keys:create') }).click()
  await dialog.getByText(t('keys:scopes_missing')).waitFor()
  await dialog.getByRole('textbox', { name: t('keys:name') }).fill('Night export')
  await dialog.getByText(t('keys:permission.accounts.read'), { exact: true }).click()
  // What this administrator does not hold cannot be given.
  expect(
    await dialog.getByRole('checkbox', { name: t('keys:permission.accounts.act_as') }).isDisabled(),
  ).toBe(true)
  await dialog.getByRole('textbox', { name: t('keys:calls') }).fill('120')
  await dialog.getByRole('button', { name: t('keys:create') }).click()
  const shown = dialog.getByRole('textbox', { name: t('keys:secret') })
  const secret = await shown.inputValue()
  expect(secret).toMatch(/^zgo_[\w-]{43}$/)
  await dialog.getByRole('button', { name: t('keys:secret_done') }).click()
  expect(await page.content()).not.toContain(secret)

  const reply = await call('office', '/accounts', secret)
  expect([reply.status, reply.limit]).toEqual([200, '120'])
  expect((await call('office', '/staff', secret)).status).toBe(403)
  await page.reload()
  const row = page.getByRole('listitem').filter({ hasText: 'Night export' })
  await row.getByText(/Last used .* from/).waitFor()

  await row.getByRole('button', { name: t('keys:actions', { name: 'Night export' }) }).click()
  await page.getByRole('menuitem', { name: t('keys:rotate') }).click()
  await dialog.getByRole('combobox', { name: t('keys:overlap') }).selectOption('1')
  await dialog.getByRole('button', { name: t('keys:rotate_confirm') }).click()
  const second = await shown.inputValue()
  expect(second).not.toBe(secret)
  await dialog.getByRole('button', { name: t('keys:secret_done') }).click()
  await row.getByText(/The old secret works until/).waitFor()
  for (const one of [secret, second]) expect((await call('office', '/accounts', one)).status).toBe(200)

  await row.getByRole('button', { name: t('keys:actions', { name: 'Night export' }) }).click()
  await page.getByRole('menuitem', { name: t('keys:revoke') }).click()
  await dialog.getByText(t('keys:revoke_text')).waitFor()
  await dialog.getByRole('button', { name: t('keys:revoke') }).click()
  await page.getByText(t('keys:revoke_done', { name: 'Night export' })).waitFor()
  for (const one of [secret, second]) expect((await call('office', '/accounts', one)).status).toBe(401)
  await page.getByRole('switch', { name: t('keys:ended') }).click()
  await row.getByText(t('common:state.api_key.revoked'), { exact: true }).waitFor()
  expect(faults).toEqual([])
  await visit.context.close()
}, 180_000)

it('an owner makes a key for the account’s own program, on a phone', async () => {
  const t = translator('pt-BR')
  const books = await keepBooks(site, 'pt-BR')
  const account = books.accounts[0]!
  const owner = await site.enter(account.email, 'pt-BR')
  const visit = await site.visit({ language: 'pt-BR', width: 390, as: owner })
  const { page, faults } = visit
  await page.goto('/account')
  await page.getByRole('link', { name: t('portal:tabs.api_keys') }).click()
  await page
    .getByRole('button', { name: t('keys:new') })
    .first()
    .click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox', { name: t('keys:name') }).fill('Planilha')
  await dialog.getByText(t('common:permission.services.name'), { exact: true }).click()
  await dialog.getByRole('button', { name: t('keys:create') }).click()
  const secret = await dialog.getByRole('textbox', { name: t('keys:secret') }).inputValue()
  await dialog.getByRole('button', { name: t('keys:secret_done') }).click()
  expect((await call('portal', '/subscriptions', secret)).body.items).toHaveLength(1)
  expect((await call('portal', '/invoices', secret)).status).toBe(403)

  // Staff see it on the account's page, and end it.
  const office = await site.visit({ language: 'pt-BR', width: 1440, as: site.admin })
  await office.page.goto(`/office/accounts/${account.id}`)
  await office.page.getByRole('button', { name: `${t('keys:revoke')}: Planilha` }).click()
  await office.page
    .getByRole('dialog')
    .getByRole('button', { name: t('keys:revoke') })
    .click()
  await until(
    'the key has ended',
    10,
    async () => (await call('portal', '/subscriptions', secret)).status === 401,
  )
  expect([...faults, ...office.faults]).toEqual([])
  await visit.context.close()
  await office.context.close()
}, 180_000)

it('a single permission is granted in the dialog, and the colleague has it at the next click', async () => {
  const t = translator('es')
  await site.admin.post('/staff', {
    email: 'tomas@operator.example',
    name: 'Tomás Vega',
    language: 'es',
    role: 'technician',
  })
  const token = await site.askLink('office', 'tomas@operator.example')
  await fetch(`${site.address}/api/v1/office/password`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token, password }),
  })
  const colleague = await site.signIn('office', 'tomas@operator.example')
  const theirs = await site.visit({ language: 'es', width: 1440, as: colleague })
  await theirs.page.goto('/office/')
  await theirs.settle()
  expect(await theirs.page.getByRole('link', { name: t('office:shell.audit') }).count()).toBe(0)

  const visit = await site.visit({ language: 'es', width: 1440, as: site.admin })
  const { page, faults } = visit
  await page.goto('/office/staff')
  await page.getByRole('button', { name: 'Tomás Vega' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText(t('keys:singles'), { exact: true }).click()
  await dialog.getByText(t('keys:permission.audit.read'), { exact: true }).click()
  await dialog.getByText(t('keys:permission.jobs.read'), { exact: true }).click()
  await dialog.getByText(t('keys:singles_differ', { count: 2 })).waitFor()
  await dialog.getByRole('button', { name: t('common:action.save') }).click()
  await page.getByText(t('office:staff.saved', { name: 'Tomás Vega' })).waitFor()
  await page.getByText(t('office:staff.differs')).waitFor()

  await theirs.page.reload()
  await theirs.page.getByRole('link', { name: t('office:shell.audit') }).click()
  await theirs.page.getByRole('cell', { name: admin.name }).first().waitFor()
  expect(await theirs.page.getByRole('link', { name: t('office:shell.jobs') }).count()).toBe(0)
  expect([...faults, ...theirs.faults]).toEqual([])
  await visit.context.close()
  await theirs.context.close()
}, 180_000)
