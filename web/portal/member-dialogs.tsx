import { Button, Checkbox, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api, idempotent, orThrow } from '../shared/api.ts'
import type { OwnContact, OwnMember } from '../shared/api-types.gen.ts'
import { ConfirmDialog, Dialog, DialogActions } from '../shared/dialog.tsx'
import { useForm } from '../shared/form.ts'
import {
  type GivenPermission,
  givenPermissions,
  type MemberPermission,
  PermissionPicker,
} from '../shared/permission-picker.tsx'
import { ProblemAlert } from '../shared/problem-alert.tsx'
import { showToast } from '../shared/toasts.tsx'
import { refreshMembers } from './member-queries.ts'
import styles from './members.module.css'

/** Invites somebody to the account by e-mail, with what they may do there. */
export function InviteDialog({ held, onClose }: { held: readonly MemberPermission[]; onClose: () => void }) {
  const { t } = useTranslation()
  const queryClient = useQueryClient()
  const form = useForm({
    initial: { email: '', permissions: [] as GivenPermission[] },
    check: (values) => ({
      email: !/^\S+@\S+\.\S+$/.test(values.email.trim()) && t('common:input.email'),
      permissions: values.permissions.length === 0 && t('users.permissions_missing'),
    }),
    submit: ({ email, permissions }, { idempotencyKey }) =>
      orThrow(
        api.POST('/api/v1/portal/invitations', {
          body: { email: email.trim(), permissions },
          headers: idempotent(idempotencyKey),
        }),
      ),
    onDone: async ({ email }) => {
      await refreshMembers(queryClient)
      showToast({
        tone: 'good',
        title: t('users.invited', { email }),
        detail: t('users.invited_detail'),
      })
      onClose()
    },
  })
  return (
    <Dialog opened onClose={onClose} title={t('users.invite_title')}>
      <form className={styles.dialog} onSubmit={form.onSubmit} noValidate>
        <p className={styles.muted}>{t('users.invite_text')}</p>
        <ProblemAlert error={form.problem} />
        <TextInput
          type="email"
          label={t('field.email')}
          inputMode="email"
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          required
          withAsterisk={false}
          {...form.field('email')}
        />
        <PermissionPicker
          label={t('users.may')}
          value={form.values.permissions}
          onChange={(permissions) => form.set('permissions', permissions)}
          options={givenPermissions}
          held={held}
          error={form.errors.permissions}
        />
        <DialogActions>
          <Button variant="default" onClick={onClose}>
            {t('common:action.cancel')}
          </Button>
          <Button type="submit" loading={form.busy}>
            {t('users.invite_submit')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}

/** Changes what another user may do in the account. */
export function MemberDialog({
  member,
  held,
  onClose,
}: {
  member: OwnMember
  held: readonly MemberPermission[]
  onClose: () => void
}) {
  const { t } = useTranslation()
  const queryClient = useQueryClient()
  const form = useForm({
    initial: { permissions: givenPermissions.filter((one) => member.permissions.includes(one)) },
    check: (values) => ({
      permissions: values.permissions.length === 0 && t('users.permissions_missing'),
    }),
    submit: (body) =>
      orThrow(api.PATCH('/api/v1/portal/members/{id}', { params: { path: { id: member.id } }, body })),
    onDone: async () => {
      await refreshMembers(queryClient)
      showToast({ tone: 'good', title: t('users.changed', { name: member.name }) })
      onClose()
    },
  })
  return (
    <Dialog opened onClose={onClose} title={t('users.edit_title', { name: member.name })}>
      <form className={styles.dialog} onSubmit={form.onSubmit} noValidate>
        {member.permissions.includes('owner') && <p className={styles.muted}>{t('users.edit_owner')}</p>}
        <ProblemAlert error={form.problem} />
        <PermissionPicker
          label={t('users.may')}
          value={form.values.permissions}
          onChange={(permissions) => form.set('permissions', permissions)}
          options={givenPermissions}
          held={held}
          error={form.errors.permissions}
        />
        <DialogActions>
          <Button variant="default" onClick={onClose}>
            {t('common:action.cancel')}
          </Button>
          <Button type="submit" loading={form.busy}>
            {t('users.edit_submit')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}

/** Offers the account to another of its users, with what that means first. */
export function OfferDialog({
  member,
  account,
  onClose,
}: {
  member: OwnMember
  account: string
  onClose: () => void
}) {
  const { t } = useTranslation()
  const queryClient = useQueryClient()
  return (
    <ConfirmDialog
      opened
      onClose={onClose}
      title={t('users.offer_title', { name: member.name })}
      confirm={t('users.offer_submit')}
      onConfirm={async () => {
        await orThrow(api.POST('/api/v1/portal/ownership-transfers', { body: { member_id: member.id } }))
        await refreshMembers(queryClient)
        showToast({ tone: 'good', title: t('users.offered', { name: member.name }) })
      }}
    >
      <p>{t('users.offer_text', { name: member.name, account })}</p>
      <ul className={styles.consequences}>
        <li>{t('users.offer_consequence_new', { name: member.name })}</li>
        <li>{t('users.offer_consequence_old')}</li>
        <li>{t('users.offer_consequence_until')}</li>
      </ul>
    </ConfirmDialog>
  )
}

/** What a contact may be written to about. */
const topics = ['billing', 'services', 'support'] as const

/** Adds a contact, or changes one. */
export function ContactDialog({ contact, onClose }: { contact: OwnContact | null; onClose: () => void }) {
  const { t } = useTranslation()
  const queryClient = useQueryClient()
  const form = useForm({
    initial: {
      first_name: contact?.first_name ?? '',
      last_name: contact?.last_name ?? '',
      email: contact?.email ?? '',
      phone: contact?.phone ?? '',
      title: contact?.title ?? '',
      topics: contact?.topics ?? ([...topics] as OwnContact['topics']),
      is_primary: contact?.is_primary ?? false,
    },
    check: (values) => ({
      first_name: !values.first_name.trim() && t('common:input.required'),
      email:
        values.email.trim() !== '' && !/^\S+@\S+\.\S+$/.test(values.email.trim()) && t('common:input.email'),
    }),
    submit: ({ is_primary, email, ...values }, { idempotencyKey }) => {
      const body = {
        ...values,
        // The e-mail of a user is the user's own to change.
        ...(contact?.user_id ? {} : { email: email.trim() }),
        ...(is_primary ? { is_primary: true as const } : {}),
      }
      return contact === null
        ? orThrow(api.POST('/api/v1/portal/contacts', { body, headers: idempotent(idempotencyKey) }))
        : orThrow(api.PATCH('/api/v1/portal/contacts/{id}', { params: { path: { id: contact.id } }, body }))
    },
    onDone: async () => {
      await refreshMembers(queryClient)
      showToast({ tone: 'good', title: t('contacts.saved') })
      onClose()
    },
  })
  return (
    <Dialog opened onClose={onClose} title={t(contact ? 'contacts.edit_title' : 'contacts.new_title')}>
      <form className={styles.dialog} onSubmit={form.onSubmit} noValidate>
        <ProblemAlert error={form.problem} />
        <div className={styles.pair}>
          <TextInput
            label={t('contacts.first_name')}
            autoComplete="off"
            maxLength={120}
            required
            withAsterisk={false}
            {...form.field('first_name')}
          />
          <TextInput
            label={t('contacts.last_name')}
            autoComplete="off"
            maxLength={120}
            {...form.field('last_name')}
          />
        </div>
        <TextInput
          type="email"
          label={t('contacts.email')}
          description={contact?.user_id ? t('contacts.email_of_user') : undefined}
          autoComplete="off"
          readOnly={Boolean(contact?.user_id)}
          disabled={Boolean(contact?.user_id)}
          {...form.field('email')}
        />
        <div className={styles.pair}>
          <TextInput
            type="tel"
            label={t('contacts.phone')}
            autoComplete="off"
            maxLength={60}
            {...form.field('phone')}
          />
          <TextInput
            label={t('contacts.title_field')}
            autoComplete="off"
            maxLength={120}
            {...form.field('title')}
          />
        </div>
        <fieldset className={styles.topics}>
          <legend>{t('contacts.topics')}</legend>
          {topics.map((topic) => (
            <Checkbox
              key={topic}
              label={t(`contacts.topic.${topic}`)}
              checked={form.values.topics.includes(topic)}
              onChange={(event) => {
                const checked = event.currentTarget.checked
                form.set(
                  'topics',
                  topics.filter((one) => (one === topic ? checked : form.values.topics.includes(one))),
                )
              }}
            />
          ))}
        </fieldset>
        {!contact?.is_primary && (
          <Checkbox
            label={t('contacts.make_primary')}
            description={t('contacts.primary_help')}
            {...form.toggle('is_primary')}
          />
        )}
        <DialogActions>
          <Button variant="default" onClick={onClose}>
            {t('common:action.cancel')}
          </Button>
          <Button type="submit" loading={form.busy}>
            {t('contacts.save')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
