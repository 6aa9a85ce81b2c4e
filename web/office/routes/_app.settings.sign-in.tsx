import { ActionIcon, Button, PasswordInput, Switch, TextInput } from '@mantine/core'
import IconAlertTriangle from '@tabler/icons-react/dist/esm/icons/IconAlertTriangle.mjs'
import IconCircleCheck from '@tabler/icons-react/dist/esm/icons/IconCircleCheck.mjs'
import IconCopy from '@tabler/icons-react/dist/esm/icons/IconCopy.mjs'
import IconPlugConnected from '@tabler/icons-react/dist/esm/icons/IconPlugConnected.mjs'
import { queryOptions, useMutation, useQuery, useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../../shared/api.ts'
import { ConfirmDialog } from '../../shared/dialog.tsx'
import { useForm, useUnsavedWarning } from '../../shared/form.ts'
import { loadTexts } from '../../shared/i18n.ts'
import { PageTitle, Section, SkeletonText, Stacked } from '../../shared/page.tsx'
import { Callout, ProblemAlert } from '../../shared/problem-alert.tsx'
import { showToast, useProblemToast } from '../../shared/toasts.tsx'
import { Person } from '../../shared/user-avatar.tsx'
import styles from '../me.module.css'
import { useMay } from '../session.ts'
import { SettingsNav } from '../settings-nav.tsx'

const rulesQuery = queryOptions({
  queryKey: ['settings', 'sign-in'],
  queryFn: ({ signal }) => orThrow(api.GET('/api/v1/office/settings/sign-in', { signal })),
})

/** Who works here, as far as one page of them tells who lacks a second factor. */
const staffQuery = queryOptions({
  queryKey: ['staff', 'second-factor'],
  queryFn: ({ signal }) =>
    orThrow(api.GET('/api/v1/office/staff', { params: { query: { limit: 200 } as never }, signal })),
})

/** What the office asks of staff who sign in, and through whom else they may (A5). */
export const Route = createFileRoute('/_app/settings/sign-in')({
  loader: ({ context: { queryClient } }) =>
    Promise.all([queryClient.ensureQueryData(rulesQuery), loadTexts('errors')]),
  component: SignInSettings,
})

function SignInSettings() {
  const { t } = useTranslation()
  const may = useMay()
  return (
    <>
      <SettingsNav />
      <PageTitle title={t('signInSettings.title')} subtitle={t('signInSettings.subtitle')} />
      <div className={styles.page}>
        <Stacked>
          {!may('settings.write') && <Callout tone="info">{t('signInSettings.read_only')}</Callout>}
          <SecondFactorRule />
          <IdentityProvider />
        </Stacked>
      </div>
    </>
  )
}

function SecondFactorRule() {
  const { t } = useTranslation()
  const may = useMay()
  const { queryClient } = Route.useRouteContext()
  const { data: rules } = useSuspenseQuery(rulesQuery)
  const { data: staff, error } = useQuery({ ...staffQuery, enabled: may('staff.read') })
  const [asking, setAsking] = useState(false)
  const lacking = staff?.items.filter((one) => !one.has_second_factor && one.disabled_at === null)
  const change = async (staff_second_factor: boolean) => {
    await orThrow(api.PATCH('/api/v1/office/settings/sign-in', { body: { staff_second_factor } }))
    await queryClient.invalidateQueries({ queryKey: rulesQuery.queryKey })
    showToast({
      tone: 'good',
      title: t(staff_second_factor ? 'signInSettings.factor_on' : 'signInSettings.factor_off'),
    })
  }
  const turnOff = useMutation({ mutationFn: () => change(false), onError: useProblemToast() })
  const who = (
    <>
      {may('staff.read') && !staff && !error && <SkeletonText lines={2} />}
      {lacking && (
        <div className={styles.lacking}>
          <p className={styles.note}>
            {lacking.length === 0
              ? t('signInSettings.lacking_nobody')
              : t('signInSettings.lacking', { count: lacking.length })}
          </p>
          {lacking.length > 0 && (
            <ul>
              {lacking.slice(0, 12).map((one) => (
                <li key={one.id}>
                  <Person name={one.name} photo={one.photo_file_id} size={24} />
                </li>
              ))}
              {lacking.length > 12 && <li className={styles.note}>+ {lacking.length - 12}</li>}
            </ul>
          )}
        </div>
      )}
    </>
  )
  return (
    <Section title={t('signInSettings.factor_title')}>
      <div className={styles.form}>
        <Switch
          label={t('signInSettings.factor_label')}
          description={t('signInSettings.factor_help')}
          checked={rules.staff_second_factor}
          disabled={!may('settings.write') || turnOff.isPending}
          onChange={(event) => {
            if (event.currentTarget.checked) setAsking(true)
            else turnOff.mutate()
          }}
        />
        {who}
      </div>
      <ConfirmDialog
        opened={asking}
        onClose={() => setAsking(false)}
        title={t('signInSettings.factor_confirm_title')}
        confirm={t('signInSettings.factor_confirm')}
        onConfirm={() => change(true)}
      >
        <p>{t('signInSettings.factor_confirm_text')}</p>
        {who}
      </ConfirmDialog>
    </Section>
  )
}

function IdentityProvider() {
  const { t } = useTranslation()
  const may = useMay()
  const { queryClient } = Route.useRouteContext()
  const { data: rules } = useSuspenseQuery(rulesQuery)
  const readOnly = !may('settings.write')
  const callback = `${window.location.origin}/api/v1/office/session/identity-provider/callback`
  const form = useForm({
    initial: {
      oidc_label: rules.oidc_label ?? '',
      oidc_issuer: rules.oidc_issuer ?? '',
      oidc_client_id: rules.oidc_client_id ?? '',
      oidc_client_secret: '',
      oidc_enabled: rules.oidc_enabled,
    },
    check: (values) => {
      const needed = values.oidc_enabled && t('common:input.required')
      return {
        oidc_label: !values.oidc_label.trim() && needed,
        oidc_issuer: !values.oidc_issuer.trim() && needed,
        oidc_client_id: !values.oidc_client_id.trim() && needed,
      }
    },
    submit: ({ oidc_client_secret, ...values }) =>
      orThrow(
        api.PATCH('/api/v1/office/settings/sign-in', {
          body: {
            oidc_enabled: values.oidc_enabled,
            oidc_label: values.oidc_label.trim() || null,
            oidc_issuer: values.oidc_issuer.trim() || null,
            oidc_client_id: values.oidc_client_id.trim() || null,
            ...(oidc_client_secret ? { oidc_client_secret } : {}),
          },
        }),
      ),
    onDone: (_answer, values) => {
      form.reset({ ...values, oidc_client_secret: '' })
      test.reset()
      void queryClient.invalidateQueries({ queryKey: rulesQuery.queryKey })
      showToast({ tone: 'good', title: t('signInSettings.saved') })
    },
  })
  const test = useMutation({
    mutationFn: () => orThrow(api.POST('/api/v1/office/settings/sign-in/test')),
    onError: useProblemToast(),
  })
  // The stored secret belongs to the provider and client that it was given for: with others it is gone.
  const secretKept =
    rules.has_client_secret &&
    form.values.oidc_issuer.trim() === rules.oidc_issuer &&
    form.values.oidc_client_id.trim() === rules.oidc_client_id
  useUnsavedWarning(form.changed, t('signInSettings.unsaved'))
  const copy = async () => {
    await navigator.clipboard.writeText(callback)
    showToast({ tone: 'good', title: t('signInSettings.copied') })
  }
  return (
    <Section title={t('signInSettings.oidc_title')} description={t('signInSettings.oidc_about')}>
      <form className={styles.form} onSubmit={form.onSubmit} noValidate>
        <ProblemAlert error={form.problem} />
        <TextInput
          label={t('signInSettings.callback')}
          description={t('signInSettings.callback_help')}
          value={callback}
          readOnly
          rightSection={
            <ActionIcon variant="subtle" aria-label={t('signInSettings.copy')} onClick={() => void copy()}>
              <IconCopy size={16} aria-hidden />
            </ActionIcon>
          }
        />
        <TextInput
          label={t('signInSettings.issuer')}
          description={t('signInSettings.issuer_help')}
          type="url"
          autoComplete="off"
          spellCheck={false}
          disabled={readOnly}
          {...form.field('oidc_issuer')}
        />
        <div className={styles.pair}>
          <TextInput
            label={t('signInSettings.client_id')}
            description={t('signInSettings.client_id_help')}
            autoComplete="off"
            spellCheck={false}
            disabled={readOnly}
            {...form.field('oidc_client_id')}
          />
          <PasswordInput
            label={t('signInSettings.client_secret')}
            description={t(
              secretKept ? 'signInSettings.client_secret_kept' : 'signInSettings.client_secret_help',
            )}
            autoComplete="new-password"
            disabled={readOnly}
            visibilityToggleButtonProps={{ 'aria-label': t('signIn.password_show'), tabIndex: 0 }}
            {...form.field('oidc_client_secret')}
          />
        </div>
        <TextInput
          label={t('signInSettings.label')}
          description={t('signInSettings.label_help')}
          autoComplete="off"
          maxLength={60}
          disabled={readOnly}
          {...form.field('oidc_label')}
        />
        <Switch
          label={t('signInSettings.enabled')}
          description={t('signInSettings.enabled_help')}
          disabled={readOnly}
          {...form.toggle('oidc_enabled')}
        />
        {test.data && (
          <div role="status">
            <Callout
              tone={test.data.ok ? 'good' : 'bad'}
              icon={
                test.data.ok ? (
                  <IconCircleCheck size={20} aria-hidden />
                ) : (
                  <IconAlertTriangle size={20} aria-hidden />
                )
              }
              title={t(test.data.ok ? 'signInSettings.test_ok' : 'signInSettings.test_failed')}
            >
              {test.data.problem && <p>{t(`errors:${test.data.problem}.detail`)}</p>}
            </Callout>
          </div>
        )}
        <div className={styles.buttons}>
          <Button
            variant="default"
            leftSection={<IconPlugConnected size={16} aria-hidden />}
            loading={test.isPending}
            disabled={readOnly || form.changed || !rules.oidc_issuer}
            title={t('signInSettings.test_help')}
            onClick={() => test.mutate()}
          >
            {t('signInSettings.test')}
          </Button>
          <Button type="submit" loading={form.busy} disabled={readOnly || !form.changed}>
            {t('signInSettings.save')}
          </Button>
        </div>
      </form>
    </Section>
  )
}
