import IconAlertTriangle from '@tabler/icons-react/dist/esm/icons/IconAlertTriangle.mjs'
import { queryOptions, useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../shared/api.ts'
import { loadTexts } from '../shared/i18n.ts'
import { Callout } from '../shared/problem-alert.tsx'
import { useFormats } from '../shared/use-formats.ts'
import { ButtonLink } from './button-link.tsx'
import styles from './dunning-banner.module.css'

/** What is overdue and what comes of it, with the words to say it. */
const dunningQuery = queryOptions({
  queryKey: ['invoices', 'dunning'],
  refetchInterval: 60_000,
  queryFn: async ({ signal }) => {
    const [own] = await Promise.all([
      orThrow(api.GET('/api/v1/portal/dunning', { signal })),
      loadTexts('dunning'),
    ])
    return own
  },
})

/** Says that something is overdue, what happens next and when, with the way to pay beside it. */
export function DunningBanner({ checking }: { checking: readonly string[] }) {
  const { t } = useTranslation('dunning')
  const { money, date } = useFormats()
  const { data: own } = useQuery(dunningQuery)
  if (!own || own.overdue === 0 || own.oldest === null || own.oldest.days <= 0) return null
  const { oldest, next, currency } = own
  const payable = own.overdue_invoice_ids.filter((id) => !checking.includes(id))
  // What was paid, as the customer says, waits for us and not for them.
  if (payable.length === 0 && own.suspended_services === 0) return null
  const coming =
    own.exempt_until !== null
      ? t('banner.exempt', { date: date(own.exempt_until) })
      : next && next.action !== 'mail'
        ? t(`banner.next.${next.action}`, {
            date: date(next.on_date),
            amount: money(next.charge ?? 0, currency),
          })
        : null
  return (
    <div className={styles.banner}>
      <Callout
        tone="bad"
        icon={<IconAlertTriangle size={20} aria-hidden />}
        title={t('banner.title', { amount: money(own.overdue, currency) })}
      >
        <p>{t('banner.since', { count: oldest.days, number: oldest.number })}</p>
        {own.suspended_services > 0 && <p>{t('banner.suspended')}</p>}
        {coming && <p>{coming}</p>}
        {payable.length > 0 && (
          <ButtonLink className={styles.pay} to="/pay" search={{ invoices: payable.join(',') }} size="sm">
            {t('banner.pay')}
          </ButtonLink>
        )}
      </Callout>
    </div>
  )
}
