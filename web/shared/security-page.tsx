import IconBuildingCommunity from '@tabler/icons-react/dist/esm/icons/IconBuildingCommunity.mjs'
import IconShieldCheck from '@tabler/icons-react/dist/esm/icons/IconShieldCheck.mjs'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import type { Security } from './api-types.gen.ts'
import { Section, SkeletonPage } from './page.tsx'
import { Callout, ProblemAlert } from './problem-alert.tsx'
import styles from './security.module.css'
import { SecurityAuthenticator } from './security-authenticator.tsx'
import { SecurityEmail } from './security-email.tsx'
import { SecurityPasskeys } from './security-passkeys.tsx'
import { SecurityPassword } from './security-password.tsx'
import { securityQuery } from './security-queries.ts'
import { SecurityRow } from './security-row.tsx'
import { SecuritySessions } from './security-sessions.tsx'
import { useFormats } from './use-formats.ts'

/** Everything about one's own way in, below the title of the page that shows it. Needs the texts of `security`. */
export function SecurityParts({ name }: { name: string }) {
  const { t } = useTranslation('security')
  const { data: security, error, refetch } = useQuery(securityQuery)
  if (error && !security) return <ProblemAlert error={error} onRetry={() => refetch()} />
  if (!security) return <SkeletonPage cards={4} />
  const guarded = security.totp_since !== null || security.passkeys.length > 0
  return (
    <div className={styles.page}>
      {security.second_factor_demanded && (
        <Callout
          tone={guarded ? 'good' : 'warning'}
          icon={<IconShieldCheck size={20} aria-hidden />}
          title={t('demanded.title')}
        >
          <p>{t(guarded ? 'demanded.met' : 'demanded.missing')}</p>
        </Callout>
      )}
      <SecurityEmail security={security} />
      <SecurityPassword security={security} name={name} />
      <SecurityPasskeys security={security} />
      <SecurityAuthenticator security={security} />
      <SecuritySessions />
      {security.identities.length > 0 && <Identities identities={security.identities} />}
    </div>
  )
}

function Identities({ identities }: { identities: Security['identities'] }) {
  const { t } = useTranslation('security')
  const { date } = useFormats()
  return (
    <Section title={t('identities.title')} description={t('identities.about')} flush>
      <ul className={styles.rows}>
        {identities.map(({ issuer, created_at }) => (
          <SecurityRow key={issuer} icon={IconBuildingCommunity} title={new URL(issuer).host}>
            <p>{t('identities.since', { date: date(created_at) })}</p>
          </SecurityRow>
        ))}
      </ul>
    </Section>
  )
}
