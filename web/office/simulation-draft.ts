/** How often a service is charged, as the form offers it. */
export const cycleChoices = ['month', 'quarter', 'half_year', 'year', 'once'] as const
export type CycleChoice = (typeof cycleChoices)[number]

/** What may happen, as the form offers it; the request knows more. */
export const eventKinds = [
  'plan',
  'quantity',
  'discount',
  'suspend',
  'reactivate',
  'transfer',
  'cancel',
  'extend_trial',
  'coupon',
  'charge',
  'payment',
  'adjustment',
] as const
export type EventKind = (typeof eventKinds)[number]

export interface DraftService {
  key: number
  name: string
  account: string
  start: string
  amount: number | null
  quantity: number
  cycle: CycleChoice
  anniversary: boolean
  mode: '' | 'advance' | 'arrears'
  trial_days: number
}

export interface DraftEvent {
  key: number
  kind: EventKind
  on: string
  service: string
  account: string
  text: string
  amount: number | null
  number: number
  flag: boolean
}

/** What stands in the form. Amounts are minor units. */
export interface Draft {
  unit: string
  closing_day: number | null
  day_count: '' | 'actual' | 'commercial'
  services: DraftService[]
  events: DraftEvent[]
  from: string
  to: string
  every: 'closing' | 'day'
}

const months: Record<Exclude<CycleChoice, 'once'>, number> = { month: 1, quarter: 3, half_year: 6, year: 12 }

/** The request: what is left out is what its documentation says. */
export type SimulationRequest = Record<string, unknown>

function serviceOf(service: DraftService): SimulationRequest {
  return {
    id: service.name,
    account: service.account,
    start: service.start,
    trial_days: service.trial_days,
    ...(service.mode ? { billing_mode: service.mode } : {}),
    cycle: {
      unit: service.cycle === 'once' ? 'once' : 'month',
      count: service.cycle === 'once' ? 1 : months[service.cycle],
      alignment: service.anniversary ? 'anniversary' : 'closing',
    },
    plan: { name: service.name, amount: service.amount ?? 0, quantity: service.quantity },
  }
}

/** The event that a row of the form says. */
function eventOf(row: DraftEvent): SimulationRequest {
  const { kind, on, service: subscription, account } = row
  const amount = row.amount ?? 0
  const base = { on, subscription }
  switch (kind) {
    case 'plan':
      return { kind, ...base, plan: { name: row.text || subscription, amount } }
    case 'quantity':
      return { kind, ...base, quantity: row.number }
    case 'discount':
      return { kind, ...base, discount: amount > 0 ? { kind: 'amount', amount } : null }
    case 'suspend':
      return { kind, ...base, give_back: row.flag }
    case 'reactivate':
      return { kind, ...base }
    case 'transfer':
      return { kind, ...base, account, as: row.text || `${subscription} (${account})` }
    case 'cancel':
      return { kind, ...base, penalty: amount }
    case 'extend_trial':
      return { kind, ...base, days: row.number }
    case 'coupon':
      return {
        kind,
        ...base,
        name: row.text || 'COUPON',
        discount: { kind: 'amount', amount },
        periods: row.number > 0 ? row.number : null,
      }
    case 'charge':
      return { kind, on, account, description: row.text, amount, instalments: Math.max(1, row.number) }
    case 'payment':
      return { kind, on, account, amount }
    case 'adjustment':
      return { kind, on, account, amount }
  }
}

/** The request that the form is: what a program would send. */
export function requestOf(draft: Draft): SimulationRequest {
  return {
    business_unit_id: draft.unit,
    rules: {
      ...(draft.closing_day === null ? {} : { closing_day: draft.closing_day }),
      ...(draft.day_count ? { day_count: draft.day_count } : {}),
    },
    subscriptions: draft.services.map(serviceOf),
    events: draft.events.map(eventOf),
    runs: { from: draft.from, to: draft.to, every: draft.every },
  }
}

/** Whether a kind is about a service, or about an account. */
export function isOfService(kind: EventKind): boolean {
  return kind !== 'charge' && kind !== 'payment' && kind !== 'adjustment'
}

const iso = (year: number, month: number, day: number) =>
  new Date(Date.UTC(year, month, day)).toISOString().slice(0, 10)

/** A form to begin with: one service that starts in the middle of a month, changes, and is billed for half a year. */
export function exampleDraft(unit: string, words: { plan: string; larger: string; account: string }): Draft {
  const now = new Date()
  const [year, month] = [now.getUTCFullYear(), now.getUTCMonth()]
  return {
    unit,
    closing_day: null,
    day_count: '',
    services: [
      {
        key: 1,
        name: words.plan,
        account: words.account,
        start: iso(year, month, 11),
        amount: 10_000,
        quantity: 1,
        cycle: 'month',
        anniversary: false,
        mode: '',
        trial_days: 0,
      },
    ],
    events: [
      {
        key: 2,
        kind: 'plan',
        on: iso(year, month + 2, 10),
        service: words.plan,
        account: words.account,
        text: words.larger,
        amount: 15_000,
        number: 1,
        flag: false,
      },
    ],
    from: iso(year, month, 1),
    to: iso(year, month + 6, 0),
    every: 'closing',
  }
}
