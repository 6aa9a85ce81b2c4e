import { Button, TextInput } from '@mantine/core'
import { useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../../shared/api.ts'
import type { BusinessUnit, ChartAccount } from '../../shared/api-types.gen.ts'
import { useForm, useUnsavedWarning } from '../../shared/form.ts'
import { loadTexts } from '../../shared/i18n.ts'
import { PageTitle, Section } from '../../shared/page.tsx'
import { ProblemAlert } from '../../shared/problem-alert.tsx'
import type { Search } from '../../shared/router.ts'
import { SimpleTable } from '../../shared/simple-table.tsx'
import { showToast } from '../../shared/toasts.tsx'
import { chooseUnit } from '../chosen-unit.ts'
import formStyles from '../form-layout.module.css'
import { unitsQuery } from '../frame-queries.ts'
import { LedgerNav } from '../ledger-nav.tsx'
import { chartQuery, refreshChart } from '../ledger-queries.ts'
import { useMay } from '../session.ts'
import styles from '../taxes.module.css'
import { UnitChoice } from '../unit-choice.tsx'

/** How the books of a business unit call each account. */
export const Route = createFileRoute('/_app/ledger/chart')({
  validateSearch: (search: Record<string, unknown>) => search as Search,
  loaderDeps: ({ search }) => search,
  loader: async ({ context: { queryClient }, deps }) => {
    const [units] = await Promise.all([queryClient.ensureQueryData(unitsQuery), loadTexts('books')])
    const unit = chooseUnit(units, deps)
    if (unit) await queryClient.ensureQueryData(chartQuery(unit.id))
  },
  component: ChartPage,
})

function ChartPage() {
  const { t } = useTranslation('books')
  const may = useMay()
  const { data: units } = useSuspenseQuery(unitsQuery)
  const unit = chooseUnit(units, Route.useSearch())
  return (
    <>
      <PageTitle title={t('ledger.chart')} actions={<UnitChoice />} />
      <LedgerNav />
      {unit && (may('settings.write') ? <ChartForm key={unit.id} unit={unit} /> : <Chart unit={unit} />)}
    </>
  )
}

function Chart({ unit }: { unit: BusinessUnit }) {
  const { t } = useTranslation('books')
  const { data: chart } = useSuspenseQuery(chartQuery(unit.id))
  return (
    <Section title={unit.name} description={t('chart.text', { unit: unit.name })} flush>
      <SimpleTable
        label={t('ledger.chart')}
        rows={chart}
        rowId={(row) => row.ledger_account}
        columns={[
          { id: 'code', header: t('ledger.code'), cell: (row) => row.code, width: '8rem' },
          { id: 'name', header: t('ledger.name'), cell: (row) => row.name, primary: true },
          { id: 'type', header: t('ledger.type_column'), cell: (row) => t(`ledger.type.${row.type}`) },
          {
            id: 'what',
            header: t('chart.what_column'),
            cell: (row) => t(`chart.what.${row.ledger_account}`),
          },
        ]}
      />
    </Section>
  )
}

const codeOf = (row: ChartAccount) => `${row.ledger_account}.code`
const nameOf = (row: ChartAccount) => `${row.ledger_account}.name`

function ChartForm({ unit }: { unit: BusinessUnit }) {
  const { t } = useTranslation('books')
  const queryClient = useQueryClient()
  const { data: chart } = useSuspenseQuery(chartQuery(unit.id))
  const form = useForm({
    initial: Object.fromEntries(
      chart.flatMap((row) => [
        [codeOf(row), row.code],
        [nameOf(row), row.name],
      ]),
    ) as Record<string, string>,
    check: (values) =>
      Object.fromEntries(
        chart.flatMap((row) => {
          const code = (values[codeOf(row)] ?? '').trim()
          const twice = chart.some((other) => other !== row && (values[codeOf(other)] ?? '').trim() === code)
          return [
            [
              codeOf(row),
              !/^[0-9A-Za-z][0-9A-Za-z.-]{0,19}$/.test(code)
                ? t('chart.code_missing')
                : twice && t('chart.code_twice'),
            ],
            [nameOf(row), !values[nameOf(row)]?.trim() && t('common:input.required')],
          ]
        }),
      ),
    submit: (values) =>
      orThrow(
        api.PUT('/api/v1/office/business-units/{id}/chart', {
          params: { path: { id: unit.id } },
          body: {
            items: chart.map((row) => ({
              ledger_account: row.ledger_account,
              code: values[codeOf(row)] ?? '',
              name: values[nameOf(row)] ?? '',
            })),
          },
        }),
      ),
    onDone: () => {
      void refreshChart(queryClient)
      showToast({ tone: 'good', title: t('chart.saved') })
    },
  })
  useUnsavedWarning(form.changed, t('chart.unsaved'))
  return (
    <form onSubmit={form.onSubmit} noValidate>
      <Section title={unit.name} description={t('chart.text', { unit: unit.name })}>
        <div className={formStyles.body}>
          <ProblemAlert error={form.problem} />
          <div className={styles.codes}>
            <span className={styles.head}>{t('chart.what_column')}</span>
            <span className={styles.head}>{t('ledger.code')}</span>
            <span className={styles.head}>{t('ledger.name')}</span>
            {chart.map((row) => (
              <Line key={row.ledger_account} row={row} form={form} />
            ))}
          </div>
          <div className={formStyles.end}>
            <Button type="submit" loading={form.busy} disabled={!form.changed}>
              {t('common:action.save')}
            </Button>
          </div>
        </div>
      </Section>
    </form>
  )
}

function Line({
  row,
  form,
}: {
  row: ChartAccount
  form: ReturnType<typeof useForm<Record<string, string>, unknown>>
}) {
  const { t } = useTranslation('books')
  const what = t(`chart.what.${row.ledger_account}`)
  return (
    <>
      <p>
        {what}
        <small>{t(`ledger.type.${row.type}`)}</small>
      </p>
      <TextInput
        aria-label={`${t('ledger.code')}: ${what}`}
        maxLength={20}
        autoComplete="off"
        {...form.field(codeOf(row))}
      />
      <TextInput
        aria-label={`${t('ledger.name')}: ${what}`}
        maxLength={120}
        autoComplete="off"
        {...form.field(nameOf(row))}
      />
    </>
  )
}
