import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../shared/api.ts'
import type { NoticeDetail } from '../shared/api-types.gen.ts'
import { ConfirmDialog } from '../shared/dialog.tsx'
import { nameOfLanguage } from '../shared/i18n.ts'
import { Facts, SkeletonText, useDocumentTitle } from '../shared/page.tsx'
import { Callout, ProblemAlert } from '../shared/problem-alert.tsx'
import type { Search } from '../shared/router.ts'
import { StateBadge } from '../shared/state-badge.tsx'
import { showToast } from '../shared/toasts.tsx'
import { DateText } from '../shared/values.tsx'
import { unitsQuery } from './frame-queries.ts'
import styles from './mailbox.module.css'
import { mailQuery, refreshMails } from './notice-queries.ts'
import { PermittedButton } from './permitted-button.tsx'
import { useMay } from './session.ts'

/** One mail as its reader sees it, and how its sending went. */
export function MailReader({ id }: { id: string }) {
  const query = useQuery(mailQuery(id))
  return (
    <>
      <ProblemAlert error={query.error} onRetry={query.refetch} />
      {query.isPending && (
        <div className={styles.reader}>
          <SkeletonText lines={9} />
        </div>
      )}
      {query.data && <Mail mail={query.data} />}
    </>
  )
}

function Mail({ mail }: { mail: NoticeDetail }) {
  const { t } = useTranslation()
  const may = useMay()
  const navigate = useNavigate()
  const queryClient = useQueryClient()
  const { data: units = [] } = useQuery(unitsQuery)
  const [asking, setAsking] = useState(false)
  useDocumentTitle(mail.subject)
  const open = (id: string) =>
    void navigate({ to: '/mailbox/$id', params: { id }, search: ((before: Search) => before) as never })
  const resend = useMutation({
    mutationFn: () =>
      orThrow(api.POST('/api/v1/office/notices/{id}/resend', { params: { path: { id: mail.id } } })),
    onSuccess: async ({ id }) => {
      await refreshMails(queryClient)
      showToast({
        tone: 'good',
        title: t('mailbox.resent_toast'),
        action: { label: t('mailbox.resent_see'), onClick: () => open(id) },
      })
    },
  })
  const unit = units.find((one) => one.id === mail.business_unit_id)
  return (
    <article className={styles.reader}>
      <header className={styles.head}>
        <div className={styles.title}>
          <h2 lang={mail.language}>{mail.subject}</h2>
          <StateBadge kind="notice" state={mail.state} />
        </div>
        <PermittedButton needs="accounts.write" variant="default" onClick={() => setAsking(true)}>
          {t('mailbox.resend')}
        </PermittedButton>
      </header>
      <Facts
        stacked
        facts={[
          [t('mailbox.to'), mail.to_email],
          mail.account_id !== null && [
            t('services.account'),
            may('accounts.read') ? (
              <Link key="account" to="/accounts/$id" params={{ id: mail.account_id }}>
                {mail.account_name}
              </Link>
            ) : (
              mail.account_name
            ),
          ],
          [t('mailbox.kind'), t(`mailbox.kinds.${mail.kind}`)],
          [t('mailbox.written'), <DateText key="written" value={mail.created_at} />],
          mail.sent_at !== null && [t('mailbox.sent'), <DateText key="sent" value={mail.sent_at} />],
          unit && units.length > 1 && [t('words.unit'), unit.name],
          [t('mailbox.language'), nameOfLanguage(mail.language)],
        ]}
      />
      {mail.resent_from !== null && (
        <p>
          {t('mailbox.resent')}{' '}
          <Link
            to="/mailbox/$id"
            params={{ id: mail.resent_from }}
            search={((before: Search) => before) as never}
          >
            {t('mailbox.resent_original')}
          </Link>
        </p>
      )}
      {mail.state === 'failed' && (
        <Callout tone="bad" title={t('mailbox.failed_title')}>
          <p>{t('mailbox.failed_text')}</p>
          {mail.error !== null && (
            <p>
              {t('mailbox.error')}: <code>{mail.error}</code>
            </p>
          )}
        </Callout>
      )}
      {mail.state === 'queued' && (
        <Callout tone="info">
          <p>{t('mailbox.queued_text')}</p>
          {mail.error !== null && (
            <p>
              {t('mailbox.error')}: <code>{mail.error}</code>
            </p>
          )}
        </Callout>
      )}
      {mail.state === 'kept' && (
        <Callout tone="neutral" title={t('mailbox.kept_title')}>
          {t('mailbox.kept_text')}
        </Callout>
      )}
      {mail.body === 'shown' ? (
        <>
          <iframe
            key={mail.id}
            className={styles.frame}
            title={mail.subject}
            src={`/api/v1/office/notices/${mail.id}/html`}
            // Whatever a mail holds, it runs nothing here; its links open beside.
            sandbox="allow-popups allow-popups-to-escape-sandbox"
          />
          {mail.text_body !== null && (
            <details className={styles.plain}>
              <summary>{t('mailbox.as_text')}</summary>
              <p className={styles.text} lang={mail.language}>
                {mail.text_body}
              </p>
            </details>
          )}
        </>
      ) : (
        <Callout tone="info" title={t(`mailbox.${mail.body}_title`)}>
          {t(`mailbox.${mail.body}_text`)}
        </Callout>
      )}
      <ConfirmDialog
        opened={asking}
        onClose={() => setAsking(false)}
        title={t('mailbox.resend_title')}
        confirm={t('mailbox.resend')}
        onConfirm={() => resend.mutateAsync()}
      >
        <p>
          {t('mailbox.resend_text', { to: mail.to_email, language: nameOfLanguage(mail.language) })}
          {mail.secret && ` ${t('mailbox.resend_link')}`}
        </p>
      </ConfirmDialog>
    </article>
  )
}
