import { Button } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../shared/api.ts'
import type { BankChargeDetail } from '../shared/api-types.gen.ts'
import { ConfirmDialog, Dialog, DialogActions } from '../shared/dialog.tsx'
import { useForm } from '../shared/form.ts'
import { DateInput, MoneyInput } from '../shared/inputs.tsx'
import { ProblemAlert } from '../shared/problem-alert.tsx'
import { showToast } from '../shared/toasts.tsx'
import { useFormats } from '../shared/use-formats.ts'
import { bankChargeQuery, refreshBankFiles } from './bank-file-queries.ts'
import styles from './form-layout.module.css'

/** What can be done with a boleto that is open. */
export type ChargeAction = 'due_date' | 'abate' | 'unabate' | 'protest' | 'stop'

type Props = { charge: BankChargeDetail; onClose: () => void }

/** Shows a charge as it has become, and everything that counts it. */
function useChanged(onClose: () => void) {
  const { t } = useTranslation('bankfiles')
  const queryClient = useQueryClient()
  return (charge: BankChargeDetail) => {
    queryClient.setQueryData(bankChargeQuery(charge.id).queryKey, charge)
    void refreshBankFiles(queryClient)
    showToast({ tone: 'good', title: t('charge.changed') })
    onClose()
  }
}

function AtOnce({ charge }: { charge: BankChargeDetail }) {
  const { t } = useTranslation('bankfiles')
  return charge.state === 'registered' ? <p>{t('charge.at_once')}</p> : null
}

function DueDateDialog({ charge, onClose }: Props) {
  const { t } = useTranslation('bankfiles')
  const form = useForm({
    initial: { due_date: charge.due_date },
    check: (values) => ({ due_date: values.due_date === '' && t('common:input.required') }),
    submit: (values) =>
      orThrow(
        api.PUT('/api/v1/office/bank-charges/{id}/due-date', {
          params: { path: { id: charge.id } },
          body: { due_date: values.due_date },
        }),
      ),
    onDone: useChanged(onClose),
  })
  return (
    <Dialog opened onClose={onClose} title={t('charge.change_due_date')}>
      <form className={styles.body} onSubmit={form.onSubmit} noValidate>
        <ProblemAlert error={form.problem} />
        <p>{t('charge.due_date_text')}</p>
        <AtOnce charge={charge} />
        <DateInput label={t('charge.new_due_date')} required {...form.field('due_date')} />
        <DialogActions>
          <Button variant="default" onClick={onClose} disabled={form.busy}>
            {t('common:action.cancel')}
          </Button>
          <Button type="submit" loading={form.busy}>
            {t('charge.change_due_date')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}

function AbatementDialog({ charge, onClose }: Props) {
  const { t } = useTranslation('bankfiles')
  const form = useForm({
    initial: { amount: (charge.abatement > 0 ? charge.abatement : null) as number | null },
    check: (values) => ({
      amount: (values.amount === null || values.amount <= 0) && t('common:input.money'),
    }),
    submit: (values) =>
      orThrow(
        api.PUT('/api/v1/office/bank-charges/{id}/abatement', {
          params: { path: { id: charge.id } },
          body: { amount: values.amount ?? 0 },
        }),
      ),
    onDone: useChanged(onClose),
  })
  const title = t(charge.abatement > 0 ? 'charge.abate_change' : 'charge.abate')
  return (
    <Dialog opened onClose={onClose} title={title}>
      <form className={styles.body} onSubmit={form.onSubmit} noValidate>
        <ProblemAlert error={form.problem} />
        <p>{t('charge.abate_text')}</p>
        <AtOnce charge={charge} />
        <MoneyInput
          label={t('abatement_amount')}
          required
          currency={charge.currency}
          {...form.control('amount')}
        />
        <DialogActions>
          <Button variant="default" onClick={onClose} disabled={form.busy}>
            {t('common:action.cancel')}
          </Button>
          <Button type="submit" loading={form.busy}>
            {title}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}

/** The dialog of what is to be done with a boleto. */
export function ChargeActionDialog({ charge, action, onClose }: Props & { action: ChargeAction }) {
  const { t } = useTranslation('bankfiles')
  const { money } = useFormats()
  const changed = useChanged(onClose)
  const path = { params: { path: { id: charge.id } } }
  switch (action) {
    case 'due_date':
      return <DueDateDialog charge={charge} onClose={onClose} />
    case 'abate':
      return <AbatementDialog charge={charge} onClose={onClose} />
    case 'unabate':
      return (
        <ConfirmDialog
          opened
          onClose={onClose}
          title={t('charge.unabate_title')}
          confirm={t('charge.unabate')}
          onConfirm={async () =>
            changed(await orThrow(api.DELETE('/api/v1/office/bank-charges/{id}/abatement', path)))
          }
        >
          <p>{t('charge.unabate_text', { amount: money(charge.amount, charge.currency) })}</p>
        </ConfirmDialog>
      )
    case 'protest':
      return (
        <ConfirmDialog
          opened
          danger
          onClose={onClose}
          title={t('charge.protest_title')}
          confirm={t('charge.protest_do')}
          onConfirm={async () =>
            changed(await orThrow(api.PUT('/api/v1/office/bank-charges/{id}/protest', path)))
          }
        >
          <p>{t('charge.protest_text')}</p>
        </ConfirmDialog>
      )
    case 'stop':
      return (
        <ConfirmDialog
          opened
          onClose={onClose}
          title={t('charge.stop_title')}
          confirm={t('charge.stop')}
          onConfirm={async () =>
            changed(await orThrow(api.DELETE('/api/v1/office/bank-charges/{id}/protest', path)))
          }
        >
          <p>{t('charge.stop_text')}</p>
        </ConfirmDialog>
      )
  }
}
