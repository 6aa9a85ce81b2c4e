/** Two years of an operator, invented: pure, and the same for the same day. */
import { type DateRange, today } from '../../platform/calendar.ts'
import type {
  AccountKind,
  AccountRank,
  ComponentRole,
  DiscountKind,
  LanguageCode,
  NoticeTopic,
  PaymentMethod,
  SubscriptionStatus,
} from '../../platform/database.gen.ts'
import { billingStart, boundaryAfter, boundaryOnOrBefore } from '../subscriptions/index.ts'
import { type FixedAccount, type FixedSubscription, fixedAccounts } from './customers.ts'
import { allTopics, createTaxId, type Holder, listHolders } from './history-people.ts'
import { type DemoPlan, type DemoUnit, demoUnits, type UnitSlug } from './operator.ts'
import { createId, createRandom, type Random } from './random.ts'
import { words } from './words.ts'

type PlainDate = Temporal.PlainDate

export type DemoContact = {
  id: string
  first_name: string
  last_name: string
  email: string
  phone: string
  title: string | null
  topics: NoticeTopic[]
  is_primary: boolean
}

export type DemoComponent = {
  id: string
  role: ComponentRole
  /** Name of the plan's option; null for the plan itself. */
  option: string | null
  description: string
  unit_amount: number
  quantity: number
  from_date: PlainDate | null
}

export type DemoSuspension = {
  administrative: boolean
  from: PlainDate
  to: PlainDate | null
  reason: string
}

export type DemoSubscription = {
  id: string
  plan: string
  status: SubscriptionStatus
  start_date: PlainDate
  trial_days: number
  proportional_trial: boolean
  bill_from: PlainDate | null
  billing_start: PlainDate | null
  end_date: PlainDate | null
  end_reason: string | null
  payment_method: PaymentMethod
  due_day: number
  discount_kind: DiscountKind | null
  discount_amount: number | null
  discount_basis_points: number | null
  sold_by_sales: boolean
  sale_date: PlainDate
  term_months: number
  routing_point: string | null
  notes: string | null
  created_at: Temporal.Instant
  components: DemoComponent[]
  suspensions: DemoSuspension[]
}

/** How an account pays. */
export type Payer = 'prompt' | 'relaxed' | 'careless'

export type DemoAccount = {
  id: string
  key: string
  unit: UnitSlug
  external_id: string | null
  kind: AccountKind
  name: string
  rank: AccountRank | null
  tax_id: string
  email: string
  phone: string
  address: string
  city: string
  state: string
  country: string
  postal_code: string
  language: LanguageCode
  notes: string | null
  created_at: Temporal.Instant
  contacts: DemoContact[]
  subscriptions: DemoSubscription[]
  payer: Payer
  /** Nothing that falls due from this day on was paid. */
  stops_paying: PlainDate | null
  /** What fell due in `from`–`to` was paid on the day `to`, which ended a suspension. */
  lapse: DateRange | null
}

export type DemoHistory = {
  /** The calendar of each business unit: where its history here begins, and today there. */
  calendars: Record<UnitSlug, { begin: PlainDate; today: PlainDate }>
  accounts: DemoAccount[]
}

/** Share of accounts that were customers before the history begins: brought over from an older system. */
const shareOfFormer = 0.3

const monthsOfHistory = 25

/** Out of a hundred accounts, how many leave in a month. */
const churnPerMonth = 0.009

/** Invents the operator's accounts and what each of them had, up to the day of `now`. */
export function inventHistory(now: Temporal.Instant): DemoHistory {
  const calendars = Object.fromEntries(
    demoUnits.map((unit) => {
      const day = today(now, unit.time_zone)
      const last = boundaryOnOrBefore(day, unit.closing_day)
      return [
        unit.slug,
        {
          begin: boundaryOnOrBefore(last.subtract({ months: monthsOfHistory }), unit.closing_day),
          today: day,
        },
      ]
    }),
  ) as DemoHistory['calendars']
  const emails = new Set(
    fixedAccounts.flatMap((account) => [account.email, ...account.contacts.map((c) => c.email)]),
  )
  const accounts = demoUnits.flatMap((unit) => {
    const calendar = calendars[unit.slug]
    const fixed = fixedAccounts
      .filter((account) => account.unit === unit.slug)
      .map((account) => buildFixed(unit, account, calendar))
    const holders = listHolders(unit, emails)
    return [
      ...fixed,
      ...holders.map((holder, index) => buildAccount(unit, holder, index, holders.length, calendar)),
    ]
  })
  return {
    calendars,
    accounts: accounts.sort((a, b) => Temporal.Instant.compare(a.created_at, b.created_at)),
  }
}

// What they have --------------------------------------------------------------------------------------------------

type Calendar = { begin: PlainDate; today: PlainDate }

const earlier = (one: PlainDate, other: PlainDate) => Temporal.PlainDate.compare(one, other) < 0

const daysBetween = (from: PlainDate, to: PlainDate) => from.until(to, { largestUnit: 'days' }).days

/** Nobody installs or signs on a Sunday. */
const workday = (date: PlainDate) => (date.dayOfWeek === 7 ? date.subtract({ days: 1 }) : date)

function instantOf(date: PlainDate, unit: DemoUnit, random: Random): Temporal.Instant {
  const time = new Temporal.PlainTime(random.integer(9, 17), random.integer(0, 59), random.integer(0, 59))
  return date.toZonedDateTime({ timeZone: unit.time_zone, plainTime: time }).toInstant()
}

function buildAccount(
  unit: DemoUnit,
  holder: Holder,
  index: number,
  count: number,
  calendar: Calendar,
): DemoAccount {
  const random = createRandom(`account:${unit.slug}:${index}`)
  const { begin, today: day } = calendar
  const former = index < count * shareOfFormer
  // The last few connections of the ISP are still to be installed, and the vendor's newest customers still try.
  const awaiting = unit.slug === 'pirilampo' && index >= count - 5
  const age = daysBetween(begin, day)
  let start = former
    ? begin.subtract({ days: random.integer(20, 1300) })
    : begin.add({ days: Math.floor((age - 4) * random.next() ** 0.8) })
  if (!former && !awaiting && index >= count - 9) start = day.subtract({ days: random.integer(3, 12) })
  start = awaiting ? day.add({ days: random.integer(1, 8) }) : workday(start)

  const months = daysBetween(earlier(start, begin) ? begin : start, day) / 30
  const leaves = !awaiting && months > 3 && random.chance(1 - (1 - churnPerMonth) ** months)
  const floor = (earlier(start, begin) ? begin : start).add({ days: 50 })
  const end = leaves ? floor.add({ days: random.integer(0, Math.max(1, daysBetween(floor, day) - 6)) }) : null
  const trialOnly = unit.slug === 'tallybird' && !former && end === null && months > 2 && random.chance(0.22)

  const payer: Payer = random.weigh([
    ['prompt', 76],
    ['relaxed', 17],
    ['careless', 7],
  ] as const)
  const reasons = words[unit.slug].churn
  const indebted = end !== null && random.chance(0.22)
  const endReason = end === null ? null : indebted ? reasons.at(-1)! : random.pick(reasons.slice(0, -1))
  let stopsPaying = end !== null && indebted ? end.subtract({ days: 45 }) : null
  let lapse: DateRange | null = null
  let suspension: DemoSuspension | null = null
  const settled = end === null && !trialOnly && !awaiting && months > 7
  if (settled && payer !== 'prompt' && random.chance(0.28)) {
    stopsPaying = day.subtract({ days: random.integer(75, 130) })
    suspension = {
      administrative: false,
      from: stopsPaying.add({ days: random.integer(40, 55) }),
      to: null,
      reason: words[unit.slug].unpaid,
    }
  } else if (settled && random.chance(0.02)) {
    suspension = {
      administrative: true,
      from: day.subtract({ days: random.integer(5, 40) }),
      to: null,
      reason: random.pick(words[unit.slug].pause),
    }
  } else if (settled && payer !== 'prompt' && random.chance(0.35)) {
    const to = day.subtract({ days: random.integer(40, Math.floor(months * 30) - 100) })
    const from = to.subtract({ days: random.integer(6, 24) })
    lapse = { from: from.subtract({ days: 62 }), to }
    suspension = { administrative: false, from, to, reason: words[unit.slug].unpaid }
  } else if (settled && random.chance(0.04)) {
    const from = day.subtract({ days: random.integer(60, Math.floor(months * 30) - 60) })
    suspension = {
      administrative: true,
      from,
      to: from.add({ days: random.integer(15, 60) }),
      reason: random.pick(words[unit.slug].pause),
    }
    if (!earlier(suspension.to!, day)) suspension.to = day.subtract({ days: 2 })
  }

  const method = choosePaymentMethod(unit, holder.kind, random)
  const dueDay =
    unit.slug === 'pirilampo'
      ? random.weigh([
          [5, 3],
          [10, 6],
          [15, 3],
          [20, 2],
          [25, 1],
        ] as const)
      : unit.due_day
  const subscriptions: DemoSubscription[] = []
  const taken = new Set<string>()
  const extra =
    holder.kind === 'company'
      ? random.weigh([
          [0, 5],
          [1, 4],
          [2, 2],
        ] as const)
      : random.weigh([
          [0, 8],
          [1, 2],
        ] as const)
  let at = start
  for (let number = 0; number <= (awaiting || trialOnly ? 0 : extra); number++) {
    const plan = choosePlan(
      unit,
      holder.kind,
      number === 0 ? 'first' : 'added',
      earlier(start, begin),
      taken,
      random,
    )
    if (!plan) break
    if (number > 0) {
      at = workday((earlier(at, begin) ? begin : at).add({ days: random.integer(15, 330) }))
      const limit = end ?? day.subtract({ days: 3 })
      if (!earlier(at, limit.subtract({ days: 40 }))) break
    }
    taken.add(plan.name)
    const added = number > 0 && end === null && !suspension && random.chance(0.08)
    const ownEnd =
      added && daysBetween(at, day) > 130
        ? at.add({ days: random.integer(95, daysBetween(at, day) - 5) })
        : null
    subscriptions.push(
      buildSubscription(unit, plan, calendar, random, {
        start: at,
        awaiting,
        end: trialOnly ? at.add({ days: plan.trialDays ?? 0 }) : (end ?? ownEnd),
        endReason: trialOnly
          ? words[unit.slug].trialEnded
          : ownEnd
            ? random.pick(reasons.slice(0, -1))
            : endReason,
        trialOnly,
        suspension,
        method,
        dueDay,
      }),
    )
  }

  const created = instantOf(
    start.subtract({ days: awaiting ? daysBetween(day, start) + 1 : random.integer(0, 6) }),
    unit,
    random,
  )
  return {
    id: createId(random, created),
    key: `${unit.slug}-${index}`,
    unit: unit.slug,
    external_id: former ? `ANT-${String(1200 + index * 7).padStart(5, '0')}` : null,
    rank:
      holder.kind === 'company'
        ? random.weigh([
            ['A', 2],
            ['B', 4],
            ['C', 4],
          ] as const)
        : null,
    language: unit.language,
    notes: random.chance(0.12) ? random.pick(words[unit.slug].accountNotes) : null,
    created_at: created,
    subscriptions,
    payer,
    stops_paying: stopsPaying,
    lapse,
    ...holder,
    contacts: holder.contacts.map((contact) => ({ id: createId(random, created), ...contact })),
  }
}

function buildFixed(unit: DemoUnit, fixed: FixedAccount, calendar: Calendar): DemoAccount {
  const random = createRandom(`fixed:${fixed.key}`)
  const { subscriptions, contacts, payment_method, due_day, ...account } = fixed
  const first = workday(
    calendar.today.subtract({ months: Math.max(...subscriptions.map((one) => one.months)), days: 9 }),
  )
  const created = instantOf(first.subtract({ days: 3 }), unit, random)
  return {
    ...account,
    id: createId(random, created),
    external_id: null,
    tax_id: createTaxId(fixed.country, fixed.kind, random),
    language: unit.language,
    created_at: created,
    contacts: contacts.map((contact, index) => ({
      ...contact,
      id: createId(random, created),
      topics: index === 0 ? allTopics : ['billing'],
      is_primary: index === 0,
    })),
    subscriptions: subscriptions.map((one) => {
      const plan = unit.products.flatMap((product) => product.plans).find(({ name }) => name === one.plan)!
      const start = workday(calendar.today.subtract({ months: one.months, days: 9 }))
      const pause = one.paused
      const from = pause ? calendar.today.subtract({ days: pause.ago }) : null
      return buildSubscription(unit, plan, calendar, random, {
        start,
        awaiting: false,
        end: null,
        endReason: null,
        trialOnly: false,
        suspension:
          pause && from
            ? { administrative: true, from, to: from.add({ days: pause.days }), reason: pause.reason }
            : null,
        method: payment_method,
        dueDay: due_day,
        fixed: one,
      })
    }),
    payer: 'prompt',
    stops_paying: null,
    lapse: null,
  }
}

type Facts = {
  start: PlainDate
  awaiting: boolean
  end: PlainDate | null
  endReason: string | null
  trialOnly: boolean
  suspension: DemoSuspension | null
  method: PaymentMethod
  dueDay: number
  fixed?: FixedSubscription
}

function buildSubscription(
  unit: DemoUnit,
  plan: DemoPlan,
  calendar: Calendar,
  random: Random,
  facts: Facts,
): DemoSubscription {
  const { begin, today: day } = calendar
  const { start, end, fixed } = facts
  const sold = start.subtract({ days: facts.awaiting ? daysBetween(day, start) : random.integer(0, 5) })
  const created = instantOf(earlier(day, sold) ? day : sold, unit, random)
  const billFrom = earlier(start, begin) ? begin : null
  const trialDays = plan.trialDays ?? 0
  const billing = facts.awaiting
    ? null
    : billingStart({
        start,
        trialDays,
        proportionalTrial: plan.proportionalTrial ?? false,
        closingDay: unit.closing_day,
        billFrom,
      })
  const former = plan.formerAmount !== undefined && earlier(start, day.subtract({ months: 12 }))
  const components: DemoComponent[] = [
    {
      id: createId(random, created),
      role: 'plan',
      option: null,
      description: plan.name,
      unit_amount: former ? plan.formerAmount! : plan.amount,
      quantity:
        plan.name === 'Register'
          ? random.weigh([
              [1, 5],
              [2, 3],
              [4, 1],
            ] as const)
          : 1,
      from_date: null,
    },
  ]
  for (const option of plan.options ?? []) {
    const wanted = fixed?.options?.find(({ name }) => name === option.name)
    const drawn = random.chance(option.taken)
    if (fixed ? !wanted : !drawn) continue
    const room = daysBetween(billing ?? start, end ?? day)
    const late = !fixed && option.amount > 0 && room > 120 && random.chance(0.4)
    components.push({
      id: createId(random, created),
      role: 'option',
      option: option.name,
      description: option.name,
      unit_amount: option.amount,
      quantity: wanted?.quantity ?? (option.name === 'Ponto Wi-Fi adicional' && random.chance(0.25) ? 2 : 1),
      from_date: wanted?.since
        ? day.subtract({ days: wanted.since })
        : late
          ? (billing ?? start).add({ days: random.integer(40, room - 20) })
          : null,
    })
  }
  const suspension =
    facts.suspension &&
    billing &&
    earlier(billing, facts.suspension.from) &&
    (!end || earlier(facts.suspension.from, end))
      ? facts.suspension
      : null
  const discounted = fixed ? (fixed.percentOff ?? fixed.amountOff) !== undefined : random.chance(0.13)
  const byPercent = fixed ? fixed.percentOff !== undefined : random.chance(0.7)
  const roundTen = (amount: number) => Math.max(100, Math.round(amount / 1000) * 100)
  return {
    id: createId(random, created),
    plan: plan.name,
    status: facts.awaiting
      ? 'awaiting_installation'
      : facts.trialOnly
        ? 'ended'
        : end
          ? 'cancelled'
          : suspension && suspension.to === null
            ? suspension.administrative
              ? 'suspended_administratively'
              : 'suspended'
            : 'active',
    start_date: start,
    trial_days: trialDays,
    proportional_trial: plan.proportionalTrial ?? false,
    bill_from: billFrom,
    billing_start: billing,
    end_date: end,
    end_reason: end ? facts.endReason : null,
    payment_method: facts.method,
    due_day: facts.dueDay,
    discount_kind: discounted ? (byPercent ? 'percent' : 'amount') : null,
    discount_basis_points:
      discounted && byPercent ? (fixed?.percentOff ?? random.pick([500, 1000, 1000, 1500, 2000])) : null,
    discount_amount: discounted && !byPercent ? (fixed?.amountOff ?? roundTen(plan.amount)) : null,
    sold_by_sales: unit.slug === 'pirilampo' && !billFrom && random.chance(0.6),
    sale_date: sold,
    term_months: plan.termMonths ?? 0,
    routing_point: plan.connected ? random.pick(unit.routingPoints).name : null,
    notes: random.chance(0.07) ? random.pick(words[unit.slug].subscriptionNotes) : null,
    created_at: created,
    components,
    suspensions: suspension ? [suspension] : [],
  }
}

function choosePlan(
  unit: DemoUnit,
  kind: AccountKind,
  turn: 'first' | 'added',
  early: boolean,
  taken: Set<string>,
  random: Random,
): DemoPlan | null {
  const plans = unit.products
    .flatMap((product) => product.plans)
    .filter((plan) => (early || !plan.archived) && !taken.has(plan.name))
    .map((plan) => [plan, turn === 'first' ? plan.chosen[kind] : plan.chosen.added] as const)
    .filter(([, weight]) => weight > 0)
  return plans.length === 0 ? null : random.weigh(plans)
}

function choosePaymentMethod(unit: DemoUnit, kind: AccountKind, random: Random): PaymentMethod {
  if (unit.slug === 'pirilampo') {
    return kind === 'company'
      ? random.weigh([
          ['boleto', 60],
          ['pix', 22],
          ['bank_transfer', 10],
          ['bank_debit', 8],
        ] as const)
      : random.weigh([
          ['pix', 46],
          ['boleto', 26],
          ['card', 18],
          ['bank_debit', 10],
        ] as const)
  }
  if (unit.slug === 'jacaranda')
    return random.weigh([
      ['bank_transfer', 52],
      ['card', 42],
      ['cash', 6],
    ] as const)
  return random.weigh([
    ['card', 76],
    ['bank_transfer', 19],
    ['cheque', 5],
  ] as const)
}

// When they pay ---------------------------------------------------------------------------------------------------

export type PlannedPayment = {
  on: PlainDate
  /** Of what is owed then. `more`: rounded up, what is over becomes credit; `part`: the rest follows later. */
  share: 'all' | 'part' | 'more'
}

/**
 * When an account pays an invoice that falls due on a day: an empty list where it never does. The same account and
 * day always give the same.
 */
export function inventPayments(
  account: Pick<DemoAccount, 'key' | 'payer' | 'stops_paying' | 'lapse'>,
  invoice: { issue_date: PlainDate; due_date: PlainDate; payment_method: PaymentMethod },
): PlannedPayment[] {
  const random = createRandom(`payment:${account.key}:${invoice.issue_date}`)
  const { due_date: due, issue_date: issued } = invoice
  if (account.stops_paying && !earlier(due, account.stops_paying)) return []
  if (account.lapse && !earlier(due, account.lapse.from) && earlier(due, account.lapse.to)) {
    return [{ on: account.lapse.to, share: 'all' }]
  }
  const automatic = invoice.payment_method === 'card' || invoice.payment_method === 'bank_debit'
  let offset: number
  if (account.payer === 'prompt') {
    offset = automatic
      ? 0
      : random.weigh([
          [random.integer(-8, -3), 4],
          [random.integer(-2, 0), 9],
          [random.integer(1, 3), 2],
        ] as const)
    if (random.chance(0.03)) offset = random.integer(4, 12)
  } else if (account.payer === 'relaxed') offset = random.integer(0, 16)
  else offset = random.integer(6, 38)
  const wished = due.add({ days: offset })
  const on = earlier(wished, issued) ? issued : wished
  if (!automatic && random.chance(0.006)) {
    return [
      { on, share: 'part' },
      { on: on.add({ days: random.integer(9, 30) }), share: 'all' },
    ]
  }
  return [{ on, share: !automatic && random.chance(0.006) ? 'more' : 'all' }]
}

/** The closing dates of a business unit's history, oldest first; in advance the first one opens it. */
export function listClosingDates(unit: DemoUnit, calendar: Calendar): PlainDate[] {
  const dates: PlainDate[] = unit.billing_mode === 'advance' ? [calendar.begin] : []
  for (
    let at = boundaryAfter(calendar.begin, unit.closing_day);
    !earlier(calendar.today, at);
    at = boundaryAfter(at, unit.closing_day)
  ) {
    dates.push(at)
  }
  return dates
}
