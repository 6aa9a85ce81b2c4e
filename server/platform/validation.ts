import { notFound, Refusal } from './errors.ts'

/** What a request got wrong by its schemas, as a refusal; null where an error is something else. */
export function refusalOfValidation(error: {
  validation?: unknown
  validationContext?: string
}): Refusal | null {
  if (!Array.isArray(error.validation)) return null
  const fields = error.validation.map(
    (issue: { instancePath?: string; keyword?: string; params?: Record<string, unknown> }) => {
      const limit = issue.params?.minimum ?? issue.params?.maximum
      const path = (issue.instancePath ?? '').replace(/^\//, '').replaceAll('/', '.')
      return {
        path,
        code: fieldCode(issue.keyword ?? '', issue.params ?? {}),
        ...(typeof limit === 'number' ? { params: { limit } } : {}),
      }
    },
  )
  // An id in the path that is no id is an object that does not exist.
  if (error.validationContext === 'params') return notFound()
  return new Refusal('invalid_input', 422, {}, fields)
}

function fieldCode(keyword: string, params: Record<string, unknown>): string {
  switch (keyword) {
    case 'invalid_type':
      return params.input === undefined && params.received === undefined ? 'required' : 'wrong_type'
    case 'too_small':
      return params.origin === 'string' ? (params.minimum === 1 ? 'required' : 'too_short') : 'too_small'
    case 'too_big':
      return params.origin === 'string' ? 'too_long' : 'too_big'
    case 'invalid_format':
      return params.format === 'email'
        ? 'not_an_email'
        : params.format === 'date'
          ? 'not_a_date'
          : 'wrong_format'
    case 'invalid_value':
    case 'invalid_union':
      return 'not_a_choice'
    case 'unrecognized_keys':
      return 'unknown_field'
    default:
      return 'wrong_format'
  }
}
