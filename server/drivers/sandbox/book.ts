// The sandbox's own book: what it was asked, what it took, what it gave back. Whoever changes a charge holds its row.
import { type Selectable, sql } from 'kysely'
import type {
  ChargeRequest,
  ReceivedMoney,
  RefundRequest,
  RefundStanding,
  ReversedMoney,
  SetupRequest,
  Standing,
  StoredReference,
  UsedMethod,
} from '../../modules/payments/index.ts'
import type {
  PaymentFailure,
  SandboxCharges,
  SandboxMethods,
  SandboxMovements,
} from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { createToken } from '../../platform/secrets.ts'
import { type HookType, tell } from './hooks.ts'
import { decideOutcome, expiryOf, findScenario, type Outcome, type Scenario } from './scenarios.ts'

export type SandboxCharge = Selectable<SandboxCharges>
export type SandboxMethod = Selectable<SandboxMethods>
export type SandboxMovement = Selectable<SandboxMovements>

/** Whose book it is. */
export type Bookkeeper = { provider_id: string; business_unit_id: string; public_url: string }

/** How long a debit of a bank account is on its way, and its refund (seconds). */
const bankSeconds = 30
/** How many questions about a late charge stay without an answer. */
const muteLooks = 2

const newRef = () => `sbx_${createToken()}`

/** Where the payer opens the page of a charge. */
const pageOf = (publicUrl: string, ref: string) => `${publicUrl}/sandbox/${ref}`

const same = Temporal.Instant.compare

/** A moment as the database keeps it, never later than it was: a finer clock would be rounded up, into the future. */
const noted = (now: Temporal.Instant) => now.round({ smallestUnit: 'microsecond', roundingMode: 'floor' })

/** A charge by our key, or by its ref, locked or not; null where the sandbox knows none. */
export async function findCharge(
  tx: Tx,
  providerId: string,
  by: { key: string; ref: string | null },
  lock = false,
): Promise<SandboxCharge | null> {
  let query = tx.selectFrom('sandbox_charges').selectAll().where('provider_id', '=', providerId)
  query = by.ref === null ? query.where('key', '=', by.key) : query.where('ref', '=', by.ref)
  if (lock) query = query.forUpdate()
  return (await query.executeTakeFirst()) ?? null
}

/** A charge by its ref alone, for its page; whoever knows the ref may. */
export async function findByRef(tx: Tx, ref: string, lock = false): Promise<SandboxCharge | null> {
  let query = tx.selectFrom('sandbox_charges').selectAll().where('ref', '=', ref)
  if (lock) query = query.forUpdate()
  return (await query.executeTakeFirst()) ?? null
}

export async function listMovements(tx: Tx, chargeIds: string[]): Promise<SandboxMovement[]> {
  return tx
    .selectFrom('sandbox_movements')
    .selectAll()
    .where('charge_id', '=', sql<string>`any(${chargeIds}::uuid[])`)
    .orderBy('id')
    .execute()
}

async function findMethod(tx: Tx, id: string): Promise<SandboxMethod | null> {
  return (await tx.selectFrom('sandbox_methods').selectAll().where('id', '=', id).executeTakeFirst()) ?? null
}

function describeMethod(method: SandboxMethod): UsedMethod {
  return {
    brand: method.brand,
    last_digits: method.last_digits,
    expires_on: method.expires_on,
    reference: { method: method.ref },
  }
}

/** What stands of a charge, from the book alone. */
function standingOf(
  charge: SandboxCharge,
  movements: readonly SandboxMovement[],
  method: SandboxMethod | null,
  publicUrl: string,
  now: Temporal.Instant,
): Standing {
  const settled = movements.filter((one) => same(one.settles_at, now) <= 0)
  const payment = settled.find((one) => one.kind === 'payment')
  const won = new Map(settled.flatMap((one) => (one.of_id === null ? [] : [[one.of_id, one] as const])))
  const received: ReceivedMoney[] = payment
    ? [{ ref: payment.ref, amount: payment.amount, at: payment.settles_at }]
    : []
  const reversed = settled.flatMap((one): ReversedMoney[] =>
    one.kind === 'refund' || one.kind === 'chargeback'
      ? [
          {
            ref: one.ref,
            kind: one.kind,
            amount: one.amount,
            at: won.get(one.id)?.settles_at ?? one.settles_at,
            key: one.key,
            ...(payment ? { payment_ref: payment.ref } : {}),
            ...(won.has(one.id) ? { won: true } : {}),
          },
        ]
      : [],
  )
  const known = {
    ref: charge.ref,
    action: null,
    expires_at: charge.expires_at,
    received,
    reversed,
    method: method && charge.store && charge.state === 'paid' ? describeMethod(method) : null,
  }
  switch (charge.state) {
    case 'paid':
      return { ...known, state: payment || charge.purpose === 'setup' ? 'succeeded' : 'pending' }
    case 'refused':
      return { ...known, state: 'failed', failure: { reason: charge.failure!, detail: charge.scenario } }
    case 'cancelled':
      return { ...known, state: 'cancelled' }
    default:
      return charge.expires_at !== null && same(charge.expires_at, now) <= 0
        ? { ...known, state: 'expired' }
        : {
            ...known,
            state: 'action_needed',
            action: { kind: 'redirect', url: pageOf(publicUrl, charge.ref) },
          }
  }
}

/** What stands of a charge, read. */
export async function readStanding(
  tx: Tx,
  keeper: Bookkeeper,
  charge: SandboxCharge,
  now: Temporal.Instant,
): Promise<Standing> {
  const [movements, method] = await Promise.all([
    listMovements(tx, [charge.id]),
    charge.method_id === null ? null : findMethod(tx, charge.method_id),
  ])
  return standingOf(charge, movements, method, keeper.public_url, now)
}

/** Opens a charge for its page; the same key is the same charge. */
export async function openCharge(
  tx: Tx,
  keeper: Bookkeeper,
  request: (ChargeRequest & { purpose: 'payment' }) | (SetupRequest & { purpose: 'setup' }),
  now: Temporal.Instant,
): Promise<SandboxCharge> {
  await tx
    .insertInto('sandbox_charges')
    .values({
      provider_id: keeper.provider_id,
      business_unit_id: keeper.business_unit_id,
      key: request.key,
      ref: newRef(),
      purpose: request.purpose,
      method: request.method,
      amount: request.purpose === 'payment' ? request.amount : 0,
      currency: request.currency,
      description: request.purpose === 'payment' ? request.description.slice(0, 500) : null,
      language: request.payer.language,
      return_url: request.return_url,
      store: request.purpose === 'setup' || request.store,
      expires_at: request.purpose === 'payment' ? request.expires_at : null,
      created_at: now,
    })
    .onConflict((conflict) => conflict.columns(['provider_id', 'key']).doNothing())
    .execute()
  return (await findCharge(tx, keeper.provider_id, { key: request.key, ref: null }, true))!
}

/** A method that a charge names, with its row held; null where the sandbox does not keep it (any more). */
async function lockMethod(
  tx: Tx,
  keeper: Bookkeeper,
  stored: StoredReference,
): Promise<SandboxMethod | null> {
  const ref = stored.reference.method
  if (typeof ref !== 'string') return null
  const row = await tx
    .selectFrom('sandbox_methods')
    .selectAll()
    .where('provider_id', '=', keeper.provider_id)
    .where('ref', '=', ref)
    .where('forgotten_at', 'is', null)
    .forUpdate()
    .executeTakeFirst()
  return row ?? null
}

/**
 * Charges a method that was stored before, at once; the same key is the same charge. Returns what it came to, and what the
 * house will find strange about the answer.
 */
export async function chargeStored(
  tx: Tx,
  keeper: Bookkeeper,
  request: ChargeRequest & { stored_method: StoredReference },
  now: Temporal.Instant,
): Promise<{ charge: SandboxCharge; scenario: Scenario | null; made: boolean }> {
  const charge = await openCharge(tx, keeper, { ...request, purpose: 'payment' }, now)
  if (charge.state !== 'open' || charge.scenario !== null) {
    return { charge, scenario: findScenario(charge.scenario ?? '') ?? null, made: false }
  }
  const method = await lockMethod(tx, keeper, request.stored_method)
  const scenario = method && findScenario(method.scenario)
  if (!method || !scenario) {
    const refused = await endCharge(tx, charge, null, { state: 'refused', failure: 'invalid_method' }, now)
    return { charge: refused, scenario: null, made: true }
  }
  const expired =
    method.expires_on !== null &&
    Temporal.PlainDate.compare(method.expires_on, now.toZonedDateTimeISO('UTC').toPlainDate()) <= 0
  const outcome: Outcome = expired
    ? { state: 'refused', failure: 'expired_method' }
    : decideOutcome(scenario, {
        purpose: 'payment',
        way: 'stored',
        off_session: request.off_session,
        refusals_left: method.refusals_left,
      })
  if (outcome.state === 'refused' && method.refusals_left > 0)
    await tx
      .updateTable('sandbox_methods')
      .set({ refusals_left: method.refusals_left - 1 })
      .where('id', '=', method.id)
      .execute()
  const ended = await endCharge(tx, { ...charge, method_id: method.id }, scenario, outcome, now)
  return { charge: ended, scenario, made: true }
}

/** What the payer chose on the page. Null: there is nothing to choose any more (paid in another tab, expired). */
export async function chooseScenario(
  tx: Tx,
  ref: string,
  name: string,
  now: Temporal.Instant,
): Promise<SandboxCharge | null> {
  const charge = await findByRef(tx, ref, true)
  const scenario = findScenario(name)
  if (charge?.state !== 'open' || isOver(charge, now)) return null
  if (!scenario?.methods.includes(charge.method)) return null
  const outcome = decideOutcome(scenario, {
    purpose: charge.purpose,
    way: 'chosen',
    off_session: false,
    refusals_left: 0,
  })
  return endCharge(tx, charge, scenario, outcome, now)
}

/** The second step on the page: the payer's bank is told yes or no. */
export async function answerSecondStep(
  tx: Tx,
  ref: string,
  approved: boolean,
  now: Temporal.Instant,
): Promise<SandboxCharge | null> {
  const charge = await findByRef(tx, ref, true)
  if (charge?.state !== 'second_step' || isOver(charge, now)) return null
  const outcome: Outcome = approved
    ? { state: 'paid' }
    : { state: 'refused', failure: 'authentication_failed' }
  return endCharge(tx, charge, findScenario(charge.scenario ?? '') ?? null, outcome, now)
}

const isOver = (charge: SandboxCharge, now: Temporal.Instant) =>
  charge.expires_at !== null && same(charge.expires_at, now) <= 0

/** Gives a charge up that nobody has paid. */
export async function cancelCharge(
  tx: Tx,
  charge: SandboxCharge,
  now: Temporal.Instant,
): Promise<SandboxCharge> {
  if (charge.state !== 'open' && charge.state !== 'second_step') return charge
  return tx
    .updateTable('sandbox_charges')
    .set({ state: 'cancelled', ended_at: now })
    .where('id', '=', charge.id)
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** Brings a held charge to its outcome: takes the money, keeps the method, tells the house as its scenario does. */
async function endCharge(
  tx: Tx,
  charge: SandboxCharge,
  scenario: Scenario | null,
  outcome: Outcome,
  now: Temporal.Instant,
): Promise<SandboxCharge> {
  const paid = outcome.state === 'paid'
  const method_id =
    charge.method_id ??
    (paid && charge.store && scenario ? await keepMethod(tx, charge, scenario, now) : null)
  const ended = await tx
    .updateTable('sandbox_charges')
    .set({
      state: outcome.state,
      scenario: scenario?.name ?? null,
      method_id,
      failure: outcome.state === 'refused' ? outcome.failure : null,
      mute_looks: paid && charge.purpose === 'payment' && scenario?.telling === 'late' ? muteLooks : 0,
      ended_at: outcome.state === 'second_step' ? null : now,
    })
    .where('id', '=', charge.id)
    .returningAll()
    .executeTakeFirstOrThrow()
  const wait = paid && charge.method === 'bank_debit' && charge.purpose === 'payment' ? bankSeconds : 0
  if (paid && charge.purpose === 'payment') await takeMoney(tx, ended, wait, now)
  if (outcome.state !== 'second_step') await tellOutcome(tx, ended, scenario, wait, now)
  return ended
}

async function takeMoney(tx: Tx, charge: SandboxCharge, wait: number, now: Temporal.Instant): Promise<void> {
  await tx
    .insertInto('sandbox_movements')
    .values({
      provider_id: charge.provider_id,
      business_unit_id: charge.business_unit_id,
      charge_id: charge.id,
      kind: 'payment',
      ref: newRef(),
      amount: charge.amount,
      at: noted(now),
      settles_at: noted(now).add({ seconds: wait }),
    })
    .execute()
}

async function keepMethod(
  tx: Tx,
  charge: SandboxCharge,
  scenario: Scenario,
  now: Temporal.Instant,
): Promise<string> {
  const isCard = charge.method === 'card'
  const { id } = await tx
    .insertInto('sandbox_methods')
    .values({
      provider_id: charge.provider_id,
      business_unit_id: charge.business_unit_id,
      ref: newRef(),
      method: charge.method,
      scenario: scenario.name,
      brand: isCard ? scenario.brand : charge.method === 'pix' ? 'Pix' : 'Banco Sandbox',
      last_digits: scenario.last_digits,
      expires_on: isCard ? expiryOf(scenario, now) : null,
      refusals_left: scenario.refusals ?? 0,
      created_at: now,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}

/** Tells the house what became of a charge, as its scenario has it: once, thrice, late, in the wrong order, or not at all. */
async function tellOutcome(
  tx: Tx,
  charge: SandboxCharge,
  scenario: Scenario | null,
  wait: number,
  now: Temporal.Instant,
): Promise<void> {
  const type: HookType = charge.state === 'paid' ? 'charge.paid' : 'charge.refused'
  switch (scenario?.telling) {
    case 'never':
      return
    case 'late':
      await tell(tx, charge, type, now, { seconds: wait + 120 })
      return
    case 'twice': {
      // The same call twice, and the same news once more as another event.
      const event_id = await tell(tx, charge, type, now, { seconds: wait })
      await tell(tx, charge, type, now, { seconds: wait + 2, event_id })
      await tell(tx, charge, type, now, { seconds: wait + 4 })
      return
    }
    case 'out_of_order':
      await tell(tx, charge, type, now, { seconds: wait })
      await tell(tx, charge, 'charge.processing', now, { seconds: wait + 10 })
      return
    default:
      await tell(tx, charge, type, now, { seconds: wait })
  }
}

/** Takes one of the unanswered questions of a late charge; true where this one stays without an answer. */
export async function muteLook(tx: Tx, charge: SandboxCharge): Promise<boolean> {
  const done = await tx
    .updateTable('sandbox_charges')
    .set({ mute_looks: sql`mute_looks - 1` })
    .where('id', '=', charge.id)
    .where('mute_looks', '>', 0)
    .returning('id')
    .executeTakeFirst()
  return done !== undefined
}

const leftOf = (movements: readonly SandboxMovement[]) =>
  movements.reduce(
    (sum, one) => sum + (one.kind === 'payment' || one.kind === 'chargeback_won' ? one.amount : -one.amount),
    0,
  )

/** Gives money of a held charge back; the same key is the same refund. */
export async function refundCharge(
  tx: Tx,
  keeper: Bookkeeper,
  request: RefundRequest,
  now: Temporal.Instant,
): Promise<RefundStanding> {
  const charge = await findCharge(tx, keeper.provider_id, request.charge, true)
  if (!charge) return { state: 'failed', detail: 'the sandbox knows no such charge' }
  const movements = await listMovements(tx, [charge.id])
  const known = movements.find((one) => one.key === request.key)
  if (known) return refundStanding(known, now)
  const left = leftOf(movements)
  if (request.amount > left || request.currency !== charge.currency)
    return { state: 'failed', detail: `${left} ${charge.currency} are left of the charge` }
  const wait = charge.method === 'bank_debit' ? bankSeconds : 0
  const movement = await tx
    .insertInto('sandbox_movements')
    .values({
      provider_id: charge.provider_id,
      business_unit_id: charge.business_unit_id,
      charge_id: charge.id,
      kind: 'refund',
      ref: newRef(),
      key: request.key,
      amount: request.amount,
      at: noted(now),
      settles_at: noted(now).add({ seconds: wait }),
    })
    .returningAll()
    .executeTakeFirstOrThrow()
  if (charge.scenario !== 'never_told') await tell(tx, charge, 'charge.refunded', now, { seconds: wait })
  return refundStanding(movement, now)
}

/** What became of a refund. */
export async function findRefund(
  tx: Tx,
  keeper: Bookkeeper,
  key: string,
  now: Temporal.Instant,
): Promise<RefundStanding> {
  const movement = await tx
    .selectFrom('sandbox_movements')
    .selectAll()
    .where('provider_id', '=', keeper.provider_id)
    .where('key', '=', key)
    .executeTakeFirst()
  return movement ? refundStanding(movement, now) : { state: 'absent' }
}

function refundStanding(movement: SandboxMovement, now: Temporal.Instant): RefundStanding {
  return { state: same(movement.settles_at, now) <= 0 ? 'done' : 'pending', ref: movement.ref }
}

/** The payer disputes what is left of a paid charge: their bank takes it back. Null where nothing is left. */
export async function disputeCharge(
  tx: Tx,
  ref: string,
  now: Temporal.Instant,
): Promise<SandboxCharge | null> {
  const charge = await findByRef(tx, ref, true)
  if (charge?.state !== 'paid') return null
  const movements = await listMovements(tx, [charge.id])
  const left = leftOf(movements)
  const settled = movements.some((one) => one.kind === 'payment' && same(one.settles_at, now) <= 0)
  if (left <= 0 || !settled) return null
  await addMovement(tx, charge, { kind: 'chargeback', amount: left, of_id: null }, now)
  if (charge.scenario !== 'never_told') await tell(tx, charge, 'charge.disputed', now)
  return charge
}

/** The bank decides the open disputes of a charge for the house: the money comes back. Null where there is none. */
export async function winDispute(tx: Tx, ref: string, now: Temporal.Instant): Promise<SandboxCharge | null> {
  const charge = await findByRef(tx, ref, true)
  if (!charge) return null
  const movements = await listMovements(tx, [charge.id])
  const open = openDisputes(movements)
  if (open.length === 0) return null
  for (const { id, amount } of open)
    await addMovement(tx, charge, { kind: 'chargeback_won', amount, of_id: id }, now)
  if (charge.scenario !== 'never_told') await tell(tx, charge, 'charge.dispute_won', now)
  return charge
}

/** Disputes that nobody has decided. */
export function openDisputes(movements: readonly SandboxMovement[]): SandboxMovement[] {
  return movements.filter(
    (one) => one.kind === 'chargeback' && !movements.some((other) => other.of_id === one.id),
  )
}

/** What of a charge could still go back. */
export { leftOf as readLeft }

async function addMovement(
  tx: Tx,
  charge: SandboxCharge,
  movement: { kind: 'chargeback' | 'chargeback_won'; amount: number; of_id: string | null },
  now: Temporal.Instant,
): Promise<void> {
  await tx
    .insertInto('sandbox_movements')
    .values({
      provider_id: charge.provider_id,
      business_unit_id: charge.business_unit_id,
      charge_id: charge.id,
      ref: newRef(),
      at: noted(now),
      settles_at: noted(now),
      ...movement,
    })
    .execute()
}

/** Forgets a stored method: it is not charged any more. */
export async function forgetMethod(
  tx: Tx,
  keeper: Bookkeeper,
  stored: StoredReference,
  now: Temporal.Instant,
): Promise<void> {
  const method = await lockMethod(tx, keeper, stored)
  if (method)
    await tx.updateTable('sandbox_methods').set({ forgotten_at: now }).where('id', '=', method.id).execute()
}

type Moved = {
  id: string
  settles_at: Temporal.Instant
  key: string
  ref: string
  money_ref: string
  won: boolean
}

/** One page of charges whose money moved between two instants, after a movement. */
export async function listMoved(
  tx: Tx,
  keeper: Bookkeeper,
  from: Temporal.Instant,
  to: Temporal.Instant,
  after: { settles_at: Temporal.Instant; id: string } | null,
): Promise<Moved[]> {
  const found = await sql<Moved>`
    select m.id, m.settles_at, c.key, c.ref, coalesce(o.ref, m.ref) as money_ref, o.id is not null as won
      from sandbox_movements m join sandbox_charges c on c.id = m.charge_id left join sandbox_movements o on o.id = m.of_id
     where m.provider_id = ${keeper.provider_id} and m.settles_at >= ${from}::timestamptz and m.settles_at < ${to}::timestamptz
       and (${after?.id ?? null}::uuid is null
            or (m.settles_at, m.id) > (${after?.settles_at ?? null}::timestamptz, ${after?.id ?? null}::uuid))
     order by m.settles_at, m.id limit 500`.execute(tx)
  return found.rows
}

type BulkRow = {
  key: string
  ref: string
  state: SandboxCharge['state']
  failure: PaymentFailure | null
  payment_ref: string | null
  amount: number
}

/**
 * Charges many stored methods in one statement: those whose method simply pays. Returns what came of each key; a key that is
 * not in it goes the long way (another scenario, a charge that is known already).
 */
export async function chargeStoredMany(
  tx: Tx,
  keeper: Bookkeeper,
  requests: readonly (ChargeRequest & { stored_method: StoredReference })[],
  moment: Temporal.Instant,
): Promise<Map<string, Standing>> {
  const now = noted(moment)
  const column = <T>(read: (request: (typeof requests)[number]) => T) => requests.map(read)
  const found = await sql<BulkRow>`
    with asked as (
      select * from unnest(${column(({ key }) => key)}::uuid[], ${column(newRef)}::text[], ${column(newRef)}::text[],
                           ${column(({ method }) => method)}::text[], ${column(({ amount }) => amount)}::bigint[],
                           ${column(({ currency }) => currency)}::text[],
                           ${column(({ description }) => description.slice(0, 500))}::text[],
                           ${column(({ payer }) => payer.language)}::text[], ${column(({ return_url }) => return_url)}::text[],
                           ${column(({ stored_method }) => String(stored_method.reference.method))}::text[])
             as a (key, ref, payment_ref, method, amount, currency, description, language, return_url, method_ref)),
    made as (
      insert into sandbox_charges (provider_id, business_unit_id, key, ref, purpose, method, amount, currency, description,
                                   language, return_url, store, state, scenario, method_id, created_at, ended_at)
      select ${keeper.provider_id}, ${keeper.business_unit_id}, a.key, a.ref, 'payment', a.method::payment_method, a.amount,
             a.currency, a.description, a.language, a.return_url, false, 'paid', m.scenario, m.id,
             ${now}::timestamptz, ${now}::timestamptz
        from asked a join sandbox_methods m on m.ref = a.method_ref
       where m.provider_id = ${keeper.provider_id} and m.forgotten_at is null and m.scenario in ('success', 'expiring')
         and m.method <> 'bank_debit'
         and (m.expires_on is null or m.expires_on > (${now}::timestamptz at time zone 'UTC')::date)
      on conflict (provider_id, key) do nothing
      returning id, key, ref, state, failure, amount),
    moved as (
      insert into sandbox_movements (provider_id, business_unit_id, charge_id, kind, ref, amount, at, settles_at)
      select ${keeper.provider_id}, ${keeper.business_unit_id}, made.id, 'payment', a.payment_ref, made.amount,
             ${now}::timestamptz, ${now}::timestamptz
        from made join asked a on a.key = made.key
      returning charge_id, ref)
    select made.key, made.ref, made.state, made.failure, moved.ref as payment_ref, made.amount
      from made join moved on moved.charge_id = made.id`.execute(tx)
  return new Map(
    found.rows.map((row) => [
      row.key,
      {
        state: 'succeeded',
        ref: row.ref,
        action: null,
        expires_at: null,
        received: [{ ref: row.payment_ref!, amount: row.amount, at: now }],
        reversed: [],
        method: null,
      } satisfies Standing,
    ]),
  )
}
