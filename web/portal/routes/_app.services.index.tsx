import IconPackage from '@tabler/icons-react/dist/esm/icons/IconPackage.mjs'
import { infiniteQueryOptions, useSuspenseInfiniteQuery } from '@tanstack/react-query'
import { createFileRoute, Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../../shared/api.ts'
import type { OwnSubscriptionSummary } from '../../shared/api-types.gen.ts'
import { EmptyState, PageTitle, Section, Stacked } from '../../shared/page.tsx'
import { StateBadge } from '../../shared/state-badge.tsx'
import { useFormats } from '../../shared/use-formats.ts'
import { Money } from '../../shared/values.tsx'
import { ServicesNav } from '../area-navs.tsx'
import { AreaProblem } from '../area-problem.tsx'
import { ButtonLink } from '../button-link.tsx'
import { coverLink, List, MoreRows, Row, Tile } from '../list.tsx'
import { iconOfService, lastDayOf } from '../service-words.ts'

const servicesQuery = infiniteQueryOptions({
  queryKey: ['services'],
  queryFn: ({ pageParam, signal }) =>
    orThrow(
      api.GET('/api/v1/portal/subscriptions', {
        params: { query: { sort: 'number', limit: 50, cursor: pageParam ?? undefined } },
        signal,
      }),
    ),
  initialPageParam: null as string | null,
  getNextPageParam: (page) => page.next_cursor,
})

/** Every service of the account: what runs, and below it what has ended. */
export const Route = createFileRoute('/_app/services/')({
  loader: ({ context }) => context.queryClient.ensureInfiniteQueryData(servicesQuery),
  component: ServicesPage,
  errorComponent: AreaProblem,
})

const isPast = (service: OwnSubscriptionSummary) =>
  service.status === 'cancelled' || service.status === 'ended'

function ServicesPage() {
  const { t } = useTranslation()
  const query = useSuspenseInfiniteQuery(servicesQuery)
  const services = query.data.pages.flatMap((page) => page.items)
  const current = services.filter((one) => !isPast(one))
  const past = services.filter(isPast)
  return (
    <>
      <ServicesNav />
      <Stacked>
        <PageTitle
          title={t('services.title')}
          subtitle={t('services.subtitle')}
          actions={services.length > 0 && <ButtonLink to="/shop">{t('services.order')}</ButtonLink>}
        />
        {services.length === 0 && (
          <Section>
            <EmptyState
              icon={<IconPackage size={24} aria-hidden />}
              title={t('services.empty.title')}
              action={<ButtonLink to="/shop">{t('services.order')}</ButtonLink>}
            >
              {t('services.empty.text')}
            </EmptyState>
          </Section>
        )}
        {current.length > 0 && (
          <Section flush>
            <List label={t('services.title')}>
              {current.map((service) => (
                <ServiceRow key={service.id} service={service} />
              ))}
            </List>
          </Section>
        )}
        {past.length > 0 && (
          <Section title={t('services.past')} flush>
            <List label={t('services.past')}>
              {past.map((service) => (
                <ServiceRow key={service.id} service={service} />
              ))}
            </List>
          </Section>
        )}
        <MoreRows query={query} />
      </Stacked>
    </>
  )
}

function ServiceRow({ service }: { service: OwnSubscriptionSummary }) {
  const { t } = useTranslation()
  const { date } = useFormats()
  const past = isPast(service)
  const when = past
    ? service.end_date
      ? t('services.ended', { date: date(lastDayOf(service.end_date)) })
      : null
    : service.status === 'awaiting_installation'
      ? t('services.awaiting')
      : service.end_date
        ? t('services.until', { date: date(lastDayOf(service.end_date)) })
        : t('services.since', { date: date(service.start_date) })
  return (
    <Row
      lead={<Tile icon={iconOfService(service.plan_kind)} tone={past ? 'neutral' : 'accent'} />}
      name={
        <>
          <Link to="/services/$id" params={{ id: service.id }} className={coverLink}>
            {service.plan_name}
          </Link>
          <StateBadge kind="subscription" state={service.status} />
        </>
      }
      detail={[when, t('services.contract', { number: service.contract_number })].filter(Boolean).join(' · ')}
      end={
        !past && (
          <>
            <strong>
              <Money amount={service.amount} currency={service.currency} />
            </strong>
            {service.cycle_unit === 'month' && service.cycle_count === 1 && (
              <small>{t('services.per_month')}</small>
            )}
          </>
        )
      }
    />
  )
}
