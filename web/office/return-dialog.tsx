import { Button, NativeSelect } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { api, idempotent, orThrow } from '../shared/api.ts'
import { Dialog, DialogActions } from '../shared/dialog.tsx'
import { useForm } from '../shared/form.ts'
import { FileDrop } from '../shared/inputs.tsx'
import { ProblemAlert } from '../shared/problem-alert.tsx'
import { bankProvidersQuery, refreshBankFiles } from './bank-file-queries.ts'
import styles from './imports.module.css'

/** As many bytes as the API takes. */
const maxBytes = 100_000_000

/** Chooses the provider and the return of its bank. */
export function ReturnDialog({
  provider,
  opened,
  onClose,
}: {
  provider: string | null
  opened: boolean
  onClose: () => void
}) {
  const { t } = useTranslation('bankfiles')
  return (
    <Dialog opened={opened} onClose={onClose} title={t('upload_title')} size="small">
      <ReturnForm provider={provider} onClose={onClose} />
    </Dialog>
  )
}

function ReturnForm({ provider, onClose }: { provider: string | null; onClose: () => void }) {
  const { t } = useTranslation('bankfiles')
  const router = useRouter()
  const queryClient = useQueryClient()
  const { data: providers = [] } = useQuery(bankProvidersQuery)
  const form = useForm({
    initial: { provider_id: provider ?? providers[0]?.id ?? '', file: null as File | null },
    check: (values) => ({ file: values.file === null && t('file_missing') }),
    submit: (values, { idempotencyKey }) => {
      const body = new FormData()
      body.append('provider_id', values.provider_id)
      if (values.file) body.append('file', values.file, values.file.name)
      return orThrow(
        api.POST('/api/v1/office/bank-files', {
          body: body as never,
          bodySerializer: (whole: unknown) => whole as never,
          headers: idempotent(idempotencyKey),
        }),
      )
    },
    onDone: (made) => {
      onClose()
      void refreshBankFiles(queryClient)
      void router.navigate({ to: '/payments/bank-files/$id', params: { id: made.id } })
    },
  })
  return (
    <form className={styles.form} onSubmit={form.onSubmit} noValidate>
      <ProblemAlert error={form.problem} />
      <NativeSelect
        label={t('provider')}
        description={t('provider_help')}
        data={providers.map(({ id, name, business_unit_name }) => ({
          value: id,
          label: `${name} · ${business_unit_name}`,
        }))}
        {...form.field('provider_id')}
      />
      <FileDrop
        label={t('file')}
        description={t('file_help')}
        accept=".ret,.txt,.rst,.crt,text/plain"
        maxBytes={maxBytes}
        required
        {...form.control('file')}
      />
      <DialogActions>
        <Button variant="default" onClick={onClose}>
          {t('common:action.cancel')}
        </Button>
        <Button type="submit" loading={form.busy} disabled={providers.length === 0}>
          {t('send')}
        </Button>
      </DialogActions>
    </form>
  )
}
