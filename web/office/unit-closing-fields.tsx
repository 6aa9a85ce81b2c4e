import { Button, NumberInput, Switch } from '@mantine/core'
import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../shared/api.ts'
import type { ClosingSchedule } from '../shared/api-types.gen.ts'
import { Section } from '../shared/page.tsx'
import { ProblemAlert } from '../shared/problem-alert.tsx'
import { showToast } from '../shared/toasts.tsx'
import { useFormats } from '../shared/use-formats.ts'
import styles from './closings.module.css'
import formStyles from './form-layout.module.css'

const scheduleQuery = (id: string) =>
  queryOptions({
    queryKey: ['units', id, 'closing-schedule'],
    queryFn: ({ signal }) =>
      orThrow(
        api.GET('/api/v1/office/business-units/{id}/closing-schedule', { params: { path: { id } }, signal }),
      ),
  })

/** Whether a business unit closes by itself, at what hour, and how many days after its closing date. */
export function UnitClosingFields({ unitId, editable }: { unitId: string; editable: boolean }) {
  const { data: schedule } = useQuery(scheduleQuery(unitId))
  return schedule ? <ScheduleForm key={unitId} schedule={schedule} editable={editable} /> : null
}

function ScheduleForm({ schedule, editable }: { schedule: ClosingSchedule; editable: boolean }) {
  const { t } = useTranslation()
  const { date, relative } = useFormats()
  const queryClient = useQueryClient()
  const [active, setActive] = useState(schedule.active)
  const [hour, setHour] = useState<number | string>(schedule.at_hour)
  const [days, setDays] = useState<number | string>(schedule.days_after)
  const save = useMutation({
    mutationFn: () =>
      orThrow(
        api.PUT('/api/v1/office/business-units/{id}/closing-schedule', {
          params: { path: { id: schedule.business_unit_id } },
          body: { active, at_hour: Number(hour), days_after: Number(days) },
        }),
      ),
    onSuccess: (after) => {
      queryClient.setQueryData(scheduleQuery(schedule.business_unit_id).queryKey, after)
      showToast({
        tone: 'good',
        title: t(after.active ? 'closings.schedule_saved' : 'closings.schedule_saved_off'),
      })
    },
  })
  const changed =
    active !== schedule.active || Number(hour) !== schedule.at_hour || Number(days) !== schedule.days_after
  const valid = hour !== '' && days !== ''
  const facts = [
    schedule.closed_to && t('closings.schedule_last', { date: date(schedule.closed_to, 'long') }),
    schedule.next_run_at && t('closings.schedule_next', { when: relative(schedule.next_run_at) }),
    active && !schedule.closed_to && t('closings.schedule_first'),
  ].filter(Boolean)
  return (
    <div className={formStyles.narrow}>
      <Section title={t('closings.schedule')} description={t('closings.schedule_text')}>
        <form
          onSubmit={(event) => {
            event.preventDefault()
            if (valid) save.mutate()
          }}
        >
          <ProblemAlert error={save.error} />
          <div className={formStyles.fields}>
            <div data-span="12">
              <Switch
                label={t('closings.schedule_active')}
                description={t('closings.schedule_active_help')}
                checked={active}
                disabled={!editable}
                onChange={(event) => setActive(event.currentTarget.checked)}
              />
            </div>
            <div data-span="6">
              <NumberInput
                label={t('closings.schedule_hour')}
                description={t('closings.schedule_hour_help', {
                  zone: schedule.time_zone.replaceAll('_', ' '),
                })}
                min={0}
                max={23}
                clampBehavior="strict"
                allowDecimal={false}
                suffix=":00"
                disabled={!editable || !active}
                value={hour}
                onChange={setHour}
              />
            </div>
            <div data-span="6">
              <NumberInput
                label={t('closings.schedule_days')}
                description={t('closings.schedule_days_help')}
                min={0}
                max={28}
                clampBehavior="strict"
                allowDecimal={false}
                disabled={!editable || !active}
                value={days}
                onChange={setDays}
              />
            </div>
          </div>
          {facts.length > 0 && <p className={styles.facts}>{facts.join(' ')}</p>}
          {editable && (
            <div className={styles.save}>
              <Button type="submit" disabled={!changed || !valid} loading={save.isPending}>
                {t('closings.schedule_save')}
              </Button>
            </div>
          )}
        </form>
      </Section>
    </div>
  )
}
