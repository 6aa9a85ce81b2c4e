import IconAlertTriangle from '@tabler/icons-react/dist/esm/icons/IconAlertTriangle.mjs'
import IconCircleCheck from '@tabler/icons-react/dist/esm/icons/IconCircleCheck.mjs'
import IconClock from '@tabler/icons-react/dist/esm/icons/IconClock.mjs'
import IconCrown from '@tabler/icons-react/dist/esm/icons/IconCrown.mjs'
import IconFileInvoice from '@tabler/icons-react/dist/esm/icons/IconFileInvoice.mjs'
import IconMail from '@tabler/icons-react/dist/esm/icons/IconMail.mjs'
import IconPackage from '@tabler/icons-react/dist/esm/icons/IconPackage.mjs'
import IconReceiptOff from '@tabler/icons-react/dist/esm/icons/IconReceiptOff.mjs'
import IconSignature from '@tabler/icons-react/dist/esm/icons/IconSignature.mjs'
import IconUserX from '@tabler/icons-react/dist/esm/icons/IconUserX.mjs'
import { queryOptions, useQuery, useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute, Link } from '@tanstack/react-router'
import { lazy, type ReactNode, Suspense } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../../shared/api.ts'
import type { Home as HomeData } from '../../shared/api-types.gen.ts'
import { EmptyState, PageTitle, Section } from '../../shared/page.tsx'
import { StateBadge } from '../../shared/state-badge.tsx'
import { useFormats } from '../../shared/use-formats.ts'
import { DateText, Money } from '../../shared/values.tsx'
import { numberOfInvoice } from '../billing-queries.ts'
import { ButtonLink } from '../button-link.tsx'
import styles from '../home.module.css'
import { coverLink, List, Row, Tile } from '../list.tsx'
import { iconOfService, lastDayOf } from '../service-words.ts'
import { homeQuery, maySession, useSession } from '../session.ts'

const DunningBanner = lazy(() =>
  import('../dunning-banner.tsx').then((module) => ({ default: module.DunningBanner })),
)

const HomeOrders = lazy(() => import('../home-orders.tsx').then((module) => ({ default: module.HomeOrders })))

/** Orders and quotes that wait, and the support credits; asked after the page is there. */
const waitingQuery = queryOptions({
  queryKey: ['orders', 'waiting'],
  refetchInterval: 60_000,
  queryFn: async ({ signal }) => {
    const [orders, credits] = await Promise.all([
      orThrow(
        api.GET('/api/v1/portal/orders', {
          params: { query: { state: ['quoted', 'open', 'paid'], limit: 5 } },
          signal,
        }),
      ),
      orThrow(api.GET('/api/v1/portal/support-credits', { params: { query: { limit: 1 } }, signal })),
    ])
    return { orders: orders.items, credits: credits.balance }
  },
})

/** What needs you, what you have, what was written to you (C1). */
export const Route = createFileRoute('/_app/')({
  loader: ({ context }) => context.queryClient.ensureQueryData(homeQuery),
  component: HomePage,
})

function HomePage() {
  const { t } = useTranslation()
  const session = useSession()
  const { data: home } = useSuspenseQuery(homeQuery)
  const name = session.name.trim()
  // A user who has the account's own name may be a company, which has no first name.
  const own = name === home.account.name
  const called = own ? name : name.split(/\s+/)[0]
  return (
    <>
      <PageTitle
        title={called ? t('home.title_name', { name: called }) : t('home.title')}
        subtitle={
          own
            ? t('account.number', { number: home.account.number })
            : t('home.subtitle', { account: home.account.name, number: home.account.number })
        }
      />
      {home.balance && home.invoices.some((one) => one.overdue) && (
        <Suspense>
          <DunningBanner checking={home.invoices.filter((one) => one.notified).map((one) => one.id)} />
        </Suspense>
      )}
      <div className={styles.page}>
        <NeedsYou home={home} />
        <div className={styles.main}>
          <Orders />
          <Services home={home} />
        </div>
        <div className={styles.aside}>
          <Mails home={home} />
        </div>
      </div>
    </>
  )
}

/** Nothing, and nothing of it is loaded, where nothing was ordered. */
function Orders() {
  const session = useSession()
  const enabled = maySession(session, 'services') || maySession(session, 'billing')
  const { data } = useQuery({ ...waitingQuery, enabled })
  if (!data || (data.orders.length === 0 && data.credits === 0)) return null
  return (
    <Suspense>
      <HomeOrders {...data} />
    </Suspense>
  )
}

/** What is owed, and whether that is late; for those who may see money. */
function Balance({ home, balance }: { home: HomeData; balance: NonNullable<HomeData['balance']> }) {
  const { t } = useTranslation()
  const { money } = useFormats()
  const mayPay = maySession(useSession(), 'billing')
  const { owed, credit, currency } = balance
  const overdue = home.invoices.filter((one) => one.overdue).reduce((sum, one) => sum + one.open_amount, 0)
  const payable = home.invoices.filter((one) => !one.notified)
  const checking = home.invoices.filter((one) => one.notified)
  return (
    <div className={styles.balance}>
      <div className={styles.figure}>
        <span>{t('home.balance.owed')}</span>
        <Money amount={owed} currency={currency} size="large" />
        <p>
          {overdue > 0 ? (
            <span className={styles.overdue}>
              {t('home.balance.overdue', { amount: money(overdue, currency) })}
            </span>
          ) : owed === 0 ? (
            t('home.balance.nothing')
          ) : checking.length > 0 && payable.length === 0 ? (
            t('home.balance.checking')
          ) : (
            t('home.balance.in_time')
          )}
          {credit > 0 && <> · {t('home.balance.credit', { amount: money(credit, currency) })}</>}
        </p>
      </div>
      <div className={styles.balanceActions}>
        {mayPay && payable.length > 1 && (
          <ButtonLink to="/pay" search={{ invoices: payable.map((one) => one.id).join(',') }}>
            {t('home.balance.pay_all')}
          </ButtonLink>
        )}
        {mayPay && (
          <ButtonLink to="/statement" variant="default">
            {t('home.balance.statement')}
          </ButtonLink>
        )}
      </div>
    </div>
  )
}

function NeedsYou({ home }: { home: HomeData }) {
  const { t } = useTranslation()
  const mayPay = maySession(useSession(), 'billing')
  if (!home.balance && home.needs_you.length === 0) return null
  const checking = home.invoices.filter((one) => one.notified)
  const nothing = home.needs_you.length === 0
  return (
    <Section title={t('home.needs.title')} flush>
      {home.balance && <Balance home={home} balance={home.balance} />}
      <List label={t('home.needs.title')}>
        {home.needs_you.map((need) => (
          <Need key={need.id} home={home} need={need} mayPay={mayPay} />
        ))}
        {checking.map((invoice) => (
          <Row
            key={invoice.id}
            line
            lead={<Tile icon={IconClock} tone="info" />}
            name={
              <InvoiceLink id={invoice.id} open={mayPay}>
                {t('home.needs.checking', { number: numberOfInvoice(invoice) })}
              </InvoiceLink>
            }
            detail={t('home.needs.checking_detail')}
            end={<Money amount={invoice.open_amount} currency={invoice.currency} />}
          />
        ))}
        {nothing && checking.length === 0 && (
          <Row
            line
            lead={<Tile icon={IconCircleCheck} tone="good" />}
            name={t('home.needs.nothing')}
            detail={t('home.needs.nothing_detail')}
          />
        )}
      </List>
    </Section>
  )
}

/** Leads to the invoice, for those who may see it. */
function InvoiceLink({ id, open, children }: { id: string; open: boolean; children: ReactNode }) {
  if (!open) return children
  return (
    <Link to="/invoices/$id" params={{ id }} className={coverLink}>
      {children}
    </Link>
  )
}

function Need({
  home,
  need,
  mayPay,
}: {
  home: HomeData
  need: HomeData['needs_you'][number]
  mayPay: boolean
}) {
  const { t } = useTranslation()
  const { date, relative, money } = useFormats()
  if (need.kind === 'ownership_offered') {
    return (
      <Row
        line
        lead={<Tile icon={IconCrown} tone="info" />}
        name={
          <Link to="/users" className={coverLink}>
            {t('home.needs.ownership', { account: home.account.name })}
          </Link>
        }
        detail={t('home.needs.ownership_detail', { date: date(need.date) })}
      />
    )
  }
  if (need.kind === 'contract_waiting') {
    return (
      <Row
        line
        lead={<Tile icon={IconSignature} tone="warning" />}
        name={
          <Link to="/services/$id" params={{ id: need.id }} className={coverLink}>
            {t('home.needs.contract', { number: need.number })}
          </Link>
        }
        detail={t('home.needs.contract_detail')}
      />
    )
  }
  if (need.kind === 'account_change_rejected') {
    return (
      <Row
        line
        lead={<Tile icon={IconUserX} tone="warning" />}
        name={
          <Link to="/account" className={coverLink}>
            {t('home.needs.change_rejected')}
          </Link>
        }
        detail={need.reason ? t('home.needs.rejected_reason', { reason: need.reason }) : undefined}
      />
    )
  }
  // What is about money has an amount.
  const { amount: due = 0, currency = '' } = need as { amount: number; currency: string }
  const amount = <Money amount={due} currency={currency} />
  if (need.kind === 'payment_rejected') {
    return (
      <Row
        line
        lead={<Tile icon={IconReceiptOff} tone="warning" />}
        name={
          mayPay ? (
            <Link to="/payments" className={coverLink}>
              {t('home.needs.rejected', { amount: money(due, currency) })}
            </Link>
          ) : (
            t('home.needs.rejected', { amount: money(due, currency) })
          )
        }
        detail={need.reason ? t('home.needs.rejected_reason', { reason: need.reason }) : undefined}
        actions={
          mayPay && (
            <ButtonLink to="/pay" search={{ again: need.id }} size="sm" variant="light">
              {t('home.needs.send_again')}
            </ButtonLink>
          )
        }
      />
    )
  }
  const overdue = need.kind === 'invoice_overdue'
  return (
    <Row
      line
      lead={<Tile icon={overdue ? IconAlertTriangle : IconFileInvoice} tone={overdue ? 'bad' : 'accent'} />}
      name={
        <InvoiceLink id={need.id} open={mayPay}>
          {t(overdue ? 'home.needs.overdue' : 'home.needs.due', { number: need.number })}
        </InvoiceLink>
      }
      detail={t(overdue ? 'home.needs.overdue_detail' : 'home.needs.due_detail', {
        date: date(need.date),
        relative: relative(need.date),
      })}
      end={<strong>{amount}</strong>}
      actions={
        mayPay && (
          <ButtonLink
            to="/pay"
            search={{ invoices: need.id }}
            size="sm"
            aria-label={t('home.needs.pay_label', { number: need.number })}
          >
            {t('home.needs.pay')}
          </ButtonLink>
        )
      }
    />
  )
}

function Services({ home }: { home: HomeData }) {
  const { t } = useTranslation()
  const { date } = useFormats()
  const session = useSession()
  const mayPay = maySession(session, 'billing')
  const mayOpen = maySession(session, 'services')
  if (!mayOpen) return null
  const overdue = home.invoices.filter((one) => one.overdue && !one.notified)
  return (
    <Section
      title={t('home.services.title')}
      flush
      actions={
        home.services.length > 0 && (
          <div className={styles.links}>
            <Link to="/shop" className={styles.all}>
              {t('services.order')}
            </Link>
            <Link to="/services" className={styles.all}>
              {t('home.services.all')}
            </Link>
          </div>
        )
      }
    >
      {home.services.length === 0 ? (
        <EmptyState
          icon={<IconPackage size={24} aria-hidden />}
          title={t('services.empty.title')}
          action={<ButtonLink to="/shop">{t('services.order')}</ButtonLink>}
        >
          {t('services.empty.text')}
        </EmptyState>
      ) : (
        <List label={t('home.services.title')}>
          {home.services.map((service) => {
            return (
              <Row
                key={service.id}
                lead={<Tile icon={iconOfService(service.kind)} tone="accent" />}
                name={
                  <>
                    {mayOpen ? (
                      <Link to="/services/$id" params={{ id: service.id }}>
                        {service.plan_name}
                      </Link>
                    ) : (
                      service.plan_name
                    )}
                    <StateBadge kind="subscription" state={service.status} />
                  </>
                }
                detail={
                  service.end_date
                    ? t('services.until', { date: date(lastDayOf(service.end_date)) })
                    : service.status === 'awaiting_installation'
                      ? t('services.awaiting')
                      : t('services.since', { date: date(service.start_date) })
                }
                end={
                  <>
                    <strong>
                      <Money amount={service.amount} currency={service.currency} />
                    </strong>
                    <small>{t('services.per_month')}</small>
                  </>
                }
                actions={
                  <>
                    {service.status === 'suspended_administratively' && mayPay && overdue.length > 0 && (
                      <ButtonLink
                        to="/pay"
                        search={{ invoices: overdue.map((one) => one.id).join(',') }}
                        size="xs"
                        variant="filled"
                      >
                        {t('services.pay_overdue')}
                      </ButtonLink>
                    )}
                    {mayOpen && (
                      <ButtonLink to="/services/$id" params={{ id: service.id }} size="xs" variant="default">
                        {t('services.see')}
                      </ButtonLink>
                    )}
                    {(service.status === 'active' || service.status === 'suspended') && mayPay && (
                      <ButtonLink to="/invoices" search={{ state: 'all' }} size="xs" variant="default">
                        {t('services.see_invoices')}
                      </ButtonLink>
                    )}
                  </>
                }
              />
            )
          })}
        </List>
      )}
    </Section>
  )
}

function Mails({ home }: { home: HomeData }) {
  const { t } = useTranslation()
  return (
    <Section
      title={t('home.mails.title')}
      flush
      actions={
        home.notices.length > 0 && (
          <Link to="/emails" className={styles.all}>
            {t('home.mails.all')}
          </Link>
        )
      }
    >
      {home.notices.length === 0 ? (
        <EmptyState icon={<IconMail size={24} aria-hidden />} title={t('emails.empty.title')}>
          {t('emails.empty.text')}
        </EmptyState>
      ) : (
        <ul className={styles.mails}>
          {home.notices.map((mail) => (
            <li key={mail.id}>
              <Link to="/emails/$id" params={{ id: mail.id }}>
                {mail.subject}
              </Link>
              <DateText value={mail.created_at} relative />
            </li>
          ))}
        </ul>
      )}
    </Section>
  )
}
