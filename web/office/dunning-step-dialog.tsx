import { Button, Checkbox, NativeSelect, NumberInput, Tabs, Textarea, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../shared/api.ts'
import type { DunningPolicy } from '../shared/api-types.gen.ts'
import { Dialog, DialogActions } from '../shared/dialog.tsx'
import { useForm } from '../shared/form.ts'
import { separatorsOf } from '../shared/formats.ts'
import { languages, nameOfLanguage } from '../shared/i18n.ts'
import { MoneyInput } from '../shared/inputs.tsx'
import { ProblemError, toProblem } from '../shared/problem.ts'
import { ProblemAlert } from '../shared/problem-alert.tsx'
import styles from './dunning.module.css'
import { defaultTextsQuery } from './dunning-queries.ts'
import { type Step, type StepAction, stepActions } from './dunning-words.tsx'
import formStyles from './form-layout.module.css'
import { nameOfWeekday } from './profile-words.tsx'

const week = [1, 2, 3, 4, 5, 6, 7]
const variables = [
  'name',
  'account',
  'unit',
  'amount',
  'document',
  'documents',
  'due_date',
  'days',
  'services',
  'next',
]
type Texts = NonNullable<Step['texts']>
type TextLanguage = keyof Texts

/** Hundredths of a percent out of a percentage that was typed; null when it is none. */
function readRate(typed: number | string): number | null {
  if (typed === '') return null
  const points = Math.round(Number(typed) * 100)
  return Number.isSafeInteger(points) && points > 0 ? points : null
}

/** One step of a draft: when, what, and what is written about it. Saving sends all steps of the policy. */
export function StepDialog({
  policy,
  step,
  onClose,
  onDone,
}: {
  policy: DunningPolicy
  /** Null adds one. */
  step: Step | null
  onClose: () => void
  onDone: (policy: DunningPolicy) => void
}) {
  const { t, i18n } = useTranslation('dunning')
  const { data: defaults } = useQuery(defaultTextsQuery)
  const firstDay = step?.day ?? 7
  const form = useForm({
    initial: {
      action: (step?.action ?? 'mail') as StepAction,
      days: Math.abs(firstDay) as number | string,
      when: (firstDay < 0 ? 'before' : firstDay === 0 ? 'on' : 'after') as string,
      weekdays: step?.weekdays ?? week,
      by: (step?.amount != null ? 'amount' : 'rate') as string,
      amount: step?.amount ?? null,
      rate: (step?.basis_points != null ? step.basis_points / 100 : '') as number | string,
      day_count: (step?.day_count ?? policy.unit_day_count) as string,
      scope: (step?.scope ?? 'account') as string,
      texts: step?.texts ?? null,
    },
    check: (values) => {
      const missing = t('common:input.required')
      const rate = values.action === 'interest' || (values.action === 'late_fee' && values.by === 'rate')
      return {
        days: values.when !== 'on' && (values.days === '' || Number(values.days) < 1) && missing,
        weekdays: values.weekdays.length === 0 && missing,
        amount: values.action === 'late_fee' && values.by === 'amount' && !values.amount && missing,
        rate: rate && readRate(values.rate) === null && missing,
      }
    },
    submit: async (values) => {
      const charges = values.action === 'late_fee' || values.action === 'interest'
      const sign = values.when === 'before' ? -1 : values.when === 'on' ? 0 : 1
      const byAmount = values.action === 'late_fee' && values.by === 'amount'
      const changed = {
        ...(step ? { key: step.key } : {}),
        day: sign * Number(values.days || 0),
        action: values.action,
        weekdays: values.weekdays,
        amount: byAmount ? values.amount : null,
        basis_points: charges && !byAmount ? readRate(values.rate) : null,
        day_count: values.action === 'interest' ? (values.day_count as 'actual') : null,
        scope: values.action === 'suspend' || values.action === 'cancel' ? (values.scope as 'account') : null,
        texts: charges ? null : values.texts,
      }
      const others = policy.steps.map(({ id: _id, ...one }) => one)
      const at = step ? policy.steps.findIndex((one) => one.id === step.id) : others.length
      const steps = step ? others.map((one, index) => (index === at ? changed : one)) : [...others, changed]
      try {
        return await orThrow(
          api.PATCH('/api/v1/office/dunning-policies/{id}', {
            params: { path: { id: policy.id } },
            body: { steps },
          }),
        )
      } catch (cause) {
        throw new ProblemError(ownFaults(toProblem(cause), at))
      }
    },
    onDone: (saved) => {
      onDone(saved)
      onClose()
    },
  })
  const { values, set } = form
  const mails = values.action === 'mail' || values.action === 'suspend' || values.action === 'cancel'
  const day = (values.when === 'before' ? -1 : values.when === 'on' ? 0 : 1) * Number(values.days || 0)
  const standard =
    defaults?.[
      values.action === 'suspend'
        ? 'suspended'
        : values.action === 'cancel'
          ? 'cancelled'
          : day < 0
            ? 'before'
            : day === 0
              ? 'due'
              : 'after'
    ]
  const untouched = values.texts === null
  useEffect(() => {
    if (untouched && mails && standard) set('texts', standard)
  }, [untouched, mails, standard, set])
  const numbers = {
    hideControls: true,
    decimalScale: 2,
    decimalSeparator: separatorsOf(i18n.language).decimal,
    suffix: ' %',
    min: 0,
    max: 1000,
  }
  return (
    <Dialog opened onClose={onClose} title={t(step ? 'step.edit' : 'step.new')} size="large">
      <form className={formStyles.body} onSubmit={form.onSubmit} noValidate>
        <ProblemAlert error={form.problem} />
        <div className={formStyles.fields}>
          <div data-span="6">
            <NativeSelect
              label={t('step.action')}
              disabled={step !== null}
              data={stepActions.map((value) => ({ value, label: t(`action.${value}`) }))}
              value={values.action}
              error={form.errors.action}
              onChange={(event) => {
                const action = event.currentTarget.value as StepAction
                set('action', action)
                set('texts', null)
                if (action !== 'mail' && values.when !== 'after') set('when', 'after')
              }}
            />
          </div>
          <div data-span="3">
            <NumberInput
              label={t('step.days')}
              required
              allowDecimal={false}
              min={values.when === 'on' ? 0 : 1}
              max={values.when === 'before' ? 60 : 730}
              hideControls
              disabled={values.when === 'on'}
              {...form.control('days')}
              error={form.errors.days ?? form.errors.day}
            />
          </div>
          <div data-span="3">
            <NativeSelect
              label={t('step.when')}
              data={(values.action === 'mail' ? ['before', 'on', 'after'] : ['after']).map((value) => ({
                value,
                label: t(`step.${value}`),
              }))}
              {...form.field('when')}
            />
          </div>
          {values.action === 'late_fee' && (
            <>
              <div data-span="6">
                <NativeSelect
                  label={t('step.charge')}
                  description={t('step.late_fee_help')}
                  data={[
                    { value: 'rate', label: t('step.by_rate') },
                    { value: 'amount', label: t('step.by_amount') },
                  ]}
                  {...form.field('by')}
                />
              </div>
              <div data-span="6">
                {values.by === 'amount' ? (
                  <MoneyInput
                    label={t('step.amount')}
                    description=" "
                    required
                    currency={policy.currency}
                    {...form.control('amount')}
                  />
                ) : (
                  <NumberInput
                    label={t('step.rate')}
                    description=" "
                    required
                    {...numbers}
                    {...form.control('rate')}
                    error={form.errors.rate ?? form.errors.basis_points}
                  />
                )}
              </div>
            </>
          )}
          {values.action === 'interest' && (
            <>
              <div data-span="6">
                <NumberInput
                  label={t('step.rate_month')}
                  description={t('step.interest_help')}
                  required
                  {...numbers}
                  {...form.control('rate')}
                  error={form.errors.rate ?? form.errors.basis_points}
                />
              </div>
              <div data-span="6">
                <NativeSelect
                  label={t('step.day_count')}
                  description=" "
                  data={['commercial', 'actual'].map((value) => ({ value, label: t(`step.${value}`) }))}
                  {...form.field('day_count')}
                />
              </div>
            </>
          )}
          {(values.action === 'suspend' || values.action === 'cancel') && (
            <NativeSelect
              label={t('step.scope')}
              description={values.action === 'suspend' ? t('step.suspend_help') : undefined}
              data={['account', 'documents'].map((value) => ({ value, label: t(`step.scope_${value}`) }))}
              {...form.field('scope')}
            />
          )}
          <fieldset className={formStyles.checks}>
            <legend>{t('step.weekdays')}</legend>
            <div className={styles.days}>
              {week.map((one) => (
                <Checkbox
                  key={one}
                  label={nameOfWeekday(one, i18n.language, 'long')}
                  checked={values.weekdays.includes(one)}
                  onChange={(event) =>
                    set(
                      'weekdays',
                      week.filter((other) =>
                        other === one ? event.currentTarget.checked : values.weekdays.includes(other),
                      ),
                    )
                  }
                />
              ))}
            </div>
            <small className={styles.detail}>{t('step.weekdays_help')}</small>
            {form.errors.weekdays && (
              <p className={styles.detail} role="alert">
                {form.errors.weekdays}
              </p>
            )}
          </fieldset>
        </div>
        {mails && values.texts && (
          <TextEditor
            policy={policy}
            action={values.action as 'mail'}
            day={day}
            texts={values.texts}
            errors={form.errors}
            onChange={(texts) => set('texts', texts)}
            onDefault={() => standard && set('texts', standard)}
          />
        )}
        <DialogActions>
          <Button variant="default" onClick={onClose}>
            {t('common:action.cancel')}
          </Button>
          <Button type="submit" loading={form.busy}>
            {t('step.save')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}

/** Faults of this step under its fields; those of others stay where they are. */
function ownFaults(problem: ReturnType<typeof toProblem>, at: number) {
  const own = `steps.${at}.`
  return {
    ...problem,
    ...(problem.errors && {
      errors: problem.errors.map((one) =>
        one.path.startsWith(own) ? { ...one, path: one.path.slice(own.length) } : one,
      ),
    }),
  }
}

/** Subject and text in each language, with the mail that comes of it beside them. */
function TextEditor({
  policy,
  action,
  day,
  texts,
  errors,
  onChange,
  onDefault,
}: {
  policy: DunningPolicy
  action: 'mail' | 'suspend' | 'cancel'
  day: number
  texts: Texts
  errors: Record<string, string>
  onChange: (texts: Texts) => void
  onDefault: () => void
}) {
  const { t, i18n } = useTranslation('dunning')
  const [language, setLanguage] = useState<TextLanguage>(
    (languages.includes(i18n.language) ? i18n.language : 'en') as TextLanguage,
  )
  const body = useRef<HTMLTextAreaElement>(null)
  const text = texts[language]
  const change = (part: Partial<typeof text>) => onChange({ ...texts, [language]: { ...text, ...part } })
  // The server's complaints name their language; the first of them is shown under any.
  const faultOf = (part: 'subject' | 'body') => errors[`texts.${language}.${part}`] ?? undefined
  const insert = (name: string) => {
    const area = body.current
    const [from, to] = area ? [area.selectionStart, area.selectionEnd] : [text.body.length, text.body.length]
    change({ body: `${text.body.slice(0, from)}{${name}}${text.body.slice(to)}` })
    area?.focus()
  }
  return (
    <fieldset className={formStyles.plain}>
      <legend>
        <strong>{t('step.text')}</strong>
      </legend>
      {errors.texts && (
        <p className={styles.detail} role="alert">
          {errors.texts}
        </p>
      )}
      <Tabs
        value={language}
        onChange={(value) => value && setLanguage(value as TextLanguage)}
        keepMounted={false}
        mb="sm"
      >
        <Tabs.List aria-label={t('step.language')}>
          {languages.map((one) => (
            <Tabs.Tab key={one} value={one}>
              {nameOfLanguage(one)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {languages.map((one) => (
          <Tabs.Panel key={one} value={one} pt="md">
            <div className={styles.text}>
              <div className={styles.written}>
                <TextInput
                  label={t('step.subject')}
                  required
                  lang={language}
                  maxLength={200}
                  value={text.subject}
                  error={faultOf('subject')}
                  onChange={(event) => change({ subject: event.currentTarget.value })}
                />
                <Textarea
                  ref={body}
                  label={t('step.body')}
                  required
                  lang={language}
                  autosize
                  minRows={9}
                  maxRows={16}
                  maxLength={5000}
                  value={text.body}
                  error={faultOf('body')}
                  onChange={(event) => change({ body: event.currentTarget.value })}
                />
                <p className={styles.variables}>
                  {t('step.variables')}{' '}
                  {variables.map((name) => (
                    <span key={name}>
                      <button type="button" title={t(`variable.${name}`)} onClick={() => insert(name)}>
                        {`{${name}}`}
                      </button>{' '}
                    </span>
                  ))}
                </p>
                <div>
                  <Button size="xs" variant="default" onClick={onDefault}>
                    {t('step.use_default')}
                  </Button>
                </div>
              </div>
              <Preview
                unitId={policy.business_unit_id}
                language={language}
                action={action}
                day={day}
                subject={text.subject}
                body={text.body}
              />
            </div>
          </Tabs.Panel>
        ))}
      </Tabs>
    </fieldset>
  )
}

/** What was typed, once the typing rests. */
function useRested(value: string): string {
  const [rested, setRested] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), 400)
    return () => clearTimeout(timer)
  }, [value])
  return rested
}

/** An address holds so much of a text; nobody reads more of it in a preview. */
const longestPreview = 2500

/** The mail as it will look, made by the server: it brings its own styles, which no page of ours lets in. */
function Preview({
  unitId,
  language,
  action,
  day,
  subject,
  body,
}: {
  unitId: string
  language: TextLanguage
  action: 'mail' | 'suspend' | 'cancel'
  day: number
  subject: string
  body: string
}) {
  const { t } = useTranslation('dunning')
  const asked = useRested(
    new URLSearchParams({
      business_unit_id: unitId,
      language,
      action,
      day: String(day),
      subject,
      body: body.slice(0, longestPreview),
    }).toString(),
  )
  return (
    <div className={styles.preview}>
      <p>{t('step.preview')}</p>
      <iframe
        className={styles.frame}
        title={t('step.preview_of', { language: nameOfLanguage(language) })}
        src={`/api/v1/office/dunning-texts/preview?${asked}`}
        sandbox=""
      />
    </div>
  )
}
