import { Button } from '@mantine/core'
import type { UseInfiniteQueryResult } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { ProblemAlert } from '../shared/problem-alert.tsx'
import styles from './list.module.css'

/** The end of a list that is read in pages: the button for more, or why more did not come. */
export function MoreRows({
  query,
}: {
  query: Pick<
    UseInfiniteQueryResult<unknown>,
    'hasNextPage' | 'isFetchingNextPage' | 'isFetchNextPageError' | 'error' | 'fetchNextPage'
  >
}) {
  const { t } = useTranslation('common')
  if (query.isFetchNextPageError) {
    return <ProblemAlert error={query.error} onRetry={() => query.fetchNextPage()} />
  }
  if (!query.hasNextPage) return null
  return (
    <div className={styles.foot}>
      <Button
        variant="default"
        size="xs"
        loading={query.isFetchingNextPage}
        onClick={() => query.fetchNextPage()}
      >
        {t('table.more')}
      </Button>
    </div>
  )
}
