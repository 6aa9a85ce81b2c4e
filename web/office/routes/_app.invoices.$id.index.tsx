import { Button } from '@mantine/core'
import IconBan from '@tabler/icons-react/dist/esm/icons/IconBan.mjs'
import IconCash from '@tabler/icons-react/dist/esm/icons/IconCash.mjs'
import IconChevronDown from '@tabler/icons-react/dist/esm/icons/IconChevronDown.mjs'
import IconCopy from '@tabler/icons-react/dist/esm/icons/IconCopy.mjs'
import IconDownload from '@tabler/icons-react/dist/esm/icons/IconDownload.mjs'
import IconReceipt from '@tabler/icons-react/dist/esm/icons/IconReceipt.mjs'
import IconReceiptRefund from '@tabler/icons-react/dist/esm/icons/IconReceiptRefund.mjs'
import { useQuery, useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute, Link, useRouter } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../../shared/api.ts'
import type { InvoiceDetail } from '../../shared/api-types.gen.ts'
import { ConfirmDialog } from '../../shared/dialog.tsx'
import { loadTexts } from '../../shared/i18n.ts'
import { Menu, type MenuItem } from '../../shared/menu.tsx'
import { Columns, Facts, PageTitle, Section, Stacked } from '../../shared/page.tsx'
import { Callout } from '../../shared/problem-alert.tsx'
import { SimpleTable } from '../../shared/simple-table.tsx'
import { StateBadge } from '../../shared/state-badge.tsx'
import { showToast } from '../../shared/toasts.tsx'
import { useFormats } from '../../shared/use-formats.ts'
import { DateText, Money } from '../../shared/values.tsx'
import { accountQuery, refreshAccounts } from '../account-queries.ts'
import { BackLink } from '../back-link.tsx'
import { closingQuery, invoiceQuery } from '../billing-queries.ts'
import { isDebt, signOfDocument } from '../document-words.ts'
import documentStyles from '../documents.module.css'
import { Figures } from '../figures.tsx'
import styles from '../invoice-lines.module.css'
import { InvoiceLines } from '../invoice-lines.tsx'
import { numberOfInvoice, stateOfInvoice } from '../invoice-words.ts'
import { PermittedButton } from '../permitted-button.tsx'
import { RecordPaymentDialog } from '../record-payment-dialog.tsx'
import { useMay } from '../session.ts'

/** One document: its lines and why, its taxes, what was paid and credited, what it has to do with others. */
export const Route = createFileRoute('/_app/invoices/$id/')({
  loader: async ({ context: { queryClient }, params }) => {
    const [invoice] = await Promise.all([
      queryClient.ensureQueryData(invoiceQuery(params.id)),
      loadTexts('documents'),
    ])
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
  const settled = invoice.total - invoice.open_amount
  const debt = isDebt(invoice.kind)
  return (
    <>
      <PageTitle
        back={<BackLink to="/invoices">{t('shell.invoices')}</BackLink>}
        title={`${t(`documents:kind.${invoice.kind}`)} ${number}`}
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
            <DocumentActions invoice={invoice} />
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
            {invoice.state === 'offered' && (
              <Callout tone="info" title={t('documents:offer_title')}>
                <p>{t('documents:offer_text', { date: date(invoice.due_date, 'long') })}</p>
              </Callout>
            )}
            {invoice.reason && (
              <Callout tone="neutral" title={t('documents:reason')}>
                <p>{invoice.reason}</p>
              </Callout>
            )}
            <Figures
              figures={[
                {
                  id: 'total',
                  label: t('invoices.total'),
                  value: money(signOfDocument(invoice.kind) * invoice.total, invoice.currency),
                },
                debt && {
                  id: 'open',
                  label: t('invoices.open'),
                  value: money(invoice.open_amount, invoice.currency),
                  tone: invoice.overdue && invoice.open_amount > 0 ? 'bad' : undefined,
                  note:
                    invoice.credited > 0
                      ? t('invoices.credited_of', { amount: money(invoice.credited, invoice.currency) })
                      : settled > 0 && t('invoices.paid_of', { amount: money(settled, invoice.currency) }),
                },
                invoice.kind !== 'credit_note' && {
                  id: 'due',
                  label: invoice.kind === 'proforma' ? t('documents:valid_until') : t('invoices.due'),
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
                  settled === 0 || !debt
                    ? []
                    : [
                        { label: t('documents:settled'), value: -settled },
                        { label: t('invoices.open'), value: invoice.open_amount, strong: true },
                      ]
                }
              />
            </Section>
            {debt && <Settled invoice={invoice} />}
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

/** What else can be done with it: corrections of a debt, the answer to a proforma. */
function DocumentActions({ invoice }: { invoice: InvoiceDetail }) {
  const { t } = useTranslation('documents')
  const { money } = useFormats()
  const may = useMay()
  const router = useRouter()
  const { queryClient } = Route.useRouteContext()
  const [asking, setAsking] = useState<'convert' | 'withdraw' | null>(null)
  if (!may('documents.write')) return null
  const number = numberOfInvoice(invoice)
  const go = (to: string, search?: object) => () =>
    void router.navigate({ to, ...(search ? { search } : {}) } as never)
  const left = invoice.lines.some((line) => line.net + line.tax > line.credited)
  const paid = invoice.payments.some((one) => one.kind !== 'credit_note')
  const debt = isDebt(invoice.kind) && invoice.state !== 'void'
  const more: MenuItem[] = [
    ...(debt && left
      ? [
          {
            label: t('credit'),
            icon: IconReceiptRefund,
            onClick: go(`/invoices/${invoice.id}/credit`),
          },
        ]
      : []),
    ...(debt ? [{ label: t('debit'), icon: IconReceipt, onClick: go(`/invoices/${invoice.id}/debit`) }] : []),
    {
      label: t('copy'),
      icon: IconCopy,
      onClick: go(`/accounts/${invoice.account_id}/new-invoice`, { from: invoice.id }),
    },
    ...(invoice.state === 'open' && !paid
      ? [
          {
            label: t('void'),
            icon: IconBan,
            danger: true,
            onClick: go(`/invoices/${invoice.id}/void`),
          },
        ]
      : []),
    ...(invoice.state === 'offered'
      ? [{ label: t('withdraw'), icon: IconBan, danger: true, onClick: () => setAsking('withdraw') }]
      : []),
  ]
  const params = { params: { path: { id: invoice.id } } }
  return (
    <>
      <Menu
        label={t('more')}
        trigger={
          <>
            {t('more')} <IconChevronDown size={16} aria-hidden />
          </>
        }
        items={more}
      />
      {invoice.state === 'offered' && <Button onClick={() => setAsking('convert')}>{t('convert')}</Button>}
      <ConfirmDialog
        opened={asking === 'convert'}
        onClose={() => setAsking(null)}
        title={t('convert_title', { number })}
        confirm={t('convert')}
        onConfirm={async () => {
          const { documents } = await orThrow(api.POST('/api/v1/office/invoices/{id}/convert', params))
          await refreshAccounts(queryClient)
          const [made] = documents
          if (!made) return
          showToast({ tone: 'good', title: t('converted', { number: numberOfInvoice(made) }) })
          await router.navigate({ to: `/invoices/${made.id}` } as never)
        }}
      >
        <p>{t('convert_text', { total: money(invoice.total, invoice.currency) })}</p>
      </ConfirmDialog>
      <ConfirmDialog
        opened={asking === 'withdraw'}
        onClose={() => setAsking(null)}
        title={t('withdraw_title', { number })}
        confirm={t('withdraw')}
        danger
        onConfirm={async () => {
          await orThrow(api.POST('/api/v1/office/invoices/{id}/withdraw', params))
          await refreshAccounts(queryClient)
          showToast({ tone: 'good', title: t('withdrawn') })
        }}
      >
        <p>{t('withdraw_text')}</p>
      </ConfirmDialog>
    </>
  )
}

/** What changed what is owed: payments, credit of the account, credit notes. */
function Settled({ invoice }: { invoice: InvoiceDetail }) {
  const { t } = useTranslation()
  return (
    <Section title={t('documents:settled')} flush={invoice.payments.length > 0}>
      {invoice.payments.length === 0 ? (
        <p>{t('documents:nothing_settled')}</p>
      ) : (
        <SimpleTable
          label={t('documents:settled')}
          rows={invoice.payments.map((payment, index) => ({ ...payment, key: String(index) }))}
          rowId={(row) => row.key}
          columns={[
            {
              id: 'how',
              header: t('invoices.paid_with'),
              primary: true,
              cell: (row) =>
                row.document_id === null ? (
                  row.method ? (
                    t(`words.payment_method.${row.method}`)
                  ) : (
                    t(`documents:movement.${row.kind}`)
                  )
                ) : (
                  <>
                    {t(`documents:movement.${row.kind}`)}{' '}
                    <Link to={`/invoices/${row.document_id}` as never}>{row.document_number}</Link>
                  </>
                ),
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
      {invoice.related.length > 0 && <Related invoice={invoice} />}
      <Section title={t('documents:about')}>
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
            invoice.subscription_id !== null && [
              t('documents:service'),
              <Link key="service" to={`/services/${invoice.subscription_id}` as never}>
                {t('documents:service_number', { number: invoice.subscription_number })}
              </Link>,
            ],
            [t('invoices.method'), t(`words.payment_method.${invoice.payment_method}`)],
            invoice.closing_id !== null && [
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

/** The documents that it corrects, that correct it, that it was made from or into. */
function Related({ invoice }: { invoice: InvoiceDetail }) {
  const { t } = useTranslation('documents')
  return (
    <Section title={t('related')}>
      <Facts
        facts={invoice.related.map((one) => [
          t(`relation.${one.relation}`),
          <span key={one.id}>
            <Link to={`/invoices/${one.id}` as never}>
              {t(`kind.${one.kind}`)} {numberOfInvoice(one)}
            </Link>
            <small className={documentStyles.about}>
              <Money amount={signOfDocument(one.kind) * one.total} currency={one.currency} />
            </small>
          </span>,
        ])}
      />
    </Section>
  )
}
