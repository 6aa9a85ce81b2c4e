import i18n from 'i18next'

/** One field that was refused: `path` is the name of the field as the API knows it (`contacts.0.email`). */
export interface FieldProblem {
  path: string
  code: string
  message: string
}

/** Anything that went wrong, ready to show: problem+json (RFC 9457) of the API, or what the browser met on its way. */
export interface Problem {
  code: string
  title: string
  detail?: string
  errors?: FieldProblem[]
  request_id?: string
  /** HTTP status; 0 when no answer came. */
  status: number
}

/** The only error that pages meet. Everything that orThrow and the query client throw is one. */
export class ProblemError extends Error {
  readonly problem: Problem

  constructor(problem: Problem) {
    super(problem.detail ?? problem.title)
    this.name = 'ProblemError'
    this.problem = problem
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)

function ownProblem(
  code: 'offline' | 'unreachable' | 'timeout' | 'unavailable' | 'unexpected',
  status: number,
) {
  return {
    code,
    title: i18n.t(`common:problem.${code}.title`),
    detail: i18n.t(`common:problem.${code}.detail`),
    status,
  }
}

function readFieldProblems(value: unknown): FieldProblem[] | undefined {
  if (!Array.isArray(value)) return undefined
  return value.filter(isRecord).map((one) => ({
    path: Array.isArray(one.path) ? one.path.join('.') : (text(one.path) ?? ''),
    code: text(one.code) ?? 'invalid',
    message: text(one.message) ?? text(one.detail) ?? i18n.t('common:problem.field'),
  }))
}

/**
 * The one function that every error goes through. `cause` is a problem+json body, a thrown error, or anything; `response`
 * is the answer that it came with, where there was one.
 */
export function toProblem(cause: unknown, response?: Response): Problem {
  if (cause instanceof ProblemError) return cause.problem
  const status = response?.status ?? 0
  const requestId = response?.headers.get('x-request-id') ?? undefined
  if (isRecord(cause) && (text(cause.code) || text(cause.title)) && !(cause instanceof Error)) {
    return {
      code: text(cause.code) ?? `http_${status}`,
      title: text(cause.title) ?? i18n.t('common:problem.unexpected.title'),
      detail: text(cause.detail),
      errors: readFieldProblems(cause.errors),
      request_id: text(cause.request_id) ?? requestId,
      status: typeof cause.status === 'number' ? cause.status : status,
    }
  }
  if (response && (status === 502 || status === 503 || status === 504)) {
    return { ...ownProblem('unavailable', status), request_id: requestId }
  }
  if (response) return { ...ownProblem('unexpected', status), request_id: requestId }
  if (!navigator.onLine) return ownProblem('offline', 0)
  if (cause instanceof DOMException && cause.name === 'TimeoutError') return ownProblem('timeout', 0)
  // fetch throws a TypeError, and nothing else does at this place, when no answer came at all.
  if (cause instanceof TypeError && /fetch|network|load failed/i.test(cause.message)) {
    return ownProblem('unreachable', 0)
  }
  return ownProblem('unexpected', 0)
}

/** Could the same request succeed if it were simply sent again? */
export function isTransient(problem: Problem): boolean {
  return problem.status === 0 || problem.status === 429 || problem.status >= 502
}
