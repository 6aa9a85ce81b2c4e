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
