import { useQuery } from '@tanstack/react-query'
import { createFileRoute } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { keysQuery } from '../../shared/api-key-queries.ts'
import { ApiKeysPage } from '../../shared/api-keys.tsx'
import { loadTexts } from '../../shared/i18n.ts'
import { unitsQuery } from '../frame-queries.ts'
import { type Permission, useMay, useSession } from '../session.ts'
import { SettingsNav } from '../settings-nav.tsx'
import { usePermissionGroups } from '../staff-permissions.ts'

/** The operator's API keys (A12). */
export const Route = createFileRoute('/_app/settings/api-keys')({
  loader: async ({ context: { queryClient } }) => {
    void queryClient.prefetchQuery(unitsQuery)
    void queryClient.prefetchInfiniteQuery(keysQuery(false))
    await loadTexts('keys')
  },
  component: ApiKeys,
})

function ApiKeys() {
  const { t } = useTranslation('keys')
  const session = useSession()
  const may = useMay()
  const groups = usePermissionGroups()
  const { data: units = [] } = useQuery(unitsQuery)
  return (
    <ApiKeysPage
      subtitle={t('subtitle_office')}
      below={<SettingsNav />}
      own={session.user_id}
      writable={may('api_keys.write')}
      terms={{
        groups,
        held: (scope) => may(scope as Permission),
        units: units.filter((unit) => unit.archived_at === null),
        mostCalls: 100_000,
        usualCalls: 600,
        example: '/session',
      }}
    />
  )
}
