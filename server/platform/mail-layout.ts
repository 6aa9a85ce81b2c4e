// The one layout of every mail that we send, as HTML and as plain text. Pure.
import { inkOn, readableAccent } from './accent.ts'
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
export function oneLine(text: string): string {
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

/** What a mail says, without whom it greets and how it looks. */
export type Words = Omit<MailContent, 'look' | 'language' | 'greeting'>
