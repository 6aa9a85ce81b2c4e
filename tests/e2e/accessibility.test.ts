import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Language, languages } from '../../server/platform/translations.ts'
import { until } from '../processes.ts'
import { type Books, keepBooks, keepLivelyBooks, prepareClosing } from './books.ts'
import { type Caller, readSecretLink, type Site, startSite, type Visit } from './site.ts'

// Every page of both apps, on a phone and on a desk, one of them in the light and the other in the dark: every other page the
// other way round. A page is a file in web/*/routes: one that nobody lists here fails the test.

const widths = [390, 1440] as const
const schemes = ['light', 'dark'] as const
const nobody = null

type Side = 'portal' | 'office'
/** Whose page it is, and where: the parts of the address that are known only once there is data are in braces. */
type Address = {
  as: 'customer' | 'newcomer' | 'chooser' | 'staff' | 'unguarded' | typeof nobody
  path: string
}

const customer = (...paths: string[]): Address[] => paths.map((path) => ({ as: 'customer', path }))
const newcomer = (...paths: string[]): Address[] => paths.map((path) => ({ as: 'newcomer', path }))
const staff = (...paths: string[]): Address[] =>
  paths.map((path) => ({ as: 'staff', path: `/office${path}` }))
const anybody = (...paths: string[]): Address[] => paths.map((path) => ({ as: nobody, path }))

const pages: Record<Side, Record<string, Address[]>> = {
  portal: {
    '/sign-in': anybody('/sign-in', '/sign-in?unit=rede-clara&back=/invoices'),
    '/forgot-password': anybody('/forgot-password'),
    '/confirm-email': anybody('/confirm-email?token=used', '/confirm-email'),
    '/choose-password': anybody('/choose-password?token={token}', '/choose-password?token=used'),
    '/no-account': [{ as: 'chooser', path: '/no-account' }],
    '/': [...customer('/'), ...newcomer('/')],
    '/services': [...customer('/services'), ...newcomer('/services')],
    '/services/$id': customer('/services/{service}', '/services/{ended_service}'),
    '/services/$id_/change': customer('/services/{service}/change', '/services/{service}/change?what=cancel'),
    '/invoices': [...customer('/invoices', '/invoices?state=all'), ...newcomer('/invoices')],
    '/invoices/$id': customer('/invoices/{invoice}', '/invoices/{paid_invoice}'),
    '/pay': [...customer('/pay', '/pay?notify=yes', '/pay?order={own_order}'), ...newcomer('/pay')],
    '/pay_/$id': customer(
      '/pay/{pix_intent}',
      '/pay/{failed_intent}',
      '/pay/{paid_intent}',
      '/pay/{unknown_intent}',
    ),
    '/payment-methods': [...customer('/payment-methods'), ...newcomer('/payment-methods')],
    '/payment-methods/new': customer('/payment-methods/new'),
    '/shop': [...customer('/shop'), ...newcomer('/shop')],
    '/shop/$plan': customer('/shop/{shop_plan}', '/shop/{account}'),
    '/orders': [...customer('/orders', '/orders?show=ended'), ...newcomer('/orders')],
    '/orders/$id': customer('/orders/{own_order}', '/orders/{own_quote}', '/orders/{free_order}'),
    '/payments': [...customer('/payments'), ...newcomer('/payments')],
    '/statement': [...customer('/statement'), ...newcomer('/statement')],
    '/emails': [...customer('/emails'), ...newcomer('/emails')],
    '/emails/$id': customer('/emails/{email}'),
    '/account': customer('/account'),
    '/users': [...customer('/users'), ...newcomer('/users')],
    '/contacts': [...customer('/contacts'), ...newcomer('/contacts')],
    '/invitation': [
      ...anybody('/invitation?token={invited}&unit=rede-clara', '/invitation?token=used'),
      ...customer('/invitation?token={invited}'),
    ],
    '/user': customer('/user'),
    '/api-keys': customer('/api-keys'),
    '/webhooks': customer('/webhooks'),
    '/webhooks/$id': customer('/webhooks/{own_webhook}'),
    '/view-as': anybody('/view-as?code=used'),
    '/security': customer('/security'),
    '/privacy': customer('/privacy'),
    '/$': customer('/there-is-no-such-page'),
  },
  office: {
    '/sign-in': anybody('/office/sign-in', '/office/sign-in?problem=session_ended'),
    '/forgot-password': anybody('/office/forgot-password'),
    '/confirm-email': anybody('/office/confirm-email?token=used'),
    '/second-factor': [{ as: 'unguarded', path: '/office/second-factor' }],
    '/me': staff('/me'),
    '/me/security': staff('/me/security'),
    '/settings/sign-in': staff('/settings/sign-in'),
    '/settings/api-keys': staff('/settings/api-keys'),
    '/settings/webhooks': staff('/settings/webhooks'),
    '/settings/webhooks/$id': staff('/settings/webhooks/{webhook}'),
    '/choose-password': anybody(
      '/office/choose-password?token={invitation}',
      '/office/choose-password?token=used',
    ),
    '/first-admin': anybody('/office/first-admin?token=used'),
    '/': staff('/'),
    '/accounts': staff('/accounts'),
    '/accounts/new': staff('/accounts/new'),
    '/accounts/$id': staff('/accounts/{account}'),
    '/accounts/$id/setup': staff(
      '/accounts/{guided_account}/setup?step=account',
      '/accounts/{guided_account}/setup?step=contract',
      '/accounts/{guided_account}/setup?step=profiles',
      '/accounts/{guided_account}/setup?step=contact',
      '/accounts/{guided_account}',
    ),
    '/accounts/$id/changes': staff('/accounts/{account}/changes'),
    '/accounts/$id/erasure': staff('/accounts/{account}/erasure', '/accounts/{new_account}/erasure'),
    '/accounts/$id/privacy': staff('/accounts/{account}/privacy'),
    '/accounts/$id/new-service': staff('/accounts/{account}/new-service'),
    '/accounts/$id/new-invoice': staff(
      '/accounts/{account}/new-invoice',
      '/accounts/{account}/new-invoice?kind=proforma',
    ),
    '/accounts/$id/new-order': staff('/accounts/{account}/new-order'),
    '/orders': staff('/orders'),
    '/orders/$id': staff('/orders/{offer}', '/orders/{open_order}', '/orders/{done_order}'),
    '/services': staff('/services'),
    '/services/$id': staff('/services/{service}'),
    '/service-changes': staff('/service-changes'),
    '/simulations': staff('/simulations'),
    '/reports': staff('/reports'),
    '/reports/money': staff('/reports/money'),
    '/reports/movements': staff('/reports/movements'),
    '/closings': staff('/closings'),
    '/closings/$id': staff('/closings/{closing}', '/closings/{done_closing}'),
    '/closings/$id/accounts/$account': staff('/closings/{done_closing}/accounts/{account}'),
    '/invoices': staff('/invoices'),
    '/invoices/$id': staff('/invoices/{invoice}', '/invoices/{paid_invoice}'),
    '/invoices/$id/credit': staff('/invoices/{invoice}/credit'),
    '/invoices/$id/debit': staff('/invoices/{invoice}/debit'),
    '/invoices/$id/void': staff('/invoices/{invoice}/void'),
    '/payments': staff('/payments', '/payments?state=all&id={notice}'),
    '/payments/received': staff('/payments/received'),
    '/payments/providers': staff('/payments/providers', '/payments/providers?open=true'),
    '/payments/$id': staff('/payments/{payment}'),
    '/payments/debits': staff('/payments/debits'),
    '/payments/bank-files': staff('/payments/bank-files'),
    '/payments/bank-files/$id': staff(
      '/payments/bank-files/{bank_return}',
      '/payments/bank-files/{faulty_return}',
    ),
    '/payments/bank-charges': staff('/payments/bank-charges'),
    '/payments/bank-charges/$id': staff('/payments/bank-charges/{bank_charge}'),
    '/bank-statements': staff('/bank-statements'),
    '/bank-statements/accounts': staff('/bank-statements/accounts'),
    '/bank-statements/$id': staff(
      '/bank-statements/{statement}',
      '/bank-statements/{cut_statement}',
      '/bank-statements/{draft_statement}',
    ),
    '/bank-statements/$id/$line': staff('/bank-statements/{statement}/{bank_line}'),
    '/catalogue': staff('/catalogue'),
    '/catalogue/products': staff('/catalogue/products'),
    '/catalogue/routing-points': staff('/catalogue/routing-points'),
    '/catalogue/coupons': staff('/catalogue/coupons'),
    '/catalogue/coupons/$id': staff('/catalogue/coupons/{coupon}'),
    '/ledger': staff('/ledger'),
    '/ledger/trial-balance': staff('/ledger/trial-balance'),
    '/ledger/chart': staff('/ledger/chart'),
    '/ledger/$account': staff('/ledger/receivable'),
    '/settings/taxes': staff('/settings/taxes'),
    '/catalogue/plans/new': staff('/catalogue/plans/new'),
    '/catalogue/plans/$id': staff('/catalogue/plans/{plan}'),
    '/imports': staff('/imports'),
    '/imports/$id': staff('/imports/{import}', '/imports/{done_import}'),
    '/units': staff('/units'),
    '/units/new': staff('/units/new'),
    '/units/$id': staff('/units/{unit}'),
    '/settings': staff('/settings'),
    '/dunning': staff('/dunning'),
    '/settings/providers': staff('/settings/providers'),
    '/settings/providers/$id': staff(
      '/settings/providers/{provider}',
      '/settings/providers/new?driver=sandbox',
      '/settings/providers/new?driver=pix',
    ),
    '/settings/dunning': staff('/settings/dunning'),
    '/settings/dunning/$id': staff('/settings/dunning/{dunning_policy}', '/settings/dunning/{dunning_draft}'),
    '/settings/sla-profiles': staff('/settings/sla-profiles'),
    '/settings/contract-templates': staff('/settings/contract-templates'),
    '/settings/contract-templates/$id': staff(
      '/settings/contract-templates/new',
      '/settings/contract-templates/{contract_template}',
    ),
    '/contracts': staff('/contracts', '/contracts?state=waiting'),
    '/settings/threshold-profiles': staff('/settings/threshold-profiles'),
    '/change-requests': staff('/change-requests', '/change-requests?state=approved'),
    '/staff': staff('/staff'),
    '/audit': staff('/audit'),
    '/mailbox': staff('/mailbox'),
    '/mailbox/$id': staff('/mailbox/{mail}'),
    '/jobs': staff('/jobs'),
    '/$': staff('/there-is-no-such-page'),
  },
}

/** The patterns of the pages that an app has, from the names of its files. */
function listRoutes(side: Side): string[] {
  return readdirSync(join(import.meta.dirname, '../../web', side, 'routes'))
    .filter((file) => file.endsWith('.tsx') && file !== '__root.tsx' && file !== '_app.tsx')
    .map(
      (file) =>
        `/${file
          .replace(/\.tsx$/, '')
          .replace(/^_app\.?/, '')
          .replace(/\.?index$/, '')
          .replaceAll('.', '/')}`,
    )
}

let site: Site
const callers: Record<string, Caller | undefined> = {}
const ids: Record<string, string> = {}

beforeAll(async () => {
  site = await startSite()
  const [brazil, argentina] = await Promise.all(languages.map((language) => keepBooks(site, language)))
  await seed(brazil!, argentina!)
  await demandSecondFactor()
}, 300_000)
afterAll(async () => {
  await site?.close()
})

async function seed(books: Books, others: Books): Promise<void> {
  const { admin } = site
  Object.assign(ids, await keepLivelyBooks(site, books))
  ids.closing = (await prepareClosing(site, others.unit.id, others.closing_date)).id
  const { unit } = books
  const twice = { business_unit_id: unit.id, email: 'duas@clientes.example', language: 'pt-BR' }
  await admin.post('/accounts', { ...twice, name: 'Sítio Boa Vista' })
  await admin.post('/accounts', { ...twice, name: 'Pousada Boa Vista' })
  const nothingRuns = await admin.post('/accounts', {
    business_unit_id: unit.id,
    name: 'Caio Novaes',
    email: 'caio@novo.example',
    language: 'pt-BR',
  })
  ids.new_account = nothingRuns.id
  await seedAgreements(unit.id, books.accounts[0]!.id)
  await seedDunning(unit.id)
  await seedContract(unit.id, ids.service!)
  await seedTaxes(books)
  await seedOrders(unit.id, books)
  callers.staff = admin
  callers.customer = await site.signIn('portal', books.accounts[0]!.email)
  callers.newcomer = await site.enter('caio@novo.example', 'pt-BR')
  callers.chooser = await site.enter(twice.email, 'pt-BR')
  const colleague = { email: 'colega@novo.example', permissions: ['billing', 'users'] }
  await callers.customer.post('/invitations', colleague)
  const link = await readSecretLink(admin, colleague.email, undefined, 'member_invitation')
  ids.invited = link.searchParams.get('token')!
  for (const [name, caller] of [
    ['own_webhook', callers.customer],
    ['webhook', admin],
  ] as const) {
    const { endpoint } = await caller.post('/webhook-endpoints', { url: 'https://hooks.novo.example/zaguan' })
    await caller.post(`/webhook-endpoints/${endpoint.id}/test`)
    ids[name] = endpoint.id
  }
  await admin.patch(`/business-units/${unit.id}`, { sensitive_changes_need_approval: true })
  await callers.customer.patch('/account', { name: 'Padaria Estrela do Sul' })
  ids.token = await site.askLink('portal', books.accounts[1]!.email)
  ids.email = (await callers.customer.get('/notices')).items[0].id
  await seedShop(books)
}

/** What the customer of the pages may order, has ordered and was offered; how they pay, and payments of every outcome. */
async function seedShop({ unit, product, accounts }: Books): Promise<void> {
  const { admin } = site
  const { customer } = callers
  const account = accounts[0]!.id
  const provide = (driver: string, name: string, methods: string[], settings: object) =>
    admin.post('/payment-providers', {
      business_unit_id: unit.id,
      driver,
      name,
      methods,
      settings,
      enabled: true,
    })
  const sandbox = await provide('sandbox', 'Sandbox', ['card', 'bank_debit'], {})
  const pix = await provide('pix_static', 'Pix', ['pix'], {
    key: '123e4567-e12b-12d1-a456-426655440000',
    name: 'REDE CLARA',
    city: 'SAO PAULO',
  })
  const sell = (name: string, amount: number, more: object = {}) =>
    admin.post('/plans', {
      business_unit_id: unit.id,
      product_id: product.id,
      name,
      kind: 'generic',
      prices: [{ currency: unit.currency, amount }],
      ...more,
    })
  const plan = await sell('Backup 500 GB', 0, {
    description: 'Cópias todas as noites.',
    prices: [
      { currency: unit.currency, amount: 30_000 },
      { currency: unit.currency, amount: 300_000, cycle_unit: 'month', cycle_count: 12 },
    ],
    options: [{ name: 'Cópia fora', amount: 6_000 }],
  })
  ids.shop_plan = plan.id
  const free = await sell('Página de estado', 0)
  const order = async (plan_id: string) => {
    const request = { kind: 'subscription', plan_id }
    const { token } = await customer!.post('/order-quotes', { request })
    return (await customer!.post('/orders', { request, token })).id
  }
  ids.own_order = await order(plan.id)
  ids.free_order = await order(free.id)
  const quote = await admin.post('/orders', {
    account_id: account,
    request: { kind: 'subscription', plan_id: plan.id },
    as: 'quote',
    valid_until: '2090-01-01',
    note: 'Como combinamos.',
  })
  ids.own_quote = quote.id
  // One that does not work, so that a page says why.
  ids.provider = (
    await admin.post('/payment-providers', {
      business_unit_id: unit.id,
      driver: 'sandbox',
      name: 'Cartões de teste',
      methods: ['card'],
      enabled: false,
    })
  ).id
  await site.query(
    `update payment_providers set health = 'failing', health_code = 'no_answer', health_detail = 'connect ECONNREFUSED 192.0.2.1:443',
            health_checked_at = now() where id = $1`,
    [ids.provider],
  )
  const paid = await admin.get(`/payments?account_id=${account}&limit=1`)
  ids.payment =
    paid.items[0]?.id ??
    (
      await admin.post(`/accounts/${account}/payments`, {
        amount: 1000,
        method: 'cash',
        received_on: String(Temporal.Now.plainDateISO()),
      })
    ).id
  await admin.post(`/payments/${ids.payment}/refund`, { amount: 1, reason: 'Arredondamento', by: 'outside' })
  const [invoice] = (await customer!.get('/invoices?state=open')).items
  if (invoice)
    ids.pix_intent = (
      await customer!.post('/payment-intents', {
        provider_id: pix.id,
        method: 'pix',
        invoice_ids: [invoice.id],
      })
    ).id
  else
    ids.pix_intent = (
      await customer!.post('/payment-intents', {
        provider_id: pix.id,
        method: 'pix',
        order_id: ids.own_order,
      })
    ).id
  for (const [name, state, failure] of [
    ['failed_intent', 'failed', 'insufficient_funds'],
    ['paid_intent', 'succeeded', null],
    ['unknown_intent', 'unknown', null],
  ] as const) {
    ids[name] = crypto.randomUUID()
    await site.query(
      `insert into payment_intents (id, business_unit_id, account_id, provider_id, method, origin, amount, currency, state, failure,
                                    provider_ref, ended_at)
       values ($1::uuid, $2, $3, $4, 'card', 'customer', 4200, $5, $6::text::intent_state, $7::payment_failure, $1::uuid::text,
               case when $6::text = 'unknown' then null else now() end)`,
      [ids[name], unit.id, account, sandbox.id, unit.currency, state, failure],
    )
  }
  for (const [brand, digits, expires, state, automatic] of [
    ['Visa', '4242', '2090-01-01', 'active', true],
    ['Mastercard', '3155', '2020-01-01', 'expired', false],
  ])
    await site.query(
      `insert into stored_methods (business_unit_id, account_id, provider_id, method, brand, last_digits, expires_on, state, automatic)
       values ($1, $2, $3, 'card', $4, $5, $6, $7, $8)`,
      [unit.id, account, sandbox.id, brand, digits, expires, state, automatic],
    )
}

/** A policy in force that leaves today's debtors alone, and a draft that would not. */
async function seedDunning(unitId: string): Promise<void> {
  const { admin } = site
  const draft = await admin.post('/dunning-policies', { business_unit_id: unitId, name: 'Régua nova' })
  ids.dunning_draft = draft.id
  const policy = await admin.post('/dunning-policies', { business_unit_id: unitId, name: 'Régua' })
  ids.dunning_policy = policy.id
  await admin.patch(`/dunning-policies/${policy.id}`, { due_from: '2090-01-01' })
  const { fingerprint } = await admin.get(`/dunning-policies/${policy.id}/simulation`)
  await admin.post(`/dunning-policies/${policy.id}/switch-on`, { fingerprint })
}

/** Two taxes that a product bears, one of which an account is exempt from; a coupon that a service has. */
async function seedTaxes({ unit, product, accounts }: Books): Promise<void> {
  const { admin } = site
  const tax = (body: object) => admin.post('/taxes', { business_unit_id: unit.id, ...body })
  const taxes = [
    await tax({ name: 'ISS', rate: 29_000, inclusive: true }),
    await tax({ name: 'FUST', rate: 10_000 }),
  ]
  await admin.put(`/products/${product.id}/taxes`, { tax_ids: taxes.map((one) => one.id) })
  await admin.put(`/accounts/${accounts[0]!.id}/tax-exemptions/${taxes[0]!.id}`, {
    reason: 'Entidade filantrópica',
    until: '2090-01-01',
  })
  const coupon = await admin.post('/coupons', {
    business_unit_id: unit.id,
    code: 'VERAO',
    name: 'Verão',
    discount_kind: 'percent',
    discount_basis_points: 1000,
    periods: 3,
    most_redemptions: 50,
  })
  ids.coupon = coupon.id
  await admin.post(`/subscriptions/${ids.service}/coupons`, { code: 'VERAO' })
  await admin.post(`/accounts/${accounts[0]!.id}/adjustments`, { amount: 150, reason: 'Fora do ar' })
}

/** A quote, an order that waits for its payment, and one that is done, of the account of the pages. */
async function seedOrders(unitId: string, { product, accounts }: Books): Promise<void> {
  const { admin } = site
  const plan = await admin.post('/plans', {
    business_unit_id: unitId,
    product_id: product.id,
    name: 'Hospedagem Plus',
    kind: 'hosting',
    billing_mode: 'advance',
    prices: [{ currency: 'BRL', amount: 8990 }],
    options: [{ name: 'Cópia diária', prices: [{ currency: 'BRL', amount: 1490 }] }],
  })
  const request = {
    kind: 'subscription',
    plan_id: plan.id,
    options: [{ plan_option_id: plan.options[0].id }],
  }
  const order = async (body: object = {}) =>
    (await admin.post('/orders', { account_id: accounts[0]!.id, request, ...body })).id
  ids.offer = await order({ as: 'quote', valid_until: '2090-01-01', note: 'Como combinamos por telefone' })
  ids.open_order = await order()
  ids.done_order = await order()
  await admin.post(`/orders/${ids.done_order}/process`)
  await admin.post(`/accounts/${accounts[0]!.id}/support-credits`, { amount: 5, reason: 'Cortesia' })
}

/** A template, and a contract of the service of the pages that waits for its customer. */
async function seedContract(unitId: string, serviceId: string): Promise<void> {
  const { admin } = site
  const template = await admin.post('/contract-templates', {
    business_unit_id: unitId,
    name: 'Contrato padrão',
    language: 'pt-BR',
    body: '# Contrato {{contract.number}}\n\n| Plano | Preço |\n|---|---|\n| {{service.plan}} | {{service.price}} |\n\n1. **{{account.name}}** concorda.',
    is_default: true,
  })
  ids.contract_template = template.id
  await admin.put(`/subscriptions/${serviceId}/contract`, {
    installation_fee: 30_000,
    instalments: 3,
    penalty: 'formula',
    penalty_formula: 'price * months_left / 2',
  })
  await admin.post(`/subscriptions/${serviceId}/contract/issue`, {})
}

/** An account in the middle of its guide, with what its steps choose from, and contracts on the account of the pages. */
async function seedAgreements(unitId: string, accountId: string): Promise<void> {
  const { admin } = site
  await admin.post('/sla-profiles', {
    business_unit_id: unitId,
    name: 'Comercial',
    is_default: true,
    coverage: 'business_hours',
    business_days: [1, 2, 3, 4, 5],
    opens_at: '08:00',
    closes_at: '18:00',
    targets: [{ priority: 'urgent', first_response_minutes: 30, resolution_minutes: 240 }],
  })
  await admin.post('/threshold-profiles', {
    business_unit_id: unitId,
    name: 'Servidores',
    is_default: true,
    thresholds: [{ metric: 'cpu', warning: 80, critical: 95, for_minutes: 10 }],
  })
  for (const start_date of ['2020-01-01', '2090-01-01'])
    await admin.post(`/accounts/${accountId}/contracts`, {
      name: 'Suporte',
      type: 'block_hours',
      start_date,
      amount: 10_000,
      included_minutes: 90,
    })
  const guided = await admin.post('/accounts', { business_unit_id: unitId, name: 'Guiada', guided: true })
  ids.guided_account = guided.id
}

/** Staff whom the operator's rule stops; the administrator has a second factor. It comes last: whoever is new is stopped. */
async function demandSecondFactor(): Promise<void> {
  const { admin } = site
  const unguarded = 'nina@operator.example'
  await admin.post('/staff', {
    email: unguarded,
    name: 'Nina Prado',
    language: 'en',
    role: 'support',
    all_units: true,
    units: [],
  })
  callers.unguarded = await site.enter(unguarded, 'en', 'office')
  await site.query(
    `update sessions set second_factor = true
                    where user_id <> (select id from users where email = $1)`,
    [unguarded],
  )
  await site.query('update operator_settings set staff_second_factor = true')
}

type Fault = string

type Look = { language: Language; scheme: (typeof schemes)[number] }

/** What is wrong with an address as a visit shows it. */
async function inspect(visit: Visit, { language, scheme }: Look, path: string): Promise<Fault[]> {
  const { page, faults, width } = visit
  faults.length = 0
  await visit.speak(language)
  await page.emulateMedia({ colorScheme: scheme })
  await page.goto(path)
  await visit.settle()
  // Rows out of sight keep their old colours until they are looked at.
  await page.evaluate(
    `for (const row of document.querySelectorAll('tr')) row.style.contentVisibility = 'visible'`,
  )
  await until(`the page is ${scheme}`, 5, () =>
    page.evaluate<boolean>(
      `document.documentElement.getAttribute('data-mantine-color-scheme') === '${scheme}' &&
         document.getAnimations().every((one) => one.playState !== 'running')`,
    ),
  )
  const at = `${language}, ${width} px, ${scheme}`
  // A mail is shown as it was sent, on its own paper: it is no page of ours.
  const { violations } = await new AxeBuilder({ page })
    .options({ resultTypes: ['violations'], preload: false })
    .exclude('iframe')
    .setLegacyMode(true)
    .analyze()
  const found: Fault[] = violations.flatMap(({ id, help, nodes }) =>
    nodes
      .slice(0, 4)
      .map((node) => `${at}: ${id}: ${help}\n    ${node.html.slice(0, 300)}\n    ${node.failureSummary}`),
  )
  const { title, headings, wider } = (await page.evaluate(`({
    title: document.title,
    headings: document.querySelectorAll('h1').length,
    wider: document.documentElement.scrollWidth - ${width},
  })`)) as { title: string; headings: number; wider: number }
  if (headings !== 1) found.push(`${at}: there are ${headings} level-1 headings`)
  if (title === '' || title === 'Zaguan') found.push(`${at}: the title is “${title}”`)
  if (wider > 0) found.push(`${at}: the page is ${wider} px wider than the screen`)
  return [...found, ...faults.map((fault) => `${at}: ${fault}`)]
}

// Two pages at once, as there are processors for; a visit is kept for who comes next in the same role.
const idle = new Map<string, Visit[]>()
let free = 2
const queue: (() => void)[] = []

async function withVisit<T>(
  as: Address['as'],
  width: number,
  work: (visit: Visit) => Promise<T>,
): Promise<T> {
  const kept = idle.get(`${as} ${width}`) ?? []
  idle.set(`${as} ${width}`, kept)
  const visit =
    kept.pop() ??
    (await site.visit({
      language: 'en',
      width,
      as: as === nobody ? undefined : callers[as],
      reducedMotion: true,
    }))
  const result = await work(visit)
  kept.push(visit)
  return result
}

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (free > 0) free--
  else await new Promise<void>((resolve) => queue.push(resolve))
  try {
    return await work()
  } finally {
    const next = queue.shift()
    if (next) next()
    else free++
  }
}

describe.each(['portal', 'office'] as const)('the %s', (side) => {
  it('has no page that is not listed here', () => {
    expect(Object.keys(pages[side]).toSorted()).toEqual(listRoutes(side).toSorted())
  })

  const addresses = Object.values(pages[side]).flat()
  it.concurrent.each(addresses.map((address, index) => ({ ...address, index })))(
    '$path shows $as no fault',
    { timeout: 300_000 },
    async ({ as, path, index }) => {
      const found = await inTurn(async () => {
        const known = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
          const id = ids[name]
          if (!id) throw new Error(`nothing was seeded for ${name}`)
          return id
        })
        const faults: Fault[] = []
        // The languages and the schemes take turns: over the pages, and for each page over the widths.
        for (const [turn, width] of widths.entries()) {
          const look = {
            language: languages[(index + turn) % languages.length]!,
            scheme: schemes[(index + turn) % schemes.length]!,
          }
          faults.push(...(await withVisit(as, width, (visit) => inspect(visit, look, known))))
        }
        return faults
      })
      expect(found.join('\n')).toBe('')
    },
  )
})
