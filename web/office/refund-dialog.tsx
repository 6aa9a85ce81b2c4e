import { Button, Radio, Textarea } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api, idempotent, orThrow } from '../shared/api.ts'
import type { Payment } from '../shared/api-types.gen.ts'
import { Dialog, DialogActions } from '../shared/dialog.tsx'
import { useForm } from '../shared/form.ts'
import { MoneyInput } from '../shared/inputs.tsx'
import { ProblemAlert } from '../shared/problem-alert.tsx'
import { showToast } from '../shared/toasts.tsx'
import { useFormats } from '../shared/use-formats.ts'
import { refreshAccounts } from './account-queries.ts'
import styles from './form-layout.module.css'

/** Gives money of a payment back: by whoever took it, or noted as paid back by hand. */
export function RefundDialog({
  payment,
  refunds,
  onClose,
}: {
  payment: Payment
  /** What its provider can do. */
  refunds: 'none' | 'whole' | 'partial'
  onClose: () => void
}) {
  const { t } = useTranslation('providers')
  const { money } = useFormats()
  const queryClient = useQueryClient()
  const left = payment.amount - payment.reversed
  const form = useForm({
    initial: {
      amount: left as number | null,
      reason: '',
      by: (refunds === 'none' ? 'outside' : 'provider') as 'provider' | 'outside',
    },
    check: (values) => ({
      amount: (values.amount === null || values.amount <= 0) && t('common:input.money'),
      reason: values.reason.trim() === '' && t('common:input.required'),
    }),
    submit: (values, { idempotencyKey }) =>
      orThrow(
        api.POST('/api/v1/office/payments/{id}/refund', {
          params: { path: { id: payment.id } },
          headers: idempotent(idempotencyKey),
          body: { amount: values.amount ?? 0, reason: values.reason.trim(), by: values.by },
        }),
      ),
    onDone: (reversal) => {
      void queryClient.invalidateQueries({ queryKey: ['payments'] })
      void refreshAccounts(queryClient)
      showToast({
        tone: 'good',
        title: t(reversal.state === 'done' ? 'office.refunded' : 'office.refund_asked', {
          amount: money(reversal.amount, reversal.currency),
        }),
      })
      onClose()
    },
  })
  return (
    <Dialog opened onClose={onClose} title={t('office.refund')}>
      <form className={styles.body} onSubmit={form.onSubmit} noValidate>
        <ProblemAlert error={form.problem} />
        <p>{t('office.refund_text', { amount: money(left, payment.currency) })}</p>
        {refunds === 'none' && <p>{t('office.refund_by_hand')}</p>}
        <MoneyInput
          label={t('office:payments.amount')}
          required
          currency={payment.currency}
          {...form.control('amount')}
        />
        {refunds !== 'none' && (
          <Radio.Group
            label={t('office.refund_by')}
            value={form.values.by}
            error={form.errors.by}
            onChange={(value) => form.set('by', value as 'provider' | 'outside')}
          >
            <div className={styles.checks}>
              <Radio
                value="provider"
                label={t('office.refund_by_provider', { name: payment.provider_name })}
                description={t(
                  refunds === 'whole' ? 'office.refund_whole' : 'office.refund_by_provider_text',
                )}
              />
              <Radio
                value="outside"
                label={t('office.refund_outside')}
                description={t('office.refund_outside_text')}
              />
            </div>
          </Radio.Group>
        )}
        <Textarea
          label={t('office.reason')}
          required
          autosize
          minRows={2}
          maxLength={500}
          {...form.field('reason')}
        />
        <DialogActions>
          <Button variant="default" onClick={onClose}>
            {t('common:action.cancel')}
          </Button>
          <Button type="submit" loading={form.busy}>
            {t('office.refund')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
