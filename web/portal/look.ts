import { useSyncExternalStore } from 'react'
import { api, orThrow } from '../shared/api.ts'
import type { Look } from '../shared/api-types.gen.ts'
import { type Brand, neutralBrand } from '../shared/brand.tsx'

const storageKey = 'zaguan.look'

/** What the page was sent with: the look of the unit in the address, else of the host's. */
function readServed(): Look | null {
  const text = document.querySelector<HTMLMetaElement>('meta[name="look"]')?.content
  return text?.startsWith('{') ? (JSON.parse(text) as Look) : null
}

function readKept(): Look | null {
  try {
    return JSON.parse(localStorage.getItem(storageKey) ?? 'null') as Look | null
  } catch {
    return null
  }
}

const served = readServed()
let current = served ?? readKept()
const listeners = new Set<() => void>()

/** Shows this business unit's look everywhere, and at once on the next visit. */
export function showLook(look: Look): void {
  const same = JSON.stringify(look) === JSON.stringify(current)
  current = look
  try {
    localStorage.setItem(storageKey, JSON.stringify(look))
  } catch {
    // A browser that keeps nothing asks again on the next visit.
  }
  if (same) return
  for (const listener of listeners) listener()
}

/** The slug of the business unit whose portal this is, as far as this browser knows. */
export function knownUnit(): string | undefined {
  return current?.slug
}

const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** The look of the business unit whose portal this is; Zaguan's own before anybody said which. */
export function useLook(): Brand {
  return useSyncExternalStore(subscribe, () => current) ?? neutralBrand
}

/**
 * Learns whose sign-in page this is: the unit in the address, else the one that this host belongs to, else the one of the
 * last visit. Without an answer the page stays as it is: somebody must be able to sign in whatever the look.
 */
export async function learnLook(unit: string | undefined): Promise<void> {
  if (served && (unit === undefined || unit === served.slug)) return showLook(served)
  try {
    const { look } = await orThrow(
      api.GET('/api/v1/portal/look', { params: { query: { unit: unit ?? knownUnit() } } }),
    )
    if (look) showLook(look)
  } catch {
    // The form under it will say what is wrong with the network.
  }
}
