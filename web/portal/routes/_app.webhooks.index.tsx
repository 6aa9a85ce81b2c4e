import IconLock from '@tabler/icons-react/dist/esm/icons/IconLock.mjs'
import { createFileRoute } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { loadTexts } from '../../shared/i18n.ts'
import { PageTitle } from '../../shared/page.tsx'
import { Callout } from '../../shared/problem-alert.tsx'
import { endpointsQuery, eventsQuery } from '../../shared/webhook-queries.ts'
import { WebhooksPage } from '../../shared/webhooks.tsx'
import { AccountNav } from '../area-navs.tsx'
import { useSession } from '../session.ts'

/** The account's own webhooks (A12): its owner's alone; staff who view as a customer only look. */
export const Route = createFileRoute('/_app/webhooks/')({
  loader: async ({ context: { queryClient, session } }) => {
    if (session.permissions.includes('owner')) {
      void queryClient.prefetchQuery(endpointsQuery())
      void queryClient.prefetchQuery(eventsQuery())
    }
    await loadTexts('webhooks')
  },
  component: Webhooks,
})

function Webhooks() {
  const { t } = useTranslation('webhooks')
  const session = useSession()
  if (!session.permissions.includes('owner')) {
    return (
      <>
        <AccountNav />
        <PageTitle title={t('title')} />
        <Callout tone="neutral" icon={<IconLock size={20} aria-hidden />}>
          <p>{t('portal:not_permitted.text')}</p>
        </Callout>
      </>
    )
  }
  return (
    <WebhooksPage
      subtitle={t('subtitle_portal', { account: session.account_name })}
      above={<AccountNav />}
      writable={session.viewer_name === null}
      places={{ list: '/webhooks' }}
    />
  )
}
