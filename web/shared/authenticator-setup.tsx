import { Button, TextInput } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from './api.ts'
import { DialogActions } from './dialog.tsx'
import { useForm } from './form.ts'
import { SkeletonText } from './page.tsx'
import { ProblemAlert } from './problem-alert.tsx'
import { RecoveryCodes } from './recovery-codes.tsx'
import styles from './security.module.css'
import { securityQuery, useSecurityChange } from './security-queries.ts'
import { mine } from './side.ts'
import { showToast } from './toasts.tsx'

const QrCode = lazy(async () => ({ default: (await import('./qr-code.tsx')).QrCode }))

/** An authenticator app from the QR code to the kept recovery codes. `onDone` after these. */
export function AuthenticatorSetup({ onCancel, onDone }: { onCancel?: () => void; onDone: () => void }) {
  const { t } = useTranslation('security')
  const { data: security } = useQuery(securityQuery)
  const [codes, setCodes] = useState<string[] | null>(null)
  const begin = useMutation({ mutationFn: () => orThrow(api.POST(mine('/api/v1/portal/security/totp'))) })
  const begun = useRef(false)
  const { mutate } = begin
  useEffect(() => {
    if (begun.current) return
    begun.current = true
    mutate()
  }, [mutate])
  // The codes are shown first, what stands behind the dialog changes when they were kept.
  const form = useForm({
    initial: { code: '' },
    check: ({ code }) => ({ code: !/^\d{6}$/.test(code.replace(/\s/g, '')) && t('totp.code_form') }),
    submit: ({ code }) =>
      orThrow(
        api.POST(mine('/api/v1/portal/security/totp/confirm'), { body: { code: code.replace(/\s/g, '') } }),
      ),
    onDone: ({ recovery_codes }) => setCodes(recovery_codes),
  })
  if (codes) {
    return (
      <RecoveryCodes
        codes={codes}
        email={security?.email ?? ''}
        onKept={() => {
          showToast({ tone: 'good', title: t('totp.on_toast') })
          onDone()
        }}
      />
    )
  }
  if (begin.isError) {
    return (
      <div className={styles.form}>
        <ProblemAlert error={begin.error} onRetry={() => begin.mutate()} />
        {onCancel && (
          <DialogActions>
            <Button variant="default" onClick={onCancel}>
              {t('common:action.cancel')}
            </Button>
          </DialogActions>
        )}
      </div>
    )
  }
  return (
    <form className={styles.form} onSubmit={form.onSubmit} noValidate>
      <ol className={styles.steps}>
        <li>
          <div className={styles.step}>
            <p>{t('totp.step_app')}</p>
          </div>
        </li>
        <li>
          <div className={styles.step}>
            <p>{t('totp.step_scan')}</p>
            {begin.data ? (
              <div className={styles.qr}>
                <Suspense fallback={<div className={styles.code} />}>
                  <QrCode text={begin.data.uri} label={t('totp.qr_label')} />
                </Suspense>
                <div className={styles.secret}>
                  <span>{t('totp.secret')}</span>
                  <code data-secret={begin.data.secret}>
                    {begin.data.secret.replace(/(.{4})(?=.)/g, '$1 ')}
                  </code>
                </div>
              </div>
            ) : (
              <div role="status" aria-label={t('common:loading')}>
                <SkeletonText lines={3} />
              </div>
            )}
          </div>
        </li>
        <li>
          <div className={styles.step}>
            <p>{t('totp.step_code')}</p>
            <ProblemAlert error={form.problem} />
            <TextInput
              label={t('totp.code')}
              inputMode="numeric"
              autoComplete="one-time-code"
              maxLength={7}
              w="10rem"
              required
              withAsterisk={false}
              {...form.field('code')}
            />
          </div>
        </li>
      </ol>
      <DialogActions>
        {onCancel && (
          <Button variant="default" onClick={onCancel}>
            {t('common:action.cancel')}
          </Button>
        )}
        <Button type="submit" loading={form.busy} disabled={!begin.data}>
          {t('totp.turn_on')}
        </Button>
      </DialogActions>
    </form>
  )
}

/** New recovery codes: the old ones stop working the moment these are shown. */
export function NewRecoveryCodes({ onCancel, onDone }: { onCancel: () => void; onDone: () => void }) {
  const { t } = useTranslation('security')
  const { data: security } = useQuery(securityQuery)
  const make = useSecurityChange(() => orThrow(api.POST(mine('/api/v1/portal/security/recovery-codes'))))
  if (make.data) {
    return <RecoveryCodes codes={make.data.recovery_codes} email={security?.email ?? ''} onKept={onDone} />
  }
  return (
    <div className={styles.form}>
      <p className={styles.muted}>{t('recovery.new_text')}</p>
      <DialogActions>
        <Button variant="default" onClick={onCancel}>
          {t('common:action.cancel')}
        </Button>
        <Button loading={make.isPending} onClick={() => make.mutate()}>
          {t('recovery.new')}
        </Button>
      </DialogActions>
    </div>
  )
}
