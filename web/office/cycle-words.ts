import { useTranslation } from 'react-i18next'
import type { Price } from '../shared/api-types.gen.ts'

/** How often something is charged. */
export type Cycle = Pick<Price, 'cycle_unit' | 'cycle_count'>

const months: Record<number, string> = { 1: 'month', 3: 'quarter', 6: 'half_year', 12: 'year' }

/** Says how often: "a month", "every 2 weeks", "once". */
export function useCycleWords(): (cycle: Cycle) => string {
  const { t } = useTranslation('office')
  return ({ cycle_unit, cycle_count }) => {
    if (cycle_unit === 'once') return t('words.cycle.once')
    const named = cycle_unit === 'month' ? months[cycle_count] : undefined
    return named ? t(`words.cycle.${named}`) : t(`words.cycle.${cycle_unit}s`, { count: cycle_count })
  }
}

/** The same for two cycles if and only if they are the same. */
export const cycleKey = (cycle: Cycle & Partial<Pick<Price, 'cycle_alignment'>>): string =>
  [cycle.cycle_unit, cycle.cycle_count, cycle.cycle_alignment ?? ''].join(' ')
