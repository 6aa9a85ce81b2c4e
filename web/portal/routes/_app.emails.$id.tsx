import { Button } from '@mantine/core'
import IconMailForward from '@tabler/icons-react/dist/esm/icons/IconMailForward.mjs'
import { useMutation, useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../../shared/api.ts'
import { PageTitle, Section } from '../../shared/page.tsx'
import { StateBadge } from '../../shared/state-badge.tsx'
import { showToast, useProblemToast } from '../../shared/toasts.tsx'
import { DateText } from '../../shared/values.tsx'
import { BackLink } from '../back-link.tsx'
import styles from '../email.module.css'
import { emailQuery } from '../email-queries.ts'

/** One mail as it was sent, and the way to have it sent again. */
export const Route = createFileRoute('/_app/emails/$id')({
  loader: ({ context: { queryClient }, params }) => queryClient.ensureQueryData(emailQuery(params.id)),
  component: EmailPage,
})

function EmailPage() {
  const { t } = useTranslation()
  const { id } = Route.useParams()
  const { queryClient } = Route.useRouteContext()
  const { data: email } = useSuspenseQuery(emailQuery(id))
  const onError = useProblemToast()
  const resend = useMutation({
    mutationFn: () => orThrow(api.POST('/api/v1/portal/notices/{id}/resend', { params: { path: { id } } })),
    onSuccess: () => {
      showToast({
        tone: 'good',
        title: t('emails.resent'),
        detail: t('emails.to', { email: email.to_email }),
      })
      void queryClient.invalidateQueries({ queryKey: ['emails', 'list'] })
      void queryClient.invalidateQueries({ queryKey: ['home'] })
    },
    onError,
  })
  return (
    <>
      <PageTitle
        back={<BackLink to="/emails">{t('emails.title')}</BackLink>}
        title={email.subject}
        state={
          email.state === 'failed' || email.state === 'queued' ? (
            <StateBadge kind="notice" state={email.state} />
          ) : undefined
        }
        subtitle={
          <>
            {t('emails.to', { email: email.to_email })} ·{' '}
            <DateText value={email.sent_at ?? email.created_at} style="long" />
          </>
        }
        actions={
          <Button
            variant="default"
            loading={resend.isPending}
            leftSection={<IconMailForward size={18} aria-hidden />}
            onClick={() => resend.mutate()}
          >
            {t('emails.resend')}
          </Button>
        }
      />
      <Section flush>
        {email.html === null ? (
          <p className={styles.text}>{email.text_body ?? t('emails.gone')}</p>
        ) : (
          <iframe
            className={styles.frame}
            title={email.subject}
            src={`/api/v1/portal/notices/${email.id}/html`}
            // Whatever a mail holds, it runs nothing here; its links open beside.
            sandbox="allow-popups allow-popups-to-escape-sandbox"
          />
        )}
      </Section>
      {email.html !== null && email.text_body !== null && (
        <details className={styles.plain}>
          <summary>{t('emails.as_text')}</summary>
          <p className={styles.text} lang={email.language}>
            {email.text_body}
          </p>
        </details>
      )}
    </>
  )
}
