import type { Tx } from '../../platform/database.ts'
import { isRefusal } from '../../platform/errors.ts'
import { readPaymentOptions } from './payment-notices.ts'
import type { Drivers } from './providers.ts'
import { listOwnMethods } from './stored-methods.ts'

/** Every way in which an account can pay now, in the order that its business unit put them in. */
export async function readPaymentChoices(tx: Tx, drivers: Drivers, accountId: string, unitId: string) {
  const [options, providers, stored] = await Promise.all([
    readPaymentOptions(tx, unitId),
    tx
      .selectFrom('payment_providers')
      .select(['id', 'driver', 'name', 'methods'])
      .where('business_unit_id', '=', unitId)
      .where('enabled', '=', true)
      .orderBy('position')
      .orderBy('id')
      .limit(50)
      .execute(),
    listOwnMethods(tx, accountId),
  ])
  if (isRefusal(options)) return options
  return {
    currency: options.currency,
    providers: providers.flatMap((provider) => {
      const driver = drivers.get(provider.driver)
      return driver ? [{ ...provider, stores: driver.capabilities.stores }] : []
    }),
    stored_methods: stored,
    manual_methods: options.methods,
    instructions: options.instructions,
  }
}
