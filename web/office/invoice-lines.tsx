import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { InvoiceLine, PlannedInvoice, PlannedInvoiceLine } from '../shared/api-types.gen.ts'
import { SimpleTable } from '../shared/simple-table.tsx'
import { useFormats } from '../shared/use-formats.ts'
import { Money, PeriodText } from '../shared/values.tsx'
import styles from './invoice-lines.module.css'

type Line = PlannedInvoiceLine & Partial<Pick<InvoiceLine, 'corrects' | 'credited'>>

/** Once is billed what has no period of its own. */
const oneOff: Line['role'][] = ['fee', 'instalment', 'manual', 'penalty', 'late_fee', 'interest']

/** The lines of a document, planned or issued: each amount with the sum and the words that explain it, and its taxes. */
export function InvoiceLines({
  label,
  invoice,
  footer = [],
}: {
  label: string
  invoice: Pick<PlannedInvoice, 'currency' | 'gross' | 'discount' | 'total'> & {
    tax?: number
    taxes?: PlannedInvoice['taxes']
    lines: Line[]
  }
  /** More totals under the invoice's own. */
  footer?: { label: string; value: number; strong?: boolean }[]
}) {
  const { t } = useTranslation()
  const { money: write, percent } = useFormats()
  const money = (amount: number) => <Money amount={amount} currency={invoice.currency} />
  const discounted = invoice.discount !== 0
  const taxes = invoice.taxes ?? []
  const rate = (millionths: number) => percent(millionths / 1_000_000)
  const totals = [
    ...(discounted || invoice.tax ? [{ label: t('invoices.gross'), value: invoice.gross }] : []),
    ...(discounted ? [{ label: t('invoices.discount'), value: -invoice.discount }] : []),
    ...taxes
      .filter((tax) => !tax.inclusive)
      .map((tax) => ({
        label: t('invoices.tax_line', {
          name: tax.name,
          rate: rate(tax.rate),
          base: write(tax.base, invoice.currency),
        }),
        value: tax.amount,
      })),
    { label: t('invoices.total'), value: invoice.total, strong: true },
    ...taxes
      .filter((tax) => tax.inclusive)
      .map((tax) => ({
        label: t('invoices.tax_inside', { name: tax.name, rate: rate(tax.rate) }),
        value: tax.amount,
      })),
    ...footer,
  ]
  const counted = invoice.lines.some((line) => !oneOff.includes(line.role) && line.role !== 'usage')
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
                {!oneOff.includes(line.role) && (
                  <PeriodText from={line.period.from} to={line.period.to} style="medium" />
                )}
                {line.subscription_number !== null &&
                  `${oneOff.includes(line.role) ? '' : ' · '}${t('invoices.service_number', { number: line.subscription_number })}`}
                {line.corrects && (
                  <>
                    {' · '}
                    <Link to={`/invoices/${line.corrects.invoice_id}` as never}>
                      {t('invoices.corrects_line', {
                        description: line.corrects.description,
                        document: line.corrects.document,
                      })}
                    </Link>
                  </>
                )}
              </span>
              <small>{line.explanation}</small>
              {line.credited !== undefined && line.credited > 0 && (
                <small>{t('invoices.credited_of', { amount: write(line.credited, invoice.currency) })}</small>
              )}
            </div>
          ),
        },
        { id: 'price', header: t('invoices.price'), align: 'end', cell: (line) => money(line.unit_amount) },
        { id: 'quantity', header: t('invoices.quantity'), align: 'end', cell: (line) => line.quantity },
        ...(counted
          ? [
              {
                id: 'days',
                header: t('invoices.days'),
                align: 'end' as const,
                cell: (line: Line) =>
                  oneOff.includes(line.role) || line.role === 'usage' ? (
                    '–'
                  ) : (
                    <span className={styles.days}>
                      {t('invoices.days_of', { days: line.days, of: line.of_days })}
                    </span>
                  ),
              },
            ]
          : []),
        ...(discounted
          ? [
              {
                id: 'discount',
                header: t('invoices.discount'),
                align: 'end' as const,
                cell: (line: Line) => (line.discount === 0 ? '–' : money(-line.discount)),
              },
            ]
          : []),
        { id: 'net', header: t('invoices.amount'), align: 'end', cell: (line) => money(line.net) },
      ]}
      footer={totals.map((line) => ({ ...line, value: money(line.value) }))}
    />
  )
}
