import { Button } from '@mantine/core'
import IconAddressBook from '@tabler/icons-react/dist/esm/icons/IconAddressBook.mjs'
import IconDots from '@tabler/icons-react/dist/esm/icons/IconDots.mjs'
import IconLock from '@tabler/icons-react/dist/esm/icons/IconLock.mjs'
import IconPencil from '@tabler/icons-react/dist/esm/icons/IconPencil.mjs'
import IconPlus from '@tabler/icons-react/dist/esm/icons/IconPlus.mjs'
import IconStar from '@tabler/icons-react/dist/esm/icons/IconStar.mjs'
import IconTrash from '@tabler/icons-react/dist/esm/icons/IconTrash.mjs'
import IconUser from '@tabler/icons-react/dist/esm/icons/IconUser.mjs'
import { useMutation, useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../../shared/api.ts'
import type { OwnContact } from '../../shared/api-types.gen.ts'
import { ConfirmDialog } from '../../shared/dialog.tsx'
import { Menu } from '../../shared/menu.tsx'
import { EmptyState, PageTitle, Section, Stacked } from '../../shared/page.tsx'
import { Callout } from '../../shared/problem-alert.tsx'
import { ToneBadge } from '../../shared/state-badge.tsx'
import { useProblemToast } from '../../shared/toasts.tsx'
import { UserAvatar } from '../../shared/user-avatar.tsx'
import { AccountNav } from '../area-navs.tsx'
import { List, Row } from '../list.tsx'
import { ContactDialog } from '../member-dialogs.tsx'
import { contactsQuery, refreshMembers } from '../member-queries.ts'
import { useSession } from '../session.ts'

/** Who is written to about what (A3): owners keep the list, others read it. */
export const Route = createFileRoute('/_app/contacts')({
  loader: ({ context: { queryClient } }) => queryClient.ensureQueryData(contactsQuery),
  component: ContactsPage,
})

const nameOf = (contact: OwnContact) => [contact.first_name, contact.last_name].filter(Boolean).join(' ')

function ContactsPage() {
  const { t } = useTranslation()
  const { queryClient } = Route.useRouteContext()
  const { data: contacts } = useSuspenseQuery(contactsQuery)
  const mayEdit = useSession().permissions.includes('owner')
  const [edited, setEdited] = useState<OwnContact | 'new' | null>(null)
  const [removed, setRemoved] = useState<OwnContact | null>(null)
  const onError = useProblemToast()
  const setPrimary = useMutation({
    mutationFn: (id: string) =>
      orThrow(
        api.PATCH('/api/v1/portal/contacts/{id}', { params: { path: { id } }, body: { is_primary: true } }),
      ),
    onSuccess: () => refreshMembers(queryClient),
    onError,
  })
  const add = mayEdit && (
    <Button leftSection={<IconPlus size={18} aria-hidden />} onClick={() => setEdited('new')}>
      {t('contacts.add')}
    </Button>
  )
  return (
    <>
      <AccountNav />
      <PageTitle title={t('contacts.title')} subtitle={t('contacts.subtitle')} actions={add} />
      <Stacked>
        {!mayEdit && (
          <Callout tone="neutral" icon={<IconLock size={20} aria-hidden />}>
            <p>{t('account.read_only')}</p>
          </Callout>
        )}
        <Section flush>
          {contacts.length === 0 ? (
            <EmptyState icon={<IconAddressBook size={24} aria-hidden />} title={t('contacts.empty')}>
              {t('contacts.empty_text')}
            </EmptyState>
          ) : (
            <List label={t('contacts.title')}>
              {contacts.map((contact) => (
                <Row
                  key={contact.id}
                  lead={<UserAvatar name={nameOf(contact)} size={40} />}
                  name={
                    <>
                      {nameOf(contact)}
                      {contact.is_primary && (
                        <ToneBadge tone="info" icon={IconStar}>
                          {t('contacts.primary')}
                        </ToneBadge>
                      )}
                      {contact.user_id && (
                        <ToneBadge tone="neutral" icon={IconUser}>
                          {t('contacts.user')}
                        </ToneBadge>
                      )}
                    </>
                  }
                  detail={
                    <>
                      {[contact.title, contact.email, contact.phone].some(Boolean) && (
                        <>
                          {[contact.title, contact.email, contact.phone].filter(Boolean).join(' · ')}
                          <br />
                        </>
                      )}
                      {contact.topics.length === 0
                        ? t('contacts.topics_none')
                        : t('contacts.gets', {
                            topics: contact.topics.map((one) => t(`contacts.topic.${one}`)).join(', '),
                          })}
                    </>
                  }
                  end={
                    mayEdit && (
                      <Menu
                        label={t('users.actions_of', { name: nameOf(contact) })}
                        trigger={<IconDots size={20} aria-hidden />}
                        items={[
                          {
                            label: t('common:action.edit'),
                            icon: IconPencil,
                            onClick: () => setEdited(contact),
                          },
                          ...(contact.is_primary
                            ? []
                            : [
                                {
                                  label: t('contacts.make_primary'),
                                  icon: IconStar,
                                  onClick: () => setPrimary.mutate(contact.id),
                                },
                              ]),
                          {
                            label: t('contacts.remove'),
                            icon: IconTrash,
                            danger: true,
                            onClick: () => setRemoved(contact),
                          },
                        ]}
                      />
                    )
                  }
                />
              ))}
            </List>
          )}
        </Section>
      </Stacked>
      {edited !== null && (
        <ContactDialog contact={edited === 'new' ? null : edited} onClose={() => setEdited(null)} />
      )}
      <ConfirmDialog
        opened={removed !== null}
        onClose={() => setRemoved(null)}
        title={t('contacts.remove_title', { name: removed ? nameOf(removed) : '' })}
        confirm={t('contacts.remove')}
        danger
        onConfirm={async () => {
          if (!removed) return
          await orThrow(api.DELETE('/api/v1/portal/contacts/{id}', { params: { path: { id: removed.id } } }))
          await refreshMembers(queryClient)
        }}
      >
        <p>{t('contacts.remove_text')}</p>
      </ConfirmDialog>
    </>
  )
}
