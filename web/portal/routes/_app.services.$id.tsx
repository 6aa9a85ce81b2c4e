import IconClock from '@tabler/icons-react/dist/esm/icons/IconClock.mjs'
import IconGift from '@tabler/icons-react/dist/esm/icons/IconGift.mjs'
import IconInfoCircle from '@tabler/icons-react/dist/esm/icons/IconInfoCircle.mjs'
import IconPlayerPause from '@tabler/icons-react/dist/esm/icons/IconPlayerPause.mjs'
import { queryOptions, useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute } from '@tanstack/react-router'
import { lazy, Suspense } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../../shared/api.ts'
import type { OwnSubscription } from '../../shared/api-types.gen.ts'
import { addDays } from '../../shared/formats.ts'
import { Columns, Facts, PageTitle, Section } from '../../shared/page.tsx'
import { Callout } from '../../shared/problem-alert.tsx'
import { SimpleTable } from '../../shared/simple-table.tsx'
import { StateBadge } from '../../shared/state-badge.tsx'
import { useFormats } from '../../shared/use-formats.ts'
import { DateText, Money } from '../../shared/values.tsx'
import { AreaProblem } from '../area-problem.tsx'
import { BackLink } from '../back-link.tsx'
import { ButtonLink } from '../button-link.tsx'
import styles from '../service.module.css'
import { lastDayOf } from '../service-words.ts'
import { homeQuery, maySession, useSession } from '../session.ts'

const ServiceContract = lazy(async () => ({
  default: (await import('../service-contract.tsx')).ServiceContract,
}))

const ServiceUsage = lazy(() =>
  import('../service-usage.tsx').then((module) => ({ default: module.ServiceUsage })),
)

const ServiceCoupons = lazy(() =>
  import('../service-coupons.tsx').then((module) => ({ default: module.ServiceCoupons })),
)

const ServicePayment = lazy(() =>
  import('../service-payment.tsx').then((module) => ({ default: module.ServicePayment })),
)

const changes = () => import('../service-changes.tsx')
const ServiceActions = lazy(() => changes().then((module) => ({ default: module.ServiceActions })))
const ScheduledChanges = lazy(() => changes().then((module) => ({ default: module.OwnScheduledChanges })))
const ChangeHistory = lazy(() => changes().then((module) => ({ default: module.OwnChangeHistory })))

const serviceQuery = (id: string) =>
  queryOptions({
    queryKey: ['services', id],
    queryFn: ({ signal }) =>
      orThrow(api.GET('/api/v1/portal/subscriptions/{id}', { params: { path: { id } }, signal })),
  })

/** One service in the customer's words: what it costs and why, what is included, when the next invoice comes. */
export const Route = createFileRoute('/_app/services/$id')({
  loader: ({ context: { queryClient }, params }) =>
    Promise.all([
      queryClient.ensureQueryData(serviceQuery(params.id)),
      queryClient.ensureQueryData(homeQuery),
    ]),
  component: ServicePage,
  errorComponent: AreaProblem,
})

function ServicePage() {
  const { t } = useTranslation()
  const { id } = Route.useParams()
  const { data: service } = useSuspenseQuery(serviceQuery(id))
  const mayPay = maySession(useSession(), 'billing')
  const live = service.status !== 'cancelled' && service.status !== 'ended'
  return (
    <>
      <PageTitle
        back={<BackLink to="/services">{t('services.title')}</BackLink>}
        title={service.plan_name}
        state={<StateBadge kind="subscription" state={service.status} />}
        subtitle={t('service.subtitle', { product: service.product_name, number: service.contract_number })}
        actions={
          <>
            {mayPay && (
              <ButtonLink to="/invoices" search={{ state: 'all' }} variant="default">
                {t('services.see_invoices')}
              </ButtonLink>
            )}
            {live && (
              <Suspense fallback={null}>
                <ServiceActions serviceId={service.id} />
              </Suspense>
            )}
          </>
        }
      />
      <Columns
        main={
          <>
            <Situation service={service} />
            <Suspense fallback={null}>
              <ScheduledChanges serviceId={service.id} />
            </Suspense>
            <Suspense fallback={null}>
              <ServiceContract
                subscriptionId={service.id}
                live={service.status !== 'cancelled' && service.status !== 'ended'}
              />
            </Suspense>
            <Price service={service} />
            {service.components.some((one) => one.role === 'usage') && (
              <Suspense fallback={null}>
                <ServiceUsage id={service.id} />
              </Suspense>
            )}
            <Suspense fallback={null}>
              <ServiceCoupons serviceId={service.id} />
            </Suspense>
            <Included service={service} />
            <Pauses service={service} />
            <Suspense fallback={null}>
              <ChangeHistory serviceId={service.id} />
            </Suspense>
          </>
        }
        aside={
          <>
            <About service={service} />
            {live && mayPay && (
              <Suspense fallback={null}>
                <ServicePayment serviceId={service.id} />
              </Suspense>
            )}
          </>
        }
      />
    </>
  )
}

/** What the state means for the customer: only where there is something to say. */
function Situation({ service }: { service: OwnSubscription }) {
  const { t } = useTranslation()
  const { date } = useFormats()
  const { data: home } = useSuspenseQuery(homeQuery)
  const mayPay = maySession(useSession(), 'billing')
  const overdue = home.invoices.filter((one) => one.overdue && !one.notified)
  const pause = service.suspensions.find((one) => one.to_date === null)
  if (service.status === 'awaiting_installation') {
    return (
      <Callout tone="info" icon={<IconClock size={20} aria-hidden />} title={t('service.awaiting_title')}>
        <p>{t('service.awaiting_text')}</p>
      </Callout>
    )
  }
  if (service.status === 'suspended' || service.status === 'suspended_administratively') {
    const ours = service.status === 'suspended_administratively'
    return (
      <Callout
        tone={ours ? 'bad' : 'warning'}
        icon={<IconPlayerPause size={20} aria-hidden />}
        title={
          pause
            ? t(ours ? 'service.suspended_by_us_since' : 'service.suspended_since', {
                date: date(pause.from_date, 'long'),
              })
            : t(ours ? 'service.suspended_by_us' : 'service.suspended')
        }
      >
        <p>{t('service.suspended_text')}</p>
        {ours && mayPay && overdue.length > 0 && (
          <ButtonLink
            to="/pay"
            search={{ invoices: overdue.map((one) => one.id).join(',') }}
            size="sm"
            className={styles.calloutAction}
          >
            {t('services.pay_overdue')}
          </ButtonLink>
        )}
      </Callout>
    )
  }
  if (service.end_date !== null) {
    const past = service.end_date <= home.today
    return (
      <Callout tone="neutral" icon={<IconInfoCircle size={20} aria-hidden />}>
        <p>
          {t(past ? 'service.ended_text' : 'service.ending_text', {
            date: date(lastDayOf(service.end_date), 'long'),
          })}
        </p>
      </Callout>
    )
  }
  const trialEnds = addDays(service.start_date, service.trial_days)
  if (service.trial_days > 0 && service.billing_start !== null && trialEnds > home.today) {
    return (
      <Callout
        tone="good"
        icon={<IconGift size={20} aria-hidden />}
        title={t('service.trial_title', { date: date(lastDayOf(trialEnds), 'long') })}
      >
        <p>{t('service.trial_text', { date: date(service.billing_start, 'long') })}</p>
      </Callout>
    )
  }
  return null
}

function Price({ service }: { service: OwnSubscription }) {
  const { t } = useTranslation()
  const { percent, date } = useFormats()
  const money = (amount: number) => <Money amount={amount} currency={service.currency} />
  const components = service.components.filter((one) => one.to_date === null && one.role !== 'usage')
  const discountWords =
    service.discount_kind === 'percent'
      ? t('service.discount_percent', { percent: percent((service.discount_basis_points ?? 0) / 10_000) })
      : t('service.discount')
  const monthly = service.cycle_unit === 'month' && service.cycle_count === 1
  return (
    <Section
      title={t(monthly ? 'service.price' : 'service.price_period')}
      description={t('service.price_text')}
      flush
    >
      <SimpleTable
        label={t(monthly ? 'service.price' : 'service.price_period')}
        rows={components}
        rowId={(row) => row.id}
        columns={[
          {
            id: 'description',
            header: t('service.column_what'),
            primary: true,
            cell: (row) => (
              <>
                {row.description}
                {row.from_date !== null && row.from_date > service.start_date && (
                  <small className={styles.since}>{t('services.since', { date: date(row.from_date) })}</small>
                )}
              </>
            ),
          },
          { id: 'quantity', header: t('service.column_quantity'), align: 'end', cell: (row) => row.quantity },
          {
            id: 'unit',
            header: t('service.column_unit'),
            align: 'end',
            // With tiers one has no price of its own.
            cell: (row) => (row.tiers === null ? money(row.unit_amount) : '–'),
          },
          {
            id: 'amount',
            header: t('service.column_amount'),
            align: 'end',
            cell: (row) => money(row.amount),
          },
        ]}
        footer={[
          ...(service.discount > 0 ? [{ label: discountWords, value: money(-service.discount) }] : []),
          {
            label: t(monthly ? 'service.total' : 'service.total_period'),
            value: money(service.amount),
            strong: true,
          },
        ]}
      />
    </Section>
  )
}

function Included({ service }: { service: OwnSubscription }) {
  const { t } = useTranslation()
  const { money } = useFormats()
  if (service.allowances.length === 0) return null
  return (
    <Section title={t('service.included')}>
      <ul className={styles.included}>
        {service.allowances.map((one) => (
          <li key={one.item}>
            <strong>{t(`service.item.${one.item}`, { count: one.included })}</strong>
            <span>
              {[
                one.extra_amount === null
                  ? null
                  : one.extra_amount === 0
                    ? t('service.extra_free')
                    : t('service.extra', { amount: money(one.extra_amount, service.currency) }),
                one.maximum !== null && one.maximum > one.included
                  ? t('service.maximum', { count: one.maximum })
                  : null,
              ]
                .filter(Boolean)
                .join(' · ')}
            </span>
          </li>
        ))}
      </ul>
    </Section>
  )
}

function Pauses({ service }: { service: OwnSubscription }) {
  const { t } = useTranslation()
  const { period, date } = useFormats()
  if (service.suspensions.length === 0) return null
  return (
    <Section title={t('service.pauses')} description={t('service.pauses_text')}>
      <ul className={styles.pauses}>
        {service.suspensions.map((one) => (
          <li key={one.from_date}>
            <span>
              {one.to_date === null
                ? t('services.since', { date: date(one.from_date) })
                : period(one.from_date, one.to_date)}
            </span>
            <span>{t(one.administrative ? 'service.pause_by_us' : 'service.pause')}</span>
          </li>
        ))}
      </ul>
    </Section>
  )
}

function About({ service }: { service: OwnSubscription }) {
  const { t } = useTranslation()
  return (
    <Section title={t('service.about')}>
      <Facts
        facts={[
          [t('service.contract'), String(service.contract_number)],
          [t('service.started'), <DateText key="start" value={service.start_date} />],
          service.activation_date !== null && [
            t('service.installed'),
            <DateText key="activation" value={service.activation_date} />,
          ],
          service.next_closing_date !== null && [
            t('service.next_closing'),
            <DateText key="closing" value={service.next_closing_date} />,
          ],
          service.covered_until !== null && [
            t('service.covered'),
            <DateText key="covered" value={lastDayOf(service.covered_until)} />,
          ],
          [t('service.due_day'), t('service.due_day_value', { day: service.due_day })],
          [t('service.method'), t(`payment_method.${service.payment_method}`)],
          [t('service.mode'), t(`service.mode_${service.billing_mode}`)],
          service.term_months > 0 && [
            t('service.term'),
            service.term_end === null ? (
              t('service.term_months', { count: service.term_months })
            ) : (
              <DateText key="term" value={lastDayOf(service.term_end)} />
            ),
          ],
        ]}
      />
      {service.plan_description && <p className={styles.description}>{service.plan_description}</p>}
    </Section>
  )
}
