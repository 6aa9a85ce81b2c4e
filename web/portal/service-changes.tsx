import { Button } from '@mantine/core'
import IconCalendarClock from '@tabler/icons-react/dist/esm/icons/IconCalendarClock.mjs'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../shared/api.ts'
import type { OwnChange } from '../shared/api-types.gen.ts'
import { ChangeState, useChangeWords } from '../shared/change-state.tsx'
import { ConfirmDialog } from '../shared/dialog.tsx'
import { Section } from '../shared/page.tsx'
import { Callout } from '../shared/problem-alert.tsx'
import { showToast } from '../shared/toasts.tsx'
import { useFormats } from '../shared/use-formats.ts'
import { ButtonLink } from './button-link.tsx'
import { ownChangesQuery, ownChoicesQuery } from './change-queries.ts'
import styles from './service-changes.module.css'

/** What the customer may do with a service by themselves, where its plan allows it. */
export function ServiceActions({ serviceId }: { serviceId: string }) {
  const { data } = useQuery(ownChoicesQuery(serviceId))
  return data ? <Actions serviceId={serviceId} /> : null
}

function Actions({ serviceId }: { serviceId: string }) {
  const { t } = useTranslation('changes')
  const { data: choices } = useQuery(ownChoicesQuery(serviceId))
  const { data: changes } = useQuery(ownChangesQuery(serviceId))
  if (!choices) return null
  const may = choices.may_plan || choices.may_quantity || choices.may_options
  const leaving = changes?.items.some(
    (one) => one.kind === 'cancel' && (one.state === 'scheduled' || one.state === 'requested'),
  )
  const to = `/services/${serviceId}/change`
  return (
    <>
      {choices.may_cancel && !leaving && (
        <ButtonLink to={to} search={{ what: 'cancel' } as never} variant="default">
          {t('portal.cancel')}
        </ButtonLink>
      )}
      {may && <ButtonLink to={to}>{t('portal.change')}</ButtonLink>}
    </>
  )
}

/** What is scheduled for a service, to be taken back; and under it, what was changed before. */
export function OwnScheduledChanges({ serviceId }: { serviceId: string }) {
  const { data } = useQuery(ownChangesQuery(serviceId))
  const waiting = data?.items.filter((one) => one.state === 'scheduled' || one.state === 'requested') ?? []
  return waiting.map((change) => <Scheduled key={change.id} change={change} />)
}

function Scheduled({ change }: { change: OwnChange }) {
  const { t } = useTranslation('changes')
  const { date, money } = useFormats()
  const words = useChangeWords()
  const queryClient = useQueryClient()
  const [asking, setAsking] = useState(false)
  const { before, after } = change
  const day = date(change.effective_on, 'long')
  return (
    <>
      <Callout
        tone="info"
        icon={<IconCalendarClock size={20} aria-hidden />}
        title={t('portal.scheduled_title', { what: words(change), date: day })}
      >
        {before && after && before.amount !== after.amount && change.kind !== 'cancel' && (
          <p>
            {t('told.amounts', {
              before: money(before.amount, change.currency),
              after: money(after.amount, change.currency),
            })}
          </p>
        )}
        {change.by_us && <p>{t('portal.by_us')}</p>}
        {change.withdrawable && (
          <Button size="sm" variant="default" className={styles.action} onClick={() => setAsking(true)}>
            {t('portal.withdraw')}
          </Button>
        )}
      </Callout>
      <ConfirmDialog
        opened={asking}
        onClose={() => setAsking(false)}
        title={t('withdraw.title')}
        confirm={t('portal.withdraw')}
        onConfirm={async () => {
          await orThrow(
            api.POST('/api/v1/portal/changes/{id}/withdraw', { params: { path: { id: change.id } } }),
          )
          void queryClient.invalidateQueries({ queryKey: ['services'] })
          void queryClient.invalidateQueries({ queryKey: ['home'] })
          showToast({ tone: 'good', title: t('portal.withdrawn') })
        }}
      >
        <p>{t('portal.withdraw_text', { what: words(change), date: day })}</p>
      </ConfirmDialog>
    </>
  )
}

/** What was changed of a service, and when. */
export function OwnChangeHistory({ serviceId }: { serviceId: string }) {
  const { data } = useQuery(ownChangesQuery(serviceId))
  const past = data?.items.filter((one) => one.state !== 'scheduled' && one.state !== 'requested') ?? []
  return past.length === 0 ? null : <History changes={past} />
}

function History({ changes }: { changes: OwnChange[] }) {
  const { t } = useTranslation('changes')
  const { date } = useFormats()
  const words = useChangeWords()
  return (
    <Section title={t('portal.history')}>
      <ul className={styles.history}>
        {changes.map((change) => (
          <li key={change.id}>
            <span>
              <strong>{words(change)}</strong>
              <small>
                {[t('history.effective', { date: date(change.effective_on) }), change.failure]
                  .filter(Boolean)
                  .join(' · ')}
              </small>
            </span>
            <ChangeState state={change.state} />
          </li>
        ))}
      </ul>
    </Section>
  )
}
