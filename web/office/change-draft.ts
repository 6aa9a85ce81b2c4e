import type { ChangeChoices, ChangeRequestInput, Subscription } from '../shared/api-types.gen.ts'
import { chosenOptions, startingOptions } from '../shared/change-options.tsx'
import { bodyOfDiscount, type DiscountValues, valuesOfDiscount } from './discount.ts'

export type ChangeKind = ChangeRequestInput['kind']

/** What the forms hold, whatever the kind: each uses what it needs. */
export type Draft = {
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

/** What the fields of a kind of change get. */
export type FieldsProps = {
  service: Subscription
  choices: ChangeChoices
  draft: Draft
  set: <Name extends keyof Draft>(name: Name, value: Draft[Name]) => void
}

/** What the form of a kind begins with: the service as it is. */
export function startOf(service: Subscription, choices: ChangeChoices, kind: ChangeKind): Draft {
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
    options: startingOptions(choices),
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
export function requestOf(kind: ChangeKind, draft: Draft, choices: ChangeChoices): ChangeRequestInput | null {
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
      const options = chosenOptions(choices, draft.options)
      return options && { kind, ...when, options }
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
