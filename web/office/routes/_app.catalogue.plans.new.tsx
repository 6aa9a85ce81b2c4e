import { Button } from '@mantine/core'
import { useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute, useRouter } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { api, idempotent, orThrow } from '../../shared/api.ts'
import { useForm } from '../../shared/form.ts'
import { EmptyState, PageTitle, Section, Stacked } from '../../shared/page.tsx'
import { ProblemAlert } from '../../shared/problem-alert.tsx'
import { showToast } from '../../shared/toasts.tsx'
import { BackLink } from '../back-link.tsx'
import { ButtonLink } from '../button-link.tsx'
import { localToday } from '../calendar-day.ts'
import { refreshCatalogue, usableProductsQuery } from '../catalogue-queries.ts'
import formStyles from '../form-layout.module.css'
import { unitsQuery } from '../frame-queries.ts'
import { bodyOfPlan, checkPlan, PlanFields, valuesOfPlan } from '../plan-form.tsx'
import priceStyles from '../prices.module.css'
import { useMay } from '../session.ts'

/** A new plan with its prices, items and options. */
export const Route = createFileRoute('/_app/catalogue/plans/new')({
  loader: ({ context: { queryClient } }) =>
    Promise.all([queryClient.ensureQueryData(unitsQuery), queryClient.ensureQueryData(usableProductsQuery)]),
  component: NewPlan,
})

function NewPlan() {
  const { t } = useTranslation()
  const may = useMay()
  const { data: products } = useSuspenseQuery(usableProductsQuery)
  const title = (
    <PageTitle
      back={<BackLink to="/catalogue">{t('shell.catalogue')}</BackLink>}
      title={t('shell.new_plan')}
    />
  )
  if (!may('catalogue.write')) {
    return (
      <>
        {title}
        <EmptyState title={t('words.not_permitted')} />
      </>
    )
  }
  if (products.length === 0) {
    return (
      <>
        {title}
        <Section>
          <EmptyState
            title={t('catalogue.no_products')}
            action={<ButtonLink to="/catalogue/products">{t('catalogue.product_new')}</ButtonLink>}
          >
            {t('catalogue.no_products_text')}
          </EmptyState>
        </Section>
      </>
    )
  }
  return (
    <Stacked>
      {title}
      <NewPlanForm />
    </Stacked>
  )
}

function NewPlanForm() {
  const { t } = useTranslation()
  const router = useRouter()
  const queryClient = useQueryClient()
  const { data: units } = useSuspenseQuery(unitsQuery)
  const { data: products } = useSuspenseQuery(usableProductsQuery)
  const unit =
    units.find((one) => products.some((product) => product.business_unit_id === one.id)) ?? units[0]
  const form = useForm({
    initial: valuesOfPlan(
      null,
      unit,
      products.find((product) => product.business_unit_id === unit?.id)?.id ?? '',
      localToday(unit?.time_zone ?? 'UTC'),
    ),
    check: (values) => checkPlan(values, t('common:input.required')),
    submit: (values, { idempotencyKey }) =>
      orThrow(
        api.POST('/api/v1/office/plans', {
          body: { ...bodyOfPlan(values), business_unit_id: values.business_unit_id },
          headers: idempotent(idempotencyKey),
        }),
      ),
    onDone: (plan) => {
      void refreshCatalogue(queryClient)
      showToast({ tone: 'good', title: t('catalogue.plan_created', { name: plan.name }) })
      void router.navigate({ to: '/catalogue' })
    },
  })
  return (
    <form className={priceStyles.wide} onSubmit={form.onSubmit} noValidate>
      <Stacked>
        <ProblemAlert error={form.problem} />
        <PlanFields form={form} units={units} products={products} isNew />
        <div className={formStyles.end}>
          <ButtonLink to="/catalogue" variant="default">
            {t('common:action.cancel')}
          </ButtonLink>
          <Button type="submit" loading={form.busy}>
            {t('catalogue.plan_create')}
          </Button>
        </div>
      </Stacked>
    </form>
  )
}
