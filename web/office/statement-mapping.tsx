import { Button, MultiSelect, NativeSelect, NumberInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../shared/api.ts'
import type { BankStatement } from '../shared/api-types.gen.ts'
import { Section } from '../shared/page.tsx'
import { toProblem } from '../shared/problem.ts'
import { ProblemAlert } from '../shared/problem-alert.tsx'
import { useProblemToast } from '../shared/toasts.tsx'
import importStyles from './imports.module.css'
import { PermittedButton } from './permitted-button.tsx'
import { statementQuery } from './statement-queries.ts'
import styles from './statements.module.css'

type Mapping = NonNullable<BankStatement['mapping']>
type Target = keyof Mapping['columns']

const targets: Target[] = [
  'date',
  'amount',
  'credit',
  'debit',
  'direction',
  'name',
  'tax_id',
  'reference',
  'bank_id',
  'end_to_end_id',
  'account',
]

/** What the columns of a bank's CSV file mean: the file's first rows, and a choice for each thing that is read. */
export function StatementMapping({ found, mapping: first }: { found: BankStatement; mapping: Mapping }) {
  const { t } = useTranslation()
  const queryClient = useQueryClient()
  const [mapping, setMapping] = useState(first)
  const [line, setLine] = useState<number | string>(first.header_line)
  const path = { params: { path: { id: found.id } } }
  const set = (next: BankStatement) => queryClient.setQueryData(statementQuery(found.id).queryKey, next)
  const read = useMutation({
    mutationFn: () =>
      orThrow(api.POST('/api/v1/office/bank-statements/{id}/read', { ...path, body: { mapping } })),
    onSuccess: set,
  })
  const form = useMutation({
    mutationFn: (next: { delimiter: Mapping['delimiter']; header_line: number }) =>
      orThrow(api.PUT('/api/v1/office/bank-statements/{id}/form', { ...path, body: next })),
    onSuccess: (next) => {
      set(next)
      if (next.mapping) {
        setMapping(next.mapping)
        setLine(next.mapping.header_line)
      }
    },
    onError: useProblemToast(),
  })
  const faults = Object.fromEntries(
    (read.error ? (toProblem(read.error).errors ?? []) : []).map((one) => [
      one.path.replace(/^\/?body[./]/, ''),
      one.message,
    ]),
  )
  const choices = [
    { value: '', label: t('statements.no_column') },
    ...found.columns.map((name) => ({ value: name, label: name })),
  ]
  return (
    <>
      <Section title={t('statements.sample')} description={t('statements.sample_text')} flush>
        {/* biome-ignore-start lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard */}
        {/* biome-ignore-start lint/a11y/useSemanticElements: a table is no set of fields */}
        <div className={importStyles.sample} tabIndex={0} role="group" aria-label={t('statements.sample')}>
          <table>
            <thead>
              <tr>
                {found.columns.map((column) => (
                  <th key={column} scope="col">
                    {column}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {found.sample.slice(0, 6).map((row, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: the rows of the file keep their place
                <tr key={index}>
                  {found.columns.map((column, at) => (
                    <td key={column}>{row[at]}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        {/* biome-ignore-end lint/a11y/useSemanticElements: a table is no set of fields */}
        {/* biome-ignore-end lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard */}
      </Section>
      <Section title={t('statements.form')} description={t('statements.form_text')}>
        <div className={styles.mapping}>
          <NativeSelect
            label={t('statements.delimiter')}
            value={mapping.delimiter}
            disabled={form.isPending}
            data={[';', ',', '\t', '|'].map((value) => ({
              value,
              label: value === '\t' ? t('statements.tab') : value,
            }))}
            onChange={(event) =>
              form.mutate({
                delimiter: event.currentTarget.value as Mapping['delimiter'],
                header_line: mapping.header_line,
              })
            }
          />
          <NumberInput
            label={t('statements.header_line')}
            min={1}
            max={200}
            value={line}
            disabled={form.isPending}
            onChange={setLine}
            onBlur={() => {
              if (typeof line === 'number' && line !== mapping.header_line)
                form.mutate({ delimiter: mapping.delimiter, header_line: line })
            }}
          />
          <NativeSelect
            label={t('statements.decimal')}
            value={mapping.decimal}
            data={[
              { value: ',', label: '1.234,56' },
              { value: '.', label: '1,234.56' },
            ]}
            onChange={(event) =>
              setMapping({ ...mapping, decimal: event.currentTarget.value as Mapping['decimal'] })
            }
          />
          <NativeSelect
            label={t('statements.dates')}
            value={mapping.dates}
            data={(['dmy', 'mdy', 'ymd'] as const).map((value) => ({
              value,
              label: t(`statements.date_order.${value}`),
            }))}
            onChange={(event) =>
              setMapping({ ...mapping, dates: event.currentTarget.value as Mapping['dates'] })
            }
          />
        </div>
      </Section>
      <Section title={t('statements.columns')} description={t('statements.columns_text')}>
        <div className={styles.mapping}>
          {targets.map((target) => (
            <NativeSelect
              key={target}
              label={t(`statements.column.${target}`)}
              value={mapping.columns[target] ?? ''}
              data={choices}
              error={faults[`mapping.columns.${target}`]}
              onChange={(event) =>
                setMapping({
                  ...mapping,
                  columns: { ...mapping.columns, [target]: event.currentTarget.value || null },
                })
              }
            />
          ))}
          <MultiSelect
            label={t('statements.column.text')}
            data={found.columns}
            value={mapping.text}
            maxValues={6}
            onChange={(text) => setMapping({ ...mapping, text })}
          />
        </div>
        {read.error && Object.keys(faults).length === 0 && <ProblemAlert error={read.error} />}
      </Section>
      <div className={styles.bar}>
        <DiscardButton found={found} />
        <PermittedButton needs="payments.decide" loading={read.isPending} onClick={() => read.mutate()}>
          {t('statements.read')}
        </PermittedButton>
      </div>
    </>
  )
}

/** Forgets a statement of which nothing was taken. */
export function DiscardButton({ found }: { found: BankStatement }) {
  const { t } = useTranslation()
  const queryClient = useQueryClient()
  const discard = useMutation({
    mutationFn: () =>
      orThrow(api.DELETE('/api/v1/office/bank-statements/{id}', { params: { path: { id: found.id } } })),
    onSuccess: () => {
      void queryClient.invalidateQueries({ queryKey: ['bank-statements', 'list'] })
      window.history.back()
    },
    onError: useProblemToast(),
  })
  return (
    <Button variant="default" loading={discard.isPending} onClick={() => discard.mutate()}>
      {t('statements.discard')}
    </Button>
  )
}
