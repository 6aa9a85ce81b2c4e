import { Button } from '@mantine/core'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Account, Balance, Movement } from '../shared/api-types.gen.ts'
import { Section, SkeletonText } from '../shared/page.tsx'
import { ProblemAlert } from '../shared/problem-alert.tsx'
import { SimpleTable } from '../shared/simple-table.tsx'
import { StateBadge } from '../shared/state-badge.tsx'
import { StatementDialog } from '../shared/statement-dialog.tsx'
import { DateText, Money } from '../shared/values.tsx'
import {
  accountMailsQuery,
  accountPaymentsQuery,
  accountServicesQuery,
  openInvoicesQuery,
  statementQuery,
} from './account-queries.ts'
import { numberOfInvoice, stateOfInvoice } from './invoice-words.ts'
import styles from './list.module.css'
import { useMay } from './session.ts'

/** A part of the page that comes by itself: grey lines, the problem, nothing, or its table. */
function Part({
  query,
  title,
  description,
  actions,
  empty,
  nothing,
  children,
}: {
  query: { isPending: boolean; error: unknown; refetch: () => unknown }
  title: string
  description?: ReactNode
  actions?: ReactNode
  /** Whether there is nothing, and what is said then. */
  empty: boolean
  nothing: string
  children: ReactNode
}) {
  return (
    <Section title={title} description={description} actions={actions} flush>
      {query.error ? (
        <div className={styles.pad}>
          <ProblemAlert error={query.error} onRetry={() => query.refetch()} />
        </div>
      ) : query.isPending ? (
        <div className={styles.pad}>
          <SkeletonText />
        </div>
      ) : empty ? (
        <p className={styles.flushNothing}>{nothing}</p>
      ) : (
        children
      )}
    </Section>
  )
}

/** What is open, the oldest due date first. */
export function AccountInvoices({ account, balance }: { account: Account; balance: Balance | undefined }) {
  const { t } = useTranslation()
  const may = useMay()
  const query = useQuery(openInvoicesQuery(account.id))
  const invoices = query.data?.items ?? []
  return (
    <Part
      query={query}
      title={t('accounts.open_invoices')}
      actions={
        <div className={styles.links}>
          {may('documents.write') && account.erased_at === null && (
            <>
              <Link to={`/accounts/${account.id}/new-invoice` as never}>{t('accounts.new_invoice')}</Link>
              <Link
                to={`/accounts/${account.id}/new-invoice` as never}
                search={{ kind: 'proforma' } as never}
              >
                {t('accounts.new_proforma')}
              </Link>
            </>
          )}
          <Link to="/invoices" search={{ account_id: account.id } as never}>
            {t('accounts.all_invoices')}
          </Link>
        </div>
      }
      empty={invoices.length === 0}
      nothing={t('accounts.no_open_invoices')}
    >
      <SimpleTable
        label={t('accounts.open_invoices')}
        rows={invoices}
        rowId={(row) => row.id}
        columns={[
          {
            id: 'number',
            header: t('accounts.invoice'),
            cell: (row) => <Link to={`/invoices/${row.id}`}>{numberOfInvoice(row)}</Link>,
          },
          {
            id: 'state',
            header: t('accounts.state_column'),
            cell: (row) => <StateBadge kind="invoice" state={stateOfInvoice(row)} />,
          },
          { id: 'due', header: t('accounts.due'), cell: (row) => <DateText value={row.due_date} /> },
          {
            id: 'total',
            header: t('accounts.total'),
            align: 'end',
            cell: (row) => <Money amount={row.total} currency={row.currency} />,
          },
          {
            id: 'open',
            header: t('accounts.open_amount'),
            align: 'end',
            cell: (row) => <Money amount={row.open_amount} currency={row.currency} />,
          },
        ]}
        footer={
          balance && invoices.length > 1
            ? [
                {
                  label: t('accounts.owed'),
                  value: <Money amount={balance.owed} currency={balance.currency} />,
                  strong: true,
                },
              ]
            : undefined
        }
      />
    </Part>
  )
}

/** Every service in order of creation: those that go on first. */
export function AccountServices({ account }: { account: Account }) {
  const { t } = useTranslation()
  const query = useQuery(accountServicesQuery(account.id))
  const over = (status: string) => (status === 'cancelled' || status === 'ended' ? 1 : 0)
  const services = [...(query.data?.items ?? [])].sort(
    (one, other) => over(one.status) - over(other.status) || one.number - other.number,
  )
  return (
    <Part
      query={query}
      title={t('shell.services')}
      empty={services.length === 0}
      nothing={t('accounts.no_services')}
    >
      <SimpleTable
        label={t('shell.services')}
        rows={services}
        rowId={(row) => row.id}
        columns={[
          {
            id: 'plan',
            header: t('services.plan'),
            cell: (row) => (
              <>
                <Link to={`/services/${row.id}`}>{row.plan_name}</Link>
                <small className={styles.detail}>
                  {t('services.contract_number', { number: row.contract_number })}
                </small>
              </>
            ),
          },
          {
            id: 'status',
            header: t('accounts.state_column'),
            cell: (row) => <StateBadge kind="subscription" state={row.status} />,
          },
          {
            id: 'start',
            header: t('services.start_date'),
            cell: (row) => <DateText value={row.start_date} />,
          },
          {
            id: 'amount',
            header: t('services.amount_month'),
            align: 'end',
            cell: (row) => <Money amount={row.amount} currency={row.currency} />,
          },
        ]}
      />
    </Part>
  )
}

/** What a movement was, in words. */
function MovementText({ row }: { row: Movement }) {
  const { t } = useTranslation()
  const number =
    row.invoice_series !== null && row.invoice_number !== null
      ? numberOfInvoice({ series: row.invoice_series, number: row.invoice_number })
      : null
  const words = t(`accounts.movement.${row.kind}`)
  return (
    <>
      {words}
      {number !== null && (
        <>
          {' '}
          {row.invoice_id === null ? (
            number
          ) : (
            <Link to={`/invoices/${row.invoice_id}`} className={styles.inline}>
              {number}
            </Link>
          )}
        </>
      )}
      {row.method !== null && (
        <small className={styles.detail}>
          {[t(`words.payment_method.${row.method}`), row.reference].filter(Boolean).join(' · ')}
        </small>
      )}
      {row.reason !== null && <small className={styles.detail}>{row.reason}</small>}
    </>
  )
}

/** What happened to the account's money, newest first. */
export function AccountStatement({ account }: { account: Account }) {
  const { t } = useTranslation()
  const query = useInfiniteQuery(statementQuery(account.id))
  const [printing, setPrinting] = useState(false)
  const rows = query.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <Part
      query={query}
      title={t('accounts.statement')}
      actions={
        rows.length > 0 && (
          <Button size="xs" variant="default" onClick={() => setPrinting(true)}>
            {t('accounts.statement_pdf')}
          </Button>
        )
      }
      empty={rows.length === 0}
      nothing={t('accounts.no_statement')}
    >
      <SimpleTable
        label={t('accounts.statement')}
        rows={rows}
        rowId={(row) => row.id}
        columns={[
          {
            id: 'what',
            header: t('accounts.movement_column'),
            cell: (row) => <MovementText row={row} />,
            primary: true,
          },
          { id: 'on', header: t('accounts.date'), cell: (row) => <DateText value={row.on_date} /> },
          {
            id: 'amount',
            header: t('accounts.amount'),
            align: 'end',
            cell: (row) => <Money amount={row.amount} currency={row.currency} />,
          },
          {
            id: 'balance',
            header: t('accounts.balance'),
            align: 'end',
            cell: (row) => <Money amount={row.balance} currency={row.currency} />,
          },
        ]}
      />
      {query.hasNextPage && (
        <div className={styles.foot}>
          <Button
            variant="default"
            size="xs"
            loading={query.isFetchingNextPage}
            onClick={() => query.fetchNextPage()}
          >
            {t('common:table.more')}
          </Button>
        </div>
      )}
      {printing && (
        <StatementDialog
          path={`/api/v1/office/accounts/${account.id}/statement.pdf`}
          words={{
            title: t('accounts.statement'),
            from: t('accounts.statement_from'),
            to: t('accounts.statement_to'),
            download: t('invoices.pdf'),
          }}
          onClose={() => setPrinting(false)}
        />
      )}
    </Part>
  )
}

/** The latest money that came in, and what it paid. */
export function AccountPayments({ account }: { account: Account }) {
  const { t } = useTranslation()
  const query = useQuery(accountPaymentsQuery(account.id))
  const payments = query.data?.items ?? []
  return (
    <Part
      query={query}
      title={t('shell.payments')}
      empty={payments.length === 0}
      nothing={t('accounts.no_payments')}
    >
      <SimpleTable
        label={t('shell.payments')}
        rows={payments}
        rowId={(row) => row.id}
        columns={[
          {
            id: 'on',
            header: t('accounts.payment_received'),
            cell: (row) => <DateText value={row.received_on} />,
          },
          {
            id: 'method',
            header: t('accounts.payment_method'),
            cell: (row) => (
              <>
                {t(`words.payment_method.${row.method}`)}
                {row.reference && <small className={styles.detail}>{row.reference}</small>}
              </>
            ),
          },
          {
            id: 'paid',
            header: t('accounts.paid_what'),
            cell: (row) =>
              row.invoices.length === 0
                ? t('accounts.credit')
                : row.invoices.map((one, index) => (
                    <span key={one.id}>
                      {index > 0 && ', '}
                      <Link to={`/invoices/${one.id}`}>{one.number}</Link>
                    </span>
                  )),
          },
          {
            id: 'amount',
            header: t('accounts.amount'),
            align: 'end',
            cell: (row) => <Money amount={row.amount} currency={row.currency} />,
          },
        ]}
      />
    </Part>
  )
}

/** The latest mails to the account. */
export function AccountMails({ account }: { account: Account }) {
  const { t } = useTranslation()
  const query = useQuery(accountMailsQuery(account.id))
  const mails = query.data?.items ?? []
  return (
    <Part
      query={query}
      title={t('accounts.mails')}
      actions={
        <Link to="/mailbox" search={{ account_id: account.id } as never}>
          {t('accounts.all_mails')}
        </Link>
      }
      empty={mails.length === 0}
      nothing={t('accounts.no_mails')}
    >
      <SimpleTable
        label={t('accounts.mails')}
        rows={mails}
        rowId={(row) => row.id}
        columns={[
          {
            id: 'subject',
            header: t('accounts.subject'),
            cell: (row) => (
              <>
                <Link to={`/mailbox/${row.id}`}>{row.subject}</Link>
                <small className={styles.detail}>{row.to_email}</small>
              </>
            ),
          },
          {
            id: 'state',
            header: t('accounts.state_column'),
            cell: (row) => <StateBadge kind="notice" state={row.state} />,
          },
          {
            id: 'at',
            header: t('accounts.date'),
            cell: (row) => <DateText value={row.created_at} relative />,
          },
        ]}
      />
    </Part>
  )
}
