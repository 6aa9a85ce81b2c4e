import { Button, Textarea, TextInput } from '@mantine/core'
import IconServerOff from '@tabler/icons-react/dist/esm/icons/IconServerOff.mjs'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../shared/api.ts'
import type { Subscription } from '../shared/api-types.gen.ts'
import { Dialog, DialogActions } from '../shared/dialog.tsx'
import { useForm } from '../shared/form.ts'
import { DateInput } from '../shared/inputs.tsx'
import { Callout, ProblemAlert } from '../shared/problem-alert.tsx'
import { bodyOfDiscount, checkDiscount, valuesOfDiscount } from './discount.ts'
import { DiscountFields } from './discount-fields.tsx'
import styles from './form-layout.module.css'
import { unitsQuery } from './frame-queries.ts'
import { useServiceChanged } from './service-dialogs.tsx'
import {
  BillingModeField,
  DueDayField,
  PaymentMethodField,
  RoutingPointField,
  SalespersonField,
  TermMonthsField,
  TrialDaysField,
} from './service-fields.tsx'
import { isRouted, salespeopleQuery, usableRoutingPointsQuery } from './service-queries.ts'

/** Corrects the data of a service: an administrative change alone, nothing happens on servers (P8). */
export function CorrectServiceDialog({ service, onClose }: { service: Subscription; onClose: () => void }) {
  const { t } = useTranslation()
  const changed = useServiceChanged(onClose)
  const routed = isRouted(service.plan_kind)
  const { data: units = [] } = useQuery(unitsQuery)
  const { data: people = [] } = useQuery(salespeopleQuery(service.business_unit_id))
  const { data: points = [] } = useQuery({
    ...usableRoutingPointsQuery(service.business_unit_id),
    enabled: routed,
  })
  const methods = units.find((unit) => unit.id === service.business_unit_id)?.payment_methods ?? []
  const initial = {
    ...valuesOfDiscount(service),
    payment_method: service.payment_method as string,
    due_day: service.due_day as number | string,
    salesperson_id: service.salesperson_id ?? '',
    sale_date: service.sale_date ?? '',
    term_months: service.term_months as number | string,
    routing_point_id: service.routing_point_id ?? '',
    external_id: service.external_id ?? '',
    notes: service.notes ?? '',
    start_date: service.start_date,
    activation_date: service.activation_date ?? '',
    trial_days: service.trial_days as number | string,
    billing_mode: service.billing_mode as string,
  }
  const form = useForm({
    initial,
    check: (values) => ({
      start_date: values.start_date === '' && t('common:input.required'),
      ...checkDiscount(values, t('common:input.required')),
    }),
    submit: (values) => {
      const differs = (name: keyof typeof initial) => !Object.is(values[name], initial[name])
      const only = <Value,>(name: keyof typeof initial, value: Value) => (differs(name) ? value : undefined)
      const discount = ['discount_kind', 'discount_amount', 'discount_percent'] as const
      return orThrow(
        api.PATCH('/api/v1/office/subscriptions/{id}', {
          params: { path: { id: service.id } },
          // Only what was changed: what is left alone cannot be refused.
          body: {
            ...(discount.some(differs) ? bodyOfDiscount(values) : {}),
            payment_method: only('payment_method', values.payment_method as Subscription['payment_method']),
            due_day: only('due_day', Number(values.due_day)),
            salesperson_id: only('salesperson_id', values.salesperson_id || null),
            sale_date: only('sale_date', values.sale_date || null),
            term_months: only('term_months', Number(values.term_months)),
            routing_point_id: only('routing_point_id', values.routing_point_id || null),
            external_id: only('external_id', values.external_id),
            notes: only('notes', values.notes),
            start_date: only('start_date', values.start_date),
            activation_date: only('activation_date', values.activation_date || undefined),
            trial_days: only('trial_days', Number(values.trial_days)),
            billing_mode: only('billing_mode', values.billing_mode as Subscription['billing_mode']),
          },
        }),
      )
    },
    onDone: (after) => changed(after, t('services.corrected')),
  })
  const withCurrent = (list: { id: string; name: string }[], id: string | null, name: string | null) =>
    id !== null && !list.some((one) => one.id === id) ? [{ id, name: name ?? id }, ...list] : list
  const { billed } = service.billing
  return (
    <Dialog opened onClose={onClose} title={t('services.correct_title')} size="large">
      <form className={styles.body} onSubmit={form.onSubmit} noValidate>
        <Callout
          tone="info"
          icon={<IconServerOff size={20} aria-hidden />}
          title={t('services.correct_servers')}
        >
          <p>{t('services.correct_text')}</p>
        </Callout>
        <ProblemAlert error={form.problem} />
        <div className={styles.fields}>
          <PaymentMethodField
            description={t('services.only_this')}
            methods={[...new Set([service.payment_method, ...methods])]}
            {...form.field('payment_method')}
          />
          <DueDayField description={t('services.only_this')} {...form.control('due_day')} />
          <DiscountFields
            values={form.values}
            errors={form.errors}
            set={(name, value) => form.set(name, value as never)}
            currency={service.currency}
          />
          <SalespersonField
            people={withCurrent(people, service.salesperson_id, service.salesperson_name)}
            {...form.field('salesperson_id')}
          />
          <div data-span="6">
            <DateInput label={t('services.sale_date')} {...form.field('sale_date')} />
          </div>
          <TermMonthsField {...form.control('term_months')} />
          <div data-span="6">
            <TextInput label={t('accounts.external_id')} autoComplete="off" {...form.field('external_id')} />
          </div>
          {routed && (
            <RoutingPointField
              points={withCurrent(points, service.routing_point_id, service.routing_point_name)}
              none={t('words.none')}
              {...form.field('routing_point_id')}
            />
          )}
          {billed ? (
            <p>{t('services.correct_fixed')}</p>
          ) : (
            <>
              <div data-span="6">
                <DateInput label={t('services.start_date')} required {...form.field('start_date')} />
              </div>
              <div data-span="6">
                {service.activation_date !== null && (
                  <DateInput label={t('services.activation_date')} {...form.field('activation_date')} />
                )}
              </div>
              <TrialDaysField {...form.control('trial_days')} />
              <BillingModeField {...form.field('billing_mode')} />
            </>
          )}
          <Textarea label={t('accounts.notes')} {...form.field('notes')} />
        </div>
        <DialogActions>
          <Button variant="default" onClick={onClose}>
            {t('common:action.cancel')}
          </Button>
          <Button type="submit" loading={form.busy} disabled={!form.changed}>
            {t('services.correct_save')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
