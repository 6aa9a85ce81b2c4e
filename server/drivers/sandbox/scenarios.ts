// The sandbox's test cards and accounts: each ends in a way that is known beforehand. Nothing is typed in, so there is no number
// to keep; brand and last digits are what such a card would show of itself.
import type { PaymentFailure, PaymentMethod } from '../../platform/database.gen.ts'

export type ScenarioGroup = 'well' | 'refused' | 'hard'

export type Scenario = {
  name: string
  group: ScenarioGroup
  methods: readonly PaymentMethod[]
  brand: string
  last_digits: string
  /** Why the charge is refused; storing checks only what `storing` says. */
  failure?: PaymentFailure
  /** Refused when it is stored, too: nothing is wrong with a card without funds until it is charged. */
  storing?: 'refused'
  /** The payer's bank asks the payer once more. */
  second_step?: true
  /** How many charges a stored one refuses before it pays. */
  refusals?: number
  /** Months until it is no longer good. */
  months: number
  /** How the house is told: by one call, by three, in the wrong order, too late, or not at all. */
  telling: 'once' | 'twice' | 'out_of_order' | 'late' | 'never'
}

const card = { methods: ['card'], months: 36, telling: 'once' } as const

/** Every way in which a charge of the sandbox can go, in the order of its page. */
export const scenarios: readonly Scenario[] = [
  {
    ...card,
    name: 'success',
    group: 'well',
    methods: ['card', 'pix', 'bank_debit'],
    brand: 'Visa',
    last_digits: '4242',
  },
  {
    ...card,
    name: 'second_step',
    group: 'well',
    brand: 'Mastercard',
    last_digits: '3155',
    second_step: true,
  },
  { ...card, name: 'expiring', group: 'well', brand: 'Visa', last_digits: '1126', months: 1 },
  {
    ...card,
    name: 'insufficient_funds',
    group: 'refused',
    methods: ['card', 'bank_debit'],
    brand: 'Mastercard',
    last_digits: '9995',
    failure: 'insufficient_funds',
  },
  {
    ...card,
    name: 'refused_twice',
    group: 'refused',
    methods: ['card', 'bank_debit'],
    brand: 'Visa',
    last_digits: '2002',
    failure: 'insufficient_funds',
    refusals: 2,
  },
  {
    ...card,
    name: 'limit_exceeded',
    group: 'refused',
    brand: 'Elo',
    last_digits: '0259',
    failure: 'limit_exceeded',
  },
  {
    ...card,
    name: 'expired_method',
    group: 'refused',
    brand: 'Visa',
    last_digits: '0069',
    failure: 'expired_method',
    storing: 'refused',
    months: -1,
  },
  {
    ...card,
    name: 'invalid_method',
    group: 'refused',
    methods: ['card', 'bank_debit'],
    brand: 'Mastercard',
    last_digits: '0127',
    failure: 'invalid_method',
    storing: 'refused',
  },
  {
    ...card,
    name: 'suspected_fraud',
    group: 'refused',
    brand: 'Visa',
    last_digits: '0019',
    failure: 'suspected_fraud',
    storing: 'refused',
  },
  {
    ...card,
    name: 'declined',
    group: 'refused',
    brand: 'American Express',
    last_digits: '0002',
    failure: 'declined',
    storing: 'refused',
  },
  {
    ...card,
    name: 'late',
    group: 'hard',
    methods: ['card', 'pix', 'bank_debit'],
    brand: 'Mastercard',
    last_digits: '0408',
    telling: 'late',
  },
  {
    ...card,
    name: 'twice',
    group: 'hard',
    methods: ['card', 'pix', 'bank_debit'],
    brand: 'Visa',
    last_digits: '0222',
    telling: 'twice',
  },
  {
    ...card,
    name: 'out_of_order',
    group: 'hard',
    methods: ['card', 'pix', 'bank_debit'],
    brand: 'Elo',
    last_digits: '0321',
    telling: 'out_of_order',
  },
  {
    ...card,
    name: 'never_told',
    group: 'hard',
    methods: ['card', 'pix', 'bank_debit'],
    brand: 'Hipercard',
    last_digits: '0404',
    telling: 'never',
  },
]

const byName = new Map(scenarios.map((one) => [one.name, one]))

/** The scenario of a name; undefined where there is none. */
export function findScenario(name: string): Scenario | undefined {
  return byName.get(name)
}

/** What the payer may choose from. A second refusal is about later charges, so it is for methods that are kept. */
export function listScenarios(method: PaymentMethod, kept: boolean): Scenario[] {
  return scenarios.filter((one) => one.methods.includes(method) && (one.refusals === undefined || kept))
}

/** How a charge of a scenario ends when the payer is there to act, or is not. */
export type Outcome =
  | { state: 'paid' }
  | { state: 'second_step' }
  | { state: 'refused'; failure: PaymentFailure }

/**
 * What comes of a scenario: on the page (`chosen`), or of a method that was stored before (`stored`, with how often it still
 * refuses). A set-up charges nothing, so it is refused only where the method itself is no good.
 */
export function decideOutcome(
  scenario: Scenario,
  at: { purpose: 'payment' | 'setup'; way: 'chosen' | 'stored'; off_session: boolean; refusals_left: number },
): Outcome {
  if (scenario.second_step)
    return at.off_session ? { state: 'refused', failure: 'authentication_failed' } : { state: 'second_step' }
  if (scenario.failure === undefined) return { state: 'paid' }
  if (at.purpose === 'setup')
    return scenario.storing ? { state: 'refused', failure: scenario.failure } : { state: 'paid' }
  if (scenario.refusals !== undefined && (at.way === 'chosen' || at.refusals_left === 0))
    return { state: 'paid' }
  return { state: 'refused', failure: scenario.failure }
}

/** First day on which a method of a scenario is no longer good. */
export function expiryOf(scenario: Scenario, now: Temporal.Instant): Temporal.PlainDate {
  return now
    .toZonedDateTimeISO('UTC')
    .toPlainDate()
    .with({ day: 1 })
    .add({ months: scenario.months + 1 })
}
