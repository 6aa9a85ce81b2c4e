import { Button } from '@mantine/core'
import IconArrowsExchange from '@tabler/icons-react/dist/esm/icons/IconArrowsExchange.mjs'
import IconCrown from '@tabler/icons-react/dist/esm/icons/IconCrown.mjs'
import IconDots from '@tabler/icons-react/dist/esm/icons/IconDots.mjs'
import IconLock from '@tabler/icons-react/dist/esm/icons/IconLock.mjs'
import IconLogout from '@tabler/icons-react/dist/esm/icons/IconLogout.mjs'
import IconMail from '@tabler/icons-react/dist/esm/icons/IconMail.mjs'
import IconMailX from '@tabler/icons-react/dist/esm/icons/IconMailX.mjs'
import IconPencil from '@tabler/icons-react/dist/esm/icons/IconPencil.mjs'
import IconTrash from '@tabler/icons-react/dist/esm/icons/IconTrash.mjs'
import IconUser from '@tabler/icons-react/dist/esm/icons/IconUser.mjs'
import IconUserPlus from '@tabler/icons-react/dist/esm/icons/IconUserPlus.mjs'
import { useMutation, useQuery, useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute, redirect, useRouter } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../../shared/api.ts'
import type { MemberInvitation, OwnershipTransfer, OwnMember } from '../../shared/api-types.gen.ts'
import { ConfirmDialog } from '../../shared/dialog.tsx'
import { Menu } from '../../shared/menu.tsx'
import { PageTitle, Section, Stacked } from '../../shared/page.tsx'
import { givenPermissions, type MemberPermission, PermissionList } from '../../shared/permission-picker.tsx'
import { Callout } from '../../shared/problem-alert.tsx'
import { ToneBadge } from '../../shared/state-badge.tsx'
import { showToast, useProblemToast } from '../../shared/toasts.tsx'
import { useFormats } from '../../shared/use-formats.ts'
import { UserAvatar } from '../../shared/user-avatar.tsx'
import { AccountNav } from '../area-navs.tsx'
import { List, Row, Tile } from '../list.tsx'
import { InviteDialog, MemberDialog, OfferDialog } from '../member-dialogs.tsx'
import { invitationsQuery, membersQuery, refreshMembers, transferQuery } from '../member-queries.ts'
import styles from '../members.module.css'
import { maySession, sessionQuery, useSession } from '../session.ts'

/** Who acts for the account, and what each of them may do (A6). A mail may name whose users: that account is entered. */
export const Route = createFileRoute('/_app/users')({
  validateSearch: (search: Record<string, unknown>): { account?: string } =>
    search.account ? { account: String(search.account) } : {},
  beforeLoad: async ({ context: { queryClient, session }, search: { account }, preload }) => {
    if (account === undefined || preload) return
    if (account !== session.account_id && session.accounts.some((one) => one.id === account)) {
      await orThrow(api.POST('/api/v1/portal/accounts/{id}/enter', { params: { path: { id: account } } }))
      queryClient.clear()
      await queryClient.ensureQueryData(sessionQuery)
    }
    throw redirect({ to: '/users', search: {}, replace: true })
  },
  loader: async ({ context: { queryClient, session } }) => {
    await Promise.all([
      queryClient.ensureQueryData(membersQuery),
      queryClient.ensureQueryData(transferQuery),
      maySession(session, 'users') ? queryClient.ensureQueryData(invitationsQuery) : null,
    ])
  },
  component: UsersPage,
})

type Opened =
  | { kind: 'edit' | 'remove' | 'offer'; member: OwnMember }
  | { kind: 'invite' }
  | { kind: 'leave' }

function UsersPage() {
  const { t } = useTranslation()
  const session = useSession()
  const manages = maySession(session, 'users')
  const { data: members } = useSuspenseQuery(membersQuery)
  const { data: transfer } = useSuspenseQuery(transferQuery)
  const [opened, setOpened] = useState<Opened | null>(null)
  const close = () => setOpened(null)
  const account = session.account_name ?? ''
  return (
    <>
      <AccountNav />
      <PageTitle
        title={t('users.title')}
        subtitle={t('users.subtitle', { account })}
        actions={
          manages && (
            <Button
              leftSection={<IconUserPlus size={18} aria-hidden />}
              onClick={() => setOpened({ kind: 'invite' })}
            >
              {t('users.invite')}
            </Button>
          )
        }
      />
      <Stacked>
        {transfer && <Transfer transfer={transfer} account={account} />}
        {!manages && (
          <Callout tone="neutral" icon={<IconLock size={20} aria-hidden />}>
            <p>{t('users.only_you')}</p>
          </Callout>
        )}
        <Section title={t('users.members')} flush>
          <List label={t('users.members')}>
            {members.map((member) => (
              <MemberRow
                key={member.id}
                member={member}
                last={member.permissions.includes('owner') && countOwners(members) === 1}
                offered={transfer?.state === 'pending'}
                onOpen={setOpened}
              />
            ))}
          </List>
        </Section>
        {manages && <Invitations />}
        <Section title={t('users.meaning')} description={t('users.meaning_text')}>
          <PermissionList permissions={givenPermissions} />
        </Section>
      </Stacked>
      {opened?.kind === 'invite' && <InviteDialog held={session.permissions} onClose={close} />}
      {opened?.kind === 'edit' && (
        <MemberDialog member={opened.member} held={session.permissions} onClose={close} />
      )}
      {opened?.kind === 'offer' && <OfferDialog member={opened.member} account={account} onClose={close} />}
      {opened?.kind === 'remove' && <RemoveDialog member={opened.member} account={account} onClose={close} />}
      {opened?.kind === 'leave' && <LeaveDialog members={members} account={account} onClose={close} />}
    </>
  )
}

const countOwners = (members: OwnMember[]) =>
  members.filter((one) => one.permissions.includes('owner')).length

/** What somebody may do, in a line. */
function usePermissionWords() {
  const { t } = useTranslation()
  return (permissions: readonly MemberPermission[]) =>
    (permissions.includes('owner') ? (['owner'] as const) : permissions)
      .map((one) => t(`common:permission.${one}.name`))
      .join(' · ')
}

function MemberRow({
  member,
  last,
  offered,
  onOpen,
}: {
  member: OwnMember
  /** The last owner: nobody takes that away, and they do not leave. */
  last: boolean
  /** An offer of the ownership is open already. */
  offered: boolean
  onOpen: (opened: Opened) => void
}) {
  const { t } = useTranslation()
  const session = useSession()
  const words = usePermissionWords()
  const self = member.user_id === session.user_id
  const owner = member.permissions.includes('owner')
  const isOwner = session.permissions.includes('owner')
  const mayChange = !self && maySession(session, 'users') && (!owner || isOwner)
  const items = [
    ...(mayChange
      ? [
          {
            label: t('users.edit'),
            icon: IconPencil,
            onClick: () => onOpen({ kind: 'edit', member }),
          },
        ]
      : []),
    ...(!self && isOwner && !owner
      ? [
          {
            label: t('users.offer'),
            icon: IconArrowsExchange,
            disabled: offered,
            detail: offered ? t('users.offer_open') : undefined,
            onClick: () => onOpen({ kind: 'offer', member }),
          },
        ]
      : []),
    ...(mayChange
      ? [
          {
            label: t('users.remove'),
            icon: IconTrash,
            danger: true,
            onClick: () => onOpen({ kind: 'remove', member }),
          },
        ]
      : []),
    ...(self
      ? [
          {
            label: t('users.leave'),
            detail: last ? t('users.leave_last') : undefined,
            icon: IconLogout,
            danger: true,
            disabled: last,
            onClick: () => onOpen({ kind: 'leave' }),
          },
        ]
      : []),
  ]
  return (
    <Row
      lead={<UserAvatar name={member.name} photo={member.photo_file_id} size={40} />}
      name={
        <>
          {member.name}
          {owner && (
            <ToneBadge tone="info" icon={IconCrown}>
              {t('users.owner')}
            </ToneBadge>
          )}
          {self && (
            <ToneBadge tone="neutral" icon={IconUser}>
              {t('users.you')}
            </ToneBadge>
          )}
        </>
      }
      detail={
        <>
          <span>{member.email}</span>
          <br />
          <span>{owner ? t('users.everything') : words(member.permissions)}</span>
        </>
      }
      end={
        items.length > 0 && (
          <Menu
            label={t('users.actions_of', { name: member.name })}
            trigger={<IconDots size={20} aria-hidden />}
            items={items}
          />
        )
      }
    />
  )
}

/** An offer of the ownership: to decide for whom it was made to, to take back for whoever made it. */
function Transfer({ transfer, account }: { transfer: OwnershipTransfer; account: string }) {
  const { t } = useTranslation()
  const { date } = useFormats()
  const router = useRouter()
  const session = useSession()
  const { queryClient } = Route.useRouteContext()
  const [accepting, setAccepting] = useState(false)
  const onError = useProblemToast()
  const done = async (title: string) => {
    await refreshMembers(queryClient)
    await router.invalidate()
    showToast({ tone: 'good', title })
  }
  const path = { params: { path: { id: transfer.id } } }
  const decline = useMutation({
    mutationFn: () => orThrow(api.POST('/api/v1/portal/ownership-transfers/{id}/decline', path)),
    onSuccess: () => done(t('users.transfer_declined')),
    onError,
  })
  const withdraw = useMutation({
    mutationFn: () => orThrow(api.POST('/api/v1/portal/ownership-transfers/{id}/withdraw', path)),
    onSuccess: () => done(t('users.transfer_withdrawn')),
    onError,
  })
  const from = transfer.from_name ?? ''
  const to = transfer.to_name ?? ''
  const icon = <IconCrown size={20} aria-hidden />
  if (transfer.state === 'pending' && transfer.to_user_id === session.user_id) {
    return (
      <>
        <Callout tone="info" icon={icon} title={t('users.transfer_to_you', { name: from, account })}>
          <p>{t('users.transfer_to_you_text')}</p>
          <ul className={styles.consequences}>
            <li>{t('users.transfer_consequence_you')}</li>
            <li>{t('users.transfer_consequence_from', { name: from })}</li>
            <li>{t('users.transfer_until', { date: date(transfer.expires_at, 'long') })}</li>
          </ul>
          <div className={styles.buttons}>
            <Button onClick={() => setAccepting(true)}>{t('users.transfer_accept')}</Button>
            <Button variant="default" loading={decline.isPending} onClick={() => decline.mutate()}>
              {t('users.transfer_decline')}
            </Button>
          </div>
        </Callout>
        <ConfirmDialog
          opened={accepting}
          onClose={() => setAccepting(false)}
          title={t('users.transfer_accept_title', { account })}
          confirm={t('users.transfer_accept_submit')}
          onConfirm={async () => {
            await orThrow(api.POST('/api/v1/portal/ownership-transfers/{id}/accept', path))
            await done(t('users.transfer_accepted', { account }))
          }}
        >
          <p>{t('users.transfer_accept_text', { name: from })}</p>
        </ConfirmDialog>
      </>
    )
  }
  if (!session.permissions.includes('owner')) return null
  if (transfer.state === 'pending') {
    return (
      <Callout tone="info" icon={icon} title={t('users.transfer_waiting', { name: to })}>
        <p>{t('users.transfer_waiting_text', { date: date(transfer.expires_at, 'long') })}</p>
        <div className={styles.buttons}>
          <Button variant="default" loading={withdraw.isPending} onClick={() => withdraw.mutate()}>
            {t('users.transfer_withdraw')}
          </Button>
        </div>
      </Callout>
    )
  }
  if (transfer.state === 'declined' || transfer.state === 'expired') {
    return (
      <Callout tone="neutral" icon={icon} title={t(`users.transfer_was_${transfer.state}`, { name: to })}>
        <p>{t('users.transfer_nothing_changed')}</p>
      </Callout>
    )
  }
  return null
}

function Invitations() {
  const { t } = useTranslation()
  const { date } = useFormats()
  const { queryClient } = Route.useRouteContext()
  const words = usePermissionWords()
  const { data: invitations = [] } = useQuery(invitationsQuery)
  const onError = useProblemToast()
  const [withdrawn, setWithdrawn] = useState<MemberInvitation | null>(null)
  const resend = useMutation({
    mutationFn: (invitation: MemberInvitation) =>
      orThrow(
        api.POST('/api/v1/portal/invitations/{id}/resend', { params: { path: { id: invitation.id } } }),
      ),
    onSuccess: async (_, { email }) => {
      await refreshMembers(queryClient)
      showToast({ tone: 'good', title: t('users.resent', { email }), detail: t('users.resent_detail') })
    },
    onError,
  })
  if (invitations.length === 0) return null
  return (
    <Section title={t('users.invitations')} flush>
      <List label={t('users.invitations')}>
        {invitations.map((invitation) => {
          const open = invitation.state !== 'declined'
          return (
            <Row
              key={invitation.id}
              lead={
                <Tile
                  icon={invitation.state === 'open' ? IconMail : IconMailX}
                  tone={invitation.state === 'open' ? 'info' : 'warning'}
                />
              }
              name={invitation.email}
              detail={
                <>
                  <span>{words(invitation.permissions)}</span>
                  <br />
                  <span>
                    {t(`users.invitation_${invitation.state}`, { date: date(invitation.expires_at) })}{' '}
                    {invitation.invited_by_name
                      ? t('users.invited_by', { name: invitation.invited_by_name })
                      : invitation.by_staff && t('users.invited_by_staff')}
                  </span>
                </>
              }
              actions={
                open && (
                  <>
                    <Button
                      size="xs"
                      variant="default"
                      loading={resend.isPending && resend.variables.id === invitation.id}
                      aria-label={t('users.resend_label', { email: invitation.email })}
                      onClick={() => resend.mutate(invitation)}
                    >
                      {t('users.resend')}
                    </Button>
                    <Button
                      size="xs"
                      variant="default"
                      aria-label={t('users.withdraw_label', { email: invitation.email })}
                      onClick={() => setWithdrawn(invitation)}
                    >
                      {t('users.withdraw')}
                    </Button>
                  </>
                )
              }
            />
          )
        })}
      </List>
      <ConfirmDialog
        opened={withdrawn !== null}
        onClose={() => setWithdrawn(null)}
        title={t('users.withdraw_title', { email: withdrawn?.email })}
        confirm={t('users.withdraw_submit')}
        danger
        onConfirm={async () => {
          if (!withdrawn) return
          await orThrow(
            api.DELETE('/api/v1/portal/invitations/{id}', { params: { path: { id: withdrawn.id } } }),
          )
          await refreshMembers(queryClient)
        }}
      >
        <p>{t('users.withdraw_text')}</p>
      </ConfirmDialog>
    </Section>
  )
}

function RemoveDialog({
  member,
  account,
  onClose,
}: {
  member: OwnMember
  account: string
  onClose: () => void
}) {
  const { t } = useTranslation()
  const { queryClient } = Route.useRouteContext()
  return (
    <ConfirmDialog
      opened
      onClose={onClose}
      title={t('users.remove_title', { name: member.name })}
      confirm={t('users.remove_submit')}
      danger
      onConfirm={async () => {
        await orThrow(api.DELETE('/api/v1/portal/members/{id}', { params: { path: { id: member.id } } }))
        await refreshMembers(queryClient)
        showToast({ tone: 'good', title: t('users.removed', { name: member.name }) })
      }}
    >
      <p>{t('users.remove_text', { name: member.name, account })}</p>
    </ConfirmDialog>
  )
}

function LeaveDialog({
  members,
  account,
  onClose,
}: {
  members: OwnMember[]
  account: string
  onClose: () => void
}) {
  const { t } = useTranslation()
  const router = useRouter()
  const { user_id } = useSession()
  const { queryClient } = Route.useRouteContext()
  return (
    <ConfirmDialog
      opened
      onClose={onClose}
      title={t('users.leave_title', { account })}
      confirm={t('users.leave_submit')}
      danger
      onConfirm={async () => {
        const own = members.find((one) => one.user_id === user_id)
        if (!own) return
        await orThrow(api.DELETE('/api/v1/portal/members/{id}', { params: { path: { id: own.id } } }))
        queryClient.clear()
        await router.navigate({ to: '/' })
        await router.invalidate()
      }}
    >
      <p>{t('users.leave_text', { account })}</p>
    </ConfirmDialog>
  )
}
