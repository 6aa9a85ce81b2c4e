import { Textarea } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { FormulaCheck } from '../shared/api-types.gen.ts'
import { useLater } from '../shared/later.ts'
import { useFormats } from '../shared/use-formats.ts'
import { formulaCheckQuery, formulaLanguageQuery } from './contract-queries.ts'
import styles from './contracts.module.css'

/** The formula of a penalty: checked while it is typed, with the place of a fault, and what it comes to. */
export function FormulaField({
  value,
  onChange,
  error,
  subscriptionId,
  currency,
}: {
  value: string
  onChange: (value: string) => void
  error?: string | undefined
  subscriptionId: string
  currency: string
}) {
  const { t, i18n } = useTranslation('contracts')
  const input = useRef<HTMLTextAreaElement>(null)
  const asked = useLater(value)
  const { data } = useQuery(formulaCheckQuery(asked, subscriptionId, i18n.language))
  const current = asked === value && value.trim() !== '' ? data : undefined
  const insert = (text: string) => {
    const area = input.current
    const [from, to] = [area?.selectionStart ?? value.length, area?.selectionEnd ?? value.length]
    onChange(value.slice(0, from) + text + value.slice(to))
    requestAnimationFrame(() => {
      area?.focus()
      area?.setSelectionRange(from + text.length, from + text.length)
    })
  }
  return (
    <div className={styles.formula}>
      <Textarea
        ref={input}
        label={t('ui.formula')}
        description={t('ui.formula_help')}
        required
        autosize
        minRows={2}
        maxRows={8}
        spellCheck={false}
        autoCapitalize="off"
        classNames={{ input: styles.code! }}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
        error={current?.fault ? undefined : error}
        aria-invalid={Boolean(current?.fault || error)}
      />
      <div aria-live="polite">
        {current?.fault ? (
          <FaultPointer formula={value} fault={current.fault} />
        ) : (
          current?.sample && <Results check={current} currency={currency} />
        )}
      </div>
      <FormulaWords onInsert={insert} onReplace={onChange} />
    </div>
  )
}

/** The line that is meant, with a pointer under the place. */
function FaultPointer({ formula, fault }: { formula: string; fault: NonNullable<FormulaCheck['fault']> }) {
  const line = formula.split('\n')[fault.line - 1] ?? ''
  // A long line is shown around the place.
  const from = Math.max(0, fault.column - 1 - 28)
  const shown = line.slice(from, from + 64)
  const at = fault.column - 1 - from + (from > 0 ? 1 : 0)
  return (
    <div className={styles.fault}>
      <p>{fault.message}</p>
      <pre aria-hidden>
        {`${from > 0 ? '…' : ''}${shown}\n${' '.repeat(at)}${'^'.repeat(Math.max(1, Math.min(fault.length, 64 - at)))}`}
      </pre>
    </div>
  )
}

function Results({ check, currency }: { check: FormulaCheck; currency: string }) {
  const { t } = useTranslation('contracts')
  const { money } = useFormats()
  const rows = [
    ['formula_sample', check.sample],
    ['formula_service', check.service],
  ] as const
  return (
    <dl className={styles.results}>
      {rows.map(
        ([key, result]) =>
          result && (
            <div key={key}>
              <dt>{t(`ui.${key}`)}</dt>
              <dd>
                <strong>{money(result.amount, currency)}</strong>
                <small>
                  {result.figures.map((one) => `${one.name} ${sayFigure(one, currency, money)}`).join(' · ')}
                </small>
              </dd>
            </div>
          ),
      )}
    </dl>
  )
}

type Figure = { name: string; value: string; money: boolean }

/** A figure as people read it; a fraction of the smallest unit is said as it is. */
export function sayFigure(
  figure: Figure,
  currency: string,
  money: (amount: number, currency: string) => string,
): string {
  return figure.money && /^-?\d{1,15}$/.test(figure.value)
    ? money(Number(figure.value), currency)
    : figure.value
}

function FormulaWords({
  onInsert,
  onReplace,
}: {
  onInsert: (text: string) => void
  onReplace: (text: string) => void
}) {
  const { t, i18n } = useTranslation('contracts')
  const { data } = useQuery(formulaLanguageQuery(i18n.language))
  if (!data) return null
  const word = (text: string, meaning: string, act: () => void) => (
    <li key={text}>
      <button type="button" onClick={act} aria-label={t('ui.insert', { name: text })}>
        <code>{text}</code>
      </button>
      <span>{meaning}</span>
    </li>
  )
  return (
    <details className={styles.words}>
      <summary>{t('ui.formula_words')}</summary>
      <h3>{t('ui.formula_examples')}</h3>
      <ul>{data.examples.map((one) => word(one.formula, one.meaning, () => onReplace(one.formula)))}</ul>
      <h3>{t('ui.formula_variables')}</h3>
      <ul>{data.variables.map((one) => word(one.name, one.meaning, () => onInsert(one.name)))}</ul>
      <h3>{t('ui.formula_functions')}</h3>
      <ul>{data.functions.map((one) => word(one.signature, one.meaning, () => onInsert(one.signature)))}</ul>
      <p>{t('ui.formula_operators')}</p>
    </details>
  )
}
