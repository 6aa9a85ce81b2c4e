import type { TFunction } from 'i18next'
import { Fragment } from 'react'
import { useTranslation } from 'react-i18next'
import type { SlaProfile, ThresholdProfile } from '../shared/api-types.gen.ts'
import styles from './account-guide.module.css'
import { formatMinutes } from './duration-input.tsx'

/** Priorities, the most urgent first. */
export const priorities = ['urgent', 'high', 'normal', 'low'] as const
/** What is measured, with the lowest and highest limit that can be set. */
export const metrics = {
  cpu: { lowest: 1, highest: 100 },
  memory: { lowest: 1, highest: 100 },
  disk: { lowest: 1, highest: 100 },
  offline: { lowest: 1, highest: 10_080 },
  temperature: { lowest: -50, highest: 200 },
  packet_loss: { lowest: 1, highest: 100 },
  latency: { lowest: 1, highest: 60_000 },
} as const
export type Metric = keyof typeof metrics

/** The name of a day of the week (ISO: 1 is Monday) in a language. */
export function nameOfWeekday(day: number, language: string, style: 'short' | 'long'): string {
  // 5 January 2026 was a Monday.
  return new Intl.DateTimeFormat(language, { weekday: style, timeZone: 'UTC' }).format(
    new Date(Date.UTC(2026, 0, 4 + day)),
  )
}

/** Days that follow one another as a range: [1, 2, 3, 4, 5] is Mon – Fri. */
function nameDays(days: readonly number[], language: string): string {
  const runs: number[][] = []
  for (const day of days) {
    const run = runs.at(-1)
    if (run && run.at(-1) === day - 1) run.push(day)
    else runs.push([day])
  }
  const name = (day: number) => nameOfWeekday(day, language, 'short')
  return runs
    .map((run) =>
      run.length > 2 ? `${name(run[0]!)} – ${name(run.at(-1)!)}` : run.map((day) => name(day)).join(', '),
    )
    .join(', ')
}

/** When an SLA profile counts time. */
export function wordsOfCoverage(t: TFunction, profile: SlaProfile, language: string): string {
  return profile.coverage === 'always'
    ? t('profiles.coverage.always')
    : t('profiles.hours_of', {
        days: nameDays(profile.business_days ?? [], language),
        from: profile.opens_at,
        to: profile.closes_at,
      })
}

/** A limit with the unit of its metric: 90 %, 5 min, 40 °C. */
function wordsOfLimit(metric: Metric, value: number): string {
  const unit = { temperature: '°C', latency: 'ms', offline: 'min' }[metric as string] ?? '%'
  return `${value} ${unit}`
}

/** What an SLA profile promises, in a few lines. */
export function SlaSummary({ profile }: { profile: SlaProfile }) {
  const { t, i18n } = useTranslation()
  return (
    <div className={styles.summary}>
      {profile.description && <p>{profile.description}</p>}
      <p>{wordsOfCoverage(t, profile, i18n.language)}</p>
      <dl>
        {profile.targets.map((target) => (
          <Fragment key={target.priority}>
            <dt>{t(`profiles.priority.${target.priority}`)}</dt>
            <dd>
              {t('profiles.promise', {
                response: formatMinutes(target.first_response_minutes),
                resolution: formatMinutes(target.resolution_minutes),
              })}
            </dd>
          </Fragment>
        ))}
      </dl>
    </div>
  )
}

/** When an alert threshold profile warns, in a few lines. */
export function ThresholdSummary({ profile }: { profile: ThresholdProfile }) {
  const { t } = useTranslation()
  return (
    <div className={styles.summary}>
      {profile.description && <p>{profile.description}</p>}
      <dl>
        {profile.thresholds.map((one) => (
          <Fragment key={one.metric}>
            <dt>{t(`profiles.metric.${one.metric}`)}</dt>
            <dd>
              {[
                one.warning !== null &&
                  t('profiles.warns_at', { value: wordsOfLimit(one.metric, one.warning) }),
                one.critical !== null &&
                  t('profiles.critical_at', { value: wordsOfLimit(one.metric, one.critical) }),
                one.for_minutes > 0 && t('profiles.for', { duration: formatMinutes(one.for_minutes) }),
              ]
                .filter(Boolean)
                .join(', ')}
            </dd>
          </Fragment>
        ))}
      </dl>
    </div>
  )
}
