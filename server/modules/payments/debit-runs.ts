// A day's charging of a business unit, in batches: each is written before it is sent, so that whoever is killed in the middle leaves
// nothing that is not known; what it left is asked about when the run goes on.
import { sql } from 'kysely'
import { arrayLiteral } from '../../platform/array-literals.ts'
import { today } from '../../platform/calendar.ts'
import type { Tx } from '../../platform/database.ts'
import { notFound, type Refusal, refuse } from '../../platform/errors.ts'
import { enqueue, type JobContext } from '../../platform/jobs.ts'
import { type ListRequest, readPage } from '../../platform/pages.ts'
import { callProvider, isFault } from './calls.ts'
import { readCharges } from './charge-requests.ts'
import { beginDebits, type DueDebit, readDueDebits } from './debits.ts'
import { lookUpLost, type PaymentServices } from './intent-jobs.ts'
import { askAbout } from './intents.ts'
import { type OpenProvider, openProvider } from './provider-list.ts'
import {
  type ChargeRequest,
  type ProviderContext,
  ProviderRefusal,
  ProviderSilence,
  type Standing,
} from './providers.ts'
import { applyStandings, type Said } from './standing.ts'

/** How many are written, sent and booked at a time. */
const batchSize = 500
/** How many calls are under way at once at a provider that takes them one by one. */
const callsAtOnce = 16

function selectRuns(tx: Tx) {
  return tx
    .selectFrom('debit_runs')
    .innerJoin('business_units', 'business_units.id', 'debit_runs.business_unit_id')
    .leftJoin('users', 'users.id', 'debit_runs.created_by')
    .select([
      'debit_runs.id',
      'debit_runs.business_unit_id',
      'business_units.name as business_unit_name',
      'debit_runs.on_date',
      'debit_runs.state',
      'debit_runs.due',
      'debit_runs.done',
      'debit_runs.paid',
      'debit_runs.refused',
      'debit_runs.amount_paid',
      'debit_runs.currency',
      'debit_runs.by_clock',
      'users.name as created_by_name',
      'debit_runs.created_at',
      'debit_runs.began_at',
      'debit_runs.finished_at',
    ])
}

/** A page of runs, the latest first. */
export function listDebitRuns(tx: Tx, request: ListRequest & { business_unit_id?: string | undefined }) {
  let query = selectRuns(tx)
  if (request.business_unit_id)
    query = query.where('debit_runs.business_unit_id', '=', request.business_unit_id)
  const byTime = { by: sql`debit_runs.id`, value: (row: { id: string }) => row.id, type: 'uuid' }
  return readPage(query, request, { created_at: byTime }, byTime)
}

/** One run with how far it is. Refuses: not_found. */
export async function getDebitRun(tx: Tx, id: string) {
  return (await selectRuns(tx).where('debit_runs.id', '=', id).executeTakeFirst()) ?? notFound()
}

/**
 * Starts charging what is due today in a business unit; one run at a time. Refuses: not_found, debit_run_under_way,
 * debits_disabled.
 */
export async function startDebitRun(
  tx: Tx,
  unitId: string,
  by: { user_id: string | null; by_clock: boolean },
  now: Temporal.Instant,
): Promise<{ id: string } | Refusal> {
  const unit = await tx
    .selectFrom('business_units')
    .leftJoin('debit_policies', 'debit_policies.business_unit_id', 'business_units.id')
    .select(['business_units.time_zone', 'business_units.currency', 'debit_policies.enabled'])
    .where('business_units.id', '=', unitId)
    .executeTakeFirst()
  if (!unit) return notFound()
  if (unit.enabled === false) return refuse('debits_disabled')
  await sql`select pg_advisory_xact_lock(hashtext('zaguan.debit_run'), hashtext(${unitId}))`.execute(tx)
  const open = await tx
    .selectFrom('debit_runs')
    .select('id')
    .where('business_unit_id', '=', unitId)
    .where('state', 'in', ['queued', 'running'])
    .executeTakeFirst()
  if (open) return refuse('debit_run_under_way')
  const { id } = await tx
    .insertInto('debit_runs')
    .values({
      business_unit_id: unitId,
      on_date: today(now, unit.time_zone),
      currency: unit.currency,
      by_clock: by.by_clock,
      created_by: by.user_id,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  await enqueue(tx, 'payments:run_debits', { run_id: id }, { key: `payments:run_debits:${id}` })
  return { id }
}

/** Business units whose morning has come and whose charging of the day was not begun: early by their own clock. */
export async function listUnitsToDebit(tx: Tx, now: Temporal.Instant): Promise<string[]> {
  const found = await sql<{ id: string }>`
    select u.id from business_units u
      left join debit_policies p on p.business_unit_id = u.id
     cross join lateral (select ${now}::timestamptz at time zone u.time_zone as local) t
     where u.archived_at is null and coalesce(p.enabled, true) and extract(hour from t.local) >= 6
       and not exists (select from debit_runs r where r.business_unit_id = u.id and r.by_clock and r.on_date = t.local::date)
       and exists (select from stored_methods m where m.business_unit_id = u.id and m.state = 'active')
       and exists (select from due_debits(u.id, t.local::date, '00000000-0000-0000-0000-000000000000', 1))
     order by u.id`.execute(tx)
  return found.rows.map(({ id }) => id)
}

type Run = { id: string; business_unit_id: string; on_date: Temporal.PlainDate }

/**
 * Charges what is due, batch by batch, each booked while the next is charged; stopped or killed it goes on where it was.
 */
export async function runDebits(call: JobContext & PaymentServices, runId: string): Promise<void> {
  const { transact, now } = call
  const run = await transact(async (tx): Promise<Run | null> => {
    const row = await tx
      .updateTable('debit_runs')
      .set({ state: 'running', began_at: sql`coalesce(began_at, ${now()}::timestamptz)` })
      .where('id', '=', runId)
      .where('state', 'in', ['queued', 'running', 'interrupted'])
      .returning(['id', 'business_unit_id', 'on_date'])
      .executeTakeFirst()
    return row ?? null
  })
  if (!run) return
  await askAboutLost(call, run)
  const providers = new Map<string, OpenProvider | null>()
  let after = '00000000-0000-0000-0000-000000000000'
  let booking = Promise.resolve()
  try {
    for (;;) {
      if (call.stopping()) {
        await booking
        await transact((tx) =>
          enqueue(tx, 'payments:run_debits', { run_id: runId }, { key: `payments:run_debits:${runId}` }),
        )
        return
      }
      const batch = await transact(async (tx): Promise<Batch | null> => {
        const due = await readDueDebits(tx, run.business_unit_id, run.on_date, after, batchSize)
        if (due.length === 0) return null
        const intents = await beginDebits(tx, run.business_unit_id, run.on_date, due, now())
        for (const id of new Set(due.map(({ provider_id }) => provider_id)))
          if (!providers.has(id)) providers.set(id, await openProvider(tx, call.config, call.drivers, id))
        const charges = await readCharges(tx, call.config, intents)
        // Last, so that the booking of the batch before waits for it no longer than it must.
        await sql`update debit_runs set due = due + ${due.length} where id = ${runId}`.execute(tx)
        return { due, intents, charges }
      })
      if (!batch) break
      const answers = await chargeBatch(call, batch, providers)
      await booking
      booking = bookBatch(call, runId, batch, answers)
      // Whoever waits for it next is told of its failure.
      booking.catch(() => undefined)
      after = batch.due.at(-1)!.invoice_id
    }
    await booking
  } finally {
    // Nothing of a run goes on behind the back of whoever runs it again.
    await booking.catch(() => undefined)
  }
  await transact((tx) =>
    tx
      .updateTable('debit_runs')
      .set({ state: 'done', finished_at: now() })
      .where('id', '=', runId)
      .where('state', '=', 'running')
      .execute(),
  )
}

/** Notes that a run was given up before it was done. */
export async function interruptRun(tx: Tx, id: string): Promise<void> {
  await tx
    .updateTable('debit_runs')
    .set({ state: 'interrupted' })
    .where('id', '=', id)
    .where('state', 'in', ['queued', 'running'])
    .execute()
}

/** What a killed process had sent, or not: the provider is asked about each. */
async function askAboutLost(call: JobContext & PaymentServices, run: Run): Promise<void> {
  const lost = await call.transact(async (tx) => {
    const rows = await tx
      .selectFrom('debit_attempts')
      .innerJoin('payment_intents', 'payment_intents.id', 'debit_attempts.intent_id')
      .select('payment_intents.id')
      .where('debit_attempts.business_unit_id', '=', run.business_unit_id)
      .where('debit_attempts.state', '=', 'charging')
      .where('payment_intents.state', '=', 'sending')
      .execute()
    return rows.map(({ id }) => id)
  })
  await eachAtOnce(lost, async (id) => {
    if (call.stopping()) return
    try {
      await lookUpLost(call, id)
    } catch (error) {
      call.log.error({ err: error, intent: id }, 'what became of a payment could not be booked')
      // It holds up no run: it is asked about by itself.
      await call.transact((tx) => leaveUnknown(tx, [id], call.now()))
    }
  })
}

/** Works on everything, so much at once as a provider is called at once. */
async function eachAtOnce<T>(
  all: readonly T[],
  work: (one: T, index: number) => Promise<void>,
): Promise<void> {
  const waiting = all.entries()
  const next = async () => {
    for (const [index, one] of waiting) await work(one, index)
  }
  await Promise.all(Array.from({ length: callsAtOnce }, next))
}

type Batch = { due: DueDebit[]; intents: string[]; charges: Map<string, ChargeRequest> }
type Answer = Standing | ProviderSilence | ProviderRefusal

/** Takes a batch to its providers. Returns what each says, by intent. */
async function chargeBatch(
  call: JobContext & PaymentServices,
  { due, intents, charges }: Batch,
  providers: ReadonlyMap<string, OpenProvider | null>,
): Promise<Map<string, Answer>> {
  const answers = new Map<string, Answer>()
  const byProvider = Map.groupBy(intents.keys(), (index) => due[index]!.provider_id)
  for (const [providerId, indexes] of byProvider) {
    const provider = providers.get(providerId) ?? null
    const wanted = [...indexes].map((index) => charges.get(intents[index]!)!)
    const given = provider
      ? await chargeAll(call, provider, wanted)
      : wanted.map(() => new ProviderRefusal('settings_invalid', 'the provider is not set up'))
    for (const [index, charge] of wanted.entries()) answers.set(charge.key, given[index]!)
  }
  return answers
}

/**
 * Brings what providers said of a batch into the books, and how far the run is. Where something of it cannot be booked, each is booked
 * by itself, so that only what is at fault is left to be asked about again.
 */
async function bookBatch(
  call: JobContext & PaymentServices,
  runId: string,
  batch: Batch,
  answers: ReadonlyMap<string, Answer>,
): Promise<void> {
  const book = (some: ReadonlyMap<string, Answer>) =>
    call.transact((tx) => bookAnswers(tx, call, runId, batch, some))
  try {
    return await book(answers)
  } catch (error) {
    call.log.error({ err: error, run: runId }, 'a batch of charges could not be booked at once')
  }
  for (const [intent_id, answer] of answers) {
    try {
      await book(new Map([[intent_id, answer]]))
    } catch (error) {
      call.log.error({ err: error, intent: intent_id }, 'what became of a payment could not be booked')
      // Nobody can make sense of what it said: it is as if it had said nothing.
      await book(new Map([[intent_id, new ProviderSilence('its answer could not be booked')]]))
    }
  }
}

/** Books some of the answers of a batch, all or none of them. */
async function bookAnswers(
  tx: Tx,
  { config, now }: JobContext & PaymentServices,
  runId: string,
  { due, intents }: Batch,
  answers: ReadonlyMap<string, Answer>,
): Promise<void> {
  const said: Said[] = []
  const silent: string[] = []
  for (const [intent_id, answer] of answers) {
    if (answer instanceof ProviderSilence) silent.push(intent_id)
    else if (answer instanceof ProviderRefusal)
      said.push({
        intent_id,
        standing: {
          state: 'failed',
          ref: null,
          failure: { reason: 'provider_error', detail: answer.message },
          received: [],
          reversed: [],
        },
      })
    else said.push({ intent_id, standing: answer })
  }
  const became = await applyStandings(tx, config, said, now())
  await leaveUnknown(tx, silent, now())
  const states = [...became.values()]
  const paid = intents.flatMap((id, index) =>
    became.get(id) === 'succeeded' ? [due[index]!.open_amount] : [],
  )
  await sql`
    update debit_runs set done = done + ${answers.size}, paid = paid + ${paid.length},
           refused = refused + ${states.filter((state) => state === 'failed').length},
           amount_paid = amount_paid + ${paid.reduce((sum, amount) => sum + amount, 0)}
     where id = ${runId}`.execute(tx)
}

/** Notes that nobody knows what became of charges that were sent, and lets it be asked soon. */
async function leaveUnknown(tx: Tx, ids: readonly string[], now: Temporal.Instant): Promise<void> {
  if (ids.length === 0) return
  await sql`
    update payment_intents set state = 'unknown', looks = looks + 1, look_at = ${now.add({ seconds: 10 })}::timestamptz
     where id = any(${arrayLiteral(ids)}::uuid[]) and state = 'sending'`.execute(tx)
  await Promise.all(ids.map((id) => askAbout(tx, id, 10)))
}

/** Takes charges to a provider, many at once where it can; each has an answer of its own. */
async function chargeAll(
  call: JobContext & PaymentServices,
  provider: OpenProvider,
  charges: ChargeRequest[],
): Promise<Answer[]> {
  const { driver } = provider
  const asked = async (context: ProviderContext): Promise<Answer[]> => {
    if (driver.chargeMany) return driver.chargeMany(context, charges)
    const answers: Answer[] = []
    await eachAtOnce(charges, async (charge, index) => {
      answers[index] = await chargeOne(driver.create(context, charge))
    })
    return answers
  }
  const answers = await callProvider(call, provider, asked, 600_000)
  if (!isFault(answers)) return answers
  const fault =
    answers.fault === 'refusal'
      ? new ProviderRefusal(answers.code, answers.detail)
      : new ProviderSilence(answers.detail)
  return charges.map(() => fault)
}

async function chargeOne(charging: Promise<Standing>): Promise<Answer> {
  try {
    return await charging
  } catch (error) {
    if (error instanceof ProviderSilence || error instanceof ProviderRefusal) return error
    return new ProviderSilence(error instanceof Error ? error.message : String(error))
  }
}
