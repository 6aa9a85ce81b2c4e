import { useTranslation } from 'react-i18next'
import type { OrderQuote } from '../shared/api-types.gen.ts'
import { addDays } from '../shared/formats.ts'
import { useFormats } from '../shared/use-formats.ts'
import { Money } from '../shared/values.tsx'
import { useCycleWords } from './cycle-words.ts'
import styles from './service.module.css'

/** What an order comes to as it is configured: what is paid now, line by line, and what it costs from then on. */
export function OrderQuoteView({ quote }: { quote: OrderQuote }) {
  const { t } = useTranslation('orders')
  const { date, money, percent } = useFormats()
  const say = useCycleWords()
  const { currency } = quote
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
      {quote.freemium ? (
        <p className={styles.hint}>{t('quote.freemium')}</p>
      ) : (
        <dl className={styles.sums}>
          {quote.lines
            .filter((one) => !one.credit)
            .map((one) =>
              line(
                `${one.description} ${one.from} ${one.net}`,
                one.days === one.of_days
                  ? one.description
                  : t('quote.days', { description: one.description, days: one.days, of: one.of_days }),
                one.net,
              ),
            )}
          {quote.tax > 0 && line('tax', t('quote.tax'), quote.tax)}
          {quote.credit_used > 0 && line('total', t('quote.total'), quote.total)}
          {quote.credit_used > 0 && line('credit', t('quote.credit_used'), -quote.credit_used)}
          {line('due', t('quote.due'), quote.due, true)}
        </dl>
      )}
      {quote.total === 0 && !quote.freemium && (
        <p className={styles.hint}>
          {quote.trial_days > 0 && quote.starts_on
            ? t('quote.trial', { date: date(quote.starts_on) })
            : quote.starts_on === null
              ? t('quote.installation')
              : t('quote.nothing_now', { date: date(quote.starts_on) })}
        </p>
      )}
      {quote.recurring && quote.recurring.amount > 0 && (
        <>
          <h3 className={styles.quoteHead}>{t('quote.then')}</h3>
          <dl className={styles.sums}>
            {quote.parts
              .filter((part) => part.role !== 'usage' && part.cycle_unit !== 'once')
              .map((part) =>
                line(
                  `${part.role} ${part.description}`,
                  part.quantity > 1
                    ? t('quote.times', { quantity: part.quantity, description: part.description })
                    : part.description,
                  part.amount,
                ),
              )}
            {line(
              'recurring',
              t('quote.each', { cycle: say(quote.recurring) }),
              quote.recurring.amount,
              true,
            )}
          </dl>
          {quote.term && quote.term.amount_after !== null && quote.term.to_date && (
            <p className={styles.hint}>
              {t('quote.term', {
                count: quote.term.months,
                percent: percent((quote.term.discount_basis_points ?? 0) / 10_000),
                date: date(addDays(quote.term.to_date, -1)),
                amount: money(quote.term.amount_after, currency),
                cycle: say(quote.recurring),
              })}
            </p>
          )}
        </>
      )}
    </>
  )
}
