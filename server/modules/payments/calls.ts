import type { Config } from '../../platform/config.ts'
import type { Tx } from '../../platform/database.ts'
import { noteHealth, type OpenProvider } from './provider-list.ts'
import { type ProviderContext, ProviderRefusal, ProviderSilence } from './providers.ts'

/** How a call of a provider ended, where it did not answer what it was asked. */
export type CallFault = { fault: 'silence' | 'refusal'; code: string; detail: string }

/** What calls need of the process. */
export type CallServices = {
  config: Config
  transact: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>
  now: () => Temporal.Instant
}

/** How long a provider is waited for, in milliseconds. */
const patience = 25_000

/**
 * Calls a provider's driver, never within a transaction, and notes its health. What the driver throws besides its two
 * faults is a silence as well: whether anything was charged is not known.
 */
export async function callProvider<T>(
  services: CallServices,
  provider: OpenProvider,
  call: (context: ProviderContext) => Promise<T>,
  wait = patience,
): Promise<T | CallFault> {
  const limit = new AbortController()
  let timer: NodeJS.Timeout | undefined
  try {
    const answer = await Promise.race([
      call({
        provider_id: provider.id,
        business_unit_id: provider.business_unit_id,
        settings: provider.settings,
        secrets: provider.secrets,
        public_url: services.config.publicUrl,
        now: services.now(),
        signal: limit.signal,
        transact: services.transact,
      }),
      new Promise<never>((_resolve, reject) => {
        timer = setTimeout(() => {
          reject(new ProviderSilence('no answer in time'))
          limit.abort()
        }, wait)
      }),
    ])
    await services.transact((tx) => noteHealth(tx, provider.id, null, services.now()))
    return answer
  } catch (error) {
    const fault = readFault(error)
    await services.transact((tx) => noteHealth(tx, provider.id, fault, services.now()))
    return fault
  } finally {
    clearTimeout(timer)
  }
}

function readFault(error: unknown): CallFault {
  const detail = error instanceof Error ? error.message : String(error)
  return error instanceof ProviderRefusal
    ? { fault: 'refusal', code: error.code, detail }
    : { fault: 'silence', code: 'no_answer', detail }
}

export function isFault(answer: unknown): answer is CallFault {
  return typeof answer === 'object' && answer !== null && 'fault' in answer
}
