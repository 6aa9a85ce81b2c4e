import { createFileRoute } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { loadTexts } from '../../shared/i18n.ts'
import { WebhookPage } from '../../shared/webhook-log.tsx'
import { endpointQuery, eventsQuery } from '../../shared/webhook-queries.ts'
import { BackLink } from '../back-link.tsx'
import { useSession } from '../session.ts'

/** A webhook of the account, and what was sent to it. */
export const Route = createFileRoute('/_app/webhooks/$id')({
  loader: async ({ context: { queryClient }, params: { id } }) => {
    void queryClient.prefetchQuery(endpointQuery(id))
    void queryClient.prefetchQuery(eventsQuery())
    await loadTexts('webhooks')
  },
  component: Webhook,
})

function Webhook() {
  const { id } = Route.useParams()
  const { t } = useTranslation('webhooks')
  const session = useSession()
  return (
    <WebhookPage
      id={id}
      back={<BackLink to="/webhooks">{t('title')}</BackLink>}
      writable={session.viewer_name === null}
      places={{ list: '/webhooks' }}
    />
  )
}
