import { Button, Checkbox, NativeSelect, Radio, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, idempotent, orThrow } from '../shared/api.ts'
import type { Staff } from '../shared/api-types.gen.ts'
import { ConfirmDialog, Dialog, DialogActions } from '../shared/dialog.tsx'
import { useForm } from '../shared/form.ts'
import { languages, nameOfLanguage } from '../shared/i18n.ts'
import { Callout, ProblemAlert } from '../shared/problem-alert.tsx'
import { showToast, useProblemToast } from '../shared/toasts.tsx'
import { DateText } from '../shared/values.tsx'
import { ButtonLink } from './button-link.tsx'
import formStyles from './form-layout.module.css'
import { unitsQuery } from './frame-queries.ts'
import { useMay, useSession } from './session.ts'
import styles from './staff.module.css'
import { refreshStaff, staffRoles, stateOfStaff } from './staff-queries.ts'

/** Invites somebody to the staff, or changes what they may do; who may not change it reads it here. */
export function StaffDialog({
  member,
  onClose,
}: {
  /** Null invites somebody. */
  member: Staff | null
  onClose: () => void
}) {
  const { t, i18n } = useTranslation()
  const session = useSession()
  const may = useMay()
  const queryClient = useQueryClient()
  const { data: units = [] } = useQuery(unitsQuery)
  const [disabling, setDisabling] = useState(false)
  const own = member?.id === session.user_id
  const writable = may('staff.write')
  const accessLocked = own || !writable
  const state = member && stateOfStaff(member)
  const done = (title: string) => {
    void refreshStaff(queryClient)
    // What one may see of oneself stands in the frame as well.
    if (own) void queryClient.invalidateQueries({ queryKey: ['session'] })
    showToast({ tone: 'good', title })
    onClose()
  }
  const change = (id: string, body: { disabled: boolean }) =>
    orThrow(api.PATCH('/api/v1/office/staff/{id}', { params: { path: { id } }, body }))
  const form = useForm({
    initial: {
      name: member?.name ?? '',
      email: member?.email ?? '',
      language: (member?.language ?? i18n.language) as Staff['language'],
      role: member?.role ?? ('support' as Staff['role']),
      all_units: member?.all_units ?? true,
      units: member?.units ?? [],
    },
    check: (values) => ({
      name: !values.name.trim() && t('common:input.required'),
      email: !/^\S+@\S+\.\S+$/.test(values.email.trim()) && t('common:input.email'),
      units: !values.all_units && values.units.length === 0 && t('staff.units_missing'),
    }),
    submit: (values, { idempotencyKey }) => {
      const { name, email, language } = values
      if (member === null) {
        return orThrow(
          api.POST('/api/v1/office/staff', { body: values, headers: idempotent(idempotencyKey) }),
        )
      }
      return orThrow(
        api.PATCH('/api/v1/office/staff/{id}', {
          params: { path: { id: member.id } },
          body: own ? { name, email, language } : values,
        }),
      )
    },
    onDone: (saved) => done(t(member === null ? 'staff.invited' : 'staff.saved', { name: saved.name })),
  })
  const title =
    member === null
      ? t('staff.invite_title')
      : t(writable ? 'staff.edit' : 'staff.view', { name: member.name })
  const toggleUnit = (id: string, chosen: boolean) =>
    form.set('units', chosen ? [...form.values.units, id] : form.values.units.filter((one) => one !== id))
  const hasFooter = writable || (member !== null && may('audit.read'))

  if (member !== null && disabling) {
    return (
      <ConfirmDialog
        opened
        danger
        title={t('staff.disable_title', { name: member.name })}
        confirm={t('staff.disable')}
        onClose={() => setDisabling(false)}
        onConfirm={async () => {
          await change(member.id, { disabled: true })
          done(t('staff.disabled', { name: member.name }))
        }}
      >
        <p>{t('staff.disable_text')}</p>
      </ConfirmDialog>
    )
  }
  return (
    <Dialog opened onClose={onClose} title={title} size="large">
      <form className={formStyles.body} onSubmit={form.onSubmit} noValidate>
        <ProblemAlert error={form.problem} />
        {own && writable && (
          <Callout tone="info" title={t('staff.own_access')}>
            {t('staff.own_access_text')}
          </Callout>
        )}
        {!writable && <Callout tone="info">{t('words.not_permitted')}</Callout>}
        {member !== null && state === 'invited' && (
          <Callout tone="info" title={t('staff.invitation_waits')}>
            <p>{t('staff.invitation_waits_text')}</p>
            {may('notices.read') && (
              <ButtonLink
                to="/mailbox"
                search={{ q: member.email, kind: 'staff_invitation' } as never}
                variant="default"
                size="xs"
              >
                {t('staff.invitation_see')}
              </ButtonLink>
            )}
          </Callout>
        )}
        {member?.disabled_at && (
          <Callout tone="warning">
            {t('staff.disabled_since')} · <DateText value={member.disabled_at} style="long" />
          </Callout>
        )}
        <div className={formStyles.fields}>
          <div data-span="6">
            <TextInput
              label={t('staff.name')}
              required
              autoComplete="off"
              disabled={!writable}
              {...form.field('name')}
            />
          </div>
          <div data-span="6">
            <NativeSelect
              label={t('staff.language')}
              disabled={!writable}
              data={languages.map((value) => ({ value, label: nameOfLanguage(value) }))}
              {...form.field('language')}
            />
          </div>
          <TextInput
            type="email"
            label={t('staff.email')}
            description={t(member === null ? 'staff.email_help' : 'staff.email_help_edit')}
            required
            autoComplete="off"
            disabled={!writable}
            {...form.field('email')}
          />
        </div>
        <fieldset className={styles.roles} disabled={accessLocked}>
          <legend>{t('staff.role')}</legend>
          {staffRoles.map((role) => (
            <label key={role} className={styles.role}>
              <input
                type="radio"
                name="role"
                value={role}
                checked={form.values.role === role}
                onChange={() => form.set('role', role)}
              />
              <strong>{t(`shell.role.${role}`)}</strong>
              <p>
                {t(`staff.may.${role}`)} {t(`staff.may_not.${role}`, { defaultValue: '' })}
              </p>
            </label>
          ))}
        </fieldset>
        <fieldset className={styles.roles} disabled={accessLocked}>
          <legend>{t('staff.units')}</legend>
          <Radio
            name="all_units"
            label={t('staff.all_units')}
            checked={form.values.all_units}
            onChange={() => form.set('all_units', true)}
          />
          <Radio
            name="all_units"
            label={t('staff.some_units')}
            checked={!form.values.all_units}
            onChange={() => form.set('all_units', false)}
          />
          {!form.values.all_units && (
            <div className={styles.units}>
              <p className={styles.help}>{t('staff.units_help')}</p>
              {units
                .filter((unit) => unit.archived_at === null || form.values.units.includes(unit.id))
                .map((unit) => (
                  <Checkbox
                    key={unit.id}
                    label={unit.name}
                    checked={form.values.units.includes(unit.id)}
                    aria-invalid={form.errors.units ? true : undefined}
                    onChange={(event) => toggleUnit(unit.id, event.currentTarget.checked)}
                  />
                ))}
              {form.errors.units && (
                <p role="alert" className={styles.error}>
                  {form.errors.units}
                </p>
              )}
            </div>
          )}
        </fieldset>
        {hasFooter && (
          <DialogActions>
            {member !== null && may('audit.read') && (
              <ButtonLink to="/audit" search={{ actor_id: member.id } as never} variant="default">
                {t('staff.changes')}
              </ButtonLink>
            )}
            {member !== null && !accessLocked && state !== 'disabled' && (
              <Button variant="light" color="bad" onClick={() => setDisabling(true)}>
                {t('staff.disable')}
              </Button>
            )}
            {member !== null && !accessLocked && state === 'disabled' && (
              <EnableButton
                onEnable={() => change(member.id, { disabled: false })}
                onDone={() => done(t('staff.enabled', { name: member.name }))}
              />
            )}
            {writable && (
              <Button type="submit" loading={form.busy}>
                {t(member === null ? 'staff.invite_send' : 'common:action.save')}
              </Button>
            )}
          </DialogActions>
        )}
      </form>
    </Dialog>
  )
}

function EnableButton({ onEnable, onDone }: { onEnable: () => Promise<unknown>; onDone: () => void }) {
  const { t } = useTranslation()
  const enable = useMutation({ mutationFn: onEnable, onSuccess: onDone, onError: useProblemToast() })
  return (
    <Button variant="default" loading={enable.isPending} onClick={() => enable.mutate()}>
      {t('staff.enable')}
    </Button>
  )
}
