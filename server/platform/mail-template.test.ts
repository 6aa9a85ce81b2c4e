import { describe, expect, it } from 'vitest'
import { contrastRatio, inkOn, readableAccent } from './accent.ts'
import { type MailLook, renderMail } from './mail-layout.ts'
import type { MailKind, MailParams } from './mail-params.ts'
import { composeMail, mailKinds } from './mail-template.ts'
import { type Language, languages } from './translations.ts'

const look: MailLook = {
  name: 'Ponte Fibra',
  accent: '#0b7285',
  logo: { cid: 'logo' },
  support_email: 'ajuda@pontefibra.example',
  support_phone: '+55 11 4000-1234',
  website: 'https://pontefibra.example/',
  address: 'Rua Augusta, 1200\nSão Paulo, SP',
}

const date = Temporal.PlainDate.from
const link = 'https://portal.example/x?token=a&b=c'
const paid = { amount: 8990, currency: 'BRL', paid_on: date('2026-06-08'), link }

const note = {
  name: 'Ana',
  number: 'C-7',
  total: 123456,
  tax: 456,
  currency: 'BRL',
  reason: 'Dois dias <sem> sinal',
  lines: Array.from({ length: 11 }, (_, i) => ({ description: `Linha ${i + 1}`, net: 100 * (i + 1) })),
  link,
}

const samples: { [K in MailKind]: MailParams[K] } = {
  password_reset: { name: 'Ana', purpose: 'forgotten', link, valid_minutes: 60 },
  password_changed: { name: 'Ana', date: date('2026-06-01'), link },
  email_change: { name: 'Ana', link, valid_minutes: 60 },
  email_changed: { name: 'Ana', date: date('2026-06-01'), new_email: 'ana@nova.example', link },
  sign_in_methods_changed: {
    name: 'Ana',
    date: date('2026-06-01'),
    change: 'passkey_added',
    passkey: 'Telefone <da Ana>',
    link,
  },
  invoice_issued: {
    name: 'Ana',
    number: 'A-000123',
    period: { from: date('2026-05-21'), to: date('2026-05-31') },
    due_date: date('2026-06-10'),
    total: 123456,
    currency: 'BRL',
    lines: Array.from({ length: 11 }, (_, i) => ({ description: `Linha ${i + 1}`, net: 100 * (i + 1) })),
    link,
  },
  credit_note_issued: { ...note, about: 'A-000123' },
  debit_note_issued: { ...note, about: 'A-000123', due_date: date('2026-06-10') },
  proforma_issued: { ...note, reason: null, valid_until: date('2026-06-10') },
  payment_notice_received: { name: 'Ana', ...paid, invoice_number: 'A-000123' },
  payment_approved: { name: 'Ana', ...paid, invoice_number: 'A-000123', remaining: 0 },
  payment_rejected: { name: 'Ana', ...paid, invoice_number: null, reason: 'Sem <data>\nno comprovante' },
  staff_invitation: { name: null, invited_by: 'Rui', link, valid_hours: 72 },
  member_invitation: {
    name: null,
    invited_by: 'Rui',
    account: 'Padaria Estrela',
    permissions: ['billing', 'users'],
    link,
    valid_days: 7,
  },
  ownership_offered: {
    name: 'Ana',
    from: 'Rui',
    account: 'Padaria Estrela',
    until: Temporal.PlainDate.from('2026-06-04'),
    link,
  },
  ownership_transferred: { name: 'Ana', reader: 'new', owner: 'Ana', account: 'Padaria Estrela', link },
  contract_sent: { name: 'Ana', title: 'Contrato nº 1042', plan: 'Fibra <500>', waiting: true, link },
  contract_accepted: {
    name: 'Ana',
    title: 'Contrato nº 1042',
    plan: 'Fibra 500',
    acceptance: 'portal',
    by: 'Ana <b>',
    date: date('2026-06-01'),
    link,
  },
  quote_offered: {
    name: 'Ana',
    number: 17,
    title: '2 × Hospedagem Plus',
    total: 11613,
    due: 10613,
    recurring: { amount: 18000, unit: 'month', count: 1 },
    freemium: false,
    currency: 'BRL',
    until: date('2026-06-30'),
    note: 'Como combinamos por telefone.',
    link,
  },
  order_placed: {
    name: 'Ana',
    number: 17,
    title: 'Hospedagem Plus',
    total: 90000,
    due: 90000,
    recurring: { amount: 90000, unit: 'month', count: 12 },
    freemium: false,
    currency: 'BRL',
    until: date('2026-06-30'),
    link,
  },
  order_expired: {
    name: 'Ana',
    number: 17,
    title: 'Hospedagem Plus',
    total: 90000,
    due: 90000,
    recurring: null,
    freemium: false,
    currency: 'BRL',
    link,
  },
  order_paid_late: { name: 'Beatriz', number: 17, title: 'Hospedagem Plus', link },
  order_processed: {
    name: null,
    number: 17,
    title: 'E-mail grátis',
    total: 0,
    due: 0,
    recurring: { amount: 0, unit: 'week', count: 2 },
    freemium: true,
    currency: 'BRL',
    link,
  },
  order_failed: {
    name: 'Rui',
    number: 17,
    title: 'Hospedagem Plus',
    paid: true,
    reason: 'O plano não está mais à venda.',
    link,
  },
  change_scheduled: {
    name: 'Ana',
    change: 'plan',
    plan: 'Fibra 500',
    number: 1042,
    date: date('2026-06-30'),
    before: { plan: 'Fibra 500', amount: 11990 },
    after: { plan: 'Fibra 300', amount: 9990 },
    credited: 0,
    charged: 0,
    currency: 'BRL',
    link,
  },
  change_done: {
    name: 'Ana',
    change: 'plan',
    plan: 'Fibra 300',
    number: 1042,
    date: date('2026-05-21'),
    before: { plan: 'Fibra 300', amount: 9990 },
    after: { plan: 'Fibra 500', amount: 11990 },
    credited: 3223,
    charged: 3868,
    currency: 'BRL',
    link,
  },
  change_failed: {
    name: 'Ana',
    change: 'quantity',
    plan: 'Fibra 300',
    number: 1042,
    date: date('2026-05-21'),
    before: null,
    after: null,
    credited: 0,
    charged: 0,
    currency: 'BRL',
    reason: 'O serviço já terminou.',
    link,
  },
  cancellation_requested: {
    name: 'Ana',
    change: 'cancel',
    plan: 'Fibra 300',
    number: 1042,
    date: date('2026-05-31'),
    before: { plan: 'Fibra 300', amount: 9990 },
    after: { plan: 'Fibra 300', amount: 9990 },
    credited: 0,
    charged: 15000,
    currency: 'BRL',
    link,
  },
  contract_expiring: {
    name: 'Ana',
    number: 1042,
    plan: 'Fibra 500',
    last_day: date('2026-06-30'),
    renewal: 'automatic',
    months: 12,
    link,
  },
  payment_refunded: {
    name: 'Ana',
    amount: 5000,
    currency: 'BRL',
    on: date('2026-06-02'),
    owed_again: null,
    link,
  },
  payment_charged_back: {
    name: 'Ana',
    amount: 5000,
    currency: 'BRL',
    on: date('2026-06-02'),
    owed_again: 'A-17, A-18',
    link,
  },
  payment_method_stored: { name: 'Ana', method: 'Visa •••• 4242', automatic: true, expires_on: null, link },
  payment_method_removed: { name: null, method: 'Visa •••• 4242', automatic: false, expires_on: null, link },
  payment_method_expiring: {
    name: 'Ana',
    method: 'Visa •••• 4242',
    automatic: true,
    expires_on: date('2026-07-01'),
    link,
  },
  payment_method_expired: {
    name: 'Ana',
    method: 'Visa •••• 4242',
    automatic: true,
    expires_on: date('2026-07-01'),
    link,
  },
  debit_impossible: {
    name: 'Ana',
    number: 'A-17',
    amount: 8990,
    currency: 'BRL',
    due_date: date('2026-06-10'),
    method: 'Visa •••• 4242',
    cause: 'expired',
    link,
  },
  debit_announced: {
    name: 'Ana',
    number: 'A-17',
    amount: 8990,
    currency: 'BRL',
    due_date: date('2026-06-10'),
    method: 'Visa •••• 4242',
    link,
  },
  debit_refused: {
    name: 'Ana',
    number: 'A-17',
    amount: 8990,
    currency: 'BRL',
    due_date: date('2026-06-10'),
    method: 'Visa •••• 4242',
    reason: 'Saldo insuficiente',
    next_on: date('2026-06-12'),
    link,
  },
  webhook_disabled: { name: 'Ana', url: 'https://erp.example/hooks/zaguan', cause: 'failing', link },
  privacy_export_ready: { name: 'Ana', account: 'Padaria Estrela', until: date('2026-06-08'), link },
  account_change_decided: {
    name: 'Ana',
    account: 'Padaria Estrela',
    approved: false,
    changes: { name: 'Padaria Estrela do Sul', tax_id: null, kind: 'company' },
    reason: 'Falta o contrato social.',
    link,
  },
}

const compose = <K extends MailKind>(
  kind: K,
  changes: Partial<MailParams[K]> = {},
  language: Language = 'en',
) => composeMail(kind, { ...samples[kind], ...changes }, language, look)

/** The words of the HTML as a reader sees them. */
const visible = (html: string) =>
  html
    .replace(/<style>.*?<\/style>|<title>.*?<\/title>|<!--.*?-->|<!doctype[^>]*>/gs, '')
    .replace(/<div style="display:none.*?<\/div>/s, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/&nbsp;/g, ' ')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&amp;/g, '&')
    .replace(/\s+/g, ' ')

describe('composeMail', () => {
  it.each(languages.flatMap((language) => mailKinds.map((kind) => [kind, language] as const)))(
    '%s in %s: one line of subject, one action, nothing left open, the same words twice',
    (kind, language) => {
      const { subject, html, text } = composeMail(kind, samples[kind], language, look)
      expect(subject).toMatch(/^[^\r\n]{5,120}$/)
      expect(html).toContain(`<html lang="${language}"`)
      for (const part of [subject, visible(html), text])
        expect(part).not.toMatch(/\{\{|\}\}|undefined|\[object|NaN/)
      expect(html.match(/class="button"/g)).toHaveLength(1)
      expect(html).toContain('href="https://portal.example/x?token=a&amp;b=c"')
      expect(text).toContain(`\n${link}\n`)
      expect(text.endsWith('\n')).toBe(true)
      // Every word of the plain text is in the HTML too.
      const seen = visible(html)
      const words = text.split('\n-- \n')[0]!.split(/\s+/)
      const missing = words
        .map((word) => word.replace(/^[-:]$|:$/, ''))
        .filter((word) => !seen.includes(word))
      expect(missing).toEqual([])
    },
  )

  it('says dates and amounts in the language of the reader', () => {
    expect(compose('invoice_issued', {}, 'pt-BR').text).toContain('Vencimento: 10 de jun. de 2026')
    expect(compose('invoice_issued', {}, 'pt-BR').text).toMatch(/Total: R\$\s1\.234,56/)
    expect(compose('invoice_issued', {}, 'es').text).toContain('Vencimiento: 10 de jun de 2026')
    expect(compose('invoice_issued').text).toContain('Due date: Jun 10, 2026')
    const yen = compose('invoice_issued', { currency: 'JPY', total: 1234 })
    expect(yen.text).toContain('Total: ¥1,234')
  })

  it('says a half-open period with its last day', () => {
    const { text } = compose('invoice_issued')
    expect(text).toMatch(/Period: May 21\s–\s30, 2026/)
    expect(compose('invoice_issued', { period: null }).text).not.toContain('Period')
  })

  it('lists eight lines and says how many more there are', () => {
    const { text, html } = compose('invoice_issued')
    expect(text).toContain('- Linha 8: ')
    expect(text).not.toContain('Linha 9')
    expect(html).not.toContain('Linha 9')
    expect(text).toContain('and 3 more lines')
    const eight = compose('invoice_issued', { lines: samples.invoice_issued.lines.slice(0, 8) })
    expect(eight.text).not.toContain('more line')
  })

  it('tells a paid invoice from a part and from credit', () => {
    expect(compose('payment_approved').subject).toBe('Invoice A-000123 is paid')
    const part = compose('payment_approved', { remaining: 250 })
    expect(part.subject).toMatch(/^Payment of R\$\s?89\.90 confirmed$/)
    expect(part.text).toMatch(/Still to pay: R\$\s?2\.50/)
    expect(part.text).toContain('Pay the rest')
    const late = compose('payment_approved', {
      late_charges: { amount: 250, numbers: 'D-4' },
      taken_off: { amount: 99, numbers: 'C-7' },
    })
    expect(late.text).toMatch(/Late fee and interest, included: \S*2\.50 \(D-4\)/)
    expect(late.text).toMatch(/Discount granted: \S*0\.99 \(C-7\)/)
    const credit = compose('payment_approved', { invoice_number: null })
    expect(credit.text).toContain('It is now credit in your account at Ponte Fibra.')
  })

  it('speaks of first access where there is no password yet', () => {
    const { subject, text } = compose('password_reset', { purpose: 'first_access' })
    expect(subject).toBe('Your access to Ponte Fibra')
    expect(text).toContain('for 60 minutes')
  })

  it('escapes all that it is given, and keeps line breaks of a reason', () => {
    const evil = '<script>alert("x")</script>'
    const unit = { ...look, name: evil, address: evil, support_email: '"><img src=x onerror=1>', logo: null }
    for (const kind of mailKinds) {
      const params = Object.fromEntries(
        Object.entries({ ...samples[kind], name: evil }).map(([key, value]) => [
          key,
          typeof value === 'string' &&
          !['link', 'purpose', 'currency', 'change', 'acceptance', 'renewal', 'cause'].includes(key)
            ? evil
            : value,
        ]),
      ) as MailParams[typeof kind]
      const { html } = composeMail(kind, params, 'es', unit)
      expect(html).not.toMatch(/<script|<img/)
    }
    expect(compose('payment_rejected').html).toContain('Sem &lt;data&gt;<br>no comprovante')
  })

  it('keeps a subject on one line and refuses links that are not web addresses', () => {
    const { subject } = composeMail('password_changed', samples.password_changed, 'en', {
      ...look,
      name: 'A\r\nBcc: x@y.example',
    })
    expect(subject).toBe('Your password at A Bcc: x@y.example was changed')
    expect(() => compose('password_changed', { link: 'javascript:alert(1)' })).toThrow('Not a web address')
    expect(() => compose('password_changed', { link: '/relative' })).toThrow()
  })

  it('greets without a name, and stands without logo or contacts', () => {
    expect(compose('staff_invitation').text).toContain('\nHello,\n')
    const bare = { name: 'Só', accent: '#ffcc00', logo: null } as const
    const none = { support_email: null, support_phone: null, website: null, address: null }
    const { html, text } = composeMail('invoice_issued', samples.invoice_issued, 'pt-BR', {
      ...bare,
      ...none,
    })
    expect(html).not.toContain('<img')
    expect(html).not.toContain('Precisa de ajuda')
    expect(text.split('\n')[0]).toBe('Só')
  })
})

describe('renderMail', () => {
  it('shows the logo by its id or address, with the name where images are off', () => {
    const content = {
      look,
      language: 'en' as const,
      subject: 's',
      preheader: 'p',
      greeting: 'g',
      paragraphs: ['one'],
      reason: 'r',
    }
    expect(renderMail(content).html).toContain('<img src="cid:logo" alt="Ponte Fibra"')
    const url = { ...look, logo: { url: 'https://cdn.example/l.png?a=1&b=2' } }
    expect(renderMail({ ...content, look: url }).html).toContain(
      'src="https://cdn.example/l.png?a=1&amp;b=2"',
    )
    const bad = { ...look, logo: { url: 'data:text/html,x' } }
    expect(() => renderMail({ ...content, look: bad })).toThrow('Not a web address')
    expect(renderMail(content).html).not.toContain('class="button"')
  })
})

describe('accent', () => {
  const steps = ['00', '33', '66', '80', '99', 'cc', 'ff']
  const colours = steps.flatMap((r) => steps.flatMap((g) => steps.map((b) => `#${r}${g}${b}`)))

  it('keeps every accent readable (AA): ink on it, and text in it on light and dark', () => {
    for (const colour of colours) {
      expect(contrastRatio(inkOn(colour), colour), colour).toBeGreaterThanOrEqual(4.5)
      for (const background of ['#ffffff', '#f3f4f6', '#1a1d21', '#101215']) {
        expect(contrastRatio(readableAccent(colour, background), background), colour).toBeGreaterThanOrEqual(
          4.5,
        )
      }
    }
  })

  it('leaves a readable accent as it is, and knows the extremes', () => {
    expect(readableAccent('#0b7285', '#ffffff')).toBe('#0b7285')
    expect(contrastRatio('#000000', '#ffffff')).toBeCloseTo(21)
    expect(() => inkOn('red')).toThrow('#rrggbb')
  })
})
