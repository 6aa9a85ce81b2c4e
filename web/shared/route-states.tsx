import { Button } from '@mantine/core'
import IconMapQuestion from '@tabler/icons-react/dist/esm/icons/IconMapQuestion.mjs'
import { useQueryErrorResetBoundary } from '@tanstack/react-query'
import { type ErrorComponentProps, Link, useRouter } from '@tanstack/react-router'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { EmptyState, useDocumentTitle } from './page.tsx'
import { toProblem } from './problem.ts'
import { ProblemAlert } from './problem-alert.tsx'
import styles from './route-states.module.css'

/** What a route shows when its data did not come: what happened and a way to try again. */
export function RouteProblem({ error, reset }: ErrorComponentProps) {
  const router = useRouter()
  const { reset: resetQueries } = useQueryErrorResetBoundary()
  const problem = toProblem(error)
  useDocumentTitle(problem.title)
  useEffect(() => resetQueries(), [resetQueries])
  if (problem.status === 404) return <RouteUnknown />
  return (
    <div className={styles.place}>
      <h1 className="visually-hidden">{problem.title}</h1>
      <ProblemAlert
        error={error}
        onRetry={() => {
          reset()
          void router.invalidate()
        }}
      />
    </div>
  )
}

/** What an address shows that leads nowhere. */
export function RouteUnknown() {
  const { t } = useTranslation('common')
  useDocumentTitle(t('problem.not_found.title'))
  return (
    <div className={styles.place}>
      <h1 className="visually-hidden">{t('problem.not_found.title')}</h1>
      <EmptyState
        icon={<IconMapQuestion size={24} aria-hidden />}
        title={t('problem.not_found.title')}
        action={
          <Button renderRoot={(props) => <Link to="/" {...props} />} variant="default">
            {t('action.home')}
          </Button>
        }
      >
        {t('problem.not_found.detail')}
      </EmptyState>
    </div>
  )
}
