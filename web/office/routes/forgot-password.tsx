import { Button, TextInput } from '@mantine/core'
import IconArrowLeft from '@tabler/icons-react/dist/esm/icons/IconArrowLeft.mjs'
import IconMailCheck from '@tabler/icons-react/dist/esm/icons/IconMailCheck.mjs'
import { createFileRoute, Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../../shared/api.ts'
import styles from '../../shared/auth.module.css'
import { AuthLayout } from '../../shared/auth-layout.tsx'
import { useBrand } from '../../shared/brand.tsx'
import { useForm } from '../../shared/form.ts'
import { ProblemAlert } from '../../shared/problem-alert.tsx'

/** A link by e-mail for staff who have no password or forgot it. */
export const Route = createFileRoute('/forgot-password')({
  validateSearch: (search: Record<string, unknown>): { email?: string } => ({
    email: search.email ? String(search.email) : undefined,
  }),
  component: ForgotPassword,
})

function ForgotPassword() {
  const { t } = useTranslation()
  const brand = useBrand()
  const { email } = Route.useSearch()
  const [sentTo, setSentTo] = useState<string | null>(null)
  const form = useForm({
    initial: { email: email ?? '' },
    check: (values) => ({
      email: !/^\S+@\S+\.\S+$/.test(values.email.trim()) && t('common:input.email'),
    }),
    submit: (values) =>
      orThrow(api.POST('/api/v1/office/password-requests', { body: { email: values.email.trim() } })),
    onDone: (_answer, values) => setSentTo(values.email.trim()),
  })
  const back = (
    <Link to="/sign-in" className={styles.back}>
      <IconArrowLeft size={16} aria-hidden />
      {t('signIn.back')}
    </Link>
  )
  if (sentTo !== null) {
    return (
      <AuthLayout brand={brand} title={t('signIn.sent_title')} slogan={t('signIn.slogan')}>
        <div className={styles.form}>
          <div className={styles.sent} role="status">
            <IconMailCheck size={24} aria-hidden />
            <p>{t('signIn.sent_text', { email: sentTo })}</p>
          </div>
          <p>{t('signIn.sent_nothing')}</p>
          <Button variant="default" fullWidth loading={form.busy} onClick={() => form.send()}>
            {t('signIn.sent_again')}
          </Button>
          <Button variant="subtle" fullWidth onClick={() => setSentTo(null)}>
            {t('signIn.sent_elsewhere')}
          </Button>
          <ProblemAlert error={form.problem} />
          {back}
        </div>
      </AuthLayout>
    )
  }
  return (
    <AuthLayout
      brand={brand}
      title={t('signIn.forgot_title')}
      lead={t('signIn.forgot_lead')}
      slogan={t('signIn.slogan')}
    >
      <form className={styles.form} onSubmit={form.onSubmit} noValidate>
        <ProblemAlert error={form.problem} />
        <TextInput
          type="email"
          label={t('signIn.email')}
          autoComplete="username"
          inputMode="email"
          autoCapitalize="none"
          spellCheck={false}
          required
          withAsterisk={false}
          {...form.field('email')}
        />
        <Button type="submit" fullWidth loading={form.busy}>
          {t('signIn.forgot_submit')}
        </Button>
        {back}
      </form>
    </AuthLayout>
  )
}
