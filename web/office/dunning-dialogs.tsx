import { Button, NativeSelect, NumberInput, TextInput } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api, idempotent, orThrow } from '../shared/api.ts'
import type { DunningPolicy, DunningPolicySummary } from '../shared/api-types.gen.ts'
import { Dialog, DialogActions } from '../shared/dialog.tsx'
import { useForm } from '../shared/form.ts'
import { addDays } from '../shared/formats.ts'
import { DateInput, MoneyInput } from '../shared/inputs.tsx'
import { SkeletonText } from '../shared/page.tsx'
import { toProblem } from '../shared/problem.ts'
import { Callout, ProblemAlert } from '../shared/problem-alert.tsx'
import { localToday } from './calendar-day.ts'
import { simulationQuery } from './dunning-queries.ts'
import { SimulationTable } from './dunning-simulation.tsx'
import formStyles from './form-layout.module.css'

/** Prepares a draft: from the template, from another policy, or from nothing. */
export function NewPolicyDialog({
  unitId,
  policies,
  copyOf,
  onClose,
  onDone,
}: {
  unitId: string
  policies: DunningPolicySummary[]
  /** What the new one begins with, where that was chosen before. */
  copyOf?: DunningPolicySummary | undefined
  onClose: () => void
  onDone: (policy: DunningPolicy) => void
}) {
  const { t } = useTranslation('dunning')
  const form = useForm({
    initial: { name: copyOf?.name ?? t('new.default_name'), start: copyOf?.id ?? 'template' },
    check: ({ name }) => ({ name: !name.trim() && t('common:input.required') }),
    submit: ({ name, start }, { idempotencyKey }) =>
      orThrow(
        api.POST('/api/v1/office/dunning-policies', {
          body: {
            business_unit_id: unitId,
            name,
            empty: start === 'empty',
            ...(start === 'template' || start === 'empty' ? {} : { copy_of: start }),
          },
          headers: idempotent(idempotencyKey),
        }),
      ),
    onDone: (created) => {
      onDone(created)
      onClose()
    },
  })
  return (
    <Dialog opened onClose={onClose} title={t('new.title')} size="small">
      <form className={formStyles.body} onSubmit={form.onSubmit} noValidate>
        <ProblemAlert error={form.problem} />
        <TextInput
          label={t('new.name')}
          required
          maxLength={120}
          autoComplete="off"
          {...form.field('name')}
        />
        <NativeSelect
          label={t('new.start')}
          data={[
            { value: 'template', label: t('new.template') },
            ...policies.map((one) => ({ value: one.id, label: t('new.copy', { name: one.name }) })),
            { value: 'empty', label: t('new.empty') },
          ]}
          {...form.field('start')}
        />
        <DialogActions>
          <Button variant="default" onClick={onClose}>
            {t('common:action.cancel')}
          </Button>
          <Button type="submit" loading={form.busy}>
            {t('new.create')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}

/** What holds for all steps of a draft. */
export function RulesDialog({
  policy,
  onClose,
  onDone,
}: {
  policy: DunningPolicy
  onClose: () => void
  onDone: (policy: DunningPolicy) => void
}) {
  const { t } = useTranslation('dunning')
  const form = useForm({
    initial: {
      name: policy.name,
      minimum_amount: policy.minimum_amount as number | null,
      run_hour: policy.run_hour as number | string,
      charge_due_days: policy.charge_due_days as number | string,
      due_from: policy.due_from ?? '',
    },
    check: (values) => {
      const missing = t('common:input.required')
      return {
        name: !values.name.trim() && missing,
        charge_due_days: values.charge_due_days === '' && missing,
      }
    },
    submit: (values) =>
      orThrow(
        api.PATCH('/api/v1/office/dunning-policies/{id}', {
          params: { path: { id: policy.id } },
          body: {
            name: values.name,
            minimum_amount: values.minimum_amount ?? 0,
            run_hour: Number(values.run_hour),
            charge_due_days: Number(values.charge_due_days),
            due_from: values.due_from || null,
          },
        }),
      ),
    onDone: (saved) => {
      onDone(saved)
      onClose()
    },
  })
  return (
    <Dialog opened onClose={onClose} title={t('rules.edit')}>
      <form className={formStyles.body} onSubmit={form.onSubmit} noValidate>
        <ProblemAlert error={form.problem} />
        <TextInput
          label={t('rules.name')}
          required
          maxLength={120}
          autoComplete="off"
          {...form.field('name')}
        />
        <MoneyInput
          label={t('rules.minimum')}
          description={t('rules.minimum_help')}
          currency={policy.currency}
          {...form.control('minimum_amount')}
        />
        <NativeSelect
          label={t('rules.run_hour')}
          description={t('rules.run_hour_help', { zone: policy.time_zone })}
          data={Array.from({ length: 24 }, (_hour, hour) => ({
            value: String(hour),
            label: `${String(hour).padStart(2, '0')}:00`,
          }))}
          value={String(form.values.run_hour)}
          onChange={(event) => form.set('run_hour', event.currentTarget.value)}
        />
        <NumberInput
          label={t('rules.charge_due')}
          description={t('rules.charge_due_help')}
          required
          min={0}
          max={90}
          allowDecimal={false}
          hideControls
          {...form.control('charge_due_days')}
        />
        <DateInput
          label={t('rules.due_from')}
          description={t('rules.due_from_help')}
          {...form.field('due_from')}
        />
        <DialogActions>
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

/** Shows what the policy would do today, and puts exactly that in force. */
export function SwitchOnDialog({
  policy,
  current,
  onClose,
  onDone,
}: {
  policy: DunningPolicy
  /** What is in force now. */
  current: DunningPolicySummary | undefined
  onClose: () => void
  onDone: (policy: DunningPolicy) => void
}) {
  const { t } = useTranslation('dunning')
  // A week of it: a step that acts on some days of the week alone may have nothing to do today and much tomorrow.
  const until = addDays(localToday(policy.time_zone), 7)
  const simulation = useQuery({
    ...simulationQuery(policy.id, until),
    staleTime: 0,
    refetchOnMount: 'always',
  })
  const { data } = simulation
  const switchOn = useMutation({
    mutationFn: (body: { fingerprint: string; as_of: string }) =>
      orThrow(
        api.POST('/api/v1/office/dunning-policies/{id}/switch-on', {
          params: { path: { id: policy.id } },
          body,
        }),
      ),
    onSuccess: (done) => {
      onDone(done)
      onClose()
    },
    onError: (cause) => {
      if (toProblem(cause).code === 'dunning_simulation_changed') void simulation.refetch()
    },
  })
  const changed = switchOn.error && toProblem(switchOn.error).code === 'dunning_simulation_changed'
  return (
    <Dialog opened onClose={onClose} title={t('switch_on.title', { name: policy.name })} size="large">
      <div className={formStyles.body}>
        {changed ? (
          <Callout tone="warning">{t('switch_on.changed')}</Callout>
        ) : (
          <ProblemAlert error={switchOn.error} />
        )}
        <ProblemAlert error={simulation.error} onRetry={simulation.refetch} />
        <p>{t('switch_on.text')}</p>
        {data ? (
          data.affected === 0 ? (
            <p>{t('switch_on.nothing')}</p>
          ) : (
            <>
              <p>{t('simulation.summary', { count: data.affected, debtors: data.debtors })}</p>
              <SimulationTable simulation={data} />
            </>
          )
        ) : (
          <SkeletonText lines={5} />
        )}
        {current && <p>{t('switch_on.replaces', { name: current.name })}</p>}
        <DialogActions>
          <Button variant="default" onClick={onClose}>
            {t('common:action.cancel')}
          </Button>
          <Button
            disabled={!data || simulation.isFetching}
            loading={switchOn.isPending}
            onClick={() => data && switchOn.mutate({ fingerprint: data.fingerprint, as_of: data.as_of })}
          >
            {t('switch_on.confirm')}
          </Button>
        </DialogActions>
      </div>
    </Dialog>
  )
}
