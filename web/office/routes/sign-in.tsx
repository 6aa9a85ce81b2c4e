import { Button, PasswordInput, TextInput } from '@mantine/core'
import IconBuildingCommunity from '@tabler/icons-react/dist/esm/icons/IconBuildingCommunity.mjs'
import { queryOptions, useQuery } from '@tanstack/react-query'
import { createFileRoute, Link, useRouter } from '@tanstack/react-router'
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
import { loadTexts } from '../../shared/i18n.ts'
import { knowsPasskeys } from '../../shared/passkeys.ts'
import { ProblemAlert } from '../../shared/problem-alert.tsx'
import { forgetEverything } from '../session.ts'

/** The operator's own identity provider, if staff may come in through one. */
const providerQuery = queryOptions({
  queryKey: ['identity-provider'],
  staleTime: 60_000,
  queryFn: ({ signal }) => orThrow(api.GET('/api/v1/office/session/identity-provider', { signal })),
})

/** Staff's way in, and back to where they were going. */
export const Route = createFileRoute('/sign-in')({
  validateSearch: readEntrySearch,
  loaderDeps: ({ search: { problem } }) => ({ problem }),
  loader: async ({ context: { queryClient }, deps: { problem } }) => {
    void queryClient.prefetchQuery(providerQuery)
    // Why somebody could not get in is said in the words of the refusal.
    if (problem !== undefined) await loadTexts('errors')
  },
  component: SignIn,
})

function SignIn() {
  const { t } = useTranslation()
  const brand = useBrand()
  const router = useRouter()
  const { back, problem } = Route.useSearch()
  const { queryClient } = Route.useRouteContext()
  const { data: provider } = useQuery(providerQuery)
  const entry = useEntry(() => {
    forgetEverything(queryClient)
    void router.navigate({ href: back ?? '/', replace: true })
  })
  usePasskeyOffer(entry.take)
  const form = useForm({
    initial: { email: '', password: '' },
    check: (values) => ({
      email: !values.email.trim() && t('signIn.email_missing'),
      password: !values.password && t('signIn.password_missing'),
    }),
    submit: (body) => orThrow(api.POST('/api/v1/office/session', { body })),
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
      title={t('signIn.title')}
      lead={back ? t('signIn.lead_back') : t('signIn.lead')}
      slogan={t('signIn.slogan')}
    >
      <form className={styles.form} onSubmit={form.onSubmit} noValidate>
        {form.problem ? <ProblemAlert error={form.problem} /> : <EntryProblem problem={problem} />}
        <TextInput
          type="email"
          label={t('signIn.email')}
          autoComplete="username webauthn"
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
        {(provider?.label || knowsPasskeys()) && <Or />}
        {provider?.label && (
          <Button
            component="a"
            href={`/api/v1/office/session/identity-provider/start?${new URLSearchParams({ to: back ?? '/' })}`}
            variant="default"
            fullWidth
            leftSection={<IconBuildingCommunity size={18} aria-hidden />}
          >
            {t('common:entry.provider', { label: provider.label })}
          </Button>
        )}
        <PasskeyButton onAnswer={entry.take} />
        <p>
          <Link to="/forgot-password" search={{ email: form.values.email || undefined }}>
            {t('signIn.forgot')}
          </Link>
        </p>
      </form>
    </AuthLayout>
  )
}
