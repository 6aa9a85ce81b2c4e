import { Button, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { createFileRoute, Link, useRouter } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../../shared/api.ts'
import type { CustomerSession, InvitationLink } from '../../shared/api-types.gen.ts'
import styles from '../../shared/auth.module.css'
import { AuthLayout } from '../../shared/auth-layout.tsx'
import { useBrand } from '../../shared/brand.tsx'
import { ConfirmDialog } from '../../shared/dialog.tsx'
import { useForm } from '../../shared/form.ts'
import { changeLanguage, currentLanguage, hasChosenLanguage, loadTexts } from '../../shared/i18n.ts'
import { NewPasswordField, shortestPassword } from '../../shared/password-field.tsx'
import { PermissionList } from '../../shared/permission-picker.tsx'
import { toProblem } from '../../shared/problem.ts'
import { Callout, ProblemAlert } from '../../shared/problem-alert.tsx'
import { learnLook } from '../look.ts'
import memberStyles from '../members.module.css'
import { sessionQuery } from '../session.ts'

/** Where the link of an invitation leads: who invites, to which account, with which rights, and what to do about it. */
export const Route = createFileRoute('/invitation')({
  validateSearch: (search: Record<string, unknown>): { token?: string; unit?: string } => ({
    token: search.token ? String(search.token) : undefined,
    unit: search.unit ? String(search.unit) : undefined,
  }),
  loaderDeps: ({ search }) => search,
  loader: async ({ deps: { token, unit }, context: { queryClient } }) => {
    const [, invitation, session] = await Promise.all([
      learnLook(unit),
      readInvitation(token ?? ''),
      queryClient.ensureQueryData(sessionQuery).catch((cause: unknown) => {
        if (toProblem(cause).status === 401) return null
        throw cause
      }),
      loadTexts('security'),
    ])
    if (invitation && session === null && !hasChosenLanguage()) await changeLanguage(invitation.language)
    return { invitation, session }
  },
  component: InvitationPage,
})

/** A link that no longer works is an answer for the page, not an error of the page. */
async function readInvitation(token: string): Promise<InvitationLink | null> {
  if (token === '') return null
  try {
    return await orThrow(api.GET('/api/v1/portal/invitation-link', { params: { query: { token } } }))
  } catch (cause) {
    if (toProblem(cause).status === 410) return null
    throw cause
  }
}

function InvitationPage() {
  const { t } = useTranslation()
  const brand = useBrand()
  const { invitation, session } = Route.useLoaderData()
  const { unit } = Route.useSearch()
  if (invitation?.state !== 'open') {
    const state = invitation?.state ?? 'invalid'
    return (
      <AuthLayout
        brand={brand}
        title={t(`invitation.${state}_title`)}
        lead={t(`invitation.${state}_text`, { account: invitation?.account_name })}
        slogan={t('sign_in.slogan')}
      >
        <Button
          fullWidth
          renderRoot={(props) =>
            session ? <Link to="/" {...props} /> : <Link to="/sign-in" search={{ unit }} {...props} />
          }
        >
          {t(session ? 'common:action.home' : 'invitation.sign_in')}
        </Button>
      </AuthLayout>
    )
  }
  return (
    <AuthLayout
      brand={brand}
      title={t('invitation.title', { account: invitation.account_name })}
      lead={t('invitation.lead', { name: invitation.invited_by_name, unit: invitation.unit_name })}
      slogan={t('sign_in.slogan')}
    >
      <div className={styles.stack}>
        <section className={memberStyles.rights} aria-labelledby="rights">
          <h2 id="rights">{t('invitation.rights')}</h2>
          <PermissionList permissions={invitation.permissions} />
        </section>
        <Answer invitation={invitation} session={session} />
      </div>
    </AuthLayout>
  )
}

function Answer({ invitation, session }: { invitation: InvitationLink; session: CustomerSession | null }) {
  const { t } = useTranslation()
  const { token = '', unit } = Route.useSearch()
  if (session === null) {
    if (invitation.person === 'new') return <JoinForm invitation={invitation} />
    const back = `/invitation?${new URLSearchParams({ token, ...(unit ? { unit } : {}) })}`
    return (
      <div className={styles.form}>
        <p>{t('invitation.known', { email: invitation.email })}</p>
        <Button fullWidth renderRoot={(props) => <Link to="/sign-in" search={{ unit, back }} {...props} />}>
          {t('invitation.sign_in_accept')}
        </Button>
        <Decline invitation={invitation} />
      </div>
    )
  }
  if (session.email.toLowerCase() !== invitation.email.toLowerCase()) {
    return <Somebody session={session} invitation={invitation} />
  }
  return <Accept invitation={invitation} />
}

/** Signed in as whom the invitation is for: one tap. */
function Accept({ invitation }: { invitation: InvitationLink }) {
  const { t } = useTranslation()
  const router = useRouter()
  const { token = '' } = Route.useSearch()
  const { queryClient } = Route.useRouteContext()
  const accept = useMutation({
    mutationFn: () => orThrow(api.POST('/api/v1/portal/invitation-link/accept', { body: { token } })),
    onSuccess: async () => {
      queryClient.clear()
      await router.navigate({ to: '/', replace: true })
    },
  })
  return (
    <div className={styles.form}>
      <ProblemAlert error={accept.error} />
      <p>{t('invitation.as_you', { email: invitation.email })}</p>
      <Button fullWidth loading={accept.isPending} onClick={() => accept.mutate()}>
        {t('invitation.accept')}
      </Button>
      <Decline invitation={invitation} />
    </div>
  )
}

/** Signed in as somebody else: nothing is accepted for them. */
function Somebody({ session, invitation }: { session: CustomerSession; invitation: InvitationLink }) {
  const { t } = useTranslation()
  const router = useRouter()
  const { queryClient } = Route.useRouteContext()
  const signOut = useMutation({
    mutationFn: () => orThrow(api.DELETE('/api/v1/portal/session')),
    onSuccess: async () => {
      queryClient.clear()
      await router.invalidate()
    },
  })
  return (
    <div className={styles.form}>
      <ProblemAlert error={signOut.error} />
      <Callout tone="warning" title={t('invitation.other_title', { email: session.email })}>
        <p>{t('invitation.other_text', { email: invitation.email })}</p>
      </Callout>
      <Button fullWidth loading={signOut.isPending} onClick={() => signOut.mutate()}>
        {t('invitation.sign_out')}
      </Button>
      <Button variant="default" fullWidth renderRoot={(props) => <Link to="/" {...props} />}>
        {t('invitation.stay', { name: session.name })}
      </Button>
    </div>
  )
}

/** Somebody new: their name and a password, and they are in. */
function JoinForm({ invitation }: { invitation: InvitationLink }) {
  const { t } = useTranslation()
  const router = useRouter()
  const { token = '' } = Route.useSearch()
  const { queryClient } = Route.useRouteContext()
  const form = useForm({
    initial: { name: invitation.person_name ?? '', password: '' },
    check: ({ name, password }) => ({
      name: !name.trim() && t('account.name_missing'),
      password:
        [...password].length < shortestPassword &&
        t('security:password.too_short', { count: shortestPassword }),
    }),
    submit: ({ name, password }) =>
      orThrow(
        api.POST('/api/v1/portal/invitation-link/join', {
          body: { token, name: name.trim(), language: currentLanguage() as 'pt-BR', password },
        }),
      ),
    onDone: () => {
      queryClient.clear()
      void router.navigate({ to: '/', replace: true })
    },
  })
  return (
    <form className={styles.form} onSubmit={form.onSubmit} noValidate>
      <ProblemAlert error={form.problem} />
      <TextInput
        type="email"
        label={t('field.email')}
        description={t('invitation.email_help')}
        autoComplete="username"
        value={invitation.email}
        readOnly
      />
      <TextInput
        label={t('user.name')}
        autoComplete="name"
        maxLength={200}
        required
        withAsterisk={false}
        {...form.field('name')}
      />
      <NewPasswordField
        label={t('password.new')}
        about={[invitation.email, form.values.name, invitation.account_name, invitation.unit_name]}
        {...form.field('password')}
      />
      <Button type="submit" fullWidth loading={form.busy}>
        {t('invitation.join')}
      </Button>
      <Decline invitation={invitation} />
    </form>
  )
}

function Decline({ invitation }: { invitation: InvitationLink }) {
  const { t } = useTranslation()
  const router = useRouter()
  const { token = '' } = Route.useSearch()
  const [asked, setAsked] = useState(false)
  return (
    <>
      <Button variant="subtle" fullWidth onClick={() => setAsked(true)}>
        {t('invitation.decline')}
      </Button>
      <ConfirmDialog
        opened={asked}
        onClose={() => setAsked(false)}
        title={t('invitation.decline_title')}
        confirm={t('invitation.decline_submit')}
        onConfirm={async () => {
          await orThrow(api.POST('/api/v1/portal/invitation-link/decline', { body: { token } }))
          await router.invalidate()
        }}
      >
        <p>{t('invitation.decline_text', { account: invitation.account_name })}</p>
      </ConfirmDialog>
    </>
  )
}
