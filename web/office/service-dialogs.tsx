import { Button, Radio, Textarea } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../shared/api.ts'
import type { Subscription } from '../shared/api-types.gen.ts'
import { ConfirmDialog, Dialog, DialogActions } from '../shared/dialog.tsx'
import { useForm } from '../shared/form.ts'
import { addDays } from '../shared/formats.ts'
import { DateInput } from '../shared/inputs.tsx'
import { Callout, ProblemAlert } from '../shared/problem-alert.tsx'
import { showToast } from '../shared/toasts.tsx'
import { useFormats } from '../shared/use-formats.ts'
import { refreshAccounts } from './account-queries.ts'
import { localToday } from './calendar-day.ts'
import styles from './form-layout.module.css'
import { unitsQuery } from './frame-queries.ts'
import { serviceQuery } from './service-queries.ts'

/** What every dialog about a service takes. */
interface ServiceDialogProps {
  service: Subscription
  onClose: () => void
}

/** Today where the service's business unit is. */
function useUnitToday(service: Subscription): string {
  const { data: units = [] } = useQuery(unitsQuery)
  return localToday(units.find((unit) => unit.id === service.business_unit_id)?.time_zone)
}

/** After a change of state: the new state is shown at once, and everything else is asked again. */
export function useServiceChanged(onClose: () => void): (service: Subscription, words: string) => void {
  const queryClient = useQueryClient()
  return (service, words) => {
    queryClient.setQueryData(serviceQuery(service.id).queryKey, service)
    void refreshAccounts(queryClient)
    showToast({ tone: 'good', title: words })
    onClose()
  }
}

function Frame({
  title,
  confirm,
  danger,
  form,
  onClose,
  children,
}: {
  title: string
  confirm: string
  danger?: boolean
  form: { onSubmit: (event: { preventDefault: () => void }) => void; busy: boolean; problem: unknown }
  onClose: () => void
  children: ReactNode
}) {
  const { t } = useTranslation()
  return (
    <Dialog opened onClose={onClose} title={title}>
      <form className={styles.body} onSubmit={form.onSubmit} noValidate>
        {children}
        <ProblemAlert error={form.problem} />
        <DialogActions>
          <Button variant="default" onClick={onClose}>
            {t('services.keep')}
          </Button>
          <Button type="submit" color={danger ? 'bad' : 'accent'} loading={form.busy}>
            {confirm}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}

/** It was installed on a day. */
export function ActivateDialog({ service, onClose }: ServiceDialogProps) {
  const { t } = useTranslation()
  const today = useUnitToday(service)
  const changed = useServiceChanged(onClose)
  const form = useForm({
    initial: { date: today },
    check: (values) => ({ date: values.date === '' && t('common:input.required') }),
    submit: (body) =>
      orThrow(
        api.POST('/api/v1/office/subscriptions/{id}/activate', {
          params: { path: { id: service.id } },
          body,
        }),
      ),
    onDone: (after) => changed(after, t('services.activated')),
  })
  return (
    <Frame
      title={t('services.activate_title')}
      confirm={t('services.activate')}
      form={form}
      onClose={onClose}
    >
      <p>{t('services.activate_text')}</p>
      <DateInput label={t('services.activation_date')} required max={today} {...form.field('date')} />
    </Frame>
  )
}

/** Its days are not charged from a day on; with or without everything that belongs to it. */
export function SuspendDialog({ service, onClose }: ServiceDialogProps) {
  const { t } = useTranslation()
  const { money } = useFormats()
  const today = useUnitToday(service)
  const changed = useServiceChanged(onClose)
  const form = useForm({
    initial: { date: today, reason: '', kind: 'full' },
    check: (values) => ({ date: values.date === '' && t('common:input.required') }),
    submit: ({ date, reason, kind }) =>
      orThrow(
        api.POST('/api/v1/office/subscriptions/{id}/suspend', {
          params: { path: { id: service.id } },
          body: { date, reason, administrative: kind === 'administrative' },
        }),
      ),
    onDone: (after) => changed(after, t('services.suspended')),
  })
  return (
    <Frame title={t('services.suspend_title')} confirm={t('services.suspend')} form={form} onClose={onClose}>
      <Radio.Group
        label={t('services.suspend_kind')}
        value={form.values.kind}
        onChange={(value) => form.set('kind', value)}
      >
        <div className={styles.checks}>
          <Radio
            value="full"
            label={t('services.suspend_full')}
            description={t('services.suspend_full_text')}
          />
          <Radio
            value="administrative"
            label={t('services.suspend_admin')}
            description={t('services.suspend_admin_text')}
          />
        </div>
      </Radio.Group>
      <DateInput label={t('services.suspend_date')} required max={today} {...form.field('date')} />
      <Textarea label={t('services.reason')} minRows={2} {...form.field('reason')} />
      <Callout tone="info">
        <p>{t('services.suspend_consequence', { amount: money(service.amount, service.currency) })}</p>
      </Callout>
    </Frame>
  )
}

/** The suspension ends on a day, which is charged again. */
export function ReactivateDialog({ service, onClose }: ServiceDialogProps) {
  const { t } = useTranslation()
  const { money } = useFormats()
  const today = useUnitToday(service)
  const changed = useServiceChanged(onClose)
  const form = useForm({
    initial: { date: today },
    check: (values) => ({ date: values.date === '' && t('common:input.required') }),
    submit: (body) =>
      orThrow(
        api.POST('/api/v1/office/subscriptions/{id}/reactivate', {
          params: { path: { id: service.id } },
          body,
        }),
      ),
    onDone: (after) => changed(after, t('services.reactivated')),
  })
  return (
    <Frame
      title={t('services.reactivate_title')}
      confirm={t('services.reactivate')}
      form={form}
      onClose={onClose}
    >
      <p>{t('services.reactivate_text', { amount: money(service.amount, service.currency) })}</p>
      <DateInput label={t('services.reactivate_date')} required max={today} {...form.field('date')} />
    </Frame>
  )
}

/** Ends it for good, with its reason. */
export function CancelDialog({ service, onClose }: ServiceDialogProps) {
  const { t } = useTranslation()
  const { money, date } = useFormats()
  const today = useUnitToday(service)
  const changed = useServiceChanged(onClose)
  const form = useForm({
    initial: { date: today, reason: '' },
    check: (values) => ({
      date: values.date === '' && t('common:input.required'),
      reason: !values.reason.trim() && t('services.reason_missing'),
    }),
    submit: (body) =>
      orThrow(
        api.POST('/api/v1/office/subscriptions/{id}/cancel', { params: { path: { id: service.id } }, body }),
      ),
    onDone: (after) => changed(after, t('services.cancelled')),
  })
  const { covered_until } = service.billing
  const on = form.values.date
  return (
    <Frame
      title={t('services.cancel_title', { plan: service.plan_name })}
      confirm={t('services.cancel')}
      danger
      form={form}
      onClose={onClose}
    >
      <Callout tone="bad" title={t('services.cancel_final')}>
        <ul>
          <li>{t('services.cancel_amount', { amount: money(service.amount, service.currency) })}</li>
          {covered_until !== null && on !== '' && covered_until > on && (
            <li>{t('services.cancel_covered', { date: date(addDays(covered_until, -1)) })}</li>
          )}
          {service.term_end !== null && on !== '' && service.term_end > on && (
            <li>{t('services.cancel_term', { date: date(addDays(service.term_end, -1)) })}</li>
          )}
          {service.billing.open_amount > 0 && (
            <li>
              {t('services.cancel_open', { amount: money(service.billing.open_amount, service.currency) })}
            </li>
          )}
        </ul>
      </Callout>
      <DateInput
        label={t('services.cancel_date')}
        description={t('services.cancel_date_help')}
        required
        {...form.field('date')}
      />
      <Textarea label={t('services.reason')} required minRows={2} {...form.field('reason')} />
    </Frame>
  )
}

/** Takes away what was a mistake and never billed. */
export function DeleteDialog({ service, onClose }: ServiceDialogProps) {
  const { t } = useTranslation()
  const router = useRouter()
  const queryClient = useQueryClient()
  return (
    <ConfirmDialog
      opened
      onClose={onClose}
      title={t('services.delete_title', { plan: service.plan_name })}
      confirm={t('services.delete')}
      danger
      onConfirm={async () => {
        await orThrow(
          api.DELETE('/api/v1/office/subscriptions/{id}', { params: { path: { id: service.id } } }),
        )
        await router.navigate({ to: `/accounts/${service.account_id}`, replace: true })
        queryClient.removeQueries({ queryKey: serviceQuery(service.id).queryKey })
        void refreshAccounts(queryClient)
        showToast({ tone: 'good', title: t('services.deleted') })
      }}
    >
      <p>{t('services.delete_text', { number: service.contract_number, account: service.account_name })}</p>
    </ConfirmDialog>
  )
}
