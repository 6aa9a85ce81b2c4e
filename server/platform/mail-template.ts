// Every mail that we send, in words (locales/*/mail.json).
import { formatDate } from './calendar.ts'
import { composeChange, composeDocument, composeOrder, linesShown, listLines } from './mail-documents.ts'
import { type MailLook, oneLine, type RenderedMail, renderMail, type Words } from './mail-layout.ts'
import type { MailKind, MailParams } from './mail-params.ts'
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

export type ComposedMail = RenderedMail & { subject: string }

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
