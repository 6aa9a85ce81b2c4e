import type { Tx } from '../../platform/database.ts'
import { isRefusal, notFound } from '../../platform/errors.ts'
import { announce } from '../../platform/events.ts'
import type { CustomerActor } from '../../platform/http.ts'
import type { Language } from '../../platform/translations.ts'
import { getOwnChangeRequest, requestAccountChange, type SensitiveDetails } from './change-requests.ts'
import { readChangedTaxId } from './tax-id.ts'

/** What a customer may change of their own account (A7). */
export type OwnAccountChange = SensitiveDetails & {
  phone?: string | null | undefined
  fax?: string | null | undefined
  address?: string | null | undefined
  city?: string | null | undefined
  state?: string | null | undefined
  country?: string | null | undefined
  postal_code?: string | null | undefined
  language?: Language | undefined
}

const columns = [
  'accounts.id',
  'accounts.number',
  'accounts.business_unit_id',
  'accounts.kind',
  'accounts.name',
  'accounts.tax_id',
  'accounts.email',
  'accounts.phone',
  'accounts.fax',
  'accounts.address',
  'accounts.city',
  'accounts.state',
  'accounts.country',
  'accounts.postal_code',
  'accounts.language',
  'accounts.created_at',
  'accounts.updated_at',
] as const

/**
 * The account that the customer works in, with what of it waits for staff or was refused; row-level security shows no
 * other account. Refuses: not_found.
 */
export async function getOwnAccount(tx: Tx, id: string) {
  const [account, change_request] = await Promise.all([
    tx
      .selectFrom('accounts')
      .innerJoin('business_units', 'business_units.id', 'accounts.business_unit_id')
      .select(columns)
      .select('business_units.sensitive_changes_need_approval')
      .where('accounts.id', '=', id)
      .executeTakeFirst(),
    getOwnChangeRequest(tx, id),
  ])
  return account ? { ...account, change_request } : notFound()
}

/**
 * Changes the customer's own account (A7); the audit log keeps before and after. Where the business unit confirms name,
 * kind and tax id, a change of those becomes a request to staff and the rest counts at once. Refuses: not_found,
 * invalid_input (tax id), change_pending.
 */
export async function updateOwnAccount(tx: Tx, actor: CustomerActor, change: OwnAccountChange) {
  const id = actor.account_id!
  const current = await getOwnAccount(tx, id)
  if (isRefusal(current)) return current
  const wanted = { ...change }
  const taxId = readChangedTaxId(current, wanted)
  if (isRefusal(taxId)) return taxId
  if (taxId !== undefined) wanted.tax_id = taxId
  const sensitive: SensitiveDetails = {}
  const previous: SensitiveDetails = {}
  if (current.sensitive_changes_need_approval) {
    if (wanted.name !== undefined && wanted.name !== current.name) {
      sensitive.name = wanted.name
      previous.name = current.name
    }
    if (wanted.tax_id !== undefined && wanted.tax_id !== current.tax_id) {
      sensitive.tax_id = wanted.tax_id
      previous.tax_id = current.tax_id
    }
    if (wanted.kind !== undefined && wanted.kind !== current.kind) {
      sensitive.kind = wanted.kind
      previous.kind = current.kind
    }
    delete wanted.name
    delete wanted.tax_id
    delete wanted.kind
    if (Object.keys(sensitive).length > 0) {
      const refused = await requestAccountChange(tx, actor, sensitive, previous)
      if (refused) return refused
    }
  }
  if (Object.values(wanted).some((value) => value !== undefined)) {
    await tx.updateTable('accounts').set(wanted).where('id', '=', id).execute()
    await announce(tx, 'account.changed', { account_id: id })
  }
  return getOwnAccount(tx, id)
}
