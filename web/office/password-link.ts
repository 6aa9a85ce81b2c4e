import { api, orThrow } from '../shared/api.ts'
import { type Problem, toProblem } from '../shared/problem.ts'

/** Whose link this is. One that no longer works is an answer for the page, not an error of the page. */
export async function readPasswordLink(token: string) {
  if (token === '') return { refused: null as Problem | null }
  try {
    return await orThrow(api.GET('/api/v1/office/password-link', { params: { query: { token } } }))
  } catch (cause) {
    const problem = toProblem(cause)
    if (problem.status >= 400 && problem.status < 500) return { refused: problem as Problem | null }
    throw cause
  }
}
