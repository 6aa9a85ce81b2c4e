import IconFileInvoice from '@tabler/icons-react/dist/esm/icons/IconFileInvoice.mjs'
import IconHome from '@tabler/icons-react/dist/esm/icons/IconHome.mjs'
import IconMail from '@tabler/icons-react/dist/esm/icons/IconMail.mjs'
import IconPackage from '@tabler/icons-react/dist/esm/icons/IconPackage.mjs'
import IconShieldLock from '@tabler/icons-react/dist/esm/icons/IconShieldLock.mjs'
import IconUser from '@tabler/icons-react/dist/esm/icons/IconUser.mjs'
import IconUserCog from '@tabler/icons-react/dist/esm/icons/IconUserCog.mjs'
import { useMutation, useQuery } from '@tanstack/react-query'
import { createFileRoute, isRedirect, Outlet, redirect, useRouter } from '@tanstack/react-router'
import i18n from 'i18next'
import { useTranslation } from 'react-i18next'
import { api } from '../../shared/api.ts'
import { useBrand } from '../../shared/brand.tsx'
import { loadTexts } from '../../shared/i18n.ts'
import { PortalShell } from '../../shared/portal-shell.tsx'
import { toProblem } from '../../shared/problem.ts'
import { useProblemToast } from '../../shared/toasts.tsx'
import { homeQuery, maySession, sessionQuery, useEnterAccount, useSession, useSignOut } from '../session.ts'
import { ViewBanner } from '../view-banner.tsx'
import { stopViewing } from '../viewing.ts'

/** Every page that needs somebody signed in, in an account. */
export const Route = createFileRoute('/_app')({
  beforeLoad: async ({ context: { queryClient }, location, preload }) => {
    // The home brings the look and what waits, which every page shows; it travels beside the session, not after it.
    if (!preload) void queryClient.prefetchQuery(homeQuery)
    try {
      const [session] = await Promise.all([
        queryClient.ensureQueryData(sessionQuery),
        // The home has its texts already.
        location.pathname !== '/' && loadTexts('rest'),
      ])
      // The title of every page says that it is seen as a customer.
      if (session.viewer_name === null) delete document.documentElement.dataset.view
      else document.documentElement.dataset.view = i18n.t('view_as.prefix')
      if (session.account_id === null) throw redirect({ to: '/no-account', replace: true })
      return { session }
    } catch (cause) {
      if (isRedirect(cause) || toProblem(cause).status !== 401) throw cause
      // An address may name whose house it is (`/?unit=…`): the sign-in takes its look.
      const { unit } = location.search as { unit?: string }
      const back = location.pathname === '/' ? undefined : location.href
      throw redirect({ to: '/sign-in', search: { unit, back }, replace: true })
    }
  },
  component: Frame,
})

/** What waits on the account's own pages; the rest is about money. */
const aboutAccount = ['ownership_offered', 'account_change_rejected']

function Frame() {
  const { t } = useTranslation()
  const router = useRouter()
  const brand = useBrand()
  const session = useSession()
  const { queryClient } = Route.useRouteContext()
  const { data: home } = useQuery(homeQuery)
  const needs = home?.needs_you ?? []
  const signOut = useSignOut()
  const enter = useEnterAccount()
  const viewer = session.viewer_name
  const stop = useMutation({
    mutationFn: () => stopViewing(session.account_id),
    onError: useProblemToast(),
  })
  return (
    <PortalShell
      brand={brand}
      accounts={{
        current: { id: session.account_id ?? '', name: session.account_name ?? '' },
        all: session.accounts.map(({ id, name, number }) => ({
          id,
          name,
          detail: t('account.number', { number }),
        })),
        onChoose: (id) => enter.mutate(id),
      }}
      nav={[
        { to: '/', label: t('nav.home'), icon: IconHome, exact: true },
        ...(maySession(session, 'services')
          ? [{ to: '/services', also: ['/shop', '/orders'], label: t('nav.services'), icon: IconPackage }]
          : []),
        ...(maySession(session, 'billing')
          ? [
              {
                to: '/invoices',
                also: [
                  '/pay',
                  '/payments',
                  '/payment-methods',
                  '/statement',
                  ...(maySession(session, 'services') ? [] : ['/orders']),
                ],
                label: t('nav.invoices'),
                icon: IconFileInvoice,
                count: needs.filter((one) => !aboutAccount.includes(one.kind)).length,
              },
            ]
          : []),
        { to: '/emails', label: t('nav.emails'), icon: IconMail },
        {
          to: '/account',
          also: ['/users', '/contacts', '/api-keys', '/webhooks', '/user', '/security'],
          label: t('nav.account'),
          icon: IconUser,
          count: needs.filter((one) => aboutAccount.includes(one.kind)).length,
        },
      ]}
      user={{ name: session.name, email: viewer ?? session.email, photo: session.photo_file_id }}
      userItems={
        viewer !== null
          ? []
          : [
              { label: t('nav.user'), icon: IconUserCog, onClick: () => router.navigate({ to: '/user' }) },
              {
                label: t('common:entry.security'),
                icon: IconShieldLock,
                onClick: () => router.navigate({ to: '/security' }),
              },
            ]
      }
      banner={viewer !== null && <ViewBanner />}
      onSignOut={() => (viewer === null ? signOut : stop).mutate()}
      signOutLabel={viewer === null ? undefined : t('view_as.stop')}
      onLanguage={(language) => {
        if (viewer !== null) return
        void api
          .PATCH('/api/v1/portal/session/user', { body: { language: language as 'pt-BR' } })
          .then(() => queryClient.invalidateQueries({ queryKey: ['session'] }))
      }}
    >
      <Outlet />
    </PortalShell>
  )
}
