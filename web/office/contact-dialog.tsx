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

/** Adds a contact to an account, or changes one. */
export function ContactDialog({
  accountId,
  contact,
  onClose,
  onDone,
}: {
  accountId: string
  /** Null adds one. */
  contact: Contact | null
  onClose: () => void
  onDone: () => void
}) {
  const { t } = useTranslation()
  const form = useForm({
    initial: {
      first_name: contact?.first_name ?? '',
      last_name: contact?.last_name ?? '',
      email: contact?.email ?? '',
      phone: contact?.phone ?? '',
      title: contact?.title ?? '',
      topics: contact?.topics ?? [...topics],
      is_primary: contact?.is_primary ?? false,
    },
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
        <div className={styles.fields}>
          <div data-span="6">
            <TextInput
              label={t('accounts.first_name')}
              required
              autoComplete="off"
              {...form.field('first_name')}
            />
          </div>
          <div data-span="6">
            <TextInput label={t('accounts.last_name')} autoComplete="off" {...form.field('last_name')} />
          </div>
          <TextInput type="email" label={t('accounts.email')} autoComplete="off" {...form.field('email')} />
          <div data-span="6">
            <TextInput
              label={t('accounts.phone')}
              inputMode="tel"
              autoComplete="off"
              {...form.field('phone')}
            />
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
          <Checkbox
            label={t('accounts.is_primary')}
            description={t('accounts.is_primary_help')}
            {...form.toggle('is_primary')}
          />
        </div>
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
