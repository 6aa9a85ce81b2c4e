import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import * as formats from './formats.ts'

/** The formats of formats.ts in the language of the screen: `const { money, date } = useFormats()`. */
export function useFormats() {
  const { t, i18n } = useTranslation('common')
  const language = i18n.language
  return useMemo(
    () => ({
      language,
      /** Integer minor units with their currency. */
      money: (amountMinor: number, currency: string) => formats.formatMoney(amountMinor, currency, language),
      moneyShort: (amountMinor: number, currency: string) =>
        formats.formatMoneyShort(amountMinor, currency, language),
      number: (value: number) => formats.formatNumber(value, language),
      percent: (share: number) => formats.formatPercent(share, language),
      bytes: (bytes: number) => formats.formatBytes(bytes, language),
      date: (value: string, style?: formats.DateStyle) => formats.formatDate(value, language, style),
      exact: (value: string) => formats.formatExact(value, language),
      time: (value: string) => formats.formatTime(value, language),
      month: (value: string) => formats.formatMonth(value, language),
      relative: (value: string) => formats.formatRelative(value, language, new Date()),
      /** A half-open period in inclusive words; an open end says 'from …'. */
      period: (from: string, to: string | null, style?: 'medium' | 'long') =>
        to === null
          ? t('period.from', { day: formats.formatDate(from, language, style ?? 'long') })
          : formats.formatPeriod(from, to, language, style),
    }),
    [t, language],
  )
}
