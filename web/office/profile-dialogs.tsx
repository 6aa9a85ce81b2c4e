import { Button, Checkbox, NativeSelect, NumberInput, Textarea, TextInput } from '@mantine/core'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { api, idempotent, orThrow } from '../shared/api.ts'
import type { BusinessUnit, SlaProfile, ThresholdProfile } from '../shared/api-types.gen.ts'
import { Dialog, DialogActions } from '../shared/dialog.tsx'
import { useForm } from '../shared/form.ts'
import { ProblemAlert } from '../shared/problem-alert.tsx'
import guideStyles from './account-guide.module.css'
import { DurationInput } from './duration-input.tsx'
import styles from './form-layout.module.css'
import { type Metric, metrics, nameOfWeekday, priorities } from './profile-words.tsx'

type Common = { business_unit_id: string; name: string; description: string; is_default: boolean }
type CommonForm = { values: Common } & Pick<
  ReturnType<typeof useForm<Common, unknown>>,
  'field' | 'toggle' | 'busy' | 'problem' | 'onSubmit'
>

/** What both kinds of profile have in common: name, unit, words about it, default, and the buttons. */
function ProfileFrame({
  title,
  form,
  units,
  isNew,
  archived,
  onArchive,
  onClose,
  children,
}: {
  title: string
  form: CommonForm
  units: BusinessUnit[]
  isNew: boolean
  archived: boolean
  onArchive?: ((archived: boolean) => void) | undefined
  onClose: () => void
  children: ReactNode
}) {
  const { t } = useTranslation()
  return (
    <Dialog opened onClose={onClose} title={title} size="large">
      <form className={styles.body} onSubmit={form.onSubmit} noValidate>
        <ProblemAlert error={form.problem} />
        <div className={styles.fields}>
          <TextInput label={t('profiles.name')} required autoComplete="off" {...form.field('name')} />
          {isNew && units.length > 1 && (
            <NativeSelect
              label={t('words.unit')}
              required
              data={units.map((unit) => ({ value: unit.id, label: unit.name }))}
              {...form.field('business_unit_id')}
            />
          )}
          <Textarea label={t('profiles.description')} {...form.field('description')} />
          {children}
          <Checkbox
            label={t('profiles.is_default')}
            description={t('profiles.is_default_help')}
            {...form.toggle('is_default')}
          />
        </div>
        <DialogActions>
          {!isNew && onArchive && (
            <Button variant="default" onClick={() => onArchive(!archived)}>
              {t(archived ? 'catalogue.bring_back' : 'catalogue.archive')}
            </Button>
          )}
          <Button variant="default" onClick={onClose}>
            {t('common:action.cancel')}
          </Button>
          <Button type="submit" loading={form.busy}>
            {t('common:action.save')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}

type Targets = Record<(typeof priorities)[number], { response: number | null; resolution: number | null }>

/** Defines an SLA profile, or changes one. */
export function SlaProfileDialog({
  profile,
  units,
  onArchive,
  onClose,
  onDone,
}: {
  /** Null defines one. */
  profile: SlaProfile | null
  units: BusinessUnit[]
  onArchive?: (archived: boolean) => void
  onClose: () => void
  onDone: (profile: SlaProfile) => void
}) {
  const { t, i18n } = useTranslation()
  const form = useForm({
    initial: {
      business_unit_id: profile?.business_unit_id ?? units[0]?.id ?? '',
      name: profile?.name ?? '',
      description: profile?.description ?? '',
      is_default: profile?.is_default ?? false,
      coverage: profile?.coverage ?? 'business_hours',
      business_days: profile?.business_days ?? (profile ? [] : [1, 2, 3, 4, 5]),
      opens_at: profile ? (profile.opens_at ?? '') : '08:00',
      closes_at: profile ? (profile.closes_at ?? '') : '18:00',
      targets: Object.fromEntries(
        priorities.map((priority) => {
          const one = profile?.targets.find((target) => target.priority === priority)
          return [
            priority,
            {
              response: one?.first_response_minutes ?? null,
              resolution: one?.resolution_minutes ?? null,
            },
          ]
        }),
      ) as Targets,
    },
    check: ({ name, coverage, business_days, opens_at, closes_at, targets }) => {
      const missing = t('common:input.required')
      const byHours = coverage === 'business_hours'
      const rows = Object.values(targets)
      return {
        name: !name.trim() && missing,
        business_days: byHours && business_days.length === 0 && missing,
        opens_at: byHours && opens_at === '' && missing,
        closes_at:
          byHours && ((closes_at === '' && missing) || (closes_at <= opens_at && t('profiles.closes_early'))),
        targets:
          (rows.some((row) => (row.response === null) !== (row.resolution === null)) && t('profiles.both')) ||
          (rows.every((row) => row.response === null) && t('profiles.one_target')) ||
          (rows.some((row) => (row.resolution ?? 0) < (row.response ?? 0)) && t('profiles.resolution_early')),
      }
    },
    submit: ({ targets, business_unit_id, ...values }, { idempotencyKey }) => {
      const byHours = values.coverage === 'business_hours'
      const body = {
        ...values,
        business_days: byHours ? values.business_days : null,
        opens_at: byHours ? values.opens_at : null,
        closes_at: byHours ? values.closes_at : null,
        targets: priorities.flatMap((priority) => {
          const { response, resolution } = targets[priority]
          return response === null || resolution === null
            ? []
            : [{ priority, first_response_minutes: response, resolution_minutes: resolution }]
        }),
      }
      return profile === null
        ? orThrow(
            api.POST('/api/v1/office/sla-profiles', {
              body: { ...body, business_unit_id },
              headers: idempotent(idempotencyKey),
            }),
          )
        : orThrow(
            api.PATCH('/api/v1/office/sla-profiles/{id}', { params: { path: { id: profile.id } }, body }),
          )
    },
    onDone: (saved) => {
      onDone(saved)
      onClose()
    },
  })
  const { values } = form
  return (
    <ProfileFrame
      title={t(profile ? 'profiles.sla_edit' : 'profiles.sla_new')}
      form={form as unknown as CommonForm}
      units={units}
      isNew={profile === null}
      archived={profile?.archived_at != null}
      onArchive={onArchive}
      onClose={onClose}
    >
      <NativeSelect
        label={t('profiles.coverage_label')}
        description={t('profiles.coverage_help')}
        data={['business_hours', 'always'].map((value) => ({
          value,
          label: t(`profiles.coverage.${value}`),
        }))}
        {...form.field('coverage')}
      />
      {values.coverage === 'business_hours' && (
        <>
          <fieldset className={styles.checks}>
            <legend>{t('profiles.business_days')}</legend>
            <div className={guideStyles.days}>
              {[1, 2, 3, 4, 5, 6, 7].map((day) => (
                <Checkbox
                  key={day}
                  label={nameOfWeekday(day, i18n.language, 'long')}
                  checked={values.business_days.includes(day)}
                  onChange={(event) =>
                    form.set(
                      'business_days',
                      [1, 2, 3, 4, 5, 6, 7].filter((one) =>
                        one === day ? event.currentTarget.checked : values.business_days.includes(one),
                      ),
                    )
                  }
                />
              ))}
            </div>
            <Complaint>{form.errors.business_days}</Complaint>
          </fieldset>
          <div data-span="6">
            <TextInput type="time" label={t('profiles.opens_at')} required {...form.field('opens_at')} />
          </div>
          <div data-span="6">
            <TextInput type="time" label={t('profiles.closes_at')} required {...form.field('closes_at')} />
          </div>
        </>
      )}
      <fieldset className={styles.checks}>
        <legend>{t('profiles.targets')}</legend>
        <p className={guideStyles.help}>{t('profiles.targets_help')}</p>
        <div className={guideStyles.grid}>
          {priorities.map((priority) => {
            const row = values.targets[priority]
            const change = (part: Partial<typeof row>) =>
              form.set('targets', { ...values.targets, [priority]: { ...row, ...part } })
            const name = t(`profiles.priority.${priority}`)
            return (
              <div key={priority} className={guideStyles.gridRow} data-of="target">
                <strong>{name}</strong>
                <DurationInput
                  label={t('profiles.first_response')}
                  aria-label={t('profiles.first_response_of', { priority: name })}
                  value={row.response}
                  onChange={(response) => change({ response })}
                />
                <DurationInput
                  label={t('profiles.resolution')}
                  aria-label={t('profiles.resolution_of', { priority: name })}
                  placeholder="24 h"
                  value={row.resolution}
                  onChange={(resolution) => change({ resolution })}
                />
              </div>
            )
          })}
        </div>
        <Complaint>{form.errors.targets}</Complaint>
      </fieldset>
    </ProfileFrame>
  )
}

type Limits = Record<
  Metric,
  { warning: number | string; critical: number | string; for_minutes: number | string }
>
const metricNames = Object.keys(metrics) as Metric[]

/** Defines an alert threshold profile, or changes one. */
export function ThresholdProfileDialog({
  profile,
  units,
  onArchive,
  onClose,
  onDone,
}: {
  /** Null defines one. */
  profile: ThresholdProfile | null
  units: BusinessUnit[]
  onArchive?: (archived: boolean) => void
  onClose: () => void
  onDone: (profile: ThresholdProfile) => void
}) {
  const { t } = useTranslation()
  const form = useForm({
    initial: {
      business_unit_id: profile?.business_unit_id ?? units[0]?.id ?? '',
      name: profile?.name ?? '',
      description: profile?.description ?? '',
      is_default: profile?.is_default ?? false,
      thresholds: Object.fromEntries(
        metricNames.map((metric) => {
          const one = profile?.thresholds.find((threshold) => threshold.metric === metric)
          return [
            metric,
            {
              warning: one?.warning ?? '',
              critical: one?.critical ?? '',
              for_minutes: one?.for_minutes ?? '',
            },
          ]
        }),
      ) as Limits,
    },
    check: ({ name, thresholds }) => {
      const rows = Object.values(thresholds)
      return {
        name: !name.trim() && t('common:input.required'),
        thresholds:
          (rows.every((row) => row.warning === '' && row.critical === '') && t('profiles.one_threshold')) ||
          (rows.some(
            (row) => row.warning !== '' && row.critical !== '' && Number(row.warning) >= Number(row.critical),
          ) &&
            t('profiles.critical_low')),
      }
    },
    submit: ({ thresholds, business_unit_id, ...values }, { idempotencyKey }) => {
      const limit = (value: number | string) => (value === '' ? null : Number(value))
      const body = {
        ...values,
        thresholds: metricNames.flatMap((metric) => {
          const { warning, critical, for_minutes } = thresholds[metric]
          return warning === '' && critical === ''
            ? []
            : [
                {
                  metric,
                  warning: limit(warning),
                  critical: limit(critical),
                  for_minutes: Number(for_minutes),
                },
              ]
        }),
      }
      return profile === null
        ? orThrow(
            api.POST('/api/v1/office/threshold-profiles', {
              body: { ...body, business_unit_id },
              headers: idempotent(idempotencyKey),
            }),
          )
        : orThrow(
            api.PATCH('/api/v1/office/threshold-profiles/{id}', {
              params: { path: { id: profile.id } },
              body,
            }),
          )
    },
    onDone: (saved) => {
      onDone(saved)
      onClose()
    },
  })
  const { values } = form
  return (
    <ProfileFrame
      title={t(profile ? 'profiles.threshold_edit' : 'profiles.threshold_new')}
      form={form as unknown as CommonForm}
      units={units}
      isNew={profile === null}
      archived={profile?.archived_at != null}
      onArchive={onArchive}
      onClose={onClose}
    >
      <fieldset className={styles.checks}>
        <legend>{t('profiles.thresholds_label')}</legend>
        <p className={guideStyles.help}>{t('profiles.thresholds_help')}</p>
        <div className={guideStyles.grid}>
          {metricNames.map((metric) => {
            const row = values.thresholds[metric]
            const name = t(`profiles.metric.${metric}`)
            const limits = { min: metrics[metric].lowest, max: metrics[metric].highest }
            const input = (part: keyof typeof row, label: string, range: { min: number; max: number }) => (
              <NumberInput
                label={label}
                aria-label={`${name}: ${label}`}
                allowDecimal={false}
                hideControls
                {...range}
                value={row[part]}
                onChange={(value) =>
                  form.set('thresholds', { ...values.thresholds, [metric]: { ...row, [part]: value } })
                }
              />
            )
            return (
              <div key={metric} className={guideStyles.gridRow}>
                <strong>
                  {name}
                  <small>{t(`profiles.metric_unit.${metric}`)}</small>
                </strong>
                {input('warning', t('profiles.warning'), limits)}
                {input('critical', t('profiles.critical'), limits)}
                {input('for_minutes', t('profiles.for_minutes'), { min: 0, max: 1440 })}
              </div>
            )
          })}
        </div>
        <Complaint>{form.errors.thresholds}</Complaint>
      </fieldset>
    </ProfileFrame>
  )
}

function Complaint({ children }: { children: string | undefined }) {
  if (!children) return null
  return (
    <p className={guideStyles.error} role="alert">
      {children}
    </p>
  )
}
