/**
 * What billing would make of services, events and runs: a world of its own in memory, moved by the engine that bills. Nothing
 * here computes an amount: planInvoices, planSettlement and applyChange do, exactly as they do for the books.
 */
import { toEpochDay } from '../../platform/calendar.ts'
import type { LedgerAccount } from '../../platform/database.gen.ts'
import {
  type BillableCharge,
  type BillableSubscription,
  type BilledDays,
  type BilledLine,
  billableComponent,
  incomeEntries,
  type PlannedCreditNote,
  type PlannedInvoice,
  type PlannedLine,
  type PlanRules,
  planInvoices,
  planSettlement,
  readDiscount,
  type TaxRule,
} from '../billing/index.ts'
import {
  anchorOf,
  applyChange,
  billingStart,
  type ComponentTerms,
  couponEnd,
  type DiscountTerms,
  type PriceTerms,
  spreadInstalments,
  type Timeline,
  type TimelineChange,
} from '../subscriptions/index.ts'

/** The price of a plan, an option or a meter. Amounts are minor units. */
export type SimulatedPrice = PriceTerms & DiscountTerms & { description: string; quantity: number }
export type SimulatedCycle = Pick<
  ComponentTerms,
  'cycle_unit' | 'cycle_count' | 'cycle_alignment' | 'anchor_date'
>
export type SimulatedOption = SimulatedPrice & { code: string; cycle: SimulatedCycle | null }

/** A service as it is sold. */
export type SimulatedSubscription = {
  ref: string
  account: string
  start: Temporal.PlainDate
  trial_days: number
  proportional_trial: boolean
  billing_mode: 'advance' | 'arrears'
  cycle: SimulatedCycle
  plan: SimulatedPrice
  options: SimulatedOption[]
  meters: SimulatedOption[]
  taxed: boolean
}

type Base = { on: Temporal.PlainDate }
type OfService = Base & { subscription: string }

/** Something that happens on a day; the day belongs to what comes (billing.md 4). */
export type SimulatedEvent =
  | (OfService & { kind: 'plan'; plan: SimulatedPrice; cycle: SimulatedCycle | null; free_days: number })
  | (OfService & { kind: 'quantity'; option: string | null; quantity: number })
  | (OfService & { kind: 'price'; option: string | null; price: PriceTerms })
  | (OfService & { kind: 'discount'; discount: DiscountTerms })
  | (OfService & { kind: 'cycle'; cycle: SimulatedCycle; price: PriceTerms })
  | (OfService & { kind: 'add_option'; option: SimulatedOption })
  | (OfService & { kind: 'remove_option'; option: string })
  | (OfService & { kind: 'suspend'; give_back: boolean })
  | (OfService & { kind: 'reactivate' })
  | (OfService & { kind: 'cancel'; penalty: number })
  | (OfService & { kind: 'transfer'; account: string; as: string })
  | (OfService & { kind: 'extend_trial'; days: number })
  | (OfService & { kind: 'coupon'; name: string; discount: DiscountTerms; periods: number | null })
  | (OfService & { kind: 'usage'; option: string; quantity: number })
  | (Base & {
      kind: 'charge'
      account: string
      subscription: string | null
      description: string
      unit_amount: number
      quantity: number
      instalments: number
      taxed: boolean
    })
  | (Base & { kind: 'adjustment'; account: string; amount: number })
  | (Base & { kind: 'payment'; account: string; amount: number; document: number | null })

export type SimulationInput = {
  rules: PlanRules
  taxes: readonly TaxRule[]
  subscriptions: readonly SimulatedSubscription[]
  events: readonly SimulatedEvent[]
  /** Each run bills what is due up to its day, after the events of that day. */
  runs: readonly Temporal.PlainDate[]
}

/** A document that would come about; `number` counts them in order. */
export type SimulatedDocument = {
  number: number
  kind: 'invoice' | 'credit_note'
  account: string
  /** What brought it about: the run of a day, or the event at this place in the list. */
  cause: { on: Temporal.PlainDate; run: boolean; event: number | null }
  issue_date: Temporal.PlainDate
  lines: (PlannedLine | PlannedCreditNote['lines'][number])[]
  taxes: PlannedInvoice['taxes']
  tax: number
  tax_included: number
  total: number
}

export type SimulatedAccount = {
  account: string
  invoiced: number
  credited: number
  paid: number
  /** What is still owed, and credit that nothing has used. */
  owed: number
  credit: number
}

export type Simulation = {
  documents: SimulatedDocument[]
  accounts: SimulatedAccount[]
  ledger: Record<LedgerAccount, number>
  /** The billed days of each component, in order, with nothing between two ranges billed. */
  coverage: {
    subscription: string
    component: string
    description: string
    from: Temporal.PlainDate
    to: Temporal.PlainDate
  }[]
  open: { number: number; account: string; open: number }[]
}

/** What cannot be simulated: which event, and a stable code. */
export type SimulationFault = {
  fault: string
  path: string
  params?: Record<string, string | number>
}

/** More than this is no example any more; a closing's preview is for that. */
const mostDocuments = 5000

type Service = {
  ref: string
  account: string
  billing_mode: 'advance' | 'arrears'
  taxed: boolean
  timeline: Timeline
  coupons: {
    id: string
    name: string
    terms: DiscountTerms
    from: Temporal.PlainDate
    to: Temporal.PlainDate | null
  }[]
  usage: { meter: string; on: Temporal.PlainDate; quantity: number; id: string; billed: boolean }[]
  billed: BilledDays[]
}

type Charge = BillableCharge & { account: string; billed: boolean }

const { compare } = Temporal.PlainDate

/** The world of one simulation. */
class World {
  readonly #input: SimulationInput
  readonly services = new Map<string, Service>()
  readonly charges: Charge[] = []
  readonly documents: SimulatedDocument[] = []
  readonly ledger = new Map<LedgerAccount, number>()
  readonly accounts = new Map<string, SimulatedAccount>()
  readonly open: { number: number; account: string; open: number; on: Temporal.PlainDate }[] = []
  #next = 0
  #cause: SimulatedDocument['cause'] = { on: Temporal.PlainDate.from('1970-01-01'), run: false, event: null }

  constructor(input: SimulationInput) {
    this.#input = input
    for (const subscription of input.subscriptions) this.#sell(subscription)
  }

  #newId = (): string => `#${++this.#next}`

  #terms(
    price: SimulatedPrice,
    cycle: SimulatedCycle,
    role: ComponentTerms['role'],
    code: string,
  ): ComponentTerms {
    return {
      ...price,
      ...cycle,
      role,
      plan_id: 'plan',
      plan_option_id: role === 'option' ? code : null,
      plan_meter_id: role === 'usage' ? code : null,
    }
  }

  #sell(sold: SimulatedSubscription): void {
    const { closing_day } = this.#input.rules
    const parts = [
      this.#terms(sold.plan, sold.cycle, 'plan', ''),
      ...sold.options.map((option) => this.#terms(option, option.cycle ?? sold.cycle, 'option', option.code)),
      ...sold.meters.map((meter) => this.#terms(meter, meter.cycle ?? sold.cycle, 'usage', meter.code)),
    ]
    this.services.set(sold.ref, {
      ref: sold.ref,
      account: sold.account,
      billing_mode: sold.billing_mode,
      taxed: sold.taxed,
      coupons: [],
      usage: [],
      billed: [],
      timeline: {
        id: sold.ref,
        account_id: sold.account,
        plan_id: 'plan',
        status: 'active',
        trial_days: sold.trial_days,
        billing_start: billingStart({
          start: sold.start,
          trialDays: sold.trial_days,
          proportionalTrial: sold.proportional_trial,
          closingDay: closing_day,
        }),
        end_date: null,
        end_reason: null,
        payment_method: 'bank_transfer',
        due_day: closing_day,
        closing_day,
        components: parts.map((terms) => ({ ...terms, id: this.#newId(), from_date: null, to_date: null })),
        suspensions: [],
        coupons: [],
      },
    })
  }

  /** A service as the engine takes it. */
  #billable(service: Service): BillableSubscription {
    const { timeline } = service
    const start = timeline.billing_start!
    const coverage = Map.groupBy(service.billed, (row) => row.component_id)
    return {
      id: service.ref,
      billing_mode: service.billing_mode,
      billing_start: start,
      end: timeline.end_date,
      coupons: service.coupons.map(({ id, name, terms, from, to }) => ({
        id,
        name,
        discount: readDiscount(terms)!,
        from,
        to,
      })),
      suspensions: timeline.suspensions.map(({ from_date, to_date }) => ({ from: from_date, to: to_date })),
      components: timeline.components.map((component) => ({
        ...billableComponent(component, start, {
          covered: coverage.get(component.id) ?? [],
          taxes: service.taxed ? this.#input.taxes : [],
        }),
        ...(component.plan_meter_id === null
          ? {}
          : {
              usage: service.usage
                .filter((row) => row.meter === component.plan_meter_id && !row.billed)
                .map(({ on, quantity, id }) => ({ on, quantity, ids: [id] })),
            }),
      })),
    }
  }

  #account(name: string): SimulatedAccount {
    let account = this.accounts.get(name)
    if (!account) {
      account = { account: name, invoiced: 0, credited: 0, paid: 0, owed: 0, credit: 0 }
      this.accounts.set(name, account)
    }
    return account
  }

  #post(entries: readonly (readonly [LedgerAccount, number])[]): void {
    for (const [account, amount] of entries)
      this.ledger.set(account, (this.ledger.get(account) ?? 0) + amount)
  }

  // Documents ------------------------------------------------------------------------------------------------------

  #issue(account: string, invoice: PlannedInvoice): void {
    const number = this.documents.length + 1
    const lines = invoice.lines.map(
      (line): BilledLine => ({
        ...line,
        id: this.#newId(),
        invoice_id: String(number),
        credited_gross: 0,
        credited_net: 0,
        credited_tax: 0,
        credited_tax_included: 0,
      }),
    )
    for (const { subscription_id, component_id, from, to, line_index } of invoice.coverage) {
      const line = line_index === null ? null : lines[line_index]!
      this.services.get(subscription_id)!.billed.push({ id: this.#newId(), component_id, from, to, line })
    }
    const used = new Set(invoice.usage.flatMap(({ ids }) => ids))
    if (used.size > 0)
      for (const service of this.services.values())
        for (const row of service.usage) if (used.has(row.id)) row.billed = true
    const charged = new Set(invoice.lines.map((line) => line.charge_id))
    for (const charge of this.charges) if (charged.has(charge.id)) charge.billed = true
    if (invoice.lines.length === 0) return
    const { issue_date, taxes, tax, tax_included, total } = invoice
    this.documents.push({
      number,
      kind: 'invoice',
      account,
      cause: this.#cause,
      issue_date,
      lines: invoice.lines,
      taxes,
      tax,
      tax_included,
      total,
    })
    this.#post([
      ['receivable', total],
      ...incomeEntries(invoice.lines, -1, '').map(
        ({ ledger_account, amount }) => [ledger_account, amount] as const,
      ),
    ])
    const of = this.#account(account)
    of.invoiced += total
    of.owed += total
    if (total > 0) this.open.push({ number, account, open: total, on: issue_date })
    this.#spendCredit(account)
  }

  #credit(account: string, service: Service, credit: PlannedCreditNote): void {
    const number = this.documents.length + 1
    const lineOf = new Map(
      service.billed.flatMap((row) => (row.line ? [[row.line.id, row.line] as const] : [])),
    )
    for (const line of credit.lines) {
      const corrected = lineOf.get(line.corrects_line_id)!
      corrected.credited_gross += line.gross
      corrected.credited_net += line.net
      corrected.credited_tax += line.tax
      corrected.credited_tax_included += line.tax_included
    }
    const cuts = new Map(credit.cuts.map((cut) => [cut.id, cut.keep]))
    service.billed = service.billed.flatMap((row) => {
      const keep = cuts.get(row.id)
      return keep
        ? keep.map((range, index) => ({ ...row, ...range, id: index === 0 ? row.id : this.#newId() }))
        : [row]
    })
    if (credit.lines.length === 0) return
    const { issue_date, lines, taxes, tax, tax_included, total } = credit
    this.documents.push({
      number,
      kind: 'credit_note',
      account,
      cause: this.#cause,
      issue_date,
      lines,
      taxes,
      tax,
      tax_included,
      total,
    })
    const of = this.#account(account)
    of.credited += total
    // The debt of the corrected documents first; only what is not owed there any more is credit (billing.md 20).
    let surplus = 0
    for (const [invoice, own] of Map.groupBy(lines, (line) => line.invoice_id)) {
      const amount = own.reduce((sum, line) => sum + line.net + line.tax, 0)
      const target = this.open.find((open) => String(open.number) === invoice)
      const reduces = Math.min(amount, target?.open ?? 0)
      if (target) target.open -= reduces
      of.owed -= reduces
      surplus += amount - reduces
      this.#post([['receivable', -reduces]])
    }
    this.#post([
      ['account_credit', -surplus],
      ...incomeEntries(lines, 1, '').map(({ ledger_account, amount }) => [ledger_account, amount] as const),
    ])
    of.credit += surplus
    this.#spendCredit(account)
  }

  /** Credit pays what is open, the oldest first (billing.md 28). */
  #spendCredit(account: string): void {
    const of = this.#account(account)
    const open = this.open.filter((one) => one.account === account && one.open > 0)
    for (const one of open.sort((left, right) => compare(left.on, right.on) || left.number - right.number)) {
      const used = Math.min(of.credit, one.open)
      if (used <= 0) return
      one.open -= used
      of.credit -= used
      of.owed -= used
      this.#post([
        ['account_credit', used],
        ['receivable', -used],
      ])
    }
  }

  // What happens ---------------------------------------------------------------------------------------------------

  run(on: Temporal.PlainDate): SimulationFault | null {
    this.#cause = { on, run: true, event: null }
    const names = new Set([...this.services.values()].map(({ account }) => account))
    for (const charge of this.charges) names.add(charge.account)
    for (const account of names) {
      const services = [...this.services.values()].filter((service) => service.account === account)
      const planned = planInvoices({
        ...this.#input.rules,
        up_to: on,
        subscriptions: services.map((service) => this.#billable(service)),
        charges: this.charges.filter((charge) => charge.account === account && !charge.billed),
      })
      if ('parked' in planned)
        return { fault: 'simulation_parked', path: 'subscriptions', params: { reason: planned.parked } }
      for (const invoice of planned.invoices) this.#issue(account, invoice)
      if (this.documents.length > mostDocuments)
        return { fault: 'simulation_too_large', path: 'runs', params: { most: mostDocuments } }
    }
    return null
  }

  event(event: SimulatedEvent, index: number): SimulationFault | null {
    this.#cause = { on: event.on, run: false, event: index }
    switch (event.kind) {
      case 'payment':
        return this.#pay(event, index)
      case 'adjustment': {
        const of = this.#account(event.account)
        if (of.credit + event.amount < 0) return { fault: 'more_than_credit', path: `events.${index}.amount` }
        of.credit += event.amount
        this.#post([
          ['account_credit', -event.amount],
          ['adjustments', event.amount],
        ])
        this.#spendCredit(event.account)
        return null
      }
      case 'charge':
        return this.#charge(event, index)
      default:
        return this.#ofService(event, index)
    }
  }

  #pay(event: Extract<SimulatedEvent, { kind: 'payment' }>, index: number): SimulationFault | null {
    const of = this.#account(event.account)
    let left = event.amount
    if (event.document !== null) {
      const target = this.open.find((one) => one.number === event.document && one.account === event.account)
      if (!target) return { fault: 'not_a_choice', path: `events.${index}.document` }
      const paid = Math.min(left, target.open)
      target.open -= paid
      of.owed -= paid
      left -= paid
      this.#post([['receivable', -paid]])
    }
    of.paid += event.amount
    of.credit += left
    this.#post([
      ['bank', event.amount],
      ['account_credit', -left],
    ])
    this.#spendCredit(event.account)
    return null
  }

  #charge(event: Extract<SimulatedEvent, { kind: 'charge' }>, index: number): SimulationFault | null {
    if (event.subscription !== null && this.services.get(event.subscription)?.account !== event.account)
      return { fault: 'not_a_choice', path: `events.${index}.subscription` }
    const charge = {
      account: event.account,
      billed: false,
      subscription_id: event.subscription,
      description: event.description,
      taxes: event.taxed ? this.#input.taxes : [],
    }
    if (event.instalments === 1) {
      const { unit_amount, quantity, on: bill_on } = event
      const id = this.#newId()
      this.charges.push({
        ...charge,
        id,
        kind: 'manual',
        unit_amount,
        quantity,
        bill_on,
        instalment: null,
        instalments: null,
      })
      return null
    }
    const { closing_day } = this.#input.rules
    const parts = spreadInstalments(
      event.unit_amount * event.quantity,
      event.instalments,
      event.on,
      closing_day,
    )
    for (const part of parts)
      this.charges.push({ ...charge, ...part, id: this.#newId(), kind: 'instalment', quantity: 1 })
    return null
  }

  #ofService(
    event: Exclude<SimulatedEvent, { kind: 'payment' | 'adjustment' | 'charge' }>,
    index: number,
  ): SimulationFault | null {
    const service = this.services.get(event.subscription)
    if (!service) return { fault: 'not_a_choice', path: `events.${index}.subscription` }
    const { timeline } = service
    if (timeline.status === 'cancelled') return { fault: 'service_ended', path: `events.${index}` }
    const parts = timeline.components.filter((one) => one.to_date === null)
    const slotOf = (code: string | null) => {
      const found = parts.find((one) =>
        code === null ? one.role === 'plan' : one.plan_option_id === code || one.plan_meter_id === code,
      )
      return found ?? null
    }
    const missing: SimulationFault = { fault: 'not_a_choice', path: `events.${index}.option` }
    switch (event.kind) {
      case 'usage':
        if (slotOf(event.option)?.role !== 'usage') return missing
        service.usage.push({
          meter: event.option,
          on: event.on,
          quantity: event.quantity,
          id: this.#newId(),
          billed: false,
        })
        return null
      case 'coupon':
        return this.#coupon(service, event)
      case 'transfer':
        return this.#transfer(service, event, index)
      default: {
        const change = changeOf(event, parts, slotOf, (option) =>
          this.#terms(option, option.cycle ?? slotOf(null)!, 'option', option.code),
        )
        if (change === null) return missing
        const suspended = timeline.status !== 'active'
        if (suspended ? event.kind === 'suspend' : event.kind === 'reactivate')
          return { fault: suspended ? 'service_suspended' : 'service_not_suspended', path: `events.${index}` }
        if (event.kind === 'cancel') this.#endCharges(service, event)
        this.#change(service, change, event.on)
        return null
      }
    }
  }

  #change(service: Service, change: TimelineChange, on: Temporal.PlainDate): void {
    service.timeline = applyChange(service.timeline, change, on, this.#newId)
    const charge = !['suspend', 'reactivate', 'cancel', 'transfer'].includes(change.kind)
    const settlement = planSettlement(this.#input.rules, this.#billable(service), service.billed, {
      today: on,
      reason: null,
      givenBack: service.timeline.suspensions
        .filter(({ credited }) => credited)
        .map(({ from_date, to_date }) => ({ from: from_date, to: to_date })),
      charge,
    })
    if (settlement.credit) this.#credit(service.account, service, settlement.credit)
    if (settlement.invoice) this.#issue(service.account, settlement.invoice)
  }

  /** A coupon lasts for so many billing periods of the plan: the one that its day lies in is the first (B11). */
  #coupon(service: Service, event: Extract<SimulatedEvent, { kind: 'coupon' }>): null {
    const { closing_day } = this.#input.rules
    const billable = this.#billable(service)
    const { cycle } = billable.components.find(({ role, to }) => role === 'plan' && to === null)!
    const first = compare(event.on, billable.billing_start) > 0 ? event.on : billable.billing_start
    const anchor = cycle.anchor
      ? toEpochDay(cycle.anchor)
      : anchorOf(cycle, toEpochDay(billable.billing_start), closing_day)
    const to = couponEnd(first, event.periods, { ...cycle, anchor }, closing_day)
    service.coupons.push({ id: this.#newId(), name: event.name, terms: event.discount, from: event.on, to })
    return null
  }

  /** The old account settles up to the day, the new one starts on it, on its own boundaries (billing.md 22). */
  #transfer(
    service: Service,
    event: Extract<SimulatedEvent, { kind: 'transfer' }>,
    index: number,
  ): SimulationFault | null {
    if (this.services.has(event.as)) return { fault: 'taken', path: `events.${index}.as` }
    const taken = service.timeline.components.filter(
      (one) => one.to_date === null && one.cycle_unit !== 'once',
    )
    this.#change(service, { kind: 'transfer', account_id: event.account }, event.on)
    this.services.set(event.as, {
      ...service,
      ref: event.as,
      account: event.account,
      coupons: [],
      usage: [],
      billed: [],
      timeline: {
        ...service.timeline,
        id: event.as,
        account_id: event.account,
        status: 'active',
        billing_start:
          compare(service.timeline.billing_start!, event.on) > 0 ? service.timeline.billing_start : event.on,
        end_date: null,
        suspensions: [],
        components: taken.map((one) => ({
          ...one,
          id: this.#newId(),
          anchor_date: null,
          from_date: null,
          to_date: null,
        })),
      },
    })
    return null
  }

  /** What is left of instalments is due at once, and so is a penalty (billing.md 23, 24). */
  #endCharges(service: Service, event: Extract<SimulatedEvent, { kind: 'cancel' }>): void {
    for (const charge of this.charges)
      if (charge.subscription_id === service.ref && !charge.billed && compare(charge.bill_on, event.on) > 0)
        charge.bill_on = event.on
    if (event.penalty === 0) return
    this.charges.push({
      id: this.#newId(),
      account: service.account,
      billed: false,
      subscription_id: service.ref,
      kind: 'penalty',
      description:
        service.timeline.components.find(({ role }) => role === 'plan')?.description ?? service.ref,
      unit_amount: event.penalty,
      quantity: 1,
      bill_on: event.on,
      instalment: null,
      instalments: null,
      taxes: [],
    })
  }

  result(): Simulation {
    const coverage = [...this.services.values()].flatMap((service) => {
      const described = new Map(service.timeline.components.map((one) => [one.id, one.description]))
      return service.billed.map(({ component_id, from, to }) => ({
        subscription: service.ref,
        component: component_id,
        description: described.get(component_id) ?? '',
        from,
        to,
      }))
    })
    coverage.sort(
      (left, right) =>
        left.subscription.localeCompare(right.subscription) ||
        left.component.localeCompare(right.component, undefined, { numeric: true }) ||
        compare(left.from, right.from),
    )
    return {
      documents: this.documents,
      accounts: [...this.accounts.values()],
      ledger: Object.fromEntries(this.ledger) as Simulation['ledger'],
      coverage,
      open: this.open
        .filter(({ open }) => open > 0)
        .map(({ number, account, open }) => ({ number, account, open })),
    }
  }
}

type Slotted = Exclude<
  SimulatedEvent,
  { kind: 'payment' | 'adjustment' | 'charge' | 'usage' | 'coupon' | 'transfer' }
>

/** An event as the change of a timeline; null where it names an option that is not there. */
function changeOf(
  event: Slotted,
  parts: Timeline['components'],
  slotOf: (code: string | null) => Timeline['components'][number] | null,
  optionTerms: (option: SimulatedOption) => ComponentTerms,
): TimelineChange | null {
  const plan = slotOf(null)!
  const options = parts.filter(({ role }) => role === 'option')
  switch (event.kind) {
    case 'plan': {
      const cycle = event.cycle ?? plan
      const { cycle_unit, cycle_count, cycle_alignment, anchor_date } = cycle
      const terms = { ...plan, ...event.plan, cycle_unit, cycle_count, cycle_alignment, anchor_date }
      const others = parts.filter((one) => one !== plan)
      return { kind: 'plan', plan_id: 'plan', components: [terms, ...others], free_days: event.free_days }
    }
    case 'quantity': {
      const slot = slotOf(event.option)
      return slot && { kind: 'quantity', slot, quantity: event.quantity }
    }
    case 'price': {
      const slot = slotOf(event.option)
      return slot && { kind: 'price', slot, price: event.price }
    }
    case 'discount':
      return { kind: 'discount', slot: plan, discount: event.discount }
    case 'cycle':
      return {
        kind: 'cycle',
        slot: plan,
        cycle: {
          ...event.cycle,
          // A period of its own begins with the change.
          anchor_date:
            event.cycle.anchor_date ?? (event.cycle.cycle_alignment === 'anniversary' ? event.on : null),
        },
        price: event.price,
      }
    case 'add_option':
      return slotOf(event.option.code)
        ? null
        : { kind: 'options', components: [...options, optionTerms(event.option)] }
    case 'remove_option':
      return slotOf(event.option)?.role === 'option'
        ? {
            kind: 'options',
            components: options.filter(({ plan_option_id }) => plan_option_id !== event.option),
          }
        : null
    case 'suspend':
      return {
        kind: 'suspend',
        administrative: false,
        for_debt: false,
        credited: event.give_back,
        reason: null,
      }
    case 'reactivate':
      return { kind: 'reactivate' }
    case 'cancel':
      return { kind: 'cancel', reason: null }
    case 'extend_trial':
      return { kind: 'extend_trial', days: event.days }
  }
}

/**
 * Replays services and events through the billing engine, and runs it on the days that are asked for: on each day first its
 * events in the order in which they are given, then its run. Answers every document, line, credit and balance that would come
 * about; nothing is written anywhere. What cannot be (an unknown service, an option twice, a state that does not allow it) is
 * a fault with its place in the input, as is an amount beyond the safe integers.
 */
export function simulate(input: SimulationInput): Simulation | SimulationFault {
  const world = new World(input)
  const steps = [
    ...input.events.map((event, index) => ({ on: event.on, event, index })),
    ...input.runs.map((on) => ({ on, event: null, index: 0 })),
  ].sort(
    (left, right) => compare(left.on, right.on) || Number(left.event === null) - Number(right.event === null),
  )
  for (const { on, event, index } of steps) {
    try {
      const fault = event ? world.event(event, index) : world.run(on)
      if (fault) return fault
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      return { fault: 'amount_too_large', path: event ? `events.${index}` : 'subscriptions' }
    }
  }
  return world.result()
}
