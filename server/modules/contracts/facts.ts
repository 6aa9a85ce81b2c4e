import { sql } from 'kysely'
import { formatDate, today } from '../../platform/calendar.ts'
import type {
  BillingMode,
  ContractPenalty,
  ContractRenewal,
  CycleUnit,
  PaymentMethod,
} from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, notFound, type Refusal } from '../../platform/errors.ts'
import { formatMoney, spread } from '../../platform/money.ts'
import { type Language, localeOf, type Translate, translator } from '../../platform/translations.ts'
import { getSubscription } from '../subscriptions/index.ts'
import { formulaVariables } from './formula.ts'

/**
 * What a template may ask for as `{{name}}`, by what it is of. Their meaning in people's words stands in
 * locales/<language>/contracts.json under `variable`.
 */
export const templateVariables = {
  account: [
    'account.name',
    'account.number',
    'account.tax_id',
    'account.email',
    'account.phone',
    'account.address',
    'account.city',
    'account.state',
    'account.postal_code',
    'account.country',
  ],
  service: [
    'service.plan',
    'service.product',
    'service.description',
    'service.options',
    'service.plan_price',
    'service.discount',
    'service.price',
    'service.total',
    'service.cycle',
    'service.payment_method',
    'service.due_day',
    'service.billing_mode',
    'service.start_date',
    'service.activation_date',
    'service.sale_date',
    'service.term',
    'service.valid_until',
    'service.renewal',
    'service.installation_fee',
    'service.instalments',
    'service.instalment_amount',
    'service.penalty',
    'service.salesperson',
  ],
  unit: [
    'unit.name',
    'unit.legal_name',
    'unit.tax_id',
    'unit.address',
    'unit.city',
    'unit.state',
    'unit.postal_code',
    'unit.email',
    'unit.phone',
    'unit.website',
  ],
  contract: ['contract.number', 'contract.revision', 'contract.date'],
} as const

type Named<T> = T extends readonly (infer N)[] ? N : never
export type TemplateVariable = Named<(typeof templateVariables)[keyof typeof templateVariables]>
export type Facts = Record<TemplateVariable, string | null>

export const variableNames: ReadonlySet<string> = new Set(Object.values(templateVariables).flat())

type Unit = {
  name: string
  legal_name: string
  tax_id: string | null
  address: string | null
  city: string | null
  state: string | null
  postal_code: string | null
  support_email: string | null
  support_phone: string | null
  website: string | null
  currency: string
  time_zone: string
}
type Account = {
  name: string
  number: number
  tax_id: string | null
  email: string | null
  phone: string | null
  address: string | null
  city: string | null
  state: string | null
  postal_code: string | null
  country: string | null
}
type Service = {
  contract_number: number
  revision: number
  plan: string
  product: string
  description: string | null
  options: { description: string; quantity: number }[]
  plan_value: number
  discount: number
  amount: number
  cycle: { unit: CycleUnit; count: number }
  payment_method: PaymentMethod
  due_day: number
  billing_mode: BillingMode
  start_date: Temporal.PlainDate
  activation_date: Temporal.PlainDate | null
  sale_date: Temporal.PlainDate | null
  term_months: number
  /** What the plan takes off while that lasts, in basis points. */
  term_discount: number | null
  valid_until: Temporal.PlainDate | null
  renewal: ContractRenewal
  renewal_months: number | null
  installation_fee: number
  instalments: number
  penalty: ContractPenalty
  penalty_amount: number | null
  penalty_formula: string | null
  salesperson: string | null
}

/** The minimum term, with what it takes off. */
function nameTerm({ term_months, term_discount }: Service, language: Language): string {
  const t = translator(language)
  if (term_months === 0) return t('contracts:words.no_term')
  const months = t('contracts:words.months', { count: term_months })
  if (term_discount === null) return months
  const percent = new Intl.NumberFormat(localeOf(language), { style: 'percent', maximumFractionDigits: 2 })
  return t('contracts:words.term_discount', { months, percent: percent.format(term_discount / 10_000) })
}

/** What is true of account, service and business unit, in the words of a language: the values of every variable. */
function describeFacts(
  facts: { unit: Unit; account: Account; service: Service; date: Temporal.PlainDate },
  language: Language,
): Facts {
  const { unit, account, service, date } = facts
  const t = translator(language)
  const money = (amount: number) => formatMoney(amount, unit.currency, language)
  const day = (value: Temporal.PlainDate | null) => value && formatDate(value, language)
  return {
    'account.name': account.name,
    'account.number': String(account.number),
    'account.tax_id': account.tax_id,
    'account.email': account.email,
    'account.phone': account.phone,
    'account.address': account.address,
    'account.city': account.city,
    'account.state': account.state,
    'account.postal_code': account.postal_code,
    'account.country': account.country && nameOfCountry(account.country, language),
    'service.plan': service.plan,
    'service.product': service.product,
    'service.description': service.description,
    'service.options':
      service.options.length === 0
        ? t('contracts:words.none')
        : service.options
            .map((one) => (one.quantity === 1 ? one.description : `${one.quantity} × ${one.description}`))
            .join('; '),
    'service.plan_price': money(service.plan_value),
    'service.discount': money(service.discount),
    'service.price': money(service.plan_value - service.discount),
    'service.total': money(service.amount),
    'service.cycle':
      service.cycle.unit === 'once'
        ? t('contracts:cycle.once')
        : t(`contracts:cycle.${service.cycle.unit}`, { count: service.cycle.count }),
    'service.payment_method': t(`office:words.payment_method.${service.payment_method}`),
    'service.due_day': String(service.due_day),
    'service.billing_mode': t(`contracts:billing_mode.${service.billing_mode}`),
    'service.start_date': day(service.start_date),
    'service.activation_date': day(service.activation_date),
    'service.sale_date': day(service.sale_date),
    'service.term': nameTerm(service, language),
    'service.valid_until':
      service.valid_until === null
        ? t('contracts:words.no_term')
        : day(service.valid_until.subtract({ days: 1 })),
    'service.renewal':
      service.renewal === 'automatic'
        ? t('contracts:renewal_words.automatic', { count: service.renewal_months ?? 0 })
        : t(`contracts:renewal_words.${service.renewal}`),
    'service.installation_fee': money(service.installation_fee),
    'service.instalments': String(service.instalments),
    // The largest: what does not go into equal parts is on the first ones.
    'service.instalment_amount': money(
      spread(
        service.installation_fee,
        Array.from({ length: service.instalments }, () => 1),
      )[0] ?? 0,
    ),
    'service.penalty':
      service.penalty === 'fixed'
        ? money(service.penalty_amount ?? 0)
        : service.penalty === 'formula'
          ? explainFormula(service.penalty_formula ?? '', t)
          : t('contracts:words.none'),
    'service.salesperson': service.salesperson,
    'unit.name': unit.name,
    'unit.legal_name': unit.legal_name,
    'unit.tax_id': unit.tax_id,
    'unit.address': unit.address,
    'unit.city': unit.city,
    'unit.state': unit.state,
    'unit.postal_code': unit.postal_code,
    'unit.email': unit.support_email,
    'unit.phone': unit.support_phone,
    'unit.website': unit.website,
    'contract.number': String(service.contract_number),
    'contract.revision': String(service.revision),
    'contract.date': day(date),
  }
}

/** A formula on one line, and below what its words mean: `price * months_left (price: what the plan costs …)`. */
function explainFormula(formula: string, t: Translate): string {
  const line = formula
    .replaceAll(/\/\/.*$/gm, '')
    .replaceAll(/\s+/g, ' ')
    .trim()
  const meanings = formulaVariables
    .filter((name) => new RegExp(`\\b${name}\\b`).test(line))
    .map((name) => `${name}: ${t(`contracts:formula_variable.${name}`)}`)
  return meanings.length === 0 ? line : `${line} (${meanings.join('; ')})`
}

function nameOfCountry(code: string, language: Language): string {
  return new Intl.DisplayNames(language, { type: 'region' }).of(code) ?? code
}

/** The columns of a business unit that a contract is made of. */
export async function findUnit(tx: Tx, unitId: string) {
  return tx
    .selectFrom('business_units')
    .select([
      'id',
      'name',
      'legal_name',
      'tax_id',
      'address',
      'city',
      'state',
      'postal_code',
      'support_email',
      'support_phone',
      'website',
      'currency',
      'time_zone',
      'closing_day',
      'language',
      'accent',
      'logo_file_id',
    ])
    .where('id', '=', unitId)
    .executeTakeFirst()
}

/**
 * Everything that a contract of a service says, in a language, as of now; `revision` is the one that would be issued.
 * Refuses: not_found.
 */
export async function loadFacts(
  tx: Tx,
  subscriptionId: string,
  language: Language,
  now: Temporal.Instant,
): Promise<{ facts: Facts; revision: number; unit_id: string } | Refusal> {
  const subscription = await getSubscription(tx, subscriptionId)
  if (isRefusal(subscription)) return subscription
  const [unit, account, agreed, plan, reduced, last] = await Promise.all([
    findUnit(tx, subscription.business_unit_id),
    tx
      .selectFrom('accounts')
      .select([
        'name',
        'number',
        'tax_id',
        'email',
        'phone',
        'address',
        'city',
        'state',
        'postal_code',
        'country',
      ])
      .where('id', '=', subscription.account_id)
      .executeTakeFirst(),
    tx
      .selectFrom('service_contracts')
      .selectAll()
      .where('subscription_id', '=', subscriptionId)
      .executeTakeFirst(),
    findPlanCycle(tx, subscriptionId, subscription.plan_id),
    tx
      .selectFrom('subscription_coupons')
      .select('discount_basis_points')
      .where('subscription_id', '=', subscriptionId)
      .where('term_months', 'is not', null)
      .whereRef('to_date', '>', 'from_date')
      .orderBy('to_date', 'desc')
      .executeTakeFirst(),
    sql<{
      last: number
    }>`select coalesce(max(revision), 0)::int as last from contract_documents where subscription_id = ${subscriptionId}`.execute(
      tx,
    ),
  ])
  if (!unit || !account) return notFound()
  const revision = last.rows[0]!.last + 1
  const term = subscription.term_months
  const facts = describeFacts(
    {
      unit,
      account,
      date: today(now, unit.time_zone),
      service: {
        contract_number: subscription.contract_number,
        revision,
        plan: subscription.plan_name,
        product: subscription.product_name,
        description: plan.description,
        options: subscription.components
          .filter((one) => one.role === 'option' && one.to_date === null)
          .map(({ description, quantity }) => ({ description, quantity })),
        plan_value: subscription.plan_value,
        discount: subscription.discount,
        amount: subscription.amount,
        cycle: plan.cycle,
        payment_method: subscription.payment_method,
        due_day: subscription.due_day,
        billing_mode: subscription.billing_mode,
        start_date: subscription.start_date,
        activation_date: subscription.activation_date,
        sale_date: subscription.sale_date,
        term_months: term,
        term_discount: reduced?.discount_basis_points ?? null,
        valid_until:
          agreed?.renewed_until ??
          (term === 0
            ? null
            : (subscription.activation_date ?? subscription.start_date).add({ months: term })),
        renewal: agreed?.renewal ?? 'none',
        renewal_months: agreed?.renewal_months ?? null,
        installation_fee: agreed?.installation_fee ?? 0,
        instalments: agreed?.instalments ?? 1,
        penalty: agreed?.penalty ?? 'none',
        penalty_amount: agreed?.penalty_amount ?? null,
        penalty_formula: agreed?.penalty_formula ?? null,
        salesperson: subscription.salesperson_name,
      },
    },
    language,
  )
  return { facts, revision, unit_id: unit.id }
}

/** How often the plan of a service is charged now, and what the catalogue says of it. */
export async function findPlanCycle(tx: Tx, subscriptionId: string, planId: string) {
  const found = await sql<{
    description: string | null
    cycle_unit: CycleUnit | null
    cycle_count: number | null
  }>`
    select p.description, c.cycle_unit, c.cycle_count
      from plans p
      left join lateral (select cycle_unit, cycle_count from subscription_components
                          where subscription_id = ${subscriptionId} and role = 'plan' and to_date is null limit 1) c on true
     where p.id = ${planId}`.execute(tx)
  const row = found.rows[0]
  return {
    description: row?.description ?? null,
    cycle: { unit: row?.cycle_unit ?? ('month' as CycleUnit), count: row?.cycle_count ?? 1 },
  }
}

/** The values of a made-up service, for looking at a template that nobody has yet. */
export function sampleFacts(unit: Unit, language: Language, date: Temporal.PlainDate): Facts {
  const t = translator(language)
  const sample = (key: string) => t(`contracts:sample.${key}`)
  return describeFacts(
    {
      unit,
      date,
      account: {
        name: sample('name'),
        number: 1042,
        tax_id: sample('tax_id'),
        email: 'maria@example.com',
        phone: sample('phone'),
        address: sample('address'),
        city: sample('city'),
        state: sample('state'),
        postal_code: sample('postal_code'),
        country: sample('country'),
      },
      service: {
        contract_number: 20317,
        revision: 1,
        plan: sample('plan'),
        product: sample('product'),
        description: sample('description'),
        options: [{ description: sample('option'), quantity: 1 }],
        plan_value: 9990,
        discount: 1000,
        amount: 10490,
        cycle: { unit: 'month', count: 1 },
        payment_method: 'bank_transfer',
        due_day: 10,
        billing_mode: 'advance',
        start_date: date,
        activation_date: date,
        sale_date: date.subtract({ days: 3 }),
        term_months: 12,
        term_discount: null,
        valid_until: date.add({ months: 12 }),
        renewal: 'automatic',
        renewal_months: 12,
        installation_fee: 30000,
        instalments: 3,
        penalty: 'fixed',
        penalty_amount: 30000,
        penalty_formula: null,
        salesperson: sample('salesperson'),
      },
    },
    language,
  )
}
