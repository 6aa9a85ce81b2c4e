import { Button, NativeSelect, NumberInput, Textarea, TextInput } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { BusinessUnit } from '../shared/api-types.gen.ts'
import { Dialog, DialogActions } from '../shared/dialog.tsx'
import { useForm } from '../shared/form.ts'
import { ProblemAlert } from '../shared/problem-alert.tsx'
import styles from './form-layout.module.css'

/** What such a small thing of the catalogue has. */
export type NamedValues = { business_unit_id: string; name: string; about: string; position: number | string }

/** A product or a routing point: its name, words about it, and whether it is still used. */
export function NamedDialog({
  title,
  aboutLabel,
  withPosition,
  units,
  initial,
  isNew,
  archived,
  onSave,
  onArchive,
  onClose,
}: {
  title: string
  aboutLabel: string
  withPosition?: boolean
  units: BusinessUnit[]
  initial: NamedValues
  isNew: boolean
  archived: boolean
  /** Sends. */
  onSave: (values: NamedValues, idempotencyKey: string) => Promise<unknown>
  onArchive: (archived: boolean) => void
  onClose: () => void
}) {
  const { t } = useTranslation()
  const form = useForm({
    initial,
    check: (values) => ({ name: !values.name.trim() && t('common:input.required') }),
    submit: (values, { idempotencyKey }) => onSave(values, idempotencyKey),
    onDone: onClose,
  })
  return (
    <Dialog opened onClose={onClose} title={title}>
      <form className={styles.body} onSubmit={form.onSubmit} noValidate>
        <ProblemAlert error={form.problem} />
        <div className={styles.fields}>
          <TextInput label={t('catalogue.name')} required autoComplete="off" {...form.field('name')} />
          {isNew && (
            <NativeSelect
              label={t('words.unit')}
              required
              data={units.map((unit) => ({ value: unit.id, label: unit.name }))}
              {...form.field('business_unit_id')}
            />
          )}
          <Textarea label={aboutLabel} {...form.field('about')} />
          {withPosition && (
            <div data-span="6">
              <NumberInput
                label={t('catalogue.position')}
                description={t('catalogue.position_help')}
                min={0}
                allowDecimal={false}
                hideControls
                {...form.control('position')}
              />
            </div>
          )}
        </div>
        <DialogActions>
          {!isNew && (
            <Button variant="default" onClick={() => onArchive(!archived)}>
              {t(archived ? 'catalogue.bring_back' : 'catalogue.archive')}
            </Button>
          )}
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
