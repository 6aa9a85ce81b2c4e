import { Button, NativeSelect, Textarea } from '@mantine/core'
import IconChevronLeft from '@tabler/icons-react/dist/esm/icons/IconChevronLeft.mjs'
import IconCircleCheck from '@tabler/icons-react/dist/esm/icons/IconCircleCheck.mjs'
import IconCircleX from '@tabler/icons-react/dist/esm/icons/IconCircleX.mjs'
import IconUserCheck from '@tabler/icons-react/dist/esm/icons/IconUserCheck.mjs'
import { useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query'
import { createFileRoute, Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, idempotent, orThrow } from '../../shared/api.ts'
import type { AccountChangeRequest } from '../../shared/api-types.gen.ts'
import { Dialog, DialogActions } from '../../shared/dialog.tsx'
import { useForm } from '../../shared/form.ts'
import { EmptyState, PageTitle, Section, SkeletonText, Stacked } from '../../shared/page.tsx'
import { Callout, ProblemAlert } from '../../shared/problem-alert.tsx'
import type { Search } from '../../shared/router.ts'
import { SimpleTable } from '../../shared/simple-table.tsx'
import { StateBadge } from '../../shared/state-badge.tsx'
import { showToast, useProblemToast } from '../../shared/toasts.tsx'
import { useFormats } from '../../shared/use-formats.ts'
import { DateText } from '../../shared/values.tsx'
import {
  type ChangeRequestFilter,
  changeRequestQuery,
  changeRequestsQuery,
} from '../change-request-queries.ts'
import formStyles from '../form-layout.module.css'
import { unitsQuery } from '../frame-queries.ts'
import { MoreRows } from '../more-rows.tsx'
import { Panes, paneStyles as styles, useListKeys } from '../panes.tsx'
import { PermittedButton } from '../permitted-button.tsx'

const states = ['pending', 'approved', 'rejected', 'withdrawn'] as const
const fields = ['name', 'kind', 'tax_id'] as const

const filterOf = (search: Search): ChangeRequestFilter => ({
  state: states.find((one) => one === (search.state ?? 'pending')),
  business_unit_id: search.business_unit_id,
})

/** What customers asked to change of their details, one after the other, to be confirmed or refused (A7). */
export const Route = createFileRoute('/_app/change-requests')({
  validateSearch: (search: Record<string, unknown>) => search as Search,
  loaderDeps: ({ search }) => filterOf(search),
  loader: ({ context: { queryClient }, deps }) => {
    void queryClient.prefetchInfiniteQuery(changeRequestsQuery(deps))
  },
  component: ChangeRequests,
})

function ChangeRequests() {
  const { t } = useTranslation()
  const search = Route.useSearch() as Search
  const navigate = Route.useNavigate()
  const filter = filterOf(search)
  const query = useInfiniteQuery(changeRequestsQuery(filter))
  const { data: units = [] } = useQuery(unitsQuery)
  const requests = query.data?.pages.flatMap((page) => page.items) ?? []
  // Beside the list the first one is open; on a phone the list comes first.
  const current = search.id ?? requests[0]?.id
  const patch = (change: Search) =>
    void navigate({ search: { ...search, ...change } as never, replace: true, resetScroll: false })
  useListKeys(
    requests.map((one) => one.id),
    current,
    (id) => patch({ id }),
  )
  const onDecided = (id: string) => {
    const at = requests.findIndex((one) => one.id === id)
    patch({ id: (requests[at + 1] ?? requests[at - 1])?.id })
  }
  return (
    <>
      <PageTitle title={t('changes.title')} subtitle={t('changes.subtitle')} />
      <div className={styles.filters}>
        <NativeSelect
          aria-label={t('changes.state')}
          value={search.state ?? 'pending'}
          data={[
            ...states.map((value) => ({
              value: value as string,
              label: t(`common:state.account_change.${value}`),
            })),
            { value: 'all', label: t('changes.all_states') },
          ]}
          onChange={(event) => patch({ state: event.currentTarget.value, id: undefined })}
        />
        {units.length > 1 && (
          <NativeSelect
            aria-label={t('words.unit')}
            value={search.business_unit_id ?? ''}
            data={[
              { value: '', label: t('changes.all_units') },
              ...units.map((unit) => ({ value: unit.id, label: unit.name })),
            ]}
            onChange={(event) =>
              patch({ business_unit_id: event.currentTarget.value || undefined, id: undefined })
            }
          />
        )}
      </div>
      <ProblemAlert error={query.isFetchNextPageError ? null : query.error} onRetry={query.refetch} />
      {query.isSuccess && requests.length === 0 && !search.id ? (
        <Section>
          <EmptyState
            icon={<IconUserCheck size={24} aria-hidden />}
            title={t(filter.state === 'pending' ? 'changes.empty' : 'changes.empty_elsewhere')}
          >
            {t('changes.empty_text')}
          </EmptyState>
        </Section>
      ) : (
        !query.error && (
          <Panes
            opened={search.id !== undefined}
            list={
              <RequestList
                requests={query.isPending ? null : requests}
                current={current}
                more={<MoreRows query={query} />}
              />
            }
            detail={
              <>
                <Link
                  to="."
                  search={((before: Search) => ({ ...before, id: undefined })) as never}
                  className={styles.backToList}
                >
                  <IconChevronLeft size={16} aria-hidden />
                  {t('changes.title')}
                </Link>
                {current && <Request key={current} id={current} onDecided={onDecided} />}
              </>
            }
          />
        )
      )}
      {requests.length > 1 && <p className={styles.keys}>{t('words.list_keys')}</p>}
    </>
  )
}

function RequestList({
  requests,
  current,
  more,
}: {
  requests: AccountChangeRequest[] | null
  current: string | undefined
  more: React.ReactNode
}) {
  const { t } = useTranslation()
  if (requests === null) {
    return (
      <div className={styles.row}>
        <SkeletonText lines={9} />
      </div>
    )
  }
  return (
    <>
      <ul className={styles.rows} aria-label={t('changes.list')}>
        {requests.map((request) => (
          <li key={request.id}>
            <Link
              to="."
              search={((before: Search) => ({ ...before, id: request.id })) as never}
              resetScroll={false}
              className={styles.row}
              data-pane-row={request.id}
              data-chosen={request.id === current || undefined}
              aria-current={request.id === current ? 'true' : undefined}
            >
              <strong>{request.account_name}</strong>
              <span className={styles.end}>
                {request.state === 'pending' ? (
                  <DateText value={request.created_at} relative />
                ) : (
                  <StateBadge kind="account_change" state={request.state} />
                )}
              </span>
              <small>
                {fields
                  .filter((field) => request.changes[field] !== undefined)
                  .map((field) => t(`accounts.${field}`))
                  .join(', ')}
              </small>
              <small className={styles.end}>{request.business_unit_name}</small>
            </Link>
          </li>
        ))}
      </ul>
      {more}
    </>
  )
}

function Request({ id, onDecided }: { id: string; onDecided: (id: string) => void }) {
  const { t } = useTranslation()
  const { date } = useFormats()
  const { queryClient } = Route.useRouteContext()
  const query = useQuery(changeRequestQuery(id))
  const [refusing, setRefusing] = useState(false)
  const onError = useProblemToast()
  const refresh = () =>
    Promise.all(
      ['change-requests', 'accounts', 'today', 'audit'].map((key) =>
        queryClient.invalidateQueries({ queryKey: [key] }),
      ),
    )
  const approve = useMutation({
    mutationFn: () =>
      orThrow(api.POST('/api/v1/office/account-change-requests/{id}/approve', { params: { path: { id } } })),
    onSuccess: async () => {
      showToast({ tone: 'good', title: t('changes.approved') })
      onDecided(id)
      await refresh()
    },
    onError,
  })
  if (query.error) return <ProblemAlert error={query.error} onRetry={query.refetch} />
  if (!query.data) {
    return (
      <Section>
        <SkeletonText lines={8} />
      </Section>
    )
  }
  const request = query.data
  const words = (field: (typeof fields)[number], value: string | null | undefined) =>
    field === 'kind' && value ? t(`words.account_kind.${value}`) : value || '–'
  const rejected = request.state === 'rejected'
  return (
    <Stacked>
      <Section
        title={
          <Link to="/accounts/$id" params={{ id: request.account_id }}>
            {request.account_name}
          </Link>
        }
        description={[
          t('payments.account_number', { number: request.account_number }),
          request.business_unit_name,
        ].join(' · ')}
        actions={<StateBadge kind="account_change" state={request.state} />}
      >
        <SimpleTable
          label={t('changes.title')}
          rows={fields.filter((field) => request.changes[field] !== undefined)}
          rowId={(field) => field}
          columns={[
            {
              id: 'field',
              header: t('changes.detail'),
              primary: true,
              cell: (field) => t(`accounts.${field}`),
            },
            { id: 'now', header: t('changes.now'), cell: (field) => words(field, request.previous[field]) },
            {
              id: 'wanted',
              header: t('changes.wanted'),
              cell: (field) => <strong>{words(field, request.changes[field])}</strong>,
            },
          ]}
        />
        <p className={styles.keys}>
          {t('changes.asked_by', { name: request.requested_by_name, email: request.requested_by_email })}{' '}
          <DateText value={request.created_at} relative />
        </p>
      </Section>
      {request.state === 'pending' ? (
        <Section>
          <p>{t('changes.approve_text')}</p>
          <DialogActions>
            <PermittedButton needs="accounts.write" variant="default" onClick={() => setRefusing(true)}>
              {t('changes.reject')}
            </PermittedButton>
            <PermittedButton
              needs="accounts.write"
              loading={approve.isPending}
              onClick={() => approve.mutate()}
            >
              {t('changes.approve')}
            </PermittedButton>
          </DialogActions>
        </Section>
      ) : (
        request.state !== 'withdrawn' && (
          <Callout
            tone={rejected ? 'bad' : 'good'}
            icon={
              rejected ? <IconCircleX size={20} aria-hidden /> : <IconCircleCheck size={20} aria-hidden />
            }
            title={t('changes.decided_by', {
              name: request.decided_by_name ?? '–',
              date: request.decided_at ? date(request.decided_at, 'long') : '',
            })}
          >
            {request.reason && <p>{request.reason}</p>}
          </Callout>
        )
      )}
      {refusing && (
        <RejectDialog
          request={request}
          onClose={() => setRefusing(false)}
          onDone={() => {
            onDecided(id)
            void refresh()
          }}
        />
      )}
    </Stacked>
  )
}

function RejectDialog({
  request,
  onClose,
  onDone,
}: {
  request: AccountChangeRequest
  onClose: () => void
  onDone: () => void
}) {
  const { t } = useTranslation()
  const form = useForm({
    initial: { reason: '' },
    check: (values) => ({ reason: !values.reason.trim() && t('common:input.required') }),
    submit: (body, { idempotencyKey }) =>
      orThrow(
        api.POST('/api/v1/office/account-change-requests/{id}/reject', {
          params: { path: { id: request.id } },
          body,
          headers: idempotent(idempotencyKey),
        }),
      ),
    onDone: () => {
      showToast({ tone: 'good', title: t('changes.rejected') })
      onClose()
      onDone()
    },
  })
  return (
    <Dialog
      opened
      onClose={onClose}
      title={t('changes.reject_title', { account: request.account_name })}
      size="small"
    >
      <form className={formStyles.body} onSubmit={form.onSubmit} noValidate>
        <ProblemAlert error={form.problem} />
        <Textarea
          label={t('changes.reason')}
          description={t('changes.reason_help')}
          autosize
          minRows={3}
          maxLength={1000}
          required
          {...form.field('reason')}
        />
        <DialogActions>
          <Button variant="default" onClick={onClose}>
            {t('common:action.cancel')}
          </Button>
          <Button type="submit" color="bad" loading={form.busy}>
            {t('changes.reject_submit')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
