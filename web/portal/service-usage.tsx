import { queryOptions, useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../shared/api.ts'
import type { UsageSummary } from '../shared/api-types.gen.ts'
import { loadTexts } from '../shared/i18n.ts'
import styles from '../shared/meter-usage.module.css'
import { MeterUsage } from '../shared/meter-usage.tsx'
import { Section } from '../shared/page.tsx'

const usageQuery = (id: string) =>
  queryOptions({
    queryKey: ['services', id, 'usage'],
    queryFn: async ({ signal }) => {
      const [summary] = await Promise.all([
        orThrow(
          api.GET('/api/v1/portal/subscriptions/{id}/usage-summary', { params: { path: { id } }, signal }),
        ),
        loadTexts('usage'),
      ])
      return summary
    },
  })

/** What the customer used of a metered service, and what that would cost. */
export function ServiceUsage({ id }: { id: string }) {
  const { data } = useQuery(usageQuery(id))
  return data && data.meters.length > 0 ? <Usage summary={data} /> : null
}

function Usage({ summary }: { summary: UsageSummary }) {
  const { t } = useTranslation('usage')
  return (
    <Section title={t('title')} description={t('text')}>
      {summary.meters.map((meter) => (
        <MeterUsage key={meter.meter} meter={meter} currency={summary.currency} today={summary.today} />
      ))}
      <p className={styles.note}>{t('note')}</p>
    </Section>
  )
}
