import { useTranslation } from 'react-i18next'
import type { PlannedInvoiceLine } from '../shared/api-types.gen.ts'
import { SimpleTable } from '../shared/simple-table.tsx'
import { Money, PeriodText } from '../shared/values.tsx'
import styles from './invoice-lines.module.css'

/** The lines of an invoice, planned or issued: each amount with the sum and the words that explain it. */
export function InvoiceLines({
  label,
  invoice,
  footer = [],
}: {
  label: string
  invoice: { currency: string; gross: number; discount: number; total: number; lines: PlannedInvoiceLine[] }
  /** More totals under the invoice's own. */
  footer?: { label: string; value: number; strong?: boolean }[]
}) {
  const { t } = useTranslation()
  const money = (amount: number) => <Money amount={amount} currency={invoice.currency} />
  const discounted = invoice.discount !== 0
  const totals = [
    ...(discounted
      ? [
          { label: t('invoices.gross'), value: invoice.gross },
          { label: t('invoices.discount'), value: -invoice.discount },
        ]
      : []),
    { label: t('invoices.total'), value: invoice.total, strong: true },
    ...footer,
  ]
  return (
    <SimpleTable
      label={label}
      rows={invoice.lines.map((line, index) => ({ ...line, key: String(index) }))}
      rowId={(line) => line.key}
      columns={[
        {
          id: 'what',
          header: t('invoices.line'),
          primary: true,
          cell: (line) => (
            <div className={styles.about}>
              <strong>{line.description}</strong>
              <span>
                <PeriodText from={line.period.from} to={line.period.to} style="medium" />
                {line.subscription_number !== null &&
                  ` · ${t('invoices.service_number', { number: line.subscription_number })}`}
              </span>
              <small>{line.explanation}</small>
            </div>
          ),
        },
        { id: 'price', header: t('invoices.price'), align: 'end', cell: (line) => money(line.unit_amount) },
        { id: 'quantity', header: t('invoices.quantity'), align: 'end', cell: (line) => line.quantity },
        {
          id: 'days',
          header: t('invoices.days'),
          align: 'end',
          cell: (line) => (
            <span className={styles.days}>
              {t('invoices.days_of', { days: line.days, of: line.of_days })}
            </span>
          ),
        },
        ...(discounted
          ? [
              {
                id: 'discount',
                header: t('invoices.discount'),
                align: 'end' as const,
                cell: (line: PlannedInvoiceLine) => (line.discount === 0 ? '–' : money(-line.discount)),
              },
            ]
          : []),
        { id: 'net', header: t('invoices.amount'), align: 'end', cell: (line) => money(line.net) },
      ]}
      footer={totals.map((line) => ({ ...line, value: money(line.value) }))}
    />
  )
}
