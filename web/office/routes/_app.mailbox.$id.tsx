import { createFileRoute } from '@tanstack/react-router'
import { MailReader } from '../mail-reader.tsx'
import { mailQuery } from '../notice-queries.ts'

/** One mail, beside the list that it came from. */
export const Route = createFileRoute('/_app/mailbox/$id')({
  loader: ({ context: { queryClient }, params: { id } }) => {
    void queryClient.prefetchQuery(mailQuery(id))
  },
  component: MailPage,
})

function MailPage() {
  const { id } = Route.useParams()
  return <MailReader key={id} id={id} />
}
