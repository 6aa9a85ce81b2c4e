import { Button } from '@mantine/core'
import type { Appearance, Stripe, StripeElementLocale, StripeElements, StripeError } from '@stripe/stripe-js'
import IconLoader2 from '@tabler/icons-react/dist/esm/icons/IconLoader2.mjs'
import IconLock from '@tabler/icons-react/dist/esm/icons/IconLock.mjs'
import { type FormEvent, useCallback, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { OwnPaymentIntent } from '../shared/api-types.gen.ts'
import { SkeletonText } from '../shared/page.tsx'
import { Callout } from '../shared/problem-alert.tsx'
import styles from './pay-forms.module.css'

export type StripeActionOf = Extract<NonNullable<OwnPaymentIntent['action']>, { kind: 'stripe' }>

/** What the payer is to do, by what Stripe says of the payment. */
type Stage = 'loading' | 'unavailable' | 'form' | 'acting' | 'done'

const locales: Record<string, StripeElementLocale> = { 'pt-BR': 'pt-BR', es: 'es-419', en: 'en' }

/**
 * Stripe's own form, for paying or for keeping a method: what is typed in it goes from the browser to Stripe. A payment that
 * waits for its second step takes it at once. `onDone` when Stripe has what it needs; what became of it the page learns from us.
 */
export function StripeAction({
  action,
  amount,
  onDone,
}: {
  action: StripeActionOf
  /** As it is written for people; empty where a method is kept without paying. */
  amount: string
  onDone: () => void
}) {
  const { t, i18n } = useTranslation('pay')
  const [stage, setStage] = useState<Stage>('loading')
  const [stripe, setStripe] = useState<Stripe | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  const [tries, setTries] = useState(0)
  const { publishable_key, client_secret, setup } = action
  const locale = locales[i18n.language] ?? 'auto'
  const told = useRef(onDone)
  told.current = onDone

  const finish = useCallback(() => {
    setStage('done')
    told.current()
  }, [])

  // biome-ignore lint/correctness/useExhaustiveDependencies: another try begins again
  useEffect(() => {
    let gone = false
    const begin = async () => {
      setStage('loading')
      try {
        const loaded = await loadStripe(publishable_key, locale)
        if (gone) return
        setStripe(loaded)
        const { status, error } = await readStatus(loaded, client_secret, setup)
        if (gone) return
        if (status === null) throw new Error(error ?? 'unknown')
        if (status === 'requires_action') {
          setStage('acting')
          const acted = await loaded.handleNextAction({ clientSecret: client_secret })
          if (gone) return
          if (!acted.error) return finish()
          setProblem(acted.error.message ?? null)
          return setStage('form')
        }
        if (status !== 'requires_payment_method' && status !== 'requires_confirmation') return finish()
        setProblem(error)
        setStage('form')
      } catch {
        if (!gone) setStage('unavailable')
      }
    }
    void begin()
    return () => {
      gone = true
    }
  }, [publishable_key, client_secret, setup, locale, finish, tries])

  switch (stage) {
    case 'loading':
      return <FormSkeleton label={t('stripe.loading')} />
    case 'unavailable':
      return <Unavailable provider="Stripe" onRetry={() => setTries(tries + 1)} />
    case 'acting':
      return <Waiting>{t('stripe.acting')}</Waiting>
    case 'done':
      return <Waiting>{t(setup ? 'stripe.done_setup' : 'stripe.done')}</Waiting>
    case 'form':
      return (
        <StripeForm
          stripe={stripe!}
          action={action}
          amount={amount}
          before={problem}
          onDone={finish}
          onUnavailable={() => setStage('unavailable')}
        />
      )
  }
}

/** Stripe.js comes from Stripe only, when it is needed only. */
async function loadStripe(key: string, locale: StripeElementLocale): Promise<Stripe> {
  const { loadStripe: load } = await import('@stripe/stripe-js/pure')
  const stripe = await load(key, { locale })
  if (!stripe) throw new Error('no Stripe.js')
  return stripe
}

async function readStatus(
  stripe: Stripe,
  secret: string,
  setup: boolean,
): Promise<{ status: string | null; error: string | null }> {
  if (setup) {
    const { setupIntent, error } = await stripe.retrieveSetupIntent(secret)
    return {
      status: setupIntent?.status ?? null,
      error: error?.message ?? setupIntent?.last_setup_error?.message ?? null,
    }
  }
  const { paymentIntent, error } = await stripe.retrievePaymentIntent(secret)
  return {
    status: paymentIntent?.status ?? null,
    error: error?.message ?? paymentIntent?.last_payment_error?.message ?? null,
  }
}

/** The colours and the type of our page, so that the form looks as a part of it, in the dark too. */
function readAppearance(): Appearance {
  const read = getComputedStyle(document.documentElement)
  const value = (name: string) => read.getPropertyValue(name).trim()
  const dark = document.documentElement.dataset.mantineColorScheme === 'dark'
  return {
    theme: dark ? 'night' : 'stripe',
    variables: {
      colorPrimary: value(dark ? '--accent-text' : '--accent-fill'),
      colorBackground: value('--surface'),
      colorText: value('--text'),
      colorTextSecondary: value('--text-muted'),
      colorDanger: value('--tone-bad-text'),
      fontFamily: 'Inter, system-ui, sans-serif',
      fontSizeBase: '16px',
      borderRadius: '8px',
    },
    rules: { '.Input': { borderColor: value('--border-strong') } },
  }
}

function StripeForm({
  stripe,
  action,
  amount,
  before,
  onDone,
  onUnavailable,
}: {
  stripe: Stripe
  action: StripeActionOf
  amount: string
  before: string | null
  onDone: () => void
  onUnavailable: () => void
}) {
  const { t } = useTranslation('pay')
  const room = useRef<HTMLDivElement>(null)
  const elements = useRef<StripeElements | null>(null)
  const [ready, setReady] = useState(false)
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState(before)
  const { client_secret, setup } = action
  const unavailable = useRef(onUnavailable)
  unavailable.current = onUnavailable

  useEffect(() => {
    const made = stripe.elements({ clientSecret: client_secret, appearance: readAppearance() })
    elements.current = made
    const payment = made.create('payment', { layout: 'tabs' })
    payment.on('ready', () => setReady(true))
    payment.on('loaderror', () => unavailable.current())
    payment.mount(room.current!)
    // The form follows when the colours are changed.
    const watch = new MutationObserver(() => made.update({ appearance: readAppearance() }))
    watch.observe(document.documentElement, { attributeFilter: ['data-mantine-color-scheme'] })
    return () => {
      watch.disconnect()
      payment.destroy()
    }
  }, [stripe, client_secret])

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (!elements.current || busy) return
    setBusy(true)
    setProblem(null)
    const options = {
      elements: elements.current,
      confirmParams: { return_url: window.location.href },
      redirect: 'if_required' as const,
    }
    try {
      const { error } = setup ? await stripe.confirmSetup(options) : await stripe.confirmPayment(options)
      if (!error || isDone(error)) return onDone()
      // What is wrong with a field stands at the field.
      setProblem(error.type === 'validation_error' ? null : (error.message ?? t('stripe.failed')))
    } catch {
      setProblem(t('stripe.failed'))
    }
    setBusy(false)
  }

  return (
    <form className={styles.form} onSubmit={submit} noValidate>
      {problem && (
        <div role="alert">
          <Callout tone="bad" title={t(setup ? 'stripe.refused_setup' : 'stripe.refused')}>
            {problem}
          </Callout>
        </div>
      )}
      <div className={styles.room}>
        {!ready && <FormSkeleton label={t('stripe.loading')} />}
        <div ref={room} className={styles.element} data-loading={!ready || undefined} />
      </div>
      <Button type="submit" size="md" fullWidth loading={busy} disabled={!ready}>
        {setup ? t('stripe.keep') : t('stripe.pay', { amount })}
      </Button>
      <Safe>{t(setup ? 'stripe.safe_setup' : 'stripe.safe')}</Safe>
    </form>
  )
}

/** It was paid meanwhile, in another window. */
function isDone(error: StripeError): boolean {
  const status = error.payment_intent?.status ?? error.setup_intent?.status
  return status === 'succeeded' || status === 'processing'
}

/** The room of a form that is being loaded. */
export function FormSkeleton({ label }: { label: string }) {
  return (
    <div className={styles.skeleton} role="status" aria-busy="true">
      <span className="visually-hidden">{label}</span>
      <SkeletonText lines={5} />
    </div>
  )
}

/** Something is done elsewhere. */
function Waiting({ children }: { children: string }) {
  return (
    <p className={styles.waiting} role="status">
      <IconLoader2 size={22} aria-hidden />
      {children}
    </p>
  )
}

/** Where the data goes. */
export function Safe({ children }: { children: string }) {
  return (
    <p className={styles.safe}>
      <IconLock size={16} aria-hidden />
      {children}
    </p>
  )
}

/** A provider's form could not be loaded: blocked in the browser, or the provider is away. */
export function Unavailable({ provider, onRetry }: { provider: string; onRetry: () => void }) {
  const { t } = useTranslation('pay')
  return (
    <div className={styles.form} role="alert">
      <Callout tone="warning" title={t('form.unavailable', { provider })}>
        {t('form.unavailable_text', { provider })}
      </Callout>
      <div>
        <Button variant="default" onClick={onRetry}>
          {t('common:action.retry')}
        </Button>
      </div>
    </div>
  )
}
