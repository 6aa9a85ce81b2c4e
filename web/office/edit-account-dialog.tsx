import { Button } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../shared/api.ts'
import type { Account } from '../shared/api-types.gen.ts'
import { Dialog, DialogActions } from '../shared/dialog.tsx'
import { useForm } from '../shared/form.ts'
import { ProblemAlert } from '../shared/problem-alert.tsx'
import { showToast } from '../shared/toasts.tsx'
import { AccountFields, bodyOfAccount, valuesOfAccount } from './account-form.tsx'
import { accountQuery, refreshAccounts } from './account-queries.ts'
import styles from './form-layout.module.css'
import { unitsQuery } from './frame-queries.ts'

/** Changes the details of an account. */
export function EditAccountDialog({ account, onClose }: { account: Account; onClose: () => void }) {
  const { t } = useTranslation()
  const queryClient = useQueryClient()
  const { data: units = [] } = useQuery(unitsQuery)
  const form = useForm({
    initial: valuesOfAccount(account, undefined),
    check: (values) => ({ name: !values.name.trim() && t('common:input.required') }),
    submit: (values) =>
      orThrow(
        api.PATCH('/api/v1/office/accounts/{id}', {
          params: { path: { id: account.id } },
          body: bodyOfAccount(values),
        }),
      ),
    onDone: (changed) => {
      queryClient.setQueryData(accountQuery(account.id).queryKey, changed)
      void refreshAccounts(queryClient)
      showToast({ tone: 'good', title: t('accounts.saved') })
      onClose()
    },
  })
  return (
    <Dialog opened onClose={onClose} title={t('accounts.edit')} size="large">
      <form className={styles.body} onSubmit={form.onSubmit} noValidate>
        <ProblemAlert error={form.problem} />
        <AccountFields form={form} units={units} />
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
