import { createFileRoute } from '@tanstack/react-router'

export const Route = createFileRoute('/_app/units/')({
  component: RouteComponent,
})

function RouteComponent() {
  return <div>Hello "/_app/units/"!</div>
}
