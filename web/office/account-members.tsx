import { Button, TextInput } from '@mantine/core'
import IconDots from '@tabler/icons-react/dist/esm/icons/IconDots.mjs'
import IconMailForward from '@tabler/icons-react/dist/esm/icons/IconMailForward.mjs'
import IconPencil from '@tabler/icons-react/dist/esm/icons/IconPencil.mjs'
import IconTrash from '@tabler/icons-react/dist/esm/icons/IconTrash.mjs'
import IconUserPlus from '@tabler/icons-react/dist/esm/icons/IconUserPlus.mjs'
import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, idempotent, orThrow } from '../shared/api.ts'
import type { Account, Member, MemberInvitation } from '../shared/api-types.gen.ts'
import { ConfirmDialog, Dialog, DialogActions } from '../shared/dialog.tsx'
import { useForm } from '../shared/form.ts'
import { Menu } from '../shared/menu.tsx'
import { Section, SkeletonText } from '../shared/page.tsx'
import { givenPermissions, type MemberPermission, PermissionPicker } from '../shared/permission-picker.tsx'
import { Callout, ProblemAlert } from '../shared/problem-alert.tsx'
import { StateBadge } from '../shared/state-badge.tsx'
import { showToast, useProblemToast } from '../shared/toasts.tsx'
import { useFormats } from '../shared/use-formats.ts'
import { Person } from '../shared/user-avatar.tsx'
import { membersQuery, refreshAccounts } from './account-queries.ts'
import { changeRequestsOfQuery } from './change-request-queries.ts'
import formStyles from './form-layout.module.css'
import styles from './list.module.css'
import { useMay } from './session.ts'

/** Who was invited to the account and has not come yet. */
const invitationsQuery = (id: string) =>
  queryOptions({
    queryKey: ['accounts', id, 'invitations'],
    queryFn: async ({ signal }) =>
      (
        await orThrow(
          api.GET('/api/v1/office/accounts/{id}/invitations', { params: { path: { id } }, signal }),
        )
      ).items,
  })

const everyPermission = ['owner', ...givenPermissions] as const

/** What the customer asked to change and staff has not decided yet. */
function AskedChange({ account }: { account: Account }) {
  const { t } = useTranslation()
  const { data } = useQuery(changeRequestsOfQuery(account.id))
  const [request] = data?.items ?? []
  if (!request) return null
  return (
    <Callout tone="warning" title={t('changes.of_account')}>
      <p>
        <Link to="/change-requests" search={{ id: request.id } as never}>
          {t('changes.open')}
        </Link>
      </p>
    </Callout>
  )
}

/** Who signs in to the portal for the account, who is invited, and what they may do there. */
export function AccountUsers({ account }: { account: Account }) {
  const { t } = useTranslation()
  const { date } = useFormats()
  const queryClient = useQueryClient()
  const may = useMay()
  const onError = useProblemToast()
  const query = useQuery(membersQuery(account.id))
  const { data: invitations = [] } = useQuery(invitationsQuery(account.id))
  const [inviting, setInviting] = useState(false)
  const [edited, setEdited] = useState<Member | null>(null)
  const [removed, setRemoved] = useState<Member | null>(null)
  const [withdrawn, setWithdrawn] = useState<MemberInvitation | null>(null)
  const refresh = () => refreshAccounts(queryClient)
  const resend = useMutation({
    mutationFn: ({ id }: MemberInvitation) =>
      orThrow(api.POST('/api/v1/office/invitations/{id}/resend', { params: { path: { id } } })),
    onSuccess: async (_, { email }) => {
      await refresh()
      showToast({ tone: 'good', title: t('accounts.invited', { email }) })
    },
    onError,
  })
  const members = query.data ?? []
  const hasOwner = members.some((one) => one.permissions.includes('owner'))
  const words = (permissions: readonly MemberPermission[]) =>
    (permissions.includes('owner') ? (['owner'] as const) : permissions)
      .map((one) => t(`accounts.permission.${one}`))
      .join(', ')
  return (
    <>
      <AskedChange account={account} />
      <Section
        title={t('accounts.users')}
        description={t('accounts.users_text')}
        actions={
          may('accounts.write') && (
            <Button
              size="xs"
              variant="default"
              leftSection={<IconUserPlus size={14} aria-hidden />}
              onClick={() => setInviting(true)}
            >
              {t('accounts.invite')}
            </Button>
          )
        }
      >
        <ProblemAlert error={query.error} onRetry={query.refetch} />
        {query.isPending && <SkeletonText lines={2} />}
        {query.isSuccess && members.length + invitations.length === 0 && (
          <p className={styles.nothing}>{t('accounts.no_users')}</p>
        )}
        <ul className={styles.list}>
          {members.map((member) => (
            <li key={member.id}>
              <div className={styles.words}>
                <strong>
                  <Person name={member.name || member.email} photo={member.photo_file_id} />
                  <StateBadge kind="user" state={member.password_set_at === null ? 'invited' : 'active'} />
                </strong>
                {member.name && <small>{member.email}</small>}
                <small>{words(member.permissions)}</small>
              </div>
              {may('accounts.write') && (
                <Menu
                  label={t('accounts.actions_of', { name: member.name || member.email })}
                  trigger={<IconDots size={18} aria-hidden />}
                  items={[
                    {
                      label: t('accounts.permissions_edit'),
                      icon: IconPencil,
                      onClick: () => setEdited(member),
                    },
                    {
                      label: t('accounts.user_remove'),
                      icon: IconTrash,
                      danger: true,
                      onClick: () => setRemoved(member),
                    },
                  ]}
                />
              )}
            </li>
          ))}
          {invitations.map((invitation) => (
            <li key={invitation.id}>
              <div className={styles.words}>
                <strong>{invitation.email}</strong>
                <small>
                  {t(`accounts.invitation_${invitation.state}`, { date: date(invitation.expires_at) })}
                </small>
                <small>{words(invitation.permissions)}</small>
              </div>
              {may('accounts.write') && invitation.state !== 'declined' && (
                <Menu
                  label={t('accounts.actions_of', { name: invitation.email })}
                  trigger={<IconDots size={18} aria-hidden />}
                  items={[
                    {
                      label: t('accounts.invitation_resend'),
                      icon: IconMailForward,
                      onClick: () => resend.mutate(invitation),
                    },
                    {
                      label: t('accounts.invitation_withdraw'),
                      icon: IconTrash,
                      danger: true,
                      onClick: () => setWithdrawn(invitation),
                    },
                  ]}
                />
              )}
            </li>
          ))}
        </ul>
      </Section>
      {inviting && (
        <InviteDialog
          account={account}
          hasOwner={hasOwner}
          onClose={() => setInviting(false)}
          onDone={() => void refresh()}
        />
      )}
      {edited && (
        <MemberDialog member={edited} onClose={() => setEdited(null)} onDone={() => void refresh()} />
      )}
      <ConfirmDialog
        opened={removed !== null}
        onClose={() => setRemoved(null)}
        title={t('accounts.user_remove_title', { name: removed?.name || (removed?.email ?? '') })}
        confirm={t('accounts.user_remove')}
        danger
        onConfirm={async () => {
          if (!removed) return
          await orThrow(api.DELETE('/api/v1/office/members/{id}', { params: { path: { id: removed.id } } }))
          await refresh()
        }}
      >
        <p>{t('accounts.user_remove_text', { account: account.name })}</p>
      </ConfirmDialog>
      <ConfirmDialog
        opened={withdrawn !== null}
        onClose={() => setWithdrawn(null)}
        title={t('accounts.invitation_withdraw_title', { email: withdrawn?.email ?? '' })}
        confirm={t('accounts.invitation_withdraw')}
        danger
        onConfirm={async () => {
          if (!withdrawn) return
          await orThrow(
            api.DELETE('/api/v1/office/invitations/{id}', { params: { path: { id: withdrawn.id } } }),
          )
          await refresh()
        }}
      >
        <p>{t('accounts.invitation_withdraw_text')}</p>
      </ConfirmDialog>
    </>
  )
}

function InviteDialog({
  account,
  hasOwner,
  onClose,
  onDone,
}: {
  account: Account
  hasOwner: boolean
  onClose: () => void
  onDone: () => void
}) {
  const { t } = useTranslation()
  const form = useForm({
    initial: { email: '', permissions: [] as MemberPermission[] },
    check: (values) => ({
      email: !/^\S+@\S+\.\S+$/.test(values.email.trim()) && t('common:input.email'),
      permissions: values.permissions.length === 0 && t('accounts.permissions_missing'),
    }),
    submit: ({ email, permissions }, { idempotencyKey }) =>
      orThrow(
        api.POST('/api/v1/office/accounts/{id}/invitations', {
          params: { path: { id: account.id } },
          body: { email: email.trim(), permissions },
          headers: idempotent(idempotencyKey),
        }),
      ),
    onDone: ({ email }) => {
      onDone()
      showToast({ tone: 'good', title: t('accounts.invited', { email }) })
      onClose()
    },
  })
  return (
    <Dialog opened onClose={onClose} title={t('accounts.invite_title', { account: account.name })}>
      <form className={formStyles.body} onSubmit={form.onSubmit} noValidate>
        <p>
          {t('accounts.invite_text')} {!hasOwner && t('accounts.invite_owner')}
        </p>
        <ProblemAlert error={form.problem} />
        <TextInput
          type="email"
          label={t('accounts.email')}
          autoComplete="off"
          required
          {...form.field('email')}
        />
        <PermissionPicker
          label={t('accounts.permissions')}
          value={form.values.permissions}
          onChange={(permissions) => form.set('permissions', permissions)}
          options={hasOwner ? givenPermissions : everyPermission}
          error={form.errors.permissions}
        />
        <DialogActions>
          <Button variant="default" onClick={onClose}>
            {t('common:action.cancel')}
          </Button>
          <Button type="submit" loading={form.busy}>
            {t('accounts.invite_submit')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}

function MemberDialog({
  member,
  onClose,
  onDone,
}: {
  member: Member
  onClose: () => void
  onDone: () => void
}) {
  const { t } = useTranslation()
  const form = useForm({
    initial: { permissions: member.permissions as MemberPermission[] },
    check: (values) => ({
      permissions: values.permissions.length === 0 && t('accounts.permissions_missing'),
    }),
    submit: (body) =>
      orThrow(api.PATCH('/api/v1/office/members/{id}', { params: { path: { id: member.id } }, body })),
    onDone: () => {
      onDone()
      onClose()
    },
  })
  return (
    <Dialog
      opened
      onClose={onClose}
      title={t('accounts.permissions_of', { name: member.name || member.email })}
    >
      <form className={formStyles.body} onSubmit={form.onSubmit} noValidate>
        <ProblemAlert error={form.problem} />
        <PermissionPicker
          label={t('accounts.permissions')}
          value={form.values.permissions}
          onChange={(permissions) => form.set('permissions', permissions)}
          options={everyPermission}
          error={form.errors.permissions}
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
