import { Anchor } from '@mantine/core'
import IconListCheck from '@tabler/icons-react/dist/esm/icons/IconListCheck.mjs'
import IconRefresh from '@tabler/icons-react/dist/esm/icons/IconRefresh.mjs'
import IconTrash from '@tabler/icons-react/dist/esm/icons/IconTrash.mjs'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { createFileRoute } from '@tanstack/react-router'
import { useEffect, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../../shared/api.ts'
import type { Job } from '../../shared/api-types.gen.ts'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { ConfirmDialog } from '../../shared/dialog.tsx'
import { EmptyState, PageTitle } from '../../shared/page.tsx'
import type { Search } from '../../shared/router.ts'
import { StateBadge } from '../../shared/state-badge.tsx'
import { tableQuery } from '../../shared/table-search.ts'
import { showToast, useProblemToast } from '../../shared/toasts.tsx'
import { DateText } from '../../shared/values.tsx'
import styles from '../job.module.css'
import { JobDialog, taskKey } from '../job-dialog.tsx'
import { jobsSource, refreshJobs } from '../job-queries.ts'
import { useMay } from '../session.ts'

const tasks = [
  'billing:prepare_closing',
  'billing:run_closing',
  'imports:prepare',
  'imports:run',
  'notices:deliver',
  'notices:resend',
  'notices:send_invitation',
  'notices:send_invoices',
  'notices:send_password_changed',
  'notices:send_password_link',
  'notices:send_payment_approved',
  'notices:send_payment_notified',
  'notices:send_payment_rejected',
  'payments:remove_unused_receipts',
]
const states = ['running', 'queued', 'retrying', 'failed'] as const
const refreshEveryMs = 5_000

/** What runs, waits and failed in the background. */
export const Route = createFileRoute('/_app/jobs')({
  validateSearch: (search: Record<string, unknown>) => search as Search,
  loaderDeps: ({ search }) => search,
  loader: ({ context: { queryClient }, deps }) => {
    void queryClient.prefetchInfiniteQuery(tableQuery(jobsSource, deps))
  },
  component: Jobs,
})

function Jobs() {
  const { t } = useTranslation()
  const may = useMay()
  const queryClient = useQueryClient()
  const onError = useProblemToast()
  const [read, setRead] = useState<Job | null>(null)
  const [discarded, setDiscarded] = useState<{ jobs: Job[]; clear: () => void } | null>(null)
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') void queryClient.invalidateQueries({ queryKey: ['jobs'] })
    }, refreshEveryMs)
    return () => clearInterval(timer)
  }, [queryClient])
  const retry = useMutation({
    mutationFn: async (jobs: Job[]) => {
      try {
        for (const { id } of jobs)
          await orThrow(api.POST('/api/v1/office/jobs/{id}/retry', { params: { path: { id } } }))
      } finally {
        await refreshJobs(queryClient)
      }
    },
    onSuccess: (_done, jobs) => {
      setRead(null)
      showToast({ tone: 'good', title: t('jobs.retried', { count: jobs.length }) })
    },
    onError,
  })
  const columns = useMemo<Column<Job>[]>(
    () => [
      {
        id: 'task',
        header: t('jobs.task_column'),
        cell: (row) => (
          <Anchor component="button" type="button" fw={550} data-row-link onClick={() => setRead(row)}>
            {t(taskKey(row.task), { defaultValue: row.task })}
          </Anchor>
        ),
        sort: 'task',
        primary: true,
        width: '26%',
      },
      {
        id: 'state',
        header: t('jobs.state'),
        cell: (row) => <StateBadge kind="job" state={row.state} />,
      },
      {
        id: 'error',
        header: t('jobs.error'),
        cell: (row) =>
          row.last_error === null ? (
            '–'
          ) : (
            <span className={styles.errorCell}>{row.last_error.split('\n')[0]}</span>
          ),
        width: '30%',
      },
      {
        id: 'attempts',
        header: t('jobs.attempts'),
        cell: (row) => t('jobs.attempts_of', { attempts: row.attempts, max: row.max_attempts }),
        align: 'end',
      },
      {
        id: 'run_at',
        header: t('jobs.run_at'),
        cell: (row) =>
          row.state === 'failed' || row.state === 'running' ? '–' : <DateText value={row.run_at} relative />,
        sort: 'run_at',
      },
      {
        id: 'created_at',
        header: t('jobs.created_at'),
        cell: (row) => <DateText value={row.created_at} relative />,
        sort: 'id',
      },
      {
        id: 'locked_at',
        header: t('jobs.locked_at'),
        cell: (row) => <DateText value={row.locked_at} relative />,
        optional: true,
      },
      { id: 'id', header: t('jobs.number'), cell: (row) => row.id, align: 'end', optional: true },
    ],
    [t],
  )
  return (
    <>
      <PageTitle title={t('shell.jobs')} subtitle={t('jobs.subtitle')} />
      <DataTable
        name="jobs"
        label={t('shell.jobs')}
        source={jobsSource}
        columns={columns}
        rowId={(row) => String(row.id)}
        rowLabel={(row) => t(taskKey(row.task), { defaultValue: row.task })}
        searchHint={t('jobs.search_hint')}
        views={[
          { label: t('jobs.view_all'), search: {} },
          { label: t('jobs.view_failed'), search: { state: 'failed' } },
          { label: t('jobs.view_retrying'), search: { state: 'retrying' } },
          { label: t('jobs.view_running'), search: { state: 'running' } },
          { label: t('jobs.view_queued'), search: { state: 'queued' } },
        ]}
        filters={[
          {
            id: 'state',
            label: t('jobs.state'),
            options: states.map((value) => ({ value, label: t(`common:state.job.${value}`) })),
          },
          {
            id: 'task',
            label: t('jobs.task_column'),
            options: tasks.map((value) => ({ value, label: t(taskKey(value)) })),
          },
        ]}
        bulkActions={
          may('jobs.write')
            ? [
                {
                  label: t('jobs.retry'),
                  icon: IconRefresh,
                  onRun: (rows, clear) => retry.mutate(rows, { onSuccess: clear }),
                },
                {
                  label: t('jobs.discard'),
                  icon: IconTrash,
                  danger: true,
                  onRun: (jobs, clear) => setDiscarded({ jobs, clear }),
                },
              ]
            : []
        }
        empty={
          <EmptyState icon={<IconListCheck size={24} aria-hidden />} title={t('jobs.none')}>
            {t('jobs.none_text')}
          </EmptyState>
        }
      />
      {read && discarded === null && (
        <JobDialog
          job={read}
          busy={retry.isPending}
          onRetry={() => retry.mutate([read])}
          onDiscard={() => setDiscarded({ jobs: [read], clear: () => setRead(null) })}
          onClose={() => setRead(null)}
        />
      )}
      {discarded && (
        <ConfirmDialog
          opened
          danger
          title={t('jobs.discard_title', { count: discarded.jobs.length })}
          confirm={t('jobs.discard')}
          onClose={() => setDiscarded(null)}
          onConfirm={async () => {
            try {
              for (const { id } of discarded.jobs)
                await orThrow(api.DELETE('/api/v1/office/jobs/{id}', { params: { path: { id } } }))
            } finally {
              await refreshJobs(queryClient)
            }
            discarded.clear()
            showToast({ tone: 'good', title: t('jobs.discarded', { count: discarded.jobs.length }) })
          }}
        >
          <p>{t('jobs.discard_text')}</p>
        </ConfirmDialog>
      )}
    </>
  )
}
