import { Button, NativeSelect } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, idempotent, orThrow } from '../shared/api.ts'
import { Dialog, DialogActions } from '../shared/dialog.tsx'
import { useForm } from '../shared/form.ts'
import { FileDrop } from '../shared/inputs.tsx'
import { SkeletonText } from '../shared/page.tsx'
import { ProblemAlert } from '../shared/problem-alert.tsx'
import { BankAccountForm } from './bank-account-dialog.tsx'
import { bankAccountsQuery } from './statement-queries.ts'
import styles from './statements.module.css'

/** As many bytes as the API takes. */
const maxBytes = 52_428_800

/** Brings a statement in: which bank account, and the file. The first time the account is named first. */
export function NewStatementDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const { data, error, refetch } = useQuery(bankAccountsQuery)
  const [adding, setAdding] = useState(false)
  const accounts = data?.items.filter((one) => one.archived_at === null) ?? []
  const first = data !== undefined && accounts.length === 0
  return (
    <Dialog
      opened
      onClose={onClose}
      title={t(first || adding ? 'statements.new_account' : 'statements.new')}
      size="small"
    >
      <ProblemAlert error={error} onRetry={refetch} />
      {!data && !error && <SkeletonText lines={5} />}
      {data &&
        (first || adding ? (
          <BankAccountForm
            text={first ? t('statements.first_account') : undefined}
            onCancel={first ? onClose : () => setAdding(false)}
            onDone={() => setAdding(false)}
          />
        ) : (
          <UploadForm accounts={accounts} onAdd={() => setAdding(true)} onClose={onClose} />
        ))}
    </Dialog>
  )
}

function UploadForm({
  accounts,
  onAdd,
  onClose,
}: {
  accounts: {
    id: string
    name: string
    business_unit_id: string
    business_unit_name: string
    last_digits: string | null
  }[]
  onAdd: () => void
  onClose: () => void
}) {
  const { t } = useTranslation()
  const router = useRouter()
  const queryClient = useQueryClient()
  const units = new Set(accounts.map((one) => one.business_unit_id))
  const form = useForm({
    initial: { bank_account_id: accounts[0]?.id ?? '', file: null as File | null },
    check: (values) => ({ file: values.file === null && t('statements.file_missing') }),
    submit: (values, { idempotencyKey }) => {
      const account = accounts.find((one) => one.id === values.bank_account_id)
      const body = new FormData()
      body.append('business_unit_id', account?.business_unit_id ?? '')
      body.append('bank_account_id', values.bank_account_id)
      if (values.file) body.append('file', values.file, values.file.name)
      return orThrow(
        api.POST('/api/v1/office/bank-statements', {
          body: body as never,
          bodySerializer: (whole: unknown) => whole as never,
          headers: idempotent(idempotencyKey),
        }),
      )
    },
    onDone: (made) => {
      void queryClient.invalidateQueries({ queryKey: ['bank-statements', 'list'] })
      onClose()
      void router.navigate({ to: '/bank-statements/$id', params: { id: made.id } })
    },
  })
  return (
    <form className={styles.form} onSubmit={form.onSubmit} noValidate>
      <ProblemAlert error={form.problem} />
      <NativeSelect
        label={t('statements.account')}
        data={accounts.map((one) => ({
          value: one.id,
          label: [
            one.name,
            one.last_digits && `…${one.last_digits}`,
            units.size > 1 && one.business_unit_name,
          ]
            .filter(Boolean)
            .join(' · '),
        }))}
        {...form.field('bank_account_id')}
      />
      <FileDrop
        label={t('statements.file')}
        description={t('statements.file_help')}
        maxBytes={maxBytes}
        required
        {...form.control('file')}
      />
      <DialogActions>
        <Button variant="subtle" onClick={onAdd}>
          {t('statements.new_account')}
        </Button>
        <Button type="submit" loading={form.busy}>
          {t('statements.upload')}
        </Button>
      </DialogActions>
    </form>
  )
}
