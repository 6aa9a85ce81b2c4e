/** Which of the two apps this is. */
export type Side = 'portal' | 'office'

let side: Side = 'portal'

/** Said once, when an app starts. */
export function setSide(own: Side): void {
  side = own
}

/** The app that runs. */
export function currentSide(): Side {
  return side
}

/**
 * A route that both sides have alike (one's own security, photos), on the side of this app. It is typed by the portal's:
 * `api.GET(mine('/api/v1/portal/security'))`.
 */
export function mine<Path extends `/api/v1/portal/${string}`>(path: Path): Path {
  return path.replace('/portal/', `/${side}/`) as Path
}
