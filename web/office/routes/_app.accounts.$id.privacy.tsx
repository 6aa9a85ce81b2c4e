import IconUserOff from '@tabler/icons-react/dist/esm/icons/IconUserOff.mjs'
import { useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { Section } from '../../shared/page.tsx'
import { AccountHeading } from '../account-heading.tsx'
import { accountQuery } from '../account-queries.ts'
import { ButtonLink } from '../button-link.tsx'
import styles from '../privacy.module.css'
import { PrivacyExports } from '../privacy-exports.tsx'
import { privacyExportsQuery } from '../privacy-queries.ts'
import { useMay } from '../session.ts'

/** All that is stored about an account, as a file; and the way to its end. */
export const Route = createFileRoute('/_app/accounts/$id/privacy')({
  loader: ({ context: { queryClient, session }, params: { id } }) => {
    if (session.permissions.includes('privacy.export'))
      void queryClient.prefetchQuery(privacyExportsQuery(id))
    return queryClient.ensureQueryData(accountQuery(id))
  },
  component: PrivacyPage,
})

function PrivacyPage() {
  const { t } = useTranslation()
  const { id } = Route.useParams()
  const may = useMay()
  const { data: account } = useSuspenseQuery(accountQuery(id))
  return (
    <>
      <AccountHeading account={account} />
      <div className={styles.page}>
        {may('privacy.export') && <PrivacyExports account={account} />}
        {may('privacy.erase') && account.erased_at === null && (
          <Section title={t('privacy.erase')} description={t('privacy.erase_subtitle')}>
            <ButtonLink
              to="/accounts/$id/erasure"
              params={{ id }}
              variant="light"
              color="bad"
              leftSection={<IconUserOff size={16} aria-hidden />}
            >
              {t('privacy.erase_open')}
            </ButtonLink>
          </Section>
        )}
      </div>
    </>
  )
}
