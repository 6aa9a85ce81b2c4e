import { Button, NativeSelect, TextInput } from '@mantine/core'
import IconLock from '@tabler/icons-react/dist/esm/icons/IconLock.mjs'
import IconPencil from '@tabler/icons-react/dist/esm/icons/IconPencil.mjs'
import { queryOptions, useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../../shared/api.ts'
import type { OwnAccount } from '../../shared/api-types.gen.ts'
import { useForm, useUnsavedWarning } from '../../shared/form.ts'
import { languages, nameOfLanguage } from '../../shared/i18n.ts'
import { Facts, PageTitle, Section, Stacked } from '../../shared/page.tsx'
import { Callout, ProblemAlert } from '../../shared/problem-alert.tsx'
import { showToast } from '../../shared/toasts.tsx'
import { useFormats } from '../../shared/use-formats.ts'
import { DateText } from '../../shared/values.tsx'
import styles from '../account.module.css'
import { AccountNav } from '../area-navs.tsx'
import { listCountries, nameOfCountry } from '../countries.ts'
import { useSession } from '../session.ts'

const accountQuery = queryOptions({
  queryKey: ['account'],
  queryFn: ({ signal }) => orThrow(api.GET('/api/v1/portal/account', { signal })),
})

/** The account's details (A7): owners change them, others read them. */
export const Route = createFileRoute('/_app/account')({
  loader: ({ context: { queryClient } }) => queryClient.ensureQueryData(accountQuery),
  component: AccountPage,
})

function AccountPage() {
  const { t } = useTranslation()
  const { data: account } = useSuspenseQuery(accountQuery)
  const mayEdit = useSession().permissions.includes('owner')
  const [editing, setEditing] = useState(false)
  const editButton = useRef<HTMLButtonElement>(null)
  const close = () => {
    setEditing(false)
    requestAnimationFrame(() => editButton.current?.focus())
  }
  return (
    <>
      <AccountNav />
      <PageTitle
        title={t('account.title')}
        subtitle={t('account.subtitle')}
        actions={
          mayEdit &&
          !editing && (
            <Button
              ref={editButton}
              variant="default"
              leftSection={<IconPencil size={18} aria-hidden />}
              onClick={() => setEditing(true)}
            >
              {t('account.edit')}
            </Button>
          )
        }
      />
      {editing ? (
        <AccountForm account={account} onClose={close} />
      ) : (
        <Stacked>
          {!mayEdit && (
            <Callout tone="neutral" icon={<IconLock size={20} aria-hidden />}>
              <p>{t('account.read_only')}</p>
            </Callout>
          )}
          <AccountFacts account={account} />
        </Stacked>
      )}
    </>
  )
}

function AccountFacts({ account }: { account: OwnAccount }) {
  const { t } = useTranslation()
  const { language } = useFormats()
  return (
    <div className={styles.cards}>
      <Section title={t('account.identity')}>
        <Facts
          facts={[
            [t('account.field.name'), account.name],
            [t('account.field.kind'), t(`account.kind.${account.kind}`)],
            [t('account.field.tax_id'), account.tax_id],
            [t('account.field.number'), String(account.number)],
            [t('account.field.created_at'), <DateText key="created" value={account.created_at} />],
          ]}
        />
      </Section>
      <Section title={t('account.contact')}>
        <Facts
          facts={[
            [t('account.field.email'), account.email],
            [t('account.field.phone'), account.phone],
            [t('account.field.language'), nameOfLanguage(account.language)],
          ]}
        />
      </Section>
      <Section title={t('account.address_title')}>
        <Facts
          facts={[
            [t('account.field.address'), account.address],
            [t('account.field.city'), account.city],
            [t('account.field.state'), account.state],
            [t('account.field.postal_code'), account.postal_code],
            [t('account.field.country'), account.country && nameOfCountry(account.country, language)],
          ]}
        />
      </Section>
    </div>
  )
}

function AccountForm({ account, onClose }: { account: OwnAccount; onClose: () => void }) {
  const { t } = useTranslation()
  const { language } = useFormats()
  const { queryClient } = Route.useRouteContext()
  const first = useRef<HTMLInputElement>(null)
  useEffect(() => first.current?.focus(), [])
  const form = useForm({
    initial: {
      name: account.name,
      tax_id: account.tax_id ?? '',
      phone: account.phone ?? '',
      address: account.address ?? '',
      city: account.city ?? '',
      state: account.state ?? '',
      postal_code: account.postal_code ?? '',
      country: account.country ?? '',
      language: account.language,
    },
    check: (values) => ({ name: !values.name.trim() && t('account.name_missing') }),
    submit: (body) => orThrow(api.PATCH('/api/v1/portal/account', { body })),
    onDone: (saved) => {
      queryClient.setQueryData(accountQuery.queryKey, saved)
      void queryClient.invalidateQueries({ queryKey: ['home'] })
      void queryClient.invalidateQueries({ queryKey: ['session'] })
      showToast({ tone: 'good', title: t('account.saved'), detail: t('account.saved_detail') })
      onClose()
    },
  })
  useUnsavedWarning(form.changed, t('account.leave'))
  return (
    <form onSubmit={form.onSubmit} noValidate>
      <Stacked>
        <ProblemAlert error={form.problem} />
        <div className={styles.cards}>
          <Section title={t('account.identity')}>
            <div className={styles.form}>
              <TextInput
                ref={first}
                label={t('account.field.name')}
                autoComplete={account.kind === 'company' ? 'organization' : 'name'}
                maxLength={200}
                required
                withAsterisk={false}
                {...form.field('name')}
              />
              <TextInput label={t('account.field.tax_id')} maxLength={40} {...form.field('tax_id')} />
            </div>
          </Section>
          <Section title={t('account.contact')}>
            <div className={styles.form}>
              <TextInput
                label={t('account.field.email')}
                description={t('account.email_help')}
                value={account.email ?? ''}
                readOnly
                disabled
              />
              <TextInput
                type="tel"
                label={t('account.field.phone')}
                autoComplete="tel"
                maxLength={60}
                {...form.field('phone')}
              />
              <NativeSelect
                label={t('account.field.language')}
                description={t('account.language_help')}
                data={languages.map((value) => ({ value, label: nameOfLanguage(value) }))}
                {...form.field('language')}
              />
            </div>
          </Section>
          <Section title={t('account.address_title')}>
            <div className={styles.form}>
              <TextInput
                label={t('account.field.address')}
                autoComplete="street-address"
                maxLength={300}
                {...form.field('address')}
              />
              <div className={styles.pair}>
                <TextInput
                  label={t('account.field.city')}
                  autoComplete="address-level2"
                  maxLength={120}
                  {...form.field('city')}
                />
                <TextInput
                  label={t('account.field.state')}
                  autoComplete="address-level1"
                  maxLength={120}
                  {...form.field('state')}
                />
              </div>
              <div className={styles.pair}>
                <TextInput
                  label={t('account.field.postal_code')}
                  autoComplete="postal-code"
                  maxLength={20}
                  {...form.field('postal_code')}
                />
                <NativeSelect
                  label={t('account.field.country')}
                  autoComplete="country"
                  data={[{ value: '', label: '–' }, ...listCountries(language)]}
                  {...form.field('country')}
                />
              </div>
            </div>
          </Section>
        </div>
        <div className={styles.actions}>
          <Button variant="default" disabled={form.busy} onClick={onClose}>
            {t('common:action.cancel')}
          </Button>
          <Button type="submit" loading={form.busy}>
            {t('account.save')}
          </Button>
        </div>
      </Stacked>
    </form>
  )
}
