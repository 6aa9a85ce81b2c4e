import { Button } from '@mantine/core'
import type { TablerIcon } from '@tabler/icons-react'
import IconAlertTriangle from '@tabler/icons-react/dist/esm/icons/IconAlertTriangle.mjs'
import IconArrowRight from '@tabler/icons-react/dist/esm/icons/IconArrowRight.mjs'
import IconCircleCheck from '@tabler/icons-react/dist/esm/icons/IconCircleCheck.mjs'
import IconCircleX from '@tabler/icons-react/dist/esm/icons/IconCircleX.mjs'
import IconClock from '@tabler/icons-react/dist/esm/icons/IconClock.mjs'
import IconCreditCard from '@tabler/icons-react/dist/esm/icons/IconCreditCard.mjs'
import IconLoader2 from '@tabler/icons-react/dist/esm/icons/IconLoader2.mjs'
import { useQuery } from '@tanstack/react-query'
import { createFileRoute, Link } from '@tanstack/react-router'
import { lazy, type ReactNode, Suspense, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../../shared/api.ts'
import type { OwnPaymentIntent } from '../../shared/api-types.gen.ts'
import { ConfirmDialog } from '../../shared/dialog.tsx'
import { loadTexts } from '../../shared/i18n.ts'
import { PageTitle, Section, SkeletonText } from '../../shared/page.tsx'
import { toProblem } from '../../shared/problem.ts'
import { ProblemAlert } from '../../shared/problem-alert.tsx'
import type { Tone } from '../../shared/theme.ts'
import { useFormats } from '../../shared/use-formats.ts'
import { Money } from '../../shared/values.tsx'
import { AreaProblem } from '../area-problem.tsx'
import { BackLink } from '../back-link.tsx'
import { ButtonLink } from '../button-link.tsx'
import styles from '../pay-page.module.css'
import { askProvider, intentQuery, isOver, markForwarded, wasForwarded } from '../pay-queries.ts'
import { TestBadge } from '../pay-words.tsx'

const PixAction = lazy(() => import('../pay-pix.tsx').then((module) => ({ default: module.PixAction })))
const BoletoAction = lazy(() =>
  import('../pay-boleto.tsx').then((module) => ({ default: module.BoletoAction })),
)

const StripeAction = lazy(() =>
  import('../pay-stripe.tsx').then((module) => ({ default: module.StripeAction })),
)
const MercadoPagoAction = lazy(() =>
  import('../pay-mercado-pago.tsx').then((module) => ({ default: module.MercadoPagoAction })),
)

/** One payment by a provider, from its first second until it is over, without a reload. */
export const Route = createFileRoute('/_app/pay_/$id')({
  loader: ({ context: { queryClient }, params }) =>
    Promise.all([queryClient.fetchQuery(intentQuery(params.id)), loadTexts('pay')]),
  component: PaymentPage,
  errorComponent: AreaProblem,
})

function PaymentPage() {
  const { t } = useTranslation('pay')
  const { id } = Route.useParams()
  const { money } = useFormats()
  const { queryClient } = Route.useRouteContext()
  const [openedAt] = useState(() => Date.now())
  const query = useQuery(intentQuery(id, openedAt))
  const intent = query.data
  const over = intent !== undefined && isOver(intent)
  // What was read before it was over is no longer true.
  useEffect(() => {
    if (!over) return
    for (const key of [
      'home',
      'invoices',
      'orders',
      'services',
      'stored-methods',
      'payment-choices',
      'statement',
    ])
      void queryClient.invalidateQueries({ queryKey: [key] })
  }, [over, queryClient])
  // Whoever comes back from the provider need not wait for its call.
  const back = intent !== undefined && !over && wasForwarded(id)
  useEffect(() => {
    if (back) void askProvider(id)
  }, [back, id])
  if (!intent) return <SkeletonText lines={6} />
  const setup = intent.purpose === 'setup'
  return (
    <div className={styles.page}>
      <PageTitle
        back={
          setup ? (
            <BackLink to="/payment-methods">{t('methods.title')}</BackLink>
          ) : intent.order_id !== null ? (
            <BackLink to={`/orders/${intent.order_id}`}>{t('page.order')}</BackLink>
          ) : (
            <BackLink to="/invoices">{t('portal:invoices.title')}</BackLink>
          )
        }
        title={
          setup ? t('page.title_setup') : t('page.title', { amount: money(intent.amount, intent.currency) })
        }
        state={<TestBadge driver={intent.driver} />}
        subtitle={t('page.by', {
          method: t(`portal:payment_method.${intent.method}`),
          provider: intent.provider_name,
        })}
      />
      <Standing intent={intent} />
      {query.isError && <ProblemAlert error={query.error} onRetry={query.refetch} />}
      {!setup && <What intent={intent} />}
      {!over && <Foot intent={intent} />}
    </div>
  )
}

/** What a state means, in a word and a sentence; said aloud when it changes. */
function State({
  tone,
  icon: Icon,
  turning,
  title,
  text,
  children,
}: {
  tone: Tone
  icon: TablerIcon
  turning?: boolean
  title: string
  text?: ReactNode
  children?: ReactNode
}) {
  const ref = useRef<HTMLDivElement>(null)
  const first = useRef(true)
  // biome-ignore lint/correctness/useExhaustiveDependencies: another title is another state
  useEffect(() => {
    if (!first.current) ref.current?.focus({ preventScroll: true })
    first.current = false
  }, [title])
  return (
    <Section>
      <div ref={ref} className={styles.state} role="status" tabIndex={-1}>
        <span className={styles.icon} data-tone={tone} data-turning={turning || undefined} aria-hidden>
          <Icon size={26} stroke={1.75} />
        </span>
        <h2>{title}</h2>
        {text && <p>{text}</p>}
      </div>
      {children && <div className={styles.below}>{children}</div>}
    </Section>
  )
}

function Standing({ intent }: { intent: OwnPaymentIntent }) {
  const { t } = useTranslation('pay')
  switch (intent.state) {
    case 'created':
    case 'sending':
      return (
        <State
          tone="info"
          icon={IconLoader2}
          turning
          title={t('state.sending')}
          text={t('state.sending_text')}
        />
      )
    case 'unknown':
      return (
        <State
          tone="warning"
          icon={IconLoader2}
          turning
          title={t('state.unknown')}
          text={t('state.unknown_text', { provider: intent.provider_name })}
        />
      )
    case 'action_needed':
    case 'pending':
      return <Turn intent={intent} />
    case 'succeeded':
      return <Succeeded intent={intent} />
    default:
      return <Ended intent={intent} />
  }
}

/** Whose turn it is: the payer's, with what is to be done; or the bank's. */
function Turn({ intent }: { intent: OwnPaymentIntent }) {
  const { t } = useTranslation('pay')
  const { money } = useFormats()
  const { queryClient } = Route.useRouteContext()
  const { action } = intent
  const amount = money(intent.amount, intent.currency)
  const turn = intent.state === 'action_needed'
  const [sent, setSent] = useState(false)
  const onDone = () => {
    setSent(true)
    void askProvider(intent.id)
    void queryClient.invalidateQueries({ queryKey: ['payment-intents', intent.id] })
  }
  if (action?.kind === 'pix')
    return (
      <State tone="info" icon={IconClock} title={t('pix.title')} text={t('pix.notices')}>
        <Suspense fallback={<SkeletonText lines={6} />}>
          <PixAction text={action.text} amount={amount} expiresAt={intent.expires_at} />
        </Suspense>
      </State>
    )
  if (action?.kind === 'boleto')
    return (
      <State tone="info" icon={IconClock} title={t('boleto.title')} text={t('boleto.notices')}>
        <Suspense fallback={<SkeletonText lines={6} />}>
          <BoletoAction action={action} amount={amount} invoices={intent.invoices} />
        </Suspense>
      </State>
    )
  if (turn && action?.kind === 'stripe' && sent)
    return (
      <State
        tone="info"
        icon={IconLoader2}
        turning
        title={t('stripe.sent')}
        text={t(action.setup ? 'stripe.done_setup' : 'stripe.done')}
      />
    )
  if (turn && action?.kind === 'stripe')
    return (
      <State
        tone="info"
        icon={IconCreditCard}
        title={t(action.setup ? 'stripe.title_setup' : 'stripe.title')}
        text={t(action.setup ? 'stripe.text_setup' : 'stripe.text')}
      >
        <OwnDocument>
          <Suspense fallback={<SkeletonText lines={6} />}>
            <StripeAction action={action} amount={amount} onDone={onDone} />
          </Suspense>
        </OwnDocument>
      </State>
    )
  // Without an address it is the form for keeping a card.
  if (turn && action?.kind === 'mercado_pago' && action.url === '')
    return (
      <State tone="info" icon={IconCreditCard} title={t('mercado_pago.title')} text={t('mercado_pago.text')}>
        <OwnDocument>
          <Suspense fallback={<SkeletonText lines={6} />}>
            <MercadoPagoAction intent={intent} action={action} />
          </Suspense>
        </OwnDocument>
      </State>
    )
  if (turn && (action?.kind === 'redirect' || action?.kind === 'mercado_pago'))
    return <Redirect id={intent.id} url={action.url} name={intent.provider_name} />
  return (
    <State
      tone="info"
      icon={IconClock}
      title={t(turn ? 'state.action' : 'state.pending')}
      text={t(turn ? 'state.action_text' : 'state.pending_text', { provider: intent.provider_name })}
    />
  )
}

/** Whether the address that the browser loaded is a payment's: only such a document may show a provider's form. */
function isOwnDocument(): boolean {
  const [loaded] = performance.getEntriesByType('navigation')
  return loaded === undefined || new URL(loaded.name).pathname.startsWith('/pay/')
}

/** Its children in a document that may show them: who came from another page without loading this one loads it. */
function OwnDocument({ children }: { children: ReactNode }) {
  const [own] = useState(isOwnDocument)
  useEffect(() => {
    if (!own) window.location.reload()
  }, [own])
  return own ? children : <SkeletonText lines={6} />
}

/** An address of the web, or nothing: no other scheme is gone to. */
function readAddress(url: string): string | null {
  const address = URL.parse(url, window.location.href)
  return address && /^https?:$/.test(address.protocol) ? address.href : null
}

/** The way to the provider's own page: gone once by itself; who comes back from it without having paid goes by the button. */
function Redirect({ id, url, name }: { id: string; url: string; name: string }) {
  const { t } = useTranslation('pay')
  const [before] = useState(() => wasForwarded(id))
  const address = readAddress(url)
  useEffect(() => {
    if (before || address === null) return
    markForwarded(id)
    window.location.assign(address)
  }, [before, address, id])
  return (
    <State
      tone="info"
      icon={before ? IconClock : IconLoader2}
      turning={!before}
      title={t(before ? 'redirect.back' : 'redirect.title', { provider: name })}
      text={t(before ? 'redirect.back_text' : 'redirect.text', { provider: name })}
    >
      {address !== null && (
        <Button component="a" href={address} rightSection={<IconArrowRight size={18} aria-hidden />}>
          {t('redirect.go', { provider: name })}
        </Button>
      )}
    </State>
  )
}

function Succeeded({ intent }: { intent: OwnPaymentIntent }) {
  const { t } = useTranslation('pay')
  const { money } = useFormats()
  const [invoice] = intent.invoices
  if (intent.purpose === 'setup')
    return (
      <State tone="good" icon={IconCircleCheck} title={t('done.setup')} text={t('done.setup_text')}>
        <ButtonLink to="/payment-methods">{t('done.methods')}</ButtonLink>
      </State>
    )
  return (
    <State
      tone="good"
      icon={IconCircleCheck}
      title={t('done.title')}
      text={[
        t('done.text', { amount: money(intent.received || intent.amount, intent.currency) }),
        intent.store && t('done.kept'),
      ]
        .filter(Boolean)
        .join(' ')}
    >
      <div className={styles.buttons}>
        {intent.order_id !== null ? (
          <ButtonLink to="/orders/$id" params={{ id: intent.order_id }}>
            {t('done.order')}
          </ButtonLink>
        ) : (
          invoice && (
            <ButtonLink
              {...(intent.invoices.length === 1
                ? { to: '/invoices/$id', params: { id: invoice.id } }
                : { to: '/invoices', search: { state: 'paid' as const } })}
            >
              {t('done.invoices', { count: intent.invoices.length })}
            </ButtonLink>
          )
        )}
        <ButtonLink to="/" variant="default">
          {t('portal:pay.home')}
        </ButtonLink>
      </div>
    </State>
  )
}

/** It came to nothing: why, and how to pay all the same. */
function Ended({ intent }: { intent: OwnPaymentIntent }) {
  const { t } = useTranslation('pay')
  const setup = intent.purpose === 'setup'
  const failed = intent.state === 'failed'
  const title = setup ? `ended.setup_${intent.state}` : `ended.${intent.state}`
  return (
    <State
      tone={failed ? 'bad' : 'neutral'}
      icon={failed ? IconAlertTriangle : IconCircleX}
      title={t(title)}
      text={
        failed && intent.failure
          ? t(`failure.${intent.failure}`)
          : t(setup ? 'ended.setup_text' : `ended.${intent.state}_text`)
      }
    >
      <div className={styles.buttons}>
        {setup ? (
          <ButtonLink to="/payment-methods/new">{t('ended.setup_again')}</ButtonLink>
        ) : (
          <ButtonLink
            to="/pay"
            search={
              intent.order_id !== null
                ? { order: intent.order_id }
                : { invoices: intent.invoices.map((one) => one.id).join(',') }
            }
          >
            {t('ended.again')}
          </ButtonLink>
        )}
        <ButtonLink to="/" variant="default">
          {t('portal:pay.home')}
        </ButtonLink>
      </div>
    </State>
  )
}

/** What is paid by it. */
function What({ intent }: { intent: OwnPaymentIntent }) {
  const { t } = useTranslation('pay')
  const { date } = useFormats()
  return (
    <Section title={t(intent.state === 'succeeded' ? 'page.what_paid' : 'page.what')}>
      <ul className={styles.what}>
        {intent.invoices.map((invoice) => (
          <li key={invoice.id}>
            <span>
              <Link to="/invoices/$id" params={{ id: invoice.id }}>
                {t('portal:invoice.title', { number: invoice.number })}
              </Link>
              <small>{t('portal:pay.due', { date: date(invoice.due_date) })}</small>
            </span>
            <Money amount={invoice.amount} currency={intent.currency} />
          </li>
        ))}
        {intent.order_id !== null && (
          <li>
            <Link to="/orders/$id" params={{ id: intent.order_id }}>
              {t('page.order')}
            </Link>
            <Money amount={intent.amount} currency={intent.currency} />
          </li>
        )}
        {intent.invoices.length > 1 && (
          <li data-total>
            <span>{t('page.total')}</span>
            <Money amount={intent.amount} currency={intent.currency} />
          </li>
        )}
      </ul>
    </Section>
  )
}

/** That no reload is needed, and the way out. */
function Foot({ intent }: { intent: OwnPaymentIntent }) {
  const { t } = useTranslation('pay')
  const { queryClient } = Route.useRouteContext()
  const [asking, setAsking] = useState(false)
  const [asked, setAsked] = useState(false)
  return (
    <div className={styles.foot}>
      <span>{asked ? t('cancel.asked') : t('page.notices')}</span>
      {!asked && (
        <Button variant="subtle" color="gray" size="sm" onClick={() => setAsking(true)}>
          {t(intent.purpose === 'setup' ? 'cancel.setup' : 'cancel.button')}
        </Button>
      )}
      <ConfirmDialog
        opened={asking}
        onClose={() => setAsking(false)}
        title={t('cancel.title')}
        confirm={t('cancel.confirm')}
        danger
        onConfirm={async () => {
          try {
            await orThrow(
              api.POST('/api/v1/portal/payment-intents/{id}/cancel', { params: { path: { id: intent.id } } }),
            )
            setAsked(true)
          } catch (cause) {
            // It ended meanwhile: the page says how.
            if (toProblem(cause).code !== 'payment_ended') throw cause
          }
          void queryClient.invalidateQueries({ queryKey: ['payment-intents', intent.id] })
        }}
      >
        <p>{t(intent.purpose === 'setup' ? 'cancel.setup_text' : 'cancel.text')}</p>
      </ConfirmDialog>
    </div>
  )
}
