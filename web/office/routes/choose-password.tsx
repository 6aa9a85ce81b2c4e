import { Button } from '@mantine/core'
import { createFileRoute, Link, useRouter } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../../shared/api.ts'
import styles from '../../shared/auth.module.css'
import { AuthLayout } from '../../shared/auth-layout.tsx'
import { useBrand } from '../../shared/brand.tsx'
import { SecondStep, useEntry } from '../../shared/entry.tsx'
import { useForm } from '../../shared/form.ts'
import { changeLanguage, hasChosenLanguage, loadTexts } from '../../shared/i18n.ts'
import { NewPasswordField, shortestPassword } from '../../shared/password-field.tsx'
import { ProblemError } from '../../shared/problem.ts'
import { ProblemAlert } from '../../shared/problem-alert.tsx'
import { readPasswordLink } from '../password-link.ts'
import { forgetEverything } from '../session.ts'

/** Where the link of the mail leads: whose link it is, and the password that they choose. */
export const Route = createFileRoute('/choose-password')({
  validateSearch: (search: Record<string, unknown>): { token?: string } => ({
    token: search.token ? String(search.token) : undefined,
  }),
  loaderDeps: ({ search }) => search,
  loader: async ({ deps: { token } }) => {
    const [link] = await Promise.all([readPasswordLink(token ?? ''), loadTexts('security')])
    if ('language' in link && link.language && !hasChosenLanguage()) await changeLanguage(link.language)
    return link
  },
  component: ChoosePassword,
})

function ChoosePassword() {
  const { t } = useTranslation()
  const brand = useBrand()
  const link = Route.useLoaderData()
  if ('refused' in link) {
    return (
      <AuthLayout
        brand={brand}
        title={t('signIn.link_invalid')}
        lead={t('signIn.link_invalid_text')}
        slogan={t('signIn.slogan')}
      >
        <div className={styles.form}>
          {link.refused && link.refused.code !== 'link_invalid' && (
            <ProblemAlert error={new ProblemError(link.refused)} />
          )}
          <Button fullWidth renderRoot={(props) => <Link to="/forgot-password" {...props} />}>
            {t('signIn.link_again')}
          </Button>
          <Button variant="default" fullWidth renderRoot={(props) => <Link to="/sign-in" {...props} />}>
            {t('signIn.back')}
          </Button>
        </div>
      </AuthLayout>
    )
  }
  return <PasswordForm email={link.email ?? ''} name={link.name ?? ''} />
}

function PasswordForm({ email, name }: { email: string; name: string }) {
  const { t } = useTranslation()
  const brand = useBrand()
  const router = useRouter()
  const { token = '' } = Route.useSearch()
  const { queryClient } = Route.useRouteContext()
  const entry = useEntry(() => {
    forgetEverything(queryClient)
    void router.navigate({ to: '/', replace: true })
  })
  const form = useForm({
    initial: { password: '' },
    check: ({ password }) => ({
      password:
        [...password].length < shortestPassword &&
        t('security:password.too_short', { count: shortestPassword }),
    }),
    submit: ({ password }) => orThrow(api.POST('/api/v1/office/password', { body: { token, password } })),
    onDone: entry.take,
  })
  if (entry.step) {
    return (
      <SecondStep
        step={entry.step}
        slogan={t('signIn.slogan')}
        onAnswer={entry.take}
        onStartOver={entry.startOver}
      />
    )
  }
  return (
    <AuthLayout
      brand={brand}
      title={t('signIn.choose_title')}
      lead={t('signIn.choose_lead', { email, name: name || email })}
      slogan={t('signIn.slogan')}
    >
      <form className={styles.form} onSubmit={form.onSubmit} noValidate>
        <ProblemAlert error={form.problem} />
        {/* Password managers learn whose password this is. */}
        <input
          className="visually-hidden"
          type="email"
          autoComplete="username"
          value={email}
          readOnly
          tabIndex={-1}
          aria-hidden
        />
        <NewPasswordField
          label={t('signIn.password_new')}
          about={[email, name]}
          {...form.field('password')}
        />
        <Button type="submit" fullWidth loading={form.busy}>
          {t('signIn.choose_submit')}
        </Button>
      </form>
    </AuthLayout>
  )
}
