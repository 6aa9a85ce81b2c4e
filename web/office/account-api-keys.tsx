import { ActionIcon } from '@mantine/core'
import IconTrash from '@tabler/icons-react/dist/esm/icons/IconTrash.mjs'
import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../shared/api.ts'
import { type Key, RevokeDialog } from '../shared/api-keys.tsx'
import type { Account } from '../shared/api-types.gen.ts'
import { loadTexts } from '../shared/i18n.ts'
import { Section } from '../shared/page.tsx'
import { StateBadge } from '../shared/state-badge.tsx'
import { showToast } from '../shared/toasts.tsx'
import { useFormats } from '../shared/use-formats.ts'
import styles from './list.module.css'
import { useMay } from './session.ts'

/** The keys of a customer that work, with the words that the panel needs. */
const accountKeysQuery = (id: string) =>
  queryOptions({
    queryKey: ['accounts', id, 'api-keys'],
    queryFn: async ({ signal }) => {
      const [page] = await Promise.all([
        orThrow(
          api.GET('/api/v1/office/accounts/{id}/api-keys', {
            params: { path: { id }, query: { usable: 'true', limit: 100 } as never },
            signal,
          }),
        ),
        loadTexts('keys'),
      ])
      return page.items as Key[]
    },
  })

/** The programs of a customer: staff see them, and end one that has leaked. Nothing is shown where there are none. */
export function AccountApiKeys({ account }: { account: Account }) {
  const { t } = useTranslation('keys')
  const may = useMay()
  const formats = useFormats()
  const queryClient = useQueryClient()
  const { data: keys = [] } = useQuery(accountKeysQuery(account.id))
  const [revoked, setRevoked] = useState<Key | null>(null)
  if (keys.length === 0) return null
  return (
    <Section title={t('account_title')} description={t('account_text')}>
      <ul className={styles.list}>
        {keys.map((key) => (
          <li key={key.id}>
            <div className={styles.words}>
              <strong>
                {key.name}
                <StateBadge kind="api_key" state={key.state} />
              </strong>
              <small>{key.scopes.map((scope) => t(`common:permission.${scope}.name`)).join(', ')}</small>
              <small>
                {key.last_used_at
                  ? t('last_used', { when: formats.relative(key.last_used_at), ip: key.last_used_ip ?? '–' })
                  : t('never_used')}
              </small>
              {key.person && <small>{t('answers', { name: key.person.name })}</small>}
            </div>
            {may('accounts.write') && (
              <ActionIcon
                variant="subtle"
                color="bad"
                size="lg"
                aria-label={`${t('revoke')}: ${key.name}`}
                onClick={() => setRevoked(key)}
              >
                <IconTrash size={18} aria-hidden />
              </ActionIcon>
            )}
          </li>
        ))}
      </ul>
      {revoked && (
        <RevokeDialog
          apiKey={revoked}
          onClose={() => setRevoked(null)}
          onRevoke={() =>
            orThrow(
              api.DELETE('/api/v1/office/accounts/{account_id}/api-keys/{id}', {
                params: { path: { account_id: account.id, id: revoked.id } },
              }),
            )
          }
          onDone={() => {
            void queryClient.invalidateQueries({ queryKey: ['accounts', account.id] })
            showToast({ tone: 'good', title: t('revoke_done', { name: revoked.name }) })
            setRevoked(null)
          }}
        />
      )}
    </Section>
  )
}
