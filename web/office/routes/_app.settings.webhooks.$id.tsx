import { useQuery } from '@tanstack/react-query'
import { createFileRoute } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { loadTexts } from '../../shared/i18n.ts'
import { WebhookPage } from '../../shared/webhook-log.tsx'
import { endpointQuery, eventsQuery } from '../../shared/webhook-queries.ts'
import { BackLink } from '../back-link.tsx'
import { unitsQuery } from '../frame-queries.ts'
import { useMay } from '../session.ts'

/** A webhook of the operator, and what was sent to it. */
export const Route = createFileRoute('/_app/settings/webhooks/$id')({
  loader: async ({ context: { queryClient }, params: { id } }) => {
    void queryClient.prefetchQuery(unitsQuery)
    void queryClient.prefetchQuery(endpointQuery(id))
    void queryClient.prefetchQuery(eventsQuery())
    await loadTexts('webhooks')
  },
  component: Webhook,
})

function Webhook() {
  const { id } = Route.useParams()
  const { t } = useTranslation('webhooks')
  const may = useMay()
  const { data: units = [] } = useQuery(unitsQuery)
  return (
    <WebhookPage
      id={id}
      back={<BackLink to="/settings/webhooks">{t('title')}</BackLink>}
      units={units.filter((unit) => unit.archived_at === null)}
      writable={may('webhooks.write')}
      places={{ list: '/settings/webhooks' }}
    />
  )
}
