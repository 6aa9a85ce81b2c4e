import { Button, NumberInput } from '@mantine/core'
import IconPlus from '@tabler/icons-react/dist/esm/icons/IconPlus.mjs'
import IconTrash from '@tabler/icons-react/dist/esm/icons/IconTrash.mjs'
import { useTranslation } from 'react-i18next'
import type { Plan } from '../shared/api-types.gen.ts'
import { separatorsOf } from '../shared/formats.ts'
import { Section } from '../shared/page.tsx'
import { toBasisPoints } from './amounts.ts'
import styles from './catalogue.module.css'

/** A term that customers may choose, as a form holds it: the percentage is what was typed. */
export type TermRow = { key: string; months: number | string; percent: number | string }

export const rowsOfTerms = (terms: Plan['terms']): TermRow[] =>
  terms.map((term) => ({
    key: String(term.term_months),
    months: term.term_months,
    percent: term.discount_basis_points === null ? '' : term.discount_basis_points / 100,
  }))

/** A term as the API takes it. */
export const bodyOfTerm = ({ months, percent }: TermRow) => ({
  term_months: Number(months),
  discount_basis_points: toBasisPoints(percent) || null,
})

/** The minimum terms that a plan is offered for beside its own, and what each takes off while it lasts. */
export function PlanTerms({
  own,
  terms,
  error,
  onChange,
}: {
  /** The plan's own term, in months. */
  own: number | string
  terms: readonly TermRow[]
  error: string | undefined
  onChange: (terms: TermRow[]) => void
}) {
  const { t, i18n } = useTranslation()
  const change = (key: string, row: Partial<TermRow>) =>
    onChange(terms.map((one) => (one.key === key ? { ...one, ...row } : one)))
  return (
    <Section
      title={t('catalogue.terms')}
      description={t('catalogue.terms_text', { months: Number(own) || 0 })}
    >
      <div className={styles.rows}>
        {terms.map((row) => (
          <div key={row.key} className={styles.row} data-of="term">
            <NumberInput
              label={t('services.term_months')}
              required
              min={0}
              max={600}
              allowDecimal={false}
              hideControls
              value={row.months}
              error={error !== undefined && row.months === ''}
              onChange={(months) => change(row.key, { months })}
            />
            <NumberInput
              label={t('catalogue.term_discount')}
              placeholder={t('words.none')}
              min={0}
              max={100}
              decimalScale={2}
              decimalSeparator={separatorsOf(i18n.language).decimal}
              suffix=" %"
              hideControls
              value={row.percent}
              onChange={(percent) => change(row.key, { percent })}
            />
            <Button
              variant="subtle"
              color="neutral"
              px="xs"
              aria-label={t('catalogue.term_remove', { months: Number(row.months) || 0 })}
              title={t('catalogue.term_remove', { months: Number(row.months) || 0 })}
              onClick={() => onChange(terms.filter((one) => one.key !== row.key))}
            >
              <IconTrash size={16} aria-hidden />
            </Button>
          </div>
        ))}
        {error && (
          <p className={styles.error} role="alert">
            {error}
          </p>
        )}
        <Button
          className={styles.add}
          size="xs"
          variant="default"
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={() => onChange([...terms, { key: crypto.randomUUID(), months: '', percent: '' }])}
        >
          {t('catalogue.term_add')}
        </Button>
      </div>
    </Section>
  )
}
