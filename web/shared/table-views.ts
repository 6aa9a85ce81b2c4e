import { useCallback, useSyncExternalStore } from 'react'
import type { Search } from './router.ts'

/** A named address of a table that a person kept in this browser. */
interface KeptView {
  label: string
  search: Search
}

const changedEvent = 'zaguan:views'
const cache = new Map<string, { raw: string; views: KeptView[] }>()

function read(name: string): KeptView[] {
  let raw = '[]'
  try {
    raw = localStorage.getItem(`zaguan.views.${name}`) ?? '[]'
  } catch {
    // Without storage there are no kept views.
  }
  const known = cache.get(name)
  if (known?.raw === raw) return known.views
  let views: KeptView[] = []
  try {
    const parsed: unknown = JSON.parse(raw)
    if (Array.isArray(parsed)) views = parsed.filter((one) => typeof one?.label === 'string' && one.search)
  } catch {
    // Spoiled by hand: as if there were none.
  }
  cache.set(name, { raw, views })
  return views
}

function write(name: string, views: KeptView[]) {
  try {
    localStorage.setItem(`zaguan.views.${name}`, JSON.stringify(views))
  } catch {
    // A browser that keeps nothing cannot keep views.
  }
  window.dispatchEvent(new Event(changedEvent))
}

const subscribe = (listener: () => void) => {
  window.addEventListener(changedEvent, listener)
  window.addEventListener('storage', listener)
  return () => {
    window.removeEventListener(changedEvent, listener)
    window.removeEventListener('storage', listener)
  }
}

/** The views of one table that this browser keeps, alike in all its tabs. */
export function useKeptViews(name: string) {
  const kept = useSyncExternalStore(
    subscribe,
    () => read(name),
    () => [],
  )
  const keep = useCallback(
    (view: KeptView) => write(name, [...read(name).filter((one) => one.label !== view.label), view]),
    [name],
  )
  const drop = useCallback(
    (view: KeptView) =>
      write(
        name,
        read(name).filter((one) => one !== view),
      ),
    [name],
  )
  return { kept, keep, drop }
}
