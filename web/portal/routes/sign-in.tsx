import { Button, PasswordInput, TextInput } from '@mantine/core'
import IconMailForward from '@tabler/icons-react/dist/esm/icons/IconMailForward.mjs'
import { createFileRoute, Link, redirect, useRouter } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../../shared/api.ts'
import styles from '../../shared/auth.module.css'
import { AuthLayout } from '../../shared/auth-layout.tsx'
import { useBrand } from '../../shared/brand.tsx'
import {
  EntryProblem,
  Or,
  PasskeyButton,
  SecondStep,
  useEntry,
  usePasskeyOffer,
} from '../../shared/entry.tsx'
import { readEntrySearch } from '../../shared/entry-search.ts'
import { useForm } from '../../shared/form.ts'
import { knowsPasskeys } from '../../shared/passkeys.ts'
import { ProblemAlert } from '../../shared/problem-alert.tsx'
import { learnLook } from '../look.ts'
import { useUnitName } from '../unit-name.ts'
import { isViewingTab } from '../viewing.ts'

/** Sign-in with the look of the unit in the address (`?unit=`), of the host, or of the last visit. */
export const Route = createFileRoute('/sign-in')({
  validateSearch: (search: Record<string, unknown>): { unit?: string; back?: string; problem?: string } => {
    const { back, problem } = readEntrySearch(search)
    const home = back === undefined || back.split('?')[0] === '/'
    const unit = search.unit ?? new URLSearchParams(back?.split('?')[1]).get('unit')
    return { unit: unit ? String(unit) : undefined, back: home ? undefined : back, problem }
  },
  // A tab in which staff saw the portal as a customer leads nobody to a sign-in: the view has ended.
  beforeLoad: () => {
    if (isViewingTab()) throw redirect({ to: '/view-as', search: { ended: true }, replace: true })
  },
  loaderDeps: ({ search: { unit } }) => ({ unit }),
  loader: ({ deps }) => learnLook(deps.unit),
  component: SignIn,
})

function SignIn() {
  const { t } = useTranslation()
  const brand = useBrand()
  const unitName = useUnitName()
  const router = useRouter()
  const { back, unit, problem } = Route.useSearch()
  const { queryClient } = Route.useRouteContext()
  const entry = useEntry(() => {
    queryClient.clear()
    void router.navigate({ href: back ?? '/', replace: true })
  })
  usePasskeyOffer(entry.take)
  const form = useForm({
    initial: { email: '', password: '' },
    check: (values) => ({
      email: !values.email.trim() && t('sign_in.email_missing'),
      password: !values.password && t('sign_in.password_missing'),
    }),
    submit: (body) => orThrow(api.POST('/api/v1/portal/session', { body })),
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
      title={unitName ? t('sign_in.title_unit', { unit: unitName }) : t('sign_in.title')}
      lead={back ? t('sign_in.lead_back') : t('sign_in.lead')}
      slogan={t('sign_in.slogan')}
    >
      <div className={styles.stack}>
        <form className={styles.form} onSubmit={form.onSubmit} noValidate>
          {form.problem ? <ProblemAlert error={form.problem} /> : <EntryProblem problem={problem} />}
          <TextInput
            type="email"
            label={t('field.email')}
            autoComplete="username webauthn"
            inputMode="email"
            autoCapitalize="none"
            spellCheck={false}
            required
            withAsterisk={false}
            {...form.field('email')}
          />
          <PasswordInput
            label={t('field.password')}
            autoComplete="current-password"
            required
            withAsterisk={false}
            visibilityToggleButtonProps={{ 'aria-label': t('field.password_show'), tabIndex: 0 }}
            {...form.field('password')}
          />
          <Button type="submit" fullWidth loading={form.busy}>
            {t('sign_in.submit')}
          </Button>
          {knowsPasskeys() && <Or />}
          <PasskeyButton onAnswer={entry.take} />
        </form>
        <section className={styles.help} aria-labelledby="first-access">
          <h2 id="first-access">{t('sign_in.first_access_title')}</h2>
          <p>{t('sign_in.first_access_text')}</p>
          <Button
            variant="light"
            fullWidth
            leftSection={<IconMailForward size={18} aria-hidden />}
            renderRoot={(props) => (
              <Link
                to="/forgot-password"
                search={{ unit, email: form.values.email || undefined }}
                {...props}
              />
            )}
          >
            {t('sign_in.first_access_action')}
          </Button>
        </section>
      </div>
    </AuthLayout>
  )
}
