import { NativeSelect, NumberInput, Switch } from '@mantine/core'
import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../shared/api.ts'
import type { PlanPolicy } from '../shared/api-types.gen.ts'
import { loadTexts } from '../shared/i18n.ts'
import { Section, SkeletonText } from '../shared/page.tsx'
import { ProblemAlert } from '../shared/problem-alert.tsx'
import { showToast, useProblemToast } from '../shared/toasts.tsx'
import formStyles from './form-layout.module.css'
import { useMay } from './session.ts'

const planPolicyQuery = (id: string) =>
  queryOptions({
    queryKey: ['plans', id, 'policy'],
    queryFn: async ({ signal }) => {
      const [policy] = await Promise.all([
        orThrow(api.GET('/api/v1/office/plans/{id}/policy', { params: { path: { id } }, signal })),
        loadTexts('changes'),
      ])
      return policy
    },
  })

/** What customers of a plan may change by themselves, and what a suspension gives back; each is saved as it is switched. */
export function PlanPolicies({ planId, pack }: { planId: string; pack: boolean }) {
  const query = useQuery(planPolicyQuery(planId))
  if (!query.data)
    return query.error ? (
      <ProblemAlert error={query.error} onRetry={query.refetch} />
    ) : (
      <SkeletonText lines={5} />
    )
  return <Policies planId={planId} policy={query.data} pack={pack} />
}

const switches = [
  'customer_orders',
  'customer_changes_plan',
  'customer_changes_quantity',
  'customer_changes_options',
  'customer_cancels',
] as const

function Policies({ planId, policy, pack }: { planId: string; policy: PlanPolicy; pack: boolean }) {
  const { t } = useTranslation('changes')
  const editable = useMay()('catalogue.write')
  const queryClient = useQueryClient()
  const save = useMutation({
    mutationFn: (body: Partial<PlanPolicy>) =>
      orThrow(api.PATCH('/api/v1/office/plans/{id}/policy', { params: { path: { id: planId } }, body })),
    onSuccess: (after) => {
      queryClient.setQueryData(planPolicyQuery(planId).queryKey, after)
      showToast({ tone: 'good', title: t('policy.saved') })
    },
    onError: useProblemToast(),
  })
  return (
    <div className={`${formStyles.narrow} ${formStyles.second}`}>
      <Section title={t('policy.title')} description={t('policy.text')}>
        <fieldset className={formStyles.plain} disabled={!editable || save.isPending}>
          <div className={formStyles.body}>
            {switches.map((name) => (
              <Switch
                key={name}
                label={t(`policy.${name}`)}
                description={t(`policy.${name}_help`)}
                checked={policy[name]}
                onChange={(event) => save.mutate({ [name]: event.currentTarget.checked })}
              />
            ))}
            {pack && (
              <NumberInput
                label={t('policy.support_credits')}
                description={t('policy.support_credits_help')}
                min={0}
                max={1_000_000}
                allowDecimal={false}
                hideControls
                defaultValue={policy.support_credits}
                onBlur={(event) => {
                  const support_credits = Number(event.currentTarget.value.replaceAll(/\D/g, '')) || 0
                  if (support_credits !== policy.support_credits) save.mutate({ support_credits })
                }}
              />
            )}
            <NativeSelect
              label={t('policy.suspension_credit')}
              description={t('policy.suspension_credit_help')}
              value={policy.suspension_credit}
              onChange={(event) =>
                save.mutate({
                  suspension_credit: event.currentTarget.value as PlanPolicy['suspension_credit'],
                })
              }
              data={(['unless_debt', 'always', 'never'] as const).map((value) => ({
                value,
                label: t(`policy.credit_${value}`),
              }))}
            />
          </div>
        </fieldset>
      </Section>
    </div>
  )
}
