import { NativeSelect, NumberInput, Radio, Textarea, TextInput } from '@mantine/core'
import { keepPreviousData, useQuery, useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute, useRouter } from '@tanstack/react-router'
import { useDeferredValue } from 'react'
import { useTranslation } from 'react-i18next'
import { api, idempotent, orThrow } from '../../shared/api.ts'
import type {
  Account,
  BillingData,
  BusinessUnit,
  PlanSummary,
  ServiceContract,
  Subscription,
} from '../../shared/api-types.gen.ts'
import { useForm } from '../../shared/form.ts'
import { addDays } from '../../shared/formats.ts'
import { loadTexts } from '../../shared/i18n.ts'
import { DateInput, MoneyInput } from '../../shared/inputs.tsx'
import { EmptyState, PageTitle, Section, Stacked } from '../../shared/page.tsx'
import { ProblemAlert } from '../../shared/problem-alert.tsx'
import { showToast, useProblemToast } from '../../shared/toasts.tsx'
import { useFormats } from '../../shared/use-formats.ts'
import { accountQuery, billingDataQuery, refreshAccounts } from '../account-queries.ts'
import { BackLink } from '../back-link.tsx'
import { ButtonLink } from '../button-link.tsx'
import { localToday } from '../calendar-day.ts'
import { usableTemplatesQuery } from '../contract-queries.ts'
import { checkDiscount } from '../discount.ts'
import formStyles from '../form-layout.module.css'
import { unitsQuery } from '../frame-queries.ts'
import { bodyOfQuote, bodyOfSale, initialSale, useSaleChoices } from '../sale.ts'
import { SaleAside, SaleFields, SaleReductions } from '../sale-fields.tsx'
import { SaleQuoteView } from '../sale-quote.tsx'
import styles from '../service.module.css'
import {
  BillingModeField,
  DueDayField,
  PaymentMethodField,
  SalespersonField,
  TrialDaysField,
} from '../service-fields.tsx'
import { salespeopleQuery, usablePlansQuery } from '../service-queries.ts'
import { useMay } from '../session.ts'

/** A new service of an account: any plan of its business unit. */
export const Route = createFileRoute('/_app/accounts/$id/new-service')({
  loader: async ({ context: { queryClient }, params: { id } }) => {
    const [account] = await Promise.all([
      queryClient.ensureQueryData(accountQuery(id)),
      queryClient.ensureQueryData(billingDataQuery(id)),
      queryClient.ensureQueryData(unitsQuery),
      loadTexts('contracts'),
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

const initial = (unit: BusinessUnit, billing: BillingData, today: string) => ({
  ...initialSale(unit.currency),
  anchor_date: '',
  status: 'active' as 'active' | 'awaiting_installation',
  start_date: today,
  trial_days: 0 as number | string,
  billing_mode: '',
  payment_method: billing.payment_method as string,
  due_day: billing.due_day as number | string,
  salesperson_id: '',
  sale_date: today,
  template_id: '',
  installation_fee: null as number | null,
  instalments: 1 as number | string,
  renewal: 'none',
  renewal_months: 12 as number | string,
  external_id: '',
  notes: '',
})
type Values = ReturnType<typeof initial>

/** The service as the API takes it, of what is sold. */
function bodyOf(values: Values, sale: ReturnType<typeof bodyOfSale>, billing: BillingData) {
  return {
    ...sale,
    currency: values.currency,
    anchor_date: values.anchor_date === '' ? null : values.anchor_date,
    status: values.status,
    start_date: values.start_date,
    trial_days: Number(values.trial_days),
    billing_mode: values.billing_mode === '' ? undefined : (values.billing_mode as 'advance' | 'arrears'),
    payment_method: billing.chosen ? undefined : (values.payment_method as BillingData['payment_method']),
    due_day: billing.chosen ? undefined : Number(values.due_day),
    salesperson_id: values.salesperson_id === '' ? null : values.salesperson_id,
    sale_date: values.sale_date === '' ? null : values.sale_date,
    notes: values.notes,
    external_id: values.external_id,
  }
}

const hasAgreed = (values: Values) =>
  values.template_id !== '' || (values.installation_fee ?? 0) > 0 || values.renewal !== 'none'

/** Writes what was agreed beside the sale. */
const agree = (id: string, values: Values) =>
  orThrow(
    api.PUT('/api/v1/office/subscriptions/{id}/contract', {
      params: { path: { id } },
      body: {
        ...(values.template_id === '' ? {} : { template_id: values.template_id }),
        installation_fee: values.installation_fee ?? 0,
        instalments: Number(values.instalments) || 1,
        renewal: values.renewal as ServiceContract['renewal'],
        renewal_months: values.renewal === 'automatic' ? Number(values.renewal_months) || 12 : null,
      },
    }),
  )

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
  const router = useRouter()
  const queryClient = useQueryClient()
  const may = useMay()
  const tellProblem = useProblemToast()
  const { data: people = [] } = useQuery(salespeopleQuery(unit.id))
  const form = useForm<Values, Subscription>({
    initial: initial(unit, billing, localToday(unit.time_zone)),
    check: (values) => ({
      plan_id: values.plan_id === '' && t('common:input.required'),
      start_date: values.start_date === '' && t('common:input.required'),
      ...checkDiscount(values, t('common:input.required')),
    }),
    submit: async (values, { idempotencyKey }): Promise<Subscription> => {
      const service = await orThrow(
        api.POST('/api/v1/office/accounts/{id}/subscriptions', {
          params: { path: { id: account.id } },
          headers: idempotent(idempotencyKey),
          body: bodyOf(values, bodyOfSale(values, choices), billing),
        }),
      )
      // The service is sold by now: what was agreed beside can be entered again on its page.
      if (hasAgreed(values)) await agree(service.id, values).catch(tellProblem)
      return service
    },
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
  const choices = useSaleChoices(values, unit, plans)
  const { plan, summary, price, currencies } = choices
  const complete = plan !== undefined && /^\d{4}-\d{2}-\d{2}$/.test(values.start_date)
  const asked = useDeferredValue(
    JSON.stringify(bodyOf({ ...values, notes: '' }, bodyOfQuote(values, choices), billing)),
  )
  const quote = useQuery({
    queryKey: ['quote', account.id, asked],
    enabled: complete,
    placeholderData: keepPreviousData,
    retry: false,
    staleTime: 60_000,
    queryFn: ({ signal }) =>
      orThrow(
        api.POST('/api/v1/office/accounts/{id}/subscriptions/quote', {
          params: { path: { id: account.id } },
          body: JSON.parse(asked),
          signal,
        }),
      ),
  })

  return (
    <form className={styles.layout} onSubmit={form.onSubmit} noValidate>
      <Stacked>
        <ProblemAlert error={form.problem ?? choices.error} />
        <Section title={t('services.plan')}>
          <div className={formStyles.fields}>
            <SaleFields
              form={form}
              choices={choices}
              currency={unit.currency}
              description={t('services.plan_help', { unit: unit.name })}
              onPlan={(chosen) => {
                form.set('anchor_date', '')
                form.set('trial_days', chosen?.trial_days ?? 0)
                form.set('billing_mode', '')
              }}
            >
              {currencies.length > 1 && (
                <div data-span="4">
                  <NativeSelect
                    label={t('services.currency')}
                    data={currencies}
                    {...form.field('currency')}
                    onChange={(event) => {
                      form.set('currency', event.currentTarget.value)
                      form.set('cycle', '')
                    }}
                  />
                </div>
              )}
              {price?.cycle_alignment === 'anniversary' && price.cycle_unit !== 'once' && (
                <div data-span="8">
                  <DateInput
                    label={t('services.anchor_date')}
                    description={t('services.anchor_help')}
                    {...form.field('anchor_date')}
                  />
                </div>
              )}
            </SaleFields>
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
            <TrialDaysField {...form.control('trial_days')} />
            <BillingModeField
              standard={t('services.billing_mode_default', {
                mode: t(`words.billing_mode.${summary?.billing_mode ?? unit.billing_mode}`),
              })}
              {...form.field('billing_mode')}
            />
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
              <PaymentMethodField methods={unit.payment_methods} {...form.field('payment_method')} />
              <DueDayField description={t('accounts.due_day_help')} {...form.control('due_day')} />
            </div>
          )}
          <div className={`${formStyles.fields} ${formStyles.second}`}>
            <SaleReductions form={form} />
          </div>
        </Section>
        {may('contracts.write') && <Agreement form={form} unit={unit} />}
        <Section title={t('services.sale')}>
          <div className={formStyles.fields}>
            <SalespersonField people={people} {...form.field('salesperson_id')} />
            <div data-span="6">
              <DateInput label={t('services.sale_date')} {...form.field('sale_date')} />
            </div>
            <TextInput label={t('accounts.external_id')} autoComplete="off" {...form.field('external_id')} />
            <Textarea label={t('accounts.notes')} {...form.field('notes')} />
          </div>
        </Section>
      </Stacked>
      <SaleAside
        accountId={account.id}
        quote={quote}
        asked={complete}
        verb={t('services.create')}
        busy={form.busy}
        show={(shown) => <SaleQuoteView quote={shown} awaiting={values.status === 'awaiting_installation'} />}
      >
        <ChargingHint values={values} plan={summary} />
      </SaleAside>
    </form>
  )
}

type Form = ReturnType<typeof useForm<Values, Subscription>>

/** What is agreed beside the price: the contract's text, its fee and its renewal. */
function Agreement({ form, unit }: { form: Form; unit: BusinessUnit }) {
  const { t } = useTranslation()
  const { data: templates = [] } = useQuery(usableTemplatesQuery(unit.id))
  const whole = { allowDecimal: false, hideControls: true, min: 1 }
  return (
    <Section title={t('services.contract')}>
      <div className={formStyles.fields}>
        <NativeSelect
          label={t('contracts:ui.template')}
          data={[
            { value: '', label: t('contracts:ui.template_default') },
            ...templates.map((one) => ({ value: one.id, label: one.name })),
          ]}
          {...form.field('template_id')}
        />
        <div data-span="6">
          <MoneyInput
            label={t('contracts:ui.fee')}
            currency={form.values.currency}
            {...form.control('installation_fee')}
          />
        </div>
        <div data-span="6">
          <NumberInput
            label={t('contracts:ui.instalments')}
            max={60}
            {...whole}
            {...form.control('instalments')}
          />
        </div>
        <div data-span="6">
          <NativeSelect
            label={t('contracts:ui.renewal')}
            data={(['none', 'automatic', 'on_request'] as const).map((value) => ({
              value,
              label: t(`contracts:renewal.${value}`),
            }))}
            {...form.field('renewal')}
          />
        </div>
        {form.values.renewal === 'automatic' && (
          <div data-span="6">
            <NumberInput
              label={t('contracts:ui.renewal_months')}
              max={600}
              {...whole}
              {...form.control('renewal_months')}
            />
          </div>
        )}
      </div>
    </Section>
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
