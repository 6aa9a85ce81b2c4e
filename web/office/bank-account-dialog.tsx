import { Button, NativeSelect, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api, idempotent, orThrow } from '../shared/api.ts'
import type { BankAccount } from '../shared/api-types.gen.ts'
import { Dialog, DialogActions } from '../shared/dialog.tsx'
import { useForm } from '../shared/form.ts'
import { ProblemAlert } from '../shared/problem-alert.tsx'
import { unitsQuery } from './frame-queries.ts'
import { bankAccountsQuery } from './statement-queries.ts'
import styles from './statements.module.css'

/** A new bank account, or another name for one. */
export function BankAccountDialog({ account, onClose }: { account?: BankAccount; onClose: () => void }) {
  const { t } = useTranslation()
  return (
    <Dialog opened onClose={onClose} title={account?.name ?? t('statements.new_account')} size="small">
      <BankAccountForm account={account} onCancel={onClose} onDone={onClose} />
    </Dialog>
  )
}

/** The fields of a bank account. Its number goes to the server and is not kept there. */
export function BankAccountForm({
  account,
  text,
  onCancel,
  onDone,
}: {
  account?: BankAccount | undefined
  text?: string | undefined
  onCancel: () => void
  onDone: () => void
}) {
  const { t } = useTranslation()
  const queryClient = useQueryClient()
  const { data: units = [] } = useQuery(unitsQuery)
  const shown = units.filter((unit) => unit.archived_at === null)
  const form = useForm({
    initial: {
      business_unit_id: account?.business_unit_id ?? shown[0]?.id ?? '',
      name: account?.name ?? '',
      bank: account?.bank ?? '',
      number: '',
    },
    check: (values) => ({ name: !values.name.trim() && t('common:input.required') }),
    submit: ({ business_unit_id, number, ...values }, { idempotencyKey }) =>
      account
        ? orThrow(
            api.PATCH('/api/v1/office/bank-accounts/{id}', {
              params: { path: { id: account.id } },
              body: { ...values, ...(number.trim() ? { number } : {}) },
            }),
          )
        : orThrow(
            api.POST('/api/v1/office/bank-accounts', {
              headers: idempotent(idempotencyKey),
              body: { business_unit_id, ...values, number: number.trim() || null },
            }),
          ),
    onDone: async () => {
      await queryClient.invalidateQueries({ queryKey: bankAccountsQuery.queryKey })
      onDone()
    },
  })
  return (
    <form className={styles.form} onSubmit={form.onSubmit} noValidate>
      {text && <p className={styles.muted}>{text}</p>}
      <ProblemAlert error={form.problem} />
      {!account && shown.length > 1 && (
        <NativeSelect
          label={t('words.unit')}
          data={shown.map((unit) => ({ value: unit.id, label: unit.name }))}
          {...form.field('business_unit_id')}
        />
      )}
      <TextInput
        label={t('statements.account_name')}
        description={t('statements.account_name_help')}
        required
        withAsterisk={false}
        maxLength={80}
        {...form.field('name')}
      />
      <TextInput label={t('statements.bank')} maxLength={80} {...form.field('bank')} />
      <TextInput
        label={t('statements.number')}
        description={t('statements.number_help')}
        maxLength={40}
        autoComplete="off"
        {...form.field('number')}
      />
      <DialogActions>
        <Button variant="default" onClick={onCancel}>
          {t('common:action.cancel')}
        </Button>
        <Button type="submit" loading={form.busy}>
          {t('common:action.save')}
        </Button>
      </DialogActions>
    </form>
  )
}
