import { PasswordInput } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import styles from './auth.module.css'

/** What the server asks of a password at least. */
export const shortestPassword = 10
const goodPassword = 16

/** A new password with how far it is from long enough. Give it `form.field('password')`. */
export function NewPasswordField(props: {
  name: string
  value: string
  error?: string
  onChange: (event: { currentTarget: { value: string } }) => void
}) {
  const { t } = useTranslation()
  const length = [...props.value].length
  const missing = Math.max(0, shortestPassword - length)
  return (
    <>
      <PasswordInput
        label={t('signIn.password_new')}
        autoComplete="new-password"
        required
        withAsterisk={false}
        aria-describedby="password-length"
        visibilityToggleButtonProps={{ 'aria-label': t('signIn.password_show'), tabIndex: 0 }}
        {...props}
      />
      <div className={styles.length}>
        <span className={styles.meter} aria-hidden>
          <i
            data-tone={missing > 0 ? 'warning' : 'good'}
            style={{ transform: `scaleX(${Math.min(1, length / goodPassword)})` }}
          />
        </span>
        <p id="password-length" aria-live="polite">
          {length === 0
            ? t('signIn.password_hint', { count: shortestPassword })
            : missing > 0
              ? t('signIn.password_missing_more', { count: missing })
              : length < goodPassword
                ? t('signIn.password_enough')
                : t('signIn.password_strong')}
        </p>
      </div>
    </>
  )
}
