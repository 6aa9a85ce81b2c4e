import type { TablerIcon } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import styles from './state-badge.module.css'
import { lookOf, type StateKind, toneIcons } from './states.ts'
import type { Tone } from './theme.ts'

/** A state as icon, word and colour: `<ToneBadge tone="good">Operational</ToneBadge>`. */
export function ToneBadge({ tone, icon, children }: { tone: Tone; icon?: TablerIcon; children: ReactNode }) {
  const Icon = icon ?? toneIcons[tone]
  return (
    <span className={styles.badge} data-tone={tone}>
      <Icon size={14} stroke={2} aria-hidden />
      {children}
    </span>
  )
}

/** The state of a thing of the domain: `<StateBadge kind="invoice" state={invoice.state} />`. */
export function StateBadge({ kind, state }: { kind: StateKind; state: string }) {
  const { t } = useTranslation('common')
  const { tone, icon } = lookOf(kind, state)
  return (
    <ToneBadge tone={tone} icon={icon}>
      {t(`state.${kind}.${state}`, { defaultValue: state })}
    </ToneBadge>
  )
}
