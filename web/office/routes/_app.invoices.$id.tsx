import { Button } from '@mantine/core'
import IconCash from '@tabler/icons-react/dist/esm/icons/IconCash.mjs'
import IconDownload from '@tabler/icons-react/dist/esm/icons/IconDownload.mjs'
import { useQuery, useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute, Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { InvoiceDetail } from '../../shared/api-types.gen.ts'
import { Columns, Facts, PageTitle, Section, Stacked } from '../../shared/page.tsx'
import { SimpleTable } from '../../shared/simple-table.tsx'
import { StateBadge } from '../../shared/state-badge.tsx'
import { useFormats } from '../../shared/use-formats.ts'
import { DateText, Money } from '../../shared/values.tsx'
import { accountQuery } from '../account-queries.ts'
import { BackLink } from '../back-link.tsx'
import { closingQuery, invoiceQuery } from '../billing-queries.ts'
import { Figures } from '../figures.tsx'
import styles from '../invoice-lines.module.css'
import { InvoiceLines } from '../invoice-lines.tsx'
import { numberOfInvoice, stateOfInvoice } from '../invoice-words.ts'
import { PermittedButton } from '../permitted-button.tsx'
import { RecordPaymentDialog } from '../record-payment-dialog.tsx'

/** One invoice: its lines and why, what was paid of it, what is open. */
export const Route = createFileRoute('/_app/invoices/$id')({
  loader: async ({ context: { queryClient }, params }) => {
    const invoice = await queryClient.ensureQueryData(invoiceQuery(params.id))
    void queryClient.prefetchQuery(accountQuery(invoice.account_id))
  },
  component: InvoicePage,
})

function InvoicePage() {
  const { t } = useTranslation()
  const { money, date, relative } = useFormats()
  const { id } = Route.useParams()
  const { queryClient } = Route.useRouteContext()
  const { data: invoice } = useSuspenseQuery(invoiceQuery(id))
  const { data: account } = useQuery(accountQuery(invoice.account_id))
  const [paying, setPaying] = useState(false)
  const number = numberOfInvoice(invoice)
  const paid = invoice.total - invoice.open_amount
  return (
    <>
      <PageTitle
        back={<BackLink to="/invoices">{t('shell.invoices')}</BackLink>}
        title={t('invoices.page_title', { number })}
        state={<StateBadge kind="invoice" state={stateOfInvoice(invoice)} />}
        subtitle={<Link to={`/accounts/${invoice.account_id}` as never}>{invoice.account_name}</Link>}
        actions={
          <>
            <Button
              component="a"
              href={`/api/v1/office/invoices/${invoice.id}/pdf`}
              download={`${number}.pdf`}
              variant="default"
              leftSection={<IconDownload size={16} aria-hidden />}
            >
              {t('invoices.pdf')}
            </Button>
            {invoice.open_amount > 0 && (
              <PermittedButton
                needs="payments.decide"
                leftSection={<IconCash size={16} aria-hidden />}
                disabled={!account}
                onClick={() => setPaying(true)}
              >
                {t('invoices.record_payment')}
              </PermittedButton>
            )}
          </>
        }
      />
      <Columns
        main={
          <>
            <Figures
              figures={[
                { id: 'total', label: t('invoices.total'), value: money(invoice.total, invoice.currency) },
                {
                  id: 'open',
                  label: t('invoices.open'),
                  value: money(invoice.open_amount, invoice.currency),
                  tone: invoice.overdue && invoice.open_amount > 0 ? 'bad' : undefined,
                  note: paid > 0 && t('invoices.paid_of', { amount: money(paid, invoice.currency) }),
                },
                {
                  id: 'due',
                  label: t('invoices.due'),
                  value: date(invoice.due_date),
                  note: invoice.paid_at
                    ? t('invoices.paid_since', { date: date(invoice.paid_at) })
                    : relative(invoice.due_date),
                },
              ]}
            />
            <Section title={t('invoices.lines')} flush>
              <InvoiceLines
                label={t('invoices.lines')}
                invoice={invoice}
                footer={
                  paid === 0
                    ? []
                    : [
                        { label: t('invoices.paid'), value: -paid },
                        { label: t('invoices.open'), value: invoice.open_amount, strong: true },
                      ]
                }
              />
            </Section>
            <Payments invoice={invoice} />
          </>
        }
        aside={<About invoice={invoice} />}
      />
      {paying && account && (
        <RecordPaymentDialog
          account={account}
          invoiceId={invoice.id}
          onClose={() => {
            setPaying(false)
            void queryClient.invalidateQueries({ queryKey: ['invoices', id] })
          }}
        />
      )}
    </>
  )
}

function Payments({ invoice }: { invoice: InvoiceDetail }) {
  const { t } = useTranslation()
  return (
    <Section title={t('invoices.payments')} flush={invoice.payments.length > 0}>
      {invoice.payments.length === 0 ? (
        <p>{t('invoices.no_payments')}</p>
      ) : (
        <SimpleTable
          label={t('invoices.payments')}
          rows={invoice.payments.map((payment, index) => ({ ...payment, key: String(index) }))}
          rowId={(row) => row.key}
          columns={[
            {
              id: 'how',
              header: t('invoices.paid_with'),
              primary: true,
              cell: (row) =>
                row.kind === 'credit_used'
                  ? t('invoices.credit_used')
                  : row.method
                    ? t(`words.payment_method.${row.method}`)
                    : t('invoices.payment'),
            },
            { id: 'on', header: t('invoices.paid_on'), cell: (row) => <DateText value={row.on_date} /> },
            { id: 'reference', header: t('invoices.reference'), cell: (row) => row.reference ?? '–' },
            {
              id: 'amount',
              header: t('invoices.amount'),
              align: 'end',
              cell: (row) => <Money amount={row.amount} currency={invoice.currency} />,
            },
          ]}
        />
      )}
    </Section>
  )
}

function PartyText({ party }: { party: Record<string, unknown> }) {
  const text = (name: string) => {
    const value = party[name]
    return value === null || value === undefined || value === '' ? null : String(value)
  }
  const place = [text('postal_code'), text('city'), text('state')].filter(Boolean).join(', ')
  return (
    <span className={styles.party}>
      {[text('name'), text('tax_id'), text('address'), place].filter(Boolean).join('\n')}
    </span>
  )
}

function About({ invoice }: { invoice: InvoiceDetail }) {
  const { t } = useTranslation()
  const { date } = useFormats()
  const { data: closing } = useQuery({
    ...closingQuery(invoice.closing_id ?? ''),
    enabled: invoice.closing_id !== null,
  })
  return (
    <Stacked>
      <Section title={t('invoices.about')}>
        <Facts
          facts={[
            [
              t('invoices.account'),
              <Link key="account" to={`/accounts/${invoice.account_id}` as never}>
                {invoice.account_name}
              </Link>,
            ],
            [t('words.unit'), invoice.business_unit_name],
            [t('invoices.issued'), <DateText key="issued" value={invoice.issue_date} />],
            [t('invoices.method'), t(`words.payment_method.${invoice.payment_method}`)],
            [
              t('invoices.closing'),
              closing ? (
                <Link key="closing" to="/closings/$id" params={{ id: closing.id }}>
                  {date(closing.up_to, 'long')}
                </Link>
              ) : null,
            ],
          ]}
        />
      </Section>
      <Section title={t('invoices.parties')} description={t('invoices.parties_text')}>
        <Facts
          facts={[
            [t('invoices.customer'), <PartyText key="customer" party={invoice.customer} />],
            [t('invoices.issuer'), <PartyText key="issuer" party={invoice.issuer} />],
          ]}
        />
      </Section>
    </Stacked>
  )
}
