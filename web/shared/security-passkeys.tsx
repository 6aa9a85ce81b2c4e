import { Button, TextInput } from '@mantine/core'
import IconFingerprint from '@tabler/icons-react/dist/esm/icons/IconFingerprint.mjs'
import IconPlus from '@tabler/icons-react/dist/esm/icons/IconPlus.mjs'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from './api.ts'
import type { Passkey, Security } from './api-types.gen.ts'
import { ConfirmDialog, Dialog, DialogActions } from './dialog.tsx'
import { useForm } from './form.ts'
import { Section } from './page.tsx'
import { knowsPasskeys, makePasskey, nameThisDevice } from './passkeys.ts'
import { ProblemAlert } from './problem-alert.tsx'
import styles from './security.module.css'
import { SecurityRow } from './security-row.tsx'
import { mine } from './side.ts'
import { ToneBadge } from './state-badge.tsx'
import { showToast } from './toasts.tsx'
import { useFormats } from './use-formats.ts'

/** The person's passkeys: fingerprint, face or PIN of a device instead of a password. */
export function SecurityPasskeys({ security }: { security: Security }) {
  const { t } = useTranslation('security')
  const { date, relative } = useFormats()
  const queryClient = useQueryClient()
  const [asking, setAsking] = useState<'add' | { rename: Passkey } | { remove: Passkey } | null>(null)
  const close = () => setAsking(null)
  const removed = asking !== null && typeof asking === 'object' && 'remove' in asking ? asking.remove : null
  return (
    <Section title={t('passkeys.title')} description={t('passkeys.about')} flush>
      <ul className={styles.rows}>
        {security.passkeys.map((passkey) => (
          <SecurityRow
            key={passkey.id}
            icon={IconFingerprint}
            tone="good"
            title={passkey.name}
            state={passkey.backed_up && <ToneBadge tone="neutral">{t('passkeys.backed_up')}</ToneBadge>}
            actions={
              <>
                <Button
                  variant="subtle"
                  aria-label={t('passkeys.rename_label', { name: passkey.name })}
                  onClick={() => setAsking({ rename: passkey })}
                >
                  {t('passkeys.rename')}
                </Button>
                <Button
                  variant="subtle"
                  aria-label={t('passkeys.remove_label', { name: passkey.name })}
                  onClick={() => setAsking({ remove: passkey })}
                >
                  {t('passkeys.remove')}
                </Button>
              </>
            }
          >
            <p>
              {t('passkeys.added', { date: date(passkey.created_at) })} ·{' '}
              {passkey.last_used_at
                ? t('passkeys.used', { when: relative(passkey.last_used_at) })
                : t('passkeys.never_used')}
            </p>
          </SecurityRow>
        ))}
      </ul>
      <div className={styles.after}>
        <Button
          variant={security.passkeys.length === 0 ? 'light' : 'default'}
          leftSection={<IconPlus size={18} aria-hidden />}
          disabled={!knowsPasskeys()}
          onClick={() => setAsking('add')}
        >
          {t('passkeys.add')}
        </Button>
        {!knowsPasskeys() && <p className={styles.muted}>{t('passkeys.unsupported')}</p>}
      </div>
      {asking === 'add' && <AddPasskey onClose={close} />}
      {asking !== null && typeof asking === 'object' && 'rename' in asking && (
        <RenamePasskey passkey={asking.rename} onClose={close} />
      )}
      <ConfirmDialog
        opened={removed !== null}
        onClose={close}
        title={t('passkeys.remove_title', { name: removed?.name ?? '' })}
        confirm={t('passkeys.remove')}
        danger
        onConfirm={async () => {
          await orThrow(
            api.DELETE(mine('/api/v1/portal/security/passkeys/{id}'), {
              params: { path: { id: removed!.id } },
            }),
          )
          await queryClient.invalidateQueries({ queryKey: ['security'] })
          showToast({ tone: 'good', title: t('passkeys.removed') })
        }}
      >
        <p>{t('passkeys.remove_text')}</p>
      </ConfirmDialog>
    </Section>
  )
}

/** A new passkey of this device, with a name to know it by. `onAdded` where something follows. */
export function AddPasskey({ onClose, onAdded }: { onClose: () => void; onAdded?: () => void }) {
  const { t } = useTranslation('security')
  const queryClient = useQueryClient()
  const form = useForm({
    initial: { name: nameThisDevice() },
    check: ({ name }) => ({ name: !name.trim() && t('common:input.required') }),
    submit: async ({ name }) => {
      const { challenge, options } = await orThrow(api.POST(mine('/api/v1/portal/security/passkeys/options')))
      const response = await makePasskey(options)
      return orThrow(
        api.POST(mine('/api/v1/portal/security/passkeys'), {
          body: { challenge, response: response as never, name: name.trim() },
        }),
      )
    },
    onDone: () => {
      void queryClient.invalidateQueries({ queryKey: ['security'] })
      showToast({ tone: 'good', title: t('passkeys.added_toast') })
      onClose()
      onAdded?.()
    },
  })
  return (
    <Dialog opened onClose={onClose} title={t('passkeys.add')}>
      <form className={styles.form} onSubmit={form.onSubmit} noValidate>
        <p className={styles.muted}>{t('passkeys.add_text')}</p>
        <ProblemAlert error={form.problem} />
        <TextInput
          label={t('passkeys.name')}
          description={t('passkeys.name_help')}
          autoComplete="off"
          maxLength={100}
          required
          withAsterisk={false}
          {...form.field('name')}
        />
        <DialogActions>
          <Button variant="default" onClick={onClose}>
            {t('common:action.cancel')}
          </Button>
          <Button type="submit" loading={form.busy} leftSection={<IconFingerprint size={18} aria-hidden />}>
            {t('passkeys.make')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}

function RenamePasskey({ passkey, onClose }: { passkey: Passkey; onClose: () => void }) {
  const { t } = useTranslation('security')
  const queryClient = useQueryClient()
  const form = useForm({
    initial: { name: passkey.name },
    check: ({ name }) => ({ name: !name.trim() && t('common:input.required') }),
    submit: ({ name }) =>
      orThrow(
        api.PATCH(mine('/api/v1/portal/security/passkeys/{id}'), {
          params: { path: { id: passkey.id } },
          body: { name: name.trim() },
        }),
      ),
    onDone: () => {
      void queryClient.invalidateQueries({ queryKey: ['security'] })
      onClose()
    },
  })
  return (
    <Dialog opened onClose={onClose} title={t('passkeys.rename_title')} size="small">
      <form className={styles.form} onSubmit={form.onSubmit} noValidate>
        <ProblemAlert error={form.problem} />
        <TextInput
          label={t('passkeys.name')}
          autoComplete="off"
          maxLength={100}
          required
          withAsterisk={false}
          {...form.field('name')}
        />
        <DialogActions>
          <Button variant="default" onClick={onClose}>
            {t('common:action.cancel')}
          </Button>
          <Button type="submit" loading={form.busy} disabled={!form.changed}>
            {t('common:action.save')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
