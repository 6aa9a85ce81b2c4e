import { formatDate } from './calendar.ts'
import type { Refusal } from './errors.ts'
import { formatMoney } from './money.ts'
import { type Language, translator } from './translations.ts'

/** problem+json (RFC 9457) with our stable code, in the caller's language. */
export type Problem = {
  type: string
  title: string
  status: number
  detail: string
  code: string
  request_id: string
  errors?: { path: string; code: string; message: string }[]
}

/** What the API answers to a refusal: what happened, why, and what to do, in words. */
export function problemOf(refusal: Refusal, language: Language, requestId: string): Problem {
  const t = translator(language)
  const params = sayParams(refusal.params, language)
  return {
    type: `/api/docs#error-${refusal.code}`,
    title: t(`errors:${refusal.code}.title`, params),
    status: refusal.status,
    detail: t(`errors:${refusal.code}.detail`, params),
    code: refusal.code,
    request_id: requestId,
    ...(refusal.fields.length > 0
      ? {
          errors: refusal.fields.map((field) => ({
            path: field.path,
            code: field.code,
            message: t(`errors:field.${field.code}`, sayParams(field.params ?? {}, language)),
          })),
        }
      : {}),
  }
}

/** Parameters as they are said: a `date` is written as the language does, and so is an `amount` beside its `currency`. */
function sayParams(
  params: Readonly<Record<string, string | number>>,
  language: Language,
): Record<string, string | number> {
  const { date, amount, currency } = params
  return {
    ...params,
    ...(typeof date === 'string' &&
      /^\d{4}-\d{2}-\d{2}$/.test(date) && { date: formatDate(Temporal.PlainDate.from(date), language) }),
    ...(typeof amount === 'number' &&
      typeof currency === 'string' && { amount: formatMoney(amount, currency, language) }),
  }
}
