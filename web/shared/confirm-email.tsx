import { Button } from '@mantine/core'
import IconMailCheck from '@tabler/icons-react/dist/esm/icons/IconMailCheck.mjs'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from './api.ts'
import { AuthLayout } from './auth-layout.tsx'
import { useBrand } from './brand.tsx'
import styles from './entry.module.css'
import { toProblem } from './problem.ts'
import { Callout, ProblemAlert } from './problem-alert.tsx'
import { currentSide, mine } from './side.ts'

/**
 * The new e-mail is confirmed by a button, not by opening the page: programs that look at every link of a mail confirm
 * nothing. Needs the texts of `security`.
 */
export function ConfirmEmail({ token }: { token: string }) {
  const { t } = useTranslation('security')
  const brand = useBrand()
  const queryClient = useQueryClient()
  const confirm = useMutation({
    mutationFn: () => orThrow(api.POST(mine('/api/v1/portal/email-confirmations'), { body: { token } })),
    onSuccess: () => queryClient.clear(),
  })
  const slogan = t(currentSide() === 'portal' ? 'portal:sign_in.slogan' : 'office:signIn.slogan')
  const refused = token === '' || (confirm.isError && toProblem(confirm.error).code === 'link_invalid')
  const goOn = (
    <Button fullWidth renderRoot={(props) => <Link to="/" {...props} />}>
      {t('confirm_email.go_on')}
    </Button>
  )
  if (refused) {
    return (
      <AuthLayout
        brand={brand}
        title={t('confirm_email.invalid_title')}
        lead={t('confirm_email.invalid_text')}
        slogan={slogan}
      >
        <div className={styles.form}>{goOn}</div>
      </AuthLayout>
    )
  }
  if (confirm.data) {
    return (
      <AuthLayout brand={brand} title={t('confirm_email.title')} slogan={slogan}>
        <div className={styles.form}>
          <div role="status">
            <Callout tone="good" icon={<IconMailCheck size={20} aria-hidden />}>
              <p>{t('confirm_email.text', { email: confirm.data.email })}</p>
            </Callout>
          </div>
          {goOn}
        </div>
      </AuthLayout>
    )
  }
  return (
    <AuthLayout
      brand={brand}
      title={t('confirm_email.ask_title')}
      lead={t('confirm_email.ask_text')}
      slogan={slogan}
    >
      <div className={styles.form}>
        <ProblemAlert error={confirm.error} />
        <Button fullWidth loading={confirm.isPending} onClick={() => confirm.mutate()}>
          {t('confirm_email.submit')}
        </Button>
      </div>
    </AuthLayout>
  )
}
