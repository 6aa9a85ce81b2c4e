import { Button } from '@mantine/core'
import IconReportMoney from '@tabler/icons-react/dist/esm/icons/IconReportMoney.mjs'
import { useSuspenseInfiniteQuery, useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute, Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Movement } from '../../shared/api-types.gen.ts'
import { EmptyState, PageTitle, Section } from '../../shared/page.tsx'
import { SimpleTable } from '../../shared/simple-table.tsx'
import { StatementDialog } from '../../shared/statement-dialog.tsx'
import { DateText, Money } from '../../shared/values.tsx'
import { BillingNav } from '../area-navs.tsx'
import { AreaProblem } from '../area-problem.tsx'
import { statementQuery } from '../billing-queries.ts'
import { MoreRows } from '../list.tsx'
import { homeQuery } from '../session.ts'
import styles from '../statement.module.css'

/** Everything that happened to the account's money, with the balance after it. */
export const Route = createFileRoute('/_app/statement')({
  loader: ({ context: { queryClient } }) =>
    Promise.all([
      queryClient.ensureInfiniteQueryData(statementQuery),
      queryClient.ensureQueryData(homeQuery),
    ]),
  component: StatementPage,
  errorComponent: AreaProblem,
})

function StatementPage() {
  const { t } = useTranslation()
  const query = useSuspenseInfiniteQuery(statementQuery)
  const [printing, setPrinting] = useState(false)
  const { data: home } = useSuspenseQuery(homeQuery)
  const movements = query.data.pages.flatMap((page) => page.items)
  // Whoever reads the statement may see billing, and then there is a balance.
  const { owed, credit, currency } = home.balance ?? { owed: 0, credit: 0, currency: 'USD' }
  return (
    <>
      <BillingNav />
      <PageTitle
        title={t('statement.title')}
        subtitle={t('statement.subtitle')}
        actions={
          movements.length > 0 && (
            <Button variant="default" onClick={() => setPrinting(true)}>
              {t('invoice.pdf')}
            </Button>
          )
        }
      />
      {printing && (
        <StatementDialog
          path="/api/v1/portal/statement.pdf"
          words={{
            title: t('statement.title'),
            from: t('statement.from'),
            to: t('statement.to'),
            download: t('invoice.pdf'),
          }}
          onClose={() => setPrinting(false)}
        />
      )}
      <Section flush>
        <dl className={styles.balance}>
          <div>
            <dt>{t('home.balance.owed')}</dt>
            <dd>
              <Money amount={owed} currency={currency} size="large" />
            </dd>
          </div>
          {credit > 0 && (
            <div>
              <dt>{t('statement.credit')}</dt>
              <dd>
                <Money amount={credit} currency={currency} size="large" />
              </dd>
            </div>
          )}
        </dl>
        {movements.length === 0 ? (
          <EmptyState icon={<IconReportMoney size={24} aria-hidden />} title={t('statement.empty')}>
            {t('statement.empty_text')}
          </EmptyState>
        ) : (
          <>
            <SimpleTable
              label={t('statement.title')}
              rows={movements}
              rowId={(row) => row.id}
              columns={[
                {
                  id: 'what',
                  header: t('statement.what'),
                  primary: true,
                  cell: (row) => <What movement={row} />,
                },
                { id: 'date', header: t('statement.date'), cell: (row) => <DateText value={row.on_date} /> },
                {
                  id: 'amount',
                  header: t('statement.amount'),
                  align: 'end',
                  cell: (row) => <Money amount={row.amount} currency={row.currency} />,
                },
                {
                  id: 'balance',
                  header: t('statement.balance'),
                  align: 'end',
                  cell: (row) => <Balance movement={row} />,
                },
              ]}
            />
            <MoreRows query={query} />
          </>
        )}
      </Section>
    </>
  )
}

/** What it was: a document by its name and number; else what happened, with the document that it is about. */
function What({ movement }: { movement: Movement }) {
  const { t } = useTranslation()
  const { t: say } = useTranslation('money')
  const { kind, invoice_kind } = movement
  const document =
    movement.invoice_id !== null && movement.invoice_series !== null && movement.invoice_number !== null ? (
      <Link to="/invoices/$id" params={{ id: movement.invoice_id }} className={styles.invoice}>
        {say(`document.${invoice_kind ?? 'invoice'}`, {
          number: `${movement.invoice_series}-${movement.invoice_number}`,
        })}
      </Link>
    ) : null
  if (kind === invoice_kind && document) return document
  const words =
    kind === 'payment' && movement.method
      ? t('statement.payment_by', { method: t(`payment_method.${movement.method}`) })
      : kind === 'adjustment'
        ? say(movement.credit < 0 ? 'kind.adjustment_taken' : 'kind.adjustment_given')
        : say(`kind.${kind}`)
  const gave = movement.credit > 0 && kind !== 'adjustment'
  return (
    <>
      {words}
      <small className={styles.about}>
        {document}
        {movement.reason && <span>{movement.reason}</span>}
        {kind === 'refund' && movement.method && <span>{t(`payment_method.${movement.method}`)}</span>}
        {movement.reference && <span>{movement.reference}</span>}
        {gave && (
          <span>
            {t('statement.credited')} <Money amount={movement.credit} currency={movement.currency} />
          </span>
        )}
      </small>
    </>
  )
}

/** What was owed after it; less than nothing is credit, and said so. */
function Balance({ movement }: { movement: Movement }) {
  const { t } = useTranslation()
  if (movement.balance >= 0) return <Money amount={movement.balance} currency={movement.currency} />
  return (
    <>
      <Money amount={-movement.balance} currency={movement.currency} />
      <small className={styles.about}>{t('statement.in_credit')}</small>
    </>
  )
}
