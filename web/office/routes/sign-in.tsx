import { Button, PasswordInput, TextInput } from '@mantine/core'
import { createFileRoute, Link, useRouter } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../../shared/api.ts'
import { AuthLayout } from '../../shared/auth-layout.tsx'
import { useBrand } from '../../shared/brand.tsx'
import { useForm } from '../../shared/form.ts'
import { ProblemAlert } from '../../shared/problem-alert.tsx'
import styles from '../auth.module.css'
import { forgetEverything } from '../session.ts'

/** Staff's way in, and back to where they were going. */
export const Route = createFileRoute('/sign-in')({
  validateSearch: (search: Record<string, unknown>): { back?: string } => ({
    // Only a path of this house: never the address of another.
    back: /^\/(?![/\\])/.test(String(search.back ?? '')) ? String(search.back) : undefined,
  }),
  component: SignIn,
})

function SignIn() {
  const { t } = useTranslation()
  const brand = useBrand()
  const router = useRouter()
  const { back } = Route.useSearch()
  const { queryClient } = Route.useRouteContext()
  const form = useForm({
    initial: { email: '', password: '' },
    check: (values) => ({
      email: !values.email.trim() && t('signIn.email_missing'),
      password: !values.password && t('signIn.password_missing'),
    }),
    submit: (body) => orThrow(api.POST('/api/v1/office/session', { body })),
    onDone: () => {
      forgetEverything(queryClient)
      void router.navigate({ href: back ?? '/', replace: true })
    },
  })
  return (
    <AuthLayout
      brand={brand}
      title={t('signIn.title')}
      lead={back ? t('signIn.lead_back') : t('signIn.lead')}
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
        <PasswordInput
          label={t('signIn.password')}
          autoComplete="current-password"
          required
          withAsterisk={false}
          visibilityToggleButtonProps={{ 'aria-label': t('signIn.password_show'), tabIndex: 0 }}
          {...form.field('password')}
        />
        <Button type="submit" fullWidth loading={form.busy}>
          {t('signIn.submit')}
        </Button>
        <p>
          <Link to="/forgot-password" search={{ email: form.values.email || undefined }}>
            {t('signIn.forgot')}
          </Link>
        </p>
      </form>
    </AuthLayout>
  )
}
