import { Button, NativeSelect, NumberInput, Radio, Textarea, TextInput } from '@mantine/core'
import { keepPreviousData, useQuery, useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute, Link, useRouter } from '@tanstack/react-router'
import { useDeferredValue } from 'react'
import { useTranslation } from 'react-i18next'
import { api, idempotent, orThrow } from '../../shared/api.ts'
import type {
  Account,
  BillingData,
  BusinessUnit,
  PlanSummary,
  Price,
  SaleQuote,
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
import { Money } from '../../shared/values.tsx'
import { accountQuery, billingDataQuery, refreshAccounts } from '../account-queries.ts'
import { BackLink } from '../back-link.tsx'
import { ButtonLink } from '../button-link.tsx'
import { localToday } from '../calendar-day.ts'
import { planQuery } from '../catalogue-queries.ts'
import { usableTemplatesQuery } from '../contract-queries.ts'
import { type Cycle, cycleKey, useCycleWords } from '../cycle-words.ts'
import { bodyOfDiscount, checkDiscount, DiscountFields } from '../discount-fields.tsx'
import formStyles from '../form-layout.module.css'
import { unitsQuery } from '../frame-queries.ts'
import { isSold, PlanOptions } from '../plan-options.tsx'
import { usePriceWords } from '../price-words.ts'
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
  const say = useCycleWords()
  const sayPrice = usePriceWords()
  const router = useRouter()
  const queryClient = useQueryClient()
  const today = localToday(unit.time_zone)
  const may = useMay()
  const tellProblem = useProblemToast()
  const { data: people = [] } = useQuery(salespeopleQuery(unit.id))
  const { data: templates = [] } = useQuery({
    ...usableTemplatesQuery(unit.id),
    enabled: may('contracts.write'),
  })
  const { data: points = [] } = useQuery(usableRoutingPointsQuery(unit.id))
  const hasPoint = (planId: string) => plans.some((one) => one.id === planId && isRouted(one.kind))
  const form = useForm({
    initial: {
      plan_id: '',
      quantity: 1 as number | string,
      currency: unit.currency,
      cycle: '',
      anchor_date: '',
      status: 'active' as 'active' | 'awaiting_installation',
      start_date: today,
      routing_point_id: '',
      trial_days: 0 as number | string,
      billing_mode: '',
      options: {} as Record<string, number>,
      discount_kind: '' as '' | 'amount' | 'percent',
      discount_amount: null as number | null,
      discount_percent: '' as number | string,
      coupon_code: '',
      payment_method: billing.payment_method as string,
      due_day: billing.due_day as number | string,
      salesperson_id: '',
      sale_date: today,
      term_months: 0 as number | string,
      template_id: '',
      installation_fee: null as number | null,
      instalments: 1 as number | string,
      renewal: 'none',
      renewal_months: 12 as number | string,
      external_id: '',
      notes: '',
    },
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
          body: bodyOf(values),
        }),
      )
      // The service is sold by now: what was agreed beside can be entered again on its page.
      if (hasTerms(values)) await agree(service.id, values).catch(tellProblem)
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
  const hasTerms = (sale: typeof form.values) =>
    sale.template_id !== '' || (sale.installation_fee ?? 0) > 0 || sale.renewal !== 'none'
  const agree = (id: string, sale: typeof form.values) =>
    orThrow(
      api.PUT('/api/v1/office/subscriptions/{id}/contract', {
        params: { path: { id } },
        body: {
          ...(sale.template_id === '' ? {} : { template_id: sale.template_id }),
          installation_fee: sale.installation_fee ?? 0,
          instalments: Number(sale.instalments) || 1,
          renewal: sale.renewal as ServiceContract['renewal'],
          renewal_months: sale.renewal === 'automatic' ? Number(sale.renewal_months) || 12 : null,
        },
      }),
    )
  const bodyOf = (sale: typeof form.values) => {
    const [cycle_unit, cycle_count, cycle_alignment] = sale.cycle.split(' ')
    return {
      plan_id: sale.plan_id,
      quantity: Number(sale.quantity) || 1,
      currency: sale.currency,
      cycle:
        sale.cycle === ''
          ? undefined
          : {
              cycle_unit: cycle_unit as Price['cycle_unit'],
              cycle_count: Number(cycle_count),
              cycle_alignment: cycle_alignment as Price['cycle_alignment'],
            },
      anchor_date: sale.anchor_date === '' ? null : sale.anchor_date,
      status: sale.status,
      start_date: sale.start_date,
      routing_point_id: hasPoint(sale.plan_id) ? sale.routing_point_id || null : null,
      trial_days: Number(sale.trial_days),
      billing_mode: sale.billing_mode === '' ? undefined : (sale.billing_mode as 'advance' | 'arrears'),
      payment_method: billing.chosen ? undefined : (sale.payment_method as BillingData['payment_method']),
      due_day: billing.chosen ? undefined : Number(sale.due_day),
      ...bodyOfDiscount(sale),
      coupon_code: sale.coupon_code.trim(),
      salesperson_id: sale.salesperson_id === '' ? null : sale.salesperson_id,
      sale_date: sale.sale_date === '' ? null : sale.sale_date,
      term_months: Number(sale.term_months),
      notes: sale.notes,
      external_id: sale.external_id,
      options: Object.entries(sale.options).map(([plan_option_id, quantity]) => ({
        plan_option_id,
        quantity,
      })),
    }
  }
  const { values } = form
  const summary = plans.find((plan) => plan.id === values.plan_id)
  const { data: plan, error: planError } = useQuery({
    ...planQuery(values.plan_id),
    enabled: values.plan_id !== '',
  })
  const options = plan?.options.filter((option) => option.archived_at === null) ?? []
  const products = [...new Set(plans.map((one) => one.product_name))]
  const offers = plan ? plan.prices.filter((price) => isSold(price, plan.day)) : []
  const currencies = [...new Set(offers.map((price) => price.currency))]
  const cycles = offers.filter((price) => price.currency === values.currency)
  const chosenPrice = cycles.find((price) => cycleKey(price) === values.cycle) ?? cycles[0]
  const complete = plan !== undefined && /^\d{4}-\d{2}-\d{2}$/.test(values.start_date)
  // What is asked of a connection before it is sold says nothing about its price.
  const point = values.routing_point_id || points[0]?.id || ''
  const asked = useDeferredValue(JSON.stringify(bodyOf({ ...values, routing_point_id: point, notes: '' })))
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
                        cycle: say({
                          cycle_unit: one.cycle_unit ?? 'month',
                          cycle_count: one.cycle_count ?? 1,
                        }),
                      }),
                    })),
                })),
              ]}
              {...form.field('plan_id')}
              onChange={(event) => {
                const chosen = plans.find((one) => one.id === event.currentTarget.value)
                form.set('plan_id', event.currentTarget.value)
                form.set('options', {})
                form.set('cycle', '')
                form.set('currency', unit.currency)
                form.set('anchor_date', '')
                form.set('trial_days', chosen?.trial_days ?? 0)
                form.set('term_months', chosen?.term_months ?? 0)
                form.set('billing_mode', '')
              }}
            />
            {plan && (
              <>
                <div data-span="4">
                  <NumberInput
                    label={t('services.quantity')}
                    min={1}
                    max={1_000_000}
                    allowDecimal={false}
                    {...form.control('quantity')}
                  />
                </div>
                <div data-span="8">
                  <NativeSelect
                    label={t('services.cycle')}
                    data={cycles.map((price) => ({
                      value: cycleKey(price),
                      label: [
                        `${sayPrice(price)}, ${say(price)}`,
                        price.cycle_alignment === 'anniversary' &&
                          price.cycle_unit === 'month' &&
                          t('prices.alignment_anniversary').toLowerCase(),
                      ]
                        .filter(Boolean)
                        .join(', '),
                    }))}
                    {...form.field('cycle')}
                    value={chosenPrice ? cycleKey(chosenPrice) : ''}
                  />
                </div>
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
                {chosenPrice?.cycle_alignment === 'anniversary' && chosenPrice.cycle_unit !== 'once' && (
                  <div data-span="8">
                    <DateInput
                      label={t('services.anchor_date')}
                      description={t('services.anchor_help')}
                      {...form.field('anchor_date')}
                    />
                  </div>
                )}
              </>
            )}
            {options.length > 0 && plan && (
              <PlanOptions
                plan={plan}
                price={chosenPrice}
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
              currency={values.currency}
            />
            <div data-span="6">
              <TextInput
                label={t('services.coupon')}
                placeholder={t('services.coupon_hint')}
                autoComplete="off"
                maxLength={40}
                {...form.field('coupon_code')}
              />
            </div>
          </div>
        </Section>
        {may('contracts.write') && (
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
                  currency={values.currency}
                  {...form.control('installation_fee')}
                />
              </div>
              <div data-span="6">
                <NumberInput
                  label={t('contracts:ui.instalments')}
                  min={1}
                  max={60}
                  allowDecimal={false}
                  hideControls
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
              {values.renewal === 'automatic' && (
                <div data-span="6">
                  <NumberInput
                    label={t('contracts:ui.renewal_months')}
                    min={1}
                    max={600}
                    allowDecimal={false}
                    hideControls
                    {...form.control('renewal_months')}
                  />
                </div>
              )}
            </div>
          </Section>
        )}
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
            {complete && quote.error ? (
              <ProblemAlert error={quote.error} />
            ) : complete && quote.data ? (
              <Quote quote={quote.data} awaiting={values.status === 'awaiting_installation'} />
            ) : (
              <p className={styles.hint}>{t('services.quote_pending')}</p>
            )}
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

/** What the service will cost, as the server computes it: a period of the plan, what is charged apart, the first invoice. */
function Quote({ quote, awaiting }: { quote: SaleQuote; awaiting: boolean }) {
  const { t } = useTranslation()
  const { date, percent } = useFormats()
  const say = useCycleWords()
  const { currency, first_invoice: first } = quote
  const options = quote.amount - quote.plan_value + quote.discount
  const apart = quote.components.filter(
    (one) => one.role === 'option' && !(sameCycle(one, quote) && one.cycle_unit !== 'once'),
  )
  const metered = quote.components.filter((one) => one.role === 'usage')
  const line = (key: string, label: string, amount: number, strong?: boolean) => (
    <div key={key} className={strong ? styles.total : undefined}>
      <dt>{label}</dt>
      <dd>
        <Money amount={amount} currency={currency} />
      </dd>
    </div>
  )
  return (
    <>
      <dl className={styles.sums}>
        {line('plan', t('services.plan_value'), quote.plan_value)}
        {quote.discount > 0 && line('discount', t('services.discount'), -quote.discount)}
        {options > 0 && line('options', t('services.options'), options)}
        {line('total', t('services.total_cycle', { cycle: say(quote) }), quote.amount, true)}
        {apart.map((one) =>
          line(
            `apart-${one.description}`,
            one.cycle_unit === 'once'
              ? t('services.once_part', { name: one.description })
              : t('services.other_part', { name: one.description, cycle: say(one) }),
            one.amount,
          ),
        )}
      </dl>
      {metered.map((one) => (
        <p key={one.description} className={styles.hint}>
          {t('services.usage_part', { name: one.description })}
        </p>
      ))}
      {quote.coupon && (
        <p className={styles.hint}>
          {[
            quote.coupon.name,
            quote.coupon.discount_basis_points === null
              ? null
              : `−${percent(quote.coupon.discount_basis_points / 10_000)}`,
            quote.coupon.to_date &&
              t('services.coupon_until', { date: date(addDays(quote.coupon.to_date, -1)) }),
          ]
            .filter(Boolean)
            .join(', ')}
        </p>
      )}
      <h3 className={styles.quoteHead}>{t('services.first_invoice')}</h3>
      {first ? (
        <>
          <p className={styles.hint}>
            {t('services.first_invoice_on', { date: date(first.issue_date), due: date(first.due_date) })}
          </p>
          <dl className={styles.sums}>
            {first.lines.map((one) =>
              line(
                `${one.description} ${one.from}`,
                one.days === one.of_days
                  ? one.description
                  : `${one.description}, ${t('services.first_days', { days: one.days, of: one.of_days })}`,
                one.net,
              ),
            )}
            {first.tax > 0 && line('tax', t('services.with_taxes'), first.tax)}
            {line('first-total', t('invoices.total'), first.total, true)}
          </dl>
        </>
      ) : (
        <p className={styles.hint}>{awaiting ? t('services.first_none') : '–'}</p>
      )}
    </>
  )
}

const sameCycle = (left: Cycle, right: Cycle) =>
  left.cycle_unit === right.cycle_unit && left.cycle_count === right.cycle_count

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
