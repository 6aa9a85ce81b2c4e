import { createFileRoute } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { loadTexts } from '../../shared/i18n.ts'
import { PageTitle } from '../../shared/page.tsx'
import { SecurityParts } from '../../shared/security-page.tsx'
import { ownSessionsQuery, securityQuery } from '../../shared/security-queries.ts'
import { MeNav } from '../me-nav.tsx'
import { useSession } from '../session.ts'

/** How the person gets in, and what keeps others out (A5). */
export const Route = createFileRoute('/_app/me/security')({
  loader: ({ context: { queryClient } }) => {
    void queryClient.prefetchQuery(securityQuery)
    void queryClient.prefetchQuery(ownSessionsQuery)
    return loadTexts('security')
  },
  component: Security,
})

function Security() {
  const { t } = useTranslation('security')
  const { name } = useSession()
  return (
    <>
      <MeNav />
      <PageTitle title={t('page.title')} subtitle={t('page.subtitle')} />
      <SecurityParts name={name} />
    </>
  )
}
