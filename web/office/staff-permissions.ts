import { useTranslation } from 'react-i18next'
import type { ScopeGroup } from '../shared/scope-picker.tsx'
import type { Permission } from './session.ts'

/** Everything that staff may do, by what it is about, in the order in which it is shown. */
const permissionsOf = {
  accounts: ['read', 'create', 'write', 'view_as', 'act_as'],
  contracts: ['read', 'write'],
  subscriptions: ['read', 'write'],
  billing: ['read', 'run'],
  documents: ['write'],
  orders: ['read', 'write'],
  ledger: ['read'],
  payments: ['read', 'decide', 'refund'],
  dunning: ['read', 'write'],
  reports: ['read'],
  simulations: ['run'],
  catalogue: ['read', 'write'],
  imports: ['read', 'run'],
  notices: ['read'],
  units: ['read', 'write'],
  settings: ['read', 'write'],
  staff: ['read', 'write'],
  api_keys: ['read', 'write'],
  webhooks: ['read', 'write'],
  privacy: ['export', 'erase'],
  jobs: ['read', 'write'],
  audit: ['read'],
} as const

type Named = {
  [Group in keyof typeof permissionsOf]: `${Group}.${(typeof permissionsOf)[Group][number]}`
}[keyof typeof permissionsOf]
// A permission that is not named here does not compile.
const complete: Permission extends Named ? (Named extends Permission ? true : never) : never = true

/** The permissions of staff with their words, in groups. The page has loaded the texts of `keys`. */
export function usePermissionGroups(): (ScopeGroup & { label: string })[] {
  const { t } = useTranslation('keys')
  if (!complete) return []
  return Object.entries(permissionsOf).map(([group, actions]) => ({
    label: t(`group.${group}`),
    scopes: actions.map((action) => ({
      value: `${group}.${action}`,
      label: t(`permission.${group}.${action}`),
    })),
  }))
}
