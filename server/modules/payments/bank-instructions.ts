// What a bank is told of a charge that it may have already: take it back, take less, wait longer, have it protested; and what the bank
// answers. What was not sent yet is changed where it stands; of what was, the next remittance tells.
import { sql } from 'kysely'
import { today } from '../../platform/calendar.ts'
import type { Config } from '../../platform/config.ts'
import type { BankChargeState, BankInstructionKind, BankLineEffect } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, notFound, type Refusal, refuse, refuseField } from '../../platform/errors.ts'
import { multiply } from '../../platform/money.ts'
import { lockAccounts } from '../billing/index.ts'
import { isOpen, readBankStanding } from './bank-charges.ts'
import type { BankFileFormats } from './bank-file-format.ts'
import type { Standing } from './providers.ts'
import { applyStanding } from './standing.ts'

/** A boleto is put off by so many days at most. */
const mostDays = 730

/** Instructions of the same thing: the later one counts. */
const families = {
  abatement: ['abate', 'cancel_abatement'],
  due_date: ['change_due_date'],
  protest: ['protest', 'stop_protest'],
} as const satisfies Record<string, readonly BankInstructionKind[]>

type Waiting = {
  kind: BankInstructionKind
  previous_abatement: number | null
  previous_due_date: Temporal.PlainDate | null
}

/** Takes back what waits to be told of a charge, the first first: the bank never hears of it. */
async function recallWaiting(
  tx: Tx,
  chargeId: string,
  kinds: readonly BankInstructionKind[],
): Promise<Waiting[]> {
  const rows = await tx
    .deleteFrom('bank_instructions')
    .where('charge_id', '=', chargeId)
    .where('bank_file_id', 'is', null)
    .where('kind', 'in', [...kinds])
    .returning(['id', 'kind', 'previous_abatement', 'previous_due_date'])
    .execute()
  return rows.toSorted((a, b) => (a.id < b.id ? -1 : 1))
}

/** Takes back everything that waits to be told of a charge. */
export async function recallInstructions(tx: Tx, chargeId: string): Promise<void> {
  await recallWaiting(tx, chargeId, [...Object.values(families).flat(), 'withdraw'])
}

/**
 * Takes a charge back. What was not sent is over at once; of what was, the next remittance tells the bank. A debit that was
 * sent stays pending until the bank says what it did.
 */
export async function withdrawBankCharge(tx: Tx, key: string, now: Temporal.Instant): Promise<Standing> {
  const charge = await tx
    .selectFrom('bank_charges')
    .select(['id', 'state', 'provider_id', 'withdrawn_at', 'protested_at'])
    .where('intent_id', '=', key)
    .forUpdate()
    .executeTakeFirst()
  if (charge && charge.withdrawn_at === null && isOpen(charge.state)) {
    const [unsent] = await recallWaiting(tx, charge.id, ['enter'])
    const recalled = await recallWaiting(tx, charge.id, Object.values(families).flat())
    const [protest] = recalled.filter(({ kind }) => kind === 'protest' || kind === 'stop_protest')
    await tx
      .updateTable('bank_charges')
      .set({
        withdrawn_at: now,
        ...(protest ? { protested_at: protest.kind === 'protest' ? null : now } : {}),
        ...(unsent ? { state: 'written_off' as const, ended_at: now } : {}),
      })
      .where('id', '=', charge.id)
      .execute()
    if (!unsent)
      await tx
        .insertInto('bank_instructions')
        .values({ charge_id: charge.id, kind: 'withdraw', provider_id: charge.provider_id })
        .execute()
  }
  return readBankStanding(tx, key)
}

// What staff say -----------------------------------------------------------------------------------------------------

type Boleto = {
  id: string
  intent_id: string
  account_id: string
  business_unit_id: string
  provider_id: string
  our_number: string
  amount: number
  due_date: Temporal.PlainDate
  discount_rate: number
  abatement: number
  protested_at: Temporal.Instant | null
  time_zone: string
  /** Whether the bank knows nothing of it yet. */
  unsent: boolean
}

/** A boleto that can still be paid, locked with its account. Refuses: not_found, boleto_not_open. */
async function lockBoleto(tx: Tx, id: string): Promise<Boleto | Refusal> {
  const owner = await tx
    .selectFrom('bank_charges')
    .select('account_id')
    .where('id', '=', id)
    .executeTakeFirst()
  if (!owner) return notFound()
  await lockAccounts(tx, [owner.account_id])
  const { kind, state, withdrawn_at, ...boleto } = await tx
    .selectFrom('bank_charges')
    .innerJoin('business_units', 'business_units.id', 'bank_charges.business_unit_id')
    .select([
      'bank_charges.id',
      'bank_charges.intent_id',
      'bank_charges.account_id',
      'bank_charges.business_unit_id',
      'bank_charges.provider_id',
      'bank_charges.kind',
      'bank_charges.state',
      'bank_charges.withdrawn_at',
      'bank_charges.our_number',
      'bank_charges.amount',
      'bank_charges.due_date',
      'bank_charges.discount_rate',
      'bank_charges.abatement',
      'bank_charges.protested_at',
      'business_units.time_zone',
      sql<boolean>`exists (select from bank_instructions i
        where i.charge_id = bank_charges.id and i.kind = 'enter' and i.bank_file_id is null)`.as('unsent'),
    ])
    .where('bank_charges.id', '=', id)
    .forUpdate('bank_charges')
    .executeTakeFirstOrThrow()
  return kind === 'boleto' && isOpen(state) && withdrawn_at === null
    ? boleto
    : refuse('boleto_not_open', { params: { state } })
}

/** Notes in the audit log what of a boleto was changed: charges are too many to note each that a job makes. */
async function noteChange(tx: Tx, boleto: Boleto, before: object, after: object): Promise<void> {
  await sql`select write_audit('changed', 'bank_charges', ${boleto.id}, ${boleto.account_id}::uuid,
    ${boleto.business_unit_id}::uuid, ${JSON.stringify(before)}::jsonb, ${JSON.stringify(after)}::jsonb)`.execute(
    tx,
  )
}

/**
 * Lets a boleto be paid until another day without being late; its bar code is of that day. The invoice's own due date stays. Refuses:
 * not_found, boleto_not_open, invalid_input.
 */
export async function changeDueDate(
  tx: Tx,
  services: { formats: BankFileFormats; config: Config },
  id: string,
  due_date: Temporal.PlainDate,
  actorId: string,
  now: Temporal.Instant,
): Promise<Refusal | undefined> {
  const boleto = await lockBoleto(tx, id)
  if (isRefusal(boleto)) return boleto
  const day = today(now, boleto.time_zone)
  if (Temporal.PlainDate.compare(due_date, day) < 0) return refuseField('due_date', 'passed_already')
  if (Temporal.PlainDate.compare(due_date, day.add({ days: mostDays })) > 0)
    return refuseField('due_date', 'too_far_ahead', { days: mostDays })
  if (due_date.equals(boleto.due_date)) return undefined
  await setDueDate(tx, services.formats, boleto, due_date)
  if (!boleto.unsent) {
    const [waited] = await recallWaiting(tx, id, families.due_date)
    const previous = waited?.previous_due_date ?? boleto.due_date
    if (!previous.equals(due_date))
      await tx
        .insertInto('bank_instructions')
        .values({
          charge_id: id,
          kind: 'change_due_date',
          provider_id: boleto.provider_id,
          due_date,
          previous_due_date: previous,
          asked_by: actorId,
        })
        .execute()
  }
  await noteChange(tx, boleto, { due_date: boleto.due_date }, { due_date })
  // What the payer is shown.
  await applyStanding(
    tx,
    services.config,
    boleto.intent_id,
    await readBankStanding(tx, boleto.intent_id),
    now,
    false,
  )
  return undefined
}

async function setDueDate(
  tx: Tx,
  formats: BankFileFormats,
  boleto: Pick<Boleto, 'id' | 'provider_id' | 'our_number' | 'amount'>,
  due_date: Temporal.PlainDate,
): Promise<void> {
  const provider = await tx
    .selectFrom('payment_providers')
    .select(['driver', 'settings'])
    .where('id', '=', boleto.provider_id)
    .executeTakeFirstOrThrow()
  const codes = formats
    .get(provider.driver)
    ?.composeAnew(provider.settings, { our_number: boleto.our_number, amount: boleto.amount, due_date })
  if (!codes) throw new Error(`the boletos of ${provider.driver} cannot be composed`)
  await tx
    .updateTable('bank_charges')
    .set({ due_date, ...codes })
    .where('id', '=', boleto.id)
    .execute()
}

/**
 * Has the bank take less than a boleto asks for; 0 takes that back. What was abated becomes the invoice's when the boleto is paid, not
 * before. Minor units. Refuses: not_found, boleto_not_open, invalid_input.
 */
export async function abateBoleto(
  tx: Tx,
  id: string,
  abatement: number,
  actorId: string,
): Promise<Refusal | undefined> {
  const boleto = await lockBoleto(tx, id)
  if (isRefusal(boleto)) return boleto
  // Something has to be left to pay, with the discount, too.
  if (abatement + multiply(boleto.amount, boleto.discount_rate, 10_000) >= boleto.amount)
    return refuseField('amount', 'amount_too_large')
  if (abatement === boleto.abatement) return undefined
  await tx.updateTable('bank_charges').set({ abatement }).where('id', '=', id).execute()
  if (!boleto.unsent) {
    const [waited] = await recallWaiting(tx, id, families.abatement)
    const previous = waited?.previous_abatement ?? boleto.abatement
    if (previous !== abatement)
      await tx
        .insertInto('bank_instructions')
        .values({
          charge_id: id,
          kind: abatement === 0 ? 'cancel_abatement' : 'abate',
          provider_id: boleto.provider_id,
          abatement,
          previous_abatement: previous,
          asked_by: actorId,
        })
        .execute()
  }
  await noteChange(tx, boleto, { abatement: boleto.abatement }, { abatement })
  return undefined
}

/**
 * Has the bank protest a boleto that is overdue, or stop that. Refuses: not_found, boleto_not_open, boleto_not_sent, boleto_not_due,
 * boleto_not_protested.
 */
export async function protestBoleto(
  tx: Tx,
  id: string,
  wanted: boolean,
  actorId: string,
  now: Temporal.Instant,
): Promise<Refusal | undefined> {
  const boleto = await lockBoleto(tx, id)
  if (isRefusal(boleto)) return boleto
  if (boleto.unsent) return refuse('boleto_not_sent')
  if (wanted && Temporal.PlainDate.compare(today(now, boleto.time_zone), boleto.due_date) <= 0)
    return refuse('boleto_not_due', { params: { due_date: String(boleto.due_date) } })
  const before = boleto.protested_at !== null
  if (!wanted && !before) return refuse('boleto_not_protested')
  if (wanted === before) return undefined
  await tx
    .updateTable('bank_charges')
    .set({ protested_at: wanted ? now : null })
    .where('id', '=', id)
    .execute()
  // Where the opposite still waits, the bank is as it was to be.
  const recalled = await recallWaiting(tx, id, families.protest)
  if (recalled.length === 0)
    await tx
      .insertInto('bank_instructions')
      .values({
        charge_id: id,
        kind: wanted ? 'protest' : 'stop_protest',
        provider_id: boleto.provider_id,
        asked_by: actorId,
      })
      .execute()
  await noteChange(tx, boleto, { protest: before }, { protest: wanted })
  return undefined
}

// What the bank answers ----------------------------------------------------------------------------------------------

type Answered = { id: string; state: BankChargeState }
type Answer = {
  effect: BankLineEffect
  instruction: BankInstructionKind | null
  occurrences: readonly string[]
}

/**
 * Notes what a bank says of what it was told: the first of the kind that has no answer yet. A refusal does not say of which: it is of
 * the only one that waits for an answer, else of none. What was refused is as before again. Returns whether the payer is to be shown
 * something else.
 */
export async function answerInstruction(
  tx: Tx,
  formats: BankFileFormats,
  charge: Answered,
  answer: Answer,
  now: Temporal.Instant,
): Promise<boolean> {
  if (answer.effect === 'protest_begun' || answer.instruction === 'protest')
    await setProtested(tx, charge.id, now)
  if (answer.effect === 'protest_ended' || answer.instruction === 'stop_protest')
    await setProtested(tx, charge.id, null)
  const refused = answer.effect === 'instruction_refused' || answer.effect === 'rejected'
  if (answer.instruction === null && !refused) return false
  let query = tx
    .selectFrom('bank_instructions')
    .select(['id', 'kind', 'previous_abatement', 'previous_due_date'])
    .where('charge_id', '=', charge.id)
    .where('bank_file_id', 'is not', null)
    .where('answered_at', 'is', null)
    .orderBy('id')
    .limit(2)
  query =
    answer.instruction === null
      ? query.where('kind', '<>', 'enter')
      : query.where('kind', '=', answer.instruction)
  const open = await query.execute()
  const [first] = open
  if (!first || (answer.instruction === null && open.length > 1)) return false
  await tx
    .updateTable('bank_instructions')
    .set({ answered_at: now, refused, ...(refused ? { reasons: [...answer.occurrences] } : {}) })
    .where('id', '=', first.id)
    .execute()
  return refused && isOpen(charge.state) ? undo(tx, formats, charge.id, first, now) : false
}

async function setProtested(tx: Tx, id: string, at: Temporal.Instant | null): Promise<void> {
  let query = tx.updateTable('bank_charges').set({ protested_at: at }).where('id', '=', id)
  if (at !== null) query = query.where('protested_at', 'is', null)
  await query.execute()
}

/** Brings back what was before something that the bank refused, unless something newer was said of the same. */
async function undo(
  tx: Tx,
  formats: BankFileFormats,
  chargeId: string,
  refused: Waiting & { id: string },
  now: Temporal.Instant,
): Promise<boolean> {
  const family = Object.values(families).find((kinds) =>
    (kinds as readonly BankInstructionKind[]).includes(refused.kind),
  )
  if (!family) return false
  const newer = await tx
    .selectFrom('bank_instructions')
    .select('id')
    .where('charge_id', '=', chargeId)
    .where('kind', 'in', [...family])
    .where('id', '>', refused.id)
    .executeTakeFirst()
  if (newer) return false
  if (refused.previous_abatement !== null)
    await tx
      .updateTable('bank_charges')
      .set({ abatement: refused.previous_abatement })
      .where('id', '=', chargeId)
      .execute()
  if (refused.kind === 'protest') await setProtested(tx, chargeId, null)
  if (refused.kind === 'stop_protest') await setProtested(tx, chargeId, now)
  if (refused.previous_due_date === null) return false
  const boleto = await tx
    .selectFrom('bank_charges')
    .select(['id', 'provider_id', 'our_number', 'amount'])
    .where('id', '=', chargeId)
    .executeTakeFirstOrThrow()
  await setDueDate(tx, formats, boleto, refused.previous_due_date)
  return true
}
