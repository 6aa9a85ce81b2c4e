import { Button, NativeSelect, TextInput } from '@mantine/core'
import IconCheck from '@tabler/icons-react/dist/esm/icons/IconCheck.mjs'
import IconCopy from '@tabler/icons-react/dist/esm/icons/IconCopy.mjs'
import IconSend from '@tabler/icons-react/dist/esm/icons/IconSend.mjs'
import { keepPreviousData, useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from './api.ts'
import shared from './credentials.module.css'
import { Dialog, DialogActions } from './dialog.tsx'
import { EmptyState, Facts, PageTitle, Section, SkeletonText } from './page.tsx'
import { ProblemAlert } from './problem-alert.tsx'
import { mine } from './side.ts'
import { ToneBadge } from './state-badge.tsx'
import { showToast } from './toasts.tsx'
import { useFormats } from './use-formats.ts'
import { DateText } from './values.tsx'
import {
  type Delivery,
  deliveriesQuery,
  deliveryQuery,
  endpointQuery,
  eventsQuery,
  type LogFilter,
} from './webhook-queries.ts'
import { deliveryTones, endpointTones, useEventWords } from './webhook-words.ts'
import styles from './webhooks.module.css'
import { EndpointDialogs, EndpointFacts, EndpointMenu, useSendTest, type WebhookPlaces } from './webhooks.tsx'

const states = ['pending', 'delivered', 'failed', 'cancelled'] as const

/** One endpoint: how it goes, and what was sent to it. */
export function WebhookPage({
  id,
  back,
  units,
  writable,
  places,
}: {
  id: string
  back: ReactNode
  units?: { id: string; name: string }[]
  writable: boolean
  places: WebhookPlaces
}) {
  const { t } = useTranslation('webhooks')
  const [opened, setOpened] = useState<Parameters<typeof EndpointDialogs>[0]['opened']>(null)
  const [sending, setSending] = useState(false)
  // How it goes changes by itself, with what arrives.
  const query = useQuery({ ...endpointQuery(id), refetchInterval: 5000 })
  const sendTest = useSendTest()
  const endpoint = query.data
  if (!endpoint)
    return (
      <>
        <PageTitle title={t('title')} back={back} />
        {query.error ? (
          <ProblemAlert error={query.error} onRetry={query.refetch} />
        ) : (
          <SkeletonText lines={6} />
        )}
      </>
    )
  return (
    <>
      <PageTitle
        back={back}
        title={endpoint.description ?? new URL(endpoint.url).host}
        state={
          <ToneBadge tone={endpointTones[endpoint.state] ?? 'neutral'}>
            {t(`state.${endpoint.state}`)}
          </ToneBadge>
        }
        subtitle={<code className={shared.mono}>{endpoint.url}</code>}
        actions={
          writable && (
            <>
              <EndpointMenu endpoint={endpoint} places={places} onOpen={setOpened} inside />
              <Button
                leftSection={<IconSend size={16} aria-hidden />}
                loading={sending}
                disabled={!endpoint.enabled}
                onClick={async () => {
                  setSending(true)
                  await sendTest(endpoint)
                  setSending(false)
                }}
              >
                {t('test')}
              </Button>
            </>
          )
        }
      />
      <div className={styles.stack}>
        <Section>
          <div className={shared.words}>
            <EndpointFacts endpoint={endpoint} />
          </div>
        </Section>
        <Log endpointId={id} writable={writable} />
      </div>
      <EndpointDialogs opened={opened} units={units} onOpen={setOpened} places={places} />
    </>
  )
}

function Log({ endpointId, writable }: { endpointId: string; writable: boolean }) {
  const { t } = useTranslation('webhooks')
  const words = useEventWords()
  const [filter, setFilter] = useState<LogFilter>({})
  const [read, setRead] = useState<string | null>(null)
  const events = useQuery(eventsQuery())
  const query = useInfiniteQuery({
    ...deliveriesQuery(endpointId, filter),
    placeholderData: keepPreviousData,
  })
  const deliveries = query.data?.pages.flatMap((page) => page.items) ?? []
  const narrowed = Boolean(filter.state || filter.type || filter.q)
  const narrow = (change: LogFilter) =>
    setFilter((before) =>
      Object.fromEntries(Object.entries({ ...before, ...change }).filter(([, value]) => value)),
    )
  return (
    <Section title={t('log_title')} description={t('log_text')} flush>
      <div className={styles.filters}>
        <NativeSelect
          label={t('filter_state')}
          value={filter.state ?? ''}
          onChange={(event) => narrow({ state: event.currentTarget.value })}
          data={[
            { value: '', label: t('filter_any') },
            ...states.map((state) => ({ value: state, label: t(`delivery_state.${state}`) })),
          ]}
        />
        <NativeSelect
          label={t('filter_type')}
          value={filter.type ?? ''}
          onChange={(event) => narrow({ type: event.currentTarget.value })}
          data={[
            { value: '', label: t('filter_any') },
            ...(events.data ?? []).map(({ type }) => ({ value: type, label: words(type) })),
            { value: 'webhook.test', label: words('webhook.test') },
          ]}
        />
        <TextInput
          label={t('filter_q')}
          placeholder={t('filter_q_hint')}
          value={filter.q ?? ''}
          spellCheck={false}
          autoComplete="off"
          onChange={(event) => narrow({ q: event.currentTarget.value.trim() })}
        />
      </div>
      <ProblemAlert error={query.error} onRetry={query.refetch} />
      {query.isPending && (
        <div className={styles.padded}>
          <SkeletonText lines={4} />
        </div>
      )}
      {query.isSuccess && deliveries.length === 0 && (
        <EmptyState
          icon={<IconSend size={24} aria-hidden />}
          title={t(narrowed ? 'log_no_match' : 'log_none')}
        >
          {t(narrowed ? 'log_no_match_text' : 'log_none_text')}
        </EmptyState>
      )}
      {deliveries.length > 0 && (
        <ul className={shared.list} aria-label={t('log_title')}>
          {deliveries.map((delivery) => (
            <DeliveryRow key={delivery.id} delivery={delivery} onRead={() => setRead(delivery.id)} />
          ))}
        </ul>
      )}
      {query.hasNextPage && (
        <div className={styles.foot}>
          <Button
            variant="default"
            size="xs"
            loading={query.isFetchingNextPage}
            onClick={() => query.fetchNextPage()}
          >
            {t('common:table.more')}
          </Button>
        </div>
      )}
      {read && <DeliveryDialog id={read} writable={writable} onClose={() => setRead(null)} />}
    </Section>
  )
}

/** What came of the last attempt, and when the next is. */
function useOutcome() {
  const { t } = useTranslation('webhooks')
  const formats = useFormats()
  return (delivery: Pick<Delivery, 'attempts' | 'last_status' | 'last_error' | 'next_at'>) =>
    [
      delivery.last_status !== null && t('answered', { status: delivery.last_status }),
      delivery.last_error !== null &&
        t(`error.${delivery.last_error}`, { defaultValue: delivery.last_error }),
      delivery.attempts > 0 && t('attempts', { count: delivery.attempts }),
      delivery.attempts > 0 && delivery.next_at && t('next', { when: formats.relative(delivery.next_at) }),
    ].filter((word): word is string => Boolean(word))
}

/** How far a delivery is: what failed and will be tried again is told apart from what is just being sent. */
function DeliveryBadge({
  delivery,
}: {
  delivery: Pick<Delivery, 'state' | 'attempts' | 'last_status' | 'last_error'>
}) {
  const { t } = useTranslation('webhooks')
  const failed = delivery.last_error !== null || (delivery.last_status ?? 200) >= 300
  const state = delivery.state === 'pending' && delivery.attempts > 0 && failed ? 'retrying' : delivery.state
  return <ToneBadge tone={deliveryTones[state] ?? 'neutral'}>{t(`delivery_state.${state}`)}</ToneBadge>
}

function DeliveryRow({ delivery, onRead }: { delivery: Delivery; onRead: () => void }) {
  const words = useEventWords()
  const outcome = useOutcome()
  return (
    <li>
      <button type="button" className={styles.delivery} onClick={onRead}>
        <span className={styles.deliveryState}>
          <DeliveryBadge delivery={delivery} />
        </span>
        <span className={styles.deliveryWords}>
          <strong>{words(delivery.type)}</strong>
          <span className={shared.facts}>
            {delivery.account_name && <span>{delivery.account_name}</span>}
            {outcome(delivery).map((word) => (
              <span key={word}>{word}</span>
            ))}
          </span>
          <code className={shared.mono}>{delivery.event_id}</code>
        </span>
        <span className={styles.when}>
          <DateText value={delivery.created_at} relative />
        </span>
      </button>
    </li>
  )
}

/** A message: what is sent, what was answered each time, and sending it again. */
function DeliveryDialog({ id, writable, onClose }: { id: string; writable: boolean; onClose: () => void }) {
  const { t } = useTranslation('webhooks')
  const formats = useFormats()
  const words = useEventWords()
  const queryClient = useQueryClient()
  const query = useQuery(deliveryQuery(id))
  const [busy, setBusy] = useState(false)
  const [copied, setCopied] = useState(false)
  const [problem, setProblem] = useState<unknown>(null)
  const delivery = query.data
  const replay = async () => {
    setBusy(true)
    setProblem(null)
    try {
      const params = { path: { id } }
      await orThrow(api.POST(mine('/api/v1/portal/webhook-deliveries/{id}/replay'), { params }))
      await queryClient.invalidateQueries({ queryKey: ['webhooks'] })
      showToast({ tone: 'good', title: t('replay_done') })
    } catch (cause) {
      setProblem(cause)
    } finally {
      setBusy(false)
    }
  }
  const pretty = delivery ? JSON.stringify(JSON.parse(delivery.body), null, 2) : ''
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(delivery?.body ?? '')
      setCopied(true)
    } catch {
      setCopied(false)
    }
  }
  return (
    <Dialog
      opened
      onClose={onClose}
      title={delivery ? words(delivery.type) : t('delivery_title')}
      size="large"
    >
      <div className={shared.form}>
        <ProblemAlert error={query.error ?? problem} />
        {!delivery && !query.error && <SkeletonText lines={8} />}
        {delivery && (
          <>
            <Facts
              facts={[
                [t('state_label'), <DeliveryBadge key="state" delivery={delivery} />],
                [
                  t('event'),
                  <code key="type" className={shared.mono}>
                    {delivery.type}
                  </code>,
                ],
                [
                  t('id'),
                  <code key="id" className={shared.mono}>
                    {delivery.event_id}
                  </code>,
                ],
                [
                  t('occurred'),
                  `${formats.date(delivery.occurred_at)}, ${formats.time(delivery.occurred_at)}`,
                ],
                delivery.account_name ? [t('about'), delivery.account_name] : false,
                delivery.next_at && delivery.attempts > 0
                  ? [t('next_label'), formats.relative(delivery.next_at)]
                  : false,
              ]}
            />
            <section className={styles.part} aria-label={t('attempt_list')}>
              <h3>{t('attempt_list')}</h3>
              {delivery.attempt_log.length === 0 && <p className={shared.muted}>{t('attempt_none')}</p>}
              <ol className={styles.attempts}>
                {delivery.attempt_log.map((attempt) => {
                  const good = attempt.status !== null && attempt.status >= 200 && attempt.status < 300
                  return (
                    <li key={attempt.number}>
                      <div className={styles.attemptHead}>
                        <ToneBadge tone={good ? 'good' : 'bad'}>
                          {attempt.status !== null
                            ? String(attempt.status)
                            : t(`error.${attempt.error}`, { defaultValue: attempt.error ?? '' })}
                        </ToneBadge>
                        <span className={shared.facts}>
                          <span>{t('attempt', { number: attempt.number })}</span>
                          <span>{`${formats.date(attempt.at)}, ${formats.time(attempt.at)}`}</span>
                          <span>{t('took', { ms: formats.number(attempt.duration_ms) })}</span>
                          {attempt.detail && <span>{attempt.detail}</span>}
                        </span>
                      </div>
                      {attempt.status !== null && (
                        <details className={styles.event}>
                          <summary>{t('answer')}</summary>
                          {attempt.answer ? (
                            <div className={shared.example}>
                              {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard */}
                              <pre tabIndex={0}>{attempt.answer}</pre>
                            </div>
                          ) : (
                            <p className={shared.muted}>{t('answer_empty')}</p>
                          )}
                        </details>
                      )}
                    </li>
                  )
                })}
              </ol>
            </section>
            <section className={styles.part} aria-label={t('payload')}>
              <div className={styles.partHead}>
                <div>
                  <h3>{t('payload')}</h3>
                  <p className={shared.muted}>{t('payload_help')}</p>
                </div>
                <Button
                  variant="default"
                  size="xs"
                  leftSection={
                    copied ? <IconCheck size={14} aria-hidden /> : <IconCopy size={14} aria-hidden />
                  }
                  onClick={() => void copy()}
                >
                  {t(copied ? 'copied' : 'copy')}
                </Button>
              </div>
              <div className={shared.example}>
                {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard */}
                <pre tabIndex={0} data-tall>
                  {pretty}
                </pre>
              </div>
            </section>
            {writable && (
              <DialogActions>
                {!delivery.endpoint_enabled && <p className={shared.muted}>{t('off_hint')}</p>}
                <Button
                  leftSection={<IconSend size={16} aria-hidden />}
                  loading={busy}
                  disabled={!delivery.endpoint_enabled}
                  onClick={() => void replay()}
                >
                  {t('replay')}
                </Button>
              </DialogActions>
            )}
          </>
        )}
      </div>
    </Dialog>
  )
}
