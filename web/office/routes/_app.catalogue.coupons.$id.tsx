import { Button } from '@mantine/core'
import IconArchive from '@tabler/icons-react/dist/esm/icons/IconArchive.mjs'
import IconPencil from '@tabler/icons-react/dist/esm/icons/IconPencil.mjs'
import {
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
  useSuspenseQuery,
} from '@tanstack/react-query'
import { createFileRoute, Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../../shared/api.ts'
import type { Coupon } from '../../shared/api-types.gen.ts'
import { ConfirmDialog } from '../../shared/dialog.tsx'
import { Columns, Facts, PageTitle, Section } from '../../shared/page.tsx'
import { ProblemAlert } from '../../shared/problem-alert.tsx'
import { SimpleTable } from '../../shared/simple-table.tsx'
import { useProblemToast } from '../../shared/toasts.tsx'
import { useFormats } from '../../shared/use-formats.ts'
import { DateText } from '../../shared/values.tsx'
import { BackLink } from '../back-link.tsx'
import { CouponDialog } from '../coupon-dialog.tsx'
import { couponQuery, redemptionsQuery, refreshCoupons, unitPlansQuery } from '../coupon-queries.ts'
import { CouponState, useCouponWords } from '../coupon-words.tsx'
import { unitsQuery } from '../frame-queries.ts'
import listStyles from '../list.module.css'
import { MoreRows } from '../more-rows.tsx'
import { useMay } from '../session.ts'

/** One coupon: its terms, and who redeemed it. */
export const Route = createFileRoute('/_app/catalogue/coupons/$id')({
  loader: async ({ context: { queryClient }, params }) => {
    void queryClient.prefetchQuery(unitsQuery)
    const coupon = await queryClient.ensureQueryData(couponQuery(params.id))
    if (coupon.plan_ids !== null) void queryClient.prefetchQuery(unitPlansQuery(coupon.business_unit_id))
  },
  component: CouponPage,
})

function CouponPage() {
  const { t } = useTranslation('books')
  const { id } = Route.useParams()
  const may = useMay()
  const { data: coupon } = useSuspenseQuery(couponQuery(id))
  const { data: units = [] } = useQuery(unitsQuery)
  const [dialog, setDialog] = useState<'edit' | 'archive' | null>(null)
  const queryClient = useQueryClient()
  const archive = useMutation({
    mutationFn: (archived: boolean) =>
      orThrow(api.PATCH('/api/v1/office/coupons/{id}', { params: { path: { id } }, body: { archived } })),
    onSuccess: () => refreshCoupons(queryClient),
    onError: useProblemToast(),
  })
  const archived = coupon.archived_at !== null
  return (
    <>
      <PageTitle
        back={<BackLink to="/catalogue/coupons">{t('coupons.title')}</BackLink>}
        title={coupon.code}
        state={<CouponState state={coupon.state} />}
        subtitle={`${coupon.name} · ${coupon.business_unit_name}`}
        actions={
          may('catalogue.write') && (
            <>
              <Button
                variant="default"
                leftSection={<IconArchive size={16} aria-hidden />}
                onClick={() => (archived ? archive.mutate(false) : setDialog('archive'))}
              >
                {t(archived ? 'taxes.bring_back' : 'taxes.archive')}
              </Button>
              <Button leftSection={<IconPencil size={16} aria-hidden />} onClick={() => setDialog('edit')}>
                {t('common:action.edit')}
              </Button>
            </>
          )
        }
      />
      <Columns
        main={may('subscriptions.read') ? <Redemptions coupon={coupon} /> : null}
        aside={<Terms coupon={coupon} />}
      />
      {dialog === 'edit' && <CouponDialog coupon={coupon} units={units} onClose={() => setDialog(null)} />}
      <ConfirmDialog
        opened={dialog === 'archive'}
        onClose={() => setDialog(null)}
        title={t('coupons.archive_ask', { code: coupon.code })}
        confirm={t('taxes.archive')}
        onConfirm={() => archive.mutateAsync(true)}
      >
        <p>{t('coupons.archive_text')}</p>
      </ConfirmDialog>
    </>
  )
}

function Terms({ coupon }: { coupon: Coupon }) {
  const { t } = useTranslation('books')
  const words = useCouponWords()
  const { number } = useFormats()
  const plans = useQuery({
    ...unitPlansQuery(coupon.business_unit_id),
    enabled: coupon.plan_ids !== null,
  })
  const named = (plans.data ?? []).filter((plan) => coupon.plan_ids?.includes(plan.id))
  return (
    <Section title={t('coupons.terms')}>
      <Facts
        stacked
        facts={[
          [t('coupons.off'), words.off(coupon)],
          [t('coupons.lasts'), coupon.periods === null ? t('coupons.for_ever') : words.lasts(coupon)],
          [t('coupons.validity'), words.validity(coupon)],
          [
            t('coupons.redeemed'),
            coupon.most_redemptions === null
              ? number(coupon.redemptions)
              : t('coupons.redeemed_of', {
                  count: coupon.redemptions,
                  most: number(coupon.most_redemptions),
                }),
          ],
          [t('coupons.per_account'), t(coupon.once_per_account ? 'coupons.once_only' : 'coupons.often')],
          [
            t('coupons.plans'),
            coupon.plan_ids === null
              ? t('coupons.all_plans')
              : named.map((plan) => (
                  <span key={plan.id} className={listStyles.detail}>
                    <Link to="/catalogue/plans/$id" params={{ id: plan.id }}>
                      {plan.name}
                    </Link>
                  </span>
                )),
          ],
        ]}
      />
    </Section>
  )
}

function Redemptions({ coupon }: { coupon: Coupon }) {
  const { t } = useTranslation('books')
  const { period } = useFormats()
  const query = useInfiniteQuery(redemptionsQuery(coupon.id))
  const rows = query.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <Section title={t('coupons.redemptions')} flush>
      <ProblemAlert error={query.isFetchNextPageError ? null : query.error} onRetry={query.refetch} />
      {query.data && rows.length === 0 && (
        <p className={listStyles.flushNothing}>{t('coupons.no_redemptions')}</p>
      )}
      {rows.length > 0 && (
        <SimpleTable
          label={t('coupons.redemptions')}
          rows={rows}
          rowId={(row) => row.id}
          columns={[
            {
              id: 'account',
              header: t('coupons.account'),
              primary: true,
              cell: (row) => <Link to={`/accounts/${row.account_id}` as never}>{row.account_name}</Link>,
            },
            {
              id: 'service',
              header: t('coupons.service'),
              cell: (row) => <Link to={`/services/${row.subscription_id}` as never}>{row.plan_name}</Link>,
            },
            {
              id: 'days',
              header: t('coupons.days'),
              cell: (row) =>
                row.to_date === null
                  ? t('service_coupons.for_ever', { from: period(row.from_date, null, 'medium') })
                  : row.to_date === row.from_date
                    ? t('service_coupons.never_began')
                    : period(row.from_date, row.to_date, 'medium'),
            },
            {
              id: 'at',
              header: t('coupons.redeemed_on'),
              cell: (row) => <DateText value={row.created_at} />,
            },
          ]}
        />
      )}
      <MoreRows query={query} />
    </Section>
  )
}
