import { createFileRoute, redirect } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../../shared/api.ts'
import styles from '../../shared/auth.module.css'
import { AuthLayout } from '../../shared/auth-layout.tsx'
import { useBrand } from '../../shared/brand.tsx'
import { toProblem } from '../../shared/problem.ts'
import { ProblemAlert } from '../../shared/problem-alert.tsx'
import { isViewingTab, markViewingTab } from '../viewing.ts'

/**
 * Where the office's “View as customer” leads (A11): the code is traded for a session, once, and the portal opens. Here
 * somebody is told, too, that a view has ended.
 */
export const Route = createFileRoute('/view-as')({
  validateSearch: (search: Record<string, unknown>): { code?: string; ended?: boolean } => ({
    ...(search.code ? { code: String(search.code) } : {}),
    ...(search.ended ? { ended: true } : {}),
  }),
  beforeLoad: async ({ context: { queryClient }, search: { code }, preload }) => {
    if (code === undefined || preload) return
    try {
      await orThrow(api.POST('/api/v1/portal/view-as', { body: { code } }))
    } catch (cause) {
      return { refused: toProblem(cause) }
    }
    markViewingTab(true)
    queryClient.clear()
    throw redirect({ to: '/', replace: true })
  },
  loader: async ({ location }) => {
    const ended = (location.search as { ended?: boolean }).ended === true
    if (!ended || !isViewingTab()) return
    markViewingTab(false)
    await api.DELETE('/api/v1/portal/view-as').catch(() => undefined)
  },
  component: ViewAs,
})

function ViewAs() {
  const { t } = useTranslation()
  const brand = useBrand()
  const { refused } = Route.useRouteContext() as { refused?: unknown }
  const title = t(refused ? 'view_as.failed' : 'view_as.ended')
  return (
    <AuthLayout
      brand={brand}
      title={title}
      lead={refused ? undefined : t('view_as.ended_lead')}
      slogan={t('view_as.slogan')}
    >
      <div className={styles.stack}>
        <ProblemAlert error={refused} />
        <p>
          <a href="/office/">{t('view_as.office')}</a>
        </p>
      </div>
    </AuthLayout>
  )
}
