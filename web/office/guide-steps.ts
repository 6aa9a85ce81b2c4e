import type { AccountSetup } from '../shared/api-types.gen.ts'

/** The steps of a new account, in their order. */
export const guideSteps = ['account', 'contract', 'profiles', 'contact'] as const
export type GuideStep = (typeof guideSteps)[number]

/** The first step that waits, after another where there is one; null when nothing does. */
export function nextStep(setup: AccountSetup, after?: GuideStep): GuideStep | null {
  const waiting = guideSteps.filter((step) => step !== 'account' && setup[step] === 'open')
  const from = after === undefined ? -1 : guideSteps.indexOf(after)
  return waiting.find((step) => guideSteps.indexOf(step) > from) ?? waiting[0] ?? null
}
