import IconFileText from '@tabler/icons-react/dist/esm/icons/IconFileText.mjs'
import IconLifebuoy from '@tabler/icons-react/dist/esm/icons/IconLifebuoy.mjs'
import IconShoppingBag from '@tabler/icons-react/dist/esm/icons/IconShoppingBag.mjs'
import { useSuspenseQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { OwnOrderSummary } from '../shared/api-types.gen.ts'
import { loadTexts } from '../shared/i18n.ts'
import { Section } from '../shared/page.tsx'
import { useFormats } from '../shared/use-formats.ts'
import { Money } from '../shared/values.tsx'
import { ButtonLink } from './button-link.tsx'
import { coverLink, List, Row, Tile } from './list.tsx'
import { maySession, useSession } from './session.ts'

const texts = {
  queryKey: ['texts', 'shop'],
  queryFn: () => loadTexts('shop').then(() => true),
  staleTime: Infinity,
}

/** What of orders waits for the customer, and the support credits that they have; on the home, where there is any. */
export function HomeOrders({ orders, credits }: { orders: OwnOrderSummary[]; credits: number }) {
  useSuspenseQuery(texts)
  const { t } = useTranslation('shop')
  const mayOrder = maySession(useSession(), 'services')
  return (
    <Section title={t('home.title')} flush>
      <List label={t('home.title')}>
        {orders.map((order) => (
          <Waiting key={order.id} order={order} />
        ))}
        {credits > 0 && (
          <Row
            lead={<Tile icon={IconLifebuoy} tone="neutral" />}
            name={
              mayOrder ? (
                <Link to="/shop" className={coverLink}>
                  {t('credits.title')}
                </Link>
              ) : (
                t('credits.title')
              )
            }
            end={<strong>{credits}</strong>}
          />
        )}
      </List>
    </Section>
  )
}

function Waiting({ order }: { order: OwnOrderSummary }) {
  const { t } = useTranslation('shop')
  const { date } = useFormats()
  const mayPay = maySession(useSession(), 'billing')
  const quote = order.state === 'quoted'
  return (
    <Row
      lead={
        <Tile
          icon={quote ? IconFileText : IconShoppingBag}
          tone={order.payable || quote ? 'accent' : 'info'}
        />
      }
      name={
        <Link to="/orders/$id" params={{ id: order.id }} className={coverLink}>
          {t(quote ? 'home.quote' : 'home.order', { title: order.title })}
        </Link>
      }
      detail={
        quote && order.valid_until
          ? t('order.valid_until', { date: date(order.valid_until) })
          : t(order.payable ? 'state.open' : 'state.paid')
      }
      end={
        <strong>
          <Money amount={order.payable ? order.due : order.total} currency={order.currency} />
        </strong>
      }
      actions={
        quote ? (
          <ButtonLink to="/orders/$id" params={{ id: order.id }} size="sm" variant="light">
            {t('home.see')}
          </ButtonLink>
        ) : (
          mayPay &&
          order.payable && (
            <ButtonLink to="/pay" search={{ order: order.id }} size="sm">
              {t('home.pay')}
            </ButtonLink>
          )
        )
      }
    />
  )
}
