import { useTranslation } from 'react-i18next'
import type {
  DebitAttempt,
  DebitRun,
  PaymentIntent,
  PaymentProvider,
  PaymentReversal,
  StoredMethod,
} from '../shared/api-types.gen.ts'
import { ToneBadge } from '../shared/state-badge.tsx'
import type { Tone } from '../shared/theme.ts'

const healthTones: Record<PaymentProvider['health'], Tone> = {
  untested: 'neutral',
  working: 'good',
  failing: 'bad',
}
const intentTones: Record<PaymentIntent['state'], Tone> = {
  created: 'neutral',
  sending: 'neutral',
  unknown: 'warning',
  action_needed: 'info',
  pending: 'info',
  succeeded: 'good',
  failed: 'bad',
  cancelled: 'neutral',
  expired: 'neutral',
}
const reversalTones: Record<PaymentReversal['state'], Tone> = {
  created: 'neutral',
  sending: 'neutral',
  unknown: 'warning',
  pending: 'info',
  done: 'good',
  failed: 'bad',
  won: 'good',
}
const debitTones: Record<DebitAttempt['state'], Tone> = {
  charging: 'info',
  paid: 'good',
  refused: 'bad',
  dropped: 'neutral',
}
const methodTones: Record<StoredMethod['state'], Tone> = {
  active: 'good',
  expired: 'warning',
  refused: 'bad',
  removed: 'neutral',
}

/** How a provider answered last. */
export function HealthBadge({ health }: { health: PaymentProvider['health'] }) {
  const { t } = useTranslation('providers')
  return <ToneBadge tone={healthTones[health]}>{t(`office.health.${health}`)}</ToneBadge>
}

/** What became of what a provider was asked for. */
export function IntentBadge({ intent: { state, purpose } }: { intent: PaymentIntent }) {
  const { t } = useTranslation('providers')
  const word = purpose === 'setup' && state === 'succeeded' ? 'office.stored' : `office.intent.${state}`
  return <ToneBadge tone={intentTones[state]}>{t(word)}</ToneBadge>
}

/** What became of money that goes back. */
export function ReversalBadge({ reversal }: { reversal: Pick<PaymentReversal, 'kind' | 'state'> }) {
  const { t } = useTranslation('providers')
  return <ToneBadge tone={reversalTones[reversal.state]}>{t(`office.reversal.${reversal.state}`)}</ToneBadge>
}

/** What became of a charge by itself. */
export function DebitBadge({ state }: { state: DebitAttempt['state'] }) {
  const { t } = useTranslation('providers')
  return <ToneBadge tone={debitTones[state]}>{t(`office.debit.${state}`)}</ToneBadge>
}

const runTones: Partial<Record<DebitRun['state'], Tone>> = {
  running: 'info',
  done: 'good',
  interrupted: 'warning',
}

/** How far a run is. */
export function RunBadge({ state }: { state: DebitRun['state'] }) {
  const { t } = useTranslation('providers')
  return <ToneBadge tone={runTones[state] ?? 'neutral'}>{t(`office.run.${state}`)}</ToneBadge>
}

/** Whether a stored method is good. */
export function MethodBadge({ state }: { state: StoredMethod['state'] }) {
  const { t } = useTranslation('providers')
  return <ToneBadge tone={methodTones[state]}>{t(`office.method.${state}`)}</ToneBadge>
}

/** Marks money that is not real. */
export function TestBadge() {
  const { t } = useTranslation('providers')
  return <ToneBadge tone="warning">{t('office.test_money')}</ToneBadge>
}

/** A stored method as people know it: Visa •••• 4242. */
export function methodName(method: { brand: string | null; last_digits: string | null }): string {
  return [method.brand, method.last_digits && `•••• ${method.last_digits}`].filter(Boolean).join(' ') || '–'
}
