import { Checkbox, NativeSelect, NumberInput, Radio, Textarea, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ChangeChoices } from '../shared/api-types.gen.ts'
import { OptionChoice } from '../shared/change-options.tsx'
import { MoneyInput } from '../shared/inputs.tsx'
import { Callout, ProblemAlert } from '../shared/problem-alert.tsx'
import { useFormats } from '../shared/use-formats.ts'
import { useSettled } from '../shared/use-settled.ts'
import { accountsSource } from './account-queries.ts'
import styles from './change-dialog.module.css'
import type { ChangeKind, FieldsProps } from './change-draft.ts'
import { useCycleWords } from './cycle-words.ts'
import { valuesOfDiscount } from './discount.ts'
import { DiscountFields } from './discount-fields.tsx'
import formStyles from './form-layout.module.css'
import { unitsQuery } from './frame-queries.ts'

function PlanFields({ service, choices, draft, set }: FieldsProps) {
  const { t } = useTranslation('changes')
  const { money } = useFormats()
  const cycleWords = useCycleWords()
  const chosen = choices.plans.find((one) => one.id === draft.plan_id)
  return (
    <>
      <NativeSelect
        label={t('form.new_plan')}
        required
        value={draft.plan_id}
        onChange={(event) => set('plan_id', event.currentTarget.value)}
        data={[
          { value: '', label: t('form.choose_plan') },
          ...choices.plans.map((plan) => ({
            value: plan.id,
            label: t('form.plan_choice', {
              name: plan.name,
              amount: money(plan.amount, choices.currency),
              cycle: cycleWords(plan),
            }),
          })),
        ]}
      />
      {(service.discount_kind !== null || (chosen && chosen.missing.length > 0)) && (
        <div className={formStyles.checks}>
          {service.discount_kind !== null && (
            <Checkbox
              label={t('form.keep_discount')}
              checked={draft.keep_discount}
              onChange={(event) => set('keep_discount', event.currentTarget.checked)}
            />
          )}
          {chosen && chosen.missing.length > 0 && (
            <Checkbox
              label={t('form.keep_missing', { names: chosen.missing.join(', ') })}
              checked={draft.keep_missing}
              onChange={(event) => set('keep_missing', event.currentTarget.checked)}
            />
          )}
        </div>
      )}
      <NumberInput
        label={t('form.trial_days')}
        description={t('form.trial_days_help')}
        className={styles.short}
        min={0}
        max={3650}
        allowDecimal={false}
        value={draft.trial_days}
        onChange={(value) => set('trial_days', value)}
      />
    </>
  )
}

function ComponentChoice({ choices, draft, set, of }: FieldsProps & { of: ChangeChoices['components'] }) {
  const { t } = useTranslation('changes')
  if (of.length < 2) return null
  return (
    <NativeSelect
      label={t('form.component')}
      value={draft.component_id}
      onChange={(event) => {
        const one = choices.components.find(({ id }) => id === event.currentTarget.value)
        set('component_id', event.currentTarget.value)
        if (!one) return
        set('quantity', one.quantity)
        set('unit_amount', one.unit_amount)
        const discount = valuesOfDiscount(one)
        set('discount_kind', discount.discount_kind)
        set('discount_amount', discount.discount_amount)
        set('discount_percent', discount.discount_percent)
      }}
      data={of.map((one) => ({ value: one.id, label: one.description }))}
    />
  )
}

function QuantityFields(props: FieldsProps) {
  const { t } = useTranslation('changes')
  const { choices, draft, set } = props
  const of = choices.components.filter((one) => one.countable)
  return (
    <>
      <ComponentChoice {...props} of={of} />
      <NumberInput
        label={t('form.quantity')}
        required
        className={styles.short}
        min={1}
        max={1_000_000}
        allowDecimal={false}
        value={draft.quantity}
        onChange={(value) => set('quantity', value)}
      />
    </>
  )
}

function OptionFields({ choices, draft, set }: FieldsProps) {
  const { t } = useTranslation('changes')
  const { money } = useFormats()
  const cycleWords = useCycleWords()
  return (
    <OptionChoice
      legend={t('form.options')}
      choices={choices}
      chosen={draft.options}
      onChange={(options) => set('options', options)}
      priceOf={(option) => `${money(option.unit_amount, choices.currency)} ${cycleWords(option.cycle)}`}
    />
  )
}

function PriceFields(props: FieldsProps) {
  const { t } = useTranslation('changes')
  const { choices, draft, set } = props
  const of = choices.components.filter(
    (one) => one.cycle_unit !== 'once' && one.price_model !== 'tiered' && one.price_model !== 'volume',
  )
  return (
    <>
      <ComponentChoice {...props} of={of} />
      <MoneyInput
        label={t('form.price')}
        description={t('form.price_help')}
        required
        className={styles.short}
        currency={choices.currency}
        value={draft.unit_amount}
        onChange={(amount) => set('unit_amount', amount)}
      />
    </>
  )
}

function DiscountChoice(props: FieldsProps) {
  const { choices, draft, set } = props
  return (
    <>
      <ComponentChoice {...props} of={choices.components.filter((one) => one.role !== 'usage')} />
      <div className={formStyles.fields}>
        <DiscountFields
          values={draft}
          errors={{}}
          set={(name, value) => set(name, value as never)}
          currency={choices.currency}
        />
      </div>
    </>
  )
}

function CycleFields({ choices, draft, set }: FieldsProps) {
  const { t } = useTranslation('changes')
  const { money } = useFormats()
  const cycleWords = useCycleWords()
  const plan = choices.components.find((one) => one.role === 'plan')
  const key = (one: { cycle_unit: string; cycle_count: number; cycle_alignment: string }) =>
    [one.cycle_unit, one.cycle_count, one.cycle_alignment].join(' ')
  const own = plan ? key(plan) : ''
  const offered = choices.prices.filter((one) => key(one) !== own)
  const others = [1, 3, 6, 12]
    .map((cycle_count) => ({
      cycle_unit: 'month' as const,
      cycle_count,
      cycle_alignment: plan?.cycle_alignment ?? ('closing' as const),
    }))
    .filter((one) => key(one) !== own && !offered.some((price) => key(price) === key(one)))
  const needsPrice = others.some((one) => key(one) === draft.cycle)
  return (
    <div className={formStyles.fields}>
      <div data-span="6">
        <NativeSelect
          label={t('form.cycle')}
          required
          value={draft.cycle}
          onChange={(event) => {
            set('cycle', event.currentTarget.value)
            set('unit_amount', null)
          }}
          data={[
            { value: '', label: t('form.choose_cycle') },
            ...offered.map((one) => ({
              value: key(one),
              label: t('form.cycle_choice', {
                cycle: cycleWords(one),
                amount: money(one.amount, choices.currency),
              }),
            })),
            ...others.map((one) => ({
              value: key(one),
              label: t('form.cycle_without', { cycle: cycleWords(one) }),
            })),
          ]}
        />
      </div>
      <div data-span="6">
        <MoneyInput
          label={t('form.cycle_price')}
          description={t(needsPrice ? 'form.cycle_price_needed' : 'form.cycle_price_help')}
          required={needsPrice}
          currency={choices.currency}
          value={draft.unit_amount}
          onChange={(amount) => set('unit_amount', amount)}
        />
      </div>
    </div>
  )
}

function DueDayFields({ service, draft, set }: FieldsProps) {
  const { t } = useTranslation('changes')
  const { t: to } = useTranslation()
  const { data: units = [] } = useQuery(unitsQuery)
  const methods = units.find((one) => one.id === service.business_unit_id)?.payment_methods ?? []
  const all = methods.includes(service.payment_method) ? methods : [service.payment_method, ...methods]
  return (
    <>
      <div className={formStyles.fields}>
        <div data-span="6">
          <NumberInput
            label={t('form.due_day')}
            required
            min={1}
            max={31}
            allowDecimal={false}
            value={draft.due_day}
            onChange={(value) => set('due_day', value)}
          />
        </div>
        <div data-span="6">
          <NativeSelect
            label={t('form.payment_method')}
            value={draft.payment_method}
            onChange={(event) => set('payment_method', event.currentTarget.value)}
            data={all.map((value) => ({ value, label: to(`words.payment_method.${value}`) }))}
          />
        </div>
      </div>
      <p className={styles.hint}>{t('form.due_day_help')}</p>
    </>
  )
}

function SuspendFields({ draft, set }: FieldsProps) {
  const { t } = useTranslation()
  return (
    <Radio.Group
      label={t('services.suspend_kind')}
      value={draft.administrative ? 'administrative' : 'full'}
      onChange={(value) => set('administrative', value === 'administrative')}
    >
      <div className={formStyles.checks}>
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
  )
}

/** The account that takes the service over, found by its name. */
function TransferFields({ service, draft, set }: FieldsProps) {
  const { t } = useTranslation('changes')
  const [q, setQ] = useState('')
  const asked = useSettled(q.trim(), 250)
  const found = useQuery({
    queryKey: ['accounts', 'to-transfer', service.business_unit_id, asked],
    enabled: asked.length > 1,
    queryFn: ({ signal }) =>
      accountsSource.fetchPage({ q: asked, business_unit_id: service.business_unit_id, limit: 8 }, signal),
  })
  const others = (found.data?.items ?? []).filter((one) => one.id !== service.account_id)
  return (
    <>
      <TextInput
        label={t('form.account')}
        description={t('form.account_help')}
        required
        type="search"
        autoComplete="off"
        value={q}
        onChange={(event) => {
          setQ(event.currentTarget.value)
          set('account_id', '')
        }}
      />
      <ProblemAlert error={found.error} onRetry={found.refetch} />
      {asked.length > 1 && found.isSuccess && others.length === 0 && (
        <p className={styles.hint}>{t('form.account_none')}</p>
      )}
      {others.length > 0 && (
        <Radio.Group
          label={t('form.account_choose')}
          value={draft.account_id}
          onChange={(value) => set('account_id', value)}
        >
          <div className={formStyles.checks}>
            {others.map((one) => (
              <Radio
                key={one.id}
                value={one.id}
                label={one.name}
                description={t('form.account_facts', { number: one.number, email: one.email ?? '–' })}
              />
            ))}
          </div>
        </Radio.Group>
      )}
      <p className={styles.hint}>{t('form.transfer_help')}</p>
    </>
  )
}

function CancelFields({ service, draft, set }: FieldsProps) {
  const { t } = useTranslation('changes')
  const { t: to } = useTranslation()
  return (
    <>
      <Callout tone="bad" title={to('services.cancel_final')}>
        <p>{t('form.cancel_text')}</p>
      </Callout>
      <Textarea
        label={to('services.reason')}
        description={to('services.reason_missing')}
        required
        autosize
        minRows={2}
        maxLength={500}
        value={draft.reason}
        onChange={(event) => set('reason', event.currentTarget.value)}
      />
      {service.term_months > 0 && (
        <Checkbox
          label={t('form.penalty')}
          description={t('form.penalty_help')}
          checked={draft.penalty}
          onChange={(event) => set('penalty', event.currentTarget.checked)}
        />
      )}
    </>
  )
}

function TrialFields({ draft, set }: FieldsProps) {
  const { t } = useTranslation('changes')
  return (
    <NumberInput
      label={t('form.days')}
      required
      className={styles.short}
      min={1}
      max={3650}
      allowDecimal={false}
      value={draft.days}
      onChange={(value) => set('days', value)}
    />
  )
}

/** What each kind of change is asked with; nothing where there is nothing to choose. */
export const fieldsOfChange: Record<ChangeKind, ((props: FieldsProps) => React.ReactNode) | null> = {
  plan: PlanFields,
  quantity: QuantityFields,
  options: OptionFields,
  price: PriceFields,
  discount: DiscountChoice,
  cycle: CycleFields,
  due_day: DueDayFields,
  suspend: SuspendFields,
  reactivate: null,
  transfer: TransferFields,
  cancel: CancelFields,
  extend_trial: TrialFields,
}
