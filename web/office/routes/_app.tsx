import IconAlarm from '@tabler/icons-react/dist/esm/icons/IconAlarm.mjs'
import IconBook2 from '@tabler/icons-react/dist/esm/icons/IconBook2.mjs'
import IconBuilding from '@tabler/icons-react/dist/esm/icons/IconBuilding.mjs'
import IconBuildingBank from '@tabler/icons-react/dist/esm/icons/IconBuildingBank.mjs'
import IconCalendarCheck from '@tabler/icons-react/dist/esm/icons/IconCalendarCheck.mjs'
import IconCash from '@tabler/icons-react/dist/esm/icons/IconCash.mjs'
import IconChartBar from '@tabler/icons-react/dist/esm/icons/IconChartBar.mjs'
import IconFileImport from '@tabler/icons-react/dist/esm/icons/IconFileImport.mjs'
import IconFileInvoice from '@tabler/icons-react/dist/esm/icons/IconFileInvoice.mjs'
import IconFlask from '@tabler/icons-react/dist/esm/icons/IconFlask.mjs'
import IconHistory from '@tabler/icons-react/dist/esm/icons/IconHistory.mjs'
import IconListCheck from '@tabler/icons-react/dist/esm/icons/IconListCheck.mjs'
import IconMail from '@tabler/icons-react/dist/esm/icons/IconMail.mjs'
import IconPackage from '@tabler/icons-react/dist/esm/icons/IconPackage.mjs'
import IconSettings from '@tabler/icons-react/dist/esm/icons/IconSettings.mjs'
import IconShieldLock from '@tabler/icons-react/dist/esm/icons/IconShieldLock.mjs'
import IconShoppingCart from '@tabler/icons-react/dist/esm/icons/IconShoppingCart.mjs'
import IconSignature from '@tabler/icons-react/dist/esm/icons/IconSignature.mjs'
import IconSunHigh from '@tabler/icons-react/dist/esm/icons/IconSunHigh.mjs'
import IconTags from '@tabler/icons-react/dist/esm/icons/IconTags.mjs'
import IconUserCircle from '@tabler/icons-react/dist/esm/icons/IconUserCircle.mjs'
import IconUserCog from '@tabler/icons-react/dist/esm/icons/IconUserCog.mjs'
import IconUsers from '@tabler/icons-react/dist/esm/icons/IconUsers.mjs'
import { useMutation, useQuery } from '@tanstack/react-query'
import { createFileRoute, isRedirect, Outlet, redirect, useRouter } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../../shared/api.ts'
import { useBrand } from '../../shared/brand.tsx'
import { loadTexts } from '../../shared/i18n.ts'
import type { NavItem } from '../../shared/navigation.tsx'
import { OfficeShell } from '../../shared/office-shell.tsx'
import { toProblem } from '../../shared/problem.ts'
import { useProblemToast } from '../../shared/toasts.tsx'
import { useFormats } from '../../shared/use-formats.ts'
import { recentRunsQuery, todayQuery } from '../frame-queries.ts'
import { Palette } from '../palette.tsx'
import { forgetEverything, type Permission, sessionQuery, useMay, useSession } from '../session.ts'

/** Every page that needs somebody signed in. */
export const Route = createFileRoute('/_app')({
  beforeLoad: async ({ context: { queryClient }, location, preload }) => {
    // What waits is shown on every page; it travels beside the session, not after it.
    if (!preload) void queryClient.prefetchQuery(todayQuery)
    try {
      const [session] = await Promise.all([
        queryClient.ensureQueryData(sessionQuery),
        // Today has its texts already.
        location.pathname !== '/' && loadTexts('rest'),
      ])
      // Without the second factor that the operator demands there is nothing here but its set-up.
      if (session.second_factor_missing)
        throw redirect({ to: '/second-factor', search: { back: location.href }, replace: true })
      return { session }
    } catch (cause) {
      if (isRedirect(cause) || toProblem(cause).status !== 401) throw cause
      throw redirect({ to: '/sign-in', search: { back: location.href }, replace: true })
    }
  },
  component: Frame,
})

type Area = NavItem & { needs: Permission | null }

/** The areas of work, in the order of the rail, with what waits in each. */
function useAreas(): Area[][] {
  const { t } = useTranslation()
  const { data: today } = useQuery(todayQuery)
  const waiting = today?.waiting
  return [
    [
      { to: '/', label: t('shell.today'), icon: IconSunHigh, exact: true, needs: null },
      { to: '/accounts', label: t('shell.accounts'), icon: IconUsers, needs: 'accounts.read' },
      {
        to: '/services',
        label: t('shell.services'),
        icon: IconPackage,
        count: waiting?.awaiting_installation,
        needs: 'subscriptions.read',
      },
      {
        to: '/orders',
        label: t('shell.orders'),
        icon: IconShoppingCart,
        count: waiting?.failed_orders,
        needs: 'orders.read',
      },
      { to: '/contracts', label: t('shell.contracts'), icon: IconSignature, needs: 'contracts.read' },
    ],
    [
      {
        to: '/closings',
        label: t('shell.closings'),
        icon: IconCalendarCheck,
        count: today?.closings_due.length,
        needs: 'billing.read',
      },
      { to: '/invoices', label: t('shell.invoices'), icon: IconFileInvoice, needs: 'billing.read' },
      {
        to: '/payments',
        label: t('shell.payments'),
        icon: IconCash,
        count: waiting?.payment_notices,
        needs: 'payments.read',
      },
      {
        to: '/bank-statements',
        label: t('shell.bank_statements'),
        icon: IconBuildingBank,
        needs: 'payments.read',
      },
      { to: '/ledger', label: t('shell.ledger'), icon: IconBook2, needs: 'ledger.read' },
      { to: '/dunning', label: t('shell.dunning'), icon: IconAlarm, needs: 'dunning.read' },
    ],
    [
      { to: '/catalogue', label: t('shell.catalogue'), icon: IconTags, needs: 'catalogue.read' },
      { to: '/reports', label: t('shell.reports'), icon: IconChartBar, needs: 'reports.read' },
      {
        to: '/simulations',
        label: t('shell.simulations'),
        icon: IconFlask,
        needs: 'simulations.run',
      },
      { to: '/imports', label: t('shell.imports'), icon: IconFileImport, needs: 'imports.read' },
    ],
    [
      { to: '/units', label: t('shell.units'), icon: IconBuilding, needs: 'units.read' },
      { to: '/staff', label: t('shell.staff'), icon: IconUserCog, needs: 'staff.read' },
      { to: '/settings', label: t('shell.settings'), icon: IconSettings, needs: 'settings.read' },
      { to: '/audit', label: t('shell.audit'), icon: IconHistory, needs: 'audit.read' },
      {
        to: '/mailbox',
        label: t('shell.mailbox'),
        icon: IconMail,
        count: waiting?.failed_notices,
        needs: 'notices.read',
      },
      {
        to: '/jobs',
        label: t('shell.jobs'),
        icon: IconListCheck,
        count: waiting?.failed_jobs,
        needs: 'jobs.read',
      },
    ],
  ]
}

function Frame() {
  const { t } = useTranslation()
  const { date } = useFormats()
  const router = useRouter()
  const brand = useBrand()
  const session = useSession()
  const may = useMay()
  const { queryClient } = Route.useRouteContext()
  const [searching, setSearching] = useState(false)
  const { data: runs } = useQuery(recentRunsQuery(may))
  const areas = useAreas()
    .map((group) => group.filter((area) => area.needs === null || may(area.needs)))
    .filter((group) => group.length > 0)
  const signOut = useMutation({
    mutationFn: () => orThrow(api.DELETE('/api/v1/office/session')),
    onSuccess: async () => {
      await router.navigate({ to: '/sign-in', search: {}, replace: true })
      forgetEverything(queryClient)
    },
    onError: useProblemToast(),
  })
  return (
    <>
      <OfficeShell
        brand={brand}
        nav={areas}
        user={{ name: session.name, email: session.email, photo: session.photo_file_id }}
        userItems={[
          t(`shell.role.${session.role}`),
          { label: t('me.title'), icon: IconUserCircle, onClick: () => router.navigate({ to: '/me' }) },
          {
            label: t('common:entry.security'),
            icon: IconShieldLock,
            onClick: () => router.navigate({ to: '/me/security' }),
          },
        ]}
        jobs={(runs ?? []).map((run) => ({
          id: run.id,
          title: t(`shell.tray_${run.kind}`, {
            unit: run.unit,
            detail: run.kind === 'closing' ? date(run.detail) : run.detail,
          }),
          state: run.state,
          progress: run.progress,
          to: run.kind === 'closing' ? `/closings/${run.id}` : `/imports/${run.id}`,
        }))}
        onSearch={() => setSearching(true)}
        onSignOut={() => signOut.mutate()}
        onLanguage={(language) => {
          void api
            .PATCH('/api/v1/office/session/user', { body: { language: language as 'pt-BR' } })
            .then(() => queryClient.invalidateQueries({ queryKey: ['session'] }))
        }}
      >
        <Outlet />
      </OfficeShell>
      <Palette opened={searching} onClose={() => setSearching(false)} pages={areas.flat()} />
    </>
  )
}
