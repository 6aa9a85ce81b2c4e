import type { TablerIcon } from '@tabler/icons-react'
import IconSearch from '@tabler/icons-react/dist/esm/icons/IconSearch.mjs'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import styles from './command-palette.module.css'
import { fold } from './fold.ts'
import { ProblemAlert } from './problem-alert.tsx'

/** Something that the palette finds: a thing to open, or a command to run. */
export interface PaletteEntry {
  id: string
  label: string
  /** What tells it from others of the same name: number, city, state. */
  detail?: string
  icon?: TablerIcon
  /** Where it leads, with what its address is asked; or what it does. */
  to?: string
  search?: Record<string, string>
  onRun?: () => void
  /** More words that find a command. */
  keywords?: string
}

/** Entries of one kind under a heading: Accounts, Invoices. */
export interface PaletteGroup {
  label: string
  entries: PaletteEntry[]
}

/** Whether a text is worth asking the API: two letters, or a number of any length. */
const isQuestion = (text: string) => text.length >= 2 || /\d/.test(text)

interface PaletteProps {
  onClose: () => void
  /** Asks the API, not at every key. */
  search: (query: string, signal: AbortSignal) => Promise<PaletteGroup[]>
  /** Pages and commands that are always there. */
  commands: PaletteEntry[]
  /** Commands that what was typed makes possible: "close july". They stand first. */
  answers?: ((typed: string) => PaletteEntry[]) | undefined
  /** What is offered before anything is typed. */
  recent?: PaletteEntry[] | undefined
}

/**
 * The command palette: finds anything through `search` and does anything in `commands`. A combobox in a dialog; arrows
 * move, Enter runs, Escape closes.
 */
export function CommandPalette({ opened, ...props }: PaletteProps & { opened: boolean }) {
  if (!opened) return null
  return <OpenedPalette {...props} />
}

function OpenedPalette({ onClose, search, commands, answers, recent }: PaletteProps) {
  const { t } = useTranslation('common')
  const navigate = useNavigate()
  const dialog = useRef<HTMLDialogElement>(null)
  const list = useRef<HTMLDivElement>(null)
  const id = useId()
  const [typed, setTyped] = useState('')
  const [asked, setAsked] = useState('')
  const [at, setAt] = useState(0)
  // Enter before the answer: it is for what will be found, not for what happens to stand there.
  const [hurried, setHurried] = useState(false)

  useEffect(() => {
    const element = dialog.current
    const before = document.activeElement
    element?.showModal()
    return () => {
      element?.close()
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true })
    }
  }, [])
  useEffect(() => {
    const timer = setTimeout(() => setAsked(typed.trim()), 150)
    return () => clearTimeout(timer)
  }, [typed])

  const found = useQuery({
    queryKey: ['palette', asked],
    queryFn: ({ signal }) => search(asked, signal),
    enabled: isQuestion(asked),
    staleTime: 10_000,
    placeholderData: (before) => (isQuestion(asked) ? before : undefined),
  })
  const question = typed.trim()
  const searching = (found.isFetching && !found.isFetched) || found.isPlaceholderData || question !== asked
  const waiting = isQuestion(question) && searching

  const { groups, first } = useMemo(() => {
    const text = typed.trim()
    const words = fold(text).split(/\s+/).filter(Boolean)
    const matching = commands.filter((command) => {
      const own = fold(`${command.label} ${command.keywords ?? ''}`)
      return words.every((word) => own.includes(word))
    })
    const answered = text === '' ? [] : (answers?.(text) ?? [])
    const fetched = isQuestion(text) ? (found.data ?? []) : []
    const all: PaletteGroup[] = [
      { label: t('palette.answers'), entries: answered },
      { label: t('palette.recent'), entries: text === '' ? (recent ?? []) : [] },
      ...fetched,
      { label: t('palette.commands'), entries: matching },
    ]
    return { groups: all.filter((group) => group.entries.length > 0), first: answered[0] }
  }, [typed, commands, answers, recent, found.data, t])
  const entries = groups.flatMap((group) => group.entries)
  const current = entries[Math.min(at, entries.length - 1)]

  useEffect(() => {
    if (current) document.getElementById(`${id}-${current.id}`)?.scrollIntoView({ block: 'nearest' })
  }, [current, id])

  const run = (entry: PaletteEntry) => {
    onClose()
    entry.onRun?.()
    if (entry.to) void navigate({ to: entry.to, search: (entry.search ?? {}) as never })
  }
  useEffect(() => {
    if (!hurried || waiting) return
    setHurried(false)
    if (entries[0]) run(entries[0])
  })
  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault()
      const step = event.key === 'ArrowDown' ? 1 : -1
      setAt(
        entries.length === 0
          ? 0
          : (Math.min(at, entries.length - 1) + step + entries.length) % entries.length,
      )
    } else if (event.key === 'Enter') {
      event.preventDefault()
      if (waiting && at === 0 && (first === undefined || current !== first)) setHurried(true)
      else if (current) run(current)
    }
  }

  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape, which the browser handles, is the keyboard's way to close
    <dialog
      ref={dialog}
      className={styles.dialog}
      aria-label={t('palette.open')}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
      onClick={(event) => {
        if (event.target === dialog.current) onClose()
      }}
    >
      <div className={styles.field}>
        <IconSearch size={18} aria-hidden />
        <input
          role="combobox"
          aria-label={t('palette.open')}
          aria-expanded={entries.length > 0}
          aria-controls={`${id}-list`}
          aria-activedescendant={current ? `${id}-${current.id}` : undefined}
          aria-autocomplete="list"
          aria-busy={waiting}
          autoComplete="off"
          spellCheck={false}
          maxLength={200}
          placeholder={t('palette.placeholder')}
          value={typed}
          onChange={(event) => {
            setTyped(event.currentTarget.value)
            setAt(0)
            setHurried(false)
          }}
          onKeyDown={onKey}
        />
        {waiting && <span className={styles.busy} aria-hidden />}
        <kbd aria-hidden>Esc</kbd>
      </div>
      <div className={styles.body}>
        <ProblemAlert error={isQuestion(question) ? found.error : null} onRetry={found.refetch} />
        <div
          ref={list}
          role="listbox"
          id={`${id}-list`}
          aria-label={t('palette.open')}
          className={styles.list}
        >
          {groups.map((group, index) => (
            // biome-ignore lint/a11y/useSemanticElements: a listbox has groups, not field sets
            <div key={group.label} role="group" aria-labelledby={`${id}-group-${index}`}>
              <div id={`${id}-group-${index}`} className={styles.heading}>
                {group.label}
              </div>
              {group.entries.map((entry) => {
                const Icon = entry.icon
                return (
                  // biome-ignore lint/a11y/useFocusableInteractive: focus stays in the field, which names the active option
                  // biome-ignore lint/a11y/useKeyWithClickEvents: the field handles the keys
                  <div
                    key={entry.id}
                    id={`${id}-${entry.id}`}
                    role="option"
                    aria-selected={entry === current}
                    className={styles.entry}
                    onPointerMove={() => setAt(entries.indexOf(entry))}
                    onClick={() => run(entry)}
                  >
                    {Icon && <Icon size={18} stroke={1.75} aria-hidden />}
                    <span className={styles.label}>{entry.label}</span>
                    {entry.detail && <span className={styles.detail}>{entry.detail}</span>}
                  </div>
                )
              })}
            </div>
          ))}
        </div>
        <p className={styles.say} role="status">
          {waiting
            ? t('palette.searching')
            : found.error && isQuestion(question)
              ? ''
              : question === ''
                ? t('palette.hint')
                : entries.length === 0
                  ? t('palette.nothing', { query: question })
                  : ''}
        </p>
      </div>
    </dialog>
  )
}
