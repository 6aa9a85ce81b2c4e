import { useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute } from '@tanstack/react-router'
import type { Search } from '../../shared/router.ts'
import { tableQuery } from '../../shared/table-search.ts'
import { AccountAudit } from '../account-audit.tsx'
import { AccountHeading } from '../account-heading.tsx'
import { accountQuery } from '../account-queries.ts'
import { accountAuditSource } from '../audit-queries.ts'
import { unitsQuery } from '../frame-queries.ts'

/** What was changed of an account, by whom and through what (A10). */
export const Route = createFileRoute('/_app/accounts/$id/changes')({
  validateSearch: (search: Record<string, unknown>) => search as Search,
  loaderDeps: ({ search }) => search,
  loader: ({ context: { queryClient }, params: { id }, deps }) => {
    void queryClient.prefetchQuery(unitsQuery)
    void queryClient.prefetchInfiniteQuery(tableQuery(accountAuditSource(id), deps))
    return queryClient.ensureQueryData(accountQuery(id))
  },
  component: AccountChangesPage,
})

function AccountChangesPage() {
  const { id } = Route.useParams()
  const { data: account } = useSuspenseQuery(accountQuery(id))
  return (
    <>
      <AccountHeading account={account} />
      <AccountAudit id={id} />
    </>
  )
}
