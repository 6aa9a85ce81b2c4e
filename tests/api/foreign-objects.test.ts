// X2 on every door: whoever asks for an object that is not theirs gets 404, never data. The test walks the OpenAPI
// document, so that a new route with an id in it is asked too, or fails until it says which object it is about.

import sharp from 'sharp'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { passingReasons } from '../../server/modules/payments/debit-retries.ts'
import { csvTargets } from '../../server/modules/payments/statement-csv.ts'
import { type Caller, startTestApi, type TestApi, testPassword } from '../api.ts'
import { Authenticator } from '../authenticator.ts'
import { debitOfTests } from '../febraban/banks.ts'
import { issueInvoice } from '../invoices.ts'
import { runJobs } from '../jobs.ts'
import { addPasskey } from '../people.ts'
import { writeOfx } from '../statements/samples.ts'

let api: TestApi
let owner: Caller
let stranger: Caller
let admin: Caller
let elsewhere: Caller
const ids: Record<string, string> = {}
let changeToken = ''
let contractFingerprint = ''

const drawPhoto = () =>
  sharp({ create: { width: 64, height: 64, channels: 3, background: '#406080' } })
    .png()
    .toBuffer()

/** A form of CSV files that is valid. */
const csvForm = {
  delimiter: ';',
  decimal: ',',
  dates: 'dmy',
  header_line: 1,
  columns: {
    ...Object.fromEntries(csvTargets.map((target) => [target, null])),
    date: 'Data',
    amount: 'Valor',
  },
  text: [],
}

const nobody = '018f0000-0000-7000-8000-000000000000'

beforeAll(async () => {
  api = await startTestApi()
  admin = await api.staff('admin')
  const unit = await api.unit()
  const other = await api.unit()
  elsewhere = await api.staff('admin', { units: [other.id] })
  const create = async (path: string, body: object) => {
    const reply = await admin.post(path, body)
    expect(reply.status, `${path} ${JSON.stringify(reply.body)}`).toBeLessThan(300)
    return reply.body.id as string
  }
  ids.unit = unit.id
  ids.account = await create('/accounts', {
    business_unit_id: unit.id,
    name: 'Victim',
    email: 'victim@walk.example',
    guided: true,
  })
  await create('/accounts', { business_unit_id: unit.id, name: 'Stranger', email: 'stranger@walk.example' })
  ids.contact = await create(`/accounts/${ids.account}/contacts`, {
    first_name: 'Vic',
    email: 'vic@walk.example',
  })
  owner = await api.customer('victim@walk.example')
  stranger = await api.customer('stranger@walk.example')
  const [colleague, heir] = await Promise.all(
    ['colleague', 'heir'].map((name) =>
      api.system(async (tx) => {
        const user = await tx
          .insertInto('users')
          .values({ side: 'customer', email: `${name}@walk.example`, name, language: 'en' })
          .returning('id')
          .executeTakeFirstOrThrow()
        return tx
          .insertInto('memberships')
          .values({ user_id: user.id, account_id: ids.account!, permissions: ['support'] })
          .returning('id')
          .executeTakeFirstOrThrow()
      }),
    ),
  )
  ids.member = colleague!.id
  ids.transfer = (await owner.post('/ownership-transfers', { member_id: heir!.id })).body.id
  ids.invitation = (
    await owner.post('/invitations', { email: 'friend@walk.example', permissions: ['support'] })
  ).body.id
  await admin.patch(`/business-units/${unit.id}`, { sensitive_changes_need_approval: true })
  ids.change_request = (await owner.patch('/account', { name: 'Victim & sons' })).body.change_request.id
  ids.api_key = (await owner.post('/api-keys', { name: 'Script', scopes: ['billing'] })).body.key.id
  for (const [side, caller, input] of [
    ['portal', owner, {}],
    ['office', admin, { business_unit_id: unit.id }],
  ] as const) {
    const made = await caller.post('/webhook-endpoints', { url: 'https://hooks.walk.example/', ...input })
    ids[`${side}_webhook`] = made.body.endpoint.id
    const sent = await caller.post(`/webhook-endpoints/${made.body.endpoint.id}/test`)
    ids[`${side}_webhook_delivery`] = sent.body.delivery_id
  }
  ids.webhook = ids.portal_webhook!
  ids.webhook_delivery = ids.portal_webhook_delivery!
  await owner.upload('PUT', '/photo', { name: 'me.png', type: 'image/png', bytes: await drawPhoto() })
  ids.photo = (await owner.get('/session')).body.photo_file_id
  ids.passkey = (await addPasskey(owner, new Authenticator())).id
  // Another browser of the owner: ending it leaves the one that walks.
  await api.nobody('portal').post('/session', { email: 'victim@walk.example', password: testPassword })
  ids.session = (await owner.get('/security/sessions')).body.items.find(
    (one: { current: boolean }) => !one.current,
  ).id
  ids.product = await create('/products', { business_unit_id: unit.id, name: 'Internet' })
  ids.plan = await create('/plans', {
    business_unit_id: unit.id,
    product_id: ids.product,
    name: 'Fibra',
    kind: 'generic',
    prices: [{ currency: 'BRL', amount: 9990 }],
    meters: [{ code: 'gb', name: 'Traffic', unit_name: 'GB', prices: [{ currency: 'BRL', amount: 1 }] }],
  })
  ids.contract = await create(`/accounts/${ids.account}/contracts`, {
    name: 'Suporte',
    type: 'hourly',
    start_date: '2026-05-01',
    amount: 1,
  })
  const targets = [{ priority: 'normal', first_response_minutes: 60, resolution_minutes: 60 }]
  ids.sla_profile = await create('/sla-profiles', { business_unit_id: unit.id, name: 'SLA', targets })
  const thresholds = [{ metric: 'cpu', warning: 80, critical: null, for_minutes: 0 }]
  ids.threshold_profile = await create('/threshold-profiles', {
    business_unit_id: unit.id,
    name: 'Limits',
    thresholds,
  })
  ids.routing_point = await create('/routing-points', { business_unit_id: unit.id, name: 'Torre' })
  ids.subscription = await create(`/accounts/${ids.account}/subscriptions`, {
    plan_id: ids.plan,
    start_date: '2026-05-21',
    status: 'active',
  })
  const used = await admin.post(`/subscriptions/${ids.subscription}/usage`, {
    records: [{ meter: 'gb', quantity: 1, key: 'walk' }],
  })
  ids.usage = used.body.items[0].id
  ids.contract_template = await create('/contract-templates', {
    business_unit_id: unit.id,
    name: 'Contract',
    language: 'en',
    body: 'Of {{account.name}}',
  })
  const issue = (id: string) => create(`/subscriptions/${id}/contract/issue`, {})
  const subscribe = () =>
    create(`/accounts/${ids.account}/subscriptions`, {
      plan_id: ids.plan,
      start_date: '2026-05-21',
      term_months: 12,
    })
  ids.contracted_subscription = await subscribe()
  ids.contract_document = await issue(ids.contracted_subscription)
  contractFingerprint = (await admin.get(`/contract-documents/${ids.contract_document}`)).body.sha256
  ids.declined_document = await issue(await subscribe())
  ids.signed_document = await issue(await subscribe())
  await admin.upload(
    'POST',
    `/contract-documents/${ids.signed_document}/sign`,
    { name: 'scan.pdf', type: 'application/pdf', bytes: Buffer.from('%PDF-1.4') },
    { signed_on: '2026-05-20', signed_by: 'Vic' },
  )
  ids.charge = (
    await admin.post(`/accounts/${ids.account}/charges`, { description: 'Visit', unit_amount: 100 })
  ).body.items[0].id
  ids.proforma = (
    await admin.post(`/accounts/${ids.account}/proformas`, {
      valid_until: '2026-06-30',
      lines: [{ description: 'Offer', unit_amount: 100 }],
    })
  ).body.documents[0].id
  ids.invoice = (
    await api.system((tx) => issueInvoice(tx, ids.account!, { total: 5000, due_date: '2026-06-10' }))
  ).id
  ids.tax = await create('/taxes', { business_unit_id: unit.id, name: 'ISS', rate: 50_000 })
  ids.coupon = await create('/coupons', {
    business_unit_id: unit.id,
    code: 'WALK',
    name: 'Walk',
    discount_kind: 'percent',
    discount_basis_points: 1000,
  })
  ids.redemption = await create(`/subscriptions/${ids.subscription}/coupons`, { code: 'WALK' })
  const receipt = await owner.upload('POST', '/receipts', {
    name: 'receipt.pdf',
    type: 'application/pdf',
    bytes: Buffer.from('%PDF'),
  })
  ids.receipt = receipt.body.file_id
  const notice = await owner.post('/payment-notices', {
    invoice_ids: [ids.invoice],
    amount: 5000,
    method: 'bank_transfer',
    paid_on: '2026-05-20',
    receipt_file_id: ids.receipt,
  })
  ids.payment_notice = notice.body.id
  const paid = await admin.post(`/accounts/${ids.account}/payments`, {
    amount: 100,
    method: 'cash',
    received_on: '2026-05-20',
  })
  ids.payment = paid.body.id ?? paid.body.payment?.id
  const closing = await admin.post('/closings', { business_unit_id: unit.id, up_to: '2026-05-31' })
  ids.closing = closing.body.id
  const upload = await admin.upload(
    'POST',
    '/imports',
    { name: 'a.csv', type: 'text/csv', bytes: Buffer.from('name,external_id\nAna,1\n') },
    { business_unit_id: unit.id, kind: 'accounts' },
  )
  ids.import = upload.body.id ?? upload.body.import?.id
  ids.file_provider = await create('/payment-providers', {
    business_unit_id: unit.id,
    driver: 'debit_file',
    name: 'Debit',
    methods: ['bank_debit'],
    settings: debitOfTests,
  })
  const returned = await admin.upload(
    'POST',
    '/bank-files',
    { name: 'a.ret', type: 'text/plain', bytes: Buffer.from('no return') },
    { provider_id: ids.file_provider },
  )
  ids.bank_file = returned.body.id
  ids.bank_account = await create('/bank-accounts', {
    business_unit_id: unit.id,
    name: 'Main',
    number: '341/1234/56789-0',
  })
  const statement = await admin.upload(
    'POST',
    '/bank-statements',
    {
      name: 'a.ofx',
      type: 'application/octet-stream',
      bytes: Buffer.from(writeOfx([{ day: '2026-05-11', amount: '12.34', id: 'WALK' }])),
    },
    { business_unit_id: unit.id, bank_account_id: ids.bank_account },
  )
  ids.bank_statement = statement.body.id
  ids.provider = await create('/payment-providers', {
    business_unit_id: unit.id,
    driver: 'sandbox',
    name: 'Sandbox',
    methods: ['card'],
    enabled: true,
  })
  const asked = await owner.post('/payment-intents', {
    provider_id: ids.provider,
    method: 'card',
    invoice_ids: [ids.invoice],
  })
  ids.intent = asked.body.id
  ids.bank_charge = await api.system(async (tx) => {
    const charge = await tx
      .insertInto('bank_charges')
      .values({
        business_unit_id: unit.id,
        account_id: ids.account!,
        provider_id: ids.file_provider!,
        intent_id: ids.intent!,
        kind: 'boleto',
        number: 1,
        our_number: '1',
        amount: 1000,
        currency: 'BRL',
        issued_on: Temporal.PlainDate.from('2026-05-01'),
        due_date: Temporal.PlainDate.from('2026-06-01'),
        typeable_line: '0'.repeat(54),
        bar_code: '0'.repeat(44),
        printed: '{}',
      })
      .returning('id')
      .executeTakeFirstOrThrow()
    return charge.id
  })
  // One that the owner removes on the way, and one that staff are asked for.
  const keepCard = (last_digits: string) =>
    api.system(async (tx) => {
      const stored = await tx
        .insertInto('stored_methods')
        .values({
          business_unit_id: unit.id,
          account_id: ids.account!,
          provider_id: ids.provider!,
          method: 'card',
          brand: 'visa',
          last_digits,
        })
        .returning('id')
        .executeTakeFirstOrThrow()
      return stored.id
    })
  ids.stored_method = await keepCard('4242')
  ids.kept_method = await keepCard('1881')
  ids.debit_run = await create(`/business-units/${unit.id}/debit-runs`, {})
  ids.privacy_export = (await owner.post('/privacy-exports', {})).body.id
  ids.document_batch = (await admin.post('/document-batches', { account_id: ids.account })).body.id
  const request = { kind: 'subscription', plan_id: ids.plan }
  const offered = { account_id: ids.account, request, as: 'quote', valid_until: '2030-01-01' }
  ids.offer = await create('/orders', offered)
  ids.declined_offer = await create('/orders', offered)
  ids.dunning_policy = await create('/dunning-policies', { business_unit_id: unit.id, name: 'Dunning' })
  ids.changing_subscription = await subscribe()
  const ends = { change: { kind: 'cancel', reason: 'Moving' } }
  const shown = async (id: string) =>
    (await owner.post(`/subscriptions/${id}/changes/preview`, ends)).body.token as string
  changeToken = await shown(ids.changing_subscription)
  const leaving = await subscribe()
  const change = await owner.post(`/subscriptions/${leaving}/changes`, {
    ...ends,
    token: await shown(leaving),
  })
  ids.change = change.body.id
  await runJobs(api)
  ids.bank_line = (await admin.get(`/bank-lines?statement_id=${ids.bank_statement}`)).body.items[0].id
  // Nothing is due for it, so that a job would do it at once.
  ids.order = await create('/orders', { account_id: ids.account, request })
  ids.notice = (await admin.get(`/notices?account_id=${ids.account}`)).body.items[0].id
  for (const [kind, id] of Object.entries(ids)) expect(id, kind).toMatch(/^[0-9a-f-]{36}$/)
})
afterAll(() => api.close())

/** Which object a path is about, and a body that is valid, so that what refuses is whose it is. */
const doors: [pattern: RegExp, kind: string, body?: object][] = [
  [/^\/business-units\/\{id\}$/, 'unit', { name: 'Taken over' }],
  [/^\/accounts\/\{id\}\/enter$/, 'account'],
  [/^\/accounts\/\{id\}\/contacts$/, 'account', { first_name: 'Eve' }],
  [
    /^\/accounts\/\{id\}\/subscriptions(\/quote)?$/,
    'account',
    { plan_id: nobody, start_date: '2026-05-21', status: 'active' },
  ],
  [/^\/accounts\/\{id\}\/billing-data$/, 'account', { payment_method: 'pix', due_day: 5 }],
  [/^\/accounts\/\{id\}\/payments$/, 'account', { amount: 1, method: 'cash', received_on: '2026-05-20' }],
  [
    /^\/accounts\/\{id\}(\/(members|next-invoice|statement(\.pdf)?|balance))?$/,
    'account',
    { name: 'Taken over' },
  ],
  [/^\/business-units\/\{id\}\/tax-order$/, 'unit', { tax_ids: [nobody] }],
  [
    /^\/business-units\/\{id\}\/chart$/,
    'unit',
    { items: [{ ledger_account: 'bank', code: '9', name: 'Taken over' }] },
  ],
  [/^\/taxes\/\{id\}$/, 'tax', { name: 'Taken over' }],
  [/^\/products\/\{id\}\/taxes$/, 'product', { tax_ids: [] }],
  [/^\/accounts\/\{id\}\/taxes$/, 'account'],
  [/^\/accounts\/\{id\}\/tax-exemptions\/\{tax_id\}$/, 'account', { reason: 'theirs' }],
  [/^\/accounts\/\{id\}\/adjustments$/, 'account', { amount: 1, reason: 'theirs' }],
  [/^\/accounts\/\{id\}\/refunds$/, 'account', { amount: 1, method: 'cash', reason: 'theirs' }],
  [/^\/invoices\/\{id\}\/write-off$/, 'invoice', { reason: 'theirs' }],
  [/^\/coupons\/\{id\}(\/redemptions)?$/, 'coupon', { name: 'Taken over' }],
  [/^\/subscriptions\/\{id\}\/coupons$/, 'subscription', { code: 'WALK' }],
  [/^\/redemptions\/\{id\}\/end$/, 'redemption'],
  [/^\/accounts\/\{id\}\/setup\/skip$/, 'account', { step: 'contact' }],
  [/^\/accounts\/\{id\}\/setup(\/dismiss)?$/, 'account'],
  [
    /^\/accounts\/\{id\}\/contracts$/,
    'account',
    { name: 'Theirs', type: 'hourly', start_date: '2026-05-01', amount: 1 },
  ],
  [/^\/accounts\/\{id\}\/dunning\/exempt$/, 'account', { until: '2030-01-01', reason: 'theirs' }],
  [/^\/accounts\/\{id\}\/dunning(\/lift)?$/, 'account'],
  [/^\/dunning-policies\/\{id\}\/switch-on$/, 'dunning_policy', { fingerprint: '0'.repeat(64) }],
  [/^\/dunning-policies\/\{id\}/, 'dunning_policy', { name: 'Taken over' }],
  [/^\/contracts\/\{id\}$/, 'contract', { name: 'Taken over' }],
  [/^\/contract-templates\/\{id\}$/, 'contract_template', { name: 'Taken over' }],
  [
    /^\/contract-documents\/\{id\}\/accept$/,
    'contract_document',
    {
      get sha256() {
        return contractFingerprint
      },
    },
  ],
  [/^\/contract-documents\/\{id\}\/decline$/, 'declined_document', { reason: 'not yours' }],
  [/^\/contract-documents\/\{id\}\/signed-copy$/, 'signed_document'],
  [/^\/contract-documents\/\{id\}(\/(pdf|send|withdraw))?$/, 'contract_document'],
  [/^\/subscriptions\/\{id\}\/contract\/renew$/, 'contracted_subscription', { months: 12 }],
  [/^\/subscriptions\/\{id\}\/(contract(\/(issue|preview))?|penalty)$/, 'contracted_subscription'],
  [/^\/sla-profiles\/\{id\}$/, 'sla_profile', { name: 'Taken over' }],
  [/^\/threshold-profiles\/\{id\}$/, 'threshold_profile', { name: 'Taken over' }],
  [/^\/accounts\/\{id\}\/privacy-exports$/, 'account'],
  [/^\/accounts\/\{id\}\/erasure$/, 'account', { number: 1, reason: 'theirs' }],
  [/^\/privacy-exports\/\{id\}(\/\{format\})?$/, 'privacy_export'],
  [/^\/contacts\/\{id\}$/, 'contact', { first_name: 'Eve' }],
  [/^\/accounts\/\{id\}\/view-as$/, 'account', { reason: 'curious' }],
  [/^\/accounts\/\{id\}\/api-keys$/, 'account'],
  [/^(\/accounts\/\{account_id\})?\/api-keys\/\{id\}(\/take-over)?$/, 'api_key', { name: 'Taken over' }],
  [/^\/api-keys\/\{id\}\/rotate$/, 'api_key', { overlap_hours: 0 }],
  [/^\/accounts\/\{id\}\/webhook-endpoints$/, 'account'],
  [/^\/accounts\/\{account_id\}\/webhook-endpoints\/\{id\}\/disable$/, 'webhook'],
  [/^\/webhook-endpoints\/\{id\}\/replay$/, 'webhook', { since: '2026-05-01T00:00:00Z' }],
  [/^\/webhook-endpoints\/\{id\}\/(rotate|test)$/, 'webhook'],
  [/^\/webhook-endpoints\/\{id\}$/, 'webhook', { description: 'Taken over' }],
  [/^\/webhook-deliveries\/\{id\}(\/replay)?$/, 'webhook_delivery'],
  [/^\/photos\/\{id\}$/, 'photo'],
  [/^\/security\/passkeys\/\{id\}$/, 'passkey', { name: 'Taken over' }],
  [/^\/security\/sessions\/\{id\}$/, 'session'],
  [/^\/members\/\{id\}\/reset-second-factor$/, 'member'],
  [/^\/members\/\{id\}$/, 'member', { permissions: ['billing'] }],
  [/^\/accounts\/\{id\}\/invitations$/, 'account', { email: 'eve@walk.example', permissions: ['support'] }],
  [/^\/invitations\/\{id\}(\/resend)?$/, 'invitation'],
  [/^\/ownership-transfers\/\{id\}\/(accept|decline|withdraw)$/, 'transfer'],
  [/^\/account-change-requests\/\{id\}\/reject$/, 'change_request', { reason: 'not yours' }],
  [/^\/account-change-requests\/\{id\}(\/(approve|withdraw))?$/, 'change_request'],
  [/^\/products\/\{id\}$/, 'product', { name: 'Taken over' }],
  [/^\/plans\/\{id\}$/, 'plan', { name: 'Taken over' }],
  [/^\/plans\/\{id\}\/(older-)?prices$/, 'plan'],
  [/^\/usage\/\{id\}$/, 'usage'],
  [
    /^\/subscriptions\/\{id\}\/usage(-summary)?$/,
    'subscription',
    { records: [{ meter: 'gb', quantity: 1, key: 'theirs' }] },
  ],
  [/^\/routing-points\/\{id\}$/, 'routing_point', { name: 'Taken over' }],
  [
    /^\/subscriptions\/\{id\}\/suspend$/,
    'subscription',
    { date: '2026-05-21', from: '2026-05-21', administrative: false },
  ],
  [/^\/subscriptions\/\{id\}\/cancel$/, 'subscription', { date: '2026-05-21', reason: 'theirs' }],
  [/^\/subscriptions\/\{id\}\/(activate|reactivate)$/, 'subscription', { date: '2026-05-21' }],
  [/^\/subscriptions\/\{id\}\/change-choices$/, 'changing_subscription'],
  [
    /^\/subscriptions\/\{id\}\/changes(\/preview)?$/,
    'changing_subscription',
    {
      change: { kind: 'cancel', reason: 'Moving' },
      get token() {
        return changeToken
      },
    },
  ],
  [/^\/changes\/\{id\}(\/withdraw)?$/, 'change'],
  [/^\/plans\/\{id\}\/policy$/, 'plan', { customer_cancels: false }],
  [/^\/subscriptions\/\{id\}$/, 'subscription', { notes: 'mine now' }],
  [/^\/invoices\/\{id\}(\/pdf)?$/, 'invoice'],
  [/^\/accounts\/\{id\}\/charges$/, 'account', { description: 'theirs', unit_amount: 1 }],
  [/^\/charges\/\{id\}\/withdraw$/, 'charge', {}],
  [
    /^\/accounts\/\{id\}\/invoices(\/preview)?$/,
    'account',
    { lines: [{ description: 'theirs', unit_amount: 1 }] },
  ],
  [
    /^\/accounts\/\{id\}\/proformas(\/preview)?$/,
    'account',
    { valid_until: '2026-06-30', lines: [{ description: 'theirs', unit_amount: 1 }] },
  ],
  [/^\/invoices\/\{id\}\/(credit-notes|void|correct)(\/preview)?$/, 'invoice', { reason: 'theirs' }],
  [
    /^\/invoices\/\{id\}\/debit-notes(\/preview)?$/,
    'invoice',
    { reason: 'theirs', lines: [{ description: 'theirs', unit_amount: 1 }] },
  ],
  [/^\/invoices\/\{id\}\/(convert|withdraw)$/, 'proforma', {}],
  [/^\/document-batches\/\{id\}(\/(cancel|parts\/\{part\}))?$/, 'document_batch'],
  [/^\/accounts\/\{id\}\/support-credits$/, 'account', { amount: 1, reason: 'theirs' }],
  [/^\/orders\/\{id\}\/decline$/, 'declined_offer'],
  [/^\/orders\/\{id\}\/(accept|withdraw)$/, 'offer'],
  [/^\/orders\/\{id\}(\/(cancel|process|refresh))?$/, 'order'],
  [/^\/payment-notices\/\{id\}\/reject$/, 'payment_notice', { reason: 'not yours' }],
  [/^\/payment-notices\/\{id\}(\/(receipt|receipts\/\{file_id\}|fits|approve))?$/, 'payment_notice', {}],
  [/^\/payments\/\{id\}(\/refund)?$/, 'payment', { amount: 1, reason: 'theirs', by: 'outside' }],
  [/^\/payment-providers\/\{id\}(\/(archive|test))?$/, 'provider', { name: 'Taken over', methods: ['card'] }],
  [/^\/payment-intents\/\{id\}(\/(cancel|look-up))?$/, 'intent'],
  [/^\/stored-methods\/\{id\}$/, 'stored_method', { automatic: false }],
  [/^\/accounts\/\{id\}\/stored-methods\/\{method_id\}$/, 'account', { automatic: true }],
  [/^\/(services|subscriptions)\/\{id\}\/stored-method$/, 'subscription', { stored_method_id: null }],
  [
    /^\/business-units\/\{id\}\/debit-policy$/,
    'unit',
    {
      enabled: false,
      announce_days: null,
      retries: Object.fromEntries(passingReasons.map((reason) => [reason, []])),
      most_attempts: 1,
    },
  ],
  [/^\/business-units\/\{id\}\/debit-runs$/, 'unit'],
  [/^\/debit-runs\/\{id\}$/, 'debit_run'],
  [/^\/bank-accounts\/\{id\}$/, 'bank_account', { name: 'Taken over' }],
  [/^\/bank-statements\/\{id\}\/form$/, 'bank_statement', { delimiter: ';', header_line: 1 }],
  [/^\/bank-statements\/\{id\}\/read$/, 'bank_statement', { mapping: csvForm }],
  [/^\/bank-statements\/\{id\}(\/(match|approve|stop))?$/, 'bank_statement'],
  [
    /^\/bank-lines\/\{id\}\/proposal$/,
    'bank_line',
    {
      get account_id() {
        return ids.account
      },
    },
  ],
  [/^\/bank-lines\/\{id\}(\/(approve|ignore|reopen))?$/, 'bank_line', {}],
  [/^\/bank-files\/\{id\}/, 'bank_file'],
  [/^\/bank-charges\/\{id\}\/due-date$/, 'bank_charge', { due_date: '2026-07-01' }],
  [/^\/bank-charges\/\{id\}\/abatement$/, 'bank_charge', { amount: 1 }],
  [/^\/bank-charges\/\{id\}(\/protest)?$/, 'bank_charge', {}],
  [/^\/payment-providers\/\{id\}\/remittances$/, 'file_provider'],
  [/^\/notices\/\{id\}(\/(html|resend))?$/, 'notice'],
  [/^\/closings\/\{id\}/, 'closing', {}],
  [/^\/business-units\/\{id\}\/closing-schedule$/, 'unit', { active: true, at_hour: 5, days_after: 0 }],
  [
    /^\/imports\/\{id\}\/mapping$/,
    'import',
    { mapping: { fields: { 'account.name': { column: 'name' } } }, as_of: '2026-05-21' },
  ],
  [/^\/imports\/\{id\}\/sheet$/, 'import', { sheet: 'Data' }],
  [/^\/imports\/\{id\}/, 'import', {}],
]
/** Paths with a parameter that is nobody's object: public, of all staff alike, or no id at all. */
const shared = [
  // Takes a file, which is asked for before anything else; its own test asks whose it is.
  '/contract-documents/{id}/sign',
  '/logos/{id}',
  '/staff/{id}',
  '/staff/{id}/resend-invitation',
  '/staff/{id}/reset-second-factor',
  '/jobs/{id}/retry',
  '/jobs/{id}',
  '/import-templates/{kind}.csv',
  '/import-templates/{kind}.xlsx',
  '/business-units/{id}/logo',
]

/** Of the account, and yet for another of its users than the owner. */
const notTheOwners = ['/ownership-transfers/{id}/accept', '/ownership-transfers/{id}/decline']

type Walk = { side: 'office' | 'portal'; method: string; path: string; url: string; body: object | undefined }

async function listDoors(side: 'office' | 'portal'): Promise<Walk[]> {
  const document = (await api.server.inject('/api/v1/openapi.json')).json() as {
    paths: Record<string, Record<string, unknown>>
  }
  const walks: Walk[] = []
  for (const [full, operations] of Object.entries(document.paths)) {
    const path = full.replace(`/api/v1/${side}`, '')
    if (path === full || !path.includes('{') || shared.includes(path)) continue
    const door = doors.find(([pattern]) => pattern.test(path))
    if (!door) throw new Error(`${full}: say in this test which object it is about`)
    // Both sides have some objects of one kind: the operator's own, and those of an account.
    const own = path.includes('{account_id}') ? undefined : ids[`${side}_${door[1]}`]
    const url = path
      .replace('{id}', own ?? ids[door[1]]!)
      .replace('{account_id}', ids.account!)
      .replace('{tax_id}', ids.tax!)
      .replace('{method_id}', ids.kept_method!)
      .replace('{file_id}', ids.receipt!)
      .replace('{format}', 'json')
      .replace('{part}', '1')
    for (const method of Object.keys(operations))
      walks.push({
        side,
        method,
        path,
        url,
        body: method === 'get' || method === 'delete' ? undefined : (door[2] ?? {}),
      })
  }
  return walks
}

function ask(caller: Caller, walk: Walk) {
  switch (walk.method) {
    case 'get':
      return caller.get(walk.url)
    case 'delete':
      return caller.delete(walk.url)
    case 'patch':
      return caller.patch(walk.url, walk.body ?? {})
    case 'put':
      return caller.put(walk.url, walk.body ?? {})
    default:
      return caller.post(walk.url, walk.body)
  }
}

it('a customer gets 404 for every object of another account, and the owner gets it', async () => {
  const walks = await listDoors('portal')
  expect(walks.length).toBeGreaterThan(7)
  for (const walk of walks) {
    const reply = await ask(stranger, walk)
    expect([reply.status, reply.body?.code], `${walk.method} ${walk.path}`).toEqual([404, 'not_found'])
    expect(reply.bytes.toString()).not.toContain('Victim')
    if (notTheOwners.includes(walk.path)) continue
    const own = await ask(owner, walk)
    expect(own.status, `owner: ${walk.method} ${walk.path} ${JSON.stringify(own.body)}`).toBeLessThan(300)
  }
})

it('a customer cannot name another account’s objects in a body either', async () => {
  const body = { amount: 100, method: 'pix', paid_on: '2026-05-20' }
  const foreign = await stranger.post('/payment-notices', { ...body, invoice_ids: [ids.invoice] })
  const missing = await stranger.post('/payment-notices', { ...body, invoice_ids: [nobody] })
  expect(foreign.status).toBeGreaterThanOrEqual(400)
  expect([foreign.status, foreign.body.code, foreign.body.errors]).toEqual([
    missing.status,
    missing.body.code,
    missing.body.errors,
  ])
})

it('staff of another business unit get 404 for every object of this one, and staff of all get it', async () => {
  const walks = await listDoors('office')
  expect(walks.length).toBeGreaterThan(35)
  for (const walk of walks) {
    const reply = await ask(elsewhere, walk)
    expect(
      [reply.status, reply.body?.code],
      `${walk.method} ${walk.path} ${JSON.stringify(reply.body)}`,
    ).toEqual([404, 'not_found'])
    expect(reply.bytes.toString()).not.toContain('Victim')
    if (walk.method === 'get') {
      const own = await ask(admin, walk)
      if (!walk.path.includes('{account_id}')) expect(own.status, `admin: ${walk.path}`).toBe(200)
    }
  }
  expect((await admin.get(`/accounts/${ids.account}`)).body.name).toBe('Victim')
})

it('without a session every route with an id answers 401', async () => {
  for (const side of ['office', 'portal'] as const) {
    for (const walk of await listDoors(side)) {
      const reply = await ask(api.nobody(side), walk)
      expect(reply.status, `${walk.method} ${walk.path}`).toBe(401)
    }
  }
})
