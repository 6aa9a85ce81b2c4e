import { createFileRoute } from '@tanstack/react-router'
import { ConfirmEmail } from '../../shared/confirm-email.tsx'
import { loadTexts } from '../../shared/i18n.ts'
import { learnLook } from '../look.ts'

/** Where the link in the mail to a new address leads: opening it makes that address the one to sign in with (A5). */
export const Route = createFileRoute('/confirm-email')({
  validateSearch: (search: Record<string, unknown>): { token?: string; unit?: string } => ({
    token: search.token ? String(search.token) : undefined,
    unit: search.unit ? String(search.unit) : undefined,
  }),
  loaderDeps: ({ search: { unit } }) => ({ unit }),
  loader: ({ deps: { unit } }) => Promise.all([learnLook(unit), loadTexts('security')]),
  component: Page,
})

function Page() {
  const { token = '' } = Route.useSearch()
  return <ConfirmEmail token={token} />
}
