import { useEffect, useRef, useState } from 'react'

/** Over this many rows only those near the visible ones are in the document. */
const windowedFrom = 150
export const rowHeight = 44
const overscan = 20

/** Which rows are near the visible part of the region. All of them while they are few, or laid out as cards. */
export function useVisibleRange(
  region: React.RefObject<HTMLDivElement | null>,
  count: number,
): [number, number] {
  const [range, setRange] = useState<[number, number]>([0, windowedFrom])
  const windowed = count > windowedFrom
  useEffect(() => {
    const box = region.current
    if (!box || !windowed) return
    const cards = window.matchMedia('(max-width: 640px)')
    const measure = () => {
      if (cards.matches) {
        setRange([0, Number.POSITIVE_INFINITY])
        return
      }
      const first = Math.max(0, Math.floor(box.scrollTop / rowHeight) - overscan)
      // In steps, so that not every scrolled pixel draws the table again.
      const start = first - (first % 10)
      const end = start + Math.ceil(box.clientHeight / rowHeight) + 2 * overscan + 10
      setRange((before) => (before[0] === start && before[1] === end ? before : [start, end]))
    }
    measure()
    box.addEventListener('scroll', measure, { passive: true })
    window.addEventListener('resize', measure)
    return () => {
      box.removeEventListener('scroll', measure)
      window.removeEventListener('resize', measure)
    }
  }, [region, windowed])
  return windowed ? [range[0], Math.min(range[1], count)] : [0, count]
}

/** Moves through the rows by keys: j and k, x, Enter by the link itself, / to the search, Escape out of the selection. */
export function useRowKeys(options: {
  region: React.RefObject<HTMLDivElement | null>
  searchInput: React.RefObject<HTMLInputElement | null>
  count: number
  toggleAt: ((index: number) => void) | undefined
  clear: () => void
}) {
  const latest = useRef(options)
  latest.current = options
  useEffect(() => {
    const focusRow = (index: number) => {
      const box = latest.current.region.current
      const find = () =>
        box?.querySelector<HTMLElement>(
          `tr[data-index="${index}"] [data-row-link], tr[data-index="${index}"] [data-row-check]`,
        )
      const present = box?.querySelector<HTMLElement>(`tr[data-index="${index}"] [data-row-link]`) ?? find()
      if (present) {
        present.focus()
        present.closest('tr')?.scrollIntoView({ block: 'nearest' })
        return
      }
      if (!box) return
      box.scrollTop = index * rowHeight - box.clientHeight / 2
      setTimeout(() => find()?.focus(), 60)
    }
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement
      if (event.metaKey || event.ctrlKey || event.altKey || document.querySelector('dialog[open]')) return
      const typing = target.closest(
        'input:not([type=checkbox]), textarea, select, [contenteditable], [role=menu]',
      )
      if (typing) {
        if (event.key === 'Escape' && target === latest.current.searchInput.current) target.blur()
        return
      }
      const { count, toggleAt, clear, searchInput } = latest.current
      const row = target.closest<HTMLElement>('tr[data-index]')
      const at = row ? Number(row.dataset.index) : -1
      if (event.key === '/') {
        event.preventDefault()
        searchInput.current?.focus()
      } else if (event.key === 'j' && at < count - 1) {
        event.preventDefault()
        focusRow(at + 1)
      } else if (event.key === 'k' && at > 0) {
        event.preventDefault()
        focusRow(at - 1)
      } else if (event.key === 'x' && at >= 0 && toggleAt) {
        event.preventDefault()
        toggleAt(at)
      } else if (event.key === 'Escape' && row) clear()
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [])
}
