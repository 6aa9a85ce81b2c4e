import { Button, NativeSelect } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { api, idempotent, orThrow } from '../shared/api.ts'
import { Dialog, DialogActions } from '../shared/dialog.tsx'
import { useForm } from '../shared/form.ts'
import { DateInput } from '../shared/inputs.tsx'
import { ProblemAlert } from '../shared/problem-alert.tsx'
import styles from './closings.module.css'
import { todayQuery, unitsQuery } from './frame-queries.ts'

interface Suggestion {
  business_unit_id: string
  up_to: string
}

/** Chooses what to close; the preview of it is prepared before anything is charged. */
export function NewClosingDialog({
  opened,
  onClose,
  suggestion,
  month,
}: {
  opened: boolean
  onClose: () => void
  suggestion?: Suggestion | undefined
  /** `2026-07`: the closing day of this month is offered, whatever is due. */
  month?: string | undefined
}) {
  const { t } = useTranslation()
  return (
    <Dialog opened={opened} onClose={onClose} title={t('closings.new_title')} size="small">
      <NewClosingForm onClose={onClose} suggestion={suggestion} month={month} />
    </Dialog>
  )
}

/** The newest closing date of a unit that has come: the closing day of this month or of the last one. */
function lastClosingDate(day: number): string {
  const now = new Date()
  const at = (month: number) => {
    const last = new Date(Date.UTC(now.getFullYear(), month + 1, 0)).getUTCDate()
    return new Date(Date.UTC(now.getFullYear(), month, Math.min(day, last)))
  }
  const today = Date.UTC(now.getFullYear(), now.getMonth(), now.getDate())
  const current = at(now.getMonth())
  return (current.getTime() <= today ? current : at(now.getMonth() - 1)).toISOString().slice(0, 10)
}

/** The closing date of a month, `2026-02` and 31: `2026-02-28`. */
function closingDateIn(month: string, day: number): string {
  const [year, at] = month.split('-').map(Number) as [number, number]
  const last = new Date(Date.UTC(year, at, 0)).getUTCDate()
  return `${month}-${String(Math.min(day, last)).padStart(2, '0')}`
}

function NewClosingForm({
  onClose,
  suggestion,
  month,
}: {
  onClose: () => void
  suggestion?: Suggestion | undefined
  month?: string | undefined
}) {
  const { t } = useTranslation()
  const router = useRouter()
  const { data: units = [] } = useQuery(unitsQuery)
  const { data: today } = useQuery(todayQuery)
  const shown = units.filter((unit) => unit.archived_at === null)
  const closingDayOf = (id: string) => shown.find((unit) => unit.id === id)?.closing_day ?? 31
  const dateOf = (id: string) =>
    month
      ? closingDateIn(month, closingDayOf(id))
      : (today?.closings_due.find((one) => one.business_unit_id === id)?.up_to ??
        lastClosingDate(closingDayOf(id)))
  const first = suggestion?.business_unit_id ?? shown[0]?.id ?? ''
  const form = useForm({
    initial: { business_unit_id: first, up_to: suggestion?.up_to ?? dateOf(first) },
    check: (values) => ({ up_to: !values.up_to && t('common:input.required') }),
    submit: (values, { idempotencyKey }) =>
      orThrow(
        api.POST('/api/v1/office/closings', { body: values, headers: idempotent(idempotencyKey) as never }),
      ),
    onDone: (closing) => {
      onClose()
      void router.navigate({ to: '/closings/$id', params: { id: closing.id } })
    },
  })
  const unit = shown.find((one) => one.id === form.values.business_unit_id)
  return (
    <form className={styles.form} onSubmit={form.onSubmit} noValidate>
      <p>{t('closings.new_text')}</p>
      <ProblemAlert error={form.problem} />
      <NativeSelect
        label={t('words.unit')}
        required
        withAsterisk={false}
        data={shown.map((one) => ({ value: one.id, label: one.name }))}
        {...form.field('business_unit_id')}
        onChange={(event) => {
          const id = event.currentTarget.value
          form.set('business_unit_id', id)
          form.set('up_to', dateOf(id))
        }}
      />
      <DateInput
        label={t('closings.up_to')}
        description={unit && t('closings.up_to_help', { day: unit.closing_day })}
        required
        withAsterisk={false}
        {...form.field('up_to')}
      />
      <DialogActions>
        <Button variant="default" onClick={onClose}>
          {t('common:action.cancel')}
        </Button>
        <Button type="submit" loading={form.busy} disabled={shown.length === 0}>
          {t('closings.prepare')}
        </Button>
      </DialogActions>
    </form>
  )
}
