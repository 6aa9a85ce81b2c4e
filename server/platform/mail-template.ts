// Every mail that we send: its words (locales/*/mail.json) and its one layout, as HTML and as plain text. Pure.
import { inkOn, readableAccent } from './accent.ts'
import { type DateRange, formatDate } from './calendar.ts'
import type { ChangeKind, MembershipPermission } from './database.gen.ts'
import {
  composeDebitAnnounced,
  composeDebitImpossible,
  composeDebitRefused,
  composeMethod,
  composeReversal,
} from './mail-payments.ts'
import { formatMoney } from './money.ts'
import { formatPeriod } from './period.ts'
import { type Language, translator } from './translations.ts'

/** How a business unit presents itself in a mail. Everything but the name and the accent may be missing. */
export type MailLook = {
  name: string
  /** #rrggbb */
  accent: string
  /** An image that travels with the mail, or one at an absolute address. The mail reads well without it. */
  logo: { cid: string } | { url: string } | null
  support_email: string | null
  support_phone: string | null
  website: string | null
  /** Postal address, on one line or several. */
  address: string | null
}

/** Rows of name and amount, already in the reader's language; the last may be a total. */
export type MailTable = {
  head: [label: string, amount: string]
  rows: [label: string, amount: string][]
  /** Said under the rows when not all of them are shown. */
  note?: string | null
  total?: [label: string, amount: string]
}

export type MailContent = {
  look: MailLook
  language: Language
  /** Also the title of the HTML document. */
  subject: string
  /** What the list of mails shows beside the subject. */
  preheader: string
  greeting: string
  paragraphs: string[]
  facts?: [label: string, value: string][]
  /** Somebody's own words, such as the reason of a rejection. */
  quote?: [label: string, words: string]
  table?: MailTable
  action?: { label: string; url: string }
  /** Small print under the action: how long the link is valid, what to do if it was not you. */
  notes?: string[]
  /** Why this person receives this mail. */
  reason: string
}

export type RenderedMail = { html: string; text: string }

const escapes: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (character) => escapes[character] ?? '')

const escapeLines = (text: string) => escapeHtml(text.trim()).replace(/\r\n|\r|\n/g, '<br>')

/** Control characters (line breaks too) become spaces: for subjects and everything else of one line. */
function oneLine(text: string): string {
  return text
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .replace(/ {2,}/g, ' ')
    .trim()
}

/** The postal address on one line, whatever lines it was written on. */
function joinAddress({ address }: MailLook): string {
  const lines = (address ?? '').split(/[\r\n]+/).map((line) => oneLine(line).replace(/,$/, ''))
  return lines.filter(Boolean).join(', ')
}

function requireWebAddress(url: string): string {
  const { protocol } = new URL(url)
  if (protocol !== 'https:' && protocol !== 'http:') throw new Error(`Not a web address: ${url}`)
  return url
}

const fontStack = "Inter,-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"

// Light is inline, because that is all some readers honour; dark is by class, for those that know it.
const light = { page: '#f3f4f6', card: '#ffffff', ink: '#1a1d21', soft: '#5c636d', line: '#e3e6ea' }
const dark = { page: '#101215', card: '#1a1d21', ink: '#eef0f2', soft: '#a4abb5', line: '#343940' }

function renderStyle(accent: string): string {
  const rules = (prefix: string) =>
    [
      ['.page', `background-color:${dark.page}!important`],
      ['.card', `background-color:${dark.card}!important;border-color:${dark.line}!important`],
      ['.ink', `color:${dark.ink}!important`],
      ['.soft', `color:${dark.soft}!important`],
      ['.line', `border-color:${dark.line}!important`],
      ['.link', `color:${readableAccent(accent, dark.card)}!important`],
      ['.pagelink', `color:${readableAccent(accent, dark.page)}!important`],
    ]
      .map(([selector, body]) => `${prefix}${selector}{${body}}`)
      .join('')
  return (
    ':root{color-scheme:light dark;supported-color-schemes:light dark}' +
    'body{margin:0;padding:0;width:100%!important;-webkit-text-size-adjust:100%;-ms-text-size-adjust:100%}' +
    'table{border-collapse:separate;mso-table-lspace:0;mso-table-rspace:0}img{border:0;line-height:100%}' +
    'a{text-decoration:underline}.button a{text-decoration:none}' +
    '@media (max-width:620px){.outer{padding:0!important}.card{border-radius:0!important;border-left:0!important;border-right:0!important}' +
    '.pad{padding-left:24px!important;padding-right:24px!important}.button,.button tbody,.button tr,.button td,.button a{display:block!important;text-align:center}}' +
    `@media (prefers-color-scheme:dark){${rules('')}}${rules('[data-ogsc] ')}`
  )
}

function renderLogo(look: MailLook): string {
  const name = escapeHtml(oneLine(look.name))
  const text = `font-family:${fontStack};font-size:20px;line-height:28px;font-weight:700;letter-spacing:-0.2px`
  if (!look.logo) return `<span class="ink" style="${text};color:${light.ink}">${name}</span>`
  const source = 'cid' in look.logo ? `cid:${look.logo.cid}` : requireWebAddress(look.logo.url)
  // The white plate is unseen on the light card and keeps a dark logo readable on the dark one; the alternative
  // text is styled like the name without a logo, for readers that load no images.
  return (
    `<span style="display:inline-block;background-color:#ffffff;border-radius:6px;padding:4px 6px;margin-left:-6px">` +
    `<img src="${escapeHtml(source)}" alt="${name}" height="40" style="display:block;height:40px;width:auto;max-width:240px;${text};color:${light.ink}"></span>`
  )
}

const cell = (style: string) => `font-family:${fontStack};font-size:15px;line-height:22px;${style}`

function renderFacts(facts: [string, string][]): string {
  const rows = facts.map(([label, value], i) => {
    const border = i === 0 ? '' : `border-top:1px solid ${light.line};`
    return (
      `<tr><th class="soft line" scope="row" align="left" valign="top" style="${cell(`${border}padding:9px 16px 9px 0;font-weight:400;white-space:nowrap;color:${light.soft}`)}">${escapeHtml(label)}</th>` +
      `<td class="ink line" align="right" valign="top" style="${cell(`${border}padding:9px 0;font-weight:600;color:${light.ink}`)}">${escapeLines(value)}</td></tr>`
    )
  })
  return `<table width="100%" cellpadding="0" cellspacing="0" border="0" class="line" style="margin:4px 0 20px;border-top:1px solid ${light.line};border-bottom:1px solid ${light.line}">${rows.join('')}</table>`
}

function renderQuote([label, words]: [string, string], accent: string): string {
  return (
    `<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="margin:4px 0 20px"><tr>` +
    `<td style="border-left:4px solid ${accent};padding:2px 0 2px 16px">` +
    `<p class="soft" style="${cell(`margin:0 0 2px;font-size:13px;color:${light.soft}`)}">${escapeHtml(label)}</p>` +
    `<p class="ink" style="${cell(`margin:0;font-size:16px;line-height:25px;color:${light.ink}`)}">${escapeLines(words)}</p></td></tr></table>`
  )
}

function renderTable(table: MailTable): string {
  const amount = 'white-space:nowrap;font-variant-numeric:tabular-nums'
  const head =
    `<tr><th class="soft" scope="col" align="left" style="${cell(`padding:0 16px 6px 0;font-size:13px;line-height:18px;font-weight:500;color:${light.soft}`)}">${escapeHtml(table.head[0])}</th>` +
    `<th class="soft" scope="col" align="right" style="${cell(`padding:0 0 6px;font-size:13px;line-height:18px;font-weight:500;color:${light.soft}`)}">${escapeHtml(table.head[1])}</th></tr>`
  const rows = table.rows.map(
    ([label, value]) =>
      `<tr><td class="ink line" valign="top" style="${cell(`border-top:1px solid ${light.line};padding:9px 16px 9px 0;color:${light.ink}`)}">${escapeHtml(label)}</td>` +
      `<td class="ink line" align="right" valign="top" style="${cell(`border-top:1px solid ${light.line};padding:9px 0;color:${light.ink};${amount}`)}">${escapeHtml(value)}</td></tr>`,
  )
  const note = table.note
    ? `<tr><td class="soft line" colspan="2" style="${cell(`border-top:1px solid ${light.line};padding:9px 0;font-size:14px;color:${light.soft}`)}">${escapeHtml(table.note)}</td></tr>`
    : ''
  const total = table.total
    ? `<tr><th class="ink line" scope="row" align="left" valign="top" style="${cell(`border-top:2px solid ${light.line};padding:11px 16px 11px 0;font-weight:700;color:${light.ink}`)}">${escapeHtml(table.total[0])}</th>` +
      `<td class="ink line" align="right" valign="top" style="${cell(`border-top:2px solid ${light.line};padding:11px 0;font-weight:700;color:${light.ink};${amount}`)}">${escapeHtml(table.total[1])}</td></tr>`
    : ''
  return `<table width="100%" cellpadding="0" cellspacing="0" border="0" style="margin:4px 0 20px">${head}${rows.join('')}${note}${total}</table>`
}

function renderAction(action: { label: string; url: string }, accent: string): string {
  const url = escapeHtml(requireWebAddress(action.url))
  const ink = inkOn(accent)
  return (
    `<table role="presentation" class="button" cellpadding="0" cellspacing="0" border="0" style="margin:8px 0 24px"><tr>` +
    `<td align="center" bgcolor="${accent}" style="border-radius:8px;background-color:${accent}">` +
    `<a href="${url}" target="_blank" style="display:inline-block;padding:13px 28px;font-family:${fontStack};font-size:16px;line-height:22px;font-weight:600;color:${ink};text-decoration:none;border-radius:8px">${escapeHtml(action.label)}</a>` +
    `</td></tr></table>`
  )
}

/** How a customer reaches the business unit: what the footer says of it. */
function listContacts(look: MailLook): { text: string; url: string | null }[] {
  const contacts: { text: string; url: string | null }[] = []
  if (look.support_email) contacts.push({ text: look.support_email, url: `mailto:${look.support_email}` })
  if (look.support_phone) {
    contacts.push({ text: look.support_phone, url: `tel:${look.support_phone.replace(/[^\d+]/g, '')}` })
  }
  if (look.website) {
    const url = /^https?:\/\//i.test(look.website) ? look.website : `https://${look.website}`
    contacts.push({ text: look.website.replace(/^https?:\/\//i, '').replace(/\/$/, ''), url })
  }
  return contacts
}

/**
 * One mail as HTML (tables, inline styles, light and dark, readable without images) and as plain text with the
 * same content. Throws if an address to follow is not http(s) or the accent is not #rrggbb: those are bugs.
 */
export function renderMail(content: MailContent): RenderedMail {
  return { html: renderHtml(content), text: renderText(content) }
}

function renderHtml(content: MailContent): string {
  const { look, language, action } = content
  const t = translator(language)
  const accent = look.accent
  const link = readableAccent(accent, light.card)
  const paragraph = (text: string) =>
    `<p class="ink" style="margin:0 0 16px;font-family:${fontStack};font-size:16px;line-height:25px;color:${light.ink}">${escapeLines(text)}</p>`
  const note = (html: string) =>
    `<p class="soft" style="margin:0 0 12px;font-family:${fontStack};font-size:14px;line-height:21px;color:${light.soft}">${html}</p>`
  const small = (html: string) =>
    `<p class="soft" style="margin:0 0 8px;font-family:${fontStack};font-size:13px;line-height:19px;color:${light.soft}">${html}</p>`

  const contacts = listContacts(look)
    .map(({ text, url }) => {
      const style = `color:${readableAccent(accent, light.page)};text-decoration:none;white-space:nowrap`
      return url
        ? `<a class="pagelink" href="${escapeHtml(url)}" style="${style}">${escapeHtml(text)}</a>`
        : escapeHtml(text)
    })
    .join(' &nbsp;·&nbsp; ')

  const fallback = action
    ? note(
        `${escapeHtml(t('mail:frame.link_fallback'))}<br><a class="link" href="${escapeHtml(action.url)}" style="color:${link};word-break:break-all">${escapeHtml(action.url)}</a>`,
      )
    : ''

  // After the preheader, enough of nothing that the list of mails does not go on with the page's first words.
  const padding = '&#847;&zwnj;&nbsp;'.repeat(60)

  return `<!doctype html>
<html lang="${language}" dir="ltr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<meta name="format-detection" content="telephone=no,date=no,address=no,email=no">
<title>${escapeHtml(oneLine(content.subject))}</title>
<style>${renderStyle(accent)}</style>
</head>
<body class="page" style="margin:0;padding:0;background-color:${light.page}">
<div style="display:none;max-height:0;max-width:0;overflow:hidden;opacity:0;mso-hide:all;font-size:1px;line-height:1px;color:${light.page}">${escapeHtml(oneLine(content.preheader))}${padding}</div>
<table role="presentation" class="page" width="100%" cellpadding="0" cellspacing="0" border="0" style="background-color:${light.page}"><tr><td class="outer" align="center" style="padding:32px 16px">
<!--[if mso]><table role="presentation" width="580" cellpadding="0" cellspacing="0" border="0"><tr><td><![endif]-->
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:580px;margin:0 auto">
<tr><td class="card" style="background-color:${light.card};border:1px solid ${light.line};border-radius:12px;overflow:hidden">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0">
<tr><td bgcolor="${accent}" height="4" style="height:4px;line-height:4px;font-size:0;background-color:${accent};border-radius:12px 12px 0 0">&nbsp;</td></tr>
<tr><td class="pad" style="padding:26px 40px 0">${renderLogo(look)}</td></tr>
<tr><td class="pad" style="padding:24px 40px 20px">
${paragraph(content.greeting)}
${content.paragraphs.map(paragraph).join('\n')}
${content.facts?.length ? renderFacts(content.facts) : ''}
${content.quote ? renderQuote(content.quote, accent) : ''}
${content.table ? renderTable(content.table) : ''}
${action ? renderAction(action, accent) : ''}
${(content.notes ?? []).map((text) => note(escapeLines(text))).join('\n')}
${fallback}
</td></tr>
</table>
</td></tr>
<tr><td class="pad" style="padding:20px 40px 8px">
${contacts ? small(`${escapeHtml(t('mail:frame.help'))} ${contacts}`) : ''}
${small(escapeHtml(content.reason))}
${small([`<strong style="font-weight:600">${escapeHtml(oneLine(look.name))}</strong>`, escapeHtml(joinAddress(look))].filter(Boolean).join(' · '))}
</td></tr>
</table>
<!--[if mso]></td></tr></table><![endif]-->
</td></tr></table>
</body>
</html>
`
}

function renderText(content: MailContent): string {
  const { look, language, action } = content
  const t = translator(language)
  const blocks: string[] = [oneLine(look.name), content.greeting, ...content.paragraphs]
  if (content.facts?.length) {
    blocks.push(content.facts.map(([label, value]) => `${label}: ${value.trim()}`).join('\n'))
  }
  if (content.quote) blocks.push(`${content.quote[0]}:\n${content.quote[1].trim()}`)
  if (content.table) {
    const { head, rows, note, total } = content.table
    const lines = rows.map(([label, amount]) => `- ${label}: ${amount}`)
    if (note) lines.push(`  ${note}`)
    if (total) lines.push(`${total[0]}: ${total[1]}`)
    blocks.push(`${head[0]}\n${lines.join('\n')}`)
  }
  if (action) blocks.push(`${action.label}:\n${requireWebAddress(action.url)}`)
  blocks.push(...(content.notes ?? []))
  const contacts = listContacts(look).map(({ text }) => text)
  const footer = [
    contacts.length ? `${t('mail:frame.help')} ${contacts.join(' · ')}` : '',
    content.reason,
    [oneLine(look.name), joinAddress(look)].filter(Boolean).join(' · '),
  ].filter(Boolean)
  // "-- " on its own line is where a reader's signature begins (RFC 3676 4.3).
  return `${blocks.map((block) => block.trim().replace(/\r\n?/g, '\n')).join('\n\n')}\n\n-- \n${footer.join('\n')}\n`
}

/** Amounts are minor units of the currency beside them; periods are half-open [from, to). */
/** What may change in how somebody signs in. */
export const signInChanges = [
  'passkey_added',
  'passkey_removed',
  'totp_added',
  'totp_removed',
  'recovery_codes_renewed',
  'password_added',
  'password_removed',
  'second_factor_reset',
  'identity_linked',
] as const
export type SignInChange = (typeof signInChanges)[number]

/** What the mails about a change of a service share. Amounts are minor units, of whole periods as it was and will be. */
type ChangeMail = {
  name: string | null
  change: ChangeKind
  plan: string
  number: number
  date: Temporal.PlainDate
  before: { plan: string; amount: number } | null
  after: { plan: string; amount: number } | null
  credited: number
  charged: number
  currency: string
  link: string
}

/** What the mails of notes and proformas share. */
type DocumentMail = {
  name: string | null
  number: string
  total: number
  tax: number
  currency: string
  /** Why staff wrote it. */
  reason: string | null
  lines: { description: string; net: number }[]
  link: string
}

type OrderMail = {
  name: string | null
  number: number
  title: string
  /** What its invoices come to, and what of that is paid by money; minor units. */
  total: number
  due: number
  recurring: { amount: number; unit: 'month' | 'week' | 'day' | 'once'; count: number } | null
  freemium: boolean
  currency: string
  link: string
}

export type MailParams = {
  password_reset: {
    name: string | null
    /** `first_access`: the person has no password yet. */
    purpose: 'first_access' | 'forgotten'
    link: string
    valid_minutes: number
  }
  password_changed: { name: string | null; date: Temporal.PlainDate; link: string }
  email_change: { name: string | null; link: string; valid_minutes: number }
  email_changed: { name: string | null; date: Temporal.PlainDate; new_email: string; link: string }
  sign_in_methods_changed: {
    name: string | null
    date: Temporal.PlainDate
    change: SignInChange
    /** The name of the passkey, where it is one. */
    passkey: string | null
    link: string
  }
  invoice_issued: {
    name: string | null
    number: string
    /** Null for an invoice that bills no period. */
    period: DateRange | null
    due_date: Temporal.PlainDate
    total: number
    /** On top of the lines. */
    tax?: number
    currency: string
    lines: { description: string; net: number }[]
    link: string
  }
  credit_note_issued: DocumentMail & {
    /** The document that it corrects; null where they are several. */
    about: string | null
  }
  debit_note_issued: DocumentMail & { about: string | null; due_date: Temporal.PlainDate }
  proforma_issued: DocumentMail & {
    /** The last day on which it stands. */
    valid_until: Temporal.PlainDate
  }
  payment_notice_received: {
    name: string | null
    amount: number
    currency: string
    paid_on: Temporal.PlainDate
    invoice_number: string | null
    link: string
  }
  payment_approved: {
    name: string | null
    amount: number
    currency: string
    paid_on: Temporal.PlainDate
    /** One number, or several with commas between them. */
    invoice_number: string | null
    /** How many invoices that names; one where it is left out. */
    invoice_count?: number
    /** What is still owed of them; 0 when all are paid. */
    remaining: number
    link: string
    /** Of it: late fee and interest, with the debit notes of these. */
    late_charges?: { amount: number; numbers: string }
    /** Beside it: what was taken off by credit notes. */
    taken_off?: { amount: number; numbers: string }
  }
  payment_rejected: {
    name: string | null
    amount: number
    currency: string
    paid_on: Temporal.PlainDate
    invoice_number: string | null
    /** Staff's words to the customer. */
    reason: string
    link: string
  }
  staff_invitation: { name: string | null; invited_by: string; link: string; valid_hours: number }
  member_invitation: {
    name: string | null
    invited_by: string
    account: string
    permissions: readonly MembershipPermission[]
    link: string
    valid_days: number
  }
  ownership_offered: {
    name: string | null
    from: string
    account: string
    /** The last day on which it can be accepted. */
    until: Temporal.PlainDate
    link: string
  }
  /** To both: `reader` says which of them reads. */
  ownership_transferred: {
    name: string | null
    reader: 'new' | 'old'
    owner: string
    account: string
    link: string
  }
  account_change_decided: {
    name: string | null
    account: string
    approved: boolean
    /** What was asked for. */
    changes: { name?: string; tax_id?: string | null; kind?: 'company' | 'person' }
    /** Staff's words to the customer, where it was refused. */
    reason: string | null
    link: string
  }
  change_scheduled: ChangeMail
  change_done: ChangeMail
  /** `reason` is why, in words. */
  change_failed: ChangeMail & { reason: string }
  cancellation_requested: ChangeMail
  contract_sent: {
    name: string | null
    title: string
    plan: string
    /** Whether the customer still has to accept it. */
    waiting: boolean
    link: string
  }
  contract_accepted: {
    name: string | null
    title: string
    plan: string
    acceptance: 'portal' | 'paper'
    by: string
    date: Temporal.PlainDate
    link: string
  }
  contract_expiring: {
    name: string | null
    number: number
    plan: string
    /** The last day on which it is valid. */
    last_day: Temporal.PlainDate
    renewal: 'none' | 'automatic' | 'on_request'
    /** For how long it renews by itself. */
    months: number | null
    link: string
  }
  webhook_disabled: {
    name: string | null
    url: string
    cause: 'gone' | 'failing'
    link: string
  }
  payment_refunded: ReversalMail
  payment_charged_back: ReversalMail
  payment_method_stored: MethodMail
  payment_method_removed: MethodMail
  payment_method_expiring: MethodMail
  payment_method_expired: MethodMail
  debit_announced: DebitMail
  /** `cause`: why its method is no longer good. */
  debit_impossible: DebitMail & { cause: 'expired' | 'refused' }
  debit_refused: DebitMail & {
    /** Why, in words. */
    reason: string
    /** When it is charged again by itself; null: it is not. */
    next_on: Temporal.PlainDate | null
  }
  quote_offered: OrderMail & { until: Temporal.PlainDate; note: string | null }
  /** `until`: the last day on which it can be paid; null: whenever. */
  order_placed: OrderMail & { until: Temporal.PlainDate | null }
  order_processed: OrderMail
  order_expired: OrderMail
  /** To staff: money came for an order that had ended. No name of a customer is in it. */
  order_paid_late: { name: string | null; number: number; title: string; link: string }
  /** To staff: `reason` is why it could not be done, in words. No name of a customer is in it. */
  order_failed: {
    name: string | null
    number: number
    title: string
    paid: boolean
    reason: string
    link: string
  }
  privacy_export_ready: {
    name: string | null
    account: string
    /** The last day on which it can be downloaded. */
    until: Temporal.PlainDate
    link: string
  }
}

/** Money of a payment that went back. `owed_again`: the numbers of what it had paid. */
export type ReversalMail = {
  name: string | null
  amount: number
  currency: string
  on: Temporal.PlainDate
  owed_again: string | null
  link: string
}

/** A card or account that a customer keeps: `method` is its brand and last digits. */
export type MethodMail = {
  name: string | null
  method: string
  automatic: boolean
  /** First day on which it is no longer good. */
  expires_on: Temporal.PlainDate | null
  link: string
}

/** An invoice that is charged by itself. */
export type DebitMail = {
  name: string | null
  number: string
  amount: number
  currency: string
  due_date: Temporal.PlainDate
  method: string
  link: string
}

export type MailKind = keyof MailParams

export type ComposedMail = RenderedMail & { subject: string }

/** An invoice's mail lists this many lines; the rest is on the invoice. */
const linesShown = 8

/** The first lines of a document with their amounts, and the tax on top of them. */
function listLines(
  params: { lines: { description: string; net: number }[]; tax?: number; currency: string },
  language: Language,
): [string, string][] {
  const money = (amount: number) => formatMoney(amount, params.currency, language)
  return [
    ...params.lines.slice(0, linesShown).map((line): [string, string] => [line.description, money(line.net)]),
    ...(params.tax
      ? [[translator(language)('mail:document.tax'), money(params.tax)] as [string, string]]
      : []),
  ]
}

/** How often something is paid, in words. */
function tellCycle(unit: string, count: number, language: Language): string {
  const t = translator(language)
  if (unit === 'month' && count === 12) return t('mail:order.each_year')
  return count === 1 ? t(`mail:order.each_${unit}`) : t(`mail:order.every_${unit}`, { number: count })
}

/** The mail of an order or a quote: what it is of, and what it costs. */
function composeOrder(
  kind: 'quote_offered' | 'order_placed' | 'order_processed' | 'order_expired',
  params: OrderMail,
  language: Language,
  unit: string,
): Words {
  const t = translator(language)
  const { number, title, total, due, recurring } = params
  const money = (amount: number) => formatMoney(amount, params.currency, language)
  const words = { number, title, unit, amount: money(due) }
  const way = due > 0 ? 'due' : 'free'
  return {
    subject: t(`mail:${kind}.subject`, words),
    preheader: t(`mail:${kind}.preheader`, words),
    paragraphs: [t(kind === 'order_placed' ? `mail:order_placed.body_${way}` : `mail:${kind}.body`, words)],
    facts: [
      [t('mail:order.number'), String(number)],
      [t('mail:order.what'), title],
      [t('mail:order.now'), params.freemium ? t('mail:order.freemium') : money(total)],
      ...(total > due ? [[t('mail:order.credit_used'), money(total - due)] as [string, string]] : []),
      ...(recurring && recurring.amount > 0
        ? [
            [
              t('mail:order.then'),
              t('mail:order.recurring', {
                amount: money(recurring.amount),
                cycle: tellCycle(recurring.unit, recurring.count, language),
              }),
            ] as [string, string],
          ]
        : []),
    ],
    action: {
      label: t(kind === 'order_placed' && due > 0 ? 'mail:order_placed.action_due' : `mail:${kind}.action`),
      url: params.link,
    },
    reason: t('mail:frame.reason_customer', { unit }),
  }
}

/** The mail of a change of a service: what changes, when, and what it costs. */
function composeChange(
  kind: 'change_scheduled' | 'change_done' | 'change_failed' | 'cancellation_requested',
  params: ChangeMail,
  language: Language,
  unit: string,
): Words {
  const t = translator(language)
  const { plan, number, before, after, change } = params
  const money = (amount: number) => formatMoney(amount, params.currency, language)
  const date = formatDate(params.date, language)
  const what = t(`mail:change.kind.${change}`)
  const words = { plan, date, unit, what, number }
  const facts: [string, string][] = [
    [t('mail:change.service'), t('mail:change.service_number', { plan, number })],
    [t('mail:change.what'), what],
    [t(`mail:change.${kind === 'change_done' ? 'since' : 'from'}`), date],
  ]
  const ends = change === 'cancel' || change === 'transfer'
  if (before && after && !ends && (before.amount !== after.amount || before.plan !== after.plan)) {
    const tell = (side: { plan: string; amount: number }) =>
      before.plan === after.plan
        ? money(side.amount)
        : t('mail:change.plan_amount', { plan: side.plan, amount: money(side.amount) })
    facts.push([t('mail:change.before'), tell(before)], [t('mail:change.after'), tell(after)])
  }
  if (kind !== 'change_failed') {
    if (params.credited > 0) facts.push([t('mail:change.credited'), money(params.credited)])
    if (params.charged > 0) facts.push([t('mail:change.charged'), money(params.charged)])
  }
  return {
    subject: t(`mail:${kind}.subject`, words),
    preheader: t(`mail:${kind}.preheader`, words),
    paragraphs: [t(`mail:${kind}.body`, words)],
    facts,
    action: { label: t('mail:change.action'), url: params.link },
    ...(kind === 'change_scheduled' || kind === 'cancellation_requested'
      ? { notes: [t(`mail:${kind}.withdraw`)] }
      : {}),
    reason: t('mail:frame.reason_customer', { unit }),
  }
}

/** The mail of a credit note, debit note or proforma. */
function composeDocument(
  kind: 'credit_note_issued' | 'debit_note_issued' | 'proforma_issued',
  params: DocumentMail,
  language: Language,
  unit: string,
  facts: [string, string][],
): Words {
  const t = translator(language)
  const { number } = params
  const total = formatMoney(params.total, params.currency, language)
  const more = params.lines.length - linesShown
  return {
    subject: t(`mail:${kind}.subject`, { number, unit }),
    preheader: t(`mail:${kind}.preheader`, { total }),
    paragraphs: [t(`mail:${kind}.body`, { total })],
    facts: [[t(`mail:${kind}.number`), number], ...facts],
    ...(params.reason ? { quote: [t('mail:document.reason'), params.reason] as [string, string] } : {}),
    table: {
      head: [t('mail:invoice_issued.lines'), t('mail:invoice_issued.amount')],
      rows: listLines(params, language),
      note: more > 0 ? t('mail:invoice_issued.more_lines', { count: more }) : null,
      total: [t('mail:invoice_issued.total'), total],
    },
    action: { label: t(`mail:${kind}.action`), url: params.link },
    notes: [t('mail:document.attached')],
    reason: t('mail:frame.reason_customer', { unit }),
  }
}

export type Words = Omit<MailContent, 'look' | 'language' | 'greeting'>

type Compose<K extends MailKind> = (params: MailParams[K], language: Language, unit: string) => Words

const composers: { [K in MailKind]: Compose<K> } = {
  password_reset: (params, language, unit) => {
    const t = translator(language)
    const key = params.purpose === 'first_access' ? 'mail:first_access' : 'mail:password_reset'
    return {
      subject: t(`${key}.subject`, { unit }),
      preheader: t(`${key}.preheader`),
      paragraphs: [t(`${key}.body`, { unit })],
      action: { label: t(`${key}.action`), url: params.link },
      notes: [t('mail:password_reset.valid', { count: params.valid_minutes }), t(`${key}.not_you`)],
      reason: t(`${key}.reason`, { unit }),
    }
  },
  password_changed: (params, language, unit) => {
    const t = translator(language)
    return {
      subject: t('mail:password_changed.subject', { unit }),
      preheader: t('mail:password_changed.preheader'),
      paragraphs: [
        t('mail:password_changed.body', { unit, date: formatDate(params.date, language) }),
        t('mail:password_changed.not_you'),
      ],
      action: { label: t('mail:password_changed.action'), url: params.link },
      reason: t('mail:frame.reason_access', { unit }),
    }
  },
  email_change: (params, language, unit) => {
    const t = translator(language)
    return {
      subject: t('mail:email_change.subject', { unit }),
      preheader: t('mail:email_change.preheader'),
      paragraphs: [t('mail:email_change.body', { unit })],
      action: { label: t('mail:email_change.action'), url: params.link },
      notes: [t('mail:email_change.valid', { count: params.valid_minutes }), t('mail:email_change.not_you')],
      reason: t('mail:email_change.reason', { unit }),
    }
  },
  email_changed: (params, language, unit) => {
    const t = translator(language)
    const date = formatDate(params.date, language)
    return {
      subject: t('mail:email_changed.subject', { unit }),
      preheader: t('mail:email_changed.preheader'),
      paragraphs: [
        t('mail:email_changed.body', { unit, date, new_email: params.new_email }),
        t('mail:email_changed.not_you'),
      ],
      action: { label: t('mail:email_changed.action'), url: params.link },
      reason: t('mail:email_changed.reason', { unit }),
    }
  },
  sign_in_methods_changed: (params, language, unit) => {
    const t = translator(language)
    const date = formatDate(params.date, language)
    return {
      subject: t('mail:sign_in_methods_changed.subject', { unit }),
      preheader: t('mail:sign_in_methods_changed.preheader'),
      paragraphs: [
        t('mail:sign_in_methods_changed.lead', { unit, date }),
        t(`mail:sign_in_methods_changed.change.${params.change}`, { name: params.passkey ?? '' }),
        t('mail:sign_in_methods_changed.not_you'),
      ],
      action: { label: t('mail:sign_in_methods_changed.action'), url: params.link },
      reason: t('mail:frame.reason_access', { unit }),
    }
  },
  invoice_issued: (params, language, unit) => {
    const t = translator(language)
    const { number, period, currency } = params
    const total = formatMoney(params.total, currency, language)
    const due = formatDate(params.due_date, language)
    const facts: [string, string][] = [[t('mail:invoice_issued.number'), number]]
    if (period) facts.push([t('mail:invoice_issued.period'), formatPeriod(period, language)])
    facts.push([t('mail:invoice_issued.due_date'), due])
    const more = params.lines.length - linesShown
    return {
      subject: t('mail:invoice_issued.subject', { number, unit }),
      preheader: t('mail:invoice_issued.preheader', { total, due }),
      paragraphs: [t('mail:invoice_issued.body', { total, due })],
      facts,
      table: {
        head: [t('mail:invoice_issued.lines'), t('mail:invoice_issued.amount')],
        rows: listLines(params, language),
        note: more > 0 ? t('mail:invoice_issued.more_lines', { count: more }) : null,
        total: [t('mail:invoice_issued.total'), total],
      },
      action: { label: t('mail:invoice_issued.action'), url: params.link },
      notes: [t('mail:invoice_issued.why')],
      reason: t('mail:frame.reason_customer', { unit }),
    }
  },
  credit_note_issued: (params, language, unit) => {
    const t = translator(language)
    return composeDocument('credit_note_issued', params, language, unit, [
      ...(params.about ? [[t('mail:document.about'), params.about] as [string, string]] : []),
    ])
  },
  debit_note_issued: (params, language, unit) => {
    const t = translator(language)
    return composeDocument('debit_note_issued', params, language, unit, [
      ...(params.about ? [[t('mail:document.about'), params.about] as [string, string]] : []),
      [t('mail:invoice_issued.due_date'), formatDate(params.due_date, language)],
    ])
  },
  proforma_issued: (params, language, unit) =>
    composeDocument('proforma_issued', params, language, unit, [
      [translator(language)('mail:proforma_issued.valid_until'), formatDate(params.valid_until, language)],
    ]),
  payment_notice_received: (params, language, unit) => {
    const t = translator(language)
    const amount = formatMoney(params.amount, params.currency, language)
    return {
      subject: t('mail:payment_notice_received.subject', { amount }),
      preheader: t('mail:payment_notice_received.preheader'),
      paragraphs: [t('mail:payment_notice_received.body', { unit }), t('mail:payment_notice_received.next')],
      facts: listPaymentFacts(params, language),
      action: { label: t('mail:payment_notice_received.action'), url: params.link },
      reason: t('mail:frame.reason_customer', { unit }),
    }
  },
  payment_approved: (params, language, unit) => {
    const t = translator(language)
    const amount = formatMoney(params.amount, params.currency, language)
    const number = params.invoice_number
    const count = params.invoice_count ?? 1
    const key = number === null ? 'credited' : params.remaining > 0 ? 'part' : 'paid'
    const facts = listPaymentFacts(params, language)
    for (const part of ['late_charges', 'taken_off'] as const) {
      const difference = params[part]
      if (!difference) continue
      const written = formatMoney(difference.amount, params.currency, language)
      facts.push([t(`mail:payment_approved.${part}`), `${written} (${difference.numbers})`])
    }
    if (key === 'part') {
      const remaining = formatMoney(params.remaining, params.currency, language)
      facts.push([t('mail:payment_approved.remaining'), remaining])
    }
    return {
      subject:
        key === 'paid'
          ? t('mail:payment_approved.subject_paid', { number, count })
          : t('mail:payment_approved.subject', { amount }),
      preheader: t('mail:payment_approved.preheader', { amount }),
      paragraphs: [
        key === 'credited'
          ? t('mail:payment_approved.body_credited', { amount, unit })
          : t(`mail:payment_approved.body_${key}`, { amount, number, count }),
      ],
      facts,
      action: { label: t(`mail:payment_approved.action_${key}`, { count }), url: params.link },
      reason: t('mail:frame.reason_customer', { unit }),
    }
  },
  payment_rejected: (params, language, unit) => {
    const t = translator(language)
    const amount = formatMoney(params.amount, params.currency, language)
    return {
      subject: t('mail:payment_rejected.subject', { amount }),
      preheader: t('mail:payment_rejected.preheader'),
      paragraphs: [t('mail:payment_rejected.body'), t('mail:payment_rejected.next')],
      facts: listPaymentFacts(params, language),
      quote: [t('mail:payment_rejected.why'), params.reason],
      action: { label: t('mail:payment_rejected.action'), url: params.link },
      reason: t('mail:frame.reason_customer', { unit }),
    }
  },
  staff_invitation: (params, language, unit) => {
    const t = translator(language)
    const { invited_by } = params
    return {
      subject: t('mail:staff_invitation.subject', { unit }),
      preheader: t('mail:staff_invitation.preheader', { invited_by }),
      paragraphs: [t('mail:staff_invitation.body', { invited_by, unit })],
      action: { label: t('mail:staff_invitation.action'), url: params.link },
      notes: [t('mail:staff_invitation.valid', { count: params.valid_hours })],
      reason: t('mail:staff_invitation.reason', { invited_by }),
    }
  },
  member_invitation: (params, language, unit) => {
    const t = translator(language)
    const { invited_by, account } = params
    const shown = params.permissions.includes('owner') ? (['owner'] as const) : params.permissions
    const rights = shown.map(
      (one) => `• ${t(`common:permission.${one}.name`)}: ${t(`common:permission.${one}.allows`)}`,
    )
    return {
      subject: t('mail:member_invitation.subject', { invited_by, account }),
      preheader: t('mail:member_invitation.preheader'),
      paragraphs: [
        t('mail:member_invitation.body', { invited_by, account, unit }),
        [t('mail:member_invitation.rights'), ...rights].join('\n'),
      ],
      action: { label: t('mail:member_invitation.action'), url: params.link },
      notes: [
        t('mail:member_invitation.valid', { count: params.valid_days }),
        t('mail:member_invitation.not_you'),
      ],
      reason: t('mail:member_invitation.reason', { invited_by }),
    }
  },
  ownership_offered: (params, language, unit) => {
    const t = translator(language)
    const { from, account } = params
    return {
      subject: t('mail:ownership_offered.subject', { from, account }),
      preheader: t('mail:ownership_offered.preheader'),
      paragraphs: [
        t('mail:ownership_offered.body', { from, account, unit }),
        t('mail:ownership_offered.consequences', { from }),
      ],
      action: { label: t('mail:ownership_offered.action'), url: params.link },
      notes: [t('mail:ownership_offered.valid', { date: formatDate(params.until, language) })],
      reason: t('mail:frame.reason_access', { unit }),
    }
  },
  ownership_transferred: (params, language, unit) => {
    const t = translator(language)
    const { owner, account } = params
    return {
      subject: t('mail:ownership_transferred.subject', { owner, account }),
      preheader: t('mail:ownership_transferred.preheader'),
      paragraphs: [
        t(
          params.reader === 'new'
            ? 'mail:ownership_transferred.body_new'
            : 'mail:ownership_transferred.body_old',
          { owner, account, unit },
        ),
      ],
      action: { label: t('mail:ownership_transferred.action'), url: params.link },
      notes: [t('mail:ownership_transferred.not_you')],
      reason: t('mail:frame.reason_access', { unit }),
    }
  },
  account_change_decided: (params, language, unit) => {
    const t = translator(language)
    const { account, changes } = params
    const outcome = params.approved ? 'approved' : 'rejected'
    const facts: [string, string][] = []
    if (changes.name !== undefined) facts.push([t('mail:account_change_decided.field_name'), changes.name])
    if (changes.tax_id !== undefined)
      facts.push([
        t('mail:account_change_decided.field_tax_id'),
        changes.tax_id ?? t('mail:account_change_decided.nothing'),
      ])
    if (changes.kind !== undefined)
      facts.push([
        t('mail:account_change_decided.field_kind'),
        t(
          changes.kind === 'person'
            ? 'mail:account_change_decided.kind_person'
            : 'mail:account_change_decided.kind_company',
        ),
      ])
    return {
      subject: t(`mail:account_change_decided.subject_${outcome}`),
      preheader: t(`mail:account_change_decided.preheader_${outcome}`),
      paragraphs: [t(`mail:account_change_decided.body_${outcome}`, { account })],
      facts,
      ...(params.reason === null
        ? {}
        : { quote: [t('mail:account_change_decided.why'), params.reason] as [string, string] }),
      action: { label: t('mail:account_change_decided.action'), url: params.link },
      reason: t('mail:frame.reason_access', { unit }),
    }
  },
  change_scheduled: (params, language, unit) => composeChange('change_scheduled', params, language, unit),
  change_done: (params, language, unit) => composeChange('change_done', params, language, unit),
  change_failed: (params, language, unit) => ({
    ...composeChange('change_failed', params, language, unit),
    quote: [translator(language)('mail:change_failed.why'), params.reason],
  }),
  cancellation_requested: (params, language, unit) =>
    composeChange('cancellation_requested', params, language, unit),
  quote_offered: (params, language, unit) => {
    const t = translator(language)
    const words = composeOrder('quote_offered', params, language, unit)
    return {
      ...words,
      facts: [
        ...(words.facts ?? []),
        [t('mail:quote_offered.until'), formatDate(params.until, language)] as [string, string],
      ],
      ...(params.note === null
        ? {}
        : { quote: [t('mail:quote_offered.note'), params.note] as [string, string] }),
      notes: [t('mail:quote_offered.day')],
    }
  },
  order_placed: (params, language, unit) => {
    const words = composeOrder('order_placed', params, language, unit)
    if (params.until === null) return words
    const t = translator(language)
    return {
      ...words,
      facts: [
        ...(words.facts ?? []),
        [t('mail:order_placed.until'), formatDate(params.until, language)] as [string, string],
      ],
    }
  },
  order_processed: (params, language, unit) => composeOrder('order_processed', params, language, unit),
  order_expired: (params, language, unit) => composeOrder('order_expired', params, language, unit),
  order_paid_late: ({ number, title, link }, language, unit) => {
    const t = translator(language)
    return {
      subject: t('mail:order_paid_late.subject', { number, title }),
      preheader: t('mail:order_paid_late.preheader'),
      paragraphs: [t('mail:order_paid_late.body', { number, title })],
      action: { label: t('mail:order_failed.action'), url: link },
      reason: t('mail:order_failed.reason', { unit }),
    }
  },
  order_failed: (params, language, unit) => {
    const t = translator(language)
    const { number, title } = params
    return {
      subject: t('mail:order_failed.subject', { number, title }),
      preheader: t(`mail:order_failed.preheader_${params.paid ? 'paid' : 'free'}`),
      paragraphs: [t(`mail:order_failed.body_${params.paid ? 'paid' : 'free'}`, { number, title })],
      quote: [t('mail:order_failed.why'), params.reason],
      action: { label: t('mail:order_failed.action'), url: params.link },
      reason: t('mail:order_failed.reason', { unit }),
    }
  },
  payment_refunded: (params, language, unit) => composeReversal('payment_refunded', params, language, unit),
  payment_charged_back: (params, language, unit) =>
    composeReversal('payment_charged_back', params, language, unit),
  payment_method_stored: (params, language, unit) =>
    composeMethod('payment_method_stored', params, language, unit),
  payment_method_removed: (params, language, unit) =>
    composeMethod('payment_method_removed', params, language, unit),
  payment_method_expiring: (params, language, unit) =>
    composeMethod('payment_method_expiring', params, language, unit),
  payment_method_expired: (params, language, unit) =>
    composeMethod('payment_method_expired', params, language, unit),
  debit_announced: (params, language, unit) => composeDebitAnnounced(params, language, unit),
  debit_impossible: (params, language, unit) => composeDebitImpossible(params, language, unit),
  debit_refused: (params, language, unit) => composeDebitRefused(params, language, unit),
  contract_sent: (params, language, unit) => {
    const t = translator(language)
    const { title, plan } = params
    const key = params.waiting ? 'waiting' : 'copy'
    return {
      subject: t('mail:contract_sent.subject', { title, unit }),
      preheader: t(`mail:contract_sent.preheader_${key}`, { plan }),
      paragraphs: [t(`mail:contract_sent.body_${key}`, { plan, unit })],
      action: { label: t(`mail:contract_sent.action_${key}`), url: params.link },
      notes: [t('mail:contract_sent.attached')],
      reason: t('mail:frame.reason_customer', { unit }),
    }
  },
  contract_accepted: (params, language, unit) => {
    const t = translator(language)
    const { title, plan } = params
    return {
      subject: t('mail:contract_accepted.subject', { title }),
      preheader: t('mail:contract_accepted.preheader', { plan }),
      paragraphs: [t(`mail:contract_accepted.body_${params.acceptance}`, { plan, unit })],
      facts: [
        [t('mail:contract_accepted.by'), params.by],
        [t('mail:contract_accepted.date'), formatDate(params.date, language)],
      ],
      action: { label: t('mail:contract_accepted.action'), url: params.link },
      notes: [t('mail:contract_accepted.not_you')],
      reason: t('mail:frame.reason_customer', { unit }),
    }
  },
  contract_expiring: (params, language, unit) => {
    const t = translator(language)
    const { number, plan } = params
    const date = formatDate(params.last_day, language)
    return {
      subject: t('mail:contract_expiring.subject', { number, date }),
      preheader: t('mail:contract_expiring.preheader', { plan, date }),
      paragraphs: [
        t('mail:contract_expiring.body', { number, plan, unit, date }),
        params.renewal === 'automatic'
          ? t('mail:contract_expiring.automatic', { count: params.months ?? 0 })
          : t(`mail:contract_expiring.${params.renewal}`),
      ],
      action: { label: t('mail:contract_expiring.action'), url: params.link },
      reason: t('mail:frame.reason_customer', { unit }),
    }
  },
  webhook_disabled: (params, language, unit) => {
    const t = translator(language)
    return {
      subject: t('mail:webhook_disabled.subject'),
      preheader: t('mail:webhook_disabled.preheader'),
      paragraphs: [t(`mail:webhook_disabled.${params.cause}`), t('mail:webhook_disabled.again')],
      facts: [[t('mail:webhook_disabled.address'), params.url]],
      action: { label: t('mail:webhook_disabled.action'), url: params.link },
      reason: t('mail:frame.reason_access', { unit }),
    }
  },
  privacy_export_ready: (params, language, unit) => {
    const t = translator(language)
    const { account } = params
    const until = formatDate(params.until, language)
    return {
      subject: t('mail:privacy_export_ready.subject', { account }),
      preheader: t('mail:privacy_export_ready.preheader', { until }),
      paragraphs: [t('mail:privacy_export_ready.body', { account, unit })],
      action: { label: t('mail:privacy_export_ready.action'), url: params.link },
      notes: [t('mail:privacy_export_ready.valid', { until }), t('mail:privacy_export_ready.not_you')],
      reason: t('mail:frame.reason_access', { unit }),
    }
  },
}

function listPaymentFacts(
  params: MailParams['payment_notice_received'],
  language: Language,
): [string, string][] {
  const t = translator(language)
  const facts: [string, string][] = [
    [t('mail:payment.amount'), formatMoney(params.amount, params.currency, language)],
    [t('mail:payment.paid_on'), formatDate(params.paid_on, language)],
  ]
  if (params.invoice_number !== null) facts.push([t('mail:payment.invoice'), params.invoice_number])
  return facts
}

export const mailKinds = Object.keys(composers) as MailKind[]

/**
 * The whole mail of one kind, in one language, with the look of one business unit. The subject is one line.
 * Throws on a link that is not http(s): links are ours.
 */
export function composeMail<K extends MailKind>(
  kind: K,
  params: MailParams[K],
  language: Language,
  look: MailLook,
): ComposedMail {
  const t = translator(language)
  const compose: Compose<K> = composers[kind]
  const words = compose(params, language, oneLine(look.name))
  const name = params.name === null ? '' : oneLine(params.name)
  const greeting = name ? t('mail:frame.greeting_name', { name }) : t('mail:frame.greeting')
  const subject = oneLine(words.subject)
  return { subject, ...renderMail({ ...words, subject, greeting, look, language }) }
}
