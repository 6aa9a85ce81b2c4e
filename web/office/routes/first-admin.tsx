import { Button, NativeSelect, TextInput } from '@mantine/core'
import { createFileRoute, Link, useRouter } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../../shared/api.ts'
import styles from '../../shared/auth.module.css'
import { AuthLayout } from '../../shared/auth-layout.tsx'
import { useBrand } from '../../shared/brand.tsx'
import { useForm } from '../../shared/form.ts'
import { changeLanguage, languages, loadTexts, nameOfLanguage } from '../../shared/i18n.ts'
import { NewPasswordField, shortestPassword } from '../../shared/password-field.tsx'
import { ProblemError } from '../../shared/problem.ts'
import { ProblemAlert } from '../../shared/problem-alert.tsx'
import { readPasswordLink } from '../password-link.ts'
import { forgetEverything } from '../session.ts'

/** Where the one-time link of a new installation leads: it makes the first administrator. */
export const Route = createFileRoute('/first-admin')({
  validateSearch: (search: Record<string, unknown>): { token?: string } => ({
    token: search.token ? String(search.token) : undefined,
  }),
  loaderDeps: ({ search }) => search,
  loader: async ({ deps: { token } }) => {
    const [link] = await Promise.all([readPasswordLink(token ?? ''), loadTexts('security')])
    return link
  },
  component: FirstAdmin,
})

function FirstAdmin() {
  const { t } = useTranslation()
  const brand = useBrand()
  const link = Route.useLoaderData()
  if ('refused' in link || link.kind !== 'first_admin') {
    const refused = 'refused' in link ? link.refused : null
    return (
      <AuthLayout
        brand={brand}
        title={t('signIn.link_invalid')}
        lead={t('signIn.first_invalid_text')}
        slogan={t('signIn.slogan')}
      >
        <div className={styles.form}>
          {refused && refused.code !== 'link_invalid' && <ProblemAlert error={new ProblemError(refused)} />}
          <Button fullWidth renderRoot={(props) => <Link to="/sign-in" {...props} />}>
            {t('signIn.back')}
          </Button>
        </div>
      </AuthLayout>
    )
  }
  return <FirstAdminForm />
}

type Language = 'pt-BR' | 'es' | 'en'

function FirstAdminForm() {
  const { t, i18n } = useTranslation()
  const brand = useBrand()
  const router = useRouter()
  const { token = '' } = Route.useSearch()
  const { queryClient } = Route.useRouteContext()
  const form = useForm({
    initial: { name: '', email: '', password: '' },
    check: (values) => ({
      name: !values.name.trim() && t('common:input.required'),
      email: !/^\S+@\S+\.\S+$/.test(values.email.trim()) && t('common:input.email'),
      password:
        [...values.password].length < shortestPassword &&
        t('security:password.too_short', { count: shortestPassword }),
    }),
    submit: (values) =>
      orThrow(
        api.POST('/api/v1/office/first-admin', {
          body: { ...values, token, language: i18n.language as Language },
        }),
      ),
    onDone: () => {
      forgetEverything(queryClient)
      void router.navigate({ to: '/', replace: true })
    },
  })
  return (
    <AuthLayout
      brand={brand}
      title={t('signIn.first_title')}
      lead={t('signIn.first_lead')}
      slogan={t('signIn.slogan')}
    >
      <form className={styles.form} onSubmit={form.onSubmit} noValidate>
        <ProblemAlert error={form.problem} />
        <TextInput
          label={t('signIn.name')}
          autoComplete="name"
          required
          withAsterisk={false}
          {...form.field('name')}
        />
        <TextInput
          type="email"
          label={t('signIn.email')}
          description={t('signIn.first_email_help')}
          autoComplete="username"
          inputMode="email"
          autoCapitalize="none"
          spellCheck={false}
          required
          withAsterisk={false}
          {...form.field('email')}
        />
        <NativeSelect
          label={t('common:language')}
          value={i18n.language}
          data={languages.map((value) => ({ value, label: nameOfLanguage(value) }))}
          onChange={(event) => void changeLanguage(event.currentTarget.value)}
        />
        <NewPasswordField
          label={t('signIn.password_new')}
          about={[form.values.name, form.values.email]}
          {...form.field('password')}
        />
        <Button type="submit" fullWidth loading={form.busy}>
          {t('signIn.first_submit')}
        </Button>
      </form>
    </AuthLayout>
  )
}
