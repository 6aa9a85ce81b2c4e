import { Button, TextInput } from '@mantine/core'
import IconMail from '@tabler/icons-react/dist/esm/icons/IconMail.mjs'
import IconMailForward from '@tabler/icons-react/dist/esm/icons/IconMailForward.mjs'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from './api.ts'
import type { Security } from './api-types.gen.ts'
import { Dialog, DialogActions } from './dialog.tsx'
import { useForm } from './form.ts'
import { Section } from './page.tsx'
import { ProblemAlert } from './problem-alert.tsx'
import styles from './security.module.css'
import { useSecurityChange } from './security-queries.ts'
import { SecurityRow } from './security-row.tsx'
import { mine } from './side.ts'
import { ToneBadge } from './state-badge.tsx'
import { showToast } from './toasts.tsx'

/** The address one signs in with: whether it is confirmed, and a change of it that waits for its link. */
export function SecurityEmail({ security }: { security: Security }) {
  const { t } = useTranslation('security')
  const [changing, setChanging] = useState(false)
  const withdraw = useSecurityChange(
    () => orThrow(api.DELETE(mine('/api/v1/portal/security/email'))),
    () => showToast({ tone: 'good', title: t('email.withdrawn') }),
  )
  const verify = useSecurityChange(
    () => orThrow(api.POST(mine('/api/v1/portal/security/email'), { body: { email: security.email } })),
    () => showToast({ tone: 'good', title: t('email.sent', { email: security.email }) }),
  )
  return (
    <Section title={t('email.title')} description={t('email.about')} flush>
      <ul className={styles.rows}>
        <SecurityRow
          icon={IconMail}
          title={security.email}
          state={
            security.email_verified_at ? (
              <ToneBadge tone="good">{t('email.verified')}</ToneBadge>
            ) : (
              <ToneBadge tone="warning">{t('email.not_verified')}</ToneBadge>
            )
          }
          actions={
            <>
              {!security.email_verified_at && !security.new_email && (
                <Button variant="subtle" loading={verify.isPending} onClick={() => verify.mutate()}>
                  {t('email.verify')}
                </Button>
              )}
              <Button variant="default" onClick={() => setChanging(true)}>
                {t('email.change')}
              </Button>
            </>
          }
        />
        {security.new_email && (
          <SecurityRow
            icon={IconMailForward}
            tone="warning"
            title={security.new_email}
            state={<ToneBadge tone="warning">{t('email.pending')}</ToneBadge>}
            actions={
              <Button variant="subtle" loading={withdraw.isPending} onClick={() => withdraw.mutate()}>
                {t('email.withdraw')}
              </Button>
            }
          >
            <p>{t('email.pending_text')}</p>
          </SecurityRow>
        )}
      </ul>
      {changing && <EmailDialog onClose={() => setChanging(false)} />}
    </Section>
  )
}

function EmailDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation('security')
  const queryClient = useQueryClient()
  const form = useForm({
    initial: { email: '' },
    check: ({ email }) => ({ email: !/^\S+@\S+\.\S+$/.test(email.trim()) && t('common:input.email') }),
    submit: ({ email }) =>
      orThrow(api.POST(mine('/api/v1/portal/security/email'), { body: { email: email.trim() } })),
    onDone: (_answer, { email }) => {
      void queryClient.invalidateQueries({ queryKey: ['security'] })
      showToast({
        tone: 'good',
        title: t('email.sent', { email: email.trim() }),
        detail: t('email.sent_detail'),
      })
      onClose()
    },
  })
  return (
    <Dialog opened onClose={onClose} title={t('email.change_title')}>
      <form className={styles.form} onSubmit={form.onSubmit} noValidate>
        <p className={styles.muted}>{t('email.change_text')}</p>
        <ProblemAlert error={form.problem} />
        <TextInput
          type="email"
          label={t('email.new')}
          autoComplete="email"
          inputMode="email"
          autoCapitalize="none"
          spellCheck={false}
          required
          withAsterisk={false}
          data-autofocus
          {...form.field('email')}
        />
        <DialogActions>
          <Button variant="default" onClick={onClose}>
            {t('common:action.cancel')}
          </Button>
          <Button type="submit" loading={form.busy}>
            {t('email.send')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
