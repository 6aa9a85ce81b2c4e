import IconDiscount from '@tabler/icons-react/dist/esm/icons/IconDiscount.mjs'
import IconGift from '@tabler/icons-react/dist/esm/icons/IconGift.mjs'
import { useTranslation } from 'react-i18next'
import type { StoredOrderQuote } from '../shared/api-types.gen.ts'
import { addDays } from '../shared/formats.ts'
import { useFormats } from '../shared/use-formats.ts'
import { Money } from '../shared/values.tsx'
import styles from './shop.module.css'
import { useCycleWords } from './shop-words.tsx'

/** What an order comes to: each line of what is charged now, taxes and what comes off, and what every period costs after. */
export function OrderSummary({
  quote,
  currency,
  past,
}: {
  quote: StoredOrderQuote
  currency: string
  /** It is paid, or was done without. */
  past?: boolean
}) {
  const { t } = useTranslation('shop')
  const { date, period, percent, money: write } = useFormats()
  const words = useCycleWords(currency)
  const money = (amount: number) => <Money amount={amount} currency={currency} />
  const { term } = quote
  const discount = quote.lines.reduce((sum, line) => sum + (line.credit ? 0 : line.discount), 0)
  return (
    <div className={styles.sum}>
      {quote.lines.length === 0 ? (
        !past && <p className={styles.muted}>{t('summary.nothing_now')}</p>
      ) : (
        <dl className={styles.lines}>
          {quote.lines.map((line, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: lines keep their place
            <div key={index}>
              <dt>
                {line.quantity > 1 && (line.role === 'plan' || line.role === 'option')
                  ? `${line.quantity} × ${line.description}`
                  : line.description}
                <small>
                  {[
                    (line.role === 'plan' || line.role === 'option') && period(line.from, line.to, 'medium'),
                    line.days !== line.of_days && t('summary.days', { count: line.days, of: line.of_days }),
                  ]
                    .filter(Boolean)
                    .join(' · ')}
                </small>
              </dt>
              <dd>{money(line.credit ? -line.gross : line.gross)}</dd>
            </div>
          ))}
          {discount > 0 && (
            <div data-good>
              <dt>{t('summary.discount')}</dt>
              <dd>{money(-discount)}</dd>
            </div>
          )}
          {quote.tax > 0 && (
            <div>
              <dt>{t('summary.tax')}</dt>
              <dd>{money(quote.tax)}</dd>
            </div>
          )}
          {quote.credit_used > 0 && (
            <div data-good>
              <dt>{t('summary.credit')}</dt>
              <dd>{money(-quote.credit_used)}</dd>
            </div>
          )}
        </dl>
      )}
      <dl className={styles.due}>
        <div>
          <dt>{t(past ? 'summary.paid' : 'summary.now')}</dt>
          <dd>
            <Money amount={quote.due} currency={currency} size="large" />
          </dd>
        </div>
        {quote.recurring && (
          <div data-then>
            <dt>{t('summary.then')}</dt>
            <dd>
              {quote.recurring.amount === 0
                ? t('free')
                : words.amount(quote.recurring, quote.recurring.amount)}
            </dd>
          </div>
        )}
      </dl>
      <ul className={styles.notes}>
        {quote.trial_days > 0 && (
          <li data-good>
            <IconGift size={16} aria-hidden />
            {quote.starts_on
              ? t('summary.trial_until', { date: date(addDays(quote.starts_on, -1), 'long') })
              : t('trial', { count: quote.trial_days })}
          </li>
        )}
        {quote.tax_included > 0 && (
          <li>{t('summary.tax_included', { amount: write(quote.tax_included, currency) })}</li>
        )}
        {term && term.months > 0 && <li>{t('summary.term', { count: term.months })}</li>}
        {term && quote.recurring && term.amount_after !== null && term.to_date && (
          <li data-good>
            <IconDiscount size={16} aria-hidden />
            {t('term.until', {
              percent: percent((term.discount_basis_points ?? 0) / 10_000),
              date: date(addDays(term.to_date, -1), 'long'),
              amount: words.amount(quote.recurring, term.amount_after),
            })}
          </li>
        )}
        {quote.parts.some((part) => part.role === 'usage') && <li>{t('summary.usage')}</li>}
        {!past && quote.lines.length === 0 && !quote.freemium && quote.recurring && (
          <li>{t('summary.later')}</li>
        )}
      </ul>
    </div>
  )
}
