import { Button } from '@mantine/core'
import IconAlertTriangle from '@tabler/icons-react/dist/esm/icons/IconAlertTriangle.mjs'
import IconDots from '@tabler/icons-react/dist/esm/icons/IconDots.mjs'
import IconPencil from '@tabler/icons-react/dist/esm/icons/IconPencil.mjs'
import IconPlayerPause from '@tabler/icons-react/dist/esm/icons/IconPlayerPause.mjs'
import IconPlayerPlay from '@tabler/icons-react/dist/esm/icons/IconPlayerPlay.mjs'
import IconPlus from '@tabler/icons-react/dist/esm/icons/IconPlus.mjs'
import IconRefresh from '@tabler/icons-react/dist/esm/icons/IconRefresh.mjs'
import IconSend from '@tabler/icons-react/dist/esm/icons/IconSend.mjs'
import IconTrash from '@tabler/icons-react/dist/esm/icons/IconTrash.mjs'
import IconWebhook from '@tabler/icons-react/dist/esm/icons/IconWebhook.mjs'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from './api.ts'
import shared from './credentials.module.css'
import { Menu } from './menu.tsx'
import { EmptyState, PageTitle, Section, SkeletonText } from './page.tsx'
import { ProblemAlert } from './problem-alert.tsx'
import { mine } from './side.ts'
import { ToneBadge } from './state-badge.tsx'
import { showToast, useProblemToast } from './toasts.tsx'
import { useFormats } from './use-formats.ts'
import {
  EndpointDialog,
  type EndpointKey,
  EndpointKeyDialog,
  EndpointQuestion,
  ReplayDialog,
} from './webhook-dialogs.tsx'
import { type Endpoint, endpointsQuery, eventsQuery } from './webhook-queries.ts'
import { endpointTones, useEventGroups, useEventWords } from './webhook-words.ts'
import styles from './webhooks.module.css'

type Opened =
  | { kind: 'new' }
  | { kind: 'edit' | 'rotate' | 'off' | 'remove' | 'replay'; endpoint: Endpoint }
  | { kind: 'key'; made: EndpointKey }

/** Where the pages of webhooks stand in an app. */
export type WebhookPlaces = { list: string }

/** Webhooks (A12): who is told what happens, whether it arrives, and what can be told at all. */
export function WebhooksPage({
  subtitle,
  above,
  below,
  units,
  writable,
  places,
}: {
  subtitle: string
  /** Navigation over the title, or under it. */
  above?: ReactNode
  below?: ReactNode
  /** Business units that the operator's can be limited to; none for accounts. */
  units?: { id: string; name: string }[]
  writable: boolean
  places: WebhookPlaces
}) {
  const { t } = useTranslation('webhooks')
  const [opened, setOpened] = useState<Opened | null>(null)
  const query = useQuery(endpointsQuery())
  const endpoints = query.data ?? []
  const create = writable && (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setOpened({ kind: 'new' })}>
      {t('new')}
    </Button>
  )
  return (
    <>
      {above}
      <PageTitle title={t('title')} subtitle={subtitle} actions={endpoints.length > 0 && create} />
      {below}
      <ProblemAlert error={query.error} onRetry={query.refetch} />
      <div className={styles.stack}>
        {!query.isError && (
          <Section flush>
            {query.isPending && (
              <div className={styles.padded}>
                <SkeletonText lines={4} />
              </div>
            )}
            {query.isSuccess && endpoints.length === 0 && (
              <EmptyState icon={<IconWebhook size={24} aria-hidden />} title={t('none')} action={create}>
                {t('none_text')}
              </EmptyState>
            )}
            {endpoints.length > 0 && (
              <ul className={shared.list} aria-label={t('list')}>
                {endpoints.map((endpoint) => (
                  <li key={endpoint.id} className={shared.row}>
                    <span className={shared.icon} data-tone={endpointTones[endpoint.state]} aria-hidden>
                      <IconWebhook size={20} stroke={1.75} />
                    </span>
                    <div className={shared.words}>
                      <div className={shared.name}>
                        <Link to={`${places.list}/$id`} params={{ id: endpoint.id }} className={styles.link}>
                          {endpoint.description ?? endpoint.url}
                        </Link>
                        <ToneBadge tone={endpointTones[endpoint.state] ?? 'neutral'}>
                          {t(`state.${endpoint.state}`)}
                        </ToneBadge>
                      </div>
                      {endpoint.description && <code className={shared.mono}>{endpoint.url}</code>}
                      <EndpointFacts endpoint={endpoint} />
                    </div>
                    {writable && <EndpointMenu endpoint={endpoint} places={places} onOpen={setOpened} />}
                  </li>
                ))}
              </ul>
            )}
          </Section>
        )}
        <Catalogue />
      </div>
      <EndpointDialogs opened={opened} units={units} onOpen={setOpened} places={places} />
    </>
  )
}

/** What an endpoint is told, since when, and how it goes. */
export function EndpointFacts({ endpoint }: { endpoint: Endpoint }) {
  const { t } = useTranslation('webhooks')
  const formats = useFormats()
  const words = useEventWords()
  const moment = (at: string) => `${formats.date(at)}, ${formats.time(at)}`
  const types = endpoint.event_types
  const shown = types?.slice(0, 4).map(words)
  const more = (types?.length ?? 0) - (shown?.length ?? 0)
  return (
    <>
      <p className={shared.reach}>
        {shown
          ? `${shown.join(' · ')}${more > 0 ? ` ${t('more_types', { count: more })}` : ''}`
          : t('all_types')}
      </p>
      <div className={shared.facts}>
        {endpoint.business_unit_name && endpoint.account_id === null && (
          <span>{t('unit_of', { unit: endpoint.business_unit_name })}</span>
        )}
        <span>
          {endpoint.delivered_at
            ? t('delivered', { when: formats.relative(endpoint.delivered_at) })
            : t('never_delivered')}
        </span>
        <span>
          {t('created', { date: formats.date(endpoint.created_at) })}
          {endpoint.created_by_name && ` ${t('created_by', { name: endpoint.created_by_name })}`}
        </span>
      </div>
      {endpoint.state === 'failing' && endpoint.failing_since && (
        <Warning>{t('failing_text', { date: moment(endpoint.failing_since) })}</Warning>
      )}
      {endpoint.disabled_at && endpoint.disabled_reason && (
        <Warning>{t(`off.${endpoint.disabled_reason}`, { date: moment(endpoint.disabled_at) })}</Warning>
      )}
      {endpoint.previous_key_until && (
        <Warning>{t('old_key', { date: moment(endpoint.previous_key_until) })}</Warning>
      )}
    </>
  )
}

function Warning({ children }: { children: ReactNode }) {
  return (
    <p className={shared.warning}>
      <IconAlertTriangle size={16} aria-hidden />
      <span>{children}</span>
    </p>
  )
}

/** Sends a test; its delivery stands in the endpoint's log. */
export function useSendTest() {
  const { t } = useTranslation('webhooks')
  const queryClient = useQueryClient()
  const onError = useProblemToast()
  return async (endpoint: Endpoint) => {
    try {
      const params = { path: { id: endpoint.id } }
      await orThrow(api.POST(mine('/api/v1/portal/webhook-endpoints/{id}/test'), { params }))
      showToast({ tone: 'good', title: t('test_sent') })
      await queryClient.invalidateQueries({ queryKey: ['webhooks'] })
      return true
    } catch (cause) {
      onError(cause)
      return false
    }
  }
}

/** Everything that can be done with an endpoint. */
export function EndpointMenu({
  endpoint,
  places,
  onOpen,
  inside,
}: {
  endpoint: Endpoint
  places: WebhookPlaces
  onOpen: (opened: Opened) => void
  /** On the endpoint's own page: what has a button there is left out. */
  inside?: boolean
}) {
  const { t } = useTranslation('webhooks')
  const queryClient = useQueryClient()
  const navigate = useNavigate()
  const onError = useProblemToast()
  const sendTest = useSendTest()
  const switchOn = async () => {
    try {
      const params = { path: { id: endpoint.id } }
      const body = { enabled: true }
      await orThrow(api.PATCH(mine('/api/v1/portal/webhook-endpoints/{id}'), { params, body }))
      showToast({ tone: 'good', title: t('on_done') })
      await queryClient.invalidateQueries({ queryKey: ['webhooks'] })
    } catch (cause) {
      onError(cause)
    }
  }
  const open = (kind: 'edit' | 'rotate' | 'off' | 'remove' | 'replay') => () => onOpen({ kind, endpoint })
  return (
    <Menu
      label={t('actions', { url: endpoint.description ?? endpoint.url })}
      trigger={<IconDots size={18} aria-hidden />}
      items={[
        ...(inside
          ? []
          : [
              {
                label: t('test'),
                icon: IconSend,
                disabled: !endpoint.enabled,
                onClick: async () => {
                  if (await sendTest(endpoint))
                    await navigate({ to: `${places.list}/$id`, params: { id: endpoint.id } })
                },
              },
            ]),
        { label: t('edit'), icon: IconPencil, onClick: open('edit') },
        { label: t('rotate'), icon: IconRefresh, onClick: open('rotate') },
        { label: t('replay_failed'), icon: IconSend, disabled: !endpoint.enabled, onClick: open('replay') },
        endpoint.enabled
          ? { label: t('switch_off'), icon: IconPlayerPause, onClick: open('off') }
          : { label: t('switch_on'), icon: IconPlayerPlay, onClick: () => void switchOn() },
        { label: t('remove'), icon: IconTrash, danger: true, onClick: open('remove') },
      ]}
    />
  )
}

/** The dialogs of endpoints, for the list and for the page of one. */
export function EndpointDialogs({
  opened,
  units,
  onOpen,
  places,
}: {
  opened: Opened | null
  units?: { id: string; name: string }[] | undefined
  onOpen: (opened: Opened | null) => void
  places: WebhookPlaces
}) {
  const { t } = useTranslation('webhooks')
  const queryClient = useQueryClient()
  const navigate = useNavigate()
  const close = () => onOpen(null)
  const refresh = () => queryClient.invalidateQueries({ queryKey: ['webhooks'] })
  const made = (key: EndpointKey) => {
    void refresh()
    onOpen({ kind: 'key', made: key })
  }
  if (opened === null) return null
  switch (opened.kind) {
    case 'new':
    case 'edit':
      return (
        <EndpointDialog
          endpoint={opened.kind === 'edit' ? opened.endpoint : null}
          units={units}
          onClose={close}
          onMade={made}
          onChanged={() => {
            void refresh()
            showToast({ tone: 'good', title: t('saved') })
            close()
          }}
        />
      )
    case 'key':
      return <EndpointKeyDialog made={opened.made} onClose={close} />
    case 'replay':
      return (
        <ReplayDialog
          endpoint={opened.endpoint}
          onClose={close}
          onDone={() => {
            void refresh()
            close()
          }}
        />
      )
    default: {
      const { kind, endpoint } = opened
      return (
        <EndpointQuestion
          kind={kind}
          endpoint={endpoint}
          onClose={close}
          onMade={made}
          onDone={() => {
            if (kind === 'remove') {
              void navigate({ to: places.list })
              queryClient.removeQueries({ queryKey: ['webhooks', 'endpoints', endpoint.id] })
            }
            void refresh()
          }}
        />
      )
    }
  }
}

/** What can be told, each type with an example. */
function Catalogue() {
  const { t } = useTranslation('webhooks')
  const { data = [] } = useQuery(eventsQuery())
  const groups = useEventGroups(data)
  if (data.length === 0) return null
  return (
    <Section title={t('catalogue')} description={t('catalogue_text')}>
      <div className={styles.catalogue}>
        {groups.map((group) => (
          <div key={group.label}>
            <h3 className={styles.catalogueGroup}>{group.label}</h3>
            {group.events.map((event) => (
              <details key={event.type} className={styles.event}>
                <summary>
                  <span className={styles.eventName}>
                    <span>{event.label}</span>
                    <code className={shared.mono}>{event.type}</code>
                  </span>
                </summary>
                <figure className={shared.example}>
                  <figcaption className={shared.muted}>{t('example')}</figcaption>
                  {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard */}
                  <pre tabIndex={0}>{event.example}</pre>
                </figure>
              </details>
            ))}
          </div>
        ))}
      </div>
    </Section>
  )
}
