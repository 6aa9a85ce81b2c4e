import { Button } from '@mantine/core'
import IconBan from '@tabler/icons-react/dist/esm/icons/IconBan.mjs'
import IconPlayerPlay from '@tabler/icons-react/dist/esm/icons/IconPlayerPlay.mjs'
import IconRefresh from '@tabler/icons-react/dist/esm/icons/IconRefresh.mjs'
import { useMutation, useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute, Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../../shared/api.ts'
import type { Order } from '../../shared/api-types.gen.ts'
import { ConfirmDialog } from '../../shared/dialog.tsx'
import { Columns, Facts, PageTitle, Section } from '../../shared/page.tsx'
import { Callout } from '../../shared/problem-alert.tsx'
import { SimpleTable } from '../../shared/simple-table.tsx'
import { StateBadge } from '../../shared/state-badge.tsx'
import { showToast, useProblemToast } from '../../shared/toasts.tsx'
import { useFormats } from '../../shared/use-formats.ts'
import { DateText, Money, PeriodText } from '../../shared/values.tsx'
import { BackLink } from '../back-link.tsx'
import { useCycleWords } from '../cycle-words.ts'
import { Figures } from '../figures.tsx'
import listStyles from '../list.module.css'
import { orderQuery, refreshOrders } from '../order-queries.ts'
import { OrderState } from '../order-words.tsx'
import { useMay } from '../session.ts'

/** One order or quote: what it comes to, how it is paid, and what became of it. */
export const Route = createFileRoute('/_app/orders/$id')({
  loader: ({ context: { queryClient }, params }) => queryClient.ensureQueryData(orderQuery(params.id)),
  component: OrderPage,
})

function OrderPage() {
  const { t } = useTranslation('orders')
  const { t: to } = useTranslation()
  const { money, date, percent } = useFormats()
  const { id } = Route.useParams()
  const say = useCycleWords()
  const { data: order } = useSuspenseQuery(orderQuery(id))
  const { currency, quote } = order
  return (
    <>
      <PageTitle
        back={<BackLink to="/orders">{t('list.title')}</BackLink>}
        title={t(order.placed_at === null ? 'detail.quote' : 'detail.order', { number: order.number })}
        state={<OrderState order={order} />}
        subtitle={<Link to={`/accounts/${order.account_id}` as never}>{order.account_name}</Link>}
        actions={<Actions order={order} />}
      />
      <Columns
        main={
          <>
            {order.failure_code !== null && order.processable && (
              <Callout tone="bad" title={t(order.paid_at === null ? 'detail.failed' : 'detail.failed_paid')}>
                <p>{order.failure}</p>
                <p>{t(order.paid_at === null ? 'detail.failed_text' : 'detail.failed_paid_text')}</p>
              </Callout>
            )}
            {order.state === 'quoted' && order.valid_until && (
              <Callout tone="info" title={t('detail.offered')}>
                <p>{t('detail.offered_text', { date: date(order.valid_until, 'long') })}</p>
              </Callout>
            )}
            {order.payable_until && (
              <Callout tone="info" title={t('detail.waiting')}>
                <p>{t('detail.waiting_text', { date: date(order.payable_until, 'long') })}</p>
              </Callout>
            )}
            {order.ended_at !== null && order.processed_at === null && order.payments.length > 0 && (
              <Callout tone="warning" title={t('detail.paid_late')}>
                <p>{t('detail.paid_late_text')}</p>
              </Callout>
            )}
            {order.note && (
              <Callout tone="neutral" title={t('detail.note')}>
                <p>{order.note}</p>
              </Callout>
            )}
            <Figures
              figures={[
                {
                  id: 'total',
                  label: t('detail.total'),
                  value: order.freemium ? t('freemium') : money(order.total, currency),
                  note:
                    quote.credit_used > 0 &&
                    t('detail.credit_used', { amount: money(quote.credit_used, currency) }),
                },
                order.state === 'open' &&
                  order.due > 0 && { id: 'due', label: t('detail.due'), value: money(order.due, currency) },
                order.recurring_amount !== null &&
                  order.recurring_unit !== null &&
                  order.recurring_amount > 0 && {
                    id: 'recurring',
                    label: t('detail.recurring'),
                    value: money(order.recurring_amount, currency),
                    note: say({
                      cycle_unit: order.recurring_unit,
                      cycle_count: order.recurring_count ?? 1,
                    }),
                  },
              ]}
            />
            <Lines order={order} />
            {order.documents.length > 0 && <Documents order={order} />}
            <Payments order={order} />
          </>
        }
        aside={
          <>
            <Section title={t('detail.about')}>
              <Facts
                stacked
                facts={[
                  [t('list.title_column'), order.title],
                  [t('list.kind'), t(`kind.${order.kind}`, { defaultValue: order.kind })],
                  order.service && [
                    t('detail.service'),
                    <Link key="service" to={`/services/${order.service.id}` as never}>
                      {order.service.plan_name},{' '}
                      {to('services.contract_number', { number: order.service.contract_number })}
                    </Link>,
                  ],
                  quote.starts_on !== null && [
                    t('detail.starts_on'),
                    <DateText key="starts" value={quote.starts_on} />,
                  ],
                  quote.term !== undefined &&
                    quote.term.months > 0 && [
                      to('services.term'),
                      [
                        to('words.months', { count: quote.term.months }),
                        quote.term.discount_basis_points !== null &&
                          `−${percent(quote.term.discount_basis_points / 10_000)}`,
                      ]
                        .filter(Boolean)
                        .join(' · '),
                    ],
                  [t('list.by'), order.by_customer ? t('list.customer') : (order.created_by_name ?? '–')],
                  order.salesperson_name !== null && [to('services.salesperson'), order.salesperson_name],
                  [to('words.unit'), order.business_unit_name],
                ]}
              />
            </Section>
            <Section title={t('detail.history')}>
              <Facts
                stacked
                facts={[
                  [t('list.created_at'), <DateText key="created" value={order.created_at} />],
                  order.valid_until !== null && [
                    t('list.valid_until'),
                    <DateText key="until" value={order.valid_until} />,
                  ],
                  order.placed_at !== null && [
                    t('detail.placed_at'),
                    <DateText key="placed" value={order.placed_at} />,
                  ],
                  order.paid_at !== null && [
                    t('detail.paid_at'),
                    <DateText key="paid" value={order.paid_at} />,
                  ],
                  order.processed_at !== null && [
                    t('list.processed_at'),
                    <DateText key="processed" value={order.processed_at} />,
                  ],
                  order.ended_at !== null &&
                    order.processed_at === null && [
                      t('detail.ended_at'),
                      <DateText key="ended" value={order.ended_at} />,
                    ],
                  order.ended_by_name !== null && [t('detail.ended_by'), order.ended_by_name],
                ]}
              />
            </Section>
          </>
        }
      />
    </>
  )
}

/** What is charged, and of a change what is given back. */
function Lines({ order }: { order: Order }) {
  const { t } = useTranslation('orders')
  const { quote, currency } = order
  if (quote.lines.length === 0) {
    return (
      <Section title={t('detail.lines')}>
        <p>{t(quote.freemium ? 'quote.freemium' : 'detail.no_lines')}</p>
      </Section>
    )
  }
  const amount = (value: number) => <Money amount={value} currency={currency} />
  return (
    <Section
      title={t('detail.lines')}
      description={order.processed_at === null ? t('detail.lines_text') : undefined}
      flush
    >
      <SimpleTable
        label={t('detail.lines')}
        rows={quote.lines.map((line, index) => ({ ...line, index }))}
        rowId={(row) => String(row.index)}
        columns={[
          {
            id: 'description',
            header: t('detail.description'),
            primary: true,
            cell: (row) => (
              <>
                {row.description}
                {row.credit && <small className={listStyles.detail}>{t('detail.given_back')}</small>}
              </>
            ),
          },
          {
            id: 'period',
            header: t('detail.period'),
            cell: (row) => (
              <>
                <PeriodText from={row.from} to={row.to} />
                {row.days !== row.of_days && (
                  <small className={listStyles.detail}>
                    {t('detail.days', { days: row.days, of: row.of_days })}
                  </small>
                )}
              </>
            ),
          },
          { id: 'quantity', header: t('detail.quantity'), align: 'end', cell: (row) => row.quantity },
          {
            id: 'discount',
            header: t('detail.discount'),
            align: 'end',
            cell: (row) => (row.discount === 0 ? '–' : amount(-row.discount)),
          },
          {
            id: 'net',
            header: t('detail.amount'),
            align: 'end',
            cell: (row) => amount(row.credit ? -row.net : row.net),
          },
        ]}
        footer={[
          ...(quote.tax > 0 ? [{ label: t('quote.tax'), value: amount(quote.tax) }] : []),
          ...(quote.credited > 0 ? [{ label: t('detail.credited'), value: amount(-quote.credited) }] : []),
          { label: t('detail.total'), value: amount(order.total), strong: true },
        ]}
      />
    </Section>
  )
}

function Documents({ order }: { order: Order }) {
  const { t } = useTranslation('orders')
  const { t: to } = useTranslation()
  return (
    <Section title={t('detail.documents')} flush>
      <SimpleTable
        label={t('detail.documents')}
        rows={order.documents}
        rowId={(row) => row.id}
        columns={[
          {
            id: 'number',
            header: t('detail.document'),
            primary: true,
            cell: (row) => <Link to={`/invoices/${row.id}` as never}>{row.number}</Link>,
          },
          {
            id: 'state',
            header: t('list.state'),
            cell: (row) => <StateBadge kind="invoice" state={row.state} />,
          },
          { id: 'due', header: to('accounts.due'), cell: (row) => <DateText value={row.due_date} /> },
          {
            id: 'total',
            header: t('detail.amount'),
            align: 'end',
            cell: (row) => <Money amount={row.total} currency={order.currency} />,
          },
          {
            id: 'open',
            header: to('accounts.open_amount'),
            align: 'end',
            cell: (row) => <Money amount={row.open_amount} currency={order.currency} />,
          },
        ]}
      />
    </Section>
  )
}

type Row = { id: string; when: string; what: string; method: string; state: string; amount: number }

/** Money that came in for it, and what is on its way. */
function Payments({ order }: { order: Order }) {
  const { t } = useTranslation('orders')
  const { t: to } = useTranslation()
  const rows: Row[] = [
    ...order.payments.map((one) => ({
      id: one.id,
      when: one.received_on,
      what: t('detail.received'),
      method: one.method,
      state: t('detail.booked'),
      amount: one.amount,
    })),
    ...order.intents
      .filter((one) => one.state !== 'succeeded')
      .map((one) => ({
        id: one.id,
        when: one.created_at,
        what: one.provider_name,
        method: one.method,
        state: t(`intent.${one.state}`),
        amount: one.amount,
      })),
    ...order.notices
      .filter((one) => one.state !== 'approved')
      .map((one) => ({
        id: one.id,
        when: one.created_at,
        what: t('detail.notice'),
        method: one.method,
        state: to(`common:state.payment_notice.${one.state}`),
        amount: one.amount,
      })),
  ]
  if (rows.length === 0 && (order.due === 0 || order.state !== 'open')) return null
  return (
    <Section title={t('detail.payments')} flush>
      {rows.length === 0 ? (
        <p className={listStyles.flushNothing}>{t('detail.no_payments')}</p>
      ) : (
        <SimpleTable
          label={t('detail.payments')}
          rows={rows}
          rowId={(row) => row.id}
          columns={[
            { id: 'what', header: t('detail.what'), primary: true, cell: (row) => row.what },
            { id: 'when', header: t('detail.when'), cell: (row) => <DateText value={row.when} /> },
            {
              id: 'method',
              header: to('payments.method'),
              cell: (row) => to(`words.payment_method.${row.method}`),
            },
            { id: 'state', header: t('list.state'), cell: (row) => row.state },
            {
              id: 'amount',
              header: t('detail.amount'),
              align: 'end',
              cell: (row) => <Money amount={row.amount} currency={order.currency} />,
            },
          ]}
        />
      )}
    </Section>
  )
}

type Deed = 'process' | 'cancel' | 'withdraw'

function Actions({ order }: { order: Order }) {
  const { t } = useTranslation('orders')
  const may = useMay()
  const queryClient = useQueryClient()
  const [asking, setAsking] = useState<Deed | null>(null)
  const params = { params: { path: { id: order.id } } }
  const refresh = useMutation({
    mutationFn: () => orThrow(api.POST('/api/v1/office/orders/{id}/refresh', params)),
    onSuccess: () => refreshOrders(queryClient),
    onError: useProblemToast(),
  })
  if (!may('orders.write')) return null
  const send: Record<Deed, () => Promise<Order>> = {
    process: () => orThrow(api.POST('/api/v1/office/orders/{id}/process', params)),
    cancel: () => orThrow(api.POST('/api/v1/office/orders/{id}/cancel', params)),
    withdraw: () => orThrow(api.POST('/api/v1/office/orders/{id}/withdraw', params)),
  }
  const retry = order.failure_code !== null
  const word = (deed: Deed) => (deed === 'process' && retry ? 'retry' : deed)
  return (
    <>
      {(order.state === 'open' || order.state === 'quoted') && (
        <Button
          variant="default"
          leftSection={<IconRefresh size={16} aria-hidden />}
          loading={refresh.isPending}
          onClick={() => refresh.mutate()}
        >
          {t('do.refresh')}
        </Button>
      )}
      {order.withdrawable && (
        <Button
          variant="default"
          leftSection={<IconBan size={16} aria-hidden />}
          onClick={() => setAsking('withdraw')}
        >
          {t('do.withdraw')}
        </Button>
      )}
      {order.cancellable && (
        <Button
          variant="default"
          leftSection={<IconBan size={16} aria-hidden />}
          onClick={() => setAsking('cancel')}
        >
          {t('do.cancel')}
        </Button>
      )}
      {order.processable && (
        <Button
          variant={retry ? 'filled' : 'default'}
          leftSection={<IconPlayerPlay size={16} aria-hidden />}
          onClick={() => setAsking('process')}
        >
          {t(`do.${word('process')}`)}
        </Button>
      )}
      {(['process', 'cancel', 'withdraw'] as const).map((deed) => (
        <ConfirmDialog
          key={deed}
          opened={asking === deed}
          onClose={() => setAsking(null)}
          title={t(`do.${word(deed)}_title`, { number: order.number })}
          confirm={t(`do.${word(deed)}`)}
          danger={deed !== 'process'}
          onConfirm={async () => {
            const done = await send[deed]()
            queryClient.setQueryData(orderQuery(order.id).queryKey, done)
            await refreshOrders(queryClient)
            showToast({ tone: 'good', title: t(`do.${deed}_done`, { number: order.number }) })
          }}
        >
          <p>{t(`do.${word(deed)}_text`)}</p>
          {deed === 'cancel' && order.paid_at !== null && <p>{t('do.cancel_paid')}</p>}
        </ConfirmDialog>
      ))}
    </>
  )
}
