import { ActionIcon, TextInput } from '@mantine/core'
import IconCopy from '@tabler/icons-react/dist/esm/icons/IconCopy.mjs'
import { useMutation, useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute, Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../../shared/api.ts'
import type { PaymentProvider } from '../../shared/api-types.gen.ts'
import { ConfirmDialog } from '../../shared/dialog.tsx'
import { loadTexts } from '../../shared/i18n.ts'
import { Columns, Facts, PageTitle, Section, Stacked } from '../../shared/page.tsx'
import type { Search } from '../../shared/router.ts'
import { showToast, useProblemToast } from '../../shared/toasts.tsx'
import { DateText } from '../../shared/values.tsx'
import { BackLink } from '../back-link.tsx'
import { chooseUnit } from '../chosen-unit.ts'
import { unitsQuery } from '../frame-queries.ts'
import { PermittedButton } from '../permitted-button.tsx'
import { ProviderForm } from '../provider-form.tsx'
import { driversQuery, providerQuery, refreshProviders } from '../provider-queries.ts'
import { HealthBadge, TestBadge } from '../provider-words.tsx'
import styles from '../providers.module.css'

/** A way to be paid: its settings, whether it works, where it tells us of payments. `new` makes one. */
export const Route = createFileRoute('/_app/settings/providers/$id')({
  validateSearch: (search: Record<string, unknown>) => search as Search & { driver?: string },
  loader: async ({ context: { queryClient }, params: { id } }) => {
    await Promise.all([
      queryClient.ensureQueryData(unitsQuery),
      queryClient.ensureQueryData(driversQuery),
      id === 'new' ? undefined : queryClient.ensureQueryData(providerQuery(id)),
      loadTexts('providers'),
    ])
  },
  component: ProviderPage,
})

function ProviderPage() {
  const { id } = Route.useParams()
  return id === 'new' ? <NewProvider /> : <Provider key={id} id={id} />
}

function NewProvider() {
  const { t } = useTranslation('providers')
  const navigate = useNavigate()
  const search = Route.useSearch()
  const { data: units } = useSuspenseQuery(unitsQuery)
  const { data: drivers } = useSuspenseQuery(driversQuery)
  const unit = chooseUnit(units, search)
  const driver = drivers.find((one) => one.driver === search.driver) ?? drivers[0]
  if (!unit || !driver) return null
  return (
    <>
      <PageTitle
        title={t('office.new_of', { name: t(`${driver.driver}.title`) })}
        subtitle={unit.name}
        back={<BackLink to="/settings/providers">{t('office.title')}</BackLink>}
      />
      <ProviderForm
        driver={driver}
        provider={null}
        unit={unit}
        onSaved={(saved) =>
          void navigate({
            to: '/settings/providers/$id',
            params: { id: saved.id },
            search: {},
            replace: true,
          })
        }
      />
    </>
  )
}

function Provider({ id }: { id: string }) {
  const { t } = useTranslation('providers')
  const [testing, setTesting] = useState(false)
  const { data: provider } = useSuspenseQuery({
    ...providerQuery(id),
    refetchInterval: testing ? 1000 : 30_000,
  })
  // A test has answered once the provider is known to work or not.
  if (testing && provider.health !== 'untested') setTesting(false)
  const { data: drivers } = useSuspenseQuery(driversQuery)
  const driver = drivers.find((one) => one.driver === provider.driver)
  if (!driver) return null
  return (
    <>
      <PageTitle
        title={provider.name}
        subtitle={`${t(`${provider.driver}.title`)} · ${provider.business_unit_name}`}
        state={provider.driver === 'sandbox' ? <TestBadge /> : undefined}
        back={<BackLink to="/settings/providers">{t('office.title')}</BackLink>}
      />
      <Columns
        main={
          <ProviderForm
            driver={driver}
            provider={provider}
            unit={{ id: provider.business_unit_id }}
            onSaved={() => undefined}
          />
        }
        aside={
          <Stacked>
            <Health provider={provider} testing={testing} onTest={() => setTesting(true)} />
            {driver.capabilities.webhook && <HookAddress id={provider.id} />}
            {provider.archived_at === null && <Archive provider={provider} />}
          </Stacked>
        }
      />
    </>
  )
}

function Health({
  provider,
  testing,
  onTest,
}: {
  provider: PaymentProvider
  testing: boolean
  onTest: () => void
}) {
  const { t } = useTranslation('providers')
  const queryClient = useQueryClient()
  const test = useMutation({
    mutationFn: () =>
      orThrow(
        api.POST('/api/v1/office/payment-providers/{id}/test', { params: { path: { id: provider.id } } }),
      ),
    onSuccess: async () => {
      await refreshProviders(queryClient)
      onTest()
    },
    onError: useProblemToast(),
  })
  // What is known of a code, in the reader's language; what its provider says of it stands beside it.
  const fault =
    provider.health_code === null
      ? ''
      : t(`office.fault_code.${provider.health_code}`, { defaultValue: provider.health_detail ?? '' })
  return (
    <Section
      title={t('office.health_title')}
      actions={
        <PermittedButton
          needs="settings.write"
          variant="default"
          size="xs"
          loading={testing || test.isPending}
          onClick={() => test.mutate()}
        >
          {t('office.test')}
        </PermittedButton>
      }
    >
      <div role="status">
        <Facts
          stacked
          facts={[
            [t('office.state'), <HealthBadge key="health" health={provider.health} />],
            provider.health_checked_at !== null && [
              t('office.checked_at'),
              <DateText key="checked" value={provider.health_checked_at} relative />,
            ],
            fault !== '' && [t('office.fault'), fault],
            provider.health_detail !== null &&
              provider.health_detail !== fault && [
                t('office.provider_words'),
                <q key="words" className={styles.words}>
                  {provider.health_detail}
                </q>,
              ],
            [t('office.last_event'), <DateText key="event" value={provider.last_event_at} relative />],
            [
              t('office.unknown'),
              provider.unknown_intents === 0 ? (
                '0'
              ) : (
                <Link
                  key="unknown"
                  to="/payments/providers"
                  search={{ provider_id: provider.id, state: 'unknown' } as never}
                >
                  {provider.unknown_intents}
                </Link>
              ),
            ],
          ]}
        />
      </div>
    </Section>
  )
}

function HookAddress({ id }: { id: string }) {
  const { t } = useTranslation('providers')
  const address = `${window.location.origin}/api/v1/hooks/payments/${id}`
  const copy = async () => {
    await navigator.clipboard.writeText(address)
    showToast({ tone: 'good', title: t('office.copied') })
  }
  return (
    <Section title={t('office.hook')} description={t('office.hook_text')}>
      <TextInput
        aria-label={t('office.hook')}
        value={address}
        readOnly
        classNames={{ input: styles.address! }}
        rightSection={
          <ActionIcon variant="subtle" aria-label={t('office.copy')} onClick={() => void copy()}>
            <IconCopy size={16} aria-hidden />
          </ActionIcon>
        }
      />
    </Section>
  )
}

function Archive({ provider }: { provider: PaymentProvider }) {
  const { t } = useTranslation('providers')
  const queryClient = useQueryClient()
  const navigate = useNavigate()
  const [asking, setAsking] = useState(false)
  const archive = async () => {
    await orThrow(
      api.POST('/api/v1/office/payment-providers/{id}/archive', { params: { path: { id: provider.id } } }),
    )
    await refreshProviders(queryClient)
    await navigate({ to: '/settings/providers', search: {} })
  }
  return (
    <Section title={t('office.archive')} description={t('office.archive_text')}>
      <PermittedButton needs="settings.write" variant="default" onClick={() => setAsking(true)}>
        {t('office.archive')}
      </PermittedButton>
      <ConfirmDialog
        opened={asking}
        onClose={() => setAsking(false)}
        title={t('office.archive_question', { name: provider.name })}
        confirm={t('office.archive')}
        danger
        onConfirm={archive}
      >
        <p>{t('office.archive_text')}</p>
      </ConfirmDialog>
    </Section>
  )
}
