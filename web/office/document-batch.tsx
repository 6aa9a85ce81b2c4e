import { Button } from '@mantine/core'
import IconDownload from '@tabler/icons-react/dist/esm/icons/IconDownload.mjs'
import IconFileTypePdf from '@tabler/icons-react/dist/esm/icons/IconFileTypePdf.mjs'
import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../shared/api.ts'
import type { DocumentBatch, DocumentBatchFiltersInput } from '../shared/api-types.gen.ts'
import { Dialog, DialogActions } from '../shared/dialog.tsx'
import { ProgressBar } from '../shared/job-tray.tsx'
import { SkeletonText } from '../shared/page.tsx'
import { ProblemAlert } from '../shared/problem-alert.tsx'
import { StateBadge } from '../shared/state-badge.tsx'
import { showToast, useProblemToast } from '../shared/toasts.tsx'
import { useFormats } from '../shared/use-formats.ts'
import styles from './document-batch.module.css'

const isBusy = (batch: DocumentBatch) => batch.state === 'queued' || batch.state === 'running'

/** What one had printed lately; asked again while something is being printed. */
const batchesQuery = queryOptions({
  queryKey: ['document-batches'],
  queryFn: async ({ signal }) =>
    (await orThrow(api.GET('/api/v1/office/document-batches', { signal }))).items,
  staleTime: 0,
  refetchInterval: ({ state }) => (state.data?.some(isBusy) ? 1_000 : false),
})

/** The filters of the list of documents that printing takes; what only concerns the screen is left out. */
const filters = [
  'q',
  'kind',
  'state',
  'business_unit_id',
  'account_id',
  'subscription_id',
  'closing_id',
  'due_from',
  'due_to',
  'issued_from',
  'issued_to',
  'total_from',
  'total_to',
] as const satisfies (keyof DocumentBatchFiltersInput)[]

function filterOf(search: Record<string, unknown>): DocumentBatchFiltersInput {
  const chosen = filters
    .map((name) => [name, search[name]] as const)
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([name, value]) => [name, name.startsWith('total_') ? Number(value) : value])
  return Object.fromEntries(chosen)
}

/** "PDFs of these": prints all that a list shows, however many they are, and holds them ready. */
export function DocumentBatchButton({ search }: { search: Record<string, unknown> }) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconFileTypePdf size={16} aria-hidden />}
        onClick={() => setOpen(true)}
      >
        {t('batches.button')}
      </Button>
      {open && <BatchDialog filter={filterOf(search)} onClose={() => setOpen(false)} />}
    </>
  )
}

function BatchDialog({ filter, onClose }: { filter: DocumentBatchFiltersInput; onClose: () => void }) {
  const { t } = useTranslation()
  const queryClient = useQueryClient()
  const query = useQuery(batchesQuery)
  const batches = query.data ?? []
  const wholeClosing = filter.closing_id !== undefined && Object.keys(filter).length === 1
  const print = useMutation({
    mutationFn: () => orThrow(api.POST('/api/v1/office/document-batches', { body: filter })),
    onSuccess: async (batch) => {
      await queryClient.invalidateQueries({ queryKey: batchesQuery.queryKey })
      showToast({ tone: 'good', title: t('batches.started', { count: batch.documents_total }) })
    },
  })
  return (
    <Dialog opened onClose={onClose} title={t('batches.title')} size="large">
      <div className={styles.body}>
        <p>{t(wholeClosing ? 'batches.text_closing' : 'batches.text')}</p>
        <ProblemAlert error={print.error ?? query.error} onRetry={query.error ? query.refetch : undefined} />
        {query.isPending && <SkeletonText lines={2} />}
        {batches.length > 0 && (
          <section aria-label={t('batches.latest')}>
            <h3>{t('batches.latest')}</h3>
            <ul className={styles.list} aria-live="polite">
              {batches.map((batch) => (
                <BatchRow key={batch.id} batch={batch} />
              ))}
            </ul>
          </section>
        )}
      </div>
      <DialogActions>
        <Button variant="default" onClick={onClose}>
          {t('common:action.close')}
        </Button>
        <Button loading={print.isPending} onClick={() => print.mutate()}>
          {t('batches.print')}
        </Button>
      </DialogActions>
    </Dialog>
  )
}

function BatchRow({ batch }: { batch: DocumentBatch }) {
  const { t } = useTranslation()
  const { date, time, exact, number, bytes } = useFormats()
  const queryClient = useQueryClient()
  const cancel = useMutation({
    mutationFn: () =>
      orThrow(
        api.POST('/api/v1/office/document-batches/{id}/cancel', { params: { path: { id: batch.id } } }),
      ),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: batchesQuery.queryKey }),
    onError: useProblemToast(),
  })
  const kept = batch.state === 'done' && batch.removed_at === null
  const day = date(batch.created_at)
  return (
    <li>
      <div className={styles.words}>
        <strong>
          <time dateTime={batch.created_at} title={exact(batch.created_at)}>
            {day}, {time(batch.created_at)}
          </time>
          <StateBadge kind="job" state={batch.state} />
        </strong>
        <small>
          {isBusy(batch)
            ? t('batches.progress', {
                done: number(batch.documents_done),
                total: number(batch.documents_total),
              })
            : t('batches.documents', { count: batch.documents_total })}
          {kept && batch.expires_at && ` · ${t('batches.until', { date: date(batch.expires_at) })}`}
          {batch.state === 'done' && !kept && ` · ${t('batches.removed')}`}
        </small>
        {isBusy(batch) && (
          <ProgressBar share={batch.documents_done / batch.documents_total} label={t('batches.title')} />
        )}
        {batch.state === 'failed' && batch.error && <small className={styles.error}>{batch.error}</small>}
      </div>
      <div className={styles.actions}>
        {isBusy(batch) && (
          <Button size="xs" variant="default" loading={cancel.isPending} onClick={() => cancel.mutate()}>
            {t('batches.cancel')}
          </Button>
        )}
        {kept &&
          batch.parts.map(({ part, documents, size }) => (
            <Button
              key={part}
              component="a"
              size="xs"
              variant="default"
              href={`/api/v1/office/document-batches/${batch.id}/parts/${part}`}
              download
              leftSection={<IconDownload size={14} aria-hidden />}
              aria-label={t('batches.download_part', { part, count: documents, size: bytes(size) })}
            >
              {batch.parts.length > 1
                ? t('batches.part', { part, size: bytes(size) })
                : t('batches.zip', { size: bytes(size) })}
            </Button>
          ))}
      </div>
    </li>
  )
}
