import { z } from 'zod'
import type { ProviderDriver, Standing } from '../../modules/payments/index.ts'
import { composeBrCode, shortTxid } from '../../platform/br-code.ts'
import { type StaticSettings, staticFields, staticSettings } from './settings.ts'

type Secrets = Record<string, never>

/** Nobody can be asked: what the payer was shown stays until staff, or a bank statement, say that it was paid. */
const stands = (key: string): Standing => ({
  state: 'action_needed',
  ref: shortTxid(key),
  received: [],
  reversed: [],
})

/**
 * Static Pix: a code with the operator's key, the amount, and a txid that leads back to the charge (`uuidOfShortTxid`). No
 * provider is behind it; its money is found in the bank statement, or approved by staff.
 */
export const staticPixDriver: ProviderDriver<StaticSettings, Secrets> = {
  kind: 'pix_static',
  methods: ['pix'],
  currencies: ['BRL'],
  capabilities: { stores: false, refunds: 'none', cancels: true, webhook: false, by_files: true },
  fields: staticFields,
  settings: staticSettings,
  secrets: z.object({}),
  async test() {},
  async create({ settings }, { key, amount }) {
    const text = composeBrCode({ ...settings, amount, txid: shortTxid(key) })
    return { ...stands(key), action: { kind: 'pix', text } }
  },
  async lookUp(_context, { key }) {
    return stands(key)
  },
  async cancel(_context, { key }) {
    return { ...stands(key), state: 'cancelled' }
  },
}
