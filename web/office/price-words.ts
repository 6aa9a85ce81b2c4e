import { useTranslation } from 'react-i18next'
import type { Price } from '../shared/api-types.gen.ts'
import { useFormats } from '../shared/use-formats.ts'

/** Whether it is sold at that price on a day already. */
export const isSold = (price: Price, day: string) => price.valid_from === null || price.valid_from <= day

type Terms = Pick<Price, 'price_model' | 'tiers' | 'package_size' | 'included' | 'currency'> & {
  amount: number
}

/** Says a price in a line: "R$ 10,00 (per unit)", "from R$ 10,00 (by tiers)". */
export function usePriceWords(): (price: Terms) => string {
  const { t } = useTranslation('office')
  const { money, number } = useFormats()
  return (price) => {
    const first = price.tiers?.[0]?.unit_amount
    const amount = money(first ?? price.amount, price.currency)
    return [
      first === undefined ? amount : t('prices.tiers_from', { amount }),
      price.price_model === 'package' && price.package_size !== null
        ? `${t('prices.model_package')}: ${number(price.package_size)}`
        : t(`prices.model_${price.price_model}`),
      price.included > 0 && t('prices.part_included', { count: price.included }),
    ]
      .filter(Boolean)
      .join(' · ')
  }
}
