import { useTranslation } from 'react-i18next'
import type { MeterUsage as Meter } from './api-types.gen.ts'
import { Chart } from './charts.tsx'
import { addDays } from './formats.ts'
import styles from './meter-usage.module.css'
import { useFormats } from './use-formats.ts'
import { Money } from './values.tsx'

/** What one meter of a service counted: in this period, what it would cost, and on each day. */
export function MeterUsage({ meter, currency, today }: { meter: Meter; currency: string; today: string }) {
  const { t } = useTranslation('usage')
  const { date, number } = useFormats()
  const byDay = new Map(meter.days.map((one) => [one.on_date, one.quantity]))
  const days: string[] = []
  for (let day = meter.days_from; day <= today && days.length < 400; day = addDays(day, 1)) days.push(day)
  const say = (quantity: number) => t('unit', { quantity: number(quantity), unit: meter.unit_name })
  const part = meter.included > 0 ? Math.min(1, meter.used / meter.included) : 0
  return (
    <div className={styles.meter}>
      <dl className={styles.figures}>
        <div>
          <dt>{t('used')}</dt>
          <dd>{say(meter.used)}</dd>
          <dd className={styles.note}>
            {meter.included > 0
              ? t('included', { included: number(meter.included) })
              : t('period', { from: date(meter.period_from), to: date(addDays(meter.period_to, -1)) })}
          </dd>
          {meter.included > 0 && (
            <dd className={styles.track} aria-hidden>
              <span
                style={{ width: `${part * 100}%` }}
                data-over={meter.used > meter.included || undefined}
              />
            </dd>
          )}
        </div>
        <div>
          <dt>{t('waiting')}</dt>
          <dd>{say(meter.waiting)}</dd>
        </div>
        <div>
          <dt>{t('cost')}</dt>
          <dd>
            <Money amount={meter.cost} currency={currency} />
          </dd>
          <dd className={styles.note}>{t('cost_on', { date: date(meter.period_to) })}</dd>
        </div>
      </dl>
      <Chart
        kind="bar"
        title={t('per_day', { meter: meter.name })}
        series={[{ id: 'quantity', label: meter.unit_name }]}
        points={days.map((day) => ({ label: date(day), values: { quantity: byDay.get(day) ?? 0 } }))}
        format={say}
        formatShort={number}
        height={180}
      />
    </div>
  )
}
