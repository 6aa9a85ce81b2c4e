import { Button, NativeSelect, NumberInput, Radio, Textarea } from '@mantine/core'
import IconCircleCheck from '@tabler/icons-react/dist/esm/icons/IconCircleCheck.mjs'
import { useQuery, useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../../shared/api.ts'
import type { ChangeChoices, OwnChangeRequestInput } from '../../shared/api-types.gen.ts'
import { chosenOptions, OptionChoice, startingOptions } from '../../shared/change-options.tsx'
import { useShownChange } from '../../shared/change-shown.tsx'
import { DateInput } from '../../shared/inputs.tsx'
import { EmptyState, PageTitle, Section, SkeletonText } from '../../shared/page.tsx'
import { Callout, ProblemAlert } from '../../shared/problem-alert.tsx'
import { useFormats } from '../../shared/use-formats.ts'
import { AreaProblem } from '../area-problem.tsx'
import { BackLink } from '../back-link.tsx'
import { ButtonLink } from '../button-link.tsx'
import { ownChangeQuery, ownChoicesQuery } from '../change-queries.ts'
import styles from '../service-changes.module.css'

type What = 'plan' | 'quantity' | 'options' | 'cancel'

/** The customer changes or cancels a service: what it does and costs is shown first, and exactly that is done. */
export const Route = createFileRoute('/_app/services/$id_/change')({
  validateSearch: (search: Record<string, unknown>): { what?: What } => ({
    what: (['plan', 'quantity', 'options', 'cancel'] as const).find((one) => one === search.what),
  }),
  loader: ({ context: { queryClient }, params }) =>
    queryClient.fetchQuery({ ...ownChoicesQuery(params.id), staleTime: 0 }),
  component: ChangePage,
  errorComponent: AreaProblem,
})

type Draft = {
  plan_id: string
  component_id: string
  quantity: number | string
  options: Record<string, number>
  reason: string
  later: boolean
  day: string
}

function startOf(choices: ChangeChoices): Draft {
  const countable = choices.components.find((one) => one.countable && one.role === 'plan')
  return {
    plan_id: '',
    component_id: countable?.id ?? '',
    quantity: countable?.quantity ?? 1,
    options: startingOptions(choices),
    reason: '',
    later: false,
    day: choices.period_end,
  }
}

/** What is asked for, once enough was chosen; null until then. */
function requestOf(what: What, draft: Draft, choices: ChangeChoices): OwnChangeRequestInput | null {
  switch (what) {
    case 'plan':
      return draft.plan_id === '' ? null : { kind: 'plan', plan_id: draft.plan_id }
    case 'quantity': {
      const one = choices.components.find(({ id }) => id === draft.component_id)
      const { quantity } = draft
      return !one ||
        typeof quantity !== 'number' ||
        !Number.isInteger(quantity) ||
        quantity < 1 ||
        quantity === one.quantity
        ? null
        : { kind: 'quantity', component_id: one.id, quantity }
    }
    case 'options': {
      const options = chosenOptions(choices, draft.options)
      return options && { kind: 'options', options }
    }
    case 'cancel':
      return draft.reason.trim() === '' || (draft.later && draft.day === '')
        ? null
        : {
            kind: 'cancel',
            reason: draft.reason.trim(),
            ...(draft.later ? { timing: 'date', effective_on: draft.day } : { timing: 'period_end' }),
          }
  }
}

function ChangePage() {
  const { t } = useTranslation('changes')
  const { id } = Route.useParams()
  const { what: wanted } = Route.useSearch()
  const navigate = Route.useNavigate()
  const { data: choices } = useSuspenseQuery(ownChoicesQuery(id))
  const [changeId, setChangeId] = useState<string | null>(null)
  const possible = (
    [
      ['plan', choices.may_plan],
      ['quantity', choices.may_quantity],
      ['options', choices.may_options],
    ] as const
  ).flatMap(([one, may]) => (may ? [one] : []))
  const cancelling = wanted === 'cancel'
  const what: What | undefined = cancelling
    ? choices.may_cancel
      ? 'cancel'
      : undefined
    : (possible.find((one) => one === wanted) ?? possible[0])
  const plan = choices.components.find((one) => one.role === 'plan')
  const back = <BackLink to={`/services/${id}`}>{plan?.description ?? t('portal.back')}</BackLink>
  const title = t(cancelling ? 'portal.cancel_title' : 'portal.change_title')
  if (changeId !== null) return <Outcome id={changeId} serviceId={id} onAgain={() => setChangeId(null)} />
  return (
    <>
      <PageTitle back={back} title={title} />
      {what === undefined ? (
        <Section>
          <EmptyState icon={<IconCircleCheck size={24} aria-hidden />} title={title}>
            {t('portal.nothing')}
          </EmptyState>
        </Section>
      ) : (
        <>
          {!cancelling && possible.length > 1 && (
            <Radio.Group
              label={t('portal.what')}
              value={what}
              onChange={(value) =>
                void navigate({ search: { what: value as What }, replace: true, resetScroll: false })
              }
              mb="lg"
            >
              <div className={styles.form}>
                {possible.map((one) => (
                  <Radio key={one} value={one} label={t(`portal.kind_${one}`)} />
                ))}
              </div>
            </Radio.Group>
          )}
          <ChangeForm key={what} serviceId={id} what={what} choices={choices} onConfirmed={setChangeId} />
        </>
      )}
    </>
  )
}

type FieldsProps = {
  choices: ChangeChoices
  draft: Draft
  set: <Name extends keyof Draft>(name: Name, value: Draft[Name]) => void
}

function ChangeForm({
  serviceId,
  what,
  choices,
  onConfirmed,
}: {
  serviceId: string
  what: What
  choices: ChangeChoices
  onConfirmed: (changeId: string) => void
}) {
  const { t } = useTranslation('changes')
  const [draft, setDraft] = useState(() => startOf(choices))
  const service = { params: { path: { id: serviceId } } }
  const shown = useShownChange({
    serviceId,
    request: requestOf(what, draft, choices),
    preview: (change, signal) =>
      orThrow(
        api.POST('/api/v1/portal/subscriptions/{id}/changes/preview', {
          ...service,
          body: { change },
          signal,
        }),
      ),
    commit: (change, token) =>
      orThrow(api.POST('/api/v1/portal/subscriptions/{id}/changes', { ...service, body: { change, token } })),
    onDone: (change) => onConfirmed(change.id),
  })
  const set: FieldsProps['set'] = (name, value) => {
    shown.touch()
    setDraft((before) => ({ ...before, [name]: value }))
  }
  const Fields = fields[what]
  return (
    <form className={styles.page} noValidate onSubmit={shown.onSubmit}>
      <Section>
        <div className={styles.form}>
          <Fields choices={choices} draft={draft} set={set} />
        </div>
      </Section>
      <div className={styles.result} {...shown.live}>
        {shown.outdated && (
          <Callout tone="warning">
            <p>{t('portal.outdated')}</p>
          </Callout>
        )}
        {shown.refusal}
        {shown.result(<p className={styles.hint}>{t('portal.choose')}</p>, 6)}
        <ProblemAlert error={shown.commitError} />
        <Button
          type="submit"
          size="md"
          color={what === 'cancel' ? 'bad' : 'accent'}
          disabled={!shown.current}
          loading={shown.busy}
        >
          {t(what === 'cancel' ? 'portal.confirm_cancel' : 'portal.confirm')}
        </Button>
        {what === 'cancel' && <p className={styles.hint}>{t('portal.no_longer')}</p>}
      </div>
    </form>
  )
}

/** How often something is charged, with its amount. */
function useAmountWords(currency: string) {
  const { t } = useTranslation('changes')
  const { money } = useFormats()
  return (one: { cycle_unit: string; cycle_count: number }, amount: number) =>
    t(`cycle.${one.cycle_unit}`, { count: one.cycle_count, amount: money(amount, currency) })
}

function PlanFields({ choices, draft, set }: FieldsProps) {
  const { t } = useTranslation('changes')
  const { date } = useFormats()
  const amountWords = useAmountWords(choices.currency)
  const now = choices.components.find((one) => one.role === 'plan')
  return (
    <fieldset className={styles.plans}>
      <legend>{t('portal.plans')}</legend>
      {now && (
        <p className={styles.hint}>
          {t('portal.current')}: {now.description}, {amountWords(now, now.amount)}
        </p>
      )}
      {choices.plans.map((plan) => (
        <label key={plan.id} className={styles.plan}>
          <input
            type="radio"
            name="plan"
            value={plan.id}
            checked={draft.plan_id === plan.id}
            onChange={() => set('plan_id', plan.id)}
          />
          <span>
            <strong>{plan.name}</strong>
            {plan.description && <small>{plan.description}</small>}
            {plan.missing.length > 0 && (
              <small>{t('portal.missing', { names: plan.missing.join(', ') })}</small>
            )}
            <small>
              {plan.upgrade ? t('portal.upgrade') : t('portal.downgrade', { date: date(choices.period_end) })}
            </small>
          </span>
          <span className={styles.price}>{amountWords(plan, plan.amount)}</span>
        </label>
      ))}
    </fieldset>
  )
}

function QuantityFields({ choices, draft, set }: FieldsProps) {
  const { t } = useTranslation('changes')
  const amountWords = useAmountWords(choices.currency)
  const one = choices.components.find(({ id }) => id === draft.component_id)
  return (
    <>
      <NumberInput
        label={t('form.quantity')}
        required
        min={1}
        max={1_000_000}
        allowDecimal={false}
        value={draft.quantity}
        onChange={(value) => set('quantity', value)}
      />
      {one && one.unit_amount > 0 && (
        <p className={styles.hint}>{t('portal.unit_each', { amount: amountWords(one, one.unit_amount) })}</p>
      )}
    </>
  )
}

function OptionFields({ choices, draft, set }: FieldsProps) {
  const { t } = useTranslation('changes')
  const amountWords = useAmountWords(choices.currency)
  return (
    <OptionChoice
      legend={t('portal.kind_options')}
      choices={choices}
      chosen={draft.options}
      onChange={(options) => set('options', options)}
      priceOf={(option) => amountWords(option.cycle, option.unit_amount)}
    />
  )
}

function CancelFields({ choices, draft, set }: FieldsProps) {
  const { t } = useTranslation('changes')
  const { date } = useFormats()
  return (
    <>
      <Textarea
        label={t('portal.reason')}
        description={t('portal.reason_help')}
        required
        autosize
        minRows={2}
        maxLength={500}
        value={draft.reason}
        onChange={(event) => set('reason', event.currentTarget.value)}
      />
      <NativeSelect
        label={t('portal.when')}
        value={draft.later ? 'date' : 'period_end'}
        onChange={(event) => set('later', event.currentTarget.value === 'date')}
        data={[
          { value: 'period_end', label: t('portal.at_end', { date: date(choices.period_end) }) },
          { value: 'date', label: t('portal.on_date') },
        ]}
      />
      {draft.later && (
        <DateInput
          label={t('portal.day')}
          required
          min={choices.today}
          value={draft.day}
          onChange={(event) => set('day', event.currentTarget.value)}
        />
      )}
    </>
  )
}

const fields: Record<What, (props: FieldsProps) => React.ReactNode> = {
  plan: PlanFields,
  quantity: QuantityFields,
  options: OptionFields,
  cancel: CancelFields,
}

/** It is being done, it was done, it waits for its day, or why it could not be done. */
function Outcome({ id, serviceId, onAgain }: { id: string; serviceId: string; onAgain: () => void }) {
  const { t } = useTranslation('changes')
  const { date } = useFormats()
  const queryClient = useQueryClient()
  const { data: change, error, refetch } = useQuery(ownChangeQuery(id))
  const state = change?.state ?? 'requested'
  useEffect(() => {
    if (state === 'requested') return
    void queryClient.invalidateQueries({ queryKey: ['services'] })
    void queryClient.invalidateQueries({ queryKey: ['home'] })
    void queryClient.invalidateQueries({ queryKey: ['invoices'] })
  }, [state, queryClient])
  const title =
    state === 'requested'
      ? t('portal.working')
      : state === 'scheduled'
        ? t('portal.scheduled', { date: date(change!.effective_on, 'long') })
        : state === 'failed'
          ? t('portal.failed')
          : t('portal.done')
  return (
    <>
      <PageTitle title={title} />
      <Section>
        <div className={styles.form} role="status">
          <ProblemAlert error={error} onRetry={refetch} />
          {state === 'requested' && <SkeletonText lines={3} />}
          {state === 'failed' && (
            <Callout tone="bad" title={t('portal.failed')}>
              <p>{change?.failure}</p>
            </Callout>
          )}
          {(state === 'done' || state === 'scheduled') && (
            <Callout tone="good" icon={<IconCircleCheck size={20} aria-hidden />}>
              <p>{title}</p>
            </Callout>
          )}
          {state !== 'requested' && (
            <div>
              {state === 'failed' ? (
                <Button
                  onClick={() => {
                    void queryClient.invalidateQueries({ queryKey: ['services', serviceId] })
                    onAgain()
                  }}
                >
                  {t('portal.again')}
                </Button>
              ) : (
                <ButtonLink to={`/services/${serviceId}`}>{t('portal.back')}</ButtonLink>
              )}
            </div>
          )}
        </div>
      </Section>
    </>
  )
}
