import { Button } from '@mantine/core'
import IconCash from '@tabler/icons-react/dist/esm/icons/IconCash.mjs'
import IconChevronRight from '@tabler/icons-react/dist/esm/icons/IconChevronRight.mjs'
import IconClock from '@tabler/icons-react/dist/esm/icons/IconClock.mjs'
import IconDownload from '@tabler/icons-react/dist/esm/icons/IconDownload.mjs'
import { useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute, Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { OwnInvoiceDetail } from '../../shared/api-types.gen.ts'
import { loadTexts } from '../../shared/i18n.ts'
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

/** One document: what it is for, why each amount is what it is, what was paid, what is left. */
export const Route = createFileRoute('/_app/invoices/$id')({
  loader: ({ context: { queryClient }, params }) =>
    Promise.all([
      queryClient.ensureQueryData(invoiceQuery(params.id)),
      queryClient.ensureQueryData(homeQuery),
      loadTexts('documents'),
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
        title={`${t(`documents:kind.${invoice.kind}`)} ${numberOfInvoice(invoice)}`}
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
            {invoice.reason && (
              <Callout tone="neutral" title={t('documents:portal.reason')}>
                <p>{invoice.reason}</p>
              </Callout>
            )}
            <Lines invoice={invoice} />
            <Payments invoice={invoice} />
          </>
        }
        aside={
          <>
            {invoice.related.length > 0 && <Related invoice={invoice} />}
            <About invoice={invoice} />
          </>
        }
      />
    </>
  )
}

/** What the amount at the top is. */
function labelOf(invoice: OwnInvoiceDetail): string {
  if (invoice.kind === 'credit_note') return 'documents:portal.in_your_favour'
  if (invoice.kind === 'proforma') return 'documents:portal.offer'
  return invoice.state === 'open' ? 'invoice.to_pay' : 'invoice.total'
}

function Due({ invoice, checking }: { invoice: OwnInvoiceDetail; checking: boolean }) {
  const { t } = useTranslation()
  const { date, relative } = useFormats()
  const mayPay = maySession(useSession(), 'billing')
  const explain = () => {
    if (invoice.kind === 'credit_note') {
      const about = invoice.related.filter((one) => one.relation === 'about').map(numberOfInvoice)
      return t('documents:portal.credit_note_text', { documents: about.join(', ') })
    }
    if (invoice.kind === 'proforma')
      return t('documents:portal.valid_until', { date: date(invoice.due_date, 'long') })
    if (invoice.state === 'void') return t('documents:portal.void_text')
    if (invoice.state === 'paid')
      return t('invoice.paid_on', { date: date(invoice.paid_at ?? invoice.issue_date, 'long') })
    return t(invoice.overdue ? 'invoices.was_due' : 'invoices.due', {
      date: date(invoice.due_date, 'long'),
      relative: relative(invoice.due_date),
    })
  }
  const owed = invoice.state === 'open'
  return (
    <Section>
      <div className={styles.hero}>
        <div>
          <span>{t(labelOf(invoice))}</span>
          <Money
            amount={owed ? invoice.open_amount : invoice.total}
            currency={invoice.currency}
            size="large"
          />
          <p className={owed && invoice.overdue ? styles.late : undefined}>{explain()}</p>
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
          {owed && mayPay && (
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
  const { money: write, percent } = useFormats()
  const debt = invoice.kind === 'invoice' || invoice.kind === 'debit_note'
  const money = (amount: number) => <Money amount={amount} currency={invoice.currency} />
  return (
    <Section title={t(invoice.kind === 'invoice' ? 'invoice.lines' : 'documents:lines')} flush>
      <ul className={styles.lines}>
        {invoice.lines.map((line) => (
          <Line key={line.id} line={line} currency={invoice.currency} />
        ))}
      </ul>
      <div className={styles.totals}>
        {(invoice.discount !== 0 || invoice.tax !== 0) && (
          <div>
            <span>{t('invoice.gross')}</span>
            {money(invoice.gross)}
          </div>
        )}
        {invoice.discount !== 0 && (
          <div>
            <span>{t('invoice.discount')}</span>
            {money(-invoice.discount)}
          </div>
        )}
        {invoice.taxes.map((tax) => (
          <div key={tax.tax_id}>
            <span>
              {t(tax.inclusive ? 'documents:portal.tax_inside' : 'documents:portal.tax', {
                name: tax.name,
                rate: percent(tax.rate / 1_000_000),
                base: write(tax.base, invoice.currency),
              })}
            </span>
            {money(tax.amount)}
          </div>
        ))}
        <div data-strong>
          <span>{t('invoice.total')}</span>
          {money(invoice.total)}
        </div>
        {debt && invoice.open_amount !== invoice.total && (
          <>
            <div>
              <span>{t(invoice.credited > 0 ? 'documents:settled' : 'invoice.paid')}</span>
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

/** Whether the price of a line is one of a month. */
function isMonth({ whole_period: { from, to } }: OwnInvoiceDetail['lines'][number]): boolean {
  const days = (Date.parse(to) - Date.parse(from)) / 86_400_000
  return days >= 28 && days <= 31
}

function Line({ line, currency }: { line: OwnInvoiceDetail['lines'][number]; currency: string }) {
  const { t } = useTranslation()
  const recurring = line.role === 'plan' || line.role === 'option'
  const timed = recurring || line.role === 'usage'
  const monthly =
    recurring && (line.price_model === 'flat' || line.price_model === 'per_unit') && isMonth(line)
  const { period } = useFormats()
  const money = (amount: number) => <Money amount={amount} currency={currency} />
  return (
    <li className={styles.line}>
      <div className={styles.lineHead}>
        <div>
          <strong>{line.description}</strong>
          {timed && <div className={styles.period}>{period(line.period.from, line.period.to)}</div>}
          {line.corrects && (
            <div className={styles.period}>
              <Link to="/invoices/$id" params={{ id: line.corrects.invoice_id }}>
                {line.corrects.document}
              </Link>
            </div>
          )}
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
            {monthly && (
              <div>
                <dt>{t('invoice.why_price')}</dt>
                <dd>{money(line.unit_amount)}</dd>
              </div>
            )}
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
    <Section title={t('documents:settled')} flush>
      <List label={t('documents:settled')}>
        {invoice.payments.map((payment, index) => (
          <Row
            // biome-ignore lint/suspicious/noArrayIndexKey: what was paid keeps its place
            key={index}
            lead={<Tile icon={IconCash} tone="good" />}
            name={
              payment.document_id !== null ? (
                <Link to="/invoices/$id" params={{ id: payment.document_id }}>
                  {t(`documents:movement.${payment.kind}`)} {payment.document_number}
                </Link>
              ) : payment.method ? (
                t(`payment_method.${payment.method}`)
              ) : (
                t(`documents:movement.${payment.kind}`)
              )
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

/** The documents that it corrects, that correct it, that it was made from or into. */
function Related({ invoice }: { invoice: OwnInvoiceDetail }) {
  const { t } = useTranslation('documents')
  return (
    <Section title={t('related')}>
      <Facts
        facts={invoice.related.map((one) => [
          t(`relation.${one.relation}`),
          <Link key={one.id} to="/invoices/$id" params={{ id: one.id }}>
            {t(`kind.${one.kind}`)} {numberOfInvoice(one)}
          </Link>,
        ])}
      />
    </Section>
  )
}

function About({ invoice }: { invoice: OwnInvoiceDetail }) {
  const { t } = useTranslation()
  return (
    <Section title={t('documents:about')}>
      <Facts
        facts={[
          [t('invoice.number'), numberOfInvoice(invoice)],
          [t('invoice.issued'), <DateText key="issued" value={invoice.issue_date} />],
          invoice.kind !== 'credit_note' && [
            invoice.kind === 'proforma' ? t('documents:valid_until') : t('invoice.due'),
            <DateText key="due" value={invoice.due_date} />,
          ],
          invoice.subscription_number !== null && [
            t('documents:service'),
            t('documents:service_number', { number: invoice.subscription_number }),
          ],
          [t('service.method'), t(`payment_method.${invoice.payment_method}`)],
          [t('invoice.customer'), <PartyText key="customer" party={invoice.customer as Party} />],
          [t('invoice.issuer'), <PartyText key="issuer" party={invoice.issuer as Party} />],
        ]}
      />
    </Section>
  )
}
