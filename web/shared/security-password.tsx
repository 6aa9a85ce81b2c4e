import { Button } from '@mantine/core'
import IconLock from '@tabler/icons-react/dist/esm/icons/IconLock.mjs'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from './api.ts'
import type { Security } from './api-types.gen.ts'
import { ConfirmDialog, Dialog, DialogActions } from './dialog.tsx'
import { useForm } from './form.ts'
import { Section } from './page.tsx'
import { NewPasswordField, shortestPassword } from './password-field.tsx'
import { ProblemAlert } from './problem-alert.tsx'
import styles from './security.module.css'
import { SecurityRow } from './security-row.tsx'
import { mine } from './side.ts'
import { showToast } from './toasts.tsx'
import { useFormats } from './use-formats.ts'

/** The password: another one, or none where a passkey opens the door. */
export function SecurityPassword({ security, name }: { security: Security; name: string }) {
  const { t } = useTranslation('security')
  const { date } = useFormats()
  const queryClient = useQueryClient()
  const [asking, setAsking] = useState<'change' | 'remove' | null>(null)
  const since = security.password_set_at
  return (
    <Section title={t('password.title')} description={t('password.about')} flush>
      <ul className={styles.rows}>
        <SecurityRow
          icon={IconLock}
          tone={since ? 'good' : undefined}
          title={since ? t('password.is_set') : t('password.is_not_set')}
          actions={
            <>
              {since && security.passkeys.length > 0 && (
                <Button variant="subtle" onClick={() => setAsking('remove')}>
                  {t('password.remove')}
                </Button>
              )}
              <Button variant="default" onClick={() => setAsking('change')}>
                {since ? t('password.change') : t('password.set')}
              </Button>
            </>
          }
        >
          <p>{since ? t('password.since', { date: date(since) }) : t('password.without')}</p>
        </SecurityRow>
      </ul>
      {asking === 'change' && (
        <PasswordDialog about={[security.email, name]} isFirst={!since} onClose={() => setAsking(null)} />
      )}
      <ConfirmDialog
        opened={asking === 'remove'}
        onClose={() => setAsking(null)}
        title={t('password.remove_title')}
        confirm={t('password.remove')}
        danger
        onConfirm={async () => {
          await orThrow(api.DELETE(mine('/api/v1/portal/security/password')))
          await queryClient.invalidateQueries({ queryKey: ['security'] })
          showToast({ tone: 'good', title: t('password.removed') })
        }}
      >
        <p>{t('password.remove_text', { count: security.passkeys.length })}</p>
      </ConfirmDialog>
    </Section>
  )
}

function PasswordDialog({
  about,
  isFirst,
  onClose,
}: {
  about: string[]
  isFirst: boolean
  onClose: () => void
}) {
  const { t } = useTranslation('security')
  const queryClient = useQueryClient()
  const form = useForm({
    initial: { password: '' },
    check: ({ password }) => ({
      password:
        [...password].length < shortestPassword && t('password.too_short', { count: shortestPassword }),
    }),
    submit: (body) => orThrow(api.PUT(mine('/api/v1/portal/security/password'), { body })),
    onDone: () => {
      void queryClient.invalidateQueries({ queryKey: ['security'] })
      showToast({ tone: 'good', title: t('password.saved') })
      onClose()
    },
  })
  return (
    <Dialog opened onClose={onClose} title={t(isFirst ? 'password.set_title' : 'password.change_title')}>
      <form className={styles.form} onSubmit={form.onSubmit} noValidate>
        <p className={styles.muted}>{t('password.change_text')}</p>
        <ProblemAlert error={form.problem} />
        {/* Password managers learn whose password this is. */}
        <input
          className="visually-hidden"
          type="email"
          autoComplete="username"
          value={about[0]}
          readOnly
          tabIndex={-1}
          aria-hidden
        />
        <NewPasswordField label={t('password.new')} about={about} {...form.field('password')} />
        <DialogActions>
          <Button variant="default" onClick={onClose}>
            {t('common:action.cancel')}
          </Button>
          <Button type="submit" loading={form.busy}>
            {t('password.save')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
