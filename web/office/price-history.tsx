import { Button } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../shared/api.ts'
import type { Plan, PriceVersion } from '../shared/api-types.gen.ts'
import { addDays } from '../shared/formats.ts'
import { Section } from '../shared/page.tsx'
import { SimpleTable } from '../shared/simple-table.tsx'
import { useFormats } from '../shared/use-formats.ts'
import { useCycleWords } from './cycle-words.ts'
import { usePriceWords } from './price-words.ts'
import styles from './prices.module.css'

/** Every price that a plan, its options and its meters had or will have; nothing while there is only what is sold today. */
export function PriceHistory({ plan }: { plan: Plan }) {
  const { t } = useTranslation()
  const { date } = useFormats()
  const say = useCycleWords()
  const sayPrice = usePriceWords()
  const { data, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ['plans', plan.id, 'prices'],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      orThrow(
        api.GET('/api/v1/office/plans/{id}/prices', {
          params: { path: { id: plan.id }, query: { limit: 20, cursor: pageParam } },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  })
  const versions = data?.pages.flatMap((page) => page.items) ?? []
  if (versions.every((one) => one.valid_from === null && one.valid_to === null)) return null
  const when = ({ valid_from, valid_to }: PriceVersion) => {
    const to = valid_to && date(addDays(valid_to, -1))
    if (valid_from === null) return to ? t('prices.period_until', { to }) : t('prices.period_always')
    const from = date(valid_from)
    return to ? t('prices.period', { from, to }) : t('prices.period_open', { from })
  }
  return (
    <div className={styles.wide}>
      <Section title={t('prices.history')} description={t('prices.history_text')}>
        <SimpleTable
          label={t('prices.history')}
          rows={versions}
          rowId={(row) => row.id}
          columns={[
            { id: 'of', header: t('prices.history_of'), cell: (row) => row.name ?? t('prices.history_plan') },
            { id: 'price', header: t('prices.history_price'), cell: (row) => sayPrice(row) },
            { id: 'cycle', header: t('prices.cycle'), cell: (row) => say(row) },
            { id: 'when', header: t('prices.history_when'), cell: when },
          ]}
        />
        {hasNextPage && (
          <Button
            className={styles.more}
            size="xs"
            variant="default"
            loading={isFetchingNextPage}
            onClick={() => void fetchNextPage()}
          >
            {t('prices.older_more')}
          </Button>
        )}
      </Section>
    </div>
  )
}
