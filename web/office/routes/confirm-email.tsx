import { createFileRoute } from '@tanstack/react-router'
import { ConfirmEmail } from '../../shared/confirm-email.tsx'
import { loadTexts } from '../../shared/i18n.ts'

/** Where the link in the mail to a new address leads: opening it makes that address the one to sign in with (A5). */
export const Route = createFileRoute('/confirm-email')({
  validateSearch: (search: Record<string, unknown>): { token?: string } => ({
    token: search.token ? String(search.token) : undefined,
  }),
  loader: () => loadTexts('security'),
  component: Page,
})

function Page() {
  const { token = '' } = Route.useSearch()
  return <ConfirmEmail token={token} />
}
