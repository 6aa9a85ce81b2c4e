import { Button, NativeSelect } from '@mantine/core'
import type { TablerIcon } from '@tabler/icons-react'
import IconAlertTriangle from '@tabler/icons-react/dist/esm/icons/IconAlertTriangle.mjs'
import IconCash from '@tabler/icons-react/dist/esm/icons/IconCash.mjs'
import IconListCheck from '@tabler/icons-react/dist/esm/icons/IconListCheck.mjs'
import IconListDetails from '@tabler/icons-react/dist/esm/icons/IconListDetails.mjs'
import IconMailX from '@tabler/icons-react/dist/esm/icons/IconMailX.mjs'
import IconShoppingCart from '@tabler/icons-react/dist/esm/icons/IconShoppingCart.mjs'
import IconTool from '@tabler/icons-react/dist/esm/icons/IconTool.mjs'
import IconUserCheck from '@tabler/icons-react/dist/esm/icons/IconUserCheck.mjs'
import { useMutation, useQuery } from '@tanstack/react-query'
import { createFileRoute, Link, useRouter } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../../shared/api.ts'
import type { Today } from '../../shared/api-types.gen.ts'
import { Chart } from '../../shared/charts.tsx'
import { addDays } from '../../shared/formats.ts'
import { PageTitle, Section, Stacked } from '../../shared/page.tsx'
import { ProblemAlert } from '../../shared/problem-alert.tsx'
import { type Search, stringifySearch } from '../../shared/router.ts'
import type { Tone } from '../../shared/theme.ts'
import { useProblemToast } from '../../shared/toasts.tsx'
import { useFormats } from '../../shared/use-formats.ts'
import { localToday } from '../calendar-day.ts'
import { unitsQuery } from '../frame-queries.ts'
import { PermittedButton } from '../permitted-button.tsx'
import { type Permission, useMay, useSession } from '../session.ts'
import styles from '../today.module.css'
import { todayOfUnitQuery } from '../today-queries.ts'

/** Staff's home: what waits, which closings are due, and the figures of the last thirteen months. */
export const Route = createFileRoute('/_app/')({
  validateSearch: (search: Record<string, unknown>) => search as Search,
  loaderDeps: ({ search }) => ({ unit: search.business_unit_id }),
  loader: ({ context: { queryClient }, deps }) => {
    void queryClient.prefetchQuery(todayOfUnitQuery(deps.unit))
    void queryClient.prefetchQuery(unitsQuery)
  },
  component: TodayPage,
})

function TodayPage() {
  const { t } = useTranslation()
  const { date } = useFormats()
  const session = useSession()
  const may = useMay()
  const search = Route.useSearch() as Search
  const navigate = Route.useNavigate()
  const { data: units = [] } = useQuery(unitsQuery)
  const query = useQuery(todayOfUnitQuery(search.business_unit_id))
  const today = query.data
  const unit = units.find((one) => one.id === search.business_unit_id)
  const currencies = [
    ...new Set(
      [...(today?.revenue ?? []), ...(today?.received ?? []), ...(today?.receivables ?? [])].map(
        (one) => one.currency,
      ),
    ),
  ].sort()
  const preferred = search.currency ?? unit?.currency ?? units[0]?.currency
  const currency = currencies.find((one) => one === preferred) ?? currencies[0]
  const patch = (change: Search) =>
    void navigate({ search: { ...search, ...change } as never, replace: true, resetScroll: false })
  return (
    <Stacked>
      <PageTitle
        title={t('today.title', { name: session.name.split(' ')[0] })}
        subtitle={date(localToday(unit?.time_zone), 'long')}
        actions={
          <div className={styles.filters}>
            {units.length > 1 && (
              <NativeSelect
                aria-label={t('words.unit')}
                value={search.business_unit_id ?? ''}
                data={[
                  { value: '', label: t('today.all_units') },
                  ...units.map((one) => ({ value: one.id, label: one.name })),
                ]}
                onChange={(event) =>
                  patch({ business_unit_id: event.currentTarget.value || undefined, currency: undefined })
                }
              />
            )}
            {currencies.length > 1 && (
              <NativeSelect
                aria-label={t('today.currency')}
                value={currency}
                data={currencies}
                onChange={(event) => patch({ currency: event.currentTarget.value })}
              />
            )}
          </div>
        }
      />
      <ProblemAlert error={query.error} onRetry={query.refetch} />
      {today ? (
        <>
          <Waiting today={today} unit={search.business_unit_id} />
          {today.closings_due.length > 0 && may('billing.read') && <ClosingsDue today={today} />}
          <Plots
            today={today}
            unit={search.business_unit_id}
            currency={currency}
            day={localToday(unit?.time_zone)}
          />
        </>
      ) : (
        !query.error && (
          <div className={styles.plots} role="status" aria-label={t('common:loading')}>
            {['a', 'b', 'c', 'd'].map((key) => (
              <div key={key} className={styles.skeleton} />
            ))}
          </div>
        )
      )}
    </Stacked>
  )
}

interface Tile {
  id: keyof Today['waiting']
  to: string
  search: Search
  icon: TablerIcon
  tone: Tone
  needs: Permission
}

const tiles: Tile[] = [
  {
    id: 'payment_notices',
    to: '/payments',
    search: {},
    icon: IconCash,
    tone: 'warning',
    needs: 'payments.read',
  },
  {
    id: 'failed_orders',
    to: '/orders',
    search: { failed: 'true' },
    icon: IconShoppingCart,
    tone: 'bad',
    needs: 'orders.read',
  },
  {
    id: 'overdue_invoices',
    to: '/invoices',
    search: { state: 'overdue', sort: 'due_date' },
    icon: IconAlertTriangle,
    tone: 'bad',
    needs: 'billing.read',
  },
  {
    id: 'awaiting_installation',
    to: '/services',
    search: { status: 'awaiting_installation' },
    icon: IconTool,
    tone: 'info',
    needs: 'subscriptions.read',
  },
  {
    id: 'unfinished_setups',
    to: '/accounts',
    search: { setup: 'unfinished' },
    icon: IconListDetails,
    tone: 'info',
    needs: 'accounts.create',
  },
  {
    id: 'account_changes',
    to: '/change-requests',
    search: {},
    icon: IconUserCheck,
    tone: 'warning',
    needs: 'accounts.read',
  },
  {
    id: 'failed_notices',
    to: '/mailbox',
    search: { state: 'failed' },
    icon: IconMailX,
    tone: 'bad',
    needs: 'notices.read',
  },
  {
    id: 'failed_jobs',
    to: '/jobs',
    search: { state: 'failed' },
    icon: IconListCheck,
    tone: 'bad',
    needs: 'jobs.read',
  },
]

function Waiting({ today, unit }: { today: Today; unit: string | undefined }) {
  const { t } = useTranslation()
  const { number } = useFormats()
  const may = useMay()
  return (
    <Section title={t('today.waiting')} plain>
      <ul className={styles.tiles}>
        {tiles
          .filter((tile) => may(tile.needs))
          .map(({ id, to, search, icon: Icon, tone }) => {
            const count = today.waiting[id]
            // Jobs belong to the installation, not to a unit.
            const narrowed = id === 'failed_jobs' ? search : { ...search, business_unit_id: unit }
            return (
              <li key={id}>
                <Link
                  to={to}
                  search={narrowed as never}
                  className={styles.tile}
                  data-tone={count > 0 ? tone : undefined}
                  data-none={count === 0 || undefined}
                >
                  <span className={styles.icon} aria-hidden>
                    <Icon size={18} stroke={1.75} />
                  </span>
                  <span className={styles.words}>
                    <strong>{number(count)}</strong>
                    <span>{t(`today.wait.${id}`, { count })}</span>
                  </span>
                </Link>
              </li>
            )
          })}
      </ul>
    </Section>
  )
}

function ClosingsDue({ today }: { today: Today }) {
  const { t } = useTranslation()
  const { date } = useFormats()
  const router = useRouter()
  const { queryClient } = Route.useRouteContext()
  const preview = useMutation({
    mutationFn: (body: { business_unit_id: string; up_to: string }) =>
      orThrow(api.POST('/api/v1/office/closings', { body })),
    onSuccess: (closing) => {
      void queryClient.invalidateQueries({ queryKey: ['recent-runs'] })
      void router.navigate({ to: '/closings/$id', params: { id: closing.id } })
    },
    onError: useProblemToast(),
  })
  return (
    <Section title={t('today.closings_due')} description={t('today.closings_due_text')} flush>
      <ul className={styles.due}>
        {today.closings_due.map((due) => (
          <li key={due.business_unit_id}>
            <div>
              <strong>
                {t('closings.page_title', { unit: due.business_unit_name, date: date(due.up_to, 'long') })}
              </strong>
              <small>
                {due.last_closed
                  ? t('today.last_closed', { date: date(due.last_closed, 'long') })
                  : t('today.never_closed')}
              </small>
            </div>
            <PermittedButton
              needs="billing.run"
              variant="default"
              loading={preview.isPending && preview.variables.business_unit_id === due.business_unit_id}
              onClick={() => preview.mutate({ business_unit_id: due.business_unit_id, up_to: due.up_to })}
            >
              {t('closings.prepare')}
            </PermittedButton>
          </li>
        ))}
      </ul>
    </Section>
  )
}

/** The day before the first of the next month. */
const lastDayOf = (month: string) => addDays(firstOfNext(month), -1)

function firstOfNext(month: string): string {
  const [year = 0, number = 0] = month.split('-').map(Number)
  return new Date(Date.UTC(year, number, 1)).toISOString().slice(0, 10)
}

function Plots({
  today,
  unit,
  currency,
  day,
}: {
  today: Today
  unit: string | undefined
  currency: string | undefined
  day: string
}) {
  const { t } = useTranslation()
  const { money, moneyShort, number, language } = useFormats()
  const may = useMay()
  const monthNames = new Intl.DateTimeFormat(language, { month: 'short', year: '2-digit', timeZone: 'UTC' })
  const nameOf = (month: string) =>
    monthNames.format(new Date(`${month}-01T00:00:00Z`)).replace(/\.| de(?= )/g, '')
  const address = (path: string, search: Search) =>
    path + stringifySearch({ ...search, business_unit_id: unit })
  const months = today.growth.map((one) => one.month)
  const byMonth = (figures: Today['revenue'], month: string) =>
    figures.find((one) => one.month === month && one.currency === currency)?.amount ?? 0
  const buckets: { id: Today['receivables'][number]['bucket']; search: Search }[] = [
    { id: 'not_due', search: { state: 'open', due_from: day } },
    { id: 'days_1_30', search: { state: 'open', due_from: addDays(day, -30), due_to: addDays(day, -1) } },
    { id: 'days_31_60', search: { state: 'open', due_from: addDays(day, -60), due_to: addDays(day, -31) } },
    { id: 'days_61_90', search: { state: 'open', due_from: addDays(day, -90), due_to: addDays(day, -61) } },
    { id: 'days_over_90', search: { state: 'open', due_to: addDays(day, -91) } },
  ]
  const receivable = (bucket: string) =>
    today.receivables.find((one) => one.bucket === bucket && one.currency === currency)
  const owed = buckets.reduce((sum, { id }) => sum + (receivable(id)?.amount ?? 0), 0)
  const latest = today.growth.at(-1)
  const current = months.at(-1) ?? day.slice(0, 7)
  return (
    <div className={styles.plots}>
      {may('billing.read') && currency && (
        <>
          <Chart
            kind="bar"
            title={t('today.revenue')}
            description={t('today.revenue_text')}
            series={[{ id: 'amount', label: t('today.revenue') }]}
            points={months.map((month) => ({
              label: nameOf(month),
              values: { amount: byMonth(today.revenue, month) },
              to: address('/invoices', { issued_from: `${month}-01`, issued_to: lastDayOf(month) }),
            }))}
            format={(value) => money(value, currency)}
            formatShort={(value) => moneyShort(value, currency)}
            aside={<span className={styles.figure}>{money(byMonth(today.revenue, current), currency)}</span>}
          />
          <Chart
            kind="bar"
            title={t('today.received')}
            description={t('today.received_text')}
            series={[{ id: 'amount', label: t('today.received'), color: 2 }]}
            points={months.map((month) => ({
              label: nameOf(month),
              values: { amount: byMonth(today.received, month) },
              to: may('payments.read')
                ? address('/payments/received', { from: `${month}-01`, to: firstOfNext(month) })
                : undefined,
            }))}
            format={(value) => money(value, currency)}
            formatShort={(value) => moneyShort(value, currency)}
            aside={<span className={styles.figure}>{money(byMonth(today.received, current), currency)}</span>}
          />
          <Chart
            kind="bar"
            title={t('today.receivables')}
            description={t('today.receivables_text')}
            series={[{ id: 'amount', label: t('today.receivables'), color: 3 }]}
            points={buckets.map(({ id, search }) => ({
              label: t(`today.bucket.${id}`),
              values: { amount: receivable(id)?.amount ?? 0 },
              to: address('/invoices', { ...search, sort: 'due_date' }),
            }))}
            format={(value) => money(value, currency)}
            formatShort={(value) => moneyShort(value, currency)}
            aside={<span className={styles.figure}>{money(owed, currency)}</span>}
          />
        </>
      )}
      <Chart
        kind="bar"
        title={t('today.growth')}
        description={t('today.growth_text')}
        series={[
          { id: 'started', label: t('today.started') },
          { id: 'ended', label: t('today.ended'), color: 2 },
        ]}
        points={today.growth.map((one) => ({
          label: nameOf(one.month),
          values: { started: one.started, ended: one.ended },
        }))}
        format={number}
        aside={
          latest && (
            <Button
              size="compact-sm"
              variant="subtle"
              renderRoot={(props) => (
                <Link
                  to="/services"
                  search={{ status: 'active', business_unit_id: unit } as never}
                  {...props}
                />
              )}
            >
              {t('today.active', { count: latest.active, formatted: number(latest.active) })}
            </Button>
          )
        }
      />
    </div>
  )
}
