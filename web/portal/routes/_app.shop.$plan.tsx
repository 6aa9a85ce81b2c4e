import { Button, Checkbox, NumberInput, TextInput } from '@mantine/core'
import IconArrowRight from '@tabler/icons-react/dist/esm/icons/IconArrowRight.mjs'
import IconBuildingStore from '@tabler/icons-react/dist/esm/icons/IconBuildingStore.mjs'
import IconDiscount from '@tabler/icons-react/dist/esm/icons/IconDiscount.mjs'
import { useMutation, useQuery, useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, idempotent, orThrow } from '../../shared/api.ts'
import type {
  OrderQuote,
  OwnOrderRequest,
  ShopOption,
  ShopPlan,
  ShopPrice,
} from '../../shared/api-types.gen.ts'
import { useLater } from '../../shared/later.ts'
import { EmptyState, PageTitle, Section, SkeletonText } from '../../shared/page.tsx'
import { type Problem, toProblem } from '../../shared/problem.ts'
import { Callout, ProblemAlert } from '../../shared/problem-alert.tsx'
import { useFormats } from '../../shared/use-formats.ts'
import { AreaProblem } from '../area-problem.tsx'
import { BackLink } from '../back-link.tsx'
import { ButtonLink } from '../button-link.tsx'
import { orderQuoteQuery, shopQuery } from '../order-queries.ts'
import { OrderSummary } from '../order-summary.tsx'
import { maySession, useSession } from '../session.ts'
import styles from '../shop.module.css'
import { cycleKey, isCountable, useCycleWords } from '../shop-words.tsx'

/** One plan, made as it is wanted: what it comes to is said while it is, and exactly that is ordered. */
export const Route = createFileRoute('/_app/shop/$plan')({
  loader: ({ context: { queryClient } }) => queryClient.ensureQueryData(shopQuery),
  component: PlanPage,
  errorComponent: AreaProblem,
})

function PlanPage() {
  const { t } = useTranslation('shop')
  const { plan: id } = Route.useParams()
  const { data: shop } = useSuspenseQuery(shopQuery)
  const product = shop.products.find(({ plans }) => plans.some((plan) => plan.id === id))
  const plan = product?.plans.find((one) => one.id === id)
  const back = <BackLink to="/shop">{t('title')}</BackLink>
  if (!product || !plan)
    return (
      <>
        <PageTitle back={back} title={t('gone')} />
        <Section>
          <EmptyState
            icon={<IconBuildingStore size={24} aria-hidden />}
            title={t('gone')}
            action={<ButtonLink to="/shop">{t('to_shop')}</ButtonLink>}
          >
            {t('gone_text')}
          </EmptyState>
        </Section>
      </>
    )
  return (
    <>
      <PageTitle back={back} title={plan.name} subtitle={product.name} />
      <Configure key={id} plan={plan} currency={shop.currency} />
    </>
  )
}

type Draft = {
  cycle: string
  term: number
  quantity: number | string
  options: Record<string, number>
  coupon: string | null
}

/** What is asked for, once every number is one; null until then. */
function requestOf(plan: ShopPlan, draft: Draft): OwnOrderRequest | null {
  const { quantity } = draft
  if (typeof quantity !== 'number' || !Number.isInteger(quantity) || quantity < 1) return null
  if (plan.order_kind === 'support_pack') return { kind: 'support_pack', plan_id: plan.id, quantity }
  const price = plan.prices.find((one) => cycleKey(one) === draft.cycle)
  return {
    kind: 'subscription',
    plan_id: plan.id,
    quantity,
    ...(price
      ? {
          cycle: {
            cycle_unit: price.cycle_unit,
            cycle_count: price.cycle_count,
            cycle_alignment: price.cycle_alignment,
          },
        }
      : {}),
    options: Object.entries(draft.options).map(([plan_option_id, count]) => ({
      plan_option_id,
      quantity: count,
    })),
    coupon_code: draft.coupon,
    term_months: draft.term,
  }
}

/** What a refusal says of one field, by the end of its path. */
function faultOf(problem: Problem | null, field: string): string | undefined {
  return problem?.errors?.find(({ path }) => path.split('.').includes(field))?.message
}

const aboutCoupon = (problem: Problem | null) => problem?.code.startsWith('coupon_') === true

function Configure({ plan, currency }: { plan: ShopPlan; currency: string }) {
  const { t } = useTranslation('shop')
  const navigate = Route.useNavigate()
  const mayPay = maySession(useSession(), 'billing')
  const { queryClient } = Route.useRouteContext()
  const [draft, setDraft] = useState<Draft>(() => ({
    cycle: plan.prices[0] ? cycleKey(plan.prices[0]) : '',
    term: plan.term_months,
    quantity: 1,
    options: {},
    coupon: null,
  }))
  const [outdated, setOutdated] = useState(false)
  const [couponFault, setCouponFault] = useState<string>()
  const attempt = useRef<string | null>(null)
  const set = <Name extends keyof Draft>(name: Name, value: Draft[Name]) => {
    attempt.current = null
    setOutdated(false)
    setDraft((before) => ({ ...before, [name]: value }))
  }
  const request = requestOf(plan, draft)
  const key = JSON.stringify(request)
  const asked = useLater(key, 250)
  const quote = useQuery(orderQuoteQuery(JSON.parse(asked)))
  const current = asked === key && quote.isSuccess && !quote.isPlaceholderData && !quote.isFetching
  const problem = asked === key && quote.error ? toProblem(quote.error) : null
  // A coupon that is refused takes nothing else away: it is said at its field, and the price is the one without it.
  const refusedCoupon = aboutCoupon(problem)
    ? [problem?.title, problem?.detail].filter(Boolean).join(': ')
    : draft.coupon === null
      ? undefined
      : faultOf(problem, 'coupon_code')
  useEffect(() => {
    if (refusedCoupon === undefined) return
    setCouponFault(refusedCoupon)
    setDraft((before) => ({ ...before, coupon: null }))
  }, [refusedCoupon])
  const place = useMutation({
    mutationFn: (shown: OrderQuote) => {
      attempt.current ??= crypto.randomUUID()
      return orThrow(
        api.POST('/api/v1/portal/orders', {
          headers: idempotent(attempt.current),
          body: { request: request!, token: shown.token },
        }),
      )
    },
    onSuccess: (order) => {
      void queryClient.invalidateQueries({ queryKey: ['orders'] })
      void queryClient.invalidateQueries({ queryKey: ['home'] })
      return order.payable && mayPay
        ? navigate({ to: '/pay', search: { order: order.id } })
        : navigate({ to: '/orders/$id', params: { id: order.id } })
    },
    onError: (cause) => {
      const { code, status } = toProblem(cause)
      if (status > 0 && status < 500) attempt.current = null
      if (code !== 'order_price_changed') return
      setOutdated(true)
      void quote.refetch()
    },
  })
  const price = plan.prices.find((one) => cycleKey(one) === draft.cycle) ?? plan.prices[0]
  // What stands under its field is not said again over the price.
  const fieldFaults = ['quantity', 'options', 'cycle', 'term_months'].map((field) => faultOf(problem, field))
  const elsewhere = problem && refusedCoupon === undefined && fieldFaults.every((one) => one === undefined)
  return (
    <form
      className={styles.page}
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        if (current && quote.data && !place.isPending) place.mutate(quote.data)
      }}
    >
      <div className={styles.fields}>
        <Section>
          <div className={styles.form}>
            {plan.description && <p>{plan.description}</p>}
            <Included plan={plan} />
            {plan.prices.length > 1 && (
              <Cycles
                prices={plan.prices}
                currency={currency}
                chosen={draft.cycle}
                onChoose={(one) => set('cycle', one)}
                fault={faultOf(problem, 'cycle')}
              />
            )}
            {plan.terms.length > 1 && (
              <Terms
                terms={plan.terms}
                chosen={draft.term}
                onChoose={(months) => set('term', months)}
                fault={faultOf(problem, 'term_months')}
              />
            )}
            {(plan.order_kind === 'support_pack' || (price && isCountable(price))) && (
              <NumberInput
                label={t('quantity')}
                className={styles.number}
                required
                withAsterisk={false}
                min={1}
                max={10_000}
                allowDecimal={false}
                value={draft.quantity}
                onChange={(value) => set('quantity', value)}
                error={request === null ? t('quantity_wrong') : faultOf(problem, 'quantity')}
              />
            )}
            {price?.tiers && <Tiers price={price} currency={currency} />}
          </div>
        </Section>
        {plan.options.length > 0 && (
          <Section title={t('options')} description={t('options_text')}>
            <Options
              options={plan.options}
              cycle={price}
              currency={currency}
              chosen={draft.options}
              onChoose={(options) => set('options', options)}
              fault={faultOf(problem, 'options')}
            />
          </Section>
        )}
        {plan.meters.length > 0 && <Meters plan={plan} currency={currency} />}
      </div>
      <div className={styles.result}>
        <Section title={t('summary.title')}>
          <div
            className={styles.summary}
            aria-live="polite"
            aria-busy={quote.isFetching}
            data-stale={!current || undefined}
          >
            {outdated && (
              <Callout tone="warning" title={t('changed')}>
                <p>{t('changed_text')}</p>
              </Callout>
            )}
            <ProblemAlert error={elsewhere ? quote.error : null} onRetry={quote.refetch} />
            {quote.data ? (
              <OrderSummary quote={quote.data} currency={currency} />
            ) : (
              !problem && <SkeletonText lines={6} />
            )}
          </div>
          {plan.order_kind === 'subscription' && (
            <Coupon
              applied={draft.coupon}
              fault={couponFault}
              onTyped={() => setCouponFault(undefined)}
              onApply={(code) => {
                setCouponFault(undefined)
                set('coupon', code)
              }}
            />
          )}
          <ProblemAlert error={outdated ? null : place.error} />
          <Button
            type="submit"
            size="md"
            fullWidth
            disabled={!current}
            loading={place.isPending}
            rightSection={<IconArrowRight size={18} aria-hidden />}
          >
            <Verb quote={quote.data} currency={currency} mayPay={mayPay} />
          </Button>
          <p className={styles.small}>{t(quote.data && quote.data.due > 0 ? 'after_pay' : 'after_free')}</p>
        </Section>
      </div>
    </form>
  )
}

function Verb({
  quote,
  currency,
  mayPay,
}: {
  quote: OrderQuote | undefined
  currency: string
  mayPay: boolean
}) {
  const { t } = useTranslation('shop')
  const { money } = useFormats()
  if (!quote || quote.due === 0 || !mayPay) return t('order_it')
  return t('order_pay', { amount: money(quote.due, currency) })
}

function Included({ plan }: { plan: ShopPlan }) {
  const { t } = useTranslation('shop')
  const items = plan.items.filter((one) => one.included > 0)
  if (items.length === 0 && plan.support_credits === 0) return null
  return (
    <div>
      <h2 className={styles.label}>{t('portal:service.included')}</h2>
      <ul className={styles.items}>
        {items.map((one) => (
          <li key={one.item}>{t(`portal:service.item.${one.item}`, { count: one.included })}</li>
        ))}
        {plan.support_credits > 0 && <li>{t('credits.count', { count: plan.support_credits })}</li>}
      </ul>
    </div>
  )
}

function Cycles({
  prices,
  currency,
  chosen,
  onChoose,
  fault,
}: {
  prices: ShopPrice[]
  currency: string
  chosen: string
  onChoose: (key: string) => void
  fault: string | undefined
}) {
  const { t } = useTranslation('shop')
  const words = useCycleWords(currency)
  const differ = new Set(prices.map((one) => one.cycle_alignment)).size > 1
  return (
    <Choices
      name="cycle"
      title={t('cycle_title')}
      choices={prices.map((price) => ({
        key: cycleKey(price),
        label: words.amount(price, price.one),
        note: [isCountable(price) && t('each'), differ && t(`alignment.${price.cycle_alignment}`)]
          .filter(Boolean)
          .join(' · '),
      }))}
      chosen={chosen}
      onChoose={onChoose}
      fault={fault}
    />
  )
}

/** For how long one binds oneself, and what that takes off. */
function Terms({
  terms,
  chosen,
  onChoose,
  fault,
}: {
  terms: ShopPlan['terms']
  chosen: number
  onChoose: (months: number) => void
  fault: string | undefined
}) {
  const { t } = useTranslation('shop')
  const { percent } = useFormats()
  return (
    <Choices
      name="term"
      title={t('term.title')}
      choices={terms.map(({ term_months: months, discount_basis_points: off }) => ({
        key: String(months),
        label: months === 0 ? t('term.none') : t('term.months', { count: months }),
        note: off === null ? '' : t('term.off', { percent: percent(off / 10_000) }),
      }))}
      chosen={String(chosen)}
      onChoose={(key) => onChoose(Number(key))}
      fault={fault}
    />
  )
}

/** One of several, each a card. */
function Choices({
  name,
  title,
  choices,
  chosen,
  onChoose,
  fault,
}: {
  name: string
  title: string
  choices: { key: string; label: string; note: string }[]
  chosen: string
  onChoose: (key: string) => void
  fault: string | undefined
}) {
  return (
    <fieldset className={styles.cycles}>
      <legend>{title}</legend>
      {choices.map(({ key, label, note }) => (
        <label key={key} className={styles.cycle}>
          <input
            type="radio"
            name={name}
            value={key}
            checked={chosen === key}
            onChange={() => onChoose(key)}
          />
          <span>
            <strong>{label}</strong>
            {note !== '' && <small>{note}</small>}
          </span>
        </label>
      ))}
      {fault && (
        <p role="alert" className={styles.error}>
          {fault}
        </p>
      )}
    </fieldset>
  )
}

/** What each costs from how many on. */
function Tiers({ price, currency }: { price: ShopPrice; currency: string }) {
  const { t } = useTranslation('shop')
  const { money } = useFormats()
  const tiers = price.tiers ?? []
  return (
    <details className={styles.tiers}>
      <summary>{t('tiers')}</summary>
      <ul>
        {tiers.map((tier, index) => {
          const from = (tiers[index - 1]?.up_to ?? 0) + 1
          const amount = money(tier.unit_amount, currency)
          return (
            <li key={from}>
              {tier.up_to === null
                ? t('tier_last', { from, amount })
                : t('tier', { from, to: tier.up_to, amount })}
              {tier.flat_amount > 0 && ` + ${money(tier.flat_amount, currency)}`}
            </li>
          )
        })}
      </ul>
    </details>
  )
}

/** The price of an option that goes with the cycle of the plan, or its first. */
const priceWith = (option: ShopOption, cycle: ShopPrice | undefined) =>
  option.prices.find(
    (one) => cycle && one.cycle_unit === cycle.cycle_unit && one.cycle_count === cycle.cycle_count,
  ) ?? option.prices[0]

function Options({
  options,
  cycle,
  currency,
  chosen,
  onChoose,
  fault,
}: {
  options: ShopOption[]
  cycle: ShopPrice | undefined
  currency: string
  chosen: Record<string, number>
  onChoose: (chosen: Record<string, number>) => void
  fault: string | undefined
}) {
  const { t } = useTranslation('shop')
  const words = useCycleWords(currency)
  const put = (id: string, quantity: number | null) => {
    const { [id]: _, ...others } = chosen
    onChoose(quantity === null ? others : { ...others, [id]: quantity })
  }
  return (
    <fieldset className={styles.options}>
      <legend className="visually-hidden">{t('options')}</legend>
      {options.map((option) => {
        const price = priceWith(option, cycle)
        const quantity = chosen[option.id]
        return (
          <div key={option.id} className={styles.option}>
            <Checkbox
              label={option.name}
              checked={quantity !== undefined}
              onChange={(event) => put(option.id, event.currentTarget.checked ? 1 : null)}
            />
            {price && (
              <span>
                {price.one === 0 && !isCountable(price) ? t('free') : words.amount(price, price.one)}
              </span>
            )}
            {price && isCountable(price) && price.cycle_unit !== 'once' && quantity !== undefined && (
              <NumberInput
                aria-label={t('quantity_of', { name: option.name })}
                size="sm"
                min={1}
                max={10_000}
                allowDecimal={false}
                value={quantity}
                onChange={(value) => put(option.id, Number.isInteger(value) ? Math.max(1, Number(value)) : 1)}
              />
            )}
          </div>
        )
      })}
      {fault && (
        <p role="alert" className={styles.error}>
          {fault}
        </p>
      )}
    </fieldset>
  )
}

/** What is charged by use, on top. */
function Meters({ plan, currency }: { plan: ShopPlan; currency: string }) {
  const { t } = useTranslation('shop')
  const { money } = useFormats()
  return (
    <Section title={t('meters')} description={t('meters_text')}>
      <ul className={styles.meters}>
        {plan.meters.map((meter) => {
          const price = meter.prices[0]
          return (
            <li key={meter.id}>
              <span>
                {meter.name}
                {price && price.included > 0 && (
                  <small>{t('meter_included', { count: price.included, unit: meter.unit_name })}</small>
                )}
              </span>
              {price && (
                <span>
                  {price.tiers
                    ? t('meter_tiers')
                    : price.package_size !== null
                      ? t('meter_package', {
                          amount: money(price.amount, currency),
                          size: price.package_size,
                          unit: meter.unit_name,
                        })
                      : t('meter_price', { amount: money(price.amount, currency), unit: meter.unit_name })}
                </span>
              )}
            </li>
          )
        })}
      </ul>
    </Section>
  )
}

/** A code that takes something off; a wrong one is said here and takes nothing else away. */
function Coupon({
  applied,
  fault,
  onTyped,
  onApply,
}: {
  applied: string | null
  fault: string | undefined
  /** What is typed anew is no longer what was refused. */
  onTyped: () => void
  onApply: (code: string | null) => void
}) {
  const { t } = useTranslation('shop')
  const [typed, setTyped] = useState('')
  const apply = () => onApply(typed.trim() === '' ? null : typed.trim())
  if (applied !== null)
    return (
      <p className={styles.applied}>
        <IconDiscount size={18} aria-hidden />
        <span>{t('coupon.applied', { code: applied })}</span>
        <Button
          variant="subtle"
          size="xs"
          onClick={() => {
            setTyped('')
            onApply(null)
          }}
        >
          {t('coupon.remove')}
        </Button>
      </p>
    )
  return (
    <div className={styles.coupon}>
      <TextInput
        label={t('coupon.label')}
        autoComplete="off"
        autoCapitalize="characters"
        spellCheck={false}
        maxLength={40}
        value={typed}
        error={fault}
        onChange={(event) => {
          setTyped(event.currentTarget.value)
          onTyped()
        }}
        onKeyDown={(event) => {
          if (event.key !== 'Enter') return
          event.preventDefault()
          apply()
        }}
      />
      <Button variant="default" disabled={typed.trim() === ''} onClick={apply}>
        {t('coupon.apply')}
      </Button>
    </div>
  )
}
