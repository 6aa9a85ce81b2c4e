import { useTranslation } from 'react-i18next'
import type { SaleQuote } from '../shared/api-types.gen.ts'
import { addDays } from '../shared/formats.ts'
import { useFormats } from '../shared/use-formats.ts'
import { Money } from '../shared/values.tsx'
import { type Cycle, useCycleWords } from './cycle-words.ts'
import styles from './service.module.css'

/** What the service will cost, as the server computes it: a period of the plan, what is charged apart, the first invoice. */
export function SaleQuoteView({ quote, awaiting }: { quote: SaleQuote; awaiting: boolean }) {
  const { t } = useTranslation()
  const { date, percent } = useFormats()
  const say = useCycleWords()
  const { currency, first_invoice: first } = quote
  const options = quote.amount - quote.plan_value + quote.discount
  const apart = quote.components.filter(
    (one) => one.role === 'option' && !(sameCycle(one, quote) && one.cycle_unit !== 'once'),
  )
  const metered = quote.components.filter((one) => one.role === 'usage')
  const line = (key: string, label: string, amount: number, strong?: boolean) => (
    <div key={key} className={strong ? styles.total : undefined}>
      <dt>{label}</dt>
      <dd>
        <Money amount={amount} currency={currency} />
      </dd>
    </div>
  )
  return (
    <>
      <dl className={styles.sums}>
        {line('plan', t('services.plan_value'), quote.plan_value)}
        {quote.discount > 0 && line('discount', t('services.discount'), -quote.discount)}
        {options > 0 && line('options', t('services.options'), options)}
        {line('total', t('services.total_cycle', { cycle: say(quote) }), quote.amount, true)}
        {quote.term && line('term', t('services.in_term', { cycle: say(quote) }), quote.term.amount)}
        {apart.map((one) =>
          line(
            `apart-${one.description}`,
            one.cycle_unit === 'once'
              ? t('services.once_part', { name: one.description })
              : t('services.other_part', { name: one.description, cycle: say(one) }),
            one.amount,
          ),
        )}
      </dl>
      {metered.map((one) => (
        <p key={one.description} className={styles.hint}>
          {t('services.usage_part', { name: one.description })}
        </p>
      ))}
      {quote.term && (
        <p className={styles.hint}>
          {t('services.term_quote', {
            count: quote.term.months,
            percent: percent(quote.term.discount_basis_points / 10_000),
            date: date(addDays(quote.term.to_date, -1)),
          })}
        </p>
      )}
      {quote.coupon && (
        <p className={styles.hint}>
          {[
            quote.coupon.name,
            quote.coupon.discount_basis_points === null
              ? null
              : `−${percent(quote.coupon.discount_basis_points / 10_000)}`,
            quote.coupon.to_date &&
              t('services.coupon_until', { date: date(addDays(quote.coupon.to_date, -1)) }),
          ]
            .filter(Boolean)
            .join(', ')}
        </p>
      )}
      <h3 className={styles.quoteHead}>{t('services.first_invoice')}</h3>
      {first ? (
        <>
          <p className={styles.hint}>
            {t('services.first_invoice_on', { date: date(first.issue_date), due: date(first.due_date) })}
          </p>
          <dl className={styles.sums}>
            {first.lines.map((one) =>
              line(
                `${one.description} ${one.from}`,
                one.days === one.of_days
                  ? one.description
                  : `${one.description}, ${t('services.first_days', { days: one.days, of: one.of_days })}`,
                one.net,
              ),
            )}
            {first.tax > 0 && line('tax', t('services.with_taxes'), first.tax)}
            {line('first-total', t('invoices.total'), first.total, true)}
          </dl>
        </>
      ) : (
        <p className={styles.hint}>{awaiting ? t('services.first_none') : '–'}</p>
      )}
    </>
  )
}

const sameCycle = (left: Cycle, right: Cycle) =>
  left.cycle_unit === right.cycle_unit && left.cycle_count === right.cycle_count
