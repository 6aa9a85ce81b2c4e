import { createFileRoute, redirect } from '@tanstack/react-router'
import { firstSettingsPage } from '../settings-nav.tsx'

/** The settings begin with their first page. */
export const Route = createFileRoute('/_app/settings/')({
  beforeLoad: ({ context: { session } }) => {
    throw redirect({
      to: firstSettingsPage((needed) => session.permissions.includes(needed)),
      replace: true,
    })
  },
})
