import { Button } from '@mantine/core'
import IconDeviceMobile from '@tabler/icons-react/dist/esm/icons/IconDeviceMobile.mjs'
import IconFingerprint from '@tabler/icons-react/dist/esm/icons/IconFingerprint.mjs'
import { useMutation } from '@tanstack/react-query'
import { createFileRoute, redirect, useRouter } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../../shared/api.ts'
import type { Security } from '../../shared/api-types.gen.ts'
import { AuthLayout } from '../../shared/auth-layout.tsx'
import { AuthenticatorSetup } from '../../shared/authenticator-setup.tsx'
import { useBrand } from '../../shared/brand.tsx'
import { IdentityProof, waysOf } from '../../shared/confirm-identity.tsx'
import { readEntrySearch } from '../../shared/entry-search.ts'
import { loadTexts } from '../../shared/i18n.ts'
import { knowsPasskeys } from '../../shared/passkeys.ts'
import { toProblem } from '../../shared/problem.ts'
import { AddPasskey } from '../../shared/security-passkeys.tsx'
import { securityQuery } from '../../shared/security-queries.ts'
import { useProblemToast } from '../../shared/toasts.tsx'
import styles from '../me.module.css'
import { forgetEverything, sessionQuery } from '../session.ts'

/** Staff without the second factor that the operator demands get here, and nowhere else until they have one. */
export const Route = createFileRoute('/second-factor')({
  validateSearch: (search: Record<string, unknown>): { back?: string } => {
    const { back } = readEntrySearch(search)
    return back ? { back } : {}
  },
  loader: async ({ context: { queryClient } }): Promise<Security> => {
    await loadTexts('security')
    try {
      const session = await queryClient.fetchQuery({ ...sessionQuery, staleTime: 0 })
      if (session.second_factor_missing) return await queryClient.fetchQuery(securityQuery)
    } catch (cause) {
      if (toProblem(cause).status !== 401) throw cause
      throw redirect({ to: '/sign-in', replace: true })
    }
    throw redirect({ to: '/', replace: true })
  },
  component: SecondFactor,
})

function SecondFactor() {
  const { t } = useTranslation('security')
  const brand = useBrand()
  const router = useRouter()
  const { back } = Route.useSearch()
  const { queryClient } = Route.useRouteContext()
  const security: Security = Route.useLoaderData()
  const [way, setWay] = useState<'passkey' | 'app' | null>(null)
  const goOn = () => {
    forgetEverything(queryClient)
    void router.navigate({ href: back ?? '/', replace: true })
  }
  const signOut = useMutation({
    mutationFn: () => orThrow(api.DELETE('/api/v1/office/session')),
    onSuccess: async () => {
      await router.navigate({ to: '/sign-in', search: {}, replace: true })
      forgetEverything(queryClient)
    },
    onError: useProblemToast(),
  })
  const leave = (
    <Button variant="subtle" loading={signOut.isPending} onClick={() => signOut.mutate()}>
      {t('common:action.sign_out')}
    </Button>
  )
  // The rule came after the password was typed: who has a second factor already shows it.
  const known = waysOf(security).filter((one) => one !== 'password')
  if (known.length > 0) {
    return (
      <AuthLayout
        brand={brand}
        title={t('common:entry.step_title')}
        lead={t('forced.prove')}
        slogan={t('office:signIn.slogan')}
      >
        <div className={styles.choices}>
          <IdentityProof ways={known} email={security.email} onConfirmed={goOn} />
          {leave}
        </div>
      </AuthLayout>
    )
  }
  return (
    <AuthLayout
      brand={brand}
      title={way === 'app' ? t('totp.set_up_title') : t('forced.title')}
      lead={way === 'app' ? undefined : t('forced.lead')}
      slogan={t('office:signIn.slogan')}
    >
      {way === 'app' ? (
        <AuthenticatorSetup onCancel={() => setWay(null)} onDone={goOn} />
      ) : (
        <div className={styles.choices}>
          {knowsPasskeys() && (
            <button type="button" className={styles.choice} onClick={() => setWay('passkey')}>
              <IconFingerprint size={28} stroke={1.5} aria-hidden />
              <strong>{t('forced.passkey_title')}</strong>
              <span>{t('forced.passkey_text')}</span>
            </button>
          )}
          <button type="button" className={styles.choice} onClick={() => setWay('app')}>
            <IconDeviceMobile size={28} stroke={1.5} aria-hidden />
            <strong>{t('forced.app_title')}</strong>
            <span>{t('forced.app_text')}</span>
          </button>
          {leave}
        </div>
      )}
      {way === 'passkey' && <AddPasskey onClose={() => setWay(null)} onAdded={goOn} />}
    </AuthLayout>
  )
}
