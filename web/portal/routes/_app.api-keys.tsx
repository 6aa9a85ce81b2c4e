import IconLock from '@tabler/icons-react/dist/esm/icons/IconLock.mjs'
import { createFileRoute } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { keysQuery } from '../../shared/api-key-queries.ts'
import { ApiKeysPage } from '../../shared/api-keys.tsx'
import { loadTexts } from '../../shared/i18n.ts'
import { PageTitle } from '../../shared/page.tsx'
import { Callout } from '../../shared/problem-alert.tsx'
import { AccountNav } from '../area-navs.tsx'
import { maySession, useSession } from '../session.ts'

/** The account's own API keys (A12): its owner's alone, and never of staff who view as a customer. */
export const Route = createFileRoute('/_app/api-keys')({
  loader: async ({ context: { queryClient, session } }) => {
    if (mayKeepKeys(session)) void queryClient.prefetchInfiniteQuery(keysQuery(false))
    await loadTexts('keys')
  },
  component: ApiKeys,
})

type Session = ReturnType<typeof useSession>
const mayKeepKeys = (session: Session) =>
  session.permissions.includes('owner') && session.viewer_name === null

const scopes = ['owner', 'billing', 'services', 'support', 'licences', 'users'] as const

function ApiKeys() {
  const { t } = useTranslation('keys')
  const session = useSession()
  if (!mayKeepKeys(session)) {
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
    <ApiKeysPage
      subtitle={t('subtitle_portal', { account: session.account_name })}
      above={<AccountNav />}
      own={session.user_id}
      writable
      terms={{
        groups: [
          {
            scopes: scopes.map((scope) => ({
              value: scope,
              label: t(`common:permission.${scope}.name`),
              detail: t(`common:permission.${scope}.allows`),
            })),
          },
        ],
        held: (scope) => maySession(session, scope as (typeof scopes)[number]),
        mostCalls: 600,
        usualCalls: 300,
        example: '/session',
      }}
    />
  )
}
