import IconX from '@tabler/icons-react/dist/esm/icons/IconX.mjs'
import { useCallback, useEffect, useSyncExternalStore } from 'react'
import { useTranslation } from 'react-i18next'
import { toProblem } from './problem.ts'
import { toneIcons } from './states.ts'
import type { Tone } from './theme.ts'
import styles from './toasts.module.css'

/** A short message that arrives by itself and goes by itself. What must be acted on belongs into the page instead. */
export interface Toast {
  tone: Tone
  title: string
  detail?: string
  /** At most one, for example Undo. */
  action?: { label: string; onClick: () => void }
  /** Milliseconds until it goes; errors stay until they are closed. */
  duration?: number
}

type ShownToast = Toast & { id: number }

let shown: ShownToast[] = []
let nextId = 1
const listeners = new Set<() => void>()

function publish(toasts: ShownToast[]) {
  shown = toasts
  for (const listener of listeners) listener()
}

/** Shows a toast from anywhere and gives the function that takes it away. */
export function showToast(toast: Toast): () => void {
  const id = nextId++
  publish([...shown.slice(-3), { ...toast, id }])
  return () => dismiss(id)
}

function dismiss(id: number) {
  publish(shown.filter((toast) => toast.id !== id))
}

/** For errors of small actions that have no form of their own: `useMutation({ onError: useProblemToast() })`. */
export function useProblemToast(): (cause: unknown) => void {
  const { t } = useTranslation('common')
  return useCallback(
    (cause: unknown) => {
      const problem = toProblem(cause)
      const reference = problem.request_id && problem.status >= 500
      showToast({
        tone: 'bad',
        title: problem.title,
        detail: [problem.detail, reference && t('problem.request_id', { id: problem.request_id })]
          .filter(Boolean)
          .join(' '),
      })
    },
    [t],
  )
}

const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** The place where toasts appear. Once per app, in the root route. */
export function Toasts() {
  const { t } = useTranslation('common')
  const toasts = useSyncExternalStore(subscribe, () => shown)
  return (
    <section className={styles.region} aria-label={t('toasts')} aria-live="polite" aria-relevant="additions">
      {toasts.map((toast) => (
        <ToastItem key={toast.id} toast={toast} />
      ))}
    </section>
  )
}

function ToastItem({ toast }: { toast: ShownToast }) {
  const { t } = useTranslation('common')
  const Icon = toneIcons[toast.tone]
  const duration = toast.duration ?? (toast.tone === 'bad' ? 0 : toast.action ? 9_000 : 5_000)
  useEffect(() => {
    if (duration === 0) return
    const timer = setTimeout(() => dismiss(toast.id), duration)
    return () => clearTimeout(timer)
  }, [duration, toast.id])
  return (
    <div className={styles.toast} data-tone={toast.tone}>
      <Icon size={20} className={styles.icon} aria-hidden />
      <div className={styles.words}>
        <strong>{toast.title}</strong>
        {toast.detail && <span>{toast.detail}</span>}
      </div>
      {toast.action && (
        <button
          type="button"
          className={styles.action}
          onClick={() => {
            toast.action?.onClick()
            dismiss(toast.id)
          }}
        >
          {toast.action.label}
        </button>
      )}
      <button
        type="button"
        className={styles.close}
        aria-label={t('action.close')}
        onClick={() => dismiss(toast.id)}
      >
        <IconX size={16} aria-hidden />
      </button>
    </div>
  )
}
