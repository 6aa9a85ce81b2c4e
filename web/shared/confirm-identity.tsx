import { Button, PasswordInput, TextInput } from '@mantine/core'
import IconFingerprint from '@tabler/icons-react/dist/esm/icons/IconFingerprint.mjs'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from './api.ts'
import type { Security } from './api-types.gen.ts'
import { Dialog, DialogActions } from './dialog.tsx'
import { useForm } from './form.ts'
import { settleIdentity, useIdentityAsked } from './identity.ts'
import { SkeletonText } from './page.tsx'
import { knowsPasskeys, signWithPasskey } from './passkeys.ts'
import { ProblemAlert } from './problem-alert.tsx'
import styles from './security.module.css'
import { securityQuery } from './security-queries.ts'
import { mine } from './side.ts'

/** How somebody can prove who they are. */
export type Way = 'password' | 'passkey' | 'code'

/** The ways in which this person can prove who they are, the quickest first. */
export function waysOf(security: Security): Way[] {
  return [
    ...(security.passkeys.length > 0 && knowsPasskeys() ? (['passkey'] as const) : []),
    ...(security.password_set_at ? (['password'] as const) : []),
    ...(security.totp_since ? (['code'] as const) : []),
  ]
}

/** Asks who is there before something that changes the way in. Nothing that was typed behind it is lost. */
export function ConfirmIdentity() {
  const { t } = useTranslation('security')
  const asked = useIdentityAsked()
  return (
    <Dialog opened={asked} onClose={() => settleIdentity(false)} title={t('confirm.title')} size="small">
      <Proof />
    </Dialog>
  )
}

function Proof() {
  const { t } = useTranslation('security')
  const queryClient = useQueryClient()
  const { data: security, error, refetch } = useQuery({ ...securityQuery, staleTime: 0 })
  if (error && !security) return <ProblemAlert error={error} onRetry={() => refetch()} />
  if (!security) {
    return (
      <div role="status" aria-label={t('common:loading')}>
        <SkeletonText lines={4} />
      </div>
    )
  }
  const ways = waysOf(security)
  return (
    <div className={styles.form}>
      <p className={styles.muted}>{t(ways.length > 0 ? 'confirm.text' : 'confirm.no_way')}</p>
      <IdentityProof
        ways={ways}
        email={security.email}
        onCancel={() => settleIdentity(false)}
        onConfirmed={() => {
          settleIdentity(true)
          void queryClient.invalidateQueries({ queryKey: ['security'], exact: true })
        }}
      />
    </div>
  )
}

/** Proves who is there by the first of these ways, or by another of them. */
export function IdentityProof({
  ways,
  email,
  onCancel,
  onConfirmed,
}: {
  ways: Way[]
  email: string
  onCancel?: () => void
  onConfirmed: () => void
}) {
  const { t } = useTranslation('security')
  const [chosen, setChosen] = useState<Way | null>(null)
  const way = chosen ?? ways[0]
  return (
    <>
      {way === 'passkey' && <ByPasskey onConfirmed={onConfirmed} />}
      {(way === 'password' || way === 'code') && (
        <ByWords key={way} way={way} email={email} onCancel={onCancel} onConfirmed={onConfirmed} />
      )}
      {ways.length > 1 && (
        <div className={styles.ways}>
          {ways
            .filter((other) => other !== way)
            .map((other) => (
              <button key={other} type="button" onClick={() => setChosen(other)}>
                {t(`confirm.use_${other}`)}
              </button>
            ))}
        </div>
      )}
      {!way && onCancel && (
        <DialogActions>
          <Button variant="default" onClick={onCancel}>
            {t('common:action.close')}
          </Button>
        </DialogActions>
      )}
    </>
  )
}

function ByPasskey({ onConfirmed }: { onConfirmed: () => void }) {
  const { t } = useTranslation('security')
  const [problem, setProblem] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const prove = async () => {
    setBusy(true)
    setProblem(null)
    try {
      const { challenge, options } = await orThrow(
        api.POST(mine('/api/v1/portal/session/confirm/passkey-options')),
      )
      const response = await signWithPasskey(options)
      await orThrow(
        api.POST(mine('/api/v1/portal/session/confirm'), {
          body: { challenge, response: response as never },
        }),
      )
      onConfirmed()
    } catch (cause) {
      setProblem(cause)
    } finally {
      setBusy(false)
    }
  }
  return (
    <>
      <ProblemAlert error={problem} />
      <Button
        fullWidth
        loading={busy}
        leftSection={<IconFingerprint size={18} aria-hidden />}
        onClick={() => void prove()}
      >
        {t('confirm.passkey')}
      </Button>
    </>
  )
}

function ByWords({
  way,
  email,
  onCancel,
  onConfirmed,
}: {
  way: 'password' | 'code'
  email: string
  onCancel: (() => void) | undefined
  onConfirmed: () => void
}) {
  const { t } = useTranslation('security')
  const form = useForm({
    initial: { proof: '' },
    check: ({ proof }) => ({ proof: !proof.trim() && t('common:input.required') }),
    submit: ({ proof }) =>
      orThrow(
        api.POST(mine('/api/v1/portal/session/confirm'), {
          body: way === 'password' ? { password: proof } : { code: proof.replace(/\s/g, '') },
        }),
      ),
    onDone: onConfirmed,
  })
  const field = form.field('proof')
  // The first field has the focus as soon as the dialog knows what to ask for.
  useEffect(() => document.querySelector<HTMLInputElement>('dialog[open] input[name=proof]')?.focus(), [])
  return (
    <form className={styles.form} onSubmit={form.onSubmit} noValidate>
      <ProblemAlert error={form.problem} />
      {way === 'password' ? (
        <>
          <input
            className="visually-hidden"
            type="email"
            autoComplete="username"
            value={email}
            readOnly
            tabIndex={-1}
            aria-hidden
          />
          <PasswordInput
            label={t('confirm.password')}
            autoComplete="current-password"
            required
            withAsterisk={false}
            visibilityToggleButtonProps={{ 'aria-label': t('password.show'), tabIndex: 0 }}
            {...field}
          />
        </>
      ) : (
        <TextInput
          label={t('confirm.code')}
          autoComplete="one-time-code"
          inputMode="numeric"
          required
          withAsterisk={false}
          {...field}
        />
      )}
      <DialogActions>
        {onCancel && (
          <Button variant="default" onClick={onCancel}>
            {t('common:action.cancel')}
          </Button>
        )}
        <Button type="submit" loading={form.busy}>
          {t('confirm.submit')}
        </Button>
      </DialogActions>
    </form>
  )
}
