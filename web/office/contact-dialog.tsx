import { Button, Checkbox, TextInput } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { api, idempotent, orThrow } from '../shared/api.ts'
import type { Contact } from '../shared/api-types.gen.ts'
import { Dialog, DialogActions } from '../shared/dialog.tsx'
import { useForm } from '../shared/form.ts'
import { ProblemAlert } from '../shared/problem-alert.tsx'
import styles from './form-layout.module.css'

/** What a contact may be written to about. */
const topics = ['billing', 'services', 'support'] as const

/** A contact as its form holds it. */
export type ContactValues = {
  first_name: string
  last_name: string
  email: string
  phone: string
  title: string
  topics: Contact['topics']
  is_primary: boolean
}

/** A contact as its form begins; a new one gets every notice. */
export function valuesOfContact(contact: Contact | null): ContactValues {
  return {
    first_name: contact?.first_name ?? '',
    last_name: contact?.last_name ?? '',
    email: contact?.email ?? '',
    phone: contact?.phone ?? '',
    title: contact?.title ?? '',
    topics: contact?.topics ?? [...topics],
    is_primary: contact?.is_primary ?? false,
  }
}

/** The inputs of a contact. */
export function ContactFields({
  form,
  first,
  autoFocus,
}: {
  form: ReturnType<typeof useForm<ContactValues, unknown>>
  /** The first contact of an account becomes primary without being asked. */
  first?: boolean
  autoFocus?: boolean
}) {
  const { t } = useTranslation()
  return (
    <div className={styles.fields}>
      <div data-span="6">
        <TextInput
          label={t('accounts.first_name')}
          required
          autoComplete="off"
          autoFocus={autoFocus ?? false}
          {...form.field('first_name')}
        />
      </div>
      <div data-span="6">
        <TextInput label={t('accounts.last_name')} autoComplete="off" {...form.field('last_name')} />
      </div>
      <TextInput
        type="email"
        label={t('accounts.email')}
        description={t('accounts.contact_email_help')}
        autoComplete="off"
        {...form.field('email')}
      />
      <div data-span="6">
        <TextInput label={t('accounts.phone')} inputMode="tel" autoComplete="off" {...form.field('phone')} />
      </div>
      <div data-span="6">
        <TextInput label={t('accounts.title')} autoComplete="off" {...form.field('title')} />
      </div>
      <fieldset className={styles.checks}>
        <legend>{t('accounts.topics')}</legend>
        {topics.map((topic) => (
          <Checkbox
            key={topic}
            label={t(`accounts.topic.${topic}`)}
            description={t(`accounts.topic_help.${topic}`)}
            checked={form.values.topics.includes(topic)}
            onChange={(event) =>
              form.set(
                'topics',
                topics.filter((one) =>
                  one === topic ? event.currentTarget.checked : form.values.topics.includes(one),
                ),
              )
            }
          />
        ))}
      </fieldset>
      {!first && (
        <Checkbox
          label={t('accounts.is_primary')}
          description={t('accounts.is_primary_help')}
          {...form.toggle('is_primary')}
        />
      )}
    </div>
  )
}

/** Adds a contact to an account, or changes one. */
export function ContactDialog({
  accountId,
  contact,
  first,
  onClose,
  onDone,
}: {
  accountId: string
  /** Null adds one. */
  contact: Contact | null
  /** The account has none yet. */
  first?: boolean
  onClose: () => void
  onDone: () => void
}) {
  const { t } = useTranslation()
  const form = useForm({
    initial: valuesOfContact(contact),
    check: (values) => ({ first_name: !values.first_name.trim() && t('common:input.required') }),
    submit: (body, { idempotencyKey }) =>
      contact === null
        ? orThrow(
            api.POST('/api/v1/office/accounts/{id}/contacts', {
              params: { path: { id: accountId } },
              body,
              headers: idempotent(idempotencyKey),
            }),
          )
        : orThrow(api.PATCH('/api/v1/office/contacts/{id}', { params: { path: { id: contact.id } }, body })),
    onDone: () => {
      onDone()
      onClose()
    },
  })
  return (
    <Dialog opened onClose={onClose} title={t(contact ? 'accounts.contact_edit' : 'accounts.contact_new')}>
      <form className={styles.body} onSubmit={form.onSubmit} noValidate>
        <ProblemAlert error={form.problem} />
        <ContactFields form={form} first={first ?? false} />
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
