import { Button } from '@mantine/core'
import IconAlertTriangle from '@tabler/icons-react/dist/esm/icons/IconAlertTriangle.mjs'
import IconRefresh from '@tabler/icons-react/dist/esm/icons/IconRefresh.mjs'
import IconWifiOff from '@tabler/icons-react/dist/esm/icons/IconWifiOff.mjs'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { toProblem } from './problem.ts'
import styles from './problem-alert.module.css'
import type { Tone } from './theme.ts'

/**
 * An error in the place where it matters: what happened, what to do, a way to try again, and the number to quote. Nothing
 * is shown without an error: `<ProblemAlert error={query.error} onRetry={query.refetch} />`.
 */
export function ProblemAlert({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { t } = useTranslation('common')
  if (error === null || error === undefined) return null
  const problem = toProblem(error)
  const unnamed = problem.errors?.filter((one) => one.path === '') ?? []
  const Icon = problem.status === 0 ? IconWifiOff : IconAlertTriangle
  return (
    <div role="alert" className={styles.alert} data-tone="bad">
      <Icon size={20} className={styles.icon} aria-hidden />
      <div className={styles.words}>
        <strong>{problem.title}</strong>
        {problem.detail && problem.detail !== problem.title && <p>{problem.detail}</p>}
        {unnamed.map((one) => (
          <p key={one.code + one.message}>{one.message}</p>
        ))}
        {problem.request_id && problem.status >= 500 && (
          <p className={styles.reference}>{t('problem.request_id', { id: problem.request_id })}</p>
        )}
        {onRetry && (
          <Button
            variant="default"
            size="xs"
            className={styles.retry}
            leftSection={<IconRefresh size={14} aria-hidden />}
            onClick={() => onRetry()}
          >
            {t('action.retry')}
          </Button>
        )}
      </div>
    </div>
  )
}

/** A message that stays in the page: `<Callout tone="info" title="…">what it means</Callout>`. */
export function Callout({
  tone,
  title,
  icon,
  children,
}: {
  tone: Tone
  title?: ReactNode
  icon?: ReactNode
  children?: ReactNode
}) {
  return (
    <div className={styles.alert} data-tone={tone}>
      {icon && <span className={styles.icon}>{icon}</span>}
      <div className={styles.words}>
        {title && <strong>{title}</strong>}
        {children}
      </div>
    </div>
  )
}
