import type { TablerIcon } from '@tabler/icons-react'
import IconCash from '@tabler/icons-react/dist/esm/icons/IconCash.mjs'
import IconCircleX from '@tabler/icons-react/dist/esm/icons/IconCircleX.mjs'
import IconMail from '@tabler/icons-react/dist/esm/icons/IconMail.mjs'
import IconPercentage from '@tabler/icons-react/dist/esm/icons/IconPercentage.mjs'
import IconPlayerPause from '@tabler/icons-react/dist/esm/icons/IconPlayerPause.mjs'
import type { TFunction } from 'i18next'
import { useTranslation } from 'react-i18next'
import type { DunningPolicy } from '../shared/api-types.gen.ts'
import type { Tone } from '../shared/theme.ts'
import { useFormats } from '../shared/use-formats.ts'
import { nameOfWeekday } from './profile-words.tsx'

export type Step = DunningPolicy['steps'][number]
export type StepAction = Step['action']
export const stepActions: StepAction[] = ['mail', 'late_fee', 'interest', 'suspend', 'cancel']

/** What each kind of step looks like. */
export const looksOfAction: Record<StepAction, { icon: TablerIcon; tone: Tone }> = {
  mail: { icon: IconMail, tone: 'info' },
  late_fee: { icon: IconCash, tone: 'warning' },
  interest: { icon: IconPercentage, tone: 'warning' },
  suspend: { icon: IconPlayerPause, tone: 'bad' },
  cancel: { icon: IconCircleX, tone: 'bad' },
}

/** 3 days before, on the due date, 10 days after. */
export function wordsOfDay(t: TFunction, day: number): string {
  if (day === 0) return t('dunning:day.on')
  return t(day < 0 ? 'dunning:day.before' : 'dunning:day.after', { count: Math.abs(day) })
}

/** A rate in hundredths of a percent, as people write it. */
function formatBasisPoints(basisPoints: number, language: string): string {
  return new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 2 }).format(
    basisPoints / 10_000,
  )
}

/** What a step does, in a sentence. */
export function useStepWords(currency: string): (step: Step) => string {
  const { t, i18n } = useTranslation('dunning')
  const { money } = useFormats()
  return (step) => {
    const rate = step.basis_points === null ? '' : formatBasisPoints(step.basis_points, i18n.language)
    const words =
      step.action === 'late_fee'
        ? step.amount === null
          ? t('what.late_fee_rate', { rate })
          : t('what.late_fee_amount', { amount: money(step.amount, currency) })
        : step.action === 'interest'
          ? t('what.interest', { rate, count: step.day })
          : step.action === 'mail'
            ? (step.texts?.[i18n.language as 'en']?.subject ?? '')
            : t(`what.${step.action}_${step.scope ?? 'account'}`)
    if (step.weekdays.length === 7) return words
    const days = new Intl.ListFormat(i18n.language).format(
      [...step.weekdays].sort().map((day) => nameOfWeekday(day, i18n.language, 'short')),
    )
    return `${words} · ${t('what.weekdays', { days })}`
  }
}
