import { useBlocker } from '@tanstack/react-router'
import { useCallback, useMemo, useRef, useState } from 'react'
import { type Problem, ProblemError, toProblem } from './problem.ts'

/** What a rule answers: the words to show under the field, or nothing when it is fine. */
export type Check<Values> = (values: Values) => Partial<Record<string, string | false | null | undefined>>

/** What `submit` gets besides the values. */
export interface Attempt {
  /** Same for repeated tries of the same values, so that a lost answer never makes a second invoice. */
  idempotencyKey: string
}

/** What a form was given: its first values, its own rules, and what sending does. */
export interface FormOptions<Values extends Record<string, unknown>, Result> {
  initial: Values
  /** Rules that need no server. Keys are field names. */
  check?: Check<Values>
  /** Sends; throws (orThrow does) when refused. */
  submit: (values: Values, attempt: Attempt) => Promise<Result>
  onDone?: (result: Result, values: Values) => void
}

/**
 * A small typed form: values, errors by field name (own rules and those of the server, by the `path` of its problem), and
 * one submit that cannot run twice. What was typed is kept when sending fails.
 *
 * ```tsx
 * const form = useForm({ initial: { name: '' }, submit: (v) => orThrow(api.POST('/…', { body: v })) })
 * <form onSubmit={form.onSubmit} noValidate>
 *   <ProblemAlert error={form.problem} />
 *   <TextInput label={t('name')} required {...form.field('name')} />
 *   <Button type="submit" loading={form.busy}>{t('save')}</Button>
 * </form>
 * ```
 */
export function useForm<Values extends Record<string, unknown>, Result>(
  options: FormOptions<Values, Result>,
) {
  const { initial, check, submit, onDone } = options
  const [values, setValues] = useState<Values>(initial)
  const [errors, setErrors] = useState<Record<string, string>>({})
  const [problem, setProblem] = useState<ProblemError | null>(null)
  const [busy, setBusy] = useState(false)
  const [saved, setSaved] = useState<Values>(initial)
  const attempt = useRef<string | null>(null)
  const sending = useRef(false)

  const set = useCallback(<Name extends keyof Values & string>(name: Name, value: Values[Name]) => {
    attempt.current = null
    setValues((before) => ({ ...before, [name]: value }))
    setErrors((before) => {
      if (!Object.keys(before).some((path) => path === name || path.startsWith(`${name}.`))) return before
      return Object.fromEntries(
        Object.entries(before).filter(([path]) => path !== name && !path.startsWith(`${name}.`)),
      )
    })
  }, [])

  const changed = useMemo(
    () => Object.keys(values).some((name) => !Object.is(values[name], saved[name])),
    [values, saved],
  )

  const send = async (): Promise<Result | undefined> => {
    if (sending.current) return undefined
    const own = Object.fromEntries(
      Object.entries(check?.(values) ?? {}).filter((entry): entry is [string, string] => Boolean(entry[1])),
    )
    setErrors(own)
    setProblem(null)
    if (Object.keys(own).length > 0) {
      focusFirstError()
      return undefined
    }
    sending.current = true
    setBusy(true)
    attempt.current ??= crypto.randomUUID()
    try {
      const result = await submit(values, { idempotencyKey: attempt.current })
      attempt.current = null
      setSaved(values)
      onDone?.(result, values)
      return result
    } catch (cause) {
      const found = toProblem(cause)
      // A refusal is an answer: the next try is a new attempt. Without an answer it is the same one.
      if (found.status > 0 && found.status < 500) attempt.current = null
      const byPath = fieldErrors(found, values)
      setErrors(byPath)
      // When every complaint stands under its field, a second message over the form would only repeat it.
      const onlyFields = found.errors !== undefined && found.errors.length > 0 && allShown(found, byPath)
      setProblem(onlyFields ? null : new ProblemError(found))
      if (Object.keys(byPath).length > 0) focusFirstError()
      return undefined
    } finally {
      sending.current = false
      setBusy(false)
    }
  }

  return {
    values,
    set,
    errors,
    /** What no field can show; give it to ProblemAlert. */
    problem,
    busy,
    /** Something was typed that is not saved. */
    changed,
    send,
    onSubmit: (event: { preventDefault: () => void }) => {
      event.preventDefault()
      void send()
    },
    /** Back to the first values, or to others. */
    reset: (next: Values = initial) => {
      attempt.current = null
      setValues(next)
      setSaved(next)
      setErrors({})
      setProblem(null)
    },
    /** Props of a text-like input (TextInput, PasswordInput, Textarea, NativeSelect, DateInput). */
    field: <Name extends keyof Values & string>(name: Name) => ({
      name,
      value: (values[name] ?? '') as string,
      error: errors[name],
      onChange: (event: { currentTarget: { value: string } }) =>
        set(name, event.currentTarget.value as Values[Name]),
    }),
    /** Props of an input that gives its value itself (MoneyInput, FileDrop, Select). */
    control: <Name extends keyof Values & string>(name: Name) => ({
      name,
      value: values[name],
      error: errors[name],
      onChange: (value: Values[Name]) => set(name, value),
    }),
    /** Props of Checkbox and Switch. */
    toggle: <Name extends keyof Values & string>(name: Name) => ({
      name,
      checked: Boolean(values[name]),
      error: errors[name],
      onChange: (event: { currentTarget: { checked: boolean } }) =>
        set(name, event.currentTarget.checked as Values[Name]),
    }),
  }
}

function fieldErrors(problem: Problem, values: Record<string, unknown>): Record<string, string> {
  const found: Record<string, string> = {}
  for (const { path, message } of problem.errors ?? []) {
    const bare = path
      .replace(/^(body|\/body)[./]?/, '')
      .replace(/^\//, '')
      .replaceAll('/', '.')
    const name = bare in values ? bare : (bare.split('.')[0] ?? '')
    const key = name in values ? (bare in values ? bare : name) : bare
    if (key !== '') found[key] ??= message
  }
  return found
}

function allShown(problem: Problem, byPath: Record<string, string>): boolean {
  const messages = new Set(Object.values(byPath))
  return (problem.errors ?? []).every((one) => messages.has(one.message))
}

/** After the next paint, when the inputs have their errors. */
function focusFirstError() {
  requestAnimationFrame(() =>
    requestAnimationFrame(() =>
      document
        .querySelector<HTMLElement>('form [aria-invalid="true"], form [data-error="true"] input')
        ?.focus(),
    ),
  )
}

/** Asks before leaving a page with something unsaved in its form. Call it beside useForm with `form.changed`. */
export function useUnsavedWarning(changed: boolean, question: string): void {
  useBlocker({
    shouldBlockFn: () => changed && !window.confirm(question),
    enableBeforeUnload: changed,
    disabled: !changed,
  })
}
