import { type ReactNode, useEffect, useRef } from 'react'
import styles from './panes.module.css'

/** A list at the left and what is chosen of it at the right; on a small screen one or the other. */
export function Panes({ list, detail, opened }: { list: ReactNode; detail: ReactNode; opened: boolean }) {
  return (
    <div className={styles.panes} data-opened={opened || undefined}>
      <div className={styles.list}>{list}</div>
      <div className={styles.detail}>{detail}</div>
    </div>
  )
}

/** The classes of a list inside Panes: `list` of `item`s, whose link is `row`. */
export const paneStyles = styles

/** j and k choose the next and the one before, wherever the focus is but in a field or a dialog. */
export function useListKeys(ids: string[], current: string | undefined, choose: (id: string) => void): void {
  const latest = useRef({ ids, current, choose })
  latest.current = { ids, current, choose }
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement
      if (event.metaKey || event.ctrlKey || event.altKey || document.querySelector('dialog[open]')) return
      if (target.closest('input, textarea, select, [contenteditable], [role=menu]')) return
      const step = event.key === 'j' ? 1 : event.key === 'k' ? -1 : 0
      if (step === 0) return
      const at = latest.current.ids.indexOf(latest.current.current ?? '')
      const next = latest.current.ids[at < 0 ? 0 : at + step]
      if (next === undefined) return
      event.preventDefault()
      latest.current.choose(next)
      requestAnimationFrame(() => {
        const row = document.querySelector<HTMLElement>(`[data-pane-row="${next}"]`)
        row?.focus({ preventScroll: true })
        row?.scrollIntoView({ block: 'nearest' })
      })
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [])
}
