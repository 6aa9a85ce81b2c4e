import { NativeSelect, NumberInput } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { separatorsOf } from '../shared/formats.ts'
import { MoneyInput } from '../shared/inputs.tsx'
import type { DiscountValues } from './discount.ts'

/** None, an amount, or a percentage off the plan. */
export function DiscountFields({
  values,
  errors,
  set,
  currency,
}: {
  values: DiscountValues
  errors: Record<string, string>
  set: <Name extends keyof DiscountValues>(name: Name, value: DiscountValues[Name]) => void
  currency: string
}) {
  const { t, i18n } = useTranslation()
  return (
    <>
      <div data-span="6">
        <NativeSelect
          label={t('services.discount')}
          value={values.discount_kind}
          error={errors.discount_kind}
          onChange={(event) =>
            set('discount_kind', event.currentTarget.value as DiscountValues['discount_kind'])
          }
          data={[
            { value: '', label: t('words.none') },
            { value: 'amount', label: t('services.discount_amount') },
            { value: 'percent', label: t('services.discount_percent') },
          ]}
        />
      </div>
      <div data-span="6">
        {values.discount_kind === 'amount' && (
          <MoneyInput
            label={t('services.discount_off')}
            required
            currency={currency}
            value={values.discount_amount}
            error={errors.discount_amount}
            onChange={(amount) => set('discount_amount', amount)}
          />
        )}
        {values.discount_kind === 'percent' && (
          <NumberInput
            label={t('services.discount_percentage')}
            required
            min={0}
            max={100}
            decimalScale={2}
            decimalSeparator={separatorsOf(i18n.language).decimal}
            suffix=" %"
            hideControls
            value={values.discount_percent}
            error={errors.discount_percent ?? errors.discount_basis_points}
            onChange={(percent) => set('discount_percent', percent)}
          />
        )}
      </div>
    </>
  )
}
