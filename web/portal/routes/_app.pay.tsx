import { Checkbox } from '@mantine/core'
import IconCircleCheck from '@tabler/icons-react/dist/esm/icons/IconCircleCheck.mjs'
import { useQuery, useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute, Link } from '@tanstack/react-router'
import { useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { OwnInvoice, OwnOrder, OwnPaymentNotice } from '../../shared/api-types.gen.ts'
import { EmptyState, PageTitle, Section } from '../../shared/page.tsx'
import { StateBadge } from '../../shared/state-badge.tsx'
import { useFormats } from '../../shared/use-formats.ts'
import { Money } from '../../shared/values.tsx'
import { AreaProblem } from '../area-problem.tsx'
import { BackLink } from '../back-link.tsx'
import { numberOfInvoice, openInvoicesQuery, paymentQuery, stateOfInvoice } from '../billing-queries.ts'
import { ButtonLink } from '../button-link.tsx'
import { List, Row } from '../list.tsx'
import { orderQuery } from '../order-queries.ts'
import styles from '../pay.module.css'
import { hasProviders, PayChoices } from '../pay-choices.tsx'
import { Instructions, NotifyForm } from '../pay-notify.tsx'
import { choicesQuery } from '../pay-queries.ts'
import { homeQuery } from '../session.ts'

/**
 * Pays one or several invoices, or an order: by a provider, or outside of here with the notice that it was done. `again` is a
 * notice that was refused; `notify` begins with telling.
 */
export const Route = createFileRoute('/_app/pay')({
  validateSearch: (
    search: Record<string, unknown>,
  ): { invoices?: string; order?: string; again?: string; notify?: string } => {
    const text = (value: unknown) => (value ? String(value) : undefined)
    return {
      invoices: text(search.invoices),
      order: text(search.order),
      again: text(search.again),
      notify: text(search.notify),
    }
  },
  loaderDeps: ({ search: { again, order } }) => ({ again, order }),
  loader: async ({ context: { queryClient }, deps }) => {
    const before = deps.again ? await queryClient.ensureQueryData(paymentQuery(deps.again)) : null
    // A notice that was refused says what it was to pay.
    const order = deps.order ?? before?.order?.id
    await Promise.all([
      order
        ? queryClient.fetchQuery({ ...orderQuery(order), staleTime: 0 })
        : queryClient.fetchQuery({ ...openInvoicesQuery, staleTime: 0 }),
      queryClient.fetchQuery({ ...choicesQuery, staleTime: 0 }),
      queryClient.ensureQueryData(homeQuery),
    ])
    return { before, order }
  },
  component: PayPage,
  errorComponent: AreaProblem,
})

function PayPage() {
  const { t } = useTranslation()
  const [done, setDone] = useState<OwnPaymentNotice | null>(null)
  const { order } = Route.useLoaderData()
  if (done) return <Done notice={done} orderId={order} />
  return order ? (
    <PayOrder id={order} onDone={setDone} />
  ) : (
    <PayInvoices title={t('pay.title')} onDone={setDone} />
  )
}

function PayInvoices({ title, onDone }: { title: string; onDone: (notice: OwnPaymentNotice) => void }) {
  const { t } = useTranslation()
  const { queryClient } = Route.useRouteContext()
  const { data: invoices } = useSuspenseQuery(openInvoicesQuery)
  const { data: choices } = useSuspenseQuery(choicesQuery)
  const { data: home } = useSuspenseQuery(homeQuery)
  const { before } = Route.useLoaderData()
  const search = Route.useSearch()
  const checking = useMemo(
    () => new Set(home.invoices.filter((one) => one.notified).map((one) => one.id)),
    [home],
  )
  const wanted = before
    ? before.invoices.map((one: { id: string }) => one.id)
    : (search.invoices?.split(',') ?? null)
  const [picked, setPicked] = useState<string[] | null>(null)
  const payable = invoices.map((one) => one.id)
  const chosen = (
    picked ?? payable.filter((id) => (wanted ? wanted.includes(id) : !checking.has(id)))
  ).filter((id) => payable.includes(id))
  const total = invoices
    .filter((one) => chosen.includes(one.id))
    .reduce((sum, one) => sum + one.open_amount, 0)
  return (
    <>
      <PageTitle
        back={<BackLink to="/invoices">{t('invoices.title')}</BackLink>}
        title={title}
        subtitle={hasProviders(choices) ? undefined : t('pay.subtitle')}
      />
      {invoices.length === 0 ? (
        <Section>
          <EmptyState
            icon={<IconCircleCheck size={24} aria-hidden />}
            title={t('pay.nothing')}
            action={
              <ButtonLink to="/invoices" search={{ state: 'all' }} variant="default">
                {t('services.see_invoices')}
              </ButtonLink>
            }
          >
            {t('pay.nothing_text')}
          </EmptyState>
        </Section>
      ) : (
        <div className={styles.page}>
          <Section title={t(hasProviders(choices) ? 'pay:page.what' : 'pay.step_choose')} flush>
            <List label={t(hasProviders(choices) ? 'pay:page.what' : 'pay.step_choose')}>
              {invoices.map((invoice) => (
                <InvoiceChoice
                  key={invoice.id}
                  invoice={invoice}
                  checking={checking.has(invoice.id)}
                  checked={chosen.includes(invoice.id)}
                  onChange={(on) =>
                    setPicked(on ? [...chosen, invoice.id] : chosen.filter((id) => id !== invoice.id))
                  }
                />
              ))}
            </List>
            <div className={styles.total}>
              <span>{t('pay.total', { count: chosen.length })}</span>
              <Money amount={total} currency={choices.currency} size="large" />
            </div>
          </Section>
          <HowToPay
            target={{ invoice_ids: chosen }}
            total={total}
            nothing={chosen.length === 0 ? t('pay.invoices_missing') : null}
            before={before}
            preferred={invoices.find((one) => chosen.includes(one.id))?.payment_method}
            onChanged={() => {
              void queryClient.invalidateQueries({ queryKey: ['invoices'] })
              void queryClient.invalidateQueries({ queryKey: ['home'] })
            }}
            onDone={onDone}
          />
        </div>
      )}
    </>
  )
}

function PayOrder({ id, onDone }: { id: string; onDone: (notice: OwnPaymentNotice) => void }) {
  const { t } = useTranslation()
  const { queryClient } = Route.useRouteContext()
  const { before } = Route.useLoaderData()
  const { data: order } = useQuery(orderQuery(id))
  if (!order) return null
  const back = (
    <BackLink to={`/orders/${id}`}>{t('pay:page.order_number', { number: order.number })}</BackLink>
  )
  return (
    <>
      <PageTitle back={back} title={t('pay.title')} subtitle={order.title} />
      {order.payable ? (
        <div className={styles.page}>
          <OrderDue order={order} />
          <HowToPay
            target={{ order_id: id }}
            total={order.due}
            nothing={null}
            before={before}
            onChanged={() => void queryClient.invalidateQueries({ queryKey: ['orders'] })}
            onDone={onDone}
          />
        </div>
      ) : (
        <Section>
          <EmptyState
            icon={<IconCircleCheck size={24} aria-hidden />}
            title={t('pay.nothing')}
            action={
              <ButtonLink to="/orders/$id" params={{ id }}>
                {t('pay:done.order')}
              </ButtonLink>
            }
          >
            {t('pay:page.order_settled')}
          </EmptyState>
        </Section>
      )}
    </>
  )
}

function OrderDue({ order }: { order: OwnOrder }) {
  const { t } = useTranslation('pay')
  const money = (amount: number) => <Money amount={amount} currency={order.currency} />
  const { quote } = order
  return (
    <Section title={t('page.what')} flush>
      <ul className={styles.order}>
        {quote.parts
          .filter((part) => part.role !== 'usage')
          .map((part, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: parts keep their place
            <li key={index}>
              {part.quantity > 1 ? `${part.quantity} × ${part.description}` : part.description}
            </li>
          ))}
      </ul>
      {quote.credit_used > 0 && (
        <div className={styles.line}>
          <span>{t('page.credit')}</span>
          {money(-quote.credit_used)}
        </div>
      )}
      <div className={styles.total}>
        <span>{t('page.due_now')}</span>
        <Money amount={order.due} currency={order.currency} size="large" />
      </div>
    </Section>
  )
}

/** By a provider, or outside of here; with no provider there is nothing to choose, and two steps. */
function HowToPay({
  target,
  total,
  nothing,
  before,
  preferred,
  onChanged,
  onDone,
}: {
  target: Parameters<typeof NotifyForm>[0]['target']
  total: number
  nothing: string | null
  before: OwnPaymentNotice | null
  preferred?: OwnInvoice['payment_method'] | undefined
  onChanged: () => void
  onDone: (notice: OwnPaymentNotice) => void
}) {
  const { t } = useTranslation()
  const { notify } = Route.useSearch()
  const { data: choices } = useSuspenseQuery(choicesQuery)
  const { data: home } = useSuspenseQuery(homeQuery)
  const form = (
    <NotifyForm
      choices={choices}
      target={target}
      total={total}
      nothing={nothing}
      today={home.today}
      before={before}
      preferred={preferred}
      onDone={onDone}
    />
  )
  if (!hasProviders(choices))
    return (
      <div className={styles.steps}>
        <Section title={t('pay.step_how')}>
          <Instructions choices={choices} total={total} />
        </Section>
        <Section title={t('pay.step_notify')} description={t('pay.step_notify_text')}>
          {form}
        </Section>
      </div>
    )
  return (
    <Section title={t('pay:choose.title')}>
      <PayChoices
        choices={choices}
        target={target}
        amount={total}
        nothing={nothing}
        startOutside={before !== null || notify !== undefined}
        onChanged={onChanged}
        outside={
          <div className={styles.outside}>
            <div>
              <h3>{t('pay:choose.outside_how')}</h3>
              <Instructions choices={choices} total={total} />
            </div>
            <div>
              <h3>{t('pay:choose.outside_tell')}</h3>
              <p className={styles.hint}>{t('pay.step_notify_text')}</p>
              {form}
            </div>
          </div>
        }
      />
    </Section>
  )
}

function InvoiceChoice({
  invoice,
  checking,
  checked,
  onChange,
}: {
  invoice: OwnInvoice
  checking: boolean
  checked: boolean
  onChange: (on: boolean) => void
}) {
  const { t } = useTranslation()
  const { date } = useFormats()
  const number = numberOfInvoice(invoice)
  const labelId = `invoice-${invoice.id}`
  return (
    <Row
      lead={
        <Checkbox
          size="md"
          className={styles.check}
          checked={checked}
          aria-labelledby={labelId}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
      }
      name={
        <>
          <Link to="/invoices/$id" params={{ id: invoice.id }} id={labelId}>
            {t('invoice.title', { number })}
          </Link>
          <StateBadge kind="invoice" state={stateOfInvoice(invoice)} />
        </>
      }
      detail={
        checking
          ? t('pay.already')
          : t(invoice.overdue ? 'pay.was_due' : 'pay.due', { date: date(invoice.due_date) })
      }
      end={
        <strong>
          <Money amount={invoice.open_amount} currency={invoice.currency} />
        </strong>
      }
    />
  )
}

/** It was received: what happens next, and where to follow it. */
function Done({ notice, orderId }: { notice: OwnPaymentNotice; orderId: string | undefined }) {
  const { t } = useTranslation()
  const { money } = useFormats()
  const ref = useRef<HTMLDivElement>(null)
  useEffect(() => {
    window.scrollTo(0, 0)
    ref.current?.focus()
  }, [])
  return (
    <div ref={ref} tabIndex={-1} className={styles.done}>
      <span className={styles.doneIcon} aria-hidden>
        <IconCircleCheck size={32} />
      </span>
      <PageTitle
        title={t('pay.done_title')}
        subtitle={t('pay.done_text', { amount: money(notice.amount, notice.currency) })}
      />
      <Section title={t('pay.next_title')}>
        <ol className={styles.next}>
          <li>{t('pay.next_check')}</li>
          <li>{t('pay.next_mail')}</li>
          <li>{t(orderId ? 'pay:page.next_order' : 'pay.next_paid')}</li>
        </ol>
        <div className={styles.doneActions}>
          {orderId ? (
            <ButtonLink to="/orders/$id" params={{ id: orderId }}>
              {t('pay:done.order')}
            </ButtonLink>
          ) : (
            <ButtonLink to="/payments">{t('pay.follow')}</ButtonLink>
          )}
          <ButtonLink to="/" variant="default">
            {t('pay.home')}
          </ButtonLink>
        </div>
      </Section>
    </div>
  )
}
