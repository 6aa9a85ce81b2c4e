import { Button, Checkbox, NativeSelect, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api, idempotent, orThrow } from '../shared/api.ts'
import type { Account, Invoice, Payment } from '../shared/api-types.gen.ts'
import { Dialog, DialogActions } from '../shared/dialog.tsx'
import { useForm } from '../shared/form.ts'
import { DateInput, MoneyInput } from '../shared/inputs.tsx'
import { SkeletonText } from '../shared/page.tsx'
import { ProblemAlert } from '../shared/problem-alert.tsx'
import { showToast } from '../shared/toasts.tsx'
import { useFormats } from '../shared/use-formats.ts'
import { openInvoicesQuery, refreshAccounts } from './account-queries.ts'
import { localToday } from './calendar-day.ts'
import styles from './form-layout.module.css'
import { unitsQuery } from './frame-queries.ts'
import { numberOfInvoice } from './invoice-words.ts'

/** Records money that came in: for chosen invoices, what is more becomes the account's credit. */
export function RecordPaymentDialog({
  account,
  invoiceId,
  onClose,
}: {
  account: Account
  /** Only this invoice is chosen at first, not every open one. */
  invoiceId?: string
  onClose: () => void
}) {
  const { t } = useTranslation()
  const invoices = useQuery(openInvoicesQuery(account.id))
  return (
    <Dialog opened onClose={onClose} title={t('accounts.record_payment')}>
      <ProblemAlert error={invoices.error} onRetry={invoices.refetch} />
      {invoices.isPending && <SkeletonText lines={6} />}
      {invoices.data && (
        <PaymentForm
          account={account}
          invoices={invoices.data.items}
          invoiceId={invoiceId}
          onClose={onClose}
        />
      )}
    </Dialog>
  )
}

function PaymentForm({
  account,
  invoices,
  invoiceId,
  onClose,
}: {
  account: Account
  invoices: Invoice[]
  invoiceId: string | undefined
  onClose: () => void
}) {
  const { t } = useTranslation()
  const { money, date } = useFormats()
  const queryClient = useQueryClient()
  const { data: units = [] } = useQuery(unitsQuery)
  const unit = units.find((one) => one.id === account.business_unit_id)
  const sumOf = (ids: string[]) =>
    invoices.filter((one) => ids.includes(one.id)).reduce((sum, one) => sum + one.open_amount, 0)
  const all = invoices.map((one) => one.id)
  const first = invoiceId !== undefined && all.includes(invoiceId) ? [invoiceId] : all
  const form = useForm({
    initial: {
      invoice_ids: first,
      amount: (first.length > 0 ? sumOf(first) : null) as number | null,
      method: (invoices[0]?.payment_method ?? '') as string,
      received_on: localToday(unit?.time_zone),
      reference: '',
    },
    check: (values) => ({
      amount: (values.amount === null || values.amount <= 0) && t('common:input.money'),
      received_on: values.received_on === '' && t('common:input.required'),
    }),
    submit: (values, { idempotencyKey }) =>
      orThrow(
        api.POST('/api/v1/office/accounts/{id}/payments', {
          params: { path: { id: account.id } },
          headers: idempotent(idempotencyKey),
          body: {
            amount: values.amount ?? 0,
            method: (values.method || methods[0]) as Payment['method'],
            received_on: values.received_on,
            reference: values.reference,
            ...(values.invoice_ids.length > 0 ? { invoice_ids: values.invoice_ids } : {}),
          },
        }),
      ),
    onDone: (payment) => {
      void refreshAccounts(queryClient)
      showToast({
        tone: 'good',
        title: t('accounts.payment_recorded', { amount: money(payment.amount, payment.currency) }),
        detail:
          payment.credited > 0
            ? t('accounts.payment_credited', { amount: money(payment.credited, payment.currency) })
            : undefined,
      })
      onClose()
    },
  })
  const methods = unit?.payment_methods ?? ['bank_transfer']
  const known = methods.includes(form.values.method as never) || form.values.method === ''
  const chosen = sumOf(form.values.invoice_ids)
  const surplus = (form.values.amount ?? 0) - chosen
  return (
    <form className={styles.body} onSubmit={form.onSubmit} noValidate>
      <ProblemAlert error={form.problem} />
      {invoices.length > 0 && (
        <fieldset className={styles.checks}>
          <legend>{t('accounts.payment_invoices')}</legend>
          {invoices.map((one) => (
            <Checkbox
              key={one.id}
              label={t('accounts.payment_invoice', {
                number: numberOfInvoice(one),
                due: date(one.due_date),
                amount: money(one.open_amount, one.currency),
              })}
              checked={form.values.invoice_ids.includes(one.id)}
              onChange={(event) => {
                const ids = all.filter((id) =>
                  id === one.id ? event.currentTarget.checked : form.values.invoice_ids.includes(id),
                )
                if (form.values.amount === chosen || form.values.amount === null)
                  form.set('amount', sumOf(ids) || null)
                form.set('invoice_ids', ids)
              }}
            />
          ))}
        </fieldset>
      )}
      <div className={styles.fields}>
        <div data-span="6">
          <MoneyInput
            label={t('accounts.payment_amount')}
            required
            currency={account.currency}
            {...form.control('amount')}
          />
        </div>
        <div data-span="6">
          <DateInput label={t('accounts.payment_received')} required {...form.field('received_on')} />
        </div>
        <div data-span="6">
          <NativeSelect
            label={t('accounts.payment_method')}
            data={[...(known ? [] : [form.values.method]), ...methods].map((value) => ({
              value,
              label: t(`words.payment_method.${value}`),
            }))}
            {...form.field('method')}
            value={form.values.method || methods[0]}
          />
        </div>
        <div data-span="6">
          <TextInput
            label={t('accounts.payment_reference')}
            autoComplete="off"
            {...form.field('reference')}
          />
        </div>
      </div>
      <p role="status">
        {surplus > 0
          ? t('accounts.payment_surplus', { amount: money(surplus, account.currency) })
          : surplus < 0 && form.values.amount !== null
            ? t('accounts.payment_partial', { amount: money(-surplus, account.currency) })
            : ''}
      </p>
      <DialogActions>
        <Button variant="default" onClick={onClose}>
          {t('common:action.cancel')}
        </Button>
        <Button type="submit" loading={form.busy}>
          {t('accounts.record_payment')}
        </Button>
      </DialogActions>
    </form>
  )
}
