import { Button } from '@mantine/core'
import { createFileRoute, useRouter } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { api, idempotent, orThrow } from '../../shared/api.ts'
import { useForm, useUnsavedWarning } from '../../shared/form.ts'
import { EmptyState, PageTitle, Stacked } from '../../shared/page.tsx'
import { Callout, ProblemAlert } from '../../shared/problem-alert.tsx'
import { showToast } from '../../shared/toasts.tsx'
import { BackLink } from '../back-link.tsx'
import { ButtonLink } from '../button-link.tsx'
import formStyles from '../form-layout.module.css'
import { useMay } from '../session.ts'
import { bodyOfUnit, UnitFields, type UnitValues, useUnitCheck, valuesOfUnit } from '../unit-form.tsx'
import { refreshUnits } from '../unit-queries.ts'

/** A new business unit. */
export const Route = createFileRoute('/_app/units/new')({ component: NewUnit })

function NewUnit() {
  const { t, i18n } = useTranslation()
  const router = useRouter()
  const may = useMay()
  const { queryClient } = Route.useRouteContext()
  const form = useForm<UnitValues, { id: string; name: string }>({
    initial: valuesOfUnit(null, i18n.language),
    check: useUnitCheck(),
    submit: (values, { idempotencyKey }) =>
      orThrow(
        api.POST('/api/v1/office/business-units', {
          body: { ...bodyOfUnit(values), currency: values.currency },
          headers: idempotent(idempotencyKey),
        }),
      ),
    onDone: (unit) => {
      void refreshUnits(queryClient)
      showToast({ tone: 'good', title: t('units.created', { name: unit.name }) })
      // After this paint, when nothing is unsaved any more.
      setTimeout(() => void router.navigate({ to: '/units/$id', params: { id: unit.id } }))
    },
  })
  useUnsavedWarning(form.changed && !form.busy, t('catalogue.unsaved'))
  const back = <BackLink to="/units">{t('shell.units')}</BackLink>
  if (!may('units.write')) {
    return (
      <>
        <PageTitle title={t('units.new')} back={back} />
        <EmptyState title={t('words.not_permitted')} />
      </>
    )
  }
  return (
    <form className={formStyles.narrow} onSubmit={form.onSubmit} noValidate>
      <Stacked>
        <PageTitle title={t('units.new')} back={back} />
        <ProblemAlert error={form.problem} />
        <UnitFields form={form} isNew logoUrl={null} />
        <Callout tone="neutral">
          <p>{t('units.logo_later')}</p>
        </Callout>
        <div className={formStyles.end}>
          <ButtonLink to="/units" variant="default">
            {t('common:action.cancel')}
          </ButtonLink>
          <Button type="submit" loading={form.busy}>
            {t('units.create')}
          </Button>
        </div>
      </Stacked>
    </form>
  )
}
