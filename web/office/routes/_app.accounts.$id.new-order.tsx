import { Radio, Textarea } from '@mantine/core'
import { useQuery, useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute, useRouter } from '@tanstack/react-router'
import { useDeferredValue } from 'react'
import { useTranslation } from 'react-i18next'
import { api, idempotent, orThrow } from '../../shared/api.ts'
import type {
  Account,
  BusinessUnit,
  Order,
  OrderRequestInput,
  PlanSummary,
  SubscriptionSummary,
} from '../../shared/api-types.gen.ts'
import { useForm } from '../../shared/form.ts'
import { addDays } from '../../shared/formats.ts'
import { loadTexts } from '../../shared/i18n.ts'
import { DateInput } from '../../shared/inputs.tsx'
import { EmptyState, PageTitle, Section, Stacked } from '../../shared/page.tsx'
import { ProblemAlert } from '../../shared/problem-alert.tsx'
import { showToast } from '../../shared/toasts.tsx'
import { accountQuery, accountServicesQuery } from '../account-queries.ts'
import { BackLink } from '../back-link.tsx'
import { localToday } from '../calendar-day.ts'
import { checkDiscount } from '../discount.ts'
import formStyles from '../form-layout.module.css'
import { unitsQuery } from '../frame-queries.ts'
import { ChangeFields } from '../order-change-fields.tsx'
import { orderQuoteQuery, refreshOrders } from '../order-queries.ts'
import { OrderQuoteView } from '../order-quote.tsx'
import { orderKinds } from '../order-words.tsx'
import { bodyOfQuote, bodyOfSale, initialSale, useSaleChoices } from '../sale.ts'
import { SaleAside, SaleFields, SaleReductions } from '../sale-fields.tsx'
import styles from '../service.module.css'
import { SalespersonField } from '../service-fields.tsx'
import { salespeopleQuery, usablePlansQuery } from '../service-queries.ts'
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

const initial = (unit: BusinessUnit, today: string) => ({
  ...initialSale(unit.currency),
  kind: 'subscription' as (typeof orderKinds)[number],
  subscription_id: '',
  change: '' as '' | 'plan' | 'quantity' | 'options',
  salesperson_id: '',
  as: 'quote' as 'quote' | 'order',
  valid_until: addDays(today, 15),
  note: '',
})
type Values = ReturnType<typeof initial>

/** What the form asks for, as the API takes it, of a sale; null while something of it is not chosen. */
function requestOf(values: Values, sale: ReturnType<typeof bodyOfSale>): OrderRequestInput | null {
  if (values.kind === 'change') {
    if (values.subscription_id === '' || values.change === '') return null
    const base = { kind: 'change' as const, subscription_id: values.subscription_id }
    const { quantity, options, plan_id } = sale
    if (values.change === 'quantity') return { ...base, change: { kind: 'quantity', quantity } }
    if (values.change === 'options') return { ...base, change: { kind: 'options', options } }
    if (plan_id === '') return null
    const plan = { plan_id, missing_options: 'keep', keep_discount: true, trial_days: 0 } as const
    return { ...base, change: { kind: 'plan', ...plan } }
  }
  if (sale.plan_id === '') return null
  if (values.kind === 'subscription') return { kind: 'subscription', ...sale }
  const { plan_id, quantity, discount_basis_points } = sale
  return { kind: 'support_pack', plan_id, quantity, discount_basis_points }
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
  const router = useRouter()
  const queryClient = useQueryClient()
  const { data: people = [] } = useQuery(salespeopleQuery(unit.id))
  const missing = to('common:input.required')
  const form = useForm<Values, Order>({
    initial: initial(unit, localToday(unit.time_zone)),
    check: (values) => ({
      plan_id: needsPlan(values) && values.plan_id === '' && missing,
      subscription_id: values.kind === 'change' && values.subscription_id === '' && missing,
      change: values.kind === 'change' && values.change === '' && missing,
      valid_until: values.as === 'quote' && values.valid_until === '' && missing,
      ...(values.kind === 'change' ? {} : checkDiscount(values, missing)),
    }),
    submit: (values, { idempotencyKey }): Promise<Order> =>
      orThrow(
        api.POST('/api/v1/office/orders', {
          headers: idempotent(idempotencyKey),
          body: {
            account_id: account.id,
            request: requestOf(values, bodyOfSale(values, choices))!,
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
  const choices = useSaleChoices(values, unit, plans)
  const packs = plans.filter((one) => one.kind === 'support_pack')
  const pack = values.kind === 'support_pack'
  const request = requestOf(values, bodyOfQuote(values, choices))
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
        <ProblemAlert error={form.problem ?? choices.error} />
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
                set={(name, value) => form.set(name, value as never)}
                services={services}
                clear={clear}
              />
            ) : (
              <>
                <SaleFields
                  form={form}
                  choices={choices}
                  currency={unit.currency}
                  plans={pack ? packs : plans}
                  bare={pack}
                />
                <SaleReductions form={form} coupon={!pack} />
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
            <SalespersonField people={people} {...form.field('salesperson_id')} />
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
      <SaleAside
        accountId={account.id}
        quote={quote}
        asked={asked !== null}
        verb={t(values.as === 'quote' ? 'new.offer' : 'new.place')}
        busy={form.busy}
        show={(shown) => <OrderQuoteView quote={shown} />}
      />
    </form>
  )
}

const needsPlan = (values: Values) => values.kind !== 'change' || values.change === 'plan'
