import { NativeSelect, NumberInput } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { separatorsOf } from '../shared/formats.ts'
import { MoneyInput } from '../shared/inputs.tsx'
import { toBasisPoints } from './amounts.ts'

/** A discount as a form holds it: the percentage is what was typed. */
export type DiscountValues = {
  discount_kind: '' | 'amount' | 'percent'
  discount_amount: number | null
  discount_percent: number | string
}

/** A discount as the API says it, for a form. */
export function valuesOfDiscount(from: {
  discount_kind: 'amount' | 'percent' | null
  discount_amount: number | null
  discount_basis_points: number | null
}): DiscountValues {
  return {
    discount_kind: from.discount_kind ?? '',
    discount_amount: from.discount_amount,
    discount_percent: from.discount_basis_points === null ? '' : from.discount_basis_points / 100,
  }
}

/** The discount of a form as the API takes it: its three fields together. */
export function bodyOfDiscount(values: DiscountValues) {
  return {
    discount_kind: values.discount_kind === '' ? null : values.discount_kind,
    discount_amount: values.discount_kind === 'amount' ? values.discount_amount : null,
    discount_basis_points: values.discount_kind === 'percent' ? toBasisPoints(values.discount_percent) : null,
  }
}

/** What a discount lacks, by field. */
export function checkDiscount(values: DiscountValues, missing: string) {
  return {
    discount_amount: values.discount_kind === 'amount' && !values.discount_amount && missing,
    discount_percent:
      values.discount_kind === 'percent' && !toBasisPoints(values.discount_percent) && missing,
  }
}

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
