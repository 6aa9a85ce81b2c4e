import { Button } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../shared/api.ts'
import type { Subscription } from '../shared/api-types.gen.ts'
import { ConfirmDialog, Dialog, DialogActions } from '../shared/dialog.tsx'
import { useForm } from '../shared/form.ts'
import { DateInput } from '../shared/inputs.tsx'
import { ProblemAlert } from '../shared/problem-alert.tsx'
import { showToast } from '../shared/toasts.tsx'
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
  form,
  onClose,
  children,
}: {
  title: string
  confirm: string
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
          <Button type="submit" loading={form.busy}>
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
