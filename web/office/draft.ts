import { useCallback, useEffect, useState } from 'react'
import { useSession } from './session.ts'

/**
 * What somebody typed into a form and did not send yet, kept while the browser's tab lives: a page that is left or closed by
 * mistake has it again. Drafts are the signed-in person's own. Only plain values: text, numbers, lists of them.
 */
export function useDraft<Values extends Record<string, unknown>>(name: string, base: Values) {
  const { user_id } = useSession()
  const key = `zaguan.draft.${user_id}.${name}`
  const [start] = useState(() => {
    const kept = readDraft(key)
    return kept === null ? base : { ...base, ...pick(kept, base) }
  })
  return {
    /** With what the form begins. */
    initial: start,
    /** Whether something was there from before. */
    restored: start !== base,
    /** Called with every change of the form. */
    keep: useCallback(
      (values: Values) => {
        const plain = JSON.stringify(values)
        try {
          if (plain === JSON.stringify(base)) sessionStorage.removeItem(key)
          else sessionStorage.setItem(key, plain)
        } catch {
          // A browser without storage keeps nothing; the form works all the same.
        }
      },
      [key, base],
    ),
    forget: useCallback(() => {
      try {
        sessionStorage.removeItem(key)
      } catch {
        // As above.
      }
    }, [key]),
  }
}

/** Keeps the values of a form as its draft, until it was sent. */
export function useKeptDraft<Values extends Record<string, unknown>>(
  draft: { keep: (values: Values) => void },
  values: Values,
  sent: boolean,
): void {
  const { keep } = draft
  useEffect(() => {
    if (!sent) keep(values)
  }, [keep, values, sent])
}

function readDraft(key: string): Record<string, unknown> | null {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(key) ?? 'null')
    return typeof kept === 'object' && kept !== null && !Array.isArray(kept)
      ? (kept as Record<string, unknown>)
      : null
  } catch {
    return null
  }
}

/** What the form still knows of a draft that an earlier version may have written. */
function pick<Values extends Record<string, unknown>>(
  kept: Record<string, unknown>,
  base: Values,
): Partial<Values> {
  return Object.fromEntries(Object.entries(kept).filter(([name]) => name in base)) as Partial<Values>
}
