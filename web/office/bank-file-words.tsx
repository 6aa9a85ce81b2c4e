import { useTranslation } from 'react-i18next'
import type { BankCharge, BankFile, BankFileLine } from '../shared/api-types.gen.ts'
import { ToneBadge } from '../shared/state-badge.tsx'
import type { Tone } from '../shared/theme.ts'

const fileTones: Record<BankFile['state'], Tone> = {
  queued: 'neutral',
  ready: 'good',
  failed: 'bad',
  reading: 'neutral',
  faulty: 'bad',
  read: 'warning',
  applying: 'info',
  applied: 'good',
  discarded: 'neutral',
}
const effectTones: Record<BankFileLine['effect'], Tone> = {
  received: 'good',
  confirmed: 'info',
  rejected: 'bad',
  written_off: 'neutral',
  instruction_taken: 'info',
  instruction_refused: 'bad',
  protest_begun: 'warning',
  protest_ended: 'neutral',
  noted: 'neutral',
  unknown: 'warning',
  repeated: 'neutral',
}
const chargeTones: Record<BankCharge['state'], Tone> = {
  registered: 'neutral',
  sent: 'info',
  confirmed: 'info',
  rejected: 'bad',
  paid: 'good',
  written_off: 'neutral',
}

/** How far a file is. */
export function BankFileBadge({ state }: { state: BankFile['state'] }) {
  const { t } = useTranslation('bankfiles')
  return <ToneBadge tone={fileTones[state]}>{t(`state.${state}`)}</ToneBadge>
}

/** What a record does. */
export function EffectBadge({ effect }: { effect: BankFileLine['effect'] }) {
  const { t } = useTranslation('bankfiles')
  return <ToneBadge tone={effectTones[effect]}>{t(`effect.${effect}`)}</ToneBadge>
}

/** What became of a boleto or debit. */
export function BankChargeBadge({ state }: { state: BankCharge['state'] }) {
  const { t } = useTranslation('bankfiles')
  return <ToneBadge tone={chargeTones[state]}>{t(`charge_state.${state}`)}</ToneBadge>
}
