import { Button, NativeSelect, TextInput } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Plan, PlanSummary } from '../shared/api-types.gen.ts'
import { Section } from '../shared/page.tsx'
import { ProblemAlert } from '../shared/problem-alert.tsx'
import { useFormats } from '../shared/use-formats.ts'
import { cycleKey, useCycleWords } from './cycle-words.ts'
import { DiscountFields } from './discount-fields.tsx'
import { PlanOptions } from './plan-options.tsx'
import { usePriceWords } from './price-words.ts'
import { type SaleChoices, type SaleForm, termsOf } from './sale.ts'
import styles from './service.module.css'
import { QuantityField, RoutingPointField, TermMonthsField } from './service-fields.tsx'

/** What is sold, and how: the plan, how many of it, its cycle, term, options, and where it enters the network. */
export function SaleFields({
  form,
  choices,
  currency,
  plans = choices.plans,
  bare = false,
  description,
  onPlan,
  children,
}: {
  form: SaleForm
  choices: SaleChoices
  /** The business unit's. */
  currency: string
  /** Those that can be chosen, where they are not all. */
  plans?: readonly PlanSummary[]
  /** Plan and quantity alone. */
  bare?: boolean
  description?: string
  /** Another plan was chosen. */
  onPlan?: (plan: PlanSummary | undefined) => void
  /** Beside the cycle. */
  children?: ReactNode
}) {
  const { t } = useTranslation()
  const say = useCycleWords()
  const sayPrice = usePriceWords()
  const { plan, cycles, price, points, routed } = choices
  const { values } = form
  const whole = plan !== undefined && !bare
  return (
    <>
      <PlanField
        plans={plans}
        description={description}
        {...form.field('plan_id')}
        onChange={(id) => {
          const chosen = plans.find((one) => one.id === id)
          form.set('plan_id', id)
          form.set('options', {})
          form.set('cycle', '')
          form.set('currency', currency)
          form.set('term_months', chosen?.term_months ?? 0)
          onPlan?.(chosen)
        }}
      />
      {plan && (
        <QuantityField
          name="quantity"
          value={values.quantity}
          error={form.errors.quantity}
          onChange={(value) => form.set('quantity', value)}
        />
      )}
      {whole && (
        <>
          <div data-span="8">
            <NativeSelect
              label={t('services.cycle')}
              data={cycles.map((one) => ({
                value: cycleKey(one),
                label: [
                  `${sayPrice(one)}, ${say(one)}`,
                  one.cycle_alignment === 'anniversary' &&
                    one.cycle_unit === 'month' &&
                    t('prices.alignment_anniversary').toLowerCase(),
                ]
                  .filter(Boolean)
                  .join(', '),
              }))}
              {...form.field('cycle')}
              value={price ? cycleKey(price) : ''}
            />
          </div>
          {children}
          <TermField
            key={plan.id}
            plan={plan}
            value={values.term_months}
            error={form.errors.term_months}
            onChange={(value) => form.set('term_months', value)}
          />
        </>
      )}
      {whole && plan.options.some((option) => option.archived_at === null) && (
        <PlanOptions
          plan={plan}
          price={price}
          chosen={values.options}
          error={form.errors.options}
          onChange={(chosen) => form.set('options', chosen)}
        />
      )}
      {routed && (
        <RoutingPointField
          points={points}
          none={t('services.routing_point_choose')}
          required
          {...form.field('routing_point_id')}
        />
      )}
    </>
  )
}

/** A plan by its name and price, under its product. */
function PlanField({
  plans,
  value,
  onChange,
  ...props
}: {
  plans: readonly PlanSummary[]
  name: string
  value: string
  error: string | undefined
  description: string | undefined
  onChange: (id: string) => void
}) {
  const { t } = useTranslation()
  const { money } = useFormats()
  const say = useCycleWords()
  const labelOf = (one: PlanSummary) =>
    t('services.plan_choice', {
      name: one.name,
      amount: money(one.amount ?? 0, one.currency),
      cycle: say({ cycle_unit: one.cycle_unit ?? 'month', cycle_count: one.cycle_count ?? 1 }),
    })
  return (
    <NativeSelect
      label={t('services.plan')}
      required
      data={[
        { value: '', label: t('services.plan_choose') },
        ...[...new Set(plans.map((one) => one.product_name))].map((product) => ({
          group: product,
          items: plans
            .filter((one) => one.product_name === product)
            .map((one) => ({ value: one.id, label: labelOf(one) })),
        })),
      ]}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      {...props}
    />
  )
}

/** The minimum term: one of those that the plan is offered for, with what it takes off, or any other that is agreed. */
function TermField({
  plan,
  value,
  error,
  onChange,
}: {
  plan: Plan
  value: number | string
  error: string | undefined
  onChange: (months: number | string) => void
}) {
  const { t } = useTranslation()
  const { percent } = useFormats()
  const terms = termsOf(plan)
  const [other, setOther] = useState(terms.length < 2)
  if (terms.length < 2)
    return (
      <TermMonthsField
        name="term_months"
        description={t('services.term_months_help')}
        value={value}
        error={error}
        onChange={onChange}
      />
    )
  return (
    <>
      <div data-span="6">
        <NativeSelect
          label={t('services.term')}
          data={[
            ...terms.map((term) => ({
              value: String(term.term_months),
              label: [
                term.term_months === 0 ? t('words.none') : t('words.months', { count: term.term_months }),
                term.discount_basis_points !== null && `−${percent(term.discount_basis_points / 10_000)}`,
              ]
                .filter(Boolean)
                .join(' · '),
            })),
            { value: 'other', label: t('services.term_free') },
          ]}
          value={other ? 'other' : String(value)}
          error={other ? undefined : error}
          onChange={(event) => {
            const chosen = event.currentTarget.value
            setOther(chosen === 'other')
            if (chosen !== 'other') onChange(Number(chosen))
          }}
        />
      </div>
      {other && <TermMonthsField name="term_months" value={value} error={error} onChange={onChange} />}
    </>
  )
}

/** What is taken off: a discount that is agreed, and a coupon. */
export function SaleReductions({ form, coupon = true }: { form: SaleForm; coupon?: boolean }) {
  const { t } = useTranslation()
  return (
    <>
      <DiscountFields
        values={form.values}
        errors={form.errors}
        set={(name, value) => form.set(name, value as never)}
        currency={form.values.currency}
      />
      {coupon && (
        <div data-span="6">
          <TextInput
            label={t('services.coupon')}
            placeholder={t('services.coupon_hint')}
            autoComplete="off"
            maxLength={40}
            {...form.field('coupon_code')}
          />
        </div>
      )}
    </>
  )
}

/** Beside the form: what the sale comes to while it is configured, and the way on and back. */
export function SaleAside<Quote>({
  accountId,
  quote,
  asked,
  verb,
  busy,
  show,
  children,
}: {
  accountId: string
  quote: { data: Quote | undefined; error: unknown }
  /** There is something to ask the price of. */
  asked: boolean
  verb: string
  busy: boolean
  show: (quote: Quote) => ReactNode
  children?: ReactNode
}) {
  const { t } = useTranslation()
  return (
    <aside>
      <Section title={t('services.to_pay')}>
        <div aria-live="polite">
          {asked && quote.error ? (
            <ProblemAlert error={quote.error} />
          ) : asked && quote.data !== undefined ? (
            show(quote.data)
          ) : (
            <p className={styles.hint}>{t('services.quote_pending')}</p>
          )}
          {children}
        </div>
        <Button className={styles.submit} type="submit" fullWidth loading={busy}>
          {verb}
        </Button>
        <Button
          mt="xs"
          fullWidth
          variant="default"
          renderRoot={(props) => <Link to={`/accounts/${accountId}`} {...props} />}
        >
          {t('common:action.cancel')}
        </Button>
      </Section>
    </aside>
  )
}
