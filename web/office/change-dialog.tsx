import { Button, NativeSelect, Textarea } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../shared/api.ts'
import type { ChangeChoices, Subscription } from '../shared/api-types.gen.ts'
import { useShownChange } from '../shared/change-shown.tsx'
import { Dialog, DialogActions } from '../shared/dialog.tsx'
import { DateInput } from '../shared/inputs.tsx'
import { SkeletonText } from '../shared/page.tsx'
import { Callout, ProblemAlert } from '../shared/problem-alert.tsx'
import { showToast } from '../shared/toasts.tsx'
import { useFormats } from '../shared/use-formats.ts'
import { refreshAccounts } from './account-queries.ts'
import styles from './change-dialog.module.css'
import { type ChangeKind, type Draft, type FieldsProps, requestOf, startOf } from './change-draft.ts'
import { fieldsOfChange } from './change-fields.tsx'
import { changeChoicesQuery } from './change-queries.ts'
import formStyles from './form-layout.module.css'

/** What is done to a service, with what it does and costs shown as it is chosen; confirmed, exactly that is done. */
export function ChangeDialog({
  service,
  kind,
  onClose,
}: {
  service: Subscription
  kind: ChangeKind
  onClose: () => void
}) {
  const choices = useQuery(changeChoicesQuery(service.id))
  const { t } = useTranslation()
  const { t: tc } = useTranslation('changes')
  return (
    <Dialog
      opened
      onClose={onClose}
      size="large"
      title={choices.data ? tc(`title.${kind}`, { plan: service.plan_name }) : t('services.change')}
    >
      <ProblemAlert error={choices.error} onRetry={choices.refetch} />
      {choices.isPending && <SkeletonText lines={8} />}
      {choices.data && <ChangeForm service={service} kind={kind} choices={choices.data} onClose={onClose} />}
    </Dialog>
  )
}

function ChangeForm({
  service,
  kind,
  choices,
  onClose,
}: {
  service: Subscription
  kind: ChangeKind
  choices: ChangeChoices
  onClose: () => void
}) {
  const { t } = useTranslation('changes')
  const { date } = useFormats()
  const queryClient = useQueryClient()
  const [draft, setDraft] = useState(() => startOf(service, choices, kind))
  const request = requestOf(kind, draft, choices)
  const shown = useShownChange({
    serviceId: service.id,
    request,
    preview: (change, signal) =>
      orThrow(
        api.POST('/api/v1/office/subscriptions/{id}/changes/preview', {
          params: { path: { id: service.id } },
          body: { change },
          signal,
        }),
      ),
    commit: (change, token) =>
      orThrow(
        api.POST('/api/v1/office/subscriptions/{id}/changes', {
          params: { path: { id: service.id } },
          body: { change, token },
        }),
      ),
    onDone: (change) => {
      void queryClient.invalidateQueries({ queryKey: ['services'] })
      void queryClient.invalidateQueries({ queryKey: ['changes'] })
      void refreshAccounts(queryClient)
      showToast({
        tone: 'good',
        title: t(change.state === 'scheduled' ? 'done.scheduled' : `done.${kind}`, {
          date: date(change.effective_on),
        }),
      })
      onClose()
    },
  })
  const set: FieldsProps['set'] = (name, value) => {
    shown.touch()
    setDraft((before) => ({ ...before, [name]: value }))
  }
  const Fields = fieldsOfChange[kind]
  return (
    <form className={formStyles.body} noValidate onSubmit={shown.onSubmit}>
      {Fields && <Fields service={service} choices={choices} draft={draft} set={set} />}
      <When kind={kind} choices={choices} draft={draft} set={set} />
      {kind !== 'cancel' && (
        <Textarea
          label={t('form.reason')}
          description={t('form.reason_help')}
          autosize
          minRows={1}
          maxLength={500}
          value={draft.reason}
          onChange={(event) => set('reason', event.currentTarget.value)}
        />
      )}
      {shown.outdated && (
        <Callout tone="warning" title={t('form.outdated')}>
          <p>{t('form.outdated_text')}</p>
        </Callout>
      )}
      {shown.refusal}
      <div className={styles.result} {...shown.live}>
        {shown.result(<p className={styles.hint}>{t('form.choose')}</p>, 5)}
      </div>
      <ProblemAlert error={shown.commitError} />
      <DialogActions>
        <Button variant="default" onClick={onClose}>
          {t('form.back')}
        </Button>
        <Button
          type="submit"
          color={kind === 'cancel' ? 'bad' : 'accent'}
          disabled={!shown.current}
          loading={shown.busy}
        >
          {t(shown.current?.scheduled ? 'form.schedule' : `confirm.${kind}`)}
        </Button>
      </DialogActions>
    </form>
  )
}

/** Now, on a day, or at the period's end; left to the rule it says itself in the preview. */
function When({ kind, choices, draft, set }: { kind: ChangeKind } & Omit<FieldsProps, 'service'>) {
  const { t } = useTranslation('changes')
  const { date } = useFormats()
  const byRule = kind === 'plan' || kind === 'quantity' || kind === 'options' || kind === 'cycle'
  return (
    <div className={formStyles.fields}>
      <div data-span="6">
        <NativeSelect
          label={t('form.when')}
          value={draft.timing}
          onChange={(event) => set('timing', event.currentTarget.value as Draft['timing'])}
          data={[
            { value: '', label: t(byRule ? 'form.by_rule' : 'form.now') },
            ...(byRule ? [{ value: 'now', label: t('form.now') }] : []),
            { value: 'period_end', label: t('form.period_end', { date: date(choices.period_end) }) },
            { value: 'date', label: t('form.on_date') },
          ]}
        />
      </div>
      {draft.timing === 'date' && (
        <div data-span="6">
          <DateInput
            label={t(`form.day_${kind === 'cancel' ? 'cancel' : 'change'}`)}
            required
            value={draft.effective_on}
            onChange={(event) => set('effective_on', event.currentTarget.value)}
            {...(kind !== 'cancel' && choices.earliest !== null && choices.earliest < choices.today
              ? { min: choices.earliest }
              : {})}
          />
        </div>
      )}
    </div>
  )
}
