import { useSyncExternalStore } from 'react'

// A request that changes the way in is refused until the person proved who they are. Whoever sent it waits here while one
// dialog asks, for all who wait at the same time.

let waiting: { answer: Promise<boolean>; settle: (confirmed: boolean) => void } | null = null
const listeners = new Set<() => void>()

function tell() {
  for (const listener of listeners) listener()
}

/** Opens the dialog that asks who is there; true once they proved it, false when they closed it. */
export function askForIdentity(): Promise<boolean> {
  if (waiting) return waiting.answer
  const { promise, resolve } = Promise.withResolvers<boolean>()
  waiting = { answer: promise, settle: resolve }
  tell()
  return promise
}

/** Ends the waiting of everybody who asked. */
export function settleIdentity(confirmed: boolean): void {
  const before = waiting
  waiting = null
  before?.settle(confirmed)
  tell()
}

const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Whether somebody waits for a proof of identity. */
export function useIdentityAsked(): boolean {
  return useSyncExternalStore(subscribe, () => waiting !== null)
}
