import { Button } from '@mantine/core'
import IconAlertTriangle from '@tabler/icons-react/dist/esm/icons/IconAlertTriangle.mjs'
import IconCheck from '@tabler/icons-react/dist/esm/icons/IconCheck.mjs'
import IconCircle from '@tabler/icons-react/dist/esm/icons/IconCircle.mjs'
import IconClock from '@tabler/icons-react/dist/esm/icons/IconClock.mjs'
import IconLoader2 from '@tabler/icons-react/dist/esm/icons/IconLoader2.mjs'
import { useMutation, useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute, Link } from '@tanstack/react-router'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../../shared/api.ts'
import type { OwnOrder } from '../../shared/api-types.gen.ts'
import { ConfirmDialog } from '../../shared/dialog.tsx'
import { Columns, Facts, PageTitle, Section } from '../../shared/page.tsx'
import { toProblem } from '../../shared/problem.ts'
import { Callout, ProblemAlert } from '../../shared/problem-alert.tsx'
import { StateBadge } from '../../shared/state-badge.tsx'
import { useFormats } from '../../shared/use-formats.ts'
import { DateText, Money } from '../../shared/values.tsx'
import { AreaProblem } from '../area-problem.tsx'
import { BackLink } from '../back-link.tsx'
import { ButtonLink } from '../button-link.tsx'
import { isMoving, orderQuery } from '../order-queries.ts'
import { OrderSummary } from '../order-summary.tsx'
import { maySession, useSession } from '../session.ts'
import styles from '../shop.module.css'
import { OrderState } from '../shop-words.tsx'

/** One order: what it comes to, where it stands, and what can be done; it follows its payment without a reload. */
export const Route = createFileRoute('/_app/orders/$id')({
  loader: ({ context: { queryClient }, params }) =>
    queryClient.fetchQuery({ ...orderQuery(params.id), staleTime: 0 }),
  component: OrderPage,
  errorComponent: AreaProblem,
})

function OrderPage() {
  const { t } = useTranslation('shop')
  const { id } = Route.useParams()
  const { queryClient } = Route.useRouteContext()
  const { data: order } = useSuspenseQuery(orderQuery(id))
  const { state } = order
  const before = useRef(state)
  // What it did is on other pages, too.
  useEffect(() => {
    if (before.current === state) return
    before.current = state
    for (const key of ['home', 'services', 'invoices', 'support-credits'])
      void queryClient.invalidateQueries({ queryKey: [key] })
    void queryClient.invalidateQueries({ queryKey: ['orders', 'list'] })
  }, [state, queryClient])
  return (
    <>
      <PageTitle
        back={<BackLink to="/orders">{t('orders.title')}</BackLink>}
        title={order.title}
        state={<OrderState order={order} />}
        subtitle={[
          t(`kind.${order.kind}`, { defaultValue: t('kind.other') }),
          t('orders.number', { number: order.number }),
        ].join(' · ')}
      />
      <Columns
        main={
          <>
            <Standing order={order} />
            {order.note && (
              <Callout tone="neutral" title={t('order.note')}>
                <p className={styles.note}>{order.note}</p>
              </Callout>
            )}
            <Section title={t('summary.title')}>
              <OrderSummary
                quote={order.quote}
                currency={order.currency}
                past={order.state === 'paid' || order.state === 'processed'}
              />
            </Section>
          </>
        }
        aside={
          <>
            {order.documents.length > 0 && <Documents order={order} />}
            <About order={order} />
          </>
        }
      />
    </>
  )
}

type StepState = 'done' | 'now' | 'coming'

/** The steps that an order takes: with nothing to pay there is one less. */
function listSteps(order: OwnOrder): { name: string; state: StepState; at: string | null }[] {
  const placed = order.placed_at !== null
  const paid = order.paid_at !== null || order.state === 'processed' || order.state === 'paid'
  const done = order.state === 'processed'
  const now = (reached: boolean, before: boolean): StepState => (reached ? 'done' : before ? 'now' : 'coming')
  const free = order.due === 0 && order.paid_at === null
  return [
    order.by_customer
      ? { name: 'placed', state: 'done', at: order.placed_at }
      : { name: 'accepted', state: now(placed, true), at: order.placed_at },
    ...(free ? [] : [{ name: 'paid', state: now(paid, placed), at: order.paid_at }]),
    { name: 'done', state: now(done, free ? placed : paid), at: order.processed_at },
  ]
}

function Standing({ order }: { order: OwnOrder }) {
  const { t } = useTranslation('shop')
  const { date } = useFormats()
  const moving = isMoving(order)
  const ended = order.ended_at !== null && order.state !== 'processed'
  return (
    <Section>
      {!ended && (
        <ol className={styles.steps} aria-label={t('order.steps')}>
          {listSteps(order).map((step) => (
            <li
              key={step.name}
              className={styles.step}
              {...{ [`data-${step.state}`]: true }}
              {...(step.state === 'now' ? { 'aria-current': 'step' as const } : {})}
            >
              <span aria-hidden>
                {step.state === 'done' ? (
                  <IconCheck size={18} />
                ) : step.state === 'now' ? (
                  moving ? (
                    <IconLoader2 size={18} data-turning />
                  ) : (
                    <IconClock size={18} />
                  )
                ) : (
                  <IconCircle size={10} />
                )}
              </span>
              <span>
                <strong>{t(`step.${step.name}`)}</strong>
                {step.state === 'done' && <span className="visually-hidden"> ({t('step.reached')})</span>}
                {step.at && <div>{date(step.at)}</div>}
              </span>
            </li>
          ))}
        </ol>
      )}
      <div className={ended ? undefined : styles.now}>
        <Now order={order} />
      </div>
    </Section>
  )
}

/** What is so now, and what can be done. */
function Now({ order }: { order: OwnOrder }) {
  const { t } = useTranslation('shop')
  const { date, money } = useFormats()
  const session = useSession()
  const mayPay = maySession(session, 'billing')
  const mayOrder = maySession(session, 'services')
  const amount = money(order.due, order.currency)
  switch (order.state) {
    case 'quoted':
      return <Answer order={order} />
    case 'open':
      if (!order.payable)
        return (
          <Words text={t(order.delayed ? 'now.delayed' : 'now.doing')}>
            <Cancel order={order} />
          </Words>
        )
      if (order.intent_id !== null)
        return (
          <Words text={t('now.paying')}>
            {mayPay && (
              // A document of its own, as its policy is.
              <Button component="a" href={`/pay/${order.intent_id}`}>
                {t('now.see_payment')}
              </Button>
            )}
            <Cancel order={order} />
          </Words>
        )
      return (
        <Words
          text={order.notified ? t('now.notified') : t('now.pay', { amount })}
          more={
            order.payable_until &&
            !order.notified &&
            t('now.pay_until', { date: date(order.payable_until, 'long') })
          }
        >
          {mayPay && (
            <>
              <ButtonLink
                to="/pay"
                search={{ order: order.id }}
                variant={order.notified ? 'default' : 'filled'}
              >
                {t('now.pay_button', { amount })}
              </ButtonLink>
              <ButtonLink to="/pay" search={{ order: order.id, notify: 'yes' }} variant="default">
                {t('now.notify')}
              </ButtonLink>
            </>
          )}
          <Cancel order={order} />
        </Words>
      )
    case 'paid':
      return <Words text={t(order.delayed ? 'now.delayed' : 'now.doing')} />
    case 'processed':
      return <Done order={order} />
    case 'expired':
      return (
        <Words
          text={
            order.placed_at === null
              ? t('now.expired', { date: order.valid_until ? date(order.valid_until, 'long') : '' })
              : t('now.unpaid', { date: order.ended_at ? date(order.ended_at, 'long') : '' })
          }
        >
          {mayOrder && <ButtonLink to="/shop">{t('to_shop')}</ButtonLink>}
        </Words>
      )
    default:
      return (
        <Words text={t(`now.${order.state}`, { date: order.ended_at ? date(order.ended_at, 'long') : '' })}>
          {mayOrder && (
            <ButtonLink to="/shop" variant="default">
              {t('to_shop')}
            </ButtonLink>
          )}
        </Words>
      )
  }
}

function Words({ text, more, children }: { text: string; more?: ReactNode; children?: ReactNode }) {
  return (
    <>
      <p role="status">{text}</p>
      {more && <p className={styles.small}>{more}</p>}
      {children && <div className={styles.buttons}>{children}</div>}
    </>
  )
}

function Done({ order }: { order: OwnOrder }) {
  const { t } = useTranslation('shop')
  const mayOrder = maySession(useSession(), 'services')
  const { service } = order
  return (
    <Words
      text={
        service
          ? t(service.status === 'awaiting_installation' ? 'now.installing' : 'now.active', {
              service: service.plan_name,
            })
          : t(order.kind === 'support_pack' ? 'now.credited' : 'now.processed')
      }
    >
      {!mayOrder ? null : service ? (
        <ButtonLink to="/services/$id" params={{ id: service.id }}>
          {t('now.see_service')}
        </ButtonLink>
      ) : (
        <ButtonLink to="/shop">{t('now.see_credits')}</ButtonLink>
      )}
    </Words>
  )
}

/** A quote of staff, until it is answered. */
function Answer({ order }: { order: OwnOrder }) {
  const { t } = useTranslation('shop')
  const { date } = useFormats()
  const { queryClient } = Route.useRouteContext()
  const navigate = Route.useNavigate()
  const session = useSession()
  const mayPay = maySession(session, 'billing')
  const mayOrder = maySession(session, 'services')
  const [declining, setDeclining] = useState(false)
  const refresh = () => queryClient.invalidateQueries({ queryKey: ['orders'] })
  const accept = useMutation({
    mutationFn: () =>
      orThrow(api.POST('/api/v1/portal/orders/{id}/accept', { params: { path: { id: order.id } } })),
    onSuccess: async (accepted) => {
      queryClient.setQueryData(orderQuery(order.id).queryKey, accepted)
      void refresh()
      void queryClient.invalidateQueries({ queryKey: ['home'] })
      if (accepted.payable && mayPay) await navigate({ to: '/pay', search: { order: order.id } })
    },
    // Where its price has changed the page shows the new one.
    onError: () => void refresh(),
  })
  const until = order.valid_until
  return (
    <>
      <p>
        {until
          ? t(order.answerable ? 'now.quoted' : 'now.expired', { date: date(until, 'long') })
          : t('now.quoted_open')}
      </p>
      {accept.error &&
        (toProblem(accept.error).code === 'order_price_changed' ? (
          <div role="alert">
            <Callout tone="warning" icon={<IconAlertTriangle size={20} aria-hidden />} title={t('changed')}>
              <p>{t('changed_text')}</p>
            </Callout>
          </div>
        ) : (
          <ProblemAlert error={accept.error} />
        ))}
      {order.answerable && !mayOrder && <p className={styles.small}>{t('now.others_answer')}</p>}
      {order.answerable && mayOrder && (
        <div className={styles.buttons}>
          <Button loading={accept.isPending} onClick={() => accept.mutate()}>
            {t(order.due > 0 ? 'now.accept_pay' : 'now.accept')}
          </Button>
          <Button variant="default" onClick={() => setDeclining(true)}>
            {t('now.decline')}
          </Button>
        </div>
      )}
      <ConfirmDialog
        opened={declining}
        onClose={() => setDeclining(false)}
        title={t('decline.title')}
        confirm={t('now.decline')}
        onConfirm={async () => {
          await orThrow(
            api.POST('/api/v1/portal/orders/{id}/decline', { params: { path: { id: order.id } } }),
          )
          await refresh()
        }}
      >
        <p>{t('decline.text')}</p>
      </ConfirmDialog>
    </>
  )
}

function Cancel({ order }: { order: OwnOrder }) {
  const { t } = useTranslation('shop')
  const { queryClient } = Route.useRouteContext()
  const [asking, setAsking] = useState(false)
  const mayOrder = maySession(useSession(), 'services')
  if (!order.cancellable || !mayOrder) return null
  return (
    <>
      <Button variant="default" onClick={() => setAsking(true)}>
        {t('cancel.button')}
      </Button>
      <ConfirmDialog
        opened={asking}
        onClose={() => setAsking(false)}
        title={t('cancel.title')}
        confirm={t('cancel.button')}
        danger
        onConfirm={async () => {
          await orThrow(api.POST('/api/v1/portal/orders/{id}/cancel', { params: { path: { id: order.id } } }))
          await queryClient.invalidateQueries({ queryKey: ['orders'] })
        }}
      >
        <p>{t(order.intent_id !== null || order.notified ? 'cancel.text_paying' : 'cancel.text')}</p>
      </ConfirmDialog>
    </>
  )
}

/** The invoices and notes that it caused. */
function Documents({ order }: { order: OwnOrder }) {
  const { t } = useTranslation('shop')
  const mayOpen = maySession(useSession(), 'billing')
  return (
    <Section title={t('order.documents')}>
      <Facts
        facts={order.documents.map((document) => {
          const name = t(`document.${document.kind}`, { number: document.number })
          return [
            mayOpen ? (
              <Link key="name" to="/invoices/$id" params={{ id: document.id }}>
                {name}
              </Link>
            ) : (
              name
            ),
            <span key="amount">
              <Money amount={document.total} currency={order.currency} />{' '}
              <StateBadge kind="invoice" state={document.state} />
            </span>,
          ]
        })}
      />
    </Section>
  )
}

function About({ order }: { order: OwnOrder }) {
  const { t } = useTranslation('shop')
  const mayOrder = maySession(useSession(), 'services')
  return (
    <Section title={t('order.about')}>
      <Facts
        facts={[
          [t('order.number'), String(order.number)],
          [t('order.kind'), t(`kind.${order.kind}`, { defaultValue: t('kind.other') })],
          order.placed_at !== null
            ? [t('order.placed'), <DateText key="placed" value={order.placed_at} />]
            : [t('order.offered'), <DateText key="offered" value={order.created_at} />],
          order.valid_until !== null &&
            order.placed_at === null && [
              t('order.valid'),
              <DateText key="valid" value={order.valid_until} />,
            ],
          [
            t('order.price'),
            order.freemium ? (
              t('freemium')
            ) : (
              <Money key="price" amount={order.total} currency={order.currency} />
            ),
          ],
          order.paid_at !== null && [t('order.paid'), <DateText key="paid" value={order.paid_at} />],
          order.processed_at !== null && [
            t('order.processed'),
            <DateText key="processed" value={order.processed_at} />,
          ],
          order.service === null &&
            mayOrder &&
            order.target_subscription_id !== null && [
              t('order.service'),
              <Link key="target" to="/services/$id" params={{ id: order.target_subscription_id }}>
                {t('now.see_service')}
              </Link>,
            ],
          order.service !== null && [
            t('order.service'),
            mayOrder ? (
              <Link key="service" to="/services/$id" params={{ id: order.service.id }}>
                {order.service.plan_name}
              </Link>
            ) : (
              order.service.plan_name
            ),
          ],
        ]}
      />
    </Section>
  )
}
