/** What somebody opened through the palette, in this browser alone: its name, what it is and where it is. */
export interface RecentEntry {
  id: string
  kind: string
  label: string
  to: string
  search?: Record<string, string>
}

const key = 'zaguan.recent'
const most = 8

/** The latest first; nothing where the browser keeps nothing. */
export function readRecent(): RecentEntry[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(key) ?? '[]')
    if (!Array.isArray(kept)) return []
    return kept.filter(
      (one): one is RecentEntry =>
        typeof one?.id === 'string' &&
        typeof one.kind === 'string' &&
        typeof one.label === 'string' &&
        typeof one.to === 'string' &&
        one.to.startsWith('/'),
    )
  } catch {
    return []
  }
}

/** Remembers that something was opened. */
export function keepRecent(entry: RecentEntry): void {
  try {
    const kept = [entry, ...readRecent().filter((one) => one.id !== entry.id)].slice(0, most)
    localStorage.setItem(key, JSON.stringify(kept))
  } catch {
    // A browser that keeps nothing shows nothing of before.
  }
}

/** Forgets everything: whoever comes next sees nothing of it. */
export function forgetRecent(): void {
  try {
    localStorage.removeItem(key)
  } catch {
    // Nothing was kept.
  }
}
