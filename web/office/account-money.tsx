import { Button, NativeSelect, Radio, Textarea, TextInput } from '@mantine/core'
import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, idempotent, orThrow } from '../shared/api.ts'
import type { Account, Balance, Invoice, Payment } from '../shared/api-types.gen.ts'
import { Dialog, DialogActions } from '../shared/dialog.tsx'
import { useForm } from '../shared/form.ts'
import { loadTexts } from '../shared/i18n.ts'
import { DateInput, MoneyInput } from '../shared/inputs.tsx'
import { Section } from '../shared/page.tsx'
import { ProblemAlert } from '../shared/problem-alert.tsx'
import { showToast } from '../shared/toasts.tsx'
import { useFormats } from '../shared/use-formats.ts'
import { openInvoicesQuery, refreshAccounts } from './account-queries.ts'
import { localToday } from './calendar-day.ts'
import styles from './form-layout.module.css'
import { unitsQuery } from './frame-queries.ts'
import { numberOfInvoice } from './invoice-words.ts'
import { useMay } from './session.ts'

const textsQuery = queryOptions({
  queryKey: ['texts', 'books'],
  staleTime: Number.POSITIVE_INFINITY,
  queryFn: async () => {
    await loadTexts('books')
    return true
  },
})

/** What staff correct of an account's money by hand; only for those who may. */
export function AccountMoney({ account, balance }: { account: Account; balance: Balance | undefined }) {
  const { t } = useTranslation('books')
  const may = useMay()
  const texts = useQuery(textsQuery)
  const [dialog, setDialog] = useState<'adjust' | 'refund' | 'write_off' | null>(null)
  if (!texts.data || !balance || !may('documents.write') || account.erased_at !== null) return null
  const close = () => setDialog(null)
  return (
    <Section
      title={t('money.title')}
      description={t('money.text')}
      actions={
        <>
          <Button size="xs" variant="default" onClick={() => setDialog('adjust')}>
            {t('money.adjust')}
          </Button>
          {balance.credit > 0 && (
            <Button size="xs" variant="default" onClick={() => setDialog('refund')}>
              {t('money.refund')}
            </Button>
          )}
          {balance.owed > 0 && (
            <Button size="xs" variant="default" onClick={() => setDialog('write_off')}>
              {t('money.write_off')}
            </Button>
          )}
        </>
      }
    >
      {dialog === 'adjust' && <AdjustDialog account={account} balance={balance} onClose={close} />}
      {dialog === 'refund' && <RefundDialog account={account} balance={balance} onClose={close} />}
      {dialog === 'write_off' && <WriteOffDialog account={account} onClose={close} />}
    </Section>
  )
}

type DialogProps = { account: Account; balance: Balance; onClose: () => void }

function AdjustDialog({ account, balance, onClose }: DialogProps) {
  const { t } = useTranslation('books')
  const { money } = useFormats()
  const queryClient = useQueryClient()
  const { currency, credit } = balance
  const form = useForm({
    initial: { what: 'give', amount: null as number | null, reason: '' },
    check: (values) => ({
      amount:
        values.amount === null || values.amount <= 0
          ? t('common:input.money')
          : values.what === 'take' && values.amount > credit && t('money.too_much'),
      reason: !values.reason.trim() && t('common:input.required'),
    }),
    submit: ({ what, amount, reason }, { idempotencyKey }) =>
      orThrow(
        api.POST('/api/v1/office/accounts/{id}/adjustments', {
          params: { path: { id: account.id } },
          headers: idempotent(idempotencyKey),
          body: { amount: what === 'give' ? (amount ?? 0) : -(amount ?? 0), reason },
        }),
      ),
    onDone: (_balance, values) => {
      void refreshAccounts(queryClient)
      const amount = money(values.amount ?? 0, currency)
      showToast({
        tone: 'good',
        title: t(values.what === 'give' ? 'money.given' : 'money.taken', { amount }),
      })
      onClose()
    },
  })
  const gives = form.values.what === 'give'
  return (
    <Dialog opened onClose={onClose} title={t('money.adjust')}>
      <form className={styles.body} onSubmit={form.onSubmit} noValidate>
        <ProblemAlert error={form.problem} />
        {credit > 0 && (
          <Radio.Group
            aria-label={t('money.what')}
            value={form.values.what}
            onChange={(value) => form.set('what', value)}
          >
            <div className={styles.body}>
              <Radio value="give" label={t('money.give')} />
              <Radio value="take" label={t('money.take')} />
            </div>
          </Radio.Group>
        )}
        <div className={styles.fields}>
          <div data-span="6">
            <MoneyInput label={t('money.amount')} required currency={currency} {...form.control('amount')} />
          </div>
          <Reason form={form} />
        </div>
        <p role="status">
          {gives ? t('money.give_says') : t('money.take_says', { amount: money(credit, currency) })}
        </p>
        <DialogActions>
          <Button variant="default" onClick={onClose}>
            {t('common:action.cancel')}
          </Button>
          <Button type="submit" loading={form.busy}>
            {t(gives ? 'money.give' : 'money.take')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}

function Reason({
  form,
}: {
  form: {
    field: (name: 'reason') => {
      value: string
      onChange: (event: { currentTarget: { value: string } }) => void
    }
  }
}) {
  const { t } = useTranslation('books')
  return (
    <Textarea
      label={t('money.reason')}
      description={t('money.reason_help')}
      required
      autosize
      minRows={2}
      maxLength={500}
      {...form.field('reason')}
    />
  )
}

function RefundDialog({ account, balance, onClose }: DialogProps) {
  const { t } = useTranslation('books')
  const { money } = useFormats()
  const queryClient = useQueryClient()
  const { data: units = [] } = useQuery(unitsQuery)
  const unit = units.find((one) => one.id === account.business_unit_id)
  const methods = unit?.payment_methods ?? ['bank_transfer']
  const { currency, credit } = balance
  const form = useForm({
    initial: {
      amount: credit as number | null,
      method: methods[0] as string,
      on_date: localToday(unit?.time_zone),
      reference: '',
      reason: '',
    },
    check: (values) => ({
      amount:
        values.amount === null || values.amount <= 0
          ? t('common:input.money')
          : values.amount > credit && t('money.too_much'),
      on_date: values.on_date === '' && t('common:input.required'),
      reason: !values.reason.trim() && t('common:input.required'),
    }),
    submit: (values, { idempotencyKey }) =>
      orThrow(
        api.POST('/api/v1/office/accounts/{id}/refunds', {
          params: { path: { id: account.id } },
          headers: idempotent(idempotencyKey),
          body: {
            amount: values.amount ?? 0,
            method: values.method as Payment['method'],
            on_date: values.on_date,
            reference: values.reference,
            reason: values.reason,
          },
        }),
      ),
    onDone: (_balance, values) => {
      void refreshAccounts(queryClient)
      showToast({ tone: 'good', title: t('money.refunded', { amount: money(values.amount ?? 0, currency) }) })
      onClose()
    },
  })
  return (
    <Dialog opened onClose={onClose} title={t('money.refund')}>
      <form className={styles.body} onSubmit={form.onSubmit} noValidate>
        <ProblemAlert error={form.problem} />
        <p>
          {t('money.refund_text')} {t('money.refund_most', { amount: money(credit, currency) })}
        </p>
        <div className={styles.fields}>
          <div data-span="6">
            <MoneyInput label={t('money.amount')} required currency={currency} {...form.control('amount')} />
          </div>
          <div data-span="6">
            <DateInput label={t('money.paid_back_on')} required {...form.field('on_date')} />
          </div>
          <div data-span="6">
            <NativeSelect
              label={t('money.method')}
              data={methods.map((value) => ({ value, label: t(`office:words.payment_method.${value}`) }))}
              {...form.field('method')}
            />
          </div>
          <div data-span="6">
            <TextInput
              label={t('money.reference')}
              maxLength={200}
              autoComplete="off"
              {...form.field('reference')}
            />
          </div>
          <Reason form={form} />
        </div>
        <DialogActions>
          <Button variant="default" onClick={onClose}>
            {t('common:action.cancel')}
          </Button>
          <Button type="submit" loading={form.busy}>
            {t('money.refund')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}

function WriteOffDialog({ account, onClose }: { account: Account; onClose: () => void }) {
  const { t } = useTranslation('books')
  const invoices = useQuery(openInvoicesQuery(account.id))
  const open = (invoices.data?.items ?? []).filter((one) => one.open_amount > 0)
  return (
    <Dialog opened onClose={onClose} title={t('money.write_off_title')}>
      <ProblemAlert error={invoices.error} onRetry={invoices.refetch} />
      {open.length > 0 && <WriteOffForm invoices={open} onClose={onClose} />}
    </Dialog>
  )
}

function WriteOffForm({ invoices, onClose }: { invoices: Invoice[]; onClose: () => void }) {
  const { t } = useTranslation('books')
  const { money, date } = useFormats()
  const queryClient = useQueryClient()
  const first = invoices[0]!
  const form = useForm({
    initial: { invoice_id: first.id, amount: first.open_amount as number | null, reason: '' },
    check: (values) => ({
      amount:
        values.amount === null || values.amount <= 0
          ? t('common:input.money')
          : values.amount > (find(values.invoice_id)?.open_amount ?? 0) && t('money.too_much'),
      reason: !values.reason.trim() && t('common:input.required'),
    }),
    submit: ({ invoice_id, amount, reason }, { idempotencyKey }) =>
      orThrow(
        api.POST('/api/v1/office/invoices/{id}/write-off', {
          params: { path: { id: invoice_id } },
          headers: idempotent(idempotencyKey),
          body: { amount: amount ?? 0, reason },
        }),
      ),
    onDone: (_result, values) => {
      void refreshAccounts(queryClient)
      void queryClient.invalidateQueries({ queryKey: ['invoices'] })
      const invoice = find(values.invoice_id) ?? first
      showToast({
        tone: 'good',
        title: t('money.written_off', {
          amount: money(values.amount ?? 0, invoice.currency),
          number: numberOfInvoice(invoice),
        }),
      })
      onClose()
    },
  })
  function find(id: string): Invoice | undefined {
    return invoices.find((one) => one.id === id)
  }
  const chosen = find(form.values.invoice_id) ?? first
  return (
    <form className={styles.body} onSubmit={form.onSubmit} noValidate>
      <ProblemAlert error={form.problem} />
      <p>{t('money.write_off_text')}</p>
      <div className={styles.fields}>
        <NativeSelect
          label={t('money.invoice')}
          data={invoices.map((one) => ({
            value: one.id,
            label: t('money.invoice_owed', {
              number: numberOfInvoice(one),
              amount: money(one.open_amount, one.currency),
              date: date(one.due_date),
            }),
          }))}
          {...form.field('invoice_id')}
          onChange={(event) => {
            form.set('invoice_id', event.currentTarget.value)
            form.set('amount', find(event.currentTarget.value)?.open_amount ?? null)
          }}
        />
        <div data-span="6">
          <MoneyInput
            label={t('money.amount')}
            required
            currency={chosen.currency}
            {...form.control('amount')}
          />
        </div>
        <Reason form={form} />
      </div>
      <DialogActions>
        <Button variant="default" onClick={onClose}>
          {t('common:action.cancel')}
        </Button>
        <Button type="submit" color="bad" loading={form.busy}>
          {t('money.write_off')}
        </Button>
      </DialogActions>
    </form>
  )
}
