import { Button } from '@mantine/core'
import IconArchive from '@tabler/icons-react/dist/esm/icons/IconArchive.mjs'
import IconArrowBackUp from '@tabler/icons-react/dist/esm/icons/IconArrowBackUp.mjs'
import { useMutation, useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute, Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../../shared/api.ts'
import type { Plan } from '../../shared/api-types.gen.ts'
import { ConfirmDialog } from '../../shared/dialog.tsx'
import { useForm, useUnsavedWarning } from '../../shared/form.ts'
import { PageTitle, Stacked } from '../../shared/page.tsx'
import { Callout, ProblemAlert } from '../../shared/problem-alert.tsx'
import { ToneBadge } from '../../shared/state-badge.tsx'
import { showToast, useProblemToast } from '../../shared/toasts.tsx'
import { BackLink } from '../back-link.tsx'
import { planQuery, refreshCatalogue, usableProductsQuery } from '../catalogue-queries.ts'
import formStyles from '../form-layout.module.css'
import { unitsQuery } from '../frame-queries.ts'
import listStyles from '../list.module.css'
import { OlderPrices } from '../older-prices.tsx'
import { bodyOfPlan, checkPlan, PlanFields, valuesOfPlan } from '../plan-form.tsx'
import { PlanPolicies } from '../plan-policies.tsx'
import { PriceHistory } from '../price-history.tsx'
import priceStyles from '../prices.module.css'
import { useMay } from '../session.ts'

/** A plan: everything about it in one form. */
export const Route = createFileRoute('/_app/catalogue/plans/$id')({
  loader: ({ context: { queryClient }, params: { id } }) =>
    Promise.all([
      queryClient.ensureQueryData(planQuery(id)),
      queryClient.ensureQueryData(unitsQuery),
      queryClient.ensureQueryData(usableProductsQuery),
    ]),
  component: PlanPage,
})

function PlanPage() {
  const { t } = useTranslation()
  const { id } = Route.useParams()
  const may = useMay()
  const queryClient = useQueryClient()
  const { data: plan } = useSuspenseQuery(planQuery(id))
  const [archiving, setArchiving] = useState(false)
  const setArchived = async (archived: boolean) => {
    const after = await orThrow(
      api.PATCH('/api/v1/office/plans/{id}', { params: { path: { id } }, body: { archived } }),
    )
    queryClient.setQueryData(planQuery(id).queryKey, after)
    void refreshCatalogue(queryClient)
  }
  const bringBack = useMutation({ mutationFn: () => setArchived(false), onError: useProblemToast() })
  const archived = plan.archived_at !== null
  return (
    <Stacked>
      <PageTitle
        back={<BackLink to="/catalogue">{t('shell.catalogue')}</BackLink>}
        title={plan.name}
        state={
          <ToneBadge tone={archived ? 'neutral' : 'good'}>
            {t(archived ? 'catalogue.archived' : 'catalogue.sold')}
          </ToneBadge>
        }
        subtitle={
          <>
            {plan.product_name} · {plan.business_unit_name} ·{' '}
            <Link
              to="/services"
              search={{ plan_id: plan.id, status: 'active' } as never}
              className={listStyles.inline}
            >
              {t('catalogue.active_count', { count: plan.active_subscriptions })}
            </Link>
          </>
        }
        actions={
          may('catalogue.write') &&
          (archived ? (
            <Button
              variant="default"
              loading={bringBack.isPending}
              leftSection={<IconArrowBackUp size={16} aria-hidden />}
              onClick={() => bringBack.mutate()}
            >
              {t('catalogue.bring_back')}
            </Button>
          ) : (
            <Button
              variant="default"
              leftSection={<IconArchive size={16} aria-hidden />}
              onClick={() => setArchiving(true)}
            >
              {t('catalogue.archive')}
            </Button>
          ))
        }
      />
      <PlanEditor key={plan.updated_at} plan={plan} editable={may('catalogue.write')} />
      <PlanPolicies planId={plan.id} pack={plan.kind === 'support_pack'} />
      {may('subscriptions.read') && <OlderPrices plan={plan} />}
      <PriceHistory plan={plan} />
      <ConfirmDialog
        opened={archiving}
        onClose={() => setArchiving(false)}
        title={t('catalogue.archive_title', { name: plan.name })}
        confirm={t('catalogue.archive')}
        onConfirm={() => setArchived(true)}
      >
        <p>{t('catalogue.archive_text', { count: plan.active_subscriptions })}</p>
      </ConfirmDialog>
    </Stacked>
  )
}

function PlanEditor({ plan, editable }: { plan: Plan; editable: boolean }) {
  const { t } = useTranslation()
  const queryClient = useQueryClient()
  const { data: units } = useSuspenseQuery(unitsQuery)
  const { data: usable } = useSuspenseQuery(usableProductsQuery)
  // An archived product is no choice for others, but still the one of its plans.
  const products = usable.some((one) => one.id === plan.product_id)
    ? usable
    : [
        ...usable,
        {
          id: plan.product_id,
          name: plan.product_name,
          business_unit_id: plan.business_unit_id,
          business_unit_name: plan.business_unit_name,
          description: null,
          position: 0,
          plans: 0,
          archived_at: plan.updated_at,
          created_at: plan.created_at,
          updated_at: plan.updated_at,
        },
      ]
  const form = useForm({
    initial: valuesOfPlan(plan, undefined, '', plan.day),
    check: (values) => checkPlan(values, t('common:input.required')),
    submit: (values) =>
      orThrow(
        api.PATCH('/api/v1/office/plans/{id}', {
          params: { path: { id: plan.id } },
          body: bodyOfPlan(values),
        }),
      ),
    onDone: (after) => {
      queryClient.setQueryData(planQuery(plan.id).queryKey, after)
      form.reset(valuesOfPlan(after, undefined, '', after.day))
      void refreshCatalogue(queryClient)
      showToast({ tone: 'good', title: t('catalogue.plan_saved') })
    },
  })
  useUnsavedWarning(form.changed && !form.busy, t('catalogue.unsaved'))
  return (
    <form className={priceStyles.wide} onSubmit={form.onSubmit} noValidate>
      <fieldset className={formStyles.plain} disabled={!editable}>
        <Stacked>
          {!editable && (
            <Callout tone="neutral">
              <p>{t('words.not_permitted')}</p>
            </Callout>
          )}
          {editable && plan.active_subscriptions > 0 && (
            <Callout tone="info">
              <p>{t('catalogue.change_text')}</p>
            </Callout>
          )}
          <ProblemAlert error={form.problem} />
          <PlanFields form={form} units={units} products={products} isNew={false} />
          {editable && (
            <div className={formStyles.end}>
              <Button
                variant="default"
                disabled={!form.changed || form.busy}
                onClick={() => form.reset(valuesOfPlan(plan, undefined, '', plan.day))}
              >
                {t('common:action.undo')}
              </Button>
              <Button type="submit" loading={form.busy} disabled={!form.changed}>
                {t('common:action.save')}
              </Button>
            </div>
          )}
        </Stacked>
      </fieldset>
    </form>
  )
}
