import { Button, NativeSelect } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { api, idempotent, orThrow } from '../shared/api.ts'
import { Dialog, DialogActions } from '../shared/dialog.tsx'
import { useForm } from '../shared/form.ts'
import { FileDrop } from '../shared/inputs.tsx'
import { ProblemAlert } from '../shared/problem-alert.tsx'
import { unitsQuery } from './frame-queries.ts'
import { fileFormats, templateUrl } from './import-files.tsx'
import { type ImportKind, importKinds } from './import-queries.ts'
import styles from './imports.module.css'

/** As many bytes as the API takes. */
const maxBytes = 100_000_000

/** Chooses what to import, into which unit, and the file. */
export function NewImportDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation()
  return (
    <Dialog opened={opened} onClose={onClose} title={t('imports.new')} size="small">
      <NewImportForm onClose={onClose} />
    </Dialog>
  )
}

function NewImportForm({ onClose }: { onClose: () => void }) {
  const { t, i18n } = useTranslation()
  const router = useRouter()
  const { data: units = [] } = useQuery(unitsQuery)
  const shown = units.filter((unit) => unit.archived_at === null)
  const form = useForm({
    initial: {
      kind: 'accounts' as ImportKind,
      business_unit_id: shown[0]?.id ?? '',
      file: null as File | null,
    },
    check: (values) => ({ file: values.file === null && t('imports.file_missing') }),
    submit: (values, { idempotencyKey }) => {
      const body = new FormData()
      body.append('business_unit_id', values.business_unit_id)
      body.append('kind', values.kind)
      if (values.file) body.append('file', values.file, values.file.name)
      return orThrow(
        api.POST('/api/v1/office/imports', {
          body: body as never,
          bodySerializer: (whole: unknown) => whole as never,
          headers: idempotent(idempotencyKey),
        }),
      )
    },
    onDone: (made) => {
      onClose()
      void router.navigate({ to: '/imports/$id', params: { id: made.id } })
    },
  })
  return (
    <form className={styles.form} onSubmit={form.onSubmit} noValidate>
      <ProblemAlert error={form.problem} />
      <NativeSelect
        label={t('imports.kind')}
        description={t(`imports.kind_help.${form.values.kind}`)}
        data={importKinds.map((value) => ({ value, label: t(`imports.kinds.${value}`) }))}
        {...form.field('kind')}
      />
      <NativeSelect
        label={t('words.unit')}
        data={shown.map((unit) => ({ value: unit.id, label: unit.name }))}
        {...form.field('business_unit_id')}
      />
      <FileDrop
        label={t('imports.file')}
        description={t('imports.file_help')}
        accept=".xlsx,.csv,.txt,.tsv,text/csv,text/plain,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        maxBytes={maxBytes}
        required
        {...form.control('file')}
      />
      <p className={styles.templates}>
        {t('imports.steps.template')}
        {fileFormats.map((format) => (
          <a
            key={format.ending}
            href={templateUrl(form.values.kind, format.ending, i18n.language)}
            download
            aria-label={t('imports.steps.template_link', {
              kind: t(`imports.kinds.${form.values.kind}`),
              format: format.name,
            })}
          >
            {format.name}
          </a>
        ))}
      </p>
      <DialogActions>
        <Button variant="default" onClick={onClose}>
          {t('common:action.cancel')}
        </Button>
        <Button type="submit" loading={form.busy} disabled={shown.length === 0}>
          {t('imports.upload')}
        </Button>
      </DialogActions>
    </form>
  )
}
