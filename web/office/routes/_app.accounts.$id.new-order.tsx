import { Button, NativeSelect, NumberInput, Radio, Textarea, TextInput } from '@mantine/core'
import { useQuery, useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute, Link, useRouter } from '@tanstack/react-router'
import { useDeferredValue } from 'react'
import { useTranslation } from 'react-i18next'
import { api, idempotent, orThrow } from '../../shared/api.ts'
import type {
  Account,
  BusinessUnit,
  ChangeChoices,
  Order,
  OrderRequestInput,
  PlanSummary,
  Price,
  SubscriptionSummary,
} from '../../shared/api-types.gen.ts'
import { useForm } from '../../shared/form.ts'
import { addDays } from '../../shared/formats.ts'
import { loadTexts } from '../../shared/i18n.ts'
import { DateInput } from '../../shared/inputs.tsx'
import { EmptyState, PageTitle, Section, Stacked } from '../../shared/page.tsx'
import { ProblemAlert } from '../../shared/problem-alert.tsx'
import { showToast } from '../../shared/toasts.tsx'
import { useFormats } from '../../shared/use-formats.ts'
import { accountQuery, accountServicesQuery } from '../account-queries.ts'
import { BackLink } from '../back-link.tsx'
import { localToday } from '../calendar-day.ts'
import { planQuery } from '../catalogue-queries.ts'
import { changeChoicesQuery } from '../change-queries.ts'
import { cycleKey, useCycleWords } from '../cycle-words.ts'
import { bodyOfDiscount, checkDiscount, DiscountFields } from '../discount-fields.tsx'
import formStyles from '../form-layout.module.css'
import { unitsQuery } from '../frame-queries.ts'
import { orderQuoteQuery, refreshOrders } from '../order-queries.ts'
import { OrderQuoteView } from '../order-quote.tsx'
import { orderKinds } from '../order-words.tsx'
import { isSold, PlanOptions } from '../plan-options.tsx'
import { usePriceWords } from '../price-words.ts'
import styles from '../service.module.css'
import { isRouted, salespeopleQuery, usablePlansQuery, usableRoutingPointsQuery } from '../service-queries.ts'
import { useMay } from '../session.ts'

/** An order or a quote that staff make for an account. */
export const Route = createFileRoute('/_app/accounts/$id/new-order')({
  loader: async ({ context: { queryClient }, params: { id } }) => {
    const [account] = await Promise.all([
      queryClient.ensureQueryData(accountQuery(id)),
      queryClient.ensureQueryData(accountServicesQuery(id)),
      queryClient.ensureQueryData(unitsQuery),
      loadTexts('orders'),
      loadTexts('changes'),
    ])
    await queryClient.ensureQueryData(usablePlansQuery(account.business_unit_id))
  },
  component: NewOrder,
})

function NewOrder() {
  const { t } = useTranslation('orders')
  const { t: to } = useTranslation()
  const { id } = Route.useParams()
  const may = useMay()
  const { data: account } = useSuspenseQuery(accountQuery(id))
  const { data: services } = useSuspenseQuery(accountServicesQuery(id))
  const { data: units } = useSuspenseQuery(unitsQuery)
  const { data: plans } = useSuspenseQuery(usablePlansQuery(account.business_unit_id))
  const unit = units.find((one) => one.id === account.business_unit_id)
  const sellable = plans.filter((plan) => plan.amount !== null)
  const going = services.items.filter((one) => one.status !== 'cancelled' && one.status !== 'ended')
  const permitted = may('orders.write') && account.erased_at === null
  return (
    <Stacked>
      <PageTitle
        back={<BackLink to={`/accounts/${id}`}>{account.name}</BackLink>}
        title={t('new.title')}
        subtitle={t('new.subtitle', { account: account.name, unit: account.business_unit_name })}
      />
      {!permitted || !unit ? (
        <EmptyState title={to('words.not_permitted')} />
      ) : sellable.length === 0 ? (
        <Section>
          <EmptyState title={to('services.no_plans', { unit: account.business_unit_name })}>
            {to('services.no_plans_text')}
          </EmptyState>
        </Section>
      ) : (
        <OrderForm account={account} unit={unit} plans={sellable} services={going} />
      )}
    </Stacked>
  )
}

const initial = {
  kind: 'subscription' as (typeof orderKinds)[number],
  plan_id: '',
  quantity: 1 as number | string,
  cycle: '',
  options: {} as Record<string, number>,
  routing_point_id: '',
  coupon_code: '',
  discount_kind: '' as '' | 'amount' | 'percent',
  discount_amount: null as number | null,
  discount_percent: '' as number | string,
  subscription_id: '',
  change: '' as '' | 'plan' | 'quantity' | 'options',
  salesperson_id: '',
  as: 'quote' as 'quote' | 'order',
  valid_until: '',
  note: '',
}
type Values = typeof initial

/** What the form asks for, as the API takes it; null while something of it is not chosen. */
function requestOf(values: Values, routed: boolean): OrderRequestInput | null {
  const quantity = Number(values.quantity) || 1
  const options = Object.entries(values.options).map(([plan_option_id, count]) => ({
    plan_option_id,
    quantity: count,
  }))
  if (values.kind === 'change') {
    if (values.subscription_id === '' || values.change === '') return null
    const base = { kind: 'change' as const, subscription_id: values.subscription_id }
    if (values.change === 'quantity') return { ...base, change: { kind: 'quantity', quantity } }
    if (values.change === 'options') return { ...base, change: { kind: 'options', options } }
    if (values.plan_id === '') return null
    const plan = {
      plan_id: values.plan_id,
      missing_options: 'keep',
      keep_discount: true,
      trial_days: 0,
    } as const
    return { ...base, change: { kind: 'plan', ...plan } }
  }
  if (values.plan_id === '') return null
  if (values.kind === 'support_pack') {
    const { discount_basis_points } = bodyOfDiscount(values)
    return { kind: 'support_pack', plan_id: values.plan_id, quantity, discount_basis_points }
  }
  const [cycle_unit, cycle_count, cycle_alignment] = values.cycle.split(' ')
  return {
    kind: 'subscription',
    plan_id: values.plan_id,
    quantity,
    options,
    ...(values.cycle === ''
      ? {}
      : {
          cycle: {
            cycle_unit: cycle_unit as Price['cycle_unit'],
            cycle_count: Number(cycle_count),
            cycle_alignment: cycle_alignment as Price['cycle_alignment'],
          },
        }),
    ...bodyOfDiscount(values),
    coupon_code: values.coupon_code.trim(),
    routing_point_id: routed ? values.routing_point_id || null : null,
  }
}

function OrderForm({
  account,
  unit,
  plans,
  services,
}: {
  account: Account
  unit: BusinessUnit
  plans: PlanSummary[]
  services: SubscriptionSummary[]
}) {
  const { t } = useTranslation('orders')
  const { t: to } = useTranslation()
  const { money } = useFormats()
  const say = useCycleWords()
  const sayPrice = usePriceWords()
  const router = useRouter()
  const queryClient = useQueryClient()
  const today = localToday(unit.time_zone)
  const { data: people = [] } = useQuery(salespeopleQuery(unit.id))
  const { data: points = [] } = useQuery(usableRoutingPointsQuery(unit.id))
  const routedOf = (values: Values) =>
    plans.some((one) => one.id === values.plan_id && isRouted(one.kind)) && points.length > 0
  const form = useForm<Values, Order>({
    initial: { ...initial, valid_until: addDays(today, 15) },
    check: (values) => ({
      plan_id: needsPlan(values) && values.plan_id === '' && to('common:input.required'),
      subscription_id:
        values.kind === 'change' && values.subscription_id === '' && to('common:input.required'),
      change: values.kind === 'change' && values.change === '' && to('common:input.required'),
      valid_until: values.as === 'quote' && values.valid_until === '' && to('common:input.required'),
      ...(values.kind === 'change' ? {} : checkDiscount(values, to('common:input.required'))),
    }),
    submit: (values, { idempotencyKey }): Promise<Order> =>
      orThrow(
        api.POST('/api/v1/office/orders', {
          headers: idempotent(idempotencyKey),
          body: {
            account_id: account.id,
            request: requestOf(values, routedOf(values))!,
            as: values.as,
            valid_until: values.as === 'quote' ? values.valid_until : null,
            note: values.note,
            salesperson_id: values.salesperson_id || null,
            ...(quote.data ? { token: quote.data.token } : {}),
          },
        }),
      ),
    onDone: (order) => {
      void refreshOrders(queryClient)
      showToast({
        tone: 'good',
        title: t(order.state === 'quoted' ? 'new.offered' : 'new.placed', { number: order.number }),
      })
      void router.navigate({ to: `/orders/${order.id}` } as never)
    },
  })
  const { values } = form
  const packs = plans.filter((one) => one.kind === 'support_pack')
  const offered = values.kind === 'support_pack' ? packs : plans
  const { data: plan, error: planError } = useQuery({
    ...planQuery(values.plan_id),
    enabled: values.plan_id !== '' && values.kind !== 'change',
  })
  const cycles = (plan?.prices ?? []).filter(
    (price) => price.currency === unit.currency && isSold(price, plan!.day),
  )
  const chosenPrice = cycles.find((price) => cycleKey(price) === values.cycle) ?? cycles[0]
  // Where it enters the network says nothing about its price.
  const point = values.routing_point_id || points[0]?.id || ''
  const request = requestOf({ ...values, routing_point_id: point }, routedOf(values))
  const asked = useDeferredValue(
    request === null
      ? null
      : JSON.stringify({
          account_id: account.id,
          request,
          salesperson_id: values.salesperson_id || null,
        }),
  )
  const quote = useQuery(orderQuoteQuery(asked === null ? null : JSON.parse(asked)))
  const clear = () => {
    form.set('plan_id', '')
    form.set('options', {})
    form.set('cycle', '')
    form.set('quantity', 1)
  }
  return (
    <form className={styles.layout} onSubmit={form.onSubmit} noValidate>
      <Stacked>
        <ProblemAlert error={form.problem ?? planError} />
        <Section title={t('new.what')}>
          <div className={formStyles.fields}>
            <Radio.Group
              label={t('new.kind')}
              value={values.kind}
              onChange={(value) => {
                form.set('kind', value as Values['kind'])
                clear()
              }}
            >
              <div className={formStyles.checks}>
                {orderKinds
                  .filter((kind) => (kind === 'change' ? services.length > 0 : true))
                  .filter((kind) => (kind === 'support_pack' ? packs.length > 0 : true))
                  .map((kind) => (
                    <Radio
                      key={kind}
                      value={kind}
                      label={t(`kind.${kind}`)}
                      description={t(`new.kind_help.${kind}`)}
                    />
                  ))}
              </div>
            </Radio.Group>
            {values.kind === 'change' ? (
              <ChangeFields
                values={values}
                errors={form.errors}
                set={form.set}
                services={services}
                clear={clear}
              />
            ) : (
              <>
                <NativeSelect
                  label={to('services.plan')}
                  required
                  data={[
                    { value: '', label: to('services.plan_choose') },
                    ...[...new Set(offered.map((one) => one.product_name))].map((product) => ({
                      group: product,
                      items: offered
                        .filter((one) => one.product_name === product)
                        .map((one) => ({
                          value: one.id,
                          label: to('services.plan_choice', {
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
                    clear()
                    form.set('plan_id', event.currentTarget.value)
                  }}
                />
                {plan && (
                  <div data-span="4">
                    <NumberInput
                      label={to('services.quantity')}
                      min={1}
                      max={1_000_000}
                      allowDecimal={false}
                      {...form.control('quantity')}
                    />
                  </div>
                )}
                {plan && values.kind === 'subscription' && (
                  <div data-span="8">
                    <NativeSelect
                      label={to('services.cycle')}
                      data={cycles.map((price) => ({
                        value: cycleKey(price),
                        label: `${sayPrice(price)}, ${say(price)}`,
                      }))}
                      {...form.field('cycle')}
                      value={chosenPrice ? cycleKey(chosenPrice) : ''}
                    />
                  </div>
                )}
                {plan &&
                  values.kind === 'subscription' &&
                  plan.options.some((option) => option.archived_at === null) && (
                    <PlanOptions
                      plan={plan}
                      price={chosenPrice}
                      chosen={values.options}
                      error={form.errors.options}
                      onChange={(chosen) => form.set('options', chosen)}
                    />
                  )}
                {routedOf(values) && (
                  <NativeSelect
                    label={to('services.routing_point')}
                    required
                    data={[
                      { value: '', label: to('services.routing_point_choose') },
                      ...points.map((one) => ({ value: one.id, label: one.name })),
                    ]}
                    {...form.field('routing_point_id')}
                  />
                )}
                <DiscountFields
                  values={values}
                  errors={form.errors}
                  set={(name, value) => form.set(name, value as never)}
                  currency={unit.currency}
                />
                {values.kind === 'subscription' && (
                  <div data-span="6">
                    <TextInput
                      label={to('services.coupon')}
                      placeholder={to('services.coupon_hint')}
                      autoComplete="off"
                      maxLength={40}
                      {...form.field('coupon_code')}
                    />
                  </div>
                )}
              </>
            )}
          </div>
        </Section>
        <Section title={t('new.how')}>
          <div className={formStyles.fields}>
            <Radio.Group
              label={t('new.as')}
              value={values.as}
              onChange={(value) => form.set('as', value as Values['as'])}
            >
              <div className={formStyles.checks}>
                <Radio value="quote" label={t('new.as_quote')} description={t('new.as_quote_help')} />
                <Radio value="order" label={t('new.as_order')} description={t('new.as_order_help')} />
              </div>
            </Radio.Group>
            {values.as === 'quote' && (
              <div data-span="6">
                <DateInput label={t('new.valid_until')} required {...form.field('valid_until')} />
              </div>
            )}
            <div data-span="6">
              <NativeSelect
                label={to('services.salesperson')}
                data={[
                  { value: '', label: to('words.none') },
                  ...people.map((one) => ({ value: one.id, label: one.name })),
                ]}
                {...form.field('salesperson_id')}
              />
            </div>
            <Textarea
              label={t('new.note')}
              description={t('new.note_help')}
              autosize
              minRows={2}
              maxLength={2000}
              {...form.field('note')}
            />
          </div>
        </Section>
      </Stacked>
      <aside>
        <Section title={to('services.to_pay')}>
          <div aria-live="polite">
            {asked !== null && quote.error ? (
              <ProblemAlert error={quote.error} />
            ) : asked !== null && quote.data ? (
              <OrderQuoteView quote={quote.data} />
            ) : (
              <p className={styles.hint}>{to('services.quote_pending')}</p>
            )}
          </div>
          <Button className={styles.submit} type="submit" fullWidth loading={form.busy}>
            {t(values.as === 'quote' ? 'new.offer' : 'new.place')}
          </Button>
          <Button
            mt="xs"
            fullWidth
            variant="default"
            renderRoot={(props) => <Link to={`/accounts/${account.id}`} {...props} />}
          >
            {to('common:action.cancel')}
          </Button>
        </Section>
      </aside>
    </form>
  )
}

const needsPlan = (values: Values) => values.kind !== 'change' || values.change === 'plan'

/** Which service is changed, and what of it. */
function ChangeFields({
  values,
  errors,
  set,
  services,
  clear,
}: {
  values: Values
  errors: Record<string, string>
  set: <Name extends keyof Values & string>(name: Name, value: Values[Name]) => void
  services: SubscriptionSummary[]
  clear: () => void
}) {
  const { t } = useTranslation('orders')
  const { t: to } = useTranslation()
  const { data: choices, error } = useQuery({
    ...changeChoicesQuery(values.subscription_id),
    enabled: values.subscription_id !== '',
  })
  const possible = choices ? listPossible(choices) : []
  /** What the service has now is where the fields begin. */
  const begin = (change: Values['change']) => {
    clear()
    set('change', change)
    if (!choices) return
    const has = choices.components
    set('quantity', has.find((one) => one.role === 'plan')?.quantity ?? 1)
    set(
      'options',
      Object.fromEntries(
        has.flatMap((one) => (one.plan_option_id === null ? [] : [[one.plan_option_id, one.quantity]])),
      ),
    )
  }
  return (
    <>
      <NativeSelect
        label={t('new.service')}
        required
        data={[
          { value: '', label: t('new.service_choose') },
          ...services.map((one) => ({
            value: one.id,
            label: `${one.plan_name}, ${to('services.contract_number', { number: one.contract_number })}`,
          })),
        ]}
        value={values.subscription_id}
        error={errors.subscription_id}
        onChange={(event) => {
          clear()
          set('change', '')
          set('subscription_id', event.currentTarget.value)
        }}
      />
      <ProblemAlert error={error} />
      {choices && (
        <Radio.Group
          label={t('new.change')}
          value={values.change}
          error={errors.change}
          onChange={(value) => begin(value as Values['change'])}
        >
          <div className={formStyles.checks}>
            {possible.map((kind) => (
              <Radio key={kind} value={kind} label={t(`new.change_${kind}`)} />
            ))}
          </div>
        </Radio.Group>
      )}
      {choices && values.change === 'quantity' && (
        <div data-span="4">
          <NumberInput
            label={to('services.quantity')}
            min={1}
            max={1_000_000}
            allowDecimal={false}
            value={values.quantity}
            onChange={(value) => set('quantity', value)}
          />
        </div>
      )}
      {choices && values.change === 'plan' && (
        <NativeSelect
          label={to('services.plan')}
          required
          data={[
            { value: '', label: to('services.plan_choose') },
            ...choices.plans.map((one) => ({ value: one.id, label: one.name })),
          ]}
          value={values.plan_id}
          error={errors.plan_id}
          onChange={(event) => set('plan_id', event.currentTarget.value)}
        />
      )}
      {choices && values.change === 'options' && (
        <OptionCounts
          options={choices.options}
          chosen={values.options}
          onChange={(chosen) => set('options', chosen)}
        />
      )}
    </>
  )
}

const listPossible = (choices: ChangeChoices): Values['change'][] => [
  ...(choices.may_quantity ? (['quantity'] as const) : []),
  ...(choices.may_plan ? (['plan'] as const) : []),
  ...(choices.may_options ? (['options'] as const) : []),
]

function OptionCounts({
  options,
  chosen,
  onChange,
}: {
  options: ChangeChoices['options']
  chosen: Record<string, number>
  onChange: (chosen: Record<string, number>) => void
}) {
  const { t } = useTranslation()
  return (
    <>
      {options.map((option) => (
        <div key={option.id} data-span="6">
          <NumberInput
            label={t('services.quantity_of', { name: option.name })}
            min={0}
            max={1_000_000}
            allowDecimal={false}
            value={chosen[option.id] ?? 0}
            onChange={(value) => {
              const { [option.id]: _before, ...others } = chosen
              const count = Number(value) || 0
              onChange(count > 0 ? { ...others, [option.id]: count } : others)
            }}
          />
        </div>
      ))}
    </>
  )
}
