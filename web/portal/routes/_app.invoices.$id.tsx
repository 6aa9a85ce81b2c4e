import { Button } from '@mantine/core'
import IconCash from '@tabler/icons-react/dist/esm/icons/IconCash.mjs'
import IconChevronRight from '@tabler/icons-react/dist/esm/icons/IconChevronRight.mjs'
import IconClock from '@tabler/icons-react/dist/esm/icons/IconClock.mjs'
import IconDownload from '@tabler/icons-react/dist/esm/icons/IconDownload.mjs'
import { useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { OwnInvoiceDetail } from '../../shared/api-types.gen.ts'
import { Columns, Facts, PageTitle, Section } from '../../shared/page.tsx'
import { Callout } from '../../shared/problem-alert.tsx'
import { StateBadge } from '../../shared/state-badge.tsx'
import { useFormats } from '../../shared/use-formats.ts'
import { DateText, Money } from '../../shared/values.tsx'
import { AreaProblem } from '../area-problem.tsx'
import { BackLink } from '../back-link.tsx'
import { invoiceQuery, numberOfInvoice, stateOfInvoice } from '../billing-queries.ts'
import { ButtonLink } from '../button-link.tsx'
import styles from '../invoices.module.css'
import { List, Row, Tile } from '../list.tsx'
import { homeQuery, maySession, useSession } from '../session.ts'

/** One invoice: what it is for, why each amount is what it is, what was paid, what is left. */
export const Route = createFileRoute('/_app/invoices/$id')({
  loader: ({ context: { queryClient }, params }) =>
    Promise.all([
      queryClient.ensureQueryData(invoiceQuery(params.id)),
      queryClient.ensureQueryData(homeQuery),
    ]),
  component: InvoicePage,
  errorComponent: AreaProblem,
})

function InvoicePage() {
  const { t } = useTranslation()
  const { id } = Route.useParams()
  const { data: invoice } = useSuspenseQuery(invoiceQuery(id))
  const { data: home } = useSuspenseQuery(homeQuery)
  const checking = home.invoices.some((one) => one.id === id && one.notified)
  return (
    <>
      <PageTitle
        back={<BackLink to="/invoices">{t('invoices.title')}</BackLink>}
        title={t('invoice.title', { number: numberOfInvoice(invoice) })}
        state={<StateBadge kind="invoice" state={stateOfInvoice(invoice)} />}
      />
      <Columns
        main={
          <>
            <Due invoice={invoice} checking={checking} />
            {checking && (
              <Callout
                tone="info"
                icon={<IconClock size={20} aria-hidden />}
                title={t('invoice.checking_title')}
              >
                <p>{t('invoice.checking_text')}</p>
              </Callout>
            )}
            <Lines invoice={invoice} />
            <Payments invoice={invoice} />
          </>
        }
        aside={<About invoice={invoice} />}
      />
    </>
  )
}

function Due({ invoice, checking }: { invoice: OwnInvoiceDetail; checking: boolean }) {
  const { t } = useTranslation()
  const { date, relative } = useFormats()
  const mayPay = maySession(useSession(), 'billing')
  const paid = invoice.state === 'paid'
  return (
    <Section>
      <div className={styles.hero}>
        <div>
          <span>{t(paid ? 'invoice.total' : 'invoice.to_pay')}</span>
          <Money
            amount={paid ? invoice.total : invoice.open_amount}
            currency={invoice.currency}
            size="large"
          />
          <p className={!paid && invoice.overdue ? styles.late : undefined}>
            {paid
              ? t('invoice.paid_on', { date: date(invoice.paid_at ?? invoice.issue_date, 'long') })
              : t(invoice.overdue ? 'invoices.was_due' : 'invoices.due', {
                  date: date(invoice.due_date, 'long'),
                  relative: relative(invoice.due_date),
                })}
          </p>
        </div>
        <div className={styles.heroActions}>
          <Button
            component="a"
            href={`/api/v1/portal/invoices/${invoice.id}/pdf`}
            download={`${numberOfInvoice(invoice)}.pdf`}
            variant="default"
            leftSection={<IconDownload size={18} aria-hidden />}
          >
            {t('invoice.pdf')}
          </Button>
          {!paid && mayPay && (
            <ButtonLink to="/pay" search={{ invoices: invoice.id }} variant={checking ? 'default' : 'filled'}>
              {t(checking ? 'invoice.notify_again' : 'invoice.pay')}
            </ButtonLink>
          )}
        </div>
      </div>
    </Section>
  )
}

function Lines({ invoice }: { invoice: OwnInvoiceDetail }) {
  const { t } = useTranslation()
  const money = (amount: number) => <Money amount={amount} currency={invoice.currency} />
  return (
    <Section title={t('invoice.lines')} flush>
      <ul className={styles.lines}>
        {invoice.lines.map((line) => (
          <Line key={line.id} line={line} currency={invoice.currency} />
        ))}
      </ul>
      <div className={styles.totals}>
        {invoice.discount !== 0 && (
          <>
            <div>
              <span>{t('invoice.gross')}</span>
              {money(invoice.gross)}
            </div>
            <div>
              <span>{t('invoice.discount')}</span>
              {money(-invoice.discount)}
            </div>
          </>
        )}
        <div data-strong>
          <span>{t('invoice.total')}</span>
          {money(invoice.total)}
        </div>
        {invoice.open_amount !== invoice.total && (
          <>
            <div>
              <span>{t('invoice.paid')}</span>
              {money(invoice.open_amount - invoice.total)}
            </div>
            <div data-strong>
              <span>{t('invoice.left')}</span>
              {money(invoice.open_amount)}
            </div>
          </>
        )}
      </div>
    </Section>
  )
}

function Line({ line, currency }: { line: OwnInvoiceDetail['lines'][number]; currency: string }) {
  const { t } = useTranslation()
  const { period } = useFormats()
  const money = (amount: number) => <Money amount={amount} currency={currency} />
  return (
    <li className={styles.line}>
      <div className={styles.lineHead}>
        <div>
          <strong>{line.description}</strong>
          <div className={styles.period}>{period(line.period.from, line.period.to)}</div>
        </div>
        <strong>{money(line.net)}</strong>
      </div>
      <details className={styles.why}>
        <summary>
          <IconChevronRight size={14} aria-hidden />
          {t('invoice.why')}
          <span className="visually-hidden">: {line.description}</span>
        </summary>
        <div className={styles.whyBody}>
          <p>{line.explanation}</p>
          <dl className={styles.sum}>
            <div>
              <dt>{t('invoice.why_price')}</dt>
              <dd>{money(line.unit_amount)}</dd>
            </div>
            {line.quantity !== 1 && (
              <div>
                <dt>{t('invoice.why_quantity')}</dt>
                <dd>× {line.quantity}</dd>
              </div>
            )}
            {line.days !== line.of_days && (
              <div>
                <dt>{t('invoice.why_days')}</dt>
                <dd>{t('invoice.why_days_value', { days: line.days, of: line.of_days })}</dd>
              </div>
            )}
            {line.discount !== 0 && (
              <>
                <div>
                  <dt>{t('invoice.gross')}</dt>
                  <dd>{money(line.gross)}</dd>
                </div>
                <div>
                  <dt>{t('invoice.discount')}</dt>
                  <dd>{money(-line.discount)}</dd>
                </div>
              </>
            )}
            <div>
              <dt>{t('invoice.why_total')}</dt>
              <dd>{money(line.net)}</dd>
            </div>
          </dl>
        </div>
      </details>
    </li>
  )
}

function Payments({ invoice }: { invoice: OwnInvoiceDetail }) {
  const { t } = useTranslation()
  const { date } = useFormats()
  if (invoice.payments.length === 0) return null
  return (
    <Section title={t('invoice.payments')} flush>
      <List label={t('invoice.payments')}>
        {invoice.payments.map((payment, index) => (
          <Row
            // biome-ignore lint/suspicious/noArrayIndexKey: what was paid keeps its place
            key={index}
            lead={<Tile icon={IconCash} tone="good" />}
            name={
              payment.kind === 'credit_used'
                ? t('invoice.credit_used')
                : payment.method
                  ? t(`payment_method.${payment.method}`)
                  : t('invoice.payment')
            }
            detail={[date(payment.on_date, 'long'), payment.reference].filter(Boolean).join(' · ')}
            end={
              <strong>
                <Money amount={payment.amount} currency={invoice.currency} />
              </strong>
            }
          />
        ))}
      </List>
    </Section>
  )
}

type Party = {
  name?: unknown
  tax_id?: unknown
  address?: unknown
  city?: unknown
  state?: unknown
  postal_code?: unknown
}

function PartyText({ party }: { party: Party }) {
  const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : null)
  const place = [text(party.postal_code), text(party.city), text(party.state)].filter(Boolean).join(', ')
  return (
    <div className={styles.party}>
      <strong>{text(party.name)}</strong>
      {[text(party.tax_id), text(party.address), place].filter(Boolean).map((line) => `\n${line}`)}
    </div>
  )
}

function About({ invoice }: { invoice: OwnInvoiceDetail }) {
  const { t } = useTranslation()
  return (
    <Section title={t('invoice.about')}>
      <Facts
        facts={[
          [t('invoice.number'), numberOfInvoice(invoice)],
          [t('invoice.issued'), <DateText key="issued" value={invoice.issue_date} />],
          [t('invoice.due'), <DateText key="due" value={invoice.due_date} />],
          [t('service.method'), t(`payment_method.${invoice.payment_method}`)],
          [t('invoice.customer'), <PartyText key="customer" party={invoice.customer as Party} />],
          [t('invoice.issuer'), <PartyText key="issuer" party={invoice.issuer as Party} />],
        ]}
      />
    </Section>
  )
}
