import IconUserOff from '@tabler/icons-react/dist/esm/icons/IconUserOff.mjs'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Account } from '../shared/api-types.gen.ts'
import { PageTitle } from '../shared/page.tsx'
import { Callout } from '../shared/problem-alert.tsx'
import { ToneBadge } from '../shared/state-badge.tsx'
import { useFormats } from '../shared/use-formats.ts'
import { AccountTabs } from './account-tabs.tsx'
import { BackLink } from './back-link.tsx'
import styles from './privacy.module.css'

/** Over the pages of an account beside its overview: whose they are, and the way to the others. */
export function AccountHeading({ account, actions }: { account: Account; actions?: ReactNode }) {
  const { t } = useTranslation()
  return (
    <>
      <PageTitle
        back={<BackLink to="/accounts">{t('shell.accounts')}</BackLink>}
        title={account.name}
        state={account.erased_at !== null && <ErasedBadge />}
        subtitle={[t('accounts.number_of', { number: account.number }), account.business_unit_name].join(
          ' · ',
        )}
        actions={actions}
      />
      <AccountTabs id={account.id} />
      <AccountErased account={account} />
    </>
  )
}

/** Beside the title of an account that was erased. */
export function ErasedBadge() {
  const { t } = useTranslation()
  return (
    <ToneBadge tone="neutral" icon={IconUserOff}>
      {t('privacy.erased_badge')}
    </ToneBadge>
  )
}

/** Says of an account that it was erased, and what that means; nothing where it was not. */
export function AccountErased({ account }: { account: Account }) {
  const { t } = useTranslation()
  const { date } = useFormats()
  if (account.erased_at === null) return null
  return (
    <div className={styles.over}>
      <Callout tone="neutral" icon={<IconUserOff size={20} aria-hidden />} title={t('privacy.erased')}>
        <p>{t('privacy.erased_on', { date: date(account.erased_at, 'long') })}</p>
      </Callout>
    </div>
  )
}
