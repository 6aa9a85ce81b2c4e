import { queryOptions, useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../shared/api.ts'
import type { Account, StoredMethod } from '../shared/api-types.gen.ts'
import { ConfirmDialog } from '../shared/dialog.tsx'
import { loadTexts } from '../shared/i18n.ts'
import { Section } from '../shared/page.tsx'
import { ProblemAlert } from '../shared/problem-alert.tsx'
import { showToast, useProblemToast } from '../shared/toasts.tsx'
import { useFormats } from '../shared/use-formats.ts'
import { PermittedButton } from './permitted-button.tsx'
import { storedMethodsQuery } from './provider-queries.ts'
import { MethodBadge, methodName, TestBadge } from './provider-words.tsx'
import styles from './providers.module.css'
import { useMay } from './session.ts'

const textsQuery = queryOptions({
  queryKey: ['texts', 'providers'],
  staleTime: Number.POSITIVE_INFINITY,
  queryFn: async () => {
    await loadTexts('providers')
    return true
  },
})

/** The cards and accounts that a customer keeps, and which of them is debited by itself. */
export function AccountMethods({ account }: { account: Account }) {
  const may = useMay()
  const texts = useQuery(textsQuery)
  if (!texts.data || !may('payments.read') || account.erased_at !== null) return null
  return <Methods account={account} />
}

function Methods({ account }: { account: Account }) {
  const { t } = useTranslation('providers')
  const { data, error, refetch } = useInfiniteQuery(storedMethodsQuery(account.id))
  const methods = data?.pages.flatMap((page) => page.items).filter((one) => one.state !== 'removed')
  if (methods?.length === 0) return null
  return (
    <Section title={t('office.stored_methods')}>
      <ProblemAlert error={error} onRetry={refetch} />
      <ul className={styles.methods}>
        {methods?.map((method) => (
          <Method key={method.id} account={account} method={method} />
        ))}
      </ul>
    </Section>
  )
}

function Method({ account, method }: { account: Account; method: StoredMethod }) {
  const { t } = useTranslation('providers')
  const { date } = useFormats()
  const queryClient = useQueryClient()
  const [asking, setAsking] = useState(false)
  const path = { id: account.id, method_id: method.id }
  const refresh = () => queryClient.invalidateQueries({ queryKey: storedMethodsQuery(account.id).queryKey })
  const change = useMutation({
    mutationFn: (automatic: boolean) =>
      orThrow(
        api.PATCH('/api/v1/office/accounts/{id}/stored-methods/{method_id}', {
          params: { path },
          body: { automatic },
        }),
      ),
    onSuccess: refresh,
    onError: useProblemToast(),
  })
  const remove = async () => {
    await orThrow(api.DELETE('/api/v1/office/accounts/{id}/stored-methods/{method_id}', { params: { path } }))
    showToast({ tone: 'good', title: t('office.method_removed') })
    await refresh()
  }
  return (
    <li>
      <strong>{methodName(method)}</strong>
      {method.driver === 'sandbox' && <TestBadge />}
      <span>
        {[
          method.provider_name,
          method.expires_on && t('office.until', { date: date(method.expires_on) }),
          method.automatic && t('office.automatic'),
        ]
          .filter(Boolean)
          .join(' · ')}
      </span>
      {method.state !== 'active' && <MethodBadge state={method.state} />}
      <span className={styles.row}>
        {method.state === 'active' && (
          <PermittedButton
            needs="payments.decide"
            size="compact-xs"
            variant="default"
            loading={change.isPending}
            onClick={() => change.mutate(!method.automatic)}
          >
            {t(method.automatic ? 'office.stop_automatic' : 'office.make_automatic')}
          </PermittedButton>
        )}
        <PermittedButton
          needs="payments.decide"
          size="compact-xs"
          variant="default"
          onClick={() => setAsking(true)}
        >
          {t('office.remove_method')}
        </PermittedButton>
      </span>
      <ConfirmDialog
        opened={asking}
        onClose={() => setAsking(false)}
        title={t('office.remove_question', { name: methodName(method) })}
        confirm={t('office.remove_method')}
        danger
        onConfirm={remove}
      >
        <p>{t('office.remove_text')}</p>
      </ConfirmDialog>
    </li>
  )
}
