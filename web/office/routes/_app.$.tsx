import { createFileRoute } from '@tanstack/react-router'
import { RouteUnknown } from '../../shared/route-states.tsx'

/** An address that leads nowhere, inside the frame of the office. */
export const Route = createFileRoute('/_app/$')({ component: RouteUnknown })
