import { Button, Checkbox, NativeSelect, Radio, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, idempotent, orThrow } from '../shared/api.ts'
import type { Staff, StaffRoles } from '../shared/api-types.gen.ts'
import { ConfirmDialog, Dialog, DialogActions } from '../shared/dialog.tsx'
import { useForm } from '../shared/form.ts'
import { languages, nameOfLanguage } from '../shared/i18n.ts'
import { Callout, ProblemAlert } from '../shared/problem-alert.tsx'
import { showToast, useProblemToast } from '../shared/toasts.tsx'
import { DateText } from '../shared/values.tsx'
import { ButtonLink } from './button-link.tsx'
import formStyles from './form-layout.module.css'
import { unitsQuery } from './frame-queries.ts'
import { type Permission, useMay, useSession } from './session.ts'
import styles from './staff.module.css'
import { usePermissionGroups } from './staff-permissions.ts'
import { refreshStaff, staffRoles, staffRolesQuery, stateOfStaff } from './staff-queries.ts'

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
  const [resetting, setResetting] = useState(false)
  const own = member?.id === session.user_id
  const writable = may('staff.write')
  const { data: roles } = useQuery({ ...staffRolesQuery, enabled: may('staff.read') })
  // Nobody touches the access of somebody who may do more.
  const beyond =
    member !== null &&
    !own &&
    roles !== undefined &&
    member.permissions.some((one) => !roles.grantable.includes(one))
  const accessLocked = own || !writable || beyond
  const mayGive = (role: Staff['role']) =>
    roles?.items
      .find((one) => one.role === role)
      ?.permissions.every((one) => roles.grantable.includes(one)) ?? true
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
      granted: member?.granted ?? [],
      withheld: member?.withheld ?? [],
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
  const resend = useMutation({
    mutationFn: (invited: Staff) =>
      orThrow(
        api.POST('/api/v1/office/staff/{id}/resend-invitation', { params: { path: { id: invited.id } } }),
      ),
    onSuccess: (_, invited) => done(t('staff.resent', { email: invited.email })),
    onError: useProblemToast(),
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
  if (member !== null && resetting) {
    return (
      <ConfirmDialog
        opened
        danger
        title={t('staff.reset_title', { name: member.name })}
        confirm={t('staff.reset')}
        onClose={() => setResetting(false)}
        onConfirm={async () => {
          const params = { path: { id: member.id } }
          await orThrow(api.POST('/api/v1/office/staff/{id}/reset-second-factor', { params }))
          done(t('staff.reset_done', { name: member.name }))
        }}
      >
        <p>{t('staff.reset_text')}</p>
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
        {beyond && writable && (
          <Callout tone="info">
            <p>{t('staff.out_of_reach')}</p>
          </Callout>
        )}
        {!writable && <Callout tone="info">{t('words.not_permitted')}</Callout>}
        {member !== null && state === 'invited' && (
          <Callout tone="info" title={t('staff.invitation_waits')}>
            <p>{t('staff.invitation_waits_text')}</p>
            <div className={formStyles.start}>
              {writable && !beyond && (
                <Button size="xs" loading={resend.isPending} onClick={() => resend.mutate(member)}>
                  {t('staff.resend')}
                </Button>
              )}
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
            </div>
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
              disabled={!writable || beyond}
              {...form.field('name')}
            />
          </div>
          <div data-span="6">
            <NativeSelect
              label={t('staff.language')}
              disabled={!writable || beyond}
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
            disabled={!writable || beyond}
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
                disabled={!mayGive(role)}
                onChange={() => form.set('role', role)}
              />
              <strong>{t(`shell.role.${role}`)}</strong>
              <p>
                {t(`staff.may.${role}`)} {t(`staff.may_not.${role}`, { defaultValue: '' })}
                {!mayGive(role) && !accessLocked && <> {t('keys:not_grantable')}</>}
              </p>
            </label>
          ))}
        </fieldset>
        {roles && (
          <SinglePermissions
            roles={roles}
            role={form.values.role}
            granted={form.values.granted}
            withheld={form.values.withheld}
            locked={accessLocked}
            onChange={(granted, withheld) => {
              form.set('granted', granted)
              form.set('withheld', withheld)
            }}
          />
        )}
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
            {member?.has_second_factor && !accessLocked && (
              <Button variant="default" onClick={() => setResetting(true)}>
                {t('staff.reset')}
              </Button>
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
            {writable && !beyond && (
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

/** What somebody may do beyond the role, or not although the role has it: each in words, with what differs marked. */
function SinglePermissions({
  roles,
  role,
  granted,
  withheld,
  locked,
  onChange,
}: {
  roles: StaffRoles
  role: Staff['role']
  granted: Permission[]
  withheld: Permission[]
  locked: boolean
  onChange: (granted: Permission[], withheld: Permission[]) => void
}) {
  const { t } = useTranslation('keys')
  const groups = usePermissionGroups()
  const ofRole = roles.items.find((one) => one.role === role)?.permissions ?? []
  const added = granted.filter((one) => !ofRole.includes(one))
  const taken = withheld.filter((one) => ofRole.includes(one))
  const differing = added.length + taken.length
  const toggle = (permission: Permission, on: boolean) => {
    const without = (list: Permission[]) => list.filter((one) => one !== permission)
    if (ofRole.includes(permission))
      onChange(granted, on ? without(withheld) : [...without(withheld), permission])
    else onChange(on ? [...without(granted), permission] : without(granted), withheld)
  }
  return (
    <details className={styles.singles}>
      <summary>
        <span>{t('singles')}</span>
        <small>{differing === 0 ? t('singles_none') : t('singles_differ', { count: differing })}</small>
      </summary>
      <p className={styles.help}>{t('singles_help')}</p>
      <div className={styles.singleGroups}>
        {groups.map((group) => (
          <fieldset key={group.label} className={styles.singleGroup} disabled={locked}>
            <legend>{group.label}</legend>
            {group.scopes.map((scope) => {
              const permission = scope.value as Permission
              const free = roles.grantable.includes(permission)
              const words = [
                added.includes(permission) && t('beyond'),
                taken.includes(permission) && t('withheld'),
                !free && !locked && t('not_grantable'),
              ].filter(Boolean)
              return (
                <Checkbox
                  key={permission}
                  label={scope.label}
                  description={words.length > 0 ? words.join('. ') : undefined}
                  checked={
                    added.includes(permission) || (ofRole.includes(permission) && !taken.includes(permission))
                  }
                  disabled={!free}
                  onChange={(event) => toggle(permission, event.currentTarget.checked)}
                />
              )
            })}
          </fieldset>
        ))}
      </div>
    </details>
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
