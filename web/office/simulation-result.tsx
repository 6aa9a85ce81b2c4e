import { useTranslation } from 'react-i18next'
import type { Simulation } from '../shared/api-types.gen.ts'
import { Chart } from '../shared/charts.tsx'
import { EmptyState, Section } from '../shared/page.tsx'
import { SimpleTable } from '../shared/simple-table.tsx'
import { useFormats } from '../shared/use-formats.ts'
import { DateText, Money, PeriodText } from '../shared/values.tsx'
import styles from './simulations.module.css'

/** What came of it: balances, what was billed when, and every document with why each amount. */
export function SimulationResult({ result }: { result: Simulation }) {
  const { t } = useTranslation()
  const { date, money, moneyShort } = useFormats()
  const { currency } = result
  const amount = (value: number) => <Money amount={value} currency={currency} />
  const days = [...new Set(result.documents.map((document) => document.issue_date))].sort()
  const sumOf = (day: string, kind: 'invoice' | 'credit_note') =>
    result.documents
      .filter((document) => document.issue_date === day && document.kind === kind)
      .reduce((sum, document) => sum + document.total, 0)
  if (result.documents.length === 0)
    return (
      <Section>
        <EmptyState title={t('simulations.nothing')}>{t('simulations.nothing_text')}</EmptyState>
      </Section>
    )
  const proof = result.ledger.reduce((sum, entry) => sum + entry.amount, 0)
  return (
    <>
      <Section title={t('simulations.balances')} flush>
        <SimpleTable
          label={t('simulations.balances')}
          rows={result.accounts}
          rowId={(row) => row.account}
          columns={[
            {
              id: 'account',
              header: t('simulations.account'),
              primary: true,
              cell: (row) => <strong>{row.account}</strong>,
            },
            {
              id: 'invoiced',
              header: t('simulations.invoiced'),
              align: 'end',
              cell: (row) => amount(row.invoiced),
            },
            {
              id: 'credited',
              header: t('simulations.credited'),
              align: 'end',
              cell: (row) => amount(row.credited),
            },
            { id: 'paid', header: t('simulations.paid'), align: 'end', cell: (row) => amount(row.paid) },
            { id: 'owed', header: t('simulations.owed'), align: 'end', cell: (row) => amount(row.owed) },
            {
              id: 'credit',
              header: t('simulations.credit'),
              align: 'end',
              cell: (row) => amount(row.credit),
            },
          ]}
        />
        <p className={styles.proof}>
          {proof === 0
            ? t('simulations.balanced', { accounts: result.ledger.length })
            : t('simulations.unbalanced')}
        </p>
      </Section>
      <Chart
        kind="stacked"
        title={t('simulations.by_day')}
        series={[
          { id: 'invoice', label: t('simulations.invoiced'), color: 1 },
          { id: 'credit_note', label: t('simulations.credited'), color: 3 },
        ]}
        points={days.map((day) => ({
          label: date(day, 'short'),
          values: { invoice: sumOf(day, 'invoice'), credit_note: -sumOf(day, 'credit_note') },
        }))}
        format={(value) => money(value, currency)}
        formatShort={(value) => moneyShort(value, currency)}
      />
      {result.documents.map((document) => (
        <Section
          key={document.number}
          flush
          title={
            <span className={styles.document}>
              {t(`simulations.${document.kind}`, { number: document.number })}
              <DateText value={document.issue_date} style="long" />
            </span>
          }
          description={[
            document.account,
            document.cause.run
              ? t('simulations.by_run', { date: date(document.cause.on, 'medium') })
              : t('simulations.by_event', { number: (document.cause.event ?? 0) + 1 }),
          ].join(' · ')}
        >
          <SimpleTable
            label={t(`simulations.${document.kind}`, { number: document.number })}
            rows={document.lines.map((line, index) => ({ ...line, key: String(index) }))}
            rowId={(line) => line.key}
            columns={[
              {
                id: 'what',
                header: t('invoices.line'),
                primary: true,
                cell: (line) => (
                  <div className={styles.about}>
                    <strong>{line.description}</strong>
                    <PeriodText from={line.period.from} to={line.period.to} style="medium" />
                    <small>{line.explanation}</small>
                  </div>
                ),
              },
              {
                id: 'days',
                header: t('invoices.days'),
                align: 'end',
                cell: (line) => `${line.days}/${line.of_days}`,
              },
              { id: 'gross', header: t('invoices.gross'), align: 'end', cell: (line) => amount(line.gross) },
              {
                id: 'discount',
                header: t('invoices.discount'),
                align: 'end',
                cell: (line) => amount(line.discount),
              },
              { id: 'net', header: t('simulations.net'), align: 'end', cell: (line) => amount(line.net) },
            ]}
            footer={[
              ...document.taxes.map((tax) => ({
                label: tax.inclusive ? t('simulations.tax_inside', { name: tax.name }) : tax.name,
                value: amount(tax.amount),
              })),
              { label: t('invoices.total'), value: amount(document.total), strong: true },
            ]}
          />
        </Section>
      ))}
    </>
  )
}
