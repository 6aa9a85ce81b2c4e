import { Button, NumberInput, Switch, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../shared/api.ts'
import type { BusinessUnit, DebitPolicy } from '../shared/api-types.gen.ts'
import { Dialog, DialogActions } from '../shared/dialog.tsx'
import { useForm } from '../shared/form.ts'
import { SkeletonText } from '../shared/page.tsx'
import { ProblemAlert } from '../shared/problem-alert.tsx'
import { showToast } from '../shared/toasts.tsx'
import { useFormats } from '../shared/use-formats.ts'
import styles from './form-layout.module.css'
import { debitPolicyQuery } from './provider-queries.ts'

/** Reasons that may pass, each with a schedule of its own, and those for which nothing is tried again. */
const reasons = [
  'insufficient_funds',
  'limit_exceeded',
  'declined',
  'provider_error',
  'authentication_failed',
] as const
const lasting = ['expired_method', 'invalid_method', 'suspected_fraud'] as const

/** How a business unit debits stored methods, and after which refusals it tries again. */
export function DebitPolicyDialog({ unit, onClose }: { unit: BusinessUnit; onClose: () => void }) {
  const { t } = useTranslation('providers')
  const policy = useQuery(debitPolicyQuery(unit.id))
  return (
    <Dialog opened onClose={onClose} title={t('office.policy_of', { unit: unit.name })} size="large">
      <ProblemAlert error={policy.error} onRetry={policy.refetch} />
      {policy.isPending && <SkeletonText lines={8} />}
      {policy.data && <PolicyForm unit={unit} policy={policy.data} onClose={onClose} />}
    </Dialog>
  )
}

/** Days as they are typed: '2, 5, 10'. Null where something else stands there. */
function readDays(text: string): number[] | null {
  const parts = text.split(/[\s,;]+/).filter(Boolean)
  const days = parts.map(Number)
  return days.length <= 10 && days.every((day) => Number.isInteger(day) && day >= 1 && day <= 60)
    ? days
    : null
}

/** How many days after its first charge an invoice is tried again, if it is refused for the same reason each time. */
function addUp(days: readonly number[]): number[] {
  let after = 0
  return days.map((wait) => {
    after += wait
    return after
  })
}

function PolicyForm({
  unit,
  policy,
  onClose,
}: {
  unit: BusinessUnit
  policy: DebitPolicy
  onClose: () => void
}) {
  const { t } = useTranslation('providers')
  const { language } = useFormats()
  const list = (parts: string[]) => new Intl.ListFormat(language, { type: 'conjunction' }).format(parts)
  const queryClient = useQueryClient()
  const form = useForm({
    initial: {
      enabled: policy.enabled,
      announce: policy.announce_days !== null,
      announce_days: policy.announce_days ?? 3,
      most_attempts: policy.most_attempts,
      ...Object.fromEntries(
        reasons.map((reason) => [`retries.${reason}`, policy.retries[reason].join(', ')]),
      ),
    } as Record<string, unknown> & {
      enabled: boolean
      announce: boolean
      announce_days: number
      most_attempts: number
    },
    check: (values) =>
      Object.fromEntries(
        reasons.map((reason) => [
          `retries.${reason}`,
          readDays(String(values[`retries.${reason}`])) === null && t('office.days_wrong'),
        ]),
      ),
    submit: (values) =>
      orThrow(
        api.PUT('/api/v1/office/business-units/{id}/debit-policy', {
          params: { path: { id: unit.id } },
          body: {
            enabled: values.enabled,
            announce_days: values.announce ? values.announce_days : null,
            most_attempts: values.most_attempts,
            retries: Object.fromEntries(
              reasons.map((reason) => [reason, readDays(String(values[`retries.${reason}`])) ?? []]),
            ) as DebitPolicy['retries'],
          },
        }),
      ),
    onDone: (saved) => {
      queryClient.setQueryData(debitPolicyQuery(unit.id).queryKey, saved)
      showToast({ tone: 'good', title: t('office.saved') })
      onClose()
    },
  })
  return (
    <form className={styles.body} onSubmit={form.onSubmit} noValidate>
      <ProblemAlert error={form.problem} />
      <Switch
        label={t('office.debit_enabled')}
        description={t('office.debit_enabled_text')}
        {...form.toggle('enabled')}
      />
      <Switch label={t('office.announce')} {...form.toggle('announce')} />
      {form.values.announce && (
        <NumberInput
          label={t('office.announce_days')}
          min={1}
          max={30}
          allowDecimal={false}
          name="announce_days"
          value={form.values.announce_days}
          error={form.errors.announce_days}
          onChange={(value) => form.set('announce_days', Number(value) || 1)}
        />
      )}
      <fieldset className={styles.checks}>
        <legend>{t('office.retries')}</legend>
        <p>{t('office.retries_text')}</p>
        <div className={styles.fields}>
          {reasons.map((reason) => {
            const days = readDays(String(form.values[`retries.${reason}`]))
            return (
              <div key={reason} data-span="6">
                <TextInput
                  label={t(`office.failure.${reason}`)}
                  placeholder={t('office.never_again')}
                  description={
                    days === null || days.length === 0
                      ? t('office.retry_never')
                      : t('office.retry_days', { count: days.length, days: list(addUp(days).map(String)) })
                  }
                  inputWrapperOrder={['label', 'input', 'description', 'error']}
                  autoComplete="off"
                  inputMode="text"
                  {...form.field(`retries.${reason}`)}
                />
              </div>
            )
          })}
          <div data-span="6">
            <NumberInput
              label={t('office.most_attempts')}
              description={t('office.most_attempts_text')}
              inputWrapperOrder={['label', 'input', 'description', 'error']}
              min={1}
              max={20}
              allowDecimal={false}
              name="most_attempts"
              value={form.values.most_attempts}
              error={form.errors.most_attempts}
              onChange={(value) => form.set('most_attempts', Number(value) || 1)}
            />
          </div>
        </div>
        <p>
          {t('office.lasting', {
            reasons: list(lasting.map((reason) => t(`office.failure.${reason}`).toLocaleLowerCase(language))),
          })}
        </p>
      </fieldset>
      <DialogActions>
        <Button variant="default" onClick={onClose}>
          {t('common:action.cancel')}
        </Button>
        <Button type="submit" loading={form.busy}>
          {t('common:action.save')}
        </Button>
      </DialogActions>
    </form>
  )
}
