import { type ReactNode, useEffect, useRef, useState } from 'react'
import styles from './popout.module.css'

/**
 * A button with a panel under it that holds anything (a list of jobs, check boxes, a small form). Escape and a click
 * elsewhere close it. For a list of commands use Menu.
 */
export function Popout({
  label,
  title,
  trigger,
  variant = 'quiet',
  align = 'end',
  className,
  children,
}: {
  /** What the button is called, when its content does not say it. */
  label?: string
  /** What the panel is called. */
  title: string
  trigger: ReactNode
  variant?: 'quiet' | 'outlined'
  align?: 'start' | 'end'
  className?: string
  /** The panel; a function gets the way to close it. */
  children: ReactNode | ((close: () => void) => ReactNode)
}) {
  const [opened, setOpened] = useState(false)
  const root = useRef<HTMLDivElement>(null)
  const button = useRef<HTMLButtonElement>(null)
  const close = () => {
    setOpened(false)
    button.current?.focus()
  }

  useEffect(() => {
    if (!opened) return
    const closeOutside = (event: PointerEvent) => {
      if (!root.current?.contains(event.target as Node)) setOpened(false)
    }
    const closeByKey = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return
      setOpened(false)
      button.current?.focus()
    }
    document.addEventListener('pointerdown', closeOutside)
    document.addEventListener('keydown', closeByKey)
    return () => {
      document.removeEventListener('pointerdown', closeOutside)
      document.removeEventListener('keydown', closeByKey)
    }
  }, [opened])

  return (
    <div ref={root} className={`${styles.root} ${className ?? ''}`}>
      <button
        ref={button}
        type="button"
        className={styles.trigger}
        data-variant={variant}
        aria-label={label}
        aria-expanded={opened}
        onClick={() => setOpened(!opened)}
      >
        {trigger}
      </button>
      {opened && (
        <section className={styles.panel} data-align={align} aria-label={title}>
          {typeof children === 'function' ? children(close) : children}
        </section>
      )}
    </div>
  )
}
