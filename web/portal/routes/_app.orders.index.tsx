import IconShoppingBag from '@tabler/icons-react/dist/esm/icons/IconShoppingBag.mjs'
import { useSuspenseInfiniteQuery } from '@tanstack/react-query'
import { createFileRoute, Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { OwnOrderSummary } from '../../shared/api-types.gen.ts'
import { EmptyState, PageTitle, Section } from '../../shared/page.tsx'
import { useFormats } from '../../shared/use-formats.ts'
import { Money } from '../../shared/values.tsx'
import { BillingNav, ServicesNav } from '../area-navs.tsx'
import { AreaProblem } from '../area-problem.tsx'
import { ButtonLink } from '../button-link.tsx'
import { coverLink, List, MoreRows, Row, Tile } from '../list.tsx'
import { type OrderFilter, orderFilters, ordersQuery } from '../order-queries.ts'
import { FilterNav } from '../section-nav.tsx'
import { maySession, useSession } from '../session.ts'
import styles from '../shop.module.css'
import { OrderState, useCycleWords } from '../shop-words.tsx'

/** What was ordered or offered, and what became of it. */
export const Route = createFileRoute('/_app/orders/')({
  validateSearch: (search: Record<string, unknown>): { show?: OrderFilter } => ({
    show: orderFilters.find((one) => one === search.show),
  }),
  loaderDeps: ({ search: { show = 'all' } }) => ({ show }),
  loader: ({ context: { queryClient }, deps }) => queryClient.ensureInfiniteQueryData(ordersQuery(deps.show)),
  component: OrdersPage,
  errorComponent: AreaProblem,
})

function OrdersPage() {
  const { t } = useTranslation('shop')
  const { show = 'all' } = Route.useSearch()
  const mayOrder = maySession(useSession(), 'services')
  const query = useSuspenseInfiniteQuery(ordersQuery(show))
  const orders = query.data.pages.flatMap((page) => page.items)
  return (
    <>
      {mayOrder ? <ServicesNav /> : <BillingNav />}
      <PageTitle
        title={t('orders.title')}
        subtitle={t('orders.subtitle')}
        actions={mayOrder && orders.length > 0 && <ButtonLink to="/shop">{t('to_shop')}</ButtonLink>}
      />
      <div className={styles.tools}>
        <FilterNav
          label={t('orders.filter')}
          param="show"
          chosen={show}
          options={orderFilters.map((value) => ({ value, label: t(`orders.show_${value}`) }))}
        />
      </div>
      <Section flush>
        {orders.length === 0 ? (
          <EmptyState
            icon={<IconShoppingBag size={24} aria-hidden />}
            title={t(show === 'all' ? 'orders.empty' : 'orders.none')}
            action={mayOrder && show === 'all' && <ButtonLink to="/shop">{t('to_shop')}</ButtonLink>}
          >
            {mayOrder && show === 'all' && t('orders.empty_text')}
          </EmptyState>
        ) : (
          <>
            <List label={t('orders.title')}>
              {orders.map((order) => (
                <OrderRow key={order.id} order={order} />
              ))}
            </List>
            <MoreRows query={query} />
          </>
        )}
      </Section>
    </>
  )
}

function OrderRow({ order }: { order: OwnOrderSummary }) {
  const { t } = useTranslation('shop')
  const { date } = useFormats()
  const words = useCycleWords(order.currency)
  return (
    <Row
      lead={
        <Tile
          icon={IconShoppingBag}
          tone={
            order.payable || order.answerable ? 'accent' : order.state === 'processed' ? 'good' : 'neutral'
          }
        />
      }
      name={
        <>
          <Link to="/orders/$id" params={{ id: order.id }} className={coverLink}>
            {order.title}
          </Link>
          <OrderState order={order} />
        </>
      }
      detail={[
        t(`kind.${order.kind}`, { defaultValue: t('kind.other') }),
        t('orders.number', { number: order.number }),
        order.state === 'quoted' && order.valid_until
          ? t('order.valid_until', { date: date(order.valid_until) })
          : order.payable_until
            ? t('order.payable_until', { date: date(order.payable_until) })
            : date(order.placed_at ?? order.created_at),
      ].join(' · ')}
      end={
        order.freemium ? (
          <strong>{t('freemium')}</strong>
        ) : (
          <>
            <strong>
              <Money amount={order.total} currency={order.currency} />
            </strong>
            {order.recurring_unit && order.recurring_amount !== null && order.recurring_amount > 0 && (
              <small>
                {t('orders.then', {
                  amount: words.amount(
                    { cycle_unit: order.recurring_unit, cycle_count: order.recurring_count ?? 1 },
                    order.recurring_amount,
                  ),
                })}
              </small>
            )}
          </>
        )
      }
      stacked
    />
  )
}
