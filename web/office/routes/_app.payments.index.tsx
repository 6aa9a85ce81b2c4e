import { NativeSelect } from '@mantine/core'
import IconCash from '@tabler/icons-react/dist/esm/icons/IconCash.mjs'
import IconChevronLeft from '@tabler/icons-react/dist/esm/icons/IconChevronLeft.mjs'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { createFileRoute, Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { PaymentNotice } from '../../shared/api-types.gen.ts'
import { EmptyState, PageTitle, Section, SkeletonText } from '../../shared/page.tsx'
import { ProblemAlert } from '../../shared/problem-alert.tsx'
import type { Search } from '../../shared/router.ts'
import { StateBadge } from '../../shared/state-badge.tsx'
import { DateText, Money } from '../../shared/values.tsx'
import { unitsQuery } from '../frame-queries.ts'
import { MoreRows } from '../more-rows.tsx'
import { Narrowed } from '../narrowed.tsx'
import { Panes, paneStyles as styles, useListKeys } from '../panes.tsx'
import { PaymentNoticeDetail } from '../payment-notice.tsx'
import { type NoticeFilter, paymentNoticesQuery } from '../payment-queries.ts'
import { PaymentsNav } from '../payments-nav.tsx'

const states = ['pending', 'approved', 'rejected'] as const

const filterOf = (search: Search): NoticeFilter => ({
  state: states.find((one) => one === (search.state ?? 'pending')),
  account_id: search.account_id,
  business_unit_id: search.business_unit_id,
})

/** What customers say they paid, one after the other, to be approved or rejected. */
export const Route = createFileRoute('/_app/payments/')({
  validateSearch: (search: Record<string, unknown>) => search as Search,
  loaderDeps: ({ search }) => filterOf(search),
  loader: ({ context: { queryClient }, deps }) => {
    void queryClient.prefetchInfiniteQuery(paymentNoticesQuery(deps))
  },
  component: PaymentQueue,
})

function PaymentQueue() {
  const { t } = useTranslation()
  const search = Route.useSearch() as Search
  const navigate = Route.useNavigate()
  const filter = filterOf(search)
  const query = useInfiniteQuery(paymentNoticesQuery(filter))
  const { data: units = [] } = useQuery(unitsQuery)
  const notices = query.data?.pages.flatMap((page) => page.items) ?? []
  // Beside the list the first one is open; on a phone the list comes first.
  const current = search.id ?? notices[0]?.id
  const patch = (change: Search) =>
    void navigate({ search: { ...search, ...change } as never, replace: true, resetScroll: false })
  useListKeys(
    notices.map((one) => one.id),
    current,
    (id) => patch({ id }),
  )
  const onDecided = (id: string) => {
    const at = notices.findIndex((one) => one.id === id)
    patch({ id: (notices[at + 1] ?? notices[at - 1])?.id })
  }
  return (
    <>
      <PageTitle title={t('payments.title')} />
      <PaymentsNav />
      <Narrowed />
      <div className={styles.filters}>
        <NativeSelect
          aria-label={t('payments.state')}
          value={search.state ?? 'pending'}
          data={[
            ...states.map((value) => ({
              value: value as string,
              label: t(`common:state.payment_notice.${value}`),
            })),
            { value: 'all', label: t('payments.all_states') },
          ]}
          onChange={(event) => patch({ state: event.currentTarget.value, id: undefined })}
        />
        {units.length > 1 && (
          <NativeSelect
            aria-label={t('words.unit')}
            value={search.business_unit_id ?? ''}
            data={[
              { value: '', label: t('payments.all_units') },
              ...units.map((unit) => ({ value: unit.id, label: unit.name })),
            ]}
            onChange={(event) => patch({ business_unit_id: event.currentTarget.value, id: undefined })}
          />
        )}
      </div>
      <ProblemAlert error={query.isFetchNextPageError ? null : query.error} onRetry={query.refetch} />
      {query.isSuccess && notices.length === 0 && !search.id ? (
        <Section>
          <EmptyState
            icon={<IconCash size={24} aria-hidden />}
            title={t(filter.state === 'pending' ? 'payments.empty' : 'payments.empty_elsewhere')}
          >
            {t('payments.empty_text')}
          </EmptyState>
        </Section>
      ) : (
        !query.error && (
          <Panes
            opened={search.id !== undefined}
            list={
              <List
                notices={query.isPending ? null : notices}
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
                  {t('payments.to_approve')}
                </Link>
                {current && <PaymentNoticeDetail key={current} id={current} onDecided={onDecided} />}
              </>
            }
          />
        )
      )}
      {notices.length > 1 && <p className={styles.keys}>{t('words.list_keys')}</p>}
    </>
  )
}

function List({
  notices,
  current,
  more,
}: {
  notices: PaymentNotice[] | null
  current: string | undefined
  more: React.ReactNode
}) {
  const { t } = useTranslation()
  if (notices === null) {
    return (
      <div className={styles.row}>
        <SkeletonText lines={9} />
      </div>
    )
  }
  return (
    <>
      <ul className={styles.rows} aria-label={t('payments.to_approve')}>
        {notices.map((notice) => (
          <li key={notice.id}>
            <Link
              to="."
              search={((before: Search) => ({ ...before, id: notice.id })) as never}
              resetScroll={false}
              className={styles.row}
              data-pane-row={notice.id}
              data-chosen={notice.id === current || undefined}
              aria-current={notice.id === current ? 'true' : undefined}
            >
              <strong>{notice.account_name}</strong>
              <span className={styles.end}>
                <Money amount={notice.amount} currency={notice.currency} />
              </span>
              <small>
                {[
                  t(`words.payment_method.${notice.method}`),
                  notice.order
                    ? t('statements.is_order', { number: notice.order.number })
                    : notice.invoices.map((one) => one.number).join(', '),
                  notice.fitting_lines > 0 && t('payments.in_bank'),
                ]
                  .filter(Boolean)
                  .join(' · ')}
              </small>
              <small className={styles.end}>
                {notice.state === 'pending' ? (
                  <DateText value={notice.created_at} relative />
                ) : (
                  <StateBadge kind="payment_notice" state={notice.state} />
                )}
              </small>
            </Link>
          </li>
        ))}
      </ul>
      {more}
    </>
  )
}
