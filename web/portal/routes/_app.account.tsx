import { Button, NativeSelect, TextInput } from '@mantine/core'
import IconCircleX from '@tabler/icons-react/dist/esm/icons/IconCircleX.mjs'
import IconClock from '@tabler/icons-react/dist/esm/icons/IconClock.mjs'
import IconLock from '@tabler/icons-react/dist/esm/icons/IconLock.mjs'
import IconPencil from '@tabler/icons-react/dist/esm/icons/IconPencil.mjs'
import { queryOptions, useMutation, useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../../shared/api.ts'
import type { OwnAccount } from '../../shared/api-types.gen.ts'
import { useForm, useUnsavedWarning } from '../../shared/form.ts'
import { languages, nameOfLanguage } from '../../shared/i18n.ts'
import { Facts, PageTitle, Section, Stacked } from '../../shared/page.tsx'
import { Callout, ProblemAlert } from '../../shared/problem-alert.tsx'
import { showToast, useProblemToast } from '../../shared/toasts.tsx'
import { useFormats } from '../../shared/use-formats.ts'
import { DateText } from '../../shared/values.tsx'
import styles from '../account.module.css'
import { AccountNav } from '../area-navs.tsx'
import { listCountries, nameOfCountry } from '../countries.ts'
import memberStyles from '../members.module.css'
import { useSession } from '../session.ts'
import { useUnitName } from '../unit-name.ts'

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
          <ChangeRequest account={account} />
          <AccountFacts account={account} />
        </Stacked>
      )}
    </>
  )
}

const sensitive = ['name', 'kind', 'tax_id'] as const

/** What of the details waits for the business unit, or was refused last and why. */
function ChangeRequest({ account }: { account: OwnAccount }) {
  const { t } = useTranslation()
  const unitName = useUnitName()
  const mayEdit = useSession().permissions.includes('owner')
  const { queryClient } = Route.useRouteContext()
  const request = account.change_request
  const withdraw = useMutation({
    mutationFn: (id: string) =>
      orThrow(api.POST('/api/v1/portal/account-change-requests/{id}/withdraw', { params: { path: { id } } })),
    onSuccess: () => {
      void queryClient.invalidateQueries({ queryKey: ['account'] })
      showToast({ tone: 'good', title: t('account.change_withdrawn') })
    },
    onError: useProblemToast(),
  })
  if (!request) return null
  const pending = request.state === 'pending'
  const words = (field: (typeof sensitive)[number], value: string | null | undefined) =>
    field === 'kind' && value ? t(`account.kind.${value}`) : value || '–'
  return (
    <Callout
      tone={pending ? 'info' : 'warning'}
      icon={pending ? <IconClock size={20} aria-hidden /> : <IconCircleX size={20} aria-hidden />}
      title={t(pending ? 'account.change_pending' : 'account.change_rejected')}
    >
      <p>
        {pending
          ? t('account.change_pending_text', { unit: unitName ?? '' })
          : t('account.change_reason', { reason: request.reason })}
      </p>
      <dl className={memberStyles.changes}>
        {sensitive
          .filter((field) => request.changes[field] !== undefined)
          .map((field) => (
            <div key={field}>
              <dt>{t(`account.field.${field}`)}</dt>
              <dd>
                <del>{words(field, request.previous[field])}</del> →{' '}
                <strong>{words(field, request.changes[field])}</strong>
              </dd>
            </div>
          ))}
      </dl>
      {pending && mayEdit && (
        <div className={memberStyles.buttons}>
          <Button variant="default" loading={withdraw.isPending} onClick={() => withdraw.mutate(request.id)}>
            {t('account.change_withdraw')}
          </Button>
        </div>
      )}
    </Callout>
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
  const unitName = useUnitName()
  // Asked for already: until it is decided nothing more is asked.
  const waiting = account.change_request?.state === 'pending'
  const first = useRef<HTMLInputElement>(null)
  useEffect(() => first.current?.focus(), [])
  const form = useForm({
    initial: {
      name: account.name,
      kind: account.kind as string,
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
    submit: ({ kind, name, tax_id, ...rest }) =>
      orThrow(
        api.PATCH('/api/v1/portal/account', {
          body: waiting ? rest : { ...rest, name, tax_id, kind: kind as OwnAccount['kind'] },
        }),
      ),
    onDone: (saved) => {
      queryClient.setQueryData(accountQuery.queryKey, saved)
      void queryClient.invalidateQueries({ queryKey: ['home'] })
      void queryClient.invalidateQueries({ queryKey: ['session'] })
      const asked =
        saved.change_request?.state === 'pending' && saved.change_request.id !== account.change_request?.id
      showToast(
        asked
          ? { tone: 'info', title: t('account.asked'), detail: t('account.asked_detail') }
          : { tone: 'good', title: t('account.saved'), detail: t('account.saved_detail') },
      )
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
                disabled={waiting}
                {...form.field('name')}
              />
              <NativeSelect
                label={t('account.field.kind')}
                data={(['company', 'person'] as const).map((value) => ({
                  value,
                  label: t(`account.kind.${value}`),
                }))}
                disabled={waiting}
                {...form.field('kind')}
              />
              <TextInput
                label={t('account.field.tax_id')}
                maxLength={40}
                disabled={waiting}
                {...form.field('tax_id')}
              />
              {account.sensitive_changes_need_approval && (
                <p className={memberStyles.muted}>
                  {t(waiting ? 'account.change_locked' : 'account.change_confirmed', {
                    unit: unitName ?? '',
                  })}
                </p>
              )}
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
