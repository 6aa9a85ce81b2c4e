import type { QueryClient } from '@tanstack/react-query'
import { type AnyRouter, createRouter, RouterProvider } from '@tanstack/react-router'
import { StrictMode, startTransition } from 'react'
import { createRoot } from 'react-dom/client'
import { secondFactorEvent, signedOutEvent } from './api.ts'
import { readStyleNonce } from './app.tsx'
import { startTranslations } from './i18n.ts'
import { SkeletonPage } from './page.tsx'
import { createQueryClient } from './query.ts'
import { RouteProblem, RouteUnknown } from './route-states.tsx'
import { parseSearch, stringifySearch } from './router.ts'
import { setSide } from './side.ts'

declare global {
  var __webpack_nonce__: string | undefined
}

/**
 * Starts an app: translations, cache, router, and the way to the sign-in when the session ended. `open` are the addresses
 * that need nobody signed in.
 */
export async function startApp(options: {
  app: 'portal' | 'office'
  basepath: string
  // biome-ignore lint/suspicious/noExplicitAny: the tree of either app; its type only matters where routes are written
  routeTree: any
  open: string[]
}): Promise<void> {
  const { app, basepath, routeTree, open } = options
  // Libraries that make <style> elements of their own ask for the nonce under this name.
  globalThis.__webpack_nonce__ = readStyleNonce()
  setSide(app)
  const queryClient: QueryClient = createQueryClient()
  const router: AnyRouter = createRouter({
    routeTree,
    basepath,
    context: { queryClient },
    defaultPreload: 'intent',
    // The query cache decides what is fresh.
    defaultPreloadStaleTime: 0,
    defaultPendingMs: 150,
    defaultPendingMinMs: 200,
    defaultPendingComponent: () => <SkeletonPage />,
    defaultErrorComponent: RouteProblem,
    defaultNotFoundComponent: RouteUnknown,
    scrollRestoration: true,
    parseSearch,
    stringifySearch,
  })

  let leaving = false
  window.addEventListener(signedOutEvent, () => {
    // The router's paths have no basepath.
    const { pathname, href } = router.state.location
    if (leaving || open.some((address) => pathname === address || pathname.startsWith(`${address}/`))) return
    // Who was in is told why they are out; who only followed a link never was.
    const problem = queryClient.getQueryData(['session']) === undefined ? undefined : 'session_ended'
    queryClient.clear()
    leaving = true
    void router.navigate({ to: '/sign-in', search: { back: href, problem }, replace: true }).finally(() => {
      leaving = false
    })
  })

  // The operator's rule may have come while somebody was at work.
  window.addEventListener(secondFactorEvent, () => {
    const { pathname, href } = router.state.location
    if (app !== 'office' || leaving || pathname.endsWith('/second-factor')) return
    queryClient.clear()
    leaving = true
    void router.navigate({ to: '/second-factor', search: { back: href }, replace: true }).finally(() => {
      leaving = false
    })
  })

  await startTranslations(app)
  // The first page is loaded before anything is drawn (index.html shows its shape meanwhile), so that it is drawn once. As
  // a transition that is done in slices, and the browser can answer in between. A slow answer does not hold it up: then the
  // frame is drawn first.
  await Promise.race([router.load(), new Promise((resolve) => setTimeout(resolve, 1_500))])
  const root = document.getElementById('app')
  if (!root) throw new Error('index.html has no #app')
  startTransition(() =>
    createRoot(root).render(
      <StrictMode>
        <RouterProvider router={router} />
      </StrictMode>,
    ),
  )
}
