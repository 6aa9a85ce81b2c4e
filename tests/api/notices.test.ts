import pg from 'pg'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { announce } from '../../server/platform/events.ts'
import { createMailer } from '../../server/platform/mail.ts'
import { type Caller, startTestApi, type TestApi, testPassword } from '../api.ts'
import { issueInvoice } from '../invoices.ts'
import { runJobs } from '../jobs.ts'
import { startTestSmtp, type TestSmtp } from '../smtp.ts'

let api: TestApi
let admin: Caller
let smtp: TestSmtp
let unit: { id: string }
let people = 0

beforeAll(async () => {
  api = await startTestApi()
  smtp = await startTestSmtp()
  admin = await api.staff('admin')
  unit = await api.unit({ slug: 'ponte', name: 'Ponte Fibra', support_email: 'ajuda@ponte.example' })
})
afterAll(async () => {
  await smtp.close()
  await api.close()
})

async function createAccount(change: object = {}) {
  const reply = await admin.post('/accounts', {
    business_unit_id: unit.id,
    name: `Cliente ${++people}`,
    email: `cliente${people}@casa.example`,
    ...change,
  })
  expect(reply.status, JSON.stringify(reply.body)).toBe(201)
  return reply.body
}

const mailsTo = async (email: string, kind = '') =>
  (await admin.get(`/notices?q=${encodeURIComponent(email)}${kind ? `&kind=${kind}` : ''}`)).body.items

/** The address that a mail leads to. */
function linkOf(notice: { text_body: string }): URL {
  const link = /https?:\/\/\S+/.exec(notice.text_body)?.[0]
  if (!link) throw new Error('no link in the mail')
  return new URL(link)
}

/** Runs jobs with a real mail server. */
async function runJobsBySmtp(options: { failing?: boolean } = {}) {
  const mailer = createMailer({ smtpUrl: smtp.url, from: 'Zaguan <mail@operator.example>' })
  try {
    return await runJobs(api, { ...options, mailer })
  } finally {
    mailer.close()
  }
}

describe('first access (A5), without a mail server', () => {
  it('goes by the link of the mail that staff can read, once', async () => {
    const account = await createAccount({
      name: 'José Couto',
      language: 'pt-BR',
      email: 'Jose@Couto.example',
    })
    const visitor = api.nobody('portal', 'es')
    expect((await visitor.post('/password-requests', { email: 'jose@couto.example' })).status).toBe(202)
    await runJobs(api)
    const [listed] = await mailsTo('jose@couto.example')
    expect(listed).toMatchObject({
      kind: 'password_reset',
      state: 'kept',
      secret: true,
      account_id: null,
      business_unit_id: unit.id,
      subject: 'Seu acesso à Ponte Fibra',
      sent_at: null,
    })
    const support = await api.staff('support')
    expect((await support.get(`/notices/${listed.id}`)).body).toMatchObject({
      body: 'withheld',
      html: null,
      text_body: null,
    })
    expect((await support.get(`/notices/${listed.id}/html`)).status).toBe(404)
    const mail = (await admin.get(`/notices/${listed.id}`)).body
    expect(mail.body).toBe('shown')
    expect(mail.html).toContain('Escolher minha senha')
    const link = linkOf(mail)
    expect(link.origin + link.pathname).toBe('http://localhost:3000/choose-password')
    expect(link.searchParams.get('unit')).toBe('ponte')
    const token = link.searchParams.get('token')!
    expect((await visitor.get(`/password-link?token=${token}`)).body).toMatchObject({
      kind: 'password',
      email: 'jose@couto.example',
      language: 'pt-BR',
    })
    expect((await visitor.post('/password', { token, password: testPassword })).status).toBe(200)
    expect((await visitor.get('/session')).body).toMatchObject({
      account_id: account.id,
      permissions: expect.arrayContaining(['owner']),
    })
    expect((await visitor.get('/notices')).body.items).toEqual([])
    const again = await api.nobody('portal').post('/password', { token, password: testPassword })
    expect(again.body.code).toBe('link_invalid')
    // A first password is no news; the next link is for a forgotten one, and that change is told.
    await runJobs(api)
    expect(await mailsTo('jose@couto.example', 'password_changed')).toEqual([])
    await api.nobody('portal').post('/password-requests', { email: 'jose@couto.example' })
    await runJobs(api)
    const [forgotten] = await mailsTo('jose@couto.example', 'password_reset')
    expect(forgotten.subject).not.toBe(listed.subject)
    const second = linkOf((await admin.get(`/notices/${forgotten.id}`)).body).searchParams.get('token')!
    expect((await visitor.post('/password', { token: second, password: testPassword })).status).toBe(200)
    await runJobs(api)
    const [changed] = await mailsTo('jose@couto.example', 'password_changed')
    expect(changed).toMatchObject({ secret: false, state: 'kept' })
    expect((await admin.get(`/notices/${changed.id}`)).body.text_body).toContain('21 de mai. de 2026')
  })

  it('answers alike for an e-mail of nobody, and sends nothing', async () => {
    const before = (await admin.get('/notices?limit=200')).body.items.length
    const reply = await api.nobody('portal').post('/password-requests', { email: 'nobody@casa.example' })
    expect(reply).toMatchObject({ status: 202, body: { accepted: true } })
    const staff = await api.nobody('office').post('/password-requests', { email: 'jose@couto.example' })
    expect(staff).toMatchObject({ status: 202, body: { accepted: true } })
    await runJobs(api)
    expect((await admin.get('/notices?limit=200')).body.items.length).toBe(before)
  })

  it('looks like the business unit whose page it was asked on, where the person is its customer', async () => {
    const other = await api.unit({ slug: 'nube', name: 'Nube Sur', language: 'es' })
    const email = 'dos@casas.example'
    await createAccount({ email })
    await createAccount({ email, business_unit_id: other.id })
    const ask = async (asked: string | undefined) => {
      await api.nobody('portal').post('/password-requests', { email, unit: asked })
      await runJobs(api)
      return (await mailsTo(email))[0].business_unit_id
    }
    expect(await ask(undefined)).toBe(unit.id)
    expect(await ask('nube')).toBe(other.id)
    expect(await ask('unknown')).toBe(unit.id)
  })

  it('invites staff, who choose a password by the link', async () => {
    const invited = await admin.post('/staff', {
      email: 'rita@operator.example',
      name: 'Rita',
      language: 'en',
      role: 'finance',
      all_units: true,
      units: [],
    })
    expect(invited.status, JSON.stringify(invited.body)).toBe(201)
    await runJobs(api)
    const [notice] = await mailsTo('rita@operator.example')
    expect(notice).toMatchObject({ kind: 'staff_invitation', business_unit_id: null, secret: true })
    const mail = (await admin.get(`/notices/${notice.id}`)).body
    expect(mail.text_body).toContain('admin 1 invites you to the back office of Zaguan')
    const link = linkOf(mail)
    expect(link.pathname).toBe('/office/choose-password')
    const rita = api.nobody('office')
    const token = link.searchParams.get('token')
    expect((await rita.post('/password', { token, password: testPassword })).status).toBe(200)
    expect((await rita.get('/session')).body.email).toBe('rita@operator.example')
    // Mails of the operator itself are for those who see every business unit.
    const local = await api.staff('support', { units: [unit.id] })
    expect((await local.get(`/notices/${notice.id}`)).status).toBe(404)
  })

  it('makes a fresh link when a link is sent again', async () => {
    const { email } = await createAccount()
    await api.nobody('portal').post('/password-requests', { email })
    await runJobs(api)
    const [first] = await mailsTo(email)
    const again = await admin.post(`/notices/${first.id}/resend`)
    expect(again.status, JSON.stringify(again.body)).toBe(201)
    await runJobs(api)
    const links = await Promise.all(
      [first.id, again.body.id].map(async (id) => linkOf((await admin.get(`/notices/${id}`)).body).href),
    )
    expect(new Set(links).size).toBe(2)
  })
})

describe('invoices', () => {
  it('are told to each billing contact once, in the account’s language, however often it is announced', async () => {
    const account = await createAccount({ language: 'es' })
    for (const [first_name, email, topics] of [
      ['Ana', 'ana@casa.example', ['billing']],
      ['Ana otra vez', 'ANA@casa.example', ['billing']],
      ['Beto', 'beto@casa.example', ['billing', 'support']],
      ['Caro', 'caro@casa.example', ['support']],
    ])
      await admin.post(`/accounts/${account.id}/contacts`, { first_name, email, topics })
    const alone = await createAccount({ language: 'en' })
    const unreachable = await createAccount({ email: null })
    const invoices = await api.system(async (tx) => {
      const made = []
      for (const id of [account.id, alone.id, unreachable.id])
        made.push(
          await issueInvoice(tx, id, {
            total: 123456,
            due_date: '2026-06-10',
            lines: ['Fibra 500', 'IP fijo'],
          }),
        )
      return made
    })
    const tell = async () => {
      await api.system((tx) => announce(tx, 'invoices.issued', { invoice_ids: invoices.map(({ id }) => id) }))
      await runJobs(api)
    }
    await tell()
    await tell()
    const told = (await admin.get(`/notices?account_id=${account.id}`)).body.items
    expect(told.map((item: { to_email: string }) => item.to_email.toLowerCase()).sort()).toEqual([
      'ana@casa.example',
      'beto@casa.example',
    ])
    const mail = (await admin.get(`/notices/${told[0].id}`)).body
    expect(mail).toMatchObject({ kind: 'invoice_issued', language: 'es', account_name: account.name })
    expect(mail.text_body).toContain(invoices[0]!.number)
    expect(mail.text_body).toContain('Fibra 500')
    expect(mail.text_body).toMatch(/BRL\s1\.234,56/)
    expect(mail.text_body).toContain('10 de jun de 2026')
    expect(linkOf(mail).pathname).toBe(`/invoices/${invoices[0]!.id}`)
    const [english, ...others] = (await admin.get(`/notices?account_id=${alone.id}`)).body.items
    expect(others).toEqual([])
    expect(english).toMatchObject({ to_email: alone.email, language: 'en', state: 'kept' })
    expect((await admin.get(`/notices?account_id=${unreachable.id}`)).body.items).toEqual([])
  })
})

describe('e-mails received (C3)', () => {
  it('are readable in full by the account alone, in a frame that can do nothing, and sent again', async () => {
    const account = await createAccount()
    const other = await createAccount()
    const png = await sharp({ create: { width: 60, height: 20, channels: 3, background: '#0b7285' } })
      .png()
      .toBuffer()
    const logo = await admin.upload('PUT', `/business-units/${unit.id}/logo`, {
      name: 'l.png',
      type: 'image/png',
      bytes: png,
    })
    expect(logo.status).toBe(200)
    await api.system(async (tx) => {
      const invoice = await issueInvoice(tx, account.id, { total: 8990, due_date: '2026-06-10' })
      await announce(tx, 'invoices.issued', { invoice_ids: [invoice.id] })
    })
    await runJobs(api)
    const customer = await api.customer(account.email)
    const { items } = (await customer.get('/notices')).body
    expect(items).toMatchObject([{ kind: 'invoice_issued', to_email: account.email, state: 'kept' }])
    const path = `/notices/${items[0].id}`
    const mail = (await customer.get(path)).body
    expect(mail.html).toContain('<!doctype html>')
    expect(mail.text_body).toContain('Ponte Fibra')
    const page = await customer.get(`${path}/html`)
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8')
    expect(page.headers['content-disposition']).toMatch(/^inline/)
    expect(page.headers['x-frame-options']).toBe('SAMEORIGIN')
    expect(page.headers['content-security-policy']).toMatch(
      /default-src 'none'.*frame-ancestors 'self'.*sandbox/,
    )
    expect(page.headers['content-security-policy']).not.toContain('allow-scripts')
    const html = page.bytes.toString()
    expect(html).toContain('src="data:image/png;base64,')
    expect(html).not.toContain('cid:')

    const stranger = await api.customer(other.email)
    expect((await stranger.get('/notices')).body.items).toEqual([])
    for (const reply of [
      await stranger.get(path),
      await stranger.get(`${path}/html`),
      await stranger.post(`${path}/resend`),
    ])
      expect(reply.status).toBe(404)

    await admin.post(`/accounts/${account.id}/contacts`, {
      first_name: 'Técnica',
      email: `tec${people}@casa.example`,
      topics: [],
    })
    const technician = await api.customer(`tec${people}@casa.example`)
    expect((await technician.get('/notices')).body.items).toEqual([])
    expect((await technician.get(path)).status).toBe(404)

    expect((await customer.post(`${path}/resend`)).status).toBe(202)
    await runJobs(api)
    const now = (await customer.get('/notices')).body.items
    expect(now).toHaveLength(2)
    expect(now[0]).toMatchObject({ resent_from: items[0].id, subject: items[0].subject })
    for (let n = 0; n < 9; n++) await customer.post(`${path}/resend`)
    expect((await customer.post(`${path}/resend`)).body).toMatchObject({
      status: 429,
      code: 'resend_too_often',
    })
    await runJobs(api)
    const paged: string[] = []
    let cursor: string | null = null
    do {
      const reply = await customer.get(`/notices?limit=4${cursor ? `&cursor=${cursor}` : ''}`)
      paged.push(...reply.body.items.map((item: { id: string }) => item.id))
      cursor = reply.body.next_cursor
    } while (cursor)
    expect(new Set(paged).size).toBe(11)
  })
})

describe('payments', () => {
  it('are thanked for, confirmed with what remains, or refused with the reason', async () => {
    const account = await createAccount({ language: 'en' })
    const customer = await api.customer(account.email)
    const invoice = await api.system((tx) =>
      issueInvoice(tx, account.id, { total: 10000, due_date: '2026-06-10' }),
    )
    await api.system((tx) =>
      tx
        .updateTable('business_units')
        .set({ payment_methods: ['pix'] as never })
        .where('id', '=', unit.id)
        .execute(),
    )
    const notify = async (amount: number) => {
      const reply = await customer.post('/payment-notices', {
        invoice_ids: [invoice.id],
        amount,
        method: 'pix',
        paid_on: '2026-05-20',
      })
      expect(reply.status, JSON.stringify(reply.body)).toBe(201)
      await runJobs(api)
      return reply.body.id
    }
    const last = async (kind: string) => {
      const [notice] = (await customer.get('/notices')).body.items
      expect(notice.kind).toBe(kind)
      return (await customer.get(`/notices/${notice.id}`)).body
    }
    const refused = await notify(4000)
    expect((await last('payment_notice_received')).text_body).toContain(invoice.number)
    await admin.post(`/payment-notices/${refused}/reject`, { reason: 'Wrong account\non the receipt' })
    await runJobs(api)
    expect((await last('payment_rejected')).text_body).toContain('Wrong account\non the receipt')
    await admin.post(`/payment-notices/${await notify(4000)}/approve`, {})
    await runJobs(api)
    const part = await last('payment_approved')
    expect(part.text_body).toMatch(/R\$60\.00/)
    expect(part.text_body).toContain('May 20, 2026')
    await admin.post(`/payment-notices/${await notify(6000)}/approve`, {})
    await runJobs(api)
    expect((await last('payment_approved')).subject).toBe(`Invoice ${invoice.number} is paid`)
    const more = [
      await api.system((tx) => issueInvoice(tx, account.id, { total: 100, due_date: '2026-06-10' })),
      await api.system((tx) => issueInvoice(tx, account.id, { total: 200, due_date: '2026-06-11' })),
    ]
    await admin.post(`/accounts/${account.id}/payments`, {
      amount: 300,
      method: 'pix',
      received_on: '2026-05-21',
    })
    await runJobs(api)
    const both = await last('payment_approved')
    expect(both.subject).toBe(`Invoices ${more.map(({ number }) => number).join(', ')} are paid`)
    expect(linkOf(both).pathname).toBe('/invoices')
    const credit = await admin.post(`/accounts/${account.id}/payments`, {
      amount: 500,
      method: 'pix',
      received_on: '2026-05-21',
    })
    expect(credit.status).toBe(201)
    await runJobs(api)
    expect((await last('payment_approved')).text_body).toContain('credit')
  })
})

describe('with a mail server', () => {
  it('mails go out as the business unit, with its logo, and links are removed from the mailbox', async () => {
    const account = await createAccount()
    await api.nobody('portal').post('/password-requests', { email: account.email })
    await runJobsBySmtp()
    const mail = smtp.mails.at(-1)!
    expect(mail.from).toMatchObject({ name: 'Ponte Fibra', address: 'mail@operator.example' })
    expect(mail.to).toMatchObject([{ address: account.email }])
    expect(mail.replyTo).toMatchObject([{ address: 'ajuda@ponte.example' }])
    expect(mail.attachments).toMatchObject([{ mimeType: 'image/png', contentId: '<logo>' }])
    const [notice] = await mailsTo(account.email)
    expect(mail.messageId).toBe(`<${notice.id}@localhost>`)
    expect(notice).toMatchObject({ state: 'sent', error: null })
    expect(Temporal.Instant.from(notice.sent_at).equals(api.now())).toBe(true)
    expect((await admin.get(`/notices/${notice.id}`)).body).toMatchObject({
      body: 'removed',
      html: null,
      text_body: null,
    })
    const token = linkOf({ text_body: mail.text! }).searchParams.get('token')
    const visitor = api.nobody('portal')
    expect((await visitor.post('/password', { token, password: testPassword })).status).toBe(200)
  })

  it('one that is out of order is tried again; the mails that went are not sent twice', async () => {
    const accounts = [await createAccount(), await createAccount(), await createAccount()]
    const [bad, never] = [accounts[1].email, accounts[2].email]
    await api.system(async (tx) => {
      const ids = []
      for (const { id } of accounts)
        ids.push((await issueInvoice(tx, id, { total: 1, due_date: '2026-06-10' })).id)
      await announce(tx, 'invoices.issued', { invoice_ids: ids })
    })
    const sentTo = (email: string) => smtp.mails.filter((mail) => mail.to?.[0]?.address === email).length
    smtp.answer = (address) => (address === bad ? 451 : address === never ? 550 : null)
    const failures = await runJobsBySmtp({ failing: true })
    expect(failures).toMatchObject([{ task: 'notices:deliver' }])
    expect(accounts.map(({ email }) => sentTo(email))).toEqual([1, 0, 0])
    expect((await mailsTo(accounts[0].email))[0]).toMatchObject({ state: 'sent' })
    expect((await mailsTo(bad))[0]).toMatchObject({ state: 'queued', error: expect.stringContaining('451') })
    // An address that the server refuses for good is not tried again.
    expect((await mailsTo(never))[0]).toMatchObject({
      state: 'failed',
      error: expect.stringContaining('550'),
    })

    const waiting = (await admin.get('/jobs?task=notices:deliver')).body.items
    expect(waiting).toMatchObject([
      { state: 'retrying', attempts: 1, last_error: expect.stringContaining('451') },
    ])
    smtp.answer = () => null
    expect((await admin.post(`/jobs/${waiting[0].id}/retry`)).status).toBe(204)
    await runJobsBySmtp()
    expect(accounts.map(({ email }) => sentTo(email))).toEqual([1, 1, 0])
    expect((await mailsTo(bad))[0]).toMatchObject({ state: 'sent', error: null })
    expect((await admin.get('/jobs')).body.items).toEqual([])

    const again = await admin.post(`/notices/${(await mailsTo(never))[0].id}/resend`)
    await runJobsBySmtp()
    expect((await admin.get(`/notices/${again.body.id}`)).body).toMatchObject({ state: 'sent' })
  })

  it('that stays out of order fails with the last attempt, and says why', async () => {
    const account = await createAccount()
    await api.nobody('portal').post('/password-requests', { email: account.email })
    smtp.answer = () => 451
    for (let attempt = 1; attempt <= 12; attempt++) {
      await runJobsBySmtp({ failing: true })
      expect((await mailsTo(account.email))[0].state).toBe(attempt < 12 ? 'queued' : 'failed')
      if (attempt < 12) await makeDue()
    }
    smtp.answer = () => null
    const [notice] = await mailsTo(account.email)
    expect(notice.error).toContain('451')
    expect((await admin.get(`/notices/${notice.id}`)).body.body).toBe('removed')
  })
})

/** Lets the back-off of every job be over. */
async function makeDue() {
  const owner = new pg.Client({ connectionString: api.database.ownerUrl })
  await owner.connect()
  await owner.query('update graphile_worker._private_jobs set run_at = now() where locked_at is null')
  await owner.end()
}

describe('the queue of jobs', () => {
  it('shows what failed and why to those who may see it; they run it again or discard it', async () => {
    const account = await createAccount()
    const [auditor, support] = [await api.staff('auditor'), await api.staff('support')]
    await runJobs(api)
    await api.system((tx) => announce(tx, 'payment.notified', { payment_notice_id: 'not an id' }))
    await api.nobody('portal').post('/password-requests', { email: account.email })
    const waiting = (await admin.get('/jobs?state=queued')).body.items
    expect(waiting.map((job: { task: string }) => job.task).sort()).toEqual([
      'notices:send_password_link',
      'notices:send_payment_notified',
    ])
    expect(JSON.stringify(waiting)).not.toContain(account.email)
    await runJobs(api, { failing: true })
    const { items } = (await admin.get('/jobs?q=uuid')).body
    expect(items).toMatchObject([
      {
        task: 'notices:send_payment_notified',
        state: 'retrying',
        last_error: expect.stringContaining('uuid'),
      },
    ])
    const id = items[0].id
    expect((await auditor.get('/jobs')).body.items).toHaveLength(1)
    expect((await auditor.post(`/jobs/${id}/retry`)).body.code).toBe('not_permitted')
    expect((await auditor.delete(`/jobs/${id}`)).body.code).toBe('not_permitted')
    expect((await support.get('/jobs')).body.code).toBe('not_permitted')
    expect((await admin.post(`/jobs/${id}/retry`)).status).toBe(204)
    expect((await admin.get('/jobs')).body.items).toMatchObject([{ id, state: 'queued', attempts: 0 }])
    expect((await admin.delete(`/jobs/${id}`)).status).toBe(204)
    expect((await admin.get('/jobs')).body.items).toEqual([])
    for (const gone of [id, 0, 'nonsense', '99999999999999999999'])
      expect((await admin.delete(`/jobs/${gone}`)).status).toBe(404)
    const audit = (await admin.get('/audit?object_type=jobs')).body.items
    expect(audit.map((entry: { action: string }) => entry.action).slice(0, 2)).toEqual([
      'discarded',
      'retried',
    ])
  })
})
