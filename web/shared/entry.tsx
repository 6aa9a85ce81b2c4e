import { Button, TextInput } from '@mantine/core'
import IconArrowLeft from '@tabler/icons-react/dist/esm/icons/IconArrowLeft.mjs'
import IconFingerprint from '@tabler/icons-react/dist/esm/icons/IconFingerprint.mjs'
import IconInfoCircle from '@tabler/icons-react/dist/esm/icons/IconInfoCircle.mjs'
import i18n from 'i18next'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from './api.ts'
import type { SignedIn } from './api-types.gen.ts'
import { AuthLayout } from './auth-layout.tsx'
import { type Brand, useBrand } from './brand.tsx'
import styles from './entry.module.css'
import { useForm } from './form.ts'
import { knowsPasskeys, offersPasskeys, signWithPasskey, stopPasskeys } from './passkeys.ts'
import { toProblem } from './problem.ts'
import { Callout, ProblemAlert } from './problem-alert.tsx'
import { mine } from './side.ts'
import { showToast } from './toasts.tsx'

type Step = Extract<SignedIn, { state: 'second_factor' }>
type StepMethod = Step['methods'][number]

/** Leads from a first answer to being in: `take` gets every answer, `step` is the second step while one is asked for. */
export function useEntry(onIn: () => void) {
  const [step, setStep] = useState<Step | null>(null)
  const take = (answer: SignedIn) => {
    if (answer.state === 'second_factor') {
      setStep(answer)
      return
    }
    // A recovery code was used up.
    if (answer.recovery_codes_left !== null) {
      showToast({
        tone: answer.recovery_codes_left < 3 ? 'warning' : 'info',
        title: i18n.t('common:entry.recovery_left', { count: answer.recovery_codes_left }),
        detail: i18n.t('common:entry.recovery_detail'),
        duration: 12_000,
      })
    }
    onIn()
  }
  return { step, take, startOver: () => setStep(null) }
}

const leads = {
  totp: 'entry.step_lead_app',
  recovery_code: 'entry.step_lead_recovery',
  passkey: 'entry.step_lead_passkey',
} as const

/** The second step of a sign-in: a code, a recovery code or a passkey. */
export function SecondStep({
  step,
  slogan,
  onAnswer,
  onStartOver,
}: {
  step: Step
  slogan: string
  onAnswer: (answer: SignedIn) => void
  onStartOver: () => void
}) {
  const { t } = useTranslation('common')
  const brand: Brand = useBrand()
  const methods = step.methods.filter((method) => method !== 'passkey' || knowsPasskeys())
  const [method, setMethod] = useState<StepMethod>(methods[0] ?? 'totp')
  return (
    <AuthLayout brand={brand} title={t('entry.step_title')} lead={t(leads[method])} slogan={slogan}>
      <div className={styles.form}>
        {method === 'passkey' ? (
          <PasskeyButton challenge={step.challenge} filled onAnswer={onAnswer} />
        ) : (
          <CodeForm key={method} method={method} challenge={step.challenge} onAnswer={onAnswer} />
        )}
        <div className={styles.ways}>
          {methods
            .filter((other) => other !== method)
            .map((other) => (
              <button key={other} type="button" onClick={() => setMethod(other)}>
                {t(`entry.step_use_${other}`)}
              </button>
            ))}
          <button type="button" onClick={onStartOver}>
            <IconArrowLeft size={16} aria-hidden />
            {t('entry.step_back')}
          </button>
        </div>
      </div>
    </AuthLayout>
  )
}

function CodeForm({
  method,
  challenge,
  onAnswer,
}: {
  method: 'totp' | 'recovery_code'
  challenge: string
  onAnswer: (answer: SignedIn) => void
}) {
  const { t } = useTranslation('common')
  const ref = useRef<HTMLInputElement>(null)
  useEffect(() => ref.current?.focus(), [])
  const form = useForm({
    initial: { code: '' },
    check: ({ code }) => ({ code: !code.trim() && t('input.required') }),
    submit: ({ code }) =>
      orThrow(
        api.POST(mine('/api/v1/portal/session/second-factor'), {
          body: { challenge, code: code.replace(/\s/g, '') },
        }),
      ),
    onDone: onAnswer,
  })
  return (
    <form className={styles.form} onSubmit={form.onSubmit} noValidate>
      <ProblemAlert error={form.problem} />
      <TextInput
        ref={ref}
        label={t(method === 'totp' ? 'entry.step_code' : 'entry.step_recovery')}
        autoComplete="one-time-code"
        inputMode={method === 'totp' ? 'numeric' : 'text'}
        autoCapitalize="none"
        spellCheck={false}
        required
        withAsterisk={false}
        {...form.field('code')}
      />
      <Button type="submit" fullWidth loading={form.busy}>
        {t('entry.step_submit')}
      </Button>
    </form>
  )
}

const askOptions = (challenge?: string) =>
  orThrow(api.POST(mine('/api/v1/portal/session/passkey-options'), { body: challenge ? { challenge } : {} }))

const enterByPasskey = (challenge: string, response: object) =>
  orThrow(
    api.POST(mine('/api/v1/portal/session/passkey'), { body: { challenge, response: response as never } }),
  )

/** Signs in with a passkey, or with the `challenge` of a second step completes it with one. */
export function PasskeyButton({
  challenge,
  filled,
  onAnswer,
}: {
  challenge?: string
  filled?: boolean
  onAnswer: (answer: SignedIn) => void
}) {
  const { t } = useTranslation('common')
  const [problem, setProblem] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  if (!knowsPasskeys()) return null
  const enter = async () => {
    setBusy(true)
    setProblem(null)
    try {
      const asked = await askOptions(challenge)
      onAnswer(await enterByPasskey(asked.challenge, await signWithPasskey(asked.options)))
    } catch (cause) {
      setProblem(cause)
    } finally {
      setBusy(false)
    }
  }
  return (
    <>
      <ProblemAlert error={problem} />
      <Button
        variant={filled ? 'filled' : 'default'}
        fullWidth
        loading={busy}
        leftSection={<IconFingerprint size={18} aria-hidden />}
        onClick={() => void enter()}
      >
        {t('entry.passkey')}
      </Button>
    </>
  )
}

/**
 * Offers passkeys in the list under the e-mail field (which needs `autoComplete="username webauthn"`), in browsers that
 * can. The browser must know before that field is entered, so it is told as soon as the page is at rest.
 */
export function usePasskeyOffer(onAnswer: (answer: SignedIn) => void): void {
  const answer = useRef(onAnswer)
  answer.current = onAnswer
  useEffect(() => {
    let gone = false
    let offered = false
    const offer = async () => {
      if (gone || !(await offersPasskeys())) return
      const asked = await askOptions()
      if (gone) return
      offered = true
      const response = await signWithPasskey(asked.options, true)
      if (gone) return
      try {
        answer.current(await enterByPasskey(asked.challenge, response))
      } catch (cause) {
        const { title, detail } = toProblem(cause)
        showToast({ tone: 'bad', title, ...(detail ? { detail } : {}) })
      }
    }
    // An offer that cannot be made, or that nobody takes, is worth no words: the button is there.
    const timer = setTimeout(() => void offer().catch(() => {}), 400)
    return () => {
      gone = true
      clearTimeout(timer)
      if (offered) void stopPasskeys()
    }
  }, [])
}

/** The word between one way in and the others. */
export function Or() {
  const { t } = useTranslation('common')
  return <div className={styles.or}>{t('entry.or')}</div>
}

/** Why somebody stands before the sign-in who was in, or could not get in (`?problem=`). */
export function EntryProblem({ problem }: { problem: string | undefined }): ReactNode {
  const { t } = useTranslation('common')
  if (problem === undefined) return null
  if (problem === 'session_ended') {
    return (
      <div role="status">
        <Callout tone="info" icon={<IconInfoCircle size={20} aria-hidden />} title={t('entry.ended')}>
          <p>{t('entry.ended_text')}</p>
        </Callout>
      </div>
    )
  }
  // The office carries the texts of refusals; the portal leads nobody here with one.
  const known = i18n.exists(`errors:${problem}.title`)
  const code = known ? problem : 'identity_provider_failed'
  if (!i18n.exists(`errors:${code}.title`)) return null
  return (
    <div role="alert">
      <Callout tone="bad" icon={<IconInfoCircle size={20} aria-hidden />} title={t(`errors:${code}.title`)}>
        <p>{t(`errors:${code}.detail`)}</p>
      </Callout>
    </div>
  )
}
