/** The search of a sign-in page as far as both have it: only a path of this house, and a code. */
export function readEntrySearch(search: Record<string, unknown>): { back?: string; problem?: string } {
  const back = String(search.back ?? '')
  const problem = String(search.problem ?? '')
  return {
    ...(/^\/(?![/\\])/.test(back) ? { back } : {}),
    ...(/^[a-z_]{1,60}$/.test(problem) ? { problem } : {}),
  }
}
