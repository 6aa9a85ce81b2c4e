import { Button } from '@mantine/core'
import { createFileRoute, redirect } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { CustomerSession } from '../../shared/api-types.gen.ts'
import styles from '../../shared/auth.module.css'
import { AuthLayout } from '../../shared/auth-layout.tsx'
import { useBrand } from '../../shared/brand.tsx'
import { toProblem } from '../../shared/problem.ts'
import { sessionQuery, useEnterAccount, useSignOut } from '../session.ts'

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
  const session: CustomerSession = Route.useLoaderData()
  const enter = useEnterAccount()
  const signOut = useSignOut()
  const several = session.accounts.length > 0
  return (
    <AuthLayout
      brand={brand}
      title={several ? t('no_account.choose_title') : t('no_account.title')}
      lead={several ? t('no_account.choose_text') : t('no_account.text', { email: session.email })}
      slogan={t('sign_in.slogan')}
    >
      <div className={styles.form}>
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
