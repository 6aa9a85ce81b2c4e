import { Checkbox } from '@mantine/core'
import IconClock from '@tabler/icons-react/dist/esm/icons/IconClock.mjs'
import IconFileInvoice from '@tabler/icons-react/dist/esm/icons/IconFileInvoice.mjs'
import { useSuspenseInfiniteQuery, useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute, Link } from '@tanstack/react-router'
import { lazy, Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { OwnInvoice } from '../../shared/api-types.gen.ts'
import { loadTexts } from '../../shared/i18n.ts'
import { EmptyState, PageTitle, Section } from '../../shared/page.tsx'
import { StateBadge, ToneBadge } from '../../shared/state-badge.tsx'
import { useFormats } from '../../shared/use-formats.ts'
import { Money } from '../../shared/values.tsx'
import { BillingNav } from '../area-navs.tsx'
import { AreaProblem } from '../area-problem.tsx'
import {
  type InvoiceFilter,
  invoiceFilters,
  invoicesQuery,
  numberOfInvoice,
  stateOfInvoice,
} from '../billing-queries.ts'
import { ButtonLink } from '../button-link.tsx'
import styles from '../invoices.module.css'
import { coverLink, List, MoreRows, Row, Tile } from '../list.tsx'
import { FilterNav } from '../section-nav.tsx'
import { homeQuery, maySession, useSession } from '../session.ts'

const DunningBanner = lazy(() =>
  import('../dunning-banner.tsx').then((module) => ({ default: module.DunningBanner })),
)

const DebitStopped = lazy(() =>
  import('../debit-stopped.tsx').then((module) => ({ default: module.DebitStopped })),
)

const OpenPayments = lazy(() =>
  import('../open-payments.tsx').then((module) => ({ default: module.OpenPayments })),
)

/** The account's documents: what is to pay, paid, notes, offers, or all; several can be chosen and paid together. */
export const Route = createFileRoute('/_app/invoices/')({
  validateSearch: (search: Record<string, unknown>): { state?: InvoiceFilter } => ({
    state: invoiceFilters.find((one) => one === search.state),
  }),
  loaderDeps: ({ search: { state = 'open' } }) => ({ state }),
  loader: ({ context: { queryClient }, deps }) =>
    Promise.all([
      queryClient.ensureInfiniteQueryData(invoicesQuery(deps.state)),
      queryClient.ensureQueryData(homeQuery),
      loadTexts('documents'),
    ]),
  component: InvoicesPage,
  errorComponent: AreaProblem,
})

const isKind = (filter: InvoiceFilter) => filter === 'credit_note' || filter === 'proforma'

function InvoicesPage() {
  const { t } = useTranslation()
  const { state = 'open' } = Route.useSearch()
  const mayPay = maySession(useSession(), 'billing')
  const query = useSuspenseInfiniteQuery(invoicesQuery(state))
  const { data: home } = useSuspenseQuery(homeQuery)
  const [chosen, setChosen] = useState<string[]>([])
  const invoices = query.data.pages.flatMap((page) => page.items)
  const checking = new Set(home.invoices.filter((one) => one.notified).map((one) => one.id))
  const payable = invoices.filter((one) => one.state === 'open' && !checking.has(one.id))
  const selected = payable.filter((one) => chosen.includes(one.id))
  const selectable = mayPay && payable.length > 1
  return (
    <>
      <BillingNav />
      <PageTitle
        title={t('invoices.title')}
        subtitle={t('invoices.subtitle')}
        actions={
          selectable && (
            <ButtonLink to="/pay" search={{ invoices: payable.map((one) => one.id).join(',') }}>
              {t('home.balance.pay_all')}
            </ButtonLink>
          )
        }
      />
      {mayPay && (
        <Suspense>
          <DebitStopped />
          <OpenPayments />
        </Suspense>
      )}
      {home.invoices.some((one) => one.overdue) && (
        <Suspense>
          <DunningBanner checking={[...checking]} />
        </Suspense>
      )}
      <div className={styles.tools}>
        <FilterNav
          label={t('invoices.filter')}
          param="state"
          chosen={state}
          options={invoiceFilters.map((value) => ({
            value,
            label: isKind(value) ? t(`documents:kinds.${value}`) : t(`invoices.filter_${value}`),
          }))}
        />
        {selectable && (
          <Checkbox
            size="md"
            label={t('invoices.select_all')}
            checked={selected.length === payable.length}
            indeterminate={selected.length > 0 && selected.length < payable.length}
            onChange={(event) => setChosen(event.currentTarget.checked ? payable.map((one) => one.id) : [])}
          />
        )}
      </div>
      <Section flush>
        {invoices.length === 0 ? (
          isKind(state) ? (
            <EmptyState
              icon={<IconFileInvoice size={24} aria-hidden />}
              title={t(`documents:portal.empty_${state}`)}
            />
          ) : (
            <EmptyState icon={<IconFileInvoice size={24} aria-hidden />} title={t(`invoices.empty_${state}`)}>
              {t(`invoices.empty_${state}_text`)}
            </EmptyState>
          )
        ) : (
          <>
            <List label={t('invoices.title')}>
              {invoices.map((invoice) => (
                <InvoiceRow
                  key={invoice.id}
                  invoice={invoice}
                  checking={checking.has(invoice.id)}
                  selectable={selectable}
                  selected={chosen.includes(invoice.id)}
                  onSelect={(on) =>
                    setChosen(on ? [...chosen, invoice.id] : chosen.filter((id) => id !== invoice.id))
                  }
                />
              ))}
            </List>
            <MoreRows query={query} />
          </>
        )}
      </Section>
      {selected.length > 0 && <SelectionBar invoices={selected} />}
    </>
  )
}

function InvoiceRow({
  invoice,
  checking,
  selectable,
  selected,
  onSelect,
}: {
  invoice: OwnInvoice
  checking: boolean
  selectable: boolean
  selected: boolean
  onSelect: (on: boolean) => void
}) {
  const { t } = useTranslation()
  const { date, relative } = useFormats()
  const number = numberOfInvoice(invoice)
  const open = invoice.state === 'open'
  return (
    <Row
      lead={
        selectable && open && !checking ? (
          <Checkbox
            size="md"
            className={styles.check}
            aria-label={t('invoices.select', { number })}
            checked={selected}
            onChange={(event) => onSelect(event.currentTarget.checked)}
          />
        ) : selectable ? (
          <span className={styles.check} />
        ) : (
          <Tile
            icon={IconFileInvoice}
            tone={checking ? 'info' : open ? (invoice.overdue ? 'bad' : 'accent') : 'neutral'}
          />
        )
      }
      name={
        <>
          <Link to="/invoices/$id" params={{ id: invoice.id }} className={coverLink}>
            {t(`documents:kind.${invoice.kind}`)} {number}
          </Link>
          {checking ? (
            <ToneBadge tone="info" icon={IconClock}>
              {t('invoices.checking')}
            </ToneBadge>
          ) : (
            <StateBadge kind="invoice" state={stateOfInvoice(invoice)} />
          )}
        </>
      }
      detail={
        open
          ? t(invoice.overdue ? 'invoices.was_due' : 'invoices.due', {
              date: date(invoice.due_date),
              relative: relative(invoice.due_date),
            })
          : invoice.state === 'offered'
            ? t('documents:portal.valid_until', { date: date(invoice.due_date) })
            : t('invoices.issued', { date: date(invoice.issue_date) })
      }
      end={
        <>
          <strong>
            <Money
              amount={
                open ? invoice.open_amount : invoice.kind === 'credit_note' ? -invoice.total : invoice.total
              }
              currency={invoice.currency}
            />
          </strong>
          {open && invoice.open_amount < invoice.total && (
            <small>
              {t('invoices.of')} <Money amount={invoice.total} currency={invoice.currency} />
            </small>
          )}
        </>
      }
    />
  )
}

/** What was chosen, always in sight, with its one action. */
function SelectionBar({ invoices }: { invoices: OwnInvoice[] }) {
  const { t } = useTranslation()
  const total = invoices.reduce((sum, one) => sum + one.open_amount, 0)
  const currency = invoices[0]?.currency ?? 'USD'
  return (
    <div className={styles.bar} role="status">
      <span>
        {t('invoices.selected', { count: invoices.length })}
        <strong>
          <Money amount={total} currency={currency} />
        </strong>
      </span>
      <ButtonLink to="/pay" search={{ invoices: invoices.map((one) => one.id).join(',') }}>
        {t('invoices.pay_selected', { count: invoices.length })}
      </ButtonLink>
    </div>
  )
}
