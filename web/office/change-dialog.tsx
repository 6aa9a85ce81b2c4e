import { Button, Checkbox, NativeSelect, NumberInput, Radio, Textarea, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../shared/api.ts'
import type { ChangeChoices, ChangeRequestInput, Subscription } from '../shared/api-types.gen.ts'
import { ChangePreviewBox } from '../shared/change-preview.tsx'
import { Dialog, DialogActions } from '../shared/dialog.tsx'
import { DateInput, MoneyInput } from '../shared/inputs.tsx'
import { SkeletonText } from '../shared/page.tsx'
import { toProblem } from '../shared/problem.ts'
import { Callout, ProblemAlert } from '../shared/problem-alert.tsx'
import { showToast } from '../shared/toasts.tsx'
import { useFormats } from '../shared/use-formats.ts'
import { accountsSource, refreshAccounts } from './account-queries.ts'
import styles from './change-dialog.module.css'
import { changeChoicesQuery, changePreviewQuery } from './change-queries.ts'
import { useCycleWords } from './cycle-words.ts'
import { bodyOfDiscount, DiscountFields, type DiscountValues, valuesOfDiscount } from './discount-fields.tsx'
import formStyles from './form-layout.module.css'
import { unitsQuery } from './frame-queries.ts'

export type ChangeKind = ChangeRequestInput['kind']

/** What is done to a service, with what it does and costs shown as it is chosen; confirmed, exactly that is done. */
export function ChangeDialog({
  service,
  kind,
  onClose,
}: {
  service: Subscription
  kind: ChangeKind
  onClose: () => void
}) {
  const choices = useQuery(changeChoicesQuery(service.id))
  const { t } = useTranslation()
  const { t: tc } = useTranslation('changes')
  return (
    <Dialog
      opened
      onClose={onClose}
      size="large"
      title={choices.data ? tc(`title.${kind}`, { plan: service.plan_name }) : t('services.change')}
    >
      <ProblemAlert error={choices.error} onRetry={choices.refetch} />
      {choices.isPending && <SkeletonText lines={8} />}
      {choices.data && <ChangeForm service={service} kind={kind} choices={choices.data} onClose={onClose} />}
    </Dialog>
  )
}

/** What the forms hold, whatever the kind: each uses what it needs. */
type Draft = {
  timing: '' | 'now' | 'date' | 'period_end'
  effective_on: string
  reason: string
  plan_id: string
  keep_missing: boolean
  keep_discount: boolean
  trial_days: number | string
  component_id: string
  quantity: number | string
  options: Record<string, number>
  unit_amount: number | null
  cycle: string
  due_day: number | string
  payment_method: string
  administrative: boolean
  account_id: string
  penalty: boolean
  days: number | string
} & DiscountValues

type FieldsProps = {
  service: Subscription
  choices: ChangeChoices
  draft: Draft
  set: <Name extends keyof Draft>(name: Name, value: Draft[Name]) => void
}

function startOf(service: Subscription, choices: ChangeChoices, kind: ChangeKind): Draft {
  const plan = choices.components.find((one) => one.role === 'plan')
  const countable = choices.components.filter((one) => one.countable)
  const chosen = kind === 'quantity' ? countable[0] : plan
  return {
    timing: '',
    effective_on: choices.today,
    reason: '',
    plan_id: '',
    keep_missing: false,
    keep_discount: true,
    trial_days: 0,
    component_id: chosen?.id ?? '',
    quantity: chosen?.quantity ?? 1,
    options: Object.fromEntries(
      choices.components.flatMap((one) =>
        one.plan_option_id === null ? [] : [[one.plan_option_id, one.quantity]],
      ),
    ),
    unit_amount: chosen?.unit_amount ?? null,
    cycle: '',
    due_day: service.due_day,
    payment_method: service.payment_method,
    administrative: false,
    account_id: '',
    penalty: true,
    days: 7,
    ...valuesOfDiscount(plan ?? { discount_kind: null, discount_amount: null, discount_basis_points: null }),
  }
}

/** What is asked for, once enough was chosen; null until then. */
function requestOf(kind: ChangeKind, draft: Draft, choices: ChangeChoices): ChangeRequestInput | null {
  if (draft.timing === 'date' && draft.effective_on === '') return null
  const when = {
    ...(draft.timing === '' ? {} : { timing: draft.timing }),
    ...(draft.timing === 'date' ? { effective_on: draft.effective_on } : {}),
    ...(draft.reason.trim() && kind !== 'cancel' ? { reason: draft.reason } : {}),
  }
  const whole = (value: number | string) => (Number.isInteger(value) ? (value as number) : null)
  switch (kind) {
    case 'plan': {
      const trial = whole(draft.trial_days)
      return draft.plan_id === '' || trial === null
        ? null
        : {
            kind,
            ...when,
            plan_id: draft.plan_id,
            missing_options: draft.keep_missing ? 'keep' : 'drop',
            keep_discount: draft.keep_discount,
            trial_days: trial,
          }
    }
    case 'quantity': {
      const quantity = whole(draft.quantity)
      const one = choices.components.find(({ id }) => id === draft.component_id)
      return quantity === null || quantity < 1 || !one || one.quantity === quantity
        ? null
        : { kind, ...when, component_id: draft.component_id, quantity }
    }
    case 'options': {
      const had = choices.components.filter((one) => one.plan_option_id !== null)
      const options = Object.entries(draft.options).map(([plan_option_id, quantity]) => ({
        plan_option_id,
        quantity,
      }))
      const same =
        had.length === options.length &&
        had.every((one) => draft.options[one.plan_option_id ?? ''] === one.quantity)
      return same ? null : { kind, ...when, options }
    }
    case 'price':
      return draft.unit_amount === null
        ? null
        : { kind, ...when, component_id: draft.component_id, unit_amount: draft.unit_amount }
    case 'discount': {
      const discount = bodyOfDiscount(draft)
      const missing =
        (discount.discount_kind === 'amount' && !discount.discount_amount) ||
        (discount.discount_kind === 'percent' && !discount.discount_basis_points)
      return missing ? null : { kind, ...when, component_id: draft.component_id, ...discount }
    }
    case 'cycle': {
      if (draft.cycle === '') return null
      const [cycle_unit, cycle_count, cycle_alignment] = draft.cycle.split(' ')
      return {
        kind,
        ...when,
        cycle_unit: cycle_unit as 'month',
        cycle_count: Number(cycle_count),
        cycle_alignment: cycle_alignment as 'closing',
        ...(draft.unit_amount === null ? {} : { unit_amount: draft.unit_amount }),
      }
    }
    case 'due_day': {
      const due_day = whole(draft.due_day)
      return due_day === null || due_day < 1 || due_day > 31
        ? null
        : { kind, ...when, due_day, payment_method: draft.payment_method as 'pix' }
    }
    case 'suspend':
      return { kind, ...when, administrative: draft.administrative, for_debt: false }
    case 'reactivate':
      return { kind, ...when }
    case 'transfer':
      return draft.account_id === '' ? null : { kind, ...when, account_id: draft.account_id }
    case 'cancel':
      return draft.reason.trim() === ''
        ? null
        : { kind, ...when, reason: draft.reason.trim(), penalty: draft.penalty }
    case 'extend_trial': {
      const days = whole(draft.days)
      return days === null || days < 1 ? null : { kind, ...when, days }
    }
  }
}

const forms: Record<ChangeKind, ((props: FieldsProps) => React.ReactNode) | null> = {
  plan: PlanFields,
  quantity: QuantityFields,
  options: OptionFields,
  price: PriceFields,
  discount: DiscountChoice,
  cycle: CycleFields,
  due_day: DueDayFields,
  suspend: SuspendFields,
  reactivate: null,
  transfer: TransferFields,
  cancel: CancelFields,
  extend_trial: TrialFields,
}

/** A little later than it was typed, so that not every letter asks. */
function useSettled<T>(value: T, milliseconds: number): T {
  const [settled, setSettled] = useState(value)
  const key = JSON.stringify(value)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key is the value
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), milliseconds)
    return () => clearTimeout(timer)
  }, [key, milliseconds])
  return settled
}

function ChangeForm({
  service,
  kind,
  choices,
  onClose,
}: {
  service: Subscription
  kind: ChangeKind
  choices: ChangeChoices
  onClose: () => void
}) {
  const { t } = useTranslation('changes')
  const { date } = useFormats()
  const queryClient = useQueryClient()
  const [draft, setDraft] = useState(() => startOf(service, choices, kind))
  const [outdated, setOutdated] = useState(false)
  const set: FieldsProps['set'] = (name, value) => {
    setOutdated(false)
    setDraft((before) => ({ ...before, [name]: value }))
  }
  const request = requestOf(kind, draft, choices)
  const asked = useSettled(request, 250)
  const preview = useQuery(changePreviewQuery(service.id, asked))
  const current =
    request !== null &&
    JSON.stringify(request) === JSON.stringify(asked) &&
    preview.isSuccess &&
    !preview.isPlaceholderData &&
    !preview.isFetching
      ? preview.data
      : null
  const commit = useMutation({
    mutationFn: () =>
      orThrow(
        api.POST('/api/v1/office/subscriptions/{id}/changes', {
          params: { path: { id: service.id } },
          body: { change: request!, token: current!.token },
        }),
      ),
    onSuccess: (change) => {
      void queryClient.invalidateQueries({ queryKey: ['services'] })
      void queryClient.invalidateQueries({ queryKey: ['changes'] })
      void refreshAccounts(queryClient)
      showToast({
        tone: 'good',
        title: t(change.state === 'scheduled' ? 'done.scheduled' : `done.${kind}`, {
          date: date(change.effective_on),
        }),
      })
      onClose()
    },
    onError: (cause) => {
      if (toProblem(cause).code !== 'preview_outdated') return
      setOutdated(true)
      void preview.refetch()
    },
  })
  const problem = asked !== null && preview.error ? toProblem(preview.error) : null
  const Fields = forms[kind]
  return (
    <form
      className={formStyles.body}
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        if (current && !commit.isPending) commit.mutate()
      }}
    >
      {Fields && <Fields service={service} choices={choices} draft={draft} set={set} />}
      <When kind={kind} choices={choices} draft={draft} set={set} />
      {kind !== 'cancel' && (
        <Textarea
          label={t('form.reason')}
          description={t('form.reason_help')}
          autosize
          minRows={1}
          maxLength={500}
          value={draft.reason}
          onChange={(event) => set('reason', event.currentTarget.value)}
        />
      )}
      {outdated && (
        <Callout tone="warning" title={t('form.outdated')}>
          <p>{t('form.outdated_text')}</p>
        </Callout>
      )}
      {problem?.errors?.length ? (
        <Callout tone="warning">
          {problem.errors.map((one) => (
            <p key={one.path}>{one.message}</p>
          ))}
        </Callout>
      ) : (
        <ProblemAlert error={problem ? preview.error : null} onRetry={preview.refetch} />
      )}
      <div
        className={styles.result}
        aria-live="polite"
        aria-busy={preview.isFetching}
        data-stale={!current || undefined}
      >
        {request === null ? (
          <p className={styles.hint}>{t('form.choose')}</p>
        ) : problem ? null : preview.data ? (
          <ChangePreviewBox preview={preview.data} />
        ) : (
          <SkeletonText lines={5} />
        )}
      </div>
      <ProblemAlert error={outdated ? null : commit.error} />
      <DialogActions>
        <Button variant="default" onClick={onClose}>
          {t('form.back')}
        </Button>
        <Button
          type="submit"
          color={kind === 'cancel' ? 'bad' : 'accent'}
          disabled={!current}
          loading={commit.isPending}
        >
          {t(current?.scheduled ? 'form.schedule' : `confirm.${kind}`)}
        </Button>
      </DialogActions>
    </form>
  )
}

/** Now, on a day, or at the period's end; left to the rule it says itself in the preview. */
function When({ kind, choices, draft, set }: { kind: ChangeKind } & Omit<FieldsProps, 'service'>) {
  const { t } = useTranslation('changes')
  const { date } = useFormats()
  const byRule = kind === 'plan' || kind === 'quantity' || kind === 'options' || kind === 'cycle'
  return (
    <div className={formStyles.fields}>
      <div data-span="6">
        <NativeSelect
          label={t('form.when')}
          value={draft.timing}
          onChange={(event) => set('timing', event.currentTarget.value as Draft['timing'])}
          data={[
            { value: '', label: t(byRule ? 'form.by_rule' : 'form.now') },
            ...(byRule ? [{ value: 'now', label: t('form.now') }] : []),
            { value: 'period_end', label: t('form.period_end', { date: date(choices.period_end) }) },
            { value: 'date', label: t('form.on_date') },
          ]}
        />
      </div>
      {draft.timing === 'date' && (
        <div data-span="6">
          <DateInput
            label={t(`form.day_${kind === 'cancel' ? 'cancel' : 'change'}`)}
            required
            value={draft.effective_on}
            onChange={(event) => set('effective_on', event.currentTarget.value)}
            {...(kind !== 'cancel' && choices.earliest !== null && choices.earliest < choices.today
              ? { min: choices.earliest }
              : {})}
          />
        </div>
      )}
    </div>
  )
}

function PlanFields({ service, choices, draft, set }: FieldsProps) {
  const { t } = useTranslation('changes')
  const { money } = useFormats()
  const cycleWords = useCycleWords()
  const chosen = choices.plans.find((one) => one.id === draft.plan_id)
  return (
    <>
      <NativeSelect
        label={t('form.new_plan')}
        required
        value={draft.plan_id}
        onChange={(event) => set('plan_id', event.currentTarget.value)}
        data={[
          { value: '', label: t('form.choose_plan') },
          ...choices.plans.map((plan) => ({
            value: plan.id,
            label: t('form.plan_choice', {
              name: plan.name,
              amount: money(plan.amount, choices.currency),
              cycle: cycleWords(plan),
            }),
          })),
        ]}
      />
      {(service.discount_kind !== null || (chosen && chosen.missing.length > 0)) && (
        <div className={formStyles.checks}>
          {service.discount_kind !== null && (
            <Checkbox
              label={t('form.keep_discount')}
              checked={draft.keep_discount}
              onChange={(event) => set('keep_discount', event.currentTarget.checked)}
            />
          )}
          {chosen && chosen.missing.length > 0 && (
            <Checkbox
              label={t('form.keep_missing', { names: chosen.missing.join(', ') })}
              checked={draft.keep_missing}
              onChange={(event) => set('keep_missing', event.currentTarget.checked)}
            />
          )}
        </div>
      )}
      <NumberInput
        label={t('form.trial_days')}
        description={t('form.trial_days_help')}
        className={styles.short}
        min={0}
        max={3650}
        allowDecimal={false}
        value={draft.trial_days}
        onChange={(value) => set('trial_days', value)}
      />
    </>
  )
}

function ComponentChoice({ choices, draft, set, of }: FieldsProps & { of: ChangeChoices['components'] }) {
  const { t } = useTranslation('changes')
  if (of.length < 2) return null
  return (
    <NativeSelect
      label={t('form.component')}
      value={draft.component_id}
      onChange={(event) => {
        const one = choices.components.find(({ id }) => id === event.currentTarget.value)
        set('component_id', event.currentTarget.value)
        if (!one) return
        set('quantity', one.quantity)
        set('unit_amount', one.unit_amount)
        const discount = valuesOfDiscount(one)
        set('discount_kind', discount.discount_kind)
        set('discount_amount', discount.discount_amount)
        set('discount_percent', discount.discount_percent)
      }}
      data={of.map((one) => ({ value: one.id, label: one.description }))}
    />
  )
}

function QuantityFields(props: FieldsProps) {
  const { t } = useTranslation('changes')
  const { choices, draft, set } = props
  const of = choices.components.filter((one) => one.countable)
  return (
    <>
      <ComponentChoice {...props} of={of} />
      <NumberInput
        label={t('form.quantity')}
        required
        className={styles.short}
        min={1}
        max={1_000_000}
        allowDecimal={false}
        value={draft.quantity}
        onChange={(value) => set('quantity', value)}
      />
    </>
  )
}

function OptionFields({ choices, draft, set }: FieldsProps) {
  const { t } = useTranslation('changes')
  const { money } = useFormats()
  const cycleWords = useCycleWords()
  const had = choices.components.filter((one) => one.plan_option_id !== null)
  const gone = had.filter((one) => !choices.options.some(({ id }) => id === one.plan_option_id))
  const all = [
    ...choices.options.map((option) => {
      const has = had.find((one) => one.plan_option_id === option.id)
      return {
        id: option.id,
        name: option.name,
        unit_amount: has?.unit_amount ?? option.unit_amount,
        cycle: has ?? option,
        countable: has ? has.countable : option.price_model !== 'flat' && option.cycle_unit !== 'once',
      }
    }),
    ...gone.map((one) => ({
      id: one.plan_option_id ?? '',
      name: one.description,
      unit_amount: one.unit_amount,
      cycle: one,
      countable: one.countable,
    })),
  ]
  const put = (id: string, quantity: number | null) => {
    const { [id]: _, ...others } = draft.options
    set('options', quantity === null ? others : { ...others, [id]: quantity })
  }
  return (
    <fieldset className={styles.options}>
      <legend>{t('form.options')}</legend>
      {all.map((option) => (
        <div key={option.id} className={styles.option}>
          <Checkbox
            label={option.name}
            checked={draft.options[option.id] !== undefined}
            onChange={(event) => put(option.id, event.currentTarget.checked ? 1 : null)}
          />
          <span className={styles.price}>
            {money(option.unit_amount, choices.currency)} {cycleWords(option.cycle)}
          </span>
          {option.countable && draft.options[option.id] !== undefined && (
            <NumberInput
              aria-label={t('form.quantity_of', { name: option.name })}
              size="xs"
              min={1}
              max={1_000_000}
              allowDecimal={false}
              value={draft.options[option.id] ?? 1}
              onChange={(value) => put(option.id, Number.isInteger(value) ? (value as number) : 1)}
            />
          )}
        </div>
      ))}
    </fieldset>
  )
}

function PriceFields(props: FieldsProps) {
  const { t } = useTranslation('changes')
  const { choices, draft, set } = props
  const of = choices.components.filter(
    (one) => one.cycle_unit !== 'once' && one.price_model !== 'tiered' && one.price_model !== 'volume',
  )
  return (
    <>
      <ComponentChoice {...props} of={of} />
      <MoneyInput
        label={t('form.price')}
        description={t('form.price_help')}
        required
        className={styles.short}
        currency={choices.currency}
        value={draft.unit_amount}
        onChange={(amount) => set('unit_amount', amount)}
      />
    </>
  )
}

function DiscountChoice(props: FieldsProps) {
  const { choices, draft, set } = props
  return (
    <>
      <ComponentChoice {...props} of={choices.components.filter((one) => one.role !== 'usage')} />
      <div className={formStyles.fields}>
        <DiscountFields
          values={draft}
          errors={{}}
          set={(name, value) => set(name, value as never)}
          currency={choices.currency}
        />
      </div>
    </>
  )
}

function CycleFields({ choices, draft, set }: FieldsProps) {
  const { t } = useTranslation('changes')
  const { money } = useFormats()
  const cycleWords = useCycleWords()
  const plan = choices.components.find((one) => one.role === 'plan')
  const key = (one: { cycle_unit: string; cycle_count: number; cycle_alignment: string }) =>
    [one.cycle_unit, one.cycle_count, one.cycle_alignment].join(' ')
  const own = plan ? key(plan) : ''
  const offered = choices.prices.filter((one) => key(one) !== own)
  const others = [1, 3, 6, 12]
    .map((cycle_count) => ({
      cycle_unit: 'month' as const,
      cycle_count,
      cycle_alignment: plan?.cycle_alignment ?? ('closing' as const),
    }))
    .filter((one) => key(one) !== own && !offered.some((price) => key(price) === key(one)))
  const needsPrice = others.some((one) => key(one) === draft.cycle)
  return (
    <div className={formStyles.fields}>
      <div data-span="6">
        <NativeSelect
          label={t('form.cycle')}
          required
          value={draft.cycle}
          onChange={(event) => {
            set('cycle', event.currentTarget.value)
            set('unit_amount', null)
          }}
          data={[
            { value: '', label: t('form.choose_cycle') },
            ...offered.map((one) => ({
              value: key(one),
              label: t('form.cycle_choice', {
                cycle: cycleWords(one),
                amount: money(one.amount, choices.currency),
              }),
            })),
            ...others.map((one) => ({
              value: key(one),
              label: t('form.cycle_without', { cycle: cycleWords(one) }),
            })),
          ]}
        />
      </div>
      <div data-span="6">
        <MoneyInput
          label={t('form.cycle_price')}
          description={t(needsPrice ? 'form.cycle_price_needed' : 'form.cycle_price_help')}
          required={needsPrice}
          currency={choices.currency}
          value={draft.unit_amount}
          onChange={(amount) => set('unit_amount', amount)}
        />
      </div>
    </div>
  )
}

function DueDayFields({ service, draft, set }: FieldsProps) {
  const { t } = useTranslation('changes')
  const { t: to } = useTranslation()
  const { data: units = [] } = useQuery(unitsQuery)
  const methods = units.find((one) => one.id === service.business_unit_id)?.payment_methods ?? []
  const all = methods.includes(service.payment_method) ? methods : [service.payment_method, ...methods]
  return (
    <>
      <div className={formStyles.fields}>
        <div data-span="6">
          <NumberInput
            label={t('form.due_day')}
            required
            min={1}
            max={31}
            allowDecimal={false}
            value={draft.due_day}
            onChange={(value) => set('due_day', value)}
          />
        </div>
        <div data-span="6">
          <NativeSelect
            label={t('form.payment_method')}
            value={draft.payment_method}
            onChange={(event) => set('payment_method', event.currentTarget.value)}
            data={all.map((value) => ({ value, label: to(`words.payment_method.${value}`) }))}
          />
        </div>
      </div>
      <p className={styles.hint}>{t('form.due_day_help')}</p>
    </>
  )
}

function SuspendFields({ draft, set }: FieldsProps) {
  const { t } = useTranslation()
  return (
    <Radio.Group
      label={t('services.suspend_kind')}
      value={draft.administrative ? 'administrative' : 'full'}
      onChange={(value) => set('administrative', value === 'administrative')}
    >
      <div className={formStyles.checks}>
        <Radio
          value="full"
          label={t('services.suspend_full')}
          description={t('services.suspend_full_text')}
        />
        <Radio
          value="administrative"
          label={t('services.suspend_admin')}
          description={t('services.suspend_admin_text')}
        />
      </div>
    </Radio.Group>
  )
}

/** The account that takes the service over, found by its name. */
function TransferFields({ service, draft, set }: FieldsProps) {
  const { t } = useTranslation('changes')
  const [q, setQ] = useState('')
  const asked = useSettled(q.trim(), 250)
  const found = useQuery({
    queryKey: ['accounts', 'to-transfer', service.business_unit_id, asked],
    enabled: asked.length > 1,
    queryFn: ({ signal }) =>
      accountsSource.fetchPage({ q: asked, business_unit_id: service.business_unit_id, limit: 8 }, signal),
  })
  const others = (found.data?.items ?? []).filter((one) => one.id !== service.account_id)
  return (
    <>
      <TextInput
        label={t('form.account')}
        description={t('form.account_help')}
        required
        type="search"
        autoComplete="off"
        value={q}
        onChange={(event) => {
          setQ(event.currentTarget.value)
          set('account_id', '')
        }}
      />
      <ProblemAlert error={found.error} onRetry={found.refetch} />
      {asked.length > 1 && found.isSuccess && others.length === 0 && (
        <p className={styles.hint}>{t('form.account_none')}</p>
      )}
      {others.length > 0 && (
        <Radio.Group
          label={t('form.account_choose')}
          value={draft.account_id}
          onChange={(value) => set('account_id', value)}
        >
          <div className={formStyles.checks}>
            {others.map((one) => (
              <Radio
                key={one.id}
                value={one.id}
                label={one.name}
                description={t('form.account_facts', { number: one.number, email: one.email ?? '–' })}
              />
            ))}
          </div>
        </Radio.Group>
      )}
      <p className={styles.hint}>{t('form.transfer_help')}</p>
    </>
  )
}

function CancelFields({ service, draft, set }: FieldsProps) {
  const { t } = useTranslation('changes')
  const { t: to } = useTranslation()
  return (
    <>
      <Callout tone="bad" title={to('services.cancel_final')}>
        <p>{t('form.cancel_text')}</p>
      </Callout>
      <Textarea
        label={to('services.reason')}
        description={to('services.reason_missing')}
        required
        autosize
        minRows={2}
        maxLength={500}
        value={draft.reason}
        onChange={(event) => set('reason', event.currentTarget.value)}
      />
      {service.term_months > 0 && (
        <Checkbox
          label={t('form.penalty')}
          description={t('form.penalty_help')}
          checked={draft.penalty}
          onChange={(event) => set('penalty', event.currentTarget.checked)}
        />
      )}
    </>
  )
}

function TrialFields({ draft, set }: FieldsProps) {
  const { t } = useTranslation('changes')
  return (
    <NumberInput
      label={t('form.days')}
      required
      className={styles.short}
      min={1}
      max={3650}
      allowDecimal={false}
      value={draft.days}
      onChange={(value) => set('days', value)}
    />
  )
}
