import { Button, NumberInput, Radio, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api, idempotent, orThrow } from '../shared/api.ts'
import type { BusinessUnit, Tax } from '../shared/api-types.gen.ts'
import { Dialog, DialogActions } from '../shared/dialog.tsx'
import { useForm } from '../shared/form.ts'
import { parseMoney, separatorsOf } from '../shared/formats.ts'
import { Callout, ProblemAlert } from '../shared/problem-alert.tsx'
import { showToast } from '../shared/toasts.tsx'
import { useFormats } from '../shared/use-formats.ts'
import styles from './form-layout.module.css'
import { toMillionths } from './rates.ts'
import { refreshTaxes } from './tax-queries.ts'

/** A tax of a business unit: what it is called, how much it is, and whether prices contain it. */
export function TaxDialog({
  tax,
  unit,
  onArchive,
  onClose,
}: {
  tax: Tax | null
  unit: BusinessUnit
  onArchive: (archived: boolean) => void
  onClose: () => void
}) {
  const { t, i18n } = useTranslation('books')
  const { money } = useFormats()
  const queryClient = useQueryClient()
  const form = useForm({
    initial: {
      name: tax?.name ?? '',
      rate: (tax === null ? '' : tax.rate / 10_000) as number | string,
      inclusive: tax?.inclusive ?? false,
    },
    check: (values) => ({
      name: !values.name.trim() && t('common:input.required'),
      rate: toMillionths(values.rate) === null && t('taxes.rate_missing'),
    }),
    submit: ({ name, rate, inclusive }, { idempotencyKey }) => {
      const body = { name, rate: toMillionths(rate) ?? 0, inclusive }
      return tax === null
        ? orThrow(
            api.POST('/api/v1/office/taxes', {
              body: { ...body, business_unit_id: unit.id },
              headers: idempotent(idempotencyKey),
            }),
          )
        : orThrow(
            api.PATCH('/api/v1/office/taxes/{id}', {
              params: { path: { id: tax.id } },
              body: tax.used ? { name } : body,
            }),
          )
    },
    onDone: () => {
      void refreshTaxes(queryClient)
      showToast({ tone: 'good', title: t('taxes.saved') })
      onClose()
    },
  })
  const rate = toMillionths(form.values.rate) ?? 0
  const price = parseMoney('100', unit.currency, i18n.language) ?? 10_000
  const inside = price - Math.round((price * 1_000_000) / (1_000_000 + rate))
  const says = form.values.inclusive
    ? t('taxes.inclusive_help', { price: money(price, unit.currency), tax: money(inside, unit.currency) })
    : t('taxes.exclusive_help', {
        price: money(price, unit.currency),
        total: money(price + Math.round((price * rate) / 1_000_000), unit.currency),
      })
  return (
    <Dialog opened onClose={onClose} title={t(tax ? 'taxes.edit' : 'taxes.new')}>
      <form className={styles.body} onSubmit={form.onSubmit} noValidate>
        <ProblemAlert error={form.problem} />
        {tax?.used && <Callout tone="info">{t('taxes.fixed')}</Callout>}
        <div className={styles.fields}>
          <div data-span="8">
            <TextInput
              label={t('taxes.name')}
              description={t('taxes.name_help')}
              required
              maxLength={60}
              autoComplete="off"
              {...form.field('name')}
            />
          </div>
          <div data-span="4">
            <NumberInput
              label={t('taxes.rate')}
              description={'\u00a0'}
              required
              min={0}
              max={100}
              decimalScale={4}
              decimalSeparator={separatorsOf(i18n.language).decimal}
              suffix=" %"
              hideControls
              disabled={tax?.used}
              {...form.control('rate')}
            />
          </div>
          <Radio.Group
            label={t('taxes.how')}
            value={form.values.inclusive ? 'inclusive' : 'exclusive'}
            onChange={(value) => form.set('inclusive', value === 'inclusive')}
          >
            <div className={styles.body}>
              {(['exclusive', 'inclusive'] as const).map((value) => (
                <Radio key={value} value={value} label={t(`taxes.${value}`)} disabled={tax?.used} />
              ))}
            </div>
          </Radio.Group>
        </div>
        <p role="status">{says}</p>
        <DialogActions>
          {tax && (
            <Button variant="default" onClick={() => onArchive(tax.archived_at === null)}>
              {t(tax.archived_at === null ? 'taxes.archive' : 'taxes.bring_back')}
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
