import { Button } from '@mantine/core'
import IconPlus from '@tabler/icons-react/dist/esm/icons/IconPlus.mjs'
import IconTicket from '@tabler/icons-react/dist/esm/icons/IconTicket.mjs'
import { useQuery } from '@tanstack/react-query'
import { createFileRoute, Link, useNavigate } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Coupon } from '../../shared/api-types.gen.ts'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { loadTexts } from '../../shared/i18n.ts'
import { EmptyState, PageTitle } from '../../shared/page.tsx'
import type { Search } from '../../shared/router.ts'
import { tableQuery } from '../../shared/table-search.ts'
import { useFormats } from '../../shared/use-formats.ts'
import { DateText } from '../../shared/values.tsx'
import { CatalogueNav } from '../catalogue-nav.tsx'
import { CouponDialog } from '../coupon-dialog.tsx'
import { couponsSource } from '../coupon-queries.ts'
import { CouponState, useCouponWords } from '../coupon-words.tsx'
import { unitsQuery } from '../frame-queries.ts'
import { useMay } from '../session.ts'
import { useUnitFilter } from '../unit-filter.ts'

/** What customers are promised for a while, by a code. */
export const Route = createFileRoute('/_app/catalogue/coupons/')({
  validateSearch: (search: Record<string, unknown>) => search as Search,
  loaderDeps: ({ search }) => search,
  loader: async ({ context: { queryClient }, deps }) => {
    void queryClient.prefetchQuery(unitsQuery)
    void queryClient.prefetchInfiniteQuery(tableQuery(couponsSource, deps))
    await loadTexts('books')
  },
  component: Coupons,
})

const states: Coupon['state'][] = ['active', 'not_yet', 'expired', 'used_up', 'archived']

function Coupons() {
  const { t } = useTranslation('books')
  const may = useMay()
  const navigate = useNavigate()
  const words = useCouponWords()
  const { number } = useFormats()
  const unitFilter = useUnitFilter()
  const { data: units = [] } = useQuery(unitsQuery)
  const [creating, setCreating] = useState(false)
  const columns = useMemo<Column<Coupon>[]>(
    () => [
      {
        id: 'code',
        header: t('coupons.code'),
        sort: 'code',
        primary: true,
        width: '16%',
        cell: (row) => (
          <Link to="/catalogue/coupons/$id" params={{ id: row.id }}>
            {row.code}
          </Link>
        ),
      },
      { id: 'name', header: t('coupons.name'), sort: 'name', cell: (row) => row.name },
      {
        id: 'off',
        header: t('coupons.off'),
        cell: (row) => t('coupons.says', { off: words.off(row), lasts: words.lasts(row) }),
      },
      {
        id: 'validity',
        header: t('coupons.validity'),
        sort: 'valid_until',
        cell: (row) => words.validity(row),
      },
      {
        id: 'redeemed',
        header: t('coupons.redeemed'),
        align: 'end',
        cell: (row) =>
          row.most_redemptions === null
            ? number(row.redemptions)
            : t('coupons.redeemed_of', {
                count: row.redemptions,
                most: number(row.most_redemptions),
              }),
      },
      {
        id: 'state',
        header: t('coupons.state_column'),
        cell: (row) => <CouponState state={row.state} />,
      },
      {
        id: 'created_at',
        header: t('coupons.created'),
        sort: 'created_at',
        cell: (row) => <DateText value={row.created_at} />,
        optional: true,
      },
      {
        id: 'unit',
        header: t('coupons.business_unit'),
        cell: (row) => row.business_unit_name,
        optional: true,
      },
    ],
    [t, words, number],
  )
  const create = may('catalogue.write') && (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setCreating(true)}>
      {t('coupons.new')}
    </Button>
  )
  return (
    <>
      <PageTitle title={t('coupons.title')} actions={create} />
      <CatalogueNav />
      <DataTable
        name="coupons"
        label={t('coupons.title')}
        source={couponsSource}
        columns={columns}
        rowId={(row) => row.id}
        rowLabel={(row) => row.code}
        rowTo={(row) => `/catalogue/coupons/${row.id}`}
        searchHint={t('coupons.search')}
        filters={[
          ...unitFilter,
          {
            id: 'state',
            label: t('coupons.state_column'),
            options: states.map((value) => ({ value, label: t(`coupons.state.${value}`) })),
          },
        ]}
        exportPath="/api/v1/office/coupons.csv"
        empty={
          <EmptyState icon={<IconTicket size={24} aria-hidden />} title={t('coupons.none')} action={create}>
            {t('coupons.none_text')}
          </EmptyState>
        }
      />
      {creating && (
        <CouponDialog
          coupon={null}
          units={units.filter((unit) => unit.archived_at === null)}
          onSaved={(coupon) => void navigate({ to: '/catalogue/coupons/$id', params: { id: coupon.id } })}
          onClose={() => setCreating(false)}
        />
      )}
    </>
  )
}
