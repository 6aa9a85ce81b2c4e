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
import { type Problem, ProblemError, toProblem } from '../../shared/problem.ts'
import { ProblemAlert } from '../../shared/problem-alert.tsx'
import { learnLook } from '../look.ts'
import { useUnitName } from '../unit-name.ts'

/** Where the link of the mail leads: whose link it is, and the password that they choose. */
export const Route = createFileRoute('/choose-password')({
  validateSearch: (search: Record<string, unknown>): { token?: string; unit?: string } => ({
    token: search.token ? String(search.token) : undefined,
    unit: search.unit ? String(search.unit) : undefined,
  }),
  loaderDeps: ({ search }) => search,
  loader: async ({ deps: { token, unit } }) => {
    const [, link] = await Promise.all([learnLook(unit), readLink(token ?? ''), loadTexts('security')])
    if ('language' in link && link.language && !hasChosenLanguage()) await changeLanguage(link.language)
    return link
  },
  component: ChoosePassword,
})

/** A link that no longer works is an answer for the page, not an error of the page. */
async function readLink(token: string) {
  if (token === '') return { refused: null }
  try {
    return await orThrow(api.GET('/api/v1/portal/password-link', { params: { query: { token } } }))
  } catch (cause) {
    const problem = toProblem(cause)
    if (problem.status >= 400 && problem.status < 500) return { refused: problem as Problem | null }
    throw cause
  }
}

function ChoosePassword() {
  const { t } = useTranslation()
  const brand = useBrand()
  const link = Route.useLoaderData()
  const { unit } = Route.useSearch()
  if ('refused' in link) {
    return (
      <AuthLayout
        brand={brand}
        title={t('password.invalid_title')}
        lead={t('password.invalid_text')}
        slogan={t('sign_in.slogan')}
      >
        <div className={styles.form}>
          {link.refused && link.refused.code !== 'link_invalid' && (
            <ProblemAlert error={new ProblemError(link.refused)} />
          )}
          <Button
            fullWidth
            renderRoot={(props) => <Link to="/forgot-password" search={{ unit }} {...props} />}
          >
            {t('password.invalid_action')}
          </Button>
          <Button
            variant="default"
            fullWidth
            renderRoot={(props) => <Link to="/sign-in" search={{ unit }} {...props} />}
          >
            {t('password.invalid_sign_in')}
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
  const unitName = useUnitName()
  const router = useRouter()
  const { token = '' } = Route.useSearch()
  const { queryClient } = Route.useRouteContext()
  const entry = useEntry(() => {
    queryClient.clear()
    void router.navigate({ to: '/', replace: true })
  })
  const form = useForm({
    initial: { password: '' },
    check: ({ password }) => ({
      password:
        [...password].length < shortestPassword &&
        t('security:password.too_short', { count: shortestPassword }),
    }),
    submit: ({ password }) => orThrow(api.POST('/api/v1/portal/password', { body: { token, password } })),
    onDone: entry.take,
  })
  if (entry.step) {
    return (
      <SecondStep
        step={entry.step}
        slogan={t('sign_in.slogan')}
        onAnswer={entry.take}
        onStartOver={entry.startOver}
      />
    )
  }
  return (
    <AuthLayout
      brand={brand}
      title={t('password.title')}
      lead={
        unitName
          ? t('password.lead_unit', { unit: unitName, email, name: name || email })
          : t('password.lead', { email, name: name || email })
      }
      slogan={t('sign_in.slogan')}
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
          label={t('password.new')}
          about={[email, name, unitName ?? '']}
          {...form.field('password')}
        />
        <Button type="submit" fullWidth loading={form.busy}>
          {t('password.submit')}
        </Button>
      </form>
    </AuthLayout>
  )
}
