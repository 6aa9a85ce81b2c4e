import { Button, Checkbox, NativeSelect, NumberInput, Radio, Textarea, TextInput } from '@mantine/core'
import { useQuery, useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute, Link, useRouter } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { api, idempotent, orThrow } from '../../shared/api.ts'
import type { Account, BillingData, BusinessUnit, Plan, PlanSummary } from '../../shared/api-types.gen.ts'
import { useForm } from '../../shared/form.ts'
import { addDays } from '../../shared/formats.ts'
import { DateInput } from '../../shared/inputs.tsx'
import { EmptyState, PageTitle, Section, Stacked } from '../../shared/page.tsx'
import { ProblemAlert } from '../../shared/problem-alert.tsx'
import { showToast } from '../../shared/toasts.tsx'
import { useFormats } from '../../shared/use-formats.ts'
import { Money } from '../../shared/values.tsx'
import { accountQuery, billingDataQuery, refreshAccounts } from '../account-queries.ts'
import { computeMonthly } from '../amounts.ts'
import { BackLink } from '../back-link.tsx'
import { ButtonLink } from '../button-link.tsx'
import { localToday } from '../calendar-day.ts'
import { planQuery } from '../catalogue-queries.ts'
import { bodyOfDiscount, checkDiscount, DiscountFields, readDiscount } from '../discount-fields.tsx'
import formStyles from '../form-layout.module.css'
import { unitsQuery } from '../frame-queries.ts'
import styles from '../service.module.css'
import { isRouted, salespeopleQuery, usablePlansQuery, usableRoutingPointsQuery } from '../service-queries.ts'
import { useMay } from '../session.ts'

/** A new service of an account: any plan of its business unit. */
export const Route = createFileRoute('/_app/accounts/$id/new-service')({
  loader: async ({ context: { queryClient }, params: { id } }) => {
    const [account] = await Promise.all([
      queryClient.ensureQueryData(accountQuery(id)),
      queryClient.ensureQueryData(billingDataQuery(id)),
      queryClient.ensureQueryData(unitsQuery),
    ])
    await queryClient.ensureQueryData(usablePlansQuery(account.business_unit_id))
  },
  component: NewService,
})

function NewService() {
  const { t } = useTranslation()
  const { id } = Route.useParams()
  const may = useMay()
  const { data: account } = useSuspenseQuery(accountQuery(id))
  const { data: billing } = useSuspenseQuery(billingDataQuery(id))
  const { data: units } = useSuspenseQuery(unitsQuery)
  const { data: plans } = useSuspenseQuery(usablePlansQuery(account.business_unit_id))
  const unit = units.find((one) => one.id === account.business_unit_id)
  const sellable = plans.filter((plan) => plan.amount !== null)
  const title = (
    <PageTitle
      back={<BackLink to={`/accounts/${id}`}>{account.name}</BackLink>}
      title={t('services.new')}
      subtitle={t('services.new_subtitle', { account: account.name, unit: account.business_unit_name })}
    />
  )
  if (!may('subscriptions.write')) {
    return (
      <>
        {title}
        <EmptyState title={t('words.not_permitted')} />
      </>
    )
  }
  if (!unit || sellable.length === 0) {
    return (
      <>
        {title}
        <Section>
          <EmptyState
            title={t('services.no_plans', { unit: account.business_unit_name })}
            action={
              may('catalogue.write') && (
                <ButtonLink to="/catalogue/plans/new">{t('shell.new_plan')}</ButtonLink>
              )
            }
          >
            {t('services.no_plans_text')}
          </EmptyState>
        </Section>
      </>
    )
  }
  return (
    <Stacked>
      {title}
      <ServiceForm account={account} unit={unit} billing={billing} plans={sellable} />
    </Stacked>
  )
}

function ServiceForm({
  account,
  unit,
  billing,
  plans,
}: {
  account: Account
  unit: BusinessUnit
  billing: BillingData
  plans: PlanSummary[]
}) {
  const { t } = useTranslation()
  const { money } = useFormats()
  const router = useRouter()
  const queryClient = useQueryClient()
  const today = localToday(unit.time_zone)
  const { data: people = [] } = useQuery(salespeopleQuery(unit.id))
  const { data: points = [] } = useQuery(usableRoutingPointsQuery(unit.id))
  const hasPoint = (planId: string) => plans.some((one) => one.id === planId && isRouted(one.kind))
  const form = useForm({
    initial: {
      plan_id: '',
      status: 'active' as 'active' | 'awaiting_installation',
      start_date: today,
      routing_point_id: '',
      trial_days: 0 as number | string,
      billing_mode: '',
      options: {} as Record<string, number>,
      discount_kind: '' as '' | 'amount' | 'percent',
      discount_amount: null as number | null,
      discount_percent: '' as number | string,
      payment_method: billing.payment_method as string,
      due_day: billing.due_day as number | string,
      salesperson_id: '',
      sale_date: today,
      term_months: 0 as number | string,
      external_id: '',
      notes: '',
    },
    check: (values) => ({
      plan_id: values.plan_id === '' && t('common:input.required'),
      start_date: values.start_date === '' && t('common:input.required'),
      ...checkDiscount(values, t('common:input.required')),
    }),
    submit: (values, { idempotencyKey }) =>
      orThrow(
        api.POST('/api/v1/office/accounts/{id}/subscriptions', {
          params: { path: { id: account.id } },
          headers: idempotent(idempotencyKey),
          body: {
            plan_id: values.plan_id,
            status: values.status,
            start_date: values.start_date,
            routing_point_id: hasPoint(values.plan_id) ? values.routing_point_id || null : null,
            trial_days: Number(values.trial_days),
            billing_mode:
              values.billing_mode === '' ? undefined : (values.billing_mode as 'advance' | 'arrears'),
            payment_method: billing.chosen
              ? undefined
              : (values.payment_method as BillingData['payment_method']),
            due_day: billing.chosen ? undefined : Number(values.due_day),
            ...bodyOfDiscount(values),
            salesperson_id: values.salesperson_id === '' ? null : values.salesperson_id,
            sale_date: values.sale_date === '' ? null : values.sale_date,
            term_months: Number(values.term_months),
            notes: values.notes,
            external_id: values.external_id,
            options: Object.entries(values.options).map(([plan_option_id, quantity]) => ({
              plan_option_id,
              quantity,
            })),
          },
        }),
      ),
    onDone: (service) => {
      void refreshAccounts(queryClient)
      showToast({
        tone: 'good',
        title: t('services.created', { plan: service.plan_name, number: service.contract_number }),
      })
      void router.navigate({ to: `/services/${service.id}` })
    },
  })
  const { values } = form
  const summary = plans.find((plan) => plan.id === values.plan_id)
  const { data: plan, error: planError } = useQuery({
    ...planQuery(values.plan_id),
    enabled: values.plan_id !== '',
  })
  const options = plan?.options.filter((option) => option.archived_at === null) ?? []
  const products = [...new Set(plans.map((one) => one.product_name))]
  const monthly = computeMonthly(
    summary?.amount ?? 0,
    options.map((option) => ({ amount: option.amount, quantity: values.options[option.id] ?? 0 })),
    readDiscount(values),
  )

  return (
    <form className={styles.layout} onSubmit={form.onSubmit} noValidate>
      <Stacked>
        <ProblemAlert error={form.problem ?? planError} />
        <Section title={t('services.plan')}>
          <div className={formStyles.fields}>
            <NativeSelect
              label={t('services.plan')}
              description={t('services.plan_help', { unit: unit.name })}
              required
              data={[
                { value: '', label: t('services.plan_choose') },
                ...products.map((product) => ({
                  group: product,
                  items: plans
                    .filter((one) => one.product_name === product)
                    .map((one) => ({
                      value: one.id,
                      label: t('services.plan_choice', {
                        name: one.name,
                        amount: money(one.amount ?? 0, one.currency),
                      }),
                    })),
                })),
              ]}
              {...form.field('plan_id')}
              onChange={(event) => {
                const chosen = plans.find((one) => one.id === event.currentTarget.value)
                form.set('plan_id', event.currentTarget.value)
                form.set('options', {})
                form.set('trial_days', chosen?.trial_days ?? 0)
                form.set('term_months', chosen?.term_months ?? 0)
                form.set('billing_mode', '')
              }}
            />
            {options.length > 0 && plan && (
              <PlanOptions
                plan={plan}
                chosen={values.options}
                error={form.errors.options}
                onChange={(chosen) => form.set('options', chosen)}
              />
            )}
            {hasPoint(values.plan_id) && points.length > 0 && (
              <NativeSelect
                label={t('services.routing_point')}
                required
                data={[
                  { value: '', label: t('services.routing_point_choose') },
                  ...points.map((point) => ({ value: point.id, label: point.name })),
                ]}
                {...form.field('routing_point_id')}
              />
            )}
          </div>
        </Section>
        <Section title={t('services.when')}>
          <div className={formStyles.fields}>
            <Radio.Group
              label={t('accounts.state_column')}
              value={values.status}
              onChange={(value) => form.set('status', value as 'active')}
            >
              <div className={formStyles.checks}>
                <Radio
                  value="active"
                  label={t('common:state.subscription.active')}
                  description={t('services.status_active_help')}
                />
                <Radio
                  value="awaiting_installation"
                  label={t('common:state.subscription.awaiting_installation')}
                  description={t('services.status_awaiting_help')}
                />
              </div>
            </Radio.Group>
            <div data-span="6">
              <DateInput label={t('services.start_date')} required {...form.field('start_date')} />
            </div>
            <div data-span="6">
              <NumberInput
                label={t('services.trial_days')}
                min={0}
                max={3650}
                allowDecimal={false}
                hideControls
                {...form.control('trial_days')}
              />
            </div>
            <div data-span="6">
              <NativeSelect
                label={t('services.billing_mode')}
                data={[
                  {
                    value: '',
                    label: t('services.billing_mode_default', {
                      mode: t(`words.billing_mode.${summary?.billing_mode ?? unit.billing_mode}`),
                    }),
                  },
                  ...['advance', 'arrears'].map((value) => ({
                    value,
                    label: t(`words.billing_mode.${value}`),
                  })),
                ]}
                {...form.field('billing_mode')}
              />
            </div>
            <div data-span="6">
              <NumberInput
                label={t('services.term_months')}
                description={t('services.term_months_help')}
                min={0}
                max={600}
                allowDecimal={false}
                hideControls
                {...form.control('term_months')}
              />
            </div>
          </div>
        </Section>
        <Section title={t('services.payment')}>
          {billing.chosen ? (
            <p>
              {t('services.payment_as_first', {
                method: t(`words.payment_method.${billing.payment_method}`),
                day: billing.due_day,
              })}
            </p>
          ) : (
            <div className={formStyles.fields}>
              <div data-span="6">
                <NativeSelect
                  label={t('accounts.payment_method')}
                  data={unit.payment_methods.map((value) => ({
                    value,
                    label: t(`words.payment_method.${value}`),
                  }))}
                  {...form.field('payment_method')}
                />
              </div>
              <div data-span="6">
                <NumberInput
                  label={t('accounts.due_day')}
                  description={t('accounts.due_day_help')}
                  min={1}
                  max={31}
                  allowDecimal={false}
                  hideControls
                  {...form.control('due_day')}
                />
              </div>
            </div>
          )}
          <div className={`${formStyles.fields} ${formStyles.second}`}>
            <DiscountFields
              values={values}
              errors={form.errors}
              set={(name, value) => form.set(name, value as never)}
              currency={unit.currency}
            />
          </div>
        </Section>
        <Section title={t('services.sale')}>
          <div className={formStyles.fields}>
            <div data-span="6">
              <NativeSelect
                label={t('services.salesperson')}
                data={[
                  { value: '', label: t('words.none') },
                  ...people.map((one) => ({ value: one.id, label: one.name })),
                ]}
                {...form.field('salesperson_id')}
              />
            </div>
            <div data-span="6">
              <DateInput label={t('services.sale_date')} {...form.field('sale_date')} />
            </div>
            <TextInput label={t('accounts.external_id')} autoComplete="off" {...form.field('external_id')} />
            <Textarea label={t('accounts.notes')} {...form.field('notes')} />
          </div>
        </Section>
      </Stacked>
      <aside>
        <Section title={t('services.to_pay')}>
          <div aria-live="polite">
            <Sums monthly={monthly} currency={unit.currency} />
            <ChargingHint values={values} plan={summary} />
          </div>
          <Button className={styles.submit} type="submit" fullWidth loading={form.busy}>
            {t('services.create')}
          </Button>
          <Button
            mt="xs"
            fullWidth
            variant="default"
            renderRoot={(props) => <Link to={`/accounts/${account.id}`} {...props} />}
          >
            {t('common:action.cancel')}
          </Button>
        </Section>
      </aside>
    </form>
  )
}

function PlanOptions({
  plan,
  chosen,
  error,
  onChange,
}: {
  plan: Plan
  chosen: Record<string, number>
  error: string | undefined
  onChange: (chosen: Record<string, number>) => void
}) {
  const { t } = useTranslation()
  const set = (id: string, quantity: number) => {
    const { [id]: _before, ...others } = chosen
    onChange(quantity > 0 ? { ...others, [id]: quantity } : others)
  }
  return (
    <fieldset className={styles.options}>
      <legend>{t('services.options')}</legend>
      {plan.options
        .filter((option) => option.archived_at === null)
        .map((option) => {
          const quantity = chosen[option.id] ?? 0
          return (
            <div key={option.id} className={styles.option}>
              <Checkbox
                label={option.name}
                checked={quantity > 0}
                onChange={(event) => set(option.id, event.currentTarget.checked ? 1 : 0)}
              />
              <Money amount={option.amount} currency={plan.currency} />
              <NumberInput
                aria-label={t('services.quantity_of', { name: option.name })}
                min={1}
                max={1_000_000}
                allowDecimal={false}
                disabled={quantity === 0}
                value={quantity || 1}
                onChange={(value) => set(option.id, Math.max(1, Number(value) || 1))}
              />
            </div>
          )
        })}
      {error && (
        <p className={styles.error} role="alert">
          {error}
        </p>
      )}
    </fieldset>
  )
}

function Sums({ monthly, currency }: { monthly: ReturnType<typeof computeMonthly>; currency: string }) {
  const { t } = useTranslation()
  const line = (label: string, amount: number, strong?: boolean) => (
    <div className={strong ? styles.total : undefined}>
      <dt>{label}</dt>
      <dd>
        <Money amount={amount} currency={currency} />
      </dd>
    </div>
  )
  return (
    <dl className={styles.sums}>
      {line(t('services.plan_value'), monthly.plan)}
      {monthly.discount > 0 && line(t('services.discount'), -monthly.discount)}
      {monthly.options > 0 && line(t('services.options'), monthly.options)}
      {line(t('services.total_month'), monthly.total, true)}
    </dl>
  )
}

/** From when on it is charged, in a sentence. */
function ChargingHint({
  values,
  plan,
}: {
  values: { status: string; start_date: string; trial_days: number | string }
  plan: PlanSummary | undefined
}) {
  const { t } = useTranslation()
  const { date } = useFormats()
  if (!plan || !/^\d{4}-\d{2}-\d{2}$/.test(values.start_date)) return null
  const days = Number(values.trial_days) || 0
  const from = date(addDays(values.start_date, days))
  return (
    <p className={styles.hint}>
      {values.status === 'awaiting_installation'
        ? t(days > 0 ? 'services.charged_after_installation_trial' : 'services.charged_after_installation', {
            count: days,
          })
        : plan.proportional_trial
          ? t('services.charged_after_closing')
          : t('services.charged_from', { date: from })}
    </p>
  )
}
