import { Button } from '@mantine/core'
import IconCash from '@tabler/icons-react/dist/esm/icons/IconCash.mjs'
import IconPaperclip from '@tabler/icons-react/dist/esm/icons/IconPaperclip.mjs'
import { useSuspenseInfiniteQuery } from '@tanstack/react-query'
import { createFileRoute, Link } from '@tanstack/react-router'
import { lazy, Suspense } from 'react'
import { useTranslation } from 'react-i18next'
import type { OwnPaymentNotice } from '../../shared/api-types.gen.ts'
import { EmptyState, PageTitle, Section } from '../../shared/page.tsx'
import { StateBadge } from '../../shared/state-badge.tsx'
import { useFormats } from '../../shared/use-formats.ts'
import { Money } from '../../shared/values.tsx'
import { BillingNav } from '../area-navs.tsx'
import { AreaProblem } from '../area-problem.tsx'
import { paymentsQuery } from '../billing-queries.ts'
import { ButtonLink } from '../button-link.tsx'
import { List, MoreRows, Row, Tile } from '../list.tsx'
import styles from '../payments.module.css'

const DonePayments = lazy(() =>
  import('../open-payments.tsx').then((module) => ({ default: module.DonePayments })),
)
const OpenPayments = lazy(() =>
  import('../open-payments.tsx').then((module) => ({ default: module.OpenPayments })),
)

/** The payments that this account told of, what became of each, and what it paid by card, Pix or debit. */
export const Route = createFileRoute('/_app/payments')({
  loader: ({ context: { queryClient } }) => queryClient.ensureInfiniteQueryData(paymentsQuery),
  component: PaymentsPage,
  errorComponent: AreaProblem,
})

function PaymentsPage() {
  const { t } = useTranslation()
  const query = useSuspenseInfiniteQuery(paymentsQuery)
  const payments = query.data.pages.flatMap((page) => page.items)
  const checking = new Set(
    payments.filter((one) => one.state === 'pending').flatMap((one) => one.invoices.map(({ id }) => id)),
  )
  return (
    <>
      <BillingNav />
      <PageTitle
        title={t('payments.title')}
        subtitle={t('payments.subtitle')}
        actions={
          payments.length > 0 && (
            <ButtonLink to="/pay" search={{ notify: 'yes' }} variant="default">
              {t('payments.notify')}
            </ButtonLink>
          )
        }
      />
      <Suspense>
        <OpenPayments />
      </Suspense>
      <Section flush>
        {payments.length === 0 ? (
          <EmptyState
            icon={<IconCash size={24} aria-hidden />}
            title={t('payments.empty')}
            action={
              <ButtonLink to="/pay" search={{ notify: 'yes' }}>
                {t('payments.notify')}
              </ButtonLink>
            }
          >
            {t('payments.empty_text')}
          </EmptyState>
        ) : (
          <>
            <List label={t('payments.title')}>
              {payments.map((payment) => (
                <PaymentRow key={payment.id} payment={payment} checking={checking} />
              ))}
            </List>
            <MoreRows query={query} />
          </>
        )}
      </Section>
      <Suspense>
        <DonePayments />
      </Suspense>
    </>
  )
}

const tones = { pending: 'warning', approved: 'good', rejected: 'bad' } as const

/** `checking` are the invoices whose payment waits for an answer: they need no other notice. */
function PaymentRow({ payment, checking }: { payment: OwnPaymentNotice; checking: Set<string> }) {
  const { t } = useTranslation()
  const { date } = useFormats()
  const again =
    payment.state === 'rejected' &&
    (payment.order?.state === 'open' ||
      payment.invoices.some((one) => one.state === 'open' && !checking.has(one.id)))
  return (
    <Row
      lead={<Tile icon={IconCash} tone={tones[payment.state]} />}
      name={
        <>
          {t('payments.row', { method: t(`payment_method.${payment.method}`), date: date(payment.paid_on) })}
          <StateBadge kind="payment_notice" state={payment.state} />
        </>
      }
      detail={
        <>
          <span className={styles.invoices}>
            {payment.invoices.map((invoice) => (
              <Link key={invoice.id} to="/invoices/$id" params={{ id: invoice.id }}>
                {t('invoice.title', { number: invoice.number })}
              </Link>
            ))}
            {payment.order && (
              <Link to="/orders/$id" params={{ id: payment.order.id }}>
                {payment.order.title}
              </Link>
            )}
            {payment.reference && <span>{payment.reference}</span>}
          </span>
          <span className={styles.line}>
            {payment.state === 'pending'
              ? t('payments.pending', { date: date(payment.created_at) })
              : payment.state === 'approved'
                ? t('payments.approved', { date: date(payment.decided_at ?? payment.created_at) })
                : null}
          </span>
          {payment.state === 'rejected' && (
            <span className={styles.reason}>
              {payment.rejection_reason
                ? t('home.needs.rejected_reason', { reason: payment.rejection_reason })
                : t('payments.rejected')}
            </span>
          )}
        </>
      }
      end={
        <strong>
          <Money amount={payment.amount} currency={payment.currency} />
        </strong>
      }
      actions={
        (payment.receipts.length > 0 || again) && (
          <>
            {again && (
              <ButtonLink to="/pay" search={{ again: payment.id }} size="xs">
                {t('home.needs.send_again')}
              </ButtonLink>
            )}
            {payment.receipts.map((receipt) => (
              <Button
                key={receipt.file_id}
                component="a"
                size="xs"
                variant="default"
                href={`/api/v1/portal/payment-notices/${payment.id}/receipts/${receipt.file_id}`}
                download={receipt.name}
                {...(payment.receipts.length > 1
                  ? { 'aria-label': `${t('payments.receipt')}: ${receipt.name}` }
                  : {})}
                leftSection={<IconPaperclip size={14} aria-hidden />}
              >
                {t('payments.receipt')}
              </Button>
            ))}
          </>
        )
      }
    />
  )
}
