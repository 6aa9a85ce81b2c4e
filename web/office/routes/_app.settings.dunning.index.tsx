import { Button, NativeSelect } from '@mantine/core'
import IconAlarm from '@tabler/icons-react/dist/esm/icons/IconAlarm.mjs'
import IconPlus from '@tabler/icons-react/dist/esm/icons/IconPlus.mjs'
import { useMutation, useQuery, useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute, Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../../shared/api.ts'
import type { DunningPolicy, DunningPolicySummary } from '../../shared/api-types.gen.ts'
import { ConfirmDialog } from '../../shared/dialog.tsx'
import { loadTexts } from '../../shared/i18n.ts'
import { Columns, EmptyState, PageTitle, Section, SkeletonText } from '../../shared/page.tsx'
import { ProblemAlert } from '../../shared/problem-alert.tsx'
import type { Search } from '../../shared/router.ts'
import { SimpleTable } from '../../shared/simple-table.tsx'
import { ToneBadge } from '../../shared/state-badge.tsx'
import { showToast } from '../../shared/toasts.tsx'
import { useFormats } from '../../shared/use-formats.ts'
import { DateText } from '../../shared/values.tsx'
import { ButtonLink } from '../button-link.tsx'
import styles from '../dunning.module.css'
import { NewPolicyDialog } from '../dunning-dialogs.tsx'
import { policiesQuery, policyQuery, refreshDunning, runsQuery } from '../dunning-queries.ts'
import { StepsPlot } from '../dunning-timeline.tsx'
import { unitsQuery } from '../frame-queries.ts'
import { useMay } from '../session.ts'
import { SettingsNav } from '../settings-nav.tsx'

/** The policy of each business unit: what is in force, what is prepared, and how the daily runs went. */
export const Route = createFileRoute('/_app/settings/dunning/')({
  validateSearch: (search: Record<string, unknown>) => search as Search,
  loader: async ({ context: { queryClient } }) => {
    await Promise.all([queryClient.ensureQueryData(unitsQuery), loadTexts('dunning')])
  },
  component: DunningSettings,
})

function DunningSettings() {
  const { t } = useTranslation('dunning')
  const { data: all } = useSuspenseQuery(unitsQuery)
  const units = all.filter((unit) => unit.archived_at === null)
  const search = Route.useSearch() as Record<string, string | undefined>
  const navigate = useNavigate()
  const unit = units.find((one) => one.id === search.business_unit_id) ?? units[0]
  return (
    <>
      <PageTitle
        title={t('title')}
        subtitle={t('subtitle')}
        actions={
          <ButtonLink to="/dunning" variant="default">
            {t('done.see')}
          </ButtonLink>
        }
      />
      <SettingsNav />
      {units.length > 1 && unit && (
        <NativeSelect
          className={styles.unit}
          label={t('unit')}
          value={unit.id}
          data={units.map((one) => ({ value: one.id, label: one.name }))}
          onChange={(event) =>
            void navigate({
              to: '/settings/dunning',
              search: { business_unit_id: event.currentTarget.value } as never,
              replace: true,
            })
          }
        />
      )}
      {unit && <UnitDunning key={unit.id} unitId={unit.id} />}
    </>
  )
}

function UnitDunning({ unitId }: { unitId: string }) {
  const { t } = useTranslation('dunning')
  const may = useMay()
  const navigate = useNavigate()
  const queryClient = useQueryClient()
  const { date, relative } = useFormats()
  const query = useQuery(policiesQuery(unitId))
  const [dialog, setDialog] = useState<'new' | 'version' | 'off' | null>(null)
  const policies = query.data ?? []
  const current = policies.find((one) => one.state === 'in_force')
  const drafts = policies.filter((one) => one.state === 'draft')
  const ended = policies.filter((one) => one.state === 'retired')
  const writable = may('dunning.write')
  const open = (policy: DunningPolicy) => {
    void refreshDunning(queryClient)
    void navigate({ to: '/settings/dunning/$id', params: { id: policy.id } })
  }
  const create = writable && (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setDialog('new')}>
      {t('drafts.new')}
    </Button>
  )
  if (query.error) return <ProblemAlert error={query.error} onRetry={query.refetch} />
  if (query.isPending) return <SkeletonText lines={6} />
  return (
    <>
      {policies.length === 0 ? (
        <Section>
          <EmptyState icon={<IconAlarm size={24} aria-hidden />} title={t('empty.title')} action={create}>
            {t('empty.text')}
          </EmptyState>
        </Section>
      ) : (
        <Columns
          main={
            <>
              <Section title={t('in_force.title')}>
                {current ? (
                  <InForce policy={current} writable={writable} onDialog={setDialog} />
                ) : (
                  <p>{t('in_force.none')}</p>
                )}
              </Section>
              {current && <Runs unitId={unitId} />}
            </>
          }
          aside={
            <>
              <Section
                title={t('drafts.title')}
                description={t('drafts.text')}
                actions={
                  writable && (
                    <Button
                      size="xs"
                      variant="default"
                      leftSection={<IconPlus size={14} aria-hidden />}
                      onClick={() => setDialog('new')}
                    >
                      {t('drafts.new')}
                    </Button>
                  )
                }
              >
                {drafts.length === 0 ? (
                  <p className={styles.detail}>{t('drafts.none')}</p>
                ) : (
                  <ul className={styles.list}>
                    {drafts.map((one) => (
                      <li key={one.id}>
                        <Link to="/settings/dunning/$id" params={{ id: one.id }}>
                          {one.name}
                        </Link>
                        <small className={styles.detail}>
                          {t('drafts.edited', { when: relative(one.updated_at) })}
                        </small>
                      </li>
                    ))}
                  </ul>
                )}
              </Section>
              {ended.length > 0 && (
                <Section title={t('ended.title')}>
                  <ul className={styles.list}>
                    {ended.map((one) => (
                      <li key={one.id}>
                        <Link to="/settings/dunning/$id" params={{ id: one.id }}>
                          {one.name}
                        </Link>
                        <small className={styles.detail}>
                          {t('ended.line', {
                            from: date(one.switched_on_at ?? ''),
                            to: date(one.switched_off_at ?? ''),
                          })}
                        </small>
                      </li>
                    ))}
                  </ul>
                </Section>
              )}
            </>
          }
        />
      )}
      {(dialog === 'new' || dialog === 'version') && (
        <NewPolicyDialog
          unitId={unitId}
          policies={policies}
          copyOf={dialog === 'version' ? current : undefined}
          onClose={() => setDialog(null)}
          onDone={open}
        />
      )}
      {current && <SwitchOff policy={current} opened={dialog === 'off'} onClose={() => setDialog(null)} />}
    </>
  )
}

function InForce({
  policy,
  writable,
  onDialog,
}: {
  policy: DunningPolicySummary
  writable: boolean
  onDialog: (dialog: 'version' | 'off') => void
}) {
  const { t } = useTranslation('dunning')
  const { date } = useFormats()
  const { data } = useQuery(policyQuery(policy.id))
  const since = date(policy.switched_on_at ?? '')
  return (
    <>
      <div className={styles.headline}>
        <strong>
          <Link to="/settings/dunning/$id" params={{ id: policy.id }}>
            {policy.name}
          </Link>
        </strong>
        <small className={styles.detail}>
          {policy.switched_on_by_name
            ? t('in_force.since', { date: since, name: policy.switched_on_by_name })
            : t('in_force.since_system', { date: since })}{' '}
          · {t('in_force.steps', { count: policy.step_count })}
        </small>
      </div>
      {data && <StepsPlot steps={data.steps} />}
      <div className={styles.buttons}>
        <ButtonLink to="/settings/dunning/$id" params={{ id: policy.id }} variant="default">
          {t('in_force.see')}
        </ButtonLink>
        {writable && (
          <>
            <Button variant="default" onClick={() => onDialog('version')}>
              {t('in_force.new_version')}
            </Button>
            <Button variant="default" onClick={() => onDialog('off')}>
              {t('in_force.off')}
            </Button>
          </>
        )}
      </div>
    </>
  )
}

function SwitchOff({
  policy,
  opened,
  onClose,
}: {
  policy: DunningPolicySummary
  opened: boolean
  onClose: () => void
}) {
  const { t } = useTranslation('dunning')
  const queryClient = useQueryClient()
  const off = useMutation({
    mutationFn: () =>
      orThrow(
        api.POST('/api/v1/office/dunning-policies/{id}/switch-off', { params: { path: { id: policy.id } } }),
      ),
    onSuccess: async () => {
      await refreshDunning(queryClient)
      showToast({ tone: 'good', title: t('switch_off.done') })
    },
  })
  return (
    <ConfirmDialog
      opened={opened}
      onClose={onClose}
      title={t('switch_off.title', { name: policy.name })}
      confirm={t('switch_off.confirm')}
      danger
      onConfirm={() => off.mutateAsync()}
    >
      <p>{t('switch_off.text')}</p>
    </ConfirmDialog>
  )
}

/** How the last days went, with the accounts that could not be dealt with. */
function Runs({ unitId }: { unitId: string }) {
  const { t } = useTranslation('dunning')
  const query = useQuery(runsQuery(unitId))
  const runs = query.data ?? []
  const failed = runs.find((run) => run.failures.length > 0)
  return (
    <Section title={t('runs.title')} description={t('runs.text')} flush>
      {runs.length === 0 ? (
        <p className={styles.pad}>{t('runs.none')}</p>
      ) : (
        <SimpleTable
          label={t('runs.title')}
          rows={runs}
          rowId={(row) => row.id}
          columns={[
            { id: 'day', header: t('runs.day'), cell: (row) => <DateText value={row.on_date} /> },
            {
              id: 'state',
              header: t('runs.state'),
              cell: (row) => (
                <ToneBadge tone={row.finished_at === null ? 'info' : row.failed > 0 ? 'warning' : 'good'}>
                  {t(row.finished_at === null ? 'runs.running' : 'runs.finished')}
                </ToneBadge>
              ),
            },
            { id: 'accounts', header: t('runs.accounts'), align: 'end', cell: (row) => row.accounts },
            { id: 'done', header: t('runs.done'), align: 'end', cell: (row) => row.done },
            { id: 'skipped', header: t('runs.skipped'), align: 'end', cell: (row) => row.skipped },
            { id: 'failed', header: t('runs.failed'), align: 'end', cell: (row) => row.failed },
          ]}
        />
      )}
      {failed && (
        <div className={styles.pad}>
          <p>
            <DateText value={failed.on_date} />: {t('runs.failures')}
          </p>
          <ul className={styles.failures}>
            {failed.failures.map((one) => (
              <li key={one.account_id}>
                <Link to="/accounts/$id" params={{ id: one.account_id }}>
                  {one.account_name}
                </Link>{' '}
                <small className={styles.detail}>{one.message}</small>
              </li>
            ))}
          </ul>
        </div>
      )}
    </Section>
  )
}
