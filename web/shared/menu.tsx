import type { TablerIcon } from '@tabler/icons-react'
import type { KeyboardEvent, ReactNode } from 'react'
import { useEffect, useId, useRef, useState } from 'react'
import styles from './menu.module.css'

/** One line of a menu: something to do, or a choice with `checked`; a string is a heading over what follows. */
export type MenuItem =
  | string
  | {
      label: string
      detail?: string
      icon?: TablerIcon
      onClick: () => void
      checked?: boolean
      danger?: boolean
      disabled?: boolean
      /** The language that the label is written in, when it is not the screen's. */
      lang?: string
    }

function entriesOf(list: HTMLElement | null): HTMLButtonElement[] {
  return [...(list?.querySelectorAll<HTMLButtonElement>('[role^=menuitem]') ?? [])].filter(
    (one) => !one.disabled,
  )
}

/** A button that opens a menu: arrows move, letters find, Escape closes and gives the focus back. */
export function Menu({
  label,
  trigger,
  items,
  align = 'end',
  up,
  className,
}: {
  /** What the button is called for those who do not see it. */
  label: string
  trigger: ReactNode
  items: MenuItem[]
  align?: 'start' | 'end'
  up?: boolean
  className?: string
}) {
  const [opened, setOpened] = useState(false)
  const root = useRef<HTMLDivElement>(null)
  const button = useRef<HTMLButtonElement>(null)
  const list = useRef<HTMLDivElement>(null)
  const id = useId()

  useEffect(() => {
    if (!opened) return
    const all = entriesOf(list.current)
    const first = all.find((one) => one.ariaChecked === 'true') ?? all[0]
    first?.focus()
    const closeOutside = (event: PointerEvent) => {
      if (!root.current?.contains(event.target as Node)) setOpened(false)
    }
    document.addEventListener('pointerdown', closeOutside)
    return () => document.removeEventListener('pointerdown', closeOutside)
  }, [opened])

  const close = () => {
    setOpened(false)
    button.current?.focus()
  }

  const moveBy = (event: KeyboardEvent) => {
    const all = entriesOf(list.current)
    const at = all.indexOf(document.activeElement as HTMLButtonElement)
    const go = (index: number) => {
      event.preventDefault()
      all[(index + all.length) % all.length]?.focus()
    }
    if (event.key === 'Escape') {
      event.preventDefault()
      event.stopPropagation()
      close()
    } else if (event.key === 'Tab') setOpened(false)
    else if (event.key === 'ArrowDown') go(at + 1)
    else if (event.key === 'ArrowUp') go(at - 1)
    else if (event.key === 'Home') go(0)
    else if (event.key === 'End') go(-1)
    else if (event.key.length === 1 && event.key !== ' ') {
      const letter = event.key.toLowerCase()
      const next = [...all.slice(at + 1), ...all].find((one) =>
        one.textContent?.trim().toLowerCase().startsWith(letter),
      )
      next?.focus()
    }
  }

  return (
    <div ref={root} className={`${styles.root} ${className ?? ''}`}>
      <button
        ref={button}
        type="button"
        className={styles.trigger}
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={opened}
        aria-controls={opened ? id : undefined}
        onClick={() => setOpened(!opened)}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown' && !opened) {
            event.preventDefault()
            setOpened(true)
          }
        }}
      >
        {trigger}
      </button>
      {opened && (
        <div
          ref={list}
          id={id}
          role="menu"
          aria-label={label}
          tabIndex={-1}
          className={styles.list}
          data-align={align}
          data-up={up || undefined}
          onKeyDown={moveBy}
        >
          {items.map((item, index) => {
            if (typeof item === 'string') {
              return (
                <div key={item} className={styles.heading} role="presentation">
                  {item}
                </div>
              )
            }
            const Icon = item.icon
            const checkable = item.checked !== undefined
            return (
              // biome-ignore lint/a11y/useAriaPropsSupportedByRole: it has aria-checked only where its role has it
              <button
                // biome-ignore lint/suspicious/noArrayIndexKey: two entries may have the same words
                key={index}
                type="button"
                role={checkable ? 'menuitemradio' : 'menuitem'}
                aria-checked={checkable ? item.checked : undefined}
                tabIndex={-1}
                lang={item.lang}
                disabled={item.disabled}
                className={styles.item}
                data-danger={item.danger || undefined}
                data-checked={item.checked || undefined}
                onClick={() => {
                  close()
                  item.onClick()
                }}
              >
                {Icon && <Icon size={16} aria-hidden />}
                <span className={styles.words}>
                  <span>{item.label}</span>
                  {item.detail && <small>{item.detail}</small>}
                </span>
                {checkable && <span className={styles.tick} aria-hidden />}
              </button>
            )
          })}
        </div>
      )}
    </div>
  )
}
