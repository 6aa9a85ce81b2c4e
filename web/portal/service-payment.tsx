import { NativeSelect } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../shared/api.ts'
import { Section } from '../shared/page.tsx'
import { showToast, useProblemToast } from '../shared/toasts.tsx'
import { storedMethodsQuery } from './pay-queries.ts'
import { nameOfStored } from './pay-words.tsx'
import styles from './service.module.css'

/** From what a service is debited: the account's method, or one of its own. Nothing is shown where nothing is kept. */
export function ServicePayment({ serviceId }: { serviceId: string }) {
  const { data: methods } = useQuery(storedMethodsQuery)
  return methods && methods.length > 0 ? <Choice serviceId={serviceId} /> : null
}

function Choice({ serviceId }: { serviceId: string }) {
  const { t } = useTranslation('pay')
  const queryClient = useQueryClient()
  const { data: methods = [] } = useQuery(storedMethodsQuery)
  const own = methods.find((one) => one.services.some(({ id }) => id === serviceId))
  const automatic = methods.find((one) => one.automatic)
  const set = useMutation({
    mutationFn: (id: string | null) =>
      orThrow(
        api.PUT('/api/v1/portal/services/{id}/stored-method', {
          params: { path: { id: serviceId } },
          body: { stored_method_id: id },
        }),
      ),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: storedMethodsQuery.queryKey })
      showToast({ tone: 'good', title: t('service.saved') })
    },
    onError: useProblemToast(),
  })
  return (
    <Section title={t('service.title')}>
      <NativeSelect
        label={t('service.from')}
        disabled={set.isPending}
        value={set.isPending ? (set.variables ?? '') : (own?.id ?? '')}
        onChange={(event) => set.mutate(event.currentTarget.value || null)}
        data={[
          {
            value: '',
            label: automatic
              ? t('service.account', { method: nameOfStored(automatic, t) })
              : t('service.account_none'),
          },
          ...methods
            .filter((one) => one.state === 'active' || one.id === own?.id)
            .map((one) => ({ value: one.id, label: nameOfStored(one, t) })),
        ]}
      />
      <p className={styles.description}>
        {own && own.state !== 'active' ? t('service.unusable') : t('service.text')}{' '}
        <Link to="/payment-methods">{t('done.methods')}</Link>
      </p>
    </Section>
  )
}
