import { createRootRouteWithContext, Outlet } from '@tanstack/react-router'
import { type AppContext, AppFrame } from '../../shared/app.tsx'
import { neutralBrand } from '../../shared/brand.tsx'

export const Route = createRootRouteWithContext<AppContext>()({ component: Root })

function Root() {
  const { queryClient } = Route.useRouteContext()
  return (
    <AppFrame density="portal" brand={neutralBrand} queryClient={queryClient}>
      <Outlet />
    </AppFrame>
  )
}
