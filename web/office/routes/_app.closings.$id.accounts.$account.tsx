import IconAlertTriangle from '@tabler/icons-react/dist/esm/icons/IconAlertTriangle.mjs'
import { useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute, Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { EmptyState, PageTitle, Section, Stacked } from '../../shared/page.tsx'
import { Callout } from '../../shared/problem-alert.tsx'
import { StateBadge } from '../../shared/state-badge.tsx'
import { useFormats } from '../../shared/use-formats.ts'
import { BackLink } from '../back-link.tsx'
import { closingAccountQuery, closingQuery } from '../billing-queries.ts'
import { ButtonLink } from '../button-link.tsx'
import { InvoiceLines } from '../invoice-lines.tsx'
import { ParkedDetail } from '../parked-detail.tsx'

/** What a closing charges one account: its invoices line by line, before they exist. */
export const Route = createFileRoute('/_app/closings/$id/accounts/$account')({
  loader: ({ context: { queryClient }, params }) =>
    Promise.all([
      queryClient.ensureQueryData(closingQuery(params.id)),
      queryClient.ensureQueryData(closingAccountQuery(params.id, params.account)),
    ]),
  component: ClosingAccountPage,
})

function ClosingAccountPage() {
  const { t } = useTranslation()
  const { date, money } = useFormats()
  const params = Route.useParams()
  const { data: closing } = useSuspenseQuery(closingQuery(params.id))
  const { data: account } = useSuspenseQuery(closingAccountQuery(params.id, params.account))
  return (
    <Stacked>
      <PageTitle
        back={
          <BackLink to={`/closings/${params.id}`}>
            {t('closings.page_title', {
              unit: closing.business_unit_name,
              date: date(closing.up_to, 'long'),
            })}
          </BackLink>
        }
        title={account.account_name}
        state={<StateBadge kind="closing_account" state={account.state} />}
        subtitle={t('closings.account_total', {
          number: account.account_number,
          total: money(account.total, account.currency),
        })}
        actions={
          <ButtonLink to={`/accounts/${account.account_id}` as never} variant="default">
            {t('closings.open_account')}
          </ButtonLink>
        }
      />
      {account.reason_text && (
        <Callout
          tone="warning"
          icon={<IconAlertTriangle size={20} aria-hidden />}
          title={account.reason_text}
        >
          <p>
            <ParkedDetail detail={account.detail} />
          </p>
          <p>{t('closings.parked_text')}</p>
        </Callout>
      )}
      {account.differs && account.state === 'planned' && (
        <Callout
          tone="warning"
          icon={<IconAlertTriangle size={20} aria-hidden />}
          title={t('closings.differs')}
        >
          <p>{t('closings.differs_text')}</p>
        </Callout>
      )}
      {account.invoices.length === 0 && !account.reason_text && (
        <Section>
          <EmptyState title={t('closings.no_invoices')}>{t('closings.no_invoices_text')}</EmptyState>
        </Section>
      )}
      {account.invoices.map((invoice, index) => (
        <Section
          key={invoice.invoice_id ?? index}
          title={
            invoice.invoice_id
              ? t('closings.issued_invoice', { date: date(invoice.due_date, 'long') })
              : t('closings.planned_invoice', { date: date(invoice.due_date, 'long') })
          }
          description={t('closings.invoice_facts', {
            date: date(invoice.issue_date, 'long'),
            method: t(`words.payment_method.${invoice.payment_method}`),
          })}
          actions={
            invoice.invoice_id && (
              <Link to="/invoices/$id" params={{ id: invoice.invoice_id }}>
                {t('closings.open_invoice')}
              </Link>
            )
          }
          flush
        >
          <InvoiceLines
            label={t('closings.planned_invoice', { date: date(invoice.due_date, 'long') })}
            invoice={invoice}
          />
        </Section>
      ))}
    </Stacked>
  )
}
