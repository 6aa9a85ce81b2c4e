import { Button, TextInput } from '@mantine/core'
import IconArrowLeft from '@tabler/icons-react/dist/esm/icons/IconArrowLeft.mjs'
import IconMailCheck from '@tabler/icons-react/dist/esm/icons/IconMailCheck.mjs'
import { createFileRoute, Link } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../../shared/api.ts'
import styles from '../../shared/auth.module.css'
import { AuthLayout } from '../../shared/auth-layout.tsx'
import { useBrand } from '../../shared/brand.tsx'
import { useForm } from '../../shared/form.ts'
import { ProblemAlert } from '../../shared/problem-alert.tsx'
import { knownUnit, learnLook } from '../look.ts'

/** First access and forgotten password are the same (A5): a link to the e-mail, if that may have access. */
export const Route = createFileRoute('/forgot-password')({
  validateSearch: (search: Record<string, unknown>): { unit?: string; email?: string } => ({
    unit: search.unit ? String(search.unit) : undefined,
    email: search.email ? String(search.email) : undefined,
  }),
  loaderDeps: ({ search: { unit } }) => ({ unit }),
  loader: ({ deps }) => learnLook(deps.unit),
  component: ForgotPassword,
})

function ForgotPassword() {
  const { t } = useTranslation()
  const brand = useBrand()
  const { email, unit } = Route.useSearch()
  const [sentTo, setSentTo] = useState<string | null>(null)
  const form = useForm({
    initial: { email: email ?? '' },
    check: (values) => ({
      email: !/^\S+@\S+\.\S+$/.test(values.email.trim()) && t('common:input.email'),
    }),
    submit: (values) =>
      orThrow(
        api.POST('/api/v1/portal/password-requests', {
          body: { email: values.email.trim(), unit: unit ?? knownUnit() },
        }),
      ),
    onDone: (_answer, values) => setSentTo(values.email.trim()),
  })
  const back = (
    <Link to="/sign-in" search={{ unit }} className={styles.back}>
      <IconArrowLeft size={16} aria-hidden />
      {t('forgot.back')}
    </Link>
  )
  if (sentTo !== null) {
    return (
      <AuthLayout brand={brand} title={t('forgot.sent_title')} slogan={t('sign_in.slogan')}>
        <Sent email={sentTo}>
          <Button variant="default" fullWidth loading={form.busy} onClick={() => form.send()}>
            {t('forgot.again')}
          </Button>
          <Button variant="subtle" fullWidth onClick={() => setSentTo(null)}>
            {t('forgot.other')}
          </Button>
          <ProblemAlert error={form.problem} />
          {back}
        </Sent>
      </AuthLayout>
    )
  }
  return (
    <AuthLayout brand={brand} title={t('forgot.title')} lead={t('forgot.lead')} slogan={t('sign_in.slogan')}>
      <form className={styles.form} onSubmit={form.onSubmit} noValidate>
        <ProblemAlert error={form.problem} />
        <TextInput
          type="email"
          label={t('field.email')}
          description={t('forgot.email_help')}
          autoComplete="username"
          inputMode="email"
          autoCapitalize="none"
          spellCheck={false}
          required
          withAsterisk={false}
          {...form.field('email')}
        />
        <Button type="submit" fullWidth loading={form.busy}>
          {t('forgot.submit')}
        </Button>
        {back}
      </form>
    </AuthLayout>
  )
}

/** The answer, which is the same whoever asked, and what to do when nothing comes. */
function Sent({ email, children }: { email: string; children: React.ReactNode }) {
  const { t } = useTranslation()
  const ref = useRef<HTMLDivElement>(null)
  useEffect(() => ref.current?.focus(), [])
  return (
    <div ref={ref} tabIndex={-1} className={styles.form}>
      <div className={styles.sent} role="status">
        <IconMailCheck size={24} aria-hidden />
        <p>{t('forgot.sent_text', { email })}</p>
      </div>
      <div className={styles.steps}>
        <h2>{t('forgot.nothing_title')}</h2>
        <ul>
          <li>{t('forgot.nothing_spam')}</li>
          <li>{t('forgot.nothing_address')}</li>
          <li>{t('forgot.nothing_support')}</li>
        </ul>
      </div>
      {children}
    </div>
  )
}
