import { NativeSelect, NumberInput, Radio } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import type { ChangeChoices, SubscriptionSummary } from '../shared/api-types.gen.ts'
import { ProblemAlert } from '../shared/problem-alert.tsx'
import { changeChoicesQuery } from './change-queries.ts'
import formStyles from './form-layout.module.css'
import type { SaleValues } from './sale.ts'
import { QuantityField } from './service-fields.tsx'

/** What an order changes of a service. */
export type ChangeValues = Pick<SaleValues, 'plan_id' | 'quantity' | 'options' | 'cycle'> & {
  subscription_id: string
  change: '' | 'plan' | 'quantity' | 'options'
}

/** Which service is changed, and what of it. */
export function ChangeFields({
  values,
  errors,
  set,
  services,
  clear,
}: {
  values: ChangeValues
  errors: Record<string, string>
  set: <Name extends keyof ChangeValues>(name: Name, value: ChangeValues[Name]) => void
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
  const begin = (change: ChangeValues['change']) => {
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
          onChange={(value) => begin(value as ChangeValues['change'])}
        >
          <div className={formStyles.checks}>
            {possible.map((kind) => (
              <Radio key={kind} value={kind} label={t(`new.change_${kind}`)} />
            ))}
          </div>
        </Radio.Group>
      )}
      {choices && values.change === 'quantity' && (
        <QuantityField value={values.quantity} onChange={(value) => set('quantity', value)} />
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

const listPossible = (choices: ChangeChoices): ChangeValues['change'][] => [
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
