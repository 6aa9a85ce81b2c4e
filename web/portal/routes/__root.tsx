import { createRootRouteWithContext, Outlet } from '@tanstack/react-router'
import { type AppContext, AppFrame } from '../../shared/app.tsx'
import { useLook } from '../look.ts'

export const Route = createRootRouteWithContext<AppContext>()({ component: Root })

function Root() {
  const { queryClient } = Route.useRouteContext()
  const look = useLook()
  return (
    <AppFrame density="portal" brand={look} queryClient={queryClient}>
      <Outlet />
    </AppFrame>
  )
}
