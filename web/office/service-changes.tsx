import { Button } from '@mantine/core'
import IconCalendarClock from '@tabler/icons-react/dist/esm/icons/IconCalendarClock.mjs'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../shared/api.ts'
import type { Subscription, SubscriptionChange } from '../shared/api-types.gen.ts'
import { ChangeState, useChangeWords } from '../shared/change-state.tsx'
import { ConfirmDialog } from '../shared/dialog.tsx'
import { addDays } from '../shared/formats.ts'
import { Section } from '../shared/page.tsx'
import { Callout, ProblemAlert } from '../shared/problem-alert.tsx'
import { showToast } from '../shared/toasts.tsx'
import { useFormats } from '../shared/use-formats.ts'
import { refreshAccounts } from './account-queries.ts'
import styles from './change-dialog.module.css'
import { serviceChangesQuery } from './change-queries.ts'
import listStyles from './list.module.css'
import { useMay } from './session.ts'

/** What is to come of a service, each with its day; taken back from here. */
export function ScheduledChanges({ service }: { service: Subscription }) {
  const { data } = useQuery(serviceChangesQuery(service.id))
  const waiting = data?.items.filter((one) => one.withdrawable && one.subscription_id === service.id) ?? []
  return waiting.map((change) => <Scheduled key={change.id} change={change} />)
}

function Scheduled({ change }: { change: SubscriptionChange }) {
  const { t } = useTranslation('changes')
  const { date, money } = useFormats()
  const may = useMay()
  const words = useChangeWords()
  const [asking, setAsking] = useState(false)
  const { before, after } = change
  return (
    <>
      <Callout
        tone="info"
        icon={<IconCalendarClock size={20} aria-hidden />}
        title={t('told.scheduled', { what: words(change), date: date(change.effective_on, 'long') })}
      >
        {before && after && before.amount !== after.amount && change.kind !== 'cancel' && (
          <p>
            {t('told.amounts', {
              before: money(before.amount, change.currency),
              after: money(after.amount, change.currency),
            })}
          </p>
        )}
        {change.reason && <p>{change.reason}</p>}
        {may('subscriptions.write') && (
          <Button size="xs" variant="default" mt="xs" onClick={() => setAsking(true)}>
            {t('withdraw.action')}
          </Button>
        )}
      </Callout>
      {asking && <WithdrawDialog change={change} onClose={() => setAsking(false)} />}
    </>
  )
}

/** Takes a scheduled change back: the service stays as it is. */
export function WithdrawDialog({ change, onClose }: { change: SubscriptionChange; onClose: () => void }) {
  const { t } = useTranslation('changes')
  const { date } = useFormats()
  const words = useChangeWords()
  const queryClient = useQueryClient()
  return (
    <ConfirmDialog
      opened
      onClose={onClose}
      title={t('withdraw.title')}
      confirm={t('withdraw.confirm')}
      onConfirm={async () => {
        await orThrow(
          api.POST('/api/v1/office/changes/{id}/withdraw', { params: { path: { id: change.id } } }),
        )
        void queryClient.invalidateQueries({ queryKey: ['services'] })
        void queryClient.invalidateQueries({ queryKey: ['changes'] })
        void refreshAccounts(queryClient)
        showToast({ tone: 'good', title: t('withdraw.done') })
      }}
    >
      <p>{t('withdraw.text', { what: words(change), date: date(change.effective_on, 'long') })}</p>
    </ConfirmDialog>
  )
}

/** Everything that was ever changed of a service, and what it was before. */
export function ServiceChanges({ service }: { service: Subscription }) {
  const query = useQuery(serviceChangesQuery(service.id))
  if (!query.data) return <ProblemAlert error={query.error} onRetry={query.refetch} />
  return <History service={service} changes={query.data.items} />
}

function History({ service, changes }: { service: Subscription; changes: SubscriptionChange[] }) {
  const { t } = useTranslation('changes')
  const { date, money, period } = useFormats()
  const words = useChangeWords()
  const may = useMay()
  const earlier = service.components.filter(
    (one) => one.to_date !== null && one.role !== 'usage' && one.from_date !== one.to_date,
  )
  return (
    <Section title={t('history.title')}>
      {changes.length === 0 ? (
        <p className={listStyles.nothing}>{t('history.none')}</p>
      ) : (
        <ul className={listStyles.list}>
          {changes.map((change) => (
            <li key={change.id}>
              <div className={listStyles.words}>
                <strong>{words(change)}</strong>
                <small>
                  {[
                    t('history.effective', { date: date(change.effective_on) }),
                    change.requested_by_name !== null &&
                      t(change.requested_by_customer ? 'history.by_customer' : 'history.by', {
                        name: change.requested_by_name,
                        date: date(change.created_at),
                      }),
                    change.state === 'withdrawn' &&
                      change.ended_by_name !== null &&
                      t('history.withdrawn_by', { name: change.ended_by_name }),
                  ]
                    .filter(Boolean)
                    .join(' · ')}
                </small>
                {change.reason && <small>{change.reason}</small>}
                {change.failure && <small>{t('history.failure', { reason: change.failure })}</small>}
                {(change.documents.length > 0 || change.new_subscription_id) && (
                  <span className={styles.costs}>
                    {change.documents.map((one) =>
                      may('billing.read') ? (
                        <Link
                          key={one.id}
                          to="/invoices/$id"
                          params={{ id: one.id }}
                          className={listStyles.inline}
                        >
                          {t(`document.${one.kind}`, {
                            number: one.number,
                            amount: money(one.total, change.currency),
                          })}
                        </Link>
                      ) : (
                        <span key={one.id}>
                          {t(`document.${one.kind}`, {
                            number: one.number,
                            amount: money(one.total, change.currency),
                          })}
                        </span>
                      ),
                    )}
                    {change.new_subscription_id !== null && change.new_subscription_id !== service.id && (
                      <Link
                        to="/services/$id"
                        params={{ id: change.new_subscription_id }}
                        className={listStyles.inline}
                      >
                        {t('history.new_service')}
                      </Link>
                    )}
                    {change.new_subscription_id === service.id && (
                      <Link
                        to="/services/$id"
                        params={{ id: change.subscription_id }}
                        className={listStyles.inline}
                      >
                        {t('history.old_service')}
                      </Link>
                    )}
                  </span>
                )}
              </div>
              <ChangeState state={change.state} />
            </li>
          ))}
        </ul>
      )}
      {earlier.length > 0 && (
        <div className={styles.earlier}>
          <h3>{t('history.earlier')}</h3>
          <ul className={listStyles.list}>
            {earlier.map((one) => (
              <li key={one.id}>
                <div className={listStyles.words}>
                  <strong>{one.description}</strong>
                  <small>
                    {one.from_date === null
                      ? t('history.until', { date: date(addDays(one.to_date ?? '', -1)) })
                      : period(one.from_date, one.to_date)}
                  </small>
                </div>
                <span>
                  {one.quantity > 1 && `${one.quantity} × `}
                  {money(one.unit_amount, service.currency)}
                </span>
              </li>
            ))}
          </ul>
        </div>
      )}
    </Section>
  )
}
