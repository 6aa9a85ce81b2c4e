import { Button, NativeSelect, NumberInput, TextInput } from '@mantine/core'
import IconPlus from '@tabler/icons-react/dist/esm/icons/IconPlus.mjs'
import IconTrash from '@tabler/icons-react/dist/esm/icons/IconTrash.mjs'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { MoneyInput } from '../shared/inputs.tsx'
import { usableProductsQuery } from './catalogue-queries.ts'
import styles from './documents.module.css'

/** A line as it is written in a form; `choice` is a product, or what else a line takes its taxes from. */
export interface LineDraft {
  key: string
  description: string
  unit_amount: number | null
  quantity: number | string
  choice: string
}

export function newLine(draft: Partial<LineDraft> = {}): LineDraft {
  return { key: crypto.randomUUID(), description: '', unit_amount: null, quantity: 1, choice: '', ...draft }
}

/** Nothing was written in it: it is left out. */
export const isBlank = (line: LineDraft) => line.description.trim() === '' && line.unit_amount === null

/** Something is missing of a line that was begun. */
export const isIncomplete = (line: LineDraft) =>
  !isBlank(line) && (line.description.trim() === '' || line.unit_amount === null || Number(line.quantity) < 1)

/** Lines that somebody writes: what, how much, how many, and where their taxes come from. */
export function LinesField({
  lines,
  onChange,
  currency,
  unitId,
  choices,
  error,
}: {
  lines: LineDraft[]
  onChange: (lines: LineDraft[]) => void
  currency: string
  unitId: string
  /** Instead of the products of the business unit. */
  choices?: { label: string; data: { value: string; label: string }[] }
  error?: string | undefined
}) {
  const { t } = useTranslation('documents')
  const { data: products = [] } = useQuery(usableProductsQuery)
  const choice = choices ?? {
    label: t('product'),
    data: [
      { value: '', label: t('product_none') },
      ...products
        .filter((product) => product.business_unit_id === unitId)
        .map((product) => ({ value: product.id, label: product.name })),
    ],
  }
  const change = (key: string, part: Partial<LineDraft>) =>
    onChange(lines.map((line) => (line.key === key ? { ...line, ...part } : line)))
  return (
    <div className={styles.lines}>
      {lines.map((line, index) => (
        <fieldset key={line.key} className={styles.line}>
          <legend className="visually-hidden">{t('line_number', { number: index + 1 })}</legend>
          <TextInput
            wrapperProps={{ 'data-wide': true }}
            label={t('description')}
            maxLength={200}
            autoComplete="off"
            value={line.description}
            error={error && isIncomplete(line) && line.description.trim() === '' ? true : undefined}
            onChange={(event) => change(line.key, { description: event.currentTarget.value })}
          />
          <MoneyInput
            label={t('unit_amount')}
            currency={currency}
            value={line.unit_amount}
            error={error && isIncomplete(line) && line.unit_amount === null ? true : undefined}
            onChange={(unit_amount) => change(line.key, { unit_amount })}
          />
          <NumberInput
            label={t('quantity')}
            min={1}
            max={1_000_000}
            allowDecimal={false}
            value={line.quantity}
            onChange={(quantity) => change(line.key, { quantity })}
          />
          <div>
            <NativeSelect
              label={choice.label}
              data={choice.data}
              value={line.choice}
              onChange={(event) => change(line.key, { choice: event.currentTarget.value })}
            />
          </div>
          <button
            type="button"
            className={styles.withdraw}
            aria-label={t('remove_line', { number: index + 1 })}
            disabled={lines.length === 1 && isBlank(line)}
            onClick={() =>
              onChange(lines.length === 1 ? [newLine()] : lines.filter((one) => one.key !== line.key))
            }
          >
            <IconTrash size={16} aria-hidden />
          </button>
        </fieldset>
      ))}
      {error && (
        <p role="alert" style={{ color: 'var(--tone-bad-text)' }}>
          {error}
        </p>
      )}
      <div>
        <Button
          variant="default"
          size="xs"
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={() => onChange([...lines, newLine({ choice: lines.at(-1)?.choice ?? '' })])}
        >
          {t('add_line')}
        </Button>
      </div>
    </div>
  )
}
