import { ActionIcon } from '@mantine/core'
import IconPlayerPause from '@tabler/icons-react/dist/esm/icons/IconPlayerPause.mjs'
import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../shared/api.ts'
import type { Account, WebhookEndpoint } from '../shared/api-types.gen.ts'
import { ConfirmDialog } from '../shared/dialog.tsx'
import { loadTexts } from '../shared/i18n.ts'
import { Section } from '../shared/page.tsx'
import { ToneBadge } from '../shared/state-badge.tsx'
import { showToast } from '../shared/toasts.tsx'
import { useFormats } from '../shared/use-formats.ts'
import { endpointTones, useEventWords } from '../shared/webhook-words.ts'
import styles from './list.module.css'
import { useMay } from './session.ts'

/** The webhooks of a customer, with the words that the panel needs. */
const accountWebhooksQuery = (id: string) =>
  queryOptions({
    queryKey: ['accounts', id, 'webhooks'],
    queryFn: async ({ signal }) => {
      const [page] = await Promise.all([
        orThrow(
          api.GET('/api/v1/office/accounts/{id}/webhook-endpoints', {
            params: { path: { id }, query: { limit: 100 } as never },
            signal,
          }),
        ),
        loadTexts('webhooks'),
      ])
      return page.items
    },
  })

/** Where a customer is told what happens: staff see it, and switch one off. Nothing is shown where there is none. */
export function AccountWebhooks({ account }: { account: Account }) {
  const { t } = useTranslation('webhooks')
  const may = useMay()
  const formats = useFormats()
  const words = useEventWords()
  const queryClient = useQueryClient()
  const { data: endpoints = [] } = useQuery(accountWebhooksQuery(account.id))
  const [off, setOff] = useState<WebhookEndpoint | null>(null)
  if (endpoints.length === 0) return null
  return (
    <Section title={t('account_title')} description={t('account_text')}>
      <ul className={styles.list}>
        {endpoints.map((endpoint) => (
          <li key={endpoint.id}>
            <div className={styles.words}>
              <strong>
                {endpoint.description ?? new URL(endpoint.url).host}
                <ToneBadge tone={endpointTones[endpoint.state] ?? 'neutral'}>
                  {t(`state.${endpoint.state}`)}
                </ToneBadge>
              </strong>
              <small>{endpoint.url}</small>
              <small>{endpoint.event_types?.map(words).join(', ') ?? t('all_types')}</small>
              <small>
                {endpoint.delivered_at
                  ? t('delivered', { when: formats.relative(endpoint.delivered_at) })
                  : t('never_delivered')}
              </small>
            </div>
            {may('accounts.write') && endpoint.enabled && (
              <ActionIcon
                variant="subtle"
                color="bad"
                size="lg"
                aria-label={`${t('account_off')}: ${endpoint.url}`}
                onClick={() => setOff(endpoint)}
              >
                <IconPlayerPause size={18} aria-hidden />
              </ActionIcon>
            )}
          </li>
        ))}
      </ul>
      {off && (
        <ConfirmDialog
          opened
          title={t('off_title')}
          confirm={t('switch_off')}
          onClose={() => setOff(null)}
          onConfirm={async () => {
            await orThrow(
              api.POST('/api/v1/office/accounts/{account_id}/webhook-endpoints/{id}/disable', {
                params: { path: { account_id: account.id, id: off.id } },
              }),
            )
            void queryClient.invalidateQueries({ queryKey: ['accounts', account.id, 'webhooks'] })
            showToast({ tone: 'good', title: t('off_done') })
          }}
        >
          <p>{t('off_text', { url: off.url })}</p>
        </ConfirmDialog>
      )}
    </Section>
  )
}
