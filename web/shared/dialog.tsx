import { Button } from '@mantine/core'
import IconX from '@tabler/icons-react/dist/esm/icons/IconX.mjs'
import type { ReactNode } from 'react'
import { useEffect, useId, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import styles from './dialog.module.css'
import { ProblemAlert } from './problem-alert.tsx'

/**
 * A dialog on the browser's own <dialog>: focus stays inside, Escape closes, focus returns to where it was. On a phone it
 * rises from the bottom. `side` makes it a panel at the left edge (the menu of a small screen).
 */
export function Dialog({
  opened,
  onClose,
  title,
  size = 'medium',
  side,
  children,
}: {
  opened: boolean
  onClose: () => void
  title: string
  size?: 'small' | 'medium' | 'large'
  side?: boolean
  children: ReactNode
}) {
  const { t } = useTranslation('common')
  const ref = useRef<HTMLDialogElement>(null)
  const titleId = useId()
  useEffect(() => {
    const dialog = ref.current
    if (!dialog || !opened) return
    const before = document.activeElement
    dialog.showModal()
    return () => {
      dialog.close()
      // The browser gives the focus back only while the dialog is in the document, and React has taken it out by now.
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true })
    }
  }, [opened])
  if (!opened) return null
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape, which the browser handles, is the keyboard's way to close
    <dialog
      ref={ref}
      className={styles.dialog}
      data-size={size}
      data-side={side || undefined}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
      onClick={(event) => {
        if (event.target === ref.current) onClose()
      }}
    >
      <div className={styles.inside}>
        <header className={styles.head}>
          <h2 id={titleId}>{title}</h2>
          <button type="button" className={styles.close} aria-label={t('action.close')} onClick={onClose}>
            <IconX size={20} aria-hidden />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  )
}

/** The last line of a dialog: its buttons, the main one last. */
export function DialogActions({ children }: { children: ReactNode }) {
  return <div className={styles.actions}>{children}</div>
}

/**
 * Asks before something that cannot be undone, showing its consequence first. `onConfirm` may be asynchronous: the dialog
 * waits, closes on success, and shows the problem otherwise.
 */
export function ConfirmDialog({
  opened,
  onClose,
  title,
  children,
  confirm,
  danger,
  onConfirm,
}: {
  opened: boolean
  onClose: () => void
  /** The question: 'Cancel this service?' */
  title: string
  /** The consequence: what will change, for whom, what it costs. */
  children: ReactNode
  /** The verb on the button: 'Cancel service'. */
  confirm: string
  danger?: boolean
  onConfirm: () => unknown
}) {
  const { t } = useTranslation('common')
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const close = () => {
    if (busy) return
    setError(null)
    onClose()
  }
  const run = async () => {
    setBusy(true)
    setError(null)
    try {
      await onConfirm()
      onClose()
    } catch (cause) {
      setError(cause)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Dialog opened={opened} onClose={close} title={title} size="small">
      <div className={styles.body}>
        {children}
        <ProblemAlert error={error} />
      </div>
      <DialogActions>
        <Button variant="default" onClick={close} disabled={busy}>
          {t('action.cancel')}
        </Button>
        <Button color={danger ? 'bad' : 'accent'} loading={busy} onClick={run}>
          {confirm}
        </Button>
      </DialogActions>
    </Dialog>
  )
}
