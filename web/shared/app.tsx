import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core'
import { type QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { lazy, type ReactNode, Suspense, useEffect, useMemo, useState } from 'react'
import { type Brand, BrandProvider } from './brand.tsx'
import { loadTexts } from './i18n.ts'
import { useIdentityAsked } from './identity.ts'
import { OfflineBanner } from './offline-banner.tsx'
import { createAppTheme, createCssVariables, type Density } from './theme.ts'
import { Toasts } from './toasts.tsx'

/** What every route of both apps finds in its context. */
export interface AppContext {
  queryClient: QueryClient
}

const colorSchemeManager = localStorageColorSchemeManager({ key: 'zaguan.scheme' })

/** The nonce of this answer, which the server wrote into index.html: the policy allows styles that carry it. */
export function readStyleNonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[name=csp-nonce]')?.content ?? ''
}

/** Theme in the unit's colours, cache, toasts, offline banner: everything that stands around the routes of an app. */
export function AppFrame({
  density,
  brand,
  queryClient,
  children,
}: {
  density: Density
  brand: Brand
  queryClient: QueryClient
  children: ReactNode
}) {
  const theme = useMemo(() => createAppTheme(density), [density])
  const variables = useMemo(() => createCssVariables(brand.accent), [brand.accent])
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={variables}
      colorSchemeManager={colorSchemeManager}
      defaultColorScheme="auto"
      getStyleNonce={readStyleNonce}
    >
      <QueryClientProvider client={queryClient}>
        <BrandProvider brand={brand}>
          <OfflineBanner />
          {children}
          <Toasts />
          <IdentityAsked />
          <RouteAnnouncer />
        </BrandProvider>
      </QueryClientProvider>
    </MantineProvider>
  )
}

const ConfirmIdentity = lazy(async () => {
  const [{ ConfirmIdentity: component }] = await Promise.all([
    import('./confirm-identity.tsx'),
    loadTexts('security'),
  ])
  return { default: component }
})

/** The dialog that asks who is there comes when a request needs it (see identity.ts). */
function IdentityAsked() {
  return useIdentityAsked() ? (
    <Suspense>
      <ConfirmIdentity />
    </Suspense>
  ) : null
}

/** After another page was opened: its title is said to screen readers, and the keyboard starts at its content. */
function RouteAnnouncer() {
  const router = useRouter()
  const [title, setTitle] = useState('')
  useEffect(
    () =>
      router.subscribe('onRendered', ({ pathChanged, fromLocation }) => {
        if (!pathChanged || !fromLocation) return
        setTimeout(() => {
          setTitle(document.title)
          const focused = document.activeElement
          if (focused === document.body || focused?.closest('nav, a, header') || !focused) {
            document.getElementById('main')?.focus({ preventScroll: true })
          }
        }, 50)
      }),
    [router],
  )
  return (
    <div className="visually-hidden" role="status">
      {title}
    </div>
  )
}
