import { TextInput, type TextInputProps } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'

/** Minutes in words that every language of ours shares: 270 is `4 h 30 min`. */
export function formatMinutes(minutes: number): string {
  const hours = Math.floor(minutes / 60)
  const rest = minutes % 60
  return [hours > 0 && `${hours} h`, (rest > 0 || hours === 0) && `${rest} min`].filter(Boolean).join(' ')
}

/** Whole minutes as people type them: `90`, `90 min`, `1h30`, `1:30`, `1,5 h`; null where it is none. */
export function parseMinutes(text: string): number | null {
  const typed = text.trim().toLowerCase().replaceAll(',', '.')
  const clock = /^(\d+):([0-5]?\d)$/.exec(typed)
  if (clock) return Number(clock[1]) * 60 + Number(clock[2])
  const found = /^(?:(\d+(?:\.\d+)?)\s*h[a-z]*\.?)?\s*(?:(\d+)\s*(?:m[a-z]*\.?)?)?$/.exec(typed)
  if (!found || (found[1] === undefined && found[2] === undefined)) return null
  return Math.round(Number(found[1] ?? 0) * 60) + Number(found[2] ?? 0)
}

/** A length of time: whole minutes in and out, null while it is empty or cannot be read. Written properly when it is left. */
export function DurationInput({
  value,
  onChange,
  error,
  ...props
}: Omit<TextInputProps, 'value' | 'defaultValue' | 'onChange' | 'type'> & {
  value: number | null
  onChange: (minutes: number | null) => void
}) {
  const { t } = useTranslation()
  const [typed, setTyped] = useState(() => (value === null ? '' : formatMinutes(value)))
  const [unreadable, setUnreadable] = useState(false)
  const given = useRef(value)
  useEffect(() => {
    if (Object.is(given.current, value)) return
    given.current = value
    setUnreadable(false)
    setTyped(value === null ? '' : formatMinutes(value))
  }, [value])
  return (
    <TextInput
      autoComplete="off"
      placeholder="4 h"
      {...props}
      value={typed}
      error={unreadable ? t('profiles.duration_unreadable') : error}
      onChange={(event) => {
        const text = event.currentTarget.value
        given.current = parseMinutes(text)
        setTyped(text)
        setUnreadable(false)
        onChange(given.current)
      }}
      onBlur={(event) => {
        const minutes = parseMinutes(typed)
        setUnreadable(typed.trim() !== '' && minutes === null)
        if (minutes !== null) setTyped(formatMinutes(minutes))
        props.onBlur?.(event)
      }}
    />
  )
}
