import { Button, Checkbox } from '@mantine/core'
import type { TablerIcon } from '@tabler/icons-react'
import IconArrowRight from '@tabler/icons-react/dist/esm/icons/IconArrowRight.mjs'
import IconLock from '@tabler/icons-react/dist/esm/icons/IconLock.mjs'
import IconReceipt from '@tabler/icons-react/dist/esm/icons/IconReceipt.mjs'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, idempotent, orThrow } from '../shared/api.ts'
import type { OwnPaymentIntent, OwnStoredMethod, PaymentChoices } from '../shared/api-types.gen.ts'
import { toProblem } from '../shared/problem.ts'
import { Callout, ProblemAlert } from '../shared/problem-alert.tsx'
import { ToneBadge } from '../shared/state-badge.tsx'
import { useFormats } from '../shared/use-formats.ts'
import styles from './pay-choices.module.css'
import { choicesQuery, findOpenIntent, markForwarded, openPayment, type PayTarget } from './pay-queries.ts'
import {
  iconOfMethod,
  keeps,
  nameOfStored,
  needsDetails,
  type PaymentMethod,
  type PayProvider,
  TestBadge,
} from './pay-words.tsx'

/** One way to pay: by a provider, maybe with a method that it keeps. */
type Way = { key: string; provider: PayProvider; method: PaymentMethod; stored: OwnStoredMethod | null }

/** The choice that is no provider's: money that is sent outside of here, and told of. */
const outsideKey = 'outside'

/** Every way by a provider: what is kept first, what is debited by itself before all. */
function listWays(choices: PaymentChoices): Way[] {
  const stored = choices.stored_methods.flatMap((one): Way[] => {
    const provider = choices.providers.find(({ id }) => id === one.provider_id)
    return one.state === 'active' && provider
      ? [{ key: one.id, provider, method: one.method, stored: one }]
      : []
  })
  const others = choices.providers.flatMap((provider) =>
    provider.methods
      .filter((method) => !needsDetails(provider, method))
      .map((method): Way => ({ key: `${provider.id} ${method}`, provider, method, stored: null })),
  )
  return [...stored, ...others]
}

/** Whether there is any provider to pay by. */
export function hasProviders(choices: PaymentChoices): boolean {
  return choices.providers.length > 0
}

/**
 * Chooses how to pay, and pays: stored methods, providers, and the ways outside of here with what `outside` shows for them.
 * It leads to the page of the payment.
 */
export function PayChoices({
  choices,
  target,
  amount,
  nothing,
  startOutside,
  outside,
  onChanged,
}: {
  choices: PaymentChoices
  target: PayTarget
  amount: number
  /** Why nothing can be paid yet: 'Choose at least one invoice'. */
  nothing?: string | null
  startOutside?: boolean
  outside: ReactNode
  /** What is to be paid is no longer what was shown. */
  onChanged: () => void
}) {
  const { t } = useTranslation('pay')
  const ways = listWays(choices)
  const [chosen, setChosen] = useState(startOutside || ways.length === 0 ? outsideKey : ways[0]!.key)
  const way = ways.find((one) => one.key === chosen)
  const toAuthorise = choices.providers.filter(
    (provider) =>
      provider.methods.some((method) => needsDetails(provider, method)) &&
      !ways.some((one) => one.stored && one.provider.id === provider.id),
  )
  return (
    <>
      <fieldset className={styles.ways}>
        <legend className="visually-hidden">{t('choose.title')}</legend>
        {ways.map((one) => (
          <Choice
            key={one.key}
            value={one.key}
            chosen={chosen === one.key}
            onChoose={setChosen}
            icon={iconOfMethod(one.method)}
            name={one.stored ? nameOfStored(one.stored, t) : t(`portal:payment_method.${one.method}`)}
            badge={
              <>
                <TestBadge driver={one.provider.driver} />
                {one.stored?.automatic && <ToneBadge tone="good">{t('methods.automatic')}</ToneBadge>}
              </>
            }
            detail={[
              one.provider.name,
              one.stored ? null : t(`choose.hint_${one.method}`, { defaultValue: '' }),
            ]
              .filter(Boolean)
              .join(' · ')}
          />
        ))}
        <Choice
          value={outsideKey}
          chosen={chosen === outsideKey}
          onChoose={setChosen}
          icon={IconReceipt}
          name={t('choose.outside')}
          detail={choices.manual_methods.map((method) => t(`portal:payment_method.${method}`)).join(', ')}
        />
      </fieldset>
      {toAuthorise.length > 0 && (
        <p className={styles.hint}>
          {t('choose.debit_first')} <Link to="/payment-methods/new">{t('choose.debit_authorise')}</Link>
        </p>
      )}
      {way ? (
        <PayBy
          key={way.key}
          way={way}
          choices={choices}
          target={target}
          amount={amount}
          nothing={nothing ?? null}
          onChanged={onChanged}
        />
      ) : (
        <div className={styles.outside}>{outside}</div>
      )}
    </>
  )
}

function Choice({
  value,
  chosen,
  onChoose,
  icon: Icon,
  name,
  badge,
  detail,
}: {
  value: string
  chosen: boolean
  onChoose: (key: string) => void
  icon: TablerIcon
  name: string
  badge?: ReactNode
  detail: string
}) {
  return (
    <label className={styles.way}>
      <input type="radio" name="way" value={value} checked={chosen} onChange={() => onChoose(value)} />
      <span className={styles.words}>
        <span className={styles.name}>
          {name}
          {badge}
        </span>
        {detail && <small>{detail}</small>}
      </span>
      <Icon size={24} stroke={1.5} aria-hidden />
    </label>
  )
}

function PayBy({
  way,
  choices,
  target,
  amount,
  nothing,
  onChanged,
}: {
  way: Way
  choices: PaymentChoices
  target: PayTarget
  amount: number
  nothing: string | null
  onChanged: () => void
}) {
  const { t } = useTranslation('pay')
  const { money } = useFormats()
  const queryClient = useQueryClient()
  const [store, setStore] = useState(false)
  const [missing, setMissing] = useState(false)
  const [leaving, setLeaving] = useState(false)
  const [other, setOther] = useState<OwnPaymentIntent | null>(null)
  const attempt = useRef<string | null>(null)
  // Mercado Pago's own page keeps no card: one is kept under payment methods.
  const keepable =
    way.stored === null && way.provider.driver !== 'mercado_pago' && keeps(way.provider, way.method)
  const debited = choices.stored_methods.some((one) => one.automatic)
  const pay = useMutation({
    mutationFn: () => {
      attempt.current ??= crypto.randomUUID()
      return orThrow(
        api.POST('/api/v1/portal/payment-intents', {
          headers: idempotent(attempt.current),
          body: {
            ...target,
            provider_id: way.provider.id,
            method: way.method,
            stored_method_id: way.stored?.id ?? null,
            store: keepable && store,
          },
        }),
      )
    },
    onSuccess: (intent) => {
      setLeaving(true)
      openPayment(intent.id)
    },
    onError: async (cause) => {
      const { code, status } = toProblem(cause)
      // A refusal is an answer: the next try is a new attempt. Without an answer it is the same one.
      if (status > 0 && status < 500) attempt.current = null
      if (code === 'payment_in_progress') setOther((await findOpenIntent(target, way.method)) ?? null)
      if (code === 'nothing_to_pay' || code.startsWith('order_')) onChanged()
      if (code === 'invalid_input') void queryClient.invalidateQueries({ queryKey: choicesQuery.queryKey })
    },
  })
  const giveUp = useMutation({
    mutationFn: async (id: string) => {
      await orThrow(api.POST('/api/v1/portal/payment-intents/{id}/cancel', { params: { path: { id } } }))
      // Its own page says whether the provider could still stop it, and sends nobody on to pay it.
      markForwarded(id)
      openPayment(id)
    },
  })
  return (
    <form
      className={styles.pay}
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        setMissing(nothing !== null)
        if (nothing === null && !pay.isPending && !leaving) pay.mutate()
      }}
    >
      {keepable && (
        <Checkbox
          label={t(debited ? 'choose.keep' : 'choose.keep_debit')}
          description={t(debited ? 'choose.keep_text' : 'choose.keep_debit_text')}
          checked={store}
          onChange={(event) => setStore(event.currentTarget.checked)}
        />
      )}
      {missing && nothing !== null && (
        <p role="alert" className={styles.error}>
          {nothing}
        </p>
      )}
      {other ? (
        <div role="alert">
          <Callout
            tone="warning"
            title={t('choose.open_title', { amount: money(other.amount, other.currency) })}
          >
            <p>{t('choose.open_text', { provider: other.provider_name })}</p>
            <div className={styles.buttons}>
              <Button size="sm" onClick={() => openPayment(other.id)}>
                {t('choose.open_continue')}
              </Button>
              <Button
                size="sm"
                variant="default"
                loading={giveUp.isPending}
                onClick={() => giveUp.mutate(other.id)}
              >
                {t('choose.open_cancel')}
              </Button>
            </div>
            <ProblemAlert error={giveUp.error} />
          </Callout>
        </div>
      ) : (
        <ProblemAlert error={pay.error} />
      )}
      <Button
        type="submit"
        size="md"
        fullWidth
        loading={pay.isPending || leaving}
        rightSection={<IconArrowRight size={18} aria-hidden />}
      >
        {amount > 0 ? t('choose.pay', { amount: money(amount, choices.currency) }) : t('choose.pay_none')}
      </Button>
      <p className={styles.safe}>
        <IconLock size={16} aria-hidden />
        {t(way.stored ? 'choose.safe_stored' : 'choose.safe', { provider: way.provider.name })}
      </p>
    </form>
  )
}
