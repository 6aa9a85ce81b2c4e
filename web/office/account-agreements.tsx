import { Button, Checkbox, VisuallyHidden } from '@mantine/core'
import IconArchive from '@tabler/icons-react/dist/esm/icons/IconArchive.mjs'
import IconCalendarOff from '@tabler/icons-react/dist/esm/icons/IconCalendarOff.mjs'
import IconDots from '@tabler/icons-react/dist/esm/icons/IconDots.mjs'
import IconListCheck from '@tabler/icons-react/dist/esm/icons/IconListCheck.mjs'
import IconPencil from '@tabler/icons-react/dist/esm/icons/IconPencil.mjs'
import IconPlus from '@tabler/icons-react/dist/esm/icons/IconPlus.mjs'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../shared/api.ts'
import type { Account, Contract } from '../shared/api-types.gen.ts'
import { ConfirmDialog, Dialog, DialogActions } from '../shared/dialog.tsx'
import { useForm } from '../shared/form.ts'
import { addDays } from '../shared/formats.ts'
import { DateInput } from '../shared/inputs.tsx'
import { Menu } from '../shared/menu.tsx'
import { Facts, Section, SkeletonText } from '../shared/page.tsx'
import { Callout, ProblemAlert } from '../shared/problem-alert.tsx'
import { SimpleTable } from '../shared/simple-table.tsx'
import { ToneBadge } from '../shared/state-badge.tsx'
import type { Tone } from '../shared/theme.ts'
import { showToast, useProblemToast } from '../shared/toasts.tsx'
import { Money, PeriodText } from '../shared/values.tsx'
import { accountQuery, refreshAccounts } from './account-queries.ts'
import {
  contractsQuery,
  setupQuery,
  unitSlaProfilesQuery,
  unitThresholdProfilesQuery,
} from './agreement-queries.ts'
import { ButtonLink } from './button-link.tsx'
import { localToday } from './calendar-day.ts'
import { ContractDialog } from './contract-form.tsx'
import formStyles from './form-layout.module.css'
import { unitsQuery } from './frame-queries.ts'
import styles from './list.module.css'
import { ProfilesDialog } from './profile-choice.tsx'
import { useMay } from './session.ts'

const tones: Record<Contract['state'], Tone> = { upcoming: 'info', active: 'good', ended: 'neutral' }

/** What is agreed with the account beside its services. */
export function AccountContracts({ account }: { account: Account }) {
  const { t } = useTranslation()
  const queryClient = useQueryClient()
  const may = useMay()
  const query = useQuery(contractsQuery(account.id))
  const { data: units = [] } = useQuery(unitsQuery)
  const today = localToday(units.find((unit) => unit.id === account.business_unit_id)?.time_zone)
  const [edited, setEdited] = useState<Contract | 'new' | null>(null)
  const [ended, setEnded] = useState<Contract | null>(null)
  const [archived, setArchived] = useState<Contract | null>(null)
  const refresh = () => refreshAccounts(queryClient)
  const contracts = query.data ?? []
  const writable = may('contracts.write') && account.erased_at === null
  return (
    <Section
      title={t('contracts.title')}
      flush
      actions={
        writable && (
          <Button
            size="xs"
            variant="default"
            leftSection={<IconPlus size={14} aria-hidden />}
            onClick={() => setEdited('new')}
          >
            {t('contracts.add')}
          </Button>
        )
      }
    >
      <ProblemAlert error={query.error} onRetry={query.refetch} />
      {query.isPending && <SkeletonText lines={2} />}
      {query.isSuccess && contracts.length === 0 && (
        <p className={styles.flushNothing}>{t('contracts.nothing')}</p>
      )}
      {contracts.length > 0 && (
        <SimpleTable
          label={t('contracts.title')}
          rows={contracts}
          rowId={(row) => row.id}
          columns={[
            {
              id: 'name',
              header: t('contracts.name'),
              cell: (row) => (
                <>
                  {row.name}
                  <small className={styles.detail}>
                    {[t(`contracts.type.${row.type}`), row.sla_profile_name].filter(Boolean).join(' · ')}
                  </small>
                </>
              ),
            },
            {
              id: 'state',
              header: t('accounts.state_column'),
              cell: (row) => (
                <ToneBadge tone={tones[row.state]}>{t(`contracts.state.${row.state}`)}</ToneBadge>
              ),
            },
            {
              id: 'period',
              header: t('contracts.period'),
              cell: (row) => <PeriodText from={row.start_date} to={row.end_date} style="medium" />,
            },
            {
              id: 'amount',
              header: t('accounts.amount'),
              align: 'end',
              cell: (row) => (
                <>
                  <Money amount={row.amount} currency={row.currency} />
                  <small className={styles.detail}>
                    {t(`contracts.per.${row.type}`, { hours: (row.included_minutes ?? 0) / 60 })}
                  </small>
                </>
              ),
            },
            ...(writable
              ? [
                  {
                    id: 'actions',
                    header: <VisuallyHidden>{t('contracts.actions')}</VisuallyHidden>,
                    align: 'end' as const,
                    width: '3.5rem',
                    cell: (row: Contract) => (
                      <Menu
                        label={t('accounts.actions_of', { name: row.name })}
                        trigger={<IconDots size={18} aria-hidden />}
                        items={[
                          {
                            label: t('common:action.edit'),
                            icon: IconPencil,
                            onClick: () => setEdited(row),
                          },
                          ...(row.state === 'ended'
                            ? []
                            : [
                                {
                                  label: t('contracts.end'),
                                  icon: IconCalendarOff,
                                  onClick: () => setEnded(row),
                                },
                              ]),
                          {
                            label: t('contracts.archive'),
                            icon: IconArchive,
                            onClick: () => setArchived(row),
                          },
                        ]}
                      />
                    ),
                  },
                ]
              : []),
          ]}
        />
      )}
      {edited !== null && (
        <ContractDialog
          account={account}
          contract={edited === 'new' ? null : edited}
          today={today}
          onClose={() => setEdited(null)}
          onDone={() => void refresh()}
        />
      )}
      {ended && (
        <EndContractDialog
          contract={ended}
          today={today}
          onClose={() => setEnded(null)}
          onDone={() => void refresh()}
        />
      )}
      <ConfirmDialog
        opened={archived !== null}
        onClose={() => setArchived(null)}
        title={t('contracts.archive_title', { name: archived?.name })}
        confirm={t('contracts.archive')}
        onConfirm={async () => {
          if (!archived) return
          await orThrow(
            api.PATCH('/api/v1/office/contracts/{id}', {
              params: { path: { id: archived.id } },
              body: { archived: true },
            }),
          )
          await refresh()
          showToast({ tone: 'good', title: t('contracts.archived_toast', { name: archived.name }) })
        }}
      >
        <p>{t('contracts.archive_text')}</p>
      </ConfirmDialog>
    </Section>
  )
}

/** Sets the last day of a contract. */
function EndContractDialog({
  contract,
  today,
  onClose,
  onDone,
}: {
  contract: Contract
  today: string
  onClose: () => void
  onDone: () => void
}) {
  const { t } = useTranslation()
  const form = useForm({
    initial: { end_date: contract.start_date > today ? contract.start_date : today },
    check: ({ end_date }) => ({
      end_date:
        (end_date === '' && t('common:input.required')) ||
        (end_date < contract.start_date && t('contracts.ends_too_early')),
    }),
    submit: ({ end_date }) =>
      orThrow(
        api.PATCH('/api/v1/office/contracts/{id}', {
          params: { path: { id: contract.id } },
          body: { end_date: addDays(end_date, 1) },
        }),
      ),
    onDone: () => {
      onDone()
      onClose()
    },
  })
  return (
    <Dialog opened onClose={onClose} title={t('contracts.end_title', { name: contract.name })} size="small">
      <form className={formStyles.body} onSubmit={form.onSubmit} noValidate>
        <ProblemAlert error={form.problem} />
        <p>{t('contracts.end_text')}</p>
        <DateInput
          label={t('contracts.last_day')}
          required
          min={contract.start_date}
          {...form.field('end_date')}
        />
        <DialogActions>
          <Button variant="default" onClick={onClose}>
            {t('common:action.cancel')}
          </Button>
          <Button type="submit" loading={form.busy}>
            {t('contracts.end')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}

/** Which SLA and which alert thresholds hold for the account. */
export function AccountProfiles({ account }: { account: Account }) {
  const { t } = useTranslation()
  const may = useMay()
  const [editing, setEditing] = useState(false)
  const { data: slaProfiles } = useQuery(unitSlaProfilesQuery(account.business_unit_id))
  const { data: thresholdProfiles } = useQuery(unitThresholdProfilesQuery(account.business_unit_id))
  const words = (
    profiles: { id: string; name: string; is_default: boolean }[] | undefined,
    chosen: string | null,
  ) => {
    if (chosen !== null) return profiles?.find((one) => one.id === chosen)?.name
    const standard = profiles?.find((one) => one.is_default)
    return standard && t('profiles.default_name', { name: standard.name })
  }
  return (
    <Section
      title={t('profiles.title')}
      actions={
        may('accounts.write') && (
          <Button size="xs" variant="default" onClick={() => setEditing(true)}>
            {t('profiles.change')}
          </Button>
        )
      }
    >
      <Facts
        facts={[
          [t('profiles.sla_one'), words(slaProfiles, account.sla_profile_id)],
          [t('profiles.threshold_one'), words(thresholdProfiles, account.threshold_profile_id)],
        ]}
      />
      {editing && <ProfilesDialog account={account} onClose={() => setEditing(false)} />}
    </Section>
  )
}

/** Whose mail makes tickets: of everybody of the account, or of the primary contact alone. */
export function TicketsSwitch({ account }: { account: Account }) {
  const { t } = useTranslation()
  const queryClient = useQueryClient()
  const may = useMay()
  const change = useMutation({
    mutationFn: (tickets_only_from_primary: boolean) =>
      orThrow(
        api.PATCH('/api/v1/office/accounts/{id}', {
          params: { path: { id: account.id } },
          body: { tickets_only_from_primary },
        }),
      ),
    onSuccess: (changed) => {
      queryClient.setQueryData(accountQuery(account.id).queryKey, changed)
      showToast({ tone: 'good', title: t('accounts.saved') })
      return refreshAccounts(queryClient)
    },
    onError: useProblemToast(),
  })
  return (
    <Checkbox
      mt="md"
      label={t('accounts.tickets_only_from_primary')}
      description={t('accounts.tickets_only_from_primary_help')}
      checked={change.isPending ? change.variables : account.tickets_only_from_primary}
      disabled={!may('accounts.write')}
      onChange={(event) => change.mutate(event.currentTarget.checked)}
    />
  )
}

/** Reminds of a guided creation that was left: what is open, the way back to it, and an end to the reminder. */
export function UnfinishedSetup({ account }: { account: Account }) {
  const { t, i18n } = useTranslation()
  const queryClient = useQueryClient()
  const may = useMay()
  const { data: setup } = useQuery({ ...setupQuery(account.id), enabled: account.setup_unfinished })
  const dismiss = useMutation({
    mutationFn: () =>
      orThrow(
        api.POST('/api/v1/office/accounts/{id}/setup/dismiss', { params: { path: { id: account.id } } }),
      ),
    onSuccess: () => refreshAccounts(queryClient),
    onError: useProblemToast(),
  })
  if (!account.setup_unfinished || !setup) return null
  const open = (['contract', 'profiles', 'contact'] as const).filter((step) => setup[step] === 'open')
  return (
    <Callout tone="info" icon={<IconListCheck size={20} aria-hidden />} title={t('guide.unfinished')}>
      <p>
        {t('guide.unfinished_text', {
          steps: new Intl.ListFormat(i18n.language).format(open.map((step) => t(`guide.step.${step}`))),
        })}
      </p>
      {may('accounts.create') && (
        <div className={formStyles.start}>
          <ButtonLink size="xs" to="/accounts/$id/setup" params={{ id: account.id }}>
            {t('guide.continue')}
          </ButtonLink>
          <Button size="xs" variant="default" loading={dismiss.isPending} onClick={() => dismiss.mutate()}>
            {t('guide.dismiss')}
          </Button>
        </div>
      )}
    </Callout>
  )
}
