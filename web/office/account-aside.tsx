import { Badge, Button, NativeSelect, NumberInput } from '@mantine/core'
import IconDots from '@tabler/icons-react/dist/esm/icons/IconDots.mjs'
import IconPencil from '@tabler/icons-react/dist/esm/icons/IconPencil.mjs'
import IconPlus from '@tabler/icons-react/dist/esm/icons/IconPlus.mjs'
import IconStar from '@tabler/icons-react/dist/esm/icons/IconStar.mjs'
import IconTrash from '@tabler/icons-react/dist/esm/icons/IconTrash.mjs'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../shared/api.ts'
import type { Account, Balance, BillingData, Contact } from '../shared/api-types.gen.ts'
import { ConfirmDialog, Dialog, DialogActions } from '../shared/dialog.tsx'
import { useForm } from '../shared/form.ts'
import { nameOfLanguage } from '../shared/i18n.ts'
import { Menu } from '../shared/menu.tsx'
import { Facts, Section, SkeletonText } from '../shared/page.tsx'
import { ProblemAlert } from '../shared/problem-alert.tsx'
import { showToast, useProblemToast } from '../shared/toasts.tsx'
import { useFormats } from '../shared/use-formats.ts'
import { DateText, Money } from '../shared/values.tsx'
import { TicketsSwitch } from './account-agreements.tsx'
import { accountAuditQuery, billingDataQuery, contactsQuery, refreshAccounts } from './account-queries.ts'
import { ContactDialog } from './contact-dialog.tsx'
import formStyles from './form-layout.module.css'
import { unitsQuery } from './frame-queries.ts'
import styles from './list.module.css'
import { useMay } from './session.ts'

/** What the account is, what it owes, how it pays. */
export function AccountFacts({ account, balance }: { account: Account; balance: Balance | undefined }) {
  const { t, i18n } = useTranslation()
  const may = useMay()
  const { data: billing } = useQuery({
    ...billingDataQuery(account.id),
    enabled: may('subscriptions.read'),
  })
  const [editing, setEditing] = useState(false)
  const place = [
    account.address,
    [account.postal_code, account.city].filter(Boolean).join(' '),
    account.state,
  ]
    .filter(Boolean)
    .join(', ')
  const country = account.country
    ? new Intl.DisplayNames([i18n.language], { type: 'region' }).of(account.country)
    : null
  return (
    <>
      {balance && (
        <Section title={t('accounts.balance')}>
          <Facts
            facts={[
              [t('accounts.owed'), <Money key="o" amount={balance.owed} currency={balance.currency} />],
              balance.overdue > 0 && [
                t('accounts.of_it_overdue'),
                <Money key="d" amount={balance.overdue} currency={balance.currency} />,
              ],
              balance.credit > 0 && [
                t('accounts.credit'),
                <Money key="c" amount={balance.credit} currency={balance.currency} />,
              ],
              billing && [t('accounts.pays_by'), t(`words.payment_method.${billing.payment_method}`)],
              billing && [t('accounts.due_day'), t('words.due_day', { day: billing.due_day })],
            ]}
          />
          {billing && !billing.uniform && <p className={styles.detail}>{t('accounts.not_uniform')}</p>}
          {billing && billing.subscriptions > 0 && may('subscriptions.write') && (
            <Button mt="sm" size="xs" variant="default" onClick={() => setEditing(true)}>
              {t('accounts.billing_edit')}
            </Button>
          )}
        </Section>
      )}
      <Section title={t('accounts.details')}>
        <Facts
          facts={[
            [t('accounts.kind'), t(`words.account_kind.${account.kind}`)],
            [t('accounts.tax_id'), account.tax_id],
            [t('accounts.email'), account.email && <a href={`mailto:${account.email}`}>{account.email}</a>],
            [t('accounts.phone'), account.phone && <a href={`tel:${account.phone}`}>{account.phone}</a>],
            account.fax !== null && [t('accounts.fax'), account.fax],
            account.domains.length > 0 && [t('accounts.domains'), account.domains.join(', ')],
            [t('accounts.address'), [place, country].filter(Boolean).join(', ')],
            [t('words.unit'), account.business_unit_name],
            [t('common:language'), nameOfLanguage(account.language)],
            account.rank !== null && [t('accounts.rank'), account.rank],
            account.external_id !== null && [t('accounts.external_id'), account.external_id],
            [t('accounts.created'), <DateText key="at" value={account.created_at} />],
            account.notes !== null && [
              t('accounts.notes'),
              <span key="notes" className={styles.notes}>
                {account.notes}
              </span>,
            ],
          ]}
        />
      </Section>
      {editing && billing && (
        <BillingDataDialog account={account} billing={billing} onClose={() => setEditing(false)} />
      )}
    </>
  )
}

/** Payment method and due day of all services of an account together. */
function BillingDataDialog({
  account,
  billing,
  onClose,
}: {
  account: Account
  billing: BillingData
  onClose: () => void
}) {
  const { t } = useTranslation()
  const queryClient = useQueryClient()
  const { data: units = [] } = useQuery(unitsQuery)
  const methods = units.find((unit) => unit.id === account.business_unit_id)?.payment_methods ?? []
  const all = methods.includes(billing.payment_method) ? methods : [billing.payment_method, ...methods]
  const form = useForm({
    initial: {
      payment_method: billing.payment_method as string,
      due_day: billing.due_day as number | string,
    },
    submit: (values) =>
      orThrow(
        api.PUT('/api/v1/office/accounts/{id}/billing-data', {
          params: { path: { id: account.id } },
          body: {
            payment_method: values.payment_method as BillingData['payment_method'],
            due_day: Number(values.due_day),
          },
        }),
      ),
    onDone: () => {
      void refreshAccounts(queryClient)
      showToast({ tone: 'good', title: t('accounts.saved') })
      onClose()
    },
  })
  return (
    <Dialog opened onClose={onClose} title={t('accounts.billing_edit')} size="small">
      <form className={formStyles.body} onSubmit={form.onSubmit} noValidate>
        <p>{t('accounts.billing_edit_text', { count: billing.subscriptions })}</p>
        <ProblemAlert error={form.problem} />
        <NativeSelect
          label={t('accounts.payment_method')}
          data={all.map((value) => ({ value, label: t(`words.payment_method.${value}`) }))}
          {...form.field('payment_method')}
        />
        <NumberInput
          label={t('accounts.due_day')}
          description={t('accounts.due_day_help')}
          min={1}
          max={31}
          allowDecimal={false}
          hideControls
          {...form.control('due_day')}
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

/** The people of the account: one of them may be primary. */
export function AccountContacts({ account }: { account: Account }) {
  const { t, i18n } = useTranslation()
  const queryClient = useQueryClient()
  const may = useMay()
  const query = useQuery(contactsQuery(account.id))
  const onError = useProblemToast()
  const [edited, setEdited] = useState<Contact | 'new' | null>(null)
  const [removed, setRemoved] = useState<Contact | null>(null)
  const refresh = () => refreshAccounts(queryClient)
  const setPrimary = useMutation({
    mutationFn: (id: string) =>
      orThrow(
        api.PATCH('/api/v1/office/contacts/{id}', { params: { path: { id } }, body: { is_primary: true } }),
      ),
    onSuccess: refresh,
    onError,
  })
  const nameOf = (contact: Contact) => [contact.first_name, contact.last_name].filter(Boolean).join(' ')
  const contacts = query.data ?? []
  return (
    <Section
      title={t('accounts.contacts')}
      actions={
        may('accounts.write') && (
          <Button
            size="xs"
            variant="default"
            leftSection={<IconPlus size={14} aria-hidden />}
            onClick={() => setEdited('new')}
          >
            {t('accounts.contact_add')}
          </Button>
        )
      }
    >
      <ProblemAlert error={query.error} onRetry={query.refetch} />
      {query.isPending && <SkeletonText lines={2} />}
      {query.isSuccess && contacts.length === 0 && (
        <p className={styles.nothing}>{t('accounts.no_contacts')}</p>
      )}
      <ul className={styles.list}>
        {contacts.map((contact) => (
          <li key={contact.id}>
            <div className={styles.words}>
              <strong>
                {nameOf(contact)}
                {contact.is_primary && <Badge>{t('accounts.primary')}</Badge>}
              </strong>
              {contact.title && <small>{contact.title}</small>}
              {contact.email && (
                <small>
                  <a href={`mailto:${contact.email}`}>{contact.email}</a>
                </small>
              )}
              {contact.phone && <small>{contact.phone}</small>}
              <small>
                {contact.topics.length === 0
                  ? t('accounts.topics_none')
                  : t('accounts.topics_of', {
                      topics: new Intl.ListFormat(i18n.language).format(
                        contact.topics.map((topic) => t(`accounts.topic.${topic}`)),
                      ),
                    })}
              </small>
            </div>
            {may('accounts.write') && (
              <Menu
                label={t('accounts.actions_of', { name: nameOf(contact) })}
                trigger={<IconDots size={18} aria-hidden />}
                items={[
                  { label: t('common:action.edit'), icon: IconPencil, onClick: () => setEdited(contact) },
                  ...(contact.is_primary
                    ? []
                    : [
                        {
                          label: t('accounts.make_primary'),
                          icon: IconStar,
                          onClick: () => setPrimary.mutate(contact.id),
                        },
                      ]),
                  {
                    label: t('accounts.contact_remove'),
                    icon: IconTrash,
                    danger: true,
                    onClick: () => setRemoved(contact),
                  },
                ]}
              />
            )}
          </li>
        ))}
      </ul>
      <TicketsSwitch account={account} />
      {edited !== null && (
        <ContactDialog
          accountId={account.id}
          contact={edited === 'new' ? null : edited}
          first={edited === 'new' && contacts.length === 0}
          onClose={() => setEdited(null)}
          onDone={() => void refresh()}
        />
      )}
      <ConfirmDialog
        opened={removed !== null}
        onClose={() => setRemoved(null)}
        title={t('accounts.contact_remove_title', { name: removed ? nameOf(removed) : '' })}
        confirm={t('accounts.contact_remove')}
        danger
        onConfirm={async () => {
          if (!removed) return
          await orThrow(api.DELETE('/api/v1/office/contacts/{id}', { params: { path: { id: removed.id } } }))
          await refresh()
        }}
      >
        <p>{t('accounts.contact_remove_text')}</p>
      </ConfirmDialog>
    </Section>
  )
}

/** Who changed what lately, out of the audit log. */
export function AccountChanges({ account }: { account: Account }) {
  const { t } = useTranslation()
  const { exact } = useFormats()
  const query = useQuery(accountAuditQuery(account.id))
  const entries = query.data?.items ?? []
  return (
    <Section
      title={t('accounts.changes')}
      actions={
        <Link to="/accounts/$id/changes" params={{ id: account.id }}>
          {t('accounts.all_changes')}
        </Link>
      }
    >
      <ProblemAlert error={query.error} onRetry={query.refetch} />
      {query.isPending && <SkeletonText lines={4} />}
      {query.isSuccess && entries.length === 0 && (
        <p className={styles.nothing}>{t('accounts.no_changes')}</p>
      )}
      <ul className={styles.list}>
        {entries.map((entry) => (
          <li key={entry.id}>
            <div className={styles.words}>
              <span>
                {t('audit.line', {
                  object: t(`audit.object.${entry.object_type}`, { defaultValue: entry.object_type }),
                  action: t(`audit.action.${entry.action}`, { defaultValue: entry.action }),
                })}
              </span>
              <small title={exact(entry.at)}>
                {entry.actor_name ?? t(`audit.way.${entry.way}`, { defaultValue: entry.way })} ·{' '}
                <DateText value={entry.at} relative />
              </small>
            </div>
          </li>
        ))}
      </ul>
    </Section>
  )
}
