// The sandbox as a payment provider: a book and a page inside Zaguan instead of somebody's account. It takes no money, and it
// fails on purpose: by the card that is chosen, by a rate that staff set, or as a test plans it call by call.
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import {
  type ChargeRequest,
  type ProviderContext,
  type ProviderDriver,
  ProviderRefusal,
  ProviderSilence,
  type RefundRequest,
  type RefundStanding,
  type SetupRequest,
  type Standing,
  type StoredReference,
} from '../../modules/payments/index.ts'
import type { Config } from '../../platform/config.ts'
import {
  cancelCharge,
  chargeStored,
  chargeStoredMany,
  findCharge,
  findRefund,
  forgetMethod,
  listMoved,
  muteLook,
  openCharge,
  readStanding,
  refundCharge,
  type SandboxCharge,
} from './book.ts'
import { hookSecret, verifyHook } from './hooks.ts'

/** One call of the driver, for whoever plans its faults. */
export type SandboxCall = {
  operation: 'test' | 'create' | 'look_up' | 'cancel' | 'refund' | 'look_up_refund' | 'set_up' | 'forget'
  /** Our key: of the charge, or of the refund. */
  key: string
}

/**
 * How a call goes: answered (after a while); lost before anything was done; done and the answer lost; or held, so that it is
 * done whenever whoever planned it says, long after the house gave up.
 */
export type Fault =
  | { kind: 'answer'; delay_ms?: number }
  | { kind: 'silent_before' }
  | { kind: 'silent_after' }
  | { kind: 'held'; hold: (work: () => Promise<unknown>) => void }

export type FaultPlan = (call: SandboxCall) => Fault

export type SandboxSettings = { latency_ms: number; fault_rate: number }
type Context = ProviderContext<SandboxSettings, Record<string, never>>

/** How long an answer that comes too late is withheld where the house does not hang up (milliseconds). */
const longestSilence = 60_000
/** How much later than its news an answer comes that is told out of order (milliseconds). */
const overtaken = 1_500

/** Waits, unless the house hangs up: then nobody hears the answer. */
async function wait(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) throw new ProviderSilence('the house hung up')
  if (ms <= 0) return
  try {
    await sleep(ms, undefined, { signal })
  } catch {
    throw new ProviderSilence('the house hung up')
  }
}

/**
 * The driver. `faults` plans how single calls fail, for tests; without it the rate of the settings decides, by `random` (from 0
 * up to 1).
 */
export function createSandboxDriver(options: {
  config: Config
  faults?: FaultPlan
  random?: () => number
}): ProviderDriver<SandboxSettings, Record<string, never>> {
  const random = options.random ?? Math.random
  const plan = (call: SandboxCall, settings: SandboxSettings): Fault => {
    if (options.faults) return options.faults(call)
    if (settings.fault_rate === 0 || random() * 100 >= settings.fault_rate) return { kind: 'answer' }
    return { kind: random() < 0.5 ? 'silent_before' : 'silent_after' }
  }

  /** Every call goes through here: as fast as the settings say, and as well as the plan does. */
  async function answer<T>(context: Context, call: SandboxCall, work: () => Promise<T>): Promise<T> {
    const fault = plan(call, context.settings)
    await wait(context.settings.latency_ms, context.signal)
    switch (fault.kind) {
      case 'silent_before':
        throw new ProviderSilence('the request was lost')
      case 'silent_after':
        await work()
        throw new ProviderSilence('the answer was lost')
      case 'held':
        fault.hold(work)
        throw new ProviderSilence('the request is on its way')
      case 'answer': {
        const result = await work()
        await wait(fault.delay_ms ?? 0, context.signal)
        return result
      }
    }
  }

  /** The same key with another amount is a fault of the house's. */
  function checkKnown(charge: SandboxCharge, request: ChargeRequest): void {
    if (charge.amount !== request.amount || charge.currency.trim() !== request.currency)
      throw new ProviderRefusal('key_reused', 'the key is of a charge of another amount')
  }

  async function chargeAtOnce(
    context: Context,
    request: ChargeRequest & { stored_method: StoredReference },
  ): Promise<Standing> {
    const { standing, telling } = await context.transact(async (tx) => {
      const { charge, scenario, made } = await chargeStored(tx, context, request, context.now)
      checkKnown(charge, request)
      const read = await readStanding(tx, context, charge, context.now)
      return { standing: read, telling: made ? scenario?.telling : undefined }
    })
    if (standing.state !== 'succeeded') return standing
    switch (telling) {
      case 'late':
        await wait(longestSilence, context.signal)
        throw new ProviderSilence('the answer came too late')
      case 'out_of_order':
        await wait(overtaken, context.signal)
        return standing
      case 'never':
        return { ...standing, state: 'pending', received: [], method: null }
      default:
        return standing
    }
  }

  async function create(context: Context, request: ChargeRequest): Promise<Standing> {
    const { stored_method } = request
    if (stored_method !== null) return chargeAtOnce(context, { ...request, stored_method })
    return context.transact(async (tx) => {
      const charge = await openCharge(tx, context, { ...request, purpose: 'payment' }, context.now)
      checkKnown(charge, request)
      return readStanding(tx, context, charge, context.now)
    })
  }

  const driver = {
    kind: 'sandbox' as const,
    methods: ['card', 'pix', 'bank_debit'] as const,
    currencies: null,
    capabilities: {
      stores: true,
      refunds: 'partial' as const,
      cancels: true,
      webhook: true,
      by_files: false,
    },
    fields: [
      { name: 'latency_ms', kind: 'number' as const, required: false },
      { name: 'fault_rate', kind: 'number' as const, required: false },
    ],
    settings: z.object({
      latency_ms: z.coerce.number().int().min(0).max(20_000).default(0),
      fault_rate: z.coerce.number().int().min(0).max(100).default(0),
    }),
    secrets: z.object({}) as z.ZodType<Record<string, never>>,

    test: (context: Context) =>
      answer(context, { operation: 'test', key: context.provider_id }, async () => undefined),

    create: (context: Context, request: ChargeRequest) =>
      answer(context, { operation: 'create', key: request.key }, () => create(context, request)),

    /**
     * Charges many at once, in the order of the requests: one statement for all whose method simply pays. Each has its
     * own fault, and its own end.
     */
    async chargeMany(
      context: Context,
      requests: ChargeRequest[],
    ): Promise<(Standing | ProviderSilence | ProviderRefusal)[]> {
      const plans = new Map(
        requests.map(({ key }) => [key, plan({ operation: 'create', key }, context.settings)]),
      )
      await wait(context.settings.latency_ms, context.signal)
      const together = requests.flatMap((request) => {
        const { stored_method } = request
        const { kind } = plans.get(request.key)!
        return stored_method !== null && (kind === 'answer' || kind === 'silent_after')
          ? [{ ...request, stored_method }]
          : []
      })
      const made: Map<string, Standing> =
        together.length === 0
          ? new Map()
          : await context.transact((tx) => chargeStoredMany(tx, context, together, context.now))
      const one = async (request: ChargeRequest): Promise<Standing> => {
        const fault = plans.get(request.key)!
        const work = async () => made.get(request.key) ?? (await create(context, request))
        if (fault.kind === 'silent_before') throw new ProviderSilence('the request was lost')
        if (fault.kind === 'held') {
          fault.hold(work)
          throw new ProviderSilence('the request is on its way')
        }
        const standing = await work()
        if (fault.kind === 'silent_after') throw new ProviderSilence('the answer was lost')
        await wait(fault.delay_ms ?? 0, context.signal)
        return standing
      }
      const results: (Standing | ProviderSilence | ProviderRefusal)[] = []
      for (const request of requests) {
        try {
          results.push(await one(request))
        } catch (error) {
          if (!(error instanceof ProviderSilence || error instanceof ProviderRefusal)) throw error
          results.push(error)
        }
      }
      return results
    },

    lookUp: (context: Context, charge: { key: string; ref: string | null }) =>
      answer(context, { operation: 'look_up', key: charge.key }, async (): Promise<Standing> => {
        const mute = await context.transact(async (tx) => {
          const found = await findCharge(tx, context.provider_id, charge)
          return found !== null && (await muteLook(tx, found))
        })
        if (mute) throw new ProviderSilence('no answer to this question')
        return context.transact(async (tx) => {
          const found = await findCharge(tx, context.provider_id, charge)
          return found
            ? readStanding(tx, context, found, context.now)
            : { state: 'absent', ref: null, received: [], reversed: [] }
        })
      }),

    cancel: (context: Context, charge: { key: string; ref: string | null }) =>
      answer(context, { operation: 'cancel', key: charge.key }, () =>
        context.transact(async (tx): Promise<Standing> => {
          const found = await findCharge(tx, context.provider_id, charge, true)
          if (!found) return { state: 'absent', ref: null, received: [], reversed: [] }
          return readStanding(tx, context, await cancelCharge(tx, found, context.now), context.now)
        }),
      ),

    refund: (context: Context, refund: RefundRequest): Promise<RefundStanding> =>
      answer(context, { operation: 'refund', key: refund.key }, () =>
        context.transact((tx) => refundCharge(tx, context, refund, context.now)),
      ),

    lookUpRefund: (context: Context, refund: RefundRequest): Promise<RefundStanding> =>
      answer(context, { operation: 'look_up_refund', key: refund.key }, () =>
        context.transact((tx) => findRefund(tx, context, refund.key, context.now)),
      ),

    setUp: (context: Context, setup: SetupRequest) =>
      answer(context, { operation: 'set_up', key: setup.key }, () =>
        context.transact(async (tx) => {
          const charge = await openCharge(tx, context, { ...setup, purpose: 'setup' }, context.now)
          return readStanding(tx, context, charge, context.now)
        }),
      ),

    forget: (context: Context, stored: StoredReference) =>
      answer(context, { operation: 'forget', key: stored.id }, () =>
        context.transact((tx) => forgetMethod(tx, context, stored, context.now)),
      ),

    readHook: async (context: Context, call: Parameters<typeof verifyHook>[1]) =>
      verifyHook(hookSecret(options.config, context.provider_id), call, context.now),

    async *listReceived(context: Context, from: Temporal.Instant, to: Temporal.Instant) {
      let after: { settles_at: Temporal.Instant; id: string } | null = null
      for (;;) {
        const page: Awaited<ReturnType<typeof listMoved>> = await context.transact((tx) =>
          listMoved(tx, context, from, to, after),
        )
        for (const { key, ref, money_ref, won } of page) yield { key, ref, money_ref, won }
        const last = page.at(-1)
        if (!last) return
        after = last
      }
    },
  }
  return driver
}
