/**
 * Search parameters are plain text both ways (`?state=overdue&sort=-due_on`), so that the address of a view can be read,
 * shared and typed. A route's validateSearch turns them into what it needs.
 */
export type Search = Record<string, string | undefined>

/** For createRouter: reads `?a=b` as { a: 'b' }. */
export function parseSearch(search: string): Search {
  return Object.fromEntries(new URLSearchParams(search))
}

/** For createRouter: writes what has a value, in a stable order; nothing for undefined, null and ''. */
export function stringifySearch(search: Record<string, unknown>): string {
  const written = new URLSearchParams()
  for (const [key, value] of Object.entries(search)) {
    if (value !== undefined && value !== null && value !== '') written.set(key, String(value))
  }
  const text = written.toString()
  return text ? `?${text}` : ''
}
