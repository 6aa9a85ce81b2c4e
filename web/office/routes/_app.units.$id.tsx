import { Button } from '@mantine/core'
import IconExternalLink from '@tabler/icons-react/dist/esm/icons/IconExternalLink.mjs'
import { useMutation, useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../../shared/api.ts'
import type { BusinessUnit } from '../../shared/api-types.gen.ts'
import { useForm, useUnsavedWarning } from '../../shared/form.ts'
import { FileDrop } from '../../shared/inputs.tsx'
import { PageTitle, Section, Stacked } from '../../shared/page.tsx'
import { toProblem } from '../../shared/problem.ts'
import { Callout, ProblemAlert } from '../../shared/problem-alert.tsx'
import { showToast } from '../../shared/toasts.tsx'
import { BackLink } from '../back-link.tsx'
import { ButtonLink } from '../button-link.tsx'
import formStyles from '../form-layout.module.css'
import { useMay } from '../session.ts'
import styles from '../unit.module.css'
import { UnitClosingFields } from '../unit-closing-fields.tsx'
import { bodyOfUnit, UnitFields, type UnitValues, useUnitCheck, valuesOfUnit } from '../unit-form.tsx'
import { refreshUnits, unitQuery } from '../unit-queries.ts'

/** The settings of one business unit. */
export const Route = createFileRoute('/_app/units/$id')({
  loader: ({ context: { queryClient }, params: { id } }) => queryClient.ensureQueryData(unitQuery(id)),
  component: UnitPage,
})

/** Where the logo of a unit is served, for everybody who sees its pages. */
function logoOf(unit: BusinessUnit): string | null {
  return unit.logo_file_id === null ? null : `/api/v1/portal/logos/${unit.logo_file_id}`
}

function UnitPage() {
  const { t } = useTranslation()
  const { id } = Route.useParams()
  const may = useMay()
  const { data: unit } = useSuspenseQuery(unitQuery(id))
  return (
    <Stacked>
      <PageTitle
        title={unit.name}
        back={<BackLink to="/units">{t('shell.units')}</BackLink>}
        subtitle={unit.legal_name}
        actions={
          <>
            {may('audit.read') && (
              <ButtonLink
                to="/audit"
                search={{ object_type: 'business_units', object_id: unit.id } as never}
                variant="default"
              >
                {t('accounts.changes')}
              </ButtonLink>
            )}
            <Button
              component="a"
              href={unit.host ? `https://${unit.host}/` : `/sign-in?unit=${unit.slug}`}
              target="_blank"
              rel="noreferrer"
              variant="default"
              leftSection={<IconExternalLink size={16} aria-hidden />}
            >
              {t('units.portal_open')}
            </Button>
          </>
        }
      />
      <LogoSection unit={unit} editable={may('units.write')} />
      <Settings key={unit.id} unit={unit} editable={may('units.write')} />
      <UnitClosingFields unitId={unit.id} editable={may('units.write')} />
    </Stacked>
  )
}

function LogoSection({ unit, editable }: { unit: BusinessUnit; editable: boolean }) {
  const { t } = useTranslation()
  const queryClient = useQueryClient()
  const [file, setFile] = useState<File | null>(null)
  const logo = logoOf(unit)
  const upload = useMutation({
    mutationFn: (chosen: File) => {
      const body = new FormData()
      body.append('file', chosen, chosen.name)
      return orThrow(
        api.PUT('/api/v1/office/business-units/{id}/logo', {
          params: { path: { id: unit.id } },
          body: body as never,
          bodySerializer: (whole: unknown) => whole as never,
        }),
      )
    },
    onSuccess: (after) => {
      queryClient.setQueryData(unitQuery(unit.id).queryKey, after)
      void refreshUnits(queryClient)
      setFile(null)
      showToast({ tone: 'good', title: t('units.logo_set') })
    },
  })
  const problem = upload.error ? toProblem(upload.error) : null
  const fault = problem?.errors?.find((one) => one.path === 'file')?.message
  return (
    <div className={formStyles.narrow}>
      <Section title={t('units.logo')} description={t('units.look_text')}>
        <div className={styles.logo}>
          <div className={styles.paper}>
            {logo ? (
              <img src={logo} alt={t('units.logo_current', { name: unit.name })} />
            ) : (
              <span>{t('units.logo_none')}</span>
            )}
          </div>
          {editable && (
            <>
              {!fault && <ProblemAlert error={upload.error} />}
              <FileDrop
                label={t('units.logo')}
                description={t('units.logo_help')}
                value={file}
                accept="image/png,image/jpeg,image/webp,image/avif,image/svg+xml"
                maxBytes={5_000_000}
                error={fault}
                onChange={(chosen) => {
                  upload.reset()
                  setFile(chosen)
                  if (chosen) upload.mutate(chosen)
                }}
              />
            </>
          )}
        </div>
      </Section>
    </div>
  )
}

function Settings({ unit, editable }: { unit: BusinessUnit; editable: boolean }) {
  const { t, i18n } = useTranslation()
  const queryClient = useQueryClient()
  const form = useForm<UnitValues, BusinessUnit>({
    initial: valuesOfUnit(unit, i18n.language),
    check: useUnitCheck(),
    submit: (values) =>
      orThrow(
        api.PATCH('/api/v1/office/business-units/{id}', {
          params: { path: { id: unit.id } },
          body: bodyOfUnit(values),
        }),
      ),
    onDone: (after) => {
      queryClient.setQueryData(unitQuery(unit.id).queryKey, after)
      void refreshUnits(queryClient)
      showToast({ tone: 'good', title: t('units.saved', { name: after.name }) })
    },
  })
  useUnsavedWarning(form.changed && !form.busy, t('catalogue.unsaved'))
  return (
    <form className={formStyles.narrow} onSubmit={form.onSubmit} noValidate>
      <fieldset className={formStyles.plain} disabled={!editable}>
        <Stacked>
          {!editable && (
            <Callout tone="neutral">
              <p>{t('words.not_permitted')}</p>
            </Callout>
          )}
          <ProblemAlert error={form.problem} />
          <UnitFields form={form} isNew={false} logoUrl={logoOf(unit)} />
          {editable && (
            <div className={formStyles.end}>
              <Button
                variant="default"
                disabled={!form.changed || form.busy}
                onClick={() => form.reset(valuesOfUnit(unit, i18n.language))}
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
