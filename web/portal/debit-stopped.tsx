import IconCreditCard from '@tabler/icons-react/dist/esm/icons/IconCreditCard.mjs'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Callout } from '../shared/problem-alert.tsx'
import { ButtonLink } from './button-link.tsx'
import styles from './dunning-banner.module.css'
import { storedMethodsQuery } from './pay-queries.ts'
import { nameOfStored } from './pay-words.tsx'

/** Says that invoices are not paid by themselves any more, because the card or account for that is no longer good. */
export function DebitStopped() {
  const { t } = useTranslation('pay')
  const { data: methods } = useQuery(storedMethodsQuery)
  const stopped = methods?.find((one) => one.automatic && one.state !== 'active')
  if (!stopped) return null
  return (
    <div className={styles.banner}>
      <Callout tone="warning" icon={<IconCreditCard size={20} aria-hidden />} title={t('methods.stopped')}>
        <p>{t('methods.stopped_text', { method: nameOfStored(stopped, t) })}</p>
        <ButtonLink className={styles.pay} to="/payment-methods/new" size="sm">
          {t('methods.replace')}
        </ButtonLink>
      </Callout>
    </div>
  )
}
