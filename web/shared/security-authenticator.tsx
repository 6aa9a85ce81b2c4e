import { Button } from '@mantine/core'
import IconDeviceMobile from '@tabler/icons-react/dist/esm/icons/IconDeviceMobile.mjs'
import IconLifebuoy from '@tabler/icons-react/dist/esm/icons/IconLifebuoy.mjs'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from './api.ts'
import type { Security } from './api-types.gen.ts'
import { AuthenticatorSetup, NewRecoveryCodes } from './authenticator-setup.tsx'
import { ConfirmDialog, Dialog } from './dialog.tsx'
import { Section } from './page.tsx'
import styles from './security.module.css'
import { SecurityRow } from './security-row.tsx'
import { mine } from './side.ts'
import { ToneBadge } from './state-badge.tsx'
import { showToast } from './toasts.tsx'
import { useFormats } from './use-formats.ts'

// Below this many codes somebody should make new ones.
const fewCodes = 3

/** The second step of a sign-in: an authenticator app, and recovery codes for the day when the phone is lost. */
export function SecurityAuthenticator({ security }: { security: Security }) {
  const { t } = useTranslation('security')
  const { date } = useFormats()
  const queryClient = useQueryClient()
  const [asking, setAsking] = useState<'set_up' | 'turn_off' | 'codes' | null>(null)
  const close = () => setAsking(null)
  const done = () => {
    setAsking(null)
    void queryClient.invalidateQueries({ queryKey: ['security'] })
  }
  const since = security.totp_since
  const left = security.recovery_codes_left
  return (
    <Section title={t('totp.title')} description={t('totp.about')} flush>
      <ul className={styles.rows}>
        <SecurityRow
          icon={IconDeviceMobile}
          tone={since ? 'good' : undefined}
          title={t('totp.app')}
          state={<ToneBadge tone={since ? 'good' : 'neutral'}>{t(since ? 'totp.on' : 'totp.off')}</ToneBadge>}
          actions={
            since ? (
              <>
                <Button variant="subtle" onClick={() => setAsking('turn_off')}>
                  {t('totp.turn_off')}
                </Button>
                <Button variant="default" onClick={() => setAsking('set_up')}>
                  {t('totp.move')}
                </Button>
              </>
            ) : (
              <Button variant="light" onClick={() => setAsking('set_up')}>
                {t('totp.set_up')}
              </Button>
            )
          }
        >
          <p>{since ? t('totp.since', { date: date(since) }) : t('totp.without')}</p>
        </SecurityRow>
        {since && (
          <SecurityRow
            icon={IconLifebuoy}
            tone={left < fewCodes ? 'warning' : undefined}
            title={t('recovery.title')}
            state={
              <ToneBadge tone={left < fewCodes ? 'warning' : 'neutral'}>
                {t('recovery.left', { count: left })}
              </ToneBadge>
            }
            actions={
              <Button variant="default" onClick={() => setAsking('codes')}>
                {t('recovery.new')}
              </Button>
            }
          >
            <p>{t('recovery.about')}</p>
          </SecurityRow>
        )}
      </ul>
      <Dialog opened={asking === 'set_up'} onClose={close} title={t('totp.set_up_title')}>
        <AuthenticatorSetup onCancel={close} onDone={done} />
      </Dialog>
      <Dialog opened={asking === 'codes'} onClose={close} title={t('recovery.new_title')}>
        <NewRecoveryCodes onCancel={close} onDone={done} />
      </Dialog>
      <ConfirmDialog
        opened={asking === 'turn_off'}
        onClose={close}
        title={t('totp.turn_off_title')}
        confirm={t('totp.turn_off')}
        danger
        onConfirm={async () => {
          await orThrow(api.DELETE(mine('/api/v1/portal/security/totp')))
          await queryClient.invalidateQueries({ queryKey: ['security'] })
          showToast({ tone: 'good', title: t('totp.off_toast') })
        }}
      >
        <p>{t('totp.turn_off_text')}</p>
      </ConfirmDialog>
    </Section>
  )
}
