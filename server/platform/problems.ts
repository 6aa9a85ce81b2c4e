import type { Refusal } from './errors.ts'
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
  return {
    type: `/api/docs#error-${refusal.code}`,
    title: t(`errors:${refusal.code}.title`, refusal.params),
    status: refusal.status,
    detail: t(`errors:${refusal.code}.detail`, refusal.params),
    code: refusal.code,
    request_id: requestId,
    ...(refusal.fields.length > 0
      ? {
          errors: refusal.fields.map((field) => ({
            path: field.path,
            code: field.code,
            message: t(`errors:field.${field.code}`, field.params ?? {}),
          })),
        }
      : {}),
  }
}
