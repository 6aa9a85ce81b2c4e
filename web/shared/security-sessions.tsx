import { Button } from '@mantine/core'
import IconDeviceDesktop from '@tabler/icons-react/dist/esm/icons/IconDeviceDesktop.mjs'
import IconDeviceMobile from '@tabler/icons-react/dist/esm/icons/IconDeviceMobile.mjs'
import IconDeviceTablet from '@tabler/icons-react/dist/esm/icons/IconDeviceTablet.mjs'
import IconDeviceUnknown from '@tabler/icons-react/dist/esm/icons/IconDeviceUnknown.mjs'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from './api.ts'
import type { Session } from './api-types.gen.ts'
import { ConfirmDialog } from './dialog.tsx'
import { Section, SkeletonText } from './page.tsx'
import { ProblemAlert } from './problem-alert.tsx'
import styles from './security.module.css'
import { ownSessionsQuery, useSecurityChange } from './security-queries.ts'
import { SecurityRow } from './security-row.tsx'
import { mine } from './side.ts'
import { ToneBadge } from './state-badge.tsx'
import { showToast } from './toasts.tsx'
import { useFormats } from './use-formats.ts'

const icons = {
  desktop: IconDeviceDesktop,
  phone: IconDeviceMobile,
  tablet: IconDeviceTablet,
  unknown: IconDeviceUnknown,
}

/** Where one is signed in, device by device; each can be signed out from here. */
export function SecuritySessions() {
  const { t } = useTranslation('security')
  const queryClient = useQueryClient()
  const { data, error, refetch } = useQuery(ownSessionsQuery)
  const [endingAll, setEndingAll] = useState(false)
  const others = (data?.items.length ?? 0) - 1
  return (
    <Section
      title={t('sessions.title')}
      description={t('sessions.about')}
      flush
      actions={
        others > 0 && (
          <Button variant="default" onClick={() => setEndingAll(true)}>
            {t('sessions.end_all')}
          </Button>
        )
      }
    >
      {error ? (
        <div className={styles.inset}>
          <ProblemAlert error={error} onRetry={() => refetch()} />
        </div>
      ) : !data ? (
        <div className={styles.inset} role="status" aria-label={t('common:loading')}>
          <SkeletonText lines={3} />
        </div>
      ) : (
        <ul className={styles.rows} aria-label={t('sessions.title')}>
          {data.items.map((session) => (
            <SessionRow key={session.id} session={session} />
          ))}
        </ul>
      )}
      <ConfirmDialog
        opened={endingAll}
        onClose={() => setEndingAll(false)}
        title={t('sessions.end_all_title')}
        confirm={t('sessions.end_all')}
        danger
        onConfirm={async () => {
          await orThrow(api.DELETE(mine('/api/v1/portal/security/sessions')))
          await queryClient.invalidateQueries({ queryKey: ['security'] })
          showToast({ tone: 'good', title: t('sessions.all_ended') })
        }}
      >
        <p>{t('sessions.end_all_text', { count: others })}</p>
      </ConfirmDialog>
    </Section>
  )
}

function SessionRow({ session }: { session: Session }) {
  const { t } = useTranslation('security')
  const { date, exact, relative } = useFormats()
  const end = useSecurityChange(
    () =>
      orThrow(
        api.DELETE(mine('/api/v1/portal/security/sessions/{id}'), { params: { path: { id: session.id } } }),
      ),
    () => showToast({ tone: 'good', title: t('sessions.ended') }),
  )
  const device =
    session.browser && session.system
      ? t('sessions.browser_on', { browser: session.browser, system: session.system })
      : session.browser || session.system || t('sessions.unknown')
  return (
    <SecurityRow
      icon={icons[session.device]}
      tone={session.current ? 'good' : undefined}
      title={device}
      state={session.current && <ToneBadge tone="good">{t('sessions.current')}</ToneBadge>}
      actions={
        !session.current && (
          <Button
            variant="subtle"
            loading={end.isPending}
            aria-label={t('sessions.end_label', { device })}
            onClick={() => end.mutate()}
          >
            {t('sessions.end')}
          </Button>
        )
      }
    >
      <p title={exact(session.last_seen_at)}>
        {session.current ? t('sessions.now') : t('sessions.seen', { when: relative(session.last_seen_at) })}
        {session.ip ? ` · ${session.ip}` : ''}
      </p>
      <p>
        {t(`sessions.method.${session.method}`, { date: date(session.created_at) })}
        {session.second_factor && session.method !== 'passkey' ? ` · ${t('sessions.second_factor')}` : ''}
      </p>
    </SecurityRow>
  )
}
