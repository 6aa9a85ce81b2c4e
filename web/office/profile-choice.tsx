import { Button, NativeSelect } from '@mantine/core'
import IconPlus from '@tabler/icons-react/dist/esm/icons/IconPlus.mjs'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../shared/api.ts'
import type { Account } from '../shared/api-types.gen.ts'
import { Dialog, DialogActions } from '../shared/dialog.tsx'
import { useForm } from '../shared/form.ts'
import { ProblemAlert } from '../shared/problem-alert.tsx'
import { showToast } from '../shared/toasts.tsx'
import guideStyles from './account-guide.module.css'
import { accountQuery, refreshAccounts } from './account-queries.ts'
import { refreshProfiles, unitSlaProfilesQuery, unitThresholdProfilesQuery } from './agreement-queries.ts'
import styles from './form-layout.module.css'
import { unitsQuery } from './frame-queries.ts'
import { SlaProfileDialog, ThresholdProfileDialog } from './profile-dialogs.tsx'
import { SlaSummary, ThresholdSummary } from './profile-words.tsx'
import { useMay } from './session.ts'

/** Which profiles an account follows; '' is its business unit's default. */
export type ProfileValues = { sla_profile_id: string; threshold_profile_id: string }

/** The choice of an account as its form begins. */
export function valuesOfProfiles(account: Account): ProfileValues {
  return {
    sla_profile_id: account.sla_profile_id ?? '',
    threshold_profile_id: account.threshold_profile_id ?? '',
  }
}

/** Sends which profiles an account follows. */
export function chooseProfiles(account: Account, values: ProfileValues): Promise<Account> {
  return orThrow(
    api.PATCH('/api/v1/office/accounts/{id}', {
      params: { path: { id: account.id } },
      body: {
        sla_profile_id: values.sla_profile_id || null,
        threshold_profile_id: values.threshold_profile_id || null,
      },
    }),
  )
}

/** Both choices, what each means, and a new profile for whoever may define one. */
export function ProfileFields({
  form,
  account,
}: {
  form: ReturnType<typeof useForm<ProfileValues, unknown>>
  account: Account
}) {
  const { t } = useTranslation()
  const queryClient = useQueryClient()
  const may = useMay()
  const { data: units = [] } = useQuery(unitsQuery)
  const { data: slaProfiles } = useQuery(unitSlaProfilesQuery(account.business_unit_id))
  const { data: thresholdProfiles } = useQuery(unitThresholdProfilesQuery(account.business_unit_id))
  const [adding, setAdding] = useState<'sla' | 'threshold' | null>(null)
  const unit = units.filter((one) => one.id === account.business_unit_id)
  const choice = <
    Profile extends { id: string; name: string; is_default: boolean; archived_at: string | null },
  >(
    profiles: Profile[] | undefined,
    chosen: string,
  ) => {
    const standard = profiles?.find((one) => one.is_default)
    return {
      data: [
        {
          value: '',
          label: standard ? t('profiles.default_is', { name: standard.name }) : t('profiles.no_default'),
        },
        ...(profiles ?? [])
          .filter((one) => one.archived_at === null || one.id === chosen)
          .map((one) => ({ value: one.id, label: one.name })),
      ],
      effective: chosen === '' ? standard : profiles?.find((one) => one.id === chosen),
    }
  }
  const sla = choice(slaProfiles, form.values.sla_profile_id)
  const threshold = choice(thresholdProfiles, form.values.threshold_profile_id)
  const add = (kind: 'sla' | 'threshold') =>
    may('settings.write') && (
      <Button
        className={guideStyles.more}
        size="compact-sm"
        variant="subtle"
        leftSection={<IconPlus size={14} aria-hidden />}
        onClick={() => setAdding(kind)}
      >
        {t(kind === 'sla' ? 'profiles.sla_new' : 'profiles.threshold_new')}
      </Button>
    )
  return (
    <>
      <div className={guideStyles.choice}>
        <NativeSelect
          label={t('profiles.sla_one')}
          description={t('profiles.sla_help')}
          data={sla.data}
          {...form.field('sla_profile_id')}
        />
        {sla.effective && <SlaSummary profile={sla.effective} />}
        {add('sla')}
      </div>
      <div className={guideStyles.choice}>
        <NativeSelect
          label={t('profiles.threshold_one')}
          description={t('profiles.threshold_help')}
          data={threshold.data}
          {...form.field('threshold_profile_id')}
        />
        {threshold.effective && <ThresholdSummary profile={threshold.effective} />}
        {add('threshold')}
      </div>
      {adding === 'sla' && (
        <SlaProfileDialog
          profile={null}
          units={unit}
          onClose={() => setAdding(null)}
          onDone={async (profile) => {
            await refreshProfiles(queryClient)
            form.set('sla_profile_id', profile.id)
          }}
        />
      )}
      {adding === 'threshold' && (
        <ThresholdProfileDialog
          profile={null}
          units={unit}
          onClose={() => setAdding(null)}
          onDone={async (profile) => {
            await refreshProfiles(queryClient)
            form.set('threshold_profile_id', profile.id)
          }}
        />
      )}
    </>
  )
}

/** Chooses other profiles for an account. */
export function ProfilesDialog({ account, onClose }: { account: Account; onClose: () => void }) {
  const { t } = useTranslation()
  const queryClient = useQueryClient()
  const form = useForm({
    initial: valuesOfProfiles(account),
    submit: (values) => chooseProfiles(account, values),
    onDone: (changed) => {
      queryClient.setQueryData(accountQuery(account.id).queryKey, changed)
      void refreshAccounts(queryClient)
      showToast({ tone: 'good', title: t('accounts.saved') })
      onClose()
    },
  })
  return (
    <Dialog opened onClose={onClose} title={t('profiles.choose')}>
      <form className={styles.body} onSubmit={form.onSubmit} noValidate>
        <ProblemAlert error={form.problem} />
        <ProfileFields form={form} account={account} />
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
