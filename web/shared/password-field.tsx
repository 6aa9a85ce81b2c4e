import { PasswordInput } from '@mantine/core'
import { useEffect, useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from './api.ts'
import styles from './security.module.css'
import { mine } from './side.ts'

/** What the server asks of a password at least. */
export const shortestPassword = 10

type Strength = {
  score: number
  warning: string | null
  suggestions: string[]
  breached: boolean
  acceptable: boolean
}

/** How good a password is, as the server judges it, a moment after the last key; null while nothing is known. */
function useStrength(password: string, about: readonly string[]): Strength | null {
  const [strength, setStrength] = useState<Strength | null>(null)
  const inputs = about.filter(Boolean).join('\n')
  useEffect(() => {
    if ([...password].length < shortestPassword) {
      setStrength(null)
      return
    }
    const stop = new AbortController()
    const timer = setTimeout(async () => {
      try {
        const body = { password, inputs: inputs === '' ? [] : inputs.split('\n') }
        setStrength(
          await orThrow(api.POST(mine('/api/v1/portal/password-strength'), { body, signal: stop.signal })),
        )
      } catch {
        // Without an answer the password can still be sent: the server judges it then.
        if (!stop.signal.aborted) setStrength(null)
      }
    }, 350)
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [password, inputs])
  return strength
}

/** A name of the library (`straightRow`) as our texts are called (`straight_row`). */
const keyOf = (code: string) => code.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/**
 * A new password with how good it is while it is typed. Give it `form.field('password')`; `about` are words that it should
 * not be made of: name, e-mail. Needs the texts of `security`.
 */
export function NewPasswordField({
  label,
  about = [],
  ...field
}: {
  label: string
  about?: readonly string[]
  name: string
  value: string
  error?: string | undefined
  onChange: (event: { currentTarget: { value: string } }) => void
}) {
  const { t } = useTranslation('security')
  const id = useId()
  const strength = useStrength(field.value, about)
  const length = [...field.value].length
  const missing = Math.max(0, shortestPassword - length)
  const score =
    missing > 0 || !strength
      ? 0
      : strength.acceptable
        ? Math.max(3, strength.score)
        : Math.min(2, Math.max(1, strength.score))
  const advice = strength
    ? [
        strength.breached ? 'pwned' : strength.warning && keyOf(strength.warning),
        ...(strength.acceptable ? [] : strength.suggestions.map(keyOf)),
      ].filter((one): one is string => Boolean(one))
    : []
  return (
    <>
      <PasswordInput
        label={label}
        autoComplete="new-password"
        required
        withAsterisk={false}
        aria-describedby={id}
        visibilityToggleButtonProps={{ 'aria-label': t('password.show'), tabIndex: 0 }}
        {...field}
      />
      <div className={styles.strength}>
        <span
          className={styles.meter}
          data-tone={score <= 1 ? 'bad' : score === 2 ? 'warning' : 'good'}
          aria-hidden
        >
          {[1, 2, 3, 4].map((step) => (
            <i key={step} data-on={score >= step || undefined} />
          ))}
        </span>
        <p id={id} aria-live="polite">
          {length === 0 || !strength ? (
            missing > 0 && length > 0 ? (
              t('password.more', { count: missing })
            ) : (
              t('password.hint', { count: shortestPassword })
            )
          ) : (
            <>
              <strong>{t(`password.score.${strength.acceptable ? Math.max(3, strength.score) : 1}`)}</strong>{' '}
              {[...new Set(advice)]
                .slice(0, 2)
                .map((code) => t(`password.advice.${code}`, { defaultValue: '' }))
                .filter(Boolean)
                .join(' ')}
            </>
          )}
        </p>
      </div>
    </>
  )
}
