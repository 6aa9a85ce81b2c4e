import { Button, Checkbox } from '@mantine/core'
import IconCreditCard from '@tabler/icons-react/dist/esm/icons/IconCreditCard.mjs'
import IconPlus from '@tabler/icons-react/dist/esm/icons/IconPlus.mjs'
import { useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute, Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { PaymentDriver } from '../../shared/api-types.gen.ts'
import { Dialog } from '../../shared/dialog.tsx'
import { loadTexts } from '../../shared/i18n.ts'
import { EmptyState, PageTitle, Section, Stacked } from '../../shared/page.tsx'
import type { Search } from '../../shared/router.ts'
import { SimpleTable } from '../../shared/simple-table.tsx'
import { ToneBadge } from '../../shared/state-badge.tsx'
import { DateText } from '../../shared/values.tsx'
import { chooseUnit } from '../chosen-unit.ts'
import { unitsQuery } from '../frame-queries.ts'
import { PermittedButton } from '../permitted-button.tsx'
import { driversQuery, providersQuery } from '../provider-queries.ts'
import { HealthBadge, TestBadge } from '../provider-words.tsx'
import styles from '../providers.module.css'
import { SettingsNav } from '../settings-nav.tsx'
import { UnitChoice } from '../unit-choice.tsx'

/** The ways in which business units are paid, and whether each works. */
export const Route = createFileRoute('/_app/settings/providers/')({
  validateSearch: (search: Record<string, unknown>) => search as Search,
  loader: async ({ context: { queryClient } }) => {
    await Promise.all([
      queryClient.ensureQueryData(unitsQuery),
      queryClient.ensureQueryData(driversQuery),
      queryClient.ensureQueryData(providersQuery(true)),
      loadTexts('providers'),
    ])
  },
  component: ProvidersPage,
})

function ProvidersPage() {
  const { t } = useTranslation('providers')
  const { data: units } = useSuspenseQuery(unitsQuery)
  const { data: all } = useSuspenseQuery({ ...providersQuery(true), refetchInterval: 30_000 })
  const [archived, setArchived] = useState(false)
  const [choosing, setChoosing] = useState(false)
  const unit = chooseUnit(units, Route.useSearch())
  const own = all.filter((one) => one.business_unit_id === unit?.id)
  const shown = own.filter((one) => archived || one.archived_at === null)
  const add = (
    <PermittedButton
      needs="settings.write"
      leftSection={<IconPlus size={16} aria-hidden />}
      onClick={() => setChoosing(true)}
    >
      {t('office.new')}
    </PermittedButton>
  )
  return (
    <>
      <PageTitle
        title={t('office.title')}
        actions={
          <>
            <UnitChoice />
            {unit && add}
          </>
        }
      />
      <SettingsNav />
      <Stacked>
        {shown.length === 0 ? (
          <Section>
            <EmptyState
              icon={<IconCreditCard size={24} aria-hidden />}
              title={t('office.none')}
              action={unit && add}
            >
              {t('office.none_text')}
            </EmptyState>
          </Section>
        ) : (
          <Section title={unit?.name} description={t('office.text')} flush>
            <SimpleTable
              label={t('office.title')}
              rows={shown}
              rowId={(row) => row.id}
              columns={[
                {
                  id: 'name',
                  header: t('office.name'),
                  primary: true,
                  width: '28%',
                  cell: (row) => (
                    <span className={styles.name}>
                      <Link to="/settings/providers/$id" params={{ id: row.id }}>
                        {row.name}
                      </Link>
                      {row.driver === 'sandbox' && <TestBadge />}
                    </span>
                  ),
                },
                { id: 'driver', header: t('office.driver'), cell: (row) => t(`${row.driver}.title`) },
                {
                  id: 'methods',
                  header: t('office.methods'),
                  cell: (row) =>
                    row.methods.map((method) => t(`office:words.payment_method.${method}`)).join(', '),
                },
                {
                  id: 'enabled',
                  header: t('office.state'),
                  cell: (row) => (
                    <ToneBadge tone={row.enabled ? 'good' : 'neutral'}>
                      {t(row.archived_at ? 'office.archived' : row.enabled ? 'office.in_use' : 'office.off')}
                    </ToneBadge>
                  ),
                },
                {
                  id: 'health',
                  header: t('office.health_title'),
                  cell: (row) => <HealthBadge health={row.health} />,
                },
                {
                  id: 'unknown',
                  header: t('office.unknown'),
                  align: 'end',
                  cell: (row) =>
                    row.unknown_intents === 0 ? (
                      '0'
                    ) : (
                      <Link
                        to="/payments/providers"
                        search={{ provider_id: row.id, state: 'unknown' } as never}
                      >
                        {row.unknown_intents}
                      </Link>
                    ),
                },
                {
                  id: 'told',
                  header: t('office.last_event'),
                  cell: (row) => <DateText value={row.last_event_at} relative />,
                },
              ]}
            />
          </Section>
        )}
        {own.some((one) => one.archived_at !== null) && (
          <Checkbox
            label={t('office.show_archived')}
            checked={archived}
            onChange={(event) => setArchived(event.currentTarget.checked)}
          />
        )}
      </Stacked>
      {choosing && unit && (
        <DriverDialog currency={unit.currency} unitId={unit.id} onClose={() => setChoosing(false)} />
      )}
    </>
  )
}

/** Which kind of provider is to be added: those that take the business unit's currency. */
function DriverDialog({
  currency,
  unitId,
  onClose,
}: {
  currency: string
  unitId: string
  onClose: () => void
}) {
  const { t } = useTranslation('providers')
  const navigate = useNavigate()
  const { data: drivers } = useSuspenseQuery(driversQuery)
  const takes = (driver: PaymentDriver) => driver.currencies === null || driver.currencies.includes(currency)
  // Those for money first, what is for trying last.
  const offered = drivers
    .filter(takes)
    .toSorted((a, b) => Number(a.driver === 'sandbox') - Number(b.driver === 'sandbox'))
  return (
    <Dialog opened onClose={onClose} title={t('office.choose')}>
      <ul className={styles.drivers}>
        {offered.map((driver) => (
          <li key={driver.driver}>
            <div>
              <strong>{t(`${driver.driver}.title`)}</strong>
              {driver.driver === 'sandbox' && <TestBadge />}
              <p>{t(`${driver.driver}.about`, { defaultValue: '' })}</p>
            </div>
            <Button
              variant="default"
              aria-label={t('office.choose_this', { name: t(`${driver.driver}.title`) })}
              onClick={() =>
                void navigate({
                  to: '/settings/providers/$id',
                  params: { id: 'new' },
                  search: { driver: driver.driver, business_unit_id: unitId } as never,
                })
              }
            >
              {t('office.set_up')}
            </Button>
          </li>
        ))}
      </ul>
    </Dialog>
  )
}
