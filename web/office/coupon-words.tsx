import { useTranslation } from 'react-i18next'
import type { Coupon } from '../shared/api-types.gen.ts'
import { addDays } from '../shared/formats.ts'
import { ToneBadge } from '../shared/state-badge.tsx'
import type { Tone } from '../shared/theme.ts'
import { useFormats } from '../shared/use-formats.ts'
import { formatBasisPoints } from './rates.ts'

type Off = Pick<Coupon, 'discount_kind' | 'discount_amount' | 'discount_basis_points' | 'currency'>

/** What a coupon takes off, for how long and when it may be redeemed, in words. */
export function useCouponWords() {
  const { t, i18n } = useTranslation('books')
  const { money, date } = useFormats()
  return {
    off: (coupon: Off) =>
      coupon.discount_kind === 'amount'
        ? money(coupon.discount_amount ?? 0, coupon.currency)
        : formatBasisPoints(coupon.discount_basis_points ?? 0, i18n.language),
    lasts: (coupon: Pick<Coupon, 'periods'>) =>
      coupon.periods === null ? t('coupons.short_for_ever') : t('coupons.periods', { count: coupon.periods }),
    validity: (coupon: Pick<Coupon, 'valid_from' | 'valid_until'>) => {
      const from = coupon.valid_from === null ? null : date(coupon.valid_from)
      const to = coupon.valid_until === null ? null : date(addDays(coupon.valid_until, -1))
      if (from !== null && to !== null) return t('coupons.between', { from, to })
      if (from !== null) return t('coupons.from_day', { date: from })
      return to === null ? t('coupons.always') : t('coupons.to_day', { date: to })
    },
  }
}

const tones: Record<Coupon['state'], Tone> = {
  active: 'good',
  not_yet: 'info',
  expired: 'neutral',
  used_up: 'neutral',
  archived: 'neutral',
}

export function CouponState({ state }: { state: Coupon['state'] }) {
  const { t } = useTranslation('books')
  return <ToneBadge tone={tones[state]}>{t(`coupons.state.${state}`)}</ToneBadge>
}
