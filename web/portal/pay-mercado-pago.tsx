import { Button, NativeSelect, TextInput } from '@mantine/core'
import { type FormEvent, useEffect, useId, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, idempotent, orThrow } from '../shared/api.ts'
import type { OwnPaymentIntent } from '../shared/api-types.gen.ts'
import { Callout, ProblemAlert } from '../shared/problem-alert.tsx'
import styles from './pay-forms.module.css'
import { openPayment } from './pay-queries.ts'
import { FormSkeleton, Safe, Unavailable } from './pay-stripe.tsx'

export type MercadoPagoActionOf = Extract<NonNullable<OwnPaymentIntent['action']>, { kind: 'mercado_pago' }>

// What is used of Mercado Pago's script, https://github.com/mercadopago/sdk-js (docs/fields.md, docs/core-methods.md).
type FieldName = 'cardNumber' | 'expirationDate' | 'securityCode'
type FieldEvent = { field: FieldName; errorMessages?: { message: string }[] }
type Field = {
  mount(container: string): Field
  unmount(): void
  on(event: 'ready' | 'focus' | 'blur' | 'validityChange' | 'error', done: (event: FieldEvent) => void): Field
}
type IdentificationType = { id: string; name: string }
type MercadoPago = {
  fields: {
    create(name: FieldName, options: { placeholder?: string; style?: Record<string, string> }): Field
    createCardToken(holder: {
      cardholderName: string
      identificationType?: string
      identificationNumber?: string
    }): Promise<{ id: string } | undefined>
  }
  getIdentificationTypes(): Promise<IdentificationType[]>
}
declare global {
  interface Window {
    MercadoPago?: new (key: string, options: { locale: string }) => MercadoPago
  }
}

const address = 'https://sdk.mercadopago.com/js/v2'
const names: readonly FieldName[] = ['cardNumber', 'expirationDate', 'securityCode']
const locales: Record<string, string> = { 'pt-BR': 'pt-BR', es: 'es-AR', en: 'en-US' }

let loading: Promise<void> | null = null

/** Their script comes from them only, when it is needed only. */
function loadScript(): Promise<void> {
  loading ??= new Promise<void>((resolve, reject) => {
    const script = document.createElement('script')
    script.src = address
    script.onload = () => resolve()
    script.onerror = () => {
      script.remove()
      loading = null
      reject(new Error('no script of Mercado Pago'))
    }
    document.head.append(script)
  })
  return loading
}

/**
 * Keeps a card at Mercado Pago: number, date and code are typed in frames of theirs, which give a token that is used once. With
 * it the card is kept by another wish, whose page is opened; this one, which only was the form, is given up.
 */
export function MercadoPagoAction({
  intent,
  action,
}: {
  intent: OwnPaymentIntent
  action: MercadoPagoActionOf
}) {
  const { t, i18n } = useTranslation('pay')
  const [shop, setShop] = useState<{ mp: MercadoPago; types: IdentificationType[] } | null>(null)
  const [unavailable, setUnavailable] = useState(false)
  const [tries, setTries] = useState(0)
  const locale = locales[i18n.language] ?? 'en-US'

  // biome-ignore lint/correctness/useExhaustiveDependencies: another try begins again
  useEffect(() => {
    let gone = false
    const begin = async () => {
      setUnavailable(false)
      try {
        await loadScript()
        if (!window.MercadoPago) throw new Error('no Mercado Pago')
        const mp = new window.MercadoPago(action.public_key, { locale })
        // Mexico has none.
        const types = await mp.getIdentificationTypes().catch(() => [])
        if (!gone) setShop({ mp, types })
      } catch {
        if (!gone) setUnavailable(true)
      }
    }
    void begin()
    return () => {
      gone = true
    }
  }, [action.public_key, locale, tries])

  if (unavailable) return <Unavailable provider="Mercado Pago" onRetry={() => setTries(tries + 1)} />
  if (!shop) return <FormSkeleton label={t('mercado_pago.loading')} />
  return <CardForm key={locale} intent={intent} {...shop} onUnavailable={() => setUnavailable(true)} />
}

type Marks = Partial<Record<FieldName, string>>

function CardForm({
  intent,
  mp,
  types,
  onUnavailable,
}: {
  intent: OwnPaymentIntent
  mp: MercadoPago
  types: IdentificationType[]
  onUnavailable: () => void
}) {
  const { t } = useTranslation('pay')
  const prefix = `mp${useId().replace(/\W/g, '')}`
  const [ready, setReady] = useState(0)
  const [focus, setFocus] = useState<FieldName | null>(null)
  const [marks, setMarks] = useState<Marks>({})
  const [holder, setHolder] = useState('')
  const [type, setType] = useState(types[0]?.id ?? '')
  const [number, setNumber] = useState('')
  const [missing, setMissing] = useState<{ holder?: boolean; number?: boolean }>({})
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<unknown>(null)
  const [refused, setRefused] = useState(false)
  const away = useRef(onUnavailable)
  away.current = onUnavailable

  useEffect(() => {
    const read = getComputedStyle(document.documentElement)
    const style = {
      color: read.getPropertyValue('--text').trim(),
      placeholderColor: read.getPropertyValue('--text-faint').trim(),
      fontSize: '16px',
      height: '42px',
      padding: '0',
    }
    const placeholders: Record<FieldName, string> = {
      cardNumber: '1234 1234 1234 1234',
      expirationDate: t('mercado_pago.date_hint'),
      securityCode: '123',
    }
    const fields = names.map((name) =>
      mp.fields
        .create(name, { placeholder: placeholders[name], style })
        .on('ready', () => setReady((before) => before + 1))
        .on('focus', () => setFocus(name))
        .on('blur', () => setFocus((before) => (before === name ? null : before)))
        .on('error', () => away.current())
        .on('validityChange', ({ errorMessages }) =>
          setMarks((before) => ({ ...before, [name]: errorMessages?.[0]?.message })),
        )
        .mount(`${prefix}-${name}`),
    )
    return () => {
      for (const field of fields) field.unmount()
    }
  }, [mp, prefix, t])

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (busy) return
    const lacks = { holder: holder.trim() === '', number: types.length > 0 && number.trim() === '' }
    setMissing(lacks)
    setProblem(null)
    setRefused(false)
    if (lacks.holder || lacks.number) return
    setBusy(true)
    try {
      const token = await readToken()
      if (!token) {
        setRefused(true)
        return setBusy(false)
      }
      const wish = await orThrow(
        api.POST('/api/v1/portal/stored-methods', {
          headers: idempotent(token),
          body: { provider_id: intent.provider_id, method: intent.method, details: { token } },
        }),
      )
      await api
        .POST('/api/v1/portal/payment-intents/{id}/cancel', { params: { path: { id: intent.id } } })
        .catch(() => undefined)
      openPayment(wish.id)
    } catch (error) {
      setProblem(error)
      setBusy(false)
    }
  }

  /** The token of what was typed; null where they do not take it. */
  async function readToken(): Promise<string | null> {
    try {
      const token = await mp.fields.createCardToken({
        cardholderName: holder.trim(),
        ...(types.length > 0
          ? { identificationType: type, identificationNumber: number.replace(/[^\dA-Za-z]/g, '') }
          : {}),
      })
      return token?.id ?? null
    } catch {
      return null
    }
  }

  const frame = (name: FieldName, wide = false) => (
    <div className={wide ? `${styles.field} ${styles.wide}` : styles.field}>
      <span id={`${prefix}-${name}-label`} className={styles.label}>
        {t(`mercado_pago.${name}`)}
      </span>
      {/* biome-ignore lint/a11y/useSemanticElements: the field is in a frame of theirs */}
      <div
        id={`${prefix}-${name}`}
        className={styles.frame}
        role="group"
        aria-labelledby={`${prefix}-${name}-label`}
        data-focus={focus === name || undefined}
        data-error={marks[name] ? true : undefined}
      />
      {marks[name] && <span className={styles.error}>{t(`mercado_pago.${name}_wrong`)}</span>}
    </div>
  )

  return (
    <form className={styles.form} onSubmit={submit} noValidate>
      <ProblemAlert error={problem} />
      {refused && (
        <div role="alert">
          <Callout tone="bad" title={t('mercado_pago.refused')}>
            {t('mercado_pago.refused_text')}
          </Callout>
        </div>
      )}
      <div className={styles.room}>
        {ready < names.length && <FormSkeleton label={t('mercado_pago.loading')} />}
        <div className={styles.fields} data-loading={ready < names.length || undefined}>
          {frame('cardNumber', true)}
          {frame('expirationDate')}
          {frame('securityCode')}
          <TextInput
            className={styles.wide}
            label={t('mercado_pago.holder')}
            description={t('mercado_pago.holder_help')}
            autoComplete="cc-name"
            required
            value={holder}
            onChange={(event) => setHolder(event.currentTarget.value)}
            error={missing.holder && holder.trim() === '' && t('common:input.required')}
          />
          {types.length > 0 && (
            <>
              <NativeSelect
                label={t('mercado_pago.document')}
                data={types.map(({ id, name }) => ({ value: id, label: name }))}
                value={type}
                onChange={(event) => setType(event.currentTarget.value)}
              />
              <TextInput
                label={t('mercado_pago.document_number')}
                autoComplete="off"
                required
                value={number}
                onChange={(event) => setNumber(event.currentTarget.value)}
                error={missing.number && number.trim() === '' && t('common:input.required')}
              />
            </>
          )}
        </div>
      </div>
      <Button type="submit" size="md" fullWidth loading={busy} disabled={ready < names.length}>
        {t('mercado_pago.keep')}
      </Button>
      <Safe>{t('mercado_pago.safe')}</Safe>
    </form>
  )
}
