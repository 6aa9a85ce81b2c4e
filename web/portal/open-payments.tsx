import IconClock from '@tabler/icons-react/dist/esm/icons/IconClock.mjs'
import { queryOptions, useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../shared/api.ts'
import type { OwnPaymentIntent } from '../shared/api-types.gen.ts'
import { loadTexts } from '../shared/i18n.ts'
import { Section } from '../shared/page.tsx'
import { ToneBadge } from '../shared/state-badge.tsx'
import { useFormats } from '../shared/use-formats.ts'
import { coverLink, List, Row, Tile } from './list.tsx'
import { iconOfMethod, nameOfTurn, TestBadge } from './pay-words.tsx'
import styles from './payments.module.css'

// In one file with these for the browser: they are loaded together.
export { DonePayments } from './done-payments.tsx'

const openPaymentsQuery = queryOptions({
  queryKey: ['payment-intents', 'open'],
  refetchInterval: 30_000,
  queryFn: async ({ signal }) => {
    const [page] = await Promise.all([
      orThrow(
        api.GET('/api/v1/portal/payment-intents', { params: { query: { open: 'true', limit: 20 } }, signal }),
      ),
      loadTexts('pay'),
    ])
    // What is debited by itself is nobody's turn.
    return page.items.filter((one) => one.origin !== 'run' || one.state === 'action_needed')
  },
})

/** Payments by providers that are not over, each with the way to its page. Nothing where there is none. */
export function OpenPayments() {
  const { data } = useQuery(openPaymentsQuery)
  return data && data.length > 0 ? <Payments payments={data} /> : null
}

function Payments({ payments }: { payments: OwnPaymentIntent[] }) {
  const { t } = useTranslation('pay')
  return (
    <div className={styles.open}>
      <Section title={t('open.title')} flush>
        <List label={t('open.title')}>
          {payments.map((payment) => (
            <Payment key={payment.id} payment={payment} />
          ))}
        </List>
      </Section>
    </div>
  )
}

function Payment({ payment }: { payment: OwnPaymentIntent }) {
  const { t } = useTranslation('pay')
  const { money, date } = useFormats()
  const turn = nameOfTurn(payment)
  return (
    <Row
      lead={<Tile icon={iconOfMethod(payment.method)} tone={turn === 'action_needed' ? 'accent' : 'info'} />}
      name={
        <>
          {/* A document of its own, as its policy is. */}
          <a href={`/pay/${payment.id}`} className={coverLink}>
            {payment.purpose === 'setup'
              ? t('page.title_setup')
              : t('open.row', {
                  method: t(`portal:payment_method.${payment.method}`),
                  amount: money(payment.amount, payment.currency),
                })}
          </a>
          <ToneBadge tone={turn === 'action_needed' ? 'warning' : 'info'} icon={IconClock}>
            {t(`open.${turn}`)}
          </ToneBadge>
          <TestBadge driver={payment.driver} />
        </>
      }
      detail={[
        payment.provider_name,
        payment.invoices.length > 0
          ? t('open.invoices', {
              count: payment.invoices.length,
              numbers: payment.invoices.map((one) => one.number).join(', '),
            })
          : payment.order_id !== null && t('page.order'),
        date(payment.created_at),
      ]
        .filter(Boolean)
        .join(' · ')}
    />
  )
}
