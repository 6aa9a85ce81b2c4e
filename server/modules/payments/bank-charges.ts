// What banks charge by file: boletos, and debits of customers' accounts. A driver composes them; here are their numbers, what
// the bank was told of them, and what its returns made of them.
import { sql } from 'kysely'
import type { BankChargeKind, BankChargeState, PaymentFailure } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { notFound } from '../../platform/errors.ts'
import { type ListRequest, readPage } from '../../platform/pages.ts'
import { matchAccounts } from '../../platform/word-filter.ts'
import { readAdjustment } from './bank-differences.ts'
import type { PayerAction, ReceivedMoney, Standing } from './providers.ts'

/** What a printed boleto says of the bank. Names and numbers of the operator's own account alone. */
export type PrintedBoleto = {
  bank_code: string
  bank_name: string
  creditor: string
  legal_name: string
  tax_id: string
  our_number: string
  wallet: string
  species: string
  instructions: string
}

export type ComposedCharge = {
  our_number: string
  boleto: { typeable_line: string; bar_code: string; printed: PrintedBoleto } | null
}

export type BankChargeInput = {
  provider_id: string
  /** The intent's id. */
  key: string
  kind: BankChargeKind
  amount: number
  currency: string
  issued_on: Temporal.PlainDate
  due_date: Temporal.PlainDate
  stored_method_id: string | null
  fine_rate: number
  interest_rate: number
  discount_rate: number
  discount_until: Temporal.PlainDate | null
  protest_days: number
  /** The number that the provider's charges begin with. */
  first_number: number
}

/** Takes the next number of a provider, in the transaction that uses it: none is missing, none comes twice. */
async function takeNumber(
  tx: Tx,
  providerId: string,
  column: 'last_charge' | 'last_remittance',
  first: number,
): Promise<number> {
  const taken = await sql<{ number: number }>`
    insert into bank_sequences as s (provider_id, ${sql.ref(column)}) values (${providerId}, ${first})
    on conflict (provider_id) do update
      set ${sql.ref(column)} = greatest(s.${sql.ref(column)} + 1, ${first})
    returning ${sql.ref(column)} as number`.execute(tx)
  return taken.rows[0]!.number
}

/** The next number of a remittance (NSA). */
export function takeRemittanceNumber(tx: Tx, providerId: string, first: number): Promise<number> {
  return takeNumber(tx, providerId, 'last_remittance', first)
}

/**
 * Writes a charge for an intent, once: the same key is the same charge. It waits for the next remittance. `compose` makes of
 * its number what the bank's rules make of it.
 */
export async function registerBankCharge(
  tx: Tx,
  input: BankChargeInput,
  compose: (number: number) => ComposedCharge,
): Promise<Standing> {
  const intent = await tx
    .selectFrom('payment_intents')
    .select(['account_id', 'business_unit_id', 'provider_id'])
    .where('id', '=', input.key)
    .forUpdate()
    .executeTakeFirstOrThrow()
  const known = await readBankStanding(tx, input.key)
  if (known.state !== 'absent') return known
  const number = await takeNumber(tx, intent.provider_id, 'last_charge', input.first_number)
  const { our_number, boleto } = compose(number)
  const { id } = await tx
    .insertInto('bank_charges')
    .values({
      business_unit_id: intent.business_unit_id,
      account_id: intent.account_id,
      provider_id: intent.provider_id,
      intent_id: input.key,
      kind: input.kind,
      number,
      our_number,
      amount: input.amount,
      currency: input.currency,
      issued_on: input.issued_on,
      due_date: input.due_date,
      stored_method_id: input.stored_method_id,
      typeable_line: boleto?.typeable_line ?? null,
      bar_code: boleto?.bar_code ?? null,
      printed: boleto === null ? null : JSON.stringify(boleto.printed),
      fine_rate: input.fine_rate,
      interest_rate: input.interest_rate,
      discount_rate: input.discount_rate,
      discount_until: input.discount_until,
      protest_days: input.protest_days,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  await tx
    .insertInto('bank_instructions')
    .values({ charge_id: id, kind: 'enter', provider_id: intent.provider_id })
    .execute()
  return readBankStanding(tx, input.key)
}

export type BankCharge = {
  id: string
  intent_id: string
  kind: BankChargeKind
  our_number: string
  due_date: Temporal.PlainDate
  typeable_line: string | null
  bar_code: string | null
  state: BankChargeState
  failure: PaymentFailure | null
  failure_codes: string[]
  withdrawn_at: Temporal.Instant | null
  amount: number
  fine_rate: number
  abatement: number
}

const chargeColumns = [
  'id',
  'intent_id',
  'kind',
  'our_number',
  'due_date',
  'typeable_line',
  'bar_code',
  'state',
  'failure',
  'failure_codes',
  'withdrawn_at',
  'amount',
  'fine_rate',
  'abatement',
] as const

/** What is known of an intent's charge, from what returns said: `absent` where there is none. */
export async function readBankStanding(tx: Tx, key: string): Promise<Standing> {
  const charge = await tx
    .selectFrom('bank_charges')
    .select(chargeColumns)
    .where('intent_id', '=', key)
    .executeTakeFirst()
  if (!charge) return { state: 'absent', ref: null, received: [], reversed: [] }
  return standingOf(charge, await readReceived(tx, charge))
}

/**
 * What came in for a charge: each event of a return that was applied, once. Of the first it is said why it is not what was asked for;
 * what comes again is credit as a whole.
 */
async function readReceived(tx: Tx, charge: BankCharge): Promise<ReceivedMoney[]> {
  const rows = await tx
    .selectFrom('bank_file_lines')
    .innerJoin('bank_files', 'bank_files.id', 'bank_file_lines.bank_file_id')
    .innerJoin('business_units', 'business_units.id', 'bank_file_lines.business_unit_id')
    .select([
      'bank_file_lines.entry_key',
      'bank_file_lines.paid_amount',
      'bank_file_lines.late_amount',
      'bank_file_lines.discount_amount',
      'bank_file_lines.abatement_amount',
      'bank_file_lines.occurred_on',
      'bank_file_lines.credited_on',
      'bank_file_lines.applied_at',
      'business_units.time_zone',
    ])
    .where('bank_file_lines.charge_id', '=', charge.id)
    .where('bank_file_lines.effect', '=', 'received')
    .where('bank_file_lines.applied_at', 'is not', null)
    .orderBy('bank_file_lines.applied_at')
    .orderBy('bank_file_lines.line')
    .execute()
  return rows.map((row, i) => {
    const day = row.occurred_on ?? row.credited_on
    const adjusted = i === 0 && charge.kind === 'boleto' ? readAdjustment(charge, row) : null
    return {
      ref: row.entry_key,
      amount: row.paid_amount,
      at:
        day === null
          ? row.applied_at!
          : day.toZonedDateTime({ timeZone: row.time_zone, plainTime: '12:00' }).toInstant(),
      ...(adjusted === null ? {} : { adjusted }),
    }
  })
}

function standingOf(charge: BankCharge, received: ReceivedMoney[]): Standing {
  const known = { ref: charge.our_number, received, reversed: [] }
  if (received.length > 0) return { state: 'succeeded', ...known }
  if (charge.state === 'rejected')
    return {
      state: 'failed',
      ...known,
      failure: { reason: charge.failure ?? 'declined', detail: charge.failure_codes.join(' ') || null },
    }
  if (charge.state === 'written_off') return { state: 'cancelled', ...known }
  if (charge.kind === 'debit') return { state: 'pending', ...known }
  // The bank will be told; what a payer pays until then is booked all the same.
  if (charge.withdrawn_at !== null) return { state: 'cancelled', ...known }
  const action: PayerAction = {
    kind: 'boleto',
    typeable_line: charge.typeable_line ?? '',
    bar_code: charge.bar_code ?? '',
    due_date: String(charge.due_date),
    pix_text: null,
  }
  return { state: 'action_needed', ...known, action }
}

/** Whether it can still be paid, as far as the bank has said. */
export const isOpen = (state: BankChargeState) =>
  state === 'registered' || state === 'sent' || state === 'confirmed'

export type BankChargeFilter = {
  q?: string | undefined
  provider_id?: string | undefined
  business_unit_id?: string | undefined
  account_id?: string | undefined
  state?: BankChargeState | undefined
}

function selectCharges(tx: Tx) {
  return tx
    .selectFrom('bank_charges')
    .innerJoin('accounts', 'accounts.id', 'bank_charges.account_id')
    .innerJoin('payment_providers', 'payment_providers.id', 'bank_charges.provider_id')
    .select((eb) => [
      'bank_charges.id',
      'bank_charges.business_unit_id',
      'bank_charges.provider_id',
      'payment_providers.name as provider_name',
      'bank_charges.account_id',
      'accounts.name as account_name',
      'accounts.number as account_number',
      'bank_charges.intent_id',
      'bank_charges.kind',
      'bank_charges.our_number',
      'bank_charges.amount',
      'bank_charges.currency',
      'bank_charges.issued_on',
      'bank_charges.due_date',
      'bank_charges.typeable_line',
      'bank_charges.state',
      'bank_charges.failure',
      'bank_charges.failure_codes',
      'bank_charges.withdrawn_at',
      'bank_charges.created_at',
      'bank_charges.ended_at',
      sql<
        string[]
      >`(select coalesce(json_agg(i.series || '-' || i.number order by i.due_date, i.number), '[]')
        from payment_intent_invoices ii join invoices i on i.id = ii.invoice_id
       where ii.intent_id = ${eb.ref('bank_charges.intent_id')})`.as('invoices'),
    ])
}

/** A page of charges, the latest first. `q` finds by account name, or by the nosso número. */
export async function listBankCharges(tx: Tx, request: ListRequest & BankChargeFilter) {
  let query = selectCharges(tx)
  for (const column of ['provider_id', 'business_unit_id', 'account_id'] as const) {
    const wanted = request[column]
    if (wanted) query = query.where(`bank_charges.${column}`, '=', wanted)
  }
  // Written out, not as a parameter: the indexes of the rarer states serve only who names them.
  if (request.state) query = query.where(sql<boolean>`bank_charges.state = ${sql.lit(request.state)}`)
  if (request.q) {
    const digits = request.q.replaceAll(/[\s.-]/g, '')
    const byAccount = await matchAccounts(tx, request.q, 'bank_charges.account_id', false)
    query = query.where(
      /^\d{4,20}$/.test(digits)
        ? sql<boolean>`(${byAccount} or bank_charges.our_number like ${`%${digits}`})`
        : byAccount,
    )
  }
  const tie = { by: sql`bank_charges.id`, value: (row: { id: string }) => row.id, type: 'uuid' }
  return readPage(
    query,
    request,
    {
      created_at: tie,
      due_date: { by: sql`bank_charges.due_date`, value: (row) => row.due_date, type: 'date' },
      amount: { by: sql`bank_charges.amount`, value: (row) => row.amount, type: 'bigint' },
      account_name: { by: sql`accounts.name`, value: (row) => row.account_name, type: 'text' },
    },
    tie,
  )
}

/** One charge: its terms, what the bank was told of it, and what its returns said. Refuses: not_found. */
export async function getBankCharge(tx: Tx, id: string) {
  const charge = await selectCharges(tx)
    .innerJoin('business_units', 'business_units.id', 'bank_charges.business_unit_id')
    .select([
      'business_units.name as business_unit_name',
      'bank_charges.bar_code',
      'bank_charges.fine_rate',
      'bank_charges.interest_rate',
      'bank_charges.discount_rate',
      'bank_charges.discount_until',
      'bank_charges.abatement',
      'bank_charges.protest_days',
      'bank_charges.protested_at',
      'bank_charges.sent_at',
      'bank_charges.confirmed_at',
    ])
    .where('bank_charges.id', '=', id)
    .executeTakeFirst()
  if (!charge) return notFound()
  const [instructions, events] = await Promise.all([
    tx
      .selectFrom('bank_instructions')
      .leftJoin('bank_files', 'bank_files.id', 'bank_instructions.bank_file_id')
      .leftJoin('users', 'users.id', 'bank_instructions.asked_by')
      .select([
        'bank_instructions.id',
        'bank_instructions.kind',
        'bank_instructions.abatement',
        'bank_instructions.due_date',
        'bank_instructions.asked_by',
        'users.name as asked_by_name',
        'bank_instructions.created_at',
        'bank_instructions.bank_file_id',
        'bank_files.name as bank_file_name',
        'bank_files.ready_at as sent_at',
        'bank_instructions.answered_at',
        'bank_instructions.refused',
        'bank_instructions.reasons',
      ])
      .where('bank_instructions.charge_id', '=', id)
      .orderBy('bank_instructions.id')
      .limit(historyAtMost)
      .execute(),
    tx
      .selectFrom('bank_file_lines')
      .innerJoin('bank_files', 'bank_files.id', 'bank_file_lines.bank_file_id')
      .select([
        'bank_file_lines.bank_file_id',
        'bank_files.name as bank_file_name',
        'bank_file_lines.line',
        'bank_file_lines.movement',
        'bank_file_lines.occurrences',
        'bank_file_lines.effect',
        'bank_file_lines.paid_amount',
        'bank_file_lines.late_amount',
        'bank_file_lines.discount_amount',
        'bank_file_lines.abatement_amount',
        'bank_file_lines.fee_amount',
        'bank_file_lines.credited_amount',
        'bank_file_lines.occurred_on',
        'bank_file_lines.credited_on',
        'bank_file_lines.applied_at',
      ])
      .where('bank_file_lines.charge_id', '=', id)
      .where('bank_file_lines.applied_at', 'is not', null)
      .orderBy('bank_file_lines.applied_at')
      .orderBy('bank_file_lines.line')
      .limit(historyAtMost)
      .execute(),
  ])
  return { ...charge, instructions, events }
}

/** A charge has few of these by nature. */
const historyAtMost = 200
