import { formatDate } from '../../platform/calendar.ts'
import { formatMoney } from '../../platform/money.ts'
import { type Language, localeOf, translator } from '../../platform/translations.ts'
import type { PlannedAction } from './planning.ts'

/** What a late fee or interest is called on its line, so that nobody has to ask how it came about. */
export function describeCharge(planned: PlannedAction, currency: string, language: Language): string {
  const t = translator(language)
  const { step, document } = planned
  const words = {
    number: document.number,
    due: formatDate(document.due_date, language),
    base: formatMoney(document.chargeable, currency, language),
    rate: step.basis_points === null ? '' : formatRate(step.basis_points, language),
    days: step.day,
    count: step.day,
  }
  if (step.action === 'interest') return t('mail:dunning.line.interest', words)
  return t(step.amount === null ? 'mail:dunning.line.late_fee_rate' : 'mail:dunning.line.late_fee', words)
}

function formatRate(basisPoints: number, language: Language): string {
  return new Intl.NumberFormat(localeOf(language), { style: 'percent', maximumFractionDigits: 2 }).format(
    basisPoints / 10_000,
  )
}
