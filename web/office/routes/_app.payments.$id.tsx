import { useQuery, useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute, Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Payment } from '../../shared/api-types.gen.ts'
import { loadTexts } from '../../shared/i18n.ts'
import { Columns, Facts, PageTitle, Section, SkeletonText, Stacked } from '../../shared/page.tsx'
import { ProblemAlert } from '../../shared/problem-alert.tsx'
import { SimpleTable } from '../../shared/simple-table.tsx'
import { useFormats } from '../../shared/use-formats.ts'
import { DateText, Money } from '../../shared/values.tsx'
import { BackLink } from '../back-link.tsx'
import { PermittedButton } from '../permitted-button.tsx'
import { driversQuery, paymentQuery, reversalsQuery } from '../provider-queries.ts'
import { ReversalBadge, TestBadge } from '../provider-words.tsx'
import styles from '../providers.module.css'
import { RefundDialog } from '../refund-dialog.tsx'
import { useMay } from '../session.ts'

/** A payment: who, when, by what, what it paid, and what of it went back. */
export const Route = createFileRoute('/_app/payments/$id')({
  loader: async ({ context: { queryClient }, params: { id } }) => {
    await Promise.all([queryClient.ensureQueryData(paymentQuery(id)), loadTexts('providers')])
  },
  component: PaymentPage,
})

function PaymentPage() {
  const { t } = useTranslation('providers')
  const { money } = useFormats()
  const { id } = Route.useParams()
  const may = useMay()
  const { data: payment } = useSuspenseQuery(paymentQuery(id))
  const { data: drivers } = useQuery({ ...driversQuery, enabled: may('settings.read') })
  const [refunding, setRefunding] = useState(false)
  const left = payment.amount - payment.reversed
  const refunds = drivers?.find((one) => one.driver === payment.driver)?.capabilities.refunds
  return (
    <>
      <PageTitle
        title={t('office.payment_of', { amount: money(payment.amount, payment.currency) })}
        subtitle={
          <Link to="/accounts/$id" params={{ id: payment.account_id }}>
            {payment.account_name}
          </Link>
        }
        state={payment.driver === 'sandbox' ? <TestBadge /> : undefined}
        back={<BackLink to="/payments/received">{t('office:payments.received')}</BackLink>}
        actions={
          left > 0 && (
            <PermittedButton needs="payments.refund" variant="default" onClick={() => setRefunding(true)}>
              {t('office.refund')}
            </PermittedButton>
          )
        }
      />
      <Columns
        main={
          <Stacked>
            <Paid payment={payment} />
            <Difference payment={payment} />
            <Reversals payment={payment} />
          </Stacked>
        }
        aside={
          <Section title={t('office.facts')}>
            <Facts
              stacked
              facts={[
                [t('office:payments.received_on'), <DateText key="on" value={payment.received_on} />],
                [t('office:payments.method'), t(`office:words.payment_method.${payment.method}`)],
                payment.provider_name !== null && [t('office.provider'), payment.provider_name],
                payment.provider_ref !== null && [t('office.provider_ref'), payment.provider_ref],
                payment.reference !== null &&
                  payment.reference !== payment.provider_ref && [
                    t('office:payments.reference'),
                    payment.reference,
                  ],
                payment.order_id !== null && [
                  t('office.order'),
                  <Link key="order" to="/orders/$id" params={{ id: payment.order_id }}>
                    {t('office.show_order')}
                  </Link>,
                ],
                [t('office:words.unit'), payment.business_unit_name],
                [
                  t('office:payments.recorded_by'),
                  payment.recorded_by_name ??
                    (payment.provider_name === null ? '–' : t('office.by_provider')),
                ],
                [t('office:payments.recorded_at'), <DateText key="at" value={payment.created_at} />],
              ]}
            />
          </Section>
        }
      />
      {refunding && (
        <RefundDialog payment={payment} refunds={refunds ?? 'none'} onClose={() => setRefunding(false)} />
      )}
    </>
  )
}

function Paid({ payment }: { payment: Payment }) {
  const { t } = useTranslation('providers')
  const { money } = useFormats()
  return (
    <Section title={t('office.paid')} flush>
      <SimpleTable
        label={t('office.paid')}
        rows={[
          ...payment.invoices.map((one) => ({ ...one, credit: false })),
          ...(payment.credited > 0
            ? [
                {
                  id: 'credit',
                  number: t('office:payments.credited'),
                  amount: payment.credited,
                  credit: true,
                },
              ]
            : []),
        ]}
        rowId={(row) => row.id}
        columns={[
          {
            id: 'what',
            header: t('office.what_for'),
            primary: true,
            cell: (row) =>
              row.credit ? (
                row.number
              ) : (
                <Link to="/invoices/$id" params={{ id: row.id }}>
                  {row.number}
                </Link>
              ),
          },
          {
            id: 'amount',
            header: t('office:payments.amount'),
            align: 'end',
            cell: (row) => <Money amount={row.amount} currency={payment.currency} />,
          },
        ]}
        footer={[
          { label: t('office.total'), value: money(payment.amount, payment.currency), strong: true },
          ...(payment.reversed > 0
            ? [{ label: t('office.went_back'), value: money(payment.reversed, payment.currency) }]
            : []),
        ]}
      />
    </Section>
  )
}

/** What the provider collected beside what it was asked for, and the documents that came of it. */
function Difference({ payment }: { payment: Payment }) {
  const { t } = useTranslation('providers')
  const { money } = useFormats()
  if (payment.late_fee + payment.interest + payment.discount === 0) return null
  const added = (['late_fee', 'interest', 'discount'] as const).filter((part) => payment[part] > 0)
  return (
    <Section
      title={t('office.difference')}
      description={[
        payment.late_fee + payment.interest > 0 && t('office.difference_added'),
        payment.discount > 0 && t('office.difference_taken_off'),
      ]
        .filter(Boolean)
        .join(' ')}
    >
      <Facts
        facts={[
          ...added.map((part): [string, string] => [
            t(`office.differences.${part}`),
            money(part === 'discount' ? -payment[part] : payment[part], payment.currency),
          ]),
          ...payment.documents.map((one): [string, ReactNode] => [
            t(`office.difference_documents.${one.kind === 'credit_note' ? 'credit_note' : 'debit_note'}`),
            <span key={one.id}>
              <Link to="/invoices/$id" params={{ id: one.id }}>
                {one.number}
              </Link>{' '}
              · {money(one.total, payment.currency)}
            </span>,
          ]),
        ]}
      />
    </Section>
  )
}

function Reversals({ payment }: { payment: Payment }) {
  const { t } = useTranslation('providers')
  const { data: reversals, error, refetch } = useQuery(reversalsQuery(payment.id))
  if (reversals?.length === 0) return null
  return (
    <Section title={t('office.reversals')} flush>
      <ProblemAlert error={error} onRetry={refetch} />
      {!reversals && !error && <SkeletonText />}
      {reversals && (
        <SimpleTable
          label={t('office.reversals')}
          rows={reversals}
          rowId={(row) => row.id}
          columns={[
            {
              id: 'kind',
              header: t('office.kind'),
              primary: true,
              cell: (row) => t(`office.kinds.${row.kind}`),
            },
            { id: 'on', header: t('office.asked_at'), cell: (row) => <DateText value={row.created_at} /> },
            { id: 'state', header: t('office.state'), cell: (row) => <ReversalBadge reversal={row} /> },
            {
              id: 'reason',
              header: t('office.reason'),
              cell: (row) => (
                <>
                  {row.reason ?? '–'}
                  {row.failure_detail !== null && (
                    <span className={styles.detail}>
                      {t('office.provider_words')}: <q>{row.failure_detail}</q>
                    </span>
                  )}
                </>
              ),
            },
            {
              id: 'by',
              header: t('office:payments.recorded_by'),
              cell: (row) => row.created_by_name ?? t('office.by_provider'),
            },
            {
              id: 'amount',
              header: t('office:payments.amount'),
              align: 'end',
              cell: (row) => <Money amount={row.amount} currency={row.currency} />,
            },
          ]}
        />
      )}
    </Section>
  )
}
