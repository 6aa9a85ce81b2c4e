import { Button, TextInput } from '@mantine/core'
import { useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute, useRouter } from '@tanstack/react-router'
import { useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { api, idempotent, orThrow } from '../../shared/api.ts'
import { useForm } from '../../shared/form.ts'
import { EmptyState, PageTitle, Section, Stacked } from '../../shared/page.tsx'
import { ProblemError, toProblem } from '../../shared/problem.ts'
import { ProblemAlert } from '../../shared/problem-alert.tsx'
import { showToast } from '../../shared/toasts.tsx'
import { AccountFields, bodyOfAccount, valuesOfAccount } from '../account-form.tsx'
import { refreshAccounts } from '../account-queries.ts'
import { BackLink } from '../back-link.tsx'
import { ButtonLink } from '../button-link.tsx'
import styles from '../form-layout.module.css'
import { unitsQuery } from '../frame-queries.ts'
import { useMay } from '../session.ts'

/** A new account with its first contact. */
export const Route = createFileRoute('/_app/accounts/new')({
  loader: ({ context: { queryClient } }) => queryClient.ensureQueryData(unitsQuery),
  component: NewAccount,
})

const noContact = { contact_first_name: '', contact_last_name: '', contact_email: '', contact_phone: '' }

function NewAccount() {
  const { t } = useTranslation()
  const router = useRouter()
  const may = useMay()
  const { queryClient } = Route.useRouteContext()
  const { data: units } = useSuspenseQuery(unitsQuery)
  const created = useRef<string | null>(null)
  const form = useForm({
    initial: {
      ...valuesOfAccount(
        null,
        units.find((unit) => unit.archived_at === null),
      ),
      ...noContact,
    },
    check: (values) => ({
      name: !values.name.trim() && t('common:input.required'),
      contact_first_name:
        !values.contact_first_name.trim() &&
        (values.contact_last_name || values.contact_email || values.contact_phone).trim() !== '' &&
        t('common:input.required'),
    }),
    submit: async (values, { idempotencyKey }) => {
      const { contact_first_name, contact_last_name, contact_email, contact_phone, ...account } = values
      // When only the contact was refused, the account is there already and is not made twice.
      created.current ??= (
        await orThrow(
          api.POST('/api/v1/office/accounts', {
            body: bodyOfAccount(account),
            headers: idempotent(idempotencyKey),
          }),
        )
      ).id
      const id = created.current
      if (contact_first_name.trim() !== '') {
        try {
          await orThrow(
            api.POST('/api/v1/office/accounts/{id}/contacts', {
              params: { path: { id } },
              body: {
                first_name: contact_first_name,
                last_name: contact_last_name,
                email: contact_email,
                phone: contact_phone,
                is_primary: true,
                topics: ['billing', 'services', 'support'],
              },
            }),
          )
        } catch (cause) {
          const problem = toProblem(cause)
          throw new ProblemError({
            ...problem,
            errors: problem.errors?.map((one) => ({ ...one, path: `contact_${one.path}` })),
          })
        }
      }
      return id
    },
    onDone: (id, values) => {
      void refreshAccounts(queryClient)
      showToast({ tone: 'good', title: t('accounts.created_toast', { name: values.name }) })
      void router.navigate({ to: `/accounts/${id}` })
    },
  })
  const back = <BackLink to="/accounts">{t('shell.accounts')}</BackLink>
  if (!may('accounts.write')) {
    return (
      <>
        <PageTitle title={t('shell.new_account')} back={back} />
        <EmptyState title={t('words.not_permitted')} />
      </>
    )
  }
  return (
    <form className={styles.narrow} onSubmit={form.onSubmit} noValidate>
      <Stacked>
        <PageTitle title={t('shell.new_account')} back={back} />
        <ProblemAlert error={form.problem} />
        <Section title={t('accounts.details')}>
          <AccountFields form={form} units={units} isNew />
        </Section>
        <Section title={t('accounts.first_contact')} description={t('accounts.first_contact_text')}>
          <div className={styles.fields}>
            <div data-span="6">
              <TextInput
                label={t('accounts.first_name')}
                autoComplete="off"
                {...form.field('contact_first_name')}
              />
            </div>
            <div data-span="6">
              <TextInput
                label={t('accounts.last_name')}
                autoComplete="off"
                {...form.field('contact_last_name')}
              />
            </div>
            <div data-span="6">
              <TextInput
                type="email"
                label={t('accounts.email')}
                autoComplete="off"
                {...form.field('contact_email')}
              />
            </div>
            <div data-span="6">
              <TextInput
                label={t('accounts.phone')}
                inputMode="tel"
                autoComplete="off"
                {...form.field('contact_phone')}
              />
            </div>
          </div>
        </Section>
        <div className={styles.end}>
          <ButtonLink to="/accounts" variant="default">
            {t('common:action.cancel')}
          </ButtonLink>
          <Button type="submit" loading={form.busy}>
            {t('accounts.create')}
          </Button>
        </div>
      </Stacked>
    </form>
  )
}
