import { Button } from '@mantine/core'
import IconAlertTriangle from '@tabler/icons-react/dist/esm/icons/IconAlertTriangle.mjs'
import IconCircleCheck from '@tabler/icons-react/dist/esm/icons/IconCircleCheck.mjs'
import IconCircleX from '@tabler/icons-react/dist/esm/icons/IconCircleX.mjs'
import IconClockExclamation from '@tabler/icons-react/dist/esm/icons/IconClockExclamation.mjs'
import IconPlayerPlay from '@tabler/icons-react/dist/esm/icons/IconPlayerPlay.mjs'
import IconRefresh from '@tabler/icons-react/dist/esm/icons/IconRefresh.mjs'
import { useMutation, useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute, Link, useRouter } from '@tanstack/react-router'
import type { TFunction } from 'i18next'
import { useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../../shared/api.ts'
import type { ClosingAccount, ClosingDetail } from '../../shared/api-types.gen.ts'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { ConfirmDialog } from '../../shared/dialog.tsx'
import { ProgressBar } from '../../shared/job-tray.tsx'
import { PageTitle, Section, Stacked } from '../../shared/page.tsx'
import { Callout } from '../../shared/problem-alert.tsx'
import type { Search } from '../../shared/router.ts'
import { SimpleTable } from '../../shared/simple-table.tsx'
import { StateBadge } from '../../shared/state-badge.tsx'
import { tableQuery } from '../../shared/table-search.ts'
import { showToast, useProblemToast } from '../../shared/toasts.tsx'
import { useFormats } from '../../shared/use-formats.ts'
import { DateText, Money } from '../../shared/values.tsx'
import { BackLink } from '../back-link.tsx'
import { closingAccountsSource, closingQuery, isClosingBusy } from '../billing-queries.ts'
import { ButtonLink } from '../button-link.tsx'
import styles from '../closings.module.css'
import { DocumentBatchButton } from '../document-batch.tsx'
import { Figures } from '../figures.tsx'
import { ParkedDetail } from '../parked-detail.tsx'
import { PermittedButton } from '../permitted-button.tsx'
import { useMay } from '../session.ts'

/** One closing from its preview to its result; it goes on by itself whether anybody looks or not. */
export const Route = createFileRoute('/_app/closings/$id/')({
  validateSearch: (search: Record<string, unknown>) => search as Search,
  loaderDeps: ({ search }) => search,
  loader: async ({ context: { queryClient }, params, deps }) => {
    const closing = await queryClient.ensureQueryData(closingQuery(params.id))
    if (closing.prepared_at !== null) {
      void queryClient.prefetchInfiniteQuery(
        tableQuery(closingAccountsSource(params.id, closing.state), deps),
      )
    }
  },
  component: ClosingPage,
})

function ClosingPage() {
  const { t } = useTranslation()
  const { date } = useFormats()
  const { id } = Route.useParams()
  const { queryClient } = Route.useRouteContext()
  const { data: closing } = useSuspenseQuery(closingQuery(id))
  const busy = isClosingBusy(closing.state)
  const wasBusy = useRef(busy)
  useEffect(() => {
    if (wasBusy.current && !busy) {
      // What the run has written is on other pages as well.
      for (const key of ['today', 'invoices', 'accounts', 'recent-runs'])
        void queryClient.invalidateQueries({ queryKey: [key] })
      void queryClient.invalidateQueries({ queryKey: ['closings', 'list'] })
      if (closing.state === 'done')
        showToast({
          tone: 'good',
          title: t('closings.done_toast', { count: closing.issued_invoices }),
        })
    }
    wasBusy.current = busy
  }, [busy, closing.state, closing.issued_invoices, queryClient, t])
  return (
    <Stacked>
      <PageTitle
        back={<BackLink to="/closings">{t('closings.title')}</BackLink>}
        title={t('closings.page_title', {
          unit: closing.business_unit_name,
          date: date(closing.up_to, 'long'),
        })}
        state={<StateBadge kind="closing" state={closing.state} />}
        subtitle={
          <>
            {t(`closings.origin_${closing.origin}`, { name: closing.created_by_name ?? '–' })} ·{' '}
            <DateText value={closing.created_at} style="long" />
          </>
        }
        actions={<Actions closing={closing} />}
      />
      {closing.state === 'failed' && (
        <Callout
          tone="bad"
          icon={<IconCircleX size={20} aria-hidden />}
          title={t(closing.prepared_at ? 'closings.failed_run' : 'closings.failed_preview')}
        >
          {closing.error && <p>{closing.error}</p>}
          <p>{t('closings.failed_text')}</p>
        </Callout>
      )}
      <CaughtUp closing={closing} />
      {closing.retry_of_id && (
        <p>
          {t('closings.retry_of')}{' '}
          <Link to="/closings/$id" params={{ id: closing.retry_of_id }}>
            {t('closings.retry_of_link')}
          </Link>
        </p>
      )}
      {busy && <Progress closing={closing} />}
      {closing.state === 'done' && <Result closing={closing} />}
      {!busy && closing.prepared_at !== null && closing.state !== 'done' && <Preview closing={closing} />}
      {closing.prepared_at !== null && !busy && <Accounts closing={closing} />}
    </Stacked>
  )
}

function Actions({ closing }: { closing: ClosingDetail }) {
  const { t } = useTranslation()
  const { money, date } = useFormats()
  const may = useMay()
  const router = useRouter()
  const { queryClient } = Route.useRouteContext()
  const [asking, setAsking] = useState<'run' | 'discard' | null>(null)
  const path = { params: { path: { id: closing.id } } }
  const resume = useMutation({
    mutationFn: () => orThrow(api.POST('/api/v1/office/closings/{id}/run', path)),
    onSuccess: (next) => queryClient.setQueryData(closingQuery(closing.id).queryKey, next),
    onError: useProblemToast(),
  })
  const discardable = closing.started_at === null && !['queued', 'running', 'done'].includes(closing.state)
  const runnable = closing.state === 'prepared'
  const interrupted =
    closing.prepared_at !== null && (closing.state === 'failed' || closing.state === 'interrupted')
  return (
    <>
      {closing.issued_invoices > 0 && <DocumentBatchButton search={{ closing_id: closing.id }} />}
      {discardable && may('billing.run') && (
        <Button variant="default" onClick={() => setAsking('discard')}>
          {t('closings.discard')}
        </Button>
      )}
      {runnable && (
        <PermittedButton
          needs="billing.run"
          leftSection={<IconPlayerPlay size={16} aria-hidden />}
          onClick={() => setAsking('run')}
        >
          {t('closings.run')}
        </PermittedButton>
      )}
      {interrupted && (
        <PermittedButton
          needs="billing.run"
          loading={resume.isPending}
          leftSection={<IconPlayerPlay size={16} aria-hidden />}
          onClick={() => resume.mutate()}
        >
          {t('closings.resume')}
        </PermittedButton>
      )}
      <ConfirmDialog
        opened={asking === 'run'}
        onClose={() => setAsking(null)}
        title={t('closings.run_title', { unit: closing.business_unit_name })}
        confirm={t('closings.run_confirm', { count: closing.planned_invoices })}
        onConfirm={async () => {
          const next = await orThrow(api.POST('/api/v1/office/closings/{id}/run', path))
          queryClient.setQueryData(closingQuery(closing.id).queryKey, next)
          void queryClient.invalidateQueries({ queryKey: ['recent-runs'] })
        }}
      >
        <ul className={styles.consequence}>
          <li>
            {t('closings.run_invoices', {
              count: closing.planned_invoices,
              total: money(closing.planned_total, closing.currency),
              date: date(closing.up_to, 'long'),
            })}
          </li>
          <li>{t('closings.run_mails')}</li>
          {closing.parked_accounts > 0 && (
            <li>{t('closings.run_parked', { count: closing.parked_accounts })}</li>
          )}
          <li>{t('closings.run_final')}</li>
        </ul>
      </ConfirmDialog>
      <ConfirmDialog
        opened={asking === 'discard'}
        onClose={() => setAsking(null)}
        title={t('closings.discard_title')}
        confirm={t('closings.discard')}
        danger
        onConfirm={async () => {
          await orThrow(api.POST('/api/v1/office/closings/{id}/discard', path))
          void queryClient.invalidateQueries({ queryKey: ['recent-runs'] })
          await router.navigate({ to: '/closings' })
          queryClient.removeQueries({ queryKey: closingQuery(closing.id).queryKey })
          void queryClient.invalidateQueries({ queryKey: ['closings', 'list'] })
        }}
      >
        <p>{t('closings.discard_text')}</p>
      </ConfirmDialog>
    </>
  )
}

/** The time that is left, as exactly as it can be known. */
function timeLeft(t: TFunction, seconds: number): string {
  if (seconds < 60) return t('closings.left_seconds')
  if (seconds < 5400) return t('closings.left_minutes', { count: Math.round(seconds / 60) })
  return t('closings.left_hours', { count: Math.round(seconds / 3600) })
}

function Progress({ closing }: { closing: ClosingDetail }) {
  const { t } = useTranslation()
  const { number, money } = useFormats()
  const running = closing.state === 'queued' || closing.state === 'running'
  const share = closing.accounts_total > 0 ? closing.accounts_done / closing.accounts_total : null
  const label = t(running ? 'closings.running' : 'closings.preparing')
  return (
    <Section>
      <div className={styles.progress} role="status">
        <strong>{label}</strong>
        <ProgressBar share={share} label={label} />
        {share !== null && (
          <p>
            {[
              t('closings.accounts_of', {
                done: number(closing.accounts_done),
                total: number(closing.accounts_total),
              }),
              running &&
                closing.issued_invoices > 0 &&
                t('closings.so_far', {
                  count: closing.issued_invoices,
                  total: money(closing.issued_total, closing.currency),
                }),
              closing.accounts_per_second !== null &&
                closing.accounts_per_second >= 1 &&
                t('closings.pace', { count: Math.round(closing.accounts_per_second) }),
              closing.seconds_left !== null && timeLeft(t, closing.seconds_left),
            ]
              .filter(Boolean)
              .join(' ')}
          </p>
        )}
        <p>{t(running ? 'closings.running_text' : 'closings.preparing_text')}</p>
      </div>
    </Section>
  )
}

/** What a run of the clock that came late has caught up. */
function CaughtUp({ closing }: { closing: ClosingDetail }) {
  const { t } = useTranslation()
  const { date } = useFormats()
  if (!closing.behind_since || closing.days_late === 0) return null
  const dates = closing.caught_up_dates
  return (
    <Callout
      tone="warning"
      icon={<IconClockExclamation size={20} aria-hidden />}
      title={t('closings.late_title', { count: closing.days_late })}
    >
      <p>
        {t('closings.late_text', {
          from: date(closing.behind_since, 'long'),
          until: date(closing.up_to, 'long'),
        })}
      </p>
      {dates.length > 0 && (
        <p>
          {t('closings.late_dates', {
            count: dates.length,
            dates: dates.map((day) => date(day, 'long')).join(', '),
          })}
        </p>
      )}
    </Callout>
  )
}

/** Takes up what was left out, in a preview of its own. */
function Retry({ closing }: { closing: ClosingDetail }) {
  const { t } = useTranslation()
  const router = useRouter()
  const { queryClient } = Route.useRouteContext()
  const retry = useMutation({
    mutationFn: () =>
      orThrow(api.POST('/api/v1/office/closings/{id}/retry', { params: { path: { id: closing.id } } })),
    onSuccess: async (next) => {
      queryClient.setQueryData(closingQuery(next.id).queryKey, next)
      void queryClient.invalidateQueries({ queryKey: ['closings', 'list'] })
      void queryClient.invalidateQueries({ queryKey: ['recent-runs'] })
      await router.navigate({ to: '/closings/$id', params: { id: next.id } })
    },
    onError: useProblemToast(),
  })
  return (
    <div className={styles.retry}>
      <PermittedButton
        needs="billing.run"
        variant="default"
        loading={retry.isPending}
        leftSection={<IconRefresh size={16} aria-hidden />}
        onClick={() => retry.mutate()}
      >
        {t('closings.again')}
      </PermittedButton>
      <p>
        {closing.retried_by_id ? (
          <>
            {t('closings.retried')}{' '}
            <Link to="/closings/$id" params={{ id: closing.retried_by_id }}>
              {t('closings.retried_link')}
            </Link>
          </>
        ) : (
          t('closings.retry_text')
        )}
      </p>
    </div>
  )
}

function Result({ closing }: { closing: ClosingDetail }) {
  const { t } = useTranslation()
  const { number, money } = useFormats()
  const left = closing.parked_accounts + closing.changed_accounts
  return (
    <>
      <Callout
        tone={left > 0 ? 'warning' : 'good'}
        icon={
          left > 0 ? <IconAlertTriangle size={20} aria-hidden /> : <IconCircleCheck size={20} aria-hidden />
        }
        title={t('closings.result_title', { count: closing.issued_invoices })}
      >
        <p>{left > 0 ? t('closings.result_left', { count: left }) : t('closings.result_all')}</p>
      </Callout>
      <Figures
        figures={[
          {
            id: 'total',
            label: t('closings.issued_total'),
            value: money(closing.issued_total, closing.currency),
          },
          {
            id: 'invoices',
            label: t('closings.issued'),
            value: number(closing.issued_invoices),
            note: (
              <Link to="/invoices" search={{ closing_id: closing.id }}>
                {t('closings.see_invoices')}
              </Link>
            ),
          },
          {
            id: 'left',
            label: t('closings.set_aside'),
            value: number(left),
            tone: left > 0 ? 'warning' : undefined,
            note: left > 0 && <SeeSetAside state={closing.parked_accounts > 0 ? 'parked' : 'changed'} />,
          },
          {
            id: 'finished',
            label: t('closings.finished'),
            value: <DateText value={closing.finished_at} />,
            note: <DateText value={closing.finished_at} relative />,
          },
        ]}
      />
      {left > 0 && <Retry closing={closing} />}
      {(closing.differences || closing.warnings.length > 0) && (
        <div className={styles.split}>
          {closing.differences && <Differences closing={closing} />}
          {closing.warnings.length > 0 && <Warnings closing={closing} />}
        </div>
      )}
    </>
  )
}

function SeeSetAside({ state }: { state: 'parked' | 'changed' }) {
  const { t } = useTranslation()
  return (
    <Link to="." search={{ state } as never} hash="accounts">
      {t('closings.see_set_aside')}
    </Link>
  )
}

function Preview({ closing }: { closing: ClosingDetail }) {
  const { t } = useTranslation()
  const { money, number, percent, date } = useFormats()
  const { previous, currency } = closing
  const change = previous ? closing.planned_total - previous.total : 0
  return (
    <>
      <Figures
        figures={[
          {
            id: 'total',
            label: t('closings.to_invoice'),
            value: money(closing.planned_total, currency),
            note: t('closings.nothing_charged'),
          },
          {
            id: 'invoices',
            label: t('closings.invoices'),
            value: number(closing.planned_invoices),
            note: previous && t('closings.last_had', { count: previous.invoices }),
          },
          previous !== null && {
            id: 'change',
            label: t('closings.change', { date: date(previous.up_to) }),
            value: `${change > 0 ? '+' : ''}${money(change, currency)}`,
            note: previous.total > 0 && `${change > 0 ? '+' : ''}${percent(change / previous.total)}`,
          },
          {
            id: 'parked',
            label: t('closings.set_aside'),
            value: number(closing.parked_accounts),
            tone: closing.parked_accounts > 0 ? 'warning' : undefined,
            note: closing.parked_accounts > 0 ? <SeeSetAside state="parked" /> : t('closings.none_set_aside'),
          },
        ]}
      />
      <div className={styles.split}>
        <Differences closing={closing} />
        {closing.warnings.length > 0 && <Warnings closing={closing} />}
      </div>
    </>
  )
}

/** The table of accounts below is what most people come for: the largest differences are enough over it. */
const shownAtFirst = 6

function Differences({ closing }: { closing: ClosingDetail }) {
  const { t } = useTranslation()
  const { date } = useFormats()
  const [all, setAll] = useState(false)
  const { previous, differences, currency } = closing
  if (!previous || !differences) {
    return <Section title={t('closings.differences')}>{t('closings.first_closing')}</Section>
  }
  const money = (amount: number) => <Money amount={amount} currency={currency} />
  const counts = [
    differences.new > 0 && t('closings.diff_new', { count: differences.new }),
    differences.gone > 0 && t('closings.diff_gone', { count: differences.gone }),
    differences.changed > 0 && t('closings.diff_changed', { count: differences.changed }),
  ].filter(Boolean)
  return (
    <Section
      title={t('closings.differences')}
      description={
        counts.length > 0
          ? `${t('closings.against', { date: date(previous.up_to, 'long') })}: ${counts.join(', ')}`
          : t('closings.no_differences', { date: date(previous.up_to, 'long') })
      }
      flush
    >
      {differences.items.length > 0 && (
        <SimpleTable
          label={t('closings.differences')}
          rows={all ? differences.items : differences.items.slice(0, shownAtFirst)}
          rowId={(row) => row.account_id}
          columns={[
            {
              id: 'account',
              header: t('closings.account'),
              primary: true,
              cell: (row) => (
                <>
                  {row.kind === 'gone' ? (
                    <Link to={`/accounts/${row.account_id}` as never}>{row.account_name}</Link>
                  ) : (
                    <Link
                      to="/closings/$id/accounts/$account"
                      params={{ id: closing.id, account: row.account_id }}
                    >
                      {row.account_name}
                    </Link>
                  )}
                  {row.kind !== 'changed' && (
                    <span className={styles.reason}>
                      {t(row.kind === 'new' ? 'closings.kind_new' : 'closings.kind_gone')}
                    </span>
                  )}
                </>
              ),
            },
            {
              id: 'before',
              header: t('closings.before'),
              align: 'end',
              cell: (row) => money(row.previous_total),
            },
            { id: 'now', header: t('closings.now'), align: 'end', cell: (row) => money(row.total) },
            {
              id: 'difference',
              header: t('closings.difference'),
              align: 'end',
              cell: (row) => (
                <>
                  {row.difference > 0 && '+'}
                  {money(row.difference)}
                </>
              ),
            },
          ]}
        />
      )}
      {!all && differences.items.length > shownAtFirst && (
        <p className={styles.all}>
          <button type="button" onClick={() => setAll(true)}>
            {t('closings.more_differences', { count: differences.items.length - shownAtFirst })}
          </button>
        </p>
      )}
    </Section>
  )
}

function Warnings({ closing }: { closing: ClosingDetail }) {
  const { t } = useTranslation()
  return (
    <Section title={t('closings.warnings')} description={t('closings.warnings_text')} flush>
      <ul className={styles.warnings}>
        {closing.warnings.map((warning) => (
          <li key={warning.account_id}>
            <Link
              to="/closings/$id/accounts/$account"
              params={{ id: closing.id, account: warning.account_id }}
            >
              {warning.account_name}
            </Link>
            <span className={styles.reason}>
              {warning.reason_text} <ParkedDetail detail={warning.detail} />
            </span>
          </li>
        ))}
      </ul>
      {closing.parked_accounts > closing.warnings.length && (
        <p className={styles.more}>
          <SeeSetAside state="parked" />
        </p>
      )}
    </Section>
  )
}

function Accounts({ closing }: { closing: ClosingDetail }) {
  const { t } = useTranslation()
  const source = useMemo(() => closingAccountsSource(closing.id, closing.state), [closing.id, closing.state])
  const columns = useMemo<Column<ClosingAccount>[]>(
    () => [
      {
        id: 'account_name',
        header: t('closings.account'),
        cell: (row) => row.account_name,
        sort: 'account_name',
        primary: true,
      },
      { id: 'number', header: t('closings.account_number'), cell: (row) => row.account_number, align: 'end' },
      {
        id: 'state',
        header: t('closings.state'),
        cell: (row) => <StateBadge kind="closing_account" state={row.state} />,
      },
      { id: 'reason', header: t('closings.reason'), cell: (row) => row.reason_text ?? '–' },
      { id: 'invoices', header: t('closings.invoices'), cell: (row) => row.invoices, align: 'end' },
      {
        id: 'total',
        header: t('closings.total'),
        cell: (row) => <Money amount={row.total} currency={row.currency} />,
        sort: 'total',
        align: 'end',
      },
    ],
    [t],
  )
  const states: ClosingAccount['state'][] =
    closing.state === 'done' ? ['invoiced', 'parked', 'changed'] : ['planned', 'parked', 'changed']
  return (
    <div id="accounts">
      <Section title={t('closings.accounts')} plain>
        <DataTable
          name="closing-accounts"
          label={t('closings.accounts')}
          source={source}
          columns={columns}
          rowId={(row) => row.account_id}
          rowLabel={(row) => row.account_name}
          rowTo={(row) => `/closings/${closing.id}/accounts/${row.account_id}`}
          searchHint={t('closings.account_hint')}
          filters={[
            {
              id: 'state',
              label: t('closings.state'),
              options: states.map((value) => ({ value, label: t(`common:state.closing_account.${value}`) })),
            },
          ]}
        />
      </Section>
      {closing.accounts_total === 0 && (
        <p>
          <ButtonLink to="/closings" variant="default">
            {t('closings.title')}
          </ButtonLink>
        </p>
      )}
    </div>
  )
}
