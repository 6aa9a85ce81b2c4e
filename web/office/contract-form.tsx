import { Button, NativeSelect, NumberInput, Textarea, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api, idempotent, orThrow } from '../shared/api.ts'
import type { Account, Contract } from '../shared/api-types.gen.ts'
import { Dialog, DialogActions } from '../shared/dialog.tsx'
import { useForm } from '../shared/form.ts'
import { addDays } from '../shared/formats.ts'
import { DateInput, MoneyInput } from '../shared/inputs.tsx'
import { ProblemAlert } from '../shared/problem-alert.tsx'
import { unitSlaProfilesQuery } from './agreement-queries.ts'
import styles from './form-layout.module.css'

/** What can be agreed, in the order of the list. */
const contractTypes: Contract['type'][] = [
  'flat_retainer',
  'hourly',
  'block_hours',
  'block_money',
  'remote_monitoring',
  'online_backup',
  'project_flat_fee',
  'project_hourly',
]

/** A contract as its form holds it: the end as the last day, the block in hours. */
export type ContractValues = {
  name: string
  type: string
  start_date: string
  end_date: string
  amount: number | null
  included_minutes: number | string
  sla_profile_id: string
  notes: string
}

/** A contract as its form begins; a new one begins today. */
export function valuesOfContract(contract: Contract | null, today: string): ContractValues {
  return {
    name: contract?.name ?? '',
    type: contract?.type ?? 'flat_retainer',
    start_date: contract?.start_date ?? today,
    end_date: contract?.end_date ? addDays(contract.end_date, -1) : '',
    amount: contract?.amount ?? null,
    included_minutes: contract?.included_minutes ? contract.included_minutes / 60 : '',
    sla_profile_id: contract?.sla_profile_id ?? '',
    notes: contract?.notes ?? '',
  }
}

/** What the API takes. */
export function bodyOfContract(values: ContractValues) {
  return {
    name: values.name,
    type: values.type as Contract['type'],
    start_date: values.start_date,
    end_date: values.end_date === '' ? null : addDays(values.end_date, 1),
    amount: values.amount ?? 0,
    included_minutes: values.type === 'block_hours' ? Math.round(Number(values.included_minutes) * 60) : null,
    sla_profile_id: values.sla_profile_id === '' ? null : values.sla_profile_id,
    notes: values.notes,
  }
}

/** What a contract lacks, by field. */
export function checkContract(values: ContractValues, missing: string, tooEarly: string) {
  return {
    name: !values.name.trim() && missing,
    start_date: values.start_date === '' && missing,
    amount: values.amount === null && missing,
    included_minutes: values.type === 'block_hours' && !(Number(values.included_minutes) > 0) && missing,
    end_date: values.end_date !== '' && values.end_date < values.start_date && tooEarly,
  }
}

/** The inputs of a contract. */
export function ContractFields({
  form,
  account,
  autoFocus,
}: {
  form: ReturnType<typeof useForm<ContractValues, unknown>>
  account: Account
  autoFocus?: boolean
}) {
  const { t } = useTranslation()
  const { data: profiles = [] } = useQuery(unitSlaProfilesQuery(account.business_unit_id))
  const { values } = form
  const choices = profiles.filter((one) => one.archived_at === null || one.id === values.sla_profile_id)
  return (
    <div className={styles.fields}>
      <TextInput
        label={t('contracts.name')}
        required
        autoComplete="off"
        autoFocus={autoFocus ?? false}
        {...form.field('name')}
      />
      <NativeSelect
        label={t('contracts.type_label')}
        description={t(`contracts.type_help.${values.type}`)}
        data={contractTypes.map((value) => ({ value, label: t(`contracts.type.${value}`) }))}
        {...form.field('type')}
      />
      <div data-span={values.type === 'block_hours' ? '6' : '12'}>
        <MoneyInput
          label={t(`contracts.amount_of.${values.type}`)}
          required
          currency={account.currency}
          {...form.control('amount')}
        />
      </div>
      {values.type === 'block_hours' && (
        <div data-span="6">
          <NumberInput
            label={t('contracts.included_hours')}
            required
            min={0.25}
            max={100_000}
            decimalScale={2}
            hideControls
            {...form.control('included_minutes')}
          />
        </div>
      )}
      <div data-span="6">
        <DateInput label={t('contracts.start_date')} required {...form.field('start_date')} />
      </div>
      <div data-span="6">
        <DateInput label={t('contracts.last_day')} min={values.start_date} {...form.field('end_date')} />
      </div>
      {choices.length > 0 && (
        <NativeSelect
          label={t('contracts.sla')}
          description={t('contracts.sla_help')}
          data={[
            { value: '', label: t('contracts.sla_of_account') },
            ...choices.map((one) => ({ value: one.id, label: one.name })),
          ]}
          {...form.field('sla_profile_id')}
        />
      )}
      <Textarea
        label={t('contracts.notes')}
        description={t('accounts.notes_help')}
        {...form.field('notes')}
      />
    </div>
  )
}

/** Records a contract with an account, or changes one. */
export function ContractDialog({
  account,
  contract,
  today,
  onClose,
  onDone,
}: {
  account: Account
  /** Null adds one. */
  contract: Contract | null
  today: string
  onClose: () => void
  onDone: () => void
}) {
  const { t } = useTranslation()
  const form = useForm({
    initial: valuesOfContract(contract, today),
    check: (values) => checkContract(values, t('common:input.required'), t('contracts.ends_too_early')),
    submit: (values, { idempotencyKey }) =>
      contract === null
        ? orThrow(
            api.POST('/api/v1/office/accounts/{id}/contracts', {
              params: { path: { id: account.id } },
              body: bodyOfContract(values),
              headers: idempotent(idempotencyKey),
            }),
          )
        : orThrow(
            api.PATCH('/api/v1/office/contracts/{id}', {
              params: { path: { id: contract.id } },
              body: bodyOfContract(values),
            }),
          ),
    onDone: () => {
      onDone()
      onClose()
    },
  })
  return (
    <Dialog opened onClose={onClose} title={t(contract ? 'contracts.edit' : 'contracts.create')}>
      <form className={styles.body} onSubmit={form.onSubmit} noValidate>
        <ProblemAlert error={form.problem} />
        <ContractFields form={form} account={account} />
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
