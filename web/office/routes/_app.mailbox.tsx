import { createFileRoute, Outlet, useParams } from '@tanstack/react-router'
import type { Search } from '../../shared/router.ts'
import { unitsQuery } from '../frame-queries.ts'
import { Mailbox } from '../mailbox.tsx'
import { mailFilterOf, mailsQuery } from '../notice-queries.ts'

/** Every mail that the system wrote; the one that is read is the route inside. */
export const Route = createFileRoute('/_app/mailbox')({
  validateSearch: (search: Record<string, unknown>) => search as Search,
  loaderDeps: ({ search }) => mailFilterOf(search),
  loader: ({ context: { queryClient }, deps }) => {
    void queryClient.prefetchQuery(unitsQuery)
    void queryClient.prefetchInfiniteQuery(mailsQuery(deps))
  },
  component: MailboxPage,
})

function MailboxPage() {
  const { id } = useParams({ strict: false })
  return (
    <Mailbox id={id}>
      <Outlet />
    </Mailbox>
  )
}
