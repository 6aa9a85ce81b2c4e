import { useQuery } from '@tanstack/react-query'
import { createFileRoute } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { loadTexts } from '../../shared/i18n.ts'
import { endpointsQuery, eventsQuery } from '../../shared/webhook-queries.ts'
import { WebhooksPage } from '../../shared/webhooks.tsx'
import { unitsQuery } from '../frame-queries.ts'
import { useMay } from '../session.ts'
import { SettingsNav } from '../settings-nav.tsx'

/** The operator's webhooks (A12). */
export const Route = createFileRoute('/_app/settings/webhooks/')({
  loader: async ({ context: { queryClient } }) => {
    void queryClient.prefetchQuery(unitsQuery)
    void queryClient.prefetchQuery(endpointsQuery())
    void queryClient.prefetchQuery(eventsQuery())
    await loadTexts('webhooks')
  },
  component: Webhooks,
})

function Webhooks() {
  const { t } = useTranslation('webhooks')
  const may = useMay()
  const { data: units = [] } = useQuery(unitsQuery)
  return (
    <WebhooksPage
      subtitle={t('subtitle_office')}
      below={<SettingsNav />}
      units={units.filter((unit) => unit.archived_at === null)}
      writable={may('webhooks.write')}
      places={{ list: '/settings/webhooks' }}
    />
  )
}
