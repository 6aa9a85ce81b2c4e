// The words of mails about money that went back, methods that customers keep, and automatic debit.
import { formatDate } from './calendar.ts'
import type { Words } from './mail-layout.ts'
import type { MailParams, MethodMail, ReversalMail } from './mail-params.ts'
import { formatMoney } from './money.ts'
import { type Language, translator } from './translations.ts'

/** A refund, or money that the payer's bank took back. */
export function composeReversal(
  kind: 'payment_refunded' | 'payment_charged_back',
  params: ReversalMail,
  language: Language,
  unit: string,
): Words {
  const t = translator(language)
  const words = { amount: formatMoney(params.amount, params.currency, language), unit }
  return {
    subject: t(`mail:${kind}.subject`, words),
    preheader: t(`mail:${kind}.preheader`, words),
    paragraphs: [
      t(`mail:${kind}.body`, words),
      ...(params.owed_again === null ? [] : [t('mail:reversal.owed_again', { numbers: params.owed_again })]),
    ],
    facts: [
      [t('mail:reversal.amount'), words.amount],
      [t('mail:reversal.on'), formatDate(params.on, language)],
    ],
    action: { label: t('mail:reversal.action'), url: params.link },
    reason: t('mail:frame.reason_customer', { unit }),
  }
}

/** A card or account that was stored, removed, will soon be no longer good, or is not any more. */
export function composeMethod(
  kind:
    | 'payment_method_stored'
    | 'payment_method_removed'
    | 'payment_method_expiring'
    | 'payment_method_expired',
  params: MethodMail,
  language: Language,
  unit: string,
): Words {
  const t = translator(language)
  const { method } = params
  const date = params.expires_on === null ? '' : formatDate(params.expires_on, language)
  const used = params.automatic ? 'automatic' : 'kept'
  return {
    subject: t(`mail:${kind}.subject`, { method, unit }),
    preheader: t(`mail:${kind}.preheader`, { method, unit }),
    paragraphs: [
      t(
        kind === 'payment_method_stored' || kind === 'payment_method_expired'
          ? `mail:${kind}.body_${used}`
          : `mail:${kind}.body`,
        { method, unit, date },
      ),
    ],
    action: { label: t(`mail:${kind}.action`), url: params.link },
    notes:
      kind === 'payment_method_stored' || kind === 'payment_method_removed'
        ? [t('mail:method.not_you', { unit })]
        : [],
    reason: t('mail:frame.reason_customer', { unit }),
  }
}

function debitFacts(params: MailParams['debit_announced'], language: Language): [string, string][] {
  const t = translator(language)
  return [
    [t('mail:debit.invoice'), params.number],
    [t('mail:debit.amount'), formatMoney(params.amount, params.currency, language)],
    [t('mail:debit.due'), formatDate(params.due_date, language)],
    [t('mail:debit.method'), params.method],
  ]
}

/** What both mails say of an invoice and its method. */
const debitWords = (
  params: MailParams['debit_announced'] | MailParams['debit_impossible'],
  language: Language,
  unit: string,
) => ({
  number: params.number,
  amount: formatMoney(params.amount, params.currency, language),
  date: formatDate(params.due_date, language),
  method: params.method,
  unit,
})

/** What will be charged by itself, and when. */
export function composeDebitAnnounced(
  params: MailParams['debit_announced'],
  language: Language,
  unit: string,
): Words {
  const t = translator(language)
  const words = debitWords(params, language, unit)
  return {
    subject: t('mail:debit_announced.subject', words),
    preheader: t('mail:debit_announced.preheader', words),
    paragraphs: [t('mail:debit_announced.body', words)],
    facts: debitFacts(params, language),
    action: { label: t('mail:debit_announced.action'), url: params.link },
    reason: t('mail:frame.reason_customer', { unit }),
  }
}

/** What will not be charged, because the card or account is no longer good: it is to be paid otherwise. */
export function composeDebitImpossible(
  params: MailParams['debit_impossible'],
  language: Language,
  unit: string,
): Words {
  const t = translator(language)
  const words = debitWords(params, language, unit)
  return {
    subject: t('mail:debit_impossible.subject', words),
    preheader: t('mail:debit_impossible.preheader', words),
    paragraphs: [t(`mail:debit_impossible.body_${params.cause}`, words), t('mail:debit_impossible.then')],
    facts: debitFacts(params, language).filter(([label]) => label !== t('mail:debit.method')),
    action: { label: t('mail:debit_impossible.action'), url: params.link },
    reason: t('mail:frame.reason_customer', { unit }),
  }
}

/** Why a charge was refused, and what happens next. */
export function composeDebitRefused(
  params: MailParams['debit_refused'],
  language: Language,
  unit: string,
): Words {
  const t = translator(language)
  const words = { number: params.number, method: params.method, unit }
  return {
    subject: t('mail:debit_refused.subject', words),
    preheader: t('mail:debit_refused.preheader', words),
    paragraphs: [
      t('mail:debit_refused.body', words),
      params.next_on === null
        ? t('mail:debit_refused.not_again')
        : t('mail:debit_refused.again', { date: formatDate(params.next_on, language) }),
    ],
    facts: debitFacts(params, language),
    quote: [t('mail:debit_refused.why'), params.reason],
    action: { label: t('mail:debit_refused.action'), url: params.link },
    reason: t('mail:frame.reason_customer', { unit }),
  }
}
