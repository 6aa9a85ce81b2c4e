// The words of mails about orders, changes of services, and documents.
import { formatDate } from './calendar.ts'
import type { Words } from './mail-layout.ts'
import type { ChangeMail, DocumentMail, OrderMail } from './mail-params.ts'
import { formatMoney } from './money.ts'
import { type Language, translator } from './translations.ts'

/** An invoice's mail lists this many lines; the rest is on the invoice. */
export const linesShown = 8

/** The first lines of a document with their amounts, and the tax on top of them. */
export function listLines(
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
export function composeOrder(
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
export function composeChange(
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
export function composeDocument(
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
