import { Button, NativeSelect, Textarea } from '@mantine/core'
import IconCircleCheck from '@tabler/icons-react/dist/esm/icons/IconCircleCheck.mjs'
import IconCircleX from '@tabler/icons-react/dist/esm/icons/IconCircleX.mjs'
import IconDownload from '@tabler/icons-react/dist/esm/icons/IconDownload.mjs'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, idempotent, orThrow } from '../shared/api.ts'
import type { PaymentNotice } from '../shared/api-types.gen.ts'
import { Dialog, DialogActions } from '../shared/dialog.tsx'
import { useForm } from '../shared/form.ts'
import { DateInput, MoneyInput } from '../shared/inputs.tsx'
import { Facts, Section, SkeletonText, Stacked } from '../shared/page.tsx'
import { Callout, ProblemAlert } from '../shared/problem-alert.tsx'
import { SimpleTable } from '../shared/simple-table.tsx'
import { StateBadge } from '../shared/state-badge.tsx'
import { showToast } from '../shared/toasts.tsx'
import { useFormats } from '../shared/use-formats.ts'
import { DateText, Money } from '../shared/values.tsx'
import formStyles from './form-layout.module.css'
import { unitsQuery } from './frame-queries.ts'
import { noticeFitsQuery, paymentNoticeQuery, receiptQuery, refreshPayments } from './payment-queries.ts'
import styles from './payments.module.css'
import { useMay } from './session.ts'

/** One payment that a customer told of: what they say, the receipt, what it would pay, and the decision. */
export function PaymentNoticeDetail({ id, onDecided }: { id: string; onDecided: (id: string) => void }) {
  const { t } = useTranslation()
  const query = useQuery(paymentNoticeQuery(id))
  if (query.error) return <ProblemAlert error={query.error} onRetry={query.refetch} />
  if (!query.data) {
    return (
      <Section>
        <SkeletonText lines={8} />
      </Section>
    )
  }
  const notice = query.data
  return (
    <Stacked>
      <Section
        title={<Link to={`/accounts/${notice.account_id}` as never}>{notice.account_name}</Link>}
        description={[
          t('payments.account_number', { number: notice.account_number }),
          notice.business_unit_name,
        ].join(' · ')}
        actions={<StateBadge kind="payment_notice" state={notice.state} />}
      >
        <div className={styles.split}>
          <div className={styles.decision}>
            <div className={styles.amount}>
              <Money amount={notice.amount} currency={notice.currency} />
            </div>
            <Facts
              facts={[
                [t('payments.method'), t(`words.payment_method.${notice.method}`)],
                [t('payments.paid_on'), <DateText key="paid" value={notice.paid_on} style="long" />],
                [t('payments.reference'), notice.reference],
                notice.order && [
                  t('payments.order'),
                  <Link key="order" to={`/orders/${notice.order.id}` as never}>
                    {t('payments.order_of', { number: notice.order.number, title: notice.order.title })}
                  </Link>,
                ],
                [
                  t('payments.told_by'),
                  <span key="by">
                    {notice.created_by_name ?? notice.created_by_email ?? '–'},{' '}
                    <DateText value={notice.created_at} relative />
                  </span>,
                ],
              ]}
            />
            {notice.note && (
              <blockquote className={styles.quote} cite={notice.created_by_email ?? undefined}>
                {notice.note}
              </blockquote>
            )}
          </div>
          <ReceiptsView notice={notice} />
        </div>
      </Section>
      {notice.invoices.length > 0 && (
        <Section title={t('payments.pays')} flush>
          <SimpleTable
            label={t('payments.pays')}
            rows={notice.invoices}
            rowId={(row) => row.id}
            columns={[
              {
                id: 'number',
                header: t('payments.invoice'),
                primary: true,
                cell: (row) => (
                  <Link to="/invoices/$id" params={{ id: row.id }}>
                    {row.number}
                  </Link>
                ),
              },
              { id: 'due', header: t('payments.due'), cell: (row) => <DateText value={row.due_date} /> },
              {
                id: 'state',
                header: t('payments.state'),
                cell: (row) => <StateBadge kind="invoice" state={row.state} />,
              },
              {
                id: 'total',
                header: t('payments.total'),
                align: 'end',
                cell: (row) => <Money amount={row.total} currency={notice.currency} />,
              },
              {
                id: 'open',
                header: t('payments.open'),
                align: 'end',
                cell: (row) => <Money amount={row.open_amount} currency={notice.currency} />,
              },
            ]}
          />
        </Section>
      )}
      {notice.state === 'pending' ? (
        <Decision notice={notice} onDecided={onDecided} />
      ) : (
        <Decided notice={notice} />
      )}
    </Stacked>
  )
}

function Decided({ notice }: { notice: PaymentNotice }) {
  const { t } = useTranslation()
  const { date } = useFormats()
  const approved = notice.state === 'approved'
  return (
    <Callout
      tone={approved ? 'good' : 'bad'}
      icon={approved ? <IconCircleCheck size={20} aria-hidden /> : <IconCircleX size={20} aria-hidden />}
      title={t(approved ? 'payments.approved_by' : 'payments.rejected_by', {
        name: notice.decided_by_name ?? '–',
        date: notice.decided_at ? date(notice.decided_at, 'long') : '',
      })}
    >
      {notice.rejection_reason && <p>{notice.rejection_reason}</p>}
    </Callout>
  )
}

function ReceiptsView({ notice }: { notice: PaymentNotice }) {
  const { t } = useTranslation()
  if (notice.receipts.length === 0) return <p className={styles.hint}>{t('payments.no_receipt')}</p>
  return (
    <div className={styles.receipts}>
      {notice.receipts.map((receipt) => (
        <ReceiptView key={receipt.file_id} notice={notice} receipt={receipt} />
      ))}
    </div>
  )
}

function ReceiptView({
  notice,
  receipt,
}: {
  notice: PaymentNotice
  receipt: PaymentNotice['receipts'][number]
}) {
  const { t } = useTranslation()
  const { bytes } = useFormats()
  const picture = receipt.media_type !== 'application/pdf'
  const query = useQuery({ ...receiptQuery(notice.id, receipt.file_id), enabled: picture })
  const blob = query.data?.kind === 'image' ? query.data.blob : null
  const [url, setUrl] = useState<string | null>(null)
  useEffect(() => {
    if (!blob) return
    const made = URL.createObjectURL(blob)
    setUrl(made)
    return () => URL.revokeObjectURL(made)
  }, [blob])
  return (
    <div className={styles.receipt}>
      {url && <img src={url} alt={t('payments.receipt_alt', { name: notice.account_name })} />}
      <ProblemAlert error={query.error} onRetry={query.refetch} />
      <div className={styles.receiptLine}>
        <Button
          component="a"
          href={`/api/v1/office/payment-notices/${notice.id}/receipts/${receipt.file_id}`}
          download={receipt.name}
          variant="default"
          leftSection={<IconDownload size={16} aria-hidden />}
        >
          {t('payments.receipt_download')}
        </Button>
        <small>
          {receipt.name} · {bytes(receipt.size)}
        </small>
      </div>
    </div>
  )
}

function Decision({ notice, onDecided }: { notice: PaymentNotice; onDecided: (id: string) => void }) {
  const { t } = useTranslation()
  const { money, date } = useFormats()
  const may = useMay()
  const queryClient = useQueryClient()
  const { data: units = [] } = useQuery(unitsQuery)
  const unit = units.find((one) => one.id === notice.business_unit_id)
  const [rejecting, setRejecting] = useState(false)
  const done = (decided: PaymentNotice) => {
    queryClient.setQueryData(paymentNoticeQuery(notice.id).queryKey, decided)
    onDecided(notice.id)
    void refreshPayments(queryClient)
  }
  const form = useForm({
    initial: {
      amount: notice.amount as number | null,
      method: notice.method as string,
      received_on: notice.paid_on,
      pays: '',
      bank_line_id: '',
    },
    check: (values) => ({
      amount: (values.amount === null || values.amount <= 0) && t('common:input.money'),
      received_on: !values.received_on && t('common:input.required'),
    }),
    submit: (values, { idempotencyKey }) =>
      orThrow(
        api.POST('/api/v1/office/payment-notices/{id}/approve', {
          params: { path: { id: notice.id } },
          headers: idempotent(idempotencyKey),
          body: {
            amount: values.amount ?? undefined,
            method: values.method as PaymentNotice['method'],
            received_on: values.received_on,
            ...targetOf(values.pays),
            ...(values.bank_line_id ? { bank_line_id: values.bank_line_id } : {}),
          },
        }),
      ),
    onDone: (decided, values) => {
      showToast({
        tone: 'good',
        title: t('payments.approved_toast', {
          name: notice.account_name,
          amount: money(values.amount ?? notice.amount, notice.currency),
        }),
      })
      done(decided)
    },
  })
  const fits = useQuery(noticeFitsQuery(notice.id))
  if (!may('payments.decide')) return <p className={styles.hint}>{t('words.not_permitted')}</p>
  const invoices = fits.data?.invoices ?? []
  const orders = fits.data?.orders ?? []
  const lines = fits.data?.lines ?? []
  const line = lines.find((one) => one.id === form.values.bank_line_id)
  // What is owed of what it would pay, as it is chosen now.
  const open =
    form.values.pays === ''
      ? (fits.data?.owed ?? notice.invoices.reduce((sum, one) => sum + one.open_amount, 0))
      : form.values.pays === 'all'
        ? (fits.data?.owed_in_all ?? 0)
        : (invoices.find((one) => one.id === form.values.pays)?.open_amount ??
          orders.find((one) => `order:${one.id}` === form.values.pays)?.due ??
          0)
  function targetOf(pays: string): { invoice_ids?: string[]; order_id?: string } {
    if (pays === '') return {}
    if (pays === 'all') return { invoice_ids: invoices.map((one) => one.id) }
    return pays.startsWith('order:') ? { order_id: pays.slice(6) } : { invoice_ids: [pays] }
  }
  const fitting = (fit: boolean) => (fit ? ` – ${t('payments.fitting')}` : '')
  const surplus = (line?.amount ?? form.values.amount ?? 0) - open
  const methods = [...new Set([notice.method, ...(unit?.payment_methods ?? [])])]
  return (
    <Section title={t('payments.decide')} description={t('payments.decide_text')}>
      <form className={styles.decision} onSubmit={form.onSubmit} noValidate>
        <ProblemAlert error={form.problem} />
        <div className={formStyles.fields}>
          <div data-span="4">
            <MoneyInput
              label={t('payments.amount')}
              required
              withAsterisk={false}
              currency={notice.currency}
              {...form.control('amount')}
            />
          </div>
          <div data-span="4">
            <NativeSelect
              label={t('payments.method')}
              data={methods.map((value) => ({ value, label: t(`words.payment_method.${value}`) }))}
              {...form.field('method')}
            />
          </div>
          <div data-span="4">
            <DateInput
              label={t('payments.received_on')}
              required
              withAsterisk={false}
              {...form.field('received_on')}
            />
          </div>
        </div>
        <div className={formStyles.fields}>
          <div data-span="6">
            <NativeSelect
              label={t('payments.pay_what')}
              data={[
                { value: '', label: t('payments.as_told') },
                ...invoices
                  .filter((one) => !one.chosen || invoices.filter((other) => other.chosen).length > 1)
                  .map((one) => ({
                    value: one.id,
                    label:
                      t('payments.invoice_of', {
                        number: one.number,
                        amount: money(one.open_amount, notice.currency),
                      }) + fitting(one.fits),
                  })),
                ...(invoices.length > 1
                  ? [
                      {
                        value: 'all',
                        label:
                          t('payments.all_open', {
                            amount: money(fits.data?.owed_in_all ?? 0, notice.currency),
                          }) + fitting(fits.data?.all_fit ?? false),
                      },
                    ]
                  : []),
                ...orders
                  .filter((one) => one.id !== notice.order?.id)
                  .map((one) => ({
                    value: `order:${one.id}`,
                    label:
                      t('payments.order_due', {
                        number: one.number,
                        amount: money(one.due, notice.currency),
                      }) + fitting(one.fits),
                  })),
              ]}
              {...form.field('pays')}
            />
          </div>
          <div data-span="6">
            <NativeSelect
              label={t('payments.bank_line')}
              disabled={lines.length === 0}
              data={[
                {
                  value: '',
                  label:
                    lines.length === 0
                      ? t('payments.no_bank_line')
                      : t('payments.bank_lines', { count: lines.length }),
                },
                ...lines.map((one) => ({
                  value: one.id,
                  label: t('payments.bank_line_of', {
                    date: date(one.booked_on),
                    account: one.bank_account_name,
                    text: (one.counterparty_name ?? one.description).slice(0, 60),
                  }),
                })),
              ]}
              {...form.field('bank_line_id')}
            />
          </div>
        </div>
        <p role="status" className={styles.hint}>
          {form.values.amount === null
            ? ''
            : surplus > 0
              ? t('payments.surplus', { amount: money(surplus, notice.currency) })
              : surplus < 0
                ? t('payments.partial', { amount: money(-surplus, notice.currency) })
                : t('payments.exact')}
        </p>
        <footer>
          <Button variant="default" onClick={() => setRejecting(true)}>
            {t('payments.reject')}
          </Button>
          <Button type="submit" loading={form.busy}>
            {t('payments.approve')}
          </Button>
        </footer>
      </form>
      {rejecting && <RejectDialog notice={notice} onClose={() => setRejecting(false)} onDone={done} />}
    </Section>
  )
}

function RejectDialog({
  notice,
  onClose,
  onDone,
}: {
  notice: PaymentNotice
  onClose: () => void
  onDone: (decided: PaymentNotice) => void
}) {
  const { t } = useTranslation()
  const form = useForm({
    initial: { reason: '' },
    check: (values) => ({ reason: !values.reason.trim() && t('payments.reason_missing') }),
    submit: (values, { idempotencyKey }) =>
      orThrow(
        api.POST('/api/v1/office/payment-notices/{id}/reject', {
          params: { path: { id: notice.id } },
          headers: idempotent(idempotencyKey),
          body: values,
        }),
      ),
    onDone: (decided) => {
      showToast({ tone: 'good', title: t('payments.rejected_toast', { name: notice.account_name }) })
      onClose()
      onDone(decided)
    },
  })
  return (
    <Dialog opened onClose={onClose} title={t('payments.reject_title')} size="small">
      <form className={styles.decision} onSubmit={form.onSubmit} noValidate>
        <p>{t('payments.reject_text', { name: notice.created_by_name ?? notice.account_name })}</p>
        <ProblemAlert error={form.problem} />
        <Textarea
          label={t('payments.reason')}
          description={t('payments.reason_help')}
          required
          withAsterisk={false}
          {...form.field('reason')}
        />
        <DialogActions>
          <Button variant="default" onClick={onClose}>
            {t('common:action.cancel')}
          </Button>
          <Button type="submit" color="bad" loading={form.busy}>
            {t('payments.reject')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
