import { Input, TextInput, type TextInputProps } from '@mantine/core'
import IconFile from '@tabler/icons-react/dist/esm/icons/IconFile.mjs'
import IconUpload from '@tabler/icons-react/dist/esm/icons/IconUpload.mjs'
import IconX from '@tabler/icons-react/dist/esm/icons/IconX.mjs'
import { useEffect, useId, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { formatMoneyInput, parseMoney } from './formats.ts'
import styles from './inputs.module.css'
import { useFormats } from './use-formats.ts'

type OwnTextInputProps = Omit<TextInputProps, 'value' | 'defaultValue' | 'onChange' | 'type'>

/** The sign of a currency in a language, for the input's left section: R$, US$, ARS. */
function signOf(currency: string, language: string): string {
  const parts = new Intl.NumberFormat(language === 'es' ? 'es-AR' : language, {
    style: 'currency',
    currency,
  }).formatToParts(1)
  return parts.find((part) => part.type === 'currency')?.value ?? currency
}

/**
 * An amount of money: integer minor units in and out, null while it is empty or not an amount. Typed in the language's own
 * notation and written properly when it is left. `onChange` gets NaN never: an unreadable text keeps null and says so.
 */
export function MoneyInput({
  value,
  onChange,
  currency,
  error,
  ...props
}: OwnTextInputProps & {
  value: number | null
  onChange: (amountMinor: number | null) => void
  currency: string
}) {
  const { t } = useTranslation('common')
  const { language } = useFormats()
  const write = (amount: number | null) =>
    amount === null ? '' : formatMoneyInput(amount, currency, language)
  const [typed, setTyped] = useState(() => write(value))
  const [unreadable, setUnreadable] = useState(false)
  const given = useRef(value)

  // Another value from outside (reset, another record) replaces what stands there; our own echo does not.
  useEffect(() => {
    if (Object.is(given.current, value)) return
    given.current = value
    setUnreadable(false)
    setTyped(value === null ? '' : formatMoneyInput(value, currency, language))
  }, [value, currency, language])

  const sign = signOf(currency, language)
  return (
    <TextInput
      inputMode="decimal"
      autoComplete="off"
      {...props}
      leftSection={<span className={styles.sign}>{sign}</span>}
      leftSectionWidth={`${sign.length * 0.55 + 1.25}rem`}
      classNames={{ input: styles.amount }}
      value={typed}
      error={unreadable ? t('input.money') : error}
      onChange={(event) => {
        const text = event.currentTarget.value
        const amount = parseMoney(text, currency, language)
        setTyped(text)
        setUnreadable(false)
        given.current = amount
        onChange(amount)
      }}
      onBlur={(event) => {
        const amount = parseMoney(typed, currency, language)
        setUnreadable(typed.trim() !== '' && amount === null)
        if (amount !== null) setTyped(write(amount))
        props.onBlur?.(event)
      }}
    />
  )
}

/** A day as `YYYY-MM-DD`, '' when empty, with the calendar of the browser. Give it `form.field(name)`. */
export function DateInput({
  value,
  onChange,
  ...props
}: OwnTextInputProps & {
  value: string
  onChange: (event: { currentTarget: { value: string } }) => void
}) {
  return <TextInput type="date" {...props} value={value} onChange={onChange} />
}

/**
 * Takes one file by dropping, clicking, or the keyboard (it is a real file input under its label). Too large or of the
 * wrong kind is said at once and nothing else is lost.
 */
export function FileDrop({
  label,
  description,
  value,
  onChange,
  accept,
  maxBytes,
  error,
  required,
  name,
}: {
  label: string
  description?: string
  value: File | null
  onChange: (file: File | null) => void
  /** As of an input: `.csv,text/csv` or `image/*,application/pdf`. */
  accept?: string
  maxBytes?: number
  error?: string
  required?: boolean
  name?: string
}) {
  const { t } = useTranslation('common')
  const { bytes } = useFormats()
  const id = useId()
  const [over, setOver] = useState(false)
  const [refusal, setRefusal] = useState<string | null>(null)
  const message = refusal ?? error
  const take = (file: File | undefined) => {
    if (!file) return
    if (accept && !matches(file, accept)) {
      setRefusal(t('input.file_kind', { name: file.name }))
      return
    }
    if (maxBytes !== undefined && file.size > maxBytes) {
      setRefusal(t('input.file_size', { name: file.name, size: bytes(file.size), limit: bytes(maxBytes) }))
      return
    }
    setRefusal(null)
    onChange(file)
  }
  return (
    <Input.Wrapper
      label={label}
      labelProps={{ htmlFor: id }}
      description={description}
      descriptionProps={{ id: `${id}-about` }}
      error={message}
      errorProps={{ id: `${id}-error`, role: 'alert' }}
      required={required}
    >
      {/* biome-ignore lint/a11y/noStaticElementInteractions: dropping is an extra; the input inside is the control */}
      <div
        className={styles.drop}
        data-over={over || undefined}
        data-error={Boolean(message) || undefined}
        onDragOver={(event) => {
          event.preventDefault()
          setOver(true)
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault()
          setOver(false)
          take(event.dataTransfer.files[0])
        }}
      >
        <input
          id={id}
          name={name}
          type="file"
          accept={accept}
          required={required && !value}
          className={styles.file}
          aria-invalid={Boolean(message) || undefined}
          aria-describedby={
            [message && `${id}-error`, description && `${id}-about`].filter(Boolean).join(' ') || undefined
          }
          onChange={(event) => {
            take(event.currentTarget.files?.[0])
            // The same file may be chosen again after it was corrected.
            event.currentTarget.value = ''
          }}
        />
        {value ? (
          <span className={styles.chosen}>
            <IconFile size={20} aria-hidden />
            <span className={styles.name}>{value.name}</span>
            <small>{bytes(value.size)}</small>
          </span>
        ) : (
          <span className={styles.invite} aria-hidden>
            <IconUpload size={20} />
            {t('input.file_drop')}
          </span>
        )}
        {value && (
          <button
            type="button"
            className={styles.remove}
            aria-label={t('input.file_remove', { name: value.name })}
            onClick={() => onChange(null)}
          >
            <IconX size={16} aria-hidden />
          </button>
        )}
      </div>
    </Input.Wrapper>
  )
}

function matches(file: File, accept: string): boolean {
  return accept.split(',').some((one) => {
    const kind = one.trim().toLowerCase()
    if (kind.startsWith('.')) return file.name.toLowerCase().endsWith(kind)
    if (kind.endsWith('/*')) return file.type.startsWith(kind.slice(0, -1))
    return file.type === kind
  })
}
