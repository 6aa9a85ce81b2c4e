import { queryOptions, useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../shared/api.ts'
import type { OwnCoupon } from '../shared/api-types.gen.ts'
import { addDays } from '../shared/formats.ts'
import { loadTexts } from '../shared/i18n.ts'
import { Facts, Section } from '../shared/page.tsx'
import { useFormats } from '../shared/use-formats.ts'

/** The coupons of a service, with the words to say them. */
const couponsQuery = (id: string) =>
  queryOptions({
    queryKey: ['services', id, 'coupons'],
    queryFn: async ({ signal }) => {
      const [coupons] = await Promise.all([
        orThrow(api.GET('/api/v1/portal/subscriptions/{id}/coupons', { params: { path: { id } }, signal })),
        loadTexts('money'),
      ])
      return coupons.items
    },
  })

/** What comes off a service, and until when. Nothing is shown where nothing does. */
export function ServiceCoupons({ serviceId }: { serviceId: string }) {
  const { t, i18n } = useTranslation('money')
  const { money, date } = useFormats()
  const { data: coupons = [] } = useQuery(couponsQuery(serviceId))
  if (coupons.length === 0) return null
  const off = (coupon: OwnCoupon) =>
    coupon.discount_kind === 'amount'
      ? t('coupons.off_amount', { amount: money(coupon.discount_amount ?? 0, coupon.currency) })
      : t('coupons.off_percent', {
          percent: new Intl.NumberFormat(i18n.language, {
            style: 'percent',
            maximumFractionDigits: 2,
          }).format((coupon.discount_basis_points ?? 0) / 10_000),
        })
  const lasts = (coupon: OwnCoupon) => {
    const last = coupon.to_date === null ? null : date(addDays(coupon.to_date, -1))
    if (last === null)
      return coupon.state === 'coming'
        ? t('coupons.from', { date: date(coupon.from_date) })
        : t('coupons.for_ever')
    if (coupon.state === 'ended') return t('coupons.ended', { date: last })
    return coupon.state === 'coming'
      ? t('coupons.between', { from: date(coupon.from_date), to: last })
      : t('coupons.until', { date: last })
  }
  return (
    <Section title={t('coupons.title')}>
      <Facts
        facts={coupons.map((coupon) => [
          coupon.term_months === null ? coupon.name : t('coupons.for_term', { count: coupon.term_months }),
          <span key={coupon.id}>
            {off(coupon)}
            <br />
            <small>{lasts(coupon)}</small>
          </span>,
        ])}
      />
    </Section>
  )
}
