import IconMail from '@tabler/icons-react/dist/esm/icons/IconMail.mjs'
import { useSuspenseInfiniteQuery } from '@tanstack/react-query'
import { createFileRoute, Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { EmptyState, PageTitle, Section } from '../../shared/page.tsx'
import { StateBadge } from '../../shared/state-badge.tsx'
import { DateText } from '../../shared/values.tsx'
import { emailsQuery } from '../email-queries.ts'
import { coverLink, List, MoreRows, Row, Tile } from '../list.tsx'

/** Every mail that was written to this account (C3). */
export const Route = createFileRoute('/_app/emails/')({
  loader: ({ context: { queryClient } }) => queryClient.ensureInfiniteQueryData(emailsQuery),
  component: EmailsPage,
})

function EmailsPage() {
  const { t } = useTranslation()
  const query = useSuspenseInfiniteQuery(emailsQuery)
  const emails = query.data.pages.flatMap((page) => page.items)
  return (
    <>
      <PageTitle title={t('emails.title')} subtitle={t('emails.subtitle')} />
      <Section flush>
        {emails.length === 0 ? (
          <EmptyState icon={<IconMail size={24} aria-hidden />} title={t('emails.empty.title')}>
            {t('emails.empty.text')}
          </EmptyState>
        ) : (
          <>
            <List label={t('emails.title')}>
              {emails.map((email) => (
                <Row
                  key={email.id}
                  stacked
                  lead={<Tile icon={IconMail} />}
                  name={
                    <>
                      <Link
                        to="/emails/$id"
                        params={{ id: email.id }}
                        className={coverLink}
                        lang={email.language}
                      >
                        {email.subject}
                      </Link>
                      {(email.state === 'failed' || email.state === 'queued') && (
                        <StateBadge kind="notice" state={email.state} />
                      )}
                    </>
                  }
                  detail={t('emails.to', { email: email.to_email })}
                  end={
                    <small>
                      <DateText value={email.created_at} />
                    </small>
                  }
                />
              ))}
            </List>
            <MoreRows query={query} />
          </>
        )}
      </Section>
    </>
  )
}
