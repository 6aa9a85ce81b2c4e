import { Checkbox, NumberInput } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { Plan, Price } from '../shared/api-types.gen.ts'
import { useFormats } from '../shared/use-formats.ts'
import { useCycleWords } from './cycle-words.ts'
import { isSold } from './price-words.ts'
import styles from './service.module.css'

/** The price that an option is sold at with the plan's: of its cycle before any other, as the server chooses it. */
function priceLike(prices: Price[], like: Price | undefined, day: string): Price | undefined {
  const sold = prices.filter((price) => price.currency === like?.currency && isSold(price, day))
  const same = (price: Price) =>
    price.cycle_unit === like?.cycle_unit && price.cycle_count === like.cycle_count
  return (
    sold.find((price) => same(price) && price.cycle_alignment === like?.cycle_alignment) ??
    sold.find(same) ??
    sold[0]
  )
}

/** What can be added to a plan, each with its price and how many of it. */
export function PlanOptions({
  plan,
  price,
  chosen,
  error,
  onChange,
}: {
  plan: Plan
  /** At which the plan is sold. */
  price: Price | undefined
  chosen: Record<string, number>
  error: string | undefined
  onChange: (chosen: Record<string, number>) => void
}) {
  const { t } = useTranslation()
  const say = useCycleWords()
  const { money } = useFormats()
  const set = (id: string, quantity: number) => {
    const { [id]: _before, ...others } = chosen
    onChange(quantity > 0 ? { ...others, [id]: quantity } : others)
  }
  return (
    <fieldset className={styles.options}>
      <legend>{t('services.options')}</legend>
      {plan.options
        .filter((option) => option.archived_at === null)
        .map((option) => {
          const quantity = chosen[option.id] ?? 0
          const own = priceLike(option.prices, price, plan.day)
          if (!own) return null
          const amount = own.tiers?.[0]?.unit_amount ?? own.amount
          return (
            <div key={option.id} className={styles.option}>
              <Checkbox
                label={option.name}
                checked={quantity > 0}
                onChange={(event) => set(option.id, event.currentTarget.checked ? 1 : 0)}
              />
              <span className={styles.optionPrice}>
                {amount === 0 && !own.tiers ? t('prices.free') : `${money(amount, own.currency)} ${say(own)}`}
              </span>
              <NumberInput
                aria-label={t('services.quantity_of', { name: option.name })}
                min={1}
                max={1_000_000}
                allowDecimal={false}
                disabled={quantity === 0}
                value={quantity || 1}
                onChange={(value) => set(option.id, Math.max(1, Number(value) || 1))}
              />
            </div>
          )
        })}
      {error && (
        <p className={styles.error} role="alert">
          {error}
        </p>
      )}
    </fieldset>
  )
}
