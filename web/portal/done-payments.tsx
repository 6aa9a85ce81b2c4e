import IconCheck from '@tabler/icons-react/dist/esm/icons/IconCheck.mjs'
import { infiniteQueryOptions, useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../shared/api.ts'
import type { OwnPaymentIntent } from '../shared/api-types.gen.ts'
import { loadTexts } from '../shared/i18n.ts'
import { Section } from '../shared/page.tsx'
import { ToneBadge } from '../shared/state-badge.tsx'
import { useFormats } from '../shared/use-formats.ts'
import { Money } from '../shared/values.tsx'
import { List, MoreRows, Row, Tile } from './list.tsx'
import { iconOfMethod, TestBadge } from './pay-words.tsx'
import styles from './payments.module.css'

const donePaymentsQuery = infiniteQueryOptions({
  queryKey: ['payment-intents', 'done'],
  queryFn: async ({ pageParam, signal }) => {
    const [page] = await Promise.all([
      orThrow(
        api.GET('/api/v1/portal/payment-intents', {
          params: { query: { limit: 50, cursor: pageParam ?? undefined } },
          signal,
        }),
      ),
      loadTexts('pay'),
    ])
    return page
  },
  initialPageParam: null as string | null,
  getNextPageParam: (page) => page.next_cursor,
})

/** What was paid by card, Pix or debit, also by itself. Nothing where there is nothing. */
export function DonePayments() {
  const query = useInfiniteQuery(donePaymentsQuery)
  const done =
    query.data?.pages
      .flatMap((page) => page.items)
      .filter((one) => one.purpose === 'payment' && one.state === 'succeeded') ?? []
  const { t } = useTranslation('pay')
  if (done.length === 0) return null
  return (
    <div className={styles.done}>
      <Section title={t('open.done')} flush>
        <List label={t('open.done')}>
          {done.map((payment) => (
            <Payment key={payment.id} payment={payment} />
          ))}
        </List>
        <MoreRows query={query} />
      </Section>
    </div>
  )
}

function Payment({ payment }: { payment: OwnPaymentIntent }) {
  const { t } = useTranslation('pay')
  const { date } = useFormats()
  return (
    <Row
      lead={<Tile icon={iconOfMethod(payment.method)} tone="good" />}
      name={
        <>
          {t('portal:payments.row', {
            method: t(`portal:payment_method.${payment.method}`),
            date: date(payment.created_at),
          })}
          <ToneBadge tone="good" icon={IconCheck}>
            {t('done.title')}
          </ToneBadge>
          <TestBadge driver={payment.driver} />
        </>
      }
      detail={
        <span className={styles.invoices}>
          {payment.invoices.map((invoice) => (
            <Link key={invoice.id} to="/invoices/$id" params={{ id: invoice.id }}>
              {t('portal:invoice.title', { number: invoice.number })}
            </Link>
          ))}
          {payment.order_id && (
            <Link to="/orders/$id" params={{ id: payment.order_id }}>
              {t('page.order')}
            </Link>
          )}
          <span>{payment.origin === 'run' ? t('methods.automatic') : payment.provider_name}</span>
        </span>
      }
      end={
        <strong>
          <Money amount={payment.amount} currency={payment.currency} />
        </strong>
      }
    />
  )
}
