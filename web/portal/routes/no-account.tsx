import { Button } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { createFileRoute, redirect, useRouter } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../../shared/api.ts'
import type { CustomerSession } from '../../shared/api-types.gen.ts'
import { AuthLayout } from '../../shared/auth-layout.tsx'
import { useBrand } from '../../shared/brand.tsx'
import { toProblem } from '../../shared/problem.ts'
import { ProblemAlert } from '../../shared/problem-alert.tsx'
import styles from '../auth.module.css'
import { forgetEverything, sessionQuery } from '../session.ts'

/** Signed in, but in no account: choose one of several, or learn how to get into one. */
export const Route = createFileRoute('/no-account')({
  loader: async ({ context: { queryClient } }): Promise<CustomerSession> => {
    try {
      const session = await queryClient.ensureQueryData(sessionQuery)
      if (session.account_id === null) return session
    } catch (cause) {
      if (toProblem(cause).status !== 401) throw cause
      throw redirect({ to: '/sign-in', search: {}, replace: true })
    }
    throw redirect({ to: '/', replace: true })
  },
  component: NoAccount,
})

function NoAccount() {
  const { t } = useTranslation()
  const brand = useBrand()
  const router = useRouter()
  const session = Route.useLoaderData()
  const { queryClient } = Route.useRouteContext()
  const enter = useMutation({
    mutationFn: (id: string) =>
      orThrow(api.POST('/api/v1/portal/accounts/{id}/enter', { params: { path: { id } } })),
    onSuccess: async () => {
      forgetEverything(queryClient)
      await router.navigate({ to: '/', replace: true })
    },
  })
  const signOut = useMutation({
    mutationFn: () => orThrow(api.DELETE('/api/v1/portal/session')),
    onSuccess: async () => {
      forgetEverything(queryClient)
      await router.navigate({ to: '/sign-in', search: {}, replace: true })
    },
  })
  const several = session.accounts.length > 0
  return (
    <AuthLayout
      brand={brand}
      title={several ? t('no_account.choose_title') : t('no_account.title')}
      lead={several ? t('no_account.choose_text') : t('no_account.text', { email: session.email })}
      slogan={t('sign_in.slogan')}
    >
      <div className={styles.form}>
        <ProblemAlert error={enter.error ?? signOut.error} />
        {session.accounts.map((account) => (
          <Button
            key={account.id}
            variant="default"
            fullWidth
            justify="space-between"
            rightSection={t('account.number', { number: account.number })}
            loading={enter.isPending && enter.variables === account.id}
            onClick={() => enter.mutate(account.id)}
          >
            {account.name}
          </Button>
        ))}
        <Button
          variant={several ? 'subtle' : 'filled'}
          fullWidth
          loading={signOut.isPending}
          onClick={() => signOut.mutate()}
        >
          {several ? t('common:action.sign_out') : t('no_account.sign_out')}
        </Button>
      </div>
    </AuthLayout>
  )
}
